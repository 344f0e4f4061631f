//! Handling one request, and what it does to the other workers.
//!
//! The server handles it; what was written gets names, goes to the watches and the modelled
//! workers' caches, and into the history of its object. Next to read: `rules.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::digest::{Digest, short};
use super::lot::{Lot, Parked, stream_id};
use super::names;
use super::step::{Exchange, What};
use super::streams::{self, Open};
use super::{Reply, rules};
use crate::apiserver::{Key, Verb, Written, write_string_data};
use crate::client::WatchEvent;
use crate::rest::{self, Aim, HttpAnswer, HttpRequest, HttpResponse};
use crate::schedulers::rerun::Move;

impl<R: Reply> Lot<R> {
    /// Has the server handle a request, and answers it.
    pub(super) fn answer(&mut self, parked: Parked<R>, chosen: Option<Move>, lost: bool) {
        let Parked { worker, http, aim, reply, text, .. } = parked;
        let before = self.world.server.revision();
        let key = aim.as_ref().and_then(|aim| key_of(aim, aim.name.as_deref()?));
        let was = key.as_ref().and_then(|key| self.world.server.object(key));
        let answer = match rest::handle(&mut self.world.server, &http) {
            HttpAnswer::Response(response) if response.code == 404 => {
                HttpAnswer::Response(rules::courtesy(&http).unwrap_or(response))
            }
            other => other,
        };
        let mut author = Digest::default();
        author.feed(&(worker, &text));
        let changed = self.notice(worker, author.finish());
        self.watched.see(worker, None, &changed, &self.names);
        self.touch(aim.as_ref(), key.as_ref(), &changed);
        self.publish(&changed);
        match answer {
            HttpAnswer::Watch(stream) => {
                let Some(reply) = reply else { return };
                let sink = reply.stream(stream.headers());
                let mut open = Open::new(worker, http, stream, sink);
                open.poll(&self.world.server, &self.names, self.time);
                self.told[worker].feed(&("watches", &open.label));
                if streams::begins_with_all(&open.http.query) {
                    let (told, digest) = open.deliver(usize::MAX);
                    self.told[worker].feed(&digest);
                    self.note(worker, None, What::Delivered(told));
                }
                self.open_watch(open);
            }
            HttpAnswer::Response(response) | HttpAnswer::Wait(response) => {
                let answered = !lost && !reply.as_ref().is_some_and(R::is_gone);
                let collection = aim.as_ref().is_some_and(|aim| aim.verb == Verb::List);
                let mut digest = Digest::default();
                digest.feed(&(&text, response.code, answered));
                self.names.feed_json(&response.body, collection, &mut digest);
                if aim.as_ref().is_none_or(|aim| self.rules.compares(&aim.kind.resource)) {
                    self.told[worker].feed(&digest.finish());
                }
                if let Some(aim) = aim {
                    let committed = self.world.server.revision() != before;
                    let made = || changed.first().map(|written| written.key.clone());
                    let exchange =
                        self.exchange(http, aim, key.or_else(made), was, &response, committed);
                    let exchange = Exchange { answered, ..exchange };
                    self.hold(worker, &exchange);
                    self.note(worker, chosen, What::Exchange(Box::new(exchange)));
                }
                if let Some(reply) = reply.filter(|_| !lost) {
                    reply.answer(response);
                }
            }
        }
    }

    /// Puts a watch among the others.
    pub(super) fn open_watch(&mut self, open: Open<R::Sink>) {
        self.streams.push(open);
        self.streams.sort_by(|a, b| (a.worker, &a.label).cmp(&(b.worker, &b.label)));
    }

    /// Remembers who holds a Lease.
    fn hold(&mut self, worker: usize, exchange: &Exchange) {
        let lease = exchange.key.as_ref().filter(|key| key.resource.plural == "leases");
        let Some(key) = lease.filter(|_| exchange.committed) else { return };
        let outside = self.outside.as_ref().is_some_and(|outside| outside.worker == worker);
        let after = exchange.after.as_ref().map(|lease| &lease["spec"]["holderIdentity"]);
        match after.and_then(Value::as_str) {
            Some(holder) if !holder.is_empty() && !outside => {
                self.holders.insert(key.clone(), worker);
            }
            _ => drop(self.holders.remove(key)),
        }
    }

