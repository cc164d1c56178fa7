//! Collateral that evidence lacks: out of the store, else from the network.

use crate::cli::Global;
use crate::cli::network::{Evaluation, Network, PccsVersion};
use crate::failure::Failure;
use crate::{network, output};
use std::path::Path;
use std::sync::Arc;
use veritee_client::Client;
use veritee_collateral::{
    At, Error, Evaluation as By, GpuAsk, Held, Holdings, Mode, Need, Obtained, Service, Store, StoreError,
};
use veritee_gpu::container::{self, Collected};
use veritee_gpu::{DeviceError, SignedReport};
use veritee_model::{Budget, Evidence, Item, UnixTime};
use veritee_quote::{Collateral, CollateralParts, Origin, Quote, TrustRoot};
use veritee_verify::Grounds;

/// For which time and root collateral is wanted, and whether a socket may be opened for it.
pub(crate) struct Wanted<'a> {
    pub(crate) root: &'a TrustRoot,
    pub(crate) as_of: UnixTime,
    pub(crate) offline: bool,
    pub(crate) network: &'a Network,
}

impl Wanted<'_> {
    /// Intel's service knows nothing that another root has signed.
    fn mode(&self) -> Mode {
        let nobody_to_ask = !self.root.is_intel() && self.network.pccs.is_none();
        if self.offline || nobody_to_ask { Mode::Offline } else { Mode::Cached }
    }
}

/// Brings what the judging side lacks for the quote of the evidence: out of the store, else from the network. What
/// the evidence brings itself is its own party's, so the store and the service are asked beside it too, but where it
/// suffices nothing fails for want of them.
///
/// Where a TCB evaluation is asked for by name, its set alone decides, and of everything else the lists count.
///
/// Returns the grounds under the early set where both were asked for.
pub(crate) fn collateral(
    evidence: &Evidence,
    grounds: &mut Grounds,
    wanted: &Wanted<'_>,
    global: &Global,
) -> Result<Option<Grounds>, Failure> {
    let Some(quote) = evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok()) else {
        // Nothing is known of the platform: the verdict will say why.
        return Ok(None);
    };
    match wanted.network.evaluation {
        Evaluation::One(By::Standard) | Evaluation::Both => {
            standard(evidence, grounds, &quote, wanted, global)?;
        }
        // The newest in force would decide, and that could be the other set.
        Evaluation::One(named) => {
            let brought = obtain(&quote, named, wanted, wanted.mode(), global)?.whole()?;
            brought.lists_to(grounds);
            *grounds = grounds.under_set(brought.set(), evidence);
        }
    }
    match wanted.network.evaluation {
        Evaluation::Both => {
            let early = obtain(&quote, By::Early, wanted, wanted.mode(), global)?.whole()?;
            Ok(early.set().map(|early| grounds.under_set(Some(early), evidence)))
        }
        Evaluation::One(_) => Ok(None),
    }
}

fn standard(
    evidence: &Evidence,
    grounds: &mut Grounds,
    quote: &Quote,
    wanted: &Wanted<'_>,
    global: &Global,
) -> Result<(), Failure> {
    if !grounds.lacks(quote, wanted.as_of) {
        // A store that was named is asked all the same: it may know of a revocation, or of something newer.
        if wanted.network.store.is_some() {
            obtain(quote, By::Standard, wanted, Mode::Offline, global)?.whole()?.give_to(grounds);
        }
        return Ok(());
    }
    if evidence.has_no_collateral() || grounds.lacks_beside(evidence, quote, wanted.as_of) {
        obtain(quote, By::Standard, wanted, wanted.mode(), global)?.whole()?.give_to(grounds);
        return Ok(());
    }
    // What a service signs today was not in force at a time long past.
    // A service that was named is asked all the same: it may have what was in force then, and lists revoke at all times.
    let named = wanted.network.pccs.is_some();
    let mode = if named || past(wanted.as_of).is_empty() { wanted.mode() } else { Mode::Offline };
    let failure = match obtain(quote, By::Standard, wanted, mode, global) {
        // What a refused answer revokes counts, whatever else the verdict rests on.
        Ok(brought) => {
            brought.give_to(grounds);
            brought.failure
        }
        Err(failure) => Some(failure),
    };
    if let Some(failure) = failure {
        let words = format!("warning: the verdict rests on the evidence's own collateral: {failure}");
        output::note(global, &words);
    }
    Ok(())
}

