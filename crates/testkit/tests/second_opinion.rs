//! An independent verifier, dcap-qvl 0.7.1, must agree that what the testkit calls genuine is genuine, and that
//! single changes have the effect that they are meant to have.

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::{QuoteVerifier, VerifiedReport};
use veritee_testkit::{Certification, Forged, Role, Shape, Universe};

fn judge(forged: &Forged) -> Result<VerifiedReport, String> {
    let collateral: QuoteCollateralV3 =
        serde_json::from_str(&forged.collateral_json()).map_err(|error| error.to_string())?;
    QuoteVerifier::new(forged.root_der.clone())
        .verify(&forged.quote, &collateral, forged.as_of.seconds())
        .map_err(|error| format!("{error:#}"))
}

fn status(universe: Universe) -> String {
    judge(&universe.forge()).unwrap().status
}

fn refusal(universe: Universe) -> String {
    judge(&universe.forge()).unwrap_err()
}

const SUPPORTED: [Shape; 5] =
    [Shape::SgxV3, Shape::TdxV4, Shape::TdxV5Td10, Shape::TdxV5Td15, Shape::TdxV5Td15Ex];

#[test]
fn every_kind_of_quote_that_dcap_qvl_supports_verifies_under_both_cas() {
    for shape in SUPPORTED {
        for authority in [Role::PlatformCa, Role::ProcessorCa] {
            let report = judge(&Universe::under(3, shape, authority).forge()).unwrap();
            assert_eq!((report.status.as_str(), report.advisory_ids.len()), ("UpToDate", 0), "{shape:?}");
        }
    }
}

#[test]
fn sgx_quotes_of_later_versions_parse_and_are_refused_for_their_version_only() {
    for shape in [Shape::SgxV4, Shape::SgxV5] {
        assert_eq!(refusal(Universe::with_shape(3, shape)), "SGX TEE quote must have version 3");
    }
}

#[test]
fn encrypted_ppid_quotes_verify_with_a_chain_in_the_collateral() {
    for certification in
        [Certification::PlainPpid, Certification::EncryptedPpid2048, Certification::EncryptedPpid3072]
    {
        let universe = Universe::new(3).quote(|quote| quote.certification = certification.clone());
        refusal(universe.clone());
        let chain = Some(vec![Role::Pck, Role::PlatformCa, Role::Root]);
        let report =
            judge(&universe.change(|it| it.collateral.pck_certificate_chain = chain).forge()).unwrap();
        assert_eq!(report.status, "UpToDate");
    }
}

#[test]
fn a_platform_between_the_levels_is_out_of_date_with_its_advisories() {
    let outdated = Universe::new(3).sgx_extension(|extension| {
        extension.cpusvn = veritee_testkit::universe::OUTDATED_SVNS.to_vec();
        extension.components = extension.cpusvn.iter().map(|svn| u16::from(*svn)).collect();
    });
    let report = judge(&outdated.forge()).unwrap();
    assert_eq!(report.status, "OutOfDate");
    assert_eq!(report.advisory_ids, ["INTEL-SA-01036", "INTEL-SA-01099"]);
}

#[test]
fn an_old_module_or_quoting_enclave_alone_makes_the_platform_out_of_date() {
    assert_eq!(status(Universe::new(3).quote(|quote| quote.td().tee_tcb_svn[0] = 3)), "OutOfDate");
    assert_eq!(status(Universe::new(3).quote(|quote| quote.qe_report.isv_svn = 6)), "OutOfDate");
    assert_eq!(
        status(Universe::with_shape(3, Shape::TdxV5Td15).quote(|quote| quote.td().tee_tcb_svn[0] = 3)),
        "TDRelaunchAdvised"
    );
}

#[test]
fn one_wrong_signer_at_a_time_is_refused_where_it_signs() {
    let cases: [(&str, Universe); 8] = [
        ("ISV enclave report", Universe::new(3).quote(|quote| quote.signed_by = Role::Stranger)),
        ("qe_report in quote", Universe::new(3).quote(|quote| quote.qe_report_signed_by = Role::Stranger)),
        (
            "Signature is invalid for tcb_info",
            Universe::new(3).tcb_info(|info| info.signed_by = Role::Stranger),
        ),
        (
            "Signature is invalid for qe_identity",
            Universe::new(3).qe_identity(|it| it.signed_by = Role::Stranger),
        ),
        (
            "InvalidSignatureForPublicKey",
            Universe::new(3).certificate(Role::Pck, |it| it.signed_by = Role::Stranger),
        ),
        (
            "InvalidSignatureForPublicKey",
            Universe::new(3).certificate(Role::PlatformCa, |it| it.signed_by = Role::Stranger),
        ),
        ("InvalidCrlSignatureForPublicKey", Universe::new(3).pck_crl(|crl| crl.signed_by = Role::Stranger)),
        ("root CA CRL", Universe::new(3).root_crl(|crl| crl.signed_by = Role::Stranger)),
    ];
    for (expected, universe) in cases {
        let got = refusal(universe);
        assert!(got.contains(expected), "expected {expected}, got {got}");
    }
}

#[test]
fn each_revocation_is_noticed() {
    for role in [Role::Pck, Role::PlatformCa, Role::TcbSigner, Role::Root] {
        let got = refusal(Universe::new(3).revoke(role));
        assert!(got.contains("CertRevoked"), "{role:?}: {got}");
    }
}

#[test]
fn the_same_seed_forges_the_same_bytes_and_another_seed_others() {
    let (one, again, other) = (Universe::new(5).forge(), Universe::new(5).forge(), Universe::new(6).forge());
    assert_eq!((&one.quote, one.collateral_json()), (&again.quote, again.collateral_json()));
    assert_ne!(one.quote, other.quote);
}

#[test]
fn the_layout_names_the_parts_where_they_are() {
    for shape in Shape::ALL {
        let universe = Universe::with_shape(3, shape);
        let forged = universe.forge();
        let layout = &forged.layout;
        assert_eq!(forged.quote[layout.signed.clone()], universe.quote.signed_part());
        assert_eq!(layout.qe_report.len(), 384);
        assert_eq!(layout.trailing.end, forged.quote.len());
        assert!(forged.quote[layout.certification.clone()].starts_with(b"-----BEGIN CERTIFICATE-----"));
    }
}
