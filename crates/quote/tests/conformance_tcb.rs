//! Intel's tables as vectors: the rows of QVL's TCB status test, the converge table and the relaunch table, each
//! pair of statuses, through whole quotes.

#[path = "conformance/judge.rs"]
#[allow(dead_code, reason = "shared with the single faults")]
mod judge;

use judge::{Case, Expected, SEED, outcome, run};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::{Forged, Shape, TcbInfo, TcbLevel, Universe};

/// The statuses that a platform level can have.
const PLATFORM: [TcbStatus; 7] = [
    TcbStatus::UpToDate,
    TcbStatus::SwHardeningNeeded,
    TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSwHardeningNeeded,
    TcbStatus::OutOfDate,
    TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::Revoked,
];

/// The statuses that a module or a quoting enclave can have.
const COMPONENT: [TcbStatus; 3] = [TcbStatus::UpToDate, TcbStatus::OutOfDate, TcbStatus::Revoked];

/// Rows: platform. Columns: worst of module and quoting enclave, as in [`COMPONENT`].
const CONVERGE: [[&str; 3]; 7] = [
    ["UpToDate", "OutOfDate", "Revoked"],
    ["SWHardeningNeeded", "OutOfDate", "Revoked"],
    ["ConfigurationNeeded", "OutOfDateConfigurationNeeded", "Revoked"],
    ["ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded", "Revoked"],
    ["OutOfDate", "OutOfDate", "Revoked"],
    ["OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded", "Revoked"],
    ["Revoked", "Revoked", "Revoked"],
];

/// Rows: launch. Columns: current. Revoked on either side is refused, which for the current TCB is stricter than
/// QVL: there `launch unchanged` stands in the last column of every row.
const RELAUNCH: [[&str; 7]; 7] = [
    ["UpToDate", "UpToDate", "UpToDate", "UpToDate", "UpToDate", "UpToDate", "refused"],
    [
        "SWHardeningNeeded",
        "SWHardeningNeeded",
        "SWHardeningNeeded",
        "SWHardeningNeeded",
        "SWHardeningNeeded",
        "SWHardeningNeeded",
        "refused",
    ],
    [
        "ConfigurationNeeded",
        "ConfigurationNeeded",
        "ConfigurationNeeded",
        "ConfigurationNeeded",
        "ConfigurationNeeded",
        "ConfigurationNeeded",
        "refused",
    ],
    [
        "ConfigurationAndSWHardeningNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "refused",
    ],
    [
        "TDRelaunchAdvised",
        "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded",
        "TDRelaunchAdvisedConfigurationNeeded",
        "OutOfDate",
        "OutOfDate",
        "refused",
    ],
    [
        "TDRelaunchAdvisedConfigurationNeeded",
        "TDRelaunchAdvisedConfigurationNeeded",
        "TDRelaunchAdvisedConfigurationNeeded",
        "TDRelaunchAdvisedConfigurationNeeded",
        "OutOfDateConfigurationNeeded",
        "OutOfDateConfigurationNeeded",
        "refused",
    ],
    ["refused", "refused", "refused", "refused", "refused", "refused", "refused"],
];

fn status(name: &str) -> TcbStatus {
    TcbStatus::from_name(name).unwrap()
}

/// Levels that the third TDX component alone tells apart: 8 or more reaches the first, 6 or 7 the second.
fn two_levels(info: &mut TcbInfo, first: TcbStatus, second: TcbStatus) {
    let level = |svn, status: TcbStatus| {
        let sgx = info.levels[2].sgx.clone();
        let mut tdx = vec![0; 16];
        tdx[2] = svn;
        let (date, status) = ("2024-03-13T00:00:00Z".to_owned(), status.name().to_owned());
        TcbLevel { sgx, pcesvn: 1, tdx, date, status, advisories: Vec::new() }
    };
    info.levels = vec![level(8, first), level(6, second)];
}

fn set_component(universe: &mut Universe, module: TcbStatus, enclave: TcbStatus) {
    let identities = universe.tcb_info.module_identities.as_mut().unwrap();
    identities[1].levels[0].status = module.name().to_owned();
    universe.qe_identity.levels[0].status = enclave.name().to_owned();
}

