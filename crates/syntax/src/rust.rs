//! Rust, by syn. Items under `#[cfg(test)]` and tests are left out: they do not run.

use crate::lower::{Depth, name, other, statement};
use crate::tree::Unread;
use crate::tree::{Argument, Arm, Expr, ExprKind, Function, Stmt, StmtKind};
use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

pub(crate) fn read(source: &str, depth: &mut Depth) -> Result<Vec<Stmt>, Unread> {
    let tokens: TokenStream = source.parse().map_err(|_broken| Unread::Broken)?;
    if nested(&tokens) > GROUPS {
        return Err(Unread::TooDeep);
    }
    let file: syn::File = syn::parse2(tokens).map_err(|_broken| Unread::Broken)?;
    Ok(Reader { depth }.items(&file.items))
}

/// Groups within groups. What is deeper is no text that a person wrote.
const GROUPS: usize = 120;

/// The deepest group, without calling itself.
fn nested(tokens: &TokenStream) -> usize {
    let mut deepest = 0;
    let mut open = vec![(0_usize, tokens.clone().into_iter())];
    while let Some((level, iter)) = open.last_mut() {
        let level = *level;
        match iter.next() {
            None => drop(open.pop()),
            Some(TokenTree::Group(group)) => {
                deepest = deepest.max(level.saturating_add(1));
                if deepest > GROUPS {
                    return deepest;
                }
                open.push((level.saturating_add(1), group.stream().into_iter()));
            }
            Some(_) => {}
        }
    }
    deepest
}

struct Reader<'d> {
    depth: &'d mut Depth,
}

fn start(node: &impl Spanned) -> usize {
    node.span().byte_range().start
}

/// `#[test]`, `#[cfg(test)]`, `#[tokio::test]`.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last().map(|last| last.ident.to_string());
        match (last.as_deref(), &attribute.meta) {
            (Some("test"), _) => true,
            (Some("cfg"), syn::Meta::List(list)) => {
                let text = list.tokens.to_string();
                text == "test" || text.replace(' ', "").starts_with("all(test,")
            }
            _ => false,
        }
    })
}

fn path_text(path: &syn::Path) -> String {
    let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    parts.join("::")
}

