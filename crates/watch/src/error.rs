//! Why the database cannot be used.

use crate::chain::Break;
use core::fmt;

/// Why nothing could be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    Absent,
    /// Another process writes to it.
    Busy,
    /// The system refuses.
    Io(std::io::Error),
    /// The file is no database of this kind.
    NotADatabase {
        /// What is wrong.
        detail: String,
    },
    /// The database is of another version.
    Version {
        /// What it calls itself.
        got: String,
    },
    /// The database is damaged.
    Damaged {
        /// What was being done.
        doing: &'static str,
        /// What was found.
        detail: String,
    },
    /// A record does not follow the one before it.
    Broken(Break),
    /// A record would be larger than one may be.
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It was opened for reading only, or has failed before.
    Closed,
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Absent => "name a database that `veritee watch` has written",
            Self::Busy => {
                "one `veritee watch` writes to a database at a time: end the other one, or name another file"
            }
            Self::Io(_) => "look at the file's permissions, its disk and its file system",
            Self::NotADatabase { .. } => {
                "name a database that `veritee watch` has written, or a file that is not there yet"
            }
            Self::Version { .. } => "use the version of veritee that wrote it",
            Self::Damaged { .. } | Self::Broken(_) => {
                "keep the file as it is, restore a copy, and compare its head with the last one that you kept; \
                 `veritee watch export` writes the records that can still be read"
            }
            Self::TooLarge { .. } => "watch fewer machines or contracts under one target",
            Self::Closed => "open it again",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("there is no such file"),
            Self::Busy => f.write_str("another process has the database open"),
            Self::Io(error) => error.fmt(f),
            Self::NotADatabase { detail } => write!(f, "not a database of observations: {detail}"),
            Self::Version { got } => write!(f, "expected a database of {}, got {got}", crate::store::FORMAT),
            Self::Damaged { doing, detail } => write!(f, "damaged: {doing}: {detail}"),
            Self::Broken(broken) => write!(f, "the chain is broken: {broken}"),
            Self::TooLarge { bytes } => {
                write!(f, "a record may have {} bytes, this one would have {bytes}", crate::RECORD_BYTES)
            }
            Self::Closed => f.write_str("the database is not open for writing"),
        }
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Broken(broken) => Some(broken),
            _ => None,
        }
    }
}

impl From<Break> for StoreError {
    fn from(broken: Break) -> Self {
        Self::Broken(broken)
    }
}
