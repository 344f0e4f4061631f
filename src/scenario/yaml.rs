//! Text to [`Node`]s: YAML 1.2 (so JSON too), read as kubectl reads it, with bounds.
//!
//! The parser hands out events with byte ranges; scalars get their types in `scalar.rs`. A text
//! may be hostile: its size, its depth, the number of values and the bytes that aliases unfold to
//! are bounded, so that reading it takes bounded time and memory. Left out: keys that are not
//! scalars, tags other than YAML's own, infinities, because no API object has them.
//! Next to read: `shape.rs`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_saphyr::granit_parser::{self as granit, Event, Parser, ScalarStyle, Tag};

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Key, Node, NodeKind};
use super::scalar;
use super::unreadable::unreadable;

/// The maximum of bytes of a text: what an API server accepts as one request.
pub const MAX_BYTES: usize = 3 * 1024 * 1024;
/// The maximum of values, aliases unfolded.
pub const MAX_VALUES: usize = 200_000;
/// What may be read of a text.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The maximum of bytes.
    pub bytes: usize,
    /// The maximum of values, aliases unfolded.
    pub values: usize,
}

impl Bounds {
    /// A scenario, or what goes over the wire.
    pub const TEXT: Bounds = Bounds { bytes: MAX_BYTES, values: MAX_VALUES };
    /// A manifest file as projects publish it, with all of their definitions.
    pub const MANIFEST: Bounds = Bounds { bytes: 16 * 1024 * 1024, values: 2_000_000 };
}

/// The maximum of levels.
pub const MAX_DEPTH: usize = 64;
/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its root.
    pub root: Node,
    /// The bytes of the text that belong to it, comments before it included.
    pub range: Range<usize>,
}

/// Bytes to text, or where they stop being UTF-8.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<Arc<SourceText>, Diagnostic> {
    decode_within(name, bytes, Bounds::TEXT)
}

/// The same within other bounds.
pub fn decode_within(
    name: &str,
    bytes: Vec<u8>,
    bounds: Bounds,
) -> Result<Arc<SourceText>, Diagnostic> {
    if bytes.len() > bounds.bytes {
        return Err(too_long(name, bytes.len(), bounds));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = SourceText::new(name, text);
            Err(Diagnostic::error("this file is not UTF-8 text")
                .at(&source, at..at + 3, "invalid UTF-8")
                .help("save the file as UTF-8"))
        }
    }
}

fn too_long(name: &str, bytes: usize, bounds: Bounds) -> Diagnostic {
    Diagnostic::error(format!("`{}` is too long to be read", clean(name)))
        .note(format!("it has {bytes} bytes; at most {} are read", bounds.bytes))
}

/// The documents of a text; empty ones are left out, as kubectl does.
pub fn parse(source: &Arc<SourceText>) -> Result<Vec<Document>, Diagnostic> {
    let mut documents: Vec<Document> = Vec::new();
    each_document(source, Bounds::TEXT, &mut |document| {
        if let Some(last) = documents.last_mut() {
            last.range.end = last.range.end.min(document.range.start);
        }
        documents.push(document);
    })?;
    documents.retain(|document| document.root.kind != NodeKind::Null);
    Ok(documents)
}

/// Hands over each document, empty ones too, and keeps none. A document's range reaches to the end
/// of the text.
pub fn each_document(
    source: &Arc<SourceText>,
    bounds: Bounds,
    take: &mut dyn FnMut(Document),
) -> Result<(), Diagnostic> {
    let text = source.text.as_str();
    if text.len() > bounds.bytes {
        return Err(too_long(&source.name, text.len(), bounds));
    }
    let limit = MAX_DEPTH + 8;
    let options = granit::options! {
        emit_comments: false,
        flow_nesting_limit: limit,
        block_nesting_limit: limit,
    };
    // JSON may be indented with tabs, YAML may not; outside of strings they are spaces.
    let spaced = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    let spaced = (spaced && text.contains('\t')).then(|| text.replace('\t', " "));
    let input = spaced.as_deref().unwrap_or(text);
    let mut reader = Reader {
        source,
        parser: Parser::new_from_str_with_options(input, options),
        left: Budget::new(bounds),
    };
    reader.documents(take)
}

/// What may still be made of a text.
struct Budget {
    bounds: Bounds,
    values: usize,
    string_bytes: usize,
    anchors: BTreeMap<usize, Node>,
}

impl Budget {
    fn new(bounds: Bounds) -> Self {
        let Bounds { bytes, values } = bounds;
        Budget { bounds, values, string_bytes: 2 * bytes, anchors: BTreeMap::new() }
    }
}

struct Reader<'t> {
    source: &'t Arc<SourceText>,
    parser: Parser<'t, granit::StrInput<'t>>,
    left: Budget,
}

type Result<T, E = Diagnostic> = std::result::Result<T, E>;

