//! What the rules look at: the deployment, the source, the facts beside them.

use crate::context::Context;
use crate::facts::switches;
use crate::facts::{exposure, mounts};
use crate::image::Image;
use crate::image_facts::ImageFacts;
use crate::judged::Judged;
use crate::script::{Script, ScriptCommand, Write};
use crate::source::Source;
use crate::source::dockerfile::{Build, Origin};
use crate::source::kind::FileKind;
use crate::told::Told;
use crate::view::{Service, View};
use core::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::Provenance;
use veritee_model::{Place, Sha256Digest};

/// How a variable reaches the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Supply {
    /// No deployment was given, or a file hands over values that are not known.
    Unknown,
    /// No service gets it, or what it gets is empty.
    Absent,
    /// Its value is fixed by the document.
    Literal,
    /// Somebody outside chooses it.
    Operator,
}

/// File, path and line.
type Spot = (String, String, Option<u32>);

/// What one variable is for, by the provenance of the uses that were looked at.
type ByProvenance = Vec<(Option<Provenance>, Judged)>;

pub(crate) struct Subject<'a> {
    pub(crate) context: &'a Context,
    pub(crate) view: Option<View<'a>>,
    pub(crate) source: Option<Source<'a>>,
    builds: Vec<Build>,
    images: Vec<Image<'a>>,
    open_inputs: OnceCell<BTreeSet<(String, String)>>,
    mutable: OnceCell<BTreeSet<String>>,
    exposures: OnceCell<Vec<(Place, String)>>,
    told: OnceCell<Told>,
    values: OnceCell<BTreeMap<String, String>>,
    supplied: OnceCell<Supplied>,
    /// Positions of the scripts and of the files of the tree, by name.
    texts: OnceCell<(BTreeMap<String, usize>, BTreeMap<String, usize>)>,
    /// What stands at places whose text is long: hashed once, however many findings there are.
    hashed: RefCell<BTreeMap<Spot, String>>,
    /// What variables are for, by name and provenance.
    judged: RefCell<BTreeMap<String, ByProvenance>>,
}

/// How names reach the services: asked for each name that code reads.
#[derive(Default)]
struct Supplied {
    names: BTreeMap<String, Given>,
    /// Position of the last service with a file of variables. It may hand over anything: not known, and never an excuse.
    last_file: Option<usize>,
}

#[derive(Default)]
struct Given {
    by_operator: bool,
    /// Position of the last service that sets it to a text.
    last_literal: Option<usize>,
}

impl Supplied {
    fn of(view: &View<'_>) -> Self {
        let mut supplied = Self::default();
        for (at, service) in view.active().enumerate() {
            if service.has("env_file") {
                supplied.last_file = Some(at);
            }
            for entry in &service.environment {
                let provenance = entry.value.provenance();
                let given = supplied.names.entry(entry.name.to_ascii_lowercase()).or_default();
                if provenance.is_settable() {
                    given.by_operator = true;
                } else if provenance != Provenance::Unset && !entry.value.effective().is_empty() {
                    given.last_literal = Some(at);
                }
            }
        }
        supplied
    }
}

/// The build arguments of a service; `None` for one that somebody outside chooses, or that has no value here.
fn build_arguments(service: &Service<'_>) -> BTreeMap<String, Option<String>> {
    let arguments = service.entry.build.iter().flat_map(|build| &build.args);
    arguments
        .map(|argument| {
            let value = argument.value.as_ref().filter(|value| !value.is_settable());
            (argument.key.text.clone(), value.map(|value| value.effective()))
        })
        .collect()
}

