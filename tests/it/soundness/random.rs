//! A scenario by chance: groups of like workers of one object, of which one may differ in one
//! option.

use std::fmt::Write as _;

use lostwrite::properties;
use lostwrite::reconcilers::methods;

use super::ruled;
use crate::exhaustive::method;

/// An object, the fields that workers may set, what they may decide from and what their setters
/// may ask. `%` is the worker's own letter.
struct Target {
    object: &'static str,
    key: &'static str,
    sets: &'static [&'static str],
    when: &'static [&'static str],
    validate: &'static [&'static str],
    invariants: &'static [&'static str],
    /// What may stand in its definition, if not the usual one.
    rules: &'static [&'static str],
}

const TARGETS: [Target; 6] = [
    Target {
        object: "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo}, data: {n: \"0\"}}",
        key: "ConfigMap/demo",
        sets: &[
            "'data.%': \"1\"",
            "'data.%': v%",
            "'data.n': v%",
            "'data.n': \"1\"",
            "'data.n': { $exactly: v% }",
            "'data.%': { $read: data.n }",
            "'data.n': { $read: data.% }",
            "'data.n': { $remove: true }",
            "'metadata.annotations.%': w%",
            "'metadata.finalizers': { $append: example.com/% }",
        ],
        when: &["data.n: \"0\"", "data.n: va", "data.%: null", "data.a: null"],
        validate: &[],
        invariants: &[
            "finally: {ConfigMap/demo.data.n: \"1\"}",
            "always: {ConfigMap/demo.data.n: {$in: [\"0\", \"1\", va]}}",
            "never: {ConfigMap/demo.metadata.resourceVersion: \"4\"}",
        ],
        rules: &[],
    },
    Target {
        object: "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: demo}, \
                 spec: {holderIdentity: z}}",
        key: "Lease/demo",
        sets: &[
            "'spec.holderIdentity': w%",
            "'spec.leaseTransitions': { $add: 1 }",
            "'spec.leaseTransitions': 7",
            "'spec.holderIdentity': { $read: metadata.name }",
            "'metadata.annotations.%': { $read: spec.holderIdentity }",
            "'metadata.labels.%': \"1\"",
        ],
        when: &["spec.holderIdentity: z", "spec.holderIdentity: wa", "spec.leaseTransitions: null"],
        validate: &[],
        invariants: &[
            "finally: {Lease/demo.spec.holderIdentity: wa}",
            "never: {Lease/demo.spec.leaseTransitions: 2}",
        ],
        rules: &[],
    },
    Target {
        object: "{apiVersion: v1, kind: Node, metadata: {name: demo}, \
                 status: {conditions: [{type: Disk, status: \"False\"}]}}",
        key: "Node/demo",
        sets: &[
            "'status.phase': Running",
            "'status.conditions[type=%]': { status: \"True\" }",
            "'status.conditions[type=%]': { status: \"True\", reason: R% }",
            "'status.conditions[type=Disk]': { status: \"True\", reason: R% }",
            "'status.conditions[type=Disk]': { $remove: true }",
            "'status.conditions[type=Disk].type': R%",
            "'status.conditions[0].reason': R%",
            "'status.daemonEndpoints.kubeletEndpoint.Port': { $read: status.phase }",
            "'status.daemonEndpoints.kubeletEndpoint.Port': { $add: 1 }",
            "'status.nodeInfo.kernelVersion': { $read: status.phase }",
        ],
        when: &["status.phase: null", "status.conditions[type=Disk].status: \"False\""],
        validate: &["status.phase: { $ne: Running }"],
        invariants: &["finally: {Node/demo.status.phase: Running}"],
        rules: &[],
    },
    Target {
        object: "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo}, spec: \
                 {replicas: 1}, status: {restarts: 0, phase: Old}}",
        key: "Widget/demo",
        sets: &[
            "'status.restarts': { $add: 1 }",
            "'status.restarts': 5",
            "'status.phase': P%",
            "'status.phase': New",
            "'status.conditions[type=%]': { status: \"True\" }",
            "'status.conditions[type=%]': { status: \"True\", reason: R%, message: M }",
            "'status.conditions[type=%].reason': R%",
            "'status.observedGeneration': { $read: metadata.generation }",
            "'status.phase': { $read: metadata.name }",
        ],
        when: &["status.phase: Old", "status.phase: Pa", "status.restarts: 0"],
        validate: &[
            "status.restarts: { $lte: 0 }",
            "status.phase: { $ne: Pa }",
            "status.phase: [Old, New]",
        ],
        invariants: &[
            "always: {Widget/demo.status.restarts: {$lte: 1}}",
            "owner: {path: Widget/demo.status.phase, by: a}",
        ],
        rules: &[],
    },
    RULED,
    // Twice, since its definition has many forms.
    RULED,
];

