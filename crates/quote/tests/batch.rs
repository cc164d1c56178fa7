//! Many quotes at once: the same verdicts in the same order as one after the other, however many threads share what is
//! remembered. With the feature `rayon` the batch itself runs on all of them.

use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{
    Expiry, KnownCollateral, Origin, Quote, QuoteError, TrustRoot, VerifiedQuote, Verifier, View,
};
use veritee_testkit::{Role, SigningKey, Universe};

const HOSTS: u64 = 6;

fn collateral() -> (KnownCollateral, UnixTime) {
    let forged = Universe::new(1).forge();
    let root = TrustRoot::from_der(&forged.root_der).unwrap();
    let mut known = KnownCollateral::new(&root, &Budget::STANDARD);
    known.add_json(forged.collateral_json().as_bytes(), Origin::Caller, "collateral.json");
    (known, forged.as_of)
}

/// Quotes of several hosts, each genuine and then damaged in one bit here and there: in what is signed, in the
/// signature, in the quoting enclave's report and its signature, in the PCK chain. And one that no collateral is for.
fn quotes() -> Vec<Quote> {
    let mut quotes = Vec::new();
    for host in 0..HOSTS {
        let universe = Universe::new(1).pki(|pki| {
            for role in [Role::Pck, Role::AttestationKey] {
                pki.replace_key(role, SigningKey::derive(host + 2, role.label()));
            }
        });
        let (genuine, _layout) = universe.quote.forge(&universe.pki);
        for byte in [None, Some(200), Some(640), None, Some(700), Some(800), Some(1160), Some(1900), None] {
            let mut bytes = genuine.clone();
            if let Some(byte) = byte {
                bytes[byte] ^= 1;
            }
            quotes.extend(Quote::parse(&bytes));
        }
        quotes.push(
            Quote::parse(&Universe::with_shape(9, veritee_testkit::Shape::SgxV3).forge().quote).unwrap(),
        );
    }
    quotes
}

type Verdict = Result<serde_json::Value, QuoteError>;

fn shown(result: Result<VerifiedQuote, QuoteError>) -> Verdict {
    result.map(|verified| serde_json::to_value(verified).unwrap())
}

/// One after the other, without a verifier.
fn expected(quotes: &[Quote]) -> Vec<Verdict> {
    let (known, as_of) = collateral();
    let verify = |quote| known.verify(quote, View::Judge, as_of, Expiry::Enforce);
    quotes.iter().map(|quote| shown(verify(quote))).collect()
}

#[test]
fn a_batch_gives_the_verdicts_of_single_quotes_in_order_on_any_number_of_threads() {
    let quotes = quotes();
    let expected = expected(&quotes);
    let genuine = expected.iter().filter(|verdict| verdict.is_ok()).count();
    assert_eq!(genuine, usize::try_from(HOSTS).unwrap() * 3);
    assert!(quotes.len() - genuine > 30, "damaged quotes are among them");
    for threads in [1, 2, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        // Enough for all, for two hosts at a time, for nothing.
        for memory in [64 << 20, 64 << 10, 0] {
            let (collateral, as_of) = collateral();
            let verifier = Verifier::with_memory(collateral, Expiry::Enforce, memory);
            for run in 0..3 {
                let results = pool.install(|| verifier.verify_batch(&quotes, as_of));
                let results: Vec<Verdict> = results.into_iter().map(shown).collect();
                assert_eq!(results, expected, "{threads} threads, {memory} bytes, run {run}");
            }
            assert!(verifier.statistics().memory_bytes <= memory);
        }
    }
}

#[test]
fn threads_that_share_a_verifier_never_lend_each_other_a_verdict() {
    let quotes = quotes();
    let expected = expected(&quotes);
    let (collateral, as_of) = collateral();
    let verifier = Verifier::with_memory(collateral, Expiry::Enforce, 96 << 10);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (verifier, quotes, expected) = (&verifier, &quotes, &expected);
            scope.spawn(move || {
                for step in 0..quotes.len() * 2 {
                    // Each thread in another order.
                    let index = (step * (2 * thread + 1) + thread) % quotes.len();
                    assert_eq!(shown(verifier.verify(&quotes[index], as_of)), expected[index], "{index}");
                }
            });
        }
    });
    let statistics = verifier.statistics();
    assert!(statistics.enclave_known > 0 && statistics.unknown > 0, "{statistics:?}");
}

#[test]
fn a_batch_of_nothing_gives_nothing() {
    let (collateral, as_of) = collateral();
    let verifier = Verifier::new(collateral, Expiry::Enforce);
    assert!(verifier.verify_batch(&[], as_of).is_empty());
}
