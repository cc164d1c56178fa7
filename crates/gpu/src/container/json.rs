//! Containers of JSON. A known member that occurs twice is refused by the reader.

use super::{Collected, ContainerError, ContainerForm, Device, DeviceClaims, ServiceAnswer};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use veritee_model::Budget;

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
/// Documents inside strings inside documents.
const NESTING: usize = 3;
/// The one format of dstack's bundles that is known.
const DSTACK_FORMAT: &str = "nvidia-nvattest-collect-evidence-json-v1";

/// The members that tell the forms apart.
#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow, default)]
    nonce: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arch: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    driver_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    vbios_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    evidence_list: Option<Vec<Entry<'a>>>,
    #[serde(borrow, default)]
    evidences: Option<Vec<Entry<'a>>>,
    #[serde(borrow, default)]
    device_evidence_list: Option<Vec<Entry<'a>>>,
    #[serde(borrow, default)]
    devices: Option<Vec<Entry<'a>>>,
    #[serde(borrow, default)]
    bundles: Option<Vec<Bundle<'a>>>,
    #[serde(borrow, default)]
    detached_eat: Option<&'a RawValue>,
    #[serde(borrow, default)]
    claims: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result_code: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "__cmwc_t")]
    cmw: Option<&'a RawValue>,
}

/// One device, with the names that the forms use.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    arch: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    nonce: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "evidence_b64")]
    evidence: Cow<'a, str>,
    #[serde(borrow, alias = "cert_chain_b64")]
    certificate: Cow<'a, str>,
    #[serde(borrow, default)]
    driver_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    vbios_version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow, default)]
    vendor: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    format: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arch: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    nonce: Option<Cow<'a, str>>,
    #[serde(borrow)]
    evidence: Cow<'a, str>,
}

pub(super) fn read(text: &str, budget: &Budget) -> Result<Collected, ContainerError> {
    nested(text, "", &[], budget, NESTING)
}

fn nested(
    text: &str,
    place: &str,
    above: &[DeviceClaims],
    budget: &Budget,
    depth: usize,
) -> Result<Collected, ContainerError> {
    match text.as_bytes().first() {
        Some(b'{') => object(text, place, above, budget, depth),
        Some(b'[') => array(text, place, above, budget),
        Some(b'"') => {
            let Some(deeper) = depth.checked_sub(1) else { return Err(ContainerError::Unknown { at: 0 }) };
            let inner: Cow<'_, str> = serde_json::from_str(text)?;
            nested(inner.trim(), &format!("{place}#"), above, budget, deeper)
        }
        _ => Err(ContainerError::Unknown { at: 0 }),
    }
}

fn object(
    text: &str,
    place: &str,
    above: &[DeviceClaims],
    budget: &Budget,
    depth: usize,
) -> Result<Collected, ContainerError> {
    let outer: Outer<'_> = serde_json::from_str(text)?;
    let own = |claim: &Option<Cow<'_, str>>| claim.as_deref().map(str::to_owned);
    let said = DeviceClaims {
        arch: own(&outer.arch),
        nonce: own(&outer.nonce),
        driver_version: own(&outer.driver_version),
        vbios_version: own(&outer.vbios_version),
    };
    let above = [above, &[said]].concat();
    one_list(text, place)?;
    let lists = [
        (outer.evidence_list, ContainerForm::NrasPayload, "evidence_list"),
        (outer.evidences, ContainerForm::CollectedAnswer, "evidences"),
        (outer.device_evidence_list, ContainerForm::Coco, "device_evidence_list"),
        (outer.devices, ContainerForm::AttestationRs, "devices"),
    ];
    for (list, form, member) in lists {
        if let Some(list) = list {
            let devices = devices(&list, &format!("{place}/{member}"), &above, budget)?;
            return Ok(Collected::Devices { form, devices });
        }
    }
    if let Some(bundles) = outer.bundles {
        return from_bundles(&bundles, place, &above, budget, depth);
    }
    if outer.cmw.is_some() {
        return Ok(Collected::Answer(ServiceAnswer::Cmw));
    }
    // Many documents have claims; nvattest's answer says how the asking went as well.
    if outer.detached_eat.is_some() || (outer.claims.is_some() && outer.result_code.is_some()) {
        return Ok(Collected::Answer(ServiceAnswer::Nvattest));
    }
    Err(ContainerError::Unknown { at: 0 })
}

/// That no member beside the list of devices holds another one, under whatever name and in however many strings.
fn one_list(text: &str, place: &str) -> Result<(), ContainerError> {
    const LISTS: [&str; 5] = ["evidence_list", "evidences", "device_evidence_list", "devices", "bundles"];
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    let holds_devices = |name: &str, value: &RawValue| {
        let plain = value.get().replace('\\', "");
        let has = |member: &str| plain.contains(&format!("\"{member}\""));
        (LISTS.contains(&name) && plain != "null")
            || ((has("evidence") && has("certificate")) || (has("evidence_b64") && has("cert_chain_b64")))
            || LISTS.iter().any(|list| has(list))
    };
    let mut lists = members.iter().filter(|(name, value)| holds_devices(name, value));
    let first = lists.next();
    match first.and(lists.next()) {
        Some((member, _)) => {
            Err(ContainerError::TwoLists { place: place.to_owned(), member: member.clone() })
        }
        None => Ok(()),
    }
}

