//! Variables that code reads from its environment, and the constant that counts when they are not set.

use super::constants::constant;
use super::shape::{argument, blocks, called, every, mentions};
use veritee_source::syntax::{Expr, ExprKind, Stmt, StmtKind};

/// A variable that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) default: Option<String>,
    pub(crate) at: usize,
}

/// Functions that are given the name of a variable, by the last two parts of their path.
fn reads_environment(path: &str) -> bool {
    let path = path.trim_start_matches("std.");
    let lower = path.to_ascii_lowercase();
    let (of, last) = lower.rsplit_once('.').unwrap_or(("", lower.as_str()));
    let of = of.rsplit('.').next().unwrap_or(of);
    match last {
        "getenv" | "lookupenv" | "getenvordefault" | "envor" | "env_or" | "get_env" | "envordefault"
        | "getenvor" | "env" | "requireenv" | "env!" | "option_env!" | "mustgetenv" => true,
        "var" | "var_os" => matches!(of, "env" | "dotenvy" | "dotenv"),
        "get" | "str" | "url" | "string" | "bool" | "getordefault" | "pop" | "setdefault" => {
            matches!(of, "environ" | "env" | "config" | "decouple" | "environment")
        }
        "config" => of.is_empty() || of == "decouple",
        _ => false,
    }
}

/// The variable that an expression reads by itself, with the default that it is given there.
pub(crate) fn variable(value: &Expr) -> Option<(String, Option<String>)> {
    let environment = |of: &Expr| {
        let path = of.path();
        matches!(
            path.as_str(),
            "process.env" | "import.meta.env" | "os.environ" | "environ" | "Bun.env" | "ENV"
        ) || path.ends_with(".env") && path.starts_with("import")
    };
    match &value.kind {
        ExprKind::Member(of, name) if environment(of) && name != "get" => Some((name.clone(), None)),
        ExprKind::Index(of, key) if environment(of) => match &key.kind {
            ExprKind::Text(name) => Some((name.clone(), None)),
            _ => None,
        },
        ExprKind::Call(callee, arguments) if reads_environment(&callee.path()) => {
            let first = arguments.first().filter(|one| one.name.is_none())?;
            let ExprKind::Text(name) = &first.value.kind else { return None };
            let shaped =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let given = argument(arguments, "default")
                .or_else(|| arguments.get(1).filter(|one| one.name.is_none()).map(|one| &one.value));
            shaped.then(|| (name.clone(), given.and_then(constant)))
        }
        _ => None,
    }
}

/// The variable that an expression reads, through what it is wrapped in: `.ok()`, `.trim()`, `String(…)`.
fn through(value: &Expr) -> Option<(String, Option<String>)> {
    variable(value).or_else(|| match &value.kind {
        ExprKind::Propagate(inner) => through(inner),
        ExprKind::Call(callee, arguments) => match &callee.kind {
            ExprKind::Member(of, _) => through(of),
            _ => arguments.first().and_then(|one| through(&one.value)),
        },
        ExprKind::Either(one, _) => through(one),
        _ => None,
    })
}

/// Every read of a file.
pub(crate) fn reads(body: &[Stmt]) -> Vec<Read> {
    let mut found = Vec::new();
    every(body, &mut |value| of_value(value, &mut found));
    blocks(body, None, &mut |block, _| of_block(block, &mut found));
    fields(body, &mut found);
    // The one with the default says more.
    found.sort_by(|one, other| {
        (&one.name, one.at, other.default.is_some()).cmp(&(&other.name, other.at, one.default.is_some()))
    });
    found.dedup_by(|later, first| later.name == first.name && (later.at == first.at));
    let with_default: Vec<String> =
        found.iter().filter(|read| read.default.is_some()).map(|read| read.name.clone()).collect();
    found.retain(|read| read.default.is_some() || !with_default.contains(&read.name));
    found.sort_by_key(|read| read.at);
    found
}

fn push(found: &mut Vec<Read>, name: &str, default: Option<String>, at: usize) {
    let default = default.filter(|default| !default.is_empty());
    found.push(Read { name: name.to_ascii_uppercase(), default, at });
}

fn of_value(value: &Expr, found: &mut Vec<Read>) {
    match &value.kind {
        ExprKind::Either(one, other) => {
            if let (Some((name, _)), Some(default)) = (through(one), constant(other)) {
                push(found, &name, Some(default), value.at);
            }
        }
        ExprKind::Choice(condition, one, other) => {
            // `X ? X : "…"`, `"…" if not X else X`.
            for (read, instead) in [(one, other), (other, one)] {
                if let (Some((name, _)), Some(default)) = (through(read), constant(instead))
                    && reads_in(condition).contains(&name)
                {
                    push(found, &name, Some(default), value.at);
                }
            }
        }
        ExprKind::Call(callee, arguments) => of_call(value, callee, arguments, found),
        _ => {}
    }
    if let Some((name, default)) = variable(value) {
        push(found, &name, default, value.at);
    }
}

