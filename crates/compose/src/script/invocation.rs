//! Commands without what stands around them: `sudo -u x env A=1 timeout 5 bash -c …` starts `bash`.

use super::program::{self, Wrapper};
use super::word::{base_name, is_name};
use super::{Command, Script, Word, WordPart};
use core::fmt::Write as _;

/// A program that a command starts, with values of the script's own variables filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Arguments of its own are added from the input (`xargs`); the text that they replace, where one does.
    pub appended: Option<Appended>,
    /// The programs around it, outermost first.
    pub around: Vec<String>,
}

/// How `xargs` adds arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// They stand in the place of this text, not behind the others.
    pub replaces: Option<String>,
}

/// Wrappers that are followed.
const WRAPPERS: usize = 16;

impl Invocation {
    /// The name of the program without its folder, as far as it is plain.
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

    /// The words as text, see [`Word::shown`].
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.words.iter().map(Word::shown).collect()
    }

    pub(super) fn of(words: Vec<Word>) -> Self {
        let mut found = Self { words, appended: None, around: Vec::new() };
        for _ in 0..WRAPPERS {
            if !found.step() {
                break;
            }
        }
        found
    }

    /// Takes away one program that starts another one.
    fn step(&mut self) -> bool {
        let Some(program) = self.program().map(str::to_owned) else { return false };
        let start = match program.as_str() {
            "find" | "fd" => self.after(&["-exec", "-execdir", "-ok", "-okdir", "-x"]),
            "start-stop-daemon" => self.after(&["--exec", "-x", "--startas", "-a"]),
            // `command -v x` and `command -V x` only look it up.
            "command"
                if self
                    .arguments()
                    .first()
                    .and_then(Word::literal)
                    .is_some_and(|o| o.starts_with(['-']) && o.contains(['v', 'V'])) =>
            {
                None
            }
            _ => program::wrapper(&program).and_then(|wrapper| self.behind(&program, &wrapper)),
        };
        let Some(start) = start else { return false };
        if matches!(program.as_str(), "xargs" | "parallel") {
            self.appended = Some(Appended { replaces: self.replaced(&program, start) });
        }
        self.words.drain(..start);
        self.around.push(program);
        true
    }

    /// The index of the word behind the first of these options.
    fn after(&self, options: &[&str]) -> Option<usize> {
        let at =
            self.words.iter().position(|word| word.literal().is_some_and(|text| options.contains(&text)))?;
        let next = at.saturating_add(1);
        (next < self.words.len()).then_some(next)
    }

    /// The index of the other program of a wrapper.
    fn behind(&self, program: &str, wrapper: &Wrapper) -> Option<usize> {
        let mut at = 1_usize;
        let mut operands = wrapper.operands;
        while let Some(word) = self.words.get(at) {
            let text = word.prefix();
            if text == "--" {
                at = at.saturating_add(1);
                break;
            }
            let is_assignment = text.split_once('=').is_some_and(|(name, _)| is_name(name));
            if text.len() > 1 && text.starts_with('-') {
                if matches!(program, "flock" | "env" | "script")
                    && matches!(text.as_str(), "-c" | "-S" | "--split-string")
                {
                    return None;
                }
                if takes_value(&text, wrapper) {
                    at = at.saturating_add(1);
                }
            } else if wrapper.assigns && is_assignment {
            } else if operands > 0 {
                operands = operands.saturating_sub(1);
            } else {
                break;
            }
            at = at.saturating_add(1);
        }
        (at < self.words.len()).then_some(at)
    }

    /// What `xargs -I TEXT` replaces.
    fn replaced(&self, program: &str, end: usize) -> Option<String> {
        let options = self.words.get(1..end).unwrap_or(&[]);
        for (index, word) in options.iter().enumerate() {
            let text = word.prefix();
            if text == "-I" || text == "--replace" {
                return options
                    .get(index.saturating_add(1))
                    .and_then(|word| word.literal())
                    .map(str::to_owned);
            }
            if let Some(given) = text.strip_prefix("-I").or_else(|| text.strip_prefix("--replace=")) {
                return Some(given.to_owned());
            }
            if let Some(given) = text.strip_prefix("-i") {
                return Some(if given.is_empty() { "{}".to_owned() } else { given.to_owned() });
            }
        }
        (program == "parallel").then(|| "{}".to_owned())
    }
}

