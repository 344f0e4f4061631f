//! The learner's file in the page: its text, of which a few words may be chosen.
//!
//! Next to read: `games.rs`.

use crate::learn::ExerciseFile;

/// A piece of the file: text, and what may stand after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Segment {
    pub text: String,
    /// Empty after the last piece; else the word as given, and what may stand instead.
    pub words: Vec<String>,
}

/// Choices of words in one file: more would take too long to try beforehand.
const MOST: usize = 64;

/// The file in pieces.
pub(super) fn segments(file: &ExerciseFile) -> Vec<Segment> {
    let given = file.text();
    let mut segments = Vec::new();
    let mut text = String::new();
    let mut rest = given.as_str();
    while !rest.is_empty() {
        let begins_line = text.is_empty() && segments.is_empty() || text.ends_with('\n');
        let known = file.words.iter().find(|word| rest.starts_with(&word.word));
        match known {
            Some(word) => {
                let words = std::iter::once(&word.word).chain(&word.or).cloned().collect();
                segments.push(Segment { text: std::mem::take(&mut text), words });
                rest = &rest[word.word.len()..];
            }
            // A comment is passed over as a whole.
            None if begins_line && rest.starts_with('#') => {
                let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
                text.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            None => {
                let next = rest.chars().next().map_or(1, char::len_utf8);
                text.push_str(&rest[..next]);
                rest = &rest[next..];
            }
        }
    }
    segments.push(Segment { text, words: Vec::new() });
    segments
}

/// Every text that can be made of it, by its words: `update|update`.
pub(super) fn texts(file: &ExerciseFile) -> Vec<(String, String)> {
    let mut made = vec![(Vec::new(), String::new())];
    for segment in segments(file) {
        made.iter_mut().for_each(|(_, text)| text.push_str(&segment.text));
        if segment.words.is_empty() {
            continue;
        }
        let with = |(words, text): &(Vec<String>, String)| {
            let one = |word: &String| {
                let words: Vec<String> = words.iter().chain([word]).cloned().collect();
                (words, format!("{text}{word}"))
            };
            segment.words.iter().map(one).collect::<Vec<_>>()
        };
        made = made.iter().flat_map(with).collect();
    }
    assert!(made.len() <= MOST, "{}: {} texts", file.path, made.len());
    made.into_iter().map(|(words, text)| (words.join("|"), text)).collect()
}

#[cfg(test)]
mod tests {
    use super::{segments, texts};
    use crate::learn::{Facts, all, load};

    #[test]
    fn each_word_can_be_changed_and_the_solved_file_is_among_the_texts() {
        let mut facts = Facts::default();
        for at in 0..all().len() {
            let exercise = load(at, &mut facts);
            let Some(file) = exercise.file.as_ref().filter(|file| !file.words.is_empty()) else {
                continue;
            };
            let pieces = segments(file);
            for word in &file.words {
                let there = pieces.iter().any(|piece| piece.words.first() == Some(&word.word));
                assert!(there, "{}: {}", exercise.name, word.word);
            }
            let made = texts(file);
            let solved = exercise.solved_file().expect("it has a file");
            assert!(made.iter().any(|(_, text)| *text == solved), "{}", exercise.name);
            assert_eq!(made[0].1, file.text(), "the first is as given");
        }
    }
}
