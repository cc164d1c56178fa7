//! `veritee._engine`: what the Python package `veritee` asks of the verification. Its functions take bytes and seconds and
//! give text and numbers; arguments as people write them are the Python side's.
//!
//! No function reads a file, a clock or the network. All of them let go of Python's lock while they work.

mod arrow;
mod quote;
mod run;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use veritee_model::{Budget, ReportData, Sha256Digest, UnixTime};
use veritee_offline::{AsOf, Error, File, Given};
use veritee_report::HumanOptions;
use veritee_verify::Expected;

pyo3::import_exception!(veritee._errors, VeriteeError);
pyo3::import_exception!(veritee._errors, EvidenceError);
pyo3::import_exception!(veritee._errors, CollateralError);
pyo3::import_exception!(veritee._errors, PolicyError);
pyo3::import_exception!(veritee._errors, ColumnError);

const BUDGET: &Budget = &Budget::STANDARD;

/// Files as Python hands them over.
type Files = Vec<(String, Vec<u8>)>;

fn files(given: &Files) -> Vec<File<'_>> {
    given.iter().map(|(name, bytes)| File { name, bytes }).collect()
}

/// The exception for an error: its code, its words, what to do about it.
fn raised(error: &Error) -> PyErr {
    let told = (error.code().to_owned(), error.to_string(), error.next_step());
    match error {
        Error::Policy(_) => PolicyError::new_err(told),
        Error::Collateral(_) => CollateralError::new_err(told),
        _ => EvidenceError::new_err(told),
    }
}

fn expected(nonce: Option<Vec<u8>>, report_data: Option<Vec<u8>>) -> PyResult<Expected> {
    match (nonce, report_data) {
        (None, None) => Ok(Expected::Nothing),
        (Some(_), Some(_)) => Err(PyValueError::new_err("nonce and report_data exclude each other")),
        (Some(nonce), None) if (16..=64).contains(&nonce.len()) => Ok(Expected::Nonce(nonce)),
        (Some(nonce), None) => {
            Err(PyValueError::new_err(format!("nonce: expected 16 to 64 bytes, got {}", nonce.len())))
        }
        (None, Some(data)) => <[u8; 64]>::try_from(data.as_slice())
            .map(|bytes| Expected::ReportData(ReportData::from(bytes)))
            .map_err(|_| {
                PyValueError::new_err(format!("report_data: expected 64 bytes, got {}", data.len()))
            }),
    }
}

/// The report as JSON, as text and as a page, the evidence with all that it rests on, and what was passed over.
type Told = (String, String, String, String, Vec<String>);

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
#[pyo3(signature = (evidence, collateral, gpu_collateral, policy, as_of, select, nonce, report_data))]
fn verify(
    py: Python<'_>,
    evidence: Files,
    collateral: Files,
    gpu_collateral: Files,
    policy: Option<Vec<u8>>,
    as_of: u64,
    select: Option<String>,
    nonce: Option<Vec<u8>>,
    report_data: Option<Vec<u8>>,
) -> PyResult<Told> {
    let expected = expected(nonce, report_data)?;
    let verified = py.detach(|| {
        veritee_offline::verify(&Given {
            evidence: &files(&evidence),
            select: select.as_deref(),
            collateral: &files(&collateral),
            gpu_collateral: &files(&gpu_collateral),
            policy: policy.as_deref(),
            as_of: AsOf::At(UnixTime::from_seconds(as_of)),
            expected: &expected,
            budget: BUDGET,
        })
        .map(|verified| {
            let report = &verified.report;
            let human = veritee_report::human(report, &HumanOptions::default());
            (
                veritee_report::json(report),
                human,
                veritee_report::html(report),
                verified.evidence(),
                verified.notes,
            )
        })
    });
    verified.map_err(|error| raised(&error))
}

#[pyfunction]
fn audit(
    py: Python<'_>,
    name: &str,
    document: &[u8],
    policy: Option<Vec<u8>>,
    as_of: u64,
) -> PyResult<String> {
    py.detach(|| {
        let as_of = AsOf::At(UnixTime::from_seconds(as_of));
        veritee_offline::audited(&File { name, bytes: document }, policy.as_deref(), as_of, BUDGET)
    })
    .map(|report| veritee_report::json(&report))
    .map_err(|error| raised(&error))
}

#[pyfunction]
fn replay(py: Python<'_>, name: &str, log: &[u8]) -> PyResult<String> {
    let replayed = py.detach(|| veritee_offline::replayed(&File { name, bytes: log }, BUDGET));
    replayed.map(|value| veritee_model::text::inert_json(&value.to_string())).map_err(|error| raised(&error))
}

#[pyfunction]
fn measure(py: Python<'_>, name: &str, vm_config: &[u8]) -> PyResult<String> {
    let measured = py.detach(|| veritee_offline::measured(&File { name, bytes: vm_config }));
    measured.map(|value| veritee_model::text::inert_json(&value.to_string())).map_err(|error| raised(&error))
}

/// The machines of an evidence: label, and each alone as veritee's own evidence JSON.
#[pyfunction]
fn machines(py: Python<'_>, evidence: Files) -> PyResult<Vec<(String, String)>> {
    let read = py.detach(|| veritee_offline::read(&files(&evidence), BUDGET));
    let readout = read.map_err(|error| raised(&error))?;
    let each = readout.machines.into_iter();
    Ok(each
        .map(|machine| {
            (machine.label, veritee_evidence::to_json(&machine.evidence, veritee_offline::VERSION))
        })
        .collect())
}

#[pyfunction]
fn compose_hash(py: Python<'_>, exact: &[u8]) -> String {
    py.detach(|| Sha256Digest::of(exact)).to_string()
}

/// Names, types and meanings of the columns.
#[pyfunction]
fn columns() -> Vec<(&'static str, &'static str)> {
    veritee_columnar::COLUMNS.iter().map(|(name, _, meaning)| (*name, *meaning)).collect()
}

#[pyfunction]
fn spark_schema(report: bool) -> String {
    veritee_columnar::spark_schema(run::reports(report))
}

#[pymodule(gil_used = false)]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("version", veritee_offline::VERSION)?;
    module.add("columns_version", veritee_columnar::VERSION)?;
    module.add_function(wrap_pyfunction!(verify, module)?)?;
    module.add_function(wrap_pyfunction!(audit, module)?)?;
    module.add_function(wrap_pyfunction!(replay, module)?)?;
    module.add_function(wrap_pyfunction!(measure, module)?)?;
    module.add_function(wrap_pyfunction!(machines, module)?)?;
    module.add_function(wrap_pyfunction!(compose_hash, module)?)?;
    module.add_function(wrap_pyfunction!(columns, module)?)?;
    module.add_function(wrap_pyfunction!(spark_schema, module)?)?;
    module.add_class::<run::Run>()?;
    module.add_class::<quote::QuoteVerdict>()?;
    module.add_class::<arrow::Answers>()
}
