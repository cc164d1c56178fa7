//! Protects against a single company that can read, change or switch off what users rely on.

use crate::item::Item;
use crate::rule::{Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-CEN-001",
    title: "depends on a central service",
    severity: Severity::Medium,
    needs: &[],
    remedy: "say for each whether it can break integrity or privacy, or only availability",
    answers: &[Item::E6.tells(), Item::M6.tells()],
    check,
    ..Rule::PLAIN
};

/// Services that one company can read, change or switch off.
const SERVICES: &[&str] = &[
    "firebase",
    "supabase",
    "vercel",
    "cloudflare",
    "openai",
    "anthropic",
    "gemini",
    "stripe",
    "discord",
    "telegram",
    "twilio",
    "sendgrid",
    "resend",
    "mailgun",
    "auth0",
    "clerk",
    "okta",
    "alchemy",
    "infura",
    "quicknode",
    "datadog",
    "sentry",
    "posthog",
    "segment",
    "amplitude",
    "mixpanel",
    "mongodb.net",
    "upstash",
    "neon.tech",
    "planetscale",
    "pinecone",
    "slack",
    "huggingface",
    "amazonaws",
    "azure",
    "googleapis",
];

/// Where a name stands whole, or as a part of a package's name: `alchemy-sdk`, not `sqlalchemy`.
fn whole_name(text: &str, name: &str) -> Option<usize> {
    let is_word = |character: char| character.is_ascii_alphanumeric();
    let found = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(name.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    });
    found.map(|(at, _)| at)
}

/// Programs that serve models themselves, and have in their image's name whose protocol they speak.
const OWN_SERVERS: &[&str] = &["vllm", "sglang", "llama", "ollama", "localai", "tgi"];

/// `vllm/vllm-openai`: an image's name alone. A variable (`NAME=value`) names what is used.
fn names_own_server(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or(text);
    !text.contains('=')
        && name
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|word| OWN_SERVERS.contains(&word))
}

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let mut found: BTreeMap<&str, Place> = BTreeMap::new();
    for (text, place) in subject.dependency_texts() {
        let lower = text.to_ascii_lowercase();
        let speaks_only = names_own_server(&lower);
        for service in SERVICES.iter().filter(|service| lower.contains(**service)) {
            if speaks_only && *service == "openai" {
                continue;
            }
            found.entry(service).or_insert_with(|| place.clone());
        }
    }
    if let Some(source) = &subject.source {
        for file in source.live(&[FileKind::Manifest]) {
            let lower = file.text.to_ascii_lowercase();
            for service in SERVICES {
                if let Some(at) = whole_name(&lower, service) {
                    found.entry(service).or_insert_with(|| file.place(at));
                }
            }
        }
    }
    for (service, place) in found {
        sink.add(Note::manual(&place, service).about(service));
    }
}
