//! Random damage, and random universes that are signed again.

use serde_json::Value;
use veritee_quote::UnixTime;
use veritee_testkit::certificate::{CertificateSpec, oids};
use veritee_testkit::{Certification, Role, Shape, Universe};

/// SplitMix64: small, seeded, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, case: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ case.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// Below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// One to three damages; says which.
pub(crate) fn mutate_quote(random: &mut Random, quote: &mut Vec<u8>, other: &[u8]) -> String {
    let mut done = Vec::new();
    for _ in 0..1 + random.below(3) {
        done.push(mutate_bytes(random, quote, other));
    }
    done.join(", ")
}

fn mutate_bytes(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) -> String {
    if bytes.is_empty() {
        bytes.push(random.byte());
        return "one byte".to_owned();
    }
    let at = random.below(bytes.len());
    match random.below(10) {
        0..=3 => {
            let bit = random.below(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} flipped")
        }
        4 => {
            bytes[at] = random.byte();
            format!("byte {at} set to {}", bytes[at])
        }
        5 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        6 => {
            let (count, byte) = (random.below(100), if random.below(2) == 0 { 0 } else { random.byte() });
            bytes.extend(std::iter::repeat_n(byte, count));
            format!("{count} bytes {byte} appended")
        }
        7 => {
            // Where lengths, types and versions stand.
            let at =
                random.pick(&[0, 2, 4, 8, 12, 48, 50, 632, 636, 764, 766, 432, 436]).min(bytes.len() - 1);
            bytes[at] = random.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 0x81, 0xff]);
            format!("byte {at} set to {}", bytes[at])
        }
        8 => {
            let length = 1 + random.below(200);
            let end = (at + length).min(bytes.len()).min(other.len());
            if at < end {
                bytes[at..end].copy_from_slice(&other[at..end]);
            }
            format!("bytes {at} to {end} from another")
        }
        _ => {
            let byte = random.byte();
            if random.below(2) == 0 {
                bytes.insert(at, byte);
                format!("byte inserted at {at}")
            } else {
                bytes.remove(at);
                format!("byte removed at {at}")
            }
        }
    }
}

/// Damages one part, or takes it from another collateral.
pub(crate) fn mutate_collateral(random: &mut Random, json: &mut String, other: &str) -> String {
    let mut value: Value = serde_json::from_str(json).unwrap();
    let members = value.as_object_mut().unwrap();
    let names: Vec<String> = members.keys().cloned().collect();
    let name = random.pick(&names);
    let text = members[&name].as_str().unwrap_or_default().to_owned();
    let (text, what) = match random.below(12) {
        0 => {
            let other: Value = serde_json::from_str(other).unwrap();
            (other[&name].as_str().unwrap_or_default().to_owned(), "taken from another".to_owned())
        }
        1 => {
            let source = random.pick(&names);
            (members[&source].as_str().unwrap_or_default().to_owned(), format!("taken from {source}"))
        }
        2 => (String::new(), "emptied".to_owned()),
        3 => (text.to_ascii_uppercase(), "in upper case".to_owned()),
        _ => mutate_text(random, &name, &text),
    };
    members.insert(name.clone(), Value::String(text));
    *json = value.to_string();
    format!("{name}: {what}")
}

/// Hex is damaged in what it means, everything else in its characters.
fn mutate_text(random: &mut Random, name: &str, text: &str) -> (String, String) {
    let is_hex = name.ends_with("signature") || name.ends_with("crl");
    if is_hex && random.below(8) > 0 {
        let mut bytes = hex::decode(text).unwrap_or_default();
        let what = mutate_bytes(random, &mut bytes, &[0; 64]);
        return (hex::encode(bytes), what);
    }
    let mut bytes = text.as_bytes().to_vec();
    let what = mutate_bytes(random, &mut bytes, b"");
    (String::from_utf8_lossy(&bytes).into_owned(), what)
}

/// A genuine universe with up to four changes of content, signed again; and what was changed.
pub(crate) fn random_universe(random: &mut Random) -> (Universe, Vec<String>) {
    let shape = random.pick(&[
        Shape::SgxV3,
        Shape::TdxV4,
        Shape::TdxV5Td10,
        Shape::TdxV5Td15,
        Shape::TdxV5Td15Ex,
        Shape::TdxV5Td15,
    ]);
    let authority = random.pick(&[Role::PlatformCa, Role::ProcessorCa]);
    let mut universe = Universe::under(1, shape, authority);
    let mut done = Vec::new();
    for _ in 0..random.below(5) {
        done.push(change(random, &mut universe));
    }
    (universe, done)
}

