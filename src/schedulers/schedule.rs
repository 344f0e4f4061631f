//! A schedule: the choices made, and their text form `1.7c1e.huhu`.
//!
//! Format version, the first four hex digits of the scenario's fingerprint, then one letter per
//! step: the worker's letter; `~h` for a delivery to the cache of h's process; `!` prefixes a
//! fault (`!lh` the response to h is lost, `!ch` h's process crashes, `!wh` the watch of its cache
//! breaks, `!r` the object is recreated, `!dh` the deadline of h's requeue passes); `h12`
//! repeats `h` twelve times. Bare letters are accepted, with spaces; so are workers' names with
//! commas, as a drawing's heading has them: `health, usage, usage, health`.
//! Next to read: `simulation/choice.rs`.

use std::fmt;
use std::sync::Arc;

use crate::simulation::{Choice, Setting};
use crate::trace::Fault;

/// The version of the text form.
pub const FORMAT: u32 = 1;

/// The choices of one run, with the letters to print them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The scenario's fingerprint (four hex digits); `None` for bare letters.
    pub fingerprint: Option<String>,
    /// The choices.
    pub choices: Vec<Choice>,
    /// How each kind of choice is spelled.
    pub letters: Arc<Letters>,
    /// The text, where it is not made of choices: a schedule of real workers.
    pub text: Option<Arc<str>>,
}

/// The letters of a scenario's workers, and the caches and processes they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// One letter per worker.
    pub workers: Vec<char>,
    /// The name of each worker.
    pub names: Vec<Arc<str>>,
    /// The cache of each worker's process, if it has one.
    pub cache_of: Vec<Option<usize>>,
    /// The process of each worker.
    pub process_of: Vec<usize>,
}

/// Why a text is not a schedule of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleError {
    /// What is wrong.
    pub message: String,
    /// The byte of the text where it is wrong.
    pub offset: usize,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.message, self.offset + 1)
    }
}

impl std::error::Error for ScheduleError {}

/// The most steps that a schedule's text may stand for: repeat counts are written in a few digits.
const MAX_STEPS: usize = 1_000_000;

impl Letters {
    /// A letter for each worker: the first of its name that is still free, else of the alphabet.
    pub fn assign(setting: &Setting) -> Letters {
        let mut workers: Vec<char> = Vec::new();
        for worker in &setting.workers {
            let name = worker.name.to_lowercase();
            let own = name.chars().filter(char::is_ascii_lowercase);
            let letter = own.chain('a'..='z').chain('A'..='Z').find(|c| !workers.contains(c));
            workers.push(letter.unwrap_or('?'));
        }
        let cache_of = |process: usize| setting.caches.iter().position(|c| c.process == process);
        Letters {
            workers,
            names: setting.workers.iter().map(|worker| worker.name.as_str().into()).collect(),
            cache_of: setting.workers.iter().map(|worker| cache_of(worker.process)).collect(),
            process_of: setting.workers.iter().map(|worker| worker.process).collect(),
        }
    }

    fn of_cache(&self, cache: usize) -> char {
        self.letter_where(|worker| self.cache_of[worker] == Some(cache))
    }

    fn of_process(&self, process: usize) -> char {
        self.letter_where(|worker| self.process_of[worker] == process)
    }

    fn letter_where(&self, is: impl Fn(usize) -> bool) -> char {
        let worker = (0..self.workers.len()).find(|&worker| is(worker));
        worker.map_or('?', |worker| self.workers[worker])
    }

    /// How one choice is written.
    pub fn spell(&self, choice: Choice) -> String {
        match choice {
            Choice::Worker(worker) => self.workers[worker].to_string(),
            Choice::Deliver(cache) => format!("~{}", self.of_cache(cache)),
            Choice::Fault(Fault::LostResponse(worker)) => format!("!l{}", self.workers[worker]),
            Choice::Fault(Fault::Crash(process)) => format!("!c{}", self.of_process(process)),
            Choice::Fault(Fault::WatchGap(cache)) => format!("!w{}", self.of_cache(cache)),
            Choice::Fault(Fault::Recreation) => "!r".to_owned(),
            Choice::Fault(Fault::Deadline(worker)) => format!("!d{}", self.workers[worker]),
        }
    }

