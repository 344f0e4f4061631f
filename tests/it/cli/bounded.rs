//! Searches that a bound stops: a loss that is there is found, and what is unknown is never green.

use std::fmt::Write as _;
use std::path::Path;

use super::{folder, run};

/// Writers of their own fields of one Node, which read a cache.
fn writers(place: &Path, count: usize, write: &str, more: &str) {
    let mut text = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: { name: many }\n\
                    description: Many writers of one Node.\nobjects:\n  \
                    - { apiVersion: v1, kind: Node, metadata: { name: worker-1 } }\nworkers:\n"
        .to_owned();
    for n in 0..count {
        let sets = format!("{{ status.capacity.c{n}: \"{n}\" }}");
        let worker =
            format!("name: w{n}, process: p{n}, read: cache, write: {write}, sets: {sets}");
        writeln!(text, "  - {{ {worker} }}").unwrap();
    }
    std::fs::write(place.join("many.yaml"), text + more).unwrap();
}

#[test]
fn a_bounded_search_finds_a_loss_that_random_schedules_find() {
    let place = folder();
    writers(place.path(), 8, "update-unconditional", "expect: lost\n");
    let ran = run(place.path(), "check many.yaml --max-states 2000 --no-advice");
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("LOST, as expected"), "{}", ran.out);
    assert!(ran.out.contains("6 other workers, 12 steps: no part in it"), "{}", ran.out);
    assert!(ran.out.contains("Not all was covered"), "{}", ran.out);
    let report = run(place.path(), "report many.yaml --max-states 2000 -o json");
    assert!(report.out.contains("\"verdict\": \"violated\""), "{}", report.out);
}

#[test]
fn a_bound_on_states_is_passed_by_few_and_says_by_how_many() {
    let place = folder();
    writers(place.path(), 8, "update-unconditional", "");
    for bound in [1, 50, 2_000, 20_000_u64] {
        let ran = run(place.path(), &format!("check many.yaml --max-states {bound} --no-advice"));
        let (before, _) = ran.out.split_once(" states found.").expect("it says how many");
        let found: u64 =
            before.rsplit(' ').next().expect("a number").replace(',', "").parse().unwrap();
        assert!(ran.out.contains(&format!("--max-states {bound} was reached")), "{}", ran.out);
        // The transitions of one state of eight workers and their caches.
        assert!(found > bound && found <= bound + bound / 100 + 16, "{found} of {bound}");
    }
}

#[test]
fn fail_fast_stops_at_the_first_violation() {
    let place = folder();
    writers(place.path(), 8, "update-unconditional", "");
    let ran = run(place.path(), "check many.yaml --fail-fast --no-advice");
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("Stopped at the first violation"), "{}", ran.out);
    assert!(ran.out.contains("replay   lostwrite replay many.yaml --schedule"), "{}", ran.out);
    // Nothing to stop at: every schedule is covered, and counted.
    writers(place.path(), 2, "update-retry", "");
    let ran = run(place.path(), "check many.yaml --fail-fast --no-advice");
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("All 130 schedules"), "{}", ran.out);
}

#[test]
fn an_unknown_is_green_in_no_format() {
    let place = folder();
    writers(place.path(), 4, "update-retry", "");
    let check = "check many.yaml --max-states 100 --no-advice";
    let text = run(place.path(), check);
    assert!(text.out.contains("  ?   no-lost-write"), "{}", text.out);
    assert!(text.out.contains("ok?"), "{}", text.out);
    let junit = run(place.path(), &format!("{check} -o junit"));
    assert!(junit.out.contains("<skipped"), "{}", junit.out);
    let json = run(place.path(), &format!("{check} -o json"));
    assert!(json.out.contains("\"verdict\": \"unknown\""), "{}", json.out);
    let page = run(place.path(), "report many.yaml --max-states 100 --output-file -");
    assert!(page.out.contains("not all were covered"));
    assert!(!page.out.contains(r#""tag":"nothing is lost""#));
}

#[test]
fn a_search_holds_its_memory_bound() {
    let place = folder();
    writers(place.path(), 10, "update-retry", "");
    let check =
        "check many.yaml --max-memory 64MiB --no-advice --no-record --property no-lost-write";
    let ran = run(place.path(), check);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("The memory bound of 64 MiB was reached"), "{}", ran.out);
}
