//! What one step does: performs an ask against the server, a cache or a memory, and tells it as
//! an event.
//!
//! These functions are all that every engine shares: our schedulers call them through
//! [`World::take`](super::World::take), the exhaustive search memoises them, thread engines call
//! them inside their lock. Each is atomic. Next to read: `world.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Memory;
use super::setting::CacheSpec;
use crate::apiserver::{
    ApiServer, Body, FieldPath, Key, Options, Request, Response, Revision, Verb,
};
use crate::client::{
    Informer, WatchEvent, decode_into, decoded, leave_out, make, without_managed_fields,
};
use crate::reconcilers::{Answer, Ask, Basis, Call, Lead, Reader, Shared, Stopping, sent_revision};
use crate::trace::{Action, Actor, Event, Fault, Leads, Loaded, RunMark};

/// The outcome of one step.
#[derive(Clone, Debug)]
pub struct Performed {
    /// What the worker is told; `None` for steps that are no worker's.
    pub answer: Option<Answer>,
    /// What happened. The engine fills in [`Event::mark`] from the worker's progress.
    pub event: Event,
    /// What was committed: each goes to every cache that watches the object.
    pub changes: Vec<WatchEvent>,
}

/// The object that several workers of a process hold in memory.
pub type SharedObject = Option<Arc<Value>>;

/// Performs a worker's ask. `lost` loses the response of a request that the server acknowledged.
///
/// # Panics
///
/// If asked to perform [`Ask::Done`], or a look into a cache where the worker has none: a bug of
/// the engine, not of the user.
pub fn perform(
    server: &mut ApiServer,
    cache: Option<&Informer>,
    memory: &mut Memory,
    worker: usize,
    ask: &Ask,
    lost: bool,
) -> Performed {
    match ask {
        Ask::Api(call) => request(server, worker, call, lost),
        Ask::Cache(key) => {
            let held = cache.and_then(|cache| cache.get(key)).cloned();
            let mut event = quiet(server, Actor::Worker(worker), Action::CacheRead, key);
            event.basis = held.as_deref().map(Basis::of);
            event.seen = held.clone();
            Performed { answer: Some(Answer::Cached(held)), event, changes: Vec::new() }
        }
        Ask::CacheList(selection) => {
            let listed: Vec<Arc<Value>> =
                cache.map(|cache| cache.select(selection)).unwrap_or_default();
            let (of, found) = (selection.resource.plural.as_str().into(), listed.len());
            let action = Action::List { of, found, cached: true };
            let event = nowhere(server, Actor::Worker(worker), action);
            Performed { answer: Some(Answer::Listed(listed)), event, changes: Vec::new() }
        }
        Ask::CacheWrite(write) => {
            let mut event = quiet(server, Actor::Worker(worker), Action::CacheWrite, &write.key);
            event.basis = Some(Basis::of(&write.object));
            event.seen = Some(Arc::clone(&write.object));
            event.intent = Arc::clone(&write.intent);
            Performed { answer: Some(Answer::Done), event, changes: Vec::new() }
        }
        Ask::Effect(name) => {
            let action = Action::Effect(Arc::clone(name));
            let event = nowhere(server, Actor::Worker(worker), action);
            Performed { answer: Some(Answer::Done), event, changes: Vec::new() }
        }
        Ask::Shared(shared) => touch(server, cache, &mut memory.object, worker, shared, lost),
        Ask::Lead(lead) => leads(server, memory, worker, lead),
        Ask::Done => panic!("a worker that is done was asked to move"),
    }
}

/// A touch of what the process knows about its leadership.
fn leads(server: &ApiServer, memory: &mut Memory, worker: usize, lead: &Lead) -> Performed {
    let told = match lead {
        Lead::Start(lease) => {
            memory.term = Some(Arc::clone(lease));
            Leads::Starts
        }
        Lead::Stop(stopping) => {
            match stopping {
                Stopping::Exit => (memory.term, memory.exited) = (None, true),
                Stopping::Finish => memory.term = None,
                Stopping::Log => {}
            }
            Leads::Stops(*stopping)
        }
        Lead::Look => Leads::Looks(memory.term.is_some()),
    };
    let mut event = nowhere(server, Actor::Worker(worker), Action::Lead(told));
    event.seen = memory.term.clone();
    Performed { answer: Some(Answer::Cached(memory.term.clone())), event, changes: Vec::new() }
}

