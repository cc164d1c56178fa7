//! Text that a command prints, where it can be told from the script alone.

use super::facts::WriteKind;
use super::invocation::Invocation;
use super::{Command, Reads, Script, Word, WordPart};

/// Commands before or after one that are looked at for its pipeline: the others of one pipeline stand close by.
const NEAR: usize = 64;

/// Commands of a pipeline that hand a text on.
const STAGES: usize = 16;

/// Text that is decoded.
const BYTES: usize = 1 << 20;

/// What the input of a command is: of its own here-document or here-string, of the command before it in the pipeline, or
/// of the compound command around it.
pub(super) fn input(script: &Script, index: usize) -> Option<Vec<WordPart>> {
    let command = script.commands.get(index)?;
    if let Some(parts) = document(command) {
        return Some(parts);
    }
    let mut stage = (command.pipeline, command.position);
    let mut hops = 0_usize;
    loop {
        if let Some(before) = stage.1.checked_sub(1) {
            return stage_output(script, index, (stage.0, before), STAGES);
        }
        stage = match script.pipelines.get(stage.0)?.reads? {
            Reads::Input(stage) => stage,
            Reads::Output(stage) => return stage_output(script, script.commands.len(), stage, STAGES),
        };
        // Redirections of a compound command stand behind its commands.
        let around = script.commands.iter().skip(index).take(NEAR);
        let found =
            around.filter(|other| (other.pipeline, other.position) == stage && other.words.is_empty());
        if let Some(parts) = found.filter_map(document).next_back() {
            return Some(parts);
        }
        hops = hops.checked_add(1).filter(|hops| *hops < NEAR)?;
    }
}

/// What a command writes to a file, where it is text of the script.
pub(super) fn output(script: &Script, index: usize, kind: WriteKind) -> Option<Vec<WordPart>> {
    let command = script.commands.get(index)?;
    match kind {
        WriteKind::Tee => input(script, index),
        _ if command.words.is_empty() => {
            // The redirection of a group: what its only command prints.
            let stage = (command.pipeline, command.position);
            let earlier = script.commands.get(..index)?.iter().enumerate().rev().take(NEAR);
            let inside = earlier.filter(|(_, other)| is_inside(script, other, stage)).map(|(at, _)| at);
            group(script, inside.collect(), STAGES)
        }
        _ => printed(script, index, STAGES),
    }
}

/// The last here-document or here-string of a command.
fn document(command: &Command) -> Option<Vec<WordPart>> {
    let redirection = command.redirections.iter().rev().find(|redirection| {
        matches!(redirection.descriptor, None | Some(0)) && redirection.operator.starts_with('<')
    })?;
    match redirection.operator.as_str() {
        "<<<" => {
            let mut parts = redirection.target.parts.clone();
            super::word::push_literal(&mut parts, "\n");
            Some(parts)
        }
        _ => redirection.document.as_ref().map(|document| document.parts.clone()),
    }
}

fn stage_output(script: &Script, index: usize, stage: (usize, usize), left: usize) -> Option<Vec<WordPart>> {
    let earlier = || script.commands.get(..index).unwrap_or(&[]).iter().enumerate().rev().take(NEAR);
    let mut direct = earlier().filter(|(_, other)| (other.pipeline, other.position) == stage);
    match direct.find(|(_, other)| !other.words.is_empty()) {
        Some((at, _)) => printed(script, at, left),
        None => {
            let inside = earlier().filter(|(_, other)| is_inside(script, other, stage)).map(|(at, _)| at);
            group(script, inside.collect(), left)
        }
    }
}

fn is_inside(script: &Script, command: &Command, stage: (usize, usize)) -> bool {
    script.pipelines.get(command.pipeline).is_some_and(|found| found.parent == Some(stage))
}

/// What the commands of a group print one after another; the output of a command that is not known stands as a name
/// that nobody gives a value.
fn group(script: &Script, inside: Vec<usize>, left: usize) -> Option<Vec<WordPart>> {
    let mut parts = Vec::new();
    let mut is_known = false;
    for at in inside.into_iter().rev() {
        match printed(script, at, left) {
            Some(more) => {
                is_known = true;
                parts.extend(more);
            }
            None => {
                let name = "_".to_owned();
                parts.push(WordPart::Variable {
                    name,
                    expression: String::new(),
                    operand: Vec::new(),
                    unquoted: true,
                });
                parts.push(WordPart::Literal("\n".to_owned()));
            }
        }
    }
    is_known.then_some(parts)
}

/// What a command prints.
fn printed(script: &Script, index: usize, left: usize) -> Option<Vec<WordPart>> {
    let left = left.checked_sub(1)?;
    let command = script.commands.get(index)?;
    let found = script.invocations(command);
    let [invocation] = found.as_slice() else { return None };
    let from_input = || {
        document(command).or_else(|| {
            let before = command.position.checked_sub(1)?;
            stage_output(script, index, (command.pipeline, before), left)
        })
    };
    match invocation.program()? {
        "echo" => Some(echo(invocation)),
        "printf" => printf(invocation),
        "cat" | "tee"
            if !invocation.arguments().iter().any(is_file) || invocation.program() == Some("tee") =>
        {
            from_input()
        }
        "base64" if decodes(invocation, &["-d", "--decode", "-D", "-di"]) => decoded(&from_input()?, base64),
        "openssl"
            if decodes(invocation, &["base64", "-base64", "-a", "-A"]) && decodes(invocation, &["-d"]) =>
        {
            let only = ["base64", "enc", "-base64", "-a", "-A", "-d"];
            let is_plain = invocation
                .arguments()
                .iter()
                .all(|word| word.literal().is_some_and(|text| only.contains(&text)));
            if is_plain { decoded(&from_input()?, base64) } else { None }
        }
        "xxd" if decodes(invocation, &["-r", "-p", "-rp", "-ps"]) => decoded(&from_input()?, hex),
        _ => None,
    }
}

