//! The renderers, on what the engine finds.

mod contract;
mod drawings;
mod formats;
mod page;
mod rules;

use std::sync::{Arc, LazyLock};

use lostwrite::check::{self, CheckResult, Options};
use lostwrite::report::Style;
use lostwrite::scenario::{Expect, Scenario};

/// A shipped scenario, checked.
pub fn checked(name: &str, advice: bool) -> CheckResult {
    let scenario = Scenario::builtin(name).unwrap_or_else(|| panic!("{name} is shipped"));
    let options = Options { advice, ..Options::default() };
    check::run(&Arc::new(scenario), &options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every shipped scenario but the largest.
pub fn all_checked() -> Vec<CheckResult> {
    static CHECKED: LazyLock<Vec<CheckResult>> = LazyLock::new(|| {
        let small = |name: &&str| !name.starts_with("retry-budget");
        Scenario::builtin_names().filter(small).map(|name| checked(name, false)).collect()
    });
    CHECKED.clone()
}

/// A scenario of our own, checked with some options.
pub fn check_text(text: &str, options: &Options) -> CheckResult {
    let mut scenarios = Scenario::from_str("-", text).unwrap_or_else(|error| panic!("{error}"));
    let mut scenario = scenarios.remove(0);
    scenario.expect = Expect::Unstated;
    check::run(&Arc::new(scenario), options).unwrap_or_else(|error| panic!("{error}"))
}

pub fn text(result: &CheckResult, style: Style) -> String {
    render("text", result, style)
}

pub fn render(format: &str, result: &CheckResult, style: Style) -> String {
    let renderer = lostwrite::report::renderer(format).expect("a format");
    renderer.render(std::slice::from_ref(result), &style)
}

pub fn at(width: usize) -> Style {
    Style { width, ..Style::default() }
}

/// So many workers, each with a field of its own.
pub fn many(workers: usize, write: &str) -> String {
    let fields = [
        ("alpha", "phase: Running"),
        ("bravo", "capacity.cpu: \"8\""),
        ("charlie", "capacity.memory: 8Gi"),
        ("delta", "capacity.pods: \"110\""),
        ("echo", "allocatable.cpu: \"7\""),
        ("foxtrot", "allocatable.memory: 7Gi"),
        ("golf", "allocatable.pods: \"100\""),
        ("hotel", "nodeInfo.architecture: amd64"),
    ];
    let worker = |(name, field): &(&str, &str)| {
        format!("  - {{ name: {name}, write: {write}, sets: {{ status.{field} }} }}\n")
    };
    let workers: String = fields[..workers].iter().map(worker).collect();
    format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: many }}\n\
         description: Many.\nobjects:\n  - {{ apiVersion: v1, kind: Node, \
         metadata: {{ name: worker-1 }} }}\nworkers:\n{workers}properties: [no-lost-write]\n"
    )
}
