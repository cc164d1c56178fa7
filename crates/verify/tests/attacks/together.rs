//! Everything of one application beside one part of another's: two honest applications and a gateway on one platform,
//! under one KMS, with certificates of one public authority. Whatever is exchanged between them is found out, by the
//! check that is meant to.

use crate::support::{Case, assert_failed, assert_verdict, attacks, find, machine};
use crate::web::{App, caa, served};
use veritee_evidence::{NamedEvidence, convert, set_to_json, to_json};
use veritee_model::evidence::{CaaAnswers, Replica, Target};
use veritee_model::{Budget, CheckId, Evidence, Outcome, Reason, VerdictOutcome};
use veritee_testkit::Role;
use veritee_verify::Expected;

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;

fn one() -> App {
    App::new("one", "one.example", Role::RaTls)
}

fn other() -> App {
    App::new("another", "another.example", Role::Stranger)
}

/// The gateway of both, which shows its own certificate for every name below it.
fn gateway() -> App {
    let mut gateway = App::new("gateway", "app.gateway.example", Role::RaTls);
    gateway.web = crate::web::web("gateway", &["*.gateway.example"], 1);
    gateway
}

fn target(app: &App) -> Option<Target> {
    Some(Target {
        asked: app.domain.to_owned(),
        app_id: Some(app.app_id()),
        instance_id: Some(hex::encode(app.machine.payloads().instance_id)),
        domain: Some(app.domain.to_owned()),
    })
}

fn replica(app: &App) -> Replica {
    let values = [("app_id", app.app_id()), ("compose_hash", hex::encode(app.machine.compose_hash()))];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Replica { label: format!("{}/2", app.domain), values }
}

/// What was seen around the machine, all of it honest.
fn surrounded(mut case: Case, app: &App) -> Case {
    let value = format!("ca.example; accounturi={}", app.account);
    case.evidence.target = target(app);
    case.evidence.replicas = vec![replica(app)];
    case.evidence.caa = records(app, &value);
    case
}

/// Answers by which this value governs the application's domain; a gateway's wildcard is governed a name higher.
fn records(app: &App, value: &str) -> Option<CaaAnswers> {
    match app.domain.strip_prefix("app.") {
        Some(above) => caa(app.domain, &[(app.domain, &[]), (above, &[(0, "issue", value)])]),
        None => caa(app.domain, &[(app.domain, &[(0, "issue", value)])]),
    }
}

fn direct(app: &App) -> Case {
    surrounded(app.direct(), app)
}

fn behind_ingress(app: &App) -> Case {
    surrounded(app.behind_ingress(), app)
}

/// One part taken from the other's evidence, and what finds it out.
struct Exchange {
    part: &'static str,
    take: fn(&mut Evidence, Evidence),
    found: (CheckId, Reason),
    verdict: VerdictOutcome,
    also: &'static [CheckId],
}

const fn exchange(
    part: &'static str,
    take: fn(&mut Evidence, Evidence),
    found: (CheckId, Reason),
    verdict: VerdictOutcome,
    also: &'static [CheckId],
) -> Exchange {
    Exchange { part, take, found, verdict, also }
}

#[track_caller]
fn all_found_out(honest: &Case, theirs: &Case, rows: &[Exchange]) {
    for row in rows {
        let mut case = honest.clone();
        (row.take)(&mut case.evidence, theirs.evidence.clone());
        assert_ne!(case.evidence, honest.evidence, "{} is the same in both", row.part);
        eprintln!("exchanged: {}", row.part);
        case.is_refused_with(row.found.0, row.found.1, row.verdict, row.also);
    }
}

const LOG: (CheckId, Reason) = (CheckId::EventLogRtmr3, Reason::RtmrMismatch);
const COMPOSE: (CheckId, Reason) = (CheckId::ComposeHash, Reason::ComposeHashMismatch);
const CERTIFICATE: (CheckId, Reason) = (CheckId::BindingRaTls, Reason::RaTlsOtherMachine);
const SERVED: (CheckId, Reason) = (CheckId::BindingServedCertificate, Reason::ServedCertificateOther);
const INGRESS: (CheckId, Reason) = (CheckId::BindingIngress, Reason::BindingMismatch);
const TARGET: (CheckId, Reason) = (CheckId::IdentityTarget, Reason::TargetOtherApp);
const REPLICAS: (CheckId, Reason) = (CheckId::IdentityReplicas, Reason::ReplicasDisagree);
const CONTENT: (CheckId, Reason) = (CheckId::BindingContent, Reason::BindingMismatch);

