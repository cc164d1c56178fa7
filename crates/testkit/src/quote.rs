//! Quotes of version 3 (SGX), 4 (SGX, TDX) and 5 (body types 1 to 4), with the place of every part.

use crate::pki::{Pki, Role};
use core::ops::Range;
use sha2::{Digest as _, Sha256};

/// Which kind of quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Version 3, enclave report.
    SgxV3,
    /// Version 4, enclave report.
    SgxV4,
    /// Version 5, body type 1: enclave report.
    SgxV5,
    /// Version 4, TD report 1.0.
    TdxV4,
    /// Version 5, body type 2: TD report 1.0.
    TdxV5Td10,
    /// Version 5, body type 3: TD report 1.5.
    TdxV5Td15,
    /// Version 5, body type 4: TD report 1.5, extended.
    TdxV5Td15Ex,
}

impl Shape {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::SgxV3,
        Self::SgxV4,
        Self::SgxV5,
        Self::TdxV4,
        Self::TdxV5Td10,
        Self::TdxV5Td15,
        Self::TdxV5Td15Ex,
    ];

    /// The body is a TD report.
    #[must_use]
    pub const fn is_tdx(self) -> bool {
        !matches!(self, Self::SgxV3 | Self::SgxV4 | Self::SgxV5)
    }

    /// The quote's version.
    #[must_use]
    pub const fn version(self) -> u16 {
        match self {
            Self::SgxV3 => 3,
            Self::SgxV4 | Self::TdxV4 => 4,
            Self::SgxV5 | Self::TdxV5Td10 | Self::TdxV5Td15 | Self::TdxV5Td15Ex => 5,
        }
    }

    /// Type of the body in a version 5 quote.
    #[must_use]
    pub const fn body_type(self) -> Option<u16> {
        match self {
            Self::SgxV3 | Self::SgxV4 | Self::TdxV4 => None,
            Self::SgxV5 => Some(1),
            Self::TdxV5Td10 => Some(2),
            Self::TdxV5Td15 => Some(3),
            Self::TdxV5Td15Ex => Some(4),
        }
    }
}

/// An SGX enclave report, 384 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields bear their names in Intel's SDM")]
pub struct EnclaveReport {
    pub cpu_svn: [u8; 16],
    pub misc_select: u32,
    pub reserved1: [u8; 28],
    pub attributes: [u8; 16],
    pub mr_enclave: [u8; 32],
    pub reserved2: [u8; 32],
    pub mr_signer: [u8; 32],
    pub reserved3: [u8; 96],
    pub isv_prod_id: u16,
    pub isv_svn: u16,
    pub reserved4: [u8; 60],
    pub report_data: [u8; 64],
}

impl EnclaveReport {
    /// The 384 bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [
            &self.cpu_svn[..],
            &self.misc_select.to_le_bytes(),
            &self.reserved1,
            &self.attributes,
            &self.mr_enclave,
            &self.reserved2,
            &self.mr_signer,
            &self.reserved3,
            &self.isv_prod_id.to_le_bytes(),
            &self.isv_svn.to_le_bytes(),
            &self.reserved4,
            &self.report_data,
        ]
        .concat()
    }
}

/// A TD report: 584 bytes, 648 with the TD 1.5 part, 885 with the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields bear their names in Intel's TDX module specification")]
pub struct TdReport {
    pub tee_tcb_svn: [u8; 16],
    pub mr_seam: [u8; 48],
    pub mr_signer_seam: [u8; 48],
    pub seam_attributes: [u8; 8],
    pub td_attributes: [u8; 8],
    pub xfam: [u8; 8],
    pub mr_td: [u8; 48],
    pub mr_config_id: [u8; 48],
    pub mr_owner: [u8; 48],
    pub mr_owner_config: [u8; 48],
    pub rtmr: [[u8; 48]; 4],
    pub report_data: [u8; 64],
    /// Written for body types 3 and 4.
    pub tee_tcb_svn2: [u8; 16],
    /// Written for body types 3 and 4.
    pub mr_service_td: [u8; 48],
    /// Written for body type 4.
    pub extension: TdReportEx,
}

