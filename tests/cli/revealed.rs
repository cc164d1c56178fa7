//! What any evidence of a run reveals of revocations holds for all of the run, by whichever door it came in.

use crate::program::{AS_OF, Folder, Ran, machine};
#[cfg(unix)]
use crate::served::Served;
use serde_json::Value;
use veritee_testkit::pki::time;
use veritee_testkit::{Role, SigningKey, Universe};

pub(crate) const RULES: [&str; 7] =
    ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];

type Change = fn(Universe) -> Universe;

/// The evidence of a machine on another host of the same CA, with its own collateral.
fn elsewhere(change: impl FnOnce(Universe) -> Universe) -> Value {
    let other = machine().universe(|it| change(it.pki(|pki| pki.replace_key(Role::Pck, other_key()))));
    serde_json::from_str(&Folder::of(&other).read("evidence.json")).unwrap()
}

fn other_key() -> SigningKey {
    SigningKey::derive(78, "another host")
}

/// A list of the CA, newer than the machine's own, that names this serial number.
fn naming(serial: &[u8]) -> impl FnOnce(Universe) -> Universe {
    move |it| {
        it.pck_crl(|list| {
            list.this_update = time("2026-10-10T00:00:00Z");
            list.revoke(serial);
        })
    }
}

/// The evidence of a machine elsewhere whose collateral names the host of [`machine`].
fn revealing() -> Value {
    elsewhere(naming(&machine().universe.pki.serial(Role::Pck)))
}

fn own(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("evidence.json")).unwrap()
}

fn with(mut outer: Value, member: &str, inner: Value) -> Value {
    outer[member] = inner;
    outer
}

fn set(machines: [(&str, &Value); 2]) -> Value {
    let machines =
        machines.map(|(label, evidence)| serde_json::json!({"label": label, "evidence": evidence}));
    let tool = machines[0]["evidence"]["tool"].clone();
    serde_json::json!({"schema": veritee_evidence::SET_SCHEMA, "tool": tool, "machines": machines})
}

#[track_caller]
fn runs(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(&[arguments, &RULES].concat())
}

#[track_caller]
fn revoked(folder: &Folder, arguments: &[&str]) {
    let ran = runs(folder, &[arguments, &["--format", "json"]].concat()).ends(10);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(report["verdict"]["reasons"].to_string().contains("pck-revoked"), "{}", report["verdict"]);
}

#[test]
fn a_list_in_the_evidence_of_a_linked_machine_holds_for_the_machine() {
    let folder = Folder::new();
    let (plain, innocent) = (own(&folder), elsewhere(|it| it));
    folder.write("innocent.json", with(plain.clone(), "kms", innocent.clone()).to_string());
    runs(&folder, &["verify", "innocent.json"]).ends(0);
    let behind = with(innocent.clone(), "kms", revealing());
    for (member, inner) in [
        ("kms", revealing()),
        ("gateway", revealing()),
        ("gateway", behind.clone()),
        ("kms", with(innocent, "kms", behind)),
    ] {
        folder.write("in.json", with(plain.clone(), member, inner.clone()).to_string());
        revoked(&folder, &["verify", "in.json"]);
        revoked(&folder, &["quote", "verify", "in.json"]);
        // The other machine's evidence in a file of its own.
        folder.write("inner.json", inner.to_string());
        revoked(&folder, &["verify", "evidence.json", &format!("--{member}"), "inner.json"]);
        let _ = std::fs::create_dir(folder.file("dirk"));
        folder.write("dirk/dirk.json", with(elsewhere(|it| it), member, inner).to_string());
        revoked(&folder, &["quote", "verify", "evidence.json", "--collateral", "dirk/dirk.json"]);
        let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
        let _ = std::fs::remove_dir_all(folder.file("s"));
        folder.run(&[&["collateral", "import", "dirk"][..], &at].concat());
        revoked(&folder, &["quote", "verify", "evidence.json", "--store", "s"]);
    }
}

