//! Every reader, on texts that grow from a kilobyte to its cap: twice the input takes at most two and a half times the
//! memory in all that it asks for, which is also the measure of its steps that a loaded machine does not disturb.
#![allow(missing_docs, clippy::print_stderr)]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Mutex;
use std::time::Duration;
use veritee_compose::script::{Executions, Role};
use veritee_compose::{Context, Deployment, UnboundCompose, interpolation, json, script, yaml};
use veritee_model::Budget;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BUDGET: Budget = Budget::STANDARD;

/// One at a time: the allocator counts for all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// What a reader is given for a number of repetitions.
type Make = fn(usize) -> String;

/// What this thread has computed so far, as Linux counts it; nowhere else is time held to anything.
fn computed() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Bytes asked for while reading a text, and the shorter of two times.
fn cost(read: &dyn Fn(&str), text: &str) -> (usize, Duration) {
    let mut shortest = Duration::MAX;
    let mut bytes = usize::MAX;
    for _ in 0..2 {
        let region = Region::new(ALLOCATOR);
        let start = computed();
        read(text);
        shortest = shortest.min(computed().saturating_sub(start));
        bytes = bytes.min(region.change().bytes_allocated);
    }
    (bytes, shortest)
}

/// What one reading of a small text takes. It is read until the clock, which some kernels move every ten milliseconds
/// only, has moved for long: a single reading is shorter than that and would count as nothing.
fn quick(read: &dyn Fn(&str), text: &str) -> Duration {
    let start = computed();
    let mut times: u32 = 0;
    loop {
        read(text);
        times += 1;
        let spent = computed().saturating_sub(start);
        if spent >= Duration::from_millis(60) || times == 1000 {
            return spent / times;
        }
    }
}

/// Doubles the text from a kilobyte to `cap`.
fn doubles(name: &str, make: Make, cap: usize, read: &dyn Fn(&str)) {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let unit = make(16).len().saturating_sub(make(8).len()) / 8;
    let mut count = (1024 / unit.max(1)).max(1);
    let mut before: Option<(usize, Duration)> = None;
    let mut first: Option<(usize, Duration)> = None;
    loop {
        let text = make(count);
        if text.len() > cap {
            break;
        }
        let (bytes, time) = cost(read, &text);
        if let Some((known, _)) = before {
            // What does not depend on the text at all is no growth.
            let grown = bytes.saturating_sub(16 << 10) as f64 / known.max(1) as f64;
            assert!(
                grown <= 2.5,
                "{name}: {} bytes of text take {grown:.2} times the memory of half",
                text.len()
            );
        }
        first = first.or_else(|| Some((text.len(), quick(read, &text))));
        before = Some((bytes, time));
        count *= 2;
    }
    let (Some((small, quick)), Some((bytes, slow))) = (first, before) else { panic!("{name}: no size fits") };
    // A square would take the square of the factor; a busy machine may take some more than the factor itself.
    let factor = (unit * count / 2) as f64 / small as f64;
    let most = quick.as_secs_f64() * factor * 6.0 + 0.1;
    assert!(slow.as_secs_f64() <= most, "{name}: {slow:?} for {factor:.0} times of what takes {quick:?}");
    drop(alone);
    eprintln!("{name}: {bytes} bytes, {slow:?} at {factor:.0} kB");
}

fn app_compose(member: &str) -> String {
    format!(
        "{{\"manifest_version\":2,\"name\":\"x\",\"runner\":\"docker-compose\",\"docker_compose_file\":\"services:\\n  a:\\n    image: a\\n\"{member}}}"
    )
}

fn read_document(text: &str) {
    let unbound = UnboundCompose::parse(text.as_bytes(), &BUDGET).expect("a document");
    let deployment = Deployment::from_unbound(&unbound, &Context::default());
    for construct in &deployment.constructs {
        let _ = deployment.locate(construct.text, construct.span);
    }
    let _ = Executions::new(&deployment.scripts, &deployment.environment).all();
    let _ = deployment.compose_writes();
}

fn read_yaml(text: &str) {
    let deployment = Deployment::from_compose_yaml(text.as_bytes(), &Context::default()).expect("UTF-8");
    for construct in &deployment.constructs {
        let _ = deployment.locate(construct.text, construct.span);
    }
}

fn read_script(text: &str) {
    let scripts = script::read_all([(Role::PreLaunch, text)], &BUDGET);
    let environment = script::environment(&scripts, Vec::new(), veritee_compose::Enforcement::Enforced);
    for script in &scripts {
        let _ = script.writes(&environment);
    }
    let _ = Executions::new(&scripts, &environment).all();
}

