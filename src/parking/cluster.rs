//! The cluster before the first step: definitions, objects, and the modelled workers beside real
//! ones.
//!
//! Next to read: `history.rs`, whose `Start` this makes; `outside.rs`.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{ApiServer, Status};
use crate::properties::SerialOrders;
use crate::reconcilers::BoxedWorker;
use crate::scenario::{self, Scenario};
use crate::simulation::{FaultBudget, Setting, World};

/// Installs a definition.
pub(crate) fn install(server: &mut ApiServer, crd: &Value) -> Result<(), String> {
    if !crd.is_object() {
        return Err(format!("the API server refuses a CRD: {crd} is not an object"));
    }
    let refused = |status: Box<Status>| {
        format!("the API server refuses a CRD: {}", status.message.unwrap_or_default())
    };
    server.install_crd(crd, scenario::TIME).map(drop).map_err(refused)
}

/// Puts an object there, and its namespace.
pub(crate) fn seed(server: &mut ApiServer, object: &Value) -> Result<(), String> {
    if !object.is_object() {
        return Err(format!("the API server refuses an object: {object} is not an object"));
    }
    let namespace = object["metadata"]["namespace"].as_str().filter(|name| !name.is_empty());
    if let Some(name) = namespace {
        server.ensure_namespace(name);
    }
    let refused = |status: Box<Status>| {
        format!("the API server refuses an object: {}", status.message.unwrap_or_default())
    };
    server.seed_object(object, scenario::TIME).map(drop).map_err(refused)
}

/// The world around this server, with the workers of this scenario; none of them may be a program.
pub(crate) fn world(server: ApiServer, modelled: Option<&Scenario>) -> Result<World, String> {
    let mut setting = Setting { time: scenario::TIME, ..Setting::default() };
    let mut workers: Vec<BoxedWorker> = Vec::new();
    if let Some(scenario) = modelled {
        let plan = scenario::Plan::new(scenario).map_err(|error| error.to_string())?;
        let world = plan.world(&[], SerialOrders(Arc::new(|_, _| true)));
        setting = Setting::clone(&world.setting);
        workers = world.workers;
    }
    Ok(World::new(Arc::new(setting), server, workers, FaultBudget::default()))
}

#[cfg(all(feature = "serve", target_os = "linux"))]
impl super::Start {
    /// A scenario whose workers are programs and modelled ones.
    pub(crate) fn of(scenario: &Scenario, rules: super::Rules) -> Result<super::Start, String> {
        let mut server = super::Start::server();
        scenario.crds.iter().try_for_each(|crd| install(&mut server, crd))?;
        scenario.objects.iter().try_for_each(|object| seed(&mut server, object))?;
        let modelled = scenario.modelled();
        let world = world(server, (!modelled.workers.is_empty()).then_some(&modelled))?;
        let programs = scenario.workers.iter().filter(|worker| worker.run.is_some());
        let mut real: Vec<String> = programs.map(|worker| worker.name.clone()).collect();
        let stimuli = scenario.programs.stimuli.clone();
        if !stimuli.is_empty() || rules.leases_lost > 0 {
            real.push(super::outside::NAME.to_owned());
        }
        Ok(super::Start { world, real, rules, stimuli })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parking::Start;
    use serde_json::json;

    #[test]
    fn the_usual_namespaces_and_those_of_objects_are_there_and_take_no_revision() {
        let mut server = Start::server();
        assert_eq!(server.revision().0, crate::parking::names::BASE);
        let names = |server: &ApiServer| {
            let all = server.objects().into_iter().filter(|it| it["kind"] == "Namespace");
            all.filter_map(|it| Some(it["metadata"]["name"].as_str()?.to_owned())).collect()
        };
        let usual: Vec<String> = names(&server);
        assert_eq!(usual, ["default", "kube-node-lease", "kube-public", "kube-system"]);
        for name in ["a", "b"] {
            let metadata = json!({ "name": name, "namespace": "team" });
            let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata });
            seed(&mut server, &object).unwrap();
        }
        let now: Vec<String> = names(&server);
        assert_eq!(now.len(), usual.len() + 1);
        assert!(now.contains(&"team".to_owned()), "{now:?}");
        assert_eq!(server.revision().0, crate::parking::names::BASE + 2);
    }
}
