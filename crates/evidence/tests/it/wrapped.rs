//! The same evidence in the wrappings in which people hold it, and what is recognised without being verified.

use crate::support::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write as _;
use veritee_evidence::{Format, Slot, parts};
use veritee_model::Evidence;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn quote_of(bytes: &[u8]) -> Vec<u8> {
    read(bytes).unwrap().machines.remove(0).evidence.quote.unwrap().bytes
}

#[test]
fn a_text_is_read_through_what_its_way_added() {
    let answer =
        json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "report_data": "" }).to_string();
    let wrapped = [
        gzip(answer.as_bytes()),
        [&[0xef, 0xbb, 0xbf], answer.as_bytes()].concat(),
        gzip(&[&[0xef, 0xbb, 0xbf], answer.as_bytes()].concat()),
        utf16(&answer, true, false),
        utf16(&answer, true, true),
        utf16(&answer, false, false),
        utf16(&answer, false, true),
    ];
    for bytes in wrapped {
        assert_eq!(quote_of(&bytes), forged_quote());
    }
    assert_eq!(quote_of(&gzip(&forged_quote())), forged_quote());
    assert_eq!(quote_of(format!("0x{}", hex::encode(forged_quote())).as_bytes()), forged_quote());
    let packed = gzip(answer.as_bytes());
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &packed);
    let written = [
        base64.clone(),
        format!("{base64}\n"),
        base64.as_bytes().chunks(76).map(|line| String::from_utf8(line.to_vec()).unwrap() + "\r\n").collect(),
        json!(base64).to_string(),
        hex::encode(&packed),
        format!("0x{}", hex::encode(&packed)),
    ];
    for text in written {
        assert_eq!(quote_of(text.as_bytes()), forged_quote(), "{text}");
    }
}

/// `gzip -d` reads all members as one stream; who reads the first alone judges a part and says nothing of the rest.
#[test]
fn every_member_of_a_gzip_stream_is_read_and_what_is_no_member_is_refused() {
    let answer =
        json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "report_data": "" }).to_string();
    let (first, second) = answer.as_bytes().split_at(answer.len() / 3);
    let two = [gzip(first), gzip(second)].concat();
    assert_eq!(quote_of(&two), forged_quote());
    assert_eq!(quote_of(&[two.as_slice(), &[0; 1024]].concat()), forged_quote());
    // Two quotes are not one: what is read has both, and is judged with all that stands behind the first.
    let quote = forged_quote();
    for one in [quote.clone(), hex::encode(&quote).into_bytes()] {
        let Ok(readout) = read(&[gzip(&one), gzip(&one)].concat()) else { continue };
        let bytes = readout.machines.iter().filter_map(|machine| machine.evidence.quote.as_ref());
        assert!(bytes.into_iter().all(|item| item.bytes == [quote.as_slice(), &quote].concat()));
    }
    let whole = gzip(answer.as_bytes());
    let tails = [
        b"text".to_vec(),
        hex::encode(&quote).into_bytes(),
        [vec![0; 16], whole.clone()].concat(),
        vec![0x1f],
        vec![0x1f, 0x8b],
        whole[..50].to_vec(),
    ];
    for tail in tails {
        assert!(read(&[whole.as_slice(), &tail].concat()).is_err(), "{}", hex::encode(tail));
        // The same around collateral and a log.
        let packed = [gzip(LOG.as_bytes()), tail].concat();
        let mut evidence = Evidence::default();
        assert!(parts::add(Slot::EventLog, &mut evidence, &packed, "log.gz", &BUDGET).is_err());
    }
}

