//! What the fuzzer sends: mostly sensible, in places not, seldom large.

use lostwrite::rest::HttpRequest;
use serde_json::{Map, Value, json};

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64, case: u64) -> Random {
        let mut random = Random(seed ^ case.wrapping_mul(0xa24b_aed4_963e_e407));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Mostly small, seldom up to `most`.
    pub fn size(&mut self, most: usize) -> usize {
        let bits = usize::BITS - most.leading_zeros();
        let room = 1 << self.below(bits as usize + 1);
        self.below(room.min(most) + 1)
    }
}

/// A kind with maps, sets, defaults and rules.
pub fn crd() -> Value {
    let text = json!({ "type": "string", "maxLength": 64, "pattern": "^[a-z]*$" });
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let item = json!({
        "type": "object", "required": ["k"],
        "properties": { "k": { "type": "string" }, "v": { "type": "integer", "default": 3 } },
    });
    let spec = json!({
        "type": "object",
        "properties": {
            "list": { "type": "array", "items": item, "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": ["k"] },
            "set": { "type": "array", "items": text, "x-kubernetes-list-type": "set" },
            "atomic": { "type": "array", "items": { "type": "integer" } },
            "map": { "type": "object", "additionalProperties": { "type": "string" } },
            "open": open, "nullable": { "type": "string", "nullable": true, "default": "x" },
        },
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.demo.example.com" },
        "spec": {
            "group": "demo.example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "spec": spec, "status": open },
                } },
            }],
        },
    })
}

const NAMES: [&str; 40] = [
    "a",
    "b",
    "k",
    "v",
    "x",
    "name",
    "type",
    "status",
    "uid",
    "kind",
    "apiVersion",
    "metadata",
    "spec",
    "data",
    "binaryData",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "managedFields",
    "resourceVersion",
    "generateName",
    "conditions",
    "list",
    "set",
    "atomic",
    "map",
    "open",
    "nullable",
    "capacity",
    "addresses",
    "taints",
    "controller",
    "$patch",
    "$retainKeys",
    "$setElementOrder/conditions",
    "$setElementOrder/ownerReferences",
    "$deleteFromPrimitiveList/finalizers",
    "deletionTimestamp",
    "unschedulable",
];
const TEXTS: [&str; 20] = [
    "",
    "a",
    "b",
    "x",
    "True",
    "Ready",
    "v1",
    "demo.example.com/v1",
    "Widget",
    "ConfigMap",
    "Node",
    "delete",
    "replace",
    "merge",
    "a.b/c",
    "8",
    "1e3",
    "2026-01-01T00:00:00Z",
    "\u{0}\u{202e}é",
    "!!",
];

fn name(random: &mut Random) -> String {
    match random.below(12) {
        0 => format!("n{}", random.below(100_000)),
        1 => "é\u{1f600}~/".repeat(random.size(2000)),
        _ => random.pick(&NAMES).to_string(),
    }
}

fn scalar(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => true.into(),
        2 => (random.next() as i64).into(),
        3 => json!(random.below(10)),
        4 => json!(random.next() as f64 * 1e-3),
        5 => "x".repeat(random.size(100_000)).into(),
        _ => random.pick(&TEXTS).into(),
    }
}

