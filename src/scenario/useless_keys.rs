//! Keys of a worker that its write method has no use for: told, never ignored in silence.
//!
//! Next to read: `refusals.rs`.

use super::diagnostic::Diagnostic;
use super::node::{At, NodeKind};
use super::refusals::Teller;
use crate::reconcilers::methods::{self, Refusal, WriteMethod};
use crate::reconcilers::{Attempts, Reader};

/// The keys about retries and bodies that a method has no use for, each with the reason.
pub(super) fn useless(method: &dyn WriteMethod) -> Vec<(&'static str, String)> {
    let name = method.name();
    let mut keys = Vec::new();
    match method.after_refusal() {
        Refusal::GiveUp => {
            let once = format!("`{name}` does not retry");
            keys.extend([("attempts", once.clone()), ("retryRead", once.clone())]);
            keys.push(("restamp", once));
        }
        Refusal::ReadAgain => {
            keys.push(("restamp", format!("`{name}` computes its write again after a conflict")));
        }
        Refusal::Restamp => {
            keys.push(("retryRead", format!("`{name}` takes the new version by a GET")));
        }
    }
    if !method.sends_whole() {
        keys.push((
            "omit",
            format!("`{name}` is not a PUT: fields that it does not name stay as they are"),
        ));
    }
    keys
}

/// The keys of a worker that a write to a cache has no use for.
const OF_REQUESTS: [&str; 9] = [
    "write",
    "subresource",
    "attempts",
    "retryRead",
    "restamp",
    "omit",
    "fieldManager",
    "client",
    "validate",
];

impl Teller<'_> {
    /// Keys of a worker that writes to its cache, and sends nothing.
    fn keys_of_requests(&self, found: &mut Vec<Diagnostic>) {
        let worker = self.checker.at(&[At::Key("workers"), At::Index(self.at)]);
        let mark = |key: &str| worker.entry(key).map(|(at, _)| at.span.clone());
        for key in OF_REQUESTS {
            let Some((at, value)) = worker.entry(key) else { continue };
            if value.kind == NodeKind::Null {
                continue;
            }
            let warning = Diagnostic::warning(format!("`{key}` has no effect here"))
                .at(self.checker.source, at.span.clone(), "")
                .see(
                    self.checker.source,
                    mark("cacheWrite").unwrap_or_default(),
                    "what it sets goes into its cache",
                )
                .note("`cacheWrite` sends no request");
            found.push(warning);
        }
    }

    /// Keys of the worker that its write method has no use for.
    pub(super) fn keys(&self, found: &mut Vec<Diagnostic>) {
        if self.spec.cache_write {
            return self.keys_of_requests(found);
        }
        let Some(method) = methods::named(&self.spec.write) else { return };
        let mut keys = useless(method);
        if !method.is_shared() {
            let decodes = "only `update-shared` keeps the object that it decodes a response into";
            keys.push(("client", decodes.to_owned()));
        }
        for (key, why) in keys {
            let said_as_it_is = match key {
                "attempts" => self.spec.attempts == Attempts::AtMost(1),
                // A default that is said does no harm.
                "retryRead" => {
                    method.after_refusal() == Refusal::Restamp
                        && self.spec.retry_read == Some(Reader::Live)
                }
                _ => false,
            };
            let worker = [At::Key("workers"), At::Index(self.at)];
            let entry = self.checker.at(&worker).entry(key).filter(|_| !said_as_it_is);
            let Some((name, value)) = entry else { continue };
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
