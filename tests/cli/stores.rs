//! A store that is damaged: what it knew of revocations and has lost is no silent pass.

use crate::program::{AS_OF, Folder, machine};
use std::path::Path;
use veritee_testkit::Role;
use veritee_testkit::pki::time;

const RULES: [&str; 7] = ["--root", "root.pem", "--policy", "policy.toml", "--as-of", AS_OF, "--offline"];

fn import(folder: &Folder, files: &str, store: &str) {
    folder.run(&["collateral", "import", files, "--store", store, "--root", "root.pem", "--as-of", AS_OF]);
}

/// A store that keeps a list beside its entries: the newer one does not name what the older revokes.
fn keeping(folder: &Folder, revokes: Role) {
    let genuine = machine().universe;
    for (name, set) in [
        ("old", genuine.clone().revoke(revokes)),
        (
            "new",
            genuine.pck_crl(|list| list.this_update = time("2026-10-10T00:00:00Z")).root_crl(|list| {
                list.this_update = time("2026-10-10T00:00:00Z");
            }),
        ),
    ] {
        std::fs::create_dir(folder.file(name)).unwrap();
        folder.write(&format!("{name}/a.json"), set.forge().collateral_json());
        import(folder, name, "s");
    }
    assert_eq!(std::fs::read_dir(folder.file("s/lists")).unwrap().count(), 1);
}

/// Every command that judges by a store.
fn judged(folder: &Folder, store: &str, more: &[&str], code: i32, word: &str) {
    let line = hex::encode(std::fs::read(folder.file("quote.bin")).unwrap());
    folder.write("lines.txt", line);
    let commands: [&[&str]; 5] = [
        &["verify", "evidence.json"],
        &["quote", "verify", "quote.bin"],
        &["quote", "verify", "evidence.json"],
        &["batch", "lines.txt"],
        &["batch", "evidence.json"],
    ];
    for command in commands {
        let format: &[&str] = if command[0] == "batch" { &[] } else { &["--format", "json"] };
        let arguments = [command, &RULES, &["--store", store], more, format].concat();
        let ran = folder.run(&arguments).ends(code);
        assert!(ran.out.contains(word), "{command:?} {more:?}: {}\n{}", ran.out, ran.err);
    }
}

fn only_file(folder: &Path) -> std::path::PathBuf {
    std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_store_that_has_lost_a_list_that_it_kept_verifies_nothing() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |store| std::fs::remove_dir_all(store.join("lists")).unwrap(),
        |store| std::fs::remove_file(only_file(&store.join("lists"))).unwrap(),
        |store| std::fs::write(only_file(&store.join("lists")), "x").unwrap(),
        |store| std::fs::remove_dir_all(store.join("objects")).unwrap(),
    ];
    for damage in damages {
        for revokes in [Role::Pck, Role::PlatformCa] {
            let folder = Folder::new();
            keeping(&folder, revokes);
            judged(&folder, "s", &["--collateral", "new"], 10, "revoked");
            damage(&folder.file("s"));
            judged(&folder, "s", &["--collateral", "new"], 13, "revocations-lost");
            // What was saved says it again, and imported again it is known again.
            let saved = ["--store", "s", "--collateral", "new", "--save-evidence", "saved.json"];
            folder.run(&[&["verify", "evidence.json"][..], &RULES, &saved].concat()).ends(13);
            let again = folder.run(&[&["verify", "saved.json"][..], &RULES].concat()).ends(13);
            assert!(again.out.contains("revocations-lost"), "{}", again.out);
            import(&folder, "old", "s");
            judged(&folder, "s", &["--collateral", "new"], 10, "revoked");
        }
    }
}

#[test]
fn what_prune_lets_go_of_is_named_and_then_lost() {
    let folder = Folder::new();
    keeping(&folder, Role::Pck);
    std::fs::remove_dir_all(folder.file("s/lists")).unwrap();
    let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
    let check = folder.run(&[&["collateral", "check"][..], &at].concat()).ends(3);
    assert!(check.err.contains("lists/"), "{} {}", check.out, check.err);
    let export = folder.run(&[&["collateral", "export", "out"][..], &at].concat()).ends(3);
    assert!(export.err.contains("lists/"), "{} {}", export.out, export.err);
    let prune = folder.run(&[&["collateral", "prune"][..], &at].concat()).ends(0);
    assert!(prune.out.contains("let go of") && prune.out.contains("lists/"), "{}", prune.out);
    judged(&folder, "s", &[], 0, "verified");
}

/// A store that is new, empty, or never kept a list is not concerned; other damage is a remark in the report.
#[test]
fn an_honest_store_refuses_nobody() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("c/collateral.json")).unwrap();
    import(&folder, "c", "s");
    judged(&folder, "s", &[], 0, "verified");
    std::fs::remove_dir_all(folder.file("s/lists")).unwrap();
    judged(&folder, "s", &["--collateral", "c"], 0, "verified");
    judged(&folder, "new", &["--collateral", "c"], 0, "verified");
    std::fs::create_dir(folder.file("empty")).unwrap();
    judged(&folder, "empty", &["--collateral", "c"], 0, "verified");
    std::fs::write(only_file(&folder.file("s/index")), "x").unwrap();
    judged(&folder, "s", &["--collateral", "c"], 0, "verified");
    let arguments = [&["quote", "verify", "quote.bin", "--collateral", "c", "--store", "s"][..], &RULES];
    let ran = folder.run(&[&arguments.concat()[..], &["--format", "json"]].concat()).ends(0);
    assert!(ran.out.contains("collateral-item-unusable") && ran.out.contains("store index/"), "{}", ran.out);
}
