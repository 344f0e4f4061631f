//! The page: what it says is what the terminal and the JSON say, step by step; and it is one file
//! that asks nobody for anything.
//!
//! What a reader can do with it is tested in a real browser: `tests/page/`.

use std::sync::{Arc, LazyLock};

use lostwrite::check::{self, CheckResult, Options};
use lostwrite::report::Style;
use lostwrite::scenario::Scenario;
use serde_json::Value;

use super::{at, render, text};

/// Every shipped scenario but the largest, with its lesson.
fn lessons() -> &'static [CheckResult] {
    static LESSONS: LazyLock<Vec<CheckResult>> = LazyLock::new(|| {
        let small = |name: &&str| !name.starts_with("retry-budget");
        Scenario::builtin_names().filter(small).map(lesson).collect()
    });
    &LESSONS
}

fn lesson(name: &str) -> CheckResult {
    let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
    let options = Options { lesson: true, advice: true, ..Options::default() };
    check::run(&scenario, &options).expect("it runs")
}

/// The data of a page, and the page without it.
fn parts(page: &str) -> (Value, String) {
    let start = "<script type=\"application/json\" id=\"data\">";
    let (before, rest) = page.split_once(start).expect("the data");
    let (data, after) = rest.split_once("</script>").expect("its end");
    (serde_json::from_str(data).expect("JSON"), format!("{before}{after}"))
}

fn scene(result: &CheckResult) -> Value {
    let page = render("html", result, Style::default());
    parts(&page).0["scenes"][0].take()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a number")).expect("small")
}

/// The steps of the story that a page opens with.
fn steps(scene: &Value) -> Vec<&Value> {
    let story = &scene["stories"][number(&scene["first"])];
    list(&story["steps"]).iter().map(|step| &scene["steps"][number(step)]).collect()
}

/// A row of the terminal's drawing: margin, then what stands left and right of the wall.
#[derive(Debug, Default)]
struct Row {
    guilty: bool,
    rv: String,
    code: String,
    left: String,
    right: String,
}

/// The rows of a drawing with one lane and names, continued lines put together.
fn drawn(drawing: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let lines = drawing.lines().skip_while(|line| !line.contains('╂')).skip(1);
    for line in lines.take_while(|line| line.contains('┃')) {
        let (left, right) = line.split_once('┃').expect("filtered");
        let margin: Vec<&str> = left.split_whitespace().collect();
        let guilty = margin.first() == Some(&"✗");
        let margin = &margin[usize::from(guilty)..];
        let begins = line.chars().take(5).any(|c| c.is_ascii_digit());
        if begins {
            let [_, rv, code, left @ ..] = margin else { panic!("{line}") };
            let row =
                Row { guilty, rv: (*rv).to_owned(), code: (*code).to_owned(), ..Row::default() };
            rows.push(Row { left: left.join(" "), ..row });
        } else {
            let row = rows.last_mut().expect("a first line");
            row.left = format!("{} {}", row.left, margin.join(" "));
        }
        let row = rows.last_mut().expect("pushed");
        let right: Vec<&str> = right.split_whitespace().filter(|word| *word != "└").collect();
        row.right = format!("{} {}", row.right, right.join(" ")).trim().to_owned();
    }
    rows
}

#[test]
fn terminal_json_and_page_tell_the_same_story_step_by_step() {
    let all: Vec<(usize, usize)> =
        lessons().iter().map(|result| compared(result, &same_row)).collect();
    let steps: usize = all.iter().map(|(steps, _)| steps).sum();
    assert!(steps > 80 && all.iter().all(|(steps, drawn)| steps == drawn), "{all:?}");
}

#[test]
fn terminal_json_and_page_tell_the_same_story_of_every_act_of_the_museum() {
    let (mut acts, mut steps, mut rows) = (0, 0, 0);
    for act in Scenario::museum().into_iter().flat_map(|(_, acts)| acts) {
        let mut result = check::run(&Arc::new(act), &Options::default()).expect("it runs");
        if result.first_violation().is_none() {
            continue;
        }
        let lesson = check::game_lesson(&result, None).unwrap_or_else(|e| panic!("{e}"));
        result.lesson = Some(Arc::new(lesson));
        // Many names of the museum are too long for the terminal's lanes.
        let (told, drawn) = compared(&result, &same_place);
        (acts, steps, rows) = (acts + 1, steps + told, rows + drawn);
    }
    // With many actors the terminal draws no wall, but a line for each step.
    assert!(acts > 30 && rows > 200 && 10 * rows > 8 * steps, "{rows} of {steps}, {acts} acts");
}

