//! The drawings as people see them, pinned: a change is seen in the review.

use super::{all_checked, at, check_text, checked, many, text};
use lostwrite::check::Options;
use lostwrite::report::Style;

#[test]
fn the_flagship_in_100_columns_in_80_and_in_ascii() {
    let result = checked("status-race", true);
    insta::assert_snapshot!("status-race-100", text(&result, at(100)));
    insta::assert_snapshot!("status-race-80", text(&result, at(80)));
    let ascii = Style { ascii: true, ..at(100) };
    insta::assert_snapshot!("status-race-ascii", text(&result, ascii));
}

#[test]
fn every_shipped_scenario() {
    for result in all_checked() {
        let name = result.scenario.name.clone();
        insta::assert_snapshot!(format!("shipped-{name}"), text(&result, at(100)));
    }
}

#[test]
fn three_to_eight_workers() {
    let three = check_text(&many(3, "update-unconditional"), &Options::default());
    insta::assert_snapshot!("three-workers-80", text(&three, at(80)));
    insta::assert_snapshot!("three-workers-130", text(&three, at(130)));
    let options = Options { scheduler: "random".to_owned(), seed: 42, ..Options::default() };
    let eight = check_text(&many(8, "update-unconditional"), &options);
    insta::assert_snapshot!("eight-workers-80", text(&eight, at(80)));
    insta::assert_snapshot!("eight-workers-140", text(&eight, at(140)));
}
