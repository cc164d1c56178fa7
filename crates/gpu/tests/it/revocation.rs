//! Answers about revocation: what counts, what is forged, what is not enough.

use crate::world::{SEED, as_of, examine, one, roots};
use veritee_gpu::revocation::Revocation;
use veritee_gpu::wanted::{AnswerRefused, AnswerStatus, ManifestRefused, WantedManifest};
use veritee_gpu::{Memory, Wanted};
use veritee_model::{Budget, Reason, UnixTime};
use veritee_testkit::certificate::{Algorithm, oids};
use veritee_testkit::gpu::{AnswerSpec, GpuCertificate, ListSpec, ManifestSpec, ResponseStatus};

fn answers() -> Vec<AnswerSpec> {
    one().chain[1..4].iter().map(|certificate| AnswerSpec::good(SEED, certificate, as_of())).collect()
}

fn with(edit: impl FnOnce(&mut Vec<AnswerSpec>)) -> Revocation {
    let mut answers = answers();
    edit(&mut answers);
    of(&answers.iter().map(AnswerSpec::forge).collect::<Vec<_>>())
}

fn of(collateral: &[Vec<u8>]) -> Revocation {
    let set = examine(&[one()], collateral).set.unwrap().unwrap();
    set.gpus()[0].revocation().clone()
}

fn later(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(as_of().seconds() + seconds)
}

fn is_open(revocation: &Revocation, count: usize) -> bool {
    matches!(revocation, Revocation::NotChecked { open, .. } if open.len() == count)
}

fn is_forged(revocation: &Revocation) -> bool {
    matches!(revocation, Revocation::Forged(error) if error.reason() == Reason::GpuRevocationSignature)
}

#[test]
fn good_answers_for_all_three_certificates_say_not_revoked_until_the_first_ends() {
    let until = later(600);
    let revocation = with(|answers| answers[1].next_update = Some(until));
    assert_eq!(revocation, Revocation::NotRevoked { until });
    // The issuer may answer itself.
    let own = with(|answers| {
        answers[0].responder = None;
        answers[0].signed_by = answers[0].subject.signed_by.clone();
    });
    assert!(matches!(own, Revocation::NotRevoked { .. }));
}

#[test]
fn nothing_given_is_never_a_pass() {
    assert!(is_open(&of(&[]), 3));
    assert!(is_open(&with(|answers| drop(answers.pop())), 1));
    assert!(
        is_open(&with(|answers| answers[0].serial = vec![9, 9]), 1),
        "an answer about another serial number"
    );
    assert!(is_open(&with(|answers| answers[0].status = ResponseStatus::Unknown), 1));
}

#[test]
fn revoked_counts_whatever_else_is_said_and_hold_is_told_apart() {
    let revoked = |hold| move |revocation: &Revocation| matches!(revocation, Revocation::Revoked { hold: it, .. } if *it == hold);
    for at in 0..3 {
        assert!(revoked(false)(&with(|answers| answers[at].status = ResponseStatus::Revoked(1))));
        assert!(revoked(true)(&with(|answers| answers[at].status = ResponseStatus::Revoked(6))));
    }
    let both = with(|answers| {
        let mut second = answers[0].clone();
        second.status = ResponseStatus::Revoked(1);
        answers.push(second);
    });
    assert!(revoked(false)(&both));
    // Revoked is for ever; an old answer that says so still counts.
    let old = with(|answers| {
        answers[0].status = ResponseStatus::Revoked(1);
        answers[0].next_update = Some(as_of());
        answers[0].this_update = UnixTime::from_seconds(as_of().seconds() - 90 * 86_400);
    });
    assert!(revoked(false)(&old));
}

