use super::*;
use crate::testing::{Made, Pack, Piece, archive, file, folder, open, piece};
use proptest::prelude::*;
use serde_json::json;
use veritee_source::MemoryFiles;

fn compared(one: &MemoryFiles, other: &MemoryFiles) -> Comparison {
    let (one, other) = (open(one, "").unwrap(), open(other, "").unwrap());
    compare(&one, &other, &Budget::STANDARD).unwrap()
}

fn made(one: &Made, other: &Made) -> Comparison {
    compared(&one.layout(), &other.layout())
}

fn layers(one: &[Vec<Piece>], other: &[Vec<Piece>]) -> Comparison {
    made(&Made::new(one), &Made::new(other))
}

fn causes(comparison: &Comparison) -> Vec<Cause> {
    comparison.differences.iter().map(|difference| difference.cause).collect()
}

fn base() -> Vec<Piece> {
    vec![
        folder("app"),
        file("app/run", b"#!/bin/sh\n"),
        file("app/data", &[9; 5000]),
        piece("app/link", b'2', b"", "run"),
        piece("app/again", b'1', b"", "app/run"),
    ]
}

/// The base with one entry changed.
fn changed(path: &str, change: impl Fn(&mut Piece)) -> Vec<Piece> {
    let mut pieces = base();
    pieces.iter_mut().filter(|one| one.path == path).for_each(change);
    pieces
}

#[test]
fn an_image_is_itself() {
    let one = made(&Made::new(&[base()]), &Made::new(&[base()]));
    assert_eq!((one.rung, one.same_content), (Some(Rung::S4), true));
    assert!(one.differences.is_empty() && one.not_checked.is_empty());
}

#[test]
fn packed_otherwise_it_has_the_same_config_and_says_whose_compressor() {
    let one = Made::new(&[base()]);
    for pack in Pack::ALL {
        let other = made(&one, &one.clone().packed(pack));
        assert_eq!((other.rung, other.same_content), (Some(Rung::S3), true), "{pack:?}");
        assert!(causes(&other).contains(&Cause::Compression), "{pack:?}");
    }
    let saved = compared(&one.layout(), &one.saved());
    assert_eq!((saved.rung, saved.same_content), (Some(Rung::S3), true));
}

