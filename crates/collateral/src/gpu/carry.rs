//! NVIDIA's statements as files, for a machine without network, and back.

use super::{GpuAsk, GpuKept, GpuPlace, lists};
use crate::error::StoreError;
use crate::error::{Error, Fault, FaultKind};
use crate::store::{Store, failed, read_file, write_public};
use std::path::Path;
use std::sync::Arc;
use veritee_gpu::manifest::{Manifest, from_service};
use veritee_gpu::wanted::{AnswerRefused, AnswerStatus, ListRefused, WantedAnswer, WantedList, is_answer};
use veritee_gpu::{Memory, Roots, SignedReport, Wanted};
use veritee_model::{Reason, Sha256Digest, UnixTime};

/// Between the identifier and the digest in a file's name; no identifier holds it.
const MARK: char = '~';

/// One file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CarriedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its bytes.
    pub bytes: usize,
    /// SHA-256 of it.
    pub sha256: Sha256Digest,
    /// In force until; `None` for what holds for ever.
    pub until: Option<UnixTime>,
}

/// What was read into a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct GpuImported {
    /// Identifiers that manifests are kept under.
    pub ids: Vec<String>,
    /// What answers and lists are about, and what they say.
    pub statements: Vec<String>,
    /// Files with answers about none of the devices and signers that are known here: they cannot be verified.
    pub unknown: Vec<String>,
    /// Files that were refused, with why.
    pub refused: Vec<Fault>,
}

/// Writes every manifest and every answer of the store into a folder, one file each, for `--gpu-collateral`.
///
/// # Errors
/// When the store cannot be read or the folder cannot be written.
pub fn export_gpus(store: &Store, roots: &Roots, folder: &Path) -> Result<Vec<CarriedFile>, Error> {
    std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let (entries, _faults) = store.gpu_entries(roots)?;
    let mut written = Vec::new();
    for (place, kept) in entries {
        let sha256 = Sha256Digest::of(&kept.bytes);
        let digest = sha256.to_string();
        let short = digest.get(..16).unwrap_or_default();
        let name = match &place {
            GpuPlace::Manifest(id) => format!("{id}{MARK}{short}.xml"),
            GpuPlace::Answer(key) => format!("ocsp-{}{MARK}{short}.der", key.get(..16).unwrap_or_default()),
            GpuPlace::List(key) => format!("nvidia-{}{MARK}{short}.crl", key.get(..16).unwrap_or_default()),
        };
        write_public(folder, &name, &kept.bytes)?;
        written.push(CarriedFile { name, bytes: kept.bytes.len(), sha256, until: kept.until });
    }
    Ok(written)
}

/// Takes NVIDIA's statements of a folder into the store, each verified first: manifests (`*.xml`, `*.swidtag`, or the
/// service's `*.rim.json`), expired ones too; answers about revocation (`*.der`, `*.ocsp`) and lists (`*.crl`, `*.der`).
///
/// The name of a manifest's file says under which identifier it is asked for, which its signed text does not; what it is
/// for, its text says wherever it is used. Answers and lists verify with a chain only: with those of `devices`, and with
/// those of the manifests' signers. What is about another device is left where it is.
///
/// # Errors
/// When the folder cannot be read, or the store cannot be used.
pub fn import_gpus(
    folder: &Path,
    devices: &[Arc<SignedReport>],
    ask: &GpuAsk<'_>,
) -> Result<GpuImported, Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed("list", folder))? {
        let entry = entry.map_err(failed("list", folder))?;
        names.extend(entry.file_name().to_str().map(str::to_owned));
    }
    names.sort_unstable();
    let mut import =
        Import { ask, wanted: Wanted::of(devices), memory: Memory::new(), imported: GpuImported::default() };
    let stem = |name: &str| {
        let ends = [".xml", ".swidtag", ".rim.json"];
        ends.into_iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned)
    };
    for name in &names {
        if let Some(stem) = stem(name) {
            import.manifest(folder, name, &stem)?;
        }
    }
    let is_statement = |name: &&String| [".der", ".ocsp", ".crl"].iter().any(|end| name.ends_with(end));
    for name in names.iter().filter(is_statement) {
        import.statement(folder, name)?;
    }
    Ok(import.imported)
}

/// An import under way.
struct Import<'a> {
    ask: &'a GpuAsk<'a>,
    wanted: Wanted,
    memory: Memory,
    imported: GpuImported,
}

