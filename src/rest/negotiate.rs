//! Content types: what a body is, and in which form an answer is wanted.

use crate::apiserver::{Kind, PatchKind, Status, Verb};

use super::query::Query;
use super::{HttpRequest, protobuf};

/// What every endpoint reads and writes. (Protobuf is named, as by a real server, for custom
/// resources as well, of which it cannot be had.)
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// In which forms events come.
const STREAMED: &str =
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// The text form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Yaml,
    Protobuf,
}

/// What of an object an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All of it.
    Whole,
    /// Only its metadata.
    Metadata,
    /// Only the metadata of each item of a list.
    MetadataList,
    /// A row of a table, as kubectl prints it.
    Table,
}

/// What of an object a table's row carries along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    Metadata,
    Object,
    None,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    pub format: Format,
    pub shape: Shape,
    /// Whether the shape is wanted in its older version, which differs in nothing but its name.
    pub beta: bool,
    pub include: Include,
}

/// The form that the Accept header asks for, or 406.
pub(crate) fn output(
    http: &HttpRequest,
    query: &Query,
    verb: Verb,
    kind: &Kind,
) -> Result<Media, Box<Status>> {
    let accept = http.header("accept").unwrap_or_default();
    let include = match query.get("includeObject") {
        Some("Object") => Include::Object,
        Some("None") => Include::None,
        _ => Include::Metadata,
    };
    let plain = Media { format: Format::Json, shape: Shape::Whole, beta: false, include };
    if accept.trim().is_empty() {
        return Ok(plain);
    }
    let watch = verb == Verb::Watch;
    let streamed = |media: &Media| !watch || media.format != Format::Yaml;
    let can = |media: &Media| match (media.format, media.shape) {
        (Format::Protobuf, Shape::Whole) => protobuf::speaks(kind),
        (Format::Protobuf, shape) => shape != Shape::Table,
        _ => true,
    };
    let clauses = accept.split(',').filter_map(|clause| acceptable(clause.trim(), plain));
    let found = clauses.into_iter().find(can);
    let accepted = if watch { STREAMED } else { ACCEPTED };
    found.filter(streamed).ok_or_else(|| Status::not_acceptable(accepted))
}

fn acceptable(clause: &str, plain: Media) -> Option<Media> {
    let mut parts = clause.split(';').map(str::trim);
    let format = match parts.next()? {
        "application/json" | "*/*" | "application/*" => Format::Json,
        "application/yaml" => Format::Yaml,
        protobuf::MEDIA_TYPE => Format::Protobuf,
        _ => return None,
    };
    let mut shape = None;
    let (mut group, mut version) = ("", "");
    for part in parts {
        match part.split_once('=') {
            Some(("as", name)) => shape = Some(name.trim()),
            Some(("g", name)) => group = name.trim(),
            Some(("v", name)) => version = name.trim(),
            _ => {}
        }
    }
    let shape = match shape {
        None => Shape::Whole,
        Some(_) if group != "meta.k8s.io" || !matches!(version, "v1" | "v1beta1") => return None,
        Some("Table") => Shape::Table,
        Some("PartialObjectMetadata") => Shape::Metadata,
        Some("PartialObjectMetadataList") => Shape::MetadataList,
        Some(_) => return None,
    };
    Some(Media { format, shape, beta: version == "v1beta1", ..plain })
}

/// 415 for another content type than a POST or PUT may have.
pub(crate) fn check_input(content_type: &str, kind: &Kind) -> Result<(), Box<Status>> {
    match content_type {
        "" | "application/json" | "application/yaml" => Ok(()),
        protobuf::MEDIA_TYPE if protobuf::speaks(kind) => Ok(()),
        _ => Err(Status::unsupported_media_type(ACCEPTED)),
    }
}

/// The kind of a patch by its content type, or 415.
pub(crate) fn patch_kind(content_type: &str, kind: &Kind) -> Result<PatchKind, Box<Status>> {
    const CUSTOM: &str = "application/json-patch+json, application/merge-patch+json, \
                          application/apply-patch+yaml";
    const BUILT_IN: &str = "application/json-patch+json, application/merge-patch+json, \
                            application/strategic-merge-patch+json, application/apply-patch+yaml";
    let strategic = kind.strategy.takes(PatchKind::Strategic);
    match content_type {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        "application/strategic-merge-patch+json" if strategic => Ok(PatchKind::Strategic),
        _ => Err(Status::unsupported_media_type(if strategic { BUILT_IN } else { CUSTOM })),
    }
}

/// The media type of the body, without parameters.
pub(crate) fn content_type(http: &HttpRequest) -> String {
    let header = http.header("content-type").unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
