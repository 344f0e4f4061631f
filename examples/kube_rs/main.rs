//! Two kube-rs controllers on one list of conditions, and the tests that find what they lose.
//!
//! `cargo test --example kube_rs --features kube`. The walk through it is `docs/kube-rs.md`, whose
//! code is that of the files beside this one (`tests/real/tutorial.rs`). Next to read:
//! `operator.rs`.

mod conditions;
mod mended;
mod operator;

// What the crate of the walk is called.
extern crate self as widget_operator;
pub use mended::run;

fn before() -> lostwrite::kube::Simulation {
    conditions::cluster()
        .controller("ready", |client| operator::run(client, "Ready"))
        .controller("usage", |client| operator::run(client, "Usage"))
}

fn main() {
    println!("{}", before().check());
    println!(
        "With the version that was read in the patch:\n\n{}",
        conditions::simulation().check()
    );
}

#[test]
fn before_they_are_mended_they_lose_a_condition() {
    before().check().assert_lost();
}