impl<'a> Subject<'a> {
    pub(crate) fn new(context: &'a Context, view: Option<View<'a>>, source: Option<Source<'a>>) -> Self {
        let mut builds = Vec::new();
        for file in source.iter().flat_map(|source| &source.files) {
            if file.kind == FileKind::Dockerfile {
                let origin = Origin {
                    place: file.whole(),
                    in_machine: false,
                    test_like: file.test_like,
                    arguments: BTreeMap::new(),
                };
                builds.push(Build::new(&file.text, origin, &context.budget));
            }
        }
        let mut images = Vec::new();
        for service in view.iter().flat_map(View::active) {
            if let Some(inline) = service.scalar("build.dockerfile_inline") {
                let arguments = build_arguments(service);
                let origin =
                    Origin { place: inline.place.clone(), in_machine: true, test_like: false, arguments };
                builds.push(Build::new(&inline.effective(), origin, &context.budget));
            } else if let Some(image) = service.image().filter(|_| !service.has("build")) {
                images.push(Image::of(image, service.name));
            }
            let volumes = service.mounts.iter().filter(|mount| mounts::kind(mount) == mounts::Kind::Image);
            images.extend(volumes.map(|mount| Image::of(mounts::source(service, mount), service.name)));
        }
        Self {
            context,
            view,
            source,
            builds,
            images,
            open_inputs: OnceCell::new(),
            mutable: OnceCell::new(),
            exposures: OnceCell::new(),
            told: OnceCell::new(),
            values: OnceCell::new(),
            supplied: OnceCell::new(),
            texts: OnceCell::new(),
            hashed: RefCell::default(),
            judged: RefCell::default(),
        }
    }

    /// What a variable is for where uses of one provenance are looked at: answered once.
    pub(crate) fn judged(
        &self,
        name: &str,
        provenance: Option<Provenance>,
        answer: impl FnOnce() -> Judged,
    ) -> Judged {
        let known = |judged: &ByProvenance| {
            judged.iter().find(|(of, _)| *of == provenance).map(|(_, judged)| judged.clone())
        };
        if let Some(judged) = self.judged.borrow().get(name).and_then(known) {
            return judged;
        }
        let judged = answer();
        self.judged.borrow_mut().entry(name.to_owned()).or_default().push((provenance, judged.clone()));
        judged
    }

    pub(crate) fn has_builds(&self) -> bool {
        !self.builds.is_empty()
    }

    /// Dockerfiles that build what runs.
    pub(crate) fn live_builds(&self) -> impl Iterator<Item = &Build> {
        self.builds.iter().filter(|build| !build.origin.test_like)
    }

    /// Places (file and path) of builds that take in something that is not fixed, as rules about builds found.
    pub(crate) fn open_inputs(&self) -> Option<&BTreeSet<(String, String)>> {
        self.open_inputs.get()
    }

    /// Notes what the rules about builds found, once.
    pub(crate) fn set_open_inputs(&self, places: impl Iterator<Item = Place>) {
        self.open_inputs.get_or_init(|| places.map(|place| (place.file, place.path)).collect());
    }

    /// Notes what all rules but the last spoke of, once.
    pub(crate) fn set_told(&self, told: Told) {
        self.told.get_or_init(|| told);
    }

    /// What they spoke of; `None` while they are asked.
    pub(crate) fn told(&self) -> Option<&Told> {
        self.told.get()
    }

    /// Places where a container or a file gets every variable at once; found once.
    pub(crate) fn exposures(&self) -> &[(Place, String)] {
        self.exposures.get_or_init(|| self.view.as_ref().map(exposure::exposures).unwrap_or_default())
    }

