//! A registry with 500 applications as hardhat 2.29.1 answered for it: proven complete out of the recorded bytes, and no
//! log of it can be hidden. `test-vectors/chain/kms500.mjs` made the recording.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use serde_json::Value;
use veritee_base::Budget;
use veritee_chain::contract::NotRecognised;
use veritee_chain::rpc::{ChainReads, Endpoint, Question};
use veritee_chain::survey::findings;
use veritee_testkit::chain::recorded_registry;

const BUDGET: &Budget = &Budget::STANDARD;

#[test]
fn a_whole_registry_of_500_applications_is_proven_complete_from_what_a_node_answered() {
    let reads = ChainReads::read(&recorded_registry(), BUDGET).unwrap();
    let found = findings(&reads, BUDGET);
    assert_eq!(found.faults, []);
    assert!(found.missing.is_empty() && found.disagreements.is_empty());
    let kms = found.survey.registry.unwrap().unwrap();
    assert!(kms.complete && kms.ca_proven);
    assert_eq!(
        (kms.apps.len(), kms.os_images.len(), kms.aggregated_mrs.len(), kms.devices.len()),
        (500, 12, 5, 1)
    );
    assert_eq!((kms.info.ca.len(), kms.info.quote.len(), kms.info.event_log.len()), (91, 5_000, 9_000));
    assert!(kms.slots > 960, "{} slots", kms.slots);
    let app = found.survey.app.unwrap().unwrap();
    assert!(app.complete && kms.apps.contains_key(&app.address));
    assert_eq!((app.compose_hashes.len(), app.devices.len()), (1, 1));
    // No proof of a slot is needed for the sets: the one account proof of the registry is small.
    let endpoint = &reads.endpoints[0];
    let proofs = endpoint.asked().filter(|(question, _)| matches!(question, Question::Proof { .. }));
    let account =
        |answer: &str| serde_json::from_str::<Value>(answer).unwrap()["accountProof"].to_string().len();
    let largest = proofs.map(|(_, answer)| account(answer.as_ref().unwrap())).max().unwrap();
    assert!(largest < 10_000, "{largest} bytes of account proof");
}

#[test]
fn whichever_log_of_it_that_matters_is_hidden_the_storage_tells() {
    let honest = ChainReads::read(&recorded_registry(), BUDGET).unwrap();
    let registry = honest.subject.registry.unwrap();
    let (question, answer) = honest.endpoints[0]
        .asked()
        .find(|(question, _)| matches!(question, Question::Logs { address, .. } if *address == registry))
        .unwrap();
    let logs: Vec<Value> = serde_json::from_str(answer.as_ref().unwrap()).unwrap();
    assert!(logs.len() > 1_000, "{} logs", logs.len());
    let mut caught = 0;
    for hidden in (30..logs.len()).step_by(61) {
        let mut fewer = logs.clone();
        let named = |log: &Value| log["topics"].as_array().unwrap().len() == 3;
        // Two logs of a deployment name the application, and either of them is enough: both are hidden.
        let pair = named(&logs[hidden]) || logs.get(hidden + 1).is_some_and(named);
        let first = if named(&logs[hidden]) { hidden - 1 } else { hidden };
        fewer.drain(first..first + if pair { 2 } else { 1 });
        let mut endpoint = Endpoint::new(honest.endpoints[0].url.clone());
        for (asked, answer) in honest.endpoints[0].asked() {
            let own =
                if asked == question { Ok(Value::from(fewer.clone()).to_string()) } else { answer.clone() };
            endpoint.add(asked.clone(), own);
        }
        let reads = ChainReads { subject: honest.subject.clone(), endpoints: vec![endpoint], l1: None };
        let found = findings(&reads, BUDGET).survey.registry.unwrap();
        assert_eq!(found.err(), Some(NotRecognised::Storage), "log {hidden}");
        caught += 1;
    }
    assert!(caught >= 5, "{caught}");
}
