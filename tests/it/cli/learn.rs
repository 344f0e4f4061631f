//! The workshop from outside: each exercise fails unsolved and passes solved, by what is typed.

use std::path::Path;

use lostwrite::learn::{self, Exercise, Facts, Question, Step};

use super::{Ran, command, finish, folder};

fn learn(folder: &Path, arguments: &[&str], typed: &str) -> Ran {
    finish(command(folder).arg("learn").args(arguments), typed)
}

fn exercises() -> Vec<Exercise> {
    let mut facts = Facts::default();
    (0..learn::all().len()).map(|index| learn::load(index, &mut facts)).collect()
}

fn is_done(folder: &Path, exercise: &Exercise) -> bool {
    let text = std::fs::read_to_string(folder.join(".lostwrite/learn.json")).expect("progress");
    let progress: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    progress["exercises"][&exercise.name]["done"] == true
}

/// The key `p` and an answer to each prediction: right ones, or wrong ones.
fn predictions(exercise: &Exercise, right: bool) -> String {
    if exercise.predict.is_empty() {
        return String::new();
    }
    let mut typed = "p\n".to_owned();
    for question in &exercise.predict {
        let choice = question.choices.iter().position(|choice| choice.right == right);
        match choice {
            Some(at) => typed.push(learn::letter(at)),
            None => typed.push_str("ours: health owns the phase"),
        }
        typed.push('\n');
    }
    typed
}

#[test]
fn each_exercise_fails_unsolved_and_passes_solved() {
    for (index, exercise) in exercises().iter().enumerate() {
        let number = (index + 1).to_string();
        let place = folder();
        let folder = place.path();
        let unsolved = predictions(exercise, true) + "t\n";
        let ran = learn(folder, &[&number], &unsolved);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", exercise.name);
        assert!(!is_done(folder, exercise), "{} passes unsolved:\n{}", exercise.name, ran.out);
        assert!(!ran.out.contains(exercise.say.trim()), "{}:\n{}", exercise.name, ran.out);
        if let (Some(file), Some(solved)) = (&exercise.file, exercise.solved_file()) {
            let path = folder.join(&file.path);
            assert_eq!(std::fs::read_to_string(&path).expect("given"), file.text());
            std::fs::write(&path, solved).expect("edited");
        }
        let answers: String = exercise.solution.answers.iter().map(|a| format!("{a}\n")).collect();
        let ran = learn(folder, &[&number], &format!("t\n{answers}q\n"));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", exercise.name);
        assert!(is_done(folder, exercise), "{} fails solved:\n{}", exercise.name, ran.out);
        assert!(ran.out.contains(exercise.say.trim()), "{}:\n{}", exercise.name, ran.out);
    }
}

#[test]
fn nothing_is_shown_before_a_prediction_and_it_is_shown_again_beside_the_result() {
    for (index, exercise) in exercises().iter().enumerate() {
        let asked = exercise.predict.iter().filter(|question| !question.free).count();
        if asked == 0 {
            continue;
        }
        let place = folder();
        let number = (index + 1).to_string();
        let early = learn(place.path(), &[&number], "t\n");
        assert!(early.out.contains("Predict first"), "{}", early.out);
        assert!(!early.out.contains("$ lostwrite"), "{}: {}", exercise.name, early.out);
        if let (Some(file), Some(solved)) = (&exercise.file, exercise.solved_file()) {
            std::fs::write(place.path().join(&file.path), solved).expect("edited");
        }
        let answers: String = exercise.solution.answers.iter().map(|a| format!("{a}\n")).collect();
        let typed = format!("{}t\n{answers}", predictions(exercise, false));
        let told = learn(place.path(), &[&number], &typed);
        assert_eq!(told.out.matches("\n   you said ").count(), asked, "{}", told.out);
        assert_eq!(told.out.matches("\n   because ").count(), asked, "{}", told.out);
    }
}

