//! Paths are read and printed, found and set.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

#[test]
fn prints_what_it_reads() {
    for text in [
        "status.ready",
        "status.conditions[type=Ready].status",
        "metadata.labels[\"a.b/c\"]",
        "spec.items[0].name",
    ] {
        assert_eq!(path(text).to_string(), text);
    }
}

#[test]
fn says_where_a_text_goes_wrong() {
    for (text, offset) in
        [("", 0), ("a..b", 2), ("a[", 1), ("a[b", 1), ("a[=b]", 1), ("a]b", 1), ("a b", 1)]
    {
        assert_eq!(text.parse::<FieldPath>().unwrap_err().offset, offset, "{text}");
    }
}

#[test]
fn sets_its_own_entry_and_leaves_the_others() {
    let mut object = json!({"status": {"conditions": [{"type": "Usage", "status": "True"}]}});
    path("status.conditions[type=Ready]").set(&mut object, json!({"status": "False"}));
    path("status.conditions[type=Ready].reason").set(&mut object, json!("Probed"));
    assert_eq!(
        object,
        json!({"status": {"conditions": [
            {"type": "Usage", "status": "True"},
            {"type": "Ready", "status": "False", "reason": "Probed"}]}})
    );
    assert!(path("status.conditions[type=Usage]").remove(&mut object));
    assert!(!path("status.conditions[type=Usage]").remove(&mut object));
}

#[test]
fn a_parent_overlaps_its_children() {
    assert!(path("status").overlaps(&path("status.ready")));
    assert!(!path("status.a").overlaps(&path("status.b")));
    assert!(!path("status.conditions[type=A]").overlaps(&path("status.conditions[type=B]")));
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,24}") {
        if let Ok(path) = text.parse::<FieldPath>() {
            prop_assert_eq!(path.to_string().parse::<FieldPath>().unwrap(), path);
        }
    }
}
