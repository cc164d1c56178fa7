//! Random universes under a reference judge: which collateral decides, what is revoked, what the policy lets pass, and that
//! every command says so. `VERITEE_UNIVERSES` says how many are drawn, `VERITEE_UNIVERSE` judges one again by its number.

mod kept;
mod monotony;
mod plan;
mod pool;
mod product;
mod reference;
mod saved;

use plan::Universe;
use product::Product;
use std::collections::BTreeMap;
use veritee_verify::Engine;

/// How many are drawn where nobody asks for more.
const FEW: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the product says that the reference does not allow; nothing where they agree.
fn difference(universe: &Universe, seed: u64) -> Option<String> {
    let allowed = reference::judge(universe);
    let product = Product::new(universe, 0);
    let line = product.batch();
    if !allowed.contains(&line.code) {
        return Some(format!("batch says {line:?}, allowed are {allowed:?}"));
    }
    // What costs more is asked of some.
    if seed.is_multiple_of(2) {
        let whole = product.quote_verify(Engine::Native);
        if whole != line {
            return Some(format!("quote verify says {whole:?}, batch {line:?}"));
        }
        let again = product.batch();
        if again != line {
            return Some(format!("batch says {line:?}, and then {again:?}"));
        }
    } else {
        let turned = Product::new(universe, seed).batch();
        if turned != line {
            return Some(format!("in another order batch says {turned:?}, else {line:?}"));
        }
    }
    if seed.is_multiple_of(8) {
        let machine = product.verify();
        if !machine.reasons.is_empty() {
            return Some(format!("verify differs: {:?}", machine.reasons));
        }
    }
    if seed.is_multiple_of(16) {
        let both = product.quote_verify(Engine::Both(&veritee_second_opinion::DcapQvl));
        if both != line {
            return Some(format!("with both engines {both:?}, with one {line:?}"));
        }
    }
    None
}

/// The simplest universe that still shows a difference.
fn simplest(mut universe: Universe, seed: u64) -> (Universe, String) {
    let mut words = difference(&universe, seed).unwrap();
    'simpler: loop {
        for simpler in universe.simpler() {
            if let Some(found) = difference(&simpler, seed) {
                (universe, words) = (simpler, found);
                continue 'simpler;
            }
        }
        return (universe, words);
    }
}

#[test]
fn the_product_says_what_the_reference_says() {
    let (first, count) = match number("VERITEE_UNIVERSE") {
        Some(one) => (one, 1),
        None => (0, number("VERITEE_UNIVERSES").unwrap_or(FEW)),
    };
    let threads = if count > 10_000 { 2 } else { 1 };
    let differing: Vec<(u64, String)> = std::thread::scope(|scope| {
        let judge = |thread: u64| {
            scope.spawn(move || {
                let mut differing = Vec::new();
                for seed in (first + thread..first + count).step_by(threads) {
                    let universe = Universe::drawn(seed);
                    if difference(&universe, seed).is_some() {
                        let (simple, words) = simplest(universe, seed);
                        differing.push((seed, format!("{words}\n{simple:?}")));
                        if differing.len() > 20 {
                            break;
                        }
                    }
                }
                differing
            })
        };
        let running: Vec<_> = (0..u64::try_from(threads).unwrap()).map(judge).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let shown: Vec<String> =
        differing.iter().take(6).map(|(seed, words)| format!("universe {seed}: {words}")).collect();
    assert!(differing.is_empty(), "{} differ\n{}", differing.len(), shown.join("\n"));
}

/// A generator that draws only what is refused would prove nothing.
#[test]
fn what_is_drawn_is_of_every_kind() {
    let mut seen: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for seed in 0..4_000 {
        let allowed: Vec<u8> = reference::judge(&Universe::drawn(seed)).into_iter().collect();
        *seen.entry(allowed).or_default() += 1;
    }
    for code in [0, 10, 11, 13] {
        let alone = seen.get(&vec![code]).copied().unwrap_or_default();
        assert!(alone > 150, "{code} alone: {alone} of 4000; {seen:?}");
    }
}
