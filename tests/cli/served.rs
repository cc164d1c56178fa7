//! `serve` as it is run: the program's own verdicts over HTTP, and its end.
#![cfg(unix)]

use crate::program::{AS_OF, Folder, NONCE};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, serving.
pub(crate) struct Served {
    child: Child,
    address: String,
}

impl Served {
    pub(crate) fn start(folder: &Folder, more: &[&str]) -> Self {
        Self::of(folder.command(&[&["serve", "--listen", "127.0.0.1:0"], more].concat()))
    }

    /// A command that serves.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it listens").unwrap();
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.to_owned();
            }
        };
        // What it says later is nobody's concern here, and must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Head and body of what stands at a path.
    pub(crate) fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> (u16, String) {
        self.ask("POST", path, "", body.as_ref())
    }

    pub(crate) fn json(&self, path: &str, body: impl AsRef<[u8]>) -> Value {
        let (status, text) = self.post(path, body);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Sends SIGTERM, and waits for its end.
    fn terminated(&mut self) -> (i32, Duration) {
        let begun = Instant::now();
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), begun.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const RULES: [&str; 8] =
    ["--collateral", "collateral.json", "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];

#[test]
fn a_report_is_the_one_that_the_program_makes_byte_for_byte() {
    let folder = Folder::new();
    let evidence = folder.read("evidence.json");
    folder.write("request", &evidence);
    let served = Served::start(&folder, &RULES);
    let program = |more: &[&str]| {
        let ran =
            folder.run(&[&["verify", "request", "--offline", "--format", "json"], &RULES[..], more].concat());
        assert!(ran.code != 2 && ran.code != 3, "{}", ran.err);
        ran.out
    };
    assert_eq!(served.post("/v1/verify", &evidence), (200, program(&[])));
    let nonce = format!("/v1/verify?nonce={NONCE}");
    assert_eq!(served.post(&nonce, &evidence), (200, program(&["--nonce", NONCE])));
    let other = "07".repeat(32);
    let wrong = served.post(&format!("/v1/verify?nonce={other}"), &evidence).1;
    assert_eq!(wrong, program(&["--nonce", &other]));
    // One memory for all: a second answer is the first.
    assert_eq!(served.post("/v1/verify", &evidence).1, served.post("/v1/verify", &evidence).1);

    folder.write("request", std::fs::read(folder.file("quote.bin")).unwrap());
    let ran =
        folder.run(&[&["quote", "verify", "request", "--offline", "--format", "json"], &RULES[..]].concat());
    let quote = served.post("/v1/quote", std::fs::read(folder.file("quote.bin")).unwrap());
    assert_eq!(quote, (200, ran.out));

    folder.write("request", folder.read("app-compose.json"));
    let audited = ["audit", "request", "--policy", "policy.toml", "--as-of", AS_OF, "--format", "json"];
    let audit = served.post("/v1/audit", folder.read("app-compose.json"));
    assert_eq!(audit, (200, folder.run(&audited).out));
}

#[test]
fn a_batch_is_answered_with_the_lines_that_the_program_writes() {
    let folder = Folder::new();
    let evidence: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    let quote = hex::encode(std::fs::read(folder.file("quote.bin")).unwrap());
    let lines = format!("{quote}\nnot a quote\n{evidence}\n");
    folder.write("lines", &lines);
    let served = Served::start(&folder, &[&RULES[..], &["--engine", "native"]].concat());
    let answered = served.post("/v1/batch", &lines).1;
    let program = folder.run(&[&["batch", "lines", "--format", "jsonl"], &RULES[..]].concat()).out;
    let without_run = |text: &str| -> Vec<Value> {
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &mut lines {
            line.as_object_mut().unwrap().remove("run");
        }
        lines
    };
    assert_eq!(without_run(&answered), without_run(&program));
    assert_eq!(answered.lines().count(), 3, "{answered}");
}

#[test]
fn what_dstack_verifier_is_asked_is_answered_in_its_shape() {
    let folder = Folder::new();
    let served = Served::start(&folder, &RULES);
    let answer = served.json("/verify", folder.read("answer.json"));
    assert_eq!(answer["is_valid"], false);
    assert!(answer["reason"].as_str().unwrap().contains("the trust root is not Intel's"), "{answer}");
    assert_eq!(answer["details"]["event_log_verified"], true, "{answer}");
    assert_eq!(answer["details"]["tee_variant"], "dstack-tdx");
    assert_eq!(answer["details"]["app_info"]["os_image_hash"], "", "nothing was compared with an image");
    let request: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let only = |members: &[&str]| {
        let kept = members.iter().map(|name| ((*name).to_owned(), request[*name].clone()));
        Value::Object(kept.collect()).to_string()
    };
    // A part is missing, null or of no use: 200, all default but what was shown.
    for body in ["{}", "{\"quote\":null}", "{\"quote\":\"zz\"}", "{\"attestation\":\"00\"}"] {
        let answer = served.json("/verify", body);
        assert_eq!(answer["is_valid"], false, "{body}");
        assert!(answer["reason"].as_str().unwrap().starts_with("Internal error: "), "{answer}");
        assert_eq!(answer["details"]["quote_verified"], false, "{body}");
    }
    let alone = served.json("/verify", only(&["quote"]));
    assert_eq!((&alone["is_valid"], &alone["details"]["event_log_verified"]), (&false.into(), &false.into()));
    assert_eq!(served.post("/verify", "[]").0, 400);
    assert_eq!(served.post("/verify", "no json").0, 400);
}

#[test]
fn a_production_machine_is_judged_under_intels_root() {
    let folder = Folder::empty();
    let file = |name: &str| format!("{}/test-vectors/quickstart/{name}", env!("CARGO_MANIFEST_DIR"));
    let served = Served::start(&folder, &["--policy", &file("policy.toml")]);
    let model = served.json("/verify", std::fs::read(file("evidence.json")).unwrap());
    assert_eq!(model["veritee"]["outcome"], "verified", "{model}");
    assert_eq!(model["details"]["quote_verified"], true, "{model}");
    assert_eq!(model["details"]["tcb_status"], "UpToDate");
    assert_eq!(model["details"]["app_info"]["app_id"], "2c0a0c96cb6dbd659bf1446e2f3fce58172ff91b");
    // Valid exactly where the operating system is shown, whatever the policy waives.
    assert_eq!(model["is_valid"], model["details"]["os_image_hash_verified"], "{model}");
    let page = served.post("/v1/verify?format=html", std::fs::read(file("evidence.json")).unwrap()).1;
    assert!(page.contains("VERIFIED") && !page.contains("<script"));
}

#[test]
fn it_is_offline_and_on_loopback_unless_told_otherwise() {
    let folder = Folder::new();
    let refused = |more: &[&str]| folder.run(&[&["serve"], more].concat()).ends(2).err;
    assert!(refused(&["--listen", "0.0.0.0:0"]).contains("--tokens"));
    let one = refused(&["--allow-fetch", "api.trustedservices.intel.com"]);
    assert!(one.contains("certificates.trustedservices.intel.com would be asked"), "{one}");
    let other = refused(&["--allow-fetch", "a.example", "--pccs", "https://b.example"]);
    assert!(other.contains("b.example would be asked"), "{other}");
    let more = refused(&["--allow-fetch", "a.example,b.example", "--pccs", "https://b.example"]);
    assert!(more.contains("nothing asks a.example"), "{more}");
    refused(&["--evaluation", "both"]);
    folder.write("tokens", "short\n");
    assert!(refused(&["--tokens", "tokens"]).contains("line 1"));
    folder.write("tokens", "0123456789abcdef\n");
    let served = Served::start(&folder, &[&RULES[..], &["--tokens", "tokens"]].concat());
    assert_eq!(served.post("/v1/verify", "x").0, 401);
    assert_eq!(served.ask("GET", "/health", "", b"").0, 200);
    assert_eq!(served.ask("POST", "/v1/verify", "Authorization: Bearer 0123456789abcdef\r\n", b"x").0, 400);
    let bound = folder.run(&["serve", "--listen", &served.address]).ends(3);
    assert!(bound.err.contains("--listen"), "{}", bound.err);
}

#[test]
fn codes_schemas_and_collateral_are_given_out() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[&RULES[..], &["--store", "store"]].concat());
    let get = |path: &str| served.ask("GET", path, "", b"");
    let page = folder.run(&["explain", "tcb-out-of-date"]).ends(0).out;
    assert_eq!(get("/v1/explain/tcb-out-of-date"), (200, page));
    assert_eq!(get("/v1/explain/no-such-code").0, 404);
    let schemas = get("/v1/schemas").1;
    assert!(schemas.contains("report-v1.schema.json"), "{schemas}");
    let (status, schema) = get("/v1/schemas/report-v1.schema.json");
    assert!(status == 200 && serde_json::from_str::<Value>(&schema).is_ok());
    assert_eq!(get("/v1/schemas/..%2FCargo.toml").0, 404);
    assert_eq!(get("/v1/collateral?fmspc=b0c06f000000").0, 404, "there is no store");
    assert_eq!(get("/v1/collateral").0, 400);
    assert_eq!(get("/readyz").0, 200);
}

