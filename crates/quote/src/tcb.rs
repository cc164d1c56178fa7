//! Which TCB level a platform reaches, and what that means.
//!
//! Source: Intel QVL 1.27, evaluation of TCB levels with its converge and relaunch tables. Stricter in one place:
//! a revoked part refuses the quote, whether it was so at launch or is so now.

use crate::error::{Evaluated, QuoteError, Shortfall, SvnName, TcbPart};
use crate::pck::PckExtension;
use crate::qe_identity::QeIdentity;
use crate::tcb_info::{IsvLevel, LevelVerdict, TcbInfo, TcbLevel};
use serde::Serialize;
use veritee_base::{TcbStatus, TeeTcbSvn, UnixTime};
pub use veritee_base::{converged, relaunched};

/// A status that a TCB info may give a platform level.
pub(crate) fn of_platform(name: &str) -> Option<TcbStatus> {
    // Those that advise a relaunch come of two evaluations (Intel's relaunch table); a document that gave one would skip both.
    TcbStatus::from_name(name).filter(|status| {
        !matches!(status, TcbStatus::TdRelaunchAdvised | TcbStatus::TdRelaunchAdvisedConfigurationNeeded)
    })
}

/// A status that Intel gives a TDX module.
pub(crate) fn of_module(name: &str) -> Option<TcbStatus> {
    TcbStatus::from_name(name)
        .filter(|status| matches!(status, TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked))
}

/// A status that Intel's QVL knows for a quoting enclave.
pub(crate) fn of_enclave(name: &str) -> Option<TcbStatus> {
    let known = |status: &TcbStatus| {
        matches!(
            status,
            TcbStatus::UpToDate
                | TcbStatus::OutOfDate
                | TcbStatus::Revoked
                | TcbStatus::ConfigurationNeeded
                | TcbStatus::OutOfDateConfigurationNeeded
        )
    };
    TcbStatus::from_name(name).filter(known)
}

/// The level that one part of the platform reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReachedLevel {
    /// Its status.
    pub status: TcbStatus,
    /// Date of the TCB: all advisories up to it are mitigated.
    pub date: UnixTime,
    /// Advisories that apply.
    pub advisories: Vec<String>,
    /// 0-based place among the levels, highest first.
    pub level: usize,
    /// How many levels there are.
    pub levels: usize,
}

impl ReachedLevel {
    fn new(verdict: &LevelVerdict, level: usize, levels: usize) -> Self {
        Self {
            status: verdict.status,
            date: verdict.date,
            advisories: verdict.advisories.clone(),
            level,
            levels,
        }
    }
}

/// What one set of security versions evaluates to, each part apart and converged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// Converged status.
    pub status: TcbStatus,
    /// Earliest date of the parts.
    pub date: UnixTime,
    /// Advisories of platform, TDX module and quoting enclave, each once.
    pub advisories: Vec<String>,
    /// Processor, microcode and PCE.
    pub platform: ReachedLevel,
    /// The TDX module, where TEE_TCB_SVN names a version.
    pub tdx_module: Option<ReachedLevel>,
    /// Identifier of that module, `TDX_03`.
    pub tdx_module_id: Option<String>,
    /// The quoting enclave.
    pub quoting_enclave: ReachedLevel,
}

/// The platform's trusted computing base as Intel judges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tcb {
    /// The merged status: launch and current, platform, TDX module and quoting enclave.
    pub status: TcbStatus,
    /// Earliest date of all parts.
    pub date: UnixTime,
    /// All advisories, launch before current, platform before module before quoting enclave, each once.
    pub advisories: Vec<String>,
    /// When the TD was launched; for SGX and TDX 1.0 the only evaluation.
    pub launch: Evaluation,
    /// Now (TDX 1.5: TEE_TCB_SVN2).
    pub current: Option<Evaluation>,
    /// Evaluation number of the TCB info.
    pub tcb_info_evaluation_number: u32,
    /// Evaluation number of the QE identity.
    pub qe_identity_evaluation_number: u32,
    /// What is missing to the highest level with status UpToDate, by the launch versions. Empty when reached, or
    /// when Intel lists no such level.
    pub shortfalls: Vec<Shortfall>,
}

impl Tcb {
    /// The smaller of both evaluation numbers, as Intel reports it. They differ when the collateral was fetched
    /// across a switch.
    #[must_use]
    pub fn evaluation_number(&self) -> u32 {
        self.tcb_info_evaluation_number.min(self.qe_identity_evaluation_number)
    }

    /// The merged status as it were if a quoting enclave that needs configuration did not count, as with our peers.
    pub(crate) fn unless_enclave_configuration(&self) -> TcbStatus {
        let merged = |evaluation: &Evaluation| {
            let enclave = match evaluation.quoting_enclave.status {
                TcbStatus::ConfigurationNeeded | TcbStatus::OutOfDateConfigurationNeeded => {
                    TcbStatus::UpToDate
                }
                other => other,
            };
            let status = converged(evaluation.platform.status, enclave);
            evaluation.tdx_module.as_ref().map_or(status, |module| converged(status, module.status))
        };
        let launch = merged(&self.launch);
        self.current.as_ref().map_or(launch, |current| relaunched(launch, merged(current)))
    }
}

