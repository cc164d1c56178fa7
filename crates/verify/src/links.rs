//! `link.*`: the machines that this one depends on. The KMS gave it its keys; the gateway ends TLS in front of it.
//!
//! Whoever holds the KMS's root key can make any machine's keys, so that the application is as good as the KMS's quote.
//! Evidence of both is judged by the same pipeline under the same policy, but for what the policy expects of the
//! application alone. Facts of the application come from its own quote: the `key-provider` event names the root key, the
//! `mr-kms` event the KMS that handed the keys over. Sources: dstack's boot events, the KMS's bootstrap string
//! ([`report_data::kms_bootstrap`](crate::binding::report_data::kms_bootstrap)).
//!
//! A KMS has replicas with one root key and different measurements. Another replica than the given one is an honest
//! machine's answer: it stays unproven and is no forgery. That the RA-TLS chain ends in the same root key is
//! `binding.ra-tls`.
//!
//! Not checked here: that the KMS still ran this code when it gave the keys, and what it did with the root key since.

use crate::run::Run;
use crate::{Expected, GpuGiven, Request, audit};
use veritee_compose::deployment::{self, Deployment};
use veritee_compose::{Enforcement, Provenance, Value};
use veritee_eventlog::{AppIdentity, KeyProviderKind};
use veritee_model::{
    Budget, Check, CheckId, Evidence, Outcome, Reason, Report, Sha256Digest, VerdictOutcome,
};
use veritee_policy::{Expect, Policy};

/// Machines that are followed one after the other: a gateway, and the KMS behind it.
pub(crate) const DEPTH: u8 = 2;

/// A linked machine and what its own report says.
pub(crate) struct Linked<'a> {
    evidence: &'a Evidence,
    report: Report,
}

impl Linked<'_> {
    fn passed(&self, id: CheckId) -> bool {
        self.report.checks.iter().any(|check| check.id == id && check.outcome == Outcome::Pass)
    }

    /// Root CA key that its quote binds (SPKI, DER).
    fn root_key(&self) -> Option<&[u8]> {
        let keys = self.evidence.kms_keys.as_ref().filter(|_| self.passed(CheckId::BindingKmsKeys))?;
        Some(&keys.ca_spki)
    }

    /// Its report shows a genuine, accepted machine whose every required question is answered.
    fn is_shown(&self) -> bool {
        match self.report.verdict.outcome {
            VerdictOutcome::Verified => true,
            VerdictOutcome::Findings => self.open().is_empty(),
            _ => false,
        }
    }

    /// Required checks that were not made.
    fn open(&self) -> Vec<&'static str> {
        let open =
            |check: &&Check| check.required && check.outcome == Outcome::NotChecked && check.waived.is_none();
        self.report.checks.iter().filter(open).map(|check| check.id.id()).collect()
    }

    fn failed(&self) -> String {
        let failed = self
            .report
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Fail && check.waived.is_none());
        let words = failed.filter_map(|check| Some(format!("{} ({})", check.id, check.reason?)));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Which machine it is, in measured values.
    fn name(&self) -> String {
        match &self.report.identity {
            Some(identity) => format!(
                "app id {}, compose hash {}, mr_aggregated {}",
                identity.app_id, identity.compose_hash, identity.mr_aggregated
            ),
            None => "nothing shows which application it runs".to_owned(),
        }
    }
}

/// What the attested compose of the KMS says about how it reads the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KmsReading {
    /// The only address that its services are given as the registry, where nobody outside has a part in it.
    pub(crate) registry: Option<String>,
    /// Which chain they read (EIP-155), where that follows from the compose.
    pub(crate) chain_id: Option<u64>,
    /// Where they read the chain.
    pub(crate) rpc: Vec<String>,
    /// Images that run there and are named by a tag that can be moved.
    pub(crate) mutable: Vec<String>,
}

impl KmsReading {
    /// In words.
    pub(crate) fn words(&self) -> String {
        let rpc = match self.rpc.as_slice() {
            [] => "does not say where it reads the chain".to_owned(),
            several => format!("reads the chain at {}", several.join(", ")),
        };
        let mutable = match self.mutable.as_slice() {
            [] => String::new(),
            several => format!(", with images by a tag that can be moved: {}", several.join(", ")),
        };
        let words = format!("the KMS's compose {rpc}{mutable}");
        veritee_model::text::inert(&veritee_model::text::shortened(&words, 400))
    }

