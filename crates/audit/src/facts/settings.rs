//! Settings as names with values, whatever carries them: a variable, an option of a command, a line of a configuration
//! text.
//!
//! One reader for all of them, so that what a setting means is written once. Texts are not parsed by their grammars:
//! TOML, YAML, INI, properties, HCL, JSON, XML and the directives of nginx, caddy and haproxy share that a name stands
//! before its value, below names that stand above it by a heading, braces, tags or indentation. All of it is the audited
//! party's; reading costs time linear in the text.

use crate::facts::words::command_words;
use crate::names;
use crate::pattern::pattern;
use crate::view::Service;
use std::collections::BTreeMap;
use veritee_model::Place;
use veritee_model::text::shortened;

/// Entries of a command up to which an option is told at its own place, not at the command's.
const FEW: usize = 64;

/// Bytes of them up to which it is looked for.
const SHORT: usize = 8 << 10;

/// Names above a setting that are kept.
const DEPTH: usize = 32;

/// What carries a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Variable,
    Option,
    Text,
}

/// A name with its value.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) carrier: Carrier,
    /// Names above it in a text, joined with points.
    pub(crate) context: String,
    /// Empty for an entry of a list.
    pub(crate) name: String,
    /// Without quotes; empty where nothing stands there.
    pub(crate) value: String,
    /// Upper-case words of the names above and of its own.
    pub(crate) words: Vec<String>,
    /// How many of the words are of the names above.
    above: usize,
    /// As it stands there, for a person.
    pub(crate) shown: String,
    /// The key of the service that holds it: `environment.X`, `command`, `configs.c.content`.
    pub(crate) path: String,
    pub(crate) place: Place,
}

impl Setting {
    fn new(carrier: Carrier, context: &str, name: &str, value: &str, shown: &str) -> Self {
        let split = |text: &str| {
            let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            names::words(&plain)
        };
        let mut words = split(context);
        let above = words.len();
        words.extend(split(name));
        Self {
            carrier,
            context: context.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            words,
            above,
            shown: shortened(shown.trim(), 120),
            path: String::new(),
            place: Place::default(),
        }
    }

    /// Whether one of the words stands in its name or above it.
    pub(crate) fn has(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
    }

    /// The words of its own name.
    pub(crate) fn own(&self) -> &[String] {
        self.words.get(self.above..).unwrap_or(&[])
    }

    /// Whether one of the words stands in its own name.
    pub(crate) fn names(&self, list: &[&str]) -> bool {
        self.own().iter().any(|word| list.contains(&word.as_str()))
    }

    /// What it has in common with its neighbours: what stands above it, and the first of several words of its name.
    pub(crate) fn stem(&self) -> String {
        let first = self.own().first().filter(|_| self.own().len() > 1).map_or("", String::as_str);
        format!("{}/{first}", self.context)
    }

    /// Letters and digits of its own name, in capitals.
    pub(crate) fn letters(&self) -> String {
        letters(&self.name)
    }

    fn at(mut self, path: &str, place: &Place) -> Self {
        path.clone_into(&mut self.path);
        self.place = place.clone();
        self
    }
}

/// Letters and digits of a text, in capitals.
pub(crate) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// Every setting of a service that nobody outside chooses.
pub(crate) fn all(service: &Service<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    for entry in service.environment.iter().filter(|entry| !entry.bare) {
        let Some(text) = entry.value.fixed() else { continue };
        let path = format!("environment.{}", entry.name);
        let shown = format!("{}={text}", entry.name);
        let mut own = vec![Setting::new(Carrier::Variable, "", entry.name, &text, &shown)];
        if text.contains('\n') || text.trim_start().starts_with(['{', '[']) {
            own.extend(of_text(&text));
        } else if text.trim_start().starts_with('-') || text.contains(" -") {
            own.extend(of_words(&command_words(&text)));
        } else if holds_settings(&text) {
            own.extend(of_text(&text));
        }
        own.extend(meant(service, entry.name, &text));
        found.extend(own.into_iter().map(|setting| setting.at(&path, &entry.value.place)));
    }
    let told = |path: &str| !path.starts_with("configs.") && !path.starts_with("healthcheck");
    let mut lists = BTreeMap::new();
    for program in service.programs.iter().filter(|program| told(&program.path)) {
        let entries = entries(service, &mut lists, &program.path);
        for setting in program.commands.iter().flat_map(|command| of_words(&command.words)) {
            let entry = entries.iter().find(|(text, _)| text.contains(&setting.name));
            let place = entry.map_or(&program.place, |(_, place)| place);
            found.push(setting.at(&program.path, place));
        }
    }
    for (path, value) in &service.configs {
        let text = value.effective();
        found.extend(of_text(&text).into_iter().map(|setting| setting.at(path, &value.place)));
    }
    found
}

