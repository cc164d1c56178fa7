//! One input speaks of one machine: whatever it gives twice has to say the same.

use crate::support::*;
use serde_json::{Value, json};
use veritee_evidence::{Note, parts};
use veritee_model::Evidence;

/// Another quote than [`forged_quote`].
fn other_quote() -> Vec<u8> {
    [forged_quote(), vec![1]].concat()
}

/// The log of another machine.
fn other_log() -> Value {
    let mut log: Value = serde_json::from_str(&full_log()).unwrap();
    for event in log.as_array_mut().unwrap() {
        let field = if event["imr"] == 3 { "event_payload" } else { "digest" };
        event[field] = json!("ab".repeat(48));
    }
    log
}

fn report() -> Value {
    json!({ "intel_quote": hex::encode(forged_quote()), "event_log": full_log(),
        "info": { "tcb_info": own_info(|_| ()).to_string(), "vm_config": VM_CONFIG } })
}

/// `tcb_info` with the same log, changed.
fn own_info(change: impl FnOnce(&mut Value)) -> Value {
    let mut info: Value = serde_json::from_str(&tcb_info()).unwrap();
    info["event_log"] = serde_json::from_str(&full_log()).unwrap();
    change(&mut info);
    info
}

#[track_caller]
fn contradicts(document: &Value, part: &str) {
    let error = read(document.to_string().as_bytes()).expect_err(part);
    assert_eq!(error.reason().code(), "evidence-contradictory", "{part}: {error}");
    assert!(error.to_string().contains(part), "{error}");
    assert!(error.next_step().contains("one machine"), "{}", error.next_step());
}

#[test]
fn two_quotes_in_one_answer_are_refused_wherever_the_second_stands() {
    let attestation = hex::encode(scale_container(VM_CONFIG));
    let good = hex::encode(other_quote());
    let rows = [
        json!({ "quote": good, "attestation": attestation, "report_data": "" }),
        json!({ "quote": good, "attestation": attestation, "debug": true }),
        json!({ "quote": good, "attestation": hex::encode(MsgpackContainer::new().bytes()), "report_data": "" }),
        json!({ "quote": good, "intel_quote": hex::encode(forged_quote()) }),
        json!({ "intel_quote": good, "info": { "quote": hex::encode(forged_quote()) } }),
        json!({ "instances": [{ "quote": good, "intel_quote": hex::encode(forged_quote()) }] }),
        json!({ "instances": [{ "quote": good, "attestation": attestation }] }),
    ];
    for row in rows {
        contradicts(&row, "quote");
    }
}

/// A quote of `version` whose lengths add up, with this chain.
fn signed(version: u8, chain: &str) -> Vec<u8> {
    let size = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut quote = vec![version, 0, 2, 0, 0x81, 0, 0, 0];
    quote.resize(48, 7);
    if version == 5 {
        quote.extend([2, 0]);
        quote.extend(size(584));
    }
    quote.resize(quote.len() + if version == 3 { 384 } else { 584 }, 9);
    let mut certification = vec![3; 448];
    certification.extend([2, 0, 8, 8, 5, 0]);
    certification.extend(size(chain.len()));
    certification.extend(chain.as_bytes());
    let mut data = vec![1; 128];
    if version != 3 {
        data.extend([6, 0]);
        data.extend(size(certification.len()));
    }
    data.extend(certification);
    quote.extend(size(data.len()));
    quote.extend(data);
    quote
}

const CHAIN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

#[test]
fn zero_bytes_behind_a_quote_and_line_breaks_in_its_chain_make_no_other_quote() {
    for version in [3, 4, 5] {
        let quote = signed(version, CHAIN);
        for again in [
            [quote.clone(), vec![0; 64]].concat(),
            signed(version, &CHAIN.replace('\n', "\r\n")),
            signed(version, &format!("{CHAIN}\0")),
        ] {
            let both = json!({ "quote": hex::encode(&quote), "intel_quote": hex::encode(&again) });
            let taken = read(both.to_string().as_bytes()).unwrap().machines.remove(0).evidence.quote.unwrap();
            assert_eq!(taken.bytes, quote, "version {version}");
        }
    }
}

