//! The report that a quote is about.

use crate::bytes::{CpuSvn, EnclaveAttributes, MrEnclave, MrSigner, Reader, SeamAttributes, TdId};
use crate::error::ParseError;
use serde::Serialize;
use veritee_base::{
    MrConfigId, MrOwner, MrOwnerConfig, MrSeam, MrServiceTd, MrSignerSeam, Mrtd, ReportData, Rtmr,
    Sha384Digest, TdAttributes, TeeTcbSvn, Xfam,
};

/// Body types of version 5; versions 3 and 4 imply the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyType {
    /// 1: report of an SGX enclave, 384 bytes.
    Enclave,
    /// 2: TD report of TDX 1.0, 584 bytes.
    Td10,
    /// 3: TD report of TDX 1.5, 648 bytes.
    Td15,
    /// 4: extended TD report of TDX 1.5, 885 bytes.
    Td15Extended,
}

impl BodyType {
    /// The type with this number in a version 5 quote.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Enclave),
            2 => Some(Self::Td10),
            3 => Some(Self::Td15),
            4 => Some(Self::Td15Extended),
            _ => None,
        }
    }

    /// Its number in a version 5 quote.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Enclave => 1,
            Self::Td10 => 2,
            Self::Td15 => 3,
            Self::Td15Extended => 4,
        }
    }

    /// Bytes of the body.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Enclave => 384,
            Self::Td10 => 584,
            Self::Td15 => 648,
            Self::Td15Extended => 885,
        }
    }
}

/// The report that the quote is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "tee")]
pub enum Body {
    /// An SGX enclave.
    Sgx(Box<EnclaveReport>),
    /// A TDX virtual machine.
    Td(Box<TdReport>),
}

impl Body {
    pub(super) fn read(body_type: BodyType, reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        match body_type {
            BodyType::Enclave => EnclaveReport::read(reader).map(|report| Self::Sgx(Box::new(report))),
            _ => TdReport::read(body_type, reader).map(|report| Self::Td(Box::new(report))),
        }
    }

    /// REPORTDATA: the 64 bytes that the attested software chose.
    #[must_use]
    pub const fn report_data(&self) -> &ReportData {
        match self {
            Self::Sgx(report) => &report.report_data,
            Self::Td(report) => &report.report_data,
        }
    }
}

/// Report of an SGX enclave (Intel SDM volume 3D, REPORT structure without MAC), 384 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EnclaveReport {
    /// CPUSVN.
    pub cpu_svn: CpuSvn,
    /// MISCSELECT, little-endian bytes as they stand.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub misc_select: [u8; 4],
    /// ISVEXTPRODID.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub isv_extended_product_id: [u8; 16],
    /// ATTRIBUTES.
    pub attributes: EnclaveAttributes,
    /// MRENCLAVE.
    pub mr_enclave: MrEnclave,
    /// MRSIGNER.
    pub mr_signer: MrSigner,
    /// CONFIGID.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub config_id: [u8; 64],
    /// ISVPRODID.
    pub isv_product_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// CONFIGSVN.
    pub config_svn: u16,
    /// ISVFAMILYID.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub isv_family_id: [u8; 16],
    /// REPORTDATA.
    pub report_data: ReportData,
}

impl EnclaveReport {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let cpu_svn = CpuSvn::new(reader.array("CPUSVN")?);
        let misc_select = reader.array("MISCSELECT")?;
        reader.take(12, "reserved")?;
        let isv_extended_product_id = reader.array("ISVEXTPRODID")?;
        let attributes = EnclaveAttributes::new(reader.array("ATTRIBUTES")?);
        let mr_enclave = MrEnclave::new(reader.array("MRENCLAVE")?);
        reader.take(32, "reserved")?;
        let mr_signer = MrSigner::new(reader.array("MRSIGNER")?);
        reader.take(32, "reserved")?;
        let config_id = reader.array("CONFIGID")?;
        let isv_product_id = reader.u16("ISVPRODID")?;
        let isv_svn = reader.u16("ISVSVN")?;
        let config_svn = reader.u16("CONFIGSVN")?;
        reader.take(42, "reserved")?;
        let isv_family_id = reader.array("ISVFAMILYID")?;
        let report_data = ReportData::new(reader.array("REPORTDATA")?);
        Ok(Self {
            cpu_svn,
            misc_select,
            isv_extended_product_id,
            attributes,
            mr_enclave,
            mr_signer,
            config_id,
            isv_product_id,
            isv_svn,
            config_svn,
            isv_family_id,
            report_data,
        })
    }

    /// The enclave runs in debug mode: its host can read it.
    #[must_use]
    pub const fn is_debug(&self) -> bool {
        self.attributes.as_bytes()[0] & 0x02 != 0
    }
}

