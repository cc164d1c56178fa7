//! Why two images differ, and how to make each difference go away.

use serde::Serialize;

/// A cause of a difference. Names are stable; new ones may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// The indexes differ: attestations, or other platforms.
    Index,
    /// Layers are packed otherwise.
    Compression,
    /// Media types differ: Docker's or OCI's.
    MediaTypes,
    /// Annotations of the manifest or of its descriptors differ.
    Annotations,
    /// `created` of the config or of its history.
    ConfigTimes,
    /// The history says other steps.
    ConfigHistory,
    /// What is run and how: Env, Cmd, Entrypoint, User and the like.
    ConfigRun,
    /// Labels.
    ConfigLabels,
    /// Other members of the config.
    ConfigOther,
    /// The images are cut into layers otherwise.
    LayerCount,
    /// Entries have other times.
    Times,
    /// Entries stand in another order.
    Order,
    /// Entries have other owners.
    Owner,
    /// One has a hard link where the other has a file of its own.
    HardLinks,
    /// Headers are written in another form.
    TarForm,
    /// One lists a folder that the other leaves to the unpacking.
    FolderEntries,
    /// What is taken away is said otherwise, with the same result.
    Whiteouts,
    /// Bytes behind the archive's end.
    TrailingBytes,
    /// Folders that a builder makes for its own mounts.
    BuildMounts,
    /// apt's caches.
    AptCache,
    /// The linker's cache.
    LinkerCache,
    /// Other caches.
    Caches,
    /// Logs.
    Logs,
    /// Python byte code that differs in the time of its source only.
    PythonByteCode,
    /// The day on which accounts were made.
    AccountAge,
    /// Keys and identifiers that are made anew in each build.
    MachineIdentity,
    /// Files that a build leaves behind.
    TemporaryFiles,
    /// The text of a package database.
    PackageDatabase,
    /// Packages of other versions.
    Packages,
    /// Archives, which hold times of their own.
    Archives,
    /// Permissions.
    Mode,
    /// Extended attributes, capabilities among them.
    Attributes,
    /// A path is something else, or a link leads elsewhere.
    Kind,
    /// Files have other content.
    Contents,
    /// Paths of the deployed image only.
    OnlyDeployed,
    /// Paths of the rebuilt image only.
    OnlyRebuilt,
    /// Content that later layers cover.
    Hidden,
    /// Entries that two readers can take for two things.
    Ambiguous,
}

/// What a cause weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Packing: the image that runs is the same.
    Packing,
    /// What is run and how; nothing of the files.
    Config,
    /// Metadata of files that is explained.
    Metadata,
    /// Content that is known to change from build to build. Not looked into: it can hide anything.
    Noise,
    /// Content.
    Content,
}

