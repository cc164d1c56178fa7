//! Powers that literal settings and scripts give, each beside a twin that gives none: a row is the rule, where the text
//! stands, the text, and what takes its place in the twin.
#![allow(missing_docs)]

mod common;

use common::*;
use veritee_model::{FindingStatus, Severity};

/// What stands in the twin instead.
struct Row(&'static str, Carrier, &'static str, &'static str);

#[derive(Clone, Copy)]
enum Carrier {
    /// `NAME: value` in the environment.
    Variable,
    /// A list of words that is the command.
    Command,
    /// A configuration file.
    File,
    /// A key of the service.
    Key,
    Init,
    PreLaunch,
}
use Carrier::{Command, File, Init, Key, PreLaunch, Variable};

fn document(carrier: Carrier, text: &str) -> Vec<u8> {
    let image = format!("image: ghcr.io/acme/app@sha256:{}", "3f".repeat(32));
    let head = format!("services:\n  app:\n    {image}\n");
    let tail = "volumes: {data: {}, inbox: {}}\n";
    match carrier {
        Variable => app_compose(&format!("{head}    environment: {{{text}}}\n{tail}"), &[]),
        Command => app_compose(&format!("{head}    command: [{text}]\n{tail}"), &[]),
        Key => app_compose(&format!("{head}    {text}\n{tail}"), &[]),
        File => {
            let text = text.replace('$', "$$").replace('\n', "\n      ");
            let mount = "    configs: [{source: f, target: /etc/f}]\n";
            app_compose(&format!("{head}{mount}{tail}configs:\n  f:\n    content: |\n      {text}\n"), &[])
        }
        Init => app_compose_with(&head, &["NOW", "NOTE"], serde_json::json!({ "init_script": text })),
        PreLaunch => {
            let text = format!("#!/bin/bash\n{text}\n");
            app_compose_with(
                &head,
                &["TZ", "WORKERS", "EXTRA"],
                serde_json::json!({ "pre_launch_script": text }),
            )
        }
    }
}

/// Rules that speak at medium or above, apart from what every script and every open environment gets.
fn said(raw: &[u8]) -> Vec<String> {
    const GENERAL: &[&str] =
        &["DP-ENV-018", "DP-CFG-009", "DP-CFG-001", "DP-META-009", "DP-SCR-001", "DP-SCR-002", "DP-CMP-020"];
    let audit = unattested(raw);
    let counted = audit.findings.iter().filter(|finding| {
        !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info)
            && finding.severity >= Severity::Medium
            && !GENERAL.contains(&finding.rule.as_str())
    });
    counted.map(|finding| format!("{} {} {}", finding.rule, finding.severity, finding.evidence)).collect()
}

