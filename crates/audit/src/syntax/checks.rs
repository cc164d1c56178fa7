//! Checks of quotes, signatures, measurements and certificates whose failure has no effect.
//!
//! A check is told by its name and by what it is given; whether it throws or answers is told by its language, by its name,
//! or by its own body where it stands in the tree.

use super::Hit;
use super::outcome::{self, Outcome};
use super::shape::{Named, argument, blocks, bound, called, every, functions, has_word, mentioned};
use crate::names::words;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::Severity;
use veritee_source::syntax::{Argument, Expr, ExprKind, Function, Language, Stmt, StmtKind};

/// What a check is about, at the beginning of a word.
const SUBJECTS: &[&str] = &[
    "QUOTE",
    "ATTEST",
    "MRTD",
    "RTMR",
    "MEASUREMENT",
    "MRENCLAVE",
    "MRSIGNER",
    "SIGNATURE",
    "CERTIFICATE",
    "X509",
    "REPORTDATA",
    "DCAP",
    "QVL",
    "TDX",
    "SGX",
    "SNP",
    "EVIDENCE",
    "TCB",
    "ED25519",
    "ECDSA",
    "SECP256",
    "ENCLAVE",
    "COLLATERAL",
    "GENUINE",
    "PROVENANCE",
    "SIGSTORE",
];

/// Whole words of the same.
const EXACT: &[&str] = &["SIG", "CERT", "CERTS", "TEE", "CHAIN"];

/// Values whose comparison is a check.
const MEASURED: &[&str] = &[
    "MRTD",
    "RTMR",
    "RTMR0",
    "RTMR1",
    "RTMR2",
    "RTMR3",
    "MEASUREMENT",
    "MEASUREMENTS",
    "MRENCLAVE",
    "MRSIGNER",
    "REPORTDATA",
];

pub(crate) fn speaks_of(word: &str) -> bool {
    SUBJECTS.iter().any(|subject| word.starts_with(subject)) || EXACT.contains(&word)
}

fn any_subject(name: &str) -> bool {
    words(name).iter().any(|word| speaks_of(word))
}

/// How a check answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// With a value that has to be looked at.
    Verdict,
    /// By throwing, or nobody knows.
    Throws,
}

/// What is known of the checks that a tree defines itself.
#[derive(Debug, Default)]
pub(crate) struct Defined {
    /// Names of functions that answer yes or no and throw nothing.
    verdicts: BTreeSet<String>,
    /// Names that throw.
    throwing: BTreeSet<String>,
}

impl Defined {
    pub(crate) fn add(&mut self, body: &[Stmt]) {
        for named in functions(body).into_iter().filter(|named| verb(named.name).is_some()) {
            let ends = ends(&named.function.body);
            // What gives nothing back throws, or ends the program.
            if ends.throws || ends.values.is_empty() {
                self.throwing.insert(named.name.to_owned());
            } else if !ends.values.is_empty() && ends.values.iter().all(|value| is_verdict(value)) {
                self.verdicts.insert(named.name.to_owned());
            }
        }
    }
}

fn is_verdict(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Bool(_) | ExprKind::Compare(..) | ExprKind::Not(_) => true,
        ExprKind::Both(one, other) | ExprKind::Either(one, other) => is_verdict(one) || is_verdict(other),
        _ => false,
    }
}

/// How a function ends.
#[derive(Default)]
struct Ends<'a> {
    values: Vec<&'a Expr>,
    throws: bool,
    /// Calls that are no lines in a log.
    calls: bool,
}

fn ends(body: &[Stmt]) -> Ends<'_> {
    let mut found = Ends::default();
    gather(body, &mut found);
    found
}

