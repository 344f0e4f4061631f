//! The loop of the workshop: an exercise, a key, what it leads to.
//!
//! Next to read: `steps.rs`, what `t` does.

use super::files;
use super::table::table;
use crate::cli::environment::Drawing;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::output;
use crate::cli::play::lines::{LastWords, Prompt};
use crate::learn::{self, Exercise, Facts, Progress, Question};
use crate::report::game::{Menu, keys};
use crate::report::{Role, Style, Text, paint, wrap};
use crate::scenario::DiagnosticStyle;

/// A participant of the workshop.
pub struct Workshop {
    pub(super) exercise: Exercise,
    index: usize,
    count: usize,
    pub(super) progress: Progress,
    pub(super) facts: Facts,
    pub(super) prompt: Prompt,
    pub(super) style: Style,
    pub(super) mistakes: DiagnosticStyle,
    words: LastWords,
}

/// What comes of a key.
pub(super) enum Then {
    /// Go on.
    On,
    /// The learner leaves, or the input has ended.
    Leave,
}

impl Workshop {
    /// At an exercise, or where the learner was, or at the first that is not done.
    pub fn new(start: Option<usize>, drawing: &Drawing) -> Workshop {
        let all = learn::all();
        let progress = files::progress();
        let was = all.iter().position(|exercise| exercise.name == progress.current);
        let open = all.iter().position(|exercise| !progress.is_done(&exercise.name));
        let index = start.or(was).or(open).unwrap_or(0);
        let mut facts = Facts::default();
        Workshop {
            exercise: learn::load(index, &mut facts),
            index,
            count: all.len(),
            progress,
            facts,
            prompt: Prompt::default(),
            style: drawing.out,
            mistakes: DiagnosticStyle { color: drawing.out.color, ..drawing.err },
            words: LastWords::listen(),
        }
    }

    /// Until the learner leaves.
    pub fn run(mut self) -> Outcome {
        if self.progress == Progress::default() {
            self.say(&welcome())?;
        }
        self.enter()?;
        loop {
            self.words.set(paint(&self.farewell(), &self.style));
            let Some(line) = self.prompt.line("> ")? else { break };
            if let Then::Leave = self.key(line.trim())? {
                break;
            }
        }
        output::stdout(&paint(&self.farewell(), &self.style))?;
        Ok(Exit::Ok)
    }

    fn key(&mut self, key: &str) -> Result<Then, Failure> {
        if let Ok(number) = key.parse::<usize>()
            && (1..=self.count).contains(&number)
        {
            return self.go_to(number - 1);
        }
        match key {
            "p" | "predict" => self.predict(),
            "t" | "try" => self.attempt(),
            "h" | "hint" => self.hint(),
            "n" | "next" => self.next(),
            "l" | "list" => {
                let table = table(&self.progress, &self.exercise.name, &self.style);
                self.say(&table)?;
                self.say(&[Text::plain(" A number goes there.")])?;
                Ok(Then::On)
            }
            "s" | "solution" => self.solution(),
            "e" | "end" => self.end(),
            "x" | "reset" => self.reset(),
            "q" | "quit" | "exit" => Ok(Then::Leave),
            "" | "?" | "help" => {
                self.enter()?;
                Ok(Then::On)
            }
            other => {
                let shown: String = other.chars().filter(|c| !c.is_control()).take(20).collect();
                let text = format!(" `{shown}` is not a key here. The keys are:");
                self.say(&[Text::of(Role::Notice, text)])?;
                self.menu()?;
                Ok(Then::On)
            }
        }
    }

    /// Shows the exercise at hand, and gives the learner its file.
    fn enter(&mut self) -> Result<(), Failure> {
        self.progress.current.clone_from(&self.exercise.name);
        files::keep(&self.progress);
        let title = Text::of(
            Role::Strong,
            format!("Exercise {} of {}: {}", self.index + 1, self.count, self.exercise.title),
        );
        let done = self.progress.is_done(&self.exercise.name);
        let state = if done { ", done" } else { "" };
        let minutes = format!("   {} minutes{state}", self.exercise.minutes);
        let mut lines = vec![title.then(Role::Faint, minutes), Text::new()];
        lines.extend(self.prose(&self.exercise.text));
        lines.push(Text::new());
        if let Some(file) = &self.exercise.file {
            let now = if files::give(file)? { "was written for you" } else { "is there already" };
            lines.push(Text::plain(format!(" The file {} {now}.", file.path)));
            lines.push(Text::new());
        }
        match self.unpredicted() {
            Some(_) => lines.push(Text::of(Role::Strong, " First predict: press `p`.")),
            None => lines.extend(self.prose(&self.exercise.task)),
        }
        self.say(&lines)?;
        self.menu()
    }

