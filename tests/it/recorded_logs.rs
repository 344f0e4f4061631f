//! Recorded audit logs, of which is known what was lost: what the judge of logs finds in them, and
//! the way from each to a proof.
//!
//! `tests/audit/NAME.jsonl.gz` is a log as an API server wrote it; in the `hard` ones values come
//! again, caches lag, replicas write alike, or answers are missing. `NAME.truth.txt` was computed
//! from the clients' own record: what each program writes, and culprit and path of each loss.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use lostwrite::audit::{self, Finding, Kinds, Log, Owns, Verdict};
use serde_json::Value;

use crate::cli::{command, finish, folder, run};

type Loss = (String, String);

struct Recorded {
    name: String,
    path: PathBuf,
    owns: Vec<String>,
    lost: BTreeSet<Loss>,
}

/// The logs whose names begin so.
fn recorded(begin: &str) -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit");
    let files = std::fs::read_dir(&folder).expect("the folder of logs");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .filter_map(|name| Some(name.strip_suffix(".jsonl.gz")?.to_owned()))
        .filter(|name| name.starts_with(begin))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{begin}");
    let read = |name: String| {
        let text = std::fs::read_to_string(folder.join(format!("{name}.truth.txt"))).unwrap();
        let rows = |word: &str| -> Vec<String> {
            let rows = text.lines().filter_map(|line| line.strip_prefix(word));
            rows.map(str::to_owned).collect()
        };
        let loss = |row: &String| {
            let (culprit, path) = row.split_once(' ').expect("culprit and path");
            (culprit.to_owned(), path.to_owned())
        };
        Recorded {
            path: folder.join(format!("{name}.jsonl.gz")),
            owns: rows("owns "),
            lost: rows("lost ").iter().map(loss).collect(),
            name,
        }
    };
    names.into_iter().map(read).collect()
}

impl Recorded {
    fn judged(&self, owns: &Owns) -> Verdict {
        let file = std::fs::File::open(&self.path).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        let mut log = Log::new(Kinds::new(&[]).unwrap());
        for event in text.lines().flat_map(|line| audit::events(line.as_bytes())).flatten() {
            log.take(event);
        }
        audit::judge(&mut log, owns)
    }
}

fn losses(findings: &[Finding]) -> BTreeSet<Loss> {
    findings.iter().map(|it| (it.culprit.audit.clone(), it.path.to_string())).collect()
}

#[test]
fn every_loss_of_the_easy_logs_is_found_and_no_other() {
    let mut all = 0;
    for log in recorded("easy") {
        let verdict = log.judged(&Owns::default());
        assert_eq!(losses(&verdict.lost), log.lost, "{}", log.name);
        all += log.lost.len();
    }
    assert!(all > 300, "{all}");
}

#[test]
fn what_is_called_lost_in_the_hard_logs_is_and_most_is_found() {
    let (mut there, mut lost, mut either) = (0, 0, 0);
    for log in recorded("hard") {
        let verdict = log.judged(&Owns::default());
        let (found, suspects) = (losses(&verdict.lost), losses(&verdict.suspects));
        let right = found.intersection(&log.lost).count();
        println!(
            "{}: {} there, {right} found, {} suspected, {} wrong",
            log.name,
            log.lost.len(),
            suspects.intersection(&log.lost).count(),
            found.len() - right,
        );
        assert!(right * 100 >= found.len() * 98, "{}: {right} of {}", log.name, found.len());
        there += log.lost.len();
        lost += right;
        either +=
            log.lost.iter().filter(|it| found.contains(*it) || suspects.contains(*it)).count();
    }
    assert!(lost * 100 >= there * 80, "{lost} of {there}");
    assert!(either * 100 >= there * 95, "{either} of {there}");
}

#[test]
fn with_what_each_program_owns_the_judge_is_exact() {
    for begin in ["hard-01", "hard-02", "hard-05"] {
        for log in recorded(begin) {
            assert!(!log.owns.is_empty(), "{}", log.name);
            let verdict = log.judged(&Owns::parse(&log.owns).unwrap());
            assert_eq!(losses(&verdict.lost), log.lost, "{}", log.name);
        }
    }
}

/// The data of a page.
fn data(page: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(start).expect("the data");
    serde_json::from_str(rest.split_once("</script>").expect("its end").0).expect("JSON")
}

#[test]
fn each_log_that_loses_becomes_a_scenario_that_loses_alike_and_a_page_of_the_guilty_write() {
    let mut proved = 0;
    for log in recorded("").iter().filter(|log| !log.lost.is_empty()) {
        let (folder, name) = (folder(), &log.name);
        let path = log.path.to_str().expect("UTF-8");
        let arguments = ["judge", path, "--scenario", "pair.yaml", "-o", "json"];
        let ran = finish(command(folder.path()).args(arguments), "");
        assert_eq!(ran.code, 1, "{name}: {}", ran.err);
        let found: Value = serde_json::from_str(&ran.out).expect("JSON");
        let proof = &found["proof"];
        assert_eq!(proof["class"], found["pairs"][0]["class"], "{name}: {proof:#}");
        assert_eq!(proof["sameClass"], true, "{name}");
        let mended = proof["mended"].as_str().expect("a safe method");
        assert!(proof["safe"].as_array().expect("a list").contains(&mended.into()), "{name}");
        // The file's own expectations: the pair loses, the mended pair does not.
        let ran = run(folder.path(), "check pair.yaml");
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        let both = std::fs::read_to_string(folder.path().join("pair.yaml")).unwrap();
        let (lost, _) = both.split_once("\n---\n").expect("two scenarios");
        std::fs::write(folder.path().join("lost.yaml"), lost).unwrap();
        // What `compare` says of it.
        let ran = run(folder.path(), "compare lost.yaml");
        let row = ran.out.lines().find(|line| line.trim_start().starts_with(mended));
        assert!(row.is_some_and(|row| row.contains("safe")), "{name}: {mended}: {}", ran.out);
        let ran = run(folder.path(), "report lost.yaml -o html --output-file -");
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let scene = data(&ran.out)["scenes"][0].take();
        let at = |value: &Value| value.as_u64().expect("a number") as usize;
        let story = &scene["stories"][at(&scene["first"])];
        // The page opens on this step (`state.js`): a write of the culprit of the first row.
        let guilty = &scene["steps"][at(&story["steps"][at(&story["guilty"]) - 1])];
        assert_eq!(guilty["kind"], "write", "{name}: {guilty:#}");
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let culprit = found["pairs"][0]["culprit"].as_str().expect("a client");
        let culprit: String = culprit.chars().map(safe).take(40).collect();
        assert_eq!(guilty["who"], culprit.trim_matches('-'), "{name}: {guilty:#}");
        assert!(!guilty["gone"].as_array().expect("a list").is_empty(), "{name}: {guilty:#}");
        proved += 1;
    }
    assert_eq!(proved, 10);
}
