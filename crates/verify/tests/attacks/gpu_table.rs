//! The attacks on evidence of GPUs by number: `test-vectors/gpu/attacks.md` says what each gives, here each is forged.

use crate::gpu::{SEED, World, answers, as_of, device, roots, with};
use crate::support::NONCE;
use serde_json::Value;
use std::collections::BTreeMap;
use veritee_gpu::Memory;
use veritee_model::{Budget, Check, CheckId, Kind, Outcome, ReportData, Severity, UnixTime, Verdict};
use veritee_policy::Policy;
use veritee_testkit::gpu::{
    self, AnswerSpec, DeviceSpec, GpuCertificate, GpuKind, ListSpec, ManifestSpec, ResponseStatus, identity,
    payload,
};

/// One attack, in as many ways as it has.
type Case = (&'static str, fn() -> Vec<World>);
/// Numbers of `attacks.md`: whoever drops a row has to say so here.
const ATTACKS: usize = 93;
/// Where a report of 64 blocks has its fields.
const RESPONDER_NONCE: usize = 3565;
const OPAQUE_LENGTH: usize = 3597;
const OPAQUE: usize = 3599;

struct Row {
    number: String,
    attack: String,
    check: String,
    /// `None` where it passes.
    reason: Option<String>,
    exit_code: u8,
}

fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/gpu/attacks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let lines = lines.map(cells).filter(|row| row[0].starts_with(|first: char| first.is_ascii_digit()));
    let row = |cells: Vec<String>| {
        let [number, attack, check, reason, code] = <[String; 5]>::try_from(cells).unwrap();
        let reason = (reason != "pass").then_some(reason);
        Row { number, attack, check, reason, exit_code: code.parse().unwrap() }
    };
    lines.map(row).collect()
}

/// What is judged, under a policy that requires every check about GPUs but that of versions.
fn judged(world: &World, memory: &Memory) -> (Vec<Check>, Verdict) {
    let demanded =
        Policy::parse("schema = \"veritee/policy/v1\"\nname = \"test\"\n[gpu]\nrequired = true\n").unwrap();
    let demanded = demanded.gpu.demanded();
    let mut checks = world.judge_with(memory);
    for check in &mut checks {
        check.required = demanded.contains(&check.id) || check.id == CheckId::GpuRevocation;
    }
    let verdict = Verdict::conclude(Kind::Gpus, &checks, &[], Severity::High);
    (checks, verdict)
}

#[test]
fn every_attack_of_the_table_gives_its_reason_and_its_exit_code() {
    let memory = Memory::new();
    let (_, genuine) = judged(&crate::gpu::world(), &memory);
    assert_eq!(genuine.exit_code, 0, "without a fault: {genuine:?}");
    let (_, genuine) = judged(&eight(), &memory);
    assert_eq!(genuine.exit_code, 0, "without a fault: {genuine:?}");

    let families = [REPORT, CHAIN, FIRMWARE, SET, BINDING, MANIFEST, REVOCATION, TEXT];
    let all: Vec<&Case> = families.iter().flat_map(|family| family.iter()).collect();
    let cases: BTreeMap<&str, fn() -> Vec<World>> =
        all.iter().map(|(number, case)| (*number, *case)).collect();
    assert_eq!(cases.len(), all.len(), "a number twice");
    let rows = rows();
    let without: Vec<&str> =
        rows.iter().map(|row| row.number.as_str()).filter(|number| !cases.contains_key(number)).collect();
    assert!(without.is_empty(), "rows without a case: {without:?}");
    assert_eq!(
        (rows.len(), cases.len()),
        (ATTACKS, ATTACKS),
        "cases without a row, or a row that was dropped"
    );
    let mut other = Vec::new();
    for row in &rows {
        let worlds = cases[row.number.as_str()]();
        assert!(!worlds.is_empty(), "{}", row.number);
        for (at, world) in worlds.iter().enumerate() {
            let (checks, verdict) = judged(world, &memory);
            let check = checks.iter().find(|check| check.id.id() == row.check).unwrap();
            let got = (check.reason.map(|reason| reason.code().to_owned()), verdict.exit_code);
            let place = format!("{} {}, way {at}: {check:#?}\n{verdict:?}", row.number, row.attack);
            if got != (row.reason.clone(), row.exit_code) {
                other.push(format!("{} {}, way {at}: {got:?}, {}", row.number, row.attack, check.detail));
                continue;
            }
            assert_eq!(check.outcome == Outcome::Pass, row.reason.is_none(), "{place}");
            for check in &checks {
                let texts = [
                    Some(&check.detail),
                    check.expected.as_ref(),
                    check.got.as_ref(),
                    check.location.as_ref(),
                ];
                let inert = |text: &&String| !text.contains(|it: char| it.is_control() || it == '\u{202e}');
                assert!(texts.iter().flatten().all(inert), "{place}");
            }
        }
    }
    assert!(other.is_empty(), "{other:#?}");
}

