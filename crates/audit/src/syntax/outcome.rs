//! What a branch does with a failure.

use super::shape::{called, has_word};
use veritee_source::syntax::{Expr, ExprKind, Stmt, StmtKind};

/// What statements do, as far as a failure is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing, or a line in a log.
    Nothing,
    /// They say that all is well.
    Yes,
    /// Anything else: they refuse, leave, or do something that may be an answer.
    Acts,
}

/// The outcome of a branch. What is not known to be nothing is an act.
pub(crate) fn of(body: &[Stmt]) -> Outcome {
    let mut outcome = Outcome::Nothing;
    for stmt in body {
        match one(stmt) {
            Outcome::Nothing => {}
            Outcome::Yes => outcome = Outcome::Yes,
            Outcome::Acts => return Outcome::Acts,
        }
    }
    outcome
}

fn one(stmt: &Stmt) -> Outcome {
    match &stmt.kind {
        StmtKind::Drop(value) if is_log(value) || is_nothing(value) => Outcome::Nothing,
        StmtKind::Return(Some(value)) if is_yes(value) => Outcome::Yes,
        StmtKind::Return(Some(value)) if is_log(value) => Outcome::Nothing,
        StmtKind::Assign(_, value) if matches!(value.kind, ExprKind::Bool(true)) => Outcome::Yes,
        StmtKind::Block(body) => of(body),
        _ => Outcome::Acts,
    }
}

fn is_nothing(value: &Expr) -> bool {
    matches!(&value.kind, ExprKind::Null | ExprKind::Block(_) if value_is_empty(value))
}

fn value_is_empty(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Block(body) => of(body) == Outcome::Nothing,
        _ => true,
    }
}

/// `true`, `Ok(())`, `{ ok: true }`, `(true, nil)`.
pub(crate) fn is_yes(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Call(callee, arguments) => {
            callee.last_name() == Some("Ok")
                && arguments.iter().all(|one| {
                    matches!(one.value.kind, ExprKind::Null | ExprKind::Bool(true)) || is_yes(&one.value)
                })
        }
        ExprKind::Record(_, fields) => {
            let verdict = |name: &str| {
                matches!(
                    name.to_ascii_lowercase().as_str(),
                    "ok" | "valid" | "verified" | "success" | "genuine" | "isvalid" | "is_valid" | "trusted"
                )
            };
            fields.iter().any(|(name, value)| verdict(name) && matches!(value.kind, ExprKind::Bool(true)))
        }
        ExprKind::List(items) => {
            matches!(items.first().map(|first| &first.kind), Some(ExprKind::Bool(true)))
                && items.iter().skip(1).all(|item| matches!(item.kind, ExprKind::Null | ExprKind::Text(_)))
        }
        _ => false,
    }
}

/// A call that only writes somewhere that something happened.
pub(crate) fn is_log(value: &Expr) -> bool {
    let Some((callee, _)) = called(value) else { return false };
    let path = callee.path();
    let (of, last) = path.rsplit_once('.').unwrap_or(("", path.as_str()));
    let lower = last.trim_end_matches('!').to_ascii_lowercase();
    let level = matches!(
        lower.as_str(),
        "log"
            | "info"
            | "warn"
            | "warning"
            | "error"
            | "debug"
            | "trace"
            | "exception"
            | "print"
            | "println"
            | "printf"
            | "eprintln"
            | "eprint"
            | "warnf"
            | "errorf"
            | "infof"
            | "debugf"
            | "warnw"
            | "errorw"
            | "infow"
            | "msg"
            | "msgf"
            | "pprint"
            | "secho"
            | "echo"
    );
    let counter = matches!(lower.as_str(), "inc" | "increment" | "incr" | "observe" | "capture_exception");
    // `fmt.Errorf` makes an error, and writes nothing.
    let makes = lower == "errorf" && of == "fmt";
    if makes || !level && !counter {
        return false;
    }
    const LOGS: &[&str] = &[
        "CONSOLE",
        "LOG",
        "LOGGER",
        "LOGGING",
        "LOGURU",
        "FMT",
        "TRACING",
        "SLOG",
        "ZAP",
        "WINSTON",
        "PINO",
        "CLICK",
        "TYPER",
        "METRICS",
        "SENTRY",
        "STRUCTLOG",
        "KLOG",
        "LOGRUS",
        "RICH",
    ];
    let last_part = of.rsplit('.').find(|part| *part != "()" && *part != "?").unwrap_or("");
    counter
        || of.is_empty() && lower != "error" && lower != "echo"
        || last.ends_with('!')
        || of.split('.').any(|part| has_word(part, LOGS))
        || last_part == "log"
}
