//! What programs do with their arguments: which of them start another program, interpret text, or only pass text on.

/// How a program that starts another one is called: `nice -n 5 PROGRAM …`.
pub(super) struct Wrapper {
    /// Short options that take a value in the next word.
    pub(super) valued: &'static str,
    /// Long options that take a value in the next word.
    pub(super) long: &'static [&'static str],
    /// Arguments before the other program.
    pub(super) operands: usize,
    /// `NAME=value` may stand before the other program.
    pub(super) assigns: bool,
}

const fn plain(valued: &'static str) -> Option<Wrapper> {
    Some(Wrapper { valued, long: &[], operands: 0, assigns: false })
}

const fn behind(operands: usize, valued: &'static str) -> Option<Wrapper> {
    Some(Wrapper { valued, long: &[], operands, assigns: false })
}

/// How a program that starts another one is called; `None` of others.
pub(super) const fn wrapper(program: &str) -> Option<Wrapper> {
    // `match` on byte strings, because that is what a const function can do.
    match program.as_bytes() {
        b"sudo" => Some(Wrapper {
            valued: "ugpCcrtTRDhU",
            long: &["--user", "--group", "--chdir", "--host", "--prompt"],
            operands: 0,
            assigns: true,
        }),
        b"doas" => Some(Wrapper { valued: "uC", long: &[], operands: 0, assigns: true }),
        b"env" => Some(Wrapper { valued: "uC", long: &["--unset", "--chdir"], operands: 0, assigns: true }),
        b"nohup" | b"setsid" | b"builtin" | b"busybox" | b"toybox" | b"unbuffer" | b"tini" | b"dumb-init"
        | b"catchsegv" | b"chronic" | b"noglob" | b"command" | b"fakeroot" | b"dbus-run-session" => plain(""),
        b"exec" => plain("a"),
        b"time" => plain("fo"),
        b"nice" => Some(Wrapper { valued: "n", long: &["--adjustment"], operands: 0, assigns: false }),
        b"ionice" => plain("cnpPu"),
        b"stdbuf" => Some(Wrapper {
            valued: "ioe",
            long: &["--input", "--output", "--error"],
            operands: 0,
            assigns: false,
        }),
        b"strace" | b"ltrace" => plain("eopPsuaE"),
        b"cgexec" => plain("g"),
        b"setpriv" | b"firejail" | b"bwrap" => plain(""),
        b"unshare" => plain("SGR"),
        b"nsenter" => Some(Wrapper { valued: "tSG", long: &["--target"], operands: 0, assigns: false }),
        b"systemd-run" => Some(Wrapper {
            valued: "puEHM",
            long: &["--property", "--unit", "--slice", "--setenv", "--description", "--uid", "--gid"],
            operands: 0,
            assigns: false,
        }),
        b"timeout" => {
            Some(Wrapper { valued: "ks", long: &["--kill-after", "--signal"], operands: 1, assigns: false })
        }
        b"chroot" | b"gosu" | b"su-exec" | b"chrt" | b"taskset" | b"faketime" | b"flock" | b"chpst" => {
            behind(1, "wuE")
        }
        b"xargs" | b"parallel" => Some(Wrapper {
            valued: "ILlnPsEdaj",
            long: &[
                "--replace",
                "--max-args",
                "--max-procs",
                "--delimiter",
                "--arg-file",
                "--max-lines",
                "--jobs",
            ],
            operands: 0,
            assigns: false,
        }),
        b"watch" => plain("ndtq"),
        _ => None,
    }
}

/// Programs that read the text of another language than the shell's, each with the options behind which it stands.
pub(super) fn interpreter(program: &str) -> Option<&'static [&'static str]> {
    let name = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    match name {
        "python" | "pypy" | "micropython" => Some(&["-c"]),
        "node" | "nodejs" | "bun" => Some(&["-e", "--eval", "-p", "--print"]),
        "perl" => Some(&["-e", "-E"]),
        "ruby" | "lua" | "luajit" | "Rscript" => Some(&["-e"]),
        "php" => Some(&["-r"]),
        "deno" | "tclsh" | "expect" | "guile" => Some(&["-c", "-e"]),
        "pwsh" | "powershell" => Some(&["-c", "-Command", "-EncodedCommand"]),
        _ => None,
    }
}

/// Shells.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(
        program,
        "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "mksh" | "rbash" | "rksh" | "hush" | "fish"
    )
}

/// Programs whose arguments are text, files or packages, and never a command that they start.
#[rustfmt::skip]
const DATA: &[&str] = &[
    ":", "[", "[[", "adduser", "alias", "apk", "apt", "apt-get", "basename", "brew", "cat", "chmod", "chown", "chsh", "cp",
    "cut", "declare", "dirname", "dnf", "echo", "egrep", "exit", "export", "false", "fgrep", "git", "grep", "head",
    "install", "jq", "ln", "local", "logger", "ls", "mkdir", "mv", "pgrep", "pkill", "printf", "read", "readonly",
    "return", "rm", "sed", "set", "sha256sum", "sleep", "sort", "stat", "tail", "tee", "test", "touch", "tr", "true",
    "type", "typeset", "uniq", "unset", "useradd", "usermod", "wc", "which", "whereis", "yq", "yum",
];

/// Whether a program's arguments never name a command that it starts.
pub(super) fn is_data(program: &str) -> bool {
    DATA.contains(&program)
}