/// `skipACL=yes`, `web.submit.enable: true`, `define('NAME', false);`: a variable that holds settings, no address.
fn holds_settings(text: &str) -> bool {
    let assigned = text.split_once('=').is_some_and(|(name, _)| is_name(name.trim()) && name.len() > 1);
    !text.contains("://") && (assigned || text.contains(": ") || text.contains("define("))
}

/// Of a pair `X_KEY_0`, `X_VALUE_0` the setting that they mean.
fn meant(service: &Service<'_>, name: &str, text: &str) -> Option<Setting> {
    let (stem, number) = name.split_once("_VALUE_")?;
    let key = service.variable(&format!("{stem}_KEY_{number}"))?.value.fixed()?;
    is_name(&key).then(|| Setting::new(Carrier::Variable, "", &key, text, &format!("{key}={text}")))
}

/// The entries of a command, each with its text; none where all are at the command's own place, or too many to look each
/// option up in them. Read once, since each text of a list is a program of its own.
fn entries<'r>(
    service: &Service<'_>,
    lists: &'r mut BTreeMap<String, Vec<(String, Place)>>,
    path: &str,
) -> &'r [(String, Place)] {
    if !lists.contains_key(path) {
        let line = service.line(path);
        let fields = line.fields.iter().filter_map(|at| service.fields.get(*at));
        let few = (2..FEW).contains(&line.fields.len());
        let entries = fields.filter(|_| few).map(|(_, value)| (value.effective(), value.place.clone()));
        let entries: Vec<_> = entries.collect();
        let length: usize = entries.iter().map(|(text, _)| text.len()).sum();
        lists.insert(path.to_owned(), if length > SHORT { Vec::new() } else { entries });
    }
    lists.get(path).map_or(&[], Vec::as_slice)
}

/// Options and assignments among the words of a command.
pub(crate) fn of_words(words: &[String]) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut add = |name: &str, value: &str, shown: &str| {
        found.push(Setting::new(Carrier::Option, "", name, value, shown));
    };
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index.saturating_add(1)).map(String::as_str);
        let before = index.checked_sub(1).and_then(|at| words.get(at)).map_or("", String::as_str);
        let bare = word.trim_start_matches('-');
        // `-Dname=value` of Java.
        let bare = match word.strip_prefix("-D") {
            Some(rest) if rest.contains('=') => rest,
            _ => bare,
        };
        if bare.is_empty() || bare.contains('\n') {
            continue;
        }
        let assigned = bare.split_once('=').filter(|(name, _)| is_name(name));
        if let Some((name, value)) = assigned {
            add(name, unquoted(value), word);
        } else if word.starts_with('-') && !bare.contains(char::is_whitespace) {
            let operand = next.filter(|next| !next.starts_with('-') && !next.is_empty());
            if !operand.is_some_and(is_boolean) {
                add(bare, "true", word);
            }
            if let Some(value) = operand {
                add(bare, value, &format!("{word} {value}"));
            }
        } else if let Some(value) = next.filter(|next| {
            let number =
                before.starts_with('-') && word.contains('_') && next.bytes().all(|b| b.is_ascii_digit());
            matches!(before, "config" | "set" | "--json" | "--bool") || number && is_name(word)
        }) {
            add(word, value, &format!("{word} {value}"));
        }
    }
    found
}

