//! Step 6 as far as the policy goes: registers pinned by value, and what of the operating system is covered.

use crate::{MachineRegisters, Policy};
use veritee_model::{Check, CheckId, Fault, Mrtd, Reason, Rtmr};

/// The registers that describe the operating system, from a verified quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OsRegisters {
    /// MRTD.
    pub mrtd: Mrtd,
    /// RTMR0.
    pub rtmr0: Rtmr,
    /// RTMR1.
    pub rtmr1: Rtmr,
    /// RTMR2.
    pub rtmr2: Rtmr,
}

/// By which rung of the ladder each register was proven without the policy's pins, in words; `None` where it was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proven {
    /// MRTD.
    pub mrtd: Option<String>,
    /// RTMR0.
    pub rtmr0: Option<String>,
    /// RTMR1.
    pub rtmr1: Option<String>,
    /// RTMR2.
    pub rtmr2: Option<String>,
}

const NAMES: [&str; 4] = ["MRTD", "RTMR0", "RTMR1", "RTMR2"];

/// Adds up what was proven and what the policy pins.
///
/// Passes only when each of the four registers is covered. Fails when the policy pins machines and the quote is none
/// of them, whatever else was proven: the relying party has said which machines it means.
#[must_use]
pub fn judge(policy: &Policy, quoted: &OsRegisters, proven: &Proven) -> Check {
    let id = CheckId::OsMeasured;
    let machines = &policy.os.machine;
    let matching =
        machines.iter().filter(|machine| difference(machine, quoted).is_none()).max_by_key(|m| pinned(m));
    if let (None, Some(nearest)) =
        (matching, machines.iter().min_by_key(|machine| differences(machine, quoted)))
    {
        let mut check = Check::fail(
            id,
            Reason::OsRegisterUnexpected,
            format!(
                "the registers are not those of any of the {} machines that the policy names",
                machines.len()
            ),
        )
        .next("find out which image the machine runs; pin it only after you have reproduced its registers");
        let differing = comparisons(nearest, quoted).into_iter().filter_map(|(name, expected, got)| {
            let expected = expected.filter(|expected| *expected != got)?;
            let detail = format!("{name} is {got}, pinned is {expected}");
            Some(Fault::new(Reason::OsRegisterUnexpected, detail).of(got))
        });
        check.faults = differing.collect();
        return match difference(nearest, quoted) {
            Some((name, expected, got)) => {
                check.compared(expected, got).at(format!("{name}, nearest is `{}`", nearest.name))
            }
            None => check,
        };
    }
    let rungs = [&proven.mrtd, &proven.rtmr0, &proven.rtmr1, &proven.rtmr2];
    let pins = matching.map_or([false; 4], |machine| {
        [machine.mrtd.is_some(), machine.rtmr0.is_some(), machine.rtmr1.is_some(), machine.rtmr2.is_some()]
    });
    let mut words: Vec<(String, Vec<&str>)> = Vec::new();
    let mut open = Vec::new();
    for ((name, rung), pin) in NAMES.iter().zip(rungs).zip(pins) {
        let how = match (rung, pin, matching) {
            (Some(rung), _, _) => rung.clone(),
            (None, true, Some(machine)) => format!("pinned as `{}`", machine.name),
            (None, _, _) => {
                open.push(*name);
                continue;
            }
        };
        match words.iter_mut().find(|(known, _)| *known == how) {
            Some((_, names)) => names.push(name),
            None => words.push((how, vec![name])),
        }
    }
    let detail = if words.is_empty() {
        "no register was recomputed or pinned".to_owned()
    } else {
        let parts: Vec<String> =
            words.iter().map(|(how, names)| format!("{} {how}", names.join(", "))).collect();
        parts.join("; ")
    };
    if open.is_empty() {
        return Check::pass(id, detail);
    }
    Check::not_checked(id, Reason::OsNotMeasured, format!("{detail}; open: {}", open.join(", ")))
        .next("bring the image (`--image`), or pin the registers in the policy under [[os.machine]]")
}

