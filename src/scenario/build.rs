//! From a scenario to a world: the server with its CRDs and objects, the jobs, the caches.
//!
//! Objects begin at revision 1 in the order of the file, whatever was installed before them, so
//! that a drawing starts at `rv 1`. Left out: anything about schedulers.
//! Next to read: `simulation/world.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Diagnostic, ObjectRef, Scenario, WorkerSpec};
use crate::apiserver::{ApiServer, Config, History, Key, Kind, Revision};
use crate::history::Lists;
use crate::properties::{Entry, Jobs, SerialOutcomes};
use crate::reconcilers::{BoxedWorker, Job, Reader, Reconciler, Set, methods};
use crate::simulation::{CacheSpec, FaultBudget, Setting, WorkerInfo, World};

/// 2026-01-01T00:00:00Z: the time of every request of the model, which has no clock.
const TIME: i64 = 1_767_225_600;

/// Everything of a world but its observers.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub setting: Setting,
    pub server: ApiServer,
    pub jobs: Vec<Arc<Job>>,
    pub faults: FaultBudget,
}

impl Plan {
    /// The plan of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Result<Plan, Diagnostic> {
        let mut server = ApiServer::new(Config {
            first_revision: Revision(0),
            any_namespace: true,
            history: History::Nothing,
            managed_fields: scenario.workers.iter().any(applies),
            ..Config::default()
        });
        for crd in &scenario.crds {
            server.install_crd(crd, TIME).map_err(|status| refused("a CRD", &status))?;
        }
        let mut keys = Vec::new();
        for object in &scenario.objects {
            let seeded = server.seed_object(object, TIME);
            keys.push(seeded.map_err(|status| refused("an object", &status))?);
        }
        number_from_one(&mut server, &keys);
        let processes = processes(scenario);
        let jobs = scenario.workers.iter();
        let jobs = jobs.map(|spec| job(&server, &keys, &processes, spec));
        let mut jobs: Vec<Job> = jobs.collect::<Result<_, _>>()?;
        let guarded: Vec<bool> = jobs.iter().map(|job| job.is_guarded_among(&jobs)).collect();
        jobs.iter_mut().zip(guarded).for_each(|(job, guards)| job.guards = guards);
        let jobs: Vec<Arc<Job>> = jobs.into_iter().map(Arc::new).collect();
        let mut setting = setting(scenario, &jobs, processes, keys);
        let lists = |key: &Key| Some((key.clone(), Lists::of(&*server.kind_of(&key.resource)?)));
        setting.lists = Arc::new(setting.objects.iter().filter_map(lists).collect());
        let faults = FaultBudget {
            lost_responses: scenario.faults.lost_responses,
            crashes: scenario.faults.crashes,
            watch_gaps: scenario.faults.watch_gaps,
            recreations: scenario.faults.recreations,
        };
        Ok(Plan { setting, server, jobs, faults })
    }

    /// The world before its first step, watched by these properties.
    pub(crate) fn world(&self, properties: &[&Entry], serial: SerialOutcomes) -> World {
        let lists = Arc::clone(&self.setting.lists);
        let jobs = self.jobs.iter().cloned().map(Some).collect();
        let jobs = Jobs { jobs, lists, serial };
        let mut setting = self.setting.clone();
        setting.observers = properties.iter().map(|entry| entry.build(&jobs)).collect();
        let worker = |job: &Arc<Job>| -> BoxedWorker { Box::new(Reconciler::new(Arc::clone(job))) };
        let workers = self.jobs.iter().map(worker).collect();
        World::new(Arc::new(setting), self.server.clone(), workers, self.faults)
    }
}

fn applies(worker: &WorkerSpec) -> bool {
    methods::named(&worker.write).is_some_and(|method| method.is_apply())
}

fn refused(what: &str, status: &crate::apiserver::Status) -> Diagnostic {
    let message = status.message.clone().unwrap_or_default();
    Diagnostic::error(format!("the API server refuses {what} of the scenario: {message}"))
}

fn number_from_one(server: &mut ApiServer, keys: &[Key]) {
    let of = |key: &Key| {
        let object = server.object(key)?;
        object["metadata"]["resourceVersion"].as_str()?.parse().ok().map(Revision)
    };
    let seeded: Vec<Revision> = keys.iter().filter_map(of).collect();
    let first = seeded.first().map_or(0, |revision| revision.0.saturating_sub(1));
    server.rename_revisions(&|revision| Revision(revision.0.saturating_sub(first)));
}

