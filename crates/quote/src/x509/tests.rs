//! The walk over certificates and lists beside a general X.509 library: the same fields, and nothing read that the
//! library would not read.

use super::crl::Crl;
use super::{Certificate, pem};
use crate::Collateral;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

const NAMES: [&str; 4] = ["tdx_quote", "tdx_quote_outdated", "tdx_quote_td15ex", "sgx_quote"];

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn certificates() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for name in NAMES {
        let quote = crate::Quote::parse(&file(&format!("{name}.bin"))).unwrap();
        found.extend(pem::decode_glued_chain(quote.certification_data(), 3).unwrap());
        let collateral = Collateral::from_json(&file(&format!("{name}.collateral.json"))).unwrap();
        for chain in [&collateral.parts().tcb_info_issuer_chain, &collateral.parts().pck_crl_issuer_chain] {
            found.extend(pem::decode_glued_chain(chain.as_bytes(), 2).unwrap());
        }
    }
    found.sort();
    found.dedup();
    found
}

fn lists() -> Vec<Vec<u8>> {
    let read = |name: &&str| Collateral::from_json(&file(&format!("{name}.collateral.json"))).unwrap();
    NAMES
        .iter()
        .map(read)
        .flat_map(|it| [it.parts().root_ca_crl.clone(), it.parts().pck_crl.clone()])
        .collect()
}

#[test]
fn certificates_read_as_in_a_general_library() {
    let certificates = certificates();
    assert!(certificates.len() >= 8, "{}", certificates.len());
    for der in certificates {
        let ours = Certificate::parse(&der).unwrap();
        let (rest, theirs) = X509Certificate::from_der(&der).unwrap();
        assert!(rest.is_empty());
        assert_eq!(ours.issuer, theirs.issuer().as_raw());
        assert_eq!(ours.subject, theirs.subject().as_raw());
        assert_eq!(ours.public_key.as_slice(), theirs.public_key().subject_public_key.data.as_ref());
        assert_eq!(ours.spki, theirs.public_key().raw);
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap();
        assert_eq!(ours.not_before.seconds(), seconds(theirs.validity().not_before));
        assert_eq!(ours.not_after.seconds(), seconds(theirs.validity().not_after));
        let magnitude = theirs.tbs_certificate.serial.to_bytes_be();
        assert!(ours.serial.ends_with(&magnitude));
        let constraints = theirs.basic_constraints().unwrap().unwrap().value;
        assert_eq!(ours.basic_constraints().unwrap().ca, constraints.ca);
        assert_eq!(ours.basic_constraints().unwrap().path_length, constraints.path_len_constraint);
        let (usage, ours_usage) = (theirs.key_usage().unwrap().unwrap().value, ours.key_usage().unwrap());
        assert_eq!(ours_usage.digital_signature(), usage.digital_signature());
        assert_eq!(ours_usage.key_cert_sign(), usage.key_cert_sign());
        assert_eq!(ours_usage.crl_sign(), usage.crl_sign());
    }
}

#[test]
fn revocation_lists_read_as_in_a_general_library() {
    for der in lists() {
        let ours = Crl::parse(&der).unwrap();
        let (rest, theirs) = CertificateRevocationList::from_der(&der).unwrap();
        assert!(rest.is_empty());
        assert_eq!(ours.issuer, theirs.issuer().as_raw());
        assert_eq!(ours.revoked.len(), theirs.iter_revoked_certificates().count());
        for entry in theirs.iter_revoked_certificates() {
            let mut serial = [0; 20];
            let magnitude = entry.user_certificate.to_bytes_be();
            serial[20 - magnitude.len()..].copy_from_slice(&magnitude);
            assert!(ours.revoked.contains(&serial));
            serial[19] ^= 1;
            let neighbour = theirs.iter_revoked_certificates().any(|other| {
                other.user_certificate.to_bytes_be()
                    == serial.iter().copied().skip_while(|b| *b == 0).collect::<Vec<_>>()
            });
            assert_eq!(ours.revoked.contains(&serial), neighbour);
        }
        assert_eq!(ours.this_update.seconds(), u64::try_from(theirs.last_update().timestamp()).unwrap());
        assert_eq!(
            ours.next_update.seconds(),
            u64::try_from(theirs.next_update().unwrap().timestamp()).unwrap()
        );
    }
}

#[test]
fn no_flipped_bit_is_read_here_and_refused_there() {
    for der in certificates().into_iter().take(4) {
        let mut flipped = der.clone();
        for bit in 0..der.len() * 8 {
            flipped[bit / 8] ^= 1 << (bit % 8);
            if Certificate::parse(&flipped).is_ok() {
                assert!(X509Certificate::from_der(&flipped).is_ok(), "bit {bit}");
            }
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
