//! Identifiers that dstack derives from measurements (`dstack-attest`, `decode_mr`), recomputed.

use veritee_model::{MrConfigId, MrOwner, MrOwnerConfig, Mrtd, Ppid, Rtmr, Sha256Digest};

/// `mr_aggregated`: `SHA-256(MRTD || RTMR0 || .. || RTMR3)`, with `MRCONFIGID || MROWNER || MROWNERCONFIG` appended
/// when any of those is not zero. Every input from a verified quote.
#[must_use]
pub fn mr_aggregated(
    mrtd: &Mrtd,
    rtmr: &[Rtmr; 4],
    config_id: &MrConfigId,
    owner: &MrOwner,
    owner_config: &MrOwnerConfig,
) -> Sha256Digest {
    let [rtmr0, rtmr1, rtmr2, rtmr3] = rtmr;
    let configuration = [config_id.as_bytes(), owner.as_bytes(), owner_config.as_bytes()];
    veritee_model::runtime_event::mr_aggregated(mrtd.as_bytes(), [rtmr0, rtmr1, rtmr2, rtmr3], configuration)
}

/// `mr_system`: `SHA-256(MRTD || RTMR0 || RTMR1 || RTMR2 || mr_key_provider)`: the machine without its application.
/// RTMR3 of `rtmr` is not used.
#[must_use]
pub fn mr_system(mrtd: &Mrtd, rtmr: &[Rtmr; 4], mr_key_provider: &Sha256Digest) -> Sha256Digest {
    let mut joined = mrtd.as_bytes().to_vec();
    for register in rtmr.iter().take(3) {
        joined.extend(register.as_bytes());
    }
    joined.extend(mr_key_provider.as_bytes());
    Sha256Digest::of(&joined)
}

/// `device_id` as dstack derives it since its own verifier reads the PCK certificate: `SHA-256(PPID)`, with the PPID
/// from a verified PCK certificate. The KMS compares this one.
#[must_use]
pub fn device_id(ppid: &Ppid) -> Sha256Digest {
    Sha256Digest::of(ppid.as_bytes())
}

/// `device_id` as guests from 0.5.1 to 0.5.5 report it (measured on all machines at hand): SHA-256 of the 20 bytes of
/// user data in the quote's header (bytes 28 to 48). The quoting enclave puts its QE identifier there; the quote's
/// signature covers it, but no certificate does, so it names a platform less firmly than the PPID.
#[must_use]
pub fn device_id_of_header(user_data: &[u8; 20]) -> Sha256Digest {
    Sha256Digest::of(user_data)
}