fn of_call(
    value: &Expr,
    callee: &Expr,
    arguments: &[veritee_source::syntax::Argument],
    found: &mut Vec<Read>,
) {
    let ExprKind::Member(of, method) = &callee.kind else { return };
    match method.as_str() {
        // Rust.
        "unwrap_or" | "unwrap_or_else" | "map_or" | "or" | "or_else" => {
            let instead = arguments.first().and_then(|one| match &one.value.kind {
                ExprKind::Closure(function) => match function.body.as_slice() {
                    [Stmt { kind: StmtKind::Return(Some(value)), .. }] => constant(value),
                    _ => None,
                },
                _ => constant(&one.value),
            });
            if let (Some((name, _)), Some(default)) = (through(of), instead) {
                push(found, &name, Some(default), value.at);
            }
        }
        // A short value is filled up with what everybody knows.
        "padEnd" | "padStart" | "ljust" | "rjust" => {
            if let (Some((name, _)), Some(fill)) =
                (through(of), arguments.get(1).and_then(|one| constant(&one.value)))
            {
                push(found, &name, Some(format!("{fill} over and over")), value.at);
            }
        }
        _ => {}
    }
}

fn reads_in(value: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    value.walk(&mut |inner| {
        names.extend(variable(inner).map(|(name, _)| name));
        true
    });
    names
}

/// `v := os.Getenv("X"); if v == "" { v = "…" }`; `const { X = "…" } = process.env`.
fn of_block(block: &[Stmt], found: &mut Vec<Read>) {
    let mut held: Vec<(&str, String)> = Vec::new();
    for stmt in block {
        match &stmt.kind {
            StmtKind::Assign(target, value) => {
                if let (ExprKind::Record(_, fields), true) =
                    (&target.kind, matches!(value.path().as_str(), "process.env" | "import.meta.env" | "env"))
                {
                    for (name, bound) in fields {
                        let default = match &bound.kind {
                            ExprKind::Either(_, default) => constant(default),
                            _ => None,
                        };
                        push(found, name, default, bound.at);
                    }
                }
                if let (ExprKind::Name(target), Some((name, None))) = (&target.kind, through(value)) {
                    held.push((target, name));
                }
            }
            StmtKind::If(condition, then, _) => {
                let Some((local, name)) = held.iter().find(|(local, _)| is_missing(condition, local)) else {
                    continue;
                };
                for stmt in then {
                    let instead = match &stmt.kind {
                        StmtKind::Assign(target, value) if target.last_name() == Some(local) => {
                            constant(value)
                        }
                        StmtKind::Return(Some(value)) => constant(value),
                        _ => None,
                    };
                    if let Some(default) = instead {
                        push(found, name, Some(default), stmt.at);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a condition asks that a local name has no value.
fn is_missing(condition: &Expr, local: &str) -> bool {
    match &condition.kind {
        ExprKind::Not(inner) => mentions(inner, local),
        ExprKind::Compare(true, one, other) => {
            let empty = |side: &Expr| match &side.kind {
                ExprKind::Null => true,
                ExprKind::Text(text) => text.is_empty(),
                ExprKind::Number(number) => number == "0",
                _ => false,
            };
            mentions(one, local) && empty(other) || mentions(other, local) && empty(one)
        }
        ExprKind::Call(callee, _) => callee.last_name() == Some("is_empty") && mentions(condition, local),
        ExprKind::Either(one, other) => is_missing(one, local) || is_missing(other, local),
        _ => false,
    }
}

/// Settings that a library fills from the environment: pydantic, clap, zod and its like.
fn fields(body: &[Stmt], found: &mut Vec<Read>) {
    for stmt in body {
        if let StmtKind::Class(_, bases, members) = &stmt.kind {
            let settings = bases.iter().any(|base| base.path().contains("Settings"));
            for member in members {
                let StmtKind::Field(name, marks, default) = &member.kind else { continue };
                if settings {
                    let default = default.as_ref().and_then(field_default);
                    push(found, name, default, member.at);
                }
                for mark in marks {
                    if let Some((callee, arguments)) = called(mark)
                        && matches!(callee.last_name(), Some("arg" | "clap" | "structopt"))
                    {
                        clap(name, arguments, mark.at, found);
                    }
                }
            }
        }
        for part in stmt.parts() {
            fields(part, found);
        }
    }
    schema(body, found);
}

fn field_default(value: &Expr) -> Option<String> {
    constant(value).or_else(|| {
        let (callee, arguments) = called(value)?;
        let given = argument(arguments, "default").or_else(|| arguments.first().map(|one| &one.value));
        matches!(callee.last_name(), Some("Field" | "SecretStr")).then(|| given.and_then(constant)).flatten()
    })
}

fn clap(field: &str, arguments: &[veritee_source::syntax::Argument], at: usize, found: &mut Vec<Read>) {
    let named = argument(arguments, "env").and_then(constant);
    let bare = arguments
        .iter()
        .any(|one| one.name.is_none() && matches!(&one.value.kind, ExprKind::Name(name) if name == "env"));
    let Some(name) = named.or_else(|| bare.then(|| field.to_owned())) else { return };
    let default = argument(arguments, "default_value").or_else(|| argument(arguments, "default_value_t"));
    push(found, &name, default.and_then(constant), at);
}

/// `z.object({ JWT_SECRET: z.string().default("…") })`.
fn schema(body: &[Stmt], found: &mut Vec<Read>) {
    every(body, &mut |value| {
        let ExprKind::Record(_, fields) = &value.kind else { return };
        for (name, value) in fields {
            let upper = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if let (true, Some((callee, arguments))) = (upper, called(value))
                && callee.last_name() == Some("default")
                && let Some(default) = arguments.first().and_then(|one| constant(&one.value))
            {
                push(found, name, Some(default), value.at);
            }
        }
    });
}