#[test]
fn one_statement_under_two_certifications_is_two_quotes_in_every_form_and_order() {
    for version in [3, 4, 5] {
        let quote = signed(version, CHAIN);
        let places = [47, 200, quote.len() - 520, quote.len() - 500, quote.len() - 60];
        let mut others: Vec<Vec<u8>> = places
            .map(|place| {
                let mut other = quote.clone();
                other[place] ^= 1;
                other
            })
            .into();
        others.push(signed(version, &CHAIN.replace("AAAA", "AAAB")));
        others.push([quote.clone(), vec![1]].concat());
        for other in others {
            for (first, second) in [(&quote, &other), (&other, &quote)] {
                let (one, two) = (hex::encode(first), hex::encode(second));
                contradicts(&json!({ "quote": one, "intel_quote": two }), "quote");
                contradicts(&json!({ "intel_quote": one, "info": { "quote": two } }), "quote");
                let files = [("quote.bin", first), ("quote2.bin", second)];
                let files = files.map(|(name, bytes)| (name.to_owned(), bytes.clone())).into();
                let error = veritee_evidence::read_folder("folder", &files, &BUDGET).unwrap_err();
                assert_eq!(error.reason().code(), "evidence-contradictory", "{error}");
                let mut evidence = read(first).unwrap().machines.remove(0).evidence;
                let error = parts::add_quote(&mut evidence, second, "other", &BUDGET).unwrap_err();
                assert_eq!(error.reason().code(), "evidence-contradictory", "{error}");
                // Entries of a list are two machines, and each is judged.
                let list = json!({ "all_attestations": [{ "intel_quote": one }, { "intel_quote": two }] });
                assert_eq!(read(list.to_string().as_bytes()).unwrap().machines.len(), 2);
            }
        }
    }
}

#[test]
fn two_logs_of_one_machine_are_refused() {
    let elsewhere = own_info(|info| info["event_log"] = other_log());
    let mut document = report();
    document["info"]["tcb_info"] = elsewhere.clone();
    contradicts(&document, "event log");
    let mut nested = report();
    nested["info"]["tcb_info"] = json!(elsewhere.to_string());
    contradicts(&nested, "event log");
    let quote = hex::encode(forged_quote());
    contradicts(
        &json!({ "instances": [{ "quote": quote, "eventlog": full_log(), "event_log": other_log() }] }),
        "event log",
    );
    contradicts(
        &json!({ "quote": quote, "event_log": full_log(), "eventlog": other_log(), "report_data": "" }),
        "event log",
    );
    contradicts(
        &json!({ "quote": quote, "event_log": other_log(), "attestation": hex::encode(scale_container(VM_CONFIG)) }),
        "event log",
    );
}

#[test]
fn a_log_with_fewer_events_of_the_same_boot_is_no_contradiction() {
    let full: Value = serde_json::from_str(&full_log()).unwrap();
    let runtime: Vec<&Value> = full.as_array().unwrap().iter().filter(|event| event["imr"] == 3).collect();
    let mut later = full.clone();
    later.as_array_mut().unwrap().push(
        json!({ "imr": 3, "event_type": 134217729, "digest": "", "event": "mine", "event_payload": "00" }),
    );
    for second in [json!([]), json!(runtime), later] {
        let mut document = report();
        document["info"]["tcb_info"] = own_info(|info| info["event_log"] = second);
        let readout = read(document.to_string().as_bytes()).unwrap();
        assert_eq!(
            readout.machines[0].evidence.event_log.as_ref().unwrap().item.bytes,
            full_log().as_bytes()
        );
    }
    // The fuller of the two is taken where it says no more of RTMR3.
    let mut document = report();
    document["event_log"] = json!(runtime);
    let log = read(document.to_string().as_bytes()).unwrap().machines.remove(0).evidence.event_log.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&log.item.bytes).unwrap(), full);
}

