//! One device: a report that a genuine device signed.

use crate::chain::{ChainError, DeviceChain};
use crate::error::{Explanation, explained};
use crate::family::Family;
use crate::memory::Memory;
use crate::opaque::{Opaque, OpaqueError};
use crate::report::{ParsedReport, ReportError};
use crate::root::Roots;
use std::sync::Arc;
use veritee_model::{Budget, Reason, UnixTime};

/// Why a report is not a genuine device's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceError {
    /// The report cannot be read.
    Report(ReportError),
    /// The certificate chain is refused.
    Chain(ChainError),
    /// The report is not signed by the key of the chain.
    Signature,
    /// Signed, but of a layout that this program does not read.
    Layout(ReportError),
    /// Signed, but its opaque data are of an unknown layout.
    Opaque(OpaqueError),
}

impl DeviceError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Report(error) => error.explain(),
            Self::Layout(error) => {
                let mut explanation = error.explain();
                explanation.reason = Reason::GpuLayoutUnknown;
                explanation.what =
                    format!("a genuine device signed a report of an unknown layout: {}", explanation.what);
                explanation.next("a newer version of veritee may read it")
            }
            Self::Chain(error) => error.explain(),
            Self::Opaque(error) => error.explain(),
            Self::Signature => Explanation::new(
                Reason::GpuReportSignature,
                "the report is not signed by the key that its certificate chain vouches for",
            ),
        }
    }
}

explained!(DeviceError);

/// How the firmware identity of a report compares with that of its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirmwareMatch {
    /// Both are there and equal.
    Equal,
    /// Both are there and differ.
    Differs {
        /// What the certificate says.
        certificate: [u8; 48],
        /// What the report says.
        report: [u8; 48],
    },
    /// One of them is not there: old drivers, and switches.
    Absent,
}

/// A report that a device signed whose key NVIDIA's root vouches for, at one time.
///
/// Says nothing of where the device is, of its mode, or of what its measurements ought to be.
#[derive(Debug, Clone)]
pub struct SignedReport {
    report: ParsedReport,
    chain: Arc<DeviceChain>,
    opaque: Opaque,
}

impl SignedReport {
    /// Reads and verifies one device's report and chain.
    ///
    /// # Errors
    /// With the first fault: layout, chain, signature, opaque data.
    pub fn verify(
        report: &[u8],
        chain: &[u8],
        roots: &Roots,
        as_of: UnixTime,
        budget: &Budget,
        memory: &Memory,
    ) -> Result<Self, DeviceError> {
        let parsed = ParsedReport::parse(report, budget);
        let chain = DeviceChain::verify(chain, roots, as_of, budget, memory);
        let report = match (parsed, &chain) {
            (Ok(report), _) => report,
            (Err(error), Ok(chain)) if is_signed(report, chain, budget) => {
                return Err(DeviceError::Layout(error));
            }
            (Err(error), _) => return Err(DeviceError::Report(error)),
        };
        Self::check(report, Arc::new(chain.map_err(DeviceError::Chain)?))
    }

    fn check(report: ParsedReport, chain: Arc<DeviceChain>) -> Result<Self, DeviceError> {
        if !crate::certificate::verify_fixed(chain.report_key(), report.signed(), report.signature()) {
            return Err(DeviceError::Signature);
        }
        let opaque = Opaque::parse(report.opaque(), report.opaque_at(), chain.family())
            .map_err(DeviceError::Opaque)?;
        Ok(Self { report, chain, opaque })
    }

    /// The report.
    #[must_use]
    pub const fn report(&self) -> &ParsedReport {
        &self.report
    }

    /// The chain of the key that signed it.
    #[must_use]
    pub fn chain(&self) -> &DeviceChain {
        &self.chain
    }

    /// Its opaque data.
    #[must_use]
    pub const fn opaque(&self) -> &Opaque {
        &self.opaque
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.chain.family()
    }

    /// Whether the firmware that the report names is the one that the certificate was issued for.
    #[must_use]
    pub fn firmware(&self) -> FirmwareMatch {
        match (self.chain.firmware_id(), self.opaque.firmware_id()) {
            (Some(certificate), Some(report)) if certificate == report => FirmwareMatch::Equal,
            (Some(certificate), Some(report)) => {
                FirmwareMatch::Differs { certificate: *certificate, report: *report }
            }
            _ => FirmwareMatch::Absent,
        }
    }

    /// Identifiers of the manifests that hold the reference values for this driver and VBIOS, in the order driver,
    /// VBIOS. What the report does not name has none.
    #[must_use]
    pub fn manifest_ids(&self) -> Vec<String> {
        let opaque = &self.opaque;
        let upper = |text: String| text.to_ascii_uppercase();
        let digits = |version: &str| version.replace('.', "");
        match self.family() {
            Family::Switch => {
                let version = opaque.vbios_version().map(digits);
                version
                    .map(|version| upper(format!("NV_SWITCH_BIOS_5612_0002_890_{version}")))
                    .into_iter()
                    .collect()
            }
            family => {
                let driver = opaque.driver_version().map(|version| match family {
                    Family::Blackwell => {
                        format!("NV_GPU_CC_DRIVER_{}_{version}", opaque.chip().unwrap_or("GB100"))
                    }
                    _ => format!("NV_GPU_DRIVER_{}_{version}", family.chip()),
                });
                let board = opaque.board().zip(opaque.vbios_version()).map(|(board, version)| {
                    let (project, sku, chip) = (&board.project, &board.project_sku, &board.chip_sku);
                    format!("NV_GPU_VBIOS_{project}_{sku}_{chip}_{}", digits(version))
                });
                driver.into_iter().chain(board).map(upper).collect()
            }
        }
    }
}

/// Whether the last 96 bytes sign all before them: whatever a device signed was not forged, however it is laid out.
fn is_signed(report: &[u8], chain: &DeviceChain, budget: &Budget) -> bool {
    if report.len() > budget.gpu_report_bytes {
        return false;
    }
    report.split_last_chunk().is_some_and(|(signed, signature)| {
        crate::certificate::verify_fixed(chain.report_key(), signed, signature)
    })
}
