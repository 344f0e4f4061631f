//! A verdict on a log as JSON, `schemaVersion` 1: fields are added, never changed.
//!
//! Next to read: `mod.rs`.

use serde_json::{Map, Value, json};

use super::{Shown, clean};
use crate::audit::{Certainty, Finding, Party, Verdict};

pub fn render(verdict: &Verdict, shown: &Shown) -> String {
    let found = |all: &[Finding]| -> Vec<Value> { all.iter().map(|it| one(it, shown)).collect() };
    let pairs = verdict.pairs.iter().map(|it| {
        json!({
            "victim": clean(&it.victim), "culprit": clean(&it.culprit),
            "kind": clean(&it.kind),
            "path": clean(&it.path), "method": it.method, "class": it.class.as_str(),
            "lost": it.lost,
            "stays": it.stays, "onlyTimes": it.only_times,
            "repairedAfterMillis": it.repaired_after.map(|micros| micros as f64 / 1e3),
        })
    });
    let risks = verdict.risks.iter().map(|it| {
        json!({
            "client": clean(&it.client), "other": clean(&it.other), "kind": it.kind,
            "method": it.method, "why": it.why, "writes": it.writes,
            "closestMillis": it.closest as f64 / 1e3,
        })
    });
    let writers = verdict.writers.iter().map(|(agent, rows)| {
        let rows = rows.iter().map(|(path, share, times)| {
            json!({ "path": clean(&path.to_string()), "share": round(*share),
            "writes": times.round() })
        });
        json!({ "agent": clean(agent), "paths": rows.collect::<Vec<_>>() })
    });
    let skipped = verdict.not_judged.iter().map(|(why, n)| json!({ "why": why, "events": n }));
    let document = json!({
        "schemaVersion": 1,
        "log": shown.log,
        "events": verdict.events,
        "writes": verdict.writes,
        "objects": verdict.objects,
        "lost": found(&verdict.lost),
        "suspects": found(&verdict.suspects),
        "pairs": pairs.collect::<Vec<_>>(),
        "risks": risks.collect::<Vec<_>>(),
        "writers": writers.collect::<Vec<_>>(),
        "notJudged": skipped.collect::<Vec<_>>(),
    });
    super::escaped(&format!("{document:#}\n"))
}

fn round(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

fn number(version: u64) -> Value {
    if version == 0 { Value::Null } else { version.to_string().into() }
}

fn one(finding: &Finding, shown: &Shown) -> Value {
    let repaired = finding.repaired.as_ref().map(|it| {
        json!({
            "by": clean(&it.audit), "client": clean(&it.client), "bySameClient": it.same_client,
            "afterWrites": it.after_writes, "afterMillis": it.after as f64 / 1e3,
        })
    });
    let leaves = finding.leaves.iter().map(|it| {
        json!({
            "path": clean(&it.path),
            "lost": shown.value(&finding.kind, it.lost.as_ref()),
            "after": shown.value(&finding.kind, it.after.as_ref()),
        })
    });
    let mut value = json!({
        "path": clean(&finding.path.to_string()),
        "object": clean(&finding.object),
        "uid": clean(&finding.uid),
        "how": finding.how,
        "class": finding.class.as_str(),
        "certainty": finding.certainty.as_str(),
        "probability": round(finding.likely),
        "stays": finding.stays,
        "repaired": repaired,
        "onlyTimes": finding.only_times,
        "leaves": leaves.collect::<Vec<_>>(),
        "victim": party(&finding.victim, finding, shown),
        "basis": { "resourceVersion": number(finding.basis) },
        "culprit": party(&finding.culprit, finding, shown),
    });
    if finding.certainty == Certainty::Suspect {
        value["readings"] = finding.readings.clone().into();
    }
    value
}

fn party(party: &Party, finding: &Finding, shown: &Shown) -> Value {
    let meant = party.meant.iter();
    let meant: Map<String, Value> = meant
        .map(|(path, value)| (clean(path), shown.value(&finding.kind, value.as_ref())))
        .collect();
    json!({
        "auditID": clean(&party.audit),
        "client": clean(&party.client),
        "resourceVersion": number(party.version),
        "method": party.method,
        "time": super::time(party.time),
        "meant": meant,
    })
}