#[test]
fn another_environment_over_the_same_layers_proves_nothing() {
    let mut other = Made::new(&[base()]);
    other.run = json!({ "Env": ["PATH=/bin", "MODE=dev"], "Cmd": ["/app/run"], "Labels": { "a": "b" } });
    other.created = "2024-01-01T00:00:00Z".to_owned();
    let found = made(&Made::new(&[base()]), &other);
    assert_eq!((found.rung, found.same_content), (Some(Rung::S2), false));
    assert_eq!(causes(&found), [Cause::ConfigTimes, Cause::ConfigRun, Cause::ConfigLabels]);
    let run = &found.differences[1].places[0];
    assert_eq!(run.path.as_deref(), Some("config.Env"));
    assert_eq!(run.rebuilt.as_deref(), Some(r#"["PATH=/bin","MODE=dev"]"#));
}

#[test]
fn a_member_in_another_case_decides_for_go_and_is_told() {
    let mut other = Made::new(&[base()]);
    other.run = json!({ "Env": ["PATH=/bin"], "Cmd": ["/app/run"], "entrypoint": ["/evil"] });
    assert_eq!(causes(&made(&Made::new(&[base()]), &other)), [Cause::ConfigRun]);
}

#[test]
fn each_kind_of_metadata_is_told_by_its_own_cause_and_is_s1() {
    let mut reordered = base();
    reordered.swap(1, 2);
    let mut swapped = base();
    swapped[1].path = "app/again".to_owned();
    swapped[4].path = "app/run".to_owned();
    swapped[4].link = "app/again".to_owned();
    let copied = changed("app/again", |one| *one = file("app/again", b"#!/bin/sh\n"));
    for (other, cause) in [
        (changed("app/data", |one| one.time += 1), Cause::Times),
        (changed("app/data", |one| one.owner = 1000), Cause::Owner),
        (reordered, Cause::Order),
        (copied, Cause::HardLinks),
        (swapped, Cause::HardLinks),
        (base().split_off(1), Cause::FolderEntries),
    ] {
        let found = layers(&[base()], std::slice::from_ref(&other));
        assert_eq!((found.rung, found.same_content), (Some(Rung::S1), false), "{cause:?}: {found:?}");
        assert!(causes(&found).contains(&cause), "{cause:?}: {:?}", causes(&found));
    }
}

#[test]
fn bytes_behind_the_end_and_headers_written_otherwise_are_s1() {
    let one = Made::new(&[base()]);
    let mut trailing = one.clone();
    trailing.layers[0].extend(b"hidden");
    let found = made(&one, &trailing);
    assert_eq!(found.rung, Some(Rung::S1));
    assert_eq!(causes(&found), [Cause::TrailingBytes]);
    let mut padded = one.clone();
    padded.layers[0].extend([0; 512]);
    let found = made(&one, &padded);
    assert_eq!((found.rung, causes(&found)), (Some(Rung::S1), vec![Cause::TarForm]));
}

#[test]
fn everything_that_a_program_sees_is_s0_by_its_own_cause() {
    let mut more = base();
    more.push(file("app/more", b""));
    for (other, cause) in [
        (changed("app/data", |one| one.content[4000] ^= 1), Cause::Contents),
        (changed("app/data", |one| one.mode = 0o4755), Cause::Mode),
        (
            changed("app/data", |one| one.attributes.push(("security.capability".to_owned(), vec![1]))),
            Cause::Attributes,
        ),
        (changed("app/link", |one| one.link = "/bin/sh".to_owned()), Cause::Kind),
        (changed("app/link", |one| *one = file("app/link", b"run")), Cause::Kind),
        (more, Cause::OnlyRebuilt),
        (changed("app/link", |one| one.path = "app/other".to_owned()), Cause::OnlyDeployed),
    ] {
        let found = layers(&[base()], std::slice::from_ref(&other));
        assert_eq!((found.rung, found.same_content), (Some(Rung::S0), false), "{cause:?}");
        assert!(causes(&found).contains(&cause), "{cause:?}: {:?}", causes(&found));
    }
}

#[test]
fn a_changed_byte_under_a_later_layer_is_s0_too() {
    let cover = vec![file("app/data", b"new")];
    let one = [base(), cover.clone()];
    let other = [changed("app/data", |one| one.content[0] ^= 1), cover];
    let found = layers(&one, &other);
    assert_eq!(found.rung, Some(Rung::S0));
    assert_eq!(causes(&found), [Cause::Hidden]);
}

#[test]
fn the_same_tree_cut_into_other_layers_is_s1() {
    let (low, high) = (base()[..2].to_vec(), base()[2..].to_vec());
    let found = layers(&[base()], &[low, high]);
    assert_eq!(found.rung, Some(Rung::S1), "{found:?}");
    assert_eq!(causes(&found), [Cause::LayerCount]);
}

#[test]
fn deletions_written_otherwise_are_explained_and_other_deletions_are_not() {
    let named = vec![
        file("app/.wh.data", b""),
        file("app/.wh.link", b""),
        file("app/.wh.again", b""),
        file("app/.wh.run", b""),
    ];
    let opaque = vec![file("app/.wh..wh..opq", b"")];
    let found = layers(&[base(), named.clone()], &[base(), opaque]);
    assert_eq!((found.rung, causes(&found)), (Some(Rung::S1), vec![Cause::Whiteouts]));
    let fewer = layers(&[base(), named.clone()], &[base(), named[..3].to_vec()]);
    assert_eq!(fewer.rung, Some(Rung::S0));
}

#[test]
fn known_noise_is_named_and_still_s0() {
    let noisy = |stamp: u8| {
        vec![
            file("etc/shadow", format!("root:*:197{stamp}:0:::\n").as_bytes()),
            file("var/log/dpkg.log", &[stamp]),
            file("var/cache/apt/pkgcache.bin", &[stamp]),
            file("var/cache/ldconfig/aux-cache", &[stamp]),
            file(
                "usr/lib/x.pyc",
                &[b"\xa7\r\r\n\0\0\0\0".as_slice(), &[stamp; 4], b"\x05\0\0\0code"].concat(),
            ),
            file("usr/share/x.jar", &[stamp]),
            file("etc/machine-id", &[stamp]),
            file("tmp/x", &[stamp]),
        ]
    };
    let found = layers(&[noisy(1)], &[noisy(2)]);
    assert_eq!((found.rung, found.same_content), (Some(Rung::S0), false));
    let mut expected = vec![
        Cause::AptCache,
        Cause::LinkerCache,
        Cause::Logs,
        Cause::PythonByteCode,
        Cause::AccountAge,
        Cause::MachineIdentity,
        Cause::TemporaryFiles,
        Cause::Archives,
    ];
    expected.sort_unstable();
    assert_eq!(causes(&found), expected);
    // Byte code whose code differs is no noise.
    let code = |last: u8| {
        vec![file(
            "x.pyc",
            &[b"\xa7\r\r\n\0\0\0\0\x01\x01\x01\x01\x05\0\0\0cod".as_slice(), &[last]].concat(),
        )]
    };
    assert_eq!(causes(&layers(&[code(1)], &[code(2)])), [Cause::Contents]);
}

/// The files that two honest builds of one Dockerfile wrote differently (`test-vectors/images/noise`).
fn measured(build: &str) -> Vec<Piece> {
    let root =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/images/noise").join(build);
    let mut open = vec![root.clone()];
    let mut pieces = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                    pieces.push(file(&name, &std::fs::read(&path).unwrap()));
                }
            }
        }
    }
    pieces.sort_by(|one, other| one.path.cmp(&other.path));
    pieces
}

