use super::*;
use veritee_source::{CommitLookup, MemoryTree};

#[test]
fn what_is_not_read_is_listed_with_the_reason() {
    let mut budget = Budget::STANDARD;
    budget.source_file_bytes = 8;
    let tree =
        MemoryTree::new([("a.py", "x = 1"), ("b.py", "x = 12345"), ("c.bin", "123456789"), ("d.py", "\0")]);
    let source = Source::load(&tree, &budget);
    let unread: Vec<_> = source.unread.iter().map(|(path, why)| (path.as_str(), *why)).collect();
    assert_eq!(unread, [("b.py", "it is too large"), ("d.py", "it is no text")]);
}

#[test]
fn a_tree_beyond_the_budget_leaves_its_rest_unread() {
    let mut budget = Budget::STANDARD;
    budget.source_files = 1;
    let tree = MemoryTree::new([("a.py", ""), ("b.py", "")]);
    assert_eq!(Source::load(&tree, &budget).unread.len(), 1);
}

#[test]
fn reads_of_the_environment_are_found_with_their_defaults() {
    let tree = MemoryTree::new([
        (
            "a.ts",
            "const s = process.env.JWT_SECRET || 'constant';\nconst u = process.env[\"API_URL\"] ?? \"https://a\";\nconst n = process.env.NONE;",
        ),
        ("b.py", "a = os.getenv(\"LLM_BASE_URL\", \"https://b\")\nb = os.environ.get('X')\n"),
        ("c.py", "class S(BaseSettings):\n    secret_key: str = \"abc\"\n"),
        ("d.rs", "let a = std::env::var(\"RPC_URL\").unwrap_or_else(|_| \"https://c\".to_string());"),
        ("e.go", "v := getEnv(\"BACKEND\", \"http://d\")"),
        ("f.yml", "key: ${PRIVATE_KEY:0xac}\n"),
    ]);
    let source = Source::load(&tree, &Budget::STANDARD);
    let found: Vec<_> =
        source.environment.iter().map(|read| (read.name.as_str(), read.default.as_deref())).collect();
    assert_eq!(
        found,
        [
            ("JWT_SECRET", Some("constant")),
            ("API_URL", Some("https://a")),
            ("NONE", None),
            ("LLM_BASE_URL", Some("https://b")),
            ("X", None),
            ("SECRET_KEY", Some("abc")),
            ("RPC_URL", Some("https://c")),
            ("BACKEND", Some("http://d")),
            ("PRIVATE_KEY", Some("0xac")),
        ]
    );
}

#[test]
fn a_commit_is_found_absent_or_ambiguous() {
    let mut tree = MemoryTree::default();
    assert_eq!(tree.commit("ab"), CommitLookup::NoHistory);
    tree.commits = Some(vec!["ab1".to_owned(), "ab2".to_owned()]);
    assert_eq!(tree.commit("ab"), CommitLookup::Ambiguous);
    assert_eq!(tree.commit("ab1"), CommitLookup::Found("ab1".to_owned()));
    assert_eq!(tree.commit("c"), CommitLookup::Absent);
}
