//! The text of a schedule of real workers: the letters of `crate::schedulers::Schedule`, and a
//! number where one worker waits for several things at a time.
//!
//! `a` answers the request of the worker whose letter is `a`, `a:2` the second of several; `~a`
//! delivers what is on the way on its watch, `~a:2` on its second one; `!la`, `!wa`, `!ca`, `!ea`
//! lose an answer, break a watch, restart it, give its Lease to another holder. `a3` is `aaa`.
//! Next to read: `sample.rs`.

use std::fmt;

use super::Move;

/// The letters of the workers of one simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    letters: Vec<char>,
    fingerprint: String,
}

/// Where a text is no schedule, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpellingError(pub String);

type Letters<'t> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'t, char>>>;

impl fmt::Display for SpellingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpellingError {}

const FORMAT: &str = "1";

/// A longer schedule is a mistake.
const MOST: usize = 100_000;

impl Spelling {
    /// A letter for each name: its first that is still free.
    pub fn new(names: &[String], fingerprint: u16) -> Spelling {
        let mut letters: Vec<char> = Vec::new();
        for name in names {
            let name = name.to_lowercase();
            let own = name.chars().filter(char::is_ascii_lowercase);
            let letter = own.chain('a'..='z').chain('A'..='Z').find(|c| !letters.contains(c));
            letters.push(letter.unwrap_or('?'));
        }
        Spelling { letters, fingerprint: format!("{fingerprint:04x}") }
    }

    /// What tells the schedules of this simulation from those of others.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// One move.
    pub fn one(&self, made: Move) -> String {
        let letter = self.letters.get(made.worker()).copied().unwrap_or('?');
        let (before, nth) = match made {
            Move::Answer { nth, .. } => ("", nth),
            Move::Deliver { nth, .. } => ("~", nth),
            Move::LoseAnswer { nth, .. } => ("!l", nth),
            Move::Break { nth, .. } => ("!w", nth),
            Move::Crash { .. } => ("!c", 0),
            Move::Depose { .. } => ("!e", 0),
        };
        match nth {
            0 => format!("{before}{letter}"),
            nth => format!("{before}{letter}:{}", nth + 1),
        }
    }

    /// The text: `1.7c1e.aab~ab`.
    pub fn text(&self, moves: &[Move]) -> String {
        let mut text = format!("{FORMAT}.{}.", self.fingerprint);
        for run in moves.chunk_by(|a, b| a == b) {
            let one = self.one(run[0]);
            match (run.len(), one.contains(':')) {
                (1 | 2, _) | (_, true) => text.push_str(&one.repeat(run.len())),
                (n, false) => text.push_str(&format!("{one}{n}")),
            }
        }
        text
    }

    /// Reads a text, with or without its head.
    ///
    /// # Errors
    /// Where it is no schedule of these workers.
    pub fn parse(&self, text: &str) -> Result<Vec<Move>, SpellingError> {
        let fail = |words: String| Err(SpellingError(words));
        let letters = match text.trim().splitn(3, '.').collect::<Vec<_>>()[..] {
            [bare] => bare,
            [FORMAT, fingerprint, letters] if fingerprint == self.fingerprint => letters,
            [FORMAT, other, _] => {
                return fail(format!(
                    "`{text}` is a schedule of other workers ({other}; these are {})",
                    self.fingerprint
                ));
            }
            _ => {
                return fail(format!(
                    "`{text}` is not a schedule; a schedule has the form `1.7c1e.abab`"
                ));
            }
        };
        let kept: Vec<char> = letters.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
        let mut rest: Letters<'_> = kept.iter().copied().peekable();
        let mut moves = Vec::new();
        while let Some(first) = rest.next() {
            let kind = match first {
                '~' => '~',
                '!' => rest.next().unwrap_or('?'),
                _ => 'a',
            };
            let letter = if first == '~' || first == '!' { rest.next() } else { Some(first) };
            let worker = letter.and_then(|it| self.letters.iter().position(|known| *known == it));
            let Some(worker) = worker else {
                let known: String = self.letters.iter().collect();
                let what = match letter {
                    Some(letter) => format!("there is no worker `{letter}`"),
                    None => "a worker is missing at the end".to_owned(),
                };
                return fail(format!("{what}; the workers are `{known}`"));
            };
            let mut nth = 0;
            let number = |rest: &mut Letters<'_>| -> Option<usize> {
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                digits.parse().ok().filter(|n| (1..=MOST).contains(n))
            };
            if rest.next_if_eq(&':').is_some() {
                match number(&mut rest) {
                    Some(n) => nth = n - 1,
                    None => return fail("after `:` comes a number from 1".to_owned()),
                }
            }
            let times = match rest.peek().is_some_and(char::is_ascii_digit) {
                true => number(&mut rest),
                false => Some(1),
            };
            let Some(times) = times.filter(|n| moves.len() + n <= MOST) else {
                return fail(format!("a schedule has at most {MOST} steps"));
            };
            let made = match kind {
                'a' => Move::Answer { worker, nth },
                '~' => Move::Deliver { worker, nth },
                'l' => Move::LoseAnswer { worker, nth },
                'w' => Move::Break { worker, nth },
                'c' => Move::Crash { worker },
                'e' => Move::Depose { worker },
                other => {
                    return fail(format!("a fault is `!l`, `!w`, `!c` or `!e`, not `!{other}`"));
                }
            };
            moves.extend(std::iter::repeat_n(made, times));
        }
        Ok(moves)
    }
}
