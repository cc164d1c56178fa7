//! Mentions of a variable in a text of the shell: which leave the value one whole argument, and which make more of it.

use super::identifiers;
use crate::facts::code;
use crate::facts::code::is_shell;
use crate::facts::words::base;
use crate::names::{self, NameClass};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use veritee_compose::script::{self as shell, Code, Command, Invocation, Language, Script, Word, WordPart};
use veritee_model::Budget;

/// How often values are followed from one variable of the text into another.
const ROUNDS: usize = 8;

/// Names that one variable of a text can hold the values of; what holds more is taken for code.
const ROOTS: usize = 8;

/// Programs that print their arguments, and do nothing else with them.
const PRINTERS: &[&str] = &["echo", "printf", ":", "true", "printenv", "logger"];

/// Programs that make more of an argument than a value of theirs: they run it, fetch from it, send to it, write it, decide
/// by it. Closed the other way round than most lists here: what a program of the application does with an argument of its
/// own is in its code, and that the code takes one word for one word is what makes the name harmless.
#[rustfmt::skip]
const MORE: &[&str] = &[
    ".", "[", "[[", "((", "alias", "apk", "apt", "apt-get", "aria2c", "at", "awk", "batch", "bc", "bun", "bunx", "busybox",
    "bzip2", "cargo", "case", "cat", "chmod", "chown", "chroot", "cp", "cpio", "crontab", "ctr", "curl", "dc", "dd",
    "declare", "dnf", "docker", "ed", "emacs", "enable", "env", "envsubst", "eval", "ex", "expect", "expr", "find", "flock",
    "ftp", "gawk", "gdb", "gettext", "git", "go", "grep", "gunzip", "gzip", "hash", "helm", "hg", "http", "https", "install",
    "ip", "iptables", "jq", "kubectl", "ldd", "let", "ln", "local", "m4", "make", "gmake", "mapfile", "mawk", "mongo",
    "mongosh", "mount", "mosquitto_pub", "mosquitto_sub", "mv", "mysql", "mariadb", "nc", "ncat", "netcat", "nft", "nginx",
    "nix", "npm", "npx", "nsenter", "openssl", "parallel", "pip", "pip3", "pnpm", "podman", "psql", "read", "readarray",
    "redis-cli", "rm", "rsync", "runuser", "scp", "screen", "script", "sed", "seq", "set", "setfacl", "sftp", "shift",
    "socat", "source", "sqlite3", "ssh", "ssh-keygen", "su", "sudo", "svn", "sysctl", "systemctl", "tar", "tee", "telnet",
    "test", "tmux", "tr", "trap", "typeset", "umount", "unshare", "unzip", "useradd", "usermod", "uv", "uvx", "vi", "vim",
    "wget", "xargs", "xxd", "yarn", "yq", "yum", "zip",
];

/// Programs around another one that have no operand, or one that is a time or a number.
const TIMED: &[&str] = &["timeout", "nice", "exec", "nohup", "setsid", "command", "tini", "dumb-init"];

/// Options of such programs whose operand is a time or a number, whatever stands in it.
const TIMED_OPTIONS: &[(&str, &[&str])] = &[
    ("curl", &["-m", "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time"]),
    ("wget", &["-T", "-t", "--timeout", "--tries", "--wait"]),
    ("nc", &["-w"]),
    ("grep", &["-m", "-A", "-B", "-C"]),
];

fn is_timed(program: &str, option: &str) -> bool {
    TIMED_OPTIONS.iter().any(|(known, options)| *known == program && options.contains(&option))
}

/// Reads texts, all with one allowance.
pub(super) struct Reading<'b> {
    budget: &'b Budget,
    nodes: usize,
}

/// Whether a file is a script of the shell: by its first line, or by its name.
pub(super) fn is_shell_script(path: &str, text: &str) -> bool {
    match text.lines().next().and_then(|line| line.strip_prefix("#!")) {
        Some(first) => first.split_whitespace().any(|word| is_shell(base(word))),
        None => {
            let lower = path.to_ascii_lowercase();
            lower.ends_with(".sh") || lower.ends_with(".bash")
        }
    }
}

impl<'b> Reading<'b> {
    pub(super) const fn new(budget: &'b Budget) -> Self {
        Self { budget, nodes: budget.script_nodes }
    }

