//! Answers of Intel's service as files of their own: what `curl`, and most tools that fetch collateral, leave in a
//! folder. They are put together into sets by what they hold, whatever their names. Nothing is verified by that.

mod damaged;
mod pem;
mod under;

use pem::Certificates;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use under::Chains;
use veritee_model::{Budget, Item};
use veritee_quote::{Collateral, CollateralParts, PcsAnswers, Source, TrustRoot};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

/// Answers found in one folder so far.
#[derive(Default)]
pub(crate) struct Loose {
    budget: Budget,
    /// Under which everything will be verified, where that is known already.
    root: Option<TrustRoot>,
    tcb_infos: Vec<Piece>,
    qe_identities: Vec<Piece>,
    root_lists: Vec<Piece>,
    pck_lists: Vec<List>,
    signer_chains: BTreeSet<String>,
    ca_chains: Vec<(String, String)>,
    /// The chains among them.
    known_chains: BTreeSet<String>,
    pck_chains: BTreeSet<String>,
    /// Name and chain of CAs out of whole sets.
    other_chains: BTreeSet<(String, String)>,
    names: Vec<String>,
    unreadable: Vec<(Item, Vec<Source>)>,
    /// What of a file is of no use, beside what is.
    notes: Vec<(String, String)>,
}

struct Piece {
    name: String,
    bytes: Vec<u8>,
}

/// A list and the common name of its issuer.
struct List {
    issuer: String,
    piece: Piece,
}

/// What became of them.
#[derive(Default)]
pub(crate) struct PutTogether {
    pub(crate) sets: Vec<Item>,
    /// Lists and PCK chains by themselves: what a list revokes counts whatever stands beside it.
    pub(crate) lists: Vec<Item>,
    /// Answers that make no whole set, each with the kind that counts of it.
    pub(crate) lone: Vec<(Item, Source)>,
    /// Files that cannot be read, with the kinds that each may have held.
    pub(crate) unreadable: Vec<(Item, Vec<Source>)>,
    /// Files that could not be used, with why.
    pub(crate) passed_over: Vec<(String, String)>,
}

/// Blocks of PEM files that are named one by one.
const MOST_NOTES: usize = 64;

/// Sets beyond those that documents take, for lists and roots' lists: others stand alone.
const MOST_SETS_OF_LISTS: usize = 16;

const ROOT: &str = "Intel SGX Root CA";

