//! Words of credentials, of administration, and of keys of the application's own.

#[rustfmt::skip]
pub(crate) const CREDENTIAL: &[&str] = &[
    "KEY", "KEYS", "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASS", "PASSWD", "PW",
    "PASSPHRASE", "CREDENTIAL", "CREDENTIALS", "CREDS", "APIKEY", "P8", "PEM", "AUTHKEY", "AUTHTOKEN", "PAT",
];

/// Only as the last word.
pub(crate) const CREDENTIAL_LAST: &[&str] = &["USERNAME", "USER", "LOGIN", "JWT", "COOKIE", "BEARER"];

#[rustfmt::skip]
pub(crate) const ADMIN: &[&str] = &[
    "ADMIN", "ROOT", "MASTER", "OPERATOR", "INTERNAL", "TRIGGER", "MIGRATION", "BEARER", "SUPERUSER", "SUDO",
];

pub(crate) const ADMIN_SECRET: &[&str] = &["KEY", "TOKEN", "TOKENS", "SECRET", "PASSWORD", "PASS", "PW"];

/// With one of these an administrator's word speaks of cryptography: `MASTER_ENCRYPTION_KEY`.
#[rustfmt::skip]
pub(crate) const CRYPTOGRAPHIC: &[&str] = &[
    "ENCRYPTION", "SIGNING", "PRIVATE", "SEED", "MNEMONIC", "WALLET", "DERIVATION",
];

/// Lists of who may come in, and headers that let in.
pub(crate) const ADMIN_LAST: &[&str] = &["AUTHORIZATION", "HTPASSWD", "USERS", "LOGINS", "BASICAUTH"];

#[rustfmt::skip]
pub(crate) const ADMIN_NAMES: &[&str] = &[
    "TOKEN", "AUTH_TOKEN", "PASSWORD", "BASIC_AUTH", "RELEASE_COOKIE", "ERLANG_COOKIE", "RABBITMQ_ERLANG_COOKIE", "EJABBERD_ERLANG_COOKIE",
];

#[rustfmt::skip]
pub(crate) const IDENTITY_ALONE: &[&str] = &[
    "MNEMONIC", "MNEMONICS", "KEYSTORE", "SEEDPHRASE", "PRIVKEY", "PRIVKEYS", "KEK", "DEK", "JWK", "BIP39", "BIP32",
    "XPRV", "NSEC", "WIF", "KEYPAIR", "KEYFILE", "KEYRING",
];

/// As last words they are a key, whatever stands before them.
pub(crate) const IDENTITY_LAST: &[&str] = &["SIGNER", "SEED", "SALT", "PEPPER", "ENTROPY"];

/// The whole name.
pub(crate) const IDENTITY_NAMES: &[&str] = &["MASTER", "SK", "DATA_KEY"];

/// With `SECRET` behind them, the application's own.
#[rustfmt::skip]
pub(crate) const OF_ITSELF: &[&str] = &[
    "APP", "APPLICATION", "AUTH", "NEXTAUTH", "BETTER", "SESSION", "SERVER", "JWT", "COOKIE", "CSRF", "NUXT",
    "SERVICE", "READ", "WRITE", "SINK", "SHARED",
];

/// Parts of the application that have a key of their own, where no other company is named.
pub(crate) const OWN_PARTS: &[&str] = &["AGENT", "ENCLAVE", "TEE", "CVM"];

/// With a token or secret behind them: whoever has it joins what runs here.
#[rustfmt::skip]
pub(crate) const JOINED_WITH: &[&str] = &[
    "K3", "K8", "RKE", "RKE2", "SWARM", "CLUSTER", "RUNNER", "RUNNERS", "JOIN",
];

/// What follows a secret of which there are several at a time.
pub(crate) const GENERATIONS: &[&str] = &["PREV", "PREVIOUS", "OLD", "NEXT"];

/// Words that make `MASTER` at the end of a name a key, not a machine.
#[rustfmt::skip]
pub(crate) const MASTER_OF: &[&str] = &[
    "HMAC", "CREDENTIAL", "CREDENTIALS", "ENCRYPTION", "SIGNING", "SECRET", "KEY", "KEYS",
];

/// Words before a secret that say that somebody else gave it out.
pub(crate) const GIVEN_OUT: &[&str] = &["API", "APIKEY", "SDK", "CLIENT", "OAUTH", "CONSUMER"];

#[rustfmt::skip]
pub(crate) const IDENTITY: &[&str] = &[
    "SIGNING", "SIGNER", "PRIVATE", "ENCRYPTION", "ENCODING", "MASTER", "SESSION", "COOKIE", "JWT", "HMAC", "SEED",
    "SALT", "WALLET", "KEYSTORE", "ATTESTATION", "CRYPTO", "CIPHER", "AES", "ED25519", "SECP256K1", "VALIDATOR",
    "NODE", "ENC", "ENCRYPT", "DATA", "VAULT", "STORAGE", "BACKUP", "SIGN", "PRIV", "RSA", "ECDSA", "IDENTITY",
    "DERIVATION",
];

#[rustfmt::skip]
pub(crate) const IDENTITY_SECRET: &[&str] = &[
    "KEY", "KEYS", "SECRET", "SECRETS", "SEED", "SALT", "PHRASE", "PEM",
];

/// Services whose `SECRET_KEY` is an account's, not the application's.
#[rustfmt::skip]
pub(crate) const VENDORS: &[&str] = &[
    "STRIPE", "AWS", "GCP", "GOOGLE", "AZURE", "OPENAI", "ANTHROPIC", "GEMINI", "TELEGRAM", "DISCORD", "SLACK",
    "SENDGRID", "TWILIO", "CLOUDFLARE", "CF", "GITHUB", "GITLAB", "FIREBASE", "SUPABASE", "DD", "DATADOG", "SENTRY",
    "RESEND", "BRAVE", "REDPILL", "S3", "R2", "MINIO", "TURNSTILE", "RECAPTCHA", "HCAPTCHA", "PAYPAL", "PLAID",
    "BINANCE", "COINBASE", "ALCHEMY", "INFURA",
];
