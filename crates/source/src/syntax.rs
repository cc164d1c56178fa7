//! The tree that every language is read into: what rules ask about, and nothing else; and the words for what was not read.
//!
//! Statements keep what decides whether a failure has an effect: what each branch does, what a handler does, which results
//! nobody takes. Types, imports and operators' details are left out. Offsets are bytes into the text.
//!
//! Parsers are `veritee-syntax`; who only asks a tree needs none of them.

use core::fmt;

/// A language whose grammar is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Go.
    Go,
    /// JavaScript, with elements of JSX.
    JavaScript,
    /// Python 3.
    Python,
    /// Rust.
    Rust,
    /// TypeScript.
    TypeScript,
    /// TypeScript with elements of JSX.
    TypeScriptElements,
}

impl Language {
    /// The language of a file, by the end of its name.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let extension = path.rsplit('/').next()?.rsplit_once('.')?.1;
        Some(match extension.to_ascii_lowercase().as_str() {
            "go" => Self::Go,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "py" => Self::Python,
            "rs" => Self::Rust,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::TypeScriptElements,
            _ => return None,
        })
    }
}

/// What one file may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a text.
    pub bytes: usize,
    /// Tokens of a text, counted from above.
    pub tokens: usize,
    /// Brackets within brackets, and words that each open what the next one stands in.
    pub depth: usize,
}

/// Why a file was not read. The words are for people, without the file's own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unread {
    /// More bytes than [`Limits::bytes`].
    TooLarge,
    /// More tokens than [`Limits::tokens`].
    TooManyTokens,
    /// Deeper than [`Limits::depth`].
    TooDeep,
    /// Its grammar refuses it.
    Broken,
    /// The parser failed on it.
    Failed,
    /// No thread with a stack of the needed size.
    NoStack,
    /// The parsers are not built in.
    NotBuilt,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "it is too large to be parsed",
            Self::TooManyTokens => "it has too many tokens to be parsed",
            Self::TooDeep => "it is nested too deeply to be parsed",
            Self::Broken => "it does not follow the grammar of its language",
            Self::Failed => "the parser failed on it",
            Self::NoStack => "there is no memory to parse it",
            Self::NotBuilt => "this build has no parsers",
        })
    }
}

