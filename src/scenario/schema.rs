//! The shape of a scenario file.
//!
//! These types are the one source: from them come the JSON Schema that editors use and that
//! `shape.rs` checks a text against (with places and "did you mean"), the reference page
//! `docs/scenario-format.md`, and what `load.rs` reads. Their doc comments are the reference's
//! text. No `flatten`, no `untagged`: both lose the place of a mistake. What a shape cannot say
//! (does the object exist, does the kind have a status) is in `validate.rs`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::names;
use super::schema_controllers::Controller;
use super::schema_kinds::OwnKind;
use super::schema_programs::{self, IsolationFile, Leases, LimitsFile, StimulusFile};
use super::schema_readers::Freshness;
use super::schema_steps::{self, Invariant, Restamp, RetryRead, Step};
use super::schema_timing::{Timing, WorkerTiming};

/// The maximum of workers: a schedule names each by one letter, small or capital.
pub const MAX_WORKERS: usize = 52;

/// Who writes which fields of which object, how; and what is expected of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "scenario")]
#[expect(dead_code, reason = "some keys are read from the nodes, for their places")]
pub struct ScenarioFile {
    /// The version of this format: `lostwrite.dev/v1alpha1`.
    pub api_version: ApiVersion,
    /// `Scenario`.
    pub kind: Kind,
    /// Its name.
    pub metadata: Metadata,
    /// What it teaches, in one sentence.
    #[serde(default)]
    pub description: String,
    /// CustomResourceDefinitions (`apiextensions.k8s.io/v1`): inline, or a path relative to this
    /// file: a manifest of up to 16 MiB, a folder of such, or a glob. Other kinds in it are
    /// skipped. Built-in kinds (such as ConfigMap, Pod, Deployment) need none.
    #[serde(default)]
    #[schemars(schema_with = "crds")]
    pub crds: Vec<Value>,
    /// Kinds of your own in one line each, where you have no CustomResourceDefinition at hand.
    #[schemars(length(min = 1, max = 20))]
    pub kinds: Option<Vec<OwnKind>>,
    /// What is there before the first step, as kubectl would take it; status is stored as given.
    #[schemars(schema_with = "objects")]
    pub objects: Vec<Map<String, Value>>,
    /// Who writes. Their first letters name them in schedules.
    #[schemars(length(min = 1, max = MAX_WORKERS))]
    pub workers: Vec<Worker>,
    /// Who runs those reconciles: work queues, triggers, replicas and leader election. Workers that
    /// no controller names run whenever the scheduler likes.
    #[schemars(length(min = 1, max = 20))]
    pub controllers: Option<Vec<Controller>>,
    /// Faults that the scheduler may choose: the maximum of each in one schedule.
    #[serde(default)]
    pub faults: Faults,
    /// Invariants of your own: properties with a name that you choose. Each is judged, and `expect`
    /// takes its name.
    #[schemars(length(min = 1, max = 6))]
    pub invariants: Option<Vec<Invariant>>,
    /// With programs: `race` makes each request about a Lease a choice. Default: `first`, the first
    /// candidate gets it.
    pub leases: Option<Leases>,
    /// With programs: `name` lets them live on, and gives each execution an object of another
    /// name. Default: `process`, they are started for each execution.
    pub isolation: Option<IsolationFile>,
    /// With programs: what happens to the cluster from outside, one after the other.
    #[schemars(length(min = 1, max = 100))]
    pub stimuli: Option<Vec<StimulusFile>>,
    /// With programs: what each of them may use up in one execution.
    pub limits: Option<LimitsFile>,
    /// How long everything takes, for the scheduler `timed` only.
    #[serde(default)]
    pub timing: Timing,
    /// What is judged. Default: `no-lost-write`, and what `expect` names.
    #[serde(default)]
    #[schemars(schema_with = "property_list")]
    pub properties: Option<Vec<String>>,
    /// What is expected: `lost` or `safe` (`no-lost-write` is violated, or holds), `rejected` (the
    /// server refuses a request, and that is the point), or a verdict per property:
    /// `{ no-lost-write: violated, converges: holds }`.
    #[serde(default)]
    #[schemars(schema_with = "expect")]
    pub expect: Option<Value>,
}

/// The version of the format.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum ApiVersion {
    #[serde(rename = "lostwrite.dev/v1alpha1")]
    V1Alpha1,
}

/// The kind of the document.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Kind {
    Scenario,
}

