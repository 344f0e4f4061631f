//! `N` workers of `K` API calls on one object: the workload of every measurement here.
//!
//! Shared by `pieces.rs` and by the comparison with other checkers
//! (`benches/compare/`), which each include this file. Next to read: `pieces.rs`.

use std::sync::Arc;

use lostwrite::scenario::Scenario;
use lostwrite::simulation::World;

/// What the workers write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Each a field of its own, of a ConfigMap.
    Own,
    /// All add 1 to one number, in a Node's status.
    Counter,
}

/// The text of a scenario: workers that each make this number of runs of a read and a write.
pub fn text(workers: usize, runs: usize, write: &str, field: Field, more: &str) -> String {
    let object = match field {
        Field::Own => {
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default}}"
        }
        Field::Counter => {
            "{apiVersion: v1, kind: Node, metadata: {name: demo}, \
             status: {daemonEndpoints: {kubeletEndpoint: {Port: 0}}}}"
        }
    };
    let worker = |index: usize| {
        let name = letter(index);
        let sets = match field {
            Field::Own => format!("data.{name}: written"),
            Field::Counter => "status.daemonEndpoints.kubeletEndpoint.Port: { $add: 1 }".to_owned(),
        };
        format!("  - {{name: {name}, write: {write}, runs: {runs}, sets: {{{sets}}}{more}}}\n")
    };
    let workers: String = (0..workers).map(worker).collect();
    format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: workload}}\n\
         objects:\n  - {object}\nworkers:\n{workers}properties: [no-lost-write]\n"
    )
}

/// Workers that each add to a number of a custom resource and set a condition of their own, with or
/// without rules in CEL: a bound, a comparison with the old object, a look into a list.
#[allow(dead_code)]
pub fn ruled(workers: usize, rules: bool) -> String {
    let worker = |index: usize| {
        let name = letter(index);
        format!(
            "  - {{name: {name}, write: update-retry, subresource: status, sets: \
             {{status.count: {{ $add: 1 }}, \
             'status.conditions[type={name}]': {{ status: up }}}}}}\n"
        )
    };
    let workers: String = (0..workers).map(worker).collect();
    let rules = match rules {
        true => {
            "x-kubernetes-validations: [\
             {rule: '!has(self.status) || self.status.count < 100'}, \
             {rule: '!has(oldSelf.status) || self.status.count >= oldSelf.status.count'}, \
             {rule: '!has(self.status) || self.status.conditions.all(c, c.status != \"down\")'}],"
        }
        false => "",
    };
    format!(
        "apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: {{name: ruled}}
crds:
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {{name: gears.demo.example.com}}
    spec:
      group: demo.example.com
      scope: Namespaced
      names: {{plural: gears, kind: Gear}}
      versions:
      - name: v1
        served: true
        storage: true
        subresources: {{status: {{}}}}
        schema: {{openAPIV3Schema: {{type: object, RULES properties: {{
          spec: {{type: object, x-kubernetes-preserve-unknown-fields: true}},
          status: {{type: object, properties: {{
            count: {{type: integer}},
            conditions: {{type: array, maxItems: 16, x-kubernetes-list-type: map,
              x-kubernetes-list-map-keys: [type], items: {{type: object, required: [type],
              properties: {{type: {{type: string}}, status: {{type: string}}}}}}}}}}}}}}}}}}
objects:
  - {{apiVersion: demo.example.com/v1, kind: Gear, metadata: {{name: demo, namespace: default}},
     status: {{count: 0, conditions: []}}}}
workers:
{workers}properties: [no-lost-write]
"
    )
    .replace("RULES", rules)
}

fn letter(index: usize) -> char {
    char::from(b'a' + index as u8)
}

/// The scenario of a text.
pub fn scenario(text: &str) -> Arc<Scenario> {
    let scenarios = Scenario::from_str("workload", text);
    Arc::new(scenarios.unwrap_or_else(|mistakes| panic!("{mistakes}")).remove(0))
}

/// Its world, watched by `no-lost-write` alone.
pub fn world(text: &str) -> World {
    let mut world = lostwrite::check::world(&scenario(text)).expect("the server takes it");
    let mut setting = (*world.setting).clone();
    setting.observers.truncate(1);
    world.setting = Arc::new(setting);
    world.remembered.truncate(1);
    world.decided.truncate(1);
    world
}
