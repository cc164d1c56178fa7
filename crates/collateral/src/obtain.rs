//! From a need to collateral: out of the store while it is fresh, else from the service, checked before it is kept.

use crate::answers::{Answers, Checked, Received, item_of};
use crate::error::{AnswerFault, Error, Fault};
use crate::memory::Rollback;
use crate::need::{Evaluation, Need};
use crate::pcs;
use crate::service::{ItemKind, Service, ServiceKind};
use crate::store::{Found, Lookup, Store};
use core::fmt;
use veritee_client::Client;
use veritee_model::{Item, UnixTime};
use veritee_quote::{Collateral, ExpiredItem};

/// Whether the service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// When the store has nothing fresh, and then only for the parts that are not.
    Cached,
    /// For all parts, whatever the store has: the only way to learn of a newer set before the old one expires.
    Refresh,
    /// Never. Expired collateral is returned with a warning.
    Offline,
}

/// The time of the verdict, and what the clock says: collateral is judged at the one and recorded as fetched at the
/// other. One time stands for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// At which time collateral has to be in force.
    pub as_of: UnixTime,
    /// When it is fetched.
    pub clock: UnixTime,
}

impl From<UnixTime> for At {
    fn from(now: UnixTime) -> Self {
        Self { as_of: now, clock: now }
    }
}

/// Collateral with all that a report says of where it came from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Obtained {
    /// What it is the collateral of.
    pub need: Need,
    /// dcap-qvl's JSON form, with its source and when it was fetched.
    pub item: Item,
    /// The collateral; verify it again at the as-of time of the verdict.
    pub collateral: Collateral,
    /// Evaluation data numbers of TCB info and QE identity.
    pub numbers: (u32, u32),
    /// When the oldest part of it was fetched.
    pub fetched: UnixTime,
    /// Requests that were made for it; what the client repeated counts once.
    pub requests: usize,
    /// Nothing of it was fetched now.
    pub from_store: bool,
    /// What people should know. None of it changes a verdict.
    pub warnings: Vec<Warning>,
}

/// Something about collateral that people should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Part of it is older than one that was seen before.
    Rollback(Rollback),
    /// Parts of it have expired.
    Expired(Vec<ExpiredItem>),
    /// TCB info and QE identity are of different evaluation data sets: it was fetched across a switch-over, or
    /// somebody mixed them.
    NumbersDiffer {
        /// Of the TCB info.
        tcb_info: u32,
        /// Of the QE identity.
        qe_identity: u32,
    },
    /// A file of the store could not be used.
    Damaged(Fault),
    /// The rollback memory could not be read and was begun anew.
    Forgotten(Fault),
    /// It could not be kept in the store.
    NotKept(String),
}

impl Warning {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub const fn next_step(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rollback(_) => {
                "ask Intel's own service; when that is older too, a proxy or cache in between withholds the newer"
            }
            Self::Expired(_) => "refresh it on a machine with network",
            Self::NumbersDiffer { .. } => "fetch again; when it stays so, ask another service",
            Self::Damaged(_) => "check the disk; `veritee collateral prune` drops what is damaged",
            Self::Forgotten(_) => "check the disk; a rollback to what was seen before does not show now",
            Self::NotKept(_) => "check permissions and space of the store's folder",
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollback(rollback) => rollback.fmt(f),
            Self::Expired(items) => {
                f.write_str("expired: ")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{} on {}", item.source, item.until)?;
                }
                Ok(())
            }
            Self::NumbersDiffer { tcb_info, qe_identity } => write!(
                f,
                "the TCB info is of evaluation data set {tcb_info}, the QE identity of {qe_identity}"
            ),
            Self::Damaged(fault) => write!(f, "the store's {fault}"),
            Self::Forgotten(fault) => write!(f, "the rollback memory was begun anew: {fault}"),
            Self::NotKept(words) => write!(f, "not kept in the store: {words}"),
        }
    }
}

impl Obtained {
    pub(crate) fn with_collateral(mut self, collateral: Collateral) -> Self {
        self.item.bytes = collateral.to_json().into_bytes();
        self.collateral = collateral;
        self
    }

