//! When an attempt is repeated, and after how long.

use crate::Retries;
use core::time::Duration;
use jiff::fmt::rfc2822::DateTimeParser;

/// Attempts at most, whatever the settings say.
const ATTEMPTS: u32 = 10;

/// Whether a status speaks of trouble of the moment.
pub(crate) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How many attempts are made.
pub(crate) fn attempts(retries: &Retries) -> u32 {
    retries.attempts.clamp(1, ATTEMPTS)
}

/// The wait after a number of attempts: doubled each time, and as long as the server asked for.
///
/// No jitter: it keeps a fleet from coming back all at once. Here one person's program makes a handful of requests,
/// four to a host at most, and a run that can be repeated exactly is worth more.
pub(crate) fn wait(retries: &Retries, made: u32, asked: Option<Duration>) -> Duration {
    let doublings = made.saturating_sub(1).min(ATTEMPTS);
    let factor = 2_u32.saturating_pow(doublings);
    retries.first_wait.saturating_mul(factor).max(asked.unwrap_or_default()).min(retries.longest_wait)
}

/// What a server asked for by `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
///
/// A date is taken against the answer's own `Date`: the wait is a difference of two times of the server's clock, and
/// ours need not agree with it. Without a `Date` a date says nothing.
pub(crate) fn asked(retry_after: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = retry_after?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit ask for longer than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let (until, sent) = (seconds(value)?, seconds(date?.trim())?);
    Some(Duration::from_secs(u64::try_from(until.saturating_sub(sent)).unwrap_or(0)))
}

fn seconds(date: &str) -> Option<i64> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(date).ok().map(|stamp| stamp.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Option<&str> = Some("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(asked(Some("120"), None), Some(Duration::from_secs(120)));
        assert_eq!(asked(Some("Sun, 06 Nov 1994 08:51:37 GMT"), DATE), Some(Duration::from_secs(120)));
        assert_eq!(asked(Some("Sun, 06 Nov 1994 08:00:00 GMT"), DATE), Some(Duration::ZERO));
        assert_eq!(asked(Some("99999999999999999999999"), None), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn a_retry_after_that_says_nothing_is_no_retry_after() {
        for (value, date) in
            [("", DATE), ("soon", DATE), ("-1", DATE), ("1.5", DATE), ("Sun, 06 Nov 1994 08:51:37 GMT", None)]
        {
            assert_eq!(asked(Some(value), date), None, "{value}");
        }
        assert_eq!(asked(None, DATE), None);
    }

    #[test]
    fn waits_double_and_stay_below_the_longest() {
        let retries = Retries {
            attempts: u32::MAX,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_millis(700),
        };
        let waits: Vec<_> = (1..6).map(|made| wait(&retries, made, None).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 700, 700]);
        assert_eq!(wait(&retries, 1, Some(Duration::from_millis(650))).as_millis(), 650);
        assert_eq!(wait(&retries, u32::MAX, None).as_millis(), 700);
        assert_eq!(attempts(&retries), 10);
    }
}
