//! A second judge of lost writes, written apart from the properties: a history in, a verdict out.
//!
//! Slow and plain: a leaf is a list of words, an object a table of leaves; the rules are those of
//! `docs/verdicts.md`, written down once more. It shares no code with `src/history/` or
//! `src/properties/`. Next to read: `random_intents.rs`, which compares the two.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lostwrite::apiserver::{FieldPath, Step};
use lostwrite::reconcilers::ValueExpr;
use lostwrite::scenario::Scenario;
use lostwrite::trace::{Action, Event, Fault};
use serde_json::{Value, json};

type Leaf = Vec<String>;

/// How a leaf is to be.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    There,
    Gone,
    Is(Value),
    Only(BTreeSet<Leaf>),
}

/// A leaf that a write meant, what was read for its value, and what for the decision to write.
#[derive(Clone, Debug)]
struct Meaning {
    leaf: Leaf,
    wish: Wish,
    derived: Vec<Leaf>,
    guards: Vec<Leaf>,
}

struct Promise {
    leaf: Leaf,
    wish: Wish,
    with: Vec<Leaf>,
    revision: u64,
}

/// Whether a history that ended so has lost a write. There is one object.
pub fn loses(scenario: &Scenario, initial: &Value, events: &[Event], end: Option<&Value>) -> bool {
    let mut versions = BTreeMap::from([(revision(initial), initial.clone())]);
    let mut promises: Vec<Promise> = Vec::new();
    let mut memory: Option<Arc<Value>> = None;
    let mut touched: BTreeMap<usize, Value> = BTreeMap::new();
    for event in events {
        if let (Action::Touch, Some(worker), Some(held)) = (&event.action, event.worker(), &memory)
        {
            touched.insert(worker, (**held).clone());
        }
        if matches!(event.action, Action::Load { .. } | Action::Touch | Action::Decode) {
            memory.clone_from(&event.seen);
        }
        if let Action::Fault(Fault::Crash(_)) = event.action {
            memory = None;
        }
        if event.action == Action::Fault(Fault::Recreation) {
            promises.clear();
        }
        if let Some(after) = &event.after {
            versions.insert(revision(after), (**after).clone());
        }
        let taken = event.is_write() && matches!(event.code, Some(200 | 201));
        let (true, Some(worker), Some(basis)) = (taken, event.worker(), &event.basis) else {
            continue;
        };
        let (before, after) = (event.before.as_deref(), event.after.as_deref());
        let Some(after) = after else {
            promises.clear();
            continue;
        };
        let shared = scenario.workers[worker].write == "update-shared";
        let seen = match shared {
            true => touched.get(&worker).cloned(),
            false => versions.get(&basis.revision.0).cloned(),
        };
        let seen = seen.expect("somebody read it");
        let meant = meanings(scenario, worker, &seen, before, after);
        let elsewhere = after["metadata"]["uid"].as_str() != Some(&*basis.uid);
        if event.answered && elsewhere && !meant.is_empty() {
            return true;
        }
        let mut kept = Vec::new();
        for mut promise in promises {
            let stale = basis.revision.0 < promise.revision;
            let over: Vec<&Meaning> = meant.iter().filter(|m| covers(m, &promise)).collect();
            if over.iter().any(|m| stale && overlooks(m, &promise, before, after)) {
                return true;
            }
            let inside = !over.iter().any(|m| begins(&promise.leaf, &m.leaf));
            match &mut promise.wish {
                Wish::Only(allowed) if inside => {
                    allowed.extend(over.iter().map(|m| m.leaf.clone()));
                    kept.push(promise);
                }
                _ if over.is_empty() => kept.push(promise),
                _ => {}
            }
        }
        promises = kept;
        if event.answered {
            let all: Vec<Leaf> = meant.iter().map(|m| m.leaf.clone()).collect();
            let revision = revision(after);
            promises.extend(meant.into_iter().map(|m| Promise {
                leaf: m.leaf,
                wish: m.wish,
                with: all.clone(),
                revision,
            }));
        }
    }
    let Some(end) = end else { return false };
    let end = leaves(end);
    promises.iter().any(|promise| !is_so(&promise.wish, &promise.leaf, &end))
}

