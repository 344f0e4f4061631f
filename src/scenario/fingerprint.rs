//! Which scenario a schedule was recorded for: a hash of what the scenario means.
//!
//! FNV-1a over the workers, objects, CRDs and faults with their defaults filled in: comments, key
//! order, descriptions, properties and expectations do not move it. The letters of a schedule come
//! with its first four hex digits, so that a replay notices another scenario.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Scenario, WorkerSpec};
use crate::apiserver::Subresource;
use crate::reconcilers::{Attempts, Freshness, Reader, Restamp, ValueExpr};
use crate::simulation::FaultBudget;

impl Scenario {
    /// A stable 64-bit hash of what the scenario means.
    pub fn fingerprint(&self) -> u64 {
        let FaultBudget { lost_responses, crashes, watch_gaps, recreations, deadlines } =
            self.faults;
        let text = |value: &Value| Cow::<str>::Owned(value.to_string());
        let leases_lost = self.programs.leases_lost;
        let mut meaning = BTreeMap::from([
            ("crds", Cow::Borrowed(self.crds.json())),
            ("objects", text(&json!(self.objects))),
            ("workers", text(&self.workers.iter().map(worker).collect())),
            ("faults", text(&json!([lost_responses, crashes, watch_gaps, recreations]))),
        ]);
        // Only where there are any, so that other scenarios keep their fingerprint.
        if leases_lost > 0 {
            meaning.insert("leasesLost", text(&json!(leases_lost)));
        }
        if deadlines > 0 {
            meaning.insert("deadlines", text(&json!(deadlines)));
        }
        if !self.controllers.is_empty() {
            let controllers = self.controllers.iter().map(|spec| format!("{:?}", spec.meaning()));
            meaning.insert("controllers", text(&controllers.collect()));
        }
        let mut hash = Fnv1a::default();
        for (at, (name, json)) in meaning.iter().enumerate() {
            let before = if at == 0 { "{" } else { "," };
            for piece in [before, "\"", name, "\":", json] {
                hash.take(piece);
            }
        }
        hash.take("}");
        hash.0
    }

    /// The first four hex digits of the fingerprint, as schedules carry them.
    pub fn short_fingerprint(&self) -> String {
        format!("{:04x}", self.fingerprint() >> 48)
    }
}

fn worker(spec: &WorkerSpec) -> Value {
    let reader = |read| match read {
        Reader::Live => "live",
        Reader::Cache => "cache",
    };
    let sets = spec.sets.iter().map(|(path, value)| json!([path.to_string(), expression(value)]));
    let when = spec.when.iter().map(|(path, value)| json!([path.to_string(), value]));
    let knows = spec.knows.iter().flatten().map(ToString::to_string);
    let mut meaning = json!({
        "name": spec.name,
        "object": [spec.object.kind, spec.object.namespace, spec.object.name],
        "read": reader(spec.read),
        "write": spec.write,
        "subresource": spec.subresource.map(Subresource::name),
        "sets": in_order(sets),
        "when": in_order(when),
        "process": spec.process,
        "fieldManager": spec.field_manager,
        "attempts": match spec.attempts {
            Attempts::AtMost(n) => json!(n),
            Attempts::Unlimited => json!("unlimited"),
        },
        "retryRead": spec.retry_read.map_or("none", reader),
        "runs": spec.runs,
        "typed": spec.typed,
        "knows": spec.knows.is_some().then(|| knows.collect::<Vec<_>>()),
    });
    // Only where there is a setter, so that all others keep their fingerprint.
    if !spec.validate.is_empty() {
        let rules =
            spec.validate.iter().map(|(path, rule)| json!([path.to_string(), format!("{rule:?}")]));
        meaning["validate"] = json!(in_order(rules));
    }
    // Only where they are said, so that older scenarios keep their fingerprints.
    if spec.restamp == Restamp::Before {
        meaning["restamp"] = json!("before");
    }
    if !spec.omit.is_empty() {
        meaning["omit"] = json!(spec.omit.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    if spec.freshness != Freshness::Eventual {
        let before = spec.freshness == Freshness::BeforeSync;
        meaning["freshness"] = json!([spec.freshness.name(), before]);
    }
    if spec.cache_write {
        meaning["cacheWrite"] = json!(true);
    }
    // Only where there are steps, so that the short form keeps its fingerprint.
    if let Some(steps) = &spec.steps {
        let writes: Vec<&str> = steps.writes().map(|write| write.job.write.name()).collect();
        meaning["steps"] = json!([steps.text, writes]);
    }
    meaning
}

/// The order in which a file names fields means nothing.
fn in_order(fields: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut fields: Vec<Value> = fields.collect();
    fields.sort_by_key(Value::to_string);
    fields
}

fn expression(value: &ValueExpr) -> Value {
    match value {
        ValueExpr::Literal(value) => json!(["literal", value]),
        ValueExpr::Read(path) => json!(["read", path.to_string()]),
        ValueExpr::Add(n) => json!(["add", n]),
        ValueExpr::Append(value) => json!(["append", value]),
        ValueExpr::Remove => json!(["remove"]),
        ValueExpr::Exactly(value) => json!(["exactly", value]),
        ValueExpr::RemoveItem(value) => json!(["remove", value]),
        ValueExpr::Held { slot, path, .. } => json!(["held", slot, path.to_string()]),
    }
}

/// The hash of the bytes that it has taken.
struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Fnv1a(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv1a {
    fn take(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_fnv1a() {
        let hash = |text: &str| {
            let mut hash = super::Fnv1a::default();
            hash.take(text);
            hash.0
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
