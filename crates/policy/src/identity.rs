//! Is it the application that the relying party means? Judged on the replayed log's identity only.

use crate::Policy;
use veritee_model::report::IdentityFacts;
use veritee_model::{Check, CheckId, Reason};

/// `identity.expected`: app id, instance id and key provider against the policy.
#[must_use]
pub fn judge(policy: &Policy, identity: &IdentityFacts) -> Check {
    let id = CheckId::IdentityExpected;
    let expect = &policy.expect;
    let mut shown = Vec::new();
    if !expect.app_id.is_empty() {
        if !expect.app_id.contains(&identity.app_id) {
            return Check::fail(
                id,
                Reason::AppIdUnexpected,
                "the measured app id is none of the expected ones",
            )
            .compared(list(&expect.app_id), identity.app_id)
            .next("check which application you were given evidence of");
        }
        shown.push("app id");
    }
    if !expect.instance_id.is_empty() {
        match &identity.instance_id {
            None => return absent(id, "[expect] instance_id", "the machine measured no instance id"),
            Some(instance) if !expect.instance_id.contains(instance) => {
                return Check::fail(
                    id,
                    Reason::InstanceIdUnexpected,
                    "the measured instance id is none of the expected ones",
                )
                .compared(list(&expect.instance_id), instance);
            }
            Some(_) => shown.push("instance id"),
        }
    }
    if !expect.key_provider.is_empty() {
        let (Some(name), Some(provider)) = (&identity.key_provider, &identity.key_provider_id) else {
            return absent(id, "[expect] key_provider", "the machine measured no key provider");
        };
        let fits =
            |wanted: &crate::KeyProvider| wanted.name == *name && wanted.id.eq_ignore_ascii_case(provider);
        if !expect.key_provider.iter().any(fits) {
            let wanted: Vec<String> =
                expect.key_provider.iter().map(|p| format!("{} {}", p.name, p.id)).collect();
            return Check::fail(
                id,
                Reason::KeyProviderUnexpected,
                "the measured key provider is none of the expected ones",
            )
            .compared(wanted.join(" or "), format!("{name} {provider}"))
            .next("whoever holds this key provider's keys can decrypt the application's data");
        }
        shown.push("key provider");
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
    Check::fail(id, Reason::ComposeHashUnexpected, "the measured compose hash is none of the expected ones")
        .compared(list(expected), identity.compose_hash)
        .next(
            "the application was upgraded, or it is another one: review the new compose before you accept it",
        )
}

fn absent(id: CheckId, entry: &str, why: &str) -> Check {
    Check::fail(id, Reason::PolicyClaimAbsent, format!("the policy's {entry} cannot be met: {why}"))
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
