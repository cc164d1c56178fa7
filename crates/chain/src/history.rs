//! What was allowed at a block: logs in order, held against the blocks at which storage was proven.
//!
//! Logs alone begin with wrong flags (three are set without an event at deployment) and miss what an implementation
//! does silently. An observation is the contract proven at one block. Between two observations the logs are believed
//! as far as both agree with them; where the later one differs, something changed without a log, and the answer for
//! that stretch says so instead of naming a value.

use crate::app::App;
use crate::contract::{NotRecognised, Shown};
use crate::event::{Event, Set};
use crate::timeline::{Sum, Timeline};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

/// Blocks times changes and candidates that one question costs at most; some seconds.
const STEPS: usize = 20_000_000;

/// A contract's past.
#[derive(Debug, Clone, Default)]
pub struct History {
    timeline: Timeline,
    observations: BTreeMap<u64, Result<App, NotRecognised>>,
}

/// A value at a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Past<T> {
    /// Proven at this very block.
    Proven(T),
    /// By the last log or observation before, which the next observation does not contradict.
    Logged(T),
    /// Changed without a log somewhere between the two blocks: it was one or the other.
    ChangedSilently {
        /// The earlier value.
        before: T,
        /// The later one.
        after: T,
        /// The block of the earlier value.
        from: u64,
        /// The block at which the later one was proven.
        to: u64,
    },
    /// Nothing says: it was set without a log before the first observation.
    Unknown,
}

impl<T: Copy> Past<T> {
    /// The value, where there is one answer.
    #[must_use]
    pub const fn value(&self) -> Option<T> {
        match self {
            Self::Proven(value) | Self::Logged(value) => Some(*value),
            Self::ChangedSilently { .. } | Self::Unknown => None,
        }
    }
}

/// How far the sets of a block are held by proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Held {
    /// The storage of this very block was rebuilt: exactly these members.
    Complete,
    /// It was rebuilt before and after. A member that came and went without a log cannot be excluded.
    Between {
        /// The observation before.
        from: u64,
        /// The one after.
        to: u64,
    },
    /// An observation next to it found storage that the logs do not explain: they are not the whole story here.
    Disputed {
        /// That observation's block.
        at: u64,
    },
    /// No observation on one side or on both: the word of those who gave the logs.
    LogsOnly,
}

/// What was allowed at the end of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtBlock {
    /// The block.
    pub block: u64,
    /// Whether the contract was there.
    pub deployed: bool,
    /// What the logs up to its end add up to.
    pub sum: Sum,
    /// How far its sets are held by proofs.
    pub held: Held,
    /// `allowAnyDevice`.
    pub allow_any_device: Past<bool>,
    /// `requireTcbUpToDate`; false in generations without it.
    pub require_tcb_up_to_date: Past<bool>,
    /// `_upgradesDisabled`.
    pub upgrades_disabled: Past<bool>,
    /// Owner; zero for none.
    pub owner: Past<Address>,
    /// What ran.
    pub implementation: Past<Address>,
}

/// Whether something could run around a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Could {
    /// At every block within the margin.
    Yes,
    /// At none.
    No,
    /// At some: it changed within the margin.
    Changed,
    /// Not shown: a flag or the sets are not determined there.
    NotShown,
}

/// What would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its compose hash.
    pub compose_hash: B256,
    /// Its device, where known.
    pub device: Option<B256>,
    /// Whether its TCB was up to date, where known.
    pub tcb_up_to_date: Option<bool>,
}

impl History {
    /// A history of these events.
    #[must_use]
    pub const fn new(timeline: Timeline) -> Self {
        Self { timeline, observations: BTreeMap::new() }
    }

    /// Adds what the contract was proven to be at the end of a block. It has to have been read with the events up to
    /// that block.
    pub fn observe(&mut self, block: u64, app: Result<App, NotRecognised>) {
        self.observations.insert(block, app);
    }

    /// The events.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Blocks at which the contract was proven.
    pub fn observed(&self) -> impl Iterator<Item = u64> {
        self.observations.keys().copied()
    }

    /// What was allowed at the end of a block.
    #[must_use]
    pub fn at(&self, block: u64) -> AtBlock {
        let flag = |of: fn(&App) -> Shown<bool>| move |app: &App| of(app).proven().copied().unwrap_or(false);
        AtBlock {
            block,
            deployed: self.deployed(block),
            sum: self.timeline.until(block),
            held: self.held(block),
            allow_any_device: self.past(
                block,
                |event| match event {
                    Event::AllowAnyDevice(value) => Some(*value),
                    _ => None,
                },
                flag(|app| app.allow_any_device),
            ),
            require_tcb_up_to_date: self.past(
                block,
                |event| match event {
                    Event::RequireTcbUpToDate(value) => Some(*value),
                    _ => None,
                },
                flag(|app| app.require_tcb_up_to_date),
            ),
            upgrades_disabled: self.past(
                block,
                |event| matches!(event, Event::UpgradesDisabled).then_some(true),
                flag(|app| app.upgrades_disabled),
            ),
            owner: self.past(
                block,
                |event| match event {
                    Event::Owner { next, .. } => Some(*next),
                    _ => None,
                },
                |app| app.owner,
            ),
            implementation: self.past(
                block,
                |event| match event {
                    Event::Upgraded(implementation) => Some(*implementation),
                    _ => None,
                },
                |app| app.implementation,
            ),
        }
    }

