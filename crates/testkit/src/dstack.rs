//! A dstack machine: what it measured, what it quotes, and every form in which its evidence travels.
//!
//! [`Machine::new`] is genuine: RTMR0 to RTMR3 of the quote are the replay of its events, the compose hash is that
//! of its `app_compose`, MRCONFIGID commits to it, REPORTDATA binds the RA-TLS key, and the RA-TLS chain ends in the
//! KMS whose key is the measured key provider. What a lying host would change is changed on [`ForgedMachine`],
//! after the measurement.

pub mod answers;
pub mod config_id;
pub mod container;
pub mod event;
pub mod ra_tls;
pub mod report_data;

use crate::dstack::config_id::MrConfig;
use crate::dstack::event::{Event, Payloads};
use crate::dstack::ra_tls::RaTls;
use crate::dstack::report_data::Binding;
use crate::pki::Role;
use crate::universe::{Forged, Universe};
use crate::{key, quote::Shape};
use sha2::{Digest as _, Sha256, Sha384};

/// The compose that a machine runs unless a test says otherwise.
pub const APP_COMPOSE: &str = r#"{"manifest_version":2,"name":"testkit","runner":"docker-compose","docker_compose_file":"services:\n  app:\n    image: docker.io/library/nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000\n","kms_enabled":true,"gateway_enabled":false,"public_logs":false,"public_sysinfo":false,"public_tcbinfo":true,"key_provider_id":"","allowed_envs":[],"no_instance_id":false,"secure_time":true}"#;

/// The shape of the virtual machine, as dstack's `vm_config`.
pub const VM_CONFIG: &str = r#"{"spec_version":1,"os_image_hash":"2222222222222222222222222222222222222222222222222222222222222222","cpu_count":1,"memory_size":2147483648,"qemu_single_pass_add_pages":false,"pic":false,"qemu_version":"9.2.1","pci_hole64_size":0,"hugepages":false,"num_gpus":0,"num_nvswitches":0,"hotplug_off":false}"#;

/// The key provider that the machine measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProvider {
    /// `kms`, `local-sgx`, `tpm` or `none`.
    pub name: String,
    /// Hex.
    pub id: String,
}

/// A machine before it is measured and quoted.
#[derive(Clone)]
pub struct Machine {
    /// The platform, its collateral, and the quote without registers.
    pub universe: Universe,
    /// `app-compose.json`, exactly.
    pub app_compose: Vec<u8>,
    /// `vm_config`, exactly.
    pub vm_config: String,
    /// The key provider.
    pub key_provider: KeyProvider,
    /// Everything that was measured, in order.
    pub events: Vec<Event>,
    /// What MRCONFIGID says.
    pub mr_config: MrConfig,
    /// What REPORTDATA says.
    pub binding: Binding,
    /// The RA-TLS certificates.
    pub ra_tls: RaTls,
}

/// A quoted machine: bytes as a verifier gets them, still open to a lying host.
#[derive(Clone)]
pub struct ForgedMachine {
    /// The quote and the collateral.
    pub platform: Forged,
    /// The log that is presented; changing it does not change the quote.
    pub events: Vec<Event>,
    /// The compose that is presented.
    pub app_compose: Vec<u8>,
    /// The `vm_config` that is presented.
    pub vm_config: String,
    /// The document behind MRCONFIGID version 3.
    pub mr_config_document: Option<String>,
    /// RA-TLS chain in PEM, leaf first.
    pub ra_tls_pem: String,
    /// REPORTDATA of the quote.
    pub report_data: [u8; 64],
    /// Root CA key of the KMS, SPKI in DER.
    pub kms_ca_spki: Vec<u8>,
    /// dstack-ingress: `sha256sum.txt` and the files that it names.
    pub ingress: Vec<(String, Vec<u8>)>,
}

