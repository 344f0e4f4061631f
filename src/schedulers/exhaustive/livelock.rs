//! Schedules without end that a fair scheduler allows: a worker retries forever.
//!
//! A cycle in the graph alone proves nothing: a scheduler that never delivers a pending event, or
//! never lets a worker move, is not fair, and no cluster is like that. A set of states that reach
//! each other is a *livelock* if every choice that is possible in all of them is also taken inside:
//! then a fair scheduler can stay there for ever (weak fairness).
//! Next to read: `shortest.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::Graph;
use crate::simulation::Choice;

/// A schedule that leads into a livelock and once around it.
pub(super) fn schedule(graph: &Graph) -> Option<Vec<Choice>> {
    let components = components(graph);
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    (0..graph.states()).for_each(|at| members.entry(components[at]).or_default().push(at));
    let fair = |states: &&Vec<usize>| is_livelock(graph, &components, states);
    let states: BTreeSet<usize> = members.values().filter(fair).flatten().copied().collect();
    let mut schedule = path(graph, 0, &|at| states.contains(&at), &|_| true)?;
    let entry = schedule.iter().fold(0, |at, choice| next(graph, at, *choice));
    // One step inside, and the way back: around.
    let inside = |at: usize| components[at] == components[entry];
    let first = graph.edges(entry).iter().find(|edge| inside(edge.to as usize))?;
    schedule.push(graph.choice(*first));
    schedule.extend(path(graph, first.to as usize, &|at| at == entry, &inside)?);
    Some(schedule)
}

fn next(graph: &Graph, at: usize, choice: Choice) -> usize {
    let edge = graph.edges(at).iter().find(|edge| graph.choice(**edge) == choice);
    edge.map_or(at, |edge| edge.to as usize)
}

fn is_livelock(graph: &Graph, components: &[u32], states: &[usize]) -> bool {
    let mut everywhere: Option<BTreeSet<Choice>> = None;
    let mut taken = BTreeSet::new();
    for &state in states {
        let edges = graph.edges(state);
        let possible: BTreeSet<Choice> = edges.iter().map(|edge| graph.choice(*edge)).collect();
        let inside = edges.iter().filter(|edge| components[edge.to as usize] == components[state]);
        taken.extend(inside.map(|edge| graph.choice(*edge)));
        everywhere = Some(match everywhere {
            None => possible,
            Some(all) => all.intersection(&possible).copied().collect(),
        });
    }
    !taken.is_empty() && everywhere.is_some_and(|all| all.is_subset(&taken))
}

/// The shortest way from a state to one that is wanted, through states that are allowed.
fn path(
    graph: &Graph,
    from: usize,
    wanted: &dyn Fn(usize) -> bool,
    allowed: &dyn Fn(usize) -> bool,
) -> Option<Vec<Choice>> {
    let mut came_from: BTreeMap<usize, (usize, Choice)> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    let mut seen = BTreeSet::from([from]);
    while let Some(state) = queue.pop_front() {
        if wanted(state) {
            let mut way = Vec::new();
            let mut at = state;
            while let Some((before, choice)) = came_from.get(&at) {
                way.push(*choice);
                at = *before;
            }
            way.reverse();
            return Some(way);
        }
        for edge in graph.edges(state) {
            let to = edge.to as usize;
            if allowed(to) && seen.insert(to) {
                came_from.insert(to, (state, graph.choice(*edge)));
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
