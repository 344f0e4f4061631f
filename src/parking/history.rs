//! What a lot begins with, and what it leaves behind.
//!
//! Next to read: `lot.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::names::BASE;
use super::rules::Rules;
use super::step::Step;
use crate::apiserver::{self, ApiServer, Config, Key, Revision};
use crate::scenario::Stimulus;
use crate::simulation::World;

/// What a lot begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The server, the modelled workers and their caches.
    pub world: World,
    /// The names of the real workers.
    pub real: Vec<String>,
    /// What is a choice.
    pub rules: Rules,
    /// What happens from outside. If anything does, the last name of `real` is for it.
    pub stimuli: Vec<Stimulus>,
}

impl Start {
    /// A server whose revisions are told from every other number. Objects may be made in any
    /// namespace; the usual ones are there, since real code lists them (kopf watches only those).
    pub fn server() -> ApiServer {
        let mut server = ApiServer::new(Config {
            first_revision: Revision(BASE),
            any_namespace: true,
            history: apiserver::History::KeepAll,
            ..Config::default()
        });
        server.make_usual_namespaces();
        server
    }
}

/// An execution that has ended.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What happened.
    pub steps: Vec<Step>,
    /// The objects before the first step.
    pub initial: Vec<(Key, Arc<Value>)>,
    /// The kinds that the server serves.
    pub kinds: super::Kinds,
    /// The names of the workers.
    pub workers: Vec<String>,
    /// The definitions of custom kinds.
    pub crds: Vec<Value>,
    /// What workers have printed.
    pub said: Vec<Said>,
}

/// A line that a worker has printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub worker: usize,
    /// How many steps there were before it.
    pub after: usize,
    /// The line.
    pub line: String,
}