impl Import<'_> {
    fn refuse(&mut self, name: &str, what: FaultKind) {
        self.imported.refused.push(Fault { file: name.to_owned(), what });
    }

    fn manifest(&mut self, folder: &Path, name: &str, stem: &str) -> Result<(), StoreError> {
        let GpuAsk { store, roots, now, .. } = *self.ask;
        let cap = store.budget().gpu_manifest_bytes.saturating_mul(2);
        let bytes = match read_file(&folder.join(name), cap) {
            Ok(bytes) => from_service(&bytes).into_owned(),
            Err(what) => {
                self.refuse(name, what);
                return Ok(());
            }
        };
        let id = stem.split(MARK).next().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if id.is_empty() || id.len() > 128 || !id.bytes().all(plain) {
            self.refuse(name, FaultKind::Form("its name is no identifier of a manifest".to_owned()));
            return Ok(());
        }
        let until = match Manifest::verify(&bytes, roots, now, store.budget(), &self.memory) {
            Ok(manifest) => {
                self.wanted.add_signer(&manifest);
                manifest.not_after()
            }
            Err(error) if matches!(error.reason(), Reason::GpuRimExpired | Reason::GpuRimNotYetValid) => now,
            Err(error) => {
                self.refuse(name, FaultKind::Refused(error.to_string()));
                return Ok(());
            }
        };
        let kept = GpuKept { bytes, url: format!("file {name}"), fetched: now, until: Some(until) };
        store.keep_gpu(roots, &GpuPlace::Manifest(id.to_ascii_uppercase()), &kept)?;
        self.imported.ids.push(id.to_ascii_uppercase());
        Ok(())
    }

    fn statement(&mut self, folder: &Path, name: &str) -> Result<(), StoreError> {
        let store = self.ask.store;
        let bytes = match read_file(&folder.join(name), store.budget().gpu_statement_bytes) {
            Ok(bytes) => bytes,
            // Lists of others (Intel's) may lie beside these and are larger.
            Err(FaultKind::TooLarge) => return Ok(()),
            Err(what) => {
                self.refuse(name, what);
                return Ok(());
            }
        };
        let (answers, lists) = (self.wanted.answers.clone(), self.wanted.lists.clone());
        let mut about = false;
        for answer in &answers {
            about |= self.answer(name, &bytes, answer)?;
        }
        for list in &lists {
            about |= self.list(name, &bytes, list)?;
        }
        if !about && is_answer(&bytes, store.budget()) {
            self.imported.unknown.push(name.to_owned());
        }
        Ok(())
    }

    /// Whether it is about this certificate.
    fn answer(&mut self, name: &str, bytes: &[u8], wanted: &WantedAnswer) -> Result<bool, StoreError> {
        let GpuAsk { store, roots, now, .. } = *self.ask;
        let check = |bytes: &[u8]| wanted.check(bytes, None, now, store.budget(), &self.memory);
        let found = match check(bytes) {
            Ok(found) => found,
            Err(AnswerRefused::Form(_) | AnswerRefused::Other) => return Ok(false),
            Err(error) => {
                self.refuse(name, FaultKind::Refused(error.to_string()));
                return Ok(true);
            }
        };
        let place = GpuPlace::Answer(wanted.key());
        let until = (found.status != AnswerStatus::Revoked).then_some(found.until);
        let newer = |kept: &GpuKept| check(&kept.bytes).is_ok_and(|known| known.from > found.from);
        let (known, _faults) = store.gpu_kept(roots, &place)?;
        // An older answer takes the place of none; a revocation counts, however old it is.
        if until.is_none() || !known.iter().any(newer) {
            let url = format!("file {name}");
            store.keep_gpu(roots, &place, &GpuKept { bytes: bytes.to_vec(), url, fetched: now, until })?;
        }
        self.imported.statements.push(format!("{}: {}", wanted.name(), found.status));
        Ok(true)
    }

    /// Whether it is this CA's list.
    fn list(&mut self, name: &str, bytes: &[u8], wanted: &WantedList) -> Result<bool, StoreError> {
        let GpuAsk { store, roots, now, .. } = *self.ask;
        let check = |bytes: &[u8]| wanted.check(bytes, now, store.budget(), &self.memory);
        let found = match check(bytes) {
            Ok(found) => found,
            Err(ListRefused::Form(_) | ListRefused::Other | ListRefused::TooLarge { .. }) => {
                return Ok(false);
            }
            Err(error) => {
                self.refuse(name, FaultKind::Refused(error.to_string()));
                return Ok(true);
            }
        };
        let place = GpuPlace::List(wanted.key());
        let newer = |kept: &GpuKept| check(&kept.bytes).is_ok_and(|known| known.from > found.from);
        let (known, _faults) = store.gpu_kept(roots, &place)?;
        if found.revokes || !known.iter().any(newer) {
            let kept = lists::kept(bytes.to_vec(), format!("file {name}"), &found, self.ask);
            store.keep_gpu(roots, &place, &kept)?;
        }
        self.imported.statements.push(format!("{}: {found}", wanted.name()));
        Ok(true)
    }
}
