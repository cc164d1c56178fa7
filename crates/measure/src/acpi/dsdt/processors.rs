//! Processor objects and processor hotplug.

use super::Traits;
use crate::acpi::aml::{
    Access, Aml, Space, acquire, argument, break_loop, buffer, call, debug, device, eisa_id, element,
    element_value, equal, field, if_then, increment, integer, io, less, local, logical_and, logical_or,
    method, mutex, name, notify, operation_region, otherwise, package_of, path, processor, release,
    resources, return_value, scope, serialized_method, store, string, when, while_true,
};
use crate::acpi::tables::{FIRST_X2APIC, processor_entry};
use crate::shape::Hardware;

/// Ports of the hotplug registers: base and length.
const PORTS: (u16, u8) = (0xcd8, 12);
/// Processors that one scan can report.
const SCAN_CAPACITY: u8 = 255;
const LOCK: &str = "\\_SB.PCI0.PRES.CPLK";

fn register(unit: &str) -> Aml {
    path(&format!("\\_SB.PCI0.PRES.{unit}"))
}

fn write(unit: &str, value: Aml) -> Aml {
    store(register(unit), value)
}

fn is(value: Aml, number: u64) -> Aml {
    equal(value, integer(number))
}

fn set(target: u8, number: u64) -> Aml {
    store(local(target), integer(number))
}

/// Runs `body` with the registers locked.
fn locked(body: impl IntoIterator<Item = Aml>) -> Aml {
    core::iter::once(acquire(LOCK)).chain(body).chain([release(LOCK)]).collect()
}

fn register_bank(traits: Traits) -> Aml {
    let (base, length) = PORTS;
    device(
        "\\_SB.PCI0.PRES",
        [
            name("_HID", eisa_id("PNP0A06")),
            name("_UID", string("CPU Hotplug resources")),
            mutex("CPLK"),
            name("_CRS", resources([io(base, 1, length)])),
            operation_region("PRST", Space::SystemIo, u64::from(base), u64::from(length)),
            field(
                "PRST",
                Access::ByteZeros,
                &[
                    ("", 32),
                    ("CPEN", 1),
                    ("CINS", 1),
                    ("CRMV", 1),
                    ("CEJ0", 1),
                    ("CEJF", 1),
                    ("", 3),
                    ("CCMD", 8),
                ],
            ),
            field("PRST", Access::DWord, &[("CSEL", 32), ("", 32), ("CDAT", 32)]),
            when(traits.processor_init, || serialized_method("_INI", 0, [store(path("CSEL"), integer(0))])),
        ],
    )
}

fn object_name(index: u32) -> String {
    format!("C{index:03X}")
}

fn notify_by_index(count: u32) -> Aml {
    let cases: Vec<Aml> = (0..count)
        .map(|index| if_then(is(argument(0), u64::from(index)), [notify(&object_name(index), argument(1))]))
        .collect();
    method("CTFY", 2, cases)
}

fn status() -> Aml {
    serialized_method(
        "CSTA",
        1,
        [
            locked([write("CSEL", argument(0)), set(0, 0), if_then(is(register("CPEN"), 1), [set(0, 0x0f)])]),
            return_value(local(0)),
        ],
    )
}

fn eject() -> Aml {
    serialized_method("CEJ0", 1, [locked([write("CSEL", argument(0)), write("CEJ0", integer(1))])])
}

fn report() -> Aml {
    serialized_method(
        "COST",
        4,
        [locked([
            write("CSEL", argument(0)),
            write("CCMD", integer(1)),
            write("CDAT", argument(1)),
            write("CCMD", integer(2)),
            write("CDAT", argument(2)),
        ])],
    )
}

