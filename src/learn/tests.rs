//! The exercises are held to the program: their numbers, their claims, their solutions.
//!
//! That each fails unsolved and passes solved is tested from outside, in `tests/it/cli/learn.rs`.
//! Next to read: `exercise.rs`.

use super::{
    Exercise, Facts, Question, Step, all, draw, exercise, load, schedule_misses, show, unmet,
};
use crate::report::Style;
use crate::scenario::{Mistakes, Scenario};
use std::sync::Arc;

fn loaded() -> Vec<Exercise> {
    let mut facts = Facts::default();
    (0..all().len()).map(|index| load(index, &mut facts)).collect()
}

fn questions(exercise: &Exercise) -> Vec<&Question> {
    let picks = exercise.steps.iter().filter_map(|step| match step {
        Step::Pick(question) => Some(question),
        _ => None,
    });
    exercise.predict.iter().chain(picks).collect()
}

#[test]
fn each_exercise_is_whole() {
    let exercises = loaded();
    assert_eq!(exercises.len(), 13);
    let names: std::collections::BTreeSet<_> = exercises.iter().map(|e| &e.name).collect();
    assert_eq!(names.len(), exercises.len());
    for exercise in &exercises {
        let name = &exercise.name;
        assert_eq!(exercise.hints.len(), 3, "{name}: three hints");
        for text in [&exercise.text, &exercise.task, &exercise.say, &exercise.notes] {
            assert!(!text.trim().is_empty(), "{name}");
        }
        assert!(!exercise.steps.is_empty() && !exercise.cuts.is_empty(), "{name}");
        for question in questions(exercise).into_iter().filter(|question| !question.free) {
            let right = question.choices.iter().filter(|choice| choice.right).count();
            assert_eq!(right, 1, "{name}: {}", question.ask);
            for choice in &question.choices {
                assert_eq!(choice.reveals.is_none(), choice.right, "{name}: {}", choice.text);
            }
        }
    }
}

#[test]
fn what_each_exercise_rests_on_is_true() {
    let mut facts = Facts::default();
    for exercise in loaded() {
        for claim in &exercise.claims {
            assert!(facts.holds(claim), "{}: {claim}", exercise.name);
        }
        let asks = !exercise.predict.is_empty() && !exercise.predict.iter().all(|q| q.free);
        assert!(!asks || !exercise.claims.is_empty(), "{}: claims", exercise.name);
    }
    assert!(!facts.holds("losing status-race > schedules status-race"));
    assert!(!facts.holds("losing status-race = 5"));
}

/// Numbers that are names: status codes, and lines of the code that is shown.
const NAMES: &[&str] = &["200", "409", "415", "422"];

/// The numbers of a text that are neither computed, nor code, nor names.
fn typed_in(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let code = |line: &&str| line.starts_with("    ");
    let prose: String = plain.lines().filter(|l| !code(l)).map(|l| l.to_owned() + " ").collect();
    let prose: String = prose.split('`').step_by(2).collect();
    let words: Vec<&str> = prose.split(|c: char| !c.is_alphanumeric()).collect();
    let numbers = words.iter().enumerate().filter(|(at, word)| {
        let named = *at > 0 && words[at - 1] == "line";
        word.chars().any(|c| c.is_ascii_digit()) && !NAMES.contains(*word) && !named
    });
    numbers.map(|(_, word)| (*word).to_owned()).collect()
}

#[test]
fn no_number_is_typed_in() {
    for exercise in all() {
        let mut texts = vec![&exercise.text, &exercise.task, &exercise.say, &exercise.notes];
        texts.push(&exercise.solution.text);
        texts.extend(&exercise.hints);
        for question in questions(&exercise) {
            texts.push(&question.ask);
            let right = |choice: &&super::Choice| choice.right;
            texts.extend(question.choices.iter().filter(right).map(|choice| &choice.text));
            texts.extend(question.choices.iter().filter_map(|choice| choice.reveals.as_ref()));
        }
        for step in &exercise.steps {
            if let Step::Answer(answer) = step {
                texts.extend([&answer.ask, &answer.is]);
                texts.extend(answer.reveals.iter().map(|reveal| &reveal.why));
            }
        }
        for text in texts {
            let typed = typed_in(text);
            assert!(typed.is_empty(), "{}: {typed:?} in {text}", exercise.name);
        }
    }
    assert_eq!(typed_in("4 of {{schedules status-race}}, `6`, 409, in line 5"), ["4"]);
}

