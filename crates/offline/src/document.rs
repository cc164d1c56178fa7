//! The audit of a document that nothing vouches for.

use crate::{AsOf, Error, File, VERSION, read_policy};
use std::borrow::Cow;
use veritee_audit::{Audit, BootEvents, Context, KeyProvider};
use veritee_compose::{Deployment, DocumentError, UnboundCompose, deployment};
use veritee_eventlog::{AppIdentity, EventLog, EventLogError};
use veritee_evidence::{Form, Place, ReadError, Recognised, Slot};
use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::report::Input;
use veritee_model::{Budget, Evidence, Report, RtmrIndex, Severity, Sha256Digest, UnixTime};
use veritee_policy::Policy;
use veritee_verify::audit::{Unattested, of_policy, report_with};

/// A document that says what is deployed.
#[derive(Debug)]
pub struct Document {
    /// What it deploys, or why that cannot be read.
    pub deployment: Result<Deployment, DocumentError>,
    /// Boot events of a log that came with it. No quote was checked: they are claims.
    pub claimed: Option<BootEvents>,
    /// As a report lists it.
    pub input: Input,
}

impl Document {
    /// A compose out of bytes: an app_compose, a docker compose file, or evidence that holds an app_compose.
    ///
    /// # Errors
    /// When the bytes, which are an attacker's, are evidence that cannot be read or has no app_compose.
    pub fn read(source: &str, bytes: &[u8], budget: &Budget) -> Result<Self, Error> {
        // A mark of UTF-8 stays: it is part of what is measured, and two readers see two documents in it.
        let opened = match bytes {
            [0xef, 0xbb, 0xbf, ..] => Cow::Borrowed(bytes),
            _ => veritee_evidence::unwrapped(source, bytes, budget)?,
        };
        let start = opened.trim_ascii_start();
        let is_json = start.starts_with(b"{");
        // A page, a list or binary data is no compose file: only evidence begins so. `<<` merges in YAML.
        let is_page = start.starts_with(b"<") && !start.starts_with(b"<<");
        if is_json || is_page || start.starts_with(b"[") || core::str::from_utf8(&opened).is_err() {
            match veritee_evidence::read(source, bytes, budget) {
                Ok(readout) => return Self::of_evidence(source, readout.select(None)?, budget),
                Err(error) if is_page => return Err(error.into()),
                Err(_) => {}
            }
        }
        let (name, deployment) = if is_json {
            ("app-compose", unbound(&opened, budget))
        } else {
            ("docker-compose", Deployment::from_compose_yaml(&opened, &resolving(budget)))
        };
        Ok(Self { deployment, claimed: None, input: named(source, name, &opened) })
    }

    /// [`Self::read`] for a file that somebody named as the thing to audit: one of another form, by the table that all
    /// commands go by, is refused by that form's name instead of being read as a compose that says nothing. `label` names the machine, where evidence holds
    /// several.
    ///
    /// # Errors
    /// As there, and when the bytes are of a form that is audited nowhere, or of none.
    pub fn named(source: &str, bytes: &[u8], label: Option<&str>, budget: &Budget) -> Result<Self, Error> {
        let at = || Box::new(Place { input: source.to_owned(), ..Place::default() });
        match veritee_evidence::recognise(source, bytes, budget) {
            Some(Form::Part(Recognised::AppCompose | Recognised::ComposeFile)) => {}
            Some(Form::Evidence(_)) => {
                let readout = veritee_evidence::read(source, bytes, budget)?;
                return Self::of_evidence(source, readout.select(label)?, budget);
            }
            Some(form) => return Err(ReadError::Elsewhere { at: at(), form, slot: Slot::Input }.into()),
            // JSON that cannot be read as one document is told as such; other text that has no word of a compose is none.
            None if bytes.trim_ascii_start().starts_with(b"{") => {}
            None => {
                let opened = veritee_evidence::unwrapped(source, bytes, budget)?;
                let text = core::str::from_utf8(&opened).unwrap_or_default();
                if !["services", "include"].iter().any(|word| text.contains(word)) {
                    let first = opened.iter().take(24).copied().collect();
                    return Err(ReadError::Unrecognised { at: at(), length: opened.len(), first }.into());
                }
            }
        }
        Self::read(source, bytes, budget)
    }