#[test]
fn a_list_of_the_machine_s_own_holds_for_the_machines_that_it_links_to() {
    let mut innocent = elsewhere(|it| it);
    let serial = machine().universe.pki(|pki| pki.replace_key(Role::Pck, other_key())).pki.serial(Role::Pck);
    let folder = Folder::of(&machine().universe(naming(&serial)));
    runs(&folder, &["verify", "evidence.json"]).ends(0);
    let third = SigningKey::derive(79, "a third host");
    let between = own(&Folder::of(&machine().universe(|it| it.pki(|pki| pki.replace_key(Role::Pck, third)))));
    folder.write("in.json", with(own(&folder), "gateway", between.clone()).to_string());
    runs(&folder, &["verify", "in.json"]).ends(0);
    for member in ["kms", "gateway"] {
        folder.write("in.json", with(own(&folder), member, innocent.clone()).to_string());
        let ran = runs(&folder, &["verify", "in.json", "--format", "json"]).ends(10);
        assert!(ran.out.contains("link-machine-not-genuine"), "{}", ran.out);
        // A machine two links away.
        folder.write(
            "in.json",
            with(own(&folder), "gateway", with(between.clone(), "kms", innocent.clone())).to_string(),
        );
        runs(&folder, &["verify", "in.json"]).ends(10);
        // The link's own collateral does not take it back.
        innocent["collateral"] = Value::Array(Vec::new());
    }
}

#[test]
fn what_a_linked_machine_reveals_holds_for_every_machine_of_an_input() {
    let folder = Folder::new();
    let plain = own(&folder);
    let other = with(elsewhere(|it| it), "kms", revealing());
    folder.write("set.json", set([("a", &plain), ("b", &other)]).to_string());
    revoked(&folder, &["verify", "set.json", "--select", "a"]);
    revoked(&folder, &["quote", "verify", "set.json", "--select", "a"]);
    let all = runs(&folder, &["verify", "set.json", "--all", "--format", "jsonl"]).ends(10);
    assert!(all.out.lines().next().unwrap().contains("pck-revoked"), "{}", all.out);
    let traced = runs(&folder, &["trace", "set.json", "--select", "a", "--format", "json"]);
    assert!(!traced.out.contains("\"state\": \"proven\""), "{}", traced.out);
    folder.write("in.json", with(plain, "kms", revealing()).to_string());
    let traced = runs(&folder, &["trace", "in.json", "--format", "json"]);
    assert!(!traced.out.contains("\"state\": \"proven\""), "{}", traced.out);
    // What is written for another run keeps it.
    folder.run(&["evidence", "convert", "set.json", "--select", "a", "-o", "kept.json"]).ends(0);
    revoked(&folder, &["verify", "kept.json"]);
}

#[test]
fn what_a_linked_machine_reveals_holds_for_every_line_of_a_batch() {
    let folder = Folder::new();
    let plain = own(&folder);
    let innocent = elsewhere(|it| it);
    for inner in [
        with(innocent.clone(), "kms", revealing()),
        with(innocent, "gateway", with(elsewhere(|it| it), "kms", revealing())),
    ] {
        // Its own collateral comes first without anything beside it: what was seen once is not looked at again.
        let alone = Value::Object(
            inner
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| *name != "kms" && *name != "gateway")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        );
        // Lines enough for it to be known when the one with the link is read.
        let padding = "no quote\n".repeat(3_000);
        let lines = format!("{alone}\n{plain}\n{padding}{inner}\n{plain}\n");
        folder.write("lines.txt", &lines);
        let first = |out: &str| -> Value { serde_json::from_str(out.lines().nth(1).unwrap()).unwrap() };
        assert_eq!(first(&runs(&folder, &["batch", "lines.txt"]).ends(10).out)["outcome"], "not-genuine");
        let _ = std::fs::remove_dir_all(folder.file("many"));
        std::fs::create_dir(folder.file("many")).unwrap();
        folder.write("many/a.json", alone.to_string());
        folder.write("many/b.json", plain.to_string());
        folder.write("many/c.json", inner.to_string());
        assert_eq!(first(&runs(&folder, &["batch", "many"]).ends(10).out)["outcome"], "not-genuine");
        folder.feed(&[&["batch", "-"][..], &RULES].concat(), lines.as_bytes()).ends(10);
    }
}