fn is_file(word: &Word) -> bool {
    let prefix = word.prefix();
    word.literal().is_none() || !prefix.starts_with('-')
}

fn decodes(invocation: &Invocation, options: &[&str]) -> bool {
    invocation.arguments().iter().any(|word| word.literal().is_some_and(|text| options.contains(&text)))
}

fn echo(invocation: &Invocation) -> Vec<WordPart> {
    let mut parts = Vec::new();
    let mut escapes = false;
    let mut at_options = true;
    let mut is_first = true;
    for word in invocation.arguments() {
        let is_option = word.literal().is_some_and(|text| {
            text.len() > 1
                && text.starts_with('-')
                && text.chars().skip(1).all(|letter| "neE".contains(letter))
        });
        if at_options && is_option {
            escapes |= word.literal().is_some_and(|text| text.contains('e'));
            continue;
        }
        at_options = false;
        if !core::mem::take(&mut is_first) {
            super::word::push_literal(&mut parts, " ");
        }
        extend(&mut parts, &word.parts, escapes);
    }
    super::word::push_literal(&mut parts, "\n");
    parts
}

/// `printf FORMAT`, and `printf '%s\n' TEXT…`.
fn printf(invocation: &Invocation) -> Option<Vec<WordPart>> {
    let arguments = invocation.arguments();
    let skip = usize::from(arguments.first().and_then(Word::literal) == Some("--"));
    let (format, rest) = arguments.get(skip..)?.split_first()?;
    let mut parts = Vec::new();
    let text = format.literal().map(str::to_owned);
    match text.as_deref() {
        Some(text) if text.contains('%') => {
            let mut rest = rest.iter();
            loop {
                let before = rest.len();
                let mut pieces = text.split('%');
                extend(&mut parts, &[WordPart::Literal(pieces.next()?.to_owned())], true);
                for piece in pieces {
                    let (kind, after) = match piece.chars().next() {
                        None => ('%', ""),
                        Some(kind) => (kind, piece.get(kind.len_utf8()..)?),
                    };
                    match kind {
                        's' | 'b' => {
                            if let Some(word) = rest.next() {
                                extend(&mut parts, &word.parts, kind == 'b');
                            }
                        }
                        '%' => super::word::push_literal(&mut parts, "%"),
                        _ => return None,
                    }
                    extend(&mut parts, &[WordPart::Literal(after.to_owned())], true);
                }
                if rest.len() == 0 || rest.len() == before {
                    return Some(parts);
                }
            }
        }
        _ => {
            extend(&mut parts, &format.parts, true);
            Some(parts)
        }
    }
}

fn extend(parts: &mut Vec<WordPart>, more: &[WordPart], escapes: bool) {
    for part in more {
        match part {
            WordPart::Literal(text) if escapes => super::word::push_literal(parts, &unescaped(text)),
            WordPart::Literal(text) => super::word::push_literal(parts, text),
            other => parts.push(other.clone()),
        }
    }
}

/// Backslash escapes of `echo -e` and `printf`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let (radix, most) = match characters.next() {
            Some('n') => {
                out.push('\n');
                continue;
            }
            Some('t') => {
                out.push('\t');
                continue;
            }
            Some('r') => {
                out.push('\r');
                continue;
            }
            Some('\\') => {
                out.push('\\');
                continue;
            }
            Some('x') => (16, 2),
            Some('0') => (8, 3),
            Some(digit @ '1'..='7') => {
                let mut number = digit.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(next) = characters.peek().and_then(|next| next.to_digit(8)) else { break };
                    number = number.saturating_mul(8).saturating_add(next);
                    characters.next();
                }
                out.extend(char::from_u32(number));
                continue;
            }
            Some(other) => {
                out.extend(['\\', other]);
                continue;
            }
            None => {
                out.push('\\');
                continue;
            }
        };
        let mut number = 0_u32;
        for _ in 0..most {
            let Some(next) = characters.peek().and_then(|next| next.to_digit(radix)) else { break };
            number = number.saturating_mul(radix).saturating_add(next);
            characters.next();
        }
        out.extend(char::from_u32(number));
    }
    out
}

fn decoded(parts: &[WordPart], decode: fn(&str) -> Option<Vec<u8>>) -> Option<Vec<WordPart>> {
    let mut text = String::new();
    for part in parts {
        let WordPart::Literal(literal) = part else { return None };
        text.push_str(literal);
    }
    if text.len() > BYTES {
        return None;
    }
    let bytes = decode(&text)?;
    Some(vec![WordPart::Literal(String::from_utf8(bytes).ok()?)])
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte.saturating_sub(b'A'),
            b'a'..=b'z' => byte.saturating_sub(b'a').saturating_add(26),
            b'0'..=b'9' => byte.saturating_sub(b'0').saturating_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits.wrapping_shl(6) | u32::from(value);
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.extend(u8::try_from(bits.wrapping_shr(held) & 0xff).ok());
        }
    }
    Some(bytes)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high.saturating_mul(16).saturating_add(*low)).ok(),
            _ => None,
        })
        .collect()
}
