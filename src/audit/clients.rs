//! Who reads and who writes.
//!
//! What a program *usually writes* is told by user and user agent. Who *read* is one process: user,
//! impersonated user, agent, pod and source address. Next to read: `log.rs`.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::event::AuditEvent;

/// Who writes alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    /// The user agent.
    pub agent: String,
    /// The user, or the one that it acts as.
    pub user: String,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Author {
    program: u32,
    real_user: String,
    pod: String,
    source: String,
}

/// All of them, by number.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    programs: IndexSet<Program, FxBuildHasher>,
    authors: IndexSet<Author, FxBuildHasher>,
}

impl Clients {
    /// The author of an event.
    pub fn author(&mut self, event: &AuditEvent) -> u32 {
        let user = match event.impersonated.as_str() {
            "" => &event.user,
            impersonated => impersonated,
        };
        let program = Program { agent: event.agent.clone(), user: user.to_owned() };
        let program = self.programs.insert_full(program).0 as u32;
        let author = Author {
            program,
            real_user: event.user.clone(),
            pod: event.pod.clone(),
            source: event.source.clone(),
        };
        self.authors.insert_full(author).0 as u32
    }

    /// The program that an author runs.
    pub fn program(&self, author: u32) -> u32 {
        self.authors[author as usize].program
    }

    /// A program.
    pub fn of(&self, program: u32) -> &Program {
        &self.programs[program as usize]
    }

    /// How many programs there are.
    pub fn programs(&self) -> usize {
        self.programs.len()
    }

    /// The shortest names of all authors that tell them apart: the agent up to its version, the
    /// agent, agent and user, and which process it is.
    pub fn names(&self) -> Vec<String> {
        let program = |author: &Author| &self.programs[author.program as usize];
        let short = |agent: &str| agent.split(['/', ' ']).next().unwrap_or_default().to_owned();
        let or = |text: String, user: &str| if text.is_empty() { last(user) } else { text };
        let spellings: [&dyn Fn(&Author) -> String; 5] = [
            &|author| or(short(&program(author).agent), &program(author).user),
            &|author| or(program(author).agent.clone(), &program(author).user),
            &|author| {
                format!(
                    "{} as {}",
                    or(short(&program(author).agent), &program(author).user),
                    last(&program(author).user)
                )
            },
            &|author| format!("{} as {}", program(author).agent, program(author).user),
            &|author| {
                let process = if author.pod.is_empty() { &author.source } else { &author.pod };
                let name = or(short(&program(author).agent), &program(author).user);
                format!("{name} ({process})")
            },
        ];
        let all: Vec<Vec<String>> =
            spellings.iter().map(|spell| self.authors.iter().map(spell).collect()).collect();
        let unique = |at: usize, spelling: usize| {
            let mine = &all[spelling][at];
            all[spelling].iter().filter(|name| *name == mine).count() == 1
        };
        (0..self.authors.len())
            .map(|at| {
                let spelling = (0..all.len()).find(|spelling| unique(at, *spelling));
                match spelling {
                    Some(spelling) => all[spelling][at].clone(),
                    None => format!("{} #{at}", all[4][at]),
                }
            })
            .collect()
    }
}

/// `readiness-controller` of `system:serviceaccount:ops:readiness-controller`.
fn last(user: &str) -> String {
    user.rsplit(':').next().unwrap_or_default().to_owned()
}