/// What is evaluated, and against what.
pub(crate) struct Evaluator<'a> {
    pub(crate) tcb_info: &'a TcbInfo,
    pub(crate) qe_identity: &'a QeIdentity,
    pub(crate) pck: &'a PckExtension,
    pub(crate) qe_isv_svn: u16,
}

impl Evaluator<'_> {
    /// Evaluates SGX (no versions), TDX 1.0 (launch) or TDX 1.5 (launch and current).
    pub(crate) fn evaluate(
        &self,
        launch_svn: Option<&TeeTcbSvn>,
        current_svn: Option<&TeeTcbSvn>,
    ) -> Result<Tcb, QuoteError> {
        let launch = self.evaluate_one(Evaluated::Launch, launch_svn)?;
        let current = match current_svn {
            Some(svn) => Some(self.evaluate_one(Evaluated::Current, Some(svn))?),
            None => None,
        };
        // Stricter than Intel's QVL 1.27, whose relaunch table lets a TD stand that was launched in order and whose parts are
        // revoked now; `docs/divergences.md` lists it.
        refuse_revoked(&launch, Evaluated::Launch)?;
        let mut status = launch.status;
        let mut date = launch.date;
        let mut advisories = launch.advisories.clone();
        if let Some(current) = &current {
            refuse_revoked(current, Evaluated::Current)?;
            status = relaunched(launch.status, current.status);
            date = date.min(current.date);
            add_advisories(&mut advisories, &current.advisories);
        }
        Ok(Tcb {
            status,
            date,
            advisories,
            tcb_info_evaluation_number: self.tcb_info.evaluation_number,
            qe_identity_evaluation_number: self.qe_identity.evaluation_number,
            shortfalls: self.shortfalls_to_up_to_date(launch_svn),
            launch,
            current,
        })
    }

    fn evaluate_one(&self, evaluated: Evaluated, svn: Option<&TeeTcbSvn>) -> Result<Evaluation, QuoteError> {
        let platform = self.platform_level(evaluated, svn)?;
        let module = self.module_level(evaluated, svn)?;
        let quoting_enclave = isv_level(
            &self.qe_identity.levels,
            self.qe_isv_svn,
            TcbPart::QuotingEnclave,
            SvnName::QuotingEnclave,
            evaluated,
        )?;
        let (tdx_module, tdx_module_id) = module.map_or((None, None), |(level, id)| (Some(level), Some(id)));
        // Intel's converge table, part after part: a platform in order does not make up for a module or an enclave that is not.
        let mut status = converged(platform.status, quoting_enclave.status);
        let mut date = platform.date.min(quoting_enclave.date);
        let mut advisories = platform.advisories.clone();
        if let Some(module) = &tdx_module {
            status = converged(status, module.status);
            date = date.min(module.date);
            add_advisories(&mut advisories, &module.advisories);
        }
        add_advisories(&mut advisories, &quoting_enclave.advisories);
        Ok(Evaluation { status, date, advisories, platform, tdx_module, tdx_module_id, quoting_enclave })
    }

    fn platform_level(
        &self,
        evaluated: Evaluated,
        svn: Option<&TeeTcbSvn>,
    ) -> Result<ReachedLevel, QuoteError> {
        let levels = &self.tcb_info.levels;
        // Intel's QVL, steps .18 to .20: the first that is reached, from the highest down. Below all of them nothing is known
        // of the platform, and that is refused.
        let found = levels.iter().enumerate().find(|(_, level)| self.reaches(level, svn));
        match found {
            Some((index, level)) => Ok(ReachedLevel::new(&level.verdict, index, levels.len())),
            None => Err(QuoteError::TcbNotSupported {
                part: TcbPart::Platform,
                evaluated,
                shortfalls: levels
                    .last()
                    .map(|level| self.platform_shortfalls(level, svn))
                    .unwrap_or_default(),
            }),
        }
    }

    fn reaches(&self, level: &TcbLevel, svn: Option<&TeeTcbSvn>) -> bool {
        let at_least = |has: &[u8], needs: &[u8]| has.iter().zip(needs).all(|(has, needs)| has >= needs);
        // All 16 components of the PCK's extension, the PCE, and for TDX those of TEE_TCB_SVN: one that falls short is a part
        // without its repairs.
        at_least(&self.pck.components, &level.sgx)
            && self.pck.pce_svn >= level.pce_svn
            && svn.is_none_or(|svn| tdx_components(svn, level).all(|(_, has, needs)| has >= needs))
    }

    /// The identity of the module that TEE_TCB_SVN names, and its level. None below version 1 and for SGX.
    fn module_level(
        &self,
        evaluated: Evaluated,
        svn: Option<&TeeTcbSvn>,
    ) -> Result<Option<(ReachedLevel, String)>, QuoteError> {
        // Intel's QVL: from version 1 on the module is evaluated by its own identity, TEE_TCB_SVN[0] being its ISVSVN.
        let Some([isv_svn, version @ 1..=u8::MAX, ..]) = svn.map(TeeTcbSvn::as_bytes) else {
            return Ok(None);
        };
        let identity = self
            .tcb_info
            .module_identity(*version)
            .ok_or_else(|| QuoteError::TdxModuleUnknown { id: format!("TDX_{version:02X}"), evaluated })?;
        let level = isv_level(
            &identity.levels,
            u16::from(*isv_svn),
            TcbPart::TdxModule,
            SvnName::TdxModule,
            evaluated,
        )?;
        Ok(Some((level, identity.id.clone())))
    }

    fn platform_shortfalls(&self, level: &TcbLevel, svn: Option<&TeeTcbSvn>) -> Vec<Shortfall> {
        let mut list = Vec::new();
        for ((index, has), needs) in (0_u8..).zip(self.pck.components).zip(level.sgx) {
            add_shortfall(&mut list, SvnName::Sgx(index), has, needs);
        }
        add_shortfall(&mut list, SvnName::Pce, self.pck.pce_svn, level.pce_svn);
        if let Some(svn) = svn {
            for (index, has, needs) in tdx_components(svn, level) {
                add_shortfall(&mut list, SvnName::Tdx(index), has, needs);
            }
        }
        for shortfall in &mut list {
            shortfall.update = level.update(shortfall.svn).map(str::to_owned);
        }
        list
    }

    fn shortfalls_to_up_to_date(&self, svn: Option<&TeeTcbSvn>) -> Vec<Shortfall> {
        let best = self.tcb_info.levels.iter().find(|level| level.verdict.status == TcbStatus::UpToDate);
        let mut list = best.map(|level| self.platform_shortfalls(level, svn)).unwrap_or_default();
        let best_isv = |levels: &[IsvLevel]| {
            levels.iter().find(|level| level.verdict.status == TcbStatus::UpToDate).map(|level| level.isv_svn)
        };
        if let Some([isv_svn, version @ 1..=u8::MAX, ..]) = svn.map(TeeTcbSvn::as_bytes) {
            let identity = self.tcb_info.module_identity(*version);
            if let Some(needs) = identity.and_then(|identity| best_isv(&identity.levels)) {
                add_shortfall(&mut list, SvnName::TdxModule, *isv_svn, needs);
            }
        }
        if let Some(needs) = best_isv(&self.qe_identity.levels) {
            add_shortfall(&mut list, SvnName::QuotingEnclave, self.qe_isv_svn, needs);
        }
        list
    }
}