/// Everything that a store has for the standard evaluation, and whatever else in it revokes: for judging many machines of
/// any platform. The store that was named, or, where the caller brings nothing, the one in its usual place.
pub(crate) fn whole_store(
    folder: Option<&Path>,
    brought_nothing: bool,
    root: &TrustRoot,
    as_of: UnixTime,
    grounds: &mut Grounds,
    global: &Global,
) -> Result<(), Failure> {
    if folder.is_none() && !brought_nothing {
        return Ok(());
    }
    let named = folder.is_some();
    let Some(store) = opened(folder, root, Unusable::PassedOver, global)? else { return Ok(()) };
    let held = match store.holdings(as_of) {
        Ok(holdings) => {
            told_faults(&holdings, global);
            damage_to(&holdings, grounds);
            holdings.held
        }
        Err(error) if named => return Err(unusable(&error)),
        Err(error) => {
            passed_over(&error, global);
            return Ok(());
        }
    };
    let standing = standing(&held);
    for held in held {
        if held.need.is_some_and(|need| standing(&need)) {
            grounds.give(held.item, Origin::Store);
        } else {
            grounds.give_revocations(held.item, Origin::Store);
        }
    }
    Ok(())
}

/// Which sets of a store stand for the standard evaluation: that one, and of a platform for which there is none every other.
/// A set that came under another name is still the judging side's: what the judged party brings does not decide before it.
fn standing(held: &[Held]) -> impl Fn(&Need) -> bool + use<> {
    let needs = held.iter().filter_map(|held| held.need);
    let standard: Vec<Need> = needs.filter(|need| need.evaluation == By::Standard).collect();
    move |need| need.evaluation == By::Standard || !standard.contains(&need.with(By::Standard))
}

/// Whether a TCB evaluation other than the standard one was asked for: its set alone decides then.
pub(crate) const fn is_named(network: &Network) -> bool {
    !matches!(network.evaluation, Evaluation::Both | Evaluation::One(By::Standard))
}

/// The store's, or the network's. Nothing, with a word on it, where neither may be asked.
fn obtain(
    quote: &Quote,
    evaluation: By,
    wanted: &Wanted<'_>,
    mode: Mode,
    global: &Global,
) -> Result<Brought, Failure> {
    let folder = wanted.network.store.as_deref();
    let store = if mode == Mode::Offline {
        let Some(store) = opened(folder, wanted.root, Unusable::Error, global)? else {
            return Ok(Brought::default());
        };
        store
    } else {
        Store::open(&network::store_folder(folder)?, wanted.root, &Budget::STANDARD)
            .map_err(|error| unusable(&error))?
    };
    let client = network::client(wanted.network, global)?;
    let service = service(wanted.network)?;
    let as_of = wanted.as_of;
    let at = At { as_of, clock: crate::input::now()? };
    let work = async {
        let obtained =
            veritee_collateral::obtain_for_quote(&client, &service, &store, quote, evaluation, at, mode)
                .await;
        Ok::<_, Failure>(obtained)
    };
    let mut failure = None;
    let set = match network::block_on(work)? {
        Ok(obtained) => {
            told(&obtained, global);
            let origin = if obtained.from_store { Origin::Store } else { Origin::Service };
            Some((obtained.need, obtained.item, origin))
        }
        Err(Error::Absent { .. } | Error::PckAbsent | Error::NoPlatform { .. }) if mode == Mode::Offline => {
            None
        }
        // The verdict says what is wrong with a quote that names no platform.
        Err(Error::NoPlatform { .. }) => None,
        Err(error) => {
            failure = Some(Failure::unobtainable(format!("collateral: {error}")).help(format!(
                "{}{}; or bring it: `veritee collateral fetch QUOTE -o collateral.json` on a machine with network, \
                 then `--collateral collateral.json`; `--offline` says what can be said without",
                past(as_of),
                error.next_step()
            )));
            None
        }
    };
    // A list in any entry can name this machine, whatever platform and evaluation the entry is for.
    let holdings = store.holdings(as_of).map_err(|error| unusable(&error))?;
    told_faults(&holdings, global);
    let wanted = Need::of_quote(quote, evaluation);
    Ok(Brought { set, wanted, holdings, failure })
}

