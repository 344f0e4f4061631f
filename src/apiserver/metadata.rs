//! Object metadata: what clients may write in it, and what only the server may.
//!
//! uid, creationTimestamp, generation, deletionTimestamp and resourceVersion are the server's;
//! names, labels, annotations, finalizers and ownerReferences are the client's, within rules.
//! `create.rs` and `engine.rs` call these functions at the points where a real server's
//! `BeforeCreate` and `BeforeUpdate` do. Next to read: `engine.rs`.

use serde_json::{Map, Value};

use super::schema::FieldError;

/// Read and write access to the metadata of an object in JSON.
pub(crate) trait Meta {
    /// A string in the metadata; empty if absent.
    fn meta_str(&self, field: &str) -> &str;
    /// A field of the metadata.
    fn meta(&self, field: &str) -> Option<&Value>;
    /// The metadata, made if absent.
    fn meta_mut(&mut self) -> &mut Map<String, Value>;
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

/// What a create does to the metadata: the server's fields are wiped and filled anew.
pub(crate) fn prepare_create(object: &mut Value, uid: String, time: i64) {
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
        object.set_meta(field, None);
    }
    object.set_meta("uid", Some(Value::String(uid)));
    object.set_meta("creationTimestamp", Some(Value::String(timestamp(time))));
}

/// What an update does to the metadata: the server's fields are carried over from the old object.
pub(crate) fn prepare_update(new: &mut Value, old: &Value) {
    for field in ["creationTimestamp", "generation", "selfLink"] {
        new.set_meta(field, old.meta(field).cloned());
    }
    if new.meta_str("uid").is_empty() {
        new.set_meta("uid", old.meta("uid").cloned());
    }
    if old.meta("deletionTimestamp").is_some() {
        new.set_meta("deletionTimestamp", old.meta("deletionTimestamp").cloned());
        if new.meta("deletionGracePeriodSeconds").is_none() {
            let grace = old.meta("deletionGracePeriodSeconds").cloned();
            new.set_meta("deletionGracePeriodSeconds", grace);
        }
    }
}

/// Fields of the metadata that an update may not change.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if new.meta(field) != old.meta(field) {
            let value = new.meta(field).cloned().unwrap_or(Value::Null);
            let path = format!("metadata.{field}");
            errors.push(FieldError::invalid(&path, &value, "field is immutable"));
        }
    }
    if old.meta("deletionTimestamp").is_some() {
        let had = old.finalizers();
        let added: Vec<_> = new.finalizers().into_iter().filter(|f| !had.contains(f)).collect();
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
    errors
}

/// Whether anything outside of the metadata differs: what makes the generation grow.
pub(crate) fn content_differs(new: &Value, old: &Value, ignored: &[&str]) -> bool {
    let content = |object: &Value| -> Vec<(String, Value)> {
        let fields = object.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| *name != "metadata" && !ignored.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    content(new) != content(old)
}
