//! The exhaustive search against brute force: every schedule of random small scenarios, one by
//! one, without merging states, canonical revisions or memoised transitions.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::readers::FRESHNESS;
use lostwrite::check::{self, Options, Verdict};
use lostwrite::properties;
use lostwrite::reconcilers::methods;
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::{Limits, explore};
use lostwrite::schedulers::{self, Count, Random, Scheduler};
use lostwrite::simulation::{Choice, World};
use lostwrite::trace::Fault;
use proptest::prelude::*;

/// Calls `end` for every schedule of a world, with its choices and the world at its end.
pub fn every_schedule(
    world: &World,
    choices: &mut Vec<Choice>,
    end: &mut dyn FnMut(&[Choice], &World),
) {
    let possible = world.choices();
    if possible.is_empty() {
        return end(choices, world);
    }
    for choice in possible {
        let mut next = world.clone();
        next.take(choice);
        choices.push(choice);
        every_schedule(&next, choices, end);
        choices.pop();
    }
}

/// What brute force finds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    schedules: u128,
    decided: Vec<u128>,
    finals: BTreeSet<String>,
    /// Length and switches of the best deciding schedule of each observer.
    best: Vec<Option<(usize, usize)>>,
}

fn by_brute_force(world: &World) -> Found {
    let observers = world.setting.observers.len();
    let mut found =
        Found { decided: vec![0; observers], best: vec![None; observers], ..Found::default() };
    every_schedule(world, &mut Vec::new(), &mut |choices, end| {
        found.schedules += 1;
        found.finals.insert(end.ending().content());
        let cost = (choices.len(), switches(choices));
        for (observer, decided) in end.judge().into_iter().enumerate() {
            if decided {
                found.decided[observer] += 1;
                let best = &mut found.best[observer];
                *best = Some(best.map_or(cost, |best| best.min(cost)));
            }
        }
    });
    found
}

/// Switches between workers: deliveries and faults are nobody's move.
pub fn switches(choices: &[Choice]) -> usize {
    let mover = |choice: &Choice| match choice {
        Choice::Worker(worker) | Choice::Fault(Fault::LostResponse(worker)) => Some(*worker),
        _ => None,
    };
    let movers: Vec<usize> = choices.iter().filter_map(mover).collect();
    movers.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn by_graph(world: &World, canonical: bool) -> Found {
    let limits = Limits { canonical, ..Limits::default() };
    let explored = explore(world, limits, &mut |_| None);
    assert_eq!(explored.stopped_by, None);
    let counts = explored.counts(100).expect("complete");
    let number = |count: &Count| count.to_string().parse::<u128>().expect("small");
    let observers = 0..world.setting.observers.len();
    let best = observers.map(|o| explored.shortest(o).map(|s| (s.len(), switches(&s))));
    Found {
        schedules: number(&counts.schedules),
        decided: counts.decided.iter().map(number).collect(),
        best: best.collect(),
        finals: explored.finals(),
    }
}

/// The object of a random scenario, the fields that workers may set, and the CRD, if any.
const KINDS: [(&str, &str, &[&str]); 4] = [
    (
        "ConfigMap",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default}, \
         data: {b: \"0\"}}",
        &[
            "'data.a': \"x\"",
            "'data.b': \"y\"",
            "'data.c': { $read: data.b }",
            "'data.b': { $remove: true }",
            "'metadata.annotations[\"n\"]': \"z\"",
        ],
    ),
    (
        "Node",
        "{apiVersion: v1, kind: Node, metadata: {name: demo}, spec: {podCIDR: 10.0.0.0/24}, \
         status: {conditions: [{type: Ready, status: \"False\"}]}}",
        &[
            "'status.conditions[type=Ready]': { status: \"True\" }",
            "'status.conditions[type=Disk]': { status: \"True\", reason: Probed }",
            "'status.conditions[type=Ready]': { $remove: true }",
            "'status.daemonEndpoints.kubeletEndpoint.Port': { $add: 1 }",
            "'status.phase': Running",
            "'metadata.finalizers': { $append: example.com/x }",
            "'metadata.finalizers': { $append: example.com/y }",
        ],
    ),
    (
        "Widget",
        "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, namespace: \
         default}, spec: {replicas: 1}, status: {phase: Old, restarts: 0}}",
        &[
            "'status.restarts': { $add: 1 }",
            "'status.phase': New",
            "'status.conditions[type=A]': { status: \"True\" }",
            "'status.conditions[type=B]': { status: \"True\" }",
            "'status.observedGeneration': { $read: metadata.generation }",
            "'spec.replicas': { $add: 1 }",
        ],
    ),
    // The same with rules in CEL: what is refused depends on what others wrote before.
    (
        "Ruled",
        "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, namespace: \
         default}, spec: {replicas: 1}, status: {phase: Old, restarts: 0}}",
        &[
            "'status.restarts': { $add: 1 }",
            "'status.phase': New",
            "'status.conditions[type=A]': { status: \"True\" }",
            "'status.conditions[type=B]': { status: \"True\" }",
            "'spec.replicas': { $add: 1 }",
        ],
    ),
];

/// Bounds, a rule that compares, and one that tells entries of a list apart.
const RULES: &str = "type: object
          x-kubernetes-validations:
            - rule: \"!has(self.status) || self.status.restarts < 2\"
            - rule: \"!has(oldSelf.status) || oldSelf.status.phase != 'New' || \
                      self.spec == oldSelf.spec\"
            - rule: \"!has(self.status.conditions) || self.status.conditions.all(c, \
                      c.type != 'B' || self.spec.replicas > 1 || self.status.phase == 'New')\"
          properties:
            spec:";

/// The name of a write method, by its number.
pub fn method(number: usize) -> &'static str {
    methods::all()[number % methods::all().len()].name()
}