fn revision(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// `long` is `short`, or leads on from it.
fn begins(long: &[String], short: &[String]) -> bool {
    long.starts_with(short)
}

fn is_whole(wish: &Wish) -> bool {
    matches!(wish, Wish::Only(_)) || matches!(wish, Wish::Is(Value::Array(_)))
}

fn covers(meaning: &Meaning, promise: &Promise) -> bool {
    let (mine, other) = (&meaning.leaf, &promise.leaf);
    mine == other
        || is_whole(&meaning.wish) && begins(other, mine)
        || (meaning.wish != Wish::Gone || is_whole(&promise.wish)) && begins(mine, other)
}

/// Whether it was computed or decided from something that the promise's write has changed.
fn overlooks(meaning: &Meaning, promise: &Promise, before: Option<&Value>, after: &Value) -> bool {
    let again = meaning.wish == Wish::There && promise.wish == Wish::There;
    if again && meaning.leaf == promise.leaf {
        return false;
    }
    let knows = |read: &Leaf| promise.with.iter().any(|w| begins(w, read) || begins(read, w));
    let under = |object: Option<&Value>| {
        let mut all = object.map(leaves).unwrap_or_default();
        all.retain(|leaf, _| begins(leaf, &promise.leaf));
        all
    };
    meaning.derived.iter().any(knows)
        || meaning.guards.iter().any(knows) && under(before) != under(Some(after))
}

/// The leaves of an object: entries of lists of objects by `type`, finalizers by themselves.
fn leaves(object: &Value) -> BTreeMap<Leaf, Value> {
    let mut all = BTreeMap::new();
    walk(&mut Vec::new(), object, &mut all);
    all
}

fn walk(at: &mut Leaf, value: &Value, all: &mut BTreeMap<Leaf, Value>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, inner) in fields {
                at.push(key.clone());
                walk(at, inner, all);
                at.pop();
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if at.last().is_some_and(|name| name == "finalizers") => {
            for item in items {
                all.insert([at.as_slice(), &[item.to_string()]].concat(), json!(true));
            }
        }
        Value::Array(items) if items.iter().all(|item| item["type"].is_string()) => {
            for item in items {
                at.push(format!("type={}", item["type"].as_str().unwrap_or_default()));
                all.insert(at.clone(), json!(true));
                for (key, inner) in item.as_object().into_iter().flatten() {
                    if key != "type" {
                        at.push(key.clone());
                        walk(at, inner, all);
                        at.pop();
                    }
                }
                at.pop();
            }
        }
        other => {
            all.insert(at.clone(), other.clone());
        }
    }
}

fn is_so(wish: &Wish, leaf: &Leaf, object: &BTreeMap<Leaf, Value>) -> bool {
    match wish {
        Wish::There => object.contains_key(leaf),
        Wish::Gone => !object.keys().any(|there| begins(there, leaf)),
        Wish::Is(value) => object.get(leaf) == Some(value),
        Wish::Only(allowed) => object
            .keys()
            .filter(|there| begins(there, leaf))
            .all(|there| allowed.iter().any(|a| begins(there, a) || begins(a, there))),
    }
}

fn words(path: &FieldPath) -> Leaf {
    let word = |step: &Step| match step {
        Step::Key(key) => key.clone(),
        Step::Entry { key, value } => format!("{key}={value}"),
        Step::Index(_) => unreachable!("handled apart"),
    };
    path.steps().iter().map(word).collect()
}

/// What a worker means by its `sets`, if it saw this.
fn meanings(
    scenario: &Scenario,
    worker: usize,
    seen: &Value,
    before: Option<&Value>,
    after: &Value,
) -> Vec<Meaning> {
    let _ = before;
    let spec = &scenario.workers[worker];
    let guards: Vec<Leaf> = spec
        .when
        .iter()
        .flat_map(|(path, value)| match value {
            Some(Value::Object(fields)) => {
                fields.keys().map(|key| [words(path), vec![key.clone()]].concat()).collect()
            }
            _ => vec![words(path)],
        })
        .collect();
    let mut meant = Vec::new();
    for (path, value) in &spec.sets {
        let (wishes, derived) = wishes(path, value, seen, after);
        meant.extend(wishes.into_iter().map(|(leaf, wish)| Meaning {
            leaf,
            wish,
            derived: derived.clone(),
            guards: guards.clone(),
        }));
    }
    meant
}

