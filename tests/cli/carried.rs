//! Images inside `verify`: what they run with is judged like the compose's own values, their documents travel in the
//! evidence, and whom a policy lets speak for them is said.

use crate::images::{archive, layout};
use crate::program::{Folder, Ran, machine};
use serde_json::Value;
use veritee_testkit::sigstore::{Signing, trusted_root};

/// `repro-1.tar`: its index, and the commit of its labels.
use crate::stage::{COMMIT, INDEX, image};

/// A forged machine whose compose is this.
pub(crate) fn running(compose: &str, allowed: &[&str]) -> Folder {
    let document = serde_json::json!({
        "manifest_version": 2, "name": "carried", "runner": "docker-compose", "docker_compose_file": compose,
        "kms_enabled": true, "public_logs": false, "public_sysinfo": false, "allowed_envs": allowed,
    });
    Folder::of(&machine().app_compose(&document.to_string()))
}

pub(crate) fn judged(folder: &Folder, evidence: &str, more: &[&str]) -> (Ran, Value) {
    let ran = folder.verify(evidence, &[&["--offline", "--format", "json"], more].concat());
    let value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    (ran, value)
}

/// What a rule says at places whose path ends so.
fn at<'v>(report: &'v Value, rule: &str, end: &str) -> Vec<&'v Value> {
    let findings = report["findings"].as_array().unwrap();
    let here = |finding: &&Value| {
        finding["rule"] == rule && finding["place"]["path"].as_str().is_some_and(|path| path.ends_with(end))
    };
    findings.iter().filter(here).collect()
}

/// Account 0 of the development chains, in two pieces.
fn key() -> String {
    ["ac0974bec39a17e36ba4a6b4d238ff94", "4bacb478cbed5efcae784d7bf4f2ff80"].concat()
}

/// An image with a default key, a password and a development setting in its layers and in its environment.
fn loose(folder: &Folder) -> String {
    let settings = format!("signer:\n  private-key: ${{PRIVATE_KEY:0x{}}}\n", key());
    let layers = [
        archive("app/application.yml", &settings),
        archive("app/.env", "ADMIN_PASSWORD=hunter2hunter2\nSPRING_PROFILES_ACTIVE=dev\n"),
        archive("app/.wh..env", ""),
    ];
    let run = format!(
        r#""Env":["PATH=/bin","NODE_ENV=development","SIGNER_PRIVATE_KEY=0x{}"],"Cmd":["node","--inspect=0.0.0.0:9229","app.js"]"#,
        key()
    );
    layout(folder, &layers, &run)
}

#[test]
fn what_an_image_runs_with_is_judged_like_the_compose_s_own_values() {
    let made = Folder::empty();
    let digest = loose(&made);
    let file = made.file("image").to_string_lossy().into_owned();
    let compose = format!("services:\n  app:\n    image: example.invalid/app@{digest}\n");
    let folder = running(&compose, &[]);
    let (_, without) = judged(&folder, "evidence.json", &[]);
    assert!(at(&without, "DP-CMP-019", ".Env.NODE_ENV").is_empty(), "{without}");
    let (ran, report) = judged(&folder, "evidence.json", &["--container-image", &file]);
    assert_eq!(at(&report, "DP-CMP-019", "services.app.image.Env.NODE_ENV").len(), 1, "{}", ran.out);
    let says = |rule: &str, words: &str| {
        let findings = report["findings"].as_array().unwrap();
        let of = findings.iter().filter(|finding| finding["rule"] == rule);
        assert!(
            of.clone().any(|one| one["evidence"].as_str().unwrap().contains(words)),
            "{rule} {words}: {:?}",
            of.collect::<Vec<_>>()
        );
    };
    says("DP-OCI-006", "NODE_ENV is development");
    says("DP-OCI-006", "SIGNER_PRIVATE_KEY: development chain key #0");
    says("DP-OCI-008", "layer 0, app/application.yml:2: development chain key #0; nothing sets PRIVATE_KEY");
    says("DP-OCI-008", "layer 1, app/.env:1: ADMIN_PASSWORD is a literal");
    says("DP-OCI-008", "layer 1, app/.env:2: SPRING_PROFILES_ACTIVE is dev");
    // The arguments of the image count where the compose gives none.
    let debugger = report["findings"].as_array().unwrap().iter().any(|finding| {
        finding["place"]["path"].as_str().is_some_and(|path| path.contains("services.app.image.Cmd"))
    });
    assert!(debugger, "{}", ran.out);
    assert!(!ran.out.contains("hunter2") && !ran.out.contains(&key()[..16]), "a secret is repeated");
    // The same rules as for the compose's own values, which is what decides.
    let keys = at(&report, "DP-CMP-015", "services.app.image.Env.SIGNER_PRIVATE_KEY");
    assert!(keys.iter().any(|finding| finding["severity"] == "critical"), "{}", ran.out);
    assert!(keys.iter().all(|finding| finding["value"].as_str().unwrap().starts_with("sha256:")), "{keys:?}");
}

