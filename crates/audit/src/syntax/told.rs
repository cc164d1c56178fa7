//! What lines in a log give away, by the arguments of the calls that write them.

use super::Hit;
use super::outcome::is_log;
use super::shape::{called, every};
use crate::names::words;
use veritee_model::Severity;
use veritee_source::syntax::{Expr, ExprKind, Stmt};

/// What a file says.
pub(crate) fn hits(body: &[Stmt]) -> Vec<Hit> {
    let mut hits = Vec::new();
    every(body, &mut |value| {
        if !is_log(value) {
            return;
        }
        let Some((_, arguments)) = called(value) else { return };
        let mut told = Vec::new();
        for one in arguments {
            secrets(&one.value, &mut told);
        }
        if let Some(name) = told.first() {
            hits.push(Hit::new(value.at, Severity::Medium, format!("{name} goes to the log")));
        }
    });
    hits
}

/// Names of secrets that stand in a text as they are: not their length, a part, or a hash.
fn secrets<'a>(value: &'a Expr, told: &mut Vec<&'a str>) {
    match &value.kind {
        ExprKind::Name(name) | ExprKind::Member(_, name) if is_secret(name) => told.push(name),
        ExprKind::Join(parts) | ExprKind::List(parts) => parts.iter().for_each(|part| secrets(part, told)),
        ExprKind::Record(_, fields) => fields.iter().for_each(|(_, value)| secrets(value, told)),
        ExprKind::Text(text) => {
            // `println!("{secret_key}")`: the names in the holes of Rust's texts.
            for hole in text.split('{').skip(1) {
                let name = hole.split(['}', ':']).next().unwrap_or("");
                if hole.contains('}')
                    && is_secret(name)
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                {
                    told.push(name);
                }
            }
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let words = words(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    let last = words.last().map(String::as_str);
    let harmless =
        ["HASH", "LENGTH", "COUNT", "PATH", "NAME", "ID", "TYPE", "FILE", "PUBLIC", "ADDRESS", "URL"];
    if words.iter().any(|word| harmless.contains(&word.as_str())) {
        return false;
    }
    has("PRIVATE") && has("KEY")
        || has("SECRET") && has("KEY")
        || has("API") && has("KEY")
        || has("SEED") && has("PHRASE")
        || matches!(last, Some("MNEMONIC" | "PASSWORD" | "PASSPHRASE" | "TOKEN" | "PRIVKEY" | "PROMPT"))
}