fn touch(
    server: &mut ApiServer,
    cache: Option<&Informer>,
    memory: &mut SharedObject,
    worker: usize,
    shared: &Shared,
    lost: bool,
) -> Performed {
    let actor = Actor::Worker(worker);
    match shared {
        Shared::Load { call, from: Reader::Live } if memory.is_none() => {
            let mut performed = request(server, worker, call, false);
            performed.event.action = Action::Load(Loaded::Live);
            *memory = performed.event.seen.as_ref().map(without_managed_fields);
            performed.answer = Some(Answer::Shared(memory.clone()));
            performed
        }
        Shared::Load { call, from: Reader::Cache } if memory.is_none() => {
            let key = loaded_key(call);
            *memory = key.as_ref().and_then(|key| cache?.get(key)).cloned();
            let mut performed = held(server, actor, Action::Load(Loaded::Cache), memory);
            if let (None, Some(key)) = (&*memory, key) {
                performed.event = quiet(server, actor, Action::Load(Loaded::Cache), &key);
            }
            performed
        }
        Shared::Load { .. } => held(server, actor, Action::Load(Loaded::Held), memory),
        Shared::Put { call, knows, omit } => {
            let mut call = call.clone();
            call.basis = memory.as_deref().map(Basis::of);
            Arc::make_mut(&mut call.request).body = sent(memory, knows.as_deref(), omit);
            request(server, worker, &call, lost)
        }
        Shared::Touch(decision) => {
            let changes = memory.as_deref().and_then(|held| decision.changes(held));
            if let (Some(held), Some(changes)) = (memory.as_mut(), &changes) {
                let object = Arc::make_mut(held);
                changes.iter().for_each(|change| make(change, object));
            }
            let mut performed = held(server, actor, Action::Touch, memory);
            performed.event.intent = changes.clone().unwrap_or_else(|| [].into());
            performed.answer = Some(Answer::Touched(memory.clone(), changes));
            performed
        }
        Shared::Decode { object, replace } => {
            if let Some(held) = memory.as_mut() {
                decode_into(Arc::make_mut(held), object, *replace);
            }
            held(server, actor, Action::Decode, memory)
        }
    }
}

/// The body of a PUT of what memory holds, by a client with this struct.
pub(crate) fn sent(
    memory: &SharedObject,
    knows: Option<&[FieldPath]>,
    omit: &[FieldPath],
) -> Option<Arc<Value>> {
    let mut body = memory.clone()?;
    if knows.is_some() {
        decoded(knows, Arc::make_mut(&mut body));
    }
    if !omit.is_empty() {
        leave_out(omit, Arc::make_mut(&mut body));
    }
    Some(body)
}

/// An event about what memory holds now; it makes no request.
fn held(server: &ApiServer, actor: Actor, action: Action, memory: &SharedObject) -> Performed {
    let key = memory.as_deref().and_then(|held| held_key(server, held));
    let mut event = match key {
        Some(key) => quiet(server, actor, action, &key),
        None => nowhere(server, actor, action),
    };
    event.basis = memory.as_deref().map(Basis::of);
    event.seen = memory.clone();
    let answer = Some(Answer::Shared(memory.clone()));
    Performed { answer, event, changes: Vec::new() }
}

fn held_key(server: &ApiServer, object: &Value) -> Option<Key> {
    let kind = server.kind_named(object["kind"].as_str()?)?;
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    Some(Key { resource: kind.resource.clone(), namespace: text("namespace"), name: text("name")? })
}

fn request(server: &mut ApiServer, worker: usize, call: &Call, lost: bool) -> Performed {
    tell(worker, call, serve(server, &call.request), lost)
}

/// What the server made of one request: all that depends on the two of them alone.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    key: Option<Key>,
    response: Response,
    before: Option<Arc<Value>>,
    after: Option<Arc<Value>>,
    committed: bool,
    revision: Revision,
}

/// Has the server handle a request.
pub(crate) fn serve(server: &mut ApiServer, request: &Request) -> Served {
    let asked = key_of(request, None);
    let before = asked.as_ref().and_then(|key| server.object(key));
    let revision = server.revision();
    let response = server.handle(request);
    let committed = server.revision() != revision;
    let key = key_of(request, response.object()).or(asked);
    let now = |key: &Key| server.object(key);
    let after = if committed { key.as_ref().and_then(now) } else { before.clone() };
    Served { key, response, before, after, committed, revision: server.revision() }
}

/// Tells a worker's request, once it has been handled.
pub(crate) fn tell(worker: usize, call: &Call, served: Served, lost: bool) -> Performed {
    let Served { key, response, before, after, committed, revision } = served;
    let lost = lost && response.is_success();
    let status = response.status();
    let event = Event {
        actor: Actor::Worker(worker),
        action: match action_of(&call.request, &response) {
            Action::Read if call.only_version => Action::ReadRevision,
            action => action,
        },
        code: Some(response.code),
        reason: status.and_then(|status| status.reason),
        message: status.and_then(|status| status.message.clone()),
        answered: !lost,
        committed,
        basis: call.basis.clone().or_else(|| response.object().map(|object| Basis::of(object))),
        intent: Arc::clone(&call.intent),
        seen: response.object().filter(|_| !lost).cloned(),
        before,
        after: after.clone(),
        revision,
        mark: RunMark::default(),
        key: key.clone(),
    };
    let changes = key.filter(|_| committed).map(|key| WatchEvent { key, object: after });
    let changes = changes.into_iter().collect();
    let answer = if lost { Answer::Lost } else { Answer::Response(response) };
    Performed { answer: Some(answer), event, changes }
}

