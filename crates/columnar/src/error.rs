//! Why a column has no answer.

use arrow_schema::{ArrowError, DataType};
use core::fmt;

/// Why a column has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ColumnError {
    /// No type that can hold evidence.
    Type {
        /// What the column is.
        got: DataType,
    },
    /// The texts of a column would be longer than one array holds.
    TooLong {
        /// Which column of the answer.
        column: &'static str,
    },
    /// The arrays do not make a batch: a fault of this crate.
    Batch(ArrowError),
}

impl ColumnError {
    /// A word that does not change, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Type { .. } => "column-type",
            Self::TooLong { .. } => "column-too-long",
            Self::Batch(_) => "internal",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Type { .. } => {
                "cast the column to binary or string, or name the one that holds the evidence"
            }
            Self::TooLong { .. } => "give fewer rows at a time",
            Self::Batch(_) => "report it, with the table's schema",
        }
    }
}

impl fmt::Display for ColumnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { got } => write!(
                f,
                "the column of evidence is of type {got}: expected Binary, LargeBinary, BinaryView, Utf8, LargeUtf8, Utf8View, a dictionary of one of them, or Null"
            ),
            Self::TooLong { column } => {
                write!(f, "the texts of column `{column}` are longer together than {} bytes", i32::MAX)
            }
            Self::Batch(error) => write!(f, "the answer is no record batch: {error}"),
        }
    }
}

impl core::error::Error for ColumnError {}
