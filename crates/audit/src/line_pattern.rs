//! A pattern over the lines of source files, in the form that knows ASCII alone and in the one that knows Unicode, with
//! words of which one stands in whatever it matches. Looking for it in a text: `scan`.

use std::sync::LazyLock;

/// A pattern over lines. See [`lines!`].
pub(crate) struct LinePattern {
    #[cfg(test)]
    pub(crate) source: &'static str,
    /// In lower case. Whatever the pattern matches in ASCII has one of them in it, in any case.
    pub(crate) words: &'static [&'static str],
    pub(crate) ascii: LazyLock<regex::bytes::Regex>,
    pub(crate) unicode: LazyLock<regex::Regex>,
}

/// Declares a [`LinePattern`]: a name, the expression, its words; and a test that both forms compile.
macro_rules! lines {
    ($name:ident, $source:expr, $words:expr) => {
        pub(crate) static $name: crate::line_pattern::LinePattern = crate::line_pattern::LinePattern {
            #[cfg(test)]
            source: $source,
            words: &$words,
            ascii: std::sync::LazyLock::new(|| {
                #[allow(clippy::unwrap_used, reason = "a constant; a test beside it compiles it")]
                regex::bytes::RegexBuilder::new($source).unicode(false).build().unwrap()
            }),
            unicode: std::sync::LazyLock::new(|| {
                #[allow(clippy::unwrap_used, reason = "a constant; a test beside it compiles it")]
                regex::Regex::new($source).unwrap()
            }),
        };
        #[cfg(test)]
        #[expect(non_snake_case)]
        mod $name {
            #[test]
            fn compiles() {
                let pattern = &super::$name;
                assert_eq!(pattern.ascii.as_str(), pattern.unicode.as_str());
                assert_eq!(pattern.source, pattern.unicode.as_str());
                let around = crate::pattern::proof::ways_around(pattern.source, pattern.words, 0);
                assert_eq!(around, Vec::<String>::new(), "{} has none of its words", pattern.source);
            }
        }
    };
}
pub(crate) use lines;
