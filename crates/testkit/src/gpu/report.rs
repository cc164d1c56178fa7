//! Reports, and devices with their chains, as containers hold them.

use super::{GpuCertificate, GpuKey, GpuKind, device_chain, identity, pem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// One opaque entry: type, value type in the new layout, data.
pub type OpaqueSpec = (u16, u16, Vec<u8>);

/// Everything of a report before it is signed.
#[derive(Debug, Clone)]
pub struct ReportSpec {
    /// The challenge.
    pub nonce: [u8; 32],
    /// The device's random number.
    pub responder_nonce: [u8; 32],
    /// Measurements.
    pub blocks: Vec<[u8; 48]>,
    /// Opaque entries in order.
    pub opaque: Vec<OpaqueSpec>,
    /// Header of the new layout: major version and profile; the old layout without.
    pub new_layout: Option<(u8, u16)>,
    /// Changes the report before it is signed.
    pub edit_unsigned: Option<fn(&mut Vec<u8>)>,
    /// Changes the report after it was signed.
    pub edit_signed: Option<fn(&mut Vec<u8>)>,
}

/// A device: report, chain, and what a container says of it.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// Seed of the universe.
    pub seed: u64,
    /// The kind.
    pub kind: GpuKind,
    /// Tells devices apart.
    pub name: String,
    /// The report.
    pub report: ReportSpec,
    /// The chain, leaf first.
    pub chain: Vec<GpuCertificate>,
    /// Label of the key that signs the report.
    pub signed_by: String,
    /// Replaces the PEM of the chain.
    pub pem: Option<Vec<u8>>,
    /// `arch` of the container.
    pub arch: String,
}

/// Driver of the forged GPUs.
pub const DRIVER: &str = "570.172.08";
/// VBIOS of the forged GPUs.
pub const VBIOS: &str = "96.00.CF.00.02";
/// BIOS of the forged switches.
pub const SWITCH_BIOS: &str = "96.10.55.00.01";
const FIRMWARE_ID: [u8; 48] = [0xf1; 48];

/// The measurement at an index of every forged device; five of them are zero.
#[must_use]
pub fn block(index: usize) -> [u8; 48] {
    if index % 13 == 7 { [0; 48] } else { [u8::try_from(index + 1).expect("below 255"); 48] }
}

impl DeviceSpec {
    /// A GPU in protected-PCIe mode that names these switches.
    #[must_use]
    pub fn gpu(seed: u64, kind: GpuKind, name: &str, nonce: [u8; 32], switches: &[&str]) -> Self {
        let counts: Vec<u8> =
            (0..64).flat_map(|index| u32::from(block(index) != [0; 48]).to_le_bytes()).collect();
        let mut links = Vec::new();
        for link in 0..18 {
            match switches.get(link % switches.len().max(1)) {
                Some(switch) => links.extend(identity(seed, switch).iter().rev()),
                None => links.extend([0; 8]),
            }
        }
        let driver = format!("{DRIVER}\0").into_bytes();
        let mut opaque = vec![
            (6, 0x86, vec![0, 0xcf, 0, 0x96, 2, 0, 0, 0]),
            (14, 0x82, vec![1, 2, 3, 4]),
            (15, 0x82, b"895\0\0\0\0\0\0".to_vec()),
            (16, 0x82, b"0\0\0\0\0".to_vec()),
            (17, 0x82, b"G520\0".to_vec()),
            (18, 0x82, b"0280\0".to_vec()),
            (19, 0x82, vec![0, 0]),
            (3, 0x86, driver),
            (4, 0x82, vec![0x80, 1, 0, 0, 0, 0, 0, 0]),
            (12, 0x84, counts),
            (13, 0x83, vec![0; 4]),
            (11, 0x82, vec![0x55]),
            (20, 0x01, FIRMWARE_ID.to_vec()),
            (21, 0x85, vec![0xaa]),
        ];
        if !switches.is_empty() {
            opaque.push((22, 0x85, links));
        }
        opaque.push((36, 0x85, vec![2, 0]));
        Self::new(seed, kind, name, nonce, 64, opaque)
    }

    /// A switch that lists these GPUs.
    #[must_use]
    pub fn switch(seed: u64, name: &str, nonce: [u8; 32], gpus: &[&str]) -> Self {
        let mut listed: Vec<u8> = gpus.iter().flat_map(|gpu| identity(seed, gpu)).collect();
        listed.resize(64, 0);
        listed.extend([0xff; 64]);
        let opaque = vec![
            (6, 0x86, SWITCH_BIOS.as_bytes().to_vec()),
            (22, 0x85, identity(seed, name).to_vec()),
            (23, 0x85, vec![0xec, 0]),
            (24, 0x85, vec![0, 0]),
            (25, 0x85, vec![1, 0]),
            (26, 0x85, listed),
        ];
        Self::new(seed, GpuKind::Switch, name, nonce, 31, opaque)
    }

