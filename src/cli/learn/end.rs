//! The end of the workshop: predictions beside results, the sentences to keep, and what to do now.
//!
//! Next to read: `files.rs`.

use super::workshop::{Then, Workshop};
use crate::cli::exit::Failure;
use crate::learn::{self, Exercise};
use crate::report::{Role, Text};

/// What a participant does after the workshop: a command, and what it gives.
const NOW: [(&str, &str); 4] = [
    ("lostwrite new NAME", "a scenario of your own controllers to start from"),
    ("lostwrite check FILE", "all its schedules, in your CI; exit code 1 if a write is lost"),
    ("lostwrite play FILE", "you are the scheduler of it"),
    ("lostwrite museum --export DIR", "real races from public trackers, to play"),
];

impl Workshop {
    /// The end screen.
    pub(super) fn end(&mut self) -> Result<Then, Failure> {
        let count = learn::all().len();
        let all: Vec<Exercise> = (0..count).map(|at| learn::load(at, &mut self.facts)).collect();
        let done = all.iter().filter(|one| self.progress.is_done(&one.name)).count();
        let title = format!("The end: {done} of {count} exercises are done.");
        let mut lines = vec![Text::of(Role::Strong, title), Text::new()];
        let (mut right, mut made) = (0, 0);
        for (at, exercise) in all.iter().enumerate() {
            let said = self.progress.exercises.get(&exercise.name);
            for (index, question) in exercise.predict.iter().enumerate() {
                let said = said.and_then(|record| record.predictions.get(index));
                let (Some(said), Some(truth)) = (said, question.right()) else { continue };
                let truth = learn::letter(truth).to_string();
                made += 1;
                right += usize::from(*said == truth);
                let (role, verdict) = match *said == truth {
                    true => (Role::Good, "and so it is".to_owned()),
                    false => (Role::Notice, format!("it is {truth}")),
                };
                let what = format!("   {:>2}  {:<28} you said {said}, ", at + 1, exercise.title);
                lines.push(Text::plain(what).then(role, verdict));
            }
        }
        if made > 0 {
            let text = format!(" {right} of your {made} predictions were right.");
            lines.extend([Text::plain(text), Text::new()]);
        }
        lines.push(Text::plain(" The sentences to keep:"));
        for exercise in all.iter().filter(|one| self.progress.is_done(&one.name)) {
            lines.push(Text::of(Role::Strong, format!("   {}", exercise.say.trim())));
        }
        let open: Vec<String> = (0..count)
            .filter(|at| !self.progress.is_done(&all[*at].name))
            .map(|at| (at + 1).to_string())
            .collect();
        if !open.is_empty() {
            let text = format!(" Not done yet: {}. A number goes there.", open.join(", "));
            lines.extend([Text::new(), Text::plain(text)]);
        }
        lines.extend([Text::new(), Text::plain(" What now:")]);
        for (command, what) in NOW {
            lines.push(Text::of(Role::Strong, format!("   {command:<30}")).then(Role::Plain, what));
        }
        self.say(&lines)?;
        Ok(Then::On)
    }

    /// The end screen, as soon as every exercise is done.
    pub(super) fn end_if_all_done(&mut self) -> Result<(), Failure> {
        if learn::all().iter().all(|one| self.progress.is_done(&one.name)) {
            self.end()?;
        }
        Ok(())
    }
}
