//! Why measurements were not compared.

use crate::error::{Explanation, explained};
use crate::manifest::ManifestError;
use veritee_model::Reason;

/// Why there is no comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppraisalError {
    /// Manifests that are needed were not given.
    ManifestMissing {
        /// Their identifiers.
        ids: Vec<String>,
    },
    /// The manifest is NVIDIA's, but its signer's certificates are not in force.
    ManifestNotInForce {
        /// Its identifier.
        id: String,
        /// Since when or from when.
        error: ManifestError,
    },
    /// Two genuine manifests speak of the same thing.
    Conflict {
        /// Of what.
        what: String,
    },
    /// The report does not tell whether the video decoder is on.
    VideoDecoder {
        /// The status; `None` when there is none.
        got: Option<String>,
    },
}

impl AppraisalError {
    /// The error taken apart.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        match self {
            Self::ManifestMissing { ids } => Explanation::new(
                Reason::GpuRimMissing,
                "firmware and driver were not compared with NVIDIA's reference values",
            )
            .next(format!("give {}", veritee_model::text::inert(&ids.join(" and ")))),
            Self::ManifestNotInForce { id, error } => {
                let mut explanation = error.explain();
                explanation.what =
                    format!("{}: {}", veritee_model::text::inert(id), explanation.what);
                explanation.next(format!("give a newer {}", veritee_model::text::inert(id)))
            }
            Self::Conflict { what } => {
                Explanation::new(Reason::GpuRimConflict, "two genuine manifests speak of the same thing").got(what)
            }
            Self::VideoDecoder { got } => Explanation::new(
                Reason::GpuMeasurementMismatch,
                "the report does not tell whether measurement 35 counts: the status of the video decoder is unknown",
            )
            .expected("on (0xaa) or off (0x55)")
            .got(got.as_deref().unwrap_or("none")),
        }
    }
}

explained!(AppraisalError);
