//! App contracts of every generation: their storage, their events, their silences.

use super::World;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// Which contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// `AppAuth`, v0.4.2 to v0.5.3.
    AppAuth,
    /// `DstackApp`, v0.5.5 to v0.5.8.
    DstackApp,
    /// `DstackApp`, v0.5.9 to v0.5.11.
    DstackAppTcb,
    /// `DstackApp` since 2026-05-31.
    DstackAppTwoStep,
}

pub(super) const OWNER: &str = "9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300";
pub(super) const PENDING: &str = "237e158222e3e6968b72b9db0d8043aacf074ad9f650f0d1606b4d82ee432c00";
pub(super) const INITIALIZED: &str = "f0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00";
pub(super) const IMPLEMENTATION: &str = "360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

pub(super) fn named(slot: &str) -> B256 {
    slot.parse().expect("a slot")
}

pub(super) fn number(slot: u64) -> B256 {
    B256::from(U256::from(slot))
}

pub(super) fn entry(key: B256, slot: u64) -> B256 {
    keccak256([key.as_slice(), number(slot).as_slice()].concat())
}

pub(super) fn as_word(address: Address) -> U256 {
    U256::from_be_bytes(address.into_word().0)
}

/// Code with these functions, its own address, and a compiler's trailer: enough for whoever looks at code.
pub(super) fn code(own: Address, functions: &[&str], raw: &[[u8; 4]], salt: u8) -> Vec<u8> {
    let mut code = vec![0x60, 0x80, 0x60, 0x40, 0x52];
    let selectors =
        functions.iter().map(|function| keccak256(function).0.first_chunk::<4>().copied().expect("4 bytes"));
    for selector in selectors.chain(raw.iter().copied()) {
        let zeros = selector.iter().take_while(|byte| **byte == 0).count();
        code.extend([0x80, 0x63 - zeros as u8]);
        code.extend(&selector[zeros..]);
        code.extend([0x14, 0x61, 0x01, 0x00, 0x57]);
    }
    code.push(0x7f);
    code.extend(own.into_word());
    code.extend([0xa2, 0x64, salt, 0x00, 0x04]);
    code
}

/// The code of an ERC-1967 proxy, as far as tests need one.
pub(super) const PROXY: &[u8] = &[0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73, 0xf4, 0x00];

const ONLY: [(&str, &[AppKind]); 4] = [
    ("appId()", &[AppKind::AppAuth]),
    ("requireTcbUpToDate()", &[AppKind::DstackAppTcb, AppKind::DstackAppTwoStep]),
    ("version()", &[AppKind::DstackAppTcb, AppKind::DstackAppTwoStep]),
    ("pendingOwner()", &[AppKind::DstackAppTwoStep]),
];

/// A deployed app contract.
#[derive(Debug, Clone, Copy)]
pub struct AppForge {
    /// Its address.
    pub address: Address,
    /// Which contract it is.
    pub kind: AppKind,
}

/// How it is deployed. The three flags are set without an event.
#[derive(Debug, Clone, Copy)]
pub struct Deployment {
    /// Owner.
    pub owner: Address,
    /// First compose hash; zero for none.
    pub compose_hash: B256,
    /// First device; zero for none.
    pub device: B256,
    /// Upgrades are disabled from the start.
    pub upgrades_disabled: bool,
    /// Any device may run it.
    pub allow_any_device: bool,
    /// The TCB has to be up to date.
    pub require_tcb: bool,
}

impl AppForge {
    /// Deploys an implementation and gives its address.
    pub fn implementation(world: &mut World, kind: AppKind, salt: u8) -> Address {
        let address =
            Address::from_word(keccak256([b"implementation".as_slice(), &[salt, kind as u8]].concat()));
        let mut functions =
            vec!["allowedComposeHashes(bytes32)", "allowedDeviceIds(bytes32)", "allowAnyDevice()", "owner()"];
        functions
            .extend(ONLY.iter().filter(|(_, kinds)| kinds.contains(&kind)).map(|(function, _)| *function));
        let code = code(address, &functions, &[[0x1e, 0x07, 0x91, 0x98]], salt);
        world.set_code(address, &code);
        address
    }

