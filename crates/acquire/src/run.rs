//! Taking the steps of a plan: each chain of steps that need each other in order, the chains at the same time.

use crate::acquired::{AcquireError, Acquired, Note};
use crate::assemble::assemble;
use crate::attempt::{Attempt, Outcome, SourceProblem};
use crate::caa;
use crate::options::Options;
use crate::plan::{Address, Plan, Step, Subject, When};
use crate::source::{Source, endpoint, handshake, ingress};
use crate::target::Host;
use crate::unit::Unit;
use base64::Engine as _;
use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;
use veritee_client::{Answer, Client, FetchError, Get};
use veritee_evidence::{ReadError, Readout};
use veritee_model::evidence::{CaaAnswers, ServedCertificates};
use veritee_model::{Item, Sha256Digest, UnixTime};

/// Takes the steps of a plan and puts together what comes.
///
/// Everything that comes is untrusted, and so is every server: see the crate's documentation for what is taken from
/// where. Sources that do not need each other are asked at the same time; what comes of them stands in the order of the
/// plan. A source that fails is an [`Attempt`] with its error; only when no quote of the application came from
/// anywhere has the run failed. `now` is when it takes place; it is written beside every item.
///
/// # Errors
/// [`AcquireError::NoQuote`], with every attempt.
pub async fn acquire(
    client: &Client,
    plan: &Plan,
    options: &Options,
    now: UnixTime,
) -> Result<Acquired, AcquireError> {
    let shared = Shared::new(client, options, now);
    let (chains, last) = chains(plan.steps());
    let runs =
        chains.into_iter().map(|steps| Run::new(&shared, Collected::default()).take_all(steps)).collect();
    let mut collected = Collected::default();
    for chain in together(runs).await {
        collected.append(chain, options.limits.machines);
    }
    assemble(plan, Run::new(&shared, collected).take_all(last).await)
}

/// The steps in chains that do not wait for each other, in the order of the plan, and those that wait for all of them.
fn chains(steps: &[Step]) -> (Vec<Vec<&Step>>, Vec<&Step>) {
    let (mut chains, mut last): (Vec<Vec<&Step>>, Vec<&Step>) = (Vec::new(), Vec::new());
    for step in steps {
        match (step.when, chains.last_mut()) {
            (When::WithoutCompose, _) => last.push(step),
            (When::WithoutInfo | When::AfterTheStepBefore, Some(chain)) => chain.push(step),
            _ => chains.push(vec![step]),
        }
    }
    (chains, last)
}

/// Waits for all, at the same time; what they give comes in the order in which they stand.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(move |context| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if waiting.iter().any(|(_, output)| output.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(waiting.iter_mut().filter_map(|(_, output)| output.take()).collect())
    })
    .await
}

/// What has come so far.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) units: Vec<Unit>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) notes: Vec<Note>,
    pub(crate) caa: Vec<(Subject, CaaAnswers)>,
    /// What the gateway showed in a handshake.
    pub(crate) gateway: Option<ServedCertificates>,
    /// Answers to `Info`.
    pub(crate) infos: usize,
}

impl Collected {
    /// Adds what another chain of steps gave; all its machines or, when there are too many, none.
    fn append(&mut self, other: Self, limit: usize) {
        let Self { units, attempts, notes, caa, gateway, infos } = other;
        self.attempts.extend(attempts);
        match units.first() {
            Some(first) if self.units.len().saturating_add(units.len()) > limit => {
                let outcome = Outcome::Refused(SourceProblem::TooManyMachines { limit });
                self.attempts.push(Attempt { source: first.source, url: first.url.clone(), outcome });
            }
            _ => self.units.extend(units),
        }
        self.notes.extend(notes);
        self.caa.extend(caa);
        self.gateway = self.gateway.take().or(gateway);
        self.infos = self.infos.saturating_add(infos);
    }
}

/// What all steps share.
struct Shared<'a> {
    client: &'a Client,
    options: &'a Options,
    now: UnixTime,
    bytes_left: AtomicUsize,
}

impl<'a> Shared<'a> {
    const fn new(client: &'a Client, options: &'a Options, now: UnixTime) -> Self {
        Self { client, options, now, bytes_left: AtomicUsize::new(options.limits.total_bytes) }
    }

    fn bytes_left(&self) -> usize {
        self.bytes_left.load(Ordering::Relaxed)
    }

    /// Counts the bytes of an answer; an error when there are more than all answers together may have.
    fn count(&self, bytes: usize) -> Result<(), Outcome> {
        let less = |left: usize| left.checked_sub(bytes);
        match self.bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.out_of_bytes()),
        }
    }

    const fn out_of_bytes(&self) -> Outcome {
        Outcome::Refused(SourceProblem::TotalBytes { limit: self.options.limits.total_bytes })
    }
}

