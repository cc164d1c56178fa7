//! A client worth trusting: the one way by which veritee asks anything of the network.
//!
//! ```no_run
//! use veritee_client::{Client, Get, Settings, Url};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(&Settings::default())?;
//! let answer = client.get(&Get::json(Url::parse("https://app.example/info")?, 1 << 20)).await?;
//! let _leaf_first = answer.served();
//! # Ok(()) }
//! ```
//!
//! # Whom it believes
//!
//! Nobody. Whoever answers, and whoever chose the url, may be the attacker. What it holds to:
//!
//! - TLS 1.2 or 1.3 is always verified, against Mozilla's roots as compiled in, or others given as DER. There is no
//!   switch for less. `http:` is for loopback addresses, where [`Settings::allow_local`] is set.
//! - [`Answer::served`] is the chain that was shown and verified on the very connection the answer came over. Each
//!   request has a connection of its own, and no TLS session is resumed.
//! - Addresses that are not on the public internet are refused, whether they stand in the url (in any spelling), come
//!   from a name, or hide inside an IPv6 address. A name is resolved once for a connection, and that connection goes
//!   to an address that was judged.
//! - A redirect to another scheme, host or port is an error, but where the caller knows the digest of what comes
//!   ([`Get::elsewhere`]). A token goes to the server that it was given for and to no other.
//! - Every request has a cap in bytes, counted as they come; every attempt has limits for connecting, for silence and
//!   in all; attempts and requests under way are bounded. Nothing is decompressed.
//! - Text of a server is cut and made inert before it stands in an error. User names and passwords stand in none.
//!
//! # Proxies
//!
//! A proxy, once set, may be on a private network: whoever set it meant it. It resolves the names by itself, so that
//! only IP addresses and `localhost` in a url are still refused here, and what a name leads to is the proxy's to
//! judge. TLS is end to end all the same. SOCKS proxies are refused. A proxy variable of the
//! environment that holds no url counts as none.
//!
//! # What it does not do
//!
//! It looks up no revocation, keeps no cookies, no cache and no connections, and writes nothing to disk. It has no
//! HTTP/2. Certificates are judged by this machine's clock; nothing else is.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod address;
mod answer;
mod attempt;
mod client;
mod error;
mod event;
mod guard;
mod handshake;
mod limits;
mod proxy;
mod request;
mod resolver;
mod retry;
mod scope;
mod settings;
mod tls;

pub use answer::Answer;
pub use client::Client;
pub use error::{AddressRange, ClientError, ConnectProblem, FailureKind, FetchError, TlsProblem, UrlProblem};
pub use event::{Event, Observer};
pub use guard::check as admitted;
pub use request::{Bearer, Get, Post, Sink};
#[doc(hidden)]
pub use resolver::{Resolver, Resolving};
pub use settings::{Proxies, Retries, Roots, Settings, Times};
pub use url::Url;

/// Bytes of a url at most.
pub const URL_CAP: usize = 8192;