impl Reader<'_> {
    fn items(&mut self, items: &[syn::Item]) -> Vec<Stmt> {
        if !self.depth.enter() {
            return Vec::new();
        }
        let found = items.iter().filter_map(|item| self.item(item)).collect();
        self.depth.leave();
        found
    }

    fn item(&mut self, item: &syn::Item) -> Option<Stmt> {
        let at = start(item);
        let kind = match item {
            syn::Item::Fn(it) if !is_test(&it.attrs) => {
                StmtKind::Function(Box::new(self.function(&it.attrs, &it.sig, Some(&it.block), at)))
            }
            syn::Item::Mod(it) if !is_test(&it.attrs) => {
                let (_, items) = it.content.as_ref()?;
                StmtKind::Class(it.ident.to_string(), Vec::new(), self.items(items))
            }
            syn::Item::Impl(it) if !is_test(&it.attrs) => {
                let mut body = Vec::new();
                for item in &it.items {
                    let at = start(item);
                    match item {
                        syn::ImplItem::Fn(one) if !is_test(&one.attrs) => {
                            let function = self.function(&one.attrs, &one.sig, Some(&one.block), at);
                            body.push(Stmt::new(at, StmtKind::Function(Box::new(function))));
                        }
                        syn::ImplItem::Const(one) => {
                            let value = self.expr(&one.expr);
                            let target = name(at, one.ident.to_string());
                            body.push(Stmt::new(at, StmtKind::Assign(target, value)));
                        }
                        _ => {}
                    }
                }
                let of = match it.self_ty.as_ref() {
                    syn::Type::Path(path) => path_text(&path.path),
                    _ => String::new(),
                };
                StmtKind::Class(of, Vec::new(), body)
            }
            syn::Item::Trait(it) => {
                let mut body = Vec::new();
                for item in &it.items {
                    if let syn::TraitItem::Fn(one) = item {
                        let at = start(item);
                        let function = self.function(&one.attrs, &one.sig, one.default.as_ref(), at);
                        body.push(Stmt::new(at, StmtKind::Function(Box::new(function))));
                    }
                }
                StmtKind::Class(it.ident.to_string(), Vec::new(), body)
            }
            syn::Item::Struct(it) => {
                StmtKind::Class(it.ident.to_string(), Vec::new(), self.fields(&it.fields))
            }
            syn::Item::Const(it) => StmtKind::Assign(name(at, it.ident.to_string()), self.expr(&it.expr)),
            syn::Item::Static(it) => StmtKind::Assign(name(at, it.ident.to_string()), self.expr(&it.expr)),
            syn::Item::Macro(it) => StmtKind::Drop(self.macro_call(&it.mac, at)),
            _ => return None,
        };
        Some(Stmt::new(at, kind))
    }

    fn fields(&mut self, fields: &syn::Fields) -> Vec<Stmt> {
        let mut found = Vec::new();
        for field in fields {
            let Some(ident) = &field.ident else { continue };
            let marks = self.marks(&field.attrs);
            found.push(Stmt::new(start(field), StmtKind::Field(ident.to_string(), marks, None)));
        }
        found
    }

    /// `#[arg(env = "X", default_value = "y")]` as a call with named arguments.
    fn marks(&mut self, attributes: &[syn::Attribute]) -> Vec<Expr> {
        let mut found = Vec::new();
        for attribute in attributes {
            let at = start(attribute);
            let callee = Box::new(name(at, path_text(attribute.path())));
            let syn::Meta::List(list) = &attribute.meta else {
                if !attribute.path().is_ident("doc") {
                    found.push(*callee);
                }
                continue;
            };
            let parsed = list.parse_args_with(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated);
            let arguments = parsed.iter().flatten().map(|value| match self.expr(value).kind {
                ExprKind::Assign(target, value) => {
                    Argument { name: target.last_name().map(str::to_owned), value: *value }
                }
                kind => Argument { name: None, value: Expr::new(at, kind) },
            });
            let arguments = arguments.collect();
            found.push(Expr::new(at, ExprKind::Call(callee, arguments)));
        }
        found
    }

    fn function(
        &mut self,
        attributes: &[syn::Attribute],
        signature: &syn::Signature,
        block: Option<&syn::Block>,
        at: usize,
    ) -> Function {
        let parameters = signature.inputs.iter().filter_map(|input| match input {
            syn::FnArg::Typed(typed) => Some((self.pattern(&typed.pat).last_name()?.to_owned(), None)),
            syn::FnArg::Receiver(_) => None,
        });
        let parameters = parameters.collect();
        let marks = self.marks(attributes);
        let body = block.map(|block| self.block(block, true)).unwrap_or_default();
        Function { at, name: signature.ident.to_string(), parameters, marks, body }
    }

    /// The statements of a block; where its value is the function's, the last expression is a return.
    fn block(&mut self, block: &syn::Block, tail: bool) -> Vec<Stmt> {
        if !self.depth.enter() {
            return Vec::new();
        }
        let mut found = Vec::with_capacity(block.stmts.len());
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter().enumerate() {
            let at = start(stmt);
            match stmt {
                syn::Stmt::Local(it) => self.local(it, at, &mut found),
                syn::Stmt::Item(item) => found.extend(self.item(item)),
                syn::Stmt::Expr(value, None) if tail && index == last => self.returned(value, &mut found),
                syn::Stmt::Expr(value, _) => {
                    let value = self.expr(value);
                    found.push(as_statement(value));
                }
                syn::Stmt::Macro(it) => {
                    let value = self.macro_call(&it.mac, at);
                    if tail && index == last && it.semi_token.is_none() {
                        found.push(Stmt::new(at, StmtKind::Return(Some(value))));
                    } else {
                        found.push(as_statement(value));
                    }
                }
            }
        }
        self.depth.leave();
        found
    }

    fn local(&mut self, it: &syn::Local, at: usize, found: &mut Vec<Stmt>) {
        let Some(init) = &it.init else { return };
        let target = self.pattern(&it.pat);
        let value = self.expr(&init.expr);
        match &init.diverge {
            None => found.push(Stmt::new(at, StmtKind::Assign(target, value))),
            // `let Ok(x) = f() else { return }`.
            Some((_, otherwise)) => {
                let otherwise = vec![as_statement(self.expr(otherwise))];
                let condition = Expr::new(at, ExprKind::Assign(Box::new(target), Box::new(value)));
                found.push(Stmt::new(at, StmtKind::If(condition, Vec::new(), otherwise)));
            }
        }
    }

    /// The value of a function's body: every end of it is a return.
    fn returned(&mut self, value: &syn::Expr, found: &mut Vec<Stmt>) {
        let at = start(value);
        if !self.depth.enter() {
            return;
        }
        match value {
            syn::Expr::If(it) => {
                let condition = self.expr(&it.cond);
                let then = self.block(&it.then_branch, true);
                let mut otherwise = Vec::new();
                if let Some((_, value)) = &it.else_branch {
                    self.returned(value, &mut otherwise);
                }
                found.push(Stmt::new(at, StmtKind::If(condition, then, otherwise)));
            }
            syn::Expr::Match(it) => {
                let subject = self.expr(&it.expr);
                let arms = it.arms.iter().map(|arm| self.arm(arm, true)).collect();
                found.push(Stmt::new(at, StmtKind::Switch(subject, arms)));
            }
            syn::Expr::Block(it) => {
                let body = self.block(&it.block, true);
                found.push(Stmt::new(at, StmtKind::Block(body)));
            }
            syn::Expr::Unsafe(it) => {
                let body = self.block(&it.block, true);
                found.push(Stmt::new(at, StmtKind::Block(body)));
            }
            value => {
                let value = self.expr(value);
                found.push(match value.kind {
                    ExprKind::Block(_) => as_statement(value),
                    _ => Stmt::new(at, StmtKind::Return(Some(value))),
                });
            }
        }
        self.depth.leave();
    }

    fn arm(&mut self, arm: &syn::Arm, tail: bool) -> Arm {
        let mut labels = Vec::new();
        let default = self.labels(&arm.pat, &mut labels) && arm.guard.is_none();
        let mut body = Vec::new();
        if tail {
            self.returned(&arm.body, &mut body);
        } else {
            body.push(as_statement(self.expr(&arm.body)));
        }
        Arm { labels, default, body }
    }

    /// The names of a pattern; whether it takes everything.
    fn labels(&mut self, pattern: &syn::Pat, labels: &mut Vec<String>) -> bool {
        match pattern {
            syn::Pat::Wild(_) => return true,
            syn::Pat::Ident(it) => {
                let text = it.ident.to_string();
                let binds = text.starts_with(|first: char| first.is_lowercase() || first == '_');
                labels.push(text);
                return binds;
            }
            syn::Pat::Path(it) => labels.push(path_text(&it.path)),
            syn::Pat::TupleStruct(it) => {
                labels.push(path_text(&it.path));
                if self.depth.enter() {
                    for one in &it.elems {
                        self.labels(one, labels);
                    }
                    self.depth.leave();
                }
            }
            syn::Pat::Struct(it) => labels.push(path_text(&it.path)),
            syn::Pat::Lit(it) => {
                if let syn::Lit::Str(text) = &it.lit {
                    labels.push(text.value());
                }
            }
            syn::Pat::Or(it) if self.depth.enter() => {
                for one in &it.cases {
                    self.labels(one, labels);
                }
                self.depth.leave();
            }
            _ => {}
        }
        false
    }

    fn pattern(&mut self, pattern: &syn::Pat) -> Expr {
        let at = start(pattern);
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let bound = match pattern {
            syn::Pat::Wild(_) => name(at, "_"),
            syn::Pat::Ident(it) => name(at, it.ident.to_string()),
            syn::Pat::Type(it) => self.pattern(&it.pat),
            syn::Pat::Tuple(it) => {
                let parts = it.elems.iter().map(|one| self.pattern(one)).collect();
                Expr::new(at, ExprKind::List(parts))
            }
            syn::Pat::TupleStruct(it) => {
                let parts = it.elems.iter().map(|one| self.pattern(one)).collect();
                Expr::new(at, ExprKind::List(parts))
            }
            _ => other(at, Vec::new()),
        };
        self.depth.leave();
        bound
    }

    fn boxed(&mut self, value: &syn::Expr) -> Box<Expr> {
        Box::new(self.expr(value))
    }

    fn list<'a>(&mut self, values: impl IntoIterator<Item = &'a syn::Expr>) -> Vec<Expr> {
        values.into_iter().map(|value| self.expr(value)).collect()
    }

    fn expr(&mut self, value: &syn::Expr) -> Expr {
        let at = start(value);
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let kind = self.kind(value, at);
        self.depth.leave();
        Expr::new(at, kind)
    }

    fn kind(&mut self, value: &syn::Expr, at: usize) -> ExprKind {
        match value {
            syn::Expr::Lit(it) => literal(&it.lit),
            syn::Expr::Path(it) => ExprKind::Name(path_text(&it.path)),
            syn::Expr::Field(it) => {
                let member = match &it.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                ExprKind::Member(self.boxed(&it.base), member)
            }
            syn::Expr::Index(it) => ExprKind::Index(self.boxed(&it.expr), self.boxed(&it.index)),
            syn::Expr::Call(it) => {
                let callee = self.boxed(&it.func);
                ExprKind::Call(callee, plain(self.list(&it.args)))
            }
            syn::Expr::MethodCall(it) => {
                let receiver = self.boxed(&it.receiver);
                let callee = Expr::new(start(&it.method), ExprKind::Member(receiver, it.method.to_string()));
                ExprKind::Call(Box::new(callee), plain(self.list(&it.args)))
            }
            syn::Expr::Macro(it) => self.macro_call(&it.mac, at).kind,
            syn::Expr::Await(it) => self.expr(&it.base).kind,
            syn::Expr::Paren(it) => self.expr(&it.expr).kind,
            syn::Expr::Group(it) => self.expr(&it.expr).kind,
            syn::Expr::Reference(it) => self.expr(&it.expr).kind,
            syn::Expr::Cast(it) => self.expr(&it.expr).kind,
            syn::Expr::Try(it) => ExprKind::Propagate(self.boxed(&it.expr)),
            syn::Expr::Unary(it) => match it.op {
                syn::UnOp::Not(_) => ExprKind::Not(self.boxed(&it.expr)),
                syn::UnOp::Deref(_) => self.expr(&it.expr).kind,
                _ => ExprKind::Other(vec![self.expr(&it.expr)]),
            },
            syn::Expr::Binary(it) => self.binary(it),
            syn::Expr::Assign(it) => {
                let target = match it.left.as_ref() {
                    syn::Expr::Infer(_) => Box::new(name(at, "_")),
                    left => self.boxed(left),
                };
                ExprKind::Assign(target, self.boxed(&it.right))
            }
            syn::Expr::Let(it) => {
                let mut labels = Vec::new();
                self.labels(&it.pat, &mut labels);
                let target =
                    Expr::new(at, ExprKind::List(labels.iter().map(|label| name(at, label)).collect()));
                ExprKind::Assign(Box::new(target), self.boxed(&it.expr))
            }
            syn::Expr::Struct(it) => {
                let fields = it.fields.iter().map(|field| {
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(index) => index.index.to_string(),
                    };
                    (name, self.expr(&field.expr))
                });
                let mut fields: Vec<(String, Expr)> = fields.collect();
                fields.extend(it.rest.iter().map(|rest| (String::new(), self.expr(rest))));
                ExprKind::Record(Some(path_text(&it.path)), fields)
            }
            syn::Expr::Tuple(it) if it.elems.is_empty() => ExprKind::Null,
            syn::Expr::Tuple(it) => ExprKind::List(self.list(&it.elems)),
            syn::Expr::Array(it) => ExprKind::List(self.list(&it.elems)),
            syn::Expr::Repeat(it) => {
                let (unit, count) = (self.expr(&it.expr), self.expr(&it.len));
                ExprKind::Call(Box::new(name(at, "repeat")), plain(vec![unit, count]))
            }
            syn::Expr::Closure(it) => self.closure(it, at),
            value => self.statement(value, at),
        }
    }

    /// Expressions that are statements elsewhere.
    fn statement(&mut self, value: &syn::Expr, at: usize) -> ExprKind {
        let kind = match value {
            syn::Expr::If(it) => {
                let condition = self.expr(&it.cond);
                let then = self.block(&it.then_branch, false);
                let otherwise = it.else_branch.as_ref();
                let otherwise = otherwise.map(|(_, value)| vec![as_statement(self.expr(value))]);
                StmtKind::If(condition, then, otherwise.unwrap_or_default())
            }
            syn::Expr::Match(it) => {
                let subject = self.expr(&it.expr);
                StmtKind::Switch(subject, it.arms.iter().map(|arm| self.arm(arm, false)).collect())
            }
            syn::Expr::Block(it) => return ExprKind::Block(self.block(&it.block, false)),
            syn::Expr::Unsafe(it) => return ExprKind::Block(self.block(&it.block, false)),
            syn::Expr::Async(it) => return ExprKind::Block(self.block(&it.block, false)),
            syn::Expr::Const(it) => return ExprKind::Block(self.block(&it.block, false)),
            syn::Expr::Loop(it) => StmtKind::Loop(Vec::new(), self.block(&it.body, false)),
            syn::Expr::While(it) => {
                let heads = vec![self.expr(&it.cond)];
                StmtKind::Loop(heads, self.block(&it.body, false))
            }
            syn::Expr::ForLoop(it) => {
                let heads = vec![self.expr(&it.expr)];
                StmtKind::Loop(heads, self.block(&it.body, false))
            }
            syn::Expr::Return(it) => StmtKind::Return(it.expr.as_ref().map(|value| self.expr(value))),
            syn::Expr::Break(_) | syn::Expr::Continue(_) => StmtKind::Leave,
            syn::Expr::Yield(it) => {
                return ExprKind::Other(it.expr.iter().map(|value| self.expr(value)).collect());
            }
            _ => return ExprKind::Other(Vec::new()),
        };
        ExprKind::Block(vec![Stmt::new(at, kind)])
    }

    fn closure(&mut self, it: &syn::ExprClosure, at: usize) -> ExprKind {
        let parameters = it.inputs.iter();
        let parameters =
            parameters.map(|one| (self.pattern(one).last_name().unwrap_or("").to_owned(), None)).collect();
        let mut body = Vec::new();
        self.returned(&it.body, &mut body);
        ExprKind::Closure(Box::new(Function { at, name: String::new(), parameters, marks: Vec::new(), body }))
    }

    fn binary(&mut self, it: &syn::ExprBinary) -> ExprKind {
        let (left, right) = (self.boxed(&it.left), self.boxed(&it.right));
        match it.op {
            syn::BinOp::Or(_) => ExprKind::Either(left, right),
            syn::BinOp::And(_) => ExprKind::Both(left, right),
            syn::BinOp::Eq(_) => ExprKind::Compare(true, left, right),
            syn::BinOp::Ne(_)
            | syn::BinOp::Lt(_)
            | syn::BinOp::Le(_)
            | syn::BinOp::Gt(_)
            | syn::BinOp::Ge(_) => ExprKind::Compare(false, left, right),
            syn::BinOp::AddAssign(_) => {
                let sum = Expr::new(left.at, ExprKind::Join(vec![(*left).clone(), *right]));
                ExprKind::Assign(left, Box::new(sum))
            }
            _ => ExprKind::Join(vec![*left, *right]),
        }
    }

    fn macro_call(&mut self, it: &syn::Macro, at: usize) -> Expr {
        let last = it.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let callee = Box::new(name(at, format!("{last}!")));
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        // `vec![x; n]`.
        let repeat = it.parse_body_with(|input: syn::parse::ParseStream<'_>| {
            let unit: syn::Expr = input.parse()?;
            input.parse::<syn::Token![;]>()?;
            Ok((unit, input.parse::<syn::Expr>()?))
        });
        let found = if last == "vec"
            && let Ok((unit, count)) = repeat
        {
            let parts = plain(vec![self.expr(&unit), self.expr(&count)]);
            Expr::new(at, ExprKind::Call(Box::new(name(at, "repeat")), parts))
        } else {
            let parsed = it.parse_body_with(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated);
            let arguments = parsed.map(|values| plain(self.list(&values)));
            let arguments = arguments.unwrap_or_else(|_no_expressions| self.named(it));
            Expr::new(at, ExprKind::Call(callee, arguments))
        };
        self.depth.leave();
        found
    }

    /// Arguments of macros that are no expressions, as `info!(key = %secret, "text")` has: the names in them.
    fn named(&mut self, it: &syn::Macro) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for token in it.tokens.clone() {
            let at = token.span().byte_range().start;
            match token {
                TokenTree::Ident(ident) => {
                    arguments.push(Argument { name: None, value: name(at, ident.to_string()) });
                }
                TokenTree::Literal(value) => {
                    if let Ok(lit) = syn::parse_str::<syn::Lit>(&value.to_string()) {
                        arguments.push(Argument { name: None, value: Expr::new(at, literal(&lit)) });
                    }
                }
                _ => {}
            }
        }
        arguments
    }
}

