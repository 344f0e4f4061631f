//! Parting two executions of workers that live on: what was is deleted, watches stay open.
//!
//! None of this is part of an execution that is judged: its history is taken before. Next to read:
//! `programs/live.rs`.

use serde_json::{Value, json};

use super::digest::Digest;
use super::lot::Lot;
use super::names::BASE;
use super::outside::collection;
use super::step::What;
use super::streams::{self, Open};
use super::{Reply, Sink};
use crate::apiserver::{Kind, Revision};
use crate::rest::{self, HttpAnswer, HttpRequest};
use crate::scenario::outlives;

/// A watch that outlives an execution: whose, what was asked for, and the way to it.
pub type Kept<S> = (usize, HttpRequest, S);

impl<R: Reply> Lot<R> {
    /// How far its revisions have come.
    pub fn revisions(&self) -> u64 {
        self.world.server.revision().0.saturating_sub(BASE)
    }

    /// Deletes what does not outlive an execution; with force, against finalizers. How many objects
    /// are left.
    pub fn clear(&mut self, force: bool) -> usize {
        let ask = |method: &str, path: &str, query: &str, body: &str| HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("Content-Type".to_owned(), "application/merge-patch+json".to_owned())],
            body: body.as_bytes().to_vec(),
            time: self.time,
        };
        let bare = json!({ "metadata": { "finalizers": null } }).to_string();
        let mut requests = Vec::new();
        for (kind, object) in self.passing() {
            let metadata = &object["metadata"];
            let all = collection(&kind, metadata["namespace"].as_str());
            let path = format!("{all}/{}", metadata["name"].as_str().unwrap_or_default());
            if force {
                requests.push(ask("PATCH", &path, "", &bare));
            }
            requests.push(ask("DELETE", &path, "gracePeriodSeconds=0", ""));
        }
        for http in requests {
            rest::handle(&mut self.world.server, &http);
        }
        self.notice(0, 0);
        self.passing().len()
    }

    /// The objects that do not outlive an execution.
    fn passing(&self) -> Vec<(std::sync::Arc<Kind>, std::sync::Arc<Value>)> {
        let server = &self.world.server;
        let mut seen = std::collections::BTreeSet::new();
        let mut all = Vec::new();
        for kind in server.kinds().into_iter().filter(|kind| !outlives(&kind.kind)) {
            for object in server.objects_of(&kind.resource, None) {
                // A kind with several versions lists its objects under each.
                if seen.insert(object["metadata"]["uid"].to_string()) {
                    all.push((kind.clone(), object));
                }
            }
        }
        all
    }

    /// Answers every request and tells every watch, as long as there are any. True if something
    /// was.
    pub fn flush(&mut self) -> bool {
        let mut some = false;
        for parked in std::mem::take(&mut self.parked) {
            some = true;
            self.answer(parked, None, false);
        }
        for open in &mut self.streams {
            some |= !open.pending.is_empty();
            open.deliver(usize::MAX);
        }
        some
    }

    /// Whether what outlives an execution is the same in both.
    pub fn outlasts_alike(&self, other: &Lot<R>) -> bool {
        let all = |lot: &Lot<R>| -> Vec<Value> {
            let objects = lot.world.server.objects().into_iter();
            let lasting = objects.filter(|it| outlives(it["kind"].as_str().unwrap_or_default()));
            let bare = lasting.map(|mut it| {
                if let Some(metadata) = it["metadata"].as_object_mut() {
                    metadata.remove("resourceVersion");
                }
                it
            });
            bare.collect()
        };
        all(self) == all(other)
    }

    /// The watches, which go on with another lot.
    pub fn leave(&mut self) -> Vec<Kept<R::Sink>> {
        let streams = std::mem::take(&mut self.streams).into_iter();
        let open = streams.filter(|open| !open.sink.is_gone());
        open.map(|open| (open.worker, open.http, open.sink)).collect()
    }

    /// Watches that were opened in an earlier execution: they are told of all objects that are
    /// there, as a list would tell, before any worker has moved.
    pub fn adopt(&mut self, watches: Vec<Kept<R::Sink>>) {
        for (worker, http, sink) in watches {
            let query = streams::since(&http.query, Revision(BASE));
            let http = HttpRequest { query, time: self.time, ..http };
            let HttpAnswer::Watch(stream) = rest::handle(&mut self.world.server, &http) else {
                continue;
            };
            let mut open = Open::new(worker, http, stream, sink);
            open.poll(&self.world.server, &self.names, self.time);
            self.told[worker].feed(&("watches", &open.label));
            if !open.pending.is_empty() {
                let (told, digest) = open.deliver(usize::MAX);
                self.told[worker].feed(&Digest::of(&digest));
                self.note(worker, None, What::Delivered(told));
            }
            self.open_watch(open);
        }
    }
}
