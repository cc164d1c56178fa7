//! What a quote costs as quotes, hosts and revoked certificates become more.

use crate::{clock, forged};
use dcap_qvl::verify::QuoteVerifier;
use std::hint::black_box;
use veritee_quote::Budget;
use veritee_quote::UnixTime;
use veritee_quote::{Expiry, KnownCollateral, Origin, Quote, TrustRoot, Verifier};

/// CPU time of each of these quotes in turn, on average.
fn each<'a>(verifier: &Verifier, quotes: impl ExactSizeIterator<Item = &'a Quote>, as_of: UnixTime) -> f64 {
    let count = quotes.len() as f64;
    let all = clock::once(|| {
        for quote in quotes {
            black_box(verifier.verify(quote, as_of).expect("genuine"));
        }
    });
    all / count
}

/// From nothing but bytes: the collateral is prepared within, four hosts, no quote twice in a row.
pub(crate) fn print_quotes(quick: bool) {
    let hosts = forged::hosts(4);
    let genuine = forged::with_revocations(0);
    let root = TrustRoot::from_der(&genuine.root_der).expect("a root");
    let collateral = forged::parts(&genuine);
    println!("\n{:<20} {:>9}", "quotes of 4 hosts", "CPU us each, the collateral's preparing included");
    let counts: &[usize] = if quick { &[1, 10] } else { &[1, 10, 100, 1_000, 10_000] };
    for count in counts {
        let run = || {
            let mut known = KnownCollateral::new(&root, &Budget::STANDARD);
            known.add(&collateral, Origin::Caller, "forged");
            let verifier = Verifier::new(known, Expiry::Enforce);
            for quote in hosts.iter().cycle().take(*count) {
                black_box(verifier.verify(quote, genuine.as_of).expect("genuine"));
            }
        };
        let rounds = if quick { 1 } else { (20_000 / count).clamp(3, 200) };
        println!("{count:<20} {:>9.1}", clock::of_runs(rounds, run) / *count as f64);
    }
}

/// First and second quote of every host, and every host in turn where memory does not suffice.
pub(crate) fn print_hosts(quick: bool) {
    println!("\n{:<20} {:>9} {:>9} {:>12}", "hosts", "CPU us 1st", "2nd", "bytes kept");
    let counts: &[u64] = if quick { &[1, 4] } else { &[1, 10, 100, 1_000] };
    let most = counts.last().copied().unwrap_or(1);
    let quotes = forged::hosts(most);
    for count in counts {
        let hosts = &quotes[..usize::try_from(*count).expect("few")];
        let rounds = if quick { 1 } else { (2_000 / hosts.len()).clamp(3, 100) };
        let (mut first, mut second, mut kept) = (Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            let (verifier, as_of) = forged::verifier();
            first.push(each(&verifier, hosts.iter(), as_of));
            second.push(each(&verifier, hosts.iter(), as_of));
            kept = verifier.statistics().memory_bytes;
        }
        let (first, second) = (clock::tenth(&mut first), clock::tenth(&mut second));
        println!("{count:<20} {first:>9.1} {second:>9.1} {kept:>12}");
    }
    let little = 64 << 10;
    let (verifier, as_of) = forged::with_memory(little);
    let rounds = if quick { 1 } else { 3 };
    let mut times: Vec<f64> = (0..rounds).map(|_| each(&verifier, quotes.iter(), as_of)).collect();
    let kept = verifier.statistics().memory_bytes;
    println!("{:<20} {:>9.1} {:>9} {kept:>12}", format!("{most}, in 64 KiB"), clock::tenth(&mut times), "");
}

/// Preparing collateral with a long revocation list once, and then a quote.
pub(crate) fn print_lists(quick: bool) {
    println!(
        "\n{:<20} {:>11} {:>9} {:>12} {:>14}",
        "revoked certificates", "prepare us", "quote us", "bytes kept", "dcap-qvl us"
    );
    let counts: &[u32] = if quick { &[0, 100] } else { &[0, 100, 2_000, 60_000, 600_000] };
    for count in counts {
        let forged = forged::with_revocations(*count);
        let root = TrustRoot::from_der(&forged.root_der).expect("a root");
        let (collateral, theirs) = (forged::parts(&forged), forged::their_parts(&forged));
        let quote = Quote::parse(&forged.quote).expect("genuine");
        let rounds = |most: usize| if quick { 1 } else { (200_000 / (*count as usize + 1)).clamp(3, most) };
        let prepare = clock::of_runs(rounds(100), || {
            black_box(collateral.verify_at(&root, forged.as_of, Expiry::Enforce).expect("genuine"));
        });
        let prepared = forged::prepare(&forged);
        assert_eq!(prepared.revoked_certificates().1, *count as usize);
        let judge = clock::of_runs(if quick { 1 } else { 400 }, || {
            black_box(prepared.verify(&quote, forged.as_of).expect("genuine"));
        });
        let peer = QuoteVerifier::new(forged.root_der.clone());
        let seconds = forged.as_of.seconds();
        let peer = clock::of_runs(rounds(100), || {
            black_box(peer.verify(&forged.quote, &theirs, seconds).expect("genuine"));
        });
        println!("{count:<20} {prepare:>11.0} {judge:>9.1} {:>12} {peer:>14.0}", prepared.memory_bytes());
    }
}
