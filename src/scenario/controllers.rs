//! `controllers`: replicas and electors become workers, before anything else is looked at.
//!
//! A worker of a controller with replicas is written once and stands for one worker in each of
//! them, in a process of its own; leader election is a worker beside them, whose steps are the
//! requests that client-go's leaderelection makes. So nothing further on knows of either. What is
//! left of a controller is a queue for each replica ([`Replica`]), which says who may begin a
//! reconcile. Next to read: `simulation/turn.rs`.

mod nodes;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::schema::MAX_WORKERS;
use super::suggest::{did_you_mean, listed};
use super::yaml;
use nodes::{by_replica, filled_in, number, put, set, text, with};

/// A document with a worker for each replica, and what remains of its controllers.
#[derive(Debug)]
pub struct Expanded {
    /// The document.
    pub root: Node,
    /// The replicas of its controllers.
    pub replicas: Vec<Replica>,
}

/// One replica of a controller.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Which controller of the file.
    pub controller: usize,
    /// Its name: the controller's, with a number if there are several.
    pub name: String,
    /// The names of its workers.
    pub workers: Vec<String>,
    /// Whether it works only while its process leads.
    pub leads: bool,
}

/// Expands the controllers of a document of the right shape; `None` if it has none.
pub fn expand(source: &Arc<SourceText>, root: &Node) -> Result<Option<Expanded>, Vec<Diagnostic>> {
    let Some(list) = root.get("controllers").filter(|node| node.kind != NodeKind::Null) else {
        return Ok(None);
    };
    let workers = root.get("workers").map(Node::items).unwrap_or_default();
    let mut expander =
        Expander { source, workers, controllers: list.items(), mistakes: Vec::new() };
    let controllers: Vec<Controller<'_>> =
        list.items().iter().enumerate().map(|(at, node)| expander.controller(at, node)).collect();
    expander.apart(&controllers);
    if !expander.mistakes.is_empty() {
        return Err(expander.mistakes);
    }
    let mut made: Vec<Node> = Vec::new();
    for worker in workers {
        let name = text(worker, "name");
        match controllers.iter().find(|controller| controller.workers.contains(&name)) {
            None => made.push(worker.clone()),
            Some(controller) => {
                let copies = (1..=controller.replicas).map(|n| controller.copy(worker, name, n));
                made.extend(copies);
            }
        }
    }
    let replicas: Vec<Replica> = controllers.iter().flat_map(Controller::replicas).collect();
    let mut led: Vec<String> = Vec::new();
    for controller in controllers.iter().filter(|controller| controller.election.is_some()) {
        for n in 1..=controller.replicas {
            let process = controller.process(n);
            // Controllers of one process elect once.
            if !led.contains(&process) {
                made.push(controller.elector(n));
                led.push(process);
            }
        }
    }
    if made.len() > MAX_WORKERS {
        let message = format!("these controllers make {} workers", made.len());
        let mistake = Diagnostic::error(message)
            .at(source, list.mark(), "")
            .note(format!("the limit is {MAX_WORKERS} workers, electors included"))
            .help("use fewer replicas");
        return Err(vec![mistake]);
    }
    let mut root = with(root, "workers", |workers| Node {
        span: workers.span.clone(),
        kind: NodeKind::List(made.clone()),
    });
    let names = renamed(&controllers);
    root = with(&root, "invariants", |list| by_replica(list, &names));
    Ok(Some(Expanded { root, replicas }))
}

/// What a controller says about its leader election.
#[derive(Clone, Debug)]
struct Election {
    lease: String,
    renewals: u64,
    stopping: String,
    place: Range<usize>,
}

/// A controller, as the file says it.
#[derive(Debug)]
struct Controller<'n> {
    at: usize,
    name: &'n str,
    workers: Vec<&'n str>,
    /// The process that its workers name.
    named_process: Option<&'n str>,
    replicas: u64,
    election: Option<Election>,
}

struct Expander<'e> {
    source: &'e Arc<SourceText>,
    workers: &'e [Node],
    controllers: &'e [Node],
    mistakes: Vec<Diagnostic>,
}

impl<'e> Expander<'e> {
    fn wrong(&mut self, place: &Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        self.mistakes.push(Diagnostic::error(message).at(self.source, place.clone(), ""));
        self.mistakes.last_mut().expect("just pushed")
    }