fn gather<'a>(body: &'a [Stmt], found: &mut Ends<'a>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Return(Some(value)) => found.values.push(value),
            StmtKind::Throw(_) | StmtKind::Assert(_) => found.throws = true,
            _ => {}
        }
        super::shape::own_expressions(stmt, &mut |value| {
            if outcome::is_log(value) {
                return;
            }
            value.walk(&mut |inner| {
                found.calls |= matches!(&inner.kind, ExprKind::Call(callee, _) if !matches!(callee.last_name(), Some("Ok" | "Some")));
                found.throws |= matches!(&inner.kind, ExprKind::Propagate(_));
                true
            });
        });
        if !matches!(stmt.kind, StmtKind::Function(_)) {
            for part in stmt.parts() {
                gather(part, found);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Verify,
    Check,
    /// `is_genuine`, `isValid`: it answers.
    Is,
}

/// The verb that a function's name begins with.
fn verb(name: &str) -> Option<Verb> {
    const NO_CHECK: &[&str] = &[
        "CONFIG", "SCHEMA", "FORMAT", "LENGTH", "URL", "HANDLER", "OPTIONS", "LATER", "EMAIL", "EXISTS",
        "INPUT", "CHAINID", "EXPIRED", "EXPIRY", "NETWORK", "EXIST",
    ];
    let words = words(name);
    let first = words
        .iter()
        .find(|word| !matches!(word.as_str(), "DO" | "TRY" | "MUST" | "ASYNC" | "MAYBE" | "SAFE"))?;
    if words.iter().any(|word| NO_CHECK.contains(&word.as_str())) {
        return None;
    }
    match first.as_str() {
        "VERIFY" | "VERIFIES" => Some(Verb::Verify),
        "CHECK" | "VALIDATE" | "AUTHENTICATE" | "ENSURE" => Some(Verb::Check),
        "IS" | "HAS"
            if words.iter().any(|word| {
                matches!(
                    word.as_str(),
                    "GENUINE" | "VALID" | "AUTHENTIC" | "VERIFIED" | "TRUSTED" | "ATTESTED"
                )
            }) =>
        {
            Some(Verb::Is)
        }
        _ => None,
    }
}

/// The check that a call is.
fn check_of<'a>(value: &'a Expr, defined: &Defined) -> Option<(String, Answer, &'a [Argument])> {
    let (callee, arguments) = called(value)?;
    let last = callee.last_name()?;
    let verb = verb(last)?;
    let path = callee.path();
    let given = || {
        arguments.iter().filter(|one| !matches!(one.value.kind, ExprKind::Closure(_))).any(|one| {
            let mut found = false;
            one.value.walk(&mut |inner| {
                found |= match &inner.kind {
                    ExprKind::Name(name) | ExprKind::Member(_, name) => any_subject(name),
                    _ => false,
                };
                !found
            });
            found
        })
    };
    let about = match verb {
        Verb::Verify | Verb::Is => any_subject(&path) || given(),
        Verb::Check => any_subject(last),
    };
    if !about {
        return None;
    }
    let answers = verb == Verb::Is || defined.verdicts.contains(last) && !defined.throwing.contains(last);
    Some((path, if answers { Answer::Verdict } else { Answer::Throws }, arguments))
}

/// What a file says.
pub(crate) fn hits(body: &[Stmt], language: Language, defined: &Defined) -> Vec<Hit> {
    let mut reader = Reader { language, defined, hits: Vec::new() };
    blocks(body, None, &mut |block, of| reader.block(block, of));
    for named in functions(body) {
        reader.function(&named);
    }
    every(body, &mut |value| reader.switched_off(value));
    reader.hits.sort_by_key(|hit| hit.at);
    reader.hits.dedup_by_key(|hit| hit.at);
    reader.hits
}

struct Reader<'a> {
    language: Language,
    defined: &'a Defined,
    hits: Vec<Hit>,
}

