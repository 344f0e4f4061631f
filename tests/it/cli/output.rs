//! stdout and stderr: data and narration, colour, CI.

use super::{command, finish, folder, run};

#[test]
fn stdout_is_the_same_byte_for_byte() {
    let (here, there) = (folder(), folder());
    for arguments in [
        "check status-race",
        "check stale-cache -o json",
        "check shared-object -o wide",
        "check timeout --scheduler random --seed 3 --runs 50",
        "check three-writers --scheduler random --seed 5 --no-expect",
        "check three-writers --scheduler pct --seed 5 -o json",
        "check status-race counter -o markdown --no-expect",
        "compare status-race -o wide",
        "explain stale-cache",
        "list scenarios -o json",
    ] {
        let (first, second) = (run(here.path(), arguments), run(there.path(), arguments));
        assert_eq!(first, second, "{arguments}");
        assert_eq!(first.err, "", "{arguments}");
        assert!(!first.out.contains('\u{1b}'), "{arguments}");
    }
}

#[test]
fn an_explicit_flag_beats_the_environment_for_colour() {
    let folder = folder();
    let colored = |arguments: &str, environment: &[(&str, &str)]| {
        let mut command = command(folder.path());
        command.args(["check", "status-race", "--no-advice"]);
        command.args(arguments.split(' ').filter(|a| !a.is_empty()));
        command.envs(environment.iter().copied());
        finish(&mut command, "").out.contains('\u{1b}')
    };
    assert!(!colored("", &[]));
    assert!(colored("--color always", &[]));
    assert!(colored("--color always", &[("NO_COLOR", "1")]));
    assert!(colored("", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored("", &[("CLICOLOR_FORCE", "0")]));
    assert!(!colored("", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colored("", &[("LOSTWRITE_COLOR", "always"), ("NO_COLOR", "1")]));
    assert!(!colored("--color never", &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored("--color auto", &[("LOSTWRITE_COLOR", "always")]));
}

#[test]
fn github_actions_gets_annotations_on_stderr_and_the_summary_on_request() {
    let folder = folder();
    let ran = |arguments: &[&str]| {
        let mut command = command(folder.path());
        command.args(["check", "status-race", "--no-expect"]).args(arguments);
        command.env("GITHUB_ACTIONS", "true");
        command.env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"));
        finish(&mut command, "")
    };
    let plain = run(folder.path(), "check status-race --no-expect -o json");
    let json = ran(&["-o", "json"]);
    assert_eq!((json.code, &json.out), (1, &plain.out));
    assert!(json.err.starts_with("::error title=lost write::"), "{}", json.err);
    assert!(!folder.path().join("summary.md").exists());
    let github = ran(&["-o", "github"]);
    assert_eq!((github.out, github.err), (json.err, String::new()));
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(summary.contains("```mermaid\nsequenceDiagram\n"), "{summary}");
}

#[test]
fn annotations_point_at_the_line_of_the_guilty_worker() {
    let folder = folder();
    let text = super::two_workers("update-unconditional", "");
    std::fs::write(folder.path().join("a,b.yaml"), &text).unwrap();
    let mut command = command(folder.path());
    let ran = finish(command.args(["check", "a,b.yaml", "-o", "github"]), "");
    let json = finish(command.args(["-o", "json"]), "");
    assert_eq!(json.code, 2, "-o twice is a mistake");
    let json = run(folder.path(), "check a,b.yaml -o json").out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let guilty = json["results"][0]["properties"][0]["witness"]["culprit"]["worker"].as_str();
    let lines: Vec<&str> = text.lines().collect();
    let own = lines.iter().position(|l| l.contains(&format!("name: {}", guilty.unwrap()))).unwrap();
    let expected = format!("::error file=a%2Cb.yaml,line={},title=lost write::", own + 2);
    assert!(ran.out.starts_with(&expected), "{}\n{expected}", ran.out);
    assert!(
        ran.out.contains("4 of 6 schedules. Replay: lostwrite replay a,b.yaml "),
        "{}",
        ran.out
    );
    assert_eq!(ran.out.lines().count(), 1);
}
