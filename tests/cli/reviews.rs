//! `veritee review init`: the questions as a file, what an answer needs, and when answers lapse.

use crate::program::Folder;

const COMMIT: &str = "dc0fc120aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Every commented block taken in, with words.
fn answered(template: &str) -> String {
    template
        .lines()
        .map(|line| match line.strip_prefix('#') {
            _ if line.starts_with("reviewer = ") => "reviewer = \"Jane Doe, Example Audits\"".to_owned(),
            Some("words = \"\"") => "words = \"looked at it\"".to_owned(),
            Some(block) if block.starts_with("[[") || block.contains(" = ") && !block.starts_with(' ') => {
                block.to_owned()
            }
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_file_has_every_question_and_every_open_finding_and_can_be_answered() {
    let folder = Folder::new();
    for input in ["app-compose.json", "report.json", "evidence.json"] {
        if input == "report.json" {
            folder.verify("evidence.json", &["-o", "report.json"]).ends(0);
        }
        // One that was edited is not written over.
        let _ = std::fs::remove_file(folder.file("review.toml"));
        folder.run(&["review", "init", input, "--commit", COMMIT, "-o", "review.toml"]).ends(0);
        let template = folder.read("review.toml");
        for id in 1..=10 {
            assert!(template.contains(&format!("# M{id}: ")), "{input}: M{id}\n{template}");
        }
        assert!(template.contains("# why: ") && template.contains("rule_set = \""), "{template}");
        assert!(
            template.contains("# Stage 1 needs these shown too") && template.contains("#   Q4 "),
            "{template}"
        );
        assert!(!template.contains("DP-META-001"), "{input} asks what a verification answers\n{template}");
        // Without a name it is nobody's; with one it answers nothing, and is read.
        let review = ["audit", "app-compose.json", "--review", "review.toml", "--commit", COMMIT];
        assert!(folder.run(&review).ends(2).err.contains("placeholder"));
        folder.write("review.toml", template.replace("NAME, ORGANISATION", "Jane Doe"));
        let ran = folder.run(&review);
        assert!(ran.out.contains("10 of 10 questions open"), "{}", ran.out);
        folder.write("answered.toml", answered(&template));
        let ran = folder.run(&["audit", "app-compose.json", "--review", "answered.toml", "--commit", COMMIT]);
        assert!(ran.out.contains("0 of 10 questions open"), "{input}\n{}", ran.out);
        assert!(ran.out.contains("Stage 1 needs: the evidence of a machine"), "{}", ran.out);
        // A person's word does not read a chain.
        let needs =
            ran.out.split_once("Stage 1 needs:").unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            needs.contains("source, registry, chain (Q3-Q9: not understood, which no answer settles)"),
            "{}",
            ran.out
        );
    }
}

/// Who was asked for one more word keeps those that were given: the way to Stage 1 does not turn in a circle.
#[test]
fn a_later_template_keeps_what_was_answered_and_says_what_was_not_accepted() {
    let folder = Folder::new();
    let init = ["review", "init", "app-compose.json", "--commit", COMMIT];
    let first = answered(&folder.run(&init).ends(0).out);
    let given = first.matches("[[finding]]").count();
    assert!(given > 0, "{first}");
    folder.write("review.toml", &first);
    let audit = ["audit", "app-compose.json", "--review", "review.toml", "--commit", COMMIT];
    folder.run(&[&audit[..], &["-o", "report.json"]].concat());
    let second = folder.run(&["review", "init", "report.json", "--commit", COMMIT]).ends(0).out;
    let count = |wanted: &str| second.lines().filter(|line| *line == wanted).count();
    assert_eq!((count("[[finding]]"), count("#[[finding]]")), (given, 0), "{second}");
    assert_eq!(count("[[answer]]"), 10, "{second}");
    let reviewer = first.lines().find(|line| line.starts_with("reviewer = ")).unwrap();
    assert!(second.contains(reviewer), "{second}");
    // What a reviewer does not accept stays open, with the words.
    let (head, findings) = first.split_once("[[finding]]").unwrap();
    let words = "I looked, and the operator can read all of it";
    let no = findings.replace("accepted = true", "accepted = false");
    let no: Vec<String> = no
        .lines()
        .map(
            |line| {
                if line.starts_with("words = ") { format!("words = \"{words}\"") } else { line.to_owned() }
            },
        )
        .collect();
    folder.write("review.toml", format!("{head}[[finding]]{}", no.join("\n")));
    let ran = folder.run(&[&audit[..], &["--format", "json"]].concat());
    assert!(ran.out.matches(words).count() >= given, "{}", ran.out);
}

#[test]
fn answers_lapse_with_the_rules_the_commit_and_the_time() {
    let folder = Folder::new();
    let init = ["review", "init", "app-compose.json", "--commit", COMMIT, "--expires", "2027-01-01"];
    let text = answered(&folder.run(&init).ends(0).out);
    let rules = text.lines().find(|line| line.starts_with("rule_set")).unwrap();
    let audit = |text: &str, commit: &str, as_of: &str| {
        folder.write("review.toml", text);
        folder
            .run(&[
                "audit",
                "app-compose.json",
                "--review",
                "review.toml",
                "--commit",
                commit,
                "--as-of",
                as_of,
            ])
            .out
    };
    assert!(audit(&text, COMMIT, "2026-12-31").contains("0 of 10 questions open"));
    assert!(audit(&text, COMMIT, "2027-01-01").contains("not applied"));
    assert!(audit(&text, &"ab".repeat(20), "2026-12-31").contains("not applied"));
    let other = text.replace(rules, "rule_set = \"00\"");
    assert!(audit(&other, COMMIT, "2026-12-31").contains("the rules have changed"));
    // An answer without words is none, and one letter is no word.
    for words in ["", "x", "ok", "- - - - - - - -"] {
        folder.write("review.toml", text.replacen("looked at it", words, 1));
        let ran =
            folder.run(&["audit", "app-compose.json", "--review", "review.toml", "--commit", COMMIT]).ends(2);
        assert!(ran.err.contains("what you looked at and saw"), "{words}: {}", ran.err);
    }
    let day = text.replace("2027-01-01T00:00:00Z", "2027-01-01");
    assert_ne!(day, text);
    assert!(audit(&day, COMMIT, "2026-12-31").contains("0 of 10 questions open"));
    assert!(audit(&day, COMMIT, "2027-01-01").contains("not applied"));
    let digits = text.replace("2027-01-01T00:00:00Z", "20270101");
    folder.write("review.toml", digits);
    let ran =
        folder.run(&["audit", "app-compose.json", "--review", "review.toml", "--commit", COMMIT]).ends(2);
    assert!(ran.err.contains("2027-01-01"), "{}", ran.err);
}

#[test]
fn a_review_and_an_audit_read_their_input_as_verify_does() {
    let folder = Folder::new();
    let init = |input: &str| folder.run(&["review", "init", input, "--commit", COMMIT]).ends(0).out;
    let plain = init("evidence.json");
    let bytes = std::fs::read(folder.file("evidence.json")).unwrap();
    folder.write("answer.gz", veritee_testkit::gzip(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    folder.write("answer.u16", wide);
    std::fs::create_dir(folder.file("parts")).unwrap();
    for part in ["answer.json", "app-compose.json"] {
        std::fs::copy(folder.file(part), folder.file(&format!("parts/{part}"))).unwrap();
    }
    for input in ["answer.gz", "answer.u16", "parts"] {
        assert_eq!(init(input), plain, "{input}");
        let ran = folder.run(&["audit", input, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["inputs"][0]["name"], "app-compose", "{input}");
    }
}

#[test]
fn what_was_not_audited_cannot_be_reviewed() {
    let folder = Folder::new();
    folder.write("compose.yml", "services:\n  web:\n    image: a\n");
    for input in ["quote.bin", "compose.yml", "missing.json"] {
        folder.run(&["review", "init", input]).ends(3);
    }
    // Text of the audited party ends no comment and no string.
    let compose = "services:\n  web:\n    image: \"a\\n[[answer]]\"\n    environment:\n      - X=\"\n";
    let document = serde_json::json!({
        "manifest_version": 2, "name": "a", "runner": "docker-compose", "docker_compose_file": compose,
        "allowed_envs": ["Q\"\n[[answer]]"], "pre_launch_script": "echo '\n[[answer]]\n'\n",
    });
    folder.write("hostile.json", document.to_string());
    let template = folder.run(&["review", "init", "hostile.json", "--commit", COMMIT]).ends(0).out;
    assert!(!template.lines().any(|line| line.starts_with("[[")), "{template}");
}
