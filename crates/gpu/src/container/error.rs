//! Why a container could not be read.

use crate::error::{Explanation, explained};
use veritee_model::Reason;

/// Why evidence of GPUs could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContainerError {
    /// More bytes than any genuine container.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// More devices than any machine has.
    TooMany {
        /// Devices allowed.
        limit: usize,
        /// Devices given.
        got: usize,
    },
    /// In none of the known forms.
    Unknown {
        /// Byte at which that shows.
        at: usize,
    },
    /// JSON that is not what its form demands.
    Json {
        /// What the reader says.
        problem: String,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// Two lists of devices: of two readers each could take another one.
    TwoLists {
        /// JSON pointer of the object that has them.
        place: String,
        /// Where the second one stands.
        member: String,
    },
    /// A member is missing or not decodable.
    Member {
        /// JSON pointer of the device.
        place: String,
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl ContainerError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let new = |what: String| Explanation::new(Reason::GpuEvidenceMalformed, what);
        match self {
            Self::TooLarge { limit, got } => {
                new("the evidence of GPUs is larger than any genuine one".into())
                    .expected(format_args!("at most {limit} bytes"))
                    .got(format_args!("{got} bytes"))
            }
            Self::TooMany { limit, got } => new("the evidence has more devices than any machine".into())
                .expected(format_args!("at most {limit}"))
                .got(got),
            Self::Unknown { at } => {
                new("the evidence of GPUs is in none of the known forms".into()).at(format_args!("byte {at}"))
            }
            Self::Json { problem, line, column } => {
                new(format!("the evidence of GPUs cannot be read: {}", veritee_model::text::inert(problem)))
                    .at(format_args!("line {line}, column {column}"))
            }
            Self::TwoLists { place, member } => {
                let member = veritee_model::text::inert(&veritee_model::text::shortened(member, 80));
                new(format!("a second list of devices stands under `{member}`"))
                    .at(format_args!("{}/", veritee_model::text::inert(place)))
            }
            Self::Member { place, member, what } => {
                new(format!("{member} {what}")).at(veritee_model::text::inert(place))
            }
        }
    }
}

impl From<serde_json::Error> for ContainerError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json { line: error.line(), column: error.column(), problem: error.to_string() }
    }
}

explained!(ContainerError);
