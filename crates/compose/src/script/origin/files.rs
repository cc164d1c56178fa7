//! Whose a file is: that of the guest, of the host, of a server, or of the commands that write it.

use super::index::{Named, Writer};
use super::{Origins, Resolver, is_substituted_file};
use crate::provenance::Provenance;
use crate::script::Word;
use crate::script::word::base_name;
use crate::service::absolute_path;
use std::collections::HashMap;
use std::rc::Rc;

impl Resolver<'_> {
    /// What is known of files with the name of this path, where a script writes one.
    pub(in crate::script) fn named(&mut self, path: &str) -> Option<Rc<Named>> {
        if self.named.is_none() {
            let mut named: HashMap<String, Named> = HashMap::new();
            for (at, indexed) in self.scripts.iter().enumerate() {
                for (index, command) in indexed.script.commands.iter().enumerate() {
                    for target in indexed.script.targets(command) {
                        let name = base_name(&target.word.shown()).to_owned();
                        let is_read = indexed.script.followed.contains(&index);
                        let writer = Writer { script: at, command: index, kind: target.kind };
                        named.entry(name).or_default().add(writer, is_read);
                    }
                }
            }
            self.named = Some(named.into_iter().map(|(name, found)| (name, Rc::new(found))).collect());
        }
        self.named.as_ref().and_then(|named| named.get(base_name(path))).cloned()
    }

    /// The files among the arguments of a program that reads files.
    pub(super) fn files(&mut self, program: &str, arguments: &[Word]) -> Origins {
        let has_program_text = matches!(program, "awk" | "egrep" | "fgrep" | "grep" | "jq" | "sed" | "yq");
        let mut plain = arguments.iter().filter(|word| !word.prefix().starts_with('-'));
        if has_program_text {
            plain.next();
        }
        let mut files = Origins::NONE;
        for word in plain {
            files = files.join(match word.literal() {
                Some(path) if program == "dd" => {
                    path.strip_prefix("if=").map_or(Origins::NONE, |path| self.file(path))
                }
                // Options with a value (`-d ':'`, `-c 5`) are no files.
                Some(text) if text.len() <= 2 || text.bytes().all(|b| b.is_ascii_digit()) => Origins::NONE,
                // Words of a sub-command, and names of ciphers.
                Some(text) if program == "openssl" && !text.contains(['/', '.']) => Origins::NONE,
                Some(path) => self.file(path),
                None if is_substituted_file(word) => self.word(word),
                None => Origins::UNKNOWN,
            });
        }
        files
    }

    /// What `curl` or `wget` prints.
    pub(super) fn download(&mut self, arguments: &[Word]) -> Origins {
        let given = self.words(arguments);
        let texts: Vec<&str> = arguments.iter().filter_map(Word::literal).collect();
        let socket = texts.windows(2).find_map(|pair| match pair {
            ["--unix-socket", path] => Some(*path),
            _ => None,
        });
        let Some(socket) = socket else {
            let mut urls = arguments.iter().map(Word::shown).filter(|text| text.contains("://")).peekable();
            let is_own = urls.peek().is_some() && urls.all(|url| is_own_machine(&url));
            return if is_own { Origins::UNKNOWN } else { Origins::of(Provenance::Remote) }.join(given);
        };
        let guest_agent = matches!(
            socket,
            "/var/run/dstack.sock" | "/run/dstack.sock" | "/var/run/tappd.sock" | "/run/tappd.sock"
        );
        let asks = |what: &str| arguments.iter().any(|word| word.shown().contains(what));
        if guest_agent && texts.iter().any(|text| text.ends_with("/Info") || text.ends_with("Tappd.Info")) {
            return Origins::of(Provenance::Attested).join(given);
        }
        let is_key = asks("Key") || asks("Cert");
        let key = if is_key { Origins::KEY } else { Origins::NONE };
        Origins::UNKNOWN.join(key).join(given)
    }

    /// Who chooses the content of a file of the guest: those who write it in a script, and what it is before.
    pub(in crate::script) fn file(&mut self, path: &str) -> Origins {
        if path == "-" {
            return Origins::NONE;
        }
        if let Some(number) = path.strip_prefix("/dev/fd/").or_else(|| path.strip_prefix("/proc/self/fd/")) {
            return self.descriptor(Some(number));
        }
        let path = absolute_path(path);
        let before = before_scripts(&path);
        let Some(named) = self.named(&path) else { return before };
        let written = self.written_by_all(base_name(&path), &named);
        // A file that is replaced is what was written last, and never what nobody knows.
        if before == Origins::UNKNOWN && named.is_new { written } else { written.join(before) }
    }

    fn written_by_all(&mut self, name: &str, named: &Named) -> Origins {
        self.once(
            |it| &mut it.files,
            name.to_owned(),
            |it| {
                let mut all = Origins::NONE;
                for writer in &named.writers {
                    let here = it.turn_to(writer.script);
                    all = all.join(it.written(writer.command, writer.kind));
                    it.turn_to(here);
                }
                all
            },
        )
    }
}

/// Whether a URL leads to the machine itself.
fn is_own_machine(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name.map_or(host, |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
}

/// Whose a file is before any script writes it.
fn before_scripts(path: &str) -> Origins {
    if path.contains("appkeys") {
        return Origins::UNKNOWN.join(Origins::KEY);
    }
    if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
        return Origins::of(Provenance::Remote);
    }
    if path.contains("/.decrypted-env") {
        return Origins::of(Provenance::Operator);
    }
    let hosted = ["user_config", "user-config", ".sys-config", ".host-shared", "/proc/cmdline"];
    if hosted.iter().any(|part| path.contains(part)) {
        return Origins::of(Provenance::Host).join(Origins::HOST_TEXT);
    }
    if path.contains("/sys/") || path == "/etc/hostname" {
        return Origins::of(Provenance::Host);
    }
    let system = ["/proc/", "/etc/", "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/"];
    Origins::of(match path {
        "/dev/null" => Provenance::Literal,
        "/dev/urandom" | "/dev/random" => Provenance::System,
        "/dstack/app-compose.json" | "/dstack/docker-compose.yaml" => Provenance::Measured,
        _ if system.iter().any(|folder| path.starts_with(folder)) => Provenance::System,
        _ => Provenance::Unknown,
    })
}
