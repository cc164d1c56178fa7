//! A universe in few words: who gave which statements of Intel's, what they say, which machine is judged, under which
//! policy. Everything is drawn from a number, so that a universe can be drawn again.

/// A small generator of numbers (splitmix64): the same seed gives the same universe on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// Who gave a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Giver {
    Caller,
    Store,
    Service,
    /// The machine's own evidence.
    Judged,
    /// The evidence of another machine in the same run.
    Bystander,
}

/// Whether a statement is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum When {
    Now,
    Over,
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Status {
    UpToDate,
    Hardening,
    OutOfDate,
}

/// Which of the root's certificates stands above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Above {
    Pinned,
    Older,
}

/// What a list can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Name {
    Pck,
    /// A second certificate of the machine's key.
    PckAgain,
    PckCa,
    FirstSigner,
    SecondSigner,
    OlderRoot,
}

/// What TCB info and QE identity have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Document {
    pub(crate) number: u32,
    /// Days before the time of the verdict.
    pub(crate) age: u32,
    pub(crate) when: When,
    pub(crate) status: Status,
    /// By the second of the two signers.
    pub(crate) second_signer: bool,
    pub(crate) above: Above,
    /// About another processor family (TCB info), or another kind of TEE.
    pub(crate) elsewhere: bool,
    pub(crate) damaged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct List {
    pub(crate) number: u32,
    pub(crate) age: u32,
    pub(crate) when: When,
    pub(crate) names: Option<Name>,
    /// Of the other PCK CA.
    pub(crate) elsewhere: bool,
    pub(crate) damaged: bool,
}

/// A PCK chain that comes with collateral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PckChain {
    /// The machine's.
    Own,
    /// The machine's key in a newer certificate.
    Again,
    /// The machine's key in a certificate that no CA of Intel's has signed.
    Forged,
    /// Of another host under the same CA.
    OtherHost,
    /// Not to be read.
    Damaged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Set {
    pub(crate) giver: Giver,
    pub(crate) tcb_info: Document,
    pub(crate) qe_identity: Document,
    pub(crate) pck_list: List,
    pub(crate) root_list: List,
    pub(crate) pck_chain: Option<PckChain>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Machine {
    Genuine,
    /// Below the first level of every TCB info: OutOfDate whatever its first level says.
    Older,
    /// Below every level.
    Unsupported,
    Debug,
    /// The quote is not signed by the attestation key.
    QuoteForged,
    /// The quoting enclave's report is not signed by the PCK.
    EnclaveForged,
    /// Its PCK certificate is not signed by the CA.
    PckForged,
}

/// What the policy says of advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Advisories {
    None,
    AllowFirst,
    AllButFirst,
    Any,
}

/// A fault that an exception can let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Excepted {
    OutOfDate,
    Hardening,
    FirstAdvisory,
    Debug,
    /// The evaluation number 18, and no other.
    LowNumber,
}

impl Excepted {
    pub(crate) const ALL: [Self; 5] =
        [Self::OutOfDate, Self::Hardening, Self::FirstAdvisory, Self::Debug, Self::LowNumber];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) names_root: bool,
    pub(crate) accepts: Vec<Status>,
    pub(crate) advisories: Advisories,
    pub(crate) least_number: Option<u32>,
    pub(crate) allow_expired: bool,
    pub(crate) allow_debug: bool,
    /// The machine's own family, or another.
    pub(crate) family: Option<bool>,
    /// Days that the TCB info may be old.
    pub(crate) oldest: Option<u32>,
    /// The machine's own MRTD, or another.
    pub(crate) pinned: Option<bool>,
    /// Something is demanded that no quote can show.
    pub(crate) demands_app: bool,
    pub(crate) exceptions: Vec<Excepted>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Universe {
    pub(crate) sets: Vec<Set>,
    pub(crate) machine: Machine,
    /// Whether the quote carries its own PCK chain, and then no other counts.
    pub(crate) carries: bool,
    /// Above the PCK CA of the machine's own chain.
    pub(crate) above: Above,
    pub(crate) rules: Rules,
    /// How files are shuffled.
    pub(crate) order: u64,
}

const NUMBERS: [u32; 4] = [18, 20, 20, 21];
const AGES: [u32; 3] = [5, 14, 30];

fn when(dice: &mut Dice) -> When {
    match dice.below(10) {
        0 | 1 => When::Over,
        2 if dice.once_in(2) => When::Later,
        _ => When::Now,
    }
}

fn document(dice: &mut Dice) -> Document {
    Document {
        number: dice.of(&NUMBERS),
        age: dice.of(&AGES),
        when: when(dice),
        status: dice.of(&[Status::UpToDate, Status::UpToDate, Status::Hardening, Status::OutOfDate]),
        second_signer: dice.once_in(3),
        above: if dice.once_in(6) { Above::Older } else { Above::Pinned },
        elsewhere: dice.once_in(7),
        damaged: dice.once_in(9),
    }
}

fn list(dice: &mut Dice, names: &[Name]) -> List {
    List {
        number: u32::try_from(dice.below(3)).unwrap() + 1,
        age: dice.of(&AGES),
        when: when(dice),
        names: dice.once_in(5).then(|| dice.of(names)),
        elsewhere: false,
        damaged: dice.once_in(12),
    }
}

