//! Collateral of several givers, and a store over time.

use super::{EARLIER, LATER, RULES, Variant, YESTERDAY};
use crate::program::{AS_OF, Folder, machine};
use serde_json::Value;
use veritee_testkit::pki::time;
use veritee_testkit::{Role, SigningKey, Universe};

fn set(change: impl FnOnce(Universe) -> Universe) -> String {
    change(machine().universe).forge().collateral_json()
}

fn numbered(universe: Universe, number: u32, issued: &str) -> Universe {
    universe.tcb_info(|info| {
        info.evaluation_number = number.into();
        info.issue_date = issued.into();
    })
}

pub(super) fn out_of_date(universe: Universe) -> Universe {
    universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into())
}

fn over(universe: Universe) -> Universe {
    universe.tcb_info(|info| info.next_update = YESTERDAY.into())
}

fn another_signer(universe: Universe) -> Universe {
    universe.pki(|pki| pki.replace_key(Role::TcbSigner, SigningKey::derive(77, "another")))
}

/// Lists that name the certificate of `role` of the genuine machine, in a set that is changed further.
fn naming(role: Role, change: impl FnOnce(Universe) -> Universe) -> String {
    let serial = machine().universe.pki.serial(role);
    set(|it| {
        let it = change(it);
        if role == Role::Pck {
            it.pck_crl(|list| list.revoke(&serial))
        } else {
            it.root_crl(|list| list.revoke(&serial))
        }
    })
}

/// What `quote verify`, `verify`, and `batch` of a file, a folder and a stream say of a quote with these sets of the
/// caller's: the same exit code for steps 1 and 2.
#[track_caller]
fn callers(sets: &[String], code: i32, reason: &str) {
    carried(&[], sets, code, reason);
}

/// The same with sets that stand inside the evidence.
#[track_caller]
fn carried(own: &[String], sets: &[String], code: i32, reason: &str) {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    for (number, set) in sets.iter().enumerate() {
        folder.write(&format!("c/{number}.json"), set);
    }
    let mut convert = vec!["evidence".to_owned(), "convert".to_owned(), "quote.bin".to_owned()];
    for (number, set) in own.iter().enumerate() {
        let name = format!("own-{number}.json");
        folder.write(&name, set);
        convert.extend(["--collateral".to_owned(), name]);
    }
    let convert: Vec<&str> = convert.iter().map(String::as_str).collect();
    let evidence = folder.run(&convert).ends(0).out;
    folder.write("input.json", &evidence);
    std::fs::create_dir(folder.file("in")).unwrap();
    folder.write("in/input.json", &evidence);
    let given = ["--collateral", "c"];
    let json = ["--format", "json"];
    for engine in ["both", "native"] {
        let more = [&given[..], &RULES, &["--engine", engine]].concat();
        let ran = folder.run(&[&["quote", "verify", "input.json"][..], &more, &json].concat()).ends(code);
        assert!(ran.out.contains(reason), "{engine}: no {reason} in {}", ran.out);
        let ran = folder.run(&[&["verify", "input.json"][..], &more, &json].concat());
        assert!(ran.code != 0 && ran.out.contains(reason), "{engine}: {} {}", ran.code, ran.out);
        let ran = folder.run(&[&["batch", "in"][..], &more].concat()).ends(code);
        assert!(ran.out.contains(reason), "{engine}: no {reason} in {}", ran.out);
        let line = serde_json::from_str::<Value>(&evidence).unwrap().to_string() + "\n";
        folder.feed(&[&["batch", "-"][..], &more].concat(), line.as_bytes()).ends(code);
    }
    let reversed: Vec<String> = (0..sets.len()).rev().map(|number| format!("c/{number}.json")).collect();
    let reversed: Vec<&str> = reversed.iter().flat_map(|name| ["--collateral", name]).collect();
    folder.run(&[&["quote", "verify", "input.json"][..], &reversed, &RULES].concat()).ends(code);
}

