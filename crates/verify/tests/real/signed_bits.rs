//! Any single bit flipped in the signed region of a real quote is refused: all bits of one, a sample on the others.
//!
//! The signed region is the header and the body; behind it stand the signature, the attestation key, and the quoting
//! enclave's report with its signature, which are held to the same.

use crate::vectors::{machines, shared};
use veritee_quote::{Collateral, Expiry, PreparedCollateral, Quote, QuoteReason, TrustRoot};

/// Bytes of header and TD report 1.0.
const SIGNED: usize = 632;
/// Signature and attestation key behind the length of the signature data.
const SIGNATURE_AND_KEY: core::ops::Range<usize> = 636..764;
/// The quoting enclave's report and its signature behind type and length of the certification.
const ENCLAVE: core::ops::Range<usize> = 770..1218;

fn prepared(collateral: &[u8], as_of: veritee_model::UnixTime) -> PreparedCollateral {
    Collateral::from_json(collateral).unwrap().verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce).unwrap()
}

fn refusal(
    prepared: &PreparedCollateral,
    quote: &[u8],
    as_of: veritee_model::UnixTime,
) -> Option<QuoteReason> {
    match Quote::parse(quote) {
        Err(error) => Some(error.reason()),
        Ok(parsed) => prepared.verify(&parsed, as_of).err().map(|error| error.reason()),
    }
}

#[test]
fn every_flipped_bit_of_one_signed_region_and_a_sample_of_the_others_is_refused() {
    if shared().is_none() {
        return;
    }
    let mut tried = 0_usize;
    for (index, machine) in machines().iter().filter(|machine| machine.accepted).enumerate() {
        let prepared = prepared(&machine.evidence.collateral[0].bytes, machine.as_of);
        let mut quote = machine.evidence.quote.as_ref().unwrap().bytes.clone();
        assert_eq!(refusal(&prepared, &quote, machine.as_of), None, "{}", machine.name);
        let step = if index == 0 { 1 } else { 257 };
        let bits = (0..SIGNED)
            .chain(SIGNATURE_AND_KEY)
            .chain(ENCLAVE)
            .flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
        for (byte, bit) in bits.step_by(step) {
            quote[byte] ^= 1 << bit;
            let reason = refusal(&prepared, &quote, machine.as_of);
            assert!(reason.is_some(), "{}: bit {bit} of byte {byte} does not matter", machine.name);
            quote[byte] ^= 1 << bit;
            tried += 1;
        }
    }
    eprintln!("{tried} flipped bits, all refused");
    assert!(tried > 9_000, "{tried}");
}
