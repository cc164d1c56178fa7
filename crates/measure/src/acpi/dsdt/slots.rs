//! What sits in the slots of the root bus.

use super::Traits;
use crate::acpi::aml::{
    Access, Aml, Space, acquire, and, argument, call, device, eisa_id, element, field, if_then, integer, io,
    irq_level_low_shared, irq_no_flags, local, method, name, notify, operation_region, package_of, path,
    release, resources, return_value, scope, serialized_method, store,
};
use crate::shape::{EXPANDER_SLOT, Hardware};
use std::collections::BTreeMap;

/// The slot of the chipset's own functions.
const CHIPSET_SLOT: u32 = 31;

fn address(slot: u32, function: u32) -> Aml {
    name("_ADR", integer(u64::from(slot) << 16 | u64::from(function)))
}

fn object_name(slot: u32, function: u32) -> String {
    format!("S{:02X}", slot << 3 | function)
}

fn plain(slot: u32, function: u32) -> Aml {
    device(&object_name(slot, function), [address(slot, function)])
}

/// A root port with one device behind it; with hotplug, its bus has a selector and the slot can be ejected.
fn root_port(slot: u32, selector: Option<u64>) -> Aml {
    let hotplug = selector.map_or_else(Aml::default, |selector| {
        Aml::from([
            name("BSEL", integer(selector)),
            scope(
                "S00",
                [
                    name("ASUN", integer(0)),
                    serialized_method(
                        "_DSM",
                        4,
                        [
                            store(local(0), package_of(2, [integer(0), integer(0)])),
                            store(element(local(0), integer(0)), path("BSEL")),
                            store(element(local(0), integer(1)), path("ASUN")),
                            return_value(call(
                                "PDSM",
                                [argument(0), argument(1), argument(2), argument(3), local(0)],
                            )),
                        ],
                    ),
                    name("_SUN", integer(0)),
                    method("_EJ0", 1, [call("PCEJ", [path("BSEL"), path("_SUN")])]),
                ],
            ),
            method("DVNT", 2, [if_then(and(argument(0), integer(1)), [notify("S00", argument(1))])]),
        ])
    });
    device(&object_name(slot, 0), [address(slot, 0), plain(0, 0), hotplug])
}

/// Slots and bus selectors of the root ports. QEMU numbers the buses from the last port to the first.
fn ports(hardware: &Hardware) -> Vec<(u32, u64)> {
    let count = hardware.root_ports();
    (0..CHIPSET_SLOT)
        .filter(|slot| *slot >= hardware.plain_slots())
        .filter(|slot| !(hardware.has_expander_bus() && *slot == EXPANDER_SLOT))
        .zip((0..u64::from(count)).rev())
        .collect()
}

/// `PCNT` of every port and of the root bus: reads which slots had events and notifies the operating system.
fn notifications(ports: &[(u32, u64)]) -> Aml {
    let mut body: Vec<Aml> = ports
        .iter()
        .rev()
        .map(|(slot, selector)| {
            let report = [
                store(path("BNUM"), integer(*selector)),
                call("DVNT", [path("PCIU"), integer(1)]),
                call("DVNT", [path("PCID"), integer(3)]),
            ];
            scope(&object_name(*slot, 0), [method("PCNT", 0, report)])
        })
        .collect();
    let calls: Vec<Aml> =
        ports.iter().rev().map(|(slot, _)| path(&format!("^{}.PCNT", object_name(*slot, 0)))).collect();
    body.push(method("PCNT", 0, calls));
    scope("\\_SB.PCI0", body)
}

/// The general-purpose event of PCI hotplug. Without ports there is nothing that it could report.
pub(super) fn hotplug_events(hardware: &Hardware) -> Aml {
    let ports = ports(hardware);
    let event = |body: Aml| scope("_GPE", [method("_E01", 0, body)]);
    if ports.is_empty() {
        return event(Aml::default());
    }
    let lock = "\\_SB.PCI0.BLCK";
    Aml::from([
        notifications(&ports),
        event(Aml::from([acquire(lock), call("\\_SB.PCI0.PCNT", []), release(lock)])),
    ])
}

