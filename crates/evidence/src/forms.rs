//! The table of forms: what is recognised, and where each form is read.
//!
//! One table serves every option. A document that is recognised where it is not read is refused by the name of its form,
//! with the options that would read it; nobody has to guess which of them wants what.

use crate::encoding;
use crate::error::{CertificateProblem, ReadError, Recognised};
use crate::json::{Object, Origin, Value};
use crate::read::read_unwrapped;
use crate::readout::Format;
use veritee_model::Budget;

/// Where a document can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Slot {
    /// The evidence itself.
    Input,
    /// A quote beside it.
    Quote,
    /// An event log.
    EventLog,
    /// The app_compose.
    AppCompose,
    /// The vm_config.
    VmConfig,
    /// The document behind MRCONFIGID.
    MrConfig,
    /// A certificate chain.
    Certificate,
    /// The evidences of dstack-ingress.
    Ingress,
    /// Intel's collateral.
    Collateral,
    /// Evidence of GPUs.
    Gpus,
    /// NVIDIA's manifests and answers.
    GpuCollateral,
    /// Evidence of the KMS.
    Kms,
    /// Evidence of the gateway.
    Gateway,
    /// What endpoints of a chain answered.
    Chain,
    /// The policy.
    Policy,
    /// A reviewer's answers.
    Review,
    /// Another trust root.
    Root,
    /// The operating system's image.
    Image,
    /// A container image.
    ContainerImage,
    /// A Sigstore bundle.
    Bundle,
    /// Sigstore's trusted root.
    TrustedRoot,
}

impl Slot {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Input,
        Self::Quote,
        Self::EventLog,
        Self::AppCompose,
        Self::VmConfig,
        Self::MrConfig,
        Self::Certificate,
        Self::Ingress,
        Self::Collateral,
        Self::Gpus,
        Self::GpuCollateral,
        Self::Kms,
        Self::Gateway,
        Self::Chain,
        Self::Policy,
        Self::Review,
        Self::Root,
        Self::Image,
        Self::ContainerImage,
        Self::Bundle,
        Self::TrustedRoot,
    ];

    /// Whether [`crate::parts::add`] fills it: a part of one machine's evidence. The others take evidence of a machine of
    /// its own, or what is no evidence.
    #[must_use]
    pub const fn is_part(self) -> bool {
        matches!(
            self,
            Self::Quote
                | Self::EventLog
                | Self::AppCompose
                | Self::VmConfig
                | Self::MrConfig
                | Self::Certificate
                | Self::Collateral
                | Self::Gpus
                | Self::GpuCollateral
                | Self::Chain
        )
    }

    /// What it is called on the command line.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Input => "INPUT",
            Self::Quote => "--quote",
            Self::EventLog => "--event-log",
            Self::AppCompose => "--app-compose",
            Self::VmConfig => "--vm-config",
            Self::MrConfig => "--mr-config",
            Self::Certificate => "--certificate",
            Self::Ingress => "--ingress",
            Self::Collateral => "--collateral",
            Self::Gpus => "--gpus",
            Self::GpuCollateral => "--gpu-collateral",
            Self::Kms => "--kms",
            Self::Gateway => "--gateway",
            Self::Chain => "--chain",
            Self::Policy => "--policy",
            Self::Review => "--review",
            Self::Root => "--root",
            Self::Image => "--image",
            Self::ContainerImage => "--container-image",
            Self::Bundle => "--bundle",
            Self::TrustedRoot => "--trusted-root",
        }
    }

    /// The part of evidence that it fills, for messages.
    #[must_use]
    pub const fn part(self) -> &'static str {
        match self {
            Self::Input => "evidence",
            Self::Quote => "quote",
            Self::EventLog => "event log",
            Self::AppCompose => "app_compose",
            Self::VmConfig => "vm_config",
            Self::MrConfig => "mr_config",
            Self::Certificate => "certificate chain",
            Self::Ingress => "ingress evidence",
            Self::Collateral => "collateral",
            Self::Gpus => "GPU evidence",
            Self::GpuCollateral => "GPU collateral",
            Self::Kms => "evidence of a KMS",
            Self::Gateway => "evidence of a gateway",
            Self::Chain => "chain reads",
            Self::Policy => "policy",
            Self::Review => "review",
            Self::Root => "trust root",
            Self::Image => "image of an operating system",
            Self::ContainerImage => "container image",
            Self::Bundle => "Sigstore bundle",
            Self::TrustedRoot => "trusted root of Sigstore's",
        }
    }
}

