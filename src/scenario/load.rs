//! The door: texts and files to scenarios.
//!
//! One text may hold several scenarios, as documents. What a scenario names beside itself (CRD
//! files) comes through [`Files`]. Next to read: `yaml.rs`, `shape.rs`, `validate.rs`: the three
//! things that happen to a text.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::crds::{Disk, Files, read_bounded};
use super::diagnostic::{Diagnostic, Mistakes, SourceText, clean};
use super::names;
use super::node::{Node, without_nulls};
use super::schema::{ScenarioFile, json_schema};
use super::suggest::did_you_mean;
use super::validate::Checker;
use super::yaml::{self, Document};
use super::{Scenario, Source, controllers, manifest, refusals, shape};
use crate::reconcilers::Reader;
use crate::reconcilers::methods::{self, WriteMethod};

static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

impl Scenario {
    /// The scenarios of a text; CRD files are looked for in the working directory.
    ///
    /// `name` is how the user knows the text: `-` for stdin, say.
    pub fn from_str(name: &str, text: &str) -> Result<Vec<Scenario>, Mistakes> {
        let disk = Disk { folder: Default::default(), allow_outside: false };
        Scenario::load(&SourceText::new(name, text), None, &disk)
    }

    /// The scenarios of a text that may not be text at all.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Vec<Scenario>, Mistakes> {
        let source = yaml::decode(name, bytes)?;
        Scenario::from_str(name, &source.text)
    }

    /// The scenarios of a file; CRD files are looked for beside it, and nowhere else.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Vec<Scenario>, Mistakes> {
        Scenario::from_trusted_file(path, false)
    }

    /// The same, where a scenario that is trusted may name any file (`allow_outside`).
    pub fn from_trusted_file(
        path: impl AsRef<Path>,
        allow_outside: bool,
    ) -> Result<Vec<Scenario>, Mistakes> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let bytes = read_bounded(path, yaml::Bounds::TEXT)
            .map_err(|why| Diagnostic::error(format!("cannot read `{}`: {why}", clean(&name))))?;
        let source = yaml::decode(&name, bytes)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Scenario::load(&source, Some(name), &Disk { folder, allow_outside })
    }

    /// The scenarios of a text, with the files it names.
    pub fn load(
        source: &Arc<SourceText>,
        file: Option<String>,
        files: &dyn Files,
    ) -> Result<Vec<Scenario>, Mistakes> {
        let documents = yaml::parse(source)?;
        if documents.is_empty() {
            let message = format!("there is no scenario in `{}`", clean(&source.name));
            let mistake =
                Diagnostic::error(message).help("`lostwrite new` writes one to start from");
            return Err(mistake.into());
        }
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut mistakes = Vec::new();
        for document in &documents {
            match one(source, document, file.clone(), files) {
                Err(more) => mistakes.extend(more),
                Ok(scenario) => match scenarios.iter().any(|other| other.name == scenario.name) {
                    true => mistakes.push(twice(source, document, &scenario.name)),
                    false => scenarios.push(scenario),
                },
            }
        }
        if mistakes.is_empty() { Ok(scenarios) } else { Err(Mistakes(mistakes)) }
    }

    /// Whether a text means to be a scenario, right or wrong: what `check FOLDER` picks.
    pub fn is_meant_by(text: &[u8]) -> bool {
        const GROUP: &str = "lostwrite.dev/";
        let version = |document: &Document| {
            let version = document.root.get("apiVersion").and_then(Node::as_str);
            version.is_some_and(|version| version.starts_with(GROUP))
        };
        let source = yaml::decode("", text.to_owned());
        match source.and_then(|source| yaml::parse(&source)) {
            Ok(documents) => documents.iter().any(version),
            Err(_) => String::from_utf8_lossy(text)
                .lines()
                .any(|line| line.starts_with("apiVersion:") && line.contains(GROUP)),
        }
    }

    /// The same scenario with every worker writing by this method (`--write`).
    pub fn with_write(&self, method: &str) -> Result<Scenario, Mistakes> {
        let known = names::write_methods();
        let Some(write) = methods::named(method) else {
            let message = format!("unknown write method `{}`", clean(method));
            let mistake = Diagnostic::in_argument(message, "--write", method, 0..method.len());
            return Err(mistake
                .maybe_help(did_you_mean(method, known))
                .note("`lostwrite list writes` prints all of them")
                .into());
        };
        let scenario = self.writing(write);
        refusals::of_override(&scenario, method)?;
        Ok(scenario)
    }

    /// The same scenario with every worker reading there (`--read`). Unless it names processes
    /// itself, workers that read from a cache share one: the loops of one controller manager.
    #[must_use]
    pub fn with_read(&self, reader: Reader) -> Scenario {
        let mut scenario = self.clone();
        for worker in &mut scenario.workers {
            worker.read = reader;
            worker.steps.iter_mut().for_each(|steps| steps.reading(reader));
        }
        if reader == Reader::Cache {
            scenario.share_a_process();
        }
        scenario
    }

    /// The same scenario with every worker writing by this method, whether the server takes it or
    /// not. Workers whose method shares an object in memory share a process.
    #[must_use]
    pub(crate) fn writing(&self, method: &'static dyn WriteMethod) -> Scenario {
        let mut scenario = self.clone();
        let name = method.name();
        for worker in &mut scenario.workers {
            if !worker.cache_write {
                worker.write = name.to_owned();
            }
            worker.steps.iter_mut().for_each(|steps| steps.writing(method));
        }
        if method.is_shared() {
            scenario.share_a_process();
        }
        scenario
    }

    /// Puts all workers into one process, unless the scenario names processes itself.
    fn share_a_process(&mut self) {
        if !self.controllers.is_empty() {
            return;
        }
        let names_processes = self.workers.iter().any(|worker| worker.process != worker.name);
        let Some(first) = self.workers.first().filter(|_| !names_processes) else { return };
        let process = first.process.clone();
        self.workers.iter_mut().for_each(|worker| worker.process = process.clone());
    }
}