impl Machine {
    /// A genuine machine with a version 4 TDX quote.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_shape(seed, Shape::TdxV4)
    }

    /// The same with another kind of TDX quote.
    #[must_use]
    pub fn with_shape(seed: u64, shape: Shape) -> Self {
        let universe = Universe::with_shape(seed, shape);
        let key_provider =
            KeyProvider { name: "kms".to_owned(), id: hex::encode(universe.pki.key(Role::KmsCa).spki()) };
        let mut machine = Self {
            universe,
            app_compose: APP_COMPOSE.as_bytes().to_vec(),
            vm_config: VM_CONFIG.to_owned(),
            key_provider,
            events: Vec::new(),
            mr_config: MrConfig::V1,
            binding: Binding::RaTls,
            ra_tls: RaTls::default(),
        };
        machine.boot();
        machine
    }

    /// Measures the boot and dstack's start again, from compose and key provider as they stand now.
    pub fn boot(&mut self) {
        self.events = event::boot_events(self.universe.pki.seed());
        self.events.extend(event::runtime_events(&self.payloads()));
    }

    /// The genuine payloads of dstack's run-time events.
    #[must_use]
    pub fn payloads(&self) -> Payloads {
        let compose_hash = self.compose_hash();
        let seed = self.universe.pki.seed();
        Payloads {
            app_id: compose_hash[..20].try_into().expect("20 bytes"),
            compose_hash,
            instance_id: Sha256::digest(format!("instance {seed}"))[..20].try_into().expect("20 bytes"),
            key_provider: format!(
                r#"{{"name":"{}","id":"{}"}}"#,
                self.key_provider.name, self.key_provider.id
            ),
            os_image_hash: [0x22; 32],
        }
    }

    /// SHA-256 of the compose.
    #[must_use]
    pub fn compose_hash(&self) -> [u8; 32] {
        Sha256::digest(&self.app_compose).into()
    }

    /// Another compose, measured like a genuine one.
    #[must_use]
    pub fn app_compose(mut self, text: &str) -> Self {
        self.app_compose = text.as_bytes().to_vec();
        self.boot();
        self
    }

    /// Changes what is measured.
    #[must_use]
    pub fn events(mut self, change: impl FnOnce(&mut Vec<Event>)) -> Self {
        change(&mut self.events);
        self
    }

    /// Changes the platform or the quote.
    #[must_use]
    pub fn universe(mut self, change: impl FnOnce(Universe) -> Universe) -> Self {
        self.universe = change(self.universe);
        self
    }

    /// Changes anything.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Replays, quotes, and writes everything.
    #[must_use]
    pub fn forge(&self) -> ForgedMachine {
        let ingress = answers::ingress_files();
        let payloads = self.payloads();
        let report_data = self.binding.report_data(&self.universe.pki, &ingress);
        let document = config_id::document(&payloads, &self.key_provider);
        let mr_config_id = self.mr_config.value(&payloads, &self.key_provider, &document);
        let mut universe = self.universe.clone();
        let report = universe.quote.td();
        report.rtmr = registers(&self.events);
        report.mr_config_id = mr_config_id;
        report.report_data = report_data;
        let platform = universe.forge();
        let ra_tls_pem =
            self.ra_tls.forge(&universe.pki, &platform.quote, &self.events, &payloads.app_id, self);
        ForgedMachine {
            platform,
            events: self.events.clone(),
            app_compose: self.app_compose.clone(),
            vm_config: self.vm_config.clone(),
            mr_config_document: (self.mr_config == MrConfig::V3).then_some(document),
            ra_tls_pem,
            report_data,
            kms_ca_spki: key::spki_of(&universe.pki.key(Role::KmsCa).public_point()),
            ingress,
        }
    }
}

impl ForgedMachine {
    /// The presented log as dstack writes it.
    #[must_use]
    pub fn event_log_json(&self) -> String {
        event::log_json(&self.events)
    }

    /// The presented compose as text.
    #[must_use]
    pub fn app_compose_text(&self) -> String {
        String::from_utf8_lossy(&self.app_compose).into_owned()
    }
}

/// RTMR0 to RTMR3 after these events. Events of other registers are left out, as no hardware has them.
#[must_use]
pub fn registers(events: &[Event]) -> [[u8; 48]; 4] {
    let mut registers = [[0_u8; 48]; 4];
    for event in events {
        let Some(register) = usize::try_from(event.imr).ok().and_then(|index| registers.get_mut(index))
        else {
            continue;
        };
        let mut hasher = Sha384::new();
        hasher.update(*register);
        hasher.update(event.measured());
        *register = hasher.finalize().into();
    }
    registers
}