impl Loose {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self { budget: *budget, ..Self::default() }
    }

    /// Chains that do not reach this root are no chains.
    pub(crate) fn under(&mut self, root: &TrustRoot) {
        self.root = Some(root.clone());
    }

    /// Takes the file, where it is an answer.
    pub(crate) fn take(&mut self, name: &str, bytes: &[u8]) -> bool {
        let taken = self.take_json(name, bytes) || self.take_list(name, bytes) || self.take_pem(name, bytes);
        if taken {
            self.names.push(name.to_owned());
        }
        taken
    }

    /// Whether the lists among them are Intel's, by the names of their issuers.
    pub(crate) fn is_intel(&self) -> bool {
        self.pck_lists.iter().all(|list| list.issuer.starts_with("Intel SGX "))
    }

    fn take_json(&mut self, name: &str, bytes: &[u8]) -> bool {
        let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(bytes) else { return false };
        if !object.contains_key("signature") {
            return false;
        }
        let piece = Piece { name: name.to_owned(), bytes: bytes.to_vec() };
        if object.contains_key("tcbInfo") {
            self.tcb_infos.push(piece);
        } else if object.contains_key("enclaveIdentity") {
            self.qe_identities.push(piece);
        } else {
            return false;
        }
        true
    }

    fn take_list(&mut self, name: &str, bytes: &[u8]) -> bool {
        der_of_list(bytes).is_some_and(|der| self.take_der_list(name, &der))
    }

    fn take_der_list(&mut self, name: &str, der: &[u8]) -> bool {
        let Ok((_, list)) = CertificateRevocationList::from_der(der) else { return false };
        let Some(issuer) = list.issuer().iter_common_name().next().and_then(|name| name.as_str().ok()) else {
            return false;
        };
        let issuer = issuer.to_owned();
        let piece = Piece { name: name.to_owned(), bytes: der.to_vec() };
        if issuer == ROOT {
            self.root_lists.push(piece);
        } else {
            self.pck_lists.push(List { issuer, piece });
        }
        true
    }

    /// Every block of a PEM file, whatever stands between them: lists, and the certificates put together into chains. False
    /// where nothing of it is of use; a block that is not, beside others that are, is named.
    fn take_pem(&mut self, name: &str, bytes: &[u8]) -> bool {
        let (mut certificates, mut unused) = (Certificates::default(), Vec::new());
        let mut taken = false;
        let text = String::from_utf8_lossy(bytes);
        let text = veritee_model::pem::with_line_ends(&text);
        let blocks = pem::blocks(&text);
        let several = blocks.len() > 1;
        for (block, number) in blocks.into_iter().zip(1_u32..) {
            let place = if several { format!("{name}, block {number}") } else { name.to_owned() };
            let used = match (block.label, &block.der) {
                ("X509 CRL", Some(der)) => {
                    let listed = self.take_der_list(&place, der);
                    taken |= listed;
                    listed
                }
                ("CERTIFICATE", Some(der)) => certificates.take(der),
                _ => false,
            };
            if !used {
                unused.push((place, block));
            }
        }
        taken |= certificates.chains(self);
        if !taken {
            return false;
        }
        if certificates.left_out() {
            let why = "has more certificates than chains are put together of";
            self.notes.push((name.to_owned(), why.to_owned()));
        }
        // Some of a thousand are named; what may have been collateral counts, however many there are.
        let mut unnamed = 0_usize;
        for (place, block) in unused {
            match damaged::kinds(name, block.text.as_bytes(), &self.budget) {
                kinds if !kinds.is_empty() => {
                    self.unreadable.push((Item::new(block.text.as_bytes(), place), kinds));
                }
                _ if self.notes.len() >= MOST_NOTES => unnamed = unnamed.saturating_add(1),
                _ => {
                    let label = veritee_model::text::inert(&veritee_model::text::shortened(block.label, 40));
                    self.notes.push((place, format!("{label}: no list, and no certificate of collateral's")));
                }
            }
        }
        if unnamed > 0 {
            self.notes.push((name.to_owned(), format!("{unnamed} blocks more are of no use")));
        }
        true
    }

    /// As many sets as it takes for every answer to stand in one. Which of them belong together is the engine's to
    /// find out, item by item.
    pub(crate) fn put_together(mut self) -> PutTogether {
        let mut done = PutTogether {
            unreadable: std::mem::take(&mut self.unreadable),
            passed_over: std::mem::take(&mut self.notes),
            ..PutTogether::default()
        };
        if self.names.is_empty() {
            return done;
        }
        // Sets are for the first list of each issuer first.
        let mut issuers = BTreeSet::new();
        let (mut firsts, others): (Vec<List>, Vec<List>) = std::mem::take(&mut self.pck_lists)
            .into_iter()
            .partition(|list| issuers.insert(list.issuer.clone()));
        firsts.extend(others);
        self.pck_lists = firsts;
        let all_chains = self.ca_chains.iter().chain(&self.other_chains);
        let mut chains = Chains::new(all_chains, self.root.as_ref(), &self.budget);
        let signers = under::signers(&self.signer_chains, self.root.as_ref(), &self.budget);
        // Each list under the chains of its issuer's, and each PCK chain, whether or not they stand in a set as well: in
        // a set there is room for one of each.
        self.alone(&mut chains, &mut done);
        let missing = [
            (self.tcb_infos.is_empty(), "TCB info"),
            (self.qe_identities.is_empty(), "QE identity"),
            (self.pck_lists.is_empty(), "revocation list of a PCK CA"),
            (self.root_lists.is_empty(), "revocation list of the root"),
            (self.signer_chains.is_empty(), "chain of the TCB signing certificate"),
            (self.ca_chains.is_empty(), "chain of the PCK CA"),
        ];
        let missing: Vec<&str> =
            missing.iter().filter(|(absent, _)| *absent).map(|(_, what)| *what).collect();
        if !missing.is_empty() {
            done.lone = self.lone(&signers, &chains);
            let revokes = match done.lone.iter().any(|(_, kind)| *kind == Source::PckCrl) {
                true => "a list revokes nothing without the chain of its CA",
                false => "what a list revokes counts",
            };
            let why = format!(
                "a part of collateral, but there is no {}; {revokes}, and of what was given nobody else's stands in \
                 its place",
                missing.join(", no ")
            );
            done.passed_over.extend(self.names.iter().map(|name| (name.clone(), why.clone())));
            return done;
        }
        let lists = self.pck_lists.len().max(self.root_lists.len()).min(MOST_SETS_OF_LISTS);
        let count = lists.max(self.tcb_infos.len()).max(self.qe_identities.len());
        for signer in signers {
            for number in 0..count {
                self.set(signer, number, &mut chains, &mut done);
            }
        }
        done
    }

    /// What cannot be read and may have been an answer. False for what is something else.
    pub(crate) fn take_unreadable(&mut self, name: &str, bytes: &[u8]) -> bool {
        let kinds = damaged::kinds(name, bytes, &self.budget);
        let taken = !kinds.is_empty();
        if taken {
            self.unreadable.push((Item::new(bytes, name), kinds));
        }
        taken
    }

    /// Every TCB info, QE identity and list for itself, under each chain that may be its signer's; without one it cannot be
    /// verified, and is damaged.
    fn lone(&self, signers: &[&str], chains: &Chains<'_>) -> Vec<(Item, Source)> {
        let signers = if signers.is_empty() { &[""][..] } else { signers };
        let mut lone = Vec::new();
        let mut put = |parts: CollateralParts, source: Source, name: &str| {
            lone.push((Item::new(Collateral::from_parts(parts).to_json(), name), source));
        };
        for chain in signers.iter().map(|chain| (*chain).to_owned()) {
            for piece in &self.tcb_infos {
                if let Some((tcb_info, tcb_info_signature)) = signed_part(&piece.bytes, "tcbInfo") {
                    let tcb_info_issuer_chain = chain.clone();
                    let parts =
                        CollateralParts { tcb_info, tcb_info_signature, tcb_info_issuer_chain, ..nothing() };
                    put(parts, Source::TcbInfo, &piece.name);
                }
            }
            for piece in &self.qe_identities {
                if let Some((qe_identity, qe_identity_signature)) =
                    signed_part(&piece.bytes, "enclaveIdentity")
                {
                    let qe_identity_issuer_chain = chain.clone();
                    let parts = CollateralParts {
                        qe_identity,
                        qe_identity_signature,
                        qe_identity_issuer_chain,
                        ..nothing()
                    };
                    put(parts, Source::QeIdentity, &piece.name);
                }
            }
        }
        for list in &self.pck_lists {
            if !chains.knows(&list.issuer) {
                let parts = CollateralParts { pck_crl: list.piece.bytes.clone(), ..nothing() };
                put(parts, Source::PckCrl, &list.piece.name);
            }
        }
        lone
    }

    /// Whether no answer came alone: then there is nothing to put together.
    pub(crate) const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The chain of the CA in a whole set: a list may lie beside it.
    pub(crate) fn know_chain(&mut self, set: &[u8]) {
        if let Ok(collateral) = Collateral::from_json_within(set, &self.budget)
            && let Some(ca) = collateral.ca()
        {
            let chain = collateral.parts().pck_crl_issuer_chain.clone();
            self.other_chains.insert((ca.common_name().to_owned(), chain));
        }
    }

    /// Every list and every PCK chain as a set without documents.
    fn alone(&self, chains: &mut Chains<'_>, done: &mut PutTogether) {
        let item = |parts: CollateralParts, name: &str| {
            Item::new(Collateral::from_parts(parts).to_json(), name.to_owned())
        };
        let of_root = self
            .root_lists
            .iter()
            .map(|list| item(CollateralParts { root_ca_crl: list.bytes.clone(), ..nothing() }, &list.name));
        done.lists.extend(of_root);
        let mut left_out = 0_usize;
        for list in &self.pck_lists {
            let (under, all) = chains.of_list(&list.issuer, &list.piece.bytes);
            left_out = left_out.saturating_add(usize::from(!all));
            for chain in under {
                let parts = CollateralParts {
                    pck_crl: list.piece.bytes.clone(),
                    pck_crl_issuer_chain: chain.to_owned(),
                    ..nothing()
                };
                done.lists.push(item(parts, &list.piece.name));
            }
        }
        if left_out > 0 {
            let why = "is not put under every chain of its issuer's name: there are too many of both";
            done.passed_over.push((format!("{left_out} revocation lists"), why.to_owned()));
        }
        for chain in &self.pck_chains {
            let parts = CollateralParts { pck_certificate_chain: Some(chain.clone()), ..nothing() };
            done.lists.push(item(parts, "PCK chain"));
        }
    }

    fn set(&self, signer_chain: &str, number: usize, chains: &mut Chains<'_>, done: &mut PutTogether) {
        let (Some(tcb_info), Some(qe_identity), Some(pck_list), Some(root_list)) = (
            at(&self.tcb_infos, number),
            at(&self.qe_identities, number),
            at(&self.pck_lists, number),
            at(&self.root_lists, number),
        ) else {
            return;
        };
        let ca = chains.beside(&pck_list.issuer, &pck_list.piece.bytes);
        let ca = ca.or(self.ca_chains.first().map(|(_, chain)| chain.as_str()));
        let answers = PcsAnswers {
            tcb_info_body: &tcb_info.bytes,
            tcb_info_issuer_chain: signer_chain,
            qe_identity_body: &qe_identity.bytes,
            qe_identity_issuer_chain: signer_chain,
            pck_crl: &pck_list.piece.bytes,
            pck_crl_issuer_chain: ca.unwrap_or_default(),
            root_ca_crl: &root_list.bytes,
            pck_certificate_chain: self.pck_chains.first().map(String::as_str),
        };
        match Collateral::from_pcs_within(&answers, &self.budget) {
            Ok(collateral) => {
                let parts = [&tcb_info.name, &qe_identity.name, &pck_list.piece.name, &root_list.name];
                let source = parts.map(String::as_str).join(" + ");
                done.sets.push(Item::new(collateral.to_json(), source));
            }
            Err(error) => {
                done.unreadable
                    .push((Item::new(tcb_info.bytes.clone(), &tcb_info.name), vec![Source::TcbInfo]));
                let name = &qe_identity.name;
                done.unreadable.push((Item::new(qe_identity.bytes.clone(), name), vec![Source::QeIdentity]));
                done.passed_over.push((tcb_info.name.clone(), error.to_string()));
            }
        }
    }
}

