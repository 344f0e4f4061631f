//! Readers of informer caches: what waits, what finds an empty cache, what only a process sees.
//!
//! To wait only forbids: so the schedules of a reader that waits are those of one that does not, in
//! which no read came too early. That is counted here, one schedule at a time.

use std::sync::Arc;

use lostwrite::check::{self, LossClass, Options, Verdict};
use lostwrite::report::{self, Style};
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::{Limits, explore};
use lostwrite::simulation::{Choice, World};
use lostwrite::trace::{Action, Event};

use crate::exhaustive::scenario;
use crate::likelihood::one_by_one;

/// What a worker with a cache may say of it.
pub(crate) const FRESHNESS: [&str; 5] = [
    "    freshness: read-your-writes\n",
    "    freshness: read-your-writes\n",
    "    freshness: synced\n",
    "    freshness: synced\n    beforeSync: true\n",
    "    cacheWrite: true\n",
];

/// Workers `{…}` on one Node, in the short form.
fn of(workers: &[&str], more: &str) -> World {
    check::world(&scenario_of(workers, more)).expect("nothing is refused")
}

fn scenario_of(workers: &[&str], more: &str) -> Arc<Scenario> {
    let workers: String = workers.iter().map(|worker| format!("  - {{ {worker} }}\n")).collect();
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: readers }}\n\
         objects:\n  - {{ apiVersion: v1, kind: Node, metadata: {{ name: n1 }}, status: {{ phase: \
         Pending }} }}\nworkers:\n{workers}{more}"
    );
    scenario(&text).unwrap_or_else(|| panic!("it is valid: {text}"))
}

/// How many schedules a world has, by the search.
fn counted(world: &World) -> u64 {
    let explored = explore(world, Limits::default(), &mut |_| None);
    let plain = explore(world, Limits { canonical: false, ..Limits::default() }, &mut |_| None);
    let schedules = explored.counts(100).expect("covered").schedules.to_string();
    assert_eq!(schedules, plain.counts(100).expect("covered").schedules.to_string());
    for observer in 0..world.setting.observers.len() {
        let mut decided = vec![0.0; world.setting.observers.len()];
        one_by_one(world, 1.0, &mut decided);
        let odds = explored.odds(observer, 100).expect("covered");
        assert!((odds.decided - decided[observer]).abs() < 1e-12, "{odds:?}");
    }
    schedules.parse().expect("few")
}

/// The schedules of a world whose events are as wanted.
fn those(world: &World, wanted: &dyn Fn(&World, &[Event]) -> bool) -> u64 {
    fn walk(world: &World, events: &mut Vec<Event>, end: &mut dyn FnMut(&[Event])) {
        let choices = world.choices();
        if choices.is_empty() {
            return end(events);
        }
        for choice in choices {
            let mut next = world.clone();
            events.push(next.take(choice));
            walk(&next, events, end);
            events.pop();
        }
    }
    let mut found = 0;
    walk(world, &mut Vec::new(), &mut |events| found += u64::from(wanted(world, events)));
    found
}

fn version(event: &Event) -> u64 {
    let seen = event.seen.as_ref().expect("it is there");
    seen["metadata"]["resourceVersion"].as_str().expect("a text").parse().expect("a number")
}

/// Whether every look into a cache finds what the process was told to have written before.
fn reads_its_writes(world: &World, events: &[Event]) -> bool {
    let process =
        |event: &Event| event.worker().map(|worker| world.setting.workers[worker].process);
    events.iter().enumerate().filter(|(_, event)| event.action == Action::CacheRead).all(
        |(at, read)| {
            let own = events[..at].iter().filter(|event| process(event) == process(read));
            own.filter(|event| event.is_acknowledged()).all(|write| version(write) <= version(read))
        },
    )
}

/// Whether every look into a cache comes after its first list.
fn reads_after_sync(world: &World, events: &[Event]) -> bool {
    let cache = |event: &Event| event.worker().and_then(|at| world.setting.workers[at].cache);
    events.iter().enumerate().filter(|(_, event)| event.action == Action::CacheRead).all(
        |(at, read)| {
            let lists = |event: &&Event| {
                matches!(event.action, Action::Sync { .. })
                    && matches!(event.actor, lostwrite::trace::Actor::Cache(of)
                        if Some(of) == cache(read))
            };
            events[..at].iter().any(|event| lists(&event))
        },
    )
}

