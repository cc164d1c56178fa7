//! What is said of a document is about what stands there: each kind of false alarm beside its twin that is none, and
//! each kind of silence beside what has to be said.
//!
//! The documents are made for this purpose, after kinds that were met in public ones.
#![allow(missing_docs)]

mod common;

use common::*;
use veritee_audit::Audit;
use veritee_model::{FindingStatus, Severity};

const DIGEST: &str = "@sha256:abababababababababababababababababababababababababababababababab";

/// A name for people, the compose file (`@D` is a digest), the allowed names, `RULE severity` at the least, and
/// `RULE severity` that is too much.
type Row =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn of(compose: &str, allowed: &[&str]) -> Audit {
    unattested(&app_compose(&compose.replace("@D", DIGEST), allowed))
}

fn severity(word: &str) -> Severity {
    match word {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        other => panic!("{other}"),
    }
}

fn holds(audit: &Audit, wanted: &str) -> bool {
    let (rule, word) = wanted.split_once(' ').expect("a rule and a severity");
    severities(audit, &format!("DP-{rule}")).iter().any(|found| *found >= severity(word))
}

#[track_caller]
fn run(rows: &[Row]) {
    let mut faults = Vec::new();
    for (name, compose, allowed, must, never) in rows {
        let audit = of(compose, allowed);
        let missing = must.iter().filter(|wanted| !holds(&audit, wanted));
        let wrong = never.iter().filter(|wanted| holds(&audit, wanted));
        let bad: Vec<_> = missing.chain(wrong).collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

const APP: &str = "services:\n  app:\n    image: example/app@D\n    environment:\n";

fn with(entries: &str) -> String {
    let lines: String = entries.split_whitespace().map(|name| format!("      - {name}\n")).collect();
    format!("{APP}{lines}")
}

/// Variables that an application takes under its own names: what has to be said of each, and what not.
#[test]
fn what_is_reached_and_what_of_it_is_meant_are_two_things() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("POSTGRES_DB", &["ENV-020 medium"], &["ENV-003 low"]),
        ("MYSQL_DATABASE", &["ENV-020 medium"], &["ENV-003 low"]),
        ("SMTP_FROM", &["ENV-020 low"], &["ENV-003 low", "ENV-020 medium"]),
        ("WEBHOOK_HMAC_MASTER", &["ENV-006 high"], &["ENV-003 low"]),
        ("WEBHOOK_HMAC_MASTER_PREV", &["ENV-006 high"], &["ENV-003 low"]),
        ("BROKER_WEBFORM_AUTOMATION", &["ENV-021 high"], &["ENV-003 low"]),
        ("GATEWAY_REPO_COMMIT", &["CMP-021 high"], &["ENV-003 low"]),
        // The twins: the same words where they say where something is.
        ("POSTGRES_PRIMARY", &["ENV-003 high"], &[]),
        ("REDIS_MASTER_HOST", &["ENV-002 high"], &[]),
        ("SMTP", &["ENV-003 high"], &[]),
        ("WEBHOOK", &["ENV-002 high"], &[]),
        ("WEBHOOK_FROM_URL", &["ENV-002 high"], &[]),
        ("BROKER_PRIMARY", &["ENV-003 high"], &[]),
        ("GATEWAY", &["ENV-003 high"], &[]),
    ];
    names(table);
}

#[test]
fn whoever_is_expressly_not_root_is_not_root() {
    names(&[
        ("POSTGRES_NON_ROOT_PASSWORD", &["ENV-008 medium"], &["ENV-009 low", "ENV-007 low"]),
        ("POSTGRES_NON_ROOT_USER", &["ENV-008 low"], &["ENV-022 low", "ENV-008 medium", "ENV-003 low"]),
        ("NON_ROOT_PASSWORD", &[], &["ENV-009 low", "ENV-007 low"]),
        ("MYSQL_ROOT_PASSWORD", &["ENV-007 high"], &["ENV-009 low"]),
        ("ROOT_PASSWORD", &["ENV-009 high"], &[]),
        ("CONTAINER_ROOT_PASSWORD", &["ENV-009 high"], &[]),
        ("ROOT_USER_EMAIL", &["ENV-022 high"], &[]),
    ]);
}

