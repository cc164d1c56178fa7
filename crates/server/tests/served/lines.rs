//! Batches: lines in, lines out.

use crate::client::answer;
use crate::started;
use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

const HEAD: &str =
    "POST /v1/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

#[test]
fn every_line_is_answered_in_order_whatever_it_holds() {
    let server = started();
    let mut body = String::new();
    for number in 0..50 {
        // The first of each pair takes longer than the second.
        body.push_str(if number % 2 == 0 { "sleep:5\n" } else { "refuse\n" });
    }
    body.push_str("\n  \npanic\n");
    body.push_str(&"x".repeat(2000));
    body.push_str("\nlast");
    let answer = server.post("/v1/batch", "", body.as_bytes());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/jsonl"));
    let lines: Vec<serde_json::Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 53, "{}", answer.body);
    for (at, line) in lines.iter().enumerate() {
        // Empty lines are passed over, and count.
        let empty = if at < 50 { 0 } else { 2 };
        assert_eq!(line["input"], format!("line {}", at + 1 + empty));
    }
    assert_eq!((&lines[0]["outcome"], &lines[1]["outcome"]), (&"verified".into(), &"refused".into()));
    assert!(lines[50]["error"].as_str().unwrap().contains("grief"), "{}", lines[50]);
    assert!(lines[51]["error"].as_str().unwrap().contains("longer than 1024"), "{}", lines[51]);
    assert_eq!(lines[52]["bytes"], 4);
    server.serves();
}

#[test]
fn a_line_is_answered_before_the_next_one_is_sent() {
    let server = started();
    let mut stream = server.connect();
    stream.write_all(HEAD.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for number in 1..=3 {
        stream.write_all(b"4\r\none\n\r\n").unwrap();
        let mut line = String::new();
        while !line.contains("\"input\"") {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "closed");
        }
        assert!(line.contains(&format!("\"line {number}\"")), "{line}");
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
}

#[test]
fn a_second_batch_is_503_until_the_first_is_over_and_single_requests_are_served() {
    let server = started();
    let mut first = server.connect();
    first.write_all(HEAD.as_bytes()).unwrap();
    first.write_all(b"4\r\none\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.post("/v1/batch", "", b"one\n").status, 503);
    server.serves();
    first.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(answer(&mut first).unwrap().status, 200);
    assert_eq!(server.post("/v1/batch", "", b"one\n").status, 200);
}

#[test]
fn a_batch_that_falls_silent_or_grows_too_large_ends_with_a_line_that_says_so() {
    let server = started();
    let mut silent = server.connect();
    silent.write_all(HEAD.as_bytes()).unwrap();
    silent.write_all(b"4\r\none\n\r\n").unwrap();
    let ended = answer(&mut silent).unwrap();
    let lines: Vec<&str> = ended.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.body);
    assert!(lines[1].contains("\"batch\"") && lines[1].contains("nothing came"), "{}", lines[1]);
    let large = server.post("/v1/batch", "", "line\n".repeat(20_000).as_bytes());
    let last = large.body.lines().last().unwrap();
    assert!(last.contains("larger than 65536 bytes"), "{last}");
    server.serves();
}

#[test]
fn whoever_leaves_in_the_middle_of_a_batch_frees_its_place() {
    let server = started();
    let mut gone = server.connect();
    gone.write_all(HEAD.as_bytes()).unwrap();
    gone.write_all(b"c\r\none\ntwo\nsix\n\r\n").unwrap();
    drop(gone);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.post("/v1/batch", "", b"one\n").status, 200);
}
