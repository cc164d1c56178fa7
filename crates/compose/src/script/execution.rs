//! Does what is fetched, or what somebody outside wrote, reach an interpreter? One answer for all scripts of a machine.
//!
//! Asked of every place where a program runs a text: behind `-c`, in `eval`, traps and aliases, from a pipe, a
//! here-document, a file, a crontab or a unit, through groups, functions, wrappers and files on the way. Order and
//! conditions are not followed: what can happen in one order counts.

use super::code::{Code, Language};
use super::facts::WriteKind;
use super::invocation::Invocation;
use super::origin::{Origins, Resolver, is_substituted_file};
use super::word::base_name;
use super::{Script, Word, produced, unit};
use crate::environment::EnvironmentModel;
use crate::provenance::Provenance;
use crate::service::absolute_path;
use std::collections::HashSet;

/// How a text is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecutionKind {
    /// It stands in the words of the command, or a variable names the command.
    Text,
    /// It comes in through a pipe, a here-document or a redirection.
    Input,
    /// It is a file that is run, sourced, or started by the guest.
    File,
    /// It is an archive or a package that is unpacked or installed, or a file that is made runnable.
    Unpacked,
    /// It is a checked out repository that is built or run.
    Cloned,
}

/// Whether what was fetched is compared with something that the script fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// With nothing.
    Missing,
    /// With an MD5 or SHA-1 sum, which can be forged.
    Weak,
    /// With a SHA-2 sum or a full commit.
    Strong,
}

/// A text that is run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Execution {
    /// Index of the script.
    pub script: usize,
    /// Index of the command in [`Script::commands`].
    pub command: usize,
    /// How.
    pub kind: ExecutionKind,
    /// All who have a part in the text.
    pub origins: Origins,
    /// The command, by its index, that fetches it, where one of this script writes it to a file.
    pub fetched_by: Option<usize>,
    /// Everything that runs is read here as commands of its own, or is a program of the guest.
    pub is_read: bool,
    /// Its language.
    pub language: Language,
    /// The text, where it is plain and in another language.
    pub text: Option<String>,
    /// The name of the file, where it is one.
    pub file: Option<String>,
    /// What was fetched is checked.
    pub check: Check,
}

impl Execution {
    /// It starts something: it is not only unpacked or checked out.
    #[must_use]
    pub const fn runs(&self) -> bool {
        !matches!(self.kind, ExecutionKind::Unpacked | ExecutionKind::Cloned)
    }

    /// The deployer or the host has a part in the text that runs, or in the name of the file.
    #[must_use]
    pub const fn is_from_outside(&self) -> bool {
        self.runs() && (self.origins.has(Provenance::Operator) || self.origins.contains(Origins::HOST_TEXT))
    }
}

/// What the scripts of a machine run.
pub struct Executions<'a> {
    scripts: &'a [Script],
    resolver: Resolver<'a>,
}

/// Bytes of a text in another language that are kept.
const TEXT: usize = 64 << 10;

impl<'a> Executions<'a> {
    /// Prepares the answers. Scripts are in the order in which they run.
    #[must_use]
    pub fn new(scripts: &'a [Script], environment: &'a EnvironmentModel) -> Self {
        Self { scripts, resolver: Resolver::new(scripts, environment) }
    }

    /// Everything that is run, in the order of the scripts' commands.
    #[must_use]
    pub fn all(&mut self) -> Vec<Execution> {
        let mut found = Vec::new();
        for at in 0..self.scripts.len() {
            self.resolver.turn_to(at);
            let Some(script) = self.scripts.get(at) else { continue };
            let checks = Checks::of(script);
            let builds = Builds::of(script);
            for index in 0..script.commands.len() {
                let first = found.len();
                self.of_command(at, index, &builds, &mut found);
                for execution in found.get_mut(first..).unwrap_or(&mut []) {
                    execution.check = checks.between(execution.fetched_by, index, execution.kind);
                }
            }
        }
        found
    }

