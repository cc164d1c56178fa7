//! The reference judge: what the rules say of a universe, from the plan alone. It shares nothing with the product but the
//! plan's words, and reads no bytes.
//!
//! The rules, in the words of the design: items are chosen one by one; of each kind the newest genuine one in force
//! decides, by its own number, then its date; what has expired decides only where nothing is in force; every known
//! revocation is held against every chain, and what a revoked signer signed counts for nothing; what the judged party
//! brings fills gaps and can only tighten; 10 is a forgery or a contradiction, 11 a refusal, 13 what is not known.

use crate::plan::{
    Above, Advisories, Document, Excepted, Giver, List, Machine, Name, PckChain, Rules, Set, Status,
    Universe, When,
};
use std::collections::BTreeSet;

/// Exit codes that the rules allow: more than one where two faults stand side by side of which one hides the other, or
/// where two statements of the same number and date contradict each other.
pub(crate) type Codes = BTreeSet<u8>;

fn codes(list: &[u8]) -> Codes {
    list.iter().copied().collect()
}

/// 10 before 11 before 13 before 0.
fn graver(one: u8, other: u8) -> u8 {
    let rank = |code: u8| match code {
        10 => 3,
        11 => 2,
        13 => 1,
        _ => 0,
    };
    if rank(one) >= rank(other) { one } else { other }
}

fn both(one: &Codes, other: &Codes) -> Codes {
    one.iter().flat_map(|one| other.iter().map(|other| graver(*one, *other))).collect()
}

fn is_judge(giver: Giver) -> bool {
    matches!(giver, Giver::Caller | Giver::Store | Giver::Service)
}

/// What the rules say of the quote of this universe.
pub(crate) fn judge(universe: &Universe) -> Codes {
    let all = under(universe, &universe.sets, &universe.sets);
    // Where the judging side has anything of a kind, the judged party's own is left out.
    let reserved = under(universe, &without_outbid(&universe.sets), &universe.sets);
    // What the judging side refuses alone, nobody's addition lets pass.
    let own: Vec<Set> = universe.sets.iter().filter(|set| is_judge(set.giver)).copied().collect();
    let mut alone = under(universe, &own, &own);
    // That something is missing is no refusal: others may bring it.
    if alone.contains(&13) {
        alone.remove(&13);
        alone.insert(0);
    }
    both(&both(&all, &reserved), &alone)
}

/// Whether a universe is refused for a revocation, whatever else there is.
pub(crate) fn is_host_revoked(universe: &Universe) -> bool {
    host_is_revoked(universe, &universe.sets, &names(&universe.sets))
}

/// A chain that is the machine's and reaches the root, in the quote or given, holds something that is revoked.
fn host_is_revoked(universe: &Universe, sets: &[Set], revoked: &BTreeSet<Name>) -> bool {
    let chains = if universe.carries { vec![PckChain::Own] } else { fitting(universe, sets) };
    let own = chains.iter().filter_map(|chain| match chain {
        PckChain::Own => Some(Name::Pck),
        PckChain::Again => Some(Name::PckAgain),
        _ => None,
    });
    let above = [Some(Name::PckCa), (universe.above == Above::Older).then_some(Name::OlderRoot)];
    universe.machine != Machine::PckForged
        && own
            .into_iter()
            .any(|own| revoked.contains(&own) || above.iter().flatten().any(|name| revoked.contains(name)))
}

/// The chains that somebody gave and whose key signed the machine's enclave. A bystander's are nobody's.
fn fitting(universe: &Universe, sets: &[Set]) -> Vec<PckChain> {
    let given = sets.iter().filter(|set| set.giver != Giver::Bystander).filter_map(|set| set.pck_chain);
    given.filter(|chain| universe.machine != Machine::EnclaveForged && is_own_key(*chain)).collect()
}

const fn is_own_key(chain: PckChain) -> bool {
    matches!(chain, PckChain::Own | PckChain::Again | PckChain::Forged)
}

/// Everything that a genuine list names, of any age.
fn names(sets: &[Set]) -> BTreeSet<Name> {
    let lists = sets.iter().flat_map(|set| [set.pck_list, set.root_list]);
    // The list of the other PCK CA cannot speak of this CA's certificates.
    lists.filter(|list| !list.damaged && !list.elsewhere).filter_map(|list| list.names).collect()
}

