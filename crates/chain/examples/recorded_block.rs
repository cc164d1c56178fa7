//! A block as a node told it, verified: `recorded_block FOLDER`, with `block.json`, `receipts.json` and any number of
//! answers to `eth_getProof` named `*proof.json`. Prints what was shown; ends with an error where anything is not.
#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::path::Path;
use veritee_base::Budget;
use veritee_chain::header::Header;
use veritee_chain::proof::ProvenAccount;
use veritee_chain::{Address, B256, receipt};

/// What of a proof says about what it is.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    address: String,
    storage_proof: Vec<Key>,
}

#[derive(serde::Deserialize)]
struct Key {
    key: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: recorded_block FOLDER")?;
    let folder = Path::new(&folder);
    let text = |name: &str| fs::read_to_string(folder.join(name));
    let header = Header::from_rpc(&text("block.json")?)?;
    println!("block {} hashes to {}", header.number(), header.hash());
    let receipts = text("receipts.json")?;
    let logs = receipt::logs(&header, &receipts, &Budget::STANDARD)?;
    let count = serde_json::from_str::<Vec<serde_json::Value>>(&receipts)?.len();
    println!("{count} receipts with {} logs have its root {}", logs.len(), header.receipts_root());
    let mut names: Vec<String> =
        fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    for name in names.iter().filter(|name| name.ends_with("proof.json")) {
        let answer = text(name)?;
        let about: About = serde_json::from_str(&answer)?;
        let address: Address = about.address.parse()?;
        let slots: Vec<B256> =
            about.storage_proof.iter().map(|slot| slot.key.parse()).collect::<Result<_, _>>()?;
        let proven = ProvenAccount::from_rpc(&header, address, &slots, &answer)?;
        let account = proven.account().ok_or("proven absent")?;
        println!(
            "{name}: {address}, nonce {}, {} slots, proven from {}",
            account.nonce,
            slots.len(),
            header.state_root()
        );
        for (slot, value) in proven.slots() {
            println!("  slot {slot} is {value:#x}");
        }
        // One bit of it changed, and it is refused.
        let at = answer.rfind("0x").ok_or("no hex in the proof")?.saturating_add(12);
        let digit = answer.get(at..=at).ok_or("a short node")?;
        let changed = if digit == "0" { "1" } else { "0" };
        let broken = [answer.get(..at), Some(changed), answer.get(at.saturating_add(1)..)]
            .map(Option::unwrap_or_default);
        if ProvenAccount::from_rpc(&header, address, &slots, &broken.concat()).is_ok() {
            return Err(format!("{name}: a changed digit is accepted").into());
        }
    }
    Ok(())
}
