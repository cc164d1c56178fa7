//! Certificates in the manner of x509-limbo, for the engine's own X.509 walk: encodings that two readers may read in
//! two ways, each in the PCK certificate of a quote.

use crate::judge::{Case, in_quote, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::certificate::{CertificateSpec, oids};
use veritee_testkit::{Extension, Name, Role, der};

type Change = fn(&mut CertificateSpec);
type Row = (&'static str, QuoteReason, Option<&'static str>, Change);

const MALFORMED: QuoteReason = QuoteReason::PckChainMalformed;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [structures(), extensions(), names_and_times(), keys()]
        .concat()
        .into_iter()
        .map(|(name, reason, divergence, change)| {
            let forged = in_quote(|it| it.certificate(Role::Pck, change));
            let case = Case::refused(format!("Pck {name}"), &[1], (reason, Stage::Certificates), forged);
            match divergence {
                Some(divergence) => case.diverges(divergence),
                None => case,
            }
        })
        .collect();
    cases.extend(accepted());
    cases
}

/// Bytes after the tag and length of the outermost element.
fn content(der: &[u8]) -> &[u8] {
    let header = if der[1] < 0x80 { 2 } else { 2 + usize::from(der[1] & 0x7f) };
    &der[header..]
}

fn structures() -> Vec<Row> {
    vec![
        ("whose signed part has a length with a leading zero", MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| {
                let inner = content(tbs).to_vec();
                let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
                *tbs = [&[0x30, 0x83, 0][..], &length, &inner].concat();
            });
        }),
        ("whose signed part is of indefinite length", MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| *tbs = [&[0x30, 0x80][..], content(tbs), &[0, 0]].concat());
        }),
        ("with an element after the extensions", MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| *tbs = der::sequence(&[content(tbs).to_vec(), der::null()]));
        }),
        ("whose version is written twice", MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| {
                *tbs = der::sequence(&[der::element(0xa0, &der::integer(2)), content(tbs).to_vec()]);
            });
        }),
        ("of version 4", MALFORMED, None, |it| it.version = Some(3)),
        ("with a serial number with a leading zero", MALFORMED, None, |it| it.serial.insert(0, 0)),
        ("without serial number", MALFORMED, None, |it| it.serial.clear()),
        ("wrapped in another sequence", MALFORMED, None, |it| {
            it.edit_der = Some(|whole| *whole = der::sequence(std::slice::from_ref(whole)));
        }),
        ("with a signature that leaves bits unused", MALFORMED, None, |it| {
            it.edit_der = Some(|der| {
                // The signature's BIT STRING is the last element: tag, length, unused bits, and a SEQUENCE.
                let is_start = |at: &usize| der[*at] == 3 && der[at + 2] == 0 && der[at + 3] == 0x30;
                let start = (der.len() - 76..der.len() - 3).find(is_start).unwrap();
                der[start + 2] = 1;
            });
        }),
        ("with an empty list of extensions", MALFORMED, None, |it| {
            it.extensions.clear();
            it.edit_tbs = Some(|tbs| {
                *tbs = der::sequence(&[content(tbs).to_vec(), der::element(0xa3, &der::sequence(&[]))]);
            });
        }),
    ]
}

fn extensions() -> Vec<Row> {
    vec![
        ("whose key usage has unused bits set", MALFORMED, Some("extension-encoding"), |it| {
            it.extension_mut(oids::KEY_USAGE).value = der::bit_string(7, &[0xc0]);
        }),
        ("whose key usage counts too few unused bits", MALFORMED, Some("extension-encoding"), |it| {
            it.extension_mut(oids::KEY_USAGE).value = der::bit_string(5, &[0xc0]);
        }),
        ("whose key usage is no bit string", MALFORMED, Some("extension-encoding"), |it| {
            it.extension_mut(oids::KEY_USAGE).value = der::octet_string(&[0xc0]);
        }),
        ("whose basic constraints write out that it is no CA", MALFORMED, Some("extension-encoding"), |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value = der::sequence(&[der::boolean(false)]);
        }),
        (
            "whose basic constraints have a path length without CA",
            MALFORMED,
            Some("extension-encoding"),
            |it| {
                it.extension_mut(oids::BASIC_CONSTRAINTS).value = der::sequence(&[der::integer(0)]);
            },
        ),
        ("whose basic constraints say CA with an odd boolean", MALFORMED, None, |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value = der::sequence(&[der::element(1, &[1])]);
        }),
        ("whose basic constraints have bytes after them", MALFORMED, None, |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value.extend([5, 0]);
        }),
        ("with an extension that says it is not critical", MALFORMED, Some("extension-encoding"), |it| {
            it.edit_tbs = Some(|tbs| {
                // `critical TRUE` of key usage becomes `critical FALSE`, which DER leaves out.
                let at =
                    tbs.windows(8).position(|bytes| bytes == [6, 3, 0x55, 0x1d, 0x0f, 1, 1, 0xff]).unwrap();
                tbs[at + 7] = 0;
            });
        }),
        ("with basic constraints twice", MALFORMED, None, |it| {
            let copy = it.extension_mut(oids::BASIC_CONSTRAINTS).clone();
            it.extensions.push(copy);
        }),
        ("with critical name constraints", MALFORMED, Some("narrowing-extensions"), |it| {
            it.extensions.push(Extension::new("2.5.29.30", true, der::sequence(&[])));
        }),
        ("with a critical policy", MALFORMED, None, |it| {
            it.extensions.push(Extension::new("2.5.29.32", true, der::sequence(&[])));
        }),
        ("with a critical key usage for other purposes", MALFORMED, None, |it| {
            let purposes = der::sequence(&[der::oid("1.3.6.1.5.5.7.3.3")]);
            it.extensions.push(Extension::new(oids::EXTENDED_KEY_USAGE, true, purposes));
        }),
    ]
}