fn is_boolean(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "on" | "off" | "yes" | "no" | "0" | "1" | "none"
    )
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:".contains(c))
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = ['"', '\'', '`'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(text)
}

pattern!(TAG, r"<(/?)([A-Za-z_][\w.:-]*)([^<>]*)>([^<\n]*)", ["<"]);
pattern!(DEFINED, r#"\bdefine\(\s*['"](\w+)['"]\s*,\s*['"]?([^)'"]*)['"]?\s*\)"#, ["define("]);
pattern!(ATTRIBUTE, r#"([A-Za-z_][\w.:-]*)\s*=\s*"([^"]*)""#, ["="]);

/// The settings of a text, in its order.
pub(crate) fn of_text(text: &str) -> Vec<Setting> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
    }
    reader.found
}

/// What stands above the line that is read.
#[derive(Default)]
struct Reader {
    heading: String,
    indented: Vec<(usize, String)>,
    braced: Vec<String>,
    tags: Vec<String>,
    /// The name of a statement that may go on in the next line.
    open: String,
    found: Vec<Setting>,
}

impl Reader {
    fn context(&self) -> String {
        let heading = Some(self.heading.as_str()).filter(|heading| !heading.is_empty());
        let above = self.indented.iter().map(|(_, name)| name.as_str());
        let parts = heading.into_iter().chain(self.tags.iter().map(String::as_str)).chain(above);
        let parts = parts.chain(self.braced.iter().map(String::as_str));
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
    }

    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || trimmed.starts_with("//") {
            return;
        }
        if trimmed.starts_with('<') && TAG.is_match(trimmed) {
            return self.tagged(trimmed);
        }
        if let Some(hit) = DEFINED.captures(trimmed) {
            let part = |index: usize| hit.get(index).map_or("", |group| group.as_str());
            let context = self.context();
            return self.push(&context, part(1), part(2).trim(), trimmed);
        }
        let name = trimmed.trim_start_matches('[').trim_end_matches(']');
        if trimmed.starts_with('[')
            && trimmed.ends_with(']')
            && !name.is_empty()
            && !name.contains(['{', ',', '['])
        {
            unquoted(name).clone_into(&mut self.heading);
            self.indented.clear();
            return;
        }
        let mut indentation = line.len().saturating_sub(line.trim_start().len());
        if trimmed.starts_with("- ") {
            // An entry may stand as far left as the name of its list.
            self.indented.retain(|(at, _)| *at <= indentation);
            indentation = indentation.saturating_add(1);
        }
        self.indented.retain(|(at, _)| *at < indentation);
        self.pieces(trimmed, indentation);
    }

    fn tagged(&mut self, line: &str) {
        for hit in TAG.captures_iter(line) {
            let part = |index: usize| hit.get(index).map_or("", |group| group.as_str());
            let (name, attributes, text) = (part(2), part(3), part(4));
            if !part(1).is_empty() {
                if let Some(at) = self.tags.iter().rposition(|open| open == name) {
                    self.tags.truncate(at);
                }
                continue;
            }
            let context = self.context();
            for pair in ATTRIBUTE.captures_iter(attributes) {
                let of = |index: usize| pair.get(index).map_or("", |group| group.as_str());
                let above = if context.is_empty() { name.to_owned() } else { format!("{context}.{name}") };
                self.found.push(Setting::new(Carrier::Text, &above, of(1), of(2), line));
            }
            let closes = attributes.trim_end().ends_with('/');
            let whole = line.contains(&format!("</{name}>"));
            // `<no_password/>` is a switch that is on.
            if closes && attributes.trim() == "/" {
                self.found.push(Setting::new(Carrier::Text, &context, name, "true", line));
            }
            if !closes && whole {
                self.push(&context, name, text.trim(), line);
            }
            if !closes && self.tags.len() < DEPTH {
                self.tags.push(name.to_owned());
            }
        }
    }

    /// The statements of one line: braces, commas, semicolons outside of quotes and of lists part them.
    fn pieces(&mut self, line: &str, indentation: usize) {
        let mut piece = String::new();
        let mut quote: Option<char> = None;
        let mut brackets = 0_usize;
        let mut before = ' ';
        // In a placeholder.
        let mut inside = false;
        for (at, c) in line.char_indices() {
            let rest = line.get(at..).unwrap_or("");
            match c {
                _ if quote == Some(c) && before != '\\' => {
                    quote = None;
                    piece.push(c);
                }
                _ if quote.is_some() => piece.push(c),
                '"' | '\'' => {
                    // An apostrophe within a word quotes nothing.
                    if !before.is_alphanumeric() {
                        quote = Some(c);
                    }
                    piece.push(c);
                }
                '{' if matches!(before, '$' | '%') || is_placeholder(rest) => {
                    inside = true;
                    piece.push(c);
                }
                '}' if core::mem::take(&mut inside) => piece.push(c),
                '{' => {
                    self.opened(&piece);
                    piece.clear();
                    brackets = 0;
                }
                '[' if in_one_line(rest) => {
                    brackets = brackets.saturating_add(1);
                    piece.push(c);
                }
                '[' => {
                    self.opened(&piece);
                    piece.clear();
                }
                ']' if brackets > 0 => {
                    brackets = brackets.saturating_sub(1);
                    piece.push(c);
                }
                '}' | ']' => {
                    self.statement(&piece, indentation, true);
                    piece.clear();
                    self.braced.pop();
                }
                ',' | ';' if brackets == 0 => {
                    self.statement(&piece, indentation, true);
                    piece.clear();
                    if c == ';' {
                        self.open.clear();
                    }
                }
                _ => piece.push(c),
            }
            before = c;
        }
        self.statement(&piece, indentation, false);
    }

    /// A setting; of a pair of a name and a value that are settings of their own, the one that they mean, too.
    fn push(&mut self, context: &str, name: &str, value: &str, shown: &str) {
        if name.eq_ignore_ascii_case("value")
            && let Some(named) = self.found.last().filter(|last| last.context == context)
            && matches!(named.name.to_ascii_lowercase().as_str(), "name" | "key")
        {
            let shown = format!("{}: {value}", named.value);
            let meant = Setting::new(Carrier::Text, context, &named.value.clone(), value, &shown);
            self.found.push(meant);
        }
        self.found.push(Setting::new(Carrier::Text, context, name, value, shown));
    }

    fn opened(&mut self, piece: &str) {
        let name = piece.trim().trim_start_matches("- ").trim_end_matches(['=', ':', ' ', '\t', '>']);
        if self.braced.len() < DEPTH {
            self.braced.push(unquoted(name).to_owned());
        }
        self.open.clear();
    }

    fn statement(&mut self, piece: &str, indentation: usize, ended: bool) {
        let entry = piece.trim_start().starts_with("- ");
        let text = piece.trim().trim_start_matches("- ").trim();
        // A file of options.
        let text =
            text.strip_prefix("--").filter(|rest| rest.starts_with(char::is_alphabetic)).unwrap_or(text);
        if text.is_empty() {
            return;
        }
        let context = self.context();
        match pair(text) {
            Some((name, "")) if text.ends_with(':') && !ended && self.braced.is_empty() => {
                if self.indented.len() < DEPTH {
                    self.indented.push((indentation, name.to_owned()));
                }
            }
            // A lone word is an entry of a list, or a switch that is on.
            Some((name, "")) if entry && name == text => {
                self.found.push(Setting::new(Carrier::Text, &context, "", name, text));
            }
            Some((name, value)) => {
                self.push(&context, name, unquoted(value), text);
                name.clone_into(&mut self.open);
            }
            None => {
                let name = if text.starts_with(['"', '\'']) { self.open.clone() } else { String::new() };
                self.found.push(Setting::new(Carrier::Text, &context, &name, unquoted(text), text));
            }
        }
    }
}

