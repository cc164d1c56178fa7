//! Protects secrets from standing in a document that everybody can read.

use crate::facts::address::{self, Inside};
use crate::facts::stores::opens_only_inside;
use crate::facts::switches;
use crate::field::{Field, HOLE};
use crate::item::Item;
use crate::known_keys::{self, KnownSecret, has_vendor_key, is_public_fingerprint, names_credential};
use crate::names::{NameClass, classify};
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{EnvironmentEntry, Service};
use veritee_compose::url::urls;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-015",
    title: "a secret is written into the public document",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "derive it inside the machine",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for entry in &service.environment {
            let other = names_account(service, entry.name) || names_setting(service, entry.name);
            if let Some(what) = literal_secret(entry).filter(|_| !other) {
                let evidence = format!("{} environment.{}: {what}", service.name, entry.name);
                let note = Note::fail(&entry.value.place, evidence).about(entry.name);
                let inside = opens_only_inside(view, service, entry.name);
                sink.add(if inside { note.severity(Severity::Low) } else { note });
            }
        }
    }
    let environment = view.active().flat_map(|service| service.environment.iter().map(|entry| &entry.value));
    let rest = view.active().flat_map(|service| {
        service.fields.iter().filter(|(path, _)| !path.starts_with("environment")).map(|(_, value)| value)
    });
    let services = &Inside::of(view);
    for value in environment.chain(rest).chain(view.globals.iter().map(|(_, value)| value)) {
        let text = value.effective();
        if let Some((link, inside)) = password_in_address(value, services) {
            let severity = if inside { Severity::Low } else { Severity::High };
            let evidence = format!("a literal password in an address of {link}");
            sink.add(Note::fail(&value.place, evidence).severity(severity).about("a password in an address"));
        }
        if let Some((_, secret)) = known_keys::find(&text).first() {
            let severity =
                if *secret == KnownSecret::PemPrivateKey { Severity::High } else { Severity::Critical };
            sink.add(Note::fail(&value.place, secret.describe()).severity(severity).about(secret.describe()));
        }
        if has_vendor_key(&text) {
            sink.add(Note::fail(&value.place, "a key in a vendor's form").about("a vendor's key"));
        }
    }
}

/// The host of an address that names user and password literally, and whether it is one of the document's own services.
fn password_in_address(value: &Field<'_>, services: &Inside<'_>) -> Option<(String, bool)> {
    let found = urls(value).into_iter().find(|url| {
        let password = url.authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
        // What somebody else gives, or a sample in pointed brackets, stands not in the document.
        password.is_some_and(|(_, password)| {
            !password.is_empty() && !password.contains(['$', '<', '{', '*', HOLE])
        }) && !url.is_destination_chosen()
    })?;
    let host = address::of(value, false).into_iter().find(|link| url_host(&found.authority) == link.host);
    let inside = host.as_ref().is_some_and(|link| link.is_internal(services));
    Some((url_host(&found.authority), inside))
}

fn url_host(authority: &str) -> String {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split(':').next().unwrap_or(host).to_ascii_lowercase()
}

/// `X_ACCESS_KEY` beside `X_SECRET`: of such a pair the first is the name of the account. Alone it may be the secret.
fn names_account(service: &Service<'_>, name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let Some(stem) = upper.strip_suffix("ACCESS_KEY").filter(|stem| !stem.ends_with("SECRET_")) else {
        return false;
    };
    ["SECRET", "SECRET_KEY", "ACCESS_SECRET", "SECRET_ACCESS_KEY"].iter().any(|half| {
        service.environment.iter().any(|entry| entry.name.to_ascii_uppercase() == format!("{stem}{half}"))
    })
}

/// `X_KEY_0` beside `X_VALUE_0`: a key is the name of a setting there.
fn names_setting(service: &Service<'_>, name: &str) -> bool {
    let Some((stem, number)) = name.split_once("_KEY_") else { return false };
    number.bytes().all(|byte| byte.is_ascii_digit())
        && service.variable(&format!("{stem}_VALUE_{number}")).is_some()
}

/// A number of rounds, a seed of draws that is a short number, a switch: nothing that opens anything.
fn is_number_or_switch(name: &str, text: &str) -> bool {
    let switch = switches::is_on(&text.to_ascii_lowercase()) || switches::is_off(&text.to_ascii_lowercase());
    let word = switch && !text.bytes().all(|byte| byte.is_ascii_digit());
    let drawn = ["SEED", "ROUNDS", "ENTROPY"].iter().any(|tail| name.ends_with(tail));
    word || drawn && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `ALLOW_EMPTY_PASSWORD=no` says whether, not what.
fn is_switch(name: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let asks = ["ALLOW", "ENABLE", "REQUIRE", "USE_", "DISABLE"].iter().any(|word| name.contains(word));
    asks && (switches::is_on(&text) || switches::is_off(&text))
}

/// A literal value under a secret's name. Its length is told, not its text.
fn literal_secret(entry: &EnvironmentEntry<'_>) -> Option<String> {
    let class = classify(entry.name);
    let secret = matches!(
        class,
        NameClass::IdentityKey | NameClass::AdminCredential | NameClass::ThirdPartyCredential
    );
    // A path or a URL is no secret, nor is an account's name.
    let text = entry.value.fixed().filter(|_| secret && !entry.bare)?;
    let name = entry.name.to_ascii_uppercase();
    // A passphrase of a network, an issuer of tokens: constants that are meant to be public.
    let public = class == NameClass::ThirdPartyCredential
        && (name.ends_with("NETWORK_PASSPHRASE") || !names_credential(&name));
    let harmless = public
        || text.is_empty()
        || is_number_or_switch(&name, &text)
        || text.starts_with(['/', '.'])
        || text.contains("://")
        || is_switch(&name, &text)
        || is_public_fingerprint(&name, &text)
        || name.ends_with("USERS") && !text.contains(':')
        || ["FILE", "PATH", "USER", "USERNAME", "LOGIN", "NAME"].iter().any(|tail| name.ends_with(tail));
    (!harmless).then(|| format!("a literal of {} characters", text.chars().count()))
}
