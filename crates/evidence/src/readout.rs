//! What a reader returns.

use crate::error::{Place, ReadError};
use core::fmt;
use veritee_model::Evidence;
use veritee_model::text::inert;

/// The form in which an input came, found out by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A bare SGX or TDX quote.
    Quote,
    /// The guest agent's answer to `GetQuote`.
    GetQuote,
    /// The guest agent's answer to `Attest`: an attestation container in hex.
    Attest,
    /// A bare attestation container of dstack, SCALE (version 0) or msgpack (version 1).
    Container,
    /// A request to dstack's own verifier.
    VerifierRequest,
    /// The guest agent's answer to `Info`.
    Info,
    /// `tcb_info` by itself.
    TcbInfo,
    /// The guest agent's page on port 8090.
    AgentPage,
    /// Phala Cloud's attestations of an application.
    CloudAttestations,
    /// An RA-TLS certificate, with or without its chain.
    RaTls,
    /// An attestation report of a confidential-inference service.
    InferenceReport,
    /// The evidences folder of dstack-ingress.
    IngressFolder,
    /// A folder with the parts of one machine's evidence, a file each.
    Folder,
    /// The gateway's answer to `/.dstack/acme-info`.
    AcmeInfo,
    /// A document of another kind that has evidence inside.
    Envelope,
    /// veritee's own evidence JSON.
    Veritee,
    /// veritee's own evidence JSON of several machines.
    VeriteeSet,
}

impl Format {
    /// All forms, in the order in which they are looked for.
    pub const ALL: &'static [Self] = &[
        Self::Quote,
        Self::GetQuote,
        Self::Attest,
        Self::Container,
        Self::VerifierRequest,
        Self::Info,
        Self::TcbInfo,
        Self::AgentPage,
        Self::CloudAttestations,
        Self::RaTls,
        Self::InferenceReport,
        Self::IngressFolder,
        Self::Folder,
        Self::AcmeInfo,
        Self::Envelope,
        Self::Veritee,
        Self::VeriteeSet,
    ];

    /// What the form is called, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote (binary, hex or base64)",
            Self::GetQuote => "GetQuote answer",
            Self::Attest => "Attest answer",
            Self::Container => "dstack attestation container",
            Self::VerifierRequest => "dstack-verifier request",
            Self::Info => "Info answer",
            Self::TcbInfo => "tcb_info",
            Self::AgentPage => "guest agent page of port 8090",
            Self::CloudAttestations => "Phala Cloud attestations",
            Self::RaTls => "RA-TLS certificate (PEM or DER)",
            Self::InferenceReport => "confidential-inference report",
            Self::IngressFolder => "dstack-ingress evidences folder",
            Self::Folder => "folder with a file for each part",
            Self::AcmeInfo => "gateway's acme-info answer",
            Self::Envelope => "JSON with evidence inside",
            Self::Veritee => "veritee evidence",
            Self::VeriteeSet => "veritee evidence set",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Evidence of one machine with its place in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEvidence {
    /// The label that a set gives it, or else the JSON pointer to the machine inside the input; empty when the input
    /// as a whole is of one machine.
    pub label: String,
    /// The evidence.
    pub evidence: Evidence,
}

