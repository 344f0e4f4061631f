//! Object metadata: what clients may write in it, and what only the server may.
//!
//! uid, creationTimestamp, generation, deletionTimestamp and resourceVersion are the server's;
//! names, labels, annotations, finalizers and ownerReferences are the client's, within rules.
//! `create.rs` and `engine.rs` call these functions at the points where a real server's
//! `BeforeCreate` and `BeforeUpdate` do. Next to read: `engine.rs`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::FieldError;
use super::{Kind, names};

/// Read and write access to the metadata of an object in JSON.
pub(crate) trait Meta {
    /// A string in the metadata; empty if absent.
    fn meta_str(&self, field: &str) -> &str;
    /// A field of the metadata.
    fn meta(&self, field: &str) -> Option<&Value>;
    /// The metadata, made if absent.
    fn meta_mut(&mut self) -> &mut Map<String, Value>;
    /// Sets a field of the object, or removes it.
    fn set(&mut self, field: &str, value: Option<Value>);
    /// Sets a field of the metadata, or removes it.
    fn set_meta(&mut self, field: &str, value: Option<Value>);
    /// The finalizers.
    fn finalizers(&self) -> Vec<&str>;
}

impl Meta for Value {
    fn meta_str(&self, field: &str) -> &str {
        self.meta(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn meta(&self, field: &str) -> Option<&Value> {
        self.get("metadata")?.get(field)
    }

    fn meta_mut(&mut self) -> &mut Map<String, Value> {
        if !self.is_object() {
            *self = Value::Object(Map::new());
        }
        let object = self.as_object_mut().expect("made an object above");
        let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        if !metadata.is_object() {
            *metadata = Value::Object(Map::new());
        }
        metadata.as_object_mut().expect("made an object above")
    }

    fn set(&mut self, field: &str, value: Option<Value>) {
        let Some(fields) = self.as_object_mut() else { return };
        match value {
            Some(value) => fields.insert(field.into(), value),
            None => fields.remove(field),
        };
    }

    fn set_meta(&mut self, field: &str, value: Option<Value>) {
        match value {
            Some(value) => {
                self.meta_mut().insert(field.into(), value);
            }
            None => {
                self.meta_mut().remove(field);
            }
        }
    }

    fn finalizers(&self) -> Vec<&str> {
        match self.meta("finalizers").and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(Value::as_str).collect(),
            None => Vec::new(),
        }
    }
}

/// Seconds since 1970 as RFC 3339, the only form of time in objects.
pub(crate) fn timestamp(time: i64) -> String {
    match jiff::Timestamp::from_second(time) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => String::from("1970-01-01T00:00:00Z"),
    }
}

/// What only the server writes in a new object's metadata: wiped from what the client sent.
pub(crate) fn wipe(object: &mut Value) {
    let fields =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];
    for field in fields {
        object.set_meta(field, None);
    }
}

/// What a create does to the metadata: the server's fields are wiped and filled again.
pub(crate) fn prepare_create(object: &mut Value, uid: String, time: i64) {
    wipe(object);
    object.set_meta("generation", None);
    object.set_meta("uid", Some(Value::String(uid)));
    object.set_meta("creationTimestamp", Some(Value::String(timestamp(time))));
}

/// What an update does to the metadata: the server's fields are carried over from the old object.
pub(crate) fn prepare_update(new: &mut Value, old: &Value) {
    new.set_meta("selfLink", None);
    for field in ["creationTimestamp", "generation"] {
        new.set_meta(field, old.meta(field).cloned());
    }
    if new.meta_str("uid").is_empty() {
        new.set_meta("uid", old.meta("uid").cloned());
    }
    if old.meta("deletionTimestamp").is_some() {
        new.set_meta("deletionTimestamp", old.meta("deletionTimestamp").cloned());
    }
    if new.meta("deletionGracePeriodSeconds").is_none() {
        let grace = old.meta("deletionGracePeriodSeconds").cloned();
        new.set_meta("deletionGracePeriodSeconds", grace);
    }
}

