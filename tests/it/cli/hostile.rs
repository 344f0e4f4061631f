//! Files of others: checkpoints, parts, recordings and scenarios that mean harm. They are refused
//! in words, nothing of them reaches the terminal raw, and no file is shown that is none of ours.

use std::path::Path;

use serde_json::{Value, json};

use super::{folder, run, two_workers};

/// What moves a cursor, colours a terminal, turns text around, or speaks to a CI system.
const NASTY: &str = "\u{1b}[31mred\u{7}\u{202e}\r\n::error::x\n::set-output name=a::b";

fn is_harmless(text: &str) {
    let harmful = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(harmful), "{text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
}

fn refused(place: &Path, arguments: &str, why: &str) {
    let ran = run(place, arguments);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    // Long lines are broken.
    let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(why), "{}", ran.err);
    is_harmless(&ran.err);
    is_harmless(&ran.out);
}

#[test]
fn heads_of_checkpoints_are_told_and_do_nothing() {
    let place = folder();
    let head = json!({
        "kind": "Checkpoint", "lostwrite": NASTY, "build": NASTY, "scenario": NASTY,
        "fingerprint": "é€é€é€", "flags": [NASTY, NASTY], "properties": [NASTY],
        "symmetry": true, "count": true, "maxSteps": null,
    });
    for (field, value) in
        [("kind", json!("Checkpoint")), ("fingerprint", json!("aa€€")), ("build", json!(""))]
    {
        let mut head = head.clone();
        head[field] = value;
        std::fs::write(place.path().join("c"), format!("{head}\nwords")).unwrap();
        refused(place.path(), "check retry-budget --resume c", "is of another check");
    }
    for text in ["", "\n", "{}", "\u{1b}[31m", "{\"kind\":\"Checkpoint\"}"] {
        std::fs::write(place.path().join("c"), text).unwrap();
        refused(place.path(), "check retry-budget --resume c", "is not a checkpoint");
    }
}

#[test]
fn a_flipped_bit_of_a_checkpoint_is_refused_in_words() {
    let place = folder();
    run(place.path(), "check shared-object --no-advice --max-states 5");
    let kept = std::fs::read_dir(place.path().join(".lostwrite")).unwrap();
    let kept = kept.map(|it| it.unwrap().path());
    let kept = kept.filter(|it| it.extension().is_some_and(|it| it == "checkpoint"));
    let path = kept.last().expect("a checkpoint");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 8) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(place.path().join("c"), &damaged).unwrap();
        let ran = run(place.path(), "check shared-object --no-advice --resume c");
        assert_eq!(ran.code, 2, "byte {at}: {}{}", ran.out, ran.err);
        is_harmless(&ran.err);
    }
}