/// Components of TEE_TCB_SVN that a platform level speaks of: the first two belong to the module's identity once
/// a module version is named.
fn tdx_components(svn: &TeeTcbSvn, level: &TcbLevel) -> impl Iterator<Item = (u8, u8, u8)> {
    let [_, version, ..] = svn.as_bytes();
    let start = if *version > 0 { 2 } else { 0 };
    let pairs = svn.as_bytes().to_owned().into_iter().zip(level.tdx);
    (0_u8..).zip(pairs).skip(start).map(|(index, (has, needs))| (index, has, needs))
}

fn isv_level(
    levels: &[IsvLevel],
    has: u16,
    part: TcbPart,
    name: SvnName,
    evaluated: Evaluated,
) -> Result<ReachedLevel, QuoteError> {
    // The first that is reached, from the highest down, as of the platform: a lower one would tell of faults that are mended,
    // a higher one would hide some. Below all of them no statement of Intel's covers what runs, and that is refused.
    let found = levels.iter().enumerate().find(|(_, level)| level.isv_svn <= has);
    match found {
        Some((index, level)) => Ok(ReachedLevel::new(&level.verdict, index, levels.len())),
        None => {
            let mut shortfalls = Vec::new();
            if let Some(lowest) = levels.last() {
                add_shortfall(&mut shortfalls, name, has, lowest.isv_svn);
            }
            Err(QuoteError::TcbNotSupported { part, evaluated, shortfalls })
        }
    }
}

fn add_shortfall(list: &mut Vec<Shortfall>, svn: SvnName, has: impl Into<u16>, needs: impl Into<u16>) {
    let (has, needs) = (has.into(), needs.into());
    if has < needs {
        list.push(Shortfall { svn, has, needs, update: None });
    }
}

fn add_advisories(list: &mut Vec<String>, more: &[String]) {
    for advisory in more {
        if !list.contains(advisory) {
            list.push(advisory.clone());
        }
    }
}

fn refuse_revoked(evaluation: &Evaluation, evaluated: Evaluated) -> Result<(), QuoteError> {
    // Intel's QVL, TCB_REVOKED and ENCLAVE_REPORT_ISVSVN_REVOKED: the one status that is no policy's to accept.
    let revoked = |level: &ReachedLevel| level.status == TcbStatus::Revoked;
    let part = if revoked(&evaluation.platform) {
        TcbPart::Platform
    } else if evaluation.tdx_module.as_ref().is_some_and(revoked) {
        TcbPart::TdxModule
    } else if revoked(&evaluation.quoting_enclave) {
        TcbPart::QuotingEnclave
    } else {
        return Ok(());
    };
    Err(QuoteError::TcbRevoked { part, evaluated })
}

#[cfg(test)]
mod tests;
