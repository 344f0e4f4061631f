//! Macros of CEL that the library does not know, written with what it knows.
//!
//! `cel.bind(x, value, body)` gives a value a name; `optMap` and `optFlatMap` look into an
//! optional. cel-go expands them into a comprehension over nothing, and so do we. `a.?b.c` is
//! written as `a[?'b'][?'c']`, in which the library finds nothing where nothing is. A literal of a
//! message type (`Type{field: value}`) is found here too: nothing in a rule can make one.
//! Next to read: `compile.rs`.

use kube_cel::cel::common::ast::operators::{CONDITIONAL, OPT_INDEX, OPT_SELECT};
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue,
};
use kube_cel::cel::common::types::CelString;
use kube_cel::cel::parser::Expression;

/// The function that puts the keys of a map in order before a list is made of them.
pub(super) const KEYS: &str = "@keys";

/// The variable of a comprehension that is never read.
const UNUSED: &str = "#unused";

/// Expands the macros in an expression; an error if it holds what cannot be evaluated.
pub(super) fn expand(expression: &mut Expression) -> Result<(), &'static str> {
    match &mut expression.expr {
        Expr::Struct(_) | Expr::Unspecified => {
            return Err("a message literal");
        }
        Expr::Call(call) => {
            call.target.iter_mut().try_for_each(|target| expand(target))?;
            call.args.iter_mut().try_for_each(expand)?;
        }
        Expr::Comprehension(inner) => {
            let parts = [
                &mut inner.iter_range,
                &mut inner.accu_init,
                &mut inner.loop_cond,
                &mut inner.loop_step,
                &mut inner.result,
            ];
            parts.into_iter().try_for_each(expand)?;
            if matches!(&inner.accu_init.expr, Expr::List(_)) {
                let range = std::mem::take(&mut inner.iter_range);
                let func_name = KEYS.to_owned();
                let keys = CallExpr { func_name, target: None, args: vec![range] };
                inner.iter_range = node(Expr::Call(keys));
            }
        }
        Expr::List(list) => list.elements.iter_mut().try_for_each(expand)?,
        Expr::Map(map) => {
            for entry in &mut map.entries {
                match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        expand(&mut entry.key)?;
                        expand(&mut entry.value)?;
                    }
                    EntryExpr::StructField(_) => return Err("a message literal"),
                }
            }
        }
        Expr::Select(select) => expand(&mut select.operand)?,
        Expr::Ident(_) | Expr::Literal(_) => {}
    }
    let expanded = match &expression.expr {
        Expr::Call(call) => expanded(call),
        Expr::Select(select) if !select.test && is_optional(&select.operand) => {
            let field = CelString::from(select.field.as_str());
            let field = node(Expr::Literal(LiteralValue::String(field)));
            Some(optional_index(Expression::clone(&select.operand), field))
        }
        _ => None,
    };
    if let Some(expanded) = expanded {
        expression.expr = expanded;
    }
    Ok(())
}

/// `a[?b]`, which is what `a.?b` means as well; a field of an optional is optional too.
fn optional_index(operand: Expression, field: Expression) -> Expr {
    Expr::Call(CallExpr { func_name: OPT_INDEX.into(), target: None, args: vec![operand, field] })
}

fn is_optional(expression: &Expression) -> bool {
    matches!(&expression.expr, Expr::Call(call) if call.func_name == OPT_INDEX)
}

fn expanded(call: &CallExpr) -> Option<Expr> {
    if let (OPT_SELECT, [operand, field]) = (call.func_name.as_str(), call.args.as_slice()) {
        return Some(optional_index(operand.clone(), field.clone()));
    }
    let target = call.target.as_deref()?;
    match (call.func_name.as_str(), call.args.as_slice()) {
        ("bind", [name, value, body]) if is_ident(target, "cel") => {
            Some(bind(ident_of(name)?, value.clone(), body.clone()))
        }
        ("optMap" | "optFlatMap", [name, body]) => {
            let has = method(target.clone(), "hasValue", Vec::new());
            let value = node(method(target.clone(), "value", Vec::new()));
            let bound = node(bind(ident_of(name)?, value, body.clone()));
            let optional = || node(Expr::Ident("optional".to_owned()));
            let some = match call.func_name.as_str() {
                "optMap" => node(method(optional(), "of", vec![bound])),
                _ => bound,
            };
            let none = node(method(optional(), "none", Vec::new()));
            Some(Expr::Call(CallExpr {
                func_name: CONDITIONAL.to_owned(),
                target: None,
                args: vec![node(has), some, none],
            }))
        }
        _ => None,
    }
}

fn bind(name: String, value: Expression, body: Expression) -> Expr {
    Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: node(Expr::List(ListExpr {
            elements: Vec::new(),
            optional_indices: Vec::new(),
        })),
        iter_var: UNUSED.to_owned(),
        iter_var2: None,
        accu_var: name.clone(),
        accu_init: value,
        loop_cond: node(Expr::Ident(name.clone())),
        loop_step: node(Expr::Ident(name)),
        result: body,
    }))
}

fn method(target: Expression, name: &str, args: Vec<Expression>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: Some(Box::new(target)), args })
}

fn node(expr: Expr) -> Expression {
    Expression { id: 0, expr }
}

fn is_ident(expression: &Expression, name: &str) -> bool {
    matches!(&expression.expr, Expr::Ident(found) if found == name)
}

fn ident_of(expression: &Expression) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        _ => None,
    }
}
