//! Schedules without end: what a fair scheduler allows, and what only an unfair one does.

use std::sync::Arc;

use lostwrite::check::{self, Options, Verdict};
use lostwrite::scenario::Scenario;

use crate::exhaustive::scenario;

/// A worker that retries without end, on a field that its cache keeps it from seeing (`cache`), or
/// whose value the server refuses every time (`refused`).
pub fn endless(retry: &str, value: &str, expect: &str) -> Arc<Scenario> {
    let workers = ["a", "b"].map(|name| {
        format!(
            "  - {{ name: {name}, process: p, write: {retry}, attempts: unlimited, read: cache, \
             retryRead: cache, sets: {{'status.conditions[type={name}]': {{status: {value}}}}}}}\n"
        )
    });
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: endless}}\n\
         description: Retries without end.\ncrds: [crds/widget.crd.yaml]\nobjects:\n  \
         - {{apiVersion: demo.example.com/v1, kind: Widget, metadata: {{name: demo, namespace: \
         default}}, spec: {{}}, status: {{conditions: []}}}}\nworkers:\n{}\
         properties: [converges]\n{expect}",
        workers.concat()
    );
    scenario(&text).expect("it is valid")
}

#[test]
fn only_a_fair_scheduler_counts_against_a_retry_without_end() {
    // The cache's event is on the way all the time: a scheduler that never delivers it is unfair.
    let cached = endless("update-retry", "\"True\"", "");
    let result = check::run(&cached, &Options::default()).unwrap();
    assert!(result.exploration.cyclic);
    assert_eq!(result.property("converges").map(|p| p.verdict), Some(Verdict::Holds));

    // A value outside the enumeration is refused whatever is read again.
    let refused = endless("json-patch-tested", "Perhaps", "expect: rejected\n");
    let result = check::run(&refused, &Options::default()).unwrap();
    let converges = result.property("converges").expect("judged");
    assert_eq!(converges.verdict, Verdict::Violated);
    let witness = converges.witness.as_ref().expect("once around");
    assert!(!witness.trace.finished);
    let again = check::replay(&refused, &witness.schedule.to_string()).unwrap();
    assert_eq!(again.trace, witness.trace);
}