fn plain() -> String {
    set(|it| it)
}

pub(super) const COLLATERAL: &[Variant] = &[
    ("red/revocation-beside-expired", "an expired QE identity beside the list", || {
        let revoking =
            naming(Role::Pck, |it| it.qe_identity(|identity| identity.next_update = YESTERDAY.into()));
        callers(&[plain(), revoking], 10, "pck-revoked");
    }),
    ("red/revocation-beside-expired", "the root's list names the CA, beside an expired TCB info", || {
        callers(&[plain(), naming(Role::PlatformCa, over)], 10, "ca-revoked");
    }),
    ("red/revocation-beside-expired", "the list itself is over, and alone", || {
        let list = |it: Universe| it.pck_crl(|list| list.next_update = Some(time(YESTERDAY)));
        callers(&[naming(Role::Pck, list)], 10, "pck-revoked");
    }),
    ("red/revocation-beside-expired", "a list that is not in force yet", || {
        let list = |it: Universe| it.pck_crl(|list| list.this_update = time("2026-10-20T00:00:00Z"));
        callers(&[plain(), naming(Role::Pck, list)], 10, "pck-revoked");
    }),
    ("red/revocation-beside-expired", "a damaged TCB info beside the list", || {
        let mut json: Value = serde_json::from_str(&naming(Role::Pck, |it| it)).unwrap();
        json["tcb_info_signature"] = "00".repeat(64).into();
        callers(&[plain(), json.to_string()], 10, "pck-revoked");
    }),
    (
        "red/revoked-signer-outbids",
        "TCB info and QE identity of a revoked signer with a higher number",
        || {
            let callers_own = naming(Role::TcbSigner, |it| out_of_date(another_signer(it)));
            let outbids =
                set(|it| numbered(it, 99, LATER).qe_identity(|identity| identity.evaluation_number = 99));
            callers(&[callers_own, outbids], 11, "tcb-out-of-date");
        },
    ),
    ("red/revoked-signer-outbids", "the same inside the evidence", || {
        let callers_own = naming(Role::TcbSigner, |it| out_of_date(another_signer(it)));
        let outbids = set(|it| numbered(it, 99, LATER));
        carried(&[outbids], &[callers_own], 11, "tcb-out-of-date");
    }),
    (
        "red/revoked-signer-outbids",
        "the list that names the signer is over and beside another family",
        || {
            let old_list = naming(Role::TcbSigner, |it| {
                another_signer(it)
                    .root_crl(|list| list.next_update = Some(time(YESTERDAY)))
                    .tcb_info(|info| info.fmspc = "000000000001".into())
            });
            let honest = set(|it| out_of_date(another_signer(it)));
            callers(&[honest, old_list, set(|it| numbered(it, 99, LATER))], 11, "tcb-out-of-date");
        },
    ),
    ("red/revoked-signer-outbids", "nothing but what the revoked signer signed", || {
        let list = naming(Role::TcbSigner, |it| it);
        callers(&[list], 11, "signer-revoked");
    }),
    ("red/collateral-tie-older-tcb-decides", "a newer TCB info with an older QE identity", || {
        let newer = set(|it| {
            numbered(out_of_date(it), 21, LATER).qe_identity(|identity| identity.evaluation_number = 19)
        });
        callers(&[newer, set(|it| numbered(it, 20, EARLIER))], 11, "tcb-out-of-date");
    }),
    ("red/collateral-tie-older-tcb-decides", "a newer list beside the older TCB info", || {
        let newer = set(|it| numbered(out_of_date(it), 21, LATER));
        let older = set(|it| {
            numbered(it, 20, EARLIER).pck_crl(|list| list.this_update = time("2026-10-12T00:00:00Z"))
        });
        callers(&[older, newer], 11, "tcb-out-of-date");
    }),
    ("red/collateral-tie-older-tcb-decides", "an older evaluation that was signed again later", || {
        let newer = set(|it| numbered(out_of_date(it), 21, EARLIER));
        callers(&[newer, set(|it| numbered(it, 20, LATER))], 11, "tcb-out-of-date");
    }),
    (
        "red/collateral-tie-older-tcb-decides",
        "a newer QE identity that is out of date, with an older TCB info",
        || {
            let newer = set(|it| {
                numbered(it, 19, EARLIER).qe_identity(|identity| {
                    identity.evaluation_number = 21;
                    identity.levels[0].status = "OutOfDate".into();
                })
            });
            callers(&[newer, set(|it| numbered(it, 20, LATER))], 11, "tcb-out-of-date");
        },
    ),
    ("red/batch-own-collateral", "the caller's list against the evidence's own set", || {
        carried(&[plain()], &[naming(Role::Pck, |it| it)], 10, "pck-revoked");
    }),
    ("red/batch-own-collateral", "the caller's root list against the evidence's own set", || {
        carried(&[plain()], &[naming(Role::PlatformCa, over)], 10, "ca-revoked");
    }),
    ("red/batch-own-collateral", "the caller's newer evaluation against the evidence's own", || {
        let newer = set(|it| numbered(out_of_date(it), 21, LATER));
        carried(&[plain()], &[newer], 11, "tcb-out-of-date");
    }),
    (
        "red/batch-own-collateral",
        "the evidence's own newer and kinder evaluation against the caller's",
        || {
            carried(&[set(|it| numbered(it, 30, LATER))], &[set(out_of_date)], 11, "tcb-out-of-date");
        },
    ),
];

