//! When a program waits for us alone: all threads of all its processes sleep, and none has
//! been switched to for some milliseconds.
//!
//! It is a guess, and a good one on Linux. A request that comes after all makes the window longer,
//! and taints the execution. Next to read: `execute.rs`.

use std::fs;
use std::time::Duration;

/// Between two looks.
pub(super) const STEP: Duration = Duration::from_millis(1);

/// Looks without a change that are quiet, at first.
const LOOKS: u32 = 3;

/// The most looks that are waited for, however often a request came late.
const LOOKS_MOST: u32 = 64;

/// What a look at some processes shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Threads that are not asleep.
    pub awake: usize,
    /// How often any thread has been switched away from.
    pub switches: u64,
    pub threads: usize,
}

impl Look {
    /// Looks at the threads of these processes.
    pub fn at(processes: &[u32]) -> Look {
        let mut look = Look::default();
        for process in processes {
            let tasks = fs::read_dir(format!("/proc/{process}/task"));
            for task in tasks.into_iter().flatten().flatten() {
                let status = fs::read_to_string(task.path().join("status"));
                look.add(&status.unwrap_or_default());
            }
        }
        look
    }

    /// One more thread, by the text of its `status`.
    fn add(&mut self, status: &str) {
        self.threads += 1;
        for line in status.lines() {
            if let Some(state) = line.strip_prefix("State:") {
                self.awake += usize::from(state.trim_start().starts_with(['R', 'D']));
            } else if line.contains("ctxt_switches:") {
                let count = line.rsplit_once('\t').and_then(|(_, n)| n.trim().parse().ok());
                self.switches += count.unwrap_or(0_u64);
            }
        }
    }
}

/// Decides when enough looks were alike.
#[derive(Debug)]
pub(super) struct Calm {
    looks: u32,
    same: u32,
    last: Vec<Look>,
    /// Requests that came after all had seemed quiet.
    pub late: u64,
}

impl Default for Calm {
    fn default() -> Self {
        Calm { looks: LOOKS, same: 0, last: Vec::new(), late: 0 }
    }
}

impl Calm {
    /// A step was made: looks from before it say nothing any more.
    pub fn begin(&mut self) {
        self.same = 0;
        self.last.clear();
    }

    /// One look at each program, and whether a request has come since the last one. True when all
    /// is quiet.
    pub fn see(&mut self, looks: Vec<Look>, came: bool) -> bool {
        let asleep = looks.iter().all(|look| look.awake == 0);
        let same = asleep && !came && looks == self.last;
        self.same = if same { self.same + 1 } else { 0 };
        self.last = looks;
        self.same >= self.looks
    }

    /// A request came that no step explains: the programs had not been quiet.
    pub fn was_late(&mut self) {
        self.late += 1;
        self.looks = (self.looks * 2).min(LOOKS_MOST);
    }

    /// The programs that have moved at the last look.
    pub fn busy(&self) -> Vec<usize> {
        (0..self.last.len()).filter(|at| self.last[*at].awake > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLEEPS: &str = "Name:\tx\nState:\tS (sleeping)\nvoluntary_ctxt_switches:\t12\n\
                          nonvoluntary_ctxt_switches:\t3\n";

    fn look(awake: usize, switches: u64) -> Look {
        Look { awake, switches, threads: 1 }
    }

    #[test]
    fn a_status_is_read() {
        let mut seen = Look::default();
        seen.add(SLEEPS);
        assert_eq!(seen, look(0, 15));
        seen.add(&SLEEPS.replace("S (sleeping)", "R (running)"));
        assert_eq!(seen, Look { awake: 1, switches: 30, threads: 2 });
        seen.add("");
        assert_eq!(seen.threads, 3);
    }

    #[test]
    fn three_looks_without_a_change_are_quiet() {
        let mut calm = Calm::default();
        let seen: Vec<bool> = (0..4).map(|_| calm.see(vec![look(0, 5)], false)).collect();
        assert_eq!(seen, [false, false, false, true]);
        // A switch, a thread that runs, and an arrival begin the count again.
        for (next, came) in [(look(0, 6), false), (look(1, 6), false), (look(0, 6), true)] {
            assert!(!calm.see(vec![next], came));
        }
        assert_eq!(calm.busy(), Vec::<usize>::new());
        let seen: Vec<bool> = (0..3).map(|_| calm.see(vec![look(0, 6)], false)).collect();
        assert_eq!(seen, [false, false, true]);
        calm.begin();
        assert!(!calm.see(vec![look(0, 6)], false));
    }

    #[test]
    fn a_late_request_doubles_the_window() {
        let mut calm = Calm::default();
        for late in 1..=10 {
            calm.was_late();
            assert_eq!(calm.late, late);
        }
        let needed = (0..).take_while(|_| !calm.see(vec![look(0, 1)], false)).count();
        assert_eq!(needed, LOOKS_MOST as usize);
    }

    #[test]
    fn whoever_is_busy_is_named() {
        let mut calm = Calm::default();
        assert!(!calm.see(vec![look(0, 1), look(2, 9)], false));
        assert_eq!(calm.busy(), [1]);
    }
}
