//! Shell text cut into simple commands, for rules that look for downloads, installs and the like.
//!
//! Not a shell: it never decides what a variable holds. Unbalanced quotes end at the end of the text. Time and
//! memory are linear in the text.

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its words, quotes removed, expansions left as they stand. Keywords, `sudo`, `env` and assignments before
    /// the command are removed.
    pub(crate) words: Vec<String>,
    /// Byte offset of its first word.
    pub(crate) offset: usize,
    /// Its output goes into the next command.
    pub(crate) piped: bool,
    /// Keywords before it: `if`, `then`, `else`.
    pub(crate) keywords: Vec<String>,
    /// It stands in `$(...)` or `<(...)`.
    pub(crate) substitution: bool,
    /// It runs only if the command before it fails: `||`.
    pub(crate) alternative: bool,
}

impl Command {
    /// The program's name without its path.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }

    /// Its arguments.
    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// The first argument that is no option.
    pub(crate) fn subcommand(&self) -> Option<&str> {
        self.arguments().iter().map(String::as_str).find(|word| !word.starts_with('-'))
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.words
            .iter()
            .any(|word| word == option || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
    }

    /// Whether a cluster of short options, or the long one, is present: `-fsSLk` has `k`.
    pub(crate) fn has_flag(&self, short: char, long: &str) -> bool {
        self.words.iter().any(|word| {
            word == long
                || (word.starts_with('-')
                    && !word.starts_with("--")
                    && word.chars().skip(1).all(|c| c.is_ascii_alphabetic())
                    && word.contains(short))
        })
    }

    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// Words before a command that do not change which program runs.
const PREFIXES: &[&str] = &[
    "if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "exec", "command", "builtin",
    "sudo", "nohup", "--",
];

/// Keywords that end something.
const ENDS: &[&str] = &["fi", "done", "esac", "}"];

/// Cuts a text into its simple commands.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut commands = commands_and_keywords(text);
    commands.retain(|command| !command.words.is_empty());
    for _ in 0..NESTING {
        let inner = inner_commands(&commands);
        if inner.is_empty() {
            break;
        }
        commands.extend(inner);
    }
    commands
}

/// How deep `sh -c "sh -c ..."` is followed.
const NESTING: usize = 3;

/// Commands inside the text that a shell gets with `-c`; of each shell once.
fn inner_commands(commands: &[Command]) -> Vec<Command> {
    let known: std::collections::BTreeSet<(usize, &[String])> =
        commands.iter().map(|command| (command.offset, command.words.as_slice())).collect();
    let shells =
        commands.iter().filter(|command| matches!(command.program(), "sh" | "bash" | "ash" | "dash" | "zsh"));
    let mut found = Vec::new();
    for shell in shells {
        let text = shell.words.iter().skip_while(|word| !is_command_option(word)).nth(1);
        for mut inner in text.map(|text| commands_and_keywords(text)).unwrap_or_default() {
            inner.offset = shell.offset;
            if !inner.words.is_empty() && !known.contains(&(inner.offset, inner.words.as_slice())) {
                found.push(inner);
            }
        }
    }
    found
}

/// `-c`, `-ec`, `-lc`.
fn is_command_option(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|flags| flags.ends_with('c') && flags.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// As [`commands`]; keywords that stand alone (`else`, `fi`) are commands without words.
pub(crate) fn commands_and_keywords(text: &str) -> Vec<Command> {
    let mut cutter = Cutter::default();
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (cutter.quote, character) {
            (None | Some('"'), '\\') => {
                if let Some((_, escaped)) = characters.next()
                    && escaped != '\n'
                {
                    cutter.push(offset, escaped);
                }
            }
            (Some(quote), _) if quote == character => cutter.quote = None,
            (None | Some('"'), '$') if next == Some('(') => {
                characters.next();
                cutter.open_substitution();
            }
            (Some(_), _) => cutter.push(offset, character),
            (None, '\'' | '"') => cutter.open_quote(offset, character),
            (None, '#') if cutter.word.is_none() => {
                while characters.peek().is_some_and(|(_, next)| *next != '\n') {
                    characters.next();
                }
            }
            (None, '<') if next == Some('(') => {
                characters.next();
                cutter.open_substitution();
            }
            (None, '|') if next == Some('|') => {
                characters.next();
                cutter.end_command(false);
                cutter.alternative = true;
            }
            (None, '|') => cutter.end_command(true),
            (None, ')') => cutter.close_substitution(),
            (None, '\n' | ';' | '&' | '(' | '`') => cutter.end_command(false),
            (None, _) if character.is_whitespace() => cutter.end_word(),
            _ => cutter.push(offset, character),
        }
    }
    cutter.end_command(false);
    cutter.commands
}

#[derive(Default)]
struct Cutter {
    commands: Vec<Command>,
    words: Vec<(usize, String)>,
    word: Option<(usize, String)>,
    quote: Option<char>,
    alternative: bool,
    /// Quotes that were open where a substitution began.
    outer: Vec<Option<char>>,
}

impl Cutter {
    fn push(&mut self, offset: usize, character: char) {
        self.word.get_or_insert_with(|| (offset, String::new())).1.push(character);
    }

