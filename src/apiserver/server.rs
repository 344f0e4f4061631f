//! The API server: one value; a request is one atomic step of it.
//!
//! [`ApiServer::handle`] is the whole interface to Kubernetes; the rest sets a server up and looks
//! into it. It has no lock, no clock and no randomness: time comes with each request, uids and
//! generated names from a seed and a counter. Next to read: `verbs/mod.rs`, then `engine.rs`,
//! through which every update goes.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::RequestScope;
use super::engine::Commit;
use super::metadata::{self, Meta};
use super::schema::FieldError;
use super::store::{self, History, Store};
use super::verbs;
use super::{Key, Kind, Request, Resource, Response, Revision, Status, Verb, builtin, crd, names};

/// How a server starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// The revision of the empty store.
    pub first_revision: Revision,
    /// Whether any namespace exists, as on a server without Namespace objects.
    pub any_namespace: bool,
    /// Whether the past is kept, for watches and lists at old revisions.
    pub history: History,
    /// What uids and generated names are made from.
    pub seed: u64,
    /// Whether the owners of fields are recorded, as a real server always does. A search in which
    /// no client applies turns this off: ownership is then not looked at, and modelled clients
    /// send no `managedFields`, so it decides nothing, not even whether a write is a no-op.
    pub managed_fields: bool,
    /// Whether a deleted definition waits for [`ApiServer::run_controllers`], as on a cluster.
    pub later: bool,
    /// Whether [`ApiServer::run_controllers`] collects garbage.
    pub collects: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            first_revision: Revision(1000),
            any_namespace: false,
            history: History::KeepAll,
            seed: 0,
            managed_fields: true,
            later: false,
            collects: false,
        }
    }
}

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServer {
    pub(super) store: Store,
    kinds: Arc<BTreeMap<Resource, Arc<Kind>>>,
    any_namespace: bool,
    seed: u64,
    pub(super) managed_fields: bool,
    pub(super) later: bool,
    pub(super) collects: bool,
    /// How many uids and names have been made.
    made: u64,
}

impl Hash for ApiServer {
    /// The kinds are left out: they are large, and servers of one search share them.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.store.hash(state);
        self.made.hash(state);
    }
}

impl ApiServer {
    /// A server with the built-in kinds and, unless any namespace exists, the usual namespaces.
    pub fn new(config: Config) -> Self {
        let mut server = ApiServer {
            store: Store::new(config.first_revision, config.history),
            kinds: builtin::kinds(),
            any_namespace: config.any_namespace,
            seed: config.seed,
            managed_fields: config.managed_fields,
            later: config.later,
            collects: config.collects,
            made: 0,
        };
        if !config.any_namespace {
            server.make_usual_namespaces();
        }
        server
    }

    /// Makes the namespaces that every cluster has, as if they had always been there.
    pub(crate) fn make_usual_namespaces(&mut self) {
        NAMESPACES.into_iter().for_each(|name| self.make_namespace(name, 0));
    }

    /// Makes a namespace, unless there is one of this name.
    #[cfg(any(feature = "kube", feature = "serve"))]
    pub(crate) fn ensure_namespace(&mut self, name: &str) {
        let missing = self.store.get(&namespace_key(name)).is_none();
        missing.then(|| self.make_namespace(name, 0));
    }

    /// One request, as one atomic step.
    pub fn handle(&mut self, request: &Request) -> Response {
        let Some(kind) = self.kind_of(&request.resource) else {
            return Response::from(Status::page_not_found());
        };
        if let Some(status) = bad_name(request) {
            return Response::from(status);
        }
        let mut call = RequestScope::new(request, kind);
        call.records_owners = self.managed_fields;
        verbs::handle(self, &mut call).unwrap_or_else(|status| {
            let mut response = Response::from(status);
            response.warnings = call.warnings;
            response
        })
    }

    /// One request that only reads (get or list), as of this moment; 400 for any other.
    pub fn read(&self, request: &Request) -> Response {
        let Some(kind) = self.kind_of(&request.resource) else {
            return Response::from(Status::page_not_found());
        };
        if let Some(status) = bad_name(request) {
            return Response::from(status);
        }
        let mut call = RequestScope::new(request, kind);
        let answer = verbs::read(self, &mut call);
        let other = || Err(Status::bad_request("this request does not only read"));
        answer.unwrap_or_else(other).unwrap_or_else(Response::from)
    }

