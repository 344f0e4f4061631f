//! Scenario texts for the fuzzer: shipped ones, damaged.
//!
//! Next to read: `make.rs`.

use super::make::{Random, damaged, value};

/// A shipped scenario with lines turned, doubled and made strange.
pub fn scenario(random: &mut Random) -> String {
    let whole = random.pick(&[
        include_str!("../../../scenarios/status-race.yaml"),
        include_str!("../../../scenarios/retry-budget.yaml"),
        include_str!("../../../scenarios/stale-cache.yaml"),
        include_str!("../../../scenarios/counter.yaml"),
        // Steps, invariants, kinds, setters, controllers.
        include_str!("../../../scenarios/status-setter.yaml"),
        include_str!("../../../scenarios/museum/secret-twice.yaml"),
        include_str!("../../../scenarios/museum/annotation-for-ever.yaml"),
        include_str!("../../../scenarios/museum/status-after-create.yaml"),
        include_str!("../../../scenarios/museum/standby-waits.yaml"),
        include_str!("../../../scenarios/museum/machine-set-live-two-replicas.yaml"),
    ]);
    let mut lines: Vec<String> = whole.lines().map(String::from).collect();
    for _ in 0..1 + random.below(5) {
        let (at, other) = (random.below(lines.len()), random.below(lines.len()));
        match random.below(7) {
            0 => lines.swap(at, other),
            1 => drop(lines.remove(at)),
            2 => {
                let line = lines[other].clone();
                let times = random.size(400);
                lines.splice(at..at, vec![line; times]);
            }
            3 => {
                let (key, _) = lines[at].split_once(':').unwrap_or((&lines[at], ""));
                lines[at] = format!("{key}: {}", value(random, 2));
            }
            4 => {
                let many = "[".repeat(random.size(5000));
                lines[at].push_str(&many);
            }
            5 => lines.insert(at, "a: &a [*a, *a, &b {x: *a}, *b]".into()),
            _ => {
                let line = std::mem::take(&mut lines[at]).into_bytes();
                let line = damaged(random, line);
                lines[at] = String::from_utf8_lossy(&line).into_owned();
            }
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}
