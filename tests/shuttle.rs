//! shuttle over the shipped memory models (what an engine with sequential consistency finds of
//! what loom finds, and what it cannot) and over the shipped scenarios, a mutant, and programs made
//! by chance. Run with `cargo test --release --test shuttle`.

#[path = "shuttle/steps.rs"]
mod steps;

use std::sync::Arc;

use lostwrite::apiserver::{ApiServer, Key};
use lostwrite::check::{CheckResult, Options, Verdict, Workers, get, put, replay, run};
use lostwrite::getset::{Expected, Limits, models};
use lostwrite::reconcilers::{Answer, Ask, Change, Worker, methods};
use lostwrite::scenario::Scenario;
use lostwrite::simulation::FaultBudget;
use lostwrite::threads::{ENGINES, Engine};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What goes wrong in an order that sequential consistency has.
const FOUND: &[&str] = &[
    "get-then-set",
    "string-header",
    "slice-header",
    "mutex-per-field",
    "atomic-per-field",
    "atomic-and-plain",
    "snapshot-store",
    "args-shared",
    "informer-in-place",
    "shallow-copy",
    "map-plain",
    "rwmutex-rlock",
];

/// Wrong only where a read may miss a write that was made before it.
const NEEDS_WEAK_MEMORY: &[&str] = &["two-fields-plain"];

/// Wrong only as a data race, which shuttle does not look for.
const IS_A_RACE: &[&str] = &["snapshot-plain-pointer", "getter-pointer", "lazy-flag"];

#[test]
fn loom_finds_more_than_shuttle_and_never_less() {
    let mut found = Vec::new();
    let mut missed = Vec::new();
    for model in models() {
        let verdict = model.explore_in_order(Limits::default());
        println!("{:<24}{:>6} executions, {} wrong", model.name, verdict.executions, verdict.wrong);
        assert!(verdict.complete, "{}: {:?}", model.name, verdict.cut_off);
        match (verdict.anomaly, model.expected) {
            (Some(anomaly), Expected::Breaks) => {
                assert!(!anomaly.needs_weak_memory(), "{}", model.name);
                found.push(model.name);
            }
            (None, Expected::Breaks) => missed.push(model.name),
            (anomaly, Expected::Holds) => assert_eq!(anomaly, None, "{}", model.name),
        }
    }
    assert_eq!(found, FOUND);
    let mut expected = [NEEDS_WEAK_MEMORY, IS_A_RACE].concat();
    expected.sort_unstable();
    missed.sort_unstable();
    assert_eq!(missed, expected);
}

/// loom says the same of why they are missed.
#[test]
fn what_shuttle_misses_is_a_stale_read_or_a_race() {
    for model in models() {
        let Some(anomaly) = model.explore(Limits::default()).anomaly else { continue };
        assert_eq!(
            anomaly.needs_weak_memory(),
            NEEDS_WEAK_MEMORY.contains(&model.name),
            "{}",
            model.name
        );
        if IS_A_RACE.contains(&model.name) {
            assert!(anomaly.what.starts_with("a data race"), "{}: {}", model.name, anomaly.what);
        }
    }
}

fn check(scenario: &Arc<Scenario>, options: &Options) -> CheckResult {
    run(scenario, options).unwrap_or_else(|e| panic!("{}: {}", scenario.name, e.message))
}

fn under(scheduler: &str, runs: Option<u64>, seed: u64) -> Options {
    Options { scheduler: scheduler.to_owned(), runs, seed, ..Options::default() }
}

/// The verdicts and counts, which do not depend on who explores, if all is explored.
fn found(result: &CheckResult) -> Vec<(&'static str, Verdict, String)> {
    let count = |count: &Option<_>| format!("{count:?}");
    let each = result.properties.iter().map(|p| (p.name, p.verdict, count(&p.schedules)));
    each.chain([("schedules", Verdict::Holds, count(&result.exploration.schedules))]).collect()
}

/// A witness, replayed from its text, is the same witness.
fn replays(scenario: &Arc<Scenario>, result: &CheckResult) -> usize {
    let witnesses = result.properties.iter().filter_map(|p| Some((p.name, p.witness.as_ref()?)));
    witnesses
        .map(|(name, witness)| {
            let replayed = replay(scenario, &witness.schedule.to_string()).expect("it fits");
            let judged = replayed.judged.into_iter().find(|judged| judged.0 == name);
            let again = judged.and_then(|judged| judged.2).expect("the same loss");
            assert_eq!(again.trace, witness.trace, "{} {name}", scenario.name);
            assert_eq!((again.class, &again.field), (witness.class, &witness.field));
            assert_eq!((&again.victim, &again.culprit), (&witness.victim, &witness.culprit));
        })
        .count()
}

