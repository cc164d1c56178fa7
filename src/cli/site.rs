//! Options of the page.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  veritee site --wasm veritee.wasm -o site

The sources' bindings/wasm/build.sh builds the module. The page is one HTML file, index.html, that
works from a folder or any server. It forbids itself every request by its content security policy:
nothing that a visitor gives it leaves the browser. docs/site.md says how it is made.")]
pub(crate) struct Site {
    /// The verifier as WebAssembly; without this `veritee.wasm` beside the program.
    #[arg(long, value_name = "FILE")]
    pub(crate) wasm: Option<PathBuf>,
}
