//! TCB info behind its signature: no panic, levels in one order without doubles, nothing behind the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_quote::fuzzing;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let info = match fuzzing::tcb_info(text) {
        Ok(info) => info,
        Err(fault) => {
            let _ = format!("{fault:?}");
            return;
        }
    };
    let rank = |at: usize| info.levels.get(at).map(|level| (level.sgx, level.pce_svn, level.tdx));
    for at in 1..info.levels.len() {
        assert!(rank(at - 1) > rank(at), "levels {} and {at} are out of order", at - 1);
    }
    for module in &info.tdx_modules {
        assert!(module.levels.windows(2).all(|pair| pair[0].isv_svn > pair[1].isv_svn));
    }
    assert_eq!(fuzzing::tcb_info(&format!("{text} ")).as_ref(), Ok(&info));
    assert!(fuzzing::tcb_info(&format!("{text}1")).is_err(), "data behind the document");
});
