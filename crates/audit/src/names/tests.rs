use super::*;

#[test]
fn a_name_is_classed_by_what_its_value_would_do() {
    use NameClass::*;
    let table = [
        ("MOCK_API_URL", Endpoint),
        ("mockApiUrl", Endpoint),
        ("BASE_CHAIN_RPC", Endpoint),
        ("BACKEND", Endpoint),
        ("HOST_IP", Endpoint),
        ("SERVER_NAME", Endpoint),
        ("VLLM_ALLOWED_MEDIA_DOMAINS", Endpoint),
        ("CORS_ALLOWED_ORIGINS", Endpoint),
        ("MAX_BACKEND_URL", Endpoint),
        ("NODE_ADDRESS", Endpoint),
        ("MPC_LOCAL_ADDRESS", Endpoint),
        ("WIREGUARD_BASE_PORT", Tuning),
        ("UPSTREAM_TIMEOUT_MS", Tuning),
        ("TELEGRAM_MAX_PER_HOUR", Tuning),
        // Into which database data goes is chosen with it, as with a bucket or a table.
        ("DATABASE_NAME", Destination),
        ("DD_HOSTNAME", Tuning),
        ("SUBNET_INDEX", Tuning),
        // On the closed list of harmless names, each with its reason; unknown names count since, and these did not.
        ("DOCKER_NETWORK", Tuning),
        ("APNS_KEY_ID", Tuning),
        ("GIT_SHA", Unknown),
        ("BEARER_TOKEN", AdminCredential),
        ("ADMIN_PASSWORD", AdminCredential),
        ("MASTER_ENCRYPTION_KEY", IdentityKey),
        ("SIGNING_KEY", IdentityKey),
        ("PRIVATE_KEY", IdentityKey),
        ("JWT_SECRET", IdentityKey),
        ("SECRET_KEY", IdentityKey),
        ("AWS_PRIVATE_KEY", IdentityKey),
        ("AUTH_ENCODING_KEY", IdentityKey),
        ("STRIPE_SECRET_KEY", ThirdPartyCredential),
        ("STRIPE_PUBLISHABLE_KEY", PublishableKey),
        ("CERTBOT_AWS_SECRET_ACCESS_KEY", ThirdPartyCredential),
        ("AWS_ACCESS_KEY_ID", ThirdPartyCredential),
        ("APNS_KEY_P8_B64", ThirdPartyCredential),
        ("FIREBASE_SERVICE_ACCOUNT_BASE64", ThirdPartyCredential),
        ("GCP_SERVICE_ACCOUNT_JSON", ThirdPartyCredential),
        ("LD_SDK_KEY", ThirdPartyCredential),
        ("DOCKER_USERNAME", ThirdPartyCredential),
        ("PRIVATE_REGISTRY_PASSWORD", ThirdPartyCredential),
        ("SKIP_VERIFY", Flag),
        ("ENABLE_MOCK_MODE", Flag),
        ("TELEGRAM_GROUP_CHAT_ID", Destination),
        ("TELEGRAM_CHANNEL_MAP", Destination),
        ("SENDGRID_FROM_EMAIL", Destination),
        ("CERTBOT_AWS_ROLE_ARN", Destination),
        ("SOLVER_POOL_ID", Destination),
        ("SOLVER_REGISTRY_CONTRACT", Destination),
        ("AMM_TOKEN1_ID", Destination),
        ("CF_ZONE_ID", Destination),
        ("TOKSCOPE_BROWSER_IMAGE", Image),
        ("DSTACK_DOCKER_PASSWORD", Registry),
        ("DSTACK_ROOT_PASSWORD", RootAccess),
        ("MY_SSH_PUBLIC_KEY", RootAccess),
        ("NODE_OPTIONS", RuntimeHook),
        ("https_proxy", RuntimeHook),
    ];
    for (name, expected) in table {
        assert_eq!(classify(name), expected, "{name}");
    }
}

#[test]
fn only_exact_names_control_the_process_that_starts_the_application() {
    for name in
        ["COMPOSE_FILE", "APP_COMPOSE_FILE", "BASH_ENV", "LD_PRELOAD", "DOCKER_HOST", "GIT_CONFIG_COUNT"]
    {
        assert_eq!(process_control(name, false), Some(Severity::Critical), "{name}");
    }
    for name in ["https_proxy", "HTTP_PROXY", "HOME", "SSL_CERT_FILE"] {
        assert_eq!(process_control(name, false), Some(Severity::High), "{name}");
    }
    for name in ["GIT_SHA", "LD_SDK_KEY", "DOCKER_NETWORK", "COMPOSE_FILES", "PATHNAME", "compose_file"] {
        assert_eq!(process_control(name, false), None, "{name}");
    }
    assert_eq!(process_control("ENV", false), Some(Severity::Info));
}

#[test]
fn settable_profiles_are_critical_once_a_profile_exists() {
    assert_eq!(process_control("COMPOSE_PROFILES", false), Some(Severity::High));
    assert_eq!(process_control("COMPOSE_PROFILES", true), Some(Severity::Critical));
}

#[test]
fn a_credential_belongs_to_an_endpoint_of_the_same_stem() {
    assert_eq!(stem("MOCK_API_URL"), stem("MOCK_API_TOKEN"));
    assert_eq!(stem("MODEL_DISCOVERY_SERVER_URL"), stem("MODEL_DISCOVERY_API_KEY"));
    assert_ne!(stem("CERTBOT_DOMAIN"), stem("CERTBOT_AWS_SECRET_ACCESS_KEY"));
    assert_ne!(stem("MY_URL"), stem("CF_API_TOKEN"));
}

#[test]
fn an_address_without_an_address_word_at_its_end_is_disguised() {
    assert!(is_plain_endpoint("MOCK_API_URL") && is_plain_endpoint("RPC_DOMAIN"));
    assert!(
        !is_plain_endpoint("BASE_CHAIN_RPC")
            && !is_plain_endpoint("HOST_IP")
            && !is_plain_endpoint("BACKEND")
    );
}

#[test]
fn a_switch_of_verification_is_graver_than_one_of_logging() {
    assert_eq!(flag_severity("REQUIRE_ATTESTATION"), Severity::Critical);
    assert_eq!(flag_severity("ENABLE_MOCK_MODE"), Severity::Critical);
    assert_eq!(flag_severity("LOG_LEVEL"), Severity::Medium);
    assert_eq!(flag_severity("DEBUG"), Severity::High);
}