impl core::error::Error for Unread {}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// Where it begins.
    pub at: usize,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExprKind {
    /// A constant text or bytes, its escapes resolved; what is not UTF-8 is replaced.
    Text(String),
    /// A number, as it stands.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// `None`, `null`, `undefined`, `nil`, `()`.
    Null,
    /// A name. Paths of Rust keep their parts: `std::env::var`.
    Name(String),
    /// `of.name`.
    Member(Box<Expr>, String),
    /// `of[key]`.
    Index(Box<Expr>, Box<Expr>),
    /// A call; macros are calls whose name ends in `!`.
    Call(Box<Expr>, Vec<Argument>),
    /// `a || b`, `a ?? b`, `a or b`.
    Either(Box<Expr>, Box<Expr>),
    /// `a && b`, `a and b`.
    Both(Box<Expr>, Box<Expr>),
    /// A comparison; `true` where it asks for equality.
    Compare(bool, Box<Expr>, Box<Expr>),
    /// `!a`, `not a`.
    Not(Box<Expr>),
    /// `a if c else b`, `c ? a : b`: the condition, then, otherwise.
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Fields with names: objects, dicts, struct literals. The type where it has a name.
    Record(Option<String>, Vec<(String, Expr)>),
    /// Lists, tuples, sets.
    List(Vec<Expr>),
    /// Texts with holes, and sums of texts.
    Join(Vec<Expr>),
    /// A function without a name of its own.
    Closure(Box<Function>),
    /// A statement that stands for a value: `if`, `match`, blocks of Rust.
    Block(Vec<Stmt>),
    /// `a?`: a failure returns.
    Propagate(Box<Expr>),
    /// `a = b` inside of an expression.
    Assign(Box<Expr>, Box<Expr>),
    /// Anything else, with what is in it.
    Other(Vec<Expr>),
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// `name=value`.
    pub name: Option<String>,
    /// Its value.
    pub value: Expr,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stmt {
    /// Where it begins.
    pub at: usize,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StmtKind {
    /// An expression whose result nobody takes.
    Drop(Expr),
    /// `target = value`; a target without a name is an [`ExprKind::List`] of what it binds. `_` is the name `_`.
    Assign(Expr, Expr),
    /// A field of a class or struct: its name, its marks, its default.
    Field(String, Vec<Expr>, Option<Expr>),
    /// `return`, and the last expression of a body of Rust.
    Return(Option<Expr>),
    /// `raise`, `throw`.
    Throw(Option<Expr>),
    /// `break`, `continue`.
    Leave,
    /// `assert` of Python: it is gone under `-O`.
    Assert(Expr),
    /// Condition, then, otherwise.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// What is looked at, and the arms.
    Switch(Expr, Vec<Arm>),
    /// Body, handlers, and what runs in any case.
    Try(Vec<Stmt>, Vec<Vec<Stmt>>, Vec<Stmt>),
    /// What the head of a loop or of a `with` asks, and the body.
    Loop(Vec<Expr>, Vec<Stmt>),
    /// A function with a name.
    Function(Box<Function>),
    /// A class, struct, implementation or module: its name and what it derives from.
    Class(String, Vec<Expr>, Vec<Stmt>),
    /// A block.
    Block(Vec<Stmt>),
}

/// An arm of a [`StmtKind::Switch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// Names and texts that it is for, as far as they are plain; empty for a default.
    pub labels: Vec<String>,
    /// It takes what no other arm takes.
    pub default: bool,
    /// What it does.
    pub body: Vec<Stmt>,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Where it begins.
    pub at: usize,
    /// Its name; empty without one.
    pub name: String,
    /// Names of its parameters with their defaults.
    pub parameters: Vec<(String, Option<Expr>)>,
    /// Decorators and attributes.
    pub marks: Vec<Expr>,
    /// What it does.
    pub body: Vec<Stmt>,
}

impl Expr {
    /// An expression at a place.
    #[must_use]
    pub const fn new(at: usize, kind: ExprKind) -> Self {
        Self { at, kind }
    }

    /// The names of a path, joined by dots: `process.env`, `std.env.var`. Calls on the way leave `()`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut parts = Vec::new();
        let mut here = self;
        loop {
            match &here.kind {
                ExprKind::Name(name) => {
                    parts.extend(name.rsplit("::").map(str::to_owned));
                    break;
                }
                ExprKind::Member(of, name) => {
                    parts.push(name.clone());
                    here = of;
                }
                ExprKind::Call(of, _) => {
                    parts.push("()".to_owned());
                    here = of;
                }
                ExprKind::Propagate(of) => here = of,
                _ => {
                    parts.push("?".to_owned());
                    break;
                }
            }
        }
        parts.reverse();
        parts.join(".")
    }

    /// The last name of a path.
    #[must_use]
    pub fn last_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Name(name) => name.rsplit("::").next(),
            ExprKind::Member(_, name) => Some(name),
            _ => None,
        }
    }

    /// Calls `visit` on the expressions directly below this one, those of its statements among them.
    pub fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match &self.kind {
            ExprKind::Text(_)
            | ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::Null
            | ExprKind::Name(_) => {}
            ExprKind::Member(of, _) | ExprKind::Not(of) | ExprKind::Propagate(of) => visit(of),
            ExprKind::Index(one, other)
            | ExprKind::Either(one, other)
            | ExprKind::Both(one, other)
            | ExprKind::Compare(_, one, other)
            | ExprKind::Assign(one, other) => {
                visit(one);
                visit(other);
            }
            ExprKind::Choice(condition, then, otherwise) => {
                visit(condition);
                visit(then);
                visit(otherwise);
            }
            ExprKind::Call(callee, arguments) => {
                visit(callee);
                arguments.iter().for_each(|argument| visit(&argument.value));
            }
            ExprKind::Record(_, fields) => fields.iter().for_each(|(_, value)| visit(value)),
            ExprKind::List(items) | ExprKind::Join(items) | ExprKind::Other(items) => {
                items.iter().for_each(visit);
            }
            ExprKind::Closure(function) => function.body.iter().for_each(|stmt| stmt.expressions(visit)),
            ExprKind::Block(body) => body.iter().for_each(|stmt| stmt.expressions(visit)),
        }
    }

    /// Calls `visit` on this expression and on all below it. A visit that answers `false` is not led further down.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self) -> bool) {
        if visit(self) {
            self.children(&mut |child| child.walk(visit));
        }
    }
}

impl Stmt {
    /// A statement at a place.
    #[must_use]
    pub const fn new(at: usize, kind: StmtKind) -> Self {
        Self { at, kind }
    }

    /// Calls `visit` on every outermost expression in it, at any depth of statements.
    pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            StmtKind::Drop(value) | StmtKind::Assert(value) => visit(value),
            StmtKind::Assign(target, value) => {
                visit(target);
                visit(value);
            }
            StmtKind::Field(_, marks, value) => {
                marks.iter().for_each(&mut *visit);
                value.iter().for_each(&mut *visit);
            }
            StmtKind::Return(value) | StmtKind::Throw(value) => value.iter().for_each(&mut *visit),
            StmtKind::If(condition, _, _) | StmtKind::Switch(condition, _) => visit(condition),
            StmtKind::Loop(heads, _) => heads.iter().for_each(&mut *visit),
            StmtKind::Function(function) => {
                function.marks.iter().for_each(&mut *visit);
                function.parameters.iter().filter_map(|(_, default)| default.as_ref()).for_each(&mut *visit);
            }
            StmtKind::Class(_, bases, _) => bases.iter().for_each(&mut *visit),
            StmtKind::Leave | StmtKind::Try(..) | StmtKind::Block(_) => {}
        }
        for part in self.parts() {
            part.iter().for_each(|stmt| stmt.expressions(visit));
        }
    }

    /// The bodies of a statement, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&[Self]> {
        match &self.kind {
            StmtKind::If(_, then, otherwise) => vec![then, otherwise],
            StmtKind::Switch(_, arms) => arms.iter().map(|arm| arm.body.as_slice()).collect(),
            StmtKind::Try(body, handlers, finally) => {
                let mut parts = vec![body.as_slice()];
                parts.extend(handlers.iter().map(Vec::as_slice));
                parts.push(finally);
                parts
            }
            StmtKind::Loop(_, body) | StmtKind::Class(_, _, body) | StmtKind::Block(body) => vec![body],
            StmtKind::Function(function) => vec![&function.body],
            _ => Vec::new(),
        }
    }
}
