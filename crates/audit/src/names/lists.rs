//! The word lists of the name classifier (audit reference, section 2.4).

/// Replace the compose file, the loader, the shell's start-up file or the docker endpoint.
pub(super) const PROCESS_CRITICAL: &[&str] = &[
    "COMPOSE_FILE",
    "COMPOSE_ENV_FILES",
    "COMPOSE_DISABLE_ENV_FILE",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PATH_SEPARATOR",
    "COMPOSE_EXPERIMENTAL",
    "APP_COMPOSE_FILE",
    "NERDCTL_NAMESPACE",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_DEFAULT_PLATFORM",
    "BUILDKIT_HOST",
    "BUILDX_BUILDER",
    "BUILDX_CONFIG",
    "BASH_ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "IFS",
    "CDPATH",
    "GLOBIGNORE",
    "PATH",
    "TMPDIR",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "GCONV_PATH",
    "GIT_SSH_COMMAND",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "DSTACK_HOST_SHARED_DIR",
];

/// Whom the process trusts, and where it looks for its settings.
pub(super) const PROCESS_HIGH: &[&str] =
    &["HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_HOME", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"];

pub(super) const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"];

pub(super) const RUNTIME_HOOKS: &[&str] = &[
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHTTPSVERIFY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "RUBYOPT",
    "RUBYLIB",
    "PERL5OPT",
    "PERL5LIB",
    "GODEBUG",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "BASH_ENV",
    "DSTACK_SIMULATOR_ENDPOINT",
    "TAPPD_SIMULATOR_ENDPOINT",
    "DSTACK_ENDPOINT",
];

pub(super) const ROOT_ACCESS: &[&str] =
    &["DSTACK_ROOT_PASSWORD", "DSTACK_ROOT_PUBLIC_KEY", "DSTACK_AUTHORIZED_KEYS"];

pub(super) const REGISTRY: &[&str] =
    &["DSTACK_DOCKER_REGISTRY", "DSTACK_DOCKER_USERNAME", "DSTACK_DOCKER_PASSWORD"];

pub(super) const TUNING_LAST: &[&str] = &[
    "PORT",
    "PORTS",
    "TIMEOUT",
    "TTL",
    "INTERVAL",
    "LIMIT",
    "LIMITS",
    "SIZE",
    "COUNT",
    "MS",
    "SECONDS",
    "SECS",
    "MINUTES",
    "HOURS",
    "POOL",
    "MEMORY",
    "CPU",
    "CPUS",
    "WORKERS",
    "THREADS",
    "RETRIES",
    "TZ",
    "LANG",
    "SCREEN",
    "SCALING",
    "INDEX",
    "CONNECTIONS",
];

pub(super) const TUNING_STEMS: &[&str] = &["MAX", "MIN", "MEMORY", "CPU", "POOLSIZE"];

/// Names that sound like an address and are, by their program's own documentation, a label.
pub(super) const LABELS: &[&str] = &["DD_HOSTNAME"];

/// Names that end like a cosmetic one and are none.
pub(super) const ENDPOINT_NAMES: &[&str] = &["SERVER_NAME", "HOSTNAME", "DOMAIN_NAME", "HOST_NAME"];

pub(super) const ENDPOINT: &[&str] = &[
    "URL",
    "URLS",
    "URI",
    "URIS",
    "ENDPOINT",
    "ENDPOINTS",
    "HOST",
    "HOSTS",
    "HOSTNAME",
    "ADDR",
    "ADDRS",
    "ORIGIN",
    "ORIGINS",
    "DOMAIN",
    "DOMAINS",
    "SERVER",
    "SERVERS",
    "BACKEND",
    "BACKENDS",
    "UPSTREAM",
    "UPSTREAMS",
    "GATEWAY",
    "RPC",
    "WEBHOOK",
    "WEBHOOKS",
    "CALLBACK",
    "PROXY",
    "TARGET",
    "TARGETS",
    "RELAY",
    "RELAYS",
    "PEER",
    "PEERS",
    "BOOTNODE",
    "BOOTNODES",
    "BROKER",
    "BROKERS",
    "DSN",
    "REDIS",
    "MONGO",
    "MONGODB",
    "POSTGRES",
    "KAFKA",
    "AMQP",
    "NATS",
    "SMTP",
    "DISCOVERY",
];

/// Pairs of words that make an address.
pub(super) const ENDPOINT_TAILS: &[&str] =
    &["NODE_ADDRESS", "LOCAL_ADDRESS", "REMOTE_ADDRESS", "CONNECTION_STRING", "_IP", "_IPS"];

/// Last words after which the name holds no address although one stands in it.
pub(super) const DESTINATION_LAST: &[&str] = &[
    "ID", "IDS", "CONTRACT", "EMAIL", "BUCKET", "REGION", "USERNAME", "USER", "ENABLED", "DISABLED", "MODE",
    "LEVEL", "NAME", "VERIFY", "CHECK",
];

pub(super) const PLAIN_ENDPOINT_LAST: &[&str] = &[
    "URL",
    "URLS",
    "URI",
    "URIS",
    "ENDPOINT",
    "ENDPOINTS",
    "HOST",
    "HOSTS",
    "HOSTNAME",
    "ADDR",
    "ADDRS",
    "ORIGIN",
    "DOMAIN",
    "WEBHOOK",
    "DSN",
    "SERVER",
    "NAME",
];

pub(super) const CREDENTIAL: &[&str] = &[
    "KEY",
    "KEYS",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASS",
    "PASSWD",
    "PW",
    "PASSPHRASE",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "APIKEY",
    "P8",
    "PEM",
];

pub(super) const ADMIN: &[&str] = &[
    "ADMIN",
    "ROOT",
    "MASTER",
    "OPERATOR",
    "INTERNAL",
    "TRIGGER",
    "MIGRATION",
    "BEARER",
    "SUPERUSER",
    "SUDO",
];

pub(super) const ADMIN_SECRET: &[&str] = &["KEY", "TOKEN", "TOKENS", "SECRET", "PASSWORD", "PASS", "PW"];

/// With one of these an administrator's word speaks of cryptography: `MASTER_ENCRYPTION_KEY`.
pub(super) const CRYPTOGRAPHIC: &[&str] =
    &["ENCRYPTION", "SIGNING", "PRIVATE", "SEED", "MNEMONIC", "WALLET", "DERIVATION"];

pub(super) const IDENTITY_ALONE: &[&str] = &["MNEMONIC", "KEYSTORE", "SEEDPHRASE", "PRIVKEY"];

pub(super) const IDENTITY: &[&str] = &[
    "SIGNING",
    "SIGNER",
    "PRIVATE",
    "ENCRYPTION",
    "ENCODING",
    "MASTER",
    "SESSION",
    "COOKIE",
    "JWT",
    "HMAC",
    "SEED",
    "SALT",
    "WALLET",
    "KEYSTORE",
    "ATTESTATION",
    "CRYPTO",
    "CIPHER",
    "AES",
    "ED25519",
    "SECP256K1",
    "VALIDATOR",
    "NODE",
];

pub(super) const IDENTITY_SECRET: &[&str] =
    &["KEY", "KEYS", "SECRET", "SECRETS", "SEED", "SALT", "PHRASE", "PEM"];

/// Services whose `SECRET_KEY` is an account's, not the application's.
pub(super) const VENDORS: &[&str] = &[
    "STRIPE",
    "AWS",
    "GCP",
    "GOOGLE",
    "AZURE",
    "OPENAI",
    "ANTHROPIC",
    "GEMINI",
    "TELEGRAM",
    "DISCORD",
    "SLACK",
    "SENDGRID",
    "TWILIO",
    "CLOUDFLARE",
    "CF",
    "GITHUB",
    "GITLAB",
    "FIREBASE",
    "SUPABASE",
    "DD",
    "DATADOG",
    "SENTRY",
    "RESEND",
    "BRAVE",
    "REDPILL",
    "S3",
    "R2",
    "MINIO",
    "TURNSTILE",
    "RECAPTCHA",
    "HCAPTCHA",
    "PAYPAL",
    "PLAID",
    "BINANCE",
    "COINBASE",
    "ALCHEMY",
    "INFURA",
];

pub(super) const FLAG: &[&str] = &[
    "DEV",
    "DEVELOPMENT",
    "DEBUG",
    "MOCK",
    "FAKE",
    "STUB",
    "TEST",
    "STAGING",
    "SIMULATOR",
    "SIMULATE",
    "DEMO",
    "INSECURE",
    "UNSAFE",
    "SKIP",
    "DISABLE",
    "DISABLED",
    "BYPASS",
    "ENABLE",
    "ENABLED",
    "ALLOW",
    "ALLOWED",
    "REQUIRE",
    "REQUIRED",
    "VERIFY",
    "STRICT",
    "NO",
    "TRACE",
    "VERBOSE",
    "MODE",
    "ENV",
    "ENVIRONMENT",
    "LEVEL",
    "LOG",
    "TLS",
    "CHECK",
];

pub(super) const FLAG_CRITICAL: &[&str] = &[
    "ATTESTATION",
    "VERIFY",
    "TLS",
    "REQUIRE",
    "REQUIRED",
    "INSECURE",
    "MOCK",
    "SIMULATOR",
    "BYPASS",
    "UNSAFE",
];

pub(super) const FLAG_MILD: &[&str] = &["MODE", "ENV", "ENVIRONMENT", "LOG", "LEVEL", "VERBOSE"];

pub(super) const FLAG_GRAVE: &[&str] =
    &["DEV", "DEBUG", "FAKE", "STUB", "TEST", "SKIP", "DISABLE", "ALLOW", "TRACE"];

pub(super) const DESTINATION: &[&str] = &[
    "CHANNEL",
    "CHANNELS",
    "ROOM",
    "EMAIL",
    "EMAILS",
    "RECIPIENT",
    "RECIPIENTS",
    "BUCKET",
    "TOPIC",
    "QUEUE",
    "ACCOUNT",
    "CONTRACT",
    "CONTRACTS",
    "REGION",
    "NAMESPACE",
];

pub(super) const DESTINATION_TAILS: &[&str] = &[
    "CHAT_ID",
    "ACCOUNT_ID",
    "PROJECT_ID",
    "CLUSTER_ID",
    "CHAIN_ID",
    "NETWORK_ID",
    "POOL_ID",
    "ZONE_ID",
    "TOKEN_ID",
    "TOKEN0_ID",
    "TOKEN1_ID",
    "TOKEN2_ID",
    "TOKENA_ID",
    "TOKENB_ID",
    "ROLE_ARN",
    "WALLET_ADDRESS",
];

pub(super) const STEM_TAIL: &[&str] = &[
    "URL", "URI", "ENDPOINT", "HOST", "HOSTNAME", "ADDR", "ADDRESS", "DOMAIN", "SERVER", "SERVICE", "BASE",
    "API", "APIKEY", "KEY", "TOKEN", "SECRET", "PASSWORD", "PASS", "USERNAME", "USER", "ACCESS", "ID",
    "BACKEND", "RPC", "ORIGIN", "WEBHOOK", "AUTH", "BEARER",
];

/// A variable that ends so holds a whole document.
pub(super) const DOCUMENT_LAST: &[&str] = &[
    "CONF",
    "CONFIG",
    "CONFIGURATION",
    "HCL",
    "JSON",
    "MAP",
    "MAPPING",
    "MAPPINGS",
    "ROUTES",
    "ROUTING",
    "SETTINGS",
    "TOML",
    "YAML",
    "YML",
];
