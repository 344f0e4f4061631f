//! The teacher's kit is made from the exercises and from the program: nothing in it is typed twice.
//!
//! `documents.rs` calls [`generated`] for every document, so that what is blessed is blessed once:
//!
//! - `4<!-- losing status-race -->`: the number before the comment is what the expression is.
//! - `<!-- cuts -->`, `<!-- exercises -->`, `<!-- own field and list -->`, `<!-- empty lanes -->`:
//!   what follows, up to `<!-- end -->`, is made here.
//!
//! Next to read: `documents.rs`.

use lostwrite::learn::{self, Cut, Exercise, Facts, Question, Step};

use crate::cli::{folder, run};

const FOLDER: &str = "docs/workshop/";

fn exercises() -> Vec<Exercise> {
    let mut facts = Facts::default();
    (0..learn::all().len()).map(|index| learn::load(index, &mut facts)).collect()
}

/// The text of a document of the workshop as it has to be; others are as they are.
pub fn generated(path: &str, text: &str, table: &dyn Fn() -> String) -> String {
    if !path.starts_with(FOLDER) {
        return text.to_owned();
    }
    type Part<'p> = (&'static str, &'p dyn Fn() -> String);
    let parts: [Part<'_>; 6] = [
        ("cuts", &cuts),
        ("ninety minutes", &ninety_minutes),
        ("words status-race", &words),
        ("exercises", &guide),
        ("own field and list", &|| without_words(&table())),
        ("empty lanes", &empty_lanes),
    ];
    let mut text = numbers(text);
    for (name, make) in parts {
        let marker = format!("<!-- {name} -->\n\n");
        if let Some((before, rest)) = text.split_once(&marker) {
            let (_, after) = rest.split_once("<!-- end -->\n").expect("a part ends");
            text = format!("{before}{marker}{}\n\n<!-- end -->\n{after}", make().trim_end());
        }
    }
    text
}

/// The table of write methods without what each does: paper is narrow.
fn without_words(table: &str) -> String {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').collect();
        let kept = cells.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, cell)| *cell);
        kept.collect::<Vec<_>>().join("|") + "\n"
    };
    table.lines().map(row).collect()
}

/// The numbers before comments, computed.
fn numbers(text: &str) -> String {
    let mut facts = Facts::default();
    let mut parts = text.split("<!-- ");
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, _) = part.split_once(" -->").expect("a comment ends");
        let plain = made.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',' || c == '.');
        if plain.len() < made.len() && made.ends_with(|c: char| c.is_ascii_digit()) {
            let number = facts.value(expression);
            made.truncate(plain.len());
            made.push_str(&number);
        }
        made.push_str("<!-- ");
        made.push_str(part);
    }
    made
}

fn cuts() -> String {
    let all = exercises();
    let of = |cut: Cut| {
        let numbers = all.iter().enumerate().filter(|(_, exercise)| exercise.cuts.contains(&cut));
        numbers.map(|(at, _)| (at + 1).to_string()).collect::<Vec<_>>().join(", ")
    };
    let row = |name: &str, cut: Cut, how: &str| format!("| {name} | {} | {how} |\n", of(cut));
    "| | exercises | how |\n|---|---|---|\n".to_owned()
        + &row("12 minutes, a talk", Cut::Talk, "you type, they raise hands")
        + &row(
            "90 minutes",
            Cut::NinetyMinutes,
            "in pairs, after the cards; the last one is homework",
        )
        + &row("half a day", Cut::HalfDay, "in pairs, with breaks after 3, 6 and 9")
}

/// The ninety minutes: how long each part takes, and what is left.
const NINETY: [(&str, &[usize], u32); 8] = [
    ("Slide one, the question, hands; the numbers go on the board.", &[], 4),
    ("People are the controllers: the cards, in fours.", &[], 15),
    ("In pairs. A pair that is done early finds every losing order.", &[1, 2], 0),
    ("On paper first. Collect the counts before anyone runs it.", &[3], 0),
    ("Stop the room after 5, and let a participant show the line of the code.", &[4, 5], 0),
    ("The two questions together, with hands; the tables in pairs.", &[6], 0),
    ("One scenario of theirs, on the projector. Exercise 13 goes home with them.", &[], 9),
    ("The last sentence, and where the file goes: into their repository, checked by CI.", &[], 2),
];

