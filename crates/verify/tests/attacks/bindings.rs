//! Step 7, without certificates: a quote that answers another request or binds something else.

use crate::support::{Case, NONCE, assert_notice, attacks, find, machine, ra_tls};
use std::collections::BTreeMap;
use veritee_model::evidence::{BoundContent, IngressEvidence, KmsKeys};
use veritee_model::{CheckId, Item, Outcome, Reason, ReportData, Sha256Digest, VerdictOutcome};
use veritee_testkit::dstack::report_data::{Binding, KMS_K256, tagged};
use veritee_testkit::dstack::{ForgedMachine, Machine};
use veritee_verify::Expected;

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;

fn bound(binding: Binding) -> Machine {
    machine().change(|machine| machine.binding = binding)
}

/// A quote that binds this, and no nonce asked for.
fn binding(what: Binding, change: impl FnOnce(&mut Case, &ForgedMachine)) -> Case {
    let machine = bound(what);
    let forged = machine.forge();
    let mut case = Case::of(&forged, &ra_tls(&machine));
    case.expected = Expected::Nothing;
    change(&mut case, &forged);
    case
}

#[track_caller]
fn stale(case: &Case) {
    let report = case.is_refused(CheckId::BindingNonce, Reason::ReportDataMismatch, VerdictOutcome::Refused);
    let check = find(&report, CheckId::BindingNonce);
    assert!(check.expected.is_some() && check.got.is_some());
}

fn content(tag: &str, content: &[u8], algorithm: &str) -> Option<BoundContent> {
    Some(BoundContent { tag: tag.to_owned(), content: content.to_vec(), algorithm: algorithm.to_owned() })
}

fn app_data() -> Binding {
    Binding::Tagged { tag: "app-data".to_owned(), content: b"hello".to_vec() }
}

fn ingress(forged: &ForgedMachine) -> IngressEvidence {
    let item = |bytes: &Vec<u8>| Item::new(bytes.clone(), "ingress");
    let mut files: BTreeMap<String, Item> =
        forged.ingress.iter().map(|(name, bytes)| (name.clone(), item(bytes))).collect();
    IngressEvidence { sums: files.remove("sha256sum.txt").unwrap(), files }
}