/// What body type 4 adds, 237 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields bear Intel's names")]
pub struct TdReportEx {
    pub vm_id: u8,
    pub td_id: [u8; 32],
    pub dev_info: [u8; 48],
    pub init_serv_td_hash: [u8; 48],
    pub init_serv_td_attributes: [u8; 8],
    pub init_cpu_svn: [u8; 16],
    pub init_tee_tcb_svn: [u8; 16],
    pub init_tee_fmspc: [u8; 12],
    pub cur_serv_td_hash: [u8; 48],
    pub cur_serv_td_attributes: [u8; 8],
}

impl Default for TdReportEx {
    fn default() -> Self {
        Self {
            vm_id: 0,
            td_id: [0; 32],
            dev_info: [0; 48],
            init_serv_td_hash: [0; 48],
            init_serv_td_attributes: [0; 8],
            init_cpu_svn: [0; 16],
            init_tee_tcb_svn: [0; 16],
            init_tee_fmspc: [0; 12],
            cur_serv_td_hash: [0; 48],
            cur_serv_td_attributes: [0; 8],
        }
    }
}

impl TdReport {
    /// The bytes of the given body type (2, 3 or 4; any other is written as 2).
    #[must_use]
    pub fn bytes(&self, body_type: u16) -> Vec<u8> {
        let mut out = [
            &self.tee_tcb_svn[..],
            &self.mr_seam,
            &self.mr_signer_seam,
            &self.seam_attributes,
            &self.td_attributes,
            &self.xfam,
            &self.mr_td,
            &self.mr_config_id,
            &self.mr_owner,
            &self.mr_owner_config,
            &self.rtmr.concat(),
            &self.report_data,
        ]
        .concat();
        if body_type == 3 || body_type == 4 {
            out.extend([&self.tee_tcb_svn2[..], &self.mr_service_td].concat());
        }
        if body_type == 4 {
            let ex = &self.extension;
            out.extend(
                [
                    &[ex.vm_id][..],
                    &ex.td_id,
                    &ex.dev_info,
                    &ex.init_serv_td_hash,
                    &ex.init_serv_td_attributes,
                    &ex.init_cpu_svn,
                    &ex.init_tee_tcb_svn,
                    &ex.init_tee_fmspc,
                    &ex.cur_serv_td_hash,
                    &ex.cur_serv_td_attributes,
                ]
                .concat(),
            );
        }
        out
    }
}

/// The body of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one per universe")]
pub enum Body {
    /// SGX.
    Enclave(EnclaveReport),
    /// TDX.
    Td(TdReport),
}

/// What certifies the QE report's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certification {
    /// Type 5: certificates in PEM, then these bytes (Intel's quoting enclave writes one NUL).
    Chain(Vec<Role>, Vec<u8>),
    /// Type 1: the PPID in the clear.
    PlainPpid,
    /// Type 2: the PPID under RSA-2048.
    EncryptedPpid2048,
    /// Type 3: the PPID under RSA-3072.
    EncryptedPpid3072,
    /// Type 4: the PCK certificate alone, in DER.
    PckCertificate,
    /// Any type with any bytes.
    Raw(u16, Vec<u8>),
}

