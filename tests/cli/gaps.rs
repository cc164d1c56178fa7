//! What the caller gave leaves no gap, however damaged it is, and what any machine of an input reveals holds for each.

use crate::program::{AS_OF, Folder, machine};
use veritee_testkit::{Role, SignedJson};

const RULES: [&str; 7] = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];

fn body(member: &str, signed: &SignedJson) -> String {
    format!("{{\"{member}\":{},\"signature\":\"{}\"}}", signed.text, hex::encode(&signed.signature))
}

/// `judged.json`: evidence whose own collateral is in force and says UpToDate.
fn judged() -> Folder {
    let folder = Folder::new();
    let arguments = ["evidence", "convert", "evidence.json", "--collateral", "collateral.json"];
    let ran = folder.run(&arguments).ends(0);
    folder.write("judged.json", ran.out);
    folder
}

#[track_caller]
fn judge(folder: &Folder, what: &str) -> i32 {
    let mut codes = Vec::new();
    std::fs::create_dir_all(folder.file("lines")).unwrap();
    std::fs::copy(folder.file("judged.json"), folder.file("lines/judged.json")).unwrap();
    for command in [&["verify", "judged.json"][..], &["quote", "verify", "judged.json"], &["batch", "lines"]]
    {
        let ran = folder.run(&[command, &["--collateral", "c"], &RULES].concat());
        codes.push(ran.code);
    }
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "{what}: {codes:?}");
    codes[0]
}

#[test]
fn a_damaged_answer_of_the_callers_leaves_no_gap() {
    let folder = judged();
    std::fs::create_dir(folder.file("c")).unwrap();
    assert_eq!(judge(&folder, "nothing given"), 0);
    let forged =
        machine().universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into()).forge().collateral;
    let tcb_info = body("tcbInfo", &forged.tcb_info).into_bytes();
    let identity = body("enclaveIdentity", &forged.qe_identity).into_bytes();
    let (root, pck) = (forged.root_ca_crl.clone(), forged.pck_crl.clone());
    let cut = |bytes: &[u8], share: usize| bytes[..bytes.len() * share / 100].to_vec();
    folder.write("c/chain.pem", &forged.tcb_info_issuer_chain);
    // Whole, it decides, though nothing else of a set lies beside it.
    folder.write("c/tcb.json", &tcb_info);
    assert_eq!(judge(&folder, "whole TCB info"), 11);
    std::fs::remove_file(folder.file("c/tcb.json")).unwrap();
    let mut rows: Vec<(String, Vec<u8>)> = vec![
        ("tcb.json".into(), Vec::new()),
        ("tcb.json".into(), b"<html>502 Bad Gateway</html>".to_vec()),
        ("qe_identity.json".into(), Vec::new()),
        ("rootcacrl.der".into(), Vec::new()),
        ("answer".into(), b"{\"tc".to_vec()),
    ];
    for share in [10, 50, 90, 99] {
        for name in ["tcb.json", "answer", "x.txt"] {
            rows.push((name.into(), cut(&tcb_info, share)));
        }
        rows.push(("q".into(), cut(&identity, share)));
        rows.push(("a.der".into(), cut(&root, share)));
        rows.push(("a.hex".into(), cut(hex::encode(&pck).as_bytes(), share)));
    }
    for (name, bytes) in rows {
        folder.write(&format!("c/{name}"), &bytes);
        let what = format!("{name}, {} bytes", bytes.len());
        assert!([11, 13].contains(&judge(&folder, &what)), "{what}");
        std::fs::remove_file(folder.file(&format!("c/{name}"))).unwrap();
    }
    // A document whose chain is cut cannot be verified, and stands all the same.
    folder.write("c/tcb.json", &tcb_info);
    folder.write("c/chain.pem", cut(forged.tcb_info_issuer_chain.as_bytes(), 40));
    assert!([11, 13].contains(&judge(&folder, "cut chain")));
    // What is something else is no damaged collateral.
    for name in ["tcb.json", "chain.pem"] {
        std::fs::remove_file(folder.file(&format!("c/{name}"))).unwrap();
    }
    folder.write("c/notes.txt", "the TCB of this machine");
    folder.write("c/README.md", "# Collateral");
    folder.write("c/list.json", "[1, 2]");
    for name in ["policy.toml", "root.pem", "quote.bin", "evidence.json"] {
        std::fs::copy(folder.file(name), folder.file(&format!("c/{name}"))).unwrap();
    }
    assert_eq!(judge(&folder, "other files"), 0);
}

#[test]
fn what_another_machine_of_the_input_reveals_holds_for_the_chosen_one() {
    let folder = judged();
    let chosen: serde_json::Value = serde_json::from_str(&folder.read("judged.json")).unwrap();
    let revoking = machine().universe.revoke(Role::Pck).forge().collateral_json();
    folder.write("revoking.json", revoking);
    let ran = folder.run(&["evidence", "convert", "quote.bin", "--collateral", "revoking.json"]).ends(0);
    let mut other: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    // Another machine, of which nothing but its collateral is of use here.
    other.as_object_mut().unwrap().remove("quote");
    let set = |machines: [(&str, &serde_json::Value); 2]| {
        let machines =
            machines.map(|(label, evidence)| serde_json::json!({ "label": label, "evidence": evidence }));
        let tool = serde_json::json!({ "name": "veritee", "version": "0.1.0" });
        serde_json::json!({ "schema": "veritee/evidence-set/v1", "tool": tool, "machines": machines })
            .to_string()
    };
    for machines in [[("one", &chosen), ("two", &other)], [("two", &other), ("one", &chosen)]] {
        folder.write("set.json", set(machines));
        for command in [&["verify"][..], &["quote", "verify"]] {
            let with = |more: &[&str]| folder.run(&[command, more, &RULES].concat());
            with(&["set.json", "--select", "one"]).ends(10);
            with(&["judged.json"]).ends(0);
        }
        let ran = folder.run(&["evidence", "convert", "set.json", "--select", "one"]).ends(0);
        folder.write("one.json", ran.out);
        folder.run(&[&["verify", "one.json"][..], &RULES].concat()).ends(10);
        let save = ["verify", "set.json", "--select", "one", "--save-evidence", "saved.json"];
        folder.run(&[&save[..], &RULES].concat()).ends(10);
        folder.run(&[&["verify", "saved.json"][..], &RULES].concat()).ends(10);
    }
}

