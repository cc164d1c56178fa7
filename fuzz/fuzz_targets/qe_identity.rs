//! QE identity behind its signature: no panic, levels in one order without doubles, nothing behind the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_quote::fuzzing;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let identity = match fuzzing::qe_identity(text) {
        Ok(identity) => identity,
        Err(fault) => {
            let _ = format!("{fault:?}");
            return;
        }
    };
    assert!(identity.levels.windows(2).all(|pair| pair[0].isv_svn > pair[1].isv_svn));
    assert_eq!(fuzzing::qe_identity(&format!("{text} ")).as_ref(), Ok(&identity));
    assert!(fuzzing::qe_identity(&format!("{text}1")).is_err(), "data behind the document");
});
