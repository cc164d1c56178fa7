//! What a layer says of one path.

/// An entry of a layer, as the runtime reads it. All of it is chosen by whoever made the layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path without a leading `/` or `./` and without a trailing `/`; empty for the root. Any bytes but NUL.
    pub path: Box<[u8]>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, with set-user-id, set-group-id and sticky.
    pub mode: u32,
    /// Its owner, by number in [`Layer::owners`](crate::Layer::owners).
    pub owner: u32,
    /// Its time, seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds of it.
    pub nanos: u32,
    /// SHA-256 over its extended attributes, sorted, where it has any.
    pub attributes: Option<Box<[u8; 32]>>,
    /// How its header was written.
    pub form: Form,
    /// SHA-256 of a file with the parts blanked that are known to change from build to build (see `compare`).
    pub masked: Option<Box<[u8; 32]>>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Its bytes.
        size: u64,
        /// SHA-256 of its content.
        digest: [u8; 32],
    },
    /// A folder.
    Folder,
    /// A symbolic link, with its target as it is written.
    Link(Box<[u8]>),
    /// Another name of an entry of this layer or of one below, by its path.
    HardLink(Box<[u8]>),
    /// A character device.
    Character {
        /// Its numbers.
        device: (u64, u64),
    },
    /// A block device.
    Block {
        /// Its numbers.
        device: (u64, u64),
    },
    /// A pipe.
    Pipe,
}

impl EntryKind {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Folder => "folder",
            Self::Link(_) => "symbolic link",
            Self::HardLink(_) => "hard link",
            Self::Character { .. } => "character device",
            Self::Block { .. } => "block device",
            Self::Pipe => "pipe",
        }
    }
}

/// How a header was written. It changes the digest of the layer and nothing that a program sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Without a magic number.
    V7,
    /// POSIX.1-1988.
    Ustar,
    /// With records of pax.
    Pax,
    /// GNU tar's.
    Gnu,
}

impl Form {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V7 => "v7",
            Self::Ustar => "ustar",
            Self::Pax => "pax",
            Self::Gnu => "GNU",
        }
    }
}

/// An owner as a header writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The user's number.
    pub user: u64,
    /// The group's.
    pub group: u64,
    /// The user's name, which runtimes ignore.
    pub user_name: Box<[u8]>,
    /// The group's.
    pub group_name: Box<[u8]>,
}

impl Entry {
    /// The last component of its path.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        name(&self.path)
    }

    /// What it takes away from the layers below; `None` for an entry that adds.
    #[must_use]
    pub fn whiteout(&self) -> Option<Whiteout<'_>> {
        let rest = self.name().strip_prefix(b".wh.")?;
        Some(match rest {
            b".wh..opq" => Whiteout::Opaque { folder: parent(&self.path) },
            // `.wh..wh.plnk` and its like: marks of AUFS, which every runtime skips.
            _ if rest.starts_with(b".wh.") => Whiteout::Mark,
            _ => Whiteout::Of { folder: parent(&self.path), name: rest },
        })
    }
}

/// What a whiteout takes away (OCI image specification, layer, "Whiteouts").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whiteout<'a> {
    /// Everything that layers below have in a folder.
    Opaque {
        /// The folder.
        folder: &'a [u8],
    },
    /// One path of the layers below, with all below it.
    Of {
        /// Its folder.
        folder: &'a [u8],
        /// Its name there.
        name: &'a [u8],
    },
    /// Nothing.
    Mark,
}

/// The folder of a path; empty for one at the root.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..end).unwrap_or_default()
}

/// The last component of a path.
pub(crate) fn name(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at.saturating_add(1));
    path.get(start..).unwrap_or_default()
}
