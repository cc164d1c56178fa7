//! What a value from outside is in a command line: the program, a whole argument, the operand of an option.

use crate::facts::code::is_shell;
use crate::field::{Field, HOLE, RUN, is_at, list_of};
use crate::view::Service;
use std::collections::BTreeSet;
use veritee_compose::Value;

/// Stands for the one value that is asked about, where a [`HOLE`] stands for any other.
pub(crate) const MARK: char = '\u{fffb}';

/// Parts of a text beyond which its values are not judged one by one.
pub(crate) const MANY: usize = 128;

/// What the value is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The program itself.
    Program,
    /// Part of a text that a shell runs.
    ShellText,
    /// Part of a text that an interpreter runs (`python -c`).
    Evaluated,
    /// An argument of its own, or several: nothing says what it is.
    WholeArgument,
    /// What a hub names: the program fetches and runs it.
    Model,
    /// The operand of an option, or the value of a setting, of this name.
    Named(String),
    /// Part of an argument.
    Part,
    /// What a filter is given beside its program: a text, whatever stands in it.
    Datum,
}

/// The text with a [`MARK`] for each part that comes from `variable`, and a [`HOLE`] for what others choose.
pub(crate) fn marked(value: &Value, variable: &str) -> String {
    value.masked(|part| match part.source.as_deref() {
        _ if part.provenance.is_fixed() => None,
        Some(name) if name == variable => Some(MARK),
        _ => Some(HOLE),
    })
}

/// The roles of a variable in what a service runs under `path`, or in the list that the path is an entry of.
pub(crate) fn roles(service: &Service<'_>, path: &str, variable: &str) -> Vec<Role> {
    if !RUN.iter().any(|run| is_at(path, run)) {
        return Vec::new();
    }
    let line = service.line(list_of(path).unwrap_or(path));
    let field =
        |at: usize| line.fields.get(at).and_then(|at| service.fields.get(*at)).map(|(_, field)| field);
    // Entries of a list are words already: those that hold the variable are all that counts, and what stands before them.
    if line.of_words {
        let word = |at: usize| field(at).map(|value| marked(value, variable));
        return judge(&word, line.holding.get(variable).map_or(&[][..], Vec::as_slice));
    }
    if line.fields.len() > MANY {
        return vec![Role::ShellText];
    }
    let values = (0..line.fields.len()).filter_map(field);
    let words: Vec<String> = values.flat_map(|value| split(value, variable)).collect();
    let holding: Vec<usize> = (0..words.len()).collect();
    judge(&|at| words.get(at).cloned(), &holding)
}

/// A whole command line as its words; an entry of a list is one word already.
fn split(value: &Field<'_>, variable: &str) -> Vec<String> {
    let text = marked(value, variable);
    if list_of(&value.place.path).is_some() { vec![text] } else { command_words(&text) }
}

/// Words as a shell would split them, quotes taken off.
pub(crate) fn command_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut begun = false;
    for character in text.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => word.push(character),
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                begun = true;
            }
            None if character.is_whitespace() => {
                if begun || !word.is_empty() {
                    words.push(core::mem::take(&mut word));
                }
                begun = false;
            }
            None => word.push(character),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The roles of what is marked in those words of a line that may hold it.
fn judge(line: &dyn Fn(usize) -> Option<String>, holding: &[usize]) -> Vec<Role> {
    // In a health check the first word says how the rest is run.
    let (shell, skipped) = match line(0).as_deref() {
        Some("CMD-SHELL") => (true, 1),
        Some("CMD") => (false, 1),
        _ => (false, 0),
    };
    let word = |index: usize| line(index.saturating_add(skipped));
    let first = word(0).unwrap_or_default();
    let program = base(&first);
    let verb = word(1).unwrap_or_default();
    let shell = shell || is_shell(program);
    let (mut roles, mut seen) = (Vec::new(), BTreeSet::new());
    for index in holding.iter().filter_map(|at| at.checked_sub(skipped)) {
        let Some(text) = word(index).filter(|text| text.contains(MARK)) else { continue };
        let before = index.checked_sub(1).and_then(word);
        let earlier = index.checked_sub(2).and_then(word);
        let role = if index == 0 && !shell {
            Role::Program
        } else if shell {
            Role::ShellText
        } else {
            argument(program, &verb, &text, before.as_deref(), earlier.as_deref())
        };
        if seen.insert(role.clone()) {
            roles.push(role);
        }
    }
    roles
}

