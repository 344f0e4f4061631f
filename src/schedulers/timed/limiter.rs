//! The client-side rate limit of one process, as client-go has it: a token bucket.
//!
//! It begins full, with `burst` tokens; each request takes one and waits until there is one; a
//! token comes back every 1/qps. Kept as the time at which the bucket would be full again, in whole
//! nanoseconds, which is the same thing. Next to read: `distribution.rs`.

use super::Nanos;

/// `qps` and `burst` of client-go's `rest.Config`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Requests a second, for long.
    pub qps: f64,
    /// Requests at once.
    pub burst: u32,
}

impl RateLimit {
    /// client-go's defaults: `DefaultQPS` and `DefaultBurst` of `k8s.io/client-go/rest`.
    pub const CLIENT_GO: RateLimit = RateLimit { qps: 5.0, burst: 10 };

    /// How long a token takes to come back.
    fn interval(self) -> Nanos {
        (1e9 / self.qps) as Nanos
    }
}

/// The bucket of a process.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    limit: Option<RateLimit>,
    full_at: Nanos,
}

impl Limiter {
    /// A full bucket.
    pub fn new(limit: Option<RateLimit>) -> Self {
        Limiter { limit, full_at: 0 }
    }

    /// When a request that wants to go at `now` may go. Requests come in the order of time.
    pub fn pass(&mut self, now: Nanos) -> Nanos {
        let Some(limit) = self.limit else { return now };
        let interval = limit.interval();
        let rest = interval.saturating_mul(u64::from(limit.burst.saturating_sub(1)));
        let pass = now.max(self.full_at.saturating_sub(rest));
        self.full_at = self.full_at.max(now).saturating_add(interval);
        pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bucket counted in tokens, as `golang.org/x/time/rate` does it.
    fn by_tokens(limit: RateLimit, requests: &[Nanos]) -> Vec<Nanos> {
        let (mut tokens, mut last) = (f64::from(limit.burst), 0);
        let pass = requests.iter().map(|&now| {
            let back = (now - last) as f64 / 1e9 * limit.qps;
            tokens = (tokens + back).min(f64::from(limit.burst)) - 1.0;
            last = now;
            now + (-tokens.min(0.0) / limit.qps * 1e9).round() as Nanos
        });
        pass.collect()
    }

    #[test]
    fn is_the_token_bucket() {
        let second = 1_000_000_000;
        let at_once = vec![0; 13];
        let slowly: Vec<Nanos> = (0..40).map(|n| n * second / 7).collect();
        let in_two_bursts = [vec![0; 12], vec![3 * second; 12]].concat();
        for requests in [at_once, slowly, in_two_bursts] {
            let mut limiter = Limiter::new(Some(RateLimit::CLIENT_GO));
            let passed: Vec<Nanos> = requests.iter().map(|now| limiter.pass(*now)).collect();
            let wanted = by_tokens(RateLimit::CLIENT_GO, &requests);
            let close = passed.iter().zip(&wanted).all(|(a, b)| a.abs_diff(*b) < 100);
            assert!(close, "{passed:?}\n{wanted:?}");
        }
        let mut burst = Limiter::new(Some(RateLimit::CLIENT_GO));
        let passed: Vec<Nanos> = (0..12).map(|_| burst.pass(0)).collect();
        assert_eq!(passed[9..], [0, second / 5, 2 * second / 5]);
        assert_eq!(Limiter::new(None).pass(7), 7);
    }
}
