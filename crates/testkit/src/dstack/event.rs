//! Events of the boot (RTMR0 to RTMR2) and of dstack (RTMR3), in the order of real logs.

use sha2::{Digest as _, Sha384};

/// Event type of dstack's run-time events.
pub const RUNTIME_EVENT: u32 = 0x0800_0001;

/// One event of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Register, 0-based.
    pub imr: u32,
    /// Event type.
    pub event_type: u32,
    /// The digest that is written down; empty as in stripped logs.
    pub digest: Vec<u8>,
    /// Name; empty for events of the boot.
    pub name: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// 2 for digests over canonical JSON.
    pub version: u8,
    /// Whether the digest's input is written down.
    pub preimage: bool,
}

/// Payloads of dstack's run-time events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payloads {
    /// `app-id`.
    pub app_id: [u8; 20],
    /// `compose-hash`.
    pub compose_hash: [u8; 32],
    /// `instance-id`.
    pub instance_id: [u8; 20],
    /// `key-provider`, JSON.
    pub key_provider: String,
    /// `os-image-hash`.
    pub os_image_hash: [u8; 32],
}

impl Event {
    /// A run-time event in RTMR3 with its right digest.
    #[must_use]
    pub fn runtime(name: &str, payload: &[u8]) -> Self {
        let mut event = Self {
            imr: 3,
            event_type: RUNTIME_EVENT,
            digest: Vec::new(),
            name: name.to_owned(),
            payload: payload.to_vec(),
            version: 1,
            preimage: false,
        };
        event.digest = event.computed().to_vec();
        event
    }

    /// The same with a version 2 digest, `preimage` written down or not.
    #[must_use]
    pub fn runtime_v2(name: &str, payload: &[u8], preimage: bool) -> Self {
        let mut event = Self { version: 2, preimage, ..Self::runtime(name, payload) };
        event.digest = event.computed().to_vec();
        event
    }

    /// An event of the boot.
    #[must_use]
    pub fn boot(imr: u32, event_type: u32, digest: [u8; 48], payload: &[u8]) -> Self {
        Self {
            imr,
            event_type,
            digest: digest.to_vec(),
            name: String::new(),
            payload: payload.to_vec(),
            version: 1,
            preimage: false,
        }
    }

