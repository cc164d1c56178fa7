//! The quoting enclave's report, the quote's signature, and the TDX module.

use crate::judge::{Case, sgx, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::{Forged, QuoteSpec, Role, Shape, TcbInfo, Universe};

/// Order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn quote(change: impl FnOnce(&mut QuoteSpec)) -> Forged {
    tdx().quote(change).forge()
}

fn enclave(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Enclave), forged)
}

fn level(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::TcbLevel), forged)
}

fn up_to_date(name: impl Into<String>, forged: Forged) -> Case {
    Case::verified(name, &[0], TcbStatus::UpToDate, forged)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = qe_report();
    cases.extend(qe_identity());
    cases.extend(signature());
    cases.extend(module());
    cases.extend(levels());
    cases
}

fn qe_report() -> Vec<Case> {
    let reason = QuoteReason::QeReportSignature;
    let mut cases = vec![
        enclave("invalid_qe_report_signature", &[55], reason, {
            quote(|quote| quote.edit_qe_signature = Some(|signature| signature[63] ^= 1))
        }),
        enclave("QE report signed by a stranger", &[55], reason, {
            quote(|quote| quote.qe_report_signed_by = Role::Stranger)
        }),
        enclave("QE report signed by the attestation key itself", &[55], reason, {
            quote(|quote| quote.qe_report_signed_by = Role::AttestationKey)
        }),
        enclave("QE report signed by the PCK's CA", &[55], reason, {
            quote(|quote| quote.qe_report_signed_by = Role::PlatformCa)
        }),
        enclave("qe_report_hash_mismatch", &[56], QuoteReason::QeReportData, {
            quote(|quote| quote.qe_report_data = Some([0; 64]))
        }),
        enclave("attestation key that the QE does not vouch for", &[56], QuoteReason::QeReportData, {
            let mut forged = quote(|quote| quote.signed_by = Role::Stranger);
            let stranger = tdx().pki.key(Role::Stranger).public_point();
            forged.quote[forged.layout.attestation_key.clone()].copy_from_slice(&stranger);
            forged
        }),
        enclave("QE authentication data changed", &[56], QuoteReason::QeReportData, {
            let mut forged = tdx().forge();
            forged.quote[forged.layout.qe_auth_data.end - 1] ^= 1;
            forged
        }),
        up_to_date("QE report data with a set second half", {
            let genuine = tdx().forge();
            let report = &genuine.quote[genuine.layout.qe_report.clone()];
            let mut data: [u8; 64] = report[320..].try_into().unwrap();
            data[32..].fill(0xff);
            quote(|quote| quote.qe_report_data = Some(data))
        }),
    ];
    for length in [0, 1, 31, 33, 1000] {
        let case = up_to_date(
            format!("QE authentication data of {length} bytes"),
            quote(|quote| quote.qe_auth_data = vec![0x5a; length]),
        );
        cases.push(case.diverges("qe-authentication-length"));
    }
    // Every bit of the report is signed; the last bit of every byte is enough here.
    for offset in [0, 15, 16, 19, 48, 63, 64, 95, 128, 159, 256, 257, 258, 259, 319, 320, 383] {
        let mut forged = tdx().forge();
        let at = forged.layout.qe_report.start + offset;
        forged.quote[at] ^= 1;
        cases.push(enclave(format!("QE report with byte {offset} changed"), &[55], reason, forged));
    }
    cases
}

