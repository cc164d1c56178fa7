//! NVIDIA's statements about GPUs over loopback: what is asked for, what is kept, what is refused, and that nobody is
//! asked who was not meant to be.

#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "support/world.rs"]
mod world;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tempfile::TempDir;
use veritee_client::Client;
use veritee_collateral::{
    FaultKind, GpuAsk, GpuObtained, GpuService, Mode, Store, export_gpus, import_gpus, obtain_gpus,
    offline_gpus,
};
use veritee_gpu::{Memory, Roots, SignedReport};
use veritee_loopback::{Reply, Request, Server};
use veritee_model::{Budget, UnixTime};
use veritee_testkit::gpu::{
    self, AnswerSpec, DeviceSpec, GpuCertificate, ListSpec, ManifestSpec, ResponseStatus,
};
use world::{at, client, root, run};

const SEED: u64 = 16;
const NONCE: [u8; 32] = [0x5a; 32];
const DRIVER: &str = "NV_GPU_DRIVER_GH100_570.172.08";
const VBIOS: &str = "NV_GPU_VBIOS_G520_0280_895_9600CF0002";

fn now() -> UnixTime {
    at("2026-03-15T00:00:00Z")
}

fn roots() -> Roots {
    Roots::from_der(&gpu::device_root(SEED).sign(SEED), &gpu::manifest_root(SEED).sign(SEED)).unwrap()
}

fn signed(devices: &[DeviceSpec]) -> Vec<Arc<SignedReport>> {
    let (roots, budget, memory) = (roots(), Budget::STANDARD, Memory::new());
    let verify = |device: &DeviceSpec| {
        Arc::new(
            SignedReport::verify(&device.report(), &device.pem(), &roots, now(), &budget, &memory).unwrap(),
        )
    };
    devices.iter().map(verify).collect()
}

/// NVIDIA's two services for a forged universe, and a store.
struct Gpus {
    server: Server,
    service: GpuService,
    client: Client,
    store: Store,
    folder: TempDir,
    devices: Vec<DeviceSpec>,
}

/// Every certificate that can be asked about, by the bytes of its serial number.
fn certificates(devices: &[DeviceSpec]) -> Vec<GpuCertificate> {
    let mut all: Vec<GpuCertificate> =
        devices.iter().flat_map(|device| device.chain[1..4].to_vec()).collect();
    all.extend(gpu::manifest_chain(SEED)[..3].to_vec());
    all
}

/// The nonce of a request: its last 32 bytes, as this program writes it.
fn nonce_of(request: &Request) -> Option<[u8; 32]> {
    request.body.last_chunk().copied()
}

fn answer(certificates: &[GpuCertificate], edit: impl Fn(&mut AnswerSpec), request: &Request) -> Reply {
    let asked = |certificate: &&GpuCertificate| {
        request.body.windows(certificate.serial.len()).any(|window| window == certificate.serial)
    };
    let Some(certificate) = certificates.iter().find(asked) else { return Reply::status(500) };
    let mut answer = AnswerSpec::good(SEED, certificate, now());
    answer.nonce = nonce_of(request);
    edit(&mut answer);
    Reply::ok("application/ocsp-response", answer.forge())
}

impl Gpus {
    fn new() -> Self {
        let (server, folder) = (Server::http(), TempDir::new().unwrap());
        let service = GpuService::at(&server.url(""), &server.url("/ocsp"), &server.url("")).unwrap();
        let store = Store::open(&folder.path().join("store"), &root(), &Budget::STANDARD).unwrap();
        Self { server, service, client: client(), store, folder, devices: gpu::machine(SEED, NONCE, 2, 0) }
    }

    fn serve(self) -> Self {
        self.serve_with(|_| {})
    }

    fn serve_with(self, edit: impl Fn(&mut AnswerSpec) + Send + Sync + 'static) -> Self {
        for (id, manifest) in [(DRIVER, ManifestSpec::driver(SEED)), (VBIOS, ManifestSpec::vbios(SEED))] {
            self.manifest(id, &manifest);
        }
        let certificates = certificates(&self.devices);
        self.server.otherwise(move |request| match request.path.as_str() {
            "/ocsp" => answer(&certificates, &edit, request),
            _ => Reply::status(404),
        });
        self
    }