/// Taking one chain of steps.
struct Run<'a> {
    shared: &'a Shared<'a>,
    collected: Collected,
    /// Digests of the answers that were read, by source.
    seen: BTreeSet<(Source, Sha256Digest)>,
    /// Files of dstack-ingress.
    folder: BTreeMap<String, Vec<u8>>,
    folder_served: Option<ServedCertificates>,
    /// Whether the last step gave something.
    gave: bool,
}

/// An answer that may be read.
struct Received {
    url: String,
    body: Vec<u8>,
    served: Option<ServedCertificates>,
}

/// Where an answer belongs.
struct Origin {
    source: Source,
    subject: Subject,
    url: String,
    served: Option<ServedCertificates>,
    /// Whether the question carried the nonce.
    nonce: bool,
    /// Bytes of the answer.
    bytes: usize,
}

impl<'a> Run<'a> {
    const fn new(shared: &'a Shared<'a>, collected: Collected) -> Self {
        Self {
            shared,
            collected,
            seen: BTreeSet::new(),
            folder: BTreeMap::new(),
            folder_served: None,
            gave: false,
        }
    }

    async fn take_all(mut self, steps: Vec<&Step>) -> Collected {
        for step in steps {
            self.gave = self.step(step).await;
        }
        self.collected
    }

    /// Takes a step, and tells whether it gave something.
    async fn step(&mut self, step: &Step) -> bool {
        if let Some(why) = self.obstacle(step) {
            self.attempt(step.source, step.address.to_string(), Outcome::NotAsked { why });
            // The end of a chain of steps is where its folder is read.
            return match &step.address {
                Address::FilesBelow(folder) => self.read_folder(folder),
                _ => false,
            };
        }
        match &step.address {
            Address::Url(url) if matches!(step.source, Source::IngressQuote | Source::IngressSums) => {
                self.folder_file(step.source, url).await
            }
            Address::Url(url) => self.answers(step, url).await,
            Address::FilesBelow(folder) => self.files(folder).await,
            Address::Handshake { host, port } => self.handshakes(step, host, *port).await,
            Address::Caa { resolver, domain } => self.caa(step.subject, resolver, domain).await,
        }
    }

