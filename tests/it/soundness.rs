//! Every reduction against the plain search, and the plain search against brute force, on random
//! scenarios in which one of several like workers often differs in one option: verdicts, counts,
//! odds, lengths of witnesses, final states. `LOSTWRITE_CASES=5000 cargo test --test it soundness`
//! compares more of them than a test run does.

mod once;
mod random;
pub(crate) mod ruled;

use lostwrite::check;
use lostwrite::schedulers::Count;
use lostwrite::schedulers::exhaustive::{Explored, Limits, explore};
use lostwrite::simulation::{Choice, World};
use proptest::prelude::*;

use crate::exhaustive::{random_scenario, scenario};
use crate::scale::without_notes;
use once::ONCE_WRONG;
use random::text_of;

/// What one way of searching says of each observer: how many schedules decide it, how likely that
/// is, and how long the shortest is.
#[derive(Clone, Debug)]
struct Said {
    schedules: String,
    decided: Vec<String>,
    odds: Vec<f64>,
    shortest: Vec<Option<usize>>,
    /// Schedules with a conflict, calls in all, the most calls of one.
    costs: String,
}

impl Said {
    fn agrees(&self, other: &Said) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
        (&self.schedules, &self.decided, &self.shortest)
            == (&other.schedules, &other.decided, &other.shortest)
            && self.odds.iter().zip(&other.odds).all(near)
            && (self.costs == other.costs || other.costs.is_empty())
    }
}

const MAX_STEPS: u64 = 100;

fn said(explored: &Explored, observers: usize) -> Said {
    let counts = explored.counts(MAX_STEPS).expect("it was covered");
    let (conflict, calls, most) = (&counts.with_conflict, &counts.calls, counts.most_calls);
    let odds = |observer| explored.odds(observer, MAX_STEPS).expect("it was covered").decided;
    Said {
        schedules: counts.schedules.to_string(),
        decided: counts.decided.iter().map(Count::to_string).collect(),
        odds: (0..observers).map(odds).collect(),
        shortest: (0..observers).map(|o| explored.shortest(o).map(|it| it.len())).collect(),
        costs: format!("{conflict} with a conflict, {calls} calls, at most {most}"),
    }
}

/// Every schedule, one by one, on clones of the world.
fn by_brute_force(world: &World, observers: usize) -> (Said, std::collections::BTreeSet<String>) {
    struct Sum {
        schedules: u128,
        decided: Vec<u128>,
        odds: Vec<f64>,
        shortest: Vec<Option<usize>>,
        finals: std::collections::BTreeSet<String>,
    }
    fn walk(world: &World, steps: usize, likely: f64, sum: &mut Sum) {
        let choices = world.choices();
        if choices.is_empty() {
            sum.schedules += 1;
            sum.finals.insert(world.ending().content());
            for (at, decided) in world.judge().into_iter().enumerate() {
                if decided {
                    sum.decided[at] += 1;
                    sum.odds[at] += likely;
                    sum.shortest[at] = Some(sum.shortest[at].map_or(steps, |s| s.min(steps)));
                }
            }
        }
        for choice in &choices {
            let mut next = world.clone();
            next.take(*choice);
            walk(&next, steps + 1, likely / choices.len() as f64, sum);
        }
    }
    let (decided, odds, shortest) =
        (vec![0; observers], vec![0.0; observers], vec![None; observers]);
    let mut sum = Sum { schedules: 0, decided, odds, shortest, finals: Default::default() };
    walk(world, 0, 1.0, &mut sum);
    let decided = sum.decided.iter().map(u128::to_string).collect();
    let (schedules, odds, shortest) = (sum.schedules.to_string(), sum.odds, sum.shortest);
    (Said { schedules, decided, odds, shortest, costs: String::new() }, sum.finals)
}

/// States of the plain search, and schedules that brute force is willing to run.
const MAX_STATES: u64 = 700;
const MAX_SCHEDULES: u128 = 1_500;

/// What the random scenarios had to show.
#[derive(Debug, Default)]
struct Met {
    compared: u32,
    by_brute_force: u32,
    fewer_canonical: u32,
    fewer_by_exchange: u32,
    fewer_by_reduction: u32,
    with_rules: u32,
    fewer_with_rules: u32,
    /// Where the server records owners; and those in which workers with managers of their own are
    /// exchanged.
    with_apply: u32,
    fewer_with_apply: u32,
    with_own_managers: u32,
    forced: u32,
    /// Where a worker retries without limit, and those of which schedules have no end.
    unlimited: u32,
    fewer_unlimited: u32,
    endless: u32,
    fewer_endless: u32,
    livelocks: u32,
    fewer_with_livelocks: u32,
    /// Where a cache is forgotten that no worker looks into.
    fewer_unread: u32,
    with_caches: u32,
    fewer_with_caches: u32,
    invalid: u32,
    too_large: u32,
}

