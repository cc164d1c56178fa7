//! Proof that a server holds the key of its certificate, and nothing more.

use core::fmt;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use std::sync::Arc;

/// Bytes of a chain at most. rustls itself reads handshake messages of up to 64 KiB only; RA-TLS certificates have 10
/// to 40.
const CHAIN_BYTES: usize = 1 << 20;
/// Certificates in a chain at most. RA-TLS chains have one to three.
const CHAIN_LENGTH: usize = 8;

/// The handshake is not signed with the key of the certificate.
#[derive(Debug)]
pub(crate) struct KeyNotProven(Error);

impl fmt::Display for KeyNotProven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handshake is not signed with the key of the certificate: {}", self.0)
    }
}

impl core::error::Error for KeyNotProven {}

/// The chain is larger than we read.
#[derive(Debug)]
pub(crate) struct ChainTooLarge;

impl fmt::Display for ChainTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a chain of at most {CHAIN_LENGTH} certificates and {CHAIN_BYTES} bytes")
    }
}

impl core::error::Error for ChainTooLarge {}

/// Tells a bad signature of the handshake from one inside the chain.
pub(super) fn proven(
    result: Result<HandshakeSignatureValid, Error>,
) -> Result<HandshakeSignatureValid, Error> {
    result.map_err(|error| CertificateError::Other(OtherError(Arc::new(KeyNotProven(error)))).into())
}

/// Takes any chain; the handshake must be signed with the key of its leaf.
#[derive(Debug)]
pub(crate) struct HandshakeOnly {
    algorithms: WebPkiSupportedAlgorithms,
}

impl HandshakeOnly {
    pub(crate) const fn new(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { algorithms }
    }
}

impl ServerCertVerifier for HandshakeOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let bytes = intermediates.iter().fold(end_entity.len(), |sum, der| sum.saturating_add(der.len()));
        if bytes > CHAIN_BYTES || intermediates.len() >= CHAIN_LENGTH {
            return Err(CertificateError::Other(OtherError(Arc::new(ChainTooLarge))).into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        proven(verify_tls12_signature(message, certificate, signature, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        proven(verify_tls13_signature(message, certificate, signature, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