    /// Of a linked machine whose compose is the measured one.
    fn of(linked: &Linked<'_>, budget: &Budget) -> Option<Self> {
        let hash = linked.report.identity.as_ref()?.compose_hash;
        let item = linked.evidence.app_compose.as_ref()?;
        let bound = veritee_compose::bind(&item.bytes, &hash, budget).ok()?;
        // Whether unknown names are dropped depends on the guest; here every value that anybody can set is passed over.
        let context = deployment::Context { budget: *budget, enforcement: Enforcement::NotEnforced };
        let deployment = Deployment::from_bound(&bound, &context).ok()?;
        let running = || deployment.services().iter().filter(|service| service.activity.can_run());
        let fixed = |name: &'static str| {
            let values = running().flat_map(move |service| service.variables(name));
            values.map(|variable| variable.value.as_ref().and_then(Value::fixed)).collect::<Vec<_>>()
        };
        let mut registries = fixed("KMS_CONTRACT_ADDR");
        registries.sort_unstable();
        registries.dedup();
        let registry = match registries.as_slice() {
            [Some(one)] => Some(one.clone()),
            _ => None,
        };
        let mut rpc = fixed("ETH_RPC_URL");
        rpc.sort_unstable();
        rpc.dedup();
        let chain_id = match rpc.as_slice() {
            [Some(url)] => network_of(url, &deployment),
            _ => None,
        };
        let rpc = rpc
            .into_iter()
            .map(|url| url.unwrap_or_else(|| "an address that is set from outside".to_owned()));
        let images = running().filter_map(|service| service.scalar("image").map(Value::effective));
        let mutable = images.filter(|image| !image.contains("@sha256:"));
        Some(Self { registry, chain_id, rpc: rpc.collect(), mutable: mutable.collect() })
    }
}

/// The chain behind an address: of a public endpoint by its name, of a service of the same compose by the network that its
/// command names. An address alone does not say it: the same contract can stand at one address on several chains.
fn network_of(url: &str, deployment: &Deployment) -> Option<u64> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next()?.to_ascii_lowercase();
    if host == "mainnet.base.org" {
        return Some(8453);
    }
    let mut services = deployment.services().iter().filter(|service| service.activity.can_run());
    let command = services.find(|service| service.name == host)?.command.as_ref()?;
    if command.provenance() != Provenance::Literal {
        return None;
    }
    let text = command.text();
    let mut words = text.split_whitespace().skip_while(|word| *word != "--network").skip(1);
    match words.next()? {
        "base" => Some(8453),
        "mainnet" => Some(1),
        "base-sepolia" => Some(84_532),
        "sepolia" => Some(11_155_111),
        _ => None,
    }
}

/// Judges the linked machines and records every link. What the KMS's compose says, where the KMS that gave the keys is
/// shown to run it.
pub(crate) fn check(run: &mut Run<'_>, identity: Option<&AppIdentity>) -> Option<KmsReading> {
    let identity = identity?;
    let evidence = run.request.evidence;
    let is_kms = identity.key_provider().kind() == KeyProviderKind::Kms;
    let kms = evidence.kms.as_deref().filter(|_| is_kms).map(|kms| judge(run, kms));
    let gateway = evidence.gateway.as_deref().map(|gateway| {
        // One KMS for both, where the gateway's evidence names none of its own.
        let mut gateway = gateway.clone();
        if gateway.kms.is_none() {
            gateway.kms.clone_from(&evidence.kms);
        }
        gateway
    });
    let gateway = gateway.as_ref().map(|gateway| judge(run, gateway));
    let own = |linked: &Option<Option<Linked<'_>>>| {
        linked.as_ref().and_then(Option::as_ref).is_some_and(|linked| is_itself(run, linked))
    };
    let (own_kms, own_gateway) = (own(&kms), own(&gateway));
    let kms = kms.filter(|_| !own_kms);
    let gateway = gateway.filter(|_| !own_gateway);
    let mut checks = [
        match (&kms, is_kms) {
            (_, false) => not_applicable(CheckId::LinkKmsMachine, identity),
            (None, true) => not_given(CheckId::LinkKmsMachine, "KMS", "--kms"),
            (Some(kms), true) => machine(CheckId::LinkKmsMachine, "KMS", kms.as_ref()),
        },
        kms_key(kms.as_ref().and_then(Option::as_ref), is_kms, identity),
        kms_measurement(kms.as_ref().and_then(Option::as_ref), is_kms, identity),
        match &gateway {
            None => not_given(CheckId::LinkGatewayMachine, "gateway", "--gateway"),
            Some(gateway) => machine(CheckId::LinkGatewayMachine, "gateway", gateway.as_ref()),
        },
        gateway_keys(gateway.as_ref().and_then(Option::as_ref), identity),
    ];
    for check in &mut checks {
        let of_gateway = matches!(check.id, CheckId::LinkGatewayMachine | CheckId::LinkGatewayKeys);
        if check.reason == Some(Reason::LinkNotGiven) && (if of_gateway { own_gateway } else { own_kms }) {
            "what was given for it is the evidence of this machine itself".clone_into(&mut check.detail);
        }
    }
    let [_, key, measurement, ..] = &checks;
    let is_shown = key.outcome == Outcome::Pass || measurement.outcome == Outcome::Pass;
    let kms = kms.flatten().filter(|_| is_shown);
    let reading = kms.and_then(|kms| KmsReading::of(&kms, run.request.budget));
    run.record_all(checks.into());
    reading
}

