//! A commit on the command line.

/// A commit in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit(pub(crate) String);

impl std::str::FromStr for Commit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err("expected 40 hex digits: an abbreviated commit names no commit for certain".to_owned())
    }
}
