//! Patterns over whole source trees, at the cost of one pass for all of them.
//!
//! Each pattern names words of which one stands in whatever it matches. One automaton looks for the words of all patterns
//! in a file, once; an expression is asked only about lines that have one of its words. Expressions are asked twice over:
//! about a line of ASCII in the form that knows ASCII alone, whose automaton does not give up at a border of a word, and
//! about any other line in the form that knows Unicode, whether it has a word or not (`ſkip` is `skip` where case does not
//! count). On ASCII the two say the same, and a line is the whole world to each of them: no pattern here matches a line
//! break, and outside of a line there is no letter. So what is found is what one expression over the whole text finds.

use crate::line_pattern::LinePattern;
use crate::line_patterns::ALL;
use core::ops::Range;
use std::sync::LazyLock;

/// Every word of every pattern, and whose it is.
static WORDS: LazyLock<(aho_corasick::AhoCorasick, Vec<usize>)> = LazyLock::new(|| {
    let words = ALL
        .iter()
        .enumerate()
        .flat_map(|(place, pattern)| pattern.words.iter().map(move |word| (*word, place)));
    let (words, owners): (Vec<&str>, Vec<usize>) = words.unzip();
    #[allow(clippy::unwrap_used, reason = "constants; a test builds it")]
    let automaton = aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(aho_corasick::AhoCorasickKind::DFA))
        .build(words)
        .unwrap();
    (automaton, owners)
});

/// Where in a text which pattern is to be asked.
#[derive(Debug)]
pub(crate) struct Marks {
    /// For each pattern the lines of ASCII that have one of its words, in order.
    lines: Vec<Vec<Range<usize>>>,
    /// The lines that are not ASCII.
    others: Vec<Range<usize>>,
}

impl Marks {
    /// One pass over a text.
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut others = Vec::new();
        if !text.is_ascii() {
            let mut start = 0_usize;
            for line in text.split_inclusive('\n') {
                let end = start.saturating_add(line.len());
                if !line.is_ascii() {
                    others.push(start..end);
                }
                start = end;
            }
        }
        let (automaton, owners) = &*WORDS;
        let mut lines: Vec<Vec<Range<usize>>> = ALL.iter().map(|_| Vec::new()).collect();
        for hit in automaton.find_overlapping_iter(bytes) {
            let Some(of_owner) = owners.get(hit.pattern().as_usize()).and_then(|owner| lines.get_mut(*owner))
            else {
                continue;
            };
            if of_owner.last().is_some_and(|line| hit.start() < line.end) {
                continue;
            }
            let start = bytes.get(..hit.start()).and_then(|before| memchr::memrchr(b'\n', before));
            let start = start.map_or(0, |at| at.saturating_add(1));
            let end = bytes.get(hit.end()..).and_then(|after| memchr::memchr(b'\n', after));
            let end = end.map_or(bytes.len(), |at| hit.end().saturating_add(at).saturating_add(1));
            if bytes.get(start..end).is_some_and(<[u8]>::is_ascii) {
                of_owner.push(start..end);
            }
        }
        Self { lines, others }
    }

    fn of_pattern(&self, pattern: &LinePattern) -> &[Range<usize>] {
        let place = ALL.iter().position(|known| core::ptr::eq(*known, pattern));
        place.and_then(|place| self.lines.get(place)).map_or(&[], Vec::as_slice)
    }
}

