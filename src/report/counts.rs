//! Numbers of schedules as people read them: `4 of 6`, `63,063,000`, `2.1e31`.
//!
//! Next to read: `check_text.rs`.

use crate::check::{CheckResult, PropertyResult};
use crate::schedulers::Count;

/// A count: digits in groups of three from 10,000 on, and powers of ten beyond 15 digits.
pub fn count(n: &Count) -> String {
    let digits = n.to_string();
    match digits.len() {
        0..=4 => digits,
        5..=15 => grouped(&digits),
        length => format!("{}.{}e{}", &digits[..1], &digits[1..2], length - 1),
    }
}

/// The same for small numbers.
pub fn small(n: u64) -> String {
    count(&Count::from(n))
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `4 of 6`.
pub fn of(some: &Count, all: Option<&Count>) -> String {
    match all {
        Some(all) => format!("{} of {}", count(some), count(all)),
        None => count(some),
    }
}

/// ` (5.41 %)`, where the numbers are too large to be compared at a glance.
pub fn share(some: &Count, all: Option<&Count>) -> String {
    match all {
        Some(all) if *all >= Count::from(10_000u64) && some != all && !some.is_zero() => {
            let share = format!("{:.2}", 100.0 * some.ratio(all));
            match share.trim_end_matches('0').trim_end_matches('.') {
                "0" => " (less than 0.01 %)".to_owned(),
                "100" => " (more than 99.99 %)".to_owned(),
                share => format!(" ({share} %)"),
            }
        }
        _ => String::new(),
    }
}

/// `sum / n` with one decimal.
pub fn mean(sum: &Count, n: &Count) -> Option<String> {
    (!n.is_zero()).then(|| format!("{:.1}", (sum.ratio(n) * 10.0).round() / 10.0))
}

/// In how many schedules a write is gone for a while only.
pub(super) fn repaired(result: &CheckResult) -> String {
    let some = result.costs.repaired.as_ref().filter(|n| !n.is_zero());
    some.map_or_else(String::new, |n| {
        let n = of(n, result.exploration.schedules.as_ref());
        format!("; in {n} one is gone for a while and comes back")
    })
}

/// In how many schedules a run finds nothing to do.
pub(super) fn skipped(result: &CheckResult) -> String {
    let some = result.costs.skipped.as_ref().filter(|n| !n.is_zero());
    some.map_or_else(String::new, |n| {
        format!("; a run skipped by `when` in {}", of(n, result.exploration.schedules.as_ref()))
    })
}

/// What the exhaustive search counts, beside what real threads happened to meet.
pub(super) fn exactly(property: &PropertyResult) -> String {
    let exact = property.exact.as_ref();
    exact.map_or_else(String::new, |(n, all)| {
        format!("; exactly, in {} schedules", of(n, Some(all)))
    })
}

/// Of real threads: how often they met it.
pub(super) fn how_often(result: &CheckResult, property: &PropertyResult) -> Option<String> {
    property.exact.as_ref()?;
    let (n, runs) = (property.schedules.as_ref()?, result.exploration.executions?);
    let per_million = 1e6 * n.ratio(&Count::from(runs));
    let often = of(n, Some(&Count::from(runs)));
    Some(format!("{often} runs on real threads ({per_million:.0} in a million)"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        let all = super::Count::from(63_063_000_u64);
        let share = |some: u64| super::share(&super::Count::from(some), Some(&all));
        assert_eq!(share(63_060_480), " (more than 99.99 %)");
        assert_eq!(share(1), " (less than 0.01 %)");
        assert_eq!(share(63_063_000), "");
    }

    use super::*;

    #[test]
    fn groups_and_rounds() {
        assert_eq!(small(6), "6");
        assert_eq!(small(9999), "9999");
        assert_eq!(small(63_063_000), "63,063,000");
        let huge = Count::from(21_234_567_890_123_456_789_012_345_678_901_u128);
        assert_eq!(count(&huge), "2.1e31");
        let (some, all) = (Count::from(16_600u64), Count::from(1_000_000u64));
        assert_eq!(of(&some, Some(&all)), "16,600 of 1,000,000");
        assert_eq!(share(&some, Some(&all)), " (1.66 %)");
        assert_eq!(share(&Count::ONE, Some(&all)), " (less than 0.01 %)");
        assert_eq!(share(&all, Some(&all)), "");
        assert_eq!(mean(&Count::from(32u64), &Count::from(6u64)).unwrap(), "5.3");
        assert_eq!(mean(&Count::from(19u64), &Count::from(20u64)).unwrap(), "1.0");
    }
}
