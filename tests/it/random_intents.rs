//! Random scenarios of every write method, with guards, maps, entries and removals: the search and
//! the judge of `brute_judge.rs` count the same losing schedules, and what makes no difference to
//! the writes makes none to the verdict.

use std::fmt::Write as _;
use std::sync::Arc;

use lostwrite::check::{self, Options};
use lostwrite::reconcilers::methods;
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::{Limits, explore};
use lostwrite::simulation::World;
use lostwrite::trace::Event;

use super::brute_judge::loses;
use super::exhaustive::{method, scenario};

/// A small generator of our own: the same numbers everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A kind: its object, what may be set (two of one line are never set together), and guards.
pub struct Kind {
    object: &'static str,
    crd: bool,
    sets: &'static [&'static [&'static str]],
    guards: &'static [&'static str],
}

const KINDS: [Kind; 3] = [
    Kind {
        object: "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default, \
                 labels: {l: \"1\"}, finalizers: [x.io/a]}, data: {a: \"0\", b: \"0\"}}",
        crd: false,
        sets: &[
            &[
                "data.a: \"x\"",
                "data.b: \"y\"",
                "data.c: { $read: data.b }",
                "data.b: { $remove: true }",
                "data: { a: p, c: q }",
                "data: { $exactly: { a: e } }",
                "data: {}",
            ],
            &[
                "metadata.labels: { m: \"2\" }",
                "metadata.labels: { $remove: true }",
                "metadata.labels.l: \"3\"",
                "metadata.labels.n: \"4\"",
                "metadata.labels: { $exactly: { l: \"9\" } }",
            ],
            &[
                "metadata.finalizers: { $append: x.io/b }",
                "metadata.finalizers: { $append: x.io/a }",
                "metadata.finalizers: { $remove: x.io/a }",
                "metadata.finalizers: [x.io/c]",
                "\"metadata.finalizers[0]\": { $remove: true }",
                "metadata.finalizers: { $remove: true }",
            ],
        ],
        guards: &["data.a: \"0\"", "data.b: \"0\"", "data.c: null", "metadata.labels.l: \"1\""],
    },
    Kind {
        object: "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, \
                 namespace: default}, spec: {replicas: 1}, status: {phase: Old, restarts: 0, \
                 conditions: [{type: A, status: \"False\"}]}}",
        crd: true,
        sets: &[
            &["status.restarts: { $add: 1 }", "status.restarts: 5"],
            &["status.phase: New", "status.phase: { $remove: true }", "status.phase: Newer"],
            &[
                "\"status.conditions[type=A]\": { status: \"True\" }",
                "\"status.conditions[type=A].reason\": Why",
                "\"status.conditions[type=B]\": { status: \"True\" }",
                "\"status.conditions[type=A]\": { $remove: true }",
                "status.conditions: [{ type: C, status: \"True\" }]",
                "status.conditions: { $remove: A }",
                "status.conditions: { $exactly: [{ type: A, status: \"True\" }] }",
            ],
            &["status.observedGeneration: { $read: metadata.generation }"],
            &[
                "status.addresses: [{ type: X, address: x }]",
                "\"status.addresses[type=Y].address\": \"2\"",
                "\"status.addresses[type=Y]\": { address: \"3\" }",
            ],
        ],
        guards: &[
            "status.phase: Old",
            "\"status.conditions[type=A]\": { status: \"False\" }",
            "status.restarts: 0",
        ],
    },
    Kind {
        object: "{apiVersion: v1, kind: Node, metadata: {name: demo}, spec: {}, status: {phase: \
                 Pending, capacity: {cpu: \"1\"}, conditions: [{type: Ready, status: \"False\", \
                 lastHeartbeatTime: null, lastTransitionTime: null}]}}",
        crd: false,
        sets: &[
            &["status.phase: Running", "status.phase: { $remove: true }"],
            &[
                "status.capacity: { cpu: \"2\" }",
                "status.capacity.memory: 1Gi",
                "status.capacity: { $remove: true }",
                "status.capacity: { $exactly: { memory: 2Gi } }",
            ],
            &[
                "\"status.conditions[type=Ready]\": { status: \"True\" }",
                "\"status.conditions[type=Ready].message\": hello",
                "\"status.conditions[type=Disk]\": { status: \"True\", reason: Probed }",
                "\"status.conditions[type=Ready]\": { $remove: true }",
            ],
            &["status.daemonEndpoints.kubeletEndpoint.Port: { $add: 1 }"],
        ],
        guards: &["status.phase: Pending", "status.capacity.cpu: \"1\""],
    },
];

