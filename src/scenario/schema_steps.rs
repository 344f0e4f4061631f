//! The shape of `steps`: a reconcile as it is written, one entry per action.
//!
//! A shape cannot say which keys go together; `steps.rs` does. Next to read: `steps.rs`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::names;
use super::schema::{Read, Subresource};
use super::schema_readers::Freshness;
use crate::reconcilers::{self, Reader};

/// One step of a reconcile. It has exactly one action: `get`, `cache`, `list`, `when`, `write`,
/// `create`, `delete`, `addFinalizer`, `removeFinalizer`, `cacheWrite`, `effect`, `leader`, `lead`
/// or `resign`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "step")]
#[expect(dead_code, reason = "steps are read from the nodes, for their places")]
pub struct Step {
    /// Action: a GET of `Kind/name`. Later steps name what was read so, or as `as` says. An object
    /// that does not exist is bound all the same: it is `null`.
    pub get: Option<String>,
    /// Action: a look into the informer cache, for `Kind/name`.
    pub cache: Option<String>,
    /// Action: a LIST.
    pub list: Option<ListStep>,
    /// Another name for what `get` or `cache` reads.
    #[serde(rename = "as")]
    #[schemars(length(min = 1, max = 63))]
    pub alias: Option<String>,
    /// Beside `cache`: how far that cache must have come: see the worker's `freshness`. Default:
    /// the worker's.
    pub freshness: Option<Freshness>,
    /// Beside `freshness: synced`: it reads without waiting for that: see the worker's
    /// `beforeSync`. Default: false.
    pub before_sync: Option<bool>,
    /// Action: `alias.path` to a condition. If one is not met, the run ends here, or goes on with
    /// `else`. A condition is a literal, `null` (absent), or one of `$eq`, `$ne`, `$lt`, `$lte`,
    /// `$gt`, `$gte`, `$in`, `$contains`, `$exists`; each compares with a literal or with
    /// `{ $read: alias.path }`. An alias alone asks whether there is an object, or any in a list.
    /// Beside `write`: field path to value, tested on the object each time the write is computed.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub when: Option<Map<String, Value>>,
    /// Steps that are taken if `when` is not met; the run then goes on after this step.
    #[serde(rename = "else")]
    #[schemars(length(min = 1, max = 50))]
    pub otherwise: Option<Vec<Step>>,
    /// Action: writes an object by this write method. Beside `addFinalizer` and `removeFinalizer`:
    /// how they write. Default there: `update`.
    #[serde(default)]
    #[schemars(schema_with = "write_method")]
    pub write: Option<String>,
    /// Which object is written: `Kind/name`, or a name that a step has bound. Default: the
    /// worker's `object`, or the only object.
    pub object: Option<String>,
    /// Field path to value, as in the short form; `{ $read: alias.path }` reads from what another
    /// step has bound.
    #[serde(default)]
    #[schemars(schema_with = "sets")]
    pub sets: Option<Map<String, Value>>,
    /// `status` or `main`. Default: `status`, if the kind has it and only status is set.
    pub subresource: Option<Subresource>,
    /// Beside `write`: what its setter asks before this write is sent. Default: the worker's, for a
    /// write to the status.
    #[serde(default)]
    #[schemars(schema_with = "sets")]
    pub validate: Option<Map<String, Value>>,
    /// The field manager of an apply. Default: the worker's.
    #[schemars(length(min = 1, max = 128))]
    pub field_manager: Option<String>,
    /// Maximum number of tries of a retrying method, or `unlimited`. Default: the worker's.
    #[serde(default)]
    #[schemars(schema_with = "attempts")]
    pub attempts: Option<Value>,
    /// Where a retry reads again: `live`, `cache` or `none` (the same body again). Default: `live`.
    pub retry_read: Option<RetryRead>,
    /// When an old body gets a new resourceVersion: see the worker's `restamp`.
    pub restamp: Option<Restamp>,
    /// Field paths that a PUT leaves out: see the worker's `omit`.
    #[serde(default)]
    #[schemars(schema_with = "omit")]
    pub omit: Option<Vec<String>>,
    /// Action: creates an object.
    pub create: Option<CreateStep>,
    /// Action: deletes an object, or each object of a list. An object that is gone already is no
    /// error.
    #[serde(default)]
    #[schemars(schema_with = "delete")]
    pub delete: Option<Value>,
    /// Action: adds this finalizer and writes the object, unless it is there already.
    #[schemars(length(min = 1, max = 253))]
    pub add_finalizer: Option<String>,
    /// Action: removes this finalizer and writes the object, if it is there.
    #[schemars(length(min = 1, max = 253))]
    pub remove_finalizer: Option<String>,
    /// Action: puts what the run holds by this name (`Kind/name`, or an alias) into the informer
    /// cache of its process, with the changes of `sets` if there are any: client-go's
    /// `indexer.Update`. The workers of the process read it there; nothing is sent to the server,
    /// and the next event about the object replaces it.
    #[schemars(length(min = 1, max = 400))]
    pub cache_write: Option<String>,
    /// Action: something outside of the cluster, such as a cloud call. It is one step, it is
    /// counted, and nothing undoes it.
    #[schemars(length(min = 1, max = 63))]
    pub effect: Option<String>,
    /// Action: looks in memory whether the process leads, as `IsLeader()` does; if not, the run
    /// ends here. Later steps name the Lease, as the process acquired it, by this name.
    #[schemars(length(min = 1, max = 63))]
    pub leader: Option<String>,
    /// Action: the process leads from here on, by the Lease that has this name. What
    /// `leaderElection` does for you.
    #[schemars(length(min = 1, max = 400))]
    pub lead: Option<String>,
    /// Action: the process has lost the Lease, and the run ends: `exit`, `finish` or `log`, as
    /// `onStoppedLeading` of `leaderElection` has them.
    #[serde(default)]
    #[schemars(schema_with = "stopping")]
    pub resign: Option<String>,
    /// What becomes of the run if this step fails: see the worker's `onError`.
    #[serde(default)]
    #[schemars(schema_with = "on_error")]
    pub on_error: Option<Value>,
}

