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
use veritee_base::{Fmspc, Ppid};

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
        assert_eq!(converged(platform, UpToDate), platform);
        assert_eq!(converged(platform, OutOfDate), with_out_of_date);
        assert_eq!(converged(platform, Revoked), Revoked);
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
        assert_eq!(converged(platform, Config), with_config);
        assert_eq!(converged(platform, OutOfDateConfig), with_both);
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
            assert_eq!(relaunched(launch, current), expected, "{launch} then {current}");
        }
    }
}

#[test]
fn every_status_has_its_own_name_and_reads_back() {
    for status in TcbStatus::ALL {
        assert_eq!(TcbStatus::from_name(status.name()), Some(status));
    }
    assert_eq!(TcbStatus::from_name("uptodate"), None);
    assert_eq!(of_platform("TDRelaunchAdvised"), None);
    assert_eq!(of_module("ConfigurationNeeded"), None);
    assert_eq!(of_enclave("SWHardeningNeeded"), None);
}

/// Statuses of the latest and earliest level | of the modules `TDX_F0` and `TDX_00` | the platform's versions |
/// versions at launch and now | the enclave's ISVSVN | result.
///
/// Intel's rows without QE identity cannot be asked here (an identity is mandatory); they are asked with an
/// enclave that is up to date, which changes nothing in Intel's algorithm. Intel's STATUS_TCB_REVOKED is here a
/// refusal that names the part.
const QVL_ROWS: &str = "\
    UpToDate OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | UpToDate
    UpToDate OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | UpToDate
    UpToDate Revoked | UpToDate OutOfDate | latest | latest latest | 5 | UpToDate
    UpToDate Revoked | UpToDate OutOfDate | latest | latest latest | 5 | UpToDate
    Revoked OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | tcb-revoked
    UpToDate OutOfDate | Revoked OutOfDate | latest | latest latest | 5 | tdx-module-revoked
    Revoked OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | tcb-revoked
    UpToDate OutOfDate | Revoked OutOfDate | latest | latest latest | 5 | tdx-module-revoked
    UpToDate OutOfDate | UpToDate OutOfDate | latest | latest latest | 2 | qe-revoked
    UpToDate OutOfDate | UpToDate OutOfDate | earliest | earliest earliest | 5 | OutOfDate
    UpToDate OutOfDate | UpToDate OutOfDate | earliest | latest latest | 5 | OutOfDate
    Revoked OutOfDate | OutOfDate OutOfDate | latest | earliest latest | 5 | tcb-current-revoked
    OutOfDate OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | OutOfDate
    UpToDate OutOfDate | UpToDate OutOfDate | latest | latest latest | 1 | OutOfDate
    UpToDate OutOfDate | OutOfDate OutOfDate | latest | earliest latest | 5 | OutOfDate
    UpToDate OutOfDate | OutOfDate OutOfDate | latest | earliest latest | 5 | OutOfDate
    SWHardeningNeeded OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | SWHardeningNeeded
    UpToDate SWHardeningNeeded | UpToDate OutOfDate | earliest | latest latest | 5 | SWHardeningNeeded
    ConfigurationAndSWHardeningNeeded OutOfDate | UpToDate OutOfDate | latest | latest latest | 5 | ConfigurationAndSWHardeningNeeded
    UpToDate ConfigurationAndSWHardeningNeeded | UpToDate OutOfDate | earliest | latest latest | 5 | ConfigurationAndSWHardeningNeeded
    UpToDate OutOfDate | UpToDate OutOfDate | latest | earliest latest | 5 | TDRelaunchAdvised
    UpToDate OutOfDate | UpToDate OutOfDate | latest | earliest latest | 5 | TDRelaunchAdvised
    UpToDate OutOfDateConfigurationNeeded | UpToDate OutOfDate | latest | earliest latest | 5 | TDRelaunchAdvisedConfigurationNeeded
    ConfigurationNeeded OutOfDate | UpToDate OutOfDate | latest | earliest latest | 5 | TDRelaunchAdvisedConfigurationNeeded";

/// Row 12 is the divergence `current-tcb-revoked`: Intel says OutOfDate.
#[test]
fn the_24_rows_of_qvls_status_table_come_out_as_there_or_as_the_divergence_says() {
    assert_eq!(QVL_ROWS.lines().count(), 24);
    for row in QVL_ROWS.lines() {
        let cells: Vec<Vec<&str>> = row.split('|').map(|cell| cell.split_whitespace().collect()).collect();
        let pair =
            |cell: &[&str]| (TcbStatus::from_name(cell[0]).unwrap(), TcbStatus::from_name(cell[1]).unwrap());
        let version = |word: &str| if word == "latest" { LATEST } else { EARLIEST };
        let (info, pck, qe_identity) =
            (tcb_info(pair(&cells[0]), pair(&cells[1])), pck(version(cells[2][0])), qe_identity());
        let qe_isv_svn = cells[4][0].parse().unwrap();
        let evaluator = Evaluator { tcb_info: &info, qe_identity: &qe_identity, pck: &pck, qe_isv_svn };
        let [launch, current] = [0, 1].map(|index| TeeTcbSvn::new([version(cells[3][index]); 16]));
        let got = match evaluator.evaluate(Some(&launch), Some(&current)) {
            Ok(tcb) => tcb.status.name(),
            Err(error) => error.reason().code(),
        };
        assert_eq!(got, cells[5][0], "{row}");
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
            Shortfall { svn: SvnName::Sgx(3), has: 7, needs: 0xf0, update: None },
            Shortfall { svn: SvnName::Pce, has: 9, needs: 10, update: None },
            Shortfall { svn: SvnName::Tdx(15), has: 1, needs: 0xf0, update: None },
            Shortfall { svn: SvnName::QuotingEnclave, has: 1, needs: 5, update: None },
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
        updates: Vec::new(),
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
        levels_out_of_order: false,
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
        levels_out_of_order: false,
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