/// Report of a TDX virtual machine (TDX Module ABI, `TDREPORT` as quoted).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdReport {
    /// Which of the three layouts.
    pub body_type: BodyType,
    /// TEE_TCB_SVN: security versions when the TD was launched.
    pub tee_tcb_svn: TeeTcbSvn,
    /// MRSEAM: measurement of the TDX module.
    pub mr_seam: MrSeam,
    /// MRSIGNERSEAM: signer of the TDX module, zero for Intel's.
    pub mr_signer_seam: MrSignerSeam,
    /// SEAMATTRIBUTES.
    pub seam_attributes: SeamAttributes,
    /// TDATTRIBUTES.
    pub td_attributes: TdAttributes,
    /// XFAM.
    pub xfam: Xfam,
    /// MRTD.
    pub mrtd: Mrtd,
    /// MRCONFIGID.
    pub mr_config_id: MrConfigId,
    /// MROWNER.
    pub mr_owner: MrOwner,
    /// MROWNERCONFIG.
    pub mr_owner_config: MrOwnerConfig,
    /// RTMR0 to RTMR3.
    pub rtmrs: [Rtmr; 4],
    /// REPORTDATA.
    pub report_data: ReportData,
    /// TEE_TCB_SVN2: security versions now, after updates of a running module (TDX 1.5).
    pub tee_tcb_svn2: Option<TeeTcbSvn>,
    /// MRSERVICETD: bound service TDs (TDX 1.5).
    pub mr_service_td: Option<MrServiceTd>,
    /// What the extended body adds.
    pub extension: Option<TdExtension>,
}

/// What body type 4 adds. Reported, judged by no rule of Intel's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TdExtension {
    /// Index of the virtual machine inside a partitioned TD.
    pub vm_id: u8,
    /// Identifier of the TD.
    pub td_id: TdId,
    /// Hash over attached devices.
    pub device_info: Sha384Digest,
    /// Hash over the service TDs at launch.
    pub initial_service_td_hash: Sha384Digest,
    /// Attributes of the service TDs at launch.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub initial_service_td_attributes: [u8; 8],
    /// CPUSVN at launch.
    pub initial_cpu_svn: CpuSvn,
    /// TEE_TCB_SVN at launch.
    pub initial_tee_tcb_svn: TeeTcbSvn,
    /// FMSPC at launch, with six bytes of padding.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub initial_tee_fmspc: [u8; 12],
    /// Hash over the service TDs now.
    pub current_service_td_hash: Sha384Digest,
    /// Attributes of the service TDs now.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub current_service_td_attributes: [u8; 8],
}

impl TdReport {
    fn read(body_type: BodyType, reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let mut report = Self {
            body_type,
            tee_tcb_svn: TeeTcbSvn::new(reader.array("TEE_TCB_SVN")?),
            mr_seam: MrSeam::new(reader.array("MRSEAM")?),
            mr_signer_seam: MrSignerSeam::new(reader.array("MRSIGNERSEAM")?),
            seam_attributes: SeamAttributes::new(reader.array("SEAMATTRIBUTES")?),
            td_attributes: TdAttributes::new(reader.array("TDATTRIBUTES")?),
            xfam: Xfam::new(reader.array("XFAM")?),
            mrtd: Mrtd::new(reader.array("MRTD")?),
            mr_config_id: MrConfigId::new(reader.array("MRCONFIGID")?),
            mr_owner: MrOwner::new(reader.array("MROWNER")?),
            mr_owner_config: MrOwnerConfig::new(reader.array("MROWNERCONFIG")?),
            rtmrs: [
                Rtmr::new(reader.array("RTMR0")?),
                Rtmr::new(reader.array("RTMR1")?),
                Rtmr::new(reader.array("RTMR2")?),
                Rtmr::new(reader.array("RTMR3")?),
            ],
            report_data: ReportData::new(reader.array("REPORTDATA")?),
            tee_tcb_svn2: None,
            mr_service_td: None,
            extension: None,
        };
        if matches!(body_type, BodyType::Td15 | BodyType::Td15Extended) {
            report.tee_tcb_svn2 = Some(TeeTcbSvn::new(reader.array("TEE_TCB_SVN2")?));
            report.mr_service_td = Some(MrServiceTd::new(reader.array("MRSERVICETD")?));
        }
        if body_type == BodyType::Td15Extended {
            report.extension = Some(TdExtension::read(reader)?);
        }
        Ok(report)
    }
}

impl TdExtension {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let [vm_id] = reader.array("VM id")?;
        Ok(Self {
            vm_id,
            td_id: TdId::new(reader.array("TD id")?),
            device_info: Sha384Digest::new(reader.array("device info")?),
            initial_service_td_hash: Sha384Digest::new(reader.array("initial service TD hash")?),
            initial_service_td_attributes: reader.array("initial service TD attributes")?,
            initial_cpu_svn: CpuSvn::new(reader.array("initial CPUSVN")?),
            initial_tee_tcb_svn: TeeTcbSvn::new(reader.array("initial TEE_TCB_SVN")?),
            initial_tee_fmspc: reader.array("initial FMSPC")?,
            current_service_td_hash: Sha384Digest::new(reader.array("current service TD hash")?),
            current_service_td_attributes: reader.array("current service TD attributes")?,
        })
    }
}
