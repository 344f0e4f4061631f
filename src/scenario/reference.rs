//! The reference page `docs/scenario-format.md`, made from the JSON Schema and the tables.
//!
//! Nothing about a key is written here: its text is the doc comment in `schema.rs`. A test keeps
//! the page current.

use std::fmt::Write;

use serde_json::Value;

use super::schema::{MAX_WORKERS, json_schema};
use super::{builtin, yaml};
use crate::properties;
use crate::reconcilers::methods;

const INTRODUCTION: &str = "\
# The scenario file

<!-- Generated from the JSON Schema; change the doc comments in src/scenario/schema.rs instead. -->

YAML (JSON is YAML too), one document per scenario, several documents allowed in one file. Unknown
keys are errors with the place, a caret and a \"did you mean\". `lostwrite schema` prints the JSON
Schema for editors, `lostwrite validate FILE` checks a file without running it, `lostwrite new`
writes one to start from.

YAML is read as kubectl reads it: `yes`, `no`, `on` and `off` are booleans, `0644` is octal, aliases
and merge keys (`<<`) work, tags and infinite numbers do not.
";

const CONTROLLERS: &str = "
## What a controller does

A worker of a controller is one key of its work queue. Its reconcile begins when the queue hands
the key out, which is its first step; the queue hands out no key twice at once. After a failure
the run ends and the key is queued again, so that other reconciles may go first. A search takes
every order of the keys: the queue's own order and the back-off are time, and only `timed` knows
them.

With a `trigger` a key is in the queue or it is not. The first list of the cache puts it there if
the object exists, each delivery of an event does, and a run takes it out; two events are one run.
An event that arrives during a run queues the key for another. A schedule ends when every worker
is done or waits for an event that is not on its way.

`replicas` makes a process of each replica: the workers of `NAME` are called `WORKER-1`,
`WORKER-2`, and write under one field manager. An invariant that names `WORKER` means all of them.
`${replica}` in a text of such a worker is its number.

`leaderElection: lease` adds a worker `elector-NAME-1` to each replica, with the requests of
client-go's leaderelection: a GET, a create or a PUT that names the version it read
(`holderIdentity`, `leaseTransitions`), then PUTs of `renewTime`. When the Lease of another
replica expires is not a matter of time here: at any moment after its holder has acquired or
renewed it. That is what a paused process, a slow network or a skewed clock can bring about, and
it is why a leader may still write after it has lost the Lease. A replica acquires it at most once
in a schedule. The step `leader: term` is `IsLeader()`; a write that carries `{ $read:
term.spec.leaseTransitions }` is fenced if it names its version and is made only where the object
holds no higher number.

loom, shuttle and OS threads run replicas and requeues. They refuse a scenario in which a worker
may have to wait for a queue, an event or a Lease; `timed` refuses leader election.
";

const DISTRIBUTIONS: &str = "
## Distributions

| a time | is |
|---|---|
| `5ms` | always the same; units are `ns`, `us`, `ms`, `s`, `m` and `h`; at most a day |
| `{ uniform: { from: 1ms, to: 9ms } }` | anywhere between, each equally likely |
| `{ exponential: { mean: 5ms } }` | exponential |
| `{ lognormal: { median: 5ms, p99: 50ms } }` | lognormal, by its median and its 99th percentile |
| `{ percentiles: { p50: 4ms, p90: 9ms, p100: 80ms } }` | as measured: straight lines between, \
from 0 at p0; nothing is longer than the last |
";

const PATHS: &str = "
## Field paths

| path | names |
|---|---|
| `status.ready` | a field |
| `metadata.labels[\"a.b/c\"]` | a key that is no plain word |
| `status.conditions[type=Ready]` | the list entry with that key: made if absent; the keys of a \
value are merged into it |
| `status.conditions[type=Ready].status` | a field of that entry |
| `status.history[0]` | a list entry by index: it means the entry that stood there when it was \
read |

## Values

| value | means |
|---|---|
| a literal | these leaves; `null`, `{}` and `[]` mean what `{ $remove: true }` means |
| `{ $exactly: { a: b } }` | sent as the literal is; also that nothing else is in it |
| `{ $read: metadata.generation }` | a copy of another field, as read |
| `{ $read: key.metadata.name }` | in `steps`: a copy of a field of what a step has bound as `key` |
| `{ $add: 1 }` | the number as read, plus; absent counts as 0 |
| `{ $append: x }` | the list as read, with this at its end |
| `{ $remove: true }` | the field is to go: of a map or list, what the worker saw there |
| `{ $remove: item }` | the list as read, without this item, or without the entry that has it as \
its key; not for `apply` |

A literal map or list is *sent* in the place of what is there (only a `[key=value]` path is merged \
into); what it
*means* is what it names. [verdicts.md](verdicts.md) has the difference, which is often a lost \
write.

