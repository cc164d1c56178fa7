//! What is needed: collateral of one kind of TEE, processor family, PCK CA and evaluation data set.

use core::fmt;
use core::str::FromStr;
use veritee_model::{Fmspc, HexError};
use veritee_quote::{CaKind, Quote, Tee};

/// Which of Intel's TCB evaluation data sets.
///
/// After a TCB recovery event Intel serves the new set as *early* at once and as *standard* months later; the same
/// platform can be up to date by one and out of date by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evaluation {
    /// The set that Intel enforces by default.
    Standard,
    /// The newest set.
    Early,
    /// The set with this `tcbEvaluationDataNumber`.
    Number(u32),
}

/// A text names no evaluation data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    text: String,
}

/// A text of which a kind of TEE, an FMSPC, a CA or an evaluation data set was to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeedError {
    /// Neither `sgx` nor `tdx`.
    Tee(String),
    /// Not 12 hex digits.
    Fmspc(HexError),
    /// Neither `processor` nor `platform`.
    Ca(String),
    /// No evaluation data set.
    Evaluation(EvaluationError),
}

/// What collateral must be about to judge one quote. Anyone can write one: it chooses and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// Kind of TEE.
    pub tee: Tee,
    /// Processor family.
    pub fmspc: Fmspc,
    /// CA whose revocation list is needed.
    pub ca: CaKind,
    /// Evaluation data set.
    pub evaluation: Evaluation,
}

impl Evaluation {
    /// Query parameter of Intel's service. Always exactly one: the service refuses both together, and a default
    /// that is spelled out cannot be another one on another server.
    #[must_use]
    pub fn query(self) -> String {
        match self {
            Self::Standard => "update=standard".to_owned(),
            Self::Early => "update=early".to_owned(),
            Self::Number(number) => format!("tcbEvaluationDataNumber={number}"),
        }
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard"),
            Self::Early => f.write_str("early"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl FromStr for Evaluation {
    type Err = EvaluationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || EvaluationError { text: text.chars().take(64).collect() };
        match text {
            "standard" => Ok(Self::Standard),
            "early" => Ok(Self::Early),
            _ => {
                let number: u32 = text.parse().map_err(|_no_number| error())?;
                // One spelling for one number: no sign, no leading zero.
                if number.to_string() == text { Ok(Self::Number(number)) } else { Err(error()) }
            }
        }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = veritee_model::text::inert(&self.text);
        write!(f, "`{text}` is no evaluation data set: expected standard, early or a number")
    }
}

impl core::error::Error for EvaluationError {}

impl fmt::Display for NeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inert = veritee_model::text::inert;
        match self {
            Self::Tee(got) => {
                write!(f, "`{}` is no kind of TEE with collateral: expected sgx or tdx", inert(got))
            }
            Self::Fmspc(error) => write!(f, "not an FMSPC: {error}"),
            Self::Ca(got) => write!(f, "`{}` is no PCK CA: expected processor or platform", inert(got)),
            Self::Evaluation(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for NeedError {}

impl Need {
    /// What a quote says it needs, unverified. `None` when the quote carries no PCK certificate chain
    /// (see [`crate::Platform`]) or it cannot be read.
    #[must_use]
    pub fn of_quote(quote: &Quote, evaluation: Evaluation) -> Option<Self> {
        let hint = quote.pck_hint()?;
        Some(Self { tee: quote.tee(), fmspc: hint.fmspc, ca: hint.ca, evaluation })
    }

    /// A need from text as it stands in file names and arguments.
    ///
    /// # Errors
    /// The first part that is none.
    pub fn parse(tee: &str, fmspc: &str, ca: &str, evaluation: &str) -> Result<Self, NeedError> {
        Ok(Self {
            tee: parse_tee(tee).ok_or_else(|| NeedError::Tee(tee.to_owned()))?,
            fmspc: Fmspc::from_hex(fmspc).map_err(NeedError::Fmspc)?,
            ca: parse_ca(ca).ok_or_else(|| NeedError::Ca(ca.to_owned()))?,
            evaluation: evaluation.parse().map_err(NeedError::Evaluation)?,
        })
    }

    /// Name of its file in a snapshot: `tdx-90c06f000000-platform-standard.json`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}-{}-{}-{}.json", tee_name(self.tee), self.fmspc, self.ca, self.evaluation)
    }

    /// The need that a file of a snapshot is named after.
    #[must_use]
    pub fn from_file_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".json")?.split('-');
        let (tee, fmspc, ca, evaluation) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let need = Self::parse(tee, fmspc, ca, evaluation).ok()?;
        (parts.next().is_none() && need.file_name() == name).then_some(need)
    }

    /// The same with another evaluation data set.
    #[must_use]
    pub const fn with(mut self, evaluation: Evaluation) -> Self {
        self.evaluation = evaluation;
        self
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", tee_name(self.tee), self.fmspc, self.ca, self.evaluation)
    }
}

/// `sgx` or `tdx`, as paths of Intel's service begin.
pub(crate) const fn tee_name(tee: Tee) -> &'static str {
    match tee {
        Tee::Sgx => "sgx",
        Tee::Tdx => "tdx",
    }
}

pub(crate) fn parse_tee(name: &str) -> Option<Tee> {
    [Tee::Sgx, Tee::Tdx].into_iter().find(|tee| tee_name(*tee) == name)
}

pub(crate) fn parse_ca(name: &str) -> Option<CaKind> {
    [CaKind::Processor, CaKind::Platform].into_iter().find(|ca| ca.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_read_back_and_has_one_spelling() {
        for evaluation in ["standard", "early", "20"] {
            let need = Need::parse("tdx", "90C06F000000", "platform", evaluation).unwrap();
            assert_eq!(need.file_name(), format!("tdx-90c06f000000-platform-{evaluation}.json"));
            assert_eq!(Need::from_file_name(&need.file_name()), Some(need));
        }
        for name in [
            "tdx-90C06F000000-platform-standard.json",
            "tdx-90c06f000000-platform-020.json",
            "tdx-90c06f000000-platform-+20.json",
            "tdx-90c06f000000-platform-20-.json",
            "tdx-90c06f000000-platform.json",
            "../tdx-90c06f000000-platform-20.json",
            "qve-90c06f000000-platform-20.json",
        ] {
            assert_eq!(Need::from_file_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_query_names_one_data_set_and_never_two() {
        assert_eq!(Evaluation::Standard.query(), "update=standard");
        assert_eq!(Evaluation::Early.query(), "update=early");
        assert_eq!(Evaluation::Number(20).query(), "tcbEvaluationDataNumber=20");
    }

    #[test]
    fn text_that_names_no_data_set_is_refused_and_quoted_harmlessly() {
        let error = "\u{1b}[2J".parse::<Evaluation>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
    }
}
