//! Two workers that are alike up to their names and the fields they own, exchanged.
//!
//! A world in which `a` is where `b` was, `b` where `a` was, and each field of the one is the
//! other's, has the same future up to that exchange: the API server knows a key of a map, or the
//! value that tells entries of a list apart, only by equality. So a search need look at one of the
//! two. What is alike is *detected* ([`Exchange::between`]), never declared, and in doubt it is
//! not: fields must have the same schema, nobody else may name them, patches that depend on the
//! places or the order of list entries are left out.
//! Next to read: `schedulers/exhaustive/symmetry.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::{Attempts, Change, Job, ValueExpr};
use crate::apiserver::{FieldPath, Key, Kind, Step};
use crate::history::{LeafPath, Meaning, Part};

/// Two workers, exchanged.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Their indices.
    pub workers: (usize, usize),
    jobs: (Arc<Job>, Arc<Job>),
    fields: Vec<OwnField>,
}

/// A field of the one and the field of the other: two steps under one parent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnField {
    parent: FieldPath,
    steps: (Step, Step),
}

impl Exchange {
    /// The exchange of two workers, if they are alike and no other worker tells them apart.
    pub fn between(jobs: &[Arc<Job>], a: usize, b: usize, kind: &Kind) -> Option<Exchange> {
        let (one, other) = (&jobs[a], &jobs[b]);
        let mut fields = Vec::new();
        let alike = are_alike(one, other)
            && one.sets.iter().zip(&other.sets).all(|(x, y)| {
                x.list == y.list
                    && pair(&x.path, &y.path, &mut fields)
                    && match (&x.value, &y.value) {
                        (ValueExpr::Read(x), ValueExpr::Read(y)) => pair(x, y, &mut fields),
                        (x, y) => x == y,
                    }
            })
            && one
                .when
                .iter()
                .zip(&other.when)
                .all(|((x, v), (y, w))| v == w && pair(x, y, &mut fields));
        let exchange = Exchange {
            workers: (a, b),
            jobs: (Arc::clone(one), Arc::clone(other)),
            fields: distinct(fields),
        };
        let sound = alike
            && exchange.fields.iter().all(|OwnField { parent, steps: (a, b) }| {
                kind.treats_alike(&parent.field_names(), a, b)
            })
            && (exchange.is_plain() || !one.write.sends_places())
            && jobs.iter().all(|job| exchange.keeps_apart(job))
            && exchange.maps_onto(one, other);
        sound.then_some(exchange)
    }

