//! The environment: variables, the terminal, and what follows from them for drawing.
//!
//! Flag beats environment beats default. A variable that cannot be read is a normal error that
//! names it. Next to read: `output.rs`.

use std::io::IsTerminal;

use clap::Args;

use crate::report::Style;
use crate::scenario::{Diagnostic, DiagnosticStyle};

/// The variables that are read, for `lostwrite help environment`.
pub const VARIABLES: &[(&str, &str)] = &[
    ("LOSTWRITE_SEED", "seed of a sampling scheduler, if --seed is omitted"),
    ("LOSTWRITE_RUNS", "number of schedules to sample, if --runs is omitted"),
    ("LOSTWRITE_COLOR", "auto, always or never, if --color is omitted"),
    (
        "LOSTWRITE_ALLOW_RUN",
        "1: check, replay and explain may start the programs that a file names",
    ),
    ("LOSTWRITE_TOKEN", "token of serve, if --token and --token-file are omitted"),
    ("NO_COLOR", "if not empty: no colour; --color and LOSTWRITE_COLOR override it"),
    ("CLICOLOR_FORCE", "if set and not 0: colour even if stdout is not a terminal"),
    ("TERM", "dumb: no colour, and ASCII drawings"),
    ("COLUMNS", "width of drawings if stdout is not a terminal"),
    ("LC_ALL, LC_CTYPE, LANG", "C or POSIX: ASCII drawings on a terminal"),
    ("GITHUB_ACTIONS", "true: annotations are also printed to stderr"),
    ("GITHUB_STEP_SUMMARY", "with -o github: the file to which the step summary is added"),
];

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
pub struct Global {
    /// When to use colour; overrides NO_COLOR, CLICOLOR_FORCE and LOSTWRITE_COLOR
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorWhen>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Allow scenarios to name files outside their folder
    #[arg(long, global = true)]
    pub allow_outside: bool,
    /// Width of drawings in columns [default: the terminal's, or 100]
    #[arg(long, global = true, value_name = "COLUMNS")]
    #[arg(value_parser = clap::value_parser!(u16).range(40..=500))]
    pub width: Option<u16>,
}

/// `--color auto|always|never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// A variable, if it is set to something.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A whole number from a variable.
pub fn number(name: &str) -> Result<Option<u64>, Diagnostic> {
    let Some(value) = variable(name) else { return Ok(None) };
    value.trim().parse().map(Some).map_err(|_| {
        Diagnostic::in_argument(
            format!("{name} is not a whole number"),
            name,
            &value,
            0..value.len(),
        )
        .help(format!("unset {name}, or set it to a number such as 42"))
    })
}

/// `LOSTWRITE_COLOR`.
fn color_variable() -> Result<Option<ColorWhen>, Diagnostic> {
    let Some(value) = variable("LOSTWRITE_COLOR") else { return Ok(None) };
    match value.as_str() {
        "auto" => Ok(Some(ColorWhen::Auto)),
        "always" => Ok(Some(ColorWhen::Always)),
        "never" => Ok(Some(ColorWhen::Never)),
        _ => Err(Diagnostic::in_argument(
            "LOSTWRITE_COLOR must be auto, always or never",
            "LOSTWRITE_COLOR",
            &value,
            0..value.len(),
        )
        .help("unset LOSTWRITE_COLOR, or set it to auto, always or never")),
    }
}

/// What drawing depends on.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    /// For stdout.
    pub out: Style,
    /// For diagnostics on stderr.
    pub err: DiagnosticStyle,
}

impl Drawing {
    /// Decides it.
    pub fn decide(global: &Global) -> Result<Drawing, Diagnostic> {
        let when = match global.color {
            Some(when) => when,
            None => color_variable()?.unwrap_or(ColorWhen::Auto),
        };
        let color = |terminal: bool| match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => auto_color(terminal),
        };
        let out_is_terminal = std::io::stdout().is_terminal();
        let err_is_terminal = std::io::stderr().is_terminal();
        let ascii = global.ascii || is_ascii_only(out_is_terminal);
        let width = match global.width {
            Some(width) => width.into(),
            None => columns(out_is_terminal),
        };
        let color_of_out = color(out_is_terminal);
        let out = Style { color: color_of_out, ascii, width, ..Style::default() };
        // Diagnostics are drawn as rustc draws them: in ASCII.
        let err = DiagnosticStyle { color: color(err_is_terminal), unicode: false, width };
        Ok(Drawing { out, err })
    }

    /// What diagnostics are drawn with before anything is decided.
    pub fn plain() -> DiagnosticStyle {
        DiagnosticStyle::default()
    }
}

fn auto_color(terminal: bool) -> bool {
    if variable("NO_COLOR").is_some() {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    terminal && variable("TERM").as_deref() != Some("dumb")
}

/// A dumb terminal, or a terminal of the C locale. Files and pipes get Unicode.
fn is_ascii_only(terminal: bool) -> bool {
    if variable("TERM").as_deref() == Some("dumb") {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    terminal && matches!(locale.as_deref(), Some("C" | "POSIX"))
}

/// How many threads can run at once.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn columns(terminal: bool) -> usize {
    if terminal && let Some((columns, _)) = terminal_size::terminal_size() {
        return usize::from(columns.0).clamp(60, 200);
    }
    variable("COLUMNS")
        .and_then(|value| value.parse().ok())
        .map_or(100, |n: usize| n.clamp(60, 200))
}
