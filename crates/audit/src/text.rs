//! Offsets to lines.

use veritee_model::Place;

/// Bytes into a line beyond which no column is counted: a text of one line must not cost time for each place in it.
const COLUMN: usize = 4096;

/// Longest piece of a line that is quoted, in bytes.
const EXCERPT: usize = 800;

/// Where each line of a text begins.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at.saturating_add(1)),
        );
        Self { starts }
    }

    /// Index of the line, counted from 0.
    pub(crate) fn index(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(0)
    }

    pub(crate) fn line<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let end = self.starts.get(index.saturating_add(1)).copied().unwrap_or(text.len());
        text.get(self.start(index)..end).unwrap_or("")
    }

    /// The line of this number, where the text has so many.
    pub(crate) fn get<'t>(&self, text: &'t str, index: usize) -> Option<&'t str> {
        let start = *self.starts.get(index)?;
        (start < text.len()).then(|| self.line(text, index))
    }

    pub(crate) fn line_at<'t>(&self, text: &'t str, offset: usize) -> &'t str {
        self.line(text, self.index(offset))
    }

    /// The line of an offset; of one that is longer than [`EXCERPT`] the piece around the offset.
    pub(crate) fn excerpt<'t>(&self, text: &'t str, offset: usize) -> &'t str {
        let index = self.index(offset);
        let end = self.starts.get(index.saturating_add(1)).copied().unwrap_or(text.len());
        let start = self.start(index);
        if end.saturating_sub(start) <= EXCERPT {
            return text.get(start..end).unwrap_or("");
        }
        let mut from = offset.saturating_sub(EXCERPT / 4).max(start);
        let mut to = from.saturating_add(EXCERPT).min(end);
        while !text.is_char_boundary(from) && from < offset {
            from = from.saturating_add(1);
        }
        while !text.is_char_boundary(to) && to < end {
            to = to.saturating_add(1);
        }
        text.get(from..to).unwrap_or("")
    }

    /// The lines around one, as one text.
    pub(crate) fn around<'t>(&self, text: &'t str, offset: usize, lines: usize) -> &'t str {
        let index = self.index(offset);
        let first = self.start(index.saturating_sub(lines));
        let last =
            self.starts.get(index.saturating_add(lines).saturating_add(1)).copied().unwrap_or(text.len());
        text.get(first..last).unwrap_or("")
    }

    pub(crate) fn place(&self, file: &str, text: &str, offset: usize) -> Place {
        let index = self.index(offset);
        let before = text.get(self.start(index)..offset).filter(|before| before.len() <= COLUMN);
        let column = before.map(|before| before.chars().count().saturating_add(1));
        Place {
            file: file.to_owned(),
            line: u32::try_from(index.saturating_add(1)).ok(),
            column: column.and_then(|column| u32::try_from(column).ok()),
            path: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_piece_around_the_offset_is_quoted() {
        let text = format!("short\n{}NEEDLE{}\n", "ü".repeat(5_000), "x".repeat(100_000));
        let lines = Lines::new(&text);
        let excerpt = lines.excerpt(&text, text.find("NEEDLE").unwrap());
        assert!(excerpt.contains("NEEDLE") && excerpt.len() < 2 * EXCERPT, "{}", excerpt.len());
        assert_eq!(lines.excerpt(&text, 2), "short\n");
    }

    #[test]
    fn lines_and_columns_count_from_one_and_columns_count_characters() {
        let text = "ab\nüc\n";
        let lines = Lines::new(text);
        let place = lines.place("f", text, 5);
        assert_eq!((place.line, place.column), (Some(2), Some(2)));
        assert_eq!(lines.line_at(text, 5), "üc\n");
        assert_eq!(lines.around(text, 0, 1), text);
    }
}