/// What becomes of a store in its usual place that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unusable {
    Error,
    PassedOver,
}

/// A store to be read and not written. Only of what is not there nothing can be lost; whatever is there and cannot be read
/// is an error, or is told where nobody named it.
fn opened(
    folder: Option<&Path>,
    root: &TrustRoot,
    unnamed: Unusable,
    global: &Global,
) -> Result<Option<Store>, Failure> {
    let named = folder.is_some();
    let Ok(place) = network::store_folder(folder) else { return Ok(None) };
    if std::fs::metadata(&place).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        if named {
            output::note(global, &format!("note: there is no store at {}", crate::input::shown(&place)));
        }
        return Ok(None);
    }
    match Store::open(&place, root, &Budget::STANDARD) {
        Ok(store) => Ok(Some(store)),
        // What nobody asked for does not stand in the way; but what it knows to be revoked is not known here.
        Err(error) if !named && unnamed == Unusable::PassedOver => {
            passed_over(&error, global);
            Ok(None)
        }
        Err(error) => Err(unusable(&error)),
    }
}

fn passed_over(error: &StoreError, global: &Global) {
    output::note(global, &format!("note: the store is passed over: {error}"));
}

/// What is damaged in a store may have revoked something: whoever judges by it is told.
fn told_faults(holdings: &Holdings, global: &Global) {
    for fault in holdings.faults.iter().chain(&holdings.lost) {
        output::note(global, &format!("note: collateral store: {fault}"));
    }
}

/// The same for the verdict: what can be had again is a remark, what a store alone had known to be revoked is not known.
fn damage_to(holdings: &Holdings, grounds: &mut Grounds) {
    for fault in &holdings.faults {
        grounds.give_fault(format!("store {}", fault.file), fault.what.to_string());
    }
    for fault in &holdings.lost {
        grounds.lose(format!("store {}", fault.file), &fault.to_string());
    }
}

/// What the store and the service gave for one quote.
#[derive(Default)]
struct Brought {
    set: Option<(Need, Item, Origin)>,
    /// What was looked for.
    wanted: Option<Need>,
    holdings: Holdings,
    /// Why there is no set, where one was to be had.
    failure: Option<Failure>,
}

impl Brought {
    /// For who can do nothing without the set.
    fn whole(mut self) -> Result<Self, Failure> {
        self.failure.take().map_or(Ok(self), Err)
    }

    fn set(&self) -> Option<(Item, Origin)> {
        self.set.as_ref().map(|(_, item, origin)| (item.clone(), *origin))
    }

    /// The set, what else the store has for the same need, and what all of the store revokes. Where there is no set of the
    /// evaluation that was looked for, those of others stand in its place.
    fn give_to(&self, grounds: &mut Grounds) {
        grounds.give_all(self.set());
        let need = self.set.as_ref().map(|(need, ..)| *need);
        for held in self.holdings.held.iter().filter(|held| need.is_some() && held.need == need) {
            if self.set.as_ref().is_none_or(|(_, item, _)| item.bytes != held.item.bytes) {
                grounds.give(held.item.clone(), Origin::Store);
            }
        }
        if let (None, Some(wanted)) = (&self.set, self.wanted) {
            let standing = standing(&self.holdings.held);
            let same = |need: &Need| need.with(wanted.evaluation) == wanted && standing(need);
            for held in self.holdings.held.iter().filter(|held| held.need.as_ref().is_some_and(same)) {
                grounds.give(held.item.clone(), Origin::Store);
            }
        }
        self.lists_to(grounds);
    }

