//! What was met in a document and is not, or not wholly, modelled. Listed, never passed over.

use crate::position::Span;
use core::fmt;

/// Which text a span is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// The app_compose document (or the compose file itself, where it was given bare).
    Document,
    /// The YAML text of `docker_compose_file`.
    ComposeFile,
    /// The script with this index in [`crate::Deployment::scripts`].
    Script(usize),
}

/// What kind of construct it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConstructKind {
    /// A top-level key of app_compose that dstack does not document.
    UnknownManifestKey,
    /// A key of app_compose has a value of another type than dstack expects; it counts as unknown.
    ManifestType,
    /// A key that the Compose specification does not have; Compose refuses the file.
    UnknownComposeKey,
    /// A key of the Compose specification that is not modelled here.
    UnmodelledComposeKey,
    /// A value is of another type than the Compose specification demands.
    ComposeType,
    /// Something for which Compose refuses the whole file: then it is not what runs.
    ComposeRefuses,
    /// More than one YAML document: they were merged in order.
    MultipleDocuments,
    /// `!reset` or `!override`.
    MergeTag,
    /// Any other tag that is not of the core schema.
    ForeignTag,
    /// Aliases add more nodes than a person can follow.
    AliasExpansion,
    /// A byte order mark before the YAML text.
    ByteOrderMark,
    /// A tab in the indentation of a line.
    TabIndentation,
    /// A plain `{` inside of an operand: versions of Compose disagree where it ends.
    BraceInOperand,
    /// A timestamp.
    Timestamp,
    /// `include`: content outside of the hash.
    Include,
    /// `extends` that cannot be followed: content of another file, or of a service whose name is not known.
    Extends,
    /// A part of a shell script that could not be parsed.
    ScriptSyntax,
    /// A shell construct whose effect on variables or files cannot be told.
    ScriptOpaque,
}

impl ConstructKind {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownManifestKey => "unknown-manifest-key",
            Self::ManifestType => "manifest-type",
            Self::UnknownComposeKey => "unknown-compose-key",
            Self::UnmodelledComposeKey => "unmodelled-compose-key",
            Self::ComposeType => "compose-type",
            Self::ComposeRefuses => "compose-refuses",
            Self::MultipleDocuments => "multiple-documents",
            Self::MergeTag => "merge-tag",
            Self::ForeignTag => "foreign-tag",
            Self::AliasExpansion => "alias-expansion",
            Self::ByteOrderMark => "byte-order-mark",
            Self::TabIndentation => "tab-indentation",
            Self::BraceInOperand => "brace-in-operand",
            Self::Timestamp => "timestamp",
            Self::Include => "include",
            Self::Extends => "extends",
            Self::ScriptSyntax => "script-syntax",
            Self::ScriptOpaque => "script-opaque",
        }
    }

    /// Two readers can see two documents: a matter of DP-META-004.
    #[must_use]
    pub const fn is_differential(self) -> bool {
        matches!(
            self,
            Self::MultipleDocuments
                | Self::MergeTag
                | Self::ForeignTag
                | Self::AliasExpansion
                | Self::ByteOrderMark
                | Self::TabIndentation
                | Self::BraceInOperand
        )
    }

    /// The resolved model may miss something because of it.
    #[must_use]
    pub const fn leaves_gap(self) -> bool {
        !matches!(
            self,
            Self::UnknownManifestKey
                | Self::ComposeRefuses
                | Self::MultipleDocuments
                | Self::MergeTag
                | Self::AliasExpansion
                | Self::ByteOrderMark
                | Self::TabIndentation
        )
    }
}

impl fmt::Display for ConstructKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One such construct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Construct {
    /// What it is.
    pub kind: ConstructKind,
    /// Which text the span is about.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
    /// Its path within the text; empty for the whole.
    pub path: String,
    /// What was met, as it stands there. Not escaped.
    pub detail: String,
}
