//! The cluster before its first step: definitions, objects, modelled workers.
//!
//! Next to read: `explore.rs`.

use std::sync::Arc;

use super::drive::Plan;
use super::simulation::Simulation;
use crate::parking::Start;
use crate::properties::SerialOrders;
use crate::reconcilers::BoxedWorker;
use crate::scenario::{self, Scenario};
use crate::simulation::{FaultBudget, Setting, World};

/// The server with its objects, and the modelled workers in their world.
pub(super) fn plan(simulation: &Simulation) -> Result<Plan, String> {
    if let Some(words) = &simulation.mistake {
        return Err(words.clone());
    }
    let mut server = Start::server();
    let time = scenario::TIME;
    for crd in &simulation.crds {
        let words = |status: &crate::apiserver::Status| status.message.clone().unwrap_or_default();
        server
            .install_crd(crd, time)
            .map_err(|status| format!("the API server refuses a CRD: {}", words(&status)))?;
    }
    let mut modelled: Vec<Scenario> = Vec::new();
    for fragment in &simulation.modelled {
        let text = simulation.scenario_text(fragment);
        let read = Scenario::from_str("worker", &text).map_err(|mistakes| mistakes.to_string())?;
        modelled.extend(read);
    }
    for scenario in &modelled {
        for crd in &scenario.crds {
            let known = simulation.crds.iter().any(|it| it["metadata"] == crd["metadata"]);
            if !known {
                let _ = server.install_crd(crd, time);
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
        server.seed_object(object, time).map_err(|status| {
            let words = status.message.clone().unwrap_or_default();
            format!("the API server refuses an object: {words}")
        })?;
        seeded.push(object);
    }
    let mut setting = Setting { time, ..Setting::default() };
    let mut workers: Vec<BoxedWorker> = Vec::new();
    if let Some(scenario) = modelled.first() {
        if modelled.len() > 1 {
            return Err("modelled workers come in one text, so that they share a world".to_owned());
        }
        let plan = scenario::Plan::new(scenario).map_err(|error| error.to_string())?;
        let none = SerialOrders(Arc::new(|_, _| true));
        let world = plan.world(&[], none);
        setting = Setting::clone(&world.setting);
        workers = world.workers;
    }
    let world = World::new(Arc::new(setting), server, workers, FaultBudget::default());
    let real = simulation.workers.iter().map(|(name, _)| name.clone()).collect();
    Ok(Plan {
        start: Start { world, real, rules: simulation.rules.clone() },
        workers: simulation.workers.clone(),
        namespace: simulation.namespace.clone(),
        max_steps: simulation.max_steps,
        time: simulation.time,
    })
}
