//! Controllers: the counts of queues, triggers, replicas and leases are exact.
//!
//! Random scenarios are compared with brute force over the world, and with small models that know
//! nothing of it: a queue is a number of goroutines, a trigger is a bit.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use lostwrite::check::{self, Options, Verdict};
use lostwrite::schedulers::exhaustive::{Limits, explore};
use lostwrite::simulation::World;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::exhaustive::{agrees, scenario, small_world};

const HEAD: &str = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
                    objects:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo}, data: \
                    {b: \"0\"}}\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n";

/// What a reconcile of a random controller does.
const STEPS: [&str; 8] = [
    "- get: ConfigMap/demo
- { write: update, object: ConfigMap/demo, sets: { data.W: \"1\" } }",
    "- cache: ConfigMap/demo
- { write: merge-patch-locked, object: ConfigMap/demo, sets: { data.b: W }, attempts: 1 }",
    "- get: ConfigMap/other
- { write: merge-patch, object: ConfigMap/other, sets: { data.W: \"2\" } }",
    "- cache: ConfigMap/other
- when: { ConfigMap/other.data.p: null }
- effect: called",
    "- effect: called",
    "- list: { kind: Secret, labels: { of: demo }, as: all }
- when: { all: null }
- create: { kind: Secret, name: s, labels: { of: demo } }",
    "- leader: term
- effect: led",
    "- get: ConfigMap/demo
- { write: update, object: ConfigMap/demo, sets: { data.b: \"R${replica}\" } }",
];

#[derive(Clone, Debug)]
struct Controller {
    workers: Vec<(usize, u32)>,
    queue: (u32, bool),
    trigger: usize,
    requeue: u32,
    replicas: u32,
    lease: bool,
}

fn random_controller() -> impl Strategy<Value = Controller> {
    let worker = (0..STEPS.len(), prop::sample::select(vec![1, 1, 2]));
    (
        prop::collection::vec(worker, 1..3),
        (1_u32..3, any::<bool>()),
        prop::sample::select(vec![0, 0, 1, 2, 3, 4]),
        prop::sample::select(vec![0, 1, 2, 3]),
        prop::sample::select(vec![1, 1, 1, 2]),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(workers, queue, trigger, requeue, replicas, lease)| Controller {
            workers,
            queue,
            trigger,
            requeue,
            replicas,
            lease,
        })
}

fn text_of(controllers: &[Controller], user: bool, crashes: bool) -> String {
    let (mut text, mut queues) = (HEAD.to_owned() + "workers:\n", "controllers:\n".to_owned());
    let mut letter = b'p';
    for (at, controller) in controllers.iter().enumerate() {
        let mut names = Vec::new();
        for &(steps, runs) in &controller.workers {
            let name = char::from(letter);
            letter += 1;
            // Only a process that elects may ask whether it leads.
            let steps = if steps == 6 && !controller.lease { 4 } else { steps };
            let steps = STEPS[steps].replace('W', &name.to_string());
            let steps: String = steps.lines().map(|line| format!("      {line}\n")).collect();
            let _ = write!(
                text,
                "  - name: {name}\n    attempts: 2\n    runs: {runs}\n    steps:\n{steps}"
            );
            names.push(name.to_string());
        }
        let _ = write!(
            queues,
            "  - name: c{at}\n    workers: [{}]\n    replicas: {}\n    queue: {{ concurrency: {}, \
             per: {} }}\n",
            names.join(", "),
            controller.replicas,
            controller.queue.0,
            if controller.queue.1 { "key" } else { "controller" },
        );
        queues += match controller.trigger {
            1 => "    trigger: { watch: [ConfigMap/demo] }\n",
            2 => "    trigger: { watch: [ConfigMap] }\n",
            3 => "    trigger: { watch: [ConfigMap/other], resync: 1 }\n",
            4 => "    trigger: { resync: 1, watch: [ConfigMap/demo, ConfigMap/other] }\n",
            _ => "",
        };
        queues += match controller.requeue {
            1 => "    requeue: { max: 1 }\n",
            2 => "    requeue: { max: 2, backoff: [1ms, 2ms] }\n",
            3 => "    requeue: { max: 1, deadline: 1s }\n",
            _ => "",
        };
        if controller.lease {
            queues += "    leaderElection: { renewals: 0 }\n";
        }
    }
    if user {
        text +=
            "  - { name: user, object: ConfigMap/demo, write: merge-patch, sets: { data.u: x } }\n";
    }
    text += &queues;
    if crashes {
        text += "faults: { crashes: 1 }\n";
    }
    text + "properties: [no-lost-write, converges, raced]\n"
}

fn random_text() -> impl Strategy<Value = String> {
    (prop::collection::vec(random_controller(), 1..3), any::<bool>(), prop::bool::weighted(0.05))
        .prop_map(|(controllers, user, crashes)| text_of(&controllers, user, crashes))
}

/// Replicas are alike, and may be exchanged: that changes no count.
fn exchanged_counts_are_the_same(world: &World) -> Result<(), TestCaseError> {
    let counts = |symmetry| {
        let explored = explore(world, Limits { symmetry, ..Limits::default() }, &mut |_| None);
        let counts = explored.counts(100).expect("complete");
        let decided: Vec<String> = counts.decided.iter().map(ToString::to_string).collect();
        (counts.schedules.to_string(), decided)
    };
    prop_assert_eq!(counts(true), counts(false), "with and without exchanges");
    Ok(())
}

/// The minimum of random scenarios that are compared.
const CASES: u32 = 120;

#[test]
fn counts_of_random_controllers_equal_those_of_brute_force() {
    let config = ProptestConfig {
        cases: CASES,
        max_global_rejects: 40_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(config, rng);
    let compared = std::cell::Cell::new(0_u32);
    let outcome = runner.run(&random_text(), |text| {
        let Some((scenario, world)) = small_world(&text) else {
            return Err(TestCaseError::reject("too large"));
        };
        compared.set(compared.get() + 1);
        exchanged_counts_are_the_same(&world)?;
        agrees(&scenario, &world)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(compared.get() >= CASES, "only {} scenarios were compared", compared.get());
}

#[test]
fn random_controllers_are_mostly_valid() {
    let strategy = random_text();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts: Vec<String> =
        (0..50).map(|_| strategy.new_tree(&mut runner).expect("a tree").current()).collect();
    let valid = texts.iter().filter(|text| scenario(text).is_some()).count();
    assert!(valid >= 45, "{valid} of 50");
}

/// The schedules of a scenario, and whether all were covered.
fn counted(text: &str) -> u128 {
    let scenario = scenario(text).unwrap_or_else(|| panic!("valid:\n{text}"));
    let result = check::run(&scenario, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert!(result.exploration.complete);
    let schedules = result.exploration.schedules.expect("counted");
    schedules.to_string().replace(',', "").parse().expect("a number")
}

/// What a worker of a model is at: steps of the run under way, runs left.
type At = Vec<(u32, u32)>;

/// Interleavings of workers of `steps` steps and some runs, of which at most a limit of one queue
/// are under way at once.
fn interleavings(
    at: &At,
    steps: &[u32],
    queues: &[(Vec<usize>, usize)],
    known: &mut HashMap<At, u128>,
) -> u128 {
    if let Some(known) = known.get(at) {
        return *known;
    }
    let mut all = 0;
    for worker in 0..at.len() {
        let (made, left) = at[worker];
        let (members, most) =
            queues.iter().find(|(members, _)| members.contains(&worker)).expect("a queue");
        let busy = members.iter().filter(|other| at[**other].0 > 0).count();
        if left == 0 || made == 0 && busy >= *most {
            continue;
        }
        let mut next = at.clone();
        next[worker] = if made + 1 == steps[worker] { (0, left - 1) } else { (made + 1, left) };
        all += interleavings(&next, steps, queues, known);
    }
    let all = if at.iter().all(|(_, left)| *left == 0) { 1 } else { all };
    known.insert(at.clone(), all);
    all
}

#[test]
fn a_queue_counts_as_goroutines_do() {
    for (steps, runs, concurrency, replicas) in [
        (vec![2, 2], vec![1, 1], 1, 1),
        (vec![2, 3], vec![2, 1], 1, 1),
        (vec![2, 2, 3], vec![1, 2, 1], 2, 1),
        (vec![3], vec![1], 1, 3),
        (vec![2, 1], vec![1, 2], 1, 2),
        (vec![2, 2], vec![2, 2], 2, 2),
    ] {
        let mut text = HEAD.to_owned() + "workers:\n";
        for (at, (steps, runs)) in steps.iter().zip(&runs).enumerate() {
            let effects = "      - effect: e\n".repeat(*steps as usize);
            let _ = write!(text, "  - name: w{at}\n    runs: {runs}\n    steps:\n{effects}");
        }
        let names: Vec<String> = (0..steps.len()).map(|at| format!("w{at}")).collect();
        let _ = write!(
            text,
            "controllers:\n  - name: c\n    workers: [{}]\n    replicas: {replicas}\n    queue: {{ \
             concurrency: {concurrency} }}\n",
            names.join(", ")
        );
        let all: Vec<u32> = steps.repeat(replicas);
        let at: At = runs.repeat(replicas).iter().map(|runs| (0, *runs)).collect();
        let queues: Vec<(Vec<usize>, usize)> = (0..replicas)
            .map(|replica| {
                let first = replica * steps.len();
                ((first..first + steps.len()).collect(), concurrency)
            })
            .collect();
        let modelled = interleavings(&at, &all, &queues, &mut HashMap::new());
        assert_eq!(counted(&text), modelled, "{text}");
    }
}

/// A trigger, modelled: writes left, events on the way, whether the key is queued, steps of the
/// run under way, runs left.
type Bell = (u32, u32, bool, u32, u32);

fn bells((writes, coming, queued, made, runs): Bell, steps: u32) -> u128 {
    let idle = runs == 0 || made == 0 && !queued && coming == 0;
    if writes == 0 && idle {
        return 1;
    }
    let mut all = 0;
    if writes > 0 {
        all += bells((writes - 1, coming + 1, queued, made, runs), steps);
    }
    if coming > 0 {
        all += bells((writes, coming - 1, true, made, runs), steps);
    }
    if runs > 0 && (made > 0 || queued) {
        let queued = if made == 0 { false } else { queued };
        all += match made + 1 == steps {
            true => bells((writes, coming, queued, 0, runs - 1), steps),
            false => bells((writes, coming, queued, made + 1, runs), steps),
        };
    }
    all
}

#[test]
fn a_trigger_is_one_bit_however_many_events_come() {
    for (writes, steps, runs) in [(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 3), (3, 1, 2), (3, 2, 5)]
    {
        let effects = "      - effect: e\n".repeat(steps as usize);
        let patches: String = (0..writes)
            .map(|n| {
                format!(
                    "      - write: apply\n        object: ConfigMap/demo\n        sets: {{ \
                     data.u: \"{n}\" }}\n"
                )
            })
            .collect();
        let text = format!(
            "{HEAD}workers:
  - name: w
    runs: {runs}
    steps:
{effects}  - name: user
    steps:
{patches}controllers:
  - {{ name: c, workers: [w], trigger: {{ watch: [ConfigMap/demo] }} }}
"
        );
        assert_eq!(counted(&text), bells((writes, 0, true, 0, runs), steps), "{text}");
    }
}

fn verdict(text: &str, property: &str) -> Verdict {
    let scenario = scenario(text).unwrap_or_else(|| panic!("valid:\n{text}"));
    let result = check::run(&scenario, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let found = result.properties.iter().find(|p| p.name == property);
    found.unwrap_or_else(|| panic!("judged: {property}")).verdict
}

#[test]
fn threads_agree_where_no_worker_waits_and_refuse_where_one_does() {
    let free = format!(
        "{HEAD}workers:
  - name: w
    steps:
      - get: ConfigMap/demo
      - write: merge-patch
        object: ConfigMap/demo
        sets: {{ data.b: \"${{replica}}\" }}
controllers:
  - {{ name: c, workers: [w], replicas: 2 }}
"
    );
    let scenario: Arc<_> = scenario(&free).expect("valid");
    let counts = |name: &str| {
        let options = Options { scheduler: name.to_owned(), ..Options::default() };
        let result = check::run(&scenario, &options).unwrap_or_else(|e| panic!("{e}"));
        (result.exploration.schedules, result.properties[0].schedules.clone())
    };
    let exhaustive = counts("exhaustive");
    assert!(exhaustive.0.is_some());
    for engine in ["loom", "shuttle-calls"] {
        assert_eq!(counts(engine), exhaustive, "{engine}");
    }
    let waits = free.replace("replicas: 2 }", "trigger: {} }");
    let waits = crate::exhaustive::scenario(&waits).expect("valid");
    let options = Options { scheduler: "loom".to_owned(), ..Options::default() };
    let refused = check::run(&waits, &options).expect_err("a trigger").to_string();
    assert!(refused.contains("none of them waits for a work queue"), "{refused}");
}

#[test]
fn a_live_list_is_safe_in_one_queue_and_not_in_two_replicas() {
    let text = |controller: &str| {
        format!(
            "{HEAD}workers:
  - name: sets
    runs: 2
    steps:
      - list: {{ kind: Secret, labels: {{ of: demo }}, as: all }}
      - when: {{ all: null }}
      - create: {{ kind: Secret, generateName: s-, labels: {{ of: demo }} }}
      - effect: made
controllers:
  - {{ name: sets, workers: [sets]{controller} }}
invariants:
  - {{ name: once, effect: {{ made: at-most-once }} }}
"
        )
    };
    assert_eq!(verdict(&text(""), "once"), Verdict::Holds);
    assert_eq!(verdict(&text(", queue: { concurrency: 2 }"), "once"), Verdict::Holds);
    assert_eq!(verdict(&text(", replicas: 2"), "once"), Verdict::Violated);
    let led = ", replicas: 2, leaderElection: { renewals: 0 }";
    assert_eq!(verdict(&text(led), "once"), Verdict::Violated);
}

#[test]
fn a_queue_that_gives_up_drops_and_one_that_goes_on_does_not() {
    let text = |requeue: &str| {
        format!(
            "{HEAD}workers:
  - {{ name: w, object: ConfigMap/demo, write: update, sets: {{ data.w: x }} }}
  - {{ name: user, object: ConfigMap/demo, write: merge-patch, sets: {{ data.u: x }} }}
controllers:
  - {{ name: c, workers: [w], requeue: {requeue} }}
properties: [no-lost-write, converges]
"
        )
    };
    assert_eq!(verdict(&text("{ max: 0 }"), "converges"), Verdict::Violated);
    assert_eq!(verdict(&text("{ max: 1 }"), "converges"), Verdict::Holds);
    assert_eq!(verdict(&text("{ max: 1, deadline: 1s }"), "converges"), Verdict::Violated);
    let timely = text("{ max: 1, deadline: 1s }") + "faults: { deadlines: 0 }\n";
    assert_eq!(verdict(&timely, "converges"), Verdict::Holds);
}