impl<'t> Reader<'t> {
    fn error(&self, range: Range<usize>, message: &str) -> Diagnostic {
        Diagnostic::error(message).at(self.source, range, "")
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let start = span.start.byte_offset().unwrap_or(0);
                let end = span.end.byte_offset().unwrap_or(start).max(start);
                Ok((event, start..end))
            }
            Some(Err(error)) => Err(unreadable(self.source, &error)),
            None => {
                let end = self.source.text.len();
                Err(self.error(end..end, "the text ends too early"))
            }
        }
    }

    fn documents(&mut self, take: &mut dyn FnMut(Document)) -> Result<()> {
        let mut first = true;
        let mut begins = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(explicit, _) => {
                    if explicit && !first {
                        begins = span.start;
                    }
                    first = false;
                    self.left.anchors.clear();
                    let (event, span) = self.next()?;
                    let root = self.node(event, span, 0)?;
                    let range = begins..self.source.text.len();
                    take(Document { root, range });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, span: Range<usize>, depth: usize) -> Result<Node> {
        if depth > MAX_DEPTH {
            let mistake = self.error(span, "this is nested too deeply");
            return Err(mistake.note(format!("the limit is {MAX_DEPTH} levels")));
        }
        self.spend(1, 0, &span)?;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(0, text.len(), &span)?;
                (anchor, self.scalar(&text, style, tag.as_deref(), span)?)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", &span)?;
                (anchor, self.list(span, depth)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", &span)?;
                (anchor, self.map(span, depth)?)
            }
            _ => return Err(self.error(span, "a value is missing here")),
        };
        if anchor != 0 {
            let (values, string_bytes, _) = node.weight();
            self.spend(values, string_bytes, &node.span)?;
            self.left.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, start: Range<usize>, depth: usize) -> Result<Node> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node { span: start.start..span.end, kind: NodeKind::List(items) });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, start: Range<usize>, depth: usize) -> Result<Node> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut places: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                merge(&mut entries, &places, merged);
                return Ok(Node { span: start.start..span.end, kind: NodeKind::Map(entries) });
            }
            let Event::Scalar(text, style, ..) = event else {
                return Err(self
                    .error(span, "a key must be a string")
                    .help("put quotes around it"));
            };
            self.spend(1, text.len(), &span)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span, depth + 1)?;
            if text == "<<" && style == ScalarStyle::Plain {
                merged.push(value);
                continue;
            }
            if let Some(first) = places.insert(text.to_string(), span.clone()) {
                let message = format!("the key `{}` occurs twice", clean(&text));
                return Err(Diagnostic::error(message)
                    .at(self.source, span, "again here")
                    .see(self.source, first, "first here")
                    .help("keep one of the two"));
            }
            entries.push((Key { text: text.into_owned(), span }, value));
        }
    }

    fn alias(&mut self, id: usize, span: Range<usize>, depth: usize) -> Result<Node> {
        let Some(node) = self.left.anchors.get(&id) else {
            return Err(self.error(span, "this alias refers to a value that contains it"));
        };
        let (values, string_bytes, levels) = node.weight();
        let mut node = node.clone();
        if depth + levels > MAX_DEPTH {
            return Err(self.error(span, "this is nested too deeply"));
        }
        self.spend(values, string_bytes, &span)?;
        node.span = span;
        Ok(node)
    }

    fn spend(&mut self, values: usize, string_bytes: usize, span: &Range<usize>) -> Result<()> {
        let left = &mut self.left;
        match (left.values.checked_sub(values), left.string_bytes.checked_sub(string_bytes)) {
            (Some(values), Some(string_bytes)) => {
                (left.values, left.string_bytes) = (values, string_bytes);
                Ok(())
            }
            _ => {
                Err(self.error(span.clone(), "this YAML expands to too many values").note(format!(
                    "the limit is {} values, with aliases (`*name`) expanded",
                    self.left.bounds.values
                )))
            }
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Range<usize>,
    ) -> Result<Node> {
        let core = tag.and_then(Tag::core_suffix);
        let kind = match (style, core) {
            (_, Some("str")) => NodeKind::String(text.to_owned()),
            (_, Some("null" | "bool" | "int" | "float")) => scalar::resolve(text),
            _ if tag.is_some_and(|tag| core.is_none() && tag.suffix() != "!") => {
                return Err(self.foreign_tag(span));
            }
            (ScalarStyle::Plain, None) => scalar::resolve(text),
            (_, None) => NodeKind::String(text.to_owned()),
            (_, Some(_)) => return Err(self.foreign_tag(span)),
        };
        if style == ScalarStyle::Plain && scalar::is_infinite(text) {
            return Err(self.error(span, "an API object cannot hold an infinite number"));
        }
        Ok(Node { span, kind })
    }

    fn check_tag(&self, tag: Option<&Tag>, own: &str, span: &Range<usize>) -> Result<()> {
        match tag {
            Some(tag) if tag.core_suffix() != Some(own) => Err(self.foreign_tag(span.clone())),
            _ => Ok(()),
        }
    }

    fn foreign_tag(&self, span: Range<usize>) -> Diagnostic {
        self.error(span, "YAML tags (`!tag`) are not supported")
            .help("remove the tag; put quotes around a text that begins with `!`")
    }
}

/// `<<: *defaults`: what is missing comes from there.
fn merge(entries: &mut Vec<(Key, Node)>, own: &BTreeMap<String, Range<usize>>, from: Vec<Node>) {
    let mut known: Vec<String> = own.keys().cloned().collect();
    for node in from {
        let maps = match node.kind {
            NodeKind::List(items) => items,
            kind => vec![Node { span: node.span, kind }],
        };
        for (key, value) in maps.into_iter().flat_map(|map| match map.kind {
            NodeKind::Map(entries) => entries,
            _ => Vec::new(),
        }) {
            if !known.contains(&key.text) {
                known.push(key.text.clone());
                entries.push((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