    /// The app_compose of evidence, with what its log claims.
    ///
    /// # Errors
    /// When it has none.
    pub fn of_evidence(source: &str, evidence: Evidence, budget: &Budget) -> Result<Self, Error> {
        let claimed = evidence.event_log.as_ref().and_then(|item| claimed(item, budget));
        let Some(item) = evidence.app_compose else {
            return Err(Error::NoCompose { name: source.to_owned() });
        };
        let input = named(source, "app-compose", &item.bytes);
        Ok(Self { deployment: unbound(&item.bytes, budget), claimed, input })
    }

    /// All rules, over the document or over why it cannot be read.
    #[must_use]
    pub fn audit(&self, context: &mut Context) -> Audit {
        context.events.clone_from(&self.claimed);
        match &self.deployment {
            Ok(deployment) => veritee_audit::audit(deployment, context),
            Err(error) => veritee_audit::audit_document_error(error, context),
        }
    }

    /// It has services, or is an app_compose by the key that only that has.
    #[must_use]
    pub fn says_what_runs(&self) -> bool {
        self.deployment.as_ref().is_ok_and(|deployment| deployment.compose_text().is_some())
    }
}

/// The audit of one document under these rules, as `veritee audit FILE` makes it. Nothing is attested by it, and the report
/// says so.
///
/// # Errors
/// As [`Document::named`].
pub fn audit(
    name: &str,
    bytes: &[u8],
    (policy, policy_sha256): (&Policy, Option<Sha256Digest>),
    as_of: UnixTime,
    fail_on: Option<Severity>,
    budget: &Budget,
) -> Result<Report, Error> {
    let document = Document::named(name, bytes, None, budget)?;
    let mut context = Context { as_of: Some(as_of), budget: *budget, ..of_policy(policy) };
    let audit = document.audit(&mut context);
    let given = Unattested {
        policy,
        policy_sha256,
        fail_on,
        as_of,
        inputs: &[document.input],
        tool_version: VERSION,
    };
    Ok(report_with(audit, &[], &given))
}

/// [`audit`] under a policy file, or under the built-in policy where there is none.
///
/// # Errors
/// As [`Document::read`] and [`read_policy`].
pub fn audited(
    file: &File<'_>,
    policy: Option<&[u8]>,
    as_of: AsOf,
    budget: &Budget,
) -> Result<Report, Error> {
    let (policy, sha256) = match policy.map(read_policy).transpose()? {
        Some((policy, sha256)) => (policy, Some(sha256)),
        None => (Policy::default(), None),
    };
    audit(file.name, file.bytes, (&policy, sha256), as_of.under(&policy), None, budget)
}

/// The log of an item, in its format. Nothing of it is verified.
///
/// # Errors
/// When it is no log.
pub fn event_log(item: &EventLogItem, budget: &Budget) -> Result<EventLog, EventLogError> {
    match item.format {
        EventLogFormat::DstackJson => EventLog::parse_json(&item.item.bytes, budget),
        EventLogFormat::Ccel => EventLog::parse_ccel(&item.item.bytes, budget),
    }
}

fn resolving(budget: &Budget) -> deployment::Context {
    deployment::Context { budget: *budget, ..deployment::Context::default() }
}

fn named(source: &str, name: &str, bytes: &[u8]) -> Input {
    Input {
        name: name.to_owned(),
        sha256: Sha256Digest::of(bytes),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        source: source.to_owned(),
    }
}

fn unbound(bytes: &[u8], budget: &Budget) -> Result<Deployment, DocumentError> {
    UnboundCompose::parse(bytes, budget)
        .map(|document| Deployment::from_unbound(&document, &resolving(budget)))
}

/// What a log says of the boot, where it names one application. It is replayed to its own registers only, so that
/// nothing vouches for it.
fn claimed(item: &EventLogItem, budget: &Budget) -> Option<BootEvents> {
    let log = event_log(item, budget).ok()?;
    let trace = veritee_eventlog::fold(&log);
    let registers = [RtmrIndex::Rtmr0, RtmrIndex::Rtmr1, RtmrIndex::Rtmr2, RtmrIndex::Rtmr3]
        .map(|index| trace.register(index));
    let replayed = veritee_eventlog::replay(&log, &registers).ok()?;
    let identity = AppIdentity::read(&replayed).ok()?;
    let boot = log.of_register(RtmrIndex::Rtmr3).take_while(|event| event.name() != "system-ready");
    Some(BootEvents {
        names: boot.filter(|event| event.is_runtime()).map(|event| event.name().to_owned()).collect(),
        key_provider: Some(KeyProvider {
            name: identity.key_provider().name().to_owned(),
            id: hex::encode(identity.key_provider().id()),
        }),
        os_image_hash: identity.os_image_hash_claimed().map(ToString::to_string),
    })
}
