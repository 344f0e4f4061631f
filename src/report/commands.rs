//! The commands a report tells people to run: copied and pasted, they work.
//!
//! Next to read: `cli/recording.rs`, which writes the file that these commands name.

use crate::check::{CheckResult, Witness};
use crate::schedulers::Schedule;

/// The source of what was found in a test: nothing on the command line can run it.
pub const IN_A_TEST: &str = "lostwrite::kube";

fn is_in_a_test(result: &CheckResult) -> bool {
    result.scenario.source.name == IN_A_TEST
}

/// Longer schedules are read from the recording.
const SCHEDULE_AT_MOST: usize = 60;

/// The file in which a losing schedule of this scenario is kept.
pub fn recording(result: &CheckResult) -> String {
    let name = &result.scenario.name;
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    format!(".lostwrite/{name}-{}.json", result.fingerprint)
}

/// How the user named the scenario, for a command; stdin cannot be named again.
fn named(result: &CheckResult) -> Option<String> {
    let source = &result.scenario.source;
    let name = source.file.as_deref().unwrap_or(&source.name);
    (name != "-" && !name.is_empty()).then(|| quoted(name))
}

/// `lostwrite replay FILE --schedule 1.7c1e.huhu`, and a remark beside it.
pub fn replay(result: &CheckResult, witness: &Witness) -> (String, Option<String>) {
    let text = witness.schedule.to_string();
    if is_in_a_test(result) {
        return (format!(".replay(\"{text}\")"), None);
    }
    let overrides: String = result.overrides.iter().flat_map(|flag| [" ", flag.as_str()]).collect();
    match named(result) {
        Some(name) if text.len() <= SCHEDULE_AT_MOST => {
            let schedule = quoted(&text);
            (format!("lostwrite replay {name}{overrides} --schedule {schedule}"), None)
        }
        _ => {
            let steps = witness.trace.events.len();
            let remark = super::text::plural(&steps.to_string(), "step");
            (format!("lostwrite replay {}", quoted(&recording(result))), Some(remark))
        }
    }
}

/// `lostwrite replay NAME --schedule 1.7c1e.huhu`, whatever its length; without a name to call it
/// by, from the recording.
pub fn replay_schedule(result: &CheckResult, overrides: &[String], schedule: &Schedule) -> String {
    if is_in_a_test(result) {
        return format!(".replay(\"{schedule}\")");
    }
    let flags: String = overrides.iter().flat_map(|flag| [" ", flag.as_str()]).collect();
    match named(result) {
        Some(name) => {
            let schedule = quoted(&schedule.to_string());
            format!("lostwrite replay {name}{flags} --schedule {schedule}")
        }
        None => format!("lostwrite replay {}", quoted(&recording(result))),
    }
}

/// `lostwrite replay NAME --schedule {}`, to be filled with any schedule; none where the scenario
/// has no name to call it by.
pub fn replay_any(result: &CheckResult) -> Option<String> {
    if is_in_a_test(result) {
        return Some(".replay(\"{}\")".to_owned());
    }
    let flags: String = result.overrides.iter().flat_map(|flag| [" ", flag.as_str()]).collect();
    named(result).map(|name| format!("lostwrite replay {name}{flags} --schedule {{}}"))
}

/// `lostwrite check NAME`.
pub fn check(result: &CheckResult) -> String {
    if is_in_a_test(result) {
        return ".check()".to_owned();
    }
    let flags: String = result.overrides.iter().flat_map(|flag| [" ", flag.as_str()]).collect();
    format!("lostwrite check {}{flags}", named(result).unwrap_or_else(|| "-".to_owned()))
}

/// `lostwrite report NAME --schedule 1.7c1e.huhu -o html`.
pub fn page(result: &CheckResult, schedule: &Schedule) -> String {
    let replay = replay_schedule(result, &result.overrides, schedule);
    if is_in_a_test(result) {
        return format!("{replay}{}", in_a_test(result, "html"));
    }
    format!("{} -o html --open", replay.replacen("replay", "report", 1))
}

/// `lostwrite report .lostwrite/NAME-FP.json -o html --open`.
pub fn open_page(result: &CheckResult) -> String {
    if is_in_a_test(result) {
        return in_a_test(result, "html");
    }
    format!("lostwrite report {} -o html --open", quoted(&recording(result)))
}

/// `lostwrite explain .lostwrite/NAME-FP.json`.
pub fn explain(result: &CheckResult) -> String {
    if is_in_a_test(result) {
        return ".check().explain()".to_owned();
    }
    format!("lostwrite explain {}", quoted(&recording(result)))
}

fn in_a_test(result: &CheckResult, format: &str) -> String {
    format!(".check().report(\"{}\", \"{format}\")", result.scenario.name)
}

/// An argument as a POSIX shell takes it.
pub fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+~".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) && !argument.starts_with('~') {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        assert_eq!(quoted("scenarios/a.yaml"), "scenarios/a.yaml");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("1.7c1e.!lhu"), "'1.7c1e.!lhu'");
    }
}