fn legacy_devices(traits: Traits) -> Aml {
    let status = || name("_STA", integer(0x0f));
    let serial_line = if traits.shared_serial_line { irq_level_low_shared(4) } else { irq_no_flags(4) };
    Aml::from([
        device(
            "KBD",
            [
                name("_HID", eisa_id("PNP0303")),
                status(),
                name("_CRS", resources([io(0x60, 1, 1), io(0x64, 1, 1), irq_no_flags(1)])),
            ],
        ),
        device(
            "MOU",
            [name("_HID", eisa_id("PNP0F13")), status(), name("_CRS", resources([irq_no_flags(12)]))],
        ),
        device(
            "COM1",
            [
                name("_HID", eisa_id("PNP0501")),
                name("_UID", integer(1)),
                status(),
                name("_CRS", resources([io(0x3f8, 0, 8), serial_line])),
            ],
        ),
        device(
            "RTC",
            [name("_HID", eisa_id("PNP0B00")), name("_CRS", resources([io(0x70, 1, 8), irq_no_flags(8)]))],
        ),
    ])
}

/// The LPC bridge: interrupt routing registers and the legacy devices behind it.
fn chipset(traits: Traits) -> Aml {
    let links = [
        ("PRQA", 8),
        ("PRQB", 8),
        ("PRQC", 8),
        ("PRQD", 8),
        ("", 32),
        ("PRQE", 8),
        ("PRQF", 8),
        ("PRQG", 8),
        ("PRQH", 8),
    ];
    device(
        &object_name(CHIPSET_SLOT, 0),
        [
            address(CHIPSET_SLOT, 0),
            operation_region("PIRQ", Space::PciConfig, 0x60, 0x0c),
            scope("\\_SB", [field("PCI0.SF8.PIRQ", Access::Byte, &links)]),
            legacy_devices(traits),
        ],
    )
}

/// All devices in the order of their addresses.
pub(super) fn devices(hardware: &Hardware, traits: Traits) -> Aml {
    let ports: BTreeMap<u32, u64> = ports(hardware).into_iter().collect();
    let mut slots: Vec<Aml> = Vec::new();
    for slot in 0..CHIPSET_SLOT {
        let expander = hardware.has_expander_bus() && slot == EXPANDER_SLOT;
        if let Some(selector) = ports.get(&slot) {
            slots.push(root_port(slot, hardware.hotplug().then_some(*selector)));
        } else if expander || slot < hardware.plain_slots() {
            slots.push(plain(slot, 0));
        }
    }
    slots.extend([chipset(traits), plain(CHIPSET_SLOT, 2), plain(CHIPSET_SLOT, 3)]);
    scope("\\_SB", [scope("PCI0", slots)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{HardwareCounts, Limits, QemuProfile};
    use veritee_model::Sha256Digest;

    fn eight_gpus(hotplug: bool) -> Hardware {
        let counts = HardwareCounts {
            cpus: 1,
            memory: 2 << 30,
            hugepages: false,
            gpus: 8,
            nvswitches: 0,
            nics: 1,
            verity_volumes: 0,
            root_verity: true,
            hotplug,
            pci_hole64: 0,
        };
        Hardware::new(counts, &Limits::STANDARD).unwrap()
    }

    #[test]
    fn hotplug_methods_of_eight_root_ports_are_those_of_qemu() {
        let methods = notifications(&ports(&eight_gpus(true))).into_bytes();
        assert_eq!(methods.len(), 411);
        assert_eq!(
            Sha256Digest::of(&methods).to_string(),
            "29f0fc0087802ef8886aa8eff10bbd78b471e50f8ce2d543861cd437a2806851"
        );
    }

    #[test]
    fn eight_root_ports_are_those_of_qemu() {
        for (hotplug, length, digest) in [
            (false, 240, "7a107a6f0cf575cff4f70489c1b61a8c1ef1ae86a89de182ab0f412cea7bf80d"),
            (true, 1094, "caec37e9162f026c9e36fe4952fb55f6aa7db09fc92e4e785914f84b05a705b3"),
        ] {
            let ports: Vec<Aml> = ports(&eight_gpus(hotplug))
                .into_iter()
                .map(|(slot, selector)| root_port(slot, hotplug.then_some(selector)))
                .collect();
            let bytes = Aml::from(ports).into_bytes();
            assert_eq!(bytes.len(), length);
            assert_eq!(Sha256Digest::of(&bytes).to_string(), digest);
        }
    }

    #[test]
    fn hotplug_grows_eight_root_ports_by_as_much_as_in_qemu() {
        let traits = Traits::of(QemuProfile::V11_1);
        let with = devices(&eight_gpus(true), traits).into_bytes();
        let without = devices(&eight_gpus(false), traits).into_bytes();
        assert_eq!(with.len() - without.len(), 854);
    }
}