/// The scenario's name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "metadata")]
pub struct Metadata {
    /// The name: lower case letters, digits, `-` and `.`, as Kubernetes names are.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// One worker: who writes, what it means to write, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "worker")]
#[expect(dead_code, reason = "some keys are read from the nodes, for their places")]
pub struct Worker {
    /// Who; also its User-Agent and its field manager.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// `Kind/name` or `Kind/namespace/name`. The only object, if there is one.
    pub object: Option<String>,
    /// Where it reads: `live` (a GET; the default) or `cache` (the informer cache of its
    /// process).
    pub read: Option<Read>,
    /// How far the cache must have come that it reads. `eventual`: it has listed; it may lag behind
    /// the server by any number of changes. `synced`: the same, but the cache begins without its
    /// list, as a process starts, and its first delivery is the list; reads wait for it
    /// (`HasSynced`). `read-your-writes`: it also has every write that the process was answered 2xx
    /// for, to the object read, or to any of the kind listed (controller-runtime's
    /// `EnableReadYourWritesConsistency`), not what others write. Default: `eventual`.
    pub freshness: Option<Freshness>,
    /// With `freshness: synced`: it does not wait, and may find an empty cache. Default: false.
    pub before_sync: Option<bool>,
    /// With `read: cache`: what it sets goes into the informer cache of its process (client-go's
    /// `indexer.Update` on a local copy), not to the server. The workers of the process read it
    /// there until the next event about the object. No `write` is needed. Default: false.
    pub cache_write: Option<bool>,
    /// Its write method; `lostwrite list writes` explains each. Needed unless there are `steps`.
    #[serde(default)]
    #[schemars(schema_with = "write_method")]
    pub write: Option<String>,
    /// `status`, or `main` for the object's own endpoint. `status`, if the kind has it and only
    /// status is set.
    pub subresource: Option<Subresource>,
    /// Field path to value: what it *means* to change. Properties judge this intent. A value is a
    /// literal, or `{ $read: path }` (a copy of what was read there), `{ $add: 1 }` (the number
    /// read, plus), `{ $append: x }` (to the list as read) or `{ $remove: true }`.
    /// Needed unless there are `steps`.
    #[serde(default)]
    #[schemars(schema_with = "schema_programs::map")]
    pub sets: Option<Map<String, Value>>,
    /// A reconcile as it is written, instead of `read`, `write`, `sets` and `when`: what is done
    /// from top to bottom in each run. Every request is a step of the schedule, computing is none.
    #[schemars(length(min = 1, max = 50))]
    pub steps: Option<Vec<Step>>,
    /// With `steps`: what becomes of a run when a request fails for good: `requeue` (begins again,
    /// as a work queue does with a returned error; at most `attempts` times), `drop` (the run
    /// ends), or `next` (the error is ignored); or by kind, `{ conflict: drop, other: requeue }`.
    /// Default: `requeue`.
    #[serde(default)]
    #[schemars(schema_with = "schema_steps::on_error")]
    pub on_error: Option<Value>,
    /// Field path to value: it writes only if what it read looks so (`null`: absent); otherwise it
    /// is done. Default: it always writes.
    #[serde(default)]
    #[schemars(schema_with = "when")]
    pub when: Map<String, Value>,
    /// Workers of one process share an informer cache and memory. Default: a process of
    /// its own.
    #[schemars(length(min = 1, max = 63))]
    pub process: Option<String>,
    /// The field manager of `apply`. Default: the worker's name.
    #[schemars(length(min = 1, max = 128))]
    pub field_manager: Option<String>,
    /// How many tries in all a retrying method has, or `unlimited`. Default: 5, as
    /// client-go's DefaultRetry.
    #[serde(default)]
    #[schemars(schema_with = "attempts")]
    pub attempts: Option<Value>,
    /// Where a retry reads again: `live`, `cache`, or `none`: it reads nothing and sends the same
    /// body again. Default: `live`.
    pub retry_read: Option<RetryRead>,
    /// When `update-restamp` and `merge-patch-restamp` take a new resourceVersion by a GET: after a
    /// 409 (`conflict`), or also before their first write (`before`), which then hardly ever meets
    /// a 409. Default: `conflict`.
    pub restamp: Option<Restamp>,
    /// Field paths that a PUT leaves out, as a Go struct with `omitempty` does. The server removes
    /// such a field, or sets its default; the worker does not mean that.
    #[serde(default)]
    #[schemars(schema_with = "knows")]
    pub omit: Option<Vec<String>>,
    /// How many reconciles, one after the other. Default: 1.
    #[schemars(range(min = 1, max = 1000))]
    pub runs: Option<u32>,
    /// How a response is decoded into an object in memory: `typed` (the default) or
    /// `unstructured`.
    pub client: Option<Client>,
    /// The field paths of the status that its typed client knows (an old struct): it neither sees
    /// nor sends any other. Default: all of them.
    #[serde(default)]
    #[schemars(schema_with = "knows")]
    pub knows: Option<Vec<String>>,
    /// What its setter asks before it sends a status: field path to a condition or to a list of
    /// allowed values, as in `invariants`. What does not fit is not sent, and the run ends there.
    #[serde(default)]
    #[schemars(schema_with = "schema_programs::map")]
    pub validate: Option<Map<String, Value>>,
    /// A command line, instead of all that models a worker: an unmodified program, which finds the
    /// API server by `KUBECONFIG`. It is started only with `check --allow-run`.
    #[schemars(length(min = 1, max = 200))]
    pub run: Option<Vec<String>>,
    /// With `run`: variables of its environment.
    #[serde(default)]
    #[schemars(schema_with = "schema_programs::env")]
    pub env: Option<Map<String, Value>>,
    /// How long this worker takes, where that differs from the scenario's `timing`.
    #[serde(default)]
    pub timing: WorkerTiming,
}

/// Where a worker reads.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "reader")]
#[allow(missing_docs)]
pub enum Read {
    Live,
    Cache,
}

/// The endpoint a worker writes to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "subresource")]
#[allow(missing_docs)]
pub enum Subresource {
    Status,
    Main,
}

/// How a response is decoded.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "client")]
#[allow(missing_docs)]
pub enum Client {
    Typed,
    Unstructured,
}

/// Faults that the scheduler may choose. Default: none.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "faults")]
pub struct Faults {
    /// The server commits, the worker sees a timeout and runs its retry rule.
    #[schemars(range(min = 0, max = 100))]
    pub lost_responses: u32,
    /// A worker's process restarts: its memory is gone, its cache is listed again.
    #[schemars(range(min = 0, max = 100))]
    pub crashes: u32,
    /// A watch breaks; the cache relists (410 Expired, then list).
    #[schemars(range(min = 0, max = 100))]
    pub watch_gaps: u32,
    /// The object is deleted and created again under the same name (a new uid).
    #[schemars(range(min = 0, max = 100))]
    pub recreations: u32,
    /// The `deadline` of a `requeue` passes while a key waits to be tried again, and it is dropped.
    /// Default: once for each worker that has a deadline.
    #[schemars(range(min = 0, max = 100))]
    pub deadlines: Option<u32>,
    /// With programs: the Lease of a leader goes to another holder.
    #[schemars(range(min = 0, max = 100))]
    pub leases_lost: u32,
}

fn crds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "maxItems": 50, "items": {
        "title": "CRD",
        "description": "a path, or the CustomResourceDefinition itself",
        "type": ["string", "object"],
    }})
}