    fn new(
        seed: u64,
        kind: GpuKind,
        name: &str,
        nonce: [u8; 32],
        blocks: usize,
        opaque: Vec<OpaqueSpec>,
    ) -> Self {
        let arch = match kind {
            GpuKind::Hopper => "HOPPER",
            GpuKind::Blackwell => "BLACKWELL",
            GpuKind::Switch => "LS10",
        };
        Self {
            seed,
            kind,
            name: name.to_owned(),
            report: ReportSpec {
                nonce,
                responder_nonce: responder_nonce(seed, name),
                blocks: (0..blocks).map(block).collect(),
                opaque,
                new_layout: None,
                edit_unsigned: None,
                edit_signed: None,
            },
            chain: device_chain(seed, kind, name, FIRMWARE_ID),
            signed_by: format!("{name} leaf"),
            pem: None,
            arch: arch.to_owned(),
        }
    }

    /// The data of an opaque entry.
    ///
    /// # Panics
    /// When there is none of this type.
    pub fn opaque_mut(&mut self, kind: u16) -> &mut Vec<u8> {
        let found = self.report.opaque.iter_mut().find(|(other, _, _)| *other == kind);
        &mut found.expect("the entry is there").2
    }

    /// The report, signed.
    ///
    /// # Panics
    /// When it has more blocks or bytes than the format can hold.
    #[must_use]
    pub fn report(&self) -> Vec<u8> {
        let spec = &self.report;
        let mut out = vec![0x11, 0xe0, 1, 0xff];
        out.extend(spec.nonce);
        out.extend([0, 0x11, 0x60, 0, 0]);
        out.push(u8::try_from(spec.blocks.len()).expect("at most 255 blocks"));
        let length = u32::try_from(spec.blocks.len() * 55).expect("fits").to_le_bytes();
        out.extend(&length[..3]);
        for (index, block) in spec.blocks.iter().enumerate() {
            out.extend([u8::try_from(index + 1).expect("fits"), 1, 51, 0, 1, 48, 0]);
            out.extend(block);
        }
        out.extend(spec.responder_nonce);
        let mut opaque = Vec::new();
        if let Some((major, profile)) = spec.new_layout {
            opaque.extend(b"NVDAOD");
            opaque.extend(profile.to_le_bytes());
            opaque.extend([major, 0, 0, 0]);
        }
        for (kind, value_type, data) in &spec.opaque {
            opaque.extend(kind.to_le_bytes());
            if spec.new_layout.is_some() {
                opaque.extend(value_type.to_le_bytes());
            }
            opaque.extend(u16::try_from(data.len()).expect("fits").to_le_bytes());
            opaque.extend(data);
        }
        out.extend(u16::try_from(opaque.len()).expect("fits").to_le_bytes());
        out.extend(opaque);
        if let Some(edit) = spec.edit_unsigned {
            edit(&mut out);
        }
        let signature = GpuKey::derive(self.seed, &self.signed_by).sign(&out);
        out.extend(signature);
        if let Some(edit) = spec.edit_signed {
            edit(&mut out);
        }
        out
    }

    /// The chain, PEM.
    #[must_use]
    pub fn pem(&self) -> Vec<u8> {
        self.pem.clone().unwrap_or_else(|| pem(self.seed, &self.chain).into_bytes())
    }

    /// The entry of a container.
    #[must_use]
    pub fn entry(&self) -> Value {
        json!({
            "arch": self.arch,
            "nonce": hex::encode(self.report.nonce),
            "evidence": STANDARD.encode(self.report()),
            "certificate": STANDARD.encode(self.pem()),
        })
    }
}

fn responder_nonce(seed: u64, name: &str) -> [u8; 32] {
    let id = super::key_id(seed, name);
    core::array::from_fn(|at| id[at % id.len()])
}

/// An NRAS payload of these devices.
#[must_use]
pub fn payload(devices: &[DeviceSpec]) -> Vec<u8> {
    let nonce = devices.first().map(|device| hex::encode(device.report.nonce)).unwrap_or_default();
    let list: Vec<_> = devices.iter().map(DeviceSpec::entry).collect();
    json!({ "nonce": nonce, "arch": "HOPPER", "evidence_list": list }).to_string().into_bytes()
}

/// A machine of `gpus` GPUs and `switches` switches over one nonce.
#[must_use]
pub fn machine(seed: u64, nonce: [u8; 32], gpus: usize, switches: usize) -> Vec<DeviceSpec> {
    let gpu_names: Vec<String> = (0..gpus).map(|at| format!("gpu {at}")).collect();
    let switch_names: Vec<String> = (0..switches).map(|at| format!("switch {at}")).collect();
    let gpus: Vec<&str> = gpu_names.iter().map(String::as_str).collect();
    let switches: Vec<&str> = switch_names.iter().map(String::as_str).collect();
    let gpu = |name: &&str| DeviceSpec::gpu(seed, GpuKind::Hopper, name, nonce, &switches);
    let mut devices: Vec<_> = gpus.iter().map(gpu).collect();
    devices.extend(switches.iter().map(|name| DeviceSpec::switch(seed, name, nonce, &gpus)));
    devices
}
