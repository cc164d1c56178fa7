//! Commands that fetch files and code, and those that compare them with a checksum.

use crate::script::Command;

/// Fetches a file from another machine; a request to the own one is none.
pub(crate) fn fetches_file(command: &Command) -> bool {
    let fetcher = matches!(command.program(), "curl" | "wget" | "aria2c");
    let remote = |word: &String| is_remote(word) && !is_own_machine(word);
    fetcher && !command.has("--unix-socket") && command.arguments().iter().any(remote)
}

fn is_own_machine(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"].iter().any(|own| host.starts_with(own))
}

pub(crate) fn is_remote(word: &str) -> bool {
    ["http://", "https://", "ftp://", "git://", "git@", "$"].iter().any(|prefix| word.starts_with(prefix))
}

/// Compares a SHA-2 sum or BLAKE2 with one that stands in a file or in the input.
pub(crate) fn is_checksum(command: &Command) -> bool {
    let sums = ["sha256sum", "sha512sum", "sha384sum", "shasum", "b2sum"].contains(&command.program());
    sums && (command.has_flag('c', "--check") || command.has("--check"))
}

/// What runs the text that it is given.
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "python", "python3", "node", "perl", "ruby"];

/// Why a command brings code from outside, if it does; `checked` says that a checksum is compared beside it.
pub(crate) fn fetches_code(command: &Command, next: Option<&Command>, checked: bool) -> Option<&'static str> {
    let verb = command.subcommand();
    let piped = command.piped && next.is_some_and(|next| SHELLS.contains(&next.program()));
    match command.program() {
        "curl" | "wget" if piped => Some("downloaded straight into an interpreter"),
        "wget" if fetches_file(command) && !checked => Some("downloaded without checksum"),
        "curl"
            if fetches_file(command)
                && !checked
                && (command.has_flag('o', "--output") || command.has_flag('O', "--remote-name")) =>
        {
            Some("downloaded without checksum")
        }
        "pip" | "pip3" | "gem" | "cargo" | "go" if verb == Some("install") => {
            Some("installs what the index has today")
        }
        "npm" | "yarn" | "pnpm" if matches!(verb, Some("install" | "i" | "add" | "ci")) => {
            Some("installs what the registry has today")
        }
        "npx" | "uvx" | "pipx" | "bunx" => Some("fetches and runs"),
        "apt-get" | "apt" | "apk" | "yum" | "dnf" if command.has("install") || command.has("add") => {
            Some("installs what the mirror has today")
        }
        "git" if matches!(verb, Some("clone" | "pull")) => Some("fetches sources"),
        "sh" | "bash" | "ash" | "eval" if command.words.iter().skip(1).any(|word| word.starts_with('$')) => {
            Some("runs what a variable holds")
        }
        _ => None,
    }
}