/// The sets as they are where the judging side has given something of a kind: what others brought of that kind is
/// replaced by something about nothing.
fn without_outbid(sets: &[Set]) -> Vec<Set> {
    let given = |has: fn(&Set) -> bool| sets.iter().any(|set| is_judge(set.giver) && has(set));
    // Something about this platform, be it expired, revoked or damaged: then there is no gap.
    let has = [
        given(|set| !set.tcb_info.elsewhere),
        given(|set| !set.qe_identity.elsewhere),
        given(|set| !set.pck_list.elsewhere),
        given(|_| true),
        given(|set| set.pck_chain.is_some_and(is_own_key)),
    ];
    let mut kept = sets.to_vec();
    for set in kept.iter_mut().filter(|set| !is_judge(set.giver)) {
        if has[0] {
            set.tcb_info = NOWHERE;
        }
        if has[1] {
            set.qe_identity = NOWHERE;
        }
        if has[2] {
            set.pck_list = NO_LIST;
        }
        if has[3] {
            set.root_list = NO_LIST;
        }
        if has[4] {
            set.pck_chain = None;
        }
    }
    kept
}

const NOWHERE: Document = Document {
    number: 0,
    age: 0,
    when: When::Later,
    status: Status::UpToDate,
    second_signer: false,
    above: Above::Pinned,
    elsewhere: true,
    damaged: false,
};

const NO_LIST: List =
    List { number: 0, age: 0, when: When::Later, names: None, elsewhere: true, damaged: false };

/// The verdict when these sets may decide and those may revoke.
fn under(universe: &Universe, deciding: &[Set], revoking: &[Set]) -> Codes {
    let revoked = names(revoking);
    if host_is_revoked(universe, revoking, &revoked) {
        return codes(&[10]);
    }
    // A root that revokes itself is no packer's mistake.
    let signed_off = |document: &Document| {
        let signer = if document.second_signer { Name::SecondSigner } else { Name::FirstSigner };
        let under_root = document.above == Above::Older && revoked.contains(&Name::OlderRoot);
        if revoked.contains(&signer) { Some(11) } else { under_root.then_some(10) }
    };
    // Of a bystander nothing but revocations counts.
    let sets: Vec<Set> = deciding.iter().filter(|set| set.giver != Giver::Bystander).copied().collect();
    let tcb_infos = documents(sets.iter().map(|set| set.tcb_info), &signed_off);
    let qe_identities = documents(sets.iter().map(|set| set.qe_identity), &signed_off);
    let ca_revoked = revoked.contains(&Name::PckCa);
    let pck_lists = lists(sets.iter().map(|set| set.pck_list), ca_revoked);
    let root_lists = lists(sets.iter().map(|set| set.root_list), false);
    let chains = fitting(universe, deciding);
    if !universe.carries && chains.is_empty() {
        // Which platform it is nobody knows: what is asked of all of them alike can be at fault, and nothing else.
        let common = [qe_identities.err(), root_lists.err()];
        return codes(&[if common.contains(&Some(11)) { 11 } else { 13 }]);
    }
    // The certificate of a key that nobody certified is as good as that of a forged machine.
    let forged = !universe.carries && !chains.iter().any(|chain| *chain != PckChain::Forged);
    let machine = if forged { Machine::PckForged } else { universe.machine };
    let faults: Codes = [
        tcb_infos.as_ref().err(),
        qe_identities.as_ref().err(),
        pck_lists.as_ref().err(),
        root_lists.as_ref().err(),
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    let (Ok(tcb_infos), Ok(qe_identities), Ok(pck_lists), Ok(root_lists)) =
        (tcb_infos, qe_identities, pck_lists, root_lists)
    else {
        // The first that is in the way is told; a list that is missing hides what a damaged document would say. A forged
        // quote is told behind what cannot be used.
        let forged = matches!(machine, Machine::QuoteForged | Machine::EnclaveForged | Machine::PckForged);
        return faults.into_iter().map(|code| if forged && code == 11 { 10 } else { code }).collect();
    };
    let mut found = Codes::new();
    for tcb_info in &tcb_infos {
        for qe_identity in &qe_identities {
            for pck_list in &pck_lists {
                for root_list in &root_lists {
                    let windows = [tcb_info.when, qe_identity.when, pck_list.when, root_list.when];
                    found.insert(verdict(universe, machine, (tcb_info, qe_identity), windows));
                }
            }
        }
    }
    found
}

/// The documents that may be the deciding one, or why there is none: 13 for missing, 11 for damaged or under a revoked
/// signer: whoever packs collateral can bring that about.
fn documents(
    all: impl Iterator<Item = Document>,
    signed_off: &dyn Fn(&Document) -> Option<u8>,
) -> Result<Vec<Document>, u8> {
    let about: Vec<Document> = all.filter(|document| !document.elsewhere).collect();
    let stands = |document: &&Document| !document.damaged && signed_off(document).is_none();
    let key = |document: &Document| (force(document.when), document.number, core::cmp::Reverse(document.age));
    let standing: Vec<Document> = about.iter().filter(stands).copied().collect();
    newest(standing, key).ok_or_else(|| {
        let genuine = about.iter().filter(|document| !document.damaged).copied().collect();
        let first =
            newest(genuine, key).into_iter().flatten().filter_map(|document| signed_off(&document)).min();
        first.unwrap_or(if about.is_empty() { 13 } else { 11 })
    })
}

fn lists(all: impl Iterator<Item = List>, signed_off: bool) -> Result<Vec<List>, u8> {
    let about: Vec<List> = all.filter(|list| !list.elsewhere).collect();
    let standing: Vec<List> = about.iter().filter(|list| !list.damaged && !signed_off).copied().collect();
    newest(standing, |list| (force(list.when), list.number, core::cmp::Reverse(list.age)))
        .ok_or(if about.is_empty() { 13 } else { 11 })
}

/// In force before expired before not yet.
const fn force(when: When) -> u8 {
    match when {
        When::Now => 2,
        When::Over => 1,
        When::Later => 0,
    }
}

/// All that are newest: two that say different things of the same day are both possible.
fn newest<T: Copy, K: Ord>(all: Vec<T>, key: impl Fn(&T) -> K) -> Option<Vec<T>> {
    let best = all.iter().map(&key).max()?;
    Some(all.iter().filter(|item| key(item) == best).copied().collect())
}

/// A refusal that an exception may let pass.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Excepted(Excepted),
    Other,
}

