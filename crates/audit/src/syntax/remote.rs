//! Code that comes from the network at run time, commands and keys that a request gets, addresses that one sets.

use super::Hit;
use super::shape::{argument, bound, called, every, functions, has_word, mentions, names_any};
use std::collections::BTreeSet;
use veritee_model::Severity;
use veritee_source::syntax::{Argument, Expr, ExprKind, Function, Stmt, StmtKind};

/// What a file says, by rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Code that is fetched and run.
    pub(crate) code: Vec<Hit>,
    /// A command out of a request.
    pub(crate) commands: Vec<Hit>,
    /// A key that a request is answered with.
    pub(crate) keys: Vec<Hit>,
    /// Where data goes, set from outside.
    pub(crate) addresses: Vec<Hit>,
}

pub(crate) fn hits(body: &[Stmt]) -> Remote {
    let mut found = Remote::default();
    let fetched = fetched(body);
    every(body, &mut |value| code(value, &fetched, &mut found.code));
    configured(body, &fetched, &mut found.addresses);
    for handler in handlers(body) {
        commands(&handler, &mut found.commands);
        keys(&handler, &mut found.keys);
        addresses(&handler, &mut found.addresses);
    }
    for hits in [&mut found.code, &mut found.commands, &mut found.keys, &mut found.addresses] {
        hits.sort_by_key(|hit| (hit.at, core::cmp::Reverse(hit.severity)));
        hits.dedup_by_key(|hit| hit.at);
    }
    found
}

/// A call that brings something from another machine.
fn is_fetch(value: &Expr) -> bool {
    let Some((callee, arguments)) = called(value) else { return false };
    let path = callee.path();
    let (of, last) = path.rsplit_once('.').unwrap_or(("", path.as_str()));
    let library = has_word(
        of,
        &["REQUESTS", "HTTPX", "AXIOS", "REQWEST", "AIOHTTP", "URLLIB", "HTTP", "GOT", "UREQ", "SUPERAGENT"],
    );
    match last {
        "fetch" | "urlopen" | "urlretrieve" => true,
        "get" | "Get" | "request" | "read" => library,
        "axios" | "got" => of.is_empty() && !arguments.is_empty(),
        _ => false,
    }
}

fn holds_fetch(value: &Expr, fetched: &BTreeSet<String>) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= is_fetch(inner) || matches!(&inner.kind, ExprKind::Name(name) if fetched.contains(name));
        !found && !matches!(inner.kind, ExprKind::Closure(_))
    });
    found
}

/// Names that hold what was fetched, in the whole file.
fn fetched(body: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // Twice: what is taken out of what was fetched.
    for _ in 0..2 {
        assignments(body, &mut |target, value| {
            if holds_fetch(value, &names) && !matches!(value.kind, ExprKind::Closure(_)) {
                names.extend(bound(target).into_iter().map(str::to_owned));
            }
        });
    }
    names
}

fn assignments<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr, &'a Expr)) {
    for stmt in body {
        if let StmtKind::Assign(target, value) = &stmt.kind {
            visit(target, value);
        }
        for part in stmt.parts() {
            assignments(part, visit);
        }
        super::shape::own_expressions(stmt, &mut |value| {
            value.walk(&mut |inner| {
                match &inner.kind {
                    ExprKind::Closure(function) => {
                        assignments(&function.body, visit);
                        return false;
                    }
                    ExprKind::Block(body) => {
                        assignments(body, visit);
                        return false;
                    }
                    _ => {}
                }
                true
            });
        });
    }
}

fn code(value: &Expr, fetched: &BTreeSet<String>, found: &mut Vec<Hit>) {
    let Some((callee, arguments)) = called(value) else { return };
    let path = callee.path();
    let runs = matches!(
        path.as_str(),
        "eval"
            | "exec"
            | "Function"
            | "compile"
            | "vm.runInNewContext"
            | "vm.runInThisContext"
            | "vm.Script"
            | "importlib.import_module"
            | "pickle.loads"
            | "marshal.loads"
            | "cloudpickle.loads"
            | "window.eval"
            | "globalThis.eval"
            | "import"
            | "dill.loads"
    );
    if runs && arguments.iter().any(|one| holds_fetch(&one.value, fetched)) {
        found.push(Hit::new(value.at, Severity::High, format!("`{path}` runs what the network brings")));
    }
    let address = |one: &Argument| matches!(&one.value.kind, ExprKind::Text(text) if text.starts_with("https://") || text.starts_with("http://"));
    if path == "import" && arguments.iter().any(address) {
        found.push(Hit::new(value.at, Severity::High, "a module is imported from an address"));
    }
    if argument(arguments, "trust_remote_code")
        .is_some_and(|value| matches!(value.kind, ExprKind::Bool(true)))
    {
        let why = format!("`{path}` runs code that comes with a model (trust_remote_code)");
        found.push(Hit::new(value.at, Severity::High, why));
    }
}

const ADDRESSES: &[&str] = &["UPSTREAM", "BACKEND", "ENDPOINT", "PROXY", "TARGET"];