    /// Reads a schedule: `1.7c1e.huhu`, or bare letters.
    pub fn parse(self: &Arc<Self>, text: &str) -> Result<Schedule, ScheduleError> {
        let fail = |offset, message: String| Err(ScheduleError { message, offset });
        let mut parts = text.splitn(3, '.');
        let (fingerprint, letters) = match (parts.next(), parts.next(), parts.next()) {
            (Some(bare), None, None) => (None, bare),
            (Some(version), Some(fingerprint), Some(letters)) => {
                if version.trim() != FORMAT.to_string() {
                    let known =
                        format!("unknown schedule format `{version}`: this program reads {FORMAT}");
                    return fail(0, known);
                }
                if fingerprint.len() != 4 || !fingerprint.chars().all(|c| c.is_ascii_hexdigit()) {
                    let message = "a fingerprint is four hex digits, as in `1.7c1e.huhu`";
                    return fail(version.len() + 1, message.to_owned());
                }
                (Some(fingerprint.to_ascii_lowercase()), letters)
            }
            _ => {
                return fail(0, "a schedule has the form `1.7c1e.huhu`, or just `huhu`".to_owned());
            }
        };
        let start = text.len() - letters.len();
        let named = fingerprint.is_none() && letters.contains(',');
        let choices = Reader { letters: self, text, at: start, named }.choices()?;
        Ok(Schedule { fingerprint, choices, letters: Arc::clone(self), text: None })
    }
}

struct Reader<'t> {
    letters: &'t Letters,
    text: &'t str,
    at: usize,
    /// Whether a word may be a worker's name: only between commas, where it is no row of letters.
    named: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn choices(mut self) -> Result<Vec<Choice>, ScheduleError> {
        let mut choices = Vec::new();
        loop {
            while self.peek().is_some_and(|c| c.is_whitespace() || c == ',') {
                self.take();
            }
            if self.peek().is_none() {
                return Ok(choices);
            }
            let start = self.at;
            let choice = self.choice()?;
            let times = self.times()?;
            if choices.len() + times > MAX_STEPS {
                let message = format!("a schedule has at most {MAX_STEPS} steps");
                return Err(ScheduleError { message, offset: start });
            }
            choices.extend(std::iter::repeat_n(choice, times));
        }
    }

    fn choice(&mut self) -> Result<Choice, ScheduleError> {
        let start = self.at;
        match self.take() {
            Some('~') => Ok(Choice::Deliver(self.cache()?)),
            Some('!') => {
                let fault = match self.take() {
                    Some('l') => Fault::LostResponse(self.worker()?),
                    Some('c') => Fault::Crash(self.letters.process_of[self.worker()?]),
                    Some('w') => Fault::WatchGap(self.cache()?),
                    Some('r') => Fault::Recreation,
                    Some('d') => Fault::Deadline(self.worker()?),
                    _ => {
                        let message =
                            "a fault must be `!l`, `!c`, `!w` or `!d` and a worker, or `!r`"
                                .to_owned();
                        return Err(ScheduleError { message, offset: start });
                    }
                };
                Ok(Choice::Fault(fault))
            }
            _ => {
                self.at = start;
                Ok(Choice::Worker(self.worker()?))
            }
        }
    }

    fn worker(&mut self) -> Result<usize, ScheduleError> {
        let offset = self.at;
        if let Some(worker) = self.name() {
            return Ok(worker);
        }
        let letter = self.take();
        let found = self.letters.workers.iter().position(|known| Some(*known) == letter);
        found.ok_or_else(|| {
            let known: Vec<String> =
                self.letters.workers.iter().map(|c| format!("`{c}`")).collect();
            let what = match letter {
                Some(letter) => format!("there is no worker `{letter}`"),
                None => "a worker is missing at the end".to_owned(),
            };
            ScheduleError {
                message: format!("{what}; the workers are {}", known.join(", ")),
                offset,
            }
        })
    }

    /// The worker whose whole name comes next.
    fn name(&mut self) -> Option<usize> {
        let rest = &self.text[self.at..];
        let word = rest.split(|c: char| c == ',' || c.is_whitespace()).next().unwrap_or_default();
        let worker = self.letters.names.iter().position(|name| &**name == word)?;
        self.named.then(|| {
            self.at += word.len();
            worker
        })
    }

    fn cache(&mut self) -> Result<usize, ScheduleError> {
        let offset = self.at;
        let worker = self.worker()?;
        let letter = self.letters.workers[worker];
        let message = format!("`{letter}` reads no cache, so nothing is delivered to it");
        self.letters.cache_of[worker].ok_or(ScheduleError { message, offset })
    }

    fn times(&mut self) -> Result<usize, ScheduleError> {
        let offset = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.take();
        }
        let digits = &self.text[offset..self.at];
        if digits.is_empty() {
            return Ok(1);
        }
        let times = digits.parse().ok().filter(|times| (1..=MAX_STEPS).contains(times));
        let message = format!("a step can be repeated 1 to {MAX_STEPS} times");
        times.ok_or(ScheduleError { message, offset })
    }
}