/// An object marked for deletion, which waits for its finalizers or its grace period.
pub(crate) fn marked(object: &Value, grace_seconds: i64, time: i64) -> Value {
    let mut marked = object.clone();
    let then = timestamp(time.saturating_add(grace_seconds));
    marked.set_meta("deletionTimestamp", Some(then.into()));
    marked.set_meta("deletionGracePeriodSeconds", Some(grace_seconds.into()));
    if let Some(generation) = object.meta("generation").and_then(Value::as_i64) {
        marked.set_meta("generation", Some((generation + 1).into()));
    }
    marked
}

/// What is wrong with the metadata of an object, apart from its name.
fn validate_common(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let namespace = object.meta_str("namespace");
    if kind.namespaced && !namespace.is_empty() {
        let why = names::dns_label(namespace);
        let invalid =
            |why: &String| FieldError::invalid("metadata.namespace", &namespace.into(), why);
        errors.extend(why.iter().map(invalid));
    }
    errors.extend(names::collections(object, true));
    errors
}

/// What is wrong with the name of an object, by the rules of its kind or as a path segment.
fn validate_name(kind: &Kind, object: &Value, by_kind: bool) -> Vec<FieldError> {
    let check = |name: &str, prefix: bool| match by_kind {
        false => names::path_segment(name, prefix),
        true => kind.strategy.validate_name(kind, name, prefix),
    };
    let mut errors = Vec::new();
    for (field, prefix) in [("generateName", true), ("name", false)] {
        let name = object.meta_str(field);
        let path = || format!("metadata.{field}");
        if !name.is_empty() {
            let invalid = |why: &String| FieldError::invalid(&path(), &name.into(), why);
            errors.extend(check(name, prefix).iter().map(invalid));
        } else if !prefix {
            errors.push(FieldError::required(&path(), "name or generateName is required"));
        }
    }
    errors
}

/// What is wrong with the metadata of a new object.
pub(crate) fn validate_create(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let mut errors = validate_name(kind, object, true);
    errors.extend(validate_common(kind, object));
    errors
}

/// What is wrong with the metadata of a changed object.
///
/// The server checks twice, once for all kinds and once in the kind's own rules; the causes of its
/// 422 show both.
pub(crate) fn validate_update(kind: &Kind, new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate_name(kind, new, false);
    errors.extend(validate_common(kind, new));
    let changes = validate_changes(new, old);
    errors.extend(changes.clone());
    errors.extend(changes);
    errors
}

fn validate_changes(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if old.meta("deletionTimestamp").is_some() {
        let had: BTreeSet<_> = old.finalizers().into_iter().collect();
        let mut added: Vec<_> = new.finalizers();
        added.retain(|name| !had.contains(name));
        added.sort_unstable();
        added.dedup();
        if !added.is_empty() {
            let shown: Vec<_> = added.iter().map(|name| format!("{name:?}")).collect();
            let text = format!(
                "no new finalizers can be added if the object is being deleted, \
                 found new finalizers []string{{{}}}",
                shown.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", &text));
        }
    }
    for field in ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if new.meta(field) != old.meta(field) {
            let value = new.meta(field).cloned().unwrap_or(Value::Null);
            let path = format!("metadata.{field}");
            errors.push(FieldError::invalid(&path, &value, "field is immutable"));
        }
    }
    errors.extend(names::collections(new, false));
    errors
}

/// Whether anything outside of the metadata differs: what makes the generation grow.
pub(crate) fn content_differs(new: &Value, old: &Value, ignored: &[&str]) -> bool {
    let counts = |name: &String| name != "metadata" && !ignored.contains(&name.as_str());
    match (new.as_object(), old.as_object()) {
        (Some(new), Some(old)) => !new
            .iter()
            .filter(|(name, _)| counts(name))
            .eq(old.iter().filter(|(name, _)| counts(name))),
        _ => new != old,
    }
}