#[test]
fn the_converge_table_holds_for_every_platform_module_and_enclave() {
    let mut cases = Vec::new();
    for (row, platform) in PLATFORM.into_iter().enumerate() {
        for (module_column, module) in COMPONENT.into_iter().enumerate() {
            for (enclave_column, enclave) in COMPONENT.into_iter().enumerate() {
                let forged = Universe::new(SEED)
                    .tcb_info(|info| info.levels[0].status = platform.name().to_owned())
                    .change(|it| set_component(it, module, enclave))
                    .forge();
                let name = format!("platform {platform}, module {module}, enclave {enclave}");
                let expected = status(CONVERGE[row][module_column.max(enclave_column)]);
                cases.push(if expected == TcbStatus::Revoked {
                    let reason = match (platform, module) {
                        (TcbStatus::Revoked, _) => QuoteReason::TcbRevoked,
                        (_, TcbStatus::Revoked) => QuoteReason::TdxModuleRevoked,
                        _ => QuoteReason::QeRevoked,
                    };
                    Case::refused(name, &[46], (reason, Stage::TcbLevel), forged)
                } else {
                    Case::verified(name, &[], expected, forged)
                });
            }
        }
    }
    assert_eq!(cases.len(), 63);
    run(cases);
}

/// Rows: platform, without Revoked. Columns: an enclave that needs configuration, and one that is out of date too.
/// QVL and dcap-qvl let such an enclave pass without effect; no identity of Intel's ever said so.
const ENCLAVE_CONFIGURATION: [[&str; 2]; 6] = [
    ["ConfigurationNeeded", "OutOfDateConfigurationNeeded"],
    ["ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded"],
    ["ConfigurationNeeded", "OutOfDateConfigurationNeeded"],
    ["ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded"],
    ["OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded"],
    ["OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded"],
];

#[test]
fn an_enclave_that_needs_configuration_counts_where_the_peers_pass_over_it() {
    let mut cases = Vec::new();
    for (row, platform) in PLATFORM.into_iter().take(6).enumerate() {
        for (column, enclave) in
            ["ConfigurationNeeded", "OutOfDateConfigurationNeeded"].into_iter().enumerate()
        {
            for shape in [Shape::SgxV3, Shape::TdxV4] {
                let forged = Universe::with_shape(SEED, shape)
                    .tcb_info(|info| info.levels[0].status = platform.name().to_owned())
                    .qe_identity(|identity| identity.levels[0].status = enclave.to_owned())
                    .forge();
                let expected = status(ENCLAVE_CONFIGURATION[row][column]);
                let case = Case::verified(
                    format!("{shape:?}: {platform}, enclave {enclave}"),
                    &[],
                    expected,
                    forged,
                );
                cases.push(if expected == platform { case } else { case.diverges("enclave-configuration") });
            }
        }
    }
    run(cases);
}

#[test]
fn the_converge_table_holds_for_every_sgx_platform_and_enclave() {
    let mut cases = Vec::new();
    for (row, platform) in PLATFORM.into_iter().enumerate() {
        for (column, enclave) in COMPONENT.into_iter().enumerate() {
            let forged = Universe::with_shape(SEED, Shape::SgxV3)
                .tcb_info(|info| info.levels[0].status = platform.name().to_owned())
                .qe_identity(|identity| identity.levels[0].status = enclave.name().to_owned())
                .forge();
            let expected = status(CONVERGE[row][column]);
            let name = format!("SGX platform {platform}, enclave {enclave}");
            cases.push(match (expected, platform) {
                (TcbStatus::Revoked, TcbStatus::Revoked) => {
                    Case::refused(name, &[46], (QuoteReason::TcbRevoked, Stage::TcbLevel), forged)
                }
                (TcbStatus::Revoked, _) => {
                    Case::refused(name, &[84], (QuoteReason::QeRevoked, Stage::TcbLevel), forged)
                }
                _ => Case::verified(name, &[], expected, forged),
            });
        }
    }
    run(cases);
}