#[test]
fn call_by_call_the_executions_are_the_schedules() {
    for scenario in Scenario::all_builtin() {
        let scenario = Arc::new(scenario);
        let bounded = Options { max_states: Some(1_000), ..Options::default() };
        let ours = check(&scenario, &bounded);
        let schedules = ours.exploration.schedules.as_ref().filter(|_| ours.exploration.complete);
        let schedules = schedules.map(ToString::to_string);
        let few = |text: String| text.parse::<u64>().ok().filter(|n| *n <= 300);
        let Some(schedules) = schedules.and_then(few) else { continue };
        if scenario.faults != FaultBudget::default() {
            let refused = run(&scenario, &under("shuttle-calls", None, 0)).unwrap_err();
            assert!(refused.notes.iter().any(|note| note.contains("no thread makes a fault")));
            continue;
        }
        let theirs = check(&scenario, &under("shuttle-calls", None, 0));
        println!("{:<24}{schedules:>6} schedules", scenario.name);
        assert_eq!(theirs.exploration.executions, Some(schedules), "{}", scenario.name);
        assert_eq!(found(&theirs), found(&ours), "{}", scenario.name);
        replays(&scenario, &theirs);
    }
}

#[test]
fn each_random_engine_finds_the_race_and_says_so_twice() {
    for name in ["status-race", "status-race-crd", "conditions-list", "stale-cache"] {
        let scenario = Arc::new(Scenario::builtin(name).unwrap());
        for engine in ["shuttle-random", "shuttle-pct", "shuttle-urw"] {
            let json = |seed| {
                let result = check(&scenario, &under(engine, Some(1000), seed));
                assert!(replays(&scenario, &result) > 0, "{name}, {engine}: nothing was found");
                assert!(!result.exploration.complete);
                let renderer = lostwrite::report::renderer("json").expect("the table has it");
                renderer.render(&[result], &lostwrite::report::Style::default())
            };
            assert_eq!(json(3), json(3), "{name}, {engine}: the same seed, other bytes");
        }
    }
}

/// Sets a key of a ConfigMap with the resourceVersion that it read, and reads again on 409; if
/// the server is deaf, what it sends arrives without the resourceVersion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Setter {
    name: &'static str,
    key: Key,
    deaf_server: bool,
    read: Option<Arc<Value>>,
    done: bool,
}

impl Worker for Setter {
    fn name(&self) -> &str {
        self.name
    }

    fn ask(&self) -> Ask {
        match &self.read {
            _ if self.done => Ask::Done,
            None => get(&self.key, self.name),
            Some(read) => {
                let mut body = (**read).clone();
                body["data"][self.name] = json!("set");
                if self.deaf_server {
                    body["metadata"].as_object_mut().unwrap().remove("resourceVersion");
                }
                let path = format!("data.{}", self.name).parse().unwrap();
                let change = Change::set(path, Some(json!("set")));
                put(&self.key, self.name, read, body, vec![change])
            }
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let Answer::Response(response) = answer else { return };
        match (&self.read, response.code) {
            (None, 200) => self.read = response.object().cloned(),
            (Some(_), 409) => self.read = None,
            _ => self.done = true,
        }
    }
}

fn config_map() -> (ApiServer, Key) {
    let mut server = ApiServer::new(Default::default());
    let metadata = json!({ "name": "demo", "namespace": "default" });
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata });
    let key = server.seed_object(&object, 0).expect("a ConfigMap");
    (server, key)
}

fn setter(name: &'static str, key: &Key, deaf_server: bool) -> Setter {
    Setter { name, key: key.clone(), deaf_server, read: None, done: false }
}

fn two(deaf_server: bool) -> Workers {
    let (server, key) = config_map();
    let [health, usage] = ["health", "usage"].map(|name| setter(name, &key, deaf_server));
    Workers::on(server, vec![key]).and(health).and(usage)
}

/// A server that does not compare the resourceVersion is caught by each engine on its own: here
/// the precondition is lost on its way to the server, which is the same as one that ignores it.
#[test]
fn a_server_without_the_resource_version_check_is_caught_by_each_engine() {
    for (engine, name) in ENGINES {
        let checked = two(true).check(name).unwrap();
        match &checked.witness {
            Some(witness) => {
                let again = two(true).replay(&witness.schedule.to_string()).unwrap();
                assert_eq!(again.expect("the same loss").trace, witness.trace, "{name}");
            }
            // The machine's own threads may miss it: that is the point of the others.
            None => assert_eq!(*engine, Engine::Threads, "{checked}"),
        }
        let checked = two(false).check(name).unwrap();
        assert!(checked.witness.is_none(), "{checked}");
        assert_eq!(checked.is_safe(), engine.is_exhaustive(), "{checked}");
    }
}

/// Asks for nothing and cannot take an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Clumsy(Key);

impl Worker for Clumsy {
    fn name(&self) -> &str {
        "clumsy"
    }

    fn ask(&self) -> Ask {
        get(&self.0, "clumsy")
    }

    fn answer(&mut self, _: &Answer) {
        panic!("dropped it");
    }
}

#[test]
fn a_worker_that_panics_is_an_error_in_words() {
    let resource = Default::default();
    let key = Key { resource, name: "demo".into(), namespace: None };
    let workers = two(false).and(Clumsy(key));
    for (_, name) in ENGINES {
        let error = workers.check(name).unwrap_err();
        assert_eq!(error.message, "a worker panicked: dropped it", "{name}");
    }
}

