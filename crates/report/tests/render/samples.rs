//! Five reports, as far apart as reports can be. The values are made up; the shapes are those of real machines.

use veritee_model::report::{
    AuditFacts, ChecklistFact, ClaimFact, Comparison, DocumentFact, EnclaveFacts, EventFact, FlowFact,
    FlowSink, INTEL_ROOT_SPKI_SHA256, IdentityFacts, InlineAllowFact, Input, Missing, Notice, PolicyFacts,
    QuestionFact, QuoteFacts, ReviewFact, Root, RuleNotAsked, SCHEMA, TcbFacts, Tool, loosened,
};
use veritee_model::runtime_event::EventVersion;
use veritee_model::{
    AppId, Check, CheckId, ComposeHash, Fault, Finding, FindingStatus, Fmspc, InstanceId, MrConfigId,
    MrOwner, MrOwnerConfig, MrSeam, MrServiceTd, MrSignerSeam, Mrtd, Outcome, Place, QuestionStatus, Reason,
    Report, ReportData, Rtmr, Severity, Sha256Digest, Sha384Digest, Spot, Stage, Step, TcbStatus,
    TdAttributes, TeeTcbSvn, UnixTime, Verdict, Xfam,
};

/// All samples with the names of their snapshots.
pub(crate) fn all() -> [(&'static str, Report); 5] {
    [
        ("verified", verified()),
        ("refused", refused()),
        ("not-genuine", not_genuine()),
        ("incomplete", incomplete()),
        ("test-root", test_root()),
    ]
}

/// The checks that the snapshots show: of each step those that say most. Fixed, so that a new check changes no snapshot
/// and none repeats what was not checked.
const SHOWN: &[CheckId] = &[
    CheckId::QuoteCertificates,
    CheckId::QuoteSignature,
    CheckId::PlatformTcbStatus,
    CheckId::PlatformAdvisories,
    CheckId::PlatformTdAttributes,
    CheckId::EventLogDigests,
    CheckId::EventLogRtmr3,
    CheckId::IdentityEvents,
    CheckId::ComposeHash,
    CheckId::OsMeasured,
    CheckId::BindingNonce,
    CheckId::BindingContent,
    CheckId::AuditRules,
    CheckId::GovernanceHistory,
];

/// All samples as the snapshots show them.
pub(crate) fn shown() -> impl Iterator<Item = (&'static str, Report)> {
    all().into_iter().map(|(name, mut report)| {
        report.checks.retain(|check| SHOWN.contains(&check.id));
        (name, conclude(report))
    })
}

/// Everything required passed; the optional bindings had nothing to check.
pub(crate) fn verified() -> Report {
    let mut report = base();
    report.notices.push(Notice {
        reason: Reason::EventsAfterSystemReady,
        detail: "2 events follow system-ready".to_owned(),
        location: Some("event 34".to_owned()),
    });
    conclude(report)
}

/// Genuine, but the platform is out of date with nine advisories.
pub(crate) fn refused() -> Report {
    let mut report = base();
    let advisories: Vec<String> =
        ["00837", "00960", "00982", "01010", "01036", "01099", "01103", "01111", "01192"]
            .map(|number| format!("INTEL-SA-{number}"))
            .to_vec();
    if let Some(tcb) = &mut report.tcb {
        tcb.status = TcbStatus::OutOfDate;
        tcb.platform = TcbStatus::OutOfDate;
        tcb.advisories.clone_from(&advisories);
        tcb.shortfalls = vec!["SGX TCB component 2: 7, up to date from 8".to_owned()];
    }
    replace(
        &mut report,
        Check::fail(
            CheckId::PlatformTcbStatus,
            Reason::TcbOutOfDate,
            "the platform matches the level of 2024-03-13",
        )
        .compared("UpToDate", "OutOfDate")
        .next("update BIOS and microcode, then quote again"),
    );
    replace(
        &mut report,
        Check::fail(
            CheckId::PlatformAdvisories,
            Reason::AdvisoryRefused,
            "9 advisories apply, the policy allows none",
        )
        .compared("none", advisories.join(", ")),
    );
    replace(&mut report, no_nonce());
    conclude(report)
}

/// The payload of an event was changed and its digest kept.
pub(crate) fn not_genuine() -> Report {
    let mut report = base();
    report.identity = None;
    report.audit = None;
    replace(
        &mut report,
        Check::fail(
            CheckId::EventLogDigests,
            Reason::EventDigestMismatch,
            "the digest is of another payload",
        )
        .compared(Sha384Digest::of(b"the payload"), Sha384Digest::of(b"another payload"))
        .at("event 27 (compose-hash)")
        .next("the log was edited: fetch quote and log again, from the machine itself"),
    );
    for id in CheckId::ALL.iter().filter(|id| id.step() > Step::EventLog) {
        let check = Check::not_checked(
            *id,
            Reason::EarlierStepFailed,
            "the event log was not shown to be the quoted one",
        );
        replace(&mut report, check);
    }
    conclude(report)
}

/// A bare quote: most questions have nothing to stand on.
pub(crate) fn incomplete() -> Report {
    let mut report = base();
    report.identity = None;
    report.audit = None;
    report.events.clear();
    report.inputs.truncate(1);
    report.missing = vec![
        Missing {
            name: "event log".to_owned(),
            consequence: "the application cannot be told: give --event-log FILE".to_owned(),
        },
        Missing {
            name: "app compose".to_owned(),
            consequence: "what runs cannot be told: give --app-compose FILE".to_owned(),
        },
    ];
    for id in CheckId::ALL.iter().filter(|id| id.step() == Step::EventLog) {
        replace(
            &mut report,
            Check::not_checked(*id, Reason::EventLogMissing, "the evidence has no event log")
                .next("give --event-log FILE"),
        );
    }
    for id in CheckId::ALL.iter().filter(|id| id.step() > Step::EventLog) {
        replace(
            &mut report,
            Check::not_checked(*id, Reason::EarlierStepFailed, "there is no replayed log to stand on"),
        );
    }
    replace(&mut report, no_nonce());
    report.stage = Stage::Incomplete;
    conclude(report)
}

/// What came along, and the fields of an enclave: no report has them beside a quote of a machine.
fn beside(report: &mut Report) {
    report.claimed = vec![ClaimFact {
        name: "app_id".to_owned(),
        value: "3f2a91c0".repeat(5),
        source: "page.html#/tcb_info".to_owned(),
    }];
    report.enclave = Some(EnclaveFacts {
        version: 3,
        signed_sha256: Sha256Digest::of(b"an enclave"),
        mr_enclave: Sha256Digest::of(b"code"),
        mr_signer: Sha256Digest::of(b"signer"),
        isv_prod_id: 1,
        isv_svn: 3,
        debug: true,
        report_data: ReportData::new([6; 64]),
    });
}

/// Under a test root, with a waiver, findings and a loosened policy. Every optional field of every type is there.
pub(crate) fn test_root() -> Report {
    let mut report = base();
    beside(&mut report);
    report.root = Some(Root {
        name: "CN=veritee test root".to_owned(),
        spki_sha256: Sha256Digest::of(b"test root"),
        intel: false,
    });
    if let Some(quote) = &mut report.quote {
        quote.version = 5;
        quote.tee_tcb_svn_2 = Some(TeeTcbSvn::new([7; 16]));
        quote.mr_service_td = Some(MrServiceTd::new([0; 48]));
    }
    if let Some(tcb) = &mut report.tcb {
        tcb.shortfalls = vec!["TDX module minor version 4, up to date from 5".to_owned()];
        tcb.advisories = vec!["INTEL-SA-01192".to_owned()];
        tcb.decided_by = vec!["TCB info 19 of 2026-03-01, the caller's collateral.json".to_owned()];
    }
    let mut sept =
        Check::fail(CheckId::PlatformTdAttributes, Reason::TdSeptVeDisableMissing, "SEPT_VE_DISABLE is off")
            .compared("bit 28 set", "0000000000000000")
            .at("quote byte 0x78")
            .next("start the machine with SEPT_VE_DISABLE");
    let because = "lab machine, no users; ends 2026-12-01";
    sept.faults = vec![
        Fault::new(Reason::TdSeptVeDisableMissing, "SEPT_VE_DISABLE is off"),
        Fault::new(Reason::TdAttributesReserved, "bit 40 (reserved) is set").of(40),
    ];
    for fault in &mut sept.faults {
        fault.waived = Some(because.to_owned());
    }
    sept.waived = Some(because.to_owned());
    replace(&mut report, sept);
    let counted = veritee_model::finding::counted(&findings());
    replace(&mut report, Check::pass(CheckId::AuditRules, format!("71 rules asked, {counted}")));
    let mut nonce = passed(CheckId::BindingNonce);
    nonce.required = true;
    replace(&mut report, nonce);
    report.notices.push(Notice {
        reason: Reason::RootNotIntel,
        detail: "the root was given by the policy".to_owned(),
        location: Some("policy [root]".to_owned()),
    });
    report.missing.push(Missing {
        name: "chain".to_owned(),
        consequence: "who can change the application is not known".to_owned(),
    });
    report.findings = findings();
    report.audit = Some(audit());
    if let Some(audit) = &mut report.audit {
        audit.documents = vec![DocumentFact {
            path: "deploy/docker-compose.yml".to_owned(),
            sha256: Sha256Digest::of(b"deploy"),
            exit_code: 12,
            summary: "FINDINGS".to_owned(),
            stage: "DevProof: Stage 0".to_owned(),
        }];
    }
    report.stage = Stage::Proven(vec!["ENV-001".to_owned()]);
    report.policy = PolicyFacts {
        name: "lab".to_owned(),
        sha256: Some(Sha256Digest::of(b"policy")),
        loosened: vec![
            format!("{}the lab's own root", loosened::root(&Sha256Digest::of(b"test root"))),
            format!("{}INTEL-SA-01192: read and accepted", loosened::ADVISORIES),
            loosened::finding("IMG-003", "rebuilt from source by us"),
            loosened::exception(Reason::TdSeptVeDisableMissing, None, None, because),
            loosened::exception(Reason::TdAttributesReserved, Some("40"), None, because),
        ],
        demands: vec![CheckId::BindingNonce],
        fail_on: Severity::High,
    };
    let mut earlier = conclude(base());
    earlier.as_of = UnixTime::from_seconds(1_700_000_000);
    report.compared = vec![
        Comparison::between("when the evidence was fetched", &earlier, &report),
        Comparison::between("under the early TCB evaluation (22)", &report, &report),
    ];
    conclude(report)
}

fn nothing_found() -> AuditFacts {
    AuditFacts {
        attested: true,
        rules_asked: 71,
        not_asked: Vec::new(),
        quick_check: Vec::new(),
        erc733: Vec::new(),
        questions: Vec::new(),
        review_refused: None,
        review: None,
        assumptions: Vec::new(),
        data_flow: Vec::new(),
        inline_allows: Vec::new(),
        documents: Vec::new(),
    }
}

fn audit() -> AuditFacts {
    let item = |id: &str, status, question: &str| ChecklistFact {
        id: id.to_owned(),
        question: question.to_owned(),
        status,
        evidence: vec!["ENV-001 at app_compose:12:5".to_owned(), "IMG-003 at app_compose:16:5".to_owned()],
        person: Some("rebuild the image and compare its digest".to_owned()),
    };
    AuditFacts {
        documents: Vec::new(),
        attested: false,
        rules_asked: 71,
        not_asked: vec![RuleNotAsked {
            rule: "SRC-002".to_owned(),
            why: "no source tree was given".to_owned(),
        }],
        quick_check: vec![
            item("Q1", FindingStatus::Fail, "are all images pinned by digest?"),
            item("Q2", FindingStatus::Pass, "does the compose hash match?"),
            item("Q3", FindingStatus::Manual, "was the deployed commit reviewed?"),
        ],
        erc733: vec![item("E1", FindingStatus::Unknown, "is the compose hash in a public ledger?")],
        questions: vec![QuestionFact {
            id: "M4".to_owned(),
            question: "does a rebuild give the deployed digest?".to_owned(),
            why: "without it, source and image are two things".to_owned(),
            status: QuestionStatus::Open,
            evidence: vec!["image sha256:00 is not public".to_owned()],
            commands: vec!["docker buildx build .".to_owned()],
            answer: Some("not yet".to_owned()),
        }],
        review_refused: Some("it is of another compose".to_owned()),
        review: Some(ReviewFact {
            reviewer: "Jane Doe".to_owned(),
            compose_hash: ComposeHash::of(b"compose"),
            commit: "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
            expires: Some(UnixTime::from_seconds(1_900_000_000)),
        }),
        assumptions: vec!["that the document is the one that runs: nothing vouches for it".to_owned()],
        data_flow: vec![FlowFact {
            name: "BACKEND_URL".to_owned(),
            provenance: "operator".to_owned(),
            from: vec!["allowed_envs".to_owned(), "default \"https://example.org\"".to_owned()],
            sinks: vec![FlowSink {
                sink: "web environment.BACKEND_URL".to_owned(),
                feeds: "the whole value".to_owned(),
                location: "docker_compose_file:7:9 services.web.environment.0".to_owned(),
                text: "BACKEND_URL=${BACKEND_URL:-https://example.org}".to_owned(),
            }],
            power: vec!["decides where web sends or fetches data".to_owned()],
            rules: vec!["DP-ENV-002".to_owned()],
        }],
        inline_allows: vec![InlineAllowFact {
            rule: "DP-IMG-002".to_owned(),
            reason: "we build it".to_owned(),
            location: "docker_compose_file:4".to_owned(),
            applied: false,
        }],
    }
}

fn findings() -> Vec<Finding> {
    let finding = |rule: &str, severity, status, title: &str, line| Finding {
        rule: rule.to_owned(),
        severity,
        status,
        title: title.to_owned(),
        location: format!("app_compose:{line}:5 services.web"),
        place: Some(Place {
            file: "app_compose".to_owned(),
            line: Some(line),
            column: Some(5),
            path: "services.web".to_owned(),
        }),
        value: String::new(),
        places: Vec::new(),
        evidence: "image: ${IMAGE}".to_owned(),
        remedy: Some("write the image with its digest into the compose".to_owned()),
        assumed: false,
        blocks: false,
        allowed: None,
    };
    let mut open =
        finding("ENV-001", Severity::Critical, FindingStatus::Fail, "the operator chooses the image", 12);
    open.blocks = true;
    let mut guess =
        finding("NET-002", Severity::Medium, FindingStatus::Warn, "traffic leaves without TLS", 14);
    guess.assumed = true;
    guess.remedy = None;
    let mut allowed = finding("IMG-003", Severity::High, FindingStatus::Fail, "the image has no digest", 16);
    allowed.allowed = Some("rebuilt from source by us".to_owned());
    allowed.value = "example/web:1".to_owned();
    allowed.places = vec![Spot {
        place: allowed.place.clone().unwrap(),
        value: "example/web:1".to_owned(),
        allowed: Some("rebuilt from source by us".to_owned()),
    }];
    let mut unplaced = finding(
        "SCR-004",
        Severity::Low,
        FindingStatus::Unknown,
        "a construct of the shell is not understood",
        18,
    );
    unplaced.place = None;
    let person = finding("GOV-005", Severity::Info, FindingStatus::Manual, "is the source public?", 1);
    let fine = finding("CFG-006", Severity::Info, FindingStatus::Pass, "logs are not public", 3);
    let remark = finding("CFG-007", Severity::Info, FindingStatus::Info, "the gateway is on", 4);
    vec![open, guess, allowed, unplaced, person, fine, remark]
}

/// A machine on which all is well.
fn base() -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        kind: veritee_model::Kind::Machine,
        tool: Tool { name: "veritee".to_owned(), version: "0.1.0".to_owned() },
        as_of: UnixTime::from_seconds(1_773_532_800),
        inputs: vec![
            input("quote", 5006),
            input("event-log", 18_233),
            input("app-compose", 2301),
            input("collateral", 41_022),
        ],
        missing: Vec::new(),
        verdict: Verdict {
            outcome: veritee_model::VerdictOutcome::Verified,
            exit_code: 0,
            reasons: Vec::new(),
            summary: String::new(),
        },
        root: Some(Root {
            name: "CN=Intel SGX Root CA".to_owned(),
            spki_sha256: INTEL_ROOT_SPKI_SHA256,
            intel: true,
        }),
        checks: CheckId::ALL.iter().copied().map(passed).collect(),
        notices: Vec::new(),
        quote: Some(quote()),
        enclave: None,
        claimed: Vec::new(),
        tcb: Some(tcb()),
        identity: Some(identity()),
        events: events(),
        findings: Vec::new(),
        audit: Some(nothing_found()),
        stage: Stage::NotShownOtherwise(4),
        policy: PolicyFacts {
            name: "default".to_owned(),
            sha256: None,
            loosened: Vec::new(),
            demands: Vec::new(),
            fail_on: Severity::High,
        },
        compared: Vec::new(),
    }
}