    pub(super) fn menu(&self) -> Result<(), Failure> {
        let done = self.progress.is_done(&self.exercise.name);
        let record = self.progress.exercises.get(&self.exercise.name);
        let seen = record.is_some_and(|record| record.hints >= self.exercise.hints.len());
        let mut menu = Vec::new();
        let mut add = |key: &str, what: &str| {
            menu.push(Menu { key: key.to_owned(), what: what.to_owned() });
        };
        if !self.exercise.predict.is_empty() {
            add("p", "predict");
        }
        add("t", "try");
        if !done {
            add("h", "hint");
        }
        if done || seen {
            add("s", "solution");
        }
        add("n", "next");
        add("l", "list");
        add("x", "reset this exercise");
        add("q", "quit");
        self.say(&keys(&menu, &self.style))
    }

    /// The first prediction that has not been made.
    pub(super) fn unpredicted(&self) -> Option<usize> {
        let record = self.progress.exercises.get(&self.exercise.name);
        let made = record.map_or(0, |record| record.predictions.len());
        (made < self.exercise.predict.len()).then_some(made)
    }

    fn predict(&mut self) -> Result<Then, Failure> {
        if self.exercise.predict.is_empty() {
            self.say(&[Text::plain(" There is nothing to predict here: press `t`.")])?;
            return Ok(Then::On);
        }
        if self.unpredicted().is_none() {
            self.recall(false)?;
            self.say(&[Text::plain(" Your prediction stands; now press `t`.")])?;
            return Ok(Then::On);
        }
        while let Some(at) = self.unpredicted() {
            let question = self.exercise.predict[at].clone();
            let Some(answer) = self.ask(&question)? else { return Ok(Then::Leave) };
            if answer == "q" {
                return Ok(Then::On);
            }
            self.progress.record(&self.exercise.name).predictions.push(answer);
            files::keep(&self.progress);
        }
        let mut lines = vec![Text::plain(" Noted."), Text::new()];
        lines.extend(self.prose(&self.exercise.task));
        self.say(&lines)?;
        self.menu()?;
        Ok(Then::On)
    }

