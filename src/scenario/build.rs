//! From a scenario to a world: the server with its CRDs and objects, the jobs, the caches.
//!
//! Objects begin at revision 1 in the order of the file, whatever was installed before them, so
//! that a drawing starts at `rv 1`. Left out: anything about schedulers.
//! Next to read: `simulation/world.rs`.

mod queues;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Diagnostic, ObjectRef, Scenario, WorkerSpec};
use crate::apiserver::{ApiServer, Config, History, Key, Kind, Revision};
use crate::history::Lists;
use crate::properties::{self, Entry, Invariant, Jobs, SerialOrders};
use crate::reconcilers::{
    BoxedWorker, Freshness, Job, Op, Program, Reader, Reconciler, Set, methods,
};
use crate::simulation::{CacheSpec, FaultBudget, Observer, Setting, WorkerInfo, World};

/// 2026-01-01T00:00:00Z: the time of every request of the model, which has no clock.
pub(crate) const TIME: i64 = 1_767_225_600;

/// Everything of a world but its observers.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub setting: Setting,
    pub server: ApiServer,
    pub programs: Vec<Arc<Program>>,
    pub invariants: Vec<Invariant>,
    pub faults: FaultBudget,
}

impl Plan {
    /// The plan of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Result<Plan, Diagnostic> {
        let mut server = match scenario.base.get() {
            Some(base) => base.clone(),
            None => {
                let base = base(scenario)?;
                scenario.base.get_or_init(|| base).clone()
            }
        };
        server.record_owners(scenario.workers.iter().any(applies));
        let mut keys = Vec::new();
        for object in &scenario.objects {
            let seeded = server.seed_object(object, TIME);
            keys.push(seeded.map_err(|status| refused("an object", &status))?);
        }
        number_from_one(&mut server, &keys);
        let processes = processes(scenario);
        let programs = scenario.workers.iter();
        let programs = programs.map(|spec| program(&server, &keys, &processes, spec));
        let mut programs: Vec<Program> = programs.collect::<Result<_, _>>()?;
        queues::requeue(scenario, &mut programs);
        let jobs: Vec<Arc<Job>> = programs.iter().flat_map(Program::jobs).cloned().collect();
        programs.iter_mut().for_each(|program| program.guard(&jobs));
        let programs: Vec<Arc<Program>> = programs.into_iter().map(Arc::new).collect();
        let mut setting = setting(scenario, &programs, processes, keys);
        let lists = |key: &Key| Some((key.clone(), Lists::of(&*server.kind_of(&key.resource)?)));
        setting.lists = Arc::new(setting.objects.iter().filter_map(lists).collect());
        let mut invariants = scenario.invariants.clone();
        invariants.iter_mut().for_each(|own| own.begin(&|key| server.object(key)));
        Ok(Plan { setting, server, programs, invariants, faults: scenario.faults })
    }

    fn jobs(&self, serial: SerialOrders) -> Jobs {
        let lists = Arc::clone(&self.setting.lists);
        let jobs = self.programs.iter().flat_map(|program| program.jobs().cloned().map(Some));
        let invariants = self.invariants.iter().cloned().map(Arc::new).collect();
        Jobs { jobs: jobs.collect(), lists, serial, invariants }
    }

    /// What is counted beside the verdicts.
    pub(crate) fn tallies(&self) -> [Arc<dyn Observer>; 2] {
        let any = SerialOrders(Arc::new(|_, _| true));
        properties::tallies(&self.jobs(any))
    }

    /// The world before its first step, watched by these properties.
    pub(crate) fn world(&self, properties: &[&Entry], serial: SerialOrders) -> World {
        let jobs = self.jobs(serial);
        let mut setting = self.setting.clone();
        setting.observers = properties.iter().map(|entry| entry.build(&jobs)).collect();
        let worker = |program: &Arc<Program>| -> BoxedWorker {
            Box::new(Reconciler::new(Arc::clone(program)))
        };
        let workers = self.programs.iter().map(worker).collect();
        World::new(Arc::new(setting), self.server.clone(), workers, self.faults)
    }
}

/// A server with the scenario's definitions.
fn base(scenario: &Scenario) -> Result<ApiServer, Diagnostic> {
    let mut server = ApiServer::new(Config {
        first_revision: Revision(0),
        any_namespace: true,
        history: History::Nothing,
        ..Config::default()
    });
    for crd in scenario.crds.iter() {
        server.install_crd(crd, TIME).map_err(|status| refused("a CRD", &status))?;
    }
    Ok(server)
}

