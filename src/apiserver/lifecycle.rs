//! What controllers of a cluster do to CustomResourceDefinitions and namespaces.
//!
//! A new definition is accepted and its kinds are served; a deleted one takes its objects with
//! it, and so does a deleted namespace. In a cluster this happens a moment later, by requests of
//! controllers; here it happens at the end of the same step, as writes with revisions of their own.
//! Objects with finalizers are marked and waited for. Next to read: `crd.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::engine::Commit;
use super::metadata::{self, Meta};
use super::server::namespace_key;
use super::{ApiServer, Key, Resource, crd};

/// The finalizer that holds a deleted definition until its objects are gone.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The definition of a custom resource.
fn definition_key(resource: &Resource) -> Key {
    Key { resource: crd::resource(), namespace: None, name: resource.qualified() }
}

impl ApiServer {
    /// Whether the definition of this kind's objects is being deleted.
    pub(crate) fn is_terminating(&self, resource: &Resource) -> bool {
        let definition = self.store.get(&definition_key(resource));
        definition.is_some_and(|it| it.object.meta("deletionTimestamp").is_some())
    }

    /// Whether a namespace is being deleted.
    pub(crate) fn is_namespace_terminating(&self, name: &str) -> bool {
        let namespace = self.store.get(&namespace_key(name));
        namespace.is_some_and(|it| it.object.meta("deletionTimestamp").is_some())
    }

    /// Does what follows from a write of this object.
    pub(super) fn written(&mut self, key: &Key, time: i64) {
        if key.resource == crd::resource() {
            self.definition_written(key, time);
        }
    }

    /// Does what follows from the removal of this object.
    pub(super) fn removed(&mut self, key: &Key, time: i64) {
        if key.resource == crd::resource() {
            self.serve(&key.name, Vec::new());
        } else if self.is_terminating(&key.resource) {
            self.definition_written(&definition_key(&key.resource), time);
        }
        if let Some(namespace) = &key.namespace
            && self.is_namespace_terminating(namespace)
        {
            self.finish_namespace(namespace, time);
        }
    }

    fn definition_written(&mut self, key: &Key, time: i64) {
        let Some(stored) = self.store.get(key).cloned() else { return };
        if stored.object.meta("deletionTimestamp").is_some() {
            if !self.later {
                self.finish_definition(key, &stored.object, time);
            }
            return;
        }
        let kinds = crd::kinds(&stored.object).unwrap_or_default();
        self.serve(&key.name, kinds);
        let mut accepted = Value::clone(&stored.object);
        crd::accept(&mut accepted, time);
        if accepted != *stored.object {
            let next = self.store.next(Arc::new(accepted));
            self.write(key, Commit::Put(next));
        }
    }

    /// The same for a definition whose end has waited.
    pub(crate) fn finish_deleted_definition(&mut self, key: &Key, time: i64) {
        if let Some(stored) = self.store.get(key).cloned() {
            self.finish_definition(key, &stored.object, time);
        }
    }

    /// Deletes the objects of a deleted definition and, when none is left, the definition.
    fn finish_definition(&mut self, key: &Key, definition: &Value, time: i64) {
        let spec = &definition["spec"];
        let group = spec["group"].as_str().unwrap_or_default();
        let plural = spec["names"]["plural"].as_str().unwrap_or_default();
        let found = self
            .store
            .iter()
            .filter(|(key, _)| key.resource.group == group && key.resource.plural == plural);
        let keys: Vec<Arc<Key>> = found.map(|(key, _)| key.clone()).collect();
        if !self.delete_all(&keys, time) {
            return;
        }
        let mut held = definition.finalizers();
        held.retain(|name| *name != CLEANUP);
        if held.is_empty() {
            self.delete(key, time);
        } else if held.len() < definition.finalizers().len() {
            let mut emptied = definition.clone();
            emptied.set_meta("finalizers", Some(Value::from(held)));
            self.put(key, emptied, time);
        }
    }

    /// Deletes the content of a deleted namespace and, when none is left, the namespace.
    pub(crate) fn finish_namespace(&mut self, name: &str, time: i64) {
        let found = self.store.iter().filter(|(key, _)| key.namespace.as_deref() == Some(name));
        let keys: Vec<Arc<Key>> = found.map(|(key, _)| key.clone()).collect();
        let key = namespace_key(name);
        let emptied = self.delete_all(&keys, time);
        // Others than the controller's own are taken off by who put them on, by `/finalize`.
        let held = self.store.get(&key).is_some_and(|stored| {
            let holders = stored.object["spec"]["finalizers"].as_array();
            let foreign = holders.into_iter().flatten().any(|it| it != "kubernetes");
            foreign || !stored.object.finalizers().is_empty()
        });
        if emptied && !held {
            self.delete(&key, time);
        }
    }

    /// Removes objects, or marks those with finalizers; whether all are gone. What follows from
    /// that is what is being done.
    fn delete_all(&mut self, keys: &[Arc<Key>], time: i64) -> bool {
        let mut gone = true;
        for key in keys {
            let Some(stored) = self.store.get(key).cloned() else { continue };
            if stored.object.finalizers().is_empty() {
                self.write(key, Commit::Delete);
                continue;
            }
            gone = false;
            if stored.object.meta("deletionTimestamp").is_none() {
                let marked = metadata::marked(&stored.object, 0, time);
                let next = self.store.next(Arc::new(marked));
                self.write(key, Commit::Put(next));
            }
        }
        gone
    }
}

/// A definition marked for deletion.
pub(crate) fn mark_definition(definition: &Value, time: i64) -> Value {
    let mut marked = definition.clone();
    let now = metadata::timestamp(time);
    marked.set_meta("deletionTimestamp", Some(now.into()));
    let mut finalizers: Vec<Value> =
        marked.finalizers().into_iter().map(|name| Value::String(name.into())).collect();
    if !finalizers.iter().any(|name| name == CLEANUP) {
        finalizers.push(CLEANUP.into());
    }
    marked.set_meta("finalizers", Some(Value::Array(finalizers)));
    let text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin \
                soon";
    crd::set_condition(&mut marked, "Terminating", "InstanceDeletionPending", text, time);
    marked
}

/// A namespace marked for deletion.
pub(crate) fn mark_namespace(namespace: &Value, time: i64) -> Value {
    let mut marked = namespace.clone();
    let now = metadata::timestamp(time);
    marked.set_meta("deletionTimestamp", Some(now.into()));
    marked["status"] = json!({ "phase": "Terminating" });
    marked
}