/// A block of one statement that stands alone is that statement.
fn as_statement(value: Expr) -> Stmt {
    match value.kind {
        ExprKind::Block(mut body) if body.len() == 1 => {
            let at = value.at;
            body.pop().unwrap_or_else(|| Stmt::new(at, StmtKind::Block(Vec::new())))
        }
        kind => statement(Expr::new(value.at, kind)),
    }
}

fn plain(values: Vec<Expr>) -> Vec<Argument> {
    values.into_iter().map(|value| Argument { name: None, value }).collect()
}

fn literal(lit: &syn::Lit) -> ExprKind {
    match lit {
        syn::Lit::Str(text) => ExprKind::Text(text.value()),
        syn::Lit::ByteStr(bytes) => ExprKind::Text(String::from_utf8_lossy(&bytes.value()).into_owned()),
        syn::Lit::Bool(value) => ExprKind::Bool(value.value),
        syn::Lit::Int(number) => ExprKind::Number(number.base10_digits().to_owned()),
        syn::Lit::Float(number) => ExprKind::Number(number.base10_digits().to_owned()),
        syn::Lit::Char(one) => ExprKind::Text(one.value().to_string()),
        syn::Lit::Byte(one) => ExprKind::Number(one.value().to_string()),
        _ => ExprKind::Other(Vec::new()),
    }
}
