//! What the API server will refuse or ignore, told before anything is explored.
//!
//! `probe.rs` asks; this file turns the answers into diagnostics at the worker's text. A refusal is
//! an error unless the scenario says `expect: rejected`; a write that is answered 2xx and not stored
//! is a warning unless the scenario says that it expects the loss.

use std::ops::Range;

use super::cluster::{Cluster, Seeded, clean_long};
use super::diagnostic::Diagnostic;
use super::probe::{self, Outcome};
use super::suggest::did_you_mean;
use super::validate::Checker;
use super::{Expect, Scenario, WorkerSpec};
use crate::apiserver::{FieldPath, Response};
use crate::reconcilers::ValueExpr;

/// Where a worker's paths and values stand.
#[derive(Debug)]
pub struct Places {
    /// Path and value of each entry of `sets`; an entry may make several fields.
    pub sets: Vec<(Range<usize>, Range<usize>)>,
    /// The paths of `when`.
    pub when: Vec<Range<usize>>,
}

/// Everything the server and the schema have against the workers.
pub fn of_workers(
    checker: &Checker<'_>,
    places: &[Places],
    cluster: &Cluster,
    scenario: &Scenario,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, spec) in scenario.workers.iter().enumerate() {
        let Some(object) = object_of(cluster, spec) else { continue };
        let teller = Teller { checker, places: &places[at], at, object, spec, scenario };
        teller.conditions(&mut found);
        match probe::alone(cluster, object, spec) {
            Outcome::Stored => {}
            Outcome::Refused(_) if scenario.expect == Expect::Rejected => {}
            Outcome::Refused(response) => found.push(teller.refused(&response)),
            Outcome::Ignored(_) if expects_a_loss(scenario) => {}
            Outcome::Ignored(sets) => {
                found.extend(sets.into_iter().map(|set| teller.ignored(set)));
            }
        }
    }
    found
}

/// What is refused when every worker writes by this method, for `--write`.
pub fn of_override(cluster: &Cluster, scenario: &Scenario, method: &str) -> Vec<Diagnostic> {
    if scenario.expect == Expect::Rejected {
        return Vec::new();
    }
    let refused = scenario.workers.iter().find_map(|spec| {
        let object = object_of(cluster, spec)?;
        match probe::alone(cluster, object, spec) {
            Outcome::Refused(response) => Some((object, spec, response)),
            _ => None,
        }
    });
    let Some((object, spec, response)) = refused else { return Vec::new() };
    let (message, help) = explained(object, spec, &response);
    let source = super::SourceText::new("--write", method);
    vec![Diagnostic::error(message).at(&source, 0..method.len(), said(&response)).maybe_help(help)]
}

fn object_of<'c>(cluster: &'c Cluster, spec: &WorkerSpec) -> Option<&'c Seeded> {
    cluster.objects.iter().find(|object| {
        object.kind.kind == spec.object.kind
            && object.key.namespace == spec.object.namespace
            && object.key.name == spec.object.name
    })
}

fn expects_a_loss(scenario: &Scenario) -> bool {
    match &scenario.expect {
        Expect::Verdicts(verdicts) => verdicts.values().any(|holds| !holds),
        _ => false,
    }
}

struct Teller<'t> {
    checker: &'t Checker<'t>,
    places: &'t Places,
    at: usize,
    object: &'t Seeded,
    spec: &'t WorkerSpec,
    scenario: &'t Scenario,
}