fn verdict(
    universe: &Universe,
    machine: Machine,
    (tcb_info, qe_identity): (&Document, &Document),
    windows: [When; 4],
) -> u8 {
    let rules = &universe.rules;
    match machine {
        Machine::QuoteForged | Machine::EnclaveForged | Machine::PckForged => {
            // What the quote says against itself needs no collateral, in force or not.
            return 10;
        }
        _ => {}
    }
    if windows.contains(&When::Later) || universe.machine == Machine::Unsupported {
        return 11;
    }
    let mut faults = platform_faults(universe, tcb_info, qe_identity);
    if !rules.allow_expired && windows.contains(&When::Over) {
        faults.push(Fault::Other);
    }
    let left = faults.iter().any(|fault| match fault {
        Fault::Excepted(fault) => !rules.exceptions.contains(fault),
        Fault::Other => true,
    });
    match (left, rules.demands_app) {
        (true, _) => 11,
        (false, true) => 13,
        (false, false) => 0,
    }
}

fn platform_faults(universe: &Universe, tcb_info: &Document, qe_identity: &Document) -> Vec<Fault> {
    let rules = &universe.rules;
    let mut faults = Vec::new();
    // Advisories: one of the first level where it is not up to date, two of the second level.
    let (platform, first, others) = match (universe.machine, tcb_info.status) {
        (Machine::Older, _) => (Status::OutOfDate, true, true),
        (_, Status::UpToDate) => (Status::UpToDate, false, false),
        (_, status) => (status, true, false),
    };
    let merged = if qe_identity.status == Status::OutOfDate { Status::OutOfDate } else { platform };
    if !rules.accepts.contains(&merged) {
        faults.push(match merged {
            Status::OutOfDate => Fault::Excepted(Excepted::OutOfDate),
            Status::Hardening => Fault::Excepted(Excepted::Hardening),
            Status::UpToDate => Fault::Other,
        });
    }
    faults.extend(advisory_faults(rules, first, others));
    let number = tcb_info.number.min(qe_identity.number);
    if rules.least_number.is_some_and(|least| number < least) {
        faults.push(if number == 18 { Fault::Excepted(Excepted::LowNumber) } else { Fault::Other });
    }
    if rules.oldest.is_some_and(|oldest| tcb_info.age > oldest) {
        faults.push(Fault::Other);
    }
    if universe.machine == Machine::Debug && !rules.allow_debug {
        faults.push(Fault::Excepted(Excepted::Debug));
    }
    let wrong = [!rules.names_root, rules.family == Some(false), rules.pinned == Some(false)];
    faults.extend(wrong.into_iter().filter(|wrong| *wrong).map(|_| Fault::Other));
    faults
}

fn advisory_faults(rules: &Rules, first: bool, others: bool) -> Vec<Fault> {
    let (refuses_first, refuses_others) = match rules.advisories {
        Advisories::None => (true, true),
        Advisories::AllowFirst => (false, true),
        Advisories::AllButFirst => (true, false),
        Advisories::Any => (false, false),
    };
    let mut faults = Vec::new();
    if first && refuses_first {
        faults.push(Fault::Excepted(Excepted::FirstAdvisory));
    }
    if others && refuses_others {
        faults.push(Fault::Other);
    }
    faults
}