    fn controller(&mut self, at: usize, node: &'e Node) -> Controller<'e> {
        let name = text(node, "name");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let place = node.get("name").map_or(node.mark(), Node::mark);
            let note = "a name begins with a letter and has letters, digits, `-`, `_` and `.`";
            let message = format!("`{}` is not a valid controller name", clean(name));
            self.wrong(&place, message).notes.push(note.to_owned());
        }
        let names: Vec<&str> = self.workers.iter().map(|worker| text(worker, "name")).collect();
        let mut workers: Vec<&str> = Vec::new();
        let mut named_process: Option<(&str, Range<usize>)> = None;
        for item in node.get("workers").map(Node::items).unwrap_or_default() {
            let worker = item.as_str().unwrap_or_default();
            let Some(found) = names.iter().position(|name| *name == worker) else {
                let message = format!("there is no worker `{}`", clean(worker));
                let meant = did_you_mean(worker, names.iter().copied());
                let all = format!("the workers are {}", listed(&names, "and"));
                let wrong = self.wrong(&item.span, message);
                wrong.help.extend(meant);
                wrong.notes.push(all);
                continue;
            };
            if workers.contains(&worker) {
                let message = format!("`{worker}` is in this queue twice");
                let help =
                    "name it once: `replicas` makes more of it, and `runs` lets it run again";
                self.wrong(&item.span, message).help.push(help.to_owned());
                continue;
            }
            let process = self.workers[found].get("process");
            match (process.and_then(Node::as_str), &named_process) {
                (Some(other), Some((first, place))) if other != *first => {
                    let place = place.clone();
                    let here = process.map_or(item.span.clone(), |node| node.span.clone());
                    let mistake = Diagnostic::error(format!(
                        "the workers of controller `{}` are in two processes",
                        clean(name)
                    ))
                    .at(self.source, here, "one worker is here")
                    .see(self.source, place, "another worker is here")
                    .help("a controller runs in one process; `replicas` makes more of them");
                    self.mistakes.push(mistake);
                }
                (Some(process), None) => named_process = Some((process, item.span.clone())),
                _ => {}
            }
            workers.push(worker);
        }
        let election = node.get("leaderElection").and_then(|node| election(node, name));
        let replicas = number(node, "replicas").unwrap_or(1);
        let named_process = named_process.map(|(process, _)| process);
        Controller { at, name, workers, named_process, replicas, election }
    }

    /// No name twice, and no worker in two queues.
    fn apart(&mut self, controllers: &[Controller<'e>]) {
        for (at, controller) in controllers.iter().enumerate() {
            let first = controllers[..at].iter().find(|other| other.name == controller.name);
            if first.is_some() {
                let message = format!("two controllers are named `{}`", clean(controller.name));
                let place = self.place(controller.at, None);
                self.wrong(&place, message).help.push("give each a name of its own".to_owned());
            }
            for worker in &controller.workers {
                let other = controllers[..at].iter().find(|other| other.workers.contains(worker));
                let Some(other) = other.map(|other| other.name.to_owned()) else { continue };
                let message = format!("`{worker}` is in the queue of `{other}` already");
                let place = self.place(controller.at, Some(worker));
                let help = "a reconcile belongs to one controller; add another worker";
                self.wrong(&place, message).help.push(help.to_owned());
            }
        }
    }

    /// Where a controller says its name, or names a worker.
    fn place(&self, controller: usize, worker: Option<&str>) -> Range<usize> {
        let node = &self.controllers[controller];
        let named = |list: &'e Node| {
            list.items().iter().find(|item| item.as_str() == worker).map(|item| item.span.clone())
        };
        let worker = worker.and(node.get("workers")).and_then(named);
        worker.unwrap_or_else(|| node.get("name").map_or(node.mark(), Node::mark))
    }
}

