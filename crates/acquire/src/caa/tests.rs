use super::*;

/// A DNS message by hand: what a resolver, honest or not, can send.
pub(crate) struct Wire(Vec<u8>);

impl Wire {
    fn new(id: u16, flags: u16, counts: [u16; 4]) -> Self {
        let mut bytes = Vec::new();
        for word in [id, flags].into_iter().chain(counts) {
            bytes.extend(word.to_be_bytes());
        }
        Self(bytes)
    }

    fn name(mut self, name: &str) -> Self {
        for label in name.split('.') {
            self.0.push(u8::try_from(label.len()).unwrap());
            self.0.extend(label.as_bytes());
        }
        self.0.push(0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn question(self, name: &str) -> Self {
        self.name(name).bytes(&[1, 1, 0, 1])
    }

    /// The rest of a record: type, class IN, a TTL, data.
    fn record(self, kind: u16, data: &[u8]) -> Self {
        let length = u16::try_from(data.len()).unwrap();
        self.bytes(&kind.to_be_bytes()).bytes(&[0, 1, 0, 0, 1, 0]).bytes(&length.to_be_bytes()).bytes(data)
    }

    fn caa(self, owner: &str, flags: u8, tag: &str, value: &[u8]) -> Self {
        let data = [&[flags, u8::try_from(tag.len()).unwrap()], tag.as_bytes(), value].concat();
        self.name(owner).record(257, &data)
    }

    fn cname(self, owner: &str, target: &str) -> Self {
        let data = Self(Vec::new()).name(target).0;
        self.name(owner).record(5, &data)
    }
}

/// QR, RD, RA, no error.
const GOOD: u16 = 0x8180;
const AD: u16 = 0x20;
const TC: u16 = 0x200;

fn answer(flags: u16, answers: u16) -> Wire {
    Wire::new(0, flags, [1, answers, 0, 0]).question("a.example")
}

fn records(wire: Wire) -> Vec<(u8, String, String)> {
    let answer = read("a.example", &wire.0).unwrap();
    answer.records.into_iter().map(|record| (record.flags, record.tag, record.value)).collect()
}

fn problem(wire: Wire) -> CaaProblem {
    read("a.example", &wire.0).unwrap_err()
}

#[test]
fn the_question_is_the_one_of_rfc_8484_with_id_0() {
    let expected = Wire::new(0, 0x0120, [1, 0, 0, 0]).question("a.example").0;
    assert_eq!(question("a.example").unwrap(), expected);
    let url = address(&Url::parse("https://resolver.example/dns-query").unwrap(), "a.example").unwrap();
    assert_eq!(url.as_str(), "https://resolver.example/dns-query?dns=AAABIAABAAAAAAAAAWEHZXhhbXBsZQABAQAB");
}

#[test]
fn the_names_are_the_domain_and_all_above_it_but_the_root() {
    assert_eq!(names(&Host::parse("a.b.example").unwrap()), ["a.b.example", "b.example", "example"]);
}

#[test]
fn records_keep_flags_tag_and_every_byte_of_the_value() {
    let wire = answer(GOOD, 2)
        .caa("a.example", 128, "issue", b"letsencrypt.org; accounturi=https://acme.example/1")
        .caa("A.EXAMPLE", 0, "Iodef", b"a\\b\xff\"\n");
    assert_eq!(
        records(wire),
        [
            (128, "issue".into(), "letsencrypt.org; accounturi=https://acme.example/1".into()),
            (0, "Iodef".into(), "a\\092b\\255\"\\010".into()),
        ]
    );
}

#[test]
fn a_name_that_does_not_exist_and_one_without_records_are_empty_answers_that_are_told_apart() {
    let no_name = read("a.example", &answer(GOOD | 3, 0).0).unwrap();
    let no_record = read("a.example", &answer(GOOD | AD, 0).0).unwrap();
    assert!(no_name.records.is_empty() && no_record.records.is_empty());
    assert_eq!(no_name.circumstances(), "a.example: no such name, AD bit not set");
    assert_eq!(no_record.circumstances(), "a.example: no CAA record, AD bit set");
}

#[test]
fn aliases_are_followed_as_answered_and_named() {
    let wire = answer(GOOD, 3).cname("a.example", "b.example").cname("b.example", "c.other").caa(
        "c.other",
        0,
        "issue",
        b"ca.example",
    );
    let read = read("a.example", &wire.0).unwrap();
    assert_eq!(read.records.len(), 1);
    assert_eq!(read.circumstances(), "a.example is an alias of c.other., AD bit not set");
}

#[test]
fn a_record_of_another_name_is_not_taken_for_one_of_the_name_asked_for() {
    let stray = answer(GOOD, 1).caa("b.example", 0, "issue", b"evil.example");
    assert!(matches!(problem(stray), CaaProblem::Owner { .. }));
    let beside =
        answer(GOOD, 2).cname("a.example", "b.example").caa("a.example", 0, "issue", b"evil.example");
    assert!(matches!(problem(beside), CaaProblem::Owner { .. }));
}

#[test]
fn aliases_that_branch_or_lead_in_a_circle_are_refused() {
    let circle = answer(GOOD, 2).cname("a.example", "b.example").cname("b.example", "a.example");
    assert!(matches!(problem(circle), CaaProblem::Aliases { .. }));
    let branch = answer(GOOD, 2).cname("a.example", "b.example").cname("a.example", "c.example");
    assert!(matches!(problem(branch), CaaProblem::Aliases { .. }));
}

#[test]
fn another_id_question_kind_or_class_is_not_the_answer() {
    let id = Wire::new(7, GOOD, [1, 0, 0, 0]).question("a.example");
    let name = Wire::new(0, GOOD, [1, 0, 0, 0]).question("b.example");
    let kind = Wire::new(0, GOOD, [1, 0, 0, 0]).name("a.example").bytes(&[0, 16, 0, 1]);
    let class = Wire::new(0, GOOD, [1, 0, 0, 0]).name("a.example").bytes(&[1, 1, 0, 3]);
    let none = Wire::new(0, GOOD, [0, 0, 0, 0]);
    let query = Wire::new(0, 0x0100, [1, 0, 0, 0]).question("a.example");
    for wire in [id, name, kind, class, none, query] {
        assert!(matches!(problem(wire), CaaProblem::NotTheAnswer { .. }));
    }
}

#[test]
fn a_resolver_that_failed_or_cut_its_answer_has_not_said_that_there_is_no_record() {
    for code in [1, 2, 4, 5] {
        assert_eq!(problem(answer(GOOD | code, 0)), CaaProblem::Failed { name: "a.example".into(), code });
    }
    assert!(matches!(problem(answer(GOOD | TC, 0)), CaaProblem::Truncated { .. }));
}

#[test]
fn a_message_that_is_cut_goes_on_or_points_in_a_circle_is_refused() {
    let whole = answer(GOOD, 1).caa("a.example", 0, "issue", b"ca.example").0;
    for length in 0..whole.len() {
        assert!(read("a.example", &whole[..length]).is_err(), "{length} bytes");
    }
    assert!(matches!(problem(Wire([&whole[..], &[0]].concat())), CaaProblem::Message { .. }));
    // A name that points to itself, and two that point to each other.
    let own_offset = u8::try_from(answer(GOOD, 1).0.len()).unwrap();
    let itself =
        answer(GOOD, 1).bytes(&[0xc0, own_offset]).record(257, &[0, 5, b'i', b's', b's', b'u', b'e']);
    assert!(matches!(problem(itself), CaaProblem::Message { .. }));
    let other = answer(GOOD, 1).bytes(&[0xc0, own_offset + 2, 0xc0, own_offset]).record(257, &[0, 1, b'x']);
    assert!(matches!(problem(other), CaaProblem::Message { .. }));
    let tag = answer(GOOD, 1).name("a.example").record(257, &[0, 200, b'x']);
    assert!(matches!(problem(tag), CaaProblem::Message { .. }));
}

#[test]
fn what_is_recorded_is_json_in_the_order_asked_with_the_circumstances_as_its_source() {
    let resolver = Url::parse("https://resolver.example/dns-query").unwrap();
    let answers = [
        read("a.example", &answer(GOOD | 3, 0).0).unwrap(),
        read(
            "example",
            &Wire::new(0, GOOD | AD, [1, 1, 0, 0]).question("example").caa("example", 0, "issue", b";").0,
        )
        .unwrap(),
    ];
    let recorded = record(
        &Host::parse("a.example").unwrap(),
        &resolver,
        &answers,
        UnixTime::from_seconds(1_790_000_000),
    );
    assert_eq!(
        String::from_utf8(recorded.answers.bytes).unwrap(),
        r#"[{"name":"a.example","records":[]},{"name":"example","records":[{"flags":0,"tag":"issue","value":";"}]}]"#
    );
    assert_eq!(recorded.domain, "a.example");
    assert_eq!(recorded.answers.obtained.as_deref(), Some("2026-09-21T14:13:20Z"));
    assert_eq!(
        recorded.answers.source,
        "https://resolver.example/dns-query (DNS over HTTPS; a.example: no such name, AD bit not set; example, AD bit \
         set)"
    );
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), counts in 0_u16..40) {
        let _ = read("a.example", &tail);
        let wire = Wire::new(0, GOOD, [1, counts, 0, 0]).question("a.example").bytes(&tail);
        if let Ok(answer) = read("a.example", &wire.0) {
            proptest::prop_assert!(answer.records.len() <= usize::from(counts));
        }
    }
}