    /// What stands at a place of the documents: the text, or the hash of a long one. `otherwise` stands for what has no
    /// text of its own.
    pub(crate) fn stands_at(&self, place: &Place, otherwise: &str) -> String {
        let values = self.values.get_or_init(|| self.view.as_ref().map(values).unwrap_or_default());
        if let Some(text) = values.get(&place.path).filter(|_| !place.path.is_empty()) {
            return self.exactly(place, text);
        }
        let (scripts, files) = self.texts.get_or_init(|| self.positions());
        let script = || self.view.as_ref()?.scripts.get(*scripts.get(&place.file)?);
        let file = || self.source.as_ref()?.files.get(*files.get(&place.file)?);
        if let Some(script) = script().filter(|script| *place == script.place) {
            let whole = Place { line: None, ..place.clone() };
            return self.hashed_at(&whole, script.text());
        }
        let lines = script().map(|script| (script.text(), script.lines()));
        let lines = lines.or_else(|| file().map(|file| (file.text.as_str(), file.lines())));
        let line = lines
            .zip(place.line)
            .and_then(|((text, lines), line)| lines.get(text, usize::try_from(line).ok()?.checked_sub(1)?));
        match line {
            Some(line) => self.exactly(place, line.trim()),
            None if is_long(otherwise) => hash(otherwise),
            None => otherwise.to_owned(),
        }
    }

    fn positions(&self) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
        let (mut scripts, mut files) = (BTreeMap::new(), BTreeMap::new());
        for (at, script) in self.view.iter().flat_map(|view| &view.scripts).enumerate() {
            scripts.entry(script.key.to_owned()).or_insert(at);
        }
        for (at, file) in self.source.iter().flat_map(|source| &source.files).enumerate() {
            files.entry(file.path.clone()).or_insert(at);
        }
        (scripts, files)
    }

    /// The text of a place, or the hash of one that is long or has several lines.
    fn exactly(&self, place: &Place, text: &str) -> String {
        if is_long(text) { self.hashed_at(place, text) } else { text.to_owned() }
    }

    /// The hash of what stands at a place and nowhere else.
    fn hashed_at(&self, place: &Place, text: &str) -> String {
        let key = (place.file.clone(), place.path.clone(), place.line);
        self.hashed.borrow_mut().entry(key).or_insert_with(|| hash(text)).clone()
    }

    /// Services whose image can change without a trace in the document; computed once.
    pub(crate) fn mutable_services(&self) -> &BTreeSet<String> {
        self.mutable.get_or_init(|| {
            let mutable = self.images.iter().filter(|image| image.is_mutable());
            mutable.map(|image| image.service.to_owned()).collect()
        })
    }

    /// Images of active services that are pulled, in order.
    pub(crate) fn images(&self) -> &[Image<'a>] {
        &self.images
    }

    /// What was read of the file of an image.
    pub(crate) fn facts_of(&self, image: &Image<'_>) -> Option<&'a ImageFacts> {
        self.context.images.get(&*image.text)
    }

    /// Images whose file has the digest that the document pins, or calls itself as the document does.
    pub(crate) fn read_images(&self) -> impl Iterator<Item = (&Image<'a>, &'a ImageFacts)> {
        self.images.iter().filter_map(|image| Some((image, self.facts_of(image)?)))
    }

    /// Those of them that nobody outside chooses.
    pub(crate) fn fixed_images(&self) -> impl Iterator<Item = &Image<'a>> {
        self.images.iter().filter(|image| !image.settable)
    }

    /// All commands of all scripts, with the script of each.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (&Script<'a>, &ScriptCommand)> {
        let scripts = self.view.iter().flat_map(|view| &view.scripts);
        scripts.flat_map(|script| script.commands().iter().map(move |item| (script, item)))
    }

    /// All files that scripts write.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        self.view.iter().flat_map(|view| &view.scripts).flat_map(Script::writes)
    }

    /// The commit of the source tree, or the one that the caller knows.
    pub(crate) fn commit(&self) -> Option<String> {
        self.source.as_ref().and_then(|source| source.tree.head()).or_else(|| self.context.commit.clone())
    }

    /// Hash of the document, or the one that the caller knows.
    pub(crate) fn hash(&self) -> Option<veritee_model::ComposeHash> {
        self.view.as_ref().and_then(View::hash).or(self.context.compose_hash)
    }

    pub(crate) fn compose_hash(&self) -> Option<String> {
        self.hash().map(|hash| hash.to_string())
    }

    /// The document is the measured one: bound by its hash, under a log that the caller verified.
    pub(crate) fn is_attested(&self) -> bool {
        let same = match (self.view.as_ref().and_then(View::hash), self.context.compose_hash) {
            (Some(document), Some(measured)) => document == measured,
            _ => true,
        };
        self.context.attested && same && self.view.as_ref().is_some_and(View::is_bound)
    }

    pub(crate) fn compose_text(&self) -> Option<&str> {
        self.view.as_ref()?.text()
    }

    /// How a variable that code reads is supplied.
    pub(crate) fn supply(&self, name: &str) -> Supply {
        let Some(view) = self.view.as_ref().filter(|view| view.has_services()) else {
            return Supply::Unknown;
        };
        let supplied = self.supplied.get_or_init(|| Supplied::of(view));
        let Some(given) = supplied.names.get(&name.to_ascii_lowercase()) else {
            return if supplied.last_file.is_some() { Supply::Unknown } else { Supply::Absent };
        };
        match (given.by_operator, given.last_literal, supplied.last_file) {
            (true, ..) => Supply::Operator,
            // A file of the same service stands under what the service sets itself.
            (_, Some(literal), file) if file.is_none_or(|file| literal >= file) => Supply::Literal,
            (_, _, Some(_)) => Supply::Unknown,
            _ => Supply::Absent,
        }
    }

    /// Names, values and images that tell what the application leans on, each with its place.
    pub(crate) fn dependency_texts(&self) -> Vec<(String, Place)> {
        let mut texts = Vec::new();
        for service in self.view.iter().flat_map(View::active) {
            for entry in &service.environment {
                // `ENABLE_OPENAI_API=false` says that it is not used.
                let words = crate::names::words(entry.name);
                let unused =
                    entry.value.fixed().is_some_and(|text| switches::is_off(&text.to_ascii_lowercase()))
                        && words.iter().any(|word| matches!(word.as_str(), "ENABLE" | "ENABLED" | "USE"));
                if unused || entry.value.fixed().is_some_and(|text| text.is_empty()) {
                    continue;
                }
                let text = format!("{}={}", entry.name, entry.value.effective());
                texts.push((text, entry.value.place.clone()));
            }
            if let Some(image) = service.image() {
                texts.push((image.effective(), image.place.clone()));
            }
        }
        texts
    }
}

