//! What all languages share on the way into the tree: how deep it may get, and names for the usual pieces.

use crate::tree::{Argument, Expr, ExprKind, Stmt, StmtKind};

/// Deeper trees are not made: whoever walks over one needs no more stack than this many calls.
const DEPTH: usize = 160;

/// Where a reader is.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    at: usize,
    /// Something was left out.
    pub(crate) cut: bool,
}

impl Depth {
    /// Goes one level down; `false` where that is too deep, and then nothing below is read.
    pub(crate) fn enter(&mut self) -> bool {
        if self.at >= DEPTH {
            self.cut = true;
            return false;
        }
        self.at = self.at.saturating_add(1);
        true
    }

    pub(crate) fn leave(&mut self) {
        self.at = self.at.saturating_sub(1);
    }
}

pub(crate) fn null(at: usize) -> Expr {
    Expr::new(at, ExprKind::Null)
}

pub(crate) fn name(at: usize, name: impl Into<String>) -> Expr {
    Expr::new(at, ExprKind::Name(name.into()))
}

pub(crate) fn text(at: usize, text: impl Into<String>) -> Expr {
    Expr::new(at, ExprKind::Text(text.into()))
}

pub(crate) fn other(at: usize, parts: Vec<Expr>) -> Expr {
    Expr::new(at, ExprKind::Other(parts))
}

pub(crate) fn call(at: usize, callee: Expr, arguments: Vec<Expr>) -> Expr {
    let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
    Expr::new(at, ExprKind::Call(Box::new(callee), arguments))
}

/// An expression as a statement: an assignment is one, a block is its statements.
pub(crate) fn statement(value: Expr) -> Stmt {
    let at = value.at;
    Stmt::new(
        at,
        match value.kind {
            ExprKind::Assign(target, value) => StmtKind::Assign(*target, *value),
            ExprKind::Block(body) => StmtKind::Block(body),
            kind => StmtKind::Drop(Expr::new(at, kind)),
        },
    )
}
