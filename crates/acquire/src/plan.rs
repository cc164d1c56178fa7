//! What will be asked, in order, before anything is.

use crate::options::Options;
use crate::source::{Source, agent, cloud, gateway, handshake, ingress};
use crate::target::{Application, Host, Target};
use core::fmt;
use url::Url;
use veritee_model::text::inert;

/// Why a plan cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The target has a place for a nonce and there is none.
    NonceMissing,
    /// The host of the gateway's own pages is not `host` or `host:port`.
    GatewayHost {
        /// The text.
        text: String,
    },
    /// The address of Phala Cloud's list is no URL with `{app_id}` in it.
    CloudTemplate {
        /// The text.
        template: String,
    },
    /// The resolver is not an `https:` URL without query.
    Resolver {
        /// The URL.
        url: String,
    },
    /// Not a URL.
    Url {
        /// The text.
        text: String,
        /// What the parser says.
        why: String,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonceMissing => f.write_str("the target has a place for a nonce, and no nonce was given"),
            Self::GatewayHost { text } => {
                write!(
                    f,
                    "expected the host of the gateway's pages, with a port or not, got `{}`",
                    inert(text)
                )
            }
            Self::CloudTemplate { template } => {
                write!(f, "expected a URL with {{app_id}} in it, got `{}`", inert(template))
            }
            Self::Resolver { url } => {
                write!(f, "expected a resolver as an https URL without query, got `{}`", inert(url))
            }
            Self::Url { text, why } => write!(f, "`{}` is no URL: {}", inert(text), inert(why)),
        }
    }
}

impl core::error::Error for PlanError {}

/// What is asked at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A GET request.
    Url(Url),
    /// GET requests for the files that `sha256sum.txt` names, below this folder.
    FilesBelow(Url),
    /// A TLS handshake, and nothing after it.
    Handshake {
        /// Name.
        host: Host,
        /// Port.
        port: u16,
    },
    /// DNS over HTTPS: CAA of the domain and, while there is no record, of the names above it.
    Caa {
        /// The resolver.
        resolver: Url,
        /// The domain.
        domain: Host,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{url}"),
            Self::FilesBelow(url) => write!(f, "{url}<name>"),
            Self::Handshake { host, port } => f.write_str(&handshake::address(host.as_str(), *port)),
            Self::Caa { resolver, domain } => {
                write!(f, "{resolver}?dns=<CAA of {domain} and the names above it>")
            }
        }
    }
}

/// On what it depends whether a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Always.
    Always,
    /// When `Info` gave nothing.
    WithoutInfo,
    /// When some machine has no `app_compose` yet.
    WithoutCompose,
    /// When the step before gave something.
    AfterTheStepBefore,
}

impl When {
    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::WithoutInfo => "when Info gave nothing",
            Self::WithoutCompose => "when there is no app_compose yet",
            Self::AfterTheStepBefore => "when the step before gave something",
        }
    }
}

/// Of whom a step tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The application.
    Application,
    /// The gateway in front of it.
    Gateway,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The source.
    pub source: Source,
    /// Where it is.
    pub address: Address,
    /// Of whom it tells.
    pub subject: Subject,
    /// Requests at most, retries of the client aside.
    pub requests: usize,
    /// When it is taken.
    pub when: When,
    /// Whether the nonce goes out with it.
    pub nonce: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.address)?;
        if self.requests > 1 {
            write!(f, ", {} times at most", self.requests)?;
        }
        if self.when != When::Always {
            write!(f, ", {}", self.when.name())?;
        }
        Ok(())
    }
}

/// The steps for one target, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    target: Target,
    steps: Vec<Step>,
}

impl Plan {
    /// The steps for a target.
    ///
    /// # Errors
    /// When the target has a place for a nonce and the options have none, or an address cannot be made.
    pub fn new(target: Target, options: &Options) -> Result<Self, PlanError> {
        let mut steps = Vec::new();
        if let Some(endpoint) = target.endpoint() {
            let nonce = endpoint.takes_nonce();
            if nonce && options.nonce.is_none() {
                return Err(PlanError::NonceMissing);
            }
            let made = endpoint.url(&options.nonce.unwrap_or_default());
            let url =
                made.map_err(|error| PlanError::Url { text: endpoint.to_string(), why: error.to_string() })?;
            steps.push(Step { nonce, ..step(Source::Endpoint, Address::Url(url)) });
        }
        if let Some((host, port)) = target.handshake() {
            let requests = options.info_requests.max(1);
            let address = Address::Handshake { host: host.clone(), port };
            steps.push(Step { requests, ..step(Source::Handshake, address) });
        }
        if let Some(domain) = target.domain() {
            of_domain(domain, options, &mut steps)?;
        }
        if let Some(application) = target.application() {
            of_application(application, options, &mut steps)?;
        }
        if let Some(resolver) = &options.resolver {
            of_names(&target, resolver, &mut steps)?;
        }
        Ok(Self { target, steps })
    }

