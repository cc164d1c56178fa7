//! Which forms of output each command has, and which one counts.

use super::{Arguments, Command, Format, Global, Gpu, Quote, Show};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches as _, ValueEnum as _};
use std::path::Path;
use veritee_report::Section;

const WORDS: &[Format] = &[Format::Human];
const LINES: &[Format] = &[Format::Human, Format::Jsonl];
const FILE: &[Format] = &[Format::Human, Format::Json];
const FIELDS: &[Format] = &[Format::Human, Format::Json, Format::Jsonl];

/// Commands that have fewer forms than a report has. Every other one has all.
const FORMS: &[(&str, &[Format])] = &[
    ("collateral", FIELDS),
    ("evidence", FILE),
    ("policy", WORDS),
    ("review", WORDS),
    ("quote show", FIELDS),
    ("gpu show", FIELDS),
    ("batch", LINES),
    ("fetch", FILE),
    ("history", FIELDS),
    ("watch", LINES),
    ("watch export", LINES),
    ("watch check", FIELDS),
    ("collateral fetch", FILE),
    ("collateral show", FIELDS),
    ("collateral check", FIELDS),
    ("collateral prune", WORDS),
    ("collateral export", WORDS),
    ("collateral import", WORDS),
    ("eventlog replay", FIELDS),
    ("measure", FIELDS),
    ("diff", FIELDS),
    ("image compare", FIELDS),
    ("image inspect", FIELDS),
    ("image fetch", FIELDS),
    ("trace", FIELDS),
    ("verify-bundle", FIELDS),
    ("evidence convert", FILE),
    ("evidence forms", WORDS),
    ("sign", WORDS),
    ("serve", WORDS),
    ("site", WORDS),
    ("explain", WORDS),
    ("review init", WORDS),
    ("policy init", WORDS),
    ("policy check", WORDS),
    ("policy checks", WORDS),
    ("completions", WORDS),
    ("man", WORDS),
];

/// The command line, each command with the forms that it has.
pub(crate) fn command() -> clap::Command {
    let mut command = Arguments::command();
    for (path, forms) in FORMS {
        command = offering(command, &mut path.split(' '), forms);
    }
    command
}

fn offering<'a>(
    command: clap::Command,
    words: &mut impl Iterator<Item = &'a str>,
    forms: &'static [Format],
) -> clap::Command {
    match words.next() {
        Some(word) => command.mut_subcommand(word, |below| offering(below, words, forms)),
        None => command.arg(offer(forms)),
    }
}

fn offer(forms: &'static [Format]) -> clap::Arg {
    let values = PossibleValuesParser::new(forms.iter().filter_map(Format::to_possible_value));
    let parser = values.try_map(|name| Format::from_str(&name, true));
    clap::Arg::new("format")
        .long("format")
        .global(true)
        .value_name("FORMAT")
        .help_heading("Output")
        .help("Form of the output. Default: the one that the name of --output ends with, else human")
        .hide(forms.len() == 1)
        .value_parser(parser)
}

/// Reads the command line; ends the program where it cannot be read.
pub(crate) fn parse() -> Arguments {
    let matches = command().get_matches();
    let forms = forms_of(&path(&matches));
    let mut arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    settle(&mut arguments.global, forms);
    let refused = other_ending(&arguments.global, &path(&matches), forms).or_else(|| overwrites(&matches));
    if let Some(why) = refused {
        command().error(ErrorKind::ValueValidation, why).exit();
    }
    arguments.global.show = arguments.command.shown();
    arguments
}

/// A file whose name asks for a form that the command has not: what stood in it would not be what its name says.
fn other_ending(global: &Global, path: &str, forms: &[Format]) -> Option<String> {
    let output = global.output.as_deref().filter(|_| global.asked.is_none())?;
    let format = ending(output).filter(|format| !forms.contains(format))?;
    // Its pages, its envelopes and its folder are written in it.
    if matches!(
        (path, format),
        ("explain", Format::Markdown) | ("sign", Format::Json) | ("site" | "image fetch", _)
    ) {
        return None;
    }
    let names = |format: &Format| format.to_possible_value().map(|value| value.get_name().to_owned());
    let known: Vec<String> = forms.iter().filter_map(names).collect();
    Some(format!(
        "--output {}: `{path}` has no form {}, it has {}; `--format {}` writes it under that name all the same",
        veritee_model::text::inert(&output.to_string_lossy()),
        names(&format).unwrap_or_default(),
        known.join(", "),
        known.first().map_or("human", String::as_str),
    ))
}