fn compared(text: &str, met: &mut Met) -> Result<(), TestCaseError> {
    let world = scenario(text).and_then(|it| Some((check::world(&it).ok()?, it.properties.len())));
    let Some((world, judged)) = world else {
        met.invalid += 1;
        return Err(TestCaseError::reject("the server refuses it"));
    };
    let world = without_notes(world, judged);
    let search = |limits: Limits| explore(&world, limits, &mut |_| None);
    let plain = Limits { canonical: false, max_states: MAX_STATES, ..Limits::default() };
    let plain = search(plain);
    if plain.stopped_by.is_some() || plain.graph.states() < 4 {
        met.too_large += 1;
        return Err(TestCaseError::reject("too large"));
    }
    met.compared += 1;
    let expected = said(&plain, judged);
    let endless = plain.graph.topological().is_none();
    if !endless && expected.schedules.parse().is_ok_and(|all: u128| all <= MAX_SCHEDULES) {
        met.by_brute_force += 1;
        let (brute, finals) = by_brute_force(&world, judged);
        prop_assert!(expected.agrees(&brute), "plain {expected:?}\nbrute force {brute:?}\n{text}");
        prop_assert_eq!(&plain.finals(), &finals, "final states\n{}", text);
    }
    let canonical = search(Limits::default());
    let found = said(&canonical, judged);
    prop_assert!(expected.agrees(&found), "plain {expected:?}\ncanonical {found:?}\n{text}");
    prop_assert_eq!(canonical.finals(), plain.finals(), "final states\n{}", text);
    met.fewer_canonical += u32::from(canonical.graph.states() < plain.graph.states());
    let remembered = search(Limits { unread: false, ..Limits::default() });
    met.fewer_unread += u32::from(canonical.graph.states() < remembered.graph.states());
    let exchanged = search(Limits { symmetry: true, ..Limits::default() });
    let found = said(&exchanged, judged);
    prop_assert!(expected.agrees(&found), "plain {expected:?}\nexchanged {found:?}\n{text}");
    for explored in [&canonical, &exchanged] {
        for observer in 0..judged {
            let Some(schedule) = explored.shortest(observer) else { continue };
            let end = taken(&world, &schedule);
            let wrong = || TestCaseError::fail(format!("{schedule:?} is no schedule\n{text}"));
            let end = end.ok_or_else(wrong)?;
            prop_assert!(end.judge()[observer], "{schedule:?} does not decide {observer}\n{text}");
        }
    }
    let stuck = [&plain, &canonical, &exchanged].map(|explored| explored.livelock());
    prop_assert!(is_a_loop(&canonical, &stuck[2]), "{:?} is no loop\n{text}", stuck[2]);
    let stuck = stuck.map(|schedule| schedule.is_some());
    prop_assert_eq!(stuck, [stuck[0]; 3], "livelocks\n{}", text);
    let fewer = u32::from(exchanged.graph.states() < canonical.graph.states());
    met.fewer_by_exchange += fewer;
    let is = |met: bool| (u32::from(met), u32::from(met) * fewer);
    let count = |(all, fewer): (&mut u32, &mut u32), met: bool| {
        (*all, *fewer) = (*all + is(met).0, *fewer + is(met).1);
    };
    let holds = |word: &str| text.contains(word);
    count((&mut met.with_rules, &mut met.fewer_with_rules), holds("x-kubernetes-validations"));
    count((&mut met.with_apply, &mut met.fewer_with_apply), holds("write: apply"));
    count((&mut met.unlimited, &mut met.fewer_unlimited), holds("attempts: unlimited"));
    count((&mut met.endless, &mut met.fewer_endless), endless);
    count((&mut met.livelocks, &mut met.fewer_with_livelocks), stuck[0]);
    count((&mut met.with_caches, &mut met.fewer_with_caches), holds("cache"));
    let applies = |worker: &usize| {
        let program = world.workers[*worker].program();
        program.is_some_and(|program| program.jobs().any(|job| job.write.is_apply()))
    };
    let own = exchanged.symmetric.iter().any(|class| class.iter().all(applies));
    let shared = holds("fieldManager: a");
    met.with_own_managers += fewer * u32::from(own && !shared);
    met.forced += fewer * u32::from(own && holds("write: apply-force"));
    let reduced = search(Limits { reduce: true, ..Limits::default() });
    let violated = |explored: &Explored| {
        (0..judged).map(|observer| explored.shortest(observer).is_some()).collect::<Vec<_>>()
    };
    prop_assert_eq!(violated(&reduced), violated(&plain), "reordered\n{}", text);
    prop_assert_eq!(reduced.finals(), plain.finals(), "reordered\n{}", text);
    met.fewer_by_reduction += u32::from(reduced.graph.states() < canonical.graph.states());
    Ok(())
}

