//! Registry contracts of every generation.

use super::World;
use super::app::{IMPLEMENTATION, INITIALIZED, OWNER, PROXY, as_word, code, entry, named, number};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

/// Which contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KmsKind {
    /// `KmsAuth`, v0.4.2 to v0.5.0.
    KmsAuthImages,
    /// `KmsAuth`, v0.5.1 to v0.5.3.
    KmsAuth,
    /// `DstackKms`, v0.5.5 to v0.5.11.
    DstackKms,
    /// `DstackKms` since 2026-05-31.
    DstackKmsTwoStep,
}

/// A deployed registry.
#[derive(Debug, Clone, Copy)]
pub struct KmsForge {
    /// Its address.
    pub address: Address,
    /// Which contract it is.
    pub kind: KmsKind,
}

/// What `kmsInfo()` and `gatewayAppId()` answer.
#[derive(Debug, Clone, Default)]
pub struct Info {
    /// secp256k1 key.
    pub k256: Vec<u8>,
    /// Root CA key.
    pub ca: Vec<u8>,
    /// Quote.
    pub quote: Vec<u8>,
    /// Event log.
    pub event_log: Vec<u8>,
    /// Gateway.
    pub gateway: String,
}

/// ABI encoding of dynamic values one after the other.
fn dynamic(values: &[&[u8]]) -> Bytes {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for value in values {
        head.extend(number((32 * values.len() + tail.len()) as u64));
        tail.extend(number(value.len() as u64));
        tail.extend_from_slice(value);
        tail.resize(tail.len().next_multiple_of(32), 0);
    }
    head.extend(tail);
    head.into()
}

fn selector(function: &str) -> Bytes {
    Bytes::copy_from_slice(&keccak256(function)[..4])
}

impl KmsForge {
    /// Deploys implementation and proxy at `address`. The caller closes the block.
    pub fn deploy(world: &mut World, address: Address, kind: KmsKind, owner: Address) -> Self {
        let kms = Self { address, kind };
        let implementation = Address::from_word(keccak256([b"kms".as_slice(), &[kind as u8]].concat()));
        let mut functions = vec!["kmsInfo()", "gatewayAppId()", "allowedOsImages(bytes32)", "owner()"];
        functions.extend(match kind {
            KmsKind::KmsAuthImages => vec!["apps(address)", "appAllowedSystemMrs(bytes32)"],
            KmsKind::KmsAuth => vec!["apps(address)"],
            KmsKind::DstackKms => vec!["registeredApps(address)"],
            KmsKind::DstackKmsTwoStep => vec!["registeredApps(address)", "pendingOwner()"],
        });
        let code = code(implementation, &functions, &[], 1);
        world.set_code(implementation, &code);
        world.transaction();
        world.set_code(address, PROXY);
        world.set_slot(address, named(IMPLEMENTATION), as_word(implementation));
        world.emit_words(address, "Upgraded(address)", &[implementation.into_word()], &[]);
        world.set_slot(address, named(OWNER), as_word(owner));
        world.emit_words(
            address,
            "OwnershipTransferred(address,address)",
            &[B256::ZERO, owner.into_word()],
            &[],
        );
        world.set_slot(address, named(INITIALIZED), U256::from(1));
        world.emit_words(address, "Initialized(uint64)", &[], &[number(1)]);
        kms.set_info(world, &Info::default(), false);
        kms
    }

    fn bytes(&self, world: &mut World, slot: u64, value: &[u8]) {
        if value.len() < 32 {
            let mut word = [0_u8; 32];
            word[..value.len()].copy_from_slice(value);
            word[31] = 2 * value.len() as u8;
            world.set_slot(self.address, number(slot), U256::from_be_bytes(word));
            return;
        }
        world.set_slot(self.address, number(slot), U256::from(2 * value.len() + 1));
        let first = U256::from_be_bytes(keccak256(number(slot)).0);
        for (index, chunk) in value.chunks(32).enumerate() {
            let mut word = [0_u8; 32];
            word[..chunk.len()].copy_from_slice(chunk);
            world.set_slot(self.address, B256::from(first + U256::from(index)), U256::from_be_bytes(word));
        }
    }

