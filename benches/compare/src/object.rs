//! The object that the threads of loom and shuttle share behind one lock, and that the actor of
//! TraceForge has, as an API server's handler would: a version, and a map of fields.
//!
//! Next to read: `threads.rs`.

use std::collections::BTreeMap;

/// An object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    version: u64,
    fields: BTreeMap<String, String>,
}

impl Object {
    /// A PUT without a resourceVersion.
    pub fn put(&mut self, mut body: Object) {
        body.version = self.version + 1;
        *self = body;
    }

    /// What a worker makes of what it read.
    pub fn with(mut self, field: &str) -> Object {
        self.fields.insert(field.to_owned(), "written".to_owned());
        self
    }
}