fn qe_identity() -> Vec<Case> {
    let mismatch = QuoteReason::QeIdentityMismatch;
    let mut cases = Vec::new();
    for shape in [Shape::SgxV3, Shape::TdxV4] {
        let with = |change: &dyn Fn(&mut QuoteSpec)| Universe::with_shape(1, shape).quote(change).forge();
        let name = |name: &str| if shape == Shape::TdxV4 { name.to_owned() } else { format!("{name} (SGX)") };
        cases.extend([
            enclave(
                name("qe_mrsigner_mismatch"),
                &[74],
                mismatch,
                with(&|it| it.qe_report.mr_signer[31] ^= 1),
            ),
            enclave(
                name("qe_isvprodid_mismatch"),
                &[74],
                mismatch,
                with(&|it| it.qe_report.isv_prod_id ^= 1),
            ),
            enclave(
                name("qe_miscselect_mismatch"),
                &[74],
                mismatch,
                with(&|it| it.qe_report.misc_select = 1),
            ),
            enclave(
                name("qe_attributes_mismatch"),
                &[74],
                mismatch,
                with(&|it| it.qe_report.attributes[0] = 0x05),
            ),
            enclave(
                name("QE attributes with another bit"),
                &[74],
                mismatch,
                with(&|it| it.qe_report.attributes[7] = 0x80),
            ),
            enclave(
                name("qe_debug_enabled"),
                &[74],
                QuoteReason::QeDebug,
                with(&|it| it.qe_report.attributes[0] |= 2),
            ),
            up_to_date(
                name("QE attributes outside the mask"),
                with(&|it| it.qe_report.attributes[15] = 0xff),
            ),
            up_to_date(name("another MRENCLAVE of the QE"), with(&|it| it.qe_report.mr_enclave = [9; 32])),
            level(
                name("QE below every level"),
                &[49, 86],
                QuoteReason::QeTcbNotSupported,
                with(&|it| it.qe_report.isv_svn = 1),
            ),
            Case::verified(
                name("QE at its lowest level"),
                &[73, 71],
                TcbStatus::OutOfDate,
                with(&|it| it.qe_report.isv_svn = 2),
            ),
            up_to_date(name("QE above every level"), with(&|it| it.qe_report.isv_svn = u16::MAX)),
        ]);
    }
    cases.extend(identity_masks());
    cases
}

fn identity_masks() -> Vec<Case> {
    let mismatch = QuoteReason::QeIdentityMismatch;
    let mut cases = vec![up_to_date(
        "MISCSELECT outside the mask",
        tdx()
            .qe_identity(|it| it.miscselect_mask = "FEFFFFFF".into())
            .quote(|it| it.qe_report.misc_select = 1)
            .forge(),
    )];
    // QVL compares the masked report with the bare value: an identity that asks for a bit outside its mask fits nobody.
    cases.push(
        enclave(
            "identity that asks for MISCSELECT outside its mask",
            &[74],
            mismatch,
            tdx()
                .qe_identity(|it| {
                    (it.miscselect, it.miscselect_mask) = ("01000000".into(), "FEFFFFFF".into());
                })
                .forge(),
        )
        .diverges("identity-value-outside-mask"),
    );
    cases.push(
        enclave(
            "identity that asks for attributes outside its mask",
            &[74],
            mismatch,
            tdx().qe_identity(|it| it.attributes.replace_range(30.., "01")).forge(),
        )
        .diverges("identity-value-outside-mask"),
    );
    cases.push(enclave(
        "identity that allows debug, and a QE in debug mode",
        &[],
        QuoteReason::QeDebug,
        tdx()
            .qe_identity(|it| it.attributes_mask.replace_range(..2, "F9"))
            .quote(|it| it.qe_report.attributes[0] |= 2)
            .forge(),
    ));
    cases
}

fn signature() -> Vec<Case> {
    let bad = |name: String, forged| {
        Case::refused(name, &[57], (QuoteReason::QuoteSignature, Stage::Signature), forged)
    };
    let mut cases = vec![
        bad("invalid_quote_signature".into(), {
            quote(|quote| quote.edit_signature = Some(|signature| signature[63] ^= 1))
        }),
        bad("quote signed by a stranger".into(), quote(|quote| quote.signed_by = Role::Stranger)),
        bad("quote signed by the PCK".into(), quote(|quote| quote.signed_by = Role::Pck)),
        bad("attestation key of zero".into(), quote(|quote| quote.raw_attestation_key = Some([0; 64]))),
        bad("attestation key off the curve".into(), {
            let mut point = tdx().pki.key(Role::AttestationKey).public_point();
            point[63] ^= 1;
            quote(|quote| quote.raw_attestation_key = Some(point))
        }),
        bad("attestation key with coordinates above the field".into(), {
            quote(|quote| quote.raw_attestation_key = Some([0xff; 64]))
        }),
        bad("attestation key that is the point mirrored".into(), {
            // The same x with the other y is on the curve too, and is another key.
            let mut point = tdx().pki.key(Role::AttestationKey).public_point();
            let y: [u8; 32] = subtract(&FIELD, &point[32..].try_into().unwrap());
            point[32..].copy_from_slice(&y);
            quote(|quote| quote.raw_attestation_key = Some(point))
        }),
        up_to_date("quote with the other of two equivalent signatures", {
            quote(|quote| quote.edit_signature = Some(mirrored))
        }),
        up_to_date("QE report with the other of two equivalent signatures", {
            quote(|quote| quote.edit_qe_signature = Some(mirrored))
        }),
    ];
    type Edit = (&'static str, fn(&mut [u8; 64]));
    let edits: [Edit; 8] = [
        ("r of zero", |signature| signature[..32].fill(0)),
        ("s of zero", |signature| signature[32..].fill(0)),
        ("r and s of zero", |signature| signature.fill(0)),
        ("r of the order", |signature| signature[..32].copy_from_slice(&ORDER)),
        ("s of the order", |signature| signature[32..].copy_from_slice(&ORDER)),
        ("r and s of the largest value", |signature| signature.fill(0xff)),
        ("r and s swapped", |signature| signature.rotate_left(32)),
        ("r and s of one", |signature| {
            signature.fill(0);
            (signature[31], signature[63]) = (1, 1);
        }),
    ];
    for (name, edit) in edits {
        cases.push(bad(
            format!("quote signature with {name}"),
            quote(|quote| quote.edit_signature = Some(edit)),
        ));
        let forged = quote(|quote| quote.edit_qe_signature = Some(edit));
        cases.push(enclave(
            format!("QE report signature with {name}"),
            &[55],
            QuoteReason::QeReportSignature,
            forged,
        ));
    }
    for shape in Shape::ALL {
        let genuine = Universe::with_shape(1, shape).forge();
        // Fields of the body that no other check looks at: one bit of each 16 bytes, and the last byte.
        let mut offsets: Vec<usize> =
            (genuine.layout.signed.start + 64..genuine.layout.signed.end).step_by(16).collect();
        offsets.push(genuine.layout.signed.end - 1);
        offsets.push(28);
        for offset in offsets {
            let mut forged = genuine.clone();
            forged.quote[offset] ^= 0x10;
            cases.push({
                let name = format!("{shape:?} with byte {offset} changed after signing");

                bad(name, forged)
            });
        }
    }
    cases
}

/// The field of P-256.
const FIELD: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];

