//! Why an input could not be read: where, what was expected, what was found, what to do next.

mod problem;

pub use problem::{BinaryProblem, CertificateProblem, EncodingProblem, JsonProblem, PageProblem, Recognised};

use crate::forms::{Form, Slot};
use crate::readout::Format;
use core::fmt;
use veritee_model::text::{inert, shortened};
use veritee_model::{Reason, Sha256Digest};

/// A place in an input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Name of the input as the caller gave it.
    pub input: String,
    /// JSON pointer inside it; a `#` marks a string whose content was read as a document of its own. Empty for the
    /// input as a whole.
    pub pointer: String,
    /// Byte offset: in the input, or in the string's content after a `#`, or in the decoded bytes of a value.
    pub offset: Option<usize>,
    /// The form that was recognised before the error, if any.
    pub recognised: Option<Format>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&inert(&self.input))?;
        if !self.pointer.is_empty() {
            write!(f, " at {}", inert(&shortened(&self.pointer, 256)))?;
        }
        if let Some(offset) = self.offset {
            write!(f, ", byte {offset}")?;
        }
        if let Some(format) = self.recognised {
            write!(f, " (read as {format})")?;
        }
        Ok(())
    }
}

/// Why an input could not be read. Everything named in it may be the attacker's; `Display` makes it inert.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// None of the known forms.
    Unrecognised {
        /// Where.
        at: Box<Place>,
        /// Length of the input in bytes.
        length: usize,
        /// Its first bytes, 24 at most.
        first: Vec<u8>,
    },
    /// A known document, but not evidence of a machine.
    OnlyAPart {
        /// Where.
        at: Box<Place>,
        /// What it is.
        part: Recognised,
    },
    /// A document of a known form, given where that form is not read.
    Elsewhere {
        /// Where.
        at: Box<Place>,
        /// Its form.
        form: Form,
        /// Where it was given.
        slot: Slot,
    },
    /// A document of a form that can hold the part looked for, and that does not.
    LacksPart {
        /// Where.
        at: Box<Place>,
        /// Its form.
        form: Form,
        /// Where it was given.
        slot: Slot,
    },
    /// More bytes or entries than allowed.
    TooLarge {
        /// Where.
        at: Box<Place>,
        /// What is too large.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Text that is not UTF-8; the offset is that of the first bad byte.
    NotUtf8 {
        /// Where.
        at: Box<Place>,
    },
    /// Not one well-formed JSON text.
    Json {
        /// Where.
        at: Box<Place>,
        /// What is wrong.
        problem: JsonProblem,
    },
    /// A JSON object has a key twice: two readers can see two documents.
    DuplicateKey {
        /// Where the second one lies.
        at: Box<Place>,
        /// The key.
        key: String,
    },
    /// A field is of another JSON type.
    WrongType {
        /// Where.
        at: Box<Place>,
        /// Type or form that was expected.
        expected: &'static str,
        /// JSON type that was found.
        got: &'static str,
    },
    /// A required field is missing.
    MissingField {
        /// In which object.
        at: Box<Place>,
        /// The field.
        field: &'static str,
    },
    /// veritee's own document has a field that its schema does not have.
    UnknownField {
        /// Where.
        at: Box<Place>,
        /// The field.
        field: String,
    },
    /// veritee's own document is of a schema version that this version cannot read.
    UnknownSchema {
        /// Where.
        at: Box<Place>,
        /// The schema that it names.
        got: String,
    },
    /// Bytes written as text cannot be decoded.
    Encoding {
        /// Where.
        at: Box<Place>,
        /// `hex`, `base64`, or both.
        encoding: &'static str,
        /// What is wrong.
        problem: EncodingProblem,
    },
    /// An item's bytes do not have the SHA-256 that the document gives for them.
    DigestMismatch {
        /// Which item.
        at: Box<Place>,
        /// The digest in the document.
        expected: Sha256Digest,
        /// The digest of the bytes.
        got: Sha256Digest,
    },
    /// A binary container or compressed log is not laid out as dstack writes it.
    Binary {
        /// Where.
        at: Box<Place>,
        /// What is wrong.
        problem: BinaryProblem,
    },
    /// The container is of a platform other than Intel TDX on bare metal.
    PlatformUnsupported {
        /// Where.
        at: Box<Place>,
        /// Which platform, as dstack names it; `unknown` for a new one.
        platform: &'static str,
    },
    /// An RA-TLS certificate chain cannot be read.
    Certificate {
        /// Where.
        at: Box<Place>,
        /// What is wrong.
        problem: CertificateProblem,
    },
    /// A guest agent page is not of the agent's form.
    Page {
        /// Where.
        at: Box<Place>,
        /// What is wrong.
        problem: PageProblem,
    },
    /// The application does not publish its `tcb_info`.
    NotPublic {
        /// Where.
        at: Box<Place>,
    },
    /// The input gives one claim with two values.
    ClaimsDisagree {
        /// Where the second value lies.
        at: Box<Place>,
        /// Name of the claim.
        claim: String,
        /// The first value.
        first: String,
        /// Where the first value lies.
        first_source: String,
        /// The second value.
        second: String,
    },
    /// One input gives a part of one machine twice, and the two differ: two readers can judge two machines.
    TwoValues {
        /// Where the second one lies.
        at: Box<Place>,
        /// Which part.
        part: &'static str,
        /// Where the first one lies.
        first: String,
    },
    /// The input has no running machine.
    NoMachine {
        /// Where.
        at: Box<Place>,
    },
    /// The input has several machines and none was chosen.
    SeveralMachines {
        /// Where.
        at: Box<Place>,
        /// The labels to choose from.
        labels: Vec<String>,
    },
    /// No machine has the wanted label.
    NoSuchMachine {
        /// Where.
        at: Box<Place>,
        /// The label.
        wanted: String,
        /// The labels there are.
        labels: Vec<String>,
    },
}

