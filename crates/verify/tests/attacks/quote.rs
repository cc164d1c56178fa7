//! Step 1: quotes that are no genuine ones. The quote engine's own suite goes far deeper; here each kind of refusal
//! has to arrive at its check, with its exit code, and with the second engine in agreement.

use crate::support::{Case, NONCE, attacks, find, machine, outcome_of};
use veritee_model::{CheckId, Outcome, Reason, VerdictOutcome};
use veritee_quote::TrustRoot;
use veritee_testkit::certificate::oids;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{Certification, Role, Shape, Universe};

const REFUSED: VerdictOutcome = VerdictOutcome::Refused;

/// The genuine machine on a changed platform.
pub(crate) fn on(change: impl FnOnce(Universe) -> Universe) -> Case {
    let machine = machine().universe(change);
    Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None)
}

#[track_caller]
fn forged(id: CheckId, reason: Reason, change: impl FnOnce(Universe) -> Universe) {
    let report = on(change).is_refused(id, reason, outcome_of(reason));
    // Nothing may be said of a machine whose quote is not genuine.
    assert!(report.tcb.is_none() && report.identity.is_none() && report.events.is_empty());
    for later in
        [CheckId::PlatformTcbStatus, CheckId::EventLogRtmr3, CheckId::BindingNonce, CheckId::OsMeasured]
    {
        assert_eq!(find(&report, later).reason, Some(Reason::EarlierStepFailed));
    }
}

fn bytes(change: impl FnOnce(&mut Vec<u8>)) -> Case {
    Case::new(&machine()).change(|case| change(&mut case.evidence.quote.as_mut().unwrap().bytes))
}

