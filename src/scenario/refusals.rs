//! What the API server will refuse or ignore, told before anything is explored.
//!
//! `probe.rs` asks; this file turns the answers into diagnostics at the worker's text. A refusal
//! that is the same whoever moves when is an error, unless the scenario says `expect: rejected`;
//! one that depends on the object found there is a warning. So is a write that is answered 2xx and
//! not stored, unless the scenario says that it expects a loss. Next to read: `validate.rs`.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::answered::{explained, is_missing_endpoint, said};
use super::cluster::quoted;
use super::diagnostic::{Diagnostic, SourceText};
use super::probe::{self, Outcome};
use super::suggest::{did_you_mean, listed};
use super::validate::Checker;
use super::{Expect, NOT_BY_APPLY, Plan, Scenario, StepsSpec, WorkerSpec, shadows};
use crate::apiserver::{Cause, Fate, FieldPath, Kind, Response};
use crate::reconcilers::{Op, ValueExpr};

/// Where a worker's paths and values stand.
#[derive(Debug)]
pub struct Places {
    /// Path and value of each entry of `sets`; an entry may make several fields.
    pub sets: Vec<(Range<usize>, Range<usize>)>,
    /// The paths of `when`.
    pub when: Vec<Range<usize>>,
}

/// Everything the server and the schema have against the workers, and what keeps their executions
/// from being parted by names.
pub fn of_workers(
    checker: &Checker<'_>,
    places: &[Places],
    scenario: &Scenario,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let plan = Plan::new(scenario)?;
    let shadows = if expects_a_loss(scenario) { Vec::new() } else { shadows::find(&plan) };
    let mut found = checker.parted(scenario);
    for shadow in &shadows {
        let place = match &scenario.workers[shadow.worker].steps {
            Some(steps) => steps.places.get(shadow.at.0).cloned(),
            None => places[shadow.worker].sets.get(shadow.at.1).map(|(path, _)| path.clone()),
        };
        let told = shadow.told(scenario);
        found.push(told.at(checker.source, place.unwrap_or_default(), ""));
    }
    for (at, spec) in scenario.workers.iter().enumerate() {
        if let Some(steps) = &spec.steps {
            found.extend(of_steps(checker, &plan, at, steps).filter(|_| !rejects(scenario)));
            continue;
        }
        let Some(kind) = kind_of(&plan, at) else { continue };
        let teller = Teller { checker, places: &places[at], at, kind, spec, scenario };
        teller.conditions(&mut found);
        teller.keys(&mut found);
        if spec.cache_write {
            continue;
        }
        teller.whole_subtrees(&shadows, &mut found);
        if let Some(set) = spec.unsayable() {
            let mistake = Diagnostic::error(NOT_BY_APPLY);
            let (_, value) = &places[at].sets[set];
            let help = "leave the item out of what is applied, or use another write method";
            found.push(mistake.at(checker.source, value.clone(), "").help(help));
            continue;
        }
        match probe::alone(&plan, at) {
            Outcome::Stored => {}
            Outcome::Refused(_) if rejects(scenario) => {}
            Outcome::Refused(response) => found.push(teller.refused(&response)),
            Outcome::Ignored(_) if expects_a_loss(scenario) => {}
            Outcome::Ignored(sets) => {
                found.extend(sets.into_iter().map(|(set, fate)| teller.ignored(set, fate)));
            }
        }
    }
    Ok(found)
}

/// What is refused when every worker writes by this method, for `--write`.
pub fn of_override(scenario: &Scenario, method: &str) -> Result<(), Diagnostic> {
    if rejects(scenario) {
        return Ok(());
    }
    let plan = Plan::new(scenario)?;
    for (at, spec) in scenario.workers.iter().enumerate().filter(|(_, spec)| !spec.cache_write) {
        if spec.unsayable().is_some() {
            let mistake = Diagnostic::in_argument(NOT_BY_APPLY, "--write", method, 0..method.len());
            return Err(mistake);
        }
        let kind = kind_of(&plan, at);
        if let (Some(kind), Outcome::Refused(response)) = (kind, probe::alone(&plan, at))
            && is_certain(spec, &response)
        {
            let (message, help) = explained(&kind, spec, &response);
            let source = SourceText::new("--write", method);
            return Err(Diagnostic::error(message)
                .answered(&source, 0..method.len(), response.code, &said(&response))
                .maybe_help(help));
        }
    }
    Ok(())
}

fn rejects(scenario: &Scenario) -> bool {
    scenario.expect == Expect::Rejected
}

/// The kind of what a worker writes first.
fn kind_of(plan: &Plan, worker: usize) -> Option<Arc<Kind>> {
    let program = &plan.programs[worker];
    let copies = program.code.iter().filter_map(|op| match op {
        Op::CacheWrite(write) => Some(&write.job),
        _ => None,
    });
    plan.server.kind_of(&program.jobs().chain(copies).next()?.key.resource)
}

