//! Who chooses what a word of a script expands to.

use super::{Command, Script, Word, WordPart};
use crate::environment::EnvironmentModel;
use crate::provenance::Provenance;
use crate::service::absolute_path;
use std::collections::HashMap;

/// Programs whose output is made of their arguments and input alone.
#[rustfmt::skip]
const FILTERS: &[&str] = &[
    "awk", "base32", "base64", "basename", "bc", "cat", "column", "cut", "dd", "dirname", "echo", "egrep", "envsubst",
    "expr", "fgrep", "fold", "grep", "head", "hexdump", "jo", "jq", "md5sum", "nl", "od", "openssl", "paste", "printf",
    "realpath", "rev", "sed", "seq", "sha1sum", "sha256sum", "sha512sum", "shuf", "sort", "tac", "tail", "tee", "tr",
    "uniq", "wc", "xargs", "xxd", "yq",
];

/// Programs that read the files among their arguments.
const READERS: &[&str] = &[
    "awk",
    "base64",
    "cat",
    "cut",
    "dd",
    "egrep",
    "fgrep",
    "grep",
    "head",
    "jq",
    "md5sum",
    "nl",
    "od",
    "sed",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "sort",
    "tac",
    "tail",
    "uniq",
    "wc",
    "xxd",
    "yq",
];

/// Programs that print nothing that counts.
const SILENT: &[&str] = &[
    "[", "[[", "cd", "chmod", "chown", "exit", "false", "mkdir", "return", "rm", "set", "shift", "sleep",
    "test", "true", "unset",
];

/// Programs whose output the guest's own state makes.
const LOCAL: &[&str] =
    &["command", "id", "mktemp", "nproc", "pwd", "tty", "type", "uuidgen", "which", "whoami"];

/// Programs whose output the host chooses.
const HOSTED: &[&str] = &["arch", "date", "dmesg", "dmidecode", "hostname", "ip", "lscpu", "uname"];

