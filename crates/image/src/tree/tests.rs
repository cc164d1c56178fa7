use super::*;
use crate::testing::{Made, Piece, file, folder, open, piece};
use crate::{Meter, Visitor};
use veritee_base::Budget;

struct Nobody;

impl Visitor for Nobody {
    fn file(&mut self, _: &[u8], _: u64) -> bool {
        false
    }
    fn content(&mut self, _: &[u8]) {}
    fn end(&mut self) -> Option<[u8; 32]> {
        None
    }
}

fn layers(pieces: &[Vec<Piece>]) -> Vec<Layer> {
    let files = Made::new(pieces).layout();
    let image = open(&files, "").unwrap();
    let mut meter = Meter::new(&Budget::STANDARD);
    (0..pieces.len()).map(|number| image.layer(number, Some(&mut Nobody), &mut meter).unwrap()).collect()
}

fn paths(tree: &Tree<'_>) -> Vec<String> {
    tree.nodes().map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
}

fn problems(tree: &Tree<'_>) -> Vec<TreeProblem> {
    tree.problems.iter().map(|(_, problem)| *problem).collect()
}

#[test]
fn whiteouts_take_away_from_the_layers_below_and_not_from_their_own() {
    let below = vec![folder("a/"), file("a/x", b"1"), file("a/y", b"2"), file("a-b", b"3"), file("c", b"4")];
    let named = vec![file("a/.wh.x", b""), file(".wh.c", b""), file("a/new", b"")];
    let built = layers(&[below.clone(), named]);
    assert_eq!(paths(&Tree::new(&built)), ["a", "a-b", "a/new", "a/y"]);
    let opaque = vec![file("a/new", b""), file("a/.wh..wh..opq", b"")];
    let built = layers(&[below.clone(), opaque]);
    assert_eq!(paths(&Tree::new(&built)), ["a", "a-b", "a/new", "c"]);
    let folder_gone = vec![file(".wh.a", b""), file(".wh..wh.plnk", b"")];
    let built = layers(&[below, folder_gone]);
    assert_eq!(paths(&Tree::new(&built)), ["a-b", "c"]);
    assert!(problems(&Tree::new(&built)).is_empty());
}

#[test]
fn a_file_in_the_place_of_a_folder_takes_all_below_it_away() {
    let built = layers(&[vec![folder("a/"), file("a/x", b"1"), file("a0", b"")], vec![file("a", b"2")]]);
    assert_eq!(paths(&Tree::new(&built)), ["a", "a0"]);
    let kept = layers(&[vec![folder("a/"), file("a/x", b"1")], vec![folder("a/")]]);
    assert_eq!(paths(&Tree::new(&kept)), ["a", "a/x"]);
}

#[test]
fn a_hard_link_has_the_content_that_its_target_had_then() {
    let built = layers(&[vec![file("a", b"old")], vec![piece("b", b'1', b"", "a"), file("a", b"new")]]);
    let tree = Tree::new(&built);
    assert_eq!(tree.get(b"b").unwrap().content, (0, 0));
    assert_eq!(tree.get(b"a").unwrap().content, (1, 1));
    assert!(problems(&tree).is_empty());
    let dangling = layers(&[vec![piece("b", b'1', b"", "a"), file("a", b"")]]);
    assert_eq!(problems(&Tree::new(&dangling)), [TreeProblem::DanglingHardLink]);
}

#[test]
fn what_two_runtimes_can_read_in_two_ways_is_named() {
    let through = layers(&[vec![piece("l", b'2', b"", "/etc"), file("l/passwd", b"")]]);
    assert_eq!(problems(&Tree::new(&through)), [TreeProblem::ThroughNoFolder]);
    let twice = layers(&[vec![file("a", b"1"), file("a", b"2"), folder("d"), folder("d")]]);
    assert_eq!(problems(&Tree::new(&twice)), [TreeProblem::Twice]);
    let both = layers(&[vec![file("a", b"1")], vec![file("a", b"2"), file(".wh.a", b"")]]);
    assert_eq!(problems(&Tree::new(&both)), [TreeProblem::WhiteoutAndEntry]);
}
