//! Many entries under the same rules: what a table's rows, or a service's calls, have in common.
//!
//! The collateral of the judging side is verified once; hosts, enclaves, audits and shapes that were seen are remembered
//! ([`Grounds`]). An answer depends on the entry's bytes, on the rules, and on what was learnt of revocations before: take
//! everything in with [`Run::learn`] first, then judge, and no order of the entries and no split into parts changes it.

use crate::entry::{Entry, Judged, Learnt, is_quote_alone, judge, may_carry_collateral, run_name};
use crate::{AsOf, Error, File, VERSION, Verified, give, read, read_policy};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use veritee_evidence::ReadError;
use veritee_model::{Budget, Evidence, Item, Kind, Report, Sha256Digest, UnixTime};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_second_opinion::DcapQvl;
use veritee_verify::{ChainGiven, Engine, Expected, GpuGiven, Grounds, QuoteAlone, Request};

/// What all rows of a table are called: where a row stands must not change what is said of it.
const ROW: &str = "row";

/// What the judging side says before it sees an entry.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Collateral of the judging side, a set or Intel's answers by themselves.
    pub collateral: &'a [File<'a>],
    /// NVIDIA's manifests, OCSP answers and lists.
    pub gpu_collateral: &'a [File<'a>],
    /// The policy file; the built-in policy where there is none.
    pub policy: Option<&'a [u8]>,
    /// The time.
    pub as_of: AsOf,
    /// Limits on hostile input.
    pub budget: &'a Budget,
}

/// Everything that an answer depends on beside its entry. `Send` and `Sync`; judging takes `&self`.
#[derive(Debug, Clone)]
pub struct Run {
    policy: Policy,
    policy_sha256: Option<Sha256Digest>,
    as_of: UnixTime,
    grounds: Grounds,
    about_gpus: Arc<[Item]>,
    gpu_memory: Arc<veritee_gpu::Memory>,
    learnt: Arc<Learnt>,
    /// Digests of all collateral that entries brought.
    brought: BTreeSet<Sha256Digest>,
    /// Made when somebody asks for it.
    name: OnceLock<String>,
    loosened: Vec<String>,
    notes: Vec<String>,
    budget: Budget,
}

/// Why an entry has no verdict.
#[derive(Debug)]
pub struct Broken {
    /// A reason code.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// What to do about it.
    pub next_step: String,
    /// SHA-256 of the entry.
    pub sha256: Sha256Digest,
}

impl Broken {
    fn new(error: &ReadError, bytes: &[u8]) -> Self {
        Self {
            code: error.reason().code(),
            message: error.to_string(),
            next_step: error.next_step().to_owned(),
            sha256: Sha256Digest::of(bytes),
        }
    }
}

impl Run {
    /// Verifies the judging side's collateral, under Intel's root.
    ///
    /// # Errors
    /// When a file is not what it is given for.
    pub fn new(rules: &Rules<'_>) -> Result<Self, Error> {
        let (policy, policy_sha256) = match rules.policy {
            Some(bytes) => {
                let (policy, digest) = read_policy(bytes)?;
                (policy, Some(digest))
            }
            None => (Policy::default(), None),
        };
        let as_of = rules.as_of.under(&policy);
        let mut grounds = Grounds::new(&TrustRoot::intel(), rules.budget);
        let mut notes = Vec::new();
        give(&mut grounds, rules.collateral, rules.budget, &mut notes)?;
        let about_gpus: Vec<Item> =
            rules.gpu_collateral.iter().map(|file| Item::new(file.bytes, file.name)).collect();
        Ok(Self {
            loosened: veritee_verify::loosened(&policy, as_of, None),
            policy,
            policy_sha256,
            as_of,
            grounds,
            about_gpus: about_gpus.into(),
            gpu_memory: Arc::default(),
            learnt: Arc::default(),
            brought: BTreeSet::new(),
            name: OnceLock::new(),
            notes,
            budget: *rules.budget,
        })
    }

    fn named(&self) -> String {
        let digests: Vec<Sha256Digest> =
            self.brought.iter().copied().chain(self.about_gpus.iter().map(Item::sha256)).collect();
        let engines = "Native None";
        run_name(VERSION, self.policy_sha256, self.as_of, engines, &self.grounds, &digests)
    }