/// Programs that make a text of their own of what they are given: `make` expands `$(shell …)`, `jq` and `yq` read a
/// program, `ansible` a template, `env -S` splits, `mount` parts its options at commas. No name bounds a value there.
#[rustfmt::skip]
const EXPANDERS: &[&str] = &[
    "make", "gmake", "just", "task", "cmake", "ninja", "bazel", "jq", "yq", "jaq", "gojq", "mlr", "awk", "gawk", "mawk",
    "sed", "ed", "ex", "vim", "m4", "envsubst", "xargs", "parallel", "watch", "tmux", "screen", "expect", "gnuplot",
    "ansible", "ansible-playbook", "helm", "terraform", "packer", "mount", "find", "dc", "bc", "sqlite3", "psql",
];

/// Options behind which a text stands that is read as a program, a template or a line of arguments, whatever program
/// has them.
#[rustfmt::skip]
const TEXT_OPTIONS: &[&str] = &[
    "-e", "-E", "-S", "-a", "-x", "-o", "-c", "--eval", "--exec", "--execute", "--expr", "--expression", "--extra-vars",
    "--split-string", "--command", "--run", "--code", "--script",
];

/// Before a text that a filter takes for data beside its program. Sources: jq's manual, "Invoking jq"; POSIX, awk.
fn takes_datum(program: &str, before: Option<&str>, earlier: Option<&str>) -> bool {
    match program {
        "jq" | "jaq" | "gojq" => matches!(earlier, Some("--arg")),
        "awk" | "gawk" | "mawk" => before == Some("-v"),
        _ => false,
    }
}

/// `name=value` of which the value cannot be more than a value: a plain name, and behind it neither blanks nor signs of a
/// grammar.
fn assigns(word: &str) -> Option<&str> {
    let (name, rest) = word.split_once('=')?;
    let plain = name.trim_start_matches('-');
    let is_name = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let is_value =
        |c: char| c.is_alphanumeric() || matches!(c, MARK | HOLE) || "_-.:/@%+,?&#~[]=".contains(c);
    (is_name && rest.contains(MARK) && rest.chars().all(is_value) && !rest.starts_with('-')).then_some(name)
}

fn argument(program: &str, verb: &str, word: &str, before: Option<&str>, earlier: Option<&str>) -> Role {
    if before.is_some_and(|flag| evaluates(program, flag)) {
        return Role::Evaluated;
    }
    if takes_datum(program, before, earlier) {
        return Role::Datum;
    }
    if EXPANDERS.contains(&program) && !word.trim_matches(MARK).is_empty() {
        return Role::Part;
    }
    // `-c setting=value` is a setting; with anything else in it, it is a text.
    let setting = before == Some("-c") || before.is_none_or(|flag| !TEXT_OPTIONS.contains(&flag));
    match assigns(word) {
        Some(name) if setting => return Role::Named(option_name(name)),
        Some(_) => return Role::Part,
        None if word.split_once('=').is_some_and(|(name, _)| !name.contains(MARK)) => return Role::Part,
        None => {}
    }
    if word.starts_with('-') && word.split('=').next().is_some_and(|name| name.contains(MARK)) {
        return Role::WholeArgument;
    }
    if let Some(flag) = before.filter(|flag| flag.starts_with('-') && !flag.contains(['=', HOLE, MARK])) {
        // `-p ${X}`: a letter says nothing.
        return if flag.starts_with("--") || flag.len() > 2 {
            Role::Named(option_name(flag))
        } else {
            Role::Part
        };
    }
    let whole = word.trim_matches(MARK).is_empty();
    if whole && matches!(program, "curl" | "wget" | "nc" | "ncat" | "socat" | "ping" | "pg_isready") {
        Role::Named("url".to_owned())
    } else if whole && runs_models(program, verb) {
        Role::Model
    } else if whole {
        Role::WholeArgument
    } else {
        Role::Part
    }
}

/// `--base-url` is `base-url`; `-c setting` and `--set a.b` are what stands behind the last point.
fn option_name(flag: &str) -> String {
    let name = flag.trim_start_matches('-');
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

/// Programs that fetch what they are told to run from a hub.
fn runs_models(program: &str, verb: &str) -> bool {
    matches!(program, "vllm" | "ollama" | "sglang" | "lmdeploy" | "llamafile" | "text-generation-launcher")
        || matches!(verb, "pull" | "run" | "serve") && matches!(program, "docker" | "lms" | "ramalama")
}

/// Whether the name stands in the text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// Texts that are asked about many names: read once.
pub(crate) struct Mentioned<'t> {
    texts: Vec<&'t str>,
    words: BTreeSet<&'t str>,
}