const STATUSES: [&str; 7] = [
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
];

fn change(random: &mut Random, universe: &mut Universe) -> String {
    match random.below(12) {
        0..=2 => change_levels(random, universe),
        3..=5 => change_versions(random, universe),
        6 => change_dates(random, universe),
        7 => change_signers(random, universe),
        8 => change_certificate(random, universe),
        9 => change_identity(random, universe),
        10 => change_revocations(random, universe),
        _ => change_report(random, universe),
    }
}

fn change_levels(random: &mut Random, universe: &mut Universe) -> String {
    let level = random.below(3);
    let status = random.pick(&STATUSES).to_owned();
    let component = random.pick(&["UpToDate", "OutOfDate", "Revoked"]).to_owned();
    match random.below(6) {
        0 | 1 => {
            universe.tcb_info.levels[level].status.clone_from(&status);
            format!("level {level} {status}")
        }
        2 => {
            universe.qe_identity.levels[level].status.clone_from(&component);
            format!("QE level {level} {component}")
        }
        3 => {
            if let Some(modules) = &mut universe.tcb_info.module_identities {
                modules[level % 2].levels[random.below(2)].status.clone_from(&component);
            }
            format!("module {component}")
        }
        4 => {
            universe.tcb_info.levels.rotate_left(level);
            "levels rotated".to_owned()
        }
        _ => {
            let (index, svn) = (random.below(16), u64::try_from(random.below(9)).unwrap());
            let list = &mut universe.tcb_info.levels[level];
            if random.below(2) == 0 {
                list.sgx[index] = svn;
            } else {
                list.tdx[index] = svn;
            }
            format!("level {level} asks for {svn} at {index}")
        }
    }
}

fn change_versions(random: &mut Random, universe: &mut Universe) -> String {
    let (index, svn) = (random.below(16), u8::try_from(random.below(9)).unwrap());
    let tdx = universe.shape.is_tdx();
    match random.below(if tdx { 6 } else { 3 }) {
        0 => {
            universe.pki.sgx_extension.cpusvn[index] = svn;
            universe.pki.sgx_extension.components[index] = u16::from(svn);
            format!("component {index} is {svn}")
        }
        1 => {
            universe.pki.sgx_extension.pcesvn = vec![svn + 3];
            format!("PCESVN {}", svn + 3)
        }
        2 => {
            universe.quote.qe_report.isv_svn = u16::from(svn);
            format!("QE ISVSVN {svn}")
        }
        3 => {
            universe.quote.td().tee_tcb_svn[index.min(3)] = svn;
            format!("TEE_TCB_SVN {} is {svn}", index.min(3))
        }
        4 => {
            universe.quote.td().tee_tcb_svn2[index.min(3)] = svn;
            format!("TEE_TCB_SVN2 {} is {svn}", index.min(3))
        }
        _ => {
            let report = universe.quote.td();
            (report.tee_tcb_svn[0], report.tee_tcb_svn[2]) = (random.pick(&[3, 5]), random.pick(&[4, 6]));
            "older at launch".to_owned()
        }
    }
}

fn change_dates(random: &mut Random, universe: &mut Universe) -> String {
    let day = |random: &mut Random| {
        let days = u64::try_from(random.below(80)).unwrap();
        UnixTime::from_seconds(universe_start() + days * 86400 + u64::try_from(random.below(2)).unwrap())
    };
    let at = day(random);
    match random.below(9) {
        0 | 1 => universe.as_of = at,
        2 => universe.tcb_info.issue_date = at.to_string(),
        3 => universe.tcb_info.next_update = at.to_string(),
        4 => universe.qe_identity.issue_date = at.to_string(),
        5 => universe.qe_identity.next_update = at.to_string(),
        6 => universe.collateral.pck_crl.next_update = Some(at),
        7 => universe.collateral.root_crl.this_update = at,
        _ => {
            let role = random.pick(&[Role::Pck, Role::PlatformCa, Role::ProcessorCa, Role::TcbSigner]);
            let certificate = universe.pki.certificate(role);
            if random.below(2) == 0 { certificate.not_before = at } else { certificate.not_after = at }
        }
    }
    format!("a date of {at}")
}

/// 2026-09-05, forty days before the as-of time.
fn universe_start() -> u64 {
    veritee_testkit::pki::time(veritee_testkit::universe::AS_OF).seconds() - 40 * 86400
}

