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
use crate::properties::{Invariant, NO_LOST_WRITE};
use crate::report::{self, Style, commands::IN_A_TEST};
use crate::scenario::{Scenario, Source, WorkerSpec};
use crate::schedulers::{Bound, Count};

/// What the simulation was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    text: String,
    modelled: Vec<Scenario>,
    invariants: Vec<Invariant>,
    places: Vec<(String, &'static Location<'static>)>,
    scheduler: &'static str,
    seed: Option<u64>,
}

impl Origin {
    pub fn of(simulation: &Simulation) -> Origin {
        let places: Vec<_> = simulation.workers.iter().map(|(name, _)| name.clone()).collect();
        let places: Vec<_> = places.into_iter().zip(simulation.places.iter().copied()).collect();
        let (scheduler, seed) = match &simulation.orders {
            Orders::Exhaustive => ("exhaustive", None),
            Orders::Random { seed, .. } => ("random", Some(*seed)),
            Orders::Uniform { seed, .. } => ("uniform", Some(*seed)),
            Orders::Pct { seed, .. } => ("pct", Some(*seed)),
            Orders::Replay(_) => ("replay", None),
        };
        let modelled = simulation.modelled().unwrap_or_default();
        let text = simulation.cluster_text(&modelled, "");
        let invariants = simulation.own_invariants(&modelled).unwrap_or_default();
        Origin { text, modelled, invariants, places, scheduler, seed }
    }

    /// The cluster, with its workers; those that are real still without anything that they do.
    pub fn scenario(&self, name: &str) -> Option<Scenario> {
        let mut scenario = Scenario::from_str(IN_A_TEST, &self.text).ok()?.into_iter().next()?;
        for known in self.modelled.iter().flat_map(|modelled| &modelled.workers) {
            let same = |spec: &&mut WorkerSpec| spec.name == known.name;
            scenario.workers.iter_mut().filter(same).for_each(|spec| *spec = known.clone());
        }
        let own = self.invariants.iter().map(|own| own.name.to_owned());
        scenario.properties = std::iter::once(NO_LOST_WRITE.to_owned()).chain(own).collect();
        scenario.invariants.clone_from(&self.invariants);
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

    /// The names of the invariants.
    pub fn invariants(&self) -> Vec<&'static str> {
        self.invariants.iter().map(|own| own.name).collect()
    }
}

impl Checked {
    /// What was found as the result of a check, under this name. `None` if nothing could be run.
    pub fn result(&self, name: &str) -> Option<CheckResult> {
        let scenario = self.origin.scenario(name)?;
        let nothing = Explored::default();
        let (found, runs): (&Explored, Vec<&Run>) = match &self.outcome {
            Outcome::Explored(found) => (found, found.runs().collect()),
            Outcome::Replayed(run) => (&nothing, vec![run]),
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
        let mut shown: Option<Shown> = None;
        for run in runs {
            let more = self.shown(&scenario, run);
            match &mut shown {
                None => shown = Some(more),
                Some(shown) => {
                    let new = more.violated.into_iter().filter(|(name, _)| !shown.violates(name));
                    let new: Vec<_> = new.collect();
                    shown.violated.extend(new);
                }
            }
        }
        let mut result = parking::result(&scenario, explored, shown.as_ref());
        result.costs.repaired.clone_from(&found.repairing);
        let violated = sum(&[&found.losing, &found.repairing]);
        for property in &mut result.properties {
            let own = found.broken.iter().find(|own| own.name == property.name);
            property.schedules = match own {
                Some(own) => own.schedules.clone(),
                None if property.name == NO_LOST_WRITE => violated.clone(),
                None => None,
            };
        }
        Some(result)
    }

    /// What one run shows.
    fn shown(&self, scenario: &Scenario, run: &Run) -> Shown {
        let judged = history::losses(&run.ran);
        let text = self.spelling.text(&run.moves);
        let mut shown = Shown::new(scenario, &run.ran.history, &judged, &text);
        for name in run.broken().into_iter().filter_map(|at| scenario.invariants.get(at)) {
            if !shown.violates(name.name) {
                shown.violated.push((name.name, None));
            }
        }
        let scenario = Arc::make_mut(&mut shown.scenario);
        scenario.workers.iter_mut().for_each(|spec| spec.run = None);
        shown
    }

    /// How a run breaks an invariant: the drawing, or a list of its steps where it cannot be drawn.
    pub(super) fn breach(&self, name: &str, run: &Run) -> String {
        let scenario = self.origin.scenario("run");
        let shown = scenario.map(|scenario| self.shown(&scenario, run));
        let witness = shown.as_ref().and_then(|shown| {
            let found = shown.violated.iter().find(|(violated, _)| *violated == name)?;
            Some((&shown.scenario, found.1.as_ref()?))
        });
        match witness {
            Some((scenario, witness)) => {
                let style = Style { width: 110, ..style() };
                report::witness_of(scenario, name, witness, &style)
            }
            None => parking::plain(&run.ran.history),
        }
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
