//! Lists and certificates in any number: what is put together of them grows with their number, not with their product.

use std::fmt::Write as _;
use veritee_model::{Budget, Item};
use veritee_offline::collateral::{Collector, Found, Given};
use veritee_quote::{Collateral, TrustRoot};
use veritee_testkit::pki::time;
use veritee_testkit::{Role, Universe};

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let digits = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(64) {
        writeln!(text, "{}", String::from_utf8_lossy(line)).unwrap();
    }
    text + &format!("-----END {label}-----\n")
}

/// Lists and CAs of Intel's names under other roots, each file a CA's certificate, the root's and some lists.
fn false_files(cas: u64, lists: u64) -> Vec<String> {
    (0..cas)
        .map(|seed| {
            let forged = Universe::new(1000 + seed);
            let mut text = forged.pki.pem(&[Role::PlatformCa, Role::Root]);
            for number in 0..lists {
                let mut list = forged.collateral.pck_crl.clone();
                list.revoke(&number.to_be_bytes());
                text += &pem("X509 CRL", &list.sign(forged.pki.key(Role::PlatformCa)));
            }
            text
        })
        .collect()
}

fn lists_of(files: &[String], root: Option<&TrustRoot>) -> (Vec<Item>, Vec<String>) {
    let mut collector = Collector::new(&Budget::STANDARD);
    if let Some(root) = root {
        collector = collector.under(root);
    }
    let (mut lists, mut told) = (Vec::new(), Vec::new());
    let mut out = |found| match found {
        Found::Given(Given::Lists(item)) => lists.push(item),
        Found::PassedOver { name, why } => told.push(format!("{name}: {why}")),
        _ => {}
    };
    for (file, number) in files.iter().zip(0..) {
        collector.take(&format!("{number}.pem"), file.as_bytes(), false, &mut out).unwrap();
    }
    collector.finish(&mut out).unwrap();
    (lists, told)
}

#[test]
fn a_list_stands_under_the_chain_that_has_signed_it_and_not_under_every_chain_of_the_name() {
    let genuine = Universe::new(7);
    let root = TrustRoot::from_der(&genuine.forge().root_der).unwrap();
    let mut newer = genuine.collateral.pck_crl.clone();
    newer.this_update = time("2026-10-10T00:00:00Z");
    newer.revoke(&[7; 20]);
    let newer = newer.sign(genuine.pki.key(Role::PlatformCa));
    let own = genuine.pki.pem(&[Role::PlatformCa, Role::Root]) + &pem("X509 CRL", &newer);
    for cas in [8, 16] {
        let mut files = false_files(cas, 4);
        files.push(own.clone());
        let (lists, _) = lists_of(&files, Some(&root));
        // Each list once: the false ones are told as damaged, the genuine one counts.
        let count = usize::try_from(cas).unwrap() * 4 + 1;
        assert_eq!(lists.len(), count);
        let kept = lists.iter().map(|item| Collateral::from_json(&item.bytes).unwrap());
        let of_own: Vec<Collateral> = kept.filter(|set| set.parts().pck_crl == newer).collect();
        assert_eq!(of_own.len(), 1);
        assert_eq!(of_own[0].parts().pck_crl_issuer_chain, genuine.pki.pem(&[Role::PlatformCa, Role::Root]));
        // Without a root each stands under each: nobody knows better, and there is a bound.
        assert_eq!(lists_of(&files, None).0.len(), (usize::try_from(cas).unwrap() + 1) * count);
    }
    let (lists, told) = lists_of(&false_files(40, 3), None);
    assert_eq!(lists.len(), 4096);
    assert!(told.iter().any(|line| line.contains("too many of both")), "{told:?}");
}
