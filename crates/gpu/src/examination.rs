//! Everything about one piece of evidence, in order: devices, manifests, revocation, the set.

use crate::appraisal::{AppraisedGpu, Shelf};
use crate::container::Device;
use crate::device::{DeviceError, SignedReport};
use crate::manifest::from_service;
use crate::memory::Memory;
use crate::revocation::{Revocation, Statements};
use crate::root::Roots;
use crate::set::{GpuSet, SetError};
use std::borrow::Cow;
use std::sync::Arc;
use veritee_model::{Budget, UnixTime};

/// What is examined and under which rules.
#[derive(Clone, Copy)]
pub struct Examine<'a> {
    /// The devices of a container.
    pub devices: &'a [Device],
    /// Manifests (XML), OCSP answers and revocation lists (DER), in any order.
    pub collateral: &'a [&'a [u8]],
    /// The roots.
    pub roots: &'a Roots,
    /// The time of the verdict.
    pub as_of: UnixTime,
    /// Limits on hostile input.
    pub budget: &'a Budget,
    /// REPORTDATA of a verified quote; see [`GpuSet::assemble`].
    pub report_data: Option<&'a [u8; 64]>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Examination {
    /// Each device, in the order of the container.
    pub devices: Vec<Result<Arc<SignedReport>, DeviceError>>,
    /// The manifests.
    pub shelf: Shelf,
    /// What is said of the signers of those that are genuine and in force, in their order.
    pub signers: Vec<Revocation>,
    /// Items of collateral that are of no known form.
    pub unread: usize,
    /// The set; `None` when a device is not genuine.
    pub set: Option<Result<GpuSet, SetError>>,
}

/// Whether these bytes have a form that NVIDIA's collateral comes in: a manifest or the service's answer around one, an OCSP
/// answer, a revocation list. Nothing is verified, and of a manifest no more is looked at than that it is one.
#[must_use]
pub fn is_collateral(bytes: &[u8], budget: &Budget) -> bool {
    let item = from_service(bytes);
    let item = item.trim_ascii_start();
    if item.starts_with(b"<") {
        return String::from_utf8_lossy(item).contains("SoftwareIdentity");
    }
    Statements::read([item], budget).1 == 0
}

impl Examine<'_> {
    /// Examines all of it. Cannot fail: what fails is part of the answer.
    #[must_use]
    pub fn run(&self, memory: &Memory) -> Examination {
        let Self { roots, as_of, budget, .. } = *self;
        let verify = |device: &Device| {
            SignedReport::verify(&device.report, &device.chain, roots, as_of, budget, memory).map(Arc::new)
        };
        let devices: Vec<_> = self.devices.iter().take(budget.gpu_devices).map(verify).collect();
        let genuine: Vec<&SignedReport> = devices.iter().flatten().map(Arc::as_ref).collect();
        let unwrapped: Vec<Cow<'_, [u8]>> = self.collateral.iter().map(|item| from_service(item)).collect();
        let is_xml = |item: &&[u8]| item.trim_ascii_start().starts_with(b"<");
        let (manifests, statements): (Vec<&[u8]>, Vec<&[u8]>) =
            unwrapped.iter().map(Cow::as_ref).partition(is_xml);
        let mut shelf = Shelf::verify(manifests, &genuine, roots, as_of, budget, memory);
        let (statements, unread) = Statements::read(statements, budget);
        let signers = shelf.strike(|manifest| statements.of_signer(manifest, as_of, memory));
        let unread = unread.saturating_add(shelf.unread());
        let all_genuine = !devices.is_empty() && devices.iter().all(Result::is_ok);
        let set = all_genuine.then(|| {
            let appraise = |signed: &Arc<SignedReport>| {
                let revocation = statements.of(signed.chain(), as_of, memory);
                AppraisedGpu::appraise(Arc::clone(signed), &shelf, revocation)
            };
            GpuSet::assemble(devices.iter().flatten().map(appraise).collect(), self.report_data)
        });
        Examination { devices, shelf, signers, unread, set }
    }
}
