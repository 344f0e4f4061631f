//! What a hunt found, and how it is printed.
//!
//! Next to read: `hunt.rs`.

use std::collections::BTreeMap;
use std::fmt;

use crate::check::{Bound, CheckResult, Exploration, Witness};
use crate::parking::{self, Explored, Shown};
use crate::properties::NO_LOST_WRITE;
use crate::scenario::{Isolation, Scenario};

/// The most ways in which repeated executions differed that are told.
const DIFFERENCES: usize = 4;

/// What a hunt found.
#[derive(Debug, Default)]
pub struct Hunted {
    pub(super) workers: Vec<String>,
    pub(super) scenario: Option<Scenario>,
    pub(super) scheduler: &'static str,
    pub(super) seed: u64,
    /// Executions that were made.
    pub executions: u64,
    /// How many of them had a request that came after all had seemed quiet.
    pub tainted: u64,
    /// The first request that tainted an execution, in words.
    pub(super) late: Option<String>,
    /// Executions that were given up, since they took too long; others did not.
    pub slow: u64,
    /// Executions that were made again to see whether the same happens.
    pub repeated: u64,
    /// How many of these came to other states: the programs, or what they send, differ.
    pub differed: u64,
    /// What differed first, in words, and in how many of these.
    pub differs: BTreeMap<String, u64>,
    /// What parted executions.
    pub isolation: Isolation,
    /// Executions of programs that lived on, and so remember other ones.
    pub shared: u64,
    /// How often these had to be started again.
    pub restarted: u64,
    /// Why, the first time.
    pub(super) why_restarted: Option<String>,
    /// Executions in which one of these asked for an object of an earlier one.
    pub earlier: u64,
    pub(super) earliest: Option<String>,
    /// The loss, if there is one and its own replay shows it.
    pub loss: Option<Loss>,
    /// A loss whose replay did not show it: told, and no loss.
    pub unconfirmed: u64,
    /// Executions in which a schedule that was to be followed could not be: the programs did
    /// something else.
    pub strayed: u64,
    /// Of a replay: where it could not go on as its schedule says, and what was possible there.
    pub diverged: Option<String>,
    /// Of a replay or a record that shows no loss: its steps, as text.
    pub steps: Option<String>,
    /// Programs that ended by themselves, how (with their last line, if they failed), and in how
    /// many executions.
    pub ended: BTreeMap<(String, String), u64>,
    /// Whether it was stopped by Ctrl-C.
    pub interrupted: bool,
    /// What went wrong, if something did: a program that cannot be started, one never quiet.
    pub failed: Option<String>,
}

/// A loss that was found, and confirmed.
#[derive(Debug)]
pub struct Loss {
    /// The property that is violated: `no-lost-write`, or an invariant of the scenario.
    pub property: &'static str,
    /// The schedule.
    pub schedule: String,
    /// How it was found: `predicted`, `random`, `first run` or `replay`.
    pub how: &'static str,
    /// Whether it was still there when all was quiet.
    pub stays: bool,
    /// The drawing.
    pub drawing: String,
    /// What the programs have printed, line by line: who, and what.
    pub said: Vec<(String, String)>,
    /// A scenario that models the programs, each with its first write.
    pub scenario: Option<String>,
    pub(super) shown: Shown,
}

impl fmt::Display for Hunted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.workers.join(", ");
        let n = self.executions;
        if let Some(words) = &self.failed {
            writeln!(f, "error: {words}")?;
        }
        match &self.loss {
            None if self.steps.is_some() && self.failed.is_none() => {
                writeln!(f, "{names}   nothing is lost in this schedule\n")?;
                f.write_str(self.steps.as_deref().unwrap_or_default())?;
            }
            None if self.failed.is_none() => {
                writeln!(f, "{names}   nothing found in {n} executions; not every order was run")?;
            }
            None => {}
            Some(loss) => {
                let claim = match (loss.property, loss.stays) {
                    (NO_LOST_WRITE, true) => "LOST: a write is lost, and it stays lost".to_owned(),
                    (NO_LOST_WRITE, false) => {
                        "LOST: a write is lost, and it is repaired".to_owned()
                    }
                    (name, _) => format!("BROKEN: the invariant {name}"),
                };
                writeln!(f, "{names}   {claim}   ({}, {n} executions)\n", loss.how)?;
                f.write_str(&loss.drawing)?;
                for (who, line) in &loss.said {
                    writeln!(f, "  {who:<9} | {line}")?;
                }
                writeln!(f, "\n  replay   {}", loss.schedule)?;
            }
        }
        for note in self.notes() {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}