An expression stands for a whole field. Only inside the keys of a list entry may it stand for one of
them: `\"status.conditions[type=Ready]\": { status: \"True\", observedGeneration: { $read: \
metadata.generation } }`.
";

/// The page.
pub fn reference() -> String {
    let schema = json_schema();
    let mut page = INTRODUCTION.to_owned();
    let example = builtin::text("conditions-list").unwrap_or_default();
    let _ = write!(page, "\n```yaml\n{example}```\n");
    section(&mut page, "The document", &schema);
    let parts = [
        ("metadata", "Metadata"),
        ("A worker", "Worker"),
        ("A kind of your own", "OwnKind"),
        ("A step", "Step"),
        ("What `list` lists", "ListStep"),
        ("An invariant", "Invariant"),
        ("What `create` creates", "CreateStep"),
        ("A controller", "Controller"),
        ("A queue", "Queue"),
        ("A trigger", "Trigger"),
        ("A requeue", "Requeue"),
        ("Faults", "Faults"),
        ("A stimulus", "StimulusFile"),
        ("Limits of programs", "LimitsFile"),
        ("Timing", "Timing"),
        ("A worker's timing", "WorkerTiming"),
    ];
    for (title, name) in parts {
        section(&mut page, title, &schema["$defs"][name]);
    }
    page += CONTROLLERS;
    page += DISTRIBUTIONS;
    page += PATHS;
    page += "\n## Write methods\n\nEach call is one step; every run begins with a read.\n\n";
    page += "| method | calls |\n|---|---|\n";
    for method in methods::all() {
        let _ = writeln!(page, "| `{}` | {} |", method.name(), cell(method.summary()));
    }
    page += "\n## Properties\n\n| property | holds when |\n|---|---|\n";
    for property in properties::all() {
        let _ = writeln!(page, "| `{}` | {} |", property.name, cell(property.holds_when));
    }
    bounds(&mut page);
    page
}

fn section(page: &mut String, title: &str, schema: &Value) {
    let about = schema["description"].as_str().unwrap_or_default();
    let _ = write!(page, "\n## {title}\n\n{about}\n\n| key | value | meaning |\n|---|---|---|\n");
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let empty = serde_json::Map::new();
    let keys = schema["properties"].as_object().unwrap_or(&empty);
    let rank = |key: &str| required.iter().position(|name| *name == key).unwrap_or(usize::MAX);
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by_key(|(key, _)| rank(key));
    for (key, value) in keys {
        let must = if required.contains(&key.as_str()) { " **required**" } else { "" };
        let text = cell(value["description"].as_str().unwrap_or_default());
        let _ = writeln!(page, "| `{key}`{must} | {} | {text} |", cell(&kind_of(value)));
    }
}

/// What may stand there, in a few words.
fn kind_of(schema: &Value) -> String {
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(kind_of).collect::<Vec<_>>().join(" or ");
    }
    if schema["$ref"].is_string() {
        return "a map, below".to_owned();
    }
    if schema["title"] == "duration" {
        return "a duration".to_owned();
    }
    if let Some(choices) = schema["enum"].as_array() {
        let names: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        return match names.len() {
            0..=3 => format!("`{}`", names.join("`, `")),
            _ => "a name, below".to_owned(),
        };
    }
    let name = |ty: &str| match ty {
        "object" => "a map".to_owned(),
        "array" => format!("a list of {}", of_items(&schema["items"])),
        "integer" => match (&schema["minimum"], &schema["maximum"]) {
            (Value::Null, _) | (_, Value::Null) => "a number".to_owned(),
            (least, most) => format!("{least} to {most}"),
        },
        _ => "a string".to_owned(),
    };
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).map(name).collect::<Vec<_>>().join(" or ")
        }
        ty => name(ty.as_str().unwrap_or_default()),
    }
}

fn of_items(items: &Value) -> String {
    let title = items["title"].as_str().or_else(|| items["$ref"].as_str()?.rsplit('/').next());
    match title.unwrap_or_default() {
        "" => "strings".to_owned(),
        "property" => "properties".to_owned(),
        title if title.chars().all(char::is_uppercase) => format!("{title}s"),
        title => format!("{}s", title.to_lowercase()),
    }
}

fn bounds(page: &mut String) {
    let _ = write!(
        page,
        "
## Bounds

A text that asks for more is refused, so that reading any text takes bounded time and memory.

| what | at most |
|---|---|
| bytes of a file | {} ({} of a manifest in `crds`) |
| values, aliases unfolded | {} ({} in a manifest) |
| levels of nesting | {} |
| workers | {MAX_WORKERS}: one letter each in a schedule |
",
        yaml::MAX_BYTES,
        yaml::Bounds::MANIFEST.bytes,
        yaml::MAX_VALUES,
        yaml::Bounds::MANIFEST.values,
        yaml::MAX_DEPTH,
    );
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
