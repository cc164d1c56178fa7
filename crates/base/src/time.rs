//! Time as a value. Nothing below `src/` reads a clock: the as-of time of a verdict is an argument.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seconds since 1970-01-01T00:00:00Z, printed as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

/// A text is no time in any of the ways that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeError {
    text: String,
    expected: Expected,
}

/// What would have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// RFC 3339 or seconds.
    Instant,
    /// A date too.
    Written,
    /// Eight digits, which are a date to most people and an August day of 1970 to a counter of seconds.
    Dashes,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = crate::text::inert(&self.text);
        match self.expected {
            Expected::Instant => write!(
                f,
                "`{text}` is not a time: expected RFC 3339 (2026-03-15T00:00:00Z) or seconds since 1970"
            ),
            Expected::Written => write!(
                f,
                "`{text}` is not a time: expected a date (2026-03-15), RFC 3339 (2026-03-15T00:00:00Z) or seconds since 1970"
            ),
            Expected::Dashes => {
                let part = |range| text.get::<core::ops::Range<usize>>(range).unwrap_or_default();
                let (year, month, day) = (part(0..4), part(4..6), part(6..8));
                write!(
                    f,
                    "`{text}` can be a date or seconds since 1970: write {year}-{month}-{day} for the date, or the seconds with RFC 3339"
                )
            }
        }
    }
}

impl core::error::Error for TimeError {}

impl UnixTime {
    /// The last second that is accepted: 9999-12-30T22:00:00Z, the end of what can be printed.
    pub const MAX: Self = Self(253_402_207_200);

    /// A time from seconds since 1970; clamped to [`Self::MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        if seconds > Self::MAX.0 { Self::MAX } else { Self(seconds) }
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Seconds from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339 with an offset, or whole seconds since 1970. What a person may write, a date alone for instance, is
    /// [`Self::parse_written`]'s.
    ///
    /// # Errors
    /// When the text is neither, or lies before 1970 or after [`Self::MAX`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError { text: text.chars().take(64).collect(), expected: Expected::Instant };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds: u64 = text.parse().map_err(|_too_large| error())?;
            return if seconds <= Self::MAX.0 { Ok(Self(seconds)) } else { Err(error()) };
        }
        if !offset_is_within_a_day(text) {
            return Err(error());
        }
        let stamp: jiff::Timestamp = text.parse().map_err(|_not_a_time| error())?;
        let seconds = u64::try_from(stamp.as_second()).map_err(|_before_1970| error())?;
        if seconds <= Self::MAX.0 { Ok(Self(seconds)) } else { Err(error()) }
    }

    /// The same as people write it: a date alone is its first second in UTC, and eight digits alone are refused.
    ///
    /// # Errors
    /// When the text is none of these, or lies before 1970 or after [`Self::MAX`].
    pub fn parse_written(text: &str) -> Result<Self, TimeError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let error = |expected| TimeError { text: text.chars().take(64).collect(), expected };
        if text.len() == 8 && digits(text) {
            return Err(error(Expected::Dashes));
        }
        let is_date = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let time = if is_date { Self::parse(&format!("{text}T00:00:00Z")) } else { Self::parse(text) };
        time.map_err(|_no_time| error(Expected::Written))
    }

    /// Reads a field that people write: see [`Self::parse_written`].
    ///
    /// # Errors
    /// When it is none of the forms.
    pub fn deserialize_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse_written(&text).map_err(de::Error::custom)
    }
}

/// RFC 3339 5.6: the hours of an offset are 00 to 23. The reader of times takes more.
fn offset_is_within_a_day(text: &str) -> bool {
    let of_time = text.get(10..).unwrap_or_default();
    let Some((_, offset)) = of_time.rsplit_once(['+', '-']) else { return true };
    let hours = offset.get(..2).and_then(|hours| hours.parse::<u8>().ok());
    hours.is_some_and(|hours| hours < 24)
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = i64::try_from(self.0).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        match stamp {
            Some(stamp) => write!(f, "{stamp}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for UnixTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_second() {
        assert_eq!(UnixTime::parse("2026-03-15T00:00:00Z"), UnixTime::parse("1773532800"));
        assert_eq!(UnixTime::parse("1773532800").unwrap().to_string(), "2026-03-15T00:00:00Z");
    }

    #[test]
    fn a_date_without_time_or_a_time_before_1970_is_refused() {
        for text in ["2026-03-15", "1969-12-31T23:59:59Z", "", "-1", "99999999999999999999"] {
            assert!(UnixTime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_offset_of_a_day_or_more_is_no_time() {
        for offset in ["+24:00", "-24:00", "+25:59", "+99:00", "-"] {
            assert!(UnixTime::parse(&format!("2026-10-15T00:00:00{offset}")).is_err(), "{offset}");
        }
        let east = UnixTime::parse("2026-10-15T23:59:00+23:59").unwrap();
        assert_eq!(east, UnixTime::parse("2026-10-15T00:00:00Z").unwrap());
    }

    #[test]
    fn a_date_that_people_write_is_its_first_second_and_eight_digits_are_nothing() {
        let written = UnixTime::parse_written;
        assert_eq!(written("2026-03-15"), UnixTime::parse("2026-03-15T00:00:00Z"));
        assert_eq!(written("1773532800"), UnixTime::parse("1773532800"));
        assert_eq!(written("1773532800"), written("2026-03-15T01:00:00+01:00"));
        let said = written("20260801").unwrap_err().to_string();
        assert!(said.contains("write 2026-08-01") && said.contains("seconds"), "{said}");
        for text in ["2026-3-15", "2026-13-01", "1969-12-31", "tomorrow", ""] {
            let said = written(text).unwrap_err().to_string();
            assert!(said.contains("a date (2026-03-15)"), "{said}");
        }
    }

    #[test]
    fn the_latest_accepted_second_prints() {
        assert_eq!(UnixTime::MAX.to_string(), "9999-12-30T22:00:00Z");
    }
}
