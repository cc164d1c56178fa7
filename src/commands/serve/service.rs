//! What the server asks: the maker of reports that `verify`, `quote verify`, `audit` and `batch` use, with one memory.

use crate::cli::network::Evaluation;
use crate::cli::{Engine, Global, Serve};
use crate::commands::batch::judge::{Brought, Judge};
use crate::commands::batch::source::Entry;
use crate::commands::gather::Selected;
use crate::commands::verify::Rules;
use crate::commands::{audit, explain, quote, supply};
use crate::failure::Failure;
use crate::{input, network, output};
use include_dir::{Dir, include_dir};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use veritee_collateral::{At, Mode, Need, Store};
use veritee_measure::image::{CHECKSUM_FILE, ImageFiles};
use veritee_measure::{Limits, VmConfig};
use veritee_model::{Budget, CheckId, Evidence, ExitCode, Kind, Outcome, Report, Sha256Digest, UnixTime};
use veritee_quote::{CaKind, Quote, Tee};
use veritee_server::{Ask, Binding, Claimed, JudgeOfLines, Judged, Platform, Refusal, Verifier};
use veritee_verify::{Expected, Grounds};

static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/schemas");

/// How long the store is not looked into again.
const FRESH: Duration = Duration::from_secs(600);
/// What a request's body is called in a report.
const NAME: &str = "request";

pub(super) struct Service {
    options: Options,
    /// Replaced when the store has changed; whoever works with it keeps theirs.
    base: RwLock<Arc<Judge>>,
    looked: Mutex<Instant>,
    /// Something was fetched since, or somebody who changed files has said so (SIGHUP).
    stale: Arc<AtomicBool>,
    images: Vec<(Sha256Digest, Box<dyn ImageFiles>)>,
}

/// What the command line says, for as long as the server runs.
struct Options {
    collateral: Vec<std::path::PathBuf>,
    gpu_collateral: Vec<std::path::PathBuf>,
    network: crate::cli::network::Network,
    fetches: bool,
    /// The time of every verdict, where policy or command line fix it.
    fixed: Option<UnixTime>,
    rules: Rules,
    /// Says nothing: what a request holds does not belong into a log.
    quiet: Global,
}

impl Service {
    pub(super) fn new(options: &Serve, global: &Global) -> Result<Self, Failure> {
        let rules = Rules::load(&options.judge, Engine::Both)?;
        let given = matches!(options.judge.as_of, Some(crate::cli::AsOf::At(_)));
        let fixed = given || (options.judge.as_of.is_none() && rules.loaded.policy.as_of.is_some());
        let images: Result<Vec<_>, Failure> = options
            .image
            .iter()
            .map(|path| {
                let image = crate::image::open(path)?;
                let sums = image.read(CHECKSUM_FILE, 1 << 20).map_err(|error| {
                    Failure::unobtainable(format!(
                        "{}: {CHECKSUM_FILE} {}",
                        input::shown(path),
                        veritee_model::text::inert(&error.message)
                    ))
                })?;
                Ok((Sha256Digest::of(&sums), image))
            })
            .collect();
        let options = Options {
            collateral: options.collateral.clone(),
            gpu_collateral: options.gpu_collateral.clone(),
            network: options.network.clone(),
            fetches: !options.allow_fetch.is_empty(),
            fixed: fixed.then_some(rules.as_of),
            rules,
            quiet: global.silent(),
        };
        let base = options.base(global)?;
        if base.grounds().items().is_empty() && !options.fetches {
            output::note(
                global,
                "note: no collateral is at hand: a quote needs evidence that carries its own",
            );
        }
        Ok(Self {
            base: RwLock::new(Arc::new(base)),
            looked: Mutex::new(Instant::now()),
            stale: Arc::default(),
            images: images?,
            options,
        })
    }