/// A TD 1.5 that was launched at one level and is at another one now.
fn relaunch(shape: Shape, launch: TcbStatus, current: TcbStatus, launched_higher: bool) -> Forged {
    let (first, second) = if launched_higher { (launch, current) } else { (current, launch) };
    let (launch_svn, current_svn) = if launched_higher { (8, 6) } else { (6, 8) };
    Universe::with_shape(SEED, shape)
        .tcb_info(|info| two_levels(info, first, second))
        .quote(|quote| {
            quote.td().tee_tcb_svn[2] = launch_svn;
            quote.td().tee_tcb_svn2[2] = current_svn;
        })
        .forge()
}

#[test]
fn the_relaunch_table_holds_for_every_launch_and_current_status() {
    let mut cases = Vec::new();
    for shape in [Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
        for (row, launch) in PLATFORM.into_iter().enumerate() {
            for (column, current) in PLATFORM.into_iter().enumerate() {
                for higher in [false, true] {
                    let forged = relaunch(shape, launch, current, higher);
                    let side = if higher { "higher" } else { "lower" };
                    let name = format!("{shape:?}: launch {launch} at the {side} level, current {current}");
                    let qvl: &[u8] = match RELAUNCH[row][column] {
                        "TDRelaunchAdvised" => &[87],
                        "TDRelaunchAdvisedConfigurationNeeded" => &[88],
                        _ => &[],
                    };
                    cases.push(match (RELAUNCH[row][column], launch) {
                        ("refused", TcbStatus::Revoked) => {
                            Case::refused(name, &[46], (QuoteReason::TcbRevoked, Stage::TcbLevel), forged)
                        }
                        ("refused", _) => Case::refused(
                            name,
                            &[],
                            (QuoteReason::TcbCurrentRevoked, Stage::TcbLevel),
                            forged,
                        ),
                        (expected, _) => Case::verified(name, qvl, status(expected), forged),
                    });
                }
            }
        }
    }
    assert_eq!(cases.len(), 2 * 49 * 2);
    run(cases);
}

#[test]
fn a_td_1_0_body_has_no_current_tcb_and_no_relaunch() {
    for shape in [Shape::TdxV4, Shape::TdxV5Td10] {
        let forged = relaunch(shape, TcbStatus::OutOfDate, TcbStatus::UpToDate, false);
        assert_eq!(outcome(&forged), Expected::Verified(TcbStatus::OutOfDate), "{shape:?}");
    }
}

/// How new a part of the platform is, in the words of QVL's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// At the first level.
    Latest,
    /// At the second level.
    Earliest,
    /// Below every level.
    Below,
}

