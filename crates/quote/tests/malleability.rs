//! Which bytes of a quote can be changed without changing its verdict: the whole map, asserted.

#[path = "support/vectors.rs"]
mod common;

use common::Sample;
use veritee_quote::{Quote, QuoteError, VerifiedQuote};

fn judged(
    quote: &[u8],
    sample: &Sample,
    prepared: &veritee_quote::PreparedCollateral,
) -> Result<VerifiedQuote, QuoteError> {
    prepared.verify(&Quote::parse(quote)?, sample.as_of)
}

#[test]
fn no_single_bit_of_a_whole_real_quote_can_be_flipped() {
    let sample = Sample::tdx();
    let prepared = sample.prepared();
    assert!(judged(&sample.quote, &sample, &prepared).is_ok());
    let mut flipped = sample.quote.clone();
    for bit in 0..sample.quote.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(judged(&flipped, &sample, &prepared).is_err(), "byte {} bit {}", bit / 8, bit % 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn no_bit_that_is_tried_in_the_other_samples_can_be_flipped() {
    for sample in [Sample::sgx(), Sample::tdx_extended()] {
        let prepared = sample.prepared();
        let mut flipped = sample.quote.clone();
        for byte in 0..sample.quote.len() {
            let mask = if byte % 2 == 0 { 0x01 } else { 0x80 };
            flipped[byte] ^= mask;
            assert!(judged(&flipped, &sample, &prepared).is_err(), "{} byte {byte}", sample.name);
            flipped[byte] ^= mask;
        }
    }
}

#[test]
fn only_padding_can_be_cut_off_or_added() {
    let sample = Sample::tdx();
    let prepared = sample.prepared();
    let end = sample.quote.len() - 70;
    for length in 0..sample.quote.len() {
        let result = judged(&sample.quote[..length], &sample, &prepared);
        assert_eq!(result.is_ok(), length >= end, "{length}");
    }
    let mut padded = sample.quote.clone();
    padded.extend([0; 1000]);
    assert!(judged(&padded, &sample, &prepared).is_ok());
    padded.push(1);
    let error = judged(&padded, &sample, &prepared).unwrap_err();
    assert_eq!(error.reason().code(), "quote-trailing-bytes");
    assert_eq!(error.location().as_deref(), Some("quote byte 6006"));
}

/// The other changes that are let through. Each leaves the signed bytes, and so `signed_sha256`, as they are.
#[test]
fn the_unsigned_forms_of_one_quote_share_the_hash_of_its_signed_bytes() {
    let sample = Sample::tdx();
    let prepared = sample.prepared();
    let signed = Quote::parse(&sample.quote).unwrap().signed_sha256();
    let forms = [
        ("other s of the quote's signature", with_other_s(&sample.quote, 636)),
        ("other s of the QE report's signature", with_other_s(&sample.quote, 1154)),
        ("line ends of the chain", with_chain(&sample.quote, |chain| chain.replace('\n', "\r\n"))),
        (
            "order of the chain",
            with_chain(&sample.quote, |chain| {
                let end = "-----END CERTIFICATE-----\n";
                let mut parts: Vec<&str> =
                    chain.split_inclusive(end).filter(|part| part.contains("BEGIN")).collect();
                parts.reverse();
                parts.concat()
            }),
        ),
        (
            "the zero byte behind the chain",
            with_chain(&sample.quote, |chain| chain.trim_end_matches('\0').to_owned()),
        ),
    ];
    for (what, quote) in forms {
        assert_ne!(quote, sample.quote, "{what}");
        let verified = judged(&quote, &sample, &prepared).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(verified.quote().signed_sha256(), signed, "{what}");
    }
}

#[test]
fn a_chain_with_one_certificate_more_or_less_is_refused() {
    let sample = Sample::tdx();
    let prepared = sample.prepared();
    let end = "-----END CERTIFICATE-----\n";
    for (what, quote) in [
        (
            "root left out",
            with_chain(&sample.quote, |chain| chain.split_inclusive(end).take(2).collect::<String>()),
        ),
        (
            "root twice",
            with_chain(&sample.quote, |chain| {
                let parts: Vec<&str> = chain.split_inclusive(end).collect();
                [parts[0], parts[1], parts[2], parts[2]].concat()
            }),
        ),
        ("text before the chain", with_chain(&sample.quote, |chain| format!("hello\n{chain}"))),
        (
            "text behind the chain",
            with_chain(&sample.quote, |chain| format!("{}hello", chain.trim_end_matches('\0'))),
        ),
        ("two zero bytes", with_chain(&sample.quote, |chain| format!("{chain}\0"))),
        (
            "ten thousand certificates",
            with_chain(&sample.quote, |chain| chain.trim_end_matches('\0').repeat(10_000)),
        ),
    ] {
        assert!(judged(&quote, &sample, &prepared).is_err(), "{what}");
    }
}

/// `r || n - s` verifies as `r || s` does.
fn with_other_s(quote: &[u8], at: usize) -> Vec<u8> {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut changed = quote.to_vec();
    let mut borrow = 0_i16;
    for index in (0..32).rev() {
        let difference = i16::from(N[index]) - i16::from(quote[at + 32 + index]) - borrow;
        borrow = i16::from(difference < 0);
        changed[at + 32 + index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    changed
}

/// The version 4 quote with another PCK chain, all lengths right.
fn with_chain(quote: &[u8], change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let inner = Quote::parse(quote).unwrap();
    let offset = inner.certification().offset();
    let chain = change(core::str::from_utf8(inner.certification_data()).unwrap());
    let mut changed = quote[..offset].to_vec();
    changed.extend(chain.as_bytes());
    let size = |from: usize| u32::try_from(changed.len() - from).unwrap().to_le_bytes();
    let (all, outer, own) = (size(636), size(770), size(offset));
    changed[632..636].copy_from_slice(&all);
    changed[766..770].copy_from_slice(&outer);
    changed[offset - 4..offset].copy_from_slice(&own);
    changed
}