    fn open_quote(&mut self, offset: usize, quote: char) {
        self.quote = Some(quote);
        self.word.get_or_insert_with(|| (offset, String::new()));
    }

    fn open_substitution(&mut self) {
        self.end_command(false);
        self.outer.push(self.quote.take());
    }

    fn close_substitution(&mut self) {
        self.end_command(false);
        self.quote = self.outer.pop().flatten();
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            self.words.push(word);
        }
    }

    fn end_command(&mut self, piped: bool) {
        self.end_word();
        let mut words = core::mem::take(&mut self.words).into_iter().peekable();
        let mut after_env = false;
        let mut keywords = Vec::new();
        let mut offset = words.peek().map(|(offset, _)| *offset);
        while let Some((_, word)) = words.peek() {
            if PREFIXES.contains(&word.as_str()) || ENDS.contains(&word.as_str()) {
                keywords.push(word.clone());
                words.next();
            } else if is_assignment(word) {
                words.next();
            } else if word == "env" && !after_env && is_env_prefix(words.clone().nth(1)) {
                after_env = true;
                words.next();
            } else {
                break;
            }
        }
        offset = words.peek().map(|(offset, _)| *offset).or(offset);
        let Some(offset) = offset else { return };
        let words: Vec<String> = words.map(|(_, word)| word).collect();
        let alternative = core::mem::take(&mut self.alternative);
        if !words.is_empty() || !keywords.is_empty() {
            let substitution = !self.outer.is_empty();
            self.commands.push(Command { words, offset, piped, keywords, substitution, alternative });
        }
    }
}

/// `env` runs another command only when a word follows that is no redirection.
fn is_env_prefix(next: Option<(usize, String)>) -> bool {
    next.is_some_and(|(_, word)| !word.starts_with('>') && !word.starts_with('-'))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        commands(text).iter().map(Command::text).collect()
    }

    #[test]
    fn operators_pipes_and_continuations_separate_commands() {
        let text =
            "apt-get update && apt-get install -y \\\n  git curl; FOO=1 sudo make | tee log || true # done";
        assert_eq!(texts(text), ["apt-get update", "apt-get install -y git curl", "make", "tee log", "true"]);
        assert!(commands(text)[2].piped);
    }

    #[test]
    fn quotes_keep_operators_and_substitutions_are_commands_of_their_own() {
        assert_eq!(texts("echo 'a && b | c'"), ["echo a && b | c"]);
        let found = texts("export KEY=$(cat /run/key | jq -r .k) && echo \"x $(curl -s u)\" done");
        assert!(found.contains(&"cat /run/key".to_owned()), "{found:?}");
        assert!(found.contains(&"jq -r .k".to_owned()), "{found:?}");
        assert!(found.contains(&"curl -s u".to_owned()), "{found:?}");
    }

    #[test]
    fn short_options_are_found_in_clusters() {
        let command = &commands("/usr/bin/curl -fsSLk https://a")[0];
        assert!(command.has_flag('k', "--insecure"));
        assert_eq!(command.program(), "curl");
        assert!(!commands("curl -s --keepalive u")[0].has_flag('k', "--insecure"));
    }

    #[test]
    fn text_for_an_inner_shell_is_read_as_well() {
        let found = texts("bash -ec 'apt-get update && sh -c \"curl -s u | sh\"'");
        for wanted in ["apt-get update", "curl -s u", "sh"] {
            assert!(found.contains(&wanted.to_owned()), "{wanted}: {found:?}");
        }
    }

    #[test]
    fn unbalanced_text_ends() {
        for text in ["echo 'a", "echo \"$(", "))))", "\\", "$(", "`"] {
            let _ = commands(text);
        }
    }
}