    /// Why a step is not taken.
    fn obstacle(&self, step: &Step) -> Option<&'static str> {
        let mut units = self.collected.units.iter().filter(|unit| unit.subject == Subject::Application);
        match step.when {
            When::WithoutInfo => {
                units.any(|unit| unit.source == Source::Info).then_some("Info gave an answer")
            }
            When::WithoutCompose => {
                self.every_machine_has_its_compose().then_some("every app_compose is there")
            }
            When::AfterTheStepBefore => (!self.gave).then_some("the step before gave nothing"),
            When::Always => None,
        }
    }

    fn every_machine_has_its_compose(&self) -> bool {
        let of_application =
            || self.collected.units.iter().filter(|unit| unit.subject == Subject::Application);
        let complete = |unit: &Unit| {
            let same = |other: &&Unit| other.state.is_some() && other.state == unit.state;
            unit.evidence.app_compose.is_some()
                || of_application().filter(same).any(|other| other.evidence.app_compose.is_some())
        };
        of_application().next().is_some()
            && of_application().filter(|unit| unit.quote().is_some()).all(complete)
    }

    /// A request as often as the step says, until one fails before any has given something.
    async fn answers(&mut self, step: &Step, url: &Url) -> bool {
        let mut gave = false;
        for _ in 0..step.requests {
            let outcome = match self.get(step.source, url).await {
                Ok(received) => self.take(step, received),
                Err(outcome) => outcome,
            };
            let failed = outcome.is_failure();
            gave = gave || !failed;
            self.attempt(step.source, url.to_string(), outcome);
            if failed && !gave {
                break;
            }
        }
        gave
    }

    /// A handshake as often as the step says, until one fails before any has given something.
    async fn handshakes(&mut self, step: &Step, host: &Host, port: u16) -> bool {
        let url = handshake::address(host.as_str(), port);
        let mut gave = false;
        for _ in 0..step.requests {
            let outcome = match self.handshake(&url, host, port).await {
                Ok(received) => self.take(step, received),
                Err(outcome) => outcome,
            };
            let failed = outcome.is_failure();
            gave = gave || !failed;
            self.attempt(step.source, url.clone(), outcome);
            if failed && !gave {
                break;
            }
        }
        gave
    }

    async fn handshake(&mut self, url: &str, host: &Host, port: u16) -> Result<Received, Outcome> {
        let chain = self.shared.client.handshake(host.as_str(), port).await.map_err(Outcome::NotFetched)?;
        let body = to_pem(&chain);
        self.shared.count(body.len())?;
        let served = served_by(&chain, format!("{host}:{port}"), url, self.shared.now);
        Ok(Received { url: url.to_owned(), body, served: Some(served) })
    }

    /// Asks once, within what may still come in.
    async fn get(&mut self, source: Source, url: &Url) -> Result<Received, Outcome> {
        let cap = source.cap().min(self.shared.bytes_left());
        if cap == 0 {
            return Err(self.shared.out_of_bytes());
        }
        let request = Get { accept: source.accept(), types: source.types(), ..Get::any(url.clone(), cap) };
        let answer = match self.shared.client.get(&request).await {
            Ok(answer) => answer,
            Err(FetchError::TooLarge { .. }) if cap < source.cap() => return Err(self.shared.out_of_bytes()),
            Err(error) => return Err(Outcome::NotFetched(error)),
        };
        self.shared.count(answer.body.len())?;
        let served = self.served(&answer);
        Ok(Received { url: answer.url.to_string(), body: answer.body, served })
    }

    fn served(&self, answer: &Answer) -> Option<ServedCertificates> {
        let host = answer.url.host_str()?;
        let server = format!("{host}:{}", answer.url.port_or_known_default().unwrap_or(443));
        answer.served().map(|chain| served_by(chain, server, answer.url.as_str(), self.shared.now))
    }

    /// Reads an answer.
    fn take(&mut self, step: &Step, received: Received) -> Outcome {
        if step.source == Source::Info || step.source == Source::LegacyInfo {
            self.collected.infos = self.collected.infos.saturating_add(1);
        }
        if !self.seen.insert((step.source, Sha256Digest::of(&received.body))) {
            return Outcome::Same;
        }
        let bytes = received.body.len();
        match veritee_evidence::read(&received.url, &received.body, &self.shared.options.budget) {
            Err(error) => Outcome::NotRead(error),
            Ok(readout) if !step.source.formats().contains(&readout.format) => {
                let expected = step.source.formats();
                Outcome::Refused(SourceProblem::Form { expected, got: readout.format })
            }
            Ok(readout) => {
                let Received { url, served, .. } = received;
                let (source, subject, nonce) = (step.source, step.subject, step.nonce);
                self.keep(Origin { source, subject, url, served, nonce, bytes }, readout)
            }
        }
    }

    /// Keeps the machines of an answer, all of them or none.
    fn keep(&mut self, origin: Origin, readout: Readout) -> Outcome {
        let limit = self.shared.options.limits.machines;
        if self.collected.units.len().saturating_add(readout.machines.len()) > limit {
            return Outcome::Refused(SourceProblem::TooManyMachines { limit });
        }
        let mut quotes = 0_usize;
        for machine in readout.machines {
            let (now, budget) = (self.shared.now, &self.shared.options.budget);
            let mut unit = Unit::new(origin.source, origin.subject, &origin.url, machine, now, budget);
            quotes = quotes.saturating_add(usize::from(unit.quote().is_some()));
            // What Phala Cloud shows in a handshake says nothing about the application.
            unit.served = origin.served.clone().filter(|_| origin.source != Source::Cloud);
            unit.nonce = origin.nonce;
            if origin.source == Source::Endpoint && unit.pointer == endpoint::FRONT {
                unit.subject = Subject::Gateway;
            }
            self.collected.units.push(unit);
        }
        if origin.subject == Subject::Gateway {
            self.collected.gateway = self.collected.gateway.take().or(origin.served);
        }
        self.collected.notes.extend(readout.notes.into_iter().map(Note::Reading));
        Outcome::Gave { bytes: origin.bytes, quotes }
    }

    /// `quote.json` or `sha256sum.txt`: kept until the folder is whole.
    async fn folder_file(&mut self, source: Source, url: &Url) -> bool {
        let name = if source == Source::IngressQuote { ingress::QUOTE_NAME } else { ingress::SUMS_NAME };
        let outcome = match self.get(source, url).await {
            Err(outcome) => outcome,
            Ok(received) => {
                let (bytes, quotes) = (received.body.len(), usize::from(source == Source::IngressQuote));
                self.folder.insert(name.to_owned(), received.body);
                self.folder_served = self.folder_served.take().or(received.served);
                Outcome::Gave { bytes, quotes }
            }
        };
        let gave = !outcome.is_failure();
        self.attempt(source, url.to_string(), outcome);
        gave
    }

    /// The files that `sha256sum.txt` names; no request is made before every name is known to be a plain one.
    async fn files(&mut self, folder: &Url) -> bool {
        let sums = self.folder.get(ingress::SUMS_NAME).cloned().unwrap_or_default();
        let names = match ingress::names(&sums, self.shared.options.limits.ingress_files) {
            Ok(names) => names,
            // The quote that came before binds this list: it is of no use either.
            Err(problem) => {
                self.attempt(Source::IngressSums, folder.to_string(), Outcome::Refused(problem));
                return false;
            }
        };
        for name in names {
            let mut url = folder.clone();
            // A plain name has no character that a path would have to escape.
            url.set_path(&format!("{}{name}", ingress::FOLDER));
            let outcome = match self.get(Source::IngressFile, &url).await {
                Err(outcome) => outcome,
                Ok(received) => {
                    let bytes = received.body.len();
                    self.folder.insert(name, received.body);
                    Outcome::Gave { bytes, quotes: 0 }
                }
            };
            self.attempt(Source::IngressFile, url.to_string(), outcome);
        }
        self.read_folder(folder)
    }

    /// Reads the folder as far as it came. A quote without `sha256sum.txt` is still a quote.
    fn read_folder(&mut self, folder: &Url) -> bool {
        let files = core::mem::take(&mut self.folder);
        let Some(quote) = files.get(ingress::QUOTE_NAME) else { return false };
        let (url, read): (String, Result<Readout, ReadError>) = if files.contains_key(ingress::SUMS_NAME) {
            let name = folder.as_str().trim_end_matches('/').to_owned();
            let read = veritee_evidence::read_ingress(&name, &files, &self.shared.options.budget);
            (name, read)
        } else {
            let name = format!("{folder}{}", ingress::QUOTE_NAME);
            let read = veritee_evidence::read(&name, quote, &self.shared.options.budget);
            (name, read)
        };
        let bytes = files.values().fold(0_usize, |sum, file| sum.saturating_add(file.len()));
        let expected = Source::IngressQuote.formats();
        let outcome = match read {
            Err(error) => Outcome::NotRead(error),
            Ok(readout) if !expected.contains(&readout.format) => {
                Outcome::Refused(SourceProblem::Form { expected, got: readout.format })
            }
            Ok(readout) => {
                let (source, subject) = (Source::IngressQuote, Subject::Application);
                let served = self.folder_served.take();
                self.keep(Origin { source, subject, url: url.clone(), served, nonce: false, bytes }, readout)
            }
        };
        let gave = !outcome.is_failure();
        if !gave {
            self.attempt(Source::IngressQuote, url, outcome);
        }
        gave
    }

    /// The domain and, while there is no record, the names above it (RFC 8659, section 3).
    async fn caa(&mut self, subject: Subject, resolver: &Url, domain: &Host) -> bool {
        let mut answers = Vec::new();
        for name in caa::names(domain) {
            match self.caa_of(resolver, &name).await {
                Ok((answer, bytes)) => {
                    let shown = format!("{resolver} about {name}");
                    self.attempt(Source::Caa, shown, Outcome::Gave { bytes, quotes: 0 });
                    let found = !answer.records.is_empty();
                    answers.push(answer);
                    if found {
                        break;
                    }
                }
                // What lies above a name that was not answered for is not what counts.
                Err(outcome) => {
                    self.attempt(Source::Caa, format!("{resolver} about {name}"), outcome);
                    return false;
                }
            }
        }
        self.collected.caa.push((subject, caa::record(domain, resolver, &answers, self.shared.now)));
        true
    }

    async fn caa_of(&mut self, resolver: &Url, name: &str) -> Result<(caa::NameAnswer, usize), Outcome> {
        let refused = |problem| Outcome::Refused(SourceProblem::Caa(problem));
        let url = caa::address(resolver, name).map_err(refused)?;
        let received = self.get(Source::Caa, &url).await?;
        let answer = caa::read(name, &received.body).map_err(refused)?;
        Ok((answer, received.body.len()))
    }

    fn attempt(&mut self, source: Source, url: String, outcome: Outcome) {
        self.collected.attempts.push(Attempt { source, url, outcome });
    }
}

fn served_by(chain: &[Vec<u8>], server: String, url: &str, now: UnixTime) -> ServedCertificates {
    let item = Item {
        obtained: Some(now.to_string()),
        ..Item::new(to_pem(chain), format!("{url} (TLS handshake)"))
    };
    ServedCertificates { server, chain: item }
}

/// Certificates in PEM, lines of 64 characters (RFC 7468).
fn to_pem(chain: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for der in chain {
        out.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        for line in body.as_bytes().chunks(64) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    out
}
