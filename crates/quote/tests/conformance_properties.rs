//! What never may turn a refusal into a pass, or a worse status into a better one: a later clock, more revocation,
//! lower security versions.

#[path = "conformance/judge.rs"]
#[allow(dead_code, reason = "shared with the single faults")]
mod judge;

use judge::{SEED, ours};
use proptest::prelude::*;
use veritee_quote::TcbStatus;
use veritee_quote::UnixTime;
use veritee_testkit::pki::time;
use veritee_testkit::{Forged, Role, Shape, Universe};

/// How bad a status is. Intel's statuses are only partly ordered: between need of configuration and need of
/// hardening there is no better one, so these rows share a rank.
fn rank(status: TcbStatus) -> u8 {
    match status {
        TcbStatus::UpToDate => 0,
        TcbStatus::SwHardeningNeeded
        | TcbStatus::ConfigurationNeeded
        | TcbStatus::ConfigurationAndSwHardeningNeeded => 1,
        TcbStatus::TdRelaunchAdvised | TcbStatus::TdRelaunchAdvisedConfigurationNeeded => 2,
        TcbStatus::OutOfDate | TcbStatus::OutOfDateConfigurationNeeded => 3,
        TcbStatus::Revoked => 4,
    }
}

/// The rank of a verdict; a refusal is worse than every status.
fn badness(forged: &Forged) -> u8 {
    ours(forged).map_or(u8::MAX, |verified| rank(verified.tcb().status))
}

fn shapes() -> impl Strategy<Value = Shape> {
    proptest::sample::select(Shape::ALL.to_vec())
}

fn authorities() -> impl Strategy<Value = Role> {
    proptest::sample::select(vec![Role::PlatformCa, Role::ProcessorCa])
}

/// Statuses from good to bad, as Intel lists levels.
fn ordered_statuses() -> impl Strategy<Value = [&'static str; 3]> {
    let middle = proptest::sample::select(vec![
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
    ]);
    let low = proptest::sample::select(vec!["OutOfDate", "OutOfDateConfigurationNeeded"]);
    (middle, low).prop_map(|(middle, low)| ["UpToDate", middle, low])
}

/// Security versions of everything that has some.
#[derive(Debug, Clone)]
struct Versions {
    components: [u8; 16],
    pce: u8,
    launch: [u8; 16],
    current: [u8; 16],
    enclave: u16,
}

fn versions() -> impl Strategy<Value = Versions> {
    let components = proptest::array::uniform16(0_u8..8);
    let tee = (0_u8..8, proptest::sample::select(vec![0_u8, 1, 1, 1]), proptest::array::uniform14(0_u8..8))
        .prop_map(|(isv_svn, version, rest)| {
            let mut svn = [isv_svn; 16];
            svn[1] = version;
            svn[2..].copy_from_slice(&rest);
            svn
        });
    (components, 0_u8..14, tee.clone(), tee, 0_u16..10).prop_map(
        |(components, pce, launch, current, enclave)| Versions { components, pce, launch, current, enclave },
    )
}

/// One bit in eight.
fn sparse() -> impl Strategy<Value = u32> {
    any::<[u32; 3]>().prop_map(|[a, b, c]| a & b & c)
}

impl Versions {
    /// Towards what the levels ask for, so that not nearly everything falls below all of them.
    fn lifted(mut self, keep: u32) -> Self {
        for (index, component) in self.components.iter_mut().enumerate() {
            if keep >> index & 1 == 0 {
                *component = veritee_testkit::universe::PLATFORM_SVNS[index];
            }
        }
        for svn in [&mut self.launch, &mut self.current] {
            for (index, svn) in svn.iter_mut().enumerate().skip(3) {
                if keep >> (index + 16) & 1 == 0 {
                    *svn = 0;
                }
            }
        }
        self
    }