    /// Whether only the names are exchanged: no field is.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty()
    }

    /// The object that both write.
    pub fn key(&self) -> &Key {
        &self.jobs.0.key
    }

    /// The job that somebody with this one has afterwards.
    pub fn job(&self, job: &Arc<Job>) -> Arc<Job> {
        let (a, b) = &self.jobs;
        match () {
            () if Arc::ptr_eq(job, a) => Arc::clone(b),
            () if Arc::ptr_eq(job, b) => Arc::clone(a),
            () => Arc::clone(job),
        }
    }

    /// Where a path leads afterwards.
    pub fn path(&self, path: &FieldPath) -> FieldPath {
        let mut steps = path.steps().to_vec();
        for field in &self.fields {
            let at = field.parent.steps().len();
            if path.steps().starts_with(field.parent.steps())
                && let Some(step) = steps.get_mut(at)
            {
                match () {
                    () if *step == field.steps.0 => *step = field.steps.1.clone(),
                    () if *step == field.steps.1 => *step = field.steps.0.clone(),
                    () => {}
                }
            }
        }
        FieldPath::new(steps)
    }

    /// The object, or a body with its shape, with the fields exchanged.
    pub fn object(&self, object: &Arc<Value>) -> Arc<Value> {
        match self.is_plain() {
            true => Arc::clone(object),
            false => {
                let mut object = (**object).clone();
                self.exchange_in(&mut object);
                Arc::new(object)
            }
        }
    }

    /// The same, in place.
    pub fn exchange_in(&self, object: &mut Value) {
        for field in &self.fields {
            match (field.parent.get_mut(object), &field.steps) {
                (Some(Value::Object(map)), (Step::Key(a), Step::Key(b))) => {
                    let (of_a, of_b) = (map.remove(a), map.remove(b));
                    map.extend(of_a.map(|value| (b.clone(), value)));
                    map.extend(of_b.map(|value| (a.clone(), value)));
                }
                (
                    Some(Value::Array(list)),
                    (Step::Entry { key, value: a }, Step::Entry { value: b, .. }),
                ) => {
                    for name in list.iter_mut().filter_map(|entry| entry.get_mut(key)) {
                        match name.as_str() {
                            Some(text) if text == a => *name = b.as_str().into(),
                            Some(text) if text == b => *name = a.as_str().into(),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What is meant to change, afterwards.
    pub fn changes(&self, changes: &Arc<[Change]>) -> Arc<[Change]> {
        if self.is_plain() {
            return Arc::clone(changes);
        }
        let change = |change: &Change| Change {
            path: self.path(&change.path),
            meaning: change.meaning.as_ref().map(|meaning| Arc::new(self.meaning(meaning))),
            ..change.clone()
        };
        changes.iter().map(change).collect()
    }

    fn meaning(&self, meaning: &Meaning) -> Meaning {
        let leaves = |leaves: &[LeafPath]| leaves.iter().map(|leaf| self.leaf(leaf)).collect();
        let seen = meaning.seen.as_ref().map(|seen| {
            let mut seen = seen.clone();
            self.exchange_in(&mut seen);
            seen
        });
        Meaning {
            place: meaning.place.as_ref().map(|place| self.path(place)),
            manner: meaning.manner.clone(),
            reads: leaves(&meaning.reads),
            guards: leaves(&meaning.guards),
            seen,
        }
    }

    /// Where a leaf is afterwards.
    pub fn leaf(&self, leaf: &LeafPath) -> LeafPath {
        let mut moved = leaf.clone();
        for field in &self.fields {
            let parent = LeafPath::from(&field.parent);
            let at = parent.parts().len();
            if !parent.contains(leaf) {
                continue;
            }
            match (moved.parts_mut().get_mut(at), &field.steps) {
                (Some(Part::Field(name)), (Step::Key(a), Step::Key(b))) => exchange(name, a, b),
                (
                    Some(Part::Entry(keys)),
                    (Step::Entry { key, value: a }, Step::Entry { value: b, .. }),
                ) => {
                    let mut named = keys.iter_mut().filter(|(name, _)| name == key);
                    named.by_ref().for_each(|(_, value)| exchange(value, a, b));
                }
                _ => {}
            }
        }
        moved
    }

    /// Whether a worker names none of the fields, unless it is one of the two, and nothing that
    /// contains them.
    fn keeps_apart(&self, job: &Arc<Job>) -> bool {
        let (a, b) = &self.jobs;
        if job.key != a.key {
            return true;
        }
        let third = !Arc::ptr_eq(job, a) && !Arc::ptr_eq(job, b);
        paths(job).all(|path| {
            let contains = |field: &OwnField| field.parent.steps().starts_with(path.steps());
            let named = third && self.path(path) != *path;
            !named && !self.fields.iter().any(contains)
        })
    }

    /// Whether what the one does is, exchanged, what the other does.
    fn maps_onto(&self, one: &Job, other: &Job) -> bool {
        paths(one).map(|path| self.path(path)).eq(paths(other).cloned())
    }
}

fn exchange(name: &mut String, a: &str, b: &str) {
    if name == a {
        b.clone_into(name);
    } else if name == b {
        a.clone_into(name);
    }
}

/// Everything of a job but names and fields.
fn are_alike(a: &Job, b: &Job) -> bool {
    let numbers = |job: &Job| {
        let unlimited = job.attempts == Attempts::Unlimited;
        (job.runs, job.time, job.typed, job.read, job.retry_read, job.attempts, unlimited)
    };
    a.key == b.key
        && a.guards == b.guards
        && a.write.name() == b.write.name()
        && a.subresource == b.subresource
        && numbers(a) == numbers(b)
        && a.sets.len() == b.sets.len()
        && a.when.len() == b.when.len()
        && a.knows.is_none()
        && b.knows.is_none()
}

/// Every path that a job names.
fn paths(job: &Job) -> impl Iterator<Item = &FieldPath> {
    let sets = job.sets.iter().flat_map(|set| [Some(&set.path), set.value.reads()]);
    let known = job.knows.iter().flatten();
    sets.flatten().chain(job.when.iter().map(|(path, _)| path)).chain(known)
}

/// Whether two paths are the same but for one step, which is then somebody's own.
fn pair(a: &FieldPath, b: &FieldPath, fields: &mut Vec<OwnField>) -> bool {
    let (a, b) = (a.steps(), b.steps());
    let mut apart = a.iter().zip(b).enumerate().filter(|(_, (x, y))| x != y);
    let first = apart.next();
    if a.len() != b.len() || apart.next().is_some() {
        return false;
    }
    let Some((at, (x, y))) = first else { return true };
    let same_kind = match (x, y) {
        (Step::Key(_), Step::Key(_)) => true,
        (Step::Entry { key, .. }, Step::Entry { key: other, .. }) => key == other,
        _ => false,
    };
    let parent = FieldPath::new(a[..at].to_vec());
    fields.push(OwnField { parent, steps: (x.clone(), y.clone()) });
    same_kind
}

/// Each field once. Fields that contradict each other are found by `maps_onto`.
fn distinct(fields: Vec<OwnField>) -> Vec<OwnField> {
    let mut all: Vec<OwnField> = Vec::new();
    for field in fields {
        if !all.contains(&field) {
            all.push(field);
        }
    }
    all
}
