//! Logs without answers: what came of each accepted write is computed by our own server.
//!
//! The common policy records what was sent and not what came of it. The accepted writes of an
//! object are made again, in the order of their times, on a server that knows its kind; versions
//! are numbered by that server, and where a request named the real resourceVersion of the version
//! before it, that is remembered. Next to read: `track.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::resource;
use super::log::{Act, Log, Place, Read, ResourceName, Track};
use crate::apiserver::{ApiServer, Options, PatchKind, Request, Resource, Subresource, Verb};
use crate::history::infer::Method;
use crate::history::{KEYS, Lists};

/// Computes the versions of all objects whose writes were answered without the log saying so.
pub fn replay(log: &mut Log) {
    let keys: Vec<(Place, String)> = log.tracks.keys().cloned().collect();
    let mut server = log.kinds.server().clone();
    let mut kinds: BTreeMap<ResourceName, String> = BTreeMap::new();
    let mut applied: BTreeMap<ResourceName, BTreeSet<AppliedList>> = BTreeMap::new();
    for ((place, _), track) in &log.tracks {
        let name = &log.resources[place.resource as usize];
        for act in track.acts.iter().filter(|act| act.method == Method::Apply) {
            let Some(raw) = &act.raw else { continue };
            applied_lists(raw, &mut Vec::new(), applied.entry(name.clone()).or_default());
        }
    }
    for (name, lists) in std::mem::take(&mut applied) {
        if is_merged(log, &server, &name, &lists) {
            applied.insert(name, lists);
        } else {
            log.kinds.guess_atomic(&name);
        }
    }
    let mut shown: BTreeMap<&Place, Vec<&(Place, String)>> = BTreeMap::new();
    for key in keys.iter().filter(|(_, uid)| !uid.is_empty()) {
        shown.entry(&key.0).or_default().push(key);
    }
    for key in keys.iter().filter(|(_, uid)| uid.is_empty()) {
        let Some(mut track) = log.tracks.swap_remove(key) else { continue };
        let others = shown.get(&key.0).map(Vec::as_slice).unwrap_or_default();
        let name = log.resources[key.0.resource as usize].clone();
        let blind = track.acts.iter().filter(|act| act.raw.is_some()).count() as u64;
        if !others.is_empty() {
            share_reads(log, others, &track.reads);
            let why = "accepted writes without a response body, of objects that others show";
            *log.not_judged.entry(why.into()).or_default() += blind;
            continue;
        }
        if blind > 0 {
            let kind = kinds.entry(name.clone()).or_insert_with(|| kind_of(&track));
            let with_status = log.kinds.has_status(&name);
            let lists = applied.get(&name);
            let known = known(&mut server, &name, kind, with_status, lists);
            let kind = known.then_some(kind.as_str());
            let (failed, real) = again(log, &mut server, &mut track, key, kind);
            log.real.extend(real);
            translate(log, &mut track, &key.0);
            if failed > 0 {
                let why = "accepted writes that our own server refuses: the versions after them";
                *log.not_judged.entry(why.into()).or_default() += failed;
            }
        }
        log.tracks.insert(key.clone(), track);
    }
}

/// Reads whose answer the log does not show, of an object that others show: each was of the object
/// of this name that was there.
fn share_reads(log: &mut Log, objects: &[&(Place, String)], reads: &[Read]) {
    let mut tracks: Vec<(i64, usize)> = Vec::new();
    for at in objects.iter().filter_map(|key| log.tracks.get_index_of(*key)) {
        let made = log.tracks[at].acts.iter().filter(|act| act.method == Method::Create);
        tracks.push((made.map(|act| act.received).min().unwrap_or(i64::MIN), at));
    }
    tracks.sort_unstable();
    for read in reads {
        let newer = tracks.partition_point(|(began, _)| *began <= read.done);
        if let Some((_, at)) = newer.checked_sub(1).map(|at| tracks[at]) {
            log.tracks[at].reads.push(*read);
        }
    }
}

/// The kind as bodies name it.
fn kind_of(track: &Track) -> String {
    let kinds = track.acts.iter().filter_map(|act| act.raw.as_ref()?["kind"].as_str());
    kinds.max().unwrap_or("Unknown").to_owned()
}

/// Where a list stands, and the key of its entries.
type AppliedList = (Vec<String>, &'static str);

/// The lists of objects that an apply sends. Without answers in the log nothing tells whether the
/// server merges them by a key; as atomic lists they would accuse applies that lose nothing.
fn applied_lists(value: &Value, at: &mut Vec<String>, found: &mut BTreeSet<AppliedList>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                at.push(key.clone());
                applied_lists(inner, at, found);
                at.pop();
            }
        }
        Value::Array(items) if !items.is_empty() && at[0] != "metadata" => {
            let has = |key: &&&'static str| items.iter().all(|item| item[**key].is_string());
            if let Some(key) = KEYS.iter().find(has) {
                found.insert((at.clone(), key));
            }
        }
        _ => {}
    }
}