    /// Sets keys, quote and gateway. Only the secp256k1 key and the gateway are logged, and those where `log`.
    pub fn set_info(&self, world: &mut World, info: &Info, log: bool) {
        let texts = [&info.k256, &info.ca, &info.quote, &info.event_log];
        for (slot, value) in texts.iter().enumerate() {
            self.bytes(world, slot as u64, value);
        }
        self.bytes(world, 4, info.gateway.as_bytes());
        let calls = &mut world.account(self.address).calls;
        calls.insert(selector("kmsInfo()"), dynamic(&[&info.k256, &info.ca, &info.quote, &info.event_log]));
        calls.insert(selector("gatewayAppId()"), dynamic(&[info.gateway.as_bytes()]));
        if log {
            let topic = |event: &str| vec![keccak256(event)];
            world.emit(self.address, topic("KmsInfoSet(bytes)"), dynamic(&[&info.k256]).to_vec());
            world.emit(
                self.address,
                topic("GatewayAppIdSet(string)"),
                dynamic(&[info.gateway.as_bytes()]).to_vec(),
            );
        }
    }

    /// Registers an app; with a controller in the old contracts. The factory of those logs it.
    pub fn register(&self, world: &mut World, app: Address, controller: Option<(Address, Address)>) {
        let (mut word, old) = (U256::from(1), matches!(self.kind, KmsKind::KmsAuth | KmsKind::KmsAuthImages));
        if let Some((controller, deployer)) = controller.filter(|_| old) {
            word |= as_word(controller) << 8;
            let sequence = if self.kind == KmsKind::KmsAuth { 9 } else { 10 };
            let slot = entry(deployer.into_word(), sequence);
            let next = world.slot(self.address, slot) + U256::from(1);
            world.set_slot(self.address, slot, next);
        }
        world.set_slot(self.address, entry(app.into_word(), 5), word);
        world.emit_words(self.address, "AppRegistered(address)", &[], &[app.into_word()]);
        match controller {
            Some((controller, deployer)) if old => {
                let topics = [app, controller, deployer].map(|address| address.into_word());
                world.emit_words(
                    self.address,
                    "AppDeployedViaFactory(address,address,address)",
                    &topics,
                    &[],
                );
            }
            _ => {}
        }
    }

    /// Allows or disallows an OS image.
    pub fn os_image(&self, world: &mut World, image: B256, allowed: bool) {
        let old = self.kind == KmsKind::KmsAuthImages;
        let (added, removed) = if old {
            ("AppImageMrAdded(bytes32)", "AppImageMrRemoved(bytes32)")
        } else {
            ("OsImageHashAdded(bytes32)", "OsImageHashRemoved(bytes32)")
        };
        self.member(world, 8, image, allowed, [added, removed]);
    }

    /// Allows or disallows a KMS instance by its aggregated measurement.
    pub fn aggregated_mr(&self, world: &mut World, mr: B256, allowed: bool) {
        self.member(
            world,
            6,
            mr,
            allowed,
            ["KmsAggregatedMrAdded(bytes32)", "KmsAggregatedMrRemoved(bytes32)"],
        );
    }

    /// Allows or disallows a device of KMS instances.
    pub fn device(&self, world: &mut World, device: B256, allowed: bool) {
        self.member(world, 7, device, allowed, ["KmsDeviceAdded(bytes32)", "KmsDeviceRemoved(bytes32)"]);
    }

    fn member(&self, world: &mut World, slot: u64, member: B256, allowed: bool, events: [&str; 2]) {
        world.set_slot(self.address, entry(member, slot), U256::from(u64::from(allowed)));
        world.emit_words(self.address, events[usize::from(!allowed)], &[], &[member]);
    }

    /// Sets the implementation that new apps get.
    pub fn app_implementation(&self, world: &mut World, implementation: Address) {
        let slot = if self.kind == KmsKind::KmsAuth { 10 } else { 9 };
        world.set_slot(self.address, number(slot), as_word(implementation));
        let old = self.kind == KmsKind::KmsAuth;
        let event = if old { "AppAuthImplementationSet(address)" } else { "AppImplementationSet(address)" };
        world.emit_words(self.address, event, &[], &[implementation.into_word()]);
    }
}
