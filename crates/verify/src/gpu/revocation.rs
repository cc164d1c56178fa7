//! What is known of revocations: the gravest of all devices decides.

use super::judge::{counted, explained};
use veritee_gpu::revocation::{Revocation, RevocationError};
use veritee_gpu::{AppraisedGpu, GpuSet};
use veritee_model::{Check, CheckId, Reason, UnixTime};
use veritee_policy::Gpu;

const ID: CheckId = CheckId::GpuRevocation;

/// A forgery outweighs a revocation, that a hold, that an open question: whichever device it is about.
pub(super) fn check(set: &GpuSet, signers: &[Revocation], policy: &Gpu) -> Check {
    let all: Vec<&Revocation> = set.devices().map(AppraisedGpu::revocation).collect();
    if let Some(check) = forged(&all, signers) {
        return check;
    }
    let hold = policy.hold_allowed();
    let mut held = Vec::new();
    let mut gravest: Option<(bool, usize, &str)> = None;
    for (index, found) in all.iter().enumerate() {
        let Revocation::Revoked { certificate, hold: on_hold, .. } = found else { continue };
        if *on_hold && hold.is_some() {
            held.push(format!("device {index}, {certificate}"));
        } else if gravest.is_none_or(|(known, ..)| known && !on_hold) {
            gravest = Some((*on_hold, index, certificate));
        }
    }
    if let Some((on_hold, index, certificate)) = gravest {
        let (reason, what) = if on_hold {
            (Reason::GpuOnHold, "NVIDIA has put this certificate on hold")
        } else {
            (Reason::GpuRevoked, "NVIDIA has revoked this certificate")
        };
        return Check::fail(ID, reason, what).at(format!("device {index}, {certificate}"));
    }
    let mut check = answered(&all, signers);
    if let (Some(reason), false) = (hold, held.is_empty()) {
        check.detail =
            format!("{}; on hold and let pass by the policy ({reason}): {}", check.detail, held.join("; "));
    }
    check
}

fn forged(all: &[&Revocation], signers: &[Revocation]) -> Option<Check> {
    let of_devices = all.iter().copied().enumerate().map(|(index, found)| (format!("device {index}"), found));
    let of_signers = signers.iter().map(|found| ("the signer of a manifest".to_owned(), found));
    of_devices.chain(of_signers).find_map(|(place, found)| match found {
        Revocation::Forged(error) => Some(explained(ID, &error.explain()).at(place)),
        _ => None,
    })
}

/// Whether every certificate was answered for.
fn answered(all: &[&Revocation], signers: &[Revocation]) -> Check {
    let mut until: Option<UnixTime> = None;
    let (mut open, mut unusable) = (Vec::new(), None);
    for found in all {
        match found {
            Revocation::NotRevoked { until: end } => {
                until = Some(until.map_or(*end, |until| until.min(*end)));
            }
            Revocation::NotChecked { open: names, unusable: errors } => {
                open.extend(names.iter().cloned());
                unusable = unusable.or_else(|| errors.first());
            }
            Revocation::Revoked { open: names, .. } => open.extend(names.iter().cloned()),
            Revocation::Forged(_) => {}
        }
    }
    open.sort();
    open.dedup();
    if let Some(first) = open.first() {
        return not_answered(open.len(), first, unusable);
    }
    let asked = |found: &&Revocation| matches!(found, Revocation::NotChecked { .. });
    let signers = match signers.iter().filter(asked).count() {
        0 => String::new(),
        count => format!("; of the signers of {} nobody said so", counted(count, "manifest")),
    };
    let until = until.map_or_else(String::new, |until| format!(", by answers that hold until {until}"));
    Check::pass(ID, format!("not revoked{until} (which says no more than that){signers}"))
}

fn not_answered(open: usize, first: &str, unusable: Option<&RevocationError>) -> Check {
    let why = unusable.map_or_else(String::new, |error| format!("; of those given: {error}"));
    let others = if open > 1 { " and others" } else { "" };
    let detail = format!("no usable answer for {}: {first}{others}{why}", counted(open, "certificate"));
    Check::not_checked(ID, Reason::GpuRevocationNotChecked, detail).next(
        "give NVIDIA's OCSP answers for certificates 1 to 3 of each chain (`veritee collateral fetch --gpus` asks for \
         them); lists do not speak of one device",
    )
}
