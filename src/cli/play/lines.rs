//! `play`, line by line: over ssh, in a pipe, with a screen reader.
//!
//! A line is any number of steps and commands; the board is drawn once after it. What is read from
//! a pipe is printed after the prompt, so that the transcript can be followed. The end of the input
//! and Ctrl-C end the game with what was done. Next to read: `full.rs`.

use std::io::{BufRead, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use super::keys::Input;
use super::session::{Reply, Session};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::output;
use crate::report::{Role, Style, Text, paint};
use crate::scenario::Diagnostic;

/// What is printed at Ctrl-C.
#[derive(Clone, Debug, Default)]
pub struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    /// Prints them at Ctrl-C, and ends the program.
    pub fn listen() -> LastWords {
        let words = LastWords::default();
        let said = words.clone();
        let _ = ctrlc::set_handler(move || {
            let text = said.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let _ = output::stdout(&format!("\n{text}"));
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
        words
    }

    /// From now on these.
    pub fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// Lines from stdin, with a prompt.
#[derive(Debug, Default)]
pub struct Prompt {
    ended: bool,
}

impl Prompt {
    /// The next line; `None` at the end of the input.
    pub fn line(&mut self, prompt: &str) -> Result<Option<String>, Failure> {
        if self.ended {
            return Ok(None);
        }
        output::stdout(prompt)?;
        let mut bytes = Vec::new();
        let stdin = std::io::stdin();
        let read = stdin.lock().read_until(b'\n', &mut bytes);
        let read =
            read.map_err(|error| Diagnostic::error(format!("cannot read stdin: {error}")))?;
        if read == 0 {
            self.ended = true;
            output::stdout("\n")?;
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
        if !stdin.is_terminal() {
            output::stdout(&format!("{}\n", line.replace(char::is_control, "\u{fffd}")))?;
        }
        Ok(Some(line))
    }
}

/// Plays until the player leaves.
pub fn run(session: &mut Session<'_>, style: &Style) -> Outcome {
    let words = LastWords::listen();
    say(&session.introduction(style), style)?;
    say(&session.board(style), style)?;
    let mut prompt = Prompt::default();
    loop {
        words.set(paint(&session.farewell(), style));
        if !turn(session, &mut prompt, style)? {
            break;
        }
    }
    output::stdout(&paint(&session.farewell(), style))?;
    Ok(Exit::Ok)
}

/// One line. False if there is none any more, or the player leaves.
pub fn turn(
    session: &mut Session<'_>,
    prompt: &mut Prompt,
    style: &Style,
) -> Result<bool, Failure> {
    let Some(line) = prompt.line("> ")? else { return Ok(false) };
    take(session, &line, style)
}

/// What a line does. False if the player leaves.
pub fn take(session: &mut Session<'_>, line: &str, style: &Style) -> Result<bool, Failure> {
    let (inputs, mistake) = read(session, line);
    let mut moved = line.trim().is_empty();
    for input in inputs {
        match session.take(input, style) {
            Reply::Quit => return Ok(false),
            // An end is shown at once, whatever follows on the line.
            Reply::Moved if session.walk.is_over() && matches!(input, Input::Step(_)) => {
                say(&session.board(style), style)?;
                moved = false;
            }
            Reply::Moved => moved = true,
            Reply::Says(lines) => {
                let refused = matches!(input, Input::Step(_));
                say(&lines, style)?;
                if refused {
                    break;
                }
            }
        }
    }
    if let Some(mistake) = mistake {
        say(&[Text::of(Role::Notice, format!(" {mistake}."))], style)?;
    }
    if moved {
        say(&session.board(style), style)?;
    }
    Ok(true)
}

/// A line of letters and commands, or the whole text of a schedule from the beginning.
fn read(session: &mut Session<'_>, line: &str) -> (Vec<Input>, Option<String>) {
    let text = line.trim();
    if !text.contains('.') {
        return session.keys.line(text);
    }
    match session.walk.game().parse(text) {
        Ok(schedule) => {
            session.walk.restart();
            (schedule.choices.into_iter().map(Input::Step).collect(), None)
        }
        Err(error) => (Vec::new(), Some(format!("not a schedule of this scenario: {error}"))),
    }
}

/// Prints lines, and an empty one.
pub fn say(lines: &[Text], style: &Style) -> Result<(), Failure> {
    output::stdout(&format!("{}\n", paint(lines, style)))
}
