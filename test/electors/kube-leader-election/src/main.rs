//! kube-leader-election, used as its own example examples/shared-lease.rs uses it: a loop shares the last answer through
//! a flag, and the application looks at the flag. As there, an error leaves the flag as it was.

mod log;
mod settings;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kube_leader_election::{LeaseLock, LeaseLockParams, LeaseLockResult};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::log::Log;
use crate::settings::Settings;

const WORK_EVERY: Duration = Duration::from_millis(50);
/// For a request that is under way when the end comes: dropped, it could still arrive after the release.
const LAST_REQUEST: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_environment()?;
    let log = Log::new(&settings.identity);
    let (end, ending) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if settings.exit_with_stdin {
        std::thread::spawn(exit_with_stdin);
    }

    let leadership = LeaseLock::new(
        kube::Client::try_default().await?,
        &settings.namespace,
        LeaseLockParams {
            holder_id: settings.identity.clone(),
            lease_name: settings.lease.clone(),
            lease_ttl: settings.ttl,
        },
    );
    log.event("start");
    let is_leader = Arc::new(AtomicBool::new(false));
    let campaign = tokio::spawn(campaign(
        leadership,
        settings.period,
        is_leader.clone(),
        ending,
    ));

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = work(&log, &is_leader) => {}
    }
    // Read before the campaign ends: its last answer comes too late to be worked on.
    let led = is_leader.load(Ordering::Relaxed);
    if led {
        log.event("stopped");
    }
    end.send(true)?;
    let leadership = timeout(LAST_REQUEST, campaign).await;
    if led && settings.release {
        // An error is the library's answer to a Lease that has become somebody else's: said, and no failure.
        match leadership {
            Ok(leadership) => {
                if let Err(error) = leadership?.step_down().await {
                    eprintln!("step_down: {error}");
                }
            }
            Err(_) => eprintln!("no step_down: a request was still without an answer"),
        }
    }
    log.event("exit");
    Ok(())
}

/// The library's part: ask, remember, sleep. Gives the lock back when it is told to end.
async fn campaign(
    leadership: LeaseLock,
    period: Duration,
    is_leader: Arc<AtomicBool>,
    mut ending: watch::Receiver<bool>,
) -> LeaseLock {
    while !*ending.borrow() {
        match leadership.try_acquire_or_renew().await {
            Ok(answer) => is_leader.store(
                matches!(answer, LeaseLockResult::Acquired(_)),
                Ordering::Relaxed,
            ),
            Err(error) => eprintln!("{error:?}"),
        }
        tokio::select! {
            () = sleep(period) => {}
            _ = ending.changed() => {}
        }
    }
    leadership
}

/// The application's part: looks at the flag before each unit of work. Never returns.
async fn work(log: &Log, is_leader: &AtomicBool) {
    let mut ticks = interval(WORK_EVERY);
    // After a pause, one unit and not all that were missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut working = false;
    loop {
        ticks.tick().await;
        let leads = is_leader.load(Ordering::Relaxed);
        if leads != working {
            log.event(if leads { "leading" } else { "stopped" });
            working = leads;
        }
        if leads {
            log.event("work");
        }
    }
}

/// On a thread of its own: tokio's stdin would keep the runtime from ending before a read has.
fn exit_with_stdin() {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    // Whoever started us is dead: not a shutdown to be polite about.
    std::process::exit(1);
}
