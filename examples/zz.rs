use lostwrite::{check::*, report::*, scenario::Scenario};
use std::sync::Arc;
fn main() {
    for name in std::env::args().skip(1) {
        let s = Arc::new(Scenario::builtin(&name).unwrap());
        let r = run(&s, &Options::default()).unwrap();
        println!("{}", renderer("text").unwrap().render(&[r], &Style::default()));
        let c = compare(&s, &Options::default()).unwrap();
        println!("{}", compare_table(&c, &Style::default(), false));
    }
}
