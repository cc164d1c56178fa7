//! QE identity: which quoting enclaves Intel vouches for. Read after its signature was checked.
//!
//! Source: Intel's PCS API, "Get Quoting Enclave Identity".

use crate::bytes::{EnclaveAttributes, MrSigner};
use crate::error::{DocumentFault, Field, QeField, QuoteError};
use crate::quote::{EnclaveReport, Tee};
use crate::tcb_info::IsvLevel;
use crate::wire;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use veritee_base::{Budget, UnixTime};

/// Identity of the quoting enclave for one kind of TEE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QeIdentity {
    /// Kind of quotes that the enclave makes: `QE` for SGX, `TD_QE` for TDX.
    pub tee: Tee,
    /// When it was issued.
    pub issue_date: UnixTime,
    /// Until when it is in force, this second included.
    pub next_update: UnixTime,
    /// Grows with every TCB recovery.
    pub evaluation_number: u32,
    /// MISCSELECT, little-endian as in reports.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub misc_select: [u8; 4],
    /// Bits of MISCSELECT that count.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub misc_select_mask: [u8; 4],
    /// ATTRIBUTES.
    pub attributes: EnclaveAttributes,
    /// Bits of ATTRIBUTES that count.
    pub attributes_mask: EnclaveAttributes,
    /// MRSIGNER.
    pub mr_signer: MrSigner,
    /// ISVPRODID.
    pub isv_product_id: u16,
    /// Levels, highest ISVSVN first.
    pub levels: Vec<IsvLevel>,
    /// In the document they stand otherwise.
    #[serde(skip)]
    pub(crate) levels_out_of_order: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    version: u32,
    #[serde(borrow)]
    issue_date: Cow<'a, str>,
    #[serde(borrow)]
    next_update: Cow<'a, str>,
    tcb_evaluation_data_number: u32,
    #[serde(borrow)]
    miscselect: Cow<'a, str>,
    #[serde(borrow)]
    miscselect_mask: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Cow<'a, str>,
    #[serde(borrow)]
    attributes_mask: Cow<'a, str>,
    #[serde(borrow)]
    mrsigner: Cow<'a, str>,
    isvprodid: u16,
    #[serde(borrow)]
    tcb_levels: Vec<wire::Level<'a>>,
}

impl QeIdentity {
    /// Reads an identity whose signature has been checked.
    pub(crate) fn parse(text: &str, budget: &Budget) -> Result<Self, DocumentFault> {
        let wire: Wire<'_> = wire::read(text, budget.json_depth)?;
        // Intel's QVL reads version 2 alone; what a later one means is not known.
        if wire.version != 2 {
            return Err(wire::fault(Field::Version, "2", wire.version));
        }
        // `QVE` is signed by the same key and is the identity of Intel's verifying enclave, which makes no quotes.
        let tee = match wire.id.as_ref() {
            "QE" => Tee::Sgx,
            "TD_QE" => Tee::Tdx,
            other => return Err(wire::fault(Field::Id, "QE or TD_QE", other)),
        };
        let levels = wire::isv_levels(Field::Levels, u16::MAX, &wire.tcb_levels, crate::tcb::of_enclave)?;
        Ok(Self {
            tee,
            issue_date: wire::date(Field::IssueDate, &wire.issue_date)?,
            next_update: wire::date(Field::NextUpdate, &wire.next_update)?,
            evaluation_number: wire.tcb_evaluation_data_number,
            misc_select: wire::octets(Field::MiscSelect, &wire.miscselect)?,
            misc_select_mask: wire::octets(Field::MiscSelectMask, &wire.miscselect_mask)?,
            attributes: EnclaveAttributes::new(wire::octets(Field::Attributes, &wire.attributes)?),
            attributes_mask: EnclaveAttributes::new(wire::octets(
                Field::AttributesMask,
                &wire.attributes_mask,
            )?),
            mr_signer: MrSigner::new(wire::octets(Field::MrSigner, &wire.mrsigner)?),
            isv_product_id: wire.isvprodid,
            levels: levels.highest_first,
            levels_out_of_order: levels.out_of_order,
        })
    }

    /// The report is of this enclave. As in Intel's QVL the report is masked and the identity's value is not.
    pub(crate) fn check(&self, report: &EnclaveReport) -> Result<(), QuoteError> {
        // An identity whose mask left this bit out would let a quoting enclave in whose host can read its key (Intel SDM volume
        // 3D, ATTRIBUTES.DEBUG).
        if report.is_debug() {
            return Err(QuoteError::QeDebug);
        }
        // Intel's QVL, step .16, and its four fields: masked MISCSELECT and ATTRIBUTES, MRSIGNER, ISVPRODID. ISVSVN is evaluated
        // as part of the TCB.
        compare(QeField::MiscSelect, &self.misc_select, &masked(report.misc_select, self.misc_select_mask))?;
        let attributes = masked(*report.attributes.as_bytes(), *self.attributes_mask.as_bytes());
        compare(QeField::Attributes, self.attributes.as_bytes(), &attributes)?;
        compare(QeField::MrSigner, self.mr_signer.as_bytes(), report.mr_signer.as_bytes())?;
        if self.isv_product_id == report.isv_product_id {
            Ok(())
        } else {
            Err(QuoteError::QeIdentity {
                field: QeField::IsvProductId,
                expected: self.isv_product_id.to_string(),
                got: report.isv_product_id.to_string(),
            })
        }
    }
}

fn masked<const N: usize>(mut value: [u8; N], mask: [u8; N]) -> [u8; N] {
    for (byte, mask) in value.iter_mut().zip(mask) {
        *byte &= mask;
    }
    value
}

fn compare(field: QeField, expected: &[u8], got: &[u8]) -> Result<(), QuoteError> {
    if expected == got {
        return Ok(());
    }
    Err(QuoteError::QeIdentity { field, expected: hex::encode(expected), got: hex::encode(got) })
}
