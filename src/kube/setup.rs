//! The cluster before its first step: definitions, objects, modelled workers.
//!
//! Next to read: `explore.rs`.

use std::collections::BTreeSet;

use super::drive::Plan;
use super::simulation::Simulation;
use crate::parking::{OUTSIDE, Start, install, seed, world};

/// The server with its objects, and the modelled workers in their world.
pub(super) fn plan(simulation: &Simulation) -> Result<Plan, String> {
    if let Some(words) = &simulation.mistake {
        return Err(words.clone());
    }
    let mut server = Start::server();
    simulation.crds.iter().try_for_each(|crd| install(&mut server, crd))?;
    let modelled = simulation.modelled()?;
    for scenario in &modelled {
        for crd in scenario.crds.iter() {
            let known = simulation.crds.iter().any(|it| it["metadata"] == crd["metadata"]);
            if !known {
                let _ = install(&mut server, crd);
            }
        }
    }
    let extra = modelled.iter().flat_map(|scenario| &scenario.objects);
    let mut seeded: Vec<&serde_json::Value> = Vec::new();
    for object in simulation.objects.iter().chain(extra) {
        let same = |known: &&serde_json::Value| {
            let part = |value: &serde_json::Value| {
                let namespace = value["metadata"]["namespace"].as_str().unwrap_or("default");
                let name = value["metadata"]["name"].as_str().unwrap_or_default();
                (value["kind"].clone(), namespace.to_owned(), name.to_owned())
            };
            part(known) == part(object)
        };
        if seeded.iter().any(same) {
            continue;
        }
        seed(&mut server, object)?;
        seeded.push(object);
    }
    if modelled.len() > 1 {
        return Err("modelled workers come in one text, so that they share a world".to_owned());
    }
    let world = world(server, modelled.first())?;
    let mut real: Vec<String> = simulation.workers.iter().map(|(name, _)| name.clone()).collect();
    if simulation.rules.leases_lost > 0 {
        real.push(OUTSIDE.to_owned());
    }
    let theirs = world.setting.workers.iter().map(|info| info.name.clone());
    let names: Vec<String> = real.iter().cloned().chain(theirs).collect();
    let mut known = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !known.insert(*name)) {
        return Err(format!("two workers are called `{twice}`"));
    }
    let invariants = simulation.own_invariants(&modelled)?;
    let invariants = invariants.into_iter().map(|own| own.among(&names)).collect();
    Ok(Plan {
        start: Start { world, real, rules: simulation.rules.clone(), stimuli: Vec::new() },
        workers: simulation.workers.clone(),
        invariants,
        max_steps: simulation.max_steps,
        time: simulation.time,
    })
}