impl<'t> Mentioned<'t> {
    pub(crate) fn of(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<&str> = texts.into_iter().collect();
        let words = texts.iter().flat_map(|text| parts(text)).collect();
        Self { texts, words }
    }

    /// Whether the name stands in one of them as a word.
    pub(crate) fn has(&self, name: &str) -> bool {
        let known = parts(name).all(|part| self.words.contains(part));
        // A name of several words is looked for where all of them are.
        known && (self.words.contains(name) || self.texts.iter().any(|text| mentions(text, name)))
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .filter(|part| !part.is_empty())
}

/// Whether a file of this name is run or loaded as code.
pub(crate) fn names_code(path: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        ".py", ".js", ".mjs", ".cjs", ".ts", ".sh", ".bash", ".rb", ".pl", ".php", ".lua", ".rego", ".wasm",
        ".go", ".sql", ".jar", ".ex", ".exs", ".so", ".ps1", ".groovy", ".r",
    ];
    let lower = path.to_ascii_lowercase();
    EXTENSIONS.iter().any(|extension| lower.ends_with(extension))
        || [
            "/bin/",
            "/sbin/",
            "/etc/cron",
            "/docker-entrypoint",
            "/etc/init.d/",
            "/etc/profile",
            "/etc/systemd/",
        ]
        .iter()
        .any(|part| lower.contains(part))
        || lower.ends_with("entrypoint")
}

pub(crate) fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The option after which an interpreter takes the text of a program.
fn evaluates(program: &str, flag: &str) -> bool {
    let name = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    match name {
        "python" | "pypy" => flag == "-c",
        "node" | "deno" | "bun" => matches!(flag, "-e" | "--eval" | "-p" | "--print" | "eval"),
        "perl" | "ruby" | "lua" | "elixir" | "erl" => matches!(flag, "-e" | "-E" | "-eval" | "--eval"),
        "php" => flag == "-r",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Vec<Role> {
        let words: Vec<String> = words.iter().map(|word| word.replace('@', &MARK.to_string())).collect();
        judge(&|at| words.get(at).cloned(), &(0..words.len()).collect::<Vec<_>>())
    }

    #[test]
    fn a_value_is_known_by_the_place_that_it_has_in_a_command_line() {
        let named = |name: &str| vec![Role::Named(name.to_owned())];
        assert_eq!(of(&["@"]), [Role::Program]);
        assert_eq!(of(&["serve", "--port", "80", "@"]), [Role::WholeArgument]);
        assert_eq!(of(&["serve", "--upstream", "@"]), named("upstream"));
        assert_eq!(of(&["serve", "--upstream=@"]), named("upstream"));
        assert_eq!(of(&["serve", "-c", "log.level=@"]), named("level"));
        assert_eq!(of(&["serve", "@", "x"]), [Role::WholeArgument]);
        assert_eq!(of(&["serve", "-x", "@"]), [Role::Part]);
        assert_eq!(of(&["serve", "--@=1"]), [Role::WholeArgument]);
        assert_eq!(of(&["/bin/sh", "-c", "echo @"]), [Role::ShellText]);
        assert_eq!(of(&["CMD-SHELL", "@"]), [Role::ShellText]);
        assert_eq!(of(&["CMD", "@"]), [Role::Program]);
        assert_eq!(of(&["python3", "-c", "print(@)"]), [Role::Evaluated]);
        assert_eq!(of(&["ollama", "run", "@"]), [Role::Model]);
        assert_eq!(of(&["serve", "file-@.txt"]), [Role::Part]);
        assert_eq!(of(&["jq", "--arg", "z", "@", ".z=$z"]), [Role::Datum]);
        assert_eq!(of(&["psql", "--command=@"]), [Role::Part]);
    }

    #[test]
    fn a_name_within_the_text_of_a_program_names_nothing() {
        for words in [
            &["mongosh", "--eval", "tz='@'"][..],
            &["gnuplot", "-e", "tz='@'"],
            &["env", "-S", "TZ=@ serve"],
            &["env", "-S", "TZ=@"],
            &["jq", ".tz=\"@\"", "/f"],
            &["make", "serve", "WORKERS=@"],
            &["ansible", "all", "-a", "TZ=@ serve"],
            &["mount", "-o", "size=@", "t", "/t"],
            &["x", "--flags=--stack-size=@"],
            &["x", "tz='@'"],
        ] {
            assert_eq!(of(words), [Role::Part], "{words:?}");
        }
    }

    #[test]
    fn quotes_hold_a_word_together() {
        assert_eq!(command_words("a 'b c' \"d\"e ''"), ["a", "b c", "de", ""]);
    }
}
