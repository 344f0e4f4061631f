//! What a player types: letters of a schedule, and keys for everything else; never both at once.
//!
//! A worker's letter always moves that worker. A command has a letter too; where a worker has it
//! already, the command is its capital, and where that is taken as well, only `:b` is left.
//! `:b` and `:back` work everywhere. So every key means one thing in one game, and the menu shows
//! which. Next to read: `session.rs`.

use std::sync::Arc;

use crate::report::game::Menu;
use crate::schedulers::Letters;
use crate::simulation::Choice;

/// Everything that is not a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Command {
    Back,
    Restart,
    Expand,
    Why,
    Odds,
    GiveUp,
    Quit,
}

/// The commands in the order of the menu: letter, word, what the menu says.
pub const COMMANDS: &[(Command, char, &str, &str)] = &[
    (Command::Back, 'b', "back", "one step back"),
    (Command::Restart, 'r', "restart", "restart"),
    (Command::Expand, 'e', "expand", "the last step in its parts"),
    (Command::Why, '?', "why", "why can't others move?"),
    (Command::Odds, 'o', "odds", "odds on or off"),
    (Command::GiveUp, 'x', "show", "give up and see"),
    (Command::Quit, 'q', "quit", "quit"),
];

/// What one key, or one token of a line, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A step.
    Step(Choice),
    /// Something else.
    Command(Command),
}

/// The keys of one game.
#[derive(Clone, Debug)]
pub struct Keys {
    letters: Arc<Letters>,
    commands: Vec<(Command, Option<char>)>,
}

impl Keys {
    /// Those that do not clash with these letters.
    pub fn new(letters: Arc<Letters>) -> Keys {
        let free = |c: &char| !letters.workers.contains(c);
        let key = |letter: char| [letter, letter.to_ascii_uppercase()].into_iter().find(free);
        let commands = COMMANDS.iter().map(|(command, letter, ..)| (*command, key(*letter)));
        let commands = commands.collect();
        Keys { letters, commands }
    }

    /// How a command is typed.
    pub fn of(&self, command: Command) -> String {
        let found = self.commands.iter().find(|(known, _)| *known == command);
        match found.and_then(|(_, key)| *key) {
            Some(key) => key.to_string(),
            None => {
                let letter = COMMANDS.iter().find(|known| known.0 == command);
                format!(":{}", letter.map_or('q', |known| known.1))
            }
        }
    }

    /// The menu of these commands.
    pub fn menu(&self, commands: &[Command]) -> Vec<Menu> {
        let shown = COMMANDS.iter().filter(|(command, ..)| commands.contains(command));
        shown
            .map(|(command, _, _, what)| Menu { key: self.of(*command), what: (*what).to_owned() })
            .collect()
    }

    /// What a single character means as a command.
    pub fn command(&self, c: char) -> Option<Command> {
        let found = self.commands.iter().find(|(_, key)| *key == Some(c));
        found.map(|(command, _)| *command)
    }

