//! Scripted HTTP and HTTPS servers on 127.0.0.1, for tests.
//!
//! A server answers each path with the replies it was given, in order; the last one repeats. Replies speak HTTP/1.1
//! by hand, so that they can misbehave: drip, stall, lie about their length, never end, hang up. What was asked is
//! recorded.
//!
//! ```
//! use veritee_loopback::{Reply, Server};
//! let server = Server::http();
//! server.on("/list", [Reply::status(500), Reply::json("[]")]);   // fails once, then works
//! assert_eq!(server.count("/list"), 0);
//! let _where_it_is = server.url("/list");                        // http://127.0.0.1:<port>/list
//! ```
//!
//! Over TLS, with a certificate authority of the test's own:
//!
//! ```
//! use veritee_loopback::{Authority, Reply, Server};
//! let authority = Authority::new();
//! let server = Server::https(authority.identity(&["localhost"]));
//! server.on("/", Reply::text("hello"));
//! let _root = authority.root();                                   // DER, for the client's roots
//! assert!(server.url("/").starts_with("https://localhost:"));
//! ```
//!
//! Servers bind an ephemeral port, listen on loopback only, and end with all their connections when dropped.

mod identity;
mod proxy;
pub mod registry;
mod reply;
mod server;

pub use identity::{Authority, Identity};
pub use proxy::Proxy;
pub use registry::Registry;
pub use reply::Reply;
pub use server::{Request, Server};
