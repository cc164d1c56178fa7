//! The published samples: what is read from them, and how they are judged.

#[path = "support/vectors.rs"]
mod common;

use common::Sample;
use veritee_quote::error::{Source, SvnName};
use veritee_quote::quote::CertificationType;
use veritee_quote::{
    CaKind, Collateral, Expiry, Origin, Quote, SgxType, Stage, Stated, TcbStatus, Tee, TrustRoot, Verifier,
};
use veritee_quote::{QuoteReason, UnixTime};

#[test]
fn the_pinned_root_is_the_same_in_the_crate_and_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../collateral/intel-sgx-root-ca.der");
    assert_eq!(std::fs::read(path).unwrap(), TrustRoot::intel().der());
}

#[test]
fn a_tdx_quote_of_version_4_is_up_to_date() {
    let sample = Sample::tdx();
    let verified = sample.verify(&sample.quote).unwrap();
    assert_eq!(verified.tcb().status, TcbStatus::UpToDate);
    assert!(verified.tcb().advisories.is_empty());
    assert!(verified.tcb().shortfalls.is_empty());
    assert_eq!(verified.quote().padding(), 70);
    assert!(verified.root().is_intel());
    assert_eq!(verified.as_of(), sample.as_of);
    let platform = verified.platform();
    assert_eq!(platform.fmspc.to_string(), "b0c06f000000");
    assert_eq!(platform.ca, CaKind::Platform);
    assert_eq!(platform.sgx_type, SgxType::Scalable);
    assert_ne!(platform.dynamic_platform, Stated::Unstated);
    let facts = verified.collateral();
    assert_eq!(facts.sources.len(), 8);
    assert_eq!(facts.pck_crl_number, "01");
    assert_eq!(facts.earliest_expiration(), Some(UnixTime::parse("2025-07-19T10:00:35Z").unwrap()));
    assert_eq!(facts.latest_issue(), Some(UnixTime::parse("2025-06-19T10:32:27Z").unwrap()));
    assert!(facts.expired.is_empty());
}

#[test]
fn an_extended_tdx_quote_of_version_5_is_up_to_date_at_launch_and_now() {
    let sample = Sample::tdx_extended();
    let verified = sample.verify(&sample.quote).unwrap();
    assert_eq!(verified.tcb().status, TcbStatus::UpToDate);
    let td = verified.td().unwrap();
    assert!(td.extension.is_some());
    assert_eq!(verified.tcb().current.as_ref().unwrap().status, TcbStatus::UpToDate);
    assert_eq!(verified.tcb().evaluation_number(), 20);
}

#[test]
fn an_sgx_quote_of_version_3_with_a_shuffled_chain_keeps_its_statuses_apart() {
    let sample = Sample::sgx();
    let verified = sample.verify(&sample.quote).unwrap();
    assert_eq!(verified.tcb().status, TcbStatus::ConfigurationAndSwHardeningNeeded);
    assert_eq!(verified.tcb().advisories, ["INTEL-SA-00289", "INTEL-SA-00615"]);
    assert_eq!(verified.tcb().launch.quoting_enclave.status, TcbStatus::UpToDate);
    assert!(verified.tcb().launch.tdx_module.is_none());
    assert_eq!(verified.platform().ca, CaKind::Processor);
    assert_eq!(verified.platform().smt_enabled, Stated::Unstated);
    assert!(verified.td().is_none());
}

#[test]
fn a_platform_below_every_level_is_told_what_it_lacks() {
    let sample = Sample::tdx_outdated();
    let error = sample.verify(&sample.quote).unwrap_err();
    assert_eq!(error.reason(), QuoteReason::TcbNotSupported);
    assert_eq!(error.stage(), Stage::TcbLevel);
    let veritee_quote::QuoteError::TcbNotSupported { shortfalls, .. } = error else { panic!("{error}") };
    let short = shortfalls.iter().find(|short| short.svn == SvnName::Sgx(7)).expect("component 7");
    assert_eq!((short.has, short.needs), (3, 5));
    // Intel's own words say which update raises it.
    assert_eq!(short.update.as_deref(), Some("OS/VMM, SEAMLDR ACM"));
}

