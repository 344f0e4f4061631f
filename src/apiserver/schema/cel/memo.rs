//! What rules have said before.
//!
//! A search asks the same rules about the same values again and again. A rule is a function of
//! them and of nothing else, so its answers are kept, up to a bound. Next to read: `walk.rs`.

use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use serde_json::Value;

use super::evaluate::Finding;

/// The maximum of JSON values that are kept, in all questions together: some megabytes.
const VALUES_MAX: usize = 50_000;

/// The answers of all rules of one schema.
#[derive(Default)]
pub(in super::super) struct Memo {
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    table: HashTable<Remembered>,
    values: usize,
}

/// What the rules of one place, which is known by its address, say to a value and its old one.
struct Remembered {
    hash: u64,
    place: usize,
    new: Value,
    old: Option<Value>,
    findings: Arc<[Finding]>,
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memo(..)")
    }
}

impl Memo {
    /// The answer that is known, or else the one that `evaluate` gives.
    pub(super) fn findings(
        &self,
        place: usize,
        (new, old): (&Value, Option<&Value>),
        evaluate: impl FnOnce() -> Vec<Finding>,
    ) -> Arc<[Finding]> {
        let hash = FxBuildHasher.hash_one(Question(place, new, old));
        let same =
            |known: &Remembered| (known.place, &known.new, known.old.as_ref()) == (place, new, old);
        {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = answers.table.find(hash, same) {
                return Arc::clone(&known.findings);
            }
        }
        let findings: Arc<[Finding]> = evaluate().into();
        let values = size(new) + old.map_or(0, size);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.values + values > VALUES_MAX {
            *answers = Answers::default();
        }
        if values <= VALUES_MAX {
            answers.values += values;
            let (new, old) = (new.clone(), old.cloned());
            let answer = Remembered { hash, place, new, old, findings: Arc::clone(&findings) };
            answers.table.insert_unique(hash, answer, |known| known.hash);
        }
        findings
    }
}

#[derive(Hash)]
struct Question<'a>(usize, &'a Value, Option<&'a Value>);

/// How many JSON values a value is made of.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_question_is_answered_once_and_memory_is_bounded() {
        let memo = Memo::default();
        let mut asked = 0;
        for round in 0..2 {
            for number in 0..10 {
                memo.findings(1, (&json!(number), None), || {
                    asked += 1;
                    Vec::new()
                });
            }
            assert_eq!(asked, 10, "round {round}");
        }
        memo.findings(2, (&json!(1), Some(&json!(1))), || {
            asked += 1;
            Vec::new()
        });
        assert_eq!(asked, 11);
        let large = json!(vec![0; VALUES_MAX / 2]);
        for place in 3..9 {
            memo.findings(place, (&large, None), Vec::new);
        }
        assert!(memo.answers.lock().unwrap().values <= VALUES_MAX);
    }
}