/// Whether the linked machine is the judged one, by its quote: it depends on another, and vouches for nothing here. One
/// statement can be certified by two hosts, and one of them be revoked: what another certification makes forged or refused
/// stays so.
fn is_itself(run: &Run<'_>, linked: &Linked<'_>) -> bool {
    let bytes = |evidence: &'_ Evidence| evidence.quote.as_ref().map(|quote| quote.bytes.clone());
    let same = bytes(run.request.evidence).is_some_and(|own| bytes(linked.evidence) == Some(own));
    let stands =
        !matches!(linked.report.verdict.outcome, VerdictOutcome::NotGenuine | VerdictOutcome::Refused);
    let own = run.quote.as_ref().map(|quote| quote.signed_sha256);
    let says_the_same = own.is_some() && linked.report.quote.as_ref().map(|quote| quote.signed_sha256) == own;
    same || stands && says_the_same
}

/// A linked machine through the same pipeline; `None` where it lies deeper than is followed.
fn judge<'a>(run: &Run<'_>, evidence: &'a Evidence) -> Option<Linked<'a>> {
    let depth = run.depth.checked_sub(1)?;
    let policy = of_others(run.request.policy);
    let request = Request {
        evidence,
        policy: &policy,
        expected: &Expected::Nothing,
        asked: &[],
        gpu: GpuGiven { nonce: None, ..run.request.gpu },
        audit: audit::Given::default(),
        ..*run.request
    };
    Some(Linked { evidence, report: crate::judge(&request, depth) })
}

/// The policy without what it demands of the application alone.
fn of_others(policy: &Policy) -> Policy {
    let mut others = policy.clone();
    others.expect = Expect::default();
    others.require.clear();
    (others.td.rtmr3, others.td.mr_config_id) = (None, None);
    others
}

fn machine(id: CheckId, what: &str, linked: Option<&Linked<'_>>) -> Check {
    let Some(linked) = linked else {
        let detail = format!("the {what} lies more than {DEPTH} machines away and was not followed");
        return Check::not_checked(id, Reason::LinkNotGiven, detail).next("judge that machine by itself");
    };
    let (name, report) = (linked.name(), &linked.report);
    let next = format!("`veritee verify` with the {what}'s evidence as its input says all of it");
    match report.verdict.outcome {
        VerdictOutcome::NotGenuine => {
            let detail = format!("the {what} is not genuine: {}; {name}", linked.failed());
            Check::fail(id, Reason::LinkMachineNotGenuine, detail).next(next)
        }
        VerdictOutcome::Refused => {
            let detail = format!("the policy refuses the {what}: {}; {name}", linked.failed());
            Check::fail(id, Reason::LinkMachineRefused, detail).next(next)
        }
        _ if linked.is_shown() => {
            let open = report.findings.iter().filter(|finding| finding.is_proven()).count();
            let findings = match open {
                0 => String::new(),
                open => format!("; its audit has {open} findings"),
            };
            Check::pass(id, format!("a genuine {what} that the policy accepts: {name}{findings}"))
        }
        _ => {
            let detail = format!("the {what} is not shown: {} not made; {name}", linked.open().join(", "));
            Check::not_checked(id, Reason::LinkMachineIncomplete, detail).next(next)
        }
    }
}

