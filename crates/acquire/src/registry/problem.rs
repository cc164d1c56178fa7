//! Why a registry gave nothing that can be used.

use core::fmt;
use veritee_client::FetchError;
use veritee_image::ImageError;
use veritee_model::text::{inert, shortened};

/// Why a registry gave nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// 401 after a token that everybody gets, or without a way to get one; 403.
    NotPublic {
        /// Where.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// 404, with every media type asked for.
    Absent {
        /// Where.
        url: String,
    },
    /// 429: too many requests, after the waits that the server asked for.
    Busy {
        /// Where.
        url: String,
    },
    /// No answer that can be used.
    Fetch(FetchError),
    /// No token came.
    Token {
        /// Where one was asked for.
        realm: String,
        /// Why none came.
        why: String,
    },
    /// What came is not what was asked for.
    Read {
        /// Where.
        url: String,
        /// What is wrong.
        error: ImageError,
    },
    /// The next page of a list is somewhere else.
    Page {
        /// Where the list is.
        url: String,
        /// Where the page is said to be.
        to: String,
    },
    /// A limit of this crate.
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        most: usize,
    },
    /// The manifest is of no container image.
    NoImage {
        /// Where.
        url: String,
    },
}

impl From<FetchError> for Problem {
    fn from(error: FetchError) -> Self {
        let url = error.url().to_owned();
        match error.status() {
            Some(status @ (401 | 403)) => Self::NotPublic { url, status },
            Some(404) => Self::Absent { url },
            Some(429) => Self::Busy { url },
            _ => Self::Fetch(error),
        }
    }
}

impl Problem {
    /// Whether it only says that something is not there.
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }

    /// What to do next, without full stop.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::NotPublic { .. } => {
                "the image is private or is not there, and nobody else can look at it either; who \
                                       has access saves it to a file: skopeo copy docker://REF oci:FOLDER"
                    .to_owned()
            }
            Self::Absent { .. } => {
                "check name, tag and digest; a registry keeps what is untagged only so long".to_owned()
            }
            Self::Busy { .. } => "try again later, or ask a mirror: --registry URL".to_owned(),
            Self::Fetch(error) => error.next_step(),
            Self::Token { .. } => "check the registry; a mirror is asked with --registry URL".to_owned(),
            Self::Read { error: ImageError::Platform { .. }, .. } => {
                "choose one with --platform OS/ARCH".to_owned()
            }
            Self::Read { .. } | Self::Page { .. } | Self::TooMuch { .. } => {
                "do not trust this registry: no sound one answers so".to_owned()
            }
            Self::NoImage { .. } => "name the image that it is about".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublic { url, status } => {
                write!(f, "{url}: not for everybody (status {status})")
            }
            Self::Absent { url } => write!(f, "{url}: the registry has nothing there (status 404)"),
            Self::Busy { url } => {
                write!(f, "{url}: the registry takes no more requests for now (status 429)")
            }
            Self::Fetch(error) => error.fmt(f),
            Self::Token { realm, why } => {
                write!(f, "no token from {}: {}", inert(&shortened(realm, 200)), inert(&shortened(why, 300)))
            }
            Self::Read { url, error } => write!(f, "{url}: {error}"),
            Self::Page { url, to } => write!(
                f,
                "{url}: the next page is said to be at `{}`, which is no page of this list",
                inert(&shortened(to, 200))
            ),
            Self::TooMuch { what, most } => write!(f, "more than {most} {what}"),
            Self::NoImage { url } => write!(f, "{url}: no container image: its layers are no file systems"),
        }
    }
}

impl core::error::Error for Problem {}