/// Eight GPUs and four switches of one machine.
fn eight() -> World {
    with(|world| {
        world.devices = gpu::machine(SEED, NONCE, 8, 4);
        world.measured = Some((8, 4));
        world.collateral.truncate(3);
        for device in &world.devices {
            world.collateral.extend(answers(device, ResponseStatus::Good));
        }
    })
}

fn of_eight(edit: impl FnOnce(&mut Vec<DeviceSpec>)) -> Vec<World> {
    vec![eight().change(|world| edit(&mut world.devices))]
}

/// The first GPU's entry of the container, changed after everything was signed.
fn entry(edit: impl FnOnce(&mut Value)) -> World {
    with(|world| {
        let mut container: Value = serde_json::from_slice(&payload(&world.devices)).unwrap();
        edit(&mut container["evidence_list"][0]);
        world.container = Some(container.to_string().into_bytes());
    })
}

/// The first GPU's report, changed after it was signed.
fn report(edit: impl FnOnce(&mut Vec<u8>)) -> World {
    let mut bytes = gpu::machine(SEED, NONCE, 2, 2)[0].report();
    edit(&mut bytes);
    entry(|entry| entry["evidence"] = hex::encode(bytes).into())
}

fn byte(at: usize, value: u8) -> World {
    report(|report| report[at] = value)
}

fn flipped(at: usize) -> Vec<World> {
    [1, 0x80].into_iter().map(|bit| report(|report| report[at] ^= bit)).collect()
}

/// A part of the signature: counted from the report's end.
fn signature(from_end: usize, value: u8) -> Vec<World> {
    vec![report(|report| {
        let at = report.len() - from_end;
        report[at..at + 48].fill(value);
    })]
}

/// Bytes at which a field begins or ends.
fn cuts() -> Vec<World> {
    let length = gpu::machine(SEED, NONCE, 2, 2)[0].report().len();
    let head = [0, 1, 2, 3, 4, 36, 37, 38, 39, 40, 41, 42, 45];
    let blocks = [0, 1, 63].map(|block| 45 + 55 * block);
    let in_blocks = blocks.into_iter().flat_map(|at| [at + 1, at + 2, at + 4, at + 5, at + 7, at + 55]);
    let tail =
        [RESPONDER_NONCE, OPAQUE_LENGTH, OPAQUE_LENGTH + 1, OPAQUE, length - 96, length - 48, length - 1];
    let all = head.into_iter().chain(in_blocks).chain(tail);
    all.map(|at| report(|report| report.truncate(at))).collect()
}