#[test]
fn two_configurations_or_composes_of_one_machine_are_refused() {
    let mut document = report();
    document["vm_config"] = json!("{\"cpu_count\":3}");
    contradicts(&document, "vm_config");
    let mut document = report();
    document["app_compose"] = json!("{}");
    contradicts(&document, "app_compose");
    let mut spelt = report();
    spelt["vm_config"] = serde_json::from_str(VM_CONFIG).unwrap();
    assert!(read(spelt.to_string().as_bytes()).is_ok());
    let mut request = json!({ "quote": hex::encode(forged_quote()), "vm_config": "{}", "report_data": "",
        "attestation": hex::encode(scale_container(VM_CONFIG)) });
    contradicts(&request, "vm_config");
    request["vm_config"] = json!(VM_CONFIG);
    assert!(read(request.to_string().as_bytes()).is_ok());
}

/// An input of every shape that has `tcb_info` in it, and where another level of it is.
fn levels() -> Vec<(Value, &'static str)> {
    let quote = hex::encode(forged_quote());
    let info = own_info(|info| info["vm_config"] = json!(VM_CONFIG));
    let request = json!({ "quote": quote, "event_log": full_log(), "tcb_info": info });
    let spelled = json!({ "quote": quote, "tcb_info": info.to_string() });
    let nested = json!({ "quote": quote, "info": { "tcb_info": info } });
    let mut doubled = info.clone();
    doubled["tcb_info"] = info.clone();
    let mut inner = info.clone();
    inner["quote"] = json!(quote);
    vec![
        (request.clone(), ""),
        (spelled, ""),
        (nested.clone(), ""),
        (nested, "/info"),
        (json!({ "tcb_info": info.to_string() }), ""),
        (json!({ "tcb_info": inner, "app_compose": "" }), ""),
        (doubled, "/tcb_info"),
        (json!({ "result": request.clone() }), "/result"),
        (json!({ "instances": [request.clone()] }), "/instances/0"),
        (json!({ "all_attestations": [request] }), "/all_attestations/0"),
    ]
}

#[test]
fn another_part_at_any_level_of_an_answer_is_refused() {
    let quote = hex::encode(forged_quote());
    for (document, level) in levels() {
        assert!(read(document.to_string().as_bytes()).is_ok(), "{document:.80}");
        let with = |member: &str, value: Value| {
            let mut changed = document.clone();
            changed.pointer_mut(level).unwrap()[member] = value;
            changed
        };
        contradicts(&with("app_compose", json!("{\"name\":\"other\"}")), "app_compose");
        contradicts(&with("vm_config", json!("{\"cpu_count\":3}")), "vm_config");
        contradicts(&with("event_log", other_log()), "event log");
        contradicts(&with("eventlog", other_log()), "event log");
        // Where the form has a quote.
        if document.to_string().contains(&quote) {
            contradicts(&with("intel_quote", json!(hex::encode(other_quote()))), "quote");
        }
        // The same once more is no second one.
        let same = own_info(|_| ());
        for member in ["app_compose", "event_log"] {
            let again = with(member, same[member].clone()).to_string();
            let evidence = read(again.as_bytes()).unwrap().machines.remove(0).evidence;
            assert_eq!(evidence.app_compose.unwrap().bytes, same["app_compose"].as_str().unwrap().as_bytes());
        }
    }
    let beside = json!({ "instances": [levels().remove(0).0], "app_compose": "{}" });
    contradicts(&beside, "app_compose");
}

