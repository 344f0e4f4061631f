//! The requests of a losing schedule, with holes for what the server chooses.
//!
//! Next to read: `shell.rs`, `go.rs`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::apiserver::{FieldPath, Key, PatchKind, Step, Subresource, Verb};
use crate::check::CheckResult;
use crate::properties::NO_LOST_WRITE;
use crate::trace::{Action, Actor, Event};

/// One request.
#[derive(Clone, Debug)]
pub struct TestRequest {
    /// Its number, from 1; also the name of its answer.
    pub number: usize,
    pub worker: String,
    /// What the drawing says of it.
    pub remark: &'static str,
    pub method: &'static str,
    pub path: String,
    pub content_type: &'static str,
    /// The body; `@rv3@` and `@uid3@` stand for those of answer 3.
    pub body: Option<String>,
    pub code: u16,
}

impl TestRequest {
    /// Who makes it, and what the drawing says of it.
    pub fn comment(&self) -> String {
        match (self.worker.as_str(), self.remark) {
            ("", remark) => remark.to_owned(),
            (worker, "") => worker.to_owned(),
            (worker, remark) => format!("{worker}: {remark}"),
        }
    }
}

/// A test.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub victim: String,
    pub culprit: String,
    pub field: String,
    /// CustomResourceDefinitions, and objects.
    pub definitions: Vec<Value>,
    pub objects: Vec<Value>,
    pub calls: Vec<TestRequest>,
    /// Where the object is.
    pub path: String,
    /// The steps to the leaf, and what is to be there; `None` is gone.
    pub steps: Vec<Step>,
    pub want: Option<Value>,
}

impl Plan {
    /// Of what a check has found.
    pub fn of(result: &CheckResult) -> Result<Plan, String> {
        let property = result.property(NO_LOST_WRITE);
        let witness = property.and_then(|it| it.witness.as_ref());
        let witness =
            witness.ok_or("no write is lost in this scenario, so there is no test of it")?;
        let trace = &witness.trace;
        let name_of = |actor: &Actor| match actor {
            Actor::Worker(at) | Actor::Cache(at) => {
                trace.workers.get(*at).cloned().unwrap_or_default()
            }
            Actor::World => String::new(),
        };
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        let mut calls: Vec<TestRequest> = Vec::new();
        let lost = trace.events.get(witness.victim.step.wrapping_sub(1));
        let lost = lost.ok_or("the losing write is not in the schedule")?;
        let key = lost.key.as_ref().ok_or("the losing write names no object")?;
        if let Some((_, object)) = trace.initial.iter().find(|(known, _)| known == key) {
            remember(&mut answers, object, 1);
            calls.push(TestRequest {
                number: 1,
                remark: "what both may have read",
                ..get(key, 200)
            });
        }
        for (at, event) in trace.events.iter().enumerate() {
            let Some(mut call) = call(event) else { continue };
            let step = at + 1;
            call.number = calls.len() + 1;
            call.worker = name_of(&event.actor);
            call.remark = match step {
                _ if witness.victim.step == step => "the write that is lost",
                _ if witness.culprit.as_ref().is_some_and(|it| it.step == step) => {
                    "the write that takes it away"
                }
                _ if witness.stale_read.as_ref().is_some_and(|it| it.step == step) => {
                    "read before the other wrote"
                }
                _ => "",
            };
            if let Actor::Worker(at) = event.actor
                && let Some(worker) = result.scenario.workers.get(at)
            {
                call.path = call.path.replace("@manager@", &worker.field_manager);
            }
            call.body = call.body.map(|body| holes(&body, &answers));
            if event.code.is_some_and(|code| code < 300) {
                let shown = [&event.seen, &event.after].into_iter().flatten();
                shown.for_each(|object| remember(&mut answers, object, call.number));
            }
            calls.push(call);
            if witness.culprit.as_ref().is_some_and(|it| it.step == step) {
                // Its owner may write it again after that.
                break;
            }
        }
        let steps: FieldPath = witness.field.parse().map_err(|_| "a field without a path")?;
        let want = lost.after.as_ref().and_then(|object| steps.get(object)).cloned();
        Ok(Plan {
            name: result.scenario.name.clone(),
            victim: witness.victim.worker.clone(),
            culprit: witness.culprit.as_ref().map(|it| it.worker.clone()).unwrap_or_default(),
            field: witness.field.clone(),
            definitions: result.scenario.crds.to_vec(),
            objects: result.scenario.objects.clone(),
            calls,
            path: path(key, None),
            steps: steps.steps().to_vec(),
            want,
        })
    }

