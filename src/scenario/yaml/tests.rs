//! What is read of a text, and what is not.

use super::*;
use serde_json::json;

fn one(text: &str) -> Node {
    let documents = parse(&SourceText::new("t", text)).unwrap_or_else(|e| panic!("{e}"));
    documents.into_iter().next().expect("a document").root
}

#[test]
fn yaml_and_json_come_out_alike() {
    let yaml = one("a: [1, 'x']\nb:\n  c: true\n  \"d\": ~\n");
    let json = one("{\"a\": [1, \"x\"],\n\t\"b\": {\"c\": true, \"d\": null}}");
    assert_eq!(yaml.to_value(), json.to_value());
    assert_eq!(one(r#"{"e": "\ud83d\ude00 \/ \u00e9"}"#).to_value(), json!({"e": "😀 / é"}));
}

#[test]
fn places_are_bytes() {
    let text = "é: x\nworkers:\n  - write: 'apply'\n";
    let write = one(text);
    let write = write.get("workers").unwrap().items()[0].entry("write").unwrap();
    assert_eq!(&text[write.0.span.clone()], "write");
    assert_eq!(&text[write.1.span.clone()], "'apply'");
}

#[test]
fn documents_are_told_apart() {
    let text = "# one\na: 1\n---\n---\nb: 2\n---\n# nothing\n";
    let documents = parse(&SourceText::new("t", text)).unwrap();
    let texts: Vec<&str> = documents.iter().map(|d| &text[d.range.clone()]).collect();
    assert_eq!(texts, ["# one\na: 1\n", "---\nb: 2\n"]);
    assert_eq!(parse(&SourceText::new("t", "# only\n")).unwrap().len(), 0);
    assert_eq!(parse(&SourceText::new("t", "")).unwrap().len(), 0);
}

#[test]
fn windows_texts_are_read() {
    assert_eq!(one("\u{feff}a: 1\r\nb: x\r\n").to_value(), json!({"a": 1, "b": "x"}));
}

#[test]
fn aliases_unfold_within_bounds() {
    assert_eq!(
        one("a: &x {n: 1}\nb: *x\nc:\n  <<: *x\n  m: 2\n").to_value(),
        json!({"a": {"n": 1}, "b": {"n": 1}, "c": {"n": 1, "m": 2}})
    );
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    let error = parse(&SourceText::new("t", bomb)).unwrap_err();
    assert_eq!(error.message, "this YAML expands to too many values");
}

#[test]
fn depth_is_bounded() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        assert!(parse(&SourceText::new("t", text)).is_err());
    }
}
