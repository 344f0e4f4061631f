//! How likely a violation is, what a sample covered, and how long a reconcile takes: in words, and
//! in JSON.
//!
//! A share is rounded to three digits, and to more where it would otherwise read as all or
//! nothing; JSON has twelve. Next to read: `schedulers/exhaustive/odds.rs`, `check/timed.rs`.

use serde::Serialize;

use super::counts::{count, small};
use super::text::plural;
use crate::check::{CheckResult, DEFAULT_MAX_STEPS, Exploration, Odds, PropertyResult, TimedRuns};
use crate::properties;
use crate::schedulers::timed::Nanos;

/// How likely a scheduler that picks at random is to violate the property.
pub fn odds(property: &PropertyResult) -> Vec<String> {
    let Some(odds) = property.odds else { return Vec::new() };
    let what = loses(property.name);
    let open = match odds.open > 0.0 {
        true => {
            let share = percent(odds.open, odds.decided + odds.clean);
            format!(" ({share} have not ended after {DEFAULT_MAX_STEPS} steps)")
        }
        false => String::new(),
    };
    let share = percent(odds.decided, odds.clean + odds.open);
    let who = "a scheduler that picks at random at each step";
    vec![format!("{who} {what} in {share} of its runs{open}")]
}

fn loses(property: &str) -> String {
    let loses = properties::words(property).loses;
    loses.map_or_else(|| format!("violates {property}"), str::to_owned)
}

/// What a sample covered, and what each of its runs finds at least.
pub fn sampled(exploration: &Exploration) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(coverage) = exploration.coverage {
        let runs = plural(&small(exploration.executions.unwrap_or(0)), "run");
        let schedules = plural(&small(coverage.schedules), "distinct schedule");
        let states = plural(&small(coverage.states), "distinct state");
        lines.push(format!("{runs}: {schedules} through {states}"));
    }
    if let Some(guarantee) = exploration.guarantee {
        let (n, k, d) = (guarantee.movers, guarantee.steps, guarantee.depth);
        lines.push(format!(
            "where {n} may move and no run has more than {k} steps, each run finds a violation of \
             depth {d} with a probability of at least 1/({n} x {k}^{}), 1 in {}",
            d - 1,
            rounded(guarantee.one_in())
        ));
    }
    lines
}

/// How often runs in simulated time lose a write, and how long a reconcile takes.
pub fn timed(timed: &TimedRuns) -> Vec<String> {
    let (share, interval) = timed.per_million();
    let runs = small(timed.runs);
    let (low, high) = (timed.interval.low, timed.interval.high);
    let lose = properties::words(timed.property).lose;
    let lose = lose.map_or_else(|| format!("violate {}", timed.property), str::to_owned);
    let (low, high) = (percent(low, 1.0 - low), percent(high, 1.0 - high));
    let estimate = percent(timed.losing as f64, (timed.runs - timed.losing) as f64);
    let mut lines = vec![
        format!(
            "{} of {runs} runs in simulated time {lose}: {estimate}, between {low} and {high} \
             (Wilson, 95 %)",
            small(timed.losing),
        ),
        format!(
            "that is {} in a million reconciles ({} to {}); a run counts once, whatever it loses",
            rounded(share),
            rounded(interval.low),
            rounded(interval.high)
        ),
    ];
    lines.extend(timed.latency.map(|latency| {
        format!(
            "a reconcile takes {} at the median, {} at p90, {} at p99, {} at most",
            span(latency.p50),
            span(latency.p90),
            span(latency.p99),
            span(latency.most)
        )
    }));
    lines
}

