//! Words of addresses, destinations and documents.

/// Names that end like a cosmetic one and are none.
#[rustfmt::skip]
pub(crate) const ENDPOINT_NAMES: &[&str] = &[
    "SERVER_NAME", "HOSTNAME", "DOMAIN_NAME", "HOST_NAME", "NS", "DNS",
];

#[rustfmt::skip]
pub(crate) const ENDPOINT: &[&str] = &[
    "URL", "URLS", "URI", "URIS", "ENDPOINT", "ENDPOINTS", "HOST", "HOSTS", "HOSTNAME", "ADDR", "ADDRS", "ORIGIN",
    "ORIGINS", "DOMAIN", "DOMAINS", "SERVER", "SERVERS", "BACKEND", "BACKENDS", "UPSTREAM", "UPSTREAMS", "GATEWAY",
    "RPC", "WEBHOOK", "WEBHOOKS", "CALLBACK", "PROXY", "TARGET", "TARGETS", "RELAY", "RELAYS", "PEER", "PEERS",
    "BOOTNODE", "BOOTNODES", "BROKER", "BROKERS", "DSN", "REDIS", "MONGO", "MONGODB", "POSTGRES", "KAFKA", "AMQP",
    "NATS", "SMTP", "DISCOVERY", "RESOLVER", "RESOLVERS", "NAMESERVER", "NAMESERVERS", "BOOTSTRAP", "SEEDS",
    "MIRROR", "MIRRORS", "SMARTHOST", "RELAYHOST", "PROXIES", "RPCS", "ENDPOINTURL", "FORWARD", "FORWARDER",
    "FORWARDERS", "SINK", "COLLECTOR", "INGEST", "REMOTE", "INFERENCE",
];

/// Words of [`ENDPOINT`] that name what is reached, not its address: what stands behind them says what of it is meant.
#[rustfmt::skip]
pub(crate) const REACHED: &[&str] = &[
    "GATEWAY", "WEBHOOK", "WEBHOOKS", "BROKER", "BROKERS", "REDIS", "MONGO", "MONGODB", "POSTGRES", "KAFKA", "AMQP",
    "NATS", "SMTP",
];

/// Last words that say of what is reached something else than where it is: which of its stores, who writes, with which
/// key, of which commit, whether by itself.
#[rustfmt::skip]
pub(crate) const OF_REACHED_LAST: &[&str] = &[
    "DB", "DATABASE", "SCHEMA", "FROM", "SENDER", "HMAC", "MASTER", "COMMIT", "AUTOMATION", "ARGS",
    "ARGUMENTS", "OPTS", "FLAGS",
];

/// Pairs of words that make an address.
#[rustfmt::skip]
pub(crate) const ENDPOINT_TAILS: &[&str] = &[
    "NODE_ADDRESS", "LOCAL_ADDRESS", "REMOTE_ADDRESS", "CONNECTION_STRING", "_IP", "_IPS", "_DNS", "_NS",
];

/// Last words after which the name holds no address although one stands in it.
#[rustfmt::skip]
pub(crate) const DESTINATION_LAST: &[&str] = &[
    "ID", "IDS", "CONTRACT", "EMAIL", "BUCKET", "REGION", "USERNAME", "USER", "ENABLED", "DISABLED", "MODE",
    "LEVEL", "NAME", "VERIFY", "CHECK",
];

#[rustfmt::skip]
pub(crate) const PLAIN_ENDPOINT_LAST: &[&str] = &[
    "URL", "URLS", "URI", "URIS", "ENDPOINT", "ENDPOINTS", "HOST", "HOSTS", "HOSTNAME", "ADDR", "ADDRS", "ORIGIN",
    "DOMAIN", "WEBHOOK", "DSN", "SERVER", "NAME",
];

#[rustfmt::skip]
pub(crate) const DESTINATION: &[&str] = &[
    "CHANNEL", "CHANNELS", "ROOM", "EMAIL", "EMAILS", "RECIPIENT", "RECIPIENTS", "BUCKET", "TOPIC", "QUEUE",
    "ACCOUNT", "CONTRACT", "CONTRACTS", "REGION", "NAMESPACE", "DATABASE", "PROJECT", "WORKSPACE", "TENANT",
    "REALM", "DKIM",
];

/// Only as the last word: which store of a database.
pub(crate) const DESTINATION_ONLY_LAST: &[&str] = &["DB", "SCHEMA"];

/// With [`MAIL`]: who is named as its sender.
pub(crate) const SENDER_LAST: &[&str] = &["FROM", "SENDER"];

pub(crate) const MAIL: &[&str] =
    &["SMTP", "MAIL", "EMAIL", "MAILER", "SENDMAIL", "NOTIFICATION", "NOTIFICATIONS"];

