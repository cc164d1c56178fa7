use super::*;

fn challenge(text: &str) -> Option<Challenge> {
    Challenge::bearer(&["Basic realm=\"x\"".to_owned(), text.to_owned()])
}

#[test]
fn a_challenge_is_read_as_servers_write_it() {
    let expected = Challenge {
        realm: "https://auth.example/token".to_owned(),
        service: Some("registry.example".to_owned()),
    };
    for text in [
        r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull""#,
        r#"bearer realm="https://auth.example/token", service=registry.example, error="invalid_token""#,
        r#"BEARER service="registry.example" , realm="https://auth.example/to\ken""#,
    ] {
        assert_eq!(challenge(text).as_ref(), Some(&expected), "{text}");
    }
    assert_eq!(challenge("Bearer realm=x").unwrap().service, None);
}

#[test]
fn what_is_malformed_or_said_twice_is_no_challenge() {
    for text in [
        "Basic realm=\"x\"",
        "Bearer",
        "Bearer realm",
        "Bearer realm=\"\"",
        "Bearer service=\"x\"",
        "Bearer realm=\"x",
        "Bearer realm=\"x\" service=\"y\"",
        "Bearer realm=\"x\",realm=\"y\"",
        "Bearer re alm=\"x\"",
    ] {
        assert_eq!(challenge(text), None, "{text}");
    }
}

#[test]
fn a_token_is_found_under_both_names_and_stands_in_no_error() {
    let read = |text: &str| token(text.as_bytes(), &Budget::STANDARD);
    assert_eq!(read(r#"{"token":"a","access_token":"b","expires_in":300}"#).unwrap(), "a");
    assert_eq!(read(r#"{"access_token":"b"}"#).unwrap(), "b");
    for text in [r#"{"token":""}"#, "{}", r#"{"token":"hunter2","#, r#"{"token":["hunter2"]}"#, "<html>"] {
        assert!(!read(text).unwrap_err().contains("hunter2"));
    }
}

#[test]
fn the_next_page_is_the_one_that_is_called_so() {
    assert_eq!(next_page("</v2/a/referrers/x?n=2>; rel=\"next\""), Some("/v2/a/referrers/x?n=2"));
    assert_eq!(next_page("<a>; rel=prev, <b>; title=x; REL=next"), Some("b"));
    for text in ["", "<a>", "a; rel=next", "<a; rel=next", "<a>; rel=last"] {
        assert_eq!(next_page(text), None, "{text}");
    }
}

#[test]
fn what_a_header_calls_otherwise_is_refused() {
    let budget = &Budget::STANDARD;
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    assert_eq!(Given::read(index, None, None, budget).unwrap().media_type, media::OCI_INDEX);
    let docker = Given::read(
        index,
        Some("application/vnd.docker.distribution.manifest.list.v2+json; q=1"),
        None,
        budget,
    );
    assert_eq!(docker.unwrap().media_type, media::DOCKER_LIST);
    // Any other word of a server says nothing.
    assert_eq!(Given::read(index, Some("text/plain"), None, budget).unwrap().media_type, media::OCI_INDEX);
    for content_type in [media::OCI_MANIFEST, media::DOCKER_MANIFEST] {
        let error = Given::read(index, Some(content_type), None, budget).unwrap_err().to_string();
        assert!(error.contains("is an index and is called"), "{error}");
    }
    let called =
        br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"#;
    assert!(Given::read(called, None, None, budget).is_err());
    let old = br#"{"schemaVersion":1,"manifests":[]}"#;
    assert!(
        Given::read(old, Some(media::OCI_INDEX), None, budget).unwrap_err().to_string().contains("schema 1")
    );
    let signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    assert!(Given::read(index, Some(signed), None, budget).unwrap_err().to_string().contains("schema 1"));
}

#[test]
fn tags_that_stand_for_referrers() {
    let digest = Digest::of(b"x");
    assert_eq!(fallback_tag(&digest), format!("sha256-{}", digest.hex()));
    assert!(
        cosign_tags(&digest).iter().all(|tag| tag.starts_with(&fallback_tag(&digest)) && tag.len() < 128)
    );
}
