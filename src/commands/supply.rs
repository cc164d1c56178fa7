//! Collateral that evidence lacks: out of the store, else from the network.

use super::gather;
use crate::cli::Global;
use crate::cli::network::{Evaluation, Network, PccsVersion};
use crate::failure::Failure;
use crate::{network, output};
use veritee_client::Client;
use veritee_collateral::{Error, Evaluation as By, Mode, Obtained, Service, Store, StoreError};
use veritee_model::{Evidence, Item, UnixTime};
use veritee_quote::{Collateral, Expiry, Quote, TrustRoot};

/// For which time and root collateral is wanted, and whether a socket may be opened for it.
pub(crate) struct Wanted<'a> {
    pub(crate) root: &'a TrustRoot,
    pub(crate) as_of: UnixTime,
    pub(crate) offline: bool,
    pub(crate) network: &'a Network,
}

/// Adds collateral to evidence that has none in force for its quote, or where a TCB evaluation was asked for by name.
/// What was given as a file is never replaced by something fetched, unless an evaluation was asked for.
///
/// Returns the early set where both were asked for.
pub(crate) fn collateral(
    evidence: &mut Evidence,
    wanted: &Wanted<'_>,
    global: &Global,
) -> Result<Option<Item>, Failure> {
    let Some(quote) = evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok()) else {
        // Nothing is known of the platform: the verdict will say why.
        return Ok(None);
    };
    match wanted.network.evaluation {
        Evaluation::One(By::Standard) | Evaluation::Both if lacking(evidence, &quote, wanted) => {
            evidence.collateral.extend(obtain(&quote, By::Standard, wanted, global)?);
        }
        Evaluation::One(By::Standard) | Evaluation::Both => {}
        // The newest in force would decide, and that could be the other set.
        Evaluation::One(named) => {
            evidence.collateral = obtain(&quote, named, wanted, global)?.into_iter().collect();
        }
    }
    match wanted.network.evaluation {
        Evaluation::Both => obtain(&quote, By::Early, wanted, global),
        Evaluation::One(_) => Ok(None),
    }
}

/// Whether nothing that was given is for this platform and in force. What is for it and does not verify is not
/// lacking: the verdict must speak of it.
fn lacking(evidence: &Evidence, quote: &Quote, wanted: &Wanted<'_>) -> bool {
    evidence
        .collateral
        .iter()
        .filter_map(|item| Collateral::from_json(&item.bytes).ok())
        .filter(|collateral| gather::fits(quote, collateral))
        .map(|collateral| collateral.verify_at(wanted.root, wanted.as_of, Expiry::Enforce))
        .all(|verified| verified.is_err_and(|error| error.reason().is_expiry()))
}

/// The store's, or the network's. Nothing, with a word on it, where neither may be asked.
fn obtain(
    quote: &Quote,
    evaluation: By,
    wanted: &Wanted<'_>,
    global: &Global,
) -> Result<Option<Item>, Failure> {
    // Intel's service knows nothing that another root has signed.
    let nobody_to_ask = !wanted.root.is_intel() && wanted.network.pccs.is_none();
    let mode = if wanted.offline || nobody_to_ask { Mode::Offline } else { Mode::Cached };
    let folder = network::store_folder(wanted.network.store.as_deref());
    if mode == Mode::Offline && !folder.as_ref().is_ok_and(|folder| folder.is_dir()) {
        return Ok(None);
    }
    let store = Store::open(&folder?, wanted.root).map_err(|error| unusable(&error))?;
    let client = network::client(wanted.network, global)?;
    let service = service(wanted.network)?;
    let as_of = wanted.as_of;
    let work = async {
        let obtained =
            veritee_collateral::obtain_for_quote(&client, &service, &store, quote, evaluation, as_of, mode)
                .await;
        Ok::<_, Failure>(obtained)
    };
    match network::block_on(work)? {
        Ok(obtained) => {
            told(&obtained, global);
            Ok(Some(obtained.item))
        }
        Err(Error::Absent { .. } | Error::PckAbsent | Error::NoPlatform { .. }) if mode == Mode::Offline => Ok(None),
        // The verdict says what is wrong with a quote that names no platform.
        Err(Error::NoPlatform { .. }) => Ok(None),
        Err(error) => Err(Failure::unobtainable(format!("collateral: {error}")).help(format!(
            "{}{}; or bring it: `veritee collateral fetch QUOTE -o collateral.json` on a machine with network, then \
             `--collateral collateral.json`; `--offline` says what can be said without",
            past(as_of),
            error.next_step()
        ))),
    }
}

/// What Intel signs today was not in force at a time long past, whoever is asked.
fn past(as_of: UnixTime) -> &'static str {
    const DAY: u64 = 86_400;
    let long = crate::input::now().is_ok_and(|now| now.seconds().saturating_sub(as_of.seconds()) > DAY);
    if long {
        "the as-of time lies in the past, and services give what is in force now: bring collateral kept since then; "
    } else {
        ""
    }
}

/// Collateral for one quote, to be put into evidence or a file.
pub(crate) async fn for_quote(
    client: &Client,
    store: &Store,
    quote: &Quote,
    evaluation: By,
    options: &Network,
    as_of: UnixTime,
    mode: Mode,
) -> Result<Obtained, Failure> {
    let service = service(options)?;
    veritee_collateral::obtain_for_quote(client, &service, store, quote, evaluation, as_of, mode)
        .await
        .map_err(|error| unobtainable(&error))
}

/// Whom to ask.
pub(crate) fn service(options: &Network) -> Result<Service, Failure> {
    let Some(base) = &options.pccs else { return Ok(Service::intel()) };
    let version = match options.pccs_version {
        PccsVersion::V3 => veritee_collateral::PccsVersion::V3,
        PccsVersion::V4 => veritee_collateral::PccsVersion::V4,
    };
    Service::pccs(base, version).map_err(|error| Failure::usage(format!("--pccs: {error}")))
}

/// What people should know of collateral, on standard error.
pub(crate) fn told(obtained: &Obtained, global: &Global) {
    if global.verbose > 0 {
        let (number, _) = obtained.numbers;
        output::note(
            global,
            &format!(
                "note: collateral of TCB evaluation {number}, {} ({} requests)",
                if obtained.from_store { "from the store" } else { "fetched" },
                obtained.requests
            ),
        );
    }
    for warning in &obtained.warnings {
        output::note(global, &format!("warning: collateral: {warning}"));
        if let Some(next) = warning.next_step() {
            output::note(global, &format!("help: {next}"));
        }
    }
}

/// Collateral could not be had.
pub(crate) fn unobtainable(error: &Error) -> Failure {
    Failure::unobtainable(format!("collateral: {error}")).help(error.next_step())
}

/// The store cannot be used.
pub(crate) fn unusable(error: &StoreError) -> Failure {
    Failure::unobtainable(format!("collateral store: {error}")).help(error.next_step())
}