#[test]
fn what_is_said_of_one_quote_twice_has_to_agree() {
    let entry = report();
    let with = |change: fn(&mut Value)| {
        let mut second = entry.clone();
        change(&mut second);
        let mut document = report();
        document["all_attestations"] = json!([entry, second]);
        document
    };
    assert_eq!(read(with(|_| ()).to_string().as_bytes()).unwrap().machines.len(), 1);
    contradicts(&with(|entry| entry["event_log"] = other_log()), "event log");
    let mut nonces = with(|entry| entry["request_nonce"] = json!("aa"));
    nonces["all_attestations"][0]["request_nonce"] = json!("bb");
    contradicts(&nonces, "request_nonce");
    contradicts(&with(|entry| entry["vm_config"] = json!("{}")), "vm_config");
    let claims = with(|entry| {
        entry["info"]["tcb_info"] = own_info(|info| info["compose_hash"] = json!("00"));
    });
    contradicts(&claims, "compose_hash");
    // What the first leaves out is taken from the second.
    let document = json!({ "intel_quote": entry["intel_quote"], "all_attestations": [entry] });
    let evidence = read(document.to_string().as_bytes()).unwrap().machines.remove(0).evidence;
    assert!(evidence.event_log.is_some() && evidence.app_compose.is_some());
}

fn lines(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(width).map(|line| core::str::from_utf8(line).unwrap()).collect();
    lines.join(end)
}

#[test]
fn a_payload_that_no_reader_took_is_named_in_every_form() {
    let gpus =
        json!({ "nonce": "00", "arch": "HOPPER", "evidence_list": [{ "certificate": "", "evidence": "" }] });
    let devices = json!([{ "arch": "HOPPER", "certificate": "AA==", "evidence": "AA==" }]);
    let other = json!({ "report": "A".repeat(200) });
    for (name, bytes) in one_of_every_form() {
        let Ok(Value::Object(document)) = serde_json::from_slice(&bytes) else { continue };
        // Its own form refuses members that it does not know.
        if document.get("schema").is_some() {
            continue;
        }
        for (member, payload, what) in [
            ("x", gpus.clone(), "evidence of GPUs"),
            ("x", json!(gpus.to_string()), "evidence of GPUs"),
            ("deep", json!({ "x": [{ "y": devices }] }), "evidence of GPUs"),
            ("switch_evidence", devices.clone(), "evidence of GPUs"),
            ("snp_report", json!("B".repeat(200)), "a payload of a kind that is not read"),
            ("tpm_attestation", other.clone(), "a payload of a kind that is not read"),
            ("NRAS-Token", json!(format!("eyJ{}", "C".repeat(200))), "a payload of a kind that is not read"),
        ] {
            let mut document = document.clone();
            document.insert(member.to_owned(), payload);
            let Ok(readout) = read(Value::Object(document.clone()).to_string().as_bytes()) else { continue };
            let told: Vec<&Note> = readout.notes.iter().filter(|note| note.is_loss()).collect();
            let named = told.iter().filter(|note| note.to_string().contains(what)).count();
            assert_eq!(named, 1, "{name}, {member}: {told:?}");
            assert!(told.iter().any(|note| note.to_string().contains(member)), "{name}: {told:?}");
        }
        // What is read is not called unread.
        let before = read(&bytes).map_or(Vec::new(), |readout| readout.notes);
        let whats = ["evidence of GPUs", "a payload of a kind that is not read"];
        let unread = |note: &&Note| matches!(note, Note::NotRead { what, .. } if whats.contains(what));
        assert_eq!(before.iter().find(unread), None, "{name}");
    }
}

#[test]
fn gpus_beside_what_wraps_a_machine_are_named() {
    let machine = json!({ "quote": hex::encode(forged_quote()), "event_log": "[]" });
    let gpus = json!({ "nonce": "00", "arch": "HOPPER", "evidence_list": [{}] });
    let losses = |document: &Value| {
        let notes = read(document.to_string().as_bytes()).unwrap().notes;
        notes.iter().filter(|note| note.is_loss()).count()
    };
    let beside = json!({ "result": machine, "nvidia_payload": gpus.to_string() });
    assert_eq!(losses(&beside), 1);
    let mut within = machine.clone();
    within["nvidia_payload"] = json!(gpus.to_string());
    assert_eq!(losses(&within), 0);
    assert_eq!(losses(&json!({ "result": within, "copy": gpus })), 0, "the same once more");
    let another = json!({ "nonce": "01", "arch": "HOPPER", "evidence_list": [{}] });
    assert_eq!(losses(&json!({ "result": within, "other": another })), 1);
}

