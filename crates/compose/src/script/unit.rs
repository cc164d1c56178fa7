//! Files that the guest runs without being told: crontabs, units, profiles. Which they are, and the commands in them.

use super::code::Language;
use super::word::base_name;

/// What a file at a path is to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Started {
    /// Lines with a time; `user` says that a user stands between time and command.
    Crontab { user: bool },
    /// A unit of systemd, or a desktop or udev rule: commands behind keys.
    Unit,
    /// A shell script that is run or sourced.
    Script,
}

/// What the guest makes of a file by its path alone.
pub(super) fn started(path: &str) -> Option<Started> {
    let name = base_name(path);
    if path.starts_with("/etc/cron.d/") || path == "/etc/crontab" {
        return Some(Started::Crontab { user: true });
    }
    if path.starts_with("/var/spool/cron/") {
        return Some(Started::Crontab { user: false });
    }
    let units =
        ["/etc/systemd/", "/usr/lib/systemd/", "/lib/systemd/", "/run/systemd/", "/etc/udev/", "/run/udev/"];
    if units.iter().any(|folder| path.starts_with(folder)) {
        return Some(Started::Unit);
    }
    let scripts = [
        "/etc/cron.hourly/",
        "/etc/cron.daily/",
        "/etc/cron.weekly/",
        "/etc/cron.monthly/",
        "/etc/profile.d/",
        "/etc/init.d/",
        "/etc/rc",
        "/etc/update-motd.d/",
        "/etc/network/if-",
        "/etc/bash_completion.d/",
    ];
    let named = ["/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/inittab"];
    let home = matches!(
        name,
        ".bashrc" | ".bash_profile" | ".profile" | ".bash_login" | ".bash_logout" | ".zshrc" | ".kshrc"
    );
    let is_script = scripts.iter().any(|folder| path.starts_with(folder)) || named.contains(&path) || home;
    is_script.then_some(Started::Script)
}

/// Whether a file is one that is found by its name alone when it is run.
pub(super) fn is_program_folder(path: &str) -> bool {
    let folders = [
        "/bin/",
        "/sbin/",
        "/usr/bin/",
        "/usr/sbin/",
        "/usr/local/bin/",
        "/usr/local/sbin/",
        "/lib/",
        "/usr/lib/",
        "/usr/local/lib/",
        "/opt/bin/",
    ];
    let is_unit = path.contains("/systemd/") || path.contains("/udev/");
    !is_unit && folders.iter().any(|folder| path.starts_with(folder))
}

/// The commands of a text, as a shell script.
pub(super) fn commands(text: &str, kind: Started) -> String {
    let mut script = String::with_capacity(text.len());
    for line in text.lines() {
        let command = match kind {
            Started::Script => Some(line),
            Started::Crontab { user } => crontab(line, user),
            Started::Unit => unit(line),
        };
        script.push_str(command.unwrap_or(""));
        script.push('\n');
    }
    script
}

/// The shell text of a line of a crontab.
pub(super) fn of_language(language: Language) -> Option<Started> {
    match language {
        Language::Shell => Some(Started::Script),
        Language::Crontab => Some(Started::Crontab { user: false }),
        Language::Other => None,
    }
}

fn crontab(line: &str, user: bool) -> Option<&str> {
    let line = line.trim_start();
    let is_setting = line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim_end();
        !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    });
    if line.is_empty() || line.starts_with('#') || is_setting {
        return None;
    }
    let times = if line.starts_with('@') { 1_usize } else { 5 };
    let fields = if user { 6_usize.min(times.saturating_add(1)) } else { times };
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.trim_start().split_once(char::is_whitespace)?.1;
    }
    Some(rest)
}

fn unit(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(at) = line.find("RUN+=").or_else(|| line.find("PROGRAM=")) {
        return line.get(at..)?.split('"').nth(1);
    }
    let (key, value) = line.split_once('=')?;
    let key = key.trim_end();
    let runs = key.starts_with("Exec") && key != "ExecSearchPath";
    // What stands before the path says how it is started.
    runs.then(|| value.trim_start().trim_start_matches(['-', '@', ':', '+', '!', '|']))
}
