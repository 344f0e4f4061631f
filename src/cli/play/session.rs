//! One session of a game, whatever it is drawn on: what was played, what was found, what is said.
//!
//! `lines.rs` feeds it lines and prints what it answers; `full.rs` feeds it keys and draws its
//! state. Next to read: `lines.rs`.

use std::collections::BTreeSet;

use super::keys::{Command, Input, Keys};
use crate::check::game::{Game, Walk};
use crate::report::game::{self, Found};
use crate::report::{Role, Style, Text, quoted};
use crate::schedulers::Schedule;

/// A session.
#[derive(Clone, Debug)]
pub struct Session<'g> {
    /// Where the player is.
    pub walk: Walk<'g>,
    /// Whether the odds are shown.
    pub odds: bool,
    /// The keys.
    pub keys: Keys,
    /// Every schedule that was played to an end which violates the property, in its letters.
    pub found: BTreeSet<String>,
    /// The workers that lost something in one of them.
    pub victims: BTreeSet<String>,
    /// How the scenario is named in a command, with its overrides: `status-race --write apply`.
    target: String,
    /// Whether the end where the player stands had been found before.
    again: bool,
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The board has changed.
    Moved,
    /// Something is to be said.
    Says(Vec<Text>),
    /// The player leaves.
    Quit,
}

impl<'g> Session<'g> {
    /// At the beginning of a game.
    pub fn new(game: &'g Game, target: String, odds: bool) -> Session<'g> {
        Session {
            walk: game.start(),
            odds,
            keys: Keys::new(game.letters().clone()),
            found: BTreeSet::new(),
            victims: BTreeSet::new(),
            target,
            again: false,
        }
    }

    /// The commands that mean something now.
    pub fn commands(&self) -> Vec<Command> {
        let begun = !self.walk.made().is_empty();
        let mut commands = Vec::new();
        if begun {
            commands.extend([Command::Back, Command::Restart, Command::Expand]);
        }
        if !self.walk.is_over() {
            commands.extend([Command::Why, Command::Odds, Command::GiveUp]);
        }
        commands.push(Command::Quit);
        commands
    }

    /// Does what was typed.
    pub fn take(&mut self, input: Input, style: &Style) -> Reply {
        match input {
            Input::Step(choice) => match self.walk.take(choice) {
                Ok(_) => {
                    self.note_the_end();
                    Reply::Moved
                }
                Err(stuck) => {
                    let why = stuck.map_or_else(
                        || "the scenario allows no such fault".to_owned(),
                        |stuck| stuck.sentence,
                    );
                    Reply::Says(vec![Text::of(Role::Notice, format!(" Not possible: {why}."))])
                }
            },
            Input::Command(command) => self.obey(command, style),
        }
    }

    fn obey(&mut self, command: Command, style: &Style) -> Reply {
        match command {
            Command::Back if self.walk.undo() => Reply::Moved,
            Command::Back => says("There is nothing to take back: this is the beginning."),
            Command::Restart => {
                self.walk.restart();
                Reply::Moved
            }
            Command::Expand => {
                let parts = game::parts(&self.walk, self.walk.made().len(), style);
                parts.map_or_else(
                    || says("Take a step first; then `e` takes it apart."),
                    Reply::Says,
                )
            }
            Command::Why => Reply::Says(self.why()),
            Command::Odds => {
                self.odds = !self.odds;
                Reply::Moved
            }
            Command::GiveUp => Reply::Says(self.shown(style)),
            Command::Quit => Reply::Quit,
        }
    }

    /// Remembers an end that violates the property, and who lost by it.
    fn note_the_end(&mut self) {
        if !self.walk.is_over() {
            return;
        }
        let replayed = self.walk.replayed();
        let goal = self.walk.game().goal();
        if let Some((_, true, witness)) = replayed.judged.get(goal) {
            self.again = !self.found.insert(replayed.schedule.bare());
            self.victims.extend(witness.iter().map(|witness| witness.victim.worker.clone()));
        }
    }

    fn why(&self) -> Vec<Text> {
        let stuck = self.walk.stuck();
        let mut lines: Vec<Text> = stuck
            .iter()
            .map(|stuck| {
                Text::of(Role::Strong, format!(" [{}]", stuck.letters))
                    .then(Role::Plain, format!(" {}", stuck.sentence))
            })
            .collect();
        if lines.is_empty() {
            lines.push(Text::plain(" Every worker can move."));
        }
        lines
    }

    fn shown(&self, style: &Style) -> Vec<Text> {
        let goal = self.walk.game().goal();
        if let Some(lost) = self.walk.way_to_violate(goal) {
            return game::given_up(&lost, true, &self.command(&lost.schedule()), style);
        }
        let Some(shortest) = self.walk.game().shortest(goal) else {
            let text = match self.walk.game().start_odds() {
                Ok(_) => "There is nothing to find: no schedule of this scenario does that.",
                Err(_) => "Nothing was found in as much as was searched.",
            };
            return vec![Text::plain(format!(" {text}"))];
        };
        let mut walk = self.walk.game().start();
        shortest.iter().for_each(|choice| drop(walk.take(*choice)));
        game::given_up(&walk, false, &self.command(&walk.schedule()), style)
    }

    /// The introduction.
    pub fn introduction(&self, style: &Style) -> Vec<Text> {
        game::introduction(self.walk.game(), style)
    }

    /// The board, or how the game ended.
    pub fn board(&self, style: &Style) -> Vec<Text> {
        if !self.walk.is_over() {
            let menu = self.keys.menu(&self.commands());
            return game::board(&self.walk, self.odds, &menu, style);
        }
        let mut lines = self.ending(style);
        lines.push(Text::new());
        lines.extend(game::keys(&self.keys.menu(&self.commands()), style));
        lines
    }

    /// How the game ended.
    pub fn ending(&self, style: &Style) -> Vec<Text> {
        let replay = self.command(&self.walk.schedule());
        let found = Found {
            schedules: self.found.len(),
            again: self.again,
            counted: self.odds,
            replay: &replay,
        };
        game::ending(&self.walk, found, style)
    }

    /// The command that repeats a schedule.
    fn command(&self, schedule: &Schedule) -> String {
        format!("lostwrite replay {} --schedule {}", self.target, quoted(&schedule.to_string()))
    }

    /// What is said when a player leaves: what was done, and how to see it again.
    pub fn farewell(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        let game = self.walk.game();
        let goal = game::goal(game.judged()[game.goal()].name);
        if !self.found.is_empty() {
            let found: Vec<&str> = self.found.iter().map(String::as_str).collect();
            lines.push(Text::plain(format!(
                " You found {}: {}.",
                crate::report::plural(
                    &found.len().to_string(),
                    &format!("{} schedule", goal.violating)
                ),
                found.join(", ")
            )));
        }
        match self.walk.made().is_empty() {
            true if lines.is_empty() => lines.push(Text::plain(" No step was taken.")),
            true => {}
            false => {
                let last = match self.walk.is_over() {
                    true => format!(" The last one was {}.", game::letters(&self.walk)),
                    false => format!(" You stopped after {}.", self.last()),
                };
                lines.extend([
                    Text::plain(format!("{last} To see it again:")),
                    Text::of(Role::Strong, format!("   {}", self.command(&self.walk.schedule()))),
                ]);
            }
        }
        lines
    }

    /// `4 steps (huhu)`.
    fn last(&self) -> String {
        let steps = crate::report::plural(&self.walk.made().len().to_string(), "step");
        format!("{steps} ({})", game::letters(&self.walk))
    }
}

fn says(text: &str) -> Reply {
    Reply::Says(vec![Text::plain(format!(" {text}"))])
}
