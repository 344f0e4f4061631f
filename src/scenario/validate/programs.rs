//! Workers that are programs, and what happens from outside.

use serde_json::Value;

use super::{Checker, attempts};
use crate::apiserver::FieldPath;
use crate::reconcilers::{Freshness, OnError, Reader, Then};
use crate::scenario::cluster::Cluster;
use crate::scenario::diagnostic::{Diagnostic, clean};
use crate::scenario::isolation::Way;
use crate::scenario::node::{At, Node, NodeKind};
use crate::scenario::programs::{Act, LimitsSpec, Programs, RunSpec, Stimulus};
use crate::scenario::schema::{self, Subresource};
use crate::scenario::schema_programs::{IsolationFile, Leases, StimulusFile};
use crate::scenario::{Isolation, ObjectRef, Scenario, StepsSpec, WorkerSpec};

/// The keys of a worker that is a program.
const KEYS: [&str; 3] = ["name", "run", "env"];

impl Checker<'_> {
    /// A program has a command line, and nothing that says what a modelled worker does.
    pub(super) fn program_form(&mut self, at: usize) {
        let worker = self.at(&[At::Key("workers"), At::Index(at)]);
        let run = self.worker_node(at, "run");
        for (key, value) in worker.entries() {
            if KEYS.contains(&key.text.as_str()) || value.kind == NodeKind::Null {
                continue;
            }
            let message = format!("`{}` cannot be combined with `run`", clean(&key.text));
            let mistake = Diagnostic::error(message)
                .at(self.source, key.span.clone(), "")
                .see(self.source, run.mark(), "this worker is a program")
                .help("what a program does is seen from its requests");
            self.mistakes.push(mistake);
        }
        if self.file.workers[at].run.iter().flatten().any(|part| part.contains('\0')) {
            self.wrong(run, "a command line cannot contain a NUL character");
        }
    }

    /// A worker that is a program: in the model it does nothing.
    pub(super) fn program(&mut self, at: usize, worker: schema::Worker, c: &Cluster) -> WorkerSpec {
        let first = c.objects.first();
        let object = first.map(|first| ObjectRef {
            kind: first.kind.kind.clone(),
            namespace: first.key.namespace.clone(),
            name: first.key.name.clone(),
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let env = worker.env.iter().flatten().map(|(key, value)| (key.clone(), text(value)));
        let run = RunSpec { command: worker.run.unwrap_or_default(), env: env.collect() };
        let on_error = OnError::always(Then::Requeue);
        let place = self.worker_node(at, "run").mark();
        // Where the program lies is not part of what a schedule is about: `go test` builds it into
        // another folder each time.
        let steps = StepsSpec {
            text: serde_json::json!("program"),
            code: Vec::new(),
            places: Vec::new(),
            on_error,
        };
        let nothing = ObjectRef { kind: String::new(), namespace: None, name: String::new() };
        WorkerSpec {
            object: object.unwrap_or(nothing),
            read: Reader::Live,
            freshness: Freshness::default(),
            cache_write: false,
            write: "program".to_owned(),
            subresource: None,
            sets: Vec::new(),
            when: Vec::new(),
            process: worker.name.clone(),
            field_manager: worker.name.clone(),
            attempts: attempts(None),
            retry_read: Some(Reader::Live),
            restamp: Default::default(),
            omit: Vec::new(),
            runs: 1,
            typed: true,
            knows: None,
            validate: Vec::new(),
            write_line: self.source.line_of(place.start),
            name: worker.name,
            steps: Some(steps),
            run: Some(run),
        }
    }

    /// What the scenario says of its programs.
    pub(super) fn programs(&mut self, cluster: &Cluster) -> Programs {
        let runs = self.file.workers.iter().any(|worker| worker.run.is_some());
        for key in ["leases", "isolation", "stimuli", "limits"] {
            let Some((name, value)) = self.root.entry(key) else { continue };
            if runs || value.kind == NodeKind::Null {
                continue;
            }
            let message = format!("`{key}` needs a worker that is a program");
            let mistake = Diagnostic::error(message)
                .at(self.source, name.span.clone(), "")
                .help("a program is a worker with `run: [./manager]`");
            self.mistakes.push(mistake);
        }
        let faults = self.root.get("faults");
        let leases = faults.and_then(|faults| faults.entry("leasesLost"));
        if let Some((name, _)) = leases.filter(|_| !runs && self.file.faults.leases_lost > 0) {
            let mistake = Diagnostic::error("`leasesLost` needs a worker that is a program").at(
                self.source,
                name.span.clone(),
                "",
            );
            self.mistakes.push(mistake);
        }
        let stimuli = self.file.stimuli.clone().unwrap_or_default();
        let nodes = self.root.get("stimuli").map(Node::items).unwrap_or_default();
        let stimuli = stimuli.into_iter().zip(nodes);
        let stimuli: Vec<Stimulus> =
            stimuli.filter_map(|(said, node)| self.stimulus(said, node, cluster)).collect();
        let limits = self.file.limits.unwrap_or_default();
        Programs {
            leases_race: self.file.leases == Some(Leases::Race),
            leases_lost: self.file.faults.leases_lost,
            isolation: match self.file.isolation {
                Some(IsolationFile::Name) => Isolation::Name,
                Some(IsolationFile::Process) | None => Isolation::Process,
            },
            stimuli,
            limits: LimitsSpec {
                memory: limits.memory,
                processes: limits.processes,
                files: limits.files,
                requests: limits.requests,
                watches: limits.watches,
            },
        }
    }

    /// What makes it impossible to part executions by names, if the scenario says so.
    pub(crate) fn parted(&self, scenario: &Scenario) -> Vec<Diagnostic> {
        if scenario.programs.isolation == Isolation::Process {
            return Vec::new();
        }
        let told = scenario.hindrances().into_iter().map(|hindrance| {
            let way: Vec<At<'_>> = hindrance
                .place
                .iter()
                .map(|part| match part {
                    Way::Key(key) => At::Key(key),
                    Way::Index(at) => At::Index(*at),
                })
                .collect();
            let isolation = self.at(&[At::Key("isolation")]).mark();
            Diagnostic::error(hindrance.words)
                .at(self.source, self.at(&way).mark(), "")
                .see(self.source, isolation, "executions are parted by names")
                .help(hindrance.help)
        });
        told.collect()
    }

    fn stimulus(&mut self, said: StimulusFile, node: &Node, c: &Cluster) -> Option<Stimulus> {
        let settled = said.settled.unwrap_or(false);
        let status = matches!(said.subresource, Some(Subresource::Status));
        let given = [&said.patch, &said.delete, &said.scale, &said.edit];
        let acts = given.iter().filter(|act| act.is_some()).count();
        if acts + usize::from(said.create.is_some()) != 1 {
            self.wrong(node, "a stimulus does one thing")
                .help
                .push("use one of `create`, `patch`, `delete`, `scale` and `edit`".to_owned());
            return None;
        }
        if let Some(object) = said.create {
            let object = Value::Object(object);
            let kind = self.kind_named(object["kind"].as_str().unwrap_or_default(), node, c)?;
            let Some(name) = object["metadata"]["name"].as_str() else {
                self.wrong(node, "the object to create has no `metadata.name`");
                return None;
            };
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
            let namespace = kind.namespaced.then(|| namespace.to_owned());
            let name = name.to_owned();
            return Some(Stimulus { kind, namespace, name, act: Act::Create(object), settled });
        }
        let reference = given.into_iter().flatten().next()?.clone();
        let act = if said.delete.is_some() {
            Act::Delete
        } else if said.patch.is_some() {
            let Some(patch) = said.with else {
                self.wrong(node, "`patch` needs `with`, the merge patch");
                return None;
            };
            Act::Patch(Value::Object(patch), status)
        } else if said.scale.is_some() {
            let Some(to) = said.to else {
                self.wrong(node, "`scale` needs `to`, the number of replicas");
                return None;
            };
            Act::Scale(to)
        } else {
            let mut sets = Vec::new();
            for (path, value) in said.sets.unwrap_or_default() {
                match path.parse::<FieldPath>() {
                    Ok(path) => sets.push((path, value)),
                    Err(error) => {
                        self.wrong(
                            node,
                            format!("`{}` is not a field path: {error}", clean(&path)),
                        );
                        return None;
                    }
                }
            }
            if sets.is_empty() {
                self.wrong(node, "`edit` needs `sets`, field path to value");
                return None;
            }
            Act::Edit(sets, status)
        };
        let parts: Vec<&str> = reference.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind, name] => (kind, "default", name),
            [kind, namespace, name] => (kind, namespace, name),
            _ => {
                self.wrong(node, "an object must be named `Kind/name` or `Kind/namespace/name`");
                return None;
            }
        };
        let kind = self.kind_named(kind, node, c)?;
        let namespace = kind.namespaced.then(|| namespace.to_owned());
        Some(Stimulus { kind, namespace, name: name.to_owned(), act, settled })
    }

    fn kind_named(
        &mut self,
        name: &str,
        node: &Node,
        cluster: &Cluster,
    ) -> Option<std::sync::Arc<crate::apiserver::Kind>> {
        let kind = cluster.server.kind_named(name);
        if kind.is_none() {
            self.wrong(node, format!("the API server does not know the kind `{}`", clean(name)))
                .help
                .push("add its CustomResourceDefinition to `crds`".to_owned());
        }
        kind
    }
}
