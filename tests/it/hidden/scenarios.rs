//! The simulator's own workers, of every write method, in one random order: the history is logged,
//! its meaning is hidden, and the judge of logs may accuse nothing that the judge who knows it does
//! not.
//!
//! `LOSTWRITE_SCENARIOS=2000` takes as many scenarios, `LOSTWRITE_SEED` of another seed.
//! Next to read: `scenario_log.rs`.

use std::collections::{BTreeMap, BTreeSet};

use lostwrite::apiserver::Verb;
use lostwrite::audit;
use lostwrite::check;
use lostwrite::history::{self, End, Found, Lists, Meant, Want, Write};
use lostwrite::simulation::World;
use lostwrite::trace::{Action, Event};
use serde_json::Value;

use super::once::ONCE_WRONG;
use super::scenario_log::{self, Logged, Policy};
use super::{Share, verdict};
use crate::exhaustive::scenario;
use crate::random_intents::{Dice, draw};

/// Steps of one run.
const STEPS: usize = 400;

/// A run of a random scenario in a random order.
struct Run {
    text: String,
    logged: Logged,
    /// By the judge who knows what was meant, as far as requests said it.
    truth: Truth,
    methods: BTreeMap<String, String>,
}

/// Culprit and leaf of each loss.
#[derive(Default)]
struct Truth {
    all: BTreeSet<(String, history::LeafPath)>,
    /// Those that a log can show: a value computed from an old read looks like any other.
    shown: BTreeSet<(String, history::LeafPath)>,
}

fn run(dice: &mut Dice) -> Option<Run> {
    let mut drawn = draw(dice);
    let runs = [1, 1, 2, 3, 6, 12][dice.below(6)];
    for (_, worker) in &mut drawn.workers {
        *worker = worker.replace(", runs: 2", "") + &format!(", runs: {runs}");
    }
    order(drawn.plain(), dice)
}

/// A run of a scenario in a random order.
fn order(text: String, dice: &mut Dice) -> Option<Run> {
    let scenario = scenario(&text)?;
    let mut world = check::world(&scenario).ok()?;
    let first = world.clone();
    let mut events: Vec<Event> = Vec::new();
    while events.len() < STEPS {
        let choices = world.choices();
        if choices.is_empty() {
            break;
        }
        let choice = choices[dice.below(choices.len())];
        events.push(world.take(choice));
    }
    let policy = Policy { reads: !dice.one_in(3), created: !dice.one_in(3) };
    let logged = scenario_log::log(&scenario, &first, &events, policy);
    let truth = truth(&first, &events, &logged);
    let method =
        |at: usize| events[at].worker().map(|worker| scenario.workers[worker].write.clone());
    let ids = logged.ids.iter().enumerate();
    let methods = ids.filter_map(|(at, id)| Some((id.clone(), method(at)?))).collect();
    Some(Run { text, logged, truth, methods })
}

/// What the judge who knows the meaning calls lost, or broken for a while.
fn truth(first: &World, events: &[Event], logged: &Logged) -> Truth {
    let key = &first.setting.objects[0];
    let kind = first.server.kind_of(&key.resource).expect("its object is there");
    let lists = Lists::of(&kind);
    let taken = |event: &Event| event.is_write() && event.code.is_some_and(|it| it / 100 == 2);
    let made: Vec<usize> = (0..events.len()).filter(|at| taken(&events[*at])).collect();
    let meant: Vec<Vec<Meant>> = made
        .iter()
        .map(|at| {
            let event = &events[*at];
            let (before, after) = (event.before.as_deref(), event.after.as_deref());
            let meant = event.intent.iter().flat_map(|it| it.meant(&lists, before, after));
            meant.filter_map(|it| said(event, it, &lists)).collect()
        })
        .collect();
    let writes: Vec<Write<'_>> = made
        .iter()
        .zip(&meant)
        .map(|(at, meant)| {
            let event = &events[*at];
            let Action::Write { sent, verb, .. } = &event.action else { unreachable!() };
            let basis = event.basis.as_ref();
            Write {
                author: event.worker().unwrap_or_default(),
                object: key,
                lists: &lists,
                basis: basis.map_or(event.revision, |it| it.revision),
                basis_uid: basis.map(|it| &*it.uid),
                meant,
                patch: verb.patch(),
                sent,
                before: event.before.as_deref(),
                after: event.after.as_deref(),
                // A log does not say which answers were lost on their way.
                answer: history::Answered::Acknowledged,
                at: event.revision,
            }
        })
        .collect();
    let mut truth = Truth::default();
    for it in history::judge(&writes).into_iter().filter(|it| it.victim != it.culprit) {
        let loss = (logged.ids[made[it.culprit]].clone(), it.leaf);
        if !matches!(it.end, End::ForGood { .. }) {
            truth.shown.insert(loss.clone());
        }
        truth.all.insert(loss);
    }
    truth
}

