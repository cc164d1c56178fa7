//! `binding.caa`: the only account that may get certificates for the domain is the one that the quote binds.
//!
//! The account comes from the quote (tag `acme-account`) or out of `acme-account.json` among bound ingress evidence.
//! Who may issue comes from the domain name system, as RFC 8659 and RFC 8657 read it: the first name with any CAA
//! record, from the domain upwards, decides; `issue` governs certificates for the name, `issuewild` those for a
//! wildcard where there is any; a record that has no `accounturi` lets every customer of that authority in.
//!
//! They are judged for the domain that was asked about; where none was, for one that the handshake or a bound certificate
//! names.
//!
//! The answers carry no signature here and are one moment's picture: whoever holds the domain can change them.
//! Certificates for a wildcard of the name above the domain are governed by that name's records and not judged, unless
//! the server showed one or the quote binds one. `accounturi` binds only authorities that honour RFC 8657.

mod account;
mod property;

use super::Shown;
use super::served::{Leaf, bound_names, host};
use crate::Request;
use property::{Grant, IssueValue};
use serde::Deserialize;
use std::collections::BTreeSet;
use veritee_model::evidence::Target;
use veritee_model::text::{inert, shortened};
use veritee_model::{Check, CheckId, Reason};

const ID: CheckId = CheckId::BindingCaa;

/// What no answer here proves.
const UNSIGNED: &str = "DNS answers carry no signature here and are one moment's picture";

pub(crate) fn check(request: &Request<'_>, shown: &Shown) -> Check {
    judge(request, shown)
        .unwrap_or_else(|undecided| Check::not_checked(ID, Reason::CaaUndecided, undecided.0))
}

fn judge(request: &Request<'_>, shown: &Shown) -> Result<Check, Undecided> {
    let evidence = request.evidence;
    let not_given = |detail: &str| Ok(Check::not_checked(ID, Reason::BindingNotGiven, detail));
    let Some(caa) = &evidence.caa else { return not_given("no CAA answers came along") };
    let Some(account) = account::bound(evidence, shown) else {
        return not_given("the quote binds no ACME account");
    };
    let served = evidence.served.as_ref();
    let leaf = served.and_then(|served| Leaf::read(&served.chain.bytes, request.budget).ok());
    let target = evidence.target.as_ref().and_then(Target::name);
    let answers = Answers::read(&caa.domain, &caa.answers.bytes, target)?;
    let bound = bound_names(evidence, shown, request.budget);
    if target.is_none() {
        let mut subjects: Vec<String> = served.map(|served| host(served).to_owned()).into_iter().collect();
        // What the server calls itself counts where it is a name of the server.
        if let (Some(served), Some(leaf)) = (served, &leaf)
            && leaf.covers(host(served))
        {
            subjects.extend(leaf.names.iter().cloned());
        }
        subjects.extend(bound.iter().cloned());
        answers.is_about(&subjects)?;
    }
    let names: Vec<String> = leaf.map(Leaf::certified).into_iter().flatten().chain(bound).collect();
    answers.judge(&account, &names)
}

/// How many of a kind are named before the rest is left out: real answers have one or two.
const LISTED: usize = 4;

/// Why the answers do not decide.
struct Undecided(String);

/// One name and its records.
#[derive(Deserialize)]
struct Answer {
    name: String,
    records: Vec<Record>,
}

/// One record as the answers give it.
#[derive(Deserialize)]
struct Record {
    flags: u8,
    tag: String,
    value: String,
}

/// Answers for a domain and the names above it, none left out below the last.
struct Answers {
    domain: String,
    /// The domain was given as a wildcard.
    wildcard: bool,
    answers: Vec<Answer>,
}

