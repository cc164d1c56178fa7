//! Commands that fetch files and code, and those that compare them with a checksum.

use crate::script::Command;

/// Fetches a file from another machine; a request to the own one is none.
pub(crate) fn fetches_file(command: &Command) -> bool {
    let fetcher = matches!(command.program(), "curl" | "wget" | "aria2c");
    let remote = |word: &&str| (is_remote(word) || is_named_host(word)) && !is_own_machine(word);
    fetcher && !command.has("--unix-socket") && operands(command).iter().any(remote)
}

/// Arguments that are no operand of an option; `--url` names an address.
fn operands(command: &Command) -> Vec<&str> {
    #[rustfmt::skip]
    const VALUED: &[&str] = &[
        "-o", "--output", "-H", "--header", "-d", "--data", "--data-raw", "--data-binary", "-X", "--request", "-u", "--user",
        "-A", "--user-agent", "-T", "--upload-file", "-K", "--config", "-e", "--referer", "-b", "--cookie", "-c",
        "--cookie-jar", "-F", "--form", "-m", "--max-time", "--connect-timeout", "--retry", "--retry-delay", "-w",
        "--write-out", "-P", "--directory-prefix", "-O", "--output-document", "-t", "--tries", "--timeout", "--cacert",
        "--cert", "--key", "-x", "--proxy", "--resolve", "--interface", "--dir", "--post-data", "-a", "-D", "--dump-header",
    ];
    let mut is_value = false;
    let mut found = Vec::new();
    for word in command.arguments() {
        let skipped = core::mem::replace(&mut is_value, takes_next(command.program(), word, VALUED));
        if !skipped && !word.starts_with('-') {
            found.push(word.as_str());
        }
    }
    found
}

/// `-O` of `curl` takes nothing; of `-fsSLo` the last letter decides.
fn takes_next(program: &str, word: &str, valued: &[&str]) -> bool {
    if program == "curl" && word.ends_with('O') && !word.starts_with("--") {
        return false;
    }
    let cluster = word.len() > 2 && word.starts_with('-') && !word.starts_with("--");
    let last = word.chars().next_back().filter(|_| cluster).map(|last| format!("-{last}"));
    valued.contains(&word) || last.is_some_and(|last| valued.contains(&last.as_str()) && word != "-qO-")
}

/// A host, and what lies there, without a scheme: `curl get.example.org/install`.
fn is_named_host(word: &str) -> bool {
    let host = word.split(['/', '?']).next().unwrap_or(word);
    let host = host.split(':').next().unwrap_or(host);
    let labelled = host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    labelled && host.rsplit('.').next().is_some_and(|last| last.len() > 1)
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

/// What a program is asked to do, behind options with values of their own: `git -C /app pull` is `pull`.
fn verbs(command: &Command) -> Vec<&str> {
    const VALUED: &[&str] = &[
        "-C",
        "-c",
        "--git-dir",
        "--work-tree",
        "--prefix",
        "--dir",
        "--cwd",
        "--filter",
        "-w",
        "--workspace",
        "--directory",
        "--project",
        "-p",
        "--python",
        "--index-url",
        "-i",
        "--registry",
        "-n",
        "--namespace",
    ];
    let mut is_value = false;
    let mut found = Vec::new();
    for word in command.arguments().iter().map(String::as_str) {
        let skipped = core::mem::replace(&mut is_value, VALUED.contains(&word));
        if !skipped && !word.starts_with('-') {
            found.push(word);
        }
    }
    found
}

/// What a program of packages, sources, images or models fetches by these verbs.
fn by_verbs(program: &str, verbs: &[&str], command: &Command) -> Option<&'static str> {
    let first = verbs.first().copied().unwrap_or("");
    let second = verbs.get(1).copied().unwrap_or("");
    let remote = || {
        verbs.iter().any(|word| {
            ["https://", "http://", "github:", "git+", "npm:", "jsr:"]
                .iter()
                .any(|start| word.starts_with(start))
        })
    };
    let package = Some("installs what the registry has today");
    let runs = Some("fetches and runs");
    let image = Some("fetches the content of an image");
    match (program, first) {
        (
            "pip" | "gem" | "cargo" | "go" | "bundle" | "poetry" | "pdm" | "conda" | "mamba" | "micromamba"
            | "luarocks",
            "install" | "download",
        ) => Some("installs what the index has today"),
        ("bundle" | "poetry" | "pdm" | "cargo" | "composer", "update" | "add" | "require")
        | ("composer" | "mix", "install" | "deps.get") => package,
        ("npm" | "yarn" | "pnpm" | "bun", "install" | "i" | "add" | "ci" | "update" | "upgrade") => package,
        ("npm", "exec" | "x" | "init" | "create")
        | ("yarn" | "pnpm", "dlx" | "create")
        | ("bun", "x" | "create") => runs,
        ("npx" | "uvx" | "pipx" | "bunx" | "pnpx", _) => runs,
        ("uv", "tool") if matches!(second, "run" | "install") => runs,
        ("uv", "pip" | "sync" | "add") => Some("installs what the index has today"),
        ("uv", "run") if command.has("--with") || command.has("--with-requirements") => runs,
        ("go", "run") if verbs.iter().any(|word| word.contains('@')) => runs,
        ("nix", "run" | "shell" | "develop") if verbs.iter().skip(1).any(|word| names_flake(word)) => runs,
        ("run" | "serve", _)
            if ["jsr:", "npm:"].iter().any(|start| command.words.iter().any(|w| w.starts_with(start))) =>
        {
            runs
        }
        ("doppler" | "infisical" | "op" | "chamber" | "teller" | "berglas", "run" | "exec") => {
            Some("gets its whole environment from a server")
        }
        ("puppet", "agent") | ("chef-client" | "salt-minion" | "ansible-pull" | "cf-agent", _) => {
            Some("asks a server what to do")
        }
        ("nix", "run" | "shell" | "develop" | "profile") | ("deno", "run" | "install" | "serve")
            if remote() =>
        {
            runs
        }
        ("git" | "hg", "clone" | "pull" | "fetch") | ("svn", "checkout" | "export" | "update") => {
            Some("fetches sources")
        }
        ("git", "submodule") if second == "update" => Some("fetches sources"),
        ("crane", "export" | "pull")
        | ("oras", "pull")
        | ("skopeo", "copy" | "sync")
        | ("img" | "umoci", "pull" | "unpack") => image,
        ("ctr", "run") | ("ctr", "images" | "image" | "i") if first == "run" || second == "pull" => image,
        ("helm", "install" | "upgrade" | "pull") => Some("installs what a repository has today"),
        ("ollama", "pull" | "run") | ("huggingface-cli" | "hf", "download") | ("lms", "get") => {
            Some("fetches a model by name")
        }
        ("apt-get" | "apt" | "apk" | "yum" | "dnf" | "microdnf" | "zypper" | "pacman", _)
            if verbs.contains(&"install") || verbs.contains(&"add") || command.has("-S") =>
        {
            Some("installs what the mirror has today")
        }
        _ => extends(program, verbs, command),
    }
}

