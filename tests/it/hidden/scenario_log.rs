//! A run of a scenario as an API server's audit log has it.
//!
//! Next to read: `scenarios.rs`.

use lostwrite::apiserver::{Key, PatchKind, Subresource, Verb};
use lostwrite::scenario::Scenario;
use lostwrite::simulation::World;
use lostwrite::trace::{Action, Event, Fault, Loaded};
use serde_json::{Value, json};

use super::requests::time;

/// What is logged.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What a GET has shown.
    pub reads: bool,
    /// Who created the object.
    pub created: bool,
}

/// A log, and the auditID of each step, whether it has a line or not.
pub struct Logged {
    pub lines: Vec<String>,
    pub ids: Vec<String>,
}

impl Logged {
    /// For a person who looks for a mistake.
    pub fn told(&self) -> String {
        let line = |line: &String| {
            let event: Value = serde_json::from_str(line).expect("just written");
            format!(
                "{} {} {} {} {}\n  sent {}\n  got  {}",
                event["auditID"],
                event["userAgent"],
                event["verb"],
                event["requestURI"],
                event["responseStatus"]["code"],
                event["requestObject"],
                event["responseObject"],
            )
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Microseconds between two steps.
const STEP: u64 = 5_000;

/// The log of a run.
pub fn log(scenario: &Scenario, first: &World, events: &[Event], policy: Policy) -> Logged {
    let ids: Vec<String> = (0..events.len()).map(|at| format!("id-{at}")).collect();
    let mut lines = Vec::new();
    let key = &first.setting.objects[0];
    let object = first.server.object(key).expect("it is seeded");
    if policy.created {
        let whole = |object: &Value| (object.clone(), 201, Some(object.clone()));
        lines.push(line("id-created", 0, "admin", "create", (key, None, ""), whole(&object)));
    }
    for (at, event) in events.iter().enumerate() {
        let Some(key) = &event.key else { continue };
        let now = STEP * (at as u64 + 1);
        let shown = event.after.as_deref().cloned();
        if let Action::Fault(Fault::Recreation) = event.action {
            let deleted = (Value::Null, 200, None);
            lines.push(line("id-deleted", now, "admin", "delete", (key, None, ""), deleted));
            let made = shown.clone().unwrap_or_default();
            let id = format!("id-{at}-again");
            let created = (made.clone(), 201, Some(made));
            lines.push(line(&id, now + 1_000, "admin", "create", (key, None, ""), created));
            continue;
        }
        let (Some(code), Some(worker)) = (event.code, event.worker()) else { continue };
        let worker = &scenario.workers[worker];
        let shown = shown.filter(|_| code / 100 == 2);
        let what = match &event.action {
            Action::Read | Action::ReadRevision | Action::Load(Loaded::Live) => {
                let what = (Value::Null, code, shown.filter(|_| policy.reads));
                lines.push(line(&ids[at], now, &worker.name, "get", (key, None, ""), what));
                continue;
            }
            Action::Write { verb, subresource, force, sent, .. } => {
                let name = match verb {
                    Verb::Update => "update",
                    Verb::Patch(_) => "patch",
                    _ => continue,
                };
                let mut query = format!("?fieldManager={}", worker.field_manager);
                if *verb == Verb::Patch(PatchKind::Apply) && *force {
                    query += "&force=true";
                }
                (name, subresource.map(Subresource::name), query, sent)
            }
            _ => continue,
        };
        let (verb, subresource, query, sent) = what;
        let target = (key, subresource, &*query);
        let what = ((**sent).clone(), code, shown);
        lines.push(line(&ids[at], now, &worker.name, verb, target, what));
    }
    Logged { lines, ids }
}

fn line(
    id: &str,
    now: u64,
    who: &str,
    verb: &str,
    (key, subresource, query): (&Key, Option<&str>, &str),
    (sent, code, shown): (Value, u16, Option<Value>),
) -> String {
    let Key { resource, namespace, name } = key;
    let mut uri = match resource.group.as_str() {
        "" => format!("/api/{}", resource.version),
        group => format!("/apis/{group}/{}", resource.version),
    };
    if let Some(namespace) = namespace {
        uri += &format!("/namespaces/{namespace}");
    }
    uri += &format!("/{}/{name}", resource.plural);
    uri += &subresource.map(|it| format!("/{it}")).unwrap_or_default();
    let now = 1_700_000_000_000_000 + now;
    let mut event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "auditID": id, "stage": "ResponseComplete", "requestURI": uri + query, "verb": verb,
        "user": { "username": format!("system:serviceaccount:ops:{who}") },
        "sourceIPs": ["10.0.0.9"], "userAgent": format!("{who}/v1.0"),
        "objectRef": {
            "apiGroup": resource.group, "apiVersion": resource.version,
            "namespace": namespace, "resource": resource.plural, "name": name,
            "subresource": subresource.unwrap_or_default(),
        },
        "responseStatus": { "code": code },
        "requestReceivedTimestamp": time(now), "stageTimestamp": time(now + 400),
    });
    if namespace.is_none() {
        event["objectRef"]["namespace"] = "".into();
    }
    if !sent.is_null() {
        event["requestObject"] = sent;
    }
    if let Some(shown) = shown {
        event["responseObject"] = shown;
    }
    event.to_string()
}