/// Answers for one script, each variable once.
pub(super) struct Resolver<'a> {
    script: &'a Script,
    environment: &'a EnvironmentModel,
    by_name: HashMap<&'a str, Vec<usize>>,
    answers: HashMap<String, Option<Provenance>>,
    depth: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(script: &'a Script, environment: &'a EnvironmentModel) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, assignment) in script.assignments.iter().enumerate() {
            by_name.entry(&assignment.name).or_default().push(index);
        }
        Self { script, environment, by_name, answers: HashMap::new(), depth: 0 }
    }

    pub(super) fn word(&mut self, word: &Word) -> Provenance {
        self.parts(&word.parts)
    }

    pub(super) fn parts(&mut self, parts: &[WordPart]) -> Provenance {
        parts.iter().map(|part| self.part(part)).max().unwrap_or(Provenance::Literal)
    }

    fn part(&mut self, part: &WordPart) -> Provenance {
        match part {
            WordPart::Literal(_) => Provenance::Literal,
            WordPart::Variable { name, expression, operand, .. } => {
                if expression.starts_with('!') {
                    return Provenance::Unknown;
                }
                let value = self.variable(name);
                value.join(self.parts(operand))
            }
            WordPart::Substitution { first, end, .. } => self.commands(*first, *end),
            WordPart::Arithmetic(text) => {
                let names = text.split(|c: char| !(c == '_' || c.is_ascii_alphanumeric()));
                let names: Vec<&str> =
                    names.filter(|n| n.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())).collect();
                names.into_iter().map(|name| self.variable(name)).max().unwrap_or(Provenance::Literal)
            }
        }
    }

    /// The worst of what the script assigns and of what the environment gives.
    pub(super) fn variable(&mut self, name: &str) -> Provenance {
        match self.answers.get(name) {
            Some(Some(answer)) => return *answer,
            // It refers to itself: what else it is made of is counted where the question came from.
            Some(None) => return Provenance::Literal,
            None => {}
        }
        if self.depth >= 64 {
            return Provenance::Unknown;
        }
        self.answers.insert(name.to_owned(), None);
        self.depth = self.depth.saturating_add(1);
        let mut answer = self.without_script(name);
        let script = self.script;
        for index in self.by_name.get(name).cloned().unwrap_or_default() {
            let Some(assignment) = script.assignments.get(index) else { continue };
            let value = assignment.value.as_ref().map_or(Provenance::Unknown, |word| self.word(word));
            answer = answer.join(measured(value));
        }
        self.depth = self.depth.saturating_sub(1);
        self.answers.insert(name.to_owned(), Some(answer));
        answer
    }

    fn without_script(&self, name: &str) -> Provenance {
        match name {
            "?" | "#" | "$" | "!" | "-" | "RANDOM" | "SECONDS" | "LINENO" | "BASH_VERSION" | "UID"
            | "EUID" => Provenance::System,
            "HOSTNAME" => Provenance::Host,
            // Positional parameters are what the caller of the function gave.
            "@" | "*" | "0" => Provenance::Unknown,
            _ if name.bytes().all(|b| b.is_ascii_digit()) => Provenance::Unknown,
            _ => self.environment.lookup(name).provenance,
        }
    }

    /// The output of the commands of a substitution.
    fn commands(&mut self, first: usize, end: usize) -> Provenance {
        let script = self.script;
        let commands = script.commands.get(first..end).unwrap_or(&[]);
        // Commands of substitutions inside of this one are asked for where their word stands.
        let depth = commands.iter().map(|command| command.substitution_depth).min().unwrap_or(0);
        let own = commands.iter().filter(|command| command.substitution_depth == depth);
        own.map(|command| self.output(command)).max().unwrap_or(Provenance::Literal)
    }

    /// Who chooses what a command prints.
    pub(super) fn output(&mut self, command: &Command) -> Provenance {
        let input = self.input(command);
        let arguments = command.arguments();
        let Some(program) = command.program() else {
            return if command.words.is_empty() { input } else { Provenance::Unknown };
        };
        let own = match program {
            "curl" | "wget" => self.download(arguments),
            _ if SILENT.contains(&program) => Provenance::Literal,
            _ if LOCAL.contains(&program) => Provenance::System,
            _ if HOSTED.contains(&program) => Provenance::Host,
            _ if FILTERS.contains(&program) => {
                let given = arguments.iter().map(|word| self.word(word)).max().unwrap_or(Provenance::Literal);
                let files = if READERS.contains(&program) {
                    self.files(program, arguments)
                } else {
                    Provenance::Literal
                };
                given.join(files)
            }
            _ => Provenance::Unknown,
        };
        own.join(input)
    }

    fn input(&mut self, command: &Command) -> Provenance {
        let mut input = Provenance::Literal;
        for redirection in &command.redirections {
            let from = match redirection.operator.as_str() {
                "<" | "<>" => {
                    redirection.target.literal().map_or(Provenance::Unknown, |path| self.file(path))
                }
                "<<<" => self.word(&redirection.target),
                "<<" | "<<-" => {
                    redirection.document.as_ref().map_or(Provenance::Literal, |word| self.word(word))
                }
                _ => Provenance::Literal,
            };
            input = input.join(from);
        }
        input
    }

    /// The files among the arguments of a program that reads files.
    fn files(&mut self, program: &str, arguments: &[Word]) -> Provenance {
        let has_program_text = matches!(program, "awk" | "egrep" | "fgrep" | "grep" | "jq" | "sed" | "yq");
        let mut plain = arguments.iter().filter(|word| !word.prefix().starts_with('-'));
        if has_program_text {
            plain.next();
        }
        let mut files = Provenance::Literal;
        for word in plain {
            files = files.join(match word.literal() {
                Some(path) if program == "dd" => {
                    path.strip_prefix("if=").map_or(Provenance::Literal, |path| self.file(path))
                }
                // Options with a value (`-d ':'`, `-c 5`) are no files.
                Some(text) if text.len() <= 2 || text.bytes().all(|b| b.is_ascii_digit()) => {
                    Provenance::Literal
                }
                Some(path) => self.file(path),
                None if word
                    .parts
                    .iter()
                    .all(|part| matches!(part, WordPart::Substitution { is_file: true, .. })) =>
                {
                    self.word(word)
                }
                None => Provenance::Unknown,
            });
        }
        files
    }

    /// What `curl` or `wget` prints.
    fn download(&mut self, arguments: &[Word]) -> Provenance {
        let given = arguments.iter().map(|word| self.word(word)).max().unwrap_or(Provenance::Literal);
        let texts: Vec<&str> = arguments.iter().filter_map(Word::literal).collect();
        let socket = texts.windows(2).find_map(|pair| match pair {
            ["--unix-socket", path] => Some(*path),
            _ => None,
        });
        let guest_agent = matches!(
            socket,
            Some("/var/run/dstack.sock" | "/run/dstack.sock" | "/var/run/tappd.sock" | "/run/tappd.sock")
        );
        let asks_info = texts.iter().any(|text| text.ends_with("/Info") || text.ends_with("Tappd.Info"));
        if guest_agent && asks_info {
            return Provenance::Attested.join(given);
        }
        if socket.is_some() { Provenance::Unknown } else { Provenance::Remote.join(given) }
    }

    /// Who chooses the content of a file of the guest.
    pub(super) fn file(&mut self, path: &str) -> Provenance {
        if path == "-" {
            return Provenance::Literal;
        }
        let path = absolute_path(path);
        if path.contains("/.decrypted-env") {
            return Provenance::Operator;
        }
        let hosted = ["user_config", "user-config", ".sys-config", ".host-shared", "/sys/"];
        if hosted.iter().any(|part| path.contains(part))
            || matches!(path.as_str(), "/proc/cmdline" | "/etc/hostname")
        {
            return Provenance::Host;
        }
        match path.as_str() {
            "/dev/null" => Provenance::Literal,
            "/dev/urandom" | "/dev/random" => Provenance::System,
            "/dstack/app-compose.json" | "/dstack/docker-compose.yaml" => Provenance::Measured,
            _ if path.starts_with("/proc/") || path.starts_with("/etc/") || path.starts_with("/usr/") => {
                Provenance::System
            }
            _ => Provenance::Unknown,
        }
    }
}

/// Text of a script is measured, as a value is that it makes.
pub(super) const fn measured(value: Provenance) -> Provenance {
    match value {
        Provenance::Literal | Provenance::Unset => Provenance::Measured,
        other => other,
    }
}
