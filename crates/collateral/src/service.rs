//! Who is asked: Intel's provisioning certification service or a caching service in front of it.

use crate::need::{Need, tee_name};
use core::fmt;
use url::Url;
use veritee_model::Budget;
use veritee_quote::{CaKind, Tee};

/// Intel's service.
pub const INTEL_PCS: &str = "https://api.trustedservices.intel.com";
/// The root's revocation list, at the place that Intel's certificates name as their distribution point.
pub const INTEL_ROOT_CRL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

/// Interface version of a PCCS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PccsVersion {
    /// 3: SGX only, answers in hex. At its end of life.
    V3,
    /// 4: SGX and TDX.
    V4,
}

/// A service to ask. What it answers is signed by Intel; the service can withhold, delay and replay, never forge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// Intel PCS, version 4.
    IntelPcs {
        /// Where its paths begin.
        base: Url,
        /// The root's revocation list, on a host of its own.
        root_crl: Url,
    },
    /// A provisioning certificate caching service, as Intel publishes it and clouds run it.
    Pccs {
        /// Where its paths begin.
        base: Url,
        /// Interface version.
        version: PccsVersion,
    },
}

/// By which interface something was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Intel PCS version 4.
    PcsV4,
    /// PCCS version 3.
    PccsV3,
    /// PCCS version 4.
    PccsV4,
    /// None: files of a snapshot.
    Imported,
}

/// A service cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceError {
    /// The address is no URL that paths can be put behind.
    Address {
        /// The address.
        address: String,
        /// Why.
        why: &'static str,
    },
    /// Version 3 of the interface has no TDX.
    TdxNeedsVersion4,
    /// Version 3 of the interface has no evaluation data numbers.
    NumberNeedsVersion4,
}

/// One of the four parts of collateral that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// TCB info with its chain.
    TcbInfo,
    /// QE identity with its chain.
    QeIdentity,
    /// Revocation list of the PCK CA with its chain.
    PckCrl,
    /// Revocation list of the root.
    RootCaCrl,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked for.
    pub item: ItemKind,
    /// Where.
    pub url: Url,
    /// Largest answer that is read.
    pub cap: usize,
}

impl Service {
    /// Intel's own service.
    ///
    /// # Panics
    /// Never: its addresses are constants that a test reads.
    #[must_use]
    pub fn intel() -> Self {
        #[expect(clippy::expect_used, reason = "constants of this file; a test reads them")]
        Self::intel_at(INTEL_PCS, INTEL_ROOT_CRL).expect("the constants are addresses")
    }

    /// Intel's interface at other addresses: a mirror, a test.
    ///
    /// # Errors
    /// When an address is no URL that paths can be put behind.
    pub fn intel_at(base: &str, root_crl: &str) -> Result<Self, ServiceError> {
        let root = address(root_crl)?;
        Ok(Self::IntelPcs { base: base_address(base)?, root_crl: root })
    }

    /// A PCCS. The path of its interface (`/sgx/certification/v4`) may be given or left out.
    ///
    /// # Errors
    /// When the address is no URL that paths can be put behind.
    pub fn pccs(base: &str, version: PccsVersion) -> Result<Self, ServiceError> {
        Ok(Self::Pccs { base: base_address(base)?, version })
    }

    /// By which interface it is asked.
    #[must_use]
    pub const fn kind(&self) -> ServiceKind {
        match self {
            Self::IntelPcs { .. } => ServiceKind::PcsV4,
            Self::Pccs { version: PccsVersion::V3, .. } => ServiceKind::PccsV3,
            Self::Pccs { version: PccsVersion::V4, .. } => ServiceKind::PccsV4,
        }
    }

    /// The request for one part.
    ///
    /// # Errors
    /// When the interface has no such thing.
    pub fn question(&self, need: &Need, item: ItemKind, budget: &Budget) -> Result<Question, ServiceError> {
        let url = match item {
            ItemKind::TcbInfo => {
                let query = format!("fmspc={}{}", need.fmspc, self.evaluation_query(need, "&")?);
                self.at(tee_name(need.tee), "tcb", Some(&query))
            }
            ItemKind::QeIdentity => {
                let query = self.evaluation_query(need, "")?;
                self.at(tee_name(need.tee), "qe/identity", (!query.is_empty()).then_some(&query))
            }
            ItemKind::PckCrl => self.pck_crl(need.ca),
            ItemKind::RootCaCrl => match self {
                Self::IntelPcs { root_crl, .. } => root_crl.clone(),
                Self::Pccs { .. } => self.at("sgx", "rootcacrl", None),
            },
        };
        let cap = match item {
            ItemKind::TcbInfo | ItemKind::QeIdentity => budget.collateral_json_bytes,
            // A PCCS of version 3 answers in hex.
            ItemKind::PckCrl | ItemKind::RootCaCrl => budget.crl_bytes.saturating_mul(2),
        };
        Ok(Question { item, url, cap })
    }

