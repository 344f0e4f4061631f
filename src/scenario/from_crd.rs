//! `lostwrite new --from-crd`: a scenario of a kind that a file defines, with two writers.
//!
//! The object has the fields that its schema requires, with values that the schema allows as far as
//! types, enums, defaults and bounds say. Next to read: `starter.rs`, the templates.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::crds::{self, Disk};
use super::diagnostic::{Diagnostic, Mistakes, SourceText, clean};
use super::node::{Node, NodeKind};
use super::suggest::{did_you_mean, listed};

/// What two writers may write, each with one line about it.
pub const RACES: &[(&str, &str)] = &[
    ("conditions", "two owners of one conditions list, by merge patch"),
    ("fields", "two owners of one status field each, by an update with the wrong retry"),
    ("finalizers", "two owners of one finalizer each, by merge patch"),
];

/// The text of such a scenario. The scenario calls the file of the definition `named`.
pub fn from_crd(
    file: &Path,
    named: &str,
    kind: Option<&str>,
    race: &str,
    scenario: &str,
) -> Result<String, Mistakes> {
    let shown = file.display().to_string();
    let source = SourceText::new("--from-crd", &shown);
    let node = Node { span: 0..shown.len(), kind: NodeKind::String(shown.clone()) };
    let disk = Disk { folder: Default::default(), allow_outside: true };
    let crds = crds::read(&source, &[node], &disk, &mut Vec::new()).map_err(Mistakes)?;
    super::cluster::build(&source, &crds, &[]).map_err(Mistakes)?;
    let kinds: Vec<String> = crds.iter().map(|crd| name_of(&crd.value)).collect();
    let all: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let wrong =
        |message: String| Diagnostic::in_argument(message, "--from-crd", &shown, 0..shown.len());
    let at = match kind {
        Some(kind) => all.iter().position(|known| *known == kind).ok_or_else(|| {
            let message = format!("`{}` defines no kind `{}`", clean(&shown), clean(kind));
            let note = format!("it defines {}", listed(&all, "and"));
            wrong(message).maybe_help(did_you_mean(kind, all.iter().copied())).note(note)
        })?,
        None if all.len() == 1 => 0,
        None => {
            let message = format!("`{}` defines several kinds", clean(&shown));
            let help = format!("choose one: --kind {}", all.first().copied().unwrap_or_default());
            return Err(wrong(message)
                .help(help)
                .note(format!("they are {}", listed(&all, "and")))
                .into());
        }
    };
    let crd = &crds[at].value;
    let version = stored(crd);
    let schema = &version["schema"]["openAPIV3Schema"];
    let (description, write, sets) = match race {
        "conditions" => conditions(schema),
        "fields" => fields(schema),
        _ => Some(finalizers()),
    }
    .ok_or_else(|| {
        let kind = name_of(crd);
        match race {
            "conditions" => wrong(format!("`{kind}` has no list `status.conditions`"))
                .help("use --race fields, or --race finalizers"),
            _ => {
                wrong(format!("the status of `{kind}` has not two fields that are no map or list"))
                    .help("use --race conditions, or --race finalizers")
            }
        }
    })?;
    let text = |value: &Value| value.to_string();
    let mut page = format!(
        "# yaml-language-server: $schema=./scenario.schema.json\n\
         # (for your editor: lostwrite schema > scenario.schema.json)\n\
         apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata:\n  name: {scenario}\n\
         description: {description} {kind}.\ncrds:\n  - {named}\nobjects:\n  - {object}\n\
         workers:\n",
        kind = name_of(crd),
        named = text(&json!(named)),
        object = text(&object(crd, version, schema)),
    );
    for (worker, (path, value)) in ["first", "second"].iter().zip(sets) {
        let (path, value) = (text(&json!(path)), text(&value));
        page += &format!(
            "  - name: {worker}                # name it after the code that writes\n    \
             read: live                 # or cache: the informer cache of its process\n    \
             write: {write}     # lostwrite list writes\n    sets: {{ {path}: {value} }}\n"
        );
    }
    page += "expect: lost\n";
    Ok(page)
}