#[test]
fn a_number_is_a_number_whatever_it_counts() {
    names(&[
        ("ACP_CONCURRENCY_IMAGE", &[], &["ENV-021 low", "ENV-014 low"]),
        ("ACP_QUEUE_DEPTH", &[], &["ENV-021 low", "ENV-020 low"]),
        ("X_FETCH_CEILING_PER_HOUR", &[], &["ENV-021 low"]),
        ("X_SECRET_READ_CEILING_PER_HOUR", &[], &["ENV-021 low", "ENV-008 low"]),
        // A number on which money or trust hangs stays a question.
        ("WITHDRAWAL_CEILING_PER_DAY", &["ENV-021 high"], &[]),
        ("QUEUE", &["ENV-020 medium"], &[]),
        ("WORKER_IMAGE", &["ENV-021 high"], &[]),
        ("SECRET_READ", &["ENV-008 medium"], &[]),
    ]);
}

#[test]
fn a_contact_is_no_place_that_results_go_to() {
    names(&[
        ("CERTBOT_EMAIL", &["ENV-020 low"], &["ENV-020 medium"]),
        ("CERT_ISSUANCE_EMAIL", &["ENV-020 low"], &["ENV-020 medium"]),
        ("SYSTEM_FROM_EMAIL", &["ENV-020 low"], &["ENV-020 medium"]),
        ("REPORT_EMAIL", &["ENV-020 medium"], &[]),
        ("SENDGRID_FROM_EMAIL", &["ENV-020 medium"], &[]),
        ("EXPORT_BUCKET", &["ENV-020 medium"], &[]),
    ]);
}

#[test]
fn a_secret_of_the_application_itself_is_no_account_at_a_third_party() {
    names(&[
        ("SINK_READ_SECRET", &["ENV-006 high"], &["ENV-008 low"]),
        ("LEDGER_SERVICE_SECRET", &["ENV-006 high"], &["ENV-008 low"]),
        ("AGENT_KEY", &["ENV-006 high"], &["ENV-008 low"]),
        ("TEE_ENCLAVE_KEY", &["ENV-006 high"], &["ENV-008 low"]),
        ("CONNECTOR_CREDENTIAL_MASTER", &["ENV-006 high"], &["ENV-008 low"]),
        ("TOKEN", &["ENV-007 high"], &["ENV-008 low"]),
        ("K3S_TOKEN", &["ENV-007 high"], &["ENV-008 low"]),
        ("RUNNERS_AUTH_TOKEN", &["ENV-007 high"], &["ENV-008 low"]),
        // Somebody else gave these out.
        ("AGENT_API_KEY", &["ENV-008 medium"], &["ENV-006 low"]),
        ("GITHUB_RUNNER_TOKEN", &["ENV-008 medium"], &["ENV-007 low"]),
        ("SUPABASE_SERVICE_KEY", &["ENV-008 medium"], &["ENV-006 low"]),
        ("OAUTH_CLIENT_SECRET", &["ENV-008 medium"], &["ENV-006 low"]),
    ]);
}

