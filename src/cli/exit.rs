//! The exit codes: one documented enum, so that a script can tell a lost write from a typo.
//!
//! Next to read: `mod.rs`.

use std::process::ExitCode;

use crate::scenario::{Diagnostic, Mistakes};

/// How the command ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Every expectation was met.
    #[default]
    Ok = 0,
    /// An expectation was not met, or a property is violated where none was stated.
    Violated = 1,
    /// Usage, an unreadable file, an invalid scenario or schedule.
    Usage = 2,
    /// A bound was reached, and `--require-exhaustive` was given.
    Inconclusive = 3,
    /// Nothing was selected.
    NothingSelected = 4,
    /// Interrupted; partial results were printed first.
    Interrupted = 130,
}

impl Exit {
    /// All of them, with what they mean: `lostwrite help exit-codes`.
    pub const ALL: &'static [(Exit, &'static str)] = &[
        (Exit::Ok, "every expectation was met"),
        (
            Exit::Violated,
            "an expectation was not met, or a property is violated where none was stated",
        ),
        (Exit::Usage, "usage, an unreadable file, an invalid scenario or schedule"),
        (Exit::Inconclusive, "a bound was reached, and --require-exhaustive was given"),
        (Exit::NothingSelected, "nothing was selected, such as a folder without scenarios"),
        (Exit::Interrupted, "interrupted; partial results were printed first"),
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command ended without a result.
#[derive(Debug)]
pub enum Failure {
    /// Mistakes of the user, to be drawn on stderr.
    Mistakes(Mistakes),
    /// Everything has been said.
    Said(Exit),
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Failure::Mistakes(mistakes)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure::Mistakes(diagnostic.into())
    }
}

/// How a command ended, or why it has no result.
pub type Outcome = Result<Exit, Failure>;
