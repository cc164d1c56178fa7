//! What a file that cannot be read may have been: a document cut short, a list with a bit turned, an error page that was
//! saved under an answer's name. What counts as given leaves no gap that the judged party could fill.

use veritee_model::Budget;
use veritee_quote::Source;
use x509_parser::prelude::{FromDer, Pem, X509Certificate};

const DOCUMENTS: [Source; 2] = [Source::TcbInfo, Source::QeIdentity];
const LISTS: [Source; 2] = [Source::PckCrl, Source::RootCaCrl];

/// The kinds of collateral that this may have held; none for what is something else.
pub(super) fn kinds(name: &str, bytes: &[u8], budget: &Budget) -> Vec<Source> {
    let begin = bytes.trim_ascii_start();
    // A page is what a proxy answers in a service's place.
    let is_page = begin.starts_with(b"<");
    let form = veritee_evidence::recognise(name, bytes, budget);
    // Lists and chains are told by their first bytes, and it is those that are asked about here.
    let is_other = !is_page && !is_list(begin) && !begin.starts_with(b"-----BEGIN CERTIFICATE-----");
    if (is_other && form.is_some_and(is_something_else)) || is_certificate(bytes) {
        return Vec::new();
    }
    let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    // Members that a whole set has.
    if ["\"tcb_info\"", "\"qe_identity\"", "\"pck_crl\"", "\"root_ca_crl\""].into_iter().any(has) {
        return [DOCUMENTS, LISTS].concat();
    }
    let documents: Vec<Source> =
        [("\"tcbInfo\"", Source::TcbInfo), ("\"enclaveIdentity\"", Source::QeIdentity)]
            .into_iter()
            .filter_map(|(member, source)| has(member).then_some(source))
            .collect();
    if !documents.is_empty() {
        return documents;
    }
    let named = by_name(name);
    if is_list(begin) {
        let lists: Vec<Source> = named.into_iter().filter(|source| LISTS.contains(source)).collect();
        return if lists.is_empty() { LISTS.into() } else { lists };
    }
    if !named.is_empty() {
        return named;
    }
    match begin {
        [b'{', ..] if serde_json::from_slice::<serde_json::Value>(bytes).is_err() => {
            [DOCUMENTS, LISTS].concat()
        }
        // A chain: what it certifies cannot be verified without it.
        _ if begin.starts_with(b"-----BEGIN CERTIFICATE-----") => {
            vec![Source::TcbInfo, Source::QeIdentity, Source::PckCrl]
        }
        _ => Vec::new(),
    }
}

/// Forms that a damaged answer is not taken for.
const fn is_something_else(form: veritee_evidence::Form) -> bool {
    use veritee_evidence::Recognised;
    !matches!(form, veritee_evidence::Form::Part(Recognised::Collateral))
}

/// PEM in which at least one certificate can be read.
fn is_certificate(bytes: &[u8]) -> bool {
    let readable = |der: &[u8]| X509Certificate::from_der(der).is_ok();
    readable(bytes)
        || Pem::iter_from_buffer(bytes)
            .filter_map(Result::ok)
            .any(|pem| pem.label == "CERTIFICATE" && readable(&pem.contents))
}

/// DER, hex of it or PEM, by its first bytes: a sequence of more than 255 bytes.
fn is_list(begin: &[u8]) -> bool {
    matches!(begin, [0x30, 0x81..=0x84, ..])
        || begin.starts_with(b"-----BEGIN X509 CRL")
        || (begin.starts_with(b"308") && begin.iter().take(64).all(u8::is_ascii_hexdigit))
}

/// What the name says: tools name answers after what they are.
fn by_name(name: &str) -> Vec<Source> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    if !["", "json", "pem", "crl", "der", "hex", "bin", "cut", "tmp", "part"].contains(&ending) {
        return Vec::new();
    }
    let has = |word: &str| stem.contains(word);
    if has("crl") || ending == "crl" {
        return match (has("root"), has("pck") || has("platform") || has("processor")) {
            (true, false) => vec![Source::RootCaCrl],
            (false, true) => vec![Source::PckCrl],
            _ => LISTS.into(),
        };
    }
    match (has("tcb"), has("identity") || stem == "qe") {
        (_, true) => vec![Source::QeIdentity],
        (true, _) if has("sign") || has("chain") => DOCUMENTS.into(),
        (true, _) => vec![Source::TcbInfo],
        _ => Vec::new(),
    }
}