fn name_of(crd: &Value) -> String {
    crd["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned()
}

/// The version that is stored.
fn stored(crd: &Value) -> &Value {
    let versions = crd["spec"]["versions"].as_array();
    let stored = |version: &&Value| version["storage"] == true;
    versions.and_then(|all| all.iter().find(stored).or(all.first())).unwrap_or(&Value::Null)
}

/// An object with what its schema requires.
fn object(crd: &Value, version: &Value, schema: &Value) -> Value {
    let group = crd["spec"]["group"].as_str().unwrap_or_default();
    let version = version["name"].as_str().unwrap_or_default();
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), json!(format!("{group}/{version}")));
    object.insert("kind".to_owned(), json!(name_of(crd)));
    let mut metadata = json!({ "name": "demo" });
    if crd["spec"]["scope"] == "Namespaced" {
        metadata["namespace"] = json!("default");
    }
    object.insert("metadata".to_owned(), metadata);
    let required = strings(&schema["required"]);
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let own = matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status");
        let needs = required.contains(&name.as_str()) || !strings(&below["required"]).is_empty();
        if !own && needs {
            object.insert(name.clone(), sample(below));
        }
    }
    Value::Object(object)
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A value that a schema allows, with as little in it as it can have.
fn sample(schema: &Value) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let bound = |name: &str| schema[name].as_u64().unwrap_or(0) as usize;
    match schema["type"].as_str() {
        Some("object") => {
            let needed = strings(&schema["required"]).into_iter();
            let fields = needed.map(|name| (name.to_owned(), sample(&schema["properties"][name])));
            Value::Object(fields.collect())
        }
        Some("array") => {
            Value::Array((0..bound("minItems").min(20)).map(|_| sample(&schema["items"])).collect())
        }
        Some("boolean") => json!(true),
        Some("integer" | "number") => {
            json!(schema["minimum"].as_i64().map_or(1, |least| least.max(1)))
        }
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => json!("2026-01-01T00:00:00Z"),
            Some("duration") => json!("1m"),
            _ => json!("x".repeat(bound("minLength").clamp(1, 100))),
        },
        _ => json!(1),
    }
}

/// What a race is about, by which method it is written, and what each of two writers sets.
type Race = (&'static str, &'static str, Vec<(String, Value)>);

fn conditions(schema: &Value) -> Option<Race> {
    let list = &schema["properties"]["status"]["properties"]["conditions"];
    let item = &list["items"];
    item["properties"].get("type").filter(|_| list["type"] == "array")?;
    let entry = |reason: &str| {
        let mut entry = sample(item);
        entry.as_object_mut()?.remove("type");
        let allowed = strings(&item["properties"]["status"]["enum"]);
        let status =
            if allowed.is_empty() || allowed.contains(&"True") { "True" } else { allowed[0] };
        entry["status"] = json!(status);
        if item["properties"].get("reason").is_some() {
            entry["reason"] = json!(reason);
        }
        Some(entry)
    };
    let sets = vec![
        ("status.conditions[type=Ready]".to_owned(), entry("Probed")?),
        ("status.conditions[type=Usage]".to_owned(), entry("Measured")?),
    ];
    Some(("Two controllers each own one condition of a", "merge-patch", sets))
}

fn fields(schema: &Value) -> Option<Race> {
    let status = schema["properties"]["status"]["properties"].as_object()?;
    let scalar = |(_, field): &(&String, &Value)| {
        matches!(field["type"].as_str(), Some("string" | "integer" | "boolean" | "number"))
    };
    let value = |(name, field): (&String, &Value)| (format!("status.{name}"), sample(field));
    let mut sets = status.iter().filter(scalar).map(value);
    let both = vec![sets.next()?, sets.next()?];
    Some(("Two controllers each own one field of the status of a", "update-restamp", both))
}

fn finalizers() -> Race {
    let add = |name: &str| {
        (
            "metadata.finalizers".to_owned(),
            json!({ "$append": format!("{name}.example.com/finalizer") }),
        )
    };
    (
        "Two controllers each add their finalizer to a",
        "merge-patch",
        vec![add("first"), add("second")],
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::{self, Expectation};
    use crate::scenario::Scenario;

    #[test]
    fn each_race_of_a_definition_runs_and_is_as_it_says() {
        let crd = "scenarios/crds/widget.crd.yaml";
        for (race, _) in RACES {
            let text = from_crd(Path::new(crd), crd, None, race, "mine");
            let text = text.unwrap_or_else(|e| panic!("{race}:\n{e}"));
            let scenarios = Scenario::from_str("mine.yaml", &text);
            let scenario = scenarios.unwrap_or_else(|e| panic!("{race}:\n{e}\n{text}")).remove(0);
            assert!(scenario.warnings.is_empty(), "{race}: {:?}", scenario.warnings);
            let result = check::run(&Arc::new(scenario), &check::Options::default());
            let result = result.unwrap_or_else(|e| panic!("{race}:\n{e}"));
            assert_eq!(result.expectation, Expectation::Met, "{race}");
        }
    }

    #[test]
    fn a_sample_has_what_is_required_and_no_more() {
        let schema = json!({ "type": "object", "required": ["size", "mode", "name"], "properties": {
            "size": { "type": "integer", "minimum": 3 },
            "mode": { "type": "string", "enum": ["a", "b"] },
            "name": { "type": "string", "minLength": 2 },
            "other": { "type": "string" },
        }});
        assert_eq!(sample(&schema), json!({ "size": 3, "mode": "a", "name": "xx" }));
    }
}