const REPORT: &[Case] = &[
    ("1.1", || flipped(4)),
    ("1.2", || flipped(45 + 7)),
    ("1.3", || flipped(RESPONDER_NONCE)),
    ("1.4", || flipped(OPAQUE + 4)),
    ("1.5", || {
        [96, 49, 48, 1].map(|back| report(|it| *it.iter_mut().nth_back(back - 1).unwrap() ^= 1)).into()
    }),
    ("1.6", cuts),
    ("1.7", || vec![report(|report| report.push(1)), report(|report| report.extend([0, 7]))]),
    ("1.8", || vec![byte(41, 65), byte(41, 63)]),
    ("1.9", || vec![byte(41, 255)]),
    ("1.10", || vec![byte(42, 0xc1), byte(42, 0xbf)]),
    ("1.11", || vec![report(|report| report[42..45].fill(0xff))]),
    ("1.12", || {
        let off = |by: u16| {
            report(|report| {
                let length = u16::from_le_bytes([report[OPAQUE_LENGTH], report[OPAQUE_LENGTH + 1]]);
                report[OPAQUE_LENGTH..OPAQUE].copy_from_slice(&length.wrapping_add(by).to_le_bytes());
            })
        };
        vec![off(1), off(u16::MAX)]
    }),
    ("1.13", || {
        let huge =
            |value: u16| report(|report| report[OPAQUE_LENGTH..OPAQUE].copy_from_slice(&value.to_le_bytes()));
        vec![huge(u16::MAX), huge(16 << 10)]
    }),
    ("1.14", || vec![byte(45, 0)]),
    ("1.15", || vec![byte(45 + 55, 1)]),
    ("1.16", || vec![byte(45 + 55, 3)]),
    ("1.17", || vec![byte(46, 2), byte(46, 0)]),
    ("1.18", || vec![byte(49, 0x81), byte(49, 0)]),
    ("1.19", || vec![byte(47, 50), byte(48, 1), byte(50, 47), byte(51, 1)]),
    ("1.20", || {
        let past: fn(&mut Vec<u8>) = |report| {
            let last = report.len() - 3;
            report[last] = 0xff;
        };
        vec![device(0, |it| it.report.edit_unsigned = Some(past))]
    }),
    ("1.21", || {
        vec![device(0, |it| {
            let first = it.report.opaque[0].clone();
            it.report.opaque.push(first);
        })]
    }),
    ("1.22", || vec![device(0, |it| it.report.opaque.push((999, 0x99, vec![1, 2, 3])))]),
    ("1.23", || [3, 6, 20, 21].map(|kind| device(0, |it| it.opaque_mut(kind).clear())).into()),
    ("1.24", || vec![device(0, |it| it.report.opaque.insert(0, (998, 0, b"NVDAOD\0\0\x02\0\0\0".to_vec())))]),
    ("1.25", || vec![device(0, |it| it.report.new_layout = Some((2, 1)))]),
    ("1.26", || vec![device(0, |it| it.report.new_layout = Some((3, 0)))]),
    ("1.27", || signature(96, 0)),
    ("1.28", || signature(48, 0)),
    ("1.29", || signature(96, 0xff)),
    ("1.30", || signature(48, 0xff)),
    ("1.31", || vec![byte(0, 0x12), byte(37, 0x12)]),
];

fn chain(edit: impl FnOnce(&mut Vec<GpuCertificate>)) -> Vec<World> {
    vec![device(0, |it| edit(&mut it.chain))]
}

fn pem(edit: impl FnOnce(String) -> String) -> Vec<World> {
    vec![device(0, |it| it.pem = Some(edit(String::from_utf8(it.pem()).unwrap()).into_bytes()))]
}

const CHAIN: &[Case] = &[
    ("2.1", || {
        chain(|chain| {
            chain[4].key = "stranger".to_owned();
            chain[4].signed_by = "stranger".to_owned();
            chain[3].signed_by = "stranger".to_owned();
        })
    }),
    ("2.2", || [0, 2, 4].into_iter().flat_map(|at| chain(|chain| drop(chain.remove(at)))).collect()),
    ("2.3", || chain(|chain| chain.push(gpu::device_root(SEED)))),
    ("2.4", || {
        let mut ways = chain(|chain| chain.reverse());
        ways.extend(chain(|chain| chain.swap(1, 2)));
        ways
    }),
    ("2.5", || {
        let other = gpu::device_chain(SEED, GpuKind::Hopper, "gpu 1", [0xf1; 48]);
        chain(|chain| chain[0] = other[0].clone())
    }),
    ("2.6", || vec![device(2, |it| it.arch = "HOPPER".into()), device(0, |it| it.arch = "LS10".into())]),
    ("2.7", || {
        chain(|chain| {
            chain[1].extensions.retain(|it| it.oid != veritee_testkit::certificate::oids::BASIC_CONSTRAINTS);
        })
    }),
    ("2.8", || {
        pem(|text| text.replacen("-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\nsubject: x\n", 1))
    }),
    ("2.9", || pem(|text| text.repeat((5 << 20) / text.len() + 1))),
    ("2.10", || pem(|text| text.repeat((65 << 10) / text.len() + 1))),
];