/// Pairs of workers; `FRESH` is what is compared.
const RACES: [&[&str]; 7] = [
    &["name: a, read: cache, write: update, runs: 2, sets: { status.phase: A }, FRESH"],
    &[
        "name: a, read: cache, write: merge-patch, runs: 2, FRESH, \
       sets: { metadata.annotations.n: \"1\" }",
        "name: b, write: merge-patch, sets: { status.phase: B }",
    ],
    &[
        "name: a, read: cache, write: update-retry, retryRead: cache, attempts: 3, FRESH, \
       sets: { status.phase: A }",
        "name: b, write: update, sets: { status.phase: B }",
    ],
    // Two of one process wait for each other's writes; those of two processes do not.
    &[
        "name: a, process: p, read: cache, write: update-unconditional, FRESH, \
       sets: { status.phase: A }",
        "name: b, process: p, read: cache, write: merge-patch, runs: 2, FRESH, \
       sets: { metadata.labels.b: \"1\" }",
    ],
    &[
        "name: a, read: cache, write: update-unconditional, FRESH, sets: { status.phase: A }",
        "name: b, read: cache, write: update-restamp, FRESH, sets: { metadata.labels.b: \"1\" }",
    ],
    // The second write changes nothing: its answer is the version of the other's.
    &[
        "name: a, read: cache, write: merge-patch-literal, runs: 3, FRESH, \
       sets: { status.phase: B }",
        "name: b, write: merge-patch, sets: { status.phase: B }",
    ],
    &[
        "name: a, process: p, read: cache, write: update-shared, runs: 2, FRESH, \
       sets: { status.phase: A }",
        "name: b, write: merge-patch, sets: { status.phase: B }",
    ],
];

fn race(workers: &[&str], freshness: &str) -> World {
    let workers: Vec<String> = workers.iter().map(|it| it.replace("FRESH", freshness)).collect();
    of(&workers.iter().map(String::as_str).collect::<Vec<_>>(), "")
}

#[test]
fn to_wait_for_own_writes_leaves_the_schedules_whose_reads_have_them() {
    let mut fewer = 0;
    for workers in RACES {
        let (eventual, own) =
            (race(workers, "freshness: eventual"), race(workers, "freshness: read-your-writes"));
        let all = counted(&eventual);
        assert_eq!(all, those(&eventual, &|_, _| true));
        let expected = those(&eventual, &reads_its_writes);
        assert_eq!(counted(&own), expected, "{workers:?}");
        fewer += usize::from(expected < all);
    }
    assert!(fewer >= 4, "{fewer} of {}", RACES.len());
}

#[test]
fn to_wait_for_the_first_list_leaves_the_schedules_whose_reads_come_after_it() {
    for workers in RACES.iter().filter(|it| !it[0].contains("update-shared")) {
        let synced = race(workers, "freshness: synced");
        let before = race(workers, "freshness: synced, beforeSync: true");
        let (waits, all) = (counted(&synced), counted(&before));
        assert_eq!(waits, those(&before, &reads_after_sync), "{workers:?}");
        assert!(waits < all, "{workers:?}: {waits} of {all}");
    }
}

/// A reader that waits can always go on: its cache is offered something.
#[test]
fn no_reader_waits_for_ever() {
    for workers in RACES {
        for freshness in ["freshness: read-your-writes", "freshness: synced"] {
            let world = race(workers, freshness);
            let whole = |end: &World| {
                end.is_finished() && end.workers.iter().all(|it| it.progress().finished > 0)
            };
            crate::exhaustive::every_schedule(&world, &mut Vec::new(), &mut |_, end| {
                assert!(whole(end), "{workers:?}");
            });
        }
    }
}

/// What no answer told is not waited for: a refusal, and an answer that got lost.
#[test]
fn only_what_was_acknowledged_is_waited_for() {
    let own = "read: cache, freshness: read-your-writes";
    let refused = of(
        &[
            &format!("name: a, {own}, write: update, runs: 2, sets: {{ status.phase: A }}"),
            "name: b, write: merge-patch, sets: { metadata.labels.b: \"1\" }",
        ],
        "",
    );
    let take = |world: &mut World, worker: usize| world.take(Choice::Worker(worker));
    let mut world = refused;
    // a reads, b writes, a is refused: it reads its old cache again.
    take(&mut world, 0);
    take(&mut world, 1);
    take(&mut world, 1);
    assert_eq!(take(&mut world, 0).code, Some(409));
    assert!(world.choices().contains(&Choice::Worker(0)));
    let mut lost = of(
        &[&format!("name: a, {own}, write: update, runs: 2, sets: {{ status.phase: A }}")],
        "faults: { lostResponses: 1 }\n",
    );
    take(&mut lost, 0);
    let mut told = lost.clone();
    take(&mut told, 0);
    assert!(!told.choices().contains(&Choice::Worker(0)), "it was told 200, and waits");
    told.take(Choice::Deliver(0));
    assert!(told.choices().contains(&Choice::Worker(0)));
    lost.take(Choice::Fault(lostwrite::trace::Fault::LostResponse(0)));
    assert!(lost.choices().contains(&Choice::Worker(0)), "it was told nothing");
}