impl LinePattern {
    /// Where each match in the text begins, as [`regex::Regex::find_iter`] finds them.
    pub(crate) fn starts<'t>(&'t self, text: &'t str, marks: &'t Marks) -> impl Iterator<Item = usize> + 't {
        let lines = marks.of_pattern(self).iter().map(|line| (line, true));
        let others = marks.others.iter().map(|line| (line, false));
        let mut all: Vec<(&Range<usize>, bool)> = lines.chain(others).collect();
        if !marks.others.is_empty() {
            all.sort_unstable_by_key(|(line, _)| line.start);
        }
        all.into_iter().flat_map(move |(line, ascii)| self.starts_in(text, line, ascii))
    }

    fn starts_in(&self, text: &str, line: &Range<usize>, ascii: bool) -> Vec<usize> {
        let place = |start: usize| line.start.saturating_add(start);
        let text = text.get(line.clone()).unwrap_or_default();
        if ascii {
            self.ascii.find_iter(text.as_bytes()).map(|hit| place(hit.start())).collect()
        } else {
            self.unicode.find_iter(text).map(|hit| place(hit.start())).collect()
        }
    }

    /// Whether there is a match in the text.
    pub(crate) fn is_in(&self, text: &str, marks: &Marks) -> bool {
        self.starts(text, marks).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(pattern: &LinePattern, text: &str) -> Vec<usize> {
        pattern.unicode.find_iter(text).map(|hit| hit.start()).collect()
    }

    fn check(text: &str) {
        let marks = Marks::of(text);
        for pattern in ALL.iter() {
            let found: Vec<usize> = pattern.starts(text, &marks).collect();
            assert_eq!(found, expected(pattern, text), "{} in {text:?}", pattern.source);
            assert_eq!(pattern.is_in(text, &marks), pattern.unicode.is_match(text));
        }
    }

    const PIECES: &[&str] = &[
        "known issue",
        "KNOWN API BUGS",
        "mismatch",
        "mismatched",
        "work around",
        "Workaround",
        "continue anyway",
        "continuing anyway",
        "ignore",
        "ignoring",
        "ignored",
        "skip",
        "skipped",
        "unskip",
        "TODO",
        "todo: verify",
        "TODO attestation",
        "FIXME",
        "fixmes",
        "hash",
        "quote",
        "signature",
        "report_data",
        "composehash",
        "compose_hash",
        "dev_mode",
        "_devkey",
        "development_fallback",
        "fallback",
        "fall back",
        "mock",
        "mocked",
        "smock",
        "fake",
        "stub",
        "simulate",
        "dummy",
        "is_dev",
        "isDevelopment",
        "'/v1/attestation/report'",
        "\"/a/b/quote\"",
        "`${base}/evidences`",
        "fetchAttestation",
        "get_attestation_report",
        "verify = False",
        "verify=False",
        "rejectUnauthorized: false",
        "InsecureSkipVerify:true",
        "danger_accept_invalid_certs(true",
        "NODE_TLS_REJECT_UNAUTHORIZED='0'",
        "CERT_NONE",
        "check_hostname = False",
        "ssl=False",
        "ssl = false",
        "_create_unverified_context",
        "curl -k",
        "curl x --insecure",
        "no-check-certificate",
        "app.get('/admin'",
        "route(\"/x/_test",
        "debug = True",
        "debug=true",
        "debug\t=\tTrue",
        "Debug",
        "pprof",
        "console.log(private_key)",
        "print(f'{api_key}')",
        "logger.info(\"x\", user.password)",
        "println!(\"{}\", seed_phrase)",
        "caf\u{e9}skip",
        "\u{e9}",
        "\u{17f}kip",
        "s\u{212a}ip",
        "\u{17f}ignature",
        "moc\u{212a}",
        "\n",
        "\n",
        "\r\n",
        " ",
        " ",
        "(",
        ")",
        "/",
        "\"",
        "'",
        ";",
        "=",
        ",",
        "x",
        "_",
        "1",
        "}",
        "\u{2028}",
    ];

    #[test]
    fn what_is_found_is_what_the_expression_finds_in_the_whole_text() {
        for piece in PIECES {
            check(piece);
        }
        // A walk over pieces in any order, the same every time.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..4000 {
            let mut text = String::new();
            for _ in 0..24 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = usize::try_from(state % PIECES.len() as u64).unwrap();
                text.push_str(PIECES[at]);
            }
            check(&text);
        }
    }
}
