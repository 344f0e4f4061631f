//! One object at several served versions: what was written as one is there as each.
//!
//! Without conversion (`strategy: None`) only the apiVersion differs, and what a version's schema
//! does not know. An object is stored as its storage version has it: a field that only another
//! version knows is lost. Each served version has its own copy in the store, at the same revision;
//! a write through one is at once a write of all. A definition that changes its schema brings new
//! defaults, which an object has when it is read. Next to read: `lifecycle.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::engine::Commit;
use super::metadata::Meta;
use super::store::Stored;
use super::{ApiServer, Key, Kind};

impl Kind {
    /// Drops what the storage version of this kind does not know; what then is missing here is
    /// there by default when it is read.
    pub(crate) fn through_storage(&self, object: &mut Value) {
        if let Some(schema) = &self.stored_as {
            schema.prune(object);
            self.schema.default(object);
        }
    }

    /// An object of another version as this version shows it.
    fn shown(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["apiVersion"] = self.api_version().into();
        if self.strategy.is_typed() {
            super::builtin::convert(self, &mut object);
        }
        self.schema.prune(&mut object);
        self.schema.default(&mut object);
        object
    }
}

impl ApiServer {
    /// What was written at one version is there at the others, at the same revision.
    pub(crate) fn mirror(&mut self, key: &Key) {
        let Some(kind) = self.kind_of(&key.resource) else { return };
        for sibling in &kind.siblings {
            let Some(other) = self.kind_of(sibling) else { continue };
            let Some(stored) = self.store.get(key) else { return };
            let object = Arc::new(other.shown(&stored.object));
            let key = Key { resource: sibling.clone(), ..key.clone() };
            self.write(&key, Commit::PutAlong(object));
        }
    }

    /// What was removed at one version is gone at the others.
    pub(crate) fn unmirror(&mut self, key: &Key) {
        let Some(kind) = self.kind_of(&key.resource) else { return };
        for sibling in &kind.siblings {
            let key = Key { resource: sibling.clone(), ..key.clone() };
            self.write(&key, Commit::DeleteAlong);
        }
    }

    /// After a definition has changed: each object is there at each version that is served, with
    /// the defaults of now.
    pub(crate) fn mirror_all(&mut self, definition: &str, kinds: &[Arc<Kind>]) {
        let Some((plural, group)) = definition.split_once('.') else { return };
        let mine = |key: &&Arc<Key>| key.resource.group == group && key.resource.plural == plural;
        let found = self.store.iter().filter(|(key, _)| mine(key));
        let found: Vec<(Arc<Key>, Stored)> =
            found.map(|(key, stored)| (key.clone(), stored.clone())).collect();
        if found.is_empty() || kinds.is_empty() {
            return;
        }
        let storage = kinds.iter().find(|kind| kind.stored_as.is_none());
        let mut objects = BTreeMap::new();
        for (key, stored) in &found {
            let name = (key.namespace.clone(), key.name.clone());
            if storage.is_some_and(|kind| kind.resource == key.resource) {
                objects.insert(name, stored);
            } else {
                objects.entry(name).or_insert(stored);
            }
        }
        for ((namespace, name), stored) in objects {
            for kind in kinds {
                let (namespace, name) = (namespace.clone(), name.clone());
                let key = Key { resource: kind.resource.clone(), namespace, name };
                let mut shown = match self.store.get(&key) {
                    Some(own) => Value::clone(&own.object),
                    None => kind.shown(&stored.object),
                };
                kind.schema.default(&mut shown);
                if self.store.get(&key).is_none_or(|own| *own.object != shown) {
                    self.write(&key, Commit::Restore(Arc::new(shown), stored.modified));
                }
            }
        }
        for (key, _) in &found {
            if !kinds.iter().any(|kind| kind.resource == key.resource) {
                self.write(key, Commit::Forget);
            }
        }
    }
}

/// The uid of an object: the same at every version.
pub(crate) fn uid(stored: &Stored) -> &str {
    stored.object.meta_str("uid")
}

#[cfg(test)]
mod tests;
