//! The operations of a JSON patch, and what their indices stand for in a version.
//!
//! Next to read: `sent.rs`.

use serde_json::Value;

use super::names::{Names, Version, entry_of};
use crate::history::{LeafPath, Part};

/// One operation of a JSON patch.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub removes: bool,
    pub inserts: bool,
    pub path: Vec<String>,
    pub value: Value,
    pub tests: bool,
}

/// An object that has a value at a path, as far as the path's lists can be written down.
pub(super) fn spread(path: &LeafPath, value: &Value) -> Option<Value> {
    let mut object = value.clone();
    let parts = path.parts();
    for (at, part) in parts.iter().enumerate().rev() {
        object = match part {
            Part::Field(key) => Value::Object([(key.clone(), object)].into_iter().collect()),
            Part::Item(_) => Value::Array(vec![object]),
            Part::Entry(keys) => {
                let mut entry = object;
                if at + 1 < parts.len() || entry.is_object() {
                    let fields = entry.as_object_mut()?;
                    for (key, value) in keys {
                        fields.entry(key.clone()).or_insert_with(|| value.clone().into());
                    }
                }
                Value::Array(vec![entry])
            }
        };
    }
    Some(object)
}

pub(super) fn operations(patch: &Value) -> Vec<Operation> {
    let list = patch.as_array().into_iter().flatten();
    let mut found = Vec::new();
    for operation in list {
        let kind = operation["op"].as_str().unwrap_or_default();
        let pointer = |field: &str| -> Vec<String> {
            let text = operation[field].as_str().unwrap_or_default();
            let steps = text.split('/').skip(1);
            steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
        };
        let value = operation["value"].clone();
        if kind == "move" {
            found.push(Operation {
                removes: true,
                inserts: false,
                path: pointer("from"),
                value: Value::Null,
                tests: false,
            });
        }
        found.push(Operation {
            removes: kind != "add" || !pointer("path").last().is_some_and(|step| is_index(step)),
            inserts: kind != "remove",
            path: pointer("path"),
            value,
            tests: kind == "test",
        });
    }
    found.retain(|operation| !operation.path.is_empty());
    found
}

fn is_index(step: &str) -> bool {
    step == "-" || !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

impl Operation {
    pub fn is_indexed(&self) -> bool {
        self.path.iter().any(|step| is_index(step))
    }

    /// Whether it may change a leaf, whatever entry its indices stand for.
    pub fn reaches(&self, path: &LeafPath) -> bool {
        let mut parts = path.parts().iter();
        self.path.iter().all(|step| match parts.next() {
            None => true,
            Some(Part::Field(key)) => key == step,
            Some(Part::Entry(_) | Part::Item(_)) => is_index(step),
        })
    }

    /// The path with the entries that stand at its indices in a version.
    pub fn resolve(&self, names: &mut Names, basis: &Version) -> Option<LeafPath> {
        let mut parts: Vec<Part> = Vec::new();
        for (at, step) in self.path.iter().enumerate() {
            if !is_index(step) {
                parts.push(Part::Field(step.clone()));
                continue;
            }
            let list = LeafPath::new(parts.clone());
            let id = names.path(list);
            let last = at + 1 == self.path.len();
            // What is inserted is named by itself; anything else by what stands there.
            let named = entry_of(&self.value).filter(|_| last && self.inserts && !self.tests);
            let entries = basis.order.iter().find(|(known, _)| *known == id);
            let there = step
                .parse::<usize>()
                .ok()
                .and_then(|index| entries.and_then(|(_, entries)| entries.get(index)))
                .and_then(|entry| names.leaf(*entry).parts().last().cloned());
            match named.or(there) {
                Some(part) => parts.push(part),
                // A list of nothing that can be told apart is one leaf; a map may have such a key.
                None if entries.is_none() => return Some(LeafPath::new(parts)),
                None => return None,
            }
        }
        Some(LeafPath::new(parts))
    }
}
