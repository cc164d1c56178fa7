//! From untrusted collateral to prepared collateral: six signatures, all names, parts, revocations and dates.

use super::{CollateralParts, Expiry};
use crate::error::{CertificateRole, ChainError, CollateralError, CrlFault, DocumentFault, Source};
use crate::facts::{SourceDates, Window};
use crate::prepared::{PckCa, Prepared, PreparedCollateral, RevocationList};
use crate::qe_identity::QeIdentity;
use crate::root::TrustRoot;
use crate::tcb_info::TcbInfo;
use crate::x509::chain::{self, Issuer, Validity};
use crate::x509::crl::Crl;
use crate::x509::{PublicKey, Serial, shown_name, verify_fixed};
use veritee_model::{Budget, UnixTime};

/// A TCB signer, vouched for by the root.
struct Signer {
    public_key: PublicKey,
    serial: Serial,
    root_serial: Serial,
    validities: [Validity; 2],
}

pub(super) fn verify(
    parts: &CollateralParts,
    root: &TrustRoot,
    as_of: UnixTime,
    expiry: Expiry,
    budget: &Budget,
) -> Result<PreparedCollateral, CollateralError> {
    check_sizes(parts, budget)?;
    let signer = read_signer(Source::TcbInfoIssuerChain, &parts.tcb_info_issuer_chain, root, budget)?;
    // The service sends the same chain twice; the same bytes need no second look.
    let identity_signer = if parts.qe_identity_issuer_chain == parts.tcb_info_issuer_chain {
        None
    } else {
        Some(read_signer(Source::QeIdentityIssuerChain, &parts.qe_identity_issuer_chain, root, budget)?)
    };
    let (ca, ca_serials, ca_validities) = read_pck_ca(&parts.pck_crl_issuer_chain, root, budget)?;
    let root_crl = read_crl(Source::RootCaCrl, &parts.root_ca_crl, &Issuer::root(root))?;
    let pck_crl = read_crl(Source::PckCrl, &parts.pck_crl, &ca.issuer())?;
    let identity_signer = identity_signer.as_ref().unwrap_or(&signer);
    check_revocations(root, &root_crl.list, &ca_serials, &signer, identity_signer)?;
    check_signature(Source::TcbInfo, &parts.tcb_info, &parts.tcb_info_signature, &signer)?;
    check_signature(Source::QeIdentity, &parts.qe_identity, &parts.qe_identity_signature, identity_signer)?;
    let tcb_info = TcbInfo::parse(&parts.tcb_info, budget)
        .map_err(|fault| CollateralError::Document { source: Source::TcbInfo, fault })?;
    let qe_identity = QeIdentity::parse(&parts.qe_identity, budget)
        .map_err(|fault| CollateralError::Document { source: Source::QeIdentity, fault })?;
    if tcb_info.tee != qe_identity.tee {
        let qe_identity = match qe_identity.tee {
            crate::quote::Tee::Sgx => "QE",
            crate::quote::Tee::Tdx => "TD_QE",
        };
        return Err(CollateralError::KindsDiffer { tcb_info: tcb_info.tee, qe_identity });
    }
    let chains = [
        (Source::PckCrlIssuerChain, ca_validities),
        (Source::TcbInfoIssuerChain, signer.validities),
        (Source::QeIdentityIssuerChain, identity_signer.validities),
    ];
    let (windows, sources) = collect_dates(&chains, &root_crl, &pck_crl, &tcb_info, &qe_identity);
    let prepared = Prepared {
        root: root.clone(),
        expiry,
        windows,
        sources,
        ca,
        root_crl: root_crl.list,
        pck_crl: pck_crl.list,
        tcb_info,
        qe_identity,
        pck_chain: parts.pck_certificate_chain.clone(),
        budget: *budget,
    };
    PreparedCollateral::new(prepared, as_of)
}

fn check_sizes(parts: &CollateralParts, budget: &Budget) -> Result<(), CollateralError> {
    for (source, got, limit) in [
        (Source::RootCaCrl, parts.root_ca_crl.len(), budget.crl_bytes),
        (Source::PckCrl, parts.pck_crl.len(), budget.crl_bytes),
        (Source::TcbInfo, parts.tcb_info.len(), budget.collateral_json_bytes),
        (Source::QeIdentity, parts.qe_identity.len(), budget.collateral_json_bytes),
    ] {
        if got > limit {
            return Err(CollateralError::TooLarge { source, limit, got });
        }
    }
    Ok(())
}

fn read_signer(source: Source, text: &str, root: &TrustRoot, budget: &Budget) -> Result<Signer, ChainError> {
    let chain = chain::decode(source, text.as_bytes(), 2, budget)?;
    let (signer, in_chain) = chain::parse(source, &chain)?.only(source, CertificateRole::TcbSigner)?;
    let root_validity = chain::check_root(source, &in_chain, root, 0)?;
    let validity = chain::check_tcb_signer(source, &signer, root)?;
    Ok(Signer {
        public_key: signer.public_key,
        serial: signer.serial,
        root_serial: in_chain.serial,
        validities: [validity, root_validity],
    })
}

