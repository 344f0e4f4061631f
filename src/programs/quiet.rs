//! When a program waits for nobody but us: all threads of all its processes sleep, and none has
//! been switched to for some milliseconds.
//!
//! It is a guess, and a good one on Linux. A request that comes after all makes the window longer,
//! and taints the execution. Next to read: `execute.rs`.

use std::fs;
use std::time::Duration;

use super::process::Running;

/// What a look at some processes shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Threads that are not asleep.
    awake: usize,
    /// How often any thread has been switched away from.
    switches: u64,
    threads: usize,
}

/// Looks at the threads of these programs.
pub(super) fn look(programs: &[Running]) -> Look {
    let mut look = Look { awake: 0, switches: 0, threads: 0 };
    for process in programs.iter().flat_map(Running::tree) {
        let tasks = fs::read_dir(format!("/proc/{process}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            look.threads += 1;
            for line in status.lines() {
                if let Some(state) = line.strip_prefix("State:") {
                    look.awake += usize::from(state.trim_start().starts_with(['R', 'D']));
                } else if line.contains("ctxt_switches:") {
                    let count = line.rsplit_once('\t').and_then(|(_, n)| n.trim().parse().ok());
                    look.switches += count.unwrap_or(0_u64);
                }
            }
        }
    }
    look
}

/// Between two looks.
pub(super) const STEP: Duration = Duration::from_millis(1);

impl Look {
    /// Whether nobody has moved since that look.
    pub fn is_as_quiet_as(&self, before: &Look) -> bool {
        self.awake == 0 && self == before
    }
}
