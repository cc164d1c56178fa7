//! Requests to one registry, and the token for them.

use super::{Place, Problem, REQUESTS};
use url::Url;
use veritee_client::{Answer, Bearer, Client, FetchError, Get, Sink};
use veritee_image::registry::{Challenge, token};
use veritee_image::{Digest, Hasher, ImageError};
use veritee_model::Budget;

/// Bytes of a token service's answer.
const TOKEN_BYTES: usize = 64 << 10;

pub(super) struct Session<'s> {
    client: &'s Client,
    place: &'s Place,
    budget: &'s Budget,
    token: Option<Bearer>,
    requests: usize,
}

impl<'s> Session<'s> {
    pub(super) fn new(client: &'s Client, place: &'s Place, budget: &'s Budget) -> Self {
        Self { client, place, budget, token: None, requests: 0 }
    }

    pub(super) fn url(&self, rest: &str) -> Result<Url, Problem> {
        let wrong = || Problem::TooMuch { what: "characters in an address", most: veritee_client::URL_CAP };
        self.place.url(rest).ok_or_else(wrong)
    }

    /// A document. Redirects are followed on the registry itself only.
    pub(super) async fn document(
        &mut self,
        url: &Url,
        accept: &'static str,
        cap: usize,
    ) -> Result<Answer, Problem> {
        self.ask(&Get { accept, ..Get::any(url.clone(), cap) }, None).await
    }

    /// A blob of this size and digest, whoever sends it.
    pub(super) async fn blob(&mut self, digest: &Digest, size: u64) -> Result<Vec<u8>, Problem> {
        let (url, cap) = self.blob_request(digest, size)?;
        let answer = self.ask(&Get { elsewhere: true, ..Get::any(url.clone(), cap) }, None).await?;
        let mut hasher = Hasher::new(digest.algorithm());
        hasher.update(&answer.body);
        whole(&url, digest, size, hasher, answer.body.len())?;
        Ok(answer.body)
    }

    /// The same, handed on as it comes. It is whole and has its digest only when this returns.
    pub(super) async fn blob_to(
        &mut self,
        digest: &Digest,
        size: u64,
        to: &mut dyn Sink,
    ) -> Result<(), Problem> {
        let (url, cap) = self.blob_request(digest, size)?;
        let mut hashed = Hashed { to, hasher: Hasher::new(digest.algorithm()), digest, came: 0 };
        self.ask(&Get { elsewhere: true, ..Get::any(url.clone(), cap) }, Some(&mut hashed)).await?;
        let Hashed { hasher, came, .. } = hashed;
        whole(&url, digest, size, hasher, came)
    }

    fn blob_request(&self, digest: &Digest, size: u64) -> Result<(Url, usize), Problem> {
        let url = self.url(&format!("blobs/{digest}"))?;
        Ok((url, usize::try_from(size).unwrap_or(usize::MAX)))
    }

    /// Asks, with a token after a 401 of the registry. One answer of 401 to a token that was just given ends it.
    async fn ask(&mut self, request: &Get, mut to: Option<&mut dyn Sink>) -> Result<Answer, Problem> {
        let mut has_new_token = false;
        loop {
            self.count()?;
            let request = Get { bearer: self.token.clone(), ..request.clone() };
            let got = match &mut to {
                Some(sink) => self.client.stream(&request, &mut **sink).await,
                None => self.client.get(&request).await,
            };
            match got {
                Ok(answer) => return Ok(answer),
                Err(FetchError::Status { url, status: 401, challenges, .. })
                    if !has_new_token && self.is_registry(&url) =>
                {
                    self.token = Some(self.authenticate(&url, &challenges).await?);
                    has_new_token = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether an answer came from the registry and not from where it sent us.
    fn is_registry(&self, url: &str) -> bool {
        let same = |url: Url| url.origin() == self.place.registry.origin();
        Url::parse(url).is_ok_and(same)
    }

    /// Gets a token as everybody gets it. Which repository it is for is ours to say.
    async fn authenticate(&mut self, url: &str, challenges: &[String]) -> Result<Bearer, Problem> {
        let not_public = || Problem::NotPublic { url: url.to_owned(), status: 401 };
        let challenge = Challenge::bearer(challenges).ok_or_else(not_public)?;
        let failed = |why: String| Problem::Token { realm: challenge.realm.clone(), why };
        let mut realm = Url::parse(&challenge.realm).map_err(|error| failed(error.to_string()))?;
        if self.place.registry.scheme() == "https" && realm.scheme() != "https" {
            return Err(failed("expected https, the registry speaks it itself".to_owned()));
        }
        if let Some(service) = &challenge.service {
            realm.query_pairs_mut().append_pair("service", service);
        }
        realm.query_pairs_mut().append_pair("scope", &format!("repository:{}:pull", self.place.repository));
        self.count()?;
        let request = Get { accept: "application/json", ..Get::any(realm, TOKEN_BYTES) };
        let answer = match self.client.get(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                return Err(match error.status() {
                    Some(401 | 403) => not_public(),
                    Some(429) => Problem::Busy { url: error.url().to_owned() },
                    _ => failed(error.to_string()),
                });
            }
        };
        let text = token(&answer.body, self.budget).map_err(&failed)?;
        Bearer::new(&text)
            .ok_or_else(|| failed("the token is too long, or no header can carry it".to_owned()))
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.requests = self.requests.saturating_add(1);
        match self.requests > REQUESTS {
            true => Err(Problem::TooMuch { what: "requests for one image", most: REQUESTS }),
            false => Ok(()),
        }
    }
}

fn whole(url: &Url, digest: &Digest, size: u64, hasher: Hasher, came: usize) -> Result<(), Problem> {
    let read = |error| Problem::Read { url: url.to_string(), error };
    let came = u64::try_from(came).unwrap_or(u64::MAX);
    if came != size {
        return Err(read(ImageError::Size { digest: digest.clone(), expected: size, got: came }));
    }
    let got = hasher.finish();
    match got == *digest {
        true => Ok(()),
        false => Err(read(ImageError::Digest { expected: digest.clone(), got })),
    }
}

/// Hashes on the way.
struct Hashed<'h> {
    to: &'h mut dyn Sink,
    hasher: Hasher,
    digest: &'h Digest,
    came: usize,
}

impl Sink for Hashed<'_> {
    fn begin(&mut self) -> Result<(), String> {
        (self.hasher, self.came) = (Hasher::new(self.digest.algorithm()), 0);
        self.to.begin()
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.hasher.update(bytes);
        self.came = self.came.saturating_add(bytes.len());
        self.to.piece(bytes)
    }
}
