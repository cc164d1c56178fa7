//! Lines of a stream that are answered already, and what a later line reveals of them.
//!
//! A file or a folder is read twice, for its collateral first. A stream is answered line by line: what a line brings of
//! revocations holds for those that follow, and at the end the lines before are looked at again and corrected.

use super::judge::{Judge, Line};
use std::collections::HashMap;
use veritee_model::Sha256Digest;

/// Hosts that are remembered: 4 KiB each.
const MOST_HOSTS: usize = 16_384;
/// Lines that are remembered: 8 bytes each.
const MOST_LINES: u64 = 8 << 20;

/// Lines by the PCK chain that their quotes carry.
pub(super) struct Followed {
    hosts: HashMap<Sha256Digest, Host>,
    lines: u64,
    /// Lines that could not be remembered.
    beyond: u64,
    /// Items of collateral that were under a revoked certificate when the run began.
    revoked_items: usize,
    /// Something was revealed after the first answer.
    news: bool,
}

struct Host {
    chain: Vec<u8>,
    lines: Vec<u64>,
}

/// What a stream has revealed of its own earlier lines.
pub(super) struct Corrections {
    pub(super) lines: Vec<Line>,
    /// What cannot be said line by line.
    pub(super) notes: Vec<String>,
}

impl Followed {
    pub(super) fn new(judge: &Judge) -> Self {
        Self {
            hosts: HashMap::new(),
            lines: 0,
            beyond: 0,
            revoked_items: judge.known().revoked_items(),
            news: false,
        }
    }

    /// A portion revealed something; what was answered before is to be looked at again.
    pub(super) fn revealed(&mut self) {
        self.news |= self.lines > 0 || self.beyond > 0;
    }

    pub(super) fn answered(&mut self, number: u64, line: &Line) {
        for chain in line.pck_chains() {
            self.follow(number, chain);
        }
    }

    fn follow(&mut self, number: u64, chain: &[u8]) {
        let key = Sha256Digest::of(chain);
        let known = self.hosts.contains_key(&key);
        if self.lines >= MOST_LINES || (!known && self.hosts.len() >= MOST_HOSTS) {
            self.beyond += 1;
            return;
        }
        self.lines += 1;
        let host = self.hosts.entry(key).or_insert_with(|| Host { chain: chain.to_vec(), lines: Vec::new() });
        host.lines.push(number);
    }

    /// Which answers no longer hold.
    pub(super) fn corrections(self, judge: &Judge) -> Corrections {
        let mut done = Corrections { lines: Vec::new(), notes: Vec::new() };
        if !self.news {
            return done;
        }
        let mut wrong: Vec<(u64, veritee_quote::error::ChainError)> = Vec::new();
        for host in self.hosts.values() {
            if let Some(error) = judge.known().revocation_in(&host.chain) {
                wrong.extend(host.lines.iter().map(|line| (*line, error.clone())));
            }
        }
        wrong.sort_by_key(|(line, _)| *line);
        wrong.dedup_by_key(|(line, _)| *line);
        done.lines = wrong.into_iter().map(|(line, error)| Line::corrected(line, &error)).collect();
        if judge.known().revoked_items() > self.revoked_items {
            done.notes.push(
                "a line has shown that a signer of the collateral is revoked: the lines before it rest on what that \
                 signer signed"
                    .to_owned(),
            );
        }
        if self.beyond > 0 {
            done.notes.push(format!(
                "revocations came to light after {} lines that could not be remembered were answered",
                self.beyond
            ));
        }
        done
    }
}
