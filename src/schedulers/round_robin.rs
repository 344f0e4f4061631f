//! Round robin: each worker in turn. The example to read first; it finds what it happens to find.
//!
//! One run only, since a second would be the same. Next to read: `random.rs`.

use super::Scheduler;
use crate::simulation::Choice;

/// Each worker in turn, in the order of [`Choice`].
#[derive(Clone, Debug, Default)]
pub struct RoundRobin {
    begun: bool,
    last: Option<Choice>,
}

impl Scheduler for RoundRobin {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn choose(&mut self, choices: &[Choice]) -> Option<usize> {
        let next = choices.iter().position(|choice| Some(*choice) > self.last).unwrap_or(0);
        self.last = Some(choices[next]);
        Some(next)
    }
}
