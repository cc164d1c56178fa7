//! The differentiated system description table: the machine in AML.
//!
//! Written from the description of the machine's devices; the blocks come in the order in which QEMU emits them.

mod bus;
mod hotplug;
mod interrupts;
mod processors;
mod slots;

use super::aml::{
    Access, Aml, Space, argument, device, element_value, field, increment, integer, io, less, local, method,
    name, operation_region, package_of, path, resources, scope, size_of, store, string, subtract_into,
    to_buffer_into, to_hex_string_into, when, while_true,
};
use crate::shape::{QemuProfile, Shape};

/// What differs between QEMU releases.
#[derive(Debug, Clone, Copy)]
struct Traits {
    /// PCI interrupt links are edge triggered.
    edge_links: bool,
    /// Function 7 of the PCI device-specific method returns an empty package for an absent device.
    checked_device_name: bool,
    /// The processor hotplug registers have an `_INI` method.
    processor_init: bool,
    /// Processors to eject are queued and notified after those that came.
    queued_eject: bool,
    /// The serial port's interrupt is level triggered and shared.
    shared_serial_line: bool,
}

impl Traits {
    fn of(profile: QemuProfile) -> Self {
        Self {
            edge_links: profile <= QemuProfile::V9,
            checked_device_name: profile >= QemuProfile::V9_2,
            processor_init: profile <= QemuProfile::V10,
            queued_eject: profile >= QemuProfile::V10,
            shared_serial_line: profile >= QemuProfile::V11_1,
        }
    }
}

/// The table without its header.
pub(super) fn body(shape: &Shape) -> Vec<u8> {
    let traits = Traits::of(shape.profile);
    let hardware = &shape.hardware;
    Aml::from([
        debug_port(),
        bus::host_bridge(hardware.hotplug()),
        when(hardware.hotplug(), || hotplug::registers(traits)),
        interrupts::mode(),
        interrupts::routing(traits),
        scope("_GPE", [name("_HID", string("ACPI0006"))]),
        processors::devices(hardware, traits),
        processors::event(),
        when(hardware.has_expander_bus(), bus::expander),
        bus::windows(hardware),
        sleep_states(),
        firmware_configuration(),
        slots::devices(hardware, traits),
        when(hardware.hotplug(), || slots::hotplug_events(hardware)),
    ])
    .into_bytes()
}

/// A port for messages of the AML itself, and the method that writes there.
fn debug_port() -> Aml {
    scope(
        "\\",
        [
            operation_region("DBG", Space::SystemIo, 0x402, 1),
            field("DBG", Access::Byte, &[("DBGB", 8)]),
            method(
                "DBUG",
                1,
                [
                    to_hex_string_into(local(0), argument(0)),
                    to_buffer_into(local(0), local(0)),
                    subtract_into(local(1), size_of(local(0)), integer(1)),
                    store(local(2), integer(0)),
                    while_true(
                        less(local(2), local(1)),
                        [store(path("DBGB"), element_value(local(0), local(2))), increment(local(2))],
                    ),
                    store(path("DBGB"), integer(0x0a)),
                ],
            ),
        ],
    )
}

fn sleep_states() -> Aml {
    let state =
        |at, kind: u64| name(at, package_of(4, [integer(kind), integer(kind), integer(0), integer(0)]));
    scope("\\", [state("_S3", 1), state("_S4", 2), state("_S5", 0)])
}

fn firmware_configuration() -> Aml {
    scope(
        "\\_SB.PCI0",
        [device(
            "FWCF",
            [
                name("_HID", string("QEMU0002")),
                name("_STA", integer(0x0b)),
                name("_CRS", resources([io(0x510, 1, 0x0c)])),
            ],
        )],
    )
}
