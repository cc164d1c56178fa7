//! `build`: the image is made inside the CVM.

use super::KeyValue;
use crate::position::Span;
use crate::tree::Tree;
use crate::value::Value;

/// `build` of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// `context`; `.` (that is `/dstack`) where it is not written.
    pub context: Option<Value>,
    /// What kind of context it is.
    pub context_kind: ContextKind,
    /// `dockerfile`.
    pub dockerfile: Option<Value>,
    /// `dockerfile_inline`.
    pub dockerfile_inline: Option<Value>,
    /// `args`; of a bare name the value that the environment gives.
    pub args: Vec<KeyValue>,
    /// `additional_contexts`.
    pub additional_contexts: Vec<KeyValue>,
    /// `target`.
    pub target: Option<Value>,
    /// `services.NAME.build`.
    pub path: String,
    /// Where it stands in the YAML text.
    pub span: Span,
    /// The whole of it.
    pub tree: Tree,
}

/// Where a build context comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextKind {
    /// A folder of the guest: relative paths are below `/dstack`, which holds secrets and `user_config`.
    Local,
    /// A git repository.
    Git {
        /// The commit after `#`, if it is 40 hex digits.
        commit: Option<String>,
    },
    /// An archive at a URL.
    Http,
    /// It cannot be told, because a part of it is not known.
    Unknown,
}

impl ContextKind {
    /// Sorts a context as BuildKit does.
    #[must_use]
    pub fn of(context: Option<&Value>) -> Self {
        let Some(context) = context else { return Self::Local };
        let Some(text) = context.literal() else { return Self::Unknown };
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        let is_url = address.starts_with("http://") || address.starts_with("https://");
        let is_git = address.starts_with("git://")
            || address.starts_with("git@")
            || address.starts_with("ssh://")
            || address.starts_with("github.com/")
            || (is_url && address.ends_with(".git"));
        if is_git {
            let reference = fragment.split(':').next().unwrap_or("");
            let pinned = reference.len() == 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
            return Self::Git { commit: pinned.then(|| reference.to_owned()) };
        }
        if is_url { Self::Http } else { Self::Local }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_commit_pins_a_git_context() {
        let kind = |text: &str| ContextKind::of(Some(&Value::literal_text(text, Span::default())));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let pinned = ContextKind::Git { commit: Some(commit.to_owned()) };
        assert_eq!(kind(&format!("https://github.com/a/b.git#{commit}:dir")), pinned);
        assert_eq!(kind("https://github.com/a/b.git#main"), ContextKind::Git { commit: None });
        assert_eq!(kind("https://github.com/a/b.git#0123456"), ContextKind::Git { commit: None });
        assert_eq!(kind("./x"), ContextKind::Local);
        assert_eq!(kind("https://x/y.tar.gz"), ContextKind::Http);
    }
}
