//! Where a list of a custom resource has no list type, it is named, and what a list type would
//! change is measured.

use std::sync::Arc;

use lostwrite::check::{self, Options, Verdict};
use lostwrite::report::{self, Style};
use lostwrite::scenario::Scenario;

/// Two workers write entries of the list at `path` (`status.conditions`), told apart by `key`.
fn scenario(write: &str, path: &str, key: &str, list: &str, second: &str) -> Arc<Scenario> {
    let (root, field) = path.split_once('.').expect("a root and a field");
    let text = format!(
        r#"
apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: {{ name: listed }}
crds:
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {{ name: gears.demo.example.com }}
    spec:
      group: demo.example.com
      scope: Namespaced
      names: {{ plural: gears, singular: gear, kind: Gear, listKind: GearList }}
      versions:
        - name: v1
          served: true
          storage: true
          subresources: {{ status: {{}} }}
          schema: {{ openAPIV3Schema: {{ type: object, properties: {{ {root}: {{ type: object,
            properties: {{ {field}: {{ type: array, {list} items: {{ type: object,
              required: [{key}], properties: {{ {key}: {{ type: string }},
                on: {{ type: string }} }} }} }} }} }} }} }} }}
objects:
  - apiVersion: demo.example.com/v1
    kind: Gear
    metadata: {{ name: g, namespace: default }}
workers:
  - {{ name: alder, write: {write}, sets: {{ "{path}[{key}=A]": {{ on: "1" }} }} }}
  - {{ name: birch, write: {write}, sets: {{ "{path}[{key}={second}]": {{ on: "1" }} }} }}
"#
    );
    let mut read = Scenario::from_str("-", &text).unwrap_or_else(|error| panic!("{error}"));
    Arc::new(read.remove(0))
}

#[test]
fn the_missing_list_type_is_named_and_measured() {
    for (write, path, key) in [
        ("apply-force", "status.conditions", "type"),
        ("merge-patch", "status.conditions", "type"),
        ("json-patch", "status.zones", "name"),
        ("apply-force", "spec.parts", "name"),
    ] {
        let scenario = scenario(write, path, key, "", "B");
        let options = Options { advice: true, ..Options::default() };
        let result = check::run(&scenario, &options).expect("it runs");
        let typed = result.list_type.clone().expect("it has no list type");
        let losing = typed.losing.as_ref().map(ToString::to_string);
        assert_eq!(
            (typed.verdict, losing.as_deref()),
            (Verdict::Holds, Some("0")),
            "{write} {path}"
        );
        let advice = "apply would be safe here";
        let text =
            report::renderer("text").expect("it is known").render(&[result], &Style::default());
        for said in [path, "no list type", &format!("x-kubernetes-list-map-keys: [{key}]"), advice]
        {
            let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(said), "{said}: {text}");
        }
        assert_eq!(text.contains("is atomic"), write == "apply-force", "{text}");
        let compared = check::compare(&scenario, &Options::default()).expect("it runs");
        assert!(compared.list_type.is_some(), "{write} {path}");
    }
}

#[test]
fn no_list_type_is_asked_for_where_there_is_one_or_no_loss() {
    let set = "x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [type],";
    let atomic = "x-kubernetes-list-type: atomic,";
    for (list, second) in [(set, "B"), (atomic, "B"), ("", "A")] {
        let scenario = scenario("merge-patch", "status.conditions", "type", list, second);
        let options = Options { advice: true, ..Options::default() };
        let result = check::run(&scenario, &options).expect("it runs");
        let losing = result.property("no-lost-write").map(|it| it.verdict);
        let untyped = result.list_type.is_some();
        assert!(
            !untyped || losing == Some(Verdict::Violated) && list.is_empty(),
            "{list} {second}"
        );
    }
}
