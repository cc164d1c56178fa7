//! Which application the measured boot events name.
//!
//! dstack's guest extends RTMR3 in this order (`dstack-util`, `system_setup.rs`; 0.5.1 to 0.6):
//!
//! ```text
//! system-preparing? rootfs-hash? app-id compose-hash init-script-hash{0,5} gpu-policy-hash? gpu-attestation?
//! instance-id boot-mr-done mr-kms? os-image-hash? key-provider storage-fs? system-ready
//! ```
//!
//! Everything after `system-ready` comes from the application and says nothing about it here. Logs from before 0.5
//! have no `system-ready`: no event of theirs can be told from one that the application made, so they are refused.

mod error;
mod key_provider;

pub use error::{IdentityError, IdentityNotice};
pub use key_provider::{KeyProvider, KeyProviderKind, KeyProviderProblem};

use crate::event::Event;
use crate::replay::ReplayedLog;
use veritee_model::{AppId, ComposeHash, InstanceId, Rtmr, RtmrIndex, Sha256Digest};

/// How often an event has to occur before `system-ready`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    AtMostOnce,
    AtMost(usize),
}

/// Payload lengths that an event may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadLength {
    /// Exactly this many bytes.
    Exactly(usize),
    /// This many bytes or none.
    ExactlyOrEmpty(usize),
    /// At least one byte, at most this many.
    UpTo(usize),
}

impl PayloadLength {
    const fn allows(self, length: usize) -> bool {
        match self {
            Self::Exactly(wanted) => length == wanted,
            Self::ExactlyOrEmpty(wanted) => length == wanted || length == 0,
            Self::UpTo(limit) => length > 0 && length <= limit,
        }
    }
}

/// Documented events in their order: name, how often, length of the payload.
const EVENTS: [(&str, Times, PayloadLength); 14] = [
    ("system-preparing", Times::AtMostOnce, PayloadLength::Exactly(0)),
    ("rootfs-hash", Times::AtMostOnce, PayloadLength::Exactly(32)),
    ("app-id", Times::Once, PayloadLength::Exactly(20)),
    ("compose-hash", Times::Once, PayloadLength::Exactly(32)),
    ("init-script-hash", Times::AtMost(5), PayloadLength::Exactly(32)),
    ("gpu-policy-hash", Times::AtMostOnce, PayloadLength::Exactly(32)),
    ("gpu-attestation", Times::AtMostOnce, PayloadLength::UpTo(1 << 20)),
    ("instance-id", Times::Once, PayloadLength::ExactlyOrEmpty(20)),
    ("boot-mr-done", Times::Once, PayloadLength::Exactly(0)),
    ("mr-kms", Times::AtMostOnce, PayloadLength::Exactly(32)),
    ("os-image-hash", Times::AtMostOnce, PayloadLength::Exactly(32)),
    ("key-provider", Times::Once, PayloadLength::UpTo(4096)),
    ("storage-fs", Times::AtMostOnce, PayloadLength::UpTo(64)),
    (SYSTEM_READY, Times::Once, PayloadLength::Exactly(0)),
];

const SYSTEM_READY: &str = "system-ready";

/// The application that RTMR3 names. Made by [`AppIdentity::read`] only, from a replayed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppIdentity {
    app_id: AppId,
    compose_hash: ComposeHash,
    instance_id: Option<InstanceId>,
    key_provider: KeyProvider,
    rootfs_hash: Option<Sha256Digest>,
    mr_kms: Option<Sha256Digest>,
    os_image_hash_claimed: Option<Sha256Digest>,
    storage_fs: Option<String>,
    init_script_hashes: Vec<Sha256Digest>,
    gpu_policy_hash: Option<Sha256Digest>,
    gpu_attestation: Option<Vec<u8>>,
    rtmr3_at_boot_mr_done: Rtmr,
    application_events: Vec<usize>,
    notices: Vec<IdentityNotice>,
}

