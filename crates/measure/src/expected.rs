//! What a machine's registers should be, with every digest on the way: the content of `veritee measure`.

use crate::acpi::AcpiBlobs;
use crate::event::{EventKind, Rtmr0Events};
use crate::image::ImageMeasurement;
use crate::kernel::{self, KernelHeader};
use crate::shape::{PassOrder, Shape};
use crate::td_hob::{FirmwareMemory, TdHobError};
use serde::Serialize;
use veritee_model::{Mrtd, Rtmr, Sha256Digest, Sha384Digest};

/// One event of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedEvent {
    /// Position among the register's events, from 0.
    pub index: usize,
    /// Type in the TCG event log.
    pub event_type: u32,
    /// Short name.
    pub name: &'static str,
    /// What it covers.
    pub covers: &'static str,
    /// Digest that is folded into the register.
    pub digest: Sha384Digest,
}

/// A run-time register and its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedRegister {
    /// Under which treatment of the kernel's header, for RTMR1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_header: Option<KernelHeader>,
    /// The register after the last event.
    pub value: Rtmr,
    /// The events in order.
    pub events: Vec<ExpectedEvent>,
}

/// MRTD under one order of loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpectedMrtd {
    /// The order.
    pub pass_order: PassOrder,
    /// The register.
    pub value: Mrtd,
}

/// A blob that the firmware measures into RTMR0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectedBlob {
    /// Name of the file in QEMU's `fw_cfg`, or of the structure.
    pub name: &'static str,
    /// Length in bytes.
    pub length: usize,
    /// SHA-256, for comparison with other tools.
    pub sha256: Sha256Digest,
    /// SHA-384, as measured.
    pub sha384: Sha384Digest,
}

/// Everything that can be said of a machine before it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The machine.
    pub shape: Shape,
    /// RTMR0.
    pub rtmr0: ExpectedRegister,
    /// The blobs behind its variable events.
    pub blobs: Vec<ExpectedBlob>,
    /// SHA-256 of the image's checksum file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Sha256Digest>,
    /// MRTD, where there is an image: which of them depends on QEMU.
    pub mrtd: Vec<ExpectedMrtd>,
    /// RTMR1, where there is an image: which of them depends on QEMU and the firmware.
    pub rtmr1: Vec<ExpectedRegister>,
    /// RTMR2, where there is an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmr2: Option<ExpectedRegister>,
}

/// Computes the registers of a machine; MRTD, RTMR1 and RTMR2 only with an image.
///
/// # Errors
/// When the machine's RAM ends inside the firmware's memory.
pub fn expect(shape: &Shape, image: Option<&ImageMeasurement>) -> Result<Expected, TdHobError> {
    let known = FirmwareMemory::pre202505();
    let firmware = image.map_or(&known, ImageMeasurement::firmware);
    let td_hob = firmware.td_hob(shape.hardware.memory())?;
    let acpi = AcpiBlobs::build(shape);
    let blobs: Vec<ExpectedBlob> = [
        ("td-hob", &td_hob),
        ("etc/table-loader", &acpi.loader),
        ("etc/acpi/rsdp", &acpi.rsdp),
        ("etc/acpi/tables", &acpi.tables),
    ]
    .into_iter()
    .map(|(name, bytes)| ExpectedBlob {
        name,
        length: bytes.len(),
        sha256: Sha256Digest::of(bytes),
        sha384: Sha384Digest::of(bytes),
    })
    .collect();
    let events = Rtmr0Events::new(Sha384Digest::of(&td_hob), &acpi.digests());
    Ok(Expected {
        shape: *shape,
        rtmr0: rtmr0(&events),
        blobs,
        image: image.map(|image| *image.hash()),
        mrtd: image.map(mrtds).unwrap_or_default(),
        rtmr1: image.map(rtmr1s).unwrap_or_default(),
        rtmr2: image.map(rtmr2),
    })
}

fn rtmr0(events: &Rtmr0Events) -> ExpectedRegister {
    let rows = events.iter().enumerate().map(|(index, (kind, digest))| ExpectedEvent {
        index,
        event_type: kind.event_type(),
        name: EventKind::name(kind),
        covers: kind.meaning(),
        digest,
    });
    ExpectedRegister { kernel_header: None, value: events.register(), events: rows.collect() }
}

fn mrtds(image: &ImageMeasurement) -> Vec<ExpectedMrtd> {
    PassOrder::ALL.map(|pass_order| ExpectedMrtd { pass_order, value: image.mrtd(pass_order) }).to_vec()
}

fn rtmr1s(image: &ImageMeasurement) -> Vec<ExpectedRegister> {
    let names = [
        (0x8000_0003, "kernel", "the kernel, with its setup header"),
        (0x8000_0007, "calling-application", "the firmware starts the kernel"),
        (4, "separator", "end of the firmware's boot phase"),
        (0x8000_0007, "exit-boot-services", "the kernel takes over"),
        (0x8000_0007, "exit-boot-services-returned", "the kernel has taken over"),
    ];
    let register = |(header, digest): &(KernelHeader, Sha384Digest)| {
        let events = kernel::rtmr1_events(*digest);
        let rows = names.into_iter().zip(events).enumerate();
        ExpectedRegister {
            kernel_header: Some(*header),
            value: kernel::rtmr1(*digest),
            events: rows
                .map(|(index, ((event_type, name, covers), digest))| ExpectedEvent {
                    index,
                    event_type,
                    name,
                    covers,
                    digest,
                })
                .collect(),
        }
    };
    image.kernels().iter().map(register).collect()
}

fn rtmr2(image: &ImageMeasurement) -> ExpectedRegister {
    let event = |index, name, covers, digest| ExpectedEvent { index, event_type: 6, name, covers, digest };
    ExpectedRegister {
        kernel_header: None,
        value: image.rtmr2(),
        events: vec![
            event(
                0,
                "command-line",
                "the kernel's command line, with the hash of the root disk",
                *image.command_line(),
            ),
            event(1, "initrd", "the initrd", *image.initrd()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::replay;
    use crate::rtmr0::claimed_shape;
    use crate::shape::Limits;
    use crate::vm_config::VmConfig;

    #[test]
    fn the_table_adds_up_to_the_register_and_its_blobs_are_its_events() {
        let text = br#"{"cpu_count":1,"memory_size":2147483648,"qemu_version":"8.2.2"}"#;
        let shape = claimed_shape(&VmConfig::parse(text, &Limits::STANDARD).unwrap());
        let expected = expect(&shape, None).unwrap();
        assert_eq!(
            expected.rtmr0.value.to_string(),
            "68102e7b524af310f7b7d426ce75481e36c40f5d513a9009c046e9d37e31551f0134d954b496a3357fd61d03f07ffe96"
        );
        let digests: Vec<Sha384Digest> = expected.rtmr0.events.iter().map(|event| event.digest).collect();
        assert_eq!(replay(&digests), expected.rtmr0.value);
        for (blob, index) in expected.blobs.iter().zip([0, 8, 9, 10]) {
            assert_eq!(blob.sha384, digests[index], "{}", blob.name);
        }
        assert_eq!((expected.mrtd.len(), expected.rtmr1.len(), expected.rtmr2), (0, 0, None));
    }
}