    fn new(need: &Need, answers: &Answers, checked: Checked, source: String) -> Self {
        let fetched = answers.fetched();
        let mut item = Item::new(checked.collateral.to_json(), source);
        item.obtained = Some(fetched.to_string());
        let (tcb_info, qe_identity) = checked.numbers;
        let warnings = if tcb_info == qe_identity {
            Vec::new()
        } else {
            vec![Warning::NumbersDiffer { tcb_info, qe_identity }]
        };
        Self {
            need: *need,
            item,
            collateral: checked.collateral,
            numbers: checked.numbers,
            fetched,
            requests: 0,
            from_store: false,
            warnings,
        }
    }
}

/// Collateral for `need`.
///
/// Four requests when the store has nothing, none when it has something fresh, and in between one for each part that
/// is not: the revocation lists serve every processor family, the QE identity every family of its kind of TEE. Fresh
/// is what has not expired at `now`; whether Intel has issued something newer meanwhile is not asked
/// (see [`Mode::Refresh`]).
///
/// # Errors
/// [`Error::Fetch`] and its kin when the service did not answer; [`Error::Refused`] when it answered with something
/// else than was asked for, and then nothing is kept; [`Error::Absent`] offline without anything stored;
/// [`Error::Store`] when the store cannot be locked.
pub async fn obtain(
    client: &Client,
    service: &Service,
    store: &Store,
    need: &Need,
    at: impl Into<At>,
    mode: Mode,
) -> Result<Obtained, Error> {
    let at = at.into();
    let now = at.as_of;
    let mut faults = Vec::new();
    let mut parts = Vec::new();
    match mode {
        Mode::Offline => return offline(store, need, now),
        Mode::Refresh => {}
        Mode::Cached => match store.lookup(need, now)? {
            Lookup::Fresh(found) => return from_store(store, need, *found, Vec::new()),
            Lookup::Stale(found, expired) => {
                faults = found.faults;
                // What still holds of it is not asked for again; but that an imported file is of the set that it
                // is named after is the file's word only.
                let imported = found.service == ServiceKind::Imported;
                parts = found.answers.into_all().into();
                parts.retain(|part: &Received| {
                    let a_list = matches!(part.item, ItemKind::PckCrl | ItemKind::RootCaCrl);
                    let holds = expired.iter().all(|expired| item_of(expired.source) != part.item);
                    holds && (a_list || !imported)
                });
            }
            Lookup::Absent(found) => faults = found,
        },
    }
    if mode == Mode::Cached {
        for shared in store.shared_parts(need, now)? {
            if parts.iter().all(|part| part.item != shared.item) {
                parts.push(shared);
            }
        }
    }
    let mut obtained = fetch(client, service, store, need, at, parts).await?;
    obtained.warnings.extend(faults.into_iter().map(Warning::Damaged));
    Ok(obtained)
}

/// Collateral for `need` out of the store, expired or not; no request is made.
///
/// # Errors
/// [`Error::Absent`] when there is none, with what was there and could not be used.
pub fn offline(store: &Store, need: &Need, now: UnixTime) -> Result<Obtained, Error> {
    match store.lookup(need, now)? {
        Lookup::Fresh(found) => from_store(store, need, *found, Vec::new()),
        Lookup::Stale(found, expired) => from_store(store, need, *found, expired),
        Lookup::Absent(faults) => Err(Error::Absent { need: *need, faults }),
    }
}

/// Collateral of the standard and of the early set, so that both verdicts can be shown: two requests more than for
/// one of them.
pub async fn obtain_both(
    client: &Client,
    service: &Service,
    store: &Store,
    need: &Need,
    at: impl Into<At>,
    mode: Mode,
) -> [Result<Obtained, Error>; 2] {
    let at = at.into();
    let standard = need.with(Evaluation::Standard);
    let early = need.with(Evaluation::Early);
    [
        obtain(client, service, store, &standard, at, mode).await,
        obtain(client, service, store, &early, at, mode).await,
    ]
}

