//! What values look like to a rule, which functions there are, and which rules are refused.

use serde_json::{Value, json};

use super::super::super::Schema;
use super::{NONE, entry, list, ruled, say, texts, under_spec};

#[test]
fn values_are_what_their_schema_says() {
    let spec = json!({ "type": "object", "properties": {
        "when": { "type": "string", "format": "date-time" },
        "day": { "type": "string", "format": "date" },
        "wait": { "type": "string", "format": "duration" },
        "bytes": { "type": "string", "format": "byte" },
        "half": { "type": "number" },
        "port": { "x-kubernetes-int-or-string": true },
        "name": { "type": "string", "nullable": true },
        "a-b": { "type": "integer" }, "c__d": { "type": "integer" }, "e_f": { "type": "integer" },
        "namespace": { "type": "string" },
        "tags": { "type": "object", "additionalProperties": { "type": "string" } },
        "set": list("set", json!({ "type": "string" })),
        "inner": { "type": "object", "x-kubernetes-embedded-resource": true,
            "x-kubernetes-preserve-unknown-fields": true },
    }});
    let value = json!({
        "when": "2024-01-02T03:04:05Z", "day": "2024-01-02", "wait": "1h30m", "bytes": "aGk=",
        "half": 2, "port": "http", "name": null, "a-b": 1, "c__d": 2, "e_f": 3, "namespace": "n",
        "tags": { "a-b": "x", "in": "y" }, "set": ["x", "y"],
        "inner": { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" } },
    });
    for rule in [
        "self.when > timestamp('2024-01-01T00:00:00Z')",
        "self.when.getFullYear() == 2024",
        "self.day == timestamp('2024-01-02T00:00:00Z')",
        "self.wait == duration('90m')",
        "size(self.bytes) == 2",
        "self.half / 4.0 == 0.5",
        "type(self.port) == string ? self.port.matches('^[a-z]+$') : int(self.port) < 9",
        "self.name == null",
        "self.a__dash__b + self.c__underscores__d + self.e_f == 6",
        "self.__namespace__ == 'n'",
        "self.tags['a-b'] == 'x' && 'in' in self.tags && self.tags.all(k, k.size() == 2 || true)",
        "self.set.exists(s, s == 'y') && self.set.map(s, s + '!')[0] == 'x!'",
        "self.inner.kind == 'Pod' && self.inner.metadata.name == 'p'",
        "size('äöü') == 3 && 'äöü'.size() == 3",
        "'a,b'.split(',').join('-') == 'a-b' && 'x'.upperAscii() == 'X'",
        "isURL('https://e.org/p') && url('https://e.org:80/p').getPort() == '80'",
        "quantity('1Gi').isGreaterThan(quantity('500Mi')) && isIP('::1') && isCIDR('10.0.0.0/8')",
        "[1, 2, 3].filter(n, n > 1).exists_one(n, n == 2) && [3, 1].max() == 3",
        "sets.contains(['a', 'b'], ['a']) && '%s-%d'.format(['a', 1]) == 'a-1'",
        "!format.dns1123Label().validate('a-b').hasValue() && semver('1.2.3').minor() == 2",
        "self.half <= 2 && self.half > 1 && 1 < self.half && self.half in [2.0]",
        "dyn(self.half) == 2.0 && bool('true') && self.?nothing.orValue('d') == 'd'",
        "self.?inner.kind.orValue('') == 'Pod' && self.?no.thing.orValue(1) == 1",
        "!self.?no.?thing.hasValue() && self.tags[?'x'].orValue('z') == 'z'",
        "self.tags.map(k, k).join(',') == 'a-b,in' && self.tags.filter(k, true)[1] == 'in'",
        "has(self.tags) && !has(self.nothing) && self.set.isSorted()",
        "cel.bind(n, self.e_f + 1, n * n) == 16",
        "optional.of(2).optMap(n, n + 1).orValue(0) == 3",
        "optional.none().optMap(n, n + 1).orValue(0) == 0",
    ] {
        let schema = under_spec(ruled(spec.clone(), rule));
        assert_eq!(say(&schema, &json!(null), &value), NONE, "{rule}");
    }
    // Sets and maps are equal in any order, other lists are not.
    let lists = |kind: &str, item: Value| {
        under_spec(ruled(
            json!({ "type": "object", "properties": { "l": list(kind, item) } }),
            "self.l == oldSelf.l",
        ))
    };
    let (ab, ba) = (json!({ "l": ["a", "b"] }), json!({ "l": ["b", "a"] }));
    let string = json!({ "type": "string" });
    assert_eq!(say(&lists("set", string.clone()), &ab, &ba), NONE);
    assert_eq!(say(&lists("atomic", string), &ab, &ba).len(), 1);
    let keyed = |a: &str, b: &str| json!({ "l": [{ "k": a, "n": 1 }, { "k": b, "n": 1 }] });
    let maps = lists("map", entry("true"));
    assert_eq!(say(&maps, &keyed("a", "b"), &keyed("b", "a")), NONE);
    assert_eq!(say(&maps, &keyed("a", "b"), &keyed("b", "c")).len(), 1);
}

#[test]
fn definitions_with_wrong_rules_are_refused() {
    let parse = |rule: Value| {
        let schema = json!({ "type": "object", "properties": {
            "n": { "type": "integer", "x-kubernetes-validations": [rule] },
        }});
        let errors = Schema::parse(&schema, "s").err().unwrap_or_default();
        texts(&errors)
    };
    let at = "s.properties[n].x-kubernetes-validations[0]";
    for (rule, field, what) in [
        (json!({}), "rule", "Required value: rule is not specified"),
        (json!({ "rule": "  " }), "rule", "Required value: rule is not specified"),
        (json!({ "rule": "self >" }), "rule", "compilation failed: "),
        (json!({ "rule": "nope(self)" }), "rule", "undeclared reference to 'nope'"),
        (json!({ "rule": "[1].sortBy(e, e) == [1]" }), "rule", "sortBy of CEL is not evaluated"),
        (json!({ "rule": "T{a: 1} == self" }), "rule", "not evaluated by this server"),
        (json!({ "rule": "true", "message": " " }), "message", "must be non-empty if specified"),
        (json!({ "rule": "true", "message": "a\nb" }), "message", "must not contain line breaks"),
        (json!({ "rule": "true ||\nfalse" }), "message", "must be specified if rule contains"),
        (json!({ "rule": "true", "messageExpression": " " }), "messageExpression", "non-empty"),
        (json!({ "rule": "true", "messageExpression": "'a" }), "messageExpression", "compilation"),
        (
            json!({ "rule": "true", "reason": "Because" }),
            "reason",
            "Unsupported value: \"Because\": supported values: \"FieldValueDuplicate\", ",
        ),
        (json!({ "rule": "true", "fieldPath": ".x" }), "fieldPath", "must be a valid path"),
        (
            json!({ "rule": "true", "optionalOldSelf": true }),
            "optionalOldSelf",
            "may not be set if oldSelf is not used in rule",
        ),
    ] {
        let errors = parse(rule.clone());
        assert_eq!(errors.len(), 1, "{rule}: {errors:?}");
        assert!(errors[0].starts_with(&format!("{at}.{field}: ")), "{rule}: {errors:?}");
        assert!(errors[0].contains(what), "{rule}: {errors:?}");
    }
    let nested = json!({ "type": "object", "properties": { "n": { "type": "integer",
        "allOf": [{ "x-kubernetes-validations": [{ "rule": "true" }] }] } } });
    assert_eq!(
        texts(&Schema::parse(&nested, "s").unwrap_err()),
        ["s.properties[n].allOf[0].x-kubernetes-validations: Forbidden: must be empty to be \
          structural"]
    );
}
