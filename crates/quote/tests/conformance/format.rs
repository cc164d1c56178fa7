//! Layout of quotes: QVL status 37 throughout.

use crate::judge::{Case, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::{Certification, Forged, QuoteSpec, Role, Shape, Universe};

const QVL: &[u8] = &[37];

fn refused(name: impl Into<String>, reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, QVL, (reason, Stage::Format), forged)
}

fn quote(change: impl FnOnce(&mut QuoteSpec)) -> Forged {
    tdx().quote(change).forge()
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = header();
    cases.extend(body());
    cases.extend(certification());
    cases.extend(sizes());
    cases.extend(truncation());
    cases.extend(ends());
    cases
}

fn header() -> Vec<Case> {
    let mut cases = Vec::new();
    for version in [0, 1, 2, 6, 255, u16::MAX] {
        cases.push(refused(
            format!("unsupported_version_{version}"),
            QuoteReason::QuoteVersionUnsupported,
            quote(|quote| quote.version = version),
        ));
    }
    for key_type in [0, 1, 3, 255] {
        cases.push(refused(
            format!("unsupported_key_type_{key_type}"),
            QuoteReason::QuoteKeyTypeUnsupported,
            quote(|quote| quote.key_type = key_type),
        ));
    }
    for tee_type in [1, 2, 0x80, 0x82, 0x8100_0000] {
        cases.push(refused(
            format!("tee type {tee_type:#x}"),
            QuoteReason::QuoteTeeTypeUnsupported,
            quote(|quote| quote.tee_type = tee_type),
        ));
    }
    cases.push(refused(
        "version 3 with a TD report",
        QuoteReason::QuoteTeeTypeUnsupported,
        quote(|quote| quote.version = 3),
    ));
    cases.push(refused(
        "vendor of another quoting enclave",
        QuoteReason::QuoteVendorUnknown,
        quote(|quote| quote.vendor[15] ^= 1),
    ));
    cases.push(refused(
        "vendor of another quoting enclave before another key type",
        QuoteReason::QuoteKeyTypeUnsupported,
        quote(|quote| (quote.vendor[0], quote.key_type) = (0, 3)),
    ));
    cases
}

fn body() -> Vec<Case> {
    let mut cases = Vec::new();
    for body_type in [0, 5, 99] {
        let universe = Universe::with_shape(1, Shape::TdxV5Td10);
        cases.push(refused(
            format!("body type {body_type}"),
            QuoteReason::QuoteBodyTypeUnsupported,
            universe.quote(|quote| quote.body_type = Some(body_type)).forge(),
        ));
    }
    for (shape, size) in
        [(Shape::TdxV5Td10, 584_u32), (Shape::TdxV5Td15, 648), (Shape::TdxV5Td15Ex, 885), (Shape::SgxV5, 384)]
    {
        for wrong in [0, size - 1, size + 1, u32::MAX] {
            let universe = Universe::with_shape(1, shape);
            cases.push(refused(
                format!("{shape:?} with body size {wrong}"),
                QuoteReason::QuoteBodyTypeUnsupported,
                universe.quote(|quote| quote.body_size = Some(wrong)).forge(),
            ));
        }
    }
    cases.push(refused(
        "enclave body under a TDX header",
        QuoteReason::QuoteTeeTypeUnsupported,
        Universe::with_shape(1, Shape::SgxV5).quote(|quote| quote.tee_type = 0x81).forge(),
    ));
    for shape in [Shape::TdxV5Td10, Shape::TdxV5Td15, Shape::TdxV5Td15Ex] {
        cases.push(refused(
            format!("{shape:?} body under an SGX header"),
            QuoteReason::QuoteTeeTypeUnsupported,
            Universe::with_shape(1, shape).quote(|quote| quote.tee_type = 0).forge(),
        ));
    }
    cases
}