fn read_pck_ca(
    text: &str,
    root: &TrustRoot,
    budget: &Budget,
) -> Result<(PckCa, [Serial; 2], [Validity; 2]), ChainError> {
    let source = Source::PckCrlIssuerChain;
    let chain = chain::decode(source, text.as_bytes(), 2, budget)?;
    let (certificate, in_chain) = chain::parse(source, &chain)?.only(source, CertificateRole::PckCa)?;
    let root_validity = chain::check_root(source, &in_chain, root, 1)?;
    let (kind, validity) = chain::check_pck_ca(source, &certificate, root)?;
    let ca = PckCa {
        kind,
        der: certificate.der.to_vec(),
        subject: certificate.subject.to_vec(),
        subject_key: certificate.subject_key().unwrap_or_default().to_vec(),
        public_key: certificate.public_key,
        validity,
    };
    Ok((ca, [certificate.serial, in_chain.serial], [validity, root_validity]))
}

struct ReadCrl {
    list: RevocationList,
    this_update: UnixTime,
    next_update: UnixTime,
}

fn read_crl(source: Source, der: &[u8], issuer: &Issuer<'_>) -> Result<ReadCrl, CollateralError> {
    let fault = |fault| CollateralError::Crl { source, fault };
    let crl = Crl::parse(der).map_err(|error| fault(CrlFault::Der(error)))?;
    if crl.issuer != issuer.subject {
        let expected = shown_name(issuer.subject);
        return Err(fault(CrlFault::Issuer { expected, got: shown_name(crl.issuer) }));
    }
    if crl.authority_key != issuer.subject_key {
        let expected = hex::encode(issuer.subject_key);
        return Err(fault(CrlFault::KeyIdentifier { expected, got: hex::encode(crl.authority_key) }));
    }
    if !crl.is_signed_by(issuer.public_key) {
        return Err(fault(CrlFault::Signature));
    }
    let (this_update, next_update) = (crl.this_update, crl.next_update);
    Ok(ReadCrl {
        list: RevocationList { serials: crl.revoked, number: crl.number },
        this_update,
        next_update,
    })
}

fn check_revocations(
    root: &TrustRoot,
    root_crl: &RevocationList,
    [ca_serial, ca_root_serial]: &[Serial; 2],
    signer: &Signer,
    identity_signer: &Signer,
) -> Result<(), ChainError> {
    for (source, role, serial) in [
        (Source::RootCaCrl, CertificateRole::Root, root.serial()),
        (Source::PckCrlIssuerChain, CertificateRole::PckCa, ca_serial),
        (Source::TcbInfoIssuerChain, CertificateRole::TcbSigner, &signer.serial),
        (Source::QeIdentityIssuerChain, CertificateRole::TcbSigner, &identity_signer.serial),
        // A chain's root may be another certificate of the pinned root's key.
        (Source::PckCrlIssuerChain, CertificateRole::Root, ca_root_serial),
        (Source::TcbInfoIssuerChain, CertificateRole::Root, &signer.root_serial),
        (Source::QeIdentityIssuerChain, CertificateRole::Root, &identity_signer.root_serial),
    ] {
        if root_crl.serials.contains(serial) {
            return Err(chain::revoked(source, role, serial));
        }
    }
    Ok(())
}

/// Over the raw bytes: what is parsed later is what was signed, whatever a JSON writer would make of it.
fn check_signature(
    source: Source,
    document: &str,
    signature: &str,
    signer: &Signer,
) -> Result<(), CollateralError> {
    let fault = |fault| CollateralError::Document { source, fault };
    let signature: [u8; 64] =
        veritee_model::bytes::decode_hex(signature).map_err(|_form| fault(DocumentFault::SignatureForm))?;
    if verify_fixed(&signer.public_key, document.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(fault(DocumentFault::Signature))
    }
}

fn collect_dates(
    chains: &[(Source, [Validity; 2]); 3],
    root_crl: &ReadCrl,
    pck_crl: &ReadCrl,
    tcb_info: &TcbInfo,
    qe_identity: &QeIdentity,
) -> (Vec<Window>, Vec<SourceDates>) {
    let mut windows = Vec::with_capacity(10);
    let mut sources = Vec::with_capacity(8);
    for (source, validities) in chains {
        windows.extend(
            validities.iter().map(|validity| Window::Certificate { source: *source, validity: *validity }),
        );
        sources.push(SourceDates::of_chain(*source, validities));
    }
    for (source, crl) in [(Source::RootCaCrl, root_crl), (Source::PckCrl, pck_crl)] {
        windows.push(Window::Crl { source, from: crl.this_update, until: crl.next_update });
        sources.push(SourceDates::of_document(source, crl.this_update, crl.next_update));
    }
    for (source, from, until) in [
        (Source::TcbInfo, tcb_info.issue_date, tcb_info.next_update),
        (Source::QeIdentity, qe_identity.issue_date, qe_identity.next_update),
    ] {
        windows.push(Window::Document { source, from, until });
        sources.push(SourceDates::of_document(source, from, until));
    }
    (windows, sources)
}
