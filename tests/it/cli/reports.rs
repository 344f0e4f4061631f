//! `report`: where it goes, what it is about, and what it says where there is no browser.

use super::{command, finish, folder, run};

#[test]
fn a_recording_becomes_a_page_beside_it() {
    let place = folder();
    run(place.path(), "check status-race");
    let kept = std::fs::read_dir(place.path().join(".lostwrite")).expect("a recording was kept");
    let recording = kept.map(|entry| entry.expect("an entry").path()).next().expect("one");
    let before = std::fs::read_to_string(&recording).expect("it reads");
    let named = recording.strip_prefix(place.path()).expect("inside").display().to_string();
    let mut with_open = command(place.path());
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"] {
        with_open.env_remove(display);
    }
    let ran = finish(with_open.args(["report", &named, "-o", "html", "--open"]), "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out, format!("{}\n", named.replace(".json", ".html")));
    if cfg!(not(any(windows, target_os = "macos"))) {
        assert!(ran.err.contains("no browser was found"), "{}", ran.err);
    }
    let page = std::fs::read_to_string(place.path().join(ran.out.trim())).expect("the page");
    assert!(page.starts_with("<!doctype html>") && page.contains("1.b31f.huuh"));
    for format in ["json", "chrome-trace", "junit", "sarif", "mermaid", "text", "wide"] {
        let ran = run(place.path(), &format!("report {named} -o {format}"));
        assert_eq!(ran.code, 0, "{format}: {}", ran.err);
    }
    assert_eq!(std::fs::read_to_string(&recording).expect("it reads"), before, "it is still there");
}

#[test]
fn a_report_is_about_the_schedule_that_was_given() {
    let place = folder();
    let about = |arguments: &str| run(place.path(), &format!("report status-race {arguments}")).out;
    let text = about("--schedule huhu -o text");
    assert!(text.contains("This losing schedule: health, usage, health, usage"), "{text}");
    assert!(text.contains("4 of 6 schedules lose"), "the counts are the search's");
    let safe = about("--schedule hhuu -o text");
    assert!(safe.contains("schedule 1.b31f.hhuu") && safe.contains("holds in this schedule"));
    let diagram = about("--schedule hhuu -o mermaid");
    assert!(diagram.starts_with("sequenceDiagram") && !diagram.contains("rect rgba"), "{diagram}");
    assert_eq!(about("-o json"), about("-o json --output-file -"));
    assert_eq!(about("--schedule huhu -o text"), text, "byte for byte");
    let written = about("-o sarif --output-file found/here.sarif");
    assert_eq!(written, "found/here.sarif\n");
    assert!(place.path().join("found/here.sarif").exists());
}

#[test]
fn what_does_not_fit_is_said() {
    let place = folder();
    for (arguments, said) in [
        ("report status-race -o htlm", "did you mean `html`?"),
        ("report status-race --schedule hx", "there is no worker `x`"),
        ("report nowhere.json", "neither a file nor a shipped scenario"),
        ("report status-race --schedule 1.0000.huhu", "another version of the scenario"),
    ] {
        let ran = run(place.path(), arguments);
        assert_eq!(ran.code, 2, "{arguments}");
        assert!(ran.err.contains(said), "{arguments}: {}", ran.err);
    }
}

#[test]
fn check_writes_pages_beside_its_text() {
    let place = folder();
    let ran =
        run(place.path(), "check status-race stale-cache --no-advice --report html=both.html");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = std::fs::read_to_string(place.path().join("both.html")).expect("the page");
    assert!(page.contains("\"name\":\"status-race\"") && page.contains("\"name\":\"stale-cache\""));
}