/// `{$PORT}`, `{header.X-Name}`: a value, no block.
fn is_placeholder(rest: &str) -> bool {
    let inner = rest.get(1..).and_then(|rest| rest.split_once('}')).map_or("", |(inner, _)| inner);
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '>');
    inner.starts_with('$') || inner.contains('.') && inner.chars().all(named)
}

/// A list that ends on its line and holds no object.
fn in_one_line(rest: &str) -> bool {
    rest.find(']').is_some_and(|end| !rest.get(..end).unwrap_or("").contains('{'))
}

/// Name and value of a statement; a lone word is a name without value, anything else an entry of a list.
fn pair(text: &str) -> Option<(&str, &str)> {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        let inner = text.get(1..)?;
        let (name, rest) = inner.split_once(quote)?;
        let rest = rest.trim_start();
        return rest
            .starts_with([':', '='])
            .then(|| (name, rest.trim_start_matches([':', '=', '>', ' ', '\t'])));
    }
    if let Some((name, value)) = text.split_once(" = ").filter(|(name, _)| is_phrase(name)) {
        return Some((name, value.trim_start()));
    }
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | '(')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@');
    if !name.starts_with(begins) {
        return None;
    }
    // The colon of an address is none of a setting.
    if rest.starts_with(":/") {
        return None;
    }
    Some((name, rest.trim_start_matches([':', '=', '>', ' ', '\t'])))
}

