//! YAML that cannot be read: the place, and the mistake that people make there.
//!
//! Next to read: `yaml.rs`.

use std::sync::Arc;

use serde_saphyr::granit_parser::ScanError;

use super::diagnostic::{Diagnostic, SourceText, clean_long};
use super::yaml::MAX_DEPTH;

/// What the parser did not understand, at its place.
pub fn unreadable(source: &Arc<SourceText>, error: &ScanError) -> Diagnostic {
    let text = source.text.as_str();
    let marker = error.marker();
    let at = marker.byte_offset().unwrap_or_else(|| {
        text.char_indices().nth(marker.index()).map_or(text.len(), |(at, _)| at)
    });
    let at = text.floor_char_boundary(at.min(text.len()));
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    let info = error.info();
    let said = |message: &str, place| Diagnostic::error(message).at(source, place, "");
    let tab = text[line..].find('\t').map(|tab| line + tab).filter(|_| info.contains("tab"));
    if let Some(tab) = tab {
        return said("YAML does not allow a tab here", tab..tab + 1).help("indent with spaces");
    }
    if info.contains("recursion limit") {
        return said("this is nested too deeply", at..at + width)
            .note(format!("the limit is {MAX_DEPTH} levels"));
    }
    let is_path = |c: char| c.is_alphanumeric() || ".-_/\"]".contains(c);
    let word = text[at..].split_whitespace().next().unwrap_or_default();
    let closed = word.rfind(']').filter(|_| text[at..].starts_with('['));
    if let Some(end) = closed.filter(|_| text[line..at].ends_with(is_path)) {
        let from = text[line..at].rfind(|c| !is_path(c)).map_or(line, |before| line + before + 1);
        let to = at + end + 1;
        return said("a field path with `[` must be quoted inside `{ }`", from..to)
            .help(format!("write \"{}\"", clean_long(&text[from..to])));
    }
    let mistake = said(&format!("cannot read this YAML: {}", clean_long(&info)), at..at + width);
    match info.contains("flow mapping") || info.contains("flow sequence") {
        true => mistake.help("a `{` or `[` before this is not closed, or a `,` is missing"),
        false => mistake,
    }
}
