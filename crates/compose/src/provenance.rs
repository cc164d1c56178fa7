//! Who can choose a value without changing the compose hash.

use core::fmt;

/// Where a value, or a part of it, comes from. Ordered: the later, the worse for whoever relies on the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    /// It stands in the measured document.
    Literal,
    /// It names a variable that nobody can set: empty, or the default that stands beside it.
    Unset,
    /// The measured guest operating system sets it (`PATH`, `HOME`, a random number drawn inside).
    System,
    /// It is computed from the measured document.
    Measured,
    /// It is a value that the attestation carries (app id, instance id), asked of the guest agent.
    Attested,
    /// A remote server chooses it, and whoever sits on the way to it.
    Remote,
    /// The operator chooses it through an encrypted variable that `allowed_envs` admits. The host can forge it too,
    /// unless the variables are authenticated.
    Operator,
    /// The host chooses it (`user_config`, `.sys-config.json`): nothing about it is measured.
    Host,
    /// It comes through something that could not be understood; counts as [`Self::Host`].
    Unknown,
}

impl Provenance {
    /// All, from harmless to worst.
    pub const ALL: [Self; 9] = [
        Self::Literal,
        Self::Unset,
        Self::System,
        Self::Measured,
        Self::Attested,
        Self::Remote,
        Self::Operator,
        Self::Host,
        Self::Unknown,
    ];

    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Unset => "unset",
            Self::System => "system",
            Self::Measured => "measured",
            Self::Attested => "attested",
            Self::Remote => "remote",
            Self::Operator => "operator",
            Self::Host => "host",
            Self::Unknown => "unknown",
        }
    }

    /// Nobody can choose it without another compose hash, operating system or identity.
    #[must_use]
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::Literal | Self::Unset | Self::System | Self::Measured | Self::Attested)
    }

    /// Somebody outside the machine can choose it.
    #[must_use]
    pub const fn is_settable(self) -> bool {
        !self.is_fixed()
    }

    /// The host chooses it, or must be taken to.
    #[must_use]
    pub const fn is_host(self) -> bool {
        matches!(self, Self::Host | Self::Unknown)
    }

    /// The worse of the two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
