//! What is to be fetched, as the caller wrote it.
//!
//! | form | example | what it names |
//! |---|---|---|
//! | id and cluster | `d722…3a34@base-prod7` | an application behind a gateway that is known by name |
//! | id and gateway | `d722…3a34@dstack-base-prod7.phala.network`, or an id and `--gateway` | an application behind any gateway |
//! | host of a gateway | `d722…3a34-8090.dstack-base-prod7.phala.network`, with or without `https://` | the same |
//! | `instance:` before one of these | `instance:91ab…07@base-prod7` | one instance; dstack's gateway takes both kinds of id |
//! | URL | `https://app.example/attest?nonce={nonce}` | an application's own quote endpoint |
//! | domain | `app.example` | an application with dstack-ingress |
//! | `ra-tls://` | `ra-tls://app.example:8443` | a server that shows its evidence in its certificate |
//!
//! An id is 40 hex digits of either case, with or without `0x`. The text is the caller's, but it is often copied from
//! a page: whatever another program could read differently is refused rather than repaired.

mod application;
mod endpoint;
mod error;
mod host;

pub use application::{Application, Gateway, Id};
pub use endpoint::{Endpoint, NONCE_PLACEHOLDER};
pub use error::{HostError, TargetError};
pub use host::Host;

use crate::Directory;
use core::fmt;
use veritee_model::text::is_hazardous;

/// Longest target that is read. A URL with a long query has a few hundred bytes.
const LONGEST: usize = 2048;

/// Where dstack's guest agent answers inside every machine.
pub(crate) const AGENT_PORT: u16 = 8090;

/// What is to be fetched. Made by [`Target::parse`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    asked: String,
    pub(crate) application: Option<Application>,
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) domain: Option<Host>,
    pub(crate) handshake: Option<(Host, u16)>,
}

impl Target {
    /// Reads a target. `cluster` is a name of the built-in list, `gateway` a domain with a port where that is not 443;
    /// they complete an id that comes without either.
    ///
    /// # Errors
    /// [`TargetError`], which says what was expected and what to write instead.
    pub fn parse(text: &str, cluster: Option<&str>, gateway: Option<&str>) -> Result<Self, TargetError> {
        check_characters(text)?;
        let given = given_gateway(cluster, gateway)?;
        let (is_instance, rest) = match text.strip_prefix("instance:") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut target = Self::read(rest, given.is_some(), given.clone())?;
        target.asked = text.to_owned();
        match (&mut target.application, is_instance) {
            (Some(application), _) => application.is_instance = is_instance,
            (None, true) => return Err(TargetError::NotAnInstance { text: rest.to_owned() }),
            (None, false) if given.is_some() => return Err(TargetError::GatewayUnused),
            (None, false) => {}
        }
        Ok(target)
    }

    /// The same target, with the domain whose users reach the application: its ingress evidence is asked for too.
    ///
    /// # Errors
    /// When the text is no domain, or the target names one already.
    pub fn with_domain(mut self, text: &str) -> Result<Self, TargetError> {
        check_characters(text)?;
        if self.domain.is_some() {
            return Err(TargetError::SecondDomain);
        }
        self.domain = Some(domain(text)?);
        Ok(self)
    }

    /// The same target, with the nonce in this member of the query of its endpoint.
    ///
    /// # Errors
    /// When the target has no endpoint, or has a place for the nonce already.
    pub fn with_nonce_in(mut self, name: &str) -> Result<Self, TargetError> {
        check_characters(name)?;
        let endpoint = self.endpoint.take().ok_or(TargetError::NonceUnused)?;
        self.endpoint = Some(endpoint.with_nonce_in(name)?);
        Ok(self)
    }

    /// The words of the caller.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// The application behind a gateway, where the target names one.
    #[must_use]
    pub const fn application(&self) -> Option<&Application> {
        self.application.as_ref()
    }

    /// The application's own quote endpoint, where the target is one.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// The custom domain, where the target is or has one.
    #[must_use]
    pub const fn domain(&self) -> Option<&Host> {
        self.domain.as_ref()
    }

    /// Name and port of an RA-TLS server, where the target is one.
    #[must_use]
    pub const fn handshake(&self) -> Option<(&Host, u16)> {
        match &self.handshake {
            Some((host, port)) => Some((host, *port)),
            None => None,
        }
    }

    /// Whether the target has a place for a nonce.
    #[must_use]
    pub fn takes_nonce(&self) -> bool {
        self.endpoint.as_ref().is_some_and(Endpoint::takes_nonce)
    }

    /// What goes into the evidence. An id that was asked for as an instance's is no app id.
    #[must_use]
    pub fn record(&self) -> veritee_model::evidence::Target {
        let id = |instance: bool| {
            let named = self.application.as_ref().filter(|application| application.is_instance == instance);
            named.map(|application| application.id.to_string())
        };
        veritee_model::evidence::Target {
            asked: self.asked.clone(),
            app_id: id(false),
            instance_id: id(true),
            domain: self.domain.as_ref().map(|domain| domain.as_str().to_owned()),
        }
    }

