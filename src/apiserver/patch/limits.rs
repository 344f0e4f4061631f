//! What one patch may cost: its copies, its work, and how deep the outcome nests.
//!
//! A patch of a few kilobytes can ask for gigabytes, by copying what it has just copied, or for
//! hours, by moving the front of a long list. A real server counts the bytes of copies and refuses
//! (413); here the work of each operation is counted as well. Next to read: `json.rs`.

use serde_json::Value;

use super::PatchError;

/// As many bytes may all copies of one patch have: the limit of a real server.
const COPIED_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The maximum of values that all operations of one patch may touch or move.
const WORK_MAX: usize = 20_000_000;
/// Deeper than any body that is read, by what `managedFields` adds to it.
const DEPTH_MAX: usize = 220;

/// What is left of a patch's allowance.
#[derive(Debug)]
pub(super) struct Allowance {
    copied: usize,
    work: usize,
}

impl Allowance {
    pub fn new() -> Self {
        Allowance { copied: 0, work: 0 }
    }

    /// Counts values that are touched or moved.
    pub fn work(&mut self, values: usize) -> Result<(), PatchError> {
        self.work = self.work.saturating_add(values);
        match self.work > WORK_MAX {
            true => Err(PatchError::TooLarge(format!(
                "the operations of the patch touch more than {WORK_MAX} values"
            ))),
            false => Ok(()),
        }
    }

    /// Counts a copy of this value.
    pub fn copy(&mut self, value: &Value) -> Result<(), PatchError> {
        self.copied = self.copied.saturating_add(json_size(value));
        match self.copied > COPIED_BYTES_MAX {
            true => Err(PatchError::TooLarge(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {}, \
                 exceeding the limit {COPIED_BYTES_MAX}",
                self.copied
            ))),
            false => Ok(()),
        }
    }

    /// Counts the look at a value that is put below this many levels, which may not be too deep.
    pub fn nest(&mut self, levels: usize, value: &Value) -> Result<(), PatchError> {
        let (values, depth) = measure(value);
        self.work(values)?;
        match levels + depth > DEPTH_MAX {
            true => Err(PatchError::TooLarge(format!(
                "the patched object would nest more than {DEPTH_MAX} levels"
            ))),
            false => Ok(()),
        }
    }
}

/// How many values there are in a value, and how many levels.
fn measure(value: &Value) -> (usize, usize) {
    let sum = |(values, depth): (usize, usize), inner: &Value| {
        let (more, deeper) = measure(inner);
        (values + more, depth.max(deeper + 1))
    };
    match value {
        Value::Array(items) => items.iter().fold((1, 0), sum),
        Value::Object(fields) => fields.values().fold((1, 0), sum),
        _ => (1, 0),
    }
}

/// The length of a value as JSON.
fn json_size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither a value nor a counter fails.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;
    use serde_json::json;

    fn patched(patch: Value) -> Result<Value, PatchError> {
        json(&json!({ "l": ["a", "b", "c"], "m": { "a/b": 1 }, "n": 1 }), &patch)
    }

    fn refused(patch: Value) -> String {
        match patched(patch) {
            Err(PatchError::TooLarge(text)) => text,
            other => panic!("{:.200}", format!("{other:?}")),
        }
    }

    /// The list holds itself twice after each copy.
    #[test]
    fn copies_of_copies_are_counted() {
        let copy = json!({ "op": "copy", "from": "/l", "path": "/l/-" });
        let text = refused(Value::from(vec![copy; 60]));
        assert!(text.contains("accumulated size increase of copy"), "{text}");
        let map = |n: usize| json!({ "op": "copy", "from": "/m", "path": format!("/m/{n}") });
        let text = refused((0..60).map(map).collect());
        assert!(text.contains("accumulated size increase of copy"), "{text}");
        let other = |n: usize| match n % 2 {
            0 => json!({ "op": "copy", "from": "/m", "path": "/l/-" }),
            _ => json!({ "op": "copy", "from": "/l", "path": format!("/m/{n}") }),
        };
        assert!(refused((0..60).map(other).collect()).contains("accumulated size"));
    }

    #[test]
    fn an_object_nests_only_so_deep() {
        for operation in [
            json!({ "op": "copy", "from": "/m" }),
            json!({ "op": "add", "value": {} }),
            json!({ "op": "replace", "value": {} }),
        ] {
            let down = |n: usize| {
                let mut operation = operation.clone();
                operation["path"] = format!("/m{}", "/x".repeat(n + 1)).into();
                operation
            };
            assert!(refused((0..300).map(down).collect()).contains("levels"), "{operation}");
        }
    }

    #[test]
    fn the_front_of_a_long_list_moves_only_so_often() {
        let long = json!({ "op": "add", "path": "/l", "value": vec![1; 200_000] });
        for operation in [
            json!({ "op": "add", "path": "/l/0", "value": 1 }),
            json!({ "op": "remove", "path": "/l/0" }),
            json!({ "op": "move", "from": "/l/0", "path": "/l/1" }),
        ] {
            let mut all = vec![operation; 1000];
            all.insert(0, long.clone());
            assert!(refused(Value::from(all)).contains("touch more than"));
        }
    }

    #[test]
    fn an_ordinary_patch_of_ten_thousand_operations_is_performed() {
        let append = json!({ "op": "add", "path": "/l/-", "value": "x" });
        let patched = patched(Value::from(vec![append; 10_000])).expect("a good patch");
        assert_eq!(patched["l"].as_array().map(Vec::len), Some(10_003));
    }
}
