//! Keys and evidence that come from somewhere else when the enclave does not answer, and modes that switch checks off.

use super::Hit;
use super::constants::{constant, is_hash, is_random, is_stand_in};
use super::outcome;
use super::reads;
use super::shape::{Named, blocks, bound, called, every, functions, has_word, mentions};
use crate::names::words;
use veritee_model::Severity;
use veritee_source::syntax::{Expr, ExprKind, Function, Stmt, StmtKind};

/// Where a key or evidence comes from inside of the machine.
const MACHINE: &[&str] =
    &["DSTACK", "TAPPD", "ENCLAVE", "KMS", "TEE", "TDX", "SGX", "ATTESTATION", "SIMULATOR", "NITRO", "CVM"];

/// What such a function gives.
const GIVEN: &[&str] =
    &["KEY", "KEYS", "SEED", "SECRET", "MNEMONIC", "WALLET", "SIGNER", "QUOTE", "ATTESTATION", "EVIDENCE"];

/// Words that make a name say something about a key, not the key.
const ABOUT: &[&str] =
    &["HASH", "ID", "DIGEST", "FINGERPRINT", "PUBLIC", "PUB", "PATH", "FILE", "NAME", "URL", "TYPE", "SIZE"];

/// A call that asks the machine for a key or for evidence.
fn is_source(value: &Expr) -> bool {
    let Some((callee, _)) = called(value) else { return false };
    let Some(last) = callee.last_name() else { return false };
    let of_last = words(last);
    let asks = matches!(
        of_last.first().map(String::as_str),
        Some("GET" | "DERIVE" | "ASK" | "FETCH" | "REQUEST" | "LOAD" | "TDX")
    );
    let path = callee.path();
    let machine = has_word(&path, MACHINE);
    let client = path.split('.').any(|part| has_word(part, &["CLIENT", "SDK"]));
    let given = of_last.iter().any(|word| GIVEN.contains(&word.as_str()));
    // `ask_dstack()`, `client.get_key("app")`, `dstack.info()` is neither.
    asks && (machine && (given || of_last.iter().any(|word| MACHINE.contains(&word.as_str())))
        || client && given)
}

fn asks_machine(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= is_source(inner);
        !found && !matches!(inner.kind, ExprKind::Closure(_))
    });
    found
}

fn body_asks(body: &[Stmt]) -> bool {
    let mut found = false;
    for stmt in body {
        stmt.expressions(&mut |value| found |= asks_machine(value));
    }
    found
}

/// What stands in for a key, and how grave that is.
fn stand_in(value: &Expr) -> Option<(Severity, &'static str)> {
    if let Some(text) = constant(value) {
        return (text.len() >= 4).then_some((Severity::High, "a constant that everybody can read"));
    }
    if is_stand_in(value) && !matches!(value.kind, ExprKind::Call(..)) {
        return Some((Severity::High, "a value that says of itself that it stands in"));
    }
    if is_mock(value) {
        return Some((Severity::High, "evidence that is none"));
    }
    if is_hash(value) && !asks_machine(value) {
        return Some((Severity::High, "a hash of something that is no secret"));
    }
    is_random(value).then_some((Severity::Medium, "fresh random bytes, which nobody vouches for"))
}

/// `{ quote: "0x00", mock: true }`.
fn is_mock(value: &Expr) -> bool {
    let ExprKind::Record(_, fields) = &value.kind else { return false };
    let says = fields.iter().any(|(name, value)| {
        has_word(name, &["MOCK", "FAKE", "SIMULATED", "DUMMY"]) && matches!(value.kind, ExprKind::Bool(true))
    });
    let fixed = fields.iter().any(|(name, value)| {
        has_word(name, &["QUOTE", "ATTESTATION", "EVIDENCE", "REPORT"]) && constant(value).is_some()
    });
    says && fixed
}

/// What a file says.
pub(crate) fn hits(body: &[Stmt]) -> Vec<Hit> {
    let mut hits = Vec::new();
    blocks(body, None, &mut |block, of| in_block(block, of, &mut hits));
    for named in functions(body) {
        in_function(&named, &mut hits);
    }
    every(body, &mut |value| in_value(value, &mut hits));
    hits.sort_by_key(|hit| (hit.at, core::cmp::Reverse(hit.severity)));
    hits.dedup_by_key(|hit| hit.at);
    hits
}

fn add(hits: &mut Vec<Hit>, value: &Expr, when: &str) {
    if let Some((severity, what)) = stand_in(value) {
        hits.push(Hit::new(value.at, severity, format!("{when}, the key or the evidence is {what}")));
    }
}