fn change_signers(random: &mut Random, universe: &mut Universe) -> String {
    let role = random.pick(&[
        Role::Root,
        Role::PlatformCa,
        Role::ProcessorCa,
        Role::TcbSigner,
        Role::Pck,
        Role::Stranger,
    ]);
    match random.below(8) {
        0 => universe.tcb_info.signed_by = role,
        1 => universe.qe_identity.signed_by = role,
        2 => universe.collateral.root_crl.signed_by = role,
        3 => universe.collateral.pck_crl.signed_by = role,
        4 => universe.quote.signed_by = role,
        5 => universe.quote.qe_report_signed_by = role,
        6 => {
            let chain = vec![role, Role::Root];
            universe.tcb_info.signed_by = role;
            universe.collateral.tcb_info_issuer_chain = chain;
        }
        _ => {
            let chain = vec![Role::Pck, role, Role::Root];
            universe.quote.certification = Certification::Chain(chain, vec![0]);
        }
    }
    format!("{role:?} signs")
}

fn change_certificate(random: &mut Random, universe: &mut Universe) -> String {
    let role = random.pick(&[Role::Pck, Role::PlatformCa, Role::ProcessorCa, Role::TcbSigner]);
    let bits = random.byte();
    let (ca, length) = (random.below(2) == 0, random.pick(&[None, Some(0), Some(1)]));
    let certificate: &mut CertificateSpec = universe.pki.certificate(role);
    let what = match random.below(4) {
        0 if has(certificate, oids::KEY_USAGE) => {
            certificate.set_key_usage(bits);
            format!("key usage {bits:#x}")
        }
        1 if has(certificate, oids::BASIC_CONSTRAINTS) => {
            certificate.set_basic_constraints(ca, if ca { length } else { None });
            format!("CA {ca} {length:?}")
        }
        2 if !certificate.extensions.is_empty() => {
            let index = random.below(certificate.extensions.len());
            let extension = certificate.extensions.remove(index);
            format!("without {}", extension.oid)
        }
        _ => {
            let role = random.pick(&[Role::Root, Role::PlatformCa, Role::Stranger]);
            certificate.signed_by = role;
            format!("signed by {role:?}")
        }
    };
    format!("{role:?}: {what}")
}

/// An earlier change may have taken the extension away.
fn has(certificate: &CertificateSpec, oid: &str) -> bool {
    certificate.extensions.iter().any(|extension| extension.oid == oid)
}

fn change_identity(random: &mut Random, universe: &mut Universe) -> String {
    let bit = 1 << random.below(8);
    let identity = &mut universe.qe_identity;
    match random.below(9) {
        0 => universe.quote.qe_report.mr_signer[random.below(32)] ^= bit,
        1 => universe.quote.qe_report.attributes[random.below(16)] ^= bit,
        2 => universe.quote.qe_report.misc_select ^= u32::from(bit),
        3 => universe.quote.qe_report.isv_prod_id ^= u16::from(bit),
        4 => identity.attributes_mask = format!("{bit:02X}{}", "00".repeat(15)),
        5 => identity.miscselect_mask = "00000000".to_owned(),
        6 => universe.tcb_info.fmspc = format!("{bit:012X}"),
        7 => universe.tcb_info.pce_id = format!("{bit:04X}"),
        _ => universe.quote.qe_auth_data = vec![bit; random.pick(&[0, 16, 32, 33])],
    }
    format!("identity bit {bit}")
}

fn change_revocations(random: &mut Random, universe: &mut Universe) -> String {
    let role = random.pick(&[Role::Pck, Role::PlatformCa, Role::ProcessorCa, Role::TcbSigner, Role::Root]);
    let serial = universe.pki.serial(role);
    let root = random.below(2) == 0;
    let list = if root { &mut universe.collateral.root_crl } else { &mut universe.collateral.pck_crl };
    list.revoke(&serial);
    format!("{role:?} in {} list", if root { "the root's" } else { "the PCK CA's" })
}

fn change_report(random: &mut Random, universe: &mut Universe) -> String {
    let bit = 1_u8 << random.below(8);
    if !universe.shape.is_tdx() {
        universe.quote.enclave().attributes[0] ^= bit;
        return format!("enclave attribute {bit:#x}");
    }
    let report = universe.quote.td();
    match random.below(5) {
        0 | 1 => report.td_attributes[random.below(8)] ^= bit,
        2 => report.mr_service_td[0] ^= bit,
        3 => report.mr_signer_seam[0] ^= bit,
        _ => report.seam_attributes[0] ^= bit,
    }
    format!("TD report bit {bit:#x}")
}
