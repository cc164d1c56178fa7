//! TLS: one library (rustls), one provider (ring), always verified.

mod proof;
mod verify;

pub(crate) use proof::{ChainTooLarge, HandshakeOnly, KeyNotProven};

use crate::{ClientError, Roots};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// For servers that a certificate authority vouches for. TLS 1.2 and 1.3; names, times and signatures are verified
/// with the clock of this machine; revocation is not looked up.
pub(crate) fn verified(roots: &Roots) -> Result<ClientConfig, ClientError> {
    let roots = Arc::new(root_store(roots)?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(library)?;
    config(Arc::new(verify::Remembering::new(verifier)), vec![b"http/1.1".to_vec()])
}

/// For RA-TLS servers: only that the server holds the key of its certificate is verified.
pub(crate) fn handshake_only() -> Result<ClientConfig, ClientError> {
    config(Arc::new(HandshakeOnly::new(provider().signature_verification_algorithms)), Vec::new())
}

fn config(
    verifier: Arc<dyn rustls::client::danger::ServerCertVerifier>,
    protocols: Vec<Vec<u8>>,
) -> Result<ClientConfig, ClientError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(library)?
        // The name is rustls' for any verifier that is not built in; ours wraps the one that is.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = protocols;
    // A resumed session shows no certificate. What a server is said to have shown, it showed on this connection.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn root_store(roots: &Roots) -> Result<RootCertStore, ClientError> {
    let mut store = RootCertStore::empty();
    let extra: &[Vec<u8>] = match roots {
        Roots::Mozilla => &[],
        Roots::MozillaAnd(extra) | Roots::Only(extra) => extra,
    };
    if !matches!(roots, Roots::Only(_)) {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for (index, der) in extra.iter().enumerate() {
        store
            .add(CertificateDer::from(der.clone()))
            .map_err(|error| ClientError::Root { index, why: crate::error::said(&error.to_string()) })?;
    }
    if store.is_empty() { Err(ClientError::NoRoots) } else { Ok(store) }
}

fn library(error: impl core::fmt::Display) -> ClientError {
    ClientError::Library { why: crate::error::said(&error.to_string()) }
}
