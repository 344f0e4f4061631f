//! What `t` does: the steps of an exercise, shown, asked and checked one after the other.
//!
//! It goes on where the learner was, and shows again what was shown last. Next to read: `files.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::files;
use super::workshop::{Then, Workshop};
use crate::check::game::{Game, MAX_STATES};
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::cli::play::lines;
use crate::cli::play::session::Session;
use crate::learn::{self, Need, Play, Question, ScheduleTask, ShortAnswer, Step};
use crate::report::{Role, Text};
use crate::scenario::{Mistakes, Scenario};

/// How often a question is asked before the learner is sent back to the hints.
const TRIES: usize = 3;

/// What came of one step.
enum Did {
    Done,
    NotYet,
    Leave,
}

impl Workshop {
    /// Tries the exercise.
    pub(super) fn attempt(&mut self) -> Result<Then, Failure> {
        if self.unpredicted().is_some() {
            self.say(&[Text::plain(
                " Predict first: who has committed to an answer sees more. Press `p`.",
            )])?;
            return Ok(Then::On);
        }
        let steps = self.exercise.steps.clone();
        let record = self.progress.record(&self.exercise.name);
        let mut at = if record.done { 0 } else { record.steps.min(steps.len()) };
        while at > 0 && matches!(steps[at - 1], Step::Show(_)) {
            at -= 1;
        }
        // The predictions are recalled beside what answers them: the first things shown.
        let shown = |step: &Step| matches!(step, Step::Show(_));
        let reveal =
            (0..steps.len()).find(|at| shown(&steps[*at]) && !steps.get(at + 1).is_some_and(shown));
        for (index, step) in steps.iter().enumerate().skip(at) {
            match self.step(step)? {
                Did::Leave => return Ok(Then::Leave),
                Did::NotYet => return Ok(Then::On),
                Did::Done => {}
            }
            let record = self.progress.record(&self.exercise.name);
            record.steps = record.steps.max(index + 1);
            files::keep(&self.progress);
            if Some(index) == reveal {
                self.recall(true)?;
            }
        }
        self.finish(reveal.is_none())?;
        Ok(Then::On)
    }

    fn finish(&mut self, reveal: bool) -> Result<(), Failure> {
        if reveal {
            self.recall(true)?;
        }
        let record = self.progress.record(&self.exercise.name);
        (record.done, record.steps) = (true, 0);
        files::keep(&self.progress);
        let (top, say) = (Text::of(Role::Good, " Done."), self.exercise.say.clone());
        self.say(&[top, Text::new(), Text::of(Role::Strong, format!("   {say}"))])?;
        self.end_if_all_done()?;
        self.menu()
    }

    fn step(&mut self, step: &Step) -> Result<Did, Failure> {
        match step {
            Step::Show(command) => self.show(command),
            Step::Draw(what) => self.draw(what),
            Step::Answer(answer) => self.answer(answer),
            Step::Pick(question) => self.pick(question),
            Step::Play(play) => self.play(play),
            Step::Schedule(task) => self.schedule(task),
            Step::File(needs) => self.file(needs),
        }
    }

    fn show(&mut self, command: &str) -> Result<Did, Failure> {
        self.say(&[Text::of(Role::Strong, format!("$ lostwrite {}", real(command)))])?;
        match learn::show(command, &files::load, &self.style) {
            Ok(text) => {
                output::stdout(&format!("{text}\n"))?;
                Ok(Did::Done)
            }
            Err(mistakes) => self.mistakes(&mistakes),
        }
    }

    fn draw(&mut self, what: &str) -> Result<Did, Failure> {
        match learn::draw(what, &files::load, &self.style) {
            Ok(text) => {
                let (name, order) = what.split_once(" --schedule ").unwrap_or((what, ""));
                let title = format!(" {name}, in the order {order}");
                output::stdout(&format!("{title}\n\n{text}\n"))?;
                Ok(Did::Done)
            }
            Err(mistakes) => self.mistakes(&mistakes),
        }
    }

    fn mistakes(&mut self, mistakes: &Mistakes) -> Result<Did, Failure> {
        output::stdout(&format!("{}\n\n", mistakes.render(&self.mistakes)))?;
        self.say(&[Text::plain(" Mend the file, and press `t` again.")])?;
        Ok(Did::NotYet)
    }

    fn answer(&mut self, answer: &ShortAnswer) -> Result<Did, Failure> {
        self.say(&self.prose(&answer.ask))?;
        for _ in 0..TRIES {
            let Some(line) = self.typed("your answer (h hint, q back)> ")? else {
                return Ok(Did::Leave);
            };
            match line.trim() {
                "q" => return Ok(Did::NotYet),
                "" => continue,
                typed => match answer.judge(typed) {
                    Ok(()) => {
                        self.say(&[Text::of(Role::Good, " Yes.")])?;
                        return Ok(Did::Done);
                    }
                    Err(known) => {
                        let why = known.unwrap_or("Not that. `h` gives a hint.").to_owned();
                        self.say(&self.prose(&why))?;
                    }
                },
            }
        }
        self.say(&[Text::plain(" Press `h` for a hint, and `t` to go on.")])?;
        Ok(Did::NotYet)
    }