    fn manifest(&self, id: &str, manifest: &ManifestSpec) {
        let body =
            serde_json::json!({ "id": id, "rim": STANDARD.encode(manifest.forge()), "rim_format": "TCG" });
        self.server.replace(&format!("/v1/rim/{id}"), [Reply::json(body.to_string())]);
    }

    fn at(&self, now: UnixTime, mode: Mode) -> GpuObtained {
        let roots = roots();
        let nonce = || [0x77; 32];
        let ask = GpuAsk { store: &self.store, roots: &roots, now, mode, nonce: Some(&nonce) };
        run(obtain_gpus(&self.client, &self.service, &signed(&self.devices), &ask)).unwrap()
    }

    fn obtain(&self) -> GpuObtained {
        self.at(now(), Mode::Cached)
    }

    fn asked(&self) -> usize {
        self.server.requests().len()
    }
}

fn whats(obtained: &GpuObtained) -> Vec<&str> {
    obtained.items.iter().map(|item| item.what.as_str()).collect()
}

#[test]
fn two_manifests_and_an_answer_for_each_certificate_are_asked_for_once() {
    let gpus = Gpus::new().serve();
    let cold = gpus.obtain();
    assert_eq!(cold.missing, []);
    // Two devices with a certificate each, the two that they share, three of the manifests' signer.
    assert_eq!((cold.requests, gpus.asked(), cold.items.len()), (9, 9, 9));
    assert_eq!(whats(&cold)[..2], [DRIVER, VBIOS]);
    assert!(cold.items[2..].iter().all(|item| item.says == "not revoked"));
    assert_eq!(
        cold.items[0].item.bytes,
        ManifestSpec::driver(SEED).forge(),
        "what is signed, not what it came in"
    );
    let requests = gpus.server.requests();
    let posts: Vec<_> = requests.iter().filter(|request| request.path == "/ocsp").collect();
    assert_eq!(posts.len(), 7);
    assert!(posts.iter().all(|post| post.header("content-type") == Some("application/ocsp-request")));
    let warm = gpus.obtain();
    assert_eq!((warm.requests, gpus.asked(), warm.items.len()), (0, 9, 9));
    assert!(warm.items.iter().all(|item| item.from_store));
    // Anew: everything again, and nothing twice in what is given.
    let anew = gpus.at(now(), Mode::Refresh);
    assert_eq!((anew.requests, anew.items.len()), (9, 9));
}

#[test]
fn offline_nobody_is_asked_and_what_is_lacking_is_named() {
    let gpus = Gpus::new().serve();
    let nothing = gpus.at(now(), Mode::Offline);
    let named: Vec<&str> = nothing.missing.iter().map(|missing| missing.what.as_str()).collect();
    assert_eq!((gpus.asked(), nothing.items.len(), named[..2].to_vec()), (0, 0, vec![DRIVER, VBIOS]));
    assert_eq!(named.len(), 2 + 4);
    gpus.obtain();
    let asked = gpus.asked();
    let roots = roots();
    let ask = GpuAsk { store: &gpus.store, roots: &roots, now: now(), mode: Mode::Offline, nonce: None };
    let stored = offline_gpus(&signed(&gpus.devices), &ask).unwrap();
    assert_eq!((stored.items.len(), stored.missing.len(), gpus.asked()), (9, 0, asked));
}

#[test]
fn answers_that_are_over_are_asked_for_again_and_manifests_are_not() {
    let gpus = Gpus::new().serve();
    gpus.obtain();
    let tomorrow = UnixTime::from_seconds(now().seconds() + 86_400);
    let stale = gpus.at(tomorrow, Mode::Offline);
    assert_eq!((stale.items.len(), stale.missing.len()), (2, 7));
    // The responder still gives yesterday's: refused, and said so. The lists of the two CAs are asked for and not there.
    let refused = gpus.at(tomorrow, Mode::Cached);
    assert_eq!((refused.requests, refused.missing.len()), (7 + 2, 7 + 2));
    assert!(refused.missing[0].why.contains("not in force"), "{}", refused.missing[0].why);
}

