//! What was asked of a registry, and what came of it. A record of this program, for people and for later runs; it is not
//! signed, and nothing is proven by it.

use serde::Serialize;
use veritee_image::Digest;

/// What was asked and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transcript {
    /// `veritee/image-fetch/v1`.
    pub schema: &'static str,
    /// The reference as it was given.
    pub reference: String,
    /// Registry and repository in full.
    pub name: String,
    /// The registry that was asked.
    pub registry: String,
    /// Whether that is another one than the reference names.
    pub mirror: bool,
    /// When, RFC 3339.
    pub at: String,
    /// Whether the reference itself holds the image fast. What a tag led to does not.
    pub pinned: bool,
    /// What the reference led to at that time.
    pub digest: Digest,
    /// Whether something beside the image could not be had for another reason than that there is none.
    pub incomplete: bool,
    /// Every request for a document or a blob, in order.
    pub lines: Vec<Line>,
}

/// One thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is.
    pub what: &'static str,
    /// Where it was asked for.
    pub url: String,
    /// What came.
    pub outcome: Outcome,
    /// The digest of what came, or by which it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why nothing came or nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is kept.
    Got,
    /// There is none.
    Absent,
    /// It is there and was not asked for.
    LeftOut,
    /// It could not be had, or was refused.
    Failed,
}