/// A form in which a document comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Evidence of a machine.
    Evidence(Format),
    /// A part, or a document of another kind.
    Part(Recognised),
    /// An attestation of a platform that this version does not verify.
    OtherPlatform(&'static str),
}

impl Form {
    /// Every form but those of other platforms.
    pub fn all() -> impl Iterator<Item = Self> {
        let parts = Recognised::ALL.iter().map(|part| Self::Part(*part));
        Format::ALL.iter().map(|format| Self::Evidence(*format)).chain(parts)
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidence(format) => format.name(),
            Self::Part(part) => part.name(),
            Self::OtherPlatform(platform) => platform,
        }
    }

    /// Whether a document of this form is read at that place. It may still lack the part that is looked for there.
    #[must_use]
    pub fn is_read_at(self, slot: Slot) -> bool {
        match self {
            Self::Evidence(format) => holds(format, slot),
            Self::Part(part) => part.slots().contains(&slot),
            Self::OtherPlatform(_) => false,
        }
    }

    /// The places that read it.
    pub fn slots(self) -> impl Iterator<Item = Slot> {
        Slot::ALL.iter().copied().filter(move |slot| self.is_read_at(*slot))
    }
}

/// Which parts a form of evidence can hold. What an answer of the agent is wrapped into can hold all that the agent gives.
const fn holds(format: Format, slot: Slot) -> bool {
    match slot {
        Slot::Input | Slot::Kms | Slot::Gateway => true,
        Slot::Quote => !matches!(format, Format::TcbInfo | Format::AgentPage),
        Slot::EventLog => !matches!(format, Format::Quote),
        Slot::AppCompose => !matches!(format, Format::Quote | Format::RaTls | Format::AcmeInfo),
        Slot::VmConfig => {
            !matches!(format, Format::Quote | Format::TcbInfo | Format::AgentPage | Format::AcmeInfo)
        }
        Slot::MrConfig => matches!(
            format,
            Format::Attest
                | Format::Container
                | Format::GetQuote
                | Format::VerifierRequest
                | Format::Envelope
                | Format::RaTls
                | Format::Veritee
                | Format::VeriteeSet
                | Format::Folder
        ),
        Slot::Certificate => matches!(
            format,
            Format::RaTls
                | Format::Info
                | Format::AgentPage
                | Format::CloudAttestations
                | Format::InferenceReport
                | Format::Envelope
                | Format::Veritee
                | Format::VeriteeSet
                | Format::Folder
        ),
        Slot::Ingress => {
            matches!(format, Format::IngressFolder | Format::Veritee | Format::VeriteeSet)
        }
        Slot::Collateral => {
            matches!(
                format,
                Format::Veritee
                    | Format::VeriteeSet
                    | Format::Envelope
                    | Format::Info
                    | Format::VerifierRequest
                    | Format::GetQuote
                    | Format::InferenceReport
                    | Format::Folder
            )
        }
        // Wherever a machine is read as an object, evidence of GPUs may stand beside its quote.
        Slot::Gpus => !matches!(
            format,
            Format::Quote
                | Format::Container
                | Format::TcbInfo
                | Format::AgentPage
                | Format::RaTls
                | Format::IngressFolder
        ),
        Slot::Chain => matches!(format, Format::Veritee | Format::VeriteeSet),
        Slot::GpuCollateral
        | Slot::Policy
        | Slot::Review
        | Slot::Root
        | Slot::Image
        | Slot::ContainerImage
        | Slot::Bundle
        | Slot::TrustedRoot => false,
    }
}

