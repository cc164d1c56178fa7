//! PCK certificates of quotes that name their platform by an encrypted PPID.

use super::entry::{load_object, object_path};
use super::folder::PLATFORMS;
use super::{Store, sealed};
use crate::error::{Fault, FaultKind, StoreError};
use crate::platform::{PckAnswer, Platform};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use veritee_model::{Sha256Digest, UnixTime};

const VERSION: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformEntry {
    version: u32,
    root: Sha256Digest,
    platform: Sha256Digest,
    url: String,
    fetched: UnixTime,
    certificate: Sha256Digest,
    chain: Sha256Digest,
}

impl PlatformEntry {
    pub(super) const fn objects(&self) -> [Sha256Digest; 2] {
        [self.certificate, self.chain]
    }
}

impl Store {
    /// The kept PCK certificate of a platform. Not verified: that takes collateral and the quote.
    pub(crate) fn pck(&self, platform: &Platform) -> Result<Result<Option<PckAnswer>, Fault>, StoreError> {
        let reading = self.folder.read_lock()?;
        let name = self.platform_name(platform);
        let fault = |what| Fault { file: format!("{PLATFORMS}/{name}"), what };
        let load = || {
            let bytes = match reading.read(PLATFORMS, &name, sealed::CAP) {
                Err(FaultKind::Missing) => return Ok(None),
                read => read.map_err(fault)?,
            };
            let entry: PlatformEntry = sealed::read(&bytes).map_err(fault)?;
            if entry.version != VERSION {
                return Err(fault(FaultKind::Form(format!("version {}", entry.version))));
            }
            if (entry.root, entry.platform) != (self.root.spki_sha256(), platform.digest()) {
                return Err(fault(FaultKind::Misplaced));
            }
            let text = |digest| {
                let bytes = load_object(&reading, digest, super::chain_cap(&self.budget))?;
                String::from_utf8(bytes).map(Arc::from).map_err(|_utf8| Fault {
                    file: object_path(digest),
                    what: FaultKind::Form("a certificate that is no text".to_owned()),
                })
            };
            Ok(Some(PckAnswer {
                certificate: text(entry.certificate)?,
                chain: text(entry.chain)?,
                url: entry.url,
                fetched: entry.fetched,
            }))
        };
        Ok(load())
    }

    /// Keeps a PCK certificate that was found to belong to the quote.
    pub(crate) fn keep_pck(&self, platform: &Platform, answer: &PckAnswer) -> Result<(), StoreError> {
        let writing = self.folder.write_lock()?;
        writing.sweep()?;
        let entry = PlatformEntry {
            version: VERSION,
            root: self.root.spki_sha256(),
            platform: platform.digest(),
            url: answer.url.clone(),
            fetched: answer.fetched,
            certificate: writing.keep(answer.certificate.as_bytes())?,
            chain: writing.keep(answer.chain.as_bytes())?,
        };
        writing.write(PLATFORMS, &self.platform_name(platform), &sealed::write(&entry))
    }

    fn platform_name(&self, platform: &Platform) -> String {
        let text = format!("veritee platform entry 1\n{}\n{}\n", self.root.spki_sha256(), platform.digest());
        Sha256Digest::of(text.as_bytes()).to_string()
    }
}