#[test]
fn what_services_and_tools_make_of_an_answer_is_read() {
    let hex = hex::encode(forged_quote());
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let answer = json!({ "quote": hex, "event_log": LOG, "vm_config": VM_CONFIG });
    let wanted: Value = serde_json::from_str(LOG).unwrap();
    let har =
        json!({ "log": { "entries": [{ "response": { "content": { "text": answer.to_string() } } }] } });
    for document in [
        json!({ "quote": hex, "eventLog": LOG, "vmConfig": VM_CONFIG }).to_string(),
        json!({ "quote": hex, "event_log": LOG.as_bytes(), "vm_config": VM_CONFIG }).to_string(),
        json!({ "quote": base64(&forged_quote()), "cc_eventlog": base64(LOG.as_bytes()), "vm_config": VM_CONFIG }).to_string(),
        har.to_string(),
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{answer}"),
        format!("HTTP/2 200 \ncontent-type: application/json\n\n{answer}\n"),
        base64(answer.to_string().as_bytes()),
        hex::encode(answer.to_string()),
        format!("\"{}\"", base64(serde_json::to_string_pretty(&answer).unwrap().as_bytes())),
    ] {
        let evidence = read(document.as_bytes()).unwrap().machines.remove(0).evidence;
        assert_eq!(evidence.quote.unwrap().bytes, forged_quote(), "{document}");
        let log: Value = serde_json::from_slice(&evidence.event_log.unwrap().item.bytes).unwrap();
        assert_eq!(log, wanted, "{document}");
        assert_eq!(evidence.vm_config.unwrap().bytes, VM_CONFIG.as_bytes(), "{document}");
    }
    // A compose that was unpacked is not the measured text, and the rest is read all the same.
    let unpacked = json!({ "quote": hex, "app_compose": { "manifest_version": 2 }, "key_provider_info": { "name": "none" } });
    let mut readout = read(unpacked.to_string().as_bytes()).unwrap();
    assert!(readout.notes.iter().any(|note| note.to_string().contains("app_compose that is no text")));
    assert!(readout.machines.remove(0).evidence.app_compose.is_none());
    // The payloads of a second copy's events are events.
    let twice = json!([answer, answer]);
    let notes = read(twice.to_string().as_bytes()).unwrap().notes;
    assert!(notes.iter().all(|note| !note.to_string().contains("event_payload")), "{notes:?}");
}

/// A quote of version 4 as far as its lengths go, as long as one.
fn long_quote(seed: u8) -> Vec<u8> {
    let mut quote = vec![4, 0, 2, 0, 0x81, 0, 0, 0];
    quote.extend((8..632_u16).map(|at| u8::try_from(at % 251).unwrap().wrapping_mul(seed)));
    quote.extend(400_u32.to_le_bytes());
    quote.resize(1036, 9);
    quote
}

/// The body of an answer as AWS's gateways and functions give it, by itself and inside of what logs and steps put around it.
#[test]
fn a_body_in_base64_is_read_as_what_stands_in_it() {
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let answer = json!({ "quote": hex::encode(long_quote(7)), "event_log": LOG, "vm_config": VM_CONFIG });
    let text = answer.to_string();
    for (body, whole) in [
        (base64(text.as_bytes()), true),
        (base64(&gzip(text.as_bytes())), true),
        (base64(serde_json::to_string_pretty(&answer).unwrap().as_bytes()), true),
        (hex::encode(&text), true),
        (base64(&long_quote(7)), false),
    ] {
        let envelope = json!({ "statusCode": 200, "headers": { "content-type": "application/json" },
            "body": body, "isBase64Encoded": true });
        let step = json!({ "Payload": envelope, "ExecutedVersion": "$LATEST" });
        let event = json!({ "version": "2.0", "routeKey": "$default", "requestContext": { "http": { "method": "POST" } },
            "body": body, "isBase64Encoded": true });
        for (document, place) in [(envelope, "/body"), (step, "/Payload/body"), (event, "/body")] {
            let evidence = read(document.to_string().as_bytes()).unwrap().machines.remove(0).evidence;
            let quote = evidence.quote.unwrap();
            assert_eq!(quote.bytes, long_quote(7));
            assert!(quote.source.contains(&format!("#{place}")), "{}", quote.source);
            assert_eq!(evidence.event_log.is_some(), whole, "{document}");
        }
    }
    // Certificates, and collateral at its own option.
    let pem = certificate(&[(QUOTE, [long_quote(7), vec![7]].concat())]).pem();
    assert!(!quote_of(json!({ "body": base64(pem.as_bytes()) }).to_string().as_bytes()).is_empty());
    let set = json!({ "tcb_info": "{}", "qe_identity": "{}", "pck_crl": "" }).to_string();
    for body in [set.clone(), base64(set.as_bytes()), base64(&gzip(set.as_bytes()))] {
        let mut evidence = Evidence::default();
        let document = json!({ "statusCode": 200, "body": body, "isBase64Encoded": true }).to_string();
        parts::add(Slot::Collateral, &mut evidence, document.as_bytes(), "c", &BUDGET).unwrap();
        assert_eq!(evidence.collateral[0].bytes, set.as_bytes());
    }
}