#[test]
fn the_compose_goes_before_the_image_as_the_engine_has_it() {
    let made = Folder::empty();
    let digest = loose(&made);
    let file = made.file("image").to_string_lossy().into_owned();
    for (more, allowed, gone) in [
        ("    environment:\n      NODE_ENV: production\n", &[][..], "NODE_ENV"),
        // A name without a value takes the image's away.
        ("    environment:\n      - NODE_ENV\n", &[], "NODE_ENV"),
        ("    command: [\"node\", \"app.js\"]\n", &[], "Cmd"),
        // Whoever sets the entry point takes the arguments away with it.
        ("    entrypoint: [\"/app/run\"]\n", &[], "Cmd"),
        ("    environment:\n      PRIVATE_KEY: ${PRIVATE_KEY}\n", &["PRIVATE_KEY"], ""),
    ] {
        let compose = format!("services:\n  app:\n    image: example.invalid/app@{digest}\n{more}");
        let folder = running(&compose, allowed);
        let (ran, report) = judged(&folder, "evidence.json", &["--container-image", &file]);
        let of_image = |name: &str| {
            report["findings"].as_array().unwrap().iter().any(|finding| {
                let path = finding["place"]["path"].as_str().unwrap_or_default();
                path.contains(&format!("services.app.image.{name}"))
                    || path.contains(&format!("services.app.image.Env.{name}"))
            })
        };
        if gone.is_empty() {
            assert!(ran.out.contains("whoever deploys may set PRIVATE_KEY, or not"), "{}", ran.out);
        } else {
            assert!(!of_image(gone), "{more}\n{}", ran.out);
        }
    }
    // An image that no digest pins says nothing that counts: what it runs with is no value of the deployment.
    let folder = running("services:\n  app:\n    image: example.invalid/app:1\n", &[]);
    let (ran, _) = judged(&folder, "evidence.json", &["--container-image", &file]);
    assert!(!ran.out.contains("services.app.image.Env"), "{}", ran.out);
}

fn signing() -> Signing {
    Signing::new(1, INDEX, "https://example.invalid/org/app", COMMIT)
}

/// A machine that runs the signed image, with what speaks of it.
fn signed() -> Folder {
    let folder = running(&format!("services:\n  app:\n    image: example.invalid/app@{INDEX}\n"), &[]);
    folder.write("bundle.json", signing().bundle());
    folder.write("trusted_root.json", trusted_root(1));
    folder
}

#[test]
fn documents_of_images_travel_in_the_evidence_and_give_the_same_verdict() {
    let folder = signed();
    let given = ["--container-image", &image("repro-1.tar"), "--bundle", "bundle.json"];
    let root = ["--trusted-root", "trusted_root.json"];
    let convert = ["evidence", "convert", "evidence.json", "-o", "whole.json"];
    folder.run(&[&convert[..], &given[..]].concat()).ends(0);
    let whole: Value = serde_json::from_str(&folder.read("whole.json")).unwrap();
    let files: Vec<&String> = whole["images"][0]["files"].as_object().unwrap().keys().collect();
    assert!(files.iter().any(|name| *name == "index.json") && files.len() == 7, "{files:?}");
    assert_eq!(whole["image_bundles"].as_array().unwrap().len(), 1);
    // With the files given and saved, and out of the evidence alone: but for the layers, which do not travel.
    let (ran, _) = judged(&folder, "whole.json", &root);
    let again = [&given[..], &root, &["--save-evidence", "saved.json"]].concat();
    let (first, report) = judged(&folder, "evidence.json", &again);
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| {
        finding["rule"] == "DP-TRC-001" && finding["evidence"].as_str().unwrap().contains("R4: ")
    }));
    assert_eq!(folder.read("saved.json"), folder.read("whole.json"));
    let (second, _) = judged(&folder, "saved.json", &root);
    assert_eq!((ran.code, &ran.out), (second.code, &second.out));
    let without_layers = |out: &str, part: &str| {
        let mut report: Value = serde_json::from_str(out).unwrap();
        for list in ["findings", "checks"] {
            // How many findings there are is said by a check.
            let of_layers = |one: &Value| {
                one["rule"] == "DP-OCI-008" || one["id"] == "audit.rules" || one["check"] == "audit.rules"
            };
            report[list].as_array_mut().unwrap().retain(|one| !of_layers(one));
        }
        report[part].clone()
    };
    for part in ["findings", "inputs", "policy", "checks", "stage"] {
        assert_eq!(without_layers(&first.out, part), without_layers(&second.out, part), "{part}");
    }
    // Layers beside the evidence are looked into, and nothing is read twice.
    let (third, _) =
        judged(&folder, "saved.json", &[&["--container-image", &image("repro-1.tar")], &root[..]].concat());
    assert_eq!(third.out, first.out);
    let traced = folder.run(&[
        "trace",
        "whole.json",
        "--trusted-root",
        "trusted_root.json",
        "--policy",
        "policy.toml",
        "--root",
        "root.pem",
        "--as-of",
        crate::program::AS_OF,
    ]);
    assert!(traced.out.contains("image to commit   proven"), "{}{}", traced.out, traced.err);
}