#[test]
fn a_line_of_a_stream_is_corrected_where_a_machine_that_it_links_to_is_revoked() {
    let folder = Folder::new();
    // It links to a machine that a later line reveals to be revoked.
    let serial = machine().universe.pki(|pki| pki.replace_key(Role::Pck, other_key())).pki.serial(Role::Pck);
    let linked = with(own(&folder), "kms", elsewhere(|it| it));
    let later = machine().universe(|it| {
        naming(&serial)(it.pki(|pki| pki.replace_key(Role::Pck, SigningKey::derive(79, "a third host"))))
    });
    let later: Value = serde_json::from_str(&Folder::of(&later).read("evidence.json")).unwrap();
    let padding = format!("{}\n", own(&folder)).repeat(1100);
    let lines = format!("{linked}\n{padding}{later}\n");
    let ran = folder.feed(&[&["batch", "-"][..], &RULES].concat(), lines.as_bytes()).ends(10);
    let last = ran.out.lines().rfind(|line| line.contains("\"line 1\"")).unwrap();
    assert!(last.contains("not-genuine"), "{last}");
}

/// Within one request of the server: linked machines, those that are not chosen, and the lines before.
#[cfg(unix)]
#[test]
fn what_a_request_reveals_holds_for_all_of_it() {
    let folder = Folder::new();
    let served = Served::start(&folder, &RULES[..6]);
    let (plain, inner) = (own(&folder), with(elsewhere(|it| it), "kms", revealing()));
    let both = set([("a", &plain), ("b", &inner)]).to_string();
    for member in ["kms", "gateway"] {
        let nested = with(plain.clone(), member, inner.clone()).to_string();
        for (path, body) in [("/v1/verify", &nested), ("/v1/quote", &nested), ("/v1/verify?select=a", &both)]
        {
            let report = served.json(path, body);
            assert!(report["verdict"]["reasons"].to_string().contains("pck-revoked"), "{path}: {report}");
        }
    }
    // What one request reveals is not the next one's.
    assert_eq!(served.json("/v1/verify", plain.to_string())["verdict"]["outcome"], "verified");
    let (_, lines) = served.post("/v1/batch", format!("{both}\n"));
    let outcomes: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes[0]["outcome"], "not-genuine", "{lines}");
}

/// `gzip -d` reads all members of a stream as one: what stands behind the first is judged or refused, never passed over.
#[test]
fn what_stands_behind_the_first_member_of_a_gzip_stream_counts() {
    use veritee_testkit::gzip;
    let folder = Folder::new();
    let (own, revealing) = (own(&folder).to_string(), revealing().to_string());
    let two = [gzip(own.as_bytes()), gzip(revealing.as_bytes())].concat();
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    for part in ["two", "text", "zeros", "beside", "quotes"] {
        std::fs::create_dir_all(folder.file(part)).unwrap();
    }
    let zeros = [gzip(own.as_bytes()), vec![0; 16], gzip(revealing.as_bytes())].concat();
    for (name, bytes, code) in [
        ("two/in.gz", two, 3),
        ("text/in.gz", [gzip(own.as_bytes()), revealing.clone().into_bytes()].concat(), 3),
        ("zeros/in.gz", zeros, 3),
        // A quote with bytes behind it: refused by that name.
        ("quotes/in.gz", [gzip(&quote), gzip(&quote)].concat(), 11),
    ] {
        folder.write(name, bytes);
        for command in [&["verify"][..], &["quote", "verify"]] {
            runs(&folder, &[command, &[name]].concat()).ends(code);
        }
        runs(&folder, &["batch", name.split('/').next().unwrap()]).ends(code);
        // Two documents in one file are two entries, both of them judged.
        let code = if name == "two/in.gz" { 10 } else { code };
        runs(&folder, &["batch", name]).ends(code);
    }
    // Padding is none of these.
    folder.write("padded.gz", [gzip(own.as_bytes()), vec![0; 512]].concat());
    runs(&folder, &["verify", "padded.gz"]).ends(0);
    // As lines, and as a file beside the one that is judged.
    let lines = [gzip(format!("{own}\n").as_bytes()), gzip(format!("{revealing}\n").as_bytes())].concat();
    folder.write("lines.gz", lines);
    folder.write("beside/a.gz", gzip(revealing.as_bytes()));
    folder.write("beside/b.json", own);
    for input in ["lines.gz", "beside"] {
        let ran = runs(&folder, &["batch", input]);
        assert!(ran.out.contains("pck-revoked"), "{input}: {}{}", ran.out, ran.err);
    }
}