/// More objects and writes than these tell nothing more of a kind.
const SAMPLE: (usize, usize) = (8, 500);

/// Whether the server that wrote the log merges these lists by their keys. Both are tried: the
/// versions that are nearer to what clients sent, which is made of what they read, are the right
/// ones.
fn is_merged(
    log: &mut Log,
    server: &ApiServer,
    name: &ResourceName,
    applied: &BTreeSet<AppliedList>,
) -> bool {
    if applied.is_empty() || server.kind_of(&resource(name)).is_some() {
        return true;
    }
    let of = |log: &Log, place: &Place| log.resources[place.resource as usize] == *name;
    let keys = log.tracks.keys().filter(|(place, uid)| uid.is_empty() && of(log, place));
    let keys: Vec<(Place, String)> = keys.take(SAMPLE.0).cloned().collect();
    let lists = log.kinds.lists(name);
    let misfit = |log: &mut Log, applied: Option<&BTreeSet<AppliedList>>| {
        let mut sum = 0;
        for key in &keys {
            let mut track = log.tracks[key].clone();
            track.acts.sort_by_key(|act| (act.done, act.received, act.line));
            track.acts.truncate(SAMPLE.1);
            let (mut server, kind) = (server.clone(), kind_of(&track));
            if known(&mut server, name, &kind, log.kinds.has_status(name), applied) {
                let (failed, _) = again(log, &mut server, &mut track, key, Some(&kind));
                sum += 5 * failed + distance(log, &track, &lists);
            }
        }
        sum
    };
    misfit(log, Some(applied)) <= misfit(log, None)
}

/// How far the bodies are from the nearest version that was there before each.
fn distance(log: &mut Log, track: &Track, lists: &Lists) -> u64 {
    let acts = track.acts.iter().filter(|act| act.at > 0 && act.sent.depends());
    let nearest = acts.map(|act| {
        let before = track.versions.range(..act.at).rev().take(64);
        let on = before.filter_map(|(_, basis)| act.sent.on(&mut log.names, lists, basis));
        on.map(|changes| changes.len() as u64).min().unwrap_or(5)
    });
    nearest.sum()
}

/// A schema that allows everything, in which these lists are merged by their key.
fn schema(lists: Option<&BTreeSet<AppliedList>>) -> Value {
    let open = || json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let mut schema = open();
    for (path, key) in lists.into_iter().flatten() {
        let mut at = &mut schema;
        for field in path {
            if at["properties"][field.as_str()].is_null() {
                at["properties"][field.as_str()] = open();
            }
            at = &mut at["properties"][field.as_str()];
        }
        let mut items = open();
        items["required"] = json!([key]);
        items["properties"][*key] = json!({ "type": "string" });
        *at = json!({
            "type": "array", "items": items, "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [key],
        });
    }
    schema
}

/// Makes a server know a resource; whether it does.
fn known(
    server: &mut ApiServer,
    name: &ResourceName,
    kind: &str,
    with_status: bool,
    lists: Option<&BTreeSet<AppliedList>>,
) -> bool {
    let wanted = resource(name);
    if server.kind_of(&wanted).is_some() {
        return true;
    }
    let group = if name.0.is_empty() { "core.invalid" } else { name.0.as_str() };
    let mut version = json!({
        "name": name.1, "served": true, "storage": true,
        "schema": { "openAPIV3Schema": schema(lists) },
    });
    if with_status {
        version["subresources"] = json!({ "status": {} });
    }
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{group}", name.2) },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "plural": name.2, "kind": kind },
            "versions": [version],
        },
    });
    if server.install_crd(&definition, 0).is_ok() {
        return true;
    }
    let mut open = definition;
    open["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema(None);
    lists.is_some() && server.install_crd(&open, 0).is_ok()
}

/// The real resourceVersions of versions that our own server numbered.
type Real = Vec<((Place, u64), u64)>;

