//! Constant values, however they are written.

use super::shape::{called, has_word};
use veritee_source::syntax::{Expr, ExprKind};

/// The constant that an expression is, as a text: literals, and what wraps, joins, repeats, encodes or hashes them.
pub(crate) fn constant(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Text(text) => Some(text.clone()),
        ExprKind::Join(parts) => {
            parts.iter().map(constant).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        ExprKind::List(items) if !items.is_empty() => {
            let all = items.iter().all(|item| matches!(item.kind, ExprKind::Number(_)));
            all.then(|| format!("{} fixed numbers", items.len()))
        }
        ExprKind::Propagate(inner) => constant(inner),
        ExprKind::Call(..) => of_call(value),
        _ => None,
    }
}

fn of_call(value: &Expr) -> Option<String> {
    /// Functions of a constant that are a constant.
    const PURE: &[&str] = &[
        "from",
        "into",
        "to_string",
        "to_owned",
        "to_vec",
        "as_bytes",
        "as_str",
        "encode",
        "decode",
        "bytes",
        "fromhex",
        "from_hex",
        "from_str",
        "String",
        "str",
        "Some",
        "Ok",
        "Buffer",
        "toString",
        "trim",
        "strip",
        "DecodeString",
        "hexToBytes",
        "toBytes",
        "sha256",
        "keccak256",
        "digest",
        "hexdigest",
        "unwrap",
        "expect",
        "clone",
        "b64decode",
        "bytearray",
        "repeat",
        "[]",
        "SecretStr",
        "new",
        "Uint8Array",
        "TextEncoder",
        "padEnd",
        "padStart",
        "ljust",
        "rjust",
        "zfill",
        "createHash",
        "update",
        "alloc",
        "fill",
        "default",
    ];
    let (callee, arguments) = called(value)?;
    let last = callee.last_name()?;
    if !PURE.contains(&last) {
        return None;
    }
    // `"…".encode()`: what it is called on; `bytes.fromhex("…")`: what it is given.
    let on = match &callee.kind {
        ExprKind::Member(of, _) => constant(of),
        _ => None,
    };
    let first = arguments.first().map(|one| &one.value);
    let given = first.and_then(constant);
    let zeroes = || {
        let number = first.is_some_and(|first| matches!(first.kind, ExprKind::Number(_)));
        (number && matches!(last, "bytes" | "bytearray" | "repeat" | "Uint8Array" | "alloc"))
            .then(|| "the same byte over and over".to_owned())
    };
    if last == "repeat" {
        return given.map(|unit| format!("{unit} over and over")).or_else(zeroes);
    }
    on.or(given).or_else(zeroes)
}

/// A name that says of itself that it stands in for the real thing: `DEV_KEY`, `defaultSecret`.
pub(crate) fn is_stand_in(value: &Expr) -> bool {
    const STAND_IN: &[&str] = &[
        "DEV",
        "DEVELOPMENT",
        "DEFAULT",
        "FALLBACK",
        "TEST",
        "MOCK",
        "DUMMY",
        "FAKE",
        "STATIC",
        "INSECURE",
        "HARDCODED",
    ];
    value.last_name().is_some_and(|name| has_word(name, STAND_IN))
}

/// A hash: of something that is no secret it is no key.
pub(crate) fn is_hash(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= matches!(&inner.kind, ExprKind::Call(callee, _) if callee.last_name().is_some_and(|name| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "sha256" | "sha3_256" | "keccak256" | "blake2b" | "blake3" | "sum256" | "createhash" | "md5" | "sha1" | "sha512"
            )
        }));
        !found
    });
    found
}

/// Fresh random bytes: no secret of anybody else's, and another one at every start.
pub(crate) fn is_random(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut |inner| {
        found |= matches!(&inner.kind, ExprKind::Call(callee, _) if callee.last_name().is_some_and(|name| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "randombytes" | "token_bytes" | "token_hex" | "urandom" | "generate" | "generateprivatekey" | "random" | "getrandomvalues"
                    | "createrandom" | "generatekey" | "generatekeypair" | "new_random" | "generate_private_key"
            )
        }));
        !found
    });
    found
}