/// What a program fetches for itself, or for what it builds: plug-ins, dependencies.
fn extends(program: &str, verbs: &[&str], command: &Command) -> Option<&'static str> {
    let first = verbs.first().copied().unwrap_or("");
    let second = verbs.get(1).copied().unwrap_or("");
    let package = Some("installs what the registry has today");
    match (program, first) {
        (_, "install" | "add")
            if program.ends_with("-plugin") || program.ends_with("-plugins") || program.ends_with("-gem") =>
        {
            package
        }
        (_, "plugin" | "plugins" | "extension" | "extensions") if matches!(second, "install" | "add") => {
            package
        }
        (_, "cli")
            if verbs.iter().any(|word| matches!(*word, "plugins" | "plugin"))
                && verbs.contains(&"install") =>
        {
            package
        }
        ("cargo", "binstall")
        | ("playwright" | "patchright" | "camoufox" | "puppeteer" | "spacy", "install" | "download") => {
            package
        }
        ("nltk.downloader", _) => package,
        ("dotnet", "tool") if second == "install" => package,
        ("dotnet", "add" | "restore") | ("terraform" | "tofu", "init") => package,
        (
            "pecl" | "pear" | "cpan" | "cpanm" | "opam" | "cabal" | "stack" | "raco" | "shards" | "nimble"
            | "conan" | "vcpkg" | "asdf" | "mise" | "sdk" | "brew" | "snap" | "flatpak" | "krew" | "pkgx",
            "install" | "fetch" | "update" | "use",
        ) => package,
        ("coursier" | "cs", "launch") => Some("fetches and runs"),
        ("jenkins-plugin-cli", _) => package,
        ("mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" | "lein", _)
            if !command.has("-o") && !command.has("--offline") && !command.has("--version") =>
        {
            package
        }
        ("hatch", "run" | "env") | ("tox" | "nox", _) | ("dart", "pub") => package,
        _ => None,
    }
}

/// A flake by its name in a registry, or at an address; no folder of the image.
fn names_flake(word: &str) -> bool {
    !word.starts_with(['.', '/']) && (word.contains('#') || word.contains(':'))
}

/// The program and what it is asked, seen through `python -m pip`.
fn asked(command: &Command) -> (String, Vec<&str>) {
    let plain =
        |name: &str| name.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.').to_owned();
    let program = plain(command.program());
    let module = command.words.windows(2).position(|pair| pair.first().is_some_and(|word| word == "-m"));
    if let (true, Some(at)) = (program == "python", module) {
        let name = command.words.get(at.saturating_add(1)).map_or("", String::as_str);
        let rest = command.words.iter().skip(at.saturating_add(2)).map(String::as_str);
        return (plain(name), rest.filter(|word| !word.starts_with('-')).collect());
    }
    (program, verbs(command))
}

/// Why a command brings code from outside, if it does; `checked` says that a checksum is compared beside it.
pub(crate) fn fetches_code(command: &Command, next: Option<&Command>, checked: bool) -> Option<&'static str> {
    let piped = command.piped && next.is_some_and(|next| SHELLS.contains(&next.program()));
    match command.program() {
        "curl" | "wget" if piped => Some("downloaded straight into an interpreter"),
        "wget" | "aria2c" if fetches_file(command) && !checked => Some("downloaded without checksum"),
        "curl"
            if fetches_file(command)
                && !checked
                && (command.has_flag('o', "--output") || command.has_flag('O', "--remote-name")) =>
        {
            Some("downloaded without checksum")
        }
        "sh" | "bash" | "ash" | "eval" if command.words.iter().skip(1).any(|word| word.starts_with('$')) => {
            Some("runs what a variable holds")
        }
        _ => {
            let (program, verbs) = asked(command);
            by_verbs(&program, &verbs, command)
        }
    }
}
