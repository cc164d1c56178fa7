//! The peer's own list of classes, under its names, where no other module has them.

use crate::judge::{Case, sgx, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus, td_attributes};
use veritee_testkit::{QuoteSpec, Role, Shape, Universe};

/// Names in dcap-qvl's generator of samples, older and newer.
pub(crate) const PEER_CLASSES: [&str; 68] = [
    "valid_sgx_v3",
    "valid_tdx_v4",
    "invalid_sgx_v4",
    "invalid_quote_v5",
    "tdx_missing_components",
    "tdx_qe_identity_id_mismatch",
    "tdx_debug_enabled",
    "tdx_sept_ve_disabled",
    "tdx_reserved_bits_set",
    "tdx_pks_enabled",
    "tdx_kl_enabled",
    "debug_sgx_v3",
    "invalid_quote_format",
    "truncated_quote",
    "unsupported_version_1",
    "unsupported_version_2",
    "unsupported_version_6",
    "unsupported_version_255",
    "unsupported_key_type_0",
    "unsupported_key_type_1",
    "unsupported_key_type_3",
    "unsupported_key_type_255",
    "tcb_expired",
    "tcb_issue_date_future",
    "sgx_tcb_id_mismatch",
    "invalid_tcb_json",
    "sgx_component_svn_mismatch",
    "tdx_component_svn_mismatch",
    "component_svn_all_higher",
    "short_tcb_chain",
    "invalid_cert_format",
    "invalid_tcb_signature",
    "fmspc_mismatch",
    "qe_report_hash_mismatch",
    "invalid_qe_report_signature",
    "invalid_quote_signature",
    "qe_identity_expired",
    "qe_identity_issue_date_future",
    "invalid_qe_identity_json",
    "short_qe_identity_chain",
    "invalid_qe_identity_signature",
    "qe_mrsigner_mismatch",
    "qe_isvprodid_mismatch",
    "qe_miscselect_mismatch",
    "qe_attributes_mismatch",
    "qe_debug_enabled",
    "unknown_tcb_status",
    "revoked_platform_tcb",
    "revoked_qe_tcb",
    "cert_type_5_with_pck_chain",
    "cert_type_3_with_pck_chain",
    "cert_type_3_without_pck_chain",
    "ca_used_as_end_entity_tcb",
    "ca_used_as_end_entity_qe",
    "tdx_module_mrsigner_mismatch",
    "tdx_module_isvsvn_too_low",
    "valid_tdx_v5_td15",
    "tdx_td15_svn2_unappraisable",
    "valid_tdx_v4_tdx15_attributes",
    "tdx_profiling_enabled",
    "tdx_migratable",
    "tdx_servtd_ext_enabled",
    "valid_sgx_v4",
    "valid_sgx_v5",
    "valid_tdx_v5_td10",
    "valid_tdx_v5_td15ex",
    "valid_processor_ca_sgx",
    "valid_processor_ca_tdx",
];

fn up_to_date(name: &str, universe: Universe) -> Case {
    Case::verified(name, &[0], TcbStatus::UpToDate, universe.forge())
}

/// A quote of a TD whose attributes have this bit set beside SEPT_VE_DISABLE.
fn bit(name: &str, bit: usize) -> Case {
    up_to_date(name, tdx().quote(|quote| quote.td().td_attributes[bit / 8] |= 1 << (bit % 8)))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = genuine();
    cases.extend(attributes());
    cases.extend(levels());
    cases.extend(chains());
    cases
}

