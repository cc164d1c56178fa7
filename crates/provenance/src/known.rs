//! What is known of an image whose file was read: what the ladder and the audit's rules rest on.

use crate::gather::{Bundle, Said, gather, subjects};
use crate::inside::Inside;
use crate::sigstore::Trust;
use crate::statement::Subjects;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use veritee_audit::{ImageCommit, ImageFacts, ImageHit, ImageRun, TagSeen};
use veritee_base::Budget;
use veritee_compose::{ImageReference, Pin, Span, Value as Text};
use veritee_image::compare::Rung;
use veritee_image::{Digest, Image, ImageError, Origin, nests_deeper};

/// An image whose file was read.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The digests by which a document or a statement can speak of it.
    pub subjects: Subjects,
    /// What its file calls it. That proves nothing.
    pub names: BTreeSet<String>,
    /// What is said of its source.
    pub said: Said,
    /// What stands in it, where that was looked into.
    pub inside: Option<Inside>,
    /// The rung of sameness with an image that the caller built; only one that proves the same content.
    pub rebuilt: Option<Rung>,
    /// How its file was fetched, as the file says: a record of this program, and no proof.
    record: Option<Record>,
    run: Run,
}

/// What the config says of how it is run.
#[derive(Debug, Clone, Default)]
struct Run {
    user: String,
    own: ImageRun,
    on_build: bool,
    revision: Option<String>,
    normalised: Option<String>,
    /// `org.opencontainers.image.source`.
    source: Option<String>,
    /// What BuildKit says that times were rewritten to.
    rewritten: Option<String>,
    /// Arguments that a RUN could see, from the history.
    arguments: BTreeMap<String, String>,
    /// `io.buildah.version`.
    buildah: Option<String>,
    /// Media types of the layers as the manifest was pushed.
    layers: Vec<String>,
}

/// `veritee-fetch.json`.
#[derive(Debug, Clone, Deserialize)]
struct Record {
    reference: String,
    registry: String,
    at: String,
    mirror: bool,
    pinned: bool,
    digest: String,
}

/// The record of a fetch beside an image.
const RECORD: &str = "veritee-fetch.json";
const REVISION: &str = "org.opencontainers.image.revision";
const SOURCE: &str = "org.opencontainers.image.source";

impl Known {
    /// Reads what an image's file says of its source, and with `look_inside` its layers.
    ///
    /// # Errors
    /// A layer is malformed, beyond the budget, or has another digest than its manifest or config says.
    pub fn of(
        image: &Image<'_>,
        bundles: &[Bundle],
        trust: &Trust,
        signers: &[String],
        look_inside: bool,
        budget: &Budget,
    ) -> Result<Self, ImageError> {
        let subjects = subjects(image);
        let inside = look_inside.then(|| Inside::of(image, budget)).transpose()?;
        Ok(Self {
            record: record(image, &subjects, budget),
            said: gather(image, bundles, trust, signers, budget),
            names: image.names.clone(),
            rebuilt: None,
            run: run(image),
            subjects,
            inside,
        })
    }

