//! The judge with the meaning hidden: histories whose writes' meaning is known are logged, and
//! the judge of logs, which has to infer it, must accuse no write that lost nothing.
//!
//! `cargo test` runs some histories of one seed; `LOSTWRITE_HIDDEN=2000` runs as many as it says,
//! `LOSTWRITE_SEED` of another seed, and prints which share is found by write method.
//! `LOSTWRITE_HIDDEN_LOGS` names a folder that the logs are written to.

mod cluster;
mod noise;
mod once;
mod requests;
mod scenario_log;
mod scenarios;
mod traits;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use lostwrite::audit::{self, Kinds, Log};

use crate::documents::replaced;
use crate::generated::current;

use cluster::{History, history};
use traits::{Method, Traits};

/// Found, of what was there, and what was never there.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    there: usize,
    lost: usize,
    suspect: usize,
    wrong: usize,
}

type Loss = (String, String);

impl Share {
    fn add(&mut self, other: &Share) {
        self.there += other.there;
        self.lost += other.lost;
        self.suspect += other.suspect;
        self.wrong += other.wrong;
    }
}

/// The page has a table of what was found by the culprit's method, under this marker.
fn publish(marker: &str, shares: impl Iterator<Item = (String, Share)>) {
    let page = "docs/judge.md";
    let mut table = "| the culprit's method | losses | called lost | suspected |\n\
                     |---|---:|---:|---:|\n"
        .to_owned();
    for (method, Share { there, lost, suspect, .. }) in shares.filter(|it| it.1.there > 0) {
        table += &format!("| `{method}` | {there} | {lost} | {suspect} |\n");
    }
    let text = std::fs::read_to_string(page).expect("the page");
    current(page, &replaced(&text, &format!("<!-- {marker} -->\n\n"), "\n", &table));
}

fn verdict(lines: &[String]) -> audit::Verdict {
    let mut log = Log::new(Kinds::new(&[]).unwrap());
    for line in lines {
        for event in audit::events(line.as_bytes()).into_iter().flatten() {
            log.take(event);
        }
    }
    audit::judge(&mut log, &Default::default())
}

fn judged(lines: &[String]) -> (BTreeSet<Loss>, BTreeSet<Loss>) {
    let verdict = verdict(lines);
    let key = |it: &audit::Finding| (it.culprit.audit.clone(), it.path.to_string());
    (verdict.lost.iter().map(key).collect(), verdict.suspects.iter().map(key).collect())
}

/// The losses of a history, what is called lost and what is suspected.
fn one(seed: u64, at: u64) -> (History, BTreeSet<Loss>, BTreeSet<Loss>, BTreeSet<Loss>) {
    let made = history(seed ^ at.wrapping_mul(0x9E37_79B9), &Traits::of(seed, at));
    let truth = truth::lost(&made);
    let (lost, suspects) = judged(&made.lines);
    (made, truth, lost, suspects)
}

/// Runs this many histories; the shares by the culprit's method, and each accusation that is wrong.
fn run(seed: u64, count: u64) -> (BTreeMap<Method, Share>, Vec<String>) {
    let (mut shares, mut wrong) = (BTreeMap::<Method, Share>::new(), Vec::new());
    for at in 0..count {
        let traits = Traits::of(seed, at);
        let (made, truth, lost, suspects) = one(seed, at);
        if let Ok(folder) = std::env::var("LOSTWRITE_HIDDEN_LOGS") {
            let text: String = made.lines.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(format!("{folder}/{at}.jsonl"), text).unwrap();
        }
        for loss in &truth {
            let share = shares.entry(made.methods[&loss.0]).or_default();
            share.there += 1;
            share.lost += usize::from(lost.contains(loss));
            share.suspect += usize::from(!lost.contains(loss) && suspects.contains(loss));
        }
        for loss in lost.difference(&truth) {
            let method = made.methods.get(&loss.0).copied().unwrap_or(Method::MergePatch);
            shares.entry(method).or_default().wrong += 1;
            wrong.push(format!("history {at} ({traits:?}): {} by {} ({method:?})", loss.1, loss.0));
        }
    }
    (shares, wrong)
}

/// Without answers and without a definition a log may fit a server that replaces lists better than
/// the one that wrote it, which merges them: then an apply is suspected.
#[test]
fn an_apply_that_seems_to_replace_a_list_is_suspected() {
    let (made, truth, lost, suspects) = one(2, 355);
    let of = |found: &BTreeSet<Loss>| {
        found.iter().filter(|it| made.methods.get(&it.0) == Some(&Method::ApplyForce)).count()
    };
    assert!(of(&truth) < of(&suspects), "it merges");
    assert_eq!(of(&lost), 0);
}

/// Histories of one run of the tests.
const HISTORIES: u64 = 40;

#[test]
fn no_write_that_lost_nothing_is_accused_and_most_that_lost_are() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count: u64 = number("LOSTWRITE_HIDDEN").unwrap_or(HISTORIES);
    let seed: u64 = number("LOSTWRITE_SEED").unwrap_or(1);
    let (shares, wrong) = run(seed, count);
    let mut all = Share::default();
    for (method, share) in &shares {
        println!("{method:?}: {share:?}");
        all.add(share);
    }
    println!("all: {all:?}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all.there > 200, "hardly anything is lost: {all:?}");
    assert!(all.lost * 100 >= all.there * 80, "{all:?}");
    assert!((all.lost + all.suspect) * 100 >= all.there * 95, "{all:?}");
    if (count, seed) == (HISTORIES, 1) {
        let named = |(method, share): (&Method, &Share)| (method.name().to_owned(), *share);
        publish("hidden histories", shares.iter().map(named));
    }
}