fn kms_key(kms: Option<&Linked<'_>>, is_kms: bool, identity: &AppIdentity) -> Check {
    let id = CheckId::LinkKmsKey;
    if !is_kms {
        return not_applicable(id, identity);
    }
    let Some(kms) = kms else { return not_given(id, "KMS", "--kms") };
    let measured = identity.key_provider().id();
    match kms.root_key() {
        Some(bound) if bound == measured && kms.is_shown() => {
            Check::pass(id, "the KMS's quote binds the key that this machine measured as its key provider")
        }
        Some(bound) if bound == measured => {
            let detail = "the quote that binds the key is of a machine that is not shown (link.kms-machine)";
            Check::not_checked(id, Reason::LinkKmsKeyNotBound, detail)
        }
        Some(bound) => {
            let detail = "the keys of this machine come from another KMS than the given one";
            Check::fail(id, Reason::LinkKmsKeyOther, detail)
                .compared(hex::encode(measured), hex::encode(bound))
                .at("key-provider event")
                .next("fetch the evidence of the KMS that the event names, or ask who runs the other one")
        }
        None => Check::not_checked(
            id,
            Reason::LinkKmsKeyNotBound,
            "the KMS's evidence has no root keys that its quote binds",
        )
        .next("bring the KMS's bootstrap quote with its two root keys: its contract keeps them, as does its GetMeta"),
    }
}

fn kms_measurement(kms: Option<&Linked<'_>>, is_kms: bool, identity: &AppIdentity) -> Check {
    let id = CheckId::LinkKmsMeasurement;
    if !is_kms {
        return not_applicable(id, identity);
    }
    let Some(kms) = kms else { return not_given(id, "KMS", "--kms") };
    let Some(measured) = identity.mr_kms() else {
        let detail = "the log has no mr-kms event: nothing was measured of the KMS that gave the keys";
        return Check::not_checked(id, Reason::LinkKmsOther, detail);
    };
    let given: Option<Sha256Digest> = kms.report.identity.as_ref().map(|identity| identity.mr_aggregated);
    match given {
        Some(given) if given == *measured && kms.is_shown() => {
            Check::pass(id, "the mr-kms event is the given KMS's mr_aggregated")
        }
        Some(given) if given == *measured => {
            let detail = "the mr-kms event names a machine that is not shown (link.kms-machine)";
            Check::not_checked(id, Reason::LinkKmsOther, detail)
        }
        Some(given) => Check::not_checked(
            id,
            Reason::LinkKmsOther,
            "the keys came from another instance of the KMS than the given one: what that one runs is not shown",
        )
        .compared(measured, given)
        .at("mr-kms event")
        .next("bring the evidence of the replica that the event names"),
        None => Check::not_checked(id, Reason::LinkKmsOther, "nothing shows what the given KMS measured"),
    }
}

fn gateway_keys(gateway: Option<&Linked<'_>>, identity: &AppIdentity) -> Check {
    let id = CheckId::LinkGatewayKeys;
    let Some(gateway) = gateway else { return not_given(id, "gateway", "--gateway") };
    let Some(theirs) = &gateway.report.identity else {
        return Check::not_checked(
            id,
            Reason::LinkMachineIncomplete,
            "nothing shows the gateway's key provider",
        );
    };
    let ours = identity.key_provider();
    let (name, key) = (ours.name().to_owned(), hex::encode(ours.id()));
    let same = theirs.key_provider.as_ref() == Some(&name) && theirs.key_provider_id.as_ref() == Some(&key);
    if !same {
        return Check::fail(id, Reason::LinkGatewayKeysOther, "the gateway measured another key provider")
            .compared(key, theirs.key_provider_id.clone().unwrap_or_default())
            .at("key-provider event of the gateway")
            .next("another cluster's gateway stands there, or its evidence is another one's");
    }
    if !gateway.is_shown() {
        let detail = "the same key provider, measured by a machine that is not shown (link.gateway-machine)";
        return Check::not_checked(id, Reason::LinkMachineIncomplete, detail);
    }
    let bound = [
        (CheckId::BindingContent, "content of its own"),
        (CheckId::BindingServedCertificate, "the certificate that it showed"),
        (CheckId::BindingCaa, "the only account that may get certificates"),
    ];
    let bound: Vec<&str> =
        bound.iter().filter(|(id, _)| gateway.passed(*id)).map(|(_, words)| *words).collect();
    let beside = match bound.as_slice() {
        [] => "its quote binds no certificate or account".to_owned(),
        bound => format!("its quote binds {}", bound.join(", ")),
    };
    Check::pass(id, format!("the gateway measured the same key provider; {beside}"))
}

fn not_given(id: CheckId, what: &str, option: &str) -> Check {
    Check::not_checked(id, Reason::LinkNotGiven, format!("no evidence of the {what} was given"))
        .next(format!("bring it with {option}: any form that `veritee evidence forms` lists"))
}

fn not_applicable(id: CheckId, identity: &AppIdentity) -> Check {
    let name = veritee_model::text::inert(identity.key_provider().name());
    Check::not_checked(id, Reason::LinkNotApplicable, format!("the measured key provider is `{name}`"))
}
