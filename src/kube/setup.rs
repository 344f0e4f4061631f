//! The cluster before its first step: definitions, objects, modelled workers.
//!
//! Next to read: `explore.rs`.

use super::drive::Plan;
use super::simulation::Simulation;
use crate::parking::{OUTSIDE, Start, install, seed, world};
use crate::scenario::Scenario;

/// The server with its objects, and the modelled workers in their world.
pub(super) fn plan(simulation: &Simulation) -> Result<Plan, String> {
    if let Some(words) = &simulation.mistake {
        return Err(words.clone());
    }
    let mut server = Start::server();
    simulation.crds.iter().try_for_each(|crd| install(&mut server, crd))?;
    let mut modelled: Vec<Scenario> = Vec::new();
    for fragment in &simulation.modelled {
        let text = simulation.scenario_text(fragment);
        let read = Scenario::from_str("worker", &text).map_err(|mistakes| mistakes.to_string())?;
        modelled.extend(read);
    }
    for scenario in &modelled {
        for crd in &*scenario.crds {
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
    Ok(Plan {
        start: Start { world, real, rules: simulation.rules.clone(), stimuli: Vec::new() },
        workers: simulation.workers.clone(),
        max_steps: simulation.max_steps,
        time: simulation.time,
    })
}
