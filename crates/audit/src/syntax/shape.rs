//! Walks over a file's tree, and what names in it speak of.

use crate::names::words;
use veritee_source::syntax::{Argument, Expr, ExprKind, Function, Stmt, StmtKind};

/// Calls `visit` on every list of statements that stand behind each other, with the function that they are in.
pub(crate) fn blocks<'a>(
    body: &'a [Stmt],
    of: Option<&'a Function>,
    visit: &mut dyn FnMut(&'a [Stmt], Option<&'a Function>),
) {
    visit(body, of);
    for stmt in body {
        if let StmtKind::Function(function) = &stmt.kind {
            blocks(&function.body, Some(function), visit);
            continue;
        }
        for part in stmt.parts() {
            blocks(part, of, visit);
        }
        own_expressions(stmt, &mut |value| inner_blocks(value, of, visit));
    }
}

/// Blocks within an expression: bodies of closures, values of blocks.
fn inner_blocks<'a>(
    value: &'a Expr,
    of: Option<&'a Function>,
    visit: &mut dyn FnMut(&'a [Stmt], Option<&'a Function>),
) {
    match &value.kind {
        // A closure without a name speaks for the function that it stands in.
        ExprKind::Closure(function) => blocks(&function.body, of.or(Some(function)), visit),
        ExprKind::Block(body) => blocks(body, of, visit),
        _ => value.children(&mut |child| inner_blocks(child, of, visit)),
    }
}

/// The expressions of a statement itself, without those of the statements in it.
pub(crate) fn own_expressions<'a>(stmt: &'a Stmt, visit: &mut dyn FnMut(&'a Expr)) {
    match &stmt.kind {
        StmtKind::Drop(value) | StmtKind::Assert(value) => visit(value),
        StmtKind::Assign(target, value) => {
            visit(target);
            visit(value);
        }
        StmtKind::Field(_, marks, value) => {
            marks.iter().for_each(&mut *visit);
            value.iter().for_each(visit);
        }
        StmtKind::Return(value) | StmtKind::Throw(value) => value.iter().for_each(visit),
        StmtKind::If(condition, _, _) | StmtKind::Switch(condition, _) => visit(condition),
        StmtKind::Loop(heads, _) => heads.iter().for_each(visit),
        StmtKind::Class(_, bases, _) => bases.iter().for_each(visit),
        _ => {}
    }
}

/// Every expression of a file at any depth.
pub(crate) fn every<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr)) {
    for stmt in body {
        stmt.expressions(&mut |value| {
            value.walk(&mut |inner| {
                visit(inner);
                true
            });
        });
    }
}

/// Every function with a name, and those that are given one by an assignment or a field; with the class around it.
pub(crate) fn functions(body: &[Stmt]) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    collect(body, "", &mut found);
    found
}

/// A function and what it is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: &'a str,
    pub(crate) function: &'a Function,
}

fn collect<'a>(body: &'a [Stmt], class: &'a str, found: &mut Vec<Named<'a>>) {
    for stmt in body {
        let inner = match &stmt.kind {
            StmtKind::Function(function) => {
                found.push(Named { name: &function.name, class, function });
                class
            }
            StmtKind::Class(name, _, _) => name.as_str(),
            StmtKind::Assign(target, value) => {
                if let (Some(name), ExprKind::Closure(function)) = (target.last_name(), &value.kind) {
                    found.push(Named { name, class, function });
                    collect(&function.body, class, found);
                }
                class
            }
            _ => class,
        };
        for part in stmt.parts() {
            collect(part, inner, found);
        }
    }
}

/// The call that an expression is, with what is called; awaiting and `?` aside.
pub(crate) fn called(value: &Expr) -> Option<(&Expr, &[Argument])> {
    match &value.kind {
        ExprKind::Call(callee, arguments) => Some((callee, arguments)),
        ExprKind::Propagate(inner) => called(inner),
        _ => None,
    }
}

/// The value of a named argument.
pub(crate) fn argument<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a Expr> {
    arguments.iter().find(|one| one.name.as_deref() == Some(name)).map(|one| &one.value)
}

/// Whether some word of a name holds one of these.
pub(crate) fn has_word(name: &str, known: &[&str]) -> bool {
    words(name).iter().any(|word| known.contains(&word.as_str()))
}

/// Whether an expression names something whose words hold one of these: names, members, and keys.
pub(crate) fn names_any(value: &Expr, known: &[&str]) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= match &inner.kind {
            ExprKind::Name(name) | ExprKind::Member(_, name) => has_word(name, known),
            ExprKind::Index(_, key) => matches!(&key.kind, ExprKind::Text(key) if has_word(key, known)),
            _ => false,
        };
        !found
    });
    found
}

/// Whether an expression mentions a plain name.
pub(crate) fn mentions(value: &Expr, name: &str) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= matches!(&inner.kind, ExprKind::Name(known) if known == name);
        !found
    });
    found
}

/// Whether statements mention a plain name anywhere.
pub(crate) fn mentioned(body: &[Stmt], name: &str) -> bool {
    let mut found = false;
    for stmt in body {
        stmt.expressions(&mut |value| found |= mentions(value, name));
    }
    found
}

/// The plain names that an assignment binds.
pub(crate) fn bound(target: &Expr) -> Vec<&str> {
    match &target.kind {
        ExprKind::Name(name) => vec![name],
        ExprKind::List(items) => items.iter().flat_map(bound).collect(),
        ExprKind::Record(_, fields) => fields.iter().flat_map(|(_, value)| bound(value)).collect(),
        ExprKind::Either(target, _) => bound(target),
        _ => Vec::new(),
    }
}
