//! The workshop from outside: each exercise fails unsolved and passes solved, by what is typed.

use std::path::Path;

use lostwrite::learn::{self, Exercise, Facts};

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
    assert!(back.out.starts_with("Exercise 2 of 10"), "{}", back.out);
    assert!(back.out.contains("1 of 10 exercises are done"), "{}", back.out);
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
    for which in ["0", "11", "see", ""] {
        let place = folder();
        let ran = learn(place.path(), &[which], "");
        assert_eq!(ran.code, 2, "{which}");
        assert!(ran.err.contains("there is no exercise"), "{}", ran.err);
    }
}
