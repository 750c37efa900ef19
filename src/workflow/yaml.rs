//! YAML as a tree that remembers where everything stands, read within budgets.

use super::problem::{Problem, Span};
use serde::de::{Deserialize, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Options, Spanned};
use std::fmt;

/// Bytes that a file may have.
pub(super) const MAX_FILE: usize = 32 << 20;
/// How deep it may be nested.
const MAX_DEPTH: usize = 64;
/// Stack of the thread that reads it: a level of nesting takes up to 30 kB without optimisation.
const STACK: usize = 16 << 20;
/// Aliases that it may use.
const MAX_ALIASES: usize = 100;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Null,
    Bool(bool),
    Number(Number),
    /// `.nan`, `.inf`
    NotFinite(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) span: Span,
    /// None if it is a list or a map itself.
    pub(crate) name: Option<String>,
}

/// Reads a text as one YAML document.
pub(crate) fn read(text: &str) -> Result<Node, Problem> {
    if text.len() > MAX_FILE {
        return Err(Problem::new(Span::default(), format!("the file has {} bytes, the limit is {MAX_FILE}", text.len())));
    }
    // A tree of the allowed depth needs more stack than the thread of a test or a pool may have left.
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || serde_saphyr::from_str_with_options::<Node>(text, options()).map_err(|e| not_yaml(&e, text)));
        let failed = |why: &str| Problem::new(Span::default(), format!("the file can't be read: {why}"));
        match reader.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(failed("the YAML reader failed on it")),
            Err(error) => Err(failed(&error.to_string())),
        }
    })
}

fn options() -> Options {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_aliases: MAX_ALIASES,
        max_anchors: MAX_ALIASES,
        max_merge_keys: MAX_ALIASES,
        max_documents: 1,
        max_nodes: 4_000_000,
        max_events: 8_000_000,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000, max_replay_stack_depth: 16 },
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn span(at: Location) -> Span {
    Span {
        line: at.line() as u32,
        column: at.column() as u32,
        offset: at.span().byte_offset().unwrap_or(0) as usize,
        length: at.span().byte_len().unwrap_or(0) as usize,
    }
}

/// What the reader's limits say, in words.
fn too_much(message: &str, at: Span) -> Option<Problem> {
    let (what, remedy) = match message {
        _ if message.contains("Depth") || message.contains("recursion limit") => {
            (format!("it is nested more than {MAX_DEPTH} deep"), "write it flatter, or put a part into a workflow of its own")
        }
        _ if message.contains("Documents") => {
            ("it holds more than one document".to_owned(), "keep one, and remove the line `---` before the others")
        }
        _ if message.contains("recursive references") => {
            ("an anchor refers to itself".to_owned(), "write out what it stands for")
        }
        _ if message.contains("alias replay limit") => {
            ("its anchors stand for more than 10000 things".to_owned(), "write fewer of them, or a `for_each`")
        }
        _ if message.contains("budget breached") => ("it is larger than any workflow may be".to_owned(), "divide it"),
        _ => return None,
    };
    Some(Problem::new(at, format!("this YAML can't be read: {what}")).help(remedy))
}

/// The parser's error, said for people who write workflows.
fn not_yaml(error: &serde_saphyr::Error, text: &str) -> Problem {
    let at = error.location().map(span).unwrap_or_default();
    let line = text.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or("");
    let message = error.without_snippet().to_string();
    let short = message.lines().next().unwrap_or_default();
    let short = short.split(" at line ").next().unwrap_or(short).trim_end_matches(['.', ',']);
    if let Some(problem) = too_much(short, at) {
        return problem;
    }
    let problem = Problem::new(at, format!("this is not valid YAML: {short}"));
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    if text.trim().is_empty() {
        Problem::new(at, "the file is empty")
    } else if indent.contains('\t') {
        problem.help("indent with spaces: YAML allows no tabs there")
    } else if bare_braces(line) {
        problem.help("put quotes around a text that begins with `{{`: \"{{ … }}\"")
    } else if line.matches(": ").count() > 1 && !line.contains(['{', '"']) {
        problem.help("a text with `: ` in it needs quotes")
    } else {
        problem
    }
}

