//! What prepared collateral occupies: by its own account, and as the kernel sees it.

use crate::common::Sample;
use crate::forged;
use veritee_quote::{Expiry, PreparedCollateral};

const PAGE: usize = 4096;

/// Name, own account, resident bytes each.
type Row = (String, usize, Option<usize>);

pub(crate) struct Memory(Vec<Row>);

/// Fills memory with copies that share nothing.
pub(crate) fn measure(sample: &Sample, quick: bool) -> Memory {
    let prepare =
        || sample.collateral.verify_at(&sample.root, sample.as_of, Expiry::Enforce).expect("genuine");
    let mut rows = vec![row("the sample's", if quick { 10 } else { 2_000 }, prepare)];
    let count = if quick { 100 } else { 600_000 };
    let listed = forged::prepare(&forged::with_revocations(count));
    // Not by the kernel's account: copies would be hidden in what reading the first has left free.
    rows.push((format!("with {count} revocations"), listed.memory_bytes(), None));
    Memory(rows)
}

fn row(name: &str, copies: usize, prepare: impl Fn() -> PreparedCollateral) -> Row {
    let mut kept = Vec::with_capacity(copies);
    kept.push(prepare());
    let before = resident();
    kept.extend((1..copies).map(|_| prepare()));
    let grown = resident().saturating_sub(before);
    (name.to_owned(), kept[0].memory_bytes(), Some(grown / copies.saturating_sub(1).max(1)))
}

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * PAGE
}

impl Memory {
    pub(crate) fn print(&self) {
        println!("\n{:<24} {:>14} {:>14}", "prepared collateral", "memory_bytes()", "resident bytes");
        for (name, own, resident) in &self.0 {
            let resident = resident.map_or_else(String::new, |bytes| bytes.to_string());
            println!("{name:<24} {own:>14} {resident:>14}");
        }
    }
}
