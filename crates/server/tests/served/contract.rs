//! The description of the interface is what is served: each path, each method, each shape.

use crate::client::{Answer, Server};
use crate::started;
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(veritee_server::OPENAPI).unwrap()
}

/// The schema under this name, with those that it refers to.
fn validator(name: &str) -> jsonschema::Validator {
    let text = document()["components"].to_string().replace("#/components/schemas/", "#/schemas/");
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["$ref"] = format!("#/schemas/{name}").into();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn is_of(name: &str, value: &Value) {
    let errors: Vec<String> = validator(name).iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}\n{value:#}");
}

fn ask(server: &Server, method: &str, path: &str) -> Answer {
    match method {
        "get" => server.get(path),
        _ => server.post(path, "", b"{}"),
    }
}

#[test]
fn every_path_that_is_described_is_served_with_a_status_that_is_described() {
    let server = started();
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 15);
    for (path, methods) in paths {
        let filled = path.replace("{word}", "known").replace("{name}", "report-v1.schema.json");
        let filled = if path == "/v1/collateral" { format!("{filled}?fmspc=b0c06f000000") } else { filled };
        for method in ["get", "post"] {
            let answer = ask(&server, method, &filled);
            let described = &methods[method];
            if described.is_null() {
                assert_eq!(answer.status, 405, "{method} {path}");
                is_of("Problem", &answer.json());
                continue;
            }
            assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
            assert!(answer.header("x-request-id").is_some(), "{path}");
            assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
            let kind = answer.header("content-type").unwrap();
            let kind = kind.split(';').next().unwrap();
            assert!(described["responses"]["200"]["content"][kind].is_object(), "{path} answers {kind}");
        }
    }
}

#[test]
fn problems_have_the_shape_that_is_described() {
    let server = started();
    for (status, answer) in [
        (400, server.post("/v1/verify?nonse=00", "", b"x")),
        (400, server.post("/v1/verify", "", b"refuse")),
        (400, server.post("/verify", "", b"no json")),
        (400, server.post("/v1/batch?x=1", "", b"x")),
        (400, server.get("/v1/collateral?fmspc=1")),
        (404, server.get("/v1/collateral?fmspc=b0c06f000000&ca=processor")),
        (404, server.get("/v1/explain/unknown")),
        (404, server.get("/v1/schemas/..%2f..%2fetc%2fpasswd")),
        (404, server.get("/v1/nothing")),
        (500, server.post("/v1/quote", "", b"internal")),
        (502, server.post("/v1/verify", "", b"upstream")),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        is_of("Problem", &answer.json());
    }
}

#[test]
fn the_answer_of_dstack_verifier_has_its_members_in_their_order_and_ours_under_one() {
    let server = started();
    for kind in
        ["", "Content-Type: application/json\r\n", "Content-Type: text/plain\r\n", "Content-Type: x\r\n"]
    {
        let answer = server.post("/verify", kind, br#"{"quote":null,"event_log":null,"more":[1]}"#);
        assert_eq!(answer.status, 200, "{kind}");
        is_of("Answer", &answer.json());
        let order = [
            "{\"is_valid\":true,\"details\":{\"quote_verified\":true,\"event_log_verified\":true,",
            "\"os_image_hash_verified\":true,\"acpi_tables_verified\":true,\"os_image_is_dev\":false,",
            "\"os_image_version\":null,\"tee_variant\":\"dstack-tdx\",\"report_data\":\"",
        ];
        assert!(answer.body.starts_with(&order.concat()), "{}", answer.body);
        let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(members.len(), 4, "{members:?}");
    }
    let none = server.post("/verify", "", br#"{"quote":"refuse"}"#);
    assert_eq!(none.status, 200);
    let value = none.json();
    is_of("Answer", &value);
    assert_eq!(value["is_valid"], false);
    assert_eq!(value["reason"], "Internal error: no evidence");
    assert_eq!(
        value["details"],
        json!({
            "quote_verified": false, "event_log_verified": false, "os_image_hash_verified": false,
            "acpi_tables_verified": false, "os_image_is_dev": null, "os_image_version": null, "tee_variant": null,
            "report_data": null, "tcb_status": null, "advisory_ids": [], "key_provider": null, "app_info": null
        })
    );
    assert!(value.get("veritee").is_none());
    let health = server.get("/health");
    assert_eq!(health.body, r#"{"status":"ok","service":"dstack-verifier"}"#);
}

#[test]
fn reports_come_in_every_form_and_pages_bring_a_policy_that_lets_nothing_in() {
    let server = started();
    for (form, kind, mark) in [
        ("json", "application/json", "veritee/report/v1"),
        ("html", "text/html", "<!"),
        ("markdown", "text/markdown", "#"),
        ("sarif", "application/sarif+json", "2.1.0"),
        ("human", "text/plain", "veritee"),
    ] {
        for path in ["/v1/verify", "/v1/quote", "/v1/audit"] {
            let answer = server.post(&format!("{path}?format={form}"), "", b"evidence");
            assert_eq!(answer.status, 200);
            assert!(answer.header("content-type").unwrap().starts_with(kind), "{form}");
            assert!(answer.body.contains(mark), "{form}");
            if form == "html" {
                let policy = answer.header("content-security-policy").unwrap();
                assert!(
                    policy.starts_with("default-src 'none'") && !policy.contains("script-src"),
                    "{policy}"
                );
            }
        }
    }
    assert!(server.get("/").header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}

#[test]
fn counters_are_in_the_text_form_of_prometheus() {
    let server = started();
    server.serves();
    let text = server.get("/metrics").body;
    for line in text.lines() {
        let ok = line.starts_with("# HELP veritee_")
            || line.starts_with("# TYPE veritee_")
            || line
                .rsplit_once(' ')
                .is_some_and(|(name, value)| name.starts_with("veritee_") && value.parse::<f64>().is_ok());
        assert!(ok, "{line}");
    }
    assert!(text.contains("veritee_verdicts_total{outcome=\"verified\"} 1"), "{text}");
}