/// One row: statuses of the first and second level of the platform, of the module and of the enclave; how new the
/// platform is at launch and now, the module, and the enclave; what comes of it.
struct Row {
    platform: [&'static str; 2],
    module: [&'static str; 2],
    enclave: [&'static str; 2],
    launch: Age,
    current: Age,
    modules: [Age; 2],
    qe: Age,
    expected: &'static str,
}

const UTD: &str = "UpToDate";
const OOD: &str = "OutOfDate";
const RKD: &str = "Revoked";
const SWH: &str = "SWHardeningNeeded";
const CN: &str = "ConfigurationNeeded";
const CSWH: &str = "ConfigurationAndSWHardeningNeeded";
const OCN: &str = "OutOfDateConfigurationNeeded";
const TRA: &str = "TDRelaunchAdvised";
const TRC: &str = "TDRelaunchAdvisedConfigurationNeeded";
const NOT_SUPPORTED: &str = "not supported";
const CURRENT_REVOKED: &str = "current revoked";

/// One row for each further way through evaluation and relaunch, with levels of module and enclave of their own.
#[rustfmt::skip]
fn further_rows() -> [Row; 23] {
    use Age::{Below, Earliest, Latest};
    let row = |platform, module, enclave, launch, current, modules, qe, expected| {
        Row { platform, module, enclave, launch, current, modules, qe, expected }
    };
    let (latest, earliest) = ([Latest, Latest], [Earliest, Earliest]);
    [
        // platform    module      enclave     launch    current   module            qe        expected
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Latest,   UTD),
        row([SWH, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Latest,   SWH),
        row([CN, OOD],  [UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Latest,   CN),
        row([CSWH, OOD],[UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Latest,   CSWH),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Earliest, Earliest, latest,           Latest,   OOD),
        row([UTD, OCN], [UTD, OOD], [UTD, OOD], Earliest, Earliest, latest,           Latest,   OCN),
        row([UTD, RKD], [UTD, OOD], [UTD, OOD], Earliest, Earliest, latest,           Latest,   RKD),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   earliest,         Latest,   OOD),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Earliest, OOD),
        row([CN, OOD],  [UTD, OOD], [UTD, OOD], Latest,   Latest,   latest,           Earliest, OCN),
        row([CSWH, OOD],[UTD, OOD], [UTD, OOD], Latest,   Latest,   earliest,         Latest,   OCN),
        row([SWH, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   earliest,         Earliest, OOD),
        row([UTD, OOD], [UTD, RKD], [UTD, OOD], Latest,   Latest,   earliest,         Latest,   RKD),
        row([UTD, OOD], [UTD, OOD], [UTD, RKD], Latest,   Latest,   latest,           Earliest, RKD),
        // Launched outdated, updated since.
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Earliest, Latest,   latest,           Latest,   TRA),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Latest,   Latest,   [Earliest, Latest], Latest, TRA),
        row([CN, OOD],  [UTD, OOD], [UTD, OOD], Earliest, Latest,   latest,           Latest,   TRC),
        row([CSWH, OOD],[UTD, OOD], [UTD, OOD], Latest,   Latest,   [Earliest, Latest], Latest, TRC),
        row([SWH, OCN], [UTD, OOD], [UTD, OOD], Earliest, Latest,   latest,           Latest,   TRC),
        // An outdated enclave is outdated at launch and now: no relaunch mends it.
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Earliest, Latest,   latest,           Earliest, OOD),
        // QVL: OutOfDate, for the module is outdated both times and the revoked current level is not looked at.
        row([RKD, OOD], [OOD, OOD], [UTD, OOD], Earliest, Latest,   latest,           Latest,   CURRENT_REVOKED),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Below,    Latest,   latest,           Latest,   NOT_SUPPORTED),
        row([UTD, OOD], [UTD, OOD], [UTD, OOD], Latest,   Below,    latest,           Latest,   NOT_SUPPORTED),
    ]
}

impl Row {
    fn forge(&self) -> Forged {
        let by_age = |age, values: [u8; 3]| match age {
            Age::Latest => values[0],
            Age::Earliest => values[1],
            Age::Below => values[2],
        };
        let own = |names: [&str; 2]| names.map(str::to_owned);
        Universe::with_shape(SEED, Shape::TdxV5Td15)
            .tcb_info(|info| {
                two_levels(info, status(self.platform[0]), status(self.platform[1]));
                let levels = &mut info.module_identities.as_mut().unwrap()[1].levels;
                [levels[0].status, levels[1].status] = own(self.module);
            })
            .qe_identity(|identity| {
                identity.levels.truncate(2);
                [identity.levels[0].status, identity.levels[1].status] = own(self.enclave);
            })
            .quote(|quote| {
                quote.qe_report.isv_svn = u16::from(by_age(self.qe, [8, 6, 1]));
                let report = quote.td();
                report.tee_tcb_svn[0] = by_age(self.modules[0], [5, 3, 1]);
                report.tee_tcb_svn2[0] = by_age(self.modules[1], [5, 3, 1]);
                report.tee_tcb_svn[2] = by_age(self.launch, [8, 6, 1]);
                report.tee_tcb_svn2[2] = by_age(self.current, [8, 6, 1]);
            })
            .forge()
    }

