//! Ways into a service beside what it is for: by what is done, not by the name of the program that does it.
//!
//! A program joined with a connection, a debugger that listens, a server of files that lie elsewhere than in the image,
//! an interface by which what runs is changed while it runs.

use crate::facts::address::{self, Inside};
use crate::facts::code::is_shell;
use crate::pattern::pattern;
use crate::script::Command;
use crate::view::Service;
use std::collections::BTreeSet;
use veritee_compose::{Span, Value};
use veritee_model::{Place, Severity};

/// A way in: where it stands, what stands there, how grave it is.
pub(crate) type Way = (Place, String, Severity);

/// Programs that run what a connection sends.
const SHELLS_ON_A_PORT: &[&str] =
    &["telnetd", "in.telnetd", "utelnetd", "websocketd", "shell2http", "rshd", "rexecd"];

pattern!(
    CONTROL,
    r#"(?im)(?:^|[\s{])admin\s+(?:0\.0\.0\.0|\[::\]|\*)?:[0-9]+|^\s*\[inet_http_server\]|\badmin["']?:[^\n]{0,40}(?:\n[^\n]{0,60}){0,4}?\baddress["']?:\s*["']?(?:0\.0\.0\.0|::)|\bapi["']?:\s*(?:\{|\n)[^\n]{0,60}\n?\s*insecure["']?:\s*true|\[api\]\s*\n(?:[^\n\[]*\n){0,4}?\s*insecure\s*=\s*true|--api\.insecure(?:=true)?\b|^\s*protected-mode\s+no\b"#,
    ["admin", "inet_http_server", "insecure", "protected-mode"]
);

pattern!(JOINED, r"(?:<>|>&|<&)\s*/dev/(?:tcp|udp)/([^/\s]+)/[0-9]+", ["/dev/tcp/", "/dev/udp/"]);

/// Files by which somebody gets in.
const DOORS: &[&str] =
    &["authorized_keys", "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/pam.d", "/.rhosts"];

/// Every way into a service that stands in the document. `inside` is [`Inside::of`] its view, made once for all services.
pub(crate) fn all(inside: &Inside<'_>, service: &Service<'_>) -> Vec<Way> {
    let mut found = Vec::new();
    let roots = served_with_care(service);
    for program in &service.programs {
        for command in &program.commands {
            if let Some((why, severity)) = opened(command, &roots) {
                let evidence = format!("{}: {} ({why})", program.path, command.text());
                found.push((program.place.clone(), evidence, severity));
            }
        }
    }
    for (path, value) in service.executed() {
        let text = value.effective();
        let hit = JOINED.captures_iter(&text).find(|groups| {
            let host = groups.get(1).map_or("", |host| host.as_str());
            let link = address::of(&Value::literal_text(format!("tcp://{host}"), Span::default()), false);
            link.iter().any(|link| !link.is_internal(inside))
        });
        if let Some(hit) = hit.and_then(|groups| groups.get(0)) {
            let evidence = format!("{path}: {} (a shell joined with a connection)", hit.as_str());
            found.push((value.place.clone(), evidence, Severity::Critical));
        }
        if let Some(hit) = CONTROL.find(&text) {
            let evidence = format!("{path}: {} (whoever reaches it changes what runs)", hit.as_str().trim());
            found.push((value.place.clone(), evidence, Severity::High));
        }
    }
    for entry in &service.environment {
        if open_debugger(entry.value.effective().split_whitespace()) == Some(true) {
            let evidence =
                format!("environment.{}: {} (a debugger runs any code)", entry.name, entry.value.raw);
            found.push((entry.value.place.clone(), evidence, Severity::High));
        }
    }
    for (path, value) in service.below("configs").filter(|(path, _)| path.ends_with(".target")) {
        let target = value.effective();
        if DOORS
            .iter()
            .any(|door| target == *door || target.ends_with(door) || target.starts_with(&format!("{door}/")))
        {
            let evidence = format!("{path}: {target} (says who gets in)");
            found.push((value.place.clone(), evidence, Severity::High));
        }
    }
    found
}

/// Folders that hold what is not the image's: the machine's own, and everything that is mounted.
fn served_with_care(service: &Service<'_>) -> BTreeSet<String> {
    let own = ["/root", "/etc", "/run", "/var", "/proc", "/home", "/dstack"].map(str::to_owned);
    let mounted = service.mounts.iter().map(|mount| mount.target.trim_end_matches('/').to_owned());
    own.into_iter().chain(mounted).filter(|root| !root.is_empty()).collect()
}

