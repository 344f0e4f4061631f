//! The JSON of `compare`: one row for each write method and reader.
//!
//! Next to read: `check/compare.rs`, which runs them.

use serde::Serialize;

use super::{SCHEMA_VERSION, pretty, text};
use crate::check::{CheckResult, Comparison, Row, Verdict};
use crate::properties;
use crate::report::check_text::reader;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonComparison<'a> {
    schema_version: u32,
    scenario: &'a str,
    file: Option<&'a str>,
    rows: Vec<JsonRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonRow<'a> {
    write: &'a str,
    read: &'static str,
    verdict: &'static str,
    violating_schedules: Option<String>,
    schedules: Option<String>,
    conflicts: Option<String>,
    mean_calls: Option<f64>,
    converges: &'static str,
    refused: Option<&'a str>,
}

/// The document of `compare`.
pub fn compare(comparison: &Comparison) -> String {
    pretty(&JsonComparison {
        schema_version: SCHEMA_VERSION,
        scenario: &comparison.scenario.name,
        file: comparison.scenario.source.file.as_deref(),
        rows: comparison.rows.iter().map(row).collect(),
    })
}

fn row(row: &Row) -> JsonRow<'_> {
    let result = row.result.as_ref();
    let verdict = |name| {
        let property = result.and_then(|result| result.property(name));
        property.map_or(Verdict::Unknown, |property| property.verdict)
    };
    let lost = result.and_then(|result| result.property(properties::NO_LOST_WRITE));
    let violating = match row.verdict() {
        Verdict::Holds => Some("0".to_owned()),
        _ => text(lost.and_then(|property| property.schedules.as_ref())),
    };
    JsonRow {
        write: row.write,
        read: reader(row.read),
        verdict: row.verdict().as_str(),
        violating_schedules: violating,
        schedules: text(result.and_then(|result| result.exploration.schedules.as_ref())),
        conflicts: text(result.and_then(|result| result.costs.with_conflict.as_ref())),
        mean_calls: result.and_then(mean_calls),
        converges: verdict(properties::CONVERGES).as_str(),
        refused: row.refused.as_deref(),
    }
}

/// Calls per schedule, to three decimals.
fn mean_calls(result: &CheckResult) -> Option<f64> {
    let (calls, all) = (result.costs.calls.as_ref()?, result.exploration.schedules.as_ref()?);
    (!all.is_zero()).then(|| (calls.ratio(all) * 1000.0).round() / 1000.0)
}
