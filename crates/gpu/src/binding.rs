//! What ties a report's nonce to a quote, or to a request, by the name of who does it so.
//!
//! A report whose nonce stands in REPORTDATA answers the same request as the quote. It does not show that the GPU is
//! in the machine that was quoted: a machine without a GPU can hand the nonce to a GPU elsewhere.

use crate::container::ContainerForm;
use crate::family::Family;
use core::fmt;
use ring::digest::{SHA256, digest};

/// Nonces that NVIDIA's tools use in test mode and that its samples were made with. A report over one of them is never
/// fresh: anybody may have recorded it at any time.
const TEST_NONCES: [[u8; 32]; 2] = [
    [
        0x93, 0x1d, 0x8d, 0xd0, 0xad, 0xd2, 0x03, 0xac, 0x3d, 0x8b, 0x4f, 0xbd, 0xe7, 0x5e, 0x11, 0x52, 0x78,
        0xee, 0xfc, 0xdc, 0xea, 0xc5, 0xb8, 0x76, 0x71, 0xa7, 0x48, 0xf3, 0x23, 0x64, 0xdf, 0xcb,
    ],
    [
        0x4c, 0xff, 0x7f, 0x53, 0x80, 0xea, 0xd8, 0xfa, 0xd8, 0xec, 0x2c, 0x53, 0x1c, 0x11, 0x0a, 0xca, 0x43,
        0x02, 0xa8, 0x8f, 0x60, 0x37, 0x92, 0x80, 0x1a, 0x8c, 0xa2, 0x9e, 0xe1, 0x51, 0xaf, 0x2e,
    ],
];

/// Whether a nonce is one of the constants of NVIDIA's samples and test mode.
#[must_use]
pub fn is_test_nonce(nonce: &[u8; 32]) -> bool {
    TEST_NONCES.contains(nonce)
}

/// How a nonce is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindingForm {
    /// The second half of REPORTDATA is the nonce: NEAR, Phala's vLLM proxy, SecretVM.
    SecondHalf,
    /// The first half of REPORTDATA is the nonce: Chutes, where it is the hash of a nonce and a key.
    FirstHalf,
    /// The first half of REPORTDATA is the nonce, and the container is CoCo's: the hash of its runtime data.
    Coco,
    /// A half of REPORTDATA is the nonce or its SHA-256, and the container is the answer of dstack's `AttestGpu`: the caller chose the
    /// nonce and put it there.
    DstackAttestGpu,
    /// The nonce is a hash of a half of REPORTDATA and a tag: attestation-rs.
    AttestationRs,
    /// The nonce is the one that the caller expects; nothing ties it to the quote.
    Given,
}

impl BindingForm {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondHalf => "report-data-second-half",
            Self::FirstHalf => "report-data-first-half",
            Self::Coco => "coco-runtime-data",
            Self::DstackAttestGpu => "dstack-attest-gpu",
            Self::AttestationRs => "attestation-rs",
            Self::Given => "given-nonce",
        }
    }

    /// What it says, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::SecondHalf => "the second half of REPORTDATA (as NEAR, Phala's vLLM proxy and SecretVM do)",
            Self::FirstHalf => {
                "the first half of REPORTDATA (as Chutes does; of what it is a hash was not given)"
            }
            Self::Coco => "the first half of REPORTDATA (as CoCo does, the hash of its runtime data)",
            Self::DstackAttestGpu => {
                "in a half of REPORTDATA, itself or hashed (as a caller of dstack's AttestGpu puts it there)"
            }
            Self::AttestationRs => "a tagged hash of half of REPORTDATA (as attestation-rs does)",
            Self::Given => "the nonce that was asked for (nothing ties it to the quote)",
        }
    }
}

