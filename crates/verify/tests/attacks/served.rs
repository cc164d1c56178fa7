//! Step 7: the certificate that a server showed. The careless verifier asks whether it is valid.

use crate::support::{Case, attacks, find, machine, ra_tls};
use crate::web::{App, Web, bound, content, ingress, served, web, web_with};
use veritee_model::evidence::{IngressEvidence, Target};
use veritee_model::{CheckId, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::Role;
use veritee_testkit::certificate::{Extension, Name};
use veritee_testkit::dstack::ra_tls::ARC;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{SigningKey, der};

const ID: CheckId = CheckId::BindingServedCertificate;
const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;

fn site() -> App {
    App::new("site", "site.example", Role::RaTls)
}

/// The site's own evidence beside this handshake.
fn showing(case: &Case, server: &str, chain: impl Into<Vec<u8>>) -> Case {
    case.clone().change(|case| case.evidence.served = served(server, chain))
}

#[track_caller]
fn passes(case: &Case, words: &str) -> Report {
    let report = case.judge();
    let check = find(&report, ID);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    assert!(check.detail.contains(words), "{}", check.detail);
    assert_eq!(report.verdict.exit_code, 0);
    report
}

#[track_caller]
fn refused(case: &Case) {
    let report = case.is_refused(ID, Reason::ServedCertificateOther, VerdictOutcome::Refused);
    let check = find(&report, ID);
    assert!(check.expected.is_some() && check.got.is_some(), "{check:?}");
}

/// An application behind a gateway: it has an RA-TLS chain, and the server shows something of the gateway's.
fn behind_a_gateway(chain: impl Into<Vec<u8>>) -> Case {
    showing(&Case::new(&machine()), "app-8080.gateway.example:443", chain)
}

/// The quote binds these files.
fn with_files(files: IngressEvidence, chain: &str) -> Case {
    let binding = Binding::Raw(files.sums.sha256().as_bytes().to_vec());
    let mut case = bound(&machine(), binding, &ra_tls(&machine()));
    case.evidence.ingress = Some(files);
    showing(&case, "site.example:443", chain)
}

fn gateway_key(key: &SigningKey) -> Case {
    let (binding, content) = content("zt-cert", &key.spki());
    bound(&machine(), binding, &ra_tls(&machine())).change(|case| case.evidence.bound_content = content)
}

fn extension(number: u8, content: &[u8]) -> Extension {
    Extension::new(&format!("{ARC}.{number}"), false, der::octet_string(content))
}

attacks! {
    fn the_ra_tls_chain_shown_by_the_server_itself_passes() {
        passes(&site().direct(), "the RA-TLS key that the quote binds");
    }

    fn a_leaf_of_the_same_key_in_another_ra_tls_certificate_passes() {
        let again = machine().change(|machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.serial = vec![9]));
        let chain = ra_tls(&again);
        assert_ne!(chain, ra_tls(&machine()));
        passes(&behind_a_gateway(chain), "the RA-TLS key that the quote binds");
    }

    fn the_certificate_of_the_ingress_passes() {
        passes(&site().behind_ingress(), "the certificate of cert-site.example.pem");
    }

    fn the_key_of_the_ingress_in_a_renewed_certificate_passes_and_says_so() {
        let renewed = web("site", &["site.example"], 2);
        let case = showing(&site().behind_ingress(), "site.example:443", renewed.chain);
        passes(&case, "in another certificate");
    }

    fn the_key_of_a_gateway_passes_with_its_age_told() {
        let gateway = web("gateway", &["*.gateway.example"], 1);
        let case = showing(&gateway_key(&gateway.key), "app-8080.gateway.example:443", gateway.chain);
        passes(&case, "as old as the key");
    }

    fn a_valid_certificate_of_somebody_else_in_front_of_an_ingress() {
        // Same authority, same name, another key: what a host gets from any public authority for its own name.
        let Web { chain, .. } = web("somebody", &["site.example"], 1);
        refused(&showing(&site().behind_ingress(), "site.example:443", chain));
    }

    fn a_valid_certificate_of_somebody_else_in_front_of_a_gateway() {
        let case = gateway_key(&web("gateway", &["*.gateway.example"], 1).key);
        let Web { chain, .. } = web("somebody", &["*.gateway.example"], 1);
        refused(&showing(&case, "app-8080.gateway.example:443", chain));
    }

    fn a_bound_certificate_shown_under_another_name() {
        let site = site();
        for server in ["bank.example:443", "site.example.evil:443", "a.site.example:443", "xsite.example:443", "", ":"] {
            refused(&showing(&site.behind_ingress(), server, site.web.chain.as_str()));
        }
        let gateway = web("gateway", &["*.gateway.example"], 1);
        for server in ["gateway.example:443", "a.b.gateway.example:443", ".gateway.example:443", "gateway.example.:443"] {
            refused(&showing(&gateway_key(&gateway.key), server, gateway.chain.as_str()));
        }
    }

    fn the_authority_of_a_bound_certificate_is_not_a_bound_certificate() {
        let site = site();
        refused(&showing(&site.behind_ingress(), "site.example:443", site.web.authority.as_str()));
        // The leaf comes second: the server did not show its key.
        let swapped = format!("{}{}", web("somebody", &["site.example"], 1).chain, site.web.chain);
        refused(&showing(&site.behind_ingress(), "site.example:443", swapped));
    }

    fn a_certificate_file_of_another_name_binds_no_certificate() {
        let site = site();
        let chain = site.web.chain.as_str();
        let other = web("other", &["other.example"], 1).chain;
        for name in ["ca.pem", "cert-site.example.crt", "CERT-site.example.pem", "xcert-site.pem"] {
            refused(&with_files(ingress(&[("cert-other.example.pem", other.as_bytes()), (name, chain.as_bytes())]), chain));
        }
        let files = ingress(&[("ca.pem", chain.as_bytes())]);
        with_files(files, chain).is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
    }

    fn a_certificate_file_that_the_list_does_not_name_binds_nothing() {
        let Web { chain, .. } = web("somebody", &["site.example"], 1);
        let mut case = showing(&site().behind_ingress(), "site.example:443", chain.as_str());
        let ingress = case.evidence.ingress.as_mut().unwrap();
        ingress.files.insert("cert-somebody.pem".to_owned(), Item::new(chain, "ingress"));
        // Nothing uses a file that merely came along: the certificates that the list does bind are others.
        refused(&case);
        assert_eq!(find(&case.judge(), CheckId::BindingIngress).outcome, Outcome::Pass);
    }

    fn a_certificate_file_and_a_list_that_the_quote_does_not_bind() {
        let Web { chain, .. } = web("somebody", &["site.example"], 1);
        let mut case = showing(&site().behind_ingress(), "site.example:443", chain.as_str());
        case.evidence.ingress = Some(ingress(&[("cert-site.example.pem", chain.as_bytes())]));
        let report = case.is_refused(CheckId::BindingIngress, Reason::BindingMismatch, NOT_GENUINE);
        assert_eq!(find(&report, ID).outcome, Outcome::NotChecked);
    }

    fn the_ra_tls_chain_of_another_machine_behind_the_same_kms() {
        let other = App::new("other", "other.example", Role::Stranger);
        refused(&behind_a_gateway(other.ra_tls));
        // Of the same application: another machine answers than the one whose evidence came.
        let mut twin = machine();
        twin.ra_tls.edit_leaf = Some(|leaf| leaf.key = Role::Stranger);
        refused(&behind_a_gateway(ra_tls(&twin)));
    }

    fn a_certificate_that_nobody_vouches_for_in_place_of_the_ra_tls_one() {
        let own = web_with("somebody", &["site.example"], 1, |leaf| leaf.issuer = leaf.subject.clone());
        refused(&behind_a_gateway(own.chain));
    }

    fn a_certificate_of_another_application_s_without_a_quote() {
        let other = web_with("somebody", &[], 1, |leaf| leaf.extensions.push(extension(3, &[7; 20])));
        refused(&behind_a_gateway(other.chain));
    }

    fn a_certificate_that_carries_a_quote_is_never_taken_for_a_gateway_s() {
        for number in [1, 8] {
            let quote = machine().forge().platform.quote;
            let other = web_with("somebody", &["site.example"], 1, |leaf| {
                leaf.extensions.push(extension(number, &quote));
            });
            refused(&behind_a_gateway(other.chain));
        }
    }

    fn an_application_behind_a_gateway_is_neither_refused_nor_passed() {
        let case = behind_a_gateway(web("gateway", &["*.gateway.example"], 1).chain);
        let report = case.is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
        assert!(find(&report, ID).detail.contains("TLS ends in front of the machine"));
        let required = case.change(|case| case.head = "require = [\"binding.served-certificate\"]\n".to_owned());
        required.is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Incomplete);
    }

    fn a_certificate_issued_to_the_application_without_a_quote_stays_open() {
        // What GetTlsKey gives for serving: the app id, no quote.
        let app_id = machine().payloads().app_id;
        let own = web_with("own", &[], 1, |leaf| leaf.extensions.push(extension(3, &app_id)));
        behind_a_gateway(own.chain).is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
    }

    fn a_valid_certificate_beside_a_quote_that_binds_none() {
        let case = Case::new(&machine()).change(|case| case.evidence.certificates = None);
        let case = showing(&case, "site.example:443", web("site", &["site.example"], 1).chain);
        let report = case.is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
        assert!(find(&report, ID).detail.contains("the quote binds no certificate"));
    }

    fn content_of_another_tag_or_of_none_is_no_gateway_key() {
        let gateway = web("gateway", &["*.gateway.example"], 1);
        let (binding, mut content) = content("app-data", &gateway.key.spki());
        let case = bound(&machine(), binding, &ra_tls(&machine()));
        let case = showing(&case, "a.gateway.example:443", gateway.chain.as_str());
        case.clone()
            .change(|case| case.evidence.bound_content.clone_from(&content))
            .is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
        // The same content said to be bound as a gateway's key.
        content.as_mut().unwrap().tag = "zt-cert".to_owned();
        let report = case
            .change(|case| case.evidence.bound_content = content)
            .is_refused(CheckId::BindingContent, Reason::BindingMismatch, NOT_GENUINE);
        assert_eq!(find(&report, ID).outcome, Outcome::NotChecked);
    }

    fn a_handshake_record_that_is_no_chain() {
        let genuine = site().web.chain;
        let quote_twice = web_with("somebody", &[], 1, |leaf| leaf.extensions.extend([extension(1, &[1]), extension(1, &[1])]));
        let names = web_with("somebody", &[], 1, |leaf| leaf.extensions[0].value = vec![0x30, 0x05, 0x82]);
        let rows = [
            String::new(),
            "not PEM".to_owned(),
            genuine.replace("CERTIFICATE", "PRIVATE KEY"),
            genuine.replacen("MII", "XXX", 1),
            "0".to_owned(),
            genuine.repeat(5),
            quote_twice.chain,
            names.chain,
        ];
        for row in rows {
            showing(&site().behind_ingress(), "site.example:443", row).is_refused(
                ID,
                Reason::ServedCertificateMalformed,
                REFUSED,
            );
        }
    }

    fn no_policy_lets_another_certificate_pass() {
        let Web { chain, .. } = web("somebody", &["site.example"], 1);
        let case = showing(&site().behind_ingress(), "site.example:443", chain);
        let text = "[[waive]]\ncheck = \"binding.served-certificate\"\nreason = \"made for a test\"\n";
        refused(&case.policy(text));
    }

    fn a_name_of_an_authority_that_acts_on_a_terminal_is_made_harmless() {
        let hostile = web_with("somebody", &[], 1, |leaf| leaf.issuer = Name::common("\u{1b}[2J\u{202e}CA"));
        let report = behind_a_gateway(hostile.chain).judge();
        let check = find(&report, ID);
        assert!(!check.detail.chars().any(veritee_model::text::is_hazardous), "{check:?}");
    }

    fn a_bound_certificate_that_is_not_in_force() {
        let day = |text: &str| veritee_testkit::pki::time(text);
        let over = |leaf: &mut veritee_testkit::certificate::CertificateSpec| leaf.not_after = day("2026-10-14T23:59:59Z");
        let later = |leaf: &mut veritee_testkit::certificate::CertificateSpec| leaf.not_before = day("2026-10-15T00:00:01Z");
        let renewed = |chain: String| showing(&site().behind_ingress(), "site.example:443", chain);
        let expired = renewed(web_with("site", &["site.example"], 2, over).chain);
        let report = expired.is_refused(ID, Reason::ServedCertificateExpired, REFUSED);
        let check = find(&report, ID);
        assert!(check.expected.is_some() && check.got.is_some(), "{check:?}");
        let future = renewed(web_with("site", &["site.example"], 2, later).chain);
        future.is_refused(ID, Reason::ServedCertificateNotYetValid, REFUSED);
        // To the last second, and from the first.
        let edges = web_with("site", &["site.example"], 2, |leaf| {
            (leaf.not_before, leaf.not_after) = (day("2026-10-15T00:00:00Z"), day("2026-10-15T00:00:00Z"));
        });
        passes(&renewed(edges.chain), "in another certificate");
        // An exception for the date lets no other name pass.
        let exception = "[[exception]]\ncode = \"served-certificate-expired\"\nreason = \"made for a test\"\n";
        assert_eq!(expired.clone().policy(exception).judge().verdict.exit_code, 0);
        let other = showing(&expired, "bank.example:443", web_with("site", &["site.example"], 2, over).chain);
        other.is_refused(ID, Reason::ServedCertificateOther, REFUSED);
        assert_eq!(other.policy(exception).judge().verdict.exit_code, 11);
        // What is not bound says nothing, of whatever age it is.
        behind_a_gateway(web_with("gateway", &["*.gateway.example"], 1, over).chain)
            .is_open(ID, Reason::ServedCertificateUnbound, VerdictOutcome::Verified);
    }

    fn a_certificate_of_an_ingress_that_is_not_in_force() {
        let of = |until: &str, from: &str| {
            let mut site = site();
            site.web = web_with("site", &["site.example"], 1, |leaf| {
                leaf.not_after = veritee_testkit::pki::time(until);
                leaf.not_before = veritee_testkit::pki::time(from);
            });
            site.behind_ingress()
        };
        let (ingress, both) = (CheckId::BindingIngress, [ID]);
        let expired = of("2026-10-14T23:59:59Z", "2026-08-01T00:00:00Z");
        expired.is_refused_with(ingress, Reason::IngressCertificateExpired, REFUSED, &both);
        expired.clone().change(|case| case.evidence.served = None)
            .is_refused(ingress, Reason::IngressCertificateExpired, REFUSED);
        let later = of("2027-10-14T23:59:59Z", "2026-10-15T00:00:01Z");
        later.is_refused_with(ingress, Reason::IngressCertificateNotYetValid, REFUSED, &both);
        passes(&of("2026-10-15T00:00:00Z", "2026-10-15T00:00:00Z"), "the certificate of cert-site.example.pem");
    }

    fn the_name_that_was_asked_for_is_known_by_the_callers_words() {
        for case in [site().direct(), site().behind_ingress()] {
            let about = |asked: &str| {
                case.clone().change(|case| {
                    case.evidence.target = Some(Target { asked: asked.to_owned(), ..Target::default() });
                })
            };
            for asked in [
                "bank.example", "https://bank.example/", "https://bank.example:8443/a?b", "ra-tls://bank.example:443",
                "https://site.example@bank.example/", "https://localhost/",
            ] {
                about(asked).is_open(ID, Reason::ServedOtherName, VerdictOutcome::Verified);
            }
            for asked in ["site.example", "Site.example.", "https://site.example/x", "site.example:443", "", "an application"] {
                assert_eq!(find(&about(asked).judge(), ID).outcome, Outcome::Pass, "{asked}");
            }
        }
    }

    fn a_handshake_with_another_name_than_the_one_asked_about() {
        let about = |case: Case, domain: Option<&str>| {
            case.change(|case| {
                let domain = domain.map(str::to_owned);
                case.evidence.target = Some(Target { asked: "site".to_owned(), domain, ..Target::default() });
            })
        };
        for case in [site().direct(), site().behind_ingress()] {
            for asked in ["bank.example", "example", "a.site.example", "site.example.evil.example", ""] {
                about(case.clone(), Some(asked)).is_open(ID, Reason::ServedOtherName, VerdictOutcome::Verified);
            }
            for asked in [Some("site.example"), Some("SITE.example."), None] {
                assert_eq!(find(&about(case.clone(), asked).judge(), ID).outcome, Outcome::Pass);
            }
        }
        let required = about(site().direct(), Some("bank.example"))
            .change(|case| case.head = "require = [\"binding.served-certificate\"]\n".to_owned());
        required.is_open(ID, Reason::ServedOtherName, VerdictOutcome::Incomplete);
    }
}
