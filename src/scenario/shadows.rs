//! A literal map or list that takes away a field of another worker: told before a search begins.
//!
//! What is sent for `data: { a: 1 }` stands in the place of all of `data`, also of `data.b` that
//! another worker sets. Next to read: `refusals.rs`.

use serde_json::Value;

use super::diagnostic::Diagnostic;
use super::refusals::Teller;
use super::{Plan, Scenario};
use crate::apiserver::{FieldPath, Step};
use crate::reconcilers::{Job, Op, Set, ValueExpr};

/// A field of one worker under a literal of another.
pub(super) struct Shadow<'p> {
    /// The worker with the literal, by index.
    pub worker: usize,
    /// The operation of its program that writes the literal, and which of its `sets` that is.
    pub at: (usize, usize),
    /// Where the literal goes.
    path: &'p FieldPath,
    /// The other worker, by index.
    other: usize,
    /// Its field.
    field: &'p FieldPath,
    /// The first field of the literal.
    first: Option<&'p String>,
}

/// All of them, the first of each literal.
pub(super) fn find(plan: &Plan) -> Vec<Shadow<'_>> {
    let mut found = Vec::new();
    for (worker, program) in plan.programs.iter().enumerate() {
        for (place, op) in program.code.iter().enumerate() {
            let Op::Write(write) = op else { continue };
            for (index, set) in write.job.sets.iter().enumerate() {
                let hidden = |other: &usize| {
                    let mut jobs = plan.programs[*other].jobs();
                    jobs.find_map(|job| hidden(&write.job, set, job))
                };
                let others = (0..plan.programs.len()).filter(|other| *other != worker);
                let first = others.into_iter().find_map(|other| Some((other, hidden(&other)?)));
                if let Some((other, field)) = first {
                    let (path, at) = (&set.path, (place, index));
                    let first = match &set.value {
                        ValueExpr::Literal(Value::Object(map)) => map.keys().next(),
                        _ => None,
                    };
                    found.push(Shadow { worker, at, path, other, field, first });
                }
            }
        }
    }
    found
}

/// The field of another job that stands under the literal and is not in it.
fn hidden<'j>(job: &Job, set: &Set, other: &'j Job) -> Option<&'j FieldPath> {
    let sent_whole = match &set.value {
        ValueExpr::Literal(Value::Object(map)) => !map.is_empty() && job.write.needs_read(),
        ValueExpr::Literal(Value::Array(_)) => !job.write.is_apply(),
        _ => false,
    };
    // An entry is merged into what is there.
    let is_entry = matches!(set.path.steps().last(), Some(Step::Entry { .. }));
    if !sent_whole || is_entry || job.key != other.key || job.key.name.is_empty() {
        return None;
    }
    let ValueExpr::Literal(literal) = &set.value else { return None };
    let under = |path: &FieldPath| {
        let rest = path.steps().strip_prefix(set.path.steps());
        rest.is_some_and(|rest| {
            let rest = FieldPath::new(rest.to_vec());
            !rest.steps().is_empty() && rest.get(literal).is_none()
        })
    };
    other.sets.iter().map(|set| &set.path).find(|path| under(path))
}

impl Shadow<'_> {
    /// What is said of it.
    pub(super) fn told(&self, scenario: &Scenario) -> Diagnostic {
        let name = |at: usize| scenario.workers.get(at).map_or("?", |worker| worker.name.as_str());
        let Shadow { path, field, .. } = self;
        let warning = Diagnostic::warning(format!(
            "what `{}` sends replaces all of `{path}`, also `{field}`, which `{}` sets",
            name(self.worker),
            name(self.other)
        ));
        let next = field.steps().get(path.steps().len());
        let way = match next {
            Some(Step::Entry { key, .. }) => {
                format!("write `{path}[{key}=...]`: the value is merged into that entry")
            }
            Some(Step::Index(_)) => "name the entry by its key, as in `[type=Ready]`".to_owned(),
            _ => {
                let name = self.first.map_or("<field>", String::as_str);
                format!("to set one field of it, write `{path}.{name}`")
            }
        };
        let lost = "if this is the bug that you model, set `expect`";
        warning.help(way).note(lost)
    }
}

impl Teller<'_> {
    /// Whether a literal of this worker has been told to shadow another worker's field.
    pub(super) fn shadows(&self, shadows: &[Shadow<'_>], set: usize) -> bool {
        shadows.iter().any(|shadow| shadow.worker == self.at && shadow.at.1 == set)
    }
}