pub(crate) fn set(dice: &mut Dice) -> Set {
    let mut pck_list = list(dice, &[Name::Pck, Name::Pck, Name::PckAgain]);
    pck_list.elsewhere = dice.once_in(8);
    let mut qe_identity = document(dice);
    if qe_identity.status == Status::Hardening {
        qe_identity.status = Status::UpToDate;
    }
    Set {
        giver: dice.of(&[
            Giver::Caller,
            Giver::Caller,
            Giver::Store,
            Giver::Service,
            Giver::Judged,
            Giver::Judged,
            Giver::Bystander,
        ]),
        tcb_info: document(dice),
        qe_identity,
        pck_list,
        root_list: list(
            dice,
            &[Name::FirstSigner, Name::FirstSigner, Name::SecondSigner, Name::PckCa, Name::OlderRoot],
        ),
        pck_chain: dice.of(&[
            None,
            Some(PckChain::Own),
            Some(PckChain::Own),
            Some(PckChain::Again),
            Some(PckChain::OtherHost),
            Some(PckChain::OtherHost),
            Some(PckChain::Forged),
            Some(PckChain::Damaged),
        ]),
    }
}

fn rules(dice: &mut Dice) -> Rules {
    let accepts = match dice.below(3) {
        0 => vec![Status::UpToDate],
        1 => vec![Status::UpToDate, Status::Hardening],
        _ => vec![Status::UpToDate, Status::Hardening, Status::OutOfDate],
    };
    Rules {
        names_root: !dice.once_in(12),
        accepts,
        advisories: dice.of(&[
            Advisories::None,
            Advisories::AllowFirst,
            Advisories::AllButFirst,
            Advisories::Any,
        ]),
        least_number: dice.once_in(5).then(|| dice.of(&[18, 20, 21])),
        allow_expired: dice.once_in(4),
        allow_debug: dice.once_in(6),
        family: dice.once_in(6).then(|| !dice.once_in(3)),
        oldest: dice.once_in(6).then(|| dice.of(&[10, 20])),
        pinned: dice.once_in(6).then(|| !dice.once_in(3)),
        demands_app: dice.once_in(12),
        exceptions: Excepted::ALL.into_iter().filter(|_| dice.once_in(5)).collect(),
    }
}

impl Universe {
    pub(crate) fn drawn(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let mut sets: Vec<Set> = (0..1 + dice.below(4)).map(|_| set(dice)).collect();
        // Half of all have something to stand on, or most verdicts would be that something is missing.
        if dice.once_in(2) {
            let sound = Document {
                number: 20,
                age: 14,
                when: When::Now,
                status: Status::UpToDate,
                second_signer: dice.once_in(3),
                above: Above::Pinned,
                elsewhere: false,
                damaged: false,
            };
            let lists =
                |names| List { number: 1, age: 14, when: When::Now, names, elsewhere: false, damaged: false };
            sets.push(Set {
                giver: dice.of(&[Giver::Caller, Giver::Store, Giver::Judged]),
                tcb_info: sound,
                qe_identity: sound,
                pck_list: lists(None),
                root_list: lists(None),
                pck_chain: Some(PckChain::Own),
            });
        }
        let machine = match dice.below(14) {
            0 => Machine::Older,
            1 => Machine::Debug,
            2 => dice.of(&[
                Machine::QuoteForged,
                Machine::EnclaveForged,
                Machine::PckForged,
                Machine::Unsupported,
            ]),
            _ => Machine::Genuine,
        };
        let above = if dice.once_in(8) { Above::Older } else { Above::Pinned };
        let rules = rules(dice);
        Self { sets, machine, carries: !dice.once_in(3), above, rules, order: dice.next() }
    }

    /// The same without the sets of these givers.
    pub(crate) fn without(&self, givers: &[Giver]) -> Self {
        let sets = self.sets.iter().filter(|set| !givers.contains(&set.giver)).copied().collect();
        Self { sets, ..self.clone() }
    }

    /// Universes with one thing less, to find what a difference hangs on.
    pub(crate) fn simpler(&self) -> Vec<Self> {
        let mut simpler = Vec::new();
        let mut push = |universe: Self| {
            if universe != *self {
                simpler.push(universe);
            }
        };
        for left_out in 0..self.sets.len() {
            let mut fewer = self.clone();
            fewer.sets.remove(left_out);
            push(fewer);
        }
        let plain = Rules {
            names_root: true,
            accepts: vec![Status::UpToDate],
            advisories: Advisories::Any,
            least_number: None,
            allow_expired: false,
            allow_debug: false,
            family: None,
            oldest: None,
            pinned: None,
            demands_app: false,
            exceptions: Vec::new(),
        };
        push(Self { rules: plain, ..self.clone() });
        push(Self { machine: Machine::Genuine, ..self.clone() });
        push(Self { above: Above::Pinned, ..self.clone() });
        push(Self { carries: true, ..self.clone() });
        push(Self { order: 0, ..self.clone() });
        for at in 0..self.sets.len() {
            let changes: [fn(&mut Set); 13] = [
                |set| set.tcb_info.damaged = false,
                |set| set.qe_identity.damaged = false,
                |set| set.pck_list.damaged = false,
                |set| set.root_list.damaged = false,
                |set| set.tcb_info.when = When::Now,
                |set| set.qe_identity.when = When::Now,
                |set| set.pck_list.when = When::Now,
                |set| set.root_list.when = When::Now,
                |set| set.tcb_info.elsewhere = false,
                |set| set.pck_list.names = None,
                |set| set.root_list.names = None,
                |set| set.giver = Giver::Caller,
                |set| set.pck_chain = None,
            ];
            for change in changes {
                let mut simple = self.clone();
                change(&mut simple.sets[at]);
                push(simple);
            }
        }
        simpler
    }
}
