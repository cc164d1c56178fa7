//! Who chooses what a word of a script expands to.

mod files;
mod index;

use index::{Indexed, Named, root};

use super::facts::WriteKind;
use super::invocation::Invocation;
use super::{Reads, Redirection, Script, Word, WordPart};
use crate::environment::EnvironmentModel;
use crate::provenance::Provenance;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// All who have a part in a text, and what else is known of it. A set, so that one does not hide the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origins(u16);

impl Origins {
    /// Nobody: an empty text.
    pub const NONE: Self = Self(0);
    /// A key that the guest agent gives to the application has a part in it.
    pub const KEY: Self = Self(1 << 12);
    /// Text of a file that the host writes has a part in it, not only what its clock, its name or its hardware say.
    pub const HOST_TEXT: Self = Self(1 << 13);
    /// An interpreter got text from somewhere that is not followed.
    const UNKNOWN: Self = Self::of(Provenance::Unknown);

    /// What one party chooses.
    #[must_use]
    pub const fn of(provenance: Provenance) -> Self {
        let bit = match provenance {
            Provenance::Literal => 0,
            Provenance::Unset => 1,
            Provenance::System => 2,
            Provenance::Measured => 3,
            Provenance::Attested => 4,
            Provenance::Remote => 5,
            Provenance::Operator => 6,
            Provenance::Host => 7,
            Provenance::Unknown => 8,
        };
        Self(1 << bit)
    }

    /// Both together.
    #[must_use]
    pub const fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a party has a part in it.
    #[must_use]
    pub const fn has(self, provenance: Provenance) -> bool {
        self.contains(Self::of(provenance))
    }

    /// Who reaches furthest.
    #[must_use]
    pub fn worst(self) -> Provenance {
        Provenance::ALL.into_iter().rev().find(|one| self.has(*one)).unwrap_or(Provenance::Literal)
    }
}

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
    "openssl",
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

/// Questions within questions that are followed.
const DEPTH: usize = 64;

