//! What a PCK certificate says of its platform: Intel's SGX extension.
//!
//! Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification, section 1.3.5.

use crate::bytes::{CpuSvn, PceId, PlatformInstanceId};
use crate::der::{
    BOOLEAN, Der, DerError, DerFault, ENUMERATED, Element, INTEGER, OCTET_STRING, OID, SEQUENCE,
};
use core::fmt;
use serde::Serialize;
use veritee_base::{Fmspc, Ppid};

/// 1.2.840.113741.1.13.1: every identifier inside begins with it.
const PREFIX: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];

/// Which CA issued a PCK certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CaKind {
    /// Single-package platforms, provisioned at manufacturing.
    Processor,
    /// Multi-package platforms, registered by their operator.
    Platform,
}

impl CaKind {
    /// Name of the CA in `ca=` of Intel's service.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Platform => "platform",
        }
    }

    /// Common name of the CA.
    #[must_use]
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Processor => "Intel SGX PCK Processor CA",
            Self::Platform => "Intel SGX PCK Platform CA",
        }
    }

    pub(crate) fn from_name(common_name: &str) -> Option<Self> {
        [Self::Processor, Self::Platform].into_iter().find(|kind| kind.common_name() == common_name)
    }
}

impl fmt::Display for CaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the memory of SGX is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SgxType {
    /// Encrypted, with integrity and replay protection.
    Standard,
    /// Encrypted only.
    Scalable,
    /// Encrypted, with cryptographic integrity.
    ScalableWithIntegrity,
}

/// A yes or no that not every certificate states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stated {
    /// Stated as false.
    No,
    /// Stated as true.
    Yes,
    /// Not stated: certificates of the Processor CA have no configuration.
    Unstated,
}

impl From<bool> for Stated {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// Intel's SGX extension, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PckExtension {
    /// Identifier of the platform for provisioning.
    pub ppid: Ppid,
    /// SGX TCB components, what TCB levels are compared with.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub components: [u8; 16],
    /// Security version of the PCE.
    pub pce_svn: u16,
    /// CPUSVN.
    pub cpu_svn: CpuSvn,
    /// PCEID.
    pub pce_id: PceId,
    /// FMSPC.
    pub fmspc: Fmspc,
    /// How SGX memory is protected.
    pub sgx_type: SgxType,
    /// Instance of a registered platform (Platform CA).
    pub platform_instance_id: Option<PlatformInstanceId>,
    /// Packages can be added to the platform later.
    pub dynamic_platform: Stated,
    /// The platform's root keys are cached by Intel's registration service.
    pub cached_keys: Stated,
    /// Simultaneous multithreading is on.
    pub smt_enabled: Stated,
}

#[derive(Default)]
struct Parts<'a> {
    ppid: Option<Element<'a>>,
    tcb: Option<Element<'a>>,
    pce_id: Option<Element<'a>>,
    fmspc: Option<Element<'a>>,
    sgx_type: Option<Element<'a>>,
    instance: Option<Element<'a>>,
    configuration: Option<Element<'a>>,
}

impl PckExtension {
    /// Reads the extension's value: the OCTET STRING with its SEQUENCE inside.
    pub(crate) fn parse(extension: Element<'_>) -> Result<Self, DerError> {
        let mut outer = extension.inner();
        let mut list = outer.sequence(DerFault::SgxExtensionExpected)?;
        outer.finish(DerFault::BytesAfterSgxExtension)?;
        let mut parts = Parts::default();
        while !list.is_empty() {
            let (key, value) = read_pair(&mut list, &[])?;
            // Seven parts are defined. An eighth, or one twice, leaves open which of them the levels are compared with.
            let slot = match key {
                1 => &mut parts.ppid,
                2 => &mut parts.tcb,
                3 => &mut parts.pce_id,
                4 => &mut parts.fmspc,
                5 => &mut parts.sgx_type,
                6 => &mut parts.instance,
                7 => &mut parts.configuration,
                _ => return Err(value.error(DerFault::UnknownSgxPart)),
            };
            if slot.replace(value).is_some() {
                return Err(value.error(DerFault::SgxPartTwice));
            }
        }
        Self::assemble(&extension, &parts)
    }

    fn assemble(extension: &Element<'_>, parts: &Parts<'_>) -> Result<Self, DerError> {
        let tcb = parts.tcb.ok_or_else(|| extension.error(DerFault::TcbMissing))?;
        let (components, pce_svn, cpu_svn) = read_tcb(&tcb)?;
        let kind = parts.sgx_type.ok_or_else(|| extension.error(DerFault::SgxTypeMissing))?;
        // A Platform CA's certificate has both optional parts, a Processor CA's has neither.
        let (instance, configuration) = match (parts.instance, parts.configuration) {
            (Some(instance), Some(configuration)) => {
                (Some(octets(&instance)?), read_configuration(&configuration)?)
            }
            (None, None) => (None, [Stated::Unstated; 3]),
            _ => return Err(extension.error(DerFault::InstanceWithoutConfiguration)),
        };
        let [dynamic_platform, cached_keys, smt_enabled] = configuration;
        Ok(Self {
            ppid: Ppid::new(required(extension, parts.ppid, DerFault::PpidMissing)?),
            components,
            pce_svn,
            cpu_svn,
            pce_id: PceId::new(required(extension, parts.pce_id, DerFault::PceidMissing)?),
            fmspc: Fmspc::new(required(extension, parts.fmspc, DerFault::FmspcMissing)?),
            sgx_type: read_sgx_type(&kind)?,
            platform_instance_id: instance.map(PlatformInstanceId::new),
            dynamic_platform,
            cached_keys,
            smt_enabled,
        })
    }
}