    fn read(text: &str, has_gateway: bool, gateway: Option<Gateway>) -> Result<Self, TargetError> {
        if let Some((scheme, rest)) = text.split_once("://") {
            return Self::read_url(scheme, rest, text);
        }
        if let Some((left, right)) = text.split_once('@') {
            if has_gateway {
                return Err(TargetError::TwoGateways);
            }
            let id = Id::parse(left).map_err(|_not_an_id| TargetError::UserInfo { text: text.to_owned() })?;
            return Ok(Self::of_application(Application::new(id, gateway_named(right)?)));
        }
        if Id::is_meant(text) {
            let id = Id::parse(text)?;
            let gateway = gateway.ok_or_else(|| TargetError::NoGateway { id: id.to_string() })?;
            return Ok(Self::of_application(Application::new(id, gateway)));
        }
        if text.contains(['/', '?', '#']) {
            return Err(TargetError::NoScheme { text: text.to_owned() });
        }
        match Application::of_host(text)? {
            Some(_) if has_gateway => Err(TargetError::TwoGateways),
            Some(application) => Ok(Self::of_application(application)),
            None => Ok(Self { domain: Some(domain(text)?), ..Self::empty() }),
        }
    }

    fn read_url(scheme: &str, rest: &str, text: &str) -> Result<Self, TargetError> {
        match scheme {
            "https" => {}
            "ra-tls" => {
                let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest))?;
                let port = port.ok_or(TargetError::NoPort)?;
                return Ok(Self { handshake: Some((host, port)), ..Self::empty() });
            }
            _ => return Err(TargetError::Scheme { got: scheme.to_owned() }),
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let tail = rest.get(authority.len()..).unwrap_or_default();
        let (host, port) = host_and_port(authority)?;
        let application = Application::of_host(authority)?;
        // The agent's own addresses mean the machine, not one answer of it.
        let is_agent = matches!(tail, "" | "/")
            || application.as_ref().is_some_and(|application| application.is_agent())
                && matches!(tail, "/prpc/Info" | "/prpc/Worker.Info");
        let is_folder = matches!(tail, "" | "/") || tail == "/evidences" || tail.starts_with("/evidences/");
        match application {
            Some(application) if is_agent => Ok(Self::of_application(application)),
            None if is_folder && port.is_none() => Ok(Self { domain: Some(public(host)?), ..Self::empty() }),
            application => Ok(Self { application, endpoint: Some(Endpoint::parse(text)?), ..Self::empty() }),
        }
    }

    fn of_application(application: Application) -> Self {
        Self { application: Some(application), ..Self::empty() }
    }

    const fn empty() -> Self {
        Self { asked: String::new(), application: None, endpoint: None, domain: None, handshake: None }
    }
}

impl fmt::Display for Target {
    /// What the target was understood as, for people; internationalised names in both forms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut part = |f: &mut fmt::Formatter<'_>, text: String| {
            let separator = if first { "" } else { ", " };
            first = false;
            write!(f, "{separator}{text}")
        };
        if let Some(application) = &self.application {
            part(f, application.to_string())?;
        }
        if let Some(endpoint) = &self.endpoint {
            part(f, format!("quote endpoint {endpoint}"))?;
        }
        if let Some(domain) = &self.domain {
            part(f, format!("domain {}", domain.shown()))?;
        }
        if let Some((host, port)) = &self.handshake {
            part(f, format!("RA-TLS server {}, port {port}", host.shown()))?;
        }
        Ok(())
    }
}

fn check_characters(text: &str) -> Result<(), TargetError> {
    if text.is_empty() {
        return Err(TargetError::Empty);
    }
    if text.len() > LONGEST {
        return Err(TargetError::TooLong { limit: LONGEST, got: text.len() });
    }
    let bad = |character: char| {
        is_hazardous(character)
            || character.is_whitespace()
            || matches!(character, '\\' | '"' | '<' | '>' | '`')
    };
    match text.char_indices().find(|(_, character)| bad(*character)) {
        Some((at, character)) => Err(TargetError::Character { at, character }),
        None => Ok(()),
    }
}

fn given_gateway(cluster: Option<&str>, gateway: Option<&str>) -> Result<Option<Gateway>, TargetError> {
    match (cluster, gateway) {
        (Some(_), Some(_)) => Err(TargetError::TwoGateways),
        (Some(name), None) => known_cluster(name).map(Some),
        (None, Some(domain)) => Gateway::parse(domain).map(Some),
        (None, None) => Ok(None),
    }
}

/// What stands behind an `@`: a name has no dot, a domain has one.
fn gateway_named(text: &str) -> Result<Gateway, TargetError> {
    if text.contains('.') { Gateway::parse(text) } else { known_cluster(text) }
}

fn known_cluster(name: &str) -> Result<Gateway, TargetError> {
    let found = Directory::built_in().cluster(name);
    let cluster = found.ok_or_else(|| TargetError::UnknownCluster { name: name.to_owned() })?;
    Gateway::parse(&cluster.gateway)
}

/// A domain that the public can have: of two labels at least, without a port.
fn domain(text: &str) -> Result<Host, TargetError> {
    match host_and_port(text)? {
        (host, None) => public(host),
        (_, Some(port)) => Err(TargetError::PortOfDomain { port }),
    }
}

fn public(host: Host) -> Result<Host, TargetError> {
    if host.as_str().contains('.') { Ok(host) } else { Err(TargetError::OneLabel { name: host.shown() }) }
}

/// A name and a port, as they stand in a URL.
fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::UserInfo { text: authority.to_owned() });
    }
    if authority.starts_with('[') {
        return Err(TargetError::Host(HostError::Address { text: authority.to_owned() }));
    }
    let Some((name, port)) = authority.split_once(':') else {
        return Ok((Host::parse(authority)?, None));
    };
    let digits = !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse::<u16>().ok().filter(|number| digits && *number != 0 && !port.starts_with('0'));
    let number = number.ok_or_else(|| TargetError::Port { got: port.to_owned() })?;
    Ok((Host::parse(name)?, Some(number)))
}

#[cfg(test)]
mod tests;
