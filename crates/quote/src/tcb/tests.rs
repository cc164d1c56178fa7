//! Intel's tables, typed again: every cell, and the 24 rows of QVL's own test of TCB statuses.

use super::*;
use crate::bytes::{CpuSvn, EnclaveAttributes, MrSigner, PceId};
use crate::pck::{SgxType, Stated};
use crate::quote::Tee;
use crate::tcb_info::{TdxModule, TdxModuleIdentity};
use TcbStatus::{
    ConfigurationAndSwHardeningNeeded as ConfigSwh, ConfigurationNeeded as Config, OutOfDate,
    OutOfDateConfigurationNeeded as OutOfDateConfig, Revoked, SwHardeningNeeded as Swh,
    TdRelaunchAdvised as Relaunch, TdRelaunchAdvisedConfigurationNeeded as RelaunchConfig, UpToDate,
};
use veritee_model::{Fmspc, Ppid};

const LATEST: u8 = 0xf0;
const EARLIEST: u8 = 0;

#[test]
fn the_converge_table_has_every_cell_of_intels() {
    for (platform, with_out_of_date) in [
        (UpToDate, OutOfDate),
        (Swh, OutOfDate),
        (Config, OutOfDateConfig),
        (ConfigSwh, OutOfDateConfig),
        (OutOfDate, OutOfDate),
        (OutOfDateConfig, OutOfDateConfig),
        (Revoked, Revoked),
    ] {
        assert_eq!(platform.converged_with(UpToDate), platform);
        assert_eq!(platform.converged_with(OutOfDate), with_out_of_date);
        assert_eq!(platform.converged_with(Revoked), Revoked);
    }
}

#[test]
fn a_quoting_enclave_that_needs_configuration_does_not_pass_as_up_to_date() {
    for (platform, with_config, with_both) in [
        (UpToDate, Config, OutOfDateConfig),
        (Swh, ConfigSwh, OutOfDateConfig),
        (Config, Config, OutOfDateConfig),
        (ConfigSwh, ConfigSwh, OutOfDateConfig),
        (OutOfDate, OutOfDateConfig, OutOfDateConfig),
        (OutOfDateConfig, OutOfDateConfig, OutOfDateConfig),
        (Revoked, Revoked, Revoked),
    ] {
        assert_eq!(platform.converged_with(Config), with_config);
        assert_eq!(platform.converged_with(OutOfDateConfig), with_both);
    }
}

#[test]
fn the_relaunch_table_has_every_cell_of_intels() {
    let levels = [UpToDate, Swh, Config, ConfigSwh, OutOfDate, OutOfDateConfig, Revoked];
    for launch in levels {
        for current in levels {
            let expected = match (launch, current) {
                (OutOfDate, UpToDate | Swh) => Relaunch,
                (OutOfDate, Config | ConfigSwh) => RelaunchConfig,
                (OutOfDateConfig, UpToDate | Swh | Config | ConfigSwh) => RelaunchConfig,
                _ => launch,
            };
            assert_eq!(launch.relaunched(current), expected, "{launch} then {current}");
        }
    }
}

#[test]
fn every_status_has_its_own_name_and_reads_back() {
    for status in TcbStatus::ALL {
        assert_eq!(TcbStatus::from_name(status.name()), Some(status));
    }
    assert_eq!(TcbStatus::from_name("uptodate"), None);
    assert_eq!(TcbStatus::of_platform("TDRelaunchAdvised"), None);
    assert_eq!(TcbStatus::of_module("ConfigurationNeeded"), None);
    assert_eq!(TcbStatus::of_enclave("SWHardeningNeeded"), None);
}

/// One row of QVL's table: statuses of the latest and earliest level, of the modules `TDX_F0` and `TDX_00`, the
/// platform's versions, launch and current versions, the enclave's ISVSVN and whether an identity is given.
struct Row((TcbStatus, TcbStatus), (TcbStatus, TcbStatus), u8, (u8, u8), u16, Result<TcbStatus, Reason>);

