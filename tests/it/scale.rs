//! Every way of searching against the plain one: workers exchanged, steps reordered, several
//! threads, stopped and continued, split into shards. Thousands of random scenarios, in which
//! workers are often alike and objects often several.

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::Arc;

use lostwrite::check;
use lostwrite::properties;
use lostwrite::reconcilers::methods;
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::{Counts, Explored, Limits, Shard, explore, resume};
use lostwrite::schedulers::{Bound, Count};
use lostwrite::simulation::World;
use proptest::prelude::*;

use crate::exhaustive::{method, scenario};
use crate::readers::FRESHNESS;

const OBJECTS: &str = "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default}, data: {n: \"0\"}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: default}}
  - {apiVersion: v1, kind: Node, metadata: {name: node}, \
                       status: {conditions: [{type: Disk, status: \"False\"}]}}
  - {apiVersion: demo.example.com/v1, kind: Widget, \
                       metadata: {name: widget, namespace: default}, spec: {replicas: 1}, \
                       status: {restarts: 0}}
";

/// Objects with the fields that workers may set; `%` is the worker's own letter.
const TARGETS: [(&str, &[&str]); 4] = [
    (
        "ConfigMap/default/demo",
        &[
            "'data.%': \"1\"",
            "'data.n': \"1\"",
            "'metadata.annotations[\"%\"]': \"z\"",
            "'data.%': { $read: data.n }",
            "'data.n': { $read: data.% }",
            "'data.%': v%",
            "'data.n': v%",
        ],
    ),
    (
        "ConfigMap/default/other",
        &["'data.%': \"1\"", "'metadata.labels.%': x", "'metadata.labels.%': x%"],
    ),
    (
        "Node/node",
        &[
            "'status.conditions[type=%]': { status: \"True\" }",
            "'status.daemonEndpoints.kubeletEndpoint.Port': { $add: 1 }",
            "'status.conditions[type=Disk]': { $remove: true }",
            "'status.conditions[type=%]': { status: \"True\", reason: R% }",
            "'status.conditions[type=Disk]': { status: \"True\", reason: R% }",
        ],
    ),
    (
        "Widget/default/widget",
        &[
            "'status.restarts': { $add: 1 }",
            "'status.conditions[type=%]': { status: \"True\" }",
            "'status.phase': New",
            "'status.phase': P%",
            "'status.conditions[type=%]': { status: \"True\", reason: R%, message: M }",
            "'status.conditions[type=%].reason': R%",
            "'status.observedGeneration': { $read: metadata.generation }",
        ],
    ),
];

/// Some workers that are alike.
#[derive(Clone, Debug)]
pub struct Group {
    size: usize,
    target: usize,
    sets: Vec<usize>,
    write: usize,
    cached: bool,
    freshness: usize,
    together: bool,
    runs: u32,
    attempts: u32,
}

fn group() -> impl Strategy<Value = Group> {
    let sets = prop::collection::vec(0_usize..20, 1..3);
    let rare = || prop::bool::weighted(0.25);
    let work = (0..TARGETS.len(), sets, 0..methods::all().len());
    let freshness = 0..2 * FRESHNESS.len();
    (1_usize..4, work, (rare(), freshness), rare(), 1_u32..3, 1_u32..4).prop_map(
        |(size, (target, sets, write), (cached, freshness), together, runs, attempts)| Group {
            size,
            target,
            sets,
            write,
            cached,
            freshness,
            together,
            runs,
            attempts,
        },
    )
}

pub(crate) fn text_of(groups: &[Group], faults: &[bool], properties: &[&str]) -> String {
    let mut text = String::from(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
         description: Made by a property test.\ncrds: [crds/widget.crd.yaml]\n",
    );
    let _ = writeln!(text, "{OBJECTS}workers:");
    let mut letters = 'a'..='z';
    for (number, group) in groups.iter().enumerate() {
        let (object, fields) = TARGETS[group.target];
        let mut sets: Vec<&str> = group.sets.iter().map(|set| fields[set % fields.len()]).collect();
        sets.sort_unstable_by_key(|set| set.split(':').next());
        sets.dedup_by_key(|set| set.split(':').next());
        for letter in letters.by_ref().take(group.size) {
            let method = method(group.write);
            let sets = sets.join(", ").replace('%', &letter.to_string());
            let (runs, attempts) = (group.runs, group.attempts);
            let _ = write!(
                text,
                "  - name: {letter}\n    object: {object}\n    write: {method}\n    \
                 sets: {{ {sets} }}\n    runs: {runs}\n    attempts: {attempts}\n"
            );
            if group.cached {
                text.push_str("    read: cache\n");
                text.push_str(FRESHNESS.get(group.freshness).unwrap_or(&""));
            }
            if group.together || method == "update-shared" {
                let _ = writeln!(text, "    process: p{number}");
            }
        }
    }
    let names = ["lostResponses", "crashes", "watchGaps", "recreations"];
    let wanted: Vec<String> =
        names.iter().zip(faults).filter(|(_, on)| **on).map(|(n, _)| format!("{n}: 1")).collect();
    if !wanted.is_empty() {
        let _ = writeln!(text, "faults: {{ {} }}", wanted.join(", "));
    }
    let _ = writeln!(text, "properties: [{}]", properties.join(", "));
    text
}

fn random_scenario() -> impl Strategy<Value = String> {
    let groups = prop::collection::vec(group(), 1..3);
    let faults = prop::collection::vec(prop::bool::weighted(0.08), 4);
    // Where all properties judge each object by itself, steps may change places.
    (groups, faults, any::<bool>()).prop_map(|(groups, faults, all)| {
        let names = properties::all().iter().map(|entry| entry.name);
        let local = |name: &&str| !["serializable", "raced"].contains(name);
        let properties: Vec<&str> = names.filter(|name| all || local(name)).collect();
        text_of(&groups, &faults, &properties)
    })
}

/// States that the plain search may take.
const MAX_STATES: u64 = 600;

const MAX_STEPS: u64 = 100;

pub(crate) fn searched(world: &World, limits: Limits) -> Explored {
    let explored = explore(world, limits, &mut |_| None);
    assert_eq!(explored.stopped_by, None);
    explored
}

/// All counts, as text.
fn told(counts: &Counts) -> String {
    let decided: Vec<String> = counts.decided.iter().map(Count::to_string).collect();
    let (conflict, calls) = (&counts.with_conflict, &counts.calls);
    format!(
        "{} schedules, decided {decided:?}, {conflict} with a conflict, {calls} calls, at most {}",
        counts.schedules, counts.most_calls
    )
}

fn counted(explored: &Explored) -> String {
    told(&explored.counts(MAX_STEPS).expect("it was covered"))
}

/// What the random scenarios had to show.
#[derive(Debug, Default)]
struct Met {
    compared: u32,
    exchanged: u32,
    fewer_by_exchange: u32,
    fewer_by_reduction: u32,
    sharded: u32,
}

fn agree(world: &World, plain: &Explored, met: &mut Met) -> Result<(), TestCaseError> {
    let expected = counted(plain);
    let observers = 0..world.setting.observers.len();
    let witnesses = |explored: &Explored| -> Vec<_> {
        observers.clone().map(|observer| explored.shortest(observer)).collect()
    };
    let losses = witnesses(plain);

    let symmetric = searched(world, Limits { symmetry: true, ..Limits::default() });
    prop_assert_eq!(&counted(&symmetric), &expected, "exchanged");
    prop_assert_eq!(&witnesses(&symmetric), &losses, "exchanged");
    met.exchanged += u32::from(!symmetric.symmetric.is_empty());
    met.fewer_by_exchange += u32::from(symmetric.graph.states() < plain.graph.states());

    let reduced = searched(world, Limits { reduce: true, ..Limits::default() });
    let violated = |losses: &[Option<_>]| losses.iter().map(Option::is_some).collect::<Vec<_>>();
    prop_assert_eq!(violated(&witnesses(&reduced)), violated(&losses), "reordered");
    prop_assert_eq!(reduced.finals(), plain.finals(), "reordered");
    met.fewer_by_reduction += u32::from(reduced.graph.states() < plain.graph.states());
    let both = Limits { reduce: true, symmetry: true, ..Limits::default() };
    let both = searched(world, both);
    prop_assert_eq!(violated(&witnesses(&both)), violated(&losses), "exchanged and reordered");

    let limits = Limits { symmetry: true, ..Limits::default() };
    let (resumed, stopped) = stopped_and_resumed(world, limits, symmetric.graph.states() as u64);
    prop_assert!(stopped);
    let size = |explored: &Explored| (explored.graph.states(), explored.graph.transitions());
    prop_assert_eq!(size(&resumed), size(&symmetric), "resumed");
    prop_assert_eq!(&counted(&resumed), &expected, "resumed");
    prop_assert_eq!(&witnesses(&resumed), &losses, "resumed");

    let shards = (1..=3)
        .map(|index| searched(world, Limits { shard: Some(Shard { index, of: 3 }), ..limits }));
    let shards: Vec<Explored> = shards.collect();
    prop_assert_eq!(told(&sum(&shards)), expected, "sharded");
    let best = |observer: usize| {
        let cost = |schedule: &Vec<_>| (schedule.len(), crate::exhaustive::switches(schedule));
        let found = shards.iter().filter_map(|shard| shard.shortest(observer));
        found.min_by_key(|schedule| (cost(schedule), schedule.clone()))
    };
    let joined: Vec<_> = observers.clone().map(best).collect();
    prop_assert_eq!(&joined, &losses, "sharded");
    let busy = shards.iter().filter(|shard| shard.graph.finals().next().is_some()).count();
    met.sharded += u32::from(busy > 1);
    Ok(())
}

fn stopped_and_resumed(world: &World, limits: Limits, states: u64) -> (Explored, bool) {
    let half = Limits { max_states: states / 2, ..limits };
    let stopped = explore(world, half, &mut |_| None);
    let mut checkpoint = Vec::new();
    let unfinished = stopped.unfinished.as_ref().expect("a bound was reached");
    unfinished.write(&stopped.graph, &mut checkpoint).expect("memory takes everything");
    let resumed = resume(world, limits, &mut Cursor::new(&checkpoint), &mut |_| None);
    let was_stopped = stopped.stopped_by == Some(Bound::States(states / 2));
    (resumed.expect("it is whole"), was_stopped)
}

fn sum(shards: &[Explored]) -> Counts {
    let all: Vec<Counts> = shards.iter().map(|s| s.counts(MAX_STEPS).expect("covered")).collect();
    all.into_iter()
        .reduce(|mut sum, next| {
            sum.add(&next);
            sum
        })
        .expect("three shards")
}

/// The world, watched only by what is judged: a note on whether runs overlapped allows nobody to
/// change places.
pub(crate) fn without_notes(world: World, judged: usize) -> World {
    let mut setting = (*world.setting).clone();
    setting.observers.truncate(judged);
    World::new(Arc::new(setting), world.server, world.workers, world.faults)
}

/// A world small enough, and its plain graph.
fn small(text: &str) -> Option<(World, Explored)> {
    let scenario: Arc<Scenario> = scenario(text)?;
    let world = without_notes(check::world(&scenario).ok()?, scenario.properties.len());
    let limits = Limits { max_states: MAX_STATES, ..Limits::default() };
    let plain = explore(&world, limits, &mut |_| None);
    (plain.stopped_by.is_none() && plain.graph.states() > 3).then_some((world, plain))
}

/// The minimum of random scenarios that are compared; `LOSTWRITE_CASES` sets another one. Those
/// that are too large, or that the server refuses, do not count.
const CASES: u32 = 1_000;

#[test]
fn every_way_of_searching_agrees_with_the_plain_one() {
    let cases = std::env::var("LOSTWRITE_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = cases.unwrap_or(CASES);
    let config = ProptestConfig {
        cases,
        max_global_rejects: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let met = std::cell::RefCell::new(Met::default());
    let outcome = runner.run(&random_scenario(), |text| {
        let Some((world, plain)) = small(&text) else {
            return Err(TestCaseError::reject("too large, or refused"));
        };
        let met = &mut *met.borrow_mut();
        met.compared += 1;
        agree(&world, &plain, met)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let met = met.into_inner();
    // A test in which nothing was ever exchanged, reordered or split would prove nothing.
    let each = cases / 30;
    assert!(met.compared >= cases, "{met:?}");
    assert!(met.exchanged > each && met.fewer_by_exchange > each, "{met:?}");
    assert!(met.fewer_by_reduction > each && met.sharded > each, "{met:?}");
}

/// Workers that each add to one counter, `runs` times.
fn counters(workers: u32, runs: u32) -> World {
    let mut text = text_of(&[], &[], &["no-lost-write"]);
    let at = text.find("properties:").expect("it is there");
    let mut list = String::new();
    for worker in 0..workers {
        let letter = char::from(b'a' + worker as u8);
        let _ = writeln!(
            list,
            "  - {{name: {letter}, object: Widget/default/widget, write: update, runs: {runs}, \
             sets: {{status.restarts: {{ $add: 1 }}}}}}"
        );
    }
    text.insert_str(at, &list);
    check::world(&scenario(&text).expect("it is valid")).expect("nothing is refused")
}

#[test]
fn two_threads_find_the_graph_of_one() {
    // Large enough for several batches with several pieces each.
    let world = counters(5, 2);
    let one = searched(&world, Limits::default());
    assert!(one.graph.states() > 40_000, "{} states", one.graph.states());
    let two = searched(&world, Limits { threads: 2, ..Limits::default() });
    assert_eq!(two.graph.states(), one.graph.states());
    for state in 0..one.graph.states() {
        assert_eq!(two.graph.edges(state), one.graph.edges(state), "state {state}");
    }
    assert_eq!(counted(&two), counted(&one));
    let (resumed, stopped) = stopped_and_resumed(&world, Limits::default(), 40_000);
    assert!(stopped);
    assert_eq!(counted(&resumed), counted(&one));
}

#[test]
fn eight_workers_that_count_to_three_have_an_exact_number_of_schedules() {
    let world = counters(8, 3);
    let explored = searched(&world, Limits { symmetry: true, ..Limits::default() });
    let counts = explored.counts(MAX_STEPS).expect("it was covered");
    // 48! / (6!)^8, by multiplication: what is chosen for one worker after the other.
    let choose = |n: u32, k: u32| -> num_bigint::BigUint {
        (0..k).fold(1_u32.into(), |product: num_bigint::BigUint, i| product * (n - i) / (i + 1))
    };
    let all = (1..=8)
        .fold(num_bigint::BigUint::from(1_u32), |product, worker| product * choose(6 * worker, 6));
    assert_eq!(counts.schedules.to_string(), all.to_string());
    assert!(counts.decided[0].is_zero(), "no write is lost");
    assert_eq!(explored.symmetric, [(0..8).collect::<Vec<usize>>()]);
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let world = counters(3, 1);
    let stopped = explore(&world, Limits { max_states: 20, ..Limits::default() }, &mut |_| None);
    let mut whole = Vec::new();
    stopped.unfinished.as_ref().unwrap().write(&stopped.graph, &mut whole).unwrap();
    let resumed = |bytes: &[u8], world: &World| {
        resume(world, Limits::default(), &mut Cursor::new(bytes), &mut |_| None)
            .map(|e| counted(&e))
    };
    assert_eq!(resumed(&whole, &world).unwrap(), counted(&searched(&world, Limits::default())));
    for cut in [0, 1, 8, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        assert!(resumed(&whole[..cut], &world).is_err(), "{cut} bytes of {}", whole.len());
    }
    // Any bit: nothing of a damaged file is carried out, so that nothing panics.
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            assert!(resumed(&damaged, &world).is_err(), "bit {bit} of byte {at}");
        }
    }
    assert!(resumed(&whole, &counters(4, 1)).is_err(), "of another search");
}
