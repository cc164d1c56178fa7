//! JavaScript and TypeScript, by oxc's parser.

use crate::lower::{Depth, call, name, other, statement, text};
use crate::tree::{Argument, Arm, Expr, ExprKind, Function, Stmt, StmtKind};
use crate::tree::{Language, Unread};
use oxc_allocator::Allocator;
use oxc_ast::ast as js;
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

pub(crate) fn read(language: Language, source: &str, depth: &mut Depth) -> Result<Vec<Stmt>, Unread> {
    let kinds: &[SourceType] = match language {
        Language::TypeScript => &[SourceType::ts()],
        Language::TypeScriptElements => &[SourceType::tsx()],
        _ => &[SourceType::jsx(), SourceType::cjs()],
    };
    for kind in kinds {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, *kind).parse();
        if !parsed.panicked {
            return Ok(Reader { depth }.body(&parsed.program.body));
        }
    }
    Err(Unread::Broken)
}

struct Reader<'d> {
    depth: &'d mut Depth,
}

fn start(span: Span) -> usize {
    usize::try_from(span.start).unwrap_or(0)
}

impl Reader<'_> {
    fn body(&mut self, body: &[js::Statement<'_>]) -> Vec<Stmt> {
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

    /// A statement that may stand without braces.
    fn branch(&mut self, stmt: &js::Statement<'_>) -> Vec<Stmt> {
        match stmt {
            js::Statement::BlockStatement(block) => self.body(&block.body),
            stmt => self.body(core::slice::from_ref(stmt)),
        }
    }

    fn stmt(&mut self, stmt: &js::Statement<'_>, found: &mut Vec<Stmt>) {
        let at = start(stmt.span());
        let kind = match stmt {
            js::Statement::BlockStatement(it) => StmtKind::Block(self.body(&it.body)),
            js::Statement::BreakStatement(_) | js::Statement::ContinueStatement(_) => StmtKind::Leave,
            js::Statement::ExpressionStatement(it) => {
                let value = self.expr(&it.expression);
                found.push(statement(value));
                return;
            }
            js::Statement::IfStatement(it) => {
                let condition = self.expr(&it.test);
                let then = self.branch(&it.consequent);
                let otherwise = it.alternate.as_ref().map(|stmt| self.branch(stmt)).unwrap_or_default();
                StmtKind::If(condition, then, otherwise)
            }
            js::Statement::ReturnStatement(it) => StmtKind::Return(self.maybe(it.argument.as_ref())),
            js::Statement::ThrowStatement(it) => StmtKind::Throw(Some(self.expr(&it.argument))),
            js::Statement::TryStatement(it) => {
                let body = self.body(&it.block.body);
                let handlers = it.handler.iter().map(|handler| self.body(&handler.body.body)).collect();
                let finally = it.finalizer.as_ref().map(|block| self.body(&block.body));
                StmtKind::Try(body, handlers, finally.unwrap_or_default())
            }
            js::Statement::SwitchStatement(it) => {
                let subject = self.expr(&it.discriminant);
                StmtKind::Switch(subject, it.cases.iter().map(|case| self.case(case)).collect())
            }
            js::Statement::WhileStatement(it) => {
                StmtKind::Loop(vec![self.expr(&it.test)], self.branch(&it.body))
            }
            js::Statement::DoWhileStatement(it) => {
                StmtKind::Loop(vec![self.expr(&it.test)], self.branch(&it.body))
            }
            js::Statement::ForStatement(it) => {
                let heads = it.test.iter().map(|test| self.expr(test)).collect();
                StmtKind::Loop(heads, self.branch(&it.body))
            }
            js::Statement::ForInStatement(it) => {
                StmtKind::Loop(vec![self.expr(&it.right)], self.branch(&it.body))
            }
            js::Statement::ForOfStatement(it) => {
                StmtKind::Loop(vec![self.expr(&it.right)], self.branch(&it.body))
            }
            js::Statement::LabeledStatement(it) => StmtKind::Block(self.branch(&it.body)),
            js::Statement::WithStatement(it) => {
                StmtKind::Loop(vec![self.expr(&it.object)], self.branch(&it.body))
            }
            js::Statement::ExportDefaultDeclaration(it) => self.export_default(it),
            js::Statement::ExportDeclaration(it) => return self.declaration(&it.declaration, found),
            js::Statement::TSExportAssignment(it) => {
                StmtKind::Assign(name(at, "exports"), self.expr(&it.expression))
            }
            stmt => {
                if let Some(declaration) = stmt.as_declaration() {
                    self.declaration(declaration, found);
                }
                return;
            }
        };
        found.push(Stmt::new(at, kind));
    }

    fn export_default(&mut self, it: &js::ExportDefaultDeclaration<'_>) -> StmtKind {
        let at = start(it.span);
        match &it.declaration {
            js::ExportDefaultDeclarationKind::FunctionDeclaration(it) => {
                StmtKind::Function(Box::new(self.function(it, "default")))
            }
            js::ExportDefaultDeclarationKind::ClassDeclaration(it) => self.class(it),
            kind => match kind.as_expression() {
                Some(value) => StmtKind::Assign(name(at, "default"), self.expr(value)),
                None => StmtKind::Block(Vec::new()),
            },
        }
    }

    fn declaration(&mut self, declaration: &js::Declaration<'_>, found: &mut Vec<Stmt>) {
        let at = start(declaration.span());
        match declaration {
            js::Declaration::VariableDeclaration(it) => {
                for one in &it.declarations {
                    let Some(init) = &one.init else { continue };
                    let target = self.pattern(&one.id);
                    let value = self.expr(init);
                    found.push(Stmt::new(start(one.span), StmtKind::Assign(target, value)));
                }
            }
            js::Declaration::FunctionDeclaration(it) => {
                let function = Box::new(self.function(it, ""));
                found.push(Stmt::new(at, StmtKind::Function(function)));
            }
            js::Declaration::ClassDeclaration(it) => {
                let class = self.class(it);
                found.push(Stmt::new(at, class));
            }
            js::Declaration::TSEnumDeclaration(it) => {
                let members = it.body.members.iter().filter_map(|member| member.initializer.as_ref());
                let values = members.map(|value| self.expr(value)).collect();
                found.push(Stmt::new(at, StmtKind::Drop(other(at, values))));
            }
            js::Declaration::TSNamespaceDeclaration(it) => {
                if let js::TSNamespaceDeclarationBody::TSModuleBlock(block) = &it.body {
                    let body = self.body(&block.body);
                    found.push(Stmt::new(at, StmtKind::Block(body)));
                }
            }
            _ => {}
        }
    }

    fn case(&mut self, case: &js::SwitchCase<'_>) -> Arm {
        let label = self.maybe(case.test.as_ref()).and_then(|label| match label.kind {
            ExprKind::Text(text) | ExprKind::Name(text) | ExprKind::Member(_, text) => Some(text),
            _ => None,
        });
        let labels = label.into_iter().collect();
        Arm { labels, default: case.test.is_none(), body: self.body(&case.consequent) }
    }

    /// What a pattern binds; an object's fields keep their names and defaults.
    fn pattern(&mut self, pattern: &js::BindingPattern<'_>) -> Expr {
        let at = start(pattern.span());
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let bound = match pattern {
            js::BindingPattern::BindingIdentifier(it) => name(at, it.name.as_str()),
            js::BindingPattern::ObjectPattern(it) => {
                let fields = it.properties.iter().map(|property| {
                    let key = property.key.static_name().map(|key| key.to_string()).unwrap_or_default();
                    (key, self.pattern(&property.value))
                });
                Expr::new(at, ExprKind::Record(None, fields.collect()))
            }
            js::BindingPattern::ArrayPattern(it) => {
                let parts = it.elements.iter().flatten().map(|one| self.pattern(one)).collect();
                Expr::new(at, ExprKind::List(parts))
            }
            // `{ a = "b" }`: what it binds, or the default.
            js::BindingPattern::AssignmentPattern(it) => {
                let (left, right) = (self.pattern(&it.left), self.expr(&it.right));
                Expr::new(at, ExprKind::Either(Box::new(left), Box::new(right)))
            }
        };
        self.depth.leave();
        bound
    }

    fn function(&mut self, it: &js::Function<'_>, otherwise: &str) -> Function {
        let name = it.id.as_ref().map_or(otherwise, |id| id.name.as_str()).to_owned();
        let parameters = self.parameters(&it.params);
        let body = it.body.as_ref().map(|body| self.body(&body.statements)).unwrap_or_default();
        Function { at: start(it.span), name, parameters, marks: Vec::new(), body }
    }

    fn parameters(&mut self, all: &js::FormalParameters<'_>) -> Vec<(String, Option<Expr>)> {
        all.items
            .iter()
            .map(|one| {
                let pattern = self.pattern(&one.pattern);
                let default = one.initializer.as_ref().map(|value| self.expr(value));
                match pattern.kind {
                    ExprKind::Name(name) => (name, default),
                    ExprKind::Either(target, default) => {
                        (target.last_name().unwrap_or("").to_owned(), Some(*default))
                    }
                    _ => (String::new(), Some(pattern)),
                }
            })
            .collect()
    }

    fn class(&mut self, it: &js::Class<'_>) -> StmtKind {
        let bases = it.heritage.iter().map(|base| self.expr(&base.expression)).collect();
        let mut body = Vec::new();
        for element in &it.body.body {
            let at = start(element.span());
            match element {
                js::ClassElement::MethodDefinition(method) => {
                    let key = method.key.static_name().map(|key| key.to_string()).unwrap_or_default();
                    let mut function = self.function(&method.value, &key);
                    function.marks =
                        method.decorators.iter().map(|mark| self.expr(&mark.expression)).collect();
                    body.push(Stmt::new(at, StmtKind::Function(Box::new(function))));
                }
                js::ClassElement::PropertyDefinition(field) => {
                    let key = field.key.static_name().map(|key| key.to_string()).unwrap_or_default();
                    let value = self.maybe(field.value.as_ref());
                    body.push(Stmt::new(at, StmtKind::Field(key, Vec::new(), value)));
                }
                js::ClassElement::StaticBlock(block) => {
                    let inner = self.body(&block.body);
                    body.push(Stmt::new(at, StmtKind::Block(inner)));
                }
                _ => {}
            }
        }
        StmtKind::Class(it.id.as_ref().map_or("", |id| id.name.as_str()).to_owned(), bases, body)
    }

    fn maybe(&mut self, value: Option<&js::Expression<'_>>) -> Option<Expr> {
        value.map(|value| self.expr(value))
    }

    fn boxed(&mut self, value: &js::Expression<'_>) -> Box<Expr> {
        Box::new(self.expr(value))
    }

    fn expr(&mut self, value: &js::Expression<'_>) -> Expr {
        let at = start(value.span());
        if !self.depth.enter() {
            return other(at, Vec::new());
        }
        let kind = self.kind(value, at);
        self.depth.leave();
        Expr::new(at, kind)
    }

    fn kind(&mut self, value: &js::Expression<'_>, at: usize) -> ExprKind {
        if let Some(inner) = wrapped(value) {
            return self.expr(inner).kind;
        }
        match value {
            js::Expression::BooleanLiteral(it) => ExprKind::Bool(it.value),
            js::Expression::NullLiteral(_) => ExprKind::Null,
            js::Expression::NumericLiteral(it) => ExprKind::Number(it.value.to_string()),
            js::Expression::StringLiteral(it) => ExprKind::Text(it.value.as_str().to_owned()),
            js::Expression::TemplateLiteral(it) => self.template(it),
            js::Expression::Identifier(it) if it.name.as_str() == "undefined" => ExprKind::Null,
            js::Expression::Identifier(it) => ExprKind::Name(it.name.as_str().to_owned()),
            js::Expression::ThisExpression(_) => ExprKind::Name("this".to_owned()),
            js::Expression::Super(_) => ExprKind::Name("super".to_owned()),
            js::Expression::ImportMeta(_) => ExprKind::Name("import.meta".to_owned()),
            js::Expression::ArrayExpression(it) => {
                let items = it.elements.iter().filter_map(|one| match one {
                    js::ArrayExpressionElement::SpreadElement(all) => Some(&all.argument),
                    one => one.as_expression(),
                });
                ExprKind::List(items.map(|item| self.expr(item)).collect())
            }
            js::Expression::ObjectExpression(it) => self.object(it),
            js::Expression::ArrowFunctionExpression(it) => self.arrow(it, at),
            js::Expression::FunctionExpression(it) => ExprKind::Closure(Box::new(self.function(it, ""))),
            js::Expression::AssignmentExpression(it) => self.assignment(it, at),
            js::Expression::ChainExpression(it) => match &it.expression {
                js::ChainElement::CallExpression(it) => self.call(it),
                js::ChainElement::TSNonNullExpression(it) => self.expr(&it.expression).kind,
                element => match element.as_member_expression() {
                    Some(member) => self.member(member),
                    None => ExprKind::Other(Vec::new()),
                },
            },
            js::Expression::BinaryExpression(it) => self.binary(it),
            js::Expression::LogicalExpression(it) => {
                let (one, two) = (self.boxed(&it.left), self.boxed(&it.right));
                if it.operator.is_and() { ExprKind::Both(one, two) } else { ExprKind::Either(one, two) }
            }
            js::Expression::ConditionalExpression(it) => {
                let condition = self.boxed(&it.test);
                ExprKind::Choice(condition, self.boxed(&it.consequent), self.boxed(&it.alternate))
            }
            js::Expression::UnaryExpression(it) if it.operator.is_not() => {
                ExprKind::Not(self.boxed(&it.argument))
            }
            // `void x` throws the result away and is `undefined`.
            js::Expression::UnaryExpression(it) => ExprKind::Other(vec![self.expr(&it.argument)]),
            js::Expression::CallExpression(it) => self.call(it),
            js::Expression::NewExpression(it) => {
                ExprKind::Call(self.boxed(&it.callee), self.arguments(&it.arguments))
            }
            js::Expression::ImportExpression(it) => {
                let source = self.expr(&it.source);
                call(at, name(at, "import"), vec![source]).kind
            }
            js::Expression::SequenceExpression(it) => {
                ExprKind::Other(it.expressions.iter().map(|one| self.expr(one)).collect())
            }
            js::Expression::TaggedTemplateExpression(it) => {
                let quasi = self.template(&it.quasi);
                let value = Expr::new(at, quasi);
                ExprKind::Call(self.boxed(&it.tag), vec![Argument { name: None, value }])
            }
            js::Expression::YieldExpression(it) => {
                ExprKind::Other(self.maybe(it.argument.as_ref()).into_iter().collect())
            }
            js::Expression::ClassExpression(it) => {
                let class = self.class(it);
                ExprKind::Block(vec![Stmt::new(at, class)])
            }
            js::Expression::JSXElement(it) => ExprKind::Other(self.element(it)),
            js::Expression::JSXFragment(it) => ExprKind::Other(self.elements(&it.children)),
            value => match value.as_member_expression() {
                Some(member) => self.member(member),
                None => ExprKind::Other(Vec::new()),
            },
        }
    }

    fn member(&mut self, member: &js::MemberExpression<'_>) -> ExprKind {
        match member {
            js::MemberExpression::ComputedMemberExpression(it) => {
                ExprKind::Index(self.boxed(&it.object), self.boxed(&it.expression))
            }
            js::MemberExpression::StaticMemberExpression(it) => {
                ExprKind::Member(self.boxed(&it.object), it.property.name.as_str().to_owned())
            }
            js::MemberExpression::PrivateFieldExpression(it) => {
                ExprKind::Member(self.boxed(&it.object), it.field.name.as_str().to_owned())
            }
        }
    }

    fn call(&mut self, it: &js::CallExpression<'_>) -> ExprKind {
        ExprKind::Call(self.boxed(&it.callee), self.arguments(&it.arguments))
    }

    fn arguments(&mut self, arguments: &[js::Argument<'_>]) -> Vec<Argument> {
        let values = arguments.iter().filter_map(|one| match one {
            js::Argument::SpreadElement(all) => Some(&all.argument),
            one => one.as_expression(),
        });
        values.map(|value| Argument { name: None, value: self.expr(value) }).collect()
    }

    fn template(&mut self, it: &js::TemplateLiteral<'_>) -> ExprKind {
        let piece =
            |part: &js::TemplateElement<'_>| part.value.cooked.map_or("", |text| text.as_str()).to_owned();
        if it.expressions.is_empty() {
            return ExprKind::Text(it.quasis.iter().map(piece).collect());
        }
        let mut parts: Vec<Expr> = Vec::new();
        let mut holes = it.expressions.iter();
        for part in &it.quasis {
            parts.push(text(start(part.span), piece(part)));
            parts.extend(holes.next().map(|hole| self.expr(hole)));
        }
        ExprKind::Join(parts)
    }

    fn object(&mut self, it: &js::ObjectExpression<'_>) -> ExprKind {
        let mut fields = Vec::new();
        for property in &it.properties {
            match property {
                js::ObjectPropertyKind::ObjectProperty(one) => {
                    let key = one.key.static_name().map(|key| key.to_string()).unwrap_or_default();
                    fields.push((key, self.expr(&one.value)));
                }
                js::ObjectPropertyKind::SpreadProperty(all) => {
                    fields.push((String::new(), self.expr(&all.argument)));
                }
            }
        }
        ExprKind::Record(None, fields)
    }

    fn arrow(&mut self, it: &js::ArrowFunctionExpression<'_>, at: usize) -> ExprKind {
        let parameters = self.parameters(&it.params);
        let body = match &it.body {
            js::ArrowFunctionBody::FunctionBody(body) => self.body(&body.statements),
            body => body.as_expression().map(|value| self.expr(value)).into_iter().map(returned).collect(),
        };
        ExprKind::Closure(Box::new(Function { at, name: String::new(), parameters, marks: Vec::new(), body }))
    }

    fn assignment(&mut self, it: &js::AssignmentExpression<'_>, at: usize) -> ExprKind {
        let value = self.boxed(&it.right);
        let target = match &it.left {
            js::AssignmentTarget::AssignmentTargetIdentifier(id) => name(at, id.name.as_str()),
            target => match target.as_simple_assignment_target().and_then(|one| one.as_member_expression()) {
                Some(member) => Expr::new(at, self.member(member)),
                None => other(at, Vec::new()),
            },
        };
        // `a ||= b`, `a ??= b`: what stands there, or b.
        let value = if it.operator.is_logical() {
            Box::new(Expr::new(at, ExprKind::Either(Box::new(target.clone()), value)))
        } else if it.operator.is_assign() {
            value
        } else {
            Box::new(Expr::new(at, ExprKind::Join(vec![target.clone(), *value])))
        };
        ExprKind::Assign(Box::new(target), value)
    }

    fn binary(&mut self, it: &js::BinaryExpression<'_>) -> ExprKind {
        use js::BinaryOperator as Operator;
        if it.operator.is_equality() || it.operator.is_compare() {
            let same = matches!(it.operator, Operator::Equality | Operator::StrictEquality);
            return ExprKind::Compare(same, self.boxed(&it.left), self.boxed(&it.right));
        }
        // `a + b + c`, read along its left side.
        let mut parts = vec![self.expr(&it.right)];
        let mut here = &it.left;
        while let js::Expression::BinaryExpression(inner) = here
            && !inner.operator.is_equality()
            && !inner.operator.is_compare()
        {
            parts.push(self.expr(&inner.right));
            here = &inner.left;
        }
        parts.push(self.expr(here));
        parts.reverse();
        ExprKind::Join(parts)
    }

    fn element(&mut self, it: &js::JSXElement<'_>) -> Vec<Expr> {
        let mut parts = Vec::new();
        for attribute in &it.opening_element.attributes {
            match attribute {
                js::JSXAttributeItem::Attribute(one) => {
                    if let Some(js::JSXAttributeValue::ExpressionContainer(value)) = &one.value {
                        parts.extend(value.expression.as_expression().map(|value| self.expr(value)));
                    }
                }
                js::JSXAttributeItem::SpreadAttribute(all) => parts.push(self.expr(&all.argument)),
            }
        }
        parts.extend(self.elements(&it.children));
        parts
    }

    fn elements(&mut self, children: &[js::JSXChild<'_>]) -> Vec<Expr> {
        if !self.depth.enter() {
            return Vec::new();
        }
        let mut parts = Vec::new();
        for child in children {
            match child {
                js::JSXChild::Element(inner) => parts.extend(self.element(inner)),
                js::JSXChild::Fragment(inner) => parts.extend(self.elements(&inner.children)),
                js::JSXChild::ExpressionContainer(value) => {
                    parts.extend(value.expression.as_expression().map(|value| self.expr(value)));
                }
                js::JSXChild::Spread(all) => parts.push(self.expr(&all.expression)),
                js::JSXChild::Text(_) => {}
            }
        }
        self.depth.leave();
        parts
    }
}

fn returned(value: Expr) -> Stmt {
    Stmt::new(value.at, StmtKind::Return(Some(value)))
}

/// What stands in an expression that adds nothing for a rule: brackets, types, waiting.
fn wrapped<'a, 'e>(value: &'e js::Expression<'a>) -> Option<&'e js::Expression<'a>> {
    match value {
        js::Expression::AwaitExpression(it) => Some(&it.argument),
        js::Expression::ParenthesizedExpression(it) => Some(&it.expression),
        js::Expression::TSAsExpression(it) => Some(&it.expression),
        js::Expression::TSSatisfiesExpression(it) => Some(&it.expression),
        js::Expression::TSTypeAssertion(it) => Some(&it.expression),
        js::Expression::TSNonNullExpression(it) => Some(&it.expression),
        js::Expression::TSInstantiationExpression(it) => Some(&it.expression),
        _ => None,
    }
}
