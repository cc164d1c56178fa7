//! Step 2 under the default rules: TD attributes and statuses that no one should hand a secret to.

use crate::quote::on;
use crate::support::{Case, NONCE, attacks, find};
use veritee_model::{CheckId, Reason, TcbStatus, VerdictOutcome};
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{Shape, Universe};

const REFUSED: VerdictOutcome = VerdictOutcome::Refused;
const ID: CheckId = CheckId::PlatformTdAttributes;

/// The genuine machine with these TD attributes.
pub(crate) fn with_attributes(bits: u64) -> Case {
    on(|universe| universe.quote(|quote| quote.td().td_attributes = bits.to_le_bytes()))
}

/// SEPT_VE_DISABLE.
pub(crate) const CLOSED: u64 = 1 << 28;

/// A machine with a TD 1.5 report whose MRSERVICETD is not zero.
pub(crate) fn with_service_td() -> Case {
    let machine = Machine::with_shape(1, Shape::TdxV5Td15)
        .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
        .universe(|universe| universe.quote(|quote| quote.td().mr_service_td[0] = 1));
    Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None)
}

type Change = fn(Universe) -> Universe;

/// Every status that Intel gives beside `UpToDate` and `Revoked`, the reason for it, and a platform that has it.
pub(crate) const STATUSES: [(&str, Reason, Change); 7] = [
    ("SWHardeningNeeded", Reason::TcbSwHardeningNeeded, |universe| {
        universe.tcb_info(|info| info.levels[0].status = "SWHardeningNeeded".into())
    }),
    ("ConfigurationNeeded", Reason::TcbConfigurationNeeded, |universe| {
        universe.tcb_info(|info| info.levels[0].status = "ConfigurationNeeded".into())
    }),
    ("ConfigurationAndSWHardeningNeeded", Reason::TcbConfigurationAndSwHardeningNeeded, |universe| {
        universe.tcb_info(|info| info.levels[0].status = "ConfigurationAndSWHardeningNeeded".into())
    }),
    ("OutOfDate", Reason::TcbOutOfDate, |universe| {
        universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into())
    }),
    ("OutOfDateConfigurationNeeded", Reason::TcbOutOfDateConfigurationNeeded, |universe| {
        universe.tcb_info(|info| info.levels[0].status = "OutOfDateConfigurationNeeded".into())
    }),
    ("TDRelaunchAdvised", Reason::TcbRelaunchAdvised, relaunch),
    ("TDRelaunchAdvisedConfigurationNeeded", Reason::TcbRelaunchAdvisedConfigurationNeeded, |universe| {
        relaunch(universe).tcb_info(|info| info.levels[0].status = "ConfigurationNeeded".into())
    }),
];

/// Launched under an older module than the one that runs now; advisories left out so that only the status differs.
fn relaunch(universe: Universe) -> Universe {
    universe
        .tcb_info(|info| {
            for identity in info.module_identities.as_mut().unwrap() {
                identity.levels.iter_mut().for_each(|level| level.advisories.clear());
            }
        })
        .quote(|quote| quote.td().tee_tcb_svn[0] = 3)
}

/// The shape in which a relaunch can be advised has the running module's versions beside those of the launch.
pub(crate) fn with_status(name: &str, change: Change) -> Case {
    let shape = if name.starts_with("TDRelaunch") { Shape::TdxV5Td15 } else { Shape::TdxV4 };
    let machine = Machine::with_shape(1, shape)
        .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
        .universe(change);
    Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None)
}

