//! Names of hosts.

use super::HostError;
use core::fmt;
use veritee_model::text::inert;

/// A host name in ASCII and lower case: labels of letters, digits and hyphens (RFC 1123, section 2.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

impl Host {
    /// Reads a name as it stands in a URL. Upper case becomes lower case; nothing else is changed.
    ///
    /// # Errors
    /// [`HostError`]: also for names in another script, whose ASCII form is then named, and for IP addresses in any of
    /// the forms that browsers take for one.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::Empty);
        }
        if !text.is_ascii() {
            let ascii = idna::domain_to_ascii_strict(text).ok();
            return Err(HostError::NotAscii { text: text.to_owned(), ascii });
        }
        let name = text.to_ascii_lowercase();
        if name.len() > 253 {
            return Err(HostError::TooLong { what: "name", limit: 253, got: name.len() });
        }
        let mut at = 0_usize;
        for label in name.split('.') {
            check_label(label, at)?;
            at = at.saturating_add(label.len()).saturating_add(1);
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        // Browsers and C libraries read `127.1`, `0x7f000001` and `2130706433` as addresses.
        if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
            return Err(HostError::Address { text: text.to_owned() });
        }
        let (_, unicode) = idna::domain_to_unicode(&name);
        if unicode.is_err() {
            return Err(HostError::Punycode { text: text.to_owned() });
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For people: the name, and what an internationalised one looks like.
    #[must_use]
    pub fn shown(&self) -> String {
        let (unicode, _) = idna::domain_to_unicode(&self.0);
        if unicode == self.0 {
            self.0.clone()
        } else {
            format!("{} (shown as `{}`)", self.0, inert(&unicode))
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_label(label: &str, at: usize) -> Result<(), HostError> {
    if label.is_empty() {
        return Err(HostError::EmptyLabel { at });
    }
    if label.len() > 63 {
        return Err(HostError::TooLong { what: "label", limit: 63, got: label.len() });
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if let Some(offset) = label.bytes().position(|byte| !allowed(byte)) {
        let character = label.get(offset..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        return Err(HostError::Character { at: at.saturating_add(offset), character });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(HostError::Hyphen { label: label.to_owned() });
    }
    Ok(())
}