#[test]
fn what_is_not_the_wanted_thing_is_refused_and_not_kept() {
    type Edit = fn(&mut AnswerSpec);
    let cases: [(&str, Edit); 4] = [
        ("another nonce", |answer| answer.nonce = Some([1; 32])),
        ("another certificate", |answer| answer.serial = vec![9, 9]),
        ("not signed by", |answer| answer.responder.as_mut().unwrap().signed_by = "stranger".into()),
        ("another issuer", |answer| {
            answer.responder.as_mut().unwrap().issuer = veritee_testkit::certificate::Name::common("x");
        }),
    ];
    for (words, edit) in cases {
        let gpus = Gpus::new().serve_with(edit);
        let obtained = gpus.obtain();
        assert_eq!((obtained.items.len(), obtained.missing.len()), (2, 7 + 2), "{words}");
        assert!(obtained.missing[0].why.contains(words), "{words}: {}", obtained.missing[0].why);
        assert_eq!(gpus.at(now(), Mode::Offline).items.len(), 2, "{words}");
    }
    let gpus = Gpus::new().serve();
    let mut other = ManifestSpec::vbios(SEED);
    gpus.manifest(DRIVER, &other);
    other.signed_by = "stranger".into();
    gpus.manifest(VBIOS, &other);
    let obtained = gpus.obtain();
    assert_eq!(obtained.missing.len(), 2);
    assert!(
        obtained.missing[0].why.contains("not NV_GPU_DRIVER_GH100_570.172.08"),
        "{}",
        obtained.missing[0].why
    );
    assert!(obtained.missing[1].why.contains("signature"), "{}", obtained.missing[1].why);
}

#[test]
fn a_manifest_that_the_service_does_not_have_keeps_nothing_else_from_being_had() {
    let gpus = Gpus::new().serve();
    gpus.server.replace(&format!("/v1/rim/{VBIOS}"), [Reply::status(404)]);
    let obtained = gpus.obtain();
    assert_eq!(obtained.missing.len(), 1);
    assert_eq!(obtained.missing[0].what, VBIOS);
    assert!(obtained.missing[0].why.contains("404"), "{}", obtained.missing[0].why);
    assert_eq!(obtained.items.len(), 8);
    gpus.server.replace(&format!("/v1/rim/{VBIOS}"), [Reply::status(401)]);
    assert!(gpus.obtain().missing[0].why.contains("wants a key"));
}

#[test]
fn a_revocation_is_never_forgotten() {
    let gpus = Gpus::new().serve_with(|answer| answer.status = ResponseStatus::Revoked(1));
    assert!(gpus.obtain().items[2..].iter().all(|item| item.says == "REVOKED" && item.until.is_none()));
    // A responder that takes it back, and a year.
    let certificates = certificates(&gpus.devices);
    gpus.server.otherwise(move |request| answer(&certificates, |_| {}, request));
    let anew = gpus.at(now(), Mode::Refresh);
    assert_eq!(anew.items.iter().filter(|item| item.says == "REVOKED").count(), 7);
    let later = UnixTime::from_seconds(now().seconds() + 365 * 86_400);
    let pruned = gpus.store.prune(later, 0).unwrap();
    assert_eq!(pruned.gpus, 7, "seven good answers are over; manifests are not");
    let offline = gpus.at(later, Mode::Offline);
    assert_eq!(offline.items.iter().filter(|item| item.says == "REVOKED").count(), 7);
}

