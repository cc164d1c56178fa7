//! What is looked at of a WebAssembly module before it goes into a page: that it is one, that it exports the interface
//! of `bindings/wasm`, and that it imports nothing. Its code is not judged: whoever builds a page vouches for it.

use core::fmt;

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
/// What the page calls.
const NEEDED: [&str; 7] = ["memory", "abi", "question", "file", "run", "answer", "answer_length"];

/// What is wrong with a module.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoModule,
    CutShort,
    Imports(u32),
    Lacks(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModule => f.write_str("no WebAssembly module of version 1"),
            Self::CutShort => f.write_str("a WebAssembly module that is cut short"),
            Self::Imports(count) => {
                write!(f, "the module imports {count} items, expected none: it could ask for something")
            }
            Self::Lacks(name) => write!(f, "the module does not export `{name}`: it is another one"),
        }
    }
}

pub(super) fn check(bytes: &[u8]) -> Result<(), Problem> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(Problem::NoModule)?;
    let mut exports = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let length = number(&mut rest)?;
        let mut section = taken(&mut rest, length)?;
        match *id {
            IMPORTS => match number(&mut section)? {
                0 => {}
                count => return Err(Problem::Imports(count)),
            },
            EXPORTS => {
                for _ in 0..number(&mut section)? {
                    let length = number(&mut section)?;
                    exports.push(taken(&mut section, length)?);
                    taken(&mut section, 1)?;
                    number(&mut section)?;
                }
            }
            _ => {}
        }
    }
    match NEEDED.into_iter().find(|name| !exports.contains(&name.as_bytes())) {
        Some(name) => Err(Problem::Lacks(name)),
        None => Ok(()),
    }
}

/// An unsigned LEB128 number of 32 bits.
fn number(rest: &mut &[u8]) -> Result<u32, Problem> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, after) = rest.split_first().ok_or(Problem::CutShort)?;
        *rest = after;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Problem::NoModule)
}

fn taken<'a>(rest: &mut &'a [u8], length: u32) -> Result<&'a [u8], Problem> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (taken, after) = rest.split_at_checked(length).ok_or(Problem::CutShort)?;
    *rest = after;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for (id, section) in sections {
            bytes.extend([*id, u8::try_from(section.len()).unwrap()]);
            bytes.extend(section);
        }
        bytes
    }

    fn exporting(names: &[&str]) -> (u8, Vec<u8>) {
        let mut section = vec![u8::try_from(names.len()).unwrap()];
        for name in names {
            section.push(u8::try_from(name.len()).unwrap());
            section.extend(name.as_bytes());
            section.extend([0, 0]);
        }
        (EXPORTS, section)
    }

    #[test]
    fn a_module_has_the_interface_and_no_imports() {
        assert_eq!(check(&with(&[exporting(&NEEDED)])), Ok(()));
        assert_eq!(check(&with(&[(IMPORTS, vec![0]), exporting(&NEEDED)])), Ok(()));
        assert_eq!(check(&with(&[(IMPORTS, vec![2, 0]), exporting(&NEEDED)])), Err(Problem::Imports(2)));
        assert_eq!(check(&with(&[exporting(&NEEDED[..4])])), Err(Problem::Lacks("run")));
        assert_eq!(check(b"<!DOCTYPE html>"), Err(Problem::NoModule));
        let whole = with(&[exporting(&NEEDED)]);
        assert_eq!(check(&whole[..whole.len() - 1]), Err(Problem::CutShort));
        assert_eq!(check(&with(&[(IMPORTS, vec![0xff; 6])])), Err(Problem::NoModule));
    }
}