fn comparisons(
    machine: &MachineRegisters,
    quoted: &OsRegisters,
) -> [(&'static str, Option<String>, String); 4] {
    let [mrtd, rtmr0, rtmr1, rtmr2] = NAMES;
    [
        (mrtd, machine.mrtd.map(|value| value.to_string()), quoted.mrtd.to_string()),
        (rtmr0, machine.rtmr0.map(|value| value.to_string()), quoted.rtmr0.to_string()),
        (rtmr1, machine.rtmr1.map(|value| value.to_string()), quoted.rtmr1.to_string()),
        (rtmr2, machine.rtmr2.map(|value| value.to_string()), quoted.rtmr2.to_string()),
    ]
}

fn difference(machine: &MachineRegisters, quoted: &OsRegisters) -> Option<(&'static str, String, String)> {
    comparisons(machine, quoted).into_iter().find_map(|(name, expected, got)| {
        expected.filter(|expected| *expected != got).map(|expected| (name, expected, got))
    })
}

fn differences(machine: &MachineRegisters, quoted: &OsRegisters) -> usize {
    comparisons(machine, quoted)
        .iter()
        .filter(|(_, expected, got)| expected.as_ref().is_some_and(|e| e != got))
        .count()
}

fn pinned(machine: &MachineRegisters) -> usize {
    [machine.mrtd.is_some(), machine.rtmr0.is_some(), machine.rtmr1.is_some(), machine.rtmr2.is_some()]
        .into_iter()
        .filter(|pinned| *pinned)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_model::Outcome;

    const QUOTED: OsRegisters = OsRegisters {
        mrtd: Mrtd::new([1; 48]),
        rtmr0: Rtmr::new([2; 48]),
        rtmr1: Rtmr::new([3; 48]),
        rtmr2: Rtmr::new([4; 48]),
    };

    fn machine(name: &str, rtmr2: u8) -> MachineRegisters {
        MachineRegisters {
            name: name.to_owned(),
            reason: Some("made for a test".to_owned()),
            mrtd: Some(Mrtd::new([1; 48])),
            rtmr0: Some(Rtmr::new([2; 48])),
            rtmr1: Some(Rtmr::new([3; 48])),
            rtmr2: Some(Rtmr::new([rtmr2; 48])),
        }
    }

    fn policy(machines: Vec<MachineRegisters>) -> Policy {
        let mut policy = Policy::default();
        policy.os.machine = machines;
        policy
    }

    #[test]
    fn a_machine_that_fits_in_all_four_registers_passes() {
        let check =
            judge(&policy(vec![machine("other", 9), machine("right", 4)]), &QUOTED, &Proven::default());
        assert_eq!(check.outcome, Outcome::Pass);
        assert!(check.detail.contains("`right`"));
    }

    #[test]
    fn a_machine_that_fits_in_three_registers_is_refused_and_the_fourth_is_named() {
        let check = judge(&policy(vec![machine("other", 9)]), &QUOTED, &Proven::default());
        assert_eq!(check.reason, Some(Reason::OsRegisterUnexpected));
        assert!(check.location.unwrap().starts_with("RTMR2"));
    }

    #[test]
    fn a_partial_pin_leaves_the_rest_open() {
        let partial = MachineRegisters { rtmr0: None, rtmr1: None, rtmr2: None, ..machine("mrtd only", 4) };
        let check = judge(&policy(vec![partial]), &QUOTED, &Proven::default());
        assert_eq!(check.outcome, Outcome::NotChecked);
        assert!(check.detail.contains("open: RTMR0, RTMR1, RTMR2"));
    }

    #[test]
    fn a_pin_and_a_proof_together_cover_all() {
        let partial = MachineRegisters { rtmr0: None, ..machine("image only", 4) };
        let proven = Proven { rtmr0: Some("recomputed".to_owned()), ..Proven::default() };
        assert_eq!(judge(&policy(vec![partial]), &QUOTED, &proven).outcome, Outcome::Pass);
    }

    #[test]
    fn a_full_proof_does_not_outvote_a_pin_that_differs() {
        let rung = || Some("recomputed".to_owned());
        let proven = Proven { mrtd: rung(), rtmr0: rung(), rtmr1: rung(), rtmr2: rung() };
        assert_eq!(judge(&policy(vec![machine("other", 9)]), &QUOTED, &proven).outcome, Outcome::Fail);
        assert_eq!(judge(&Policy::default(), &QUOTED, &proven).outcome, Outcome::Pass);
    }

    #[test]
    fn without_pins_and_proofs_nothing_is_shown() {
        assert_eq!(judge(&Policy::default(), &QUOTED, &Proven::default()).outcome, Outcome::NotChecked);
    }
}
