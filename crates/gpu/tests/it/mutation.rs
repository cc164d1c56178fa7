//! Hostile bytes: no panic, and nothing that is signed can change.

use crate::world::{NONCE, SEED, as_of, device, manifests, one, read, roots};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use veritee_gpu::container::{self, Device};
use veritee_gpu::revocation::Revocation;
use veritee_gpu::{Examination, Examine, Family, Memory, Opaque, Roots};
use veritee_model::Budget;
use veritee_testkit::gpu::{AnswerSpec, ListSpec, machine, payload};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// One to three edits: a bit, a byte, a cut, a copy, an insertion.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, 0x80, b'"', b'<'][self.below(6)],
                2 => bytes.truncate(at),
                3 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, copy);
                }
                4 => bytes.insert(at.min(bytes.len()), u8::try_from(self.below(256)).unwrap()),
                _ => {
                    let end = (at + self.below(8)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
    }
}

/// With a memory for all rounds: certificates that were verified are not verified anew.
fn examine(devices: &[Device], collateral: &[Vec<u8>], roots: &Roots, memory: &Memory) -> Examination {
    let collateral: Vec<&[u8]> = collateral.iter().map(Vec::as_slice).collect();
    let budget = Budget::STANDARD;
    Examine { devices, collateral: &collateral, roots, as_of: as_of(), budget: &budget }.run(memory)
}

#[test]
fn twenty_thousand_mutations_of_every_input_end_without_a_panic_and_without_a_changed_fact() {
    let (spec, roots) = (one(), roots());
    let report = spec.report();
    let opaque = &report[3599..report.len() - 96];
    let container = payload(&machine(SEED, NONCE, 1, 1));
    let mut collateral = manifests();
    collateral.push(AnswerSpec::good(SEED, &spec.chain[1], as_of()).forge());
    collateral.push(ListSpec::empty(SEED, &spec.chain[3], as_of()).forge());
    let (mut random, memory) = (Random(20_000), Memory::new());
    let genuine = examine(&[device(&spec)], &[], &roots, &memory);
    let genuine = genuine.devices[0].as_ref().unwrap().chain().clone();
    for round in 0..20_000 {
        match round % 20 {
            0..10 => {
                let mut device = device(&spec);
                random.mutate(&mut device.report);
                let found = examine(std::slice::from_ref(&device), &[], &roots, &memory);
                assert!(found.devices[0].is_err() || device.report == report, "round {round}");
            }
            10..13 => {
                let mut device = device(&spec);
                random.mutate(&mut device.chain);
                let found = examine(std::slice::from_ref(&device), &[], &roots, &memory);
                if let Ok(signed) = &found.devices[0] {
                    // Line ends and zero bytes behind the text are no part of a certificate.
                    assert_eq!(signed.chain(), &genuine, "round {round}");
                }
            }
            13..16 => {
                let mut bytes = container.clone();
                random.mutate(&mut bytes);
                let _ = container::read(&bytes, &Budget::STANDARD);
            }
            16..18 => {
                let mut bytes = opaque.to_vec();
                random.mutate(&mut bytes);
                for family in Family::ALL {
                    let _ = Opaque::parse(&bytes, 3599, family);
                }
            }
            kind => {
                // Statements, or manifests, which cost most.
                let at = if kind == 18 { 3 + random.below(2) } else { random.below(3) };
                let mut items = if kind == 18 { collateral[3..].to_vec() } else { collateral.clone() };
                let at = if kind == 18 { at - 3 } else { at };
                random.mutate(&mut items[at]);
                let found = examine(&[device(&spec)], &items, &roots, &memory);
                let set = found.set.unwrap().unwrap();
                if let Ok(comparison) = set.gpus()[0].comparison() {
                    assert!(comparison.is_equal(), "round {round}");
                }
            }
        }
    }
    assert_eq!(read(&container).len(), 2);
}

#[test]
fn no_bit_of_a_signed_part_of_a_manifest_can_be_flipped() {
    let genuine = manifests().remove(0);
    let end = genuine.windows(14).position(|window| window == b"<ds:Signature ").unwrap();
    let budget = Budget::STANDARD;
    let memory = Memory::new();
    for byte in (0..end).step_by(5) {
        let mut changed = genuine.clone();
        changed[byte] ^= 1 << (byte % 7);
        let result = veritee_gpu::Manifest::verify(&changed, &roots(), as_of(), &budget, &memory);
        assert!(result.is_err(), "byte {byte}");
    }
}

#[test]
fn no_bit_of_a_genuine_chain_can_be_flipped() {
    let chain = crate::world::vector("hopperCertChain.txt");
    let (roots, budget, memory) = (Roots::nvidia(), Budget::STANDARD, Memory::new());
    let verify = |ders: &[Vec<u8>]| {
        let text: String = ders.iter().map(|der| veritee_testkit::der::pem("CERTIFICATE", der)).collect();
        veritee_gpu::DeviceChain::verify(text.as_bytes(), &roots, as_of(), &budget, &memory)
    };
    let mut ders: Vec<Vec<u8>> = String::from_utf8(chain)
        .unwrap()
        .split("-----END CERTIFICATE-----")
        .filter_map(|part| part.split("-----BEGIN CERTIFICATE-----").nth(1))
        .map(|body| STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap())
        .collect();
    assert!(verify(&ders).is_ok() && ders.len() == 5);
    for at in 0..5 {
        for byte in 0..ders[at].len() {
            ders[at][byte] ^= 1 << (byte % 8);
            assert!(verify(&ders).is_err(), "certificate {at}, byte {byte}");
            ders[at][byte] ^= 1 << (byte % 8);
        }
    }
}

#[test]
fn no_bit_of_an_answer_or_a_list_can_be_flipped() {
    let (spec, roots, memory) = (one(), roots(), Memory::new());
    let genuine: Vec<Vec<u8>> =
        spec.chain[1..4].iter().map(|it| AnswerSpec::good(SEED, it, as_of()).forge()).collect();
    let lists = [
        ListSpec::empty(SEED, &spec.chain[3], as_of()).forge(),
        ListSpec::empty(SEED, &spec.chain[4], as_of()).forge(),
    ];
    let said = |items: &[Vec<u8>]| {
        let set = examine(&[device(&spec)], items, &roots, &memory).set.unwrap().unwrap();
        set.gpus()[0].revocation().clone()
    };
    // With answers alone every one counts; a list answers beside the device's own answer.
    for items in [genuine.clone(), [&genuine[..1], &lists[..]].concat()] {
        assert!(matches!(said(&items), Revocation::NotRevoked { .. }));
        for at in [0, items.len() - 1] {
            for byte in 0..items[at].len() {
                let mut changed = items.clone();
                changed[at][byte] ^= 1 << (byte % 8);
                let said = said(&changed);
                let counts = matches!(said, Revocation::NotRevoked { .. } | Revocation::Revoked { .. });
                assert!(!counts, "item {at}, byte {byte}: {said:?}");
            }
        }
    }
}
