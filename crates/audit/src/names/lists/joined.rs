//! How words that are written together are taken apart.

/// Words that other words end in, whatever stands before them.
#[rustfmt::skip]
pub(crate) const JOINED_TAILS: &[&str] = &[
    "ENDPOINT", "WEBHOOK", "UPSTREAM", "PROXY", "SERVER", "SERVERS", "DOMAIN", "HOSTNAME", "HOSTS", "HOST", "URLS",
    "URL", "URI", "ADDRESS", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "MNEMONIC",
];

/// Words that others end in, where these stand before them.
pub(crate) const JOINED_AFTER_KNOWN: &[&str] = &["KEY", "KEYS", "PASS", "USER", "PORT", "RPC", "ADDR", "DSN"];

#[rustfmt::skip]
pub(crate) const JOINED_HEADS: &[&str] = &[
    "WALLET", "SIGNING", "SIGN", "MASTER", "SECRET", "ENC", "ENCRYPTION", "DATA", "ACCESS", "SSH", "PRIVATE",
    "LICENSE", "DB", "PG", "SMTP", "REDIS", "MYSQL", "MAIL", "ROOT", "ADMIN", "HTTP", "HTTPS", "ETH", "NODE",
    "SERVER", "LISTEN", "GRPC", "API", "APP", "WEB", "JWT", "AES", "NATS", "MONGO", "AMQP", "KAFKA", "SENTRY",
    "LLM", "CHAIN", "BASE", "PEER", "BIND", "TLS", "CERT",
];

/// Words that end like others and are none of them, or that stand in a list of their own.
#[rustfmt::skip]
pub(crate) const WHOLE: &[&str] = &[
    "GHOST", "CURL", "LIBCURL", "APIKEY", "PUBKEY", "PRIVKEY", "AUTHKEY", "AUTHTOKEN", "KEYTOKEN", "SMARTHOST",
    "RELAYHOST", "LOCALHOST", "SUBDOMAIN",
];
