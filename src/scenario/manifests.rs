//! Manifest files: definitions and objects as projects publish them.
//!
//! One path may be a file, a folder or a glob; a file holds one object, several YAML documents, or
//! a List, and is larger than a scenario may be. What was not asked for in it is let go at once,
//! document by document. Next to read: `crds.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::yaml::{self, Bounds};

/// The files at a path, in order: it, or those in the folder, or those that the glob means.
pub fn expand(path: &Path) -> Result<Vec<PathBuf>, String> {
    let text = path.to_string_lossy();
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| error.to_string())?;
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut files: Vec<PathBuf> =
            files.filter(|file| is_manifest(file) && file.is_file()).collect();
        files.sort();
        return match files.is_empty() {
            true => Err("the folder has no .yaml, .yml or .json file".to_owned()),
            false => Ok(files),
        };
    }
    if !is_glob(&text) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&text).map_err(|error| error.to_string())?;
    let mut files: Vec<PathBuf> = found.flatten().filter(|file| file.is_file()).collect();
    files.sort();
    if files.is_empty() { Err("no file matches".to_owned()) } else { Ok(files) }
}

/// The same among files that are no files of a disk, such as those of a recording.
#[cfg(any(test, feature = "cli"))]
pub fn pick<'p>(path: &str, all: impl Iterator<Item = &'p str>) -> Vec<String> {
    let all: Vec<&str> = all.collect();
    if all.contains(&path) {
        return vec![path.to_owned()];
    }
    let folder = path.trim_end_matches('/');
    let pattern = glob::Pattern::new(path).ok().filter(|_| is_glob(path));
    let options = glob::MatchOptions { require_literal_separator: true, ..Default::default() };
    let wanted = |file: &&&str| match &pattern {
        Some(pattern) => pattern.matches_with(file, options),
        None => Path::new(file).parent() == Some(Path::new(folder)),
    };
    let mut picked: Vec<String> =
        all.iter().filter(wanted).map(|file| (*file).to_owned()).collect();
    picked.sort();
    if picked.is_empty() { vec![path.to_owned()] } else { picked }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn is_manifest(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// What a manifest file holds.
#[derive(Debug, Default)]
pub struct Manifest {
    /// The objects that are wanted, those of Lists among them.
    pub objects: Vec<Node>,
    /// The kinds of the others, in the order of the file.
    pub skipped: Vec<String>,
}

/// Reads the objects of a text whose kind is wanted.
pub fn objects(
    source: &Arc<SourceText>,
    wanted: &dyn Fn(&Node) -> bool,
) -> Result<Manifest, Diagnostic> {
    let mut manifest = Manifest::default();
    yaml::each_document(source, Bounds::MANIFEST, &mut |document| {
        if document.root.kind != NodeKind::Null {
            take(document.root, wanted, &mut manifest);
        }
    })?;
    Ok(manifest)
}

fn take(node: Node, wanted: &dyn Fn(&Node) -> bool, manifest: &mut Manifest) {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    let items = node.get("items").is_some_and(|items| matches!(items.kind, NodeKind::List(_)));
    if kind.ends_with("List") && items {
        let items = node.entry("items").map(|(_, items)| items.items().to_vec());
        drop(node);
        for item in items.unwrap_or_default() {
            take(item, wanted, manifest);
        }
    } else if wanted(&node) {
        manifest.objects.push(node);
    } else {
        manifest.skipped.push(clean(if kind.is_empty() { "no kind" } else { kind }));
    }
}

/// What was skipped, for a note: `3 ConfigMap, 1 Role`.
pub fn tally(skipped: &[String]) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for kind in skipped {
        *counts.entry(kind).or_default() += 1;
    }
    let counted = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    counted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_their_items_and_other_kinds_are_counted() {
        let text = "kind: A\n---\n# nothing\n---\nkind: List\nitems:\n- kind: A\n- kind: B\n---\n\
                    {\"kind\": \"B\"}\n";
        let source = SourceText::new("m.yaml", text);
        let is_a = |node: &Node| node.get("kind").and_then(Node::as_str) == Some("A");
        let manifest = objects(&source, &is_a).unwrap();
        assert_eq!(manifest.objects.len(), 2);
        assert_eq!(tally(&manifest.skipped), "2 B");
    }

    #[test]
    fn a_folder_and_a_glob_mean_their_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "c.json", "d.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |path: &Path| {
            expand(path).map(|files| {
                let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
                files.iter().map(name).collect::<Vec<_>>()
            })
        };
        assert_eq!(names(folder.path()).unwrap(), ["a.yml", "b.yaml", "c.json"]);
        assert_eq!(names(&folder.path().join("*.y*ml")).unwrap(), ["a.yml", "b.yaml"]);
        assert_eq!(names(&folder.path().join("d.txt")).unwrap(), ["d.txt"]);
        assert!(names(&folder.path().join("*.x")).is_err());
        let all = ["crds/a.yaml", "crds/b.json", "x.yaml"];
        assert_eq!(pick("crds", all.into_iter()), ["crds/a.yaml", "crds/b.json"]);
        assert_eq!(pick("crds/*.json", all.into_iter()), ["crds/b.json"]);
        assert_eq!(pick("*.yaml", all.into_iter()), ["x.yaml"]);
        assert_eq!(pick("gone.yaml", all.into_iter()), ["gone.yaml"]);
    }
}
