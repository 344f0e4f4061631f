//! The museum: every act is what it says it is, and its page is current.

use std::sync::Arc;

use lostwrite::check::{self, CheckResult, Expectation, Options, Verdict};
use lostwrite::report::{self, Exhibit};
use lostwrite::scenario::{Expect, Scenario};

fn explored() -> Vec<Exhibit> {
    let options = Options::default();
    let check = |act: Scenario| {
        let name = act.name.clone();
        check::run(&Arc::new(act), &options).unwrap_or_else(|e| panic!("{name}:\n{e}"))
    };
    let exhibit = |(title, acts): (&'static str, Vec<Scenario>)| {
        let acts: Vec<CheckResult> = acts.into_iter().map(check).collect();
        let bug = acts.iter().find(|act| goes_wrong(act)).unwrap_or_else(|| panic!("{title}"));
        let methods = check::fixes(bug, &options).unwrap_or_else(|e| panic!("{title}:\n{e}"));
        let readers = check::by_reading(bug, &options).unwrap_or_else(|e| panic!("{title}:\n{e}"));
        let own_writes = acts.iter().map(|act| {
            let name = &act.scenario.name;
            check::by_reading_own_writes(act, &options).unwrap_or_else(|e| panic!("{name}:\n{e}"))
        });
        let own_writes = own_writes.collect();
        Exhibit { title, acts, methods, readers, own_writes }
    };
    Scenario::museum().into_iter().map(exhibit).collect()
}

fn goes_wrong(act: &CheckResult) -> bool {
    let judged = |name: &str| act.scenario.properties.iter().any(|asked| asked == name);
    act.properties.iter().any(|p| judged(p.name) && p.verdict == Verdict::Violated)
}

#[test]
fn every_act_meets_its_expectation_and_the_page_is_current() {
    let exhibits = explored();
    let (mut steps, mut own, mut leases, mut creates) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for act in exhibits.iter().flat_map(|exhibit| &exhibit.acts) {
        let name = &act.scenario.name;
        assert_ne!(act.scenario.expect, Expect::Unstated, "{name} says what it expects");
        let met = act.expectation == Expectation::Met && !act.failed() && act.exploration.complete;
        if !met {
            let verdicts = act.properties.iter().map(|p| (p.name, p.verdict));
            wrong.push(format!("{name}: {:?}", verdicts.collect::<Vec<_>>()));
        }
        assert!(act.scenario.description.starts_with("Modelled after "), "{name}");
        let text = &act.scenario.source.text;
        let has = |words: &[&str]| usize::from(words.iter().any(|word| text.contains(word)));
        steps += has(&["steps:"]);
        own += usize::from(!act.scenario.invariants.is_empty());
        leases += has(&["Lease/", "replica-b"]);
        creates += has(&["- create:", "- delete:"]);
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
    assert!(exhibits.len() >= 30, "{} exhibits", exhibits.len());
    assert!(steps >= 5 && own >= 5, "{steps} acts with steps, {own} with invariants of their own");
    assert!(leases >= 3 && creates >= 3, "{leases} with leases or replicas, {creates} that create");
    reads_of_own_writes(&exhibits);
    crate::generated::current("docs/museum.md", &report::museum(&exhibits));
    the_rooms_are_small_and_their_links_lead_somewhere(exhibits);
}

fn the_rooms_are_small_and_their_links_lead_somewhere(mut exhibits: Vec<Exhibit>) {
    for act in exhibits.iter_mut().flat_map(|exhibit| &mut exhibit.acts) {
        let lesson = check::game_lesson(act, None).unwrap_or_else(|e| panic!("{e}"));
        act.lesson = Some(Arc::new(lesson));
    }
    let files = report::rooms::rooms(&exhibits);
    assert_eq!(files.len(), exhibits.len() + 1);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    for (name, text) in &files {
        let most = if name == "index.html" { 200_000 } else { 300_000 };
        assert!(text.len() < most, "{name}: {} bytes", text.len());
        for outside in ["http:", "https:", "src=", "url(", "@import", "<link", "fetch(", "import("]
        {
            assert!(!text.contains(outside), "{name} contains `{outside}`");
        }
        for link in text.split("href=\"").skip(1) {
            let link = link.split(['"', '#']).next().unwrap_or_default();
            assert!(link.is_empty() || names.contains(&link), "{name} links to {link}");
        }
    }
    let (_, index) = &files[0];
    let drawings = index.matches("<svg ").count();
    assert_eq!(drawings, exhibits.len(), "a drawing of each");
    assert!(index.matches("class=g").count() >= 40, "guilty steps are marked");
}

/// A client that reads its own writes mends what one process does to itself, and no race of two.
fn reads_of_own_writes(exhibits: &[Exhibit]) {
    let (mut mended, mut left) = (Vec::new(), Vec::new());
    for (act, writers, held) in exhibits.iter().flat_map(Exhibit::cached) {
        let acts = if held == check::Held::Violated { &mut left } else { &mut mended };
        acts.push((act.scenario.name.clone(), writers.len()));
    }
    assert!(mended.len() >= 2 && left.len() >= 5, "{mended:?}, {left:?}");
    assert!(mended.iter().all(|(_, writers)| *writers == 1), "mended: {mended:?}");
    assert!(left.iter().all(|(_, writers)| *writers > 1), "not mended: {left:?}");
}

/// Fixes that their project has merged, and that still go wrong.
const MERGED: [&str; 3] = ["route-parents-cleaned", "config-check-patched", "holds-patched"];

#[test]
fn merged_fixes_that_still_go_wrong_are_among_the_acts() {
    for name in MERGED {
        let act = Scenario::builtin(name).unwrap_or_else(|| panic!("{name}"));
        let result = check::run(&Arc::new(act), &Options::default()).expect("it runs");
        assert!(goes_wrong(&result), "{name}");
    }
}
