//! Go, by gosyn's parser.

use crate::lower::{Depth, name, other};
use crate::tree::Unread;
use crate::tree::{Argument, Arm, Expr, ExprKind, Function, Stmt, StmtKind};
use gosyn::ast;
use gosyn::token::{LitKind, Operator};

pub(crate) fn read(source: &str, depth: &mut Depth) -> Result<Vec<Stmt>, Unread> {
    let file = gosyn::parse_source(source).map_err(|_broken| Unread::Broken)?;
    let offsets = (!source.is_ascii()).then(|| source.char_indices().map(|(at, _)| at).collect());
    Ok(Reader { depth, offsets }.file(&file))
}

struct Reader<'d> {
    depth: &'d mut Depth,
    /// Bytes of each character, where the two differ: places are counted in characters there.
    offsets: Option<Vec<usize>>,
}

impl Reader<'_> {
    fn at(&self, characters: usize) -> usize {
        match &self.offsets {
            None => characters,
            Some(offsets) => offsets.get(characters).copied().unwrap_or(0),
        }
    }

    fn file(&mut self, file: &ast::File) -> Vec<Stmt> {
        let mut found = Vec::new();
        for declaration in &file.decl {
            match declaration {
                ast::Declaration::Function(it) => {
                    let at = self.at(it.name.pos);
                    let body = it.body.as_ref().map(|body| self.body(&body.list)).unwrap_or_default();
                    let parameters = parameters(&it.typ);
                    let name = it.name.name.clone();
                    let function = Function { at, name, parameters, marks: Vec::new(), body };
                    found.push(Stmt::new(at, StmtKind::Function(Box::new(function))));
                }
                ast::Declaration::Variable(it) => self.variables(it, &mut found),
                ast::Declaration::Const(it) => self.constants(it, &mut found),
                ast::Declaration::Type(_) => {}
            }
        }
        // What a package is imported for alone runs at the start.
        for import in
            file.imports.iter().filter(|import| import.name.as_ref().is_some_and(|name| name.name == "_"))
        {
            let at = self.at(import.path.pos);
            let path = Expr::new(at, ExprKind::Text(unquoted(&import.path.value)));
            found.push(Stmt::new(at, StmtKind::Drop(crate::lower::call(at, name(at, "import"), vec![path]))));
        }
        found
    }

    fn variables(&mut self, it: &ast::Decl<ast::VarSpec>, found: &mut Vec<Stmt>) {
        for spec in &it.specs {
            self.bind(&spec.name, &spec.values, found);
        }
    }

    fn constants(&mut self, it: &ast::Decl<ast::ConstSpec>, found: &mut Vec<Stmt>) {
        for spec in &it.specs {
            self.bind(&spec.name, &spec.values, found);
        }
    }

    fn bind(&mut self, names: &[ast::Ident], values: &[ast::Expression], found: &mut Vec<Stmt>) {
        let Some(first) = names.first() else { return };
        let at = self.at(first.pos);
        if let ([value], true) = (values, names.len() > 1) {
            let targets = names.iter().map(|ident| name(self.at(ident.pos), &ident.name)).collect();
            let target = Expr::new(at, ExprKind::List(targets));
            let value = self.expr(value);
            found.push(Stmt::new(at, StmtKind::Assign(target, value)));
            return;
        }
        for (ident, value) in names.iter().zip(values) {
            let at = self.at(ident.pos);
            let value = self.expr(value);
            found.push(Stmt::new(at, StmtKind::Assign(name(at, &ident.name), value)));
        }
    }

    fn body(&mut self, body: &[ast::Statement]) -> Vec<Stmt> {
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

    fn init(&mut self, init: Option<&ast::Statement>, found: &mut Vec<Stmt>) {
        if let Some(init) = init {
            self.stmt(init, found);
        }
    }

    fn stmt(&mut self, stmt: &ast::Statement, found: &mut Vec<Stmt>) {
        let (at, kind) = match stmt {
            ast::Statement::Go(it) => (it.pos, StmtKind::Drop(self.call(&it.call))),
            ast::Statement::Defer(it) => (it.pos, StmtKind::Drop(self.call(&it.call))),
            ast::Statement::Expr(it) => {
                let value = self.expr(&it.expr);
                found.push(Stmt::new(value.at, StmtKind::Drop(value)));
                return;
            }
            ast::Statement::If(it) => {
                self.init(it.init.as_deref(), found);
                let condition = self.expr(&it.cond);
                let then = self.body(&it.body.list);
                let otherwise = it.else_.as_deref().map(|stmt| match stmt {
                    ast::Statement::Block(block) => self.body(&block.list),
                    stmt => self.body(core::slice::from_ref(stmt)),
                });
                (it.pos, StmtKind::If(condition, then, otherwise.unwrap_or_default()))
            }
            ast::Statement::For(it) => {
                let mut heads = Vec::new();
                if let Some(ast::Statement::Expr(condition)) = it.cond.as_deref() {
                    heads.push(self.expr(&condition.expr));
                }
                (it.pos, StmtKind::Loop(heads, self.body(&it.body.list)))
            }
            ast::Statement::Range(it) => {
                let heads = vec![self.expr(&it.expr)];
                (it.pos.0, StmtKind::Loop(heads, self.body(&it.body.list)))
            }
            ast::Statement::Block(it) => (it.pos.0, StmtKind::Block(self.body(&it.list))),
            ast::Statement::Label(it) => {
                (it.pos, StmtKind::Block(self.body(core::slice::from_ref(&*it.stmt))))
            }
            ast::Statement::Assign(it) => return self.assign(it, found),
            ast::Statement::Return(it) => {
                let at = self.at(it.pos);
                let mut values: Vec<Expr> = it.ret.iter().map(|value| self.expr(value)).collect();
                let value = if values.len() == 1 {
                    values.pop()
                } else {
                    (!values.is_empty()).then(|| Expr::new(at, ExprKind::List(values)))
                };
                (it.pos, StmtKind::Return(value))
            }
            ast::Statement::Branch(it) => (it.pos, StmtKind::Leave),
            ast::Statement::Switch(it) => {
                self.init(it.init.as_deref(), found);
                let at = self.at(it.pos);
                let subject = it.tag.as_ref().map(|tag| self.expr(tag));
                let subject = subject.unwrap_or_else(|| other(at, Vec::new()));
                (
                    it.pos,
                    StmtKind::Switch(subject, it.block.body.iter().map(|case| self.case(case)).collect()),
                )
            }
            ast::Statement::TypeSwitch(it) => {
                let at = self.at(it.pos);
                let arms = it.block.body.iter().map(|case| self.case(case)).collect();
                (it.pos, StmtKind::Switch(other(at, Vec::new()), arms))
            }
            ast::Statement::Select(it) => (it.pos, self.select(it)),
            ast::Statement::Declaration(ast::DeclStmt::Variable(it)) => return self.variables(it, found),
            ast::Statement::Declaration(ast::DeclStmt::Const(it)) => return self.constants(it, found),
            ast::Statement::Send(it) => {
                let parts = vec![self.expr(&it.chan), self.expr(&it.value)];
                let at = self.at(it.pos);
                found.push(Stmt::new(at, StmtKind::Drop(other(at, parts))));
                return;
            }
            ast::Statement::IncDec(_) | ast::Statement::Empty(_) | ast::Statement::Declaration(_) => return,
        };
        let at = self.at(at);
        found.push(Stmt::new(at, kind));
    }

    fn select(&mut self, it: &ast::SelectStmt) -> StmtKind {
        let at = self.at(it.pos);
        let arms = it.body.body.iter().map(|clause| {
            let mut body = Vec::new();
            self.init(clause.comm.as_deref(), &mut body);
            body.extend(self.body(&clause.body));
            Arm { labels: Vec::new(), default: clause.comm.is_none(), body }
        });
        let arms = arms.collect();
        StmtKind::Switch(other(at, Vec::new()), arms)
    }

    fn assign(&mut self, it: &ast::AssignStmt, found: &mut Vec<Stmt>) {
        let mut targets: Vec<Expr> = it.left.iter().map(|target| self.expr(target)).collect();
        let mut values: Vec<Expr> = it.right.iter().map(|value| self.expr(value)).collect();
        let at = targets.first().map_or_else(|| self.at(it.pos), |target| target.at);
        if targets.len() == values.len() {
            for (target, value) in targets.into_iter().zip(values) {
                let value = match it.op {
                    Operator::Assign | Operator::Define => value,
                    _ => Expr::new(value.at, ExprKind::Join(vec![target.clone(), value])),
                };
                found.push(Stmt::new(target.at, StmtKind::Assign(target, value)));
            }
            return;
        }
        let target = match targets.len() {
            1 => targets.pop().unwrap_or_else(|| other(at, Vec::new())),
            _ => Expr::new(at, ExprKind::List(targets)),
        };
        let value = match values.len() {
            1 => values.pop().unwrap_or_else(|| other(at, Vec::new())),
            _ => Expr::new(at, ExprKind::List(values)),
        };
        found.push(Stmt::new(at, StmtKind::Assign(target, value)));
    }

    fn case(&mut self, case: &ast::CaseClause) -> Arm {
        let labels = case.list.iter().filter_map(|label| match self.expr(label).kind {
            ExprKind::Text(text) | ExprKind::Name(text) | ExprKind::Member(_, text) => Some(text),
            _ => None,
        });
        let labels = labels.collect();
        Arm { labels, default: case.list.is_empty(), body: self.body(&case.body) }
    }

    fn call(&mut self, it: &ast::Call) -> Expr {
        let callee = self.expr(&it.func);
        let at = callee.at;
        let arguments =
            it.args.iter().map(|value| Argument { name: None, value: self.expr(value) }).collect();
        Expr::new(at, ExprKind::Call(Box::new(callee), arguments))
    }

    fn expr(&mut self, value: &ast::Expression) -> Expr {
        if !self.depth.enter() {
            return other(0, Vec::new());
        }
        let read = self.read(value);
        self.depth.leave();
        read
    }

    fn boxed(&mut self, value: &ast::Expression) -> Box<Expr> {
        Box::new(self.expr(value))
    }

    fn read(&mut self, value: &ast::Expression) -> Expr {
        match value {
            ast::Expression::Call(it) => self.call(it),
            ast::Expression::Ident(it) => {
                let kind = match it.name.as_str() {
                    "nil" => ExprKind::Null,
                    "true" => ExprKind::Bool(true),
                    "false" => ExprKind::Bool(false),
                    name => ExprKind::Name(name.to_owned()),
                };
                Expr::new(self.at(it.pos), kind)
            }
            ast::Expression::BasicLit(it) => {
                let kind = match it.kind {
                    LitKind::String | LitKind::Char => ExprKind::Text(unquoted(&it.value)),
                    _ => ExprKind::Number(it.value.clone()),
                };
                Expr::new(self.at(it.pos), kind)
            }
            ast::Expression::Selector(it) => {
                let of = self.boxed(&it.x);
                Expr::new(of.at, ExprKind::Member(of, it.sel.name.clone()))
            }
            ast::Expression::Index(it) => {
                let of = self.boxed(&it.left);
                Expr::new(of.at, ExprKind::Index(of, self.boxed(&it.index)))
            }
            ast::Expression::IndexList(it) => self.expr(&it.left),
            ast::Expression::Slice(it) => {
                let of = self.expr(&it.left);
                other(of.at, vec![of])
            }
            ast::Expression::Paren(it) => self.expr(&it.expr),
            ast::Expression::Star(it) => self.expr(&it.right),
            ast::Expression::TypeAssert(it) => self.expr(&it.left),
            ast::Expression::FuncLit(it) => {
                let at = self.at(it.typ.pos);
                let body = self.body(&it.body.list);
                let parameters = parameters(&it.typ);
                let function = Function { at, name: String::new(), parameters, marks: Vec::new(), body };
                Expr::new(at, ExprKind::Closure(Box::new(function)))
            }
            ast::Expression::CompositeLit(it) => self.composite(it),
            ast::Expression::Operation(it) => self.operation(it),
            ast::Expression::List(items) => {
                let items: Vec<Expr> = items.iter().map(|item| self.expr(item)).collect();
                Expr::new(items.first().map_or(0, |item| item.at), ExprKind::List(items))
            }
            ast::Expression::TypeSlice(it) => name(self.at(it.pos.0), "[]"),
            ast::Expression::TypeArray(it) => name(self.at(it.pos.0), "[]"),
            ast::Expression::TypeMap(it) => name(self.at(it.pos.0), "map"),
            _ => other(0, Vec::new()),
        }
    }

    fn operation(&mut self, it: &ast::Operation) -> Expr {
        let left = self.boxed(&it.x);
        let at = left.at;
        let Some(right) = it.y.as_deref() else {
            return match it.op {
                Operator::Not => Expr::new(at, ExprKind::Not(left)),
                Operator::And => *left,
                _ => other(at, vec![*left]),
            };
        };
        let right = self.boxed(right);
        let kind = match it.op {
            Operator::OrOr => ExprKind::Either(left, right),
            Operator::AndAnd => ExprKind::Both(left, right),
            Operator::Equal => ExprKind::Compare(true, left, right),
            Operator::NotEqual
            | Operator::Less
            | Operator::Greater
            | Operator::LessEqual
            | Operator::GreaterEqual => ExprKind::Compare(false, left, right),
            _ => ExprKind::Join(vec![*left, *right]),
        };
        Expr::new(at, kind)
    }

    fn composite(&mut self, it: &ast::CompositeLit) -> Expr {
        let of = self.expr(&it.typ);
        let at = of.at;
        self.literal(&it.val, Some(of.path()), at)
    }

    fn literal(&mut self, it: &ast::LiteralValue, of: Option<String>, at: usize) -> Expr {
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let mut fields = Vec::new();
        let mut keyed = false;
        for element in &it.values {
            let key = match &element.key {
                Some(ast::Element::Expr(key)) => match self.expr(key).kind {
                    ExprKind::Name(name) | ExprKind::Text(name) => name,
                    _ => String::new(),
                },
                _ => String::new(),
            };
            keyed |= element.key.is_some();
            let value = match &element.val {
                ast::Element::Expr(value) => self.expr(value),
                ast::Element::LitValue(inner) => self.literal(inner, None, at),
            };
            fields.push((key, value));
        }
        self.depth.leave();
        if keyed || fields.is_empty() {
            return Expr::new(at, ExprKind::Record(of, fields));
        }
        Expr::new(at, ExprKind::List(fields.into_iter().map(|(_, value)| value).collect()))
    }
}

fn parameters(of: &ast::FuncType) -> Vec<(String, Option<Expr>)> {
    let names = of.params.list.iter().flat_map(|field| &field.name);
    names.map(|ident| (ident.name.clone(), None)).collect()
}

/// The text between the quotes; escapes that matter to no rule stay as they are.
fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix(['"', '`', '\'']).unwrap_or(value);
    inner.strip_suffix(['"', '`', '\'']).unwrap_or(inner).to_owned()
}
