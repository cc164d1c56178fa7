//! Which list is put under which chain, and which chains documents are put under.
//!
//! Anybody can write any number of lists and of certificates of a CA's name. A list stands only under a chain that reaches the
//! root and whose key has signed it; one that no such chain has signed stands once, to be told as damaged.

use std::collections::{BTreeMap, BTreeSet};
use veritee_model::Budget;
use veritee_quote::{ListIssuer, TrustRoot, is_signer_chain};

/// Lists under chains, where no root says which chains are genuine: more are left out, and said to be.
const MOST_PAIRS: usize = 4096;

/// Chains of the CAs of one name.
#[derive(Default)]
struct Named<'a> {
    /// Where none is genuine, or no root is known.
    all: Vec<&'a str>,
    /// Those that reach the root, by key.
    genuine: Vec<(ListIssuer, Vec<&'a str>)>,
}

/// The chains by the names of their CAs, each asked once.
pub(super) struct Chains<'a> {
    named: BTreeMap<&'a str, Named<'a>>,
    budget: &'a Budget,
    has_root: bool,
    left: usize,
}

impl<'a> Chains<'a> {
    pub(super) fn new(
        chains: impl Iterator<Item = &'a (String, String)>,
        root: Option<&TrustRoot>,
        budget: &'a Budget,
    ) -> Self {
        let mut named: BTreeMap<&str, Named<'_>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for (name, chain) in chains.filter(|(_, chain)| known.insert(chain.as_str())) {
            let of_name = named.entry(name).or_default();
            of_name.all.push(chain);
            let Some(issuer) = root.and_then(|root| ListIssuer::of_chain(chain, root, budget)) else {
                continue;
            };
            match of_name.genuine.iter_mut().find(|(one, _)| one.is_same(&issuer)) {
                Some((_, chains)) => chains.push(chain),
                None => of_name.genuine.push((issuer, vec![chain])),
            }
        }
        Self { named, budget, has_root: root.is_some(), left: MOST_PAIRS }
    }

    /// Whether there is a chain of this name.
    pub(super) fn knows(&self, issuer: &str) -> bool {
        self.named.contains_key(issuer)
    }

    /// The chains that a list of this issuer's stands under. Without a root that is each of the name's, as long as there is
    /// room; the second part says whether there was.
    pub(super) fn of_list(&mut self, issuer: &str, der: &[u8]) -> (Vec<&'a str>, bool) {
        let Some(named) = self.named.get(issuer) else { return (Vec::new(), true) };
        if !self.has_root {
            let count = named.all.len().min(self.left);
            self.left = self.left.saturating_sub(count);
            let chains = named.all.iter().take(count).copied().collect();
            return (chains, count == named.all.len());
        }
        let signed = named.genuine.iter().filter(|(one, _)| one.has_signed(der, self.budget));
        let under: Vec<&str> = signed.flat_map(|(_, chains)| chains.iter().copied()).collect();
        if !under.is_empty() {
            return (under, true);
        }
        let genuine = named.genuine.first().and_then(|(_, chains)| chains.first());
        (genuine.or(named.all.first()).copied().into_iter().collect(), true)
    }

    /// The chain that stands beside this list in a set.
    pub(super) fn beside(&mut self, issuer: &str, der: &[u8]) -> Option<&'a str> {
        let left = self.left;
        let (chains, _) = self.of_list(issuer, der);
        self.left = left;
        chains.first().copied()
    }
}

/// The chains that documents stand under: those that reach the root; where none does, one, so that it is told.
pub(super) fn signers<'a>(
    chains: &'a BTreeSet<String>,
    root: Option<&TrustRoot>,
    budget: &Budget,
) -> Vec<&'a str> {
    let all = || chains.iter().map(String::as_str);
    let Some(root) = root else { return all().collect() };
    let genuine: Vec<&str> = all().filter(|chain| is_signer_chain(chain, root, budget)).collect();
    if genuine.is_empty() { all().take(1).collect() } else { genuine }
}
