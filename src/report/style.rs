//! How text is drawn: colour or not, Unicode or ASCII, and how wide.
//!
//! A [`Style`] is decided once, by the command line, from flags, environment and terminal; the
//! renderers never look at any of these. Colour only ever repeats what a word, a glyph or a
//! position says as well. Next to read: `text.rs`, pieces of text that know their width.

use anstyle::{AnsiColor, Effects};

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours and effects.
    pub color: bool,
    /// Only ASCII characters in drawings.
    pub ascii: bool,
    /// Columns to draw in.
    pub width: usize,
    /// Which losing schedules to draw.
    pub show: Show,
    /// Whether a recording of each violation is kept, which `explain` can read.
    pub recorded: bool,
}

/// Which losing schedules to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// The shortest one, of the first property that is violated.
    #[default]
    Shortest,
    /// One in which no two reconciles overlap, where there is one.
    Serial,
    /// The shortest one of every property that is violated.
    All,
}

impl Default for Style {
    /// What a file or a pipe gets: no colour, Unicode, 100 columns.
    fn default() -> Self {
        Style { color: false, ascii: false, width: 100, show: Show::Shortest, recorded: true }
    }
}

/// What a piece of text is, from which its colour follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// A heading, or a name that matters.
    Strong,
    /// Scaffolding: rules, walls, what has not changed.
    Faint,
    /// Holds; the victim's write.
    Good,
    /// Violated; the label of the guilty step.
    Bad,
    /// The guilty row.
    Guilty,
    /// What is gone.
    Lost,
    /// A conflict, a bound, a fault.
    Notice,
}

impl Role {
    fn ansi(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        match self {
            Role::Plain => plain,
            Role::Strong => plain.effects(Effects::BOLD),
            Role::Faint => plain.effects(Effects::DIMMED),
            Role::Good => plain.fg_color(Some(AnsiColor::Green.into())),
            Role::Bad => plain.fg_color(Some(AnsiColor::Red.into())).effects(Effects::BOLD),
            Role::Guilty => plain.effects(Effects::INVERT),
            Role::Lost => {
                plain.fg_color(Some(AnsiColor::Red.into())).effects(Effects::STRIKETHROUGH)
            }
            Role::Notice => plain.fg_color(Some(AnsiColor::Yellow.into())),
        }
    }
}

/// The characters of the drawings.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Glyphs {
    pub left: &'static str,
    pub right: &'static str,
    pub line: &'static str,
    /// The end of an arrow that was refused.
    pub refused: &'static str,
    pub wall: &'static str,
    pub cross: &'static str,
    pub rule: &'static str,
    pub guilty: &'static str,
    pub corner: &'static str,
    pub dot: &'static str,
    pub ellipsis: &'static str,
    pub lane: &'static str,
    /// A watch's arrow.
    pub watch: &'static str,
    pub reads: &'static str,
    pub writes: &'static str,
    pub local: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    left: "◀",
    right: "▶",
    line: "─",
    refused: "╳",
    wall: "┃",
    cross: "╂",
    rule: "─",
    guilty: "✗",
    corner: "└",
    dot: "·",
    ellipsis: "…",
    lane: "│",
    watch: "┄",
    reads: "○",
    writes: "●",
    local: "·",
};

const ASCII: Glyphs = Glyphs {
    left: "<",
    right: ">",
    line: "-",
    refused: "x",
    wall: "|",
    cross: "+",
    rule: "-",
    guilty: "X",
    corner: "`",
    dot: ";",
    ellipsis: "...",
    lane: "|",
    watch: ".",
    reads: "o",
    writes: "#",
    local: ".",
};

impl Style {
    /// The characters to draw with.
    pub fn glyphs(&self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }

    /// `text` in the colour of `role`, if there are colours.
    pub fn paint(&self, role: Role, text: &str) -> String {
        let ansi = role.ansi();
        if !self.color || ansi.is_plain() || text.is_empty() {
            return text.to_owned();
        }
        format!("{}{text}{}", ansi.render(), ansi.render_reset())
    }

    /// The separator between facts on one line.
    pub fn separator(&self) -> &'static str {
        if self.ascii { "; " } else { " · " }
    }
}
