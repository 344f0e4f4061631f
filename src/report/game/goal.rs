//! What a game is about, in words: one line per property.
//!
//! Next to read: `board.rs`.

use crate::schedulers::Count;

/// The words for a property that a player tries to violate.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The property.
    pub property: &'static str,
    /// What to do: a whole sentence.
    pub task: &'static str,
    /// After a number of schedules: `4 of them lose a write`.
    pub violate: &'static str,
    /// The same of one schedule: `1 of them loses a write`.
    pub violates: &'static str,
    /// Before `schedules`: `1 of the 4 losing schedules`.
    pub violating: &'static str,
    /// What a schedule that does not violate it says: a clause.
    pub holds: &'static str,
}

const GOALS: &[Goal] = &[
    Goal {
        property: "no-lost-write",
        task: "Make a worker lose a write.",
        violate: "lose a write",
        violates: "loses a write",
        violating: "losing",
        holds: "no write was lost",
    },
    Goal {
        property: "converges",
        task: "Make a worker give up.",
        violate: "end with a worker giving up",
        violates: "ends with a worker giving up",
        violating: "failing",
        holds: "everybody got through",
    },
    Goal {
        property: "serializable",
        task: "Make it end as it could not, had everybody worked one after the other.",
        violate: "end as no one-after-the-other order would",
        violates: "ends as no one-after-the-other order would",
        violating: "failing",
        holds: "it ended as some one-after-the-other order would",
    },
    Goal {
        property: "no-stale-overwrite",
        task: "Make a field go back to an older generation.",
        violate: "send a field back to an older generation",
        violates: "sends a field back to an older generation",
        violating: "failing",
        holds: "no field went back to an older generation",
    },
    Goal {
        property: "conflict-is-stale",
        task: "Make the server refuse a fresh write, or accept a stale one.",
        violate: "have a wrong answer",
        violates: "has a wrong answer",
        violating: "failing",
        holds: "the server refused what was stale, and nothing else",
    },
];

/// For properties that have no words of their own yet.
const ANY: Goal = Goal {
    property: "",
    task: "Make it go wrong.",
    violate: "violate the property",
    violates: "violates the property",
    violating: "failing",
    holds: "the property holds",
};

impl Goal {
    /// `4 of them lose a write`, `1 of them loses a write`, without the number.
    pub fn of(&self, schedules: &Count) -> &'static str {
        if *schedules == Count::ONE { self.violates } else { self.violate }
    }
}

/// The words for a property.
pub fn goal(property: &str) -> &'static Goal {
    GOALS.iter().find(|goal| goal.property == property).unwrap_or(&ANY)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_that_is_violated_has_words() {
        for entry in crate::properties::all().iter().filter(|entry| !entry.sometimes) {
            assert_eq!(super::goal(entry.name).property, entry.name);
        }
    }
}
