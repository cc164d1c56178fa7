//! One form of a pattern, compiled as far as it pays.
//!
//! Most of what compiling costs makes asking fast: prefilters, a reverse automaton, tables for captures. A process that
//! audits one document asks a pattern about a few short texts; for those the plain automaton is enough, and the rest
//! would cost several times what it saves. Which of the two is asked changes no answer: both look for the leftmost match,
//! of two at one place the one that the pattern names first.

use core::sync::atomic::{AtomicUsize, Ordering};
use regex_automata::meta::{Builder, Config, Regex};
use regex_automata::util::syntax;
use std::sync::OnceLock;

/// Bytes of text about which the plain form is asked before the whole one is compiled.
const SHORT: usize = 4096;

/// Bytes that the automaton of a pattern may take.
const SIZE: usize = 10 << 20;

/// A pattern for texts of ASCII alone, or for all.
pub(super) struct Form {
    source: &'static str,
    unicode: bool,
    /// Bytes of the texts that it was asked about while it was plain.
    asked: AtomicUsize,
    plain: OnceLock<Regex>,
    whole: OnceLock<Regex>,
}

impl Form {
    /// For texts of ASCII.
    pub(super) const fn ascii(source: &'static str) -> Self {
        Self::new(source, false)
    }

    /// For all texts.
    pub(super) const fn unicode(source: &'static str) -> Self {
        Self::new(source, true)
    }

    const fn new(source: &'static str, unicode: bool) -> Self {
        Self { source, unicode, asked: AtomicUsize::new(0), plain: OnceLock::new(), whole: OnceLock::new() }
    }

    #[cfg(test)]
    pub(super) const fn source(&self) -> &'static str {
        self.source
    }

    #[cfg(test)]
    pub(super) const fn is_for(&self, text: &str) -> bool {
        self.unicode || text.is_ascii()
    }

    /// The one that asks fast, where it was compiled.
    pub(super) fn whole(&self) -> Option<&Regex> {
        self.whole.get()
    }

    /// The one that is to be asked about a text of so many bytes.
    pub(super) fn about(&self, bytes: usize) -> &Regex {
        let before = self.asked.fetch_add(bytes.min(SHORT.saturating_add(1)), Ordering::Relaxed);
        if before.saturating_add(bytes) > SHORT { self.compiled_whole() } else { self.compiled_plain() }
    }

    pub(super) fn compiled_plain(&self) -> &Regex {
        self.plain.get_or_init(|| {
            let no_extras = config().hybrid(false).dfa(false).onepass(false).auto_prefilter(false);
            self.compile(no_extras)
        })
    }

    pub(super) fn compiled_whole(&self) -> &Regex {
        self.whole.get_or_init(|| self.compile(config()))
    }

    #[allow(clippy::unwrap_used, reason = "constants; a test beside each compiles it")]
    fn compile(&self, config: Config) -> Regex {
        let syntax = syntax::Config::new().unicode(self.unicode).utf8(self.unicode);
        let config = config.utf8_empty(self.unicode);
        Builder::new().configure(config).syntax(syntax).build(self.source).unwrap()
    }
}

fn config() -> Config {
    Config::new().nfa_size_limit(Some(SIZE))
}
