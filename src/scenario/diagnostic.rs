//! A user's mistake: what is wrong, where, and the way out; drawn as rustc draws it.
//!
//! Never an API error (that is a `Status`) and never a bug of ours (that is a panic). A
//! [`Diagnostic`] points into one or more texts with labels; [`Mistakes`] are all that were found
//! at once. Drawing is `annotate-snippets`' work. Next to read: `shape.rs`, which makes most.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

/// More than this many mistakes of one file are counted, not drawn.
const DRAWN_AT_MOST: usize = 20;

/// A text that a diagnostic may point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// How the user knows it: a path, `-`, the name of a shipped scenario, `--schedule`.
    pub name: String,
    /// The text.
    pub text: String,
}

impl SourceText {
    /// A text with its name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(SourceText { name: name.into(), text: text.into() })
    }

    /// The line, from 1, on which this byte stands.
    pub fn line_of(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot be used.
    Error,
    /// It can, but probably does not mean what its author thinks.
    Warning,
    /// It can, and this is good to know.
    Note,
}

/// A place, with a word about it.
#[derive(Clone, Debug)]
pub struct Label {
    source: Arc<SourceText>,
    range: Range<usize>,
    text: String,
    primary: bool,
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where; the first primary label's text comes first.
    pub labels: Vec<Label>,
    /// Ways out.
    pub help: Vec<String>,
    /// What else one should know.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message) }
    }

    /// A note without a place.
    pub fn remark(message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Note, ..Diagnostic::error(message) }
    }

    /// Points at the culprit.
    #[must_use]
    pub fn at(
        mut self,
        source: &Arc<SourceText>,
        range: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let text = label.into();
        self.labels.push(Label { source: source.clone(), range, text, primary: true });
        self
    }

    /// Points at something that explains it.
    #[must_use]
    pub fn see(
        mut self,
        source: &Arc<SourceText>,
        range: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let text = label.into();
        self.labels.push(Label { source: source.clone(), range, text, primary: false });
        self
    }

    /// Points at what the API server said no to: in the label, or in a note if it said much.
    #[must_use]
    pub fn answered(
        self,
        source: &Arc<SourceText>,
        range: Range<usize>,
        code: u16,
        said: &str,
    ) -> Self {
        const SHORT: usize = 90;
        let label = format!("answered {code}: {}", clean_long(said));
        match label.chars().count() > SHORT {
            false => self.at(source, range, label),
            true => self.at(source, range, format!("answered {code}")).note(label),
        }
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a way out, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    /// Adds what else one should know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A mistake in an argument of the command line, with a caret inside it.
    pub fn in_argument(
        message: impl Into<String>,
        flag: &str,
        argument: &str,
        range: Range<usize>,
    ) -> Self {
        Diagnostic::error(message).at(&SourceText::new(flag, argument), range, "")
    }

    /// The line and column, from 1, of the first primary label, and the name of its text.
    pub fn place(&self) -> Option<(&str, usize, usize)> {
        let label = self.labels.iter().find(|label| label.primary)?;
        let text = &label.source.text;
        let at = floor(text, label.range.start);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[start..at].chars().count() + 1;
        Some((&label.source.name, label.source.line_of(at), column))
    }

    /// Draws it.
    pub fn render(&self, style: &DiagnosticStyle) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut first = Group::with_title(level.primary_title(harmless_lines(&self.message)));
        for (source, labels) in self.by_source() {
            let name = normalize_untrusted_str(&source.name);
            let snippet = Snippet::source(source.text.as_str()).path(name);
            first = first.element(snippet.annotations(labels.into_iter().map(|label| {
                let kind = match label.primary {
                    true => AnnotationKind::Primary,
                    false => AnnotationKind::Context,
                };
                let text = (!label.text.is_empty()).then(|| harmless_lines(&label.text));
                kind.span(visible(&source.text, &label.range)).label(text)
            })));
        }
        let mut groups = vec![first];
        let title = |level: Level<'static>, text: &String| {
            let text = wrapped(text, style.width.max(40) - 6);
            Group::with_title(level.secondary_title(harmless_lines(&text)))
        };
        groups.extend(self.help.iter().map(|help| title(Level::HELP, help)));
        groups.extend(self.notes.iter().map(|note| title(Level::NOTE, note)));
        let renderer = style.renderer();
        match self.labels.is_empty() {
            false => renderer.render(&groups),
            // Without a text there is no margin to hang the help on.
            true => {
                let one = |group: Group<'_>| renderer.render(&[group]);
                groups.into_iter().map(one).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// The labels, grouped by text, in the order in which the texts are first mentioned.
    fn by_source(&self) -> Vec<(&SourceText, Vec<&Label>)> {
        let mut groups: Vec<(&SourceText, Vec<&Label>)> = Vec::new();
        for label in &self.labels {
            match groups.iter_mut().find(|(source, _)| std::ptr::eq(*source, &*label.source)) {
                Some((_, labels)) => labels.push(label),
                None => groups.push((&label.source, vec![label])),
            }
        }
        groups
    }
}

impl fmt::Display for Diagnostic {
    /// Plain text, ASCII.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&DiagnosticStyle::default()))
    }
}

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiagnosticStyle {
    /// With ANSI colours.
    pub color: bool,
    /// With box-drawing characters.
    pub unicode: bool,
    /// Long source lines are cut to this many columns.
    pub width: usize,
}

