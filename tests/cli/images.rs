//! `veritee image` on images of our own making (`test-vectors/images`).

use crate::program::Folder;
use serde_json::Value;
use std::path::PathBuf;

fn image(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "test-vectors", "images", name].iter().collect();
    path.to_str().unwrap().to_owned()
}

fn compared(one: &str, other: &str) -> (i32, Value) {
    let ran = Folder::empty().run(&["image", "compare", &image(one), &image(other), "--format", "json"]);
    let value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{one} {other}: {}", ran.err));
    (ran.code, value)
}

fn causes(value: &Value) -> Vec<&str> {
    value["differences"].as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect()
}

#[test]
fn every_row_of_the_table_has_its_rung_and_its_exit_code() {
    let readme = std::fs::read_to_string(image("README.md")).unwrap();
    let (_, table) = readme.split_once("| deployed | rebuilt | rung | exit code |").unwrap();
    let mut rows = 0;
    for line in table.lines().skip(1).take_while(|line| line.starts_with('|')).skip(1) {
        let cells: Vec<&str> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let (code, value) = compared(cells[0], cells[1]);
        assert_eq!(value["rung"], cells[2], "{line}: {:?}", causes(&value));
        assert_eq!(code.to_string(), cells[3], "{line}");
        assert_eq!(value["same_content"], code == 0, "{line}");
        rows += 1;
    }
    assert_eq!(rows, 8);
}

#[test]
fn each_vector_has_the_digest_that_the_table_says() {
    let readme = std::fs::read_to_string(image("README.md")).unwrap();
    let mut rows = 0;
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('`').collect();
        let (name, digest) = (cells[1], cells[cells.len() - 2]);
        if digest.len() != 64 {
            continue;
        }
        let found = veritee_model::Sha256Digest::of(&std::fs::read(image(name)).unwrap());
        assert_eq!(found.to_string(), digest, "{name}");
        rows += 1;
    }
    assert_eq!(rows, 29);
}

