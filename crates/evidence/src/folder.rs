//! A folder as one input: the evidences of dstack-ingress, or the parts of one machine's evidence, a file each. What each
//! file is, its content says; its name is only for messages.

use crate::draft::merge;
use crate::error::{CertificateProblem, ReadError, Recognised};
use crate::ingress::read_ingress;
use crate::json::Origin;
use crate::parts;
use crate::read::read;
use crate::readout::{Format, Note, Readout};
use crate::same::same_quote;
use crate::stray::holds_quote;
use std::collections::BTreeMap;
use veritee_model::{Budget, Evidence, Item};

/// Files in one folder of parts. There are eleven kinds of parts.
const FILES: usize = 256;

/// Reads a folder, given as its files by name; `name` is what the folder is called.
///
/// Every name and byte is the attacker's. Files that are no part of evidence are named in a note and count for nothing.
///
/// # Errors
/// When a file of a known form cannot be read, when two files speak of two machines, when nothing in it is evidence, or when
/// there are more files or bytes than allowed.
pub fn read_folder(
    name: &str,
    files: &BTreeMap<String, Vec<u8>>,
    budget: &Budget,
) -> Result<Readout, ReadError> {
    if files.contains_key("sha256sum.txt") {
        return read_ingress(name, files, budget);
    }
    let origin = Origin::new(name).recognised(Format::Folder);
    let too_large = |what, limit| ReadError::TooLarge { at: origin.place(), what, limit };
    if files.len() > FILES {
        return Err(too_large("files in the folder", FILES));
    }
    let size = files.values().fold(0_usize, |sum, bytes| sum.saturating_add(bytes.len()));
    if size > budget.input_bytes {
        return Err(too_large("bytes in the folder", budget.input_bytes));
    }
    let mut folder =
        Parts { evidence: Evidence::default(), notes: Vec::new(), passed_over: Vec::new(), budget };
    let mut later = Vec::new();
    for (file, bytes) in files {
        let source = format!("{name}/{file}");
        match read(&source, bytes, budget) {
            // A certificate holds a quote of another moment: it is the machine's where there is no other.
            Ok(readout) if matches!(readout.format, Format::RaTls | Format::Info) => {
                later.push((source, readout));
            }
            Ok(readout) => folder.evidence(&source, readout)?,
            Err(error) => folder.part(file, &source, bytes, error)?,
        }
    }
    for (source, readout) in later {
        folder.with_certificate(&source, readout)?;
    }
    let Parts { evidence, mut notes, passed_over, .. } = folder;
    if evidence == Evidence::default() {
        return Err(ReadError::MissingField { at: origin.place(), field: "quote" });
    }
    notes.extend(Note::passed_over(name, passed_over));
    Ok(Readout::one(Format::Folder, evidence, notes))
}

struct Parts<'b> {
    evidence: Evidence,
    notes: Vec<Note>,
    passed_over: Vec<String>,
    budget: &'b Budget,
}

impl Parts<'_> {
    fn evidence(&mut self, source: &str, readout: Readout) -> Result<(), ReadError> {
        self.notes.extend(readout.notes.iter().cloned());
        let one = readout.select(None).map_err(|error| error.in_input(source))?;
        merge(&mut self.evidence, one, &mut self.notes)
    }

    fn with_certificate(&mut self, source: &str, mut readout: Readout) -> Result<(), ReadError> {
        for machine in &mut readout.machines {
            let same = match (&self.evidence.quote, &machine.evidence.quote) {
                (Some(own), Some(other)) => same_quote(&own.bytes, &other.bytes),
                _ => true,
            };
            if !same {
                machine.evidence.quote = None;
                if readout.format == Format::RaTls {
                    machine.evidence.event_log = None;
                }
            }
        }
        self.evidence(source, readout)
    }

    fn part(&mut self, file: &str, source: &str, bytes: &[u8], error: ReadError) -> Result<(), ReadError> {
        let (evidence, budget) = (&mut self.evidence, self.budget);
        let part = match &error {
            ReadError::OnlyAPart { part, .. } => *part,
            ReadError::Certificate { problem: CertificateProblem::NoQuote, .. } => Recognised::Certificates,
            ReadError::Unrecognised { .. } | ReadError::PlatformUnsupported { .. } => {
                let why = match &error {
                    ReadError::PlatformUnsupported { platform, .. } => format!("{file} ({platform})"),
                    _ => format!("{file} (no known form)"),
                };
                self.passed_over.push(why);
                return Ok(());
            }
            // A side file may have a member of a form's name; what holds no quote is no damaged evidence.
            ReadError::WrongType { .. } | ReadError::MissingField { .. } | ReadError::NoMachine { .. }
                if !holds_quote(bytes, budget) =>
            {
                self.passed_over.push(format!("{file} (no evidence)"));
                return Ok(());
            }
            _ => return Err(error),
        };
        let note = match part {
            Recognised::EventLog | Recognised::Ccel => parts::add_event_log(evidence, bytes, source, budget)?,
            Recognised::AppCompose => parts::add_app_compose(evidence, bytes, source, budget)?,
            Recognised::VmConfig => parts::add_vm_config(evidence, bytes, source, budget)?,
            Recognised::MrConfig => parts::add_mr_config(evidence, bytes, source, budget)?,
            Recognised::Collateral => {
                parts::add_collateral(evidence, bytes, source, budget)?;
                None
            }
            Recognised::Gpus => parts::add_gpus(evidence, bytes, source, budget)?,
            Recognised::GpuManifest => {
                evidence.gpu_collateral.push(Item::new(bytes, source));
                None
            }
            // Chains of Intel's signers lie beside its answers; only the name tells the application's own.
            Recognised::Certificates if file.contains("app") => {
                parts::add_certificates(evidence, bytes, source, budget)?
            }
            _ => {
                self.passed_over.push(format!("{file} ({})", part.name()));
                None
            }
        };
        self.notes.extend(note);
        Ok(())
    }
}
