//! Of a stale object in a cache, often only the version can still matter.
//!
//! A worker that sends back what it read, with the version that it read, and decides nothing from
//! it, is refused once another write has come in between, whatever else it sends. So an object in
//! its cache, or on the way there, that the server no longer has in that version is as good as any
//! other with the same version: what stood in it tells no two futures apart. How many events are
//! on the way still does, since each delivery is a step. `tests/it/exhaustive.rs` compares with the
//! search that keeps everything. Next to read: `parts/relabel.rs`.

use serde_json::{Map, Value, json};

use crate::reconcilers::methods::Refusal;
use crate::reconcilers::{BoxedWorker, Op, Program, ValueExpr, WriteOp};
use crate::simulation::World;

/// By cache: whether its workers do nothing with a stale object but send it back, with a version
/// that the server refuses.
pub(super) fn dead_when_stale(world: &World) -> Vec<bool> {
    let readers = |cache: usize| {
        let workers = world.workers.iter().zip(&world.setting.workers);
        workers.filter(move |(_, info)| info.cache == Some(cache)).map(|(worker, _)| worker)
    };
    let sends = |worker: &BoxedWorker| worker.program().is_some_and(|it| only_sends_back(&it));
    (0..world.caches.len()).map(|cache| readers(cache).all(sends)).collect()
}

fn only_sends_back(program: &Program) -> bool {
    program.only_key().is_some()
        && program.code.iter().all(|op| match op {
            Op::Read { .. } | Op::Jump(_) | Op::Stop | Op::Effect { .. } => true,
            Op::Write(WriteOp { job, from, .. }) => {
                let held = |value: &ValueExpr| matches!(value, ValueExpr::Held { .. });
                from.is_some()
                    && job.write.names_version()
                    && job.is_refused_when_stale()
                    && job.write.after_refusal() != Refusal::Restamp
                    && job.when.is_empty()
                    && job.decided.is_empty()
                    && job.validate.is_empty()
                    && !job.sets.iter().any(|set| held(&set.value))
            }
            Op::Test { .. } | Op::List(_) | Op::Create(_) | Op::Delete(_) | Op::Lead(_) => false,
            // The copy that is put there is no version of the server's.
            Op::CacheWrite(_) => false,
        })
}

/// What is left of a stale object: which one it is, and its version.
pub(super) fn only_version(object: &Value) -> Value {
    let names = ["name", "namespace", "uid", "resourceVersion"];
    let found = names.iter().filter_map(|name| Some((*name, object["metadata"].get(name)?)));
    let metadata: Map<String, Value> = found.map(|(k, v)| (k.to_owned(), v.clone())).collect();
    json!({ "apiVersion": object["apiVersion"], "kind": object["kind"], "metadata": metadata })
}