/// What stands in a body is no place to hide: a second machine is a second machine, a stray quote is named, and bodies
/// together inflate to no more than one input may.
#[test]
fn bodies_hide_nothing_and_grow_within_the_budget() {
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let answer = |quote: &[u8]| json!({ "quote": hex::encode(quote), "event_log": LOG });
    let other_quote = long_quote(8);
    let bodies = [&long_quote(7), &other_quote].map(|quote| base64(answer(quote).to_string().as_bytes()));
    let two = json!([{ "body": bodies[0] }, { "body": bodies[1] }]);
    assert_eq!(read(two.to_string().as_bytes()).unwrap().machines.len(), 2);
    let mut strange = answer(&long_quote(7));
    strange["notes"] = json!({ "more": hex::encode(&other_quote) });
    let hidden = json!({ "body": base64(strange.to_string().as_bytes()) });
    let notes: Vec<String> =
        read(hidden.to_string().as_bytes()).unwrap().notes.iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.contains("another quote")), "{notes:?}");
    let bomb = base64(&gzip(&vec![b' '; BUDGET.input_bytes / 2]));
    let many = json!({ "all": vec![bomb; 64], "body": bodies[0] });
    assert_eq!(quote_of(many.to_string().as_bytes()), long_quote(7));
}

fn dumped(bytes: &[u8], row: impl Fn(usize, &[u8], &str) -> String) -> String {
    let seen = |byte: &u8| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' };
    let rows = bytes.chunks(16).enumerate();
    rows.map(|(index, row_of)| row(index * 16, row_of, &row_of.iter().map(seen).collect::<String>()))
        .collect()
}

fn groups(bytes: &[u8], size: usize) -> String {
    bytes.chunks(size).map(hex::encode).collect::<Vec<_>>().join(" ")
}

/// What `xxd`, `hexdump -C`, `od -tx1` and their like print of these bytes.
fn dumps(bytes: &[u8]) -> Vec<String> {
    let end = bytes.len();
    vec![
        dumped(bytes, |at, row, seen| format!("{at:08x}: {:<39}  {seen}\n", groups(row, 2))),
        dumped(bytes, |at, row, seen| format!("{at:08x}: {:<47}  {seen}\r\n", groups(row, 1).to_uppercase())),
        dumped(bytes, |at, row, seen| format!("{at:08x}: {:<35}  {}\n", groups(row, 4), seen.trim_end())),
        dumped(bytes, |at, row, seen| {
            let (one, two) = row.split_at(row.len().min(8));
            format!("{at:08x}  {:<23}  {:<23}  |{seen}|\n", groups(one, 1), groups(two, 1))
        }) + &format!("{end:08x}\n"),
        dumped(bytes, |at, row, _| format!("{at:07o} {}\n", groups(row, 1))) + &format!("{end:07o}\n"),
        dumped(bytes, |at, row, _| format!("{at:07} {}\n", groups(row, 1))) + &format!("{end:07}\n"),
        dumped(bytes, |at, row, seen| format!("{at:06x} {:<47}  >{seen}<\n", groups(row, 1)))
            + &format!("{end:06x}\n"),
    ]
}