#[rustfmt::skip]
pub(crate) const DESTINATION_TAILS: &[&str] = &[
    "CHAT_ID", "ACCOUNT_ID", "PROJECT_ID", "CLUSTER_ID", "CHAIN_ID", "NETWORK_ID", "POOL_ID", "ZONE_ID", "TOKEN_ID",
    "TOKEN0_ID", "TOKEN1_ID", "TOKEN2_ID", "TOKENA_ID", "TOKENB_ID", "ROLE_ARN", "WALLET_ADDRESS", "SUPABASE_REF",
    "PROJECT_REF", "BUCKET_NAME", "TABLE_NAME", "QUEUE_NAME", "TOPIC_NAME", "DATABASE_NAME", "DB_NAME",
];

#[rustfmt::skip]
pub(crate) const STEM_TAIL: &[&str] = &[
    "URL", "URI", "ENDPOINT", "HOST", "HOSTNAME", "ADDR", "ADDRESS", "DOMAIN", "SERVER", "SERVICE", "BASE", "API",
    "APIKEY", "KEY", "TOKEN", "SECRET", "PASSWORD", "PASS", "USERNAME", "USER", "ACCESS", "ID", "BACKEND", "RPC",
    "ORIGIN", "WEBHOOK", "AUTH", "BEARER",
];

/// Who is named as the sender of mail, or told of a certificate that runs out: what users send does not go there.
#[rustfmt::skip]
pub(crate) const CONTACT_WORDS: &[&str] = &[
    "CERTBOT", "LETSENCRYPT", "ACME", "ISSUANCE", "FROM", "SENDER",
];

/// Databases and queues: a user's name there opens nothing without its password.
#[rustfmt::skip]
pub(crate) const STORES: &[&str] = &[
    "POSTGRES", "POSTGRESDB", "POSTGRESQL", "PG", "MYSQL", "MARIADB", "MONGO", "MONGODB", "INITDB", "REDIS", "DB",
    "DATABASE", "CLICKHOUSE", "RABBITMQ", "VALKEY", "COUCHDB", "CASSANDRA", "MSSQL",
];

/// A variable that ends so holds a whole document.
#[rustfmt::skip]
pub(crate) const DOCUMENT_LAST: &[&str] = &[
    "CONF", "CONFIG", "CONFIGURATION", "HCL", "JSON", "MAP", "MAPPING", "MAPPINGS", "ROUTES", "ROUTING", "SETTINGS",
    "TOML", "YAML", "YML",
];

/// Names of addresses that are shown to a person and that nothing is sent to.
#[rustfmt::skip]
pub(crate) const SHOWN_LINKS: &[&str] = &[
    "STATUS_PAGE_URL", "DEPLOY_RUN_URL", "DOCS_URL", "DOCUMENTATION_URL", "HELP_URL", "TERMS_URL",
    "TERMS_OF_SERVICE_URL", "PRIVACY_URL", "PRIVACY_POLICY_URL", "IMPRINT_URL", "CHANGELOG_URL", "HOMEPAGE_URL",
    "SUPPORT_URL", "BLOG_URL",
];

/// Which pages a browser lets talk to the application: they can do no more than their visitor.
#[rustfmt::skip]
pub(crate) const BROWSER_ORIGINS: &[&str] = &[
    "CORS_ORIGIN", "CORS_ORIGINS", "ALLOWED_ORIGIN", "ALLOWED_ORIGINS", "CORS_ALLOW_ORIGIN", "CORS_ALLOW_ORIGINS",
    "CORS_ALLOWED_ORIGIN",
];

/// How the application itself is reached: it decides links and what a browser is told, not where data is sent.
#[rustfmt::skip]
pub(crate) const OWN_ADDRESSES: &[&str] = &[
    "PUBLIC_URL", "FRONTEND_URL", "APP_URL", "SITE_URL", "EXTERNAL_URL", "WEB_URL", "PUBLIC_BASE_URL",
    "PUBLIC_ORIGIN", "ROOT_URL", "PUBLIC_HOSTNAME",
];

/// The same behind the name of a program: an address that calls itself public is told to visitors.
#[rustfmt::skip]
pub(crate) const OWN_ADDRESS_TAILS: &[&str] = &[
    "_PUBLIC_URL", "_PUBLIC_BASE_URL", "_PUBLIC_ORIGIN", "_PUBLIC_HOSTNAME",
];

/// Where a run of the deployment is looked at.
pub(crate) const SHOWN_LINK_TAILS: &[&str] = &["_DEPLOY_RUN_URL", "_STATUS_PAGE_URL"];