fn passed(id: CheckId) -> Check {
    match id {
        CheckId::QuoteCertificates => {
            Check::pass(id, "ECDSA P-256 chain of 3 certificates to Intel SGX Root CA, 2 CRLs")
        }
        CheckId::PlatformTcbStatus => Check::pass(id, "UpToDate"),
        CheckId::EventLogRtmr3 => {
            Check::pass(id, "8 events fold to RTMR3").compared(Rtmr::new([3; 48]), Rtmr::new([3; 48]))
        }
        CheckId::IdentityEvents => Check::pass(id, format!("app id {}", "3f2a91c0".repeat(5))),
        CheckId::ComposeHash => {
            Check::pass(id, format!("sha256 {} equals event 27 (compose-hash)", ComposeHash::of(b"compose")))
        }
        CheckId::AuditRules => Check::pass(id, "71 rules asked, nothing open"),
        CheckId::OsMeasured => Check::pass(id, "MRTD and RTMR0 to RTMR2 are those that the policy pins"),
        CheckId::BindingNonce => Check::pass(id, "REPORTDATA is the given nonce"),
        _ if id.step() == Step::Binding
            || matches!(id, CheckId::IdentityTarget | CheckId::IdentityReplicas) =>
        {
            Check::not_checked(id, Reason::BindingNotGiven, "nothing to check this with was given")
        }
        CheckId::GovernanceHistory => {
            Check::not_checked(id, Reason::GovernanceNotChecked, "no chain reads were given")
        }
        _ if id.step() == Step::Governance => {
            Check::not_checked(id, Reason::LinkNotGiven, "no evidence of the linked machine was given")
        }
        _ => Check::pass(id, "as it should be"),
    }
}

