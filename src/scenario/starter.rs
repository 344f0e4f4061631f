//! Templates: what `lostwrite new` writes.
//!
//! Real scenarios with comments for a reader who has never written one; each loads and meets its
//! own expectation. Those that are `thread`s model a kind of bug report. To add one: a file in
//! `src/scenario/templates/`, and one line here.

/// A template of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name, for `--template`.
    pub name: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// Whether it is the model of a kind of bug report, for `--from-thread`.
    pub thread: bool,
    text: &'static str,
}

/// All templates, the default first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "race",
        summary: "a Node, two controllers, one status field each: runs, and loses",
        thread: false,
        text: include_str!("templates/race.yaml"),
    },
    Template {
        name: "custom-resource",
        summary: "a CRD, two controllers, one status field each, the right retry",
        thread: false,
        text: include_str!("templates/custom-resource.yaml"),
    },
    Template {
        name: "configmap",
        summary: "two tools and one ConfigMap: no status, no CRD",
        thread: false,
        text: include_str!("templates/configmap.yaml"),
    },
    Template {
        name: "conditions",
        summary: "two owners of one conditions list",
        thread: false,
        text: include_str!("templates/conditions.yaml"),
    },
    Template {
        name: "all-keys",
        summary: "every key of a worker, explained",
        thread: false,
        text: include_str!("templates/all-keys.yaml"),
    },
    Template {
        name: "claim",
        summary: "a bug report: two workers took the same item",
        thread: true,
        text: include_str!("templates/claim.yaml"),
    },
    Template {
        name: "list",
        summary: "a bug report: an entry of a list came back, or disappeared",
        thread: true,
        text: include_str!("templates/list.yaml"),
    },
    Template {
        name: "lease",
        summary: "a bug report: two leaders at once",
        thread: true,
        text: include_str!("templates/lease.yaml"),
    },
    Template {
        name: "finalizer",
        summary: "a bug report: an object was deleted before it was cleaned up",
        thread: true,
        text: include_str!("templates/finalizer.yaml"),
    },
    Template {
        name: "create-twice",
        summary: "a bug report: two objects were created instead of one",
        thread: true,
        text: include_str!("templates/create-twice.yaml"),
    },
    Template {
        name: "two-replicas",
        summary: "a bug report: it only happens with two replicas",
        thread: true,
        text: include_str!("templates/two-replicas.yaml"),
    },
];

/// The name that a template's scenario has until it gets its own.
const PLACEHOLDER: &str = "my-scenario";

/// The text of the template of this name, its scenario named `scenario`.
pub fn starter(template: &str, scenario: &str) -> Option<String> {
    let found = TEMPLATES.iter().find(|known| known.name == template)?;
    Some(found.text.replace(PLACEHOLDER, scenario))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::check::{self, Expectation};
    use crate::scenario::Scenario;

    #[test]
    fn every_template_is_a_scenario() {
        for template in TEMPLATES {
            let text = starter(template.name, "mine").unwrap();
            let scenarios = Scenario::from_str("mine.yaml", &text)
                .unwrap_or_else(|e| panic!("{}:\n{e}", template.name));
            let [scenario] = scenarios.as_slice() else { panic!("one scenario each") };
            assert_eq!(scenario.name, "mine");
            let warnings: Vec<String> = scenario.warnings.iter().map(|w| w.to_string()).collect();
            assert!(warnings.is_empty(), "{}:\n{}", template.name, warnings.join("\n"));
            let result = check::run(&Arc::new(scenario.clone()), &check::Options::default());
            let result = result.unwrap_or_else(|e| panic!("{}:\n{e}", template.name));
            assert!(result.exploration.complete, "{}", template.name);
            assert!(!result.failed() || !template.thread, "{}: not as expected", template.name);
            let stated = result.expectation == Expectation::Met;
            assert!(stated || !template.thread, "{} states what it expects", template.name);
        }
        assert!(starter("nothing", "mine").is_none());
    }
}
