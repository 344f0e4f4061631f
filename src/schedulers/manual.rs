//! Manual: a person, or a program, chooses through a function.
//!
//! Next to read: `replay.rs`.

use super::Scheduler;
use crate::simulation::Choice;

/// Asks a function which of the choices to take; `None` ends the run.
pub struct Manual<F>(pub F);

impl<F> std::fmt::Debug for Manual<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Manual")
    }
}

impl<F: FnMut(&[Choice]) -> Option<usize>> Scheduler for Manual<F> {
    fn begin(&mut self) -> bool {
        true
    }

    fn choose(&mut self, choices: &[Choice]) -> Option<usize> {
        (self.0)(choices).filter(|&index| index < choices.len())
    }
}