/// Imports these sets one after another; what the store then says of the machine.
#[track_caller]
fn imported(sets: &[String], between: &[&str], code: i32, reason: &str) {
    let folder = Folder::new();
    for (number, set) in sets.iter().enumerate() {
        let name = format!("files-{number}");
        std::fs::create_dir(folder.file(&name)).unwrap();
        // As an export names it: of the standard evaluation.
        folder.write(&format!("{name}/tdx-70a06d070000-platform-standard.json"), set);
        let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
        folder.run(&[&["collateral", "import", &name][..], &at].concat());
        for command in between {
            folder.run(&[&["collateral", command][..], &at].concat());
        }
    }
    let with = [&["--store", "s", "--format", "json"][..], &RULES].concat();
    let ran = folder.run(&[&["quote", "verify", "quote.bin"][..], &with].concat()).ends(code);
    assert!(ran.out.contains(reason), "{}", ran.out);
    folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
    folder.run(&[&["batch", "lines.txt", "--store", "s"][..], &RULES].concat()).ends(code);
}

pub(super) const STORE: &[Variant] = &[
    ("red/import-forgets-newer", "a list that revokes, then an older one, with prunes between", || {
        let older = set(|it| it.pck_crl(|list| list.this_update = time(EARLIER)));
        imported(&[naming(Role::Pck, |it| it), older.clone(), older], &["prune"], 10, "pck-revoked");
    }),
    ("red/import-forgets-newer", "the revocation in a set that was over before, then a new one", || {
        imported(&[naming(Role::PlatformCa, over), plain()], &[], 10, "ca-revoked");
    }),
    ("red/import-forgets-newer", "a newer evaluation, then an older one that was signed again later", || {
        let newer = set(|it| numbered(out_of_date(it), 21, EARLIER));
        imported(&[newer, set(|it| numbered(it, 20, LATER))], &["prune"], 11, "tcb-out-of-date");
    }),
    ("red/import-forgets-newer", "a newer QE identity, then an older one", || {
        let newer = set(|it| {
            it.qe_identity(|identity| {
                identity.evaluation_number = 21;
                identity.levels[0].status = "OutOfDate".into();
            })
        });
        imported(&[newer, plain()], &[], 11, "tcb-out-of-date");
    }),
];
