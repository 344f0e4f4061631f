//! The comparison of write methods, as the page's table.
//!
//! Next to read: `scene.rs`.

use super::data::{Cell, Compared, Verdict};
use super::scene::role_name;
use crate::check::{CheckResult, Lesson};
use crate::report::style::Role;
use crate::report::table;

pub(super) fn compared(result: &CheckResult, lesson: &Lesson) -> Vec<Compared> {
    let rows = table::compared(&lesson.comparison).into_iter().enumerate();
    rows.map(|(at, row)| {
        let cells = row.cells.map(|(role, text)| (role_name_of_cell(role), text));
        let [live, cache] = cells;
        let worst = |read: usize| lesson.worst.get(2 * at + read).copied().flatten();
        let cell = |(role, text), read| Cell { role, text, story: worst(read) };
        let (role, tag) = row.verdict;
        let own = result.scenario.workers.iter().all(|worker| worker.write == row.write);
        Compared {
            write: row.write.to_owned(),
            cells: [cell(live, 0), cell(cache, 1)],
            conflicts: row.conflicts,
            calls: row.calls,
            verdict: Verdict {
                role: role_name(role),
                tag,
                name: String::new(),
                text: String::new(),
            },
            refused: row.refused,
            own,
        }
    })
    .collect()
}

fn role_name_of_cell(role: Role) -> &'static str {
    match role {
        Role::Plain => "good",
        role => role_name(role),
    }
}