/// The time table, from the minutes of the exercises; the rest of the ninety is slack.
fn ninety_minutes() -> String {
    let all = exercises();
    let mut table = "| from minute | what | minutes |\n|---:|---|---:|\n".to_owned();
    let mut at = 0;
    for (what, numbers, own) in NINETY {
        let minutes = own + numbers.iter().map(|n| all[n - 1].minutes).sum::<u32>();
        let of: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let exercises = match of.as_slice() {
            [] => String::new(),
            [one] => format!("Exercise {one}. "),
            more => format!("Exercises {}. ", more.join(" and ")),
        };
        table += &format!("| {at} | {exercises}{what} | {minutes} |\n");
        at += minutes;
    }
    assert!(at <= 80, "{at} of 90 minutes are planned: a room needs slack");
    table + &format!("| | Slack, wherever it is needed. | {} |\n", 90 - at)
}

/// Every order of the race, as words to cut out.
fn words() -> String {
    let scenario = std::sync::Arc::new(
        lostwrite::scenario::Scenario::builtin("status-race").expect("shipped"),
    );
    let game = lostwrite::check::game::Game::new(&scenario, 1000).expect("small");
    let mut words = Vec::new();
    follow(&mut game.start(), &mut words);
    let cells: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("| {} |\n|{}\n", cells.join(" | "), "---|".repeat(cells.len()))
}

fn follow(walk: &mut lostwrite::check::game::Walk<'_>, words: &mut Vec<String>) {
    if walk.is_over() {
        let letters = walk.game().letters();
        words.push(walk.made().iter().map(|choice| letters.spell(*choice)).collect());
        return;
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            follow(walk, words);
            walk.undo();
        }
    }
}

fn guide() -> String {
    exercises().iter().enumerate().map(|(at, exercise)| one(at + 1, exercise)).collect()
}

fn one(number: usize, exercise: &Exercise) -> String {
    let (title, minutes) = (&exercise.title, exercise.minutes);
    let mut text = format!("### {number}. {title} ({minutes} minutes)\n\n");
    for question in &exercise.predict {
        text += &format!("**Predict.** {}\n\n", question.ask.trim());
        text += &choices(question);
    }
    text += &format!("**Task.** {}\n\n", exercise.task.trim());
    for step in &exercise.steps {
        match step {
            Step::Answer(answer) => {
                text += &format!("**Ask.** {} (`{}`)\n\n", answer.ask.trim(), answer.is);
                for reveal in &answer.reveals {
                    text += &format!("- `{}`: {}\n", reveal.said, reveal.why.trim());
                }
                text += if answer.reveals.is_empty() { "" } else { "\n" };
            }
            Step::Pick(question) => {
                text += &format!("**Ask.** {}\n\n{}", question.ask.trim(), choices(question));
            }
            _ => {}
        }
    }
    text += &format!("**Solution.** {}\n\n", exercise.solution.text.trim());
    text += &format!("**Notes.** {}\n\n", exercise.notes.trim());
    text + &format!("**End on:** {}\n\n", exercise.say.trim())
}

