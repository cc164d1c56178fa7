//! Answers of Intel's service and of caching services as they were recorded, served again and read as they are.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use veritee_collateral::{Answers, Evaluation, Lookup, Mode, Need, PccsVersion, Service, Store, obtain};
use veritee_loopback::{Reply, Server};
use veritee_quote::{Budget, Collateral, Expiry, TrustRoot};
use veritee_testkit::ForgedAnswers;
use veritee_testkit::pcs::percent_encoded;
use world::*;

struct Recorded {
    folder: &'static str,
    need: [&'static str; 3],
    number: u32,
    as_of: &'static str,
    version: PccsVersion,
}

const RECORDED: [Recorded; 4] = [
    Recorded {
        folder: "sgx-v2-platform",
        need: ["sgx", "00606A000000", "platform"],
        number: 15,
        as_of: "2023-05-20T00:00:00Z",
        version: PccsVersion::V3,
    },
    Recorded {
        folder: "sgx-v2-processor",
        need: ["sgx", "00706E470000", "processor"],
        number: 15,
        as_of: "2023-05-20T00:00:00Z",
        version: PccsVersion::V3,
    },
    Recorded {
        folder: "sgx-v3-pem",
        need: ["sgx", "00606A000000", "platform"],
        number: 15,
        as_of: "2023-07-01T00:00:00Z",
        version: PccsVersion::V4,
    },
    Recorded {
        folder: "tdx-v3",
        need: ["tdx", "00806F050000", "platform"],
        number: 17,
        as_of: "2024-12-20T00:00:00Z",
        version: PccsVersion::V4,
    },
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The recorded bytes; only the chains get back the coding that headers have.
fn load(folder: &str) -> ForgedAnswers {
    let folder = repository().join("test-vectors/pcs").join(folder);
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let list = |name: &str| {
        fs::read(folder.join(format!("{name}.der"))).unwrap_or_else(|_| read(&format!("{name}.pem")))
    };
    let chain = |name: &str| percent_encoded(&fs::read_to_string(folder.join(name)).unwrap());
    ForgedAnswers {
        tcb_info: read("tcb-info.json"),
        tcb_info_chain: chain("tcb-info.chain.pem"),
        qe_identity: read("qe-identity.json"),
        qe_identity_chain: chain("qe-identity.chain.pem"),
        pck_crl: list("pck-crl"),
        pck_crl_chain: chain("pck-crl.chain.pem"),
        root_ca_crl: list("root-ca-crl"),
    }
}

fn serve(server: &Server, recorded: &Recorded, need: &Need, answers: &ForgedAnswers) -> Service {
    let [tee, ..] = recorded.need;
    let (version, set, between, header, encoding) = match recorded.version {
        PccsVersion::V3 => (3, "", "", "SGX-TCB-Info-Issuer-Chain", ""),
        PccsVersion::V4 => (4, "update=standard", "&", "TCB-Info-Issuer-Chain", "&encoding=der"),
    };
    let path = |tee: &str, rest: &str| format!("/{tee}/certification/v{version}/{rest}");
    let tcb = Reply::json(answers.tcb_info.clone()).header(header, &answers.tcb_info_chain);
    server.on(&path(tee, &format!("tcb?fmspc={}{between}{set}", need.fmspc)), [tcb]);
    let query = if set.is_empty() { String::new() } else { format!("?{set}") };
    server.on(&path(tee, &format!("qe/identity{query}")), [identity_reply(answers)]);
    server.on(&path("sgx", &format!("pckcrl?ca={}{encoding}", need.ca)), [list_reply(answers)]);
    server.on(&path("sgx", "rootcacrl"), [Reply::bytes(answers.root_ca_crl.clone())]);
    Service::pccs(&server.url(""), recorded.version).unwrap()
}

#[test]
fn recorded_answers_verify_under_intels_root_and_are_kept_as_they_came() {
    for recorded in &RECORDED {
        let [tee, fmspc, ca] = recorded.need;
        let need = Need::parse(tee, fmspc, ca, "standard").unwrap();
        let answers = load(recorded.folder);
        let server = Server::http();
        let service = serve(&server, recorded, &need, &answers);
        let folder = tempfile::TempDir::new().unwrap();
        let store =
            Store::open(&folder.path().join("store"), &TrustRoot::intel(), &Budget::STANDARD).unwrap();
        let now = at(recorded.as_of);
        let obtained = run(obtain(&client(), &service, &store, &need, now, Mode::Cached))
            .unwrap_or_else(|error| panic!("{}: {error}", recorded.folder));
        assert_eq!(obtained.numbers, (recorded.number, recorded.number), "{}", recorded.folder);
        assert_eq!(obtained.warnings, [], "{}", recorded.folder);
        let read = Collateral::from_json(&obtained.item.bytes).unwrap();
        read.verify_at(&TrustRoot::intel(), now, Expiry::Enforce).unwrap();
        let Lookup::Fresh(found) = store.lookup(&need, now).unwrap() else { panic!("{}", recorded.folder) };
        let bodies = found.answers.all().map(|answer| answer.body.to_vec());
        assert_eq!(
            bodies,
            [answers.tcb_info, answers.qe_identity, answers.pck_crl, answers.root_ca_crl],
            "{}",
            recorded.folder
        );
    }
}

#[test]
fn recorded_answers_with_one_byte_changed_are_refused() {
    let recorded = &RECORDED[3];
    let [tee, fmspc, ca] = recorded.need;
    let need = Need::parse(tee, fmspc, ca, "standard").unwrap();
    let mut answers = load(recorded.folder);
    let text = String::from_utf8(answers.tcb_info).unwrap();
    answers.tcb_info =
        text.replacen("\"tcbEvaluationDataNumber\":17", "\"tcbEvaluationDataNumber\":18", 1).into();
    let server = Server::http();
    let service = serve(&server, recorded, &need, &answers);
    let folder = tempfile::TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("store"), &TrustRoot::intel(), &Budget::STANDARD).unwrap();
    let asked = run(obtain(&client(), &service, &store, &need, at(recorded.as_of), Mode::Cached));
    assert!(matches!(asked, Err(veritee_collateral::Error::Refused { .. })), "{asked:?}");
}

/// Collateral that others fetched and published, as answers of a service would have brought it.
#[test]
fn published_collateral_becomes_answers_without_a_changed_byte() {
    let mut folders = vec![repository().join("test-vectors/quote")];
    let shared = repository().join("../shared/vectors/collateral");
    if shared.is_dir() {
        folders.push(shared);
    } else {
        eprintln!("skipped: ../shared is absent");
    }
    let mut seen = 0;
    for folder in folders {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let collateral = Collateral::from_json(&fs::read(&path).unwrap()).unwrap();
            let prepared = Answers::from_collateral(&collateral, "file", now(), &Budget::STANDARD).unwrap();
            let need = Need {
                tee: collateral.tee().unwrap(),
                fmspc: collateral.fmspc().unwrap(),
                ca: collateral.ca().unwrap(),
                evaluation: Evaluation::Standard,
            };
            // A time at which nothing lies in the future; expired parts pass.
            prepared
                .check(&need, &TrustRoot::intel(), at("2026-11-01T00:00:00Z"), &Budget::STANDARD)
                .unwrap();
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen} files");
}