impl Default for DiagnosticStyle {
    fn default() -> Self {
        DiagnosticStyle { color: false, unicode: false, width: 100 }
    }
}

impl DiagnosticStyle {
    fn renderer(self) -> Renderer {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        let decor = if self.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
        renderer.decor_style(decor).term_width(self.width.max(40))
    }
}

/// Everything that is wrong with what the user gave us.
#[derive(Clone, Debug)]
pub struct Mistakes(pub Vec<Diagnostic>);

impl Mistakes {
    /// Draws all of them, an empty line between each two.
    pub fn render(&self, style: &DiagnosticStyle) -> String {
        let mut drawn: Vec<String> =
            self.0.iter().take(DRAWN_AT_MOST).map(|mistake| mistake.render(style)).collect();
        let more = self.0.len().saturating_sub(DRAWN_AT_MOST);
        if more > 0 {
            drawn.push(Diagnostic::error(format!("and {more} more mistakes")).render(style));
        }
        drawn.join("\n\n")
    }
}

impl From<Diagnostic> for Mistakes {
    fn from(diagnostic: Diagnostic) -> Self {
        Mistakes(vec![diagnostic])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&DiagnosticStyle::default()))
    }
}

impl std::error::Error for Mistakes {}

/// Broken at spaces into lines of this width; longer words stay whole.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// Whether a character would move the cursor, colour the terminal, or turn the text around.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}')
}

/// A text of a file, or of a user, as it may reach a terminal.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    match text.contains(is_harmful) {
        true => Cow::Owned(text.replace(is_harmful, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// The same of several lines, none of which but the first can be a command to a CI system.
fn harmless_lines(text: &str) -> String {
    let line = |(number, line): (usize, &str)| match line.trim_start().starts_with("::") {
        true if number > 0 => format!("| {}", harmless(line)),
        _ => harmless(line).into_owned(),
    };
    text.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// A user's word inside a message: no control characters, and not endless.
pub fn clean(text: &str) -> String {
    const LONGEST: usize = 60;
    let short: String = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    };
    harmless(&short.replace(['\n', '\r'], " ")).into_owned()
}

/// A server's text: longer than a name may be, but not endless.
pub fn clean_long(text: &str) -> String {
    let end = text.char_indices().nth(400).map_or(text.len(), |(end, _)| end);
    harmless(&text[..end].replace(['\n', '\r'], " ")).into_owned()
}

/// The range, on character boundaries, within the text, and cut to its first line.
fn visible(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = floor(text, range.start);
    let end = floor(text, range.end.max(start));
    let shown = &text[start..end];
    let line = shown.find(['\n', '\r']).unwrap_or(shown.len());
    start..start + shown[..line].trim_end().len()
}

fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_drawn_as_rustc_draws() {
        let source = SourceText::new("my.yaml", "workers:\n  - write: merge-pach\n");
        let mistake = Diagnostic::error("unknown write method `merge-pach`")
            .at(&source, 20..30, "")
            .help("did you mean `merge-patch`?")
            .note("`lostwrite list writes` prints all of them");
        assert_eq!(mistake.place(), Some(("my.yaml", 2, 12)));
        insta::assert_snapshot!(mistake, @r"
        error: unknown write method `merge-pach`
         --> my.yaml:2:12
          |
        2 |   - write: merge-pach
          |            ^^^^^^^^^^
          |
        help: did you mean `merge-patch`?
        note: `lostwrite list writes` prints all of them
        ");
        let style = DiagnosticStyle { unicode: true, ..DiagnosticStyle::default() };
        assert!(mistake.render(&style).contains("╭▸ my.yaml:2:12"));
        let style = DiagnosticStyle { color: true, ..DiagnosticStyle::default() };
        assert!(mistake.render(&style).contains("\u{1b}["));
    }

    #[test]
    fn a_range_outside_the_text_is_harmless() {
        let source = SourceText::new("a", "é\r\n");
        for range in [0..1, 1..2, 9..12, 0..9] {
            assert!(!Diagnostic::error("x").at(&source, range, "here").to_string().is_empty());
        }
    }
}
