//! The shape of `controllers`: queues, triggers, replicas and leader election.
//!
//! Next to read: `controllers.rs`, which makes workers of it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

/// A controller: workers that are the reconciles of one process, handed out by a work queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "controller")]
#[expect(dead_code, reason = "some keys are read from the nodes, for their places")]
pub struct Controller {
    /// Its name; also that of its process, unless its workers name one.
    #[schemars(length(min = 1, max = 50))]
    pub name: String,
    /// Its reconciles: names of `workers`. Each is one key of the queue: the same code for another
    /// object.
    #[schemars(length(min = 1, max = 20))]
    pub workers: Vec<String>,
    /// How the work queue hands out its keys. Every order of the keys is explored.
    #[serde(default)]
    pub queue: Queue,
    /// What puts a key into the queue. Without it every worker makes its `runs` runs, whatever
    /// happens; with it a run needs an event, and there are at most `runs`.
    pub trigger: Option<Trigger>,
    /// What becomes of a key whose reconcile failed. Without it, what the worker says.
    pub requeue: Option<Requeue>,
    /// How many processes run it, each with a cache, a queue and workers of its own: `NAME-1`,
    /// `NAME-2`. `${replica}` in a text of a worker is the number of the replica. Default: 1.
    #[schemars(range(min = 1, max = 5))]
    pub replicas: Option<u32>,
    /// `none`: every replica works. `lease`: a replica works only while it believes that it holds a
    /// Lease, which it acquires as client-go does; or a map that says how. Default: `none`.
    #[serde(default)]
    #[schemars(schema_with = "leader_election")]
    pub leader_election: Option<Value>,
}

/// A work queue. One key is never reconciled twice at once, unless `per` is `key`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "queue")]
pub struct Queue {
    /// How many reconciles run at once: controller-runtime's MaxConcurrentReconciles. Default: 1.
    #[schemars(range(min = 1, max = 100))]
    pub concurrency: Option<u32>,
    /// What `concurrency` is a limit of: the whole `controller`, or each `key` (more than 1 is then
    /// no work queue any more: one key is reconciled twice at once). Default: `controller`.
    pub per: Option<Per>,
}

/// What a limit is of.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "per")]
#[allow(missing_docs)]
pub enum Per {
    Key,
    Controller,
}

/// Events that put keys into the queue, once each, however many come: a level trigger.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "trigger")]
pub struct Trigger {
    /// Objects (`Kind/name`) and kinds that the informer cache of the process watches. An object
    /// that is the key of a worker queues that worker; any other queues all of them. What is there
    /// at the start queues them once. Default: the object of each worker.
    #[schemars(length(min = 1, max = 20))]
    pub watch: Option<Vec<String>>,
    /// How often a resync of the cache queues every key, besides. Default: 0.
    #[schemars(range(min = 0, max = 10))]
    pub resync: Option<u32>,
}

/// What a work queue does with a key whose reconcile failed: others may go first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "requeue")]
pub struct Requeue {
    /// How long it waits before the first try, the second, ..., and the last of these from then on;
    /// or `rate-limited`, client-go's 5ms, 10ms, 20ms, ... up to 1000s. Time for the scheduler
    /// `timed` alone: for the others it means that any other reconcile may go first. Default:
    /// `rate-limited`.
    #[schemars(schema_with = "backoff")]
    pub backoff: Option<Value>,
    /// How often a key is requeued before it is dropped, or `unlimited`. Default: one less than the
    /// worker's `attempts`.
    #[schemars(schema_with = "max")]
    pub max: Option<Value>,
    /// A key that waits to be tried again so long after its first failure is dropped. Time for the
    /// scheduler `timed`; for the others, a deadline may pass whenever a key waits, as often as
    /// `faults.deadlines` says. Default: none.
    pub deadline: Option<String>,
}

fn backoff(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        {
            "type": "array", "minItems": 1, "maxItems": 20,
            "items": { "title": "duration", "type": "string" },
        },
        { "title": "back-off", "type": "string", "enum": ["rate-limited"] },
    ]})
}

fn max(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": 1000 },
        { "title": "number of requeues", "type": "string", "enum": ["unlimited"] },
    ]})
}

fn leader_election(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "title": "leader election", "type": "string", "enum": ["lease", "none"] },
        {
            "title": "leader election", "type": "object", "additionalProperties": false,
            "properties": {
                "lease": {
                    "type": "string", "minLength": 1, "maxLength": 63,
                    "description": "the name of the Lease. Default: the controller's",
                },
                "renewals": {
                    "type": "integer", "minimum": 0, "maximum": 5,
                    "description": "how often a leader renews. In between, and after the last, \
                                    the Lease may expire at any time. Default: 1",
                },
                "onStoppedLeading": {
                    "title": "onStoppedLeading", "type": "string",
                    "enum": ["exit", "finish", "log"],
                    "description": "what a leader does that finds that it lost the Lease: `exit` \
                                    (its reconciles stop where they are, as controller-runtime's \
                                    do), `finish` (none begins any more) or `log` (they go on). \
                                    Default: `exit`",
                },
            },
        },
    ]})
}