    /// Adds the names of which the text makes more than one whole argument.
    pub(super) fn shell(
        &mut self,
        text: &str,
        names: &BTreeSet<&str>,
        environment: &BTreeSet<&str>,
        found: &mut BTreeSet<String>,
    ) {
        let templates = text.contains("envsubst");
        let mentioned: BTreeSet<&str> = identifiers(text)
            .filter_map(|(_, word)| names.get(word).copied())
            .chain(names.iter().copied().filter(|_| templates))
            .collect();
        if mentioned.is_empty() {
            return;
        }
        let script = shell::read_text_within(text, self.budget, &mut self.nodes);
        if !script.is_complete() {
            return found.extend(mentioned.into_iter().map(str::to_owned));
        }
        let mut judge = Judge::new(&script, &mentioned, environment);
        judge.assignments();
        judge.numbers(text);
        for command in &script.commands {
            judge.command(command);
        }
        judge.unseen(text);
        found.extend(judge.found);
    }
}

/// A part of a word that holds a value from outside.
struct Mention<'s> {
    roots: BTreeSet<&'s str>,
    /// It is all of the word but the name of a fixed option, and neither split nor cut.
    option: Option<String>,
    whole: bool,
}

struct Judge<'s> {
    script: &'s Script,
    names: &'s BTreeSet<&'s str>,
    environment: &'s BTreeSet<&'s str>,
    /// What each variable of the text holds values of.
    holds: BTreeMap<String, BTreeSet<&'s str>>,
    functions: HashSet<&'s str>,
    /// How often each name stands behind a `$` in what was read.
    seen: BTreeMap<&'s str, usize>,
    found: BTreeSet<String>,
}

impl<'s> Judge<'s> {
    fn new(script: &'s Script, names: &'s BTreeSet<&'s str>, environment: &'s BTreeSet<&'s str>) -> Self {
        let holds = names.iter().map(|name| ((*name).to_owned(), BTreeSet::from([*name])));
        Self {
            script,
            names,
            environment,
            holds: holds.collect(),
            functions: script.commands.iter().filter_map(|command| command.function.as_deref()).collect(),
            seen: BTreeMap::new(),
            found: BTreeSet::new(),
        }
    }

    fn more(&mut self, roots: impl IntoIterator<Item = &'s str>) {
        self.found.extend(roots.into_iter().map(str::to_owned));
    }

    /// The names whose values the parts can hold; what runs or computes with one is more at once.
    fn roots(&mut self, parts: &'s [WordPart]) -> BTreeSet<&'s str> {
        let mut roots = BTreeSet::new();
        for part in parts {
            match part {
                WordPart::Variable { name, expression, operand, .. } => {
                    if let Some(held) = self.holds.get(name.as_str()) {
                        roots.extend(held.iter().copied());
                    }
                    if let Some(known) = self.names.get(name.as_str()) {
                        let seen = self.seen.entry(known).or_default();
                        *seen = seen.saturating_add(1);
                    }
                    if !is_default(expression) {
                        let computed = self.literal_roots(expression);
                        self.more(computed);
                        if expression.starts_with(['!', '+', '[']) || expression.starts_with(":+") {
                            self.more(roots.clone());
                        }
                    }
                    roots.extend(self.roots(operand));
                }
                WordPart::Arithmetic { text, operand } => {
                    let computed = self.literal_roots(text);
                    self.more(computed);
                    let inner = self.roots(operand);
                    self.more(inner);
                }
                WordPart::Literal(_) | WordPart::Substitution { .. } => {}
                _ => {}
            }
        }
        roots
    }

    /// Names, and variables that hold their values, that stand in a text without a `$` of the shell.
    fn literal_roots(&self, text: &str) -> BTreeSet<&'s str> {
        let held = identifiers(text).filter_map(|(_, word)| self.holds.get(word));
        held.flatten().copied().collect()
    }

    /// Follows values from one variable into another. What an exported variable does is in the programs that read it.
    fn assignments(&mut self) {
        for round in 0..ROUNDS {
            let mut changed = false;
            for assignment in &self.script.assignments {
                let Some(value) = &assignment.value else { continue };
                let seen = self.seen.clone();
                let mut roots = self.roots(&value.parts);
                if round > 0 {
                    self.seen = seen;
                }
                // `n=TZ` and `${!n}`.
                let named = literal_text(&value.parts);
                let named = self.literal_roots(&named);
                self.more(named);
                roots.remove(assignment.name.as_str());
                if roots.is_empty() {
                    continue;
                }
                let name = assignment.name.as_str();
                let leaves =
                    assignment.exported || assignment.before_command || self.environment.contains(name);
                let special = names::process_control(name, true).is_some()
                    || matches!(name, "IFS" | "PS1" | "PS4" | "PROMPT_COMMAND" | "SHELL" | "HOME")
                    || names::classify(name) == NameClass::RuntimeHook;
                if special || leaves && names::harmless(name).is_none() {
                    self.more(roots);
                    continue;
                }
                let held = self.holds.entry(name.to_owned()).or_default();
                let before = held.len();
                held.extend(roots.iter().copied());
                changed |= held.len() != before;
                if held.len() > ROOTS {
                    self.more(roots);
                }
            }
            if !changed {
                return;
            }
        }
        // More steps than are followed.
        let all: Vec<&str> = self.holds.values().flatten().copied().collect();
        self.more(all);
    }