impl fmt::Display for BindingForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Finds the form in which a *verified* quote's REPORTDATA holds a report's nonce.
///
/// The container only chooses between names for the same place. All-zero halves bind nothing.
#[must_use]
pub fn find(
    nonce: &[u8; 32],
    family: Family,
    report_data: &[u8; 64],
    container: ContainerForm,
) -> Option<BindingForm> {
    let (first, second) = report_data.split_at(32);
    if nonce.iter().all(|byte| *byte == 0) {
        return None;
    }
    let hashed = digest(&SHA256, nonce);
    let holds = |half: &[u8]| half == nonce || half == hashed.as_ref();
    match container {
        // The caller has to put the nonce, or its hash, there himself.
        ContainerForm::DstackBundles if holds(first) || holds(second) => {
            return Some(BindingForm::DstackAttestGpu);
        }
        ContainerForm::Coco if first == nonce => return Some(BindingForm::Coco),
        _ if second == nonce => return Some(BindingForm::SecondHalf),
        _ if first == nonce => return Some(BindingForm::FirstHalf),
        _ => {}
    }
    tagged_half(nonce, family, report_data).map(|_half| BindingForm::AttestationRs)
}

/// The half of REPORTDATA whose tagged hash the nonce is. GPUs and switches have a tag each, so one request has two nonces.
pub(crate) fn tagged_half(nonce: &[u8; 32], family: Family, report_data: &[u8; 64]) -> Option<usize> {
    let tag: &[u8] = if family.is_switch() { b"NVIDIA-SWITCH-EAT-v1" } else { b"NVIDIA-GPU-EAT-v1" };
    let (first, second) = report_data.split_at(32);
    [first, second].into_iter().position(|half| digest(&SHA256, &[half, tag].concat()).as_ref() == nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(first: [u8; 32], second: [u8; 32]) -> [u8; 64] {
        let mut out = [0; 64];
        out[..32].copy_from_slice(&first);
        out[32..].copy_from_slice(&second);
        out
    }

    #[test]
    fn each_form_is_found_by_its_name_and_nothing_else_is() {
        let nonce = [7; 32];
        let from = |report_data: &[u8; 64], container| find(&nonce, Family::Hopper, report_data, container);
        let gpu = |report_data: &[u8; 64]| from(report_data, ContainerForm::NrasPayload);
        assert_eq!(gpu(&data([1; 32], nonce)), Some(BindingForm::SecondHalf));
        assert_eq!(gpu(&data(nonce, [1; 32])), Some(BindingForm::FirstHalf));
        assert_eq!(from(&data(nonce, [1; 32]), ContainerForm::Coco), Some(BindingForm::Coco));
        assert_eq!(from(&data([1; 32], nonce), ContainerForm::Coco), Some(BindingForm::SecondHalf));
        let hashed: [u8; 32] = digest(&SHA256, &nonce).as_ref().try_into().unwrap();
        assert_eq!(from(&data([1; 32], hashed), ContainerForm::NrasPayload), None);
        for half in [data([1; 32], nonce), data(nonce, [1; 32]), data(hashed, [1; 32]), data([1; 32], hashed)]
        {
            assert_eq!(from(&half, ContainerForm::DstackBundles), Some(BindingForm::DstackAttestGpu));
        }
        assert_eq!(gpu(&data([1; 32], [2; 32])), None);
        assert_eq!(gpu(&[0; 64]), None);
        let tagged = |tag: &[u8]| -> [u8; 32] {
            digest(&SHA256, &[&[9; 32][..], tag].concat()).as_ref().try_into().unwrap()
        };
        let report_data = data([9; 32], [0; 32]);
        let (of_gpu, of_switch) = (tagged(b"NVIDIA-GPU-EAT-v1"), tagged(b"NVIDIA-SWITCH-EAT-v1"));
        let rs = |nonce, family| find(nonce, family, &report_data, ContainerForm::AttestationRs);
        assert_eq!(rs(&of_gpu, Family::Blackwell), Some(BindingForm::AttestationRs));
        assert_eq!(rs(&of_switch, Family::Switch), Some(BindingForm::AttestationRs));
        assert_eq!(rs(&of_switch, Family::Hopper), None);
    }

    #[test]
    fn a_zero_nonce_is_bound_by_nothing() {
        assert_eq!(find(&[0; 32], Family::Hopper, &[0; 64], ContainerForm::NrasPayload), None);
    }

    #[test]
    fn the_test_nonces_are_those_of_nvidia_s_samples() {
        for text in [
            "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb",
            "4cff7f5380ead8fad8ec2c531c110aca4302a88f603792801a8ca29ee151af2e",
        ] {
            assert!(is_test_nonce(&veritee_model::bytes::decode_hex(text).unwrap()));
        }
        assert!(!is_test_nonce(&[7; 32]));
    }
}
