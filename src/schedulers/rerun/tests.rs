//! Rerunning an automaton whose numbers are known, and one that is not deterministic.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::walk::{Limits, Stop, explore};
use super::*;

/// Workers that each increment a counter of their own or a shared one, in two steps: read, write.
struct Toy {
    /// Which counter each worker uses.
    counters: Vec<u64>,
    /// Whether the n-th run differs from others.
    unsteady: bool,
    runs: u64,
}

impl Toy {
    fn new(counters: &[u64]) -> Toy {
        Toy { counters: counters.to_vec(), unsteady: false, runs: 0 }
    }

    /// The outcome is whether an increment was lost.
    fn run(&mut self, guide: &mut dyn Guide) -> End<bool> {
        self.runs += 1;
        let mut read: Vec<Option<u64>> = vec![None; self.counters.len()];
        let mut done = vec![false; self.counters.len()];
        let mut value: BTreeMap<u64, u64> = BTreeMap::new();
        loop {
            let moves: Vec<Move> = (0..self.counters.len())
                .filter(|worker| !done[*worker])
                .map(|worker| Move::Answer { worker, nth: 0 })
                .collect();
            let noise = if self.unsteady { self.runs } else { 0 };
            let text = format!("{read:?} {done:?} {value:?} {noise}");
            let key = text.bytes().fold(7_u128, |key, byte| {
                (key ^ u128::from(byte)).wrapping_mul(0x0000_0100_0000_01b3_0000_0000_0000_013b)
            });
            match guide.choose(Point { key, moves: &moves, writes: &[] }) {
                None if moves.is_empty() => {
                    let made: u64 = value.values().sum();
                    return End::Quiet(made < self.counters.len() as u64);
                }
                None => return End::Stopped,
                Some(at) => {
                    let worker = moves[at].worker();
                    let counter = self.counters[worker];
                    let now = value.get(&counter).copied().unwrap_or(0);
                    let mut footprint = Footprint::default();
                    match read[worker] {
                        None => {
                            read[worker] = Some(now);
                            footprint.reads.push(counter);
                        }
                        Some(was) => {
                            value.insert(counter, was + 1);
                            done[worker] = true;
                            footprint.writes.push(counter);
                        }
                    }
                    guide.did(footprint);
                }
            }
        }
    }

    fn explored(mut self, infer: bool) -> (Graph<bool>, Stop) {
        let mut graph = Graph::default();
        graph.infer = infer;
        let graph = Mutex::new(graph);
        let stop =
            explore(&graph, &Limits::default(), &|_| None, &|| (), &mut |walk| self.run(walk));
        (graph.into_inner(), stop)
    }
}

fn numbers(graph: &Graph<bool>) -> (String, String, u64) {
    let count = |is: fn(&bool) -> bool| graph.count(is).unwrap().to_string();
    (count(|_| true), count(|lost| *lost), graph.states())
}

#[test]
fn counts_are_those_of_every_order() {
    let (graph, stop) = Toy::new(&[0, 0]).explored(true);
    assert_eq!(stop, Stop::Closed);
    let (all, lost, _) = numbers(&graph);
    assert_eq!((all.as_str(), lost.as_str()), ("6", "4"));
    // Three workers on one counter: 90 orders; 6 of them one after the other.
    let (graph, _) = Toy::new(&[0, 0, 0]).explored(true);
    let (all, lost, _) = numbers(&graph);
    assert_eq!((all.as_str(), lost.as_str()), ("90", "84"));
    assert!(graph.executions < 90, "{} executions", graph.executions);
}

#[test]
fn what_is_inferred_from_squares_is_what_is_run() {
    for counters in [&[0, 0][..], &[0, 1], &[0, 1, 2], &[0, 0, 1], &[0, 1, 0, 1]] {
        let (run, _) = Toy::new(counters).explored(false);
        let (inferred, _) = Toy::new(counters).explored(true);
        assert_eq!(numbers(&run), numbers(&inferred), "{counters:?}");
        assert_eq!(run.transitions(), inferred.transitions(), "{counters:?}");
        assert!(inferred.executions <= run.executions, "{counters:?}");
        assert!(inferred.inferred > 0, "{counters:?}");
    }
}

#[test]
fn the_shortest_losing_schedule_switches_least() {
    let (graph, _) = Toy::new(&[0, 0]).explored(true);
    let shortest = graph.shortest(|lost| *lost).unwrap();
    let spelling = Spelling::new(&["a".to_owned(), "b".to_owned()], 0xbeef);
    assert_eq!(spelling.text(&shortest), "1.beef.abba");
}

#[test]
fn code_that_is_not_deterministic_is_told() {
    let mut toy = Toy::new(&[0, 0]);
    toy.unsteady = true;
    let (graph, stop) = toy.explored(true);
    assert!(matches!(stop, Stop::Mismatch(_)), "{stop:?}");
    assert!(!graph.is_closed());
    assert!(graph.count(|_| true).is_none());
}

