//! Writes evidences of forged machines, each with an app_compose of its own, one a line: `fleet COUNT ROOT.der > LINES`.
//! For `benches/fleet.py`; under a root that nobody but a test trusts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use veritee_model::evidence::{EventLogFormat, EventLogItem};
use veritee_model::{Evidence, Item};
use veritee_testkit::dstack::Machine;

/// An app_compose of the usual size: four services, 32 variables, a script of 60 lines.
fn compose(number: usize) -> String {
    let (mut text, mut allowed) = (String::from("services:\n"), Vec::new());
    for service in 0..4 {
        let digest = format!("{:064x}", number * 7 + service);
        text.push_str(&format!("  service-{service}:\n    image: example/app-{number}-{service}@sha256:{digest}\n    environment:\n"));
        for variable in 0..8 {
            let name = format!("S{service}_API_{variable}_URL");
            text.push_str(&format!(
                "      - {name}=${{{name}:-https://api{number}.example.com/{variable}}}\n"
            ));
            allowed.push(name);
        }
        text.push_str("    volumes:\n      - /var/run/dstack.sock:/var/run/dstack.sock\n      - data:/data\n    restart: unless-stopped\n");
    }
    text.push_str("volumes:\n  data:\n");
    let mut script = String::from("#!/bin/bash\nset -e\n");
    for line in 0..20 {
        script.push_str(&format!(
            "if [[ -n \"$VARIABLE_{line}\" ]]; then\n  echo \"step {number} {line}\"\nfi\n"
        ));
    }
    serde_json::json!({
        "manifest_version": 2, "name": format!("app-{number}"), "runner": "docker-compose", "docker_compose_file": text,
        "kms_enabled": true, "gateway_enabled": true, "allowed_envs": allowed, "pre_launch_script": script,
    })
    .to_string()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().expect("how many").parse().expect("a number");
    let root = arguments.next().expect("a file for the root");
    for number in 0..count {
        let forged = Machine::new(1).app_compose(&compose(number)).forge();
        if number == 0 {
            std::fs::write(&root, &forged.platform.root_der).unwrap();
        }
        let item = |bytes: &[u8], name: &str| Item::new(bytes.to_vec(), name.to_owned());
        let log = item(forged.event_log_json().as_bytes(), "event_log");
        let evidence = Evidence {
            quote: Some(item(&forged.platform.quote, "quote")),
            event_log: Some(EventLogItem { item: log, format: EventLogFormat::DstackJson }),
            app_compose: Some(item(&forged.app_compose, "app_compose")),
            vm_config: Some(item(forged.vm_config.as_bytes(), "vm_config")),
            certificates: Some(item(forged.ra_tls_pem.as_bytes(), "certificates")),
            collateral: vec![item(forged.platform.collateral_json().as_bytes(), "collateral")],
            ..Evidence::default()
        };
        let text = veritee_evidence::to_json(&evidence, "0");
        println!("{}", serde_json::from_str::<serde_json::Value>(&text).unwrap());
    }
}