/// A set in which nothing is.
fn nothing() -> CollateralParts {
    CollateralParts {
        pck_crl_issuer_chain: String::new(),
        root_ca_crl: Vec::new(),
        pck_crl: Vec::new(),
        tcb_info_issuer_chain: String::new(),
        tcb_info: "{}".to_owned(),
        tcb_info_signature: "00".repeat(64),
        qe_identity_issuer_chain: String::new(),
        qe_identity: "{}".to_owned(),
        qe_identity_signature: "00".repeat(64),
        pck_certificate_chain: None,
    }
}

/// The signed member of an answer, as its bytes stand, and its signature.
fn signed_part(body: &[u8], member: &str) -> Option<(String, String)> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let signature: String = serde_json::from_str(members.get("signature")?.get()).ok()?;
    Some((members.get(member)?.get().to_owned(), signature))
}

fn at<T>(pieces: &[T], number: usize) -> Option<&T> {
    pieces.get(number.checked_rem(pieces.len())?)
}

/// A list in DER, or in hex or base64 of it, in lines or not.
fn der_of_list(bytes: &[u8]) -> Option<Vec<u8>> {
    if let [0x30, 0x80..=0xff, ..] = bytes {
        return Some(bytes.to_vec());
    }
    let text = core::str::from_utf8(bytes).ok()?;
    veritee_evidence::decoded(text).filter(|der| der.first() == Some(&0x30))
}
