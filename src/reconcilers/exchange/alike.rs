//! What two workers have in common, and by which fields and values they differ.
//!
//! Next to read: `values.rs`.

use super::super::{Attempts, Job, Op, Program, Reader, Restamp, ValueExpr, WriteOp};
use super::values::{self, OwnValue};
use crate::apiserver::{FieldPath, Step};

/// A field of the one and the field of the other: two steps under one parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnField {
    pub parent: FieldPath,
    pub steps: (Step, Step),
}

/// Everything of a program but names and operations.
pub(super) fn are_alike(a: &Program, b: &Program) -> bool {
    a.only_key() == b.only_key() && rules(a) == rules(b) && a.code.len() == b.code.len()
}

/// What a program says about its runs. A new field has to be named here.
fn rules(program: &Program) -> (u32, Attempts, bool, i64) {
    let Program {
        name: _,
        process: _,
        runs,
        attempts,
        queued,
        time,
        code: _,
        live: _,
        shows_versions: _,
    } = program;
    (*runs, *attempts, *queued, *time)
}

/// By what two programs differ.
#[derive(Debug, Default)]
pub(super) struct Apart {
    pub fields: Vec<OwnField>,
    pub values: Vec<OwnValue>,
}

/// Whether two operations are the same but for fields and values of their own.
pub(super) fn ops_pair(a: &Op, b: &Op, apart: &mut Apart) -> bool {
    let fields = &mut apart.fields;
    match (a, b) {
        (
            Op::Read { key, slot, reader, freshness },
            Op::Read { key: k, slot: s, reader: r, freshness: f },
        ) => (key, slot, reader, freshness) == (k, s, r, f),
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
            let rules = |op: &WriteOp| {
                let WriteOp { job: _, from, reader, freshness, dynamic, on_error, values } = op;
                (*from, (*reader, *freshness), *dynamic, *on_error, *values)
            };
            rules(x) == rules(y) && jobs_pair(&x.job, &y.job, apart)
        }
        (Op::Effect { name }, Op::Effect { name: other }) => name == other,
        (Op::Jump(x), Op::Jump(y)) => x == y,
        (Op::Stop, Op::Stop) => true,
        _ => false,
    }
}

fn jobs_pair(a: &Job, b: &Job, apart: &mut Apart) -> bool {
    let Apart { fields, values } = apart;
    a.key == b.key
        && a.write.name() == b.write.name()
        && a.subresource == b.subresource
        && manner(a) == manner(b)
        && a.sets.len() == b.sets.len()
        && a.when.len() == b.when.len()
        && a.omit.is_empty()
        && b.omit.is_empty()
        && a.knows.is_none()
        && b.knows.is_none()
        && a.validate.is_empty()
        && b.validate.is_empty()
        && a.sets.iter().zip(&b.sets).all(|(x, y)| {
            x.list == y.list
                && pair(&x.path, &y.path, fields)
                && match (&x.value, &y.value) {
                    (ValueExpr::Read(x), ValueExpr::Read(y)) => pair(x, y, fields),
                    (ValueExpr::Literal(v), ValueExpr::Literal(w)) => {
                        values::pair((&x.path, &y.path), v, w, values)
                    }
                    (v, w) => v == w,
                }
        })
        && a.when.iter().zip(&b.when).all(|((x, v), (y, w))| v == w && pair(x, y, fields))
        && a.decided.len() == b.decided.len()
        && a.decided.iter().zip(&b.decided).all(|(x, y)| pair(x, y, fields))
}

/// How a job is done, besides what it writes. A new field has to be named here: as one that is
/// compared, here or in `jobs_pair`, or as one that follows from the object (its kind, its schema)
/// or from the worker (its name, its field manager).
#[rustfmt::skip]
fn manner(job: &Job) -> (Attempts, Option<Reader>, Restamp, (bool, bool), i64) {
    let Job {
        attempts, retry_read, restamp, typed, guards, time,
        write: _, subresource: _, sets: _, when: _, decided: _, omit: _, knows: _, validate: _,
        name: _, field_manager: _, key: _, api_version: _, kind: _, schema: _, lists: _, creates: _,
    } = job;
    (*attempts, *retry_read, *restamp, (*typed, *guards), *time)
}

/// Whether two paths are the same but for one step, which is then each worker's own.
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
pub(super) fn distinct(fields: Vec<OwnField>) -> Vec<OwnField> {
    let mut all: Vec<OwnField> = Vec::new();
    for field in fields {
        if !all.contains(&field) {
            all.push(field);
        }
    }
    all
}
