//! What variables of a compose are for.

use serde::{Deserialize, Serialize};

/// What a variable is for, as its name suggests or a policy says. The audit's rules say what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameClass {
    /// Changes what a run time loads or whom it trusts, once it is inside a container (`NODE_OPTIONS`).
    RuntimeHook,
    /// Opens a way in for an administrator (`DSTACK_ROOT_PASSWORD`).
    RootAccess,
    /// Credentials with which the machine pulls images.
    Registry,
    /// Names an image or part of one.
    Image,
    /// A port, a limit, a label: cosmetic.
    Tuning,
    /// Says where data goes or comes from (`MOCK_API_URL`).
    Endpoint,
    /// Opens the application's administration (`BEARER_TOKEN`).
    AdminCredential,
    /// The application's own key or seed (`SIGNING_KEY`).
    IdentityKey,
    /// A credential at somebody else's service.
    ThirdPartyCredential,
    /// A key that is meant to be public (`STRIPE_PUBLISHABLE_KEY`).
    PublishableKey,
    /// Switches behaviour (`SKIP_VERIFY`).
    Flag,
    /// Says who is administrator, who is trusted, paid, or recognised as genuine (`TRUSTED_SIGNERS`, `ROOT_CA`).
    Trust,
    /// Names or holds code: arguments, commands, plug-ins (`EXTRA_ARGS`).
    Code,
    /// Names a destination that is no address: an account, a bucket, a contract.
    Destination,
    /// Says nothing.
    Unknown,
}

impl NameClass {
    /// The word that policy files and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RuntimeHook => "runtime-hook",
            Self::RootAccess => "root-access",
            Self::Registry => "registry",
            Self::Image => "image",
            Self::Tuning => "tuning",
            Self::Endpoint => "endpoint",
            Self::AdminCredential => "admin-credential",
            Self::IdentityKey => "identity-key",
            Self::ThirdPartyCredential => "third-party-credential",
            Self::PublishableKey => "publishable-key",
            Self::Flag => "flag",
            Self::Trust => "trust",
            Self::Code => "code",
            Self::Destination => "destination",
            Self::Unknown => "unknown",
        }
    }
}