impl Answers {
    fn read(domain: &str, answers: &[u8], target: Option<&str>) -> Result<Self, Undecided> {
        let given = plain(domain);
        if let Some(target) = target.filter(|target| plain(target) != given) {
            let (given, target) = (shown(&given), shown(target));
            return Err(Undecided(format!("the answers are for {given}, asked about was {target}")));
        }
        let (domain, wildcard) = match given.strip_prefix("*.") {
            Some(domain) => (domain.to_owned(), true),
            None => (given, false),
        };
        if domain.len() > 253 || domain.split('.').any(|label| label.is_empty() || label.len() > 63) {
            return Err(Undecided(format!("{} is no domain name", shown(&domain))));
        }
        let answers: Vec<Answer> = serde_json::from_slice(answers).map_err(|error| {
            Undecided(format!("the answers cannot be read: line {}, column {}", error.line(), error.column()))
        })?;
        let mut expected = Some(domain.as_str());
        for answer in &answers {
            let name = plain(&answer.name);
            match expected {
                Some(wanted) if wanted == name => expected = above(wanted),
                // The root has no CAA records that count (RFC 8659, section 3).
                None if name.is_empty() => {}
                wanted => {
                    let wanted = wanted.map_or_else(|| "no more names".to_owned(), shown);
                    return Err(Undecided(format!("expected the answer for {wanted}, got {}", shown(&name))));
                }
            }
        }
        Ok(Self { domain, wildcard, answers })
    }

    /// That somebody else than whoever made the answers names the domain: answers for a domain of the operator's choice
    /// show nothing.
    fn is_about(&self, subjects: &[String]) -> Result<(), Undecided> {
        let speaks_of = |subject: &String| {
            let subject = plain(subject);
            match subject.strip_prefix("*.") {
                None => subject == self.domain,
                Some(above_it) => self.domain == above_it || above(&self.domain) == Some(above_it),
            }
        };
        if subjects.iter().any(speaks_of) {
            return Ok(());
        }
        let named: BTreeSet<String> = subjects.iter().map(|subject| shown(subject)).collect();
        let named = if named.is_empty() { "no domain".to_owned() } else { list(&named) };
        Err(Undecided(format!("the answers are for {}, the evidence is about {named}", shown(&self.domain))))
    }

    /// The records that decide for `name`, with the name that has them; none when no name up to the top has any.
    fn deciding(&self, name: &str) -> Result<Option<(&str, &[Record])>, Undecided> {
        let mut next = Some(name);
        while let Some(wanted) = next {
            let answer = self.answers.iter().find(|answer| plain(&answer.name) == wanted);
            let answer = answer.ok_or_else(|| Undecided(format!("nobody asked about {}", shown(wanted))))?;
            if !answer.records.is_empty() {
                return Ok(Some((&answer.name, &answer.records)));
            }
            next = above(wanted);
        }
        Ok(None)
    }

    fn judge(&self, account: &str, names: &[String]) -> Result<Check, Undecided> {
        let mut judged = Judged::default();
        let bases = self.wildcard_bases(names);
        match self.deciding(&self.domain)? {
            None => return Ok(self.missing()),
            Some((name, records)) => {
                judged.add(name, records, "issue");
                if bases.is_empty() && records.iter().any(|record| record.is("issuewild")) {
                    judged.notes.insert("`issuewild` was not judged, for no wildcard was seen".to_owned());
                }
            }
        }
        for base in bases {
            match self.deciding(base)? {
                None => return Ok(self.missing()),
                Some((name, records)) => {
                    let own = records.iter().any(|record| record.is("issuewild"));
                    judged.add(name, records, if own { "issuewild" } else { "issue" });
                }
            }
        }
        Ok(judged.conclude(&self.domain, account))
    }

    /// Names whose wildcard is in use: the domain's own, or that of the name above it, which stands for the domain.
    fn wildcard_bases(&self, names: &[String]) -> BTreeSet<&str> {
        let candidates = [Some(self.domain.as_str()), above(&self.domain)];
        let in_use = |base: &&str| names.iter().any(|name| plain(name).strip_prefix("*.") == Some(base));
        let own = self.wildcard.then_some(self.domain.as_str());
        candidates.into_iter().flatten().filter(in_use).chain(own).collect()
    }

