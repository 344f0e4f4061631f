//! What a delete leaves of an object: nothing, or one that waits for finalizers or a kubelet.
//!
//! Which of these a kind has, its strategy says. Next to read: `delete.rs`.

use serde_json::Value;

use super::super::metadata::{self, Meta};

/// What a delete does to one object.
pub(crate) enum Deletion {
    /// It removes the object.
    Now,
    /// Nothing: the object is being deleted already.
    Pending,
    /// It leaves the object marked, with finalizers or a grace period to wait for.
    Marked(Value),
}

/// Gone, unless finalizers hold it.
pub(crate) fn of_any(object: &Value, options: &Value, time: i64) -> Deletion {
    let marked = object.meta("deletionTimestamp").is_some();
    let finalizers = finalizers(object, options);
    if finalizers.is_empty() {
        return Deletion::Now;
    }
    let changed = finalizers.iter().map(String::as_str).ne(object.finalizers());
    if marked && !changed {
        return Deletion::Pending;
    }
    let mut new = if marked { object.clone() } else { metadata::marked(object, 0, time) };
    new.set_meta("finalizers", Some(Value::from(finalizers)));
    Deletion::Marked(new)
}

pub(crate) fn grace(object: &Value) -> Option<i64> {
    object.meta("deletionGracePeriodSeconds").and_then(Value::as_i64)
}

/// A pod is always marked first. One that runs somewhere is given time, and only its kubelet
/// removes it (by a delete with no grace); another one goes in the same step.
pub(crate) fn of_pod(pod: &Value, options: &Value, time: i64) -> Deletion {
    let scheduled = pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let finished = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let asked =
        options["gracePeriodSeconds"].as_i64().map(|asked| if asked < 0 { 1 } else { asked });
    let finalizers = finalizers(pod, options);
    match grace(pod) {
        Some(0) if finalizers.is_empty() => return Deletion::Now,
        Some(0) => return Deletion::Pending,
        Some(pending) if asked.is_none_or(|asked| asked >= pending) => return Deletion::Pending,
        _ => {}
    }
    let seconds = if scheduled && !finished { asked.unwrap_or(own) } else { 0 };
    let mut new = metadata::marked(pod, seconds, time);
    if pod.meta("deletionTimestamp").is_some() {
        new.set_meta("generation", pod.meta("generation").cloned());
    }
    if !finalizers.is_empty() {
        new.set_meta("finalizers", Some(Value::from(finalizers)));
    }
    Deletion::Marked(new)
}

/// The finalizers that a deleted object has to wait for.
///
/// Foreground and Orphan bring one each; without a policy those of an earlier delete stay.
fn finalizers(object: &Value, options: &Value) -> Vec<String> {
    let had = object.finalizers();
    let policy = match (options["orphanDependents"].as_bool(), &options["propagationPolicy"]) {
        (Some(true), _) => Some("Orphan"),
        (Some(false), _) => Some("Background"),
        (None, policy) => policy.as_str(),
    };
    let (orphan, foreground) = match policy {
        Some(policy) => (policy == "Orphan", policy == "Foreground"),
        None => (had.contains(&"orphan"), had.contains(&"foregroundDeletion")),
    };
    let garbage = ["orphan", "foregroundDeletion"];
    let wanted =
        |name: &str| name == "orphan" && orphan || name == "foregroundDeletion" && foreground;
    let mut kept: Vec<String> = had
        .into_iter()
        .filter(|name| !garbage.contains(name) || wanted(name))
        .map(String::from)
        .collect();
    for name in garbage {
        if wanted(name) && !kept.iter().any(|known| known == name) {
            kept.push(name.into());
        }
    }
    kept
}