    /// Asks until one of the choices is named, or `q`. `None` at the end of the input.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Option<String>, Failure> {
        let mut lines = self.prose(&question.ask);
        let letters: Vec<String> = (0..question.choices.len()).map(letter).collect();
        for (letter, choice) in letters.iter().zip(&question.choices) {
            for (at, part) in wrap(&choice.text, self.width() - 5).into_iter().enumerate() {
                let lead = if at == 0 { format!("   {letter}  ") } else { "      ".to_owned() };
                lines.push(Text::of(Role::Strong, lead).then(Role::Plain, part));
            }
        }
        self.say(&lines)?;
        loop {
            let prompt = match question.free {
                true => "your line> ".to_owned(),
                false => format!("{} (h hint, q back)> ", letters.join(", ")),
            };
            let Some(line) = self.typed(&prompt)? else { return Ok(None) };
            let typed = line.trim();
            let known = letters.iter().any(|letter| letter == typed);
            if known || typed == "q" || question.free && !typed.is_empty() {
                return Ok(Some(typed.to_owned()));
            }
            let text =
                if question.free { "one line, please" } else { "one of the letters, please" };
            self.say(&[Text::of(Role::Notice, format!(" {text}."))])?;
        }
    }

    /// The predictions, beside what is true if it may be told.
    pub(super) fn recall(&self, told: bool) -> Result<(), Failure> {
        let Some(record) = self.progress.exercises.get(&self.exercise.name) else { return Ok(()) };
        let mut lines = Vec::new();
        for (question, said) in self.exercise.predict.iter().zip(&record.predictions) {
            let named = |index: usize| {
                let choice = &question.choices[index];
                format!("{}  {}", letter(index), choice.text)
            };
            let chosen = (0..question.choices.len()).find(|index| letter(*index) == *said);
            if !lines.is_empty() {
                lines.push(Text::new());
            }
            lines.extend(self.prose(&question.ask));
            lines.extend(self.labelled("you said", &chosen.map_or(said.clone(), named)));
            let (Some(chosen), Some(right), true) = (chosen, question.right(), told) else {
                continue;
            };
            if chosen == right {
                lines.push(Text::of(Role::Good, "   and so it is."));
                continue;
            }
            lines.extend(self.labelled("it is", &named(right)));
            if let Some(reveals) = &question.choices[chosen].reveals {
                lines.extend(self.labelled("because", reveals));
            }
        }
        if lines.is_empty() { Ok(()) } else { self.say(&lines) }
    }

    fn labelled(&self, label: &str, text: &str) -> Vec<Text> {
        let parts = wrap(text, self.width() - 14).into_iter().enumerate();
        parts
            .map(|(at, part)| {
                let label = if at == 0 { label } else { "" };
                Text::of(Role::Faint, format!("   {label:<10} ")).then(Role::Plain, part)
            })
            .collect()
    }

    /// A line that is no call for a hint; `h` at any prompt gives one. `None` at the end of the
    /// input.
    pub(super) fn typed(&mut self, prompt: &str) -> Result<Option<String>, Failure> {
        loop {
            let line = self.prompt.line(prompt)?;
            if !line.as_deref().is_some_and(|line| matches!(line.trim(), "h" | "hint")) {
                return Ok(line);
            }
            self.hint()?;
        }
    }

    pub(super) fn hint(&mut self) -> Result<Then, Failure> {
        let count = self.exercise.hints.len();
        let record = self.progress.record(&self.exercise.name);
        let at = record.hints.min(count - 1);
        record.hints = at + 1;
        files::keep(&self.progress);
        let hint = format!("Hint {} of {count}: {}", at + 1, self.exercise.hints[at]);
        let mut lines = self.prose(&hint);
        if at + 1 == count {
            lines.push(Text::of(Role::Faint, " That was the last one; `s` shows the solution."));
        }
        self.say(&lines)?;
        Ok(Then::On)
    }

    fn solution(&mut self) -> Result<Then, Failure> {
        let record = self.progress.record(&self.exercise.name);
        let open = record.done || record.hints >= self.exercise.hints.len();
        let lines = match open {
            true => self.prose(&self.exercise.solution.text),
            false => vec![Text::plain(" The solution comes after the three hints: press `h`.")],
        };
        self.say(&lines)?;
        Ok(Then::On)
    }

    fn next(&mut self) -> Result<Then, Failure> {
        if !self.progress.is_done(&self.exercise.name) {
            self.say(&[Text::plain(
                " This one is not done yet; it stays open in the list (`l`).",
            )])?;
        }
        if self.index + 1 == self.count {
            return self.end();
        }
        self.go_to(self.index + 1)
    }

    fn go_to(&mut self, index: usize) -> Result<Then, Failure> {
        self.index = index;
        self.exercise = learn::load(index, &mut self.facts);
        self.enter()?;
        Ok(Then::On)
    }

    fn reset(&mut self) -> Result<Then, Failure> {
        self.progress.exercises.remove(&self.exercise.name);
        let mut text = " This exercise starts again.".to_owned();
        if let Some(file) = &self.exercise.file {
            match files::restore(file)? {
                Some(kept) => text.push_str(&format!(" Your file is kept as {kept}.")),
                None => text.push_str(" Its file is as it was given."),
            }
        }
        self.say(&[Text::plain(text)])?;
        self.enter()?;
        Ok(Then::On)
    }

    /// Paragraphs, wrapped where the terminal is narrow; what is indented is code, and stays.
    pub(super) fn prose(&self, text: &str) -> Vec<Text> {
        let mut lines = Vec::new();
        let mut paragraph = String::new();
        let flush = |paragraph: &mut String, lines: &mut Vec<Text>| {
            if !paragraph.is_empty() {
                let wrapped = wrap(paragraph, self.width()).into_iter();
                lines.extend(wrapped.map(|line| Text::plain(format!(" {line}"))));
                paragraph.clear();
            }
        };
        for line in text.trim_end().lines() {
            if line.starts_with(' ') || line.is_empty() {
                flush(&mut paragraph, &mut lines);
                lines.push(Text::plain(if line.is_empty() { String::new() } else { line.into() }));
            } else {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
        flush(&mut paragraph, &mut lines);
        lines
    }

    pub(super) fn width(&self) -> usize {
        self.style.width.clamp(40, 100) - 2
    }

    /// Prints lines, and an empty one.
    pub(super) fn say(&self, lines: &[Text]) -> Result<(), Failure> {
        crate::cli::play::lines::say(lines, &self.style)
    }

    /// What is said when the participant leaves.
    fn farewell(&self) -> Vec<Text> {
        let names = learn::all();
        let done = names.iter().filter(|exercise| self.progress.is_done(&exercise.name)).count();
        vec![Text::plain(format!(
            " {done} of {} exercises are done. To go on: lostwrite learn",
            self.count
        ))]
    }
}

fn letter(index: usize) -> String {
    learn::letter(index).to_string()
}

fn welcome() -> Vec<Text> {
    let text = [
        "Two controllers, one object, and a write that is gone: thirteen exercises, each a few",
        "minutes long. In each you first predict, then try, and then see. Nothing but this program",
        "is needed. Your progress is kept in .lostwrite/, files for you to edit in learn/.",
    ];
    text.into_iter().map(|line| Text::plain(format!(" {line}"))).collect()
}
