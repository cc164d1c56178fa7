//! Arrow arrays of evidences in, record batches of verdicts out: the lines of `veritee batch` as columns, over the same
//! verifier and the same memory ([`veritee_offline::Run`]).
//!
//! One row in, one row out, in the same order, whatever stands in it: a null and an entry that cannot be read are rows with
//! `error_code`, `error` and exit code 3. So columns can be put beside those of the input. `exit_code` is never null: what
//! is not 0 is not verified, and no row can hide from that question.
//!
//! Every byte of an entry is an attacker's; the arrays themselves are the caller's. Text that comes out of entries is inert
//! ([`veritee_model::text::inert`]), so that a table can be printed. Nothing of a row depends on where it stands, nor on the
//! other rows but for what they say of revocations ([`learn`]).
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions))]

mod columns;
mod entries;
mod error;

pub use columns::{COLUMNS, Form, VERSION, VERSION_KEY, schema, spark_schema};
pub use entries::Entries;
pub use error::ColumnError;

use arrow_array::{Array, RecordBatch};
use veritee_model::Budget;
use veritee_offline::Run;

/// Whether the whole report stands in a column of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reports {
    /// Columns of the verdict only.
    Left,
    /// `report`, the JSON of `veritee verify --engine native --format json`, or of `quote verify` where a quote came alone, some
    /// 70 KB a row.
    Kept,
}

/// Takes in what the collateral inside these entries says of revocations; see [`Run::learn`], also for what is given back.
///
/// # Errors
/// When the array is of no type that can hold evidence.
pub fn learn(run: &mut Run, array: &dyn Array) -> Result<Vec<Vec<u8>>, ColumnError> {
    let entries = Entries::of(array)?;
    Ok(run.learn((0..entries.len()).filter_map(|row| entries.get(row))))
}

/// The verdict on each row, as [`schema`] has it.
///
/// # Errors
/// When the array is of no type that can hold evidence, or the texts of a column are longer together than one array holds:
/// then a part of it has to be given at a time.
pub fn judge(
    run: &Run,
    array: &dyn Array,
    reports: Reports,
    budget: &Budget,
) -> Result<RecordBatch, ColumnError> {
    let entries = Entries::of(array)?;
    let mut columns = columns::Builders::new(reports, entries.len());
    for row in 0..entries.len() {
        match entries.get(row) {
            None => columns.push_null()?,
            Some(bytes) if bytes.len() > budget.input_bytes => {
                columns.push_too_long(bytes.len(), budget.input_bytes)?;
            }
            Some(bytes) => columns.push(run, bytes)?,
        }
    }
    columns.finish()
}