#[test]
fn what_programs_print_of_bytes_is_read_as_these_bytes() {
    let quote = long_quote(7);
    let answer = json!({ "quote": hex::encode(&quote), "event_log": LOG }).to_string();
    let mut prints = Vec::new();
    for bytes in [
        quote.clone(),
        answer.clone().into_bytes(),
        gzip(answer.as_bytes()),
        hex::encode(&quote).into_bytes(),
    ] {
        prints.extend(dumps(&bytes));
    }
    let pairs = |sign: &str| groups(&quote, 1).replace(' ', sign);
    prints.extend([pairs(":"), pairs("-").to_uppercase(), format!(" {}\n", pairs(":"))]);
    let lines = |end: &str| {
        let rows: Vec<String> = quote.chunks(15).map(|row| groups(row, 1).replace(' ', ":")).collect();
        rows.join(end)
    };
    prints.extend([lines(":\n    "), lines("\n"), lines(":\r\n")]);
    prints.push(json!({ "quote": pairs(":"), "event_log": LOG }).to_string());
    for text in &prints {
        assert_eq!(quote_of(text.as_bytes()), quote, "{}", &text[..200]);
    }
    prints.extend([answer.clone(), hex::encode(&quote)]);
    for text in prints {
        let begin = text.get(..24).unwrap_or_default().replace(' ', "").to_ascii_lowercase();
        let is_packed = begin.contains("1f8b08");
        let mut all = vec![
            format!("```json\n{text}\n```\n"),
            format!("\n```\r\n{text}\r\n```"),
            format!("~~~~ hex\n{text}\n~~~~"),
        ];
        // The characters beside a dump may have the mark of a span.
        if !text.contains('`') {
            all.push(format!("`{}`", text.trim()));
        }
        for fenced in all {
            assert_eq!(quote_of(fenced.as_bytes()), quote, "{}", &fenced[..200]);
            // Packed once is how files are compressed; what is a dump of a packed file is not packed again.
            if !is_packed {
                assert_eq!(quote_of(&gzip(fenced.as_bytes())), quote);
            }
        }
    }
}

/// A dump with a row missing, doubled or changed is no shorter document, and words turned round are no bytes.
#[test]
fn a_dump_that_does_not_say_the_same_everywhere_is_refused() {
    let quote = long_quote(7);
    for (index, text) in dumps(&quote).into_iter().enumerate() {
        let rows: Vec<&str> = text.lines().collect();
        let joined = |rows: &[&str]| rows.join("\n");
        let mut changed = vec![
            joined(&[&rows[..5], &rows[6..]].concat()),
            joined(&[&rows[..5], &rows[4..]].concat()),
            joined(&[&rows[..5], &[rows[6], rows[5]][..], &rows[7..]].concat()),
            joined(&[rows.clone(), rows.clone()].concat()),
            joined(&[&rows[..5], &["and so on"][..], &rows[5..]].concat()),
            joined(&[&rows[..5], &["*"][..], &rows[5..]].concat()),
            joined(&[&rows[..3], &["*", "*"][..], &rows[7..]].concat()),
        ];
        if rows[0].contains("..") {
            // Other bytes beside the same characters.
            changed.push(text.replacen("04", "41", 1));
        }
        for text in changed {
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!(error.reason().code(), "evidence-malformed", "{index}: {error}\n{}", &text[..300]);
            assert!(error.next_step().contains("xxd -p"), "{index}: {error}");
        }
    }
    let turned: Vec<u8> = quote.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect();
    for width in [7, 8] {
        let words = dumped(&turned, |at, row, _| format!("{at:0width$x} {}\n", groups(row, 2)));
        let error = read(words.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("turned round"), "{error}");
    }
    // `xxd -e` shows the characters in their order.
    let turned: Vec<u8> = quote.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
    let text = dumped(&quote, |at, row, seen| {
        format!("{at:08x}: {}  {seen}\n", groups(&turned[at..at + row.len()], 4))
    });
    assert_eq!(code(text.as_bytes()), "evidence-malformed");
    // Rows that are the same, as `*`, to the length that is allowed.
    let zeros = "00000000: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n*\n";
    assert_eq!(code(format!("{zeros}fffffffffffffff0: 00  .\n").as_bytes()), "evidence-malformed");
    let two = format!("```\n{}\n```\n```\n{}\n```\n", hex::encode(&quote), hex::encode(&quote));
    assert_eq!(code(two.as_bytes()), "evidence-unrecognised");
}