fn no_nonce() -> Check {
    Check::not_checked(CheckId::BindingNonce, Reason::FreshnessNotShown, "no nonce was given")
        .next("ask the machine for a quote over a nonce of your own and give it with --nonce")
}

fn replace(report: &mut Report, check: Check) {
    for slot in &mut report.checks {
        if slot.id == check.id {
            *slot = check;
            return;
        }
    }
    panic!("no check {}", check.id);
}

fn conclude(mut report: Report) -> Report {
    report.verdict = Verdict::conclude(report.kind, &report.checks, &report.findings, report.policy.fail_on);
    assert!(report.checks.iter().all(|check| check.outcome == Outcome::Pass || check.reason.is_some()));
    report
}

fn input(name: &str, bytes: u64) -> Input {
    Input {
        name: name.to_owned(),
        sha256: Sha256Digest::of(if name == "app-compose" { b"compose" } else { name.as_bytes() }),
        bytes,
        source: format!("evidence.json#/{name}"),
    }
}

fn quote() -> QuoteFacts {
    QuoteFacts {
        version: 4,
        tee: "TDX".to_owned(),
        signed_sha256: Sha256Digest::of(b"quote"),
        tee_tcb_svn: TeeTcbSvn::new([6; 16]),
        mr_seam: MrSeam::new([0x5b; 48]),
        mr_signer_seam: MrSignerSeam::new([0; 48]),
        td_attributes: TdAttributes::new([0, 0, 0, 0x10, 0, 0, 0, 0]),
        xfam: Xfam::new([0xe7, 2, 6, 0, 0, 0, 0, 0]),
        mrtd: Mrtd::new([0xf0; 48]),
        mr_config_id: MrConfigId::new([1; 48]),
        mr_owner: MrOwner::new([0; 48]),
        mr_owner_config: MrOwnerConfig::new([0; 48]),
        rtmr0: Rtmr::new([0x10; 48]),
        rtmr1: Rtmr::new([0x11; 48]),
        rtmr2: Rtmr::new([0x12; 48]),
        rtmr3: events().last().unwrap().rtmr3,
        report_data: ReportData::new([0x42; 64]),
        tee_tcb_svn_2: None,
        mr_service_td: None,
    }
}

