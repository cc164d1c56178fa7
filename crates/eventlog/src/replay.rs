//! Folding a log into registers, and comparing them with the quoted ones.

use crate::event::Event;
use crate::identity::is_beginning;
use crate::log::EventLog;
use core::fmt;
use std::collections::BTreeSet;
use veritee_model::{Reason, Rtmr, RtmrIndex};

/// The registers after every event of a log. Says nothing about any quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    after: Vec<Rtmr>,
    registers: [Rtmr; 4],
    counts: [usize; 4],
}

impl Trace {
    /// For each event of the log, in its order: the value of the event's register after it.
    #[must_use]
    pub fn after(&self) -> &[Rtmr] {
        &self.after
    }

    /// The value of a register after the whole log.
    #[must_use]
    pub fn register(&self, register: RtmrIndex) -> Rtmr {
        self.registers.get(register.index()).copied().unwrap_or(Rtmr::ZERO)
    }

    /// How many events extend a register.
    #[must_use]
    pub fn count(&self, register: RtmrIndex) -> usize {
        self.counts.get(register.index()).copied().unwrap_or(0)
    }
}

/// Folds a log into four registers that start at zero. Order counts within a register only. One pass.
#[must_use]
pub fn fold(log: &EventLog) -> Trace {
    let mut trace =
        Trace { after: Vec::with_capacity(log.events().len()), registers: [Rtmr::ZERO; 4], counts: [0; 4] };
    for event in log.events() {
        let place = event.register().index();
        if let (Some(value), Some(count)) = (trace.registers.get_mut(place), trace.counts.get_mut(place)) {
            *value = value.extend(event.effective_digest());
            *count = count.saturating_add(1);
            trace.after.push(*value);
        }
    }
    trace
}

/// How a register of the log compares with the quoted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterStatus {
    /// The log replays to the quoted value.
    Match {
        /// Number of events.
        events: usize,
    },
    /// The log has no events for the register, or for RTMR0 only those of the three ACPI blobs, and the quoted value
    /// is another. Nothing is known then about the register's events; never a pass. RTMR3 is never taken as stripped.
    Stripped {
        /// Number of events that are left, 0 or 3.
        events: usize,
    },
    /// The log does not replay to the quoted value.
    Mismatch(RegisterMismatch),
}

/// A register whose replay differs from the quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterMismatch {
    /// Which one.
    pub register: RtmrIndex,
    /// The quoted value.
    pub expected: Rtmr,
    /// The value that the log replays to.
    pub got: Rtmr,
    /// Number of events.
    pub events: usize,
    /// The event (index in the log) after which the replay had the quoted value, if any: later ones are too many.
    pub reached_after: Option<usize>,
    moment: Moment,
}

/// When a log was saved that is not the quoted one, as far as the log itself shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Unknown,
    /// It is the quoted one up to an event and goes on with events of the application: see [`RegisterMismatch::is_later`].
    Later,
    /// It ends before the boot does: see [`RegisterMismatch::is_earlier`].
    Earlier,
}

impl fmt::Display for RegisterMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { register, expected, got, events, reached_after, .. } = self;
        write!(f, "{register}: {events} events replay to {got}, expected {expected}")?;
        match reached_after {
            Some(index) => write!(f, ", which is reached after event {index}"),
            None => Ok(()),
        }
    }
}

impl RegisterMismatch {
    /// Whether the log was taken after the quote: it is the quoted one up to an event, and goes on. Of RTMR3 only, which
    /// applications extend while they run; nobody honest adds to the others after the boot, nor repeats a boot event.
    #[must_use]
    pub const fn is_later(&self) -> bool {
        matches!(self.moment, Moment::Later)
    }

    /// Whether the log ends before the boot of the guest does: it has no event of RTMR3 (the firmware's own log has none),
    /// or the first ones of dstack's and no `system-ready`. That it does not replay says nothing then but that the quote was
    /// made later, if it is of this machine. A log that claims to be whole is never taken for one.
    #[must_use]
    pub const fn is_earlier(&self) -> bool {
        matches!(self.moment, Moment::Earlier)
    }

    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self.moment {
            Moment::Later => Reason::EventLogLater,
            Moment::Earlier => Reason::EventLogEarlier,
            Moment::Unknown => Reason::RtmrMismatch,
        }
    }
}

impl RegisterStatus {
    /// The reason when it is not a match.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Match { .. } => None,
            Self::Stripped { .. } => Some(Reason::EventLogStripped),
            Self::Mismatch(mismatch) => Some(mismatch.reason()),
        }
    }
}

/// Why a log is not the quoted one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// At least one register differs.
    RegisterMismatch {
        /// How each register came out.
        statuses: Box<[RegisterStatus; 4]>,
    },
}

impl ReplayError {
    /// The stable reason code: that of the gravest mismatch.
    #[must_use]
    pub fn reason(&self) -> Reason {
        // Only RTMR3 can be of another moment, so that a second register that differs is a contradiction.
        let mut reasons = self.mismatches().map(RegisterMismatch::reason);
        let first = reasons.next().unwrap_or(Reason::RtmrMismatch);
        if reasons.next().is_some() { Reason::RtmrMismatch } else { first }
    }

