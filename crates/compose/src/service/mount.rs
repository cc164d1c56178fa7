//! `volumes`, `configs` and `secrets` of a service: what of the CVM a container sees.

use crate::position::Span;
use crate::tree::Tree;
use crate::value::Value;

/// The folder that relative paths begin at.
const PROJECT_FOLDER: &str = "/dstack";

/// An entry of `volumes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    /// What kind of mount it is.
    pub kind: MountKind,
    /// The host's side: a path, or the name of a volume.
    pub source: Option<Value>,
    /// The container's side.
    pub target: Option<Value>,
    /// The container cannot write there.
    pub read_only: bool,
    /// Path of the entry.
    pub path: String,
    /// Where it stands in the YAML text.
    pub span: Span,
    /// The whole of it.
    pub tree: Tree,
}

/// What kind of mount it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MountKind {
    /// A path of the CVM.
    Bind,
    /// A named or anonymous volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// Any other kind (`npipe`, `cluster`, `image`), or one that cannot be told because its source is not known.
    Other,
}

impl Mount {
    /// Reads the short form `[SOURCE:]TARGET[:OPTIONS]` or the long form; `None` of anything else.
    #[must_use]
    pub fn read(tree: &Tree, path: String) -> Option<Self> {
        let span = tree.span();
        let Some(value) = tree.scalar() else {
            let field = |name: &str| tree.get(name).and_then(Tree::scalar).cloned();
            let kind = match field("type").as_ref().and_then(|kind| kind.literal()) {
                Some("bind") => MountKind::Bind,
                Some("volume") => MountKind::Volume,
                Some("tmpfs") => MountKind::Tmpfs,
                _ => MountKind::Other,
            };
            let read_only = field("read_only").is_some_and(|value| value.literal() == Some("true"));
            let (source, target) = (field("source"), field("target"));
            let mount = Self { kind, source, target, read_only, path, span, tree: tree.clone() };
            return matches!(tree, Tree::Mapping(..)).then_some(mount);
        };
        let mut pieces = pieces_of(value).into_iter();
        let first = pieces.next();
        let second = pieces.next();
        let options = pieces.next().map(|options| options.text).unwrap_or_default();
        let (source, target) = if second.is_some() { (first, second) } else { (None, first) };
        let kind = match (&source, &target) {
            (Some(source), _) => kind_of(source),
            // `${X}` alone can be any short form.
            (None, Some(target)) if !target.is_known() => MountKind::Other,
            (None, _) => MountKind::Volume,
        };
        let read_only = options.split(',').any(|option| option == "ro");
        Some(Self { kind, source, target, read_only, path, span, tree: tree.clone() })
    }

    /// The absolute path of the CVM that is mounted, `.` and `..` resolved; `None` of volumes and unknown paths.
    #[must_use]
    pub fn host_path(&self) -> Option<String> {
        if self.kind != MountKind::Bind {
            return None;
        }
        self.source.as_ref().and_then(Value::literal).map(absolute_path)
    }
}

/// A path of the guest: relative ones are below `/dstack`; `.`, `..` and the link `/var/run` are resolved.
#[must_use]
pub fn absolute_path(path: &str) -> String {
    let joined = match path.strip_prefix('~') {
        Some(rest) => format!("/root/{rest}"),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{PROJECT_FOLDER}/{path}"),
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in joined.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let path = format!("/{}", steps.join("/"));
    // `/var/run` is a link to `/run`.
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path,
    }
}

/// The pieces between colons. compose-go takes a single letter and what follows its colon for a path with a drive.
pub(crate) fn pieces_of(value: &Value) -> Vec<Value> {
    let mut pieces: Vec<Value> = Vec::new();
    let mut from = 0_usize;
    let mut at = 0_usize;
    for piece in value.split(':') {
        let end = at.saturating_add(piece.text.len());
        let is_drive = from == at && piece.literal().is_some_and(is_letter) && end < value.text.len();
        if !is_drive {
            pieces.push(value.piece(from..end));
            from = end.saturating_add(1);
        }
        at = end.saturating_add(1);
    }
    pieces
}

fn is_letter(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
}

fn kind_of(source: &Value) -> MountKind {
    match source.parts.first() {
        Some(part) if !part.known => MountKind::Other,
        _ if source.text.starts_with(['.', '/', '~']) => MountKind::Bind,
        _ if source.text.split_once(':').is_some_and(|(drive, _)| is_letter(drive)) => MountKind::Bind,
        _ => MountKind::Volume,
    }
}

/// An entry of `configs` or `secrets` of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct FileMount {
    /// Name of the config or secret.
    pub source: Option<Value>,
    /// Path in the container, if written.
    pub target: Option<Value>,
    /// Path of the entry.
    pub path: String,
    /// Where it stands in the YAML text.
    pub span: Span,
}

impl FileMount {
    /// Reads the short form (a name) or the long form; `None` of anything else.
    #[must_use]
    pub fn read(tree: &Tree, path: String) -> Option<Self> {
        let span = tree.span();
        if let Some(value) = tree.scalar() {
            return Some(Self { source: Some(value.clone()), target: None, path, span });
        }
        let field = |name: &str| tree.get(name).and_then(Tree::scalar).cloned();
        matches!(tree, Tree::Mapping(..)).then(|| Self {
            source: field("source"),
            target: field("target"),
            path,
            span,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(text: &str) -> Mount {
        let value = Value::literal_text(text, Span::default());
        Mount::read(&Tree::Scalar(value), String::new()).unwrap()
    }

    #[test]
    fn a_relative_source_is_below_the_project_folder() {
        assert_eq!(mount("./data:/data").host_path().as_deref(), Some("/dstack/data"));
        assert_eq!(mount("../:/host:ro").host_path().as_deref(), Some("/"));
        assert_eq!(mount("/dstack/./.host-shared//:/x").host_path().as_deref(), Some("/dstack/.host-shared"));
        assert_eq!(mount("/var/run/docker.sock:/x").host_path().as_deref(), Some("/run/docker.sock"));
        assert!(mount("/proc:/host/proc:ro").read_only);
    }

    #[test]
    fn a_named_and_an_anonymous_volume_have_no_path() {
        assert_eq!(mount("data:/data").kind, MountKind::Volume);
        assert_eq!(mount("data:/data").host_path(), None);
        assert_eq!(mount("/data").kind, MountKind::Volume);
    }

    #[test]
    fn a_name_of_one_letter_is_a_drive_as_compose_has_it() {
        let drive = mount("v:/v");
        assert_eq!((drive.kind, drive.source), (MountKind::Volume, None));
        assert_eq!(drive.target.unwrap().text, "v:/v");
        assert_eq!(mount("c:/a:/b:ro").kind, MountKind::Bind);
        assert_eq!(mount("c:/a:/b:ro").target.unwrap().text, "/b");
    }
}
