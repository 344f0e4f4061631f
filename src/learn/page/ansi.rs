//! What the program prints, as HTML: the same characters, and a class for each colour.
//!
//! Next to read: `games.rs`.

use super::prose::escaped;

/// A printed text as the inside of a `pre`.
pub(super) fn html(printed: &str) -> String {
    let mut html = String::new();
    let mut open = false;
    for (at, part) in printed.split("\u{1b}[").enumerate() {
        let text = match (at, part.split_once('m')) {
            (0, _) | (_, None) => part,
            (_, Some((code, text))) => {
                let class = class(code);
                match (class, open) {
                    (None, true) => html.push_str("</span>"),
                    (None, false) => {}
                    (Some(class), true) => html.push_str(&format!("</span><span class={class}>")),
                    (Some(class), false) => html.push_str(&format!("<span class={class}>")),
                }
                open = class.is_some();
                text
            }
        };
        html.push_str(&escaped(text));
    }
    if open {
        html.push_str("</span>");
    }
    html
}

/// The class of one sequence; `None` for a reset. Of two sequences in a row, such as bold and
/// red, the first one's span is closed at once, and the colour wins.
fn class(code: &str) -> Option<&'static str> {
    Some(match code {
        "1" => "strong",
        "2" => "faint",
        "7" => "guilty",
        "9" => "lost",
        "31" => "bad",
        "32" => "good",
        "33" => "notice",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn colours_become_classes_and_nothing_becomes_a_tag() {
        let printed = "a<b \u{1b}[31m\u{1b}[9mgone\u{1b}[0m & \u{1b}[2mdim\u{1b}[0m";
        let expected = "a&lt;b <span class=bad></span><span class=lost>gone</span> &amp; \
                        <span class=faint>dim</span>";
        assert_eq!(html(printed), expected);
        assert_eq!(html("plain"), "plain");
        assert_eq!(html("\u{1b}[1mopen"), "<span class=strong>open</span>");
    }
}