    /// The bytes that the writes after a revision take in the log.
    pub fn past_bytes(&self, after: Revision) -> usize {
        let events = self.store.log().map(|log| log.after(after)).unwrap_or_default();
        events.iter().map(|event| event.size()).sum()
    }

    /// Makes the kinds of a CustomResourceDefinition known, without moving the revision.
    pub fn install_crd(&mut self, crd: &Value, time: i64) -> Result<Arc<Kind>, Box<Status>> {
        let mut object = crd.clone();
        crd::default(&mut object);
        crd::initial_status(&mut object);
        crd::accept(&mut object, time);
        let name = object.meta_str("name").to_string();
        let refuse = |errors: &[_]| Status::invalid(crd::GROUP, crd::KIND, &name, errors);
        let errors = crd::validate(&object, None);
        if !errors.is_empty() {
            return Err(refuse(&errors));
        }
        let kinds = crd::kinds(&object).map_err(|errors| refuse(&errors))?;
        let Some(first) = kinds.first().map(|kind| kind.resource.clone()) else {
            let path = "spec.versions";
            return Err(refuse(&[FieldError::required(path, "at least one served version")]));
        };
        metadata::prepare_create(&mut object, self.make_uid(), time);
        object.set_meta("generation", Some(1.into()));
        let key = Key { resource: crd::resource(), namespace: None, name: name.clone() };
        self.write(&key, Commit::PutAlong(Arc::new(object)));
        self.serve(&name, kinds);
        self.kind_of(&first).ok_or_else(|| Status::failure(500, "the kind is not served"))
    }

    /// Serves these kinds, and no others, by the definition of this name.
    pub(crate) fn serve(&mut self, definition: &str, kinds: Vec<Kind>) {
        let registry = Arc::make_mut(&mut self.kinds);
        registry.retain(|resource, kind| !kind.is_custom() || resource.qualified() != definition);
        let kinds: Vec<Arc<Kind>> = kinds.into_iter().map(Arc::new).collect();
        for kind in &kinds {
            registry.insert(kind.resource.clone(), kind.clone());
        }
        self.mirror_all(definition, &kinds);
    }

    /// Puts an object there as the initial state has it: its status is stored as given.
    ///
    /// It is pruned, defaulted and validated like any other; a missing namespace is made; the
    /// revision rises by one.
    pub fn seed_object(&mut self, object: &Value, time: i64) -> Result<Key, Box<Status>> {
        let kind = self.kind_of_object(object)?;
        let mut request = Request {
            verb: Verb::Create,
            resource: kind.resource.clone(),
            namespace: None,
            name: None,
            subresource: None,
            options: Default::default(),
            body: Some(Arc::new(object.clone())),
            user_agent: "lostwrite".into(),
            time,
        };
        if kind.namespaced {
            let namespace = object.meta_str("namespace");
            let namespace = if namespace.is_empty() { "default" } else { namespace };
            if !self.namespace_exists(namespace) {
                self.make_namespace(namespace, time);
            }
            request.namespace = Some(namespace.to_string());
        }
        let mut call = RequestScope::new(&request, kind);
        call.records_owners = self.managed_fields;
        verbs::create::seed(self, &mut call)
    }

    /// The kind of this name: `Widget`, or `Widget.demo.example.com`; a custom one if there are
    /// several.
    pub fn kind_named(&self, name: &str) -> Option<Arc<Kind>> {
        let named = |kind: &&Arc<Kind>| kind.kind == name || kind.qualified_kind() == name;
        let mut all = self.kinds.values().filter(named);
        let custom = all.clone().find(|kind| kind.is_custom());
        custom.or_else(|| all.next()).cloned()
    }

    /// The kind of this resource.
    pub fn kind_of(&self, resource: &Resource) -> Option<Arc<Kind>> {
        self.kinds.get(resource).cloned()
    }

    /// The kind that an object's apiVersion and kind name.
    pub(super) fn kind_of_object(&self, object: &Value) -> Result<Arc<Kind>, Box<Status>> {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let kind = object["kind"].as_str().unwrap_or_default();
        let mut all = self.kinds.values();
        all.find(|known| known.kind == kind && known.api_version() == version).cloned().ok_or_else(
            || Status::bad_request(format!("no matches for kind {kind:?} in version {version:?}")),
        )
    }

    /// Whether any namespace exists from now on.
    pub(super) fn set_any_namespace(&mut self, any: bool) {
        self.any_namespace = any;
    }

    /// All kinds, ordered by group, version and resource.
    pub fn kinds(&self) -> Vec<Arc<Kind>> {
        self.kinds.values().cloned().collect()
    }