#[test]
fn every_pair_of_builds_is_explained_by_name_and_by_nothing_else() {
    let readme = std::fs::read_to_string(image("README.md")).unwrap();
    let (_, table) = readme.split_once("| deployed | rebuilt | rung | causes |").unwrap();
    let mut rows = 0;
    for line in table.lines().skip(1).take_while(|line| line.starts_with('|')).skip(1) {
        let cells: Vec<&str> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        for (one, other) in [(cells[0], cells[1]), (cells[1], cells[0])] {
            let (code, value) = compared(one, other);
            assert_eq!(value["rung"], cells[2], "{line}");
            let proves = ["S3", "S4", "S5"].contains(&cells[2]);
            assert_eq!((code == 0, value["same_content"].as_bool()), (proves, Some(proves)), "{line}");
            assert_eq!(causes(&value).join(", "), cells[3], "{line}");
            for difference in value["differences"].as_array().unwrap() {
                assert!(!difference["remedy"].as_str().unwrap().is_empty(), "{line}");
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 15);
}

#[test]
fn packages_of_apt_and_of_pip_are_told_from_old_to_new_and_compressors_by_who_used_them() {
    let place = |one: &str, other: &str, cause: &str| -> Value {
        let (_, value) = compared(one, other);
        let differences = value["differences"].as_array().unwrap().clone();
        differences.into_iter().find(|difference| difference["cause"] == cause).unwrap()["places"][0].clone()
    };
    let apt = place("pairs/buildah.tar", "pairs/buildah-apt.tar", "packages");
    assert_eq!(
        (&apt["path"], &apt["deployed"], &apt["rebuilt"]),
        (&"greeter".into(), &"1.0".into(), &"1.1".into())
    );
    let pip = place("pairs/buildah.tar", "pairs/buildah-pip.tar", "packages");
    assert_eq!(
        (&pip["path"], &pip["deployed"], &pip["rebuilt"]),
        (&"greeter (Python)".into(), &"1.0".into(), &"1.1".into())
    );
    let packed = place("pairs/buildah.tar", "pairs/buildah-gnu-gzip.tar", "compression");
    assert!(packed["deployed"].as_str().unwrap().contains("pgzip"), "{packed}");
    assert!(packed["rebuilt"].as_str().unwrap().contains("gzip -n"), "{packed}");
}

#[test]
fn differences_are_explained_by_name() {
    let (_, plain) = compared("plain-1.tar", "plain-2.tar");
    assert_eq!(causes(&plain), ["config-times", "times"]);
    let (_, content) = compared("repro-1.tar", "content-differs.tar");
    let contents =
        content["differences"].as_array().unwrap().iter().find(|one| one["cause"] == "contents").unwrap();
    assert_eq!(contents["count"], 1);
    let (_, zstd) = compared("repro-1.tar", "zstd.tar");
    let packed =
        zstd["differences"].as_array().unwrap().iter().find(|one| one["cause"] == "compression").unwrap();
    assert!(packed["places"][0]["deployed"].as_str().unwrap().contains("Go's gzip"), "{packed}");
    let (_, repro) = compared("repro-1.tar", "repro-2.tar");
    assert_eq!(causes(&repro), ["index"]);
    let (code, buildah) = compared("repro-1.tar", "buildah.tar");
    assert_eq!(code, 12);
    assert!(causes(&buildah).contains(&"layer-count"), "{:?}", causes(&buildah));
    let (_, containerd) = compared("docker-save-containerd.tar", "docker-save-containerd.tar");
    assert_eq!(containerd["rung"], "S4");
}

#[test]
fn people_are_told_the_rung_the_causes_and_the_cures() {
    let ran =
        Folder::empty().run(&["image", "compare", &image("plain-1.tar"), &image("plain-2.tar")]).ends(12);
    assert!(ran.out.starts_with("S1  NOT THE SAME: "), "{}", ran.out);
    for words in
        ["times: times of files differ", "to make it go away: set SOURCE_DATE_EPOCH", "layers    0 of 2"]
    {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let same =
        Folder::empty().run(&["image", "compare", &image("repro-1.tar"), &image("repro-2.tar")]).ends(0);
    assert!(same.out.starts_with("S4  THE SAME CONTENT"), "{}", same.out);
}

#[test]
fn what_is_no_image_or_damaged_ends_with_3_and_says_what_next() {
    let folder = Folder::empty();
    folder.write("words.tar", "no archive");
    let sound = image("repro-1.tar");
    let mut damaged = std::fs::read(&sound).unwrap();
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    folder.write("damaged.tar", &damaged);
    folder.write("packed.tar.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    std::fs::create_dir(folder.file("empty")).unwrap();
    for (file, words) in [
        ("words.tar", "no tar archive"),
        ("damaged.tar", "changed"),
        ("packed.tar.gz", "help: unpack the archive once"),
        ("empty", "expected an OCI layout"),
        ("missing.tar", "missing.tar"),
    ] {
        let ran = folder.run(&["image", "compare", &sound, file]).ends(3);
        assert!(ran.err.contains(words) && ran.out.is_empty(), "{file}: {}", ran.err);
    }
    folder.run(&["image", "compare", &sound, "-"]).ends(2);
    let ran = folder.run(&["image", "compare", &sound, &sound, "--platform", "linux/arm64"]).ends(3);
    assert!(ran.err.contains("no image for linux/arm64; there are: linux/amd64"), "{}", ran.err);
}

/// An archive of one file, by hand: a ustar header, the content, two blocks of zeros.
pub(crate) fn archive(path: &str, content: &str) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, path);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", content.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend(content.as_bytes());
    header.resize(header.len().next_multiple_of(512), 0);
    header.extend([0; 1024]);
    header
}

/// A layout with these layers, and this of how it is run; the digest of its manifest.
pub(crate) fn layout(folder: &Folder, layers: &[Vec<u8>], run: &str) -> String {
    let put = |bytes: &[u8], kind: &str| {
        let digest = veritee_model::Sha256Digest::of(bytes).to_string();
        let path = folder.file(&format!("image/blobs/sha256/{digest}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        (
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"sha256:{digest}","size":{}}}"#,
                bytes.len()
            ),
            digest,
        )
    };
    let packed: Vec<(String, String)> = layers.iter().map(|layer| put(layer, "layer.v1.tar")).collect();
    let ids: Vec<String> = packed.iter().map(|(_, digest)| format!(r#""sha256:{digest}""#)).collect();
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","config":{{{run}}},"rootfs":{{"diff_ids":[{}]}}}}"#,
        ids.join(",")
    );
    let (config, _) = put(config.as_bytes(), "config.v1+json");
    let described: Vec<String> = packed.into_iter().map(|(descriptor, _)| descriptor).collect();
    let manifest = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{}]}}"#, described.join(","));
    let (manifest, digest) = put(manifest.as_bytes(), "manifest.v1+json");
    folder.write("image/index.json", format!(r#"{{"schemaVersion":2,"manifests":[{manifest}]}}"#));
    format!("sha256:{digest}")
}

#[test]
fn a_default_key_a_password_and_a_development_setting_are_found_by_layer_and_path() {
    let key = ["ac0974bec39a17e36ba4a6b4d238ff94", "4bacb478cbed5efcae784d7bf4f2ff80"].concat();
    let folder = Folder::empty();
    let settings = format!("signer:\n  private-key: ${{PRIVATE_KEY:0x{key}}}\n  profile: x\n");
    let layers = [
        archive("app/application.yml", &settings),
        archive("app/.env", "PORT=8080\nADMIN_PASSWORD=hunter2hunter2\n"),
        // A later layer that deletes it changes nothing: whoever has the image has the layer.
        archive("app/.wh..env", ""),
    ];
    layout(&folder, &layers, r#""Env":["PATH=/bin","NODE_ENV=development"]"#);
    let ran = folder.run(&["image", "inspect", "image", "--format", "json"]).ends(12);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let found: Vec<(Option<u64>, &str, &str, u64)> = value["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (one["layer"].as_u64(), text("path"), text("kind"), one["line"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        (None, "config.Env", "development-setting", 2),
        (Some(0), "app/application.yml", "default-key", 2),
        (Some(1), "app/.env", "password", 2),
    ];
    assert_eq!(found, expected, "{}", ran.out);
    let shown = folder.run(&["image", "inspect", "image"]).ends(12);
    for secret in ["hunter2", &key[..16]] {
        assert!(!ran.out.contains(secret) && !shown.out.contains(secret), "a secret is repeated");
    }
    let clean = Folder::empty().run(&["image", "inspect", &image("repro-1.tar")]).ends(0);
    assert!(clean.out.contains("nothing of what is looked for"), "{}", clean.out);
}