    /// Whether a digest in a document is its own: by index or platform manifest, in words.
    #[must_use]
    pub fn matches(&self, pin: &Pin) -> Option<&'static str> {
        let Pin::Digest { digest, .. } = pin else { return None };
        let digest = Digest::parse(digest)?;
        if self.subjects.index.as_ref() == Some(&digest) {
            Some("index")
        } else if self.subjects.manifest.as_ref() == Some(&digest) {
            Some("platform manifest")
        } else {
            None
        }
    }

    /// Whether its index or platform manifest has this digest.
    pub(crate) fn has_digest(&self, digest: &str) -> bool {
        let Some(digest) = Digest::parse(digest) else { return false };
        [&self.subjects.index, &self.subjects.manifest].into_iter().any(|own| own.as_ref() == Some(&digest))
    }

    /// Whether it calls itself as a document does that names no digest.
    pub(crate) fn is_called(&self, reference: &ImageReference) -> bool {
        matches!(reference.pin(), Pin::Tag(_) | Pin::Implicit)
            && self.names.contains(&reference.value.effective())
    }

    /// What the audit's rules are told of it, where a document names it by this reference.
    #[must_use]
    pub fn facts(&self, reference: &ImageReference) -> ImageFacts {
        let claims = &self.said.claims;
        let disagreement = claims.disagreements().into_iter().next().map(|(one, other)| {
            format!("{} says {}, {} {}", one.rank.words(), one.commit, other.rank.words(), other.commit)
        });
        let commit = claims
            .strongest()
            .map(|claim| ImageCommit { commit: claim.commit.clone(), by: claim.rank.words().to_owned() });
        let (mut signed, mut failed) = (Vec::new(), Vec::new());
        for line in &self.said.signatures {
            let kind = line.predicate_type.as_deref().unwrap_or("a signature");
            match &line.failed {
                Some(name) => {
                    failed.push(format!("{name}: {}", line.message.as_deref().unwrap_or(&line.from)));
                }
                None => {
                    let who =
                        line.signer.as_ref().and_then(|signer| signer.identity.as_deref()).unwrap_or("a key");
                    signed.push(format!("{kind} by {who}, under {}", line.root.unwrap_or("no root")));
                }
            }
        }
        let public = self.record.as_ref().map(|record| {
            let mirror = if record.mirror { ", a mirror" } else { "" };
            format!(
                "fetched without a password from {}{mirror} at {} (a record beside the file)",
                record.registry, record.at
            )
        });
        let inside = self.inside.as_ref();
        ImageFacts {
            matched: self.matches(&reference.pin()),
            commit,
            disagreement,
            revision: self.run.revision.clone(),
            signed,
            failed,
            public,
            tag: None,
            user: self.run.user.clone(),
            run: self.run.own.clone(),
            on_build: self.run.on_build,
            normalised: self.run.normalised.clone(),
            inside: inside.map(hits).unwrap_or_default(),
            archives: inside.map(|inside| inside.archives.clone()).unwrap_or_default(),
            layers_missing: inside.map_or(0, |inside| inside.missing.len()),
        }
    }

    pub(crate) fn source_label(&self) -> Option<&str> {
        self.run.source.as_deref()
    }

    pub(crate) const fn history_arguments(&self) -> &BTreeMap<String, String> {
        &self.run.arguments
    }

    /// The time to which the build was set, where something shows it.
    pub(crate) fn epoch(&self) -> Option<&str> {
        let stated = self.run.arguments.get("SOURCE_DATE_EPOCH").or(self.run.rewritten.as_ref());
        stated
            .map(String::as_str)
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    pub(crate) const fn is_rewritten(&self) -> bool {
        self.run.rewritten.is_some()
    }

    pub(crate) fn buildah(&self) -> Option<&str> {
        self.run.buildah.as_deref()
    }

    /// Whether the manifest is of OCI's media types; `None` where none was pushed.
    pub(crate) fn has_oci_types(&self) -> Option<bool> {
        let first = self.run.layers.first()?;
        Some(first.starts_with("application/vnd.oci."))
    }

    /// How all layers are packed, in BuildKit's words; `None` where they differ or are not known.
    pub(crate) fn compression(&self) -> Option<&'static str> {
        let name = |media_type: &String| match media_type.rsplit(['.', '+']).next() {
            Some("gzip") => "gzip",
            Some("zstd") => "zstd",
            _ => "uncompressed",
        };
        let mut names = self.run.layers.iter().map(name);
        let first = names.next()?;
        names.all(|other| other == first).then_some(first)
    }

    /// What the tag of a reference led to when this file was fetched by it.
    pub(crate) fn tag_seen(&self, reference: &ImageReference) -> Option<TagSeen> {
        let record = self.record.as_ref().filter(|record| !record.pinned)?;
        let fetched =
            ImageReference::parse(Text::literal_text(&*record.reference, Span::default()), String::new());
        let tag = |one: &ImageReference| one.tag.as_ref().map(|tag| tag.text.clone());
        let same = fetched.full_name() == reference.full_name() && tag(&fetched) == tag(reference);
        (same && tag(reference).is_some())
            .then(|| TagSeen { digest: record.digest.clone(), at: record.at.clone() })
    }
}

fn hits(inside: &Inside) -> Vec<ImageHit> {
    let hit = |found: &crate::inside::Found| ImageHit {
        layer: found.layer,
        place: format!("{}:{}", found.path, found.hit.line),
        kind: found.hit.kind,
        what: found.hit.what.clone(),
        variable: found.hit.variable.clone(),
    };
    inside.found.iter().map(hit).collect()
}

