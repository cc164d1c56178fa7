//! Dockerfiles as the audit reads them: stages, images taken from elsewhere, commands, downloads.
//!
//! Parsed by `parse-dockerfile`; a file that it refuses is a finding, never clean. Build arguments count with their
//! defaults; an image that uses one is marked, because `--build-arg` can replace it.

use crate::facts::code;
use crate::facts::code::is_shell;
use crate::facts::words::base;
use crate::pattern::pattern;
use crate::script::{Command, Input, commands_of};
use crate::text::Lines;
use parse_dockerfile::{Command as Form, Flag, Instruction, Source as CopySource, Span};
use std::collections::{BTreeMap, VecDeque};
use veritee_compose::script::quoted;
use veritee_model::{Budget, Place};

/// Where a Dockerfile stands.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) place: Place,
    /// It is built inside the attested machine, from the compose file.
    pub(crate) in_machine: bool,
    pub(crate) test_like: bool,
    /// Build arguments that the compose file gives; of one that somebody outside chooses nothing is known.
    pub(crate) arguments: BTreeMap<String, Option<String>>,
}

/// A Dockerfile with its origin.
pub(crate) struct Build {
    pub(crate) origin: Origin,
    pub(crate) text: String,
    pub(crate) parsed: Result<Parsed, String>,
    lines: Lines,
}

/// Its contents.
#[derive(Default)]
pub(crate) struct Parsed {
    /// The `# syntax=` frontend.
    pub(crate) syntax: Option<ImageUse>,
    pub(crate) stages: Vec<Stage>,
}

/// One stage.
pub(crate) struct Stage {
    pub(crate) from: ImageUse,
    pub(crate) steps: Vec<Step>,
}

/// An image that a build takes something from.
#[derive(Debug, Clone)]
pub(crate) struct ImageUse {
    /// As it stands.
    pub(crate) text: String,
    /// With the defaults of build arguments filled in; `None` when one has no default.
    pub(crate) resolved: Option<String>,
    /// It uses a build argument.
    pub(crate) overridable: bool,
    /// It is an earlier stage or `scratch`, no image from elsewhere.
    pub(crate) local: bool,
    pub(crate) offset: usize,
}

/// One instruction that matters.
pub(crate) enum Step {
    Run {
        commands: Vec<Command>,
        text: String,
        offset: usize,
        mounts: Vec<ImageUse>,
    },
    Copy {
        from: Option<ImageUse>,
        sources: Vec<String>,
        offset: usize,
    },
    Add {
        sources: Vec<String>,
        checksum: bool,
        offset: usize,
    },
    /// `ARG` and `ENV`: the arguments as they stand, and as names with values.
    Setting {
        text: String,
        values: Vec<(String, String)>,
        offset: usize,
    },
    /// `ENTRYPOINT` and `CMD`: what the image starts.
    Start {
        commands: Vec<Command>,
        /// The words of the list form.
        words: Vec<String>,
        offset: usize,
    },
    /// `HEALTHCHECK`: what the image runs from time to time.
    Check {
        commands: Vec<Command>,
        offset: usize,
    },
}

impl Build {
    pub(crate) fn new(text: &str, origin: Origin, budget: &Budget) -> Self {
        let read = |text: &str, documents: &[Document]| {
            let file = parse_dockerfile::parse(text).map_err(|error| error.to_string())?;
            Ok(Reader::new(*budget, documents, &origin.arguments).read(&file))
        };
        // A parser that knows no documents behind a command takes their lines for instructions.
        let parsed = read(text, &[]).or_else(|error| {
            let (plain, documents) = without_documents(text).ok_or(error)?;
            read(&plain, &documents)
        });
        Self { origin, text: text.to_owned(), parsed, lines: Lines::new(text) }
    }