    /// `((…))`, `for ((…))` and `$[…]`: the shell evaluates the text of a variable there.
    fn numbers(&mut self, text: &str) {
        for (open, close) in [("((", "))"), ("$[", "]")] {
            let mut rest = text;
            while let Some((_, inner)) = rest.split_once(open) {
                let (inside, after) = inner.split_once(close).unwrap_or((inner, ""));
                let roots = self.literal_roots(inside);
                self.more(roots);
                rest = after;
            }
        }
    }

    fn command(&mut self, command: &'s Command) {
        for guard in command.guards.iter().filter_map(|index| self.script.guards.get(*index)) {
            // The word of a `case`; a condition is a command of its own.
            if guard.first == guard.end {
                let roots: Vec<&str> = guard
                    .variables
                    .iter()
                    .filter_map(|name| self.holds.get(name))
                    .flatten()
                    .copied()
                    .collect();
                for name in guard.variables.iter().filter_map(|name| self.names.get(name.as_str())) {
                    let seen = self.seen.entry(name).or_default();
                    *seen = seen.saturating_add(1);
                }
                self.more(roots);
            }
        }
        let invocation = self.script.invocations(command).into_iter().next();
        let program = invocation.as_ref().and_then(Invocation::program).unwrap_or("").to_owned();
        let prints = PRINTERS.contains(&program.as_str())
            && !self.functions.contains(program.as_str())
            && command.substitution_depth == 0
            && !self.script.is_piped(command)
            && !writes(command);
        self.redirections(command, &program);
        let start = invocation
            .as_ref()
            .map_or(0, |invocation| command.words.len().saturating_sub(invocation.words.len()));
        let added = invocation.as_ref().is_some_and(|invocation| invocation.appended.is_some());
        let declares = matches!(program.as_str(), "export" | "declare" | "typeset" | "readonly" | "local");
        for (index, word) in command.words.iter().enumerate() {
            // What is assigned was followed above.
            if declares && index > start && literal_text(&word.parts).contains('=') {
                continue;
            }
            let around = index < start;
            let mention = self.mention(word, command.words.get(..index).unwrap_or(&[]));
            if !mention.roots.is_empty() {
                let fits = match () {
                    () if added || index == start || self.functions.contains(program.as_str()) => false,
                    () if around => {
                        let around = invocation.as_ref().map_or(&[][..], |found| &found.around);
                        mention.whole && around.iter().all(|word| TIMED.contains(&base(word)))
                    }
                    () if program == "printf" => prints && index > start.saturating_add(1),
                    () if PRINTERS.contains(&program.as_str()) => prints,
                    () if program == "exit" || program == "sleep" && mention.whole => true,
                    () if mention.whole
                        && mention.option.as_deref().is_some_and(|o| is_timed(&program, o)) =>
                    {
                        command.substitution_depth == 0
                    }
                    () => {
                        mention.whole
                            && command.substitution_depth == 0
                            && takes_words(&program, invocation.as_ref(), index.saturating_sub(start))
                            && mention.option.as_deref().is_none_or(is_plain_option)
                    }
                };
                if !fits {
                    self.more(mention.roots);
                }
            }
            self.literal(word, &program, invocation.as_ref(), prints || declares);
        }
    }

    /// Names that stand in the literal text of a word: an interpreter reads them there.
    fn literal(&mut self, word: &'s Word, program: &str, invocation: Option<&Invocation>, prints: bool) {
        let text = literal_text(&word.parts);
        let roots = self.literal_roots(&text);
        if roots.is_empty() || prints {
            return;
        }
        let codes = invocation.map(Invocation::code).unwrap_or_default();
        let followed = codes.iter().any(|code| {
            matches!(code, Code::Words { words, language: Language::Shell, .. }
                if words.iter().any(|inner| inner.literal() == word.literal() && word.literal().is_some()))
        });
        if followed {
            // Its commands were read; counted there.
            return;
        }
        let texts: Vec<String> = invocation.map(Invocation::texts).unwrap_or_default();
        let harmless_code = code::of(&texts).is_some_and(|code| code.judge(&[]) == code::Effect::Harmless);
        if harmless_code {
            for root in roots {
                let count = text.matches('$').count();
                let seen = self.seen.entry(root).or_default();
                *seen = seen.saturating_add(count);
            }
            return;
        }
        let bare = roots.iter().all(|root| stands_bare(&text, root));
        if !bare || MORE.contains(&program) || code::is_interpreter(program) {
            self.more(roots);
        }
    }

