//! Schedules without end that a fair scheduler allows: a worker retries forever.
//!
//! A cycle in the graph alone proves nothing: a scheduler that never delivers a pending event, or
//! never lets a worker move, is not fair, and no cluster is like that. A set of states that reach
//! each other is a *livelock* if every choice that is possible in all of them is also taken inside:
//! then a fair scheduler can stay there for ever (weak fairness).
//!
//! Where workers are exchanged, a state stands for all that an exchange leads to, and so does a set
//! of states that reach each other. What matters is one real set among those that it stands for:
//! each of its states is a representative with names, who stands at each place. From one state, a
//! way inside leads to every other one with some names; another way to it leads to other names, and
//! so to another real state of the same set, since going on in the same way comes back in the end.
//! So the real set has the names of the first ways and all that the differences lead to, and a
//! choice is possible everywhere, or taken somewhere, for all those names.
//! Next to read: `shortest.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::Graph;
use crate::simulation::Choice;

/// Who stands at each place; empty where no worker is exchanged.
type Names = Vec<u8>;

/// A transition: its state, and which of that state's transitions it is.
type Step = (usize, usize);

/// A schedule that leads into a livelock and once around it.
pub(super) fn schedule(graph: &Graph) -> Option<Vec<Choice>> {
    let components = components(graph);
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    (0..graph.states()).for_each(|at| members.entry(components[at]).or_default().push(at));
    let fair = |states: &&Vec<usize>| is_livelock(graph, &components, states);
    let states: BTreeSet<usize> = members.values().filter(fair).flatten().copied().collect();
    let way = path(graph, 0, &|at| states.contains(&at), &|_| true)?;
    let entry = way.last().map_or(0, |step| target(graph, *step));
    let (mut names, mut schedule) = (graph.own_names(), Vec::new());
    follow(graph, &way, &mut names, &mut schedule);
    // One step inside, and the way back: around, until each worker is where it was.
    let inside = |at: usize| components[at] == components[entry];
    let first = (0..graph.edges(entry).len()).find(|nth| inside(target(graph, (entry, *nth))))?;
    let mut around = vec![(entry, first)];
    around.extend(path(graph, target(graph, (entry, first)), &|at| at == entry, &inside)?);
    let before = names.clone();
    loop {
        follow(graph, &around, &mut names, &mut schedule);
        if names == before {
            return Some(schedule);
        }
    }
}

fn target(graph: &Graph, (state, nth): Step) -> usize {
    graph.edges(state)[nth].to as usize
}

/// The names after a transition.
fn after(graph: &Graph, (state, nth): Step, names: &Names) -> Names {
    match graph.from(state, nth) {
        Some(from) => from.iter().map(|at| names[*at as usize]).collect(),
        None => names.clone(),
    }
}

/// Takes some transitions: appends their choices, and keeps the names.
fn follow(graph: &Graph, way: &[Step], names: &mut Names, schedule: &mut Vec<Choice>) {
    for &(state, nth) in way {
        let edge = graph.edges(state)[nth];
        schedule.push(graph.renamed(graph.choice(edge), names));
        *names = after(graph, (state, nth), names);
    }
}

fn is_livelock(graph: &Graph, components: &[u32], states: &[usize]) -> bool {
    let first = states[0];
    let inside = |state: usize| components[state] == components[first];
    let mut names = BTreeMap::from([(first, graph.own_names())]);
    // From the names of one way to those of another.
    let mut others: BTreeSet<Names> = BTreeSet::new();
    let mut everywhere: Option<BTreeSet<Choice>> = None;
    let mut taken = BTreeSet::new();
    let mut queue = VecDeque::from([first]);
    while let Some(state) = queue.pop_front() {
        let own = names[&state].clone();
        let mut possible = BTreeSet::new();
        for (nth, edge) in graph.edges(state).iter().enumerate() {
            let choice = graph.renamed(graph.choice(*edge), &own);
            possible.insert(choice);
            let to = edge.to as usize;
            if !inside(to) {
                continue;
            }
            taken.insert(choice);
            let found = after(graph, (state, nth), &own);
            match names.get(&to) {
                None => {
                    names.insert(to, found);
                    queue.push_back(to);
                }
                Some(known) if *known != found => {
                    let mut other = found.clone();
                    known.iter().zip(&found).for_each(|(a, b)| other[*a as usize] = *b);
                    others.insert(other);
                }
                Some(_) => {}
            }
        }
        everywhere = Some(match everywhere {
            None => possible,
            Some(all) => all.intersection(&possible).copied().collect(),
        });
    }
    let everywhere = everywhere.unwrap_or_default();
    let all_of = |choice: Choice| {
        let mut all = BTreeSet::from([choice]);
        let mut left = vec![choice];
        while let Some(choice) = left.pop() {
            let more = others.iter().map(|other| graph.renamed(choice, other));
            left.extend(more.filter(|choice| all.insert(*choice)));
        }
        all
    };
    let is_fair = |choice: &Choice| {
        let all = all_of(*choice);
        !all.is_subset(&everywhere) || !all.is_disjoint(&taken)
    };
    !taken.is_empty() && everywhere.iter().all(is_fair)
}

/// The shortest way from a state to one that is wanted, through states that are allowed.
fn path(
    graph: &Graph,
    from: usize,
    wanted: &dyn Fn(usize) -> bool,
    allowed: &dyn Fn(usize) -> bool,
) -> Option<Vec<Step>> {
    let mut came_from: BTreeMap<usize, Step> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    let mut seen = BTreeSet::from([from]);
    while let Some(state) = queue.pop_front() {
        if wanted(state) {
            let mut way = Vec::new();
            let mut at = state;
            while let Some(step) = came_from.get(&at) {
                way.push(*step);
                at = step.0;
            }
            way.reverse();
            return Some(way);
        }
        for nth in 0..graph.edges(state).len() {
            let to = target(graph, (state, nth));
            if allowed(to) && seen.insert(to) {
                came_from.insert(to, (state, nth));
                queue.push_back(to);
            }
        }
    }
    None
}

/// For each state the number of its strongly connected component (Kosaraju's two passes, without
/// recursion).
fn components(graph: &Graph) -> Vec<u32> {
    let states = graph.states();
    let mut finished = Vec::with_capacity(states);
    let mut seen = vec![false; states];
    let mut stack: Vec<(usize, usize)> = vec![(0, 0)];
    seen[0] = true;
    while let Some((state, at)) = stack.last_mut() {
        let edge = graph.edges(*state).get(*at).copied();
        *at += 1;
        match edge {
            Some(edge) if !seen[edge.to as usize] => {
                seen[edge.to as usize] = true;
                stack.push((edge.to as usize, 0));
            }
            Some(_) => {}
            None => {
                finished.push(*state);
                stack.pop();
            }
        }
    }
    let mut incoming: Vec<Vec<u32>> = vec![Vec::new(); states];
    for state in 0..states {
        for edge in graph.edges(state) {
            incoming[edge.to as usize].push(state as u32);
        }
    }
    let mut component = vec![u32::MAX; states];
    for (number, &root) in finished.iter().rev().enumerate() {
        let mut todo = vec![root];
        while let Some(state) = todo.pop() {
            if component[state] == u32::MAX {
                component[state] = number as u32;
                todo.extend(incoming[state].iter().map(|&from| from as usize));
            }
        }
    }
    component
}
