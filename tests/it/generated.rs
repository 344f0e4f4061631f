//! Files that are made from the code are current. `LOSTWRITE_BLESS=1 cargo test` writes them again.

use lostwrite::scenario;

/// The file holds this text, or is written anew.
pub fn current(path: &str, text: &str) {
    if std::env::var_os("LOSTWRITE_BLESS").is_some() {
        std::fs::write(path, text).expect("the tests run in the package's folder");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{path} is out of date; write it again with LOSTWRITE_BLESS=1");
}

#[test]
fn the_json_schema_beside_the_scenarios_is_current() {
    let schema = serde_json::to_string_pretty(&scenario::json_schema()).expect("JSON");
    current("scenarios/scenario.schema.json", &(schema + "\n"));
}

#[test]
fn the_reference_page_is_current() {
    current("docs/scenario-format.md", &scenario::reference());
}
