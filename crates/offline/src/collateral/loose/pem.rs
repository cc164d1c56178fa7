//! PEM files with any number of blocks in any order: what `cat` makes of several, or a tool of all it was given.

use super::{Loose, ROOT};
use core::fmt::Write as _;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Certificates of a kind, and chains of them, that are put together of one file. Of genuine ones it takes a handful.
const MOST: usize = 64;

/// One block, with its text from its beginning to that of the next.
pub(super) struct Block<'t> {
    pub(super) label: &'t str,
    pub(super) text: String,
    /// What it holds, where it can be read.
    pub(super) der: Option<Vec<u8>>,
}

/// All blocks of a text, those that do not end among them.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    text.split(BEGIN).skip(1).map(block).collect()
}

const BEGIN: &str = "-----BEGIN ";

/// What stands behind a beginning.
fn block(whole: &str) -> Block<'_> {
    let text = format!("{BEGIN}{whole}");
    let der = x509_parser::pem::parse_x509_pem(text.as_bytes()).ok().map(|(_, pem)| pem.contents);
    let label = whole.split_once("-----").map_or("", |(label, _)| label);
    Block { label, text, der }
}

/// Certificates of one file, each once, by what they are in a chain of collateral's.
#[derive(Default)]
pub(super) struct Certificates {
    pcks: Vec<String>,
    cas: Vec<(String, String)>,
    signers: Vec<String>,
    roots: Vec<String>,
    /// There were more of a kind.
    beyond: bool,
}

impl Certificates {
    /// False for what is no certificate, or one that stands in no chain of collateral's.
    pub(super) fn take(&mut self, der: &[u8]) -> bool {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else { return false };
        let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let text = || armoured(der);
        let room = match name {
            Some(ROOT) => put(&mut self.roots, text()),
            Some("Intel SGX PCK Certificate") => put(&mut self.pcks, text()),
            Some("Intel SGX TCB Signing") => put(&mut self.signers, text()),
            Some(ca) if ca.starts_with("Intel SGX PCK ") => put(&mut self.cas, (ca.to_owned(), text())),
            _ => return false,
        };
        self.beyond |= !room;
        true
    }

    /// Every chain that can be made of them; which of them hold is the engine's to find out. False where there is none.
    pub(super) fn chains(&self, found: &mut Loose) -> bool {
        // Without its root a chain is damaged, and told as such.
        let none = [String::new()];
        let roots = if self.roots.is_empty() { &none[..] } else { &self.roots };
        let no_ca = [(String::new(), String::new())];
        let cas = if self.cas.is_empty() { &no_ca[..] } else { &self.cas };
        let ends = || cas.iter().flat_map(|(_, ca)| roots.iter().map(move |root| format!("{ca}{root}")));
        let pcks = self.pcks.iter().flat_map(|pck| ends().map(move |end| format!("{pck}{end}")));
        found.pck_chains.extend(pcks.take(MOST));
        let signers =
            self.signers.iter().flat_map(|one| roots.iter().map(move |root| format!("{one}{root}")));
        found.signer_chains.extend(signers.take(MOST));
        let below = |(name, ca): &(String, String)| {
            let (name, ca) = (name.clone(), ca.clone());
            roots.iter().map(move |root| (name.clone(), format!("{ca}{root}")))
        };
        for chain in self.cas.iter().flat_map(below).take(MOST) {
            // A list is held against each chain once.
            if found.known_chains.insert(chain.1.clone()) {
                found.ca_chains.push(chain);
            }
        }
        !(self.pcks.is_empty() && self.cas.is_empty() && self.signers.is_empty())
    }

    /// Whether there are more chains than were put together.
    pub(super) fn left_out(&self) -> bool {
        let (roots, cas) = (self.roots.len().max(1), self.cas.len().max(1));
        let of = |count: usize, each: usize| count.saturating_mul(each) > MOST;
        self.beyond
            || of(self.pcks.len(), cas.saturating_mul(roots))
            || of(self.signers.len().max(cas), roots)
    }
}

/// False where there is no room.
fn put<T: PartialEq>(all: &mut Vec<T>, one: T) -> bool {
    let known = all.contains(&one);
    if !known && all.len() < MOST {
        all.push(one);
        return true;
    }
    known
}

fn armoured(der: &[u8]) -> String {
    use base64::Engine as _;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in digits.as_bytes().chunks(64) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
    }
    text + "-----END CERTIFICATE-----\n"
}
