//! dstack's attestation container: SCALE (version 0) and msgpack (version 1).

use crate::dstack::Machine;
use crate::dstack::event::{Event, RUNTIME_EVENT};

/// Version 0: SCALE. The log is stripped as dstack strips it: RTMR3 and the ACPI events.
#[must_use]
pub fn scale(quote: &[u8], events: &[Event], machine: &Machine) -> Vec<u8> {
    let report_data =
        machine.binding.report_data(&machine.universe.pki, &crate::dstack::answers::ingress_files());
    scale_parts(quote, &stripped(events), &runtime(events), &report_data, &machine.vm_config)
}

/// Version 0 with every part given.
#[must_use]
pub fn scale_parts(
    quote: &[u8],
    event_log: &[Event],
    runtime_events: &[Event],
    report_data: &[u8; 64],
    config: &str,
) -> Vec<u8> {
    let mut out = vec![0, 0];
    scale_bytes(&mut out, quote);
    scale_length(&mut out, event_log.len());
    for event in event_log {
        out.extend(event.imr.to_le_bytes());
        out.extend(event.event_type.to_le_bytes());
        scale_bytes(&mut out, &event.digest);
        scale_bytes(&mut out, event.name.as_bytes());
        scale_bytes(&mut out, &event.payload);
    }
    scale_length(&mut out, runtime_events.len());
    for event in runtime_events {
        scale_bytes(&mut out, event.name.as_bytes());
        scale_bytes(&mut out, &event.payload);
    }
    out.extend_from_slice(report_data);
    scale_bytes(&mut out, config.as_bytes());
    out
}

/// Version 1: a msgpack map with names, byte vectors as arrays of integers where dstack writes them so.
#[must_use]
pub fn msgpack(quote: &[u8], events: &[Event], machine: &Machine) -> Vec<u8> {
    let report_data =
        machine.binding.report_data(&machine.universe.pki, &crate::dstack::answers::ingress_files());
    msgpack_parts(quote, &stripped(events), &runtime(events), &report_data, &machine.vm_config)
}

/// Version 1 with every part given.
#[must_use]
pub fn msgpack_parts(
    quote: &[u8],
    event_log: &[Event],
    runtime_events: &[Event],
    report_data: &[u8; 64],
    config: &str,
) -> Vec<u8> {
    let mut out = Vec::new();
    map(&mut out, 3);
    text(&mut out, "version");
    out.push(1);
    text(&mut out, "platform");
    kind(&mut out, "tdx");
    map(&mut out, 2);
    text(&mut out, "quote");
    integers(&mut out, quote);
    text(&mut out, "event_log");
    array(&mut out, event_log.len());
    for event in event_log {
        map(&mut out, if event.version == 2 { 6 } else { 5 });
        text(&mut out, "imr");
        integer(&mut out, event.imr);
        text(&mut out, "event_type");
        integer(&mut out, event.event_type);
        text(&mut out, "digest");
        binary(&mut out, &event.digest);
        text(&mut out, "event");
        text(&mut out, &event.name);
        text(&mut out, "event_payload");
        binary(&mut out, &event.payload);
        version(&mut out, event);
    }
    text(&mut out, "stack");
    kind(&mut out, "dstack");
    map(&mut out, 3);
    text(&mut out, "report_data");
    integers(&mut out, report_data);
    text(&mut out, "runtime_events");
    array(&mut out, runtime_events.len());
    for event in runtime_events {
        map(&mut out, if event.version == 2 { 3 } else { 2 });
        text(&mut out, "event");
        text(&mut out, &event.name);
        text(&mut out, "payload");
        binary(&mut out, &event.payload);
        version(&mut out, event);
    }
    text(&mut out, "config");
    text(&mut out, config);
    out
}

/// What dstack keeps of a log in a container: RTMR3, and the ACPI events that it labels.
#[must_use]
pub fn stripped(events: &[Event]) -> Vec<Event> {
    let mut labels = ["acpi-loader", "acpi-rsdp", "acpi-tables"].into_iter();
    events
        .iter()
        .filter_map(|event| {
            let acpi = event.imr == 0 && event.event_type == 0xa && event.payload == b"ACPI DATA";
            let mut event = event.clone();
            if acpi {
                event.name = labels.next().unwrap_or_default().to_owned();
            } else if event.imr == 3 {
                event.digest.clear();
            } else {
                return None;
            }
            Some(event)
        })
        .collect()
}

fn runtime(events: &[Event]) -> Vec<Event> {
    events.iter().filter(|event| event.event_type == RUNTIME_EVENT).cloned().collect()
}

fn scale_length(out: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).expect("short");
    match length {
        0..=0x3f => out.push(u8::try_from(length << 2).expect("6 bits")),
        0x40..=0x3fff => out.extend(u16::try_from((length << 2) | 1).expect("14 bits").to_le_bytes()),
        _ => out.extend(((length << 2) | 2).to_le_bytes()),
    }
}

fn scale_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    scale_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn kind(out: &mut Vec<u8>, name: &str) {
    map(out, 2);
    text(out, "kind");
    text(out, name);
    text(out, "data");
}

fn version(out: &mut Vec<u8>, event: &Event) {
    if event.version == 2 {
        text(out, "version");
        out.push(2);
    }
}

fn map(out: &mut Vec<u8>, members: u8) {
    out.push(0x80 | members);
}

fn array(out: &mut Vec<u8>, length: usize) {
    out.push(0xdc);
    out.extend(u16::try_from(length).expect("short").to_be_bytes());
}

fn integer(out: &mut Vec<u8>, value: u32) {
    if let Ok(small @ 0..=0x7f) = u8::try_from(value) {
        out.push(small);
    } else {
        out.push(0xce);
        out.extend(value.to_be_bytes());
    }
}

fn integers(out: &mut Vec<u8>, bytes: &[u8]) {
    array(out, bytes.len());
    for byte in bytes {
        if *byte >= 0x80 {
            out.push(0xcc);
        }
        out.push(*byte);
    }
}

fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(0xc5);
    out.extend(u16::try_from(bytes.len()).expect("short").to_be_bytes());
    out.extend_from_slice(bytes);
}

fn text(out: &mut Vec<u8>, value: &str) {
    out.push(0xda);
    out.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    out.extend_from_slice(value.as_bytes());
}
