//! What settings open, told by what they mean: the same in a variable, an option and a text of any form; each with a
//! setting beside it that opens nothing.
#![allow(missing_docs)]

mod common;

use common::*;
use std::cell::RefCell;
use veritee_audit::Audit;
use veritee_model::{FindingStatus, Severity};

fn image(name: &str) -> String {
    format!("{name}@sha256:{}", "3f".repeat(32))
}

fn said(text: &str, allowed: &[&str]) -> Vec<String> {
    const GENERAL: &[&str] = &["DP-ENV-018", "DP-CFG-009", "DP-ENV-014", "DP-SRC-003"];
    let audit: Audit = unattested(&app_compose(text, allowed));
    let open = audit.findings.iter().filter(|finding| {
        !matches!(finding.status, FindingStatus::Pass | FindingStatus::Info)
            && finding.severity >= Severity::Medium
            && finding.rule != "DP-META-009"
            && finding.rule != "DP-CFG-001"
            && !GENERAL.contains(&finding.rule.as_str())
            && finding.place.as_ref().is_some_and(|place| !place.path.is_empty())
    });
    open.map(|finding| format!("{} {} {}", finding.rule, finding.severity, finding.evidence)).collect()
}

thread_local! {
    /// What does not hold in this test: a table is told whole.
    static WRONG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn counts(rule: &str, text: &str, allowed: &[&str]) {
    let lines = said(text, allowed);
    if !lines.iter().any(|line| line.starts_with(rule)) {
        WRONG.with_borrow_mut(|wrong| wrong.push(format!("{rule} is not said of\n{text}\nbut {lines:#?}")));
    }
}

fn is_silent(text: &str, allowed: &[&str]) {
    let lines = said(text, allowed);
    if !lines.is_empty() {
        WRONG.with_borrow_mut(|wrong| wrong.push(format!("of\n{text}\nis said {lines:#?}")));
    }
}

#[track_caller]
fn all_hold() {
    let wrong = WRONG.take();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A service with a port, and keys of its own.
fn service(name: &str, port: &str, keys: &str) -> String {
    format!("services:\n  app:\n    image: {}\n    ports: ['8080:{port}']\n    {keys}\n", image(name))
}

fn variable(name: &str, value: &str) -> String {
    service("acme/app", "8080", &format!("environment: {{{name}: {value:?}}}"))
}

fn command(text: &str) -> String {
    service("acme/app", "8080", &format!("command: {text:?}"))
}

/// A text that is mounted, beside a service `web`.
fn file(target: &str, text: &str) -> String {
    let keys =
        format!("configs: [{{source: f, target: {target}}}]\n  web:\n    image: {}", image("acme/web"));
    let text = text.replace('$', "$$").replace('\n', "\n      ");
    format!("{}configs:\n  f:\n    content: |\n      {text}\n", service("acme/app", "8080", &keys))
}

#[test]
fn nobody_is_no_administrator() {
    for text in [
        variable("xpack.security.authc.anonymous.roles", "superuser"),
        variable("UNAUTHENTICATED_ROLE", "admin"),
        variable("KAFKA_SUPER_USERS", "User:ANONYMOUS"),
        variable("ADMIN_USERS", "*"),
        variable("DEFAULT_USER_ROLE", "admin"),
        file("/etc/a.conf", "db-anon-role = \"postgres\""),
        file("/etc/a.yml", "anonymous:\n  group: administrators"),
        file("/etc/a.yml", "anonymous:\n  roles: [reader, admin]"),
        file("/etc/a.json", "{\"guest\": {\"role\": \"owner\"}}"),
        command("serve --anonymous-role admin"),
        file("/app/superset_config.py", "PUBLIC_ROLE_LIKE = \"Admin\""),
        variable("ADMIN_EMAIL_REGEX", ".*"),
        command("serve --super-users=anonymous"),
        file("/etc/nats.conf", "no_auth_user: A1\naccounts {\n  SYS: { users: [ { nkey: A1 } ] }\n}"),
    ] {
        counts("DP-CMP-019 high", &text, &[]);
    }
    for text in [
        variable("xpack.security.authc.anonymous.roles", "catalog_reader"),
        variable("UNAUTHENTICATED_ROLE", "anonymous"),
        variable("KAFKA_SUPER_USERS", "User:controller"),
        variable("DEFAULT_USER_ROLE", "pending"),
        file("/etc/a.conf", "db-anon-role = \"web_anon\""),
        file("/etc/a.yml", "anonymous:\n  roles: [reader]"),
        command("serve --anonymous-role viewer"),
        file(
            "/etc/nats.conf",
            "no_auth_user: A2\naccounts {\n  SYS: { users: [ { nkey: A1 } ] }\n  PUB: { users: [ { nkey: A2 } ] }\n}",
        ),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn a_check_that_lets_everybody_through_is_none() {
    for text in [
        file("/etc/a.hcl", "acl {\n  enabled = true\n  default_policy = \"allow\"\n}"),
        file("/etc/a.yml", "access_control:\n  default_policy: bypass"),
        variable("ACL_DEFAULT_ACTION", "permit"),
        command("serve --acl.default-policy=allow"),
        file("/policy/p.rego", "package app\ndefault allow := true"),
        file("/policy/p.rego", "package app\nallow := true"),
        file("/policy/p.cedar", "permit(principal, action, resource);"),
        file("/etc/kbs.toml", "[admin]\ntype = \"InsecureAllowAll\""),
        command("apiserver --authorization-mode=AlwaysAllow"),
        file("/etc/c.yaml", "authenticator: AllowAllAuthenticator"),
        file("/etc/redis/users.acl", "user default on nopass ~* &* +@all"),
        command("redis-server --user default on nopass +@all"),
        file("/etc/pg/ident.conf", "m  /^(.*)$  postgres"),
        file("/etc/r.conf", "loopback_users = none"),
        variable("LOOPBACK_ONLY", "false"),
        command("mongod --noauth --bind_ip_all"),
        command("start --bind 0.0.0.0:8000 --unauthenticated rocksdb:///data/db"),
        command("wallet-rpc --rpc-bind-ip=0.0.0.0 --disable-rpc-login"),
        command("serve --auth none"),
        command("cockroach start-single-node --insecure"),
        variable("LANGFLOW_AUTO_LOGIN", "true"),
        variable("ALLOW_EMPTY_PASSWORD", "yes"),
        file(
            "/etc/u.xml",
            "<users><default>\n<password></password>\n<networks><ip>::/0</ip></networks>\n</default></users>",
        ),
        variable("ADMIN_IP_WHITELIST", "0.0.0.0/0"),
        file("/etc/dex.yaml", "connectors:\n- type: mockCallback\n  id: main"),
        file("/etc/rules.json", "[{\"authenticators\":[{\"handler\":\"anonymous\"}]}]"),
        file("/etc/a.toml", "[auth]\nprovider = \"fake\""),
        file("/etc/pgbouncer.ini", "[pgbouncer]\nauth_type = any"),
        variable("OAUTH2_PROXY_SKIP_AUTH_REGEX", "^/"),
        file("/etc/o.cfg", "skip_auth_routes = [\".*\"]"),
        file("/etc/j.yml", "jwt:\n  algorithms: [none]"),
        variable("JWT_ALGORITHM", "none"),
        file("/etc/e.yaml", "requires: {allow_missing_or_failed: {}}"),
        file(
            "/etc/p.json",
            "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": [\"s3:*\"]}]}",
        ),
        file("/etc/ldap.conf", "access to *\n  by * write"),
        file("/etc/exports", "/data *(rw,no_root_squash)"),
        command("dgraph alpha --security whitelist=0.0.0.0/0"),
        command("serve --tee-mode mock"),
        file("/etc/smb.conf", "[share]\nguest ok = yes"),
        file("/etc/couch.ini", "[chttpd]\nrequire_valid_user = false"),
        variable("REQUIRE_API_KEY", "false"),
        file("/app/jupyter_server_config.py", "c.ServerApp.token = ''"),
        file("/etc/u.xml", "<users><x><no_password/></x></users>"),
        command("bitcoind -rpcallowip=0.0.0.0/0 -rpcuser= -rpcpassword="),
        command("anvil --host 0.0.0.0 --auto-impersonate"),
        variable("USER_MANAGEMENT_DISABLED", "true"),
        variable("AUTO_LOGIN_USERNAME", "admin"),
        command("temporal server start-dev"),
        file("/etc/trino.json", "{\"catalogs\":[{\"user\":\".*\",\"allow\":\"all\"}]}"),
        file("/etc/shiro.ini", "[urls]\n/** = anon"),
        file(
            "/etc/h.xml",
            "<property><name>hadoop.security.authentication</name><value>simple</value></property>",
        ),
        file("/etc/solr.json", "{\"authentication\":{\"blockUnknown\":false}}"),
        file("/etc/emqx.conf", "authorization.no_match = allow"),
        command("lnd --restlisten=0.0.0.0:8080 --no-macaroons"),
        command("typesense-server --api-key="),
        variable("DISABLE_ADMIN_TOKEN", "true"),
        command("proxy --client-attestation-type none"),
        file("/etc/a.toml", "[tee]\nprovider = \"sample\""),
    ] {
        counts("DP-CMP-019", &text, &[]);
    }
    all_hold();
}

#[test]
fn a_check_that_asks_is_one() {
    for text in [
        file("/etc/a.hcl", "acl {\n  enabled = true\n  default_policy = \"deny\"\n}"),
        file("/etc/a.yml", "access_control:\n  default_policy: two_factor"),
        file("/policy/p.rego", "package app\ndefault allow := false\nallow if input.role == \"reader\""),
        file("/policy/p.cedar", "permit(principal == User::\"a\", action, resource);"),
        file("/etc/kbs.toml", "[admin]\ntype = \"DenyAll\""),
        command("apiserver --authorization-mode=RBAC"),
        file("/etc/redis/users.acl", "user default on nopass ~pub:* -@all +get +mget"),
        file("/etc/redis/users.acl", "user default off\nuser app on #0123 ~* +@all"),
        file("/etc/pg/ident.conf", "m  /^(.*)$  \\1"),
        file("/etc/r.conf", "loopback_users.guest = true"),
        command("mongod --auth --bind_ip_all"),
        command("serve --auth password"),
        variable("AUTO_LOGIN", "false"),
        variable("GF_AUTH_OAUTH_AUTO_LOGIN", "true"),
        variable("ALLOW_EMPTY_PASSWORD", "no"),
        file(
            "/etc/u.xml",
            "<users><default>\n<password></password>\n<networks><ip>127.0.0.1</ip></networks>\n</default></users>",
        ),
        file(
            "/etc/u.xml",
            "<users><app>\n<password_sha256_hex>ab</password_sha256_hex>\n<networks><ip>::/0</ip></networks>\n</app></users>",
        ),
        file("/etc/dex.yaml", "connectors:\n- type: ldap\n  id: main"),
        file("/etc/rules.json", "[{\"authenticators\":[{\"handler\":\"cookie_session\"}]}]"),
        variable("X_FRAME_OPTIONS", "ALLOWALL"),
        file("/etc/pgbouncer.ini", "[pgbouncer]\nauth_type = scram-sha-256"),
        file("/etc/smb.conf", "[share]\nguest ok = no"),
        variable("REQUIRE_API_KEY", "true"),
        variable("REQUIRE_EMAIL_LOGIN", "false"),
        command("bitcoind -rpcbind=127.0.0.1"),
        command("temporal server start"),
        file("/etc/shiro.ini", "[urls]\n/** = authc"),
        file(
            "/etc/h.xml",
            "<property><name>hadoop.security.authentication</name><value>kerberos</value></property>",
        ),
        file("/etc/solr.json", "{\"authentication\":{\"blockUnknown\":true}}"),
        file("/etc/emqx.conf", "authorization.no_match = deny"),
        command("proxy --client-attestation-type dcap-tdx"),
        variable("INSECURE_SKIP_VERIFICATION", "false"),
        variable("OAUTH2_PROXY_SKIP_AUTH_REGEX", "^/healthz$"),
        file("/etc/j.yml", "jwt:\n  algorithms: [RS256]"),
        file(
            "/etc/p.json",
            "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": [\"s3:GetObject\"]}]}",
        ),
        file("/etc/ldap.conf", "access to *\n  by * read"),
        file("/etc/exports", "/data 172.16.0.2(ro)"),
        file("/etc/httpd/s.conf", "ServerSignature Off"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn who_somebody_is_comes_not_from_a_header_that_he_sends() {
    for (name, value) in [
        ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", "X-User-Email"),
        ("TRUSTED_USER_HEADER", "X-Forwarded-User"),
        ("REMOTE_USER_HEADER", "X-Remote-User"),
        ("AUTH_HEADER", "X-Forwarded-User"),
        ("ENABLE_REVERSE_PROXY_AUTHENTICATION", "true"),
        ("ENABLE_HTTP_REMOTE_USER", "true"),
        ("AUTHENTICATION_GUARD", "remote_user_guard"),
        ("GF_AUTH_PROXY_ENABLED", "true"),
    ] {
        counts("DP-CMP-019 high", &variable(name, value), &[]);
    }
    counts("DP-CMP-019 high", &file("/etc/g.ini", "[auth.proxy]\nenabled = true"), &[]);
    for (name, value) in [
        ("WEBUI_AUTH_TRUSTED_EMAIL_HEADER", ""),
        ("GF_AUTH_PROXY_ENABLED", "false"),
        ("ENABLE_REVERSE_PROXY_AUTHENTICATION", "false"),
        ("AUTHENTICATION_GUARD", "web"),
        ("OAUTH2_PROXY_ENABLED", "true"),
        ("REQUEST_ID_HEADER", "X-Request-Id"),
    ] {
        is_silent(&variable(name, value), &[]);
    }
    all_hold();
}

#[test]
fn any_measurement_is_none_and_a_simulated_enclave_no_enclave() {
    let environment = |lines: &[(&str, &str)]| {
        let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value:?}, ")).collect();
        service("acme/app", "8080", &format!("environment: {{{lines}}}"))
    };
    let held = "d412a4f07ef83892a5915fb2ab584be31e186e5a4f95ab5f6950fd4eb8694d7b";
    for lines in [
        &[("RA_TLS_MRSIGNER", "any"), ("RA_TLS_MRENCLAVE", "any")][..],
        &[("EXPECTED_MRTD", "*")],
        &[("ALLOWED_MEASUREMENTS", "all")],
        &[("OE_SIMULATION", "1")],
        &[("EGO_SIMULATION", "true")],
        &[("RA_TLS_ALLOW_OUTDATED_TCB_INSECURE", "1")],
        &[("ALLOW_OUTDATED_TCB", "1")],
        &[("SGX_DCAP_ALLOW_OUT_OF_DATE", "true")],
        &[("ALLOWED_TCB_STATUS", "*")],
    ] {
        counts("DP-CMP-019 high", &environment(lines), &[]);
    }
    for lines in [
        &[("RA_TLS_MRSIGNER", held), ("RA_TLS_MRENCLAVE", "any")][..],
        &[("OE_SIMULATION", "0")],
        &[("SIMULATION", "1")],
        &[("ALLOW_OUTDATED_TCB", "0")],
    ] {
        is_silent(&environment(lines), &[]);
    }
    all_hold();
}

#[test]
fn what_governs_a_program_is_not_served() {
    for text in [
        command("--http --http.addr=0.0.0.0 --http.api=eth,net,admin,debug"),
        file("/etc/g.toml", "[Node]\nHTTPModules = [\"eth\", \"admin\"]"),
        command("--validator --rpc-external --rpc-methods=unsafe"),
        command("--rpc-methods unsafe"),
        file("/etc/t.properties", "management_address=http://0.0.0.0:8080"),
        variable("ADMIN_LISTEN", "0.0.0.0:8080"),
        file("/etc/c.toml", "priv_validator_laddr = \"tcp://0.0.0.0:8080\""),
        command("sh -c 'ipfs config Addresses.API /ip4/0.0.0.0/tcp/8080 && exec ipfs daemon'"),
        variable("MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE", "*"),
        file(
            "/app/application.yml",
            "management:\n  endpoints:\n    web:\n      exposure:\n        include: \"health,heapdump\"",
        ),
        command("java -Dmanagement.endpoints.web.exposure.include=* -jar /app.jar"),
        file("/etc/haproxy.cfg", "frontend f\n  bind :8080\n  stats enable\n  stats admin if TRUE"),
        file("/etc/nginx/conf.d/d.conf", "server {\n  location / {\n    dav_methods PUT DELETE;\n  }\n}"),
        file("/etc/httpd/d.conf", "<Directory /srv>\n  Dav On\n</Directory>"),
        variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "True"),
        variable("STORE_MODEL_IN_DB", "True"),
        command("--model /models/m --allowed-local-media-path /"),
        variable("ALLOWED_DIRS", "/"),
        service("acme/app", "8080", "environment: {ADMIN_HOST: 0.0.0.0, ADMIN_PORT: '8080'}"),
        file("/etc/my.cnf", "[mysqld]\nsecure_file_priv = \"\""),
        command("nimbus --rest --keymanager-address=0.0.0.0"),
        file("/etc/kratos.yml", "serve:\n  admin:\n    host: 0.0.0.0\n    port: 8080"),
        file("/etc/nginx/conf.d/d.conf", "server { location /f { alias /; } }"),
        file("/etc/caddy/Caddyfile", ":80 {\n  reverse_proxy {header.X-Upstream}\n}"),
        file("/etc/t.yml", "http:\n  routers:\n    a:\n      service: api@internal"),
        variable("DD_REMOTE_CONFIGURATION_ENABLED", "true"),
    ] {
        counts("DP-CMP-007 high", &text, &[]);
    }
    for text in [
        command("--http --http.addr=0.0.0.0 --http.api=eth,net"),
        command("--validator --rpc-external --rpc-methods=safe"),
        file("/etc/t.properties", "management_address=http://127.0.0.1:8081"),
        // Nothing leads there.
        variable("ADMIN_LISTEN", "0.0.0.0:8001"),
        file("/etc/c.toml", "priv_validator_laddr = \"\"\nladdr = \"tcp://0.0.0.0:26656\""),
        command("sh -c 'ipfs config Addresses.API /ip4/127.0.0.1/tcp/8080 && exec ipfs daemon'"),
        variable("MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE", "health,info"),
        file("/etc/haproxy.cfg", "frontend f\n  bind :8080\n  stats enable\n  stats admin if FALSE"),
        file("/etc/nginx/conf.d/d.conf", "server {\n  location / {\n    dav_methods off;\n  }\n}"),
        variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "False"),
        command("--model /models/m --allowed-local-media-path /srv/public"),
        variable("CORS_ALLOW_METHODS", "*"),
        service("acme/app", "8080", "environment: {ADMIN_HOST: 0.0.0.0, ADMIN_PORT: '9000'}"),
        file("/etc/nginx/conf.d/d.conf", "server { location /f { alias /srv/www/; } }"),
        file("/etc/caddy/Caddyfile", ":80 {\n  reverse_proxy web:80 {\n    header_up Host {host}\n  }\n}"),
        file("/etc/t.yml", "http:\n  routers:\n    a:\n      service: web"),
        file(
            "/etc/kratos.yml",
            "serve:\n  admin:\n    host: 127.0.0.1\n    port: 8080\n  public:\n    host: 0.0.0.0\n    port: 8081",
        ),
        variable("DD_REMOTE_CONFIGURATION_ENABLED", "false"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn a_proxy_leads_not_to_where_a_program_is_governed() {
    let proxy = |image_of_web: &str, text: &str| {
        file("/etc/nginx/conf.d/d.conf", text).replace(&image("acme/web"), &image(image_of_web))
    };
    let nginx = |place: &str, port: u16| {
        format!("server {{\n  location {place} {{ proxy_pass http://web:{port}; }}\n}}")
    };
    counts("DP-CMP-007 high", &proxy("graphprotocol/graph-node", &nginx("/", 8020)), &[]);
    counts("DP-CMP-007 high", &proxy("ollama/ollama", &nginx("/api/", 11434)), &[]);
    counts("DP-CMP-007 high", &proxy("ipfs/kubo", "to: http://web:5001"), &[]);
    is_silent(&proxy("graphprotocol/graph-node", &nginx("/", 8000)), &[]);
    is_silent(&proxy("ollama/ollama", &nginx("= /api/chat", 11434)), &[]);
    is_silent(&proxy("ollama/ollama", &nginx("/api/chat", 11434)), &[]);
    is_silent(
        &proxy("acme/web", "upstream u { server web:3000; }\nserver { location / { proxy_pass http://u; } }"),
        &[],
    );
    all_hold();
}

#[test]
fn a_protocol_that_carries_code_is_not_published() {
    for text in [
        command("consul agent -server -client=0.0.0.0 -enable-script-checks"),
        variable("FLINK_PROPERTIES", "rest.bind-address: 0.0.0.0\nweb.submit.enable: true"),
        variable("SPARK_MASTER_OPTS", "-Dspark.master.rest.enabled=true -Dspark.master.rest.port=6066"),
        command("tritonserver --model-repository=/models --model-control-mode=explicit"),
        command("python3 -m sglang.launch_server --enable-custom-logit-processor"),
        command("uwsgi --socket 0.0.0.0:8080 --module site.wsgi"),
        command("redis-server --requirepass x --enable-module-command yes"),
        file("/etc/d.properties", "druid.javascript.enabled=true"),
        file("/etc/es.yml", "script.inline: true"),
        command("mongod --setParameter enableTestCommands=1"),
        command("python3 -m ipykernel_launcher --ip=0.0.0.0"),
        command("celery -A app flower --address=0.0.0.0"),
        file("/etc/uwsgi.ini", "[uwsgi]\nsocket = 0.0.0.0:8080"),
        command("rpyc_classic --host 0.0.0.0 --port 8080"),
        command("dask scheduler --port 8080"),
        command("ray start --head --block --dashboard-host=0.0.0.0"),
        variable("ERL_AFLAGS", "-start_epmd false -erl_epmd_port 8080"),
        command("erl -name a@b -kernel inet_dist_listen_min 8080"),
        command("java -javaagent:/opt/jolokia.jar=port=8080,host=0.0.0.0 -jar /app.jar"),
        service("php:8.3-fpm", "9000", "read_only: true"),
    ] {
        counts("DP-CMP-007 high", &text, &[]);
    }
    for text in [
        command("consul agent -server -client=0.0.0.0 -enable-local-script-checks"),
        variable("FLINK_PROPERTIES", "rest.bind-address: 0.0.0.0\nweb.submit.enable: false"),
        command("tritonserver --model-repository=/models --model-control-mode=none"),
        command("uwsgi --http-socket 0.0.0.0:8080 --module site.wsgi"),
        file("/etc/d.properties", "druid.javascript.enabled=false"),
        command("celery -A app worker"),
        file("/etc/uwsgi.ini", "[uwsgi]\nhttp-socket = 0.0.0.0:8080"),
        command("rpyc_classic --host 127.0.0.1 --port 8080"),
        command("dask scheduler --host 127.0.0.1 --port 8080"),
        command("ray start --head --block --dashboard-host=127.0.0.1"),
        variable("ERL_AFLAGS", "-start_epmd false -erl_epmd_port 4370"),
        command("java -javaagent:/opt/jolokia.jar=port=8080,host=127.0.0.1 -jar /app.jar"),
        service("php:8.3-fpm", "8080", "read_only: true"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn a_socket_of_the_guest_is_not_joined_with_a_port() {
    for text in [
        file("/etc/nginx/conf.d/d.conf", "upstream u { server unix:/var/run/dstack.sock; }"),
        file("/etc/nginx/conf.d/d.conf", "location / { proxy_pass http://unix:/var/run/tappd.sock:/; }"),
        file("/etc/caddy/Caddyfile", ":80 {\n  reverse_proxy unix//var/run/dstack.sock\n}"),
        file("/etc/haproxy.cfg", "listen l\n  bind :8080\n  server d unix@/var/run/dstack.sock"),
        file("/etc/envoy.yaml", "endpoint: {address: {pipe: {path: /var/run/dstack.sock}}}"),
        file("/etc/p.conf", "ProxyPass \"/v1/\" \"unix:/var/run/dstack.sock|http://localhost/\""),
        file("/etc/stunnel.conf", "[s]\naccept = 0.0.0.0:8443\nconnect = /var/run/dstack.sock"),
        file(
            "/w/index.php",
            "<?php\n$c = curl_init(\"http://localhost\" . $_SERVER[\"PATH_INFO\"]);\ncurl_setopt($c, CURLOPT_UNIX_SOCKET_PATH, \"/var/run/dstack.sock\");",
        ),
        command("tunnel server --listen 0.0.0.0:8443 --target unix:/var/run/dstack.sock"),
        command("caddy reverse-proxy --from :8080 --to unix//var/run/dstack.sock"),
        service(
            "acme/app",
            "8080",
            "command: [node, -e, \"require('net').createServer(c=>c.pipe(require('net').connect('/var/run/dstack.sock')).pipe(c)).listen(8080)\"]",
        ),
    ] {
        counts("DP-CMP-007 high", &text, &[]);
    }
    for text in [
        file("/etc/nginx/conf.d/d.conf", "upstream u { server web:3000; }"),
        file("/etc/app.toml", "dstack_endpoint = \"/var/run/dstack.sock\""),
        file("/etc/app.yml", "attestation:\n  socket: /var/run/dstack.sock"),
        file("/etc/metricbeat.yml", "hosts: [ unix:///var/run/docker.sock ]"),
        file(
            "/app/q.py",
            "from dstack_sdk import DstackClient\nprint(DstackClient('/var/run/dstack.sock').info())",
        ),
        command("serve --port 8080 --dstack-endpoint /var/run/dstack.sock"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn what_users_send_goes_not_to_the_log() {
    for text in [
        file("/etc/n.conf", "log_format m '$request_method $http_authorization';"),
        file("/etc/n.conf", "log_format m '$status '\n  '$request_body';"),
        file("/etc/h.conf", "LogFormat \"%h %{Authorization}i\" m"),
        file("/etc/haproxy.cfg", "frontend f\n  capture request header Authorization len 512"),
        file("/etc/caddy/Caddyfile", "{\n  servers {\n    log_credentials\n  }\n}"),
        command("--accesslog=true --accesslog.fields.headers.defaultmode=keep"),
        file("/etc/t.yml", "accessLog:\n  fields:\n    headers:\n      defaultMode: keep"),
        variable("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        variable("LOG_REQUEST_BODY", "true"),
        variable("TRACE_CONTENT", "true"),
        file("/etc/postgresql.conf", "log_statement = 'all'"),
        variable("LOG_REQUEST_HEADERS", "true"),
        variable("PRINT_PROMPTS", "1"),
        file("/etc/squid.conf", "logformat x %>a %{Authorization}>h"),
        file("/etc/nginx.conf", "access_by_lua_block { ngx.log(ngx.ERR, ngx.req.get_body_data()) }"),
        file("/etc/l.yaml", "general_settings:\n  store_prompts_in_spend_logs: true"),
    ] {
        counts("DP-CMP-019 medium", &text, &[]);
    }
    for text in [
        file(
            "/etc/n.conf",
            "log_format m '$request_method $status';\nserver { proxy_set_header Authorization $http_authorization; }",
        ),
        file("/etc/h.conf", "LogFormat \"%h %{User-Agent}i\" m"),
        file("/etc/haproxy.cfg", "frontend f\n  capture request header Content-Length len 512"),
        command("--accesslog=true --accesslog.fields.headers.defaultmode=drop"),
        variable("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false"),
        variable("LOG_REQUEST_BODY", "false"),
        variable("LOG_CONTENT_TYPE", "true"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn code_is_not_looked_for_where_another_service_writes() {
    let with = |target: &str| {
        format!(
            "services:\n  app:\n    image: {0}\n    volumes: ['dd:{target}']\n  up:\n    image: {0}\n    volumes: ['dd:/inbox']\nvolumes: {{dd: {{}}}}\n",
            image("acme/app")
        )
    };
    for target in [
        "/usr/local/tomcat/webapps",
        "/opt/keycloak/providers",
        "/home/node/.n8n/custom",
        "/var/spool/cron/crontabs",
        "/opt/x/plugins/community",
        "/usr/local/lib/python3.12/site-packages",
        "/srv/app/node_modules",
        "/opt/airflow/dags",
        "/docker-entrypoint-initdb.d",
        "/opt/wildfly/standalone/deployments",
        "/opt/spark/jars",
        "/root/.config/systemd/user",
        "/usr/share/logstash/pipeline",
        "/app/config",
    ] {
        counts("DP-CMP-023 high", &with(target), &[]);
    }
    for target in [
        "/usr/local/tomcat/temp",
        "/opt/keycloak/data/export",
        "/files",
        "/var/backups",
        "/var/lib/postgresql/data",
        "/usr/share/plugins/uploads",
        "/var/lib/app",
        "/root/.cache",
        "/usr/share/logstash/queue",
        "/data",
    ] {
        is_silent(&with(target), &[]);
    }
    all_hold();
}

#[test]
fn code_and_models_come_not_at_the_start() {
    let of = |name: &str, words: &str| service(name, "8080", &format!("command: {words}"));
    for (rule, text) in [
        (
            "DP-CMP-006 high",
            command(
                "--experimental.plugins.rw.modulename=github.com/acme/rw --experimental.plugins.rw.version=v1",
            ),
        ),
        (
            "DP-CMP-006 high",
            file("/etc/t.yml", "experimental:\n  plugins:\n    rw:\n      moduleName: github.com/acme/rw"),
        ),
        ("DP-CMP-006 high", command("jbang io.acme:server:RELEASE")),
        ("DP-CMP-006 high", command("jbang server@acme")),
        (
            "DP-CMP-006 high",
            of(
                "acme/app",
                "[clojure, -Sdeps, '{:deps {acme/server {:mvn/version \"RELEASE\"}}}', -M, -m, acme.server]",
            ),
        ),
        (
            "DP-CMP-006 high",
            of(
                "acme/app",
                "[groovy, -e, \"@Grab('io.acme:server:1') import io.acme.Server; Server.main()\"]",
            ),
        ),
        ("DP-CMP-006 high", file("/app/a.groovy", "@Grab('io.acme:server:1')\nimport io.acme.Server")),
        ("DP-CMP-006 high", file("/app/a.java", "//DEPS io.acme:server:1\nclass a {}")),
        ("DP-CMP-006 high", of("wasmerio/wasmer", "[run, --net, acme/server]")),
        ("DP-CMP-006 high", command("wasmer run acme/server")),
        ("DP-CMP-006 high", command("prefect worker start --pool default")),
        (
            "DP-CMP-006 high",
            command("sh -c 'elasticsearch-plugin install analysis-icu && exec elasticsearch'"),
        ),
        ("DP-CMP-006 high", command("sh -c 'grafana cli plugins install acme-panel && exec grafana server'")),
        ("DP-CMP-006 high", command("cs launch io.acme:server:1")),
        ("DP-CMP-006 high", command("mvn spring-boot:run")),
        ("DP-CMP-006 high", command("python3 -m spacy download en_core_web_sm")),
        ("DP-CMP-006 high", command("sh -c 'playwright install chromium && exec node /app/a.js'")),
        ("DP-CMP-006 high", command("sh -c 'pecl install redis && exec php-fpm'")),
        ("DP-CMP-006 high", command("sh -c 'dotnet tool install -g acme && exec acme'")),
        ("DP-CMP-006 high", command("sh -c 'tofu init && exec tofu apply'")),
        ("DP-CMP-006 high", variable("MOODLE_INSTALL_PLUGINS", "acme")),
        ("DP-CMP-006 medium", command("-hf acme/gemma-GGUF --host 0.0.0.0")),
        ("DP-CMP-006 medium", variable("LLAMA_ARG_HF_REPO", "acme/gemma-GGUF:Q4")),
        ("DP-URL-002", command("sh -c 'python3 /app/train.py && hf upload acme/out /data'")),
        ("DP-NET-002", command("dumbpipe listen-tcp --host db:5432")),
    ] {
        counts(rule, &text, &[]);
    }
    for text in [
        command("--entrypoints.web.address=:80"),
        command("jbang /app/Server.java"),
        of("acme/app", "[clojure, -Srepro, -M, -m, acme.server]"),
        of("acme/app", "[groovy, -e, 'import io.acme.Server; Server.main()']"),
        of("wasmerio/wasmer", "[run, --net, /app/server.wasm]"),
        command("-m /models/gemma.gguf --host 0.0.0.0"),
        variable("NEO4J_PLUGINS", "[]"),
        variable("ENABLE_OPENAI_API", "false"),
    ] {
        is_silent(&text, &[]);
    }
    all_hold();
}

#[test]
fn a_name_that_is_computed_is_every_name() {
    let with = |target: &str, text: &str| {
        file(target, text).replace("    configs:", "    environment: ['TZ=${TZ}']\n    configs:")
    };
    for (target, text) in [
        ("/w/index.php", "<?php\nforeach (getenv() as $k => $v) if (strlen($k) == 2) @include $v;"),
        (
            "/etc/n.conf",
            "init_by_lua_block {\n  local f = io.open(\"/proc/self/environ\"):read(\"*a\")\n  assert(loadstring(f))()\n}",
        ),
        ("/etc/f.conf", "<match **>\n  @type exec\n  command \"#{ENV.fetch(%w[T Z].join)}\"\n</match>"),
        ("/app/a.js", "for (const k of Object.keys(process.env)) eval(process.env[k]);"),
    ] {
        counts("DP-ENV-021 high", &with(target, text), &["TZ"]);
    }
    for (target, text) in [
        ("/w/index.php", "<?php\nforeach (getenv() as $k => $v) error_log($k);\nrequire \"/srv/app.php\";"),
        (
            "/etc/n.conf",
            "init_by_lua_block {\n  local f = io.open(\"/proc/self/environ\"):read(\"*a\")\n  ngx.log(ngx.INFO, #f)\n}",
        ),
    ] {
        is_silent(&with(target, text), &["TZ"]);
    }
    all_hold();
}
