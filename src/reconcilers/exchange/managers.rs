//! Field managers, renamed with their workers, where the server records who owns which field.
//!
//! A manager's name and the fields that it owns stand in the object, in `managedFields`. The server
//! compares both for equality only: whether an apply meets a conflict, what it takes over with
//! force, what it removes because its manager no longer applies it, whom an update takes a field
//! from. Two things go by more than equality. The order of the entries goes by the names of their
//! managers; it says nothing that the entries do not say, so after an exchange they are put into
//! the server's order. And of more than ten updaters the server merges the oldest, of one age by
//! name; where there may be more than ten, no manager is exchanged. The fields in `managedFields`
//! are named as the schema names them, so an exchange of fields must be one of those names too.
//!
//! No client of the model looks at `managedFields` (`client/shared.rs`), no rule in CEL does
//! (`apiserver/schema/cel/walk.rs`), no property compares them (`history/lists.rs`), and where
//! there are invariants no worker is exchanged. What remains is a worker that writes them itself,
//! a third one with one of the two managers, and the names that the server itself gives managers.
//! Next to read: `apiserver/managed_fields/exchange.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::Program;
use super::{Exchange, OwnField, paths};
use crate::apiserver::{FieldPath, Kind, Step, Subresource, managed_fields};

/// The managers of two workers.
#[derive(Clone, Debug, Default)]
pub(super) struct Managers {
    /// Those that change places.
    pairs: Vec<(String, String)>,
    /// How many entries of updates the workers of all programs may make.
    updaters: usize,
    recorded: bool,
}

impl Managers {
    /// Those of two programs whose jobs correspond; `None` if a third worker has one of them, or
    /// the exchange would not be one.
    pub(super) fn between(
        programs: &[Arc<Program>],
        (one, other): (&Arc<Program>, &Arc<Program>),
        recorded: bool,
    ) -> Option<Managers> {
        if !recorded {
            return Some(Managers::default());
        }
        let names = |program: &Arc<Program>| -> Vec<String> {
            program.jobs().map(|job| job.field_manager.clone()).collect()
        };
        let jobs = || programs.iter().flat_map(|program| program.jobs());
        let updaters: BTreeSet<(&str, Option<Subresource>)> = jobs()
            .filter(|job| !job.write.is_apply())
            .map(|job| (job.field_manager.as_str(), job.subresource))
            .collect();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (a, b) in names(one).into_iter().zip(names(other)).filter(|(a, b)| a != b) {
            if !pairs.iter().any(|(x, y)| (x, y) == (&a, &b) || (x, y) == (&b, &a)) {
                pairs.push((a, b));
            }
        }
        let managers = Managers { pairs, updaters: updaters.len(), recorded };
        let moved = |name: &String| managers.rename(name).unwrap_or_else(|| name.clone());
        let maps = names(one).iter().map(moved).eq(names(other))
            && names(other).iter().map(moved).eq(names(one));
        let own =
            |program: &&Arc<Program>| Arc::ptr_eq(program, one) || Arc::ptr_eq(program, other);
        let apart = programs.iter().filter(|program| !own(program)).all(|program| {
            managers.rename(&program.name).is_none()
                && names(program).iter().all(|name| managers.rename(name).is_none())
        });
        let mut own_jobs = [one, other].into_iter().flat_map(|program| program.jobs());
        let reserved = own_jobs.any(|job| managed_fields::is_reserved(&job.field_manager));
        (maps && apart && !reserved).then_some(managers)
    }

    /// Whether all of them stay where they are.
    pub(super) fn are_same(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The other manager, if this is one of the two.
    fn rename(&self, name: &str) -> Option<String> {
        self.pairs.iter().find_map(|(a, b)| match name {
            name if name == a => Some(b.clone()),
            name if name == b => Some(a.clone()),
            _ => None,
        })
    }

    /// Whether `managedFields` name the fields that are exchanged as their paths do, and no worker
    /// writes `managedFields`, or the keys by which entries of lists are told apart.
    pub(super) fn are_sound(
        &self,
        exchange: &Exchange,
        programs: &[Arc<Program>],
        kind: &Kind,
    ) -> bool {
        let entries = |field: &OwnField| {
            let (a, b) = &field.steps;
            [a, b].iter().all(|step| kind.names_entries(&field.parent.child((*step).clone())))
        };
        let own = ["metadata", "managedFields"];
        let leads = |path: &FieldPath| {
            let same = |(step, name): (&Step, &str)| matches!(step, Step::Key(key) if key == name);
            path.steps().iter().zip(own).all(same)
        };
        exchange.fields.iter().all(entries)
            && !programs.iter().any(|program| paths(program).any(leads))
    }

    /// Whether the object will never have more updaters than the server keeps apart: those that
    /// it has, those of the workers, of what was there before the first apply, and of a recreation.
    pub(super) fn leave_room_in(&self, object: &Value) -> bool {
        let (now, most) = managed_fields::updaters(&object["metadata"]["managedFields"]);
        !self.recorded || now + self.updaters + 2 <= most
    }

    /// Exchanges managers and fields in the `managedFields` of an object, if it has any.
    pub(super) fn exchange_in(&self, fields: &[OwnField], object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        let Some(entries) = metadata.get_mut("managedFields") else { return };
        let swaps: Vec<_> =
            fields.iter().map(|field| (&field.parent, (&field.steps.0, &field.steps.1))).collect();
        let moved = managed_fields::exchanged(entries, &|name| self.rename(name), &swaps);
        if let Some(moved) = moved {
            *entries = moved;
        }
    }
}