#[test]
fn json() {
    let cases: &[(&str, Make)] = &[
        ("members", |n| {
            format!("{{{}}}", (0..n).map(|i| format!("\"k{i}\":1")).collect::<Vec<_>>().join(","))
        }),
        ("elements", |n| format!("[{}]", vec!["[1,\"\\u00e4\"]"; n].join(","))),
        ("escapes", |n| format!("[\"{}\"]", "\\n\\u00e4".repeat(n))),
        ("numbers", |n| format!("[{}]", vec!["123456789"; n].join(","))),
    ];
    for (name, make) in cases {
        doubles(name, *make, 2 << 20, &|text| {
            let _ = json::read(text.as_bytes(), &BUDGET).expect("JSON");
        });
    }
}

#[test]
fn documents() {
    let cases: &[(&str, Make)] = &[
        ("unknown members", |n| app_compose(&(0..n).map(|i| format!(",\"k{i}\":1")).collect::<String>())),
        ("allowed names", |n| {
            app_compose(&format!(
                ",\"allowed_envs\":[{}]",
                (0..n).map(|i| format!("\"A{i}\"")).collect::<Vec<_>>().join(",")
            ))
        }),
        ("wrong types", |n| app_compose(&format!(",\"allowed_envs\":[{}]", vec!["1"; n].join(",")))),
    ];
    for (name, make) in cases {
        doubles(name, *make, 512 << 10, &read_document);
    }
}

#[test]
fn interpolation() {
    let cases: &[(&str, Make)] = &[
        ("defaults", |n| "${A:-x}".repeat(n)),
        ("names", |n| (0..n).map(|i| format!("$A{i} ")).collect()),
        ("nested", |n| "${A:-${B:-${C:-d}}}".repeat(n)),
        ("braces", |n| "${A:-{}}".repeat(n)),
        ("dollars", |n| "$$".repeat(n)),
    ];
    for (name, make) in cases {
        doubles(name, *make, 2 << 20, &|text| {
            let _ = interpolation::parse(text);
        });
    }
}

#[test]
fn yaml() {
    let cases: &[(&str, Make)] = &[
        ("keys", |n| (0..n).map(|i| format!("k{i}: v\n")).collect()),
        ("flow", |n| format!("a: [{}]\n", vec!["{b: c}"; n].join(", "))),
        ("block text", |n| format!("a: |\n{}", "  text of a line\n".repeat(n))),
        ("aliases", |n| format!("a: &a [1]\nb:\n{}", "  - *a\n".repeat(n))),
        ("comments", |n| format!("a: 1\n{}", "# comment\n".repeat(n))),
    ];
    for (name, make) in cases {
        doubles(name, *make, 1 << 20, &|text| {
            let _ = yaml::read(text, &BUDGET);
        });
    }
}

#[test]
fn compose_files() {
    const HEAD: &str = "services:\n  a:\n    image: a\n";
    let cases: &[(&str, Make)] = &[
        ("services", |n| {
            format!("services:\n{}", (0..n).map(|i| format!("  s{i}: {{image: a}}\n")).collect::<String>())
        }),
        ("references in a quoted text", |n| {
            format!("{HEAD}    environment:\n      B: '{}'\n", "${A:-x}".repeat(n))
        }),
        ("references in a block", |n| {
            format!("{HEAD}    command: |\n{}", "      echo $A ${B:-c}\n".repeat(n))
        }),
        ("environment", |n| {
            format!(
                "{HEAD}    environment:\n{}",
                (0..n).map(|i| format!("      - A{i}=$A{i}\n")).collect::<String>()
            )
        }),
        ("volumes", |n| {
            format!(
                "{HEAD}    volumes:\n{}",
                (0..n).map(|i| format!("      - a{i}:/b{i}\n")).collect::<String>()
            )
        }),
        ("ports", |n| {
            format!(
                "{HEAD}    ports:\n{}",
                (0..n).map(|i| format!("      - \"{i}:80\"\n")).collect::<String>()
            )
        }),
        ("labels that repeat", |n| format!("{HEAD}    labels:\n{}", "      - a=b\n".repeat(n))),
        ("unknown keys", |n| {
            format!("{HEAD}{}", (0..n).map(|i| format!("    k{i}: 1\n")).collect::<String>())
        }),
        ("extends in a chain", |n| {
            format!(
                "services:\n  s0: {{image: a}}\n{}",
                (1..n.max(2))
                    .map(|i| format!("  s{i}: {{extends: {{service: s{}}}}}\n", i - 1))
                    .collect::<String>()
            )
        }),
        ("extends of one", |n| {
            format!(
                "services:\n  b: {{image: a}}\n{}",
                (0..n).map(|i| format!("  s{i}: {{extends: b}}\n")).collect::<String>()
            )
        }),
        ("extends in a circle", |n| {
            format!(
                "services:\n{}",
                (0..n).map(|i| format!("  s{i}: {{extends: s{i}}}\n")).collect::<String>()
            )
        }),
        ("configs", |n| {
            format!(
                "{HEAD}configs:\n{}",
                (0..n).map(|i| format!("  c{i}: {{content: $A}}\n")).collect::<String>()
            )
        }),
        ("images", |n| {
            format!(
                "services:\n{}",
                (0..n)
                    .map(|i| format!("  s{i}: {{image: \"r.example:5/a/b:$T@sha256:00\"}}\n"))
                    .collect::<String>()
            )
        }),
    ];
    for (name, make) in cases {
        doubles(name, *make, 256 << 10, &read_yaml);
    }
}

