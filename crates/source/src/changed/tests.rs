use super::*;

#[test]
fn what_decides_how_it_is_built_is_named_first() {
    let paths = |list: &[&str]| list.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    assert_eq!(changed_words(&[]), "no file differs");
    assert_eq!(changed_words(&paths(&["a.rs"])), "1 file differs: a.rs");
    let many =
        paths(&["README.md", "a.rs", "b.rs", "c.rs", "d.rs", "e.rs", "build/Dockerfile", "Cargo.lock"]);
    assert_eq!(
        changed_words(&many),
        "8 files differ: Cargo.lock, build/Dockerfile, a.rs, b.rs, c.rs, d.rs, …"
    );
}
