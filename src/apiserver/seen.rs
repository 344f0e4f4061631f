//! What an answer shows: one object, or a list of them, as a value or as JSON, whichever is asked
//! for.
//!
//! A server that keeps its past has the JSON of each revision ready (`json.rs`); whoever reads
//! over HTTP gets those bytes, and no value is made. Every other caller looks at the value, which
//! is made when it is looked at for the first time. Next to read: `request.rs`.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::json::Json;
use super::store::Stored;

/// One object as clients see it.
#[derive(Clone, Debug)]
pub struct Seen {
    value: OnceLock<Arc<Value>>,
    json: Option<Arc<Json>>,
}

impl Seen {
    pub(crate) fn of_json(json: Arc<Json>) -> Seen {
        Seen { value: OnceLock::new(), json: Some(json) }
    }

    /// The object with its resourceVersion.
    pub fn value(&self) -> &Arc<Value> {
        let json = || self.json.as_deref().map(Json::value).unwrap_or_default();
        self.value.get_or_init(|| Arc::new(json()))
    }

    /// Its JSON, if it is there already.
    pub fn json(&self) -> Option<&[u8]> {
        self.json.as_deref().map(Json::bytes)
    }
}

impl From<Arc<Value>> for Seen {
    fn from(value: Arc<Value>) -> Seen {
        Seen { value: OnceLock::from(value), json: None }
    }
}

impl From<&Stored> for Seen {
    fn from(stored: &Stored) -> Seen {
        match stored.json() {
            Some(json) => Seen::of_json(json.clone()),
            None => Seen::from(stored.view()),
        }
    }
}

/// The objects of a collection.
#[derive(Clone, Debug)]
pub struct Listed {
    value: OnceLock<Arc<Value>>,
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Value,
    pub(crate) items: Vec<Stored>,
    /// Whether the items say what kind they are.
    pub(crate) whole_items: bool,
}

impl Listed {
    pub(crate) fn new(
        api_version: String,
        kind: String,
        metadata: Value,
        items: Vec<Stored>,
        whole_items: bool,
    ) -> Listed {
        Listed { value: OnceLock::new(), api_version, kind, metadata, items, whole_items }
    }

    /// The list as a value.
    pub fn value(&self) -> &Arc<Value> {
        self.value.get_or_init(|| {
            let mut items: Vec<_> = self.items.iter().map(Stored::copy).collect();
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                if !self.whole_items {
                    item.remove("apiVersion");
                    item.remove("kind");
                }
            }
            Arc::new(json!({
                "apiVersion": self.api_version,
                "kind": self.kind,
                "metadata": self.metadata,
                "items": items,
            }))
        })
    }

    /// Its JSON, if that of each item is there already.
    pub fn json(&self) -> Option<Vec<u8>> {
        let items: Option<Vec<_>> = self.items.iter().map(Stored::json).collect();
        let items = items?;
        let length: usize = items.iter().map(|json| json.bytes().len() + 1).sum();
        let mut out = Vec::with_capacity(length + 256);
        let version = Value::from(self.api_version.as_str());
        out.extend_from_slice(format!("{{\"apiVersion\":{version},\"items\":[").as_bytes());
        for (index, json) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            match self.whole_items {
                true => out.extend_from_slice(json.bytes()),
                false => json.item().for_each(|piece| out.extend_from_slice(piece)),
            }
        }
        let kind = Value::from(self.kind.as_str());
        let rest = format!("],\"kind\":{kind},\"metadata\":{}}}", self.metadata);
        out.extend_from_slice(rest.as_bytes());
        Some(out)
    }
}

/// Both are what their value is.
macro_rules! is_its_value {
    ($name:ident) => {
        impl Deref for $name {
            type Target = Value;

            fn deref(&self) -> &Value {
                self.value()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.value() == other.value()
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.value().hash(state);
            }
        }
    };
}

is_its_value!(Seen);
is_its_value!(Listed);