#[test]
fn scripts() {
    let cases: &[(&str, Make)] = &[
        ("redirections of one command", |n| "a>b ".repeat(n)),
        ("redirections of echo", |n| format!("echo {}", "a>b ".repeat(n))),
        ("a pipeline", |n| "a|".repeat(n) + "a"),
        ("pipes into shells", |n| "curl -s https://x.example | sh\n".repeat(n)),
        ("a pipeline of filters", |n| "cat | ".repeat(n) + "sh"),
        ("values", |n| (0..n).map(|i| format!("A{i}=$A{}x\n", i + 1)).collect()),
        ("values as commands", |n| format!("C='curl -s https://x.example'\n{}", "$C | sh\n".repeat(n))),
        ("functions", |n| (0..n).map(|i| format!("f{i}() {{ f{}; }}\n", i + 1)).collect()),
        ("calls of one function", |n| format!("f() {{ sh; }}\n{}", "curl x | f\n".repeat(n))),
        ("texts for shells", |n| "sh -c 'echo a; echo b'\n".repeat(n)),
        ("evals", |n| "eval 'A=1'\n".repeat(n)),
        ("here-documents", |n| "cat > /tmp/f <<E\ntext $A\nE\nsh /tmp/f\n".repeat(n)),
        ("one file many times", |n| "curl -o f https://x.example; sh f\n".repeat(n)),
        ("files", |n| (0..n).map(|i| format!("echo a > f{i}; . f{i}\n")).collect()),
        ("copies", |n| (0..n).map(|i| format!("cp f{i} f{}\n", i + 1)).collect()),
        ("clones", |n| (0..n).map(|i| format!("git clone https://x.example/r{i}; make\n")).collect()),
        ("substitutions", |n| "A=$(cat $(echo b))\n".repeat(n)),
        ("backticks", |n| "A=`echo \\`b\\``\n".repeat(n)),
        ("conditions", |n| "if [ -n \"$A\" ]; then b; fi\n".repeat(n)),
        ("groups", |n| "{ a; } | (b)\n".repeat(n)),
        ("faults", |n| "if a; )\n".repeat(n)),
        ("unclosed quotes", |n| "echo 'a\n echo b\n".repeat(n)),
        ("words", |n| format!("echo {}", "a ".repeat(n))),
        ("tee", |n| format!("tee {}<<< x", "a ".repeat(n))),
        ("loops", |n| format!("for i in {}; do $i; done\n", "a ".repeat(n))),
        ("one function many times", |n| "f() { cat; }; a | f\n".repeat(n)),
        ("one descriptor many times", |n| "exec 3< a; sh <&3\n".repeat(n)),
        ("variables of one command", |n| format!("tee {}\n", "$a ".repeat(n))),
        ("one name in many folders", |n| {
            (0..n).map(|i| format!("echo a > /t/{i}/f; sh /t/{i}/f\n")).collect()
        }),
        ("downloads", |n| {
            (0..n).map(|i| format!("curl -O https://x.example/f{i}; chmod +x f{i}\n")).collect()
        }),
        ("crontabs", |n| "echo '* * * * * a' | crontab -\n".repeat(n)),
    ];
    for (name, make) in cases {
        doubles(name, *make, 64 << 10, &read_script);
    }
}

#[test]
fn scripts_of_one_document_have_one_allowance() {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let text = "a|".repeat(398_000) + "a";
    let scripts = |count: usize| {
        let region = Region::new(ALLOCATOR);
        let read = script::read_all((0..count).map(|_| (Role::Init, text.as_str())), &BUDGET);
        let change = region.change();
        drop(read);
        change.bytes_allocated.saturating_sub(change.bytes_deallocated)
    };
    let (one, five) = (scripts(1), scripts(5));
    drop(alone);
    assert!(five <= one + 5 * 2 * text.len(), "{one} bytes are kept of one script, {five} of five");
}
