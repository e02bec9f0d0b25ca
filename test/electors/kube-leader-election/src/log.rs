//! The lines that every elector under test writes.

use std::io::{Write, stdout};

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

pub struct Log {
    identity: String,
}

impl Log {
    pub fn new(identity: &str) -> Self {
        Log {
            identity: identity.into(),
        }
    }

    /// One line in one write, so that a kill cannot leave half of one in the middle.
    pub fn event(&self, name: &str) {
        let line = json!({ "mono": monotonic(), "event": name, "identity": self.identity });
        let mut out = stdout().lock();
        // Nobody reads any more: that is for stdin to tell.
        let _ = out
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| out.flush());
    }
}

/// The kernel's own number, the same in every process: `std::time::Instant` hides it. As text, because nanoseconds
/// outgrow a double.
fn monotonic() -> String {
    let now = clock_gettime(ClockId::Monotonic);
    (i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec)).to_string()
}
