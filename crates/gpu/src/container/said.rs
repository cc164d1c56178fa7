//! What a service or a tool said of devices: shown under its own name, and never counted.
//!
//! NVIDIA's service and tools set `secboot` and `dbgstat` where all measurements match and read them from no device
//! (attestation-sdk, `verify.cpp`), so these two are left out: they would be taken for facts.

use super::is_token;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use veritee_model::{Budget, text};

/// Claims that are shown.
const CLAIMS: [&str; 14] = [
    "iss",
    "sub",
    "iat",
    "nbf",
    "exp",
    "eat_nonce",
    "hwmodel",
    "ueid",
    "measres",
    "x-nvidia-overall-att-result",
    "x-nvidia-gpu-driver-version",
    "x-nvidia-gpu-vbios-version",
    "result_code",
    "result_message",
];
/// Claims that are shown of one answer.
const SHOWN: usize = 128;
/// Tokens inside tokens.
const DEPTH: usize = 3;

/// One claim of an answer. Nothing of it was verified, its signature least of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Where it stands in the answer, safe to print.
    pub place: String,
    /// The claim.
    pub claim: &'static str,
    /// Its value, safe to print.
    pub value: String,
}

/// The claims of a service's answer that say something to people; empty for what is no such answer.
#[must_use]
pub fn said(bytes: &[u8], budget: &Budget) -> Vec<Said> {
    let mut all = Vec::new();
    if bytes.len() > budget.gpu_container_bytes {
        return all;
    }
    let Ok(whole) = core::str::from_utf8(bytes) else { return all };
    let whole = whole.trim();
    if is_token(whole) {
        token(whole, "token", DEPTH, &mut all);
    } else if let Ok(value) = serde_json::from_str(whole) {
        walk(&value, "answer", DEPTH, &mut all);
    }
    all
}

fn token(text: &str, place: &str, depth: usize, all: &mut Vec<Said>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    if let Some(Ok(value)) = payload.map(|payload| serde_json::from_slice::<Value>(&payload)) {
        walk(&value, place, deeper, all);
    }
}

/// Readers of JSON bound how deep a value is nested, so this ends.
fn walk(value: &Value, place: &str, depth: usize, all: &mut Vec<Said>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let known = CLAIMS.into_iter().find(|claim| claim == name);
                match (known, shown(value)) {
                    (Some(claim), Some(value)) if all.len() < SHOWN => {
                        all.push(Said { place: place.to_owned(), claim, value });
                    }
                    _ => walk(value, &text::inert(&text::shortened(name, 40)), depth, all),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, place, depth, all)),
        Value::String(text) if is_token(text) => token(text, place, depth, all),
        _ => {}
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(value) => Some(text::inert(&text::shortened(value, 100))),
        Value::Number(value) => Some(value.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_of_tokens_are_shown_under_their_place_and_what_no_device_said_is_not() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let jwt = |payload: &str| format!("{}.{}.AAAA", encode("{\"alg\":\"ES384\"}"), encode(payload));
        let overall = jwt(
            "{\"iss\":\"https://x\",\"x-nvidia-overall-att-result\":true,\"secboot\":true,\"dbgstat\":\"disabled\"}",
        );
        let gpu = jwt("{\"hwmodel\":\"GH100\\u001b[31m\",\"measres\":\"success\",\"secboot\":true}");
        let answer = serde_json::json!([["JWT", overall], { "GPU-0": gpu }]).to_string();
        let all = said(answer.as_bytes(), &Budget::STANDARD);
        let pairs: Vec<_> = all.iter().map(|it| (it.place.as_str(), it.claim)).collect();
        assert_eq!(
            pairs,
            [
                ("answer", "iss"),
                ("answer", "x-nvidia-overall-att-result"),
                ("GPU-0", "hwmodel"),
                ("GPU-0", "measres")
            ]
        );
        assert!(all.iter().all(|it| !it.value.contains('\u{1b}')), "{all:?}");
        assert_eq!(said(overall.as_bytes(), &Budget::STANDARD).len(), 2);
        for nothing in ["", "{}", "null", "[[]]", "eyJ.eyJ.x", "\u{0}"] {
            assert_eq!(said(nothing.as_bytes(), &Budget::STANDARD), []);
        }
    }
}