#[test]
fn what_two_honest_builds_really_wrote_differently_is_explained_by_name() {
    let found = layers(&[measured("1")], &[measured("2")]);
    assert_eq!(found.rung, Some(Rung::S0));
    let named: Vec<(Cause, u64)> = found.differences.iter().map(|one| (one.cause, one.count)).collect();
    let expected = [
        (Cause::LinkerCache, 1),
        (Cause::Logs, 3),
        (Cause::PythonByteCode, 1),
        // The stamp is the build's own.
        (Cause::Contents, 1),
    ];
    assert_eq!(named, expected, "{:?}", found.differences);
}

#[test]
fn packages_are_told_from_old_to_new() {
    let status = |version: &str| {
        let text = format!("Package: openssl\nStatus: install ok installed\nVersion: {version}\n\n");
        let metadata = format!("usr/lib/python3/dist-packages/requests-{version}.dist-info/METADATA");
        vec![file("var/lib/dpkg/status", text.as_bytes()), file(&metadata, b"")]
    };
    let found = layers(&[status("3.0.1")], &[status("3.0.2")]);
    let packages = found.differences.iter().find(|one| one.cause == Cause::Packages).unwrap();
    assert_eq!(packages.count, 2);
    let first = &packages.places[0];
    assert_eq!(
        (first.path.as_deref(), first.deployed.as_deref(), first.rebuilt.as_deref()),
        (Some("openssl"), Some("3.0.1"), Some("3.0.2"))
    );
}

#[test]
fn entries_that_two_runtimes_read_differently_are_never_s1() {
    let ordered = |link_first: bool| {
        let mut pieces = vec![piece("l", b'2', b"", "/etc"), file("l/passwd", b"evil")];
        if !link_first {
            pieces.reverse();
        }
        pieces
    };
    let found = layers(&[ordered(true)], &[ordered(false)]);
    assert_eq!(found.rung, Some(Rung::S0));
    // The same doubtful layer with other times is read alike on both sides.
    let mut later = ordered(true);
    later[1].time += 5;
    assert_eq!(layers(&[ordered(true)], &[later]).rung, Some(Rung::S1));
}

#[test]
fn without_the_layers_the_same_config_is_not_shown_and_nothing_below_it_is_told() {
    let one = Made::new(&[base()]);
    let without = |made: &Made| {
        let mut files = made.layout();
        let layer = open(&files, "").unwrap().layers[0].name.clone();
        files.files.remove(&layer);
        files
    };
    let same = compared(&without(&one), &without(&one));
    assert_eq!((same.rung, same.same_content), (Some(Rung::S4), true), "the manifest holds the layers fast");
    let packed = compared(&without(&one), &one.clone().packed(Pack::Zstd).layout());
    assert_eq!((packed.rung, packed.same_content), (Some(Rung::S3), false));
    assert_eq!(packed.not_checked.len(), 2);
    let other = Made::new(&[changed("app/data", |one| one.time += 1)]);
    let unknown = compared(&without(&one), &other.layout());
    assert_eq!((unknown.rung, unknown.same_content), (None, false));
    assert!(!unknown.not_checked.is_empty());
}