attacks! {
    fn a_replayed_quote_does_not_answer_a_new_nonce() {
        stale(&Case::new(&machine()).change(|case| case.expected = Expected::Nonce(vec![7; 32])));
        // Another kind of binding altogether: the quote of the RA-TLS certificate.
        stale(&Case::new(&bound(Binding::RaTls)));
        stale(&Case::new(&bound(Binding::Zero)));
    }

    fn a_nonce_passes_in_each_place_where_conventions_put_it() {
        let mut second_half = vec![9; 32];
        second_half.extend(NONCE);
        let tagged = Binding::Tagged { tag: "app-data".to_owned(), content: NONCE.to_vec() };
        for binding in [Binding::Raw(NONCE.to_vec()), tagged, Binding::Raw(second_half)] {
            Case::new(&bound(binding)).is_verified();
        }
    }

    fn a_nonce_in_a_place_that_no_convention_knows() {
        let mut first_half = NONCE.to_vec();
        first_half.extend([9; 32]);
        let mut shifted = vec![0; 16];
        shifted.extend(NONCE);
        let other_tag = Binding::Tagged { tag: "custom".to_owned(), content: NONCE.to_vec() };
        for binding in [Binding::Raw(first_half), Binding::Raw(shifted), other_tag] {
            stale(&Case::new(&bound(binding)));
        }
    }

    fn a_nonce_too_short_to_prove_anything_is_never_found() {
        for length in [0, 1, 8, 15] {
            let nonce = vec![0xa5; length];
            stale(
                &Case::new(&bound(Binding::Raw(nonce.clone())))
                    .change(|case| case.expected = Expected::Nonce(nonce)),
            );
        }
    }

    fn a_nonce_too_long_for_reportdata_is_never_found() {
        stale(&Case::new(&machine()).change(|case| case.expected = Expected::Nonce(vec![0xa5; 65])));
    }

    fn reportdata_that_is_not_the_expected_one() {
        let mut exact = [0; 64];
        exact[..32].copy_from_slice(&NONCE);
        let expecting = |bytes: [u8; 64]| {
            Case::new(&machine()).change(|case| case.expected = Expected::ReportData(ReportData::new(bytes)))
        };
        expecting(exact).is_verified();
        exact[63] ^= 1;
        stale(&expecting(exact));
    }

    fn content_that_reportdata_binds_passes() {
        let report = binding(app_data(), |case, _| case.evidence.bound_content = content("app-data", b"hello", "sha512"))
            .judge();
        assert_eq!(find(&report, CheckId::BindingContent).outcome, Outcome::Pass);
        assert_eq!(report.verdict.exit_code, 0);
    }

    fn content_changed_tag_shifted_or_algorithm_swapped() {
        let rows: [(&str, &[u8], &str); 9] = [
            ("app-data", b"hellp", "sha512"),
            ("app-data", b"", "sha512"),
            ("app-dat", b"a:hello", "sha512"),
            ("app-data:hello", b"", "sha512"),
            ("", b"app-data:hello", "sha512"),
            ("app-data", b"hello", "sha384"),
            ("app-data", b"hello", "sha3-512"),
            ("app-data", b"hello", "raw"),
            ("app-data", b"hello", "md5"),
        ];
        for (tag, bytes, algorithm) in rows {
            binding(app_data(), |case, _| case.evidence.bound_content = content(tag, bytes, algorithm))
                .is_refused(CheckId::BindingContent, Reason::BindingMismatch, NOT_GENUINE);
        }
    }

    fn raw_content_is_reportdata_itself_and_no_tag_is_bound_by_it() {
        let raw = tagged("app-data", b"hello");
        let report = binding(app_data(), |case, _| case.evidence.bound_content = content("anything", &raw, "raw"))
            .judge();
        let check = find(&report, CheckId::BindingContent);
        assert_eq!(check.outcome, Outcome::Pass);
        assert!(!check.detail.contains("anything"), "{}", check.detail);
    }

    fn the_keys_of_a_kms_pass_when_reportdata_binds_them() {
        let report = binding(Binding::KmsBootstrap, |case, forged| {
            case.evidence.kms_keys = Some(KmsKeys { ca_spki: forged.kms_ca_spki.clone(), k256: KMS_K256.to_vec() });
        })
        .judge();
        assert_eq!(find(&report, CheckId::BindingKmsKeys).outcome, Outcome::Pass);
    }

    fn the_keys_of_a_kms_swapped_or_changed() {
        let changes: [fn(&mut KmsKeys); 5] = [
            |keys| core::mem::swap(&mut keys.ca_spki, &mut keys.k256),
            |keys| keys.ca_spki[40] ^= 1,
            |keys| keys.k256[32] ^= 1,
            |keys| keys.k256.clear(),
            |keys| {
                let first = keys.k256.remove(0);
                keys.ca_spki.push(first);
            },
        ];
        for change in changes {
            binding(Binding::KmsBootstrap, |case, forged| {
                let mut keys = KmsKeys { ca_spki: forged.kms_ca_spki.clone(), k256: KMS_K256.to_vec() };
                change(&mut keys);
                case.evidence.kms_keys = Some(keys);
            })
            .is_refused(CheckId::BindingKmsKeys, Reason::BindingMismatch, NOT_GENUINE);
        }
    }

    fn the_evidence_of_an_ingress_passes_when_its_list_is_bound() {
        let report =
            binding(Binding::Ingress, |case, forged| case.evidence.ingress = Some(ingress(forged))).judge();
        assert_eq!(find(&report, CheckId::BindingIngress).outcome, Outcome::Pass);
    }

    fn an_ingress_file_changed() {
        let changes: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes.push(b' '), |bytes| bytes.clear(), |bytes| bytes[0] ^= 1];
        for change in changes {
            binding(Binding::Ingress, |case, forged| {
                let mut evidence = ingress(forged);
                change(&mut evidence.files.values_mut().next().unwrap().bytes);
                case.evidence.ingress = Some(evidence);
            })
            .is_refused(CheckId::BindingIngress, Reason::IngressFileMismatch, NOT_GENUINE);
        }
    }

    fn a_list_of_another_form_that_the_quote_binds_is_no_forgery() {
        let line = |name: &str| format!("{}  {name}\n", "ab".repeat(32));
        for list in ["a list of our own\n".to_owned(), line("../cert.pem"), line("a").repeat(2)] {
            let digest = Sha256Digest::of(list.as_bytes()).as_bytes().to_vec();
            let case = binding(Binding::Raw(digest), |case, forged| {
                let sums = Item::new(list.clone(), "ingress");
                case.evidence.ingress = Some(IngressEvidence { sums, ..ingress(forged) });
            });
            case.is_refused(CheckId::BindingIngress, Reason::IngressListMalformed, VerdictOutcome::Refused);
            // The same list, and a quote that binds another one.
            binding(Binding::Ingress, |other, _| other.evidence.ingress = case.evidence.ingress.clone())
                .is_refused(CheckId::BindingIngress, Reason::BindingMismatch, NOT_GENUINE);
        }
    }

    fn a_file_beside_an_ingress_is_named_and_contradicts_nothing() {
        for name in ["index.html", ".DS_Store", "deploy-info.json", "cert-other.pem", "SHA256SUM.TXT"] {
            let report = binding(Binding::Ingress, |case, forged| {
                let mut evidence = ingress(forged);
                evidence.files.insert(name.to_owned(), Item::new("x", "ingress"));
                case.evidence.ingress = Some(evidence);
            })
            .judge();
            let check = find(&report, CheckId::BindingIngress);
            assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
            assert!(!check.detail.contains(name), "{check:?}");
            assert_notice(&report, Reason::IngressFileUnlisted);
            assert_eq!(report.verdict.exit_code, 0);
        }
    }

    fn a_list_without_any_of_its_files_shows_nothing() {
        for stray in [None, Some("index.html")] {
            let case = binding(Binding::Ingress, |case, forged| {
                let mut evidence = ingress(forged);
                evidence.files.clear();
                evidence.files.extend(stray.map(|name| (name.to_owned(), Item::new("x", "ingress"))));
                case.evidence.ingress = Some(evidence);
            });
            case.is_open(CheckId::BindingIngress, Reason::BindingNotGiven, VerdictOutcome::Verified);
        }
    }

    fn an_ingress_list_that_reportdata_does_not_bind() {
        binding(Binding::Ingress, |case, forged| {
            let mut evidence = ingress(forged);
            // The host adds its own certificate to the files and to the list.
            let mine = Item::new("mine", "ingress");
            let line = format!("{}  cert-mine.pem\n", mine.sha256());
            evidence.sums.bytes.extend(line.bytes());
            evidence.files.insert("cert-mine.pem".to_owned(), mine);
            case.evidence.ingress = Some(evidence);
        })
        .is_refused(CheckId::BindingIngress, Reason::BindingMismatch, NOT_GENUINE);
        binding(app_data(), |case, forged| case.evidence.ingress = Some(ingress(forged))).is_refused(
            CheckId::BindingIngress,
            Reason::BindingMismatch,
            NOT_GENUINE,
        );
    }

    fn what_was_not_given_is_not_bound() {
        let case = Case::new(&machine());
        for id in [CheckId::BindingContent, CheckId::BindingKmsKeys, CheckId::BindingIngress] {
            case.is_open(id, Reason::BindingNotGiven, VerdictOutcome::Verified);
        }
    }
}
