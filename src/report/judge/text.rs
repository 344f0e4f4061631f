//! A verdict on a log for people: who lost what to whom, the worst of it drawn, and what to do.
//!
//! Next to read: `mod.rs`.

use super::{HIDDEN, Shown, clean, length, sentence, time};
use crate::audit::{Finding, LostLeaf, Verdict};
use crate::report::style::{Role, Style};
use crate::report::text::{Text, cut};

/// The maximum of losses that are drawn.
const DRAWN: usize = 3;
/// The maximum of pairs in the table.
const ROWS: usize = 20;

pub fn render(verdict: &Verdict, shown: &Shown, style: &Style) -> String {
    let mut out = String::new();
    let mut line = |text: Text| {
        out.push_str(text.paint(style).trim_end());
        out.push('\n');
    };
    let count = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    line(Text::of(Role::Strong, clean(&shown.log)).then(
        Role::Plain,
        format!(
            "   {}, {}, {}",
            count(verdict.events, "event"),
            count(verdict.writes, "write"),
            count(verdict.objects as u64, "object")
        ),
    ));
    line(Text::plain(""));
    line(headline(verdict));
    if !verdict.suspects.is_empty() {
        let n = verdict.suspects.len() as u64;
        let text =
            format!("{} more that two explanations fit (-o json has both)", count(n, "loss"));
        let text = text.replace("losss", "losses");
        line(Text::of(Role::Notice, "  suspect  ").then(Role::Plain, text));
    }
    for (why, n) in &verdict.not_judged {
        line(Text::of(Role::Faint, format!("  not judged  {n}: {}", clean(why))));
    }
    if !verdict.pairs.is_empty() {
        line(Text::plain(""));
        table(verdict, style).into_iter().for_each(&mut line);
    }
    for finding in verdict.lost.iter().take(DRAWN) {
        line(Text::plain(""));
        drawing(finding, shown, style).into_iter().for_each(&mut line);
    }
    risks(verdict).into_iter().for_each(&mut line);
    writers(verdict).into_iter().for_each(&mut line);
    out
}

fn headline(verdict: &Verdict) -> Text {
    let lost = verdict.lost.len();
    if lost == 0 {
        return Text::of(Role::Good, "  ok  ").then(Role::Plain, "no acknowledged write was lost");
    }
    let stays = verdict.lost.iter().filter(|it| it.stays).count();
    let times = verdict.lost.iter().filter(|it| it.only_times).count();
    let mut text = format!("{lost} acknowledged writes lost a field");
    if lost == 1 {
        text = "1 acknowledged write lost a field".to_owned();
    }
    text += &match stays {
        0 => "; each was written again later".to_owned(),
        stays => format!("; {stays} of them never came back"),
    };
    if times > 0 {
        text += &format!("; of {times} nothing but times was lost");
    }
    Text::of(Role::Bad, "  LOST  ").then(Role::Plain, text)
}

fn table(verdict: &Verdict, style: &Style) -> Vec<Text> {
    let head = ["who lost it", "to whom", "what", "by", "lost", "stays", "again after"];
    let mut rows: Vec<Vec<String>> = vec![head.iter().map(|it| (*it).to_owned()).collect()];
    for pair in verdict.pairs.iter().take(ROWS) {
        rows.push(vec![
            clean(&pair.victim),
            clean(&pair.culprit),
            format!("{} {}", pair.kind, clean(&pair.path)),
            pair.method.to_owned(),
            pair.lost.to_string(),
            pair.stays.to_string(),
            pair.repaired_after.map_or_else(String::new, length),
        ]);
    }
    let room = [24, 24, style.width.saturating_sub(90).max(36), 22, 5, 5, 12];
    let widths: Vec<usize> = (0..head.len())
        .map(|at| rows.iter().map(|row| Text::plain(&row[at]).width()).max().unwrap_or(0))
        .zip(room)
        .map(|(wide, room)| wide.min(room))
        .collect();
    let mut lines: Vec<Text> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let mut text = Text::plain("  ");
        for (cell, width) in row.iter().zip(&widths) {
            let role = if n == 0 { Role::Faint } else { Role::Plain };
            let cell = Text::of(role, cut(cell, *width, style)).pad(width + 2);
            text = text.join(cell);
        }
        lines.push(text);
    }
    if verdict.pairs.len() > ROWS {
        let more = verdict.pairs.len() - ROWS;
        lines.push(Text::of(Role::Faint, format!("  and {more} more (-o json has all)")));
    }
    lines
}

