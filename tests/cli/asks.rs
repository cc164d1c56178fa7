//! What was asked is answered or the verdict is incomplete, and what was refused stays refused where it is repeated.

use crate::program::{AS_OF, Folder, machine, unmarked};

const RULES: [&str; 7] = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];

fn verify(folder: &Folder, arguments: &[&str]) -> i32 {
    folder.run(&[&["verify"][..], arguments, &RULES].concat()).code
}

/// That a batch of this one machine refuses.
#[track_caller]
fn batch(folder: &Folder, name: &str, more: &[&str]) {
    std::fs::create_dir_all(folder.file("lines")).unwrap();
    std::fs::copy(folder.file(name), folder.file("lines/one.json")).unwrap();
    folder.run(&[&["batch", "lines"][..], more, &RULES].concat()).ends(11);
}

/// The machine brings a newer document that says UpToDate; the judging side's own says OutOfDate.
fn kinder() -> Folder {
    let folder = Folder::new();
    let forged = |number: u64, status: &str| {
        let universe = machine().universe.tcb_info(|info| {
            info.evaluation_number = number;
            info.levels[0].status = status.into();
        });
        universe.forge().collateral_json()
    };
    folder.write("kind.json", forged(30, "UpToDate"));
    folder.write("strict.json", forged(20, "OutOfDate"));
    let ran = folder.run(&["evidence", "convert", "evidence.json", "--collateral", "kind.json"]).ends(0);
    folder.write("brought.json", unmarked(&ran.out));
    folder
}

#[test]
fn a_refusal_that_was_saved_is_refused_again() {
    let folder = kinder();
    assert_eq!(verify(&folder, &["brought.json"]), 0);
    assert_eq!(
        verify(&folder, &["brought.json", "--collateral", "strict.json", "--save-evidence", "saved.json"]),
        11
    );
    assert_eq!(verify(&folder, &["saved.json"]), 11);
    let convert = ["evidence", "convert", "brought.json", "--collateral", "strict.json", "-o", "made.json"];
    folder.run(&convert).ends(0);
    assert_eq!(verify(&folder, &["made.json"]), 11);
    // Saved again, converted again, in a batch and as a quote alone.
    assert_eq!(verify(&folder, &["made.json", "--save-evidence", "again.json"]), 11);
    folder.run(&["evidence", "convert", "again.json", "-o", "once-more.json"]).ends(0);
    assert_eq!(verify(&folder, &["once-more.json"]), 11);
    folder.run(&[&["quote", "verify", "once-more.json"][..], &RULES].concat()).ends(11);
    batch(&folder, "once-more.json", &[]);
    // The mark is worth nothing against who judges: what is marked as kind does not outweigh the strict one.
    folder
        .run(&["evidence", "convert", "evidence.json", "--collateral", "kind.json", "-o", "marked.json"])
        .ends(0);
    assert_eq!(verify(&folder, &["marked.json"]), 0);
    assert_eq!(verify(&folder, &["marked.json", "--collateral", "strict.json"]), 11);
}

#[test]
fn a_store_s_stricter_set_of_another_name_decides_before_the_machine_s_own() {
    let folder = kinder();
    std::fs::create_dir(folder.file("in")).unwrap();
    std::fs::copy(folder.file("strict.json"), folder.file("in/any-name.json")).unwrap();
    let at = ["--root", "root.pem", "--as-of", AS_OF];
    folder.run(&[&["collateral", "import", "in", "--store", "s"][..], &at].concat()).ends(0);
    assert_eq!(verify(&folder, &["brought.json", "--store", "s"]), 11);
    batch(&folder, "brought.json", &["--store", "s"]);
}

#[test]
fn an_option_that_asks_demands() {
    let folder = Folder::new();
    assert_eq!(verify(&folder, &["evidence.json"]), 0);
    let hash = format!("0x{}", "11".repeat(32));
    let registry = format!("8453:0x{}", "11".repeat(20));
    for option in [["--gpu-nonce", &"07".repeat(32)], ["--block", &hash], ["--registry", &registry]] {
        assert_eq!(verify(&folder, &[&["evidence.json"][..], &option].concat()), 13, "{option:?}");
    }
    for zeros in [32, 64] {
        assert_eq!(verify(&folder, &["evidence.json", "--nonce", &"0".repeat(zeros)]), 2);
    }
}