    /// What is hashed: `LE32(type) ":" name ":" payload`, or canonical JSON in version 2.
    #[must_use]
    pub fn digest_input(&self) -> Vec<u8> {
        if self.version == 2 {
            let name = serde_json::to_string(&self.name).expect("strings serialise");
            let payload = hex::encode(&self.payload);
            return format!(r#"{{"name":{name},"payload":"{payload}","type":{}}}"#, self.event_type)
                .into_bytes();
        }
        [&self.event_type.to_le_bytes()[..], b":", self.name.as_bytes(), b":", &self.payload].concat()
    }

    /// The digest of a run-time event, from name and payload.
    #[must_use]
    pub fn computed(&self) -> [u8; 48] {
        Sha384::digest(self.digest_input()).into()
    }

    /// What the register was extended with: run-time events by their contents, others by the written digest.
    #[must_use]
    pub fn measured(&self) -> Vec<u8> {
        if self.event_type == RUNTIME_EVENT { self.computed().to_vec() } else { self.digest.clone() }
    }

    /// dstack's JSON of one event.
    #[must_use]
    pub fn json(&self) -> String {
        let name = serde_json::to_string(&self.name).expect("strings serialise");
        let mut out = format!(
            r#"{{"imr":{},"event_type":{},"digest":"{}","event":{name},"event_payload":"{}""#,
            self.imr,
            self.event_type,
            hex::encode(&self.digest),
            hex::encode(&self.payload)
        );
        if self.version != 1 {
            out += &format!(r#","version":{}"#, self.version);
        }
        if self.preimage {
            out += &format!(r#","preimage":"{}""#, hex::encode(self.digest_input()));
        }
        out + "}"
    }
}

/// dstack's JSON of a log.
#[must_use]
pub fn log_json(events: &[Event]) -> String {
    let events: Vec<String> = events.iter().map(Event::json).collect();
    format!("[{}]", events.join(","))
}

/// dstack's run-time events of an app under a KMS, in the order of dstack 0.5.5.
#[must_use]
pub fn runtime_events(payloads: &Payloads) -> Vec<Event> {
    vec![
        Event::runtime("system-preparing", b""),
        Event::runtime("app-id", &payloads.app_id),
        Event::runtime("compose-hash", &payloads.compose_hash),
        Event::runtime("instance-id", &payloads.instance_id),
        Event::runtime("boot-mr-done", b""),
        Event::runtime("os-image-hash", &payloads.os_image_hash),
        Event::runtime("key-provider", payloads.key_provider.as_bytes()),
        Event::runtime("storage-fs", b"zfs"),
        Event::runtime("system-ready", b""),
    ]
}

/// Every name that dstack has measured before `system-ready`, in its order: version 0.6.0 with a GPU, and the
/// historic `mr-kms`.
#[must_use]
pub fn all_runtime_events(payloads: &Payloads) -> Vec<Event> {
    let gpu = br#"{"version":2,"provider":"nvidia","devices":1,"cc_mode":"on","devtools":false,"evidence_sha256":"33"}"#;
    let mut events = runtime_events(payloads);
    events.splice(
        3..3,
        [
            Event::runtime("init-script-hash", &[0x11; 32]),
            Event::runtime("gpu-policy-hash", &[0x12; 32]),
            Event::runtime("gpu-attestation", gpu),
        ],
    );
    let boundary = events.iter().position(|event| event.name == "boot-mr-done").expect("it is there");
    events.insert(boundary + 1, Event::runtime("mr-kms", &[0x13; 32]));
    events
}

/// The boot of a dstack image: the shapes of real logs with digests of this seed's own, where no rule fixes them.
#[must_use]
pub fn boot_events(seed: u64) -> Vec<Event> {
    let made_up = |what: &str| -> [u8; 48] { Sha384::digest(format!("{what} {seed}")).into() };
    let hashed = |payload: &[u8]| -> [u8; 48] { Sha384::digest(payload).into() };
    let mut events = vec![
        Event::boot(0, 0x8000_000b, made_up("td hob"), b"\x09TdxTable\0\x01\0\0\0\0\0\0\0"),
        Event::boot(
            0,
            0x8000_000a,
            made_up("configuration volume"),
            b")Fv(XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX)\0",
        ),
    ];
    for (vendor, name) in [
        (GLOBAL_VARIABLE, "SecureBoot"),
        (GLOBAL_VARIABLE, "PK"),
        (GLOBAL_VARIABLE, "KEK"),
        (IMAGE_SECURITY, "db"),
        (IMAGE_SECURITY, "dbx"),
    ] {
        let payload = variable(vendor, name, &[]);
        events.push(Event::boot(0, 0x8000_0001, hashed(&payload), &payload));
    }
    events.push(Event::boot(0, 4, hashed(&[0; 4]), &[0; 4]));
    for table in ["loader", "rsdp", "tables"] {
        events.push(Event::boot(0, 0xa, made_up(table), b"ACPI DATA"));
    }
    events.push(Event::boot(1, 0x8000_0003, made_up("kernel"), b"made-up image load event"));
    for (name, data) in [("BootOrder", &[0_u8, 0][..]), ("Boot0000", b"made-up load option")] {
        let payload = variable(GLOBAL_VARIABLE, name, data);
        events.push(Event::boot(0, 0x8000_0002, hashed(data), &payload));
    }
    let action = b"Calling EFI Application from Boot Option";
    events.push(Event::boot(1, 0x8000_0007, hashed(action), action));
    events.push(Event::boot(1, 4, hashed(&[0; 4]), &[0; 4]));
    events.push(Event::boot(
        2,
        6,
        made_up("command line"),
        b"\xed\";\x8f\x1a\0\0\0LOADED_IMAGE::LoadOptions\0",
    ));
    events.push(Event::boot(2, 6, made_up("initrd"), b"\xec\";\x8f\x0d\0\0\0Linux initrd\0"));
    for action in [&b"Exit Boot Services Invocation"[..], b"Exit Boot Services Returned with Success"] {
        events.push(Event::boot(1, 0x8000_0007, hashed(action), action));
    }
    events
}

/// 8BE4DF61-93CA-11D2-AA0D-00E098032B8C.
const GLOBAL_VARIABLE: [u8; 16] =
    [0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c];
/// D719B2CB-3D3A-4596-A3BC-DAD00E67656F.
const IMAGE_SECURITY: [u8; 16] =
    [0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f];

/// UEFI_VARIABLE_DATA.
fn variable(vendor: [u8; 16], name: &str, data: &[u8]) -> Vec<u8> {
    let characters: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = |bytes: usize| u64::try_from(bytes).expect("short").to_le_bytes();
    [&vendor[..], &length(characters.len() / 2), &length(data.len()), &characters, data].concat()
}