    fn deployed(&self, block: u64) -> bool {
        let first = self.timeline.entries().first().map(|entry| entry.block);
        let seen =
            self.observations.range(..=block).any(|(_, app)| !matches!(app, Err(NotRecognised::Absent)));
        seen || first.is_some_and(|first| first <= block)
    }

    fn held(&self, block: u64) -> Held {
        let complete = |app: &Result<App, NotRecognised>| app.as_ref().is_ok_and(|app| app.complete);
        let before = self.observations.range(..=block).next_back();
        let after = self.observations.range(block..).next();
        for (at, app) in before.iter().chain(&after) {
            // Before a contract is deployed there is nothing to explain.
            if !complete(app) && !matches!(app, Err(NotRecognised::Absent)) {
                return Held::Disputed { at: **at };
            }
        }
        match (before, after) {
            (Some((at, _)), _) if *at == block => Held::Complete,
            (Some((from, _)), Some((to, _))) => Held::Between { from: *from, to: *to },
            _ => Held::LogsOnly,
        }
    }

    fn past<T: Copy + PartialEq>(
        &self,
        block: u64,
        logged: impl Fn(&Event) -> Option<T>,
        observed: impl Fn(&App) -> T,
    ) -> Past<T> {
        let known =
            |(at, app): (&u64, &Result<App, NotRecognised>)| Some((*at, observed(app.as_ref().ok()?)));
        if let Some((at, value)) = self.observations.range(block..=block).find_map(known) {
            debug_assert_eq!(at, block, "an observation of this block");
            return Past::Proven(value);
        }
        let events = || {
            let entries = self.timeline.entries().iter();
            entries.filter_map(|entry| Some((entry.block, logged(&entry.event)?)))
        };
        let last_log = events().take_while(|(at, _)| *at <= block).last();
        let last_seen = self.observations.range(..=block).rev().find_map(known);
        // An observation is of the end of its block: it comes after that block's logs.
        let before = match (last_log, last_seen) {
            (Some(log), Some(seen)) if log.0 > seen.0 => Some(log),
            (_, Some(seen)) => Some(seen),
            (log, None) => log,
        };
        let Some((from, before)) = before else { return Past::Unknown };
        let next_log = events().find(|(at, _)| *at > block).map(|(at, _)| at);
        let next_seen = self.observations.range(block..).find_map(known);
        match next_seen {
            Some((to, after)) if after != before && next_log.is_none_or(|log| log > to) => {
                Past::ChangedSilently { before, after, from, to }
            }
            _ => Past::Logged(before),
        }
    }

    /// Whether the app contract would have allowed `candidate` at the end of every block from `block - margin` to
    /// `block + margin`. A KMS asks at some head near the time of a boot, which may not be the final one.
    #[must_use]
    pub fn could_run(&self, candidate: &Candidate, block: u64, margin: u64) -> Could {
        let answers = self.could_each_run(core::slice::from_ref(candidate), block, margin);
        answers.first().copied().unwrap_or(Could::NotShown)
    }

    /// The same of several, each block looked at once. More changes within the margin than are looked at are not shown.
    #[must_use]
    pub fn could_each_run(&self, candidates: &[Candidate], block: u64, margin: u64) -> Vec<Could> {
        let (first, last) = (block.saturating_sub(margin), block.saturating_add(margin));
        let changes = self.timeline.entries().iter().map(|entry| entry.block);
        let seen = self.observations.keys().flat_map(|at| [*at, at.saturating_add(1)]);
        let mut blocks: Vec<u64> = changes.chain(seen).filter(|at| *at > first && *at <= last).collect();
        blocks.push(first);
        blocks.sort_unstable();
        blocks.dedup();
        let each = self.timeline.entries().len().saturating_add(candidates.len());
        if blocks.len().saturating_mul(each) > STEPS {
            return vec![Could::NotShown; candidates.len()];
        }
        let mut answers = vec![(false, false, false); candidates.len()];
        for at in blocks.iter().map(|at| self.at(*at)) {
            for (candidate, (yes, no, open)) in candidates.iter().zip(&mut answers) {
                match Self::allows(&at, candidate) {
                    Some(true) => *yes = true,
                    Some(false) => *no = true,
                    None => *open = true,
                }
            }
        }
        let answer = |(yes, no, open)| match (open, yes, no) {
            (true, ..) => Could::NotShown,
            (_, _, false) => Could::Yes,
            (_, true, true) => Could::Changed,
            (_, false, true) => Could::No,
        };
        answers.into_iter().map(answer).collect()
    }

    fn allows(at: &AtBlock, candidate: &Candidate) -> Option<bool> {
        if !at.deployed {
            return Some(false);
        }
        if matches!(at.held, Held::Disputed { .. }) {
            return None;
        }
        if !at.sum.allows(Set::ComposeHashes, &candidate.compose_hash) {
            return Some(false);
        }
        let device = match at.allow_any_device.value() {
            Some(true) => Some(true),
            any => match candidate.device {
                Some(device) if at.sum.allows(Set::Devices, &device) => Some(true),
                Some(_) => any,
                None => None,
            },
        };
        let tcb = match (at.require_tcb_up_to_date.value(), candidate.tcb_up_to_date) {
            (Some(false), _) | (_, Some(true)) => Some(true),
            (Some(true), Some(false)) => Some(false),
            _ => None,
        };
        match (device, tcb) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}