/// The world at the end of a schedule, if it is one.
fn taken(world: &World, schedule: &[Choice]) -> Option<World> {
    let mut end = world.clone();
    for choice in schedule {
        end.choices().contains(choice).then(|| end.take(*choice))?;
    }
    end.choices().is_empty().then_some(end)
}

/// Whether a schedule that is to lead into a livelock and once around it comes back to a state.
fn is_a_loop(explored: &Explored, schedule: &Option<Vec<Choice>>) -> bool {
    let graph = &explored.graph;
    let mut met = vec![0];
    for choice in schedule.iter().flatten() {
        let state = met[met.len() - 1];
        let edge = graph.edges(state).iter().find(|edge| graph.choice(**edge) == *choice);
        let Some(edge) = edge else { return false };
        met.push(edge.to as usize);
    }
    schedule.is_none() || met[..met.len() - 1].contains(&met[met.len() - 1])
}

/// The minimum of random scenarios that are compared; `LOSTWRITE_CASES` sets another one.
const CASES: u32 = 120;

/// Compares random scenarios, as many as `LOSTWRITE_CASES` says or by default this many; says how
/// many they were, and what they had to show.
fn compared_at_random(default: u32, texts: impl Strategy<Value = String>) -> (u32, Met) {
    let cases = std::env::var("LOSTWRITE_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = cases.unwrap_or(default);
    let config = ProptestConfig {
        cases,
        max_global_rejects: 1_000_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let met = std::cell::RefCell::new(Met::default());
    let outcome = runner.run(&texts, |text| compared(&text, &mut met.borrow_mut()));
    let met = met.into_inner();
    println!("{met:?}");
    if let Err(error) = outcome {
        panic!("{error}");
    }
    (cases, met)
}

#[test]
fn each_reduction_agrees_with_the_plain_search_and_that_with_brute_force() {
    let numbers = prop::collection::vec(any::<u32>(), 150);
    let (cases, met) = compared_at_random(CASES, numbers.prop_map(|numbers| text_of(&numbers)));
    let each = cases / 30;
    assert!(met.compared >= cases && met.by_brute_force > cases / 4, "{met:?}");
    assert!(met.fewer_canonical > each && met.fewer_by_exchange > each, "{met:?}");
    assert!(met.with_rules > 2 * each && met.fewer_with_rules > each / 2, "{met:?}");
    assert!(met.with_own_managers > each / 2 && met.fewer_with_caches > each / 2, "{met:?}");
    // Of these there are few, but never none in a few hundred.
    let some = cases / 200;
    assert!(met.forced >= some && met.fewer_unlimited >= each / 4, "{met:?}");
    assert!(met.endless >= some && met.livelocks >= some, "{met:?}");
    assert!(met.fewer_with_livelocks >= some / 2 && met.fewer_unread >= some, "{met:?}");
}

/// The scenarios that brute force compares elsewhere have readers of every kind.
#[test]
fn each_reduction_agrees_where_readers_wait() {
    let (cases, met) = compared_at_random(CASES / 2, random_scenario());
    let some = cases / 30;
    assert!(met.compared >= cases && met.by_brute_force > some, "{met:?}");
    assert!(met.with_caches > some, "{met:?}");
}

#[test]
fn what_was_once_not_looked_at_is() {
    for (what, rest) in ONCE_WRONG {
        let text = format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: once}}\n{rest}\n\
             properties: [no-lost-write, converges]\n"
        );
        let text = match rest.strip_prefix("# ").and_then(|rest| rest.split_once('\n')) {
            Some((word, _)) => text.replace("objects:", &(ruled::definition(&[word]) + "objects:")),
            None => text,
        };
        let mut met = Met::default();
        let outcome = compared(&text, &mut met);
        assert!(outcome.is_ok(), "{what}: {outcome:?}");
    }
}