#[test]
fn a_wrapping_that_is_damaged_or_grows_beyond_the_budget_is_refused() {
    let answer = gzip(b"{\"quote\": \"\"}");
    assert_eq!(code(&answer[..answer.len() - 9]), "evidence-malformed");
    let mut odd = utf16("{\"a\": 1}", true, false);
    odd.pop();
    assert_eq!(code(&odd), "evidence-malformed");
    let bomb = gzip(&vec![b' '; BUDGET.input_bytes + 1]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(code(&bomb), "evidence-too-large");
    // Once is how files are compressed; twice is an attempt.
    assert_eq!(code(&gzip(&gzip(b"{}"))), "evidence-malformed");
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    assert_eq!(code(base64(&bomb).as_bytes()), "evidence-too-large");
    assert_eq!(code(&base64(&answer).as_bytes()[..40]), "evidence-malformed");
    // What is inside is no text of the same kind once more.
    assert_eq!(code(base64(&gzip(base64(&answer).as_bytes())).as_bytes()), "evidence-unrecognised");
}

#[test]
fn certificates_without_a_line_end_between_them_are_a_chain() {
    let leaf = certificate(&[(QUOTE, forged_quote())]).pem();
    let chain = format!("{leaf}{leaf}");
    let glued = chain.replace("-----END CERTIFICATE-----\n-----BEGIN", "-----END CERTIFICATE----------BEGIN");
    assert_ne!(glued, chain);
    let of = |pem: &str| read(pem.as_bytes()).unwrap().machines.remove(0).evidence;
    assert_eq!(of(&glued).certificates.unwrap().bytes, of(&chain).certificates.unwrap().bytes);
    let mut evidence = Evidence::default();
    parts::add_certificates(&mut evidence, glued.as_bytes(), "c", &BUDGET).unwrap();
    assert_eq!(evidence.certificates.unwrap().bytes, chain.as_bytes());
}

#[test]
fn an_array_of_bytes_is_a_quote_where_hex_would_be() {
    let array = json!(forged_quote());
    assert_eq!(quote_of(array.to_string().as_bytes()), forged_quote());
    assert_eq!(quote_of(json!({ "quote": array, "report_data": "" }).to_string().as_bytes()), forged_quote());
    assert_eq!(quote_of(json!({ "intel_quote": array }).to_string().as_bytes()), forged_quote());
    for bad in [json!([4, 0, 256]), json!([4, 0, "2"]), json!([4, 0, -1]), json!([4.5])] {
        assert_eq!(
            code(json!({ "quote": bad, "report_data": "" }).to_string().as_bytes()),
            "evidence-malformed"
        );
    }
}

#[test]
fn bytes_as_the_objects_of_javascript_are_a_quote_where_an_array_would_be() {
    let quote = [forged_quote(), vec![0; 600]].concat();
    let typed = || {
        let entries: Vec<String> =
            quote.iter().enumerate().map(|(at, byte)| format!("\"{at}\":{byte}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    let buffer = json!({ "type": "Buffer", "data": quote }).to_string();
    for written in [typed(), buffer] {
        assert_eq!(quote_of(written.as_bytes()), quote, "{written}");
        for document in [
            format!("{{\"quote\":{written},\"report_data\":\"\"}}"),
            format!("{{\"intel_quote\":{written}}}"),
            format!("{{\"result\":{{\"tdx\":{written}}}}}"),
            format!("{{\"result\":{{\"quote\":{written},\"event_log\":[]}}}}"),
        ] {
            assert_eq!(quote_of(document.as_bytes()), quote, "{document}");
        }
    }
    for bad in [
        typed().replacen("\"7\":", "\"07\":", 1),
        typed().replacen("\"7\":", "\"9999\":", 1),
        typed().replacen("\"0\":4", "\"0\":260", 1),
        typed().replacen("\"0\":4", "\"0\":\"4\"", 1),
        typed().replacen("{", "{\"length\":1,", 1),
    ] {
        assert_ne!(bad, typed());
        let document = format!("{{\"quote\":{bad},\"report_data\":\"\"}}");
        assert_eq!(code(document.as_bytes()), "evidence-unrecognised");
    }
    let twice = typed().replacen("\"0\":4", "\"0\":4,\"0\":4", 1);
    assert_ne!(twice, typed());
    assert!(read(format!("{{\"quote\":{twice},\"report_data\":\"\"}}").as_bytes()).is_err());
}

#[test]
fn a_member_of_a_form_s_name_beside_good_evidence_does_not_hide_it() {
    let hex = hex::encode(forged_quote());
    let long = hex::encode([forged_quote(), vec![0; 600]].concat());
    for document in [
        json!({ "quote": hex, "event_log": LOG, "instances": [] }),
        json!({ "quote": hex, "event_log": LOG, "instances": 3 }),
        json!({ "quote": hex, "event_log": LOG, "instances": "eu-west" }),
        json!({ "quote": hex, "event_log": LOG, "tcb_info": 7 }),
        json!({ "quote": hex, "event_log": LOG, "account_quote": null, "intel_quote": null }),
        json!({ "attestation": hex }),
    ] {
        assert_eq!(quote_of(document.to_string().as_bytes()), forged_quote(), "{document}");
    }
    let described = json!({ "quote": { "format": "tdx", "data": long, "length": 1087 }, "event_log": LOG });
    let readout = read(described.to_string().as_bytes()).unwrap();
    assert!(readout.machines[0].evidence.event_log.is_some(), "{described}");
    // Of two nobody says which.
    let two =
        json!({ "quote": { "old": long, "new": hex::encode([forged_quote(), vec![1; 600]].concat()) } });
    assert!(read(two.to_string().as_bytes()).map_or(true, |readout| readout.machines.len() == 2), "{two}");
}

#[test]
fn evidence_inside_another_document_is_read_and_named_by_its_pointer() {
    let machine = json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "app_compose": COMPOSE });
    let rows = [
        (
            json!({ "api_version": "aci/1", "attestation": { "tee_type": "tdx", "evidence": machine } }),
            "/attestation/evidence",
        ),
        (json!({ "result": { "data": machine } }), "/result/data"),
        (json!({ "jsonrpc": "2.0", "result": machine.to_string() }), "/result#"),
        (json!([{ "a": [machine] }]), "/0/a/0"),
        (json!({ "quote": { "raw": 1, "tdx": machine } }), "/quote/tdx"),
    ];
    for (document, pointer) in rows {
        let readout = read(document.to_string().as_bytes()).unwrap();
        assert_eq!(readout.format, Format::Envelope, "{document}");
        let [found] = readout.machines.try_into().unwrap();
        assert_eq!(found.label, pointer);
        let evidence = found.evidence;
        assert_eq!(evidence.quote.as_ref().unwrap().source, format!("input#{pointer}/quote"));
        assert_eq!(evidence.app_compose.unwrap().bytes, COMPOSE.as_bytes());
    }
}

#[test]
fn a_quote_under_a_name_of_its_own_is_found_where_nothing_else_is() {
    let quote = [forged_quote(), vec![0; 600]].concat();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &quote);
    for written in
        [json!(hex::encode(&quote)), json!(format!("0x{}", hex::encode(&quote))), json!(base64), json!(quote)]
    {
        let document = json!({ "status": "ok", "data": { "tdx": { "rawTdxQuote": written } } }).to_string();
        let readout = read(document.as_bytes()).unwrap();
        assert_eq!(readout.machines[0].label, "/data/tdx/rawTdxQuote");
        assert_eq!(readout.machines[0].evidence.quote.as_ref().unwrap().bytes, quote);
    }
}

#[test]
fn several_machines_inside_are_told_apart_and_one_told_twice_is_one() {
    let machine = |quote: &[u8]| json!({ "quote": hex::encode(quote), "event_log": LOG });
    let (one, other) = (machine(&forged_quote()), machine(&[forged_quote(), vec![1]].concat()));
    let two = json!({ "nodes": [one, other] });
    let labels: Vec<String> =
        read(two.to_string().as_bytes()).unwrap().machines.into_iter().map(|machine| machine.label).collect();
    assert_eq!(labels, ["/nodes/0", "/nodes/1"]);
    assert_eq!(read(json!({ "a": one, "b": one }).to_string().as_bytes()).unwrap().machines.len(), 1);
    let mut contradicting = one.clone();
    contradicting["event_log"] = json!(full_log());
    let document = json!({ "a": one, "b": contradicting });
    assert_eq!(code(document.to_string().as_bytes()), "evidence-contradictory");
}

#[test]
fn a_document_without_evidence_stays_unrecognised_however_deep_or_wide() {
    let mut deep = json!({ "quote": hex::encode(forged_quote()) });
    for _ in 0..12 {
        deep = json!({ "a": deep });
    }
    for document in
        [deep, json!({ "quote": { "text": "to be or not to be" } }), json!({ "a": vec![1; 10_000] })]
    {
        assert_eq!(code(document.to_string().as_bytes()), "evidence-unrecognised", "{document}");
    }
}

#[test]
fn attestations_of_other_platforms_are_named() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln";
    let mut snp = vec![0_u8; 0x4a0];
    (snp[0], snp[0x34]) = (2, 1);
    let nitro = [vec![0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22], vec![0; 100]].concat();
    let tpm = [&b"\xffTCG\x80\x18"[..], &[0; 100]].concat();
    let tpm_bytes = tpm.clone();
    let rows: [(Vec<u8>, &str); 8] = [
        (token.as_bytes().to_vec(), "JWT"),
        (json!({ "token": token }).to_string().into_bytes(), "JWT"),
        (json!({ "a": [{ "attestation_token": token }] }).to_string().into_bytes(), "JWT"),
        (snp.clone(), "SEV-SNP"),
        (hex::encode(&snp).into_bytes(), "SEV-SNP"),
        (nitro[1..].to_vec(), "Nitro"),
        (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &nitro).into_bytes(), "Nitro"),
        (tpm_bytes, "TPM"),
    ];
    for (bytes, name) in rows {
        let error = read(&bytes).unwrap_err();
        assert_eq!(error.reason().code(), "evidence-platform-unsupported", "{name}: {error}");
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("not verified by this version"), "{text}");
    }
    // In an answer of a service, however deep, in whichever spelling, and under the name that others give to quotes.
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let report =
        json!({ "version": 2, "guest_svn": 0, "report_data": [0], "measurement": [1], "chip_id": [2] });
    let nested = [
        (json!({ "report": base64(&snp) }), "SEV-SNP"),
        (json!({ "result": { "amd": hex::encode(&snp) } }), "SEV-SNP"),
        (json!({ "quote": base64(&snp) }), "SEV-SNP"),
        (json!({ "machines": [{ "quote": hex::encode(&snp) }] }), "SEV-SNP"),
        (json!({ "evidence": snp }), "SEV-SNP"),
        (json!({ "attestation_report": report, "cert_chain": [] }), "SEV-SNP"),
        (json!({ "attestation_document": base64(&nitro) }), "Nitro"),
        (json!({ "a": { "b": base64(&nitro[1..]) } }), "Nitro"),
        (json!([{ "document": hex::encode(&nitro) }]), "Nitro"),
        (json!({ "quote": { "message": base64(&tpm), "signature": "" } }), "TPM"),
        (json!({ "tpm_quote": { "message": [255] }, "hcl_report": "" }), "TPM"),
        (json!({ "inner": json!({ "report": base64(&snp) }).to_string() }), "SEV-SNP"),
    ];
    for (document, name) in nested {
        let error = read(document.to_string().as_bytes()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("not verified by this version"), "{document}: {text}");
    }
    // Where one of ours stands beside it, that one is read.
    let both =
        json!({ "amd": base64(&snp), "tdx": { "quote": hex::encode(forged_quote()), "event_log": LOG } });
    assert_eq!(quote_of(both.to_string().as_bytes()), forged_quote());
    // A quote of SGX begins like such a report and is none.
    let mut sgx = vec![0_u8; 0x4a0];
    sgx[..4].copy_from_slice(&[3, 0, 2, 0]);
    assert!(read(&sgx).is_ok());
}