/// True if a value on this line begins with `{{`, without quotes.
fn bare_braces(line: &str) -> bool {
    [": {{", "- {{", "[{{", ", {{"].iter().any(|start| line.contains(start))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let Spanned { value: kind, referenced, .. } = Spanned::<NodeKind>::deserialize(deserializer)?;
        Ok(Node { span: span(referenced), kind })
    }
}
impl<'de> Deserialize<'de> for NodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeKind, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;
impl<'de> Visitor<'de> for KindVisitor {
    type Value = NodeKind;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }
    fn visit_none<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeKind, D::Error> {
        NodeKind::deserialize(deserializer)
    }
    fn visit_bool<E>(self, b: bool) -> Result<NodeKind, E> {
        Ok(NodeKind::Bool(b))
    }
    fn visit_i64<E>(self, n: i64) -> Result<NodeKind, E> {
        Ok(NodeKind::Number(n.into()))
    }
    fn visit_u64<E>(self, n: u64) -> Result<NodeKind, E> {
        Ok(NodeKind::Number(n.into()))
    }
    fn visit_i128<E>(self, n: i128) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(n.to_string()))
    }
    fn visit_u128<E>(self, n: u128) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(n.to_string()))
    }
    fn visit_f64<E>(self, n: f64) -> Result<NodeKind, E> {
        Ok(Number::from_f64(n).map_or(NodeKind::NotFinite(n), NodeKind::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<NodeKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(NodeKind::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(NodeKind::Map(entries))
    }
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<NodeKind, A::Error> {
        let (tag, rest) = tagged.variant::<String>()?;
        let _ = rest.unit_variant();
        Err(A::Error::custom(format!("the tag !{tag} has no meaning here")))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<NodeKind>::deserialize(deserializer)?;
        let name = match value {
            NodeKind::Text(text) => Some(text),
            NodeKind::Number(n) => Some(n.to_string()),
            NodeKind::Bool(b) => Some(b.to_string()),
            NodeKind::Null => Some("null".into()),
            NodeKind::NotFinite(n) => Some(n.to_string()),
            NodeKind::List(_) | NodeKind::Map(_) => None,
        };
        Ok(Key { span: span(referenced), name })
    }
}

impl Node {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) => Some(text),
            _ => None,
        }
    }
    pub(crate) fn bool(&self) -> Option<bool> {
        match self.kind {
            NodeKind::Bool(b) => Some(b),
            _ => None,
        }
    }
    pub(crate) fn number(&self) -> Option<f64> {
        match &self.kind {
            NodeKind::Number(n) => n.as_f64(),
            _ => None,
        }
    }
    pub(crate) fn whole(&self) -> Option<u64> {
        match &self.kind {
            NodeKind::Number(n) => n.as_u64(),
            _ => None,
        }
    }
    pub(crate) fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }
    pub(crate) fn map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }
    /// The entries whose keys are texts.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Key, &Node)> {
        self.map().unwrap_or_default().iter().filter_map(|(k, v)| Some((k.name.as_deref()?, k, v)))
    }
    /// The value of a key, if it is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(k, _)| k.name.as_deref() == Some(key)).map(|(_, v)| v)
    }
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }
    /// What is given, for sentences: `a list`, `the number 3`.
    pub(crate) fn given(&self) -> String {
        match &self.kind {
            NodeKind::Null => "nothing".into(),
            NodeKind::Bool(b) => format!("{b}"),
            NodeKind::Number(n) => format!("the number {n}"),
            NodeKind::NotFinite(n) => format!("the number {n}"),
            NodeKind::Text(t) => {
                let short: String = t.chars().take(40).collect();
                format!("the text \"{}\"", short.escape_debug())
            }
            NodeKind::List(_) => "a list".into(),
            NodeKind::Map(_) => "a map".into(),
        }
    }
    /// As JSON. Keys that are lists or maps, which the shape check refuses, are left out.
    pub(crate) fn json(&self) -> Value {
        match &self.kind {
            NodeKind::Null | NodeKind::NotFinite(_) => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(n) => Value::Number(n.clone()),
            NodeKind::Text(t) => Value::String(t.clone()),
            NodeKind::List(items) => items.iter().map(Node::json).collect(),
            NodeKind::Map(_) => Value::Object(self.entries().map(|(k, _, v)| (k.to_owned(), v.json())).collect::<Map<_, _>>()),
        }
    }
}
