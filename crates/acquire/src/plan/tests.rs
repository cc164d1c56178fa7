use super::*;
use crate::options::Cloud;

const ID: &str = "d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34";

fn lines(target: &str, options: &Options) -> Vec<String> {
    let target = Target::parse(target, None, None).unwrap();
    let plan = Plan::new(target, options).unwrap();
    assert_eq!(plan.to_string().lines().count(), plan.steps().len());
    plan.steps().iter().map(ToString::to_string).collect()
}

#[test]
fn an_application_of_a_known_cluster_is_asked_for_in_this_order() {
    let host = format!("https://{ID}-8090.dstack-base-prod7.phala.network");
    let gateway = "https://gateway.dstack-base-prod7.phala.network";
    assert_eq!(
        lines(&format!("{ID}@base-prod7"), &Options::default()),
        [
            format!("guest agent Info: {host}/prpc/Info, 4 times at most"),
            format!(
                "guest agent Worker.Info (before 0.5): {host}/prpc/Worker.Info, 4 times at most, when Info gave nothing"
            ),
            format!("Phala Cloud attestations: https://cloud-api.phala.com/api/v1/apps/{ID}/attestations"),
            format!("guest agent page: {host}/, when there is no app_compose yet"),
            format!("gateway app-info: {gateway}/.dstack/app-info"),
            format!("gateway acme-info: {gateway}/.dstack/acme-info"),
        ]
    );
}

#[test]
fn nobody_but_the_gateway_is_told_of_an_application_of_another_gateway() {
    let steps = lines(&format!("{ID}.apps.example:7777"), &Options::default());
    assert_eq!(steps.len(), 5);
    assert!(steps.iter().all(|step| step.contains(".apps.example:7777/")), "{steps:?}");
    let never = Options { cloud: Cloud::Never, gateway: false, ..Options::default() };
    assert_eq!(lines(&format!("{ID}@base-prod7"), &never).len(), 3);
}

#[test]
fn no_resolver_is_asked_that_was_not_named_and_none_by_another_way_than_https() {
    let target =
        || Target::parse(&format!("{ID}@prod5"), None, None).unwrap().with_domain("a.app.example").unwrap();
    let without = Plan::new(target(), &Options::default()).unwrap();
    assert!(without.steps().iter().all(|step| step.source != Source::Caa));
    let at = |text: &str| Options { resolver: Some(Url::parse(text).unwrap()), ..Options::default() };
    let plan = Plan::new(target(), &at("https://resolver.example/dns-query")).unwrap();
    let names: Vec<_> = plan.steps().iter().filter(|step| step.source == Source::Caa).collect();
    assert_eq!(
        names.iter().map(|step| (step.subject, step.requests)).collect::<Vec<_>>(),
        [(Subject::Application, 3), (Subject::Gateway, 3)]
    );
    for bad in ["http://resolver.example/dns-query", "https://resolver.example/dns-query?x=1"] {
        assert!(matches!(Plan::new(target(), &at(bad)), Err(PlanError::Resolver { .. })), "{bad}");
    }
}

#[test]
fn a_nonce_goes_where_there_is_a_place_for_it_and_is_asked_for_where_it_is_missing() {
    let target = || Target::parse("https://a.example/quote?n={nonce}", None, None).unwrap();
    assert_eq!(Plan::new(target(), &Options::default()), Err(PlanError::NonceMissing));
    let options = Options { nonce: Some([7; 32]), ..Options::default() };
    let plan = Plan::new(target(), &options).unwrap();
    let [step] = plan.steps() else { panic!("one step") };
    assert!(step.nonce);
    assert_eq!(step.address.to_string(), format!("https://a.example/quote?n={}", "07".repeat(32)));
}

#[test]
fn domains_instances_passthrough_and_handshakes_have_their_own_steps() {
    assert_eq!(
        lines("app.example", &Options::default()),
        [
            "ingress quote.json: https://app.example/evidences/quote.json",
            "ingress sha256sum.txt: https://app.example/evidences/sha256sum.txt, when the step before gave something",
            "file named by sha256sum.txt: https://app.example/evidences/<name>, 32 times at most, when the step before \
         gave something",
        ]
    );
    assert_eq!(
        lines("ra-tls://app.example:8443", &Options::default()),
        ["RA-TLS handshake: tls://app.example:8443, 4 times at most"]
    );
    let passthrough = lines(&format!("{ID}-5003s.apps.example:7777"), &Options::default());
    assert_eq!(
        passthrough[0],
        format!("RA-TLS handshake: tls://{ID}-5003s.apps.example:7777, 4 times at most")
    );
    let instance = lines(&format!("instance:{ID}@prod5"), &Options::default());
    assert!(instance.iter().all(|step| !step.contains("times at most") && !step.contains("cloud-api")));
}

#[test]
fn the_gateways_pages_can_be_elsewhere() {
    let at = |host: &str| Options { gateway_host: Some(host.into()), ..Options::default() };
    let steps = lines(&format!("{ID}.apps.example"), &at("rpc.apps.example:9204"));
    assert!(steps[3].ends_with("https://rpc.apps.example:9204/.dstack/app-info"), "{}", steps[3]);
    for bad in ["a.example/x", "u@a.example", "a.example:x", "127.0.0.1", ""] {
        let target = Target::parse(&format!("{ID}.apps.example"), None, None).unwrap();
        assert!(matches!(Plan::new(target, &at(bad)), Err(PlanError::GatewayHost { .. })), "{bad}");
    }
}
