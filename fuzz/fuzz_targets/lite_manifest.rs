//! Lite manifests: no panic, opened by the hash of their own checksum file and by no other, and by no changed byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_measure::lite::{LiteError, LiteManifest};
use veritee_measure::vm_config::LiteDocument;
use veritee_model::{Mrtd, Rtmr, Sha256Digest};

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = data.split_first() else { return };
    // Either the manifest is fuzzed behind a fitting checksum file, or the checksum file in front of a manifest.
    let (measurement, checksum_file) = if mode & 1 == 0 {
        let line = format!("{}  measurement.tdx.cbor\n", Sha256Digest::of(rest));
        (rest.to_vec(), line.into_bytes())
    } else {
        (b"\xa0".to_vec(), rest.to_vec())
    };
    let hash = Sha256Digest::of(&checksum_file);
    let mut document = LiteDocument { measurement, checksum_file };
    assert_eq!(LiteManifest::open(&document, None), Err(LiteError::NoClaim));
    let opened = LiteManifest::open(&document, Some(&hash));
    assert_eq!(opened, LiteManifest::open(&document, Some(&hash)));
    let manifest = match opened {
        Ok(manifest) => manifest,
        Err(error) => {
            let shown = error.to_string();
            assert!(!shown.chars().any(veritee_model::text::is_hazardous), "{shown:?}");
            return;
        }
    };
    assert_eq!(*manifest.hash(), hash);
    let compared = manifest.compare(&Mrtd::new([0; 48]), &Rtmr::ZERO, &Rtmr::ZERO);
    assert!(compared.header.is_none() && !compared.rtmr2, "no machine has registers of zero");
    let _ = manifest.firmware().td_hob(4 << 30);
    let other = Sha256Digest::of(hash.as_bytes());
    assert!(LiteManifest::open(&document, Some(&other)).is_err(), "opened by the hash of another image");
    if let Some(byte) = document.measurement.last_mut() {
        *byte ^= 1;
    }
    assert!(matches!(LiteManifest::open(&document, Some(&hash)), Err(LiteError::ManifestHash { .. })));
});
