//! What TCB info and QE identity have in common on the wire.

use crate::collateral::position;
use crate::der::{civil, decimal};
use crate::error::DocumentFault;
use crate::tcb::TcbStatus;
use crate::tcb_info::{IsvLevel, LevelVerdict};
use core::fmt;
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Reverse;
use veritee_model::UnixTime;

/// A level of a TDX module or quoting enclave.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Level<'a> {
    tcb: LevelTcb,
    #[serde(borrow)]
    tcb_date: Cow<'a, str>,
    #[serde(borrow)]
    tcb_status: Cow<'a, str>,
    #[serde(borrow, rename = "advisoryIDs", default)]
    advisory_ids: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct LevelTcb {
    isvsvn: u64,
}

pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DocumentFault> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column, message) = position(&error);
        DocumentFault::Json { line, column, message }
    })
}

pub(crate) fn fault(field: &'static str, expected: &'static str, got: impl fmt::Display) -> DocumentFault {
    DocumentFault::Field { field, expected, got: veritee_model::text::shortened(&got.to_string(), 80) }
}

/// Exactly `YYYY-MM-DDThh:mm:ssZ`.
pub(crate) fn date(field: &'static str, text: &str) -> Result<UnixTime, DocumentFault> {
    let fault = || fault(field, "YYYY-MM-DDThh:mm:ssZ", text);
    let [y0, y1, y2, y3, b'-', mo0, mo1, b'-', d0, d1, b'T', h0, h1, b':', mi0, mi1, b':', s0, s1, b'Z'] =
        *text.as_bytes()
    else {
        return Err(fault());
    };
    let pair = |a: u8, b: u8| decimal(&[a, b]);
    (|| {
        let year = decimal(&[y0, y1, y2, y3])?;
        civil(year, pair(mo0, mo1)?, pair(d0, d1)?, pair(h0, h1)?, pair(mi0, mi1)?, pair(s0, s1)?)
    })()
    .ok_or_else(fault)
}

pub(crate) fn octets<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], DocumentFault> {
    veritee_model::bytes::decode_hex(text)
        .map_err(|_form| fault(field, "hex digits of the field's length", text))
}

/// A component's security version number; Intel's QVL cuts larger ones down to a byte.
pub(crate) fn svn(field: &'static str, value: u64) -> Result<u8, DocumentFault> {
    u8::try_from(value).map_err(|_range| fault(field, "at most 255", value))
}

pub(crate) fn verdict(
    status: TcbStatus,
    tcb_date: &str,
    advisories: &[Cow<'_, str>],
) -> Result<LevelVerdict, DocumentFault> {
    let advisories = advisories.iter().map(|advisory| advisory.clone().into_owned()).collect();
    Ok(LevelVerdict { status, date: date("tcbDate", tcb_date)?, advisories })
}

/// Levels by ISVSVN, highest first; two of the same are refused.
pub(crate) fn isv_levels(
    list: &'static str,
    highest: u16,
    levels: &[Level<'_>],
    known_status: fn(&str) -> Option<TcbStatus>,
) -> Result<Vec<IsvLevel>, DocumentFault> {
    if levels.is_empty() {
        return Err(fault(list, "at least one", "none"));
    }
    let mut read = Vec::with_capacity(levels.len());
    for level in levels {
        let isv_svn = u16::try_from(level.tcb.isvsvn).ok().filter(|svn| *svn <= highest);
        let isv_svn =
            isv_svn.ok_or_else(|| fault("isvsvn", "a number of the field's size", level.tcb.isvsvn))?;
        let status = known_status(&level.tcb_status)
            .ok_or_else(|| fault("tcbStatus", "a status that Intel gives such levels", &level.tcb_status))?;
        read.push(IsvLevel { isv_svn, verdict: verdict(status, &level.tcb_date, &level.advisory_ids)? });
    }
    read.sort_by_key(|level| Reverse(level.isv_svn));
    if read.iter().zip(read.iter().skip(1)).any(|(a, b)| a.isv_svn == b.isv_svn) {
        return Err(DocumentFault::DuplicateLevel { list });
    }
    Ok(read)
}