#[test]
fn parts_are_joined_only_if_they_are_parts() {
    let place = folder();
    for index in 1..=2 {
        run(place.path(), &format!("check retry-budget --shard {index}/2 --no-advice"));
    }
    let mut parts: Vec<_> = std::fs::read_dir(place.path().join(".lostwrite"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.to_string_lossy().contains("-of-2.json"))
        .collect();
    parts.sort();
    let read = |at: usize| -> Value {
        serde_json::from_slice(&std::fs::read(&parts[at]).unwrap()).unwrap()
    };
    let (first, second) = (read(0), read(1));
    let join = |first: &Value, second: &Value, why: &str| {
        std::fs::write(place.path().join("1"), first.to_string()).unwrap();
        std::fs::write(place.path().join("2"), second.to_string()).unwrap();
        refused(place.path(), "merge 1 2", why);
    };
    let both = |change: &dyn Fn(&mut Value)| {
        let (mut first, mut second) = (first.clone(), second.clone());
        change(&mut first);
        change(&mut second);
        (first, second)
    };
    let (a, b) = both(&|part| part["part"]["of"] = json!(u32::MAX));
    join(&a, &b, "and 4294967273 more");
    let (a, b) = both(&|part| part["part"]["of"] = json!(0));
    join(&a, &b, "there is no part 1 of 0");
    let mut third = second.clone();
    third["part"]["shard"] = json!(3);
    join(&first, &third, "there is no part 3 of 2");
    third["part"]["shard"] = json!(0);
    join(&first, &third, "there is no part 0 of 2");
    let mut other = second.clone();
    let text = other["scenario"]["text"].as_str().unwrap().replace("Running", "Runn1ng");
    other["scenario"]["text"] = text.into();
    join(&first, &other, "not of one scenario");
    for field in ["unfinished", "calls", "schedules", "scheduler"] {
        let (mut a, b) = both(&|part| part["part"][field] = json!(NASTY));
        if field == "unfinished" {
            a = first.clone();
        }
        join(&a, &b, "part");
    }
    let (a, b) = both(&|part| part["lostwrite"] = json!(NASTY));
    join(&a, &b, "cannot read");
    // The order in which a part names its properties does not matter.
    let mut turned = second.clone();
    turned["part"]["properties"].as_array_mut().unwrap().reverse();
    let mut first = first.clone();
    first["part"]["properties"].as_array_mut().unwrap().reverse();
    std::fs::write(place.path().join("1"), first.to_string()).unwrap();
    std::fs::write(place.path().join("2"), turned.to_string()).unwrap();
    let joined = run(place.path(), "merge 1 2 -o json");
    assert_eq!(joined.code, 0, "{}", joined.err);
}

#[test]
fn a_scenario_names_files_of_its_folder_only() {
    let place = folder();
    let crd = include_str!("../../../scenarios/crds/widget.crd.yaml");
    let scenario = |name: &str| {
        let text = two_workers("update-retry", "")
            .replace("objects:", &format!("crds: [{name}]\nobjects:"));
        std::fs::create_dir_all(place.path().join("in")).unwrap();
        std::fs::write(place.path().join("in/s.yaml"), text).unwrap();
    };
    std::fs::write(place.path().join("crd.yaml"), crd).unwrap();
    std::fs::create_dir_all(place.path().join("in/crds")).unwrap();
    std::fs::write(place.path().join("in/crds/own.yaml"), crd).unwrap();
    let absolute = place.path().join("crd.yaml").display().to_string();
    let mut outside = vec!["../crd.yaml", "crds/../../crd.yaml", &absolute, "/etc/passwd"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../crd.yaml", place.path().join("in/link.yaml")).unwrap();
        outside.push("link.yaml");
    }
    for name in outside {
        scenario(name);
        refused(place.path(), "check in/s.yaml", "outside of the scenario's folder");
        refused(place.path(), "validate in", "outside of the scenario's folder");
    }
    for name in ["../crd.yaml", &absolute] {
        scenario(name);
        let ran = run(place.path(), "check in/s.yaml --allow-outside");
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    scenario("crds/own.yaml");
    assert_eq!(run(place.path(), "check in/s.yaml").code, 0);
    assert_eq!(run(&place.path().join("in"), "check s.yaml").code, 0);
}

#[test]
fn no_line_of_a_file_that_is_no_definition_is_shown() {
    let place = folder();
    let secret = "swordfish";
    let text = two_workers("update-retry", "").replace("objects:", "crds: [x]\nobjects:");
    std::fs::write(place.path().join("s.yaml"), text).unwrap();
    for content in [
        format!("root:$6${secret}:19000:0:99999:7:::\n"),
        format!("{secret}: [\n"),
        format!("kind: Secret\nstringData: {{ a: {secret} }}\n"),
        format!("- {secret}\n- b\n"),
        format!("{secret}: 1\n{secret}: 2\n"),
        format!("{secret}\u{0}\n"),
    ] {
        std::fs::write(place.path().join("x"), &content).unwrap();
        for command in ["check s.yaml", "validate s.yaml", "compare s.yaml"] {
            let ran = run(place.path(), command);
            assert_eq!(ran.code, 2, "{content}");
            let told = ["is not a CustomResourceDefinition", "contains no CustomResource"];
            assert!(told.iter().any(|told| ran.err.contains(told)), "{}", ran.err);
            assert!(!ran.err.contains(secret) && !ran.out.contains(secret), "{}", ran.err);
        }
    }
    std::fs::write(place.path().join("x"), [0xff, 0xfe, 0x00, 0xd8]).unwrap();
    assert_eq!(run(place.path(), "check s.yaml").code, 2);
}

#[test]
fn values_do_nothing_in_markdown() {
    let place = folder();
    let value = "![x](http://e.x/p) @octocat [c](http://e.x) *b* #1";
    let own = format!("status.nodeInfo.osImage: \"{value}\"");
    let text = two_workers("update-unconditional", "").replace("status.capacity.cpu: \"8\"", &own);
    std::fs::write(place.path().join("s.yaml"), text).unwrap();
    let ran = run(place.path(), "check s.yaml -o markdown");
    let text: String = ran.out.split("```").step_by(2).collect::<Vec<_>>().join("");
    assert!(text.contains("octocat"), "{}", ran.out);
    for active in ["[x](", "[c](", "@octocat", "://e.x", " #1", " *b*"] {
        assert!(!text.contains(active), "{active} in {text}");
    }
}
