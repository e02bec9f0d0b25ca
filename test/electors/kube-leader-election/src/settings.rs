//! The environment that every elector under test reads. ELECTOR_RENEW_DEADLINE and ELECTOR_EVENTS mean nothing here: the
//! library has neither a renew deadline nor Events.

use std::env;
use std::time::Duration;

use jiff::SignedDuration;

pub struct Settings {
    pub namespace: String,
    pub lease: String,
    pub identity: String,
    pub ttl: Duration,
    pub period: Duration,
    pub release: bool,
    pub exit_with_stdin: bool,
}

impl Settings {
    /// 15 s and a loop of 5 s are the figures of the library's README.
    pub fn from_environment() -> Result<Self, String> {
        Ok(Settings {
            namespace: text("ELECTOR_NAMESPACE").unwrap_or_else(|| "default".into()),
            lease: needed("ELECTOR_LEASE")?,
            identity: needed("ELECTOR_IDENTITY")?,
            ttl: duration("ELECTOR_LEASE_DURATION", Duration::from_secs(15))?,
            period: duration("ELECTOR_RETRY_PERIOD", Duration::from_secs(5))?,
            release: flag("ELECTOR_RELEASE"),
            exit_with_stdin: flag("ELECTOR_EXIT_WITH_STDIN"),
        })
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn needed(name: &str) -> Result<String, String> {
    text(name).ok_or_else(|| format!("{name} is not set"))
}

fn flag(name: &str) -> bool {
    text(name).as_deref() == Some("1")
}

/// Go's durations, which jiff's friendly format includes.
fn duration(name: &str, otherwise: Duration) -> Result<Duration, String> {
    let Some(value) = text(name) else {
        return Ok(otherwise);
    };
    let parsed: SignedDuration = value.parse().map_err(|error| format!("{name}: {error}"))?;
    Duration::try_from(parsed).map_err(|error| format!("{name}: {error}"))
}