/// `UPSTREAM = config["upstream"]`, where the configuration was fetched.
fn configured(body: &[Stmt], fetched: &BTreeSet<String>, found: &mut Vec<Hit>) {
    assignments(body, &mut |target, value| {
        let address = target.last_name().is_some_and(|name| {
            has_word(name, ADDRESSES) || has_word(name, &["URL"]) && has_word(name, &["BASE", "API"])
        });
        let taken = matches!(value.kind, ExprKind::Index(..) | ExprKind::Member(..) | ExprKind::Call(..));
        if address && taken && !is_fetch(value) && fetched.iter().any(|name| mentions(value, name)) {
            let why = "where data goes is read from another machine at run time";
            found.push(Hit::new(target.at, Severity::Medium, why));
        }
    });
}

/// A function that answers requests.
struct Handler<'a> {
    function: &'a Function,
    /// It changes something: `put`, `post`, `patch`, `delete`.
    changes: bool,
    /// Names that hold what the request brings.
    given: Vec<&'a str>,
}

/// Handlers by decorators (`@app.post("/x")`), by registration (`app.post("/x", (req, res) => …)`), and of Go's form.
fn handlers(body: &[Stmt]) -> Vec<Handler<'_>> {
    let mut found = Vec::new();
    for named in functions(body) {
        let mut method = None;
        for mark in &named.function.marks {
            method = method.or(route(mark));
        }
        let go = named.function.parameters.iter().any(|(name, _)| name == "w")
            && named.function.parameters.iter().any(|(name, _)| name == "r");
        if method.is_some() || go {
            let given = named.function.parameters.iter().map(|(name, _)| name.as_str());
            found.push(Handler {
                function: named.function,
                changes: method.unwrap_or(true),
                given: given.filter(|name| !name.is_empty() && *name != "self" && *name != "w").collect(),
            });
        }
    }
    every(body, &mut |value| {
        let Some(changes) = route(value) else { return };
        let Some((_, arguments)) = called(value) else { return };
        for one in arguments {
            if let ExprKind::Closure(function) = &one.value.kind {
                let given = function.parameters.iter().map(|(name, _)| name.as_str()).take(1).collect();
                found.push(Handler { function, changes, given });
            }
        }
    });
    found
}

/// Whether a call says which requests a function answers; `true` for those that change something.
fn route(mark: &Expr) -> Option<bool> {
    let (callee, arguments) = called(mark)?;
    let ExprKind::Member(_, method) = &callee.kind else { return None };
    let first = arguments.first()?;
    let path = matches!(&first.value.kind, ExprKind::Text(text) if text.starts_with('/'));
    if !path {
        return None;
    }
    match method.to_ascii_lowercase().as_str() {
        "get" | "head" => Some(false),
        "post" | "put" | "patch" | "delete" | "all" | "any" | "use" => Some(true),
        "route" | "api_route" | "add_url_rule" | "handlefunc" | "handle" | "websocket" => Some(true),
        _ => None,
    }
}

/// Names that hold something of the request: its parameters, and what is taken out of them.
fn tainted<'a>(handler: &Handler<'a>) -> BTreeSet<&'a str> {
    let mut names: BTreeSet<&str> = handler.given.iter().copied().collect();
    for _ in 0..2 {
        assignments(&handler.function.body, &mut |target, value| {
            if names.iter().any(|name| mentions(value, name)) {
                names.extend(bound(target));
            }
        });
    }
    names
}

fn each<'a>(handler: &Handler<'a>, visit: &mut dyn FnMut(&'a Expr)) {
    every(&handler.function.body, visit);
}

fn commands(handler: &Handler<'_>, found: &mut Vec<Hit>) {
    let tainted = tainted(handler);
    each(handler, &mut |value| {
        let Some((callee, arguments)) = called(value) else { return };
        let path = callee.path();
        let shell = arguments.iter().any(|one| matches!(&one.value.kind, ExprKind::Text(text) if matches!(text.as_str(), "sh" | "bash" | "/bin/sh" | "/bin/bash" | "cmd")));
        let switched =
            argument(arguments, "shell").is_some_and(|value| matches!(value.kind, ExprKind::Bool(true)));
        let runs = match path.as_str() {
            "os.system"
            | "os.popen"
            | "subprocess.getoutput"
            | "commands.getoutput"
            | "eval"
            | "exec"
            | "execSync"
            | "child_process.exec"
            | "child_process.execSync"
            | "asyncio.create_subprocess_shell" => true,
            "subprocess.run"
            | "subprocess.Popen"
            | "subprocess.check_output"
            | "subprocess.call"
            | "subprocess.check_call" => switched || shell,
            "exec.Command" | "exec.CommandContext" | "spawn" | "child_process.spawn" => {
                shell
                    || arguments
                        .first()
                        .is_some_and(|one| tainted.iter().any(|name| mentions(&one.value, name)))
            }
            _ => false,
        };
        let from_request = arguments.iter().any(|one| tainted.iter().any(|name| mentions(&one.value, name)));
        if runs && from_request {
            let why = format!("`{path}` runs what a request brings");
            found.push(Hit::new(value.at, Severity::Critical, why));
        }
    });
}

