//! Paths whose content is known to change from build to build, measured with Debian, apt and pip. A name explains; it
//! excuses nothing: what differs there still differs.

use super::cause::Cause;

/// The cause by the path alone; `None` where the path explains nothing.
pub(super) fn by_path(path: &[u8]) -> Option<Cause> {
    let below = |folder: &[u8]| path.starts_with(folder);
    let ends = |ends: &[&[u8]]| ends.iter().any(|end| path.ends_with(end));
    Some(match path {
        b"var/cache/apt/pkgcache.bin" | b"var/cache/apt/srcpkgcache.bin" => Cause::AptCache,
        b"var/cache/ldconfig/aux-cache" => Cause::LinkerCache,
        b"var/lib/dpkg/status"
        | b"var/lib/dpkg/status-old"
        | b"var/lib/dpkg/available"
        | b"lib/apk/db/installed"
        | b"usr/lib/apk/db/installed"
        | b"var/lib/apt/extended_states" => Cause::PackageDatabase,
        b"etc/machine-id" | b"var/lib/dbus/machine-id" | b"etc/hostid" => Cause::MachineIdentity,
        _ if below(b"var/lib/rpm/") || below(b"var/lib/dpkg/status.d/") => Cause::PackageDatabase,
        _ if below(b"etc/ssh/ssh_host_") => Cause::MachineIdentity,
        _ if below(b"var/lib/apt/lists/") => Cause::AptCache,
        _ if below(b"var/log/") => Cause::Logs,
        _ if below(b"var/cache/") || below(b"root/.cache/") => Cause::Caches,
        _ if below(b"tmp/") || below(b"var/tmp/") => Cause::TemporaryFiles,
        _ if ends(&[b".jar", b".war", b".zip", b".whl", b".a", b".gz", b".tar", b".xz"]) => Cause::Archives,
        _ => return None,
    })
}

/// Folders that BuildKit and buildah make for their own mounts when the base lacks them.
pub(super) const BUILD_MOUNTS: [&[u8]; 5] = [b"dev", b"etc", b"proc", b"sys", b"run"];

/// What is blanked in files that are known to change; `None` for every other file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    /// The source's time in Python byte code.
    ByteCode,
    /// The day of the last change in `/etc/shadow`.
    Shadow,
}

impl Mask {
    pub(super) fn of(path: &[u8]) -> Option<Self> {
        match path {
            b"etc/shadow" | b"etc/shadow-" => Some(Self::Shadow),
            _ if path.ends_with(b".pyc") => Some(Self::ByteCode),
            _ => None,
        }
    }

    pub(super) const fn cause(self) -> Cause {
        match self {
            Self::ByteCode => Cause::PythonByteCode,
            Self::Shadow => Cause::AccountAge,
        }
    }

    /// The file with what changes blanked; `None` where it has not the form in which that stands.
    pub(super) fn blank(self, content: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::ByteCode => byte_code(content),
            Self::Shadow => shadow(content),
        }
    }
}

/// Magic, flags, then the source's time and size where the flags are 0 (PEP 552).
fn byte_code(content: &[u8]) -> Option<Vec<u8>> {
    if content.get(2..8)? != b"\r\n\0\0\0\0" {
        return None;
    }
    let mut blanked = content.to_vec();
    blanked.get_mut(8..12)?.fill(0);
    Some(blanked)
}

/// `name:hash:day:...` lines (shadow(5)); a day that is no number stays.
fn shadow(content: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(content.len());
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        for (field, text) in line.split(|byte| *byte == b':').enumerate() {
            if field > 0 {
                out.push(b':');
            }
            let is_day = field == 2 && text.iter().all(u8::is_ascii_digit);
            out.extend_from_slice(if is_day { b"" } else { text });
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_code_is_blanked_only_where_the_time_stands() {
        let code = |time: u8, body: &[u8]| {
            [b"\xa7\r\r\n\0\0\0\0".as_slice(), &[time; 4], &[9, 0, 0, 0], body].concat()
        };
        let blank = |bytes: &[u8]| Mask::ByteCode.blank(bytes);
        assert_eq!(blank(&code(1, b"x")), blank(&code(2, b"x")));
        assert!(blank(&code(1, b"x")).is_some());
        assert_ne!(blank(&code(1, b"x")), blank(&code(1, b"y")), "the code counts");
        // With a hash of the source in place of the time (flags not 0) nothing changes from build to build.
        let hashed = [b"\xa7\r\r\n\x01\0\0\0".as_slice(), &[7; 8], b"x"].concat();
        assert_eq!(blank(&hashed), None);
        assert_eq!(blank(b"short"), None);
    }

    #[test]
    fn only_the_day_of_an_account_is_blanked() {
        let blank = |text: &str| Mask::Shadow.blank(text.as_bytes());
        assert_eq!(blank("a:*:19675:0:::\n"), blank("a:*:20786:0:::\n"));
        assert_ne!(blank("a:*:19675:0:::\n"), blank("a::19675:0:::\n"), "an empty password is no noise");
        assert_ne!(blank("a:*:19675:0:::\n"), blank("a:*:19675:1:::\n"));
    }
}