    fn missing(&self) -> Check {
        let detail = format!(
            "neither {} nor a name above it has CAA records: any authority may issue; {UNSIGNED}",
            shown(&self.domain)
        );
        Check::fail(ID, Reason::CaaMissing, detail)
            .next("the domain's owner has to add CAA records that name the application's ACME account")
    }
}

/// What the records that count let happen.
#[derive(Default)]
struct Judged {
    /// Records that let every customer of an authority in, or the lack of any that restricts.
    open: Vec<String>,
    /// Accounts that may get certificates.
    accounts: BTreeSet<String>,
    issuers: BTreeSet<String>,
    methods: BTreeSet<String>,
    /// Names that decided.
    names: BTreeSet<String>,
    /// Remarks.
    notes: BTreeSet<String>,
}

impl Judged {
    fn add(&mut self, name: &str, records: &[Record], tag: &str) {
        self.names.insert(shown(&plain(name)));
        for record in records.iter().filter(|record| record.is_unknown_and_critical()) {
            self.notes.insert(format!(
                "a critical property {}, which is not known here, was not counted",
                shown(&record.tag)
            ));
        }
        let mut relevant = records.iter().filter(|record| record.is(tag)).peekable();
        if relevant.peek().is_none() {
            self.open.push(format!("{} has no `{tag}` record", shown(&plain(name))));
        }
        for record in relevant {
            let text = property::unescaped(&record.value);
            let Some(value) = IssueValue::read(&text) else {
                self.notes.insert(format!("a malformed `{tag}` value permits nobody"));
                continue;
            };
            let (issuer, words) = (shown(value.issuer), shown(&record.value));
            self.methods.extend(value.validation_methods().map(shown));
            match value.grant() {
                Grant::Nobody => continue,
                Grant::Account(account) => drop(self.accounts.insert(account.to_owned())),
                Grant::Everybody => self.open.push(format!("`{tag}` {words} names no account")),
            }
            self.issuers.insert(issuer);
        }
    }

    fn conclude(self, domain: &str, account: &str) -> Check {
        let at = list(&self.names);
        if let Some(first) = self.open.first() {
            return Check::fail(ID, Reason::CaaOpen, format!("{first}; {UNSIGNED}"))
                .at(at)
                .next("every customer of that authority who can answer for the domain may get a certificate: add accounturi");
        }
        let other = self.accounts.iter().find(|named| *named != account);
        if other.is_some() || self.accounts.is_empty() {
            let got = other.map_or_else(|| "no account".to_owned(), |other| shortened(other, 256));
            return Check::fail(
                ID,
                Reason::CaaAccountOther,
                format!("another account than the bound one is named; {UNSIGNED}"),
            )
            .compared(shortened(account, 256), got)
            .at(at)
            .next(
                "whoever holds the other account may get certificates for the domain: ask the domain's owner",
            );
        }
        let mut detail = format!(
            "CAA of {at} lets only the bound account get certificates for {} from {}",
            shown(domain),
            list(&self.issuers)
        );
        if !self.methods.is_empty() {
            detail = format!("{detail} by {}", list(&self.methods));
        }
        for note in self.notes.iter().take(LISTED) {
            detail = format!("{detail}; {note}");
        }
        Check::pass(ID, format!("{detail}; {UNSIGNED}"))
    }
}

impl Record {
    /// Property tags are compared without regard to case (RFC 8659, section 4.1).
    fn is(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag)
    }

    fn is_unknown_and_critical(&self) -> bool {
        const KNOWN: [&str; 7] =
            ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];
        self.flags & 0x80 != 0 && !KNOWN.iter().any(|known| self.is(known))
    }
}

/// The first few.
fn list(set: &BTreeSet<String>) -> String {
    let first: Vec<&str> = set.iter().take(LISTED).map(String::as_str).collect();
    let more = if set.len() > LISTED { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}

/// Lower case, without the dot of the root.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn above(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, above)| above)
}

fn shown(text: &str) -> String {
    inert(&shortened(text, 256))
}
