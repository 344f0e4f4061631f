//! The exhaustive search is ours, so it is not believed on its word: loom, shuttle's exhaustive
//! search and the call-granular one run the same scenarios and must find the same final states,
//! the same verdicts, the same shortest loss and, counting distinct schedules, the same numbers.
//!
//! Next to read: `threaded.rs`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use super::options::Options;
use super::prepared::Prepared;
use super::replay::replay;
use super::result::CheckResult;
use super::run::run;
use super::threaded::told;
use super::verdict::{Costs, PropertyResult, Witness};
use crate::reconcilers::{Reader, methods};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::schedulers::{Count, exhaustive};
use crate::simulation::FaultBudget;
use crate::threads::{self, Engine, Plan};

const EXHAUSTIVE: [Engine; 3] = [Engine::Loom, Engine::ShuttleDfs, Engine::ShuttleCalls];

fn check(scenario: &Arc<Scenario>, scheduler: &str) -> CheckResult {
    let options = Options { scheduler: scheduler.to_owned(), ..Options::default() };
    run(scenario, &options).expect("the scenario can be run")
}

/// The verdicts, the counts and the costs: everything that must not depend on who explores.
fn numbers(
    schedules: &Option<Count>,
    properties: &[PropertyResult],
    costs: &Costs,
) -> impl PartialEq + Debug + use<> {
    let length = |witness: &Witness| witness.schedule.choices.len();
    let property = |p: &PropertyResult| {
        (p.name, p.verdict, p.schedules.clone(), p.witness.as_ref().map(length))
    };
    let properties: Vec<_> = properties.iter().map(property).collect();
    let costs = (costs.with_conflict.clone(), costs.calls.clone(), costs.most_calls);
    (properties, schedules.clone(), costs)
}

/// A witness, replayed from its text, is the same witness.
fn replays(scenario: &Arc<Scenario>, properties: &[PropertyResult]) {
    for property in properties {
        let Some(witness) = &property.witness else { continue };
        let text = witness.schedule.to_string();
        let replayed = replay(scenario, &text).expect("the schedule fits");
        let judged = replayed.judged.iter().find(|judged| judged.0 == property.name);
        let again = judged.and_then(|judged| judged.2.as_ref()).expect("the same loss");
        let steps = |w: &Witness| {
            let at = [Some(&w.victim), w.stale_read.as_ref(), w.culprit.as_ref()];
            (w.class, w.field.clone(), at.map(|pointer| pointer.cloned()))
        };
        assert_eq!(steps(again), steps(witness), "{}: {text}", scenario.name);
        assert_eq!(again.trace, witness.trace, "{}: {text}", scenario.name);
    }
}

fn agree(scenario: &Arc<Scenario>, engines: &[Engine]) {
    let ours = check(scenario, "exhaustive");
    let prepared = Prepared::new(scenario).expect("a world");
    let finals = exhaustive::explore(&prepared.world, Default::default(), &mut |_| None).finals();
    for engine in engines {
        let writes: Vec<_> = scenario.workers.iter().map(|worker| &worker.write).collect();
        let name = format!("{} {writes:?}, {}", scenario.name, engine.name());
        let plan = Plan { keep: true, ..Plan::new(*engine) };
        let report = threads::run(&prepared.world, &plan).expect("no refusal");
        assert!(report.is_complete(), "{name}: {:?}", report.cut_off);
        let (exploration, properties, costs) = told(&prepared, &plan, &report, None);
        let theirs = numbers(&exploration.schedules, &properties, &costs);
        let expected = numbers(&ours.exploration.schedules, &ours.properties, &ours.costs);
        assert!(theirs == expected, "{name}: {theirs:#?}\nand ours {expected:#?}");
        if *engine == Engine::ShuttleCalls {
            assert_eq!(Some(Count::from(report.executions)), ours.exploration.schedules, "{name}");
        }
        let schedules = report.tally.schedules.expect("few");
        let ending = |outcome: &threads::Outcome| outcome.ending.as_ref().expect("kept").content();
        let ended: BTreeSet<String> = schedules.values().map(ending).collect();
        assert_eq!(ended, finals, "{name}");
        replays(scenario, &properties);
    }
}

fn schedules(scenario: &Arc<Scenario>) -> Option<u64> {
    let options = Options { max_states: Some(2_000), ..Options::default() };
    let exploration = run(scenario, &options).ok()?.exploration;
    exploration.schedules.filter(|_| exploration.complete)?.to_string().parse().ok()
}

fn without_faults() -> Vec<Scenario> {
    let mut all = Scenario::all_builtin();
    all.retain(|scenario| scenario.faults == FaultBudget::default());
    all
}

/// Shipped scenarios whose workers each write by a method, and read where, chance has it.
fn random(seed: u64, wanted: usize) -> impl Iterator<Item = Arc<Scenario>> {
    let (all, mut rng) = (without_faults(), Rng::new(seed));
    (0..wanted).map(move |_| {
        let mut scenario = all[rng.below(all.len())].clone();
        for worker in &mut scenario.workers {
            worker.write = methods::all()[rng.below(methods::all().len())].name().to_owned();
            worker.read = [Reader::Live, Reader::Live, Reader::Cache][rng.below(3)];
        }
        Arc::new(scenario)
    })
}

#[test]
fn engines_agree_on_shipped_and_random_scenarios() {
    let (mut by_all, mut by_two) = (0, 0);
    let shipped = without_faults().into_iter().map(Arc::new);
    for scenario in shipped.chain(random(1, 60)) {
        match schedules(&scenario) {
            Some(0..=6) if by_all < 31 => {
                by_all += 1;
                agree(&scenario, &EXHAUSTIVE);
            }
            Some(7..=90) if by_two < 10 => {
                by_two += 1;
                agree(&scenario, &[Engine::Loom, Engine::ShuttleCalls]);
            }
            _ => {}
        }
    }
    println!("{by_all} by all engines, {by_two} more by loom and call by call");
    assert!(by_all >= 30, "{by_all}");
}
