//! Schemas that are in use already, found again by their text.
//!
//! A command installs a definition many times over: to see whether it is right, for each write
//! method that it compares, for each way of judging. It is parsed once. What is remembered is
//! forgotten with its last holder, but for the last few. Next to read: `parse.rs`.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustc_hash::FxBuildHasher;
use serde_json::Value;

use super::cel::Memo;
use super::node::Node;
use super::rules::Rules;
use super::{FieldError, Schema};

/// The number that is held although not in use: the versions of one definition under way.
const HELD: usize = 8;

static RECENT: Mutex<Recent> = Mutex::new(Recent { known: Vec::new(), held: VecDeque::new() });

struct Recent {
    known: Vec<Known>,
    held: VecDeque<Schema>,
}

/// A schema as long as it is in use.
struct Known {
    hash: u64,
    text: Weak<Value>,
    root: Weak<Node>,
    rules: Weak<Rules>,
    memo: Weak<Memo>,
}

impl Known {
    fn schema(&self) -> Option<Schema> {
        Some(Schema {
            text: Some(self.text.upgrade()?),
            root: self.root.upgrade()?,
            rules: Some(self.rules.upgrade()?),
            memo: self.memo.upgrade()?,
            builtin: None,
        })
    }
}

/// The schema of this text, parsed now if it is not known.
pub(super) fn parsed(
    text: &Value,
    parse: impl FnOnce() -> Result<Schema, Vec<FieldError>>,
) -> Result<Schema, Vec<FieldError>> {
    let hash = FxBuildHasher.hash_one(text);
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |schema: &Schema| schema.text.as_deref() == Some(text);
    let mut found = recent.known.iter().filter(|known| known.hash == hash);
    if let Some(schema) = found.find_map(|known| known.schema().filter(same)) {
        return Ok(schema);
    }
    drop(recent);
    let schema = parse()?;
    recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.known.retain(|known| known.text.strong_count() > 0);
    if let (Some(text), Some(rules)) = (&schema.text, &schema.rules) {
        recent.known.push(Known {
            hash,
            text: Arc::downgrade(text),
            root: Arc::downgrade(&schema.root),
            rules: Arc::downgrade(rules),
            memo: Arc::downgrade(&schema.memo),
        });
    }
    recent.held.push_back(schema.clone());
    if recent.held.len() > HELD {
        recent.held.pop_front();
    }
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_parsed_once_while_its_schema_is_held() {
        let text = json!({ "type": "object", "description": "Of this test alone." });
        let first = Schema::parse(&text, "a").unwrap();
        let again = parsed(&text, || panic!("it is known")).unwrap();
        assert!(Arc::ptr_eq(&first.root, &again.root));
        let other = json!({ "type": "object", "description": "Of this test as well." });
        let other = Schema::parse(&other, "a").unwrap();
        assert!(!Arc::ptr_eq(&first.root, &other.root));
        drop((first, again));
        for number in 0..HELD {
            let text = json!({ "type": "object", "description": number.to_string() });
            Schema::parse(&text, "a").unwrap();
        }
        let mut parsed_again = false;
        let _ = parsed(&text, || {
            parsed_again = true;
            Err(Vec::new())
        });
        assert!(parsed_again, "it was not in use");
    }
}
