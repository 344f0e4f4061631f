//! A Kubernetes manifest where a scenario is expected: one error that says so.
//!
//! Next to read: `load.rs`.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::Node;

/// That a document is an object of a cluster rather than a scenario, if it is one.
pub fn instead_of_scenario(source: &Arc<SourceText>, root: &Node) -> Option<Diagnostic> {
    let (group, kind) = (root.get("apiVersion")?, root.get("kind")?);
    let (group, name) = (group.as_str()?, kind.as_str()?);
    if name == "Scenario" || group.starts_with("lostwrite.dev/") {
        return None;
    }
    if name == "CustomResourceDefinition" {
        let mistake = Diagnostic::error("this is a CustomResourceDefinition, not a scenario");
        return Some(
            mistake.at(source, kind.mark(), "").help("name its file under `crds` of a scenario"),
        );
    }
    let message = format!("this is a Kubernetes object of kind `{}`, not a scenario", clean(name));
    let mistake = Diagnostic::error(message).at(source, kind.mark(), "");
    Some(
        mistake
            .help("put it under `objects` of a scenario")
            .help("`lostwrite new` writes a scenario to start from"),
    )
}
