//! Each shipped scenario of the short form, rewritten in `steps`, has the same counts and the same
//! witnesses.

use std::path::Path;
use std::sync::Arc;

use lostwrite::check::{self, CheckResult, Options};
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::Limits;
use serde_json::{Map, Value, json};

use crate::exhaustive::scenario;
use crate::scale::{searched, without_notes};

/// Keys of a worker that belong to its write in the long form.
const OF_THE_WRITE: [&str; 6] =
    ["write", "sets", "subresource", "retryRead", "restamp", "fieldManager"];

/// A worker of the short form in steps: a read, perhaps a decision, a write.
fn in_steps(worker: &Value, object: &str) -> Option<Value> {
    let mut worker: Map<String, Value> = worker.as_object()?.clone();
    let object = worker.get("object").and_then(Value::as_str).unwrap_or(object).to_owned();
    let shared = worker.get("write")? == "update-shared";
    let cached = worker.remove("read").is_some_and(|read| read == "cache");
    if shared && cached {
        // A step has no word for memory that is filled from the cache.
        return None;
    }
    let mut write = Map::from_iter([("object".to_owned(), json!(object))]);
    for key in OF_THE_WRITE {
        write.extend(worker.remove(key).map(|value| (key.to_owned(), value)));
    }
    let mut steps = vec![json!({ (if cached { "cache" } else { "get" }): object })];
    if shared {
        steps.clear();
    }
    if let Some(Value::Object(when)) = worker.remove("when") {
        let named = when.into_iter().map(|(path, value)| (format!("{object}.{path}"), value));
        steps.push(json!({ "when": Map::from_iter(named) }));
    }
    steps.push(Value::Object(write));
    worker.insert("steps".to_owned(), Value::Array(steps));
    worker.insert("onError".to_owned(), json!("drop"));
    Some(Value::Object(worker))
}

/// `Kind/namespace/name` of the first object.
fn first_object(document: &Value) -> String {
    let object = &document["objects"][0];
    let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// A scenario and itself in steps, if it has workers of the short form only. Both are read from
/// JSON, where the fields of a map are in one order.
fn both_forms(path: &Path, text: &str) -> Option<[Arc<Scenario>; 2]> {
    let mut short: Value = serde_saphyr::from_str(text).ok()?;
    if let Some(crds) = short["crds"].as_array_mut() {
        // A path is read beside a file; in a text, the definition itself stands there.
        for crd in crds.iter_mut().filter(|crd| crd.is_string()) {
            let file = path.parent()?.join(crd.as_str()?);
            *crd = serde_saphyr::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
        }
    }
    let (mut long, object) = (short.clone(), first_object(&short));
    let workers = short["workers"].as_array()?.iter();
    let workers: Option<Vec<Value>> = workers.map(|worker| in_steps(worker, &object)).collect();
    long["workers"] = Value::Array(workers?);
    Some([short, long].map(|document| {
        let scenarios = Scenario::from_str(&path.to_string_lossy(), &document.to_string());
        Arc::new(scenarios.unwrap_or_else(|mistakes| panic!("{document}\n{mistakes}")).remove(0))
    }))
}

/// Counts, verdicts and witnesses; a schedule without the fingerprint of its scenario.
fn told(result: &CheckResult) -> Vec<String> {
    let property = |found: &check::PropertyResult| {
        let witness = found.witness.as_ref().map(|witness| {
            let schedule = witness.schedule.to_string();
            let moves = schedule.rsplit('.').next().unwrap_or_default().to_owned();
            (moves, witness.class, &witness.field, &witness.victim, &witness.culprit)
        });
        format!("{} {:?} {:?} {witness:?}", found.name, found.verdict, found.schedules)
    };
    let schedules = format!("{:?}", result.exploration.schedules);
    result.properties.iter().map(property).chain([schedules]).collect()
}

#[test]
fn the_short_form_is_a_shorter_way_to_write_steps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder).expect("the scenarios").flatten().map(|file| file.path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    let mut compared = 0;
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a file");
        let Some(forms) = both_forms(&path, &text) else { continue };
        let [short, long] = forms.map(|scenario| {
            let options = Options { max_states: Some(20_000), ..Options::default() };
            told(&check::run(&scenario, &options).expect("it is valid"))
        });
        assert_eq!(long, short, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 20, "{compared}");
}

/// Two rounds of a read and a write, as two runs of the short form and as one run of four steps.
/// Not one state more is told apart: what an earlier write of a run took is forgotten.
#[test]
fn four_steps_take_no_more_states_than_two_runs() {
    let world = |workers: u8, write: &str, worker: &dyn Fn(&str, &str) -> String| {
        let mut text =
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: four}\n\
                        objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]\n\
                        properties: [no-lost-write]\nworkers:\n"
                .to_owned();
        for letter in (b'a'..).take(workers.into()).map(|letter| char::from(letter).to_string()) {
            text += &format!("- {{name: {letter}, {}}}\n", worker(&letter, write));
        }
        let scenario = scenario(&text).expect("it is valid");
        without_notes(check::world(&scenario).expect("nothing is refused"), 1)
    };
    /// A worker's keys, from its letter and its write method.
    type Form<'f> = &'f dyn Fn(&str, &str) -> String;
    let short =
        |letter: &str, write: &str| format!("write: {write}, runs: 2, sets: {{data.{letter}: p}}");
    let long = |letter: &str, write: &str| {
        let write = format!("write: {write}, object: ConfigMap/x, sets: {{data.{letter}: p}}");
        let round = format!("{{get: ConfigMap/x}}, {{{write}}}");
        format!("onError: drop, steps: [{round}, {round}]")
    };
    for write in ["update-unconditional", "update-retry", "merge-patch-locked"] {
        for (workers, symmetry) in [(3, false), (4, true)] {
            let limits = Limits { symmetry, ..Limits::default() };
            let forms: [Form<'_>; 2] = [&short, &long];
            let [short, long] = forms.map(|form| {
                let explored = searched(&world(workers, write, form), limits);
                let counts = explored.counts(100).expect("it was covered");
                let told = (counts.schedules.to_string(), counts.decided[0].to_string());
                (told, explored.graph.states(), explored.graph.transitions())
            });
            assert_eq!(long, short, "{workers} workers, {write}");
        }
    }
}
