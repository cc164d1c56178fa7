//! Media types.

/// An index, as OCI calls it.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A manifest, as OCI calls it.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An index, as Docker calls it.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// A manifest, as Docker calls it.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// All four, as they stand in `Accept`. A registry that misses one of them answers 404, or converts to schema 1.
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                          application/vnd.docker.distribution.manifest.list.v2+json, \
                          application/vnd.docker.distribution.manifest.v2+json";
/// The layer that a signature of cosign is over.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// A layer with a signed envelope, as cosign up to 2.x has it.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// A statement that nobody signed, as BuildKit has it.
pub const STATEMENT: &str = "application/vnd.in-toto+json";
/// How the media types of Sigstore's bundles begin.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// Whether a media type is that of an index or of a manifest; `None` for any other.
#[must_use]
pub fn is_index(media_type: &str) -> Option<bool> {
    match media_type {
        OCI_INDEX | DOCKER_LIST => Some(true),
        OCI_MANIFEST | DOCKER_MANIFEST => Some(false),
        _ => None,
    }
}

/// Whether a media type is that of a manifest of schema 1, signed or not.
#[must_use]
pub fn is_schema_1(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.docker.distribution.manifest.v1+")
}

/// Whether a layer says something about an image that is read here: a signature, an envelope, a bundle, a statement.
#[must_use]
pub fn is_statement(media_type: &str) -> bool {
    [SIMPLE_SIGNING, ENVELOPE, STATEMENT].contains(&media_type) || media_type.starts_with(BUNDLE)
}
