//! The cluster of a scenario before its first step: its kinds and its objects.
//!
//! Made by the modelled API server itself, so that what is wrong with a CRD or an object is said in
//! the server's own words, at the place in the user's text. Next to read: `probe.rs`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::crds::Crd;
use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::suggest::did_you_mean;
use crate::apiserver::{ApiServer, Cause, Config, Kind, Status};

/// An API server with everything installed, and the objects in the order of the file.
#[derive(Debug)]
pub struct Cluster {
    /// The server.
    pub server: ApiServer,
    /// The objects.
    pub objects: Vec<Seeded>,
}

/// An object that is there before the first step.
#[derive(Debug)]
pub struct Seeded {
    /// Its kind.
    pub kind: Arc<Kind>,
    /// Its identity.
    pub key: crate::apiserver::Key,
}

impl Seeded {
    /// `Kind/name`, or `Kind/namespace/name`, as a worker's `object` names it.
    pub fn reference(&self) -> String {
        match &self.key.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind.kind, self.key.name),
            None => format!("{}/{}", self.kind.kind, self.key.name),
        }
    }
}

/// Installs the CRDs, then puts the objects there.
pub fn build(
    source: &Arc<SourceText>,
    crds: &[Crd],
    objects: &[Node],
) -> Result<Cluster, Vec<Diagnostic>> {
    let mut server = ApiServer::new(Config::default());
    let mut mistakes = Vec::new();
    for crd in crds {
        if let Some(mistake) = misnamed(crd) {
            mistakes.push(mistake);
        } else if let Err(status) = server.install_crd(&crd.value, 0) {
            mistakes.extend(refused(
                &crd.source,
                &crd.node,
                "this CustomResourceDefinition",
                &status,
            ));
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut cluster = Cluster { server, objects: Vec::new() };
    for node in objects {
        if let Err(found) = seed(source, node, &mut cluster) {
            mistakes.extend(found);
        }
    }
    if mistakes.is_empty() { Ok(cluster) } else { Err(mistakes) }
}

fn misnamed(crd: &Crd) -> Option<Diagnostic> {
    let text = |at: &Value| at.as_str().unwrap_or_default().to_owned();
    let spec = &crd.value["spec"];
    let wanted = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    let name = crd.node.get("metadata")?.get("name")?;
    (name.as_str() != Some(&wanted)).then(|| {
        Diagnostic::error("a CustomResourceDefinition is named after its plural and group")
            .at(&crd.source, name.mark(), "")
            .help(format!("name it `{}`", clean(&wanted)))
    })
}

fn seed(
    source: &Arc<SourceText>,
    node: &Node,
    cluster: &mut Cluster,
) -> Result<(), Vec<Diagnostic>> {
    let object = node.to_value();
    let kind = kind_of(source, node, &cluster.server).map_err(|mistake| vec![mistake])?;
    let name = node.get("metadata").and_then(|metadata| metadata.get("name"));
    let place = name.unwrap_or(node).mark();
    let what =
        format!("`{}/{}`", kind.kind, clean(object["metadata"]["name"].as_str().unwrap_or("")));
    match cluster.server.seed_object(&object, 0) {
        Ok(key) => {
            cluster.objects.push(Seeded { kind, key });
            Ok(())
        }
        Err(status) if status.reason == Some("AlreadyExists") => {
            Err(vec![Diagnostic::error(format!("{what} is defined twice")).at(source, place, "")])
        }
        Err(status) => Err(refused(source, node, &what, &status)),
    }
}

fn kind_of(
    source: &Arc<SourceText>,
    node: &Node,
    server: &ApiServer,
) -> Result<Arc<Kind>, Diagnostic> {
    let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default();
    let (version, name) = (text("apiVersion"), text("kind"));
    let kinds = server.kinds();
    let named: Vec<_> = kinds.iter().filter(|kind| kind.kind == name).collect();
    if let Some(kind) = named.iter().find(|kind| kind.api_version() == version) {
        return Ok(Arc::clone(kind));
    }
    let mark = |key: &str| node.get(key).unwrap_or(node).mark();
    if let Some(kind) = named.first() {
        let message = format!("there is no `{}` in version `{}`", clean(name), clean(version));
        return Err(Diagnostic::error(message)
            .at(source, mark("apiVersion"), "")
            .help(format!("its apiVersion is `{}`", kind.api_version())));
    }
    // Two groups have an Event, two versions an autoscaler.
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    Err(Diagnostic::error(format!("unknown kind `{}`", clean(name)))
        .at(source, mark("kind"), "")
        .maybe_help(did_you_mean(name, names.iter().copied()))
        .note(format!("the known kinds are {}", Vec::from_iter(names).join(", ")))
        .note(
            "a custom resource needs its CustomResourceDefinition under `crds`, or a line under \
             `kinds`",
        ))
}

/// What the server said of an object or a CRD, cause by cause, each at its field.
fn refused(source: &Arc<SourceText>, node: &Node, what: &str, status: &Status) -> Vec<Diagnostic> {
    let code = status.code.unwrap_or(500);
    let message = format!("the API server refuses {what}");
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut seen: Vec<&Cause> = Vec::new();
    let mut mistakes = Vec::new();
    for cause in causes {
        if seen.contains(&cause) {
            continue;
        }
        seen.push(cause);
        let field = cause.field.as_deref().unwrap_or_default();
        let said = cause.message.as_deref().unwrap_or_default();
        let (place, found) = locate(node, field);
        let quotable = said.contains("of type string") && is_unquoted(found);
        let help = quotable.then(|| quoted(source, &place));
        let text = format!("{field}: {said}");
        let mistake = Diagnostic::error(message.as_str()).answered(source, place, code, &text);
        mistakes.push(mistake.maybe_help(help));
    }
    if mistakes.is_empty() {
        let said = status.message.as_deref().unwrap_or_default();
        mistakes.push(Diagnostic::error(message).answered(source, node.mark(), code, said));
    }
    mistakes
}

/// Whether YAML took a word for something else than a string.
pub fn is_unquoted(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Bool(_) | NodeKind::Number(_))
}

/// The help that turns such a word into a string.
pub fn quoted(source: &SourceText, place: &Range<usize>) -> String {
    let written = source.text.get(place.clone()).unwrap_or_default();
    format!("put quotes around it: \"{}\"", clean(written))
}

/// The place of a field that the server names (`spec.versions[0].name`): its value if that is a
/// scalar, else its key, else the nearest thing above it that the text has; and what stands there.
pub fn locate<'n>(node: &'n Node, field: &str) -> (Range<usize>, &'n Node) {
    let mut here = node;
    let mut place = node.mark();
    // The server sees what all versions have in common above them.
    let field = [
        ("spec.validation.", "spec.versions[0].schema."),
        ("spec.subresources.", "spec.versions[0].subresources."),
        ("spec.additionalPrinterColumns[", "spec.versions[0].additionalPrinterColumns["),
        ("spec.conversion.webhookClientConfig", "spec.conversion.webhook"),
    ]
    .into_iter()
    .find_map(|(above, there)| Some(format!("{there}{}", field.strip_prefix(above)?)))
    .unwrap_or_else(|| field.to_owned());
    for token in field.split(['.', '[', ']']).filter(|token| !token.is_empty()) {
        let token = token.trim_matches('"');
        let index = token.parse().ok();
        if let Some((key, value)) = here.entry(token) {
            (here, place) = (value, key.span.clone());
        } else if let Some(item) = index.and_then(|index: usize| here.items().get(index)) {
            (here, place) = (item, item.mark());
        } else {
            return (place, here);
        }
    }
    match here.kind {
        NodeKind::Map(_) | NodeKind::List(_) => (place, here),
        _ if here.span.is_empty() => (place, here),
        _ => (here.mark(), here),
    }
}