fn certification() -> Vec<Case> {
    let mut cases = Vec::new();
    for outer in [0, 5, 7, 9, u16::MAX] {
        cases.push(
            refused(
                format!("outer certification type {outer}"),
                QuoteReason::QuoteCertificationUnsupported,
                quote(|quote| quote.outer_type = outer),
            )
            .diverges("outer-certification-type"),
        );
    }
    for inner in [0, 6, 7, 8, u16::MAX] {
        let chain = tdx().pki.pem(&[Role::Pck, Role::PlatformCa, Role::Root]).into_bytes();
        cases.push(Case::refused(
            format!("inner certification type {inner}"),
            &[37, 51, 53],
            (QuoteReason::QuoteCertificationUnsupported, Stage::Format),
            quote(|quote| quote.certification = Certification::Raw(inner, chain)),
        ));
    }
    cases
}

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    for shape in Shape::ALL {
        let universe = || Universe::with_shape(1, shape);
        let sgx_later = matches!(shape, Shape::SgxV4 | Shape::SgxV5);
        for shift in [-1, 1, 0x7fff_0000] {
            let mut push = |name: &str, accepted_by_peer: bool, change: &dyn Fn(&mut QuoteSpec)| {
                let case = refused(
                    format!("{shape:?} {name} off by {shift}"),
                    QuoteReason::QuoteMalformed,
                    universe().quote(change).forge(),
                );
                // The peer leaves over what a too small inner size hides; here that is the final NUL only.
                cases.push(if accepted_by_peer && !sgx_later { case.diverges("unread-bytes") } else { case });
            };
            push("signature data size", false, &|quote| quote.auth_size_shift = shift);
            if shape != Shape::SgxV3 {
                push("certification data size", false, &|quote| quote.outer_size_shift = shift);
            }
            push("PCK chain size", shift == -1, &|quote| quote.inner_size_shift = shift);
        }
        cases.push(refused(
            format!("{shape:?} QE authentication data size points behind the end"),
            QuoteReason::QuoteMalformed,
            universe().quote(|quote| quote.qe_auth_size_shift = 0x7fff).forge(),
        ));
        for padding in [0_u8, 0xff] {
            let case = refused(
                format!("{shape:?} with sixteen bytes {padding:#04x} inside the signature data"),
                QuoteReason::QuoteMalformed,
                universe().quote(|quote| quote.padding = vec![padding; 16]).forge(),
            );
            cases.push(if sgx_later { case } else { case.diverges("unread-bytes") });
        }
    }
    cases
}

fn truncation() -> Vec<Case> {
    let mut cases = vec![
        refused("no bytes", QuoteReason::QuoteMalformed, Forged { quote: Vec::new(), ..tdx().forge() }),
        refused(
            "invalid_quote_format",
            QuoteReason::QuoteVersionUnsupported,
            Forged { quote: vec![0xff; 5000], ..tdx().forge() },
        ),
        refused("truncated_quote", QuoteReason::QuoteMalformed, {
            let mut forged = tdx().forge();
            forged.quote.truncate(100);
            forged
        }),
    ];
    for shape in Shape::ALL {
        let forged = Universe::with_shape(1, shape).forge();
        let layout = &forged.layout;
        for (part, end) in [
            ("header", 47),
            ("body", layout.signed.end - 1),
            ("signature data size", layout.auth_size.end - 1),
            ("signature", layout.signature.end - 1),
            ("attestation key", layout.attestation_key.end - 1),
            ("QE report", layout.qe_report.end - 1),
            ("QE report signature", layout.qe_signature.end - 1),
            ("QE authentication data", layout.qe_auth_data.end - 1),
            ("inner certification header", layout.inner_header.end - 1),
            ("PCK chain", layout.certification.end - 1),
        ] {
            let mut cut = forged.clone();
            cut.quote.truncate(end);
            cases.push(refused(format!("{shape:?} cut inside its {part}"), QuoteReason::QuoteMalformed, cut));
        }
    }
    cases
}

fn ends() -> Vec<Case> {
    let mut cases = Vec::new();
    let trailing = |bytes: Vec<u8>| quote(|quote| quote.trailing = bytes);
    cases.push(Case::verified(
        "seventy zero bytes after the quote",
        &[0],
        TcbStatus::UpToDate,
        trailing(vec![0; 70]),
    ));
    for (name, bytes) in [
        ("one byte after the quote", vec![1]),
        ("a byte after zero bytes", [vec![0; 69], vec![1]].concat()),
        ("a second quote after the quote", tdx().forge().quote),
    ] {
        cases
            .push(refused(name, QuoteReason::QuoteTrailingBytes, trailing(bytes)).diverges("trailing-bytes"));
    }
    let large = (64 << 10) + 1 - tdx().forge().quote.len();
    cases.push(
        refused("one byte above the budget", QuoteReason::QuoteTooLarge, trailing(vec![0; large]))
            .diverges("quote-size"),
    );
    cases.push(Case::verified(
        "as large as the budget",
        &[0],
        TcbStatus::UpToDate,
        trailing(vec![0; large - 1]),
    ));
    cases
}
