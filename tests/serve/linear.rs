//! A random load, and a checker of whether what was answered can have happened one at a time.
//!
//! The checker knows a register per object: absent, or a value with a version. It searches for an
//! order of the operations that agrees with real time (what was answered before another was sent
//! comes first) and in which each answer is the one that the register gives (Wing and Gong).

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::{WIDGETS, client, running, widget};

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ask {
    Get,
    Create(u64),
    /// A PUT of a value with the version that was read.
    Put(u64, String),
    Patch(u64),
    Delete,
}

/// What was answered: the code, and the value and version if there is an object.
type Answer = (u16, Option<(u64, String)>);

#[derive(Clone, Debug)]
struct Operation {
    sent: u64,
    answered: u64,
    ask: Ask,
    answer: Answer,
}

/// The register: a value and its version.
type Register = Option<(u64, String)>;

/// The register after an operation, if its answer is possible.
fn step(register: &Register, operation: &Operation) -> Option<Register> {
    let (code, shown) = &operation.answer;
    let wrote = |value: u64| {
        let (seen, version) = shown.as_ref()?;
        (*seen == value).then(|| Some((value, version.clone())))
    };
    match (&operation.ask, register, code) {
        (Ask::Get, Some(_), 200) => (shown == register).then(|| register.clone()),
        (Ask::Create(value), None, 201) => wrote(*value),
        (Ask::Create(_), Some(_), 409) => Some(register.clone()),
        (Ask::Put(value, base), Some((_, version)), 200) if base == version => wrote(*value),
        (Ask::Put(_, base), Some((_, version)), 409) if base != version => Some(register.clone()),
        (Ask::Patch(value), Some(_), 200) => wrote(*value),
        (Ask::Delete, Some(_), 200) => Some(None),
        (Ask::Get | Ask::Put(..) | Ask::Patch(_) | Ask::Delete, None, 404) => Some(None),
        _ => None,
    }
}

/// Whether there is an order.
fn linearizable(operations: &[Operation]) -> bool {
    fn search(
        all: &[Operation],
        done: &mut Vec<bool>,
        register: &Register,
        seen: &mut HashSet<(Vec<bool>, Register)>,
    ) -> bool {
        let left = || (0..all.len()).filter(|at| !all_done(done, *at));
        let Some(first_answer) = left().map(|at| all[at].answered).min() else { return true };
        if !seen.insert((done.clone(), register.clone())) {
            return false;
        }
        let candidates: Vec<_> = left().filter(|at| all[*at].sent <= first_answer).collect();
        for at in candidates {
            if let Some(next) = step(register, &all[at]) {
                done[at] = true;
                if search(all, done, &next, seen) {
                    return true;
                }
                done[at] = false;
            }
        }
        false
    }
    fn all_done(done: &[bool], at: usize) -> bool {
        done[at]
    }
    search(operations, &mut vec![false; operations.len()], &None, &mut HashSet::new())
}

#[test]
fn a_random_load_is_linearizable_per_object() {
    const CLIENTS: u64 = 6;
    const OPERATIONS: u64 = 150;
    const OBJECTS: u64 = 4;
    let server = running(Default::default());
    let url = server.url();
    let clock = AtomicU64::new(0);
    let history = Mutex::new(BTreeMap::<u64, Vec<Operation>>::new());
    std::thread::scope(|scope| {
        for one in 0..CLIENTS {
            let (url, clock, history) = (&url, &clock, &history);
            scope.spawn(move || {
                let mut bits = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(one + 1);
                let mut random = move |below: u64| {
                    bits ^= bits << 13;
                    bits ^= bits >> 7;
                    bits ^= bits << 17;
                    bits % below
                };
                let mut client = client(url);
                let mut bases = BTreeMap::<u64, String>::new();
                for n in 0..OPERATIONS {
                    let object = random(OBJECTS);
                    let value = one * OPERATIONS + n;
                    let ask = match random(10) {
                        0..=2 => Ask::Get,
                        3..=4 => Ask::Create(value),
                        5..=6 => match bases.get(&object) {
                            Some(base) => Ask::Put(value, base.clone()),
                            None => Ask::Get,
                        },
                        7..=8 => Ask::Patch(value),
                        _ => Ask::Delete,
                    };
                    let sent = clock.fetch_add(1, Ordering::SeqCst);
                    let answer = perform(&mut client, object, &ask);
                    let answered = clock.fetch_add(1, Ordering::SeqCst);
                    if let Some((_, version)) = &answer.1 {
                        bases.insert(object, version.clone());
                    }
                    let operation = Operation { sent, answered, ask, answer };
                    history.lock().unwrap().entry(object).or_default().push(operation);
                }
            });
        }
    });
    let history = history.into_inner().unwrap();
    assert_eq!(history.values().map(Vec::len).sum::<usize>() as u64, CLIENTS * OPERATIONS);
    for (object, operations) in &history {
        assert!(linearizable(operations), "object {object}: {operations:#?}");
    }
}

fn perform(client: &mut crate::http::Client, object: u64, ask: &Ask) -> Answer {
    let name = format!("o{object}");
    let path = format!("{WIDGETS}/{name}");
    let content = match ask {
        Ask::Patch(_) => "application/merge-patch+json",
        _ => "application/json",
    };
    client.headers = vec![("Content-Type".into(), content.into())];
    let of = |value: &u64| widget(&name, json!({ "value": value }));
    let reply = match ask {
        Ask::Get => client.send("GET", &path, b""),
        Ask::Create(value) => client.send("POST", WIDGETS, of(value).to_string().as_bytes()),
        Ask::Put(value, base) => {
            let mut body = of(value);
            body["metadata"]["resourceVersion"] = base.as_str().into();
            client.send("PUT", &path, body.to_string().as_bytes())
        }
        Ask::Patch(value) => {
            let patch = json!({ "spec": { "value": value } }).to_string();
            client.send("PATCH", &path, patch.as_bytes())
        }
        Ask::Delete => client.send("DELETE", &path, b""),
    };
    let reply = reply.expect("an answer");
    let body = reply.json();
    let version = body["metadata"]["resourceVersion"].as_str().map(String::from);
    (reply.code, body["spec"]["value"].as_u64().zip(version))
}

#[test]
fn the_checker_refuses_a_lost_write_and_a_stale_read() {
    let operation = |sent, answered, ask, answer| Operation { sent, answered, ask, answer };
    let is = |value, version: &str| Some((value, version.to_string()));
    let created = operation(0, 1, Ask::Create(1), (201, is(1, "10")));
    let first = operation(2, 5, Ask::Put(2, "10".into()), (200, is(2, "11")));
    let second = operation(3, 4, Ask::Put(3, "10".into()), (200, is(3, "12")));
    assert!(!linearizable(&[created.clone(), first.clone(), second]), "both from one version");
    let refused = operation(3, 4, Ask::Put(3, "10".into()), (409, None));
    assert!(linearizable(&[created.clone(), first.clone(), refused]));
    let early = operation(3, 4, Ask::Get, (200, is(1, "10")));
    assert!(linearizable(&[created.clone(), first.clone(), early]), "at the same time");
    let stale = operation(6, 7, Ask::Get, (200, is(1, "10")));
    assert!(!linearizable(&[created, first, stale]), "after the write was answered");
}
