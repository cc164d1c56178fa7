//! A folder that appears whole or not at all: it is filled beside its place under a temporary name and then takes the name.

use crate::failure::Failure;
use crate::input::shown;
use crate::interrupt::Unfinished;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use veritee_acquire::registry::Keep;
use veritee_client::Sink;
use veritee_image::Digest;

/// A layout that is being written.
pub(crate) struct Folder {
    given: PathBuf,
    temporary: TempDir,
    unfinished: Unfinished,
    /// Where the blob that comes will stand.
    blob: PathBuf,
    open: Option<BufWriter<File>>,
}

impl Folder {
    /// Begins a folder that is not there yet, or is empty.
    pub(crate) fn begin(given: &Path) -> Result<Self, Failure> {
        let named = given.file_name().is_some() && given != Path::new("-");
        let taken = match std::fs::read_dir(given) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_absent) => given.symlink_metadata().is_ok(),
        };
        if !named || taken {
            return Err(Failure::usage(format!(
                "--output {}: expected the name of a new folder",
                shown(given)
            ))
            .help("name one that is not there yet, or is empty"));
        }
        let parent = given.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = builder()
            .tempdir_in(parent)
            .map_err(|error| Failure::internal(format!("{}: {error}", shown(parent))))?;
        let unfinished = Unfinished::new(temporary.path());
        Ok(Self { given: given.to_owned(), temporary, unfinished, blob: PathBuf::new(), open: None })
    }

    /// Gives it its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { given, temporary, unfinished, .. } = self;
        std::fs::rename(temporary.path(), &given)
            .map_err(|error| Failure::internal(format!("{}: {error}", shown(&given))))?;
        // It has another name now: there is nothing left to remove.
        let _renamed = temporary.keep();
        drop(unfinished);
        Ok(())
    }

    fn part(&self) -> PathBuf {
        self.temporary.path().join(".part")
    }
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".veritee-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The system takes the umask off.
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    builder
}

fn said(error: std::io::Error) -> String {
    error.kind().to_string()
}

impl Sink for Folder {
    fn begin(&mut self) -> Result<(), String> {
        self.open = Some(BufWriter::new(File::create(self.part()).map_err(said)?));
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        match &mut self.open {
            Some(file) => file.write_all(bytes).map_err(said),
            None => Err("nothing was begun".to_owned()),
        }
    }
}

impl Keep for Folder {
    fn next(&mut self, digest: &Digest) {
        // Both are words of ours and digits.
        self.blob = self.temporary.path().join("blobs").join(digest.algorithm().name()).join(digest.hex());
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(file) = self.open.take() else { return Err("nothing was begun".to_owned()) };
        let file = file.into_inner().map_err(|error| said(error.into_error()))?;
        file.sync_all().map_err(said)?;
        if let Some(folder) = self.blob.parent() {
            std::fs::create_dir_all(folder).map_err(said)?;
        }
        std::fs::rename(self.part(), &self.blob).map_err(said)
    }

    fn file(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), String> {
        std::fs::write(self.temporary.path().join(name), bytes).map_err(said)
    }
}
