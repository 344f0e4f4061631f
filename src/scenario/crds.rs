//! The CustomResourceDefinitions of a scenario: inline, or real files beside it.
//!
//! Where a file comes from is the caller's business ([`Files`]): the disk for a user's scenario,
//! compiled-in data for a shipped one. Next to read: `validate.rs`.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::yaml::{self, Bounds};
use super::{manifests, shape, suggest};

/// Where the files that a scenario names come from.
pub trait Files {
    /// The bytes of the file at a path relative to the scenario, at most one more than a manifest
    /// may have; or why not, as a fragment such as `no such file`.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The files that a path means, which may be a folder or a glob.
    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        Ok(vec![path.to_owned()])
    }

    /// The path as a user would write it from where he is.
    fn shown(&self, path: &str) -> String;

    /// Names near it, for "did you mean".
    fn near(&self, path: &str) -> Vec<String>;
}

/// Files on the disk, relative to a folder.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The folder of the scenario; empty for the working directory.
    pub folder: PathBuf,
    /// Whether a scenario may name files that are not in its folder.
    pub allow_outside: bool,
}

/// Why a file is not read that a scenario may not name.
const OUTSIDE: &str = "it is outside of the scenario's folder";

impl Disk {
    fn check(&self, path: &str) -> Result<(), String> {
        match self.allow_outside || self.is_inside(path) {
            true => Ok(()),
            false => Err(OUTSIDE.to_owned()),
        }
    }

    /// Whether a path stays in the folder, also where links lead.
    fn is_inside(&self, path: &str) -> bool {
        let leaves = |part: Component<'_>| !matches!(part, Component::Normal(_));
        if without_detours(Path::new(path)).components().any(leaves) {
            return false;
        }
        let current = Path::new(".");
        let folder = if self.folder.as_os_str().is_empty() { current } else { &self.folder };
        match (folder.canonicalize(), self.folder.join(path).canonicalize()) {
            (Ok(folder), Ok(file)) => file.starts_with(folder),
            // What is not there is nowhere.
            _ => true,
        }
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.check(path)?;
        read_bounded(&self.folder.join(path), Bounds::MANIFEST)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        self.check(path)?;
        let files = manifests::expand(&self.folder.join(path))?;
        let named = |file: &PathBuf| {
            let file = file.strip_prefix(&self.folder).unwrap_or(file);
            file.display().to_string()
        };
        Ok(files.iter().map(named).collect())
    }

    fn shown(&self, path: &str) -> String {
        without_detours(&self.folder.join(path)).display().to_string()
    }

    fn near(&self, path: &str) -> Vec<String> {
        let path = Path::new(path);
        let folder = path.parent().unwrap_or(Path::new(""));
        let whole = self.folder.join(folder);
        let whole = if whole.as_os_str().is_empty() { PathBuf::from(".") } else { whole };
        let mut names: Vec<String> = std::fs::read_dir(whole)
            .into_iter()
            .flatten()
            .take(1000)
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .map(|name| folder.join(name).display().to_string())
            .collect();
        names.sort();
        names
    }
}

/// `a/../b` as `b`: what a reader would write.
fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match (part, short.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                short.pop();
            }
            _ => short.push(part),
        }
    }
    short
}

/// At most this many bytes and one, whatever the path names.
pub fn read_bounded(path: &Path, bounds: Bounds) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let fragment = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(fragment)?;
    let mut bytes = Vec::new();
    file.take(bounds.bytes as u64 + 1).read_to_end(&mut bytes).map_err(fragment)?;
    Ok(bytes)
}

/// One CustomResourceDefinition with the place where it was read.
#[derive(Clone, Debug)]
pub struct Crd {
    /// The text it stands in: its file, or the scenario.
    pub source: Arc<SourceText>,
    /// It.
    pub node: Node,
    /// It, as a plain value.
    pub value: Value,
}

/// What every CustomResourceDefinition must have, before a server looks at its schema.
static SHAPE: LazyLock<Value> = LazyLock::new(|| {
    let text = json!({ "type": "string", "minLength": 1 });
    json!({
        "title": "CustomResourceDefinition", "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": { "type": "string", "enum": ["apiextensions.k8s.io/v1"] },
            "kind": { "type": "string", "enum": ["CustomResourceDefinition"] },
            "metadata": {
                "title": "metadata", "type": "object",
                "required": ["name"], "properties": { "name": text },
            },
            "spec": {
                "title": "CRD's spec", "type": "object",
                "required": ["group", "names", "scope", "versions"],
                "properties": {
                    "group": text,
                    "scope": {
                        "title": "scope", "type": "string", "enum": ["Namespaced", "Cluster"],
                    },
                    "names": {
                        "title": "CRD's names", "type": "object", "required": ["kind", "plural"],
                        "properties": {
                            "kind": text, "plural": text, "singular": text, "listKind": text,
                        },
                    },
                    "versions": { "type": "array", "minItems": 1, "maxItems": 20, "items": {
                        "title": "version of a CRD", "type": "object",
                        "required": ["name", "served", "storage", "schema"],
                        "properties": {
                            "name": text,
                            "served": { "type": "boolean" },
                            "storage": { "type": "boolean" },
                            "schema": {
                                "title": "version's schema", "type": "object",
                                "required": ["openAPIV3Schema"],
                                "properties": { "openAPIV3Schema": { "type": "object" } },
                            },
                            "subresources": { "title": "subresources", "type": "object",
                                "properties": { "status": { "type": "object" } } },
                        },
                    }},
                },
            },
        },
    })
});

