//! The rules, on histories written by hand.

use serde_json::{Value, json};

use super::*;
use crate::apiserver::{Key, PatchKind, Resource, Revision};

fn key() -> Key {
    let resource = Resource { group: "x".into(), version: "v1".into(), plural: "things".into() };
    Key { resource, namespace: None, name: "a".into() }
}

fn leaf(text: &str) -> LeafPath {
    let path: crate::apiserver::FieldPath = text.parse().expect("a path");
    LeafPath::from(&path)
}

/// One write of a history: who, from which revision, what it meant, and the status after it.
struct Told {
    author: usize,
    basis: u64,
    meant: Vec<Meant>,
    sent: Value,
    after: Value,
    answer: Answered,
}

fn told(author: usize, basis: u64, meant: Vec<Meant>, after: Value) -> Told {
    let sent = json!({ "status": after });
    Told { author, basis, meant, sent, after, answer: Answered::Acknowledged }
}

fn is(path: &str, value: Value) -> Meant {
    Meant::literal(leaf(path), Want::Is(value.to_string()))
}

/// The findings of writes that begin with this status at revision 1; each moves the revision on.
fn findings(first: Value, history: &[Told], patch: Option<PatchKind>) -> Vec<Finding> {
    let (key, lists) = (key(), Lists::unknown());
    let object = |status: &Value| json!({ "metadata": {"uid": "u"}, "status": status });
    let mut versions = vec![object(&first)];
    versions.extend(history.iter().map(|told| object(&told.after)));
    let write = |at: usize| Write {
        author: history[at].author,
        object: &key,
        lists: &lists,
        basis: Revision(history[at].basis),
        basis_uid: Some("u"),
        meant: &history[at].meant,
        patch,
        sent: &history[at].sent,
        before: Some(&versions[at]),
        after: Some(&versions[at + 1]),
        answer: history[at].answer,
        at: Revision(at as u64 + 2),
    };
    judge(&(0..history.len()).map(write).collect::<Vec<_>>())
}

#[test]
fn a_whole_object_that_is_put_back_loses_what_its_author_never_saw() {
    let history = [
        told(0, 1, vec![is("status.a", json!(1))], json!({"a": 1})),
        told(1, 1, vec![is("status.b", json!(2))], json!({"b": 2})),
    ];
    let found = findings(json!({}), &history, None);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].victim, found[0].culprit), (0, 1));
    assert_eq!((&found[0].class, &found[0].end), (&LossClass::Clobber, &End::Stays));
    assert_eq!(found[0].leaf.to_string(), "status.a");
}

#[test]
fn what_comes_back_is_repaired_and_what_is_meant_again_is_replaced() {
    let a = || vec![is("status.a", json!(1))];
    let wiped = || told(1, 1, vec![is("status.b", json!(2))], json!({"b": 2}));
    let by_another = told(2, 2, vec![is("status.c", json!(3))], json!({"a": 1, "c": 3}));
    let by_itself = told(0, 3, a(), json!({"a": 1, "b": 2}));
    let otherwise = told(2, 3, vec![is("status.a", json!(9))], json!({"a": 9, "b": 2}));
    for (last, end) in [
        (by_another, End::Repaired { by: 2, after: 1 }),
        (by_itself, End::Repaired { by: 2, after: 1 }),
        (otherwise, End::Replaced { by: 2 }),
    ] {
        let history = [told(0, 1, a(), json!({"a": 1})), wiped(), last];
        let found = findings(json!({}), &history, None);
        assert_eq!(found.iter().find(|f| f.victim == 0).map(|f| &f.end), Some(&end));
        assert!(!found.iter().any(|f| f.victim == 0 && f.is_lost()));
    }
}

