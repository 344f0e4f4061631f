//! The walk of `docs/kube-rs.md`: its code is that of `examples/kube_rs/`, what it shows is what is
//! printed, and a reader who copies each block gets a red test and then a green one.

use std::path::Path;
use std::process::Command;

use lostwrite::kube::Simulation;

use crate::support::{crd, widget};

#[path = "../../examples/kube_rs/mended.rs"]
mod mended;
#[path = "../../examples/kube_rs/operator.rs"]
mod operator;

const EXAMPLE: &str = "examples/kube_rs";

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The block below this marker.
fn block(marker: &str) -> String {
    let text = read("docs/kube-rs.md");
    let marker = format!("<!-- {marker} -->\n\n```");
    let (_, rest) = text.split_once(&marker).unwrap_or_else(|| panic!("no {marker}"));
    let (_, rest) = rest.split_once('\n').expect("the language of the block");
    rest.split("```\n").next().expect("a block").to_owned()
}

/// The text with this function instead of its own of that name.
fn with_function(text: &str, name: &str, new: &str) -> String {
    let start = text.find(&format!("async fn {name}(")).expect("it is there");
    let end = start + text[start..].find("\n}\n").expect("it ends") + "\n}\n".len();
    format!("{}{new}{}", &text[..start], &text[end..])
}

/// The program before and after, and its test before and after, as a reader has them.
fn copied() -> (String, String, String, String) {
    let operator = block("file: src/lib.rs");
    let mended = with_function(&operator, "reconcile", &block("file: reconcile in src/lib.rs"));
    let test = block("file: tests/conditions.rs");
    let kept = format!("{test}\n{}", block("file: the end of tests/conditions.rs"));
    (operator, mended, test, kept)
}

#[test]
fn the_code_is_that_of_the_example() {
    let (operator, mended, _, kept) = copied();
    let body = |text: &str| text.split_once("\n\n").expect("a head").1.to_owned();
    assert_eq!(operator, read(&format!("{EXAMPLE}/operator.rs")));
    assert_eq!(body(&mended), body(&read(&format!("{EXAMPLE}/mended.rs"))));
    assert_eq!(kept, read(&format!("{EXAMPLE}/conditions.rs")));
}

#[test]
fn what_it_shows_is_what_the_tests_print() {
    let cluster = || Simulation::new().crd(crd()).object(widget("demo"));
    let before = cluster()
        .controller("ready", |client| operator::run(client, "Ready"))
        .controller("usage", |client| operator::run(client, "Usage"))
        .check();
    let after = cluster()
        .controller("ready", |client| mended::run(client, "Ready"))
        .controller("usage", |client| mended::run(client, "Usage"))
        .check();
    let printed = before.to_string();
    let shown = block("shown: the test before it is mended");
    assert!(printed.starts_with(shown.trim_end()), "{printed}");
    let printed = after.to_string();
    assert_eq!(block("shown: the test after it is mended").trim_end(), printed.trim_end());
    let schedule = before.schedule().expect("a loss has a schedule");
    assert!(block("file: the end of tests/conditions.rs").contains(&schedule), "{schedule}");
}

/// From `cargo new`, in an empty folder, with this crate by its path. It needs the registry.
#[test]
#[ignore = "it builds a crate from nothing"]
fn a_reader_who_copies_each_block_sees_red_and_then_green() {
    let place = tempfile::tempdir().expect("an empty folder");
    let here = env!("CARGO_MANIFEST_DIR");
    let published = "lostwrite --no-default-features";
    let commands = block("file: commands");
    assert!(commands.contains(published), "{commands}");
    let by_path = format!("lostwrite --path '{here}' --no-default-features");
    shell(place.path(), &commands.replace(published, &by_path)).expect("the commands work");
    let place = place.path().join("widget-operator");
    let (operator, mended, test, kept) = copied();
    std::fs::create_dir_all(place.join("tests")).expect("a folder");
    let write = |program: &str, test: &str| {
        std::fs::write(place.join("src/lib.rs"), program).expect("written");
        std::fs::write(place.join("tests/conditions.rs"), test).expect("written");
    };
    let test_it = |of: &str| {
        let begin = std::time::Instant::now();
        shell(&place, "cargo test --quiet --test conditions --no-run").expect("it compiles");
        let built = begin.elapsed();
        let ran = shell(&place, "cargo test --test conditions -- --nocapture 2>&1");
        println!("{of}: built in {built:.0?}, ran in {:.1?}", begin.elapsed() - built);
        ran
    };
    write(&operator, &test);
    let red = test_it("before").expect_err("it loses a condition");
    assert!(red.contains(block("shown: the test before it is mended").trim_end()), "{red}");
    write(&mended, &test);
    let green = test_it("mended").expect("it is mended");
    assert!(green.contains(block("shown: the test after it is mended").trim_end()), "{green}");
    write(&operator, &kept);
    let red = test_it("before, with the schedule").expect_err("it loses a condition");
    assert!(red.contains("2 failed"), "{red}");
    write(&mended, &kept);
    let green = test_it("mended, with the schedule").expect("both are green");
    assert!(green.contains("2 passed"), "{green}");
}

/// What it prints; an error if it fails.
fn shell(place: &Path, commands: &str) -> Result<String, String> {
    let ran = Command::new("sh").args(["-ec", commands]).current_dir(place).output();
    let ran = ran.expect("a shell");
    let text =
        format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    if ran.status.success() { Ok(text) } else { Err(text) }
}
