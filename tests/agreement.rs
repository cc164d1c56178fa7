//! Random universes through the built program: `verify`, `quote verify` and `batch`, over a folder and over lines, with one
//! engine and with two, and with the collateral given in any order, say the same of one quote, for the same reasons.
#![allow(missing_docs)]

#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/plan.rs"]
mod plan;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/pool.rs"]
mod pool;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/product.rs"]
mod product;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "cli/program.rs"]
mod program;
#[allow(dead_code, reason = "shared with the universes of the library")]
#[path = "../crates/verify/tests/universes/reference.rs"]
mod reference;

use plan::{Giver, Universe};
use program::Folder;
use serde_json::Value;
use std::collections::BTreeMap;

/// Exit code and reasons.
type Said = (i64, Vec<String>);

fn said(verdict: &Value) -> Said {
    let reasons = verdict["reasons"].as_array().into_iter().flatten();
    (verdict["exit_code"].as_i64().unwrap(), reasons.map(|it| it.as_str().unwrap().to_owned()).collect())
}

/// One universe as files. What can be given on a command line is the caller's.
struct Written {
    folder: Folder,
    sets: Vec<String>,
}

impl Written {
    fn new(universe: &Universe) -> Self {
        let folder = Folder::empty();
        std::fs::create_dir(folder.file("in")).unwrap();
        let quote = pool::quote(universe.machine, universe.above, universe.carries);
        folder.write("in/quote.bin", quote.as_slice());
        folder.write("lines.txt", hex::encode(quote.as_slice()) + "\n");
        folder.write("root.der", pool::root_der());
        folder.write("policy.toml", product::policy_text(&universe.rules, universe));
        let sets = (0..universe.sets.len()).map(|at| format!("{at}.json")).collect();
        for (at, set) in universe.sets.iter().enumerate() {
            folder.write(
                &format!("{at}.json"),
                pool::collateral(set, universe.machine, universe.above).to_json(),
            );
        }
        Self { folder, sets }
    }

    fn run(&self, what: &[&str], engine: &str, turned: bool) -> Value {
        let mut arguments = what.to_vec();
        arguments.extend(["--root", "root.der", "--policy", "policy.toml", "--as-of", pool::AS_OF]);
        arguments.extend(["--store", "none", "--offline", "--engine", engine]);
        let mut sets: Vec<&str> = self.sets.iter().map(String::as_str).collect();
        if turned {
            sets.reverse();
        }
        arguments.extend(sets.iter().flat_map(|set| ["--collateral", set]));
        let ran = self.folder.run(&arguments);
        serde_json::from_str(ran.out.lines().next().unwrap_or("")).unwrap_or_else(|error| {
            panic!("{arguments:?} ended with {}: {error}\n{}{}", ran.code, ran.out, ran.err)
        })
    }

    /// A report in one line, and what it says in short.
    fn report(&self, what: &[&str], engine: &str, turned: bool) -> (Value, Said) {
        let report = self.run(&[what, &["--format", "jsonl"]].concat(), engine, turned);
        let verdict = said(&report["verdict"]);
        (report, verdict)
    }
}

/// Outcome and reasons of each check.
fn checks(report: &Value) -> BTreeMap<String, (Value, Value)> {
    let all = report["checks"].as_array().unwrap();
    all.iter()
        .map(|it| (it["id"].as_str().unwrap().to_owned(), (it["outcome"].clone(), it["reason"].clone())))
        .collect()
}

#[test]
fn every_command_says_the_same_of_one_quote() {
    let asked =
        std::env::var("VERITEE_UNIVERSES").ok().and_then(|it| it.parse::<u64>().ok()).unwrap_or(1_000);
    // As many of each verdict: most draws are refused.
    let mut left = BTreeMap::from([0_u8, 10, 11, 13].map(|code| (code, asked.div_ceil(160))));
    for seed in 0.. {
        if left.values().all(|count| *count == 0) {
            return;
        }
        let mut universe = Universe::drawn(seed);
        universe.sets.iter_mut().for_each(|set| set.giver = Giver::Caller);
        let allowed = reference::judge(&universe);
        let only = allowed.first().filter(|_| allowed.len() == 1 && universe.sets.len() > 1);
        let Some(count) = only.and_then(|code| left.get_mut(code)).filter(|count| **count > 0) else {
            continue;
        };
        *count -= 1;
        let written = Written::new(&universe);
        let (report, wanted) = written.report(&["quote", "verify", "in/quote.bin"], "native", false);
        let context = format!("universe {seed}\n{universe:?}");
        assert!(
            allowed.contains(&u8::try_from(wanted.0).unwrap()),
            "{wanted:?} and not {allowed:?}: {context}"
        );
        let (_, both) = written.report(&["quote", "verify", "in/quote.bin"], "both", true);
        assert_eq!(both, wanted, "both engines: {context}");
        for (what, engine, turned) in [
            ("in", "native", true),
            ("in", "both", false),
            ("lines.txt", "native", false),
            ("lines.txt", "both", true),
        ] {
            let line = said(&written.run(&["batch", what], engine, turned));
            assert_eq!(line, wanted, "batch {what} {engine}: {context}");
        }
        // Of a machine without a log more is open; of its quote nothing else is said.
        let (machine, _) = written.report(&["verify", "in/quote.bin"], "native", true);
        let of_machine = checks(&machine);
        for (id, told) in checks(&report).into_iter().filter(|(_, (_, reason))| reason != "not-asked") {
            assert_eq!(of_machine.get(&id), Some(&told), "{id} by verify: {context}");
        }
    }
}