/// Parts that any evidence has.
fn common() -> Vec<Exchange> {
    vec![
        exchange("log", |mine, theirs| mine.event_log = theirs.event_log, LOG, NOT_GENUINE, &[]),
        exchange("compose", |mine, theirs| mine.app_compose = theirs.app_compose, COMPOSE, REFUSED, &[]),
        exchange(
            "certificate",
            |mine, theirs| mine.certificates = theirs.certificates,
            CERTIFICATE,
            REFUSED,
            &[],
        ),
        // Under the name that was asked for: a handshake with another name leaves the question open.
        exchange(
            "handshake",
            |mine, theirs| mine.served.as_mut().unwrap().chain = theirs.served.unwrap().chain,
            SERVED,
            REFUSED,
            &[],
        ),
        exchange("target", |mine, theirs| mine.target = theirs.target, TARGET, REFUSED, &[]),
        exchange("replicas", |mine, theirs| mine.replicas = theirs.replicas, REPLICAS, REFUSED, &[]),
    ]
}

attacks! {
    fn honest_evidence_of_both_and_of_the_gateway_passes() {
        for app in [one(), other()] {
            for (case, binding) in [(direct(&app), CheckId::BindingNonce), (behind_ingress(&app), CheckId::BindingIngress)] {
                let report = case.judge();
                assert_verdict(&report, VerdictOutcome::Verified);
                let served = CheckId::BindingServedCertificate;
                for id in [CheckId::IdentityTarget, CheckId::IdentityReplicas, CheckId::BindingRaTls, served, binding] {
                    assert_eq!(find(&report, id).outcome, Outcome::Pass, "{:?}", find(&report, id));
                }
                let caa = find(&report, CheckId::BindingCaa);
                assert_eq!(caa.outcome == Outcome::Pass, binding == CheckId::BindingIngress, "{caa:?}");
            }
        }
        let (gateway, one) = (gateway(), one());
        let answer = gateway.acme_info();
        let key = gateway.gateway(&answer, "/quoted_hist_keys/0").judge();
        assert_verdict(&key, VerdictOutcome::Verified);
        assert_eq!(find(&key, CheckId::BindingServedCertificate).outcome, Outcome::Pass);
        let account = surrounded(gateway.gateway(&answer, "/account_quote"), &gateway).judge();
        assert_verdict(&account, VerdictOutcome::Verified);
        assert_eq!(find(&account, CheckId::BindingCaa).outcome, Outcome::Pass);
        // The account's own quote says nothing of the key; that of the key has to.
        let served = find(&account, CheckId::BindingServedCertificate);
        assert_eq!(served.reason, Some(Reason::ServedCertificateUnbound));
        // The application behind it: its own evidence cannot speak for the gateway's certificate.
        let mut behind = direct(&one);
        behind.evidence.target.as_mut().unwrap().domain = Some("app.gateway.example".to_owned());
        behind.evidence.served = crate::web::served("app.gateway.example:443", gateway.web.chain.as_str());
        behind.is_open(CheckId::BindingServedCertificate, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
    }

    fn any_part_exchanged_with_another_application_s_is_found_out() {
        let mut rows = common();
        // The answer to the nonce of this session is the other's: its log and certificate are not of this machine.
        rows.push(exchange(
            "quote",
            |mine, theirs| mine.quote = theirs.quote,
            LOG,
            NOT_GENUINE,
            &[CheckId::BindingRaTls],
        ));
        all_found_out(&direct(&one()), &direct(&other()), &rows);
    }

    fn any_part_exchanged_between_ingresses_is_found_out() {
        let mut rows = common();
        rows.push(exchange(
            "quote",
            |mine, theirs| mine.quote = theirs.quote,
            LOG,
            NOT_GENUINE,
            &[CheckId::BindingRaTls, CheckId::BindingIngress],
        ));
        rows.push(exchange("ingress", |mine, theirs| mine.ingress = theirs.ingress, INGRESS, NOT_GENUINE, &[]));
        all_found_out(&behind_ingress(&one()), &behind_ingress(&other()), &rows);
    }

    fn the_whole_evidence_of_another_application_for_the_one_asked_for() {
        let (one, other) = (one(), other());
        let mut case = direct(&other);
        case.evidence.target = target(&one);
        case.is_refused(CheckId::IdentityTarget, Reason::TargetOtherApp, REFUSED);
        let waive = "[[waive]]\ncheck = \"identity.target\"\nreason = \"made for a test\"\n";
        case.clone().policy(waive).is_refused(CheckId::IdentityTarget, Reason::TargetOtherApp, REFUSED);
        assert!(!Reason::TargetOtherApp.is_waivable());
        // Another machine of the application asked for is not the instance asked for.
        let mut instance = direct(&one);
        instance.evidence.target =
            Some(Target { instance_id: Some("5a".repeat(20)), ..target(&one).unwrap() });
        instance.is_refused(CheckId::IdentityTarget, Reason::TargetOtherApp, REFUSED);
        // With the certificate of a third in front of it.
        case.evidence.served = served("one.example:443", gateway().web.chain.as_str());
        case.is_refused(CheckId::IdentityTarget, Reason::TargetOtherApp, REFUSED);
        let mut case = behind_ingress(&other);
        case.evidence.target = target(&one);
        case.evidence.served = served("one.example:443", one.web.chain.as_str());
        case.is_refused_with(
            CheckId::BindingServedCertificate,
            Reason::ServedCertificateOther,
            REFUSED,
            &[CheckId::IdentityTarget],
        );
    }

    fn any_part_of_a_gateway_s_answer_exchanged_is_found_out() {
        let (gateway, other) = (gateway(), other());
        let (honest, theirs) = (gateway.acme_info(), other.acme_info());
        let account = |answer: &serde_json::Value| gateway.gateway(answer, "/account_quote");
        let key = |answer: &serde_json::Value| gateway.gateway(answer, "/quoted_hist_keys/0");
        let with = |pointer: &str, value: &serde_json::Value| {
            let mut answer = honest.clone();
            *answer.pointer_mut(pointer).unwrap() = value.clone();
            answer
        };
        let at = |answer: &serde_json::Value, pointer: &str| answer.pointer(pointer).unwrap().clone();
        // Another account than the quoted one, another key than the quoted one.
        account(&with("/account_uri", &at(&theirs, "/account_uri"))).is_refused(CONTENT.0, CONTENT.1, NOT_GENUINE);
        let swapped = with("/quoted_hist_keys/0/public_key", &at(&theirs, "/quoted_hist_keys/0/public_key"));
        key(&swapped).is_refused(CONTENT.0, CONTENT.1, NOT_GENUINE);
        // A quote of another application over the gateway's own key: its log is the other's too, its compose is not.
        let quoted = serde_json::Value::String(other.quoted("zt-cert", &gateway.web.key.spki()));
        key(&with("/quoted_hist_keys/0/quote", &quoted)).is_refused(COMPOSE.0, COMPOSE.1, REFUSED);
        // The quote of the account in place of that of the key, and the other way round.
        key(&with("/quoted_hist_keys/0/quote", &at(&honest, "/account_quote"))).is_refused(CONTENT.0, CONTENT.1, NOT_GENUINE);
        account(&with("/account_quote", &at(&honest, "/quoted_hist_keys/0/quote")))
            .is_refused(CONTENT.0, CONTENT.1, NOT_GENUINE);
        // The whole answer of the other, in front of the gateway's certificate.
        let mut whole = other.gateway(&theirs, "/quoted_hist_keys/0");
        whole.evidence.served = served("app.gateway.example:443", gateway.web.chain.as_str());
        whole.is_refused(SERVED.0, SERVED.1, REFUSED);
        // Records that let the other's account in.
        let mut caa_of_other = surrounded(account(&honest), &gateway);
        let value = format!("ca.example; accounturi={}", other.account);
        caa_of_other.evidence.caa = records(&gateway, &value);
        caa_of_other.is_refused(CheckId::BindingCaa, Reason::CaaAccountOther, REFUSED);
    }

    fn the_records_of_another_domain_do_not_speak_for_this_one() {
        let mut case = behind_ingress(&one());
        case.evidence.caa = behind_ingress(&other()).evidence.caa;
        case.is_open(CheckId::BindingCaa, Reason::CaaUndecided, VerdictOutcome::Verified);
    }

    fn a_target_without_app_id_leaves_the_question_open() {
        let asked = Target { asked: "one.example".to_owned(), domain: Some("one.example".to_owned()), ..Target::default() };
        let case = direct(&one()).change(|case| case.evidence.target = Some(asked));
        case.is_open(CheckId::IdentityTarget, Reason::BindingNotGiven, VerdictOutcome::Verified);
        let required = case.change(|case| case.head = "require = [\"identity.target\"]\n".to_owned());
        required.is_open(CheckId::IdentityTarget, Reason::BindingNotGiven, VerdictOutcome::Incomplete);
    }

    fn an_app_id_asked_for_in_another_form_is_not_the_measured_one() {
        let one = one();
        for wanted in [String::new(), one.app_id()[..38].to_owned(), format!("{}00", one.app_id()), format!("0x{}", one.app_id())] {
            let case = direct(&one).change(|case| case.evidence.target.as_mut().unwrap().app_id = Some(wanted));
            let report = case.judge();
            assert_failed(&report, CheckId::IdentityTarget, Reason::TargetOtherApp);
        }
    }

    fn one_replica_of_many_that_disagrees_is_enough() {
        let one = one();
        for name in ["app_id", "compose_hash"] {
            let mut odd = replica(&one);
            odd.values.insert(name.to_owned(), "ab".repeat(20));
            let many = vec![replica(&one), replica(&one), odd];
            let case = direct(&one).change(|case| case.evidence.replicas = many);
            case.is_refused(CheckId::IdentityReplicas, Reason::ReplicasDisagree, REFUSED);
        }
    }

    fn a_replica_that_does_not_say_what_it_runs_is_no_agreement() {
        let one = one();
        for name in ["app_id", "compose_hash"] {
            let mut silent = replica(&one);
            silent.values.remove(name);
            let case = direct(&one).change(|case| case.evidence.replicas.push(silent));
            case.is_open(CheckId::IdentityReplicas, Reason::BindingNotGiven, VerdictOutcome::Verified);
        }
    }

    fn a_replica_on_other_hardware_agrees_and_the_difference_is_told() {
        let one = one();
        let mut larger = replica(&one);
        larger.values.insert("rtmr0".to_owned(), "ab".repeat(48));
        larger.values.insert("app_id".to_owned(), one.app_id().to_ascii_uppercase());
        let report = direct(&one).change(|case| case.evidence.replicas.push(larger)).judge();
        let check = find(&report, CheckId::IdentityReplicas);
        assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
        assert!(check.detail.contains("rtmr0") && check.detail.contains("nothing proves"), "{}", check.detail);
    }

    fn evidence_that_was_saved_alone_or_in_a_set_is_judged_as_before() {
        let (one, other) = (behind_ingress(&one()), behind_ingress(&other()));
        let named = |label: &str, case: &Case| NamedEvidence { label: label.to_owned(), evidence: case.evidence.clone() };
        let alone = to_json(&one.evidence, "1");
        let set = set_to_json(&[named("one", &one), named("other", &other)], "1");
        for (text, label) in [(alone, None), (set, Some("one"))] {
            let read = convert("saved", text.as_bytes(), label, &Budget::STANDARD).unwrap();
            assert_eq!(one.clone().change(|case| case.evidence = read).judge(), one.judge());
        }
    }

    fn what_was_seen_on_the_way_is_listed_among_the_inputs() {
        let report = behind_ingress(&one()).judge();
        for name in ["served-certificates", "caa-answers"] {
            assert!(report.inputs.iter().any(|input| input.name == name), "{name}");
        }
        let bare = Case::new(&machine()).change(|case| case.expected = Expected::Nothing).evidence;
        assert!(bare.served.is_none() && bare.caa.is_none());
    }
}
