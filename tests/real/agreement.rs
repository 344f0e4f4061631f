//! Modelled workers and Rust futures that make the same requests: the same counts, in all mixtures.

use kube::api::{Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use lostwrite::kube::Simulation;
use lostwrite::schedulers::Count;
use lostwrite::{Scenario, Verdicts};
use serde_json::{Value, json};

/// One worker: how it writes, and which field of the status of a Node to what.
#[derive(Clone, Copy, Debug)]
struct Program {
    write: &'static str,
    field: &'static str,
    value: u64,
}

const WRITES: [&str; 4] = ["update", "update-unconditional", "merge-patch", "merge-patch-locked"];
const FIELDS: [&str; 3] = ["capacity.cpu", "capacity.memory", "phase"];

impl Program {
    fn random(number: u64) -> Program {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        Program {
            write: WRITES[(mixed % 4) as usize],
            field: FIELDS[(mixed / 4 % 3) as usize],
            value: mixed / 12 % 2,
        }
    }

    fn value(&self, who: usize) -> String {
        format!("{}{}", self.value, if self.field == "phase" { who } else { 0 })
    }

    fn yaml(&self, who: usize) -> String {
        let Program { write, field, .. } = self;
        let value = self.value(who);
        format!(
            "  - name: w{who}\n    object: Node/n\n    write: {write}\n    attempts: 2\n    sets: \
             {{ \"status.{field}\": \"{value}\" }}\n"
        )
    }

    /// The same requests, by hand.
    async fn run(self, who: usize, client: Client) {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Node"));
        let api: Api<DynamicObject> = Api::all_with(client, &resource);
        let value = self.value(who);
        for _ in 0..2 {
            let Ok(mut node) = api.get("n").await else { return };
            let version = node.metadata.resource_version.clone();
            let mut changed = node.data.clone();
            let mut patch = json!({});
            {
                let (mut place, mut part) = (&mut changed["status"], &mut patch["status"]);
                for key in self.field.split('.') {
                    (place, part) = (&mut place[key], &mut part[key]);
                }
                *part = Value::String(value.clone());
                *place = Value::String(value.clone());
            }
            let answer = match self.write {
                "update" | "update-unconditional" => {
                    if self.write == "update-unconditional" {
                        node.metadata.resource_version = None;
                    }
                    node.data = changed;
                    api.replace_status("n", &PostParams::default(), &node).await
                }
                _ => {
                    let same = changed == node.data;
                    if same {
                        patch = json!({});
                    }
                    if self.write == "merge-patch-locked" {
                        patch["metadata"] = json!({ "resourceVersion": version });
                    }
                    let patch = Patch::Merge(patch);
                    api.patch_status("n", &PatchParams::default(), &patch).await
                }
            };
            match answer {
                Err(kube::Error::Api(status)) if status.code == 409 => {
                    if self.write != "merge-patch-locked" {
                        return;
                    }
                }
                _ => return,
            }
        }
    }
}

fn node() -> Value {
    json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" } })
}

/// Schedules, and those in which a write is lost, now or for a while.
fn real(simulation: Simulation) -> (String, u64) {
    let checked = simulation.check();
    let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
    let number = |count: &Option<Count>| -> u64 {
        let text = count.as_ref().unwrap_or_else(|| panic!("{checked}")).to_string();
        text.parse().expect("a small number")
    };
    let all = found.schedules.as_ref().unwrap_or_else(|| panic!("{checked}")).to_string();
    (all, number(&found.losing))
}

#[test]
fn fifty_random_programs_have_the_same_counts_modelled_real_and_mixed() {
    for number in 0..50 {
        let programs = [Program::random(2 * number), Program::random(2 * number + 1)];
        let text: String = (0..2).map(|who| programs[who].yaml(who)).collect();
        let future = |who: usize| {
            let program = programs[who];
            move |client| program.run(who, client)
        };
        let scenario = format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: agree }}\n\
             objects:\n  - {}\nworkers:\n{text}",
            node()
        );
        let scenario = Scenario::from_str("agree", &scenario).unwrap_or_else(|e| panic!("{e}"));
        let verdicts = Verdicts::of(scenario, &Default::default());
        let result = &verdicts.results().unwrap_or_else(|e| panic!("{e}"))[0];
        let all = result.exploration.schedules.as_ref().expect("counted").to_string();
        let lost = result.property("no-lost-write").and_then(|p| p.schedules.clone());
        let lost: u64 = lost.expect("counted").to_string().parse().expect("a small number");

        let workers = |who: usize| format!("workers:\n{}", programs[who].yaml(who));
        let modelled = Simulation::new().object(node()).worker(&format!("workers:\n{text}"));
        let futures = Simulation::new().object(node()).controller("w0", future(0));
        let futures = futures.controller("w1", future(1));
        let mixed = Simulation::new().object(node()).controller("w0", future(0));
        let mixed = mixed.worker(&workers(1));
        for (name, simulation) in [("modelled", modelled), ("real", futures), ("mixed", mixed)] {
            let found = real(simulation);
            assert_eq!(found, (all.clone(), lost), "{name}, {number}: {programs:?}");
        }
    }
}