/// Intel's rows without QE identity cannot be asked here (an identity is mandatory); they are asked with an
/// enclave that is up to date, which changes nothing in Intel's algorithm.
#[test]
fn the_24_rows_of_qvls_status_table_come_out_as_there_or_as_the_divergence_says() {
    let (utd_qe, revoked_qe, ood_qe) = (5, 2, 1);
    let rows = [
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(UpToDate)),
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(UpToDate)),
        Row((UpToDate, Revoked), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(UpToDate)),
        Row((UpToDate, Revoked), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(UpToDate)),
        // Intel's STATUS_TCB_REVOKED: here a refusal that names the part.
        Row(
            (Revoked, OutOfDate),
            (UpToDate, OutOfDate),
            LATEST,
            (LATEST, LATEST),
            utd_qe,
            Err(Reason::TcbRevoked),
        ),
        Row(
            (UpToDate, OutOfDate),
            (Revoked, OutOfDate),
            LATEST,
            (LATEST, LATEST),
            utd_qe,
            Err(Reason::TdxModuleRevoked),
        ),
        Row(
            (Revoked, OutOfDate),
            (UpToDate, OutOfDate),
            LATEST,
            (LATEST, LATEST),
            utd_qe,
            Err(Reason::TcbRevoked),
        ),
        Row(
            (UpToDate, OutOfDate),
            (Revoked, OutOfDate),
            LATEST,
            (LATEST, LATEST),
            utd_qe,
            Err(Reason::TdxModuleRevoked),
        ),
        Row(
            (UpToDate, OutOfDate),
            (UpToDate, OutOfDate),
            LATEST,
            (LATEST, LATEST),
            revoked_qe,
            Err(Reason::QeRevoked),
        ),
        Row(
            (UpToDate, OutOfDate),
            (UpToDate, OutOfDate),
            EARLIEST,
            (EARLIEST, EARLIEST),
            utd_qe,
            Ok(OutOfDate),
        ),
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), EARLIEST, (LATEST, LATEST), utd_qe, Ok(OutOfDate)),
        // Divergence `current-tcb-revoked`: Intel says OutOfDate.
        Row(
            (Revoked, OutOfDate),
            (OutOfDate, OutOfDate),
            LATEST,
            (EARLIEST, LATEST),
            utd_qe,
            Err(Reason::TcbCurrentRevoked),
        ),
        Row((OutOfDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(OutOfDate)),
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), ood_qe, Ok(OutOfDate)),
        Row((UpToDate, OutOfDate), (OutOfDate, OutOfDate), LATEST, (EARLIEST, LATEST), utd_qe, Ok(OutOfDate)),
        Row((UpToDate, OutOfDate), (OutOfDate, OutOfDate), LATEST, (EARLIEST, LATEST), utd_qe, Ok(OutOfDate)),
        Row((Swh, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(Swh)),
        Row((UpToDate, Swh), (UpToDate, OutOfDate), EARLIEST, (LATEST, LATEST), utd_qe, Ok(Swh)),
        Row((ConfigSwh, OutOfDate), (UpToDate, OutOfDate), LATEST, (LATEST, LATEST), utd_qe, Ok(ConfigSwh)),
        Row((UpToDate, ConfigSwh), (UpToDate, OutOfDate), EARLIEST, (LATEST, LATEST), utd_qe, Ok(ConfigSwh)),
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (EARLIEST, LATEST), utd_qe, Ok(Relaunch)),
        Row((UpToDate, OutOfDate), (UpToDate, OutOfDate), LATEST, (EARLIEST, LATEST), utd_qe, Ok(Relaunch)),
        Row(
            (UpToDate, OutOfDateConfig),
            (UpToDate, OutOfDate),
            LATEST,
            (EARLIEST, LATEST),
            utd_qe,
            Ok(RelaunchConfig),
        ),
        Row(
            (Config, OutOfDate),
            (UpToDate, OutOfDate),
            LATEST,
            (EARLIEST, LATEST),
            utd_qe,
            Ok(RelaunchConfig),
        ),
    ];
    for (index, Row(levels, modules, platform, versions, qe_isv_svn, expected)) in
        rows.into_iter().enumerate()
    {
        let tcb_info = tcb_info(levels, modules);
        let pck = pck(platform);
        let qe_identity = qe_identity();
        let evaluator = Evaluator { tcb_info: &tcb_info, qe_identity: &qe_identity, pck: &pck, qe_isv_svn };
        let (launch, current) = (TeeTcbSvn::new([versions.0; 16]), TeeTcbSvn::new([versions.1; 16]));
        let got = evaluator.evaluate(Some(&launch), Some(&current));
        assert_eq!(got.map(|tcb| tcb.status).map_err(|error| error.reason()), expected, "row {index}");
    }
}