fn required<const N: usize>(
    extension: &Element<'_>,
    part: Option<Element<'_>>,
    fault: DerFault,
) -> Result<[u8; N], DerError> {
    octets(&part.ok_or_else(|| extension.error(fault))?)
}

/// `SEQUENCE { OID, value }` where the OID is the prefix, `branch`, and one more number.
fn read_pair<'a>(list: &mut Der<'a>, branch: &[u8]) -> Result<(u8, Element<'a>), DerError> {
    let mut pair = list.sequence(DerFault::PairExpected)?;
    let oid = pair.expect(OID, DerFault::IdentifierExpected)?;
    let value = pair.any()?;
    pair.finish(DerFault::BytesAfterValue)?;
    let last = oid.value.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(branch));
    match last {
        Some([key]) => Ok((*key, value)),
        // An identifier of another branch is none of these parts.
        _ => Err(oid.error(DerFault::ForeignIdentifier)),
    }
}

fn octets<const N: usize>(element: &Element<'_>) -> Result<[u8; N], DerError> {
    if element.tag != OCTET_STRING {
        return Err(element.error(DerFault::OctetStringExpected));
    }
    <[u8; N]>::try_from(element.value).map_err(|_length| element.error(DerFault::OctetStringLength))
}

fn read_tcb(element: &Element<'_>) -> Result<([u8; 16], u16, CpuSvn), DerError> {
    if element.tag != SEQUENCE {
        return Err(element.error(DerFault::TcbSequenceExpected));
    }
    let mut list = element.inner();
    let mut components = [None; 16];
    let (mut pce_svn, mut cpu_svn) = (None, None);
    while !list.is_empty() {
        let (key, value) = read_pair(&mut list, &[2])?;
        let twice = match key {
            17 => pce_svn.replace(svn::<u16>(&value)?).is_some(),
            18 => cpu_svn.replace(CpuSvn::new(octets(&value)?)).is_some(),
            _ => match usize::from(key).checked_sub(1).and_then(|index| components.get_mut(index)) {
                Some(slot) => slot.replace(svn::<u8>(&value)?).is_some(),
                None => return Err(value.error(DerFault::UnknownTcbPart)),
            },
        };
        if twice {
            return Err(value.error(DerFault::TcbPartTwice));
        }
    }
    let mut complete = [0; 16];
    // All 16: one that is missing would count as zero, or as enough.
    for (slot, component) in complete.iter_mut().zip(components) {
        *slot = component.ok_or_else(|| element.error(DerFault::TcbComponentMissing))?;
    }
    let pce_svn = pce_svn.ok_or_else(|| element.error(DerFault::PcesvnMissing))?;
    let cpu_svn = cpu_svn.ok_or_else(|| element.error(DerFault::CpusvnMissing))?;
    Ok((complete, pce_svn, cpu_svn))
}

fn svn<T: TryFrom<u32>>(element: &Element<'_>) -> Result<T, DerError> {
    if element.tag != INTEGER {
        return Err(element.error(DerFault::SecurityVersionNumberExpected));
    }
    // Components are a byte, PCESVN two; one that were cut down would reach other levels.
    T::try_from(element.small()?).map_err(|_range| element.error(DerFault::SecurityVersionNumberTooLarge))
}

fn read_sgx_type(element: &Element<'_>) -> Result<SgxType, DerError> {
    if element.tag != ENUMERATED {
        return Err(element.error(DerFault::SgxTypeExpected));
    }
    match element.small()? {
        0 => Ok(SgxType::Standard),
        1 => Ok(SgxType::Scalable),
        2 => Ok(SgxType::ScalableWithIntegrity),
        _ => Err(element.error(DerFault::UnknownSgxType)),
    }
}

fn read_configuration(element: &Element<'_>) -> Result<[Stated; 3], DerError> {
    if element.tag != SEQUENCE {
        return Err(element.error(DerFault::ConfigurationSequenceExpected));
    }
    let mut list = element.inner();
    let mut stated = [Stated::Unstated; 3];
    while !list.is_empty() {
        let (key, value) = read_pair(&mut list, &[7])?;
        if value.tag != BOOLEAN {
            return Err(value.error(DerFault::BooleanExpected));
        }
        let slot = usize::from(key).checked_sub(1).and_then(|index| stated.get_mut(index));
        let slot = slot.ok_or_else(|| value.error(DerFault::UnknownConfigurationPart))?;
        if *slot != Stated::Unstated {
            return Err(value.error(DerFault::ConfigurationPartTwice));
        }
        *slot = Stated::from(value.boolean()?);
    }
    Ok(stated)
}