/// What the server refuses of a worker's steps when the worker is alone. What depends on the object
/// found there is a warning.
fn of_steps(
    checker: &Checker<'_>,
    plan: &Plan,
    worker: usize,
    steps: &StepsSpec,
) -> Option<Diagnostic> {
    let (at, response) = probe::steps_alone(plan, worker)?;
    let place = steps.places.get(at)?.clone();
    let name = &plan.programs[worker].name;
    let message = format!("the API server refuses what `{name}` asks in this step");
    let certain = matches!(response.code, 400 | 404 | 405 | 415 | 422);
    let mistake = match certain {
        true => Diagnostic::error(message),
        false => Diagnostic::warning(message),
    };
    let mistake = mistake.answered(checker.source, place, response.code, &said(&response));
    Some(mistake.note(match certain {
        true => "if the refusal is intended, set `expect: rejected`",
        false => "checked with this worker alone; the write may succeed after another worker's",
    }))
}

fn expects_a_loss(scenario: &Scenario) -> bool {
    match &scenario.expect {
        Expect::Verdicts(verdicts) => verdicts.values().any(|holds| !holds),
        _ => false,
    }
}

pub(super) struct Teller<'t> {
    pub(super) checker: &'t Checker<'t>,
    places: &'t Places,
    pub(super) at: usize,
    kind: Arc<Kind>,
    pub(super) spec: &'t WorkerSpec,
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
            if let Some(known) = probe::unknown_field(&self.kind, path) {
                let message = format!("no `{}` has the field `{path}`", self.kind.kind);
                let warning = Diagnostic::warning(message).at(
                    self.checker.source,
                    place.clone(),
                    "always absent",
                );
                found.push(with_known_fields(warning, path, &known));
            }
        }
    }

    /// `status: { ready: true }` is sent in the place of all of the status: rarely what its author
    /// means.
    fn whole_subtrees(&self, shadows: &[shadows::Shadow<'_>], found: &mut Vec<Diagnostic>) {
        let sets = self.spec.sets.iter().zip(&self.places.sets).enumerate();
        for (at, ((path, value), (place, _))) in sets {
            let (ValueExpr::Literal(Value::Object(fields)), [_]) = (value, path.steps()) else {
                continue;
            };
            if expects_a_loss(self.scenario) || self.shadows(shadows, at) {
                continue;
            }
            let message = format!("what `{}` sends replaces all of `{path}`", self.spec.name);
            let field = fields.keys().next();
            let help = field.map(|field| format!("to set one field of it, write `{path}.{field}`"));
            let warning = Diagnostic::warning(message);
            found.push(warning.at(self.checker.source, place.clone(), "").maybe_help(help));
        }
    }

    fn refused(&self, response: &Response) -> Diagnostic {
        let (message, help) = explained(&self.kind, self.spec, response);
        if is_missing_endpoint(self.spec, response) {
            let place = self.checker.worker_node(self.at, "subresource").mark();
            return Diagnostic::error(message)
                .answered(self.checker.source, place, response.code, &said(response))
                .maybe_help(help);
        }
        if !is_certain(self.spec, response) {
            let place = self.checker.worker_node(self.at, "write").mark();
            return Diagnostic::warning(message)
                .answered(self.checker.source, place, response.code, &said(response))
                .note(
                    "checked with this worker alone; the write may succeed after another worker's",
                );
        }
        let blamed = self.blamed(response);
        let meant = blamed.and_then(|set| {
            let (path, _) = &self.spec.sets[set];
            probe::unknown_field(&self.kind, path).and_then(|known| meant(path, &known))
        });
        let place = blamed.map_or_else(
            || self.checker.worker_node(self.at, "write").mark(),
            |set| {
                let (key, value) = &self.places.sets[set];
                if value.is_empty() || meant.is_some() { key.clone() } else { value.clone() }
            },
        );
        let literal = blamed.map(|set| &self.spec.sets[set].1);
        let unquoted =
            matches!(literal, Some(ValueExpr::Literal(v)) if v.is_boolean() || v.is_number());
        let quotes = (unquoted && said(response).contains("of type string"))
            .then(|| quoted(self.checker.source, &place));
        Diagnostic::error(message)
            .answered(self.checker.source, place, response.code, &said(response))
            .maybe_help(help)
            .maybe_help(meant)
            .maybe_help(quotes)
            .note("if the refusal is intended, set `expect: rejected`")
    }

    /// The entry of `sets` that the server names, if it names one.
    fn blamed(&self, response: &Response) -> Option<usize> {
        let status = response.status()?;
        let causes = status.details.iter().flat_map(|details| &details.causes);
        let fields = causes.filter_map(|cause| cause.field.as_deref()).map(tokens);
        let text = status.message.as_deref().unwrap_or_default();
        let named = |path: &FieldPath| {
            let own = path.field_names();
            let same =
                |field: Vec<&str>| !field.is_empty() && own.iter().zip(&field).all(|(a, b)| a == b);
            let in_go = path.root().map(|root| format!("{}.{root} ", self.kind.kind));
            fields.clone().any(same)
                || text.contains(&format!(".{}:", own.join(".")))
                || in_go.is_some_and(|field| text.contains(&field))
        };
        self.spec.sets.iter().position(|(path, _)| named(path))
    }

    /// Whether the worker's client has an old struct without this field.
    fn drops(&self, path: &FieldPath) -> bool {
        let knows = self.spec.knows.as_ref();
        knows.is_some_and(|known| !known.iter().any(|field| field.overlaps(path)))
    }

    /// Why what a worker sets is not there: the client's struct, or the server's own account.
    fn ignored(&self, set: usize, fate: Option<Fate>) -> Diagnostic {
        let (path, _) = &self.spec.sets[set];
        let (place, _) = &self.places.sets[set];
        let kind = &self.kind;
        let message = format!("what `{}` sets here is never stored", self.spec.name);
        let of_client = self.drops(path);
        let label = match fate {
            Some(Fate::Defaulted) if !of_client => "answered 200, but the default comes back",
            Some(Fate::Merged | Fate::Unsaid) if !of_client => "answered 200, but still there",
            _ => "answered 200, but dropped",
        };
        let warning = Diagnostic::warning(message).at(self.checker.source, place.clone(), label);
        let unknown = probe::unknown_field(&self.kind, path);
        let warning = match (fate, unknown) {
            _ if of_client => warning
                .note("`knows` does not list it, so the client leaves it out of what it sends"),
            (Some(Fate::Pruned), Some(known)) => {
                let why = format!("the schema of `{}` does not know the field `{path}`", kind.kind);
                with_known_fields(warning.note(why), path, &known)
            }
            (Some(Fate::Reset), _) => {
                let on_status = self.spec.subresource.is_some();
                let root = path.root().unwrap_or_default();
                let why = match on_status {
                    true => format!("the status endpoint leaves the {root} as it was"),
                    false => {
                        "status has an endpoint of its own; the object's own endpoint drops it"
                            .to_owned()
                    }
                };
                let other = if on_status { "main" } else { "status" };
                warning.note(why).help(format!("set it with `subresource: {other}`"))
            }
            (Some(Fate::Defaulted), _) => {
                warning.note(format!("`{path}` has a default, so it cannot be absent"))
            }
            (Some(Fate::Normalised), _) => {
                warning.note("the server stores it in its canonical form")
            }
            (Some(Fate::Merged | Fate::Unsaid), _) => {
                warning.note("what is sent is merged into what is there, and removes nothing")
            }
            (Some(Fate::Pruned | Fate::Stored) | None, _) => warning,
        };
        match self.scenario.expect {
            Expect::Unstated => warning.note("if this is intended, set `expect: lost`"),
            _ => warning,
        }
    }
}