    fn lists_to(&self, grounds: &mut Grounds) {
        damage_to(&self.holdings, grounds);
        let whole = self.set.as_ref().and_then(|(_, item, _)| Collateral::from_json(&item.bytes).ok());
        for held in &self.holdings.held {
            let mut item = held.item.clone();
            if let (None, Some(whole), Ok(lists)) = (held.need, &whole, Collateral::from_json(&item.bytes)) {
                // Beside documents that verify, so that what is saved is collateral like any other.
                item.bytes = with_lists_of(whole, &lists).to_json().into_bytes();
            }
            grounds.give_revocations(item, Origin::Store);
        }
    }
}

fn with_lists_of(whole: &Collateral, lists: &Collateral) -> Collateral {
    let lists = lists.parts();
    Collateral::from_parts(CollateralParts {
        root_ca_crl: lists.root_ca_crl.clone(),
        pck_crl: lists.pck_crl.clone(),
        pck_crl_issuer_chain: lists.pck_crl_issuer_chain.clone(),
        ..whole.parts().clone()
    })
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
    at: At,
    mode: Mode,
) -> Result<Obtained, Failure> {
    let service = service(options)?;
    veritee_collateral::obtain_for_quote(client, &service, store, quote, evaluation, at, mode)
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

/// The devices of evidence of GPUs, each genuine under NVIDIA's root or why not.
pub(crate) fn devices(
    gpus: &Item,
    as_of: UnixTime,
    memory: &veritee_gpu::Memory,
) -> Vec<Result<Arc<SignedReport>, DeviceError>> {
    let budget = &Budget::STANDARD;
    let Ok(Collected::Devices { devices, .. }) = container::read(&gpus.bytes, budget) else {
        return Vec::new();
    };
    let roots = veritee_gpu::Roots::nvidia();
    let verify = |device: &container::Device| {
        SignedReport::verify(&device.report, &device.chain, &roots, as_of, budget, memory).map(Arc::new)
    };
    devices.iter().map(verify).collect()
}

/// Adds what the store knows of the evidence's GPUs: what it holds was asked for before, and nobody is asked now.
pub(crate) fn gpus_of_store(
    evidence: &mut Evidence,
    folder: Option<&Path>,
    root: &TrustRoot,
    as_of: UnixTime,
    memory: &veritee_gpu::Memory,
    global: &Global,
) -> Result<(), Failure> {
    let Some(gpus) = &evidence.gpus else { return Ok(()) };
    let place = network::store_folder(folder);
    if !place.as_ref().is_ok_and(|place| place.is_dir()) {
        return Ok(());
    }
    let store = Store::open(&place?, root, &Budget::STANDARD).map_err(|error| unusable(&error))?;
    let genuine: Vec<_> = devices(gpus, as_of, memory).into_iter().flatten().collect();
    let roots = veritee_gpu::Roots::nvidia();
    let ask = GpuAsk { store: &store, roots: &roots, now: as_of, mode: Mode::Offline, nonce: None };
    let known = veritee_collateral::offline_gpus(&genuine, &ask).map_err(|error| unusable(&error))?;
    for fault in &known.faults {
        output::note(global, &format!("fault: {fault}"));
    }
    for new in known.items {
        if evidence.gpu_collateral.iter().all(|item| item.bytes != new.item.bytes) {
            evidence.gpu_collateral.push(new.item);
        }
    }
    Ok(())
}