    /// All who have a part in what a word expands to.
    #[must_use]
    pub fn word(&mut self, script: usize, word: &Word) -> Origins {
        self.resolver.turn_to(script);
        self.resolver.word(word)
    }

    /// All who have a part in what a command reads.
    #[must_use]
    pub fn input(&mut self, script: usize, command: usize) -> Origins {
        self.resolver.turn_to(script);
        self.resolver.input(command)
    }

    /// All who have a part in what a command writes to files.
    #[must_use]
    pub fn written(&mut self, script: usize, command: usize, kind: WriteKind) -> Origins {
        self.resolver.turn_to(script);
        self.resolver.written(command, kind)
    }

    /// All who have a part in a file of the guest.
    #[must_use]
    pub fn file(&mut self, path: &str) -> Origins {
        self.resolver.file(path)
    }

    fn of_command(&mut self, at: usize, index: usize, builds: &Builds, found: &mut Vec<Execution>) {
        let Some(script) = self.scripts.get(at) else { return };
        let Some(command) = script.commands.get(index) else { return };
        let new = |kind, origins, language| Execution {
            script: at,
            command: index,
            kind,
            origins,
            fetched_by: None,
            is_read: script.followed.contains(&index),
            language,
            text: None,
            file: None,
            check: Check::Missing,
        };
        if let Some(first) = command.words.first().filter(|word| word.literal().is_none()) {
            let origins = self.resolver.word(first);
            let is_read =
                first.variables().iter().all(|name| script.values.is_sure(name)) && !first.has_substitution();
            found.push(Execution { is_read, ..new(ExecutionKind::Text, origins, Language::Shell) });
        }
        for invocation in script.invocations(command) {
            let first = invocation.words.first().filter(|word| word.literal().is_none());
            if let Some(first) = first.filter(|_| !invocation.around.is_empty()) {
                let origins = self.resolver.word(first);
                found
                    .push(Execution { is_read: false, ..new(ExecutionKind::Text, origins, Language::Shell) });
            }
            for code in invocation.code() {
                found.push(self.of_code(index, &invocation, &code, &new));
            }
            found.extend(self.unpacked(index, &invocation, &new));
            found.extend(cloned(builds, index, &invocation, &new));
        }
        for target in script.targets(command) {
            let path = absolute_path(&target.word.shown());
            if unit::is_program_folder(&path) {
                let origins = self.resolver.written(index, target.kind);
                if origins.has(Provenance::Remote) {
                    let execution = new(ExecutionKind::Unpacked, origins, Language::Other);
                    let fetched_by = Some(self.fetcher(at, &invoked(script, index)).unwrap_or(index));
                    found.push(Execution { fetched_by, file: Some(path), ..execution });
                }
            } else if unit::started(&path).is_some() {
                let origins = self.resolver.written(index, target.kind);
                let fetched_by = origins.has(Provenance::Remote).then_some(index);
                let file = Some(path);
                found.push(Execution {
                    fetched_by,
                    file,
                    ..new(ExecutionKind::File, origins, Language::Shell)
                });
            }
        }
    }

    /// The command of the same script that fetches one of the files that these words name.
    fn fetcher(&mut self, script: usize, words: &[String]) -> Option<usize> {
        words.iter().find_map(|word| self.resolver.named(word)?.fetched_in(script))
    }