/// The CRDs that the entries of `crds` name; what else stands in their files is skipped, with a
/// note.
pub fn read(
    source: &Arc<SourceText>,
    entries: &[Node],
    files: &dyn Files,
    notes: &mut Vec<Diagnostic>,
) -> Result<Vec<Crd>, Vec<Diagnostic>> {
    let (mut crds, mut mistakes) = (Vec::new(), Vec::new());
    for entry in entries {
        match &entry.kind {
            NodeKind::String(path) => match from_path(source, entry, path, files, notes) {
                Ok(found) => crds.extend(found),
                Err(mistake) => mistakes.push(*mistake),
            },
            _ => crds.push(Crd {
                source: source.clone(),
                node: entry.clone(),
                value: entry.to_value(),
            }),
        }
    }
    for crd in &crds {
        mistakes.extend(shape::check(&crd.source, &crd.node, &SHAPE).into_iter().map(|mistake| {
            let of_kind = mistake.message.starts_with("`kind`");
            let help = of_kind.then(|| "`crds` takes CustomResourceDefinitions only".to_owned());
            mistake.maybe_help(help)
        }));
    }
    if mistakes.is_empty() { Ok(crds) } else { Err(mistakes) }
}

/// The CRDs of all files that a path means: a file, a folder, a glob.
fn from_path(
    source: &Arc<SourceText>,
    entry: &Node,
    path: &str,
    files: &dyn Files,
    notes: &mut Vec<Diagnostic>,
) -> Result<Vec<Crd>, Box<Diagnostic>> {
    let unreadable = |path: &str, why: String| {
        let near = if why == OUTSIDE { Vec::new() } else { files.near(path) };
        let meant = suggest::did_you_mean(path, near.iter().map(String::as_str));
        let allow = (why == OUTSIDE)
            .then(|| "move it there, or give --allow-outside if you trust the scenario".to_owned());
        Diagnostic::error(format!("cannot read the CRD `{}`: {why}", clean(path)))
            .at(source, entry.mark(), "")
            .maybe_help(meant)
            .maybe_help(allow)
            .note("paths are relative to the folder of the scenario")
    };
    let (mut crds, mut skipped) = (Vec::new(), Vec::new());
    for file in files.list(path).map_err(|why| unreadable(path, why))? {
        let bytes = files.read(&file).map_err(|why| unreadable(&file, why))?;
        let shown = files.shown(&file);
        // Of a file that is something else, no line is shown: a scenario can name any.
        let kind = b"CustomResourceDefinition";
        let is_meant = bytes.windows(kind.len()).any(|window| window == kind);
        let quotes = |mistake: Box<Diagnostic>| match is_meant {
            true => mistake,
            false => {
                let what = format!("`{}` is not a CustomResourceDefinition", clean(&shown));
                Box::new(Diagnostic::error(what).at(source, entry.mark(), ""))
            }
        };
        let text =
            yaml::decode_within(&shown, bytes, Bounds::MANIFEST).map_err(|it| quotes(it.into()))?;
        let mut manifest = manifests::objects(&text, &is_crd).map_err(|it| quotes(it.into()))?;
        skipped.append(&mut manifest.skipped);
        crds.extend(manifest.objects.into_iter().map(|node| Crd {
            source: text.clone(),
            value: node.to_value(),
            node,
        }));
    }
    if crds.is_empty() {
        let shown = clean(&files.shown(path));
        let mistake = Diagnostic::error(format!("`{shown}` contains no CustomResourceDefinition"));
        let mistake = mistake.at(source, entry.mark(), "");
        return Err(Box::new(match skipped.is_empty() {
            true => mistake,
            false => mistake.note(format!("it holds {}", manifests::tally(&skipped))),
        }));
    }
    if !skipped.is_empty() {
        let (shown, kinds) = (clean(&files.shown(path)), manifests::tally(&skipped));
        notes.push(Diagnostic::remark(format!("skipped in {shown}: {kinds}")));
    }
    Ok(crds)
}

/// Whether an object of a manifest is a definition, in a version that a cluster still takes.
fn is_crd(node: &Node) -> bool {
    node.get("kind").and_then(Node::as_str) == Some("CustomResourceDefinition")
}