impl Reader<'_> {
    fn add(&mut self, at: usize, of: Option<&Function>, why: String) {
        let pretends = of.is_some_and(|of| is_pretence(&of.name));
        let severity = if pretends { Severity::Medium } else { Severity::High };
        self.hits.push(Hit::new(at, severity, why));
    }

    /// Statements behind each other: what a check answers is looked for in those that follow.
    fn block(&mut self, block: &[Stmt], of: Option<&Function>) {
        // Names that hold what a check answered.
        let mut answers: BTreeMap<&str, String> = BTreeMap::new();
        for (index, stmt) in block.iter().enumerate() {
            let rest = block.get(index.saturating_add(1)..).unwrap_or(&[]);
            match &stmt.kind {
                StmtKind::Assign(target, value) => self.assigned(stmt.at, target, value, of, &mut answers),
                StmtKind::Drop(value) => self.dropped(stmt.at, value, of),
                StmtKind::If(condition, then, otherwise) => {
                    self.branched(condition, then, otherwise, rest, &answers, of);
                }
                StmtKind::Try(body, handlers, _) => self.caught(body, handlers, rest, of),
                StmtKind::Assert(condition) => {
                    let check =
                        |value: &Expr| check_of(value, self.defined).is_some() || is_comparison(value, true);
                    let inside = of.is_some_and(|of| verb(&of.name).is_some());
                    if inside && check(condition) {
                        let why = "the check is an `assert`: Python leaves it out under -O";
                        self.hits.push(Hit::new(stmt.at, Severity::Low, why));
                    }
                }
                _ => {}
            }
        }
    }

    fn assigned<'a>(
        &mut self,
        at: usize,
        target: &'a Expr,
        value: &Expr,
        of: Option<&Function>,
        answers: &mut BTreeMap<&'a str, String>,
    ) {
        for name in bound(target) {
            answers.remove(name);
        }
        let Some((path, ..)) = check_of(value, self.defined) else {
            // What `verify(…).catch(() => {})` answers is nothing.
            return self.swallowed(at, value, of);
        };
        let names = bound(target);
        let last = names.last().copied();
        let thrown_away = !names.is_empty() && names.iter().all(|name| *name == "_")
            || self.language == Language::Go && names.len() > 1 && last == Some("_");
        if thrown_away {
            // `_, err := f()` keeps what counts; `let _ = f()?` returns on failure.
            if !matches!(value.kind, ExprKind::Propagate(_)) {
                self.add(at, of, format!("the answer of `{path}` is thrown away"));
            }
        } else if !matches!(value.kind, ExprKind::Propagate(_)) {
            answers.extend(names.into_iter().map(|name| (name, path.clone())));
        }
    }

    fn dropped(&mut self, at: usize, value: &Expr, of: Option<&Function>) {
        if let Some((path, answer, _)) = check_of(value, self.defined) {
            // In Go nothing throws; elsewhere a check that answers says so by its name or its body.
            let looked_at = matches!(value.kind, ExprKind::Propagate(_))
                || self.language == Language::Rust && answer == Answer::Throws;
            let throws = path.rsplit('.').next().is_some_and(|last| self.defined.throwing.contains(last));
            let answers = self.language == Language::Go && !throws || answer == Answer::Verdict;
            if !looked_at && answers {
                self.add(at, of, format!("nobody looks at what `{path}` answers"));
            }
            return;
        }
        self.swallowed(at, value, of);
    }

    /// `verify(…).ok();`, `verify(…).catch(() => {});`, `verify(…).unwrap_or(true)`.
    fn swallowed(&mut self, at: usize, value: &Expr, of: Option<&Function>) {
        let ExprKind::Call(callee, arguments) = &value.kind else { return };
        let ExprKind::Member(inner, method) = &callee.kind else { return };
        let Some((path, ..)) = check_of(inner, self.defined) else { return };
        let swallowed = match method.as_str() {
            "ok" | "unwrap_or_default" if self.language == Language::Rust => true,
            "unwrap_or" | "unwrap_or_else" if self.language == Language::Rust => {
                arguments.first().is_some_and(|one| match &one.value.kind {
                    ExprKind::Closure(function) => outcome::of(&function.body) != Outcome::Acts,
                    _ => outcome::is_yes(&one.value) || matches!(one.value.kind, ExprKind::Null),
                })
            }
            "catch" => arguments.first().is_some_and(|one| match &one.value.kind {
                ExprKind::Closure(function) => outcome::of(&function.body) != Outcome::Acts,
                _ => outcome::is_log(&one.value),
            }),
            _ => false,
        };
        if swallowed {
            self.add(at, of, format!("a failure of `{path}` is swallowed by `.{method}()`"));
        }
    }

    fn branched(
        &mut self,
        condition: &Expr,
        then: &[Stmt],
        otherwise: &[Stmt],
        rest: &[Stmt],
        answers: &BTreeMap<&str, String>,
        of: Option<&Function>,
    ) {
        let inside = of.is_some_and(|of| verb(&of.name).is_some());
        let Some((side, what, name)) = self.side(condition, answers, inside) else { return };
        // What the answer is used for later decides.
        if name.is_some_and(|name| mentioned(rest, name)) {
            return;
        }
        let (failing, passing) = match side {
            Side::Then => (then, otherwise),
            Side::Otherwise => (otherwise, then),
        };
        let outcome = outcome::of(failing);
        let passes = match (side, outcome) {
            (_, Outcome::Acts) => false,
            // `if ok { … }` without more: only success does something.
            (Side::Otherwise, Outcome::Nothing) => {
                !failing.is_empty() && outcome::of(passing) != Outcome::Acts
            }
            (_, Outcome::Yes) => true,
            (Side::Then, Outcome::Nothing) => passing.is_empty() || outcome::of(passing) != Outcome::Acts,
        };
        let goes_on = outcome == Outcome::Yes || goes_on(rest);
        if passes && goes_on {
            let at = failing.first().map_or(condition.at, |_| condition.at);
            self.add(at, of, format!("when {what} fails, it goes on: the branch neither returns nor throws"));
        }
    }

    /// On which side of a condition a check has failed, what was checked, and the name that holds the answer.
    fn side<'v>(
        &self,
        condition: &'v Expr,
        answers: &BTreeMap<&'v str, String>,
        inside: bool,
    ) -> Option<(Side, String, Option<&'v str>)> {
        let held = |value: &'v Expr| match &value.kind {
            ExprKind::Name(name) => {
                answers.get(name.as_str()).map(|path| (format!("`{path}`"), name.as_str()))
            }
            _ => None,
        };
        match &condition.kind {
            ExprKind::Not(inner) => {
                let (side, what, name) = self.side(inner, answers, inside)?;
                Some((side.other(), what, name))
            }
            ExprKind::Compare(same, one, other) => {
                if let Some((what, name)) = held(one).or_else(|| held(other)) {
                    let value = if held(one).is_some() { other } else { one };
                    return match value.kind {
                        // `err != nil`, `error is not None`.
                        ExprKind::Null => {
                            Some((if *same { Side::Otherwise } else { Side::Then }, what, Some(name)))
                        }
                        ExprKind::Bool(expected) => Some((
                            if *same == expected { Side::Otherwise } else { Side::Then },
                            what,
                            Some(name),
                        )),
                        _ => None,
                    };
                }
                is_comparison(condition, inside).then(|| {
                    (
                        if *same { Side::Otherwise } else { Side::Then },
                        "the comparison of what is measured".to_owned(),
                        None,
                    )
                })
            }
            // `if let Err(error) = verify(…)`.
            ExprKind::Assign(target, value) => {
                let (path, ..) = check_of(value, self.defined)?;
                let names = bound(target);
                let side = match names.first() {
                    Some(&"Err") => Side::Then,
                    Some(&"Ok") => Side::Otherwise,
                    _ => return None,
                };
                Some((side, format!("`{path}`"), None))
            }
            ExprKind::Call(callee, _) => {
                if let ExprKind::Member(inner, method) = &callee.kind
                    && let Some((path, ..)) = check_of(inner, self.defined)
                {
                    return match method.as_str() {
                        "is_err" => Some((Side::Then, format!("`{path}`"), None)),
                        "is_ok" => Some((Side::Otherwise, format!("`{path}`"), None)),
                        _ => None,
                    };
                }
                let (path, ..) = check_of(condition, self.defined)?;
                Some((Side::Otherwise, format!("`{path}`"), None))
            }
            _ => held(condition).map(|(what, name)| (Side::Otherwise, what, Some(name))),
        }
    }

    fn caught(&mut self, body: &[Stmt], handlers: &[Vec<Stmt>], rest: &[Stmt], of: Option<&Function>) {
        let Some((index, at, path)) = body.iter().enumerate().find_map(|(index, stmt)| {
            // A check whose answer is kept is judged where that is looked at.
            let StmtKind::Drop(value) = &stmt.kind else { return None };
            check_of(value, self.defined).map(|(path, ..)| (index, stmt.at, path))
        }) else {
            return;
        };
        // What stands behind the check in the same body does not run when it throws.
        let behind = body.get(index.saturating_add(1)..).unwrap_or(&[]);
        let succeeds = outcome::of(behind) == Outcome::Acts;
        for handler in handlers {
            let passes = match outcome::of(handler) {
                Outcome::Acts => false,
                Outcome::Yes => true,
                Outcome::Nothing => !succeeds && goes_on(rest),
            };
            if passes {
                self.add(
                    at,
                    of,
                    format!("when `{path}` throws, it goes on: the handler neither returns nor throws"),
                );
                return;
            }
        }
    }

    /// A function that is called a check and says yes to everything.
    fn function(&mut self, named: &Named<'_>) {
        let Some(verb) = verb(named.name) else { return };
        let parameters = named.function.parameters.iter().map(|(name, _)| name.as_str());
        let about = any_subject(named.name)
            || verb == Verb::Verify && (any_subject(named.class) || parameters.into_iter().any(any_subject));
        if !about {
            return;
        }
        let ends = ends(&named.function.body);
        let yes = !ends.values.is_empty() && ends.values.iter().all(|value| outcome::is_yes(value));
        if yes && !ends.throws && !ends.calls && !compares(&named.function.body) {
            let pretends = is_pretence(named.class) || is_pretence(named.name);
            let severity = if pretends { Severity::Medium } else { Severity::High };
            let why = format!("`{}` says yes to everything", named.name);
            self.hits.push(Hit::new(named.function.at, severity, why));
        }
    }

    /// Arguments and fields that switch a check of a signature off.
    fn switched_off(&mut self, value: &Expr) {
        let why = match &value.kind {
            ExprKind::Call(callee, arguments) => {
                let path = callee.path();
                let last = callee.last_name().unwrap_or("");
                let off = |name: &str| {
                    argument(arguments, name).is_some_and(|value| matches!(value.kind, ExprKind::Bool(false)))
                };
                let token =
                    path.to_ascii_lowercase().contains("jwt") || path.to_ascii_lowercase().contains("jose");
                match last {
                    "insecure_disable_signature_validation"
                    | "dangerous_insecure_decode"
                    | "dangerous_unsafe_decode"
                    | "insecure_decode"
                    | "ParseUnverified"
                    | "UnsafeClaimsWithoutVerification" => {
                        Some(format!("`{last}` takes a token without its signature"))
                    }
                    "decode" if token && off("verify") => Some(format!("`{path}` with verify=False")),
                    _ if ["verify_signature", "verify_quote", "verify_attestation", "check_signature"]
                        .iter()
                        .any(|name| off(name)) =>
                    {
                        Some(format!("`{path}` is told not to check"))
                    }
                    _ => None,
                }
            }
            ExprKind::Record(_, fields) => fields.iter().find_map(|(name, value)| {
                let name = name.as_str();
                let off = matches!(value.kind, ExprKind::Bool(false));
                let on = matches!(value.kind, ExprKind::Bool(true));
                let found =
                    off && matches!(
                        name,
                        "verify_signature" | "verifySignature" | "verifyQuote" | "verifyAttestation"
                    ) || on
                        && matches!(
                            name,
                            "skipVerification"
                                | "skip_verification"
                                | "skipSignatureVerification"
                                | "skipAttestation"
                                | "skipQuoteVerification"
                        );
                found.then(|| format!("`{name}` switches the check off"))
            }),
            _ => None,
        };
        if let Some(why) = why {
            self.hits.push(Hit::new(value.at, Severity::High, why));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Then,
    Otherwise,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Then => Self::Otherwise,
            Self::Otherwise => Self::Then,
        }
    }
}

