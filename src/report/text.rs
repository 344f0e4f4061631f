//! Pieces of text that know their role and their width: what lines of a drawing are made of.
//!
//! Next to read: `lanes.rs`, which puts them in columns.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use super::style::{Role, Style};
use crate::scenario::harmless;

/// A line, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<(Role, String)>);

impl Text {
    /// An empty line.
    pub fn new() -> Self {
        Text::default()
    }

    /// A line of one piece.
    pub fn of(role: Role, text: impl Into<String>) -> Self {
        Text(vec![(role, text.into())])
    }

    /// A line without any role.
    pub fn plain(text: impl Into<String>) -> Self {
        Text::of(Role::Plain, text)
    }

    /// Adds a piece at the end.
    #[must_use]
    pub fn then(mut self, role: Role, text: impl Into<String>) -> Self {
        self.0.push((role, text.into()));
        self
    }

    /// Adds another line's pieces at the end.
    #[must_use]
    pub fn join(mut self, other: Text) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds spaces at the end until it is `width` wide.
    #[must_use]
    pub fn pad(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.then(Role::Plain, " ".repeat(missing))
    }

    /// Its pieces, with nothing in them that would move a cursor.
    pub fn pieces(&self) -> impl Iterator<Item = (Role, Cow<'_, str>)> {
        self.0.iter().map(|(role, text)| (*role, harmless(text)))
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    /// With colours if `style` has them, and without blanks at the end.
    pub fn paint(&self, style: &Style) -> String {
        let end = self.0.iter().rposition(|(_, text)| !text.trim_end().is_empty());
        let mut line = String::new();
        for (at, (role, text)) in self.0.iter().enumerate() {
            match end {
                Some(end) if at < end => line.push_str(&style.paint(*role, &harmless(text))),
                Some(end) if at == end => {
                    line.push_str(&style.paint(*role, &harmless(text.trim_end())));
                }
                _ => {}
            }
        }
        line
    }
}

/// Cuts `text` to `width` columns, with an ellipsis where something is missing.
pub fn cut(text: &str, width: usize, style: &Style) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let ellipsis = style.glyphs().ellipsis;
    let room = width.saturating_sub(ellipsis.width());
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + c.to_string().width() > room {
            break;
        }
        kept.push(c);
    }
    kept.push_str(ellipsis);
    kept
}

/// Breaks `text` between words into lines of at most `width` columns; a longer word has its own.
/// What reads as one thing is not broken: `rv 2`, `(0 of 6)`, `ready: True`, a closing brace.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let fits = |group: &String| group.width() <= width;
    let apart = |group: String| -> Vec<String> {
        if fits(&group) { vec![group] } else { group.split(' ').map(str::to_owned).collect() }
    };
    for word in words(text).into_iter().flat_map(apart) {
        let last = lines.last_mut().expect("there is always one line");
        if last.is_empty() {
            last.push_str(&word);
        } else if last.width() + 1 + word.width() <= width {
            last.push(' ');
            last.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

fn words(text: &str) -> Vec<String> {
    const TOGETHER: usize = 24;
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let joins = words.last().is_some_and(|last| {
            let number = word.starts_with(|c: char| c.is_ascii_digit());
            let counted = number && (last == "rv" || last == "step");
            let open = last.starts_with('(') && !last.contains(')');
            let value = last.ends_with(':') && word != "{";
            let brace = last == "{" || word.starts_with('}');
            let short = last.width() + word.width() < TOGETHER;
            brace || (counted || open || value) && short
        });
        match words.last_mut().filter(|_| joins) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// `1 schedule`, `6 schedules`; `n` as text, since counts may be huge.
pub fn plural(n: &str, word: &str) -> String {
    match n {
        "1" => format!("1 {word}"),
        _ => format!("{n} {word}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list_and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_width_and_trims_its_end() {
        let style = Style { color: true, ..Style::default() };
        let line = Text::plain("a──").then(Role::Good, "ok").pad(20);
        assert_eq!(line.width(), 20);
        assert_eq!(line.paint(&Style::default()), "a──ok");
        assert_eq!(line.paint(&style), "a──\u{1b}[32mok\u{1b}[0m");
        assert_eq!(Text::plain("\u{1b}[2Jx").paint(&style), "\u{fffd}[2Jx");
    }

    #[test]
    fn wraps_between_words_and_never_loses_one() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
        assert_eq!(wrap("apply (0 of 6), at rv 2", 10), ["apply", "(0 of 6),", "at rv 2"]);
        assert_eq!(wrap("{ a: 1, b: 2 }", 8), ["{ a: 1,", "b: 2 }"]);
        assert_eq!(cut("abcdef", 4, &Style::default()), "abc…");
        assert_eq!(cut("abcd", 4, &Style::default()), "abcd");
    }
}
