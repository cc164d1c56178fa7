//! An application's own quote endpoint.
//!
//! The only source that can show freshness: with a nonce in the question, a genuine answer carries it in REPORTDATA.
//! Whether it does is checked by the verifier; here is only recorded whether the nonce went out.

use super::Facts;
use veritee_evidence::Format;

/// Where an inference service puts the evidence of what stands in front of its models: another application than they
/// are, by design.
pub(crate) const FRONT: &str = "/gateway_attestation";

pub(crate) const FACTS: Facts = Facts {
    name: "application's quote endpoint",
    gives: "a quote, fresh where the endpoint takes a nonce, and what comes with it",
    cap: 8 << 20,
    accept: "application/json, text/plain;q=0.9, application/octet-stream;q=0.8",
    types: &["application/json", "text/plain", "application/octet-stream", "application/x-pem-file"],
    // veritee's own documents are records of somebody else's fetching; a server that sends one is no witness of it.
    formats: &[
        Format::Quote,
        Format::GetQuote,
        Format::Attest,
        Format::Container,
        Format::VerifierRequest,
        Format::Info,
        Format::CloudAttestations,
        Format::RaTls,
        Format::InferenceReport,
    ],
};
