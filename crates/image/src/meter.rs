//! What an image may cost, counted over all its layers.

use crate::error::{ImageError, LayerProblem};
use veritee_base::Budget;

/// Counts of what was read of one image.
#[derive(Debug, Clone)]
pub struct Meter {
    budget: Budget,
    entries: u64,
    name_bytes: u64,
    unpacked: u64,
}

/// Uncompressed bytes below which no proportion is a bomb: an image of zeros is no attack.
const FREE_BYTES: u64 = 1 << 30;
/// Deflate reaches 1032:1 at most; zstd can say more and in real layers does not.
const MOST_RATIO: u64 = 1100;

impl Meter {
    /// Nothing was read.
    #[must_use]
    pub const fn new(budget: &Budget) -> Self {
        Self { budget: *budget, entries: 0, name_bytes: 0, unpacked: 0 }
    }

    /// The limits.
    #[must_use]
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(crate) fn entry(&mut self, name_bytes: usize) -> Result<(), ImageError> {
        self.entries = self.entries.saturating_add(1);
        self.name_bytes = self.name_bytes.saturating_add(u64::try_from(name_bytes).unwrap_or(u64::MAX));
        if self.entries > self.budget.image_entries {
            return Err(ImageError::TooMuch {
                what: "entries in the layers",
                most: self.budget.image_entries,
            });
        }
        if self.name_bytes > self.budget.image_name_bytes {
            return Err(ImageError::TooMuch {
                what: "bytes of names in the layers",
                most: self.budget.image_name_bytes,
            });
        }
        Ok(())
    }

    /// Called as a layer grows, with its own counts.
    pub(crate) fn unpacked(&mut self, more: u64, from: u64, to: u64) -> Result<(), LayerProblem> {
        self.unpacked = self.unpacked.saturating_add(more);
        let out_of_proportion =
            to > FREE_BYTES && to.checked_div(from.max(1)).unwrap_or(u64::MAX) > MOST_RATIO;
        if self.unpacked > self.budget.image_unpacked_bytes || out_of_proportion {
            return Err(LayerProblem::Bomb { from, to });
        }
        Ok(())
    }
}