    /// Set when files are to be read anew before the next request.
    pub(super) fn stale(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stale)
    }

    /// What is known of collateral, at the time of this request.
    fn judge(&self) -> Result<Judge, Refusal> {
        let as_of = match self.options.fixed {
            Some(time) => time,
            None => input::now().map_err(|failure| internal(&failure))?,
        };
        self.look_again();
        let base = self.base.read().map_err(|_poisoned| poisoned())?;
        Ok(base.at(as_of))
    }

    /// Looks into the store, now and then. One request does it; the others go on with what is known.
    fn look_again(&self) {
        let Ok(mut looked) = self.looked.try_lock() else { return };
        if looked.elapsed() < FRESH && !self.stale.swap(false, Ordering::Relaxed) {
            return;
        }
        *looked = Instant::now();
        match (self.options.base(&self.options.quiet), self.base.write()) {
            (Ok(base), Ok(mut known)) => *known = Arc::new(base),
            // What cannot be read now was read before: what it said then still holds.
            (Err(failure), _) => output::say(&format!(
                "warning: collateral was not read anew, what was known before still holds: {}",
                failure.message()
            )),
            (Ok(_), Err(_poisoned)) => {}
        }
    }

    /// Brings what this evidence lacks, if anybody may be asked; `None` where all that is known serves.
    fn brought(&self, judge: &Judge, evidence: &Evidence) -> Result<Option<Grounds>, Refusal> {
        let Options { network, fetches, quiet, .. } = &self.options;
        let rules = judge.rules();
        let named = supply::is_named(network);
        let quote = evidence.quote.as_ref().and_then(|item| Quote::parse(&item.bytes).ok());
        let lacks = quote.is_some_and(|quote| judge.grounds().lacks(&quote, rules.as_of));
        if !(named || (lacks && *fetches)) {
            return Ok(None);
        }
        let mut grounds = judge.grounds().clone();
        let wanted = supply::Wanted { root: &rules.root, as_of: rules.as_of, offline: !fetches, network };
        supply::collateral(evidence, &mut grounds, &wanted, quiet).map_err(|failure| upstream(&failure))?;
        if *fetches && !named {
            self.stale.store(true, Ordering::Relaxed);
        }
        Ok(Some(grounds))
    }

    fn report(
        &self,
        judge: &Judge,
        kind: Kind,
        Selected { mut evidence, beside }: Selected,
        expected: &Expected,
    ) -> Result<Judged, Refusal> {
        let Options { network, quiet, .. } = &self.options;
        let rules = Rules { kind, ..judge.rules().clone() };
        if evidence.gpus.is_some() {
            evidence.gpu_collateral.extend(judge.about_gpus().iter().cloned());
            rules
                .gpus_of_store(&mut evidence, network.store.as_deref(), quiet)
                .map_err(|failure| internal(&failure))?;
        }
        let mut brought = self.brought(judge, &evidence)?;
        if !beside.collateral.is_empty() {
            let mut grounds = brought.unwrap_or_else(|| judge.grounds().clone());
            grounds.learn(&beside);
            brought = Some(grounds);
        }
        if supply::is_named(network) {
            // It is in the grounds, for its lists.
            evidence.drop_collateral();
        }
        let grounds = brought.as_ref().unwrap_or_else(|| judge.grounds());
        let claimed = claimed(&evidence);
        let wanted = claimed.as_ref().and_then(|(digest, _)| *digest);
        let image = self.images.iter().find(|(digest, _)| Some(*digest) == wanted);
        let image = image.map(|(_, image)| image.as_ref());
        let report = rules.verdict(&evidence, grounds, expected, image);
        let claimed = Claimed {
            os_image_hash: claimed.and_then(|(_, text)| text),
            os_image_is_dev: development(&report),
        };
        Ok(Judged { report, claimed })
    }
}

impl Options {
    fn base(&self, global: &Global) -> Result<Judge, Failure> {
        let rules = match self.fixed {
            Some(_) => self.rules.clone(),
            None => self.rules.at(input::now()?),
        };
        // What is fetched goes into the store: it is read from there, also beside collateral that was given.
        let own = self.network.store.clone();
        let own = if self.fetches { network::store_folder(own.as_deref()).ok() } else { own };
        let brought = Brought {
            collateral: &self.collateral,
            gpu_collateral: &self.gpu_collateral,
            store: own.as_deref(),
        };
        Judge::new(rules, &brought, false, global)
    }
}

/// `os_image_hash` of the vm_config: its bytes, and its text.
fn claimed(evidence: &Evidence) -> Option<(Option<Sha256Digest>, Option<String>)> {
    let item = evidence.vm_config.as_ref()?;
    let config = VmConfig::parse(&item.bytes, &Limits::STANDARD).ok()?;
    Some((config.os_image_hash, config.os_image_hash.map(|digest| digest.to_string())))
}

/// Whether the image is one for development, where that was seen.
fn development(report: &Report) -> Option<bool> {
    let check = report.checks.iter().find(|check| check.id == CheckId::OsDevelopment)?;
    match check.outcome {
        Outcome::Pass => Some(false),
        Outcome::Fail => Some(true),
        Outcome::NotChecked => None,
    }
}

impl Verifier for Service {
    fn verify(&self, bytes: &[u8], ask: &Ask) -> Result<Judged, Refusal> {
        let evidence = evidence(bytes, ask.select.as_deref())?;
        let expected = match &ask.binding {
            Binding::Nothing => Expected::Nothing,
            Binding::Nonce(nonce) => Expected::Nonce(nonce.clone()),
            Binding::ReportData(data) => Expected::ReportData(*data),
        };
        self.report(&self.judge()?, Kind::Machine, evidence, &expected)
    }

    fn quote(&self, bytes: &[u8]) -> Result<Judged, Refusal> {
        let alone = quote::alone(evidence(bytes, None)?);
        self.report(&self.judge()?, Kind::Quote, alone, &Expected::Nothing)
    }