impl Teller<'_> {
    /// Paths that are only read, and that no object of the kind can have.
    fn conditions(&self, found: &mut Vec<Diagnostic>) {
        let when = self.spec.when.iter().zip(&self.places.when);
        let conditions = when.map(|((path, _), place)| (path, place));
        let copied = self.spec.sets.iter().zip(&self.places.sets);
        let copied = copied.filter_map(|((_, value), (_, place))| match value {
            ValueExpr::Read(path) => Some((path, place)),
            _ => None,
        });
        for (path, place) in conditions.chain(copied) {
            if let Some(known) = probe::unknown_field(self.object, path) {
                let message = format!("no `{}` has the field `{path}`", self.object.kind.kind);
                let warning = Diagnostic::warning(message)
                    .at(self.checker.source, place.clone(), "always absent")
                    .maybe_help(meant(path, &known));
                found.push(warning);
            }
        }
    }

    fn refused(&self, response: &Response) -> Diagnostic {
        let (message, help) = explained(self.object, self.spec, response);
        Diagnostic::error(message)
            .at(self.checker.source, self.blamed(response), said(response))
            .maybe_help(help)
            .note("if the refusal is the point of the scenario, say `expect: rejected`")
    }

    /// The value that the server names, or else the write method.
    fn blamed(&self, response: &Response) -> Range<usize> {
        let causes = response.status().and_then(|status| status.details.as_ref());
        for cause in causes.iter().flat_map(|details| &details.causes) {
            let Some(field) = &cause.field else { continue };
            let named: Vec<&str> = tokens(field);
            let about = |path: &FieldPath| {
                let own: Vec<&str> = path.field_names();
                own.iter().zip(&named).all(|(a, b)| a == b) && !named.is_empty()
            };
            let mut sets = self.spec.sets.iter().zip(&self.places.sets);
            if let Some((_, (key, value))) = sets.find(|((path, _), _)| about(path)) {
                return if value.is_empty() { key.clone() } else { value.clone() };
            }
        }
        self.checker.worker_node(self.at, "write").mark()
    }

    fn ignored(&self, set: usize) -> Diagnostic {
        let (path, _) = &self.spec.sets[set];
        let (place, _) = &self.places.sets[set];
        let kind = &self.object.kind;
        let message = format!("what `{}` sets here is never stored", self.spec.name);
        let label = "answered 200, but dropped";
        let warning = Diagnostic::warning(message).at(self.checker.source, place.clone(), label);
        let on_status = self.spec.subresource.is_some();
        let of_status = path.root() == Some("status");
        let warning = if let Some(known) = probe::unknown_field(self.object, path) {
            warning
                .note(format!("the schema of `{}` does not know the field `{path}`", kind.kind))
                .maybe_help(meant(path, &known))
        } else if kind.status_subresource && on_status != of_status {
            let why = match of_status {
                true => "status has an endpoint of its own; the object's own endpoint drops it",
                false => "the status endpoint takes status only",
            };
            let other = if of_status { "status" } else { "main" };
            warning.note(why).help(format!("set it with `subresource: {other}`"))
        } else {
            warning
        };
        match self.scenario.expect {
            Expect::Unstated => warning.note("if that is the point, say `expect: lost`"),
            _ => warning,
        }
    }
}

fn meant(path: &FieldPath, known: &[String]) -> Option<String> {
    let names = path.field_names();
    names.iter().rev().find_map(|name| did_you_mean(name, known.iter().map(String::as_str)))
}

/// `status.conditions[0].type` as its field names.
fn tokens(field: &str) -> Vec<&str> {
    field
        .split(['.', '[', ']'])
        .filter(|token| !token.is_empty() && token.parse::<usize>().is_err())
        .collect()
}

fn said(response: &Response) -> String {
    let status = response.status();
    let causes = status.and_then(|status| status.details.as_ref()).map(|details| &details.causes);
    let text = match causes.map(Vec::as_slice) {
        Some([cause]) => {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{}: {}", part(&cause.field), part(&cause.message))
        }
        _ => status.and_then(|status| status.message.clone()).unwrap_or_default(),
    };
    format!("answered {}: {}", response.code, clean_long(&text))
}

/// What it comes to, and the way out.
fn explained(object: &Seeded, spec: &WorkerSpec, response: &Response) -> (String, Option<String>) {
    let kind = &object.kind;
    let who = match kind.custom {
        true => format!("`{}` is a custom resource, so the API server", kind.kind),
        false => format!("for `{}` the API server", kind.kind),
    };
    match (spec.write.as_str(), response.code) {
        ("update-unconditional", 422) if !kind.unconditional_update => (
            format!("{who} refuses an update without a resourceVersion"),
            Some(
                "use `update-restamp` to show the same loss for a custom resource, or a built-in kind"
                    .to_owned(),
            ),
        ),
        (_, 415) => (
            format!("{who} takes no strategic merge patch"),
            Some(
                "use `merge-patch` (lists are replaced whole) or `apply` (lists of type map are \
                 merged by key)"
                    .to_owned(),
            ),
        ),
        _ => (format!("the API server refuses what `{}` writes", spec.name), None),
    }
}
