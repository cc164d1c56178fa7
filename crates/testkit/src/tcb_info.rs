//! TCB info of version 2 (SGX) and 3 (SGX, TDX), written as Intel's service writes it: compact, keys in its order.

use crate::pki::Role;
use core::fmt::Write as _;

/// Everything of a TCB info. Values are looser than Intel's on purpose: a test may write what no reader may accept.
#[derive(Debug, Clone)]
pub struct TcbInfo {
    /// `id`: `SGX` or `TDX`. Version 2 has none.
    pub id: Option<String>,
    /// `version`.
    pub version: u64,
    /// `issueDate`.
    pub issue_date: String,
    /// `nextUpdate`.
    pub next_update: String,
    /// `fmspc`, hex.
    pub fmspc: String,
    /// `pceId`, hex.
    pub pce_id: String,
    /// `tcbType`.
    pub tcb_type: u64,
    /// `tcbEvaluationDataNumber`.
    pub evaluation_number: u64,
    /// `tdxModule`.
    pub module: Option<TdxModule>,
    /// `tdxModuleIdentities`; `Some(vec![])` writes an empty list.
    pub module_identities: Option<Vec<ModuleIdentity>>,
    /// `tcbLevels`.
    pub levels: Vec<TcbLevel>,
    /// Who signs.
    pub signed_by: Role,
    /// Changes the text before it is signed.
    pub edit: Option<fn(String) -> String>,
}

/// `tdxModule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TdxModule {
    /// `mrsigner`, hex.
    pub mrsigner: String,
    /// `attributes`, hex.
    pub attributes: String,
    /// `attributesMask`, hex.
    pub attributes_mask: String,
}

/// One of `tdxModuleIdentities`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleIdentity {
    /// `id`: `TDX_` and the module's major version in hex.
    pub id: String,
    /// Signer and attributes.
    pub module: TdxModule,
    /// Its levels.
    pub levels: Vec<ModuleLevel>,
}

/// A level of a module identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleLevel {
    /// `isvsvn`.
    pub isvsvn: u64,
    /// `tcbDate`.
    pub date: String,
    /// `tcbStatus`.
    pub status: String,
    /// `advisoryIDs`; not written when empty.
    pub advisories: Vec<String>,
}

/// A TCB level of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcbLevel {
    /// SGX component SVNs.
    pub sgx: Vec<u64>,
    /// `pcesvn`.
    pub pcesvn: u64,
    /// TDX component SVNs; written when `id` is `TDX`.
    pub tdx: Vec<u64>,
    /// `tcbDate`.
    pub date: String,
    /// `tcbStatus`.
    pub status: String,
    /// `advisoryIDs`; not written when empty.
    pub advisories: Vec<String>,
}

impl TdxModule {
    /// Intel's own module: zero signer, zero attributes, full mask.
    #[must_use]
    pub fn intel() -> Self {
        Self { mrsigner: "0".repeat(96), attributes: "0".repeat(16), attributes_mask: "F".repeat(16) }
    }

    fn fields(&self) -> String {
        format!(
            r#""mrsigner":"{}","attributes":"{}","attributesMask":"{}""#,
            self.mrsigner, self.attributes, self.attributes_mask
        )
    }
}

impl TcbLevel {
    /// A level without advisories.
    #[must_use]
    pub fn new(sgx: [u64; 16], pcesvn: u64, tdx: [u64; 16], date: &str, status: &str) -> Self {
        Self {
            sgx: sgx.to_vec(),
            pcesvn,
            tdx: tdx.to_vec(),
            date: date.to_owned(),
            status: status.to_owned(),
            advisories: Vec::new(),
        }
    }

    /// The level with these advisories.
    #[must_use]
    pub fn with_advisories(mut self, advisories: &[&str]) -> Self {
        self.advisories = advisories.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    fn json(&self, version: u64, tdx: bool) -> String {
        let mut tcb = String::new();
        if version == 2 {
            for (svn, index) in self.sgx.iter().zip(1..) {
                write!(tcb, r#""sgxtcbcomp{index:02}svn":{svn},"#).expect("a string");
            }
            write!(tcb, r#""pcesvn":{}"#, self.pcesvn).expect("a string");
        } else {
            write!(tcb, r#""sgxtcbcomponents":{},"pcesvn":{}"#, components(&self.sgx), self.pcesvn)
                .expect("a string");
            if tdx {
                write!(tcb, r#","tdxtcbcomponents":{}"#, components(&self.tdx)).expect("a string");
            }
        }
        level_json(&tcb, &self.date, &self.status, &self.advisories)
    }
}

impl TcbInfo {
    /// The exact text that is signed.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = String::from("{");
        if let Some(id) = &self.id {
            write!(out, r#""id":"{id}","#).expect("a string");
        }
        write!(
            out,
            r#""version":{},"issueDate":"{}","nextUpdate":"{}","fmspc":"{}","pceId":"{}","tcbType":{},"tcbEvaluationDataNumber":{},"#,
            self.version,
            self.issue_date,
            self.next_update,
            self.fmspc,
            self.pce_id,
            self.tcb_type,
            self.evaluation_number
        )
        .expect("a string");
        if let Some(module) = &self.module {
            write!(out, r#""tdxModule":{{{}}},"#, module.fields()).expect("a string");
        }
        if let Some(identities) = &self.module_identities {
            let identities: Vec<String> = identities.iter().map(ModuleIdentity::json).collect();
            write!(out, r#""tdxModuleIdentities":[{}],"#, identities.join(",")).expect("a string");
        }
        let tdx = self.id.as_deref() == Some("TDX");
        let levels: Vec<String> = self.levels.iter().map(|level| level.json(self.version, tdx)).collect();
        write!(out, r#""tcbLevels":[{}]}}"#, levels.join(",")).expect("a string");
        match self.edit {
            Some(edit) => edit(out),
            None => out,
        }
    }
}

impl ModuleIdentity {
    fn json(&self) -> String {
        let levels: Vec<String> = self
            .levels
            .iter()
            .map(|level| {
                let tcb = format!(r#""isvsvn":{}"#, level.isvsvn);
                level_json(&tcb, &level.date, &level.status, &level.advisories)
            })
            .collect();
        format!(r#"{{"id":"{}",{},"tcbLevels":[{}]}}"#, self.id, self.module.fields(), levels.join(","))
    }
}

/// One level: its `tcb` members, date, status, advisories when there are any.
#[must_use]
pub(crate) fn level_json(tcb: &str, date: &str, status: &str, advisories: &[String]) -> String {
    let mut out = format!(r#"{{"tcb":{{{tcb}}},"tcbDate":"{date}","tcbStatus":"{status}""#);
    if !advisories.is_empty() {
        let ids: Vec<String> = advisories.iter().map(|id| format!("\"{id}\"")).collect();
        write!(out, r#","advisoryIDs":[{}]"#, ids.join(",")).expect("a string");
    }
    out + "}"
}

fn components(svns: &[u64]) -> String {
    let entries: Vec<String> = svns.iter().map(|svn| format!(r#"{{"svn":{svn}}}"#)).collect();
    format!("[{}]", entries.join(","))
}
