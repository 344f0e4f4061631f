//! Stock controllers on one list of conditions: every order, counted.

use lostwrite::kube::Checked;

use crate::support::stock;

/// Schedules, those that lose for good, those that repair, and how often the code was run.
fn counts(checked: &Checked) -> (String, String, String, u64) {
    let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
    let text = |count: &Option<lostwrite::schedulers::Count>| {
        count.as_ref().map_or_else(|| panic!("not closed\n{checked}"), ToString::to_string)
    };
    let (all, lost) = (text(&found.schedules), text(&found.losing));
    (all, lost, text(&found.repairing), found.executions)
}

#[test]
fn two_without_the_version_lose_and_repair_in_every_schedule() {
    // A plain depth-first search by running again needs 3,760 executions for these.
    let checked = stock(2, false).single_deliveries().check();
    let (all, lost, repaired, executions) = counts(&checked);
    assert_eq!((all.as_str(), lost.as_str(), repaired.as_str()), ("3760", "0", "3760"));
    assert!(executions <= 258, "{executions} executions");
    let plain = counts(&stock(2, false).single_deliveries().reduce(false).check());
    assert_eq!((&all, &lost, &repaired), (&plain.0, &plain.1, &plain.2));
    assert!(executions < plain.3, "{executions} of {}", plain.3);

    checked.assert_lost();
    checked.assert_converges_safe();
    let text = checked.to_string();
    for needle in [
        "usage replaced the whole list conditions",
        "└ conditions[Ready]",
        "transient    3760 of 3760 schedules lose a write, and it is repaired",
        ".replay(\"1.",
    ] {
        assert!(text.contains(needle), "{needle} in:\n{text}");
    }
    let schedule = checked.schedule().expect("a loss has a schedule");
    for _ in 0..3 {
        let again = stock(2, false).single_deliveries().replay(&schedule).check();
        again.assert_lost();
        assert!(again.to_string().contains("└ conditions[Ready]"), "{again}");
    }
}

#[test]
fn two_with_the_version_lose_nothing_in_any_schedule() {
    let checked = stock(2, true).single_deliveries().check();
    checked.assert_safe();
    let (all, .., executions) = counts(&checked);
    assert_eq!(all, "36");
    assert!(executions <= 24, "{executions} executions");
    // Each schedule by itself.
    let plain = counts(&stock(2, true).single_deliveries().merge(false).check());
    assert_eq!((plain.0.as_str(), plain.3), ("36", 36));
    // A stream that catches up in one move: fewer schedules.
    let checked = stock(2, true).check();
    checked.assert_safe();
    assert!(checked.to_string().contains("no write is lost for a while, in all "), "{checked}");
}

#[test]
fn random_orders_and_pct_find_it_too_and_never_say_that_it_holds() {
    let sampled = [
        stock(2, false).random(20, 7),
        stock(2, false).pct(20, 7, 2),
        stock(2, false).uniform(20, 7),
    ];
    for simulation in sampled {
        let checked = simulation.check();
        checked.assert_lost();
        assert!(!checked.explored().is_some_and(|found| found.is_complete()));
    }
    let clean = stock(2, true).random(20, 7).check();
    let refused = std::panic::catch_unwind(|| clean.assert_safe());
    assert!(refused.is_err(), "a sample proves nothing");
}

#[test]
fn a_bound_leaves_it_unknown() {
    let checked = stock(2, true).max_executions(2).check();
    let found = checked.explored().expect("it was explored");
    assert!(!found.is_complete() && found.schedules.is_none(), "{checked}");
    assert!(checked.to_string().contains("stopped after 2 executions"), "{checked}");
}

#[test]
fn an_exploration_in_parts_ends_with_the_same_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stock.checkpoint");
    let whole = counts(&stock(2, false).check());
    let part = || stock(2, false).max_executions(40).checkpoint(&file);
    let mut parts = 0;
    let last = loop {
        let checked = part().check();
        parts += 1;
        let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
        if found.is_complete() {
            break checked;
        }
        assert!(file.exists() && parts < 20, "{checked}");
    };
    let in_parts = counts(&last);
    assert_eq!((in_parts.0, in_parts.1, in_parts.2), (whole.0, whole.1, whole.2));
    assert!(parts > 2 && !file.exists(), "{parts} parts");

    // Of other workers, of other code, and no checkpoint at all.
    let _ = part().check();
    let other = stock(2, true).checkpoint(&file).check().to_string();
    assert!(other.contains("the code does something else"), "{other}");
    let other = stock(3, false).checkpoint(&file).check().to_string();
    assert!(other.contains("it is of other workers or objects"), "{other}");
    std::fs::write(&file, "nonsense").expect("written");
    let nonsense = part().check().to_string();
    assert!(nonsense.contains("cannot be used") && nonsense.contains("remove it"), "{nonsense}");
}

#[test]
fn threads_change_no_count() {
    let one = counts(&stock(2, false).check());
    let three = counts(&stock(2, false).threads(3).check());
    assert_eq!((one.0, one.1, one.2), (three.0, three.1, three.2));
}

#[test]
fn a_losing_run_becomes_a_scenario_whose_model_loses_too() {
    let text = stock(2, false).check().to_scenario().expect("somebody wrote");
    let scenarios = lostwrite::Scenario::from_str("from-a-run", &text);
    let scenarios = scenarios.unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    lostwrite::Verdicts::of(scenarios, &Default::default()).assert_lost();
}