/// An entry of a batch that is no evidence has no verdict; what collateral in it revokes counts.
#[test]
fn an_entry_that_cannot_be_judged_revokes() {
    let folder = Folder::new();
    let brings: Value = revealing()["collateral"][0].clone();
    let set = brings.as_object().unwrap().values().filter_map(Value::as_str);
    let set = set.max_by_key(|text| text.len()).unwrap().to_owned();
    let set: Value = serde_json::from_str(&set).unwrap_or_else(|_| panic!("{}", brings));
    let (plain, several) = (own(&folder), serde_json::json!({"for": "several", "sets": [set]}));
    // Evidence with a fault in another place.
    let unknown = with(revealing(), "further", Value::Bool(true));
    let mut broken = revealing();
    broken["quote"]["sha256"] = "00".repeat(32).into();
    let linked = with(own(&folder), "kms", broken.clone());
    for brings in [set.clone(), several, unknown, broken, linked] {
        folder.write("lines.txt", format!("{plain}\n{brings}\n"));
        let out = runs(&folder, &["batch", "lines.txt"]).out;
        let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!(first["outcome"], "not-genuine", "{out}");
        assert!(out.lines().nth(1).unwrap().contains("\"error\""), "{out}");
    }
}

/// Evidence that was given for one part of it: what else it says is not judged, and what it revokes counts.
#[test]
fn evidence_under_another_option_keeps_what_it_revokes() {
    let folder = Folder::new();
    let mut whole = own(&folder);
    let brings = revealing();
    whole["collateral"] = brings["collateral"].clone();
    folder.write("whole.json", whole.to_string());
    folder.write("nested.json", with(own(&folder), "kms", brings).to_string());
    runs(&folder, &["verify", "evidence.json", "--quote", "quote.bin"]).ends(0);
    for option in ["--quote", "--event-log", "--app-compose", "--certificate"] {
        for file in ["whole.json", "nested.json"] {
            revoked(&folder, &["verify", "evidence.json", option, file]);
        }
    }
    let given =
        ["--event-log", "event_log.json", "--app-compose", "whole.json", "--collateral", "collateral.json"];
    revoked(&folder, &[&["verify", "quote.bin"], &given[..]].concat());
    folder.run(&["evidence", "convert", "evidence.json", "--quote", "whole.json", "-o", "kept.json"]).ends(0);
    revoked(&folder, &["verify", "kept.json"]);
}

/// Blocks of one PEM file: every one counts, in any order, and one that cannot be used is named.
#[test]
fn every_block_of_a_pem_file_is_read() {
    let folder = Folder::new();
    let genuine = machine().universe;
    let serial = genuine.pki.serial(Role::Pck);
    let forged = naming(&serial)(genuine.clone()).forge().collateral;
    let before = genuine.forge().collateral;
    let list = |der: &[u8]| veritee_testkit::der::pem("X509 CRL", der);
    let (old, new, root) = (list(&before.pck_crl), list(&forged.pck_crl), list(&forged.root_ca_crl));
    let (ca, signer) = (&forged.pck_crl_issuer_chain, &before.tcb_info_issuer_chain);
    let judged = |pem: &str| {
        let _ = std::fs::remove_dir_all(folder.file("c"));
        std::fs::create_dir(folder.file("c")).unwrap();
        std::fs::copy(folder.file("collateral.json"), folder.file("c/plain.json")).unwrap();
        folder.write("c/lists.pem", pem);
        for given in
            [&["--collateral", "c"][..], &["--collateral", "c/plain.json", "--collateral", "c/lists.pem"]]
        {
            revoked(&folder, &[&["quote", "verify", "quote.bin"], given].concat());
        }
        let _ = std::fs::remove_dir_all(folder.file("s"));
        let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
        folder.run(&[&["collateral", "import", "c"][..], &at].concat());
        revoked(&folder, &["quote", "verify", "quote.bin", "--store", "s"]);
    };
    for blocks in [
        vec![&root, &new],
        vec![&old, &new],
        vec![ca, &new],
        vec![&new, ca],
        vec![signer, ca, &root, &old, &new],
        vec![&old, signer, &root, ca, &new],
    ] {
        let blocks: Vec<&str> = blocks.into_iter().map(String::as_str).collect();
        judged(&blocks.concat());
        judged(&format!("Certificate Revocation List (CRL):\n{}", blocks.join("\nfurther\r\n")));
    }
    // The answers that are in one file are a whole set beside the documents.
    let _ = std::fs::remove_dir_all(folder.file("c"));
    std::fs::create_dir(folder.file("c")).unwrap();
    let body = |member: &str, text: &str, signature: &str| {
        format!("{{\"{member}\":{text},\"signature\":\"{signature}\"}}")
    };
    let set: Value = serde_json::from_str(&folder.read("collateral.json")).unwrap();
    let text = |name: &str| set[name].as_str().unwrap();
    folder.write("c/tcb.json", body("tcbInfo", text("tcb_info"), text("tcb_info_signature")));
    folder.write("c/qe.json", body("enclaveIdentity", text("qe_identity"), text("qe_identity_signature")));
    folder.write("c/rest.pem", [ca.as_str(), &root, signer, &old].concat());
    runs(&folder, &["quote", "verify", "quote.bin", "--collateral", "c"]).ends(0);
    // A block that is cut short.
    let cut = &new[..new.len() / 2];
    for pem in [format!("{root}{cut}"), format!("{cut}\n{root}"), format!("{ca}{cut}\n{root}")] {
        folder.write("lists.pem", pem);
        let given = ["--collateral", "collateral.json", "--collateral", "lists.pem"];
        let ran =
            runs(&folder, &[&["quote", "verify", "quote.bin", "--format", "json"], &given[..]].concat());
        assert!(
            ran.out.contains("collateral-item-unusable") && ran.out.contains("lists.pem, block"),
            "{}",
            ran.out
        );
    }
}