impl ReadError {
    /// The stable reason code.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Unrecognised { .. }
            | Self::OnlyAPart { .. }
            | Self::Elsewhere { .. }
            | Self::LacksPart { .. } => Reason::EvidenceUnrecognised,
            Self::TooLarge { .. }
            | Self::Binary { problem: BinaryProblem::TooManyEvents { .. }, .. }
            | Self::Certificate { problem: CertificateProblem::TooMany { .. }, .. } => {
                Reason::EvidenceTooLarge
            }
            Self::DuplicateKey { .. } => Reason::EvidenceDuplicateKey,
            Self::DigestMismatch { .. } => Reason::EvidenceDigestMismatch,
            Self::UnknownSchema { .. } => Reason::EvidenceSchemaUnknown,
            Self::PlatformUnsupported { .. } => Reason::EvidencePlatformUnsupported,
            Self::NotPublic { .. } => Reason::EvidenceNotPublic,
            Self::ClaimsDisagree { .. } | Self::TwoValues { .. } => Reason::EvidenceContradictory,
            Self::NoMachine { .. } => Reason::EvidenceNoMachine,
            Self::SeveralMachines { .. } | Self::NoSuchMachine { .. } => Reason::EvidenceMachineNotChosen,
            Self::NotUtf8 { .. }
            | Self::Json { .. }
            | Self::WrongType { .. }
            | Self::MissingField { .. }
            | Self::UnknownField { .. }
            | Self::Encoding { .. }
            | Self::Binary { .. }
            | Self::Certificate { .. }
            | Self::Page { .. } => Reason::EvidenceMalformed,
        }
    }

    /// Where the error lies.
    #[must_use]
    pub fn place(&self) -> &Place {
        match self {
            Self::Unrecognised { at, .. }
            | Self::OnlyAPart { at, .. }
            | Self::Elsewhere { at, .. }
            | Self::LacksPart { at, .. }
            | Self::TooLarge { at, .. }
            | Self::NotUtf8 { at }
            | Self::Json { at, .. }
            | Self::DuplicateKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::MissingField { at, .. }
            | Self::UnknownField { at, .. }
            | Self::UnknownSchema { at, .. }
            | Self::Encoding { at, .. }
            | Self::DigestMismatch { at, .. }
            | Self::Binary { at, .. }
            | Self::PlatformUnsupported { at, .. }
            | Self::Certificate { at, .. }
            | Self::Page { at, .. }
            | Self::NotPublic { at }
            | Self::ClaimsDisagree { at, .. }
            | Self::TwoValues { at, .. }
            | Self::NoMachine { at }
            | Self::SeveralMachines { at, .. }
            | Self::NoSuchMachine { at, .. } => at,
        }
    }

    /// That an input speaks of several machines, which these labels name, and none was chosen.
    #[must_use]
    pub fn several(input: &str, labels: Vec<String>) -> Self {
        let at = Place { input: input.to_owned(), ..Place::default() };
        Self::SeveralMachines { at: Box::new(at), labels }
    }

    /// The same error with the input named.
    pub(crate) fn in_input(mut self, input: &str) -> Self {
        let place = match &mut self {
            Self::Unrecognised { at, .. }
            | Self::OnlyAPart { at, .. }
            | Self::Elsewhere { at, .. }
            | Self::LacksPart { at, .. }
            | Self::TooLarge { at, .. }
            | Self::NotUtf8 { at }
            | Self::Json { at, .. }
            | Self::DuplicateKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::MissingField { at, .. }
            | Self::UnknownField { at, .. }
            | Self::UnknownSchema { at, .. }
            | Self::Encoding { at, .. }
            | Self::DigestMismatch { at, .. }
            | Self::Binary { at, .. }
            | Self::PlatformUnsupported { at, .. }
            | Self::Certificate { at, .. }
            | Self::Page { at, .. }
            | Self::NotPublic { at }
            | Self::ClaimsDisagree { at, .. }
            | Self::TwoValues { at, .. }
            | Self::NoMachine { at }
            | Self::SeveralMachines { at, .. }
            | Self::NoSuchMachine { at, .. } => at,
        };
        input.clone_into(&mut place.input);
        self
    }

    /// What to do next.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::OnlyAPart { part, .. } => part.next_step(),
            Self::Elsewhere { form: Form::Part(part), .. } => part.next_step(),
            Self::Elsewhere { .. } => "give it as one of the named options",
            Self::LacksPart { .. } => "give a file that has it, or leave the option out",
            Self::Unrecognised { .. } => "check that the file was saved as it came, whole and unconverted",
            Self::TooLarge { .. } => "no genuine evidence is that large: check where the file comes from",
            Self::DigestMismatch { .. } => {
                "the file was changed after it was written: convert it again from the original"
            }
            Self::UnknownSchema { got, .. } if !got.starts_with("veritee/evidence") => {
                "it is what veritee writes about evidence, and none: give the evidence itself"
            }
            Self::UnknownSchema { .. } => "use the version of veritee that wrote the file, or a newer one",
            Self::PlatformUnsupported { .. } => "veritee judges Intel TDX machines that dstack runs itself",
            Self::NotPublic { .. } => {
                "ask the operator for the evidence, or take the RA-TLS certificate from a connection"
            }
            Self::Json { problem: JsonProblem::TrailingData, .. } => {
                "if it is a list with a document a line, `veritee batch FILE` reads it; else fetch the evidence again"
            }
            Self::ClaimsDisagree { .. } | Self::TwoValues { .. } => {
                "one input speaks of one machine at one moment: fetch its evidence anew, or give each in a file of its own"
            }
            Self::NoMachine { .. } => "fetch the attestations again while an instance is running",
            Self::SeveralMachines { .. } | Self::NoSuchMachine { .. } => {
                "choose one of the listed machines (--select LABEL, or `veritee evidence convert FILE --select LABEL`)"
            }
            Self::Certificate { problem: CertificateProblem::NoQuote, .. } => {
                "give the chain with the RA-TLS leaf first; a web server's certificate carries no quote"
            }
            Self::Certificate { problem: CertificateProblem::BeyondLeaf { .. }, .. } => {
                "give the chain of one machine, with its RA-TLS leaf first"
            }
            Self::Certificate { problem: CertificateProblem::OtherPemBlock, .. } => {
                "give certificates only and keep private keys to yourself"
            }
            Self::Encoding { problem: EncodingProblem::Words | EncodingProblem::Row, .. } => {
                "give the file itself, or print all of it byte by byte: `xxd -p`, `hexdump -C`, `od -tx1`"
            }
            _ => "fetch the evidence again; if it stays like this, its producer must correct it",
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place())?;
        match self {
            Self::Unrecognised { length, first, .. } => write_unrecognised(f, *length, first),
            Self::OnlyAPart { part, .. } => {
                write!(
                    f,
                    "expected evidence of a machine, got {}, which is a part of it at most",
                    part.name()
                )
            }
            Self::Elsewhere { form, slot, .. } => write_elsewhere(f, *form, *slot),
            Self::LacksPart { form, slot, .. } => {
                write!(
                    f,
                    "recognised as {}, which has no {} here ({})",
                    form.name(),
                    slot.part(),
                    slot.option()
                )
            }
            Self::TooLarge { what, limit, .. } => write!(f, "{what}: more than {limit}, which is the limit"),
            Self::NotUtf8 { .. } => f.write_str("expected text in UTF-8, got a byte that is not"),
            Self::Json { problem, .. } => problem.fmt(f),
            Self::DuplicateKey { key, .. } => {
                write!(f, "the key `{}` occurs twice in one object", quoted(key))
            }
            Self::WrongType { expected, got, .. } => write!(f, "expected {expected}, got {got}"),
            Self::MissingField { field, .. } => write!(f, "the field `{field}` is missing"),
            Self::UnknownField { field, .. } => write!(f, "the field `{}` is unknown", quoted(field)),
            Self::UnknownSchema { got, .. } => {
                write!(f, "expected schema `{}`, got `{}`", crate::SCHEMA, quoted(got))
            }
            Self::Encoding { encoding, problem, .. } => write!(f, "expected {encoding}: {problem}"),
            Self::DigestMismatch { expected, got, .. } => {
                write!(f, "the item's bytes have another SHA-256: expected {expected}, got {got}")
            }
            Self::Binary { problem, .. } => problem.fmt(f),
            Self::PlatformUnsupported { platform, .. } => {
                write!(
                    f,
                    "expected an attestation of Intel TDX, got platform {platform}, which is not verified by this version"
                )
            }
            Self::Certificate { problem, .. } => problem.fmt(f),
            Self::Page { problem, .. } => problem.fmt(f),
            Self::NotPublic { .. } => f.write_str("the page says that TCB info is not public"),
            Self::ClaimsDisagree { claim, first, first_source, second, .. } => write!(
                f,
                "the claim `{}` is given twice: `{}` at {} and `{}` here",
                quoted(claim),
                quoted(first),
                inert(first_source),
                quoted(second)
            ),
            Self::TwoValues { part, first, .. } => {
                write!(f, "the {part} is given twice, with other content: at {} and here", inert(first))
            }
            Self::NoMachine { .. } => f.write_str("there is no running machine in it"),
            Self::SeveralMachines { labels, .. } => {
                f.write_str("there are several machines, choose one of")?;
                write_labels(f, labels)
            }
            Self::NoSuchMachine { wanted, labels, .. } => {
                write!(f, "there is no machine `{}`", quoted(wanted))?;
                if labels.iter().all(String::is_empty) {
                    return f.write_str(", and the only one in it has no label");
                }
                f.write_str(", there are")?;
                write_labels(f, labels)
            }
        }
    }
}