#[test]
fn documents_that_were_changed_are_refused_by_name() {
    let folder = signed();
    let given = ["--container-image", &image("repro-1.tar"), "-o", "whole.json"];
    folder.run(&[&["evidence", "convert", "evidence.json"], &given[..]].concat()).ends(0);
    let whole: Value = serde_json::from_str(&folder.read("whole.json")).unwrap();
    let refused = |change: &dyn Fn(&mut serde_json::Map<String, Value>), words: &str| {
        let mut changed = whole.clone();
        change(changed["images"][0]["files"].as_object_mut().unwrap());
        folder.write("changed.json", changed.to_string());
        let ran = folder.verify("changed.json", &["--offline"]).ends(3);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    };
    let text = |value: &str| {
        serde_json::json!({
            "encoding": "utf8", "value": value, "sha256": veritee_model::Sha256Digest::of(value.as_bytes()).to_string(),
        })
    };
    let index = format!("blobs/sha256/{}", INDEX.trim_start_matches("sha256:"));
    refused(&|files| drop(files.insert(index.clone(), text("{}"))), "have the digest");
    refused(&|files| drop(files.insert("../x".to_owned(), text("{}"))), "is no file of a layout");
    refused(&|files| drop(files.remove("index.json")), "neither of them");
    refused(&|files| files[&index]["value"] = "x".into(), "SHA-256");
}

#[test]
fn whom_a_policy_or_the_command_line_lets_speak_for_images_is_repeated() {
    let folder = signed();
    let foreign = signing().change(|it| {
        it.identity =
            "https://example.invalid/shared/workflows/.github/workflows/sign.yml@refs/heads/main".to_owned();
    });
    folder.write("bundle.json", foreign.bundle());
    let given = [
        "--container-image",
        &image("repro-1.tar"),
        "--bundle",
        "bundle.json",
        "--trusted-root",
        "trusted_root.json",
    ];
    let rung = |report: &Value| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().find(|one| one["rule"] == "DP-TRC-001").unwrap()["evidence"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let loosened = |report: &Value| report["policy"]["loosened"].to_string();
    let (_, report) = judged(&folder, "evidence.json", &given);
    assert!(rung(&report).contains("R3"), "{}", rung(&report));
    assert!(
        loosened(&report).contains("another root than Sigstore's")
            && loosened(&report).contains("command line")
    );
    let by_line = [&given[..], &["--allow-signer", "https://example.invalid/shared/workflows"]].concat();
    let (_, report) = judged(&folder, "evidence.json", &by_line);
    assert!(
        rung(&report).contains("R4")
            && loosened(&report).contains("the signer https://example.invalid/shared/workflows"),
        "{report}"
    );
    // Not one whose name begins so.
    let other = [&given[..], &["--allow-signer", "https://example.invalid/shared/work"]].concat();
    assert!(rung(&judged(&folder, "evidence.json", &other).1).contains("R3"));
    // By policy, with its reason; the root then has to be the listed one.
    let own = folder.read("policy.toml");
    let digest = veritee_model::Sha256Digest::of(trusted_root(1).as_bytes());
    let images = |signer: &str, root: &str| {
        format!(
            "\n[images]\nsigners = [\"{signer}\"]\ntrusted_root_sha256 = \"{root}\"\nreason = \"our own builds, signed by us\"\n"
        )
    };
    let listed = images("https://example.invalid/shared/workflows/", &digest.to_string());
    folder.write("policy.toml", format!("{own}{listed}"));
    let (_, report) = judged(&folder, "evidence.json", &given);
    assert!(rung(&report).contains("R4"), "{}", rung(&report));
    let said = loosened(&report);
    assert!(said.contains("our own builds, signed by us") && !said.contains("command line"), "{said}");
    let checked = folder.run(&["policy", "check", "policy.toml"]).ends(0).out;
    assert!(checked.contains("takes the word of these signers of images"), "{checked}");
    folder.write(
        "policy.toml",
        format!("{own}{}", images("https://example.invalid/shared/workflows/", &"0".repeat(64))),
    );
    let ran = folder.verify("evidence.json", &[&["--offline"], &given[..]].concat()).ends(2);
    assert!(ran.err.contains("the policy lists"), "{}", ran.err);
    for wrong in
        ["https://example.invalid", "https://example.invalid/", "example", "http://example.invalid/x"]
    {
        folder.write("wrong.toml", format!("{own}{}", images(wrong, &digest.to_string())));
        assert!(
            folder.run(&["policy", "check", "wrong.toml"]).ends(2).err.contains("is no signer"),
            "{wrong}"
        );
        // Nor on the command line: a whole host would be everybody on it.
        let more = [&given[..], &["--allow-signer", wrong]].concat();
        assert!(folder.verify("evidence.json", &more).ends(2).err.contains("is no signer"), "{wrong}");
        let trace = ["trace", "evidence.json", "--allow-signer", wrong, "--image", &image("repro-1.tar")];
        assert!(folder.run(&trace).ends(2).err.contains("is no signer"), "{wrong}");
    }
    folder.write("wrong.toml", format!("{own}\n[images]\nsigners = [\"https://example.invalid/x/\"]\n"));
    assert!(folder.run(&["policy", "check", "wrong.toml"]).ends(2).err.contains("reason"));
}