#[track_caller]
fn all(rows: &[Row]) {
    let mut wrong = Vec::new();
    for Row(rule, carrier, text, twin) in rows {
        let lines = said(&document(*carrier, text));
        if !lines.iter().any(|line| line.starts_with(rule)) {
            wrong.push(format!("{rule} is not said of {text:?}, but {lines:#?}"));
        }
        let lines = said(&document(*carrier, twin));
        if lines.iter().any(|line| line.starts_with(rule)) {
            wrong.push(format!("of the twin {twin:?} is said {lines:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const CHECK: &str = "DP-CMP-019";
const DOOR: &str = "DP-CMP-007";
const FETCH: &str = "DP-CMP-006";
const LEAVES: &str = "DP-URL-007";
const TLS: &str = "DP-URL-008";
const GUEST: &str = "DP-SCR-021";

#[test]
fn whose_word_is_believed() {
    all(&[
        Row(CHECK, Command, "proxy, '--trusted-ip=0.0.0.0/0'", "proxy, '--trusted-ip=127.0.0.1'"),
        Row(CHECK, File, "set_real_ip_from 0.0.0.0/0;", "set_real_ip_from 127.0.0.1;"),
        Row(CHECK, File, "trusted_networks: ['::/0']", "trusted_networks: ['127.0.0.1/32']"),
        Row(CHECK, Variable, "X_ALLOWED_NETWORKS: 0.0.0.0/0", "X_ALLOWED_NETWORKS: 127.0.0.1/32"),
        Row(
            CHECK,
            Command,
            "'--entrypoints.web.forwardedHeaders.insecure=true'",
            "'--entrypoints.web.forwardedHeaders.insecure=false'",
        ),
        Row(CHECK, File, "acl own hdr_ip(X-Forwarded-For) 127.0.0.1", "acl own src 127.0.0.1"),
        Row(CHECK, Variable, "SESSION_COOKIE_DOMAIN: .example.com", "SESSION_COOKIE_DOMAIN: ''"),
    ]);
}

#[test]
fn nobody_is_asked_and_checks_that_fail_pass() {
    all(&[
        Row(CHECK, Command, "mysqld, --skip-grant-tables", "mysqld, --skip-name-resolve"),
        Row(CHECK, Command, "mongod, --transitionToAuth", "mongod, --auth"),
        Row(CHECK, Variable, "ZOO_CFG_EXTRA: skipACL=yes", "ZOO_CFG_EXTRA: skipACL=no"),
        Row(
            CHECK,
            Command,
            "mc, anonymous, set, download, local/users",
            "mc, anonymous, set, none, local/users",
        ),
        Row(
            CHECK,
            Command,
            "garage, bucket, website, --allow, users",
            "garage, bucket, website, --deny, users",
        ),
        Row(
            CHECK,
            Command,
            "s3api, put-bucket-acl, --acl, public-read",
            "s3api, put-bucket-acl, --acl, private",
        ),
        Row(CHECK, File, "rules:\n  - policy: bypass", "rules:\n  - policy: two_factor"),
        Row(
            CHECK,
            Variable,
            "SERVER_JVMFLAGS: -Dzookeeper.allowSaslFailedClients=true",
            "SERVER_JVMFLAGS: -Dzookeeper.allowSaslFailedClients=false",
        ),
        Row(CHECK, Variable, "X_CONFIG_BASICAUTH: 'false'", "X_CONFIG_BASICAUTH: 'true'"),
        Row(CHECK, File, "failure_mode_allow: true", "failure_mode_allow: false"),
        Row(CHECK, Variable, "POLICY_FAIL_OPEN: 'true'", "POLICY_FAIL_OPEN: 'false'"),
        Row(CHECK, File, "SecRuleEngine DetectionOnly", "SecRuleEngine On"),
        Row(CHECK, File, "seal \"awskms\" {\n  kms_key_id = \"k\"\n}", "seal \"shamir\" {\n}"),
        Row(
            CHECK,
            Variable,
            "SOPS_KMS_ARN: 'arn:aws:kms:eu-west-1:111122223333:key/ab12'",
            "SOPS_KMS_ARN: ''",
        ),
    ]);
}

#[test]
fn who_administers_reads_or_writes() {
    all(&[
        Row(
            CHECK,
            Variable,
            "X__security__DISABLE_GIT_HOOKS: 'false'",
            "X__security__DISABLE_GIT_HOOKS: 'true'",
        ),
        Row(
            CHECK,
            Variable,
            "WORDPRESS_CONFIG_EXTRA: \"define('DISALLOW_FILE_MODS', false);\"",
            "WORDPRESS_CONFIG_EXTRA: \"define('DISALLOW_FILE_MODS', true);\"",
        ),
        Row(CHECK, Variable, "ENABLE_ADMIN_EXPORT: 'true'", "ENABLE_ADMIN_EXPORT: 'false'"),
        Row(CHECK, Variable, "X_MESSAGEEXPORT_ENABLEEXPORT: 'true'", "X_MESSAGEEXPORT_ENABLEEXPORT: 'false'"),
        Row(
            CHECK,
            Variable,
            "X_PLUGINSETTINGS_ENABLEUPLOADS: 'true'",
            "X_PLUGINSETTINGS_ENABLEUPLOADS: 'false'",
        ),
        Row(CHECK, Variable, "X_DISABLE_SANITIZE_HTML: 'true'", "X_DISABLE_SANITIZE_HTML: 'false'"),
        Row(CHECK, Variable, "X_FEATURES: 'impersonation,exchange'", "X_FEATURES: passkeys"),
        Row(CHECK, File, "auth_master_user_separator = *", "auth_master_user_separator ="),
    ]);
}

#[test]
fn a_request_carries_code_or_governs() {
    all(&[
        Row(DOOR, File, "dont_blame_nrpe=1", "dont_blame_nrpe=0"),
        Row(DOOR, File, "accept_commands = true", "accept_commands = false"),
        Row(DOOR, Variable, "ZBX_ALLOWKEY: 'system.run[*]'", "ZBX_DENYKEY: 'system.run[*]'"),
        Row(
            DOOR,
            Variable,
            "PROPERTIES: 'web.submit.enable: true'",
            "PROPERTIES: 'web.submit.enable: false'",
        ),
        Row(
            DOOR,
            Variable,
            "VM_PARAMS: -Dx.scripts.allowCreation=true",
            "VM_PARAMS: -Dx.scripts.allowCreation=false",
        ),
        Row(DOOR, Variable, "X_INIT_REMOTE_MANAGEMENT: 'true'", "X_INIT_REMOTE_MANAGEMENT: 'false'"),
        Row(DOOR, File, "raw_storage_endpoint = true", "raw_storage_endpoint = false"),
        Row(DOOR, File, "zone x { allow-update { any; }; };", "zone x { allow-update { none; }; };"),
        Row(DOOR, File, "management 0.0.0.0 7505", "management 127.0.0.1 7505"),
        Row(
            DOOR,
            Command,
            "signer, '--key-manager-api-enabled=true'",
            "signer, '--key-manager-api-enabled=false'",
        ),
        Row(DOOR, Command, "vc, --http-allow-keystore-export", "vc, --disable-auto-discover"),
        Row(DOOR, Command, "turnserver, --allow-loopback-peers", "turnserver, --no-loopback-peers"),
        Row(DOOR, Variable, "XDEBUG_MODE: debug", "XDEBUG_MODE: 'off'"),
        Row(
            DOOR,
            Command,
            "socat, 'VSOCK-LISTEN:7000,fork', 'TCP:web:9000'",
            "socat, 'TCP-LISTEN:7000,fork', 'TCP:web:9000'",
        ),
        Row(DOOR, File, "location /e/ { alias /proc/self/; }", "location /e/ { alias /usr/share/html/; }"),
        Row(DOOR, File, "Alias /e /proc/self", "Alias /e /srv/www"),
        Row(
            DOOR,
            File,
            "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
            "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\nsocks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
        ),
        Row(DOOR, File, "HiddenServicePort 80 web:9000", "SocksPort 0"),
        Row(
            DOOR,
            Key,
            "ports: ['1:1']\n    command: [serve, '--validator-api-interface=0.0.0.0', '--validator-api-enabled=true']",
            "ports: ['1:1']\n    command: [serve, '--validator-api-interface=0.0.0.0', '--validator-api-enabled=false']",
        ),
        Row(
            DOOR,
            Key,
            "command: [rclone, serve, webdav, /data, --addr, '0.0.0.0:8080']\n    volumes: ['data:/data']",
            "command: [rclone, serve, webdav, /data, --addr, '127.0.0.1:8080']\n    volumes: ['data:/data']",
        ),
    ]);
}

#[test]
fn what_users_send_goes_to_the_log() {
    all(&[
        Row(CHECK, Command, "tcpdump, -Ai, any", "tcpdump, -qLi, any"),
        Row(CHECK, Command, "tshark, -Vi, any", "tshark, -Di, any"),
        Row(CHECK, Command, "mitmdump, --set, flow_detail=4", "mitmdump, --set, flow_detail=0"),
        Row(CHECK, Command, "mysqld, '--general-log=ON'", "mysqld, '--general-log=OFF'"),
        Row(CHECK, Variable, "AUDIT_LOG_LEVEL: REQUEST_RESPONSE", "AUDIT_LOG_LEVEL: NONE"),
        Row(CHECK, Variable, "GODEBUG: http2debug=2", "GODEBUG: madvdontneed=1"),
        Row(CHECK, Variable, "NODE_DEBUG: 'http,net,tls'", "NODE_DEBUG: none"),
        Row(
            CHECK,
            Variable,
            "LOGGING_LEVEL_CLIENT5_HTTP_WIRE: DEBUG",
            "LOGGING_LEVEL_CLIENT5_HTTP_WIRE: WARN",
        ),
    ]);
}

#[test]
fn certificates_host_keys_and_signatures_are_not_looked_at() {
    all(&[
        Row(
            TLS,
            Variable,
            "JAVA_TOOL_OPTIONS: -Djdk.internal.httpclient.disableHostnameVerification=true",
            "JAVA_TOOL_OPTIONS: -Djdk.internal.httpclient.disableHostnameVerification=false",
        ),
        Row(
            TLS,
            Variable,
            "JAVA_TOOL_OPTIONS: -Dcom.sun.jndi.ldap.object.disableEndpointIdentification=true",
            "JAVA_TOOL_OPTIONS: -Dcom.sun.jndi.ldap.object.disableEndpointIdentification=false",
        ),
        Row(TLS, Command, "chromium, --ignore-certificate-errors", "chromium, --hide-scrollbars"),
        Row(TLS, Variable, "LDAPTLS_REQCERT: never", "LDAPTLS_REQCERT: demand"),
        Row(
            TLS,
            File,
            "{\"pccs_url\":\"x\",\"use_secure_cert\":false}",
            "{\"pccs_url\":\"x\",\"use_secure_cert\":true}",
        ),
        Row(
            TLS,
            Variable,
            "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: ''",
            "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: https",
        ),
        Row(TLS, Variable, "CURL_CA_BUNDLE: ''", "CURL_CA_BUNDLE: /etc/ssl/certs/ca-certificates.crt"),
        Row(
            TLS,
            Variable,
            "DB: 'Server=db;Encrypt=true;TrustServerCertificate=true'",
            "DB: 'Server=db;Encrypt=true;TrustServerCertificate=false'",
        ),
        Row(TLS, File, "StrictHostKeyChecking no", "StrictHostKeyChecking yes"),
        Row(
            TLS,
            Command,
            "sftp, -o, StrictHostKeyChecking=no, vault",
            "sftp, -o, StrictHostKeyChecking=yes, vault",
        ),
        Row(
            TLS,
            Variable,
            "GIT_SSH_COMMAND: ssh -o StrictHostKeyChecking=no",
            "GIT_SSH_COMMAND: ssh -o StrictHostKeyChecking=yes",
        ),
        Row(
            TLS,
            Variable,
            "GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: http.sslVerify, GIT_CONFIG_VALUE_0: 'false'",
            "GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: http.sslVerify, GIT_CONFIG_VALUE_0: 'true'",
        ),
        Row(TLS, Variable, "GONOSUMDB: '*'", "GONOSUMDB: ''"),
        Row(TLS, File, "gpgcheck=0", "gpgcheck=1"),
        Row(
            CHECK,
            File,
            "{\"signatureVerification\":{\"level\":\"skip\"}}",
            "{\"signatureVerification\":{\"level\":\"strict\"}}",
        ),
        Row(
            CHECK,
            Variable,
            "JAVA_TOOL_OPTIONS: '-Djava.security.egd=file:/dev/zero'",
            "JAVA_TOOL_OPTIONS: '-Djava.security.egd=file:/dev/urandom'",
        ),
    ]);
}

#[test]
fn data_leaves_without_an_address() {
    all(&[
        Row(
            LEAVES,
            Variable,
            "EVENT_SINK: 'arn:aws:sqs:eu-west-1:111122223333:events'",
            "EVENT_SINK: memory",
        ),
        Row(LEAVES, Variable, "AWS_S3_BUCKET_NAME: ops-nightly", "BACKUP_ARCHIVE: /archive"),
        Row(LEAVES, Variable, "X_S3_CONFIG__BUCKET: ops-snap", "X_SNAPSHOTS_PATH: /snapshots"),
        Row(LEAVES, Variable, "RESTIC_REPOSITORY: 'b2:ops-app:data'", "RESTIC_REPOSITORY: /bak"),
        Row(LEAVES, Variable, "SNOWFLAKE_ACCOUNT: acme-eu1", "SNOWFLAKE_ACCOUNT: ''"),
        Row(LEAVES, Variable, "PUBSUB_TOPIC: events", "PUBSUB_TOPIC: ''"),
        Row(LEAVES, Variable, "MLFLOW_TRACKING_URI: databricks", "MLFLOW_TRACKING_URI: 'file:///mlruns'"),
        Row(LEAVES, Variable, "WANDB_MODE: online", "WANDB_MODE: offline"),
        Row(LEAVES, Variable, "LANGSMITH_TRACING: 'true'", "LANGSMITH_TRACING: 'false'"),
        Row(LEAVES, Variable, "CLEARML_OFFLINE_MODE: '0'", "CLEARML_OFFLINE_MODE: '1'"),
        Row(LEAVES, File, "success_callback: [\"langfuse\"]", "success_callback: []"),
        Row(LEAVES, Variable, "POSTFIX_always_bcc: archive@ops.example.net", "POSTFIX_always_bcc: ''"),
        Row(LEAVES, Variable, "MAIL_ALWAYS_TO: ops@example.net", "MAIL_ALWAYS_TO: ''"),
        Row(LEAVES, File, "redirect :copy \"ops@example.net\";", "keep;"),
        Row(LEAVES, Command, "croc, send, /data", "croc, --version, /data"),
        Row(
            LEAVES,
            Command,
            "postgres, -c, 'archive_command=rclone copyto %p vault:wal/%f'",
            "postgres, -c, 'archive_command=cp %p /wal/%f'",
        ),
        Row(LEAVES, Key, "logging: {driver: ops-shipper}", "logging: {driver: journald}"),
    ]);
}

#[test]
fn code_comes_at_the_start() {
    all(&[
        Row(FETCH, Variable, "DOCKER_MODS: 'acme/mods:tool'", "DOCKER_MODS: ''"),
        Row(FETCH, Variable, "AUTO_UPDATE: 'true'", "AUTO_UPDATE: 'false'"),
        Row(FETCH, Command, "sh, -c, 'yt-dlp -U; exec serve'", "sh, -c, 'yt-dlp --version; exec serve'"),
        Row(
            FETCH,
            Command,
            "sh, -c, 'php occ app:install x; exec serve'",
            "sh, -c, 'php occ app:enable x; exec serve'",
        ),
        Row(
            FETCH,
            Command,
            "sh, -c, 'nuclei -update-templates; exec scan'",
            "sh, -c, 'nuclei -version; exec scan'",
        ),
        Row(FETCH, Variable, "GTM_CONTAINER_ID: GTM-K4X2ABC", "GTM_CONTAINER_ID: ''"),
        Row(
            FETCH,
            File,
            "sub_filter '</body>' '<script src=\"//stats.example.net/t.js\"></script></body>';",
            "sub_filter '</body>' '<script src=\"/t.js\"></script></body>';",
        ),
    ]);
}

#[test]
fn a_hash_that_its_author_knows_the_password_of() {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for (text, twin) in [
        (format!("user sync on #{hash} ~* &* +@all"), format!("user sync off #{hash} ~* &* +@all")),
        (
            format!(
                "<users><s><password_sha256_hex>{hash}</password_sha256_hex><networks><ip>::/0</ip></networks></s></users>"
            ),
            format!(
                "<users><s><password_sha256_hex>{hash}</password_sha256_hex><networks><ip>::1</ip></networks></s></users>"
            ),
        ),
        (
            "{\"users\":[{\"name\":\"o\",\"password_hash\":\"abc\",\"tags\":[\"administrator\"]}]}"
                .to_owned(),
            "{\"users\":[{\"name\":\"o\",\"password_hash\":\"abc\",\"tags\":[]}]}".to_owned(),
        ),
    ] {
        let lines = said(&document(File, &text));
        assert!(lines.iter().any(|line| line.starts_with(CHECK)), "{text}: {lines:#?}");
        let lines = said(&document(File, &twin));
        assert!(!lines.iter().any(|line| line.starts_with(CHECK)), "{twin}: {lines:#?}");
    }
}

#[test]
fn a_stand_in_for_the_guest() {
    all(&[
        Row(
            CHECK,
            Variable,
            "DSTACK_AGENT_ENDPOINT: 'http://agent:8090'",
            "DSTACK_AGENT_ENDPOINT: /var/run/dstack.sock",
        ),
        Row(
            CHECK,
            Variable,
            "DSTACK_AGENT_ADDRESS: 'http://agent:8090'",
            "DSTACK_AGENT_ADDRESS: 'unix:/var/run/dstack.sock'",
        ),
        Row(CHECK, Key, "volumes: ['data:/var/run/dstack']", "volumes: ['/var/run/dstack:/var/run/dstack']"),
        Row(
            CHECK,
            Key,
            "volumes: ['data:/run/dstack.sock']",
            "volumes: ['/var/run/dstack.sock:/var/run/dstack.sock']",
        ),
    ]);
    let kms = |more: serde_json::Value| {
        let compose = format!("services:\n  app:\n    image: ghcr.io/acme/app@sha256:{}\n", "3f".repeat(32));
        said(&app_compose_with(&compose, &[], more))
    };
    let lines = kms(serde_json::json!({ "kms_enabled": false, "features": ["kms"] }));
    assert!(lines.iter().any(|line| line.starts_with("DP-CFG-004")), "{lines:#?}");
    let lines = kms(serde_json::json!({ "kms_enabled": true, "features": ["kms"] }));
    assert!(!lines.iter().any(|line| line.starts_with("DP-CFG-004")), "{lines:#?}");
}

#[test]
fn scripts_that_change_the_guest() {
    all(&[
        Row(GUEST, PreLaunch, "insmod /dstack/persistent/x.ko", "lsmod"),
        Row(GUEST, PreLaunch, "modprobe -d /dstack/persistent x", "modinfo loop"),
        Row(GUEST, PreLaunch, "kexec -l /dstack/persistent/vmlinuz", "kexec --version"),
        Row(GUEST, Init, "date -s \"@$NOW\"", "date -u"),
        Row(GUEST, Init, "timedatectl set-time \"$NOW\"", "timedatectl status"),
        Row(GUEST, Init, "hwclock --set --date \"$NOW\"", "hwclock --show"),
        Row(GUEST, PreLaunch, "cd /mnt/next", "(cd /mnt/next)"),
        Row(GUEST, PreLaunch, "pushd /mnt/next", "pushd /mnt/next; popd"),
        Row(GUEST, PreLaunch, "cd /mnt/next", "cd /tmp\ntrue\ncd /dstack"),
        Row(GUEST, PreLaunch, "set -o noexec", "set +e"),
        Row(GUEST, Init, "nft flush ruleset", "nft list ruleset"),
        Row(GUEST, Init, "iptables -F", "iptables -S"),
        Row(GUEST, Init, "mount -o remount,rw /", "mount -o remount,ro /"),
        Row(GUEST, PreLaunch, "mount -t 9p -o trans=virtio share /mnt", "umount /mnt"),
        Row(GUEST, PreLaunch, "mount -t virtiofs share /mnt", "mount -t tmpfs none /mnt"),
        Row(GUEST, PreLaunch, "chmod 666 /var/run/docker.sock", "chmod 644 /tmp/x"),
        Row(GUEST, PreLaunch, "setfacl -m u:1000:rw /var/run/docker.sock", "setfacl -m u:1000:rw /tmp/x"),
        Row(
            GUEST,
            Init,
            "echo '|/mnt/x' > /proc/sys/kernel/core_pattern",
            "echo 1 > /proc/sys/vm/swappiness",
        ),
        Row(GUEST, Init, "sysctl -w kernel.core_pattern='|/mnt/x'", "sysctl kernel.core_pattern"),
        Row(GUEST, Init, "printf %s \"$NOTE\" | cryptsetup luksAddKey /dev/vdb -", "cryptsetup status data"),
        Row(GUEST, Init, "zfs rollback -r data@x", "zfs list -t snapshot"),
        Row(
            GUEST,
            PreLaunch,
            "tar xf /mnt/seed.tar -C /var/lib/docker/volumes/d/_data",
            "tar tf /mnt/seed.tar",
        ),
        Row(
            "DP-SCR-005",
            PreLaunch,
            "docker cp /mnt/main.py app:/app/main.py",
            "docker cp app:/app/version /tmp/v",
        ),
        Row("DP-SCR-005", PreLaunch, "docker exec app sh /data/patch.sh", "docker ps -a"),
    ]);
}

#[test]
fn scripts_that_run_values_or_show_keys() {
    let key = "/dstack/.host-shared/.appkeys.json";
    let rows = [
        ("DP-SCR-019", format!("cat {key} > /dev/ttyS0"), "cat /etc/motd > /dev/ttyS0".to_owned()),
        (
            "DP-SCR-019",
            format!("jq -r .k256_key {key} > /dev/kmsg"),
            format!("jq -r .k256_key {key} > /dev/null"),
        ),
        ("DP-SCR-019", format!("dd if={key} of=/dev/vport0p1"), "dd if=/etc/motd of=/tmp/x".to_owned()),
    ];
    for (rule, text, twin) in rows {
        let lines = said(&document(PreLaunch, &text));
        assert!(lines.iter().any(|line| line.starts_with(rule)), "{text}: {lines:#?}");
        let lines = said(&document(PreLaunch, &twin));
        assert!(!lines.iter().any(|line| line.starts_with(rule)), "{twin}: {lines:#?}");
    }
    all(&[
        Row("DP-SCR-006", PreLaunch, "n=$((WORKERS * 2))", "n=$WORKERS"),
        Row("DP-SCR-006", PreLaunch, "let n=WORKERS+1", "let n=1+1"),
        Row("DP-SCR-006", PreLaunch, "echo \"${a[$WORKERS]}\"", "echo \"${a[0]} $WORKERS\""),
        Row("DP-SCR-006", PreLaunch, "echo \"${s:0:$WORKERS}\"", "echo \"${s:0:3} $WORKERS\""),
        Row("DP-SCR-006", PreLaunch, "declare -n ref=EXTRA", "declare -n ref=FIXED"),
        Row("DP-SCR-006", PreLaunch, "sed \"s|@TZ@|$TZ|\" /etc/tz.tpl", "printf '%s\\n' \"$TZ\""),
        Row("DP-SCR-006", PreLaunch, "awk \"BEGIN{print \\\"$TZ\\\"}\"", "awk -v z=\"$TZ\" 'BEGIN{print z}'"),
        Row("DP-SCR-006", PreLaunch, "jq \".tz=\\\"$TZ\\\"\" f.json", "jq --arg z \"$TZ\" '.tz=$z' f.json"),
    ]);
}

#[test]
fn twins_that_open_nothing_are_silent() {
    for (carrier, text) in [
        (Key, "device_cgroup_rules: ['c 1:3 r']"),
        (Key, "devices: ['/dev/null:/dev/x:r']"),
        (Key, "volumes: ['/dev/urandom:/dev/urandom:ro']"),
        (Variable, "SALT_ROUNDS: '5'"),
        (Variable, "SEED: '5'"),
        (Variable, "X_BASICAUTH: 'true'"),
        (Command, "gost, -L, 'socks5://127.0.0.1:1080'"),
        (Command, "dumbpipe, help"),
        (Command, "holesail, --lookup, '9000'"),
    ] {
        let lines = said(&document(carrier, text));
        assert!(lines.is_empty(), "{text}: {lines:#?}");
    }
    let lines = said(&document(Key, "device_cgroup_rules: ['b *:* rwm']"));
    assert!(lines.iter().any(|line| line.starts_with("DP-CMP-002 high")), "{lines:#?}");
}