/// Values that a branch gives back or puts in place.
fn given(body: &[Stmt]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for stmt in body {
        match &stmt.kind {
            StmtKind::Return(Some(value)) => found.push(first_of(value)),
            StmtKind::Assign(target, value)
                if target.last_name().is_some_and(|name| has_word(name, GIVEN) && !has_word(name, ABOUT)) =>
            {
                found.push(value);
            }
            StmtKind::Block(inner) | StmtKind::Loop(_, inner) => found.extend(given(inner)),
            StmtKind::If(_, then, otherwise) => {
                found.extend(given(then));
                found.extend(given(otherwise));
            }
            _ => {}
        }
    }
    found
}

/// `return key, nil`: the key.
fn first_of(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::List(items) => match items.as_slice() {
            [first, rest] if matches!(rest.kind, ExprKind::Null) => first,
            _ => value,
        },
        ExprKind::Call(callee, arguments) if matches!(callee.last_name(), Some("Ok" | "Some")) => {
            arguments.first().map_or(value, |one| &one.value)
        }
        _ => value,
    }
}

fn in_block(block: &[Stmt], of: Option<&Function>, hits: &mut Vec<Hit>) {
    let mut asked: Vec<&str> = Vec::new();
    for stmt in block {
        match &stmt.kind {
            StmtKind::Try(body, handlers, _) if body_asks(body) => {
                for value in handlers.iter().flat_map(|handler| given(handler)) {
                    add(hits, value, "when the machine does not answer");
                }
            }
            StmtKind::Assign(target, value) if asks_machine(value) => asked.extend(bound(target)),
            // `k, err := client.GetKey(…); if err != nil { return []byte("…") }`.
            StmtKind::If(condition, then, _) if asked.iter().any(|name| mentions(condition, name)) => {
                for value in given(then) {
                    add(hits, value, "when the machine does not answer");
                }
            }
            StmtKind::Switch(subject, arms) => {
                let asks = asks_machine(subject);
                for arm in arms {
                    if asks && arm.labels.iter().any(|label| label == "Err") {
                        for value in given(&arm.body) {
                            add(hits, value, "when the machine does not answer");
                        }
                    }
                    in_arm(&arm.labels, &arm.body, of, hits);
                }
            }
            StmtKind::If(condition, then, otherwise) => mode(condition, then, otherwise, hits),
            _ => {}
        }
    }
}

/// `Mode::Trial => User::admin(…)`.
fn in_arm(labels: &[String], body: &[Stmt], of: Option<&Function>, hits: &mut Vec<Hit>) {
    let trial = labels.iter().any(|label| {
        let last = label.rsplit("::").next().unwrap_or(label);
        has_word(last, &["TRIAL", "TEST", "DEV", "DEMO", "MOCK", "GUEST", "DEBUG", "DEVELOPMENT"])
    });
    if !trial || of.is_some_and(|of| has_word(&of.name, &["FMT", "TEST"])) {
        return;
    }
    for stmt in body {
        stmt.expressions(&mut |value| {
            value.walk(&mut |inner| {
                if let ExprKind::Call(callee, _) = &inner.kind
                    && has_word(&callee.path(), &["ADMIN", "ROOT", "SUPERUSER"])
                {
                    let why = "in a mode that is no production, whoever comes is an administrator";
                    hits.push(Hit::new(inner.at, Severity::High, why));
                    return false;
                }
                true
            });
        });
    }
}

/// A function that gives a key or evidence: from the machine where that is there, and else from elsewhere.
fn in_function(named: &Named<'_>, hits: &mut Vec<Hit>) {
    if !has_word(named.name, GIVEN) {
        return;
    }
    let body = &named.function.body;
    let mut conditions = false;
    blocks(body, None, &mut |block, _| {
        for stmt in block {
            if let StmtKind::If(condition, _, _) = &stmt.kind {
                conditions |= speaks_of_machine(condition);
            }
        }
    });
    let values = given(body);
    if conditions && values.iter().any(|value| asks_machine(value)) {
        for value in values.iter().filter(|value| !asks_machine(value)) {
            add(hits, value, "when the machine is not there");
        }
    }
}

