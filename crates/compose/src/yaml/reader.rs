//! From the parser's events to nodes.

use super::{MergeTag, YamlEntry, YamlNode, YamlStream, YamlValue, scalar};
use crate::position::{LineColumn, LineIndex, Span};
use core::fmt;
use granit_parser::{Event, Parser, ScalarStyle, Tag};
use std::collections::{HashMap, HashSet};
use veritee_model::text::{inert, shortened};
use veritee_model::{Budget, Reason};

/// Why a YAML text cannot be read, or would be read differently by two readers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum YamlError {
    /// The text has more bytes than the budget allows.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// Collections are nested deeper than the budget allows.
    TooDeep {
        /// Where it gets too deep.
        span: Span,
        /// Levels allowed.
        limit: usize,
    },
    /// With its aliases expanded the text has more nodes, or more text, than the budget allows.
    TooMuchExpansion {
        /// The node or alias that is too much.
        span: Span,
        /// Nodes allowed.
        nodes: usize,
        /// Bytes of text allowed.
        bytes: usize,
    },
    /// A character that YAML does not allow, or that ends a line for one reader (YAML 1.1) and not for another.
    Character {
        /// Offset of it.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
        /// The character.
        character: char,
    },
    /// Not YAML.
    Syntax {
        /// Offset where the parser stopped.
        at: usize,
        /// Line and column of it.
        place: LineColumn,
        /// What the parser says.
        message: String,
    },
    /// A place that YAML 1.2 and `yaml.v3` read differently.
    Differential {
        /// Where it stands.
        span: Span,
        /// Line and column of it.
        place: LineColumn,
        /// What it is.
        what: &'static str,
    },
    /// A mapping has a key twice; `yaml.v3` refuses that.
    DuplicateKey {
        /// The key.
        key: String,
        /// Byte range of the first.
        first: Span,
        /// Line and column of the first.
        first_place: LineColumn,
        /// Byte range of the second.
        second: Span,
        /// Line and column of the second.
        second_place: LineColumn,
    },
    /// A key that is no string; Compose refuses that.
    KeyNotString {
        /// Byte range of the key.
        span: Span,
        /// Line and column of it.
        place: LineColumn,
    },
    /// An alias inside of what it stands for.
    AliasCycle {
        /// Byte range of the alias.
        span: Span,
        /// Line and column of it.
        place: LineColumn,
    },
    /// The value of `<<` is no mapping and no sequence of mappings.
    MergeValue {
        /// Byte range of the value.
        span: Span,
        /// Line and column of it.
        place: LineColumn,
    },
    /// A scalar is not of the kind that its tag says.
    TagMismatch {
        /// Byte range of the scalar.
        span: Span,
        /// Line and column of it.
        place: LineColumn,
    },
}

impl YamlError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. } | Self::TooDeep { .. } | Self::TooMuchExpansion { .. } => {
                Reason::ComposeFileTooLarge
            }
            _ => Reason::ComposeFileMalformed,
        }
    }

    /// Byte offset in the YAML text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::TooLarge { .. } => 0,
            Self::Character { at, .. } | Self::Syntax { at, .. } => *at,
            Self::DuplicateKey { second, .. } => second.start,
            Self::TooDeep { span, .. }
            | Self::TooMuchExpansion { span, .. }
            | Self::KeyNotString { span, .. }
            | Self::AliasCycle { span, .. }
            | Self::MergeValue { span, .. }
            | Self::Differential { span, .. }
            | Self::TagMismatch { span, .. } => span.start,
        }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit, got } => {
                write!(f, "the yaml text is too large: at most {limit} bytes expected, got {got}")
            }
            Self::TooDeep { span, limit } => {
                write!(f, "byte {}: nested deeper than {limit} levels", span.start)
            }
            Self::TooMuchExpansion { span, nodes, bytes } => write!(
                f,
                "byte {}: with its aliases expanded the text has more than {nodes} nodes or {bytes} bytes",
                span.start
            ),
            Self::Character { place, character, .. } => {
                write!(
                    f,
                    "{place}: character U+{:04X} that yaml readers treat differently",
                    u32::from(*character)
                )
            }
            Self::Syntax { place, message, .. } => {
                write!(f, "{place}: not yaml: {}", shortened(&inert(message), 200))
            }
            Self::Differential { place, what, .. } => {
                write!(f, "{place}: {what}, which yaml readers treat differently")
            }
            Self::DuplicateKey { key, first_place, second_place, .. } => {
                let key = shortened(&inert(key), 80);
                write!(f, "key \"{key}\" stands at {first_place} and again at {second_place}")
            }
            Self::KeyNotString { place, .. } => write!(f, "{place}: expected a string as key"),
            Self::AliasCycle { place, .. } => {
                write!(f, "{place}: the alias stands inside of what it stands for")
            }
            Self::MergeValue { place, .. } => {
                write!(f, "{place}: expected a mapping or a sequence of mappings as value of '<<'")
            }
            Self::TagMismatch { place, .. } => {
                write!(f, "{place}: the scalar is not of the kind its tag says")
            }
        }
    }
}

