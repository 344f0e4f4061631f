//! How many states a search will find: a guess from how wide its levels have been.
//!
//! The states that take k steps to reach are level k. Workers that move side by side make a bell of
//! the levels' sizes: their logarithm bends at about one rate. The last levels tell that rate, and
//! the bell is drawn to its end. Next to read: `progress.rs`.

/// Levels that are looked at.
const LEVELS: usize = 5;
/// Levels that are guessed at most.
const MOST: usize = 10_000;

/// The sizes of the last levels, and of all before them together.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    levels: Vec<u64>,
    known: u64,
    depth: Option<u64>,
}

impl Estimate {
    /// A search is told of at each pulse: states of `depth` are expanded, `frontier` states wait.
    /// What waits when a level begins is that level.
    pub fn see(&mut self, depth: u64, frontier: u64) {
        if self.depth.replace(depth) == Some(depth) {
            return;
        }
        self.known = self.known.saturating_add(frontier);
        self.levels.push(frontier);
        if self.levels.len() > LEVELS {
            self.levels.remove(0);
        }
    }

    /// All states there will be; `None` while the levels still grow ever faster.
    pub fn total(&self) -> Option<u64> {
        let logarithms: Vec<f64> =
            self.levels.iter().map(|&size| libm::log((size as f64).max(1.0))).collect();
        let growths: Vec<f64> = logarithms.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (&first, &last) = (growths.first()?, growths.last()?);
        let bend = (last - first) / (growths.len() as f64 - 1.0);
        if growths.len() < 2 || bend >= -1e-6 {
            return None;
        }
        let (mut size, mut growth, mut total) = (*logarithms.last()?, last, self.known as f64);
        for _ in 0..MOST {
            growth += bend;
            size += growth;
            if size <= 0.0 {
                break;
            }
            total += libm::exp(size);
        }
        (total < 1e18).then_some(total as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The levels of workers side by side: the ways to have made k of their steps.
    fn levels(workers: usize, steps: usize) -> Vec<u64> {
        let mut levels = vec![1_u64];
        for _ in 0..workers {
            let mut next = vec![0; levels.len() + steps];
            for (at, count) in levels.iter().enumerate() {
                (0..=steps).for_each(|made| next[at + made] += count);
            }
            levels = next;
        }
        levels
    }

    #[test]
    fn a_bell_is_guessed_within_a_half_at_its_top_and_within_a_tenth_soon_after() {
        for (workers, steps) in [(4, 6), (6, 4), (8, 6), (5, 12)] {
            let levels = levels(workers, steps);
            let total = levels.iter().sum::<u64>() as f64;
            let mut estimate = Estimate::default();
            for (depth, &size) in levels.iter().enumerate() {
                estimate.see(depth as u64, size);
                estimate.see(depth as u64, size / 2);
                let off = estimate.total().map(|guess| (guess as f64 / total - 1.0).abs());
                let top = levels.len() / 2;
                if depth >= top {
                    let most = if depth < top * 3 / 2 { 0.5 } else { 0.1 };
                    assert!(off.is_some_and(|off| off < most), "{workers} {steps} {depth} {off:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_guessed_while_levels_grow_ever_faster() {
        let mut estimate = Estimate::default();
        [1, 2, 8, 64].iter().zip(0..).for_each(|(&size, depth)| estimate.see(depth, size));
        assert_eq!(estimate.total(), None);
    }
}
