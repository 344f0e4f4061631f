//! SPIN: `occ.pml`, compiled to a verifier with its partial-order reduction, and run.
//!
//! Next to read: `occ.pml`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::{median, timed};

const MODEL: &str = include_str!("occ.pml");

/// States it stores and its time, or why there is none. The verdict has to be that nothing is lost.
pub fn verify(writers: usize, tries: usize, separate: bool) -> Result<(String, Duration), String> {
    let folder = std::env::temp_dir().join(format!("compare-spin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let verdict = inside(&folder, writers, tries, separate);
    let _ = std::fs::remove_dir_all(&folder);
    verdict
}

fn inside(
    folder: &Path,
    writers: usize,
    tries: usize,
    separate: bool,
) -> Result<(String, Duration), String> {
    std::fs::write(folder.join("occ.pml"), MODEL).map_err(|error| error.to_string())?;
    let run = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).current_dir(folder).output();
        let ran = ran.map_err(|error| format!("`{program}`: {error}"))?;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        if ran.status.success() { Ok(said) } else { Err(format!("`{program}` failed: {said}")) }
    };
    let (n, r) = (format!("-DN={writers}"), format!("-DR={tries}"));
    let fields = if separate { "-DSEPARATE" } else { "-DONE_BIT_EACH" };
    run("spin", &["-a", &n, &r, fields, "occ.pml"])?;
    run("gcc", &["-O3", "-DSAFETY", "-DMEMLIM=8000", "-w", "-o", "pan", "pan.c"])?;
    let verifier = folder.join("pan").display().to_string();
    let mut said = String::new();
    let mut failed = None;
    let took = median(|| {
        let (took, made) = timed(|| run(&verifier, &["-m100000", "-w26"]));
        match made {
            Ok(text) => said = text,
            Err(why) => failed = Some(why),
        }
        took
    });
    if let Some(why) = failed {
        return Err(why);
    }
    if !said.contains("errors: 0") {
        return Err(format!("another verdict: {said}"));
    }
    let stored = said.lines().find(|line| line.contains("states, stored"));
    let states = stored.and_then(|line| line.split_whitespace().next()).unwrap_or("?");
    Ok((states.to_owned(), took))
}
