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
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        read_bounded(&self.folder.join(path), Bounds::MANIFEST)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
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

/// At most so many bytes and one, whatever the path names.
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

/// The CRDs that the entries of `crds` name; what else stands in their files is skipped.
pub fn read(
    source: &Arc<SourceText>,
    entries: &[Node],
    files: &dyn Files,
) -> Result<Vec<Crd>, Vec<Diagnostic>> {
    let (mut crds, mut mistakes) = (Vec::new(), Vec::new());
    for entry in entries {
        match &entry.kind {
            NodeKind::String(path) => match from_path(source, entry, path, files) {
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
) -> Result<Vec<Crd>, Box<Diagnostic>> {
    let unreadable = |path: &str, why: String| {
        let near = files.near(path);
        let meant = suggest::did_you_mean(path, near.iter().map(String::as_str));
        Diagnostic::error(format!("cannot read the CRD `{}`: {why}", clean(path)))
            .at(source, entry.mark(), "")
            .maybe_help(meant)
            .note("paths are relative to the folder of the scenario")
    };
    let (mut crds, mut skipped) = (Vec::new(), Vec::new());
    for file in files.list(path).map_err(|why| unreadable(path, why))? {
        let bytes = files.read(&file).map_err(|why| unreadable(&file, why))?;
        let text = yaml::decode_within(&files.shown(&file), bytes, Bounds::MANIFEST)?;
        let mut manifest = manifests::objects(&text, &is_crd)?;
        skipped.append(&mut manifest.skipped);
        crds.extend(manifest.objects.into_iter().map(|node| Crd {
            source: text.clone(),
            value: node.to_value(),
            node,
        }));
    }
    if crds.is_empty() {
        let shown = clean(&files.shown(path));
        let mistake = Diagnostic::error(format!("there is no CRD in `{shown}`"));
        let mistake = mistake.at(source, entry.mark(), "");
        return Err(Box::new(match skipped.is_empty() {
            true => mistake,
            false => mistake.note(format!("it holds {}", manifests::tally(&skipped))),
        }));
    }
    Ok(crds)
}

/// Whether an object of a manifest is a definition, in a version that a cluster still takes.
fn is_crd(node: &Node) -> bool {
    node.get("kind").and_then(Node::as_str) == Some("CustomResourceDefinition")
}