/// Everything of a quote. Public fields: a test changes one of them.
#[derive(Debug, Clone)]
pub struct QuoteSpec {
    /// Header: version.
    pub version: u16,
    /// Header: attestation key type (2 is ECDSA P-256).
    pub key_type: u16,
    /// Header: TEE type (0 SGX, 0x81 TDX).
    pub tee_type: u32,
    /// Header: QE SVN and PCE SVN (version 3) or reserved.
    pub svns: [u8; 4],
    /// Header: vendor of the quoting enclave.
    pub vendor: [u8; 16],
    /// Header: user data.
    pub user_data: [u8; 20],
    /// Version 5: type of the body.
    pub body_type: Option<u16>,
    /// Version 5: size of the body where it is to differ from the real one.
    pub body_size: Option<u32>,
    /// The body.
    pub body: Body,
    /// Bytes that replace the body altogether.
    pub raw_body: Option<Vec<u8>>,
    /// Who signs the quote.
    pub signed_by: Role,
    /// Whose public key stands as attestation key.
    pub attestation_key: Role,
    /// A point that replaces the attestation key; the QE report vouches for it.
    pub raw_attestation_key: Option<[u8; 64]>,
    /// The QE's report. Its report data is filled in when [`Self::qe_report_data`] is `None`.
    pub qe_report: EnclaveReport,
    /// Report data of the QE's report where it is not to be SHA-256(key, authentication data).
    pub qe_report_data: Option<[u8; 64]>,
    /// QE authentication data.
    pub qe_auth_data: Vec<u8>,
    /// Who signs the QE report.
    pub qe_report_signed_by: Role,
    /// Versions 4 and 5: the outer certification type (6).
    pub outer_type: u16,
    /// The inner certification.
    pub certification: Certification,
    /// Bytes after the certification data, inside the signature data (there should be none).
    pub padding: Vec<u8>,
    /// Bytes after the signature data.
    pub trailing: Vec<u8>,
    /// Changes the quote's signature.
    pub edit_signature: Option<fn(&mut [u8; 64])>,
    /// Changes the QE report's signature.
    pub edit_qe_signature: Option<fn(&mut [u8; 64])>,
    /// Added to the size of the signature data.
    pub auth_size_shift: i64,
    /// Added to the size of the outer certification data (versions 4 and 5).
    pub outer_size_shift: i64,
    /// Added to the size of the inner certification data.
    pub inner_size_shift: i64,
    /// Added to the size of the QE authentication data.
    pub qe_auth_size_shift: i64,
}

/// Where the parts of a forged quote lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteLayout {
    /// Header, descriptor and body: what the attestation key signs.
    pub signed: Range<usize>,
    /// Size of the signature data, u32.
    pub auth_size: Range<usize>,
    /// The quote's signature.
    pub signature: Range<usize>,
    /// The attestation key.
    pub attestation_key: Range<usize>,
    /// Type and size of the outer certification data (empty in version 3).
    pub outer_header: Range<usize>,
    /// The QE's report.
    pub qe_report: Range<usize>,
    /// Its signature.
    pub qe_signature: Range<usize>,
    /// Size (u16) and bytes of the QE's authentication data.
    pub qe_auth_data: Range<usize>,
    /// Type and size of the inner certification data.
    pub inner_header: Range<usize>,
    /// The inner certification data.
    pub certification: Range<usize>,
    /// What follows the certification data inside the signature data.
    pub padding: Range<usize>,
    /// What follows the signature data.
    pub trailing: Range<usize>,
}

impl QuoteSpec {
    /// The TD report, to change it.
    ///
    /// # Panics
    /// When the quote is of an enclave.
    pub fn td(&mut self) -> &mut TdReport {
        match &mut self.body {
            Body::Td(report) => report,
            Body::Enclave(_) => panic!("the quote is of an enclave"),
        }
    }

    /// The enclave report, to change it.
    ///
    /// # Panics
    /// When the quote is of a TD.
    pub fn enclave(&mut self) -> &mut EnclaveReport {
        match &mut self.body {
            Body::Enclave(report) => report,
            Body::Td(_) => panic!("the quote is of a TD"),
        }
    }

    /// Header, descriptor and body.
    ///
    /// # Panics
    /// When a body is longer than 4 GiB.
    #[must_use]
    pub fn signed_part(&self) -> Vec<u8> {
        let mut out = [
            &self.version.to_le_bytes()[..],
            &self.key_type.to_le_bytes(),
            &self.tee_type.to_le_bytes(),
            &self.svns,
            &self.vendor,
            &self.user_data,
        ]
        .concat();
        let body = match (&self.raw_body, &self.body) {
            (Some(raw), _) => raw.clone(),
            (None, Body::Enclave(report)) => report.bytes(),
            (None, Body::Td(report)) => report.bytes(self.body_type.unwrap_or(2)),
        };
        if let Some(body_type) = self.body_type {
            let size = self.body_size.unwrap_or_else(|| u32::try_from(body.len()).expect("a small body"));
            out.extend(body_type.to_le_bytes());
            out.extend(size.to_le_bytes());
        }
        out.extend(body);
        out
    }