#[test]
fn hints_name_the_collateral_that_a_quote_needs() {
    for (sample, tee, fmspc, ca) in [
        (Sample::tdx(), Tee::Tdx, "b0c06f000000", CaKind::Platform),
        (Sample::tdx_outdated(), Tee::Tdx, "90c06f000000", CaKind::Platform),
        (Sample::sgx(), Tee::Sgx, "00a067110000", CaKind::Processor),
    ] {
        let quote = Quote::parse(&sample.quote).unwrap();
        let hint = quote.pck_hint().unwrap();
        assert_eq!((quote.tee(), hint.fmspc.to_string().as_str(), hint.ca), (tee, fmspc, ca));
        assert_eq!(quote.certification().kind(), CertificationType::PckChain);
        let collateral = Collateral::from_json(&sample.collateral).unwrap();
        assert_eq!(collateral.tee(), Some(tee));
        assert_eq!(collateral.fmspc(), Some(hint.fmspc));
        assert_eq!(collateral.ca(), Some(ca));
    }
}

#[test]
fn collateral_survives_a_round_trip_and_the_form_of_intels_service() {
    for sample in Sample::all() {
        let collateral = Collateral::from_json(&sample.collateral).unwrap();
        assert!(Collateral::from_json(collateral.to_json().as_bytes()).unwrap() == collateral);
        let parts = collateral.parts();
        let body = |key: &str, text: &str, signature: &str| {
            format!("{{ \"{key}\" : {text} ,\n\"signature\":\"{signature}\"}}").into_bytes()
        };
        let encoded = parts.tcb_info_issuer_chain.replace('\n', "%0A").replace(' ', "%20");
        let again = Collateral::from_pcs(&veritee_quote::PcsAnswers {
            tcb_info_body: &body("tcbInfo", &parts.tcb_info, &parts.tcb_info_signature),
            tcb_info_issuer_chain: &encoded,
            qe_identity_body: &body("enclaveIdentity", &parts.qe_identity, &parts.qe_identity_signature),
            qe_identity_issuer_chain: &parts.qe_identity_issuer_chain,
            pck_crl: &parts.pck_crl,
            pck_crl_issuer_chain: &parts.pck_crl_issuer_chain,
            root_ca_crl: hex_text(&parts.root_ca_crl).as_bytes(),
            pck_certificate_chain: parts.pck_certificate_chain.as_deref(),
        });
        assert!(again.unwrap() == collateral, "{}", sample.name);
    }
}

fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn collateral_of_another_platform_or_kind_is_named_before_any_signature() {
    let (tdx, outdated, sgx) = (Sample::tdx(), Sample::tdx_outdated(), Sample::sgx());
    let judge = |collateral: &Sample, quote: &Sample| {
        let error = collateral.prepared().verify(&Quote::parse(&quote.quote).unwrap(), collateral.as_of);
        let error = error.unwrap_err();
        assert_eq!(error.stage(), Stage::Collateral);
        error.reason()
    };
    assert_eq!(judge(&outdated, &tdx), QuoteReason::FmspcMismatch);
    assert_eq!(judge(&sgx, &tdx), QuoteReason::CollateralKindMismatch);
}

#[test]
fn expired_collateral_is_refused_or_reported_but_never_early_collateral() {
    let sample = Sample::tdx();
    let collateral = Collateral::from_json(&sample.collateral).unwrap();
    let quote = Quote::parse(&sample.quote).unwrap();
    let late = UnixTime::parse("2026-01-01T00:00:00Z").unwrap();
    let error = collateral.verify_at(&TrustRoot::intel(), late, Expiry::Enforce).unwrap_err();
    assert_eq!(error.reason(), QuoteReason::CrlExpired);
    let error = sample.prepared().verify(&quote, late).unwrap_err();
    assert_eq!(error.reason(), QuoteReason::CrlExpired, "prepared in time, used too late");
    let reporting = collateral.verify_at(&TrustRoot::intel(), late, Expiry::Report).unwrap();
    let verified = reporting.verify(&quote, late).unwrap();
    let expired: Vec<Source> = verified.collateral().expired.iter().map(|item| item.source).collect();
    assert_eq!(expired, [Source::PckCrl, Source::TcbInfo, Source::QeIdentity]);
    let early = UnixTime::parse("2025-06-01T00:00:00Z").unwrap();
    for expiry in [Expiry::Enforce, Expiry::Report] {
        let error = collateral.verify_at(&TrustRoot::intel(), early, expiry).unwrap_err();
        assert!(error.reason().code().ends_with("-not-yet-valid"), "{error}");
    }
}