/// Whether an option takes the next word.
fn takes_value(option: &str, wrapper: &Wrapper) -> bool {
    if option.starts_with("--") {
        return wrapper.long.contains(&option);
    }
    // `-n5` has its value, `-n` takes the next word; of `-En5` the last letter decides.
    let mut letters = option.chars().skip(1);
    let first = letters.find(|letter| wrapper.valued.contains(*letter));
    first.is_some() && letters.next().is_none()
}

/// Words as the text of a command that starts with them: each quoted where it has to be.
#[must_use]
pub fn quoted<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,$".contains(&byte);
        if !word.is_empty() && word.bytes().all(is_plain) {
            text.push_str(word);
        } else {
            text.push('\'');
            text.push_str(&word.replace('\'', "'\\''"));
            text.push('\'');
        }
    }
    text
}

impl Script {
    /// The programs that a command starts: one for each way to fill in what its variables may hold.
    #[must_use]
    pub fn invocations(&self, command: &Command) -> Vec<Invocation> {
        if command.words.is_empty() {
            return Vec::new();
        }
        let ways = self.values.ways(&command.words);
        let mut found: Vec<Invocation> = Vec::new();
        for way in 0..ways.max(1) {
            let filled = if ways == 0 { None } else { self.values.fill(&command.words, way) };
            let invocation = Invocation::of(filled.unwrap_or_else(|| command.words.clone()));
            if !invocation.words.is_empty() && !found.contains(&invocation) {
                found.push(invocation);
            }
        }
        found
    }
}

impl Word {
    /// Its text with quotes removed and expansions as they stand; a substitution is `$(…)`.
    #[must_use]
    pub fn shown(&self) -> String {
        if let Some(text) = self.literal() {
            return text.to_owned();
        }
        shown(&self.parts)
    }

    /// Whether any of its text comes from a substitution.
    #[must_use]
    pub fn has_substitution(&self) -> bool {
        has_substitution(&self.parts)
    }
}

fn has_substitution(parts: &[WordPart]) -> bool {
    parts.iter().any(|part| match part {
        WordPart::Substitution { .. } => true,
        WordPart::Variable { operand, .. } | WordPart::Arithmetic { operand, .. } => {
            has_substitution(operand)
        }
        _ => false,
    })
}

/// Parts as text: what a shell that gets it as its text reads, but for substitutions, whose output is not known.
pub(super) fn shown(parts: &[WordPart]) -> String {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = match part {
            WordPart::Literal(literal) => {
                text.push_str(literal);
                Ok(())
            }
            WordPart::Variable { name, expression, .. } if expression.is_empty() => {
                let next = parts.get(index.saturating_add(1));
                let braces = matches!(next, Some(WordPart::Literal(text))
                    if text.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric()));
                if braces { write!(text, "${{{name}}}") } else { write!(text, "${name}") }
            }
            WordPart::Variable { name, expression, .. } => match expression.strip_prefix('!') {
                Some(rest) => write!(text, "${{!{name}{rest}}}"),
                None if expression == "#" => write!(text, "${{#{name}}}"),
                None => write!(text, "${{{name}{expression}}}"),
            },
            WordPart::Substitution { is_file: true, .. } => write!(text, "<(…)"),
            WordPart::Substitution { .. } => write!(text, "$(…)"),
            WordPart::Arithmetic { text: inner, .. } => write!(text, "$(({inner}))"),
        };
    }
    text
}