/// Options that name a file which is written.
const WRITERS: [(&str, &str); 3] =
    [("output", "--output"), ("save_evidence", "--save-evidence"), ("save", "--save")];

/// A file that the command reads and would write over: said before the work, which would be lost with it.
fn overwrites(matches: &ArgMatches) -> Option<String> {
    let mut given = Vec::new();
    let mut at = matches;
    loop {
        // A default and a form have no file.
        let is_given = |id: &str| {
            !matches!(id, "format" | "form" | "show")
                && at.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
        };
        for id in at.ids().map(clap::Id::as_str).filter(|id| is_given(id)) {
            let raw = at.try_get_raw(id).ok().flatten();
            given.extend(raw.into_iter().flatten().map(|text| (id.to_owned(), Path::new(text))));
        }
        match at.subcommand() {
            Some((_, below)) => at = below,
            None => break,
        }
    }
    let option = |id: &str| WRITERS.iter().find(|(writer, _)| *writer == id).map(|(_, option)| *option);
    given.iter().find_map(|(id, output)| {
        let option = option(id).filter(|_| *output != Path::new("-") && output.is_file())?;
        let same = std::fs::canonicalize(output).ok()?;
        let mut read = given.iter().filter(|(id, _)| WRITERS.iter().all(|(writer, _)| writer != id));
        read.any(|(_, path)| std::fs::canonicalize(path).is_ok_and(|path| path == same)).then(|| {
            format!(
                "{option} {} is a file that the command reads: it would be lost",
                veritee_model::text::inert(&output.to_string_lossy())
            )
        })
    })
}

fn path(matches: &ArgMatches) -> String {
    let mut path = Vec::new();
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        path.push(name);
        at = below;
    }
    path.join(" ")
}

fn forms_of(path: &str) -> &'static [Format] {
    let known = FORMS.iter().find(|(known, _)| *known == path);
    known.map_or(Format::value_variants(), |(_, forms)| forms)
}

/// What was asked for, else what the file's name says and the command has, else the form for people.
fn settle(global: &mut Global, forms: &[Format]) {
    let named = global.output.as_deref().and_then(ending).filter(|format| forms.contains(format));
    global.format = global.asked.or(named).unwrap_or_default();
}

fn ending(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".sarif", ".sarif.json"]) {
        Some(Format::Sarif)
    } else if ends(&[".jsonl", ".ndjson"]) {
        Some(Format::Jsonl)
    } else if ends(&[".json"]) {
        Some(Format::Json)
    } else if ends(&[".md", ".markdown"]) {
        Some(Format::Markdown)
    } else if ends(&[".html", ".htm"]) {
        Some(Format::Html)
    } else {
        None
    }
}

impl Command {
    /// Which sections of its report are asked for.
    fn shown(&self) -> Vec<Section> {
        let showing = match self {
            Self::Verify(options) => &options.showing,
            Self::Quote(Quote::Verify { showing, .. }) | Self::Gpu(Gpu::Verify { showing, .. }) => showing,
            Self::Audit(options) => &options.showing,
            Self::Render(options) => &options.showing,
            Self::VerifyReport(options) => &options.showing,
            _ => return Vec::new(),
        };
        showing.show.iter().map(|section| (*section).into()).collect()
    }
}

impl From<Show> for Section {
    fn from(section: Show) -> Self {
        match section {
            Show::Findings => Self::Findings,
            Show::Checks => Self::Checks,
            Show::Questions => Self::Questions,
            Show::Inventory => Self::Inventory,
            Show::Facts => Self::Facts,
            Show::Events => Self::Events,
            Show::Notices => Self::Notices,
            Show::Audit => Self::Audit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_every_restricted_command_is_there() {
        command().debug_assert();
        for (path, forms) in FORMS {
            let mut at = command();
            for word in path.split(' ') {
                at = at.find_subcommand(word).unwrap_or_else(|| panic!("{path}")).clone();
            }
            assert!(forms.contains(&Format::Human), "{path}");
        }
    }
}
