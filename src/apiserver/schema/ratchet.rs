//! Old and new values side by side: which old value belongs to which new one, and whether it is
//! unchanged.
//!
//! What has not changed is tolerated, though it be wrong. The server's notion of unchanged has
//! corners: an object with a field that the schema does not know never is, and so the root of an
//! object, whose metadata no schema describes, never is either. Next to read: `validate.rs`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rules::{ListKind, Rules};

/// A new value, the old one in its place, and the schema of both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    new: &'a Value,
    old: &'a Value,
    rules: &'a Rules,
}

impl<'a> Pair<'a> {
    pub fn root(new: &'a Value, old: &'a Value, rules: &'a Rules) -> Self {
        Pair { new, old, rules }
    }

    /// The pair under a name, if both values have it and the schema describes it.
    pub fn key(self, name: &str) -> Option<Pair<'a>> {
        let (new, old) = (self.new.as_object()?.get(name)?, self.old.as_object()?.get(name)?);
        let additional = || self.rules.additional.as_deref();
        let rules = self.rules.properties.get(name).or_else(additional)?;
        Some(Pair { new, old, rules })
    }

    /// The old items with their keys: only of a list-type map.
    pub fn counterparts(self) -> Counterparts<'a> {
        Counterparts::new(Some(self.old), self.rules)
    }

    /// Whether the new value is the old one, as the server sees it.
    pub fn is_unchanged(self) -> bool {
        match (self.new, self.old) {
            (Value::Null, Value::Null) => true,
            (Value::Array(new), Value::Array(old)) => {
                if new.len() != old.len() {
                    return false;
                }
                match self.rules.list {
                    ListKind::Map => {
                        let before = self.counterparts();
                        new.iter().all(|item| before.pair(item).is_some_and(Pair::is_unchanged))
                    }
                    ListKind::Set | ListKind::Atomic => new == old,
                }
            }
            (Value::Object(new), Value::Object(old)) => {
                new.len() == old.len()
                    && new.keys().all(|name| self.key(name).is_some_and(Pair::is_unchanged))
            }
            (new, old) => new == old,
        }
    }
}

/// The old items of a list-type map, by their keys; the first, if there are several. Another list
/// has none.
pub(super) struct Counterparts<'a> {
    rules: &'a Rules,
    items: BTreeMap<Vec<String>, &'a Value>,
}

impl<'a> Counterparts<'a> {
    pub fn new(old: Option<&'a Value>, rules: &'a Rules) -> Self {
        let mut items = BTreeMap::new();
        let list = old.filter(|_| rules.list == ListKind::Map).and_then(Value::as_array);
        for item in list.into_iter().flatten() {
            if let Some(keys) = keys(item, rules) {
                items.entry(keys).or_insert(item);
            }
        }
        Counterparts { rules, items }
    }

    /// The old item with the keys of this one.
    pub fn get(&self, item: &Value) -> Option<&'a Value> {
        if self.items.is_empty() {
            return None;
        }
        self.items.get(&keys(item, self.rules)?).copied()
    }

    /// The same as a pair.
    pub fn pair(&self, new: &'a Value) -> Option<Pair<'a>> {
        Some(Pair { new, old: self.get(new)?, rules: self.rules.items.as_deref()? })
    }
}

/// The keys of an item of a list-type map. Without one, or with one that is no scalar, an item has
/// no counterpart.
pub(super) fn keys(item: &Value, rules: &Rules) -> Option<Vec<String>> {
    let key = |key: &String| match item.get(key)? {
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        scalar => Some(scalar.to_string()),
    };
    rules.map_keys.iter().map(key).collect()
}
