//! Records with a change, sent to whoever wants to know. A record is in the database before it is sent, and waits there
//! until its receiver answered: none is lost, one may come twice.

use super::{failed, note};
use crate::cli::{Global, Watch};
use crate::failure::Failure;
use crate::network;
use std::path::Path;
use veritee_client::{FetchError, Post, Url};
use veritee_watch::Store;

/// Records sent in a round: a receiver that was away for long is not flooded.
const A_ROUND: usize = 100;
/// Bytes of an answer: nothing in it is read.
const ANSWER: usize = 64 << 10;

/// Refuses an address that nothing could ever be sent to, before the first look: an alert is no time to learn it.
pub(super) fn check(options: &Watch) -> Result<(), Failure> {
    let Some(url) = &options.webhook else { return Ok(()) };
    veritee_client::admitted(url, options.network.allow_local).map_err(|error| {
        Failure::usage(format!("--webhook: {}", told(&error, url)))
            .help("give an https address; for http on this machine, or an address of a local network, add --allow-local")
    })
}

/// Sends what waits, the oldest first. The first one that is not taken ends it until the next round.
pub(super) fn tell(store: &mut Store, path: &Path, options: &Watch, global: &Global) -> Result<(), Failure> {
    let Some(url) = &options.webhook else { return Ok(()) };
    let waiting = store.pending(A_ROUND).map_err(|error| failed(path, &error))?;
    if waiting.is_empty() {
        return Ok(());
    }
    // A webhook's path is a secret: what the client says of its requests is not printed.
    let client = network::client(&options.network, &global.silent())?;
    for record in waiting {
        let post = Post {
            url: url.clone(),
            body: record.bytes,
            content_type: "application/json",
            cap: ANSWER,
            accept: "*/*",
            types: &[],
            // It has a number: whoever gets it twice can tell.
            idempotent: true,
        };
        let number = record.observation.number;
        match network::block_on(async { Ok(client.post(&post).await) })? {
            Ok(_) => store.announced(number).map_err(|error| failed(path, &error))?,
            Err(error) => {
                note(
                    global,
                    &format!(
                        "warning: webhook: record {number} is kept and was not taken; it is sent again after the next \
                         round: {}",
                        told(&error, url)
                    ),
                );
                return Ok(());
            }
        }
    }
    Ok(())
}

/// An error without what stands behind the host.
fn told(error: &FetchError, url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    error.to_string().replace(error.url(), &origin).replace(url.as_str(), &origin)
}
