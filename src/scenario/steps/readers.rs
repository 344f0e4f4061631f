//! How far a cache must have come that a step reads, and the step that writes to it.

use std::sync::Arc;

use super::Compiler;
use crate::history::Lists;
use crate::reconcilers::{
    Attempts, CacheWriteOp, Freshness, Job, Op, Reader, Restamp, Set, methods,
};
use crate::scenario::build::TIME;
use crate::scenario::node::{Node, NodeKind};
use crate::scenario::validate::readers::said_freshness;
use crate::scenario::values::SetEntry;

impl Compiler<'_> {
    /// What a step says of its read, or what its worker does.
    pub(super) fn freshness(&mut self, node: &Node, reader: Reader) -> Freshness {
        let said = said_freshness(self.source, node, reader == Reader::Cache);
        match said {
            Ok(said) => said.unwrap_or(self.defaults.freshness),
            Err(mistake) => {
                self.values.mistakes.push(*mistake);
                Freshness::default()
            }
        }
    }

    /// `cacheWrite`.
    pub(super) fn cache_write(&mut self, step: &Node, value: &Node) {
        let name = value.as_str().unwrap_or_default();
        let Some(bound) = self.named(name, &value.span) else { return };
        if bound.is_list {
            self.wrong(&value.span, format!("`{name}` is a list, not an object"))
                .help("put one object into the cache at a time");
            return;
        }
        let sets = step.get("sets").filter(|node| node.kind != NodeKind::Null);
        let sets = sets.map(|node| self.values.sets(node)).unwrap_or_default();
        let nameless = || crate::apiserver::Key {
            resource: bound.kind.resource.clone(),
            namespace: None,
            name: String::new(),
        };
        let kind = Arc::clone(&bound.kind);
        let key = bound.key.clone().unwrap_or_else(nameless);
        let own = Some(bound.slot);
        let sets: Vec<SetEntry> =
            sets.into_iter().filter_map(|set| self.resolved(set, own, &key, &kind)).collect();
        let set = |SetEntry { path, value, .. }: SetEntry| {
            let list = path.outermost_list().unwrap_or_else(|| path.clone());
            Set { list: Some(kind.list_type(&list.field_names())), path, value }
        };
        let sets = sets.into_iter().map(set).collect();
        let job = Job {
            name: self.defaults.worker.clone(),
            key,
            api_version: kind.api_version(),
            kind: kind.kind.clone(),
            schema: Arc::clone(&kind.schema),
            // Nothing is sent, so no method sends it.
            write: methods::all()[0],
            subresource: None,
            sets,
            when: Vec::new(),
            decided: Vec::new(),
            guards: false,
            lists: Lists::of(&kind),
            creates: kind.create_on_update,
            field_manager: self.defaults.field_manager.clone(),
            attempts: Attempts::AtMost(1),
            retry_read: None,
            restamp: Restamp::OnConflict,
            omit: Vec::new(),
            typed: self.defaults.typed,
            knows: None,
            validate: Vec::new(),
            time: TIME,
        };
        self.push(Op::CacheWrite(CacheWriteOp::new(Arc::new(job), bound.slot)));
    }
}