impl Hunted {
    /// The result of a check, for every renderer of `crate::report`; the flags are repeated in the
    /// commands that it prints. `None` if there was no scenario to begin with.
    pub fn result(&self, flags: &[String]) -> Option<CheckResult> {
        let scenario = self.scenario.as_ref()?;
        let exploration = Exploration {
            scheduler: self.scheduler,
            complete: false,
            stopped_by: Some(match self.interrupted {
                true => Bound::Interrupted,
                false => Bound::Runs(self.executions),
            }),
            states: None,
            transitions: None,
            schedules: None,
            cyclic: false,
            executions: Some(self.executions),
            seed: matches!(self.scheduler, "hunt" | "random").then_some(self.seed),
            coverage: None,
            guarantee: None,
            timed: None,
            work: None,
        };
        let explored = Explored {
            exploration,
            overrides: flags.to_vec(),
            fingerprint: scenario.short_fingerprint(),
            notes: self.notes(),
        };
        Some(parking::result(scenario, explored, self.loss.as_ref().map(|loss| &loss.shown)))
    }

    /// The scenario, if it could be read.
    pub fn scenario(&self) -> Option<&Scenario> {
        self.scenario.as_ref()
    }

    /// The scenario with each program modelled by its first write, if something was found.
    pub fn shown(&self) -> Option<&Scenario> {
        self.loss.as_ref().map(|loss| &*loss.shown.scenario)
    }

    /// The violated properties with their witnesses.
    pub fn witnesses(&self) -> Vec<(&'static str, Witness)> {
        let all = self.loss.iter().flat_map(|loss| &loss.shown.violated);
        all.filter_map(|(name, witness)| Some((*name, witness.clone()?))).collect()
    }

    /// Whether a property was seen to be violated, and its replay shows it.
    pub fn violates(&self, name: &str) -> bool {
        self.loss.as_ref().is_some_and(|loss| loss.shown.violates(name))
    }

    /// What is told besides.
    pub(super) fn notes(&self) -> Vec<String> {
        let times =
            |n: u64| if n == 1 { "1 execution".to_owned() } else { format!("{n} executions") };
        let mut notes = Vec::new();
        let lived = self.isolation == Isolation::Name;
        if self.shared > 0 {
            let n = times(self.shared);
            notes.push(format!(
                "isolation: name: {n} shared the memory of their programs; a loss is reported only \
                 if it is shown by programs that are started for its replay"
            ));
        }
        if self.interrupted {
            notes.push(format!("interrupted after {}", times(self.executions)));
        }
        notes.extend(self.diverged.iter().map(|words| format!("the programs diverge: {words}")));
        if self.unconfirmed > 0 && lived {
            notes.push(format!(
                "in {} a write was lost, which was not confirmed by programs that were started for \
                 its replay: it may come from what they remember, and is not reported",
                times(self.unconfirmed)
            ));
        } else if self.unconfirmed > 0 {
            notes.push(format!("{} seen once whose replay did not show it", self.unconfirmed));
        }
        if let Some(why) = &self.why_restarted {
            let n = match self.restarted {
                1 => "once".to_owned(),
                n => format!("{n} times"),
            };
            notes.push(format!("the programs were started again {n}: {why}"));
        }
        if let Some(what) = &self.earliest {
            let n = times(self.earlier);
            notes.push(format!("in {n} a request was about an earlier one, and got 404: {what}"));
        }
        if self.strayed > 0 {
            notes.push(format!("in {} the programs left the schedule", times(self.strayed)));
        }
        if self.tainted > 0 {
            let n = times(self.tainted);
            let first = self.late.as_deref().unwrap_or_default();
            notes.push(format!("in {n} a request came after all had seemed quiet: {first}"));
        }
        if self.slow > 0 {
            notes.push(format!("{} took too long and were given up", times(self.slow)));
        }
        if self.differed > 0 {
            let (n, of) = (self.differed, times(self.repeated));
            notes.push(format!("{n} of {of} that were repeated came to other states"));
            let mut differs: Vec<_> = self.differs.iter().collect();
            differs.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
            let told = differs.iter().take(DIFFERENCES);
            notes.extend(told.map(|(words, n)| format!("what differed first, in {n}: {words}")));
            let more = differs.len().saturating_sub(DIFFERENCES);
            notes.extend((more > 0).then(|| format!("{more} other differences")));
        }
        for ((name, how), n) in &self.ended {
            notes.push(format!("`{name}` ended by itself in {}: {how}", times(*n)));
        }
        notes
    }
}
