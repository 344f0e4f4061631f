//! Templates: what `lostwrite new` writes.
//!
//! Real scenarios with comments for somebody who has never written one; each loads and meets its
//! own expectation. To add one: a file in `src/scenario/templates/`, and one line here.

/// A template of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name, for `--template`.
    pub name: &'static str,
    /// One line about it.
    pub summary: &'static str,
    text: &'static str,
}

/// All templates, the default first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "race",
        summary: "a Node, two controllers, one status field each: runs, and loses",
        text: include_str!("templates/race.yaml"),
    },
    Template {
        name: "custom-resource",
        summary: "a CRD, two controllers, one status field each, the right retry",
        text: include_str!("templates/custom-resource.yaml"),
    },
    Template {
        name: "configmap",
        summary: "two tools and one ConfigMap: no status, no CRD",
        text: include_str!("templates/configmap.yaml"),
    },
    Template {
        name: "conditions",
        summary: "two owners of one conditions list",
        text: include_str!("templates/conditions.yaml"),
    },
    Template {
        name: "all-keys",
        summary: "every key of a worker, explained",
        text: include_str!("templates/all-keys.yaml"),
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
        }
        assert!(starter("nothing", "mine").is_none());
    }
}
