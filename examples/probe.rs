use lostwrite::check::{Options, run};
use lostwrite::scenario::Scenario;
use std::sync::Arc;
fn main() {
    for f in std::env::args().skip(1) {
        let s = match Scenario::from_file(&f) {
            Ok(s) => Arc::new(s[0].clone()),
            Err(e) => {
                for d in e.0 {
                    println!("{} {}", f, d.message);
                }
                continue;
            }
        };
        let t = std::time::Instant::now();
        let r = run(&s, &Options::default()).unwrap_or_else(|e| panic!("{}", e.message));
        println!(
            "{f} {:?} states {:?} transitions {:?} schedules {}",
            t.elapsed(),
            r.exploration.states,
            r.exploration.transitions,
            r.exploration.schedules.as_ref().unwrap()
        );
        for p in &r.properties {
            println!("   {} {:?} {}", p.name, p.verdict, p.schedules.as_ref().unwrap());
        }
    }
}
