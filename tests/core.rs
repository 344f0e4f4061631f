//! The known counts.
use lostwrite::check::{Options, compare, run};
use lostwrite::scenario::Scenario;
use std::sync::Arc;
#[test]
fn all() {
    for s in Scenario::all_builtin() {
        let s = Arc::new(s);
        let t = std::time::Instant::now();
        match run(&s, &Options::default()) {
            Ok(r) => {
                println!(
                    "{:28} {:?} states {:?} schedules {} {:?}",
                    s.name,
                    r.expectation,
                    r.exploration.states,
                    r.exploration.schedules.as_ref().unwrap(),
                    t.elapsed()
                );
                for p in &r.properties {
                    println!(
                        "      {} {:?} {:?} judged {} {}",
                        p.name,
                        p.verdict,
                        p.schedules.as_ref().map(|c| c.to_string()),
                        p.judged,
                        p.witness
                            .as_ref()
                            .map(|w| format!(
                                "{} {:?} v{} {} s{:?} c{:?}",
                                w.schedule,
                                w.class,
                                w.victim.step,
                                w.field,
                                w.stale_read.as_ref().map(|p| p.step),
                                w.culprit.as_ref().map(|p| p.step)
                            ))
                            .unwrap_or_default()
                    );
                }
            }
            Err(e) => println!("{:28} {}", s.name, e.message),
        }
    }
}
#[test]
fn cmp() {
    for n in std::env::var("S").unwrap_or("status-race".into()).split(',') {
        let s = Arc::new(Scenario::builtin(n).unwrap());
        for row in compare(&s, &Options::default()).unwrap().rows {
            println!(
                "{n} {:24} {:?} {}",
                row.write,
                row.read,
                match row.result {
                    Some(r) => {
                        let p = r.property("no-lost-write").unwrap();
                        format!(
                            "{} of {}",
                            p.schedules.as_ref().unwrap(),
                            r.exploration.schedules.as_ref().unwrap()
                        )
                    }
                    None => row.refused.unwrap(),
                }
            );
        }
    }
}