    fn universe(&self, shape: Shape, statuses: [&'static str; 3]) -> Universe {
        Universe::with_shape(SEED, shape)
            .tcb_info(|info| {
                for (level, status) in info.levels.iter_mut().zip(statuses) {
                    level.status = status.to_owned();
                }
            })
            .sgx_extension(|extension| {
                extension.components = self.components.map(u16::from).to_vec();
                extension.cpusvn = self.components.to_vec();
                extension.pcesvn = vec![self.pce];
            })
            .quote(|quote| {
                quote.qe_report.isv_svn = self.enclave;
                if shape.is_tdx() {
                    quote.td().tee_tcb_svn = self.launch;
                    quote.td().tee_tcb_svn2 = self.current;
                }
            })
    }

    /// One version lowered. Byte 1 of TEE_TCB_SVN is no version but names the module.
    fn lower(&self, which: usize, by: u8) -> Self {
        let mut lower = self.clone();
        let tee = |index: usize| if index == 1 { 0 } else { index };
        match which {
            0..16 => lower.components[which] = self.components[which].saturating_sub(by),
            16 => lower.pce = self.pce.saturating_sub(by),
            17 => lower.enclave = self.enclave.saturating_sub(u16::from(by)),
            18..34 => {
                let index = tee(which - 18);
                lower.launch[index] = self.launch[index].saturating_sub(by);
            }
            _ => {
                let index = tee((which - 34) % 16);
                lower.current[index] = self.current[index].saturating_sub(by);
            }
        }
        lower
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_later_clock_never_turns_a_refusal_into_a_pass(
        shape in shapes(),
        authority in authorities(),
        start in 0_i64..7_000_000,
        later in 0_u64..40_000_000,
    ) {
        // From nine days before anything of the collateral was issued, until long after all of it has expired. A
        // refusal because something is not in force yet is the one that waiting cures.
        let issued = time(veritee_testkit::universe::ISSUED).seconds();
        let as_of = issued.saturating_add_signed(start - 800_000);
        let mut forged = Universe::under(SEED, shape, authority).forge();
        forged.as_of = UnixTime::from_seconds(as_of);
        let first = ours(&forged);
        forged.as_of = UnixTime::from_seconds(as_of + later);
        let second = ours(&forged);
        if let (Err(first), Ok(_)) = (&first, &second) {
            prop_assert!(first.reason().code().ends_with("not-yet-valid"), "{first}, and later a pass");
        }
        if let (Ok(first), Ok(second)) = (&first, &second) {
            prop_assert_eq!(first.tcb(), second.tcb());
        }
    }

    #[test]
    fn more_revocation_never_turns_a_refusal_into_a_pass(
        shape in shapes(),
        revoked in proptest::collection::vec((any::<bool>(), proptest::collection::vec(1_u8..0x7f, 1..20)), 0..6),
        genuine in proptest::sample::subsequence(
            vec![Role::Pck, Role::PlatformCa, Role::ProcessorCa, Role::TcbSigner, Role::Root], 0..3),
        more in proptest::sample::select(
            vec![Role::Pck, Role::PlatformCa, Role::ProcessorCa, Role::TcbSigner, Role::Root]),
    ) {
        let mut universe = Universe::with_shape(SEED, shape);
        for (root, serial) in &revoked {
            let list = if *root { &mut universe.collateral.root_crl } else { &mut universe.collateral.pck_crl };
            list.revoke(serial);
        }
        for role in genuine {
            universe = universe.revoke(role);
        }
        let before = badness(&universe.forge());
        let after = badness(&universe.revoke(more).forge());
        prop_assert!(after >= before);
        prop_assert_eq!(after == u8::MAX, more != Role::ProcessorCa || before == u8::MAX);
    }

    #[test]
    fn a_lower_version_never_makes_a_status_better(
        shape in shapes(),
        statuses in ordered_statuses(),
        versions in versions(),
        keep in sparse(),
        which in 0_usize..50,
        by in 1_u8..8,
    ) {
        // Relaunch compares launch with now: launched lower is what makes it "advised", so only what both
        // evaluations share may be lowered there, or both together.
        let versions = versions.lifted(keep);
        let mut versions = versions;
        if matches!(shape, Shape::TdxV5Td15 | Shape::TdxV5Td15Ex) {
            versions.current = versions.launch;
        }
        let mut lower = versions.lower(which, by);
        if matches!(shape, Shape::TdxV5Td15 | Shape::TdxV5Td15Ex) {
            for (index, svn) in lower.launch.iter_mut().enumerate() {
                *svn = (*svn).min(lower.current[index]);
            }
            lower.current = lower.launch;
        }
        let before = badness(&versions.universe(shape, statuses).forge());
        let after = badness(&lower.universe(shape, statuses).forge());
        prop_assert!(after >= before, "{versions:?} gave {before}, {lower:?} gave {after}");
    }

    #[test]
    fn a_lower_current_version_never_turns_a_refusal_into_a_pass(
        shape in proptest::sample::select(vec![Shape::TdxV5Td15, Shape::TdxV5Td15Ex]),
        statuses in ordered_statuses(),
        versions in versions(),
        keep in sparse(),
        which in 18_usize..50,
        by in 1_u8..8,
    ) {
        let versions = versions.lifted(keep);
        let before = badness(&versions.universe(shape, statuses).forge());
        let after = badness(&versions.lower(which, by).universe(shape, statuses).forge());
        prop_assert!(before != u8::MAX || after == u8::MAX);
    }

    #[test]
    fn a_revoked_level_never_becomes_a_pass_by_another_part(
        shape in shapes(),
        versions in versions(),
        keep in sparse(),
        part in 0_usize..3,
    ) {
        let statuses = ["UpToDate", "OutOfDate", "OutOfDate"];
        let universe = versions.lifted(keep).universe(shape, statuses);
        let before = ours(&universe.forge());
        let revoked = universe.change(|it| match part {
            0 => it.tcb_info.levels.iter_mut().for_each(|level| level.status = "Revoked".into()),
            1 => it.qe_identity.levels.iter_mut().for_each(|level| level.status = "Revoked".into()),
            _ => for identity in it.tcb_info.module_identities.iter_mut().flatten() {
                identity.levels.iter_mut().for_each(|level| level.status = "Revoked".into());
            },
        });
        let after = ours(&revoked.forge());
        let has_module = before.as_ref().is_ok_and(|verified| {
            let tcb = verified.tcb();
            tcb.launch.tdx_module.is_some() || tcb.current.as_ref().is_some_and(|it| it.tdx_module.is_some())
        });
        prop_assert_eq!(after.is_ok(), before.is_ok() && part == 2 && !has_module);
    }
}