fn opened(command: &Command, roots: &BTreeSet<String>) -> Option<(&'static str, Severity)> {
    // `busybox nc` is `nc`.
    let skipped = usize::from(command.program() == "busybox");
    let words: Vec<&str> = command.words.iter().skip(skipped).map(String::as_str).collect();
    let (first, rest) = words.split_first()?;
    let program = first.rsplit('/').next().unwrap_or(first);
    if SHELLS_ON_A_PORT.contains(&program) {
        return Some(("runs what a connection sends", Severity::Critical));
    }
    if let Some(found) = joined(program, rest) {
        return Some(found);
    }
    let debugger = program == "dlv" && rest.iter().any(|word| word.starts_with("--headless"));
    if debugger && !is_loopback(operand(rest, &["--listen", "-l"]).unwrap_or("127.0.0.1:0"))
        || open_debugger(words.iter().copied()) == Some(true)
    {
        return Some(("a debugger runs any code", Severity::High));
    }
    let root = served(program, rest)?;
    let root = if root == "/" { "" } else { root.trim_end_matches('/') };
    let below = format!("{root}/");
    let covers = roots.contains(root)
        || roots.range(below.clone()..).next().is_some_and(|one| one.starts_with(&below));
    covers.then_some(("serves files that are not the image's", Severity::High))
}

/// A program, or a socket of the guest, joined with a connection.
fn joined(program: &str, rest: &[&str]) -> Option<(&'static str, Severity)> {
    let upper: Vec<String> = rest.iter().map(|word| word.to_ascii_uppercase()).collect();
    let has = |starts: &[&str]| upper.iter().any(|word| starts.iter().any(|start| word.starts_with(start)));
    match program {
        "socat"
            if has(&["EXEC:", "SYSTEM:", "SHELL:"])
                && has(&["TCP", "UDP", "OPENSSL", "SSL", "VSOCK", "SCTP"]) =>
        {
            Some(("a program joined with a connection", Severity::Critical))
        }
        "socat" if has(&["TCP", "UDP", "OPENSSL", "SSL", "VSOCK"]) => {
            let guests = |word: &&str| {
                ["dstack.sock", "tappd.sock", "docker.sock", "containerd.sock"]
                    .iter()
                    .any(|name| word.contains(name))
            };
            rest.iter()
                .any(guests)
                .then_some(("a socket of the guest joined with a connection", Severity::High))
        }
        "nc" | "ncat" | "netcat" => {
            let runs = |word: &&str| {
                let short = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
                matches!(*word, "--exec" | "--sh-exec" | "--lua-exec") || word.starts_with("--exec=") || word.starts_with("--sh-exec=")
                    || short.is_some_and(|rest| rest.ends_with('e'))
                    // Elsewhere `-c` asks for TLS.
                    || short.is_some_and(|rest| rest.ends_with('c'))
                        && rest.iter().any(|word| is_shell(word.split(' ').next().and_then(|word| word.rsplit('/').next()).unwrap_or("")))
            };
            rest.iter().any(runs).then_some(("a program joined with a connection", Severity::Critical))
        }
        _ => None,
    }
}

/// The folder that a server of files hands out; `None` where it is no server, or listens to its own machine only.
fn served<'w>(program: &str, rest: &[&'w str]) -> Option<&'w str> {
    let module = rest.windows(2).any(|pair| {
        matches!(pair, ["-m", "http.server" | "SimpleHTTPServer" | "pyftpdlib" | "uploadserver"])
    });
    let bound = operand(rest, &["--bind", "-b", "--host", "--address", "--addr", "-a", "--listen", "-l"]);
    if bound.is_some_and(is_loopback) {
        return None;
    }
    match program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.') {
        "python" | "pypy" if module => operand(rest, &["--directory", "-d"]),
        "php" if rest.contains(&"-S") => operand(rest, &["-t"]),
        "httpd" => operand(rest, &["-h"]),
        "caddy" if rest.contains(&"file-server") => operand(rest, &["--root", "-r"]),
        "http-server" | "serve" | "darkhttpd" | "miniserve" | "webfsd" | "dufs" | "ghfs" => {
            rest.iter().copied().find(|word| word.starts_with('/'))
        }
        "npx" | "bunx" if rest.iter().any(|word| matches!(*word, "serve" | "http-server")) => {
            rest.iter().copied().find(|word| word.starts_with('/'))
        }
        "rclone" if rest.first() == Some(&"serve") => rest.iter().copied().find(|word| word.starts_with('/')),
        _ => None,
    }
}

/// What stands behind one of these options.
fn operand<'w>(words: &[&'w str], options: &[&str]) -> Option<&'w str> {
    let joined = words.iter().find_map(|word| {
        let (name, value) = word.split_once('=')?;
        options.contains(&name).then_some(value)
    });
    let apart = || {
        words.windows(2).find_map(|pair| match pair {
            [option, value] if options.contains(option) => Some(*value),
            _ => None,
        })
    };
    joined.or_else(apart)
}

/// A host, with or without port, that only the own machine reaches.
fn is_loopback(text: &str) -> bool {
    ["127.", "localhost", "[::1]", "::1", "unix:", "/"].iter().any(|own| text.starts_with(own))
}

