//! What controllers of a cluster do a moment later: definitions end, garbage is collected.
//!
//! In process, a deleted definition goes in the same step (`lifecycle.rs`). A server on a socket
//! waits a moment, as a cluster does, so that a client can see it terminate; it calls
//! [`ApiServer::run_controllers`] now and then. With `collects` that is also the garbage collector:
//! who has lost all owners goes, foreground and orphan deletion end. Next to read: `lifecycle.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::metadata::{self, Meta};
use super::{ApiServer, Key, crd};

/// The finalizers that the garbage collector takes away.
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// One round after another, while something changes; a bounded number at a time.
const ROUNDS_MAX: usize = 64;

impl ApiServer {
    /// Does what is due; each change is a write with a revision of its own.
    pub fn run_controllers(&mut self, time: i64) {
        for key in self.deleted_definitions() {
            self.finish_deleted_definition(&key, time);
        }
        if !self.collects {
            return;
        }
        for _ in 0..ROUNDS_MAX {
            let before = self.revision();
            self.collect(time);
            if self.revision() == before {
                return;
            }
        }
    }

    /// Puts there what an API server makes of itself: the service by which it is
    /// found, and the role that may do everything.
    pub fn furnish(&mut self, time: i64) {
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "kubernetes", "namespace": "default",
                "labels": { "component": "apiserver", "provider": "kubernetes" } },
            "spec": { "clusterIP": "10.96.0.1", "type": "ClusterIP",
                "ports": [{ "name": "https", "port": 443, "targetPort": 6443 }] },
        });
        let group = "rbac.authorization.k8s.io";
        let role = json!({
            "apiVersion": format!("{group}/v1"), "kind": "ClusterRole",
            "metadata": { "name": "cluster-admin" },
            "rules": [
                { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
                { "nonResourceURLs": ["*"], "verbs": ["*"] },
            ],
        });
        let binding = json!({
            "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding",
            "metadata": { "name": "cluster-admin" },
            "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin" },
            "subjects": [{ "apiGroup": group, "kind": "Group", "name": "system:masters" }],
        });
        for object in [service, role, binding] {
            // It may be there already, and is kept.
            let _ = self.seed_object(&object, time);
        }
    }

    /// Whether there may be something to do.
    pub fn has_work(&self) -> bool {
        self.collects || !self.deleted_definitions().is_empty()
    }

    fn deleted_definitions(&self) -> Vec<Arc<Key>> {
        let resource = crd::resource();
        let all = self.store.of_resource(&resource, None);
        all.filter(|(_, stored)| stored.object.meta("deletionTimestamp").is_some())
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn keys(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Arc<Key>> {
        let found = self.store.iter().filter(|(_, stored)| wanted(&stored.object));
        found.map(|(key, _)| key.clone()).collect()
    }

    /// One round of the garbage collector.
    fn collect(&mut self, time: i64) {
        let waits = |name: &'static str| {
            move |object: &Value| {
                object.meta("deletionTimestamp").is_some() && object.finalizers().contains(&name)
            }
        };
        for key in self.keys(waits(ORPHAN)) {
            let Some(uid) = self.uid_of(&key) else { continue };
            for dependent in self.dependents(&uid) {
                self.drop_owners(&dependent, &|owner| owner == uid, time);
            }
            self.take_finalizer(&key, ORPHAN, time);
        }
        for key in self.keys(waits(FOREGROUND)) {
            let Some(uid) = self.uid_of(&key) else { continue };
            let mut blocked = false;
            for dependent in self.dependents(&uid) {
                if self.has_other_owner(&dependent, &uid) {
                    self.drop_owners(&dependent, &|owner| owner == uid, time);
                    continue;
                }
                blocked |= self.blocks(&dependent, &uid);
                self.collect_one(&dependent, true, time);
            }
            let left = self.dependents(&uid).iter().any(|dependent| self.blocks(dependent, &uid));
            if !(blocked && left) {
                self.take_finalizer(&key, FOREGROUND, time);
            }
        }
        let alive: BTreeSet<String> =
            self.store.iter().map(|(_, stored)| stored.object.meta_str("uid").to_owned()).collect();
        for key in self.keys(|object| owners(object).next().is_some()) {
            let Some(stored) = self.store.get(&key) else { continue };
            let (mut here, mut gone) = (0, 0);
            for owner in owners(&stored.object) {
                match alive.contains(owner) {
                    true => here += 1,
                    false => gone += 1,
                }
            }
            match (here, gone) {
                (_, 0) => {}
                (0, _) => self.collect_one(&key, false, time),
                _ => self.drop_owners(&key, &|owner| !alive.contains(owner), time),
            }
        }
    }

    fn uid_of(&self, key: &Key) -> Option<String> {
        Some(super::versions::uid(self.store.get(key)?).to_owned())
    }

    fn dependents(&self, uid: &str) -> Vec<Arc<Key>> {
        self.keys(|object| owners(object).any(|owner| owner == uid))
    }

    fn has_other_owner(&self, key: &Key, uid: &str) -> bool {
        let Some(stored) = self.store.get(key) else { return false };
        let others = owners(&stored.object).filter(|owner| *owner != uid);
        let alive = |owner: &str| {
            let mut all = self.store.iter().map(|(_, stored)| &stored.object);
            all.any(|object| {
                object.meta_str("uid") == owner
                    && !(object.meta("deletionTimestamp").is_some()
                        && object.finalizers().contains(&FOREGROUND))
            })
        };
        let mut others = others;
        others.any(alive)
    }

    /// Whether a foreground deletion of its owner waits for this object.
    fn blocks(&self, key: &Key, uid: &str) -> bool {
        self.store.get(key).is_some_and(|stored| {
            let references = stored.object.meta("ownerReferences").and_then(Value::as_array);
            let mut references = references.into_iter().flatten();
            references.any(|it| it["uid"] == uid && it["blockOwnerDeletion"] == true)
        })
    }

    /// Deletes an object that has no owner any more; in the foreground if it has dependents.
    fn collect_one(&mut self, key: &Key, foreground: bool, time: i64) {
        let Some(stored) = self.store.get(key).cloned() else { return };
        let object = &stored.object;
        if object.meta("deletionTimestamp").is_some() {
            return;
        }
        let waits = foreground && !self.dependents(object.meta_str("uid")).is_empty();
        if object.finalizers().is_empty() && !waits {
            self.delete(key, time);
            return;
        }
        let mut marked = metadata::marked(object, 0, time);
        if waits && !marked.finalizers().contains(&FOREGROUND) {
            let mut finalizers: Vec<String> =
                marked.finalizers().into_iter().map(String::from).collect();
            finalizers.push(FOREGROUND.to_owned());
            marked.set_meta("finalizers", Some(Value::from(finalizers)));
        }
        self.put(key, marked, time);
    }

    fn drop_owners(&mut self, key: &Key, gone: &dyn Fn(&str) -> bool, time: i64) {
        let Some(stored) = self.store.get(key) else { return };
        let mut object = Value::clone(&stored.object);
        let references = object.meta("ownerReferences").and_then(Value::as_array).cloned();
        let mut references = references.unwrap_or_default();
        let before = references.len();
        references.retain(|it| !gone(it["uid"].as_str().unwrap_or_default()));
        if references.len() == before {
            return;
        }
        let left = (!references.is_empty()).then_some(Value::Array(references));
        object.set_meta("ownerReferences", left);
        self.put(key, object, time);
    }

    /// Removes a finalizer, and the object if it was the last.
    fn take_finalizer(&mut self, key: &Key, name: &str, time: i64) {
        let Some(stored) = self.store.get(key) else { return };
        let mut object = Value::clone(&stored.object);
        let mut finalizers: Vec<String> =
            object.finalizers().into_iter().map(String::from).collect();
        finalizers.retain(|known| known != name);
        let grace = object.meta("deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
        if finalizers.is_empty() && grace == 0 {
            self.delete(key, time);
            return;
        }
        let left = (!finalizers.is_empty()).then(|| Value::from(finalizers));
        object.set_meta("finalizers", left);
        self.put(key, object, time);
    }
}

/// The uids of an object's owners.
fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let references = object.meta("ownerReferences").and_then(Value::as_array);
    references.into_iter().flatten().filter_map(|reference| reference["uid"].as_str())
}
