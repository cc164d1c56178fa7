//! Families of devices, told apart by their certificates; what a container says of itself is only compared.

use core::fmt;

/// A family whose certificates and reports this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// GH100: H100, H200 and their kin.
    Hopper,
    /// GB100: B200 and its kin.
    Blackwell,
    /// LS10: the NVLink switch beside Hopper.
    Switch,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 3] = [Self::Hopper, Self::Blackwell, Self::Switch];

    /// The chip as the certificates' names have it.
    #[must_use]
    pub const fn chip(self) -> &'static str {
        match self {
            Self::Hopper => "GH100",
            Self::Blackwell => "GB100",
            Self::Switch => "LS_10",
        }
    }

    /// The name that containers use.
    #[must_use]
    pub const fn arch(self) -> &'static str {
        match self {
            Self::Hopper => "HOPPER",
            Self::Blackwell => "BLACKWELL",
            Self::Switch => "LS10",
        }
    }

    /// The chip in the name of the CA above the provisioner. Switches stand below Hopper's.
    #[must_use]
    pub const fn identity_chip(self) -> &'static str {
        match self {
            Self::Hopper | Self::Switch => "GH100",
            Self::Blackwell => "GB100",
        }
    }

    /// The `product` of its reference manifests.
    #[must_use]
    pub fn is_product(self, product: &str) -> bool {
        let plain: String = product.chars().filter(|character| *character != '_').collect();
        let chip: String = self.chip().chars().filter(|character| *character != '_').collect();
        plain.eq_ignore_ascii_case(&chip)
    }

    /// A switch, not a GPU.
    #[must_use]
    pub const fn is_switch(self) -> bool {
        matches!(self, Self::Switch)
    }

    /// The family with this chip.
    #[must_use]
    pub fn of_chip(chip: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.chip() == chip)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hopper => "Hopper GPU",
            Self::Blackwell => "Blackwell GPU",
            Self::Switch => "NVSwitch (LS10)",
        })
    }
}
