//! Plain scalars, resolved as `yaml.v3` resolves them (its `resolve.go`), and numbers as Go prints them.

use super::YamlValue;

/// The value of a plain scalar without tag.
pub(super) fn resolve(text: &str) -> YamlValue {
    if let Some(value) = resolve_word(text) {
        return value;
    }
    match text.bytes().next() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            resolve_number(text).unwrap_or_else(|| YamlValue::String(text.to_owned()))
        }
        _ => YamlValue::String(text.to_owned()),
    }
}

fn resolve_word(text: &str) -> Option<YamlValue> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => YamlValue::Null,
        "true" | "True" | "TRUE" => YamlValue::Bool(true),
        "false" | "False" | "FALSE" => YamlValue::Bool(false),
        ".nan" | ".NaN" | ".NAN" => YamlValue::Float("NaN".to_owned()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => YamlValue::Float("+Inf".to_owned()),
        "-.inf" | "-.Inf" | "-.INF" => YamlValue::Float("-Inf".to_owned()),
        _ => return None,
    })
}

fn resolve_number(text: &str) -> Option<YamlValue> {
    if is_timestamp(text) {
        return Some(YamlValue::Timestamp(text.to_owned()));
    }
    let plain = text.replace('_', "");
    if let Some(integer) = go_integer(&plain) {
        return Some(YamlValue::Integer(integer.to_string()));
    }
    let value = is_float(&plain).then(|| plain.parse::<f64>().ok()).flatten()?;
    value.is_finite().then(|| YamlValue::Float(go_float(value)))
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`, then the extra binary and octal forms of `yaml.v3`.
fn go_integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(body) = lower.strip_prefix("0x") {
        (16, body)
    } else if let Some(body) = lower.strip_prefix("0b") {
        (2, body)
    } else if let Some(body) = lower.strip_prefix("0o") {
        (8, body)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    if body.is_empty() || body.len() > 64 || !body.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(body, radix).ok()?;
    let value = if negative { value.checked_neg()? } else { value };
    let unsigned = !text.starts_with(['-', '+']);
    let fits = i64::try_from(value).is_ok() || (unsigned && u64::try_from(value).is_ok());
    fits.then_some(value)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let whole_digits = rest.len().saturating_sub(whole.len());
    let (rest, fraction_digits) = if let Some(fraction) = whole.strip_prefix('.') {
        let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        (after, fraction.len().saturating_sub(after.len()))
    } else {
        (whole, 0)
    };
    if whole_digits == 0 && fraction_digits == 0 {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let Some(exponent) = rest.strip_prefix(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
}

/// Go's `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on.
pub(super) fn go_float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..GO_EXPONENT).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

// Go's strconv takes %e for %g with the shortest digits from this exponent on.
const GO_EXPONENT: i32 = 6;

/// The layouts that `yaml.v3` takes for a timestamp: a date, a date and `T` and a clock with zone, a date, a space and
/// a clock without zone.
fn is_timestamp(text: &str) -> bool {
    let date_end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at_checked(date_end).unwrap_or((text, ""));
    if !is_date(date) {
        return false;
    }
    match time.as_bytes().first() {
        None => true,
        Some(b' ') => is_clock(time.get(1..).unwrap_or("")),
        Some(_) => is_zoned_clock(time.get(1..).unwrap_or("")),
    }
}

fn is_date(text: &str) -> bool {
    let mut fields = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4, 4), number(month, 1, 2), number(day, 1, 2))
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_zoned_clock(text: &str) -> bool {
    if let Some(clock) = text.strip_suffix('Z') {
        return is_clock(clock);
    }
    let Some((clock, zone)) = text.rfind(['+', '-']).and_then(|at| text.split_at_checked(at)) else {
        return false;
    };
    let Some((hours, minutes)) = zone.get(1..).unwrap_or("").split_once(':') else { return false };
    is_clock(clock) && number(hours, 2, 2).is_some() && number(minutes, 2, 2).is_some()
}

fn is_clock(text: &str) -> bool {
    let mut fields = text.split(':');
    let (Some(hours), Some(minutes), Some(seconds), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    number(hours, 1, 2).is_some_and(|n| n < 24)
        && number(minutes, 1, 2).is_some_and(|n| n < 60)
        && number(seconds, 1, 2).is_some_and(|n| n < 60)
        && number(fraction, 1, 9).is_some()
}

fn number(text: &str, shortest: usize, longest: usize) -> Option<u32> {
    let fits = (shortest..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_resolve_as_yaml_v3_resolves_them() {
        let integer = |text: &str| YamlValue::Integer(text.to_owned());
        let float = |text: &str| YamlValue::Float(text.to_owned());
        let string = |text: &str| YamlValue::String(text.to_owned());
        for (text, value) in [
            ("1", integer("1")),
            ("010", integer("8")),
            ("0o17", integer("15")),
            ("1_000", integer("1000")),
            ("0x1F", integer("31")),
            ("-0x1f", integer("-31")),
            ("0b11", integer("3")),
            ("0777_7", integer("4095")),
            ("+12", integer("12")),
            ("18446744073709551615", integer("18446744073709551615")),
            ("08", float("8")),
            ("1e6", float("1e+06")),
            ("1.10", float("1.1")),
            ("1.", float("1")),
            (".5", float("0.5")),
            ("99999999999999999999", float("1e+20")),
            ("yes", string("yes")),
            ("on", string("on")),
            ("1:30", string("1:30")),
            ("1.2.3", string("1.2.3")),
            ("-", string("-")),
            ("2020-01-01", YamlValue::Timestamp("2020-01-01".to_owned())),
            ("2020-1-1", YamlValue::Timestamp("2020-1-1".to_owned())),
            ("2020-01-01T1:2:3Z", YamlValue::Timestamp("2020-01-01T1:2:3Z".to_owned())),
            ("2020-01-01 10:20:30.5 +01:00", string("2020-01-01 10:20:30.5 +01:00")),
            ("2020-02-31", string("2020-02-31")),
            ("1e400", string("1e400")),
            ("1234567.5", float("1.2345675e+06")),
            ("100000.0", float("100000")),
            ("1e-5", float("1e-05")),
            ("0b2", string("0b2")),
            ("2020-01-01x", string("2020-01-01x")),
            ("NULL", YamlValue::Null),
            ("True", YamlValue::Bool(true)),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
