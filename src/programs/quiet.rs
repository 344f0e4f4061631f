//! When a program waits for us alone: all threads of all its processes sleep, and none has
//! been switched to for some milliseconds.
//!
//! It is a guess, and a good one on Linux. A request that comes after all makes the window longer,
//! and taints the execution. What no window catches is a timer: a client that polls whether its
//! cache is filled, a controller that sleeps before it reads. How long a program took is
//! remembered, and from then on it is given that time after each move of its own ([`Learnt`]).
//! Next to read: `execute.rs`.

use std::fs;
use std::time::{Duration, Instant};

/// Between two looks.
pub(super) const STEP: Duration = Duration::from_millis(1);

/// Looks without a change that are quiet, at first.
const LOOKS: u32 = 3;

/// The most looks that are waited for, however often a request came late.
const LOOKS_MOST: u32 = 64;

/// A request that came after all had seemed quiet, and that no step explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Late {
    pub worker: usize,
    /// Method and path.
    pub what: String,
    /// Since its program had last been answered or told something.
    pub after: Duration,
}

/// What one execution teaches the next ones of the same programs.
#[derive(Clone, Debug, Default)]
pub(super) struct Learnt {
    looks: u32,
    /// How long each program may take to ask after it was answered or told something.
    patience: Vec<Duration>,
}

/// The longest that one program is given after each of its moves.
const PATIENCE: Duration = Duration::from_millis(300);

impl Learnt {
    /// How long this program may take.
    pub fn patience(&self, worker: usize) -> Duration {
        self.patience.get(worker).copied().unwrap_or_default()
    }

    /// It took longer than it was given.
    fn learn(&mut self, late: &Late) {
        if late.after < STEP * LOOKS_MOST {
            self.looks = (self.looks.max(LOOKS) * 2).min(LOOKS_MOST);
        }
        if self.patience.len() <= late.worker {
            self.patience.resize(late.worker + 1, Duration::ZERO);
        }
        let patience = &mut self.patience[late.worker];
        *patience = (late.after * 3 / 2).clamp(*patience, PATIENCE);
    }
}

/// Looks that come later than this show a busy machine.
pub(super) const LATE_LOOK: Duration = Duration::from_millis(5);

/// The most looks in one go.
const STARES: u32 = 8;

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
#[derive(Debug, Default)]
pub(super) struct Calm {
    same: u32,
    last: Vec<Look>,
    pub learnt: Learnt,
    /// Requests that came after all had seemed quiet.
    pub late: Vec<Late>,
}

impl Calm {
    /// In programs of which this is known.
    pub fn new(learnt: Learnt) -> Calm {
        Calm { learnt, ..Calm::default() }
    }

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
        self.same >= self.looks()
    }

    /// Several looks in one go, a millisecond apart, without giving the processor away: on a busy
    /// machine looks are far apart, and in between a runtime always does something of its own.
    pub fn stare(&mut self, look: impl Fn() -> Vec<Look>) -> bool {
        let first = look();
        let mut asleep = first.iter().all(|look| look.awake == 0);
        for _ in 0..self.looks().min(STARES) {
            let begin = Instant::now();
            while asleep && begin.elapsed() < STEP {
                std::hint::spin_loop();
            }
            asleep = asleep && look() == first;
        }
        self.last = first;
        asleep
    }

    fn looks(&self) -> u32 {
        self.learnt.looks.max(LOOKS)
    }

    /// A request came that no step explains: the programs had not been quiet.
    pub fn was_late(&mut self, late: Late) {
        self.learnt.learn(&late);
        self.late.push(late);
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
    fn a_late_request_doubles_the_window_or_gives_its_program_time() {
        let late = |ms| Late { worker: 1, what: String::new(), after: Duration::from_millis(ms) };
        let after = |ms: u64, times: usize| {
            let mut calm = Calm::default();
            (0..times).for_each(|_| calm.was_late(late(ms)));
            assert_eq!(calm.late.len(), times);
            let looks = (0..).take_while(|_| !calm.see(vec![look(0, 1)], false)).count();
            assert_eq!(calm.learnt.patience(0), Duration::ZERO);
            (looks, calm.learnt.patience(1).as_millis())
        };
        let longest = u64::from(LOOKS_MOST);
        assert_eq!(after(4, 1), (2 * LOOKS as usize, 6));
        assert_eq!(after(4, 10), (LOOKS_MOST as usize, 6));
        assert_eq!(after(longest, 10), (LOOKS as usize, u128::from(longest) * 3 / 2));
        assert_eq!(after(10_000, 1), (LOOKS as usize, PATIENCE.as_millis()));
    }

    #[test]
    fn whoever_is_busy_is_named() {
        let mut calm = Calm::default();
        assert!(!calm.see(vec![look(0, 1), look(2, 9)], false));
        assert_eq!(calm.busy(), [1]);
    }
}
