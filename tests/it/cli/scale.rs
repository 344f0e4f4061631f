//! Long and large searches from the command line: threads, shards and `merge`, checkpoints.

use std::path::Path;

use super::{folder, run};

/// The files of a folder's `.lostwrite/` that end so.
fn left(folder: &Path, end: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join(".lostwrite")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    names
}

/// What does not depend on how the states were visited.
fn verdict(text: &str) -> serde_json::Value {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut result = json["results"][0].clone();
    let exploration = result["exploration"].as_object_mut().unwrap();
    for how in ["states", "transitions", "work", "complete", "stoppedBy"] {
        exploration.remove(how);
    }
    // The probabilities are sums of the same terms in another order.
    for property in result["properties"].as_array_mut().unwrap() {
        property.as_object_mut().unwrap().remove("uniformScheduler");
    }
    result
}

#[test]
fn shards_are_merged_into_the_verdict_of_one_search() {
    let place = folder();
    for check in ["three-writers", "retry-budget", "counter --write update-retry", "stale-cache"] {
        let whole = run(place.path(), &format!("check {check} --no-advice -o json"));
        for index in 1..=3 {
            let part = run(place.path(), &format!("check {check} --shard {index}/3 -o json"));
            assert!(part.code <= 1, "{check}: {}", part.err);
            assert!(part.err.contains("this part is kept in"), "{}", part.err);
        }
        let parts = left(place.path(), "-of-3.json");
        let parts: Vec<String> = parts.iter().map(|name| format!(".lostwrite/{name}")).collect();
        let merged = run(place.path(), &format!("merge -o json {}", parts.join(" ")));
        assert_eq!(merged.err, "", "{check}");
        assert_eq!(merged.code, whole.code, "{check}");
        assert_eq!(verdict(&merged.out), verdict(&whole.out), "{check}");
        let drawn = run(place.path(), &format!("merge {}", parts.join(" ")));
        assert!(!drawn.out.contains("part "), "{}", drawn.out);
        // Not all, one twice, and one of another check.
        let refused = |files: &[&str]| run(place.path(), &format!("merge {}", files.join(" ")));
        let missing = refused(&[&parts[0], &parts[2]]);
        assert_eq!(missing.code, 2);
        assert!(missing.err.contains("missing: 2"), "{}", missing.err);
        let twice = refused(&[&parts[0], &parts[1], &parts[2], &parts[1]]);
        assert!(twice.err.contains("part 2 is given twice"), "{}", twice.err);
        let other = run(place.path(), "check status-race --shard 1/3");
        assert!(other.code <= 1, "{}", other.err);
        let other = left(place.path(), ".1-of-3.json");
        let other = other.iter().find(|name| name.starts_with("status-race")).unwrap();
        let mixed = refused(&[&format!(".lostwrite/{other}"), &parts[1], &parts[2]]);
        assert_eq!(mixed.code, 2, "{}", mixed.out);
        std::fs::remove_dir_all(place.path().join(".lostwrite")).unwrap();
    }
}

#[test]
fn sampled_shards_make_the_runs_of_one_sample() {
    let place = folder();
    let sampled = "check status-race --write update-retry --scheduler random --seed 7 --runs 100";
    for index in 1..=3 {
        let part = run(place.path(), &format!("{sampled} --shard {index}/3"));
        assert_eq!(part.code, 0, "{}", part.err);
    }
    let parts = left(place.path(), "-of-3.json");
    let parts: Vec<String> = parts.iter().map(|name| format!(".lostwrite/{name}")).collect();
    let merged = run(place.path(), &format!("merge -o json {}", parts.join(" ")));
    let json: serde_json::Value = serde_json::from_str(&merged.out).unwrap();
    assert_eq!(json["results"][0]["exploration"]["executions"], 100);
    assert_eq!(json["results"][0]["properties"][0]["verdict"], "unknown");
    let timed = run(place.path(), "check seldom --scheduler timed --shard 1/2");
    assert_eq!(timed.code, 2);
    assert!(timed.err.contains("cannot be split"), "{}", timed.err);
}

#[test]
fn a_search_that_was_stopped_goes_on_to_the_same_end() {
    let place = folder();
    let whole = run(place.path(), "check retry-budget --no-advice");
    let stopped = run(place.path(), "check retry-budget --no-advice --max-states 20");
    assert!(stopped.err.contains("repeat the command with --resume"), "{}", stopped.err);
    let [kept] = left(place.path(), ".checkpoint").try_into().expect("one checkpoint");
    let resume = format!("--resume .lostwrite/{kept}");
    let resumed = run(place.path(), &format!("check retry-budget --no-advice {resume}"));
    assert_eq!((resumed.code, resumed.out), (whole.code, whole.out), "{}", resumed.err);
    // Of another scenario, under other flags, damaged, and no checkpoint at all.
    let of_another = run(place.path(), &format!("check status-race {resume}"));
    assert_eq!(of_another.code, 2);
    assert!(of_another.err.contains("is of another check"), "{}", of_another.err);
    let flags = run(place.path(), &format!("check retry-budget --no-symmetry {resume}"));
    assert!(flags.err.contains("is of another check"), "{}", flags.err);
    let path = place.path().join(".lostwrite").join(kept);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damaged = run(place.path(), &format!("check retry-budget {resume}"));
    assert_eq!(damaged.code, 2, "{}", damaged.out);
    assert!(damaged.err.contains("damaged"), "{}", damaged.err);
    std::fs::write(&path, "something else\n").unwrap();
    let nothing = run(place.path(), &format!("check retry-budget {resume}"));
    assert!(nothing.err.contains("is not a checkpoint"), "{}", nothing.err);
}

#[test]
fn threads_and_exchanges_change_nothing_that_is_printed_of_the_verdict() {
    let place = folder();
    let one = run(place.path(), "check three-writers -o json --threads 1");
    let two = run(place.path(), "check three-writers -o json --threads 2");
    assert_eq!(one, two);
    let apart = run(place.path(), "check three-writers -o json --no-symmetry");
    assert_eq!(verdict(&apart.out), verdict(&one.out));
    let stats = run(place.path(), "check three-writers --no-advice --stats");
    assert!(stats.err.contains("states") && stats.err.contains("ms"), "{}", stats.err);
    let uncounted = run(place.path(), "check three-writers --count off -o json --no-advice");
    let json: serde_json::Value = serde_json::from_str(&uncounted.out).unwrap();
    assert_eq!(json["results"][0]["exploration"]["schedules"], serde_json::Value::Null);
    assert_eq!(json["results"][0]["properties"][0]["verdict"], "violated");
    for wrong in ["--shard 0/3", "--shard 4/3", "--shard x", "--max-memory 8XB", "--threads 0"] {
        assert_eq!(run(place.path(), &format!("check three-writers {wrong}")).code, 2, "{wrong}");
    }
}
