//! Documents that an earlier version was silent about, or wrong: each with what has to be said, and the exit code.
//!
//! They are made for this purpose; `test-vectors/audit/cases`.
#![allow(missing_docs, clippy::print_stderr)]

mod common;

use common::*;
use std::path::PathBuf;
use veritee_audit::{Allow, Audit, Context, Power, audit, diff};
use veritee_compose::{Context as Resolving, Deployment};
use veritee_model::{Budget, Check, CheckId, Kind, Severity, Verdict};

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/audit/cases").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(name: &str) -> Deployment {
    let raw = file(name);
    if name.ends_with(".json") {
        deployment(&raw)
    } else {
        let how = Resolving { budget: Budget::STANDARD, ..Resolving::default() };
        Deployment::from_compose_yaml(&raw, &how).expect("UTF-8")
    }
}

fn of(name: &str) -> Audit {
    audit(&read(name), &Context::default())
}

fn exit(audit: &Audit, fail_on: Severity) -> u8 {
    Verdict::conclude(Kind::Documents, &[Check::pass(CheckId::AuditRules, "")], &audit.findings, fail_on)
        .exit_code
}

/// `RULE severity status` of every finding that is more than a pass.
fn said(audit: &Audit) -> Vec<String> {
    let word = |value: &dyn erased::Word| value.word();
    audit
        .findings
        .iter()
        .map(|finding| format!("{} {} {}", &finding.rule[3..], finding.severity, word(&finding.status)))
        .collect()
}

mod erased {
    pub(crate) trait Word {
        fn word(&self) -> String;
    }
    impl<T: serde::Serialize> Word for T {
        fn word(&self) -> String {
            serde_json::to_value(self).unwrap().as_str().unwrap().to_owned()
        }
    }
}

