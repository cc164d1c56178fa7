//! `veritee verify`

use super::tracing::Reading;
use super::{gather, supply};
use crate::cli::network::Network;
use crate::cli::{AsOf, Engine, Format, Global, Judge, Verify};
use crate::failure::Failure;
use crate::input::{self, shown};
use std::path::Path;
use std::sync::Arc;
use veritee_evidence::Slot;
use veritee_measure::image::ImageFiles;
use veritee_model::report::Comparison;
use veritee_model::{Budget, CheckId, Evidence, ExitCode, Kind, Report, Severity, UnixTime};
use veritee_quote::TrustRoot;
use veritee_second_opinion::DcapQvl;
use veritee_verify::{ChainGiven, Expected, Grounds, Request};

/// The circumstances of the second verdict that `--evaluation both` shows.
pub(crate) const EARLY: &str = "under Intel's early TCB evaluation";

pub(crate) fn run(options: &Verify, global: &Global) -> Result<ExitCode, Failure> {
    let expected = match (&options.nonce, options.report_data) {
        (Some(nonce), _) => Expected::Nonce(nonce.0.clone()),
        (None, Some(report_data)) => Expected::ReportData(report_data),
        (None, None) => Expected::Nothing,
    };
    if let Some(path) = &options.save_evidence {
        let place = crate::output::Place::look(path)?;
        let to_standard = global.output.as_deref().is_none_or(|output| output == Path::new("-"));
        if (place.is_standard() && to_standard && !global.quiet) || global.output.as_ref() == Some(path) {
            return Err(Failure::usage("the report and the evidence cannot go to the same place")
                .help("name another file with -o or --save-evidence"));
        }
    }
    let image = options.image.as_deref().map(gather::image).transpose()?;
    let mut rules = Rules::load(&options.judge, Engine::Both)?;
    rules.given = super::audit::Given::load(&options.review)?;
    rules.asked = super::asked::asked(options);
    rules.gpu_nonce = options.gpu_nonce.map(|nonce| nonce.0);
    rules.chain = ChainGiven {
        registry: options.registry.map(|registry| (registry.chain_id, registry.address)),
        block: options.block.map(|block| block.0),
        l1_block: options.l1_block.map(|block| block.0),
    };
    if options.all {
        return every_machine(options, &rules, image.as_deref(), global);
    }
    let gather::Selected { mut evidence, beside } = gather::evidence(&options.input, &options.parts, global)?;
    rules.read_images(options, &mut evidence)?;
    rules.gpus_of_store(&mut evidence, options.network.store.as_deref(), global)?;
    let mut grounds = rules.grounds();
    gather::collateral(&mut grounds, &options.parts.collateral, global)?;
    grounds.learn(&beside);
    let (judge, network) = (&options.judge, &options.network);
    let case = Case::new(evidence, grounds, &rules, judge, network, global)?;
    let report = case.report(&rules, &expected, image.as_deref(), judge, network);
    if let Some(path) = &options.save_evidence {
        let evidence = case.whole_evidence(network);
        crate::output::write_whole(
            path,
            veritee_evidence::to_json(&evidence, env!("CARGO_PKG_VERSION")).as_bytes(),
        )?;
    }
    crate::output::report(&report, global)?;
    Ok(report.verdict.outcome.exit_code())
}

/// A report for each machine of the input, in its order.
fn every_machine(
    options: &Verify,
    rules: &Rules,
    image: Option<&dyn ImageFiles>,
    global: &Global,
) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human, Format::Jsonl], "verify --all")?;
    let mut grounds = rules.grounds();
    gather::collateral(&mut grounds, &options.parts.collateral, global)?;
    let (mut machines, without) = gather::every(&options.input, global)?;
    let about_gpus = gather::gpu_collateral(&options.parts.gpu_collateral)?;
    for (_, evidence) in &mut machines {
        evidence.gpu_collateral.extend(about_gpus.iter().cloned());
        rules.gpus_of_store(evidence, options.network.store.as_deref(), global)?;
    }
    // What the evidence of one machine says of revocations holds for all of them.
    for (_, evidence) in &machines {
        grounds.learn(evidence);
    }
    let mut text = String::new();
    // What was not judged has no verdict.
    let mut gravest = if without { ExitCode::Unobtainable } else { ExitCode::Verified };
    for (label, mut evidence) in machines {
        let (judge, network) = (&options.judge, &options.network);
        let mut own = rules.clone();
        own.read_images(options, &mut evidence)?;
        let case = Case::new(evidence, grounds.clone(), &own, judge, network, global)?;
        let report = case.report(&own, &Expected::Nothing, image, judge, network);
        if global.format == Format::Human && !label.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!("== {}\n", veritee_model::text::inert(&label)));
        }
        text.push_str(&crate::output::rendered(&report, global));
        gravest = gravest.graver(report.verdict.outcome.exit_code());
    }
    crate::output::data(&text, global)?;
    Ok(gravest)
}

