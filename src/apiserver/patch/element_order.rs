//! The order of a list after a strategic merge patch.
//!
//! Patched items come as the patch orders them, the server's own items keep their order, and the
//! two are woven together by the server's list. `$setElementOrder` gives the patch's order for a
//! whole list. The corner cases are those of the server's library, which sorts in place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PatchError;
use super::strategic::{DIRECTIVE, failed};

/// What an item is told apart by: its merge key or, without one, itself. None without its key.
pub(super) fn identity(item: &Value, key: &str) -> Option<String> {
    match key {
        "" => Some(item.to_string()),
        key => item.get(key).map(Value::to_string),
    }
}

/// Where each item of a list stands, by its identity; the first, if there are several.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, usize>);

impl Places {
    pub fn of(list: &[Value], key: &str) -> Places {
        let mut places = Places::default();
        for (place, item) in list.iter().enumerate() {
            places.insert(item, key, place);
        }
        places
    }

    /// The item stands there, unless it stands somewhere already.
    pub fn insert(&mut self, item: &Value, key: &str, place: usize) {
        if let Some(identity) = identity(item, key) {
            self.0.entry(identity).or_insert(place);
        }
    }

    pub fn get(&self, item: &Value, key: &str) -> Option<usize> {
        identity(item, key).and_then(|identity| self.0.get(&identity).copied())
    }
}

fn directive(item: &Value) -> Option<&str> {
    item.get(DIRECTIVE).and_then(Value::as_str)
}

/// The items of a patch must come in the order it gives. (Deleted ones need no place in it; an
/// item that says `$patch: replace` does, unless the order goes on behind it.)
pub(super) fn check_order(change: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    let listed = change.iter().filter(|item| directive(item) != Some("delete"));
    let mut items = listed.peekable();
    let mut places = order.iter().peekable();
    if order.is_empty() {
        return Ok(());
    }
    while let (Some(item), Some(place)) = (items.peek(), places.peek()) {
        if directive(item).is_some() {
            items.next();
            continue;
        }
        if identity(item, key).is_some_and(|own| identity(place, key) == Some(own)) {
            items.next();
        }
        places.next();
    }
    if items.peek().is_none() {
        return Ok(());
    }
    failed(format!(
        "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
        Value::from(change),
        Value::from(order)
    ))
}

/// What is left of the server's list once a patch has been merged into it, in its own memory.
///
/// With `$setElementOrder` the server orders by that list, not by the one that it read: deleting
/// an item moves up the rest, and what the patch adds goes where there is room.
pub(super) fn overwrite(list: &mut [Value], change: &[Value], key: &str) {
    let gone = change.iter().filter(|item| directive(item) == Some("delete"));
    let mut len = delete(list, gone, key);
    if key.is_empty() || change.iter().any(|item| directive(item) == Some("replace")) {
        return;
    }
    let mut there = Places::of(&list[..len], key);
    for item in change.iter().filter(|item| directive(item).is_none()) {
        if there.get(item, key).is_some() {
            continue;
        }
        // No room: the server goes on in a copy.
        let Some(place) = list.get_mut(len) else { return };
        *place = item.clone();
        there.insert(item, key, len);
        len += 1;
    }
}

/// Deletes items one by one; how many are left. Each time the rest moves up by one, so that the
/// last item stands there twice: what lies beyond the end is what was last then.
fn delete<'a>(list: &mut [Value], gone: impl Iterator<Item = &'a Value>, key: &str) -> usize {
    let mut wheres = BTreeMap::<String, Vec<usize>>::new();
    for (place, item) in list.iter().enumerate() {
        if let Some(identity) = identity(item, key) {
            wheres.entry(identity).or_default().push(place);
        }
    }
    let mut alive = vec![true; list.len()];
    let mut last = list.len();
    let mut beyond = Vec::new();
    for item in gone {
        let places = identity(item, key).and_then(|identity| wheres.remove(&identity));
        for place in places.into_iter().flatten() {
            while last > 0 && !alive[last - 1] {
                last -= 1;
            }
            beyond.push(list[last - 1].clone());
            alive[place] = false;
        }
    }
    if beyond.is_empty() {
        return list.len();
    }
    let len = list.len() - beyond.len();
    let kept = alive.iter().enumerate().filter(|(_, alive)| **alive);
    for (left, (place, _)) in kept.enumerate() {
        list.swap(left, place);
    }
    for (place, item) in beyond.into_iter().rev().enumerate() {
        list[len + place] = item;
    }
    len
}