const RULED: Target = Target {
    object: "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo}, spec: \
             {replicas: 1}, status: {restarts: 0, phase: Old}}",
    key: "Widget/demo",
    sets: &[
        "'status.restarts': { $add: 1 }",
        "'status.phase': P%",
        "'status.phase': New",
        "'status.owners.%': v%",
        "'status.owners.%': v",
        "'status.mine.%': v",
        "'status.conditions[type=%]': { status: \"True\" }",
        "'status.conditions[type=%]': { status: \"True\", reason: R% }",
        "'status.conditions[type=Disk]': { status: \"True\", reason: R% }",
        "'status.conditions[type=%]': { status: \"True\", reason: R, message: M% }",
    ],
    when: &["status.phase: Old", "status.restarts: 0"],
    validate: &["status.restarts: { $lte: 0 }"],
    invariants: &["always: {Widget/demo.status.restarts: {$lte: 1}}"],
    rules: &ruled::RULES,
};

/// Numbers drawn by chance, one after the other. Smaller ones make a smaller scenario.
struct Dice<'d>(std::slice::Iter<'d, u32>);

impl Dice<'_> {
    fn of(&mut self, count: usize) -> usize {
        self.0.next().map_or(0, |drawn| *drawn as usize % count.max(1))
    }

    fn one<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from.get(self.of(from.len())).copied().unwrap_or_default()
    }

    /// True in this many of a hundred cases.
    fn rarely(&mut self, percent: usize) -> bool {
        self.of(100) >= 100 - percent
    }
}

/// Methods that can try the same body again.
const STUBBORN: [&str; 4] =
    ["update-retry", "merge-patch-locked", "strategic-merge-patch-locked", "json-patch-tested"];

/// The options of a worker, each a line of the scenario.
fn options(dice: &mut Dice<'_>, target: &Target) -> Vec<String> {
    let mut sets: Vec<&str> = (0..=dice.of(2)).map(|_| dice.one(target.sets)).collect();
    sets.sort_unstable_by_key(|set| set.split(':').next());
    sets.dedup_by_key(|set| set.split(':').next());
    let sets = sets.join(", ");
    // A worker that sends the same again, whatever is answered.
    let stubborn = dice.rarely(6);
    let write = match dice.rarely(25) {
        _ if stubborn => dice.one(&STUBBORN),
        true => dice.one(&["apply", "apply", "apply-force"]),
        false => method(dice.of(methods::all().len())),
    };
    let when = dice.rarely(15).then(|| dice.one(target.when));
    let validate = dice.rarely(15).then(|| dice.one(target.validate)).filter(|it| !it.is_empty());
    let attempts = match dice.of(7) {
        _ if stubborn => "unlimited",
        drawn => ["1", "2", "3", "1", "2", "3", "unlimited"][drawn],
    };
    let many = dice.rarely(12);
    let process = (dice.rarely(25) || write == "update-shared").then_some("shared");
    if dice.rarely(25) {
        let key = target.key;
        let read = if dice.rarely(40) { "cache" } else { "get" };
        let guard = when.map(|when| {
            let (path, value) = when.split_once(": ").expect("a path and a value");
            format!("\n      - when: {{ {key}.{path}: {value} }}")
        });
        let again = if dice.rarely(30) { "\n      - effect: called" } else { "" };
        let on_error = ["requeue", "drop", "next"][dice.of(3)];
        return vec![
            format!(
                "steps:\n      - {read}: {key}{}\n      - write: {write}\n        object: {key}\n\
                 \x20       sets: {{ {sets} }}{again}",
                guard.unwrap_or_default()
            ),
            format!("onError: {on_error}"),
            format!("attempts: {attempts}"),
            process.map(|process| format!("process: {process}")).unwrap_or_default(),
        ];
    }
    let rare = |dice: &mut Dice<'_>, percent: usize, text: &str| {
        if dice.rarely(percent) { text.to_owned() } else { String::new() }
    };
    vec![
        format!("object: {}", target.key),
        format!("write: {write}"),
        format!("sets: {{ {sets} }}"),
        when.map(|when| format!("when: {{ {when} }}")).unwrap_or_default(),
        validate.map(|rule| format!("validate: {{ {rule} }}")).unwrap_or_default(),
        format!("attempts: {attempts}"),
        if many { "runs: 2".to_owned() } else { String::new() },
        process.map(|process| format!("process: {process}")).unwrap_or_default(),
        rare(dice, 35, "read: cache"),
        match dice.of(6) {
            _ if stubborn => "retryRead: none".to_owned(),
            drawn => ["", "", "", "retryRead: cache", "retryRead: none", "restamp: before"][drawn]
                .to_owned(),
        },
        rare(dice, 8, "client: unstructured"),
        ["", "", "", "", "", "", "fieldManager: all", "fieldManager: m%", "fieldManager: a"]
            [dice.of(9)]
        .to_owned(),
    ]
}

