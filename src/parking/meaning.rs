//! What a write of real code meant: what it sent, beside what its author had been given.
//!
//! Nobody says it. But every version that the author has ever been given is known here: the *basis*
//! is the one to which the request, applied to it, does the least (of equal ones the latest), and
//! what it does to that one is what is meant. A scalar that a patch names is meant even where it
//! changes nothing. Next to read: `verdict.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::step::Exchange;
use crate::apiserver::patch;
use crate::apiserver::{Kind, PatchKind, Revision, Verb};
use crate::history::{Difference, Found, LeafPath, Lists, Meant, Part, Want, difference, is_empty};

/// What a write meant, and what it was made of.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// The version it was built from; 0 if its author knew none.
    pub basis: Revision,
    /// The uid of that object.
    pub uid: Option<String>,
    /// The leaves it meant.
    pub meant: Vec<Meant>,
}

/// What a write meant, to an author who had been given these versions of the object, oldest first.
pub fn infer(write: &Exchange, kind: &Kind, known: &[Arc<Value>]) -> Meaning {
    let lists = Lists::of(kind);
    let body: Value = serde_json::from_slice(&write.http.body).unwrap_or_default();
    if matches!(write.verb, Verb::Delete | Verb::DeleteCollection) {
        let last = known.last();
        return Meaning { basis: revision(last), uid: uid(last), meant: Vec::new() };
    }
    let around: Vec<&Value> =
        [&write.before, &write.after].into_iter().flatten().map(Arc::as_ref).collect();
    let scoped = |leaf: &LeafPath| in_scope(leaf, write.subresource.as_deref(), kind);
    let on = |basis: Option<&Arc<Value>>| {
        let given = basis.map(|basis| Value::clone(basis));
        let made = applied(write, kind, given.as_ref().unwrap_or(&Value::Null), &body)?;
        let mut found = difference(&lists, given.as_ref(), Some(&made), &around);
        found.retain(|it| scoped(&it.path));
        Some(found)
    };
    let explicit = matches!(write.verb, Verb::Create) || write.patch == Some(PatchKind::Apply);
    let mut best: Option<(Vec<Difference>, Option<&Arc<Value>>)> = None;
    if explicit {
        let all = lists.leaves(&body, &around).into_iter().filter(|(path, _)| !is_name(path));
        let all = all.map(|(path, after)| Difference { path, before: None, after: Some(after) });
        best = Some((all.filter(|it| scoped(&it.path)).collect(), known.last()));
    } else {
        for basis in known.iter().rev() {
            let Some(found) = on(Some(basis)) else { continue };
            if best.as_ref().is_none_or(|(least, _)| found.len() < least.len()) {
                best = Some((found, Some(basis)));
            }
        }
    }
    let best = best.or_else(|| on(None).map(|found| (found, None)));
    let Some((found, basis)) = best else { return Meaning::default() };
    let mut meant: Vec<Meant> = found
        .into_iter()
        .map(|it| Meant::literal(it.path, it.after.as_ref().map_or(Want::Absent, Want::of)))
        .collect();
    if matches!(write.patch, Some(PatchKind::Merge | PatchKind::Strategic)) {
        let mut named = Vec::new();
        scalars(&mut Vec::new(), &body, &mut named);
        // As the schema reads it: a quantity has many spellings.
        let read = lists.leaves(&body, &around);
        for (leaf, want) in named {
            let want = read.get(&leaf).filter(|_| want != Want::Absent).map_or(want, Want::of);
            let said = meant.iter().any(|it| it.leaf == leaf);
            if !said && scoped(&leaf) && !is_name(&leaf) {
                meant.push(Meant::literal(leaf, want));
            }
        }
    }
    Meaning { basis: revision(basis), uid: uid(basis), meant }
}

/// The object that the author expects: the request, applied to the version it was given.
fn applied(write: &Exchange, kind: &Kind, basis: &Value, body: &Value) -> Option<Value> {
    match (write.verb, write.patch) {
        (Verb::Update, _) => Some(body.clone()),
        (Verb::Patch, Some(PatchKind::Merge)) => patch::merge(basis, body).ok(),
        (Verb::Patch, Some(PatchKind::Json)) => patch::json(basis, body).ok(),
        (Verb::Patch, Some(PatchKind::Strategic)) => {
            patch::strategic(&kind.schema, basis, body).ok()
        }
        _ => None,
    }
}

/// Whether the endpoint takes this leaf at all.
fn in_scope(leaf: &LeafPath, subresource: Option<&str>, kind: &Kind) -> bool {
    let status = matches!(leaf.parts().first(), Some(Part::Field(name)) if name == "status");
    match subresource {
        Some("status") => status,
        Some(_) => true,
        None => !(status && kind.status_subresource),
    }
}

/// Whether the leaf says which object is meant, and nothing of it.
fn is_name(leaf: &LeafPath) -> bool {
    let [Part::Field(root), Part::Field(field)] = leaf.parts() else { return false };
    root == "metadata" && matches!(field.as_str(), "name" | "namespace" | "generateName")
}

/// The scalars and nulls of a patch, outside of lists.
fn scalars(at: &mut Vec<Part>, patch: &Value, found: &mut Vec<(LeafPath, Want)>) {
    match patch {
        Value::Object(fields) => {
            for (key, inner) in fields.iter().filter(|(key, _)| !key.starts_with('$')) {
                at.push(Part::Field(key.clone()));
                scalars(at, inner, found);
                at.pop();
            }
        }
        Value::Array(_) => {}
        value => {
            let servers = matches!(at.first(), Some(Part::Field(root)) if at.len() == 1
                && (root == "apiVersion" || root == "kind"));
            let counted = matches!(at.as_slice(), [Part::Field(root), Part::Field(field)]
                if root == "metadata" && matches!(field.as_str(), "resourceVersion" | "uid"));
            if !servers && !counted {
                let want = if is_empty(value) {
                    Want::Absent
                } else {
                    Want::of(&Found::Is(value.clone()))
                };
                found.push((LeafPath::new(at.clone()), want));
            }
        }
    }
}

fn revision(object: Option<&Arc<Value>>) -> Revision {
    let text = object.and_then(|object| object["metadata"]["resourceVersion"].as_str());
    Revision(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn uid(object: Option<&Arc<Value>>) -> Option<String> {
    object.and_then(|object| object["metadata"]["uid"].as_str()).map(str::to_owned)
}