/// Whether these words let a debugger in: `Some(true)` where others than the own machine reach it.
pub(crate) fn open_debugger<'w>(words: impl Iterator<Item = &'w str>) -> Option<bool> {
    let words: Vec<&str> = words.collect();
    let mut found = None;
    // What these ask of all words is the same each time that they stand there.
    let mut asked = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let whole = ["nrepl.cmdline", "repl", "rdbg", "--debug-open", "debugpy"];
        let name = word.trim_matches(['"', '\'']).split('=').next().unwrap_or("");
        if whole.contains(&name) && !asked.insert(name) {
            continue;
        }
        let next = words.get(index.saturating_add(1)).copied().unwrap_or("");
        if let Some(open) = debugger(word, next, &words, words.get(index..).unwrap_or(&[])) {
            found = Some(found.unwrap_or(false) || open);
        }
    }
    found
}

/// `from` are the words from this one on.
fn debugger(word: &str, next: &str, words: &[&str], from: &[&str]) -> Option<bool> {
    let word = word.trim_matches(['"', '\'']);
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    match name {
        "--inspect" | "--inspect-brk" | "--inspect-wait" | "--inspect-port" => {
            Some(value.contains(['.', ':']) && !is_loopback(value) || value == "0")
        }
        "-agentlib:jdwp" | "-Xrunjdwp:transport" => {
            let address = value.split(',').find_map(|option| option.strip_prefix("address="));
            Some(address.is_some_and(|address| !is_loopback(address)))
        }
        "-Dcom.sun.management.jmxremote.authenticate" => Some(value == "false"),
        // Listens to its own machine unless an address is given. Commas are white space to it.
        _ if name.starts_with("-Dclojure.server.") => {
            Some(edn_address(from).is_some_and(|address| !is_loopback(&address)))
        }
        "nrepl.cmdline" => Some(operand(words, &["--bind", "-b"]).is_some_and(|host| !is_loopback(host))),
        "repl" if words.contains(&":headless") => {
            Some(operand(words, &[":host"]).is_some_and(|host| !is_loopback(host)))
        }
        "rdbg" | "--debug-open" => Some(operand(words, &["--host"]).is_some_and(|host| !is_loopback(host))),
        "debugpy" => {
            let address = operand(words, &["--listen"]).unwrap_or("");
            Some(address.contains(':') && !is_loopback(address))
        }
        "--remote-debugging-address" => Some(!is_loopback(if value.is_empty() { next } else { value })),
        "--remote-debugging-port" => Some(false),
        _ => None,
    }
}

/// Words up to which a map goes on.
const MAP: usize = 64;

/// `:address` of a map that begins in the first of these words and may go on in those behind it; commas are white space in
/// it.
fn edn_address(from: &[&str]) -> Option<String> {
    let end =
        from.iter().take(MAP).position(|word| word.contains('}')).map_or(MAP, |at| at.saturating_add(1));
    let text = from.get(..end).unwrap_or(from).join(" ");
    let map = text.split('}').next()?;
    let mut tokens = map.split(|c: char| c.is_whitespace() || matches!(c, ',' | '{'));
    tokens.find(|token| *token == ":address")?;
    tokens.find(|token| !token.is_empty()).map(|address| address.trim_matches(['"', '\\', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debugger_is_open_where_another_machine_reaches_it() {
        let open = |text: &str| open_debugger(text.split(' '));
        for text in [
            "node --inspect=0.0.0.0:9229 a.js",
            "-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005",
            "-Xrunjdwp:transport=dt_socket,server=y,address=5005",
            "-Dcom.sun.management.jmxremote.port=1 -Dcom.sun.management.jmxremote.authenticate=false",
            "python -m debugpy --listen 0.0.0.0:5678 a.py",
            "chrome --remote-debugging-address=0.0.0.0",
            "-Dclojure.server.repl={:port,5555,:accept,clojure.core.server/repl,:address,\"0.0.0.0\"}",
            "java -Dclojure.server.repl={:port 5555 :address \"::\" :accept clojure.core.server/repl} -jar a.jar",
            "clojure -M -m nrepl.cmdline --bind 0.0.0.0 --port 7888",
            "lein repl :headless :host 0.0.0.0 :port 7888",
            "rdbg --open --host 0.0.0.0 -c -- ruby a.rb",
        ] {
            assert_eq!(open(text), Some(true), "{text}");
        }
        for text in [
            "node --inspect a.js",
            "node --inspect=127.0.0.1:9229",
            "python -m debugpy --listen 5678 a.py",
            "-Dclojure.server.repl={:port,5555,:accept,clojure.core.server/repl}",
            "clojure -M -m nrepl.cmdline",
        ] {
            assert_eq!(open(text), Some(false), "{text}");
        }
        for text in ["node --max-old-space-size=2048 a.js", "-Xmx1g -XX:+UseG1GC", "-Dserver.port=9010"] {
            assert_eq!(open(text), None, "{text}");
        }
    }
}