attacks! {
    fn a_td_in_debug_mode() {
        with_attributes(CLOSED | 1).is_refused(ID, Reason::TdDebug, REFUSED);
    }

    fn debug_mode_is_said_before_anything_else() {
        with_attributes(1 | 1 << 4 | 1 << 63).is_refused(ID, Reason::TdDebug, REFUSED);
    }

    fn a_td_without_sept_ve_disable() {
        with_attributes(0).is_refused(ID, Reason::TdSeptVeDisableMissing, REFUSED);
    }

    fn a_reserved_bit() {
        for bit in [1, 7, 15, 23, 32, 61] {
            with_attributes(CLOSED | 1 << bit).is_refused(ID, Reason::TdAttributesReserved, REFUSED);
        }
    }

    fn a_td_that_its_host_can_profile() {
        for bit in 4..=6 {
            with_attributes(CLOSED | 1 << bit).is_refused(ID, Reason::TdAttributesRefused, REFUSED);
        }
    }

    fn xfam_that_no_module_starts() {
        for xfam in [0_u64, 1, 2, 0x8000_0003, 0x8_0003, 1 << 63 | 3, 0x1_0000_0003] {
            let machine = on(|universe| universe.quote(|quote| quote.td().xfam = xfam.to_le_bytes()));
            machine.is_refused(ID, Reason::TdXfamRefused, REFUSED);
        }
        for xfam in [3_u64, 0xe7, 0x6_dbe7] {
            on(|universe| universe.quote(|quote| quote.td().xfam = xfam.to_le_bytes())).is_verified();
        }
    }

    fn a_field_that_the_policy_pins_otherwise() {
        let ones = "11".repeat(48);
        for entry in [
            format!("mr_seam = [\"{ones}\"]"),
            format!("mr_signer_seam = \"{ones}\""),
            format!("rtmr3 = \"{ones}\""),
            format!("mr_config_id = \"{ones}\""),
            format!("mr_owner = \"{ones}\""),
            format!("mr_owner_config = \"{ones}\""),
            "seam_attributes = \"1111111111111111\"".to_owned(),
            format!("minimum_tee_tcb_svn = \"{}\"", "ff".repeat(16)),
        ] {
            let case = on(|universe| universe).policy(&format!("[td]\n{entry}\n"));
            case.is_refused(ID, Reason::TdFieldRefused, REFUSED);
        }
    }

    fn every_fault_of_the_td_is_kept_and_an_exception_for_one_lets_no_other_pass() {
        let case = with_attributes(CLOSED | 1 << 29 | 1 << 40 | 1 << 41);
        let report = case.judge();
        let faults: Vec<_> = find(&report, ID).faults.iter().map(|fault| fault.value.as_deref()).collect();
        assert_eq!(faults, [Some("29"), Some("40"), Some("41")]);
        let except = |bits: &[(&str, u8)]| {
            let entries: String = bits
                .iter()
                .map(|(code, bit)| {
                    format!("[[exception]]\ncode = \"{code}\"\nvalue = \"{bit}\"\nreason = \"made for a test\"\n")
                })
                .collect();
            case.clone().policy(&entries).judge().verdict.exit_code
        };
        let (refused, reserved) = ("td-attributes-refused", "td-attributes-reserved");
        assert_eq!(except(&[(refused, 29), (reserved, 40)]), 11);
        assert_eq!(except(&[(reserved, 40), (reserved, 41)]), 11);
        assert_eq!(except(&[(refused, 29), (reserved, 40), (reserved, 41)]), 0);
    }

    fn a_td_that_can_be_migrated() {
        with_attributes(CLOSED | 1 << 29).is_refused(ID, Reason::TdAttributesRefused, REFUSED);
    }

    fn a_td_with_a_service_td() {
        with_service_td().is_refused(ID, Reason::TdServiceTd, REFUSED);
        with_attributes(CLOSED | 1 << 17).is_refused(ID, Reason::TdServiceTd, REFUSED);
    }

    fn every_status_but_up_to_date() {
        for (name, reason, change) in STATUSES {
            let report = with_status(name, change).is_refused(CheckId::PlatformTcbStatus, reason, REFUSED);
            assert_eq!(find(&report, CheckId::PlatformTcbStatus).got.as_deref(), Some(name));
            assert_eq!(report.tcb.unwrap().status.name(), name);
        }
    }

    /// Intel's merged status stays that of the launch, so a verifier that reads only it says yes.
    fn a_tcb_that_has_become_worse_since_the_launch() {
        let machine = Machine::with_shape(1, Shape::TdxV5Td15)
            .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
            .universe(|universe| {
                relaunch(universe).quote(|quote| {
                    let td = quote.td();
                    std::mem::swap(&mut td.tee_tcb_svn, &mut td.tee_tcb_svn2);
                })
            });
        let case = Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None);
        let report = case.is_refused(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, REFUSED);
        assert_eq!(report.tcb.unwrap().status, TcbStatus::UpToDate);
    }

    fn an_outdated_machine_is_refused_for_its_status_and_each_advisory() {
        let case = on(|universe| {
            universe.sgx_extension(|extension| (extension.components[0], extension.cpusvn[0]) = (3, 3))
        });
        let report = case.is_refused_with(
            CheckId::PlatformTcbStatus,
            Reason::TcbOutOfDate,
            REFUSED,
            &[CheckId::PlatformAdvisories],
        );
        let advisories = find(&report, CheckId::PlatformAdvisories);
        assert_eq!(advisories.reason, Some(Reason::AdvisoryRefused));
        for advisory in ["INTEL-SA-01036", "INTEL-SA-01099"] {
            assert!(advisories.detail.contains(advisory), "{}", advisories.detail);
        }
    }

    fn an_advisory_beside_an_up_to_date_status() {
        on(|universe| universe.tcb_info(|info| info.levels[0].advisories = vec!["INTEL-SA-00001".into()]))
            .is_refused(CheckId::PlatformAdvisories, Reason::AdvisoryRefused, REFUSED);
    }
}
