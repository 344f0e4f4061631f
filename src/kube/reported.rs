//! What a simulation found, as a check of a scenario tells it: every format of `crate::report`.
//!
//! The scenario is the cluster of the simulation with each real worker modelled by its first write;
//! its places are the lines of the test at which the workers were given. Next to read:
//! `crate::parking::Shown`.

use std::panic::Location;
use std::sync::Arc;

use super::checked::{Checked, Explored, Outcome, Run};
use super::history;
use super::simulation::{Orders, Simulation};
use crate::check::{CheckResult, Exploration, Witness};
use crate::parking::{self, Shown};
use crate::properties::NO_LOST_WRITE;
use crate::report::{self, Style, commands::IN_A_TEST};
use crate::scenario::{Scenario, Source};
use crate::schedulers::{Bound, Count};

/// What the simulation was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    text: String,
    modelled: Vec<String>,
    places: Vec<(String, &'static Location<'static>)>,
    scheduler: &'static str,
    seed: Option<u64>,
}

impl Origin {
    pub fn of(simulation: &Simulation) -> Origin {
        let places: Vec<_> = simulation.workers.iter().map(|(name, _)| name.clone()).collect();
        let places: Vec<_> = places.into_iter().zip(simulation.places.iter().copied()).collect();
        let quoted = |name: &String| serde_json::Value::from(name.as_str());
        let real = places.iter().map(|(name, _)| {
            let name = quoted(name);
            format!("  - name: {name}\n    run: [{name}]\n")
        });
        let (scheduler, seed) = match &simulation.orders {
            Orders::Exhaustive => ("exhaustive", None),
            Orders::Random { seed, .. } => ("random", Some(*seed)),
            Orders::Uniform { seed, .. } => ("uniform", Some(*seed)),
            Orders::Pct { seed, .. } => ("pct", Some(*seed)),
            Orders::Replay(_) => ("replay", None),
        };
        let text = simulation.scenario_text(&format!("workers:\n{}", real.collect::<String>()));
        Origin {
            text,
            modelled: simulation.modelled.iter().map(|it| simulation.scenario_text(it)).collect(),
            places,
            scheduler,
            seed,
        }
    }

    /// The cluster, with its workers; those that are real still without anything that they do.
    fn scenario(&self, name: &str) -> Option<Scenario> {
        let mut scenario = Scenario::from_str(IN_A_TEST, &self.text).ok()?.into_iter().next()?;
        for text in &self.modelled {
            for modelled in Scenario::from_str(IN_A_TEST, text).ok()? {
                let known = |it: &serde_json::Value, all: &[serde_json::Value]| {
                    let part =
                        |it: &serde_json::Value| (it["kind"].clone(), it["metadata"].clone());
                    all.iter().any(|other| part(other) == part(it))
                };
                let objects = modelled.objects.into_iter();
                let new: Vec<_> = objects.filter(|it| !known(it, &scenario.objects)).collect();
                scenario.objects.extend(new);
                scenario.workers.extend(modelled.workers);
                scenario.properties = modelled.properties;
            }
        }
        if !scenario.properties.iter().any(|known| known == NO_LOST_WRITE) {
            scenario.properties.insert(0, NO_LOST_WRITE.to_owned());
        }
        scenario.name = name.to_owned();
        let first = self.places.first().map(|(_, place)| *place);
        scenario.source = Source {
            name: IN_A_TEST.to_owned(),
            file: first.map(|place| place.file().to_owned()),
            text: self.text.clone(),
            first_line: first.map_or(1, |place| place.line() as usize),
            files: Vec::new(),
        };
        for (name, place) in &self.places {
            for spec in scenario.workers.iter_mut().filter(|spec| spec.name == *name) {
                spec.write_line = place.line() as usize;
            }
        }
        Some(scenario)
    }
}

impl Checked {
    /// What was found as the result of a check, under this name. `None` if nothing could be run.
    pub fn result(&self, name: &str) -> Option<CheckResult> {
        let scenario = self.origin.scenario(name)?;
        let nothing = Explored::default();
        let (found, run): (&Explored, Option<&Run>) = match &self.outcome {
            Outcome::Explored(found) => (found, found.lost.as_ref().or(found.repaired.as_ref())),
            Outcome::Replayed(run) => (&nothing, Some(run)),
            Outcome::Failed { .. } | Outcome::Unsteady { .. } => return None,
        };
        let replayed = matches!(self.outcome, Outcome::Replayed(_));
        let exploration = Exploration {
            scheduler: self.origin.scheduler,
            complete: found.is_complete(),
            stopped_by: found.bound.clone().or(replayed.then_some(Bound::Runs(1))),
            states: found.states,
            transitions: found.transitions,
            schedules: found.schedules.clone(),
            cyclic: false,
            executions: Some(if replayed { 1 } else { found.executions }),
            seed: self.origin.seed,
            coverage: None,
            guarantee: None,
            timed: None,
            work: None,
        };
        let explored = parking::Explored {
            exploration,
            overrides: Vec::new(),
            fingerprint: self.spelling.fingerprint().to_owned(),
            notes: Vec::new(),
        };
        let shown = run.map(|run| {
            let judged = history::losses(&run.ran);
            let text = self.spelling.text(&run.moves);
            let mut shown = Shown::new(&scenario, &run.ran.history, &judged, &text);
            let scenario = Arc::make_mut(&mut shown.scenario);
            scenario.workers.iter_mut().for_each(|spec| spec.run = None);
            shown
        });
        let mut result = parking::result(&scenario, explored, shown.as_ref());
        result.costs.repaired.clone_from(&found.repairing);
        let violated = sum(&[&found.losing, &found.repairing]);
        for property in result.properties.iter_mut().filter(|it| it.name == NO_LOST_WRITE) {
            property.schedules.clone_from(&violated);
        }
        Some(result)
    }

    /// What was found in one of the formats of `lostwrite check -o`: `html`, `json`, `junit`,
    /// `sarif`, `markdown`, `text`, …
    ///
    /// # Errors
    /// If there is no such format, or nothing could be run.
    pub fn report(&self, name: &str, format: &str) -> Result<String, String> {
        let renderer = report::renderer(format).ok_or_else(|| {
            let all: Vec<&str> = report::renderers().iter().map(|it| it.name).collect();
            format!("no format is called `{format}`; there are {}", all.join(", "))
        })?;
        let result = self.result(name).ok_or_else(|| self.to_string())?;
        Ok(renderer.render(&[result], &style()))
    }

    /// The loss step by step, as `lostwrite explain` tells it; `None` if nothing is lost.
    pub fn explain(&self) -> Option<String> {
        let result = self.result("run")?;
        let found: Vec<(&'static str, Witness)> = result
            .properties
            .iter()
            .filter_map(|property| Some((property.name, property.witness.clone()?)))
            .collect();
        (!found.is_empty()).then(|| report::explain_all(&result.scenario, &found, &style()))
    }
}

fn style() -> Style {
    Style { recorded: false, ..Style::default() }
}

fn sum(counts: &[&Option<Count>]) -> Option<Count> {
    let mut sum = Count::ZERO;
    for count in counts {
        sum.add(count.as_ref()?);
    }
    Some(sum)
}
