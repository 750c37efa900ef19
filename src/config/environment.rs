//! Settings as single words: environment variables and flags, read by the grammar of the files.

use crate::workflow::Problem;
use crate::workflow::grammar::{CONFIG, Kind, Record};
use crate::workflow::problem::Span;
use crate::workflow::text::nearest;
use crate::workflow::yaml::{self, Key, Node, NodeKind};

/// Variables that mean something else.
const RESERVED: &[&str] = &["POLITY_DATA", "POLITY_LOG", "POLITY_TASK", "POLITY_ATTEMPT", "POLITY_IDEMPOTENCY_KEY"];
const PREFIX: &str = "POLITY_";

/// A variable's name as a dotted key: `POLITY_LIMITS__MAX_OPEN` is `limits.max_open`. None if it is none of ours.
pub(super) fn key_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix(PREFIX)?;
    (!RESERVED.contains(&variable)).then(|| rest.to_lowercase().replace("__", "."))
}

/// A dotted key as a variable's name.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// All keys that one word can set, dotted.
fn all_keys(record: &'static Record, prefix: &str, all: &mut Vec<String>) {
    for field in record.keys.iter().filter(|f| f.built) {
        let key = format!("{prefix}{}", field.name);
        let mut kinds = vec![&field.kind];
        if let Kind::Either(several) = &field.kind {
            kinds = several.iter().collect();
        }
        for kind in kinds {
            match kind {
                Kind::Record(inner) => all_keys(inner, &format!("{key}."), all),
                _ => all.push(key.clone()),
            }
        }
    }
    all.dedup();
}

fn kind_at(record: &'static Record, key: &str) -> Option<&'static Kind> {
    let (head, rest) = key.split_once('.').map_or((key, None), |(h, r)| (h, Some(r)));
    let kind = &record.keys.iter().find(|f| f.name == head && f.built)?.kind;
    let Some(rest) = rest else { return Some(kind) };
    let inside = |kind: &'static Kind| match kind {
        Kind::Record(inner) => kind_at(inner, rest),
        _ => None,
    };
    match kind {
        Kind::Either(several) => several.iter().find_map(inside),
        other => inside(other),
    }
}

/// One setting as a tree with that one key, to be laid over the others. `shown` is how the user calls it.
pub(super) fn setting(key: &str, value: &str, shown: &str, is_variable: bool) -> Result<Node, Problem> {
    let fail = |message: String| Problem { origin: shown.into(), ..Problem::new(Span::default(), message) };
    let Some(kind) = kind_at(&CONFIG, key) else {
        let mut all = Vec::new();
        all_keys(&CONFIG, "", &mut all);
        let near = nearest(key, all.iter().map(String::as_str));
        let word = |k: &str| if is_variable { variable_of(k) } else { k.to_owned() };
        return Err(fail("there is no such setting".into()).maybe(near.map(|k| format!("did you mean {}?", word(k)))));
    };
    let leaf = match kind {
        // A text stays a text, whatever it looks like.
        Kind::Text | Kind::Duration => Node { span: Span::default(), kind: NodeKind::Text(value.to_owned()) },
        _ if value.trim().is_empty() => return Err(fail("is empty".into())),
        _ => yaml::read(value).map_err(|p| fail(p.message))?,
    };
    Ok(key.rsplit('.').fold(without_places(leaf), |inner, part| {
        let key = Key { span: Span::default(), name: Some(part.to_owned()) };
        Node { span: Span::default(), kind: NodeKind::Map(vec![(key, inner)]) }
    }))
}

/// Lines and columns mean nothing in one word.
fn without_places(node: Node) -> Node {
    let kind = match node.kind {
        NodeKind::List(items) => NodeKind::List(items.into_iter().map(without_places).collect()),
        NodeKind::Map(entries) => NodeKind::Map(
            entries.into_iter().map(|(k, v)| (Key { span: Span::default(), name: k.name }, without_places(v))).collect(),
        ),
        other => other,
    };
    Node { span: Span::default(), kind }
}
