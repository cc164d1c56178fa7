//! Revocation lists of the CAs above devices: asked for where the responder leaves a CA open.

use super::{GpuAsk, GpuMissing, GpuObtained, GpuService, item_of, not_served};
use crate::error::StoreError;
use crate::obtain::Mode;
use crate::pcs::all;
use crate::store::{GpuKept, GpuPlace};
use veritee_client::{Client, Get};
use veritee_gpu::Memory;
use veritee_gpu::wanted::{ListFound, WantedAnswer, WantedList};

/// Lists of the store, and those of the service that speak of what is open. A list has no word about a device itself.
pub(super) async fn obtain(
    client: &Client,
    service: &GpuService,
    (wanted, open): (&[WantedList], &[&WantedAnswer]),
    ask: &GpuAsk<'_>,
    memory: &Memory,
    obtained: &mut GpuObtained,
) -> Result<(), StoreError> {
    let mut fetched = Vec::new();
    for list in wanted {
        let had = stored(list, ask, memory, obtained)?;
        let needed = open.iter().any(|answer| list.covers(answer));
        if needed && (!had || ask.mode == Mode::Refresh) {
            fetched.push(get(client, service, list, ask, memory));
        }
    }
    obtained.requests = obtained.requests.saturating_add(fetched.len());
    for (list, got) in all(fetched).await {
        match got {
            Ok((bytes, url, found)) => {
                let kept = kept(bytes, url, &found, ask);
                ask.store.keep_gpu(ask.roots, &GpuPlace::List(list.key()), &kept)?;
                obtained.take(item_of(list.name(), kept, found.to_string(), false));
            }
            Err(why) => obtained.missing.push(GpuMissing { what: list.name(), why }),
        }
    }
    Ok(())
}

/// Lists of the store that count at this time; whether one is in force.
pub(super) fn stored(
    wanted: &WantedList,
    ask: &GpuAsk<'_>,
    memory: &Memory,
    obtained: &mut GpuObtained,
) -> Result<bool, StoreError> {
    let (kept, faults) = ask.store.gpu_kept(ask.roots, &GpuPlace::List(wanted.key()))?;
    obtained.faults.extend(faults);
    let mut had = false;
    for kept in kept {
        let Ok(found) = wanted.check(&kept.bytes, ask.now, ask.store.budget(), memory) else { continue };
        had |= ask.now <= found.until;
        obtained.items.push(item_of(wanted.name(), kept, found.to_string(), true));
    }
    Ok(had)
}

/// A list that revokes one of the certificates that it was wanted for holds for ever.
pub(super) fn kept(bytes: Vec<u8>, url: String, found: &ListFound, ask: &GpuAsk<'_>) -> GpuKept {
    GpuKept { bytes, url, fetched: ask.now, until: (!found.revokes).then_some(found.until) }
}

type Fetched<'a> = (&'a WantedList, Result<(Vec<u8>, String, ListFound), String>);

async fn get<'a>(
    client: &Client,
    service: &GpuService,
    wanted: &'a WantedList,
    ask: &GpuAsk<'_>,
    memory: &Memory,
) -> Fetched<'a> {
    let url = service.list(wanted.file());
    let budget = ask.store.budget();
    let answer = client.get(&Get::any(url.clone(), budget.gpu_statement_bytes)).await;
    let got = answer.map_err(|error| not_served(&error)).and_then(|answer| {
        match wanted.check(&answer.body, ask.now, budget, memory) {
            Ok(found) => Ok((answer.body, url.to_string(), found)),
            Err(error) => Err(format!("{url}: refused: {error}")),
        }
    });
    (wanted, got)
}