impl core::error::Error for YamlError {}

/// Reads all documents of a YAML text. Bounded by `app_compose_bytes`, `yaml_depth`, `yaml_nodes` and
/// `yaml_text_bytes` of the budget.
///
/// # Errors
/// With the first thing that is wrong.
pub fn read(text: &str, budget: &Budget) -> Result<YamlStream, YamlError> {
    if text.len() > budget.app_compose_bytes {
        return Err(YamlError::TooLarge { limit: budget.app_compose_bytes, got: text.len() });
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let base = text.len().saturating_sub(body.len());
    if let Some((at, character)) = body.char_indices().find(|(_, character)| is_refused(*character)) {
        let at = at.saturating_add(base);
        return Err(YamlError::Character { at, place: place(text, at), character });
    }
    let mut builder = Builder::new(text, budget);
    builder.stream.byte_order_mark = base > 0;
    let options = granit_parser::options! {
        block_nesting_limit: budget.yaml_depth,
        flow_nesting_limit: budget.yaml_depth,
        max_buffered_comment_events: 4096,
        emit_anchor_events: true,
    };
    for next in Parser::new_from_str_with_options(body, options) {
        let (event, span) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0).saturating_add(base).min(text.len());
            YamlError::Syntax { at, place: place(text, at), message: error.info() }
        })?;
        let range = span.byte_range().unwrap_or(0..0);
        let span = Span::new(range.start.saturating_add(base), range.end.saturating_add(base));
        builder.event(event, span)?;
    }
    Ok(builder.stream)
}

/// What `yaml.v3` does not read, and what it takes for a line break while YAML 1.2 does not.
const fn is_refused(character: char) -> bool {
    !matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

fn place(text: &str, at: usize) -> LineColumn {
    LineIndex::new(text.as_bytes()).locate(text.as_bytes(), at)
}

/// What a finished node weighs when an alias repeats it.
#[derive(Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    bytes: usize,
}