/// One step of the scan: ask for the next processor with an event and remember what happened to it.
fn scan_step(traits: Traits) -> Aml {
    let full = is(local(1), u64::from(SCAN_CAPACITY));
    let full =
        if traits.queued_eject { logical_or(full, is(local(5), u64::from(SCAN_CAPACITY))) } else { full };
    let removed = if traits.queued_eject {
        if_then(
            is(register("CRMV"), 1),
            [store(element(path("CEJL"), local(5)), local(3)), increment(local(5)), set(0, 1)],
        )
    } else {
        otherwise([if_then(
            is(register("CRMV"), 1),
            [call("CTFY", [local(3), integer(3)]), write("CRMV", integer(1)), set(0, 1)],
        )])
    };
    Aml::from([
        set(0, 0),
        write("CSEL", local(3)),
        write("CCMD", integer(0)),
        if_then(less(register("CDAT"), local(3)), [break_loop()]),
        if_then(full, [set(4, 1), break_loop()]),
        store(local(3), register("CDAT")),
        if_then(
            is(register("CINS"), 1),
            [store(element(path("CNEW"), local(1)), local(3)), increment(local(1)), set(0, 1)],
        ),
        removed,
        increment(local(3)),
    ])
}

/// `CSCN`: finds processors with events, in rounds of at most 255, and notifies the operating system.
fn scan(count: u32, traits: Traits) -> Aml {
    let arrived = while_true(
        less(local(2), local(1)),
        [
            store(local(3), element_value(path("CNEW"), local(2))),
            call("CTFY", [local(3), integer(1)]),
            store(debug(), local(3)),
            write("CSEL", local(3)),
            write("CINS", integer(1)),
            increment(local(2)),
        ],
    );
    let leaving = || {
        Aml::from([
            set(2, 0),
            while_true(
                less(local(2), local(5)),
                [
                    store(local(3), element_value(path("CEJL"), local(2))),
                    call("CTFY", [local(3), integer(3)]),
                    write("CSEL", local(3)),
                    write("CRMV", integer(1)),
                    increment(local(2)),
                ],
            ),
        ])
    };
    let round = Aml::from([
        set(4, 0),
        set(0, 1),
        set(1, 0),
        when(traits.queued_eject, || set(5, 0)),
        while_true(
            logical_and(is(local(0), 1), less(local(3), integer(u64::from(count)))),
            scan_step(traits),
        ),
        set(2, 0),
        arrived,
        when(traits.queued_eject, leaving),
    ]);
    serialized_method(
        "CSCN",
        0,
        locked([
            name("CNEW", package_of(SCAN_CAPACITY, [])),
            when(traits.queued_eject, || name("CEJL", package_of(SCAN_CAPACITY, []))),
            set(3, 0),
            set(4, 1),
            while_true(is(local(4), 1), round),
        ]),
    )
}

/// A processor object, or a device with a numeric identifier where its index needs more than eight bits.
fn object(index: u32, hugepages: bool) -> Aml {
    let number = || integer(u64::from(index));
    let members = Aml::from([
        serialized_method("_STA", 0, [return_value(call("CSTA", [number()]))]),
        name("_MAT", buffer(&processor_entry(index))),
        when(index > 0, || method("_EJ0", 1, [call("CEJ0", [number()])])),
        serialized_method("_OST", 3, [call("COST", [number(), argument(0), argument(1), argument(2)])]),
        when(hugepages, || name("_PXM", integer(0))),
    ]);
    match u8::try_from(index) {
        Ok(id) if index < FIRST_X2APIC => processor(&object_name(index), id, members),
        _ => device(&object_name(index), [name("_HID", string("ACPI0007")), name("_UID", number()), members]),
    }
}

/// Hotplug registers and all processors.
pub(super) fn devices(hardware: &Hardware, traits: Traits) -> Aml {
    let count = hardware.cpus();
    let mut container = vec![
        name("_HID", string("ACPI0010")),
        name("_CID", eisa_id("PNP0A05")),
        notify_by_index(count),
        status(),
        eject(),
        scan(count, traits),
        report(),
    ];
    container.extend((0..count).map(|index| object(index, hardware.hugepages())));
    scope("_SB", [register_bank(traits), device("\\_SB.CPUS", container)])
}

/// The general-purpose event that starts a scan.
pub(super) fn event() -> Aml {
    method("\\_GPE._E02", 0, [call("\\_SB.CPUS.CSCN", [])])
}
