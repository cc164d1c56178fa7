//! Interrupt routing of the root bus: routing tables and link devices.

use super::Traits;
use crate::acpi::aml::{
    Aml, and, argument, call, create_dword_field, device, eisa_id, equal, if_then, integer, interrupts,
    method, name, or_into, otherwise, package_of, path, resources, return_value, scope, serialized_method,
    store,
};

/// `\PICF` and `_PIC`: which interrupt controller the operating system has chosen.
pub(super) fn mode() -> Aml {
    Aml::from([name("PICF", integer(0)), method("_PIC", 1, [store(path("PICF"), argument(0))])])
}

/// The `offset`-th letter from `base`.
pub(super) fn letter(base: char, offset: u32) -> char {
    char::from_u32(u32::from(base).saturating_add(offset)).unwrap_or(base)
}

/// One entry of a routing table: all functions of a slot, one pin, its link device.
pub(super) fn route(slot: u32, pin: u32, prefix: &str, link: char) -> Aml {
    package_of(
        4,
        [
            integer(u64::from(slot) << 16 | 0xffff),
            integer(u64::from(pin)),
            path(&format!("{prefix}{link}")),
            integer(0),
        ],
    )
}

/// The links of the chipset: slots 0x19 to 0x1d and 0x1f use lines A to D, all others E to H; below slot 0x18 the
/// pins are rotated by the slot.
fn root_routes(prefix: &str) -> Aml {
    let routes: Vec<Aml> = (0..32_u32)
        .flat_map(|slot| (0..4_u32).map(move |pin| (slot, pin)))
        .map(|(slot, pin)| {
            let base = if matches!(slot, 0x19..=0x1d | 0x1f) { 'A' } else { 'E' };
            let head = if slot < 0x18 { slot & 3 } else { 0 };
            route(slot, pin, prefix, letter(base, head.wrapping_add(pin) & 3))
        })
        .collect();
    package_of(128, routes)
}

/// A link that can be routed to several legacy lines through the chipset register `PRQx`.
fn routable_link(index: u32, traits: Traits) -> Aml {
    let register = format!("PRQ{}", letter('A', index));
    device(
        &format!("LNK{}", letter('A', index)),
        [
            name("_HID", eisa_id("PNP0C0F")),
            name("_UID", integer(u64::from(index))),
            name("_PRS", resources([interrupts(traits.edge_links, &[5, 10, 11])])),
            method("_STA", 0, [return_value(call("IQST", [path(&register)]))]),
            method("_DIS", 0, [or_into(path(&register), integer(0x80))]),
            method("_CRS", 0, [return_value(call("IQCR", [path(&register)]))]),
            method(
                "_SRS",
                1,
                [create_dword_field(&argument(0), 5, "PRRI"), store(path(&register), path("PRRI"))],
            ),
        ],
    )
}

/// A link that is wired to one line of the I/O APIC.
fn fixed_link(index: u32, traits: Traits) -> Aml {
    let line = index.saturating_add(16);
    let lines = || resources([interrupts(traits.edge_links, &[line])]);
    device(
        &format!("GSI{}", letter('A', index)),
        [
            name("_HID", eisa_id("PNP0C0F")),
            name("_UID", integer(u64::from(line))),
            name("_PRS", lines()),
            name("_CRS", lines()),
            method("_DIS", 0, []),
            method("_SRS", 1, []),
        ],
    )
}

/// Routing tables of the root bus and all link devices.
pub(super) fn routing(traits: Traits) -> Aml {
    let tables = scope(
        "PCI0",
        [
            name("PRTP", root_routes("LNK")),
            name("PRTA", root_routes("GSI")),
            method(
                "_PRT",
                0,
                [
                    if_then(equal(path("PICF"), integer(0)), [return_value(path("PRTP"))]),
                    otherwise([return_value(path("PRTA"))]),
                ],
            ),
        ],
    );
    let status = method(
        "IQST",
        1,
        [if_then(and(integer(0x80), argument(0)), [return_value(integer(9))]), return_value(integer(0x0b))],
    );
    let current = serialized_method(
        "IQCR",
        1,
        [
            name("PRR0", resources([interrupts(traits.edge_links, &[0])])),
            create_dword_field(&path("PRR0"), 5, "PRRI"),
            store(path("PRRI"), and(argument(0), integer(0x0f))),
            return_value(path("PRR0")),
        ],
    );
    let mut body = vec![tables, status, current];
    body.extend((0..8).map(|index| routable_link(index, traits)));
    body.extend((0..8).map(|index| fixed_link(index, traits)));
    scope("_SB", body)
}
