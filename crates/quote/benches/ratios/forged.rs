//! Hosts and revocation lists in any number, under a test root.

use dcap_qvl::QuoteCollateralV3;
use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{
    Collateral, CollateralParts, Expiry, KnownCollateral, Origin, PreparedCollateral, Quote, TrustRoot,
    Verifier,
};
use veritee_testkit::{Forged, Role, SigningKey, Universe};

/// A genuine quote of each of so many hosts: each with a PCK, a quoting enclave's signature and an attestation key of
/// its own, all under the collateral of [`verifier`].
pub(crate) fn hosts(count: u64) -> Vec<Quote> {
    let host = |number: u64| {
        let universe = Universe::new(1).pki(|pki| {
            for role in [Role::Pck, Role::AttestationKey] {
                pki.replace_key(role, SigningKey::derive(number + 2, role.label()));
            }
        });
        let (bytes, _layout) = universe.quote.forge(&universe.pki);
        Quote::parse(&bytes).expect("genuine")
    };
    (0..count).map(host).collect()
}

/// A verifier that holds the hosts' collateral and has seen none of them, and the time to verify at.
pub(crate) fn verifier() -> (Verifier, UnixTime) {
    with_memory(veritee_quote::STANDARD_MEMORY)
}

/// [`verifier`] with another memory.
pub(crate) fn with_memory(bytes: usize) -> (Verifier, UnixTime) {
    let forged = Universe::new(1).forge();
    (Verifier::with_memory(known(&forged), Expiry::Enforce, bytes), forged.as_of)
}

/// A universe whose PCK CA has revoked so many certificates, none of them the host's.
pub(crate) fn with_revocations(count: u32) -> Forged {
    let universe = Universe::new(1).pck_crl(|crl| {
        for number in 0..count {
            // Spread and of full length, as Intel's serial numbers are, which derive from keys.
            let [a, b, c, d] = number.wrapping_mul(0x9e37_79b1).to_be_bytes();
            let mut serial = [0x5a; 20];
            serial[..5].copy_from_slice(&[0x40 | (a & 0x3f), a, b, c, d]);
            crl.revoke(&serial);
        }
    });
    universe.forge()
}

pub(crate) fn parts(forged: &Forged) -> Collateral {
    let it = &forged.collateral;
    Collateral::from_parts(CollateralParts {
        pck_crl_issuer_chain: it.pck_crl_issuer_chain.clone(),
        root_ca_crl: it.root_ca_crl.clone(),
        pck_crl: it.pck_crl.clone(),
        tcb_info_issuer_chain: it.tcb_info_issuer_chain.clone(),
        tcb_info: it.tcb_info.text.clone(),
        tcb_info_signature: hex(&it.tcb_info.signature),
        qe_identity_issuer_chain: it.qe_identity_issuer_chain.clone(),
        qe_identity: it.qe_identity.text.clone(),
        qe_identity_signature: hex(&it.qe_identity.signature),
        pck_certificate_chain: None,
    })
}

/// The same for dcap-qvl.
pub(crate) fn their_parts(forged: &Forged) -> QuoteCollateralV3 {
    let it = &forged.collateral;
    QuoteCollateralV3 {
        pck_crl_issuer_chain: it.pck_crl_issuer_chain.clone(),
        root_ca_crl: it.root_ca_crl.clone(),
        pck_crl: it.pck_crl.clone(),
        tcb_info_issuer_chain: it.tcb_info_issuer_chain.clone(),
        tcb_info: it.tcb_info.text.clone(),
        tcb_info_signature: it.tcb_info.signature.clone(),
        qe_identity_issuer_chain: it.qe_identity_issuer_chain.clone(),
        qe_identity: it.qe_identity.text.clone(),
        qe_identity_signature: it.qe_identity.signature.clone(),
        pck_certificate_chain: None,
    }
}

/// The forged collateral as a verifier takes it.
pub(crate) fn known(forged: &Forged) -> KnownCollateral {
    let root = TrustRoot::from_der(&forged.root_der).expect("a root");
    let mut known = KnownCollateral::new(&root, &Budget::STANDARD);
    known.add(&parts(forged), Origin::Caller, "forged");
    known
}

pub(crate) fn prepare(forged: &Forged) -> PreparedCollateral {
    let root = TrustRoot::from_der(&forged.root_der).expect("a root");
    parts(forged).verify_at(&root, forged.as_of, Expiry::Enforce).expect("genuine")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