    fn exchange(
        &self,
        http: HttpRequest,
        aim: Aim,
        key: Option<Key>,
        before: Option<Arc<Value>>,
        response: &HttpResponse,
        committed: bool,
    ) -> Exchange {
        let body = document(&response.body).map(Arc::new);
        let after = key.as_ref().and_then(|key| self.world.server.object(key));
        let http = readable(http, &aim, after.as_deref());
        let success = response.code / 100 == 2;
        let given = match aim.verb {
            _ if !success => Vec::new(),
            Verb::List => {
                self.world.server.objects_of(&aim.kind.resource, aim.namespace.as_deref())
            }
            _ => after.iter().cloned().collect(),
        };
        Exchange {
            dry_run: http.query.contains("dryRun=All"),
            http,
            verb: aim.verb,
            key,
            subresource: aim.subresource,
            code: response.code,
            response: body,
            answered: true,
            given,
            before,
            after,
            committed,
        }
    }

    /// Names what was written, and hands it to the watches.
    pub(super) fn notice(&mut self, worker: usize, author: u128) -> Vec<Written> {
        let changed = self.world.server.writes_after(self.seen);
        self.seen = self.world.server.revision();
        if changed.is_empty() {
            return changed;
        }
        for written in &changed {
            let key = names::remembered(&written.key, worker);
            self.names.learn(&key, written.revision, written.after.as_deref());
            if !self.rules.compares(&key.resource) {
                continue;
            }
            let mut digest = Digest::default();
            let text = written.after.as_ref().map(|object| object.to_string()).unwrap_or_default();
            self.names.feed_json(text.as_bytes(), false, &mut digest);
            let history = self.histories.entry(key).or_default();
            history.feed(&(author, digest.finish()));
        }
        let Self { world, names, streams, footprint, time, .. } = self;
        let mut nth: BTreeMap<usize, usize> = BTreeMap::new();
        for open in streams.iter_mut() {
            let at = nth.entry(open.worker).or_default();
            if open.poll(&world.server, names, *time) {
                footprint.feeds.push(stream_id(open.worker, *at));
            }
            *at += 1;
        }
        for (cache, spec) in world.setting.caches.iter().enumerate() {
            if changed.iter().any(|written| spec.keys.contains(&written.key)) {
                footprint.feeds.push(u64::MAX - cache as u64);
            }
        }
        changed
    }

    fn touch(&mut self, aim: Option<&Aim>, key: Option<&Key>, changed: &[Written]) {
        let Some(aim) = aim else { return };
        let footprint = &mut self.footprint;
        let collection = |namespace: Option<&str>| short(&(&aim.kind.resource, namespace));
        if aim.verb == Verb::List {
            footprint.lists.push(collection(aim.namespace.as_deref()));
        }
        if let (Some(key), true) = (key, changed.is_empty()) {
            footprint.reads.push(short(key));
        }
        for Written { key, .. } in changed {
            footprint.writes.push(short(key));
            footprint.touches.push(short(&(&key.resource, key.namespace.as_deref())));
            footprint.touches.push(short(&(&key.resource, None::<&str>)));
        }
    }

    /// Tells the caches of modelled workers.
    fn publish(&mut self, changed: &[Written]) {
        let event = |it: &Written| WatchEvent { key: it.key.clone(), object: it.after.clone() };
        let changes: Vec<WatchEvent> = changed.iter().map(event).collect();
        self.world.publish(&changes);
    }
}

fn key_of(aim: &Aim, name: &str) -> Option<Key> {
    Some(Key {
        resource: aim.kind.resource.clone(),
        namespace: aim.namespace.clone(),
        name: name.to_owned(),
    })
}

/// A body as a value: JSON, or protobuf.
fn document(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().or_else(|| rest::protobuf_value(body))
}

/// The header of a request whose body came as protobuf, and is JSON by now.
pub(crate) const WAS_PROTOBUF: &str = "lostwrite-was-protobuf";

