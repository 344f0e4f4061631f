//! Written by lostwrite: fails as long as the programs lose a write in this order.

pub fn two_programs() {
    let found = lostwrite::Scenario::from_trusted_file("tests/programs/two.yaml", true);
    let scenario = found.expect("a scenario").remove(0);
    let hunt = lostwrite::programs::Hunt::of(scenario).folder("tests/programs");
    let ran = hunt.replay("1.549d.r~ru~rr~r~uu~r~u").run();
    assert!(ran.loss.is_none() && ran.failed.is_none(), "{ran}");
}
