//! What each option asks of a verdict. An option that asks a question demands its answer: where the evidence has none, the
//! verdict is incomplete and names the check, as if the policy required it.

use crate::cli::Verify;
use veritee_model::CheckId;

/// What an option is to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stated {
    /// It asks these checks: not made, they leave the verdict incomplete.
    Asks(&'static [CheckId]),
    /// It brings what checks of the verdict read. What cannot be read is an error; what is asked by it is asked anyway.
    Supplies,
    /// It sets rules: policy, time, root, place of the store, services.
    Rules,
    /// It chooses what is judged, or how it is shown and kept.
    Shows,
}

use Stated::{Asks, Rules, Shows, Supplies};

/// Every option and operand of `verify`, `quote verify`, `batch` and `trace`.
pub(crate) const OPTIONS: &[(&str, Stated)] = &[
    ("nonce", Asks(&[CheckId::BindingNonce])),
    ("report_data", Asks(&[CheckId::BindingNonce])),
    ("gpu_nonce", Asks(&[CheckId::GpuNonce])),
    ("registry", Asks(&[CheckId::GovernanceRegistry])),
    ("block", Asks(&[CheckId::GovernanceChain])),
    ("l1_block", Asks(&[CheckId::GovernanceChain])),
    ("certificate", Asks(&[CheckId::BindingRaTls])),
    ("ingress", Asks(&[CheckId::BindingIngress])),
    ("kms", Asks(&[CheckId::LinkKmsMachine])),
    ("kms_keys", Asks(&[CheckId::LinkKmsKey])),
    ("gateway", Asks(&[CheckId::LinkGatewayMachine])),
    ("gpus", Asks(&[CheckId::GpuEvidence])),
    ("image", Asks(&[CheckId::OsImage])),
    ("chain", Asks(&[CheckId::GovernanceChain])),
    ("input", Supplies),
    ("file", Supplies),
    ("path", Supplies),
    ("paths", Supplies),
    ("quote", Supplies),
    ("app_compose", Supplies),
    ("event_log", Supplies),
    ("vm_config", Supplies),
    ("mr_config", Supplies),
    ("collateral", Supplies),
    ("gpu_collateral", Supplies),
    ("container_image", Supplies),
    ("source", Supplies),
    ("review", Supplies),
    ("commit", Supplies),
    ("bundle", Supplies),
    ("rebuilt", Supplies),
    ("key", Supplies),
    ("trusted_root", Supplies),
    ("allow_signer", Supplies),
    ("os_image", Supplies),
    ("platform", Rules),
    ("policy", Rules),
    ("store", Rules),
    ("pccs", Rules),
    ("pccs_version", Rules),
    ("evaluation", Rules),
    ("tls_roots", Rules),
    ("allow_local", Rules),
    ("jobs", Shows),
    ("resume", Shows),
    ("recipe", Shows),
    ("show", Shows),
    ("as_of", Rules),
    ("offline", Rules),
    ("engine", Rules),
    ("fail_on", Rules),
    ("root", Rules),
    ("all", Shows),
    ("select", Shows),
    ("save_evidence", Shows),
];

/// The checks that this command line asks for.
pub(crate) fn asked(options: &Verify) -> Vec<CheckId> {
    let parts = &options.parts;
    let given = [
        ("nonce", options.nonce.is_some()),
        ("report_data", options.report_data.is_some()),
        ("gpu_nonce", options.gpu_nonce.is_some()),
        ("registry", options.registry.is_some()),
        ("block", options.block.is_some()),
        ("l1_block", options.l1_block.is_some()),
        ("certificate", parts.certificate.is_some()),
        ("ingress", parts.ingress.is_some()),
        ("kms", parts.kms.is_some()),
        ("kms_keys", parts.kms_keys.is_some()),
        ("gateway", parts.gateway.is_some()),
        ("gpus", parts.gpus.is_some()),
        ("chain", parts.chain.is_some()),
        ("image", options.image.is_some()),
    ];
    let named = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
    let mut checks: Vec<CheckId> = named.flat_map(of_option).copied().collect();
    checks.sort_unstable();
    checks.dedup();
    checks
}

fn of_option(name: &str) -> &'static [CheckId] {
    let stated = OPTIONS.iter().find(|(option, _)| *option == name);
    stated.map_or(&[], |(_, stated)| if let Asks(checks) = stated { checks } else { &[] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn options_of(path: &[&str]) -> Vec<String> {
        let mut command = crate::cli::Arguments::command();
        for name in path {
            command = command.find_subcommand(name).unwrap().clone();
        }
        command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
    }

    #[test]
    fn every_option_of_a_command_that_judges_says_what_it_is_to_the_verdict() {
        let mut unknown = Vec::new();
        for path in [&["verify"][..], &["quote", "verify"], &["batch"], &["trace"]] {
            for option in options_of(path) {
                if !OPTIONS.iter().any(|(name, _)| *name == option) {
                    unknown.push(format!("{}: {option}", path.join(" ")));
                }
            }
        }
        assert!(unknown.is_empty(), "state in asked.rs what these are: {unknown:#?}");
    }

    #[test]
    fn every_option_that_asks_is_read() {
        use clap::Parser as _;
        let own = options_of(&["verify"]);
        for (name, stated) in OPTIONS {
            let Asks(checks) = stated else { continue };
            assert!(own.iter().any(|option| option == name), "{name} is no option of verify");
            let value = match *name {
                "nonce" | "gpu_nonce" => "07".repeat(32),
                "report_data" => "07".repeat(64),
                "registry" => format!("8453:0x{}", "11".repeat(20)),
                "block" | "l1_block" => format!("0x{}", "11".repeat(32)),
                "kms_keys" => continue,
                _ => "x".to_owned(),
            };
            let option = format!("--{}", name.replace('_', "-"));
            let cli =
                crate::cli::Arguments::try_parse_from(["veritee", "verify", "e", &option, &value]).unwrap();
            let crate::cli::Command::Verify(options) = cli.command else { panic!("{name}") };
            assert_eq!(asked(&options), *checks, "{name}");
        }
    }
}
