//! Patterns that are compiled once.

/// Declares a static, lazily compiled regular expression and a test that it compiles.
///
/// Matching is linear in the text: the engine never backtracks.
macro_rules! pattern {
    ($name:ident, $source:expr) => {
        static $name: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
            #[allow(clippy::unwrap_used, reason = "a constant; a test beside it compiles it")]
            regex::Regex::new($source).unwrap()
        });
        #[cfg(test)]
        #[expect(non_snake_case)]
        mod $name {
            #[test]
            fn compiles() {
                assert!(!super::$name.as_str().is_empty());
            }
        }
    };
}
pub(crate) use pattern;