/// The object that is loaded into shared memory.
pub(super) fn loaded_key(call: &Call) -> Option<Key> {
    key_of(&call.request, None)
}

/// The object that a request is about; `None` for a list, and for a generated name that is not
/// known yet.
fn key_of(request: &Request, answered: Option<&Arc<Value>>) -> Option<Key> {
    let name_in = |object: &Arc<Value>| object["metadata"]["name"].as_str().map(str::to_owned);
    let name = match request.verb {
        Verb::List | Verb::Watch | Verb::DeleteCollection => None,
        Verb::Create => answered.or(request.body.as_ref()).and_then(name_in),
        Verb::Get | Verb::Update | Verb::Patch(_) | Verb::Delete => request.name.clone(),
    };
    let (resource, namespace) = (request.resource.clone(), request.namespace.clone());
    name.map(|name| Key { resource, namespace, name })
}

fn action_of(request: &Request, response: &Response) -> Action {
    match request.verb {
        Verb::Get | Verb::Watch => Action::Read,
        Verb::List => {
            let found = match &response.body {
                Body::List(list) => list["items"].as_array().map_or(0, Vec::len),
                _ => 0,
            };
            Action::List { of: request.resource.plural.as_str().into(), found, cached: false }
        }
        verb => Action::Write {
            verb,
            subresource: request.subresource,
            precondition: request.body.as_deref().and_then(sent_revision),
            force: request.options.force == Some(true),
            sent: request.body.clone().unwrap_or_default(),
        },
    }
}

/// An event about an object that makes no request.
fn quiet(server: &ApiServer, actor: Actor, action: Action, key: &Key) -> Event {
    let object = server.object(key);
    Event {
        key: Some(key.clone()),
        before: object.clone(),
        after: object,
        ..nowhere(server, actor, action)
    }
}

/// An event about no object.
fn nowhere(server: &ApiServer, actor: Actor, action: Action) -> Event {
    Event::about_nothing(actor, action, server.revision())
}

/// Delivers to a cache the oldest event of the watch, or its first list.
pub fn deliver(server: &ApiServer, spec: &CacheSpec, cache: &mut Informer, index: usize) -> Event {
    let actor = Actor::Cache(index);
    if !cache.has_synced() {
        *cache = relist(server, spec);
        return nowhere(server, actor, Action::Sync { found: cache.keys().count() });
    }
    let delivered = cache.deliver();
    match delivered {
        Some(WatchEvent { key, object }) => {
            let mut event = quiet(server, actor, Action::Deliver, &key);
            event.basis = object.as_deref().map(Basis::of);
            event.seen = object;
            event
        }
        None => nowhere(server, actor, Action::Deliver),
    }
}

/// A cache lists again: what it watches, as it is in the store now.
pub fn relist(server: &ApiServer, spec: &CacheSpec) -> Informer {
    let object = |key: &Key| Some((key.clone(), without_managed_fields(&server.object(key)?)));
    let listed: Vec<Key> =
        spec.resources.iter().flat_map(|resource| server.keys_of(resource)).collect();
    let keys = spec.keys.iter().chain(&listed);
    Informer::listed(keys.filter_map(object).collect::<BTreeMap<_, _>>())
}

/// The event of a process that restarts.
pub fn crash(server: &ApiServer, process: usize) -> Event {
    nowhere(server, Actor::World, Action::Fault(Fault::Crash(process)))
}

/// Deletes an object and creates it again under the same name.
pub fn recreate(server: &mut ApiServer, key: &Key, manifest: &Arc<Value>, time: i64) -> Performed {
    let before = server.object(key);
    let revision = server.revision();
    let ask = |verb, body| Request {
        verb,
        resource: key.resource.clone(),
        namespace: key.namespace.clone(),
        name: (verb == Verb::Delete).then(|| key.name.clone()),
        subresource: None,
        options: Options::default(),
        body,
        user_agent: "another-client".to_owned(),
        time,
    };
    let deleted: Response = server.handle(&ask(Verb::Delete, None));
    let mut changes = vec![WatchEvent { key: key.clone(), object: server.object(key) }];
    if deleted.is_success() && server.object(key).is_none() {
        server.handle(&ask(Verb::Create, Some(Arc::clone(manifest))));
        changes.push(WatchEvent { key: key.clone(), object: server.object(key) });
    }
    let action = Action::Fault(Fault::Recreation);
    let mut event = quiet(server, Actor::World, action, key);
    event.committed = server.revision() != revision;
    event.before = before;
    Performed { answer: None, event, changes }
}
