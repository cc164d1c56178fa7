//! The shell scripts of an app_compose, read well enough to follow values, files and commands.
//!
//! Not a shell: nothing is run, and control flow is not followed. Every assignment counts, whether its branch is taken
//! or not; what cannot be parsed or told is listed, and the variables it may set are [`Provenance::Unknown`].
//! The text is attacker-controlled; size, nesting and the number of nodes are bounded by the budget.

mod arithmetic;
mod code;
mod environment;
mod execution;
mod facts;
mod invocation;
mod known;
mod nested;
mod origin;
mod parser;
mod produced;
mod program;
mod unit;
mod value;
mod word;

pub use code::{Code, Language};
pub use environment::environment;
pub use execution::{Check, Execution, ExecutionKind, Executions};
pub use facts::{FileWrite, WriteKind};
pub use invocation::{Appended, Invocation, quoted};
pub use known::{KNOWN_PRE_LAUNCH, KnownScript};
pub use origin::Origins;
pub use parser::{read, read_all, read_text, read_text_within};

use crate::construct::{Construct, ConstructKind, Text};
use crate::position::Span;
use crate::provenance::Provenance;
use std::collections::HashSet;
use veritee_model::Sha256Digest;
use word::base_name;

/// Which script it is, and so when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `init_script`: runs first, in another process; what it exports does not reach `docker compose`, files do.
    Init,
    /// `pre_launch_script`: sourced by the shell that then runs `docker compose`; what it exports reaches it.
    PreLaunch,
    /// `bash_script`: the workload itself, where `runner` is `bash`.
    Bash,
    /// The command of a container, or of the build of an image.
    Command,
}

impl Role {
    /// The key in app_compose.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Init => "init_script",
            Self::PreLaunch => "pre_launch_script",
            Self::Bash => "bash_script",
            Self::Command => "command",
        }
    }
}

/// A script. Spans are byte ranges of its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Which script it is.
    pub role: Role,
    /// Its text.
    pub text: String,
    /// SHA-256 of the text.
    pub sha256: Sha256Digest,
    /// The published script that it is, byte by byte.
    pub known: Option<&'static KnownScript>,
    /// All simple commands, those inside of functions, conditions and substitutions too, in the order of the text.
    pub commands: Vec<Command>,
    /// All assignments.
    pub assignments: Vec<Assignment>,
    /// Conditions that guard commands.
    pub guards: Vec<Guard>,
    /// What could not be parsed, and what has effects that cannot be told.
    pub problems: Vec<Problem>,
    /// Names that any assignment gives a value.
    assigned: HashSet<String>,
    /// All pipelines, by their number.
    pipelines: Vec<Pipeline>,
    /// Plain values that variables may have.
    values: value::Values,
    /// Commands whose text for a shell was read, all of it.
    followed: HashSet<usize>,
}

/// Where the commands of a compound command or of a substitution read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// The input of this place in a pipeline: of the compound command, or of the command with the substitution.
    Input((usize, usize)),
    /// The output of this place: `>(…)`.
    Output((usize, usize)),
}

/// Commands that are connected by `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pipeline {
    /// The pipeline and place of the compound command, or of the shell, that it is part of.
    parent: Option<(usize, usize)>,
    /// Where its input comes from, where it is not the script's.
    reads: Option<Reads>,
    /// How many commands it connects.
    stages: usize,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The words, assignments before them left out.
    pub words: Vec<Word>,
    /// Redirections, here-documents among them.
    pub redirections: Vec<Redirection>,
    /// Commands with the same number are connected by `|`.
    pub pipeline: usize,
    /// Its place in that pipeline, from 0.
    pub position: usize,
    /// How many shells, `eval`s and traps stand around it: its text is then no part of the script's own, and its span is
    /// that of the command that hands the text on.
    pub nesting: usize,
    /// Indices into [`Script::guards`], outermost first.
    pub guards: Vec<usize>,
    /// The function that it is the body of.
    pub function: Option<String>,
    /// It runs in a subshell: its assignments and exports go nowhere.
    pub in_subshell: bool,
    /// It, or the compound command that it is part of, stands behind `!`.
    pub is_negated: bool,
    /// How many substitutions (`$(…)`, backticks, `<(…)`) it stands in.
    pub substitution_depth: usize,
    /// Where it stands.
    pub span: Span,
}