fn objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "maxItems": 100, "items": {
        "title": "object",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "metadata": {
                "title": "object's metadata",
                "type": "object",
                "required": ["name"],
                "properties": { "name": { "type": "string" }, "namespace": { "type": "string" } },
            },
        },
    }})
}

fn write_method(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "title": "write method", "type": "string", "enum": names::write_methods() })
}

fn property_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "minItems": 1, "maxItems": 20, "uniqueItems": true,
        "items": { "title": "property", "type": "string", "enum": names::properties() },
    })
}

fn expect(_: &mut SchemaGenerator) -> Schema {
    let names = names::properties();
    let verdict = json_schema!({
        "title": "verdict", "type": "string", "enum": ["holds", "violated"],
    });
    let verdicts: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), verdict.clone().to_value())).collect();
    json_schema!({ "anyOf": [
        { "title": "expectation", "type": "string", "enum": ["lost", "safe", "rejected"] },
        {
            "title": "property", "type": "object", "minProperties": 1,
            "properties": verdicts, "additionalProperties": verdict,
        },
    ]})
}

fn when(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "maxProperties": 100 })
}

fn attempts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 1, "maximum": 1000 },
        { "title": "number of attempts", "type": "string", "enum": ["unlimited"] },
    ]})
}

fn knows(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string" } })
}

/// The JSON Schema of the scenario format (draft 2020-12), for editors and for `shape.rs`.
pub fn json_schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<ScenarioFile>();
    let mut schema = schema.to_value();
    tidy(&mut schema);
    schema
}

/// An optional key is absent, not null; an empty default says nothing; a doc comment's line
/// breaks are ours.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for key in ["type", "enum"] {
                if let Some(Value::Array(choices)) = map.get_mut(key) {
                    choices.retain(|choice| !choice.is_null() && choice != "null");
                    if let (&"type", [only]) = (&key, choices.as_slice()) {
                        let only = only.clone();
                        map.insert(key.to_owned(), only);
                    }
                }
            }
            if map.get("default").is_some_and(is_empty) {
                map.remove("default");
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
