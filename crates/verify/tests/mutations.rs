//! Random mutations of every form of evidence, through reader and pipeline: no panic, no verdict that is better than
//! the untouched evidence has, and bounded work. Seeded: the same cases in every run.

use std::time::{Duration, Instant};
use veritee_model::{Budget, Evidence, Item};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_second_opinion::DcapQvl;
use veritee_testkit::dstack::event::Event;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine, container};
use veritee_verify::{Engine, Expected, Grounds, Request, verify};

/// xorshift64*: enough to scatter, the same everywhere.
struct Scatter(u64);

impl Scatter {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// Changes, removes, repeats or inserts something, or cuts the end off.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let until = (at + 1 + self.below(40)).min(bytes.len());
            match self.below(7) {
                0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 if !bytes.is_empty() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                3 => bytes.truncate(at),
                4 => drop(bytes.drain(at..until)),
                5 => {
                    let copy = bytes[at..until].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => {
                    let tokens: [&[u8]; 8] =
                        [b"\"", b"{", b"]", b"\\u0000", b"\xff", b"-1", b"99999999999999999999", b"\x1b[2J"];
                    bytes.splice(at..at, tokens[self.below(8)].to_vec());
                }
            }
        }
    }
}

fn inputs(forged: &ForgedMachine) -> Vec<(&'static str, Vec<u8>)> {
    let runtime: Vec<Event> = forged.events.iter().filter(|event| event.imr == 3).cloned().collect();
    let stripped = container::stripped(&forged.events);
    let quote = &forged.platform.quote;
    let evidence = evidence(forged);
    vec![
        ("quote", quote.clone()),
        ("quote in hex", hex(quote)),
        ("GetQuote", forged.get_quote_json().into()),
        ("request", forged.verifier_request_json().into()),
        ("Info", forged.info_json().into()),
        ("tcb_info", forged.tcb_info().to_string().into()),
        ("page", forged.page_html().into()),
        ("RA-TLS", forged.ra_tls_pem.clone().into()),
        (
            "container 0",
            container::scale_parts(quote, &stripped, &runtime, &forged.report_data, &forged.vm_config),
        ),
        (
            "container 1",
            container::msgpack_parts(quote, &stripped, &runtime, &forged.report_data, &forged.vm_config),
        ),
        ("evidence", veritee_evidence::to_json(&evidence, "0.0.0").into()),
    ]
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn evidence(forged: &ForgedMachine) -> Evidence {
    let info = veritee_evidence::read("info", forged.info_json().as_bytes(), &Budget::STANDARD).unwrap();
    let mut evidence = info.select(None).unwrap();
    evidence.collateral.push(Item::new(forged.platform.collateral_json(), "collateral.json"));
    evidence
}

fn exit_code(evidence: &Evidence, forged: &ForgedMachine, root: &TrustRoot) -> u8 {
    let policy = Policy::default();
    let grounds = Grounds::new(root, &Budget::STANDARD);
    let report = verify(&Request {
        kind: veritee_model::Kind::Machine,
        evidence,
        policy: &policy,
        policy_sha256: None,
        as_of: forged.platform.as_of,
        grounds: &grounds,
        expected: &Expected::Nothing,
        engine: Engine::Both(&DcapQvl),
        fail_on: None,
        image: None,
        asked: &[],
        gpu: veritee_verify::GpuGiven::default(),
        chain: veritee_verify::ChainGiven::default(),
        audit: veritee_verify::audit::Given::default(),
        budget: &Budget::STANDARD,
        tool_version: "0.0.0",
    });
    let saved = veritee_report::json(&report);
    assert!(saved.len() < 4 << 20, "the report has {} bytes", saved.len());
    report.verdict.exit_code
}

/// For each form and each part: 17 of them.
const CASES: usize = 150;
const SLOWEST: Duration = Duration::from_secs(5);

#[test]
fn no_mutation_of_any_form_panics_runs_away_or_is_verified() {
    let forged = Machine::new(1).change(|machine| machine.binding = Binding::RaTls).forge();
    let root = TrustRoot::from_der(&forged.platform.root_der).unwrap();
    let collateral = Item::new(forged.platform.collateral_json(), "collateral.json");
    let mut scatter = Scatter(0x5eed_0001);
    let (mut read, mut refused) = (0, 0);
    for (form, bytes) in inputs(&forged) {
        for case in 0..CASES {
            let mut bytes = bytes.clone();
            scatter.mutate(&mut bytes);
            let begin = Instant::now();
            match veritee_evidence::read("input", &bytes, &Budget::STANDARD) {
                Err(_) => refused += 1,
                Ok(readout) => {
                    for machine in readout.machines {
                        let mut evidence = machine.evidence;
                        evidence.vm_config = evidence.vm_config.filter(|_| case % 10 == 0);
                        if evidence.collateral.is_empty() {
                            evidence.collateral.push(collateral.clone());
                        }
                        // The root is not one that the default policy names: nothing may come out as verified.
                        let code = exit_code(&evidence, &forged, &root);
                        assert!(matches!(code, 10 | 11 | 13), "{form}, case {case}: exit code {code}");
                        read += 1;
                    }
                }
            }
            assert!(begin.elapsed() < SLOWEST, "{form}, case {case}: {:?}", begin.elapsed());
        }
    }
    assert!(
        read > 200 && refused > 200,
        "{read} read, {refused} refused: the mutations are too mild or too rough"
    );
}

/// Where a part's bytes are.
type Part = fn(&mut Evidence) -> &mut Vec<u8>;

#[test]
fn no_mutation_of_any_part_panics_runs_away_or_passes_for_the_genuine_part() {
    let forged = Machine::new(1).change(|machine| machine.binding = Binding::RaTls).forge();
    let root = TrustRoot::from_der(&forged.platform.root_der).unwrap();
    let genuine = evidence(&forged);
    let parts: [(&str, Part); 6] = [
        ("quote", |it| &mut it.quote.as_mut().unwrap().bytes),
        ("event log", |it| &mut it.event_log.as_mut().unwrap().item.bytes),
        ("app_compose", |it| &mut it.app_compose.as_mut().unwrap().bytes),
        ("vm_config", |it| &mut it.vm_config.as_mut().unwrap().bytes),
        ("certificates", |it| &mut it.certificates.as_mut().unwrap().bytes),
        ("collateral", |it| &mut it.collateral[0].bytes),
    ];
    let mut scatter = Scatter(0x5eed_0002);
    for (part, bytes_of) in parts {
        for case in 0..CASES {
            let mut evidence = genuine.clone();
            if part != "vm_config" {
                // Recomputing virtual hardware is most of the work, and none of it depends on the other parts.
                evidence.vm_config = None;
            }
            scatter.mutate(bytes_of(&mut evidence));
            let begin = Instant::now();
            let code = exit_code(&evidence, &forged, &root);
            assert!(matches!(code, 10 | 11 | 13), "{part}, case {case}: exit code {code}");
            assert!(begin.elapsed() < SLOWEST, "{part}, case {case}: {:?}", begin.elapsed());
        }
    }
}