fn subtract(from: &[u8; 32], value: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut borrow = 0_i16;
    for index in (0..32).rev() {
        let difference = i16::from(from[index]) - i16::from(value[index]) - borrow;
        borrow = i16::from(difference < 0);
        out[index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    out
}

/// `(r, n - s)` verifies whenever `(r, s)` does.
fn mirrored(signature: &mut [u8; 64]) {
    let s: [u8; 32] = signature[32..].try_into().unwrap();
    signature[32..].copy_from_slice(&subtract(&ORDER, &s));
}

fn module() -> Vec<Case> {
    let mismatch = QuoteReason::TdxModuleMismatch;
    let mut cases = Vec::new();
    for shape in [Shape::TdxV4, Shape::TdxV5Td10, Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
        let with = |change: &dyn Fn(&mut QuoteSpec)| Universe::with_shape(1, shape).quote(change).forge();
        let info = |change: fn(&mut TcbInfo)| Universe::with_shape(1, shape).tcb_info(change).forge();
        let name =
            |name: &str| if shape == Shape::TdxV4 { name.to_owned() } else { format!("{name} ({shape:?})") };
        cases.extend([
            level(
                name("tdx_module_mrsigner_mismatch"),
                &[85],
                mismatch,
                with(&|it| it.td().mr_signer_seam[47] = 1),
            ),
            level(name("SEAM attributes set"), &[85], mismatch, with(&|it| it.td().seam_attributes[0] = 1)),
            level(
                name("SEAM attributes set in the last bit"),
                &[85],
                mismatch,
                with(&|it| it.td().seam_attributes[7] = 0x80),
            ),
            level(
                name("module version that Intel does not list"),
                &[85],
                QuoteReason::TdxModuleUnknown,
                with(&|it| it.td().tee_tcb_svn[1] = 2),
            ),
            level(
                name("no list of modules and a module version"),
                &[44],
                QuoteReason::TdxModuleUnknown,
                info(|it| it.module_identities = None),
            ),
            level(
                name("tdx_module_isvsvn_too_low"),
                &[49],
                QuoteReason::TdxModuleTcbNotSupported,
                with(&|it| it.td().tee_tcb_svn[0] = 2),
            ),
            level(
                name("module level revoked"),
                &[46],
                QuoteReason::TdxModuleRevoked,
                info(|it| modules(it)[1].levels[0].status = "Revoked".into()),
            ),
            up_to_date(
                name("module identifier in lower case"),
                info(|it| modules(it)[1].id = "tdx_01".into()),
            ),
            up_to_date(
                name("level of another module revoked"),
                info(|it| modules(it)[0].levels[0].status = "Revoked".into()),
            ),
            up_to_date(
                name("module version 3"),
                with(&|it| {
                    it.td().tee_tcb_svn[1] = 3;
                    it.td().tee_tcb_svn2[1] = 3;
                }),
            ),
            up_to_date(
                name("module version 0 under the base module"),
                with(&|it| {
                    it.td().tee_tcb_svn[1] = 0;
                    it.td().tee_tcb_svn2[1] = 0;
                }),
            ),
        ]);
    }
    cases.extend(module_identities());
    cases
}

fn module_identities() -> Vec<Case> {
    let mismatch = QuoteReason::TdxModuleMismatch;
    let mut cases = Vec::new();
    cases.push(
        level(
            "SEAM attributes that the module's identity asks for",
            &[85],
            mismatch,
            tdx()
                .tcb_info(|it| modules(it)[1].module.attributes.replace_range(..2, "01"))
                .quote(|it| it.td().seam_attributes[0] = 1)
                .forge(),
        )
        .diverges("seam-attributes"),
    );
    cases.push(
        level(
            "SEAM attributes of zero where the identity asks for a bit outside its mask",
            &[85],
            mismatch,
            tdx()
                .tcb_info(|it| {
                    modules(it)[1].module.attributes.replace_range(..2, "01");
                    modules(it)[1].module.attributes_mask.replace_range(..2, "FE");
                })
                .forge(),
        )
        .diverges("seam-attributes"),
    );
    cases.push(level(
        "signer that only the base module has",
        &[85],
        mismatch,
        tdx()
            .tcb_info(|it| it.module.as_mut().unwrap().mrsigner.replace_range(..2, "01"))
            .quote(|it| it.td().mr_signer_seam[0] = 1)
            .forge(),
    ));
    cases
}

fn modules(info: &mut TcbInfo) -> &mut Vec<veritee_testkit::ModuleIdentity> {
    info.module_identities.as_mut().unwrap()
}

fn levels() -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, universe) in [("SGX", sgx as fn() -> Universe), ("TDX", tdx)] {
        let info = |change: fn(&mut TcbInfo)| universe().tcb_info(change).forge();
        let name = |name: &str| format!("{shape}: {name}");
        cases.push(level(
            name("platform level revoked"),
            &[46],
            QuoteReason::TcbRevoked,
            info(|it| it.levels[0].status = "Revoked".into()),
        ));
        cases.push(level(
            name("QE level revoked"),
            &[46, 84],
            QuoteReason::QeRevoked,
            universe().qe_identity(|it| it.levels[0].status = "Revoked".into()).forge(),
        ));
        for (component, _) in veritee_testkit::universe::PLATFORM_SVNS.iter().enumerate() {
            let forged =
                universe().tcb_info(|it| it.levels.iter_mut().for_each(|it| it.sgx[component] = 6)).forge();
            let name = name(&format!("component {component} below every level"));
            cases.push(level(name, &[49], QuoteReason::TcbNotSupported, forged));
        }
        cases.push(level(
            name("PCESVN below every level"),
            &[49],
            QuoteReason::TcbNotSupported,
            info(|it| it.levels.iter_mut().for_each(|it| it.pcesvn = 12)),
        ));
        for (qvl, status) in [
            (&[82_u8][..], TcbStatus::SwHardeningNeeded),
            (&[47], TcbStatus::ConfigurationNeeded),
            (&[83], TcbStatus::ConfigurationAndSwHardeningNeeded),
            (&[45], TcbStatus::OutOfDate),
            (&[48], TcbStatus::OutOfDateConfigurationNeeded),
        ] {
            let forged = universe().tcb_info(|it| it.levels[0].status = status.name().to_owned()).forge();
            cases.push(Case::verified(name(status.name()), qvl, status, forged));
        }
    }
    for component in 2..16 {
        let forged = tdx().tcb_info(|it| it.levels.iter_mut().for_each(|it| it.tdx[component] = 7)).forge();
        let name = format!("TDX component {component} below every level");
        cases.push(level(name, &[49], QuoteReason::TcbNotSupported, forged));
    }
    for component in 0..2 {
        let demand = |it: &mut TcbInfo| it.levels.iter_mut().for_each(|it| it.tdx[component] = 200);
        cases.push(up_to_date(
            format!("TDX component {component} of a level under a module version"),
            tdx().tcb_info(demand).forge(),
        ));
        cases.push(level(
            format!("TDX component {component} below every level without module version"),
            &[49],
            QuoteReason::TcbNotSupported,
            tdx().tcb_info(demand).quote(|it| it.td().tee_tcb_svn[1] = 0).forge(),
        ));
    }
    cases
}
