//! The table of write methods: how a reconciler writes, one file each.
//!
//! A method says what one write sends ([`WriteMethod::draft`]) and what becomes of a refusal
//! ([`WriteMethod::after_refusal`]); `reconciler.rs` is the skeleton around it. To add a method:
//! one file here and one line in [`all`]. Next to read: `update.rs`, then `update_restamp.rs`.

mod apply;
mod apply_force;
mod json_patch;
mod json_patch_tested;
mod merge_patch;
mod merge_patch_literal;
mod merge_patch_locked;
mod merge_patch_restamp;
mod strategic_merge_patch;
mod strategic_merge_patch_locked;
mod update;
mod update_restamp;
mod update_retry;
mod update_shared;
mod update_unconditional;

use std::fmt::Debug;
use std::panic::RefUnwindSafe;

use serde_json::{Value, json};

use super::{Change, Job};
use crate::apiserver::{PatchKind, Response, Verb};
use crate::client::leave_out;
use crate::reconcilers::bodies::wanted;

/// How a reconciler writes.
pub trait WriteMethod: Debug + Send + Sync + RefUnwindSafe {
    /// Its name in scenarios and on the command line.
    fn name(&self) -> &'static str;

    /// One line for `list writes`: its calls, one per step.
    fn summary(&self) -> &'static str;

    /// What is sent, given what was read and what is to change.
    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft;

    /// Whether this answer is a conflict that the method recognises.
    fn is_conflict(&self, response: &Response) -> bool {
        response.code == 409
    }

    /// What it does after a conflict, or after an answer that never came.
    fn after_refusal(&self) -> Refusal {
        Refusal::GiveUp
    }

    /// The verb of what it sends, by the beginning of its name; one with another name says it.
    fn sends(&self) -> Verb {
        let name = self.name();
        let patch = [
            ("merge-patch", PatchKind::Merge),
            ("json-patch", PatchKind::Json),
            ("strategic-merge-patch", PatchKind::Strategic),
            ("apply", PatchKind::Apply),
        ];
        match patch.into_iter().find(|(begins, _)| name.starts_with(begins)) {
            Some((_, patch)) => Verb::Patch(patch),
            None => Verb::Update,
        }
    }

    /// Whether what it sends is computed from a read of the object.
    fn needs_read(&self) -> bool {
        true
    }

    /// Whether it is server-side apply, which looks at who owns which field.
    fn is_apply(&self) -> bool {
        false
    }

    /// Whether it sends the object whole, so that a struct with `omitempty` can leave fields out.
    fn sends_whole(&self) -> bool {
        self.sends() == Verb::Update
    }

    /// Whether what it sends depends on the places of list entries (RFC 6902 operations) or on
    /// their order (`$setElementOrder`).
    fn sends_places(&self) -> bool {
        false
    }

    /// Whether everything it sends names the version that was read, so that the server refuses it
    /// once another write has come in between, whatever else is in it.
    fn names_version(&self) -> bool {
        false
    }

    /// Whether the workers of a process share the object in memory.
    fn is_shared(&self) -> bool {
        false
    }
}

/// What one write sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draft {
    /// PUT or PATCH.
    pub verb: Verb,
    /// The body.
    pub body: Value,
    /// Server-side apply with `force`.
    pub force: bool,
}

impl Draft {
    /// A PUT of the object as wanted, without the fields that the client's struct leaves out.
    fn put(job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let mut body = wanted(job, read, changes);
        leave_out(&job.omit, &mut body);
        Draft { verb: Verb::Update, body, force: false }
    }

    fn patch(kind: PatchKind, body: Value) -> Draft {
        Draft { verb: Verb::Patch(kind), body, force: false }
    }

    /// A merge patch with the resourceVersion of what was read as its precondition.
    fn locked(kind: PatchKind, mut body: Value, read: &Value) -> Draft {
        if !body["metadata"].is_object() {
            body["metadata"] = json!({});
        }
        body["metadata"]["resourceVersion"] = read["metadata"]["resourceVersion"].clone();
        Draft::patch(kind, body)
    }
}

/// What a method does after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing: the intent is dropped, which is visible.
    GiveUp,
    /// Reads again, computes again, writes again, while attempts last.
    ReadAgain,
    /// Takes only the new resourceVersion and sends the old body again, while attempts last.
    Restamp,
}

/// Every write method, in the order of the documentation.
pub fn all() -> &'static [&'static dyn WriteMethod] {
    &[
        &update::Update,
        &update_retry::UpdateRetry,
        &update_restamp::UpdateRestamp,
        &update_unconditional::UpdateUnconditional,
        &update_shared::UpdateShared,
        &merge_patch::MergePatch,
        &merge_patch_literal::MergePatchLiteral,
        &merge_patch_locked::MergePatchLocked,
        &merge_patch_restamp::MergePatchRestamp,
        &json_patch::JsonPatch,
        &json_patch_tested::JsonPatchTested,
        &strategic_merge_patch::StrategicMergePatch,
        &strategic_merge_patch_locked::StrategicMergePatchLocked,
        &apply::Apply,
        &apply_force::ApplyForce,
    ]
}

/// The write method with this name.
pub fn named(name: &str) -> Option<&'static dyn WriteMethod> {
    all().iter().copied().find(|method| method.name() == name)
}