/// A condition about the enclave: its socket, its variable, its name.
fn speaks_of_machine(condition: &Expr) -> bool {
    let mut found = false;
    condition.walk(&mut |inner| {
        found |= match &inner.kind {
            ExprKind::Text(text) => ["dstack", "tappd", "tdx_guest", "/dev/tdx", "nsm"]
                .iter()
                .any(|word| text.to_ascii_lowercase().contains(word)),
            ExprKind::Name(name) | ExprKind::Member(_, name) => has_word(name, MACHINE),
            _ => false,
        };
        !found
    });
    found
}

/// `getKey() ?? "…"`, `get_key().unwrap_or(…)`, `getKey().catch(() => "…")`.
fn in_value(value: &Expr, hits: &mut Vec<Hit>) {
    const WHEN: &str = "when the machine does not answer";
    match &value.kind {
        ExprKind::Either(one, other) if asks_machine(one) => add(hits, other, WHEN),
        ExprKind::Choice(condition, one, other) if speaks_of_machine(condition) => {
            for (asks, instead) in [(one, other), (other, one)] {
                if asks_machine(asks) && !asks_machine(instead) {
                    add(hits, instead, "when the machine is not there");
                }
            }
        }
        ExprKind::Call(callee, arguments) => {
            if let ExprKind::Member(inner, method) = &callee.kind
                && matches!(method.as_str(), "unwrap_or" | "unwrap_or_else" | "catch" | "or_else" | "map_or")
                && asks_machine(inner)
            {
                for one in arguments {
                    match &one.value.kind {
                        ExprKind::Closure(function) => {
                            given(&function.body).into_iter().for_each(|value| add(hits, value, WHEN));
                        }
                        _ => add(hits, &one.value, WHEN),
                    }
                }
            }
        }
        ExprKind::Record(..) if is_mock(value) => {
            hits.push(Hit::new(value.at, Severity::High, "evidence that is none is handed out as evidence"));
        }
        _ => {}
    }
}

const OFF: &[&str] =
    &["SKIP", "BYPASS", "DISABLE", "DISABLED", "INSECURE", "NO", "IGNORE", "UNSAFE", "ALLOW"];
const MODES: &[&str] = &[
    "TEST",
    "TESTING",
    "DEV",
    "DEVELOPMENT",
    "MOCK",
    "FAKE",
    "SIMULATE",
    "SIMULATION",
    "SIMULATOR",
    "TRIAL",
    "DEMO",
    "STUB",
    "DUMMY",
];
const CHECKED: &[&str] = &[
    "VERIFY",
    "VERIFICATION",
    "VALIDATE",
    "VALIDATION",
    "ATTESTATION",
    "ATTEST",
    "AUTH",
    "AUTHENTICATION",
    "SIGNATURE",
    "PAYMENT",
    "CHECK",
    "CHECKS",
    "QUOTE",
    "CERT",
    "ENFORCE",
    "REQUIRE",
    "REQUIRED",
    "ENFORCED",
    "TEE",
    "ALLOWLIST",
    "WHITELIST",
];

/// Whether a variable switches a check off by its name: `SKIP_QUOTE_VERIFICATION`.
pub(crate) fn switches_off(name: &str) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    words.first().is_some_and(|first| OFF.contains(&first.as_str()) && first != "ALLOW" && first != "NO")
        && has(CHECKED)
        || has(&["SKIP", "BYPASS", "DISABLE"]) && has(CHECKED)
}

/// A condition on a variable, and a branch that lets something go.
fn mode(condition: &Expr, then: &[Stmt], otherwise: &[Stmt], hits: &mut Vec<Hit>) {
    let mut names = Vec::new();
    condition.walk(&mut |inner| {
        names.extend(reads::variable(inner).map(|(name, _)| name));
        true
    });
    let Some(name) = names.iter().find(|name| has_word(name, MODES) || switches_off(name)) else { return };
    let lets_go = |body: &[Stmt]| {
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign(target, value) => target.last_name().is_some_and(|target| {
                has_word(target, CHECKED) && matches!(value.kind, ExprKind::Bool(false) | ExprKind::Null)
                    || has_word(target, OFF) && matches!(value.kind, ExprKind::Bool(true))
            }),
            StmtKind::Return(Some(value)) => outcome::is_yes(value) || is_mock(value),
            _ => false,
        })
    };
    let refuses = |body: &[Stmt]| body.iter().any(|stmt| matches!(stmt.kind, StmtKind::Throw(_)));
    if lets_go(then) || lets_go(otherwise) || refuses(then) && switches_off(name) {
        hits.push(Hit::new(
            condition.at,
            Severity::Medium,
            format!("the variable {name} switches a check off"),
        ));
    }
}
