//! The entries of `metadata.managedFields`: reading them, writing them, and who is who.
//!
//! Two entries are one manager's if name, operation, subresource and, for updates, apiVersion are
//! equal. The entries stand in the server's order: by operation, time, name. Next to read:
//! `update.rs`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Write;
use super::path_set::PathSet;
use crate::apiserver::schema::quoted;

/// More updaters than this are merged into `ancient-changes`, the oldest first.
pub(super) const UPDATERS_MAX: usize = 10;

/// The manager that they are merged into.
pub(super) const ANCIENT: &str = "ancient-changes";

/// The manager of a client that does not say who it is.
pub(super) const UNKNOWN: &str = "unknown";

/// What a manager does: the server's own words, in the server's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn text(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// A manager's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    name: String,
    operation: Operation,
    /// Empty for appliers: they are the same in every version.
    api_version: String,
    subresource: String,
}

impl Manager {
    /// The manager of a write.
    pub fn new(write: &Write<'_>, name: &str, operation: Operation) -> Manager {
        Manager {
            name: if name.is_empty() { UNKNOWN } else { name }.to_owned(),
            operation,
            api_version: match operation {
                Operation::Apply => String::new(),
                Operation::Update => write.api_version.to_owned(),
            },
            subresource: write.subresource.to_owned(),
        }
    }

    /// Gives it another name, if there is one for it.
    pub fn rename(&mut self, rename: &dyn Fn(&str) -> Option<String>) {
        if let Some(name) = rename(&self.name) {
            self.name = name;
        }
    }

    /// The manager as a conflict names it.
    pub fn text(&self) -> String {
        let mut text = quoted(&self.name);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource {}", quoted(&self.subresource)));
        }
        if self.operation == Operation::Update {
            text.push_str(&format!(" using {}", self.api_version));
        }
        text
    }
}

/// What one manager owns.
#[derive(Clone, Debug, Default)]
pub(super) struct Owned {
    pub set: PathSet,
    pub api_version: String,
    pub time: Option<String>,
}

/// All entries of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Managers(pub BTreeMap<Manager, Owned>);

impl Managers {
    /// Reads the entries; an error if one of them is not valid.
    pub fn decode(entries: Option<&Value>) -> Result<Managers, String> {
        let mut managers = Managers::default();
        for entry in entries.and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            let operation = match text("operation").as_str() {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return Err("operation must be `Apply` or `Update`".to_owned()),
            };
            let api_version = text("apiVersion");
            if api_version.is_empty() {
                return Err("apiVersion must not be empty".to_owned());
            }
            if text("fieldsType") != "FieldsV1" {
                return Err(format!("invalid fieldsType {}", quoted(&text("fieldsType"))));
            }
            let set = match entry.get("fieldsV1") {
                None | Some(Value::Null) => PathSet::default(),
                Some(fields) => PathSet::decode(fields)?,
            };
            let manager = Manager {
                name: text("manager"),
                operation,
                subresource: text("subresource"),
                api_version: match operation {
                    Operation::Apply => String::new(),
                    Operation::Update => api_version.clone(),
                },
            };
            let time = entry["time"].as_str().map(str::to_owned);
            managers.0.insert(manager, Owned { set, api_version, time });
        }
        Ok(managers)
    }

    /// Writes the entries, or nothing if there are none.
    pub fn encode(&self) -> Option<Value> {
        let mut entries = self.0.iter().collect::<Vec<_>>();
        entries.sort_by_key(|(manager, owned)| {
            let time = owned.time.clone().unwrap_or_default();
            let names = (manager.name.clone(), owned.api_version.clone());
            (manager.operation, time, names, manager.subresource.clone())
        });
        let entries = entries.into_iter().map(|(manager, owned)| {
            let mut entry = Map::new();
            let mut set = |key: &str, value: &str| {
                if !value.is_empty() {
                    entry.insert(key.to_owned(), json!(value));
                }
            };
            set("manager", &manager.name);
            set("operation", manager.operation.text());
            set("apiVersion", &owned.api_version);
            set("time", owned.time.as_deref().unwrap_or_default());
            set("subresource", &manager.subresource);
            set("fieldsType", "FieldsV1");
            entry.insert("fieldsV1".to_owned(), owned.set.encode());
            Value::Object(entry)
        });
        let entries = entries.collect::<Vec<_>>();
        (!entries.is_empty()).then_some(Value::Array(entries))
    }

    /// Forgets managers that own nothing.
    pub fn drop_empty(&mut self) {
        self.0.retain(|_, owned| !owned.set.is_empty());
    }

    /// Merges the oldest updaters of one version into one, until few enough are left.
    pub fn cap(&mut self) {
        let mut updaters = self
            .0
            .iter()
            .filter(|(manager, _)| manager.operation == Operation::Update)
            .map(|(manager, owned)| (owned.time.clone(), manager.clone()))
            .collect::<Vec<_>>();
        updaters.sort();
        let mut count = updaters.len();
        let mut first_of = BTreeMap::<String, Manager>::new();
        for (time, manager) in updaters {
            if count <= UPDATERS_MAX {
                return;
            }
            let version = manager.api_version.clone();
            let bucket = Manager {
                name: ANCIENT.to_owned(),
                operation: Operation::Update,
                api_version: version.clone(),
                subresource: String::new(),
            };
            let Some(first) = first_of.get(&version) else {
                first_of.insert(version, manager);
                continue;
            };
            if !self.0.contains_key(&bucket)
                && let Some(owned) = self.0.remove(first)
            {
                self.0.insert(bucket.clone(), owned);
            }
            let Some(gone) = self.0.remove(&manager) else { continue };
            let kept = self.0.entry(bucket).or_default();
            kept.set = kept.set.union(&gone.set);
            // The younger of the two.
            kept.time = time;
            count -= 1;
        }
    }
}