type Wishes = (Vec<(Leaf, Wish)>, Vec<Leaf>);

fn wishes(path: &FieldPath, value: &ValueExpr, seen: &Value, after: &Value) -> Wishes {
    let seen_leaves = leaves(seen);
    if let Some(Step::Index(index)) = path.steps().last() {
        // Only finalizers are named by index here, and only removed.
        let list = FieldPath::new(path.steps()[..path.steps().len() - 1].to_vec());
        let item = list.get(seen).and_then(|list| list.get(*index));
        let Some(item) = item else { return (Vec::new(), Vec::new()) };
        let leaf = [words(&list), vec![item.to_string()]].concat();
        return (vec![(leaf.clone(), Wish::Gone)], vec![leaf]);
    }
    let at = words(path);
    let removal = || {
        let all = seen_leaves.keys().filter(|leaf| begins(leaf, &at));
        let mut all: Vec<_> = all.map(|leaf| (leaf.clone(), Wish::Gone)).collect();
        if all.is_empty() {
            all.push((at.clone(), Wish::Gone));
        }
        all
    };
    let literal = |value: &Value| {
        let mut part = Value::Null;
        path.set(&mut part, value.clone());
        let wish = |(leaf, found): (Leaf, Value)| {
            let marker = leaf.last().is_some_and(|w| w.starts_with("type=") || w.starts_with('"'));
            let wish = if marker && found == json!(true) { Wish::There } else { Wish::Is(found) };
            (leaf, wish)
        };
        leaves(&part).into_iter().map(wish).collect::<Vec<_>>()
    };
    let empty = |value: &Value| value.is_null() || *value == json!({}) || *value == json!([]);
    match value {
        ValueExpr::Literal(value) if empty(value) => (removal(), Vec::new()),
        ValueExpr::Literal(value) => (literal(value), Vec::new()),
        ValueExpr::Remove => (removal(), Vec::new()),
        ValueExpr::Exactly(value) => {
            let mut all = if empty(value) { Vec::new() } else { literal(value) };
            let allowed = all.iter().map(|(leaf, _)| leaf.clone()).collect();
            all.push((at, Wish::Only(allowed)));
            (all, Vec::new())
        }
        ValueExpr::Add(n) => {
            let sum = path.get(seen).and_then(Value::as_i64).unwrap_or(0) + n.as_i64().unwrap_or(0);
            // Others may have added theirs in the same memory, before it was sent.
            let stored = path.get(after).and_then(Value::as_i64).filter(|stored| *stored >= sum);
            (literal(&json!(stored.unwrap_or(sum))), vec![at])
        }
        ValueExpr::Read(from) => {
            let all = path_value(from, seen).map_or_else(removal, |value| literal(&value));
            (all, vec![words(from)])
        }
        ValueExpr::Append(item) => {
            let leaf = [at, vec![item.to_string()]].concat();
            (vec![(leaf.clone(), Wish::There)], vec![leaf])
        }
        ValueExpr::Held { .. } => unreachable!("the short form has no steps"),
        ValueExpr::RemoveItem(item) => {
            let entry = [at.clone(), vec![format!("type={}", item.as_str().unwrap_or_default())]];
            let entry = entry.concat();
            let all = seen_leaves.keys().filter(|leaf| begins(leaf, &entry));
            let mut all: Vec<_> = all.map(|leaf| (leaf.clone(), Wish::Gone)).collect();
            if all.is_empty() {
                all.push(([at, vec![item.to_string()]].concat(), Wish::Gone));
            }
            (all, Vec::new())
        }
    }
}

fn path_value(path: &FieldPath, object: &Value) -> Option<Value> {
    path.get(object).cloned()
}