    /// The place of an offset: the line in the file, or in the document that the Dockerfile stands in.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let inner = self.lines.place(&self.origin.place.file, &self.text, offset);
        let first = self.origin.place.line.unwrap_or(1);
        Place {
            line: inner.line.map(|line| line.saturating_add(first).saturating_sub(1)),
            column: if self.origin.place.path.is_empty() { inner.column } else { None },
            path: self.origin.place.path.clone(),
            file: inner.file,
        }
    }

    pub(crate) fn line_at(&self, offset: usize) -> &str {
        self.lines.line_at(&self.text, offset).trim()
    }

    pub(crate) fn stages(&self) -> &[Stage] {
        self.parsed.as_ref().map_or(&[], |parsed| &parsed.stages)
    }

    /// Whether some stage fetches its sources at a full commit: a lock file then comes from a fixed tree.
    pub(crate) fn checks_out_commit(&self) -> bool {
        self.stages()
            .iter()
            .flat_map(|stage| &stage.steps)
            .any(|step| matches!(step, Step::Run { commands, .. } if commands.iter().any(is_full_checkout)))
    }
}

/// `git checkout` or `git reset` to 40 hex digits.
pub(crate) fn is_full_checkout(command: &Command) -> bool {
    command.program() == "git"
        && matches!(command.subcommand(), Some("checkout" | "reset" | "switch" | "fetch" | "clone" | "-C"))
        && command.words.iter().any(|word| {
            let word = word.rsplit('=').next().unwrap_or(word);
            word.len() == 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// A here-document: where its instruction begins, and its lines with the one that ends it.
struct Document {
    instruction: usize,
    text: String,
}

pattern!(
    DOCUMENT,
    r#"(?:^|[^<])<<(-?)(?:"([A-Za-z_][\w.-]*)"|'([A-Za-z_][\w.-]*)'|([A-Za-z_][\w.-]*))"#,
    ["<<"]
);

/// The file with the lines of here-documents (`RUN cat > f <<'X'`) as comments of the same length, so that offsets stay,
/// and these documents; `None` where there are none. Source: Dockerfile reference, here-documents.
fn without_documents(text: &str) -> Option<(String, Vec<Document>)> {
    let mut masked = String::with_capacity(text.len());
    let mut documents: Vec<Document> = Vec::new();
    // What ends each document that is still to come: the word, and whether tabs before it count.
    let mut ends: VecDeque<(String, bool)> = VecDeque::new();
    let mut instruction = None;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        if let (Some((end, tabs)), Some(document)) = (ends.front(), documents.last_mut()) {
            let ended = if *tabs { body.trim_start_matches('\t') == end } else { body == end };
            document.text.push('\n');
            document.text.push_str(body);
            masked.extend(body.bytes().enumerate().map(|(at, _)| if at == 0 { '#' } else { '.' }));
            masked.push_str(line.get(body.len()..).unwrap_or(""));
            if ended {
                ends.pop_front();
            }
            continue;
        }
        let first = body.split_whitespace().next().unwrap_or("");
        if ["RUN", "COPY", "ADD"].iter().any(|known| first.eq_ignore_ascii_case(known)) {
            let indented = body.len().saturating_sub(body.trim_start().len());
            instruction = Some(masked.len().saturating_add(indented));
        }
        if let Some(start) = instruction {
            let before = ends.len();
            ends.extend(DOCUMENT.captures_iter(body).filter_map(|groups| {
                let name = groups.get(2).or_else(|| groups.get(3)).or_else(|| groups.get(4))?;
                let tabs = groups.get(1).is_some_and(|dash| !dash.as_str().is_empty());
                Some((name.as_str().to_owned(), tabs))
            }));
            if ends.len() > before {
                documents.push(Document { instruction: start, text: String::new() });
            }
        }
        if !body.trim_end().ends_with('\\') {
            instruction = None;
        }
        masked.push_str(line);
    }
    (!documents.is_empty()).then_some((masked, documents))
}

struct Reader<'d> {
    budget: Budget,
    documents: &'d [Document],
    arguments: &'d BTreeMap<String, Option<String>>,
    globals: BTreeMap<String, Option<String>>,
    names: Vec<String>,
    /// What `SHELL` names, where that is no shell.
    shell: Vec<String>,
    parsed: Parsed,
}

impl<'d> Reader<'d> {
    fn new(
        budget: Budget,
        documents: &'d [Document],
        arguments: &'d BTreeMap<String, Option<String>>,
    ) -> Self {
        Self {
            budget,
            documents,
            arguments,
            globals: BTreeMap::new(),
            names: Vec::new(),
            shell: Vec::new(),
            parsed: Parsed::default(),
        }
    }

    fn read(mut self, file: &parse_dockerfile::Dockerfile<'_>) -> Parsed {
        self.parsed.syntax = file.parser_directives.syntax.as_ref().map(|directive| ImageUse {
            text: directive.value.value.to_owned(),
            resolved: Some(directive.value.value.to_owned()),
            overridable: false,
            local: false,
            offset: directive.value.span.start,
        });
        for instruction in &file.instructions {
            self.instruction(instruction);
        }
        self.parsed
    }

    fn instruction(&mut self, instruction: &Instruction<'_>) {
        match instruction {
            Instruction::From(from) => {
                let image = self.image(&from.image.value, from.image.span.start);
                let name = from.as_.as_ref().map(|(_, name)| name.value.to_ascii_lowercase());
                self.names.extend(name);
                self.shell.clear();
                self.parsed.stages.push(Stage { from: image, steps: Vec::new() });
            }
            Instruction::Arg(arg) if self.parsed.stages.is_empty() => self.globals(&arg.arguments.value),
            Instruction::Onbuild(onbuild) => self.instruction(&onbuild.instruction),
            Instruction::Shell(shell) => {
                let words: Vec<String> = shell.arguments.iter().map(|word| word.value.to_string()).collect();
                let other = words.first().is_some_and(|word| !is_shell(base(word)));
                self.shell = if other { words } else { Vec::new() };
            }
            other => {
                if let Some(step) = self.step(other)
                    && let Some(stage) = self.parsed.stages.last_mut()
                {
                    stage.steps.push(step);
                }
            }
        }
    }

    fn globals(&mut self, arguments: &str) {
        for argument in arguments.split_whitespace() {
            let (name, default) = match argument.split_once('=') {
                Some((name, default)) => (name, Some(default.trim_matches(['"', '\'']).to_owned())),
                None => (argument, None),
            };
            // What the compose file gives stands in the place of the default.
            let given = self.arguments.get(name).cloned();
            self.globals.insert(name.to_owned(), given.unwrap_or(default));
        }
    }

    fn step(&self, instruction: &Instruction<'_>) -> Option<Step> {
        Some(match instruction {
            Instruction::Run(run) => {
                let (mut text, words) = command(&run.arguments);
                if !self.shell.is_empty() && words.is_empty() {
                    let by = self.shell.iter().map(String::as_str).chain([text.as_str()]);
                    text = quoted(by);
                }
                let mut written = Vec::new();
                for document in &run.here_docs {
                    text.push('\n');
                    text.push_str(&document.value);
                    written.push(document.value.to_string());
                }
                let own = |document: &&Document| document.instruction == run.run.span.start;
                for document in self.documents.iter().filter(own) {
                    text.push_str(&document.text);
                    // The last line is the word that ends it.
                    let lines = document.text.trim_start_matches('\n');
                    written.push(lines.rsplit_once('\n').map_or("", |(lines, _)| lines).to_owned());
                }
                // `RUN <<E` with `#!`: the document is the program.
                let interpreted = written.iter().find_map(|document| by_first_line(document, &text));
                Step::Run {
                    commands: interpreted.map_or_else(|| commands_of(&text, &self.budget), |by| vec![by]),
                    text,
                    offset: run.run.span.start,
                    mounts: run.options.iter().filter_map(|flag| self.mount(flag)).collect(),
                }
            }
            Instruction::Copy(copy) => Step::Copy {
                from: flag(&copy.options, "from").map(|(value, span)| self.image(&value, span.start)),
                sources: sources(&copy.src),
                offset: copy.copy.span.start,
            },
            Instruction::Add(add) => Step::Add {
                sources: sources(&add.src),
                checksum: flag(&add.options, "checksum").is_some(),
                offset: add.add.span.start,
            },
            Instruction::Arg(arg) => setting(&arg.arguments.value, arg.arg.span.start),
            Instruction::Env(env) => setting(&env.arguments.value, env.env.span.start),
            Instruction::Entrypoint(entry) => self.start(&entry.arguments, entry.entrypoint.span.start),
            Instruction::Cmd(cmd) => self.start(&cmd.arguments, cmd.cmd.span.start),
            Instruction::Healthcheck(check) => {
                let parse_dockerfile::HealthcheckArguments::Cmd { arguments, .. } = &check.arguments else {
                    return None;
                };
                let (text, _) = command(arguments);
                let commands = commands_of(&text, &self.budget);
                Step::Check { commands, offset: check.healthcheck.span.start }
            }
            _ => return None,
        })
    }

    fn start(&self, arguments: &Form<'_>, offset: usize) -> Step {
        let (text, words) = command(arguments);
        Step::Start { commands: commands_of(&text, &self.budget), words, offset }
    }

    fn mount(&self, option: &Flag<'_>) -> Option<ImageUse> {
        if option.name.value != "mount" {
            return None;
        }
        let value = option.value.as_ref()?;
        let from = value.value.split(',').find_map(|part| part.strip_prefix("from="))?;
        Some(self.image(from, value.span.start))
    }

    fn image(&self, text: &str, offset: usize) -> ImageUse {
        let (resolved, overridable) = substitute(text, &self.globals);
        let lower = resolved.as_deref().unwrap_or(text).to_ascii_lowercase();
        let index = lower.parse::<usize>().is_ok_and(|index| index < self.parsed.stages.len());
        let local = lower == "scratch" || self.names.contains(&lower) || index;
        ImageUse { text: text.to_owned(), resolved, overridable, local, offset }
    }
}

/// The program of a here-document that names its interpreter, where it is all that the instruction runs.
fn by_first_line(document: &str, text: &str) -> Option<Command> {
    let program = document.lines().next()?.strip_prefix("#!")?.split_whitespace().find(|word| {
        let name = base(word);
        name != "env" && !name.starts_with('-')
    })?;
    let alone = text.trim_start().starts_with("<<") || text.trim_start() == document.trim_start();
    let option = code::text_option(base(program)).filter(|_| alone)?;
    let code = document.split_once('\n').map_or("", |(_, code)| code);
    let words = vec![base(program).to_owned(), option.to_owned(), code.to_owned()];
    Some(Command { words, piped: false, redirected: false, offset: 0, input: Input::None })
}

/// The text of a command, and its words where it is a list.
fn command(arguments: &Form<'_>) -> (String, Vec<String>) {
    match arguments {
        // BuildKit takes a carriage return before the end of a line away; a shell that gets one keeps it.
        Form::Shell(shell) => (shell.value.replace("\r\n", "\n"), Vec::new()),
        Form::Exec(words) => {
            let words: Vec<String> = words.value.iter().map(|word| word.value.to_string()).collect();
            (quoted(words.iter().map(String::as_str)), words)
        }
        _ => (String::new(), Vec::new()),
    }
}

/// `NAME=value NAME="value"`, or the older `NAME value`.
fn setting(text: &str, offset: usize) -> Step {
    let mut values = Vec::new();
    let first = text.split_whitespace().next().unwrap_or("");
    if first.contains('=') {
        let mut word = String::new();
        let mut quote = None;
        for character in text.chars().chain([' ']) {
            match (quote, character) {
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (None, _) if character.is_whitespace() => {
                    if let Some((name, value)) = word.split_once('=') {
                        values.push((name.to_owned(), value.to_owned()));
                    }
                    word.clear();
                }
                _ => word.push(character),
            }
        }
    } else if let Some((name, value)) = text.trim().split_once(char::is_whitespace) {
        values.push((name.to_owned(), value.trim().to_owned()));
    }
    Step::Setting { text: text.to_owned(), values, offset }
}

fn flag(options: &[Flag<'_>], name: &str) -> Option<(String, Span)> {
    let option = options.iter().find(|option| option.name.value == name)?;
    let value = option.value.as_ref()?;
    Some((value.value.to_string(), value.span.clone()))
}

fn sources(list: &[CopySource<'_>]) -> Vec<String> {
    list.iter()
        .filter_map(|source| match source {
            CopySource::Path(path) => Some(path.value.to_string()),
            _ => None,
        })
        .collect()
}

/// Fills in `${NAME}`, `$NAME` and `${NAME:-default}`; says whether any stood there.
fn substitute(text: &str, globals: &BTreeMap<String, Option<String>>) -> (Option<String>, bool) {
    let mut resolved = Some(String::new());
    let mut overridable = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        push(&mut resolved, Some(before));
        overridable = true;
        let (expression, tail) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or((inner, "")),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at_checked(end).unwrap_or((after, ""))
            }
        };
        let (name, fallback) = match expression.split_once(":-").or_else(|| expression.split_once('-')) {
            Some((name, fallback)) => (name, Some(fallback)),
            None => (expression, None),
        };
        let default = globals.get(name).and_then(Option::as_deref).or(fallback);
        push(&mut resolved, default);
        rest = tail;
    }
    push(&mut resolved, Some(rest));
    (resolved, overridable)
}

