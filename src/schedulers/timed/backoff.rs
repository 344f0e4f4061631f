//! How long a work queue keeps a key that failed.
//!
//! client-go's `ItemExponentialFailureRateLimiter` without its overall bucket: that bucket (10
//! requeues a second, 100 at once) is never empty in scenarios of this size.
//! Next to read: `limiter.rs`.

use super::Nanos;

/// How long a key waits, by how often it has failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// These, and the last one from then on.
    Listed(Vec<Nanos>),
    /// Doubled each time.
    Doubled {
        /// The first one.
        first: Nanos,
        /// The longest one.
        most: Nanos,
    },
}

impl Backoff {
    /// client-go's `DefaultControllerRateLimiter`: 5 ms, doubled up to 1000 s.
    pub const RATE_LIMITED: Backoff =
        Backoff::Doubled { first: 5_000_000, most: 1_000_000_000_000 };

    /// How long a key waits after this many failures, one at least.
    pub fn after(&self, failures: u32) -> Nanos {
        let before = failures.saturating_sub(1);
        match self {
            Backoff::Listed(spans) => {
                let last = spans.last().copied().unwrap_or(0);
                spans.get(before as usize).copied().unwrap_or(last)
            }
            Backoff::Doubled { first, most } => {
                first.saturating_mul(1_u64.checked_shl(before).unwrap_or(u64::MAX)).min(*most)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_as_client_go_does_and_stops_at_the_last_of_a_list() {
        let ms = |failures| Backoff::RATE_LIMITED.after(failures) / 1_000_000;
        assert_eq!([1, 2, 3, 4].map(ms), [5, 10, 20, 40]);
        assert_eq!(ms(60), 1_000_000);
        let listed = Backoff::Listed(vec![3, 7]);
        assert_eq!([1, 2, 3, 9].map(|n| listed.after(n)), [3, 7, 7, 7]);
    }
}
