//! One session: questions in a row, and what they have in common.

use crate::{ABI, Answer, Form, Judging, Named, Problem, Question, asked, expected, paired};
use serde_json::{Value, json};
use veritee_model::text::inert_json;
use veritee_model::{Budget, Report, Sha256Digest, UnixTime};
use veritee_offline::{AsOf, Error, File, Role, Rules, Run};
use veritee_quote::{Quote, VerifiedQuote};
use veritee_report::HumanOptions;
use veritee_verify::QuoteAlone;

/// Parts of an answer: what is said in short, then a place for each [`Form`].
type Parts = Result<Vec<String>, Problem>;

/// Questions in a row. The rules of the last one, with their collateral verified, are kept for the next under the same:
/// the same policy, files of collateral, names of them, and time, all compared as a whole. No answer depends on what was
/// asked before. One set of rules is kept, and its memory is bounded by the budget.
#[derive(Debug)]
pub struct Session {
    budget: Budget,
    kept: Option<(Said, Run)>,
}

/// What the judging side said: everything that a run is made of.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    policy: Option<Vec<u8>>,
    collateral: Vec<(String, Vec<u8>)>,
    gpu_collateral: Vec<(String, Vec<u8>)>,
    as_of: AsOf,
    remember: bool,
}

/// Files of a question by what they are given for.
struct Given<'a> {
    evidence: Vec<File<'a>>,
    collateral: Vec<File<'a>>,
    gpu_collateral: Vec<File<'a>>,
    policy: Option<&'a [u8]>,
}

impl<'a> Given<'a> {
    fn sorted(names: &'a [Named], files: &'a [Vec<u8>]) -> Result<Self, Problem> {
        let paired = paired(names, files)?;
        let of = |wanted: Role| -> Vec<File<'a>> {
            paired.iter().filter(|(role, _)| *role == wanted).map(|(_, file)| *file).collect()
        };
        let policy = match of(Role::Policy).as_slice() {
            [] => None,
            [file] => Some(file.bytes),
            _ => return Err(asked("more than one policy was given".to_owned())),
        };
        Ok(Self {
            evidence: of(Role::Evidence),
            collateral: of(Role::Collateral),
            gpu_collateral: of(Role::GpuCollateral),
            policy,
        })
    }

    /// The one file that the question is about. Whatever it would not look at is refused.
    fn only(&self, collateral: bool, policy: bool) -> Result<File<'a>, Problem> {
        let beside = !self.gpu_collateral.is_empty()
            || (!collateral && !self.collateral.is_empty())
            || (!policy && self.policy.is_some());
        if beside {
            return Err(asked("a file was given in a role that this question does not have".to_owned()));
        }
        match self.evidence.as_slice() {
            [file] => Ok(*file),
            [] => Err(Error::NoEvidence.into()),
            files => Err(asked(format!("this question is about one file, {} were given", files.len()))),
        }
    }
}

impl Said {
    fn by(given: &Given<'_>, as_of: AsOf, remember: bool) -> Self {
        let owned = |files: &[File<'_>]| {
            files.iter().map(|file| (file.name.to_owned(), file.bytes.to_vec())).collect::<Vec<_>>()
        };
        Self {
            policy: given.policy.map(<[u8]>::to_vec),
            collateral: owned(&given.collateral),
            gpu_collateral: owned(&given.gpu_collateral),
            as_of,
            remember,
        }
    }
}

impl Session {
    /// Nothing was asked yet.
    #[must_use]
    pub const fn new(budget: &Budget) -> Self {
        Self { budget: *budget, kept: None }
    }

    /// Answers a question about these files: [`Question`] as UTF-8 JSON, and the bytes of its `files` in their order.
    #[must_use]
    pub fn answer(&mut self, question: &[u8], files: &[Vec<u8>]) -> Answer {
        match self.parts(question, files) {
            Ok(parts) => Answer { failed: false, parts },
            Err(problem) => {
                let text = serde_json::to_string(&problem).unwrap_or_default();
                Answer { failed: true, parts: vec![inert_json(&text)] }
            }
        }
    }

    fn parts(&mut self, question: &[u8], files: &[Vec<u8>]) -> Parts {
        let question: Question =
            serde_json::from_slice(question).map_err(|error| asked(error.to_string()))?;
        let budget = self.budget;
        match question {
            Question::About => Ok(vec![about(&budget)]),
            Question::Recognise { files: names } => recognised(&names, files, &budget),
            Question::Read { files: names } => machines(&names, files, &budget),
            Question::Verify(asked) => self.verify(&asked, files),
            Question::VerifyQuote(asked) => self.verify_quote(&asked, files),
            Question::Audit(asked) => audit(&asked, files, &budget),
            Question::Replay { files: names } => {
                let given = Given::sorted(&names, files)?;
                let told = veritee_offline::replayed(&given.only(false, false)?, &budget)?;
                Ok(vec![inert_json(&told.to_string())])
            }
            Question::Measure { files: names } => {
                let given = Given::sorted(&names, files)?;
                let told = veritee_offline::measured(&given.only(false, false)?)?;
                Ok(vec![inert_json(&told.to_string())])
            }
            Question::ComposeHash { files: names } => {
                let given = Given::sorted(&names, files)?;
                let digest = Sha256Digest::of(given.only(false, false)?.bytes);
                Ok(vec![json!({ "compose_hash": digest }).to_string()])
            }
        }
    }