/// The verdict on a machine that is watched, and all that it rests on.
pub(crate) fn watched(
    mut evidence: Evidence,
    rules: &Rules,
    expected: &Expected,
    (judge, network): (&Judge, &Network),
    global: &Global,
) -> Result<(Report, Evidence), Failure> {
    rules.gpus_of_store(&mut evidence, network.store.as_deref(), global)?;
    let case = Case::new(evidence, rules.grounds(), rules, judge, network, global)?;
    Ok((case.report(rules, expected, None, judge, network), case.whole_evidence(network)))
}

/// One machine with all that its verdict rests on.
struct Case {
    evidence: Evidence,
    /// As the caller gave it, before anything was brought.
    given: Grounds,
    grounds: Grounds,
    early: Option<Grounds>,
}

impl Case {
    /// Brings what is lacking.
    fn new(
        evidence: Evidence,
        mut grounds: Grounds,
        rules: &Rules,
        judge: &Judge,
        network: &Network,
        global: &Global,
    ) -> Result<Self, Failure> {
        let given = grounds.clone();
        let wanted =
            supply::Wanted { root: &rules.root, as_of: rules.as_of, offline: judge.offline, network };
        let early = supply::collateral(&evidence, &mut grounds, &wanted, global)?;
        Ok(Self { evidence, given, grounds, early })
    }

    /// The evidence to judge where the grounds are those of one set: what the evidence brings is in them already.
    fn bare(&self) -> Evidence {
        let mut bare = self.evidence.clone();
        bare.drop_collateral();
        bare
    }

    fn report(
        &self,
        rules: &Rules,
        expected: &Expected,
        image: Option<&dyn ImageFiles>,
        judge: &Judge,
        network: &Network,
    ) -> Report {
        let mut report = if supply::is_named(network) {
            rules.verdict(&self.bare(), &self.grounds, expected, image)
        } else {
            rules.verdict(&self.evidence, &self.grounds, expected, image)
        };
        if judge.as_of == Some(AsOf::Now)
            && let Some(then) = fetched_at(&self.evidence)
            && then != rules.as_of
        {
            let before = rules.at(then).verdict(&self.evidence, &self.given, expected, image);
            report.compared.push(Comparison::between(
                "when the evidence says it was fetched",
                &before,
                &report,
            ));
        }
        if let Some(early) = &self.early {
            let other = rules.verdict(&self.bare(), early, expected, image);
            report.compared.push(Comparison::between(EARLY, &other, &report));
        }
        report
    }

    /// The evidence with everything that the verdict rested on, so that it can be repeated.
    fn whole_evidence(&self, network: &Network) -> Evidence {
        if supply::is_named(network) {
            return self.grounds.recorded_as_set_in(&self.evidence);
        }
        self.grounds.recorded_in(&self.evidence)
    }
}

/// When the quote was obtained, as the evidence has it: not a fact, only the time of another question.
fn fetched_at(evidence: &Evidence) -> Option<UnixTime> {
    UnixTime::parse(evidence.quote.as_ref()?.obtained.as_deref()?).ok()
}

/// Everything that a verdict depends on beside the evidence, read once.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) kind: Kind,
    pub(crate) loaded: super::policy::Loaded,
    pub(crate) root: TrustRoot,
    pub(crate) as_of: UnixTime,
    pub(crate) engine: Engine,
    pub(crate) fail_on: Option<Severity>,
    pub(crate) given: super::audit::Given,
    pub(crate) gpu_nonce: Option<[u8; 32]>,
    /// What the caller knows of the chain.
    pub(crate) chain: ChainGiven,
    /// Checks that the command line asks for.
    pub(crate) asked: Vec<CheckId>,
    /// What all machines of a run share about GPUs.
    pub(crate) gpu_memory: Arc<veritee_gpu::Memory>,
}

impl Rules {
    pub(crate) fn load(options: &Judge, default: Engine) -> Result<Self, Failure> {
        let loaded = super::policy::load(options.policy.as_deref())?;
        let as_of = as_of(options.as_of, &loaded.policy)?;
        Ok(Self {
            kind: Kind::Machine,
            root: trust_root(options.root.as_deref())?,
            as_of,
            engine: options.engine.unwrap_or(default),
            fail_on: options.fail_on.map(Into::into),
            given: super::audit::Given::default(),
            gpu_nonce: None,
            chain: ChainGiven::default(),
            asked: Vec::new(),
            gpu_memory: Arc::default(),
            loaded,
        })
    }

