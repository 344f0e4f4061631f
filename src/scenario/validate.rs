//! From a text of the right shape to a [`Scenario`]: everything a shape cannot say.
//!
//! In this order, because each step needs the one before: names, paths and values; the CRDs and
//! objects, as the API server takes them; the workers, each run alone against that server. All
//! mistakes of a step are reported at once. Next to read: `probe.rs`, then `load.rs`.

mod long_form;
mod programs;
mod queues;
mod read;
pub(super) mod readers;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use self::read::{attempts, fields_places};
use super::cluster::{self, Cluster, Seeded};
use super::conditions;
use super::controllers::Replica;
use super::crds::{self, Files};
use super::diagnostic::{Diagnostic, Severity, SourceText, clean};
use super::node::{At, Node};
use super::refusals;
use super::schema::{self, ScenarioFile};
use super::schema_steps::{Restamp, RetryRead};
use super::suggest::{did_you_mean, listed};
use super::values::{SetEntry, Values};
use super::{Expect, ObjectRef, Scenario, Source, WorkerSpec, invariants, kinds};
use crate::properties::NO_LOST_WRITE;
use crate::reconcilers::Condition;
use crate::simulation::FaultBudget;

/// One document of the right shape.
#[derive(Debug)]
pub struct Checker<'c> {
    /// The text.
    pub source: &'c Arc<SourceText>,
    /// The document.
    pub root: &'c Node,
    /// What it says.
    pub file: ScenarioFile,
    /// The replicas of its controllers.
    pub replicas: &'c [Replica],
    /// What is wrong so far.
    pub mistakes: Vec<Diagnostic>,
}

/// A worker's fields, read but not yet looked at in the light of the cluster.
struct Fields {
    sets: Vec<SetEntry>,
    when: Vec<(crate::apiserver::FieldPath, Option<Value>, std::ops::Range<usize>)>,
    knows: Option<Vec<crate::apiserver::FieldPath>>,
    validate: Vec<(crate::apiserver::FieldPath, Condition)>,
    omit: Vec<crate::apiserver::FieldPath>,
}

impl<'c> Checker<'c> {
    /// The scenario, or everything that is wrong.
    pub fn scenario(
        mut self,
        from: Source,
        files: &dyn Files,
    ) -> Result<Scenario, Vec<Diagnostic>> {
        self.names();
        let fields: Vec<Fields> = (0..self.file.workers.len()).map(|at| self.fields(at)).collect();
        let expect = self.expect();
        let properties = self.properties(&expect);
        let mut timing = self.timing();
        let mut notes = Vec::new();
        let listed = self.at(&[At::Key("crds")]).items();
        let crds = match crds::read(self.source, listed, files, &mut notes) {
            Ok(crds) => crds,
            Err(more) => {
                self.mistakes.extend(more);
                return Err(self.mistakes);
            }
        };
        let mut crds = crds;
        match kinds::read(self.source, self.at(&[At::Key("kinds")]), &crds) {
            Ok(own) => crds.extend(own),
            Err(more) => {
                self.mistakes.extend(more);
                return Err(self.mistakes);
            }
        }
        let objects = self.at(&[At::Key("objects")]).items();
        let cluster = match cluster::build(self.source, &crds, objects) {
            Ok(cluster) => cluster,
            Err(more) => {
                self.mistakes.extend(more);
                return Err(self.mistakes);
            }
        };
        let workers: Vec<WorkerSpec> = fields
            .iter()
            .enumerate()
            .filter_map(|(at, fields)| self.worker(at, fields, &cluster))
            .collect();
        let programs = self.programs(&cluster);
        let names: Vec<String> = self.file.workers.iter().map(|w| w.name.clone()).collect();
        let own = self
            .root
            .get("invariants")
            .map(|node| invariants::read(self.source, node, &cluster, &names));
        let invariants = match own {
            Some(Err(more)) => {
                self.mistakes.extend(more);
                Vec::new()
            }
            own => own.and_then(Result::ok).unwrap_or_default(),
        };
        self.readers(&workers);
        let controllers = self.controllers(&cluster, &workers);
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        queues::timed(&controllers, &mut timing);
        let faults = self.file.faults;
        let mut scenario = Scenario {
            name: self.file.metadata.name.clone(),
            description: self.file.description.trim().to_owned(),
            source: from,
            crds: Arc::new(crds.into_iter().map(|crd| crd.value).collect()),
            objects: self.file.objects.iter().cloned().map(Value::Object).collect(),
            workers,
            faults: FaultBudget {
                lost_responses: faults.lost_responses,
                crashes: faults.crashes,
                watch_gaps: faults.watch_gaps,
                recreations: faults.recreations,
                deadlines: queues::deadlines(faults.deadlines, &controllers),
            },
            controllers,
            timing,
            invariants,
            programs,
            properties,
            expect,
            warnings: Vec::new(),
            base: Default::default(),
        };
        let found = refusals::of_workers(&self, &fields_places(&fields), &scenario)
            .map_err(|mistake| vec![mistake])?;
        let (errors, warnings) =
            found.into_iter().partition::<Vec<_>, _>(|found| found.severity == Severity::Error);
        scenario.warnings = notes.into_iter().chain(warnings).collect();
        if errors.is_empty() { Ok(scenario) } else { Err(errors) }
    }

