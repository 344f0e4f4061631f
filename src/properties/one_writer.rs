//! `one-writer`: a property that exists in tests only, to show what adding one takes: this file
//! and its line in `properties!`. Nothing else in the crate knows its name or its sentences.

use std::sync::Arc;

use super::{Build, Entry, Found, Property, Words};
use crate::history::LossClass;
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: OneWriter::NAME,
    holds_when: "only one worker's writes are committed",
    sometimes: false,
    noted: false,
    words: &Words {
        violated: "in {n} a second worker writes",
        claim: "a second worker writes",
        schedule: Some("schedule with two writers"),
        outcome: "two writers",
        task: "Make a second worker write.",
        ..Words::ANY
    },
    build: Build::From(|_| Arc::new(OneWriter)),
    find: |_, trace, _, _| {
        let mut memory = None;
        let victim = trace.events.iter().position(|event| OneWriter.observe(&mut memory, event))?;
        Some(Found {
            class: LossClass::Broken,
            victim,
            field: "a second worker writes in this step".to_owned(),
            stale_read: None,
            culprit: None,
            finding: None,
        })
    },
};

/// The property.
#[derive(Debug)]
pub struct OneWriter;

impl Property for OneWriter {
    /// The first writer.
    type Memory = Option<usize>;

    const NAME: &'static str = "one-writer";

    fn start(&self) -> Self::Memory {
        None
    }

    fn exchange(&self, memory: &mut Self::Memory, exchange: &Exchange) {
        let (a, b) = exchange.workers;
        *memory = memory.map(|who| match who {
            who if who == a => b,
            who if who == b => a,
            who => who,
        });
    }

    fn observe(&self, memory: &mut Self::Memory, event: &Event) -> bool {
        let Some(who) = event.worker().filter(|_| event.committed) else { return false };
        *memory.get_or_insert(who) != who
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::check::{self, Options};
    use crate::report;
    use crate::scenario::{Disk, Scenario, SourceText};

    #[test]
    fn a_property_of_one_file_and_one_line_is_judged_and_told_everywhere() {
        let shipped = Scenario::builtin("patch-with-lock").expect("shipped");
        let (before, after) = shipped.source.text.split_once("expect:").expect("it says so");
        let rest = after.split_once('\n').map_or("", |(_, rest)| rest);
        let text = format!("{before}expect: {{ one-writer: violated }}\n{rest}");
        let text = text.replace("properties: [", "properties: [one-writer, ");
        let source = SourceText::new("mine.yaml", &text);
        let disk = Disk { folder: "scenarios".into(), allow_outside: false };
        let scenarios = Scenario::load(&source, None, &disk).unwrap_or_else(|e| panic!("{e}"));
        let scenario = Arc::new(scenarios.into_iter().next().expect("one"));
        let result = check::run(&scenario, &Options::default()).unwrap_or_else(|e| panic!("{e}"));
        let found = result.property("one-writer").expect("it is judged");
        assert!(found.schedules.is_some() && found.witness.is_some());
        let told = |format: &str| {
            let renderer = report::renderers().iter().find(|known| known.name == format);
            let renderer = renderer.expect("it is in the table");
            renderer.render(std::slice::from_ref(&result), &report::Style::default())
        };
        for format in ["text", "wide"] {
            let text = told(format);
            assert!(
                text.contains("schedules") && text.contains("a second worker writes"),
                "{text}"
            );
            assert!(text.contains("Shortest schedule with two writers"), "{text}");
        }
        assert!(told("json").contains("\"one-writer\""));
    }
}
