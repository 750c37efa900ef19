//! Places inside of texts.

use super::problem::Span;

/// Where byte `offset` of a scalar's value stands in the source.
pub(super) fn inside(source: &str, node: Span, value: &str, offset: usize) -> Span {
    let raw = source.get(node.offset..node.offset + node.length).unwrap_or("");
    let mut offset = offset.min(value.len());
    while !value.is_char_boundary(offset) {
        offset -= 1;
    }
    let start = value[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = value[start..].lines().next().unwrap_or("");
    let Some(found) = raw.find(line).filter(|_| !line.is_empty()) else { return node };
    let before = &raw[..found + (offset - start).min(line.len())];
    let newlines = before.matches('\n').count() as u32;
    let last = before.rsplit('\n').next().unwrap_or("").chars().count() as u32;
    Span {
        line: node.line + newlines,
        column: if newlines == 0 { node.column + last } else { last + 1 },
        offset: node.offset + before.len(),
        length: 1,
    }
}