/// A list alone is kept under the chain of its CA that the store has; where nobody has it, that is said.
#[test]
fn a_store_keeps_what_a_list_alone_revokes() {
    let folder = Folder::new();
    let serial = machine().universe.pki.serial(Role::Pck);
    let forged = naming(&serial)(machine().universe).forge().collateral;
    let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
    let import = |what: &str| folder.run(&[&["collateral", "import", what][..], &at].concat());
    std::fs::create_dir(folder.file("sets")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("sets/collateral.json")).unwrap();
    for (name, bytes) in [
        ("pck.crl", forged.pck_crl.clone()),
        ("pck.pem", veritee_testkit::der::pem("X509 CRL", &forged.pck_crl).into_bytes()),
        ("pck.hex", hex::encode(&forged.pck_crl).into_bytes()),
    ] {
        let _ = std::fs::remove_dir_all(folder.file("s"));
        let _ = std::fs::remove_dir_all(folder.file("alone"));
        std::fs::create_dir(folder.file("alone")).unwrap();
        folder.write(&format!("alone/{name}"), bytes);
        let refused = import("alone").ends(3);
        assert!(refused.err.contains("without the chain of its CA"), "{}", refused.err);
        import("sets").ends(0);
        let ran = import("alone").ends(0);
        assert!(ran.out.contains("kept for what its lists revoke"), "{} {}", ran.out, ran.err);
        revoked(&folder, &["quote", "verify", "quote.bin", "--store", "s"]);
        // And a second time nothing is new.
        import("alone").ends(0);
        revoked(&folder, &["quote", "verify", "quote.bin", "--store", "s"]);
    }
}

/// The store's order is the verdict's: what has expired takes the place of nothing that is in force.
#[test]
fn a_store_keeps_what_is_in_force_whatever_the_number_of_what_has_expired() {
    let folder = Folder::new();
    let over = "2026-10-14T00:00:00Z";
    let expired: [(&str, Change); 3] = [
        ("tcb", |it| {
            it.tcb_info(|info| {
                info.evaluation_number = 99;
                info.next_update = "2026-10-14T00:00:00Z".into();
                info.levels[0].status = "OutOfDate".into();
            })
        }),
        ("qe", |it| {
            it.qe_identity(|identity| {
                identity.evaluation_number = 99;
                identity.next_update = "2026-10-14T00:00:00Z".into();
            })
        }),
        ("list", |it| {
            it.pck_crl(|list| {
                list.set_number(99);
                list.next_update = Some(time("2026-10-14T00:00:00Z"));
            })
        }),
    ];
    let file =
        "tdx-FMSPC-platform-standard.json".replace("FMSPC", &veritee_testkit::universe::FMSPC.to_lowercase());
    for (name, change) in expired {
        for order in [["now", "over"], ["over", "now"]] {
            for (folder_name, set) in [("now", machine().universe), ("over", change(machine().universe))] {
                let _ = std::fs::create_dir(folder.file(folder_name));
                folder.write(&format!("{folder_name}/{file}"), set.forge().collateral_json());
            }
            let _ = std::fs::remove_dir_all(folder.file("s"));
            let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
            for from in order {
                folder.run(&[&["collateral", "import", from][..], &at].concat()).ends(0);
            }
            let ran = runs(&folder, &["quote", "verify", "quote.bin", "--store", "s"]);
            assert_eq!(ran.code, 0, "{name} until {over}, {order:?}: {}", ran.out);
        }
    }
}