#[test]
fn a_quote_that_no_reader_took_is_named() {
    let long = |version: u8| {
        let mut quote = vec![version, 0, 2, 0, 0x81, 0, 0, 0];
        quote.resize(900, version);
        quote
    };
    let strays = |document: &Value| {
        let notes = read(document.to_string().as_bytes()).unwrap().notes;
        notes.iter().filter(|note| matches!(note, Note::NotRead { what: "another quote", .. })).count()
    };
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, long(5));
    for hidden in [
        json!({ "x": hex::encode(long(5)) }),
        json!([[[hex::encode(long(5)).to_uppercase()]]]),
        json!(json!({ "quote": hex::encode(long(5)) }).to_string()),
        json!({ "x": format!("0x{}", hex::encode(long(5))) }),
        json!({ "x": base64 }),
        // In lines, as MIME and PEM break them, and as the numbers of its bytes.
        json!({ "x": lines(&base64, 76, "\n") }),
        json!({ "x": lines(&hex::encode(long(5)), 64, "\r\n") }),
        json!(json!({ "x": lines(&base64, 64, "\r\n") }).to_string()),
        json!({ "deep": { "x": long(5) } }),
    ] {
        let document = json!({ "quote": hex::encode(long(4)), "report_data": "", "extra": hidden });
        assert_eq!(strays(&document), 1, "{document}");
        let note = read(document.to_string().as_bytes()).unwrap().notes.pop().unwrap();
        assert!(note.is_loss() && note.to_string().contains("another quote"), "{note}");
    }
    let typed: Vec<String> =
        long(5).iter().enumerate().map(|(at, byte)| format!("\"{at}\": {byte}")).collect();
    let buffer = json!({ "type": "Buffer", "data": long(5) }).to_string();
    for hidden in [format!("{{{}}}", typed.join(",")), format!("{{\n{}}}", typed.join(",\n")), buffer] {
        let quote = hex::encode(long(4));
        let text = format!("{{\"quote\":\"{quote}\",\"report_data\":\"\",\"extra\":{{\"x\":{hidden}}}}}");
        let notes = read(text.as_bytes()).unwrap().notes;
        let quotes = notes.iter().filter(|note| matches!(note, Note::NotRead { what: "another quote", .. }));
        assert_eq!(quotes.count(), 1, "{text}");
    }
    let same = json!({ "quote": hex::encode(long(4)), "report_data": "", "extra": hex::encode(long(4)) });
    assert_eq!(strays(&same), 0);
    let numbered = |number: u8| hex::encode([long(4)[..300].to_vec(), vec![number; 600]].concat());
    let many: Vec<String> = (0..100).map(numbered).collect();
    assert!(strays(&json!({ "quote": hex::encode(long(5)), "report_data": "", "extra": many })) <= 8);
}

/// Notes of other quotes in a document that has `extra` where no reader looks.
fn other_quotes(quote: &[u8], extra: &str) -> usize {
    let quote = hex::encode(quote);
    let text = format!("{{\"quote\":\"{quote}\",\"report_data\":\"\",\"extra\":{extra}}}");
    let notes = read(text.as_bytes()).unwrap().notes;
    notes.iter().filter(|note| matches!(note, Note::NotRead { what: "another quote", .. })).count()
}