/// File, exit code, what has to be said, what must not be said (a rule, or a rule with a severity).
type Row = (&'static str, u8, &'static [&'static str], &'static [&'static str]);

const COMPOSE: &[Row] = &[
    ("compose/a06-gpu_rego_true.json", 13, &["CFG-011 high manual"], &[]),
    ("compose/e01-ltoken-manifest2.json", 12, &["ENV-018 medium fail", "META-003 medium fail"], &[]),
    ("compose/e03-ltoken-nonsense.json", 12, &["ENV-018 medium fail", "META-003 medium fail"], &[]),
    ("compose/a12-verity_volume_over_usr_bin.json", 0, &["CFG-013 medium fail"], &[]),
    ("compose/a19-port_policy_open.json", 0, &["CFG-010 info info"], &[]),
    ("compose/b11-gpus.json", 0, &[], &["META-004", "META-012"]),
    ("compose/b16-volume-image.json", 12, &["IMG-003 critical fail"], &[]),
    ("compose/b17-volume-image-var.json", 12, &["IMG-001 critical fail"], &["CMP-003", "CMP-001", "ENV-012"]),
    ("compose/b24-build-secrets-ssh-cache.json", 12, &["IMG-009 medium fail", "IMG-009 high fail"], &[]),
    ("compose/b38-models-var.json", 12, &["CMP-021 high fail"], &["ENV-011", "META-004", "META-012"]),
    ("compose/c10-extra-args-command.json", 12, &["CMP-021 high fail"], &[]),
    ("compose/c13-config-toml-url.json", 12, &["ENV-003 high fail"], &[]),
    ("compose/c16-target-mount-var.json", 12, &["CMP-022 high fail"], &[]),
    ("compose/c18-volume-name-var.json", 13, &["CMP-022 medium fail", "ENV-021 high manual"], &["ENV-011"]),
    ("compose/c22-tunnel.json", 12, &["NET-002 high fail"], &[]),
    ("compose/c23-tailscale.json", 12, &["NET-002 high fail", "CMP-021 high fail"], &[]),
    ("compose/c25-n8n-nodered.json", 12, &["CMP-007 critical fail", "CMP-005 high fail"], &[]),
    ("compose/c28-hf-trust-remote.json", 12, &["CMP-006 high fail"], &[]),
    ("compose/c29-model-name-var.json", 12, &["CMP-021 critical fail"], &[]),
    ("compose/c35-python-exec-env.json", 12, &["CMP-021 critical fail"], &[]),
    ("compose/c36-node-eval-env.json", 12, &["CMP-021 critical fail"], &[]),
    ("compose/f03-volatile-hostshared.json", 12, &["CMP-003 critical fail"], &[]),
    ("compose/f09-named-vol-device-volatile.json", 12, &["CMP-003 critical fail"], &[]),
    ("compose/c47-user-config.json", 12, &["ENV-017 high fail"], &["CMP-003"]),
    ("compose/e40-cmd-userconfig.json", 12, &["ENV-017 high fail"], &[]),
    ("compose/e23-renamed-img.json", 12, &["ENV-003 high fail"], &[]),
    ("compose/e24-cmd-flag.json", 12, &["ENV-003 high fail"], &[]),
    ("compose/e30-nested-image-nodefault.json", 12, &["IMG-008 critical fail"], &[]),
    ("compose/e33-config-over-code.json", 12, &["CMP-021 critical fail"], &[]),
    ("compose/e50-simulator.json", 12, &["CMP-019 high fail"], &[]),
    ("compose/e57-cat-glob-secret.json", 12, &["CMP-016 critical fail"], &[]),
    ("compose/e63-unicode-env.json", 0, &["META-004 medium fail"], &[]),
    ("compose/e64-bidi.json", 0, &["META-004 medium fail"], &[]),
    ("compose/e73-service-named-host.json", 0, &["URL-006 medium fail"], &[]),
    ("compose/e75-ca-literal.json", 0, &["NET-003 medium fail"], &[]),
    ("compose/e78-oci-artifact.json", 12, &["CMP-021 high fail"], &[]),
    ("compose/f02-sock-dir.json", 0, &["CMP-005 info info"], &[]),
    ("compose/f13-commit-env.json", 12, &["CMP-021 critical fail"], &[]),
    ("compose/f14-git-branch-env.json", 12, &["CMP-006 high fail"], &[]),
    ("env/c02-port-suffix.json", 0, &["ENV-019 info info"], &["ENV-021", "ENV-002"]),
    (
        "false/f16-cors.json",
        0,
        &["ENV-002 medium fail"],
        &["ENV-002 high", "ENV-002 critical", "ENV-003 high"],
    ),
    ("false/f18-user-default.json", 13, &[], &["ENV-003", "ENV-014 high"]),
    ("false/f19-passphrase.json", 0, &[], &["CMP-015"]),
    ("false/f25-image-hash-literal.json", 12, &["CMP-001 high fail"], &["IMG-008", "CMP-001 critical"]),
];

#[test]
fn every_row_says_what_it_has_to_and_nothing_that_it_must_not() {
    let mut faults = Vec::new();
    for (name, code, must, never) in COMPOSE {
        let audit = of(name);
        let said = said(&audit);
        let missing = must.iter().filter(|wanted| !said.iter().any(|line| line == *wanted));
        let wrong = never.iter().filter(|bad| {
            said.iter().any(|line| {
                line.starts_with(*bad) && line[bad.len()..].starts_with(' ') && !line.ends_with(" pass")
            })
        });
        let bad: Vec<_> = missing.chain(wrong).collect();
        if !bad.is_empty() || exit(&audit, Severity::High) != *code {
            let got = exit(&audit, Severity::High);
            faults.push(format!("{name}: exit {got}, not {code}; {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The names of a file that a rule is about, at this severity.
#[track_caller]
fn about(audit: &Audit, rules: &[&str], severity: Severity, names: &[&str]) {
    for name in names {
        let found = rules.iter().any(|rule| {
            open(audit, rule)
                .iter()
                .any(|finding| finding.severity >= severity && finding.title.ends_with(&format!(": {name}")))
        });
        assert!(found, "{name}: {rules:?} {severity}\n{}", listing(audit));
    }
}

#[test]
fn names_say_what_they_are_however_they_are_written() {
    let audit = of("env/c01-image-url-names.json");
    about(&audit, &["DP-ENV-002"], Severity::High, &["IMAGE_API_URL", "BASE_IMAGE_SERVER", "IMAGE_HOST"]);
    let joined = [
        "APIURL",
        "BASEURL",
        "apiBaseUrl",
        "RPCURL",
        "DBHOST",
        "REDISURL",
        "PGHOST",
        "SMTPHOST",
        "HTTPPROXY",
        "LLMHOST",
    ];
    about(&of("env/c04-joined.json"), &["DP-ENV-002", "DP-ENV-003"], Severity::High, &joined);
    let audit = of("env/c05-db.json");
    about(&audit, &["DP-ENV-002"], Severity::High, &["PGHOST", "MYSQL_HOST"]);
    about(&audit, &["DP-ENV-008"], Severity::Medium, &["PGPASSWORD"]);
    about(&audit, &["DP-ENV-020"], Severity::Medium, &["DATABASE", "SUPABASE_REF", "FIREBASE_PROJECT"]);
}

#[test]
fn who_is_trusted_is_grave_under_every_name() {
    let names = [
        "ADMIN_WALLET_WHITELIST",
        "ALLOWED_USERS",
        "ADMINS",
        "OPERATORS",
        "SUPERUSERS",
        "ADMIN_EMAILS",
        "TRUSTED_SIGNERS",
        "ALLOWED_MEASUREMENTS",
        "EXPECTED_MRTD",
        "TRUSTED_COMPOSE_HASHES",
        "ALLOWED_COMPOSE_HASH",
        "VERIFIER_PUBKEY",
        "ROOT_CA",
        "JWKS",
        "JWT_PUBLIC_KEY",
        "SIGNER_IDENTITY_REGEX",
    ];
    about(&of("env/c07-admin-lists.json"), &["DP-ENV-022"], Severity::High, &names);
}

#[test]
fn keys_are_keys_under_every_name() {
    let audit = of("env/c08-keys.json");
    let own = [
        "WALLETKEY",
        "MNEMONICS",
        "KEK",
        "MASTER",
        "JWK",
        "SIGNER",
        "BIP39",
        "XPRV",
        "NSEC",
        "NEXTAUTH_SECRET",
        "AUTH_SECRET",
        "APP_SECRET",
        "ENC_KEY",
        "DATA_KEY",
        "VAULT_SECRET_STORE_KEY",
        "SEEDPHRASE",
        "DJANGO_SECRET_KEY",
        "AES_KEY",
    ];
    about(&audit, &["DP-ENV-006"], Severity::High, &own);
    let others = ["BASIC_AUTH", "HTPASSWD", "VIEWER_USERS", "PAT", "GH_PAT", "ONESHOT_AUTHORIZATION"];
    about(&audit, &["DP-ENV-007", "DP-ENV-008"], Severity::Medium, &others);
}

#[test]
fn fourteen_consoles_are_fourteen_ways_in() {
    let services: Vec<String> = ('a'..='n').map(|name| name.to_string()).collect();
    assert_eq!(subjects(&of("compose/c26-shell-consoles.json"), "DP-CMP-007"), services);
}

/// Pairs: the hole, where it has to be told, and the honest twin.
const PAIRS: &[(&str, &str, &str)] = &[
    ("p01-smarthost", "json", "services.app.environment.SMARTHOST"),
    ("p04-nginx-resolver", "json", "configs.site.content"),
    ("p07-anchor-merge", "yml", "services.app.command"),
    ("p10-privileged-var", "json", "services.app.privileged"),
    ("p13-working-dir", "json", "services.app.working_dir"),
    ("p16-healthcheck-var", "json", "services.app.healthcheck.test"),
    ("p19-remote-config", "yml", "services.app.command"),
    ("p22-subpath", "json", "services.app.volumes.0.volume.subpath"),
    ("p25-update-pubkey", "json", "services.app.command"),
    ("p28-moderators", "yml", "services.app.environment.MODERATORS"),
    ("p31-erl-cookie", "json", "services.app.environment.RELEASE_COOKIE"),
    ("p34-pg-log-all", "json", "services.app.command"),
    ("p37-chisel", "yml", "services.link.command"),
    ("p40-provider-override", "json", "key_provider"),
];

#[test]
fn a_hole_is_told_at_its_place_and_its_honest_twin_has_nothing_grave() {
    for (name, form, place) in PAIRS {
        let hole = of(&format!("pairs/{name}-h.{form}"));
        assert!(matches!(exit(&hole, Severity::High), 12 | 13), "{name}\n{}", listing(&hole));
        let there = hole.findings.iter().any(|finding| {
            let counts =
                finding.severity >= Severity::High && (finding.is_proven() || finding.needs_a_person());
            let at = |path: &str| path == *place || path.starts_with(&format!("{place}."));
            counts
                && (finding.place.as_ref().is_some_and(|own| at(&own.path))
                    || finding.places.iter().any(|spot| at(&spot.place.path)))
        });
        assert!(there, "{name}: nothing at {place}\n{}", listing(&hole));
        let twin = of(&format!("pairs/{name}-t.{form}"));
        assert!(matches!(exit(&twin, Severity::High), 0 | 13), "{name}\n{}", listing(&twin));
        let proven =
            twin.findings.iter().any(|finding| finding.is_proven() && finding.severity >= Severity::High);
        assert!(!proven, "{name}\n{}", listing(&twin));
    }
}

#[test]
fn literals_pinned_images_and_no_script_are_green() {
    let pin = "a".repeat(64);
    let compose = format!(
        "services:\n  app:\n    image: example/app@sha256:{pin}\n    command: [serve, --port, \"8080\"]\n    environment:\n      LOG_LEVEL: info\n    ports: [\"8080:8080\"]\n    volumes: [data:/data]\n    restart: unless-stopped\nvolumes:\n  data: {{}}\n"
    );
    assert_eq!(exit(&unattested(&app_compose(&compose, &[])), Severity::High), 0);
}

#[test]
fn an_address_is_one_in_every_form_that_resolves() {
    let audit = of("bugs/address-without-scheme.yaml");
    assert_eq!(
        subjects(&audit, "DP-URL-001"),
        ["api.evil.example", "b1.evil.example", "b2.evil.example", "collector.evil.example"]
    );
    for (name, host) in
        [("bugs/host-address.yaml", "10.0.2.2"), ("bugs/ipv6-address.yaml", "2a00:1450:4001:830::200f")]
    {
        let audit = of(name);
        assert_eq!(exit(&audit, Severity::Medium), 12, "{}", listing(&audit));
        for rule in ["DP-URL-001", "DP-URL-002", "DP-URL-004"] {
            assert!(
                open(&audit, rule).iter().any(|finding| finding.title.contains(host)),
                "{rule} {host}\n{}",
                listing(&audit)
            );
        }
    }
    let audit = of("bugs/ip-collapsed.yaml");
    assert_eq!(
        subjects(&audit, "DP-URL-002"),
        ["198.51.100.1", "203.0.100.1", "one.github.io", "two.github.io"]
    );
    assert!(severities(&audit, "DP-URL-002").iter().all(|severity| *severity == Severity::Medium));
    assert_eq!(subjects(&of("false/f15-ip-url.json"), "DP-URL-002"), ["203.0.113.9"]);
}

#[test]
fn the_other_cases_from_public_reports() {
    let audit = of("bugs/image-volume.yaml");
    let place = open(&audit, "DP-IMG-003")[0].place.clone().unwrap();
    assert_eq!(place.path, "services.a.volumes.0.source");
    assert_eq!(audit.quick_check[1].status, veritee_model::FindingStatus::Fail);
    for name in ["bugs/launch-token-manifest-2.json", "bugs/launch-token-short.json"] {
        assert_eq!(severities(&of(name), "DP-ENV-018"), [Severity::Medium], "{name}");
        assert!(passes(&of(name), "DP-ENV-018").is_empty());
    }
    let audit = of("bugs/root-access-without-manifest.yaml");
    assert!(open(&audit, "DP-ENV-009")[0].assumed, "{}", listing(&audit));
    assert_eq!(exit(&of("bugs/compose-gpus.yaml"), Severity::High), 0);
}

fn allowed(name: &str, rule: &str, place: &str, value: Option<&str>) -> Audit {
    let allow = Allow {
        rule: rule.to_owned(),
        reason: "seen".to_owned(),
        expires: None,
        place: Some(place.to_owned()),
        value: value.map(str::to_owned),
    };
    audit(&read(name), &Context { allows: vec![allow], ..Context::default() })
}

#[test]
fn an_allowance_covers_what_its_writer_saw_and_nothing_beside_it() {
    let audit = allowed("bugs/allow-prefix.yaml", "DP-URL-004", "services.a.environment.1", None);
    let left = audit.of("DP-URL-004").filter(|finding| finding.allowed.is_none()).count();
    assert_eq!((left, exit(&audit, Severity::Medium)), (2, 12), "{}", listing(&audit));
    let audit = allowed("bugs/first-device-only.yaml", "DP-CMP-002", "services.a.devices.0", None);
    let left = audit.of("DP-CMP-002").filter(|finding| finding.allowed.is_none()).count();
    assert_eq!((left, exit(&audit, Severity::Medium)), (2, 12), "{}", listing(&audit));
}

#[test]
fn an_allowance_that_holds_a_value_lapses_when_it_changes() {
    let device = "/dev/tdx_guest:/dev/tdx_guest";
    let outcome = |value: &str| {
        let audit =
            allowed("bugs/first-device-only.yaml", "DP-CMP-002", "services.a.devices[0]", Some(value));
        (audit.of("DP-CMP-002").filter(|finding| finding.allowed.is_some()).count(), audit.allows[0])
    };
    assert_eq!(outcome(device), (1, veritee_audit::AllowOutcome::Applied));
    let hash = format!("sha256:{}", veritee_model::Sha256Digest::of(device.as_bytes()));
    assert_eq!(outcome(&hash).0, 1);
    assert_eq!(outcome("/dev/mem:/dev/mem"), (0, veritee_audit::AllowOutcome::Changed));
}

#[test]
fn a_service_whose_name_holds_the_allowed_text_is_not_covered() {
    let pin = "a".repeat(64);
    let compose = format!(
        "services:\n  api:\n    image: x/a@sha256:{pin}\n    privileged: true\n  api.evil:\n    image: x/a@sha256:{pin}\n    privileged: true\n  zz.services.api:\n    image: x/a@sha256:{pin}\n    privileged: true\n"
    );
    let allow = Allow {
        rule: "DP-CMP-002".to_owned(),
        reason: "seen".to_owned(),
        expires: None,
        place: Some("services.api".to_owned()),
        value: None,
    };
    let context = Context { allows: vec![allow], ..Context::default() };
    let audit = audit(&deployment(&app_compose(&compose, &[])), &context);
    let left: Vec<&str> = audit
        .of("DP-CMP-002")
        .filter(|finding| finding.allowed.is_none())
        .filter_map(|finding| finding.title.rsplit(": ").next())
        .collect();
    assert_eq!(left, ["api.evil", "zz.services.api"]);
}

#[test]
fn one_answered_place_of_several_leaves_the_others_open() {
    let pin = "a".repeat(64);
    let compose = format!(
        "services:\n  app:\n    image: x/a@sha256:{pin}\n    environment:\n      - QUILL=${{QUILL}}\n      - PLUME=${{PLUME}}\n"
    );
    let raw = app_compose(&compose, &["QUILL", "PLUME"]);
    let answer = |index: u8| Allow {
        rule: "DP-ENV-021".to_owned(),
        reason: format!("seen {index}"),
        expires: None,
        place: Some(format!("services.app.environment.{index}")),
        value: None,
    };
    let judge = |allows: Vec<Allow>| {
        let audit = audit(&deployment(&raw), &Context { allows, ..Context::default() });
        exit(&audit, Severity::High)
    };
    assert_eq!(judge(vec![]), 13);
    assert_eq!(judge(vec![answer(0)]), 13);
    assert_eq!(judge(vec![answer(0), answer(1)]), 0);
}

#[test]
fn whatever_the_audit_finds_anew_is_power_that_grew() {
    let before = read("diff/before.json");
    for name in [
        "bash", "cgroup", "cmd", "dns", "envfile", "extra", "healthc", "init", "kp_local", "kp_none",
        "logging", "post", "proxy", "runtime", "script",
    ] {
        let after = read(&format!("diff/after-{name}.json"));
        let grown = diff(&before, &after);
        assert!(!grown.grew().is_empty(), "{name}: {grown:#?}");
        let back = diff(&after, &before);
        assert!(back.grew().is_empty(), "{name}, backwards: {back:#?}");
        assert!(back.changes.iter().any(|change| matches!(change.power, Power::Shrank(_))), "{name}");
    }
    assert!(diff(&before, &before).changes.is_empty());
}
