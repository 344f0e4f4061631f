//! Two workers that are alike up to their names, the fields they own, the values they write and
//! their field managers, exchanged.
//!
//! A world in which `a` is where `b` was, `b` where `a` was, and each field of the one is the
//! other's, has the same future up to that exchange: the API server knows a key of a map, or the
//! value that tells entries of a list apart, only by equality. So a search need look at one of the
//! two. What is alike is *detected* ([`Exchange::between`]), never declared, and in doubt it is
//! not: fields must have the same schema, no other worker may name them, no rule in CEL may see the
//! difference (`apiserver/schema/cel/sees.rs`), patches that depend on the places or the order of
//! list entries are left out.
//! Next to read: `exchange/values.rs`, the values; `exchange/managers.rs`, the field managers;
//! `schedulers/exhaustive/symmetry.rs`.

mod alike;
mod managers;
mod values;

use std::sync::Arc;

use serde_json::Value;

use super::{Change, Op, Program, ValueExpr};
use crate::apiserver::{FieldPath, Key, Kind, Step, Subresource};
use crate::history::{LeafPath, Meaning, Part, canonical};
use alike::{Apart, OwnField, are_alike, distinct, ops_pair};
use managers::Managers;
use values::OwnValue;

/// Two workers, exchanged.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Their indices.
    pub workers: (usize, usize),
    programs: (Arc<Program>, Arc<Program>),
    key: Key,
    fields: Vec<OwnField>,
    values: Vec<OwnValue>,
    managers: Managers,
}

impl Exchange {
    /// The exchange of two workers, if they are alike and no other worker tells them apart.
    /// `owners` says whether the server records who owns which field.
    pub fn between(
        programs: &[Arc<Program>],
        (a, b): (usize, usize),
        kind: &Kind,
        owners: bool,
    ) -> Option<Exchange> {
        let (one, other) = (&programs[a], &programs[b]);
        let key = one.only_key()?.clone();
        let mut apart = Apart::default();
        let alike = are_alike(one, other)
            && one.code.iter().zip(&other.code).all(|(x, y)| ops_pair(x, y, &mut apart));
        let Apart { fields, values } = apart;
        let managers = Managers::between(programs, (one, other), owners)?;
        let exchange = Exchange {
            workers: (a, b),
            programs: (Arc::clone(one), Arc::clone(other)),
            key,
            fields: distinct(fields),
            values,
            managers,
        };
        let sound = alike
            && (!owners || exchange.managers.are_sound(&exchange, programs, kind))
            && exchange.fields.iter().all(|OwnField { parent, steps: (a, b) }| {
                kind.treats_alike(&parent.field_names(), a, b)
            })
            && (exchange.is_plain() || !one.jobs().any(|job| job.write.sends_places()))
            && programs.iter().all(|program| exchange.keeps_apart(program))
            && values::are_sound(&exchange.values, programs, (one, other), kind)
            && exchange.maps_onto(one, other);
        sound.then_some(exchange)
    }