/// A scenario: groups of like workers, of which one may have another line in the place of its own.
pub(super) fn text_of(numbers: &[u32]) -> String {
    let dice = &mut Dice(numbers.iter());
    let target = &TARGETS[dice.of(TARGETS.len())];
    let mut text = String::from(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
         description: Made by a property test.\n",
    );
    let rules = (0..1 + dice.of(3)).map(|_| dice.one(target.rules)).collect::<Vec<_>>();
    match target.rules {
        [] => text.push_str("crds: [crds/widget.crd.yaml]\n"),
        _ => text.push_str(&ruled::definition(&rules)),
    }
    if dice.rarely(50) {
        text.push_str("expect: rejected\n");
    }
    let _ = writeln!(text, "objects:\n  - {}", target.object);
    let of_one_name = dice.rarely(8);
    if of_one_name {
        text.push_str(
            "  - {apiVersion: v1, kind: Secret, metadata: {name: demo}, data: {a: MQ==}}\n",
        );
    }
    text.push_str("workers:\n");
    let mut letters = 'a'..='z';
    let mut names: Vec<char> = Vec::new();
    for _ in 0..=dice.of(2) {
        let size = [2, 1, 3, 2][dice.of(4)];
        let lines = options(dice, target);
        let other = options(dice, target);
        let odd = dice.rarely(60).then(|| (dice.of(size), dice.of(lines.len().min(other.len()))));
        for (at, letter) in letters.by_ref().take(size).enumerate() {
            let mut own = lines.clone();
            if let Some((_, line)) = odd.filter(|(member, _)| *member == at) {
                // The first line of both forms is the form.
                if other.len() == own.len() || line > 0 && line < 4 {
                    own[line].clone_from(&other[line]);
                }
            }
            let _ = writeln!(text, "  - name: {letter}");
            for line in own.iter().filter(|line| !line.is_empty()) {
                let _ = writeln!(text, "    {}", line.replace('%', &letter.to_string()));
            }
            names.push(letter);
        }
    }
    if of_one_name {
        text.push_str(
            "  - {name: y, process: shared, object: Secret/demo, read: cache, write: update, \
             when: {data.a: MQ==}, sets: {data.y: MQ==}}\n",
        );
    }
    if dice.rarely(12) {
        let _ = writeln!(text, "  - name: x\n    steps: [{{ delete: {} }}]", target.key);
    }
    if dice.rarely(20) {
        text.push_str("controllers:\n");
        for (at, letter) in names.iter().enumerate() {
            let more = ["", ", requeue: {max: 1}", ", requeue: {max: 1, deadline: 1s}"][dice.of(3)];
            let trigger = if dice.rarely(20) { ", trigger: {}" } else { "" };
            if dice.rarely(60) {
                let _ = writeln!(text, "  - {{name: k{at}, workers: [{letter}]{more}{trigger}}}");
            }
        }
    }
    let faults = ["lostResponses", "crashes", "watchGaps", "recreations"];
    let faults = faults.iter().filter(|_| dice.rarely(6)).map(|name| format!("{name}: 1"));
    let _ = writeln!(text, "faults: {{ {} }}", faults.collect::<Vec<_>>().join(", "));
    if dice.rarely(15) {
        let rule = dice.one(target.invariants);
        let _ = writeln!(text, "invariants: [{{name: own, {rule}}}]");
    }
    let all = dice.rarely(50);
    let local = |name: &&str| !["serializable", "raced"].contains(name);
    let asked = properties::all().iter().map(|entry| entry.name);
    let asked: Vec<&str> = asked.filter(|name| all || local(name)).collect();
    let _ = writeln!(text, "properties: [{}]", asked.join(", "));
    text.replace("controllers:\nfaults", "faults").replace("faults: {  }\n", "")
}
