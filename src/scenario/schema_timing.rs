//! The shape of `timing`, of a scenario and of a worker; `schema.rs` has the rest of the file's.
//!
//! Next to read: `timing.rs`, which reads it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How long everything takes, for the scheduler `timed` only. Each time is a duration (`5ms`) or a
/// distribution, below. What is not stated is assumed, not measured.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "timing")]
pub struct Timing {
    /// A request's latency, there and back; the server acts in the middle of it. `{ lognormal: {
    /// median: 5ms, p99: 50ms } }` by default.
    #[schemars(schema_with = "distribution")]
    pub api_latency: Option<Value>,
    /// From an answer until the worker asks again, in the same reconcile. `{ exponential: { mean:
    /// 1ms } }` by default.
    #[schemars(schema_with = "distribution")]
    pub think_time: Option<Value>,
    /// When a worker's first reconcile begins. `{ uniform: { from: 0s, to: 10s } }` by default.
    #[schemars(schema_with = "distribution")]
    pub start: Option<Value>,
    /// From the beginning of one reconcile until the next is due. Default: at once after the end
    /// of the last.
    #[schemars(schema_with = "distribution")]
    pub period: Option<Value>,
    /// From a committed write until an informer cache has it, in order. `{ lognormal: { median:
    /// 10ms, p99: 200ms } }` by default.
    #[schemars(schema_with = "distribution")]
    pub cache_lag: Option<Value>,
    /// The client-side rate limit of each process, a token bucket, or `none`. Default:
    /// client-go's, `{ qps: 5, burst: 10 }`.
    #[schemars(schema_with = "rate_limit")]
    pub client_rate_limit: Option<Value>,
}

/// How long one worker takes, where that differs from the scenario's `timing`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(title = "worker's timing")]
pub struct WorkerTiming {
    /// The latency of its requests.
    #[schemars(schema_with = "distribution")]
    pub api_latency: Option<Value>,
    /// From an answer until it asks again, in the same reconcile.
    #[schemars(schema_with = "distribution")]
    pub think_time: Option<Value>,
    /// When its first reconcile begins.
    #[schemars(schema_with = "distribution")]
    pub start: Option<Value>,
    /// From the beginning of one of its reconciles until the next is due.
    #[schemars(schema_with = "distribution")]
    pub period: Option<Value>,
}

fn distribution(_: &mut SchemaGenerator) -> Schema {
    let duration = json_schema!({ "title": "duration", "type": "string" });
    let of = |title: &str, keys: &[&str]| {
        let properties: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), duration.clone().to_value())).collect();
        json_schema!({
            "title": title, "type": "object", "required": keys, "properties": properties,
            "additionalProperties": false,
        })
    };
    let percentiles = json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 100 });
    json_schema!({ "anyOf": [
        duration,
        {
            "title": "distribution", "type": "object", "minProperties": 1, "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "uniform": of("uniform distribution", &["from", "to"]),
                "exponential": of("exponential distribution", &["mean"]),
                "lognormal": of("lognormal distribution", &["median", "p99"]),
                "percentiles": percentiles,
            },
        },
    ]})
}

fn rate_limit(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        {
            "title": "rate limit", "type": "object", "required": ["qps", "burst"],
            "additionalProperties": false,
            "properties": {
                "qps": { "type": "number", "minimum": 0.001, "maximum": 1_000_000 },
                "burst": { "type": "integer", "minimum": 1, "maximum": 1_000_000 },
            },
        },
        { "title": "rate limit", "type": "string", "enum": ["none"] },
    ]})
}
