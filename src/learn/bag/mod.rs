//! The workshop in a bag: the page, the slides with notes, the handout, the cards and the guide, as
//! HTML that opens without a network and prints, in one archive.
//!
//! The Markdown is that of `docs/workshop`, rendered by pulldown-cmark. Next to read: `bag.html`.

use std::io::{Cursor, Write as _};

use askama::Template;
use pulldown_cmark::{Options, Parser, html};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A document of the workshop.
#[derive(Template)]
#[template(path = "bag.html")]
struct Document<'a> {
    version: &'static str,
    title: &'a str,
    class: &'static str,
    style: &'static str,
    script: &'static str,
    parts: Vec<Part>,
}

/// A slide and what is said to it; of other documents, all of it.
struct Part {
    body: String,
    notes: String,
}

const NOTES: &str = "<!-- notes -->";

/// The documents: their names in the bag, and their Markdown.
const DOCUMENTS: [(&str, &str); 4] = [
    ("slides", include_str!("../../../docs/workshop/slides.md")),
    ("handout", include_str!("../../../docs/workshop/handout.md")),
    ("cards", include_str!("../../../docs/workshop/cards.md")),
    ("instructor", include_str!("../../../docs/workshop/instructor.md")),
];

/// The files of the bag.
pub fn files() -> Vec<(String, String)> {
    let document = |(name, text): (&str, &str)| (format!("{name}.html"), rendered(name, text));
    let pages = DOCUMENTS.into_iter().map(document);
    pages.chain([("workshop.html".to_owned(), super::page())]).collect()
}

/// The bag, as one archive: the same bytes each time.
///
/// # Panics
/// Never: the archive is in memory.
pub fn zipped() -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in files() {
        archive.start_file(format!("workshop/{name}"), options).expect("an archive in memory");
        archive.write_all(text.as_bytes()).expect("an archive in memory");
    }
    archive.finish().expect("an archive in memory").into_inner()
}

fn rendered(name: &str, text: &str) -> String {
    let (title, body) = match text.strip_prefix("---\ntitle: ").and_then(|t| t.split_once('\n')) {
        Some((title, rest)) => (title, rest.trim_start_matches("---\n")),
        None => (text.lines().next().unwrap_or_default().trim_start_matches("# "), text),
    };
    let slides = name == "slides";
    let parts = if slides { body.split("\n---\n").collect() } else { vec![body] };
    let part = |text: &str| {
        let (body, notes) = text.split_once(NOTES).unwrap_or((text, ""));
        Part { body: markdown(body), notes: markdown(notes) }
    };
    let document = Document {
        version: env!("CARGO_PKG_VERSION"),
        title,
        class: if slides { "slides" } else { "paper" },
        style: include_str!("bag.css"),
        script: include_str!("bag.js"),
        parts: parts.into_iter().map(part).collect(),
    };
    document.render().expect("it is written to a string")
}

/// Markdown as HTML; links to the other documents lead to their pages.
fn markdown(text: &str) -> String {
    let mut made = String::new();
    html::push_html(&mut made, Parser::new_ext(text, Options::ENABLE_TABLES));
    made.replace(".md\"", ".html\"")
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_slide_has_one_drawing_and_its_notes_and_nothing_is_loaded() {
        let files = super::files();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let slides = &files[0].1;
        let count = slides.matches("<section").count();
        assert!(count >= 10, "{count} slides");
        assert_eq!(slides.matches("<pre>").count(), count, "a drawing each");
        assert_eq!(slides.matches("<aside").count(), count, "notes each");
        for (name, text) in &files {
            for outside in ["http:", "https:", "src=", "url(", "@import", "<link", "fetch("] {
                assert!(!text.contains(outside), "{name} contains `{outside}`");
            }
            for link in text.split("href=\"").skip(1) {
                let link = link.split(['"', '#']).next().unwrap_or_default();
                assert!(link.is_empty() || names.contains(&link), "{name} links to {link}");
            }
        }
        let archive = super::zipped();
        assert!(archive.starts_with(b"PK") && archive == super::zipped());
    }
}
