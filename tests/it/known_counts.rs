//! The counts of the design's table, which were made independently, come out of `compare`.

use std::sync::Arc;

use lostwrite::check::{Options, compare};
use lostwrite::reconcilers::Reader;
use lostwrite::scenario::Scenario;

/// `losing of schedules` for a write method, from a comparison of this scenario.
fn counts(scenario: Scenario) -> impl Fn(&str, Reader) -> String {
    let comparison = compare(&Arc::new(scenario), &Options::default()).expect("it is valid");
    move |write, read| {
        let row = comparison.rows.iter().find(|row| row.write == write && row.read == read);
        let result = row.and_then(|row| row.result.as_ref()).expect("the server takes it");
        let lost = result.property("no-lost-write").and_then(|p| p.schedules.as_ref());
        let all = result.exploration.schedules.as_ref();
        format!("{} of {}", lost.expect("counted"), all.expect("counted"))
    }
}

fn shipped(name: &str) -> Scenario {
    Scenario::builtin(name).expect("it is shipped")
}

#[test]
fn two_workers_one_field_each_or_one_list() {
    let field = counts(shipped("status-race"));
    let list = counts(shipped("node-conditions"));
    let expected = [
        ("update-unconditional", "4 of 6", "4 of 6", "12 of 14", "12 of 14"),
        ("update-restamp", "4 of 6", "4 of 6", "24 of 26", "24 of 26"),
        ("update-retry", "0 of 6", "0 of 6", "0 of 26", "0 of 26"),
        ("merge-patch", "0 of 6", "4 of 6", "0 of 14", "12 of 14"),
        ("merge-patch-literal", "0 of 6", "6 of 6", "0 of 14", "14 of 14"),
        ("merge-patch-locked", "0 of 6", "0 of 6", "0 of 26", "0 of 26"),
        ("merge-patch-restamp", "0 of 6", "4 of 6", "0 of 26", "24 of 26"),
        ("strategic-merge-patch", "0 of 6", "0 of 6", "0 of 14", "0 of 14"),
        ("strategic-merge-patch-locked", "0 of 6", "0 of 6", "0 of 26", "0 of 26"),
        ("apply", "0 of 6", "0 of 6", "0 of 14", "0 of 14"),
    ];
    for (write, field_live, list_live, field_cache, list_cache) in expected {
        assert_eq!(field(write, Reader::Live), field_live, "{write}, own field, live");
        assert_eq!(list(write, Reader::Live), list_live, "{write}, shared list, live");
        assert_eq!(field(write, Reader::Cache), field_cache, "{write}, own field, cache");
        assert_eq!(list(write, Reader::Cache), list_cache, "{write}, shared list, cache");
    }
}

#[test]
fn three_workers() {
    let field = counts(shipped("three-writers"));
    assert_eq!(field("update-unconditional", Reader::Live), "84 of 90");
    assert_eq!(field("update-restamp", Reader::Live), "492 of 498");
    let mut with_three = shipped("node-conditions");
    let mut third = with_three.workers[0].clone();
    let text = "status.conditions[type=ThirdCondition].status";
    third.sets = vec![(
        text.parse().expect("a path"),
        lostwrite::reconcilers::ValueExpr::Literal("True".into()),
    )];
    (third.name, third.process, third.field_manager) =
        ("third".into(), "third".into(), "third".into());
    with_three.workers.push(third);
    assert_eq!(counts(with_three)("merge-patch", Reader::Live), "84 of 90");
}

#[test]
fn in_four_of_the_losing_cached_schedules_nothing_overlaps() {
    let scenario = Arc::new(shipped("stale-cache"));
    let world = lostwrite::check::world(&scenario).expect("it is valid");
    let observer = |name: &str| {
        world.setting.observers.iter().position(|o| o.name() == name).expect("observed")
    };
    let (lost, raced) = (observer("no-lost-write"), observer("raced"));
    let (mut losing, mut apart) = (0, 0);
    super::exhaustive::every_schedule(&world, &mut Vec::new(), &mut |_, end| {
        let decided = end.judge();
        losing += u32::from(decided[lost]);
        apart += u32::from(decided[lost] && !decided[raced]);
    });
    assert_eq!((losing, apart), (12, 4));
}

/// An append means that the list contains the item: a set that the server merges loses nothing,
/// whoever appended meanwhile; a list that is sent whole does.
#[test]
fn two_that_append_to_one_list() {
    let mut scenario = shipped("node-conditions");
    for (worker, item) in scenario.workers.iter_mut().zip(["example.com/x", "example.com/y"]) {
        let append = lostwrite::reconcilers::ValueExpr::Append(item.into());
        worker.sets = vec![("metadata.finalizers".parse().expect("a path"), append)];
        worker.subresource = None;
    }
    let count = counts(scenario);
    assert_eq!(count("merge-patch", Reader::Live), "4 of 6");
    assert_eq!(count("update-restamp", Reader::Live), "4 of 6");
    assert_eq!(count("merge-patch-locked", Reader::Live), "0 of 6");
    assert_eq!(count("strategic-merge-patch", Reader::Live), "0 of 6");
    assert_eq!(count("apply", Reader::Cache), "0 of 14");
}
