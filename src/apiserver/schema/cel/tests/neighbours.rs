//! One definition, one table: what is asked, and held against whom, at a create, an update and an
//! update of `/status`. Each row differs from a neighbour by one detail.

use serde_json::{Value, json};

use super::super::super::Schema;
use super::{entry, list, ruled, texts};

fn schema() -> Schema {
    let integer = || json!({ "type": "integer" });
    let text = || json!({ "type": "string" });
    let map =
        |rule: &str| json!({ "type": "object", "additionalProperties": ruled(integer(), rule) });
    let mut optional = ruled(integer(), "oldSelf.hasValue() ? self >= oldSelf.value() : self == 0");
    optional["x-kubernetes-validations"][0]["optionalOldSelf"] = true.into();
    let pair = json!({ "type": "object", "properties": { "a": integer(), "b": integer() } });
    let inner = json!({ "type": "object", "properties": {
        "x": ruled(integer(), "self > 1"), "y": integer(),
    }});
    let root = json!({
        "type": "object",
        "properties": {
            "spec": { "type": "object", "properties": {
                "n": ruled(integer(), "self > 1"),
                "up": ruled(integer(), "self >= oldSelf"),
                "once": ruled(text(), "self == oldSelf"),
                "opt": optional,
                "m": map("self > 1"),
                "mup": map("self >= oldSelf"),
                "maps": list("map", entry("self.n > 1")),
                "mapsup": list("map", entry("self.n >= oldSelf.n")),
                "grow": ruled(list("set", text()), "size(self) >= size(oldSelf)"),
                "plain": list("", ruled(integer(), "self > 1")),
                "both": ruled(pair, "self.a < self.b"),
                "inner": inner,
            }},
            "status": { "type": "object", "properties": {
                "ready": { "type": "boolean" },
                "count": ruled(integer(), "self >= oldSelf"),
                "small": ruled(integer(), "self < 9"),
                "conditions": list("map", entry("self.n >= oldSelf.n")),
            }},
        },
    });
    let rule = "!has(self.status) || !has(self.status.ready) || !self.status.ready \
                || !has(self.spec.n) || self.spec.n > 1";
    Schema::parse(&ruled(root, rule), "schema").unwrap()
}

/// Which request it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Create,
    Update,
    Status,
}
use By::{Create, Status, Update};