    /// The objects to begin with, as one document.
    pub fn manifest(&self) -> String {
        let items: Vec<&Value> = self.definitions.iter().chain(&self.objects).collect();
        json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
    }
}

/// The answer that first told a version, and a uid.
fn remember(answers: &mut BTreeMap<String, usize>, object: &Value, number: usize) {
    for (what, field) in [("rv", "resourceVersion"), ("uid", "uid")] {
        if let Some(value) = object["metadata"][field].as_str() {
            answers.entry(format!("{what} {value}")).or_insert(number);
        }
    }
}

/// Puts holes where a body has what the server chose.
fn holes(body: &str, answers: &BTreeMap<String, usize>) -> String {
    let Ok(mut body) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    let hole = |what: &str, value: &Value| -> Option<Value> {
        let number = answers.get(&format!("{what} {}", value.as_str()?))?;
        Some(format!("@{what}{number}@").into())
    };
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["managedFields", "creationTimestamp", "generation"] {
            metadata.remove(field);
        }
        for (field, what) in [("resourceVersion", "rv"), ("uid", "uid")] {
            match metadata.get(field).map(|value| hole(what, value)) {
                Some(Some(value)) => drop(metadata.insert(field.to_owned(), value)),
                Some(None) => drop(metadata.remove(field)),
                None => {}
            }
        }
    }
    for operation in body.as_array_mut().into_iter().flatten() {
        if operation["path"] == "/metadata/resourceVersion"
            && let Some(value) = hole("rv", &operation["value"])
        {
            operation["value"] = value;
        }
    }
    body.to_string()
}

fn path(key: &Key, subresource: Option<Subresource>) -> String {
    let resource = &key.resource;
    let mut path = match resource.group.as_str() {
        "" => format!("/api/{}", resource.version),
        group => format!("/apis/{group}/{}", resource.version),
    };
    if let Some(namespace) = &key.namespace {
        path += &format!("/namespaces/{namespace}");
    }
    path += &format!("/{}/{}", resource.plural, key.name);
    subresource.map(|it| format!("{path}/{it}")).unwrap_or(path)
}

fn get(key: &Key, code: u16) -> TestRequest {
    TestRequest {
        number: 0,
        worker: String::new(),
        remark: "",
        method: "GET",
        path: path(key, None),
        content_type: "",
        body: None,
        code,
    }
}

fn call(event: &Event) -> Option<TestRequest> {
    let key = event.key.as_ref()?;
    let get = get(key, event.code.unwrap_or(200));
    match &event.action {
        Action::Read | Action::ReadRevision => Some(get),
        // What a cache holds an earlier answer has told.
        Action::CacheRead => None,
        Action::Write { verb, subresource, force, sent, .. } => {
            let method = match verb {
                Verb::Update => "PUT",
                Verb::Patch(_) => "PATCH",
                Verb::Create => "POST",
                _ => return None,
            };
            let mut target = path(key, *subresource);
            let content_type = match verb.patch() {
                Some(PatchKind::Merge) => "application/merge-patch+json",
                Some(PatchKind::Json) => "application/json-patch+json",
                Some(PatchKind::Strategic) => "application/strategic-merge-patch+json",
                Some(PatchKind::Apply) => "application/apply-patch+yaml",
                None => "application/json",
            };
            if *verb == Verb::Patch(PatchKind::Apply) {
                target += "?fieldManager=@manager@";
                if *force {
                    target += "&force=true";
                }
            }
            let body = Some(sent.to_string());
            Some(TestRequest { method, path: target, content_type, body, ..get })
        }
        _ => None,
    }
}