impl Schedule {
    /// The letters alone, with runs of three and more as a count.
    pub fn bare(&self) -> String {
        let mut text = String::new();
        for run in self.choices.chunk_by(|a, b| a == b) {
            let letter = self.letters.spell(run[0]);
            match run.len() {
                1 | 2 => text.push_str(&letter.repeat(run.len())),
                n => text.push_str(&format!("{letter}{n}")),
            }
        }
        text
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        if let Some(fingerprint) = &self.fingerprint {
            write!(f, "{FORMAT}.{fingerprint}.")?;
        }
        f.write_str(&self.bare())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letters() -> Arc<Letters> {
        Arc::new(Letters {
            workers: vec!['h', 'u'],
            names: vec!["health".into(), "uh".into()],
            cache_of: vec![Some(0), None],
            process_of: vec![0, 1],
        })
    }

    #[test]
    fn reads_letters_repeats_deliveries_and_faults() {
        let schedule = letters().parse("1.7C1e.h12 ~h, !lu !ch !r u").unwrap();
        assert_eq!(schedule.fingerprint.as_deref(), Some("7c1e"));
        assert_eq!(schedule.choices.len(), 17);
        assert_eq!(schedule.to_string(), "1.7c1e.h12~h!lu!ch!ru");
    }

    #[test]
    fn reads_names_between_commas_as_a_drawing_prints_them() {
        let read = |text| letters().parse(text).map(|schedule| schedule.bare());
        assert_eq!(read("health, uh, ~health, !luh").as_deref(), Ok("hu~h!lu"));
        assert_eq!(read("uh").as_deref(), Ok("uh"), "without a comma, letters");
        assert_eq!(read("health, healthy").unwrap_err().offset, 9);
    }

    #[test]
    fn says_where_it_does_not_fit() {
        for (text, offset) in [
            ("hux", 2),
            ("~u", 1),
            ("!x", 0),
            ("2.7c1e.h", 0),
            ("1.7c.h", 2),
            ("h0", 1),
            ("~", 1),
            ("1.7c1e.hx", 8),
            ("h99999999999999999999", 1),
        ] {
            assert_eq!(letters().parse(text).unwrap_err().offset, offset, "{text}");
        }
    }

    proptest! {
        #[test]
        fn prints_what_it_reads(text in "([hu]|~h|!lh|!cu|!wh|!r){0,20}") {
            let schedule = letters().parse(&text).unwrap();
            let again = letters().parse(&schedule.to_string()).unwrap();
            prop_assert_eq!(again.choices, schedule.choices);
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = letters().parse(&text);
        }
    }
}