/// What is asked for, the old spec and the new one, or the old status and the new one beside a
/// spec, and where the errors are.
type Row = (By, &'static str, &'static str, &'static str);

/// A rule that compares, at a create.
const AT_CREATE: [Row; 12] = [
    (Create, "", "up: 0", ""),
    (Create, "", "once: a", ""),
    (Create, "", "opt: 1", "spec.opt"),
    (Create, "", "opt: 0", ""),
    (Create, "", "n: 1", "spec.n"),
    (Create, "", "n: 2", ""),
    (Create, "", "mup: {a: 0}", ""),
    (Create, "", "m: {a: 1, b: 2}", "spec.m[a]"),
    (Create, "", "mapsup: [{k: a, n: 0}]", ""),
    (Create, "", "maps: [{k: a, n: 1}, {k: b, n: 2}]", "spec.maps[0]"),
    (Create, "", "grow: [a]", ""),
    (Create, "", "both: {a: 2, b: 1}", "spec.both"),
];

/// A rule that compares, at an update.
const AT_UPDATE: [Row; 14] = [
    (Update, "", "up: 0", ""),
    (Update, "up: 2", "up: 1", "spec.up"),
    (Update, "up: 2", "up: 2", ""),
    (Update, "up: 2", "n: 2", ""),
    (Update, "once: a", "once: b", "spec.once"),
    (Update, "once: a", "n: 2", ""),
    (Update, "n: 2", "opt: 1", "spec.opt"),
    (Update, "opt: 1", "opt: 1", ""),
    (Update, "opt: 3", "opt: 2", "spec.opt"),
    (Update, "mup: {a: 2}", "mup: {a: 1, b: 0}", "spec.mup[a]"),
    (Update, "mup: {a: 2}", "mup: {b: 0}", ""),
    (Update, "grow: [a, b]", "grow: [a]", "spec.grow"),
    (Update, "grow: [a, b]", "grow: [b, c]", ""),
    (Update, "grow: [a, b]", "n: 2", ""),
];

/// What was wrong and has not changed is tolerated; what became wrong is not.
const RATCHETING: [Row; 14] = [
    (Update, "n: 1", "{n: 1, up: 1}", ""),
    (Update, "n: 1", "n: 0", "spec.n"),
    (Update, "up: 1", "{n: 1, up: 1}", "spec.n"),
    (Update, "{n: 1, up: 2}", "{n: 1, up: 1}", "spec.up"),
    (Update, "m: {a: 1}", "m: {a: 1, b: 2}", ""),
    (Update, "m: {a: 1}", "m: {a: 1, b: 1}", "spec.m[b]"),
    (Update, "m: {a: 1}", "m: {b: 1}", "spec.m[b]"),
    (Update, "both: {a: 2, b: 1}", "{both: {a: 2, b: 1}, n: 2}", ""),
    (Update, "both: {a: 2, b: 1}", "both: {a: 3, b: 1}", "spec.both"),
    (Update, "inner: {x: 1}", "inner: {x: 1, y: 2}", ""),
    (Update, "inner: {x: 1, y: 1}", "inner: {x: 0, y: 1}", "spec.inner.x"),
    (Update, "plain: [1, 2]", "{plain: [1, 2], n: 2}", ""),
    (Update, "plain: [1, 2]", "plain: [1, 2, 3]", "spec.plain[0]"),
    (Update, "plain: [1, 2]", "plain: [2, 1]", "spec.plain[1]"),
];

/// Items have old ones by their keys, in a list-type map alone.
const PAIRING: [Row; 10] = [
    (Update, "maps: [{k: a, n: 1}]", "maps: [{k: b, n: 2}, {k: a, n: 1}]", ""),
    (Update, "maps: [{k: a, n: 1}]", "maps: [{k: b, n: 1}, {k: a, n: 1}]", "spec.maps[0]"),
    (Update, "maps: [{k: a, n: 1}]", "maps: [{k: c, n: 1}]", "spec.maps[0]"),
    (Update, "maps: [{k: a, n: 1}]", "maps: [{k: a, n: 0}]", "spec.maps[0]"),
    (Update, "maps: [{k: a, n: 1}, {k: b, n: 2}]", "maps: [{k: b, n: 2}, {k: a, n: 1}]", ""),
    (Update, "mapsup: [{k: a, n: 5}, {k: b, n: 1}]", "mapsup: [{k: b, n: 1}, {k: a, n: 5}]", ""),
    (
        Update,
        "mapsup: [{k: a, n: 5}, {k: b, n: 1}]",
        "mapsup: [{k: b, n: 0}, {k: a, n: 5}]",
        "spec.mapsup[0]",
    ),
    (Update, "mapsup: [{k: a, n: 5}]", "mapsup: [{k: c, n: 0}]", ""),
    (Update, "mapsup: [{k: a, n: 5}]", "mapsup: [{k: c, n: 0}, {k: a, n: 4}]", "spec.mapsup[1]"),
    (Update, "mapsup: [{k: a, n: 5}]", "mapsup: []", ""),
];

/// The status is asked, and the root; the spec is as it was.
const ON_STATUS: [Row; 13] = [
    (Status, "count: 2", "count: 1", "status.count"),
    (Status, "count: 2", "count: 2", ""),
    (Status, "{}", "count: 0", ""),
    (Status, "count: 2", "{}", ""),
    (Status, "small: 9", "{small: 9, count: 1}", ""),
    (Status, "small: 9", "small: 10", "status.small"),
    (Status, "{}", "small: 9", "status.small"),
    (Status, "{}", "ready: false", ""),
    (Status, "{}", "ready: true", "<nil>"),
    (Status, "ready: true", "ready: true", "<nil>"),
    (Status, "ready: true", "ready: false", ""),
    (Status, "conditions: [{k: a, n: 5}]", "conditions: [{k: b, n: 0}, {k: a, n: 5}]", ""),
    (Status, "conditions: [{k: a, n: 5}]", "conditions: [{k: a, n: 4}]", "status.conditions[0]"),
];

#[test]
fn each_neighbour_is_told_from_the_next() {
    let schema = schema();
    let parsed = |text: &str| -> Value {
        if text.is_empty() {
            return json!({});
        }
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let whole = |by: By, text: &str| {
        let mut object = super::object(&json!({ "n": 1 }));
        let field = if by == Status { "status" } else { "spec" };
        object[field] = parsed(text);
        object
    };
    let rows = [&AT_CREATE[..], &AT_UPDATE, &RATCHETING, &PAIRING, &ON_STATUS].concat();
    for row in &rows {
        let (by, old, new, wanted) = *row;
        let (old, new) = (whole(by, old), whole(by, new));
        let warnings = &mut Vec::new();
        let errors = match by {
            Create => schema.validate(&new, None, warnings),
            Update => schema.validate(&new, Some(&old), warnings),
            Status => schema.validate_status(&new, &old, warnings),
        };
        let found: Vec<String> = texts(&errors)
            .iter()
            .map(|text| text.split(": ").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(found.join(", "), wanted, "{row:?}: {:?}", texts(&errors));
    }
    assert!(rows.len() >= 40, "{} rows", rows.len());
}