/// A deletion that was acknowledged is waited for as any other write is; another one is not.
#[test]
fn a_deleted_object_is_gone_for_who_deleted_it() {
    let text = "
apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: { name: deleted }
objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: demo } }]
workers:
  - name: a
    freshness: read-your-writes
    steps:
      - cache: ConfigMap/demo
      - delete: ConfigMap/demo
      - { cache: ConfigMap/demo, as: again }
      - when: { again: { $exists: true } }
      - effect: found
  - name: b
    freshness: read-your-writes
    steps:
      - get: ConfigMap/demo
      - { cache: ConfigMap/demo, as: again }
      - list: { kind: ConfigMap, as: all, from: cache }
invariants:
  - { name: gone, effect: { found: never } }
";
    let scenario = scenario(text).expect("it is valid");
    let result = check::run(&scenario, &Options::default()).unwrap();
    assert_eq!(result.property("gone").map(|it| it.verdict), Some(Verdict::Holds));
    let text = text.replace("freshness: read-your-writes", "freshness: eventual");
    let eventual = Arc::clone(&crate::exhaustive::scenario(&text).expect("it is valid"));
    let result = check::run(&eventual, &Options::default()).unwrap();
    assert_eq!(result.property("gone").map(|it| it.verdict), Some(Verdict::Violated));
}

/// A copy that was put into a cache is seen in that process until the next event, and nowhere else.
#[test]
fn a_copy_in_a_cache_is_seen_until_the_next_event_and_never_at_the_server() {
    let mut world = of(
        &[
            "name: a, process: p, read: cache, cacheWrite: true, sets: { status.phase: Copied }",
            "name: b, process: p, read: cache, runs: 2, write: merge-patch, \
             sets: { metadata.labels.b: \"1\" }",
            "name: c, read: cache, write: merge-patch, sets: { metadata.labels.c: \"1\" }",
        ],
        "",
    );
    let phase = |event: &Event| event.seen.as_ref().expect("there")["status"]["phase"].clone();
    let take = |world: &mut World, worker: usize| world.take(Choice::Worker(worker));
    take(&mut world, 0);
    let put = take(&mut world, 0);
    assert_eq!((put.action.clone(), put.code, put.committed), (Action::CacheWrite, None, false));
    assert_eq!(phase(&take(&mut world, 1)), "Copied");
    assert_eq!(phase(&take(&mut world, 2)), "Pending", "another process");
    let stored = take(&mut world, 1);
    assert_eq!(stored.after.expect("there")["status"]["phase"], "Pending", "the server");
    assert_eq!(phase(&take(&mut world, 1)), "Copied", "no event has come yet");
    world.take(Choice::Deliver(0));
    let held: Vec<_> = world.caches[0].objects().collect();
    assert_eq!(held[0]["status"]["phase"], "Pending");
}

/// Where no write was committed at all, `serializable` still says who did nothing, and why.
#[test]
fn what_no_order_explains_has_a_witness_though_nothing_was_committed() {
    let writer = "name: b, process: p, read: cache, cacheWrite: true, sets: { status.phase: y }";
    let empty = "name: a, process: p, read: cache, write: merge-patch, sets: { status.phase: y }";
    let skips = "name: a, process: p, steps: [ { cache: Node/n1 }, { when: { Node/n1.status.phase: \
                 Pending } }, { write: merge-patch, sets: { metadata.labels.a: \"1\" } } ]";
    for (reader, class, said) in [
        (
            empty,
            LossClass::Omitted,
            "a meant phase: y, sent nothing about it, and was answered 200",
        ),
        (skips, LossClass::Skew, "a found nothing to do, and sent nothing"),
    ] {
        let scenario = scenario_of(&[reader, writer], "properties: [serializable]\n");
        let result = check::run(&scenario, &Options::default()).unwrap();
        let witness = result.properties[0].witness.as_ref().expect("a violation has a witness");
        assert_eq!((witness.victim.worker.as_str(), witness.class), ("a", class));
        let shown = report::renderer("text").expect("known").render(&[result], &Style::default());
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(said), "{shown}");
        assert!(shown.contains("a read that copy in step 3, as if it were stored"), "{shown}");
    }
}