    /// Deploys a proxy at `address`. The caller closes the block.
    pub fn deploy(
        world: &mut World,
        address: Address,
        kind: AppKind,
        implementation: Address,
        with: Deployment,
    ) -> Self {
        let app = Self { address, kind };
        world.transaction();
        world.set_code(address, PROXY);
        world.set_slot(address, named(IMPLEMENTATION), as_word(implementation));
        world.emit_words(address, "Upgraded(address)", &[implementation.into_word()], &[]);
        world.set_slot(address, named(INITIALIZED), U256::from(1));
        if kind == AppKind::AppAuth {
            world.set_slot(address, number(0), as_word(Address::from_word(keccak256(address))));
        }
        app.flags(world, with.upgrades_disabled, with.allow_any_device);
        if kind != AppKind::AppAuth && kind != AppKind::DstackApp {
            world.set_slot(address, number(3), U256::from(u64::from(with.require_tcb)));
        }
        if !with.device.is_zero() {
            app.device(world, with.device, true);
        }
        if !with.compose_hash.is_zero() {
            app.compose_hash(world, with.compose_hash, true);
        }
        world.set_slot(address, named(OWNER), as_word(with.owner));
        let previous = Address::ZERO.into_word();
        world.emit_words(
            address,
            "OwnershipTransferred(address,address)",
            &[previous, with.owner.into_word()],
            &[],
        );
        world.emit_words(address, "Initialized(uint64)", &[], &[number(1)]);
        app
    }

    /// Sets the two flags of the shared word, silently.
    pub fn flags(&self, world: &mut World, upgrades_disabled: bool, allow_any_device: bool) {
        let word = u64::from(upgrades_disabled) | u64::from(allow_any_device) << 8;
        world.set_slot(self.address, number(self.first() + 1), U256::from(word));
    }

    fn first(&self) -> u64 {
        u64::from(self.kind == AppKind::AppAuth)
    }

    fn flag_word(&self, world: &World) -> (bool, bool) {
        let word = u64::try_from(world.slot(self.address, number(self.first() + 1))).expect("flags");
        (word & 1 == 1, word >> 8 == 1)
    }

    /// Adds or removes a compose hash, with the event.
    pub fn compose_hash(&self, world: &mut World, hash: B256, allowed: bool) {
        world.set_slot(self.address, entry(hash, self.first()), U256::from(u64::from(allowed)));
        let event = if allowed { "ComposeHashAdded(bytes32)" } else { "ComposeHashRemoved(bytes32)" };
        world.emit_words(self.address, event, &[], &[hash]);
    }

    /// Adds or removes a device, with the event.
    pub fn device(&self, world: &mut World, device: B256, allowed: bool) {
        world.set_slot(self.address, entry(device, self.first() + 2), U256::from(u64::from(allowed)));
        let event = if allowed { "DeviceAdded(bytes32)" } else { "DeviceRemoved(bytes32)" };
        world.emit_words(self.address, event, &[], &[device]);
    }

    /// `setAllowAnyDevice`, with the event.
    pub fn allow_any_device(&self, world: &mut World, value: bool) {
        let (disabled, _) = self.flag_word(world);
        self.flags(world, disabled, value);
        world.emit_words(self.address, "AllowAnyDeviceSet(bool)", &[], &[number(u64::from(value))]);
    }

    /// `disableUpgrades`, with the event.
    pub fn disable_upgrades(&self, world: &mut World) {
        let (_, any) = self.flag_word(world);
        self.flags(world, true, any);
        world.emit_words(self.address, "UpgradesDisabled()", &[], &[]);
    }

    /// `setRequireTcbUpToDate`, with the event.
    pub fn require_tcb(&self, world: &mut World, value: bool) {
        world.set_slot(self.address, number(3), U256::from(u64::from(value)));
        world.emit_words(self.address, "RequireTcbUpToDateSet(bool)", &[], &[number(u64::from(value))]);
    }

    /// Sets `requireTcbUpToDate`, silently.
    pub fn require_tcb_silently(&self, world: &mut World, value: bool) {
        world.set_slot(self.address, number(3), U256::from(u64::from(value)));
    }

    /// Offers ownership (two-step contracts).
    pub fn offer(&self, world: &mut World, to: Address) {
        let owner = B256::from(world.slot(self.address, named(OWNER)));
        world.set_slot(self.address, named(PENDING), as_word(to));
        world.emit_words(
            self.address,
            "OwnershipTransferStarted(address,address)",
            &[owner, to.into_word()],
            &[],
        );
    }

    /// Changes the owner: at once, by acceptance, or by renouncing. A pending offer goes silently.
    pub fn owner(&self, world: &mut World, to: Address) {
        let owner = B256::from(world.slot(self.address, named(OWNER)));
        world.set_slot(self.address, named(PENDING), U256::ZERO);
        world.set_slot(self.address, named(OWNER), as_word(to));
        world.emit_words(
            self.address,
            "OwnershipTransferred(address,address)",
            &[owner, to.into_word()],
            &[],
        );
    }

    /// Upgrades the proxy.
    pub fn upgrade(&self, world: &mut World, implementation: Address) {
        world.set_slot(self.address, named(IMPLEMENTATION), as_word(implementation));
        world.emit_words(self.address, "Upgraded(address)", &[implementation.into_word()], &[]);
    }

    /// Makes a getter answer.
    pub fn getter(&self, world: &mut World, data: Bytes, answer: Bytes) {
        world.account(self.address).calls.insert(data, answer);
    }
}
