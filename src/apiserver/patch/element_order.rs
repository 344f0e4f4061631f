//! The order of a list after a strategic merge patch.
//!
//! Patched items come as the patch orders them, the server's own items keep their order, and the
//! two are woven together by the server's list. `$setElementOrder` gives the patch's order for a
//! whole list. The corner cases are those of the server's library, which sorts in place.

use std::cmp::Ordering;

use serde_json::Value;

use super::PatchError;
use super::strategic::{DIRECTIVE, failed};

/// Whether two items are one: by the merge key, or as scalars.
pub(super) fn same(a: &Value, b: &Value, key: &str) -> bool {
    if key.is_empty() { a == b } else { a.get(key).is_some() && a.get(key) == b.get(key) }
}

pub(super) fn position(list: &[Value], item: &Value, key: &str) -> Option<usize> {
    list.iter().position(|other| same(other, item, key))
}

/// The items of a patch must come in the order it gives. (Deleted ones need no place in it; an
/// item that says `$patch: replace` does, unless the order goes on behind it.)
pub(super) fn check_order(change: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    let directive = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    let listed = change.iter().filter(|item| directive(item).as_deref() != Some("delete"));
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
        if same(item, place, key) {
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
    let directive = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    let mut len = list.len();
    for item in change.iter().filter(|item| directive(item).as_deref() == Some("delete")) {
        while let Some(index) = position(&list[..len], item, key) {
            for place in index + 1..len {
                list[place - 1] = list[place].clone();
            }
            len -= 1;
        }
    }
    if key.is_empty() || change.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        return;
    }
    for item in change.iter().filter(|item| directive(item).is_none()) {
        if position(&list[..len], item, key).is_some() {
            continue;
        }
        // No room: the server goes on in a copy.
        let Some(place) = list.get_mut(len) else { return };
        *place = item.clone();
        len += 1;
    }
}

/// Orders a merged list: what `order` names as it says, the rest as on the server, and between the
/// two the server's order where it knows both; otherwise what `order` names comes first.
pub(super) fn ordered(
    merged: Vec<Value>,
    order: &[Value],
    server: &[Value],
    key: &str,
) -> Vec<Value> {
    let by = |list: &[Value], a: &Value, b: &Value| match (
        position(list, a, key),
        position(list, b, key),
    ) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    };
    let named = |item: &Value| position(order, item, key).is_some();
    let (mut named, mut others): (Vec<_>, Vec<_>) = merged.into_iter().partition(named);
    sort(&mut named, order, key);
    sort(&mut others, server, key);
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut out = Vec::new();
    loop {
        let next = match (others.peek(), named.peek()) {
            (None, None) => return out,
            (Some(other), Some(name)) if by(server, other, name) == Ordering::Less => others.next(),
            (_, Some(_)) => named.next(),
            (Some(_), None) => others.next(),
        };
        out.extend(next);
    }
}

/// Sorts as the server's library does: by insertion, and an item that the order does not name
/// overtakes whatever stands before it.
fn sort(items: &mut [Value], order: &[Value], key: &str) {
    let less = |a: &Value, b: &Value| match (position(order, a, key), position(order, b, key)) {
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
}