#[test]
fn a_named_module_takes_the_first_two_components_out_of_the_platforms_level() {
    let mut info = tcb_info((UpToDate, OutOfDate), (UpToDate, OutOfDate));
    info.levels[0].sgx = [0; 16];
    info.levels[0].tdx = [9, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let (pck, qe_identity) = (pck(LATEST), qe_identity());
    let evaluator = Evaluator { tcb_info: &info, qe_identity: &qe_identity, pck: &pck, qe_isv_svn: 5 };
    // Version 0xF0 is named: component 0 (3 < 9) is the module's business.
    let named = TeeTcbSvn::new([3, 0xf0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(evaluator.evaluate(Some(&named), None).unwrap().status, UpToDate);
    // Version 0: it is the platform's.
    let unnamed = TeeTcbSvn::new([3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(evaluator.evaluate(Some(&unnamed), None).unwrap().status, OutOfDate);
}

#[test]
fn shortfalls_name_every_number_below_the_level_that_is_up_to_date() {
    let info = tcb_info((UpToDate, OutOfDate), (UpToDate, OutOfDate));
    let (mut pck, qe_identity) = (pck(LATEST), qe_identity());
    pck.components[3] = 7;
    pck.pce_svn = 9;
    let evaluator = Evaluator { tcb_info: &info, qe_identity: &qe_identity, pck: &pck, qe_isv_svn: 1 };
    let mut svn = [LATEST; 16];
    svn[15] = 1;
    let tcb = evaluator.evaluate(Some(&TeeTcbSvn::new(svn)), None).unwrap();
    assert_eq!(tcb.status, OutOfDate);
    assert_eq!(
        tcb.shortfalls,
        [
            Shortfall { svn: SvnName::Sgx(3), has: 7, needs: 0xf0 },
            Shortfall { svn: SvnName::Pce, has: 9, needs: 10 },
            Shortfall { svn: SvnName::Tdx(15), has: 1, needs: 0xf0 },
            Shortfall { svn: SvnName::QuotingEnclave, has: 1, needs: 5 },
        ]
    );
}

#[test]
fn advisories_and_the_date_are_merged_over_all_parts_in_order() {
    let mut info = tcb_info((OutOfDate, OutOfDate), (OutOfDate, OutOfDate));
    info.levels[0].verdict = verdict(OutOfDate, 300, &["A", "B"]);
    info.tdx_modules[0].levels[0].verdict = verdict(OutOfDate, 100, &["B", "C"]);
    let mut identity = qe_identity();
    identity.levels[0].verdict = verdict(UpToDate, 200, &["D", "A"]);
    let pck = pck(LATEST);
    let evaluator = Evaluator { tcb_info: &info, qe_identity: &identity, pck: &pck, qe_isv_svn: 5 };
    let tcb = evaluator.evaluate(Some(&TeeTcbSvn::new([LATEST; 16])), None).unwrap();
    assert_eq!(tcb.advisories, ["A", "B", "C", "D"]);
    assert_eq!(tcb.date, UnixTime::from_seconds(100));
    assert_eq!(tcb.launch.tdx_module_id.as_deref(), Some("TDX_F0"));
    assert_eq!(tcb.launch.platform.advisories, ["A", "B"]);
}

fn verdict(status: TcbStatus, seconds: u64, advisories: &[&str]) -> LevelVerdict {
    let advisories = advisories.iter().map(|text| (*text).to_owned()).collect();
    LevelVerdict { status, date: UnixTime::from_seconds(seconds), advisories }
}

fn tcb_info(levels: (TcbStatus, TcbStatus), modules: (TcbStatus, TcbStatus)) -> TcbInfo {
    let level = |svn, pce_svn, status| TcbLevel {
        sgx: [svn; 16],
        pce_svn,
        tdx: [svn; 16],
        verdict: verdict(status, 1000, &[]),
    };
    let module = |version, id: &str, status| TdxModuleIdentity {
        version,
        id: id.to_owned(),
        module: TdxModule { mr_signer: [0; 48], attributes: [0; 8] },
        levels: vec![IsvLevel { isv_svn: 0, verdict: verdict(status, 1000, &[]) }],
    };
    TcbInfo {
        version: 3,
        tee: Tee::Tdx,
        issue_date: UnixTime::from_seconds(0),
        next_update: UnixTime::from_seconds(0),
        fmspc: Fmspc::new([0; 6]),
        pce_id: PceId::new([0; 2]),
        evaluation_number: 1,
        tdx_module: None,
        tdx_modules: vec![module(LATEST, "TDX_F0", modules.0), module(EARLIEST, "TDX_00", modules.1)],
        levels: vec![level(LATEST, 10, levels.0), level(EARLIEST, 5, levels.1)],
    }
}

fn qe_identity() -> QeIdentity {
    let level = |isv_svn, status| IsvLevel { isv_svn, verdict: verdict(status, 1000, &[]) };
    QeIdentity {
        tee: Tee::Tdx,
        issue_date: UnixTime::from_seconds(0),
        next_update: UnixTime::from_seconds(0),
        evaluation_number: 1,
        misc_select: [0; 4],
        misc_select_mask: [0; 4],
        attributes: EnclaveAttributes::new([0; 16]),
        attributes_mask: EnclaveAttributes::new([0; 16]),
        mr_signer: MrSigner::new([0; 32]),
        isv_product_id: 0,
        levels: vec![
            level(5, UpToDate),
            level(4, Config),
            level(3, OutOfDateConfig),
            level(2, Revoked),
            level(1, OutOfDate),
        ],
    }
}

fn pck(svn: u8) -> PckExtension {
    PckExtension {
        ppid: Ppid::new([0; 16]),
        components: [svn; 16],
        pce_svn: if svn == LATEST { 10 } else { 5 },
        cpu_svn: CpuSvn::new([0; 16]),
        pce_id: PceId::new([0; 2]),
        fmspc: Fmspc::new([0; 6]),
        sgx_type: SgxType::Standard,
        platform_instance_id: None,
        dynamic_platform: Stated::Unstated,
        cached_keys: Stated::Unstated,
        smt_enabled: Stated::Unstated,
    }
}
