//! Firmware images: no panic, memory that a TD HOB can be built for, the same MRTD twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_measure::PassOrder;
use veritee_measure::tdvf::Tdvf;

/// A section without data can name 256 MiB of zero pages. Hashing them finds nothing.
fn names_little_memory(data: &[u8]) -> bool {
    let size = |entry: &[u8]| Some(u64::from_le_bytes(entry.get(16..24)?.try_into().ok()?));
    data.windows(4).enumerate().filter(|(_, magic)| *magic == b"TDVF").all(|(at, _)| {
        let entries = data.get(at + 16..).unwrap_or_default().chunks(32).take(64);
        entries.filter_map(size).filter(|size| *size <= 256 << 20).sum::<u64>() <= 1 << 20
    })
}

fuzz_target!(|data: &[u8]| {
    let firmware = match Tdvf::parse(data) {
        Ok(firmware) => firmware,
        Err(error) => {
            let _ = error.to_string();
            return;
        }
    };
    if let Ok(memory) = firmware.memory() {
        let _ = memory.td_hob(4 << 30).map_err(|error| error.to_string());
    }
    if names_little_memory(data) {
        let again = Tdvf::parse(data).expect("the same bytes");
        for order in PassOrder::ALL {
            assert_eq!(firmware.mrtd(order), again.mrtd(order));
        }
    }
});