    /// The quote and where its parts lie.
    #[must_use]
    pub fn forge(&self, pki: &Pki) -> (Vec<u8>, QuoteLayout) {
        let mut out = self.signed_part();
        let signed = 0..out.len();
        let mut signature = pki.key(self.signed_by).sign(&out);
        if let Some(edit) = self.edit_signature {
            edit(&mut signature);
        }
        let key = self.attestation_point(pki);
        let certified = self.certified(pki, &key);
        let outer = self.version != 3;
        let certified_bytes = certified.concat();
        let outer_header = if outer {
            let size = shifted(certified_bytes.len() + self.padding.len(), self.outer_size_shift);
            [&self.outer_type.to_le_bytes()[..], &size.to_le_bytes()].concat()
        } else {
            Vec::new()
        };
        let auth = [&signature[..], &key, &outer_header, &certified_bytes, &self.padding].concat();
        let auth_size = push(&mut out, &shifted(auth.len(), self.auth_size_shift).to_le_bytes());
        let signature = push(&mut out, &signature);
        let attestation_key = push(&mut out, &key);
        let outer_header = push(&mut out, &outer_header);
        let [qe_report, qe_signature, qe_auth_data, inner_header, certification] =
            certified.each_ref().map(|part| push(&mut out, part));
        let padding = push(&mut out, &self.padding);
        let trailing = push(&mut out, &self.trailing);
        let layout = QuoteLayout {
            signed,
            auth_size,
            signature,
            attestation_key,
            outer_header,
            qe_report,
            qe_signature,
            qe_auth_data,
            inner_header,
            certification,
            padding,
            trailing,
        };
        (out, layout)
    }

    fn attestation_point(&self, pki: &Pki) -> [u8; 64] {
        self.raw_attestation_key.unwrap_or_else(|| pki.key(self.attestation_key).public_point())
    }

    /// QE report, its signature, authentication data, inner header, certification data.
    fn certified(&self, pki: &Pki, key: &[u8; 64]) -> [Vec<u8>; 5] {
        let mut report = self.qe_report.clone();
        report.report_data = self.qe_report_data.unwrap_or_else(|| {
            let mut hasher = Sha256::new();
            hasher.update(key);
            hasher.update(&self.qe_auth_data);
            let mut data = [0; 64];
            data[..32].copy_from_slice(&hasher.finalize());
            data
        });
        let report = report.bytes();
        let mut signature = pki.key(self.qe_report_signed_by).sign(&report);
        if let Some(edit) = self.edit_qe_signature {
            edit(&mut signature);
        }
        let auth_size = shifted(self.qe_auth_data.len(), self.qe_auth_size_shift);
        let auth_size = u16::try_from(auth_size & 0xffff).expect("masked to 16 bits");
        let (kind, data) = self.certification.bytes(pki);
        [
            report,
            signature.to_vec(),
            [&auth_size.to_le_bytes()[..], &self.qe_auth_data].concat(),
            [&kind.to_le_bytes()[..], &shifted(data.len(), self.inner_size_shift).to_le_bytes()].concat(),
            data,
        ]
    }
}

impl Certification {
    /// Type and bytes.
    #[must_use]
    pub fn bytes(&self, pki: &Pki) -> (u16, Vec<u8>) {
        let extension = &pki.sgx_extension;
        let platform =
            [&extension.cpusvn[..], &[extension.pcesvn.last().copied().unwrap_or(0), 0], &extension.pceid]
                .concat();
        match self {
            Self::Chain(chain, tail) => (5, [pki.pem(chain).as_bytes(), tail].concat()),
            Self::PlainPpid => (1, [&extension.ppid[..], &platform].concat()),
            Self::EncryptedPpid2048 => (2, [&[0xa5; 256][..], &platform].concat()),
            Self::EncryptedPpid3072 => (3, [&[0xa5; 384][..], &platform].concat()),
            Self::PckCertificate => (4, pki.der(Role::Pck)),
            Self::Raw(kind, data) => (*kind, data.clone()),
        }
    }
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) -> Range<usize> {
    let start = out.len();
    out.extend_from_slice(bytes);
    start..out.len()
}

fn shifted(size: usize, shift: i64) -> u32 {
    let size = i64::try_from(size).expect("a small size").wrapping_add(shift);
    u32::try_from(size & 0xffff_ffff).expect("masked to 32 bits")
}
