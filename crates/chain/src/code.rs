//! What code an account has: none, a delegation, or a contract; and what a contract's code can be asked.

use alloy_primitives::{Address, B256, keccak256};

/// `isAppAllowed` in the form that a KMS calls; the interface's id too.
pub const IS_APP_ALLOWED: [u8; 4] = [0x1e, 0x07, 0x91, 0x98];

/// What an account is, by its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CodeKind {
    /// No code: an account of a key, or nothing at all.
    None,
    /// An account of a key that lets this contract's code run for it (EIP-7702). The key can change that at any time,
    /// without a log: it is no contract.
    Delegation(Address),
    /// A contract.
    Contract,
}

/// Classifies code.
#[must_use]
pub fn kind(code: &[u8]) -> CodeKind {
    match code {
        [] => CodeKind::None,
        [0xef, 0x01, 0x00, target @ ..] => {
            Address::try_from(target).map_or(CodeKind::Contract, CodeKind::Delegation)
        }
        _ => CodeKind::Contract,
    }
}

/// Whether the code compares a call's selector with this one: `PUSH4` and the selector, without the zeros in front
/// that a compiler leaves out. Data can look like it by chance (about one in 10^5 for a large contract): it tells
/// generations apart, it does not prove behaviour.
#[must_use]
pub fn has_selector(code: &[u8], selector: [u8; 4]) -> bool {
    const PUSH1: u8 = 0x60;
    let zeros = selector.iter().take_while(|byte| **byte == 0).count().min(3);
    let digits = selector.get(zeros..).unwrap_or_default();
    let push = PUSH1.saturating_add(u8::try_from(digits.len().saturating_sub(1)).unwrap_or_default());
    code.windows(digits.len().saturating_add(1)).any(|window| match window.split_first() {
        Some((first, rest)) => *first == push && rest == digits,
        None => false,
    })
}

/// A hash by which builds of the same source compare: without the compiler's metadata at the end, and with the
/// contract's own address (an immutable of UUPS contracts) as zeros.
#[must_use]
pub fn masked_hash(code: &[u8], own: Address) -> B256 {
    let mut masked = without_metadata(code).to_vec();
    let needle = own.as_slice();
    let mut at = 0_usize;
    while let Some(window) = masked.get_mut(at..at.saturating_add(20)) {
        if window == needle {
            window.fill(0);
            at = at.saturating_add(20);
        } else {
            at = at.saturating_add(1);
        }
    }
    keccak256(masked)
}

/// solc ends code with a CBOR map and its length in two bytes.
fn without_metadata(code: &[u8]) -> &[u8] {
    let Some((rest, length)) = code.split_last_chunk::<2>() else { return code };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some(start) = rest.len().checked_sub(length) else { return code };
    match rest.split_at_checked(start) {
        // A map of one to four entries.
        Some((body, [0xa1..=0xa4, ..])) => body,
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delegation_is_no_contract_and_a_longer_one_is_no_delegation() {
        let target = Address::repeat_byte(7);
        let code = [&[0xef, 0x01, 0x00], target.as_slice()].concat();
        assert_eq!(kind(&code), CodeKind::Delegation(target));
        assert_eq!(kind(&code[..22]), CodeKind::Contract);
        assert_eq!(kind(&[code.as_slice(), &[0]].concat()), CodeKind::Contract);
        assert_eq!(kind(&[]), CodeKind::None);
        assert_eq!(kind(&[0x60, 0x80]), CodeKind::Contract);
    }

    #[test]
    fn builds_that_differ_in_their_own_address_and_metadata_compare_equal() {
        let build = |own: Address, metadata: u8| {
            let mut code = vec![0x60, 0x80, 0x73];
            code.extend(own);
            code.extend([0x14, 0x00]);
            code.extend([0xa1, 0x61, metadata, 0x00, 0x03]);
            code
        };
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert_eq!(masked_hash(&build(one, 5), one), masked_hash(&build(two, 6), two));
        // Someone else's address in its place is another build.
        assert_ne!(masked_hash(&build(one, 5), one), masked_hash(&build(two, 5), one));
        assert_ne!(masked_hash(&build(one, 5), one), keccak256(build(one, 5)));
    }

    #[test]
    fn a_selector_is_found_with_its_push_only() {
        assert!(has_selector(&[0x80, 0x63, 1, 2, 3, 4, 0x14], [1, 2, 3, 4]));
        assert!(!has_selector(&[0x80, 0x62, 1, 2, 3, 4, 0x14], [1, 2, 3, 4]));
        assert!(has_selector(&[0x80, 0x62, 2, 3, 4, 0x14], [0, 2, 3, 4]));
        assert!(!has_selector(&[], [1, 2, 3, 4]));
    }
}