/// An import reads what `--collateral` reads: in any form, under any name, in any folder below.
#[test]
fn an_import_keeps_what_a_lone_list_revokes() {
    let folder = judged();
    let revoking = machine().universe.revoke(Role::Pck).forge().collateral;
    let own = machine().universe.forge().collateral;
    let at = ["--root", "root.pem", "--as-of", AS_OF];
    let pem = |der: &[u8]| veritee_testkit::der::pem("X509 CRL", der);
    for (name, list) in [
        ("list.der", revoking.pck_crl.clone()),
        ("list", hex::encode(&revoking.pck_crl).into_bytes()),
        ("below/list.txt", pem(&revoking.pck_crl).into_bytes()),
    ] {
        for (lone, good) in [("1", "2"), ("2", "1")] {
            let _ = std::fs::remove_dir_all(folder.file("lone"));
            let _ = std::fs::remove_dir_all(folder.file("s"));
            std::fs::create_dir_all(folder.file("lone/below")).unwrap();
            std::fs::create_dir_all(folder.file("good")).unwrap();
            folder.write(&format!("lone/{name}"), &list);
            folder.write("lone/chain.pem", &own.pck_crl_issuer_chain);
            std::fs::copy(folder.file("collateral.json"), folder.file("good/c.json")).unwrap();
            for number in ["1", "2"] {
                let from = if number == lone { "lone" } else { "good" };
                assert!(number == lone || number == good);
                folder.run(&[&["collateral", "import", from, "--store", "s"][..], &at].concat());
            }
            folder.run(&[&["verify", "judged.json", "--store", "s"][..], &RULES].concat()).ends(10);
            // Exported and imported elsewhere it revokes as well.
            let _ = std::fs::remove_dir_all(folder.file("x"));
            folder.run(&[&["collateral", "export", "x", "--store", "s"][..], &at].concat()).ends(0);
            folder.run(&[&["verify", "judged.json", "--collateral", "x"][..], &RULES].concat()).ends(10);
        }
    }
}

/// What the judged party brings is in force and would do. A service that the caller names may have something newer, or a
/// list that revokes, also of a time in the past: it is asked first, unless nothing may be asked.
#[test]
fn a_service_that_is_named_is_asked_before_what_the_judged_party_brought_decides() {
    let folder = judged();
    let newer = |universe: veritee_testkit::Universe| {
        universe.change(|it| {
            it.tcb_info.issue_date = "2026-10-10T00:00:00Z".into();
            it.tcb_info.evaluation_number += 1;
        })
    };
    let own = machine().universe;
    let out_of_date = |info: &mut veritee_testkit::TcbInfo| info.levels[0].status = "OutOfDate".into();
    let rows = [
        ("the same", own.clone(), 0, "verified"),
        ("a list that names the host", own.clone().revoke(Role::Pck), 10, "pck-revoked"),
        ("a list that names the CA", own.clone().revoke(Role::PlatformCa), 10, "ca-revoked"),
        ("newer TCB info", newer(own.tcb_info(out_of_date)), 11, "tcb-out-of-date"),
    ];
    for (number, (what, universe, code, reason)) in rows.into_iter().enumerate() {
        let server = crate::bounds::pccs_of(&universe);
        let url = server.url("");
        let store = format!("store{number}");
        let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--store", &store];
        for command in [&["verify", "judged.json"][..], &["quote", "verify", "judged.json"]] {
            let asking = [command, &rules, &["--pccs", &url, "--allow-local"]].concat();
            let silent = [command, &rules[..6], &["--offline"]].concat();
            folder.run(&silent).ends(0);
            let ran = folder.run(&asking).ends(code);
            assert!(ran.out.contains(reason), "{what}: {command:?}: {}", ran.out);
        }
        // What is refused is asked for again; what revokes in it is kept.
        let kept = if reason == "ca-revoked" { 8 } else { 4 };
        assert_eq!(server.requests().len(), kept, "{what}");
        let after = [&["verify", "judged.json"][..], &rules, &["--offline"]].concat();
        folder.run(&after).ends(code);
    }
    // A service that has nothing turns nothing into a refusal, and is told.
    let server = veritee_loopback::Server::http();
    server.otherwise(|_| veritee_loopback::Reply::status(404));
    let url = server.url("");
    let asking = ["verify", "judged.json", "--store", "none", "--pccs", &url, "--allow-local"];
    let ran = folder.run(&[&asking[..], &RULES[..6]].concat()).ends(0);
    assert!(ran.err.contains("rests on the evidence's own collateral"), "{}", ran.err);
}
