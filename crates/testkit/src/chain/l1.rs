//! The contracts by which a chain holds a block of a rollup for final: portal, registry of anchors, games.
//!
//! Written from the storage layouts of base/contracts and the OP-stack specification, not from the code under test.

use super::World;
use alloy_primitives::{Address, B256, U256, address, b256, keccak256};

const IMPLEMENTATION: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
const ADMIN: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");

/// The contracts, in a world that a rollup settles on.
#[derive(Debug, Clone)]
pub struct L1Forge {
    /// `OptimismPortal2`, where Base has it.
    pub portal: Address,
    /// `AnchorStateRegistry`.
    pub registry: Address,
    /// The game that is the anchor.
    pub game: Address,
}

fn number(slot: u64) -> B256 {
    B256::from(U256::from(slot))
}

impl L1Forge {
    /// Deploys them, with a registry that has no game yet and nothing at the beginning.
    #[must_use]
    pub fn deploy(world: &mut World) -> Self {
        let at = |seed: &str| Address::from_word(keccak256(seed));
        let forge = Self {
            portal: address!("49048044D57e1C92A77f79988d21Fa8fAF74E97e"),
            registry: at("registry of anchors"),
            game: at("game"),
        };
        for proxy in [forge.portal, forge.registry] {
            world.set_code(proxy, &[0x60, 0x80, 0x60, 0x40]);
            world.set_slot(proxy, IMPLEMENTATION, at("code of it").into_word().into());
            world.set_slot(proxy, ADMIN, at("who can replace it").into_word().into());
        }
        world.set_slot(forge.portal, number(62), forge.registry.into_word().into());
        // Respected type of games and the time of retirement share a word.
        world.set_slot(forge.registry, number(6), U256::from(621) | (U256::from(1_700_000_000) << 32));
        forge
    }

    /// Makes a block of the rollup the anchor, judged in a game with output roots between.
    pub fn anchor(&self, world: &mut World, rollup: &World, block: u64) {
        self.claim(world, Self::output_root(rollup, block), block);
    }

    /// Makes this root the anchor.
    pub fn claim(&self, world: &mut World, root: B256, block: u64) {
        world.set_code(self.game, &Self::game_code(root, block));
        world.set_slot(self.registry, number(2), self.game.into_word().into());
    }

    /// Makes a block the anchor in a game that holds the output root of an earlier one as well.
    pub fn anchor_with(&self, world: &mut World, rollup: &World, block: u64, earlier: u64) {
        let root = Self::output_root(rollup, block);
        let mut code = Self::game_code(root, block);
        // The third of the roots between.
        let at = 98 + 136 + 2 * 32;
        code[at..at + 32].copy_from_slice(Self::output_root(rollup, earlier).as_slice());
        world.set_code(self.game, &code);
        world.set_slot(self.registry, number(2), self.game.into_word().into());
    }

    /// Code of a game: a clone, its arguments, their length with its own two bytes.
    #[must_use]
    pub fn game_code(root: B256, block: u64) -> Vec<u8> {
        let mut arguments = [7_u8; 20].to_vec();
        arguments.extend(root);
        arguments.extend(B256::repeat_byte(8));
        arguments.extend(number(block));
        arguments.extend([9_u8; 20]);
        for between in 1..20_u8 {
            arguments.extend(B256::repeat_byte(between));
        }
        arguments.extend(root);
        let length = u16::try_from(arguments.len() + 2).expect("fits");
        let mut code = vec![0x36; 98];
        code.extend(arguments);
        code.extend(length.to_be_bytes());
        code
    }

    /// The root that the registry begins with.
    pub fn begin(&self, world: &mut World, rollup: &World, block: u64) {
        world.set_slot(self.registry, number(2), U256::ZERO);
        world.set_slot(self.registry, number(3), Self::output_root(rollup, block).into());
        world.set_slot(self.registry, number(4), U256::from(block));
    }

    /// Version 0 of an output root.
    #[must_use]
    pub fn output_root(rollup: &World, block: u64) -> B256 {
        let parts = [B256::ZERO, rollup.state_root(block), rollup.withdrawals_root, rollup.hash(block)];
        keccak256(parts.concat())
    }
}
