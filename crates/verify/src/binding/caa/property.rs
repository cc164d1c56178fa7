//! The value of `issue` and `issuewild` (RFC 8659, section 4.2) and its `accounturi` (RFC 8657, section 3).

/// Whom a record lets get certificates.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant<'a> {
    /// Nobody: no issuer, or a condition that nobody can meet.
    Nobody,
    /// This account at the issuer.
    Account(&'a str),
    /// Every account at the issuer.
    Everybody,
}

/// A value of the RFC's form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IssueValue<'a> {
    /// The authority's domain; empty for none.
    pub(super) issuer: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> IssueValue<'a> {
    /// `None` for what is not of the form. Such a value permits nobody.
    pub(super) fn read(value: &'a str) -> Option<Self> {
        let (issuer, rest) = value.split_once(';').unwrap_or((value, ""));
        let issuer = trimmed(issuer);
        if !issuer.is_empty() && !issuer.split('.').all(is_label) {
            return None;
        }
        let parameters = match trimmed(rest) {
            "" => Vec::new(),
            rest => rest.split(';').map(parameter).collect::<Option<_>>()?,
        };
        Some(Self { issuer, parameters })
    }

    /// Whom it lets in. `accounturi` counts in the RFC's spelling only: an authority may not know another one, and
    /// would then let everybody in. Two of them nobody can meet.
    pub(super) fn grant(&self) -> Grant<'a> {
        let mut accounts = self.parameters.iter().filter(|(tag, _)| *tag == "accounturi");
        match (self.issuer, accounts.next(), accounts.next()) {
            ("", ..) | (_, Some(_), Some(_)) => Grant::Nobody,
            (_, Some((_, account)), None) => Grant::Account(account),
            (_, None, _) => Grant::Everybody,
        }
    }

    /// What `validationmethods` says (RFC 8657, section 4), as it stands.
    pub(super) fn validation_methods(&self) -> impl Iterator<Item = &'a str> {
        self.parameters.iter().filter(|(tag, _)| *tag == "validationmethods").map(|(_, value)| *value)
    }
}

/// The bytes behind a value in which `\DDD` stands for a byte that cannot be shown (RFC 1035, section 5.1), each as the
/// character of its number: what is outside ASCII is of no form either way, and a tab has to be seen as one.
pub(super) fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let byte = after.get(..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        match byte.and_then(|digits| digits.parse::<u8>().ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (trimmed(tag), trimmed(value));
    let visible = value.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b';');
    (is_label(tag) && visible).then_some((tag, value))
}

/// Letters and digits, with hyphens between them.
fn is_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Without blanks and tabs around it: the RFC's WSP, and no other white space.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(value: &str) -> Option<Grant<'_>> {
        IssueValue::read(value).map(|value| value.grant())
    }

    #[test]
    fn an_issuer_without_account_lets_everybody_in() {
        for value in [
            "ca.example",
            " ca.example ",
            "ca.example;",
            "ca.example; ",
            "ca.example;validationmethods=dns-01",
            "ca.example; policy=ev; policy=dv",
            "ca.example; AccountURI=https://a",
            "ca.example; xaccounturi=https://a",
            "ca.example; account=x",
        ] {
            assert_eq!(grant(value), Some(Grant::Everybody), "{value}");
        }
    }

    #[test]
    fn an_account_is_read_whole() {
        let account = "https://acme.example/acct/1?x=y";
        for value in [
            format!("ca.example;accounturi={account}"),
            format!("\tca.example ; accounturi\t= {account} "),
            format!("ca.example; validationmethods=dns-01; accounturi={account}"),
        ] {
            assert_eq!(grant(&value), Some(Grant::Account(account)), "{value}");
        }
        assert_eq!(grant("ca.example; accounturi="), Some(Grant::Account("")));
    }

    #[test]
    fn no_issuer_and_two_accounts_let_nobody_in() {
        for value in ["", ";", " ; ", "; accounturi=a", "ca.example; accounturi=a; accounturi=a"] {
            assert_eq!(grant(value), Some(Grant::Nobody), "{value}");
        }
    }

    #[test]
    fn an_escaped_byte_is_read_as_the_byte() {
        assert_eq!(unescaped("a\\009b\\092c\\255\\000"), "a\tb\\c\u{ff}\0");
        for kept in ["", "a\\b", "\\", "\\9", "\\99", "\\256", "\\+09", "\\\u{e9}9"] {
            assert_eq!(unescaped(kept), kept);
        }
        assert_eq!(grant(&unescaped("any.example\\009")), Some(Grant::Everybody));
        assert_eq!(grant(&unescaped("any.example\\010")), None);
    }

    #[test]
    fn what_is_not_of_the_form_is_not_read() {
        for value in [
            "ca example",
            "-ca.example",
            "ca..example",
            "ca.example.",
            "ca.example; accounturi",
            "ca.example; accounturi=a b",
            "ca.example; accounturi=a;",
            "ca.example; ; accounturi=a",
            "ca.example; account_uri=a",
            "ca.example; =a",
            "ca.example, accounturi=a",
            "ca.example; accounturi=\u{e9}",
            "ca.example;\naccounturi=a",
        ] {
            assert_eq!(IssueValue::read(value), None, "{value}");
        }
    }
}
