//! The universe: one platform, its quote, and the collateral that speaks about it.

use crate::collateral::{CollateralSpec, ForgedCollateral, SignedJson};
use crate::crl::CrlSpec;
use crate::pki::{Pki, Role, time};
use crate::qe_identity::{QeIdentity, QeLevel};
use crate::quote::{Body, Certification, EnclaveReport, QuoteLayout, QuoteSpec, Shape, TdReport, TdReportEx};
use crate::sgx_extension::SgxExtension;
use crate::tcb_info::{ModuleIdentity, ModuleLevel, TcbInfo, TcbLevel, TdxModule};
use veritee_model::{Sha384Digest, UnixTime};

/// When the forged collateral was issued.
pub const ISSUED: &str = "2026-10-01T00:00:00Z";
/// The time at which a genuine universe is accepted.
pub const AS_OF: &str = "2026-10-15T00:00:00Z";
/// Until when the forged collateral is current.
pub const NEXT_UPDATE: &str = "2026-10-31T00:00:00Z";
/// FMSPC of the forged platform.
pub const FMSPC: &str = "70A06D070000";
/// Vendor id of Intel's quoting enclave, 939A7233-F79C-4CA9-940A-0DB3957F0607.
pub const INTEL_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
/// Component SVNs of the forged platform; they meet the first TCB level exactly.
pub const PLATFORM_SVNS: [u8; 16] = [5, 5, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
/// Component SVNs that meet the second TCB level only.
pub const OUTDATED_SVNS: [u8; 16] = [3, 3, 2, 2, 3, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
/// TEE_TCB_SVN of the forged TD: module version 1, ISVSVN 5, late microcode update 6.
pub const TEE_TCB_SVN: [u8; 16] = [5, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// All that a verifier is given, by parts, before it is written and signed.
///
/// Closures change the parts; [`Self::forge`] signs them again, consistently.
#[derive(Clone)]
pub struct Universe {
    /// The kind of quote.
    pub shape: Shape,
    /// Keys, certificates, the SGX extension.
    pub pki: Pki,
    /// TCB info.
    pub tcb_info: TcbInfo,
    /// QE identity.
    pub qe_identity: QeIdentity,
    /// CRLs and issuer chains.
    pub collateral: CollateralSpec,
    /// The quote.
    pub quote: QuoteSpec,
    /// The time at which to verify.
    pub as_of: UnixTime,
}

/// A forged universe: bytes as a verifier gets them.
#[derive(Debug, Clone)]
pub struct Forged {
    /// The trust anchor, DER.
    pub root_der: Vec<u8>,
    /// The quote.
    pub quote: Vec<u8>,
    /// Where its parts lie.
    pub layout: QuoteLayout,
    /// The collateral's parts.
    pub collateral: ForgedCollateral,
    /// The time at which to verify.
    pub as_of: UnixTime,
}

impl Forged {
    /// The collateral in dcap-qvl's JSON form.
    #[must_use]
    pub fn collateral_json(&self) -> String {
        self.collateral.to_json()
    }
}

impl Universe {
    /// A genuine TDX machine of the Platform CA with a version 4 quote; every status is `UpToDate`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_shape(seed, Shape::TdxV4)
    }

    /// The same with another kind of quote.
    #[must_use]
    pub fn with_shape(seed: u64, shape: Shape) -> Self {
        Self::under(seed, shape, Role::PlatformCa)
    }

    /// The same with the PCK under `pck_ca`: [`Role::PlatformCa`] or [`Role::ProcessorCa`].
    #[must_use]
    pub fn under(seed: u64, shape: Shape, pck_ca: Role) -> Self {
        let pki = Pki::new(seed, pck_ca, sgx_extension(seed, pck_ca));
        let (issued, next) = (time(ISSUED), time(NEXT_UPDATE));
        let collateral = CollateralSpec {
            root_crl: pki.crl(Role::Root, issued, time("2027-10-01T00:00:00Z")),
            pck_crl: pki.crl(pck_ca, issued, next),
            pck_crl_issuer_chain: vec![pck_ca, Role::Root],
            tcb_info_issuer_chain: vec![Role::TcbSigner, Role::Root],
            qe_identity_issuer_chain: vec![Role::TcbSigner, Role::Root],
            pck_certificate_chain: None,
        };
        Self {
            shape,
            pki,
            tcb_info: tcb_info(shape),
            qe_identity: qe_identity(shape),
            collateral,
            quote: quote(seed, shape, pck_ca),
            as_of: time(AS_OF),
        }
    }

    /// Changes the TCB info.
    #[must_use]
    pub fn tcb_info(mut self, change: impl FnOnce(&mut TcbInfo)) -> Self {
        change(&mut self.tcb_info);
        self
    }

    /// Changes the QE identity.
    #[must_use]
    pub fn qe_identity(mut self, change: impl FnOnce(&mut QeIdentity)) -> Self {
        change(&mut self.qe_identity);
        self
    }

    /// Changes the quote.
    #[must_use]
    pub fn quote(mut self, change: impl FnOnce(&mut QuoteSpec)) -> Self {
        change(&mut self.quote);
        self
    }

    /// Changes keys and certificates.
    #[must_use]
    pub fn pki(mut self, change: impl FnOnce(&mut Pki)) -> Self {
        change(&mut self.pki);
        self
    }

    /// Changes one certificate.
    #[must_use]
    pub fn certificate(
        mut self,
        role: Role,
        change: impl FnOnce(&mut crate::certificate::CertificateSpec),
    ) -> Self {
        change(self.pki.certificate(role));
        self
    }

    /// Changes the SGX extension of the PCK certificate.
    #[must_use]
    pub fn sgx_extension(mut self, change: impl FnOnce(&mut SgxExtension)) -> Self {
        change(&mut self.pki.sgx_extension);
        self
    }

    /// Changes the PCK CA's CRL.
    #[must_use]
    pub fn pck_crl(mut self, change: impl FnOnce(&mut CrlSpec)) -> Self {
        change(&mut self.collateral.pck_crl);
        self
    }

    /// Changes the root CA's CRL.
    #[must_use]
    pub fn root_crl(mut self, change: impl FnOnce(&mut CrlSpec)) -> Self {
        change(&mut self.collateral.root_crl);
        self
    }

    /// Revokes the certificate of `role` in the CRL of the CA that issued it.
    #[must_use]
    pub fn revoke(mut self, role: Role) -> Self {
        let serial = self.pki.serial(role);
        if role == Role::Pck {
            self.collateral.pck_crl.revoke(&serial);
        } else {
            self.collateral.root_crl.revoke(&serial);
        }
        self
    }

    /// Changes anything.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Verify at another time.
    ///
    /// # Panics
    /// When the text is no time in RFC 3339.
    #[must_use]
    pub fn at(mut self, as_of: &str) -> Self {
        self.as_of = time(as_of);
        self
    }

    /// Writes and signs everything.
    #[must_use]
    pub fn forge(&self) -> Forged {
        let sign = |text: String, role: Role| {
            let signature = self.pki.key(role).sign(text.as_bytes()).to_vec();
            SignedJson { text, signature }
        };
        let tcb_info = sign(self.tcb_info.json(), self.tcb_info.signed_by);
        let qe_identity = sign(self.qe_identity.json(), self.qe_identity.signed_by);
        let (quote, layout) = self.quote.forge(&self.pki);
        Forged {
            root_der: self.pki.der(Role::Root),
            quote,
            layout,
            collateral: self.collateral.forge(&self.pki, tcb_info, qe_identity),
            as_of: self.as_of,
        }
    }
}

fn sgx_extension(seed: u64, pck_ca: Role) -> SgxExtension {
    let platform = pck_ca == Role::PlatformCa;
    let derived =
        |label: &str| Sha384Digest::of(format!("{label} {seed}").as_bytes()).as_bytes()[..16].to_vec();
    SgxExtension {
        ppid: derived("ppid"),
        components: PLATFORM_SVNS.map(u16::from).to_vec(),
        pcesvn: vec![11],
        cpusvn: PLATFORM_SVNS.to_vec(),
        pceid: vec![0, 0],
        fmspc: hex::decode(FMSPC).expect("hex"),
        sgx_type: u8::from(platform),
        platform_instance_id: platform.then(|| derived("platform instance")),
        configuration: platform.then_some([true, true, true]),
        omit: Vec::new(),
        repeat: Vec::new(),
    }
}

fn tcb_info(shape: Shape) -> TcbInfo {
    let tdx = shape.is_tdx();
    let advisories = &["INTEL-SA-01036", "INTEL-SA-01099"];
    let mut oldest = OUTDATED_SVNS;
    oldest[0] = 1;
    let levels = vec![
        TcbLevel::new(
            PLATFORM_SVNS.map(u64::from),
            11,
            // Module version 0 in every level, as in Intel's: components 0 and 1 belong to the module identities.
            [5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "2025-08-13T00:00:00Z",
            "UpToDate",
        ),
        TcbLevel::new(
            OUTDATED_SVNS.map(u64::from),
            11,
            [3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "2024-03-13T00:00:00Z",
            "OutOfDate",
        )
        .with_advisories(advisories),
        TcbLevel::new(
            oldest.map(u64::from),
            5,
            [2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "2018-01-04T00:00:00Z",
            "OutOfDate",
        )
        .with_advisories(&["INTEL-SA-00106", "INTEL-SA-01036", "INTEL-SA-01099"]),
    ];
    TcbInfo {
        id: Some(if tdx { "TDX" } else { "SGX" }.to_owned()),
        version: 3,
        issue_date: ISSUED.to_owned(),
        next_update: NEXT_UPDATE.to_owned(),
        fmspc: FMSPC.to_owned(),
        pce_id: "0000".to_owned(),
        tcb_type: 0,
        evaluation_number: 20,
        module: tdx.then(TdxModule::intel),
        module_identities: tdx.then(|| vec![module_identity("TDX_03"), module_identity("TDX_01")]),
        levels,
        signed_by: Role::TcbSigner,
        edit: None,
    }
}

fn module_identity(id: &str) -> ModuleIdentity {
    let level = |isvsvn, date: &str, status: &str, advisories: &[&str]| ModuleLevel {
        isvsvn,
        date: date.to_owned(),
        status: status.to_owned(),
        advisories: advisories.iter().map(|id| (*id).to_owned()).collect(),
    };
    ModuleIdentity {
        id: id.to_owned(),
        module: TdxModule::intel(),
        levels: vec![
            level(5, "2025-08-13T00:00:00Z", "UpToDate", &[]),
            level(3, "2024-03-13T00:00:00Z", "OutOfDate", &["INTEL-SA-01192"]),
        ],
    }
}

fn qe_identity(shape: Shape) -> QeIdentity {
    let level = |isvsvn, date: &str, status: &str, advisories: &[&str]| QeLevel {
        isvsvn,
        date: date.to_owned(),
        status: status.to_owned(),
        advisories: advisories.iter().map(|id| (*id).to_owned()).collect(),
    };
    QeIdentity {
        id: if shape.is_tdx() { "TD_QE" } else { "QE" }.to_owned(),
        version: 2,
        issue_date: ISSUED.to_owned(),
        next_update: NEXT_UPDATE.to_owned(),
        evaluation_number: 20,
        miscselect: "00000000".to_owned(),
        miscselect_mask: "FFFFFFFF".to_owned(),
        attributes: "11000000000000000000000000000000".to_owned(),
        attributes_mask: "FBFFFFFFFFFFFFFF0000000000000000".to_owned(),
        mrsigner: hex::encode_upper(qe_mr_signer()),
        isvprodid: if shape.is_tdx() { 2 } else { 1 },
        levels: vec![
            level(8, "2025-08-13T00:00:00Z", "UpToDate", &[]),
            level(6, "2023-08-09T00:00:00Z", "OutOfDate", &["INTEL-SA-00615"]),
            level(2, "2019-05-15T00:00:00Z", "OutOfDate", &["INTEL-SA-00219", "INTEL-SA-00615"]),
        ],
        signed_by: Role::TcbSigner,
        edit: None,
    }
}

fn qe_mr_signer() -> [u8; 32] {
    *veritee_model::Sha256Digest::of(b"veritee testkit: signer of the quoting enclave").as_bytes()
}

fn quote(seed: u64, shape: Shape, pck_ca: Role) -> QuoteSpec {
    QuoteSpec {
        version: shape.version(),
        key_type: 2,
        tee_type: if shape.is_tdx() { 0x81 } else { 0 },
        svns: if shape == Shape::SgxV3 { [8, 0, 11, 0] } else { [0; 4] },
        vendor: INTEL_VENDOR,
        user_data: [0; 20],
        body_type: shape.body_type(),
        body_size: None,
        body: if shape.is_tdx() { Body::Td(td_report(seed)) } else { Body::Enclave(enclave_report(seed)) },
        raw_body: None,
        signed_by: Role::AttestationKey,
        attestation_key: Role::AttestationKey,
        raw_attestation_key: None,
        qe_report: qe_report(shape),
        qe_report_data: None,
        qe_auth_data: (0..32).collect(),
        qe_report_signed_by: Role::Pck,
        outer_type: 6,
        certification: Certification::Chain(vec![Role::Pck, pck_ca, Role::Root], vec![0]),
        padding: Vec::new(),
        trailing: Vec::new(),
        edit_signature: None,
        edit_qe_signature: None,
        auth_size_shift: 0,
        outer_size_shift: 0,
        inner_size_shift: 0,
        qe_auth_size_shift: 0,
    }
}

fn qe_report(shape: Shape) -> EnclaveReport {
    EnclaveReport {
        cpu_svn: PLATFORM_SVNS,
        misc_select: 0,
        reserved1: [0; 28],
        attributes: [0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0],
        mr_enclave: *veritee_model::Sha256Digest::of(b"veritee testkit: quoting enclave").as_bytes(),
        reserved2: [0; 32],
        mr_signer: qe_mr_signer(),
        reserved3: [0; 96],
        isv_prod_id: if shape.is_tdx() { 2 } else { 1 },
        isv_svn: 8,
        reserved4: [0; 60],
        report_data: [0; 64],
    }
}

fn enclave_report(seed: u64) -> EnclaveReport {
    EnclaveReport {
        attributes: [0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0],
        mr_enclave: measurement(seed, "mrenclave")[..32].try_into().expect("32 bytes"),
        mr_signer: measurement(seed, "mrsigner")[..32].try_into().expect("32 bytes"),
        isv_prod_id: 7,
        isv_svn: 3,
        report_data: [0x42; 64],
        ..qe_report(Shape::SgxV3)
    }
}

fn td_report(seed: u64) -> TdReport {
    TdReport {
        tee_tcb_svn: TEE_TCB_SVN,
        mr_seam: measurement(seed, "mrseam"),
        mr_signer_seam: [0; 48],
        seam_attributes: [0; 8],
        // SEPT_VE_DISABLE, bit 28.
        td_attributes: [0, 0, 0, 0x10, 0, 0, 0, 0],
        xfam: [0xe7, 0x02, 0x06, 0, 0, 0, 0, 0],
        mr_td: measurement(seed, "mrtd"),
        mr_config_id: [0; 48],
        mr_owner: [0; 48],
        mr_owner_config: [0; 48],
        rtmr: ["rtmr0", "rtmr1", "rtmr2", "rtmr3"].map(|name| measurement(seed, name)),
        report_data: [0x42; 64],
        tee_tcb_svn2: TEE_TCB_SVN,
        mr_service_td: [0; 48],
        extension: TdReportEx::default(),
    }
}

fn measurement(seed: u64, name: &str) -> [u8; 48] {
    *Sha384Digest::of(format!("veritee testkit {seed} {name}").as_bytes()).as_bytes()
}
