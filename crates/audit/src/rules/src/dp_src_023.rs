//! Protects connections from whoever stands in between.

use super::{CODE, scan};
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::scan::lines;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-023",
    title: "TLS certificates are not verified",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "verify the certificate, or pin the peer's attested key",
    check,
    ..Rule::PLAIN
};

lines!(
    TLS_OFF,
    r"(?i)\bverify[ \t]*=[ \t]*False\b|rejectUnauthorized[ \t]*:[ \t]*false|InsecureSkipVerify[ \t]*:[ \t]*true|danger_accept_invalid_(?:certs|hostnames)[ \t]*\([ \t]*true|NODE_TLS_REJECT_UNAUTHORIZED[^\n]{0,6}=[^\n]{0,3}0|CERT_NONE\b|check_hostname[ \t]*=[ \t]*False|ssl[ \t]*=[ \t]*False|_create_unverified_context|\bcurl\b[^\n]*[ \t](?:-[A-Za-z]*k[A-Za-z]*|--insecure)\b|no-check-certificate",
    [
        "verify",
        "rejectunauthorized",
        "danger_accept_invalid_",
        "node_tls_reject_unauthorized",
        "cert_none",
        "check_hostname",
        "ssl",
        "_create_unverified_context",
        "curl",
        "no-check-certificate",
    ]
);
pattern!(OWN, r"localhost|127\.0\.0\.1|\[::1\]");

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    scan(subject, sink, CODE, &TLS_OFF, |file, offset| {
        let line = file.line_at(offset);
        (!OWN.is_match(line)).then(|| Note::fail(&file.place(offset), line))
    });
}
