//! Is it the application that the relying party means? Judged on the replayed log's identity only.

use crate::Policy;
use veritee_model::report::IdentityFacts;
use veritee_model::{Check, CheckId, Fault, Reason};

/// `identity.expected`: app id, instance id and key provider against the policy.
#[must_use]
pub fn judge(policy: &Policy, identity: &IdentityFacts) -> Check {
    let id = CheckId::IdentityExpected;
    let expect = &policy.expect;
    let mut shown = Vec::new();
    let mut faults = Vec::new();
    let mut compared = Vec::new();
    if !expect.app_id.is_empty() {
        shown.push("app id");
        if !expect.app_id.contains(&identity.app_id) {
            let detail = "the measured app id is none of the expected ones";
            faults.push(Fault::new(Reason::AppIdUnexpected, detail).of(identity.app_id));
            compared.push((list(&expect.app_id), identity.app_id.to_string()));
        }
    }
    if !expect.instance_id.is_empty() {
        shown.push("instance id");
        match &identity.instance_id {
            None => faults.push(absent("[expect] instance_id", "the machine measured no instance id")),
            Some(instance) if !expect.instance_id.contains(instance) => {
                let detail = "the measured instance id is none of the expected ones";
                faults.push(Fault::new(Reason::InstanceIdUnexpected, detail).of(instance));
                compared.push((list(&expect.instance_id), instance.to_string()));
            }
            Some(_) => {}
        }
    }
    if !expect.key_provider.is_empty() {
        shown.push("key provider");
        let fits = |name: &str, provider: &str| {
            let wanted = |it: &crate::KeyProvider| it.name == *name && it.id.eq_ignore_ascii_case(provider);
            expect.key_provider.iter().any(wanted)
        };
        match (&identity.key_provider, &identity.key_provider_id) {
            (Some(name), Some(provider)) if fits(name, provider) => {}
            (Some(name), Some(provider)) => {
                let wanted: Vec<String> =
                    expect.key_provider.iter().map(|p| format!("{} {}", p.name, p.id)).collect();
                let detail = "the measured key provider is none of the expected ones";
                let got = format!("{name} {provider}");
                faults.push(Fault::new(Reason::KeyProviderUnexpected, detail).of(&got));
                compared.push((wanted.join(" or "), got));
            }
            _ => faults.push(absent("[expect] key_provider", "the machine measured no key provider")),
        }
    }
    if let Some(mut check) = Check::failing(id, faults) {
        if let Some((wanted, got)) = compared.first() {
            check = check.compared(wanted, got);
        }
        return match check.reason {
            Some(Reason::AppIdUnexpected) => check.next("check which application you were given evidence of"),
            Some(Reason::KeyProviderUnexpected) => {
                check.next("whoever holds this key provider's keys can decrypt the application's data")
            }
            _ => check,
        };
    }
    if shown.is_empty() {
        return Check::pass(id, "the policy names no application: any is accepted");
    }
    Check::pass(id, format!("{} as expected", shown.join(", ")))
}

/// `compose.expected`: the measured compose hash against the policy.
#[must_use]
pub fn judge_compose(policy: &Policy, identity: &IdentityFacts) -> Check {
    let id = CheckId::ComposeExpected;
    let expected = &policy.expect.compose_hash;
    if expected.is_empty() {
        return Check::pass(id, "the policy names no compose: any is accepted");
    }
    if expected.contains(&identity.compose_hash) {
        return Check::pass(id, "the measured compose hash is one that the policy names");
    }
    let detail = "the measured compose hash is none of the expected ones";
    let mut check = Check::fail(id, Reason::ComposeHashUnexpected, detail)
        .compared(list(expected), identity.compose_hash)
        .next(
            "the application was upgraded, or it is another one: review the new compose before you accept it",
        );
    check.faults = vec![Fault::new(Reason::ComposeHashUnexpected, detail).of(identity.compose_hash)];
    check
}

fn absent(entry: &str, why: &str) -> Fault {
    Fault::new(Reason::PolicyClaimAbsent, format!("the policy's {entry} cannot be met: {why}"))
}

fn list(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyProvider;
    use veritee_model::{AppId, ComposeHash, InstanceId, Outcome, Sha256Digest};

    fn identity() -> IdentityFacts {
        IdentityFacts {
            app_id: AppId::new([1; 20]),
            instance_id: None,
            compose_hash: ComposeHash::new([2; 32]),
            key_provider: Some("kms".to_owned()),
            key_provider_id: Some("3059aa".to_owned()),
            os_image_hash_claimed: None,
            mr_aggregated: Sha256Digest::new([3; 32]),
        }
    }

    #[test]
    fn another_app_id_is_refused() {
        let mut policy = Policy::default();
        policy.expect.app_id = vec![AppId::new([9; 20])];
        assert_eq!(judge(&policy, &identity()).reason, Some(Reason::AppIdUnexpected));
        policy.expect.app_id.push(AppId::new([1; 20]));
        assert_eq!(judge(&policy, &identity()).outcome, Outcome::Pass);
    }

    #[test]
    fn an_entry_on_a_value_that_was_not_measured_fails() {
        let mut policy = Policy::default();
        policy.expect.instance_id = vec![InstanceId::new([0; 20])];
        assert_eq!(judge(&policy, &identity()).reason, Some(Reason::PolicyClaimAbsent));
    }

    #[test]
    fn the_right_identifier_under_another_kind_of_provider_is_refused() {
        let mut policy = Policy::default();
        policy.expect.key_provider = vec![KeyProvider { name: "local-sgx".into(), id: "3059AA".into() }];
        assert_eq!(judge(&policy, &identity()).reason, Some(Reason::KeyProviderUnexpected));
        policy.expect.key_provider[0].name = "kms".into();
        assert_eq!(judge(&policy, &identity()).outcome, Outcome::Pass);
    }

    #[test]
    fn another_instance_is_refused() {
        let mut policy = Policy::default();
        policy.expect.instance_id = vec![InstanceId::new([1; 20])];
        let other = IdentityFacts { instance_id: Some(InstanceId::new([2; 20])), ..identity() };
        assert_eq!(judge(&policy, &other).reason, Some(Reason::InstanceIdUnexpected));
    }

    #[test]
    fn another_compose_is_refused() {
        let mut policy = Policy::default();
        policy.expect.compose_hash = vec![ComposeHash::new([9; 32])];
        assert_eq!(judge_compose(&policy, &identity()).reason, Some(Reason::ComposeHashUnexpected));
    }
}