#[test]
fn sigterm_lets_a_request_under_way_finish_and_ends_with_zero() {
    let folder = Folder::new();
    let mut served = Served::start(&folder, &RULES);
    let mut evidence = folder.read("evidence.json");
    let mut stream = TcpStream::connect(&served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("POST /v1/verify HTTP/1.0\r\nHost: x\r\nContent-Length: {}\r\n\r\n", evidence.len());
    let rest = evidence.split_off(evidence.len() / 2);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(evidence.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let address = served.address.clone();
    let finisher = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        let refused = TcpStream::connect(address).is_err();
        stream.write_all(rest.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (refused, answer)
    });
    let (code, took) = served.terminated();
    let (refused, answer) = finisher.join().unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer:.200}");
    assert!(refused, "nobody listens any more");
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[test]
fn lines_of_a_served_batch_have_the_numbers_that_a_file_gives_them() {
    let folder = Folder::new();
    let quote = hex::encode(std::fs::read(folder.file("quote.bin")).unwrap());
    let lines = format!("\n\n{quote}\r\n  \n[\"{quote}\",null]\nnone");
    folder.write("lines", &lines);
    let served = Served::start(&folder, &[&RULES[..], &["--engine", "native"]].concat());
    let names = |text: &str| -> Vec<String> {
        let name =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["input"].as_str().unwrap().to_owned();
        text.lines().map(name).collect()
    };
    let program = folder.run(&[&["batch", "lines"], &RULES[..]].concat()).out;
    assert_eq!(names(&program), ["line 3", "line 5 /0", "line 5 /1", "line 6"]);
    assert_eq!(names(&served.post("/v1/batch", &lines).1), names(&program));
}

#[cfg(unix)]
#[test]
fn files_that_were_changed_are_read_anew_when_it_is_told_so() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    let rules = ["--collateral", "c", "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
    let served = Served::start(&folder, &rules);
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    let reasons = || served.json("/v1/quote", &quote)["verdict"]["reasons"].to_string();
    assert!(reasons().contains("collateral-missing"));
    std::fs::copy(folder.file("collateral.json"), folder.file("c/collateral.json")).unwrap();
    assert!(reasons().contains("collateral-missing"));
    let pid = served.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    let begun = Instant::now();
    while reasons().contains("collateral-missing") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", reasons());
        std::thread::sleep(Duration::from_millis(50));
    }
}
