//! The chain of trust: who vouches for what, and which checks prove it.
//!
//! A link is proven only when every check behind it passed. One that was not made leaves it open, one that is waived
//! leaves it waived, one that failed breaks it. What no check of this version looks at is open, in words.

use crate::summary::Status;
use veritee_model::{CheckId, Finding, Report, Severity};

/// Something in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    IntelRoot,
    Host,
    TdxModule,
    System,
    Application,
    Compose,
    Images,
    Source,
    Kms,
    PublicLog,
    Domain,
    Gpus,
    Operator,
    Asker,
}

impl Node {
    /// All, in the order of reading.
    pub(crate) const ALL: [Self; 14] = [
        Self::IntelRoot,
        Self::Host,
        Self::TdxModule,
        Self::System,
        Self::Application,
        Self::Compose,
        Self::Images,
        Self::Source,
        Self::Kms,
        Self::PublicLog,
        Self::Domain,
        Self::Gpus,
        Self::Operator,
        Self::Asker,
    ];

    /// What it is called; two lines of at most 18 characters.
    pub(crate) const fn name(self, intel: bool) -> [&'static str; 2] {
        match self {
            Self::IntelRoot if intel => ["Intel's root key", "pinned in veritee"],
            Self::IntelRoot => ["TEST ROOT", "not Intel's"],
            Self::Host => ["Host processor", "and its TCB"],
            Self::TdxModule => ["Sealed machine", "TDX module's quote"],
            Self::System => ["Firmware and OS", ""],
            Self::Application => ["Application", "as measured"],
            Self::Compose => ["app_compose", "what is started"],
            Self::Images => ["Container images", ""],
            Self::Source => ["Source code", ""],
            Self::Kms => ["Key provider", "(KMS)"],
            Self::PublicLog => ["Public log", "of upgrades"],
            Self::Domain => ["Certificate", "of the domain"],
            Self::Gpus => ["GPU evidence", ""],
            Self::Operator => ["Operator", ""],
            Self::Asker => ["Who asked", ""],
        }
    }

    /// What it is called inside a sentence.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::IntelRoot => "root key",
            Self::Host => "host processor",
            Self::TdxModule => "sealed machine",
            Self::System => "firmware and OS",
            Self::Application => "application",
            Self::Compose => "app_compose",
            Self::Images => "container images",
            Self::Source => "source code",
            Self::Kms => "key provider",
            Self::PublicLog => "public log",
            Self::Domain => "certificate of the domain",
            Self::Gpus => "GPU evidence",
            Self::Operator => "operator",
            Self::Asker => "who asked",
        }
    }
}

/// One thing vouches for another.
pub(crate) struct Link {
    pub(crate) from: Node,
    pub(crate) to: Node,
    pub(crate) status: Status,
    /// What the link would show, in a few words.
    pub(crate) shows: &'static str,
    /// How it came out, in a sentence of our own.
    pub(crate) found: &'static str,
    /// The checks behind it; none where this version makes none.
    pub(crate) checks: &'static [CheckId],
}

