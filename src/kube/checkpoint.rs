//! The file in which an exploration that was stopped leaves what it knows.
//!
//! Next to read: `crate::schedulers::rerun::checkpoint`.

use std::io::ErrorKind;
use std::path::Path;

use super::history::Found;
use super::simulation::Simulation;
use crate::schedulers::rerun::Graph;

fn told(file: &Path, why: &str) -> String {
    let file = file.display();
    format!("the checkpoint {file} cannot be used: {why}\n  help: remove it to begin again")
}

/// The graph to begin with.
pub(super) fn begin(simulation: &Simulation, fingerprint: &str) -> Result<Graph<Found>, String> {
    let Some(file) = &simulation.checkpoint else { return Ok(Graph::default()) };
    match std::fs::read_to_string(file) {
        Ok(text) => Graph::load(&text, fingerprint).map_err(|why| told(file, &why)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Graph::default()),
        Err(error) => Err(told(file, &error.to_string())),
    }
}

/// Keeps the graph if something is open in it.
pub(super) fn end(
    simulation: &Simulation,
    fingerprint: &str,
    graph: &Graph<Found>,
) -> Result<(), String> {
    let Some(file) = &simulation.checkpoint else { return Ok(()) };
    let result = if graph.is_closed() {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    } else {
        let text = graph.save(fingerprint).map_err(|why| told(file, &why))?;
        let part = file.with_extension("part");
        std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, file))
    };
    result.map_err(|error| told(file, &error.to_string()))
}

/// The code did something else than the checkpoint says.
pub(super) fn other_code(simulation: &Simulation) -> String {
    let why = "the code does something else than when it was written: it has changed since, or is \
               not deterministic";
    simulation.checkpoint.as_deref().map_or_else(|| why.to_owned(), |file| told(file, why))
}