#[test]
fn outside_of_its_window_an_answer_does_not_count() {
    let early = with(|answers| answers[0].this_update = later(1));
    assert!(is_open(&early, 1));
    let late = with(|answers| {
        answers[0].this_update = UnixTime::from_seconds(as_of().seconds() - 7200);
        answers[0].next_update = Some(UnixTime::from_seconds(as_of().seconds() - 1));
    });
    assert!(
        matches!(&late, Revocation::NotChecked { open, unusable } if open.len() == 1 && unusable.len() == 1)
    );
    // Without end: one hour.
    let window = |age| {
        with(move |answers| {
            answers[0].this_update = UnixTime::from_seconds(as_of().seconds() - age);
            answers[0].next_update = None;
        })
    };
    assert!(matches!(window(3600), Revocation::NotRevoked { .. }));
    assert!(is_open(&window(3601), 1));
    let responder = with(|answers| {
        answers[0].responder.as_mut().unwrap().not_after = UnixTime::from_seconds(as_of().seconds() - 1);
    });
    assert!(is_open(&responder, 1), "a responder that has expired since");
}

type Edit = fn(&mut AnswerSpec, &GpuCertificate);

fn edited(edit: Edit) -> Revocation {
    with(|answers| {
        let other = answers[1].subject.clone();
        edit(&mut answers[0], &other);
    })
}

#[test]
fn a_signature_that_does_not_verify_is_forged() {
    let cases: [(&str, Edit); 3] = [
        ("signed by a stranger", |answer, _| {
            answer.responder.as_mut().unwrap().signed_by = "stranger".into();
        }),
        ("another key signs", |answer, _| answer.signed_by = "stranger".into()),
        ("no responder and another key", |answer, _| {
            answer.responder = None;
            answer.signed_by = "stranger".into();
        }),
    ];
    for (name, edit) in cases {
        let revocation = edited(edit);
        assert!(is_forged(&revocation), "{name}: {revocation:?}");
    }
}

#[test]
fn a_responder_to_whom_this_issuer_did_not_delegate_answers_nothing_and_is_no_forgery() {
    let cases: [(&str, Edit); 6] = [
        ("of another issuer", |answer, other| {
            let other = AnswerSpec::good(SEED, other, as_of());
            answer.responder = other.responder;
            answer.signed_by = other.signed_by;
        }),
        ("not for OCSP", |answer, _| {
            answer.responder.as_mut().unwrap().extensions.retain(|it| it.oid != oids::EXTENDED_KEY_USAGE);
        }),
        ("not in force when it answered", |answer, _| {
            answer.responder.as_mut().unwrap().not_before = as_of();
        }),
        ("of another kind of key", |answer, _| {
            answer.responder.as_mut().unwrap().spki = Some(veritee_testkit::gpu::rsa_spki());
        }),
        ("of another kind of signature", |answer, _| answer.algorithm = Algorithm::rsa_sha256()),
        ("certified by another kind of signature", |answer, _| {
            answer.responder.as_mut().unwrap().algorithm = Algorithm::ecdsa_sha256();
        }),
    ];
    for (name, edit) in cases {
        let revocation = edited(edit);
        let Revocation::NotChecked { open, unusable } = &revocation else { panic!("{name}: {revocation:?}") };
        assert_eq!((open.len(), unusable.len()), (1, 1), "{name}");
        assert_eq!(unusable[0].reason(), Reason::GpuRevocationNotChecked, "{name}");
    }
}

#[test]
fn a_request_names_the_certificate_and_an_answer_to_another_request_is_refused() {
    let spec = one();
    let examination = examine(std::slice::from_ref(&spec), &[]);
    let devices: Vec<_> = examination.devices.into_iter().map(Result::unwrap).collect();
    let wanted = Wanted::of(&devices);
    let ids: Vec<_> = wanted.manifests.iter().map(WantedManifest::id).collect();
    assert_eq!(ids, ["NV_GPU_DRIVER_GH100_570.172.08", "NV_GPU_VBIOS_G520_0280_895_9600CF0002"]);
    assert_eq!(wanted.answers.len(), 3);
    let (budget, memory) = (Budget::STANDARD, Memory::new());
    for (answer, certificate) in wanted.answers.iter().zip(&spec.chain[1..4]) {
        let request = answer.request(Some(&[7; 32]));
        let has = |part: &[u8]| request.windows(part.len()).any(|window| window == part);
        assert!(has(&certificate.serial) && has(&[7; 32]) && answer.request(None).len() < request.len());
        let mut genuine = AnswerSpec::good(SEED, certificate, as_of());
        let check = |spec: &AnswerSpec, nonce: Option<&[u8; 32]>| {
            answer.check(&spec.forge(), nonce, as_of(), &budget, &memory)
        };
        let found = check(&genuine, Some(&[7; 32])).unwrap();
        assert_eq!((found.status, found.until), (AnswerStatus::NotRevoked, later(23 * 3600)));
        genuine.nonce = Some([7; 32]);
        assert!(check(&genuine, Some(&[7; 32])).is_ok());
        assert_eq!(check(&genuine, Some(&[8; 32])), Err(AnswerRefused::Nonce));
        let mut late = genuine.clone();
        late.next_update = Some(UnixTime::from_seconds(as_of().seconds() - 1));
        assert!(matches!(check(&late, None), Err(AnswerRefused::Revocation(_))));
        late.status = ResponseStatus::Revoked(1);
        assert_eq!(check(&late, None).unwrap().status, AnswerStatus::Revoked);
        genuine.serial = vec![9, 9];
        assert_eq!(check(&genuine, None), Err(AnswerRefused::Other));
        assert!(matches!(
            answer.check(b"\x30\x03\x0a\x01\x06", None, as_of(), &budget, &memory),
            Err(AnswerRefused::Form(_))
        ));
    }
}

