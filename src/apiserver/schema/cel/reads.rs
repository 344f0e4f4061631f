//! What a rule can see of the value at which it stands: found by reading the rule, not by asking.
//!
//! An expression is walked with each of its parts standing for the places of `self` and `oldSelf`
//! that it may be ([`Seen`]). Where a part is used up, its places are noted, with how the rule
//! looks at them ([`Look`]): the search may exchange workers that differ only where no rule tells
//! the difference. In doubt a rule sees all that is at or below a place: keys of maps that a
//! macro goes through, an index that is computed, a function, any schema that is not known.
//! Next to read: `sees.rs`.

use std::collections::BTreeSet;

use kube_cel::cel::common::ast::operators::{
    ADD, CONDITIONAL, EQUALS, IN, INDEX, NOT_EQUALS, OPT_INDEX,
};
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};
use kube_cel::cel::parser::Expression;
use serde_json::Value;

use super::expand::KEYS;
use super::value::escaped;

/// A step from the value at which a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Into a field or key, by its name as the rule has it.
    Field(String),
    /// Into some item of a list.
    Items,
}

/// How a rule looks at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// Whether something is there, or how much.
    Presence,
    /// Whether it is this literal, as JSON text.
    Literal(String),
    /// Whether it is the same as what stands in the same place of the old value, or of an item.
    Itself,
    /// In any way.
    Value,
}

/// The places that an expression looks at, and how.
pub(super) type Reads = BTreeSet<(Vec<Step>, Look)>;

/// What an expression looks at, of a value with this schema.
pub(super) fn of(expression: &Expression, schema: &Value) -> Reads {
    let mut reader = Reader { schema, reads: Reads::new(), scope: Vec::new() };
    let seen = reader.see(expression);
    reader.use_up(&seen);
    reader.reads
}

/// What an expression may stand for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    /// What is at these places.
    places: BTreeSet<Vec<Step>>,
    /// A list whose items are what is at these places.
    items: BTreeSet<Vec<Step>>,
    /// These literals, as JSON text.
    literals: BTreeSet<String>,
    /// Something that was computed, from what is used up by now.
    computed: bool,
}

impl Seen {
    fn computed() -> Seen {
        Seen { computed: true, ..Seen::default() }
    }

    fn at(places: BTreeSet<Vec<Step>>) -> Seen {
        Seen { places, ..Seen::default() }
    }

    fn or(mut self, other: Seen) -> Seen {
        self.places.extend(other.places);
        self.items.extend(other.items);
        self.literals.extend(other.literals);
        self.computed |= other.computed;
        self
    }
}

struct Reader<'s> {
    schema: &'s Value,
    reads: Reads,
    scope: Vec<(String, Seen)>,
}

/// How often the body of a macro is walked before it is taken to see everything.
const ROUNDS_MAX: usize = 8;