#[test]
fn a_bound_leaves_the_graph_open() {
    let mut toy = Toy::new(&[0, 0, 0]);
    let graph = Mutex::new(Graph::default());
    let limits = Limits { executions: Some(2), ..Limits::default() };
    let stop = explore(&graph, &limits, &|_| None, &|| (), &mut |walk| toy.run(walk));
    assert_eq!(stop, Stop::Bound(crate::schedulers::Bound::Runs(2)));
    assert!(graph.into_inner().count(|_| true).is_none());
}

#[test]
fn a_run_that_does_not_end_is_cut_off_and_nothing_is_claimed() {
    let endless = |guide: &mut dyn Guide| {
        for key in 0..9 {
            let moves = [Move::Answer { worker: 0, nth: 0 }, Move::Answer { worker: 1, nth: 0 }];
            if key == 8 {
                return End::Steps;
            }
            if guide.choose(Point { key, moves: &moves, writes: &[] }).is_none() {
                return End::Stopped;
            }
            guide.did(Footprint { alone: true, ..Footprint::default() });
        }
        End::Quiet(true)
    };
    let graph = Mutex::new(Graph::default());
    let stop = explore(&graph, &Limits::default(), &|_| None, &|| (), &mut |it| endless(it));
    let graph = graph.into_inner();
    assert_eq!((stop, graph.is_closed(), graph.is_cut()), (Stop::Closed, false, true));
    assert!(graph.count(|_| true).is_none());
}

#[test]
fn a_schedule_is_read_as_it_is_printed() {
    let names = ["health", "usage"].map(str::to_owned);
    let spelling = Spelling::new(&names, 0x7c1e);
    let text = "1.7c1e.hu~h:2h3!lu!wh!cuu:2u:2";
    let moves = spelling.parse(text).unwrap();
    assert_eq!(moves.len(), 11);
    assert_eq!(spelling.text(&moves), text);
    for wrong in ["x", "1.0000.h", "h:0", "~", "!xh", "h999999999", "1.2", "h:"] {
        assert!(spelling.parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn dice_with_a_seed_fall_the_same_way_and_a_schedule_is_followed() {
    let run = |mut dice: sample::Dice| {
        Toy::new(&[0, 0, 1]).run(&mut dice);
        dice.made
    };
    assert_eq!(run(sample::Dice::random(1, 2)), run(sample::Dice::random(1, 2)));
    assert_eq!(run(sample::Dice::pct(1, 2, 3, 6)).len(), 6);
    let mut follow = sample::Follow::new(run(sample::Dice::random(3, 4)));
    Toy::new(&[0, 0, 1]).run(&mut follow);
    assert_eq!((follow.made.len(), follow.left_at), (6, None));
}

#[test]
fn a_uniform_draw_makes_each_schedule_equally_likely_and_a_random_one_does_not() {
    let spread = |dice: fn(u64) -> sample::Dice| {
        let mut seen: BTreeMap<Vec<Move>, u64> = BTreeMap::new();
        for run in 0..6_000 {
            let mut dice = dice(run);
            Toy::new(&[0, 0]).run(&mut dice);
            *seen.entry(dice.made).or_default() += 1;
        }
        let (least, most) = (seen.values().min().copied(), seen.values().max().copied());
        (seen.len(), least.unwrap_or(0), most.unwrap_or(0))
    };
    let (all, least, most) = spread(|run| sample::Dice::uniform(7, run, vec![2, 2]));
    assert_eq!(all, 6);
    assert!(least > 880 && most < 1_120, "{least} to {most} of 1,000 each");
    let (_, least, most) = spread(|run| sample::Dice::random(7, run));
    assert!(most > least * 3 / 2, "{least} to {most}");
}

#[test]
fn an_exploration_that_was_stopped_goes_on_to_the_same_counts() {
    let (whole, _) = Toy::new(&[0, 0, 1]).explored(true);
    for most in 1..whole.executions {
        let mut toy = Toy::new(&[0, 0, 1]);
        let graph = Mutex::new(Graph::default());
        let limits = Limits { executions: Some(most), ..Limits::default() };
        explore(&graph, &limits, &|_| None, &|| (), &mut |walk| toy.run(walk));
        let text = graph.into_inner().save("1234").unwrap();
        assert!(Graph::<bool>::load(&text, "4321").is_err_and(|why| why.contains("other workers")));
        let graph = Mutex::new(Graph::<bool>::load(&text, "1234").unwrap());
        let stop =
            explore(&graph, &Limits::default(), &|_| None, &|| (), &mut |walk| toy.run(walk));
        assert_eq!(stop, Stop::Closed);
        let graph = graph.into_inner();
        assert_eq!(numbers(&graph), numbers(&whole), "after {most} executions");
        assert_eq!(graph.transitions(), whole.transitions());
        assert!(graph.executions > most && graph.executions <= whole.executions + 1);
    }
}

#[test]
fn a_checkpoint_that_is_damaged_is_refused() {
    let text = Toy::new(&[0, 0]).explored(true).0.save("1234").unwrap();
    assert!(Graph::<bool>::load(&text, "1234").is_ok());
    let to = |nodes: usize| text.replacen("\"edges\":[1", &format!("\"edges\":[{nodes}"), 1);
    for wrong in [text[..text.len() / 2].to_owned(), to(999), to(0), String::new()] {
        assert_ne!(wrong, text);
        assert!(Graph::<bool>::load(&wrong, "1234").is_err());
    }
}