#[test]
fn a_verifier_remembers_by_exact_bytes_and_judges_as_if_it_did_not() {
    let sample = Sample::tdx();
    let mut verifier = Verifier::new(sample.known(), Expiry::Enforce);
    let quote = Quote::parse(&sample.quote).unwrap();
    for _ in 0..3 {
        verifier.verify(&quote, sample.as_of).unwrap();
    }
    let statistics = verifier.statistics();
    assert_eq!((statistics.unknown, statistics.enclave_known), (1, 2));
    // The attack: a remembered host, and a quote that its key never signed.
    for byte in [100, 640, 700, 1000, 1160, 1230] {
        let mut forged = sample.quote.clone();
        forged[byte] ^= 1;
        let forged = Quote::parse(&forged).unwrap();
        let error = verifier.verify(&forged, sample.as_of).unwrap_err();
        assert_eq!(error, sample.prepared().verify(&forged, sample.as_of).unwrap_err());
    }
    // What is remembered does not outlive the collateral.
    let late = UnixTime::parse("2025-07-20T00:00:00Z").unwrap();
    assert_eq!(verifier.verify(&quote, late).unwrap_err().reason(), QuoteReason::CrlExpired);
    // Whatever else becomes known takes what is remembered along.
    verifier.learn(|known| known.add_json(&Sample::sgx().collateral, Origin::Caller, "sgx"));
    assert_eq!(verifier.statistics().memory_bytes, 0);
    verifier.verify(&quote, sample.as_of).unwrap();
    assert_eq!(verifier.statistics().unknown, 2);
}

#[test]
fn a_batch_keeps_its_order_and_names_what_it_has_no_collateral_for() {
    let (tdx, extended, sgx) = (Sample::tdx(), Sample::tdx_extended(), Sample::sgx());
    let verifier = Verifier::with_memory(tdx.known(), Expiry::Enforce, 0);
    let quotes: Vec<Quote> =
        [&tdx, &sgx, &extended].into_iter().map(|sample| Quote::parse(&sample.quote).unwrap()).collect();
    let results = verifier.verify_batch(&quotes, tdx.as_of);
    assert_eq!(results[0].as_ref().unwrap().quote(), &quotes[0]);
    assert_eq!(results[1].as_ref().unwrap_err().reason(), QuoteReason::CollateralKindMismatch);
    // The same FMSPC as the first, but its certificate is younger than the as-of time.
    assert_eq!(results[2].as_ref().unwrap_err().reason(), QuoteReason::CertificateNotYetValid);
}

#[test]
fn verified_quotes_and_their_parts_may_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Verifier>();
    crosses::<veritee_quote::KnownCollateral>();
    crosses::<veritee_quote::PreparedCollateral>();
    crosses::<veritee_quote::VerifiedQuote>();
    crosses::<Collateral>();
}

#[test]
fn a_verdict_serialises_with_statuses_in_intels_words() {
    let sample = Sample::sgx();
    let value = serde_json::to_value(sample.verify(&sample.quote).unwrap()).unwrap();
    assert_eq!(value["tcb"]["status"], "ConfigurationAndSWHardeningNeeded");
    assert_eq!(value["root"]["intel"], true);
    assert_eq!(value["platform"]["fmspc"], "00a067110000");
    assert_eq!(value["body"]["tee"], "sgx");
    assert_eq!(value["collateral"]["sources"].as_array().unwrap().len(), 8);
}
