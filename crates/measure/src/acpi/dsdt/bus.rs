//! The PCI host bridge, its windows, and the expander bus for GPUs of another NUMA node.

use crate::acpi::aml::{
    Aml, Window, and_into, argument, buffer, create_dword_field, device, dword_window, eisa_id, element,
    element_value, equal, if_then, integer, io, less, local, method, name, not, or_into, otherwise,
    package_of, path, qword_window, resources, return_value, scope, serialized_method, store, string, uuid,
    when, word_window,
};
use crate::shape::Hardware;

/// The device-specific method's UUID for PCI (PCI Firmware Specification 3.3, section 4.6).
const PCI_METHOD: &str = "e5c937d0-3553-4d7a-9117-ea4d19c3434d";
/// The operating system capabilities' UUID for PCI host bridges (section 4.5).
const PCI_CAPABILITIES: &str = "33db4d5b-1ff7-401c-9657-7441c03dd766";
/// Number of the expander bus.
const EXPANDER_BUS: u16 = 5;
/// Where the 64-bit window starts, and its size when none was configured.
const WINDOW64: (u64, u64) = (0x3800_0000_0000, 0x8_0000_0000);

/// `_OSC`: grants the features in `mask`.
fn capabilities(mask: u64) -> Aml {
    method(
        "_OSC",
        4,
        [
            create_dword_field(&argument(3), 0, "CDW1"),
            if_then(
                equal(argument(0), uuid(PCI_CAPABILITIES)),
                [
                    create_dword_field(&argument(3), 4, "CDW2"),
                    create_dword_field(&argument(3), 8, "CDW3"),
                    store(local(0), path("CDW3")),
                    and_into(local(0), integer(mask)),
                    if_then(not(equal(argument(1), integer(1))), [or_into(path("CDW1"), integer(0x08))]),
                    if_then(not(equal(path("CDW3"), local(0))), [or_into(path("CDW1"), integer(0x10))]),
                    store(path("CDW3"), local(0)),
                ],
            ),
            otherwise([or_into(path("CDW1"), integer(0x04))]),
            return_value(argument(3)),
        ],
    )
}

/// First lines of a device-specific method's function 0: an empty mask, returned to callers of another interface.
pub(super) fn supported_functions_guards() -> Aml {
    Aml::from([
        store(local(0), buffer(&[0])),
        if_then(not(equal(argument(0), uuid(PCI_METHOD))), [return_value(local(0))]),
        if_then(less(argument(1), integer(2)), [return_value(local(0))]),
    ])
}

fn static_device_method() -> Aml {
    serialized_method(
        "EDSM",
        5,
        [
            if_then(
                equal(argument(2), integer(0)),
                [
                    supported_functions_guards(),
                    store(element(local(0), integer(0)), integer(0x81)),
                    return_value(local(0)),
                ],
            ),
            if_then(
                equal(argument(2), integer(7)),
                [
                    store(local(0), package_of(2, [integer(0), string("")])),
                    store(local(1), element_value(argument(4), integer(0))),
                    store(element(local(0), integer(0)), local(1)),
                    return_value(local(0)),
                ],
            ),
        ],
    )
}

/// The host bridge and the configuration space that it reserves.
pub(super) fn host_bridge(hotplug: bool) -> Aml {
    scope(
        "_SB",
        [
            device(
                "PCI0",
                [
                    name("_HID", eisa_id("PNP0A08")),
                    name("_CID", eisa_id("PNP0A03")),
                    name("_UID", integer(0)),
                    // Native hotplug is withheld where hotplug goes through ACPI.
                    capabilities(if hotplug { 0x1e } else { 0x1f }),
                    static_device_method(),
                ],
            ),
            device(
                "DRAC",
                [
                    name("_HID", string("PNP0C01")),
                    name("_CRS", resources([dword_window(Window::Memory, 0xe000_0000, 0xefff_ffff)])),
                ],
            ),
        ],
    )
}

/// The expander bus: a second host bridge with its own interrupt routing.
pub(super) fn expander() -> Aml {
    let routes: Vec<Aml> = (0..32_u32)
        .flat_map(|slot| (0..4_u32).map(move |pin| (slot, pin)))
        .map(|(slot, pin)| {
            let link = slot.wrapping_add(pin).wrapping_add(3) & 3;
            super::interrupts::route(slot, pin, "LNK", super::interrupts::letter('A', link))
        })
        .collect();
    scope(
        "\\_SB",
        [device(
            "PC05",
            [
                name("_UID", integer(u64::from(EXPANDER_BUS))),
                name("_BBN", integer(u64::from(EXPANDER_BUS))),
                name("_HID", eisa_id("PNP0A08")),
                name("_CID", eisa_id("PNP0A03")),
                capabilities(0x1f),
                name("_PXM", integer(0)),
                method("_PRT", 0, [return_value(package_of(128, routes))]),
                name("_CRS", resources([word_window(Window::Bus, EXPANDER_BUS, EXPANDER_BUS)])),
            ],
        )],
    )
}

/// What the host bridge decodes, and the ports of general-purpose events and PCI hotplug.
pub(super) fn windows(hardware: &Hardware) -> Aml {
    let last_bus = if hardware.has_expander_bus() { EXPANDER_BUS.saturating_sub(1) } else { 0xff };
    let low = u32::try_from(hardware.low_memory()).unwrap_or(u32::MAX);
    let (base, default_length) = WINDOW64;
    let length = if hardware.pci_hole64() == 0 { default_length } else { hardware.pci_hole64() };
    let port_device = |at, uid, base, length| {
        device(
            at,
            [
                name("_HID", string("PNP0A06")),
                name("_UID", string(uid)),
                name("_STA", integer(0x0b)),
                name("_CRS", resources([io(base, 1, length)])),
            ],
        )
    };
    scope(
        "\\_SB.PCI0",
        [
            name(
                "_CRS",
                resources([
                    word_window(Window::Bus, 0, last_bus),
                    io(0xcf8, 1, 8),
                    word_window(Window::Ports, 0, 0xcf7),
                    word_window(Window::Ports, 0xd00, 0xffff),
                    dword_window(Window::CacheableMemory, 0xa_0000, 0xb_ffff),
                    dword_window(Window::Memory, low, 0xdfff_ffff),
                    dword_window(Window::Memory, 0xf000_0000, 0xfebf_ffff),
                    qword_window(Window::CacheableMemory, base, length),
                ]),
            ),
            port_device("GPE0", "GPE0 resources", 0x620, 0x10),
            when(hardware.hotplug(), || port_device("PHPR", "PCI Hotplug resources", 0xcc0, 0x18)),
        ],
    )
}