/// The form of a document, where it is one that is known. Nothing is verified; a damaged document is of the form that it
/// began as.
#[must_use]
pub fn recognise(name: &str, bytes: &[u8], budget: &Budget) -> Option<Form> {
    let origin = Origin::new(name);
    let unwrapped = encoding::unwrapped(bytes, &origin, budget).ok()?;
    match read_unwrapped(&unwrapped, &origin, budget) {
        Ok(readout) => Some(Form::Evidence(readout.format)),
        Err(ReadError::OnlyAPart { part, .. }) => Some(Form::Part(part)),
        Err(ReadError::PlatformUnsupported { platform, .. }) => Some(Form::OtherPlatform(platform)),
        Err(ReadError::Unrecognised { .. }) => None,
        Err(ReadError::Certificate { problem: CertificateProblem::NoQuote, .. }) => {
            Some(Form::Part(Recognised::Certificates))
        }
        Err(error) => error.place().recognised.map(Form::Evidence),
    }
}

/// What is no evidence in any form, told by its own marks.
pub(crate) fn part_of(bytes: &[u8], origin: &Origin, budget: &Budget) -> Option<Recognised> {
    match bytes {
        // A DER sequence whose first member is a sequence: a list begins with its version or algorithm.
        [0x30, 0x81..=0x84, ..] => is_list(bytes).then_some(Recognised::RevocationList),
        _ => part_of_text(core::str::from_utf8(bytes).ok()?, origin, budget),
    }
}

fn part_of_text(text: &str, origin: &Origin, budget: &Budget) -> Option<Recognised> {
    let body = text.trim_start();
    let line = |wanted: &str| body.lines().any(|line| line.trim_end() == wanted);
    match body.as_bytes() {
        [b'{', ..] => part_of_object(&Value::parse(text, origin.clone(), budget).ok()?.object().ok()?),
        [b'[', ..] => {
            let entries = Value::parse(text, origin.clone(), budget).ok()?.array().ok()?;
            let first = entries.first()?.object().ok()?;
            (first.has("certificate") && first.has("evidence")).then_some(Recognised::Gpus)
        }
        [b'<', ..] => body.contains("SoftwareIdentity").then_some(Recognised::GpuManifest),
        _ if body.starts_with("-----BEGIN X509 CRL-----") => Some(Recognised::RevocationList),
        // Whatever else a compose speaks of.
        _ if line("services:") => Some(Recognised::ComposeFile),
        _ if body.contains("\"veritee/policy/") => Some(Recognised::Policy),
        _ if body.contains("compose_hash = ") && body.contains("reviewer = ") => Some(Recognised::Review),
        _ => {
            let der = hex::decode(body.trim()).ok()?;
            is_list(&der).then_some(Recognised::RevocationList)
        }
    }
}

fn part_of_object(object: &Object<'_>) -> Option<Recognised> {
    let has = |key: &str| object.has(key);
    if has("signature") && (has("tcbInfo") || has("enclaveIdentity")) {
        return Some(Recognised::PcsAnswer);
    }
    if has("evidence_list") || has("evidences") && has("nonce") {
        return Some(Recognised::Gpus);
    }
    if has("version") && has("compose_hash") && !has("quote") {
        return Some(Recognised::MrConfig);
    }
    let media = object.get("mediaType").map_or("", |value| value.raw());
    if media.contains("sigstore.trustedroot") || has("certificateAuthorities") && has("tlogs") {
        return Some(Recognised::TrustedRoot);
    }
    if media.contains("sigstore.bundle") || has("base64Signature") && has("rekorBundle") {
        return Some(Recognised::Bundle);
    }
    has("services").then_some(Recognised::ComposeFile)
}

fn is_list(der: &[u8]) -> bool {
    use x509_parser::prelude::FromDer as _;
    x509_parser::revocation_list::CertificateRevocationList::from_der(der).is_ok()
}
