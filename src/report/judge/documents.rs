//! A verdict on a log as Markdown, as a page, as SARIF and as JUnit.
//!
//! Next to read: `mod.rs`.

use askama::Template;
use serde_json::{Value, json};

use super::{Shown, clean, length, sentence, time};
use crate::audit::{Finding, Verdict};
use crate::properties::NO_LOST_WRITE;

/// For a comment: the table of pairs, and the losses that stay.
pub fn markdown(verdict: &Verdict, shown: &Shown) -> String {
    let cell = |text: &str| {
        let text = clean(text).replace('|', "\\|").replace('<', "&lt;").replace('`', "'");
        format!("`{text}`")
    };
    let stays = verdict.lost.iter().filter(|it| it.stays).count();
    let mut text = format!(
        "### Lost writes in {}\n\n{} events, {} writes, {} objects: **{} lost** ({stays} never \
         came back), {} suspected.\n",
        cell(&shown.log),
        verdict.events,
        verdict.writes,
        verdict.objects,
        verdict.lost.len(),
        verdict.suspects.len()
    );
    if !verdict.pairs.is_empty() {
        text += "\n| who lost it | to whom | what | by | lost | stays | again after |\n";
        text += "|---|---|---|---|---:|---:|---:|\n";
    }
    for pair in &verdict.pairs {
        text += &format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            cell(&pair.victim),
            cell(&pair.culprit),
            cell(&format!("{} {}", pair.kind, pair.path)),
            pair.method,
            pair.lost,
            pair.stays,
            pair.repaired_after.map_or_else(String::new, length)
        );
    }
    for finding in verdict.lost.iter().filter(|it| it.stays).take(10) {
        text += &format!("\n- {}", cell(&sentence(finding)));
    }
    text.trim_end().to_owned() + "\n"
}

#[derive(Template)]
#[template(path = "judge/page.html")]
struct Page {
    log: String,
    summary: String,
    pairs: Vec<[String; 7]>,
    objects: Vec<ObjectPage>,
}

/// The losses of one object, as lanes of writers.
struct ObjectPage {
    name: String,
    clients: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    time: String,
    version: String,
    cells: Vec<(String, &'static str)>,
    note: String,
}

/// The maximum of objects on the page, and of losses of each.
const ON_PAGE: usize = 200;

/// One page without a script: the history of each object that lost something.
pub fn html(verdict: &Verdict, shown: &Shown) -> String {
    let mut objects: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in &verdict.lost {
        match objects.iter_mut().find(|(name, _)| **name == *finding.object) {
            Some((_, all)) => all.push(finding),
            None => objects.push((&finding.object, vec![finding])),
        }
    }
    let summary = format!(
        "{} events, {} writes, {} objects: {} lost, {} suspected",
        verdict.events,
        verdict.writes,
        verdict.objects,
        verdict.lost.len(),
        verdict.suspects.len()
    );
    let pairs = verdict.pairs.iter().map(|pair| {
        [
            clean(&pair.victim),
            clean(&pair.culprit),
            clean(&format!("{} {}", pair.kind, pair.path)),
            pair.method.to_owned(),
            pair.lost.to_string(),
            pair.stays.to_string(),
            pair.repaired_after.map_or_else(String::new, length),
        ]
    });
    let objects = objects.into_iter().take(ON_PAGE);
    let page = Page {
        log: clean(&shown.log),
        summary,
        pairs: pairs.collect(),
        objects: objects.map(|(name, all)| object(name, &all, shown)).collect(),
    };
    page.render().expect("writing to a string does not fail") + "\n"
}

fn object(name: &str, all: &[&Finding], shown: &Shown) -> ObjectPage {
    let mut clients: Vec<String> = Vec::new();
    for party in all.iter().flat_map(|it| [&it.victim, &it.culprit]) {
        let client = clean(&party.client);
        if !clients.contains(&client) {
            clients.push(client);
        }
    }
    let mut events: Vec<(i64, u64, String, String, &'static str, String)> = Vec::new();
    for finding in all.iter().take(ON_PAGE) {
        let path = clean(&finding.path.to_string());
        let value = |which: bool| {
            let leaf = finding.leaves.first();
            let value =
                leaf.and_then(|it| if which { it.lost.as_ref() } else { it.after.as_ref() });
            shown.word(&finding.kind, value)
        };
        let (victim, culprit) = (&finding.victim, &finding.culprit);
        let wrote = format!("{} {path} = {}", victim.method, value(true));
        let client = clean(&victim.client);
        events.push((victim.time, victim.version, client, wrote, "good", String::new()));
        let lost = format!("{}: {path} is {}", culprit.method, value(false));
        let client = clean(&culprit.client);
        events.push((culprit.time, culprit.version, client, lost, "guilty", sentence(finding)));
    }
    events.sort();
    events.dedup();
    let rows = events.into_iter().map(|(at, rv, client, text, class, note)| Row {
        time: time(at),
        version: super::version(rv),
        cells: clients
            .iter()
            .map(|lane| match *lane == client {
                true => (text.clone(), class),
                false => (String::new(), ""),
            })
            .collect(),
        note,
    });
    ObjectPage { name: clean(name), rows: rows.collect(), clients }
}

/// SARIF 2.1.0: one result per loss; the log is the artifact, the auditID the place in it.
pub fn sarif(verdict: &Verdict, shown: &Shown) -> String {
    let result = |finding: &Finding, level: &str| -> Value {
        let key = format!("{}/{}/{}", finding.victim.audit, finding.culprit.audit, finding.path);
        json!({
            "ruleId": NO_LOST_WRITE,
            "level": level,
            "message": { "text": sentence(finding) },
            "partialFingerprints": { "lostwrite/v1": key },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": shown.log } },
                "logicalLocations": [{
                    "fullyQualifiedName": clean(&format!("{} {}", finding.object, finding.path)),
                }],
            }],
        })
    };
    let level = |it: &&Finding| if it.stays { "error" } else { "warning" };
    let results: Vec<Value> = verdict.lost.iter().map(|it| result(it, level(&it))).collect();
    let suspects = verdict.suspects.iter().map(|it| result(it, "note"));
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "lostwrite",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{
                    "id": NO_LOST_WRITE,
                    "shortDescription": { "text": "what an acknowledged write meant is there" },
                }],
            }},
            "results": results.into_iter().chain(suspects).collect::<Vec<_>>(),
        }],
    });
    super::escaped(&format!("{document:#}\n"))
}

/// JUnit: one case for each pair of writers, and one that passes if there is none.
pub fn junit(verdict: &Verdict, shown: &Shown) -> String {
    let failures = verdict.pairs.len();
    let tests = failures.max(1);
    let log = escape(&clean(&shown.log));
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text += &format!(
        "<testsuites tests=\"{tests}\" failures=\"{failures}\">\n  <testsuite name=\"{log}\" \
         tests=\"{tests}\" failures=\"{failures}\">\n"
    );
    for pair in &verdict.pairs {
        let name = format!("{} {}: {} by {}", pair.kind, pair.path, pair.victim, pair.culprit);
        let message = format!("{} lost, {} never came back", pair.lost, pair.stays);
        text += &format!(
            "    <testcase classname=\"{NO_LOST_WRITE}\" name=\"{}\">\n      <failure \
             type=\"{}\" message=\"{message}\"/>\n    </testcase>\n",
            escape(&clean(&name)),
            pair.class.as_str()
        );
    }
    if failures == 0 {
        text += &format!("    <testcase classname=\"{NO_LOST_WRITE}\" name=\"no lost write\"/>\n");
    }
    text + "  </testsuite>\n</testsuites>\n"
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}