    /// What a line means, up to the first thing that means nothing.
    pub fn line(&self, line: &str) -> (Vec<Input>, Option<String>) {
        if let Some(command) = self.word(line.trim()) {
            return (vec![Input::Command(command)], None);
        }
        let mut inputs = Vec::new();
        let mut rest = line.trim_start();
        while let Some(c) = rest.chars().next() {
            if c.is_whitespace() || c == ',' {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            match self.token(rest) {
                Ok((mut found, length)) => {
                    inputs.append(&mut found);
                    rest = &rest[length..];
                }
                Err(mistake) => return (inputs, Some(mistake)),
            }
        }
        (inputs, None)
    }

    /// A whole word for a command, unless it can be read as steps.
    fn word(&self, line: &str) -> Option<Command> {
        let steps = line.chars().all(|c| self.letters.workers.contains(&c));
        let named = COMMANDS.iter().find(|(_, _, word, _)| *word == line && !steps);
        let more = [("undo", Command::Back), ("exit", Command::Quit), ("help", Command::Why)];
        let also = more.iter().find(|(word, _)| *word == line && !steps);
        named.map(|known| known.0).or(also.map(|known| known.1))
    }

    /// The token at the beginning of `rest`, and its length.
    fn token(&self, rest: &str) -> Result<(Vec<Input>, usize), String> {
        let first = rest.chars().next().unwrap_or(' ');
        if let Some(named) = rest.strip_prefix(':') {
            let word: String =
                named.chars().take_while(|c| c.is_alphabetic() || *c == '?').collect();
            let found = COMMANDS.iter().find(|(_, letter, name, _)| {
                *name == word || word.chars().eq(std::iter::once(*letter))
            });
            return match found {
                Some((command, ..)) => Ok((vec![Input::Command(*command)], 1 + word.len())),
                None => Err(format!("`:{word}` is not a command")),
            };
        }
        let step = matches!(first, '~' | '!') || self.letters.workers.contains(&first);
        if !step {
            return match self.command(first) {
                Some(command) => Ok((vec![Input::Command(command)], first.len_utf8())),
                None => Err(self.no_key(first)),
            };
        }
        let length = match rest.as_bytes() {
            [b'!', b'r', ..] | [b'~', ..] => 2,
            [b'!', ..] => 3,
            _ => 1,
        };
        let end = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
        let digits = rest[end..].bytes().take_while(u8::is_ascii_digit).count();
        let token = &rest[..end + digits];
        let parsed = self.letters.parse(token).map_err(|error| error.message)?;
        Ok((parsed.choices.into_iter().map(Input::Step).collect(), token.len()))
    }

    fn no_key(&self, c: char) -> String {
        let workers: Vec<String> = self.letters.workers.iter().map(|c| format!("`{c}`")).collect();
        let shown = if c.is_control() { '\u{fffd}' } else { c };
        format!("`{shown}` is not a key here; {} move the workers", workers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(workers: &str) -> Keys {
        let workers: Vec<char> = workers.chars().collect();
        Keys::new(Arc::new(Letters {
            cache_of: vec![Some(0); workers.len()],
            process_of: vec![0; workers.len()],
            names: workers.iter().map(|worker| worker.to_string().into()).collect(),
            workers,
        }))
    }

    #[test]
    fn a_workers_letter_wins_and_no_key_means_two_things() {
        let keys = keys("hbBq");
        assert_eq!(keys.of(Command::Back), ":b");
        assert_eq!(keys.of(Command::Quit), "Q");
        assert_eq!(keys.of(Command::Restart), "r");
        let step = |worker| Input::Step(Choice::Worker(worker));
        assert_eq!(keys.line("bB").0, [step(1), step(2)]);
        assert_eq!(keys.line(":back :b Q").0.len(), 3);
        let all: Vec<char> = ('a'..='z').chain('A'..='Z').collect();
        for letter in all {
            let command = keys.command(letter).is_some();
            assert!(!command || !"hbBq".contains(letter), "{letter} means two things");
        }
    }

    #[test]
    fn a_line_is_steps_and_commands_up_to_what_means_nothing() {
        let keys = keys("hu");
        let step = |worker| Input::Step(Choice::Worker(worker));
        let (inputs, mistake) = keys.line("h u2 ~h b!lu ? z h");
        assert_eq!(inputs.len(), 7);
        assert_eq!(inputs[..3], [step(0), step(1), step(1)]);
        assert_eq!(inputs[6], Input::Command(Command::Why));
        assert_eq!(mistake.as_deref(), Some("`z` is not a key here; `h`, `u` move the workers"));
        assert_eq!(keys.line("undo").0, [Input::Command(Command::Back)]);
        assert_eq!(keys.line("quit").0, [Input::Command(Command::Quit)]);
        assert!(keys.line("!z").1.is_some() && keys.line(":zz").1.is_some());
        assert!(keys.line("~").1.is_some() && keys.line("!").1.is_some());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(line in "\\PC{0,12}") {
            let _ = keys("hub").line(&line);
        }
    }
}
