//! What a file is, from its path.

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FileKind {
    /// Version control, installed packages: not read.
    Ignored,
    Dockerfile,
    /// Continuous integration.
    Workflow,
    Compose,
    /// Source code.
    Code,
    Shell,
    /// Settings that a program reads: YAML, TOML, properties, `.env`.
    Settings,
    /// A dependency lock file: only its name counts.
    Lock,
    /// A package manifest.
    Manifest,
    /// Prose and records for people.
    Document,
    Json,
    Other,
}

const IGNORED: &[&str] = &[".git", "node_modules", ".venv", "__pycache__", ".next", ".cache"];

const LOCKS: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "Cargo.lock",
    "go.sum",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "pdm.lock",
    "Gemfile.lock",
    "composer.lock",
    "flake.lock",
    "pylock.toml",
];

const MANIFESTS: &[&str] = &[
    "package.json",
    "Cargo.toml",
    "go.mod",
    "pyproject.toml",
    "requirements.txt",
    "Pipfile",
    "Gemfile",
    "flake.nix",
];

const CODE: &[&str] = &[
    "js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "py", "go", "rs", "java", "kt", "scala", "rb",
    "php", "cs", "swift", "c", "cc", "cpp", "h", "hpp", "ex", "exs", "vue", "svelte", "sol",
];

const SETTINGS: &[&str] = &["yml", "yaml", "toml", "properties", "ini", "conf", "cfg", "env", "hcl", "tf"];

/// The kind of the file with this path.
pub(crate) fn of(path: &str) -> FileKind {
    if path.split('/').any(|part| IGNORED.contains(&part)) {
        return FileKind::Ignored;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if LOCKS.contains(&name) {
        FileKind::Lock
    } else if is_dockerfile(&lower) {
        FileKind::Dockerfile
    } else if is_workflow(path, extension) {
        FileKind::Workflow
    } else if matches!(extension, "yml" | "yaml") && lower.contains("compose") {
        FileKind::Compose
    } else if MANIFESTS.contains(&name) || lower.starts_with("requirements") && extension == "txt" {
        FileKind::Manifest
    } else if CODE.contains(&extension) {
        FileKind::Code
    } else if matches!(extension, "sh" | "bash") || lower == "makefile" || lower == "justfile" {
        FileKind::Shell
    } else if SETTINGS.contains(&extension) || lower.starts_with(".env") {
        FileKind::Settings
    } else if matches!(extension, "md" | "markdown" | "rst" | "txt" | "adoc" | "html") || is_license(&lower) {
        FileKind::Document
    } else if extension == "json" {
        FileKind::Json
    } else {
        FileKind::Other
    }
}

fn is_dockerfile(lower: &str) -> bool {
    lower == "dockerfile"
        || lower == "containerfile"
        || lower.starts_with("dockerfile.") && !lower.ends_with(".md")
        || lower.ends_with(".dockerfile")
}

fn is_workflow(path: &str, extension: &str) -> bool {
    let yaml = matches!(extension, "yml" | "yaml");
    yaml && (path.contains(".github/workflows/")
        || path.contains(".github/actions/")
        || path.contains(".circleci/"))
        || path == ".gitlab-ci.yml"
}

fn is_license(lower: &str) -> bool {
    ["license", "licence", "copying", "unlicense"].iter().any(|stem| lower.starts_with(stem))
}

/// Directories whose files are not what runs.
const TEST_DIRECTORIES: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "testdata",
    "fixtures",
    "fixture",
    "examples",
    "example",
    "e2e",
    "benches",
    "benchmark",
    "benchmarks",
    "mocks",
    "__mocks__",
    "spec",
    "samples",
    "demo",
];

/// Whether a file is a test, an example or a development variant.
pub(crate) fn is_test_like(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (directories, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let stem = name.split('.').next().unwrap_or(name);
    directories.split('/').any(|part| TEST_DIRECTORIES.contains(&part))
        // A module about the mode, not a test.
        || stem.starts_with("test_") && stem != "test_mode"
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem == "conftest"
        || name.split('.').skip(1).any(|part| {
            matches!(part, "test" | "tests" | "spec" | "dev" | "local" | "example" | "sample" | "template")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_name() {
        for (path, kind) in [
            ("Dockerfile", FileKind::Dockerfile),
            ("deploy/Dockerfile.api-server", FileKind::Dockerfile),
            ("api.Dockerfile", FileKind::Dockerfile),
            ("docs/Dockerfile.md", FileKind::Document),
            (".github/workflows/build.yml", FileKind::Workflow),
            ("deploy/docker-compose.phala.yaml", FileKind::Compose),
            ("Cargo.lock", FileKind::Lock),
            ("requirements-prod.txt", FileKind::Manifest),
            ("LICENSE", FileKind::Document),
            ("node_modules/x/index.js", FileKind::Ignored),
            ("src/main.rs", FileKind::Code),
        ] {
            assert_eq!(of(path), kind, "{path}");
        }
    }

    #[test]
    fn tests_examples_and_development_variants_do_not_run() {
        for path in [
            "tests/a.py",
            "src/a.test.ts",
            "pkg/a_test.go",
            "Dockerfile.dev",
            "docker-compose.local.yml",
            "examples/x/main.rs",
            ".env.example",
        ] {
            assert!(is_test_like(path), "{path}");
        }
        for path in ["src/attest.rs", "Dockerfile", "latest.py", "contest/a.py", "server/protest.ts"] {
            assert!(!is_test_like(path), "{path}");
        }
    }
}