impl core::error::Error for ReadError {}

fn write_elsewhere(f: &mut fmt::Formatter<'_>, form: Form, slot: Slot) -> fmt::Result {
    write!(f, "recognised as {}, which {} does not read", form.name(), slot.option())?;
    let mut separator = ": it is read at ";
    for slot in form.slots() {
        write!(f, "{separator}{}", slot.option())?;
        separator = ", ";
    }
    match form {
        Form::OtherPlatform(_) => f.write_str(" and is not verified by this version"),
        _ => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    inert(&shortened(text, 96))
}

fn write_labels(f: &mut fmt::Formatter<'_>, labels: &[String]) -> fmt::Result {
    for label in labels.iter().take(16) {
        write!(f, " `{}`", quoted(label))?;
    }
    if labels.len() > 16 { f.write_str(" …") } else { Ok(()) }
}

fn write_unrecognised(f: &mut fmt::Formatter<'_>, length: usize, first: &[u8]) -> fmt::Result {
    if length == 0 {
        f.write_str("the input is empty")?;
    } else {
        write!(f, "none of the known forms, {length} bytes that begin with {}", hex::encode(first))?;
        if let Ok(text) = core::str::from_utf8(first) {
            write!(f, " (`{}`)", inert(text))?;
        }
    }
    f.write_str("; looked for: ")?;
    for (index, format) in Format::ALL.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{format}")?;
    }
    Ok(())
}