#[track_caller]
fn names(table: &[(&str, &[&str], &[&str])]) {
    let mut faults = Vec::new();
    for (name, must, never) in table {
        let audit = of(&with(name), &[name]);
        let missing = must.iter().filter(|wanted| !holds(&audit, wanted));
        let wrong = never.iter().filter(|wanted| holds(&audit, wanted));
        let bad: Vec<_> = missing.chain(wrong).collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn a_password_that_only_the_machine_can_use_is_told_low() {
    run(&[
        (
            "a store that nothing leads to",
            "services:\n  db:\n    image: postgres@D\n    environment:\n      POSTGRES_PASSWORD: postgres\n  app:\n    image: example/app@D\n    environment:\n      DB_HOST: db\n      DB_PASSWORD: postgres\n",
            &[],
            &["CMP-015 low"],
            &["CMP-015 medium"],
        ),
        (
            "its port is published",
            "services:\n  db:\n    image: postgres@D\n    ports: ['5432:5432']\n    environment:\n      POSTGRES_PASSWORD: postgres\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "on the loopback interface only",
            "services:\n  db:\n    image: postgres@D\n    ports: ['127.0.0.1:5432:5432']\n    environment:\n      POSTGRES_PASSWORD: postgres\n",
            &[],
            &["CMP-015 low"],
            &["CMP-015 medium"],
        ),
        (
            "on the machine's network",
            "services:\n  db:\n    image: postgres@D\n    network_mode: host\n    environment:\n      POSTGRES_PASSWORD: postgres\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "another service passes its port on",
            "services:\n  db:\n    image: postgres@D\n    environment:\n      POSTGRES_PASSWORD: postgres\n  pass:\n    image: example/pass@D\n    ports: ['5432:5432']\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "a console speaks to it",
            "services:\n  db:\n    image: postgres@D\n    environment:\n      POSTGRES_PASSWORD: postgres\n  see:\n    image: adminer@D\n    ports: ['8080:8080']\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "the store is somebody else's",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      DB_HOST: db.acme.com\n      DB_PASSWORD: postgres\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "where the store is stands nowhere",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      DB_PASSWORD: postgres\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "whoever deploys knows it, and cannot reach it",
            "services:\n  db:\n    image: postgres@D\n    environment:\n      - POSTGRES_PASSWORD=${POSTGRES_PASSWORD}\n",
            &["POSTGRES_PASSWORD"],
            &["ENV-007 low"],
            &["ENV-007 medium", "ENV-008 low", "ENV-003 low"],
        ),
        (
            "whoever deploys knows it, and can",
            "services:\n  db:\n    image: postgres@D\n    ports: ['5432:5432']\n    environment:\n      - POSTGRES_PASSWORD=${POSTGRES_PASSWORD}\n",
            &["POSTGRES_PASSWORD"],
            &["ENV-007 high"],
            &["ENV-008 low"],
        ),
    ]);
}

#[test]
fn a_name_of_an_account_or_a_cluster_is_no_secret() {
    run(&[
        (
            "half of a pair",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      STORE_ACCESS_KEY: server\n      STORE_SECRET: ${X}\n",
            &[],
            &[],
            &["CMP-015 low"],
        ),
        (
            "alone",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      STORE_ACCESS_KEY: k3d9a0f2\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
        (
            "the label of a cluster",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      ETCD_INITIAL_CLUSTER_TOKEN: my-cluster\n",
            &[],
            &[],
            &["CMP-015 low"],
        ),
        (
            "a token that lets into one",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      CLUSTER_TOKEN: k3d9a0f2\n",
            &[],
            &["CMP-015 high"],
            &[],
        ),
    ]);
}

#[test]
fn what_stands_behind_the_open_part_of_a_path_stays() {
    run(&[
        (
            "no socket ends so",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['${ROOT}/data:/data']\n",
            &["ROOT"],
            &["CMP-003 critical"],
            &["CMP-001 low", "ENV-012 low"],
        ),
        (
            "the socket's own name",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['${ROOT}/docker.sock:/data']\n",
            &["ROOT"],
            &["CMP-001 high"],
            &["ENV-012 low"],
        ),
        (
            "a folder above it",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['${ROOT}/run:/data']\n",
            &["ROOT"],
            &["CMP-001 high"],
            &[],
        ),
        (
            "a folder above the variables",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['${ROOT}/.host-shared:/data']\n",
            &["ROOT"],
            &["ENV-012 high"],
            &[],
        ),
        (
            "a step up",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['${ROOT}/data/..:/data']\n",
            &["ROOT"],
            &["CMP-001 high", "ENV-012 high"],
            &[],
        ),
        (
            "nothing stays",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['/srv/${ROOT}:/data']\n",
            &["ROOT"],
            &["CMP-001 high", "ENV-012 high"],
            &[],
        ),
    ]);
}

#[test]
fn dockers_own_networks_lead_nowhere_else() {
    run(&[
        (
            "the default driver, private addresses",
            "services:\n  app:\n    image: example/app@D\nnetworks:\n  n:\n    ipam:\n      driver: default\n      config:\n        - subnet: 172.25.0.0/16\n          gateway: 172.25.0.1\n",
            &[],
            &[],
            &["URL-006 low"],
        ),
        (
            "public addresses",
            "services:\n  app:\n    image: example/app@D\nnetworks:\n  n:\n    ipam:\n      config:\n        - subnet: 17.100.0.0/16\n",
            &[],
            &["URL-006 medium"],
            &[],
        ),
        (
            "the host's address",
            "services:\n  app:\n    image: example/app@D\nnetworks:\n  n:\n    ipam:\n      config:\n        - subnet: 10.0.2.0/24\n",
            &[],
            &["URL-006 medium"],
            &[],
        ),
        (
            "another driver",
            "services:\n  app:\n    image: example/app@D\nnetworks:\n  n:\n    ipam:\n      driver: acme\n",
            &[],
            &["URL-006 medium"],
            &[],
        ),
        (
            "a host name answers nobody else",
            "services:\n  app:\n    image: example/app@D\n    hostname: app.example.com\n",
            &[],
            &["URL-006 low"],
            &["URL-006 medium"],
        ),
        (
            "a container's name does",
            "services:\n  app:\n    image: example/app@D\n    container_name: app.example.com\n",
            &[],
            &["URL-006 medium"],
            &[],
        ),
    ]);
}

#[test]
fn what_the_application_itself_is_called_is_no_destination() {
    run(&[
        (
            "the name that the ingress answers for",
            "services:\n  i:\n    image: dstacktee/dstack-ingress@D\n    environment:\n      DOMAIN: app.acme.com\n  app:\n    image: example/app@D\n    environment:\n      REDIRECT_URI: https://app.acme.com/back\n",
            &[],
            &["URL-002 low"],
            &["URL-002 medium"],
        ),
        (
            "another name than the ingress's",
            "services:\n  i:\n    image: dstacktee/dstack-ingress@D\n    environment:\n      DOMAIN: app.acme.com\n  app:\n    image: example/app@D\n    environment:\n      REDIRECT_URI: https://other.acme.com/back\n",
            &[],
            &["URL-002 medium"],
            &[],
        ),
        (
            "a domain without an ingress",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      DOMAIN: app.acme.com\n",
            &[],
            &["URL-002 medium"],
            &[],
        ),
        (
            "the service's own private address",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      - NODE_IP=10.88.0.11\n",
            &[],
            &["URL-002 low"],
            &["URL-002 medium"],
        ),
        (
            "the host's address under that name",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      - NODE_IP=10.0.2.2\n",
            &[],
            &["URL-002 medium"],
            &[],
        ),
        (
            "an address outside under that name",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      - NODE_IP=17.5.5.5\n",
            &[],
            &["URL-002 medium"],
            &[],
        ),
        (
            "an identifier",
            "services:\n  app:\n    image: example/app@D\n    environment:\n      - GOOGLE_SCOPES=openid https://www.googleapis.com/auth/gmail.metadata\n",
            &[],
            &["URL-002 low"],
            &["URL-002 medium"],
        ),
    ]);
}

#[test]
fn a_server_that_speaks_a_companys_protocol_does_not_lean_on_it() {
    run(&[
        ("its own server", "services:\n  v:\n    image: vllm/vllm-openai@D\n", &[], &[], &["CEN-001 low"]),
        ("a client", "services:\n  v:\n    image: acme/openai-client@D\n", &[], &["CEN-001 medium"], &[]),
        (
            "its own server, and a key",
            "services:\n  v:\n    image: vllm/vllm-openai@D\n    environment: ['OPENAI_API_KEY=x']\n",
            &[],
            &["CEN-001 medium"],
            &[],
        ),
        (
            "datagrams",
            "services:\n  v:\n    image: a/b@D\n    ports: ['53:53/udp']\n",
            &[],
            &[],
            &["CFG-009 low"],
        ),
        (
            "streams",
            "services:\n  v:\n    image: a/b@D\n    ports: ['53:53/tcp']\n",
            &[],
            &["CFG-009 medium"],
            &[],
        ),
    ]);
}

fn built(lines: &[&str]) -> String {
    let text: String = lines.iter().map(|line| format!("        {line}\n")).collect();
    format!("services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n{text}")
}

#[test]
fn what_a_dockerfile_of_the_document_starts_counts_as_a_command_does() {
    let table: &[(&str, &[&str], &[&str], &[&str])] = &[
        (
            "a login",
            &["FROM ubuntu@D", "RUN apt-get install -y openssh-server", "CMD [\"/usr/sbin/sshd\", \"-D\"]"],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a login that is only installed",
            &["FROM ubuntu@D", "RUN apk add dropbear", "CMD /app"],
            &["CMP-007 high"],
            &["CMP-007 critical"],
        ),
        (
            "started as a service",
            &["FROM ubuntu@D", "CMD service ssh start && /app"],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a client",
            &["FROM ubuntu@D", "RUN apt-get install -y openssh-client", "CMD /app"],
            &[],
            &["CMP-007 low"],
        ),
        (
            "an earlier stage",
            &["FROM ubuntu@D AS one", "RUN apt-get install -y openssh-server", "FROM ubuntu@D", "CMD /app"],
            &[],
            &["CMP-007 low"],
        ),
        (
            "an onion service",
            &["FROM debian@D", "RUN apt-get install -y tor", "CMD tor -f /etc/tor/torrc"],
            &["NET-002 high"],
            &[],
        ),
        (
            "a private network",
            &["FROM debian@D", "RUN apk add wireguard-tools", "CMD wg-quick up wg0"],
            &["NET-002 high"],
            &[],
        ),
        (
            "neither",
            &["FROM debian@D", "RUN apt-get install -y curl", "CMD /app"],
            &[],
            &["NET-002 low", "CMP-007 low"],
        ),
    ];
    let mut faults = Vec::new();
    for (name, lines, must, never) in table {
        let audit = of(&built(lines), &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_lines_of_a_here_document_are_no_instructions() {
    let lines = [
        "FROM node@D",
        "RUN npm init -y && npm install viem",
        "RUN cat > index.mjs <<'SCRIPT'",
        "import { createServer } from \"http\"",
        "FROM nothing",
        "SCRIPT",
        "CMD [\"/usr/sbin/sshd\"]",
    ];
    let audit = of(&built(&lines), &[]);
    let unread = open(&audit, "DP-SRC-001").iter().any(|finding| finding.evidence.contains("instruction"));
    assert!(!unread, "{}", listing(&audit));
    // What stands behind it is judged, and so is what stands before.
    assert!(holds(&audit, "CMP-007 critical"), "{}", listing(&audit));
    assert!(holds(&audit, "SRC-006 low"), "{}", listing(&audit));
    // Without its end there is no document: the file stays unread.
    let audit = of(&built(&["FROM node@D", "RUN true", "import x"]), &[]);
    assert!(
        open(&audit, "DP-SRC-001").iter().any(|finding| finding.status != FindingStatus::Pass),
        "{}",
        listing(&audit)
    );
}

#[test]
fn a_desktop_or_a_tunnel_is_known_by_its_settings_under_any_image() {
    let app = |rest: &str| format!("services:\n  app:\n    image: example/app@D\n{rest}");
    let table: &[(&str, String, &[&str], &[&str])] = &[
        (
            "variables",
            app("    environment:\n      NEKO_MEMBER_PROVIDER: multiuser\n"),
            &["CMP-007 critical"],
            &[],
        ),
        ("its way through a browser", app("    ports: ['6080:6080']\n"), &["CMP-007 critical"], &[]),
        (
            "a program",
            app("    command: [websockify, '8000', 'localhost:5900']\n"),
            &["CMP-007 critical"],
            &[],
        ),
        (
            "the image",
            "services:\n  d:\n    image: acme/agent-desktop@D\n".to_owned(),
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a desktop's neighbour",
            app("    environment:\n      DESKTOP_URL: http://a.acme.com\n"),
            &[],
            &["CMP-007 low"],
        ),
        (
            "the port of a network",
            app("    ports: ['51820:51820/udp']\n    cap_add: [NET_ADMIN]\n"),
            &["NET-002 high"],
            &[],
        ),
        ("the same number, streams", app("    ports: ['51820:51820']\n"), &[], &["NET-002 low"]),
        ("its folder", app("    volumes: ['./config:/etc/wireguard:ro']\n"), &["NET-002 high"], &[]),
        ("its key", app("    environment: ['WIREGUARD_PRIVATE_KEY=${X}']\n"), &["NET-002 high"], &[]),
        (
            "its image",
            "services:\n  v:\n    image: lscr.io/linuxserver/wireguard@D\n".to_owned(),
            &["NET-002 high"],
            &[],
        ),
        ("another folder", app("    volumes: ['./config:/etc/wireguards:ro']\n"), &[], &["NET-002 low"]),
    ];
    let mut faults = Vec::new();
    for (name, compose, must, never) in table {
        let audit = of(compose, &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_agents_socket_is_grave_wherever_the_code_is_not_fixed() {
    const SOCKET: &str = "    volumes: ['/var/run/dstack.sock:/var/run/dstack.sock']\n";
    let built = format!("services:\n  app:\n    build: .\n{SOCKET}");
    let pinned = format!("services:\n  app:\n    image: example/app@D\n{SOCKET}");
    let launched = |commit: &str| {
        format!(
            "services:\n  app:\n    image: acme/launcher@D\n    command: [/c]\n    configs:\n      - source: pin\n        target: /c\n{SOCKET}configs:\n  pin:\n    content: |\n      REPO_URL=https://github.com/o/r.git\n      COMMIT_SHA={commit}\n"
        )
    };
    let fixed = "ab".repeat(20);
    assert!(holds(&of(&built, &[]), "CMP-005 high"), "{}", listing(&of(&built, &[])));
    assert!(
        holds(&of(&launched("${X}"), &["X"]), "CMP-005 high"),
        "{}",
        listing(&of(&launched("${X}"), &["X"]))
    );
    for compose in [pinned, launched(&fixed)] {
        assert!(!holds(&of(&compose, &[]), "CMP-005 low"), "{}", listing(&of(&compose, &[])));
    }
}

#[test]
fn development_and_open_doors_in_a_command_line() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("[npm, run, 'start:dev']", &["CMP-019 medium"], &[]),
        ("npm run dev", &["CMP-019 medium"], &[]),
        ("[sh, -c, 'cd /app && exec nodemon x.js']", &["CMP-019 medium"], &[]),
        ("[next, dev]", &["CMP-019 medium"], &[]),
        ("npm run start", &[], &["CMP-019 low"]),
        ("[npm, run, device]", &[], &["CMP-019 low"]),
        ("[serve, /dev/shm]", &[], &["CMP-019 low"]),
        ("['--insecure-registry=reg:5000']", &["URL-008 high"], &[]),
        ("[dockerd, '--tls=false']", &["URL-008 high"], &[]),
        ("[dockerd, '--tls=true']", &[], &["URL-008 low"]),
        ("[serve, '--insecure-skip-tls-verify=false']", &[], &["URL-008 low"]),
    ];
    let mut faults = Vec::new();
    for (command, must, never) in table {
        let audit =
            of(&format!("services:\n  app:\n    image: example/app@D\n    command: {command}\n"), &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{command}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    run(&[
        (
            "emptied",
            "services:\n  d:\n    image: a/b@D\n    environment:\n      DOCKER_TLS_CERTDIR: ''\n",
            &[],
            &["URL-008 high"],
            &[],
        ),
        (
            "set",
            "services:\n  d:\n    image: a/b@D\n    environment:\n      DOCKER_TLS_CERTDIR: /certs\n",
            &[],
            &[],
            &["URL-008 low"],
        ),
        ("a tag that moves", "services:\n  d:\n    image: a/b:ingress-latest\n", &[], &["IMG-003 high"], &[]),
        (
            "a night",
            "services:\n  d:\n    image: a/b:nightly-20240101\n",
            &[],
            &["IMG-002 high"],
            &["IMG-003 low"],
        ),
    ]);
}

#[test]
fn what_a_script_reveals_and_where_it_writes() {
    let scripted = |script: &str, allowed: &[&str]| {
        let compose = format!("services:\n  app:\n    image: example/app{DIGEST}\n");
        let more = serde_json::json!({ "pre_launch_script": format!("#!/bin/bash\n{script}") });
        unattested(&app_compose_with(&compose, allowed, more))
    };
    let table: &[(&str, &[&str], &[&str])] = &[
        ("V=$(printf %s \"$X_ENC\" | base64 -d)\necho \"was: '$V'\"\n", &["SCR-009 high"], &[]),
        (
            "DECRYPTED_VALUE=$(docker run --rm -e E=\"$X_ENC\" alpine cat)\necho \"was: '$DECRYPTED_VALUE'\"\n",
            &["SCR-009 high"],
            &[],
        ),
        (
            "V=$(printf %s \"$X_ENC\" | base64 -d)\necho \"$V\" | docker login --password-stdin\n",
            &[],
            &["SCR-009 low"],
        ),
        ("V=$(printf %s \"$X_ENC\" | wc -c)\necho \"length $V\"\n", &[], &["SCR-009 low"]),
        (
            "DIR=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\nF=\"$DIR/.env\"\ncat > \"$F\" <<EOF\nA=1\nEOF\n",
            &["SCR-004 critical"],
            &[],
        ),
        ("F=\"$DIR/notes.txt\"\ncat > \"$F\" <<EOF\nA=1\nEOF\n", &[], &["SCR-004 low"]),
    ];
    let mut faults = Vec::new();
    for (script, must, never) in table {
        let audit = scripted(script, &["X_ENC"]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{script}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn program_text_and_models_from_elsewhere_are_said() {
    run(&[
        (
            "sources beside the document",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['./src:/app/src']\n",
            &[],
            &["CMP-008 high"],
            &[],
        ),
        (
            "a script that the database runs",
            "services:\n  db:\n    image: postgres@D\n    volumes: ['./init.sh:/docker-entrypoint-initdb.d/init.sh']\n",
            &[],
            &["CMP-008 high"],
            &[],
        ),
        (
            "data",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['./data:/app/data', 'src:/app/src']\n",
            &[],
            &[],
            &["CMP-008 low"],
        ),
        (
            "a model by name",
            "services:\n  v:\n    image: example/app@D\n    command: --model Qwen/Qwen2.5-1.5B-Instruct --host 0.0.0.0\n",
            &[],
            &["CMP-006 medium"],
            &["CMP-006 high"],
        ),
        (
            "a model of the image",
            "services:\n  v:\n    image: example/app@D\n    command: --model /models/qwen --host 0.0.0.0\n",
            &[],
            &[],
            &["CMP-006 low"],
        ),
        (
            "a model at a commit",
            "services:\n  v:\n    image: example/app@D\n    command: --model Qwen/Qwen2.5 --revision abababababababababababababababababababab\n",
            &[],
            &[],
            &["CMP-006 low"],
        ),
    ]);
}

#[test]
fn a_part_that_only_works_off_a_queue_is_no_console() {
    run(&[
        (
            "the worker",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: worker\n",
            &[],
            &[],
            &["CMP-007 low"],
        ),
        ("the editor", "services:\n  w:\n    image: n8nio/n8n@D\n", &[], &["CMP-007 critical"], &[]),
        (
            "the worker with a port",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: worker\n    ports: ['5678:5678']\n",
            &[],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a command that somebody chooses",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: 'worker ${X}'\n",
            &["X"],
            &["CMP-007 critical"],
            &[],
        ),
    ]);
}