/// Makes the writes of one object again; how many could not be made.
fn again(
    log: &mut Log,
    server: &mut ApiServer,
    track: &mut Track,
    (place, _): &(Place, String),
    kind: Option<&str>,
) -> (u64, Real) {
    let mut real = Real::new();
    let name = log.resources[place.resource as usize].clone();
    let mut wanted = resource(&name);
    if server.kind_of(&wanted).is_none() {
        wanted.group = "core.invalid".to_owned();
    }
    let (Some(kind), Some(known)) = (kind, server.kind_of(&wanted)) else {
        return (track.acts.len() as u64, real);
    };
    let api_version = known.api_version();
    let lists = log.kinds.lists(&name);
    track.acts.sort_by_key(|act| (act.done, act.received, act.line));
    let mut failed = 0;
    let mut last: Option<(u64, Arc<Value>)> = None;
    for at in 0..track.acts.len() {
        let act = &track.acts[at];
        let Some(raw) = &act.raw else { continue };
        let mut body = raw.as_ref().clone();
        if act.method != Method::JsonPatch && body.get("apiVersion").is_some() {
            body["apiVersion"] = api_version.clone().into();
        }
        if let (Some(named), Some((version, _))) = (act.named, &last) {
            real.push(((place.clone(), *version), named));
        }
        let object = match made(server, (&wanted, kind), place, act, &mut body, last.as_ref()) {
            Some(object) => object,
            None => {
                failed += 1;
                track.acts[at].at = 0;
                continue;
            }
        };
        let revision = object["metadata"]["resourceVersion"].as_str();
        let Some(revision) = revision.and_then(|text| text.parse::<u64>().ok()) else { continue };
        let version = log.names.version(&lists, &object);
        track.acts[at].at = revision;
        track.acts[at].after = Some(version.clone());
        track.acts[at].raw = None;
        track.versions.insert(revision, version);
        last = Some((revision, object));
    }
    (failed, real)
}

/// Names versions as our own server numbered them.
fn translate(log: &mut Log, track: &mut Track, place: &Place) {
    let real = &log.real;
    let mut named: BTreeMap<u64, u64> = BTreeMap::new();
    for version in track.versions.keys() {
        if let Some(real) = real.get(&(place.clone(), *version)) {
            named.insert(*real, *version);
        }
    }
    let translate = |act: &mut Act| act.named = act.named.and_then(|it| named.get(&it).copied());
    track.acts.iter_mut().for_each(translate);
    if let Some(refused) = log.refused.get_mut(place) {
        refused.iter_mut().for_each(translate);
    }
}

/// What the server makes of a write.
fn made(
    server: &mut ApiServer,
    (wanted, kind): (&Resource, &str),
    place: &Place,
    act: &Act,
    body: &mut Value,
    last: Option<&(u64, Arc<Value>)>,
) -> Option<Arc<Value>> {
    let api_version = server.kind_of(wanted)?.api_version();
    let namespace = (!place.namespace.is_empty()).then(|| place.namespace.clone());
    if last.is_none() && act.method != Method::Create {
        // The log begins in the middle: the object is what the first whole body says;
        // what a patch says of it, it says whole.
        let whole = act.method == Method::Update;
        let mut object = match whole {
            true => body.clone(),
            false => json!({ "apiVersion": api_version, "kind": kind, "metadata": {} }),
        };
        object["metadata"]["name"] = place.name.clone().into();
        if let Some(namespace) = &namespace {
            object["metadata"]["namespace"] = namespace.clone().into();
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            ["resourceVersion", "uid", "managedFields"].iter().for_each(|field| {
                metadata.remove(*field);
            });
        }
        let key = server.seed_object(&object, 0).ok()?;
        if whole {
            return server.object(&key);
        }
    }
    let verb = match act.method {
        Method::Create => Verb::Create,
        Method::Update => Verb::Update,
        Method::MergePatch => Verb::Patch(PatchKind::Merge),
        Method::StrategicMergePatch => Verb::Patch(PatchKind::Strategic),
        Method::JsonPatch => Verb::Patch(PatchKind::Json),
        Method::Apply => Verb::Patch(PatchKind::Apply),
    };
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        // It was accepted: whatever it names was the version that stood there.
        metadata.remove("uid");
        match (metadata.remove("resourceVersion").is_some(), last) {
            (_, Some((version, _))) if act.method == Method::Update => {
                metadata.insert("resourceVersion".into(), version.to_string().into());
            }
            _ => {}
        }
    }
    let request = Request {
        verb,
        resource: wanted.clone(),
        namespace,
        name: Some(place.name.clone()).filter(|_| verb != Verb::Create),
        subresource: (act.on_status && verb != Verb::Create).then_some(Subresource::Status),
        options: Options {
            field_manager: Some(format!("manager-{:x}", act.manager)),
            force: (act.method == Method::Apply).then_some(true),
            ..Options::default()
        },
        body: Some(Arc::new(body.clone())),
        user_agent: "judge".into(),
        time: act.done / 1_000_000,
    };
    server.handle(&request).object().cloned()
}
