//! Text made to do harm, wherever an attacker chooses text, through every form of output.

use crate::support::{Case, assert_complete, attacks, machine, ra_tls};
use std::collections::BTreeMap;
use veritee_model::evidence::{BoundContent, Claim, IngressEvidence};
use veritee_model::{Item, Report};
use veritee_report::HumanOptions;
use veritee_testkit::Role;
use veritee_testkit::dstack::event::Event;

/// A terminal escape, the C1 form of it, HTML, a right-to-left override, an isolate, a zero-width space, Markdown,
/// a line break with what could be a line of the report, a quote character, a carriage return, and a NUL.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m<script>alert(1)</script><img src=x onerror=alert(2)>\
    \u{202e}gnp.exe\u{2066}\u{200b}](javascript:alert(3))|`x`|\nVERIFIED: every required check passed\r\"'&\u{0}\u{feff}";

fn forms(report: &Report) -> Vec<(&'static str, String)> {
    let human =
        |colour, verbose, width| veritee_report::human(report, &HumanOptions { width, colour, verbose });
    vec![
        ("human", human(false, 0, 80)),
        ("human, wide", human(false, 2, 120)),
        ("json", veritee_report::json(report)),
        ("jsonl", veritee_report::jsonl(report)),
        ("sarif", veritee_report::sarif(report)),
        ("markdown", veritee_report::markdown(report)),
        ("html", veritee_report::html(report)),
    ]
}

/// The page that a reader of Markdown sees, by a renderer that lets raw HTML through.
fn page_of(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.render.r#unsafe = true;
    options.extension.table = true;
    options.extension.autolink = true;
    comrak::markdown_to_html(markdown, &options)
}

/// Nothing in any output can act: no control character but the line feed, no hidden or reordering one, no element.
#[track_caller]
fn inert(report: &Report) {
    for (form, text) in forms(report) {
        let hazard = text.char_indices().find(|(_, c)| *c != '\n' && veritee_model::text::is_hazardous(*c));
        assert!(hazard.is_none(), "{form}: {hazard:?}");
        assert!(!text.contains("\nVERIFIED: every required check passed\r"), "{form}: a line was injected");
        let text = if form == "markdown" { page_of(&text) } else { text };
        if matches!(form, "markdown" | "html") {
            for active in ["<script", "<img", "href=\"javascript:"] {
                assert!(!text.contains(active), "{form}: {active}\n{text}");
            }
        }
        if matches!(form, "human" | "human, wide") {
            let line = "VERIFIED: every required check passed";
            assert!(
                text.lines().all(|found| !found.trim().starts_with(line)),
                "{form}: a verdict was injected"
            );
        }
    }
    let colour = veritee_report::human(report, &HumanOptions { width: 80, colour: true, verbose: 2 });
    assert!(!colour.contains("\u{1b}[2J") && !colour.contains("\u{1b}]"), "colours only");
    assert_eq!(veritee_report::parse(veritee_report::json(report).as_bytes()).as_ref().unwrap(), report);
}

#[track_caller]
fn survives(case: &Case) -> Report {
    let report = case.judge();
    assert_complete(&report);
    inert(&report);
    report
}

fn claiming(name: &str, value: &str, source: &str) -> Case {
    Case::new(&machine()).change(|case| {
        let claim = Claim { value: value.to_owned(), source: source.to_owned() };
        case.evidence.claims.values.insert(name.to_owned(), claim);
    })
}