    /// How each register came out.
    #[must_use]
    pub const fn statuses(&self) -> &[RegisterStatus; 4] {
        match self {
            Self::RegisterMismatch { statuses } => statuses,
        }
    }

    /// The registers that differ.
    pub fn mismatches(&self) -> impl Iterator<Item = &RegisterMismatch> {
        self.statuses().iter().filter_map(|status| match status {
            RegisterStatus::Mismatch(mismatch) => Some(mismatch),
            RegisterStatus::Match { .. } | RegisterStatus::Stripped { .. } => None,
        })
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, mismatch) in self.mismatches().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{mismatch}")?;
        }
        Ok(())
    }
}

impl core::error::Error for ReplayError {}

/// A log that replays to a quote's registers: RTMR3 exactly, each of RTMR0 to RTMR2 exactly or stripped.
///
/// Made by [`replay()`] only. An RTMR3 of zero without any run-time event is a match too; no identity can be read
/// from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedLog {
    log: EventLog,
    trace: Trace,
    statuses: [RegisterStatus; 4],
}

impl ReplayedLog {
    /// How a register compares: [`RegisterStatus::Match`] or [`RegisterStatus::Stripped`].
    #[must_use]
    pub fn status(&self, register: RtmrIndex) -> RegisterStatus {
        self.statuses.get(register.index()).copied().unwrap_or(RegisterStatus::Stripped { events: 0 })
    }

    /// The registers after every event.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The log, stripped registers included: what is in those is not bound to the quote.
    #[must_use]
    pub const fn log(&self) -> &EventLog {
        &self.log
    }

    /// The events of a register that the quote binds: none when the register was stripped.
    pub fn events(&self, register: RtmrIndex) -> impl Iterator<Item = &Event> {
        let bound = matches!(self.status(register), RegisterStatus::Match { .. });
        self.log.of_register(register).filter(move |_| bound)
    }

    pub(crate) fn after(&self, wanted: &Event) -> Option<Rtmr> {
        let mut pairs = self.log.events().iter().zip(self.trace.after());
        pairs.find(|(event, _)| event.index() == wanted.index()).map(|(_, value)| *value)
    }
}

/// Compares a log with the registers of a quote, RTMR0 to RTMR3.
///
/// The result is as good as the quote: the caller verifies that first.
///
/// # Errors
/// When RTMR3 differs, or RTMR0, RTMR1 or RTMR2 differs and has not merely been stripped from the log.
pub fn replay(log: &EventLog, quoted: &[Rtmr; 4]) -> Result<ReplayedLog, ReplayError> {
    let trace = fold(log);
    let statuses = RtmrIndex::ALL.map(|register| {
        let expected = quoted.get(register.index()).copied().unwrap_or(Rtmr::ZERO);
        compare(log, &trace, register, expected)
    });
    if statuses.iter().any(|status| matches!(status, RegisterStatus::Mismatch(_))) {
        return Err(ReplayError::RegisterMismatch { statuses: Box::new(statuses) });
    }
    Ok(ReplayedLog { log: log.clone(), trace, statuses })
}

fn compare(log: &EventLog, trace: &Trace, register: RtmrIndex, expected: Rtmr) -> RegisterStatus {
    let (got, events) = (trace.register(register), trace.count(register));
    if got == expected {
        return RegisterStatus::Match { events };
    }
    let only_acpi = register == RtmrIndex::Rtmr0
        && events == 3
        && log.of_register(register).all(|event| event.acpi().is_some());
    if register != RtmrIndex::Rtmr3 && (events == 0 || only_acpi) {
        return RegisterStatus::Stripped { events };
    }
    let mut pairs = log.events().iter().zip(trace.after());
    let reached_after = pairs
        .find(|(event, value)| event.register() == register && **value == expected)
        .map(|(event, _)| event.index());
    let moment = match reached_after {
        _ if register != RtmrIndex::Rtmr3 => Moment::Unknown,
        Some(reached) if goes_on(log, reached) => Moment::Later,
        Some(_) => Moment::Unknown,
        None if is_beginning(&log.of_register(register).collect::<Vec<_>>()) => Moment::Earlier,
        None => Moment::Unknown,
    };
    RegisterStatus::Mismatch(RegisterMismatch { register, expected, got, events, reached_after, moment })
}

/// Whether nothing in RTMR3 behind this event bears the name of a boot event before it. One pass.
fn goes_on(log: &EventLog, reached: usize) -> bool {
    let mut boot = BTreeSet::new();
    let mut ready = false;
    for event in log.of_register(RtmrIndex::Rtmr3) {
        // A name with a colon can be shown as another name and payload.
        let name = event.name().split(':').next().unwrap_or_default();
        if event.index() <= reached {
            if !ready {
                boot.insert(name);
            }
            ready = ready || name == "system-ready";
        } else if boot.contains(name) {
            return false;
        }
    }
    true
}