#[test]
fn what_the_store_holds_is_checked_carried_and_taken_back() {
    let gpus = Gpus::new().serve();
    gpus.obtain();
    let checkup = gpus.store.check(now()).unwrap();
    assert_eq!((checkup.faults, checkup.objects), (Vec::new(), 9));
    let folder = gpus.folder.path().join("carried");
    let files = export_gpus(&gpus.store, &roots(), &folder).unwrap();
    assert_eq!(files.iter().filter(|file| file.name.ends_with(".xml")).count(), 2);
    assert_eq!(files.len(), 9);
    // A forged manifest among them, and one whose name is no identifier.
    std::fs::write(folder.join("NV_FORGED.xml"), {
        let mut forged = ManifestSpec::driver(SEED);
        forged.signed_by = "stranger".into();
        forged.forge()
    })
    .unwrap();
    std::fs::write(folder.join("a b.xml"), ManifestSpec::driver(SEED).forge()).unwrap();
    let other = Store::open(&gpus.folder.path().join("other"), &root(), &Budget::STANDARD).unwrap();
    let roots = roots();
    let ask = GpuAsk { store: &other, roots: &roots, now: now(), mode: Mode::Offline, nonce: None };
    // The manifests bring the chain that the answers about their signers verify with; those of the devices are not known.
    let imported = import_gpus(&folder, &[], &ask).unwrap();
    assert_eq!(imported.ids, [DRIVER, VBIOS]);
    assert_eq!(
        (imported.refused.len(), imported.statements.len(), imported.unknown.len()),
        (2, 3, 4),
        "{imported:?}"
    );
    let devices = signed(&gpus.devices);
    assert_eq!(whats(&offline_gpus(&devices, &ask).unwrap())[..2], [DRIVER, VBIOS]);
    let imported = import_gpus(&folder, &devices, &ask).unwrap();
    assert_eq!((imported.refused.len(), imported.statements.len(), imported.unknown), (2, 7, Vec::new()));
    assert!(
        imported.statements.iter().all(|said| said.ends_with(": not revoked")),
        "{:?}",
        imported.statements
    );
    let offline = offline_gpus(&devices, &ask).unwrap();
    assert_eq!((offline.items.len(), offline.missing.len()), (9, 0));
    // Other roots share nothing with these.
    assert_eq!(gpus.store.list_gpus(&Roots::nvidia()).unwrap().0.len(), 0);
    assert_eq!(gpus.store.list_gpus(&roots).unwrap().0.len(), 9);
}

/// The two lists, as NVIDIA publishes them.
fn serve_lists(gpus: &Gpus, edit: impl Fn(&mut ListSpec)) {
    let chain = &gpus.devices[0].chain;
    for (file, issuer) in [("l1-root", &chain[4]), ("l2-gh100", &chain[3])] {
        let mut list = ListSpec::empty(SEED, issuer, now());
        edit(&mut list);
        let reply = Reply::ok("application/pkix-crl", list.forge());
        gpus.server.replace(&format!("/crl/{file}.crl"), [reply]);
    }
}

#[test]
fn lists_are_asked_for_where_the_responder_leaves_a_ca_open_and_never_speak_of_a_device() {
    let gpus = Gpus::new().serve_with(|answer| answer.status = ResponseStatus::Unknown);
    serve_lists(&gpus, |_| {});
    let obtained = gpus.obtain();
    // Two manifests, seven answers that say nothing, the lists of the two CAs above the devices.
    assert_eq!((obtained.requests, obtained.items.len(), obtained.missing.len()), (11, 11, 0));
    let lists: Vec<_> =
        obtained.items[9..].iter().map(|item| (item.what.as_str(), item.says.as_str())).collect();
    assert_eq!(
        lists,
        [
            ("revocation list of NVIDIA Device Identity CA", "revokes nothing"),
            ("revocation list of NVIDIA GH100 Identity", "revokes nothing"),
        ]
    );
    // In force, they are not asked for again; where the responder answers, they are not asked for at all.
    assert_eq!(gpus.obtain().requests, 7);
    let answered = Gpus::new().serve();
    serve_lists(&answered, |_| {});
    assert_eq!((answered.obtain().requests, answered.asked()), (9, 9));
    assert_eq!(
        gpus.store.list_gpus(&roots()).unwrap().0.iter().filter(|item| item.kind == "list").count(),
        2
    );
    // What says that they count: with the answers about the devices themselves nothing is open.
    let offline = gpus.at(now(), Mode::Offline);
    assert_eq!(offline.items.iter().filter(|item| item.what.starts_with("revocation list")).count(), 2);
}

