//! Hostile texts: whatever a file holds, reading it ends, within its stack, and says why there is no tree.
#![allow(missing_docs)]

use proptest::prelude::*;
use std::time::{Duration, Instant};
use veritee_source::syntax::{Language, Limits, Unread};
use veritee_syntax::read;

const LIMITS: Limits = Limits { bytes: 1 << 20, tokens: 60_000, depth: 64 };

const ALL: [Language; 6] = [
    Language::Go,
    Language::JavaScript,
    Language::Python,
    Language::Rust,
    Language::TypeScript,
    Language::TypeScriptElements,
];

/// What each language nests, as a text that opens, a text in the middle, and one that closes.
const NESTS: [(&str, &str, &str); 36] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{", "", "}"),
    ("((a) => (", "1", "))"),
    ("(a = ", "1", ") => 1"),
    ("a = (", "1", ")"),
    ("f(", "1", ")"),
    ("!", "a", ""),
    ("- ", "a", ""),
    ("not ", "a", ""),
    ("*", "a", ""),
    ("& ", "a", ""),
    ("await ", "a", ""),
    ("a ? b : ", "c", ""),
    ("a ? ", "c", " : b"),
    ("a + ", "b", ""),
    ("a ** ", "b", ""),
    ("a = ", "b", ""),
    ("a.b", "", ""),
    ("a => ", "b", ""),
    ("|a| ", "b", ""),
    ("lambda: ", "b", ""),
    ("if (a) ", "b", ""),
    ("if a { ", "", " }"),
    ("if a {} else ", "{}", ""),
    ("x if c else ", "y", ""),
    ("a: ", "b", ""),
    ("<a>", "", "</a>"),
    ("<a b={", "1", "}/>"),
    ("`${", "1", "}`"),
    ("f'{", "1", "}'"),
    ("let a: Vec<", "u8", ">;"),
    ("type A = B<", "C", ">"),
    ("x as ", "any", ""),
    ("new ", "A", ""),
    ("func() { ", "", " }()"),
];

/// The text as it stands, and where a language wants it: within a function.
fn placed(language: Language, text: &str) -> Vec<String> {
    match language {
        Language::Go => {
            vec![format!("package a\nfunc f() {{\n{text}\n}}\n"), format!("package a\nvar x = {text}\n")]
        }
        Language::Rust => vec![
            format!("fn f() {{ {text} }}"),
            format!("const X: u8 = {text};"),
            format!("type A = {text};"),
        ],
        Language::Python => vec![text.to_owned(), format!("x = {text}"), format!("with {text}:\n  pass")],
        _ => vec![text.to_owned(), format!("x = {text}"), format!("type X = {text};")],
    }
}

fn ends(language: Language, text: &str) {
    let start = Instant::now();
    let answer = read(language, text, &LIMITS);
    let took = start.elapsed();
    let shown: String = text.chars().take(60).collect();
    assert!(took < Duration::from_secs(8), "{language:?} takes {took:?}: {shown}");
    drop(answer);
}

/// As deep as the limits let in, and far beyond them.
#[test]
fn depth_of_any_kind_ends_within_the_stack() {
    for language in ALL {
        for (open, middle, close) in NESTS {
            for levels in [20, 60, 500, 9_000, 50_000] {
                let text = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
                for text in placed(language, &text) {
                    ends(language, &text);
                }
            }
        }
        // Blocks by indentation.
        let stairs: String = (0..900).map(|level| format!("{}if a:\n", " ".repeat(level))).collect();
        ends(language, &stairs);
    }
}

/// Lexers that disagree: quotes, comments and expressions that hide brackets from whoever counts them without a grammar.
#[test]
fn brackets_that_a_counter_without_a_grammar_does_not_see_end_too() {
    for hidden in ["/'/ ((a=", "<p>don't {((a=", "`${`${((a=", "'\\' ((a=", "// ((\n((a=", "/* ' */ ((a="] {
        for levels in [10, 24, 200, 5_000] {
            for language in [Language::JavaScript, Language::TypeScript, Language::TypeScriptElements] {
                ends(language, &format!("x = {}", hidden.repeat(levels)));
                ends(language, &format!("x = {}\n", format!("{hidden}\n").repeat(levels)));
            }
        }
    }
}

#[test]
fn what_is_beyond_a_limit_says_which_one() {
    let large = format!("x = \"{}\"", "a".repeat(2 << 20));
    assert_eq!(read(Language::Python, &large, &LIMITS), Err(Unread::TooLarge));
    let many = "a;".repeat(40_000);
    assert_eq!(read(Language::JavaScript, &many, &LIMITS), Err(Unread::TooManyTokens));
    let deep = format!("x = {}1{}", "(".repeat(400), ")".repeat(400));
    for language in [Language::Python, Language::JavaScript] {
        assert_eq!(read(language, &deep, &LIMITS), Err(Unread::TooDeep), "{language:?}");
    }
    let deep = format!("fn f() {{ x = {}1{} }}", "(".repeat(400), ")".repeat(400));
    assert_eq!(read(Language::Rust, &deep, &LIMITS), Err(Unread::TooDeep));
    let deep = format!("package a\nvar x = {}1{}\n", "(".repeat(400), ")".repeat(400));
    assert_eq!(read(Language::Go, &deep, &LIMITS), Err(Unread::TooDeep));
}

#[test]
fn what_follows_no_grammar_is_broken() {
    for (language, text) in [
        (Language::Go, "package a\nfunc ("),
        (Language::JavaScript, "function ("),
        (Language::TypeScript, "const a: = 1"),
        (Language::Python, "def f(:\n  pass"),
        (Language::Rust, "fn f( {"),
    ] {
        assert_eq!(read(language, text, &LIMITS), Err(Unread::Broken), "{language:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_ends(text in "[a-z(){}\\[\\]<>=:;.,'\"`/*&|!?+ \n\u{e9}\u{4e2d}-]{0,200}") {
        for language in ALL {
            let _ = read(language, &text, &LIMITS);
        }
    }

    #[test]
    fn places_lie_in_the_text(text in "(x = os.getenv\\('X'\\)|é = f\\(\"ü\"\\)|if a: b\\(\\)|\n){0,20}") {
        if let Ok(tree) = read(Language::Python, &text, &LIMITS) {
            for stmt in &tree {
                prop_assert!(text.is_char_boundary(stmt.at));
                stmt.expressions(&mut |value| assert!(text.is_char_boundary(value.at)));
            }
        }
    }
}
