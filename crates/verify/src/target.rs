//! `identity.target` and `identity.replicas`: the measured application beside what was asked for and beside what the
//! other machines say of themselves.
//!
//! What was asked for is a record of whoever fetched. The other machines' values are their own unverified claims: a
//! difference is worth a refusal, agreement proves nothing about them.

use crate::run::Run;
use veritee_eventlog::AppIdentity;
use veritee_model::evidence::{Replica, Target};
use veritee_model::report::QuoteFacts;
use veritee_model::text::{inert, shortened};
use veritee_model::{Check, CheckId, Reason};

pub(crate) fn check(run: &mut Run<'_>, identity: Option<&AppIdentity>) {
    let Some(identity) = identity else { return };
    let evidence = run.request.evidence;
    run.record(target(evidence.target.as_ref(), identity));
    run.record(replicas(&evidence.replicas, identity, run.quote.as_ref()));
}

fn target(target: Option<&Target>, identity: &AppIdentity) -> Check {
    let id = CheckId::IdentityTarget;
    let Some(target) = target else {
        return Check::not_checked(id, Reason::BindingNotGiven, "nothing tells what was asked for");
    };
    let measured = [
        ("app id", &target.app_id, identity.app_id().to_string()),
        (
            "instance id",
            &target.instance_id,
            identity.instance_id().map_or_else(String::new, |id| id.to_string()),
        ),
    ];
    let mut named =
        measured.into_iter().filter_map(|(name, wanted, got)| Some((name, wanted.as_ref()?, got)));
    let Some((name, wanted, got)) = named.next() else {
        let detail = format!("{} names no app id", quoted(&target.asked));
        return Check::not_checked(id, Reason::BindingNotGiven, detail)
            .next("name the app id that you expect under [expect] in the policy");
    };
    // Whoever asks by both is answered by both.
    let (name, wanted, got) = match named.next() {
        Some(second) if got == *wanted => second,
        _ => (name, wanted, got),
    };
    if got == *wanted {
        let detail = format!("the measured {name} is the one that {} names", quoted(&target.asked));
        return Check::pass(id, detail);
    }
    Check::fail(id, Reason::TargetOtherApp, format!("{} was asked for, another {name} answered", quoted(&target.asked)))
        .compared(quoted(wanted), got)
        .next("the machine may be genuine, but it is not the one that you asked for: do not trust whoever led there")
}

/// What a replica has to share with the judged machine.
const SHARED: [&str; 2] = ["app_id", "compose_hash"];

fn replicas(replicas: &[Replica], identity: &AppIdentity, quote: Option<&QuoteFacts>) -> Check {
    let id = CheckId::IdentityReplicas;
    if replicas.is_empty() {
        return Check::not_checked(id, Reason::BindingNotGiven, "no other machine was seen");
    }
    let measured = [identity.app_id().to_string(), identity.compose_hash().to_string()];
    let claimed =
        |replica: &Replica, name: &str| replica.values.get(name).map(|value| value.to_ascii_lowercase());
    for replica in replicas {
        for (name, measured) in SHARED.iter().zip(&measured) {
            let Some(claimed) = claimed(replica, name).filter(|claimed| claimed != measured) else {
                continue;
            };
            let detail =
                format!("{} claims another {name} than the one measured here", quoted(&replica.label));
            return Check::fail(id, Reason::ReplicasDisagree, detail)
                .compared(measured, shortened(&claimed, 256))
                .at(shortened(&replica.label, 256))
                .next("users reach either machine: judge each one, or ask which of them is meant to run");
        }
    }
    let silent = replicas.iter().find_map(|replica| {
        let name = SHARED.iter().find(|name| !replica.values.contains_key(**name))?;
        Some(format!("{} does not say its {name}", quoted(&replica.label)))
    });
    if let Some(detail) = silent {
        return Check::not_checked(id, Reason::BindingNotGiven, detail)
            .next("fetch that machine's own evidence");
    }
    let count = replicas.len();
    let mut detail =
        format!("{count} other machines claim the same app id and compose hash; nothing proves their word");
    let differing = differing(replicas, quote);
    if !differing.is_empty() {
        detail = format!("{detail}; differ from this machine in {}", differing.join(", "));
    }
    Check::pass(id, detail)
}

/// Registers of the operating system that some replica claims otherwise, each once: virtual hardware may differ.
fn differing(replicas: &[Replica], quote: Option<&QuoteFacts>) -> Vec<&'static str> {
    let Some(quote) = quote else { return Vec::new() };
    let registers = [
        ("mrtd", quote.mrtd.to_string()),
        ("rtmr0", quote.rtmr0.to_string()),
        ("rtmr1", quote.rtmr1.to_string()),
        ("rtmr2", quote.rtmr2.to_string()),
    ];
    let differs = |name: &str, measured: &str| {
        let mut claims = replicas.iter().filter_map(|replica| replica.values.get(name));
        claims.any(|claimed| !claimed.eq_ignore_ascii_case(measured))
    };
    registers.iter().filter(|(name, measured)| differs(name, measured)).map(|(name, _)| *name).collect()
}

fn quoted(text: &str) -> String {
    format!("`{}`", inert(&shortened(text, 128)))
}
