//! Spans of time that are drawn by chance: constant, uniform, exponential, lognormal, or as
//! percentiles that were measured.
//!
//! The logarithms and exponentials are those of the `libm` crate, which is plain arithmetic: a seed
//! draws the same nanoseconds on every machine. Next to read: `limiter.rs`.

use super::Nanos;
use crate::rng::Rng;

/// No span is longer: a day.
pub const LONGEST: Nanos = 24 * 3600 * 1_000_000_000;

/// How a span of time is distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(Nanos),
    /// From the one to the other, each equally likely.
    Uniform(Nanos, Nanos),
    /// With this mean, whatever has passed already.
    Exponential(Nanos),
    /// One whose logarithm is normal: this median, and 99 in 100 are at most `p99`.
    Lognormal {
        /// Half are at most this.
        median: Nanos,
        /// 99 in 100 are at most this.
        p99: Nanos,
    },
    /// Measured percentiles: this share of the durations is at most this long. Straight lines
    /// between, from 0 at 0; nothing is longer than the last.
    Percentiles(Vec<(f64, Nanos)>),
}

/// `250us`, `5ms`, `1.5s`, `2m`, `1h`: a number and a unit, in plain digits.
pub fn duration(text: &str) -> Option<Nanos> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let unit = match &text[end..] {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    };
    let number: f64 = text[..end].parse().ok()?;
    Some((number * unit).round() as Nanos)
}

/// The standard normal distribution's 99th percentile.
const Z99: f64 = 2.326_347_874_040_841;

impl Distribution {
    /// Draws one.
    pub fn draw(&self, rng: &mut Rng) -> Nanos {
        let drawn = match self {
            Distribution::Constant(span) => *span as f64,
            Distribution::Uniform(from, to) => {
                *from as f64 + rng.unit() * (to.saturating_sub(*from)) as f64
            }
            // 1 - u is never 0.
            Distribution::Exponential(mean) => -(*mean as f64) * libm::log(1.0 - rng.unit()),
            Distribution::Lognormal { median, p99 } => {
                let sigma = libm::log(*p99 as f64 / *median as f64) / Z99;
                *median as f64 * libm::exp(sigma * normal(rng))
            }
            Distribution::Percentiles(points) => between(points, 100.0 * rng.unit()),
        };
        // What is not a number, or too large, saturates.
        (drawn as Nanos).min(LONGEST)
    }
}

/// A standard normal variate: Box and Muller's, one of the two.
fn normal(rng: &mut Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - rng.unit()));
    radius * libm::cos(std::f64::consts::TAU * rng.unit())
}

fn between(points: &[(f64, Nanos)], percent: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for &(at, span) in points {
        let span = span as f64;
        if percent <= at {
            let part = if at > before.0 { (percent - before.0) / (at - before.0) } else { 1.0 };
            return before.1 + part * (span - before.1);
        }
        before = (at, span);
    }
    before.1
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn durations_have_a_unit() {
        let read = ["250us", "1.5s", "0s", "2m", "24h", "7ns"].map(duration);
        let wanted = [250_000, 1_500_000_000, 0, 120_000_000_000, LONGEST, 7];
        assert_eq!(read, wanted.map(Some));
        let none = ["5", "", "ms", "-5ms", "5 ms", "1e3ms", "5mss", "..s", "\u{664}ms"];
        assert_eq!(none.map(duration), [None; 9]);
    }

    /// The share of draws that are at most `span`.
    fn share(distribution: &Distribution, span: Nanos) -> f64 {
        let mut rng = Rng::new(3);
        let draws = 40_000;
        let below = (0..draws).filter(|_| distribution.draw(&mut rng) <= span).count();
        below as f64 / f64::from(draws)
    }

    /// Each distribution against its own quantiles; five standard deviations are 0.0125.
    #[test]
    fn draws_are_distributed_as_they_say() {
        let measured = vec![(50.0, 4 * MS), (90.0, 10 * MS), (99.0, 80 * MS), (100.0, 200 * MS)];
        let measured = Distribution::Percentiles(measured);
        let lognormal = Distribution::Lognormal { median: 5 * MS, p99: 50 * MS };
        let exponential = Distribution::Exponential(10 * MS);
        // ln 2 times the mean is the median of an exponential.
        for (distribution, span, wanted) in [
            (&Distribution::Constant(3 * MS), 3 * MS, 1.0),
            (&Distribution::Constant(3 * MS), 3 * MS - 1, 0.0),
            (&Distribution::Uniform(10 * MS, 30 * MS), 15 * MS, 0.25),
            (&exponential, 6_931_472, 0.5),
            (&exponential, 10 * MS, 0.632_12),
            (&lognormal, 5 * MS, 0.5),
            (&lognormal, 50 * MS, 0.99),
            (&measured, 2 * MS, 0.25),
            (&measured, 4 * MS, 0.5),
            (&measured, 10 * MS, 0.9),
            (&measured, 80 * MS, 0.99),
            (&measured, 200 * MS, 1.0),
        ] {
            let found = share(distribution, span);
            assert!((found - wanted).abs() < 0.0125, "{distribution:?} {span}: {found}");
        }
    }

    /// The same numbers on every machine and in every later version.
    #[test]
    fn a_seed_draws_the_same_for_ever() {
        let mut rng = Rng::new(1);
        let drawn = [
            Distribution::Uniform(0, 1_000_000_000).draw(&mut rng),
            Distribution::Exponential(1_000_000_000).draw(&mut rng),
            Distribution::Lognormal { median: 1_000_000, p99: 1_000_000_000 }.draw(&mut rng),
        ];
        // By the logarithms of another language.
        assert_eq!(drawn, [566_561_575, 1_369_562_157, 597]);
    }
}