/// A set that is not whole, or of which a part cannot be decoded, has lists: what they name is named, wherever it stands.
#[test]
fn lists_of_a_set_that_is_not_whole_revoke() {
    let revealing = revealing();
    let whole: Value = serde_json::from_str(revealing["collateral"][0]["value"].as_str().unwrap()).unwrap();
    let some = |members: &[&str]| -> Value {
        members
            .iter()
            .map(|member| ((*member).to_owned(), whole[*member].clone()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let broken = |member: &str| with(whole.clone(), member, "no list".into());
    let without = |member: &str| {
        let mut set = whole.clone();
        set.as_object_mut().unwrap().remove(member);
        set
    };
    for set in [
        some(&["pck_crl", "pck_crl_issuer_chain"]),
        some(&["pck_crl", "pck_crl_issuer_chain", "root_ca_crl"]),
        broken("root_ca_crl"),
        without("root_ca_crl"),
        without("qe_identity"),
        without("tcb_info_signature"),
        with(whole.clone(), "tcb_info", 1.into()),
    ] {
        let text = set.to_string();
        let digest = veritee_model::Sha256Digest::of(text.as_bytes()).to_string();
        let item = serde_json::json!({"encoding": "utf8", "value": text, "sha256": digest, "source": "part"});
        let folder = Folder::new();
        let carrying = with(revealing.clone(), "collateral", vec![item.clone()].into());
        // Of another machine of the run, before it and behind it; and in the machine's own evidence.
        let own = own(&folder);
        let lines = |entries: [&Value; 2]| entries.map(|entry| format!("{entry}\n")).concat();
        folder.write("behind", lines([&own, &carrying]));
        folder.write("before", lines([&carrying, &own]));
        folder.write("own.json", {
            let mut both = own["collateral"].as_array().unwrap().clone();
            both.push(item);
            with(own.clone(), "collateral", both.into()).to_string()
        });
        folder.write("set.json", set.to_string());
        for input in ["behind", "before"] {
            let ran = runs(&folder, &["batch", input, "--collateral", "collateral.json"]);
            assert_eq!(ran.code, 10, "{set}: {}{}", ran.out, ran.err);
        }
        let ran = runs(&folder, &["verify", "own.json", "--format", "json"]).ends(10);
        assert!(ran.out.contains("pck-revoked"), "{}", ran.out);
        let ran = runs(&folder, &["quote", "verify", "own.json", "--format", "json"]).ends(10);
        assert!(ran.out.contains("pck-revoked"), "{}", ran.out);
    }
}

/// A list that lies in a machine's folder as a file of its own is no part of the evidence, and counts.
#[test]
fn a_list_in_a_machine_s_folder_revokes() {
    let revoking = |role: Role| machine().universe.revoke(role).forge().collateral;
    let pck = revoking(Role::Pck).pck_crl;
    for (name, bytes, code) in [
        ("list.der", pck.clone(), 10),
        ("list.pem", veritee_testkit::der::pem("X509 CRL", &pck).into_bytes(), 10),
        ("list.hex", hex::encode(&pck).into_bytes(), 10),
        ("root.crl", revoking(Role::PlatformCa).root_ca_crl, 10),
        ("other.der", machine().universe.forge().collateral.pck_crl, 0),
        ("notes.txt", b"nothing".to_vec(), 0),
    ] {
        let folder = Folder::new();
        std::fs::create_dir(folder.file("m")).unwrap();
        std::fs::copy(folder.file("evidence.json"), folder.file("m/evidence.json")).unwrap();
        folder.write(&format!("m/{name}"), bytes);
        for command in [&["verify", "m"][..], &["quote", "verify", "m"]] {
            let ran = runs(&folder, command);
            assert_eq!(ran.code, code, "{name} {command:?}: {}{}", ran.out, ran.err);
        }
    }
}