impl Command {
    /// The name of the program without its folder, if it is a plain word.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        let word = self.words.first()?.literal()?;
        Some(base_name(word))
    }

    /// The words after the program.
    #[must_use]
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// Whether a plain argument equals `wanted`.
    #[must_use]
    pub fn has_argument(&self, wanted: &str) -> bool {
        self.arguments().iter().any(|word| word.literal() == Some(wanted))
    }
}

/// A word before expansion.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its parts.
    pub parts: Vec<WordPart>,
    /// All of its text, where nothing in it is expanded; quotes removed.
    text: Option<String>,
    /// It is a part of the value only: an element of an array, or more text behind an unknown whole.
    is_part: bool,
    /// Where it stands.
    pub span: Span,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WordPart {
    /// Text, quotes and backslashes removed.
    Literal(String),
    /// `$NAME` or `${NAME…}`; special parameters by their character.
    Variable {
        /// The name.
        name: String,
        /// What stands between name and brace as it is written: `:-x`, `#prefix`, `[0]`.
        expression: String,
        /// The operand of a default or an alternative.
        operand: Vec<Self>,
        /// It stands outside of double quotes: its value is split and globbed.
        unquoted: bool,
    },
    /// `$(…)`, backticks, `<(…)` or `>(…)`.
    Substitution {
        /// Index of its first command in [`Script::commands`].
        first: usize,
        /// Index after its last command.
        end: usize,
        /// It is `<(…)` or `>(…)`: the word is the name of a file.
        is_file: bool,
    },
    /// `$((…))`.
    Arithmetic {
        /// What stands between the parentheses, as it is written.
        text: String,
        /// Its expansions and substitutions.
        operand: Vec<Self>,
    },
}

impl Word {
    /// The text, where nothing in the word is expanded.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Names of the variables in it, those inside of operands too, those inside of substitutions not.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        variables_of(&self.parts, &mut names);
        names
    }

    pub(crate) fn new(mut parts: Vec<WordPart>, span: Span) -> Self {
        if parts.len() > 1 {
            parts.retain(|part| !matches!(part, WordPart::Literal(text) if text.is_empty()));
        }
        let mut text = Some(String::new());
        for part in &parts {
            match (part, &mut text) {
                (WordPart::Literal(literal), Some(text)) => text.push_str(literal),
                _ => text = None,
            }
        }
        Self { parts, text, is_part: false, span }
    }

    /// The literal text before the first expansion.
    pub(crate) fn prefix(&self) -> String {
        let literal = |part: &WordPart| match part {
            WordPart::Literal(text) => Some(text.clone()),
            _ => None,
        };
        self.parts.iter().map_while(literal).collect()
    }
}

pub(crate) fn variables_of<'a>(parts: &'a [WordPart], names: &mut Vec<&'a str>) {
    for part in parts {
        match part {
            WordPart::Variable { name, operand, .. } => {
                names.push(name);
                variables_of(operand, names);
            }
            WordPart::Arithmetic { operand, .. } => variables_of(operand, names),
            _ => {}
        }
    }
}

/// A redirection.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirection {
    /// The operator without the descriptor: `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `&>` and so on.
    pub operator: String,
    /// The descriptor, where one is written.
    pub descriptor: Option<u32>,
    /// The file, descriptor or here-string; of a here-document its delimiter.
    pub target: Word,
    /// The text of a here-document.
    pub document: Option<Word>,
}

/// An assignment to a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What is assigned; `None` where that cannot be told (`read`, arithmetic, arrays).
    pub value: Option<Word>,
    /// The command, by its index in [`Script::commands`], out of whose input it is read.
    pub input: Option<usize>,
    /// It reaches programs that the shell starts later.
    pub exported: bool,
    /// It may not happen: it stands in a branch, a loop, a function, or after `&&` or `||`.
    pub conditional: bool,
    /// It ends with the command before which it stands, or with its subshell.
    pub temporary: bool,
    /// It stands before a command, and is part of the environment of that command alone.
    pub before_command: bool,
    /// Who chooses the value. Filled in when the script is resolved.
    pub provenance: Provenance,
    /// Indices into [`Script::guards`], outermost first.
    pub guards: Vec<usize>,
    /// Where it stands.
    pub span: Span,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// Index of its first command in [`Script::commands`].
    pub first: usize,
    /// Index after its last command.
    pub end: usize,
    /// What it guards does not need the condition to hold (`else`, `until`, behind `||`).
    pub negated: bool,
    /// Names of the variables in it.
    pub variables: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// Something about a script that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// [`ConstructKind::ScriptSyntax`] or [`ConstructKind::ScriptOpaque`].
    pub kind: ConstructKind,
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub detail: String,
    /// The command that it is about, by its index in [`Script::commands`].
    pub command: Option<usize>,
}

