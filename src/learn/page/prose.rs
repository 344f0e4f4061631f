//! The exercises' texts as HTML: paragraphs, code, and nothing else.
//!
//! Next to read: `steps.rs`.

/// Text in which nothing is markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One line or paragraph: what stands in backticks is code.
pub(super) fn inline(text: &str) -> String {
    let parts = text.trim().split('`').enumerate();
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    };
    parts.map(part).collect()
}

/// Paragraphs; what is indented is a block of code.
pub(super) fn html(text: &str) -> String {
    let mut html = String::new();
    for block in text.trim_end().split("\n\n") {
        let code = block.lines().all(|line| line.starts_with("    ") || line.is_empty());
        match code {
            true => {
                let lines = block.lines().map(|line| line.get(4..).unwrap_or(""));
                let lines: Vec<&str> = lines.collect();
                html.push_str(&format!("<pre>{}</pre>", escaped(&lines.join("\n"))));
            }
            false => html.push_str(&format!("<p>{}</p>", inline(block))),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn paragraphs_code_and_nothing_else() {
        let text = "One `a<b`\nline.\n\n    code <x>\n\nTwo.\n";
        let expected = "<p>One <code>a&lt;b</code>\nline.</p><pre>code &lt;x&gt;</pre><p>Two.</p>";
        assert_eq!(html(text), expected);
    }
}