#[test]
fn a_manifest_of_another_product_or_version_is_not_the_wanted_one() {
    let examination = examine(&[one()], &[]);
    let devices: Vec<_> = examination.devices.into_iter().map(Result::unwrap).collect();
    let wanted = Wanted::of(&devices);
    let memory = Memory::new();
    let check = |spec: &ManifestSpec| {
        wanted.manifests[0].check(&spec.forge(), &roots(), as_of(), &Budget::STANDARD, &memory)
    };
    assert!(check(&ManifestSpec::driver(SEED)).unwrap().manifest.is_some());
    let mut old = ManifestSpec::driver(SEED);
    old.chain[0].not_after = UnixTime::from_seconds(as_of().seconds() - 1);
    assert!(check(&old).unwrap().not_in_force.is_some());
    assert!(matches!(check(&ManifestSpec::vbios(SEED)), Err(ManifestRefused::Other { .. })));
    let mut product = ManifestSpec::driver(SEED);
    product.product = "GB100".into();
    assert!(matches!(check(&product), Err(ManifestRefused::Other { .. })));
    product.signed_by = "stranger".into();
    assert!(matches!(check(&product), Err(ManifestRefused::Manifest(_))));
}

#[test]
fn lists_answer_for_cas_and_never_for_one_device() {
    let chain = one().chain;
    let (provisioner_list, identity_list) =
        (ListSpec::empty(SEED, &chain[3], as_of()), ListSpec::empty(SEED, &chain[4], as_of()));
    let lists = [provisioner_list.forge(), identity_list.forge()];
    assert!(is_open(&of(&lists), 1), "the device itself stays open");
    let answer = AnswerSpec::good(SEED, &chain[1], as_of()).forge();
    assert!(matches!(of(&[&lists[..], &[answer]].concat()), Revocation::NotRevoked { .. }));

    let mut revoking = provisioner_list.clone();
    revoking.revoked = vec![chain[2].serial.clone()];
    assert!(matches!(of(&[revoking.forge()]), Revocation::Revoked { hold: false, .. }));
    let mut forged = provisioner_list.clone();
    forged.signed_by = "stranger".into();
    assert!(is_forged(&of(&[forged.forge()])));
    let mut late = provisioner_list.clone();
    late.next_update = UnixTime::from_seconds(as_of().seconds() - 1);
    assert!(is_open(&of(&[late.forge()]), 3));
    // The list of another family's CA says nothing.
    let other =
        veritee_testkit::gpu::device_chain(SEED, veritee_testkit::gpu::GpuKind::Blackwell, "x", [0; 48]);
    assert!(is_open(&of(&[ListSpec::empty(SEED, &other[3], as_of()).forge()]), 3));
}

#[test]
fn what_is_neither_answer_nor_list_is_counted_as_unread() {
    let examination = examine(&[one()], &[b"nonsense".to_vec(), vec![0x30, 0], vec![0x30; 70_000]]);
    assert_eq!(examination.unread, 3);
}
