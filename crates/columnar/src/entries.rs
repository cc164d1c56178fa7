//! The rows of an array as bytes, whichever of Arrow's types for bytes and text it is.

use crate::ColumnError;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, LargeBinaryArray, LargeStringArray, StringArray, StringViewArray,
};
use arrow_schema::DataType;

/// Rows of bytes. Offsets and slices are the array's; a null has no bytes.
pub struct Entries<'a> {
    length: usize,
    form: Form<'a>,
}

enum Form<'a> {
    Binary(&'a BinaryArray),
    LargeBinary(&'a LargeBinaryArray),
    BinaryView(&'a BinaryViewArray),
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    Utf8View(&'a StringViewArray),
    Dictionary(Box<dyn Fn(usize) -> Option<usize> + 'a>, Box<Self>, usize),
    Null,
}

impl<'a> Entries<'a> {
    /// Rows of this array.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn of(array: &'a dyn Array) -> Result<Self, ColumnError> {
        let other = || ColumnError::Type { got: array.data_type().clone() };
        let form = match array.data_type() {
            DataType::Dictionary(key, value) if !matches!(**value, DataType::Dictionary(..)) => {
                dictionary(array, key).and_then(|(keys, values)| {
                    let form = Self::of(values).ok()?.form;
                    Some(Form::Dictionary(keys, Box::new(form), values.len()))
                })
            }
            DataType::Null => Some(Form::Null),
            _ => plain(array),
        };
        Ok(Self { length: array.len(), form: form.ok_or_else(other)? })
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bytes of a row; nothing where it is null or beyond the end.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&[u8]> {
        if row >= self.length { None } else { self.form.get(row) }
    }
}

impl Form<'_> {
    fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Binary(array) => array.is_valid(row).then(|| array.value(row)),
            Self::LargeBinary(array) => array.is_valid(row).then(|| array.value(row)),
            Self::BinaryView(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Utf8(array) => array.is_valid(row).then(|| array.value(row).as_bytes()),
            Self::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row).as_bytes()),
            Self::Utf8View(array) => array.is_valid(row).then(|| array.value(row).as_bytes()),
            // A key is the caller's word for where a value stands: an array from elsewhere was not checked.
            Self::Dictionary(keys, values, length) => {
                keys(row).filter(|key| key < length).and_then(|key| values.get(key))
            }
            Self::Null => None,
        }
    }
}

fn plain(array: &dyn Array) -> Option<Form<'_>> {
    Some(match array.data_type() {
        DataType::Binary => Form::Binary(array.as_binary_opt()?),
        DataType::LargeBinary => Form::LargeBinary(array.as_binary_opt()?),
        DataType::BinaryView => Form::BinaryView(array.as_binary_view_opt()?),
        DataType::Utf8 => Form::Utf8(array.as_string_opt()?),
        DataType::LargeUtf8 => Form::LargeUtf8(array.as_string_opt()?),
        DataType::Utf8View => Form::Utf8View(array.as_string_view_opt()?),
        _ => return None,
    })
}

type Keys<'a> = Box<dyn Fn(usize) -> Option<usize> + 'a>;

fn dictionary<'a>(array: &'a dyn Array, key: &DataType) -> Option<(Keys<'a>, &'a dyn Array)> {
    macro_rules! of {
        ($key:ty) => {{
            let dictionary = array.as_dictionary_opt::<$key>()?;
            let keys = dictionary.keys();
            let key =
                move |row: usize| keys.is_valid(row).then(|| usize::try_from(keys.value(row)).ok()).flatten();
            let values: &'a dyn Array = dictionary.values().as_ref();
            Some((Box::new(key), values))
        }};
    }
    match key {
        DataType::Int8 => of!(Int8Type),
        DataType::Int16 => of!(Int16Type),
        DataType::Int32 => of!(Int32Type),
        DataType::Int64 => of!(Int64Type),
        DataType::UInt8 => of!(UInt8Type),
        DataType::UInt16 => of!(UInt16Type),
        DataType::UInt32 => of!(UInt32Type),
        DataType::UInt64 => of!(UInt64Type),
        _ => None,
    }
}
