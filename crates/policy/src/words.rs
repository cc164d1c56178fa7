//! Values of a policy file that are read more strictly than their types demand: what could silently not bind is an
//! error at its place.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use veritee_model::{TcbStatus, UnixTime};

/// A status that a policy may accept: any but `Revoked`, which Intel gives where keys are compromised.
struct Acceptable(TcbStatus);

impl<'de> Deserialize<'de> for Acceptable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match TcbStatus::deserialize(deserializer)? {
            TcbStatus::Revoked => Err(D::Error::custom("`Revoked` cannot be accepted")),
            status => Ok(Self(status)),
        }
    }
}

pub(crate) fn acceptable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TcbStatus>, D::Error> {
    Ok(some::<D, Acceptable>(deserializer)?.into_iter().map(|status| status.0).collect())
}

/// A list that has to have an entry: an empty one would mean "any" to whoever reads the program, and "none" to whoever
/// reads the file.
pub(crate) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<T>::deserialize(deserializer)?;
    if list.is_empty() {
        return Err(D::Error::custom("the list is empty: name what is accepted, or leave the key out"));
    }
    Ok(list)
}

/// Intel's name of an advisory: `INTEL-SA-` and five digits, as collateral has it.
struct Advisory(String);

impl<'de> Deserialize<'de> for Advisory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if is_advisory(&name) {
            return Ok(Self(name));
        }
        let name = veritee_model::text::inert(&veritee_model::text::shortened(&name, 80));
        Err(D::Error::custom(format_args!(
            "`{name}` is no advisory of Intel's: expected INTEL-SA- and five digits"
        )))
    }
}

pub(crate) fn is_advisory(name: &str) -> bool {
    name.strip_prefix("INTEL-SA-")
        .is_some_and(|digits| digits.len() == 5 && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

pub(crate) fn advisories<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Advisory>::deserialize(deserializer)?.into_iter().map(|advisory| advisory.0).collect())
}

/// A date as people write it. Bare digits are seconds since 1970 elsewhere, and `20250814` then lies in August 1970.
struct Date(UnixTime);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains('T') || text.contains('-') {
            return UnixTime::parse_written(&text).map(Self).map_err(D::Error::custom);
        }
        let text = veritee_model::text::inert(&veritee_model::text::shortened(&text, 80));
        Err(D::Error::custom(format_args!(
            "`{text}` is no date: write it like 2025-08-14 or 2025-08-14T00:00:00Z"
        )))
    }
}

pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixTime, D::Error> {
    Date::deserialize(deserializer).map(|date| date.0)
}

pub(crate) fn optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<UnixTime>, D::Error> {
    date(deserializer).map(Some)
}

/// Name of a variable as a shell has it; none other can be set.
pub(crate) fn variable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let head = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    if head && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(name);
    }
    let name = veritee_model::text::inert(&veritee_model::text::shortened(&name, 80));
    Err(D::Error::custom(format_args!("`{name}` is no name of a variable")))
}

/// Whole bytes in hex.
pub(crate) fn hex_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text);
    }
    let text = veritee_model::text::inert(&veritee_model::text::shortened(&text, 80));
    Err(D::Error::custom(format_args!("`{text}` is not hex: it would never match")))
}

/// A name that is not blank.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let seen = name.chars().any(|it| !it.is_whitespace() && !veritee_model::text::is_hazardous(it));
    if !seen || name.trim() != name {
        return Err(D::Error::custom("a name without blanks around it is expected: it would never match"));
    }
    Ok(name)
}

/// What a signer's identity begins with, if a text is that.
struct SignerPrefix(String);

impl<'de> Deserialize<'de> for SignerPrefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::images::signer(&name(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

pub(crate) fn signers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(some::<D, SignerPrefix>(deserializer)?.into_iter().map(|signer| signer.0).collect())
}

/// The name of a registry, and the beginning of a path.
pub(crate) fn registry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = name(deserializer)?;
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
    };
    if text.split('/').all(is_part) {
        return Ok(text);
    }
    let text = veritee_model::text::inert(&veritee_model::text::shortened(&text, 80));
    Err(D::Error::custom(format_args!(
        "`{text}` is no registry: expected HOST or HOST/PATH, without https://"
    )))
}

/// An address that is asked. Whether it may be asked without TLS is for who asks to say.
pub(crate) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = name(deserializer)?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |host: &str| {
        let host = host.trim_end_matches('/');
        !host.is_empty() && !host.contains(['/', '@', '?', '#']) && !host.contains(char::is_whitespace)
    };
    if host.is_some_and(is_host) {
        return Ok(text);
    }
    let text = veritee_model::text::inert(&veritee_model::text::shortened(&text, 80));
    Err(D::Error::custom(format_args!("`{text}` is no address of a registry: expected https://HOST")))
}

/// [`name`], where the key may be left out.
pub(crate) fn optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    name(deserializer).map(Some)
}
