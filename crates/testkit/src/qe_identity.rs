//! QE identity: `QE` for SGX, `TD_QE` for TDX.

use crate::pki::Role;
use crate::tcb_info::level_json;

/// Everything of a QE identity.
#[derive(Debug, Clone)]
pub struct QeIdentity {
    /// `id`.
    pub id: String,
    /// `version`.
    pub version: u64,
    /// `issueDate`.
    pub issue_date: String,
    /// `nextUpdate`.
    pub next_update: String,
    /// `tcbEvaluationDataNumber`.
    pub evaluation_number: u64,
    /// `miscselect`, hex.
    pub miscselect: String,
    /// `miscselectMask`, hex.
    pub miscselect_mask: String,
    /// `attributes`, hex.
    pub attributes: String,
    /// `attributesMask`, hex.
    pub attributes_mask: String,
    /// `mrsigner`, hex.
    pub mrsigner: String,
    /// `isvprodid`.
    pub isvprodid: u64,
    /// `tcbLevels`.
    pub levels: Vec<QeLevel>,
    /// Who signs.
    pub signed_by: Role,
    /// Changes the text before it is signed.
    pub edit: Option<fn(String) -> String>,
}

/// A level of the quoting enclave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QeLevel {
    /// `isvsvn`.
    pub isvsvn: u64,
    /// `tcbDate`.
    pub date: String,
    /// `tcbStatus`.
    pub status: String,
    /// `advisoryIDs`; not written when empty.
    pub advisories: Vec<String>,
}

impl QeIdentity {
    /// The exact text that is signed.
    #[must_use]
    pub fn json(&self) -> String {
        let levels: Vec<String> = self
            .levels
            .iter()
            .map(|level| {
                let tcb = format!(r#""isvsvn":{}"#, level.isvsvn);
                level_json(&tcb, &level.date, &level.status, &level.advisories)
            })
            .collect();
        let out = format!(
            r#"{{"id":"{}","version":{},"issueDate":"{}","nextUpdate":"{}","tcbEvaluationDataNumber":{},"miscselect":"{}","miscselectMask":"{}","attributes":"{}","attributesMask":"{}","mrsigner":"{}","isvprodid":{},"tcbLevels":[{}]}}"#,
            self.id,
            self.version,
            self.issue_date,
            self.next_update,
            self.evaluation_number,
            self.miscselect,
            self.miscselect_mask,
            self.attributes,
            self.attributes_mask,
            self.mrsigner,
            self.isvprodid,
            levels.join(",")
        );
        match self.edit {
            Some(edit) => edit(out),
            None => out,
        }
    }
}
