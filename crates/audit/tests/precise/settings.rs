//! Names, values, stores and networks: what a setting opens, and where it arrives.

use super::*;

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
        ("QUEUE_DEPTH", &[], &["ENV-021 low", "ENV-020 low"]),
        // A number, as far as anybody can tell: no image, no queue, no secret. A word that is not known to be harmless
        // keeps it a question.
        ("ACP_CONCURRENCY_IMAGE", &["ENV-021 high"], &["ENV-014 low"]),
        ("ACP_QUEUE_DEPTH", &["ENV-021 high"], &["ENV-020 low"]),
        ("X_FETCH_CEILING_PER_HOUR", &["ENV-021 high"], &[]),
        ("X_SECRET_READ_CEILING_PER_HOUR", &["ENV-021 high"], &["ENV-008 low"]),
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
