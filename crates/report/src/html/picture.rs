//! The chain of trust as a picture: inline SVG in two shapes, one for screens and paper, one for a phone.
//!
//! All text is ours: nothing out of the report is drawn, so that nobody can draw into it. Colour is never alone: the
//! symbol and the word of a status stand at every link, and the list below the picture says the same in sentences.
//!
//! What an element is, its place says, not a class: in a link stand the line, its head, the label and, last, the status;
//! outside of links a box, its name and what else there is to it.

use crate::links::{Link, Node};
use core::fmt::Write;

/// Left and top of a box, in units of the drawing.
type Corner = (i32, i32);

/// One arrangement of the same boxes.
struct Shape {
    class: &'static str,
    /// Of the whole drawing.
    size: (i32, i32),
    /// Of every box.
    frame: (i32, i32),
    place: fn(Node) -> Corner,
    /// Where a line that turns does so; half way where there is no gutter.
    gutter: Option<i32>,
    /// How far from a box's left edge the lines downwards stand.
    spine: i32,
    /// Labels of lines across stand below the box that they leave, not beside the line.
    below: bool,
}

const WIDE: Shape = Shape {
    class: "wide",
    size: (1016, 474),
    frame: (158, 52),
    place: wide,
    gutter: None,
    spine: 24,
    below: false,
};
const TALL: Shape = Shape {
    class: "tall",
    size: (356, 776),
    frame: (140, 48),
    place: tall,
    gutter: Some(204),
    spine: 14,
    below: true,
};

/// Between two lines of text.
const LEADING: i32 = 14;

const fn wide(node: Node) -> Corner {
    match node {
        Node::Gpus => (6, 112),
        Node::Asker => (6, 218),
        Node::IntelRoot => (290, 6),
        Node::Host => (290, 112),
        Node::TdxModule => (290, 218),
        Node::System => (290, 324),
        Node::Domain => (574, 6),
        Node::Application => (574, 112),
        Node::Compose => (574, 218),
        Node::Images => (574, 324),
        Node::Source => (574, 416),
        Node::PublicLog => (852, 6),
        Node::Kms => (852, 112),
        Node::Operator => (852, 218),
    }
}

const fn tall(node: Node) -> Corner {
    match node {
        Node::IntelRoot => (6, 6),
        Node::Host => (6, 108),
        Node::TdxModule => (6, 210),
        Node::System => (6, 312),
        Node::Application => (6, 414),
        Node::Compose => (6, 516),
        Node::Images => (6, 618),
        Node::Source => (6, 720),
        Node::Gpus => (210, 108),
        Node::Asker => (210, 210),
        Node::PublicLog => (210, 312),
        Node::Kms => (210, 414),
        Node::Operator => (210, 516),
        Node::Domain => (210, 618),
    }
}

/// Both drawings; the style shows the one that fits.
pub(super) fn picture(out: &mut String, links: &[Link], intel: bool) {
    out.push_str("<figure class=\"chain\">\n");
    for shape in [&WIDE, &TALL] {
        draw(out, shape, links, intel);
    }
    out.push_str(
        "<figcaption>An arrow says who vouches for what. <span class=\"pass\">✓ solid: proven</span>, \
         <span class=\"waived\">! long dashes: accepted, not proven</span>, \
         <span class=\"not-checked\">– dots: open</span>, <span class=\"fail\">✗ thick: broken</span>. \
         Each leads to its check.</figcaption>\n</figure>\n",
    );
}

fn draw(out: &mut String, shape: &Shape, links: &[Link], intel: bool) {
    let (width, height) = shape.size;
    add(
        out,
        format_args!(
            "<svg class=\"{}\" viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"Chain of trust\">\n",
            shape.class
        ),
    );
    for link in links {
        draw_link(out, shape, link);
    }
    let (width, height) = shape.frame;
    for node in Node::ALL {
        let (x, y) = (shape.place)(node);
        let [name, more] = node.name(intel);
        let class = if node == Node::IntelRoot && !intel { " class=alien" } else { "" };
        add(out, format_args!("<path{class} d=\"M{x} {y}h{width}v{height}h-{width}z\"/>"));
        let middle = plus(x, half(width));
        let first = plus(y, if more.is_empty() { plus(half(height), 5) } else { minus(half(height), 4) });
        text(out, middle, first, name);
        if !more.is_empty() {
            text(out, middle, plus(first, 17), more);
        }
        out.push('\n');
    }
    out.push_str("</svg>\n");
}

