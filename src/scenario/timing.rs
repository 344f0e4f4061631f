//! `timing`: how long everything takes, for the scheduler `timed`.
//!
//! The shape is checked already; here durations are read and distributions are compared with
//! themselves (`from` is not after `to`). The defaults are assumptions, said in `schema.rs`; they
//! change no verdict of any other scheduler, and no fingerprint.
//! Next to read: `schedulers/timed/mod.rs`.

use super::diagnostic::{Diagnostic, clean};
use super::node::{At, Node, NodeKind};
use super::validate::Checker;
use crate::schedulers::timed::{
    Backoff, Distribution, LONGEST, Nanos, RateLimit, Timing, WorkerTiming, duration,
};

const MS: Nanos = 1_000_000;

/// What is assumed where a scenario says nothing.
fn assumed() -> WorkerTiming {
    WorkerTiming {
        api_latency: Distribution::Lognormal { median: 5 * MS, p99: 50 * MS },
        think_time: Distribution::Exponential(MS),
        start: Distribution::Uniform(0, 10_000 * MS),
        period: None,
        backoff: Backoff::RATE_LIMITED,
        deadline: None,
    }
}

const LAG: Distribution = Distribution::Lognormal { median: 10 * MS, p99: 200 * MS };

impl Checker<'_> {
    /// The scenario's times, with the assumptions where it says nothing.
    pub(super) fn timing(&mut self) -> Timing {
        let all = self.at(&[]).get("timing");
        let assumed_by_all = self.worker_timing(all, &assumed());
        let lag = all.and_then(|node| node.get("cacheLag"));
        let rate_limit = all.and_then(|node| node.get("clientRateLimit")).map(rate_limit);
        let workers = (0..self.file.workers.len()).map(|at| {
            let own = self.at(&[At::Key("workers"), At::Index(at)]).get("timing");
            self.worker_timing(own, &assumed_by_all)
        });
        Timing {
            workers: workers.collect(),
            cache_lag: lag.and_then(|node| self.distribution(node)).unwrap_or(LAG),
            rate_limit: rate_limit.unwrap_or(Some(RateLimit::CLIENT_GO)),
        }
    }

    fn worker_timing(&mut self, node: Option<&Node>, unless: &WorkerTiming) -> WorkerTiming {
        let mut read = |key: &str| {
            let node = node.and_then(|node| node.get(key))?;
            self.distribution(node)
        };
        WorkerTiming {
            api_latency: read("apiLatency").unwrap_or_else(|| unless.api_latency.clone()),
            think_time: read("thinkTime").unwrap_or_else(|| unless.think_time.clone()),
            start: read("start").unwrap_or_else(|| unless.start.clone()),
            period: read("period").or_else(|| unless.period.clone()),
            backoff: Backoff::RATE_LIMITED,
            deadline: None,
        }
    }

    /// A duration, or a map of one kind of distribution.
    fn distribution(&mut self, node: &Node) -> Option<Distribution> {
        let (kind, inner) = match &node.kind {
            NodeKind::Map(entries) => entries.first()?,
            NodeKind::Null => return None,
            _ => return self.span(node).map(Distribution::Constant),
        };
        if inner.kind == NodeKind::Null {
            let message = format!("`{}` is empty", clean(&kind.text));
            let mistake = Diagnostic::error(message)
                .at(self.source, kind.span.clone(), "")
                .help("for example: { exponential: { mean: 5ms } }");
            self.mistakes.push(mistake);
            return None;
        }
        if kind.text == "percentiles" {
            return self.percentiles(inner);
        }
        let mut span = |key: &str| inner.get(key).and_then(|node| self.span(node));
        match kind.text.as_str() {
            "uniform" => {
                let (from, to) = (span("from")?, span("to")?);
                self.ascending(inner, ("from", from), ("to", to));
                Some(Distribution::Uniform(from, to))
            }
            "exponential" => span("mean").map(Distribution::Exponential),
            _ => {
                let (median, p99) = (span("median")?, span("p99")?);
                self.ascending(inner, ("median", median), ("p99", p99));
                if median == 0 {
                    self.zero(inner.get("median")?);
                }
                Some(Distribution::Lognormal { median, p99 })
            }
        }
    }

    fn ascending(&mut self, node: &Node, least: (&str, Nanos), most: (&str, Nanos)) {
        let (Some(first), Some(second)) = (node.get(least.0), node.get(most.0)) else { return };
        if least.1 > most.1 {
            let message = format!("`{}` is longer than `{}`", least.0, most.0);
            let mistake = Diagnostic::error(message)
                .at(self.source, first.mark(), "this is longer")
                .see(self.source, second.mark(), "than this")
                .help(format!("`{}` must be at least `{}`", most.0, least.0));
            self.mistakes.push(mistake);
        }
    }

    fn zero(&mut self, node: &Node) {
        let mistake = Diagnostic::error("the median of a lognormal distribution is above 0")
            .at(self.source, node.mark(), "")
            .help("for no time at all, write the duration alone: 0s");
        self.mistakes.push(mistake);
    }

    /// `{ p50: 4ms, p99: 80ms }`, in any order.
    fn percentiles(&mut self, node: &Node) -> Option<Distribution> {
        let mut points: Vec<(f64, Nanos, &Node)> = Vec::new();
        for (key, value) in node.entries() {
            let digits = key.text.strip_prefix('p').unwrap_or_default();
            let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
            let percent = digits.parse::<f64>().ok();
            let percent = percent.filter(|percent| plain && (0.0..=100.0).contains(percent));
            let Some(percent) = percent else {
                let message = format!("`{}` is not a valid percentile", clean(&key.text));
                let mistake = Diagnostic::error(message)
                    .at(self.source, key.span.clone(), "")
                    .help("a percentile looks like p50, p99 or p99.9; at most p100");
                self.mistakes.push(mistake);
                continue;
            };
            let text = matches!(value.kind, NodeKind::String(_));
            if let Some(span) = if text { self.span(value) } else { self.no_span(value) } {
                points.push((percent, span, value));
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in points.windows(2) {
            if pair[0].1 > pair[1].1 {
                let message =
                    format!("p{} is shorter than p{}, which lies below it", pair[1].0, pair[0].0);
                let mistake = Diagnostic::error(message)
                    .at(self.source, pair[1].2.mark(), "this is shorter")
                    .see(self.source, pair[0].2.mark(), "than this")
                    .help("a higher percentile must be at least as long as a lower one");
                self.mistakes.push(mistake);
            }
        }
        let points = points.into_iter().map(|(percent, span, _)| (percent, span));
        Some(Distribution::Percentiles(points.collect()))
    }

    pub(super) fn span(&mut self, node: &Node) -> Option<Nanos> {
        match node.as_str().and_then(duration) {
            Some(span) if span <= LONGEST => Some(span),
            Some(_) => {
                let mistake = Diagnostic::error("this is longer than a day")
                    .at(self.source, node.mark(), "")
                    .help("a simulated time is at most 24h");
                self.mistakes.push(mistake);
                None
            }
            None => self.no_span(node),
        }
    }

    fn no_span(&mut self, node: &Node) -> Option<Nanos> {
        let what = match node.as_str() {
            Some(text) => format!("`{}`", clean(text)),
            None => node.described(),
        };
        let mistake = Diagnostic::error(format!("{what} is not a valid duration"))
            .at(self.source, node.mark(), "")
            .help("a duration is a number and a unit: 250us, 5ms, 1.5s, 2m or 1h");
        self.mistakes.push(mistake);
        None
    }
}

/// `{ qps: 5, burst: 10 }`, or `none`.
fn rate_limit(node: &Node) -> Option<RateLimit> {
    let number = |key: &str| match &node.get(key)?.kind {
        NodeKind::Number(number) => number.as_f64(),
        _ => None,
    };
    Some(RateLimit { qps: number("qps")?, burst: number("burst")? as u32 })
}
