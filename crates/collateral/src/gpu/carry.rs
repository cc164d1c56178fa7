//! NVIDIA's statements as files, for a machine without network, and back.

use super::{GpuKept, GpuPlace};
use crate::error::{Error, Fault, FaultKind};
use crate::store::{Store, failed, read_file, write_public};
use std::path::Path;
use veritee_gpu::manifest::{Manifest, from_service};
use veritee_gpu::{Memory, Roots};
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

/// Manifests that were read into a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct GpuImported {
    /// Identifiers that they are kept under.
    pub ids: Vec<String>,
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
        };
        write_public(folder, &name, &kept.bytes)?;
        written.push(CarriedFile { name, bytes: kept.bytes.len(), sha256, until: kept.until });
    }
    Ok(written)
}

/// Takes the manifests of a folder (`*.xml`, `*.swidtag`, or the service's `*.rim.json`) into the store, each verified
/// first; expired ones too.
///
/// The file's name says under which identifier it is asked for, which its signed text does not; what it is for, its text
/// says wherever it is used. Answers about revocation are not taken: they verify with the chain of a device only.
///
/// # Errors
/// When the folder cannot be read, or the store cannot be written.
pub fn import_gpus(store: &Store, roots: &Roots, folder: &Path, now: UnixTime) -> Result<GpuImported, Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed("list", folder))? {
        let entry = entry.map_err(failed("list", folder))?;
        names.extend(entry.file_name().to_str().map(str::to_owned));
    }
    names.sort_unstable();
    let (mut imported, memory) = (GpuImported::default(), Memory::new());
    for name in names {
        let stem = [".xml", ".swidtag", ".rim.json"].into_iter().find_map(|end| name.strip_suffix(end));
        let Some(stem) = stem else { continue };
        let refused = |what| Fault { file: name.clone(), what };
        let cap = store.budget().gpu_manifest_bytes.saturating_mul(2);
        let bytes = match read_file(&folder.join(&name), cap) {
            Ok(bytes) => from_service(&bytes).into_owned(),
            Err(what) => {
                imported.refused.push(refused(what));
                continue;
            }
        };
        let id = stem.split(MARK).next().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if id.is_empty() || id.len() > 128 || !id.bytes().all(plain) {
            imported
                .refused
                .push(refused(FaultKind::Form("its name is no identifier of a manifest".to_owned())));
            continue;
        }
        let until = match Manifest::verify(&bytes, roots, now, store.budget(), &memory) {
            Ok(manifest) => manifest.not_after(),
            Err(error) if matches!(error.reason(), Reason::GpuRimExpired | Reason::GpuRimNotYetValid) => now,
            Err(error) => {
                imported.refused.push(refused(FaultKind::Refused(error.to_string())));
                continue;
            }
        };
        let kept = GpuKept { bytes, url: format!("file {name}"), fetched: now, until: Some(until) };
        store.keep_gpu(roots, &GpuPlace::Manifest(id.to_ascii_uppercase()), &kept)?;
        imported.ids.push(id.to_ascii_uppercase());
    }
    Ok(imported)
}