/// Something that a person should know about how an input was read. Never changes what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The input has a second copy of a part; the first one was taken.
    SecondCopy {
        /// Which part.
        part: &'static str,
        /// Where the copy that was taken lies.
        taken: String,
        /// Where the other one lies.
        other: String,
        /// Whether both have the same bytes.
        equal: bool,
    },
    /// A part given by itself took the place of the one in the evidence.
    Replaced {
        /// Which part.
        part: &'static str,
        /// Where the part that was dropped came from.
        dropped: String,
        /// Where the part that is used now came from.
        taken: String,
        /// Whether both have the same bytes.
        equal: bool,
    },
    /// Entries of a list of machines that have no quote (stopped instances): nothing vouches for them.
    WithoutQuote {
        /// Where the first few lie.
        places: Vec<String>,
        /// How many they are.
        count: usize,
        /// How many entries the list has.
        of: usize,
    },
    /// An entry of a list in which others are machines: it holds none, and nothing was judged for it.
    NoMachine {
        /// Which one, with the input's name.
        place: String,
        /// Its JSON pointer inside the input.
        pointer: String,
    },
    /// A part of the input that could hold a machine's quote holds none, as a genuine one may.
    NoQuote {
        /// Where.
        place: String,
        /// What it is.
        what: &'static str,
    },
    /// The input holds something more that was not read.
    NotRead {
        /// Where.
        place: String,
        /// What it is.
        what: &'static str,
    },
    /// The events came in a binary form and were written down as JSON, field by field. A log means its fields;
    /// its bytes are not measured.
    Reserialised {
        /// Where the binary form lies.
        place: String,
        /// Which part.
        part: &'static str,
    },
    /// The line ends of a file were written anew on its way. It is kept as it was, which a bound digest says.
    LineEnds {
        /// The file.
        place: String,
    },
    /// Files of a folder that are no part of evidence.
    PassedOver {
        /// The folder.
        place: String,
        /// The first few, each with why.
        names: Vec<String>,
        /// How many they are.
        count: usize,
    },
    /// A certificate chain came along that cannot be read. It is kept as it is for the check of it to fail on.
    CertificateUnreadable {
        /// Where.
        place: String,
        /// Why.
        cause: Box<ReadError>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecondCopy { part, taken, other, equal } => write!(
                f,
                "the input has two copies of the {part}: {} was taken, {} {}",
                inert(taken),
                inert(other),
                same(*equal)
            ),
            Self::Replaced { part, dropped, taken, equal } => write!(
                f,
                "the {part} from {} is used instead of the one from {}, which {}",
                inert(taken),
                inert(dropped),
                same(*equal)
            ),
            Self::WithoutQuote { places, count, of } => {
                write!(f, "{count} of {of} instances have no quote (stopped?) and cannot be verified:")?;
                for place in places {
                    write!(f, " {}", inert(place))?;
                }
                if places.len() < *count { f.write_str(" ...") } else { Ok(()) }
            }
            Self::NoMachine { place, .. } => {
                write!(f, "{} holds no evidence that is read here, unlike others of its list", inert(place))
            }
            Self::NoQuote { place, what } => write!(f, "{} has no quote of {what}", inert(place)),
            Self::NotRead { place, what } => write!(f, "{} holds {what}, which was not read", inert(place)),
            Self::Reserialised { place, part } => {
                write!(f, "the {part} of {} was binary and is kept as JSON, field by field", inert(place))
            }
            Self::LineEnds { place } => {
                write!(f, "the line ends of {} were changed on its way: it is read as it was", inert(place))
            }
            Self::PassedOver { place, names, count } => {
                write!(f, "{count} files of {} were passed over:", inert(place))?;
                for name in names {
                    write!(f, " {};", inert(name))?;
                }
                if names.len() < *count { f.write_str(" ...") } else { Ok(()) }
            }
            Self::CertificateUnreadable { place, cause } => {
                write!(f, "the certificate chain of {} was kept but cannot be read: {cause}", inert(place))
            }
        }
    }
}

impl Note {
    /// How many places a note names.
    const NAMED: usize = 8;

    pub(crate) fn passed_over(place: &str, mut names: Vec<String>) -> Option<Self> {
        let count = names.len();
        names.truncate(Self::NAMED);
        (count > 0).then(|| Self::PassedOver { place: place.to_owned(), names, count })
    }

    pub(crate) fn without_quote(mut places: Vec<String>, of: usize) -> Option<Self> {
        let count = places.len();
        places.truncate(Self::NAMED);
        (count > 0).then_some(Self::WithoutQuote { places, count, of })
    }

    /// Whether something of the input is not in what was read, so that people have to be told unasked.
    #[must_use]
    pub const fn is_loss(&self) -> bool {
        match self {
            Self::SecondCopy { .. } | Self::Reserialised { .. } | Self::LineEnds { .. } => false,
            Self::Replaced { equal, .. } => !*equal,
            Self::WithoutQuote { .. }
            | Self::NoMachine { .. }
            | Self::NoQuote { .. }
            | Self::NotRead { .. }
            | Self::PassedOver { .. }
            | Self::CertificateUnreadable { .. } => true,
        }
    }
}

const fn same(equal: bool) -> &'static str {
    if equal { "has the same bytes" } else { "has other bytes" }
}

/// What an input held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readout {
    /// The form that was recognised.
    pub format: Format,
    /// The machines, in the order of the input; never empty.
    pub machines: Vec<NamedEvidence>,
    /// What a person should know about the reading.
    pub notes: Vec<Note>,
}

impl Readout {
    pub(crate) fn one(format: Format, evidence: Evidence, notes: Vec<Note>) -> Self {
        Self { format, machines: vec![NamedEvidence { label: String::new(), evidence }], notes }
    }

    /// The machine with this label, or the only one.
    ///
    /// # Errors
    /// [`ReadError::SeveralMachines`] when no label was given and there is a choice, [`ReadError::NoSuchMachine`]
    /// when none has the label. Both list the labels.
    pub fn select(self, label: Option<&str>) -> Result<Evidence, ReadError> {
        let labels = || self.machines.iter().map(|machine| machine.label.clone()).collect::<Vec<_>>();
        let at = Box::new(Place {
            input: String::new(),
            pointer: String::new(),
            offset: None,
            recognised: Some(self.format),
        });
        match label {
            None if self.machines.len() > 1 => Err(ReadError::SeveralMachines { at, labels: labels() }),
            None => match self.machines.into_iter().next() {
                Some(machine) => Ok(machine.evidence),
                None => Err(ReadError::NoMachine { at }),
            },
            Some(wanted) => {
                let labels = labels();
                let found = self.machines.into_iter().find(|machine| machine.label == wanted);
                found.map(|machine| machine.evidence).ok_or_else(|| ReadError::NoSuchMachine {
                    at,
                    wanted: wanted.to_owned(),
                    labels,
                })
            }
        }
    }
}
