//! What a log shows, in each format: for people, for scripts, for code scanning and CI.
//!
//! Values are shown only on request: a log has passwords in it. Without that, a status word, a
//! number and a time stay, and every other text is `<hidden>`; of a Secret nothing is shown at all.
//! Names come from the log, so control characters are taken out. Next to read: `text.rs`.

mod documents;
mod json;
mod proof;
mod scenario;
mod text;

use serde_json::{Value, json};

pub use proof::{Proof, safe};
pub use scenario::{Variant, scenario, worker_names};

use super::style::Style;
use crate::audit::{Finding, Verdict};

/// What is to be shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The log's name.
    pub log: String,
    /// Whether values are shown.
    pub values: bool,
}

/// The formats of `judge -o`.
pub const FORMATS: [&str; 6] = ["text", "json", "markdown", "html", "sarif", "junit"];

/// A verdict in a format; `None` if there is no such format.
pub fn render(format: &str, verdict: &Verdict, shown: &Shown, style: &Style) -> Option<String> {
    Some(match format {
        "text" => text::render(verdict, shown, style),
        "json" => json::render(verdict, shown),
        "markdown" => documents::markdown(verdict, shown),
        "html" => documents::html(verdict, shown),
        "sarif" => documents::sarif(verdict, shown),
        "junit" => documents::junit(verdict, shown),
        _ => return None,
    })
}

/// One line for each loss, as it is found.
pub fn lines(lost: &[Finding], _shown: &Shown) -> String {
    let line = |it: &Finding| format!("{}  LOST  {}\n", time(it.culprit.time), sentence(it));
    lost.iter().map(line).collect()
}

const HIDDEN: &str = "<hidden>";

/// Words that say how something is, and nothing else.
const WORDS: [&str; 3] = ["True", "False", "Unknown"];

impl Shown {
    /// A value, or what stands for it.
    fn value(&self, kind: &str, value: Option<&Value>) -> Value {
        let Some(value) = value else { return Value::Null };
        if self.shows(kind, value) { value.clone() } else { json!(HIDDEN) }
    }

    /// Whether this value of an object of this kind is shown.
    fn shows(&self, kind: &str, value: &Value) -> bool {
        let plain = match value {
            Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => {
                WORDS.contains(&text.as_str()) || text.parse::<jiff::Timestamp>().is_ok()
            }
            _ => false,
        };
        kind != "secrets" && (self.values || plain)
    }

    /// The same as text, short.
    fn word(&self, kind: &str, value: Option<&Value>) -> String {
        let text = match self.value(kind, value) {
            Value::Null => return "gone".to_owned(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let text = clean(&text);
        let short: String = text.chars().take(40).collect();
        if short.len() < text.len() { format!("{short}...") } else { short }
    }
}

/// Whether a character moves a terminal's cursor, or changes its reading order.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A text without such characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect()
}

/// A JSON document with such characters as escapes: it says the same.
fn escaped(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        match c != '\n' && is_hostile(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

/// A time of the log: `2026-11-27 21:27:25.450840`.
fn time(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// `120 ms`, `3.4 s`, `2 min`.
fn length(micros: i64) -> String {
    match micros {
        ..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        60_000_000..3_600_000_000 => format!("{} min", micros / 60_000_000),
        _ => format!("{} h", micros / 3_600_000_000),
    }
}

/// `4.2` of a version that is known.
fn version(version: u64) -> String {
    if version == 0 { "?".to_owned() } else { version.to_string() }
}

/// What happened, in one sentence.
fn sentence(finding: &Finding) -> String {
    let (victim, culprit) = (clean(&finding.victim.client), clean(&finding.culprit.client));
    let path = clean(&finding.path.to_string());
    let how = match finding.how {
        "removed" => "removed it",
        "reappeared" => "brought it back",
        _ => "put back an older value",
    };
    let made = match finding.basis {
        0 => String::new(),
        basis => format!(", which was made of rv {basis},"),
    };
    format!(
        "{victim} wrote {path} of {} and was answered 2xx at rv {}; the {} of {culprit}{made} \
         {how}",
        clean(&finding.object),
        version(finding.victim.version),
        finding.culprit.method
    )
}
