//! A pair of writers from a log, modelled and run: whether the model loses in the same way, how
//! often in the log's own times, and which write methods would be safe.
//!
//! Next to read: `scenario.rs`.

use serde_json::{Value, json};

use super::clean;
use crate::audit::Pair;
use crate::check::{CheckResult, Comparison};
use crate::properties::NO_LOST_WRITE;
use crate::reconcilers::Reader;
use crate::report::style::{Role, Style};
use crate::report::table::compared;
use crate::report::text::Text;
use crate::report::{compare_table, counts, likelihood};

/// What a model of a pair has shown.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Where the scenario was written.
    pub file: String,
    /// The pair, and its row in the table, from 1.
    pub pair: Pair,
    /// See `pair`.
    pub row: usize,
    /// What the check of the scenario found.
    pub result: CheckResult,
    /// The same in simulated time.
    pub timed: Option<CheckResult>,
    /// Every write method.
    pub comparison: Comparison,
    /// The safe method of the second scenario in the file.
    pub mended: Option<&'static str>,
}

impl Proof {
    /// The class of the model's loss.
    fn class(&self) -> Option<&'static str> {
        let property = self.result.property(NO_LOST_WRITE)?;
        property.witness.as_ref().map(|witness| witness.class.as_str())
    }

    /// Whether the model loses, and in the same way as the log shows.
    pub fn is_same(&self) -> bool {
        self.class() == Some(self.pair.class.as_str())
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let pair = &self.pair;
        let who = format!(
            "{} loses {} {} to {} ({}), row {} of the table",
            clean(&pair.victim),
            pair.kind,
            clean(&pair.path),
            clean(&pair.culprit),
            pair.method,
            self.row
        );
        let losing = self.result.property(NO_LOST_WRITE).and_then(|it| it.schedules.clone());
        let model = match (&self.result.refused, self.class(), losing) {
            (Some(refused), ..) => format!("cannot be run: {}", clean(refused)),
            (None, Some(class), losing) => {
                let counts = losing.map_or_else(String::new, |losing| {
                    let all = self.result.exploration.schedules.as_ref();
                    format!(" in {}", counts::of(&losing, all))
                });
                let same = match self.is_same() {
                    true => "as in the log".to_owned(),
                    false => format!("the log shows {}", pair.class.as_str()),
                };
                format!("loses a write{counts} ({class}, {same})")
            }
            (None, None, _) => "loses nothing: what the log shows is not in it".to_owned(),
        };
        let mut lines = vec![("pair", who), ("model", model)];
        let timed = self.timed.as_ref().and_then(|it| it.exploration.timed.as_ref());
        let often = timed.map(|timed| likelihood::timed(timed)).unwrap_or_default();
        lines.extend(often.into_iter().take(2).map(|line| ("timed", line)));
        let safe = safe(&self.comparison);
        lines.push((
            "safe",
            match safe.is_empty() {
                true => "no write method is, on this scenario".to_owned(),
                false => safe.join(", "),
            },
        ));
        let file = clean(&self.file);
        let mended = match self.mended {
            Some(_) => ", and the mended pair with it",
            None => "",
        };
        lines.push(("scenario", format!("lostwrite check {file} draws it{mended}")));
        lines
    }

    /// For people.
    pub fn text(&self, style: &Style) -> String {
        let mut out = String::from("\n");
        let mut line = |text: Text| {
            out.push_str(text.paint(style).trim_end());
            out.push('\n');
        };
        line(Text::of(Role::Strong, "  from log to proof"));
        let mut last = "";
        for (label, text) in self.lines() {
            let shown = if label == last { "" } else { label };
            last = label;
            line(Text::of(Role::Faint, format!("  {shown:<10}")).then(Role::Plain, text));
        }
        out.push('\n');
        out + &compare_table(&self.comparison, style, false)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let timed = self.timed.as_ref().and_then(|it| it.exploration.timed.as_ref());
        let property = self.result.property(NO_LOST_WRITE);
        let methods = self.comparison.rows.iter().map(|row| {
            json!({
                "write": row.write,
                "read": if row.read == Reader::Cache { "cache" } else { "live" },
                "refused": row.refused,
                "verdict": row.verdict().as_str(),
            })
        });
        json!({
            "scenario": clean(&self.file),
            "row": self.row,
            "refused": self.result.refused,
            "class": self.class(),
            "sameClass": self.is_same(),
            "losing": property.and_then(|it| it.schedules.as_ref()).map(ToString::to_string),
            "schedules": self.result.exploration.schedules.as_ref().map(ToString::to_string),
            "timed": timed.map(|timed| json!({
                "runs": timed.runs, "losing": timed.losing,
                "low": timed.interval.low, "high": timed.interval.high,
            })),
            "safe": safe(&self.comparison),
            "mended": self.mended,
            "methods": methods.collect::<Vec<_>>(),
        })
    }
}

/// The methods that `compare` calls safe.
pub fn safe(comparison: &Comparison) -> Vec<&'static str> {
    let rows = compared(comparison).into_iter();
    rows.filter(|row| row.verdict.1 == "safe").map(|row| row.write).collect()
}