impl AppIdentity {
    /// Reads the identity from the events of RTMR3 up to `system-ready`.
    ///
    /// # Errors
    /// When a mandatory event is missing, one occurs too often, the order is not dstack's, a payload has the wrong
    /// length or form, or a name fits two readings.
    pub fn read(replayed: &ReplayedLog) -> Result<Self, IdentityError> {
        let events: Vec<&Event> = replayed.events(RtmrIndex::Rtmr3).collect();
        let ready = events.iter().position(|event| event.name() == SYSTEM_READY);
        let (boot, application) =
            match ready.and_then(|ready| events.split_at_checked(ready.saturating_add(1))) {
                Some(halves) => halves,
                None => return Err(unfinished(&events)),
            };
        let mut notices = Vec::new();
        check_sequence(boot, &mut notices)?;
        let key_provider_event = single(boot, "key-provider")?;
        let key_provider = KeyProvider::parse(key_provider_event.payload())
            .map_err(|problem| IdentityError::KeyProvider { index: key_provider_event.index(), problem })?;
        if key_provider.kind() == KeyProviderKind::Unknown {
            let (index, name) = (key_provider_event.index(), key_provider.name().to_owned());
            notices.push(IdentityNotice::KeyProviderUnknown { index, name });
        }
        notices.extend(application.iter().map(|event| application_notice(event)));
        Ok(Self {
            app_id: fixed(single(boot, "app-id")?)?,
            compose_hash: fixed(single(boot, "compose-hash")?)?,
            instance_id: instance_id(single(boot, "instance-id")?)?,
            key_provider,
            rootfs_hash: optional(boot, "rootfs-hash").map(fixed).transpose()?,
            mr_kms: optional(boot, "mr-kms").map(fixed).transpose()?,
            os_image_hash_claimed: optional(boot, "os-image-hash").map(fixed).transpose()?,
            storage_fs: optional(boot, "storage-fs").map(storage_fs).transpose()?,
            init_script_hashes: boot
                .iter()
                .filter(|event| event.name() == "init-script-hash")
                .map(|event| fixed(event))
                .collect::<Result<_, _>>()?,
            gpu_policy_hash: optional(boot, "gpu-policy-hash").map(fixed).transpose()?,
            gpu_attestation: optional(boot, "gpu-attestation").map(|event| event.payload().to_vec()),
            rtmr3_at_boot_mr_done: replayed
                .after(single(boot, "boot-mr-done")?)
                .ok_or(IdentityError::Missing { name: "boot-mr-done" })?,
            application_events: application.iter().map(|event| event.index()).collect(),
            notices,
        })
    }

    /// dstack application id: chosen at deployment, or the first 20 bytes of the compose hash. Never follows from the
    /// compose hash by itself.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// SHA-256 of the exact bytes of `app-compose.json`.
    #[must_use]
    pub const fn compose_hash(&self) -> &ComposeHash {
        &self.compose_hash
    }

    /// Instance id; `None` when the compose switches it off.
    #[must_use]
    pub const fn instance_id(&self) -> Option<&InstanceId> {
        self.instance_id.as_ref()
    }

    /// Who gave the application its keys.
    #[must_use]
    pub const fn key_provider(&self) -> &KeyProvider {
        &self.key_provider
    }

    /// SHA-256 of the root file system (images before 0.5.1).
    #[must_use]
    pub const fn rootfs_hash(&self) -> Option<&Sha256Digest> {
        self.rootfs_hash.as_ref()
    }

    /// `mr_aggregated` of the KMS that gave the keys (images up to 0.5.x, with a KMS).
    #[must_use]
    pub const fn mr_kms(&self) -> Option<&Sha256Digest> {
        self.mr_kms.as_ref()
    }

    /// The OS image hash that the KMS answered at boot: measured, but the KMS's word and no measurement of the image.
    #[must_use]
    pub const fn os_image_hash_claimed(&self) -> Option<&Sha256Digest> {
        self.os_image_hash_claimed.as_ref()
    }

    /// File system of the data disk, `zfs` or `ext4` so far (images from 0.5.5).
    #[must_use]
    pub fn storage_fs(&self) -> Option<&str> {
        self.storage_fs.as_deref()
    }

    /// SHA-256 of each init script, in order (images from 0.6.0).
    #[must_use]
    pub fn init_script_hashes(&self) -> &[Sha256Digest] {
        &self.init_script_hashes
    }

    /// SHA-256 of the canonical GPU policy (images from 0.6.0).
    #[must_use]
    pub const fn gpu_policy_hash(&self) -> Option<&Sha256Digest> {
        self.gpu_policy_hash.as_ref()
    }

    /// The guest's summary of its GPU attestation, JSON as measured, not read here.
    #[must_use]
    pub fn gpu_attestation(&self) -> Option<&[u8]> {
        self.gpu_attestation.as_deref()
    }

    /// RTMR3 up to and with `boot-mr-done`: what a KMS sees when it decides about keys.
    #[must_use]
    pub const fn rtmr3_at_boot_mr_done(&self) -> &Rtmr {
        &self.rtmr3_at_boot_mr_done
    }

    /// `mr_key_provider`: SHA-256 of the key-provider event's payload.
    #[must_use]
    pub fn mr_key_provider(&self) -> Sha256Digest {
        Sha256Digest::of(self.key_provider.payload())
    }

    /// Events after `system-ready`, by their index in the log: measured, but made by the application.
    #[must_use]
    pub fn application_events(&self) -> &[usize] {
        &self.application_events
    }

    /// What is worth a remark.
    #[must_use]
    pub fn notices(&self) -> &[IdentityNotice] {
        &self.notices
    }
}