    /// The revision of the last write.
    pub fn revision(&self) -> Revision {
        self.store.revision()
    }

    /// An object with its resourceVersion.
    pub fn object(&self, key: &Key) -> Option<Arc<Value>> {
        self.store.get(key).map(store::Stored::view)
    }

    /// The keys of the live objects of a resource.
    pub fn keys_of(&self, resource: &Resource) -> Vec<Key> {
        let all = self.store.iter().filter(|(key, _)| key.resource == *resource);
        all.map(|(key, _)| Key::clone(key)).collect()
    }

    /// The live objects of a resource in one namespace (or in all), with their resourceVersions.
    pub fn objects_of(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.store.of_resource(resource, namespace).map(|(_, stored)| stored.view()).collect()
    }

    /// The revisions of the live objects, ascending, each once.
    pub fn revisions(&self) -> Vec<Revision> {
        let mut all: Vec<_> = self.store.iter().map(|(_, stored)| stored.modified).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The writes after a revision, oldest first: the object, its revision then, and what it was
    /// after. Nothing where no past is kept.
    #[cfg(any(feature = "kube", feature = "serve"))]
    pub(crate) fn writes_after(&self, revision: Revision) -> Vec<Written> {
        let log = self.store.log().map_or(&[][..], |log| log.after(revision));
        let written = |event: &Arc<super::history::LoggedWrite>| Written {
            key: Key::clone(&event.key),
            revision: event.revision,
            after: event.after.as_ref().map(|json| Arc::new(json.value())),
        };
        log.iter().map(written).collect()
    }

    /// Records the owners of fields from now on, or does not.
    pub(crate) fn record_owners(&mut self, record: bool) {
        self.managed_fields = record;
    }

    /// Whether the owners of fields are recorded.
    pub fn records_owners(&self) -> bool {
        self.managed_fields
    }

    /// Whether objects may be made in this namespace.
    pub(crate) fn namespace_exists(&self, name: &str) -> bool {
        self.any_namespace || self.store.get(&namespace_key(name)).is_some()
    }

    fn make_namespace(&mut self, name: &str, time: i64) {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "creationTimestamp": metadata::timestamp(time),
                "labels": { "kubernetes.io/metadata.name": name },
                "name": name,
                "uid": self.make_uid(),
            },
            "spec": { "finalizers": ["kubernetes"] },
            "status": { "phase": "Active" },
        });
        self.write(&namespace_key(name), Commit::PutAlong(Arc::new(object)));
    }

    /// The uid that the next new object gets. (A dry run takes one too, and changes nothing else.)
    pub(crate) fn next_uid(&self) -> String {
        let (a, b) = (self.mixed(2 * self.made), self.mixed(2 * self.made + 1));
        super::uuid(a, b)
    }

    /// Takes a uid.
    pub(crate) fn make_uid(&mut self) -> String {
        let uid = self.next_uid();
        self.made += 1;
        uid
    }

    /// The five letters that `generateName` appends at its n-th try.
    pub(crate) fn suffix(&self, attempt: u64) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut bits = self.mixed((1 << 63) + 8 * self.made + attempt);
        let mut suffix = String::new();
        for _ in 0..5 {
            suffix.push(LETTERS[(bits % LETTERS.len() as u64) as usize] as char);
            bits /= LETTERS.len() as u64;
        }
        suffix
    }

    /// SplitMix64 of the seed and a number.
    fn mixed(&self, number: u64) -> u64 {
        let step = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed.wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A stored object as an answer carries it.
    pub(crate) fn view(object: &Value, revision: Revision) -> Arc<Value> {
        Arc::new(store::view(object, revision))
    }
}

/// 400 for a name that cannot be the end of a key.
fn bad_name(request: &Request) -> Option<Box<Status>> {
    let name = request.name.as_deref().filter(|_| request.verb != Verb::Create)?;
    let wrong = names::path_segment(name, false);
    let why = wrong.join(";");
    (!wrong.is_empty())
        .then(|| Status::bad_request(format!("Name parameter invalid: {name:?}: {why}")))
}

/// One write, as the log has it.
#[cfg(any(feature = "kube", feature = "serve"))]
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub key: Key,
    pub revision: Revision,
    pub after: Option<Arc<Value>>,
}

pub(crate) fn namespace_key(name: &str) -> Key {
    let plural = String::from("namespaces");
    let resource = Resource { group: String::new(), version: "v1".into(), plural };
    Key { resource, namespace: None, name: name.into() }
}
