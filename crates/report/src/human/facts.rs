//! The values that a reader compares: application, platform, and with `-v` the quote, the inputs and the events.

use super::{NAMES, Page, Style, documents_alone};
use crate::summary;
use veritee_model::report::{IdentityFacts, QuoteFacts, TcbFacts};
use veritee_model::{Report, TcbStatus};

/// Of what stands beside no quote, or beside one that names no application.
const CLAIMED: &str = "CLAIMED, NOT VERIFIED";

impl Page {
    pub(super) fn facts(&mut self, report: &Report) {
        if !documents_alone(report) || self.verbose > 0 {
            self.screen.blank();
        }
        if let Some(identity) = &report.identity {
            self.identity(identity);
        }
        if let Some(enclave) = &report.enclave {
            self.fact("MRENCLAVE", &enclave.mr_enclave.to_string());
            self.fact("MRSIGNER", &enclave.mr_signer.to_string());
            let debug = if enclave.debug { "; in debug mode: its host can read it" } else { "" };
            self.fact(
                "enclave",
                &format!("product {}, version {}{debug}", enclave.isv_prod_id, enclave.isv_svn),
            );
        }
        if let Some(tcb) = &report.tcb {
            self.tcb(tcb, report.enclave.is_none());
        }
        if let Some(root) = &report.root {
            let whose = if root.intel { "Intel's" } else { "NOT INTEL'S" };
            let digest = self.shorten.text(&root.spki_sha256.to_string());
            let reached =
                if summary::reached_root(report) { "" } else { "; no quote was shown to hang from it" };
            self.fact("trust root", &format!("{whose}: {} (key sha256 {digest}){reached}", root.name));
        } else if !documents_alone(report) {
            self.fact("trust root", "none was reached");
        }
        if !report.claimed.is_empty() {
            self.heading(CLAIMED);
            for claim in &report.claimed {
                // These two are what a reader compares with what was promised.
                let whole = matches!(claim.name.as_str(), "app_id" | "compose_hash");
                let value = if whole { claim.value.clone() } else { self.shorten.text(&claim.value) };
                self.screen.labelled(2, NAMES, (Style::Plain, &claim.name), &value);
            }
        }
        if self.verbose > 0 {
            if let Some(quote) = &report.quote {
                self.quote(quote);
            }
            self.inputs(report);
        }
        if self.verbose > 1 {
            self.events(report);
        }
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.screen.labelled(0, NAMES, (Style::Plain, name), value);
    }

    /// Application id and compose hash are what a reader compares with what was promised: never shortened.
    fn identity(&mut self, identity: &IdentityFacts) {
        self.fact("app id", &identity.app_id.to_string());
        self.fact("compose hash", &identity.compose_hash.to_string());
        if let Some(provider) = &identity.key_provider {
            let said = match &identity.key_provider_id {
                Some(id) => format!("{provider} ({})", self.shorten.text(id)),
                None => provider.clone(),
            };
            self.fact("key provider", &said);
        }
        if self.verbose == 0 {
            return;
        }
        if let Some(instance) = &identity.instance_id {
            self.fact("instance id", &instance.to_string());
        }
        if let Some(claimed) = &identity.os_image_hash_claimed {
            self.fact("os image", &format!("{claimed} (claimed by the KMS, not measured)"));
        }
        self.fact("mr aggregated", &identity.mr_aggregated.to_string());
    }

    /// An enclave rests on no TDX module.
    fn tcb(&mut self, tcb: &TcbFacts, td: bool) {
        let module = tcb.module.map_or("not listed by version", TcbStatus::name);
        let module = if td { format!("TDX module {module}, ") } else { String::new() };
        self.fact(
            "TCB",
            &format!(
                "{} (platform {}, {module}QE {}); level of {}, evaluation {}, FMSPC {}",
                tcb.status, tcb.platform, tcb.qe, tcb.date, tcb.evaluation_number, tcb.fmspc
            ),
        );
        let advisories =
            if tcb.advisories.is_empty() { "none".to_owned() } else { tcb.advisories.join(", ") };
        self.fact("advisories", &advisories);
        self.fact(
            "collateral",
            &format!("issued {}, expires {}", tcb.collateral_issued, tcb.collateral_expires),
        );
        for item in &tcb.decided_by {
            self.fact("decided by", item);
        }
        if self.verbose > 0 {
            self.fact("ppid sha256", &tcb.ppid_sha256.to_string());
            for shortfall in &tcb.shortfalls {
                self.fact("short of", shortfall);
            }
        }
    }

    fn quote(&mut self, quote: &QuoteFacts) {
        self.screen.blank();
        self.screen.text(0, Style::Strong, "QUOTE");
        self.fact("version", &format!("{} ({})", quote.version, quote.tee));
        for (name, value) in quote_fields(quote) {
            self.fact(name, &value);
        }
    }

    fn inputs(&mut self, report: &Report) {
        self.screen.blank();
        self.screen.text(0, Style::Strong, "INPUTS");
        for input in &report.inputs {
            self.screen.text(
                2,
                Style::Plain,
                &format!("{} ({} bytes) from {}", input.name, input.bytes, input.source),
            );
            self.screen.text(4, Style::Plain, &format!("sha256 {}", input.sha256));
        }
    }

    fn events(&mut self, report: &Report) {
        self.screen.blank();
        self.screen.text(0, Style::Strong, "RUN-TIME EVENTS");
        for event in &report.events {
            let note =
                if event.after_system_ready { " [after system-ready: the application's own]" } else { "" };
            self.screen.text(2, Style::Plain, &format!("{} {}{note}", event.index, event.name));
            self.screen.labelled(4, NAMES, (Style::Plain, "payload"), &event.payload);
            self.screen.labelled(4, NAMES, (Style::Plain, "digest"), &event.digest.to_string());
            self.screen.labelled(4, NAMES, (Style::Plain, "rtmr3 then"), &event.rtmr3.to_string());
        }
    }
}

/// The quote's values in the order of Intel's structure, each with its name.
pub(crate) fn quote_fields(quote: &QuoteFacts) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("signed sha256", quote.signed_sha256.to_string()),
        ("tee_tcb_svn", quote.tee_tcb_svn.to_string()),
        ("mrseam", quote.mr_seam.to_string()),
        ("mrsignerseam", quote.mr_signer_seam.to_string()),
        ("td_attributes", quote.td_attributes.to_string()),
        ("xfam", quote.xfam.to_string()),
        ("mrtd", quote.mrtd.to_string()),
        ("mrconfigid", quote.mr_config_id.to_string()),
        ("mrowner", quote.mr_owner.to_string()),
        ("mrownerconfig", quote.mr_owner_config.to_string()),
        ("rtmr0", quote.rtmr0.to_string()),
        ("rtmr1", quote.rtmr1.to_string()),
        ("rtmr2", quote.rtmr2.to_string()),
        ("rtmr3", quote.rtmr3.to_string()),
        ("report_data", quote.report_data.to_string()),
    ];
    if let Some(value) = &quote.tee_tcb_svn_2 {
        fields.push(("tee_tcb_svn_2", value.to_string()));
    }
    if let Some(value) = &quote.mr_service_td {
        fields.push(("mrservicetd", value.to_string()));
    }
    fields
}
