//! What a simulation found, as text: the verdict, the drawing, the reasons, how to see it again.
//!
//! The drawing is that of scenarios (`crate::report`). No time is printed. Next to read:
//! `checked.rs`.

use std::fmt;

use super::checked::{Checked, Explored, Outcome, Run};
use super::history;
use crate::parking::{drawing, plain};
use crate::report;
use crate::schedulers::Bound;

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Explored(found) => self.explored_text(found, f),
            Outcome::Replayed(run) => self.replayed_text(run, f),
            Outcome::Failed { words, moves } => {
                writeln!(f, "error: {words}")?;
                self.after(moves, f)
            }
            Outcome::Unsteady { words, moves } => {
                writeln!(f, "error: the same schedule leads to different states\n  {words}")?;
                self.after(moves, f)
            }
        }
    }
}

impl Checked {
    fn after(
        &self,
        moves: &[crate::schedulers::rerun::Move],
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        match moves.is_empty() {
            true => Ok(()),
            false => writeln!(f, "  after {}", self.spelling.text(moves)),
        }
    }

    fn explored_text(&self, found: &Explored, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, runs) = (found.schedules.as_ref(), found.executions);
        let head = plural(self.workers.len() as u64, "worker");
        match all {
            Some(all) => writeln!(
                f,
                "{head}   all {} schedules, {} states, from {runs} executions\n",
                report::count(all),
                found.states.unwrap_or_default()
            )?,
            None => writeln!(f, "{head}   {}\n", partly(found))?,
        }
        self.verdict(found, f)?;
        self.loss(found, f)?;
        for own in &found.broken {
            let Some(run) = &own.run else { continue };
            let shortest = if all.is_some() { ", the shortest" } else { "" };
            writeln!(f, "\nA schedule that breaks {}{shortest}:\n", own.name)?;
            f.write_str(&self.breach(own.name, run))?;
            self.again(run, f)?;
        }
        Ok(())
    }

    fn loss(&self, found: &Explored, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = [("losing", &found.lost), ("repaired", &found.repaired)];
        let Some((kind, run)) = shown.into_iter().find_map(|(k, run)| Some((k, run.as_ref()?)))
        else {
            return Ok(());
        };
        let judged = history::losses(&run.ran);
        let loss = match kind {
            "losing" => judged.lost().next(),
            _ => judged.repaired().next(),
        };
        let Some(loss) = loss else { return Ok(()) };
        let claim = match kind {
            "losing" => "A schedule that loses a write",
            _ => "A schedule in which a write is lost for a while",
        };
        let shortest = if found.schedules.is_some() { ", the shortest" } else { "" };
        writeln!(f, "\n{claim}{shortest}:\n")?;
        f.write_str(&drawing(&run.ran.history, &judged, loss))?;
        self.again(run, f)
    }

    fn verdict(&self, found: &Explored, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, tag: &str, name: &str, text: String| {
            writeln!(f, "  {tag:<5} {name:<12} {text}")
        };
        let counted = |some: &Option<crate::schedulers::Count>, seen: u64| match some {
            Some(some) => {
                let all = found.schedules.as_ref().map(report::count).unwrap_or_default();
                format!("{} of {all} schedules", report::count(some))
            }
            None => format!("{seen} that were seen"),
        };
        let whole = match &found.schedules {
            Some(all) => format!("in all {} schedules", report::count(all)),
            None => "not known: not everything was covered".to_owned(),
        };
        let tag = if found.is_complete() { "ok" } else { "?" };
        match found.seen_lost {
            0 => row(f, tag, "lost", format!("no write is lost when all is quiet, {whole}"))?,
            seen => {
                let text = counted(&found.losing, seen);
                row(f, "FAIL", "lost", format!("{text} lose a write, and it stays lost"))?;
            }
        }
        match found.seen_repaired {
            0 => row(f, tag, "transient", format!("no write is lost for a while, {whole}"))?,
            seen => {
                let text = counted(&found.repairing, seen);
                row(f, "FAIL", "transient", format!("{text} lose a write, and it is repaired"))?;
            }
        }
        for own in &found.broken {
            match own.seen {
                0 => row(f, tag, own.name, format!("holds {whole}"))?,
                seen => {
                    let text = counted(&own.schedules, seen);
                    row(f, "FAIL", own.name, format!("{text} break it"))?;
                }
            }
        }
        Ok(())
    }

    /// How to see it again.
    fn again(&self, run: &Run, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.spelling.text(&run.moves);
        writeln!(f, "\n  replay   .replay(\"{text}\")")?;
        writeln!(f, "  keep     as a test that fails until it is mended:")?;
        writeln!(f, "           simulation().replay(\"{text}\").check().assert_safe();")
    }

    fn replayed_text(&self, run: &Run, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.spelling.text(&run.moves))?;
        if let Some(step) = run.left_at {
            writeln!(
                f,
                "  note: step {} could not be made as given; from there on the first who could \
                 move did\n",
                step + 1
            )?;
        }
        let judged = history::losses(&run.ran);
        let names = self.origin.invariants();
        let broken: Vec<&str> =
            run.broken().into_iter().filter_map(|at| names.get(at).copied()).collect();
        let loss = judged.lost().chain(judged.repaired()).next();
        if let Some(loss) = loss {
            f.write_str(&drawing(&run.ran.history, &judged, loss))?;
        }
        for name in &broken {
            writeln!(f, "\n  FAIL  {name}: this schedule breaks it\n")?;
            f.write_str(&self.breach(name, run))?;
        }
        match loss {
            Some(_) => Ok(()),
            None if !broken.is_empty() => Ok(()),
            None => {
                f.write_str(&plain(&run.ran.history))?;
                writeln!(f, "\n  ok    nothing is lost")
            }
        }
    }
}

fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn partly(found: &Explored) -> String {
    let covered = match (found.states, found.executions) {
        (Some(states), runs) => format!(
            "{} and {} in {}",
            plural(states, "state"),
            plural(found.transitions.unwrap_or_default(), "transition"),
            plural(runs, "execution")
        ),
        (None, runs) => plural(runs, "schedule"),
    };
    let why = match &found.bound {
        Some(Bound::Steps(most)) => {
            format!("; some were still busy after {most} steps (`max_steps`)")
        }
        Some(Bound::States(most)) => format!("; stopped at {most} states (`max_states`)"),
        Some(Bound::Runs(most)) => format!("; stopped after {most} executions"),
        Some(Bound::Timeout(most)) => format!("; stopped after {most} s (`timeout`)"),
        _ => String::new(),
    };
    format!("not everything: {covered}{why}")
}
