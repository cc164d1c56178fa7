//! The quote engine as a WebAssembly module without imports: no clock, no network, no randomness can reach it.
//!
//! The interface passes bytes one at a time, so that it needs no pointers and no `unsafe` code: `quote_byte` and
//! `collateral_byte` fill the inputs, `verify` judges and empties them, `answer_byte` reads what it said, which is
//! `verified STATUS` or `refused REASON`.

use std::cell::RefCell;
use veritee_quote::{Collateral, Expiry, Quote, QuoteError, TrustRoot, UnixTime};

thread_local! {
    static QUOTE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static COLLATERAL: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<String> = const { RefCell::new(String::new()) };
}

getrandom::register_custom_getrandom!(no_randomness);

fn no_randomness(_buffer: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// Appends a byte to the quote.
#[unsafe(no_mangle)]
pub extern "C" fn quote_byte(byte: u8) {
    QUOTE.with_borrow_mut(|quote| quote.push(byte));
}

/// Appends a byte to the collateral.
#[unsafe(no_mangle)]
pub extern "C" fn collateral_byte(byte: u8) {
    COLLATERAL.with_borrow_mut(|collateral| collateral.push(byte));
}

/// Judges quote and collateral under Intel's root at this Unix time. Returns the length of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn verify(as_of: f64) -> usize {
    let quote = QUOTE.take();
    let collateral = COLLATERAL.take();
    let answer = match judge(&quote, &collateral, UnixTime::from_seconds(as_of as u64)) {
        Ok(status) => format!("verified {status}"),
        Err(error) => format!("refused {}", error.reason()),
    };
    ANSWER.replace(answer);
    ANSWER.with_borrow(String::len)
}

/// A byte of the answer; 0 behind its end.
#[unsafe(no_mangle)]
pub extern "C" fn answer_byte(index: usize) -> u8 {
    ANSWER.with_borrow(|answer| answer.as_bytes().get(index).copied().unwrap_or(0))
}

fn judge(quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Result<&'static str, QuoteError> {
    let quote = Quote::parse(quote)?;
    let collateral = Collateral::from_json(collateral)?;
    let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
    let verified = prepared.verify(&quote, as_of)?;
    Ok(verified.tcb().status.name())
}
