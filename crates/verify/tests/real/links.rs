//! Real machines that belong together, and one that does not: nothing of it is forged.

use crate::vectors::{Machine, find, machines};
use veritee_model::evidence::KmsKeys;
use veritee_model::{Budget, CheckId, Evidence, Outcome, Reason, Report, UnixTime};
use veritee_policy::Policy;
use veritee_quote::TrustRoot;
use veritee_verify::{ChainGiven, Engine, Expected, GpuGiven, Grounds, Request, audit, verify};

/// Root keys of the hosted KMS whose bootstrap quote is among the vectors.
const PHA_CA: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200048844eb42ccdf8c52fd4f174f362fcb9bbd19c45fd48f1edec2d8f1ca23536ec1a74021b4cee610c074f8294d431b2b7fee2c39e5333fdaf0a4522d43fb159d9f";
const PHA_K256: &str = "0334c76e0c3f52ec64cbf9bbf5c910c272330166fd656c0a86bb330963e46910e1";

fn named<'m>(machines: &'m [Machine], name: &str) -> &'m Machine {
    machines.iter().find(|machine| machine.name.ends_with(name)).unwrap_or_else(|| panic!("{name}"))
}

/// A policy that lets these platforms be as old as they are, and pins the systems that they run.
fn policy(machines: &[&Machine]) -> Policy {
    let mut text = "schema = \"veritee/policy/v1\"\nname = \"links\"\n\
        [tcb]\naccept = [\"UpToDate\", \"SWHardeningNeeded\", \"ConfigurationNeeded\", \"ConfigurationAndSWHardeningNeeded\", \"OutOfDate\", \"OutOfDateConfigurationNeeded\"]\nreason = \"old evidence of a real machine\"\n\
        [advisories]\nothers = \"allow\"\nreason = \"old evidence of a real machine\"\n\
        [collateral]\nallow_expired = true\nreason = \"old evidence of a real machine\"\n\
        [audit]\nfail_on = \"critical\"\nreason = \"not the question here\"\n"
        .to_owned();
    for machine in machines {
        let register = |name: &str| machine.meta["quote"][name].as_str().unwrap().to_owned();
        let (mrtd, rtmr0) = (register("mr_td"), register("rt_mr0"));
        let (rtmr1, rtmr2) = (register("rt_mr1"), register("rt_mr2"));
        text.push_str(&format!(
            "[[os.machine]]\nname = \"{}\"\nreason = \"as it was found\"\nmrtd = \"{mrtd}\"\nrtmr0 = \"{rtmr0}\"\nrtmr1 = \"{rtmr1}\"\nrtmr2 = \"{rtmr2}\"\n",
            machine.name
        ));
    }
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn judge(evidence: &Evidence, as_of: UnixTime, policy: &Policy) -> Report {
    let grounds = Grounds::new(&TrustRoot::intel(), &Budget::STANDARD);
    verify(&Request {
        kind: veritee_model::Kind::Machine,
        evidence,
        policy,
        policy_sha256: None,
        as_of,
        grounds: &grounds,
        expected: &Expected::Nothing,
        engine: Engine::Native,
        fail_on: None,
        image: None,
        asked: &[],
        gpu: GpuGiven::default(),
        chain: ChainGiven::default(),
        audit: audit::Given::default(),
        budget: &Budget::STANDARD,
        tool_version: "0.0.0",
    })
}

fn linked(machine: &Machine, kms: Evidence, others: &[&Machine]) -> Report {
    let evidence = Evidence { kms: Some(Box::new(kms)), ..machine.evidence.clone() };
    let all: Vec<&Machine> = others.iter().copied().chain([machine]).collect();
    let last = all.iter().map(|machine| machine.as_of).max().unwrap();
    judge(&evidence, last, &policy(&all))
}

#[test]
fn the_gateway_had_its_keys_from_the_kms_and_the_application_from_another_replica() {
    let machines = machines();
    if machines.is_empty() {
        return;
    }
    let kms = named(&machines, "kms-prod6-053-base");
    let report = linked(named(&machines, "base-prod7-gateway"), kms.evidence.clone(), &[kms]);
    for id in [CheckId::LinkKmsMachine, CheckId::LinkKmsMeasurement] {
        let check = find(&report, id);
        assert_eq!(check.outcome, Outcome::Pass, "{check:#?}");
    }
    // The quote of this evidence binds a certificate and not the root keys.
    assert_eq!(find(&report, CheckId::LinkKmsKey).reason, Some(Reason::LinkKmsKeyNotBound));
    // What the attested compose says of how it reads the chain stands beside what the chain would say.
    let detail = &find(&report, CheckId::GovernanceHistory).detail;
    assert!(
        detail.contains("http://helios:8545") && detail.contains("leechael/helios:20250725-881c6bc"),
        "{detail}"
    );

    // The application's `mr-kms` is another replica's: it must not pass, and it is no forgery.
    let report = linked(named(&machines, "base-prod7-app"), kms.evidence.clone(), &[kms]);
    let check = find(&report, CheckId::LinkKmsMeasurement);
    assert_eq!(
        (check.outcome, check.reason),
        (Outcome::NotChecked, Some(Reason::LinkKmsOther)),
        "{check:#?}"
    );
    assert_eq!(find(&report, CheckId::LinkKmsMachine).outcome, Outcome::Pass);

    // A gateway of the same cluster, seen from the application: one key provider.
    let app = named(&machines, "base-prod7-app");
    let gateway = named(&machines, "base-prod7-gateway");
    let evidence = Evidence {
        gateway: Some(Box::new(gateway.evidence.clone())),
        kms: Some(Box::new(kms.evidence.clone())),
        ..app.evidence.clone()
    };
    let last = app.as_of.max(gateway.as_of).max(kms.as_of);
    let report = judge(&evidence, last, &policy(&[app, gateway, kms]));
    let check = find(&report, CheckId::LinkGatewayKeys);
    assert_eq!(check.outcome, Outcome::Pass, "{check:#?}");
}

#[test]
fn the_bootstrap_quote_of_the_hosted_kms_binds_its_root_key_and_one_nibble_more_is_refused() {
    let machines = machines();
    if machines.is_empty() {
        return;
    }
    let bootstrap = named(&machines, "kms-pha-prod7-bootstrap");
    let whole = named(&machines, "kms-prod7-053-pha");
    // The bootstrap quote came without a compose: the one of the same machine's later evidence is the measured one.
    let kms = |ca: &str| Evidence {
        app_compose: whole.evidence.app_compose.clone(),
        kms_keys: Some(KmsKeys { ca_spki: hex::decode(ca).unwrap(), k256: hex::decode(PHA_K256).unwrap() }),
        ..bootstrap.evidence.clone()
    };
    let all = [bootstrap, whole];
    let policy = policy(&all);
    let report = judge(&kms(PHA_CA), bootstrap.as_of.max(whole.as_of), &policy);
    assert_eq!(find(&report, CheckId::BindingKmsKeys).outcome, Outcome::Pass);
    let changed = format!("{}e", &PHA_CA[..PHA_CA.len() - 1]);
    let report = judge(&kms(&changed), bootstrap.as_of, &policy);
    assert_eq!(find(&report, CheckId::BindingKmsKeys).reason, Some(Reason::BindingMismatch));

    // An application of the other cluster does not belong to it.
    let report = linked(named(&machines, "base-prod7-app"), kms(PHA_CA), &all);
    let check = find(&report, CheckId::LinkKmsKey);
    assert_eq!(check.reason, Some(Reason::LinkKmsKeyOther), "{check:#?}");
}