impl Script {
    /// What stands in the place of a script while a parser holds it.
    fn empty() -> Self {
        Self {
            role: Role::Command,
            text: String::new(),
            sha256: Sha256Digest::of(&[]),
            known: None,
            commands: Vec::new(),
            assignments: Vec::new(),
            guards: Vec::new(),
            problems: Vec::new(),
            assigned: HashSet::new(),
            pipelines: Vec::new(),
            values: value::Values::default(),
            followed: HashSet::new(),
        }
    }

    /// Whether all of it was parsed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.problems.iter().any(|problem| problem.kind == ConstructKind::ScriptSyntax)
    }

    /// Functions and aliases that something calls, or may call: where a name is computed, all of them. Those that the
    /// guest calls after a pre-launch script are named by the caller.
    #[must_use]
    pub fn called(&self, by_the_guest: &[&str]) -> HashSet<String> {
        let functions: HashSet<&str> =
            self.commands.iter().filter_map(|command| command.function.as_deref()).collect();
        if functions.is_empty() || !self.problems.is_empty() {
            return functions.into_iter().map(str::to_owned).collect();
        }
        let is_outside = |name: &&str| by_the_guest.contains(name);
        let mut called: HashSet<&str> = functions.iter().copied().filter(is_outside).collect();
        let mut calls: std::collections::HashMap<Option<&str>, Vec<&str>> = std::collections::HashMap::new();
        for command in &self.commands {
            let texts = command.words.iter().filter_map(Word::literal);
            let names = texts.flat_map(|text| text.split('=').next()).filter(|text| functions.contains(text));
            calls.entry(command.function.as_deref()).or_default().extend(names);
        }
        let mut open: Vec<Option<&str>> = called.iter().map(|name| Some(*name)).collect();
        open.push(None);
        while let Some(from) = open.pop() {
            for name in calls.get(&from).into_iter().flatten() {
                if called.insert(name) {
                    open.push(Some(name));
                }
            }
        }
        called.into_iter().map(str::to_owned).collect()
    }

    /// The text that a command reads, where all of it stands in the script.
    #[must_use]
    pub fn input_text(&self, command: usize) -> Option<String> {
        let parts = produced::input(self, command)?;
        Word::new(parts, Span::default()).text
    }

    /// The plain values that the text gives to a variable; it may have others too.
    #[must_use]
    pub fn values_of(&self, name: &str) -> &[String] {
        self.values.of(name)
    }

    /// Whether any assignment gives the variable a value.
    #[must_use]
    pub fn assigns(&self, name: &str) -> bool {
        self.assigned.contains(name)
    }

    /// Whether the output of the command goes into another one, directly or through the compound commands around it.
    #[must_use]
    pub fn is_piped(&self, command: &Command) -> bool {
        let mut stage = Some((command.pipeline, command.position));
        while let Some((pipeline, position)) = stage {
            let Some(found) = self.pipelines.get(pipeline) else { return false };
            if position.saturating_add(1) < found.stages {
                return true;
            }
            stage = found.parent;
        }
        false
    }

    /// Whether a compound command around the command is part of a pipeline.
    fn is_in_pipeline(&self, command: &Command) -> bool {
        let mut next = self.pipelines.get(command.pipeline).and_then(|pipeline| pipeline.parent);
        while let Some((pipeline, _)) = next {
            let Some(found) = self.pipelines.get(pipeline) else { return false };
            if found.stages > 1 {
                return true;
            }
            next = found.parent;
        }
        false
    }

    /// The first thing that may set variables that cannot be told.
    #[must_use]
    pub fn opaque(&self) -> Option<&Problem> {
        self.problems.first()
    }

    /// The line, counted from 1, of an offset in the text.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().get(..offset).unwrap_or(&[]);
        before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
    }

    pub(crate) fn constructs(&self, text: Text) -> Vec<Construct> {
        let construct = |problem: &Problem| Construct {
            kind: problem.kind,
            text,
            span: problem.span,
            path: self.role.key().to_owned(),
            detail: problem.detail.clone(),
        };
        self.problems.iter().map(construct).collect()
    }
}
