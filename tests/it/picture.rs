//! The README's picture is what the program prints, in its colours.
//!
//! `LOSTWRITE_BLESS=1 cargo test --test it picture` draws it again.

use crate::cli::{command, finish, folder};
use crate::generated::current;

/// The drawing and its three sentences, out of what `check` prints.
fn drawing(printed: &str) -> String {
    let from = printed.find("Shortest losing schedule").expect("the heading");
    // The heading is coloured: its escape sequence stands before it on its line.
    let from = printed[..from].rfind('\n').map_or(0, |at| at + 1);
    let to = printed.find("why\u{1b}").expect("the reason");
    let to = printed[..to].rfind('\n').map_or(to, |at| at);
    printed[from..to].trim_end().to_owned()
}

#[test]
fn the_picture_in_the_readme_is_current() {
    let place = folder();
    let scenario = std::fs::canonicalize("scenarios/status-race.yaml").expect("shipped");
    let arguments = ["check", "--no-record", "--no-advice", "--color", "always", "--width", "104"];
    let ran = finish(command(place.path()).args(arguments).arg(scenario), "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let drawing = drawing(&ran.out);
    assert!(drawing.contains("is gone") && drawing.contains("guilty"), "{drawing}");
    let picture = anstyle_svg::Term::new().render_svg(&drawing);
    current("docs/status-race.svg", &(picture.trim_end().to_owned() + "\n"));
    let readme = std::fs::read_to_string("README.md").expect("the README");
    assert!(readme.contains("](docs/status-race.svg)"), "the README shows it");
}
