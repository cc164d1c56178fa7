//! `veritee eventlog` and `veritee evidence`.

use crate::program::{Folder, machine};
use serde_json::Value;
use veritee_testkit::dstack::{Machine, registers};

#[test]
fn a_log_is_replayed_event_by_event() {
    let folder = Folder::new();
    let ran = folder.run(&["eventlog", "replay", "event_log.json", "--format", "json"]).ends(0);
    let replay: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&replay["schema"], &replay["verified"]), (&"veritee/replay/v1".into(), &false.into()));
    let events = machine().events;
    assert_eq!(replay["events"].as_array().unwrap().len(), events.len());
    let wanted = registers(&events).map(hex::encode);
    assert_eq!(replay["registers"], serde_json::json!(wanted));
    // After each event the register has the value of the replay so far.
    for (index, event) in events.iter().enumerate() {
        let so_far = registers(&events[..=index])[usize::try_from(event.imr).unwrap()];
        assert_eq!(replay["events"][index]["register_after"], hex::encode(so_far), "event {index}");
    }
    let human = folder.run(&["eventlog", "replay", "event_log.json", "-v"]).ends(0).out;
    assert!(human.contains("Nothing is verified") && wanted.iter().all(|register| human.contains(register)));
    assert!(human.contains("compose-hash") && human.contains("recomputed"));
}

#[test]
fn a_log_compared_with_its_quote_is_equal_and_with_another_s_differs() {
    let folder = Folder::new();
    let ran = folder.run(&["eventlog", "replay", "event_log.json", "--quote", "quote.bin"]).ends(0);
    assert_eq!(ran.out.matches("equal").count(), 4, "{}", ran.out);
    assert!(ran.out.contains("which was not verified"));
    folder.write("other.bin", Machine::new(2).forge().platform.quote);
    let ran = folder.run(&["eventlog", "replay", "event_log.json", "--quote", "other.bin"]).ends(10);
    assert_eq!(ran.out.matches("DIFFERS").count(), 4, "{}", ran.out);
    // The evidence itself may be given in place of the bare log and the bare quote.
    folder.run(&["eventlog", "replay", "evidence.json", "--quote", "evidence.json"]).ends(0);
}

#[test]
fn a_log_that_cannot_be_read_is_no_replay() {
    let folder = Folder::new();
    folder.write("log.json", folder.read("event_log.json").replacen("\"imr\":3", "\"imr\":7", 1));
    let ran = folder.run(&["eventlog", "replay", "log.json"]).ends(3);
    assert!(ran.out.is_empty() && ran.err.contains("register 7"), "{}", ran.err);
    folder.run(&["eventlog", "replay", "quote.bin"]).ends(3);
    folder.run(&["eventlog", "replay", "event_log.json", "--quote", "event_log.json"]).ends(3);
}

#[test]
fn converted_evidence_gives_the_same_checks_as_its_parts() {
    let folder = Folder::new();
    let forged = machine().forge();
    let info = forged.info_json().replace(&serde_json::to_string(&forged.vm_config).unwrap(), "\"\"");
    let page = forged.page_html();
    for (name, text) in
        [("info.json", info), ("page.html", page), ("request.json", forged.verifier_request_json())]
    {
        folder.write(name, text);
        folder
            .run(&["evidence", "convert", name, "--collateral", "collateral.json", "-o", "converted.json"])
            .ends(0);
        let direct = folder.verify(name, &["--collateral", "collateral.json", "--format", "json"]);
        let converted = folder.verify("converted.json", &["--format", "json"]).ends(direct.code);
        let checks = |text: &str| serde_json::from_str::<Value>(text).unwrap()["checks"].clone();
        assert_eq!(checks(&direct.out), checks(&converted.out), "{name}");
        // Converting twice changes nothing but the origins' names.
        folder.run(&["evidence", "convert", "converted.json", "-o", "again.json"]).ends(0);
        let again = folder.verify("again.json", &["--format", "json"]).ends(direct.code);
        assert_eq!(checks(&converted.out), checks(&again.out), "{name}");
    }
}

#[test]
fn every_form_of_evidence_is_listed() {
    let forms = Folder::new().run(&["evidence", "forms"]).ends(0).out;
    for format in veritee_evidence::Format::ALL {
        assert!(forms.contains(format.name()), "{format}");
    }
}
