//! Bearer tokens (RFC 6750).

use core::fmt;
use ring::digest::{Digest, SHA256, digest};

/// Shorter ones can be guessed.
const SHORTEST: usize = 16;
/// More than anybody hands out: each costs one comparison a request.
const MOST: usize = 1024;

/// Tokens that open the door, by their digests.
#[derive(Clone)]
pub struct Tokens(Vec<Digest>);

/// Why a file of tokens cannot be used. Never repeats a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// None is in it.
    None,
    /// More than are kept.
    TooMany,
    /// A line is no token.
    Line {
        /// Which, from 1.
        number: usize,
    },
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("holds no token"),
            Self::TooMany => write!(f, "holds more than {MOST} tokens"),
            Self::Line { number } => write!(
                f,
                "line {number}: expected a token of at least {SHORTEST} letters, digits and -._~+/="
            ),
        }
    }
}

impl core::error::Error for TokenError {}

impl Tokens {
    /// One token a line; empty lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// When there is none, or a line is none.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let mut tokens = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            if line.len() < SHORTEST || !line.bytes().all(known) {
                return Err(TokenError::Line { number: at.saturating_add(1) });
            }
            tokens.push(digest(&SHA256, line.as_bytes()));
        }
        match tokens.len() {
            0 => Err(TokenError::None),
            1..=MOST => Ok(Self(tokens)),
            _ => Err(TokenError::TooMany),
        }
    }

    /// Whether the value of an `Authorization` header holds one of them. How long it takes tells nothing of the token: what
    /// is compared are digests, all of them.
    pub(crate) fn admits(&self, header: Option<&[u8]>) -> bool {
        let Some((scheme, token)) = header.and_then(|value| value.split_at_checked(7)) else { return false };
        let given = digest(&SHA256, token);
        let known = self.0.iter().filter(|known| known.as_ref() == given.as_ref()).count();
        scheme.eq_ignore_ascii_case(b"Bearer ") && known > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_in_full_and_under_its_scheme() {
        let tokens = Tokens::parse("# ours\n\n 0123456789abcdef \nanother-token-of-ours\n").unwrap();
        for good in ["Bearer 0123456789abcdef", "bearer another-token-of-ours"] {
            assert!(tokens.admits(Some(good.as_bytes())), "{good}");
        }
        for bad in [
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef ",
            "Basic 0123456789abcdef",
            "Bearer ",
            "",
            "# ours",
        ] {
            assert!(!tokens.admits(Some(bad.as_bytes())), "{bad}");
        }
        assert!(!tokens.admits(None) && !tokens.admits(Some(&[0xff; 9])));
    }

    #[test]
    fn a_file_without_tokens_or_with_short_ones_is_refused_and_not_repeated() {
        assert_eq!(Tokens::parse("\n# x\n").err(), Some(TokenError::None));
        let short = Tokens::parse("0123456789abcdef\nsecret\n").err().unwrap();
        assert_eq!(short, TokenError::Line { number: 2 });
        assert!(!short.to_string().contains("secret"));
        assert!(Tokens::parse("has a blank in the middle").is_err());
        assert_eq!(Tokens::parse(&"0123456789abcdef\n".repeat(1025)).err(), Some(TokenError::TooMany));
    }
}