impl Weight {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

struct Frame {
    value: FrameValue,
    span: Span,
    anchor: usize,
    merge_tag: Option<MergeTag>,
    weight: Weight,
}

enum FrameValue {
    Sequence(Vec<YamlNode>),
    Mapping { entries: Vec<RawEntry>, key: Option<RawKey>, seen: HashMap<String, Span> },
}

struct RawKey {
    text: String,
    span: Span,
    merge: bool,
}

struct RawEntry {
    key: RawKey,
    node: YamlNode,
}

struct Builder<'a> {
    text: &'a str,
    budget: &'a Budget,
    stream: YamlStream,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (YamlNode, Weight, bool)>,
    open_anchors: HashSet<usize>,
    total: Weight,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, budget: &'a Budget) -> Self {
        let stream = YamlStream {
            documents: Vec::new(),
            comments: Vec::new(),
            foreign_tags: Vec::new(),
            alias_nodes: 0,
            byte_order_mark: false,
        };
        let (anchors, open_anchors) = (HashMap::new(), HashSet::new());
        Self { text, budget, stream, frames: Vec::new(), anchors, open_anchors, total: Weight::default() }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::Comment(text, _) => {
                self.charge(Weight { nodes: 1, bytes: text.len() }, span)?;
                self.stream.comments.push((span, text.into_owned()));
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(FrameValue::Sequence(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(_, anchor, tag) => {
                let value = FrameValue::Mapping { entries: Vec::new(), key: None, seen: HashMap::new() };
                self.open(value, anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Anchor(..) => self.check_name(span),
            Event::Alias(id) => {
                self.check_name(span)?;
                self.alias(id, span)
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), YamlError> {
        let weight = Weight { nodes: 1, bytes: text.len() };
        self.charge(weight, span)?;
        let plain = style == ScalarStyle::Plain;
        let merge_tag = self.merge_tag(tag, span);
        let untagged = tag.is_none_or(|tag| merge_tag.is_some() || tag.original() == "!");
        let is_merge_key = text == "<<" && plain && untagged;
        let value = match tag {
            Some(tag) if !untagged => self.tagged(text, tag, span)?,
            _ if plain => scalar::resolve(text),
            _ => YamlValue::String(text.to_owned()),
        };
        let value = self.without_added_break(value, style, span);
        let node = YamlNode { value, span, alias: None, merge_tag };
        self.finish(node, anchor, weight, is_merge_key)
    }

    /// `yaml.v3` takes letters, digits, `_` and `-` for a name and reads what follows as a value of its own.
    fn check_name(&self, span: Span) -> Result<(), YamlError> {
        let name = self.text.get(span.start.saturating_add(1)..span.end).unwrap_or("");
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return Ok(());
        }
        Err(self
            .differential(span, "an anchor name with a character other than letters, digits, '_' and '-'"))
    }

    /// A block scalar that ends with the text, without line break, has none in `yaml.v3` either.
    fn without_added_break(&self, value: YamlValue, style: ScalarStyle, span: Span) -> YamlValue {
        let is_last =
            matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) && span.end >= self.text.len();
        // Only asked of the last scalar: the line may be as long as the text.
        let is_open = || {
            let last_line = self.text.rsplit(['\n', '\r']).next().unwrap_or("");
            !last_line.trim().is_empty()
        };
        match value {
            YamlValue::String(mut text) if is_last && text.ends_with('\n') && is_open() => {
                text.pop();
                YamlValue::String(text)
            }
            other => other,
        }
    }

    /// `{a:, b}`: YAML 1.2 sees the key `a`, `yaml.v3` the key `a:`.
    fn check_key(&self, span: Span) -> Result<(), YamlError> {
        let bytes = self.text.as_bytes();
        let is_quoted = matches!(bytes.get(span.start), Some(b'"' | b'\''));
        let follows = bytes.get(span.end..span.end.saturating_add(2)).unwrap_or(&[]);
        if !is_quoted && matches!(follows, [b':', b',' | b'[' | b']' | b'{' | b'}']) {
            return Err(self.differential(span, "a key whose ':' is followed by punctuation"));
        }
        Ok(())
    }

    fn differential(&self, span: Span, what: &'static str) -> YamlError {
        YamlError::Differential { span, place: place(self.text, span.start), what }
    }

    fn tagged(&self, text: &str, tag: &Tag, span: Span) -> Result<YamlValue, YamlError> {
        let string = YamlValue::String(text.to_owned());
        let Some(kind) = tag.core_suffix() else { return Ok(string) };
        let resolved = scalar::resolve(text);
        let fits = match (kind, &resolved) {
            ("str", _) => return Ok(string),
            ("int", YamlValue::Integer(_))
            | ("float", YamlValue::Float(_))
            | ("bool", YamlValue::Bool(_))
            | ("null", YamlValue::Null) => true,
            ("float", YamlValue::Integer(digits)) => return Ok(YamlValue::Float(digits.clone())),
            _ => false,
        };
        if fits {
            Ok(resolved)
        } else {
            Err(YamlError::TagMismatch { span, place: place(self.text, span.start) })
        }
    }

    fn open(
        &mut self,
        value: FrameValue,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), YamlError> {
        if self.frames.len() >= self.budget.yaml_depth {
            return Err(YamlError::TooDeep { span, limit: self.budget.yaml_depth });
        }
        let weight = Weight { nodes: 1, bytes: 0 };
        self.charge(weight, span)?;
        if anchor > 0 {
            self.open_anchors.insert(anchor);
        }
        let merge_tag = self.merge_tag(tag, span);
        self.frames.push(Frame { value, span, anchor, merge_tag, weight });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), YamlError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.value {
            FrameValue::Sequence(elements) => YamlValue::Sequence(elements),
            FrameValue::Mapping { entries, .. } => YamlValue::Mapping(self.merged(entries)?),
        };
        let span = Span::new(frame.span.start, end.end.max(frame.span.end));
        self.open_anchors.remove(&frame.anchor);
        let node = YamlNode { value, span, alias: None, merge_tag: frame.merge_tag };
        self.finish(node, frame.anchor, frame.weight, false)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), YamlError> {
        if self.open_anchors.contains(&id) {
            return Err(YamlError::AliasCycle { span, place: place(self.text, span.start) });
        }
        let Some((_, weight, merge_key)) = self.anchors.get(&id) else {
            let message = "unknown anchor".to_owned();
            return Err(YamlError::Syntax { at: span.start, place: place(self.text, span.start), message });
        };
        let (weight, merge_key) = (*weight, *merge_key);
        self.charge(weight, span)?;
        self.stream.alias_nodes = self.stream.alias_nodes.saturating_add(weight.nodes);
        let Some((node, _, _)) = self.anchors.get(&id) else { return Ok(()) };
        let mut node = node.clone();
        node.alias = Some(span);
        self.finish(node, 0, weight, merge_key)
    }

    fn finish(
        &mut self,
        node: YamlNode,
        anchor: usize,
        weight: Weight,
        merge_key: bool,
    ) -> Result<(), YamlError> {
        if anchor > 0 {
            // The copy under the anchor costs memory too.
            self.charge(weight, node.span)?;
            self.anchors.insert(anchor, (node.clone(), weight, merge_key));
        }
        let text = self.text;
        if self.expects_key() && node.alias.is_none() {
            self.check_key(node.span)?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.stream.documents.push(node);
            return Ok(());
        };
        frame.weight.add(weight);
        match &mut frame.value {
            FrameValue::Sequence(elements) => elements.push(node),
            FrameValue::Mapping { entries, key: key @ Some(_), .. } => {
                if let Some(key) = key.take() {
                    entries.push(RawEntry { key, node });
                }
            }
            FrameValue::Mapping { key, seen, .. } => {
                let span = node.alias.unwrap_or(node.span);
                let YamlValue::String(name) = node.value else {
                    return Err(YamlError::KeyNotString { span, place: place(text, span.start) });
                };
                if let Some(first) = seen.insert(name.clone(), span) {
                    let (first_place, second_place) = (place(text, first.start), place(text, span.start));
                    return Err(YamlError::DuplicateKey {
                        key: name,
                        first,
                        first_place,
                        second: span,
                        second_place,
                    });
                }
                *key = Some(RawKey { text: name, span, merge: merge_key });
            }
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { value: FrameValue::Mapping { key: None, .. }, .. }))
    }

    /// Explicit keys win over merged ones, and earlier mappings of a sequence over later ones.
    fn merged(&self, raw: Vec<RawEntry>) -> Result<Vec<YamlEntry>, YamlError> {
        let plain =
            |entry: RawEntry| YamlEntry { key: entry.key.text, key_span: entry.key.span, node: entry.node };
        if !raw.iter().any(|entry| entry.key.merge) {
            return Ok(raw.into_iter().map(plain).collect());
        }
        let mut known: HashSet<String> =
            raw.iter().filter(|entry| !entry.key.merge).map(|entry| entry.key.text.clone()).collect();
        let mut entries = Vec::new();
        for entry in raw {
            if !entry.key.merge {
                entries.push(plain(entry));
                continue;
            }
            for source in self.merge_sources(entry.node)? {
                if known.insert(source.key.clone()) {
                    entries.push(source);
                }
            }
        }
        Ok(entries)
    }

    fn merge_sources(&self, node: YamlNode) -> Result<Vec<YamlEntry>, YamlError> {
        let alias = node.alias;
        let refused = |span: Span| YamlError::MergeValue { span, place: place(self.text, span.start) };
        let mappings = match node.value {
            YamlValue::Mapping(entries) => vec![(alias, entries)],
            YamlValue::Sequence(elements) => {
                let mut mappings = Vec::new();
                for element in elements {
                    let YamlValue::Mapping(entries) = element.value else {
                        return Err(refused(element.span));
                    };
                    mappings.push((element.alias.or(alias), entries));
                }
                mappings
            }
            _ => return Err(refused(node.span)),
        };
        let mut sources = Vec::new();
        for (alias, entries) in mappings {
            for mut entry in entries {
                entry.node.alias = entry.node.alias.or(alias);
                sources.push(entry);
            }
        }
        Ok(sources)
    }

    fn merge_tag(&mut self, tag: Option<&Tag>, span: Span) -> Option<MergeTag> {
        let tag = tag?;
        match tag.original().as_str() {
            "!reset" => return Some(MergeTag::Reset),
            "!override" => return Some(MergeTag::Override),
            // The non-specific tag.
            "!" => return None,
            _ => {}
        }
        let modelled =
            matches!(tag.core_suffix(), Some("str" | "int" | "float" | "bool" | "null" | "map" | "seq"));
        if !modelled {
            self.stream.foreign_tags.push((span, tag.original()));
        }
        None
    }

    fn charge(&mut self, weight: Weight, span: Span) -> Result<(), YamlError> {
        self.total.add(weight);
        let (nodes, bytes) = (self.budget.yaml_nodes, self.budget.yaml_text_bytes);
        if self.total.nodes > nodes || self.total.bytes > bytes {
            return Err(YamlError::TooMuchExpansion { span, nodes, bytes });
        }
        Ok(())
    }
}