    /// Names the rules: answers of two runs under one name can stand in one table.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.get_or_init(|| self.named())
    }

    /// The time of all verdicts.
    #[must_use]
    pub const fn as_of(&self) -> UnixTime {
        self.as_of
    }

    /// What of the collateral was passed over and why.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the policy lets pass, in words.
    #[must_use]
    pub fn loosened(&self) -> &[String] {
        &self.loosened
    }

    /// What verdicts rest on.
    #[must_use]
    pub const fn grounds(&self) -> &Grounds {
        &self.grounds
    }

    /// Takes in what the collateral inside these entries says of revocations: it holds for every entry that is judged
    /// after. Collateral by itself is heard too. Gives back each piece that this run had not heard before, as bytes for
    /// [`Self::learn`] elsewhere: on another machine, for another part of the same table.
    pub fn learn<'e>(&mut self, entries: impl IntoIterator<Item = &'e [u8]>) -> Vec<Vec<u8>> {
        let mut new = Vec::new();
        for bytes in entries.into_iter().filter(|bytes| may_carry_collateral(bytes)) {
            let heard = self.learnt.hear(ROW, bytes, &self.budget);
            for evidence in &heard.machines {
                for item in evidence.all_collateral() {
                    if self.brought.insert(item.sha256()) {
                        new.push(item.bytes.to_vec());
                    }
                }
                self.grounds.learn(evidence);
            }
            heard.carried.into_iter().for_each(|raw| self.learnt.put(raw));
        }
        if !new.is_empty() {
            self.name = OnceLock::new();
        }
        new
    }

    fn request<'a>(
        &'a self,
        evidence: &'a Evidence,
        expected: &'a Expected,
        engine: Engine<'a>,
    ) -> Request<'a> {
        Request {
            kind: Kind::Machine,
            evidence,
            policy: &self.policy,
            policy_sha256: self.policy_sha256,
            as_of: self.as_of,
            grounds: &self.grounds,
            expected,
            engine,
            fail_on: None,
            image: None,
            asked: &[],
            gpu: GpuGiven { nonce: None, roots: None, memory: Some(&self.gpu_memory) },
            chain: ChainGiven::default(),
            audit: veritee_verify::audit::Given::default(),
            budget: &self.budget,
            tool_version: VERSION,
        }
    }

    fn one(
        &self,
        name: &str,
        bytes: &[u8],
        label: Option<&str>,
    ) -> Result<(Evidence, Entry), Box<ReadError>> {
        let mut entry = Entry::read(name, bytes, &[], &self.budget)?;
        // What stands beside the only machine and is none has no answer either.
        if let (None, [_, ..]) = (label, entry.without.as_slice()) {
            let machines = entry.machines.into_iter().map(|machine| machine.label);
            let labels = machines.chain(entry.without.into_iter().map(|rest| rest.label)).collect();
            return Err(Box::new(ReadError::several(name, labels)));
        }
        let mut evidence = match (entry.machines.pop(), entry.machines.is_empty(), label) {
            (Some(only), true, None) => only.evidence,
            _ => veritee_evidence::read(name, bytes, &self.budget)?.select(label)?,
        };
        if evidence.gpus.is_some() {
            evidence.gpu_collateral.extend(self.about_gpus.iter().cloned());
        }
        Ok((evidence, entry))
    }

    /// The answer to an entry in short, as a line of `veritee batch` has it.
    ///
    /// # Errors
    /// When it cannot be read, or holds the evidence of several machines.
    pub fn judge(&self, bytes: &[u8]) -> Result<Judged, Broken> {
        let (evidence, entry) = self.one(ROW, bytes, None).map_err(|error| Broken::new(&error, bytes))?;
        let request = self.request(&evidence, &Expected::Nothing, Engine::Native);
        let mut judged = judge(String::new(), &request);
        judged.key = entry.keys.into_iter().next().flatten();
        judged.not_read = entry.not_read;
        judged.sha256 = Some(Sha256Digest::of(bytes));
        judged.as_of = Some(self.as_of);
        self.name().clone_into(&mut judged.run);
        judged.loosened.clone_from(&self.loosened);
        Ok(judged)
    }

    /// The whole report of an entry as of a machine, by both engines where `both`; what a row says rests on ours.
    ///
    /// # Errors
    /// When it cannot be read, or holds the evidence of several machines and `label` names none of them.
    pub fn report(
        &self,
        name: &str,
        bytes: &[u8],
        label: Option<&str>,
        expected: &Expected,
        both: bool,
    ) -> Result<Report, Broken> {
        let (evidence, _) = self.one(name, bytes, label).map_err(|error| Broken::new(&error, bytes))?;
        let engine = if both { Engine::Both(&DcapQvl) } else { Engine::Native };
        Ok(veritee_verify::verify(&self.request(&evidence, expected, engine)))
    }

    /// Judges one machine of these files with both engines: one file, or the files of a folder with a part in each. What the
    /// collateral inside them says of revocations holds for this answer and for no later one, so that an answer does not
    /// depend on what was asked before.
    ///
    /// # Errors
    /// When the files cannot be read, or are the evidence of several machines and `select` names none of them.
    pub fn verify(
        &self,
        files: &[File<'_>],
        select: Option<&str>,
        expected: &Expected,
    ) -> Result<Verified, Error> {
        let readout = read(files, &self.budget)?;
        let mut notes: Vec<String> =
            readout.notes.iter().filter(|note| note.is_loss()).map(ToString::to_string).collect();
        notes.extend_from_slice(&self.notes);
        let carried: Vec<Item> =
            readout.machines.iter().flat_map(|machine| machine.evidence.own_collateral().cloned()).collect();
        let mut evidence = readout.select(select)?;
        evidence.gpu_collateral.extend(self.about_gpus.iter().cloned());
        // What the other machines' lists revoke holds for this one too.
        let others =
            carried.iter().filter(|item| evidence.own_collateral().all(|own| own.bytes != item.bytes));
        let beside = Evidence { collateral: others.cloned().collect(), ..Evidence::default() };
        let taught = (!beside.collateral.is_empty()).then(|| {
            let mut grounds = self.grounds.clone();
            grounds.learn(&beside);
            grounds
        });
        let grounds = taught.as_ref().unwrap_or(&self.grounds);
        let request = self.request(&evidence, expected, Engine::Both(&DcapQvl));
        let report = veritee_verify::verify(&Request { grounds, ..request });
        let whole = grounds.recorded_in(&evidence);
        Ok(Verified { report, whole, notes })
    }

    /// The whole report behind what [`Self::judge`] says: a quote that came alone is asked what a quote is asked.
    ///
    /// # Errors
    /// As there.
    pub fn report_of_row(&self, bytes: &[u8]) -> Result<Report, Broken> {
        let (evidence, _) = self.one(ROW, bytes, None).map_err(|error| Broken::new(&error, bytes))?;
        let kind = if is_quote_alone(&evidence) { Kind::Quote } else { Kind::Machine };
        let request = self.request(&evidence, &Expected::Nothing, Engine::Native);
        Ok(veritee_verify::verify(&Request { kind, ..request }))
    }

    /// The verdict on a quote alone, in any form, under the policy, by our engine: nothing else of the entry is looked at.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn quote(&self, bytes: &[u8]) -> Result<QuoteAlone, Broken> {
        // A bare quote needs no reader of forms.
        let evidence = if matches!(bytes, [3..=5, 0, ..]) {
            Evidence { quote: Some(Item::new(bytes, ROW)), ..Evidence::default() }
        } else {
            self.one(ROW, bytes, None).map_err(|error| Broken::new(&error, bytes))?.0
        };
        let request =
            Request { kind: Kind::Quote, ..self.request(&evidence, &Expected::Nothing, Engine::Native) };
        Ok(veritee_verify::verify_quote(&request))
    }
}

/// Checks, verdict and notices of [`Run::quote`].
#[must_use]
pub fn quote_document(alone: &QuoteAlone) -> Value {
    json!({ "verdict": alone.verdict, "checks": alone.checks, "notices": alone.notices })
}
