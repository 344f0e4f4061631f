//! What is said of a property: every sentence about it, in the terminal, the page, the game, CI.
//!
//! A property's file states its own ([`Words`]), and nothing outside of this folder names a
//! property in a text: renderers ask [`words`]. An invariant of the user's has [`Words::ANY`] and
//! tells its breach itself. Next to read: `no_lost_write.rs`.

use super::named;

/// The sentences of one property.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// That it is violated; `{n}` stands for `4 of 6 schedules (67 %)`.
    pub violated: &'static str,
    /// That it is violated in a sampled schedule: a clause.
    pub claim: &'static str,
    /// What is told beside a count.
    pub detail: Detail,
    /// The tag of a violation that is expected.
    pub expected: &'static str,
    /// What `expect` calls the verdict that it wants: violated, and held.
    pub expects: [&'static str; 2],
    /// A schedule that violates it: `losing schedule`; `None` is `schedule that violates NAME`.
    pub schedule: Option<&'static str>,
    /// What a schedule that violates it came to, in a few words.
    pub outcome: &'static str,
    /// Whether the worker knows of it, so that it is a notice and no alarm.
    pub told: bool,
    /// The title of an annotation; `None` is its name.
    pub title: Option<&'static str>,
    /// `loses a write`, of a scheduler's run; `None` is `violates NAME`.
    pub loses: Option<&'static str>,
    /// `lose a write`, of runs in simulated time; `None` is `violate NAME`.
    pub lose: Option<&'static str>,
    /// What schedules do that violate it, in a question: `how many ...`.
    pub asked: &'static str,
    /// That it is violated still, of a solution to an exercise; `None` names it.
    pub still: Option<&'static str>,
    /// The line below the step that violates it, if it is the same for all.
    pub line: Option<&'static str>,
    /// How a game ended; `{victim}` stands for the worker. `None` names it.
    pub headline: Option<&'static str>,
    /// What a player is to do: a whole sentence.
    pub task: &'static str,
    /// The same, where two workers each set fields and keep them; `{wants}` stands for these.
    pub both: Option<&'static str>,
    /// After a number of schedules: `4 of them lose a write`.
    pub violate: &'static str,
    /// The same of one schedule: `1 of them loses a write`.
    pub violates: &'static str,
    /// Before `schedules`: `1 of the 4 losing schedules`.
    pub violating: &'static str,
    /// What a schedule that does not violate it says: a clause.
    pub holds: &'static str,
}

/// What is told beside the count of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    Nothing,
    /// Schedules with a conflict, and losses that were repaired.
    Conflicts,
    /// API calls, and runs that were skipped.
    Calls,
    /// In how many schedules it is met.
    Overlaps,
}

impl Words {
    /// For a property that has no words of its own: what a new one begins with.
    pub const ANY: Words = Words {
        violated: "violated in {n}",
        claim: "see below",
        detail: Detail::Nothing,
        expected: "violated, as expected",
        expects: ["violated", "holds"],
        schedule: None,
        outcome: "violated",
        told: false,
        title: None,
        loses: None,
        lose: None,
        asked: "go wrong",
        still: None,
        line: None,
        headline: None,
        task: "Make it go wrong.",
        both: None,
        violate: "violate the property",
        violates: "violates the property",
        violating: "failing",
        holds: "the property holds",
    };
}

/// The words of the property of this name, or of an invariant.
pub fn words(name: &str) -> &'static Words {
    named(name).map_or(&Words::ANY, |entry| entry.words)
}

/// Whether a property of this name is about *some* schedule rather than every one.
pub fn is_sometimes(name: &str) -> bool {
    named(name).is_some_and(|entry| entry.sometimes)
}