#[derive(Clone, Debug)]
struct RandomWorker {
    write: usize,
    sets: Vec<usize>,
    cached: bool,
    freshness: usize,
    cached_retry: bool,
    together: bool,
    runs: u32,
    attempts: u32,
    same_manager: bool,
    more: usize,
}

/// More about how a worker writes. `OMITTED` is a field of the kind.
const MORE: [&str; 3] = ["restamp: before", "retryRead: none", "omit: [OMITTED]"];

/// For each of [`KINDS`], a field that a PUT may leave out.
const OMITTED: [&str; 4] = ["data.b", "status.conditions", "status.phase", "spec.replicas"];

fn random_worker() -> impl Strategy<Value = RandomWorker> {
    let sets = prop::collection::vec(0_usize..42, 1..3);
    let rare = || prop::bool::weighted(0.2);
    let (write, often) = (0..methods::all().len(), prop::bool::weighted(0.35));
    let more = 0..3 * MORE.len();
    let read = (often, 0..2 * FRESHNESS.len());
    (write, sets, read, rare(), any::<bool>(), rare(), 1_u32..4, rare(), more).prop_map(
        |(write, sets, read, cached_retry, together, twice, attempts, same_manager, more)| {
            let (cached, freshness) = read;
            RandomWorker {
                write,
                sets,
                cached,
                freshness,
                cached_retry,
                together,
                runs: 1 + u32::from(twice),
                attempts,
                same_manager,
                more,
            }
        },
    )
}

pub fn random_scenario() -> impl Strategy<Value = String> {
    let workers = prop::collection::vec(random_worker(), 1..4);
    let faults = prop::collection::vec(prop::bool::weighted(0.12), 4);
    (0..KINDS.len(), workers, faults)
        .prop_map(|(kind, workers, faults)| text_of(kind, &workers, &faults))
}