fn genuine() -> Vec<Case> {
    let shaped = |name, shape| up_to_date(name, Universe::with_shape(1, shape));
    let processor = |name, shape| up_to_date(name, Universe::under(1, shape, Role::ProcessorCa));
    vec![
        shaped("valid_sgx_v3", Shape::SgxV3),
        shaped("valid_tdx_v4", Shape::TdxV4),
        shaped("valid_tdx_v5_td10", Shape::TdxV5Td10),
        shaped("valid_tdx_v5_td15", Shape::TdxV5Td15),
        shaped("valid_tdx_v5_td15ex", Shape::TdxV5Td15Ex),
        processor("valid_processor_ca_sgx", Shape::SgxV3),
        processor("valid_processor_ca_tdx", Shape::TdxV4),
        // QVL accepts these, the peer refuses them for their version.
        shaped("valid_sgx_v4", Shape::SgxV4).diverges("sgx-of-version-4-and-5"),
        shaped("valid_sgx_v5", Shape::SgxV5).diverges("sgx-of-version-4-and-5"),
        // The peer's own samples of these names are broken otherwise, too.
        Case::refused(
            "invalid_sgx_v4",
            &[37],
            (QuoteReason::QuoteMalformed, Stage::Format),
            sgx()
                .quote(|quote| {
                    (quote.version, quote.certification) =
                        (4, veritee_testkit::Certification::Raw(9, vec![]));
                })
                .change(|it| it.quote.outer_size_shift = 1)
                .forge(),
        ),
        Case::refused(
            "invalid_quote_v5",
            &[37],
            (QuoteReason::QuoteBodyTypeUnsupported, Stage::Format),
            tdx().quote(|quote| quote.version = 5).forge(),
        ),
    ]
}

fn attributes() -> Vec<Case> {
    let mut cases = vec![
        bit("tdx_debug_enabled", 0),
        bit("tdx_reserved_bits_set", 23),
        bit("tdx_pks_enabled", 30),
        bit("tdx_kl_enabled", 31),
        bit("tdx_profiling_enabled", 5),
        bit("tdx_migratable", 29),
        bit("tdx_servtd_ext_enabled", 17),
        up_to_date("tdx_sept_ve_disabled", tdx().quote(|quote| quote.td().td_attributes = [0; 8])),
        up_to_date("debug_sgx_v3", sgx().quote(|quote| quote.enclave().attributes[0] |= 2)),
        up_to_date(
            "valid_tdx_v4_tdx15_attributes",
            tdx().quote(|quote| {
                let bits: [u32; 10] = [16, 18, 19, 20, 21, 22, 27, 30, 31, 62];
                let value = bits.iter().fold(1_u64 << 28 | 1 << 63, |value, bit| value | 1 << bit);
                quote.td().td_attributes = value.to_le_bytes();
            }),
        ),
    ];
    for shape in [Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
        cases.push(up_to_date(
            &format!("{shape:?} with a service TD"),
            Universe::with_shape(1, shape).quote(|quote| quote.td().mr_service_td[47] = 1),
        ));
    }
    cases
}