    fn of_code(
        &mut self,
        index: usize,
        invocation: &Invocation,
        code: &Code,
        new: &dyn Fn(ExecutionKind, Origins, Language) -> Execution,
    ) -> Execution {
        match code {
            Code::Words { words, language, .. } => {
                let mut origins = self.resolver.words(words);
                if let Some(appended) = &invocation.appended {
                    // `xargs sh -c 'TEXT'` hands on arguments, `xargs -I {} sh -c '… {} …'` makes text of them.
                    let marker = appended.replaces.as_deref();
                    if marker.is_some_and(|marker| words.iter().any(|word| word.shown().contains(marker))) {
                        origins = origins.join(self.resolver.input(index));
                    }
                }
                let text = plain(words).filter(|_| *language == Language::Other);
                Execution { text, ..new(ExecutionKind::Text, origins, *language) }
            }
            Code::Alias { text, .. } => {
                let origins = self.resolver.word(text);
                new(ExecutionKind::Text, origins, Language::Shell)
            }
            Code::Input { language } => {
                let origins = self.resolver.input(index);
                let parts = self.resolver.script().and_then(|script| produced::input(script, index));
                let text = parts
                    .map(|parts| super::invocation::shown(&parts))
                    .filter(|_| *language == Language::Other);
                let nothing = origins == Origins::NONE;
                let execution = new(ExecutionKind::Input, origins, *language);
                Execution {
                    is_read: execution.is_read || nothing,
                    text: text.filter(|text| text.len() <= TEXT),
                    ..execution
                }
            }
            Code::File { name, language, .. } => self.of_file(index, invocation, name, *language, new),
        }
    }

    fn of_file(
        &mut self,
        index: usize,
        invocation: &Invocation,
        name: &Word,
        language: Language,
        new: &dyn Fn(ExecutionKind, Origins, Language) -> Execution,
    ) -> Execution {
        if is_substituted_file(name) {
            let origins = self.resolver.word(name);
            return new(ExecutionKind::Input, origins, language);
        }
        let shown = name.shown();
        let mut origins = self.resolver.file(&shown);
        if name.literal().is_none() {
            origins = origins.join(self.resolver.word(name));
        }
        if invocation.appended.is_some() {
            origins = origins.join(self.resolver.input(index));
        }
        let named = self.resolver.named(&shown);
        let is_read = match &named {
            Some(named) => named.is_read,
            None => !origins.has(Provenance::Unknown),
        };
        let execution = new(ExecutionKind::File, origins, language);
        let fetched_by = named.as_ref().and_then(|named| named.last_in(execution.script, usize::MAX));
        let only = named.as_ref().and_then(|named| match named.writers.as_slice() {
            [writer] if language == Language::Other => Some(*writer),
            _ => None,
        });
        let text = only.and_then(|writer| {
            let parts = produced::output(self.scripts.get(writer.script)?, writer.command, writer.kind)?;
            Some(super::invocation::shown(&parts)).filter(|text| text.len() <= TEXT)
        });
        Execution { file: Some(shown), is_read, fetched_by, text, ..execution }
    }

    /// Archives and packages out of which programs come, and files that are made runnable.
    fn unpacked(
        &mut self,
        index: usize,
        invocation: &Invocation,
        new: &dyn Fn(ExecutionKind, Origins, Language) -> Execution,
    ) -> Option<Execution> {
        let program = invocation.program()?;
        let takes = matches!(
            program,
            "unzip"
                | "tar"
                | "bsdtar"
                | "cpio"
                | "chmod"
                | "install"
                | "dpkg"
                | "rpm"
                | "apt"
                | "apt-get"
                | "apk"
                | "pip"
                | "pip3"
                | "docker"
                | "podman"
                | "nerdctl"
                | "ctr"
                | "gunzip"
                | "xz"
                | "unxz"
                | "7z"
                | "insmod"
                | "modprobe"
                | "ldconfig"
                | "kexec"
                | "enable"
                | "gem"
                | "npm"
        );
        if !takes {
            return None;
        }
        let own_input = match program {
            "tar" | "bsdtar" | "cpio" => self.resolver.input(index),
            "docker" | "podman" | "nerdctl" | "ctr" | "dpkg" | "rpm" | "apk"
                if invocation
                    .arguments()
                    .iter()
                    .any(|word| matches!(word.literal(), Some("load" | "import" | "-" | "install"))) =>
            {
                self.resolver.input(index)
            }
            _ => Origins::NONE,
        };
        if own_input.has(Provenance::Remote) {
            return Some(new(ExecutionKind::Unpacked, own_input, Language::Other));
        }
        for word in invocation.arguments() {
            let text = word.shown();
            let name = text.rsplit(['=', ':']).next().unwrap_or(&text);
            if name.is_empty() || name.starts_with('-') {
                continue;
            }
            let execution = new(ExecutionKind::Unpacked, Origins::NONE, Language::Other);
            let Some(named) = self.resolver.named(name) else { continue };
            let Some(fetched) = named.last_in(execution.script, index) else { continue };
            let origins = self.resolver.file(name);
            if origins.has(Provenance::Remote) {
                return Some(Execution { origins, fetched_by: Some(fetched), file: Some(text), ..execution });
            }
        }
        None
    }
}