fn text_of(kind: usize, workers: &[RandomWorker], faults: &[bool]) -> String {
    let (name, object, fields) = KINDS[kind];
    let mut text = String::from(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
         description: Made by a property test.\n",
    );
    match name {
        "Widget" => text.push_str("crds: [crds/widget.crd.yaml]\n"),
        "Ruled" => text.push_str("crds: [crds/ruled.crd.yaml]\n"),
        _ => {}
    }
    let _ = write!(text, "objects:\n  - {object}\nworkers:\n");
    for (at, worker) in workers.iter().enumerate() {
        let method = method(worker.write);
        let mut sets: Vec<&str> =
            worker.sets.iter().map(|set| fields[set % fields.len()]).collect();
        sets.sort_unstable_by_key(|set| set.split(':').next());
        sets.dedup_by_key(|set| set.split(':').next());
        // A worker writes through one endpoint.
        let of_status = sets[0].starts_with("'status");
        sets.retain(|set| set.starts_with("'status") == of_status);
        let letter = char::from(b'a' + at as u8);
        let _ = write!(
            text,
            "  - name: {letter}\n    write: {method}\n    sets: {{ {} }}\n    runs: {}\n    \
             attempts: {}\n",
            sets.join(", "),
            worker.runs,
            worker.attempts,
        );
        if worker.cached {
            text.push_str("    read: cache\n");
            text.push_str(FRESHNESS.get(worker.freshness).unwrap_or(&""));
        }
        if let Some(more) = MORE.get(worker.more) {
            let _ = writeln!(text, "    {}", more.replace("OMITTED", OMITTED[kind]));
        }
        if worker.cached_retry && worker.more != 1 {
            text.push_str("    retryRead: cache\n");
        }
        if worker.together || method == "update-shared" {
            text.push_str("    process: shared\n");
        }
        if worker.same_manager {
            text.push_str("    fieldManager: everybody\n");
        }
    }
    let names = ["lostResponses", "crashes", "watchGaps", "recreations"];
    let wanted: Vec<String> =
        names.iter().zip(faults).filter(|(_, on)| **on).map(|(n, _)| format!("{n}: 1")).collect();
    if !wanted.is_empty() {
        let _ = writeln!(text, "faults: {{ {} }}", wanted.join(", "));
    }
    let all: Vec<&str> = properties::all().iter().map(|entry| entry.name).collect();
    let _ = writeln!(text, "properties: [{}]", all.join(", "));
    text
}

/// The scenario, if it is valid (a random worker may write what the server refuses for its kind).
pub fn scenario(text: &str) -> Option<Arc<Scenario>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/random.yaml");
    let widget = include_str!("../../scenarios/crds/widget.crd.yaml");
    let indented = widget.replace('\n', "\n    ");
    let text = text.replace("crds: [crds/widget.crd.yaml]", &format!("crds:\n  -\n    {indented}"));
    let plain = "type: object\n          properties:\n            spec:";
    assert!(widget.contains(plain), "where rules are put");
    let ruled = widget.replace(plain, RULES).replace('\n', "\n    ");
    let text = text.replace("crds: [crds/ruled.crd.yaml]", &format!("crds:\n  -\n    {ruled}"));
    let scenarios = Scenario::from_str(&path.to_string_lossy(), &text).ok()?;
    scenarios.into_iter().next().map(Arc::new)
}

/// Schedules that brute force is willing to run.
const MAX_SCHEDULES: u128 = 2_500;

pub fn small_world(text: &str) -> Option<(Arc<Scenario>, World)> {
    let scenario = scenario(text)?;
    let world = check::world(&scenario).ok()?;
    let limits = Limits { max_states: 3_000, ..Limits::default() };
    let explored = explore(&world, limits, &mut |_| None);
    let counts = explored.counts(60)?;
    let schedules: u128 = counts.schedules.to_string().parse().ok()?;
    (explored.stopped_by.is_none() && !counts.cyclic && schedules <= MAX_SCHEDULES)
        .then_some((scenario, world))
}

