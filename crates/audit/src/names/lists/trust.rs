//! Words of whom a program trusts, lets in or pays.

/// After these a name holds a number, a switch or an address, not a list of whom to trust.
#[rustfmt::skip]
pub(crate) const TRUST_NEVER_LAST: &[&str] = &[
    "URL", "URLS", "URI", "URIS", "ENDPOINT", "ENDPOINTS", "HOST", "HOSTS", "ORIGIN", "ORIGINS", "SERVER", "DOMAIN",
    "DOMAINS", "ENABLED", "DISABLED", "MODE", "PORT",
];

/// Words that say it by themselves.
#[rustfmt::skip]
pub(crate) const TRUST_ALONE: &[&str] = &[
    "ADMINS", "ADMINISTRATORS", "OPERATORS", "SUPERUSERS", "SUPERADMINS", "MODERATORS", "MODERATOR", "OWNERS",
    "MAINTAINERS", "STAFF", "GUARDIANS", "GUARDIAN", "CURATORS", "APPROVERS", "REVIEWERS", "SIGNERS", "COSIGNERS",
    "VERIFIERS", "VERIFIER", "ATTESTERS", "ORACLES", "WHITELIST", "ALLOWLIST", "WHITELISTED", "ALLOWLISTED",
    "DENYLIST", "BLACKLIST", "BLOCKLIST", "TRUSTED", "TRUST", "TRUSTSTORE", "MRTD", "RTMR", "RTMR0", "RTMR1",
    "RTMR2", "RTMR3", "MRENCLAVE", "MRSIGNER", "MEASUREMENT", "MEASUREMENTS", "JWKS", "CACERT", "CACERTS",
    "TREASURY", "PAYEE", "BENEFICIARY", "BENEFICIARIES", "PAYOUT", "FINGERPRINT", "FINGERPRINTS", "THUMBPRINT",
    "QUORUM",
];

#[rustfmt::skip]
pub(crate) const TRUST_TAILS: &[&str] = &[
    "ROOT_CA", "CA_CERT", "CA_CERTS", "CA_FILE", "CA_PATH", "CA_BUNDLE", "CLIENT_CA", "COMPOSE_HASH",
    "COMPOSE_HASHES", "IMAGE_HASH", "IMAGE_DIGEST", "IDENTITY_REGEX", "IDENTITY_REGEXP", "FEE_RECIPIENT",
    "FEE_ADDRESS", "PAY_TO", "SIGNER_ADDRESS", "OWNER_ADDRESS", "ADMIN_ADDRESS", "ADMIN", "OWNER", "VERIFY_WITH",
    "VERIFY_KEY",
];

/// With one of [`ADMITTED_WHOM`]: who or what is let in or taken for genuine.
#[rustfmt::skip]
pub(crate) const ADMITTED: &[&str] = &[
    "ALLOWED", "ALLOW", "EXPECTED", "EXPECT", "ACCEPTED", "AUTHORIZED", "AUTHORISED", "APPROVED", "PERMITTED",
    "PINNED", "KNOWN", "VALID", "GENUINE",
];

#[rustfmt::skip]
pub(crate) const ADMITTED_WHOM: &[&str] = &[
    "USER", "USERS", "EMAIL", "EMAILS", "ADDRESS", "ADDRESSES", "WALLET", "WALLETS", "SIGNER", "SIGNERS", "KEY",
    "KEYS", "HASH", "HASHES", "DIGEST", "DIGESTS", "ACCOUNT", "ACCOUNTS", "ISSUER", "ISSUERS", "ROLE", "ROLES",
    "GROUP", "GROUPS", "IPS", "CLIENTS", "CLIENT", "PEERS", "VALIDATORS", "DEVICES", "CERT", "CERTS", "CA",
    "MEMBERS", "IDS", "NUMBERS",
];

/// What stands behind an administrator's word where it says who that is.
#[rustfmt::skip]
pub(crate) const PEOPLE_LAST: &[&str] = &[
    "EMAIL", "EMAILS", "WALLET", "WALLETS", "ADDRESS", "ADDRESSES", "USER", "USERS", "ID", "IDS", "ACCOUNT",
    "ACCOUNTS", "LIST", "GROUP", "GROUPS", "ROLE", "ROLES", "NAME", "NAMES", "HANDLE", "CHAT",
];
