//! A comparison for people.

use core::fmt::Write as _;
use veritee_image::Digest;
use veritee_image::compare::{Cause, Comparison, Difference, Place, Rung, Weight};
use veritee_model::text::{inert, shortened};
use veritee_provenance::inside::Inside;

/// The name of a cause as it stands in JSON.
pub(super) fn name(cause: Cause) -> String {
    serde_json::to_value(cause).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Places of a cause that are shown without -v.
const FEW: usize = 4;

pub(super) fn comparison(comparison: &Comparison, verbose: u8) -> String {
    let mut out = headline(comparison);
    numbers(&mut out, comparison, verbose > 0);
    let weights = [
        (Weight::Content, "CONTENT DIFFERS"),
        (Weight::Noise, "CONTENT THAT IS KNOWN TO CHANGE FROM BUILD TO BUILD (differs all the same)"),
        (Weight::Config, "WHAT THE IMAGE SAYS OF ITSELF"),
        (Weight::Metadata, "METADATA OF FILES"),
        (Weight::Packing, "PACKING (what runs is the same)"),
    ];
    for (weight, heading) in weights {
        let belonging = |one: &&Difference| one.weight == weight;
        let list: Vec<&Difference> = comparison.differences.iter().filter(belonging).collect();
        if list.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{heading}");
        list.into_iter().for_each(|difference| described(&mut out, difference, verbose));
    }
    for what in &comparison.not_checked {
        let _ = writeln!(out, "\nnot checked: {}", inert(what));
    }
    out
}

fn headline(comparison: &Comparison) -> String {
    let Some(rung) = comparison.rung else {
        return "NOT TOLD: layers are missing, and the configs differ\n".to_owned();
    };
    let says = match (comparison.same_content, rung) {
        (true, _) => "THE SAME CONTENT",
        (false, Rung::S3 | Rung::S2) => "NOT SHOWN TO BE THE SAME",
        (false, _) => "NOT THE SAME",
    };
    format!("{rung:?}  {says}: {}\n", rung.words())
}

fn numbers(out: &mut String, comparison: &Comparison, full: bool) {
    let text = |digest: Option<&Digest>| match digest {
        None => "none".to_owned(),
        Some(digest) if full => digest.to_string(),
        Some(digest) => shortened(&digest.to_string(), 19),
    };
    let (one, other) = (&comparison.deployed, &comparison.rebuilt);
    out.push('\n');
    let rows = [
        ("index", one.index.as_ref(), other.index.as_ref()),
        ("manifest", one.manifest.as_ref(), other.manifest.as_ref()),
        ("config", Some(&one.config), Some(&other.config)),
    ];
    for (name, left, right) in rows {
        let _ = match (left, right) {
            (None, None) => writeln!(out, "  {name:9} none"),
            _ if left == right => writeln!(out, "  {name:9} equal    {}", text(left)),
            _ => writeln!(out, "  {name:9} differs  {}  {}", text(left), text(right)),
        };
    }
    let same = one.diff_ids.iter().zip(&other.diff_ids).filter(|(left, right)| left == right).count();
    let _ = match one.diff_ids.len() == other.diff_ids.len() {
        true => writeln!(out, "  layers    {same} of {} unpack to the same bytes", one.diff_ids.len()),
        false => writeln!(
            out,
            "  layers    {} and {}, {same} at the same height the same",
            one.diff_ids.len(),
            other.diff_ids.len()
        ),
    };
    for (name, side) in [("deployed", one), ("rebuilt", other)] {
        if side.manifest_made_at_save {
            let _ = writeln!(
                out,
                "  note      the {name} manifest was made when the image was saved: a registry has it under another digest"
            );
        }
    }
}

fn described(out: &mut String, difference: &Difference, verbose: u8) {
    let cause = difference.cause;
    let _ = writeln!(out, "  {}: {} ({})", name(cause), cause.words(), difference.count);
    let most = if verbose > 0 { difference.places.len() } else { FEW };
    for place in difference.places.iter().take(most) {
        at(out, place, verbose > 0);
    }
    let shown = u64::try_from(difference.places.len().min(most)).unwrap_or(u64::MAX);
    let rest = difference.count.saturating_sub(shown);
    if rest > 0 {
        let listed = difference.places.len() > most;
        let _ = writeln!(out, "      and {rest} more{}", if listed { " (-v lists them)" } else { "" });
    }
    let _ = writeln!(out, "    to make it go away: {}", cause.remedy());
}

fn at(out: &mut String, place: &Place, full: bool) {
    let layer = place.layer.map(|layer| format!("layer {layer}")).unwrap_or_default();
    let path = place.path.as_deref().map(inert).unwrap_or_default();
    let separator = if layer.is_empty() || path.is_empty() { "" } else { "  " };
    let value = |text: &Option<String>| match text {
        None => "-".to_owned(),
        Some(text) if full => inert(text),
        Some(text) => shortened(&inert(text), 72),
    };
    let values = match (&place.deployed, &place.rebuilt) {
        (None, None) => String::new(),
        (one, other) => format!("{} -> {}", value(one), value(other)),
    };
    let _ = writeln!(
        out,
        "      {layer}{separator}{path}{}{values}",
        if path.is_empty() && layer.is_empty() { "" } else { ": " }
    );
}

/// What stands inside an image, for people.
pub(super) fn inside(inside: &Inside) -> String {
    let mut out = String::new();
    for found in &inside.found {
        let place = match found.layer {
            Some(layer) => format!("layer {layer}  {}:{}", inert(&found.path), found.hit.line),
            None => inert(&found.path),
        };
        let kind = serde_json::to_value(found.hit.kind).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{kind:20}  {place}: {}", inert(&found.hit.what));
    }
    if inside.cut {
        out.push_str("and more, which is not listed\n");
    }
    if inside.found.is_empty() {
        out.push_str("nothing of what is looked for\n");
    }
    let _ = writeln!(out, "{} text files read, {} files not looked into", inside.read, inside.passed_over);
    for name in &inside.archives {
        let _ = writeln!(out, "not looked into: {} (an archive inside the image)", inert(name));
    }
    for layer in &inside.missing {
        let _ = writeln!(out, "not looked into: layer {layer}, which is not in the file");
    }
    out
}
