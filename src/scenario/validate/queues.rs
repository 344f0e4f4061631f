//! What a controller's queue is triggered by, and what it does with a key that failed.

use std::ops::Range;

use super::{Checker, attempts};
use crate::reconcilers::{Attempts, Op};
use crate::scenario::cluster::Cluster;
use crate::scenario::diagnostic::{Diagnostic, clean};
use crate::scenario::node::{At, Node, NodeKind};
use crate::scenario::schema_controllers::Per;
use crate::scenario::suggest::{did_you_mean, listed};
use crate::scenario::{ControllerSpec, RequeueSpec, TriggerSpec, WorkerSpec};
use crate::schedulers::timed::{Backoff, Timing};
use crate::simulation::Watched;

impl Checker<'_> {
    /// The replicas of the controllers.
    pub(super) fn controllers(
        &mut self,
        cluster: &Cluster,
        workers: &[WorkerSpec],
    ) -> Vec<ControllerSpec> {
        let replicas = self.replicas;
        self.leads_nowhere(workers);
        let mut specs: Vec<ControllerSpec> = Vec::new();
        for (at, replica) in replicas.iter().enumerate() {
            let first = replicas[..at].iter().position(|r| r.controller == replica.controller);
            if let Some(first) = first.and_then(|first| specs.get(first)) {
                // What is wrong with a controller is said once.
                let (name, leads) = (replica.name.clone(), replica.leads);
                let own = indexes(workers, &replica.workers);
                let spec = ControllerSpec { name, workers: own, leads, ..first.clone() };
                specs.push(spec);
                continue;
            }
            let node = self.at(&[At::Key("controllers"), At::Index(replica.controller)]);
            let file = self.file.controllers.iter().flatten().nth(replica.controller).cloned();
            let Some(file) = file else { continue };
            let trigger = file.trigger.as_ref().map(|trigger| TriggerSpec {
                watch: node
                    .get("trigger")
                    .and_then(|node| node.get("watch"))
                    .filter(|node| !node.items().is_empty())
                    .map(|node| self.watched(node, cluster, workers)),
                resync: trigger.resync.unwrap_or(0),
            });
            let requeue = node.get("requeue").filter(|node| !node.entries().is_empty());
            specs.push(ControllerSpec {
                name: replica.name.clone(),
                workers: indexes(workers, &replica.workers),
                concurrency: file.queue.concurrency.unwrap_or(1) as usize,
                per_key: matches!(file.queue.per, Some(Per::Key)),
                trigger,
                requeue: requeue.map(|node| self.requeue(node)),
                leads: replica.leads,
            });
        }
        specs
    }

    /// `leader` asks a process that elects.
    fn leads_nowhere(&mut self, workers: &[WorkerSpec]) {
        let code = |spec: &WorkerSpec| spec.steps.clone().into_iter().flat_map(|s| s.code);
        let leads = |spec: &WorkerSpec| code(spec).any(|op| matches!(op, Op::Lead(_)));
        let starts = |process: &str| {
            let own = workers.iter().filter(|other| other.process == process);
            own.flat_map(code)
                .any(|op| matches!(op, Op::Lead(crate::reconcilers::LeadOp::Start(_))))
        };
        for (at, spec) in workers.iter().enumerate() {
            if leads(spec) && !starts(&spec.process) {
                let node = self.worker_node(at, "steps");
                let place = step(node, "leader").or_else(|| step(node, "resign"));
                let mistake = Diagnostic::error("this process never leads")
                    .at(self.source, place.unwrap_or(node.mark()), "so this run always ends here")
                    .help("add `leaderElection: lease` to its controller");
                self.mistakes.push(mistake);
            }
        }
    }

    fn watched(&mut self, list: &Node, cluster: &Cluster, workers: &[WorkerSpec]) -> Watched {
        let mut watched = Watched::default();
        for item in list.items() {
            let text = item.as_str().unwrap_or_default();
            let kind_name = text.split('/').next().unwrap_or_default();
            let Some(kind) = cluster.server.kind_named(kind_name) else {
                let kinds = cluster.server.kinds();
                let names: Vec<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
                let mistake = Diagnostic::error(format!("there is no kind `{}`", clean(kind_name)))
                    .at(self.source, item.span.clone(), "")
                    .maybe_help(did_you_mean(kind_name, names))
                    .note("a trigger watches `Kind/name`, or all objects of a `Kind`");
                self.mistakes.push(mistake);
                continue;
            };
            let parts: Vec<&str> = text.split('/').collect();
            let seeded = cluster.objects.iter().find(|seeded| match parts.as_slice() {
                [kind] => seeded.kind.kind == *kind,
                [kind, name] => seeded.kind.kind == *kind && seeded.key.name == *name,
                [kind, namespace, name] => {
                    seeded.kind.kind == *kind
                        && seeded.key.namespace.as_deref() == Some(*namespace)
                        && seeded.key.name == *name
                }
                _ => false,
            });
            let creates = |op: &Op| match op {
                Op::Create(create) => create.resource == kind.resource,
                _ => false,
            };
            let steps = || workers.iter().flat_map(|spec| &spec.steps);
            let created = steps().any(|steps| steps.code.iter().any(creates));
            if seeded.is_none() && !created {
                let all: Vec<String> =
                    cluster.objects.iter().map(|seeded| seeded.reference()).collect();
                let mistake = Diagnostic::error(format!("no cache ever sees `{}`", clean(text)))
                    .at(self.source, item.span.clone(), "no event triggers this queue")
                    .note(format!(
                        "the objects are {}, and no worker creates a {}",
                        listed(&all, "and"),
                        kind.kind
                    ))
                    .help("watch an existing object, or one that a worker creates");
                self.mistakes.push(mistake);
                continue;
            }
            match (parts.as_slice(), seeded) {
                ([_], _) => drop(watched.resources.insert(kind.resource.clone())),
                (_, Some(seeded)) => drop(watched.keys.insert(seeded.key.clone())),
                ([_, middle @ .., name], None) => {
                    let namespace = middle.first().copied().unwrap_or("default").to_owned();
                    watched.keys.insert(crate::apiserver::Key {
                        resource: kind.resource.clone(),
                        namespace: kind.namespaced.then_some(namespace),
                        name: (*name).to_owned(),
                    });
                }
                ([], None) => {}
            }
        }
        watched
    }

    fn requeue(&mut self, node: &Node) -> RequeueSpec {
        let backoff = match node.get("backoff").map(|node| &node.kind) {
            Some(NodeKind::List(items)) => {
                let spans: Vec<_> = items.iter().filter_map(|item| self.span(item)).collect();
                Backoff::Listed(spans)
            }
            _ => Backoff::RATE_LIMITED,
        };
        let max = node.get("max").filter(|node| node.kind != NodeKind::Null);
        let tries = max.map(|node| match attempts(Some(&node.to_value())) {
            Attempts::AtMost(most) => Attempts::AtMost(most.saturating_add(1)),
            unlimited => unlimited,
        });
        let deadline = node.get("deadline").filter(|node| node.kind != NodeKind::Null);
        let deadline = deadline.and_then(|node| self.span(node));
        RequeueSpec { backoff, attempts: tries, deadline }
    }
}

/// How long the queues keep keys that failed.
pub(super) fn timed(controllers: &[ControllerSpec], timing: &mut Timing) {
    for controller in controllers {
        let Some(requeue) = &controller.requeue else { continue };
        for &worker in &controller.workers {
            timing.workers[worker].backoff = requeue.backoff.clone();
            timing.workers[worker].deadline = requeue.deadline;
        }
    }
}

/// How often a deadline may pass, as the file says, or once for each worker that has one.
pub(super) fn deadlines(said: Option<u32>, controllers: &[ControllerSpec]) -> u32 {
    let late = controllers.iter().filter(|controller| controller.has_deadline());
    said.unwrap_or_else(|| late.map(|controller| controller.workers.len() as u32).sum())
}

/// The workers with these names.
fn indexes(workers: &[WorkerSpec], names: &[String]) -> Vec<usize> {
    let named = |name: &String| workers.iter().position(|worker| worker.name == *name);
    names.iter().filter_map(named).collect()
}

/// Where a step with this action stands, however deep.
fn step(list: &Node, action: &str) -> Option<Range<usize>> {
    list.items().iter().find_map(|item| match item.entry(action) {
        Some((key, _)) => Some(key.span.clone()),
        None => step(item.get("else")?, action),
    })
}