fn levels() -> Vec<Case> {
    let refused = |name: &str, qvl, reason, universe: Universe| {
        Case::refused(name, qvl, (reason, Stage::TcbLevel), universe.forge())
    };
    let above = |it: &mut QuoteSpec| it.td().tee_tcb_svn = [9, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    vec![
        refused("sgx_component_svn_mismatch", &[49], QuoteReason::TcbNotSupported, {
            sgx().sgx_extension(|it| (it.components[0], it.cpusvn[0]) = (0, 0))
        }),
        refused("tdx_component_svn_mismatch", &[49], QuoteReason::TcbNotSupported, {
            tdx().quote(|quote| quote.td().tee_tcb_svn[2] = 1)
        }),
        up_to_date("component_svn_all_higher", {
            tdx().quote(above).sgx_extension(|it| (it.components, it.cpusvn) = (vec![255; 16], vec![255; 16]))
        }),
        Case::refused("unknown_tcb_status", &[19, 50], (QuoteReason::TcbInfoMalformed, Stage::Collateral), {
            tdx().tcb_info(|it| it.levels[0].status = "Great".into()).forge()
        }),
        refused("revoked_platform_tcb", &[46], QuoteReason::TcbRevoked, {
            sgx().tcb_info(|it| it.levels[0].status = "Revoked".into())
        }),
        refused("revoked_qe_tcb", &[84], QuoteReason::QeRevoked, {
            sgx().qe_identity(|it| it.levels[0].status = "Revoked".into())
        }),
        refused("tdx_td15_svn2_unappraisable", &[49], QuoteReason::TcbNotSupported, {
            Universe::with_shape(1, Shape::TdxV5Td15).quote(|quote| quote.td().tee_tcb_svn2[2] = 1)
        }),
        refused("module of TEE_TCB_SVN2 that Intel does not list", &[49], QuoteReason::TdxModuleUnknown, {
            Universe::with_shape(1, Shape::TdxV5Td15).quote(|quote| quote.td().tee_tcb_svn2[1] = 9)
        }),
        refused("module of TEE_TCB_SVN2 below every level", &[49], QuoteReason::TdxModuleTcbNotSupported, {
            Universe::with_shape(1, Shape::TdxV5Td15).quote(|quote| quote.td().tee_tcb_svn2[0] = 1)
        }),
    ]
}

fn chains() -> Vec<Case> {
    let refused = |name: &str, qvl, reason, universe: Universe| {
        Case::refused(name, qvl, (reason, Stage::Collateral), universe.forge())
    };
    let ca = vec![Role::PlatformCa, Role::Root];
    let chain = Some(vec![Role::Pck, Role::PlatformCa, Role::Root]);
    let mut flipped = [tdx().forge(), tdx().forge()];
    flipped[0].collateral.tcb_info.signature[0] ^= 0xff;
    flipped[1].collateral.qe_identity.signature[0] ^= 0xff;
    let [tcb, qe] = flipped;
    let mut no_pem = tdx().forge();
    no_pem.collateral.tcb_info_issuer_chain = "not a certificate".to_owned();
    vec![
        Case::refused(
            "invalid_cert_format",
            &[1],
            (QuoteReason::SignerChainMalformed, Stage::Collateral),
            no_pem,
        ),
        Case::refused(
            "invalid_tcb_signature",
            &[21],
            (QuoteReason::TcbInfoSignature, Stage::Collateral),
            tcb,
        ),
        Case::refused(
            "invalid_qe_identity_signature",
            &[76],
            (QuoteReason::QeIdentitySignature, Stage::Collateral),
            qe,
        ),
        refused("short_tcb_chain", &[1, 22], QuoteReason::SignerChainMalformed, {
            tdx().change(|it| it.collateral.tcb_info_issuer_chain.clear())
        }),
        refused("short_qe_identity_chain", &[1, 22], QuoteReason::SignerChainMalformed, {
            tdx().change(|it| it.collateral.qe_identity_issuer_chain.clear())
        }),
        refused("ca_used_as_end_entity_tcb", &[22], QuoteReason::SignerChainRole, {
            tdx().change(|it| it.collateral.tcb_info_issuer_chain = ca.clone())
        }),
        refused("ca_used_as_end_entity_qe", &[22], QuoteReason::SignerChainRole, {
            tdx().change(|it| it.collateral.qe_identity_issuer_chain = ca.clone())
        }),
        up_to_date(
            "cert_type_5_with_pck_chain",
            tdx().change(|it| it.collateral.pck_certificate_chain = chain),
        ),
        // The chain in the quote is the one that counts; the peer prefers the collateral's.
        up_to_date("another platform's chain in the collateral, the right one in the quote", {
            tdx().change(|it| it.collateral.pck_certificate_chain = Some(vec![Role::TcbSigner, Role::Root]))
        })
        .diverges("chain-in-quote-first"),
    ]
}

/// What the attribute rules say of each class; they belong to the policy, so the engine itself lets them pass.
#[test]
fn each_attribute_class_is_named_by_the_attribute_rules() {
    for (bit, reason) in [
        (0, QuoteReason::TdDebug),
        (23, QuoteReason::TdAttributesReserved),
        (5, QuoteReason::TdAttributesRefused),
        (29, QuoteReason::TdAttributesRefused),
        (17, QuoteReason::TdServiceTd),
    ] {
        let case = self::bit("one bit", bit);
        let verified = crate::judge::ours(&case.forged).unwrap();
        let faults = td_attributes::examine(verified.td().unwrap());
        assert_eq!(faults.iter().map(|fault| fault.reason()).collect::<Vec<_>>(), [reason], "bit {bit}");
    }
}

#[test]
fn each_of_the_64_attribute_bits_gives_the_peer_s_answer() {
    for bit in 0..64 {
        for keep in [true, false] {
            let forged = tdx()
                .quote(|quote| {
                    let value = (u64::from(keep) << 28) ^ (1 << bit);
                    quote.td().td_attributes = value.to_le_bytes();
                })
                .forge();
            let json = forged.collateral_json();
            let ours =
                crate::judge::our_answer(&forged.root_der, &forged.quote, json.as_bytes(), forged.as_of);
            let theirs =
                crate::judge::their_answer(&forged.root_der, &forged.quote, json.as_bytes(), forged.as_of);
            assert!(ours.same_as(&theirs), "bit {bit}: ours {ours:?}, theirs {theirs:?}");
        }
    }
}
