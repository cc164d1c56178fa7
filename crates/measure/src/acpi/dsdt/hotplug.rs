//! Registers and methods of PCI hotplug through ACPI.

use super::Traits;
use super::bus::supported_functions_guards;
use crate::acpi::aml::{
    Access, Aml, Space, acquire, argument, call, element, element_value, equal, field, if_then, integer,
    local, logical_or, method, mutex, not, operation_region, or, or_into, package_of, path, release,
    return_value, scope, serialized_method, shift_left, store, string,
};

/// Runs `body` with the register bank locked.
fn locked(body: impl IntoIterator<Item = Aml>) -> Aml {
    core::iter::once(acquire("BLCK")).chain(body).chain([release("BLCK")]).collect()
}

/// The index that firmware gave a device: bus selector and slot come in the caller's package.
fn acpi_index() -> Aml {
    call("AIDX", [element_value(argument(4), integer(0)), element_value(argument(4), integer(1))])
}

fn supported_functions() -> Aml {
    if_then(
        equal(argument(2), integer(0)),
        [
            supported_functions_guards(),
            store(local(1), integer(0)),
            store(local(2), acpi_index()),
            if_then(
                not(or(equal(local(2), integer(0)), equal(local(2), integer(0xffff_ffff)))),
                [or_into(local(1), integer(1)), or_into(local(1), shift_left(integer(1), integer(7)))],
            ),
            store(element(local(0), integer(0)), local(1)),
            return_value(local(0)),
        ],
    )
}

fn device_name(traits: Traits) -> Aml {
    let body = if traits.checked_device_name {
        Aml::from([
            store(local(2), acpi_index()),
            store(local(0), package_of(2, [])),
            if_then(
                not(logical_or(equal(local(2), integer(0)), equal(local(2), integer(0xffff_ffff)))),
                [
                    store(element(local(0), integer(0)), local(2)),
                    store(element(local(0), integer(1)), string("")),
                ],
            ),
        ])
    } else {
        Aml::from([
            store(local(0), package_of(2, [integer(0), string("")])),
            store(local(2), acpi_index()),
            store(element(local(0), integer(0)), local(2)),
        ])
    };
    if_then(equal(argument(2), integer(7)), [body, return_value(local(0))])
}

/// The register bank and the methods that use it.
pub(super) fn registers(traits: Traits) -> Aml {
    let slot_bit = || shift_left(integer(1), argument(1));
    scope(
        "_SB.PCI0",
        [
            operation_region("PCST", Space::SystemIo, 0xcc0, 8),
            field("PCST", Access::DWordZeros, &[("PCIU", 32), ("PCID", 32)]),
            operation_region("SEJ", Space::SystemIo, 0xcc8, 4),
            field("SEJ", Access::DWordZeros, &[("B0EJ", 32)]),
            operation_region("BNMR", Space::SystemIo, 0xcd0, 8),
            field("BNMR", Access::DWordZeros, &[("BNUM", 32), ("PIDX", 32)]),
            mutex("BLCK"),
            method(
                "PCEJ",
                2,
                [
                    locked([store(path("BNUM"), argument(0)), store(path("B0EJ"), slot_bit())]),
                    return_value(integer(0)),
                ],
            ),
            method(
                "AIDX",
                2,
                [
                    locked([
                        store(path("BNUM"), argument(0)),
                        store(path("PIDX"), slot_bit()),
                        store(local(0), path("PIDX")),
                    ]),
                    return_value(local(0)),
                ],
            ),
            serialized_method("PDSM", 5, [supported_functions(), device_name(traits)]),
        ],
    )
}