    fn verify(&mut self, asked: &Judging, files: &[Vec<u8>]) -> Parts {
        let expected = expected(asked.nonce.as_deref(), asked.report_data.as_deref())?;
        let as_of = time(asked)?;
        let given = Given::sorted(&asked.files, files)?;
        let run = self.run(&given, as_of, asked.remember)?;
        let verified = run.verify(&given.evidence, asked.select.as_deref(), &expected)?;
        let mut parts = forms(&verified.report, &verified.notes, asked);
        parts.push(if asked.wants(Form::Evidence) { verified.evidence() } else { String::new() });
        Ok(parts)
    }

    fn verify_quote(&mut self, asked: &Judging, files: &[Vec<u8>]) -> Parts {
        let as_of = alone(asked)?;
        let given = Given::sorted(&asked.files, files)?;
        let file = given.only(true, true)?;
        let run = self.run(&given, as_of, asked.remember)?;
        Ok(quote(&run.quote(file.bytes)?, run.notes(), asked.wants(Form::Json)))
    }

    /// The run under these rules: the one that was kept, where they are the same.
    fn run(&mut self, given: &Given<'_>, as_of: AsOf, remember: bool) -> Result<&Run, Problem> {
        let said = Said::by(given, as_of, remember);
        let kept = match self.kept.take() {
            Some((same, run)) if same == said => (same, run),
            _ => {
                let budget = if remember { self.budget } else { self.budget.with_memory(0) };
                let run = Run::new(&Rules {
                    collateral: &given.collateral,
                    gpu_collateral: &given.gpu_collateral,
                    policy: given.policy,
                    as_of,
                    budget: &budget,
                })?;
                (said, run)
            }
        };
        Ok(&self.kept.insert(kept).1)
    }
}

fn time(judging: &Judging) -> Result<AsOf, Problem> {
    match (judging.as_of, judging.now) {
        (Some(time), None) => Ok(AsOf::At(UnixTime::from_seconds(time))),
        (None, Some(time)) => Ok(AsOf::Unless(UnixTime::from_seconds(time))),
        _ => Err(asked("one of `as_of` and `now` must be there, in seconds".to_owned())),
    }
}

/// The time of a question that is about no machine.
fn alone(judging: &Judging) -> Result<AsOf, Problem> {
    if judging.select.is_some() || judging.nonce.is_some() || judging.report_data.is_some() {
        return Err(asked("`select`, `nonce` and `report_data` are of `verify` only".to_owned()));
    }
    time(judging)
}

fn audit(asked: &Judging, files: &[Vec<u8>], budget: &Budget) -> Parts {
    let as_of = alone(asked)?;
    let given = Given::sorted(&asked.files, files)?;
    let file = given.only(false, true)?;
    let report = veritee_offline::audited(&file, given.policy, as_of, budget)?;
    Ok(forms(&report, &[], asked))
}

fn about(budget: &Budget) -> String {
    let told = json!({
        "name": "veritee",
        "version": veritee_offline::VERSION,
        "abi": ABI,
        "input_bytes": budget.input_bytes,
    });
    told.to_string()
}

fn recognised(names: &[Named], files: &[Vec<u8>], budget: &Budget) -> Parts {
    let told = paired(names, files)?.into_iter().map(|(_, file)| {
        let (role, form) = veritee_offline::role(&file, budget);
        json!({"role": role.name(), "form": form})
    });
    Ok(vec![Value::from_iter(told).to_string()])
}

fn machines(names: &[Named], files: &[Vec<u8>], budget: &Budget) -> Parts {
    let files: Vec<File<'_>> = paired(names, files)?.into_iter().map(|(_, file)| file).collect();
    let readout = veritee_offline::read(&files, budget)?;
    let told = json!({
        "format": readout.format.name(),
        "machines": readout.machines.iter().map(|machine| machine.label.as_str()).collect::<Vec<_>>(),
        "notes": readout.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    Ok(vec![inert_json(&told.to_string())])
}

/// A report in short, and in the forms that are wanted.
fn forms(report: &Report, notes: &[String], judging: &Judging) -> Vec<String> {
    let told = json!({
        "outcome": report.verdict.outcome,
        "exit_code": report.verdict.exit_code,
        "notes": notes,
    });
    let form =
        |form: Form, text: &dyn Fn() -> String| if judging.wants(form) { text() } else { String::new() };
    vec![
        inert_json(&told.to_string()),
        form(Form::Json, &|| veritee_report::json(report)),
        form(Form::Html, &|| veritee_report::html(report)),
        form(Form::Text, &|| veritee_report::human(report, &HumanOptions::default())),
    ]
}

/// The verdict on a quote alone in short, and its checks where they are wanted.
fn quote(alone: &QuoteAlone, notes: &[String], checks: bool) -> Vec<String> {
    let td = alone.quote.as_ref().and_then(Quote::td);
    let tcb = alone.verified.as_ref().map(VerifiedQuote::tcb);
    let told = json!({
        "outcome": alone.verdict.outcome,
        "exit_code": alone.verdict.exit_code,
        "reasons": alone.verdict.reasons,
        "genuine": alone.verified.is_some(),
        "tcb_status": tcb.map(|tcb| tcb.status.name()),
        "tcb_date": tcb.map(|tcb| tcb.date),
        "advisories": tcb.map(|tcb| tcb.advisories.as_slice()),
        "fmspc": alone.verified.as_ref().map(|quote| quote.platform().fmspc.to_string()),
        "mrtd": td.map(|td| td.mrtd.to_string()),
        "rtmrs": td.map(|td| td.rtmrs.map(|register| register.to_string())),
        "report_data": td.map(|td| td.report_data.to_string()),
        "signed_sha256": alone.quote.as_ref().map(|quote| quote.signed_sha256().to_string()),
        "notes": notes,
    });
    let mut parts = vec![inert_json(&told.to_string())];
    if checks {
        parts.push(inert_json(&veritee_offline::quote_document(alone).to_string()));
    }
    parts
}
