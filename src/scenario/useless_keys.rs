//! Keys of a worker that its write method has no use for: told, never ignored in silence.
//!
//! Next to read: `refusals.rs`.

use super::diagnostic::Diagnostic;
use super::node::{At, NodeKind};
use super::refusals::Teller;
use crate::reconcilers::methods::{self, Refusal};
use crate::reconcilers::{Attempts, Reader};

impl Teller<'_> {
    /// Keys of the worker that its write method has no use for.
    pub(super) fn keys(&self, found: &mut Vec<Diagnostic>) {
        let Some(method) = methods::named(&self.spec.write) else { return };
        let name = method.name();
        let again = method.after_refusal();
        let once = format!("`{name}` never tries a second time");
        let restamps = format!("`{name}` takes the new version by a GET");
        let decodes = "only `update-shared` keeps the object that it decodes a response into";
        let stated = (self.spec.attempts, self.spec.retry_read);
        for (key, useless, why) in [
            ("attempts", again == Refusal::GiveUp && stated.0 != Attempts::AtMost(1), &*once),
            ("retryRead", again == Refusal::GiveUp, &*once),
            ("retryRead", again == Refusal::Restamp && stated.1 == Reader::Cache, &*restamps),
            ("client", !method.is_shared(), decodes),
        ] {
            let worker = [At::Key("workers"), At::Index(self.at)];
            let Some((name, value)) = self.checker.at(&worker).entry(key).filter(|_| useless)
            else {
                continue;
            };
            if !matches!(value.kind, NodeKind::Null) {
                found.push(
                    Diagnostic::warning(format!("`{key}` has no effect here"))
                        .at(self.checker.source, name.span.clone(), "")
                        .note(why),
                );
            }
        }
    }
}
