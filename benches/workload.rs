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

/// The text of a scenario: workers that each make so many runs of a read and a write.
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
