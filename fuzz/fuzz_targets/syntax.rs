//! Source code in every language that is known: no panic, the same tree twice, places inside the text; and through the audit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_audit::{MemoryTree, audit_source};
use veritee_fuzz::audit_twice;
use veritee_source::syntax::{Language, Limits};

/// Smaller than the program's own, so that a run of the fuzzer stays within its memory.
const LIMITS: Limits = Limits { bytes: 64 << 10, tokens: 8_000, depth: 64 };

/// A parser that is not ours may give up in a panic, which the reader turns into "not read": that is no fault here.
fn forgive_parsers() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let abort = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some(veritee_syntax::THREAD) {
                abort(info);
            }
        }));
    });
}

fuzz_target!(|data: &[u8]| {
    forgive_parsers();
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = core::str::from_utf8(rest) else { return };
    let path = ["a.py", "a.ts", "a.tsx", "a.js", "a.rs", "a.go"][usize::from(*first) % 6];
    let language = Language::of(path).expect("a language");
    let read = veritee_syntax::read(language, text, &LIMITS);
    if let Ok(tree) = &read {
        for stmt in tree {
            assert!(stmt.at <= text.len());
            stmt.expressions(&mut |value| assert!(value.at <= text.len()));
        }
    }
    assert_eq!(read, veritee_syntax::read(language, text, &LIMITS));
    if text.len() < 4096 {
        // With a word that a rule asks about, the audit parses it.
        let code = format!("{text}\n");
        let tree = MemoryTree::new([(path, code.as_bytes())]);
        audit_twice(|context| audit_source(None, &tree, context));
    }
});
