//! TCB info and QE identity: signature, form, dates, and whether they fit the quote.

use crate::judge::{Case, sgx, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::{Forged, ModuleIdentity, QeIdentity, Role, Shape, TcbInfo, TdxModule, Universe};

fn refused(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Collateral), forged)
}

fn marked(case: Case, divergence: Option<&'static str>) -> Case {
    match divergence {
        Some(name) => case.diverges(name),
        None => case,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = tcb_info_form();
    cases.extend(tcb_info_text());
    cases.extend(sgx_tcb_info());
    cases.extend(qe_identity_form());
    cases.extend(signatures());
    cases.extend(dates());
    cases.extend(fit());
    cases
}

fn tcb_info_form() -> Vec<Case> {
    type Row = (&'static str, &'static [u8], Option<&'static str>, fn(&mut TcbInfo));
    let rows: [Row; 34] = [
        ("of version 1", &[19], None, |it| it.version = 1),
        ("of version 4", &[19], Some("tcb-info-version"), |it| it.version = 4),
        ("of version 2 for TDX", &[19, 44], None, |it| it.version = 2),
        ("of version 3 without id", &[19], None, |it| it.id = None),
        ("for a quoting enclave", &[19], None, |it| it.id = Some("QE".into())),
        ("with id in lower case", &[19], None, |it| it.id = Some("tdx".into())),
        ("of TCB type 1", &[19, 20], Some("tcb-type"), |it| it.tcb_type = 1),
        ("with a short FMSPC", &[19], None, |it| it.fmspc = "70A06D0700".into()),
        ("with an FMSPC that is no hex", &[19], None, |it| it.fmspc = "70A06D07000G".into()),
        ("with a short PCEID", &[19], Some("tcb-info-form"), |it| it.pce_id = "00".into()),
        ("with an issue date without time", &[19], None, |it| it.issue_date = "2026-10-01".into()),
        ("with an issue date with an offset", &[19], Some("tcb-info-form"), |it| {
            it.issue_date = "2026-10-01T00:00:00+00:00".into();
        }),
        ("with a next update of 31 February", &[19], None, |it| {
            it.next_update = "2027-02-31T00:00:00Z".into();
        }),
        ("without levels", &[19, 20], None, |it| it.levels.clear()),
        ("with 15 SGX components", &[19], None, |it| it.levels.iter_mut().for_each(|it| it.sgx.truncate(15))),
        ("with 17 SGX components", &[19], None, |it| it.levels.iter_mut().for_each(|it| it.sgx.push(0))),
        ("tdx_missing_components", &[19], None, |it| it.levels.iter_mut().for_each(|it| it.tdx.clear())),
        ("with 17 TDX components", &[19], None, |it| it.levels.iter_mut().for_each(|it| it.tdx.push(0))),
        ("with a component of 256", &[19], None, |it| it.levels[0].sgx[0] = 256),
        ("with a component of 65535, which QVL reads as 255", &[19], None, |it| it.levels[0].sgx[0] = 65535),
        ("with a TDX component of 256", &[19], None, |it| it.levels[2].tdx[15] = 256),
        ("with a PCESVN of 65536", &[19], None, |it| it.levels[0].pcesvn = 65536),
        ("with an unknown status", &[19, 50], None, |it| it.levels[2].status = "Fine".into()),
        ("with a status that only verification gives", &[19, 50], Some("unreached-level"), |it| {
            it.levels[2].status = "TDRelaunchAdvised".into();
        }),
        ("with a level twice", &[20], Some("duplicate-levels"), |it| it.levels.push(it.levels[0].clone())),
        ("with a level twice and two statuses", &[20], Some("duplicate-levels"), |it| {
            let mut copy = it.levels[0].clone();
            copy.status = "Revoked".into();
            it.levels.push(copy);
        }),
        ("without TDX module", &[19, 42], None, |it| it.module = None),
        ("with a short module signer", &[19], None, |it| it.module.as_mut().unwrap().mrsigner.truncate(94)),
        ("with short module attributes", &[19], None, |it| {
            it.module.as_mut().unwrap().attributes.truncate(14);
        }),
        ("with an empty list of modules", &[19, 20], None, |it| it.module_identities = Some(Vec::new())),
        ("with a module twice", &[20], Some("duplicate-levels"), |it| {
            let modules = it.module_identities.as_mut().unwrap();
            modules.push(modules[1].clone());
        }),
        ("with a module of no known identifier", &[19], Some("unreached-level"), |it| {
            modules(it)[0].id = "TDX_3".into();
        }),
        ("with a module without levels", &[19], Some("unreached-level"), |it| modules(it)[0].levels.clear()),
        ("with a module level twice", &[20], Some("duplicate-levels"), |it| {
            let levels = &mut modules(it)[1].levels;
            levels.push(levels[0].clone());
        }),
    ];
    rows.into_iter()
        .map(|(name, qvl, divergence, change)| {
            let name = if name.contains('_') { name.to_owned() } else { format!("TCB info {name}") };
            let forged = tdx().tcb_info(change).forge();
            marked(refused(name, qvl, QuoteReason::TcbInfoMalformed, forged), divergence)
        })
        .collect()
}

fn modules(info: &mut TcbInfo) -> &mut Vec<ModuleIdentity> {
    info.module_identities.as_mut().unwrap()
}

fn tcb_info_text() -> Vec<Case> {
    type Row = (&'static str, Option<&'static str>, fn(String) -> String);
    let rows: [Row; 11] = [
        ("invalid_tcb_json", None, |_| "{\"id\":".to_owned()),
        ("TCB info that is a list", None, |text| format!("[{text}]")),
        ("TCB info with content after it", None, |text| text + "{}"),
        ("TCB info inside its wrapper", None, |text| format!("{{\"tcbInfo\":{text}}}")),
        ("TCB info with fmspc twice", None, |text| text.replacen('{', "{\"fmspc\":\"000000000000\",", 1)),
        ("TCB info with a component list twice", None, |text| {
            text.replacen("\"pcesvn\"", "\"sgxtcbcomponents\":[],\"pcesvn\"", 1)
        }),
        ("TCB info with a trailing comma", None, |text| text.replacen("}]}", "}],}", 1)),
        ("TCB info with a negative component", None, |text| text.replacen("\"svn\":5", "\"svn\":-5", 1)),
        ("TCB info with a component as text", None, |text| text.replacen("\"svn\":5", "\"svn\":\"5\"", 1)),
        ("TCB info with a fractional component", None, |text| text.replacen("\"svn\":5", "\"svn\":5.5", 1)),
        ("TCB info of nothing", None, |_| String::new()),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, divergence, edit)| {
            let forged = tdx().tcb_info(|it| it.edit = Some(edit)).forge();
            marked(refused(name, &[19], QuoteReason::TcbInfoMalformed, forged), divergence)
        })
        .collect();
    for field in [
        "id",
        "version",
        "issueDate",
        "nextUpdate",
        "fmspc",
        "pceId",
        "tcbType",
        "tcbEvaluationDataNumber",
        "tcbLevels",
    ] {
        let mut universe = tdx();
        let text = universe.tcb_info.json().replacen(&format!("\"{field}\""), &format!("\"{field}X\""), 1);
        universe.tcb_info.edit = None;
        let mut forged = universe.forge();
        forged.collateral.tcb_info.signature =
            universe.pki.key(Role::TcbSigner).sign(text.as_bytes()).to_vec();
        forged.collateral.tcb_info.text = text;
        let case = refused(format!("TCB info without {field}"), &[19], QuoteReason::TcbInfoMalformed, forged);
        cases.push(case);
    }
    cases
}

fn sgx_tcb_info() -> Vec<Case> {
    let malformed = |name: &str, divergence, change: fn(&mut TcbInfo)| {
        let forged = sgx().tcb_info(change).forge();
        marked(refused(name, &[19, 20], QuoteReason::TcbInfoMalformed, forged), divergence)
    };
    vec![
        malformed("SGX TCB info with a TDX module", Some("tcb-info-form"), |it| {
            it.module = Some(TdxModule::intel());
        }),
        malformed("SGX TCB info of version 2 with id", None, |it| it.version = 2),
        malformed("SGX TCB info of version 3 in the form of version 2", None, |it| {
            it.edit = Some(|text| text.replacen("\"version\":2", "\"version\":3", 1));
            it.version = 2;
        }),
        Case::verified(
            "SGX TCB info of version 2",
            &[0],
            TcbStatus::UpToDate,
            sgx().tcb_info(|it| (it.version, it.id) = (2, None)).forge(),
        )
        .diverges("tcb-info-version-2"),
    ]
}

fn qe_identity_form() -> Vec<Case> {
    type Row = (&'static str, &'static [u8], Option<&'static str>, fn(&mut QeIdentity));
    let rows: [Row; 17] = [
        ("of version 1", &[62, 64], None, |it| it.version = 1),
        ("of version 3", &[62, 64], Some("qe-identity-version"), |it| it.version = 3),
        ("of a quote verification enclave", &[63], None, |it| it.id = "QVE".into()),
        ("with an unknown id", &[62], None, |it| it.id = "td_qe".into()),
        ("with a short MISCSELECT", &[62], None, |it| it.miscselect.truncate(6)),
        ("with a long MISCSELECT mask", &[62], None, |it| it.miscselect_mask.push_str("00")),
        ("with short attributes", &[62], None, |it| it.attributes.truncate(30)),
        ("with a short attributes mask", &[62], None, |it| it.attributes_mask.truncate(30)),
        ("with a signer that is no hex", &[62], None, |it| it.mrsigner.replace_range(..1, "g")),
        ("with an ISVPRODID of 65536", &[62], None, |it| it.isvprodid = 65536),
        ("with a next update without time", &[62], None, |it| it.next_update = "2026-10-31".into()),
        ("without levels", &[62, 63], None, |it| it.levels.clear()),
        ("with an ISVSVN of 65536", &[62], None, |it| it.levels[0].isvsvn = 65536),
        ("with an unknown status", &[62], None, |it| it.levels[2].status = "Fine".into()),
        ("with a status that quoting enclaves never have", &[62], Some("unreached-level"), |it| {
            it.levels[2].status = "SWHardeningNeeded".into();
        }),
        ("with a level twice", &[63], Some("duplicate-levels"), |it| it.levels.push(it.levels[0].clone())),
        ("with content after it", &[62], None, |it| it.edit = Some(|text| text + " 1")),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, divergence, change)| {
            let forged = tdx().qe_identity(change).forge();
            marked(
                refused(format!("QE identity {name}"), qvl, QuoteReason::QeIdentityMalformed, forged),
                divergence,
            )
        })
        .collect();
    cases.push(refused(
        "invalid_qe_identity_json",
        &[62, 72],
        QuoteReason::QeIdentityMalformed,
        tdx().qe_identity(|it| it.edit = Some(|_| "{".to_owned())).forge(),
    ));
    cases
}

fn signatures() -> Vec<Case> {
    let mut cases = Vec::new();
    for tcb_info in [true, false] {
        let (name, qvl, signature, form): (_, &[u8], _, _) = if tcb_info {
            ("TCB info", &[21], QuoteReason::TcbInfoSignature, QuoteReason::TcbInfoMalformed)
        } else {
            ("QE identity", &[60, 76], QuoteReason::QeIdentitySignature, QuoteReason::QeIdentityMalformed)
        };
        let with = |change: &dyn Fn(&mut veritee_testkit::SignedJson)| {
            let mut forged = tdx().forge();
            let collateral = &mut forged.collateral;
            change(if tcb_info { &mut collateral.tcb_info } else { &mut collateral.qe_identity });
            forged
        };
        let mut push =
            |what: &str, reason, forged| cases.push(refused(format!("{name} {what}"), qvl, reason, forged));
        push("signed by a stranger", signature, {
            let universe = tdx().change(|it| {
                if tcb_info {
                    it.tcb_info.signed_by = Role::Stranger;
                } else {
                    it.qe_identity.signed_by = Role::Stranger;
                }
            });
            universe.forge()
        });
        push("with another signature's bytes", signature, with(&|it| it.signature = vec![0x11; 64]));
        push("with a zero signature", signature, with(&|it| it.signature = vec![0; 64]));
        for bit in [0, 255, 256, 511] {
            push(
                &format!("with bit {bit} of its signature flipped"),
                signature,
                with(&|it| it.signature[bit / 8] ^= 1 << (bit % 8)),
            );
        }
        push(
            "changed after signing",
            signature,
            with(&|it| it.text = it.text.replacen("UpToDate", "Revoked", 1)),
        );
        push("with a space more than was signed", signature, with(&|it| it.text.push(' ')));
        push(
            "written anew after signing, which QVL accepts",
            signature,
            with(&|it| {
                let value: serde_json::Value = serde_json::from_str(&it.text).unwrap();
                it.text = serde_json::to_string_pretty(&value).unwrap();
            }),
        );
        push("with a signature of 63 bytes", form, with(&|it| it.signature.truncate(63)));
        push("with a signature of 65 bytes", form, with(&|it| it.signature.push(0)));
        push("without signature", form, with(&|it| it.signature.clear()));
    }
    let mut swapped = tdx().forge();
    let collateral = &mut swapped.collateral;
    std::mem::swap(&mut collateral.tcb_info.signature, &mut collateral.qe_identity.signature);
    cases.push(refused("signatures swapped", &[21], QuoteReason::TcbInfoSignature, swapped));
    let mut both = tdx().forge();
    both.collateral.tcb_info = both.collateral.qe_identity.clone();
    cases.push(refused("QE identity in place of the TCB info", &[19], QuoteReason::TcbInfoMalformed, both));
    cases
}

fn dates() -> Vec<Case> {
    let info = |change: fn(&mut TcbInfo)| tdx().tcb_info(change).forge();
    let identity = |change: fn(&mut QeIdentity)| tdx().qe_identity(change).forge();
    let up_to_date = |name: &str, forged| Case::verified(name, &[0], TcbStatus::UpToDate, forged);
    vec![
        refused(
            "tcb_expired",
            &[75],
            QuoteReason::TcbInfoExpired,
            info(|it| it.next_update = "2026-10-14T23:59:59Z".into()),
        ),
        up_to_date("TCB info in its last second", info(|it| it.next_update = "2026-10-15T00:00:00Z".into())),
        refused(
            "tcb_issue_date_future",
            &[],
            QuoteReason::TcbInfoNotYetValid,
            info(|it| it.issue_date = "2026-10-15T00:00:01Z".into()),
        ),
        up_to_date("TCB info in its first second", info(|it| it.issue_date = "2026-10-15T00:00:00Z".into())),
        refused(
            "qe_identity_expired",
            &[81],
            QuoteReason::QeIdentityExpired,
            identity(|it| it.next_update = "2026-10-14T23:59:59Z".into()),
        ),
        up_to_date(
            "QE identity in its last second",
            identity(|it| it.next_update = "2026-10-15T00:00:00Z".into()),
        ),
        refused(
            "qe_identity_issue_date_future",
            &[],
            QuoteReason::QeIdentityNotYetValid,
            identity(|it| it.issue_date = "2026-10-15T00:00:01Z".into()),
        ),
        up_to_date(
            "QE identity in its first second",
            identity(|it| it.issue_date = "2026-10-15T00:00:00Z".into()),
        ),
    ]
}

fn fit() -> Vec<Case> {
    let (tdx_forged, sgx_forged) = (tdx().forge(), sgx().forge());
    let kind = QuoteReason::CollateralKindMismatch;
    let mut mixed = tdx_forged.clone();
    mixed.collateral.qe_identity = sgx_forged.collateral.qe_identity.clone();
    let mut cases = vec![
        refused(
            "sgx_tcb_id_mismatch",
            &[44],
            kind,
            Forged { quote: sgx_forged.quote.clone(), ..tdx_forged.clone() },
        ),
        refused(
            "TDX quote with SGX collateral",
            &[44],
            kind,
            Forged { quote: tdx_forged.quote.clone(), ..sgx_forged },
        ),
        refused("tdx_qe_identity_id_mismatch", &[74], kind, mixed),
        refused(
            "fmspc_mismatch",
            &[44],
            QuoteReason::FmspcMismatch,
            tdx().tcb_info(|it| it.fmspc = "70A06D070001".into()).forge(),
        ),
        refused(
            "PCEID of another PCE",
            &[44],
            QuoteReason::PceIdMismatch,
            tdx().tcb_info(|it| it.pce_id = "0001".into()).forge(),
        )
        .diverges("pceid"),
    ];
    cases.extend(forms_that_pass());
    cases.extend(depths());
    cases.extend(orders_of_levels());
    cases
}

fn forms_that_pass() -> Vec<Case> {
    vec![
        Case::verified(
            "hex in lower case",
            &[0],
            TcbStatus::UpToDate,
            tdx()
                .tcb_info(|it| it.fmspc.make_ascii_lowercase())
                .qe_identity(|it| it.mrsigner.make_ascii_lowercase())
                .forge(),
        ),
        Case::verified(
            "evaluation numbers that differ",
            &[0],
            TcbStatus::UpToDate,
            tdx().qe_identity(|it| it.evaluation_number = 19).forge(),
        ),
        // The document itself is one level.
        Case::verified(
            "TCB info with 63 brackets in a field that nobody knows",
            &[0],
            TcbStatus::UpToDate,
            tdx().tcb_info(|it| it.edit = Some(nested::<63>)).forge(),
        ),
        Case::verified(
            "TCB info with brackets in a text",
            &[0],
            TcbStatus::UpToDate,
            tdx()
                .tcb_info(|it| {
                    it.edit =
                        Some(|text| text.replacen('{', &format!("{{\"new\":\"{}\",", "[".repeat(200)), 1));
                })
                .forge(),
        ),
        Case::verified(
            "TCB info with a field that nobody knows",
            &[0],
            TcbStatus::UpToDate,
            tdx()
                .tcb_info(|it| it.edit = Some(|text| text.replacen('{', "{\"new\":[1,{\"a\":null}],", 1)))
                .forge(),
        ),
    ]
}

/// Adds a field that nobody knows, with this many brackets in one another.
fn nested<const DEPTH: usize>(text: String) -> String {
    text.replacen('{', &format!("{{\"new\":{}{},", "[".repeat(DEPTH), "]".repeat(DEPTH)), 1)
}

/// QVL stops at a depth of 32, because it once ran out of stack before it checked the signature.
fn depths() -> Vec<Case> {
    let mut cases = Vec::new();
    let (info, identity) = (QuoteReason::TcbInfoMalformed, QuoteReason::QeIdentityMalformed);
    for (depth, edit) in [("64", nested::<64> as fn(String) -> String), ("ten thousand", nested::<10_000>)] {
        let name = |document| format!("{document} with {depth} brackets in a field that nobody knows");
        let tcb_info = tdx().tcb_info(|it| it.edit = Some(edit)).forge();
        cases.push(refused(name("TCB info"), &[19], info, tcb_info).diverges("json-depth"));
        let qe_identity = tdx().qe_identity(|it| it.edit = Some(edit)).forge();
        cases.push(refused(name("QE identity"), &[62], identity, qe_identity).diverges("json-depth"));
    }
    cases
}

fn orders_of_levels() -> Vec<Case> {
    let mut cases = vec![
        Case::verified(
            "QE levels in the other order",
            &[0],
            TcbStatus::UpToDate,
            tdx().qe_identity(|it| it.levels.reverse()).forge(),
        )
        .diverges("level-order"),
        Case::verified(
            "module levels in the other order",
            &[0],
            TcbStatus::UpToDate,
            tdx().tcb_info(|it| modules(it)[1].levels.reverse()).forge(),
        )
        .diverges("level-order"),
    ];
    for shape in [Shape::SgxV3, Shape::TdxV4] {
        let shuffled = |it: &mut TcbInfo| it.levels.reverse();
        cases.push(Case::verified(
            format!("{shape:?} with its TCB levels in the other order"),
            &[0],
            TcbStatus::UpToDate,
            Universe::with_shape(1, shape).tcb_info(shuffled).forge(),
        ));
    }
    cases
}
