//! What is known of the kinds in a log: from definitions that were given, from the server's own,
//! and from the log itself.
//!
//! Next to read: `log.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::log::ResourceName;
use crate::apiserver::{ApiServer, Config, History, Resource};
use crate::history::Lists;

/// The kinds.
#[derive(Clone, Debug)]
pub struct Kinds {
    server: ApiServer,
    lists: BTreeMap<ResourceName, Lists>,
    /// Resources of which the log shows a write to `/status`.
    with_status: BTreeSet<(String, String)>,
    /// Resources whose lists an apply replaces, as far as the log tells: no definition says so.
    guessed_atomic: BTreeSet<ResourceName>,
    /// CustomResourceDefinitions as they were given.
    definitions: Vec<Value>,
}

impl Kinds {
    /// The built-in kinds and these CustomResourceDefinitions; the error names what is wrong.
    pub fn new(definitions: &[Value]) -> Result<Kinds, String> {
        let config = Config {
            any_namespace: true,
            history: History::Nothing,
            managed_fields: true,
            ..Config::default()
        };
        let mut server = ApiServer::new(config);
        for definition in definitions {
            server
                .install_crd(definition, 0)
                .map_err(|status| status.message.clone().unwrap_or_default())?;
        }
        Ok(Kinds {
            server,
            lists: BTreeMap::new(),
            with_status: BTreeSet::new(),
            guessed_atomic: BTreeSet::new(),
            definitions: definitions.to_vec(),
        })
    }

    /// A server that knows these kinds.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    /// The CustomResourceDefinition of a resource, if it was given.
    pub fn definition(&self, name: &ResourceName) -> Option<&Value> {
        self.definitions.iter().find(|it| {
            it["spec"]["group"] == name.0.as_str()
                && it["spec"]["names"]["plural"] == name.2.as_str()
        })
    }

    /// How the lists of a resource's objects are told apart.
    pub fn lists(&mut self, name: &ResourceName) -> Lists {
        if let Some(lists) = self.lists.get(name) {
            return lists.clone();
        }
        let kind = self.server.kind_of(&resource(name));
        let lists = kind.map_or_else(Lists::unknown, |kind| Lists::of(&kind));
        self.lists.insert(name.clone(), lists.clone());
        lists
    }

    /// That an apply replaces the lists of a resource explains its log better than that it merges
    /// them.
    pub fn guess_atomic(&mut self, name: &ResourceName) {
        self.guessed_atomic.insert(name.clone());
    }

    /// Whether that is guessed.
    pub fn is_guessed_atomic(&self, name: &ResourceName) -> bool {
        self.guessed_atomic.contains(name)
    }

    /// The log shows a write to `/status`.
    pub fn see_status(&mut self, name: &ResourceName) {
        self.with_status.insert((name.0.clone(), name.2.clone()));
    }

    /// Whether an object's own endpoint drops its status.
    pub fn has_status(&self, name: &ResourceName) -> bool {
        let known = self.server.kind_of(&resource(name));
        known.is_some_and(|kind| kind.status_subresource)
            || self.with_status.contains(&(name.0.clone(), name.2.clone()))
    }
}

/// The resource of this name.
pub fn resource(name: &ResourceName) -> Resource {
    Resource { group: name.0.clone(), version: name.1.clone(), plural: name.2.clone() }
}