/// A line with its arrow head, its label and its status, all one link to the first check behind it.
fn draw_link(out: &mut String, shape: &Shape, link: &Link) {
    let class = super::class(link.status);
    let route = route(shape, link);
    let across = if route.across { " across" } else { "" };
    let check = link.checks.first().map_or("chain", |check| check.id());
    let prefix = if link.checks.is_empty() { "" } else { "check-" };
    add(
        out,
        format_args!(
            "<a class=\"{class}{across}\" href=#{prefix}{check}><path d=\"{}\"/><path d=\"{}\"/>",
            route.line, route.head
        ),
    );
    let (x, mut y) = route.label;
    for words in broken(link.shows, route.columns) {
        text(out, x, y, words);
        y = plus(y, LEADING);
    }
    add(out, format_args!("<text x={x} y={y}>{} {}</text></a>\n", link.status.symbol(), link.status.word()));
}

struct Route {
    line: String,
    head: String,
    label: Corner,
    /// The label stands in the middle of its line.
    across: bool,
    /// Characters that fit into a line of the label.
    columns: usize,
}

fn route(shape: &Shape, link: &Link) -> Route {
    let (from, to) = ((shape.place)(link.from), (shape.place)(link.to));
    let (width, height) = shape.frame;
    if from.0 == to.0 {
        let x = plus(from.0, shape.spine);
        let (top, bottom) = (plus(from.1, height), to.1);
        let room = minus(bottom, top);
        return Route {
            line: format!("M{x} {top}V{}", minus(bottom, 7)),
            head: format!("M{} {}h10l-5 8z", minus(x, 5), minus(bottom, 8)),
            label: (plus(x, 12), plus(top, if room > 45 { 15 } else { 13 })),
            across: false,
            columns: if room > 45 { 22 } else { 40 },
        };
    }
    let right = from.0 < to.0;
    let start = if right { plus(from.0, width) } else { from.0 };
    let end = if right { to.0 } else { plus(to.0, width) };
    let level = plus(from.1, half(height));
    // Lines that turn arrive beside the one that does not.
    let arrival = match from.1.cmp(&to.1) {
        core::cmp::Ordering::Equal => level,
        core::cmp::Ordering::Less => plus(to.1, minus(half(height), 14)),
        core::cmp::Ordering::Greater => plus(to.1, plus(half(height), 14)),
    };
    let stop = if right { minus(end, 7) } else { plus(end, 7) };
    let line = if arrival == level {
        format!("M{start} {level}H{stop}")
    } else {
        let turn = shape.gutter.unwrap_or(half(plus(start, end)));
        format!("M{start} {level}H{turn}V{arrival}H{stop}")
    };
    let head = if right {
        format!("M{} {}v10l8 -5z", minus(end, 8), minus(arrival, 5))
    } else {
        format!("M{} {}v10l-8 -5z", plus(end, 8), minus(arrival, 5))
    };
    let label = if shape.below {
        (from.0, plus(from.1, plus(height, 13)))
    } else {
        // Above a line that turns downwards, below every other.
        let beside = half(plus(start, end));
        let y = if from.1 < to.1 { minus(level, 34) } else { plus(level, 17) };
        (beside, y)
    };
    Route { line, head, label, across: !shape.below, columns: 18 }
}

fn text(out: &mut String, x: i32, y: i32, words: &str) {
    add(out, format_args!("<text x={x} y={y}>"));
    super::escape(out, words);
    out.push_str("</text>");
}

/// Our own words in lines of at most `columns` characters.
fn broken(words: &'static str, columns: usize) -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut rest = words;
    while rest.len() > columns {
        let fits = rest.get(..=columns).and_then(|start| start.rfind(' '));
        let Some(at) = fits.or_else(|| rest.find(' ')) else { break };
        lines.extend(rest.get(..at));
        rest = rest.get(at.saturating_add(1)..).unwrap_or("");
    }
    lines.push(rest);
    lines
}

/// Writing into a string does not fail.
fn add(out: &mut String, words: core::fmt::Arguments<'_>) {
    let _ = out.write_fmt(words);
}

const fn plus(one: i32, other: i32) -> i32 {
    one.saturating_add(other)
}

const fn minus(one: i32, other: i32) -> i32 {
    one.saturating_sub(other)
}

const fn half(length: i32) -> i32 {
    length >> 1
}