    /// The signed list of evaluation data numbers.
    ///
    /// # Errors
    /// When the interface has no such thing.
    pub fn evaluation_numbers(&self, tee: Tee) -> Result<Url, ServiceError> {
        if self.kind() == ServiceKind::PccsV3 {
            return Err(ServiceError::NumberNeedsVersion4);
        }
        Ok(self.at(tee_name(tee), "tcbevaluationdatanumbers", None))
    }

    pub(crate) fn pck_certificate(&self, query: &str) -> Url {
        self.at("sgx", "pckcert", Some(query))
    }

    fn pck_crl(&self, ca: CaKind) -> Url {
        let query = if self.kind() == ServiceKind::PccsV3 {
            format!("ca={ca}")
        } else {
            format!("ca={ca}&encoding=der")
        };
        self.at("sgx", "pckcrl", Some(&query))
    }

    fn evaluation_query(&self, need: &Need, before: &str) -> Result<String, ServiceError> {
        if self.kind() == ServiceKind::PccsV3 {
            if need.tee == Tee::Tdx {
                return Err(ServiceError::TdxNeedsVersion4);
            }
            return match need.evaluation {
                // Older servers of version 3 know no such parameter, and the standard set is all they have.
                crate::Evaluation::Standard => Ok(String::new()),
                crate::Evaluation::Early => Ok(format!("{before}{}", need.evaluation.query())),
                crate::Evaluation::Number(_) => Err(ServiceError::NumberNeedsVersion4),
            };
        }
        Ok(format!("{before}{}", need.evaluation.query()))
    }

    fn at(&self, tee: &str, path: &str, query: Option<&str>) -> Url {
        let (base, version) = match self {
            Self::IntelPcs { base, .. } => (base, 4),
            Self::Pccs { base, version: PccsVersion::V3 } => (base, 3),
            Self::Pccs { base, version: PccsVersion::V4 } => (base, 4),
        };
        let mut url = base.clone();
        url.set_path(&format!("{}/{tee}/certification/v{version}/{path}", base.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }
}

pub(crate) fn base_address(text: &str) -> Result<Url, ServiceError> {
    let mut url = address(text)?;
    if url.query().is_some() {
        return Err(refuse(text, "a base address has no query"));
    }
    let mut path = url.path().trim_end_matches('/').to_owned();
    for interface in
        ["/sgx/certification/v3", "/sgx/certification/v4", "/tdx/certification/v3", "/tdx/certification/v4"]
    {
        if let Some(before) = path.strip_suffix(interface) {
            path = before.to_owned();
        }
    }
    url.set_path(&path);
    Ok(url)
}

pub(crate) fn address(text: &str) -> Result<Url, ServiceError> {
    let url = Url::parse(text).map_err(|_no_url| refuse(text, "not a URL"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(refuse(text, "expected https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(url.host_str().unwrap_or_default(), "a name or password in it would be shown"));
    }
    if url.fragment().is_some() {
        return Err(refuse(text, "it has a fragment"));
    }
    Ok(url)
}

fn refuse(address: &str, why: &'static str) -> ServiceError {
    ServiceError::Address { address: veritee_model::text::shortened(address, 200), why }
}

impl ServiceKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PcsV4, Self::PccsV3, Self::PccsV4, Self::Imported];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PcsV4 => "pcs-v4",
            Self::PccsV3 => "pccs-v3",
            Self::PccsV4 => "pccs-v4",
            Self::Imported => "imported",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ItemKind {
    /// All four, in the order in which faults are reported.
    pub const ALL: [Self; 4] = [Self::TcbInfo, Self::QeIdentity, Self::PckCrl, Self::RootCaCrl];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcbInfo => "tcb-info",
            Self::QeIdentity => "qe-identity",
            Self::PckCrl => "pck-crl",
            Self::RootCaCrl => "root-ca-crl",
        }
    }

    /// Name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::TcbInfo => "TCB info",
            Self::QeIdentity => "QE identity",
            Self::PckCrl => "PCK revocation list",
            Self::RootCaCrl => "root revocation list",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Headers that may bring its chain. A PCCS of version 3 prefixes the TCB info's; some servers of version 4
    /// do too.
    #[must_use]
    pub const fn chain_headers(self) -> &'static [&'static str] {
        match self {
            Self::TcbInfo => &["TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"],
            Self::QeIdentity => &["SGX-Enclave-Identity-Issuer-Chain"],
            Self::PckCrl => &["SGX-PCK-CRL-Issuer-Chain"],
            Self::RootCaCrl => &[],
        }
    }
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address, why } => {
                write!(f, "cannot ask `{}`: {why}", veritee_model::text::inert(address))
            }
            Self::TdxNeedsVersion4 => f.write_str("version 3 of the PCCS interface knows SGX only, not TDX"),
            Self::NumberNeedsVersion4 => {
                f.write_str("version 3 of the PCCS interface has no evaluation data numbers")
            }
        }
    }
}

