//! Step 7: who may get certificates for the domain. The careless verifier looks for the account somewhere in the text.

use crate::support::{Case, attacks, find, machine, ra_tls};
use crate::web::{
    App, Records, account_file, binding_of, bound, caa, content, ingress, served, web, web_with,
};
use veritee_model::evidence::Target;
use veritee_model::{CheckId, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::Role;
use veritee_testkit::certificate::Name;
use veritee_testkit::dstack::report_data::Binding;

const ID: CheckId = CheckId::BindingCaa;
const VERIFIED: VerdictOutcome = VerdictOutcome::Verified;
const ACCOUNT: &str = "https://acme.example/acct/12";
const OURS: &str = "ca.example; accounturi=https://acme.example/acct/12";

/// A quote that binds [`ACCOUNT`], and these answers.
fn answered(domain: &str, answers: &[(&str, Records<'_>)]) -> Case {
    let (binding, content) = content("acme-account", ACCOUNT.as_bytes());
    bound(&machine(), binding, &ra_tls(&machine())).change(|case| {
        case.evidence.bound_content = content;
        case.evidence.caa = caa(domain, answers);
        case.evidence.target = asked(domain);
    })
}

/// The caller asked about this domain.
fn asked(domain: &str) -> Option<Target> {
    Some(Target { asked: domain.to_owned(), domain: Some(domain.to_owned()), ..Target::default() })
}

/// Answers for `app.example`, which has these records.
fn records(records: Records<'_>) -> Case {
    answered("app.example", &[("app.example", records)])
}

#[track_caller]
fn passes(case: &Case) -> Report {
    let report = case.judge();
    let check = find(&report, ID);
    assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    assert!(check.detail.contains("carry no signature"), "{}", check.detail);
    assert_eq!(report.verdict.exit_code, 0);
    report
}

#[track_caller]
fn refused(case: &Case, reason: Reason) {
    case.is_refused(ID, reason, VerdictOutcome::Refused);
}

#[track_caller]
fn undecided(case: &Case) {
    case.is_open(ID, Reason::CaaUndecided, VERIFIED);
}

/// The server shows a certificate for these names.
fn showing(case: Case, names: &[&str]) -> Case {
    let chain = web("somebody", names, 1).chain;
    case.change(|case| case.evidence.served = served("app.example:443", chain))
}

attacks! {
    fn records_that_name_the_bound_account_alone_pass() {
        let rows: [Records<'_>; 5] = [
            &[(0, "issue", OURS)],
            &[(128, "ISSUE", OURS), (0, "iodef", "mailto:a@example")],
            &[(0, "issue", "ca.example;validationmethods=dns-01;accounturi=https://acme.example/acct/12")],
            &[(0, "issue", OURS), (0, "issue", ";"), (0, "issue", "other ca")],
            &[(0, "issue", OURS), (0, "issuewild", "anybody.example")],
        ];
        for row in rows {
            passes(&records(row));
        }
        let report = passes(&records(rows[2]));
        assert!(find(&report, ID).detail.contains("dns-01"));
    }

    fn the_first_name_with_records_decides() {
        let up: &[(&str, Records<'_>)] =
            &[("a.app.example", &[]), ("app.example", &[(0, "issue", OURS)]), ("example", &[(0, "issue", "any.example")])];
        passes(&answered("a.app.example", up));
        passes(&answered("A.App.Example.", &up[..2]));
        let lower: &[(&str, Records<'_>)] =
            &[("a.app.example", &[(0, "issue", "any.example")]), ("app.example", &[(0, "issue", OURS)])];
        refused(&answered("a.app.example", lower), Reason::CaaOpen);
    }

    fn an_account_that_only_begins_or_ends_like_the_bound_one() {
        for other in [
            "https://acme.example/acct/1",
            "https://acme.example/acct/123",
            "https://acme.example/acct/12/",
            "HTTPS://acme.example/acct/12",
            "xhttps://acme.example/acct/12",
            "",
        ] {
            let value = format!("ca.example; accounturi={other}");
            refused(&records(&[(0, "issue", &value)]), Reason::CaaAccountOther);
            refused(&records(&[(0, "issue", OURS), (0, "issue", &value)]), Reason::CaaAccountOther);
        }
    }

    fn the_account_somewhere_else_than_in_accounturi() {
        let ours = |form: &str| form.replace("OURS", ACCOUNT);
        for form in [
            "ca.example",
            "ca.example;",
            "ca.example; account=OURS",
            "ca.example; xaccounturi=OURS",
            "ca.example; AccountURI=OURS",
            "ca.example; note=accounturi=OURS",
            // A tab, as it is written where it cannot be shown.
            "ca.example\\009",
            "\\009ca.example;\\009AccountURI=OURS",
        ] {
            refused(&records(&[(0, "issue", &ours(form))]), Reason::CaaOpen);
            refused(&records(&[(0, "issue", OURS), (0, "issue", &ours(form))]), Reason::CaaOpen);
        }
        // In properties that restrict nothing.
        for tag in ["iodef", "issuemail", "contactemail", "accounturi", "issue "] {
            refused(&records(&[(0, tag, OURS)]), Reason::CaaOpen);
        }
    }

    fn records_that_nobody_can_meet_do_not_name_the_bound_account() {
        let twice = format!("{OURS}; accounturi={ACCOUNT}");
        let broken = format!("ca example; accounturi={ACCOUNT}");
        let empty = format!("; accounturi={ACCOUNT}");
        for value in [";", "", &twice, &broken, &empty] {
            refused(&records(&[(0, "issue", value)]), Reason::CaaAccountOther);
        }
        let report = passes(&records(&[(0, "issue", OURS), (0, "issue", &broken)]));
        assert!(find(&report, ID).detail.contains("malformed"));
    }

    fn a_critical_property_that_nobody_knows_is_told_and_not_counted() {
        refused(&records(&[(128, "tbs", OURS)]), Reason::CaaOpen);
        refused(&records(&[(128, "tbs", OURS), (0, "issue", "ca.example")]), Reason::CaaOpen);
        let report = passes(&records(&[(128, "tbs", "x"), (0, "issue", OURS)]));
        assert!(find(&report, ID).detail.contains("critical property tbs"));
    }

    fn no_records_up_to_the_top() {
        refused(&answered("app.example", &[("app.example", &[]), ("example", &[])]), Reason::CaaMissing);
        refused(&answered("app.example", &[("app.example", &[]), ("example", &[]), (".", &[])]), Reason::CaaMissing);
    }

    fn answers_with_a_gap_do_not_decide() {
        let rows: [&[(&str, Records<'_>)]; 8] = [
            &[],
            &[("app.example", &[])],
            &[("example", &[(0, "issue", OURS)])],
            &[("app.example", &[]), ("com", &[(0, "issue", OURS)])],
            &[("app.example", &[]), ("app.example", &[(0, "issue", OURS)])],
            &[("xapp.example", &[(0, "issue", OURS)])],
            &[("app.example", &[]), ("example", &[]), ("", &[]), ("x", &[(0, "issue", OURS)])],
            &[("example", &[(0, "issue", OURS)]), ("app.example", &[])],
        ];
        for row in rows {
            undecided(&answered("app.example", row));
        }
        let required = answered("app.example", &[]).change(|case| case.head = "require = [\"binding.caa\"]\n".to_owned());
        required.is_open(ID, Reason::CaaUndecided, VerdictOutcome::Incomplete);
    }

    fn answers_for_another_domain_than_the_one_asked_about() {
        let about = |domain: &str| {
            records(&[(0, "issue", OURS)]).change(|case| case.evidence.target = asked(domain))
        };
        passes(&about("APP.example."));
        for domain in ["bank.example", "example", "a.app.example", ""] {
            undecided(&about(domain));
        }
    }

    fn answers_that_cannot_be_read() {
        for text in [
            "",
            "{}",
            "[{\"name\": \"app.example\"}]",
            "[{\"name\": \"app.example\", \"records\": null}]",
            "[{\"name\": \"app.example\", \"records\": [{\"flags\": 256, \"tag\": \"issue\", \"value\": \";\"}]}]",
            "[{\"name\": \"app.example\", \"records\": [{\"flags\": 0, \"tag\": \"issue\"}]}]",
            "[{\"name\": \"app.example\", \"records\": [], \"records\": []}]",
        ] {
            undecided(&records(&[]).change(|case| {
                case.evidence.caa.as_mut().unwrap().answers.bytes = text.as_bytes().to_vec();
            }));
        }
        for domain in ["", ".", "a..example", &"a.".repeat(200)] {
            undecided(&answered(domain, &[(domain, &[(0, "issue", OURS)])]));
        }
    }

    fn a_wildcard_in_use_is_governed_by_its_own_records() {
        let wild = &["*.app.example", "app.example"];
        passes(&showing(records(&[(0, "issue", OURS)]), wild));
        passes(&showing(records(&[(0, "issue", OURS), (0, "issuewild", OURS)]), wild));
        passes(&showing(records(&[(0, "issue", ";"), (0, "issuewild", OURS)]), wild));
        let open: Records<'_> = &[(0, "issue", OURS), (0, "IssueWild", "ca.example")];
        refused(&showing(records(open), wild), Reason::CaaOpen);
        // The names below a wildcard can have certificates of their own, which `issue` governs.
        refused(&showing(records(&[(0, "issue", "ca.example"), (0, "issuewild", OURS)]), wild), Reason::CaaOpen);
        refused(&showing(records(&[(0, "issuewild", OURS)]), wild), Reason::CaaOpen);
        let report = passes(&showing(records(open), &["app.example"]));
        assert!(find(&report, ID).detail.contains("`issuewild` was not judged"));
        let misspelt = "ca.example; accounturi=https://acme.example/acct/13";
        refused(&showing(records(&[(0, "issue", OURS), (0, "issuewild", misspelt)]), wild), Reason::CaaAccountOther);
    }

    fn a_wildcard_that_the_quote_binds_is_in_use_whatever_the_server_shows() {
        let holding = |names: &[&str], common: &str, domain: &str, answers: &[(&str, Records<'_>)]| {
            let site = web_with("site", names, 1, |leaf| leaf.subject = Name::common(common));
            let account = account_file(ACCOUNT);
            let files =
                ingress(&[("acme-account.json", &account), ("cert-site.pem", site.chain.as_bytes())]);
                        bound(&machine(), binding_of(&files), &ra_tls(&machine())).change(|case| {
                case.evidence.ingress = Some(files);
                case.evidence.caa = caa(domain, answers);
                case.evidence.target = asked(domain);
            })
        };
        let open: Records<'_> = &[(0, "issue", OURS), (0, "issuewild", "ca.example")];
        let ours: Records<'_> = &[(0, "issue", OURS), (0, "issuewild", OURS)];
        let app = "app.example";
        for (names, common) in [
            (&["*.app.example"][..], "site"),
            (&["app.example", "*.app.example"], "site"),
            (&["*.APP.example."], "site"),
            (&[], "*.app.example"),
            (&["app.example"], "*.App.example"),
        ] {
            refused(&holding(names, common, app, &[(app, open)]), Reason::CaaOpen);
            let report = showing(holding(names, common, app, &[(app, open)]), &[app]).judge();
            assert_eq!(find(&report, ID).reason, Some(Reason::CaaOpen));
            passes(&holding(names, common, app, &[(app, ours)]));
        }
        passes(&holding(&[app], "site", app, &[(app, open)]));
        // A wildcard of the name above stands for the domain, and nobody asked about that name.
        let lone: &[(&str, Records<'_>)] = &[("a.app.example", &[(0, "issue", OURS)])];
        undecided(&holding(&["*.app.example"], "site", "a.app.example", lone));
        let above: &[(&str, Records<'_>)] = &[("a.app.example", &[(0, "issue", OURS)]), (app, open)];
        refused(&holding(&["*.app.example"], "site", "a.app.example", above), Reason::CaaOpen);
    }

    fn a_domain_given_as_a_wildcard() {
        let given = |records| answered("*.app.example", &[("app.example", records)]);
        passes(&given(&[(0, "issue", OURS)]));
        refused(&given(&[(0, "issue", OURS), (0, "issuewild", "ca.example")]), Reason::CaaOpen);
    }

    fn a_wildcard_of_the_name_above_is_governed_there() {
        let up = |above: Records<'static>| {
            answered("a.app.example", &[("a.app.example", &[(0, "issue", OURS)]), ("app.example", above)])
        };
        passes(&up(&[(0, "issue", "ca.example")]));
        refused(&showing(up(&[(0, "issue", "ca.example")]), &["*.app.example"]), Reason::CaaOpen);
        passes(&showing(up(&[(0, "issue", OURS)]), &["*.app.example"]));
        // Nobody asked about the name above.
        let lone = answered("a.app.example", &[("a.app.example", &[(0, "issue", OURS)])]);
        undecided(&showing(lone, &["*.app.example"]));
    }

    fn an_account_that_the_quote_does_not_bind() {
        let mut case = records(&[(0, "issue", "ca.example; accounturi=https://acme.example/acct/13")]);
        case.evidence.bound_content.as_mut().unwrap().content = b"https://acme.example/acct/13".to_vec();
        let report = case.is_refused(CheckId::BindingContent, Reason::BindingMismatch, VerdictOutcome::NotGenuine);
        assert_eq!(find(&report, ID).reason, Some(Reason::BindingNotGiven));
        // Bound under another tag, or under none: any application can write such REPORTDATA.
        let (binding, mut content) = content("app-data", ACCOUNT.as_bytes());
        let mut case = bound(&machine(), binding, &ra_tls(&machine()));
        case.evidence.caa = caa("app.example", &[("app.example", &[(0, "issue", OURS)])]);
        case.evidence.bound_content.clone_from(&content);
        case.is_open(ID, Reason::BindingNotGiven, VERIFIED);
        let long = format!("{ACCOUNT:x<64}");
        let bound_raw = content.as_mut().unwrap();
        (bound_raw.tag, bound_raw.algorithm) = ("acme-account".to_owned(), "raw".to_owned());
        bound_raw.content = long.clone().into_bytes();
        let mut case = bound(&machine(), Binding::Raw(long.clone().into_bytes()), &ra_tls(&machine()));
        let value = format!("ca.example; accounturi={long}");
        case.evidence.caa = caa("app.example", &[("app.example", &[(0, "issue", &value)])]);
        case.evidence.bound_content = content;
        case.is_open(ID, Reason::BindingNotGiven, VERIFIED);
    }

    fn the_account_of_an_ingress_in_each_form_that_clients_write() {
        let lego = |member: &str| format!(r#"{{"email":"","registration":{{"body":{{}},"{member}":"{ACCOUNT}"}}}}"#);
        let rows = [
            (account_file(ACCOUNT), true),
            (lego("uri").into_bytes(), true),
            (lego("accountURL").into_bytes(), true),
            (format!(r#"{{"uri":"{ACCOUNT}","registration":{{"uri":"{ACCOUNT}"}}}}"#).into_bytes(), true),
            // Two readers could see two accounts.
            (format!(r#"{{"uri":"{ACCOUNT}","registration":{{"uri":"https://acme.example/acct/13"}}}}"#).into_bytes(), false),
            (format!(r#"{{"uri":"https://acme.example/acct/13","uri":"{ACCOUNT}"}}"#).into_bytes(), false),
            (format!(r#"{{"account":{{"uri":"{ACCOUNT}"}}}}"#).into_bytes(), false),
            (account_file(""), false),
            (b"[]".to_vec(), false),
            (b"\xff".to_vec(), false),
        ];
        for (file, readable) in rows {
            let files = ingress(&[("acme-account.json", &file)]);
            let mut case = bound(&machine(), Binding::Raw(files.sums.sha256().as_bytes().to_vec()), &ra_tls(&machine()));
            case.evidence.ingress = Some(files);
            case.evidence.caa = caa("app.example", &[("app.example", &[(0, "issue", OURS)])]);
            case.evidence.target = asked("app.example");
            if readable {
                passes(&case);
            } else {
                case.is_open(ID, Reason::BindingNotGiven, VERIFIED);
            }
        }
    }

    fn an_account_file_that_the_ingress_does_not_list() {
        let site = App::new("site", "app.example", Role::RaTls);
        let mut case = site.behind_ingress();
        let other = account_file("https://acme.example/acct/13");
        let value = "ca.example; accounturi=https://acme.example/acct/13";
        case.evidence.caa = caa("app.example", &[("app.example", &[(0, "issue", value)])]);
        refused(&case, Reason::CaaAccountOther);
        case.evidence.ingress.as_mut().unwrap().files.get_mut("acme-account.json").unwrap().bytes = other;
        let report = case.is_refused(CheckId::BindingIngress, Reason::IngressFileMismatch, VerdictOutcome::NotGenuine);
        assert_eq!(find(&report, ID).outcome, Outcome::NotChecked);
    }

    fn records_that_act_on_a_terminal_are_made_harmless() {
        let report = records(&[(128, "\u{1b}[2J", "x"), (0, "issue", "ca.example; x=\u{202e}")]).judge();
        let check = find(&report, ID);
        assert!(!check.detail.chars().any(veritee_model::text::is_hazardous), "{check:?}");
        let report = records(&[(0, "issue", "ca.example; accounturi=\u{1b}")]).judge();
        assert_eq!(find(&report, ID).reason, Some(Reason::CaaAccountOther));
    }

    fn answers_of_many_records_do_not_swell_the_report() {
        let tags: Vec<String> = (0..2000).map(|number| format!("tag{number}")).collect();
        let values: Vec<String> = (0..2000).map(|number| format!("ca{number}.example; accounturi={ACCOUNT}")).collect();
        let mut many: Vec<(u8, &str, &str)> = tags.iter().map(|tag| (128, tag.as_str(), "x")).collect();
        many.extend(values.iter().map(|value| (0, "issue", value.as_str())));
        let report = passes(&records(&many));
        assert!(find(&report, ID).detail.len() < 2000);
    }

    fn a_policy_may_let_open_records_pass_and_says_so() {
        let case = records(&[(0, "issue", "ca.example")])
            .policy("[[exception]]\ncode = \"caa-open\"\nreason = \"made for a test\"\n");
        let report = case.judge();
        assert_eq!(report.verdict.exit_code, 0);
        assert!(find(&report, ID).waived.is_some());
    }

    fn answers_for_a_domain_that_nothing_else_names() {
        let answers = |case: &mut Case, domain: &str| {
            let value = "ca.example; accounturi=https://acme.example/acct/site";
            case.evidence.caa = caa(domain, &[(domain, &[(0, "issue", value)])]);
        };
        let site = App::new("site", "app.example", Role::RaTls).behind_ingress();
        for named in [true, false] {
            // The bound certificate's names count with a handshake and without one.
            let mut case = site.clone();
            case.evidence.served = case.evidence.served.filter(|_| named);
            answers(&mut case, "app.example");
            passes(&case);
            for elsewhere in ["evil.example", "example", "a.app.example", "xapp.example"] {
                answers(&mut case, elsewhere);
                undecided(&case);
            }
        }
        // Nothing names any domain.
        undecided(&records(&[(0, "issue", OURS)]).change(|case| case.evidence.target = None));
        // The handshake does: with the domain, or with a name below it whose certificate stands for it.
        let shown = |server: &str, names: &[&str]| {
            records(&[(0, "issue", OURS)]).change(|case| {
                case.evidence.target = None;
                case.evidence.served = served(server, web("somebody", names, 1).chain);
            })
        };
        passes(&shown("app.example:443", &["other.example"]));
        passes(&shown("a.app.example:443", &["a.app.example", "app.example"]));
        undecided(&shown("evil.example:443", &["app.example"]));
    }

    fn an_unlisted_certificate_or_account_names_no_domain_and_binds_none() {
        let mut case = App::new("site", "app.example", Role::RaTls).behind_ingress();
        case.evidence.served = None;
        let value = "ca.example; accounturi=https://acme.example/acct/site";
        case.evidence.caa = caa("evil.example", &[("evil.example", &[(0, "issue", value)])]);
        let files = &mut case.evidence.ingress.as_mut().unwrap().files;
        files.insert("cert-evil.example.pem".to_owned(), Item::new(web("x", &["evil.example"], 1).chain, "x"));
        undecided(&case);
        let report = case.judge();
        crate::support::assert_notice(&report, Reason::IngressFileUnlisted);
        assert_eq!(find(&report, CheckId::BindingIngress).outcome, Outcome::Pass);
    }
}