    fn case(&self, number: usize) -> Case {
        let forged = self.forge();
        let name =
            format!("row {number}: {:?} at launch, {:?} now -> {}", self.launch, self.current, self.expected);
        let level = |reason| (reason, Stage::TcbLevel);
        match self.expected {
            NOT_SUPPORTED => Case::refused(name, &[49], level(QuoteReason::TcbNotSupported), forged),
            CURRENT_REVOKED => Case::refused(name, &[], level(QuoteReason::TcbCurrentRevoked), forged),
            RKD if self.qe == Age::Earliest => {
                Case::refused(name, &[46, 84], level(QuoteReason::QeRevoked), forged)
            }
            RKD if self.modules == [Age::Earliest; 2] => {
                Case::refused(name, &[46], level(QuoteReason::TdxModuleRevoked), forged)
            }
            RKD => Case::refused(name, &[46], level(QuoteReason::TcbRevoked), forged),
            expected => Case::verified(name, &[], status(expected), forged),
        }
    }
}

#[test]
fn further_ways_through_evaluation_and_relaunch_hold() {
    run(further_rows().iter().enumerate().map(|(index, row)| row.case(index + 1)).collect());
}

/// A row of QVL's `QuoteVerifierTcbStatusUT` (1.27): statuses of the latest and the earliest platform level and of
/// the module of version 0xF0; which level certificate, launch and current versions reach; the enclave's ISVSVN;
/// QVL's result. Rows without an enclave identity stand here with an up-to-date one: ours is mandatory.
type QvlRow = (&'static str, &'static str, &'static str, Age, Age, Age, u16, &'static str);

/// All 24, in QVL's order.
#[rustfmt::skip]
fn qvl_rows() -> [QvlRow; 24] {
    use Age::{Earliest, Latest};
    [
        // latest, earliest, module, certificate, launch, current, enclave, result
        (UTD, OOD, UTD, Latest, Latest, Latest, 5, UTD),
        (UTD, OOD, UTD, Latest, Latest, Latest, 5, UTD),
        (UTD, RKD, UTD, Latest, Latest, Latest, 5, UTD),
        (UTD, RKD, UTD, Latest, Latest, Latest, 5, UTD),
        (RKD, OOD, UTD, Latest, Latest, Latest, 5, RKD),
        (UTD, OOD, RKD, Latest, Latest, Latest, 5, RKD),
        (RKD, OOD, UTD, Latest, Latest, Latest, 5, RKD),
        (UTD, OOD, RKD, Latest, Latest, Latest, 5, RKD),
        (UTD, OOD, UTD, Latest, Latest, Latest, 2, RKD),
        (UTD, OOD, UTD, Earliest, Earliest, Earliest, 5, OOD),
        (UTD, OOD, UTD, Earliest, Latest, Latest, 5, OOD),
        // QVL: OutOfDate, because a revoked current TCB changes nothing there. Refused here by decision.
        (RKD, OOD, OOD, Latest, Earliest, Latest, 5, CURRENT_REVOKED),
        (OOD, OOD, UTD, Latest, Latest, Latest, 5, OOD),
        (UTD, OOD, UTD, Latest, Latest, Latest, 1, OOD),
        (UTD, OOD, OOD, Latest, Earliest, Latest, 5, OOD),
        (UTD, OOD, OOD, Latest, Earliest, Latest, 5, OOD),
        (SWH, OOD, UTD, Latest, Latest, Latest, 5, SWH),
        (UTD, SWH, UTD, Earliest, Latest, Latest, 5, SWH),
        (CSWH, OOD, UTD, Latest, Latest, Latest, 5, CSWH),
        (UTD, CSWH, UTD, Earliest, Latest, Latest, 5, CSWH),
        (UTD, OOD, UTD, Latest, Earliest, Latest, 5, TRA),
        (UTD, OOD, UTD, Latest, Earliest, Latest, 5, TRA),
        (UTD, OCN, UTD, Latest, Earliest, Latest, 5, TRC),
        (CN, OOD, UTD, Latest, Earliest, Latest, 5, TRC),
    ]
}

