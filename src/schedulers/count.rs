//! A count of schedules: exact, however large.
//!
//! 128 bits hold most of them (48!/(6!)^8 is 1.7e38), and adding two of those costs nothing;
//! beyond that it becomes a big integer by itself. Next to read: `exhaustive/counts.rs`.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::BigUint;

/// A natural number.
#[derive(Clone, Debug)]
pub struct Count(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small(u128),
    /// Never a number that fits in 128 bits.
    Big(Box<BigUint>),
}

impl Count {
    /// Nothing.
    pub const ZERO: Count = Count(Repr::Small(0));
    /// One.
    pub const ONE: Count = Count(Repr::Small(1));

    /// Adds to this.
    pub fn add(&mut self, other: &Count) {
        if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &other.0)
            && let Some(sum) = a.checked_add(*b)
        {
            self.0 = Repr::Small(sum);
            return;
        }
        match (&mut self.0, &other.0) {
            (Repr::Big(sum), Repr::Big(more)) => **sum += &**more,
            (Repr::Big(sum), Repr::Small(more)) => **sum += *more,
            _ => *self = Count::from_big(self.to_big() + other.to_big()),
        }
    }

    /// This minus another that is not larger.
    #[must_use]
    pub fn minus(&self, other: &Count) -> Count {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => Count::from(a.saturating_sub(*b)),
            _ if self <= other => Count::ZERO,
            _ => Count::from_big(self.to_big() - other.to_big()),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0))
    }

    /// As a floating-point number, for means and sizes.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(n) => *n as f64,
            Repr::Big(n) => n.to_string().parse().unwrap_or(f64::INFINITY),
        }
    }

    /// This divided by another, as a floating-point number; 0 by 0 is 0.
    pub fn ratio(&self, whole: &Count) -> f64 {
        if whole.is_zero() {
            return 0.0;
        }
        // Numbers beyond 2^1023 have no float: cut the same number of bits from both.
        let (part, whole) = (self.to_big(), whole.to_big());
        let cut = whole.bits().saturating_sub(900);
        let float = |n: BigUint| (n >> cut).to_string().parse::<f64>().unwrap_or(f64::INFINITY);
        float(part) / float(whole)
    }

    fn to_big(&self) -> BigUint {
        match &self.0 {
            Repr::Small(n) => BigUint::from(*n),
            Repr::Big(n) => (**n).clone(),
        }
    }

    fn from_big(n: BigUint) -> Count {
        match u128::try_from(&n) {
            Ok(small) => Count(Repr::Small(small)),
            Err(_) => Count(Repr::Big(Box::new(n))),
        }
    }
}

impl std::str::FromStr for Count {
    type Err = ();

    fn from_str(text: &str) -> Result<Count, ()> {
        text.parse().map(Count::from_big).map_err(|_| ())
    }
}

impl From<u128> for Count {
    fn from(n: u128) -> Self {
        Count(Repr::Small(n))
    }
}

/// 256 bits, the lowest first.
impl From<[u64; 4]> for Count {
    fn from(words: [u64; 4]) -> Self {
        let lowest_last = words.iter().rev();
        Count::from_big(lowest_last.fold(BigUint::ZERO, |sum, word| (sum << 64_u32) + *word))
    }
}

impl From<u64> for Count {
    fn from(n: u64) -> Self {
        Count(Repr::Small(u128::from(n)))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(n) => n.fmt(f),
            Repr::Big(n) => n.fmt(f),
        }
    }
}

impl PartialEq for Count {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Count {}

impl PartialOrd for Count {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Count {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Small(_), Repr::Big(_)) => Ordering::Less,
            (Repr::Big(_), Repr::Small(_)) => Ordering::Greater,
            (Repr::Big(a), Repr::Big(b)) => a.cmp(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_beyond_128_bits_and_comes_back() {
        let mut count = Count::from(u128::MAX);
        count.add(&Count::ONE);
        assert_eq!(count.to_string(), "340282366920938463463374607431768211456");
        assert_eq!(count.minus(&Count::ONE), Count::from(u128::MAX));
        assert!(count > Count::from(u128::MAX));
        assert!(count.minus(&count).is_zero());
    }
}
