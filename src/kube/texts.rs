//! The texts that a simulation is given, read as scenarios.
//!
//! Next to read: `setup.rs`, which makes the cluster of them; `reported.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::simulation::Simulation;
use crate::properties::Invariant;
use crate::scenario::Scenario;

impl Simulation {
    /// The text of a scenario with everything that is modelled, if anything is.
    pub(super) fn scenario_text(&self, fragment: &str) -> String {
        if fragment.lines().any(|line| line.starts_with("kind: Scenario")) {
            return fragment.to_owned();
        }
        scenario_text(&self.crds, &self.objects, fragment)
    }

    /// The scenarios of the modelled workers.
    pub(super) fn modelled(&self) -> Result<Vec<Scenario>, String> {
        let mut modelled: Vec<Scenario> = Vec::new();
        for fragment in &self.modelled {
            let text = self.scenario_text(fragment);
            let read =
                Scenario::from_str("worker", &text).map_err(|mistakes| mistakes.to_string())?;
            modelled.extend(read);
        }
        Ok(modelled)
    }

    /// The names of all workers, real ones first.
    fn names(&self, modelled: &[Scenario]) -> Vec<String> {
        let real = self.workers.iter().map(|(name, _)| name.clone());
        let others = modelled.iter().flat_map(|scenario| &scenario.workers);
        real.chain(others.map(|spec| spec.name.clone())).collect()
    }

    /// The cluster with its workers, of which nothing is said but their names, and these lines.
    pub(super) fn cluster_text(&self, modelled: &[Scenario], more: &str) -> String {
        let part = |value: &Value| {
            let metadata = &value["metadata"];
            let place = (metadata["namespace"].to_string(), metadata["name"].to_string());
            (value["kind"].to_string(), place)
        };
        let (mut crds, mut objects) = (self.crds.clone(), self.objects.clone());
        let known: BTreeSet<_> = crds.iter().chain(&objects).map(part).collect();
        let new = |value: &&Value| !known.contains(&part(value));
        let their = modelled.iter().flat_map(|scenario| scenario.crds.iter());
        crds.extend(their.filter(new).cloned());
        let their = modelled.iter().flat_map(|scenario| &scenario.objects);
        objects.extend(their.filter(new).cloned());
        let workers = self.names(modelled).into_iter().map(|name| {
            let name = Value::from(name);
            format!("  - name: {name}\n    run: [{name}]\n")
        });
        let workers: String = workers.collect();
        scenario_text(&crds, &objects, &format!("workers:\n{workers}{more}"))
    }

    /// What must hold besides that no write is lost: the invariants of the simulation, and those of
    /// the modelled workers' scenarios.
    pub(super) fn own_invariants(&self, modelled: &[Scenario]) -> Result<Vec<Invariant>, String> {
        let names = self.names(modelled);
        let theirs = modelled.iter().flat_map(|scenario| scenario.invariants.iter().cloned());
        let mut all: Vec<Invariant> = theirs.map(|own| own.among(&names)).collect();
        for fragment in &self.invariants {
            let text = self.cluster_text(modelled, fragment);
            let read = Scenario::from_str("invariants", &text);
            let read = read.map_err(|mistakes| mistakes.to_string())?;
            all.extend(read.into_iter().flat_map(|scenario| scenario.invariants));
        }
        let mut named = BTreeSet::new();
        match all.iter().find(|own| !named.insert(own.name)) {
            Some(twice) => Err(format!("two invariants are called `{}`", twice.name)),
            None => Ok(all),
        }
    }
}

fn scenario_text(crds: &[Value], objects: &[Value], more: &str) -> String {
    let list = |name: &str, values: &[Value]| {
        let lines: Vec<String> = values.iter().map(|value| format!("  - {value}\n")).collect();
        if lines.is_empty() { String::new() } else { format!("{name}:\n{}", lines.concat()) }
    };
    format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\n\
         metadata: {{ name: modelled }}\n{}{}{more}",
        list("crds", crds),
        list("objects", objects),
    )
}