/// The request with a body that can be compared with what is stored: typed Go clients send protobuf
/// for built-in kinds, and the `stringData` of a Secret is stored as `data`.
fn readable(http: HttpRequest, aim: &Aim, after: Option<&Value>) -> HttpRequest {
    let was = http.header(WAS_PROTOBUF).and_then(|_| serde_json::from_slice(&http.body).ok());
    let mut sent = rest::protobuf_value(&http.body).or(was);
    if let Some(sent) = &mut sent {
        without_zeros(sent, after);
    }
    let resource = &aim.kind.resource;
    if resource.group.is_empty() && resource.plural == "secrets" {
        let mut secret = sent.or_else(|| serde_json::from_slice(&http.body).ok());
        if let Some(secret) = secret.as_mut().filter(|it| it.get("stringData").is_some()) {
            write_string_data(secret);
        }
        sent = secret;
    }
    match sent {
        Some(sent) => HttpRequest { body: sent.to_string().into_bytes(), ..http },
        None => http,
    }
}

/// Removes what is empty, 0 or false and was not stored so: in protobuf, Go writes these for fields
/// that are not set, and a pointer to 0 looks the same.
fn without_zeros(value: &mut Value, stored: Option<&Value>) {
    let is_zero = |inner: &Value| match inner {
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(yes) => !yes,
        _ => false,
    };
    match value {
        Value::Object(fields) => {
            let of = |key: &str| stored.and_then(|stored| stored.get(key));
            fields.retain(|key, inner| !is_zero(inner) || of(key) == Some(inner));
            fields.iter_mut().for_each(|(key, inner)| without_zeros(inner, of(key)));
        }
        Value::Array(items) => {
            let of = |at: usize| stored.and_then(|stored| stored.get(at));
            items.iter_mut().enumerate().for_each(|(at, inner)| without_zeros(inner, of(at)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parking::Start;

    #[test]
    fn what_a_typed_go_client_sends_is_read_without_the_fields_that_it_did_not_set() {
        let mut server = Start::server();
        let mut ask = |method: &str, path: &str, header: (&str, &str), body: &str| {
            let http = HttpRequest {
                method: method.to_owned(),
                path: format!("/apis/coordination.k8s.io/v1/namespaces/default/leases{path}"),
                headers: vec![(header.0.to_owned(), header.1.to_owned())],
                body: body.as_bytes().to_vec(),
                query: String::new(),
                time: 0,
            };
            match rest::handle(&mut server, &http) {
                HttpAnswer::Response(response) | HttpAnswer::Wait(response) => response,
                HttpAnswer::Watch(_) => panic!("no watch"),
            }
        };
        let lease = r#"{"metadata":{"name":"l"},"spec":{"holderIdentity":"a"}}"#;
        let made = ask("POST", "", ("Content-Type", "application/json"), lease);
        assert_eq!(made.code, 201, "{}", String::from_utf8_lossy(&made.body));
        let protobuf = ("Accept", "application/vnd.kubernetes.protobuf");
        let read = ask("GET", "/l", protobuf, "").body;
        assert!(serde_json::from_slice::<Value>(&read).is_err());
        let mut value = document(&read).expect("protobuf");
        value["metadata"]["generateName"] = "".into();
        value["spec"]["leaseTransitions"] = 0.into();
        let spec = serde_json::json!({ "leaseTransitions": 0 });
        let stored = serde_json::json!({ "spec": spec, "metadata": { "generateName": "g" } });
        let mut same = value.clone();
        without_zeros(&mut value, None);
        assert_eq!(value["spec"]["holderIdentity"], "a");
        assert!(value["metadata"].get("generateName").is_none(), "{value}");
        assert!(value["spec"].get("leaseTransitions").is_none(), "{value}");
        // What is 0 in the store was meant: a pointer to 0.
        without_zeros(&mut same, Some(&stored));
        assert_eq!(same["spec"]["leaseTransitions"], 0);
        assert!(same["metadata"].get("generateName").is_none(), "{same}");
    }

    #[test]
    fn the_strings_of_a_secret_are_read_as_the_data_that_is_stored() {
        let text = r#"{"stringData":{"a":"1"},"metadata":{"name":"s"}}"#;
        let http = HttpRequest {
            method: "PATCH".to_owned(),
            path: "/api/v1/namespaces/default/secrets/s".to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: text.as_bytes().to_vec(),
            time: 0,
        };
        let aim = rest::aim(&Start::server(), &http).expect("a Secret");
        let sent: Value = serde_json::from_slice(&readable(http, &aim, None).body).expect("JSON");
        assert_eq!(sent["data"]["a"], "MQ==");
        assert!(sent.get("stringData").is_none(), "{sent}");
    }
}