impl core::error::Error for ServiceError {}

impl ServiceError {
    /// What to do about it.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Address { .. } => "give the address as https://HOST[:PORT][/PATH]",
            Self::TdxNeedsVersion4 => "ask version 4 of the PCCS, or Intel's own service",
            Self::NumberNeedsVersion4 => {
                "ask for the standard or early set, or ask version 4 of the PCCS or Intel's own service"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(service: &Service, need: &Need) -> Vec<String> {
        ItemKind::ALL
            .into_iter()
            .map(|item| service.question(need, item, &Budget::STANDARD).unwrap().url.to_string())
            .collect()
    }

    fn need(tee: &str, evaluation: &str) -> Need {
        Need::parse(tee, "90C06F000000", "platform", evaluation).unwrap()
    }

    #[test]
    fn intel_is_asked_four_things_at_its_documented_paths() {
        assert_eq!(
            urls(&Service::intel(), &need("tdx", "standard")),
            [
                "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=90c06f000000&update=standard",
                "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity?update=standard",
                "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
                "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
            ]
        );
    }

    #[test]
    fn a_number_takes_the_place_of_update() {
        let urls = urls(&Service::intel(), &need("sgx", "20"));
        assert!(
            urls[0].ends_with("/sgx/certification/v4/tcb?fmspc=90c06f000000&tcbEvaluationDataNumber=20"),
            "{urls:?}"
        );
        assert!(urls.iter().all(|url| !url.contains("update=")), "{urls:?}");
    }

    #[test]
    fn a_pccs_may_be_named_with_or_without_the_path_of_its_interface() {
        for base in [
            "https://pccs.example:8081",
            "https://pccs.example:8081/",
            "https://pccs.example:8081/sgx/certification/v4/",
            "https://pccs.example:8081/tdx/certification/v4",
        ] {
            let service = Service::pccs(base, PccsVersion::V4).unwrap();
            assert_eq!(
                urls(&service, &need("tdx", "early"))[3],
                "https://pccs.example:8081/sgx/certification/v4/rootcacrl",
                "{base}"
            );
        }
        let nested = Service::pccs("https://h.example/a/b", PccsVersion::V4).unwrap();
        assert!(
            urls(&nested, &need("tdx", "early"))[0].starts_with("https://h.example/a/b/tdx/certification/")
        );
    }

    #[test]
    fn version_3_speaks_of_sgx_without_numbers() {
        let service = Service::pccs("https://pccs.example", PccsVersion::V3).unwrap();
        assert_eq!(
            urls(&service, &need("sgx", "standard")),
            [
                "https://pccs.example/sgx/certification/v3/tcb?fmspc=90c06f000000",
                "https://pccs.example/sgx/certification/v3/qe/identity",
                "https://pccs.example/sgx/certification/v3/pckcrl?ca=platform",
                "https://pccs.example/sgx/certification/v3/rootcacrl",
            ]
        );
        let ask = |need: &Need| service.question(need, ItemKind::TcbInfo, &Budget::STANDARD).unwrap_err();
        assert_eq!(ask(&need("tdx", "standard")), ServiceError::TdxNeedsVersion4);
        assert_eq!(ask(&need("sgx", "20")), ServiceError::NumberNeedsVersion4);
    }

    #[test]
    fn addresses_that_are_no_base_or_would_leak_a_password_are_refused() {
        for address in [
            "pccs.example",
            "file:///etc/passwd",
            "https://name:secret@pccs.example",
            "https://pccs.example/?key=1",
            "https://pccs.example/#x",
            "mailto:a@b",
        ] {
            let error = Service::pccs(address, PccsVersion::V4).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