/// An array of devices; or of tokens, as NRAS answers; or `[type, value]`, a wrapper.
fn array(
    text: &str,
    place: &str,
    above: &[DeviceClaims],
    budget: &Budget,
) -> Result<Collected, ContainerError> {
    let parts: Vec<&RawValue> = serde_json::from_str(text)?;
    if let Some(first) = parts.first() {
        if first.get().starts_with('[') {
            return Ok(Collected::Answer(ServiceAnswer::Token));
        }
        if first.get().starts_with("\"application/") {
            return Ok(Collected::Answer(ServiceAnswer::Cmw));
        }
    }
    let list: Vec<Entry<'_>> = serde_json::from_str(text)?;
    let devices = devices(&list, place, above, budget)?;
    Ok(Collected::Devices { form: ContainerForm::Collected, devices })
}

fn from_bundles(
    bundles: &[Bundle<'_>],
    place: &str,
    above: &[DeviceClaims],
    budget: &Budget,
    depth: usize,
) -> Result<Collected, ContainerError> {
    let Some(deeper) = depth.checked_sub(1) else { return Err(ContainerError::Unknown { at: 0 }) };
    let mut all = Vec::new();
    for (index, bundle) in bundles.iter().enumerate() {
        let place = format!("{place}/bundles/{index}/evidence");
        let member = |member, what| ContainerError::Member { place: place.clone(), member, what };
        if bundle.vendor.as_deref().is_some_and(|vendor| vendor != "nvidia") {
            return Err(member("vendor", "is not nvidia"));
        }
        if bundle.format.as_deref().is_some_and(|format| format != DSTACK_FORMAT) {
            return Err(member("format", "is not one that this version reads"));
        }
        let bytes =
            decoded(&bundle.evidence).ok_or_else(|| member("evidence", "is neither hex nor base64"))?;
        let text = core::str::from_utf8(&bytes).map_err(|_utf8| member("evidence", "is not UTF-8"))?;
        let said = DeviceClaims {
            arch: bundle.arch.as_deref().map(str::to_owned),
            nonce: bundle.nonce.as_deref().map(str::to_owned),
            ..DeviceClaims::default()
        };
        let above = [above, &[said]].concat();
        let Collected::Devices { devices, .. } = nested(text.trim(), &place, &above, budget, deeper)? else {
            return Err(member("evidence", "is no list of devices"));
        };
        all.extend(devices);
        check_count(all.len(), budget)?;
    }
    Ok(Collected::Devices { form: ContainerForm::DstackBundles, devices: all })
}

fn devices(
    entries: &[Entry<'_>],
    place: &str,
    above: &[DeviceClaims],
    budget: &Budget,
) -> Result<Vec<Device>, ContainerError> {
    check_count(entries.len(), budget)?;
    let read = |(index, entry): (usize, &Entry<'_>)| {
        let place = format!("{place}/{index}");
        let member = |member, what| ContainerError::Member { place: place.clone(), member, what };
        let report =
            decoded(&entry.evidence).ok_or_else(|| member("evidence", "is neither hex nor base64"))?;
        let chain = if entry.certificate.trim_start().starts_with("-----BEGIN") {
            entry.certificate.as_bytes().to_vec()
        } else {
            decoded(&entry.certificate).ok_or_else(|| member("certificate", "is neither PEM nor base64"))?
        };
        let or = |own: &Option<Cow<'_, str>>, outer: fn(&DeviceClaims) -> &Option<String>| {
            let outer = above.iter().rev().find_map(|claims| outer(claims).clone());
            own.as_deref().map(str::to_owned).or(outer)
        };
        let claims = DeviceClaims {
            arch: or(&entry.arch, |claims| &claims.arch),
            nonce: or(&entry.nonce, |claims| &claims.nonce),
            driver_version: or(&entry.driver_version, |claims| &claims.driver_version),
            vbios_version: or(&entry.vbios_version, |claims| &claims.vbios_version),
        };
        let above = above.to_vec();
        Ok(Device { place, report, chain, claims, above })
    };
    entries.iter().enumerate().map(read).collect()
}

fn check_count(got: usize, budget: &Budget) -> Result<(), ContainerError> {
    let limit = budget.gpu_devices;
    if got > limit { Err(ContainerError::TooMany { limit, got }) } else { Ok(()) }
}

/// Hex, with an optional `0x` and white space; `None` for anything else.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let body = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if !body.bytes().all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace()) {
        return None;
    }
    let digits: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    ::hex::decode(digits).ok()
}

/// Hex before base64: a text that is both is hex.
fn decoded(text: &str) -> Option<Vec<u8>> {
    if let Some(bytes) = hex(text) {
        return Some(bytes);
    }
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}