#[test]
fn each_part_is_taken_out_of_the_forms_that_hold_it() {
    let answer = json!({ "quote": hex::encode(forged_quote()), "event_log": LOG, "vm_config": VM_CONFIG, "report_data": "" });
    let info = json!({ "app_id": "01", "tcb_info": tcb_info(), "vm_config": VM_CONFIG,
        "app_cert": certificate(&[(QUOTE, forged_quote())]).pem() });
    let log = |bytes: &[u8]| {
        let mut evidence = Evidence::default();
        parts::add_event_log(&mut evidence, bytes, "log", &BUDGET).unwrap();
        serde_json::from_slice::<Value>(&evidence.event_log.unwrap().item.bytes).unwrap()
    };
    let wanted: Value = serde_json::from_str(LOG).unwrap();
    for form in [answer.to_string(), info.to_string(), tcb_info(), agent_page()] {
        assert_eq!(log(form.as_bytes()), wanted, "{form}");
    }
    assert_eq!(log(&gzip(tcb_info().as_bytes())), wanted);
    for form in [tcb_info(), info.to_string(), agent_page()] {
        let mut evidence = Evidence::default();
        parts::add_app_compose(&mut evidence, form.as_bytes(), "c", &BUDGET).unwrap();
        assert_eq!(evidence.app_compose.unwrap().bytes, COMPOSE.as_bytes(), "{form}");
    }
    for form in [answer.to_string(), info.to_string()] {
        let mut evidence = Evidence::default();
        parts::add_vm_config(&mut evidence, form.as_bytes(), "v", &BUDGET).unwrap();
        assert_eq!(evidence.vm_config.unwrap().bytes, VM_CONFIG.as_bytes(), "{form}");
    }
    // The compose itself is never looked into, whatever it says.
    let compose =
        json!({ "manifest_version": 2, "docker_compose_file": "", "tcb_info": tcb_info() }).to_string();
    let mut evidence = Evidence::default();
    parts::add_app_compose(&mut evidence, compose.as_bytes(), "c", &BUDGET).unwrap();
    assert_eq!(evidence.app_compose.unwrap().bytes, compose.as_bytes());
    // A log out of the answer of another quote is not this machine's.
    let mut other = Evidence { quote: Some(veritee_model::Item::new([4, 0, 9], "q")), ..Evidence::default() };
    let error = parts::add_event_log(&mut other, answer.to_string().as_bytes(), "log", &BUDGET).unwrap_err();
    assert_eq!(error.reason().code(), "evidence-contradictory");
}