const FIRMWARE: &[Case] = &[
    ("3.1", || vec![device(0, |it| it.opaque_mut(20)[0] ^= 1), device(1, |it| it.opaque_mut(20).fill(0))]),
    ("3.2", || vec![device(0, |it| it.report.opaque.retain(|entry| entry.0 != 20))]),
    ("3.3", || {
        let mut other = gpu::device_chain(SEED, GpuKind::Hopper, "other", [0xf1; 48]);
        let identity = other[0].extension_mut("2.23.133.5.4.1").value.clone();
        chain(|chain| chain[0].extension_mut("2.23.133.5.4.1").value = identity)
    }),
];

const SET: &[Case] = &[
    ("4.1", || {
        of_eight(|devices| {
            let first = devices[0].clone();
            devices[1..8].fill(first);
        })
    }),
    ("4.2", || {
        of_eight(|devices| {
            devices[3] = devices[0].clone();
            devices[3].report.responder_nonce = [9; 32];
        })
    }),
    ("4.3", || of_eight(|devices| drop(devices.remove(5)))),
    ("4.4", || of_eight(|devices| devices[7].report.nonce = [1; 32])),
    ("4.5", || of_eight(|devices| *devices[7].opaque_mut(3) = b"570.172.09\0".to_vec())),
    ("4.6", || of_eight(|devices| devices[7].opaque_mut(36)[0] = 1)),
    ("4.7", || vec![eight().change(|world| world.measured = Some((0, 0)))]),
    ("4.8", || of_eight(|devices| devices[8].opaque_mut(26)[0] ^= 1)),
    ("4.9", || {
        of_eight(|devices| {
            for gpu in &mut devices[..8] {
                let forward: Vec<u8> =
                    (0..18).flat_map(|link| identity(SEED, &format!("switch {}", link % 4))).collect();
                *gpu.opaque_mut(22) = forward;
            }
        })
    }),
];

const BINDING: &[Case] = &[
    ("5.1", || {
        let relabelled = with(|world| {
            world.nonce = Some(NONCE);
            world.devices.iter_mut().for_each(|it| it.report.nonce = [1; 32]);
            let text = String::from_utf8(payload(&world.devices)).unwrap();
            let text = text.replace(&hex::encode([1; 32]), &hex::encode(NONCE));
            world.container = Some(text.into_bytes());
        });
        vec![relabelled]
    }),
    ("5.2", || {
        let mut data = [7; 64];
        data[..32].copy_from_slice(&NONCE);
        vec![with(|world| world.report_data = Some(ReportData::new(data)))]
    }),
    ("5.3", || {
        let nonces = [
            "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb",
            "4cff7f5380ead8fad8ec2c531c110aca4302a88f603792801a8ca29ee151af2e",
        ];
        let recorded = |nonce| {
            let nonce: [u8; 32] = veritee_model::bytes::decode_hex(nonce).unwrap();
            with(|world| {
                world.devices = gpu::machine(SEED, nonce, 2, 2);
                let mut data = [7; 64];
                data[32..].copy_from_slice(&nonce);
                world.report_data = Some(ReportData::new(data));
            })
        };
        nonces.map(recorded).into()
    }),
];

/// The driver's manifest, changed.
fn manifest(edit: impl FnOnce(&mut ManifestSpec)) -> Vec<World> {
    let mut spec = ManifestSpec::driver(SEED);
    edit(&mut spec);
    vec![with(|world| world.collateral[0] = spec.forge())]
}