/// Orders a merged list: what `order` names as it says, the rest as on the server, and between the
/// two the server's order where it knows both; otherwise what `order` names comes first.
pub(super) fn ordered(
    merged: Vec<Value>,
    order: &[Value],
    server: &[Value],
    key: &str,
) -> Vec<Value> {
    let (order, server) = (Places::of(order, key), Places::of(server, key));
    let placed = merged.into_iter().map(|item| Placed {
        in_order: order.get(&item, key),
        on_server: server.get(&item, key),
        item,
    });
    let (mut named, others): (Vec<_>, Vec<_>) = placed.partition(|it| it.in_order.is_some());
    named.sort_by_key(|it| it.in_order);
    let mut named = named.into_iter().peekable();
    let mut others = sorted(others).into_iter().peekable();
    let before = |a: &Placed, b: &Placed| match (a.on_server, b.on_server) {
        (Some(a), Some(b)) => a < b,
        _ => false,
    };
    let mut out = Vec::new();
    loop {
        let next = match (others.peek(), named.peek()) {
            (None, None) => return out,
            (Some(other), Some(name)) if before(other, name) => others.next(),
            (_, Some(_)) => named.next(),
            (Some(_), None) => others.next(),
        };
        out.extend(next.map(|it| it.item));
    }
}

/// An item with its places in the two orders.
struct Placed {
    in_order: Option<usize>,
    on_server: Option<usize>,
    item: Value,
}

/// Sorts as the server's library does by insertion, where an item that the server does not know
/// overtakes whatever stands before it: such an item goes to the front, and any other behind the
/// last of those that come before it.
fn sorted(items: Vec<Placed>) -> Vec<Placed> {
    // A linked list: which item follows each one, and which is the first.
    let mut follows = vec![None; items.len()];
    let mut first = None;
    let mut known = BTreeSet::<(usize, usize)>::new();
    for (index, item) in items.iter().enumerate() {
        let before = item.on_server.and_then(|place| {
            let before = known.range(..(place, index)).next_back().map(|(_, before)| *before);
            known.insert((place, index));
            before
        });
        let link = match before {
            Some(before) => &mut follows[before],
            None => &mut first,
        };
        follows[index] = link.replace(index);
    }
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    let mut out = Vec::with_capacity(items.len());
    while let Some(index) = first {
        out.extend(items[index].take());
        first = follows[index];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn same(a: &Value, b: &Value) -> bool {
        a.get("k").is_some() && a.get("k") == b.get("k")
    }

    fn position(list: &[Value], item: &Value) -> Option<usize> {
        list.iter().position(|other| same(other, item))
    }

    /// The insertion sort itself.
    fn slowly_sorted(mut items: Vec<Value>, order: &[Value]) -> Vec<Value> {
        let less = |a: &Value, b: &Value| match (position(order, a), position(order, b)) {
            (Some(a), Some(b)) => a < b,
            _ => true,
        };
        for start in 1..items.len() {
            let mut place = start;
            while place > 0 && less(&items[place], &items[place - 1]) {
                items.swap(place, place - 1);
                place -= 1;
            }
        }
        items
    }

    /// One deletion after the other.
    fn slowly_deleted(list: &mut [Value], gone: &[Value]) -> usize {
        let mut len = list.len();
        for item in gone {
            while let Some(index) = position(&list[..len], item) {
                for place in index + 1..len {
                    list[place - 1] = list[place].clone();
                }
                len -= 1;
            }
        }
        len
    }

    #[test]
    fn the_fast_ways_are_the_slow_ones() {
        let mut random = crate::rng::Rng::new(1);
        let mut list = |most: usize| -> Vec<Value> {
            let length = random.below(most);
            (0..length).map(|n| json!({ "k": random.below(9), "n": n })).collect()
        };
        for _ in 0..2000 {
            let (items, server, gone) = (list(12), list(12), list(5));
            let places = Places::of(&server, "k");
            let placed = items.iter().map(|item| Placed {
                in_order: None,
                on_server: places.get(item, "k"),
                item: item.clone(),
            });
            let fast: Vec<_> = sorted(placed.collect()).into_iter().map(|it| it.item).collect();
            assert_eq!(fast, slowly_sorted(items.clone(), &server), "{items:?} by {server:?}");
            let (mut fast, mut slow) = (server.clone(), server);
            assert_eq!(delete(&mut fast, gone.iter(), "k"), slowly_deleted(&mut slow, &gone));
            assert_eq!(fast, slow, "without {gone:?}");
        }
    }
}
