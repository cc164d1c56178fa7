//! Which addresses are on the public internet (IANA special-purpose registries, RFC 6890 and its successors).

use crate::AddressRange;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `None` for an address on the public internet.
pub(crate) fn special(address: IpAddr) -> Option<AddressRange> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// Whether an address is refused. With `allow_local` those of this machine and of local networks are not.
pub(crate) fn refused(address: IpAddr, allow_local: bool) -> Option<AddressRange> {
    special(address).filter(|range| {
        let local = matches!(
            range,
            AddressRange::Loopback
                | AddressRange::Private
                | AddressRange::LinkLocal
                | AddressRange::CarrierGradeNat
                | AddressRange::UniqueLocal
        );
        !(local && allow_local)
    })
}

const fn special_v4(address: Ipv4Addr) -> Option<AddressRange> {
    Some(match address.octets() {
        [0, ..] => AddressRange::Unspecified,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressRange::Private,
        [100, 64..=127, ..] => AddressRange::CarrierGradeNat,
        [127, ..] => AddressRange::Loopback,
        [169, 254, ..] => AddressRange::LinkLocal,
        [192, 0, 2, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
            AddressRange::Documentation
        }
        // Protocol assignments, and the anycast address of 6to4 relays, which are gone.
        [192, 0, 0, _] | [192, 88, 99, _] => AddressRange::Reserved,
        [224..=239, ..] => AddressRange::Multicast,
        [255, 255, 255, 255] => AddressRange::Broadcast,
        [240..=255, ..] => AddressRange::Reserved,
        _ => return None,
    })
}

/// Public are those of 2000::/3 that are set aside for nothing else, and public IPv4 addresses behind the well-known
/// NAT64 prefix, as networks without IPv4 give them out. Whatever embeds an IPv4 address is judged by that address.
fn special_v6(address: Ipv6Addr) -> Option<AddressRange> {
    let segments = address.segments();
    let [first, second, third, fourth, fifth, sixth, seventh, eighth] = segments;
    let last = embedded(seventh, eighth);
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(AddressRange::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(AddressRange::Loopback),
        // IPv4-mapped, IPv4-compatible, IPv4-translated: no server has such an address.
        [0, 0, 0, 0, 0, 0xffff | 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            special_v4(last).or(Some(AddressRange::Reserved))
        }
        // NAT64: 64:ff9b::/96 is global, 64:ff9b:1::/48 is a network's own.
        [0x64, 0xff9b, ..] if [third, fourth, fifth, sixth] == [0; 4] => special_v4(last),
        [0x64, 0xff9b, 1, ..] => Some(AddressRange::Private),
        // Teredo: the server's address, and the client's with every bit turned.
        [0x2001, 0, ..] => special_v4(embedded(third, fourth))
            .or_else(|| special_v4(embedded(!seventh, !eighth)))
            .or(Some(AddressRange::Reserved)),
        [0x2001, 2, 0, ..] | [0x2001, 0xdb8, ..] => Some(AddressRange::Documentation),
        [0x2001, 0..=0x1ff, ..] => Some(AddressRange::Reserved),
        // 6to4.
        [0x2002, ..] => special_v4(embedded(second, third)),
        _ => special_prefix(first),
    }
}

const fn special_prefix(first: u16) -> Option<AddressRange> {
    match first {
        0x3fff => Some(AddressRange::Documentation),
        0x2000..=0x3ffe => None,
        0xfc00..=0xfdff => Some(AddressRange::UniqueLocal),
        // Site-local addresses (fec0::/10) are gone; they were never more than local.
        0xfe80..=0xfeff => Some(AddressRange::LinkLocal),
        0xff00..=0xffff => Some(AddressRange::Multicast),
        _ => Some(AddressRange::Reserved),
    }
}

const fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Option<AddressRange> {
        special(text.parse().unwrap())
    }

    #[test]
    fn every_special_range_is_known_by_its_first_and_last_address() {
        use AddressRange::*;
        for (first, last, expected) in [
            ("0.0.0.0", "0.255.255.255", Unspecified),
            ("10.0.0.0", "10.255.255.255", Private),
            ("100.64.0.0", "100.127.255.255", CarrierGradeNat),
            ("127.0.0.0", "127.255.255.255", Loopback),
            ("169.254.0.0", "169.254.169.254", LinkLocal),
            ("172.16.0.0", "172.31.255.255", Private),
            ("192.0.0.0", "192.0.0.255", Reserved),
            ("192.0.2.0", "192.0.2.255", Documentation),
            ("192.168.0.0", "192.168.255.255", Private),
            ("198.18.0.0", "198.19.255.255", Documentation),
            ("198.51.100.0", "198.51.100.255", Documentation),
            ("203.0.113.0", "203.0.113.255", Documentation),
            ("224.0.0.0", "239.255.255.255", Multicast),
            ("240.0.0.0", "255.255.255.254", Reserved),
            ("255.255.255.255", "255.255.255.255", Broadcast),
            ("::", "::", Unspecified),
            ("::1", "::1", Loopback),
            ("100::", "100::ffff", Reserved),
            ("2001:db8::", "2001:db8:ffff::", Documentation),
            ("2001:2::1", "2001:2:0:ffff::", Documentation),
            ("2001:10::", "2001:1ff::", Reserved),
            ("3fff::", "3fff:fff::", Documentation),
            ("5f00::", "5f00::1", Reserved),
            ("fc00::", "fdff::", UniqueLocal),
            ("fe80::1", "febf::", LinkLocal),
            ("fec0::", "feff::", LinkLocal),
            ("ff00::", "ff02::1", Multicast),
        ] {
            assert_eq!((range(first), range(last)), (Some(expected), Some(expected)), "{first} {last}");
        }
    }

    #[test]
    fn the_neighbours_of_special_ranges_are_public() {
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "8.8.8.8",
            "2001:200::",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2000::",
            "3ffe::1",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn private_addresses_inside_ipv6_addresses_are_found() {
        use AddressRange::*;
        for (text, expected) in [
            ("::ffff:127.0.0.1", Loopback),
            ("::ffff:10.0.0.1", Private),
            ("::ffff:8.8.8.8", Reserved),
            ("::127.0.0.1", Loopback),
            ("::ffff:0:169.254.169.254", LinkLocal),
            ("64:ff9b::192.168.1.1", Private),
            ("64:ff9b::127.0.0.1", Loopback),
            ("64:ff9b:1::8.8.8.8", Private),
            ("2002:7f00:1::", Loopback),
            ("2002:a9fe:a9fe::1", LinkLocal),
            // Teredo by way of a private server, to a private client, and between public ones.
            ("2001:0:a00:1::f7f7:f7f7", Private),
            ("2001:0:808:808::80ff:fffe", Loopback),
            ("2001:0:808:808::f7f7:f7f7", Reserved),
        ] {
            assert_eq!(range(text), Some(expected), "{text}");
        }
        assert_eq!(range("64:ff9b::8.8.8.8"), None);
        assert_eq!(range("2002:808:808::1"), None);
    }

    #[test]
    fn allowing_local_addresses_does_not_allow_addresses_that_nobody_has() {
        for text in
            ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "169.254.1.1", "100.64.0.1", "::ffff:127.0.0.1"]
        {
            assert_eq!(refused(text.parse().unwrap(), true), None, "{text}");
            assert!(refused(text.parse().unwrap(), false).is_some(), "{text}");
        }
        for text in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "::", "ff02::1", "240.0.0.1"] {
            assert!(refused(text.parse().unwrap(), true).is_some(), "{text}");
        }
    }
}
