//! The built binary, a folder to run it in, and a forged machine written there.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use veritee_testkit::der;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;

/// The time at which the forged machine is verified.
pub(crate) const AS_OF: &str = veritee_testkit::universe::AS_OF;

/// The nonce that the forged quote answers, in hex.
pub(crate) const NONCE: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";

/// A folder with the evidence of a forged machine, its policy, and its root.
pub(crate) struct Folder(TempDir);

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A genuine machine whose quote answers [`NONCE`].
pub(crate) fn machine() -> Machine {
    Machine::new(1).change(|machine| machine.binding = Binding::Raw(vec![0xa5; 32]))
}

/// Evidence whose recorded collateral is its own party's.
pub(crate) fn unmarked(evidence: &str) -> String {
    let mut evidence: serde_json::Value = serde_json::from_str(evidence).unwrap();
    let recorded = evidence.as_object_mut().unwrap().remove("recorded_collateral");
    for mut item in recorded.and_then(|items| items.as_array().cloned()).into_iter().flatten() {
        item.as_object_mut().unwrap().remove("given_by").unwrap();
        evidence["collateral"].as_array_mut().unwrap().push(item);
    }
    format!("{evidence:#}\n")
}

impl Folder {
    /// Without any evidence.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn new() -> Self {
        Self::of(&machine())
    }

    /// `evidence.json` holds everything but the collateral and the RA-TLS chain, which are files of their own.
    pub(crate) fn of(machine: &Machine) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let forged = machine.forge();
        folder.write("answer.json", forged.get_quote_json());
        folder.write("quote.bin", &forged.platform.quote);
        folder.write("event_log.json", forged.event_log_json());
        folder.write("app-compose.json", &forged.app_compose);
        folder.write("collateral.json", forged.platform.collateral_json());
        folder.write("root.pem", der::pem("CERTIFICATE", &forged.platform.root_der));
        let tls = machine.clone().change(|machine| machine.binding = Binding::RaTls).forge();
        folder.write("chain.pem", tls.ra_tls_pem);
        // The forged RTMR0 is made up, so no vm_config fits it.
        let answer =
            forged.get_quote_json().replace(&serde_json::to_string(&forged.vm_config).unwrap(), "\"\"");
        folder.write("answer.json", answer);
        folder.write("policy.toml", policy(&forged.platform.quote, &forged.platform.root_der));
        let made = folder.run(&[
            "evidence",
            "convert",
            "answer.json",
            "--app-compose",
            "app-compose.json",
            "--collateral",
            "collateral.json",
            "--certificate",
            "chain.pem",
            "-o",
            "evidence.json",
        ]);
        assert_eq!(made.code, 0, "{}", made.err);
        // As the machine would bring it: it marks nothing as a judging side's.
        folder.write("evidence.json", unmarked(&folder.read("evidence.json")));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// The binary in this folder, without anything of the surroundings that could change its output.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veritee"));
        command.args(arguments).current_dir(self.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"] {
            command.env_remove(name);
        }
        for name in ["https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "no_proxy"] {
            command.env_remove(name);
        }
        // Nothing listens there: whatever would leave this machine fails at once.
        command.env("HTTPS_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "127.0.0.1,localhost");
        command.env("XDG_CACHE_HOME", self.path().join("cache"));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The same with bytes on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that does not read its input to the end is no fault of the test's.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran::of(output)
    }

    /// `verify FILE` of the forged machine, with more arguments.
    pub(crate) fn verify(&self, file: &str, more: &[&str]) -> Ran {
        let mut arguments =
            vec!["verify", file, "--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF];
        arguments.extend(more);
        self.run(&arguments)
    }

    /// Names of the files.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("not ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The exit code is this one; otherwise everything is shown.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// A policy that trusts the forged root and pins the forged registers.
fn policy(quote: &[u8], root_der: &[u8]) -> String {
    let register = |offset: usize| hex::encode(&quote[48 + offset..96 + offset]);
    let root = veritee_quote::TrustRoot::from_der(root_der).unwrap();
    format!(
        "schema = \"veritee/policy/v1\"\nname = \"forged\"\n\n[root]\nspki_sha256 = \"{}\"\nreason = \"a forged universe\"\n\n\
         [[os.machine]]\nname = \"forged\"\nreason = \"a forged universe\"\nmrtd = \"{}\"\nrtmr0 = \"{}\"\nrtmr1 = \"{}\"\nrtmr2 = \"{}\"\n\n\
         [audit]\nfail_on = \"critical\"\n\n[[waive]]\ncheck = \"audit.rules\"\nreason = \"the audit has tests of its own\"\n",
        root.spki_sha256(),
        register(136),
        register(328),
        register(376),
        register(424)
    )
}
