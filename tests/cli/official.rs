//! What the images that everybody builds on set for themselves makes no alarm: an image's own literal is measured with the
//! digest that pins the image, and nobody who deploys has chosen it. Names and forms are those of the images' public
//! documentation; versions, checksums and keys are of nobody's.

use crate::carried::{judged, running};
use crate::images::{archive, layout};
use crate::program::Folder;
use serde_json::{Value, json};

/// Image, variables, entry point, arguments.
type Official = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SHA256: &str = "b3a1d0c49f5e27681c0de4f5a6b79d8e31c2047596a8bf0d1e2f3c4b5a697887";
const SHA1: &str = "7c1e4f0a93b85d26e1f4087a5c3d92b60e8f1a47";

const OFFICIAL: &[Official] = &[
    ("alpine", &[PATH], &[], &["/bin/sh"]),
    ("debian", &[PATH], &[], &["bash"]),
    (
        "nginx",
        &[
            PATH,
            "NGINX_VERSION=1.29.1",
            "NJS_VERSION=0.9.1",
            "NJS_RELEASE=1~trixie",
            "PKG_RELEASE=1~trixie",
            "DYNPKG_RELEASE=1~trixie",
            "ACME_VERSION=0.2.0",
        ],
        &["/docker-entrypoint.sh"],
        &["nginx", "-g", "daemon off;"],
    ),
    (
        "redis",
        &[
            PATH,
            "GOSU_VERSION=1.17",
            "REDIS_VERSION=8.2.1",
            "REDIS_DOWNLOAD_URL=https://github.com/redis/redis/archive/refs/tags/8.2.1.tar.gz",
            "REDIS_DOWNLOAD_SHA={sha256}",
        ],
        &["docker-entrypoint.sh"],
        &["redis-server"],
    ),
    (
        "redis, as it was",
        &[
            PATH,
            "GOSU_VERSION=1.17",
            "REDIS_VERSION=7.4.1",
            "REDIS_DOWNLOAD_URL=http://download.redis.io/releases/redis-7.4.1.tar.gz",
            "REDIS_DOWNLOAD_SHA={sha256}",
        ],
        &["docker-entrypoint.sh"],
        &["redis-server"],
    ),
    (
        "postgres",
        &[
            PATH,
            "GOSU_VERSION=1.17",
            "LANG=en_US.utf8",
            "PG_MAJOR=17",
            "PG_VERSION=17.6-1.pgdg13+1",
            "PGDATA=/var/lib/postgresql/data",
        ],
        &["docker-entrypoint.sh"],
        &["postgres"],
    ),
    (
        "mysql",
        &[
            PATH,
            "GOSU_VERSION=1.17",
            "MYSQL_MAJOR=8.4",
            "MYSQL_VERSION=8.4.6-1.el9",
            "MYSQL_SHELL_VERSION=8.4.6-1.el9",
        ],
        &["docker-entrypoint.sh"],
        &["mysqld"],
    ),
    (
        "mariadb",
        &[PATH, "GOSU_VERSION=1.17", "LANG=C.UTF-8", "MARIADB_VERSION=1:11.8.3+maria~ubu2404"],
        &["docker-entrypoint.sh"],
        &["mariadbd"],
    ),
    (
        "mongo",
        &[
            PATH,
            "GOSU_VERSION=1.17",
            "JSYAML_VERSION=3.13.1",
            "JSYAML_CHECKSUM={sha256}",
            "MONGO_PACKAGE=mongodb-org",
            "MONGO_REPO=repo.mongodb.org",
            "MONGO_MAJOR=8.0",
            "MONGO_VERSION=8.0.13",
            "HOME=/data/db",
            "GLIBC_TUNABLES=glibc.pthread.rseq=0",
        ],
        &["docker-entrypoint.sh"],
        &["mongod"],
    ),
    ("node", &[PATH, "NODE_VERSION=22.19.0", "YARN_VERSION=1.22.22"], &["docker-entrypoint.sh"], &["node"]),
    (
        "python",
        &[
            PATH,
            "LANG=C.UTF-8",
            "GPG_KEY={sha1}",
            "PYTHON_VERSION=3.12.11",
            "PYTHON_SHA256={sha256}",
            "PYTHON_PIP_VERSION=24.0",
            "PYTHON_SETUPTOOLS_VERSION=65.5.1",
            "PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/{sha1}/public/get-pip.py",
            "PYTHON_GET_PIP_SHA256={sha256}",
        ],
        &[],
        &["python3"],
    ),
    (
        "golang",
        &[
            "PATH=/go/bin:/usr/local/go/bin:/usr/bin:/bin",
            "GOLANG_VERSION=1.25.1",
            "GOTOOLCHAIN=local",
            "GOPATH=/go",
        ],
        &[],
        &["bash"],
    ),
    (
        "rust",
        &[PATH, "RUSTUP_HOME=/usr/local/rustup", "CARGO_HOME=/usr/local/cargo", "RUST_VERSION=1.89.0"],
        &[],
        &["bash"],
    ),
    (
        "eclipse-temurin",
        &[
            PATH,
            "JAVA_HOME=/opt/java/openjdk",
            "LANG=en_US.UTF-8",
            "LANGUAGE=en_US:en",
            "LC_ALL=en_US.UTF-8",
            "JAVA_VERSION=jdk-21.0.8+9",
        ],
        &["/__cacert_entrypoint.sh"],
        &["jshell"],
    ),
    (
        "ruby",
        &[
            PATH,
            "LANG=C.UTF-8",
            "RUBY_VERSION=3.4.5",
            "RUBY_DOWNLOAD_URL=https://cache.ruby-lang.org/pub/ruby/3.4/ruby-3.4.5.tar.xz",
            "RUBY_DOWNLOAD_SHA256={sha256}",
            "GEM_HOME=/usr/local/bundle",
            "BUNDLE_SILENCE_ROOT_WARNING=1",
            "BUNDLE_APP_CONFIG=/usr/local/bundle",
        ],
        &[],
        &["irb"],
    ),
    (
        "php",
        &[
            PATH,
            "PHPIZE_DEPS=autoconf \t\tdpkg-dev \t\tfile \t\tg++ \t\tgcc \t\tlibc-dev \t\tmake",
            "PHP_INI_DIR=/usr/local/etc/php",
            "APACHE_CONFDIR=/etc/apache2",
            "APACHE_ENVVARS=/etc/apache2/envvars",
            "PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE -D_FILE_OFFSET_BITS=64",
            "PHP_LDFLAGS=-Wl,-O1 -pie",
            "GPG_KEYS={sha1} {sha1}",
            "PHP_VERSION=8.4.12",
            "PHP_URL=https://www.php.net/distributions/php-8.4.12.tar.xz",
            "PHP_ASC_URL=https://www.php.net/distributions/php-8.4.12.tar.xz.asc",
            "PHP_SHA256={sha256}",
        ],
        &["docker-php-entrypoint"],
        &["apache2-foreground"],
    ),
    (
        "httpd",
        &[
            PATH,
            "HTTPD_PREFIX=/usr/local/apache2",
            "HTTPD_VERSION=2.4.65",
            "HTTPD_SHA256={sha256}",
            "HTTPD_PATCHES=",
        ],
        &[],
        &["httpd-foreground"],
    ),
    (
        "haproxy",
        &[
            PATH,
            "HAPROXY_VERSION=3.2.4",
            "HAPROXY_URL=https://www.haproxy.org/download/3.2/src/haproxy-3.2.4.tar.gz",
            "HAPROXY_SHA256={sha256}",
        ],
        &["docker-entrypoint.sh"],
        &["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
    ),
    (
        "memcached",
        &[
            PATH,
            "MEMCACHED_VERSION=1.6.39",
            "MEMCACHED_URL=https://memcached.org/files/memcached-1.6.39.tar.gz",
            "MEMCACHED_SHA1={sha1}",
        ],
        &["docker-entrypoint.sh"],
        &["memcached"],
    ),
    (
        "rabbitmq",
        &[
            "PATH=/opt/rabbitmq/sbin:/opt/erlang/bin:/opt/openssl/bin:/usr/bin:/bin",
            "ERLANG_INSTALL_PATH_PREFIX=/opt/erlang",
            "OPENSSL_INSTALL_PATH_PREFIX=/opt/openssl",
            "RABBITMQ_DATA_DIR=/var/lib/rabbitmq",
            "RABBITMQ_VERSION=4.1.4",
            "RABBITMQ_PGP_KEY_ID=0x{sha1}",
            "RABBITMQ_HOME=/opt/rabbitmq",
            "HOME=/var/lib/rabbitmq",
            "LANG=C.UTF-8",
        ],
        &["docker-entrypoint.sh"],
        &["rabbitmq-server"],
    ),
    (
        "caddy",
        &[PATH, "CADDY_VERSION=v2.10.2", "XDG_CONFIG_HOME=/config", "XDG_DATA_HOME=/data"],
        &[],
        &["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"],
    ),
    ("traefik", &[PATH], &["/entrypoint.sh"], &["traefik"]),
    ("distroless", &["PATH=/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"], &["/app"], &[]),
];

/// Findings that rest on the image's own values alone, in words.
fn alarms(report: &Value) -> Vec<String> {
    let of_image = |finding: &&Value| {
        let path = finding["place"]["path"].as_str().unwrap_or_default();
        path.contains(".image.") || finding["rule"] == "DP-OCI-006" || finding["rule"] == "DP-OCI-008"
    };
    let open = |finding: &&Value| finding["status"] != "pass" && finding["status"] != "info";
    let findings = report["findings"].as_array().unwrap().iter().filter(of_image).filter(open);
    findings
        .map(|one| {
            format!(
                "{} {} {} {}: {}",
                one["rule"], one["status"], one["severity"], one["place"]["path"], one["evidence"]
            )
        })
        .collect()
}

#[test]
fn what_official_images_set_for_themselves_makes_no_alarm() {
    let mut all = Vec::new();
    for (name, environment, entry_point, command) in OFFICIAL {
        let filled = |text: &&str| text.replace("{sha256}", SHA256).replace("{sha1}", SHA1);
        let environment: Vec<String> = environment.iter().map(filled).collect();
        let run = json!({ "Env": environment, "Entrypoint": entry_point, "Cmd": command, "User": "1000" });
        let run = run.to_string();
        let made = Folder::empty();
        let digest =
            layout(&made, &[archive("etc/hostname", "none\n")], run.trim_matches(|sign| "{}".contains(sign)));
        let called = name.split(',').next().unwrap();
        let compose = format!("services:\n  app:\n    image: {called}@{digest}\n");
        let folder = running(&compose, &[]);
        let file = made.file("image").to_string_lossy().into_owned();
        let (ran, report) = judged(&folder, "evidence.json", &["--container-image", &file]);
        assert!(ran.out.contains("DP-OCI-001"), "{name}: the image was not read: {}", ran.err);
        all.extend(alarms(&report).into_iter().map(|alarm| format!("{name}: {alarm}")));
    }
    assert!(OFFICIAL.len() >= 20);
    assert!(all.is_empty(), "{} alarms:\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_same_names_out_of_somebody_s_hand_are_no_longer_the_image_s() {
    // The list quiets nothing that whoever deploys sets: a checksum's name excuses no value from outside.
    let made = Folder::empty();
    let run = format!(r#""Env":["{PATH}","GPG_KEY={SHA1}","PYTHON_SHA256={SHA256}"],"Cmd":["python3"]"#);
    let digest = layout(&made, &[archive("etc/hostname", "none\n")], &run);
    let file = made.file("image").to_string_lossy().into_owned();
    let compose = format!(
        "services:\n  app:\n    image: python@{digest}\n    environment:\n      GPG_KEY: ${{GPG_KEY}}\n      PATH: ${{PATH_OF_PROGRAMS}}\n"
    );
    let folder = running(&compose, &["GPG_KEY", "PATH_OF_PROGRAMS"]);
    let (ran, report) = judged(&folder, "evidence.json", &["--container-image", &file]);
    for name in ["GPG_KEY", "PATH_OF_PROGRAMS"] {
        let told = report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["rule"].as_str().is_some_and(|rule| rule.starts_with("DP-ENV"))
                && finding["status"] != "pass"
                && finding.to_string().contains(name)
        });
        assert!(told, "{name}: {}", ran.out);
    }
}

#[test]
fn an_image_s_own_secrets_and_addresses_are_told_all_the_same() {
    // What only looks like a source: no checksum beside it, a checksum that whoever deploys gives, a secret by a key's name.
    let made = Folder::empty();
    let run = format!(
        r#""Env":["{PATH}","REPORT_URL=https://collector.invalid/report","TOOL_URL=https://tools.invalid/tool.tar.gz","GPG_KEY=hunter2hunter2hunter2","MIRROR_REPO=mirror.invalid"],"Cmd":["python3"]"#
    );
    let digest = layout(&made, &[archive("etc/hostname", "none\n")], &run);
    let file = made.file("image").to_string_lossy().into_owned();
    let compose = format!(
        "services:\n  app:\n    image: python@{digest}\n    environment:\n      TOOL_SHA256: {SHA256}\n"
    );
    let folder = running(&compose, &[]);
    let (ran, report) = judged(&folder, "evidence.json", &["--container-image", &file]);
    let all = alarms(&report).join("\n");
    for words in ["collector.invalid", "tools.invalid", "GPG_KEY is a literal", "mirror.invalid"] {
        assert!(all.contains(words), "{words}:\n{all}\n{}", ran.err);
    }
}