/// Longest text that is held as it is, in characters.
const HELD: usize = 200;

fn is_long(text: &str) -> bool {
    text.contains('\n') || text.chars().nth(HELD).is_some()
}

fn hash(text: &str) -> String {
    format!("sha256:{}", Sha256Digest::of(text.as_bytes()))
}

/// Every text of the deployment by its path.
fn values(view: &View<'_>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for member in view.manifest().iter().flat_map(|manifest| manifest.members()) {
        values.insert(member.key.clone(), member.node.shown());
    }
    for (path, value) in &view.globals {
        values.insert(path.clone(), value.raw.to_owned());
    }
    for service in &view.services {
        // What stands in an image is not shown by any document: here it is known by its hash alone.
        let of_image = format!("{}.image.", service.place.path);
        let shown = |place: &Place, text: &str| match place.path.starts_with(&of_image) {
            true => hash(text),
            false => text.to_owned(),
        };
        let fields = service.fields.iter().map(|(_, field)| field);
        for field in fields.chain(service.ports.iter().map(|port| &port.value)) {
            values.insert(field.place.path.clone(), shown(&field.place, field.raw));
        }
        // With the name: the same text under another one is something else.
        for entry in &service.environment {
            let named = format!("{}={}", entry.name, entry.value.raw);
            let text = if entry.bare || entry.name_settable { entry.value.raw.to_owned() } else { named };
            values.insert(entry.value.place.path.clone(), shown(&entry.value.place, &text));
        }
    }
    values
}