/// The lines of a result that are about its runs.
pub fn runs(result: &CheckResult) -> Vec<(&'static str, Vec<String>)> {
    let exploration = &result.exploration;
    let timed = exploration.timed.as_deref().map_or_else(Vec::new, timed);
    let all = [("timed", timed), ("sampled", sampled(exploration))];
    all.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// `66.7 %`, of a part and the rest; beyond a millionth, `1 in 2.9e8`.
pub fn percent(part: f64, rest: f64) -> String {
    let share = 100.0 * part / (part + rest);
    if part <= 0.0 {
        return "0 %".to_owned();
    }
    if rest <= 0.0 {
        return "100 %".to_owned();
    }
    if share < 1e-4 {
        return format!("1 in {:.1e}", 100.0 / share);
    }
    let mut decimals = decimals(share);
    let mut text = format!("{share:.decimals$}");
    while text.starts_with("100") && decimals < 12 {
        decimals += 1;
        text = format!("{share:.decimals$}");
    }
    if text.starts_with("100") {
        return format!("all but 1 in {:.1e}", (part + rest) / rest);
    }
    format!("{} %", trimmed(&text))
}

/// The decimals that three digits need.
fn decimals(number: f64) -> usize {
    // The exponent as it is printed: no logarithm of the machine's.
    let printed = format!("{number:.2e}");
    let exponent = printed.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    (2 - exponent).clamp(0, 9) as usize
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Three digits of a number, as people read them: `0.4`, `1,230`, `2.9e16`.
fn rounded(number: f64) -> String {
    if number >= 1000.0 {
        let printed = format!("{number:.2e}");
        let three = printed.parse::<f64>().unwrap_or(number);
        return count(&crate::schedulers::Count::from(three as u128));
    }
    let decimals = decimals(number);
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

/// `250 us`, `12.1 ms`, `1.5 s`.
fn span(nanos: Nanos) -> String {
    let nanos = nanos as f64;
    let (unit, name) = match nanos {
        n if n >= 1e9 => (1e9, "s"),
        n if n >= 1e6 => (1e6, "ms"),
        _ => (1e3, "us"),
    };
    format!("{} {name}", rounded(nanos / unit))
}

/// A number to twelve digits: what is the same whatever was added in which order.
fn digits(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

/// How likely a scheduler that picks at random is to decide a property.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonOdds {
    probability: f64,
    /// The same as a fraction, such as `119/120`, where it was computed exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
    /// That the run has not ended within the bound on steps.
    unfinished: f64,
}

impl From<Odds> for JsonOdds {
    fn from(odds: Odds) -> Self {
        JsonOdds {
            probability: digits(odds.decided),
            exact: odds.exact.map(|exact| exact.to_string()),
            unfinished: digits(odds.open),
        }
    }
}

/// What a sample covered, and what each of its runs finds at least.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonSample {
    distinct_states: u64,
    distinct_schedules: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    guarantee: Option<JsonGuarantee>,
}

#[derive(Serialize)]
struct JsonGuarantee {
    movers: u64,
    steps: u64,
    depth: u32,
    probability: f64,
}

impl JsonSample {
    /// Of an exploration that sampled.
    pub fn of(exploration: &Exploration) -> Option<Self> {
        let coverage = exploration.coverage?;
        let guarantee = exploration.guarantee.map(|guarantee| JsonGuarantee {
            movers: guarantee.movers,
            steps: guarantee.steps,
            depth: guarantee.depth,
            probability: digits(1.0 / guarantee.one_in()),
        });
        Some(JsonSample {
            distinct_states: coverage.states,
            distinct_schedules: coverage.schedules,
            guarantee,
        })
    }
}

/// Runs in simulated time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonTimed {
    property: &'static str,
    runs: u64,
    losing_runs: u64,
    reconciles: u64,
    per_million_reconciles: f64,
    interval: JsonInterval,
    reconcile_microseconds: Option<JsonQuantiles>,
}

/// In a million reconciles, as the estimate is.
#[derive(Serialize)]
struct JsonInterval {
    method: &'static str,
    level: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct JsonQuantiles {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl From<&TimedRuns> for JsonTimed {
    fn from(timed: &TimedRuns) -> Self {
        let (estimate, interval) = timed.per_million();
        let (low, high) = (digits(interval.low), digits(interval.high));
        let micros = |nanos: Nanos| nanos as f64 / 1000.0;
        JsonTimed {
            property: timed.property,
            runs: timed.runs,
            losing_runs: timed.losing,
            reconciles: timed.reconciles,
            per_million_reconciles: digits(estimate),
            interval: JsonInterval { method: "Wilson", level: 0.95, low, high },
            reconcile_microseconds: timed.latency.map(|latency| JsonQuantiles {
                p50: micros(latency.p50),
                p90: micros(latency.p90),
                p99: micros(latency.p99),
                max: micros(latency.most),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        for (part, rest, wanted) in [
            (1.0, 1.0, "50 %"),
            (2.0, 1.0, "66.7 %"),
            (1.0, 0.0, "100 %"),
            (0.0, 1.0, "0 %"),
            (0.9996, 0.0004, "99.96 %"),
            (0.999_999_6, 0.000_000_4, "99.99996 %"),
            (1.0, 1e-15, "all but 1 in 1.0e15"),
            (1.23e-5, 1.0, "0.00123 %"),
            (1e-9, 1.0, "1 in 1.0e9"),
        ] {
            assert_eq!(percent(part, rest), wanted);
        }
        assert_eq!(digits(1.0 / 3.0).to_string(), "0.333333333333");
    }

    #[test]
    fn numbers_and_spans_have_three_digits() {
        let numbers = [0.0, 0.412_3, 7.0, 999.4, 1234.5, 63_063_000.0, 2.9e16].map(rounded);
        assert_eq!(numbers, ["0", "0.412", "7", "999", "1230", "63,100,000", "2.9e16"]);
        let spans = [0, 250_000, 12_100_000, 1_500_000_000].map(span);
        assert_eq!(spans, ["0 us", "250 us", "12.1 ms", "1.5 s"]);
    }
}