#[test]
fn a_claim_under_a_guard_loses_the_claim_that_its_read_did_not_show() {
    let claim = |me: &str| {
        let mut meant = is("status.owner", json!(me));
        meant.guards = vec![leaf("status.owner")];
        vec![meant]
    };
    let second = |basis, me: &str| {
        let first = told(0, 1, claim("alice"), json!({"owner": "alice"}));
        findings(json!({}), &[first, told(1, basis, claim(me), json!({"owner": me}))], None)
    };
    let found = second(1, "bob");
    let read = leaf("status.owner");
    assert_eq!(found[0].end, End::ForGood { read, derived: false });
    // Who has seen the first claim takes it over knowingly; the same value twice loses nothing.
    assert_eq!(second(2, "bob"), []);
    assert_eq!(second(1, "alice"), []);
}

#[test]
fn a_stale_sum_loses_the_other_though_it_changes_nothing() {
    let one = || {
        let mut meant = is("status.n", json!(1));
        meant.reads = vec![leaf("status.n")];
        vec![meant]
    };
    let history = [told(0, 1, one(), json!({"n": 1})), told(1, 1, one(), json!({"n": 1}))];
    let found = findings(json!({"n": 0}), &history, Some(PatchKind::Merge));
    let read = leaf("status.n");
    assert_eq!(found[0].end, End::ForGood { read, derived: true });
}

#[test]
fn an_exact_container_is_broken_by_what_is_put_back_and_not_by_what_is_meant() {
    let allowed = [leaf("status.m.a")].into();
    let exact = || {
        let only = Meant::literal(leaf("status.m"), Want::Only([leaf("status.m.a")].into()));
        vec![is("status.m.a", json!(1)), only]
    };
    let first = || told(0, 1, exact(), json!({"m": {"a": 1}}));
    let back = told(1, 1, vec![is("status.c", json!(1))], json!({"m": {"a": 1, "b": 0}, "c": 1}));
    let found = findings(json!({"m": {"b": 0}}), &[first(), back], None);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].want, Want::Only(allowed));
    let meant = told(1, 2, vec![is("status.m.b", json!(5))], json!({"m": {"a": 1, "b": 5}}));
    assert_eq!(findings(json!({"m": {"b": 0}}), &[first(), meant], None), []);
}

#[test]
fn the_class_says_how() {
    let meant = || vec![is("status.list[type=A].s", json!(1)), is("status.b", json!(2))];
    let both = json!({"list": [{"type": "A", "s": 1}], "b": 2});
    let without = told(
        1,
        1,
        vec![is("status.list[type=B].s", json!(1))],
        json!({"list": [{"type": "B", "s": 1}], "b": 2}),
    );
    let found = findings(json!({}), &[told(0, 1, meant(), both), without], Some(PatchKind::Merge));
    assert_eq!(found[0].class, LossClass::ListReplaced);

    let half = Told { sent: json!({"status": {"b": 2}}), ..told(0, 1, meant(), json!({"b": 2})) };
    let found = findings(json!({}), &[half], Some(PatchKind::Merge));
    assert_eq!((found[0].victim, found[0].culprit, &found[0].class), (0, 0, &LossClass::Torn));

    let ignored =
        Told { after: json!({}), ..told(0, 1, vec![is("status.b", json!(2))], json!({"b": 2})) };
    assert_eq!(findings(json!({}), &[ignored], None)[0].class, LossClass::Ignored);
}

#[test]
fn a_response_that_was_lost_promises_nothing_and_replaces_all_the_same() {
    let mut first = told(0, 1, vec![is("status.a", json!(1))], json!({"a": 1}));
    let wiped = || told(1, 1, vec![is("status.b", json!(2))], json!({"b": 2}));
    first.answer = Answered::Unanswered;
    assert_eq!(findings(json!({}), &[first, wiped()], None), []);

    let mut again = told(1, 2, vec![is("status.a", json!(2))], json!({"a": 2}));
    again.answer = Answered::Unanswered;
    let first = told(0, 1, vec![is("status.a", json!(1))], json!({"a": 1}));
    assert_eq!(findings(json!({}), &[first, again, wiped()], None), []);
}