/// What is checked of one random scenario.
pub fn agrees(scenario: &Arc<Scenario>, world: &World) -> Result<(), TestCaseError> {
    let brute = by_brute_force(world);
    prop_assert_eq!(&by_graph(world, true), &brute, "canonical states");
    prop_assert_eq!(&by_graph(world, false), &brute, "plain states");

    let result = check::run(scenario, &Options::default()).expect("it was checked before");
    for property in &result.properties {
        let Some(witness) = &property.witness else { continue };
        let replayed = check::replay(scenario, &witness.schedule.to_string()).expect("it fits");
        let again = replayed.judged.iter().find(|(name, ..)| *name == property.name);
        let again = again.and_then(|(_, _, witness)| witness.as_ref()).expect("violated again");
        prop_assert_eq!(&again.trace, &witness.trace);
        prop_assert_eq!(
            (again.class, &again.victim, &again.field, &again.stale_read, &again.culprit),
            (witness.class, &witness.victim, &witness.field, &witness.stale_read, &witness.culprit)
        );
    }
    let violated = |name: &str| {
        result.property(name).is_some_and(|p| p.verdict == Verdict::Violated && p.witness.is_none())
    };
    let named = properties::all().iter().filter(|entry| !entry.sometimes);
    let unexplained: Vec<&str> = named.map(|e| e.name).filter(|name| violated(name)).collect();
    prop_assert!(unexplained.is_empty(), "violated without a witness: {:?}", unexplained);

    let mut random = Random::new(7);
    for _ in 0..30 {
        random.begin();
        let mut end = world.clone();
        let run = schedulers::run(&mut end, &mut random, 1_000);
        prop_assert!(run.finished);
        for (index, decided) in end.judge().into_iter().enumerate() {
            prop_assert!(!decided || brute.decided[index] > 0, "a random schedule contradicts");
        }
    }
    Ok(())
}

/// A scenario of workers that are alike but for their own field.
fn alike(workers: u32, write: &str, runs: u32) -> Arc<Scenario> {
    let mut text = String::from(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: alike}\n\
         description: Workers that are alike.\nobjects:\n  - {apiVersion: v1, kind: ConfigMap, \
         metadata: {name: demo, namespace: default}, data: {}}\nworkers:\n",
    );
    for worker in 0..workers {
        let letter = char::from(b'a' + worker as u8);
        let _ = writeln!(
            text,
            "  - {{name: {letter}, write: {write}, runs: {runs}, sets: {{data.{letter}: \"1\"}}}}"
        );
    }
    scenario(&text).expect("it is valid")
}

#[test]
fn counts_far_beyond_enumeration_are_exact() {
    let factorial = |n: u128| (1..=n).product::<u128>();
    // Four workers of four calls each, and nobody waits for anybody: a multinomial.
    let four = check::run(&alike(4, "update-unconditional", 2), &Options::default()).unwrap();
    let multinomial = factorial(16) / factorial(4).pow(4);
    assert_eq!(four.exploration.schedules, Some(Count::from(multinomial)));
    assert_eq!(four.properties[0].verdict, Verdict::Violated);

    // Six workers that retry: conflicts make schedules longer, and five attempts are not enough.
    let six = check::run(&alike(6, "update-retry", 1), &Options::default()).unwrap();
    assert!(six.exploration.complete);
    assert_eq!(six.property("no-lost-write").map(|p| p.verdict), Some(Verdict::Holds));
    assert_eq!(six.property("converges").map(|p| p.verdict), Some(Verdict::Violated));
    assert_eq!(six.costs.max_attempts, 5);
}

/// The minimum of random scenarios that are compared; those that are too large, or that the server
/// refuses, do not count.
const CASES: u32 = 200;

#[test]
fn counts_finals_and_witnesses_equal_those_of_brute_force() {
    let config = ProptestConfig {
        cases: CASES,
        max_global_rejects: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let compared = std::cell::Cell::new(0_u32);
    let outcome = runner.run(&random_scenario(), |text| {
        let Some((scenario, world)) = small_world(&text) else {
            return Err(TestCaseError::reject("too large, or refused"));
        };
        compared.set(compared.get() + 1);
        agrees(&scenario, &world)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(compared.get() >= CASES, "only {} scenarios were compared", compared.get());
}