#[test]
fn a_list_that_is_another_s_or_forged_is_refused_and_one_that_revokes_is_kept_for_ever() {
    type Edit = fn(&mut ListSpec);
    let cases: [(&str, Edit); 3] = [
        ("is not signed by it", |list| list.signed_by = "stranger".into()),
        ("another CA", |list| list.issuer.key = "stranger".into()),
        ("not in force", |list| list.next_update = at("2026-03-14T00:00:00Z")),
    ];
    for (words, edit) in cases {
        let gpus = Gpus::new().serve_with(|answer| answer.serial = vec![9, 9]);
        serve_lists(&gpus, edit);
        let obtained = gpus.obtain();
        let why = &obtained.missing.last().unwrap().why;
        assert!(obtained.items.len() == 2 && why.contains(words), "{words}: {why}");
    }
    let gpus = Gpus::new().serve_with(|answer| answer.serial = vec![9, 9]);
    let provisioner = gpus.devices[0].chain[2].serial.clone();
    serve_lists(&gpus, move |list| {
        list.revoked = vec![provisioner.clone()];
    });
    let revoking = |obtained: &GpuObtained| {
        obtained.items.iter().filter(|item| item.says.starts_with("REVOKES") && item.until.is_none()).count()
    };
    assert_eq!(revoking(&gpus.obtain()), 1);
    serve_lists(&gpus, |_| {});
    assert_eq!(revoking(&gpus.at(now(), Mode::Refresh)), 1, "a later list takes nothing back");
    assert_eq!(revoking(&gpus.at(at("2030-01-01T00:00:00Z"), Mode::Offline)), 1);
}

#[test]
fn an_older_answer_or_list_that_is_brought_along_takes_the_place_of_none() {
    let gpus = Gpus::new().serve();
    gpus.obtain();
    let (roots, devices) = (roots(), signed(&gpus.devices));
    let ask = GpuAsk { store: &gpus.store, roots: &roots, now: now(), mode: Mode::Offline, nonce: None };
    let folder = gpus.folder.path().join("brought");
    std::fs::create_dir(&folder).unwrap();
    let older = |status| {
        let mut answer = AnswerSpec::good(SEED, &gpus.devices[0].chain[1], now());
        answer.status = status;
        answer.this_update = UnixTime::from_seconds(answer.this_update.seconds() - 60);
        answer
    };
    let bring = |name: &str, bytes: Vec<u8>| {
        std::fs::write(folder.join(name), bytes).unwrap();
        let imported = import_gpus(&folder, &devices, &ask).unwrap();
        std::fs::remove_file(folder.join(name)).unwrap();
        imported
    };
    let about =
        |says: &str| gpus.at(now(), Mode::Offline).items.iter().filter(|item| item.says == says).count();
    assert_eq!(bring("a.ocsp", older(ResponseStatus::Unknown).forge()).statements.len(), 1);
    assert_eq!((about("not revoked"), about("unknown to the responder")), (7, 0));
    assert_eq!(bring("a.der", older(ResponseStatus::Revoked(1)).forge()).statements.len(), 1);
    assert_eq!((about("not revoked"), about("REVOKED")), (6, 1), "a revocation counts, however old it is");
    let list = ListSpec::empty(SEED, &gpus.devices[0].chain[3], now());
    assert_eq!(
        bring("l2.crl", list.forge()).statements,
        ["revocation list of NVIDIA GH100 Identity: revokes nothing"]
    );
    let mut forged = older(ResponseStatus::Good);
    forged.signed_by = "stranger".into();
    let refused = bring("a.der", forged.forge());
    assert_eq!((refused.statements.len(), refused.refused.len()), (0, 1));
    // What is none of these is left alone: Intel's lists may lie in the same folder.
    for bytes in [b"nonsense".to_vec(), vec![0x30, 0], vec![0x30; 2 << 20]] {
        let left = bring("other.crl", bytes);
        assert_eq!((left.statements.len(), left.refused.len(), left.unknown.len()), (0, 0, 0));
    }
}

#[test]
fn damage_in_the_store_is_named_and_never_used() {
    let gpus = Gpus::new().serve();
    gpus.obtain();
    let objects = gpus.store.folder().join("objects");
    let manifest = veritee_model::Sha256Digest::of(&ManifestSpec::driver(SEED).forge()).to_string();
    std::fs::write(objects.join(manifest), b"changed").unwrap();
    let offline = gpus.at(now(), Mode::Offline);
    assert_eq!(offline.missing[0].what, DRIVER);
    assert!(offline.faults.iter().any(|fault| fault.what == FaultKind::Damaged));
    let anew = gpus.obtain();
    assert_eq!((anew.requests, anew.missing.len()), (1, 0));
    assert_eq!(gpus.store.check(now()).unwrap().faults, []);
}
