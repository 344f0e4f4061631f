//! What is read and written: targets, recordings, reports, starters.

use super::{command, finish, folder, run, two_workers};
use lostwrite::scenario::Scenario;

#[test]
fn targets_are_files_folders_names_and_stdin() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    let text = two_workers("update-retry", "");
    std::fs::write(folder.path().join("a/one.yaml"), &text).unwrap();
    std::fs::write(folder.path().join("a/two.yml"), text.replace("ours", "two")).unwrap();
    std::fs::write(folder.path().join("a/not.yaml"), "kind: ConfigMap\n").unwrap();
    let names = |arguments: &str| {
        let ran = finish(command(folder.path()).args(arguments.split(' ')), &text);
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.err);
        let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let results = json["results"].as_array().unwrap().clone();
        let pair = |r: &serde_json::Value| (r["scenario"].clone(), r["file"].clone());
        results.iter().map(pair).map(|(a, b)| format!("{a} {b}")).collect::<Vec<_>>()
    };
    assert_eq!(names("check -o json a"), [r#""ours" "a/one.yaml""#, r#""two" "a/two.yml""#]);
    assert_eq!(names("check -o json -"), [r#""ours" null"#]);
    assert_eq!(
        names("check -o json timeout a/two.yml -f a/one.yaml"),
        [r#""timeout" null"#, r#""two" "a/two.yml""#, r#""ours" "a/one.yaml""#]
    );
}

#[test]
fn definitions_are_found_in_manifests_folders_and_globs() {
    let folder = folder();
    let crds = folder.path().join("release/crds");
    std::fs::create_dir_all(&crds).unwrap();
    let widget = include_str!("../../../scenarios/crds/widget.crd.yaml");
    let text = include_str!("../../../scenarios/status-race-crd.yaml");
    let padding = "# padding\n".repeat(400_000);
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n";
    let release = format!("{padding}---\n{service}---\n{widget}\n---\n{service}");
    std::fs::write(crds.join("release.yaml"), release).unwrap();
    std::fs::write(crds.join("README.txt"), "no manifest").unwrap();
    for path in ["release/crds", "release/crds/release.yaml", "release/*/*.yaml"] {
        let text = text.replace("crds/widget.crd.yaml", path);
        std::fs::write(folder.path().join("it.yaml"), &text).unwrap();
        let ran = run(folder.path(), "check it.yaml --no-advice");
        assert_eq!(ran.code, 0, "{path}: {}{}", ran.out, ran.err);
        let note = format!("note: skipped in {path}: 2 Service");
        assert!(ran.err.contains(&note), "{path}: {}", ran.err);
        let valid = run(folder.path(), "validate it.yaml");
        assert_eq!(valid.out, "ok  status-race-crd  2 workers  (it.yaml)\n", "{}", valid.err);
        let kept = std::fs::read_dir(folder.path().join(".lostwrite")).unwrap();
        for kept in kept.map(|entry| entry.unwrap().path()) {
            let again = run(folder.path(), &format!("replay {}", kept.display()));
            assert!(again.out.contains("lost"), "{path}: {}{}", again.out, again.err);
            std::fs::remove_file(kept).unwrap();
        }
    }
    std::fs::write(crds.join("release.yaml"), service).unwrap();
    let ran = run(folder.path(), "check it.yaml");
    assert_eq!(ran.code, 2, "{}", ran.out);
    assert!(
        ran.err.contains("contains no CustomResource") && ran.err.contains("1 Service"),
        "{}",
        ran.err
    );
}

#[test]
fn a_recording_alone_is_enough_to_replay() {
    let (folder, elsewhere) = (folder(), self::folder());
    std::fs::create_dir(folder.path().join("crds")).unwrap();
    for scenario in Scenario::all_builtin().into_iter().filter(|s| s.workers.len() < 4) {
        let text = &scenario.source.text;
        for (path, text) in &scenario.source.files {
            std::fs::write(folder.path().join(path), text).unwrap();
        }
        std::fs::write(folder.path().join("it.yaml"), text).unwrap();
        let ran = run(folder.path(), "check it.yaml --no-advice --no-expect");
        let Some(line) = ran.out.lines().find_map(|line| line.strip_prefix("  replay   ")) else {
            continue;
        };
        let kept = std::fs::read_dir(folder.path().join(".lostwrite")).unwrap();
        let kept = kept.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        assert_eq!(kept.len(), 1, "{}", scenario.name);
        let moved = elsewhere.path().join("kept.json");
        std::fs::rename(&kept[0], &moved).unwrap();
        // The printed command, as a shell takes it, and the file alone, elsewhere.
        let printed = line.replacen("lostwrite ", "", 1).replace('\'', "");
        let by_command = run(folder.path(), &printed);
        let by_file = run(elsewhere.path(), "replay kept.json");
        assert_eq!(by_command.out, by_file.out, "{}", scenario.name);
        assert_eq!(by_command.err, "", "{}", scenario.name);
        assert_eq!(run(elsewhere.path(), "replay kept.json"), by_file);
        // The same drawing and the same sentences as in the check.
        let drawing = |text: &str| {
            let lines = text.lines().skip_while(|line| !line.starts_with(" step"));
            lines
                .take_while(|line| !line.starts_with("  odds") && !line.starts_with("  replay"))
                .take_while(|line| !is_verdict(line))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (checked, replayed) = (drawing(&ran.out), drawing(&by_file.out));
        assert!(!checked.is_empty() && checked == replayed, "{}\n{}", ran.out, by_file.out);
        let explained = run(elsewhere.path(), "explain kept.json");
        assert!(explained.out.starts_with("Let\n"), "{}", explained.out);
    }
}

fn is_verdict(line: &str) -> bool {
    ["ok  ", "violated  ", "yes  ", "no  "].iter().any(|tag| line.starts_with(tag))
}

#[test]
fn reports_are_written_whole_beside_the_output() {
    let folder = folder();
    let arguments = "check status-race --report json=out/a.json --report markdown=a.md \
                     --report text=- -o name --no-record";
    let ran = run(folder.path(), &arguments.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("status-race   2 workers"), "{}", ran.out);
    let json = run(folder.path(), "check status-race -o json --no-record").out;
    assert_eq!(std::fs::read_to_string(folder.path().join("out/a.json")).unwrap(), json);
    let markdown = std::fs::read_to_string(folder.path().join("a.md")).unwrap();
    assert!(markdown.starts_with("### lostwrite\n"), "{markdown}");
    let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap()).collect();
    left.sort_by_key(std::fs::DirEntry::file_name);
    let left: Vec<_> = left.iter().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["a.md", "out"]);
}

#[test]
fn a_starter_runs_and_is_not_overwritten() {
    let folder = folder();
    let first = run(folder.path(), "new our-race");
    assert_eq!((first.code, first.out.as_str()), (0, ""));
    assert_eq!(run(folder.path(), "check our-race.yaml").code, 1);
    std::fs::write(folder.path().join("our-race.yaml"), "mine").unwrap();
    let again = run(folder.path(), "new our-race");
    assert_eq!(again.code, 2);
    assert_eq!(std::fs::read_to_string(folder.path().join("our-race.yaml")).unwrap(), "mine");
    assert_eq!(run(folder.path(), "new our-race --force").code, 0);
    for name in Scenario::builtin_names() {
        let ran = run(folder.path(), &format!("new copy --from {name} --force"));
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let valid = run(folder.path(), "validate copy.yaml");
        assert_eq!(valid.code, 0, "{name}: {}", valid.err);
        assert!(valid.out.starts_with("ok  copy  "), "{name}: {}", valid.out);
    }
}

/// `check` without an argument takes the scenarios of the current folder, and passes over what
/// builds leave there.
#[test]
fn without_an_argument_the_current_folder_is_checked() {
    let place = folder();
    let nothing = run(place.path(), "check");
    assert!(nothing.err.contains("no scenario was found"), "{}", nothing.err);
    let made = run(place.path(), "new mine");
    assert_eq!(made.code, 0, "{}", made.err);
    std::fs::create_dir(place.path().join("target")).unwrap();
    std::fs::copy(place.path().join("mine.yaml"), place.path().join("target/built.yaml")).unwrap();
    let ran = run(place.path(), "check --no-advice --no-record");
    // The starter loses a write, and expects nothing.
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{}", ran.out);
    assert!(ran.out.contains("1 scenario"), "{}", ran.out);
    assert!(ran.out.contains("lostwrite replay mine.yaml"), "{}", ran.out);
}