/// Compares the steps of the first story in JSON, page and terminal; how many there are, and how
/// many of them stand beside a wall in the terminal.
fn compared(result: &CheckResult, same: &dyn Fn(&Value, &Row, &str)) -> (usize, usize) {
    let Some(violation) = result.first_violation() else { return (0, 0) };
    let name = &result.scenario.name;
    let scene = scene(result);
    let page = steps(&scene);
    let json: Value =
        serde_json::from_str(&render("json", result, Style::default())).expect("JSON");
    let properties = list(&json["results"][0]["properties"]);
    let witness = properties.iter().find(|p| p["name"] == violation.name).expect("it is there");
    let witness = &witness["witness"];
    let json = list(&witness["trace"]);
    let terminal = drawn(&text(result, at(90)));
    assert_eq!(page.len(), json.len(), "{name}");
    assert!(terminal.is_empty() || terminal.len() == page.len(), "{name}: {}", terminal.len());
    let story = &scene["stories"][number(&scene["first"])];
    assert_eq!(story["schedule"], witness["schedule"], "{name}");
    for (at, (page, json)) in page.iter().zip(json).enumerate() {
        let place = format!("{name}, step {}", at + 1);
        assert_eq!(page["who"], json["actor"], "{place}");
        assert_eq!(page["names"][0], json["action"], "{place}");
        assert_eq!(page["code"], json["code"], "{place}");
        assert_eq!(page["rv"].to_string(), word(&json["resourceVersion"]), "{place}");
        assert_eq!(page["object"], json["object"], "{place}");
        let nothing = Value::Array(Vec::new());
        assert_eq!(&page["gone"], json.get("gone").unwrap_or(&nothing), "{place}");
        assert_eq!(&page["notes"], json.get("notes").unwrap_or(&nothing), "{place}");
        let Some(drawn) = terminal.get(at) else { continue };
        same(page, drawn, &place);
        let guilty = story["guilty"].as_u64() == Some(at as u64 + 1);
        assert_eq!(guilty, drawn.guilty, "{place}");
    }
    let texts: Vec<&Value> = list(&story["sentences"]).iter().map(|s| &s["text"]).collect();
    assert_eq!(texts, list(&witness["why"]).iter().collect::<Vec<_>>(), "{name}");
    let flat = |lines: &Value| -> String {
        let lines: Vec<&str> = list(lines).iter().map(word).collect();
        lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(flat(&story["explanation"]), flat(&witness["explanation"]), "{name}");
    (page.len(), terminal.len())
}

/// A row of the terminal is the step of the page: its revision, its answer, and who takes it.
fn same_place(page: &Value, drawn: &Row, place: &str) {
    assert_eq!(page["rv"].to_string(), drawn.rv, "{place}");
    let code = match (&page["kind"], &page["code"]) {
        (kind, _) if kind == "fault" => "!".to_owned(),
        (_, Value::Null) => "·".to_owned(),
        (_, code) => code.to_string(),
    };
    assert_eq!(code, drawn.code, "{place}");
    // Who has a long name is drawn as its beginning and a mark.
    let who = word(&page["who"]);
    let cut =
        |end: usize| who.get(..end).is_some_and(|begin| drawn.left.contains(&format!("{begin}…")));
    assert!(drawn.left.contains(who) || (4..who.len()).any(cut), "{place}: {who} in {drawn:?}");
}

/// A row of the terminal says what the page says.
fn same_row(page: &Value, drawn: &Row, place: &str) {
    same_place(page, drawn, place);
    let all = format!("{} {}", drawn.left, drawn.right);
    // A name that is too long for the lane is cut: what is drawn of it begins a word of the name.
    let begins = |name: &Value, part: &str| word(name).contains(part.trim_end_matches('…'));
    let cut = |name: &Value| {
        let mut parts = drawn.left.split_whitespace().filter(|part| part.ends_with('…')).peekable();
        parts.peek().is_some() && parts.all(|part| begins(name, part))
    };
    let named = list(&page["names"]).iter().any(|name| all.contains(word(name)) || cut(name));
    assert!(named, "{place}: {} in {drawn:?}", page["names"]);
    let has = |part: &str| {
        let mut seen = drawn.right.split_whitespace();
        seen.any(|seen| seen.strip_suffix('…').is_some_and(|cut| part.starts_with(cut)))
            || drawn.right.contains(part)
    };
    let object =
        drawn.right.contains("as before") || word(&page["object"]).split_whitespace().all(has);
    assert!(object, "{place}: {drawn:?}");
    for gone in list(&page["gone"]) {
        assert!(drawn.right.contains(word(gone)), "{place}: {gone} in {drawn:?}");
    }
}

#[test]
fn the_game_tells_the_same_steps_as_the_stories() {
    let mut walked = 0;
    for result in lessons() {
        let scene = scene(result);
        let name = &result.scenario.name;
        let graph = &scene["graph"];
        if !graph.is_object() {
            // The page makes the game of its stories.
            assert!(scene["each"] == true && list(&scene["strip"]).len() <= 100, "{name}");
            continue;
        }
        let own = list(&scene["stories"]).iter().filter(|story| story["instead"].is_null());
        for story in own {
            let mut state = &graph["states"][0];
            let places = list(&story["places"]);
            for ((letter, step), place) in
                list(&story["letters"]).iter().zip(list(&story["steps"])).zip(places)
            {
                assert_eq!(state["p"], *place, "{name}");
                let way = list(&state["w"])
                    .iter()
                    .find(|way| graph["choices"][number(&way[0])][0] == *letter);
                let way = way.expect("the choice is offered");
                let (told, played) =
                    (&scene["steps"][number(step)], &scene["steps"][number(&way[1])]);
                for key in ["who", "kind", "flow", "code", "rv", "takes", "view"] {
                    assert_eq!(told[key], played[key], "{name} {}: {key}", story["schedule"]);
                }
                state = &graph["states"][number(&way[2])];
                walked += 1;
            }
            assert_eq!(state["p"], places[places.len() - 1]);
            let end = &graph["verdicts"][number(&state["e"])];
            assert_eq!(end["tag"], story["verdict"]["tag"], "{name}");
        }
    }
    assert!(walked > 1000, "{walked} steps");
}

#[test]
fn what_was_lost_is_struck_out_of_what_was_there() {
    for (name, struck) in [
        ("status-race", vec!["  capacity:", "    cpu: \"8\""]),
        ("stale-cache", vec!["  - reason: Probed", "    status: \"True\"", "    type: Ready"]),
    ] {
        let result = lessons().iter().find(|result| result.scenario.name == name).expect("shipped");
        let scene = scene(result);
        let story = &scene["stories"][number(&scene["first"])];
        let guilty = number(&story["guilty"]);
        let step = steps(&scene)[guilty - 1];
        let before = &scene["texts"][number(&story["places"][guilty - 1]["o"][0])];
        let lost: Vec<&str> =
            list(&step["lost"]).iter().map(|line| word(&before[number(line)])).collect();
        assert_eq!(lost, struck);
    }
}

#[test]
fn a_question_has_one_right_answer_and_it_is_computed() {
    let mut asked = 0;
    for result in lessons() {
        let scene = scene(result);
        for question in list(&scene["questions"]) {
            let choices = list(&question["choices"]);
            assert!(choices.len() > 1);
            let right = word(&choices[number(&question["answer"])]["text"]);
            let mut texts: Vec<&str> = choices.iter().map(|c| word(&c["text"])).collect();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!(texts.len(), choices.len(), "{}", result.scenario.name);
            match word(&question["id"]) {
                "count" => assert_eq!(right, scene["violating"].as_str().unwrap_or("0")),
                "outcome" => {
                    let step = steps(&scene)[number(&question["step"]) - 1];
                    assert_eq!(right, word(&step["object"]));
                }
                other => panic!("{other}"),
            }
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn a_page_is_one_small_file_that_loads_nothing() {
    for result in lessons() {
        let page = render("html", result, Style::default());
        assert!(page.len() < 400_000, "{}: {} bytes", result.scenario.name, page.len());
        let (data, rest) = parts(&page);
        assert_eq!(data["schemaVersion"], 1);
        let lower = rest.to_lowercase();
        for asks in [
            "http:",
            "https:",
            "//www",
            "src=",
            "<link",
            "@import",
            "fetch(",
            "xmlhttp",
            "import(",
            "websocket",
            "eventsource",
            "sendbeacon",
            "<iframe",
            "<img",
            "<object ",
            "<base",
        ] {
            assert!(!lower.contains(asks), "{}: `{asks}`", result.scenario.name);
        }
        // Of addresses only fragments.
        for address in ["href=\"", "url("] {
            let all = lower.match_indices(address).map(|(at, _)| &lower[at + address.len()..]);
            all.for_each(|rest| assert!(rest.starts_with('#'), "{}", &rest[..20]));
        }
    }
}

#[test]
fn several_scenarios_in_one_page_stay_small() {
    let results = lessons();
    let renderer = lostwrite::report::renderer("html").expect("a format");
    let page = renderer.render(&results[..6], &Style::default());
    let data = parts(&page).0;
    assert_eq!(list(&data["scenes"]).len(), 6);
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

#[test]
fn hostile_names_and_values_are_text() {
    let text = "\
apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: { name: x }
description: \"</script><img src=x onerror=alert(1)>\"
objects:
  - { apiVersion: v1, kind: ConfigMap, metadata: { namespace: d, name: c } }
workers:
  - { name: a, write: merge-patch, sets: { data.k: \"</script><b>\" } }
  - { name: b, write: merge-patch, sets: { data.k: \"<!--\" } }
properties: [no-lost-write]
";
    let scenario = Arc::new(Scenario::from_str("-", text).expect("it reads").remove(0));
    let options = Options { lesson: true, ..Options::default() };
    let result = check::run(&scenario, &options).expect("it runs");
    let page = render("html", &result, Style::default());
    let (data, rest) = parts(&page);
    assert_eq!(data["scenes"][0]["description"], "</script><img src=x onerror=alert(1)>");
    assert!(!rest.contains("<img") && !rest.contains("<b>"));
}
