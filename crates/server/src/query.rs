//! What stands behind the question mark. Whatever is not known is refused: a misspelt `nonce` must not pass unasked.

use crate::{Ask, Binding, Platform, Refusal};
use axum::http::Uri;
use veritee_model::ReportData;
use veritee_model::text::{inert, shortened};

/// How a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Html,
    Markdown,
    Sarif,
    Human,
}

fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::Request {
        message: message.into(),
        help: Some("GET /openapi.json describes the parameters".to_owned()),
    }
}

/// Members of the query, each once and among those known.
fn members(uri: &Uri, known: &[&'static str]) -> Result<Vec<(&'static str, String)>, Refusal> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            let shown = inert(&shortened(&name, 60));
            return Err(wrong(format!("unknown parameter `{shown}`, expected {}", known.join(", "))));
        };
        if found.iter().any(|(before, _)| *before == name) {
            return Err(wrong(format!("the parameter `{name}` stands there twice")));
        }
        found.push((name, value.into_owned()));
    }
    Ok(found)
}

/// The question to `/v1/verify`, and how the report is shown.
pub(crate) fn verify(uri: &Uri) -> Result<(Ask, Form), Refusal> {
    let mut ask = Ask::default();
    let mut shown = Form::Json;
    for (name, value) in members(uri, &["nonce", "report_data", "select", "format"])? {
        let twice = ask.binding != Binding::Nothing;
        match name {
            "select" => ask.select = Some(value),
            "format" => shown = form(&value)?,
            "nonce" | "report_data" if twice => {
                return Err(wrong("expected `nonce` or `report_data`, got both"));
            }
            "nonce" => {
                let bytes = hex::decode(value.strip_prefix("0x").unwrap_or(&value))
                    .map_err(|error| wrong(format!("nonce: not hex: {error}")))?;
                if !(16..=64).contains(&bytes.len()) {
                    return Err(wrong(format!("nonce: expected 16 to 64 bytes, got {}", bytes.len())));
                }
                ask.binding = Binding::Nonce(bytes);
            }
            _ => {
                let data = ReportData::from_hex(value.strip_prefix("0x").unwrap_or(&value))
                    .map_err(|error| wrong(format!("report_data: {error}")))?;
                ask.binding = Binding::ReportData(data);
            }
        }
    }
    Ok((ask, shown))
}

/// How the report is shown, and nothing else.
pub(crate) fn shown(uri: &Uri) -> Result<Form, Refusal> {
    let members = members(uri, &["format"])?;
    members.first().map_or(Ok(Form::Json), |(_, value)| form(value))
}

fn form(value: &str) -> Result<Form, Refusal> {
    match value {
        "json" => Ok(Form::Json),
        "html" => Ok(Form::Html),
        "markdown" => Ok(Form::Markdown),
        "sarif" => Ok(Form::Sarif),
        "human" => Ok(Form::Human),
        _ => Err(wrong("format: expected json, html, markdown, sarif or human")),
    }
}

/// Whose collateral.
pub(crate) fn platform(uri: &Uri) -> Result<Platform, Refusal> {
    let mut fmspc = None;
    let mut ca = None;
    for (name, value) in members(uri, &["fmspc", "ca"])? {
        match name {
            "fmspc" => fmspc = Some(value.to_ascii_lowercase()),
            _ => ca = Some(value.to_ascii_lowercase()),
        }
    }
    let is_fmspc = |text: &String| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fmspc = fmspc.filter(is_fmspc).ok_or_else(|| wrong("fmspc: expected 12 hex digits"))?;
    let ca = ca.unwrap_or_else(|| "platform".to_owned());
    if !matches!(ca.as_str(), "platform" | "processor") {
        return Err(wrong("ca: expected platform or processor"));
    }
    Ok(Platform { fmspc, ca })
}

/// Nothing may stand there.
pub(crate) fn none(uri: &Uri) -> Result<(), Refusal> {
    members(uri, &[]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(query: &str) -> Uri {
        Uri::builder().path_and_query(format!("/x?{query}")).build().unwrap()
    }

    #[test]
    fn what_is_misspelt_twice_or_too_short_is_refused_rather_than_passed_over() {
        let nonce = "a5".repeat(32);
        let (ask, form) = verify(&uri(&format!("nonce=0x{nonce}&select=%2Fa&format=html"))).unwrap();
        assert_eq!(ask.binding, Binding::Nonce(vec![0xa5; 32]));
        assert_eq!((ask.select.as_deref(), form), (Some("/a"), Form::Html));
        let data = "00".repeat(64);
        for bad in [
            "nonse=00".to_owned(),
            "nonce=00".to_owned(),
            "nonce=zz".to_owned(),
            format!("nonce={nonce}&nonce={nonce}"),
            format!("nonce={nonce}&report_data={data}"),
            format!("report_data={nonce}"),
            "format=xml".to_owned(),
            "%1b%5b2J=1".to_owned(),
        ] {
            let error = verify(&uri(&bad)).unwrap_err();
            assert!(!format!("{error:?}").contains('\u{1b}'), "{bad}");
        }
        assert!(verify(&uri(&format!("report_data={data}"))).is_ok());
        assert!(none(&uri("x=1")).is_err() && none(&uri("")).is_ok());
    }

    #[test]
    fn a_platform_is_twelve_hex_digits_and_one_of_two_authorities() {
        let platform = |query: &str| platform(&uri(query));
        assert_eq!(platform("fmspc=B0C06F000000").unwrap().fmspc, "b0c06f000000");
        assert_eq!(platform("fmspc=b0c06f000000&ca=Processor").unwrap().ca, "processor");
        for bad in ["", "fmspc=b0c06f00000", "fmspc=../../etc/pas", "fmspc=b0c06f000000&ca=root"] {
            assert!(platform(bad).is_err(), "{bad}");
        }
    }
}
