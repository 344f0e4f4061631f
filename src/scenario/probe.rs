//! What the server says to a worker that is alone: asked with its real request, not guessed.
//!
//! A PUT without resourceVersion of a custom resource is 422, a strategic merge patch of one 415,
//! a value of the wrong type 422; and what the schema prunes or the endpoint drops is answered 200
//! and not stored. All of that is a property of the scenario, not of any schedule, and its author
//! should hear of it before a search begins. Next to read: `refusals.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Plan;
use crate::apiserver::{Account, ApiServer, Fate, FieldPath, Kind, Request, Response};
use crate::history::is_empty;
use crate::reconcilers::{
    Ask, Attempts, Job, Op, Program, Reader, Reconciler, Set, Shared, Worker,
};
use crate::simulation::{Memory, perform, sent};

/// More steps than any method takes alone.
const MAX_STEPS: usize = 64;

/// What became of a worker that ran alone.
#[derive(Debug)]
pub enum Outcome {
    /// Its intent was acknowledged and stored.
    Stored,
    /// This write was refused.
    Refused(Box<Response>),
    /// Its write was answered 2xx, but the values of these entries of `sets` are not there; what
    /// became of each in the server.
    Ignored(Vec<(usize, Option<Fate>)>),
}

/// Runs a worker alone, once, with live reads and without its `when`.
pub fn alone(plan: &Plan, worker: usize) -> Outcome {
    let Some(job) = plan.programs[worker].jobs().next() else { return Outcome::Stored };
    let mut job = Job::clone(job);
    job.retry_read = Some(Reader::Live);
    job.when.clear();
    job.validate.clear();
    let key = job.key.clone();
    let (sets, lists, decision) = (job.sets.clone(), job.lists.clone(), job.decision());
    let by_leaving_out = job.write.name().starts_with("apply");
    let mut server = plan.server.clone();
    let read = server.object(&key);
    let program = Program::short(job, 0, Reader::Live, 1);
    let mut worker = Reconciler::new(Arc::new(program));
    let mut memory = Memory::default();
    let mut account = None;
    for _ in 0..MAX_STEPS {
        let ask = worker.ask();
        let request = match &ask {
            Ask::Done => break,
            Ask::Api(call) if call.request.verb.writes() => Some((*call.request).clone()),
            Ask::Shared(Shared::Put { call, knows, omit }) => {
                let body = sent(&memory.object, knows.as_deref(), omit);
                Some(Request { body, ..(*call.request).clone() })
            }
            _ => None,
        };
        if let Some(request) = &request {
            account = server.account(request, server.object(&key).as_deref()).or(account);
        }
        if let Some(response) = request.and_then(|request| refusal(&server, &request)) {
            return response.map_or(Outcome::Stored, |said| Outcome::Refused(Box::new(said)));
        }
        let performed = perform(&mut server, None, &mut memory, 0, &ask, false);
        let Some(answer) = performed.answer else { break };
        worker.answer(&answer);
    }
    let (Some(read), Some(stored)) = (read, server.object(&key)) else {
        return Outcome::Stored;
    };
    let ignored = |(_, set): &(usize, &Set)| {
        let change = decision.change(set, &read);
        let removes = change.value.as_ref().is_none_or(is_empty);
        !(change.is_made(&lists, &read, &stored) || by_leaving_out && removes)
    };
    let fate = |set: &Set| account.as_ref().map(|account: &Account| account.of(&set.path));
    let ignored = sets.iter().enumerate().filter(ignored);
    let ignored: Vec<_> = ignored.map(|(index, set)| (index, fate(set))).collect();
    if ignored.is_empty() { Outcome::Stored } else { Outcome::Ignored(ignored) }
}

/// Runs a worker's steps alone, once, with live reads: the operation at which the server refuses a
/// request, and its answer.
pub fn steps_alone(plan: &Plan, worker: usize) -> Option<(usize, Response)> {
    let program = &plan.programs[worker];
    let mut code = program.code.clone();
    for op in &mut code {
        match op {
            Op::Read { reader, .. } => *reader = Reader::Live,
            Op::List(list) => list.reader = Reader::Live,
            _ => {}
        }
    }
    let who = (program.name.clone(), program.process);
    let program = Program::new(who, (1, Attempts::AtMost(1)), program.time, code);
    let mut worker = Reconciler::new(Arc::new(program));
    let (mut server, mut memory) = (plan.server.clone(), Memory::default());
    for _ in 0..MAX_STEPS {
        let ask = worker.ask();
        if ask == Ask::Done {
            return None;
        }
        let at = worker.place();
        if let Ask::Api(call) = &ask
            && call.request.verb.writes()
            && let Some(response) = refusal(&server, &call.request)
        {
            return response.map(|response| (at, response));
        }
        let performed = perform(&mut server, None, &mut memory, 0, &ask, false);
        worker.answer(&performed.answer?);
    }
    None
}

/// `None` if the server takes it; `Some(None)` if the refusal is a conflict: behaviour, no mistake.
fn refusal(server: &ApiServer, request: &Request) -> Option<Option<Response>> {
    let response = server.clone().handle(request);
    match response.is_success() {
        true => None,
        false => Some(Some(response).filter(|response| response.code != 409)),
    }
}

/// The fields that the schema of the kind has where it does not know the path; `None` if it does.
pub fn unknown_field(kind: &Kind, path: &FieldPath) -> Option<Vec<String>> {
    let mut bare = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": { "name": "any" },
    });
    path.set(&mut bare, Value::Null);
    if kind.schema.prune(&mut bare).is_empty() {
        return None;
    }
    let mut node = kind.schema.root();
    for name in path.field_names() {
        while node.properties.is_empty() && node.items.is_some() {
            node = node.item();
        }
        match node.properties.get(name) {
            Some(below) => node = below,
            None => break,
        }
    }
    Some(node.properties.keys().cloned().collect())
}
