//! How to build an image again, as far as provenance, history and layers say. What none of them says is a question, and no
//! guess is made.
//!
//! Everything here is the word of whoever made the image, and goes into a shell: each word is quoted, and one with control
//! characters becomes a question.

use crate::build::Context;
use crate::commit::Claim;
use crate::known::Known;
use serde::Serialize;
use std::collections::BTreeMap;
use veritee_compose::ImageReference;

/// How to build an image again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// The reference as it stands in the compose.
    pub reference: String,
    /// Lines for a shell, in order.
    pub commands: Vec<String>,
    /// Base images and other inputs by digest, which the build has to meet.
    pub inputs: Vec<String>,
    /// What is known of the builder.
    pub builder: Vec<String>,
    /// What nothing says.
    pub questions: Vec<String>,
}

impl Recipe {
    /// What is known, put in order.
    #[must_use]
    pub fn new(reference: &ImageReference, known: &Known, commit: Option<&Claim>, platform: &str) -> Self {
        let mut recipe = Self { reference: reference.value.effective(), ..Self::default() };
        recipe.source(known, commit);
        let entry = recipe.dockerfile(known);
        let arguments = recipe.arguments(known);
        recipe.build(known, entry.as_deref(), &arguments, platform);
        recipe.inputs(known);
        recipe.builder(known);
        let deployed = word(&recipe.reference).unwrap_or_else(|| "REFERENCE".to_owned());
        recipe.commands.push(format!("veritee image fetch {deployed} --layers -o deployed"));
        recipe.commands.push("veritee image compare deployed rebuilt.tar".to_owned());
        recipe
    }

    fn ask(&mut self, question: impl Into<String>) {
        self.questions.push(question.into());
    }

    fn source(&mut self, known: &Known, commit: Option<&Claim>) {
        let labelled = known.source_label();
        let repository = commit.and_then(|claim| claim.repository.as_deref()).or(labelled);
        match repository.filter(|text| text.contains("://")).and_then(word) {
            Some(repository) => self.commands.push(format!("git clone {repository} source && cd source")),
            None => self.ask("which repository? neither provenance nor a label names one with its address"),
        }
        match commit {
            // Hex digits: nothing to quote.
            Some(claim) => self.commands.push(format!("git checkout {}", claim.commit)),
            None => self.ask("which commit? nothing names one"),
        }
    }

    fn dockerfile(&mut self, known: &Known) -> Option<String> {
        let build = known.said.builds.iter().find(|build| build.buildkit);
        match build.and_then(|build| build.entry.as_deref()) {
            Some(entry) => word(entry),
            None => {
                self.ask("which Dockerfile? no statement of BuildKit names it; `Dockerfile` is what it takes by itself");
                None
            }
        }
    }

    /// Arguments of the statement, else those that the history shows.
    fn arguments(&mut self, known: &Known) -> BTreeMap<String, String> {
        let mut arguments = known.history_arguments().clone();
        let stated = known.said.builds.iter().find(|build| build.buildkit && !build.arguments.is_empty());
        for (name, value) in stated.into_iter().flat_map(|build| &build.arguments) {
            if let Some(name) = name.strip_prefix("build-arg:") {
                arguments.insert(name.to_owned(), value.clone());
            }
        }
        if stated.is_none() {
            self.ask(
                "are there further build arguments? the statement leaves them out (mode=min), and the history shows only \
                 those that a RUN could see",
            );
        }
        if let Some(epoch) = known.epoch() {
            arguments.insert("SOURCE_DATE_EPOCH".to_owned(), epoch.to_owned());
        }
        arguments
    }

    fn build(
        &mut self,
        known: &Known,
        entry: Option<&str>,
        arguments: &BTreeMap<String, String>,
        platform: &str,
    ) {
        let mut line = format!("docker buildx build --platform {platform}");
        if let Some(entry) = entry {
            line.push_str(&format!(" --file {entry}"));
        }
        for (name, value) in arguments {
            match word(&format!("{name}={value}")) {
                Some(word) => line.push_str(&format!(" --build-arg {word}")),
                None => {
                    self.ask(format!("what is the value of {name}? it has characters that no line can hold"));
                }
            }
        }
        if !arguments.contains_key("SOURCE_DATE_EPOCH") {
            self.ask("which SOURCE_DATE_EPOCH? without it times differ, and S1 is the best that a rebuild can reach");
        }
        // A statement holds the time of its build, so that no two indexes are equal that have one.
        line.push_str(" --provenance=false --sbom=false --output type=oci,dest=rebuilt.tar");
        if known.is_rewritten() {
            line.push_str(",rewrite-timestamp=true");
        }
        match known.has_oci_types() {
            Some(true) => line.push_str(",oci-mediatypes=true"),
            Some(false) => line.push_str(",oci-mediatypes=false"),
            None => self.ask("which media types? the file has no manifest as it was pushed"),
        }
        match known.compression() {
            Some(name) => line.push_str(&format!(",compression={name}")),
            None => self.ask("how are the layers packed? they are not all packed alike, or are not known"),
        }
        line.push_str(" .");
        self.commands.push(line);
    }

    fn inputs(&mut self, known: &Known) {
        let build = known.said.builds.iter().find(|build| build.buildkit);
        let materials = build.into_iter().flat_map(|build| &build.materials);
        for (uri, digests) in materials.filter(|(uri, _)| uri.starts_with("pkg:docker/")) {
            self.inputs.push(format!("{uri}: {}", digests.join(", ")));
        }
        match build {
            Some(build) if !build.complete => {
                self.ask("are these all inputs? the builder does not vouch that its list is complete");
            }
            Some(_) => {}
            None => self.ask("which base images, by digest? no statement of BuildKit lists them"),
        }
        self.ask("does the Dockerfile install packages? from a snapshot of which day?");
    }

    fn builder(&mut self, known: &Known) {
        if let Some(version) = known.buildah() {
            self.builder.push(format!(
                "buildah {version}, not BuildKit: use `buildah build` with the same arguments"
            ));
        }
        match known.said.builds.iter().find(|build| build.buildkit) {
            Some(build) => {
                self.builder.push(format!("BuildKit {}", build.versions()));
                if let Context::Local { .. } = build.context {
                    self.builder.push("it took local files, not a repository by its address".to_owned());
                    self.ask("was the work tree clean? local files may differ from every commit");
                }
            }
            None if known.buildah().is_none() => self.ask("which builder, of which version?"),
            None => {}
        }
    }
}

/// A word for a shell; `None` for one with control characters.
fn word(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) || text.is_empty() {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@=+,".contains(c);
    let is_plain = text.chars().all(plain) && !text.starts_with('-');
    Some(if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_leaves_its_quotes() {
        for (text, expected) in [
            ("https://example.invalid/org/app", Some("https://example.invalid/org/app")),
            ("A=b c", Some("'A=b c'")),
            ("x'; rm -rf /; '", Some("'x'\\''; rm -rf /; '\\'''")),
            ("$(id)", Some("'$(id)'")),
            ("--upload-pack=x", Some("'--upload-pack=x'")),
            ("a\nb", None),
            ("", None),
        ] {
            assert_eq!(word(text).as_deref(), expected, "{text:?}");
        }
    }
}