    fn pick(&mut self, question: &Question) -> Result<Did, Failure> {
        for _ in 0..TRIES {
            let Some(typed) = self.ask(question)? else { return Ok(Did::Leave) };
            if typed == "q" {
                return Ok(Did::NotYet);
            }
            let chosen = (0..question.choices.len())
                .find(|index| learn::letter(*index).to_string() == typed)
                .unwrap_or(0);
            let choice = &question.choices[chosen];
            if choice.right {
                self.say(&[Text::of(Role::Good, " Yes.")])?;
                return Ok(Did::Done);
            }
            let why = choice.reveals.clone().unwrap_or_default();
            self.say(&self.prose(&why))?;
        }
        self.say(&[Text::plain(" Press `h` for a hint, and `t` to go on.")])?;
        Ok(Did::NotYet)
    }

    fn play(&mut self, play: &Play) -> Result<Did, Failure> {
        let scenario = Arc::new(Scenario::builtin(&play.scenario).expect("an exercise of ours"));
        let game = Game::new(&scenario, MAX_STATES)?;
        let mut session = Session::new(&game, play.scenario.clone(), false);
        self.say(&session.introduction(&self.style))?;
        self.say(&[Text::of(Role::Faint, " `hint` gives a hint here, since `h` may be a move.")])?;
        self.say(&session.board(&self.style))?;
        let mut victims: BTreeSet<String> = BTreeSet::new();
        while victims.len() < play.victims {
            let Some(line) = self.prompt.line("> ")? else { return Ok(Did::Leave) };
            if line.trim() == "hint" {
                self.hint()?;
                continue;
            }
            let known = session.found.len();
            if !lines::take(&mut session, &line, &self.style)? {
                return Ok(Did::NotYet);
            }
            if session.found.len() == known || !session.walk.is_over() {
                continue;
            }
            let replayed = session.walk.replayed();
            let text = match learn::order_misses(&play.needs, &replayed) {
                Some(why) => format!(" That loses, but {why}. Press `r`."),
                None => {
                    let goal = replayed.judged.into_iter().nth(game.goal());
                    victims.extend(goal.and_then(|(.., found)| Some(found?.victim.worker)));
                    self.made_lose(&victims, play.victims)
                }
            };
            self.say(&[Text::of(Role::Good, text)])?;
        }
        Ok(Did::Done)
    }

    fn made_lose(&self, victims: &BTreeSet<String>, wanted: usize) -> String {
        let names: Vec<&str> = victims.iter().map(String::as_str).collect();
        let more = match (victims.len() < wanted, wanted) {
            (true, _) => " Now the other one: press `r`.",
            (false, 1) => "",
            (false, _) => " Both.",
        };
        format!(" You made {} lose.{more}", names.join(" and "))
    }

    fn schedule(&mut self, task: &ScheduleTask) -> Result<Did, Failure> {
        for _ in 0..TRIES {
            let prompt = format!("{} (h hint, q back)> ", task.ask);
            let Some(line) = self.typed(&prompt)? else { return Ok(Did::Leave) };
            match line.trim() {
                "q" => return Ok(Did::NotYet),
                "" => continue,
                typed => match learn::schedule_misses(task, typed) {
                    None => {
                        self.say(&[Text::of(Role::Good, " Yes, that is one.")])?;
                        return Ok(Did::Done);
                    }
                    Some(why) => {
                        self.say(&self.prose(&format!("Not quite: {why}.")))?;
                    }
                },
            }
        }
        self.say(&[Text::plain(" Press `h` for a hint, and `t` to go on.")])?;
        Ok(Did::NotYet)
    }

    fn file(&mut self, needs: &[Need]) -> Result<Did, Failure> {
        let Some(file) = self.exercise.file.clone() else { return Ok(Did::Done) };
        files::give(&file)?;
        let (text, scenario) = match files::read(&file) {
            Ok(read) => read,
            Err(mistakes) => return self.mistakes(&mistakes),
        };
        let missing = learn::unmet(needs, &Arc::new(scenario), &file.text(), &text);
        if missing.is_empty() {
            self.say(&[Text::of(Role::Good, format!(" {} is as it should be.", file.path))])?;
            return Ok(Did::Done);
        }
        let mut lines = vec![Text::plain(format!(" {} is not yet as it should be:", file.path))];
        for missing in missing {
            lines.extend(self.prose(&format!("- {missing}")));
        }
        lines.push(Text::plain(" Edit it, save it, and press `t` again."));
        self.say(&lines)?;
        Ok(Did::NotYet)
    }
}

/// The command as it can be typed: `schedules` is ours alone.
fn real(command: &str) -> String {
    match command.strip_prefix("schedules ") {
        Some(name) => format!("check {name}   # every schedule"),
        None => command.to_owned(),
    }
}
