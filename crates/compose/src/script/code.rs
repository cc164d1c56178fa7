//! Which programs run text, and where they get it from.

use super::invocation::Invocation;
use super::word::base_name;
use super::{Word, program};

/// The language of a text that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// The shell's: read here as the script itself is.
    Shell,
    /// Lines of a crontab.
    Crontab,
    /// Another one: not read.
    Other,
}

/// Where a program gets a text from that it runs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Code {
    /// Its words are the text, with blanks between them. `here` says that the shell itself runs it (`eval`, `trap`).
    Words {
        /// The words.
        words: Vec<Word>,
        /// The language.
        language: Language,
        /// It runs in the shell of the script, not in one of its own.
        here: bool,
    },
    /// The input of the program.
    Input {
        /// The language.
        language: Language,
    },
    /// A file.
    File {
        /// Its name.
        name: Word,
        /// The language.
        language: Language,
        /// It runs in the shell of the script, not in one of its own.
        here: bool,
    },
    /// An alias: the text runs where its name is a command.
    Alias {
        /// The name.
        name: String,
        /// The text.
        text: Word,
    },
}

const fn words(words: Vec<Word>, language: Language, here: bool) -> Code {
    Code::Words { words, language, here }
}

/// Names of files that are the input of whoever opens them.
pub(super) fn is_input(name: &str) -> bool {
    matches!(name, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

impl Invocation {
    /// The texts that the program runs.
    #[must_use]
    pub fn code(&self) -> Vec<Code> {
        let starts_text =
            self.around.last().is_some_and(|around| matches!(around.as_str(), "watch" | "parallel"));
        if starts_text {
            return vec![words(self.words.clone(), Language::Shell, false)];
        }
        let Some(program) = self.program() else { return Vec::new() };
        let arguments = self.arguments();
        match program {
            "eval" => vec![words(behind_dashes(arguments), Language::Shell, true)],
            "trap" => trap(arguments).into_iter().collect(),
            "alias" => arguments.iter().filter_map(alias).collect(),
            "source" | "." => {
                let name = arguments.iter().find(|word| word.literal() != Some("--"));
                name.map(|name| file(name, Language::Shell, true)).into_iter().collect()
            }
            "su" | "runuser" | "script" | "flock" | "lxc-attach" => {
                let text = after(arguments, &["-c", "--command", "-qc", "-lc"]);
                text.map(|text| words(vec![text.clone()], Language::Shell, false)).into_iter().collect()
            }
            "env" => {
                let text = after(arguments, &["-S", "--split-string"]);
                text.map(|text| words(vec![text.clone()], Language::Shell, false)).into_iter().collect()
            }
            "crontab" => crontab(arguments).into_iter().collect(),
            "at" | "batch" => {
                let named = after(arguments, &["-f"]);
                vec![named.map_or(Code::Input { language: Language::Shell }, |name| {
                    file(name, Language::Shell, false)
                })]
            }
            "make" | "gmake" => {
                let named = after(arguments, &["-f", "--file", "--makefile"]);
                named.map(|name| file(name, Language::Other, false)).into_iter().collect()
            }
            "awk" | "gawk" | "mawk" => awk(arguments).into_iter().collect(),
            _ if program::is_shell(program) => vec![shell(arguments)],
            _ => match program::interpreter(program) {
                Some(options) => vec![other(arguments, options)],
                None if program::is_data(program) => Vec::new(),
                None => self.contained(program),
            },
        }
    }

    /// A shell among the arguments of a program that is not known: `docker exec -i x sh -c …`.
    fn contained(&self, program: &str) -> Vec<Code> {
        let arguments = self.arguments();
        let is_shell = |word: &Word| word.literal().is_some_and(|text| program::is_shell(base_name(text)));
        let Some(at) = arguments.iter().position(is_shell) else { return self.direct() };
        let code = shell(arguments.get(at.saturating_add(1)..).unwrap_or(&[]));
        let starts = matches!(
            program,
            "docker"
                | "podman"
                | "nerdctl"
                | "kubectl"
                | "ctr"
                | "crictl"
                | "lxc"
                | "docker-compose"
                | "ssh"
                | "machinectl"
        );
        match code {
            Code::Words { .. } => vec![code],
            Code::Input { .. } if starts => vec![code],
            _ => self.direct(),
        }
    }

    /// A program that is itself a file with a path.
    fn direct(&self) -> Vec<Code> {
        let Some(name) = self.words.first().filter(|word| word.prefix().contains('/')) else {
            return Vec::new();
        };
        vec![file(name, Language::Other, false)]
    }
}

fn file(name: &Word, language: Language, here: bool) -> Code {
    if name.literal().is_some_and(is_input) {
        return Code::Input { language };
    }
    Code::File { name: name.clone(), language, here }
}

fn behind_dashes(arguments: &[Word]) -> Vec<Word> {
    let skip = usize::from(arguments.first().and_then(Word::literal) == Some("--"));
    arguments.get(skip..).unwrap_or(&[]).to_vec()
}

/// The word behind the first of these options, or behind its `=`.
fn after<'w>(arguments: &'w [Word], options: &[&str]) -> Option<&'w Word> {
    let at = arguments.iter().position(|word| word.literal().is_some_and(|text| options.contains(&text)))?;
    arguments.get(at.saturating_add(1))
}

