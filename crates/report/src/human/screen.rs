//! Lines of a fixed width: wrapping, indentation, colour. Everything that comes in is made inert here, once.

use veritee_model::text::inert;

/// What a colour stands for; without colour the words alone carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Good,
    Bad,
    Caution,
}

impl Style {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("\u{1b}[1m"),
            Self::Good => Some("\u{1b}[1;32m"),
            Self::Bad => Some("\u{1b}[1;31m"),
            Self::Caution => Some("\u{1b}[1;33m"),
        }
    }
}

/// A text under construction.
pub(super) struct Screen {
    out: String,
    width: usize,
    colour: bool,
}

impl Screen {
    pub(super) const fn new(width: usize, colour: bool) -> Self {
        Self { out: String::new(), width, colour }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Lines so far.
    pub(super) fn height(&self) -> usize {
        self.out.bytes().filter(|byte| *byte == b'\n').count()
    }

    /// Whether a text takes one line at `indent`.
    pub(super) fn fits(&self, indent: usize, text: &str) -> bool {
        columns(&calm(text)) <= self.room(indent)
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A paragraph at `indent`; further lines of it stand two columns deeper.
    pub(super) fn text(&mut self, indent: usize, style: Style, text: &str) {
        let deeper = indent.saturating_add(2);
        let lines = wrap(&calm(text), self.room(indent), self.room(deeper));
        for (number, line) in lines.iter().enumerate() {
            self.pad(if number == 0 { indent } else { deeper });
            self.paint(style, line);
            self.end_line();
        }
    }

    /// A label in a column of `column` characters, then text that wraps beside it.
    ///
    /// A label that does not fit its column stands in a line of its own.
    pub(super) fn labelled(
        &mut self,
        indent: usize,
        column: usize,
        (style, label): (Style, &str),
        text: &str,
    ) {
        let start = indent.saturating_add(column);
        let label = inert(label);
        let used = columns(&label);
        if used >= column {
            for line in wrap(&label, self.room(indent), self.room(indent)) {
                self.pad(indent);
                self.paint(style, &line);
                self.end_line();
            }
        } else {
            self.pad(indent);
            self.paint(style, &label);
        }
        for (number, line) in wrap(&calm(text), self.room(start), self.room(start)).iter().enumerate() {
            self.pad(if number == 0 && used < column { column.saturating_sub(used) } else { start });
            self.out.push_str(line);
            self.end_line();
        }
    }

    /// Ends a line without trailing spaces.
    fn end_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    fn room(&self, indent: usize) -> usize {
        self.width.saturating_sub(indent).max(1)
    }

    fn pad(&mut self, count: usize) {
        self.out.extend(core::iter::repeat_n(' ', count));
    }

    fn paint(&mut self, style: Style, text: &str) {
        match style.code() {
            Some(code) if self.colour && !text.is_empty() => {
                self.out.push_str(code);
                self.out.push_str(text);
                self.out.push_str("\u{1b}[0m");
            }
            _ => self.out.push_str(text),
        }
    }
}

/// Inert text without long runs of spaces, which would push what follows off the screen.
fn calm(text: &str) -> String {
    let mut out = inert(text);
    while out.contains("   ") {
        out = out.replace("   ", "  ");
    }
    out
}

/// Breaks at spaces; a word breaks only where it is longer than a whole line. Never drops anything but spaces at a
/// break, so that no reason code is cut. At least one line.
fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0_usize;
    for (number, word) in text.split(' ').enumerate() {
        let room = |lines: &Vec<String>| if lines.is_empty() { first } else { rest };
        let wide = columns(word);
        let gap = usize::from(number > 0);
        if used.saturating_add(gap).saturating_add(wide) <= room(&lines) {
            line.extend(core::iter::repeat_n(' ', gap));
            line.push_str(word);
            used = used.saturating_add(gap).saturating_add(wide);
            continue;
        }
        if number > 0 {
            lines.push(core::mem::take(&mut line));
            used = 0;
        }
        for character in word.chars() {
            let wide = width_of(character);
            if used > 0 && used.saturating_add(wide) > room(&lines) {
                lines.push(core::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used = used.saturating_add(wide);
        }
    }
    lines.push(line);
    for line in &mut lines {
        line.truncate(line.trim_end_matches(' ').len());
    }
    lines
}

/// Columns that a terminal gives to a text without controls: never fewer than it really takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(width_of).fold(0, usize::saturating_add)
}

/// Two columns for everything that any terminal may draw wide (East Asian Width W, F and emoji, with room to spare).
const fn width_of(character: char) -> usize {
    match character {
        '\u{0}'..='\u{10ff}' | '\u{1e00}'..='\u{22ff}' | '\u{2500}'..='\u{259f}' | '✓' | '✗' => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_broken_only_when_it_is_longer_than_a_line() {
        assert_eq!(wrap("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrap("a 123456789", 5, 4), ["a", "1234", "5678", "9"]);
        assert_eq!(wrap("", 5, 5), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrap("漢字漢字", 5, 5), ["漢字", "漢字"]);
    }

    #[test]
    fn every_line_keeps_the_width_and_loses_no_character() {
        let text = "tcb-out-of-date-configuration-needed: expected UpToDate, got OutOfDate 0123456789abcdef0123456789abcdef";
        for width in 1..90 {
            let lines = wrap(text, width, width);
            assert!(lines.iter().all(|line| columns(line) <= width), "{width}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "{width}");
        }
    }

    #[test]
    fn without_colour_no_escape_is_written() {
        let mut screen = Screen::new(80, false);
        screen.text(0, Style::Bad, "\u{1b}[2J");
        assert_eq!(screen.finish(), "\\u{1b}[2J\n");
    }
}
