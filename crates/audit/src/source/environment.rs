//! Variables that code reads from its environment, with the default that holds when they are not set.

use super::SourceFile;
use super::kind::FileKind;
use crate::pattern::pattern;
use crate::syntax::reads;
use veritee_model::Place;

/// One place where code reads a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentRead {
    pub(crate) name: String,
    /// The constant that counts when the variable is not set.
    pub(crate) default: Option<String>,
    pub(crate) place: Place,
    pub(crate) line: String,
    pub(crate) test_like: bool,
}

// JavaScript: process.env.X || 'c', process.env['X'] ?? "c".
pattern!(
    JAVASCRIPT,
    r#"(?:process\.env|import\.meta\.env|Deno\.env)(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[['"]([A-Za-z_][A-Za-z0-9_]*)['"]\])(?:[ \t!]*(?:\|\||\?\?)[ \t\n]*(?:"([^"\n]*)"|'([^'\n]*)'|`([^`$\n]*)`))?"#,
    ["process.env", "import.meta.env", "deno.env"]
);
// Python: os.getenv("X", "c"), os.environ.get("X", "c"), os.environ["X"], env("X", default="c").
pattern!(
    PYTHON,
    r#"(?:getenv|environ\.get|environ|config|env(?:\.(?:str|url|get))?)[ \t]*[(\[][ \t\n]*['"]([A-Z_][A-Z0-9_]*)['"](?:[ \t\n]*,[ \t\n]*(?:default[ \t]*=[ \t]*)?(?:"([^"\n]*)"|'([^'\n]*)'))?"#,
    ["env", "config"]
);
// Rust: env::var("X").unwrap_or_else(|_| "c".into()), option_env!("X").unwrap_or("c").
pattern!(
    RUST,
    r#"(?:env::var(?:_os)?|env!|dotenvy?::var)[ \t]*\([ \t\n]*"([A-Z_][A-Z0-9_]*)"[ \t\n]*\)(?:[^;{}]{0,80}?unwrap_or(?:_else)?[ \t\n]*\((?:[ \t\n]*\|[^|]*\|)?[ \t\n]*(?:String::from\()?"([^"\n]*)")?"#,
    ["env::var", "env!", "dotenvy::var"]
);
// Go: os.Getenv("X"), getEnv("X", "c"). Java: System.getenv("X").
pattern!(
    GO,
    r#"(?i:getenv|lookupenv|getenvordefault|envor)\([ \t\n]*"([A-Z_][A-Z0-9_]*)"(?:[ \t\n]*,[ \t\n]*"([^"\n]*)")?"#,
    ["getenv", "lookupenv", "envor"]
);
// Spring and shell: ${X:c}, ${X:-c}.
pattern!(PLACEHOLDER, r"\$\{([A-Z_][A-Z0-9_]*):-?([^}\n]*)\}", ["${"]);
// Pydantic: x_y: str = "c" in a class of settings.
pattern!(
    PYDANTIC,
    r#"(?m)^[ \t]+([a-z][a-z0-9_]*)[ \t]*:[ \t]*(?:str|SecretStr|HttpUrl|AnyUrl|AnyHttpUrl|bool)[^=\n]*=[ \t]*(?:Field\([ \t]*(?:default[ \t]*=[ \t]*)?)?(?:"([^"\n]*)"|'([^'\n]*)')"#
);

/// The reads in a file.
pub(crate) fn reads(file: &SourceFile) -> Vec<EnvironmentRead> {
    let mut found = Vec::new();
    if file.is_parsed() {
        let reads = reads::reads(file.tree()).into_iter();
        return reads
            .map(|read| EnvironmentRead {
                name: read.name,
                default: read.default,
                place: file.place(read.at),
                line: file.line_at(read.at).to_owned(),
                test_like: file.test_like,
            })
            .collect();
    }
    match file.kind {
        FileKind::Code => match file.path.rsplit('.').next().unwrap_or("") {
            "py" => {
                collect(file, &PYTHON, 1, &mut found);
                if file.text.contains("BaseSettings") {
                    collect(file, &PYDANTIC, 1, &mut found);
                }
            }
            "rs" => collect(file, &RUST, 1, &mut found),
            "go" | "java" | "kt" | "scala" | "rb" | "php" => collect(file, &GO, 1, &mut found),
            _ if file.text.contains("env") => collect(file, &JAVASCRIPT, 2, &mut found),
            _ => {}
        },
        FileKind::Settings | FileKind::Shell => collect(file, &PLACEHOLDER, 1, &mut found),
        _ => {}
    }
    found
}

fn collect(
    file: &SourceFile,
    pattern: &crate::pattern::Pattern,
    names: usize,
    found: &mut Vec<EnvironmentRead>,
) {
    for groups in pattern.captures_iter(&file.text) {
        let Some(whole) = groups.get(0) else { continue };
        let first =
            |range: core::ops::RangeInclusive<usize>| range.filter_map(|index| groups.get(index)).next();
        let Some(name) = first(1..=names) else { continue };
        let default = first(names.saturating_add(1)..=groups.len().saturating_sub(1));
        found.push(EnvironmentRead {
            name: name.as_str().to_ascii_uppercase(),
            default: default.map(|text| text.as_str().to_owned()).filter(|text| !text.is_empty()),
            place: file.place(whole.start()),
            line: file.line_at(whole.start()).to_owned(),
            test_like: file.test_like,
        });
    }
}
