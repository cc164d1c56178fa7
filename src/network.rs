//! The one place where a client is made: its settings, its runtime, what it says while it works.

use crate::cli::Global;
use crate::cli::network::Network;
use crate::failure::Failure;
use crate::input::{self, shown};
use crate::output;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use veritee_client::{Client, Event, Observer, Roots, Settings};

/// A client as the options ask for it.
pub(crate) fn client(options: &Network, global: &Global) -> Result<Client, Failure> {
    reach(options.tls_roots.as_deref(), options.allow_local, global)
}

/// A client for these servers.
pub(crate) fn reach(tls_roots: Option<&Path>, allow_local: bool, global: &Global) -> Result<Client, Failure> {
    let roots = match tls_roots {
        None => Roots::Mozilla,
        Some(path) => Roots::MozillaAnd(certificates(path)?),
    };
    let observer = Arc::new(Teller::new(global));
    let settings = Settings { allow_local, roots, observer: Some(observer), ..Settings::default() };
    Client::new(&settings).map_err(|error| Failure::usage(error.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let source = input::read(path)?;
    let blocks = input::pem(&source);
    let read: Result<Vec<Vec<u8>>, _> =
        x509_parser::pem::Pem::iter_from_buffer(&blocks).map(|pem| pem.map(|pem| pem.contents)).collect();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Failure::usage(format!("{}: holds no certificate, expected PEM", shown(path)))),
        Err(error) => Err(Failure::usage(format!("{}: {error}", shown(path)))),
    }
}

/// Runs what waits for the network, until it is done. Ctrl-C ends the program (`interrupt.rs`): whatever is written is
/// written whole and afterwards, so nothing has to be undone.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("runtime: {error}")))?;
    let done = runtime.block_on(work);
    // The system's name resolution cannot be called off; nobody waits for it.
    runtime.shutdown_background();
    done
}

/// Where collateral is kept: what the user says, else the cache folder of the XDG base directories.
pub(crate) fn store_folder(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = given {
        return Ok(folder.to_owned());
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("veritee").join("collateral"))
        .ok_or_else(|| {
            Failure::usage(
                "no place for the collateral store: neither XDG_CACHE_HOME nor HOME is an absolute path",
            )
            .help("name one with --store DIR")
        })
}

/// Says on standard error what the client does: on a terminal, or when asked to with -v.
struct Teller {
    starts: bool,
    waits: bool,
}

impl Teller {
    fn new(global: &Global) -> Self {
        let shown = !global.quiet && !global.no_progress;
        Self {
            starts: !global.quiet && (global.verbose > 0 || (shown && std::io::stderr().is_terminal())),
            waits: !global.quiet,
        }
    }
}

impl Observer for Teller {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { url } if self.starts => output::say(&format!("asking {url}")),
            Event::Finished { url, bytes } if self.starts => {
                output::say(&format!("got {bytes} bytes of {url}"));
            }
            // The reason names the address. Short waits are nobody's concern.
            Event::Waiting { seconds, why, .. } if self.starts || (self.waits && *seconds > 2) => {
                output::say(&format!("asking again in {seconds} s: {why}"));
            }
            _ => {}
        }
    }
}
