//! How files reach this crate.

use core::fmt;

/// What stands at a path. Links are not followed, neither by the kind nor by reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Absent,
    /// A folder.
    Folder,
    /// A regular file of so many bytes; holes count.
    File(u64),
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a device: opening one may never end.
    Special,
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without folders.
    pub name: String,
    /// What it is. The size of a file may be 0 here: [`Files::kind`] has it.
    pub kind: Kind,
}

/// Why a file or folder could not be read, in the words of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesError(pub String);

impl fmt::Display for FilesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for FilesError {}

/// Files below one folder, read in pieces.
///
/// Paths are relative to that folder and separated by `/`; the empty path is the folder itself. The `.git` file of a
/// worktree may lead elsewhere: such a path begins with `/` or holds `..`, and an implementation decides whether
/// anything is [`Kind::Absent`] there.
pub trait Files {
    /// What stands at a path.
    fn kind(&self, path: &str) -> Kind;

    /// The entries of a folder, in any order, at most `most` of them and one more that tells of the rest.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn list(&self, folder: &str, most: usize) -> Result<Vec<Entry>, FilesError>;

    /// At most `length` bytes of a regular file from an offset on; fewer only where the file ends.
    ///
    /// # Errors
    /// It is no regular file, or cannot be read.
    fn read(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>, FilesError>;
}
