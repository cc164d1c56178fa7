//! One meaning, written in each language, is one tree.
#![allow(missing_docs)]

use veritee_source::syntax::{ExprKind, Language, Limits, Stmt, StmtKind};
use veritee_syntax::read;

fn tree(language: Language, text: &str) -> Vec<Stmt> {
    let limits = Limits { bytes: 1 << 20, tokens: 60_000, depth: 64 };
    read(language, text, &limits).unwrap_or_else(|why| panic!("{language:?}: {why}\n{text}"))
}

/// The body of the first function.
fn body(tree: &[Stmt]) -> &[Stmt] {
    let function = tree.iter().find_map(|stmt| match &stmt.kind {
        StmtKind::Function(function) => Some(function),
        _ => None,
    });
    &function.expect("a function").body
}

#[test]
fn a_condition_has_what_its_branches_do() {
    for (language, text) in [
        (Language::Python, "def f(q):\n    if not verify(q):\n        return False\n    return True\n"),
        (Language::TypeScript, "function f(q: string) { if (!verify(q)) return false; return true }"),
        (
            Language::JavaScript,
            "async function f(q) { if (!(await verify(q))) { return false } return true }",
        ),
        (Language::Rust, "fn f(q: &[u8]) -> bool { if !verify(q) { return false; } true }"),
        (
            Language::Go,
            "package a\nfunc f(q []byte) bool {\n\tif !verify(q) {\n\t\treturn false\n\t}\n\treturn true\n}\n",
        ),
    ] {
        let tree = tree(language, text);
        let [first, second] = body(&tree) else { panic!("{language:?}: {tree:#?}") };
        let StmtKind::If(condition, then, otherwise) = &first.kind else { panic!("{language:?}: {first:?}") };
        let ExprKind::Not(call) = &condition.kind else { panic!("{language:?}: {condition:?}") };
        assert!(
            matches!(&call.kind, ExprKind::Call(callee, arguments) if callee.path() == "verify" && arguments.len() == 1)
        );
        assert!(otherwise.is_empty());
        let returned = |stmt: &Stmt, value: bool| matches!(&stmt.kind, StmtKind::Return(Some(it)) if it.kind == ExprKind::Bool(value));
        assert!(matches!(then.as_slice(), [one] if returned(one, false)), "{language:?}: {then:?}");
        assert!(returned(second, true), "{language:?}: {second:?}");
        // Places are bytes of the text.
        assert!(text[first.at..].starts_with("if"), "{language:?}");
    }
}

#[test]
fn a_fallback_is_one_in_every_idiom_that_has_an_operator_for_it() {
    for (language, text) in [
        (Language::Python, "x = env('A') or 'b'"),
        (Language::JavaScript, "x = env('A') || 'b'"),
        (Language::TypeScript, "x = env('A') ?? 'b'"),
    ] {
        let tree = tree(language, text);
        let [Stmt { kind: StmtKind::Assign(target, value), .. }] = tree.as_slice() else {
            panic!("{tree:?}")
        };
        assert_eq!(target.last_name(), Some("x"));
        let ExprKind::Either(_, other) = &value.kind else { panic!("{value:?}") };
        assert_eq!(other.kind, ExprKind::Text("b".to_owned()));
    }
}

#[test]
fn a_dropped_result_and_a_handler_that_does_nothing_are_told() {
    let tree_of = tree(Language::Rust, "fn f() { let _ = verify(q); verify(q)?; }");
    let [dropped, kept] = body(&tree_of) else { panic!("{tree_of:?}") };
    assert!(matches!(&dropped.kind, StmtKind::Assign(target, _) if target.last_name() == Some("_")));
    assert!(matches!(&kept.kind, StmtKind::Drop(value) if matches!(value.kind, ExprKind::Propagate(_))));

    for (language, text) in [
        (Language::Python, "def f():\n    try:\n        verify(q)\n    except Exception:\n        pass\n"),
        (Language::TypeScript, "function f() { try { verify(q) } catch {} }"),
    ] {
        let tree = tree(language, text);
        let [Stmt { kind: StmtKind::Try(tried, handlers, _), .. }] = body(&tree) else { panic!("{tree:?}") };
        assert!(matches!(tried.as_slice(), [Stmt { kind: StmtKind::Drop(_), .. }]));
        assert!(matches!(handlers.as_slice(), [handler] if handler.is_empty()), "{language:?}");
    }
}

#[test]
fn tests_of_rust_are_left_out() {
    let tree = tree(Language::Rust, "#[cfg(test)] mod tests { fn a() {} } #[test] fn b() {} fn c() {}");
    assert_eq!(tree.len(), 1);
}

#[test]
fn places_of_go_are_bytes_behind_other_characters_too() {
    let text = "package a\n// größer\nvar ключ = verify(\"ü\")\nvar b = 1\n";
    let tree = tree(Language::Go, text);
    for (stmt, word) in tree.iter().zip(["ключ", "b"]) {
        assert!(text[stmt.at..].starts_with(word), "{stmt:?}");
    }
}
