//! `judge --scenario`: a pair of writers in a log becomes a scenario that loses in the same way.

use serde_json::Value;

use super::judge::{lines, log};
use super::{folder, run};

#[test]
fn the_scenario_of_a_pair_loses_in_the_same_way_and_names_what_is_safe() {
    let folder = folder();
    let text = lines(&log()).replace("\"s1\"", "\"hunter2\"");
    std::fs::write(folder.path().join("a.jsonl"), text).unwrap();
    let ran = run(folder.path(), "judge a.jsonl --scenario pair.yaml -o json");
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    let proof = &found["proof"];
    assert!(proof["sameClass"] == true && proof["class"] == "list-replaced", "{proof:#}");
    assert_eq!((&proof["losing"], &proof["schedules"]), (&"4".into(), &"6".into()));
    let safe = proof["safe"].as_array().unwrap();
    assert!(safe.contains(&"merge-patch-locked".into()) && !safe.contains(&"merge-patch".into()));
    assert!(proof["timed"]["losing"].as_u64().unwrap() > 0, "{proof:#}");
    let scenario = std::fs::read_to_string(folder.path().join("pair.yaml")).unwrap();
    assert!(!scenario.contains("hunter2") && scenario.contains("write: merge-patch\n"));
    // Both documents do as they expect: the pair loses, the mended pair does not.
    let checked = run(folder.path(), "check pair.yaml");
    assert_eq!(checked.code, 0, "{}", checked.out);
    let ran = run(folder.path(), "judge a.jsonl --scenario pair.yaml");
    for words in ["from log to proof", "as in the log", "runs in simulated time", "update-retry"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
}

#[test]
fn tests_are_printed_in_three_languages() {
    let folder = folder();
    std::fs::write(folder.path().join("a.jsonl"), lines(&log())).unwrap();
    for (language, words) in [
        ("rust", "lostwrite::check(\"pair.yaml\").assert_expected();"),
        ("go", "func TestReadyLosesToSync(t *testing.T) {"),
        ("shell", "PATCH '/apis/example.com/v1/namespaces/shop/widgets/cart/status'"),
    ] {
        let ran =
            run(folder.path(), &format!("judge a.jsonl --scenario pair.yaml --test {language}"));
        assert!(ran.code == 1 && ran.out.contains(words), "{language}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn a_pair_that_is_not_there_is_said() {
    let folder = folder();
    std::fs::write(folder.path().join("a.jsonl"), lines(&log())).unwrap();
    for (arguments, why) in [
        ("--scenario pair.yaml --pair 9", "--pair 9: the table has 1 row"),
        ("--scenario pair.yaml --client none", "there is no pair to model"),
        ("--pair 1", "--scenario <FILE>"),
        ("--test go", "--scenario <FILE>"),
    ] {
        let ran = run(folder.path(), &format!("judge a.jsonl {arguments}"));
        assert!(ran.code == 2 && ran.err.contains(why), "{arguments}: {}", ran.err);
    }
}