async fn fetch(
    client: &Client,
    service: &Service,
    store: &Store,
    need: &Need,
    at: At,
    mut parts: Vec<Received>,
) -> Result<Obtained, Error> {
    let now = at.as_of;
    let missing = |parts: &[Received]| -> Vec<ItemKind> {
        ItemKind::ALL.into_iter().filter(|item| parts.iter().all(|part| part.item != *item)).collect()
    };
    let wanted = missing(&parts);
    let mut requests = wanted.len();
    let reused: Vec<ItemKind> = parts.iter().map(|part| part.item).collect();
    parts.extend(pcs::ask(client, service, need, &wanted, store.budget(), at.clock).await?);
    let mut answers = put_together(service, parts)?;
    let check = |answers: &Answers| {
        let checked = answers.check(need, store.root(), now, store.budget());
        checked.inspect_err(|_refused| keep_what_it_revokes(store, service, answers, at.clock))
    };
    let mut checked = check(&answers)?;
    if checked.numbers.0 != checked.numbers.1 {
        // The data set was switched over since the reused part was fetched.
        let outdated: Vec<ItemKind> = [ItemKind::TcbInfo, ItemKind::QeIdentity]
            .into_iter()
            .filter(|item| reused.contains(item))
            .collect();
        if !outdated.is_empty() {
            requests = requests.saturating_add(outdated.len());
            let mut parts: Vec<Received> = answers.into_all().into();
            parts.retain(|part| !outdated.contains(&part.item));
            parts.extend(pcs::ask(client, service, need, &outdated, store.budget(), at.clock).await?);
            answers = put_together(service, parts)?;
            checked = check(&answers)?;
        }
    }
    let kept = store.keep_checked(need, service.kind(), &answers, &checked);
    if kept.as_ref().is_ok_and(|kept| !kept.rollbacks.is_empty())
        && let Ok(Lookup::Fresh(found) | Lookup::Stale(found, _)) = store.lookup(need, now)
    {
        // Something of what came is older than what the store has: what it has is given.
        answers = found.answers;
        checked = found.checked;
    }
    let expired = checked.prepared.check_windows(now).unwrap_or_default();
    let source = source_text(service.kind(), &answers);
    let mut obtained = Obtained::new(need, &answers, checked, source);
    obtained.requests = requests;
    if !expired.is_empty() {
        obtained.warnings.push(Warning::Expired(expired));
    }
    match kept {
        Ok(kept) => {
            obtained.warnings.extend(kept.rollbacks.into_iter().map(Warning::Rollback));
            obtained.warnings.extend(kept.forgotten.map(Warning::Forgotten));
        }
        Err(error) => obtained.warnings.push(Warning::NotKept(error.to_string())),
    }
    Ok(obtained)
}

/// What is refused as a whole may name a host all the same: no revocation that was seen is forgotten. Where the store cannot
/// be written, the refusal alone tells of it.
fn keep_what_it_revokes(store: &Store, service: &Service, answers: &Answers, clock: UnixTime) {
    if let Ok(collateral) = answers.collateral(store.budget()) {
        let name = source_text(service.kind(), answers);
        let _ = store.keep_revocations(vec![(name, collateral)], clock);
    }
}

fn put_together(service: &Service, parts: Vec<Received>) -> Result<Answers, Error> {
    Answers::new(parts).map_err(|fault| {
        let item = match fault {
            AnswerFault::NotFour { item } => item.title(),
            _ => "collateral",
        };
        Error::Refused { item, url: service.kind().name().to_owned(), fault }
    })
}

fn from_store(
    store: &Store,
    need: &Need,
    found: Found,
    expired: Vec<ExpiredItem>,
) -> Result<Obtained, Error> {
    let kept = store.compare(need, &found.checked)?;
    let source = source_text(found.service, &found.answers);
    let mut obtained = Obtained::new(need, &found.answers, found.checked, source);
    obtained.from_store = true;
    if !expired.is_empty() {
        obtained.warnings.push(Warning::Expired(expired));
    }
    obtained.warnings.extend(kept.rollbacks.into_iter().map(Warning::Rollback));
    obtained.warnings.extend(kept.forgotten.map(Warning::Forgotten));
    obtained.warnings.extend(found.faults.into_iter().map(Warning::Damaged));
    Ok(obtained)
}

/// The address of the TCB info stands for all four.
pub(crate) fn source_text(service: ServiceKind, answers: &Answers) -> String {
    format!("{service} {}", veritee_model::text::inert(&answers.tcb_info.url))
}