    /// The target.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Requests and handshakes at most, retries of the client aside.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.requests))
    }
}

impl fmt::Display for Plan {
    /// A line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:2}. {step}", index.saturating_add(1))?;
        }
        Ok(())
    }
}

pub(crate) fn url(text: &str) -> Result<Url, PlanError> {
    Url::parse(text).map_err(|error| PlanError::Url { text: text.to_owned(), why: error.to_string() })
}

const fn step(source: Source, address: Address) -> Step {
    Step { source, address, subject: Subject::Application, requests: 1, when: When::Always, nonce: false }
}

fn of_domain(domain: &Host, options: &Options, steps: &mut Vec<Step>) -> Result<(), PlanError> {
    let folder = url(&format!("https://{domain}{}", ingress::FOLDER))?;
    let file = |name: &str| url(&format!("{folder}{name}")).map(Address::Url);
    let after = |source, address| Step { when: When::AfterTheStepBefore, ..step(source, address) };
    steps.push(step(Source::IngressQuote, file(ingress::QUOTE_NAME)?));
    steps.push(after(Source::IngressSums, file(ingress::SUMS_NAME)?));
    let files = after(Source::IngressFile, Address::FilesBelow(folder));
    steps.push(Step { requests: options.limits.ingress_files, ..files });
    Ok(())
}

fn of_application(
    application: &Application,
    options: &Options,
    steps: &mut Vec<Step>,
) -> Result<(), PlanError> {
    let gateway = &application.gateway;
    // One instance is one machine, however often it is asked.
    let requests = if application.is_instance { 1 } else { options.info_requests.max(1) };
    if let Some(port) = application.passthrough {
        let label = format!("{}-{port}s", application.id);
        let text = url(&gateway.origin(&label))?;
        let name = text.host_str().unwrap_or_default();
        let host = Host::parse(name)
            .map_err(|error| PlanError::Url { text: text.to_string(), why: error.to_string() })?;
        let port = gateway.port.unwrap_or(443);
        steps.push(Step { requests, ..step(Source::Handshake, Address::Handshake { host, port }) });
    }
    let agent_url = |path| url(&agent::address(application, path)).map(Address::Url);
    steps.push(Step { requests, ..step(Source::Info, agent_url(agent::INFO_PATH)?) });
    let legacy = step(Source::LegacyInfo, agent_url(agent::LEGACY_INFO_PATH)?);
    steps.push(Step { requests, when: When::WithoutInfo, ..legacy });
    if let Some(url) = cloud::address(application, &options.cloud)? {
        steps.push(step(Source::Cloud, Address::Url(url)));
    }
    let page = step(Source::AgentPage, agent_url(agent::PAGE_PATH)?);
    steps.push(Step { when: When::WithoutCompose, ..page });
    if options.gateway {
        let host = options.gateway_host.as_deref();
        for (source, path) in
            [(Source::GatewayInfo, gateway::INFO_PATH), (Source::GatewayAcme, gateway::ACME_PATH)]
        {
            let address = Address::Url(gateway::address(gateway, host, path)?);
            steps.push(Step { subject: Subject::Gateway, ..step(source, address) });
        }
    }
    Ok(())
}

/// CAA of the custom domain, and of the gateway's, whose certificate stands for all names below it.
fn of_names(target: &Target, resolver: &Url, steps: &mut Vec<Step>) -> Result<(), PlanError> {
    if resolver.scheme() != "https" || resolver.query().is_some() || resolver.fragment().is_some() {
        return Err(PlanError::Resolver { url: resolver.to_string() });
    }
    let domains = [
        (Subject::Application, target.domain()),
        (Subject::Gateway, target.application().map(|application| &application.gateway.domain)),
    ];
    for (subject, domain) in domains {
        let Some(domain) = domain else { continue };
        let requests = domain.as_str().split('.').count();
        let address = Address::Caa { resolver: resolver.clone(), domain: domain.clone() };
        steps.push(Step { subject, requests, ..step(Source::Caa, address) });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