/// The words of a command as text.
fn invoked(script: &Script, index: usize) -> Vec<String> {
    let words = script.commands.get(index).into_iter().flat_map(|command| &command.words);
    words.map(Word::shown).collect()
}

fn plain(words: &[Word]) -> Option<String> {
    let texts: Vec<String> = words.iter().map(Word::shown).collect();
    Some(texts.join(" ")).filter(|text| text.len() <= TEXT)
}

/// A repository that is fetched and, by any later command, built or run.
fn cloned(
    builds: &Builds,
    index: usize,
    invocation: &Invocation,
    new: &dyn Fn(ExecutionKind, Origins, Language) -> Execution,
) -> Option<Execution> {
    let is_fetch = match invocation.program()? {
        "git" => {
            let mut words = invocation.arguments().iter().filter_map(Word::literal);
            words.any(|word| matches!(word, "clone" | "pull" | "fetch" | "submodule"))
        }
        "svn" | "hg" => true,
        "gh" => invocation.arguments().iter().any(|word| word.literal() == Some("clone")),
        _ => false,
    };
    if !is_fetch {
        return None;
    }
    let name = invocation.arguments().iter().rev().map(Word::shown).find(|text| !text.starts_with('-'))?;
    let folder = base_name(name.trim_end_matches('/')).trim_end_matches(".git").to_owned();
    if !builds.anything && !builds.named.contains(&folder) {
        return None;
    }
    let origins = Origins::of(Provenance::Remote);
    Some(Execution {
        fetched_by: Some(index),
        file: Some(folder),
        ..new(ExecutionKind::Cloned, origins, Language::Other)
    })
}

/// What a script does with the folders it checks out.
#[derive(Default)]
struct Builds {
    /// A build tool runs, or a program of the folder in which the script stands.
    anything: bool,
    /// Parts of paths of which something is run or installed.
    named: HashSet<String>,
}

impl Builds {
    fn of(script: &Script) -> Self {
        let mut found = Self::default();
        for invocation in script.commands.iter().flat_map(|command| script.invocations(command)) {
            found.read(&invocation);
        }
        found
    }

