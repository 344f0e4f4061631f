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

use super::{Attempts, Change, Job, Op, Program, ValueExpr};
use crate::apiserver::{FieldPath, Key, Kind, Step};
use crate::history::{LeafPath, Meaning, Part};

/// Two workers, exchanged.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Their indices.
    pub workers: (usize, usize),
    programs: (Arc<Program>, Arc<Program>),
    key: Key,
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
    pub fn between(programs: &[Arc<Program>], a: usize, b: usize, kind: &Kind) -> Option<Exchange> {
        let (one, other) = (&programs[a], &programs[b]);
        let key = one.only_key()?.clone();
        let mut fields = Vec::new();
        let alike = are_alike(one, other)
            && one.code.iter().zip(&other.code).all(|(x, y)| ops_pair(x, y, &mut fields));
        let exchange = Exchange {
            workers: (a, b),
            programs: (Arc::clone(one), Arc::clone(other)),
            key,
            fields: distinct(fields),
        };
        let sound = alike
            && exchange.fields.iter().all(|OwnField { parent, steps: (a, b) }| {
                kind.treats_alike(&parent.field_names(), a, b)
            })
            && (exchange.is_plain() || !one.jobs().any(|job| job.write.sends_places()))
            && programs.iter().all(|program| exchange.keeps_apart(program))
            && exchange.maps_onto(one, other);
        sound.then_some(exchange)
    }

    /// Whether only the names are exchanged: no field is.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty()
    }

    /// The object that both write.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The program that somebody with this one has afterwards.
    pub fn program(&self, program: &Arc<Program>) -> Arc<Program> {
        let (a, b) = &self.programs;
        match () {
            () if Arc::ptr_eq(program, a) => Arc::clone(b),
            () if Arc::ptr_eq(program, b) => Arc::clone(a),
            () => Arc::clone(program),
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

    /// A leaf's value as JSON text, afterwards: a list that is one leaf has names in it.
    pub fn text_at(&self, leaf: &LeafPath, text: &str) -> String {
        let inside = |field: &OwnField| leaf.contains(&LeafPath::from(&field.parent));
        let fields = leaf.parts().iter().map(|part| match part {
            Part::Field(name) => Some(Step::Key(name.clone())),
            Part::Entry(_) | Part::Item(_) => None,
        });
        let path: Option<Vec<Step>> = fields.collect();
        match (path, serde_json::from_str(text)) {
            (Some(path), Ok(value)) if self.fields.iter().any(inside) => {
                let (path, mut object) = (FieldPath::new(path), Value::Null);
                path.set(&mut object, value);
                self.exchange_in(&mut object);
                path.get(&object).map_or_else(|| text.to_owned(), Value::to_string)
            }
            _ => text.to_owned(),
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
    fn keeps_apart(&self, program: &Arc<Program>) -> bool {
        let (a, b) = &self.programs;
        let third = !Arc::ptr_eq(program, a) && !Arc::ptr_eq(program, b);
        match program.only_key() {
            Some(key) if *key != self.key => return true,
            Some(_) => {}
            // It may have to do with the object, and paths alone do not tell.
            None => return !touches(program, &self.key),
        }
        paths(program).all(|path| {
            let contains = |field: &OwnField| field.parent.steps().starts_with(path.steps());
            let named = third && self.path(path) != *path;
            !named && !self.fields.iter().any(contains)
        })
    }

    /// Whether what the one does is, exchanged, what the other does.
    fn maps_onto(&self, one: &Program, other: &Program) -> bool {
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

/// Everything of a program but names and operations.
fn are_alike(a: &Program, b: &Program) -> bool {
    a.only_key() == b.only_key()
        && (a.runs, a.attempts, a.time) == (b.runs, b.attempts, b.time)
        && a.code.len() == b.code.len()
}

/// Whether two operations are the same but for fields of their own.
fn ops_pair(a: &Op, b: &Op, fields: &mut Vec<OwnField>) -> bool {
    match (a, b) {
        (Op::Read { key, slot, reader }, Op::Read { key: k, slot: s, reader: r }) => {
            (key, slot, reader) == (k, s, r)
        }
        (Op::Test { tests, otherwise }, Op::Test { tests: others, otherwise: other }) => {
            otherwise == other
                && tests.len() == others.len()
                && tests.iter().zip(others).all(|(x, y)| {
                    let paths = match (&x.path, &y.path) {
                        (Some(x), Some(y)) => pair(x, y, fields),
                        (x, y) => x == y,
                    };
                    // What a test compares with may itself be a field.
                    paths && x.slot == y.slot && x.condition == y.condition
                })
        }
        (Op::Write(x), Op::Write(y)) => {
            (x.from, x.dynamic, x.on_error) == (y.from, y.dynamic, y.on_error)
                && jobs_pair(&x.job, &y.job, fields)
        }
        (Op::Effect { name }, Op::Effect { name: other }) => name == other,
        (Op::Jump(x), Op::Jump(y)) => x == y,
        (Op::Stop, Op::Stop) => true,
        _ => false,
    }
}

fn jobs_pair(a: &Job, b: &Job, fields: &mut Vec<OwnField>) -> bool {
    let numbers = |job: &Job| {
        let unlimited = job.attempts == Attempts::Unlimited;
        (job.time, job.typed, job.retry_read, job.attempts, unlimited)
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
        && a.sets.iter().zip(&b.sets).all(|(x, y)| {
            x.list == y.list
                && pair(&x.path, &y.path, fields)
                && match (&x.value, &y.value) {
                    (ValueExpr::Read(x), ValueExpr::Read(y)) => pair(x, y, fields),
                    (x, y) => x == y,
                }
        })
        && a.when.iter().zip(&b.when).all(|((x, v), (y, w))| v == w && pair(x, y, fields))
        && a.decided.len() == b.decided.len()
        && a.decided.iter().zip(&b.decided).all(|(x, y)| pair(x, y, fields))
}

/// Whether a program may have to do with an object, one way or another.
fn touches(program: &Program, key: &Key) -> bool {
    program.code.iter().any(|op| match op {
        Op::Read { key: read, .. } => read == key,
        Op::Write(write) if !write.dynamic => write.job.key == *key,
        Op::Write(write) => write.job.key.resource == key.resource,
        Op::List(list) => list.resource == key.resource,
        Op::Create(create) => create.resource == key.resource,
        Op::Delete(delete) => delete.resource == key.resource,
        Op::Test { .. } | Op::Effect { .. } | Op::Jump(_) | Op::Stop => false,
    })
}

/// Every path that a program names.
fn paths(program: &Program) -> impl Iterator<Item = &FieldPath> {
    program.code.iter().flat_map(|op| -> Box<dyn Iterator<Item = &FieldPath> + '_> {
        match op {
            Op::Test { tests, .. } => Box::new(tests.iter().filter_map(|test| test.path.as_ref())),
            Op::Write(write) => {
                let job = &write.job;
                let sets = job.sets.iter().flat_map(|set| [Some(&set.path), set.value.reads()]);
                let known = job.knows.iter().flatten();
                let when = job.when.iter().map(|(path, _)| path);
                Box::new(sets.flatten().chain(when).chain(known).chain(&job.decided))
            }
            _ => Box::new(std::iter::empty()),
        }
    })
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
