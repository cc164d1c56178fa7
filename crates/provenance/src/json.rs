//! JSON of other people's: read within the budget's depth, walked by names.

use serde_json::Value;
use veritee_base::Budget;
use veritee_image::nests_deeper;

/// Reads a document; the message says what is wrong with it.
pub(crate) fn read(bytes: &[u8], most: usize, budget: &Budget) -> Result<Value, String> {
    if bytes.len() > most {
        return Err(format!("more than {most} bytes"));
    }
    if nests_deeper(bytes, budget.json_depth) {
        return Err(format!("nests deeper than {} levels", budget.json_depth));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// What stands under names inside each other.
pub(crate) fn at<'v>(value: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().try_fold(value, |value, name| value.get(*name))
}

/// A text under names inside each other; an empty one is none.
pub(crate) fn text<'v>(value: &'v Value, names: &[&str]) -> Option<&'v str> {
    at(value, names)?.as_str().filter(|text| !text.is_empty())
}