/// Whether the answer is the same whoever moves when: not what depends on the object found there.
fn is_certain(spec: &WorkerSpec, response: &Response) -> bool {
    let about_own_literal = |cause: &Cause| {
        let field = tokens(cause.field.as_deref().unwrap_or_default());
        // A path through a list as if it were a map gives the list above it the wrong type.
        let above = cause.reason == Some("FieldValueTypeInvalid");
        let own = |(path, value): &(FieldPath, ValueExpr)| {
            let names = path.field_names();
            let inside = field.starts_with(&names) || above && names.starts_with(&field);
            matches!(value, ValueExpr::Literal(_)) && inside
        };
        let named = !field.is_empty() && cause.reason != Some("FieldValueRequired");
        named && spec.sets.iter().any(own)
    };
    let details = response.status().and_then(|status| status.details.as_ref());
    let mut causes = details.iter().flat_map(|details| &details.causes);
    let of_version = |cause: &Cause| cause.field.as_deref() == Some("metadata.resourceVersion");
    response.code != 422 || causes.any(|cause| of_version(cause) || about_own_literal(cause))
}

/// The field that was probably meant, or all that stand there.
fn with_known_fields(warning: Diagnostic, path: &FieldPath, known: &[String]) -> Diagnostic {
    match meant(path, known) {
        Some(help) => warning.help(help),
        None if (1..=12).contains(&known.len()) => {
            warning.note(format!("there are {}", listed(known, "and")))
        }
        None => warning,
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