/// A link before it is looked up: from, to, what it shows, its checks, what is open where it has none.
type Rule = (Node, Node, &'static str, &'static [CheckId], &'static str);

const RULES: [Rule; 13] = [
    (
        Node::IntelRoot,
        Node::Host,
        "certified, not revoked",
        &[CheckId::PlatformRoot, CheckId::QuoteCollateral, CheckId::QuoteCertificates],
        "",
    ),
    (
        Node::Host,
        Node::TdxModule,
        "quote signed, TCB accepted",
        &[
            CheckId::QuoteFormat,
            CheckId::QuoteEnclave,
            CheckId::QuoteSignature,
            CheckId::QuoteTcbLevel,
            CheckId::PlatformTcbStatus,
            CheckId::PlatformAdvisories,
        ],
        "",
    ),
    (
        Node::TdxModule,
        Node::System,
        "MRTD, RTMR0 to 2 as expected",
        &[CheckId::PlatformTdAttributes, CheckId::OsMeasured],
        "",
    ),
    (
        Node::System,
        Node::Application,
        "log replays to RTMR3",
        &[CheckId::EventLogFormat, CheckId::EventLogDigests, CheckId::EventLogRtmr3, CheckId::IdentityEvents],
        "",
    ),
    (
        Node::Application,
        Node::Compose,
        "SHA-256 is the measured one",
        &[CheckId::ComposeHash, CheckId::ComposeDocument],
        "",
    ),
    (Node::Compose, Node::Images, "named by digest", &[], "the images were not looked at"),
    (Node::Images, Node::Source, "built from a commit", &[], "no provenance was looked at"),
    (
        Node::Kms,
        Node::Application,
        "keys of this key provider",
        &[CheckId::LinkKmsMachine, CheckId::LinkKmsKey],
        "the key provider's own quote was not looked at",
    ),
    (Node::PublicLog, Node::Kms, "upgrades are public", &[CheckId::GovernanceHistory], ""),
    (
        Node::Domain,
        Node::Application,
        "key bound by the quote",
        &[CheckId::BindingIngress, CheckId::BindingServedCertificate],
        "",
    ),
    (
        Node::Gpus,
        Node::TdxModule,
        "same nonce, as many as measured",
        &[CheckId::GpuGenuine, CheckId::GpuSet, CheckId::GpuCount, CheckId::GpuNonce],
        "",
    ),
    (Node::Operator, Node::Compose, "no hole that counts", &[CheckId::AuditRules], ""),
    (Node::Asker, Node::TdxModule, "quote made for this request", &[CheckId::BindingNonce], ""),
];

/// Every link, judged by the report's checks.
pub(crate) fn links(report: &Report) -> Vec<Link> {
    RULES.iter().map(|rule| judge(report, rule)).collect()
}

fn judge(report: &Report, &(from, to, shows, checks, nothing): &Rule) -> Link {
    let mut status = of_checks(report, checks);
    let mut found = words(status, nothing);
    let of_images = |finding: &Finding| finding.rule.starts_with("DP-IMG-");
    // What the audit found decides these two, whatever else was asked.
    let audited = match (from, to) {
        (Node::Compose, Node::Images) => audited(report, of_images),
        (Node::Operator, Node::Compose) => audited(report, |_| true),
        _ => None,
    };
    if let Some(audited) = audited.filter(|audited| graver(status, *audited) != status) {
        status = audited;
        found = words(status, "no audit was made");
    }
    Link { from, to, status, shows, found, checks }
}

/// What the audit says of the findings in question; nothing where it has none that counts.
fn audited(report: &Report, asked: impl Fn(&Finding) -> bool) -> Option<Status> {
    if report.audit.is_none() {
        return Some(Status::NotChecked);
    }
    // A policy that lets high findings pass has said so above the picture; the arrow is not proven by it.
    let from = report.policy.fail_on.min(Severity::High);
    let counts = |finding: &&Finding| finding.severity >= from && asked(finding);
    let of = || report.findings.iter().filter(|finding| asked(finding));
    if of()
        .any(|finding| (finding.is_proven() && counts(&finding)) || finding.keeps_open(report.policy.fail_on))
    {
        return Some(Status::Findings);
    }
    // Allowed by the policy or a review is not the same as absent.
    of().any(|finding| finding.allowed.is_some() && counts(&finding)).then_some(Status::Waived)
}

fn of_checks(report: &Report, checks: &[CheckId]) -> Status {
    let mut status = if checks.is_empty() { Status::NotChecked } else { Status::Pass };
    for id in checks {
        // The same check may stand there once for each machine: the gravest speaks.
        let found: Vec<Status> =
            report.checks.iter().filter(|check| check.id == *id).map(Status::of).collect();
        if found.is_empty() {
            status = graver(status, Status::NotChecked);
        }
        for other in found {
            status = graver(status, other);
        }
    }
    status
}

fn graver(one: Status, other: Status) -> Status {
    let rank = |status| match status {
        Status::Pass => 0,
        Status::Waived => 1,
        Status::NotChecked => 2,
        Status::Findings => 3,
        Status::Fail => 4,
    };
    if rank(other) > rank(one) { other } else { one }
}

const fn words(status: Status, nothing: &'static str) -> &'static str {
    match status {
        Status::Pass => "proven: every check behind it passed",
        Status::Waived => "not proven: policy or review accept what was found",
        Status::NotChecked if !nothing.is_empty() => nothing,
        Status::NotChecked => "open: a check behind it was not made",
        Status::Findings => "the audit has findings that count",
        Status::Fail => "broken: a check behind it failed",
    }
}