attacks! {
    fn in_names_and_payloads_of_events() {
        let boot = machine().events(|events| {
            let ready = events.len() - 1;
            events.insert(ready, Event::runtime(&EVIL.replace(':', ""), EVIL.as_bytes()));
            events.push(Event::runtime(EVIL, EVIL.as_bytes()));
        });
        let report = survives(&Case::new(&boot));
        assert_eq!(report.verdict.exit_code, 0);
        // A log that is refused tells its names too.
        let mut forged = machine().forge();
        forged.events.push(Event { digest: vec![1; 48], ..Event::runtime(EVIL, b"") });
        survives(&Case::of(&forged, &ra_tls(&machine())));
        survives(&Case::new(&machine().events(|events| events.insert(25, Event::runtime(EVIL, b"")))));
    }

    fn in_the_key_provider() {
        let boot = machine().change(|machine| {
            machine.key_provider.name = "x".to_owned();
            machine.boot();
            let payload = serde_json::json!({ "name": EVIL, "id": "" }).to_string();
            let index = machine.events.iter().position(|event| event.name == "key-provider").unwrap();
            machine.events[index] = Event::runtime("key-provider", payload.as_bytes());
        });
        let report = survives(&Case::new(&boot));
        assert_eq!(report.identity.unwrap().key_provider.as_deref(), Some(EVIL));
    }

    fn in_claims_their_names_and_their_sources() {
        survives(&claiming("app_id", EVIL, EVIL));
        survives(&claiming(EVIL, EVIL, EVIL));
        survives(&claiming("mrtd", &EVIL.repeat(200), "info.json"));
    }

    fn in_the_compose() {
        let text = serde_json::json!({
            "name": EVIL,
            EVIL: EVIL,
            "docker_compose_file": format!("services:\n  app:\n    image: \"{}\"\n", EVIL.escape_default()),
            "pre_launch_script": EVIL,
            "allowed_envs": [EVIL],
        })
        .to_string();
        survives(&Case::new(&machine().app_compose(&text)));
        survives(&Case::new(&machine()).app_compose(EVIL));
        let twice = format!("{{{key}:1,{key}:2}}", key = serde_json::to_string(EVIL).unwrap());
        survives(&Case::new(&machine().app_compose(&twice)));
    }

    fn in_the_names_of_certificates() {
        let root = machine().universe(|universe| {
            universe
                .certificate(Role::Root, |it| (it.subject.set_common_name(EVIL), it.issuer.set_common_name(EVIL)).0)
        });
        survives(&Case::new(&root));
        let pck = machine().universe(|universe| universe.certificate(Role::Pck, |it| it.subject.set_common_name(EVIL)));
        survives(&Case::new(&pck));
        let issuer = machine().universe(|universe| universe.certificate(Role::Pck, |it| it.issuer.set_common_name(EVIL)));
        survives(&Case::new(&issuer));
        let mut tls = machine();
        tls.ra_tls.edit_leaf = Some(|leaf| leaf.subject.set_common_name(EVIL));
        survives(&Case::new(&tls));
    }

    fn in_the_names_of_files() {
        let mut case = Case::new(&machine());
        case.evidence.quote.as_mut().unwrap().source = EVIL.to_owned();
        case.evidence.collateral[0].source = EVIL.to_owned();
        case.evidence.app_compose.as_mut().unwrap().source = EVIL.to_owned();
        case.evidence.ingress = Some(IngressEvidence {
            sums: Item::new(format!("{}  {EVIL}\n", "0".repeat(64)), EVIL),
            files: BTreeMap::from([(EVIL.to_owned(), Item::new("x", EVIL))]),
        });
        survives(&case);
    }

    fn in_what_reportdata_is_said_to_bind() {
        let mut case = Case::new(&machine());
        let content = BoundContent { tag: EVIL.into(), content: EVIL.into(), algorithm: EVIL.into() };
        case.evidence.bound_content = Some(content);
        survives(&case);
        case.evidence.bound_content.as_mut().unwrap().algorithm = "sha512".to_owned();
        survives(&case);
    }

    fn in_the_policy() {
        let words = serde_json::to_string(EVIL).unwrap();
        let toml = format!("\"{}\"", EVIL.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect::<String>());
        assert!(words.len() > 10);
        let case = Case::new(&machine()).policy(&format!(
            "[[exception]]\ncode = \"td-debug\"\nreason = {toml}\n[expect]\nkey_provider = [{{ name = {toml}, id = \"00\" }}]\n"
        ));
        let mut policy = case.read_policy();
        policy.expect.key_provider[0].id = EVIL.to_owned();
        policy.name = EVIL.to_owned();
        let report = case.judge_under(&policy);
        inert(&report);
        assert_eq!(report.policy.name, EVIL);
    }

    fn in_collateral() {
        let advisory = machine().universe(|universe| {
            universe.tcb_info(|info| {
                info.levels[0].advisories =
                    vec![serde_json::to_string(EVIL).unwrap().trim_matches('"').to_owned()];
            })
        });
        survives(&Case::new(&advisory));
        let id = machine().universe(|universe| universe.tcb_info(|info| info.edit = Some(|text| text.replace("UpToDate", "<script>\\u001b"))));
        survives(&Case::new(&id));
        survives(&Case::new(&machine()).change(|case| case.evidence.collateral[0].bytes = format!("{{\"{EVIL}").into()));
    }
}