fn one(
    source: &Arc<SourceText>,
    document: &Document,
    file: Option<String>,
    files: &dyn Files,
) -> Result<Scenario, Vec<Diagnostic>> {
    let root = &document.root;
    if let Some(mistake) = manifest::instead_of_scenario(source, root) {
        return Err(vec![mistake]);
    }
    let mistakes = shape::check(source, root, &SCHEMA);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let expanded = controllers::expand(source, root)?;
    let root = expanded.as_ref().map_or(root, |expanded| &expanded.root);
    let replicas = expanded.as_ref().map_or(&[][..], |expanded| &expanded.replicas);
    let parsed: ScenarioFile = serde_json::from_value(without_nulls(root)).map_err(|error| {
        vec![Diagnostic::error(format!("cannot read this scenario: {error}")).at(
            source,
            root.mark(),
            "",
        )]
    })?;
    let from = Source {
        name: source.name.clone(),
        file,
        text: source.text[document.range.clone()].to_owned(),
        first_line: source.line_of(document.range.start),
        files: Vec::new(),
    };
    let files = Remembering { files, read: RefCell::default() };
    let checker = Checker { source, root, file: parsed, replicas, mistakes: Vec::new() };
    let mut scenario = checker.scenario(from, &files).map_err(said_once)?;
    scenario.source.files = files.read.into_inner();
    Ok(scenario)
}

/// Files, and what was read of them.
struct Remembering<'f> {
    files: &'f dyn Files,
    read: RefCell<Vec<(String, String)>>,
}

impl Files for Remembering<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.files.read(path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.read.borrow_mut().push((path.to_owned(), text));
        Ok(bytes)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.files.list(path)
    }

    fn shown(&self, path: &str) -> String {
        self.files.shown(path)
    }

    fn near(&self, path: &str) -> Vec<String> {
        self.files.near(path)
    }
}

/// What is wrong with a worker is said once, though each replica has it.
fn said_once(mistakes: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut said = BTreeSet::new();
    mistakes.into_iter().filter(|mistake| said.insert(mistake.to_string())).collect()
}

fn twice(source: &Arc<SourceText>, document: &Document, name: &str) -> Diagnostic {
    let node = document.root.get("metadata").and_then(|metadata| metadata.get("name"));
    let place = node.map_or(document.root.mark(), Node::mark);
    Diagnostic::error(format!("two scenarios of this file are named `{}`", clean(name)))
        .at(source, place, "")
        .help("give each a name of its own")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::Subresource;
    use crate::reconcilers::{Attempts, ValueExpr};
    use crate::scenario::Expect;
    use serde_json::json;

    const CRD: &str = include_str!("../../scenarios/crds/widget.crd.yaml");

    struct One(String);

    impl Files for One {
        fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
            Ok(self.0.clone().into_bytes())
        }

        fn shown(&self, path: &str) -> String {
            path.to_owned()
        }

        fn near(&self, _path: &str) -> Vec<String> {
            Vec::new()
        }
    }

    fn load(text: &str) -> Vec<Scenario> {
        let source = SourceText::new("test.yaml", text);
        Scenario::load(&source, None, &One(CRD.to_owned())).unwrap_or_else(|e| panic!("{e}"))
    }

    const PLAIN: &str = "
apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: { name: plain }
crds: [widget.crd.yaml]
objects:
  - { apiVersion: demo.example.com/v1, kind: Widget, metadata: { name: demo } }
