//! Builds of the contracts' released sources, by the hash of their code.
//!
//! `test-vectors/chain/builds.mjs` made the table: dstack's tags, built with solc 0.8.22 (optimizer, 200 runs) and
//! OpenZeppelin 5.4.0, as their configuration and lock file have it, for the EVM version that Hardhat takes by itself
//! (paris) and for the compiler's own (shanghai). Code with one of these hashes does what that source says; of other code
//! nothing is said. Older tags, and what comes after the last one, are not in the table.

use alloy_primitives::{B256, b256};

/// A released source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The contract.
    pub contract: &'static str,
    /// dstack's tags that have this source.
    pub tags: &'static str,
}

const BUILDS: [(B256, Build); 8] = [
    // paris
    (
        b256!("1f8258458a31cf53156a7a1c39b20b29befb16363c11b90c611d824f194b03f7"),
        Build { contract: "DstackApp", tags: "v0.5.5 to v0.5.8" },
    ),
    // paris
    (
        b256!("5861c88c9040cbc21afacf8089733ad69f47ef851459baf9ee7c9d07eacfcc8f"),
        Build { contract: "DstackKms", tags: "v0.5.5 to v0.5.8" },
    ),
    // shanghai
    (
        b256!("866ea9ab7205e5436965cb7ad3f54e1a20c87e2849908b0f70e06f833538669d"),
        Build { contract: "DstackApp", tags: "v0.5.5 to v0.5.8" },
    ),
    // shanghai
    (
        b256!("7e8559a32fe0da370cb6b41272ed0507f17e7539a58ebed85ebfff192ffc4947"),
        Build { contract: "DstackKms", tags: "v0.5.5 to v0.5.8" },
    ),
    // paris
    (
        b256!("48df7104e8d9683c1f719d23211110f7d965ed9df8bccf3c37f38c84d7399c08"),
        Build { contract: "DstackApp", tags: "v0.5.9 to v0.5.11" },
    ),
    // paris
    (
        b256!("3305a728fac03f4e186e8b17bd608756a6a1957620c6ec1abb6c4060d3dadc0b"),
        Build { contract: "DstackKms", tags: "v0.5.9 to v0.5.11" },
    ),
    // shanghai
    (
        b256!("7b64d785fc63b8e4e928ac2bebb29e258b7c80d581985431b40a283498152e3a"),
        Build { contract: "DstackApp", tags: "v0.5.9 to v0.5.11" },
    ),
    // shanghai
    (
        b256!("1d014d217fce7f77d5e42b5357c6ba412c5c2499ad9a9a8df1a867f3bb0c8eac"),
        Build { contract: "DstackKms", tags: "v0.5.9 to v0.5.11" },
    ),
];

/// The source that builds to code with this masked hash ([`crate::code::masked_hash`]).
#[must_use]
pub fn find(hash: B256) -> Option<Build> {
    BUILDS.iter().find(|(known, _)| *known == hash).map(|(_, build)| *build)
}