/// The record beside the image, where it speaks of this image.
fn record(image: &Image<'_>, subjects: &Subjects, budget: &Budget) -> Option<Record> {
    let bytes = image.file(RECORD, budget.image_manifest_bytes).ok()??;
    if nests_deeper(&bytes, budget.json_depth) {
        return None;
    }
    let record: Record = serde_json::from_slice(&bytes).ok()?;
    let digest = Digest::parse(&record.digest)?;
    (subjects.index.as_ref() == Some(&digest) || subjects.manifest.as_ref() == Some(&digest))
        .then_some(record)
}

fn run(image: &Image<'_>) -> Run {
    let config = &image.config.value;
    let run = config.get("config");
    let text = |name: &str| run.and_then(|run| run.get(name)).and_then(Value::as_str).unwrap_or_default();
    let list = run.and_then(|run| run.get("OnBuild")).and_then(Value::as_array);
    let labels = run.and_then(|run| run.get("Labels"));
    let label =
        |name: &str| labels.and_then(|labels| labels.get(name)).and_then(Value::as_str).map(str::to_owned);
    let manifest = image.manifest.as_ref().map(|(_, manifest)| manifest);
    let annotation = |name: &str| manifest.and_then(|manifest| manifest.annotations.get(name).cloned());
    // What `docker save` made up says nothing of how it was pushed.
    let pushed = manifest.filter(|_| image.origin == Origin::Layout);
    let layers = pushed.into_iter().flat_map(|manifest| &manifest.layers);
    Run {
        user: text("User").to_owned(),
        own: own(run),
        on_build: list.is_some_and(|list| !list.is_empty()),
        revision: label(REVISION).or_else(|| annotation(REVISION)),
        source: label(SOURCE).or_else(|| annotation(SOURCE)),
        normalised: normalised(image),
        rewritten: layers.clone().find_map(|layer| layer.annotations.get(REWRITTEN).cloned()),
        arguments: arguments(config),
        buildah: label("io.buildah.version"),
        layers: layers.map(|layer| layer.media_type.clone()).collect(),
    }
}

/// Environment, entry point and arguments of a config. Go reads members whatever their case.
fn own(run: Option<&Value>) -> ImageRun {
    let list = |name: &str| {
        let members = run.and_then(Value::as_object).into_iter().flatten();
        let lists =
            members.filter(|(key, _)| key.eq_ignore_ascii_case(name)).filter_map(|(_, list)| list.as_array());
        lists.flatten().filter_map(Value::as_str).collect::<Vec<&str>>()
    };
    let literal = |text: &str| Text::literal_text(text, Span::default());
    let variable =
        |entry: &&str| entry.split_once('=').map(|(name, value)| (name.to_owned(), literal(value)));
    ImageRun {
        environment: list("Env").iter().filter_map(variable).collect(),
        entry_point: list("Entrypoint").into_iter().map(literal).collect(),
        command: list("Cmd").into_iter().map(literal).collect(),
    }
}

/// What BuildKit writes beside a layer whose times it has rewritten.
const REWRITTEN: &str = "buildkit/rewritten-timestamp";

/// Arguments in the history: `RUN |2 A=b C=d /bin/sh -c …`. A value with a space cannot be told from its end, and is left out
/// with all behind it.
fn arguments(config: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let history = config.get("history").and_then(Value::as_array).into_iter().flatten();
    for step in history.filter_map(|step| step.get("created_by").and_then(Value::as_str)) {
        let Some(rest) = step.strip_prefix("RUN |").or_else(|| step.strip_prefix('|')) else { continue };
        let Some((count, rest)) = rest.split_once(' ') else { continue };
        let Ok(count) = count.parse::<usize>() else { continue };
        for word in rest.split(' ').take(count) {
            let Some((name, value)) = word.split_once('=') else { break };
            out.insert(name.to_owned(), value.to_owned());
        }
    }
    out
}

/// By BuildKit's mark beside the layers, or by what buildah leaves in the history.
fn normalised(image: &Image<'_>) -> Option<String> {
    let layers = image.manifest.iter().flat_map(|(_, manifest)| &manifest.layers);
    if let Some(to) = layers.into_iter().find_map(|layer| layer.annotations.get(REWRITTEN)) {
        return Some(format!("BuildKit rewrote times to {to} at most"));
    }
    let history = image.config.value.get("history").and_then(Value::as_array).into_iter().flatten();
    let steps = history.filter_map(|step| step.get("created_by").and_then(Value::as_str));
    let marked =
        steps.into_iter().find(|step| step.contains("|force-mtime=") || step.contains("|clamp-mtime="));
    marked.map(|_| "buildah set the times (its mark in the history)".to_owned())
}

#[cfg(test)]
mod tests;
