//! The `veritee` program: arguments, files, the clock and the terminal. All decisions are made in the crates below.

mod cli;
mod commands;
mod failure;
mod image;
mod input;
mod interrupt;
mod network;
mod output;
mod source_tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::parse();
    match interrupt::listen().and_then(|()| commands::run(&arguments)) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            output::failure(&failure);
            ExitCode::from(failure.exit.code())
        }
    }
}
