//! `veritee batch` in the hands of whoever runs a fleet: breaks, lists, names, and output that lies about.

use crate::program::{AS_OF, Folder};
use serde_json::{Value, json};
use std::process::Stdio;

const UNDER: [&str; 6] = ["--collateral", "collateral.json", "--root", "root.pem", "--policy", "policy.toml"];

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn arguments<'a>(input: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["batch", input], &UNDER[..], more].concat()
}

fn at(input: &'static str) -> Vec<&'static str> {
    arguments(input, &["--as-of", AS_OF])
}

fn quote(folder: &Folder) -> String {
    std::fs::read(folder.file("quote.bin")).unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Column of each line.
fn all(lines: &[Value], member: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    lines.iter().map(|line| text(&line[member])).collect()
}

/// A folder whose policy fixes no time, as an operator's.
fn fleet() -> Folder {
    let folder = Folder::new();
    folder.write("in.jsonl", format!("{0}\n{0}\n", quote(&folder)));
    folder
}

#[test]
fn the_same_command_after_a_break_is_taken_up_at_the_time_of_the_first() {
    let folder = fleet();
    let first = folder.run(&arguments("in.jsonl", &[]));
    let time = lines(&first.out)[0]["as_of"].as_str().unwrap().to_owned();
    folder.write("part.jsonl", first.out.lines().next().unwrap().to_owned() + "\n");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = folder.run(&arguments("in.jsonl", &["--resume", "part.jsonl"]));
    assert_eq!((second.code, &second.out), (first.code, &first.out), "{}", second.err);
    assert!(
        second.err.contains(&format!("judged as of {time}, the time of the run that is resumed")),
        "{}",
        second.err
    );
    assert!(second.err.contains("1 answers of an earlier run were taken over"), "{}", second.err);
    assert!(!first.err.contains("earlier run"), "{}", first.err);
    // A time that is asked for is not replaced, and what would make them the same is named.
    let other = folder.run(&arguments("in.jsonl", &["--resume", "part.jsonl", "--as-of", "now"])).ends(2);
    assert!(other.err.contains("other rules: not the same is the time\n"), "{}", other.err);
    assert!(other.err.contains(&format!("--as-of {time}")), "{}", other.err);
    // Days later it is not taken over unasked; nor is a time to come, nor one of several.
    let old = folder.run(&at("in.jsonl"));
    folder.write("old.jsonl", &old.out);
    folder.write("mixed.jsonl", format!("{}{}", old.out, first.out));
    let future = folder.run(&arguments("in.jsonl", &["--as-of", "2999-01-01"]));
    folder.write("future.jsonl", &future.out);
    for (file, why) in
        [("old.jsonl", "hours ago"), ("mixed.jsonl", "several times"), ("future.jsonl", "still to come")]
    {
        let ran = folder.run(&arguments("in.jsonl", &["--resume", file])).ends(2);
        assert!(ran.err.contains(why) && ran.err.contains("--as-of 2"), "{file}: {}", ran.err);
    }
}

#[test]
fn what_differs_between_two_runs_is_named() {
    let folder = fleet();
    let first = folder.run(&at("in.jsonl"));
    folder.write("first.jsonl", &first.out);
    let policy = folder.read("policy.toml");
    folder.write("policy2.toml", format!("# another\n{policy}"));
    let resumed = |changed: &[&str]| {
        let mut arguments =
            [&["batch", "in.jsonl"], &UNDER[..], &["--as-of", AS_OF, "--resume", "first.jsonl"]].concat();
        for pair in changed.chunks(2) {
            match arguments.iter().position(|word| *word == pair[0]) {
                Some(place) => arguments[place + 1] = pair[1],
                None => arguments.extend(pair),
            }
        }
        folder.run(&arguments)
    };
    assert_eq!(resumed(&[]).out, first.out);
    std::fs::create_dir(folder.file("none")).unwrap();
    for (changed, named) in [
        (&["--policy", "policy2.toml"][..], "the policy"),
        (&["--engine", "both"], "the engines or --fail-on"),
        (&["--fail-on", "low"], "the engines or --fail-on"),
        (&["--collateral", "none"], "the collateral that was given"),
        (&["--as-of", "2026-10-16"], "the time"),
        (&["--as-of", "2026-10-16", "--engine", "both"], "the time, the engines or --fail-on"),
    ] {
        let ran = resumed(changed).ends(2);
        assert!(
            ran.err.contains(&format!("other rules: not the same is {named}\n")),
            "{changed:?}: {}",
            ran.err
        );
    }
    // One machine more that carries collateral: it may revoke what the others rest on.
    let more = json!({ "quote": quote(&folder), "collateral": folder.read("collateral.json") });
    folder.write("in.jsonl", format!("{0}\n{0}\n{more}\n", quote(&folder)));
    let ran = resumed(&[]).ends(2);
    assert!(ran.err.contains("not the same is the collateral inside the input\n"), "{}", ran.err);
    assert!(ran.err.contains("the options are the same"), "{}", ran.err);
}

#[test]
fn an_entry_of_a_list_that_is_nothing_has_a_line_and_an_exit_code() {
    let folder = Folder::new();
    let quote = quote(&folder);
    let good = folder.feed(&at("-"), quote.as_bytes()).code;
    assert_ne!(good, 3);
    let array = json!([quote, null, { "error": "timeout" }]).to_string();
    let nested = json!({ "machines": [{ "id": "m1", "quote": quote }, { "id": "m2", "error": "timeout" }] });
    for (text, names) in [
        (array.clone(), &["line 1 /0", "line 1 /1", "line 1 /2"][..]),
        (
            format!("\n{array}\n{array}"),
            &["line 2 /0", "line 2 /1", "line 2 /2", "line 3 /0", "line 3 /1", "line 3 /2"],
        ),
        (nested.to_string(), &["line 1 /machines/0", "line 1 /machines/1"]),
    ] {
        let piped = folder.feed(&at("-"), format!("{text}\n").as_bytes());
        assert_eq!(piped.code, 3, "{}", piped.out);
        let lines = lines(&piped.out);
        assert_eq!(all(&lines, "input"), names);
        let judged = lines.iter().filter(|line| line.get("outcome").is_some()).count();
        assert_eq!(judged, names.iter().filter(|name| name.ends_with("/0")).count(), "{}", piped.out);
        assert!(lines.iter().all(|line| line.get("outcome").is_some() != line.get("error").is_some()));
        // As a file among others: the document is one entry, what is none in it is named all the same.
        std::fs::create_dir_all(folder.file("in")).unwrap();
        folder.write("in/one.json", text.lines().last().unwrap());
        assert_eq!(folder.run(&at("in")).code, 3);
    }
    // Whoever asks for one is told of the others; whoever asks for all is not told that all is well.
    let own: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    folder.write(
        "nested.json",
        json!({ "machines": [{ "evidence": own }, { "error": "timeout" }] }).to_string(),
    );
    let all = [&["verify", "--all", "nested.json"], &UNDER[..], &["--as-of", AS_OF]].concat();
    let ran = folder.run(&all);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("nested.json#/machines/1"), "{}", ran.err);
}

#[test]
fn each_machine_is_called_by_its_own_id() {
    let folder = Folder::new();
    let quote = quote(&folder);
    let feed = |text: String| lines(&folder.feed(&at("-"), text.as_bytes()).out);
    // A text in an array is no name.
    let got = feed(json!([quote, "zz"]).to_string());
    assert_eq!(all(&got, "key"), ["null", "null"]);
    let other = quote.replacen("0400", "0300", 1);
    let machine = |id: &str, number: usize| json!({ "id": id, "quote": if number == 1 { &quote } else { &other }, "event_log": "[]" });
    let got = feed(json!([machine("s1", 1), machine("s2", 2)]).to_string());
    assert_eq!(all(&got, "key"), ["s1", "s2"]);
    let two = json!({ "id": "site", "machines": [machine("m1", 1), { "id": "m2", "answer": machine("inner", 2) }] });
    assert_eq!(all(&feed(two.to_string()), "key"), ["m1", "m2"]);
    // Around one machine the name is the outermost.
    let one = json!({ "id": "m7", "answer": { "id": "request-1", "quote": quote } });
    assert_eq!(all(&feed(one.to_string()), "key"), ["m7"]);
    // One that cannot be read is found by its name too.
    let odd = json!({ "id": "m8", "quote": &quote[1..] }).to_string()
        + "\n"
        + "{\"name\":\"m9\",\"event_log\":\"[]\"}\n";
    let got = feed(odd);
    assert_eq!(all(&got, "key"), ["m8", "m9"]);
    assert!(got.iter().all(|line| line.get("error").is_some()), "{got:?}");
}

#[test]
fn evidence_of_our_own_form_has_a_name_too() {
    let folder = Folder::new();
    folder.run(&["evidence", "convert", "answer.json", "-o", "own.json"]).ends(0);
    let own: Value = serde_json::from_str(&folder.read("own.json")).unwrap();
    let mut named = own.clone();
    named["id"] = "m1".into();
    let feed = |value: &Value| folder.feed(&at("-"), value.to_string().as_bytes());
    let plain = feed(&own);
    assert_ne!(plain.code, 3, "{}", plain.out);
    for named in
        [named, json!({ "id": "m1", "evidence": own }), json!({ "name": "m1", "report": own.to_string() })]
    {
        let ran = feed(&named);
        let lines = lines(&ran.out);
        assert_eq!((ran.code, all(&lines, "key")), (plain.code, vec!["m1".to_owned()]), "{}", ran.out);
        // What was read is not said to be passed over.
        assert!(lines[0].get("not_read").is_none(), "{}", lines[0]["not_read"]);
    }
    let mut odd = own;
    odd["id"] = json!({ "quote": "hidden" });
    assert!(feed(&odd).out.contains("expected a string or a number"));
}

#[test]
fn documents_over_several_lines_are_read_from_a_pipe() {
    let folder = Folder::new();
    let answer: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let pretty = serde_json::to_string_pretty(&answer).unwrap();
    let array = serde_json::to_string_pretty(&[&answer, &answer]).unwrap();
    for (text, names) in [
        (pretty.clone(), &["standard input"][..]),
        (array, &["/0", "/1"]),
        (format!("{pretty}\n{pretty}\n"), &["document 1", "document 2"]),
    ] {
        let ran = folder.feed(&at("-"), text.as_bytes());
        assert_eq!(all(&lines(&ran.out), "input"), names, "{}", ran.err);
        assert_ne!(ran.code, 3, "{}", ran.out);
    }
    // A line that was cut takes none of those behind it along.
    let ran = folder.feed(&at("-"), format!("{{\"quote\":\"04\n{answer}\n{answer}\n").as_bytes());
    let got = lines(&ran.out);
    assert_eq!(all(&got, "input"), ["line 1", "line 2", "line 3"]);
    assert!(got[0].get("error").is_some() && got[2].get("outcome").is_some());
}

#[test]
fn a_list_in_the_place_of_one_document_is_told_where_it_belongs() {
    let folder = fleet();
    std::fs::create_dir(folder.file("in")).unwrap();
    let document = json!({ "quote": quote(&folder) });
    folder.write("in/documents.jsonl", format!("{document}\n{document}\n"));
    let got = lines(&folder.run(&at("in")).ends(3).out);
    for line in &got {
        assert!(line["error"].as_str().unwrap().contains("give the file itself as the input"), "{line}");
    }
    let ran = folder.run(&["verify", "in/documents.jsonl", "--offline"]).ends(3);
    assert!(ran.err.contains("`veritee batch FILE`"), "{}", ran.err);
}

#[test]
fn what_is_taken_over_is_counted_when_it_is() {
    let folder = fleet();
    let first = folder.run(&at("in.jsonl"));
    folder.write("first.jsonl", &first.out);
    folder.write("in.jsonl", format!("\n{}", folder.read("in.jsonl")));
    let ran = folder.run(&arguments("in.jsonl", &["--as-of", AS_OF, "--resume", "first.jsonl"]));
    // The second line of then is the first of now, with the same bytes.
    assert!(ran.err.contains("1 answers of an earlier run were taken over"), "{}", ran.err);
    assert!(ran.err.contains("1 of its 2 fit"), "{}", ran.err);
}

#[test]
fn output_in_the_folder_that_is_judged_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in/deep")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/q.bin")).unwrap();
    for place in ["in/out.jsonl", "in/deep/out.jsonl"] {
        let ran = folder.run(&[at("in"), vec!["-o", place]].concat()).ends(2);
        assert!(ran.err.contains("lies in in, which is judged"), "{}", ran.err);
        folder.write(place, "");
        let into = std::fs::File::create(folder.file(place)).unwrap();
        let status = folder.command(&at("in")).stdout(into).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(2));
        let ran = folder.run(&[at("in"), vec!["--resume", place]].concat()).ends(2);
        assert!(ran.err.contains("--resume (in/"), "{}", ran.err);
        std::fs::remove_file(folder.file(place)).unwrap();
    }
    let whole = folder.run(&[at("in"), vec!["-o", "out.jsonl"]].concat());
    assert_eq!(lines(&folder.read("out.jsonl")).len(), 1, "{}", whole.err);
}

#[test]
fn no_exit_code_stands_for_lines_that_nobody_waited_for() {
    let folder = Folder::new();
    let line = quote(&folder) + "\n";
    folder.write("in.jsonl", line.repeat(3000));
    let mut child =
        folder.command(&at("in.jsonl")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{err}");
    assert!(err.contains("interrupted") && err.contains("were not judged"), "{err}");
}