/// QVL's values: every SVN of the latest level is 0xF0, which names module version 0xF0; the earliest level is
/// all zero, which names none.
fn qvl_universe(row: &QvlRow) -> Forged {
    let (latest, earliest, module, certificate, launch, current, isv_svn, _) = *row;
    let svns = |age| if age == Age::Latest { [0xf0_u8; 16] } else { [0; 16] };
    let level = |svn, pcesvn, status: &str| TcbLevel::new([svn; 16], pcesvn, [svn; 16], DATE, status);
    Universe::with_shape(SEED, Shape::TdxV5Td15)
        .sgx_extension(|extension| {
            extension.cpusvn = svns(certificate).to_vec();
            extension.components = svns(certificate).map(u16::from).to_vec();
            extension.pcesvn = vec![if certificate == Age::Latest { 10 } else { 5 }];
        })
        .tcb_info(|info| {
            info.levels = vec![level(0xf0, 10, latest), level(0, 5, earliest)];
            let mut identity = info.module_identities.as_ref().unwrap()[0].clone();
            identity.levels.truncate(1);
            (identity.levels[0].isvsvn, identity.id) = (0, "TDX_F0".to_owned());
            identity.levels[0].status = module.to_owned();
            info.module_identities = Some(vec![identity]);
        })
        .qe_identity(|identity| {
            for (level, (isvsvn, status)) in identity.levels.iter_mut().zip([(5, UTD), (2, RKD), (1, OOD)]) {
                (level.isvsvn, level.status) = (isvsvn, status.to_owned());
            }
        })
        .quote(|quote| {
            quote.qe_report.isv_svn = isv_svn;
            quote.td().tee_tcb_svn = svns(launch);
            quote.td().tee_tcb_svn2 = svns(current);
        })
        .forge()
}

const DATE: &str = "2025-08-13T00:00:00Z";

#[test]
fn every_row_of_qvl_s_status_test_holds_but_the_one_that_is_stricter_here() {
    let level = |reason| (reason, Stage::TcbLevel);
    let rows = qvl_rows();
    let cases = rows.iter().enumerate().map(|(index, row)| {
        let (name, forged) = (format!("QVL row {}: {row:?}", index + 1), qvl_universe(row));
        match *row {
            (.., CURRENT_REVOKED) => {
                Case::refused(name, &[45], level(QuoteReason::TcbCurrentRevoked), forged)
            }
            (RKD, .., RKD) => Case::refused(name, &[46], level(QuoteReason::TcbRevoked), forged),
            (_, _, RKD, .., RKD) => Case::refused(name, &[46], level(QuoteReason::TdxModuleRevoked), forged),
            (.., RKD) => Case::refused(name, &[46], level(QuoteReason::QeRevoked), forged),
            (.., expected) => Case::verified(name, &[], status(expected), forged),
        }
    });
    run(cases.collect());
}

#[test]
fn parts_are_kept_apart_and_dates_and_advisories_are_merged() {
    let forged = Universe::with_shape(SEED, Shape::TdxV5Td15)
        .tcb_info(|info| {
            info.levels[0].status = CN.into();
            info.levels[0].advisories = vec!["INTEL-SA-00001".into(), "INTEL-SA-00002".into()];
        })
        .quote(|quote| {
            quote.qe_report.isv_svn = 6;
            quote.td().tee_tcb_svn[0] = 3;
        })
        .forge();
    let verified = judge::ours(&forged).unwrap();
    let tcb = verified.tcb();
    // The enclave is out of date both times, so there is nothing that a relaunch would mend.
    assert_eq!(tcb.status.name(), OCN);
    assert_eq!(tcb.launch.platform.status.name(), CN);
    assert_eq!(tcb.launch.tdx_module.as_ref().unwrap().status.name(), OOD);
    assert_eq!(tcb.launch.quoting_enclave.status.name(), OOD);
    let current = tcb.current.as_ref().unwrap();
    assert_eq!(current.tdx_module.as_ref().unwrap().status.name(), UTD);
    assert_eq!(current.status.name(), OCN);
    assert_eq!(tcb.date.to_string(), "2023-08-09T00:00:00Z");
    assert_eq!(tcb.advisories, ["INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-01192", "INTEL-SA-00615"]);
    assert_eq!(current.advisories, ["INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00615"]);
}
