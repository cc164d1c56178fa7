//! A name or an address that leads elsewhere takes the users' data with it.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::script::Command;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-016",
    title: "a script changes where traffic of the machine goes",
    severity: Severity::High,
    needs: &[Need::Manifest],
    remedy: "leave names and routes of the guest as they are",
    check,
    ..Rule::PLAIN
};

pattern!(LOOPBACK, r"^(?:127\.|::1$|0\.0\.0\.0$|fe00::|ff0)", ["127.", "::1", "0.0.0.0", "fe00::", "ff0"]);

/// Files by which names become addresses.
const NAMES: &[&str] = &[
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/systemd/resolved.conf",
    "/etc/dnsmasq.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for write in subject.writes() {
        let path = veritee_compose::service::absolute_path(&write.path());
        let is_name_file =
            NAMES.contains(&path.as_str()) || path.starts_with("/etc/systemd/resolved.conf.d/");
        let is_own =
            write.write.content.as_ref().is_some_and(|text| path == "/etc/hosts" && names_only_itself(text));
        if is_name_file && !is_own {
            sink.add(Note::fail(&write.place(), write.evidence()));
        }
    }
    for (script, item) in subject.commands() {
        if redirects(&item.command) {
            sink.add(Note::fail(&item.place(script), item.evidence(script)));
        }
    }
}

/// Every line of a hosts file gives a name to the machine itself.
fn names_only_itself(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut addresses = lines.map(|line| line.split_whitespace().next().unwrap_or(""));
    addresses.all(|address| LOOPBACK.is_match(address))
}

fn redirects(command: &Command) -> bool {
    let words = &command.words;
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let mentions = |wanted: &[&str]| words.iter().any(|word| wanted.iter().any(|mark| word.contains(mark)));
    match command.program() {
        "iptables" | "ip6tables" | "ebtables" | "iptables-legacy" | "iptables-nft" => {
            has(&["DNAT", "REDIRECT", "TPROXY", "NETMAP", "--to", "--to-destination", "--to-ports"])
        }
        // What they restore stands in a file or in their input.
        "iptables-restore" | "ip6tables-restore" => true,
        "nft" => has(&["-f", "--file"]) || mentions(&["dnat", "redirect", "tproxy"]),
        "ip" => has(&["route", "r", "rule"]) && has(&["add", "replace", "change", "append"]),
        "route" => has(&["add"]),
        "resolvectl" | "systemd-resolve" => has(&["dns", "domain"]) || mentions(&["--set-dns"]),
        "wg-quick" | "openvpn" => !words.iter().any(|word| word == "down"),
        "redsocks" | "tun2socks" | "hev-socks5-tunnel" => true,
        _ => false,
    }
}