fn choices(question: &Question) -> String {
    let mut text = String::new();
    for (at, choice) in question.choices.iter().enumerate() {
        let letter = learn::letter(at);
        text += &match &choice.reveals {
            None => format!("- **{letter}** {} **right**\n", choice.text.trim()),
            Some(reveals) => {
                format!("- **{letter}** {} *{}*\n", choice.text.trim(), reveals.trim())
            }
        };
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// The head of a drawing, and rows with nothing in them.
fn empty_lanes() -> String {
    let drawn = run(folder().path(), "replay status-race --schedule h").out;
    let mut lines = drawn.lines().skip_while(|line| !line.contains(" step "));
    let (head, rule) = (lines.next().expect("the head"), lines.next().expect("the rule"));
    let width = head.chars().count().max(rule.chars().count());
    let row = |step: usize| {
        let mut row: Vec<char> = vec![' '; width];
        let walls = rule.chars().enumerate().filter(|(_, c)| *c == '╂');
        walls.for_each(|(at, _)| row[at] = '┃');
        row[4] = char::from_digit(u32::try_from(step).unwrap_or(0) % 10, 10).unwrap_or(' ');
        row.into_iter().collect::<String>().trim_end().to_owned()
    };
    let blank = row(0).replacen('0', " ", 1);
    let rows: String = (1..=6).map(|step| format!("{}\n{blank}\n", row(step))).collect();
    let lanes = format!("{head}\n{rule}\n{rows}");
    format!("```text\n{lanes}```\n\n```text\n{lanes}```")
}

#[test]
fn the_kit_is_whole() {
    let read = |name: &str| std::fs::read_to_string(format!("{FOLDER}{name}")).expect(name);
    let slides = read("slides.md");
    let (_, body) = slides.trim_start_matches("---\n").split_once("\n---\n").expect("a head");
    let slides: Vec<&str> = body.split("\n---\n").collect();
    assert_eq!(slides.len(), 10);
    for slide in slides {
        assert_eq!(slide.matches("```text\n").count(), 1, "one picture each:\n{slide}");
        assert_eq!(slide.matches("\n# ").count(), 1, "{slide}");
    }
    let guide = read("instructor.md");
    for exercise in exercises() {
        assert!(guide.contains(exercise.say.trim()), "{}", exercise.name);
    }
}

#[test]
fn no_number_of_the_kit_is_typed_in() {
    for name in ["slides.md", "handout.md"] {
        let text = std::fs::read_to_string(format!("{FOLDER}{name}")).expect(name);
        let mut prose: String = text.split("```").step_by(2).collect();
        if let Some((before, rest)) = prose.split_once("<!-- own field and list -->") {
            let (_, after) = rest.split_once("<!-- end -->").expect("a part ends");
            prose = format!("{before}{after}");
        }
        for (at, part) in prose.split("<!-- ").enumerate() {
            let part = if at == 0 { part } else { part.split_once("-->").map_or("", |(_, p)| p) };
            let plain: String = part.split('`').step_by(2).collect();
            // A number just before the next comment is computed; a list is numbered.
            let computed = plain.trim_end_matches(|c: char| c.is_ascii_digit());
            for line in computed.lines() {
                let item = line.trim_start_matches(|c: char| c.is_ascii_digit());
                let line = if item.starts_with(". ") { item } else { line };
                let words = line.split(|c: char| !c.is_alphanumeric());
                let typed: Vec<&str> = words
                    .filter(|word| word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty())
                    .filter(|word| !["0", "200", "409"].contains(word))
                    .collect();
                assert!(typed.is_empty(), "{name}: {typed:?} in {line}");
            }
        }
    }
}

#[test]
fn the_page_of_the_workshop_needs_nothing_else() {
    let place = folder();
    let ran = run(place.path(), "learn --export workshop.html");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = std::fs::read_to_string(place.path().join("workshop.html")).expect("written");
    assert!(page.len() < 400_000, "{} bytes", page.len());
    for outside in ["http:", "https:", "src=", "url(", "@import", "<link", "fetch(", "import("] {
        assert!(!page.contains(outside), "the page contains `{outside}`");
    }
    for exercise in exercises() {
        assert!(page.contains(&format!("id=\"{}\"", exercise.name)), "{}", exercise.name);
    }
    let (_, data) = page.split_once("id=\"data\">").expect("data");
    let (data, _) = data.split_once("</script>").expect("its end");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let games = data["games"].as_array().expect("games");
    // Every schedule is a way through the game, and every losing one ends where it says who loses.
    let race = games.iter().find(|game| game["name"] == "status-race").expect("the race");
    let (ends, lost) = schedules(&race["graph"]["states"], 0);
    assert_eq!(ends.to_string(), Facts::default().value("schedules status-race"));
    assert_eq!(lost.to_string(), Facts::default().value("losing status-race"));
    let again = run(place.path(), "learn --export -");
    assert_eq!(again.out, page, "the same bytes each time");
}

/// The ways from this state of a game to its ends, and those of them at which a worker loses.
fn schedules(states: &serde_json::Value, at: u64) -> (u64, u64) {
    let state = &states[usize::try_from(at).expect("small")];
    let ways = state["w"].as_array().expect("ways");
    if ways.is_empty() {
        return (1, u64::from(state["l"].is_u64()));
    }
    let further = ways.iter().map(|way| schedules(states, way[2].as_u64().expect("a state")));
    further.fold((0, 0), |(ends, lost), (e, l)| (ends + e, lost + l))
}
