//! The Arrow C interface: tables of any library in, tables for any library out, without a copy and without a dependency.

use crate::ColumnError;
use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchOptions, StructArray, make_array,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use core::ffi::CStr;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use std::sync::Arc;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// What a library handed over: arrays of one type.
pub(crate) struct Table {
    pub(crate) data_type: DataType,
    pub(crate) chunks: Vec<ArrayRef>,
}

fn wrong(code: &str, message: String, help: &str) -> PyErr {
    ColumnError::new_err((code.to_owned(), message, help.to_owned()))
}

fn broken(error: &ArrowError) -> PyErr {
    wrong("column-stream", format!("the table cannot be read: {error}"), "look at what makes the table")
}

impl Table {
    /// Takes a table or an array over.
    pub(crate) fn take(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        if data.hasattr("__arrow_c_stream__")? {
            return Self::stream(&data.call_method0("__arrow_c_stream__")?);
        }
        if data.hasattr("__arrow_c_array__")? {
            return Self::array(&data.call_method0("__arrow_c_array__")?);
        }
        let kind = data.get_type().qualname()?;
        Err(PyTypeError::new_err(format!(
            "expected a table or an array with the Arrow C interface (__arrow_c_stream__ or __arrow_c_array__), got {kind}"
        )))
    }

    fn stream(capsule: &Bound<'_, PyAny>) -> PyResult<Self> {
        let capsule = capsule.cast::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: a capsule of this name holds a stream of the C interface, by that interface's word; the stream is moved out,
        // and what is left is marked as released, which is how the interface says that it was taken over.
        let reader = unsafe { ArrayStreamReader::from_raw(pointer.as_ptr()) };
        let reader = reader.map_err(|error| broken(&error))?;
        let read: Result<Self, ArrowError> = capsule.py().detach(|| {
            let data_type = arrow_array::ArrayReader::field(&reader).data_type().clone();
            let chunks = reader.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
            Ok(Self { data_type, chunks })
        });
        read.map_err(|error| broken(&error))
    }

    fn array(pair: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (schema, array) = pair.extract::<(Bound<'_, PyCapsule>, Bound<'_, PyCapsule>)>()?;
        let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
        let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
        // SAFETY: capsules of these names hold what the C interface says; the array is moved out as with a stream, the schema
        // is only looked at while its capsule is alive.
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
        let array = make_array(data.map_err(|error| broken(&error))?);
        Ok(Self { data_type: array.data_type().clone(), chunks: vec![array] })
    }

    /// The fields of a table; nothing where it is one array.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match &self.data_type {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        }
    }

    /// Where a column stands.
    pub(crate) fn position(&self, name: &str) -> PyResult<usize> {
        let fields: &[Arc<Field>] = self.fields().map_or(&[], |fields| fields);
        let mut named = fields.iter().enumerate().filter(|(_, field)| field.name() == name);
        match (named.next(), named.next()) {
            (Some((position, _)), None) => Ok(position),
            (Some(_), Some(_)) => {
                Err(wrong("column-twice", format!("two columns are called `{name}`"), "rename one of them"))
            }
            (None, _) if self.fields().is_none() => Err(wrong(
                "column-missing",
                format!("an array of {} has no columns: `{name}` was asked for", self.data_type),
                "give a table, or leave the column's name out",
            )),
            (None, _) => {
                let known: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                let message = format!("there is no column `{name}`; there are: {}", known.join(", "));
                Err(wrong("column-missing", message, "name the column that holds the evidence"))
            }
        }
    }
}

/// One part of a table: the column of evidence, and the columns that are kept.
pub(crate) struct Part {
    pub(crate) evidence: ArrayRef,
    pub(crate) kept: Vec<ArrayRef>,
}

/// The columns of a part. A row that is null as a whole holds no columns: nothing says what it means.
pub(crate) fn part(chunk: &ArrayRef, column: Option<usize>, kept: &[usize]) -> PyResult<Part> {
    let Some(column) = column else { return Ok(Part { evidence: Arc::clone(chunk), kept: Vec::new() }) };
    let table: &StructArray = chunk.as_struct();
    if table.null_count() > 0 {
        let message = format!("{} rows are null as a whole", table.null_count());
        return Err(wrong("table-nulls", message, "give a table, or an array of structs without nulls"));
    }
    let of = |position: usize| {
        let found = table.columns().get(position).cloned();
        found.ok_or_else(|| PyValueError::new_err("a part of the table has other columns than its schema"))
    };
    Ok(Part {
        evidence: of(column)?,
        kept: kept.iter().map(|position| of(*position)).collect::<PyResult<_>>()?,
    })
}

/// Record batches for any library that speaks the Arrow C interface, as often as it likes.
#[pyclass(frozen, module = "veritee")]
pub(crate) struct Answers {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Answers {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

/// Columns of the input before those of the answer.
pub(crate) fn beside(kept: Vec<Arc<Field>>, answer: &Schema) -> SchemaRef {
    let fields: Vec<Arc<Field>> = kept.into_iter().chain(answer.fields().iter().cloned()).collect();
    Arc::new(Schema::new_with_metadata(fields, answer.metadata().clone()))
}

/// A batch of kept columns and an answer.
pub(crate) fn joined(schema: &SchemaRef, kept: Vec<ArrayRef>, answer: &RecordBatch) -> PyResult<RecordBatch> {
    let arrays: Vec<ArrayRef> = kept.into_iter().chain(answer.columns().iter().cloned()).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(answer.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options).map_err(|error| broken(&error))
}

#[pymethods]
impl Answers {
    /// Rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Names of the columns, in their order.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.num_rows()
    }

    fn __repr__(&self) -> String {
        format!("<veritee.Answers: {} rows, {} columns>", self.num_rows(), self.schema.fields().len())
    }

    /// Arrow's PyCapsule interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(|error| broken(&error))?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    /// Arrow's PyCapsule interface. A schema that is asked for is not heeded, as the interface allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), STREAM)
    }

    /// The same for answers in one part, as a column of structs.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        let whole = match self.batches.as_slice() {
            [] => RecordBatch::new_empty(Arc::clone(&self.schema)),
            [only] => only.clone(),
            parts => {
                let message = format!("the answers are in {} parts, one array has one", parts.len());
                return Err(wrong("answers-in-parts", message, "take them as a stream"));
            }
        };
        let (array, _) = to_ffi(&StructArray::from(whole).to_data()).map_err(|error| broken(&error))?;
        let schema = self.__arrow_c_schema__(py)?;
        PyTuple::new(py, [schema.into_any(), PyCapsule::new_with_value(py, array, ARRAY)?.into_any()])
    }
}