    fn audit(&self, bytes: &[u8]) -> Result<Judged, Refusal> {
        let judge = self.judge()?;
        let rules = judge.rules();
        let report = audit::of_bytes(NAME, bytes, &rules.loaded, rules.as_of, rules.fail_on);
        let report = report.map_err(|failure| asked_wrong(&failure))?;
        Ok(Judged { report, claimed: Claimed::default() })
    }

    fn batch(&self) -> JudgeOfLines {
        let judge = self.judge().map(Mutex::new);
        Arc::new(move |line, number| {
            let entries = Entry::Line(number, line.to_vec()).split();
            // What a line reveals of revocations holds for all of its machines and for the lines that follow.
            let judge = match judge.as_ref().map(Mutex::lock) {
                Ok(Ok(mut judge)) => judge.after(&entries),
                _ => return no_line(number),
            };
            // One for each machine of the line.
            let lines: Vec<_> = entries.iter().flat_map(|entry| judge.lines(entry)).collect();
            let lines = lines.iter().map(|line| line.to_json().unwrap_or_else(|_failure| no_line(number)));
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    fn collateral(&self, platform: &Platform) -> Result<String, Refusal> {
        let Options { network: options, fetches, quiet, rules, .. } = &self.options;
        let wrong = |message: String| Refusal::Request { message, help: None };
        let fmspc = platform.fmspc.parse().map_err(|error| wrong(format!("fmspc: {error}")))?;
        let ca = if platform.ca == "processor" { CaKind::Processor } else { CaKind::Platform };
        let evaluation = match &options.evaluation {
            Evaluation::One(one) => *one,
            Evaluation::Both => veritee_collateral::Evaluation::Standard,
        };
        let need = Need { tee: Tee::Tdx, fmspc, ca, evaluation };
        let now = input::now().map_err(|failure| internal(&failure))?;
        let folder = network::store_folder(options.store.as_deref()).map_err(|failure| internal(&failure))?;
        if !fetches && !folder.is_dir() {
            return Err(Refusal::Unknown { message: "there is no store of collateral here".to_owned() });
        }
        let store = Store::open(&folder, &rules.root, &Budget::STANDARD)
            .map_err(|error| internal(&supply::unusable(&error)))?;
        let obtained = if *fetches {
            let client = network::client(options, quiet).map_err(|failure| internal(&failure))?;
            let service = supply::service(options).map_err(|failure| internal(&failure))?;
            let at = At { as_of: now, clock: now };
            let work = async {
                let got =
                    veritee_collateral::obtain(&client, &service, &store, &need, at, Mode::Cached).await;
                got.map_err(|error| supply::unobtainable(&error))
            };
            network::block_on(work).map_err(|failure| upstream(&failure))?
        } else {
            veritee_collateral::offline(&store, &need, now)
                .map_err(|error| Refusal::Unknown { message: error.to_string() })?
        };
        Ok(String::from_utf8_lossy(&obtained.item.bytes).into_owned())
    }

    fn explain(&self, word: &str) -> Result<String, Refusal> {
        explain::page(word).map_err(|failure| Refusal::Unknown { message: failure.message().to_owned() })
    }

    fn schemas(&self) -> Vec<&'static str> {
        SCHEMAS.files().filter_map(|file| file.path().file_name()?.to_str()).collect()
    }

    fn schema(&self, name: &str) -> Option<&'static str> {
        SCHEMAS.get_file(name)?.contents_utf8()
    }

    fn ready(&self) -> Result<(), String> {
        self.judge().map(drop).map_err(|_refusal| "the collateral that is known cannot be used".to_owned())
    }
}

fn evidence(bytes: &[u8], label: Option<&str>) -> Result<Selected, Refusal> {
    let read = veritee_evidence::read(NAME, bytes, &Budget::STANDARD);
    read.and_then(|readout| Selected::of(readout, |readout| readout.select(label))).map_err(|error| {
        Refusal::Request { message: error.to_string(), help: Some(error.next_step().to_owned()) }
    })
}

fn no_line(number: u64) -> String {
    serde_json::json!({"input": format!("line {number}"), "error": "there is no verdict: an internal failure"})
        .to_string()
}

fn asked_wrong(failure: &Failure) -> Refusal {
    match failure.exit {
        ExitCode::Internal => internal(failure),
        _ => Refusal::Request { message: failure.message().to_owned(), help: None },
    }
}

fn internal(failure: &Failure) -> Refusal {
    Refusal::Internal { message: failure.message().to_owned() }
}

fn upstream(failure: &Failure) -> Refusal {
    match failure.exit {
        ExitCode::Unobtainable => Refusal::Upstream { message: failure.message().to_owned() },
        _ => internal(failure),
    }
}

fn poisoned() -> Refusal {
    Refusal::Internal { message: "an earlier request came to grief".to_owned() }
}