fn push(text: &mut Option<String>, part: Option<&str>) {
    match (text.as_mut(), part) {
        (Some(text), Some(part)) => text.push_str(part),
        _ => *text = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str) -> Build {
        let place = Place { file: "Dockerfile".to_owned(), ..Place::default() };
        Build::new(
            text,
            Origin { place, in_machine: false, test_like: false, arguments: BTreeMap::new() },
            &Budget::STANDARD,
        )
    }

    #[test]
    fn stages_scratch_and_indices_are_local_and_all_else_is_an_image() {
        let text = "ARG BASE=debian@sha256:aa\nFROM ${BASE} AS Builder\nFROM builder\nFROM scratch\nCOPY --from=0 a b\nCOPY --from=busybox:1 a b\nRUN --mount=type=bind,from=alpine,target=/x true\n";
        let build = build(text);
        let stages = build.stages();
        assert_eq!(stages[0].from.resolved.as_deref(), Some("debian@sha256:aa"));
        assert!(stages[0].from.overridable && !stages[0].from.local);
        assert!(stages[1].from.local && stages[2].from.local);
        let Step::Copy { from: Some(from), .. } = &stages[2].steps[0] else { panic!() };
        assert!(from.local);
        let Step::Copy { from: Some(from), .. } = &stages[2].steps[1] else { panic!() };
        assert!(!from.local);
        let Step::Run { mounts, .. } = &stages[2].steps[2] else { panic!() };
        assert_eq!(mounts[0].text, "alpine");
    }

    #[test]
    fn an_argument_without_default_leaves_the_image_unresolved() {
        let build = build("ARG BASE\nFROM $BASE\n");
        assert_eq!(build.stages()[0].from.resolved, None);
    }

    #[test]
    fn a_file_that_cannot_be_parsed_is_an_error() {
        assert!(build("RUN true\n").parsed.is_err());
        assert!(build("").parsed.is_err());
    }

    #[test]
    fn lines_count_within_the_document_that_holds_the_file() {
        let place = Place { file: "c.yml".to_owned(), line: Some(10), column: None, path: "p".to_owned() };
        let build = Build::new(
            "FROM a\nRUN b\n",
            Origin { place, in_machine: true, test_like: false, arguments: BTreeMap::new() },
            &Budget::STANDARD,
        );
        let Step::Run { offset, .. } = &build.stages()[0].steps[0] else { panic!() };
        assert_eq!(build.place(*offset).line, Some(11));
    }
}