attacks! {
    fn a_quote_cut_short() {
        for length in [0, 1, 47, 48, 500, 631, 632, 636, 700, 2000] {
            bytes(|quote| quote.truncate(length)).is_refused(
                CheckId::QuoteFormat,
                Reason::QuoteMalformed,
                REFUSED,
            );
        }
    }

    fn a_quote_beyond_the_budget() {
        bytes(|quote| quote.resize(70_000, 0)).is_refused(CheckId::QuoteFormat, Reason::QuoteTooLarge, REFUSED);
    }

    fn a_quote_with_anything_but_zeros_behind_it() {
        bytes(|quote| quote.push(0)).is_verified();
        bytes(|quote| quote.extend([0, 1])).is_refused(
            CheckId::QuoteFormat,
            Reason::QuoteTrailingBytes,
            REFUSED,
        );
    }

    fn a_quote_of_an_unknown_version_type_or_vendor() {
        type Change = fn(&mut Vec<u8>);
        let rows: [(Reason, Change); 4] = [
            (Reason::QuoteVersionUnsupported, |quote| quote[0] = 6),
            (Reason::QuoteKeyTypeUnsupported, |quote| quote[2] = 3),
            (Reason::QuoteTeeTypeUnsupported, |quote| quote[4] = 0x82),
            (Reason::QuoteVendorUnknown, |quote| quote[12] ^= 1),
        ];
        for (reason, change) in rows {
            bytes(change).is_refused(CheckId::QuoteFormat, reason, outcome_of(reason));
        }
        let machine = Machine::with_shape(1, Shape::TdxV5Td10);
        let mut case = Case::new(&machine);
        case.evidence.quote.as_mut().unwrap().bytes[48] = 9;
        case.is_refused(CheckId::QuoteFormat, Reason::QuoteBodyTypeUnsupported, REFUSED);
    }

    fn a_certification_that_cannot_be_verified() {
        forged(CheckId::QuoteFormat, Reason::QuoteCertificationUnsupported, |universe| {
            universe.quote(|quote| quote.certification = Certification::Raw(7, vec![1; 100]))
        });
    }

    fn a_quote_signed_by_someone_else() {
        forged(CheckId::QuoteSignature, Reason::QuoteSignature, |universe| {
            universe.quote(|quote| quote.signed_by = Role::Stranger)
        });
    }

    fn an_attestation_key_of_the_attacker_s_own() {
        forged(CheckId::QuoteEnclave, Reason::QeReportData, |universe| {
            universe.quote(|quote| {
                // The genuine enclave's report vouches for the genuine key.
                let mut data = [0; 64];
                data[..32].copy_from_slice(&[7; 32]);
                quote.qe_report_data = Some(data);
                (quote.signed_by, quote.attestation_key) = (Role::Stranger, Role::Stranger);
            })
        });
    }

    fn an_enclave_report_that_the_pck_did_not_sign() {
        forged(CheckId::QuoteEnclave, Reason::QeReportSignature, |universe| {
            universe.quote(|quote| quote.qe_report_signed_by = Role::Stranger)
        });
    }

    fn a_quoting_enclave_in_debug_mode() {
        forged(CheckId::QuoteEnclave, Reason::QeDebug, |universe| {
            universe.quote(|quote| quote.qe_report.attributes[0] |= 2)
        });
    }

    fn a_quoting_enclave_of_another_signer() {
        forged(CheckId::QuoteEnclave, Reason::QeIdentityMismatch, |universe| {
            universe.quote(|quote| quote.qe_report.mr_signer[0] ^= 1)
        });
    }

    fn a_pck_chain_under_a_root_of_the_attacker_s_own() {
        forged(CheckId::QuoteCertificates, Reason::PckChainUntrusted, |universe| {
            universe.quote(|quote| {
                let chain = vec![Role::Pck, Role::StrangerCa, Role::Stranger];
                quote.certification = Certification::Chain(chain, vec![0]);
            })
        });
    }

    fn a_pck_chain_that_cannot_be_read_or_does_not_fit_together() {
        forged(CheckId::QuoteCertificates, Reason::PckChainMalformed, |universe| {
            universe.quote(|quote| quote.certification = Certification::Raw(5, b"not PEM".to_vec()))
        });
        forged(CheckId::QuoteCertificates, Reason::PckChainSignature, |universe| {
            universe.certificate(Role::Pck, |pck| pck.signed_by = Role::Stranger)
        });
        forged(CheckId::QuoteCertificates, Reason::PckChainRole, |universe| {
            universe.certificate(Role::Pck, |pck| pck.set_basic_constraints(true, None))
        });
        forged(CheckId::QuoteCertificates, Reason::PckExtensionMalformed, |universe| {
            universe.sgx_extension(|extension| extension.omit = vec![4])
        });
    }

    fn a_quote_without_a_pck_chain() {
        on(|universe| universe.quote(|quote| quote.certification = Certification::PlainPpid)).is_open(
            CheckId::QuoteCertificates,
            Reason::PckChainMissing,
            VerdictOutcome::Incomplete,
        );
    }

    fn a_revoked_pck_certificate() {
        forged(CheckId::QuoteCertificates, Reason::PckRevoked, |universe| universe.revoke(Role::Pck));
    }

    fn a_pck_certificate_that_is_not_in_force() {
        let time = veritee_testkit::pki::time;
        on(|universe| universe.certificate(Role::Pck, |pck| pck.not_after = time("2026-10-14T23:59:59Z")))
            .is_refused(CheckId::QuoteCertificates, Reason::CertificateExpired, REFUSED);
        on(|universe| universe.certificate(Role::Pck, |pck| pck.not_before = time("2026-10-15T00:00:01Z")))
            .is_refused(CheckId::QuoteCertificates, Reason::CertificateNotYetValid, REFUSED);
    }

    fn a_tdx_module_that_intel_does_not_name() {
        forged(CheckId::QuoteTcbLevel, Reason::TdxModuleMismatch, |universe| {
            universe.quote(|quote| quote.td().mr_signer_seam[0] = 1)
        });
        // A module that is newer than the collateral is an honest operator's.
        on(|universe| universe.quote(|quote| quote.td().tee_tcb_svn[1] = 9)).is_refused(
            CheckId::QuoteTcbLevel,
            Reason::TdxModuleUnknown,
            REFUSED,
        );
    }

    fn a_platform_module_or_enclave_below_every_level() {
        type Change = fn(Universe) -> Universe;
        let rows: [(Reason, Change); 3] = [
            (Reason::TcbNotSupported, |universe| {
                universe.sgx_extension(|extension| (extension.components[0], extension.cpusvn[0]) = (0, 0))
            }),
            (Reason::TdxModuleTcbNotSupported, |universe| universe.quote(|quote| quote.td().tee_tcb_svn[0] = 0)),
            (Reason::QeTcbNotSupported, |universe| universe.quote(|quote| quote.qe_report.isv_svn = 0)),
        ];
        for (reason, change) in rows {
            on(change).is_refused(CheckId::QuoteTcbLevel, reason, REFUSED);
        }
    }

    fn a_platform_module_or_enclave_at_a_revoked_level() {
        type Change = fn(Universe) -> Universe;
        let rows: [(Reason, Change); 3] = [
            (Reason::TcbRevoked, |universe| universe.tcb_info(|info| info.levels[0].status = "Revoked".into())),
            (Reason::TdxModuleRevoked, |universe| {
                universe.tcb_info(|info| {
                    info.module_identities.as_mut().unwrap()[1].levels[0].status = "Revoked".into();
                })
            }),
            (Reason::QeRevoked, |universe| {
                universe.qe_identity(|identity| identity.levels[0].status = "Revoked".into())
            }),
        ];
        for (reason, change) in rows {
            on(change).is_refused(CheckId::QuoteTcbLevel, reason, REFUSED);
        }
    }

    fn a_module_whose_present_level_is_revoked() {
        let machine = Machine::with_shape(1, Shape::TdxV5Td15)
            .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
            .universe(|universe| {
                universe
                    .tcb_info(|info| {
                        let levels = &mut info.module_identities.as_mut().unwrap()[1].levels;
                        levels[1].status = "Revoked".into();
                    })
                    .quote(|quote| quote.td().tee_tcb_svn2[0] = 3)
            });
        Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None).is_refused(
            CheckId::QuoteTcbLevel,
            Reason::TcbCurrentRevoked,
            REFUSED,
        );
    }

    fn a_quote_of_an_enclave_is_no_dstack_machine() {
        for shape in [Shape::SgxV3, Shape::SgxV4, Shape::SgxV5] {
            let forged = Universe::with_shape(1, shape).forge();
            let mut case = Case::platform(&Universe::new(1).forge());
            case.evidence.quote.as_mut().unwrap().bytes.clone_from(&forged.quote);
            case.evidence.collateral[0].bytes = forged.collateral_json().into_bytes();
            case.is_refused(CheckId::IdentityEvents, Reason::QuoteNotTdx, REFUSED);
        }
    }

    fn a_test_root_under_the_default_policy() {
        let case = Case::new(&machine());
        // The root of the quote is not Intel's: nothing can be said for it.
        let mut intel = case.clone();
        intel.root = TrustRoot::intel();
        intel.policy = String::new();
        let report = intel.judge();
        assert_eq!(find(&report, CheckId::QuoteCollateral).reason, Some(Reason::SignerChainUntrusted));
        assert_eq!(report.verdict.exit_code, 10);
        // The root is given, but the policy does not name it.
        let report = case.judge_under(&veritee_policy::Policy::default());
        assert_eq!(find(&report, CheckId::PlatformRoot).reason, Some(Reason::RootNotAccepted));
        assert_eq!(report.verdict.exit_code, 11);
        crate::support::assert_notice(&report, Reason::RootNotIntel);
        assert!(!report.root.as_ref().unwrap().intel);
    }

    fn the_policy_s_root_is_another_than_the_one_used() {
        let other = TrustRoot::from_der(&Universe::new(2).forge().root_der).unwrap();
        let mut case = Case::new(&machine());
        case.policy = case.policy.replace(&case.root.spki_sha256().to_string(), &other.spki_sha256().to_string());
        let also = [CheckId::BindingRaTls];
        case.is_refused_with(CheckId::PlatformRoot, Reason::RootNotAccepted, REFUSED, &also);
    }

    fn a_root_other_than_intel_s_is_shouted_in_every_form() {
        let report = Case::new(&machine()).is_verified();
        let options = veritee_report::HumanOptions { width: 80, colour: false, verbose: 0 };
        for page in [
            veritee_report::human(&report, &options),
            veritee_report::markdown(&report),
            veritee_report::html(&report),
        ] {
            let shouts = page.matches("NOT INTEL").count();
            assert!(shouts >= 2, "said {shouts} times, at top and bottom it has to be:\n{page}");
        }
    }

    fn another_certificate_extension_does_not_help_a_stranger() {
        forged(CheckId::QuoteCertificates, Reason::PckChainRole, |universe| {
            universe.certificate(Role::Pck, |pck| pck.remove_extension(oids::KEY_USAGE))
        });
        assert_eq!(find(&on(|universe| universe).judge(), CheckId::QuoteCertificates).outcome, Outcome::Pass);
    }
}