fn tcb() -> TcbFacts {
    TcbFacts {
        status: TcbStatus::UpToDate,
        platform: TcbStatus::UpToDate,
        module: Some(TcbStatus::UpToDate),
        qe: TcbStatus::UpToDate,
        date: UnixTime::from_seconds(1_710_288_000),
        advisories: Vec::new(),
        evaluation_number: 19,
        fmspc: Fmspc::new([0x90, 0xc0, 0x6f, 0, 0, 0]),
        ppid_sha256: Sha256Digest::of(b"ppid"),
        collateral_expires: UnixTime::from_seconds(1_775_000_000),
        collateral_issued: UnixTime::from_seconds(1_772_400_000),
        decided_by: Vec::new(),
        shortfalls: Vec::new(),
    }
}

fn identity() -> IdentityFacts {
    IdentityFacts {
        app_id: AppId::from_hex(&"3f2a91c0".repeat(5)).unwrap(),
        instance_id: Some(InstanceId::new([0x21; 20])),
        compose_hash: ComposeHash::of(b"compose"),
        key_provider: Some("kms".to_owned()),
        key_provider_id: Some("3059301306072a8648ce3d0201".repeat(3)),
        os_image_hash_claimed: Some(Sha256Digest::of(b"image").to_string()),
        mr_aggregated: quote().mr_aggregated(),
    }
}

fn hex_bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn events() -> Vec<EventFact> {
    let mut rtmr3 = Rtmr::ZERO;
    let provider = format!(r#"{{"name":"kms","id":"{}"}}"#, "3059301306072a8648ce3d0201".repeat(3));
    let hex = |text: String| (text.clone(), hex_bytes(&text));
    let text = |text: &str| (text.to_owned(), text.as_bytes().to_vec());
    [
        ("system-preparing", text("")),
        ("app-id", hex("3f2a91c0".repeat(5))),
        ("compose-hash", hex(ComposeHash::of(b"compose").to_string())),
        ("instance-id", hex("21".repeat(20))),
        ("os-image-hash", hex(Sha256Digest::of(b"image").to_string())),
        ("key-provider", text(&provider)),
        ("system-ready", text("")),
        ("own-event", text("hello")),
    ]
    .iter()
    .zip(24_u64..)
    .map(|((name, (payload, bytes)), index)| {
        let digest = EventVersion::V1.digest(name, bytes);
        rtmr3 = rtmr3.extend(&digest);
        EventFact {
            index,
            name: (*name).to_owned(),
            payload: payload.clone(),
            digest,
            rtmr3,
            after_system_ready: *name == "own-event",
        }
    })
    .collect()
}