/// A call that gives a private key.
fn is_key(value: &Expr) -> bool {
    let Some((callee, _)) = called(value) else { return false };
    callee.last_name().is_some_and(|name| {
        matches!(
            name.to_ascii_lowercase().as_str(),
            "get_key"
                | "getkey"
                | "derive_key"
                | "derivekey"
                | "export_key"
                | "exportkey"
                | "export_private_key"
                | "get_private_key"
                | "getprivatekey"
                | "exportprivatekey"
        )
    })
}

/// A value that is a private key by what it names; not what is made with it.
fn gives_key(value: &Expr, held: &BTreeSet<&str>) -> bool {
    match &value.kind {
        ExprKind::Name(name) => {
            held.contains(name.as_str())
                || has_word(name, &["MNEMONIC"])
                || has_word(name, &["PRIVATE"]) && has_word(name, &["KEY"])
        }
        ExprKind::Member(of, name) => {
            let private =
                has_word(name, &["MNEMONIC"]) || has_word(name, &["PRIVATE"]) && has_word(name, &["KEY"]);
            private
                || matches!(name.as_str(), "key" | "private_key" | "secret" | "seed")
                    && (is_key(of) || gives_key(of, held))
        }
        ExprKind::Call(callee, _) => {
            // `.hex()`, `.decode()` of a key is the key.
            is_key(value)
                || matches!(&callee.kind, ExprKind::Member(of, method) if matches!(method.as_str(), "hex" | "decode" | "toString" | "to_string" | "decode_key" | "encode") && gives_key(of, held))
        }
        ExprKind::Record(_, fields) => fields.iter().any(|(_, value)| gives_key(value, held)),
        ExprKind::List(items) => items.iter().any(|item| gives_key(item, held)),
        ExprKind::Propagate(inner) => gives_key(inner, held),
        _ => false,
    }
}

fn keys(handler: &Handler<'_>, found: &mut Vec<Hit>) {
    const WHY: &str = "a request is answered with the private key";
    let mut held: BTreeSet<&str> = BTreeSet::new();
    assignments(&handler.function.body, &mut |target, value| {
        if gives_key(value, &BTreeSet::new()) {
            held.extend(bound(target));
        }
    });
    fn returned<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr)) {
        for stmt in body {
            if let StmtKind::Return(Some(value)) = &stmt.kind {
                visit(value);
            }
            for part in stmt.parts() {
                returned(part, visit);
            }
        }
    }
    returned(&handler.function.body, &mut |value| {
        if gives_key(value, &held) {
            found.push(Hit::new(value.at, Severity::Critical, WHY));
        }
    });
    each(handler, &mut |value| {
        let Some((callee, arguments)) = called(value) else { return };
        let ExprKind::Member(of, method) = &callee.kind else { return };
        let answers = matches!(method.as_str(), "json" | "send" | "JSON" | "end" | "Write" | "jsonify")
            && of.last_name().is_some_and(|name| {
                matches!(name, "res" | "response" | "reply" | "c" | "ctx" | "w" | "Response" | "NextResponse")
            })
            || matches!(method.as_str(), "json" | "send")
                && called(of).is_some_and(|(inner, _)| inner.last_name() == Some("status"));
        if answers && arguments.iter().any(|one| gives_key(&one.value, &held)) {
            found.push(Hit::new(value.at, Severity::Critical, WHY));
        }
    });
}

/// A handler that puts an address of the request where data is sent to, and asks nobody who it is.
fn addresses(handler: &Handler<'_>, found: &mut Vec<Hit>) {
    let guarded = handler.function.parameters.iter().any(|(name, default)| {
        default.as_ref().is_some_and(|value| names_any(value, &["DEPENDS", "SECURITY", "AUTH", "HEADER"]))
            || has_word(name, &["ADMIN", "AUTH", "USER", "TOKEN"])
    });
    let refuses = {
        let mut refuses = false;
        super::shape::blocks(&handler.function.body, None, &mut |block, _| {
            refuses |= block.iter().any(|stmt| {
                matches!(&stmt.kind, StmtKind::If(_, then, _) if then.iter().any(|stmt| matches!(stmt.kind, StmtKind::Throw(_) | StmtKind::Return(_))))
            });
        });
        refuses
    };
    if !handler.changes {
        return;
    }
    let tainted = tainted(handler);
    assignments(&handler.function.body, &mut |target, value| {
        let address = match &target.kind {
            ExprKind::Index(_, key) => matches!(&key.kind, ExprKind::Text(key) if is_address(key)),
            ExprKind::Member(_, name) => is_address(name),
            ExprKind::Name(name) => {
                is_address(name) && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            }
            _ => false,
        };
        if address && tainted.iter().any(|name| mentions(value, name)) {
            let severity = if guarded || refuses { Severity::Medium } else { Severity::High };
            let why = "a request moves the address that data goes to";
            // At the route: who may ask for it is what has to be looked at.
            found.push(Hit::new(handler.function.at, severity, why));
        }
    });
}

fn is_address(name: &str) -> bool {
    has_word(name, ADDRESSES)
        || has_word(name, &["URL"]) && has_word(name, &["BASE", "API", "LLM", "MODEL", "RPC"])
}
