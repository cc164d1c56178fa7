//! Certificates, host keys and signatures that are not looked at, whatever says so.

use super::{Asked, Found, Kind};
use crate::facts::settings::{Carrier, Setting};
use crate::facts::switches;
use veritee_model::Severity;

const ANY: &str = "any certificate will do";
const HOST: &str = "any host is taken for the right one";
const SIGNED: &str = "signatures are not looked at";

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let value = setting.value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let (on, off) = (switches::is_on(&value), switches::is_off(&value));
    let name = setting.letters();
    let turned = switches::is_turned(setting.own());
    let found = |why| Some((Kind::Tls, Severity::High, why));
    let names = |list: &[&str]| setting.names(list);
    let certificate = names(&["CERT", "CERTS", "CERTIFICATE", "CERTIFICATES"]);
    // `disableHostnameVerification`, `disableEndpointIdentification`.
    let host =
        names(&["HOSTNAME", "ENDPOINT", "HOST"]) && names(&["VERIFICATION", "IDENTIFICATION", "VERIFY"]);
    let written = setting.carrier != Carrier::Variable;
    if host && written && (on && turned || off && !turned) {
        return found(HOST);
    }
    if name.ends_with("ENDPOINTIDENTIFICATIONALGORITHM") && value.is_empty() {
        return found(HOST);
    }
    // Switches of an option or a text: variables have a rule of their own.
    let ignored = certificate && names(&["IGNORE", "TRUST"]) && (names(&["ERRORS", "SERVER", "ALL"])) && on;
    let secure = certificate && names(&["SECURE"]) && names(&["USE"]) && off;
    let asked_for = name.ends_with("REQCERT") && matches!(value.as_str(), "never" | "allow");
    if ignored || secure || asked_for && !setting.context.contains("slapd") {
        return found(ANY);
    }
    // Emptied: the list of authorities is none, and with some libraries nothing is verified. Source: curl's manual.
    let bundle = names(&["CA"]) && names(&["BUNDLE"]) && setting.carrier == Carrier::Variable;
    if bundle && value.is_empty() {
        return found(ANY);
    }
    // Modes by which whoever stands in between is taken for the store, where that is none of the document's own.
    let mode = name.ends_with("SSLMODE") && setting.carrier == Carrier::Variable;
    if mode && matches!(value.as_str(), "allow" | "prefer" | "preferred") && !asked.together.speaks_inside {
        return found(ANY);
    }
    let key = name.ends_with("STRICTHOSTKEYCHECKING") && matches!(value.as_str(), "no" | "off");
    if key {
        return found(HOST);
    }
    let sums = name == "GONOSUMDB" && value.contains('*') || name == "GOSUMDB" && value == "off";
    let packages = name.ends_with("GPGCHECK") && off;
    if sums || packages {
        return found(SIGNED);
    }
    let drawn = name.ends_with("SECURITYEGD") && (value.contains("/dev/zero") || value.contains("/dev/null"));
    if drawn {
        return Some((Kind::Check, Severity::High, "keys are drawn from what everybody knows"));
    }
    // `git` by variables.
    (name.ends_with("SSLVERIFY") && off && setting.path.starts_with("environment.GIT_CONFIG")).then_some((
        Kind::Tls,
        Severity::High,
        ANY,
    ))
}