/// The writers as lanes beside the object, as `check` draws a schedule.
fn drawing(finding: &Finding, shown: &Shown, style: &Style) -> Vec<Text> {
    let glyphs = style.glyphs();
    let (victim, culprit) = (clean(&finding.victim.client), clean(&finding.culprit.client));
    let lane = 26;
    let middle = style.width.saturating_sub(2 * lane + 28).max(24);
    let row = |at: i64, rv: u64, left: &str, object: (Role, &str), right: &str, guilty: bool| {
        let clock = if at == 0 { String::new() } else { time(at)[11..23].to_owned() };
        let rv = if rv == 0 { String::new() } else { rv.to_string() };
        let mark = if guilty { glyphs.guilty } else { " " };
        Text::of(Role::Bad, format!(" {mark} "))
            .then(Role::Plain, format!("{clock:<13}{:>8}  ", cut(&rv, 8, style)))
            .join(Text::plain(cut(left, lane - 1, style)).pad(lane))
            .then(Role::Faint, format!("{} ", glyphs.wall))
            .join(Text::of(object.0, cut(object.1, middle - 2, style)).pad(middle - 2))
            .then(Role::Faint, format!(" {} ", glyphs.wall))
            .then(Role::Plain, cut(right, lane, style))
    };
    let path = clean(&finding.path.to_string());
    let mut lines = vec![Text::of(Role::Strong, format!("  {} {path}", clean(&finding.object)))];
    let title = |name: &str| cut(name, lane - 1, style);
    lines.push(
        Text::of(Role::Faint, format!("   {:<13}{:>8}  ", "time", "rv"))
            .join(Text::of(Role::Strong, title(&victim)).pad(lane))
            .then(
                Role::Faint,
                format!("{} {} {} ", glyphs.wall, " ".repeat(middle - 2), glyphs.wall),
            )
            .then(Role::Strong, title(&culprit)),
    );
    if finding.basis > 0 {
        let read = format!("{} read", glyphs.left);
        lines.push(row(finding.basis_time, finding.basis, "", (Role::Plain, ""), &read, false));
    }
    let tells = |leaf: &&LostLeaf| {
        let value = leaf.lost.as_ref().or(leaf.after.as_ref());
        value.is_some() && shown.word(&finding.kind, value) != HIDDEN
    };
    let leaf = finding.leaves.iter().find(tells).or(finding.leaves.first());
    let short = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let value = |which: bool| {
        leaf.map_or_else(String::new, |leaf| {
            let value = if which { &leaf.lost } else { &leaf.after };
            let word = shown.word(&finding.kind, value.as_ref());
            format!("{}: {word}", clean(&short(&leaf.path)))
        })
    };
    let (wrote, after) = (value(true), value(false));
    let sent = format!("{} {}", finding.victim.method, glyphs.right);
    let at = (finding.victim.time, finding.victim.version);
    lines.push(row(at.0, at.1, &sent, (Role::Good, &wrote), "", false));
    let sent = format!("{} {}", glyphs.left, finding.culprit.method);
    let at = (finding.culprit.time, finding.culprit.version);
    lines.push(row(at.0, at.1, "", (Role::Lost, &after), &sent, true));
    if let Some(repair) = &finding.repaired {
        let text = format!("{} wrote it again", clean(&repair.client));
        let at = finding.culprit.time + repair.after;
        lines.push(row(at, 0, "", (Role::Plain, &text), "", false));
    }
    lines.push(Text::plain(format!("  {}", sentence(finding))));
    let meant: Vec<String> =
        finding.culprit.meant.iter().take(3).map(|(path, _)| clean(path)).collect();
    let why = match meant.is_empty() {
        true => "what it meant cannot be told".to_owned(),
        false => format!("it meant {}", meant.join(", ")),
    };
    let ids = format!("auditID {} lost by {}", finding.victim.audit, finding.culprit.audit);
    lines.push(Text::of(
        Role::Faint,
        clean(&format!(
            "  {} ({}), {why}; {ids}",
            finding.class.as_str(),
            finding.certainty.as_str()
        )),
    ));
    lines
}

fn risks(verdict: &Verdict) -> Vec<Text> {
    if verdict.risks.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Text::plain(""), Text::of(Role::Strong, "  close calls")];
    for risk in verdict.risks.iter().take(10) {
        lines.push(Text::plain(format!(
            "  {} ({} {}): {} of its writes lost nothing by luck: {}; {} wrote {} before or after",
            clean(&risk.client),
            risk.kind,
            risk.method,
            risk.writes,
            risk.why,
            clean(&risk.other),
            length(risk.closest)
        )));
    }
    lines
}

/// Who writes what, ready to paste.
fn writers(verdict: &Verdict) -> Vec<Text> {
    if verdict.lost.is_empty() && verdict.suspects.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        Text::plain(""),
        Text::of(Role::Strong, "  who writes what, as the log shows it"),
        Text::of(
            Role::Faint,
            "  (if that is right, or once it is put right, give it back: it settles suspects)",
        ),
    ];
    for (agent, rows) in &verdict.writers {
        for (path, ..) in rows {
            let text = clean(&format!("{agent}=.{path}")).replace('\'', "");
            lines.push(Text::plain(format!("    --owns '{text}'")));
        }
    }
    lines
}