    /// The node at the end of the way, or the nearest above it.
    pub fn at(&self, way: &[At<'_>]) -> &'c Node {
        self.root.nearest(way)
    }

    /// A key of a worker, or the nearest thing above it.
    pub fn worker_node(&self, at: usize, key: &str) -> &'c Node {
        self.at(&[At::Key("workers"), At::Index(at), At::Key(key)])
    }

    fn wrong(&mut self, node: &Node, message: impl Into<String>) -> &mut Diagnostic {
        let mistake = Diagnostic::error(message).at(self.source, node.mark(), "");
        self.mistakes.push(mistake);
        self.mistakes.last_mut().expect("just pushed")
    }

    fn names(&mut self) {
        let node = self.at(&[At::Key("metadata"), At::Key("name")]);
        let name = &self.file.metadata.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !name.chars().all(plain) || !name.starts_with(ends) || !name.ends_with(ends) {
            let message = format!("`{}` is not a valid scenario name", clean(name));
            let note = "a name has lower case letters, digits, `-` and `.`, as in Kubernetes";
            self.wrong(node, message).notes.push(note.to_owned());
        }
        let names: Vec<String> = self.file.workers.iter().map(|w| w.name.clone()).collect();
        for (at, name) in names.iter().enumerate() {
            let node = self.worker_node(at, "name");
            if let Some(first) = names[..at].iter().position(|other| other == name) {
                let first = self.worker_node(first, "name").mark();
                let mistake = Diagnostic::error(format!("two workers are named `{}`", clean(name)))
                    .at(self.source, node.mark(), "again here")
                    .see(self.source, first, "first here")
                    .help("give each worker a name of its own");
                self.mistakes.push(mistake);
            }
            self.plain_name(node, "worker", name);
            if let Some(process) = self.file.workers[at].process.clone() {
                self.plain_name(self.worker_node(at, "process"), "process", &process);
            }
        }
    }

    fn plain_name(&mut self, node: &Node, what: &str, name: &str) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let message = format!("`{}` is not a valid {what} name", clean(name));
            let note = "a name begins with a letter and has letters, digits, `-`, `_` and `.`";
            self.wrong(node, message).notes.push(note.to_owned());
        }
    }

    fn fields(&mut self, at: usize) -> Fields {
        let worker = self.at(&[At::Key("workers"), At::Index(at)]);
        match self.file.workers[at].run {
            Some(_) => self.program_form(at),
            None => self.form(at, worker),
        }
        let mut values = Values { source: self.source, mistakes: Vec::new() };
        let sets = worker.get("sets").map(|node| values.sets(node)).unwrap_or_default();
        let when = worker.get("when").map(|node| values.when(node)).unwrap_or_default();
        let knows = worker.get("knows").filter(|_| self.file.workers[at].knows.is_some());
        let knows = knows.map(|node| values.knows(node));
        let validate = worker.get("validate").filter(|_| self.file.workers[at].validate.is_some());
        let validate = validate.map(|node| conditions::validate(&mut values, node));
        let omit = worker.get("omit").map(|node| values.omit(node, &sets)).unwrap_or_default();
        self.mistakes.extend(values.mistakes);
        let validate = validate.unwrap_or_default();
        Fields { sets, when, knows, validate, omit }
    }

    fn expect(&self) -> Expect {
        let single = |holds| Expect::Verdicts(BTreeMap::from([(NO_LOST_WRITE.to_owned(), holds)]));
        match &self.file.expect {
            None => Expect::Unstated,
            Some(Value::String(word)) if word == "rejected" => Expect::Rejected,
            Some(Value::Object(verdicts)) => Expect::Verdicts(
                verdicts.iter().map(|(name, verdict)| (name.clone(), verdict == "holds")).collect(),
            ),
            Some(word) => single(word == "safe"),
        }
    }

    fn properties(&mut self, expect: &Expect) -> Vec<String> {
        let own = self.own_names();
        let expected: Vec<String> = match expect {
            Expect::Verdicts(verdicts) => verdicts.keys().cloned().collect(),
            _ => Vec::new(),
        };
        self.unknown_names(&expected, &own);
        let Some(mut properties) = self.file.properties.clone() else {
            let mut judged = vec![NO_LOST_WRITE.to_owned()];
            judged.extend(expected.into_iter().filter(|name| name != NO_LOST_WRITE));
            judged
                .extend(own.into_iter().filter(|name| !judged.contains(name)).collect::<Vec<_>>());
            return judged;
        };
        properties.extend(own);
        let known = super::names::properties();
        let unjudged =
            |name: &&String| !properties.contains(name) && known.contains(&name.as_str());
        for name in expected.iter().filter(unjudged) {
            let list = self.at(&[At::Key("properties")]);
            let node = self.at(&[At::Key("expect")]);
            let place = node.entry(name).map_or(node.mark(), |(key, _)| key.span.clone());
            let message = format!("`expect` names `{name}`, which is not judged");
            let mistake = Diagnostic::error(message)
                .at(self.source, place, "")
                .see(self.source, list.mark(), "these are judged")
                .help(format!("add `{name}` to `properties`"));
            self.mistakes.push(mistake);
        }
        properties
    }

    /// The names of the scenario's own invariants.
    fn own_names(&self) -> Vec<String> {
        let own = self.file.invariants.iter().flatten();
        own.map(|invariant| invariant.name.clone()).collect()
    }

    /// `expect` names properties and invariants.
    fn unknown_names(&mut self, expected: &[String], own: &[String]) {
        let known = super::names::properties();
        for name in expected {
            if known.contains(&name.as_str()) || own.contains(name) {
                continue;
            }
            let node = self.at(&[At::Key("expect")]);
            let place = node.entry(name).map_or(node.mark(), |(key, _)| key.span.clone());
            let mut all: Vec<&str> = known.clone();
            all.extend(own.iter().map(String::as_str));
            all.sort_unstable();
            let mut mistake = Diagnostic::error(format!("unknown property `{}`", clean(name)))
                .at(self.source, place, "")
                .maybe_help(did_you_mean(name, all.iter().copied()));
            mistake.notes.push(format!("the properties are {}", listed(&all, "and")));
            self.mistakes.push(mistake);
        }
    }

    fn worker(&mut self, at: usize, fields: &Fields, cluster: &Cluster) -> Option<WorkerSpec> {
        let worker = self.file.workers[at].clone();
        if worker.run.is_some() {
            return Some(self.program(at, worker, cluster));
        }
        if worker.steps.is_some() {
            return self.stepper(at, worker, fields, cluster);
        }
        let object = self.object(at, worker.object.as_deref(), &cluster.objects)?;
        let has_status = object.kind.status_subresource;
        let only_status = fields.sets.iter().all(|set| set.path.root() == Some("status"));
        let status = match worker.subresource {
            Some(subresource) => matches!(subresource, schema::Subresource::Status),
            None => has_status && only_status,
        };
        let write = self.worker_node(at, "write").mark();
        Some(WorkerSpec {
            object: ObjectRef {
                kind: object.kind.kind.clone(),
                namespace: object.key.namespace.clone(),
                name: object.key.name.clone(),
            },
            read: readers::reader(worker.read),
            freshness: self.freshness(at),
            cache_write: worker.cache_write == Some(true),
            write: match worker.cache_write {
                Some(true) => "cacheWrite".to_owned(),
                _ => worker.write.unwrap_or_default(),
            },
            subresource: status.then_some(crate::apiserver::Subresource::Status),
            sets: fields.sets.iter().map(|set| (set.path.clone(), set.value.clone())).collect(),
            when: fields
                .when
                .iter()
                .map(|(path, value, _)| (path.clone(), value.clone()))
                .collect(),
            process: worker.process.unwrap_or_else(|| worker.name.clone()),
            field_manager: worker.field_manager.unwrap_or_else(|| worker.name.clone()),
            attempts: attempts(worker.attempts.as_ref()),
            retry_read: RetryRead::reader(worker.retry_read),
            restamp: Restamp::moment(worker.restamp),
            omit: fields.omit.clone(),
            runs: worker.runs.unwrap_or(1),
            typed: !matches!(worker.client, Some(schema::Client::Unstructured)),
            knows: fields.knows.clone(),
            validate: fields.validate.clone(),
            write_line: self.source.line_of(write.start),
            name: worker.name,
            steps: None,
            run: None,
        })
    }

    fn object<'o>(
        &mut self,
        at: usize,
        reference: Option<&str>,
        objects: &'o [Seeded],
    ) -> Option<&'o Seeded> {
        let all: Vec<String> = objects.iter().map(Seeded::reference).collect();
        let Some(reference) = reference else {
            if let [only] = objects {
                return Some(only);
            }
            let node = self.at(&[At::Key("workers"), At::Index(at)]);
            let mistake = self.wrong(node, "this worker does not say which object it writes");
            mistake.help.push(format!("add `object: {}`", all.first()?));
            mistake.notes.push(format!("the objects are {}", listed(&all, "and")));
            return None;
        };
        let parts: Vec<&str> = reference.split('/').collect();
        let matches = |object: &&Seeded| match parts.as_slice() {
            [kind, name] => object.kind.kind == *kind && object.key.name == *name,
            [kind, namespace, name] => {
                let same = object.key.namespace.as_deref() == Some(namespace);
                object.kind.kind == *kind && same && object.key.name == *name
            }
            _ => false,
        };
        let found: Vec<&Seeded> = objects.iter().filter(matches).collect();
        if let [only] = found.as_slice() {
            return Some(only);
        }
        let node = self.worker_node(at, "object");
        let short = |object: &Seeded| format!("{}/{}", object.kind.kind, object.key.name);
        let shorts: Vec<String> = objects.iter().map(short).collect();
        let folded = |name: &&String| name.eq_ignore_ascii_case(reference);
        let meant =
            shorts.iter().chain(&all).find(folded).map(|name| format!("did you mean `{name}`?"));
        let meant = match found.first() {
            Some(first) => Some(format!("write which: `{}`", first.reference())),
            None => meant,
        };
        let mistake = match (found.is_empty(), parts.len()) {
            (false, _) => self.wrong(node, format!("`{}` names several objects", clean(reference))),
            (true, 2 | 3) => self.wrong(node, format!("there is no object `{}`", clean(reference))),
            _ => self.wrong(node, "an object must be named `Kind/name` or `Kind/namespace/name`"),
        };
        mistake
            .help
            .extend(meant.or_else(|| {
                did_you_mean(reference, shorts.iter().chain(&all).map(String::as_str))
            }));
        mistake.notes.push(format!("the objects are {}", listed(&all, "and")));
        None
    }
}
