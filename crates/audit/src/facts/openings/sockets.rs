//! A socket of the guest that is joined with a connection: whoever connects asks the guest for keys and quotes.

use super::{Asked, Found, Kind};
use crate::facts::settings;
use crate::facts::words::names_code;
use crate::pattern::pattern;
use crate::script::Command;
use crate::view::Service;
use veritee_model::Severity;

const WHY: &str = "a socket of the guest joined with a connection";

/// Names of the guest's sockets.
const SOCKETS: &[&str] = &["dstack.sock", "tappd.sock", "docker.sock", "containerd.sock", "podman.sock"];

/// Words of a name that says that the program itself asks the guest.
#[rustfmt::skip]
const ASKS_ITSELF: &[&str] = &[
    "DSTACK", "TAPPD", "GUEST", "AGENT", "QUOTE", "QUOTES", "ATTESTATION", "ATTEST", "KMS", "ENDPOINT", "SOCKET",
    "SOCK", "DOCKER", "PODMAN", "SIMULATOR", "TEE", "TDX", "VOLUME", "VOLUMES", "MOUNT", "MOUNTS", "BIND", "BINDS",
    "ENV", "ENVIRONMENT", "EXPORT",
];

/// Words of an option that says where what comes in goes.
#[rustfmt::skip]
const PASSES: &[&str] = &[
    "TARGET", "UPSTREAM", "BACKEND", "CONNECT", "FORWARD", "TO", "REMOTE", "DEST", "DESTINATION", "DST", "ORIGIN",
    "PROXY",
];

fn names_socket(text: &str) -> bool {
    SOCKETS.iter().any(|name| text.contains(name))
}

pattern!(
    RELAYS,
    r"(?i)\.pipe\(|\bpipe\(|copyfileobj|io\.copy|copy_bidirectional|\bgather\(|\bPATH_INFO\b|\bREQUEST_URI\b|\$_SERVER\b|\$_(?:GET|POST|REQUEST)\b|php://input|\breq(?:uest)?\.(?:url|uri|path|raw_path|full_path|body|method)\b|\br\.(?:url|method|body)\b|ngx\.var\.|ngx\.req\.|->accept\b|\baccept\(|\bsplice\(",
    [
        "pipe(",
        "copyfileobj",
        "io.copy",
        "copy_bidirectional",
        "gather(",
        "path_info",
        "request_uri",
        "$_",
        "php://input",
        "req.",
        "request.",
        "r.url",
        "r.method",
        "r.body",
        "ngx.",
        "accept",
        "splice("
    ]
);

/// In a configuration text: a statement that names the socket and is not about asking the guest; in a program, where what
/// comes in is passed on.
pub(super) fn text(asked: &Asked<'_, '_>, path: &str, text: &str) -> Option<(Found, String)> {
    if !names_socket(text) {
        return None;
    }
    let line = text.lines().find(|line| names_socket(line)).unwrap_or("").trim().to_owned();
    let found = (Kind::Door, Severity::High, WHY);
    let program = text.starts_with("#!")
        || text.contains("<?php")
        || target(asked.service, path).is_some_and(|t| names_code(&t));
    if program {
        return RELAYS.is_match(text).then_some((found, line));
    }
    let passes = settings::of_text(text).into_iter().find(|setting| {
        let named = setting.own().iter().any(|word| ASKS_ITSELF.contains(&word.as_str()));
        let whole = format!("{} {}", setting.name, setting.value);
        // Of docker's socket many programs ask for themselves, under any name.
        let guests = whole.contains("dstack.sock") || whole.contains("tappd.sock");
        let sends = setting
            .own()
            .iter()
            .any(|word| PASSES.contains(&word.as_str()) || matches!(word.as_str(), "SERVER" | "PASS"));
        names_socket(&whole)
            && !named
            && (sends || guests && (!whole.trim().starts_with('/') || setting.context.contains("pipe")))
    })?;
    Some((found, passes.shown))
}

fn target(service: &Service<'_>, path: &str) -> Option<String> {
    let name = path.strip_prefix("configs.")?.rsplit_once('.').map(|(name, _)| name)?;
    let mut sources =
        service.below("configs").filter(|(key, value)| key.ends_with(".source") && value.effective() == name);
    sources.find_map(|(key, _)| {
        let entry = key.strip_suffix(".source")?;
        service.scalar(&format!("{entry}.target")).map(|target| target.effective())
    })
}

/// A command that passes what comes in on to the socket: an option says so, or the text of a program does.
pub(super) fn command(command: &Command) -> Option<Found> {
    if !command.words.iter().any(|word| names_socket(word)) {
        return None;
    }
    let found = (Kind::Door, Severity::High, WHY);
    let option = settings::of_words(&command.words).into_iter().any(|setting| {
        let passes = setting.own().last().is_some_and(|word| PASSES.contains(&word.as_str()));
        passes && names_socket(&setting.value)
    });
    let written = command.words.iter().any(|word| {
        word.contains(['(', '\n', '>'])
            && names_socket(word)
            && (RELAYS.is_match(word) || word.contains("serve(") || word.contains("start_server"))
    });
    (option || written).then_some(found)
}
