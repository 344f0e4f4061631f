//! Help: the list of commands in groups, the topics, the manual page, completions, the schema.
//!
//! Next to read: `commands.rs`; the texts of the flags stand with each command.

use clap::{CommandFactory, Parser};

use super::commands::Cli;
use super::exit::{Exit, Outcome};
use super::{environment, names, output};
use crate::report;
use crate::scenario::{Diagnostic, json_schema};

/// The commands in the groups of the help, in order. Hidden commands are in none; a command that
/// this build does not have is passed over.
const GROUPS: &[(&str, &[&str])] = &[
    ("Check", &["check", "compare", "merge", "replay", "explain", "judge", "memory", "serve"]),
    ("Learn", &["play", "learn", "museum"]),
    ("Scenarios", &["list", "new", "validate", "report"]),
    ("Set up", &["schema", "completions", "man"]),
    ("", &["help"]),
];

type Topic = fn() -> String;

/// The topics of `lostwrite help TOPIC`.
const TOPICS: &[(&str, Topic)] = &[
    ("exit-codes", exit_codes),
    ("formats", formats),
    ("environment", variables),
    ("semantics", semantics),
];

fn command() -> clap::Command {
    Cli::command()
}

/// The help of the program as a whole.
pub fn root() -> String {
    let command = command();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{about}.\n\nUsage: lostwrite <COMMAND>\n");
    for (group, names) in GROUPS {
        let found = names.iter().filter_map(|name| command.find_subcommand(name));
        let lines: String = found
            .map(|found| {
                let about = found.get_about().map(ToString::to_string).unwrap_or_default();
                format!("  {:<11} {about}\n", found.get_name())
            })
            .collect();
        match (group.is_empty(), lines.is_empty()) {
            (_, true) => {}
            (true, _) => text.push_str(&format!("\n{lines}")),
            (false, _) => text.push_str(&format!("\n{group}\n{lines}")),
        }
    }
    text.push_str(
        "\nEach command has --help. Drawing, everywhere: --color auto|always|never, --ascii, \
         --width N.\n\nTry it now:  lostwrite check status-race\n",
    );
    text
}

/// Whether clap wanted to print the help of the program rather than of a command.
pub fn is_root(error: &clap::Error) -> bool {
    let text = error.render().to_string();
    text.contains("Usage: lostwrite <COMMAND>") || text.contains("Usage: lostwrite [OPTIONS]")
}

/// `lostwrite help [TOPIC]`.
pub fn run(topic: Option<&str>) -> Outcome {
    let Some(topic) = topic else { return output::finish(&root(), Exit::Ok) };
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| *name == topic) {
        return output::finish(&text(), Exit::Ok);
    }
    let command = command();
    if command.find_subcommand(topic).is_some()
        && let Err(help) = Cli::try_parse_from(["lostwrite", topic, "--help"])
    {
        return output::finish(&help.render().to_string(), Exit::Ok);
    }
    let known = command.get_subcommands().map(clap::Command::get_name);
    let known: Vec<&str> = known.chain(TOPICS.iter().map(|(name, _)| *name)).collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(name, topic), *name)).min();
    let help = near
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, name)| format!("did you mean `lostwrite help {name}`?"));
    let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
    Err(Diagnostic::error(format!("there is no command and no topic `{}`", clean(topic)))
        .maybe_help(help)
        .note(format!("topics: {}", topics.join(", ")))
        .into())
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn exit_codes() -> String {
    let mut text = "Exit codes\n\n".to_owned();
    for (exit, meaning) in Exit::ALL {
        text.push_str(&format!("  {:>3}  {meaning}\n", exit.code()));
    }
    text.push_str("  101  a bug in lostwrite: please report it\n");
    text.push_str(
        "\nA scenario that meets its `expect` exits 0, even if it expects a lost write.\nA mistake \
         in the input, such as a typo, exits 2, never 1.\n",
    );
    text
}

fn formats() -> String {
    let mut text = "Formats of `check -o FORMAT`, `check --report FORMAT=PATH` and `report -o \
                    FORMAT`\n\n"
        .to_owned();
    for renderer in report::renderers() {
        text.push_str(&format!("  {:<12} {}\n", renderer.name, renderer.summary));
    }
    text.push_str(
        "\nIn a chrome-trace a scenario is a process, a worker a thread, a step a slice of one \
         millisecond,\nand a flow leads from a read to the write computed from it.\n",
    );
    text.push_str(
        "\nThe text of a schedule: 1.7c1e.huhu is the format's version, the first four hex digits \
         of the\nscenario's fingerprint, and one letter per step.\n\n\
         \x20 h      the worker with this letter takes its next step\n\
         \x20 h12    the worker takes twelve steps\n\
         \x20 ~h     the cache of h's process receives the next event of its watch\n\
         \x20 !lh    h's next write is committed, and its answer lost\n\
         \x20 !ch    h's process crashes and restarts\n\
         \x20 !wh    the watch of the cache of h's process breaks, and it lists again\n\
         \x20 !r     the object is deleted and recreated\n\n\
         The letters alone are enough: lostwrite replay status-race --schedule \"h u h u\"\n",
    );
    text
}

fn variables() -> String {
    let mut text = "Environment variables (a flag overrides them)\n\n".to_owned();
    for (name, meaning) in environment::VARIABLES {
        text.push_str(&format!("  {name:<23} {meaning}\n"));
    }
    text
}

fn semantics() -> String {
    include_str!("semantics.txt").to_owned()
}

/// The JSON Schema of the scenario format.
pub fn schema() -> Outcome {
    output::finish(&format!("{:#}\n", json_schema()), Exit::Ok)
}

/// A completion script.
pub fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "lostwrite", &mut script);
    let script = names::or_files(&String::from_utf8_lossy(&script));
    output::finish(&script, Exit::Ok)
}

/// The manual page.
pub fn man() -> Outcome {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command()).render(&mut page);
    rendered.map_err(|error| Diagnostic::error(format!("cannot make the manual page: {error}")))?;
    output::finish(&String::from_utf8_lossy(&page), Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_a_group_or_hidden() {
        let grouped: Vec<&str> =
            GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        for command in command().get_subcommands() {
            let (name, hidden) = (command.get_name(), command.is_hide_set());
            assert_ne!(grouped.contains(&name), hidden, "{name}");
        }
        command().debug_assert();
    }
}