/// What a request says of a leaf that its worker meant; a log shows no more. A patch says what
/// comes about: an apply that leaves out what its manager never applied does not say that it goes.
/// A PUT says what stands in it: where another worker of the process changed the memory in between,
/// that is not what the worker meant.
fn said(event: &Event, mut meant: Meant, lists: &Lists) -> Option<Meant> {
    let Action::Write { verb, sent, .. } = &event.action else { return Some(meant) };
    let is_met = |object: &Value| meant.want.is_met(&meant.leaf, object, lists);
    match verb {
        Verb::Patch(_) => event.after.as_deref().is_none_or(is_met).then_some(meant),
        Verb::Update if !is_met(sent) => {
            let (Want::Is(_) | Want::Absent) = meant.want else { return None };
            let found = meant.leaf.find(sent).cloned().unwrap_or_default();
            meant.want = Want::of(&Found::Is(found));
            Some(meant)
        }
        _ => Some(meant),
    }
}

/// Whether one of these losses is this one, as a log has it: of an entry, or of a leaf.
fn is_among(losses: &BTreeSet<(String, history::LeafPath)>, culprit: &str, path: &str) -> bool {
    losses.iter().any(|(id, leaf)| {
        let (leaf, owner) = (leaf.to_string(), leaf.owned().to_string());
        let inside = |a: &str, b: &str| {
            a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        id == culprit && (owner == path || inside(&leaf, path) || inside(path, &leaf))
    })
}

/// The accusations of writes that lost nothing: the culprit's method, and what a person needs to
/// see why.
fn accusations(run: &Run, verdict: &audit::Verdict) -> Vec<(String, String)> {
    let told = |finding: &audit::Finding| {
        let (culprit, path) = (&finding.culprit.audit, finding.path.to_string());
        let method = run.methods.get(culprit).map_or("nobody", String::as_str);
        let told = format!(
            "{path} of {} by {culprit} ({method}, {})\n{}\n{}",
            finding.victim.audit,
            finding.certainty.as_str(),
            run.text,
            run.logged.told(),
        );
        (!is_among(&run.truth.all, culprit, &path)).then(|| (method.to_owned(), told))
    };
    verdict.lost.iter().filter_map(told).collect()
}

/// The shares by the culprit's method, and each wrong accusation.
fn shares(seed: u64, count: u64) -> (BTreeMap<String, Share>, Vec<String>) {
    let (mut shares, mut wrong) = (BTreeMap::<String, Share>::new(), Vec::new());
    let mut dice = Dice::new(seed);
    let (mut done, mut tried) = (0, 0);
    while done < count {
        tried += 1;
        assert!(tried < 40 * count, "hardly any scenario can be run");
        let Some(run) = run(&mut dice) else { continue };
        done += 1;
        let verdict = verdict(&run.logged.lines);
        let found = |findings: &[audit::Finding], culprit: &str, leaf: &history::LeafPath| {
            let one = BTreeSet::from([(culprit.to_owned(), leaf.clone())]);
            let is = |it: &&audit::Finding| is_among(&one, &it.culprit.audit, &it.path.to_string());
            findings.iter().any(|it| is(&it))
        };
        let owners: BTreeSet<(&String, history::LeafPath)> =
            run.truth.shown.iter().map(|(id, leaf)| (id, leaf.owned())).collect();
        for (culprit, leaf) in owners {
            let share = shares.entry(run.methods[culprit].clone()).or_default();
            let lost = found(&verdict.lost, culprit, &leaf);
            share.there += 1;
            share.lost += usize::from(lost);
            share.suspect += usize::from(!lost && found(&verdict.suspects, culprit, &leaf));
        }
        for (method, told) in accusations(&run, &verdict) {
            shares.entry(method).or_default().wrong += 1;
            wrong.push(format!("scenario {done}: {told}"));
        }
    }
    (shares, wrong)
}

/// Scenarios of one run of the tests.
const SCENARIOS: u64 = 300;

#[test]
fn the_judge_of_logs_accuses_nothing_that_the_judge_who_knows_the_meaning_does_not() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count: u64 = number("LOSTWRITE_SCENARIOS").unwrap_or(SCENARIOS);
    let seed: u64 = number("LOSTWRITE_SEED").unwrap_or(5);
    let (shares, wrong) = shares(seed, count);
    let mut all = Share::default();
    for (method, share) in &shares {
        println!("{method}: {share:?}");
        all.add(share);
    }
    println!("all: {all:?}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(all.there > 50, "hardly anything is lost: {all:?}");
    if (count, seed) == (SCENARIOS, 5) {
        super::publish("random scenarios", shares.into_iter());
    }
}

/// The head of those scenarios.
const HEAD: &str = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: once}\n\
                    description: Made by a test.\nproperties: [no-lost-write]\n";

/// Orders in which each scenario of [`ONCE_WRONG`] is run.
const ORDERS: usize = 200;

#[test]
fn what_was_once_accused_wrongly_is_not_accused_in_any_order() {
    let mut dice = Dice::new(1);
    for (why, text) in ONCE_WRONG {
        let mut ran = 0;
        for _ in 0..ORDERS {
            let run = order(format!("{HEAD}{text}\n"), &mut dice).expect("it can be run");
            ran += usize::from(run.logged.lines.len() > 4);
            let wrong = accusations(&run, &verdict(&run.logged.lines));
            assert!(wrong.is_empty(), "{why}: {}", wrong[0].1);
        }
        assert!(ran > ORDERS / 2, "{why}: hardly any order has writes");
    }
}