/// `guest ok = yes`: a name of several words. Statements of languages begin with a word of theirs.
fn is_phrase(text: &str) -> bool {
    const STATEMENTS: &[&str] = &[
        "location", "default", "set", "let", "var", "const", "local", "export", "if", "my", "our", "return",
        "else",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (2..=4).contains(&words.len())
        && words.iter().all(plain)
        && words.first().is_some_and(|first| {
            first.starts_with(|c: char| c.is_ascii_alphabetic()) && !STATEMENTS.contains(first)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String)> {
        of_text(text).into_iter().map(|s| (s.context, s.name, s.value)).collect()
    }

    #[test]
    fn a_text_of_any_of_the_forms_gives_the_same_setting() {
        for text in [
            "[admin]\ntype = \"Open\"",
            "admin:\n  type: Open",
            "admin {\n  type = \"Open\"\n}",
            "{\"admin\": {\"type\": \"Open\"}}",
            "{\n  \"admin\": {\n    \"type\": \"Open\"\n  }\n}",
            "<admin>\n<type>Open</type>\n</admin>",
            "<admin type=\"Open\"/>",
            "admin { type Open; }",
            "# type = x\nadmin: {type: Open}",
        ] {
            let expected = ("admin".to_owned(), "type".to_owned(), "Open".to_owned());
            assert_eq!(read(text), [expected], "{text}");
        }
    }

    #[test]
    fn entries_of_lists_stand_below_the_name_of_the_list() {
        for text in ["nets:\n- a\n- b", "nets:\n  - a\n  - b", "{\"nets\": [\n\"a\",\n\"b\"\n]}"] {
            let found: Vec<(String, String)> = of_text(text)
                .into_iter()
                .map(|s| (s.context.trim_start_matches('.').to_owned(), s.value))
                .collect();
            assert_eq!(
                found,
                [("nets".to_owned(), "a".to_owned()), ("nets".to_owned(), "b".to_owned())],
                "{text}"
            );
        }
        assert_eq!(read("nets = [\"a\", \"b\"]")[0].2, "[\"a\", \"b\"]");
    }

    #[test]
    fn options_have_their_value_joined_or_behind_them() {
        let of = |text: &str| -> Vec<(String, String)> {
            of_words(&command_words(text)).into_iter().map(|s| (s.name, s.value)).collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            of("serve --a=b -c d=e"),
            [pair("a", "b"), pair("c", "true"), pair("c", "d=e"), pair("d", "e")]
        );
        assert_eq!(of("java -Dx.y=z"), [pair("x.y", "z")]);
        assert_eq!(of("serve --a false --b"), [pair("a", "false"), pair("b", "true")]);
        assert_eq!(of("ipfs config Addresses.API x"), [pair("Addresses.API", "x")]);
    }
}