pub fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 2 } else { 8 }) {
        0 | 1 => scalar(random),
        2 => long_list(random),
        3 => {
            let deep = random.size(260);
            let inner = scalar(random);
            (0..deep).fold(inner, |inner, n| match n % 2 {
                0 => json!([inner]),
                _ => json!({ "a": inner }),
            })
        }
        4 | 5 => (0..random.size(8)).map(|_| value(random, depth - 1)).collect(),
        _ => {
            let fields = (0..random.size(12)).map(|_| (name(random), value(random, depth - 1)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// A list whose items are alike, or different, or turned around.
fn long_list(random: &mut Random) -> Value {
    let count = random.size(6000);
    let alike = random.one_in(3);
    let shape = random.below(6);
    let item = |n: usize| {
        let n = if alike { n % 3 } else { n };
        match shape {
            0 => json!(format!("a.b/{n}")),
            1 => json!({ "type": format!("T{n}"), "status": "True" }),
            2 => json!({ "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": format!("u{n}") }),
            3 => json!({ "k": format!("k{n}"), "v": n }),
            4 => json!({ "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": format!("u{n}"),
                         "controller": true }),
            _ => json!({ "$patch": "delete", "type": format!("T{n}"), "uid": format!("u{n}") }),
        }
    };
    match random.one_in(2) {
        true => (0..count).rev().map(item).collect(),
        false => (0..count).map(item).collect(),
    }
}

/// An object of a kind, with something in it that belongs there and something that does not.
fn object(random: &mut Random, kind: &str) -> Value {
    let version = if kind == "Widget" { "demo.example.com/v1" } else { "v1" };
    let mut object = json!({
        "apiVersion": version, "kind": kind,
        "metadata": { "name": random.pick(&["a", "b", "c"]) },
    });
    for _ in 0..random.below(4) {
        let field = random.pick(&["finalizers", "ownerReferences", "labels", "annotations"]);
        object["metadata"][field] = value(random, 2);
    }
    for _ in 0..random.below(4) {
        let (part, field) = (random.pick(&["spec", "status", "data"]), name(random));
        if object[part].is_null() {
            object[part] = json!({});
        }
        object[part][field] = value(random, 3);
    }
    if random.one_in(10) {
        let field = name(random);
        object[field] = value(random, 3);
    }
    object
}

fn pointer(random: &mut Random) -> String {
    let steps = (0..1 + random.size(6)).map(|_| match random.below(6) {
        0 => "-".to_string(),
        1 => random.below(5).to_string(),
        2 => "-1".to_string(),
        _ => name(random).replace('~', "~0").replace('/', "~1"),
    });
    steps.map(|step| format!("/{step}")).collect()
}

/// What the server reads of a body at most: more never reaches the handler.
const MAX_BODY: usize = 3 << 20;

fn json_patch(random: &mut Random) -> Value {
    let mut pool: Vec<String> =
        ["/data", "/data/a", "/spec", "/spec/list", "/metadata", "/x"].map(String::from).to_vec();
    pool.extend((0..4).map(|_| pointer(random)));
    let count = random.size(3000);
    let few = random.one_in(2);
    let operation = |random: &mut Random| {
        let op = random.pick(&["add", "remove", "replace", "test", "move", "copy", "copy"]);
        let path = pool[random.below(pool.len())].clone();
        let end = random.pick(&["", "/-", "/0", "/a"]);
        let from = pool[random.below(pool.len())].clone();
        let value = match few {
            true => json!([1]),
            false => value(random, 1),
        };
        json!({ "op": op, "path": path + end, "from": from, "value": value })
    };
    if random.one_in(2) {
        let one = operation(random);
        let fit = MAX_BODY / one.to_string().len();
        return Value::from(vec![one; count.min(fit)]);
    }
    (0..count.min(300)).map(|_| operation(random)).collect()
}

fn selector(random: &mut Random) -> String {
    const PIECES: [&str; 24] = [
        "a",
        "app",
        "in",
        "notin",
        "(",
        ")",
        ",",
        "=",
        "==",
        "!=",
        "!",
        ">",
        "<",
        " ",
        "x",
        "%ff",
        "%zz",
        "%00",
        "%2C",
        "metadata.name",
        "spec.unschedulable",
        "\\",
        "%28",
        "é",
    ];
    let pieces = (0..random.size(4000)).map(|_| random.pick(&PIECES));
    pieces.collect()
}

/// Bytes turned, cut, doubled.
pub fn damaged(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes.truncate(at),
            2 => {
                let end = bytes.len().min(at + 1 + random.size(200));
                let piece = bytes[at..end].repeat(1 + random.size(30));
                bytes.splice(at..at, piece);
            }
            _ => bytes[at] = random.pick(b"{}[\"\\&*"),
        }
    }
    bytes
}

pub fn request(random: &mut Random) -> HttpRequest {
    let (kind, plural, version) = match random.below(3) {
        0 => ("ConfigMap", "namespaces/default/configmaps", "/api/v1"),
        1 => ("Node", "nodes", "/api/v1"),
        _ => ("Widget", "namespaces/default/widgets", "/apis/demo.example.com/v1"),
    };
    let collection = format!("{version}/{plural}");
    let item = format!("{collection}/{}", random.pick(&["a", "b"]));
    let status = if random.one_in(3) { "/status" } else { "" };
    let mut query = String::new();
    if random.one_in(4) {
        let which = random.pick(&["labelSelector", "fieldSelector"]);
        query = format!("{which}={}", selector(random));
    }
    let (method, path, content, body) = match random.below(10) {
        0 => ("POST", collection, "application/json", object(random, kind).to_string()),
        1 => ("PUT", item + status, "application/json", object(random, kind).to_string()),
        2 | 3 => {
            let patch = json_patch(random).to_string();
            ("PATCH", item + status, "application/json-patch+json", patch)
        }
        4 => {
            let patch = object(random, kind).to_string();
            ("PATCH", item + status, "application/merge-patch+json", patch)
        }
        5 | 6 => {
            let patch = object(random, kind).to_string();
            ("PATCH", item + status, "application/strategic-merge-patch+json", patch)
        }
        7 => {
            query = format!("fieldManager=m{}&force={}", random.below(40), random.one_in(2));
            let mut config = object(random, kind);
            if let Some(metadata) = config["metadata"].as_object_mut() {
                metadata.insert("name".into(), json!(&item[item.len() - 1..]));
            }
            ("PATCH", item + status, "application/apply-patch+yaml", config.to_string())
        }
        8 => {
            let method = random.pick(&["GET", "GET", "DELETE"]);
            let watch = if random.one_in(3) { "&watch=1&resourceVersion=1000" } else { "" };
            query += watch;
            (method, collection, "application/json", String::new())
        }
        _ => (random.pick(&["GET", "DELETE"]), item, "application/json", String::new()),
    };
    let mut body = body.into_bytes();
    if random.one_in(6) {
        body = damaged(random, body);
    }
    let content = if random.one_in(30) { "application/yaml" } else { content };
    HttpRequest {
        method: method.into(),
        path,
        query,
        headers: vec![("Content-Type".into(), content.into())],
        body,
        time: 0,
    }
}
