//! Phala Cloud's attestations of an application: one quote for each running instance.
//!
//! It tells of replicas that no other source shows at will. What it says about names, contracts and gateways is not
//! read at all.

use super::{Facts, JSON};
use crate::options::Cloud;
use crate::target::Application;
use crate::{Directory, PlanError};
use url::Url;
use veritee_evidence::Format;

pub(crate) const FACTS: Facts = Facts {
    name: "Phala Cloud attestations",
    gives: "quote and log, sometimes app_compose, of each running instance",
    // 64 instances of 150 KiB.
    cap: 16 << 20,
    accept: "application/json",
    types: JSON,
    formats: &[Format::CloudAttestations],
};

/// What stands for the app id.
const PLACEHOLDER: &str = "{app_id}";

/// Where it is asked for this application; nowhere for an instance, of which it does not know.
pub(crate) fn address(application: &Application, cloud: &Cloud) -> Result<Option<Url>, PlanError> {
    let directory = Directory::built_in();
    let template = match cloud {
        Cloud::At(template) => template,
        Cloud::OfKnownClusters if directory.knows_gateway(&application.gateway.to_string()) => {
            &directory.cloud.attestations
        }
        Cloud::OfKnownClusters | Cloud::Never => return Ok(None),
    };
    if application.is_instance {
        return Ok(None);
    }
    if !template.contains(PLACEHOLDER) {
        return Err(PlanError::CloudTemplate { template: template.clone() });
    }
    let text = template.replace(PLACEHOLDER, &application.id.to_string());
    Url::parse(&text).map(Some).map_err(|_not_a_url| PlanError::CloudTemplate { template: template.clone() })
}
