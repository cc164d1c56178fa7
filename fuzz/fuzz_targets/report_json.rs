//! Saved reports and every format made of them: no panic, the same report again, nothing that acts on a terminal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_report::{HumanOptions, html, human, json, jsonl, markdown, parse, sarif};

fn assert_inert(format: &str, text: &str) {
    let found = text.chars().find(|c| *c != '\n' && veritee_model::text::is_hazardous(*c));
    assert_eq!(found, None, "{format}");
}

fuzz_target!(|data: &[u8]| {
    let report = match parse(data) {
        Ok(report) => report,
        Err(error) => {
            assert_inert("error", &error.to_string());
            return;
        }
    };
    let written = json(&report);
    assert_inert("json", &written);
    assert_eq!(parse(written.as_bytes()).expect("what is written reads back"), report);
    let line = jsonl(&report);
    assert!(line.ends_with('\n') && line.lines().count() == 1);
    assert_eq!(parse(line.as_bytes()).expect("what is written reads back"), report);
    for verbose in 0..3 {
        for width in [0, 80, 133] {
            let text = human(&report, &HumanOptions { width, colour: false, verbose });
            assert_inert("human", &text);
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= width.max(80), "a line of {longest} characters on a terminal of {width}");
        }
    }
    let _ = human(&report, &HumanOptions { width: 100, colour: true, verbose: 1 });
    assert_inert("markdown", &markdown(&report));
    let page = html(&report);
    assert_inert("html", &page);
    assert!(!page.to_ascii_lowercase().contains("<script"), "a report runs code in its page");
    let sarif = sarif(&report);
    assert_inert("sarif", &sarif);
    serde_json::from_str::<serde_json::Value>(&sarif).expect("SARIF is JSON");
});
