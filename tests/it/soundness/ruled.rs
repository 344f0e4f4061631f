//! A definition with rules in CEL, of which some see what workers write and some do not.

/// A custom resource with a number, a text, a list and two kinds of maps; rules stand at its root,
/// at the text and at the items of the list.
const DEFINITION: &str = "crds:
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: widgets.demo.example.com}
    spec:
      group: demo.example.com
      scope: Namespaced
      names: {plural: widgets, kind: Widget}
      versions:
      - name: v1
        served: true
        storage: true
        subresources: {status: {}}
        schema: {openAPIV3Schema: {type: object, ROOT properties: {
          spec: {type: object, properties: {replicas: {type: integer}}},
          status: {type: object, STATUS properties: {
            restarts: {type: integer},
            phase: {type: string, PHASE maxLength: 9},
            owners: {type: object, additionalProperties: {type: string}},
            mine: {type: object, properties: {a: {type: string}, b: {type: string},
              c: {type: string}, d: {type: string}, e: {type: string}, f: {type: string}}},
            conditions: {type: array, maxItems: 9, x-kubernetes-list-type: map,
              x-kubernetes-list-map-keys: [type], items: {type: object, required: [type, status],
              ITEM properties: {type: {type: string, NAME maxLength: 9}, status: {type: string},
              reason: {type: string}, message: {type: string}}}}}}}}}
";

/// The definition with what is to stand at its places, as `ROOT: rule` or `NAME: pattern`.
pub(crate) fn definition(rules: &[&str]) -> String {
    let mut text = String::from(DEFINITION);
    for place in ["ROOT", "STATUS", "PHASE", "ITEM", "NAME"] {
        let here = rules.iter().filter_map(|rule| rule.strip_prefix(place)?.strip_prefix(": "));
        let (rules, words): (Vec<&str>, Vec<&str>) = here.partition(|it| !it.contains(": "));
        let mut more: String = words.iter().map(|word| format!("{word}, ")).collect();
        if !rules.is_empty() {
            let rules: Vec<String> = rules.iter().map(|it| format!("{{rule: {it:?}}}")).collect();
            more = format!("{more}x-kubernetes-validations: [{}], ", rules.join(", "));
        }
        text = text.replace(&format!("{place} "), &more);
    }
    text
}

/// What may stand there.
pub(super) const RULES: [&str; 36] = [
    "ROOT: !has(self.status) || self.status.restarts < 7",
    "ROOT: !has(self.status) || self.status.restarts < 1 || self.status.phase != 'New'",
    "ROOT: !has(oldSelf.status) || self.status.restarts >= oldSelf.status.restarts",
    "ROOT: !has(self.status.conditions) || self.status.conditions.all(c, c.status != 'Unknown')",
    "ROOT: !has(self.status.conditions) || self.status.conditions.size() < 2",
    "ROOT: !has(self.status.conditions) || self.status.conditions.all(c, c.type != 'b')",
    "ROOT: !has(self.status.conditions) || self.status.conditions.all(c, c.type != 'zz')",
    "ROOT: !has(self.status.conditions) || self.status.conditions.exists_one(c, c.type == 'a')",
    "ROOT: !has(self.status.conditions) || \
     self.status.conditions.filter(c, c.status == 'True').size() < 2",
    "ROOT: !has(self.status.conditions) || self.status.conditions.all(c, \
     self.status.conditions.exists_one(d, d.type == c.type))",
    "ROOT: !has(self.status.conditions) || self.status.conditions.all(c, !has(c.reason) || \
     self.status.conditions.exists_one(d, has(d.reason) && d.reason == c.reason))",
    "ROOT: !has(self.status.conditions) || self.status.conditions[0].type != 'b'",
    "ROOT: !has(self.status.conditions) || self.status.conditions.map(c, c.type)[0] == 'a'",
    "ROOT: !has(self.status.phase) || self.status.phase != 'Pb'",
    "ROOT: !has(self.status.phase) || self.status.phase in ['Old', 'New', 'Pa']",
    "ROOT: !has(self.status.phase) || self.status.phase.size() > 2",
    "ROOT: !has(oldSelf.status.phase) || oldSelf.status.phase == 'Old' || \
     self.status.phase == oldSelf.status.phase",
    "ROOT: !has(oldSelf.status) || oldSelf.status == self.status || self.status.restarts < 5",
    "ROOT: !has(self.status.owners) || self.status.owners.size() < 2",
    "ROOT: !has(self.status.owners) || !('b' in self.status.owners)",
    "ROOT: !has(self.status.owners) || !has(self.status.owners.a)",
    "ROOT: !has(self.status.owners) || self.status.owners.all(k, self.status.owners[k] != 'vb')",
    "ROOT: !has(self.status.mine) || !has(self.status.mine.a) || !has(self.status.mine.b)",
    "ROOT: !has(self.status.mine) || !has(self.status.mine.b) || has(self.status.owners)",
    "ROOT: !has(self.status.mine) || !has(self.status.conditions)",
    "PHASE: self != 'Pb'",
    "PHASE: self.startsWith('P') || self == 'Old'",
    "PHASE: oldSelf == 'Old' || self == oldSelf",
    "PHASE: self >= oldSelf",
    "ITEM: self.type != 'b'",
    "ITEM: self.status == 'True'",
    "ITEM: !has(self.reason) || self.reason != 'Rb'",
    "ITEM: !has(oldSelf.reason) || has(self.reason) && self.reason == oldSelf.reason",
    "ITEM: self == oldSelf || !has(self.reason)",
    "NAME: pattern: '^[ac-z]+$'",
    "STATUS: default: {mine: {a: x}}",
];