/// Whether something follows that a refusal would have kept from happening.
fn goes_on(rest: &[Stmt]) -> bool {
    rest.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(value)) => !matches!(value.kind, ExprKind::Bool(false) | ExprKind::Null),
        StmtKind::Return(None) | StmtKind::Throw(_) | StmtKind::Leave => false,
        StmtKind::Drop(value) => !outcome::is_log(value),
        _ => true,
    })
}

/// A comparison of what is measured or signed with what is expected; not one with nothing. Inside of a function that is named
/// a check, hashes and nonces are what is compared.
fn is_comparison(value: &Expr, inside: bool) -> bool {
    let ExprKind::Compare(_, one, other) = &value.kind else { return false };
    let plain = |side: &Expr| match &side.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => true,
        ExprKind::Text(text) => text.len() < 16,
        ExprKind::Call(callee, _) => matches!(callee.last_name(), Some("len" | "type" | "typeof")),
        ExprKind::Member(_, name) => matches!(name.as_str(), "length" | "size"),
        _ => false,
    };
    let measured = |side: &Expr| {
        let mut names = Vec::new();
        side.walk(&mut |inner| {
            if let ExprKind::Name(name) | ExprKind::Member(_, name) = &inner.kind {
                names.extend(words(name));
            }
            true
        });
        let has = |word: &str| names.iter().any(|name| name == word);
        let beside = |one: &str, other: &str| {
            names.windows(2).any(|pair| matches!(pair, [a, b] if a == one && b == other))
        };
        names.iter().any(|name| MEASURED.contains(&name.as_str()))
            || beside("COMPOSE", "HASH")
            || beside("REPORT", "DATA")
            || has("QUOTE") && (has("HASH") || has("NONCE"))
            || inside && (has("HASH") || has("DIGEST") || has("NONCE"))
    };
    !plain(one) && !plain(other) && (measured(one) || measured(other))
}

/// Whether statements compare anything, or ask for anything.
fn compares(body: &[Stmt]) -> bool {
    let mut found = false;
    every(body, &mut |value| found |= matches!(value.kind, ExprKind::Compare(..)));
    found
}

/// Names that say that something only pretends.
fn is_pretence(name: &str) -> bool {
    has_word(
        name,
        &["MOCK", "FAKE", "DUMMY", "STUB", "NOOP", "TEST", "SIMULATED", "SIMULATOR", "EXAMPLE", "DEMO"],
    )
}