    fn read(&mut self, invocation: &Invocation) {
        let Some(first) = invocation.words.first() else { return };
        let program = invocation.program().unwrap_or("");
        let builder = matches!(
            program,
            "make"
                | "gmake"
                | "cmake"
                | "ninja"
                | "meson"
                | "cargo"
                | "go"
                | "npm"
                | "yarn"
                | "pnpm"
                | "pip"
                | "pip3"
                | "poetry"
                | "uv"
                | "bundle"
                | "rake"
                | "gradle"
                | "gradlew"
                | "mvn"
                | "mvnw"
                | "ant"
                | "just"
                | "task"
                | "docker-compose"
                | "buildah"
                | "nix"
                | "nix-build"
                | "bazel"
        );
        let shown = first.shown();
        let in_folder = shown.starts_with("./") || shown.starts_with("../");
        let interprets = super::program::is_shell(program)
            || super::program::interpreter(program).is_some()
            || matches!(program, "source" | ".");
        let container = matches!(program, "docker" | "podman" | "nerdctl")
            && invocation
                .arguments()
                .iter()
                .any(|word| matches!(word.literal(), Some("build" | "compose" | "buildx")));
        self.anything |= builder || in_folder || container || interprets && invocation.words.len() > 1;
        let named = if matches!(program, "install" | "cp" | "mv" | "ln" | "chmod") {
            invocation.words.as_slice()
        } else if shown.contains('/') {
            core::slice::from_ref(first)
        } else {
            &[]
        };
        for word in named {
            let text = word.shown();
            self.named.extend(text.split(['/', '=']).filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
}

/// Where sums are compared in a script.
struct Checks {
    strong: Vec<usize>,
    weak: Vec<usize>,
    commits: Vec<usize>,
}

impl Checks {
    fn of(script: &Script) -> Self {
        let mut found = Self { strong: Vec::new(), weak: Vec::new(), commits: Vec::new() };
        let ignored = ignored(script);
        for (index, command) in script.commands.iter().enumerate() {
            if ignored.contains(&index) {
                continue;
            }
            for invocation in script.invocations(command) {
                let texts = || invocation.arguments().iter().map(Word::shown);
                let checks = texts().any(|text| {
                    text == "--check"
                        || text.starts_with('-') && !text.starts_with("--") && text.contains('c')
                });
                match invocation.program() {
                    Some("sha256sum" | "sha512sum" | "sha384sum" | "b2sum") if checks => {
                        found.strong.push(index);
                    }
                    Some("shasum") if checks => {
                        let is_strong = texts()
                            .any(|text| text.contains("256") || text.contains("384") || text.contains("512"));
                        if is_strong { found.strong.push(index) } else { found.weak.push(index) }
                    }
                    Some("md5sum" | "sha1sum") if checks => found.weak.push(index),
                    // `[ "$(sha256sum f | cut …)" = 0123… ]`.
                    Some("[" | "[[" | "test") => match texts().map(|text| hex_length(&text)).max() {
                        Some(64 | 96 | 128) => found.strong.push(index),
                        Some(32 | 40) => found.weak.push(index),
                        _ => {}
                    },
                    Some("git")
                        if texts().any(|text| hex_length(text.rsplit('=').next().unwrap_or("")) == 40) =>
                    {
                        found.commits.push(index);
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// What is checked between the command that fetches and the one that runs.
    fn between(&self, fetched: Option<usize>, run: usize, kind: ExecutionKind) -> Check {
        let Some(fetched) = fetched else { return Check::Missing };
        if kind == ExecutionKind::Cloned {
            return if self.commits.iter().any(|at| *at >= fetched) { Check::Strong } else { Check::Missing };
        }
        let is_between = |list: &[usize]| {
            let first = list.partition_point(|at| *at < fetched);
            list.get(first).is_some_and(|at| *at < run)
        };
        if is_between(&self.strong) {
            Check::Strong
        } else if is_between(&self.weak) {
            Check::Weak
        } else {
            Check::Missing
        }
    }
}

/// Length of a word that is nothing but hex digits, else 0.
fn hex_length(text: &str) -> usize {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { text.len() } else { 0 }
}

/// Commands whose failure means nothing: `sha256sum -c x || true`.
fn ignored(script: &Script) -> HashSet<usize> {
    let mut found = HashSet::new();
    for command in &script.commands {
        let is_nothing = matches!(command.program(), Some("true" | ":" | "echo" | "printf" | "logger"));
        if !is_nothing {
            continue;
        }
        let guard =
            command.guards.last().and_then(|index| script.guards.get(*index)).filter(|guard| guard.negated);
        if let Some(guard) = guard
            && guard.end.saturating_sub(guard.first) <= 16
        {
            found.extend(guard.first..guard.end);
        }
    }
    found
}
