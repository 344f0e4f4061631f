//! What a game is about, in words: those of its property.
//!
//! Next to read: `board.rs`.

use crate::properties::{self, Words};
use crate::schedulers::Count;

/// The words for a property that a player tries to violate.
pub type Goal = Words;

impl Words {
    /// `4 of them lose a write`, `1 of them loses a write`, without the number.
    pub fn of(&self, schedules: &Count) -> &'static str {
        if *schedules == Count::ONE { self.violates } else { self.violate }
    }
}

/// The words for a property.
pub fn goal(property: &str) -> &'static Goal {
    properties::words(property)
}

#[cfg(test)]
mod tests {
    use crate::properties::{self, Words};

    #[test]
    fn every_property_that_is_violated_has_words() {
        for entry in properties::all().iter().filter(|entry| !entry.sometimes) {
            assert_ne!(entry.words.task, Words::ANY.task, "{}", entry.name);
        }
    }
}