/// Where a retry reads again.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "retryRead")]
#[allow(missing_docs)]
pub enum RetryRead {
    Live,
    Cache,
    None,
}

/// When an old body gets a new resourceVersion.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "restamp")]
#[allow(missing_docs)]
pub enum Restamp {
    Conflict,
    Before,
}

impl RetryRead {
    /// Where a retry of the worker reads.
    pub fn reader(said: Option<RetryRead>) -> Option<Reader> {
        match said {
            Some(RetryRead::None) => None,
            Some(RetryRead::Cache) => Some(Reader::Cache),
            Some(RetryRead::Live) | None => Some(Reader::Live),
        }
    }
}

impl Restamp {
    /// When the worker takes a new version.
    pub fn moment(said: Option<Restamp>) -> reconcilers::Restamp {
        match said {
            Some(Restamp::Before) => reconcilers::Restamp::Before,
            Some(Restamp::Conflict) | None => reconcilers::Restamp::OnConflict,
        }
    }
}

/// What `list` lists.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "list step")]
#[expect(dead_code, reason = "steps are read from the nodes, for their places")]
pub struct ListStep {
    /// The kind.
    pub kind: String,
    /// The name that later steps use for the list.
    #[serde(rename = "as")]
    #[schemars(length(min = 1, max = 63))]
    pub alias: String,
    /// In which namespace. Default: `default`, if the kind has namespaces.
    pub namespace: Option<String>,
    /// Labels that an object must have. Default: none.
    #[serde(default)]
    #[schemars(schema_with = "labels")]
    pub labels: Option<Map<String, Value>>,
    /// `live`, or `cache` for the informer cache of the process. Default: `live`.
    pub from: Option<Read>,
    /// With `from: cache`: how far that cache must have come: see the worker's `freshness`.
    /// Default: the worker's.
    pub freshness: Option<Freshness>,
    /// With `freshness: synced`: see the worker's `beforeSync`. Default: false.
    pub before_sync: Option<bool>,
}