impl Cause {
    /// What it weighs.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::Index | Self::Compression | Self::MediaTypes | Self::Annotations => Weight::Packing,
            Self::ConfigTimes
            | Self::ConfigHistory
            | Self::ConfigRun
            | Self::ConfigLabels
            | Self::ConfigOther => Weight::Config,
            Self::LayerCount
            | Self::Times
            | Self::Order
            | Self::Owner
            | Self::HardLinks
            | Self::TarForm
            | Self::FolderEntries
            | Self::Whiteouts
            | Self::TrailingBytes => Weight::Metadata,
            Self::BuildMounts
            | Self::AptCache
            | Self::LinkerCache
            | Self::Caches
            | Self::Logs
            | Self::PythonByteCode
            | Self::AccountAge
            | Self::MachineIdentity
            | Self::TemporaryFiles
            | Self::PackageDatabase
            | Self::Packages
            | Self::Archives => Weight::Noise,
            Self::Mode
            | Self::Attributes
            | Self::Kind
            | Self::Contents
            | Self::OnlyDeployed
            | Self::OnlyRebuilt
            | Self::Hidden
            | Self::Ambiguous => Weight::Content,
        }
    }

    /// What differs, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Index => "the indexes differ; the platform manifest is compared below them",
            Self::Compression => "layers are packed otherwise",
            Self::MediaTypes => "media types differ",
            Self::Annotations => "annotations of the manifest differ",
            Self::ConfigTimes => "times in the config differ",
            Self::ConfigHistory => "the history says other steps",
            Self::ConfigRun => "WHAT IS RUN DIFFERS: environment, command, user or the like",
            Self::ConfigLabels => "labels differ",
            Self::ConfigOther => "other members of the config differ",
            Self::LayerCount => "the images are cut into layers otherwise",
            Self::Times => "times of files differ",
            Self::Order => "entries stand in another order",
            Self::Owner => "owners of files differ",
            Self::HardLinks => "a hard link on one side is a file of its own on the other",
            Self::TarForm => "tar headers are written otherwise",
            Self::FolderEntries => "folders are listed on one side only",
            Self::Whiteouts => "deletions are written otherwise, with the same result",
            Self::TrailingBytes => "bytes behind the end of the archive, which no runtime reads",
            Self::BuildMounts => "empty folders that a builder makes for its mounts",
            Self::AptCache => "apt's binary caches",
            Self::LinkerCache => "the linker's auxiliary cache",
            Self::Caches => "caches",
            Self::Logs => "logs of the build",
            Self::PythonByteCode => "Python byte code differs in the time of its source only",
            Self::AccountAge => "/etc/shadow differs in the day of the last change only",
            Self::MachineIdentity => "keys or identifiers that are made anew in each build",
            Self::TemporaryFiles => "files that the build left behind",
            Self::PackageDatabase => "the text of a package database differs",
            Self::Packages => "packages of other versions",
            Self::Archives => "archives differ, which hold times of their own (not looked into)",
            Self::Mode => "permissions differ",
            Self::Attributes => "extended attributes differ",
            Self::Kind => "a path is something else, or a link leads elsewhere",
            Self::Contents => "files have other content",
            Self::OnlyDeployed => "in the deployed image only",
            Self::OnlyRebuilt => "in the rebuilt image only",
            Self::Hidden => "content differs that later layers cover",
            Self::Ambiguous => "entries that two runtimes can take for two things",
        }
    }

    /// How to make it go away.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Index => {
                "nothing to do: attestations hold the time of the build; for equal indexes build with --provenance=false --sbom=false"
            }
            Self::Compression => {
                "nothing to do: unpacked they are equal; for equal manifests use the tool and version that pushed the deployed image, or oci-mediatypes and compression as it had them"
            }
            Self::MediaTypes => {
                "build with the same oci-mediatypes= and the same store (classic or containerd)"
            }
            Self::Annotations => "give the same --annotation, or none",
            Self::ConfigTimes => {
                "set SOURCE_DATE_EPOCH to the commit's time (buildah: --timestamp or --source-date-epoch)"
            }
            Self::ConfigHistory => {
                "build the same Dockerfile with the same build arguments and the same builder"
            }
            Self::ConfigRun => {
                "build with the same build arguments and base image; if they are the same, ask who changed it"
            }
            Self::ConfigLabels => "give the same --label values; leave out labels with a time",
            Self::ConfigOther => "build with the same builder and version",
            Self::LayerCount => {
                "do not squash or flatten; use the same builder (buildah makes one layer where BuildKit makes many)"
            }
            Self::Times => {
                "set SOURCE_DATE_EPOCH and output with rewrite-timestamp=true (BuildKit 0.13 or later); buildah: --timestamp, or --source-date-epoch with --rewrite-timestamp"
            }
            Self::Order => {
                "use the same builder; archives packed by hand need sorted names (tar --sort=name)"
            }
            Self::Owner => {
                "COPY --chown with numbers; archives packed by hand need --owner=0 --group=0 --numeric-owner"
            }
            Self::HardLinks => "copy from the same file system, or use cp without -l",
            Self::TarForm => {
                "use the same builder and version; archives packed by hand need the same --format"
            }
            Self::FolderEntries => {
                "use the same builder; debootstrap and tar list folders, others leave them out"
            }
            Self::Whiteouts => "build on the same kind of file system (overlay2); opaque marks depend on it",
            Self::TrailingBytes => "archives packed by hand: end them with tar itself, append nothing",
            Self::BuildMounts => "make the folders in the base image, or RUN nothing on a base from scratch",
            Self::AptCache => "rm -rf /var/cache/apt/*.bin /var/lib/apt/lists/* in the same RUN",
            Self::LinkerCache => "rm -f /var/cache/ldconfig/aux-cache in the same RUN",
            Self::Caches => "remove /var/cache in the RUN that fills it",
            Self::Logs => "rm -rf /var/log/* in the RUN that writes them",
            Self::PythonByteCode => "pip install --no-compile, or PYTHONDONTWRITEBYTECODE=1",
            Self::AccountAge => "ARG SOURCE_DATE_EPOCH before the RUN that makes the account",
            Self::MachineIdentity => {
                "remove them from the image and make them at its first start: whoever has the image has the keys"
            }
            Self::TemporaryFiles => "remove them in the RUN that makes them",
            Self::PackageDatabase => "install the same packages in the same order from one snapshot",
            Self::Packages => {
                "pin versions, and install from a snapshot of the archive of that day (snapshot.debian.org)"
            }
            Self::Archives => "make archives with SOURCE_DATE_EPOCH honoured (zip -X, jar --date, ar D)",
            Self::Mode => "build with the same umask and check out with the same file modes; COPY --chmod",
            Self::Attributes => "set capabilities in a RUN, and build on a file system that keeps them",
            Self::Kind => "look at what made the path",
            Self::Contents => {
                "look at the files; times and random values go when the build honours SOURCE_DATE_EPOCH"
            }
            Self::OnlyDeployed | Self::OnlyRebuilt => {
                "look at what made the path: another base image, context or .dockerignore"
            }
            Self::Hidden => "no container sees it; build on the same base image",
            Self::Ambiguous => "pack the layer anew with each path once and without paths through links",
        }
    }
}