fn names_and_times() -> Vec<Row> {
    const NAME: &str = "Intel SGX PCK Certificate";
    vec![
        ("whose issuer is written in another string type", QuoteReason::PckChainUntrusted, None, |it| {
            let mut name = Name::intel("Intel SGX PCK Platform CA").der();
            let at = name.iter().position(|byte| *byte == 0x0c).unwrap();
            name[at] = 0x13;
            it.issuer.raw = Some(name);
        }),
        ("with two common names", QuoteReason::PckChainRole, Some("certificate-names"), |it| {
            it.subject.attributes.insert(0, ("2.5.4.3".to_owned(), NAME.to_owned()));
        }),
        ("whose common name is in UTF-16", QuoteReason::PckChainRole, Some("certificate-names"), |it| {
            let wide: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let attribute = der::sequence(&[der::oid("2.5.4.3"), der::element(0x1e, &wide)]);
            it.subject.raw = Some(der::sequence(&[der::set(&[attribute])]));
        }),
        ("without subject", QuoteReason::PckChainRole, Some("certificate-names"), |it| {
            it.subject.raw = Some(der::sequence(&[]));
        }),
        ("with a time without seconds", MALFORMED, None, |it| {
            it.raw_validity = Some(validity(0x17, b"2502062325Z", b"320206232551Z"));
        }),
        ("with a time in an offset", MALFORMED, None, |it| {
            it.raw_validity = Some(validity(0x17, b"250206232551+0000", b"320206232551Z"));
        }),
        ("with a long time with a fraction", MALFORMED, None, |it| {
            it.raw_validity = Some(validity(0x18, b"20250206232551.5Z", b"20320206232551Z"));
        }),
        ("valid until 31 February", MALFORMED, None, |it| {
            it.raw_validity = Some(validity(0x17, b"250206232551Z", b"320231232551Z"));
        }),
        ("with a third time", MALFORMED, None, |it| {
            let time = der::element(0x17, b"320206232551Z");
            it.raw_validity = Some(der::sequence(&[time.clone(), time.clone(), time]));
        }),
    ]
}

fn validity(tag: u8, from: &[u8], until: &[u8]) -> Vec<u8> {
    der::sequence(&[der::element(tag, from), der::element(tag, until)])
}

fn keys() -> Vec<Row> {
    fn spki(algorithm: &[Vec<u8>], bits: Vec<u8>) -> Vec<u8> {
        der::sequence(&[der::sequence(algorithm), bits])
    }
    fn p256() -> [Vec<u8>; 2] {
        [der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")]
    }
    vec![
        ("with a compressed key", MALFORMED, None, |it| {
            let x = &tdx().pki.key(Role::Pck).public_point()[..32];
            it.spki = Some(spki(&p256(), der::bit_string(0, &[&[2][..], x].concat())));
        }),
        ("with a key of one byte less", MALFORMED, None, |it| {
            it.spki = Some(spki(&p256(), der::bit_string(0, &[4; 64])));
        }),
        ("with the point at infinity as key", MALFORMED, None, |it| {
            it.spki = Some(spki(&p256(), der::bit_string(0, &[0])));
        }),
        ("with parameters after the curve", MALFORMED, None, |it| {
            let point = [&[4][..], &tdx().pki.key(Role::Pck).public_point()].concat();
            it.spki = Some(spki(&[&p256()[..], &[der::null()]].concat(), der::bit_string(0, &point)));
        }),
        ("with a key of another algorithm", MALFORMED, None, |it| {
            let point = [&[4][..], &tdx().pki.key(Role::Pck).public_point()].concat();
            it.spki =
                Some(spki(&[der::oid("1.2.840.113549.1.1.1"), der::null()], der::bit_string(0, &point)));
        }),
    ]
}

/// What is unusual and has one reading only.
fn accepted() -> Vec<Case> {
    let rows: [(&str, Change); 4] = [
        ("with its extensions in the other order", |it| it.extensions.reverse()),
        ("with an unknown extension that is not critical", |it| {
            it.extensions.push(Extension::new("1.2.3.4", false, der::null()));
        }),
        ("with times in the long form", |it| {
            it.raw_validity = Some(validity(0x18, b"20250206232551Z", b"20320206232551Z"));
        }),
        ("with a serial number of 20 bytes", |it| it.serial = vec![0x7f; 20]),
    ];
    rows.into_iter()
        .map(|(name, change)| {
            let forged = in_quote(|it| it.certificate(Role::Pck, change));
            Case::verified(format!("Pck {name}"), &[0], TcbStatus::UpToDate, forged)
        })
        .collect()
}