/// The object that `create` creates. Every other key (`spec`, `data`, ...) is a part of the object;
/// a value in it may be `{ $read: alias.path }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "create step")]
#[expect(dead_code, reason = "steps are read from the nodes, for their places")]
pub struct CreateStep {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Option<String>,
    /// The beginning of a name that the server completes.
    pub generate_name: Option<String>,
    /// In which namespace. Default: `default`, if the kind has namespaces.
    pub namespace: Option<String>,
    /// `metadata.labels`.
    #[serde(default)]
    #[schemars(schema_with = "labels")]
    pub labels: Option<Map<String, Value>>,
    /// `metadata.annotations`.
    #[serde(default)]
    #[schemars(schema_with = "labels")]
    pub annotations: Option<Map<String, Value>>,
    /// `metadata.finalizers`.
    pub finalizers: Option<Vec<String>>,
    /// The name that later steps use for the new object. Default: `Kind/name`.
    #[serde(rename = "as")]
    #[schemars(length(min = 1, max = 63))]
    pub alias: Option<String>,
    /// What happens if the name is taken: `fail` (an error), `adopt` (reads that object and goes on
    /// with it) or `next` (goes on). Default: `fail`.
    pub on_exists: Option<Exists>,
}

/// An invariant of your own. It has exactly one rule. Paths name a field of the only object, or of
/// `Kind/name`; a condition is a literal, `null` (absent), or `$eq`, `$ne`, `$lt`, `$lte`, `$gt`,
/// `$gte` (a number, or a path of the same object), `$in`, `$contains` or `$exists`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "invariant")]
#[expect(dead_code, reason = "invariants are read from the nodes, for their places")]
pub struct Invariant {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Rule: these are not all so after any step: `path: condition`, or several such maps under
    /// `all`; with `worker: name`, only after a write or an effect of that worker.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub never: Option<Map<String, Value>>,
    /// Rule: all of these are so after every step.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub always: Option<Map<String, Value>>,
    /// Rule: all of these are so at the end of every schedule.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub finally: Option<Map<String, Value>>,
    /// Rule: `{ path: spec.replicas, by: hpa }`: no other worker changes the field, knowingly or
    /// not. `by` takes a list, too.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub owner: Option<Map<String, Value>>,
    /// Rule: `{ path: metadata.annotations, after: 2 }`: a field is not changed back and forth. A
    /// change back gives a field the value that another worker took away from it; `after` is how
    /// many of them are allowed in one schedule (default: 1). Without `path`: every field, of every
    /// object.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub stable: Option<Map<String, Value>>,
    /// Rule: this number never gets smaller: `spec.epoch`, say.
    #[schemars(length(min = 1, max = 400))]
    pub monotonic: Option<String>,
    /// Rule: `{ charge-card: at-most-once }`, `exactly-once` or `never`: how often an `effect` is
    /// done.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub effect: Option<Map<String, Value>>,
}

/// What happens if the name of a new object is taken.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "onExists")]
#[allow(missing_docs)]
pub enum Exists {
    Fail,
    Adopt,
    Next,
}

fn when(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 100 })
}

fn sets(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 100 })
}

fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 20 })
}

fn write_method(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "title": "write method", "type": "string", "enum": names::write_methods() })
}

fn stopping(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "title": "resign", "type": "string", "enum": ["exit", "finish", "log"] })
}

fn attempts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 1, "maximum": 1000 },
        { "title": "number of attempts", "type": "string", "enum": ["unlimited"] },
    ]})
}

fn delete(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "string", "minLength": 1, "maxLength": 400 },
        {
            "title": "delete step", "type": "object", "additionalProperties": false,
            "properties": {
                "each": {
                    "type": "string", "description": "a list: each of its objects is deleted",
                },
                "object": {
                    "type": "string", "description": "the object: `Kind/name`, or a bound name",
                },
                "unless": {
                    "type": "object", "minProperties": 1,
                    "description": "beside `each`: objects with these fields are spared",
                },
                "preconditions": {
                    "title": "precondition", "type": "string", "enum": ["uid", "resourceVersion"],
                    "description": "what the request names, so that the server refuses it with \
                                    409 if the object is another one by now",
                },
            },
        },
    ]})
}

fn omit(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string" } })
}

/// Also of a worker.
pub fn on_error(_: &mut SchemaGenerator) -> Schema {
    let then = json_schema!({
        "title": "onError", "type": "string", "enum": ["requeue", "drop", "next"],
    });
    json_schema!({ "anyOf": [
        then.clone(),
        {
            "title": "onError", "type": "object", "minProperties": 1,
            "additionalProperties": false,
            "properties": { "conflict": then, "other": then },
        },
    ]})
}
