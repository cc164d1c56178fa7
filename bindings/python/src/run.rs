//! One run: rules and collateral that any number of evidences are judged by.

use crate::arrow::{Answers, Table, beside, joined, part};
use crate::quote::QuoteVerdict;
use crate::{BUDGET, ColumnError, EvidenceError, Files, expected, files, raised};
use arrow_array::{Array, ArrayRef, RecordBatch};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use veritee_columnar::Reports;
use veritee_model::UnixTime;
use veritee_offline::{AsOf, Broken, Rules};

/// What was new, as bytes that other runs can learn from.
type Learnt = Result<Vec<Vec<u8>>, veritee_columnar::ColumnError>;

/// Rows of one part of an answer: enough for an engine's batch, few enough that no column outgrows its offsets.
const PART: usize = 16_384;

pub(crate) const fn reports(kept: bool) -> Reports {
    if kept { Reports::Kept } else { Reports::Left }
}

pub(crate) fn unread(broken: &Broken) -> PyErr {
    EvidenceError::new_err((broken.code.to_owned(), broken.message.clone(), broken.next_step.clone()))
}

fn column_error(error: &veritee_columnar::ColumnError) -> PyErr {
    ColumnError::new_err((error.code().to_owned(), error.to_string(), error.next_step().to_owned()))
}

/// Rules and collateral. What was verified once is remembered; threads share it.
#[pyclass(frozen, module = "veritee._engine")]
pub(crate) struct Run(RwLock<Arc<veritee_offline::Run>>, Mutex<Vec<Vec<u8>>>);

impl Run {
    fn now(&self) -> Arc<veritee_offline::Run> {
        // A thread that panicked while it learnt has replaced nothing.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learning replaces what is known: whoever judges at the same time goes on with what was known before.
    fn learn_by(&self, learn: impl FnOnce(&mut veritee_offline::Run) -> Learnt) -> Learnt {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = learn(Arc::make_mut(&mut known))?;
        self.1.lock().unwrap_or_else(PoisonError::into_inner).extend(new.iter().cloned());
        Ok(new)
    }
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (collateral, gpu_collateral, policy, as_of, memory_bytes))]
    fn new(
        py: Python<'_>,
        collateral: Files,
        gpu_collateral: Files,
        policy: Option<Vec<u8>>,
        as_of: u64,
        memory_bytes: Option<usize>,
    ) -> PyResult<Self> {
        let whole = BUDGET.memory_bytes().max(1);
        let budget = memory_bytes.map_or(*BUDGET, |bytes| BUDGET.with_memory(bytes.saturating_mul(1024) / whole));
        let run = py.detach(|| {
            veritee_offline::Run::new(&Rules {
                collateral: &files(&collateral),
                gpu_collateral: &files(&gpu_collateral),
                policy: policy.as_deref(),
                as_of: AsOf::At(UnixTime::from_seconds(as_of)),
                budget: &budget,
            })
        });
        Ok(Self(RwLock::new(Arc::new(run.map_err(|error| raised(&error))?)), Mutex::default()))
    }

    /// A name for policy, time, root, engines and collateral.
    #[getter]
    fn name(&self) -> String {
        self.now().name().to_owned()
    }

    /// What of the collateral was passed over.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.now().notes().to_vec()
    }

    /// What the policy lets pass.
    #[getter]
    fn loosened(&self) -> Vec<String> {
        self.now().loosened().to_vec()
    }

    /// All that was learnt.
    #[getter]
    fn heard<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let heard = self.1.lock().unwrap_or_else(PoisonError::into_inner).clone();
        as_bytes(py, &heard)
    }

    fn learn<'py>(&self, py: Python<'py>, entries: Vec<Vec<u8>>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let learnt = py.detach(|| self.learn_by(|run| Ok(run.learn(entries.iter().map(Vec::as_slice)))));
        Ok(as_bytes(py, &learnt.map_err(|error| column_error(&error))?))
    }

    #[pyo3(signature = (data, column))]
    fn learn_arrow<'py>(
        &self,
        py: Python<'py>,
        data: &Bound<'py, PyAny>,
        column: Option<&str>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let table = Table::take(data)?;
        let evidence = evidence(&table, column, &[])?;
        let learnt = py.detach(|| self.learn_by(|run| learn_all(run, &evidence)));
        Ok(as_bytes(py, &learnt.map_err(|error| column_error(&error))?))
    }

    /// The report of an evidence as JSON, as text and as a page.
    #[pyo3(signature = (name, evidence, select, nonce, report_data))]
    fn verify(
        &self,
        py: Python<'_>,
        name: &str,
        evidence: &[u8],
        select: Option<String>,
        nonce: Option<Vec<u8>>,
        report_data: Option<Vec<u8>>,
    ) -> PyResult<(String, String, String)> {
        let expected = expected(nonce, report_data)?;
        let run = self.now();
        let told = py.detach(|| {
            run.report(name, evidence, select.as_deref(), &expected, true).map(|report| {
                let human = veritee_report::human(&report, &veritee_report::HumanOptions::default());
                (veritee_report::json(&report), human, veritee_report::html(&report))
            })
        });
        told.map_err(|broken| unread(&broken))
    }

    fn verify_quote(&self, py: Python<'_>, quote: &[u8]) -> PyResult<QuoteVerdict> {
        let run = self.now();
        py.detach(|| run.quote(quote)).map(QuoteVerdict).map_err(|broken| unread(&broken))
    }

    /// Answers to the rows of a table, in their order, behind the columns that are kept of it.
    #[pyo3(signature = (data, column, keep, report, learn))]
    fn verify_arrow(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        column: Option<&str>,
        keep: Vec<String>,
        report: bool,
        learn: bool,
    ) -> PyResult<Answers> {
        let table = Table::take(data)?;
        let kept = keep.iter().map(|name| table.position(name)).collect::<PyResult<Vec<usize>>>()?;
        let fields = kept
            .iter()
            .filter_map(|position| table.fields().and_then(|fields| fields.get(*position)).cloned());
        let answer = veritee_columnar::schema(reports(report));
        let fields: Vec<_> = fields.collect();
        for (number, field) in fields.iter().enumerate() {
            let twice = fields.iter().take(number).any(|other| other.name() == field.name());
            if twice || answer.column_with_name(field.name()).is_some() {
                return Err(ColumnError::new_err((
                    "column-twice".to_owned(),
                    format!("two columns of the answer would be called `{}`", field.name()),
                    "rename the column that is kept".to_owned(),
                )));
            }
        }
        let schema = beside(fields, &answer);
        let parts = parts(&table, column, &kept)?;
        let judged = py.detach(|| {
            if learn {
                let evidence: Vec<ArrayRef> = parts.iter().map(|part| Arc::clone(&part.evidence)).collect();
                self.learn_by(|run| learn_all(run, &evidence))?;
            } else if let Some(part) = parts.first() {
                veritee_columnar::Entries::of(&part.evidence)?;
            }
            let run = self.now();
            let answer =
                |evidence: &ArrayRef| veritee_columnar::judge(&run, evidence, reports(report), BUDGET);
            parts.iter().map(|part| answer(&part.evidence)).collect::<Result<Vec<_>, _>>()
        });
        let judged = judged.map_err(|error| column_error(&error))?;
        let batches = parts.into_iter().zip(&judged).map(|(part, answer)| joined(&schema, part.kept, answer));
        Ok(Answers::new(Arc::clone(&schema), batches.collect::<PyResult<Vec<RecordBatch>>>()?))
    }
}

