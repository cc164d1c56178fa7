//! One module a command.

mod asked;
mod audit;
mod batch;
mod bundle;
mod chain;
mod collateral;
mod diff;
mod eventlog;
mod evidence;
mod explain;
mod fetch;
mod gather;
mod gpu;
mod history;
mod image;
mod measure;
mod policy;
mod quote;
mod render;
mod review;
mod seal;
mod serve;
mod site;
mod supply;
mod trace;
mod tracing;
mod verify;
mod watch;

use crate::cli::{Arguments, Command, Format, Global};
use crate::failure::Failure;
use veritee_model::ExitCode;

/// Runs the command; the exit code is that of the verdict where there is one.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let global = &arguments.global;
    // That is a folder there, which its command looks at by itself.
    let is_folder =
        matches!(&arguments.command, Command::Image(crate::cli::Image::Fetch(_)) | Command::Site(_));
    if let Some(path) = global.output.as_ref().filter(|_| !is_folder) {
        // Told before the work, not after it.
        crate::output::Place::look(path)?;
    }
    match &arguments.command {
        Command::Verify(options) => verify::run(options, global),
        Command::Quote(options) => quote::run(options, global),
        Command::Gpu(options) => gpu::run(options, global),
        Command::Batch(options) => batch::run(options, global),
        Command::Fetch(options) => fetch::run(options, global),
        Command::History(options) => history::run(options, global),
        Command::Watch(options) => watch::run(options, global),
        Command::Collateral(options) => collateral::run(options, global),
        Command::EventLog(options) => eventlog::run(options, global),
        Command::Measure(options) => measure::run(options, global),
        Command::Audit(options) => audit::run(options, global),
        Command::Diff(options) => diff::run(options, global),
        Command::Trace(options) => trace::run(options, global),
        Command::VerifyBundle(options) => bundle::run(options, global),
        Command::Image(options) => image::run(options, global),
        Command::Evidence(options) => evidence::run(options, global),
        Command::Render(options) => render::run(options, global),
        Command::Sign(options) => seal::sign(options, global),
        Command::VerifyReport(options) => seal::verify(options, global),
        Command::Serve(options) => serve::run(options, global),
        Command::Site(options) => site::run(options, global),
        Command::Explain(options) => explain::run(options, global),
        Command::Review(options) => review::run(options, global),
        Command::Policy(options) => policy::run(options, global),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut crate::cli::command(), "veritee", &mut text);
            print_text(&text, global)
        }
        Command::Man { command } => manual(command, global),
    }
}

/// The page of a command, under the name that the pages refer to it by.
fn manual(words: &[String], global: &Global) -> Result<ExitCode, Failure> {
    let mut command = crate::cli::command();
    command.build();
    let mut at = &command;
    for word in words {
        at = at.find_subcommand(word).ok_or_else(|| {
            let word = veritee_model::text::inert(word);
            Failure::usage(format!("man: there is no command {word}")).help("`veritee --help` lists them")
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(at.clone())
        .render(&mut text)
        .map_err(|error| Failure::internal(format!("manual page: {error}")))?;
    print_text(&text, global)
}

fn print_text(text: &[u8], global: &Global) -> Result<ExitCode, Failure> {
    crate::output::data(&String::from_utf8_lossy(text), global)?;
    Ok(ExitCode::Verified)
}

/// Refuses a form that a command cannot print, rather than printing another.
fn only(global: &Global, allowed: &[Format], command: &str) -> Result<(), Failure> {
    if allowed.contains(&global.format) {
        return Ok(());
    }
    let names: Vec<String> = allowed.iter().map(|format| format!("{format:?}").to_lowercase()).collect();
    Err(Failure::usage(format!("`{command}` prints {} only", names.join(" or "))))
}
