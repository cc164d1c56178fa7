//! Certificates of a test's own.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A certificate authority that no one else trusts.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one, with a name and a key of its own.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        Self::named(&format!("loopback test authority {}", MADE.fetch_add(1, Ordering::Relaxed)))
    }

    /// A new one with this name, which others may have too, and a key of its own.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self { issuer: CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Its certificate (DER), for a client's roots.
    #[must_use]
    pub fn root(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// A good certificate for these names (DNS names or IP addresses), valid from 1975 to 4096, with its key. A chain
    /// of two: leaf and root.
    #[must_use]
    pub fn identity(&self, names: &[&str]) -> Identity {
        self.issue(parameters(names))
    }

    /// As [`Self::identity`], expired in 2001.
    #[must_use]
    pub fn expired(&self, names: &[&str]) -> Identity {
        let mut parameters = parameters(names);
        parameters.not_before = date_time_ymd(2000, 1, 1);
        parameters.not_after = date_time_ymd(2001, 1, 1);
        self.issue(parameters)
    }

    /// As [`Self::identity`], valid from 4000 only.
    #[must_use]
    pub fn not_yet_valid(&self, names: &[&str]) -> Identity {
        let mut parameters = parameters(names);
        parameters.not_before = date_time_ymd(4000, 1, 1);
        self.issue(parameters)
    }

    fn issue(&self, parameters: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let leaf = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![leaf.der().to_vec(), self.root()], key: key.serialize_der() }
    }
}

/// A certificate chain and the private key of its leaf.
#[derive(Debug, Clone)]
pub struct Identity {
    /// DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// PKCS #8, DER.
    pub key: Vec<u8>,
}

impl Identity {
    /// Any chain with any key, as an RA-TLS server has it. The key need not be that of the leaf: the handshake is
    /// then signed with the wrong key, which a client must notice.
    #[must_use]
    pub fn new(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Self {
        Self { chain, key }
    }

    /// A certificate that vouches for itself.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(names).self_signed(&key).unwrap();
        Self { chain: vec![certificate.der().to_vec()], key: key.serialize_der() }
    }

    pub(crate) fn server_config(
        &self,
        version: Option<&'static rustls::SupportedProtocolVersion>,
    ) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain: Vec<_> = self.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        // Not `with_single_cert`: it would refuse a key that is not that of the leaf.
        let signer = provider.key_provider.load_private_key(key).unwrap();
        let certified = rustls::sign::CertifiedKey::new(chain, signer);
        let versions = version.map_or_else(|| rustls::ALL_VERSIONS.to_vec(), |version| vec![version]);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn parameters(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}