fn as_bytes<'py>(py: Python<'py>, all: &[Vec<u8>]) -> Vec<Bound<'py, PyBytes>> {
    all.iter().map(|bytes| PyBytes::new(py, bytes)).collect()
}

fn learn_all(run: &mut veritee_offline::Run, evidence: &[ArrayRef]) -> Learnt {
    let mut new = Vec::new();
    for array in evidence {
        new.extend(veritee_columnar::learn(run, array)?);
    }
    Ok(new)
}

fn evidence(table: &Table, column: Option<&str>, kept: &[usize]) -> PyResult<Vec<ArrayRef>> {
    Ok(parts(table, column, kept)?.into_iter().map(|part| part.evidence).collect())
}

/// The parts of a table, none longer than [`PART`]. The type of an empty one is looked at too.
fn parts(table: &Table, column: Option<&str>, kept: &[usize]) -> PyResult<Vec<crate::arrow::Part>> {
    let position = match (column, table.fields()) {
        (Some(name), _) => Some(table.position(name)?),
        (None, None) => None,
        (None, Some(_)) => {
            return Err(ColumnError::new_err((
                "column-missing".to_owned(),
                "a table was given and no column was named".to_owned(),
                "name the column that holds the evidence".to_owned(),
            )));
        }
    };
    let data_type = match (position, table.fields()) {
        (Some(position), Some(fields)) => fields.get(position).map(|field| field.data_type().clone()),
        _ => Some(table.data_type.clone()),
    };
    if let Some(data_type) = data_type {
        let empty = arrow_array::new_empty_array(&data_type);
        veritee_columnar::Entries::of(&empty).map_err(|error| column_error(&error))?;
    }
    let mut parts = Vec::new();
    for chunk in &table.chunks {
        let mut offset = 0;
        while offset < chunk.len() {
            let length = PART.min(chunk.len().saturating_sub(offset));
            parts.push(part(&chunk.slice(offset, length), position, kept)?);
            offset = offset.saturating_add(length);
        }
    }
    Ok(parts)
}
