//! Hostile bytes: no panic, and nothing that is signed can change.

use crate::world::{NONCE, SEED, as_of, device, manifests, one, read, roots};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use veritee_gpu::boot_gate::BootGate;
use veritee_gpu::container::{self, Device};
use veritee_gpu::manifest::from_service;
use veritee_gpu::revocation::{Revocation, Statements};
use veritee_gpu::{DeviceChain, Examination, Examine, Family, Manifest, Memory, Opaque, ParsedReport, Roots};
use veritee_model::Budget;
use veritee_testkit::gpu::{AnswerSpec, ListSpec, ManifestSpec, ResourceSpec, machine, payload};

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
    Examine { devices, collateral: &collateral, roots, as_of: as_of(), budget: &budget, report_data: None }
        .run(memory)
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

/// A parser with inputs that it reads.
type Parser<'a> = (&'static str, Vec<Vec<u8>>, Box<dyn Fn(&[u8]) + 'a>);

/// A manifest of few values: what a document of any length has.
fn small_manifest() -> Vec<u8> {
    let mut spec = ManifestSpec::driver(SEED);
    spec.resources.truncate(8);
    spec.resources.push(ResourceSpec::floor(37, 5));
    spec.forge()
}

fn parsers<'a>(budget: &'a Budget, roots: &'a Roots, memory: &'a Memory) -> Vec<Parser<'a>> {
    let spec = one();
    let (report, manifest) = (spec.report(), small_manifest());
    let mut new_layout = one();
    new_layout.report.new_layout = Some((2, 0));
    let opaque = |report: &[u8]| report[3599..report.len() - 96].to_vec();
    let entries = json!([spec.entry()]).to_string();
    let token = "eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJ4IiwibWVhc3JlcyI6InN1Y2Nlc3MifQ.AAAA";
    let containers = vec![
        payload(&machine(SEED, NONCE, 1, 1)),
        entries.clone().into_bytes(),
        json!({ "evidences": [spec.entry()], "result_code": 0 }).to_string().into_bytes(),
        json!({ "bundles": [{ "vendor": "nvidia", "evidence": hex::encode(&entries) }] })
            .to_string()
            .into_bytes(),
        json!({ "device_evidence_list": [spec.entry()] }).to_string().into_bytes(),
        json!({ "result_code": 0, "detached_eat": [["JWT", token]] }).to_string().into_bytes(),
        token.as_bytes().to_vec(),
    ];
    let gate = br#"{"version":2,"provider":"nvidia","devices":8,"cc_mode":"on","devtools":false,"evidence_sha256":"33"}"#;
    let service = json!({ "id": "x", "rim": STANDARD.encode(&manifest) }).to_string().into_bytes();
    let statements = vec![
        AnswerSpec::good(SEED, &spec.chain[1], as_of()).forge(),
        ListSpec::empty(SEED, &spec.chain[3], as_of()).forge(),
    ];
    vec![
        ("report", vec![report.clone()], Box::new(|bytes| drop(ParsedReport::parse(bytes, budget)))),
        (
            "opaque data",
            vec![opaque(&report), opaque(&new_layout.report())],
            Box::new(|bytes| {
                Family::ALL.into_iter().for_each(|family| drop(Opaque::parse(bytes, 3599, family)));
            }),
        ),
        (
            "certificate chain",
            vec![spec.pem()],
            Box::new(|bytes| drop(DeviceChain::verify(bytes, roots, as_of(), budget, memory))),
        ),
        ("container", containers.clone(), Box::new(|bytes| drop(container::read(bytes, budget)))),
        ("what a service said", containers, Box::new(|bytes| drop(container::said(bytes, budget)))),
        (
            "manifest",
            vec![manifest.clone()],
            Box::new(|bytes| drop(Manifest::verify(bytes, roots, as_of(), budget, memory))),
        ),
        ("service's answer", vec![service], Box::new(|bytes| drop(from_service(bytes)))),
        ("answer and list", statements, Box::new(|bytes| drop(Statements::read([bytes], budget)))),
        ("boot gate", vec![gate.to_vec()], Box::new(|bytes| drop(BootGate::read(bytes)))),
    ]
}

#[test]
fn twenty_thousand_mutations_of_the_input_of_each_parser_end_without_a_panic() {
    let (budget, roots, memory) = (Budget::STANDARD, roots(), Memory::new());
    for (at, (name, seeds, parse)) in parsers(&budget, &roots, &memory).into_iter().enumerate() {
        let mut random = Random(u64::try_from(at).unwrap());
        let mut changed = 0;
        for round in 0..20_000 {
            let mut bytes = seeds[round % seeds.len()].clone();
            random.mutate(&mut bytes);
            changed += usize::from(bytes != seeds[round % seeds.len()]);
            parse(&bytes);
        }
        assert!(changed > 19_000, "{name}: {changed}");
    }
}

/// One bit of each byte; which one goes by its place.
#[test]
fn no_bit_of_a_signed_part_of_a_manifest_can_be_flipped() {
    let genuine = small_manifest();
    let find = |part: &[u8]| genuine.windows(part.len()).position(|window| window == part).unwrap();
    let document = 0..find(b"<ds:Signature ");
    let info = find(b"<ds:SignedInfo>")..find(b"<ds:SignatureValue>");
    let (budget, roots, memory) = (Budget::STANDARD, roots(), Memory::new());
    let verify = |bytes: &[u8]| Manifest::verify(bytes, &roots, as_of(), &budget, &memory);
    assert!(verify(&genuine).is_ok());
    for byte in document.chain(info) {
        let mut changed = genuine.clone();
        changed[byte] ^= 1 << (byte % 8);
        assert!(verify(&changed).is_err(), "byte {byte}");
    }
}

/// One bit of each byte of each certificate.
#[test]
fn no_bit_of_a_genuine_chain_can_be_flipped() {
    let chain = crate::world::vector("hopperCertChain.txt");
    let (roots, budget, memory) = (Roots::nvidia(), Budget::STANDARD, Memory::new());
    let verify = |ders: &[Vec<u8>]| {
        let text: String = ders.iter().map(|der| veritee_testkit::der::pem("CERTIFICATE", der)).collect();
        DeviceChain::verify(text.as_bytes(), &roots, as_of(), &budget, &memory)
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
