//! Signed statements for plans: each is written and signed once and used in as many universes as want it.

use crate::plan::{Above, Document, List, Machine, Name, PckChain, Set, Status, When};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use veritee_model::UnixTime;
use veritee_quote::{Collateral, CollateralParts};
use veritee_testkit::pki::time;
use veritee_testkit::quote::Certification;
use veritee_testkit::{Role, Shape, SigningKey, Universe};

/// The time of every verdict here.
pub(crate) const AS_OF: &str = veritee_testkit::universe::AS_OF;
pub(crate) const FIRST_ADVISORY: &str = "INTEL-SA-00001";
const DAY: u64 = 86_400;

/// Of the second certificate of the machine's key.
const SERIAL_AGAIN: [u8; 4] = [7, 7, 7, 7];

/// Its signer is the first; the second has another key and number.
static FIRST: LazyLock<Universe> = LazyLock::new(|| Universe::new(1));
static SECOND: LazyLock<Universe> = LazyLock::new(|| {
    Universe::new(1).pki(|pki| pki.replace_key(Role::TcbSigner, SigningKey::derive(77, "second signer")))
});

fn universe(second: bool) -> &'static Universe {
    if second { &SECOND } else { &FIRST }
}

/// A text, its signature, its chain.
type Signed = (String, String, String);

#[derive(PartialEq, Eq, Hash)]
enum Key {
    TcbInfo(Document),
    QeIdentity(Document),
    PckList(List),
    RootList(List),
    Quote(Machine, Above, bool),
    PckChain(PckChain, Machine, Above),
}

#[derive(Clone)]
enum Kept {
    Signed(Arc<Signed>),
    Bytes(Arc<Vec<u8>>),
}

static POOL: LazyLock<Mutex<HashMap<Key, Kept>>> = LazyLock::new(Mutex::default);

fn kept(key: Key, make: impl FnOnce() -> Kept) -> Kept {
    let mut pool = POOL.lock().unwrap();
    if let Some(known) = pool.get(&key) {
        return known.clone();
    }
    let made = make();
    pool.insert(key, made.clone());
    made
}

fn signed(key: Key, make: impl FnOnce() -> Signed) -> Arc<Signed> {
    match kept(key, || Kept::Signed(Arc::new(make()))) {
        Kept::Signed(signed) => signed,
        Kept::Bytes(_) => unreachable!("documents are signed texts"),
    }
}

fn bytes(key: Key, make: impl FnOnce() -> Vec<u8>) -> Arc<Vec<u8>> {
    match kept(key, || Kept::Bytes(Arc::new(make()))) {
        Kept::Bytes(bytes) => bytes,
        Kept::Signed(_) => unreachable!("lists and quotes are bytes"),
    }
}

pub(crate) fn root_der() -> Vec<u8> {
    FIRST.pki.der(Role::Root)
}

fn now() -> u64 {
    time(AS_OF).seconds()
}

/// From when until when.
fn window(age: u32, when: When) -> (UnixTime, UnixTime) {
    let issued = now() - u64::from(age) * DAY;
    let at = UnixTime::from_seconds;
    match when {
        When::Now => (at(issued), at(now() + 16 * DAY)),
        When::Over => (at(issued), at(now() - DAY)),
        When::Later => (at(now() + DAY * 3), at(now() + 30 * DAY)),
    }
}

fn words(status: Status) -> &'static str {
    match status {
        Status::UpToDate => "UpToDate",
        Status::Hardening => "SWHardeningNeeded",
        Status::OutOfDate => "OutOfDate",
    }
}

fn chain(document: &Document) -> String {
    let above = if document.above == Above::Older { Role::OlderRoot } else { Role::Root };
    universe(document.second_signer).pki.pem(&[Role::TcbSigner, above])
}

fn finish(document: &Document, mut text: String) -> Signed {
    let key = universe(document.second_signer).pki.key(Role::TcbSigner);
    let signature = hex::encode(key.sign(text.as_bytes()));
    if document.damaged {
        text.push(' ');
    }
    (text, signature, chain(document))
}

fn tcb_info(document: &Document) -> Arc<Signed> {
    signed(Key::TcbInfo(*document), || {
        let (from, until) = window(document.age, document.when);
        let it = Universe::new(1).tcb_info(|info| {
            info.evaluation_number = document.number.into();
            (info.issue_date, info.next_update) = (from.to_string(), until.to_string());
            info.levels[0].status = words(document.status).into();
            if document.status != Status::UpToDate {
                info.levels[0].advisories = vec![FIRST_ADVISORY.into()];
            }
            info.levels[1].advisories = vec![FIRST_ADVISORY.into(), "INTEL-SA-00002".into()];
            info.levels[2].advisories = info.levels[1].advisories.clone();
            if document.elsewhere {
                info.fmspc = "000000000001".into();
            }
        });
        finish(document, it.tcb_info.json())
    })
}

fn qe_identity(document: &Document) -> Arc<Signed> {
    signed(Key::QeIdentity(*document), || {
        let (from, until) = window(document.age, document.when);
        let shape = if document.elsewhere { Shape::SgxV4 } else { Shape::TdxV4 };
        let it = Universe::with_shape(1, shape).qe_identity(|identity| {
            identity.evaluation_number = document.number.into();
            (identity.issue_date, identity.next_update) = (from.to_string(), until.to_string());
            identity.levels[0].status = words(document.status).into();
        });
        finish(document, it.qe_identity.json())
    })
}

