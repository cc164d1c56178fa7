//! Applications behind a gateway of dstack.

use super::{AGENT_PORT, Host, TargetError, host_and_port};
use core::fmt;
use veritee_model::bytes::decode_hex;

/// Hex digits of an id.
const DIGITS: usize = 40;

/// The id of an application or of one of its instances: 20 bytes. Nothing in it tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id([u8; 20]);

impl Id {
    /// Reads 40 hex digits of either case, with or without `0x`.
    ///
    /// # Errors
    /// When there are more or fewer digits, or another character.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        decode_hex(digits).map(Self).map_err(|error| TargetError::Id { text: text.to_owned(), error })
    }

    /// Whether a word cannot be meant as anything but an id: only hex digits, and more than any label may have or
    /// nearly as many as an id has.
    pub(super) fn is_meant(text: &str) -> bool {
        if text.starts_with("0x") || text.starts_with("0X") {
            return !text.contains('.');
        }
        text.len() >= DIGITS.saturating_sub(8) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A gateway of dstack: the domain below which its applications have their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// The domain.
    pub domain: Host,
    /// The port, where it is not 443.
    pub port: Option<u16>,
}

impl Gateway {
    /// Reads a domain, with a port where that is not 443.
    ///
    /// # Errors
    /// When it is no domain of two labels at least.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let (domain, port) = host_and_port(text)?;
        if !domain.as_str().contains('.') {
            return Err(TargetError::OneLabel { name: domain.shown() });
        }
        Ok(Self { domain, port: port.filter(|port| *port != 443) })
    }

    /// `https://{label}.{domain}[:port]`, without a slash at the end.
    pub(crate) fn origin(&self, label: &str) -> String {
        format!("https://{label}.{self}")
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.domain)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// An application, or one instance, behind a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: Id,
    /// Whether the caller said that the id is that of an instance.
    pub is_instance: bool,
    /// The gateway.
    pub gateway: Gateway,
    /// Port inside the machine, where the target names one to which the gateway passes TLS through.
    pub passthrough: Option<u16>,
    port: Option<u16>,
}

impl Application {
    pub(super) const fn new(id: Id, gateway: Gateway) -> Self {
        Self { id, is_instance: false, gateway, passthrough: None, port: None }
    }

    /// Reads `<id>[-<port>][s|g].<domain>[:port]` (dstack, `gateway/src/proxy.rs`); none when the first label does not
    /// begin with an id.
    pub(super) fn of_host(authority: &str) -> Result<Option<Self>, TargetError> {
        let Some((label, domain)) = authority.split_once('.') else { return Ok(None) };
        let (id, port) = label.split_once('-').map_or((label, None), |(id, port)| (id, Some(port)));
        if id.len() != DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let mut application = Self::new(Id::parse(id)?, Gateway::parse(domain)?);
        let Some(text) = port else { return Ok(Some(application)) };
        let number = text.strip_suffix(['s', 'g']).unwrap_or(text);
        let passthrough = text.ends_with('s');
        let port = match number {
            "" if passthrough => 443,
            "" if text == "g" => 80,
            _ => number
                .parse::<u16>()
                .ok()
                .filter(|port| *port != 0 && port.to_string() == number)
                .ok_or_else(|| TargetError::GatewayPort { got: text.to_owned() })?,
        };
        application.port = Some(port);
        application.passthrough = passthrough.then_some(port);
        Ok(Some(application))
    }

    /// Whether the target was the guest agent's own address.
    pub(super) fn is_agent(&self) -> bool {
        self.port == Some(AGENT_PORT) && self.passthrough.is_none()
    }
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_instance { "instance" } else { "application" };
        write!(f, "{kind} {} behind gateway {}", self.id, self.gateway.domain.shown())?;
        self.gateway.port.map_or(Ok(()), |port| write!(f, ", port {port}"))
    }
}
