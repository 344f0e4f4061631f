//! Readers of informer caches: how far a cache must have come, and workers that write to one.

use std::sync::Arc;

use super::Checker;
use crate::reconcilers::{Freshness, Op, Reader};
use crate::scenario::WorkerSpec;
use crate::scenario::diagnostic::{Diagnostic, SourceText, clean};
use crate::scenario::node::{At, Node, NodeKind};
use crate::scenario::schema::Read;

/// What the keys `freshness` and `beforeSync` of a worker or a step say; `None`: nothing.
pub(in crate::scenario) fn said_freshness(
    source: &Arc<SourceText>,
    node: &Node,
    reads_cache: bool,
) -> Result<Option<Freshness>, Box<Diagnostic>> {
    let said = |key: &str| node.entry(key).filter(|(_, value)| value.kind != NodeKind::Null);
    let (freshness, before) = (said("freshness"), said("beforeSync"));
    if let (Some((key, _)), false) = (freshness.or(before), reads_cache) {
        let message = format!("`{}` needs a read from an informer cache", key.text);
        let mistake = Diagnostic::error(message).at(source, key.span.clone(), "");
        return Err(Box::new(mistake.note("a live read returns every acknowledged write")));
    }
    let word = freshness.and_then(|(_, value)| value.as_str());
    let before = before.filter(|(_, value)| value.kind == NodeKind::Bool(true));
    if let (Some((key, _)), true) = (before, word != Some("synced")) {
        let mistake = Diagnostic::error("`beforeSync` needs `freshness: synced`")
            .at(source, key.span.clone(), "")
            .note("any other cache has its first list before the first step");
        let help = match word {
            None => "add `freshness: synced`: the cache then begins without its list",
            Some(_) => "set `freshness: synced`, or remove `beforeSync`",
        };
        return Err(Box::new(mistake.help(help)));
    }
    Ok(word.map(|word| match word {
        "synced" if before.is_some() => Freshness::BeforeSync,
        "synced" => Freshness::Synced,
        "read-your-writes" => Freshness::ReadYourWrites,
        _ => Freshness::Eventual,
    }))
}

/// Where a worker reads.
pub(super) fn reader(said: Option<Read>) -> Reader {
    match said {
        Some(Read::Cache) => Reader::Cache,
        Some(Read::Live) | None => Reader::Live,
    }
}

impl Checker<'_> {
    /// How far the caches must have come that a worker reads.
    pub(super) fn freshness(&mut self, at: usize) -> Freshness {
        let worker = self.at(&[At::Key("workers"), At::Index(at)]);
        let said = |key: &str| worker.get(key).and_then(Node::as_str);
        let steps = worker.get("steps");
        let reads_cache = match steps {
            Some(steps) => reads_cache(steps),
            None => said("read") == Some("cache") || said("retryRead") == Some("cache"),
        };
        match said_freshness(self.source, worker, reads_cache) {
            Ok(said) => said.unwrap_or_default(),
            Err(mistake) => {
                let help = match steps {
                    Some(_) => "read with `cache`, or remove it",
                    None => "add `read: cache`, or remove it",
                };
                let has_help = !mistake.help.is_empty();
                self.mistakes.push(if has_help { *mistake } else { mistake.help(help) });
                Freshness::default()
            }
        }
    }

    /// Writes to a cache: a worker has to read there, and nothing is sent.
    pub(super) fn readers(&mut self, workers: &[WorkerSpec]) {
        for (at, spec) in workers.iter().enumerate() {
            let worker = self.at(&[At::Key("workers"), At::Index(at)]);
            if spec.cache_write {
                self.short_cache_write(worker, spec);
            }
            let Some(steps) = &spec.steps else { continue };
            let own = || workers.iter().filter(|other| other.process == spec.process);
            for (op, place) in steps.code.iter().zip(&steps.places) {
                let Op::CacheWrite(write) = op else { continue };
                let key = &write.job.key;
                let reads = |other: &WorkerSpec| match &other.steps {
                    Some(steps) => steps.code.iter().any(|op| reads_from_cache(op, key)),
                    None => {
                        other.read == Reader::Cache
                            && other.object.kind == write.job.kind
                            && other.object.name == key.name
                    }
                };
                if own().any(reads) {
                    continue;
                }
                let name = format!("{}/{}", write.job.kind, key.name);
                let message =
                    format!("no worker of this process reads `{}` from its cache", clean(&name));
                let mistake = Diagnostic::error(message)
                    .at(self.source, place.clone(), "no worker ever reads this")
                    .note(format!("the process is `{}`", clean(&spec.process)))
                    .help(format!("read it with `- cache: {}`", clean(&name)));
                self.mistakes.push(mistake);
            }
        }
    }

    fn short_cache_write(&mut self, worker: &Node, spec: &WorkerSpec) {
        let Some((key, _)) = worker.entry("cacheWrite") else { return };
        if spec.read != Reader::Cache {
            let mistake = Diagnostic::error("`cacheWrite` needs a worker that reads its cache")
                .at(self.source, key.span.clone(), "")
                .help("add `read: cache`");
            self.mistakes.push(mistake);
        }
    }
}

/// Whether a step reads from a cache, however deep.
fn reads_cache(list: &Node) -> bool {
    list.items().iter().any(|item| {
        let from = item.get("list").and_then(|list| list.get("from"));
        item.get("cache").is_some()
            || from.and_then(Node::as_str) == Some("cache")
            || item.get("retryRead").and_then(Node::as_str) == Some("cache")
            || item.get("else").is_some_and(reads_cache)
    })
}

/// Whether an operation reads this object from the cache; a name that is not known may be any.
fn reads_from_cache(op: &Op, key: &crate::apiserver::Key) -> bool {
    op.reads_cache_at().is_some()
        && match op {
            Op::Read { key: read, .. } => read == key || key.name.is_empty(),
            Op::List(list) => list.resource == key.resource,
            Op::Write(write) => write.job.key.resource == key.resource,
            _ => false,
        }
}
