//! What must not stand inside an image: every layer's text files and the environment, by layer and path.
//!
//! A file that a later layer deletes or covers is looked at as well: whoever has the image has it. Not looked into are
//! binaries, archives inside the image (a jar's settings among them), files beyond the budget's size for one text file, and
//! text that is not UTF-8; how many files that were is counted.

use serde::Serialize;
use serde_json::Value;
use veritee_audit::{InsideHit, inside_setting, inside_text};
use veritee_base::Budget;
use veritee_image::{Image, ImageError, Meter, Visitor};

/// Where something was found, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The layer, from 0; `None` for the config's environment.
    pub layer: Option<usize>,
    /// The path in the layer, or `config.Env`.
    pub path: String,
    /// What stands there.
    #[serde(flatten)]
    pub hit: InsideHit,
}

/// What an image holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Inside {
    /// What was found, in the order of layers and paths as the archives have them.
    pub found: Vec<Found>,
    /// Text files that were read.
    pub read: u64,
    /// Files that were not looked into.
    pub passed_over: u64,
    /// Names of archives among them, the first few: settings inside them are not seen.
    pub archives: Vec<String>,
    /// More was found than is listed.
    pub cut: bool,
    /// Layers that are not in the file.
    pub missing: Vec<usize>,
}

/// Archives that are named.
const NAMED: usize = 20;

impl Inside {
    /// Reads every layer that is there.
    ///
    /// # Errors
    /// A layer is malformed, beyond the budget, or has another digest than its manifest or config says.
    pub fn of(image: &Image<'_>, budget: &Budget) -> Result<Self, ImageError> {
        let mut inside = Self::default();
        inside.environment(&image.config.value, budget);
        let mut meter = Meter::new(budget);
        for layer in 0..image.layers.len() {
            if !image.has_layer(layer) {
                inside.missing.push(layer);
                continue;
            }
            let mut reader =
                Reader { inside: &mut inside, layer, budget, path: String::new(), bytes: Vec::new() };
            image.layer(layer, Some(&mut reader), &mut meter)?;
        }
        Ok(inside)
    }

    fn environment(&mut self, config: &Value, budget: &Budget) {
        let run = config.get("config").and_then(Value::as_object).into_iter().flatten();
        // Go reads members whatever their case.
        let lists = run.filter(|(name, _)| name.eq_ignore_ascii_case("Env"));
        let entries = lists.filter_map(|(_, list)| list.as_array()).flatten().filter_map(Value::as_str);
        for (number, entry) in entries.enumerate() {
            let Some((name, value)) = entry.split_once('=') else { continue };
            let line = number.saturating_add(1);
            let key = inside_text("config.Env", value, 1).into_iter().next();
            let key = key.map(|hit| InsideHit { what: format!("{name}: {}", hit.what), ..hit });
            if let Some(hit) = key.or_else(|| inside_setting(name, value, line)) {
                let hit = InsideHit { line, variable: Some(name.to_owned()), ..hit };
                self.add(Found { layer: None, path: "config.Env".to_owned(), hit }, budget);
            }
        }
    }

    fn add(&mut self, found: Found, budget: &Budget) {
        match self.found.len() < budget.findings_per_rule {
            true => self.found.push(found),
            false => self.cut = true,
        }
    }
}

struct Reader<'r> {
    inside: &'r mut Inside,
    layer: usize,
    budget: &'r Budget,
    path: String,
    bytes: Vec<u8>,
}

impl Visitor for Reader<'_> {
    fn file(&mut self, path: &[u8], size: u64) -> bool {
        self.path = String::from_utf8_lossy(path).into_owned();
        self.bytes.clear();
        let fits = usize::try_from(size).is_ok_and(|size| size <= self.budget.source_file_bytes);
        if !fits {
            self.pass_over();
        }
        fits
    }

    fn content(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    fn end(&mut self) -> Option<[u8; 32]> {
        let bytes = core::mem::take(&mut self.bytes);
        match core::str::from_utf8(&bytes) {
            Ok(text) if !bytes.contains(&0) => {
                self.inside.read = self.inside.read.saturating_add(1);
                let left = self.budget.findings_per_rule.saturating_add(1);
                for hit in inside_text(&self.path, text, left) {
                    let found = Found { layer: Some(self.layer), path: self.path.clone(), hit };
                    self.inside.add(found, self.budget);
                }
            }
            _ => self.pass_over(),
        }
        None
    }
}

impl Reader<'_> {
    fn pass_over(&mut self) {
        self.inside.passed_over = self.inside.passed_over.saturating_add(1);
        let is_archive =
            [".jar", ".war", ".zip", ".whl", ".tar", ".gz"].iter().any(|end| self.path.ends_with(end));
        if is_archive && self.inside.archives.len() < NAMED {
            self.inside.archives.push(self.path.clone());
        }
    }
}