#[test]
fn a_container_with_run_time_events_alone_has_them_as_its_log() {
    let mut container = MsgpackContainer::new();
    for (name, value) in &mut container.platform {
        if *name == "event_log" {
            *value = rmpv::Value::Array(Vec::new());
        }
    }
    let evidence = read(&container.bytes()).unwrap().machines.remove(0).evidence;
    let log: Value = serde_json::from_slice(&evidence.event_log.unwrap().item.bytes).unwrap();
    assert_eq!((log[0]["event"].as_str(), log[0]["imr"].as_u64()), (Some("app-id"), Some(3)));
    assert!(evidence.runtime_events.is_none());
}

#[test]
fn a_member_s_name_alone_makes_no_form() {
    let machine = json!({ "quote": hex::encode(forged_quote()), "event_log": LOG });
    let report = json!({ "api_version": "x/1", "attestation": { "evidence": machine } });
    let with = |name: &str, value: Value| {
        let mut report = report.clone();
        report[name] = value;
        report
    };
    for (document, place) in [
        (report.clone(), "/attestation/evidence"),
        (with("quote", Value::Null), "/attestation/evidence"),
        (with("quote", json!({ "a": 1 })), "/attestation/evidence"),
        (with("quote", json!([machine["quote"].clone()])), "/attestation/evidence"),
        (with("instances", json!("none")), "/attestation/evidence"),
        (with("instances", json!([])), "/attestation/evidence"),
        (with("attestation", json!([{ "evidence": machine }])), "/attestation/0/evidence"),
        (json!(report.to_string()), "#/attestation/evidence"),
    ] {
        let readout =
            read(document.to_string().as_bytes()).unwrap_or_else(|error| panic!("{document}: {error}"));
        assert_eq!(readout.machines.len(), 1, "{document}");
        let quote = readout.machines[0].evidence.quote.as_ref().unwrap();
        assert_eq!(
            (quote.bytes.clone(), quote.source.as_str()),
            (forged_quote(), &*format!("input#{place}/quote"))
        );
    }
    // Beside a quote an attestation of another kind is named, and counts for nothing.
    let mut beside = machine.clone();
    beside["attestation"] = json!({ "kind": "other" });
    let readout = read(beside.to_string().as_bytes()).unwrap();
    assert_eq!(readout.notes.iter().filter(|note| note.is_loss()).count(), 1);
}