/// Needs a quarter of a megabyte of stack for everything it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Deep(Setter);

fn descend(levels: u32) -> u32 {
    let room = std::hint::black_box([0_u8; 1024]);
    if levels == 0 { u32::from(room[0]) } else { descend(levels - 1) + u32::from(room[1]) }
}

impl Worker for Deep {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn ask(&self) -> Ask {
        assert_eq!(descend(200), 0);
        self.0.ask()
    }

    fn answer(&mut self, answer: &Answer) {
        assert_eq!(descend(200), 0);
        self.0.answer(answer);
    }
}

#[test]
fn a_worker_may_use_more_stack_than_the_engines_have() {
    let (server, key) = config_map();
    let deep = |name| Deep(setter(name, &key, false));
    let workers = Workers::on(server, vec![key.clone()]).and(deep("health")).and(deep("usage"));
    for (engine, name) in ENGINES {
        let checked = workers.check(name).unwrap();
        assert_eq!(checked.is_safe(), engine.is_exhaustive(), "{checked}");
    }
}

fn program() -> impl Strategy<Value = String> {
    let names = methods::all().iter().map(|method| method.name());
    let methods = prop::sample::select(names.collect::<Vec<_>>());
    let read = prop::sample::select(vec!["live", "live", "cache"]);
    let field = prop::sample::select(vec!["a", "b", "c"]);
    let worker = (methods, read, field, 1..=2u32);
    prop::collection::vec(worker, 2..=3).prop_map(|workers| {
        let mut text = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\n\
                        metadata: { name: random }\ndescription: Made by chance.\nobjects:\n\
                        - apiVersion: v1\n  kind: ConfigMap\n  metadata: { name: demo }\n  \
                        data: { a: \"0\" }\nproperties: [no-lost-write, converges]\nworkers:\n"
            .to_owned();
        for (index, (write, read, field, runs)) in workers.into_iter().enumerate() {
            // Runs multiply; two are enough, and only for one worker.
            let runs = if index == 0 { runs } else { 1 };
            text += &format!(
                "- {{ name: w{index}, process: p, write: {write}, read: {read}, runs: {runs}, \
                 sets: {{ data.{field}: \"{index}\" }} }}\n"
            );
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(20)
    })]

    #[test]
    fn no_engine_finds_a_loss_where_there_is_none(text in program(), seed in 0..1000u64) {
        // A program that the server refuses whoever moves is no program.
        let scenarios = Scenario::from_str("-", &text);
        prop_assume!(scenarios.is_ok());
        let scenario = Arc::new(scenarios.unwrap().remove(0));
        let ours = check(&scenario, &Options::default());
        prop_assert!(ours.exploration.complete);
        let schedules = ours.exploration.schedules.as_ref().map(ToString::to_string);
        let schedules: u64 = schedules.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
        for (engine, name) in ENGINES {
            let runs = match engine {
                Engine::Loom if schedules > 60 => Some(100),
                Engine::ShuttleDfs => Some(100),
                Engine::ShuttleCalls if schedules > 300 => Some(100),
                engine if engine.is_exhaustive() => None,
                _ => Some(20),
            };
            let theirs = check(&scenario, &under(name, runs, seed));
            replays(&scenario, &theirs);
            for (a, b) in ours.properties.iter().zip(&theirs.properties) {
                prop_assert_eq!(a.name, b.name);
                prop_assert!(
                    b.verdict == a.verdict || b.verdict == Verdict::Unknown,
                    "{}: {name} says {:?}, exhaustive {:?}\n{text}",
                    a.name, b.verdict, a.verdict
                );
            }
            if theirs.exploration.complete {
                prop_assert_eq!(found(&theirs), found(&ours), "{} on\n{}", name, text);
            }
        }
    }
}

/// Real threads count what they met, beside what there is.
#[test]
fn real_threads_say_how_rarely_beside_the_exact_count() {
    let scenario = Arc::new(Scenario::builtin("status-race").unwrap());
    let result = check(&scenario, &under("threads", Some(200), 0));
    assert_eq!(result.exploration.executions, Some(200));
    let lost = &result.properties[0];
    let exact = lost.exact.as_ref().map(|(n, all)| format!("{n} of {all}"));
    assert_eq!(exact.as_deref(), Some("4 of 6"));
    assert!(!result.exploration.complete);
    assert_ne!(lost.verdict, Verdict::Holds);
    replays(&scenario, &result);
}

/// Each scheduler has a line in the table of `docs/engines.md`.
#[test]
fn the_documentation_names_every_scheduler() {
    let doc = include_str!("../docs/engines.md");
    for entry in lostwrite::schedulers::all() {
        let named = |line: &&str| line.starts_with('|') && line.contains(entry.name);
        assert!(doc.lines().any(|line| named(&line)), "{}", entry.name);
    }
    for (_, name) in ENGINES {
        let entry = lostwrite::schedulers::named(name).expect("an engine is a scheduler");
        assert_eq!(entry.samples, !Engine::named(name).unwrap().is_exhaustive(), "{name}");
    }
}
