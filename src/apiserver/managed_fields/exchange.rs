//! The entries after managers and fields have changed places, as a search needs it.
//!
//! The server knows managers and fields by equality alone, but for the order in which entries
//! stand; so what it holds after an exchange are the same entries, renamed, in the server's order.
//! Next to read: `reconcilers/exchange/managers.rs`.

use serde_json::Value;

use super::managers::Managers;
use super::path_set::Step;
use crate::apiserver::{FieldPath, Step as PathStep};

/// Two fields that change places: their parent, and the step to each.
pub type Swap<'a> = (&'a FieldPath, (&'a PathStep, &'a PathStep));

/// See [`super::exchanged`].
pub(super) fn exchanged(
    entries: &Value,
    rename: &dyn Fn(&str) -> Option<String>,
    swaps: &[Swap<'_>],
) -> Option<Value> {
    let Managers(entries) = Managers::decode(Some(entries)).ok()?;
    let moved = entries.into_iter().map(|(mut manager, mut owned)| {
        manager.rename(rename);
        for (parent, (a, b)) in swaps {
            let (a, b) = (Step::from(*a), Step::from(*b));
            owned.set.rename_below(parent.steps(), &|step| match step {
                step if *step == a => b.clone(),
                step if *step == b => a.clone(),
                step => step.clone(),
            });
        }
        (manager, owned)
    });
    Managers(moved.collect()).encode()
}
