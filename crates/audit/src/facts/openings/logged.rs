//! What users send, or by what they show who they are, in the log.

use super::{Found, Kind};
use crate::facts::settings::{Carrier, Setting, letters};
use crate::facts::switches;
use crate::pattern::pattern;
use veritee_model::Severity;

const WHY: &str = "what users send, or show who they are by, goes to the log";

pattern!(
    SHOWN,
    r"(?i)\$\{?(?:http_(?:authorization|cookie|x_api_key)|request_body|cookie_\w+|sent_http_set_cookie|resp_body)\b|%[<>]?\{(?:authorization|(?:set-)?cookie|x-api-key)\}|%(?:REQ|RESP)\((?:authorization|(?:set-)?cookie|x-api-key)|req\.(?:f?hdr|body|cook)\((?:authorization|cookie)|%\[req\.body|\{(?:http\.)?request\.(?:header\.(?:authorization|cookie)|body)",
    ["authorization", "cookie", "api_key", "api-key", "_body", ".body"]
);

/// Headers by which somebody shows who he is, and the body.
const SHOWS: &[&str] =
    &["authorization", "cookie", "set-cookie", "x-api-key", "proxy-authorization", "x-auth-token"];

/// Words of a name that speaks of a record of what happens.
#[rustfmt::skip]
const RECORDS: &[&str] = &[
    "LOG", "LOGS", "LOGGING", "ACCESSLOG", "CAPTURE", "CAPTURES", "RECORD", "TRACE", "LOGFORMAT", "CUSTOMLOG",
];

/// What users send, as words of a name.
#[rustfmt::skip]
const SENT: &[&str] = &[
    "BODY", "BODIES", "PAYLOAD", "PAYLOADS", "PROMPT", "PROMPTS", "CREDENTIALS", "COOKIES", "CONTENT", "CONTENTS",
    "MESSAGES", "CONVERSATIONS", "COMPLETIONS", "RAW", "HEADERS", "INPUTS", "OUTPUTS",
];

/// Levels at which what is sent is part of the log. Sources: the documentation of Go's net/http, Node's util.debuglog,
/// Apache HttpComponents' wire log, mitmproxy's options.
fn prints_traffic(setting: &Setting, value: &str) -> bool {
    let entries = || value.split([',', ' ']);
    let own = setting.own();
    let last = own.last().map_or("", String::as_str);
    let level = |text: &str| text.parse::<u8>().is_ok_and(|level| level >= 2);
    match setting.letters().as_str() {
        "HTTP2DEBUG" | "FLOWDETAIL" => level(value),
        "NODEDEBUG" => entries().any(|part| matches!(part, "http" | "http2" | "net" | "tls")),
        _ if last == "WIRE" => matches!(value, "debug" | "trace" | "all"),
        _ => setting.names(&["AUDIT"]) && last == "LEVEL" && value.contains("request"),
    }
}

pattern!(
    PRINTS,
    r"(?i)(?:ngx\.log|console\.\w+|print|println|error_log|logger?\.\w+|syslog)\([^\n]*(?:get_body_data|get_headers\(|\breq(?:uest)?\.(?:body|headers|json|get_json|data)\b|php://input|\$_POST|HTTP_AUTHORIZATION|\$http_authorization)",
    ["get_body_data", "get_headers(", "req.", "request.", "php://input", "$_post", "http_authorization"]
);

/// A program among the texts that prints what comes in.
pub(super) fn text(text: &str) -> Option<(Found, String)> {
    let hit = PRINTS.find(text)?;
    Some(((Kind::Log, Severity::Medium, WHY), hit.as_str().to_owned()))
}

pub(super) fn setting(setting: &Setting) -> Option<Found> {
    let value = setting.value.trim().to_ascii_lowercase();
    let found = Some((Kind::Log, Severity::Medium, WHY));
    let records = setting.has(RECORDS);
    // A format, or what of a request is kept.
    let format = records && (setting.names(RECORDS) || setting.names(&["FORMAT", "FIELDS", "TEMPLATE"]));
    if format && SHOWN.is_match(&setting.value) {
        return found;
    }
    let own = setting.own().first().map_or("", String::as_str);
    let captured = own == "CAPTURE" && value.starts_with("request header");
    if captured && value.split_whitespace().any(|word| SHOWS.contains(&word)) {
        return found;
    }
    let above = letters(&format!("{}{}", setting.context, setting.name));
    let headers = above.contains("ACCESSLOG") && setting.has(&["HEADERS", "NAMES"]);
    if headers && value == "keep" {
        let mode = setting.letters().ends_with("DEFAULTMODE");
        let named = SHOWS.iter().any(|shown| setting.name.to_ascii_lowercase().ends_with(shown));
        if mode || named {
            return found;
        }
    }
    // What stores write of every request. Sources: PostgreSQL, chapter 20.8; MySQL, "The General Query Log".
    let all = match letters(&setting.name).as_str() {
        "LOGSTATEMENT" => matches!(value.as_str(), "all" | "mod"),
        "LOGMINDURATIONSTATEMENT" => value == "0",
        "LOGPARAMETERMAXLENGTH" => value == "-1",
        "GENERALLOG" | "DUMPIOINPUT" | "DUMPIOOUTPUT" => switches::is_on(&value),
        _ => false,
    };
    let switched = setting.carrier == Carrier::Option && setting.letters() == "GENERALLOG";
    if all && (setting.carrier == Carrier::Text || switched) || prints_traffic(setting, &value) {
        return found;
    }
    // A lone word of a configuration text is a switch that is on.
    let alone = setting.carrier == Carrier::Text && value.is_empty();
    let on = switches::is_on(&value) || alone && setting.shown.trim() == setting.name;
    let content = setting.names(SENT) && setting.names(RECORDS) && !switches::is_turned(&setting.words);
    let printed = setting.names(&["DUMP", "PRINT", "ECHO"])
        && (setting.names(SENT) || setting.names(&["REQUESTS", "RESPONSES", "REQUEST"]))
        && !switches::is_turned(&setting.words);
    let content = content || printed;
    let harmless = setting.names(&["TYPE", "LENGTH", "SIZE", "MAX", "LIMIT"]);
    (on && content && !harmless).then_some(()).and(found)
}