workers:
  - name: health
    write: merge-patch
    sets:
      status.ready: true
      status.phase: null
      \"status.conditions[type=Ready]\":
        { status: \"True\", observedGeneration: { $read: metadata.generation } }
  - { name: user, write: update, sets: { spec.replicas: { $add: 1 } }, attempts: unlimited }
";

    #[test]
    fn defaults_are_filled_in() {
        let scenario = load(PLAIN).remove(0);
        let [health, user] = scenario.workers.as_slice() else { panic!("two workers") };
        assert_eq!(health.subresource, Some(Subresource::Status));
        assert_eq!(user.subresource, None);
        assert_eq!((health.process.as_str(), user.field_manager.as_str()), ("health", "user"));
        assert_eq!(health.attempts, Attempts::AtMost(5));
        assert_eq!(user.attempts, Attempts::Unlimited);
        assert_eq!(health.object.namespace.as_deref(), Some("default"));
        assert_eq!((health.read, health.retry_read), (Reader::Live, Some(Reader::Live)));
        assert_eq!(scenario.properties, ["no-lost-write"]);
        assert_eq!(scenario.expect, Expect::Unstated);
        assert_eq!(health.write_line, 10);
    }

    #[test]
    fn an_expression_in_an_entry_becomes_a_field_of_its_own() {
        let scenario = load(PLAIN).remove(0);
        let sets: Vec<(String, ValueExpr)> = scenario.workers[0]
            .sets
            .iter()
            .map(|(path, value)| (path.to_string(), value.clone()))
            .collect();
        let generation = "metadata.generation".parse().unwrap();
        assert_eq!(
            sets,
            [
                ("status.ready".to_owned(), ValueExpr::Literal(json!(true))),
                ("status.phase".to_owned(), ValueExpr::Remove),
                (
                    "status.conditions[type=Ready].status".to_owned(),
                    ValueExpr::Literal(json!("True"))
                ),
                (
                    "status.conditions[type=Ready].observedGeneration".to_owned(),
                    ValueExpr::Read(generation)
                ),
            ]
        );
    }

    #[test]
    fn several_documents_and_json_are_scenarios() {
        let second = PLAIN.replace("name: plain", "name: other");
        let both = load(&format!("{PLAIN}---{second}"));
        assert_eq!(both.len(), 2);
        assert_eq!(both[1].source.first_line, PLAIN.lines().count() + 1);
        assert!(both[1].source.text.contains("name: other"));
        assert!(!both[1].source.text.contains("name: plain"));
        let source = SourceText::new("t", PLAIN);
        let value = yaml::parse(&source).unwrap()[0].root.to_value();
        let json = load(&serde_json::to_string_pretty(&value).unwrap()).remove(0);
        assert_eq!(json.fingerprint(), both[0].fingerprint());
    }

    #[test]
    fn the_fingerprint_is_of_the_meaning() {
        let scenario = load(PLAIN).remove(0);
        let same = PLAIN
            .replace("metadata: { name: plain }", "# a comment\nmetadata: { name: renamed }")
            .replace("status.ready: true", "status.ready: true   # mine")
            .replace("crds:", "description: Something.\nexpect: lost\ncrds:")
            .replace("name: user, write: update", "write: update, read: live, name: user");
        assert_eq!(load(&same).remove(0).fingerprint(), scenario.fingerprint());
        for other in [
            PLAIN.replace("merge-patch", "apply"),
            PLAIN.replace("ready: true", "ready: false"),
            PLAIN.replace("unlimited", "4"),
            PLAIN.replace("crds:", "faults: { crashes: 1 }\ncrds:"),
            PLAIN.replace("name: demo }", "name: demo2 }"),
        ] {
            assert_ne!(load(&other).remove(0).fingerprint(), scenario.fingerprint());
        }
        assert_ne!(scenario.with_read(Reader::Cache).fingerprint(), scenario.fingerprint());
        assert_eq!(scenario.short_fingerprint().len(), 4);
    }

    #[test]
    fn a_folder_s_other_files_are_not_meant() {
        assert!(Scenario::is_meant_by(PLAIN.as_bytes()));
        assert!(Scenario::is_meant_by(b"{\"apiVersion\": \"lostwrite.dev/v1\"}"));
        assert!(Scenario::is_meant_by(b"apiVersion: lostwrite.dev/v1alpha1\nworkers: [\n"));
        assert!(!Scenario::is_meant_by(CRD.as_bytes()));
        assert!(!Scenario::is_meant_by(json_schema().to_string().as_bytes()));
        assert!(!Scenario::is_meant_by(b"\xff\xfe"));
    }

    #[test]
    fn a_kind_may_have_two_versions() {
        let version = CRD.split("    - name: v1\n").nth(1).unwrap();
        let old = version.replace("storage: true", "storage: false");
        let crd = format!("{CRD}    - name: v1beta1\n{old}");
        let text = PLAIN.replace("demo.example.com/v1,", "demo.example.com/v1beta1,");
        // A method that never tries a second time has no use for them.
        let text = text.replace(", attempts: unlimited", "");
        let source = SourceText::new("test.yaml", text);
        let scenarios = Scenario::load(&source, None, &One(crd)).unwrap_or_else(|e| panic!("{e}"));
        assert!(scenarios[0].warnings.is_empty(), "{}", scenarios[0].warnings[0]);
    }
}