    fn redirections(&mut self, command: &'s Command, program: &str) {
        for redirection in &command.redirections {
            let target = self.roots(&redirection.target.parts);
            let mut document: BTreeSet<&str> = BTreeSet::new();
            if let Some(word) = &redirection.document {
                document = self.roots(&word.parts);
                document.extend(self.literal_roots(&literal_text(&word.parts)));
            }
            let shown = matches!(program, "cat" | ":")
                && command.substitution_depth == 0
                && !self.script.is_piped(command)
                && !writes(command);
            if !shown {
                self.more(document);
            }
            self.more(target);
        }
    }

    fn mention(&mut self, word: &'s Word, before: &[Word]) -> Mention<'s> {
        let roots = self.roots(&word.parts);
        let (option, value) = match word.parts.as_slice() {
            [WordPart::Literal(text), value] if text.starts_with('-') && text.ends_with('=') => {
                (Some(text.trim_end_matches('=').to_owned()), Some(value))
            }
            [WordPart::Literal(text), value] if text.len() == 2 && text.starts_with('-') => {
                (Some(text.clone()), Some(value))
            }
            [value] => {
                let before = before.last().and_then(Word::literal).filter(|text| text.starts_with('-'));
                (before.map(str::to_owned), Some(value))
            }
            _ => (None, None),
        };
        let whole = value.is_some_and(|value| {
            matches!(value, WordPart::Variable { unquoted: false, expression, .. } if is_default(expression))
        });
        Mention { roots, option, whole }
    }

    /// What stands behind a `$` of the shell and was met nowhere is in a part that was not read.
    fn unseen(&mut self, text: &str) {
        let mut written: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for (at, word) in identifiers(line) {
                let before = line.get(..at).unwrap_or("");
                let expands = before.ends_with('$') || before.ends_with("${");
                if let Some(name) = self.names.get(word).filter(|_| expands) {
                    let count = written.entry(name).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        for (name, count) in written {
            if self.seen.get(name).copied().unwrap_or(0) < count {
                self.found.insert(name.to_owned());
            }
        }
        // A template is filled in with all that is there, unless it is told which.
        let fills = |command: &Command| {
            command.program() == Some("envsubst") && command.arguments().iter().all(|w| w.prefix_is_option())
        };
        if self.script.commands.iter().any(fills) {
            self.found.extend(self.names.iter().map(|name| (*name).to_owned()));
        }
    }
}

/// `${X:-8080}` and the like: the value, or what stands in its place.
fn is_default(expression: &str) -> bool {
    let rest = expression.strip_prefix(':').unwrap_or(expression);
    expression.is_empty() || rest.starts_with(['-', '=', '?'])
}

fn literal_text(parts: &[WordPart]) -> String {
    let literal = |part: &WordPart| match part {
        WordPart::Literal(text) => Some(text.clone()),
        _ => None,
    };
    parts.iter().filter_map(literal).collect::<Vec<_>>().join(" ")
}

/// A word of its own in the text, nothing that reads a variable around it: `--env PORT`, `PORT=80`.
fn stands_bare(text: &str, name: &str) -> bool {
    identifiers(text).filter(|(_, word)| *word == name).all(|(at, word)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..).and_then(|after| after.chars().next());
        let plain = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || matches!(c, '=' | ','));
        plain(before) && plain(after)
    })
}

/// Its output goes into a file.
fn writes(command: &Command) -> bool {
    command.redirections.iter().any(|redirection| {
        let target = redirection.target.literal().unwrap_or("");
        let shown = matches!(target, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "1" | "2")
            || target.starts_with("/proc/") && target.contains("/fd/");
        redirection.operator.contains('>') && !shown
    })
}

/// A program that takes one word for one word: none that is known to do more, and no text that an interpreter is given.
fn takes_words(program: &str, invocation: Option<&Invocation>, index: usize) -> bool {
    if program.is_empty() || MORE.contains(&program) || is_shell(program) {
        return false;
    }
    if !code::is_interpreter(program) {
        return true;
    }
    let Some(invocation) = invocation else { return false };
    let texts = invocation.texts();
    // Behind the file or the module that it runs: arguments of that program.
    let operand = texts.iter().skip(1).position(|word| !word.starts_with('-'));
    code::of(&texts).is_none() && operand.is_some_and(|operand| operand.saturating_add(1) < index)
}

/// An option whose operand no rule takes for code, an address or a key.
fn is_plain_option(option: &str) -> bool {
    let name = option.trim_start_matches('-');
    name.len() < 2
        || matches!(
            names::classify(name),
            NameClass::Unknown | NameClass::Tuning | NameClass::Flag | NameClass::PublishableKey
        )
}

/// What is asked of a word here only.
trait Options {
    fn prefix_is_option(&self) -> bool;
}

impl Options for Word {
    fn prefix_is_option(&self) -> bool {
        self.literal().is_some_and(|text| text.starts_with('-'))
    }
}