#[test]
fn a_layer_with_other_bytes_than_its_digest_is_no_comparison() {
    let one = Made::new(&[base()]).layout();
    let mut other = one.clone();
    let name = open(&other, "").unwrap().layers[0].name.clone();
    *other.files.get_mut(&name).unwrap().last_mut().unwrap() ^= 1;
    let (left, right) = (open(&one, "").unwrap(), open(&other, "").unwrap());
    let error = compare(&left, &right, &Budget::STANDARD).unwrap_err();
    assert_eq!(error.side, Side::Rebuilt);
}

/// Trees of files, folders and links without doubtful entries: each path once, links behind their targets.
fn trees() -> impl Strategy<Value = Vec<Piece>> {
    let name = prop::sample::select(vec!["a", "b", "c", "d-e", "é"]);
    let one = (prop::collection::vec(name, 1..3), prop::collection::vec(any::<u8>(), 0..600), 0_u8..4);
    prop::collection::vec(one, 1..12).prop_map(|drafts| {
        let mut pieces: BTreeMap<String, Piece> = BTreeMap::new();
        let mut links = Vec::new();
        for (number, (steps, content, kind)) in drafts.into_iter().enumerate() {
            let folder_path = steps.join("/");
            let path = format!("{folder_path}/f{number}");
            for depth in 1..=steps.len() {
                let path = steps[..depth].join("/");
                pieces.insert(path.clone(), folder(&path));
            }
            match kind {
                0 => drop(pieces.insert(path.clone(), piece(&path, b'2', b"", "target"))),
                1 => {
                    pieces.insert(path.clone(), file(&path, &content));
                    links.push(piece(&format!("{path}-link"), b'1', b"", &path));
                }
                _ => drop(pieces.insert(path.clone(), file(&path, &content))),
            }
        }
        pieces.into_values().chain(links).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn shuffling_retiming_and_recompressing_never_falls_to_s0(
        tree in trees(), keys in prop::collection::vec(any::<u64>(), 64), pack in 0..Pack::ALL.len(), times in any::<u32>(),
    ) {
        let links = tree.iter().filter(|one| one.flag == b'1').cloned();
        let mut files: Vec<Piece> = tree.iter().filter(|one| one.flag != b'1').cloned().collect();
        let mut keyed: Vec<(u64, Piece)> =
            files.drain(..).enumerate().map(|(at, one)| (keys[at % keys.len()] ^ at as u64, one)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let mut shuffled: Vec<Piece> = keyed.into_iter().map(|(_, one)| one).chain(links).collect();
        for (at, one) in shuffled.iter_mut().enumerate() {
            one.time = u64::from(times) + at as u64;
        }
        let other = Made::new(&[shuffled]).packed(Pack::ALL[pack]);
        let found = made(&Made::new(&[tree]), &other);
        prop_assert!(found.rung >= Some(Rung::S1), "{:?}", found.differences);
    }

    #[test]
    fn one_changed_byte_of_a_file_always_falls_to_s0(
        tree in trees(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        pack in 0..Pack::ALL.len(),
    ) {
        let mut other = tree.clone();
        let mut full: Vec<&mut Piece> = other.iter_mut().filter(|one| !one.content.is_empty()).collect();
        prop_assume!(!full.is_empty());
        let chosen = which.index(full.len());
        let byte = at.index(full[chosen].content.len());
        full[chosen].content[byte] ^= 1 << bit;
        let found = made(&Made::new(&[tree]), &Made::new(&[other]).packed(Pack::ALL[pack]));
        prop_assert_eq!(found.rung, Some(Rung::S0));
        prop_assert!(!found.same_content);
    }

    #[test]
    fn no_bytes_of_a_layer_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), at in any::<prop::sample::Index>()) {
        let mut one = Made::new(&[base()]);
        let place = at.index(one.layers[0].len());
        for (to, from) in one.layers[0][place..].iter_mut().zip(&bytes) {
            *to ^= *from;
        }
        let files = one.layout();
        let (left, right) = (open(&files, "").unwrap(), Made::new(&[base()]).layout());
        let right = open(&right, "").unwrap();
        let _ = compare(&left, &right, &Budget::STANDARD);
    }
}

#[test]
fn archives_of_tests_are_what_other_readers_take_them_for() {
    let bytes = archive(&base());
    let mut reader = tar::Archive::new(&bytes[..]);
    let names: Vec<String> = reader
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["app", "app/run", "app/data", "app/link", "app/again"]);
}
