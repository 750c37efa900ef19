//! What an id may be.

/// Names that expressions already use.
const RESERVED: &[&str] = &["inputs", "tasks", "item", "index", "state", "env", "secrets", "run", "workflow", "output", "error"];
/// Words of the expression language itself.
const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "range"];

/// What is wrong with an id, and what to write instead.
pub(super) fn bad_id(id: &str) -> Option<(String, Option<String>)> {
    if RESERVED.contains(&id) || KEYWORDS.contains(&id) {
        return Some((format!("\"{id}\" can't be an id: it has a meaning in expressions"), None));
    }
    let mut chars = id.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let fixed: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let fixed = if fixed.starts_with(|c: char| c.is_ascii_digit()) { format!("_{fixed}") } else { fixed };
    let reason = if id.contains('-') {
        format!("the id \"{id}\" has a hyphen, which expressions would read as minus")
    } else {
        format!("the id \"{id}\" must be letters, digits and _, and not begin with a digit, so that expressions can name it")
    };
    Some((reason, Some(format!("write {fixed}"))))
}

/// The id that is nearest to a text: `_` for what an id can't have, and around what has a meaning already.
pub(crate) fn good_id(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut id: String = text.chars().map(plain).collect();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.insert(0, '_');
    }
    if bad_id(&id).is_some() {
        id.push('_');
    }
    id
}
