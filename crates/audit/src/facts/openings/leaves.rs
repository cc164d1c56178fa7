//! Data that leaves the machine though no address stands there: an account, a bucket, a mail box or a service is named.

use super::{Asked, Found, Kind};
use crate::facts::settings::{Carrier, Setting};
use crate::facts::switches;
use crate::script::Command;
use veritee_model::Severity;

const ACCOUNT: &str = "data goes to somebody's account, which is named and not addressed";
const SERVICE: &str = "data goes to a service that is named and not addressed";
const MAIL: &str = "a copy goes to a mail box";

/// Words of clouds in the name of a bucket.
#[rustfmt::skip]
const CLOUDS: &[&str] = &["AWS", "S3", "GCS", "GCP", "GOOGLE", "B2", "R2", "AZURE", "OSS", "COS", "SPACES", "WASABI"];

/// Queues and topics of clouds.
const QUEUES: &[&str] = &["PUBSUB", "SNS", "SQS", "KINESIS", "FIREHOSE", "EVENTHUB", "EVENTBRIDGE"];

/// Schemes of places at a cloud that a backup names.
const PLACES: &[&str] = &["b2:", "s3:", "gs:", "azure:", "swift:", "rclone:", "onedrive:", "gdrive:"];

/// Services that record what programs get and answer, as words of a name. Sources: their makers' documentation.
#[rustfmt::skip]
const RECORDERS: &[&str] = &[
    "WANDB", "NEPTUNE", "COMET", "CLEARML", "LANGSMITH", "LANGCHAIN", "LANGFUSE", "HELICONE", "LANGTRACE", "TRACELOOP",
];

/// Stores that are reached by the name of an account.
const STORES: &[&str] = &["SNOWFLAKE", "BIGQUERY", "DATABRICKS", "COSMOS", "SYNAPSE"];

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let text = setting.value.trim().trim_matches(['"', '\'']);
    let value = text.to_ascii_lowercase();
    let empty = matches!(value.as_str(), "" | "[]" | "none" | "null");
    let found = |why| Some((Kind::Leaves, Severity::Medium, why));
    let last = setting.own().last().map_or("", String::as_str);
    let name = setting.letters();
    if value.starts_with("arn:aws") && value.contains(":kms:") || name.ends_with("KMSARN") && !empty {
        return Some((
            Kind::Check,
            Severity::High,
            "the key that opens everything is in somebody's account at a cloud",
        ));
    }
    if value.starts_with("arn:aws") {
        return found(ACCOUNT);
    }
    let bucket = setting.names(&["BUCKET"]) && setting.has(CLOUDS) && matches!(last, "BUCKET" | "NAME");
    let topic = setting.names(QUEUES) && matches!(last, "TOPIC" | "QUEUE" | "STREAM" | "NAME");
    let account = setting.names(STORES) && matches!(last, "ACCOUNT" | "PROJECT" | "HOST");
    if (bucket && !asked.together.speaks_inside || topic || account) && !empty {
        return found(ACCOUNT);
    }
    let repository = matches!(last, "REPOSITORY" | "REPO" | "DESTINATION" | "TARGET" | "REMOTE");
    if repository && PLACES.iter().any(|place| value.starts_with(place)) && !asked.together.speaks_inside {
        return found(ACCOUNT);
    }
    if name.ends_with("TRACKINGURI") && !empty && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return found(SERVICE);
    }
    if records(setting, &value) {
        return found(SERVICE);
    }
    if mails(setting, text) {
        return found(MAIL);
    }
    // A folder that is kept in step with a machine elsewhere.
    let device = last == "ID" && setting.context.ends_with("folder.device") && text.len() > 50;
    let sent = last == "COMMAND" && sends(&value.split_whitespace().collect::<Vec<_>>());
    (device || sent).then_some((Kind::Leaves, Severity::Medium, ACCOUNT))
}

/// A service that is told what the program gets and answers.
fn records(setting: &Setting, value: &str) -> bool {
    let (on, off) = (switches::is_on(value), switches::is_off(value));
    let calls = matches!(setting.letters().as_str(), "SUCCESSCALLBACK" | "FAILURECALLBACK" | "CALLBACKS");
    if calls && setting.carrier == Carrier::Text {
        return value.chars().any(char::is_alphabetic) && value != "null";
    }
    if !setting.names(RECORDERS) {
        return false;
    }
    let offline = setting.names(&["OFFLINE", "DISABLED", "DISABLE"]);
    let mode = setting.names(&["MODE"]) && matches!(value, "online" | "async" | "sync" | "shared");
    offline && off || mode || setting.names(&["TRACING"]) && on && !switches::is_turned(setting.own())
}

/// Copies of mail, or all of it, to one box.
fn mails(setting: &Setting, text: &str) -> bool {
    if !text.contains('@') || text.contains("://") {
        return false;
    }
    let letters = setting.letters();
    setting.names(&["BCC"])
        || letters.ends_with("ALWAYSTO")
        || letters == "REDIRECT" && setting.shown.contains(":copy")
}

/// Programs that send files to a remote that is named. Sources: their manuals.
fn sends(words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    let remote = |word: &&str| {
        let (name, after) = word.split_once(':').unwrap_or(("", ""));
        !name.is_empty()
            && !after.starts_with("//")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match *program {
        "rclone" => rest.iter().any(remote),
        "croc" | "wormhole" | "wormhole-william" | "ffsend" => rest.contains(&"send"),
        _ => false,
    }
}

pub(super) fn command(command: &Command) -> Option<Found> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let named = command.program();
    let mut told = vec![named];
    told.extend(words.iter().skip(1).copied());
    (named != "rclone" && sends(&told)).then_some((Kind::Leaves, Severity::High, SERVICE))
}