#[test]
fn no_wrong_choice_is_right_by_accident() {
    let number = |text: &str| {
        let digits: String = text
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        digits.parse::<f64>().ok()
    };
    for exercise in loaded() {
        for question in questions(&exercise) {
            let Some(right) = question.right() else { continue };
            let right = number(&question.choices[right].text);
            for choice in question.choices.iter().filter(|choice| !choice.right) {
                let same = right.is_some() && number(&choice.text) == right;
                assert!(!same, "{}: {}", exercise.name, choice.text);
            }
        }
        for step in &exercise.steps {
            if let Step::Answer(answer) = step {
                assert_eq!(answer.judge(&answer.is), Ok(()));
                for reveal in &answer.reveals {
                    let shown = answer.judge(&reveal.said);
                    assert_eq!(shown, Err(Some(reveal.why.as_str())), "{}", exercise.name);
                }
            }
        }
    }
}

/// The likeliest wrong answers to a question that is answered in free text.
#[test]
fn each_question_answers_at_least_four_wrong_answers_in_their_own_words() {
    for exercise in loaded() {
        for step in &exercise.steps {
            let Step::Answer(answer) = step else { continue };
            // Of a drawing with few steps, every other step is a wrong answer.
            let steps = if answer.ask.contains("step") { 3 } else { 4 };
            let (known, ask) = (answer.reveals.len(), &answer.ask);
            assert!(known >= steps, "{}: {known} replies to {ask}", exercise.name);
            let said: std::collections::BTreeSet<_> =
                answer.reveals.iter().map(|reveal| &reveal.said).collect();
            assert_eq!(said.len(), known, "{}: one answer twice: {ask}", exercise.name);
            for (at, reveal) in answer.reveals.iter().enumerate() {
                let told = reveal.why.contains(&format!(" {} ", answer.is));
                assert!(!told, "{}: the reply tells the answer: {}", exercise.name, reveal.why);
                let twins = answer.reveals[..at].iter().filter(|other| other.why == reveal.why);
                assert_eq!(twins.count(), 0, "{}: two answers, one reply", exercise.name);
            }
        }
    }
}

fn solved(exercise: &Exercise, name: &str) -> Result<Scenario, Mistakes> {
    match exercise.file.as_ref().filter(|file| file.path == name) {
        Some(_) => {
            let text = exercise.solved_file().expect("it has a file");
            Ok(Scenario::from_str(name, &text)?.remove(0))
        }
        None => Ok(Scenario::builtin(name).unwrap_or_else(|| panic!("{name}"))),
    }
}

#[test]
fn files_fail_as_given_and_pass_as_solved_and_everything_can_be_shown() {
    for exercise in loaded() {
        for step in &exercise.steps {
            match step {
                Step::Show(command) => {
                    let load = |name: &str| solved(&exercise, name);
                    let text = show(command, &load, &Style::default());
                    let text = text.unwrap_or_else(|e| panic!("{command}: {e}"));
                    assert!(text.lines().count() > 4, "{command}: {text}");
                }
                Step::File(needs) => {
                    let file = exercise.file.as_ref().expect("it has a file");
                    let (given, mended) = (file.text(), exercise.solved_file().unwrap());
                    let of = |text: &str| {
                        Arc::new(Scenario::from_str(&file.path, text).expect("it is one").remove(0))
                    };
                    let missing = unmet(needs, &of(&given), &given, &given);
                    assert!(!missing.is_empty(), "{}: {needs:?}", exercise.name);
                    let missing = unmet(needs, &of(&mended), &given, &mended);
                    assert_eq!(missing, Vec::<String>::new(), "{}", exercise.name);
                }
                Step::Draw(what) => {
                    let load = |name: &str| solved(&exercise, name);
                    let text = draw(what, &load, &Style::default()).expect(what);
                    assert!(text.lines().count() > 4, "{what}: {text}");
                    for told in ["✗", "gone", "lost", "guilty", "body"] {
                        assert!(!text.contains(told), "{what}: {told} in {text}");
                    }
                }
                Step::Schedule(task) => {
                    for wrong in ["", "hz", "cccc", "mmmaaa", "cc", "ma"] {
                        assert!(schedule_misses(task, wrong).is_some(), "{wrong}");
                    }
                    let mut answers = exercise.solution.answers.iter();
                    assert!(answers.any(|answer| schedule_misses(task, answer).is_none()));
                }
                Step::Answer(_) | Step::Pick(_) | Step::Play(_) => {}
            }
        }
    }
}

#[test]
fn each_placeholder_is_computed() {
    let mut facts = Facts::default();
    for text in exercise::raw() {
        let filled = facts.fill(&text.replace("{{file}}", ""));
        assert!(!filled.contains("{{"), "{filled}");
    }
}