/// Changed after it was signed.
fn text(edit: fn(&mut String)) -> Vec<World> {
    manifest(|it| it.edit_signed = Some(edit))
}

/// The second resource, changed before the document was signed.
fn resource(edit: impl FnOnce(&mut gpu::ResourceSpec)) -> Vec<World> {
    manifest(|it| edit(&mut it.resources[7]))
}

/// Where a document has its signature.
fn signature_of(text: &str) -> core::ops::Range<usize> {
    text.find("<ds:Signature ").unwrap()..text.find("</SoftwareIdentity>").unwrap()
}

fn algorithm(at: usize, name: &str) -> Vec<World> {
    manifest(|it| name.clone_into(&mut it.algorithms[at]))
}

fn stranger(label: &str) -> Vec<World> {
    manifest(|it| {
        label.clone_into(&mut it.chain[3].key);
        label.clone_into(&mut it.chain[3].signed_by);
        label.clone_into(&mut it.chain[2].signed_by);
    })
}

const MANIFEST: &[Case] = &[
    ("6.1", || text(|text| *text = text.replacen("Hash0=\"1616", "Hash0=\"1716", 1))),
    ("6.2", || text(|text| *text = text.replacen("active=\"True\"", "active=\"False\"", 1))),
    ("6.3", || {
        text(|text| {
            *text = text.replacen("</ns0:Payload>\n", "</ns0:Payload>\n<ns0:Payload></ns0:Payload>", 1);
        })
    }),
    ("6.4", || {
        text(|text| {
            let place = signature_of(text);
            let again = text[place.clone()].to_owned();
            text.insert_str(place.end, &again);
        })
    }),
    ("6.5", || {
        text(|text| {
            let place = signature_of(text);
            let moved = text[place.clone()].to_owned();
            text.replace_range(place, "");
            *text = text.replacen("    </ns0:Payload>", &format!("{moved}</ns0:Payload>"), 1);
        })
    }),
    ("6.6", || manifest(|it| "#id".clone_into(&mut it.uri))),
    ("6.7", || {
        let mut ways = algorithm(2, "http://www.w3.org/TR/1999/REC-xpath-19991116");
        ways.extend(manifest(|it| it.algorithms.swap(2, 3)));
        ways
    }),
    ("6.8", || {
        let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
        [0, 3].into_iter().flat_map(|at| algorithm(at, exclusive)).collect()
    }),
    ("6.9", || {
        let mut ways = algorithm(4, "http://www.w3.org/2001/04/xmlenc#sha256");
        ways.extend(algorithm(1, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"));
        ways
    }),
    ("6.10", || {
        let mut ways = text(|text| *text = text.replacen("Hash0=\"1616", "Hash0=\"<!-- -->1616", 1));
        ways.extend(text(|text| *text = text.replacen("<ds:DigestValue>", "<ds:DigestValue><!-- -->", 1)));
        ways
    }),
    ("6.11", || text(|text| *text = text.replacen("r1", "&x;", 1))),
    ("6.12", || text(|text| text.insert_str(0, "<!DOCTYPE x [<!ENTITY x \"y\">]>"))),
    ("6.13", || text(|text| *text = text.replacen("<ns0:Payload", "<ns0:Payload xml:id=\"x\"", 1))),
    ("6.14", || {
        text(|text| {
            let alias = "<ns0:Payload xmlns:SHA384=\"http://www.w3.org/2001/04/xmlenc#sha384\">";
            *text = text.replacen("<ns0:Payload>", alias, 1);
            let at = text.find(" ns2:Hash0=").unwrap();
            text.insert_str(at, " SHA384:Hash0=\"00\"");
        })
    }),
    ("6.15", || resource(|it| it.alternatives = "0".into())),
    ("6.16", || resource(|it| it.alternatives = "1000000000".into())),
    ("6.17", || resource(|it| it.alternatives = "2".into())),
    ("6.18", || resource(|it| it.index = "-1".into())),
    ("6.19", || resource(|it| it.index = "64".into())),
    ("6.20", || resource(|it| it.index = "8".into())),
    ("6.21", || vec![with(|world| world.collateral[0] = world.collateral[1].clone())]),
    ("6.22", || vec![with(|world| world.collateral[1] = world.collateral[0].clone())]),
    ("6.23", || manifest(|it| it.product = "GB100".into())),
    ("6.24", || manifest(|it| it.version = "570.172.09".into())),
    ("6.25", || {
        let mut ways = manifest(|it| it.chain[3] = gpu::device_root(SEED));
        ways.extend(manifest(|it| {
            it.chain = gpu::device_chain(SEED, GpuKind::Hopper, "gpu 0", [0xf1; 48])[1..].to_vec();
            it.signed_by = "gpu 0 device".into();
        }));
        ways
    }),
    ("6.26", || stranger("debug only root")),
    ("6.27", || manifest(|it| it.chain[0].not_after = UnixTime::from_seconds(as_of().seconds() - 1))),
    ("6.28", || manifest(|it| it.chain[0].not_before = UnixTime::from_seconds(as_of().seconds() + 1))),
];

/// The answer about the first GPU's own certificate, changed; of the others all are good.
fn answered(edit: impl FnOnce(&mut AnswerSpec)) -> Vec<World> {
    vec![with(|world| {
        let mut answer = AnswerSpec::good(SEED, &world.devices[0].chain[1], as_of());
        let good = answer.forge();
        edit(&mut answer);
        let place = world.collateral.iter().position(|item| *item == good).unwrap();
        world.collateral[place] = answer.forge();
    })]
}

const REVOCATION: &[Case] = &[
    ("7.1", || answered(|answer| answer.status = ResponseStatus::Revoked(1))),
    ("7.2", || answered(|answer| answer.status = ResponseStatus::Revoked(6))),
    ("7.3", || answered(|answer| answer.serial = vec![9, 9])),
    ("7.4", || {
        answered(|answer| {
            let issuer = gpu::device_chain(SEED, GpuKind::Hopper, "gpu 0", [0xf1; 48])[2].clone();
            let other = AnswerSpec::good(SEED, &issuer, as_of());
            answer.responder = other.responder;
            answer.signed_by = other.signed_by;
        })
    }),
    ("7.5", || {
        answered(|answer| {
            answer.this_update = UnixTime::from_seconds(as_of().seconds() - 7200);
            answer.next_update = Some(UnixTime::from_seconds(as_of().seconds() - 1));
        })
    }),
    ("7.6", || {
        let other = gpu::device_chain(SEED, GpuKind::Blackwell, "x", [0; 48]);
        vec![with(|world| {
            world.collateral.truncate(3);
            for at in [2, 3] {
                world.collateral.push(ListSpec::empty(SEED, &other[at], as_of()).forge());
            }
        })]
    }),
];

const HOSTILE: &str = "1\u{1b}[2J\u{202e}\u{7}<script>";

const TEXT: &[Case] = &[
    ("8.1", || vec![entry(|entry| entry["driver_version"] = HOSTILE.into())]),
    ("8.2", || vec![device(0, |it| it.arch = HOSTILE.into())]),
    ("8.3", || {
        chain(|chain| {
            chain[4].subject.set_common_name(&format!("NVIDIA {HOSTILE}"));
            chain[3].issuer.set_common_name(&format!("NVIDIA {HOSTILE}"));
        })
    }),
];

/// What the limits are that the rows of huge inputs exceed.
#[test]
fn huge_inputs_of_the_table_are_above_the_limits_that_they_name() {
    let budget = Budget::STANDARD;
    assert!(budget.gpu_container_bytes < 5 << 20 && budget.certificate_chain_bytes < 65 << 10);
    assert!(budget.gpu_opaque_bytes < usize::from(u16::MAX));
    let roots = roots();
    assert_ne!(roots.device_sha256(), roots.manifest_sha256());
}