    /// Reads the images that were given, and those of the evidence, for the audit.
    fn read_images(&mut self, options: &Verify, evidence: &mut Evidence) -> Result<(), Failure> {
        let reading = Reading {
            files: &options.container_image,
            options: &options.tracing,
            policy: &self.loaded.policy.images,
            look_inside: true,
        };
        if reading.is_wanted(evidence) {
            let images = reading.read(evidence, self.given.source().cloned())?;
            self.given.trace_with(Arc::new(images));
        } else if let Some(option) = options.tracing.about_images() {
            return Err(Failure::usage(format!("--{option} is about images, and none was given"))
                .help("give the image with --container-image; the evidence carries none"));
        }
        Ok(())
    }

    /// The same rules at another time.
    pub(crate) fn at(&self, as_of: UnixTime) -> Self {
        Self { as_of, ..self.clone() }
    }

    /// Adds what the store knows of the evidence's GPUs. Nobody is asked.
    pub(crate) fn gpus_of_store(
        &self,
        evidence: &mut Evidence,
        folder: Option<&Path>,
        global: &Global,
    ) -> Result<(), Failure> {
        supply::gpus_of_store(evidence, folder, &self.root, self.as_of, &self.gpu_memory, global)
    }

    /// Every way in which they are looser than the default, in words, as a report echoes it.
    pub(crate) fn loosened(&self) -> Vec<String> {
        veritee_verify::loosened(&self.loaded.policy, self.as_of, self.fail_on)
    }

    /// Grounds without collateral.
    pub(crate) fn grounds(&self) -> Grounds {
        Grounds::new(&self.root, &Budget::STANDARD)
    }

    pub(crate) fn verdict(
        &self,
        evidence: &Evidence,
        grounds: &Grounds,
        expected: &Expected,
        image: Option<&dyn ImageFiles>,
    ) -> Report {
        veritee_verify::verify(&self.request(evidence, grounds, expected, image))
    }

    pub(crate) fn request<'a>(
        &'a self,
        evidence: &'a Evidence,
        grounds: &'a Grounds,
        expected: &'a Expected,
        image: Option<&'a dyn ImageFiles>,
    ) -> Request<'a> {
        Request {
            kind: self.kind,
            evidence,
            policy: &self.loaded.policy,
            policy_sha256: self.loaded.sha256,
            as_of: self.as_of,
            grounds,
            expected,
            engine: match self.engine {
                Engine::Both => veritee_verify::Engine::Both(&DcapQvl),
                Engine::Native => veritee_verify::Engine::Native,
            },
            fail_on: self.fail_on,
            image,
            asked: &self.asked,
            gpu: veritee_verify::GpuGiven {
                nonce: self.gpu_nonce.as_ref(),
                roots: None,
                memory: Some(&self.gpu_memory),
            },
            chain: self.chain,
            audit: self.given.given(),
            budget: &Budget::STANDARD,
            tool_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// What the caller says, else what the policy says, else the clock.
pub(crate) fn as_of(given: Option<AsOf>, policy: &veritee_policy::Policy) -> Result<UnixTime, Failure> {
    match (given, &policy.as_of) {
        (Some(AsOf::At(time)), _) => Ok(time),
        (None, Some(fixed)) => Ok(fixed.time),
        (Some(AsOf::Now), _) | (None, None) => input::now(),
    }
}

/// The root named, else Intel's.
pub(crate) fn trust_root(given: Option<&Path>) -> Result<TrustRoot, Failure> {
    given.map_or_else(|| Ok(TrustRoot::intel()), root)
}

/// A trust root from a file, PEM or DER, or hex or base64 of that.
fn root(path: &Path) -> Result<TrustRoot, Failure> {
    let source = input::read(path)?;
    let blocks = input::pem(&source);
    let der = match x509_parser::pem::parse_x509_pem(&blocks) {
        Ok((_, pem)) => pem.contents,
        Err(_) => core::str::from_utf8(&blocks).ok().and_then(veritee_evidence::decoded).unwrap_or(blocks),
    };
    TrustRoot::from_der(&der).map_err(|error| {
        gather::misplaced(path, &source, Slot::Root, Failure::usage(format!("{}: {error}", shown(path))))
    })
}