/// What is drawn for one scenario; printed in the order that is asked for.
pub struct Drawn {
    kind: &'static Kind,
    pub workers: Vec<(String, String)>,
    faults: String,
}

pub fn draw(dice: &mut Dice) -> Drawn {
    let kind = &KINDS[dice.below(KINDS.len())];
    let mut workers = Vec::new();
    let many = 2 + usize::from(dice.one_in(4));
    for at in 0..many {
        let method = method(dice.below(methods::all().len()));
        let mut groups: Vec<usize> = vec![dice.below(kind.sets.len())];
        if dice.one_in(3) {
            let other = dice.below(kind.sets.len());
            groups.retain(|group| *group != other);
            groups.push(other);
        }
        let sets: Vec<&str> =
            groups.iter().map(|g| kind.sets[*g][dice.below(kind.sets[*g].len())]).collect();
        let mut text = format!("write: {method}, sets: {{ {} }}", sets.join(", "));
        if dice.one_in(3) {
            let _ = write!(text, ", when: {{ {} }}", kind.guards[dice.below(kind.guards.len())]);
        }
        if dice.one_in(6) {
            text.push_str(", read: cache");
        }
        if many == 2 && dice.one_in(8) {
            text.push_str(", runs: 2");
        }
        if method == "update-shared" || dice.one_in(4) {
            text.push_str(", process: shared");
        }
        let _ = write!(text, ", attempts: {}", 1 + dice.below(3));
        match dice.below(12) {
            0 => text.push_str(", restamp: before"),
            1 => text.push_str(", retryRead: none"),
            2 => text.push_str(", omit: [status.phase]"),
            _ => {}
        }
        workers.push((char::from(b'a' + at as u8).to_string(), text));
    }
    let faults = match dice.below(12) {
        0 => "faults: { lostResponses: 1 }\n",
        1 => "faults: { recreations: 1 }\n",
        _ => "",
    };
    Drawn { kind, workers, faults: faults.to_owned() }
}

impl Drawn {
    fn text(&self, workers: &[(String, String)], more_objects: &str) -> String {
        let mut text = String::from(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
             description: Made by a test.\n",
        );
        if self.kind.crd {
            text.push_str("crds: [crds/widget.crd.yaml]\n");
        }
        let _ = write!(text, "objects:\n  - {}\n{more_objects}workers:\n", self.kind.object);
        let name = if self.kind.crd { "Widget" } else { "" };
        let kind = match name {
            "Widget" => "Widget",
            _ if self.kind.object.contains("ConfigMap") => "ConfigMap",
            _ => "Node",
        };
        for (name, worker) in workers {
            let _ = writeln!(text, "  - {{ name: {name}, object: {kind}/demo, {worker} }}");
        }
        text + &self.faults + "properties: [no-lost-write]\n"
    }

    pub fn plain(&self) -> String {
        self.text(&self.workers, "")
    }
}

/// Schedules that are run one by one.
const MAX_SCHEDULES: u64 = 1_500;

/// The scenario and its number of schedules, if the server takes it and it is small.
fn small(text: &str) -> Option<(Arc<Scenario>, World, u64, u64)> {
    let scenario = scenario(text)?;
    let world = check::world(&scenario).ok()?;
    let limits = Limits { max_states: 3_000, ..Limits::default() };
    let explored = explore(&world, limits, &mut |_| None);
    let counts = explored.counts(60)?;
    let number = |count: &lostwrite::schedulers::Count| count.to_string().parse::<u64>().ok();
    let schedules = number(&counts.schedules)?;
    let whole = explored.stopped_by.is_none() && !counts.cyclic && schedules <= MAX_SCHEDULES;
    let losing = number(&counts.decided[0])?;
    whole.then_some((scenario, world, schedules, losing))
}

fn every_history(world: &World, events: &mut Vec<Event>, end: &mut dyn FnMut(&[Event], &World)) {
    let possible = world.choices();
    if possible.is_empty() {
        return end(events, world);
    }
    for choice in possible {
        let mut next = world.clone();
        events.push(next.take(choice));
        every_history(&next, events, end);
        events.pop();
    }
}

