//! Documents of chain reads: no panic, the same document again, and nothing proven without a block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_chain::rpc::ChainReads;
use veritee_chain::survey::findings;
use veritee_model::Budget;

fuzz_target!(|data: &[u8]| {
    let budget = &Budget::STANDARD;
    let Ok(reads) = ChainReads::read(data, budget) else { return };
    let written = reads.write().expect("what was read can be written");
    assert_eq!(ChainReads::read(&written, budget).as_ref(), Ok(&reads));
    let found = findings(&reads, budget);
    assert!(found.agreeing <= reads.endpoints.len());
    if found.survey.app.is_some() || found.survey.registry.is_some() {
        assert!(found.survey.header.is_some());
    }
});