fn processes(scenario: &Scenario) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for worker in &scenario.workers {
        if !names.contains(&worker.process) {
            names.push(worker.process.clone());
        }
    }
    names
}

fn job(
    server: &ApiServer,
    keys: &[Key],
    processes: &[String],
    spec: &WorkerSpec,
) -> Result<Job, Diagnostic> {
    let (key, kind) = object_of(server, keys, &spec.object).ok_or_else(|| {
        let ObjectRef { kind, name, .. } = &spec.object;
        Diagnostic::error(format!("the scenario has no object `{kind}/{name}`"))
    })?;
    let write = methods::named(&spec.write)
        .ok_or_else(|| Diagnostic::error(format!("unknown write method `{}`", spec.write)))?;
    let set = |(path, value): &(crate::apiserver::FieldPath, crate::reconcilers::ValueExpr)| {
        let list = path.outermost_list().unwrap_or_else(|| path.clone());
        let list = kind.list_type(&list.field_names());
        Set { path: path.clone(), value: value.clone(), list: Some(list) }
    };
    let group_version = match kind.resource.group.as_str() {
        "" => kind.resource.version.clone(),
        group => format!("{group}/{}", kind.resource.version),
    };
    Ok(Job {
        name: spec.name.clone(),
        key,
        api_version: group_version,
        kind: kind.kind.clone(),
        schema: Arc::clone(&kind.schema),
        read: spec.read,
        write,
        subresource: spec.subresource.clone(),
        sets: spec.sets.iter().map(set).collect(),
        when: spec.when.clone(),
        guards: false,
        lists: Lists::of(&kind),
        process: processes.iter().position(|name| *name == spec.process).unwrap_or(0),
        field_manager: spec.field_manager.clone(),
        attempts: spec.attempts,
        retry_read: spec.retry_read,
        runs: spec.runs,
        typed: spec.typed,
        knows: spec.knows.clone(),
        time: TIME,
    })
}

/// The object a worker means and its kind: the version of the kind is the object's, and the
/// namespace may be left out.
fn object_of(server: &ApiServer, keys: &[Key], object: &ObjectRef) -> Option<(Key, Arc<Kind>)> {
    let named = |key: &Key| {
        key.name == object.name && (object.namespace.is_none() || object.namespace == key.namespace)
    };
    keys.iter().filter(|key| named(key)).find_map(|key| {
        let kind = server.kind_of(&key.resource)?;
        (kind.kind == object.kind).then(|| (key.clone(), kind))
    })
}

fn setting(
    scenario: &Scenario,
    jobs: &[Arc<Job>],
    processes: Vec<String>,
    keys: Vec<Key>,
) -> Setting {
    let caches = |job: &&Arc<Job>| job.read == Reader::Cache || job.retry_read == Reader::Cache;
    let mut specs: Vec<CacheSpec> = Vec::new();
    for process in 0..processes.len() {
        let readers = jobs.iter().filter(|job| job.process == process).filter(caches);
        let keys: BTreeSet<Key> = readers.map(|job| job.key.clone()).collect();
        if !keys.is_empty() {
            specs.push(CacheSpec { process, keys });
        }
    }
    let cache_of = |process: usize| specs.iter().position(|spec| spec.process == process);
    let worker = |job: &Arc<Job>| WorkerInfo {
        name: job.name.clone(),
        process: job.process,
        cache: cache_of(job.process),
    };
    let mut objects: BTreeSet<Key> = jobs.iter().map(|job| job.key.clone()).collect();
    objects.extend(keys.iter().cloned());
    let recreated = jobs.first().and_then(|job| {
        let at = keys.iter().position(|key| *key == job.key)?;
        Some((job.key.clone(), Arc::new(manifest(&scenario.objects[at]))))
    });
    Setting {
        workers: jobs.iter().map(worker).collect(),
        processes,
        caches: specs,
        objects: objects.into_iter().collect(),
        lists: Arc::default(),
        recreated,
        time: TIME,
        observers: Vec::new(),
    }
}

/// What somebody who recreates an object sends: what a server fills in is not in it.
fn manifest(object: &Value) -> Value {
    let mut manifest = object.clone();
    if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["resourceVersion", "uid", "generation", "creationTimestamp"] {
            metadata.remove(field);
        }
    }
    manifest
}