fn serial(name: Name) -> Vec<u8> {
    match name {
        Name::Pck => FIRST.pki.serial(Role::Pck),
        Name::PckAgain => SERIAL_AGAIN.to_vec(),
        Name::PckCa => FIRST.pki.serial(Role::PlatformCa),
        Name::FirstSigner => FIRST.pki.serial(Role::TcbSigner),
        Name::SecondSigner => SECOND.pki.serial(Role::TcbSigner),
        Name::OlderRoot => FIRST.pki.serial(Role::OlderRoot),
    }
}

fn list(list: &List, issuer: Role) -> Vec<u8> {
    let (from, until) = window(list.age, list.when);
    let mut spec = FIRST.pki.crl(issuer, from, until);
    spec.set_number(list.number.into());
    if let Some(name) = list.names {
        spec.revoke(&serial(name));
    }
    let mut der = spec.sign(FIRST.pki.key(issuer));
    if list.damaged {
        let last = der.len() - 1;
        der[last] ^= 1;
    }
    der
}

fn pck_ca(it: &List) -> Role {
    if it.elsewhere { Role::ProcessorCa } else { Role::PlatformCa }
}

/// The set as it is given in a universe of this machine.
pub(crate) fn collateral(set: &Set, machine: Machine, above: Above) -> Collateral {
    let (tcb_info, qe_identity) = (tcb_info(&set.tcb_info), qe_identity(&set.qe_identity));
    let issuer = pck_ca(&set.pck_list);
    Collateral::from_parts(CollateralParts {
        pck_crl_issuer_chain: FIRST.pki.pem(&[issuer, Role::Root]),
        root_ca_crl: bytes(Key::RootList(set.root_list), || list(&set.root_list, Role::Root)).to_vec(),
        pck_crl: bytes(Key::PckList(set.pck_list), || list(&set.pck_list, issuer)).to_vec(),
        tcb_info: tcb_info.0.clone(),
        tcb_info_signature: tcb_info.1.clone(),
        tcb_info_issuer_chain: tcb_info.2.clone(),
        qe_identity: qe_identity.0.clone(),
        qe_identity_signature: qe_identity.1.clone(),
        qe_identity_issuer_chain: qe_identity.2.clone(),
        pck_certificate_chain: set.pck_chain.map(|chain| pck_chain(chain, machine, above)),
    })
}

/// The machine as its certificates name it.
fn host(machine: Machine) -> Universe {
    let svn = |svn: u8| Universe::new(1).sgx_extension(|extension| extension.components[0] = svn.into());
    match machine {
        Machine::Older => svn(4),
        Machine::Unsupported => svn(0),
        Machine::PckForged => Universe::new(1).certificate(Role::Pck, |pck| pck.signed_by = Role::Stranger),
        _ => Universe::new(1),
    }
}

const fn root(above: Above) -> Role {
    match above {
        Above::Older => Role::OlderRoot,
        Above::Pinned => Role::Root,
    }
}

/// A PCK chain, PEM.
fn pck_chain(chain: PckChain, machine: Machine, above: Above) -> String {
    let made = bytes(Key::PckChain(chain, machine, above), || {
        let host = host(machine);
        let host = match chain {
            PckChain::Own => host,
            PckChain::Again => host.certificate(Role::Pck, |pck| {
                pck.serial = SERIAL_AGAIN.to_vec();
                pck.not_before = UnixTime::from_seconds(pck.not_before.seconds() + DAY);
            }),
            PckChain::Forged => host.certificate(Role::Pck, |pck| pck.signed_by = Role::Stranger),
            PckChain::OtherHost => {
                host.pki(|pki| pki.replace_key(Role::Pck, SigningKey::derive(78, "another host")))
            }
            PckChain::Damaged => return b"-----BEGIN CERTIFICATE-----\nnone\n".to_vec(),
        };
        host.pki.pem(&[Role::Pck, Role::PlatformCa, root(above)]).into_bytes()
    });
    String::from_utf8(made.to_vec()).unwrap()
}

/// The machine's quote, with its PCK chain or without.
pub(crate) fn quote(machine: Machine, above: Above, carries: bool) -> Arc<Vec<u8>> {
    bytes(Key::Quote(machine, above, carries), || {
        let late = match machine {
            Machine::Older => Some(5),
            Machine::Unsupported => Some(0),
            _ => None,
        };
        let universe = host(machine).quote(|quote| {
            quote.certification = match carries {
                true => Certification::Chain(vec![Role::Pck, Role::PlatformCa, root(above)], vec![0]),
                false => Certification::PlainPpid,
            };
            match machine {
                Machine::Debug => quote.td().td_attributes[0] |= 1,
                Machine::QuoteForged => quote.signed_by = Role::Stranger,
                Machine::EnclaveForged => quote.qe_report_signed_by = Role::Stranger,
                _ => {}
            }
            if let Some(late) = late {
                quote.td().tee_tcb_svn[2] = late;
            }
        });
        universe.forge().quote
    })
}