/// Answers for scripts that run in one machine, each question once.
pub(super) struct Resolver<'a> {
    environment: &'a EnvironmentModel,
    scripts: Vec<Indexed<'a>>,
    /// The script that is asked about.
    at: usize,
    /// Who writes the files of each name, whatever their folder.
    named: Option<HashMap<String, Rc<Named>>>,
    /// What functions print and read, and what descriptors give.
    functions: HashMap<(usize, String), Option<Origins>>,
    callers: HashMap<(usize, String), Option<Origins>>,
    descriptors: HashMap<(usize, u32), Option<Origins>>,
    variables: HashMap<(usize, String), Option<Origins>>,
    printed: HashMap<(usize, usize), Option<Origins>>,
    outputs: HashMap<(usize, usize, usize), Option<Origins>>,
    inputs: HashMap<(usize, usize, usize), Option<Origins>>,
    files: HashMap<String, Option<Origins>>,
    depth: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(scripts: &'a [Script], environment: &'a EnvironmentModel) -> Self {
        Self {
            environment,
            scripts: scripts.iter().map(Indexed::new).collect(),
            at: 0,
            named: None,
            functions: HashMap::new(),
            callers: HashMap::new(),
            descriptors: HashMap::new(),
            variables: HashMap::new(),
            printed: HashMap::new(),
            outputs: HashMap::new(),
            inputs: HashMap::new(),
            files: HashMap::new(),
            depth: 0,
        }
    }

    /// Asks about another script from here on.
    pub(super) fn turn_to(&mut self, script: usize) -> usize {
        core::mem::replace(&mut self.at, script)
    }

    fn indexed(&self) -> Option<&Indexed<'a>> {
        self.scripts.get(self.at)
    }

    pub(super) fn script(&self) -> Option<&'a Script> {
        self.indexed().map(|indexed| indexed.script)
    }

    pub(super) fn word(&mut self, word: &Word) -> Origins {
        self.parts(&word.parts)
    }

    pub(super) fn words(&mut self, words: &[Word]) -> Origins {
        words.iter().fold(Origins::NONE, |all, word| all.join(self.parts(&word.parts)))
    }

    pub(super) fn parts(&mut self, parts: &[WordPart]) -> Origins {
        parts.iter().fold(Origins::NONE, |all, part| all.join(self.part(part)))
    }

    fn part(&mut self, part: &WordPart) -> Origins {
        match part {
            WordPart::Literal(_) => Origins::of(Provenance::Literal),
            WordPart::Variable { name, expression, operand, .. } => {
                let value = self.variable(name);
                let more =
                    if expression.starts_with('!') { self.indirect(name) } else { self.parts(operand) };
                value.join(more)
            }
            WordPart::Substitution { first, end, .. } => self.substitution(*first, *end),
            WordPart::Arithmetic { text, operand } => {
                let operand = self.parts(operand);
                let names = text.split(|c: char| !(c == '_' || c.is_ascii_alphanumeric()));
                let names = names.filter(|n| n.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()));
                names.fold(operand, |all, name| all.join(self.variable(name)))
            }
        }
    }

    /// `${!NAME}`: the variables whose names the variable holds.
    fn indirect(&mut self, name: &str) -> Origins {
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        let names = script.values_of(name);
        let all = names.iter().fold(Origins::NONE, |all, name| all.join(self.variable(name)));
        if script.values.is_sure(name) { all } else { all.join(Origins::UNKNOWN) }
    }

    /// Whether nothing but the script gives a variable its value.
    pub(super) fn is_given_by_script(&self, name: &str) -> bool {
        self.environment.lookup(name).provenance.is_fixed()
    }

    /// What the script assigns, and what the environment gives.
    pub(super) fn variable(&mut self, name: &str) -> Origins {
        let key = (self.at, name.to_owned());
        match self.variables.get(&key) {
            Some(Some(answer)) => return *answer,
            // It refers to itself: what else it is made of is counted where the question came from.
            Some(None) => return Origins::NONE,
            None => {}
        }
        if self.depth >= DEPTH {
            return Origins::UNKNOWN;
        }
        self.variables.insert(key.clone(), None);
        self.depth = self.depth.saturating_add(1);
        let mut answer = self.without_script(name);
        let indices =
            self.indexed().and_then(|indexed| indexed.assigned.get(name).cloned()).unwrap_or_default();
        for index in indices {
            answer = answer.join(self.assignment(index));
        }
        self.depth = self.depth.saturating_sub(1);
        self.variables.insert(key, Some(answer));
        answer
    }

    /// What an assignment gives.
    pub(super) fn assignment(&mut self, index: usize) -> Origins {
        let Some(assignment) = self.script().and_then(|script| script.assignments.get(index)) else {
            return Origins::UNKNOWN;
        };
        match (&assignment.value, assignment.input) {
            (Some(word), _) => {
                let value = self.word(word);
                if value == Origins::NONE { Origins::of(Provenance::Measured) } else { value }
            }
            // What is read may be split, and more than what stands there: never less than unknown.
            (None, Some(command)) => Origins::UNKNOWN.join(self.input(command)),
            (None, None) => Origins::UNKNOWN,
        }
    }

    fn without_script(&mut self, name: &str) -> Origins {
        let provenance = match name {
            "?" | "#" | "$" | "!" | "-" | "RANDOM" | "SECONDS" | "LINENO" | "BASH_VERSION" | "UID"
            | "EUID" => Provenance::System,
            "HOSTNAME" => Provenance::Host,
            // Positional parameters are what the caller of the function gave.
            "@" | "*" | "0" => Provenance::Unknown,
            _ if name.bytes().all(|b| b.is_ascii_digit()) => Provenance::Unknown,
            _ => self.environment.lookup(name).provenance,
        };
        let host_text = if provenance == Provenance::Host && name != "HOSTNAME" {
            Origins::HOST_TEXT
        } else {
            Origins::NONE
        };
        let arguments = if provenance == Provenance::Unknown { self.positional(name) } else { Origins::NONE };
        Origins::of(provenance).join(host_text).join(arguments)
    }

    /// What callers of any function give it.
    fn positional(&mut self, name: &str) -> Origins {
        if !matches!(name, "@" | "*") && !name.bytes().all(|b| b.is_ascii_digit()) {
            return Origins::NONE;
        }
        let Some(indexed) = self.indexed() else { return Origins::NONE };
        let script = indexed.script;
        let calls: Vec<usize> = indexed.calls.values().flatten().copied().collect();
        let mut all = Origins::NONE;
        for call in calls {
            if let Some(command) = script.commands.get(call) {
                all = all.join(self.words(command.arguments()));
            }
        }
        all
    }

    /// The output of the commands of a substitution.
    fn substitution(&mut self, first: usize, end: usize) -> Origins {
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        if self.depth >= DEPTH {
            return Origins::UNKNOWN;
        }
        let commands = script.commands.get(first..end).unwrap_or(&[]);
        // Commands of substitutions inside of this one are asked for where their word stands.
        let depth = commands.iter().map(|command| command.substitution_depth).min().unwrap_or(0);
        let own = commands.iter().filter(|command| command.substitution_depth == depth);
        let mut roots: Vec<usize> = own.map(|command| root(script, command.pipeline)).collect();
        roots.dedup();
        roots.sort_unstable();
        roots.dedup();
        self.depth = self.depth.saturating_add(1);
        let mut all = Origins::NONE;
        for root in roots {
            let last = script.pipelines.get(root).map_or(0, |found| found.stages.saturating_sub(1));
            all = all.join(self.stage_output(root, last));
        }
        self.depth = self.depth.saturating_sub(1);
        all
    }

    /// What a stage of a pipeline prints.
    fn stage_output(&mut self, pipeline: usize, position: usize) -> Origins {
        // From the left, so that a long pipeline is no deep question.
        let mut from = position;
        while let Some(before) = from.checked_sub(1)
            && !self.outputs.contains_key(&(self.at, pipeline, before))
        {
            from = before;
        }
        for before in from..position {
            self.one_stage(pipeline, before);
        }
        self.one_stage(pipeline, position)
    }

    fn one_stage(&mut self, pipeline: usize, position: usize) -> Origins {
        let key = (self.at, pipeline, position);
        self.once(|it| &mut it.outputs, key, |it| it.stage_prints(pipeline, position, true))
    }

    /// An answer that is looked for once. While it is being looked for it is nobody: what it itself adds is no news to it.
    pub(super) fn once<K: Clone + Eq + Hash>(
        &mut self,
        kept: fn(&mut Self) -> &mut HashMap<K, Option<Origins>>,
        key: K,
        find: impl FnOnce(&mut Self) -> Origins,
    ) -> Origins {
        if let Some(answer) = kept(self).get(&key) {
            return answer.unwrap_or(Origins::NONE);
        }
        if self.depth >= DEPTH {
            return Origins::UNKNOWN;
        }
        kept(self).insert(key.clone(), None);
        self.depth = self.depth.saturating_add(1);
        let answer = find(self);
        self.depth = self.depth.saturating_sub(1);
        kept(self).insert(key, Some(answer));
        answer
    }

    fn stage_prints(&mut self, pipeline: usize, position: usize, redirected: bool) -> Origins {
        let Some(indexed) = self.indexed() else { return Origins::UNKNOWN };
        let script = indexed.script;
        let Some(stage) = indexed.stages.get(&(pipeline, position)) else { return Origins::NONE };
        let direct = stage.direct.clone();
        let inner: Vec<(usize, usize)> = stage
            .inner
            .iter()
            .map(|inner| {
                (*inner, script.pipelines.get(*inner).map_or(0, |found| found.stages.saturating_sub(1)))
            })
            .collect();
        let is_compound = !inner.is_empty();
        let mut all = Origins::NONE;
        for (inner, last) in inner {
            all = all.join(self.stage_output(inner, last));
        }
        for index in direct {
            let Some(command) = script.commands.get(index) else { continue };
            let goes_on = !redirected || !sends_output_away(command);
            if !goes_on && command.words.is_empty() {
                return Origins::NONE;
            }
            // `$(< file)` has no program, the redirection of a group neither.
            if goes_on && !(command.words.is_empty() && is_compound) {
                all = all.join(self.prints(index));
            }
        }
        all
    }

    /// What a command writes to the files that it names.
    pub(super) fn written(&mut self, index: usize, kind: WriteKind) -> Origins {
        let Some(command) = self.script().and_then(|script| script.commands.get(index)) else {
            return Origins::UNKNOWN;
        };
        match kind {
            WriteKind::Replace | WriteKind::Append if command.words.is_empty() => {
                self.stage_prints(command.pipeline, command.position, false)
            }
            WriteKind::Replace | WriteKind::Append => self.prints(index),
            WriteKind::Tee => self.input(index),
            WriteKind::Download => self.downloaded(index),
            WriteKind::Copy | WriteKind::Edit => {
                let given = self.words(command.arguments());
                given.join(self.copied(index)).join(self.input(index))
            }
        }
    }

    /// What a command fetches into a file.
    fn downloaded(&mut self, index: usize) -> Origins {
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        let Some(command) = script.commands.get(index) else { return Origins::UNKNOWN };
        let mut all = Origins::NONE;
        for invocation in script.invocations(command) {
            all = all.join(self.download(invocation.arguments()));
        }
        all
    }

    /// What `cp`, `mv` and the like copy; of an edit, what the file was.
    fn copied(&mut self, index: usize) -> Origins {
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        let Some(command) = script.commands.get(index) else { return Origins::UNKNOWN };
        let mut all = Origins::NONE;
        for invocation in script.invocations(command) {
            if !matches!(invocation.program(), Some("cp" | "mv" | "install" | "ln" | "rsync" | "scp")) {
                all = all.join(Origins::UNKNOWN);
                continue;
            }
            let plain: Vec<&Word> =
                invocation.arguments().iter().filter(|word| !word.prefix().starts_with('-')).collect();
            for source in plain.split_last().map_or(&[][..], |(_, sources)| sources) {
                all = all.join(source.literal().map_or(Origins::UNKNOWN, |path| self.file(path)));
            }
        }
        all
    }

    /// Who chooses what a command prints, redirected or not.
    pub(super) fn prints(&mut self, index: usize) -> Origins {
        self.once(|it| &mut it.printed, (self.at, index), |it| it.output(index))
    }

    fn output(&mut self, index: usize) -> Origins {
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        let Some(command) = script.commands.get(index) else { return Origins::UNKNOWN };
        if command.words.is_empty() {
            // `$(< file)`; of a compound command the redirections only.
            return self.own_input(index).unwrap_or(Origins::NONE);
        }
        let mut all = Origins::NONE;
        for invocation in script.invocations(command) {
            all = all.join(self.invocation_output(index, &invocation));
        }
        all
    }

    fn invocation_output(&mut self, index: usize, invocation: &Invocation) -> Origins {
        let Some(program) = invocation.program() else {
            return Origins::UNKNOWN.join(self.words(&invocation.words)).join(self.input(index));
        };
        if self.indexed().is_some_and(|indexed| indexed.bodies.contains_key(program)) {
            return self.function_output(program);
        }
        let arguments = invocation.arguments();
        let passed = if invocation.appended.is_some() { self.input(index) } else { Origins::NONE };
        let of = Origins::of;
        let own = match program {
            "curl" | "wget" => self.download(arguments).join(self.own_input(index).unwrap_or(Origins::NONE)),
            "echo" | "printf" => self.words(arguments),
            _ if SILENT.contains(&program) => Origins::NONE,
            _ if LOCAL.contains(&program) => of(Provenance::System),
            _ if HOSTED.contains(&program) => of(Provenance::Host),
            "dstack-util" => {
                let is_key = arguments.iter().any(|word| {
                    let text = word.prefix().to_ascii_lowercase();
                    text.contains("key") || text.contains("cert")
                });
                let key = if is_key { Origins::KEY } else { Origins::NONE };
                Origins::UNKNOWN.join(key).join(self.words(arguments))
            }
            _ if FILTERS.contains(&program) => {
                let files =
                    if READERS.contains(&program) { self.files(program, arguments) } else { Origins::NONE };
                self.words(arguments).join(files).join(self.input(index))
            }
            _ => Origins::UNKNOWN.join(self.words(arguments)).join(self.input(index)),
        };
        own.join(passed)
    }

    fn function_output(&mut self, name: &str) -> Origins {
        let key = (self.at, name.to_owned());
        match self.functions.get(&key) {
            Some(answer) => return answer.unwrap_or(Origins::NONE),
            None if self.depth >= DEPTH => return Origins::UNKNOWN,
            None => {}
        }
        let Some(indexed) = self.indexed() else { return Origins::UNKNOWN };
        let script = indexed.script;
        let bodies = indexed.bodies.get(name).cloned().unwrap_or_default();
        self.functions.insert(key.clone(), None);
        let mut all = Origins::NONE;
        for body in bodies {
            let last = script.pipelines.get(body).map_or(0, |found| found.stages.saturating_sub(1));
            all = all.join(self.stage_output(body, last));
        }
        self.functions.insert(key, Some(all));
        all
    }

    /// What a command can read from its input.
    pub(super) fn input(&mut self, index: usize) -> Origins {
        if let Some(own) = self.own_input(index) {
            return own;
        }
        let Some(command) = self.script().and_then(|script| script.commands.get(index)) else {
            return Origins::UNKNOWN;
        };
        match command.position.checked_sub(1) {
            Some(before) => self.stage_output(command.pipeline, before),
            None => self.input_around(command.pipeline, command.function.as_deref()),
        }
    }

    /// The input of the first stage of a pipeline: that of the compound command around, or of the callers of a function.
    fn input_around(&mut self, pipeline: usize, function: Option<&str>) -> Origins {
        let Some(indexed) = self.indexed() else { return Origins::UNKNOWN };
        let script = indexed.script;
        let Some(around) = script.pipelines.get(pipeline).and_then(|found| found.reads) else {
            return function.map_or(Origins::NONE, |function| self.input_of_calls(function));
        };
        let around = match around {
            Reads::Input(around) => around,
            Reads::Output((pipeline, position)) => return self.stage_prints(pipeline, position, false),
        };
        let key = (self.at, around.0, around.1);
        let direct = indexed.stages.get(&around).map(|stage| stage.direct.clone()).unwrap_or_default();
        self.once(
            |it| &mut it.inputs,
            key,
            |it| {
                // The redirections of the compound command, or of the command whose words hold a substitution.
                let own = direct.into_iter().find_map(|index| it.own_input(index));
                match (own, around.1.checked_sub(1)) {
                    (Some(own), _) => own,
                    (None, Some(before)) => it.stage_output(around.0, before),
                    (None, None) => it.input_around(around.0, function),
                }
            },
        )
    }

    fn input_of_calls(&mut self, function: &str) -> Origins {
        let key = (self.at, function.to_owned());
        self.once(
            |it| &mut it.callers,
            key,
            |it| {
                let calls = it.indexed().and_then(|indexed| indexed.calls.get(function).cloned());
                let mut all = Origins::NONE;
                for call in calls.unwrap_or_default() {
                    let command = it.script().and_then(|script| script.commands.get(call));
                    if command.is_some_and(|command| command.function.as_deref() != Some(function)) {
                        all = all.join(it.input(call));
                    }
                }
                all
            },
        )
    }

    /// What the redirections of a command give it to read.
    fn own_input(&mut self, index: usize) -> Option<Origins> {
        let command = self.script()?.commands.get(index)?;
        let mut input = None;
        // Another descriptor than the first is not what the command reads unasked.
        let is_input = |redirection: &&Redirection| matches!(redirection.descriptor, None | Some(0));
        for redirection in command.redirections.iter().filter(is_input) {
            let from = match redirection.operator.as_str() {
                "<&" => self.descriptor(redirection.target.literal()),
                "<" | "<>" => match redirection.target.literal() {
                    Some(path) => self.file(path),
                    // `< <(…)`.
                    None if is_substituted_file(&redirection.target) => self.word(&redirection.target),
                    None => Origins::UNKNOWN.join(self.word(&redirection.target)),
                },
                "<<<" => self.word(&redirection.target),
                "<<" | "<<-" => redirection.document.as_ref().map_or(Origins::NONE, |word| self.word(word)),
                _ => continue,
            };
            input = Some(input.unwrap_or(Origins::NONE).join(from));
        }
        input
    }

    /// What a descriptor gives that some command of the script opens.
    fn descriptor(&mut self, number: Option<&str>) -> Origins {
        let Some(number) = number.and_then(|number| number.trim_end_matches('-').parse::<u32>().ok()) else {
            return Origins::UNKNOWN;
        };
        let Some(script) = self.script() else { return Origins::UNKNOWN };
        if number == 0 {
            return Origins::NONE;
        }
        self.once(
            |it| &mut it.descriptors,
            (self.at, number),
            |it| {
                let opened =
                    it.indexed().and_then(|indexed| indexed.opened.get(&number).cloned()).unwrap_or_default();
                let mut all = if opened.is_empty() { Origins::UNKNOWN } else { Origins::NONE };
                for index in opened {
                    let all_of =
                        script.commands.get(index).into_iter().flat_map(|command| &command.redirections);
                    for redirection in all_of.filter(|redirection| redirection.descriptor == Some(number)) {
                        all = all.join(match (redirection.operator.as_str(), redirection.target.literal()) {
                            ("<" | "<>", Some(path)) => it.file(path),
                            (_, _) => it.word(&redirection.target),
                        });
                        if let Some(document) = &redirection.document {
                            all = all.join(it.word(document));
                        }
                    }
                }
                all
            },
        )
    }
}

/// `<(…)`: the word is the name of a file with the output of commands.
pub(super) fn is_substituted_file(word: &Word) -> bool {
    !word.parts.is_empty()
        && word.parts.iter().all(|part| matches!(part, WordPart::Substitution { is_file: true, .. }))
}

/// Whether the output of a command goes into a file.
fn sends_output_away(command: &super::Command) -> bool {
    command.redirections.iter().any(|redirection| {
        let is_output = redirection.operator.contains('>') && redirection.operator != "<>";
        let is_own = matches!(redirection.descriptor, None | Some(1));
        let target = redirection.target.literal();
        let stays = matches!(
            target,
            Some("/dev/stdout" | "/dev/stderr" | "/dev/tty" | "/dev/fd/1" | "/proc/self/fd/1")
        ) || redirection.operator == ">&"
            && target.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()))
            || is_substituted_file(&redirection.target);
        is_output && is_own && !stays
    })
}

/// Text of a script is measured, as a value is that it makes.
pub(super) const fn measured(value: Provenance) -> Provenance {
    match value {
        Provenance::Literal | Provenance::Unset => Provenance::Measured,
        other => other,
    }
}