/// Words in lower case, without punctuation.
fn words(text: &str) -> Vec<String> {
    let word = |c: char| !c.is_alphanumeric();
    text.split(word).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// Three words in a row of the right choice which neither the question nor another choice has.
fn telling(question: &Question) -> Vec<Vec<String>> {
    let others = question.choices.iter().filter(|choice| !choice.right).map(|choice| &choice.text);
    let known: Vec<Vec<String>> = others.chain([&question.ask]).map(|text| words(text)).collect();
    let right = question.choices.iter().find(|choice| choice.right);
    let right = words(&right.expect("one is right").text);
    // Three small words are in any text.
    let small = |three: &[String]| three.iter().all(|word| word.len() < 6);
    let new = |three: &&[String]| {
        !small(three) && !known.iter().any(|text| text.windows(3).any(|w| w == *three))
    };
    right.windows(3).filter(new).map(<[String]>::to_vec).collect()
}

/// Where a text above a question tells its answer.
fn told(above: &str, ask: &str, answer: &str) -> Option<String> {
    let above = above.split_whitespace().collect::<Vec<_>>().join(" ");
    let number = answer.chars().all(|c| c.is_ascii_digit());
    let step = ask.contains("hich step") || ask.contains("what step");
    let tells = match number {
        true if step => [format!("guilty step {answer} "), format!("✗ {answer} ")].to_vec(),
        true => [
            format!(" {answer} of "),
            format!(" {answer} schedules"),
            format!(" {answer} orders lose"),
        ]
        .to_vec(),
        false => {
            [format!("{answer} is gone"), format!("└ {answer}"), format!("wrote {answer}")].to_vec()
        }
    };
    tells.into_iter().find(|tell| above.contains(tell.as_str()))
}

#[test]
fn nothing_above_a_question_tells_its_answer() {
    let mut questions = 0;
    for (index, exercise) in exercises().iter().enumerate() {
        let place = folder();
        if let (Some(file), Some(solved)) = (&exercise.file, exercise.solved_file()) {
            learn(place.path(), &[&(index + 1).to_string()], "q\n");
            std::fs::write(place.path().join(&file.path), solved).expect("edited");
        }
        let answers: String = exercise.solution.answers.iter().map(|a| format!("{a}\n")).collect();
        let typed = format!("{}t\n{answers}", predictions(exercise, true));
        let out = learn(place.path(), &[&(index + 1).to_string()], &typed).out;
        // Where lines are wrapped does not matter.
        let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
        let out = out.replace(&format!("Exercise {} of", index + 1), "Exercise");
        let above = |ask: &str| {
            let ask = ask.split_whitespace().collect::<Vec<_>>().join(" ");
            let at = out.find(&ask).unwrap_or_else(|| panic!("{}: {ask} in {out}", exercise.name));
            out[..at].to_owned()
        };
        let picks = exercise.steps.iter().filter_map(|step| match step {
            Step::Pick(question) => Some(question),
            _ => None,
        });
        for question in exercise.predict.iter().chain(picks).filter(|question| !question.free) {
            let seen = words(&above(&question.ask));
            for three in telling(question) {
                let told = seen.windows(3).any(|window| window == three);
                assert!(!told, "{}: {three:?} stands above {}", exercise.name, question.ask);
            }
            questions += 1;
        }
        for step in &exercise.steps {
            if let Step::Answer(answer) = step {
                let told = told(&above(&answer.ask), &answer.ask, &answer.is);
                assert_eq!(told, None, "{}: above {}", exercise.name, answer.ask);
                questions += 1;
            }
        }
    }
    assert!(questions > 30, "{questions} questions");
    // A drawing with its mark, and a table, tell.
    assert!(told(" ✗  4   3  200  PUT", "Which step?", "4").is_some());
    assert!(told("  merge-patch   4 of 6  lost", "How many?", "4").is_some());
    assert!(told("  └ ready is gone", "Which field?", "ready").is_some());
}

#[test]
fn each_likely_wrong_answer_is_answered_in_its_own_words() {
    for (index, exercise) in exercises().iter().enumerate() {
        let number = (index + 1).to_string();
        let place = folder();
        if let (Some(file), Some(solved)) = (&exercise.file, exercise.solved_file()) {
            learn(place.path(), &[&number], "q\n");
            std::fs::write(place.path().join(&file.path), solved).expect("edited");
        }
        let mut typed = predictions(exercise, true);
        typed.push_str("t\n");
        let mut replies = Vec::new();
        let mut right = exercise.solution.answers.iter();
        for step in &exercise.steps {
            let wrong: Vec<(String, String)> = match step {
                Step::Answer(answer) => {
                    let known = answer.reveals.iter();
                    known.map(|reveal| (reveal.said.clone(), reveal.why.clone())).collect()
                }
                Step::Pick(question) => {
                    let choices = question.choices.iter().enumerate();
                    let wrong = choices.filter_map(|(at, choice)| {
                        Some((learn::letter(at).to_string(), choice.reveals.clone()?))
                    });
                    wrong.collect()
                }
                Step::Play(play) => {
                    typed.push_str("hint\n");
                    for _ in 0..(2 * play.victims - 1) {
                        typed += &format!("{}\n", right.next().expect("played"));
                    }
                    continue;
                }
                Step::Schedule(_) => Vec::new(),
                Step::Show(_) | Step::Draw(_) | Step::File(_) => continue,
            };
            // A hint is asked for at the prompt, and the question goes on.
            typed.push_str("h\n");
            for (at, (said, why)) in wrong.into_iter().enumerate() {
                // After three wrong answers the learner is sent to the hints, and comes back.
                let again = if at % 3 == 2 { "t\n" } else { "" };
                typed += &format!("{said}\n{again}");
                replies.push(why.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            typed += &format!("{}\n", right.next().expect("an answer"));
        }
        let ran = learn(place.path(), &[&number], &typed);
        let out = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for reply in &replies {
            assert!(out.contains(reply.as_str()), "{}: {reply}\n{}", exercise.name, ran.out);
        }
        assert!(!ran.out.contains("Not that."), "{}:\n{}", exercise.name, ran.out);
        assert!(replies.is_empty() || out.contains("Hint 1 of 3"), "{}", exercise.name);
        assert!(is_done(place.path(), exercise), "{}:\n{}", exercise.name, ran.out);
    }
}

#[test]
fn the_end_sets_predictions_beside_results_and_says_what_now() {
    let place = folder();
    let mut typed = String::new();
    for (index, exercise) in exercises().iter().enumerate() {
        if let (Some(file), Some(solved)) = (&exercise.file, exercise.solved_file()) {
            let path = place.path().join(&file.path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, solved).expect("edited");
        }
        let answers: String = exercise.solution.answers.iter().map(|a| format!("{a}\n")).collect();
        let right = index != 0;
        typed += &format!("{}\n{}t\n{answers}", index + 1, predictions(exercise, right));
    }
    let out = learn(place.path(), &[], &typed).out;
    let (_, end) = out.split_once("The end: 13 of 13").unwrap_or_else(|| panic!("{out}"));
    for exercise in exercises() {
        assert!(end.contains(exercise.say.trim()), "{}: {end}", exercise.name);
    }
    let asked = exercises().iter().flat_map(|e| e.predict.clone()).filter(|q| !q.free).count();
    assert!(end.contains(&format!("{} of your {asked} predictions", asked - 1)), "{end}");
    assert!(end.contains("lostwrite check FILE") && end.contains("it is c"), "{end}");
}

#[test]
fn the_screens() {
    let place = folder();
    let typed = "p\nz\nb\nt\n3\n4\nb\na\nh\nn\nt\nhuhu\nq\nl\n99\nwhat\n4\nq\n";
    let ran = learn(place.path(), &[], typed);
    insta::assert_snapshot!("learn-first-steps", ran.out);
    let place = folder();
    let typed = "h\nh\nh\ns\np\nb\nt\n6\nb\nx\n";
    let ran = learn(place.path(), &["the-wrong-retry"], typed);
    insta::assert_snapshot!("learn-the-wrong-retry", ran.out);
    insta::assert_snapshot!("learn-list", learn(place.path(), &["--list"], "").out);
}

#[test]
fn the_progress_is_kept_and_a_broken_file_is_put_aside() {
    let place = folder();
    let folder = place.path();
    let progress = folder.join(".lostwrite/learn.json");
    learn(folder, &["see-it"], "p\na\nt\n4\na\nn\n");
    let kept = std::fs::read_to_string(&progress).expect("kept");
    let back = learn(folder, &[], "q\n");
    assert!(back.out.starts_with("Exercise 2 of 13"), "{}", back.out);
    assert!(back.out.contains("1 of 13 exercises are done"), "{}", back.out);
    assert_eq!(std::fs::read_to_string(&progress).expect("kept"), kept);
    for broken in ["", "{", "[]", r#"{"schemaVersion":2}"#, r#"{"schemaVersion":1,"current":3}"#] {
        std::fs::write(&progress, broken).expect("written");
        let ran = learn(folder, &[], "q\n");
        assert_eq!(ran.code, 0, "{broken}: {}", ran.err);
        assert!(ran.err.contains("learn.json.broken"), "{broken}: {}", ran.err);
        let aside = folder.join(".lostwrite/learn.json.broken");
        assert_eq!(std::fs::read_to_string(aside).expect("kept aside"), broken);
    }
    // What a newer version might add is no reason to forget everything.
    let more = r#"{"schemaVersion":1,"current":"do-it","exercises":{"see-it":{"new":1}},"more":2}"#;
    std::fs::write(&progress, more).expect("written");
    let ran = learn(folder, &[], "");
    assert!(ran.err.is_empty() && ran.out.starts_with("Exercise 2"), "{}{}", ran.err, ran.out);
    assert_eq!(learn(folder, &["--reset"], "").code, 0);
    assert!(!progress.exists());
}

#[test]
fn the_learners_file_is_theirs() {
    let place = folder();
    let file = place.path().join("learn/04-the-server-objects.yaml");
    learn(place.path(), &["4"], "q\n");
    let given = std::fs::read_to_string(&file).expect("given");
    std::fs::write(&file, "mine").expect("edited");
    let ran = learn(place.path(), &["4"], "p\nb\nt\nq\n");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "mine");
    assert!(ran.out.contains("error:") && ran.out.contains("Mend the file"), "{}", ran.out);
    let ran = learn(place.path(), &["4"], "x\n");
    assert!(ran.out.contains("kept as learn/04-the-server-objects.yaml.bak"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(&file).expect("anew"), given);
    let beside = place.path().join("learn/04-the-server-objects.yaml.bak");
    assert_eq!(std::fs::read_to_string(beside).expect("kept"), "mine");
}

#[test]
fn an_exercise_that_is_not_there_is_a_mistake() {
    for which in ["0", "14", "see", ""] {
        let place = folder();
        let ran = learn(place.path(), &[which], "");
        assert_eq!(ran.code, 2, "{which}");
        assert!(ran.err.contains("there is no exercise"), "{}", ran.err);
    }
}

#[test]
fn the_museum_is_written_into_a_folder() {
    let place = folder();
    let mut museum = command(place.path());
    let ran = finish(museum.args(["museum", "--export", "rooms", "--only", "taint-put-back"]), "");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("2 pages"), "{}", ran.err);
    let page = std::fs::read_to_string(place.path().join("rooms/a-taint-is-put-back.html"));
    assert!(page.expect("written").contains("taint-put-back-locked"));
    let mut museum = command(place.path());
    let ran = finish(museum.args(["museum", "--export", "rooms", "--only", "no such"]), "");
    assert_eq!(ran.code, 2, "{}", ran.err);
}