fn applies(worker: &WorkerSpec) -> bool {
    let applies = |write: &str| methods::named(write).is_some_and(|method| method.is_apply());
    let steps = worker.steps.iter().flat_map(|steps| steps.writes());
    applies(&worker.write) || steps.into_iter().any(|write| write.job.write.is_apply())
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

fn program(
    server: &ApiServer,
    keys: &[Key],
    processes: &[String],
    spec: &WorkerSpec,
) -> Result<Program, Diagnostic> {
    let process = processes.iter().position(|name| *name == spec.process).unwrap_or(0);
    if let Some(steps) = &spec.steps {
        let (who, how) = ((spec.name.clone(), process), (spec.runs, spec.attempts));
        return Ok(Program::new(who, how, TIME, steps.code.clone()));
    }
    let job = job(server, keys, spec)?;
    let mut program = match spec.cache_write {
        false => Program::short(job, process, spec.read, spec.runs),
        true => Program::short_in_cache(job, process, spec.read, spec.runs),
    };
    program.read_at(spec.freshness);
    Ok(program)
}

fn job(server: &ApiServer, keys: &[Key], spec: &WorkerSpec) -> Result<Job, Diagnostic> {
    let (key, kind) = object_of(server, keys, &spec.object).ok_or_else(|| {
        let ObjectRef { kind, name, .. } = &spec.object;
        Diagnostic::error(format!("the scenario has no object `{kind}/{name}`"))
    })?;
    // What is put into a cache no method sends.
    let named = if spec.cache_write { "update" } else { &spec.write };
    let write = methods::named(named)
        .ok_or_else(|| Diagnostic::error(format!("unknown write method `{named}`")))?;
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
        write,
        subresource: spec.subresource,
        creates: kind.create_on_update,
        sets: spec.sets.iter().map(set).collect(),
        when: spec.when.clone(),
        decided: Vec::new(),
        guards: false,
        lists: Lists::of(&kind),
        field_manager: spec.field_manager.clone(),
        attempts: spec.attempts,
        retry_read: spec.retry_read,
        restamp: spec.restamp,
        omit: spec.omit.clone(),
        typed: spec.typed,
        knows: spec.knows.clone(),
        validate: spec.validate.clone(),
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
    programs: &[Arc<Program>],
    processes: Vec<String>,
    keys: Vec<Key>,
) -> Setting {
    let (queues, turns) = queues::turns(scenario, programs);
    let mut specs: Vec<CacheSpec> = Vec::new();
    for process in 0..processes.len() {
        let mut spec = CacheSpec { process, ..CacheSpec::default() };
        let readers = programs.iter().filter(|program| program.process == process);
        readers.for_each(|program| watched(program, &mut spec));
        queues::triggers(process, &turns, programs, &mut spec);
        if !spec.keys.is_empty() || !spec.resources.is_empty() {
            specs.push(spec);
        }
    }
    let cache_of = |process: usize| specs.iter().position(|spec| spec.process == process);
    let mut turns = turns.into_iter();
    let worker = |program: &Arc<Program>| WorkerInfo {
        turn: turns.next().unwrap_or_default(),
        name: program.name.clone(),
        process: program.process,
        cache: cache_of(program.process),
    };
    let jobs = || programs.iter().flat_map(|program| program.jobs());
    let fixed = jobs().filter(|job| !job.key.name.is_empty());
    let mut objects: BTreeSet<Key> = fixed.map(|job| job.key.clone()).collect();
    objects.extend(keys.iter().cloned());
    let created = programs.iter().flat_map(|program| &program.code).filter_map(|op| match op {
        Op::Create(create) => Some(create.resource.clone()),
        _ => None,
    });
    let recreated = jobs().next().and_then(|job| {
        let at = keys.iter().position(|key| *key == job.key)?;
        Some((job.key.clone(), Arc::new(manifest(&scenario.objects[at]))))
    });
    Setting {
        workers: programs.iter().map(worker).collect(),
        processes,
        queues,
        caches: specs,
        objects: objects.into_iter().collect(),
        lists: Arc::default(),
        created: created.collect(),
        recreated,
        time: TIME,
        observers: Vec::new(),
    }
}

/// What a program reads from the cache of its process.
fn watched(program: &Program, spec: &mut CacheSpec) {
    for op in &program.code {
        if let Some(freshness) = op.reads_cache_at() {
            spec.begins_unsynced |= freshness.begins_unsynced();
            spec.awaits_writes |= freshness == Freshness::ReadYourWrites;
        }
        match op {
            Op::Read { key, reader: Reader::Cache, .. } => drop(spec.keys.insert(key.clone())),
            Op::List(list) if list.reader == Reader::Cache => {
                spec.resources.insert(list.resource.clone());
            }
            Op::Write(write) if write.job.write.is_shared() && write.reader == Reader::Cache => {
                spec.keys.insert(write.job.key.clone());
            }
            Op::Write(write) if write.job.retry_read == Some(Reader::Cache) && write.dynamic => {
                spec.resources.insert(write.job.key.resource.clone());
            }
            Op::Write(write) if write.job.retry_read == Some(Reader::Cache) => {
                spec.keys.insert(write.job.key.clone());
            }
            _ => {}
        }
    }
}

/// What a client that recreates an object sends: what a server fills in is not in it.
fn manifest(object: &Value) -> Value {
    let mut manifest = object.clone();
    if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["resourceVersion", "uid", "generation", "creationTimestamp"] {
            metadata.remove(field);
        }
    }
    manifest
}
