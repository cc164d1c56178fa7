//! The client.

use crate::{Answer, ClientError, FetchError, Get, Post, Settings};
use std::sync::Arc;

/// A client. Cheap to clone; clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    settings: Arc<Settings>,
}

impl Client {
    /// A client with these settings.
    ///
    /// # Errors
    /// When a root is not a certificate, or the proxy or the user agent cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        Ok(Self { settings: Arc::new(settings.clone()) })
    }

    /// Asks for what is at a url.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn get(&self, request: &Get) -> Result<Answer, FetchError> {
        Err(self.unwired(request.url.as_str()))
    }

    /// Sends JSON to a url.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn post(&self, request: &Post) -> Result<Answer, FetchError> {
        Err(self.unwired(request.url.as_str()))
    }

    /// The certificate chain (DER, leaf first) of an RA-TLS server, for which no public authority vouches. That the
    /// server holds the leaf's key is verified, the chain is not judged.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn handshake(&self, host: &str, port: u16) -> Result<Vec<Vec<u8>>, FetchError> {
        Err(self.unwired(&format!("tls://{host}:{port}")))
    }

    fn unwired(&self, url: &str) -> FetchError {
        FetchError::Broken {
            url: url.to_owned(),
            why: format!("{} is not wired up yet", self.settings.user_agent),
        }
    }
}
