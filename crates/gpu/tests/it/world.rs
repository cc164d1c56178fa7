//! What every test starts from.

use veritee_gpu::container::{Collected, Device};
use veritee_gpu::{Examination, Examine, Memory, Roots};
use veritee_model::{Budget, Reason, UnixTime};
use veritee_testkit::gpu::{self, DeviceSpec, GpuKind, ManifestSpec};

pub(crate) const SEED: u64 = 16;
pub(crate) const NONCE: [u8; 32] = [0x5a; 32];

pub(crate) fn at(text: &str) -> UnixTime {
    UnixTime::parse(text).unwrap()
}

pub(crate) fn as_of() -> UnixTime {
    at("2026-03-15T00:00:00Z")
}

pub(crate) fn roots() -> Roots {
    Roots::from_der(&gpu::device_root(SEED).sign(SEED), &gpu::manifest_root(SEED).sign(SEED)).unwrap()
}

pub(crate) fn vector(name: &str) -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/gpu/").to_owned() + name).unwrap()
}

/// One Hopper GPU without switches.
pub(crate) fn one() -> DeviceSpec {
    DeviceSpec::gpu(SEED, GpuKind::Hopper, "gpu 0", NONCE, &[])
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    vec![
        ManifestSpec::driver(SEED).forge(),
        ManifestSpec::vbios(SEED).forge(),
        ManifestSpec::switch(SEED).forge(),
    ]
}

pub(crate) fn device(spec: &DeviceSpec) -> Device {
    Device {
        place: String::new(),
        report: spec.report(),
        chain: spec.pem(),
        claims: veritee_gpu::container::DeviceClaims::default(),
        above: Vec::new(),
    }
}

pub(crate) fn examine(devices: &[DeviceSpec], collateral: &[Vec<u8>]) -> Examination {
    let devices: Vec<_> = devices.iter().map(device).collect();
    examine_with(&devices, collateral, &roots(), as_of())
}

pub(crate) fn examine_with(
    devices: &[Device],
    collateral: &[Vec<u8>],
    roots: &Roots,
    as_of: UnixTime,
) -> Examination {
    let collateral: Vec<&[u8]> = collateral.iter().map(Vec::as_slice).collect();
    let budget = Budget::STANDARD;
    Examine { devices, collateral: &collateral, roots, as_of, budget: &budget, report_data: None }
        .run(&Memory::new())
}

/// The reason why the only device is not genuine.
pub(crate) fn device_reason(spec: &DeviceSpec) -> Option<Reason> {
    examine(std::slice::from_ref(spec), &[]).devices[0].as_ref().err().map(veritee_gpu::DeviceError::reason)
}

/// The reason why the only device was not compared, or nothing.
pub(crate) fn comparison_reason(spec: &DeviceSpec, collateral: &[Vec<u8>]) -> Option<Reason> {
    let examination = examine(std::slice::from_ref(spec), collateral);
    let set = examination.set.unwrap().unwrap();
    set.gpus()[0].comparison().err().map(veritee_gpu::appraisal::AppraisalError::reason)
}

pub(crate) fn read(bytes: &[u8]) -> Vec<Device> {
    match veritee_gpu::container::read(bytes, &Budget::STANDARD).unwrap() {
        Collected::Devices { devices, .. } => devices,
        Collected::Answer(answer) => panic!("{}", answer.name()),
    }
}
