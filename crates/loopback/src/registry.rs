//! A registry of container images: what the distribution specification asks for and no more.
//!
//! It misbehaves by the script of its [`Server`], which goes before everything here.

use crate::server::lock;
use crate::{Reply, Request, Server};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A registry with one repository, [`Registry::REPOSITORY`].
pub struct Registry {
    server: Server,
    content: Arc<Mutex<Content>>,
}

#[derive(Default)]
struct Content {
    /// Media type and bytes by digest.
    manifests: HashMap<String, (String, Vec<u8>)>,
    tags: HashMap<String, String>,
    blobs: HashMap<String, Vec<u8>>,
    /// Descriptors in JSON by the digest that they refer to; `None` where there is no interface for them.
    referrers: Option<HashMap<String, Vec<String>>>,
    page: usize,
    token: Option<String>,
}

impl Registry {
    /// The repository.
    pub const REPOSITORY: &'static str = "team/app";

    /// Without TLS and without tokens, and without an interface for referrers: as Debian's docker-registry.
    #[must_use]
    pub fn start() -> Self {
        let (server, content) = (Server::http(), Arc::new(Mutex::new(Content::default())));
        let shared = Arc::clone(&content);
        let url = server.url("");
        server.otherwise(move |request| answer(&lock(&shared), request, &url));
        Self { server, content }
    }

    /// The server, for its script and for what it saw.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// `127.0.0.1:PORT/team/app`: what stands before the tag.
    #[must_use]
    pub fn name(&self) -> String {
        format!("127.0.0.1:{}/{}", self.server.port(), Self::REPOSITORY)
    }

    /// The path of something below the repository.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", Self::REPOSITORY)
    }

    /// Holds a manifest or index; its digest.
    pub fn manifest(&self, media_type: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        lock(&self.content).manifests.insert(digest.clone(), (media_type.to_owned(), bytes.to_vec()));
        digest
    }

    /// Holds a blob; its digest.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        lock(&self.content).blobs.insert(digest.clone(), bytes.to_vec());
        digest
    }

    /// Makes a tag lead to a digest.
    pub fn tag(&self, tag: &str, digest: &str) {
        lock(&self.content).tags.insert(tag.to_owned(), digest.to_owned());
    }

    /// Has an interface for referrers from now on, with so many on a page, and lists this one (a descriptor in JSON).
    pub fn refer(&self, to: &str, descriptor: &str, page: usize) {
        let mut content = lock(&self.content);
        content.page = page.max(1);
        content
            .referrers
            .get_or_insert_default()
            .entry(to.to_owned())
            .or_default()
            .push(descriptor.to_owned());
    }

    /// Gives this token to everybody, and nothing without it.
    pub fn ask_for_token(&self, token: &str) {
        lock(&self.content).token = Some(token.to_owned());
    }
}

/// `sha256:` and the digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

fn answer(content: &Content, request: &Request, url: &str) -> Reply {
    if request.path == "/token" {
        let token = content.token.clone().unwrap_or_default();
        return Reply::json(format!("{{\"token\":\"{token}\",\"expires_in\":300}}"));
    }
    let wanted = content.token.as_ref().map(|token| format!("Bearer {token}"));
    if wanted.is_some() && request.header("authorization") != wanted.as_deref() {
        let challenge = format!("Bearer realm=\"{url}/token\",service=\"loopback\",scope=\"ignored\"");
        return Reply::status(401).header("WWW-Authenticate", &challenge);
    }
    let start = format!("/v2/{}/", Registry::REPOSITORY);
    let Some((kind, name)) = request.path.strip_prefix(&start).and_then(|rest| rest.split_once('/')) else {
        return Reply::status(404);
    };
    match kind {
        "manifests" => manifest(content, request, name),
        "blobs" => content.blobs.get(name).map_or(Reply::status(404), |bytes| Reply::bytes(bytes.clone())),
        "referrers" => referrers(content, request, name),
        _ => Reply::status(404),
    }
}

fn manifest(content: &Content, request: &Request, name: &str) -> Reply {
    let digest = content.tags.get(name).map_or(name, String::as_str);
    let Some((media_type, bytes)) = content.manifests.get(digest) else { return Reply::status(404) };
    // What was not asked for is not there.
    match request.header("accept").is_some_and(|accept| accept.contains(media_type.as_str())) {
        true => Reply::ok(media_type, bytes.clone()).header("Docker-Content-Digest", digest),
        false => Reply::status(404),
    }
}

fn referrers(content: &Content, request: &Request, name: &str) -> Reply {
    let Some(known) = &content.referrers else { return Reply::status(404) };
    let list = known.get(name).map_or(&[][..], Vec::as_slice);
    let start: usize = request.query.strip_prefix("from=").and_then(|text| text.parse().ok()).unwrap_or(0);
    let shown: Vec<&str> = list.iter().skip(start).take(content.page).map(String::as_str).collect();
    let media_type = "application/vnd.oci.image.index.v1+json";
    let body =
        format!("{{\"schemaVersion\":2,\"mediaType\":\"{media_type}\",\"manifests\":[{}]}}", shown.join(","));
    let reply = Reply::ok(media_type, body);
    let next = start + shown.len();
    match next < list.len() {
        true => reply.header("Link", &format!("<{}?from={next}>; rel=\"next\"", request.path)),
        false => reply,
    }
}