impl Reader<'_> {
    fn see(&mut self, expression: &Expression) -> Seen {
        match &expression.expr {
            Expr::Unspecified | Expr::Struct(_) => self.everything(),
            Expr::Literal(literal) => match json(literal) {
                Some(value) => {
                    Seen { literals: BTreeSet::from([value.to_string()]), ..Seen::default() }
                }
                None => Seen::computed(),
            },
            Expr::Ident(name) => {
                let known = self.scope.iter().rev().find(|(known, _)| known == name);
                match (known, name.as_str()) {
                    (Some((_, seen)), _) => seen.clone(),
                    (None, "self" | "oldSelf") => Seen::at(BTreeSet::from([Vec::new()])),
                    (None, _) => Seen::computed(),
                }
            }
            Expr::Select(select) => {
                let operand = self.see(&select.operand);
                let found = self.below(&operand, &Step::Field(select.field.clone()));
                if select.test { Seen::computed() } else { found }
            }
            Expr::List(list) => {
                let mut whole = Seen::computed();
                for element in &list.elements {
                    let element = self.see(element);
                    self.use_up(&Seen { items: element.items, ..Seen::default() });
                    whole.items.extend(element.places);
                }
                whole
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return self.everything() };
                    self.see_all([&entry.key, &entry.value]);
                }
                Seen::computed()
            }
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(macro_) => self.comprehension(macro_),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Seen {
        let target = call.target.as_deref();
        match (call.func_name.as_str(), target, call.args.as_slice()) {
            (INDEX | OPT_INDEX, None, [operand, index]) => {
                let operand = self.see(operand);
                match &index.expr {
                    Expr::Literal(LiteralValue::String(name)) => {
                        self.below(&operand, &Step::Field(name.inner().to_owned()))
                    }
                    _ => {
                        let index = self.see(index);
                        self.use_up(&index);
                        self.elements(&operand)
                    }
                }
            }
            (EQUALS | NOT_EQUALS, None, [one, other]) => {
                let (one, other) = (self.see(one), self.see(other));
                self.compare(&one, &other);
                Seen::computed()
            }
            (IN, None, [item, list]) => {
                let item = self.see(item);
                match &list.expr {
                    Expr::List(list) => {
                        for element in &list.elements {
                            let element = self.see(element);
                            self.compare(&item, &element);
                        }
                    }
                    _ => {
                        let list = self.see(list);
                        let elements = self.elements(&list);
                        self.compare(&item, &elements);
                    }
                }
                Seen::computed()
            }
            (CONDITIONAL, None, [condition, one, other]) => {
                let condition = self.see(condition);
                self.use_up(&condition);
                self.see(one).or(self.see(other))
            }
            (ADD, None, [one, other]) => {
                let (one, other) = (self.see(one), self.see(other));
                if one.items.is_empty() && other.items.is_empty() {
                    self.use_up(&one);
                    self.use_up(&other);
                    return Seen::computed();
                }
                let items = self.elements(&one).or(self.elements(&other));
                Seen { items: items.places, ..Seen::computed() }
            }
            (KEYS | "dyn", None, [value]) => self.see(value),
            ("size", None, [value]) | ("size", Some(value), []) => {
                let value = self.see(value);
                for place in &value.places {
                    let counted = matches!(self.type_at(place), Some("array" | "object"));
                    self.note(place, if counted { Look::Presence } else { Look::Value });
                }
                Seen::computed()
            }
            ("hasValue", Some(optional), []) => {
                self.see(optional);
                Seen::computed()
            }
            ("value", Some(optional), []) => self.see(optional),
            ("or" | "orValue", Some(optional), [other]) => self.see(optional).or(self.see(other)),
            ("of", Some(Expression { expr: Expr::Ident(name), .. }), [value])
                if name == "optional" =>
            {
                self.see(value)
            }
            (_, target, args) => {
                self.see_all(target.into_iter().chain(args));
                Seen::computed()
            }
        }
    }

    /// A macro: each item of a list, or each key of a map, changes what is found so far.
    fn comprehension(&mut self, inner: &ComprehensionExpr) -> Seen {
        let range = self.see(&inner.iter_range);
        let item = match inner.iter_var2 {
            None => self.elements(&range),
            Some(_) => {
                self.use_up(&range);
                Seen::computed()
            }
        };
        let mut found = self.see(&inner.accu_init);
        let depth = self.scope.len();
        for round in 0.. {
            if round == ROUNDS_MAX {
                return self.everything();
            }
            self.scope.push((inner.iter_var.clone(), item.clone()));
            self.scope.extend(inner.iter_var2.clone().map(|name| (name, Seen::computed())));
            self.scope.push((inner.accu_var.clone(), found.clone()));
            let condition = self.see(&inner.loop_cond);
            // What a bound value is used for, its name tells, and no condition.
            if inner.loop_cond.expr != Expr::Ident(inner.accu_var.clone()) {
                self.use_up(&condition);
            }
            let next = found.clone().or(self.see(&inner.loop_step));
            self.scope.truncate(depth);
            if next == found {
                break;
            }
            found = next;
        }
        self.scope.push((inner.accu_var.clone(), found));
        let result = self.see(&inner.result);
        self.scope.truncate(depth);
        result
    }

    /// One step further, from each place that something may be.
    fn below(&mut self, operand: &Seen, step: &Step) -> Seen {
        self.use_up(&Seen { items: operand.items.clone(), ..Seen::default() });
        let further = |place: &Vec<Step>| [place.as_slice(), std::slice::from_ref(step)].concat();
        let places: BTreeSet<_> = operand.places.iter().map(further).collect();
        places.iter().for_each(|place| self.note(place, Look::Presence));
        let computed = operand.computed || !operand.literals.is_empty();
        Seen { places, computed, ..Seen::default() }
    }

    /// Some element of what may be a list: where it may be a map, its keys are used up.
    fn elements(&mut self, operand: &Seen) -> Seen {
        let mut found = Seen::at(operand.items.clone());
        found.computed = operand.computed || !operand.literals.is_empty();
        for place in &operand.places {
            if self.type_at(place) == Some("array") {
                found.places.insert([place.as_slice(), &[Step::Items]].concat());
                self.note(place, Look::Presence);
            } else {
                self.note(place, Look::Value);
                found.computed = true;
            }
        }
        found
    }

    /// Two values compared for equality.
    fn compare(&mut self, one: &Seen, other: &Seen) {
        if !one.items.is_empty() || !other.items.is_empty() {
            self.use_up(one);
            self.use_up(other);
        }
        for (here, there) in [(one, other), (other, one)] {
            for place in &here.places {
                if there.computed {
                    self.note(place, Look::Value);
                }
                for literal in &there.literals {
                    self.note(place, Look::Literal(literal.clone()));
                }
                for with in &there.places {
                    self.note(place, if with == place { Look::Itself } else { Look::Value });
                }
            }
        }
    }

    fn see_all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression>) {
        for expression in expressions {
            let seen = self.see(expression);
            self.use_up(&seen);
        }
    }

    /// Looks at something in a way that is not followed further.
    fn use_up(&mut self, seen: &Seen) {
        let all = seen.places.iter().chain(&seen.items);
        all.for_each(|place| self.note(place, Look::Value));
    }

    fn everything(&mut self) -> Seen {
        self.note(&[], Look::Value);
        Seen::computed()
    }

    fn note(&mut self, place: &[Step], look: Look) {
        self.reads.insert((place.to_vec(), look));
    }

    /// The type at a place, if the schema tells.
    fn type_at(&self, place: &[Step]) -> Option<&str> {
        let found = place.iter().try_fold(self.schema, |schema, step| match step {
            Step::Items => schema.get("items"),
            Step::Field(name) => {
                let fields = schema.get("properties").and_then(Value::as_object);
                let named = fields.into_iter().flatten().find(|(field, _)| escaped(field) == *name);
                named.map(|(_, field)| field).or_else(|| schema.get("additionalProperties"))
            }
        });
        found?.get("type")?.as_str()
    }
}

/// A literal as JSON, if it is one that JSON has.
fn json(literal: &LiteralValue) -> Option<Value> {
    match literal {
        LiteralValue::String(text) => Some(text.inner().into()),
        LiteralValue::Int(number) => Some((*number.inner()).into()),
        LiteralValue::UInt(number) => Some((*number.inner()).into()),
        LiteralValue::Boolean(flag) => Some((*flag.inner()).into()),
        LiteralValue::Null => Some(Value::Null),
        LiteralValue::Double(_) | LiteralValue::Bytes(_) => None,
    }
}