impl Controller<'_> {
    /// The name of something of a replica: with a number if there are several.
    fn numbered(&self, name: &str, n: u64) -> String {
        if self.replicas == 1 { name.to_owned() } else { format!("{name}-{n}") }
    }

    fn process(&self, n: u64) -> String {
        self.numbered(self.named_process.unwrap_or(self.name), n)
    }

    fn replicas(&self) -> impl Iterator<Item = Replica> + '_ {
        (1..=self.replicas).map(|n| Replica {
            controller: self.at,
            name: self.numbered(self.name, n),
            workers: self.workers.iter().map(|worker| self.numbered(worker, n)).collect(),
            leads: self.election.is_some(),
        })
    }

    /// A worker of a replica. All replicas write under the same field manager.
    fn copy(&self, worker: &Node, name: &str, n: u64) -> Node {
        let mut copy = filled_in(worker, &n.to_string());
        set(&mut copy, "name", &self.numbered(name, n));
        set(&mut copy, "process", &self.process(n));
        if worker.get("fieldManager").is_none_or(|node| node.kind == NodeKind::Null) {
            set(&mut copy, "fieldManager", name);
        }
        copy
    }

    /// Acquires the Lease and renews it, request by request as client-go does. When the Lease of
    /// another one expires is not modelled: at any time after it was read.
    fn elector(&self, n: u64) -> Node {
        let Some(Election { lease, renewals, stopping, place }) = &self.election else {
            unreachable!("asked only for one that elects")
        };
        let id = self.numbered(self.name, n);
        let mut steps = format!(
            "name: elector-{id}
process: {process}
attempts: 10
steps:
- get: Lease/{lease}
- when: {{ Lease/{lease}: {{ $exists: true }} }}
  else:
  - create: {{ kind: Lease, name: {lease}, spec: {{ holderIdentity: {id}, leaseTransitions: 0 }} }}
- when: {{ Lease/{lease}.spec.holderIdentity: {id} }}
  else:
  - when: {{ Lease/{lease}.spec.holderIdentity: null }}
    else:
    - when: {{ Lease/{lease}.spec.holderIdentity: \"\" }}
      else:
      - get: Lease/{lease}
  - write: update
    object: Lease/{lease}
    sets: {{ spec.holderIdentity: {id}, spec.leaseTransitions: {{ $add: 1 }} }}
- lead: Lease/{lease}
",
            process = self.process(n)
        );
        for renewal in 1..=*renewals {
            let time = format!("\"2026-01-01T00:00:{:02}.000000Z\"", 2 * renewal);
            steps += &format!(
                "- write: update
  object: Lease/{lease}
  sets: {{ spec.renewTime: {time} }}
  onError: next
- when: {{ Lease/{lease}.spec.renewTime: {time} }}
  else:
  - get: Lease/{lease}
  - when: {{ Lease/{lease}.spec.holderIdentity: {id} }}
    else:
    - resign: {stopping}
"
            );
        }
        let text = SourceText::new("elector", steps);
        let documents = yaml::parse(&text).unwrap_or_default();
        let mut root = documents.into_iter().next().map(|document| document.root);
        root.iter_mut().for_each(|node| put(node, place));
        root.unwrap_or(Node { span: place.clone(), kind: NodeKind::Null })
    }
}

/// What a controller says about leader election; `None` for `none`.
fn election(node: &Node, name: &str) -> Option<Election> {
    let default = name.to_lowercase().replace('_', "-");
    let map = match &node.kind {
        NodeKind::String(word) if word == "lease" => None,
        NodeKind::Map(_) => Some(node),
        _ => return None,
    };
    let said = |key: &str| map.and_then(|map| map.get(key)).and_then(Node::as_str);
    let lease = said("lease").map(|lease| lease.strip_prefix("Lease/").unwrap_or(lease));
    Some(Election {
        lease: lease.unwrap_or(&default).to_owned(),
        renewals: map.and_then(|map| number(map, "renewals")).unwrap_or(1),
        stopping: said("onStoppedLeading").unwrap_or("exit").to_owned(),
        place: node.mark(),
    })
}

/// What a worker of several replicas is called now.
fn renamed(controllers: &[Controller<'_>]) -> BTreeMap<String, Vec<String>> {
    let several = controllers.iter().filter(|controller| controller.replicas > 1);
    let workers = several.flat_map(|controller| {
        let names = |worker: &&str| {
            (1..=controller.replicas).map(|n| controller.numbered(worker, n)).collect()
        };
        controller.workers.iter().map(move |worker| ((*worker).to_owned(), names(worker)))
    });
    workers.collect()
}
