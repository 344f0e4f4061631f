//! A worker in the long form: `steps` instead of one read and one write.

use super::{Checker, Fields, attempts};
use crate::reconcilers::{OnError, Op, Reader, Restamp, Then};
use crate::scenario::cluster::Cluster;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::node::{At, Node, NodeKind};
use crate::scenario::{ObjectRef, StepsSpec, WorkerSpec, schema, steps};

impl Checker<'_> {
    /// The short form needs `write` and `sets`; the long form has them inside of `steps`.
    pub(super) fn form(&mut self, at: usize, worker: &Node) {
        let form = &self.file.workers[at];
        let has_steps = form.steps.is_some();
        if !has_steps {
            let sends = form.cache_write != Some(true);
            let needs = [
                (
                    "write",
                    form.write.is_none() && sends,
                    "a string",
                    "Its write method; `lostwrite list writes` explains each.",
                ),
                (
                    "sets",
                    form.sets.is_none(),
                    "a map",
                    "Field path to value: what it *means* to change",
                ),
            ];
            for (key, _, what, about) in needs.into_iter().filter(|need| need.1) {
                let (message, place) = match worker.entry(key) {
                    Some((at, _)) => (format!("`{key}` must be {what}, not nothing"), &at.span),
                    None => (format!("a worker needs the key `{key}`"), &worker.mark()),
                };
                let mistake = Diagnostic::error(message).at(self.source, place.clone(), "");
                self.mistakes.push(match worker.entry(key) {
                    Some(_) => mistake,
                    None => mistake.note(format!("`{key}`: {about}")),
                });
            }
            if let (true, Some((key, _))) = (form_has_on_error(worker), worker.entry("onError")) {
                let mistake = Diagnostic::error("`onError` belongs to `steps`")
                    .at(self.source, key.span.clone(), "")
                    .note("the short form gives up as its write method says");
                self.mistakes.push(mistake);
            }
            return;
        }
        let beside =
            ["write", "sets", "when", "read", "subresource", "retryRead", "restamp", "cacheWrite"];
        for key in beside {
            let Some((key, value)) = worker.entry(key) else { continue };
            if value.kind == NodeKind::Null {
                continue;
            }
            let mistake =
                Diagnostic::error(format!("`{}` cannot be combined with `steps`", key.text))
                    .at(self.source, key.span.clone(), "")
                    .see(self.source, self.worker_node(at, "steps").mark(), "the steps")
                    .help(match key.text.as_str() {
                        "read" => "use `get` or `cache` in the steps".to_owned(),
                        "cacheWrite" => "make it a step: `- cacheWrite: Kind/name`".to_owned(),
                        _ => format!("set `{}` in the step that it belongs to", key.text),
                    });
            self.mistakes.push(mistake);
        }
    }

    /// A worker in the long form.
    pub(super) fn stepper(
        &mut self,
        at: usize,
        worker: schema::Worker,
        fields: &Fields,
        cluster: &Cluster,
    ) -> Option<WorkerSpec> {
        let node = self.worker_node(at, "steps");
        let field_manager = worker.field_manager.unwrap_or_else(|| worker.name.clone());
        let tries = attempts(worker.attempts.as_ref());
        let typed = !matches!(worker.client, Some(schema::Client::Unstructured));
        let requeue = OnError::always(Then::Requeue);
        let on_error = self.at(&[At::Key("workers"), At::Index(at)]).get("onError");
        let on_error = on_error.map_or(requeue, |node| steps::on_error(node, requeue));
        if let Some(object) = worker.object.as_deref() {
            self.object(at, Some(object), &cluster.objects)?;
        }
        let defaults = steps::Defaults {
            worker: worker.name.clone(),
            field_manager: field_manager.clone(),
            attempts: tries,
            typed,
            on_error,
            object: worker.object.clone(),
            validate: fields.validate.clone(),
            knows: fields.knows.clone(),
            omit: fields.omit.clone(),
            freshness: self.freshness(at),
        };
        let compiled = steps::compile(self.source, node, cluster, &defaults);
        let compiled = compiled.map_err(|more| self.mistakes.extend(more)).ok()?;
        let steps = StepsSpec {
            text: serde_json::json!([node.to_value(), format!("{on_error:?}"), worker.object]),
            code: compiled.code,
            places: compiled.places,
            on_error,
        };
        let first = steps.writes().next();
        let key = first.map(|write| write.job.key.clone()).filter(|key| !key.name.is_empty());
        let kind = first.map(|write| write.job.kind.clone());
        let object = match (key, kind, cluster.objects.first()) {
            (Some(key), Some(kind), _) => {
                ObjectRef { kind, namespace: key.namespace, name: key.name }
            }
            (_, _, Some(first)) => ObjectRef {
                kind: first.kind.kind.clone(),
                namespace: first.key.namespace.clone(),
                name: first.key.name.clone(),
            },
            _ => ObjectRef { kind: String::new(), namespace: None, name: String::new() },
        };
        let cached = steps.code.iter().any(|op| op.reads_cache_at().is_some());
        Some(WorkerSpec {
            object,
            read: if cached { Reader::Cache } else { Reader::Live },
            freshness: steps.code.iter().find_map(Op::reads_cache_at).unwrap_or_default(),
            cache_write: false,
            write: first.map_or("steps", |write| write.job.write.name()).to_owned(),
            subresource: first.and_then(|write| write.job.subresource),
            sets: Vec::new(),
            when: Vec::new(),
            process: worker.process.unwrap_or_else(|| worker.name.clone()),
            field_manager,
            attempts: tries,
            retry_read: Some(Reader::Live),
            restamp: Restamp::default(),
            omit: fields.omit.clone(),
            runs: worker.runs.unwrap_or(1),
            typed,
            knows: fields.knows.clone(),
            validate: fields.validate.clone(),
            write_line: self.source.line_of(node.mark().start),
            name: worker.name,
            steps: Some(steps),
            run: None,
        })
    }
}

fn form_has_on_error(worker: &Node) -> bool {
    worker.get("onError").is_some_and(|node| node.kind != NodeKind::Null)
}
