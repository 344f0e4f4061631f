//! What a hunt found, and how it is printed.
//!
//! Next to read: `hunt.rs`.

use std::fmt;

/// What a hunt found.
#[derive(Debug)]
pub struct Hunted {
    pub(super) workers: Vec<String>,
    /// Executions that were made.
    pub executions: u64,
    /// How many of them had a request that came after all had seemed quiet.
    pub tainted: u64,
    /// The loss, if there is one and its own replay shows it.
    pub loss: Option<Loss>,
    /// A loss whose replay did not show it: told, and no loss.
    pub unconfirmed: u64,
    /// What went wrong, if something did: a program that cannot be started, one never quiet.
    pub failed: Option<String>,
}

/// A loss that was found, and confirmed.
#[derive(Debug)]
pub struct Loss {
    /// The schedule.
    pub schedule: String,
    /// How it was found: `predicted`, `random`, `first run` or `replay`.
    pub how: &'static str,
    /// Whether it was still there when all was quiet.
    pub stays: bool,
    /// The drawing.
    pub drawing: String,
    /// The last lines that each program has printed.
    pub said: Vec<(String, Vec<String>)>,
    /// A scenario that models the programs, each with its first write.
    pub scenario: Option<String>,
}

impl fmt::Display for Hunted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.workers.join(", ");
        let n = self.executions;
        if let Some(words) = &self.failed {
            writeln!(f, "error: {words}")?;
        }
        match &self.loss {
            None if self.failed.is_none() => {
                writeln!(f, "{names}   nothing found in {n} executions; not every order was run")?;
            }
            None => {}
            Some(loss) => {
                let stays = if loss.stays { "and it stays lost" } else { "and it is repaired" };
                writeln!(
                    f,
                    "{names}   LOST: a write is lost, {stays}   ({}, {n} executions)\n",
                    loss.how
                )?;
                f.write_str(&loss.drawing)?;
                for (who, lines) in &loss.said {
                    for line in lines {
                        writeln!(f, "  {who:<9} | {line}")?;
                    }
                }
                writeln!(f, "\n  replay   {}", loss.schedule)?;
            }
        }
        if self.unconfirmed > 0 {
            writeln!(f, "  note: {} seen once whose replay did not show it", self.unconfirmed)?;
        }
        if self.tainted > 0 {
            writeln!(
                f,
                "  note: in {} executions a request came after all had seemed quiet",
                self.tainted
            )?;
        }
        Ok(())
    }
}
