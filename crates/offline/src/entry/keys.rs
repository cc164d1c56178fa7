//! What an entry and the machines in it call themselves: a member `id` or `name`.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How deep machines lie at most: no reader goes deeper.
const DEEPEST: usize = 24;

/// A machine that is looked for: its place among those asked for, and the rest of its JSON pointer.
type Wanted<'p> = (usize, &'p str);

/// The name of each machine at these JSON pointers: that of the list's entry that it stands in or is, else that of what
/// stands around it, the outermost. The empty pointer is the document.
pub(super) fn keys(bytes: &[u8], pointers: &[&str]) -> Vec<Option<String>> {
    let mut found = vec![None; pointers.len()];
    if let Ok(text) = core::str::from_utf8(bytes) {
        let wanted = pointers.iter().copied().enumerate().collect();
        look(text.trim(), (None, false), wanted, &mut found, 0);
    }
    found
}

fn look(
    raw: &str,
    (around, is_entry): (Option<&str>, bool),
    wanted: Vec<Wanted<'_>>,
    found: &mut [Option<String>],
    depth: usize,
) {
    let own = if is_entry || around.is_none() { own(raw) } else { None };
    let known = own.as_deref().or(around);
    let mut deeper: BTreeMap<&str, Vec<Wanted<'_>>> = BTreeMap::new();
    for (place, pointer) in wanted {
        // What cannot be followed further has the name that is known by then.
        if let Some(slot) = found.get_mut(place) {
            *slot = known.map(str::to_owned);
        }
        if let Some(rest) = pointer.strip_prefix('/') {
            let end = rest.find('/').unwrap_or(rest.len());
            let (token, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
            deeper.entry(token).or_default().push((place, rest));
        }
    }
    if deeper.is_empty() || depth > DEEPEST {
        return;
    }
    let next = depth.saturating_add(1);
    let mut follow = |child: &str, is_entry, wanted| look(child, (known, is_entry), wanted, found, next);
    if raw.starts_with('[') {
        let entries: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
        for (token, wanted) in deeper {
            let (token, inside) = inside(token);
            let entry = token.parse().ok().and_then(|place: usize| entries.get(place));
            if let Some(entry) = entry {
                follow(&content(entry.get(), inside), true, wanted);
            }
        }
    } else if raw.starts_with('{') {
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
        for (token, wanted) in deeper {
            let (token, inside) = inside(token);
            let name = token.replace("~1", "/").replace("~0", "~");
            if let Some(member) = members.get(name.as_str()) {
                follow(&content(member.get(), inside), false, wanted);
            }
        }
    }
}

/// A step of a pointer, and whether it goes into a document that stands in a string (`#`).
fn inside(token: &str) -> (&str, bool) {
    token.strip_suffix('#').map_or((token, false), |token| (token, true))
}

fn content(raw: &str, inside: bool) -> Cow<'_, str> {
    if !inside {
        return Cow::Borrowed(raw);
    }
    serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.trim().to_owned()))
}

fn own(raw: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: Option<serde_json::Value>,
        name: Option<serde_json::Value>,
    }
    // An array would be read as the members in their order.
    if !raw.starts_with('{') {
        return None;
    }
    let Named { id, name } = serde_json::from_str(raw).ok()?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    id.and_then(text).or_else(|| name.and_then(text))
}