/// Names, counts, lengths and order of the events up to `system-ready`.
fn check_sequence(boot: &[&Event], notices: &mut Vec<IdentityNotice>) -> Result<(), IdentityError> {
    let mut first_of: [Option<usize>; EVENTS.len()] = [None; EVENTS.len()];
    let mut count_of = [0_usize; EVENTS.len()];
    let mut last: Option<(usize, &str, usize)> = None;
    for event in boot {
        let (index, got) = (event.index(), event.payload().len());
        if event.is_ambiguous() {
            return Err(IdentityError::AmbiguousName { index, name: event.name().to_owned() });
        }
        let known = EVENTS.iter().enumerate().find(|(_, (name, ..))| *name == event.name());
        let Some((rank, (name, times, expected))) = known else {
            notices.push(IdentityNotice::UnknownEvent { index, name: event.name().to_owned() });
            continue;
        };
        let (Some(first), Some(count)) = (first_of.get_mut(rank), count_of.get_mut(rank)) else { continue };
        let limit = if let Times::AtMost(limit) = times { *limit } else { 1 };
        if *count >= limit {
            let first = first.unwrap_or(index);
            return Err(IdentityError::Duplicate { name, first, second: index, limit });
        }
        *count = count.saturating_add(1);
        first.get_or_insert(index);
        if !expected.allows(got) {
            return Err(IdentityError::Length { name, index, expected: *expected, got });
        }
        if let Some((last_rank, after, after_index)) = last
            && rank < last_rank
        {
            let after = EVENTS.iter().map(|(name, ..)| *name).find(|name| *name == after).unwrap_or_default();
            return Err(IdentityError::Order { name, index, after, after_index });
        }
        last = Some((rank, event.name(), index));
    }
    let missing = EVENTS.iter().zip(count_of).find(|((_, times, _), n)| *times == Times::Once && *n == 0);
    match missing {
        Some(((name, ..), _)) => Err(IdentityError::Missing { name }),
        None => Ok(()),
    }
}

/// Why events without `system-ready` name no application: the quote was made while the machine booted, or the events
/// are not those of a boot of dstack's.
fn unfinished(events: &[&Event]) -> IdentityError {
    let rank = |wanted: &str| EVENTS.iter().position(|(name, ..)| *name == wanted);
    let last = events.iter().filter_map(|event| rank(event.name())).max();
    match check_sequence(events, &mut Vec::new()) {
        // Events of another guest's are no boot of dstack's that could go on.
        Err(IdentityError::Missing { name })
            if last < rank(name) && (last.is_some() || events.is_empty()) =>
        {
            IdentityError::BootUnderWay { next: name }
        }
        Err(error) => error,
        Ok(()) => IdentityError::Missing { name: SYSTEM_READY },
    }
}

/// Whether these events of RTMR3 are the beginning of a boot of dstack's that goes on behind them; none of them is one, too.
pub(crate) fn is_beginning(events: &[&Event]) -> bool {
    events.is_empty()
        || events.iter().all(|event| event.name() != SYSTEM_READY)
            && matches!(unfinished(events), IdentityError::BootUnderWay { .. })
}

fn application_notice(event: &Event) -> IdentityNotice {
    let (index, name) = (event.index(), event.name().to_owned());
    // Under version 1 `compose-hash` with payload `x:y` can be shown as `compose-hash:x`: still the reserved name.
    let shown = if event.is_ambiguous() { name.split(':').next().unwrap_or_default() } else { name.as_str() };
    if EVENTS.iter().any(|(reserved, ..)| *reserved == shown) {
        IdentityNotice::ReservedAfterReady { index, name }
    } else {
        IdentityNotice::AfterReady { index, name }
    }
}

fn optional<'a>(boot: &[&'a Event], name: &str) -> Option<&'a Event> {
    boot.iter().copied().find(|event| event.name() == name)
}

fn single<'a>(boot: &[&'a Event], name: &'static str) -> Result<&'a Event, IdentityError> {
    optional(boot, name).ok_or(IdentityError::Missing { name })
}

fn fixed<T: for<'a> TryFrom<&'a [u8]>>(event: &Event) -> Result<T, IdentityError> {
    T::try_from(event.payload()).map_err(|_wrong_length| malformed(event))
}

fn instance_id(event: &Event) -> Result<Option<InstanceId>, IdentityError> {
    if event.payload().is_empty() { Ok(None) } else { fixed(event).map(Some) }
}

fn storage_fs(event: &Event) -> Result<String, IdentityError> {
    let text = core::str::from_utf8(event.payload()).map_err(|_not_utf8| malformed(event))?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if plain { Ok(text.to_owned()) } else { Err(malformed(event)) }
}

fn malformed(event: &Event) -> IdentityError {
    IdentityError::Form { name: event.name().to_owned(), index: event.index() }
}
