//! The leaf difference of two versions of an object: what a write *did*.
//!
//! Next to read: `meaning.rs`, what a write *meant*.

use serde_json::Value;

use super::leaf::LeafPath;
use super::lists::{Found, Lists};

/// A leaf that is not the same in two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which leaf.
    pub path: LeafPath,
    /// What stood there before.
    pub before: Option<Found>,
    /// What stands there after.
    pub after: Option<Found>,
}

/// The leaves in which two versions differ, by path. `None` is an object that is not there.
/// `also` are other versions that decide which lists are keyed: the one that a write was built
/// from.
pub fn difference(
    lists: &Lists,
    before: Option<&Value>,
    after: Option<&Value>,
    also: &[&Value],
) -> Vec<Difference> {
    let leaves = |object: Option<&Value>, other: Option<&Value>| {
        let among: Vec<&Value> = also.iter().copied().chain(other).collect();
        object.map(|object| lists.leaves(object, &among)).unwrap_or_default()
    };
    let (old, mut new) = (leaves(before, after), leaves(after, before));
    let mut found = Vec::new();
    for (path, before) in old {
        let after = new.remove(&path);
        if after.as_ref() != Some(&before) {
            found.push(Difference { path, before: Some(before), after });
        }
    }
    let added = new.into_iter();
    found.extend(added.map(|(path, after)| Difference { path, before: None, after: Some(after) }));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::{ApiServer, Config, Resource};
    use serde_json::json;

    fn paths(lists: &Lists, before: Value, after: Value) -> Vec<String> {
        let found = difference(lists, Some(&before), Some(&after), &[]);
        found.iter().map(|difference| difference.path.to_string()).collect()
    }

    fn node() -> Lists {
        let nodes = Resource { group: String::new(), version: "v1".into(), plural: "nodes".into() };
        Lists::of(&ApiServer::new(Config::default()).kind_of(&nodes).expect("it is built in"))
    }

    #[test]
    fn the_order_of_a_keyed_list_is_no_difference() {
        let (a, b) = (json!({"type": "A", "status": "True"}), json!({"type": "B"}));
        let list = |items: Value| json!({"status": {"conditions": items}});
        let none: Vec<String> = Vec::new();
        assert_eq!(paths(&node(), list(json!([a, b])), list(json!([b, a]))), none);
        let changed = list(json!([{"type": "A", "status": "False"}]));
        assert_eq!(
            paths(&node(), list(json!([a, b])), changed),
            ["status.conditions[type=A].status", "status.conditions[type=B]"]
        );
        // The server may call the same list atomic: its owners still mean entries.
        assert_eq!(paths(&Lists::unknown(), list(json!([a, b])), list(json!([b, a]))), none);
    }

    #[test]
    fn a_list_without_unique_keys_is_one_leaf() {
        let list = |items: Value| json!({"spec": {"ports": items}});
        let twice = list(json!([{"name": "a"}, {"name": "a"}]));
        let once = list(json!([{"name": "a"}]));
        assert_eq!(paths(&Lists::unknown(), twice, once), ["spec.ports"]);
        let scalars = (list(json!([1, 2])), list(json!([2, 1])));
        assert_eq!(paths(&Lists::unknown(), scalars.0, scalars.1), ["spec.ports"]);
    }

    #[test]
    fn finalizers_are_a_set_and_what_the_server_counts_is_nobodys() {
        let before = json!({"metadata": {"finalizers": ["a", "b"], "resourceVersion": "1"}});
        let after = json!({"metadata": {"finalizers": ["c", "b"], "resourceVersion": "2"}});
        assert_eq!(
            paths(&node(), before, after),
            ["metadata.finalizers[=a]", "metadata.finalizers[=c]"]
        );
    }

    #[test]
    fn spelling_is_no_difference() {
        let none: Vec<String> = Vec::new();
        let before = json!({"status": {"capacity": {"cpu": "1000m"}, "conditions": []}, "x": 1.0});
        let after = json!({"status": {"capacity": {"cpu": "1"}, "phase": null}, "x": 1});
        assert_eq!(paths(&node(), before, after), none);
        // A custom resource keeps what is empty.
        let kept = (json!({"spec": {"map": {}}}), json!({"spec": {}}));
        assert_eq!(paths(&Lists::unknown(), kept.0, kept.1), ["spec", "spec.map"]);
    }
}