fn encoded(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

/// A quote as documents write it, in one piece; then broken into lines.
fn spelled(quote: &[u8]) -> ([String; 7], [String; 3]) {
    let (hex, base64) = (hex::encode(quote), encoded(quote));
    let quoted = |text: &str| json!(text).to_string();
    let typed: Vec<String> = quote.iter().enumerate().map(|(at, byte)| format!("\"{at}\":{byte}")).collect();
    let whole = [
        quoted(&hex),
        quoted(&format!("0x{hex}")),
        quoted(&json!({ "quote": hex }).to_string()),
        quoted(&base64),
        quoted(base64.trim_end_matches('=')).replace('+', "-").replace('/', "_"),
        json!(quote).to_string(),
        format!("{{{}}}", typed.join(",")),
    ];
    let broken = [
        quoted(&lines(&base64, 76, "\n")),
        quoted(&lines(&hex, 64, "\r\n")),
        // As some writers of JSON spell what HTML or a script could take amiss.
        quoted(&base64).replace('/', "\\/").replace('+', "\\u002B"),
    ];
    (whole, broken)
}

#[test]
fn a_quote_with_another_certification_is_named_where_no_reader_took_it() {
    for version in [3, 4, 5] {
        let quote = signed(version, CHAIN);
        let changed = |place: usize| {
            let mut other = quote.clone();
            other[place] ^= 1;
            other
        };
        let mut others: Vec<Vec<u8>> =
            [47, 200, quote.len() - 520, quote.len() - 500, quote.len() - 60].map(changed).into();
        others.push(signed(version, &CHAIN.replace("AAAA", "AAAB")));
        for other in &others {
            let (whole, broken) = spelled(other);
            for hidden in whole.iter().chain(&broken) {
                assert_eq!(other_quotes(&quote, hidden), 1, "version {version}: {hidden:.80}");
            }
            // Below what is known, and behind its beginning.
            let (known, hidden) = (encoded(&quote), encoded(other));
            for before in [&known[..], &known[..1200]] {
                let both = json!(format!("{before}\n{hidden}")).to_string();
                assert!(other_quotes(&quote, &both) >= 1, "version {version}: {before:.40}");
            }
        }
        for hidden in spelled(&[quote.clone(), vec![1]].concat()).0 {
            assert_eq!(other_quotes(&quote, &hidden), 1, "version {version}: {hidden:.80}");
        }
        // The same once more is no other one, however it is written and whatever its writer is free in; nor is as much of
        // it as nobody can verify.
        let free = [
            quote.clone(),
            [quote.clone(), vec![0; 64]].concat(),
            signed(version, &CHAIN.replace('\n', "\r\n")),
        ];
        for again in &free {
            let (whole, broken) = spelled(again);
            for same in whole.iter().chain(&broken) {
                assert_eq!(other_quotes(&quote, same), 0, "version {version}: {same:.80}");
            }
        }
        for length in [quote.len() - 1, quote.len() - 100, 750] {
            for cut in spelled(&quote[..length]).0 {
                assert_eq!(other_quotes(&quote, &cut), 0, "version {version}, {length} bytes");
            }
        }
        let below = json!(format!("{}\nreport of the day", hex::encode(&quote))).to_string();
        assert_eq!(other_quotes(&quote, &below), 0, "version {version}");
    }
}

#[test]
fn another_quote_behind_the_leaf_of_a_chain_is_refused_through_every_door() {
    let log = full_log().into_bytes();
    let leaf = certificate(&[(QUOTE, forged_quote()), (EVENT_LOG, log.clone())]).pem();
    let of_container = certificate(&[(ATTESTATION, scale_container(VM_CONFIG))]).pem();
    let (plain, same) =
        (certificate(&[(APP_ID, vec![1; 20])]).pem(), certificate(&[(QUOTE, forged_quote())]).pem());
    let other = certificate(&[(QUOTE, other_quote())]).pem();
    let another_log = certificate(&[(EVENT_LOG, other_log().to_string().into_bytes())]).pem();
    let mut bytes = scale_container(VM_CONFIG);
    let at = bytes.windows(8).position(|found| found == &forged_quote()[..8]).unwrap();
    bytes[at + 50] ^= 1;
    let other_container = certificate(&[(ATTESTATION, bytes)]).pem();
    for chain in [
        format!("{leaf}{other}"),
        format!("{leaf}{plain}{other}"),
        format!("{leaf}{other_container}"),
        format!("{of_container}{other}"),
        format!("{of_container}{other_container}{plain}"),
        format!("{leaf}{another_log}"),
        format!("{plain}{other}"),
    ] {
        let refused = |result: Result<(), veritee_evidence::ReadError>, door: &str| {
            let error = result.expect_err(door);
            let told = error.to_string();
            assert!(told.contains("two different quotes"), "{door}: {told}");
        };
        let beside = json!({ "quote": hex::encode(forged_quote()), "info": { "app_cert": chain } });
        refused(read(beside.to_string().as_bytes()).map(drop), "beside a quote");
        if !chain.starts_with(&plain) {
            refused(read(chain.as_bytes()).map(drop), "input");
        }
        let mut evidence = read(report().to_string().as_bytes()).unwrap().machines.remove(0).evidence;
        refused(parts::add_certificates(&mut evidence, chain.as_bytes(), "c", &BUDGET).map(drop), "option");
        evidence.certificates = Some(veritee_model::Item::new(chain, "c"));
        refused(read(veritee_evidence::to_json(&evidence, "0").as_bytes()).map(drop), "its own form");
    }
    // Of one start and boot it is the same machine's, as the CA of a KMS carries one: named, not read.
    let td = |version: u8, change: &dyn Fn(&mut Vec<u8>)| {
        let mut quote = signed(version, CHAIN);
        change(&mut quote);
        quote
    };
    let earlier: Value = full_log().parse().unwrap();
    let mut later = earlier.clone();
    later.as_array_mut().unwrap().push(
        json!({ "imr": 3, "event_type": 134217729, "digest": "", "event": "system-ready", "event_payload": "" }),
    );
    for (version, body) in [(4, 48), (5, 54)] {
        let two = |log: &Value, at: usize| {
            let other = td(version, &|quote| quote[body + at] ^= 1);
            let one =
                certificate(&[(QUOTE, signed(version, CHAIN)), (EVENT_LOG, later.to_string().into_bytes())]);
            let other = certificate(&[(QUOTE, other), (EVENT_LOG, log.to_string().into_bytes())]);
            read(format!("{}{}", one.pem(), other.pem()).as_bytes())
        };
        for at in [472, 519, 520, 583] {
            let notes = two(&earlier, at).unwrap().notes;
            assert!(notes.iter().any(|note| note.to_string().contains("of the same machine")), "{notes:?}");
            assert!(two(&other_log(), at).is_err(), "version {version}, byte {at}");
        }
        for at in [120, 135, 136, 184, 232, 328, 471] {
            assert!(two(&earlier, at).is_err(), "version {version}, byte {at}");
        }
    }
    // The leaf's own once more is named, and nothing is lost by it.
    for chain in [format!("{leaf}{same}"), format!("{of_container}{plain}{same}"), format!("{leaf}{leaf}")] {
        let notes = read(chain.as_bytes()).unwrap().notes;
        let named = |note: &&Note| note.to_string().contains("the leaf's quote once more");
        assert_eq!(notes.iter().filter(named).count(), 1, "{notes:?}");
    }
}

#[test]
fn a_part_given_beside_another_one_is_refused() {
    let whole = || read(report().to_string().as_bytes()).unwrap().machines.remove(0).evidence;
    let refused = |result: Result<Option<Note>, veritee_evidence::ReadError>| {
        assert_eq!(result.unwrap_err().reason().code(), "evidence-contradictory");
    };
    refused(parts::add_quote(&mut whole(), &other_quote(), "q", &BUDGET));
    refused(parts::add_app_compose(&mut whole(), b"{}", "c", &BUDGET));
    refused(parts::add_event_log(&mut whole(), other_log().to_string().as_bytes(), "l", &BUDGET));
    let mut evidence = whole();
    assert_eq!(parts::add_mr_config(&mut evidence, MR_CONFIG.as_bytes(), "m", &BUDGET), Ok(None));
    refused(parts::add_mr_config(&mut evidence, b"{\"version\":3,\"compose_hash\":\"11\"}", "m", &BUDGET));
    // The same again is no second one.
    assert!(parts::add_event_log(&mut whole(), full_log().as_bytes(), "l", &BUDGET).unwrap().is_some());
    assert!(parts::add_quote(&mut whole(), &forged_quote(), "q", &BUDGET).unwrap().is_some());
    // A hint and another question take the place of what came along, and say so.
    let note = parts::add_vm_config(&mut whole(), b"{\"cpu_count\":3}", "v", &BUDGET).unwrap().unwrap();
    assert!(matches!(note, Note::Replaced { part: "vm_config", equal: false, .. }) && note.is_loss());
}

#[test]
fn an_ingress_folder_of_another_quote_is_refused() {
    let answer = |quote: Vec<u8>| json!({ "quote": hex::encode(quote), "event_log": "[]" }).to_string();
    let folder = |quote: Vec<u8>| {
        let files = [("quote.json", answer(quote)), ("sha256sum.txt", String::new())];
        let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
        veritee_evidence::read_folder("e", &files.into(), &BUDGET).unwrap()
    };
    let mut evidence = read(report().to_string().as_bytes()).unwrap().machines.remove(0).evidence;
    let error = parts::add_ingress(&mut evidence, folder(other_quote()), "e").unwrap_err();
    assert_eq!(error.reason().code(), "evidence-contradictory");
    assert!(evidence.ingress.is_none());
    parts::add_ingress(&mut evidence, folder(forged_quote()), "e").unwrap();
    assert!(evidence.ingress.is_some());
    let mut without = Evidence::default();
    parts::add_ingress(&mut without, folder(other_quote()), "e").unwrap();
    assert_eq!(without.quote.as_ref().unwrap().bytes, other_quote());
    // Saved by veritee it is read again; what has no such files is refused by its name, and changes nothing.
    let saved = read(veritee_evidence::to_json(&without, "1").as_bytes()).unwrap();
    parts::add_ingress(&mut Evidence::default(), saved, "s").unwrap();
    let (bare, plain) =
        (Evidence { ingress: None, ..without }, read(answer(other_quote()).as_bytes()).unwrap());
    let lacking = read(veritee_evidence::to_json(&bare, "1").as_bytes()).unwrap();
    for (other, words) in [(plain, "--ingress does not read"), (lacking, "which has no ingress evidence")] {
        let mut evidence = Evidence::default();
        let error = parts::add_ingress(&mut evidence, other, "o").unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(evidence, Evidence::default());
    }
}

/// Before a guest agent knows the PPID it gives SHA-256 of nothing as its device. Beside the device itself that is no second
/// one; two devices are.
#[test]
fn a_device_that_is_not_known_contradicts_none() {
    let unknown = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let (known, other) = ("1a".repeat(32), "2b".repeat(32));
    let document = |inside: &str, beside: &str| {
        let mut document = report();
        let info = own_info(|info| info["device_id"] = json!(inside));
        document["info"] = json!({ "tcb_info": info.to_string(), "device_id": beside });
        document
    };
    let device = |evidence: &Evidence| evidence.claims.values["device_id"].value.clone();
    for (inside, beside) in [(unknown, known.as_str()), (&known, unknown), (&unknown.to_uppercase(), &known)]
    {
        let evidence =
            read(document(inside, beside).to_string().as_bytes()).unwrap().machines.remove(0).evidence;
        assert_eq!(device(&evidence), known, "{inside} {beside}");
        let files = [("a.json", document(inside, inside)), ("b.json", document(beside, beside))];
        let files = files.map(|(name, document)| (name.to_owned(), document.to_string().into_bytes()));
        let folder = veritee_evidence::read_folder("f", &files.into(), &BUDGET).unwrap();
        assert_eq!(device(&folder.machines[0].evidence), known, "{inside} {beside}");
    }
    let evidence =
        read(document(unknown, unknown).to_string().as_bytes()).unwrap().machines.remove(0).evidence;
    assert_eq!(device(&evidence), unknown);
    contradicts(&document(&known, &other), "device_id");
    contradicts(&document(&other, &known), "device_id");
}
