//! Intel's SGX extension of the PCK certificate, 1.2.840.113741.1.13.1.

use crate::certificate::oids;
use crate::der;

/// The extension's fields; the shapes that Intel writes by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SgxExtension {
    /// PPID.
    pub ppid: Vec<u8>,
    /// The sixteen component SVNs: what TCB levels are compared with.
    pub components: Vec<u16>,
    /// Content bytes of the PCESVN INTEGER.
    pub pcesvn: Vec<u8>,
    /// CPUSVN octets; on real platforms equal to the components.
    pub cpusvn: Vec<u8>,
    /// PCE-ID, two bytes.
    pub pceid: Vec<u8>,
    /// FMSPC, six bytes.
    pub fmspc: Vec<u8>,
    /// SGX type: 0 standard, 1 scalable, 2 scalable with integrity.
    pub sgx_type: u8,
    /// Platform instance id: only under the Platform CA.
    pub platform_instance_id: Option<Vec<u8>>,
    /// Dynamic platform, cached keys, SMT enabled: only under the Platform CA.
    pub configuration: Option<[bool; 3]>,
    /// Sub-identifiers to leave out at the top level (1 PPID .. 7 configuration).
    pub omit: Vec<u8>,
    /// Sub-identifiers to write twice at the top level.
    pub repeat: Vec<u8>,
}

impl SgxExtension {
    /// The extension's DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let mut tcb: Vec<Vec<u8>> = self
            .components
            .iter()
            .zip(1_u8..)
            .map(|(svn, index)| entry(&format!("2.{index}"), der::integer(u64::from(*svn))))
            .collect();
        tcb.push(entry("2.17", der::raw_integer(&self.pcesvn)));
        tcb.push(entry("2.18", der::octet_string(&self.cpusvn)));
        let mut fields = vec![
            (1, der::octet_string(&self.ppid)),
            (2, der::sequence(&tcb)),
            (3, der::octet_string(&self.pceid)),
            (4, der::octet_string(&self.fmspc)),
            (5, der::enumerated(self.sgx_type)),
        ];
        fields.extend(self.platform_instance_id.as_ref().map(|id| (6, der::octet_string(id))));
        if let Some(flags) = self.configuration {
            let flags: Vec<_> = flags
                .iter()
                .zip(1_u8..)
                .map(|(flag, index)| entry(&format!("7.{index}"), der::boolean(*flag)))
                .collect();
            fields.push((7, der::sequence(&flags)));
        }
        let mut out = Vec::new();
        for (index, value) in fields {
            let copies = if self.omit.contains(&index) {
                0
            } else if self.repeat.contains(&index) {
                2
            } else {
                1
            };
            out.extend((0..copies).map(|_copy| entry(&index.to_string(), value.clone())));
        }
        der::sequence(&out)
    }
}

fn entry(index: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[der::oid(&format!("{}.{index}", oids::SGX)), value])
}