/// Compares so many scenarios, from this seed on.
fn compare(seed: u64, scenarios: u32) {
    let mut dice = Dice(seed);
    let (mut compared, mut lossy, mut tried) = (0, 0, 0_u64);
    while compared < scenarios {
        tried += 1;
        assert!(tried < 40 * u64::from(scenarios), "hardly any scenario is small");
        let text = draw(&mut dice).plain();
        let Some((scenario, world, schedules, losing)) = small(&text) else { continue };
        let key = world.setting.objects[0].clone();
        let initial = world.server.object(&key).expect("it is seeded");
        let (mut all, mut lost) = (0, 0);
        every_history(&world, &mut Vec::new(), &mut |events, end| {
            all += 1;
            let left = end.server.object(&key);
            let brute = loses(&scenario, &initial, events, left.as_deref());
            assert_eq!(brute, end.judge()[0], "{text}\n{}", told(events));
            lost += u64::from(brute);
        });
        assert_eq!((all, lost), (schedules, losing), "counted otherwise by the search:\n{text}");
        compared += 1;
        lossy += u32::from(lost > 0);
    }
    // A comparison of scenarios that lose nothing would compare nothing.
    assert!(lossy * 5 > compared, "only {lossy} of {compared} lose a write");
}

fn told(events: &[Event]) -> String {
    let line = |event: &Event| {
        let after = event.after.as_deref().map(ToString::to_string).unwrap_or_default();
        format!("{:?} {:?} {:?} {after}\n", event.actor, event.code, event.action)
    };
    events.iter().map(line).collect()
}

#[test]
fn the_search_counts_what_a_judge_of_its_own_counts() {
    compare(1, 60);
}

/// The same, 2,000 times: `cargo test --test it -- --ignored two_thousand`.
#[test]
#[ignore = "takes minutes"]
fn two_thousand_scenarios_agree_with_a_judge_of_its_own() {
    compare(2, 2_000);
}

/// The count of losing schedules under these options.
fn losing(text: &str, options: &Options) -> Option<(String, String)> {
    let result = check::run(&scenario(text)?, options).ok()?;
    let lost = result.property("no-lost-write")?.schedules.as_ref()?.to_string();
    Some((lost, result.exploration.schedules.as_ref()?.to_string()))
}

/// The same leaves, spelled otherwise, for paths that are sent the same way by every method.
const SPELLINGS: [(&str, &str); 3] = [
    (
        "\"status.conditions[type=A]\": { status: \"True\" }",
        "\"status.conditions[type=A].status\": \"True\"",
    ),
    (
        "\"status.addresses[type=Y]\": { address: \"3\" }",
        "\"status.addresses[type=Y].address\": \"3\"",
    ),
    (
        "\"status.conditions[type=Ready]\": { status: \"True\" }",
        "\"status.conditions[type=Ready].status\": \"True\"",
    ),
];

#[test]
fn what_makes_no_difference_to_the_writes_makes_none_to_the_verdict() {
    let mut dice = Dice(77);
    let (mut compared, mut spelled) = (0, 0);
    let options = Options::default();
    while compared < 15 || spelled < 2 {
        let drawn = draw(&mut dice);
        let plain = drawn.plain();
        if small(&plain).is_none() {
            continue;
        }
        let Some(expected) = losing(&plain, &options) else { continue };
        compared += 1;
        let same = |text: &str, options: &Options, what: &str| {
            assert_eq!(losing(text, options).as_ref(), Some(&expected), "{what}:\n{text}");
        };
        let mut reversed = drawn.workers.clone();
        reversed.reverse();
        // A recreation is of the first worker's object, and there is one object: no difference.
        same(&drawn.text(&reversed, ""), &options, "workers in another order");
        let renamed: Vec<_> =
            drawn.workers.iter().map(|(n, w)| (format!("z{n}"), w.clone())).collect();
        same(&drawn.text(&renamed, ""), &options, "workers with other names");
        let other = "  - {apiVersion: v1, kind: Secret, metadata: {name: other, namespace: \
                     default}}\n";
        same(&drawn.text(&drawn.workers, other), &options, "an object that nobody writes");
        same(&plain, &Options { symmetry: false, ..options.clone() }, "no symmetry");
        same(&plain, &Options { threads: 2, ..options.clone() }, "two threads");
        same(&plain, &Options { canonical: false, ..options.clone() }, "plain states");
        for (one, another) in SPELLINGS {
            if plain.contains(one) {
                same(&plain.replace(one, another), &options, "the same leaves, spelled otherwise");
                spelled += 1;
            }
        }
        let bounded = Options { max_states: Some(4), ..options.clone() };
        let verdict = |options: &Options| {
            let result = check::run(&scenario(&plain).expect("as before"), options).ok();
            result.and_then(|r| r.property("no-lost-write").map(|p| p.verdict))
        };
        let (whole, part) = (verdict(&options), verdict(&bounded));
        assert!(part == whole || part == Some(check::Verdict::Unknown), "a bound:\n{plain}");
    }
}