/// `trap TEXT SIGNAL…`; of `trap - SIGNAL` and `trap '' SIGNAL` there is none.
fn trap(arguments: &[Word]) -> Option<Code> {
    let arguments = behind_dashes(arguments);
    let text = arguments.first().filter(|_| arguments.len() > 1)?;
    match text.literal() {
        Some("-" | "" | "-p" | "-l") => None,
        _ => Some(words(vec![text.clone()], Language::Shell, true)),
    }
}

/// `alias NAME=TEXT`.
fn alias(word: &Word) -> Option<Code> {
    let prefix = word.prefix();
    let (name, _) = prefix.split_once('=')?;
    let text = super::parser::without_prefix(word, name.len().saturating_add(1));
    Some(Code::Alias { name: name.to_owned(), text })
}

/// What a shell runs: the text behind `-c`, the file that is its first operand, or its input.
fn shell(arguments: &[Word]) -> Code {
    let language = Language::Shell;
    let mut reads_input = false;
    let mut has_text = false;
    let mut at = 0_usize;
    while let Some(word) = arguments.get(at) {
        let text = word.prefix();
        if text == "--" || text == "-" {
            at = at.saturating_add(1);
            break;
        }
        let is_option = text.len() > 1 && text.starts_with(['-', '+']);
        if !is_option {
            break;
        }
        if matches!(text.as_str(), "--rcfile" | "--init-file" | "-o" | "+o" | "-O" | "+O") {
            at = at.saturating_add(1);
        } else if !text.starts_with("--") && text.starts_with('-') {
            has_text |= text.contains('c');
            reads_input |= text.contains('s');
            if text.ends_with('o') {
                at = at.saturating_add(1);
            }
        }
        at = at.saturating_add(1);
    }
    match arguments.get(at) {
        Some(text) if has_text => words(vec![text.clone()], language, false),
        Some(name) if !reads_input => file(name, language, false),
        // `xargs sh -c` gets the text from the words that are added.
        _ => Code::Input { language },
    }
}

/// What another interpreter runs.
fn other(arguments: &[Word], options: &[&str]) -> Code {
    let language = Language::Other;
    if let Some(text) = after(arguments, options) {
        return words(vec![text.clone()], language, false);
    }
    let mut skip = false;
    for word in arguments {
        let text = word.prefix();
        if core::mem::take(&mut skip) {
            continue;
        }
        if text == "-m" {
            // A module of the installed ones.
            return words(Vec::new(), language, false);
        }
        if matches!(text.as_str(), "-r" | "--require" | "-W" | "-X" | "--import") {
            skip = true;
        } else if text == "-" || !text.starts_with('-') {
            return file(word, language, false);
        } else if text.starts_with("--version") || text == "-V" || text == "-v" {
            return words(Vec::new(), language, false);
        }
    }
    Code::Input { language }
}

/// `awk -f FILE`; its own text only where it starts programs.
fn awk(arguments: &[Word]) -> Option<Code> {
    if let Some(name) = after(arguments, &["-f", "--file"]) {
        return Some(file(name, Language::Other, false));
    }
    let text = arguments.iter().find(|word| !word.prefix().starts_with('-'))?;
    let shown = text.shown();
    let starts = shown.contains("system(") || shown.contains("getline") || shown.contains("| \"");
    starts.then(|| words(vec![text.clone()], Language::Other, false))
}

/// `crontab FILE`, `crontab -`.
fn crontab(arguments: &[Word]) -> Option<Code> {
    let mut at = 0_usize;
    while let Some(word) = arguments.get(at) {
        match word.literal() {
            Some("-u") => at = at.saturating_add(1),
            Some("-") => return Some(Code::Input { language: Language::Crontab }),
            Some(option) if option.starts_with('-') => return None,
            _ => return Some(file(word, Language::Crontab, false)),
        }
        at = at.saturating_add(1);
    }
    Some(Code::Input { language: Language::Crontab })
}
