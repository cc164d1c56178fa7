//! veritee's own evidence JSON, from the inside: any evidence survives it unchanged, and no edit of an item does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use veritee_evidence::{read, to_json};
use veritee_model::evidence::{
    BoundContent, CaaAnswers, Claim, Claims, EventLogFormat, EventLogItem, ImageDocuments, IngressEvidence,
    KmsKeys, RecordedBy, RecordedCollateral, Replica, ServedCertificates, Target,
};
use veritee_model::{Budget, Evidence, Item};

/// Cuts pieces off the input: a byte says how long the next one is.
struct Pieces<'a>(&'a [u8]);

impl Pieces<'_> {
    fn bytes(&mut self) -> Vec<u8> {
        let Some((length, rest)) = self.0.split_first() else { return Vec::new() };
        let (piece, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        self.0 = rest;
        piece.to_vec()
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    fn flag(&mut self) -> bool {
        let Some((flag, rest)) = self.0.split_first() else { return false };
        self.0 = rest;
        flag & 1 == 1
    }

    fn item(&mut self) -> Item {
        let obtained = self.flag().then(|| self.text());
        Item { bytes: self.bytes(), source: self.text(), obtained }
    }

    fn maybe(&mut self) -> Option<Item> {
        self.flag().then(|| self.item())
    }
}

fn evidence(pieces: &mut Pieces<'_>) -> Evidence {
    let format = if pieces.flag() { EventLogFormat::Ccel } else { EventLogFormat::DstackJson };
    let mut evidence = Evidence {
        quote: pieces.maybe(),
        event_log: pieces.maybe().map(|item| EventLogItem { item, format }),
        runtime_events: pieces.maybe(),
        app_compose: pieces.maybe(),
        vm_config: pieces.maybe(),
        mr_config: pieces.maybe(),
        certificates: pieces.maybe(),
        certificate_quote: None,
        certificate_logs: Vec::new(),
        collateral: pieces.maybe().into_iter().collect(),
        recorded_collateral: pieces
            .maybe()
            .map(|item| {
                let given_by = match (pieces.flag(), pieces.flag()) {
                    (true, _) => RecordedBy::Judge,
                    (false, true) => RecordedBy::Bystander,
                    (false, false) => RecordedBy::Lost,
                };
                RecordedCollateral { given_by, item }
            })
            .into_iter()
            .collect(),
        kms_keys: pieces.flag().then(|| KmsKeys { ca_spki: pieces.bytes(), k256: pieces.bytes() }),
        ingress: pieces
            .maybe()
            .map(|sums| IngressEvidence { sums, files: BTreeMap::from([(pieces.text(), pieces.item())]) }),
        bound_content: pieces.flag().then(|| BoundContent {
            tag: pieces.text(),
            content: pieces.bytes(),
            algorithm: pieces.text(),
        }),
        claims: Claims::default(),
        served: pieces.maybe().map(|chain| ServedCertificates { server: pieces.text(), chain }),
        target: pieces.flag().then(|| Target {
            asked: pieces.text(),
            app_id: pieces.flag().then(|| "0a".repeat(20)),
            instance_id: pieces.flag().then(|| "0b".repeat(20)),
            domain: pieces.flag().then(|| pieces.text()),
        }),
        replicas: Vec::new(),
        caa: pieces.maybe().map(|answers| CaaAnswers { domain: pieces.text(), answers }),
        gpus: pieces.maybe(),
        gpu_collateral: pieces.maybe().into_iter().collect(),
        chain: pieces.maybe(),
        images: pieces
            .flag()
            .then(|| ImageDocuments {
                source: pieces.text(),
                files: BTreeMap::from([(pieces.text(), pieces.bytes())]),
            })
            .into_iter()
            .collect(),
        image_bundles: pieces.maybe().into_iter().collect(),
        kms: pieces.maybe().map(|quote| Box::new(Evidence { quote: Some(quote), ..Evidence::default() })),
        gateway: pieces.maybe().map(|quote| Box::new(Evidence { quote: Some(quote), ..Evidence::default() })),
    };
    while pieces.flag() {
        let values = BTreeMap::from([(pieces.text(), pieces.text())]);
        evidence.replicas.push(Replica { label: pieces.text(), values });
    }
    while !pieces.0.is_empty() {
        let claim = Claim { value: pieces.text(), source: pieces.text() };
        evidence.claims.values.insert(pieces.text(), claim);
    }
    evidence
}

fuzz_target!(|data: &[u8]| {
    let evidence = evidence(&mut Pieces(data));
    let json = to_json(&evidence, "0");
    assert!(!json.chars().any(|c| c != '\n' && veritee_model::text::is_hazardous(c)), "{json:?}");
    let readout = read("input", json.as_bytes(), &Budget::STANDARD).expect("what is written reads back");
    let read_back = readout.select(None).expect("one machine");
    assert_eq!(read_back, evidence);
    assert_eq!(to_json(&read_back, "0"), json);

    let mut edited: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for part in ["quote", "app_compose", "event_log", "vm_config", "served/chain", "caa/answers"] {
        let Some(value) = edited.pointer_mut(&format!("/{part}/value")) else { continue };
        let before = value.take();
        *value = format!("{}00", before.as_str().expect("a string")).into();
        let text = edited.to_string();
        assert!(read("input", text.as_bytes(), &Budget::STANDARD).is_err(), "an edited {part} was read");
        *edited.pointer_mut(&format!("/{part}/value")).expect("it is still there") = before;
    }
});