    /// Whether only the names are exchanged: no field, no value and no field manager is.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty() && self.values.is_empty() && self.managers.are_same()
    }

    /// Whether an object, as it is at the start, has nothing like the values that are exchanged,
    /// and there will never be more managers than the server keeps apart.
    pub fn may_begin_with(&self, object: &Value) -> bool {
        values::are_new_to(&self.values, object) && self.managers.leave_room_in(object)
    }

    /// Objects that both must be able to write, and the server to store as they are, for values to
    /// be exchanged: with each one's literals, and with the other's values in the same places.
    pub fn trials(&self, object: &Value) -> Vec<(Option<Subresource>, Value)> {
        let mut trials = Vec::new();
        let jobs = [&self.programs.0, &self.programs.1].into_iter().flat_map(|p| p.jobs());
        for job in jobs.filter(|_| !self.values.is_empty()) {
            let mut object = object.clone();
            for set in &job.sets {
                if let ValueExpr::Literal(value) = &set.value {
                    set.path.set(&mut object, value.clone());
                }
            }
            let mut other = object.clone();
            values::exchange_in(&self.values, &mut other);
            trials.push((job.subresource, object));
            trials.push((job.subresource, other));
        }
        trials
    }

    /// Whether one object has the values that are exchanged as the other has them.
    pub fn has_same_values(&self, a: &Value, b: &Value) -> bool {
        let places = self.values.iter().flat_map(|value| [&value.paths.0, &value.paths.1]);
        places.into_iter().all(|place| place.get(a) == place.get(b))
    }

    /// Whether this is the object that both write, in whatever version and of whatever revision.
    pub fn is_of(&self, object: &Value) -> bool {
        let Key { namespace, name, resource } = &self.key;
        let metadata = &object["metadata"];
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        metadata["name"] == name.as_str()
            && metadata["namespace"].as_str() == namespace.as_deref()
            && group == resource.group
            && self.programs.0.jobs().all(|job| object["kind"] == job.kind.as_str())
    }

    /// The object that both write.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The program that a worker with this one has afterwards.
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
        values::exchange_in(&self.values, object);
        self.managers.exchange_in(&self.fields, object);
    }

    /// A value that is written at a path, afterwards.
    fn value_at(&self, path: &FieldPath, value: &Value) -> Value {
        let mut value = value.clone();
        values::exchange_below(&self.values, &self.path(path), &mut value);
        value
    }

    /// What is meant to change, afterwards.
    pub fn changes(&self, changes: &Arc<[Change]>) -> Arc<[Change]> {
        if self.is_plain() {
            return Arc::clone(changes);
        }
        let change = |change: &Change| Change {
            path: self.path(&change.path),
            value: change.value.as_ref().map(|value| self.value_at(&change.path, value)),
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
        let moved = self.leaf(leaf);
        let places = |value: &OwnValue| [&value.paths.0, &value.paths.1].map(LeafPath::from);
        let own = |value: &&OwnValue| places(value).iter().any(|place| place.is_same(&moved));
        if let Some(found) = self.values.iter().filter(own).find_map(|value| {
            let (a, b) = &value.values;
            let texts = [a, b].map(|value| canonical(value).to_string());
            let at = texts.iter().position(|known| known == text)?;
            Some(texts[1 - at].clone())
        }) {
            return found;
        }
        let holds = |place: &FieldPath| leaf.contains(&LeafPath::from(place));
        let inside = self.fields.iter().any(|field| holds(&field.parent))
            || self.values.iter().any(|value| holds(&value.paths.0) || holds(&value.paths.1));
        let fields = leaf.parts().iter().map(|part| match part {
            Part::Field(name) => Some(Step::Key(name.clone())),
            Part::Entry(_) | Part::Item(_) => None,
        });
        let path: Option<Vec<Step>> = fields.collect();
        match (path, serde_json::from_str(text)) {
            (Some(path), Ok(value)) if inside => {
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
    fn maps_onto(&self, one: &Arc<Program>, other: &Arc<Program>) -> bool {
        let literals = |program: &Arc<Program>| -> Vec<Option<Value>> {
            let sets = program.jobs().flat_map(|job| &job.sets);
            let literal = |value: &ValueExpr| match value {
                ValueExpr::Literal(value) => Some(value.clone()),
                _ => None,
            };
            sets.map(|set| literal(&set.value)).collect()
        };
        let sets = one.jobs().flat_map(|job| &job.sets);
        let moved = sets
            .zip(literals(one))
            .map(|(set, value)| value.map(|value| self.value_at(&set.path, &value)));
        paths(one).map(|path| self.path(path)).eq(paths(other).cloned())
            && moved.eq(literals(other))
    }
}

fn exchange(name: &mut String, a: &str, b: &str) {
    if name == a {
        b.clone_into(name);
    } else if name == b {
        a.clone_into(name);
    }
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
        Op::CacheWrite(write) => write.job.key.resource == key.resource,
        Op::Test { .. } | Op::Effect { .. } | Op::Lead(_) | Op::Jump(_) | Op::Stop => false,
    })
}

/// Every path that a program names.
fn paths(program: &Program) -> impl Iterator<Item = &FieldPath> {
    program.code.iter().flat_map(|op| -> Box<dyn Iterator<Item = &FieldPath> + '_> {
        match op {
            Op::Test { tests, .. } => {
                let both = tests.iter().flat_map(|it| [it.path.as_ref(), it.condition.path()]);
                Box::new(both.flatten())
            }
            Op::Write(write) => {
                let job = &write.job;
                let sets = job.sets.iter().flat_map(|set| [Some(&set.path), copied(&set.value)]);
                let known = job.knows.iter().flatten();
                let when = job.when.iter().map(|(path, _)| path);
                let asked = job.validate.iter().flat_map(|(path, rule)| [Some(path), rule.path()]);
                let read =
                    when.chain(known).chain(&job.omit).chain(&job.decided).chain(asked.flatten());
                Box::new(sets.flatten().chain(read))
            }
            _ => Box::new(std::iter::empty()),
        }
    })
}

/// The field of the same object that a value is copied from.
fn copied(value: &ValueExpr) -> Option<&FieldPath> {
    match value {
        ValueExpr::Read(path) | ValueExpr::Held { path, own: true, .. } => Some(path),
        _ => None,
    }
}
