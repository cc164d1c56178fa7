//! Readers of quotes, collateral, logs, configurations, policies, reports, GPU evidence and trees: twice the input asks
//! for at most two and a half times the memory, from a kilobyte to its cap. What is asked for is what is copied: it grows
//! with the work, whatever the machine does beside. Composes and forms of evidence have such a test of their own.
#![allow(clippy::print_stderr)]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;
use veritee_model::Budget;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BUDGET: Budget = Budget::STANDARD;
const MOST: f64 = 2.5;
/// What a reader may ask for whatever its input is.
const FLOOR: usize = 16 << 10;

/// One at a time: the allocator counts for all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// What this thread has computed so far, as Linux counts it.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(statistics.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// A name, an input of about so many bytes, and up to how many.
type Shape = (&'static str, fn(usize) -> Vec<u8>, usize);

fn doubles(shapes: &[Shape], read: &dyn Fn(&[u8])) {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (name, make, cap) in shapes {
        let mut before: Option<(usize, usize)> = None;
        let mut per_byte: Option<f64> = None;
        let mut size = 1024;
        // The last one is over the cap, where there is one: refusing costs no more than reading.
        while size <= *cap * 2 {
            let input = make(size);
            let region = Region::new(ALLOCATOR);
            let start = computed();
            read(&input);
            let (bytes, time) = (region.change().bytes_allocated, computed().saturating_sub(start));
            if let Some((length, known)) = before
                && input.len() > length
            {
                let factor = input.len() as f64 / length as f64;
                let grown = |bytes: usize| bytes.saturating_sub(FLOOR) as f64 / known.max(FLOOR) as f64;
                let most = MOST * (factor / 2.0).max(1.0);
                // Everything that the process asks for is counted: what only another thread asked for is gone the
                // second or third time, what the reader asks for is not.
                let mut bytes = bytes;
                for _ in 0..3 {
                    if grown(bytes) > most {
                        let region = Region::new(ALLOCATOR);
                        read(&input);
                        bytes = bytes.min(region.change().bytes_allocated);
                    }
                }
                let grown = grown(bytes);
                assert!(
                    grown <= most,
                    "{name}: {} bytes ask for {grown:.2} times those of half",
                    input.len()
                );
            }
            // Time grows with the input: of the small ones the dearest byte, and a busy machine aside.
            let each = time.as_secs_f64() / input.len() as f64;
            if size <= 64 << 10 {
                per_byte = Some(per_byte.map_or(each, |known| known.max(each)));
            } else if let Some(dearest) = per_byte {
                let most = dearest * 8.0 * input.len() as f64 + 0.25;
                assert!(time.as_secs_f64() <= most, "{name}: {time:?} for {} bytes", input.len());
            }
            before = Some((input.len(), bytes));
            size *= 2;
        }
        let (length, bytes) = before.unwrap();
        eprintln!("{name}: {bytes} bytes asked for by {length}");
    }
    drop(alone);
}

fn filled(mut head: Vec<u8>, size: usize, byte: u8) -> Vec<u8> {
    head.resize(size.max(head.len()), byte);
    head
}

fn repeated(before: &str, each: impl Fn(usize) -> String, after: &str, size: usize) -> Vec<u8> {
    let mut text = String::from(before);
    let mut number = 0;
    while text.len() + after.len() < size {
        text.push_str(&each(number));
        number += 1;
    }
    text.push_str(after);
    text.into_bytes()
}

#[test]
fn quotes() {
    let genuine = veritee_testkit::Universe::new(1).forge().quote;
    let long = |size: usize| filled(veritee_testkit::Universe::new(1).forge().quote, size, b'\n');
    doubles(
        &[
            ("a quote and more", long, BUDGET.quote_bytes),
            ("zeros", |size| filled(vec![4, 0, 2, 0, 0x81], size, 0), BUDGET.quote_bytes),
            (
                "a quote that says that it is long",
                |size| filled(vec![4, 0, 2, 0, 0x81, 0, 0, 0], size, 0xff),
                BUDGET.quote_bytes,
            ),
        ],
        &|bytes| drop(veritee_quote::Quote::parse(bytes)),
    );
    assert!(veritee_quote::Quote::parse(&genuine).is_ok());
}

#[test]
fn collateral() {
    fn with(member: &str, value: String) -> Vec<u8> {
        let mut collateral: serde_json::Value =
            serde_json::from_str(&veritee_testkit::Universe::new(1).forge().collateral_json()).unwrap();
        collateral[member] = value.into();
        collateral.to_string().into_bytes()
    }
    let root =
        veritee_quote::TrustRoot::from_der(&veritee_testkit::Universe::new(1).forge().root_der).unwrap();
    doubles(
        &[
            ("a long list", |size| with("pck_crl", "30".repeat(size / 2)), 1 << 20),
            (
                "a long chain",
                |size| {
                    let one = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
                    with("tcb_info_issuer_chain", one.repeat(size / one.len()))
                },
                1 << 20,
            ),
            (
                "a chain without an end",
                |size| with("pck_crl_issuer_chain", "-----BEGIN CERTIFICATE-----\n".repeat(size / 28)),
                1 << 20,
            ),
            (
                "a long TCB info",
                |size| {
                    let levels = r#"{"tcb":{},"tcbStatus":"UpToDate"},"#.repeat(size / 36);
                    with("tcb_info", format!("{{\"tcbLevels\":[{levels}0]}}"))
                },
                1 << 20,
            ),
            ("deep", |size| with("qe_identity", "[".repeat(size)), 1 << 20),
            ("numbers", |size| repeated("{\"pck_crl\":[", |_| "48,".to_owned(), "48]}", size), 1 << 20),
            (
                "members",
                |size| repeated("{", |number| format!("\"k{number}\":1,"), "\"k\":1}", size),
                1 << 20,
            ),
        ],
        &|bytes| {
            let mut known = veritee_quote::KnownCollateral::new(&root, &Budget::STANDARD);
            known.add_json(bytes, veritee_quote::Origin::Caller, "c.json");
        },
    );
}

#[test]
fn logs() {
    doubles(
        &[
            (
                "events",
                |size| {
                    repeated(
                        "[",
                        |number| {
                            format!(
                                "{{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"e{number}\",\"event_payload\":\"00\"}},"
                            )
                        },
                        "0]",
                        size,
                    )
                },
                BUDGET.event_log_bytes,
            ),
            (
                "one long payload",
                |size| {
                    format!("[{{\"imr\":3,\"event_type\":134217729,\"digest\":\"\",\"event\":\"e\",\"event_payload\":\"{}\"}}]", "0".repeat(size)).into_bytes()
                },
                BUDGET.event_log_bytes,
            ),
            (
                "members",
                |size| repeated("[{", |number| format!("\"k{number}\":1,"), "\"k\":1}]", size),
                BUDGET.event_log_bytes,
            ),
        ],
        &|bytes| {
            if let Ok(log) = veritee_eventlog::EventLog::parse_json(bytes, &BUDGET) {
                let _ = veritee_eventlog::fold(&log);
            }
        },
    );
    doubles(
        &[
            ("zeros", |size| filled(Vec::new(), size, 0), BUDGET.event_log_bytes),
            (
                "a log that says that it is long",
                |size| filled(vec![1, 0, 0, 0, 3, 0, 0, 0], size, 0xff),
                BUDGET.event_log_bytes,
            ),
        ],
        &|bytes| drop(veritee_eventlog::EventLog::parse_ccel(bytes, &BUDGET)),
    );
}

#[test]
fn configurations() {
    doubles(
        &[
            (
                "members",
                |size| repeated("{", |number| format!("\"k{number}\":1,"), "\"k\":1}", size),
                1 << 20,
            ),
            ("a long word", |size| format!("{{\"image\":\"{}\"}}", "a".repeat(size)).into_bytes(), 1 << 20),
            ("numbers", |size| repeated("{\"num_gpus\":[", |_| "1,".to_owned(), "1]}", size), 1 << 20),
        ],
        &|bytes| drop(veritee_measure::VmConfig::parse(bytes, &veritee_measure::Limits::STANDARD)),
    );
}

const POLICY: &str = "schema = \"veritee/policy/v1\"\nname = \"x\"\n";

#[test]
fn policies() {
    doubles(
        &[
            (
                "exceptions",
                |size| {
                    repeated(
                        POLICY,
                        |_| "[[exception]]\ncode = \"td-debug\"\nreason = \"because of it\"\n".to_owned(),
                        "",
                        size,
                    )
                },
                1 << 18,
            ),
            (
                "allowances",
                |size| {
                    repeated(
                        POLICY,
                        |number| {
                            format!(
                                "[[audit.allow]]\nrule = \"DP-IMG-001\"\nplace = \"services.s{number}\"\nreason = \"because of it\"\n"
                            )
                        },
                        "",
                        size,
                    )
                },
                1 << 18,
            ),
            (
                "an error at the end",
                |size| {
                    repeated(
                        POLICY,
                        |_| "[[exception]]\ncode = \"td-debug\"\nreason = \"because of it\"\n".to_owned(),
                        "[[exception]]\ncode = \"none\"\n",
                        size,
                    )
                },
                1 << 18,
            ),
            (
                "a contradiction at the end",
                |size| {
                    repeated(
                        POLICY,
                        |_| "[[exception]]\ncode = \"td-debug\"\nreason = \"because of it\"\n".to_owned(),
                        "[[exception]]\ncode = \"crl-expired\"\nreason = \"because of it\"\n",
                        size,
                    )
                },
                1 << 18,
            ),
            (
                "one line",
                |size| {
                    repeated(
                        "schema = \"veritee/policy/v1\"\nname = \"x\"\nexpect = { app_id = [",
                        |_| format!("\"{}\",", "ab".repeat(20)),
                        "] }\n",
                        size,
                    )
                },
                1 << 18,
            ),
            ("a comment", |size| filled(b"# ".to_vec(), size, b'x'), 1 << 18),
        ],
        &|bytes| {
            if let Ok(policy) = veritee_policy::Policy::parse(std::str::from_utf8(bytes).unwrap()) {
                let _ = policy.loosened();
            }
        },
    );
}

#[test]
fn reports() {
    doubles(
        &[
            (
                "members",
                |size| repeated("{", |number| format!("\"k{number}\":1,"), "\"k\":1}", size),
                1 << 20,
            ),
            (
                "checks",
                |size| {
                    let check = "{\"id\":\"quote.format\",\"step\":\"quote\",\"outcome\":\"pass\",\"required\":true,\"detail\":\"\"},";
                    repeated(
                        "{\"schema\":\"veritee/report/v1\",\"checks\":[",
                        |_| check.to_owned(),
                        "0]}",
                        size,
                    )
                },
                1 << 20,
            ),
            ("deep", |size| "[".repeat(size).into_bytes(), 1 << 20),
            ("a long word", |size| format!("{{\"schema\":\"{}\"}}", "a".repeat(size)).into_bytes(), 1 << 20),
        ],
        &|bytes| match veritee_report::parse(bytes) {
            Ok(report) => drop(veritee_report::json(&report)),
            Err(error) => {
                let mut text = String::new();
                let _ = write!(text, "{error}");
            }
        },
    );
}

#[test]
fn gpus() {
    doubles(
        &[
            (
                "devices",
                |size| {
                    repeated(
                        "{\"evidence_list\":[",
                        |_| {
                            "{\"certificate\":\"AAAA\",\"evidence\":\"AAAA\",\"arch\":\"HOPPER\"},".to_owned()
                        },
                        "0]}",
                        size,
                    )
                },
                1 << 20,
            ),
            (
                "one long device",
                |size| {
                    format!("{{\"evidence_list\":[{{\"certificate\":\"{}\",\"evidence\":\"AAAA\",\"arch\":\"HOPPER\"}}]}}", "A".repeat(size)).into_bytes()
                },
                1 << 20,
            ),
            (
                "members",
                |size| repeated("{", |number| format!("\"k{number}\":1,"), "\"k\":1}", size),
                1 << 20,
            ),
            ("deep", |size| "[".repeat(size).into_bytes(), 1 << 20),
        ],
        &|bytes| drop(veritee_gpu::container::read(bytes, &BUDGET)),
    );
    doubles(
        &[
            ("zeros", |size| filled(Vec::new(), size, 0), BUDGET.gpu_report_bytes),
            ("ones", |size| filled(vec![0x11, 0xe0, 0, 0], size, 1), BUDGET.gpu_report_bytes),
        ],
        &|bytes| {
            let _ = veritee_gpu::ParsedReport::parse(bytes, &BUDGET);
            for family in veritee_gpu::Family::ALL {
                let _ = veritee_gpu::Opaque::parse(bytes, 0, family);
            }
        },
    );
    doubles(
        &[
            (
                "elements",
                |size| repeated("<a>", |_| "<b c=\"d\">e</b>".to_owned(), "</a>", size),
                BUDGET.gpu_manifest_bytes,
            ),
            ("deep elements", |size| "<a>".repeat(size / 3).into_bytes(), BUDGET.gpu_manifest_bytes),
            (
                "attributes",
                |size| repeated("<a ", |number| format!("b{number}=\"c\" "), "/>", size),
                BUDGET.gpu_manifest_bytes,
            ),
            (
                "names",
                |size| repeated("<a ", |number| format!("xmlns:b{number}=\"c\" "), "/>", size),
                BUDGET.gpu_manifest_bytes,
            ),
            (
                "references",
                |size| format!("<a>{}</a>", "&amp;".repeat(size / 5)).into_bytes(),
                BUDGET.gpu_manifest_bytes,
            ),
        ],
        &|bytes| drop(veritee_gpu::manifest::ManifestHint::read(bytes, &BUDGET)),
    );
    doubles(
        &[
            ("a list", |size| filled(vec![0x30, 0x83, 0x0f, 0xff, 0xff], size, 0x30), 1 << 20),
            ("zeros", |size| filled(Vec::new(), size, 0), 1 << 20),
        ],
        &|bytes| drop(veritee_gpu::revocation::Statements::read([bytes], &BUDGET)),
    );
}

#[test]
fn trees() {
    use veritee_source::{MemoryFiles, SourceTree as _, Tree};
    fn tree(place: &str, bytes: Vec<u8>) -> MemoryFiles {
        let mut files = MemoryFiles::default();
        files.files.insert(".git/HEAD".to_owned(), b"ref: refs/heads/main\n".to_vec());
        files.files.insert(place.to_owned(), bytes);
        files
    }
    let shapes: [(&str, Shape); 4] = [
        (
            ".git/packed-refs",
            (
                "packed references",
                |size| {
                    repeated(
                        "# pack-refs with: peeled\n",
                        |number| format!("{number:040x} refs/tags/v{number}\n"),
                        "",
                        size,
                    )
                },
                1 << 20,
            ),
        ),
        (".git/packed-refs", ("one long line", |size| filled(Vec::new(), size, b'a'), 1 << 20)),
        (
            ".git/config",
            (
                "a configuration",
                |size| repeated("", |number| format!("[remote \"r{number}\"]\nurl = x\n"), "", size),
                1 << 20,
            ),
        ),
        (
            "a.js",
            ("a bundle", |size| repeated("", |_| "fetch(process.env.A);".to_owned(), "", size), 1 << 20),
        ),
    ];
    for (place, shape) in shapes {
        doubles(&[shape], &move |bytes| {
            if let Ok(tree) = Tree::open(tree(place, bytes.to_vec()), &BUDGET) {
                let _ = (tree.head(), tree.tag("v1"), tree.commit("abcdef12"));
            }
        });
    }
}
