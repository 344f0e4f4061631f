//! The names a scenario may use, from the tables of the rest of the crate.

/// The names of the write methods, in the order of their table.
pub fn write_methods() -> Vec<&'static str> {
    vec![
        "update",
        "update-retry",
        "update-restamp",
        "update-unconditional",
        "update-shared",
        "merge-patch",
        "merge-patch-locked",
        "json-patch",
        "json-patch-tested",
        "strategic-merge-patch",
        "apply",
        "apply-force",
    ]
}

/// The names of the properties, in the order of their table.
pub fn properties() -> Vec<&'static str> {
    vec![
        "no-lost-write",
        "serializable",
        "converges",
        "no-stale-overwrite",
        "conflict-is-stale",
        "raced",
    ]
}
