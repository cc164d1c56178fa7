//! Python, by ruff's parser.

use crate::lower::{Depth, call, name, null, other, text};
use crate::tree::Unread;
use crate::tree::{Argument, Arm, Expr, ExprKind, Function, Stmt, StmtKind};
use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextSize};

pub(crate) fn read(source: &str, depth: &mut Depth) -> Result<Vec<Stmt>, Unread> {
    let parsed = ruff_python_parser::parse_module(source).map_err(|_broken| Unread::Broken)?;
    Ok(Reader { depth }.body(&parsed.syntax().body))
}

struct Reader<'d> {
    depth: &'d mut Depth,
}

fn offset(at: TextSize) -> usize {
    usize::try_from(u32::from(at)).unwrap_or(0)
}

fn start(node: &impl Ranged) -> usize {
    offset(node.start())
}

impl Reader<'_> {
    fn body(&mut self, body: &[ast::Stmt]) -> Vec<Stmt> {
        if !self.depth.enter() {
            return Vec::new();
        }
        let mut found = Vec::with_capacity(body.len());
        for stmt in body {
            self.stmt(stmt, &mut found);
        }
        self.depth.leave();
        found
    }

    fn stmt(&mut self, stmt: &ast::Stmt, found: &mut Vec<Stmt>) {
        let at = start(stmt);
        let kind = match stmt {
            ast::Stmt::FunctionDef(function) => self.function(function),
            ast::Stmt::ClassDef(class) => {
                let bases = class.arguments.iter().flat_map(|arguments| arguments.args.iter());
                let bases = bases.map(|base| self.expr(base)).collect();
                StmtKind::Class(class.name.to_string(), bases, self.class_body(&class.body))
            }
            ast::Stmt::Return(it) => StmtKind::Return(self.maybe(it.value.as_deref())),
            ast::Stmt::Assign(it) => {
                let value = self.expr(&it.value);
                for target in it.targets.iter().skip(1) {
                    let target = self.expr(target);
                    found.push(Stmt::new(at, StmtKind::Assign(target, value.clone())));
                }
                match it.targets.first() {
                    Some(target) => StmtKind::Assign(self.expr(target), value),
                    None => StmtKind::Drop(value),
                }
            }
            ast::Stmt::AugAssign(it) => {
                let target = self.expr(&it.target);
                let value = self.expr(&it.value);
                StmtKind::Assign(target.clone(), Expr::new(at, ExprKind::Join(vec![target, value])))
            }
            ast::Stmt::AnnAssign(it) => match &it.value {
                Some(value) => StmtKind::Assign(self.expr(&it.target), self.expr(value)),
                None => return,
            },
            ast::Stmt::For(it) => {
                let heads = vec![self.expr(&it.iter)];
                StmtKind::Loop(heads, self.bodies(&[&it.body, &it.orelse]))
            }
            ast::Stmt::While(it) => {
                let heads = vec![self.expr(&it.test)];
                StmtKind::Loop(heads, self.bodies(&[&it.body, &it.orelse]))
            }
            ast::Stmt::With(it) => {
                let heads = it.items.iter().map(|item| self.expr(&item.context_expr)).collect();
                StmtKind::Loop(heads, self.body(&it.body))
            }
            ast::Stmt::If(it) => {
                let condition = self.expr(&it.test);
                let then = self.body(&it.body);
                StmtKind::If(condition, then, self.clauses(&it.elif_else_clauses))
            }
            ast::Stmt::Match(it) => {
                let subject = self.expr(&it.subject);
                StmtKind::Switch(subject, it.cases.iter().map(|case| self.case(case)).collect())
            }
            ast::Stmt::Raise(it) => StmtKind::Throw(self.maybe(it.exc.as_deref())),
            ast::Stmt::Try(it) => {
                let body = self.bodies(&[&it.body, &it.orelse]);
                let handlers = it.handlers.iter();
                let handlers = handlers.map(|ast::ExceptHandler::ExceptHandler(one)| self.body(&one.body));
                let handlers = handlers.collect();
                StmtKind::Try(body, handlers, self.body(&it.finalbody))
            }
            ast::Stmt::Assert(it) => StmtKind::Assert(self.expr(&it.test)),
            ast::Stmt::Expr(it) => match it.value.as_ref() {
                // A text alone is documentation.
                ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_) => return,
                value => StmtKind::Drop(self.expr(value)),
            },
            ast::Stmt::Break(_) | ast::Stmt::Continue(_) => StmtKind::Leave,
            ast::Stmt::Delete(_)
            | ast::Stmt::TypeAlias(_)
            | ast::Stmt::Import(_)
            | ast::Stmt::ImportFrom(_)
            | ast::Stmt::Global(_)
            | ast::Stmt::Nonlocal(_)
            | ast::Stmt::Pass(_)
            | ast::Stmt::IpyEscapeCommand(_) => return,
        };
        found.push(Stmt::new(at, kind));
    }

    fn bodies(&mut self, bodies: &[&[ast::Stmt]]) -> Vec<Stmt> {
        bodies.iter().flat_map(|body| self.body(body)).collect()
    }

    fn clauses(&mut self, clauses: &[ast::ElifElseClause]) -> Vec<Stmt> {
        // From the last one back, so that a long chain costs no depth.
        let mut rest = Vec::new();
        for clause in clauses.iter().rev() {
            let body = self.body(&clause.body);
            rest = match &clause.test {
                None => body,
                Some(test) => {
                    let condition = self.expr(test);
                    vec![Stmt::new(start(clause), StmtKind::If(condition, body, rest))]
                }
            };
        }
        // Nested as deep as there are clauses: not beyond what the tree may have.
        if clauses.len() > 100 {
            self.depth.cut = true;
        }
        rest
    }

    /// Fields of a class: `name: type = default`.
    fn class_body(&mut self, body: &[ast::Stmt]) -> Vec<Stmt> {
        let mut found = Vec::new();
        for stmt in body {
            if let ast::Stmt::AnnAssign(it) = stmt
                && let ast::Expr::Name(field) = it.target.as_ref()
            {
                let value = self.maybe(it.value.as_deref());
                let kind = StmtKind::Field(field.id.as_str().to_owned(), Vec::new(), value);
                found.push(Stmt::new(start(stmt), kind));
            } else if self.depth.enter() {
                self.stmt(stmt, &mut found);
                self.depth.leave();
            }
        }
        found
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) -> StmtKind {
        let marks = function.decorator_list.iter().map(|mark| self.expr(&mark.expression)).collect();
        let parameters = self.parameters(&function.parameters);
        let body = self.body(&function.body);
        let (at, name) = (start(function), function.name.to_string());
        StmtKind::Function(Box::new(Function { at, name, parameters, marks, body }))
    }

    fn parameters(&mut self, parameters: &ast::Parameters) -> Vec<(String, Option<Expr>)> {
        let all = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        all.map(|one| (one.parameter.name.to_string(), self.maybe(one.default.as_deref()))).collect()
    }

    fn case(&mut self, case: &ast::MatchCase) -> Arm {
        let mut labels = Vec::new();
        let mut default = false;
        match &case.pattern {
            ast::Pattern::MatchValue(value) => labels.extend(self.label(&value.value)),
            ast::Pattern::MatchOr(any) => {
                for one in &any.patterns {
                    if let ast::Pattern::MatchValue(value) = one {
                        labels.extend(self.label(&value.value));
                    }
                }
            }
            ast::Pattern::MatchAs(any) => default = any.pattern.is_none() && case.guard.is_none(),
            _ => {}
        }
        Arm { labels, default, body: self.body(&case.body) }
    }

    fn label(&mut self, value: &ast::Expr) -> Option<String> {
        match self.expr(value).kind {
            ExprKind::Text(text) | ExprKind::Name(text) | ExprKind::Member(_, text) => Some(text),
            _ => None,
        }
    }

    fn maybe(&mut self, value: Option<&ast::Expr>) -> Option<Expr> {
        value.map(|value| self.expr(value))
    }

    fn boxed(&mut self, value: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(value))
    }

    fn list(&mut self, values: &[ast::Expr]) -> Vec<Expr> {
        values.iter().map(|value| self.expr(value)).collect()
    }

    fn expr(&mut self, value: &ast::Expr) -> Expr {
        let at = start(value);
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let kind = self.kind(value, at);
        self.depth.leave();
        Expr::new(at, kind)
    }

    fn kind(&mut self, value: &ast::Expr, at: usize) -> ExprKind {
        match value {
            ast::Expr::StringLiteral(it) => ExprKind::Text(it.value.to_str().to_owned()),
            ast::Expr::BytesLiteral(it) => {
                let bytes: Vec<u8> = it.value.bytes().collect();
                ExprKind::Text(String::from_utf8_lossy(&bytes).into_owned())
            }
            ast::Expr::NumberLiteral(it) => match &it.value {
                ast::Number::Int(number) => ExprKind::Number(number.to_string()),
                other => ExprKind::Number(format!("{other:?}")),
            },
            ast::Expr::BooleanLiteral(it) => ExprKind::Bool(it.value),
            ast::Expr::NoneLiteral(_) | ast::Expr::EllipsisLiteral(_) => ExprKind::Null,
            ast::Expr::Name(it) => ExprKind::Name(it.id.as_str().to_owned()),
            ast::Expr::Attribute(it) => ExprKind::Member(self.boxed(&it.value), it.attr.to_string()),
            ast::Expr::Subscript(it) => ExprKind::Index(self.boxed(&it.value), self.boxed(&it.slice)),
            ast::Expr::Call(it) => self.call(it),
            ast::Expr::BoolOp(it) => self.chain(it),
            ast::Expr::Compare(it) => {
                let same = matches!(it.ops.first(), Some(ast::CmpOp::Eq | ast::CmpOp::Is | ast::CmpOp::In));
                let left = self.boxed(&it.left);
                let mut rest = self.list(&it.comparators);
                let right = if rest.len() == 1 { rest.pop() } else { None };
                let right = right.unwrap_or_else(|| other(at, rest));
                ExprKind::Compare(same, left, Box::new(right))
            }
            ast::Expr::UnaryOp(it) if it.op == ast::UnaryOp::Not => ExprKind::Not(self.boxed(&it.operand)),
            ast::Expr::UnaryOp(it) => ExprKind::Other(vec![self.expr(&it.operand)]),
            ast::Expr::BinOp(_) => self.sum(value),
            ast::Expr::If(it) => {
                let condition = self.boxed(&it.test);
                ExprKind::Choice(condition, self.boxed(&it.body), self.boxed(&it.orelse))
            }
            ast::Expr::Named(it) => ExprKind::Assign(self.boxed(&it.target), self.boxed(&it.value)),
            ast::Expr::Await(it) => self.expr(&it.value).kind,
            ast::Expr::Dict(it) => self.dict(it),
            ast::Expr::List(it) => ExprKind::List(self.list(&it.elts)),
            ast::Expr::Tuple(it) => ExprKind::List(self.list(&it.elts)),
            ast::Expr::Set(it) => ExprKind::List(self.list(&it.elts)),
            ast::Expr::FString(it) => {
                let parts: Vec<Expr> = it.value.elements().map(|part| self.piece(part)).collect();
                ExprKind::Join(parts)
            }
            ast::Expr::Lambda(it) => {
                let parameters = it.parameters.as_deref().map(|all| self.parameters(all)).unwrap_or_default();
                let value = self.expr(&it.body);
                let body = vec![Stmt::new(value.at, StmtKind::Return(Some(value)))];
                let function = Function { at, name: String::new(), parameters, marks: Vec::new(), body };
                ExprKind::Closure(Box::new(function))
            }
            ast::Expr::ListComp(it) => self.comprehension(&[&it.elt], &it.generators),
            ast::Expr::SetComp(it) => self.comprehension(&[&it.elt], &it.generators),
            ast::Expr::Generator(it) => self.comprehension(&[&it.elt], &it.generators),
            ast::Expr::DictComp(it) => self.comprehension(&[&it.value], &it.generators),
            ast::Expr::Yield(it) => ExprKind::Other(self.maybe(it.value.as_deref()).into_iter().collect()),
            ast::Expr::YieldFrom(it) => ExprKind::Other(vec![self.expr(&it.value)]),
            ast::Expr::Starred(it) => ExprKind::Other(vec![self.expr(&it.value)]),
            ast::Expr::TString(_) | ast::Expr::Slice(_) | ast::Expr::IpyEscapeCommand(_) => {
                ExprKind::Other(Vec::new())
            }
        }
    }

    fn piece(&mut self, part: &ast::InterpolatedStringElement) -> Expr {
        match part {
            ast::InterpolatedStringElement::Interpolation(hole) => self.expr(&hole.expression),
            ast::InterpolatedStringElement::Literal(literal) => text(start(literal), &*literal.value),
        }
    }

    fn comprehension(&mut self, values: &[&ast::Expr], generators: &[ast::Comprehension]) -> ExprKind {
        let mut parts: Vec<Expr> = values.iter().map(|value| self.expr(value)).collect();
        for one in generators {
            parts.push(self.expr(&one.iter));
            parts.extend(self.list(&one.ifs));
        }
        ExprKind::Other(parts)
    }

    fn call(&mut self, it: &ast::ExprCall) -> ExprKind {
        let callee = self.boxed(&it.func);
        let plain = it.arguments.args.iter();
        let mut arguments: Vec<Argument> =
            plain.map(|value| Argument { name: None, value: self.expr(value) }).collect();
        for keyword in &it.arguments.keywords {
            let name = keyword.arg.as_ref().map(ToString::to_string);
            arguments.push(Argument { name, value: self.expr(&keyword.value) });
        }
        ExprKind::Call(callee, arguments)
    }

    fn chain(&mut self, it: &ast::ExprBoolOp) -> ExprKind {
        let make = |one: Expr, two: Expr| {
            let at = one.at;
            let (one, two) = (Box::new(one), Box::new(two));
            let any = it.op == ast::BoolOp::Or;
            Expr::new(at, if any { ExprKind::Either(one, two) } else { ExprKind::Both(one, two) })
        };
        if it.values.len() > 40 {
            return ExprKind::Other(self.list(&it.values));
        }
        let mut values = self.list(&it.values).into_iter();
        let first = values.next();
        first
            .and_then(|first| values.reduce(make).map(|rest| (first, rest)))
            .map_or(ExprKind::Other(Vec::new()), |(first, rest)| make(first, rest).kind)
    }

    /// `a + b + c`, read along its left side.
    fn sum(&mut self, value: &ast::Expr) -> ExprKind {
        let mut parts = Vec::new();
        let mut here = value;
        let mut product = false;
        while let ast::Expr::BinOp(it) = here {
            product |= it.op == ast::Operator::Mult;
            parts.push(self.expr(&it.right));
            here = &it.left;
        }
        parts.push(self.expr(here));
        parts.reverse();
        // `b"\0" * 32` is a call in other languages.
        if product && parts.len() == 2 {
            let at = parts.first().map_or(0, |part| part.at);
            let count = parts.pop().unwrap_or_else(|| null(at));
            let unit = parts.pop().unwrap_or_else(|| null(at));
            return call(at, name(at, "repeat"), vec![unit, count]).kind;
        }
        ExprKind::Join(parts)
    }

    fn dict(&mut self, it: &ast::ExprDict) -> ExprKind {
        let mut fields = Vec::new();
        for item in &it.items {
            let key = match &item.key {
                Some(ast::Expr::StringLiteral(key)) => key.value.to_str().to_owned(),
                _ => String::new(),
            };
            fields.push((key, self.expr(&item.value)));
        }
        ExprKind::Record(None, fields)
    }
}
