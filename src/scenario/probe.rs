//! What the server says to a worker that is alone: asked with its real request, not guessed.
//!
//! A PUT without resourceVersion of a custom resource is 422, a strategic merge patch of one 415, a
//! value of the wrong type 422; and what the schema prunes or the endpoint drops is answered 200 and
//! not stored. All of that is a property of the scenario, not of any schedule, and its author should
//! hear of it before a search begins. Next to read: `validate.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::WorkerSpec;
use super::cluster::{Cluster, Seeded};
use crate::apiserver::{ApiServer, Request, Response};
use crate::reconcilers::{
    Ask, Attempts, Change, Job, Reader, Reconciler, Set, Shared, ValueExpr, Worker, methods,
};
use crate::simulation::perform;

/// More steps than any method takes alone.
const MAX_STEPS: usize = 64;

/// What became of a worker that ran alone.
#[derive(Debug)]
pub enum Outcome {
    /// Its intent was acknowledged and stored.
    Stored,
    /// This write was refused.
    Refused(Box<Response>),
    /// Its write was answered 2xx, but the values of these entries of `sets` are not there.
    Ignored(Vec<usize>),
}

/// Runs a worker alone, once, with live reads and without its `when`.
pub fn alone(cluster: &Cluster, object: &Seeded, spec: &WorkerSpec) -> Outcome {
    let Some(job) = job(object, spec) else { return Outcome::Stored };
    let by_leaving_out = job.write.name().starts_with("apply");
    let mut server = cluster.server.clone();
    let read = server.object(&object.key);
    let mut worker = Reconciler::new(Arc::new(job));
    let mut memory = None;
    for _ in 0..MAX_STEPS {
        let ask = worker.ask();
        let request = match &ask {
            Ask::Done => break,
            Ask::Api(call) if call.basis.is_some() => Some((*call.request).clone()),
            Ask::Shared(Shared::Put(call)) => {
                Some(Request { body: memory.clone(), ..(*call.request).clone() })
            }
            _ => None,
        };
        if let Some(response) = request.and_then(|request| refusal(&server, &request)) {
            return response.map_or(Outcome::Stored, |said| Outcome::Refused(Box::new(said)));
        }
        let performed = perform(&mut server, None, &mut memory, 0, &ask, false);
        let Some(answer) = performed.answer else { break };
        worker.answer(&answer);
    }
    let (Some(read), Some(stored)) = (read, server.object(&object.key)) else {
        return Outcome::Stored;
    };
    let ignored = |(_, (path, value)): &(usize, &(_, ValueExpr))| {
        let Change { path, value, .. } = value.change(path, &read);
        !(path.satisfied_by(&stored, value.as_ref()) || by_leaving_out && value.is_none())
    };
    let ignored: Vec<usize> =
        spec.sets.iter().enumerate().filter(ignored).map(|(index, _)| index).collect();
    if ignored.is_empty() { Outcome::Stored } else { Outcome::Ignored(ignored) }
}

/// `None` if the server takes it; `Some(None)` if the refusal is a conflict: behaviour, no mistake.
fn refusal(server: &ApiServer, request: &Request) -> Option<Option<Response>> {
    let response = server.clone().handle(request);
    match response.is_success() {
        true => None,
        false => Some(Some(response).filter(|response| response.code != 409)),
    }
}

fn job(object: &Seeded, spec: &WorkerSpec) -> Option<Job> {
    let list_type = |path: &crate::apiserver::FieldPath, value: &ValueExpr| {
        let list = path.outermost_list();
        let list = list.or_else(|| matches!(value, ValueExpr::Append(_)).then(|| path.clone()))?;
        Some(object.kind.list_type(&list.field_names()))
    };
    let sets = spec.sets.iter().map(|(path, value)| Set {
        path: path.clone(),
        value: value.clone(),
        list: list_type(path, value),
    });
    Some(Job {
        name: spec.name.clone(),
        key: object.key.clone(),
        api_version: object.kind.api_version(),
        kind: object.kind.kind.clone(),
        read: Reader::Live,
        write: methods::named(&spec.write)?,
        subresource: spec.subresource.clone(),
        sets: sets.collect(),
        when: Vec::new(),
        process: 0,
        field_manager: spec.field_manager.clone(),
        attempts: Attempts::AtMost(5),
        retry_read: Reader::Live,
        runs: 1,
        typed: spec.typed,
        knows: spec.knows.clone(),
        time: 0,
    })
}

/// The fields under a path's last known one, if the schema of the kind does not know the path.
pub fn unknown_field(object: &Seeded, path: &crate::apiserver::FieldPath) -> Option<Vec<String>> {
    let mut bare = serde_json::json!({
        "apiVersion": object.kind.api_version(),
        "kind": object.kind.kind,
        "metadata": { "name": object.key.name },
    });
    path.set(&mut bare, Value::Null);
    let unknown = object.kind.schema.prune(&mut bare);
    (!unknown.is_empty()).then(|| {
        let mut node = object.kind.schema.root();
        for name in path.field_names() {
            while node.properties.is_empty() && node.items.is_some() {
                node = node.item();
            }
            match node.properties.get(name) {
                Some(below) => node = below,
                None => break,
            }
        }
        node.properties.keys().cloned().collect()
    })
}
