//! `conflict-is-stale`: a write is refused with a conflict if and only if its base was stale.
//!
//! Judges the server itself. A write that names a resourceVersion must be answered 409 (a JSON
//! patch whose `test` fails: 422) exactly when the object has another one; a write that names none
//! must never be. Conflicts between field managers are server-side apply's own and no business of
//! this property. Next to read: `no_stale_overwrite.rs`.

use std::sync::Arc;

use super::{Build, Entry, Property, Words, witness};
use crate::apiserver::{PatchKind, Verb};
use crate::reconcilers::{Basis, Exchange};
use crate::trace::{Action, Event};

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: ConflictIsStale::NAME,
    holds_when: "409 if and only if the base was stale (judges the server itself)",
    sometimes: false,
    noted: false,
    words: &Words {
        violated: "in {n} the server refuses a fresh write or accepts a stale one",
        task: "Make the server refuse a fresh write, or accept a stale one.",
        violate: "have a wrong answer",
        violates: "has a wrong answer",
        holds: "the server refused what was stale, and nothing else",
        ..Words::ANY
    },
    build: Build::From(|_| Arc::new(ConflictIsStale)),
    find: |_, trace, _, _| witness::wrong_conflict(&trace.events),
};

/// The property.
#[derive(Debug)]
pub struct ConflictIsStale;

impl Property for ConflictIsStale {
    type Memory = ();

    const NAME: &'static str = "conflict-is-stale";

    fn start(&self) {}

    fn exchange(&self, (): &mut (), _: &Exchange) {}

    fn observe(&self, (): &mut (), event: &Event) -> bool {
        let Action::Write { verb, precondition, .. } = &event.action else { return false };
        let Some(before) = event.before.as_deref().filter(|_| event.worker().is_some()) else {
            return false;
        };
        match precondition {
            Some(version) => event.is_conflict() != (Basis::of(before).revision != *version),
            None => *verb != Verb::Patch(PatchKind::Apply) && event.code == Some(409),
        }
    }
}
