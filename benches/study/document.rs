//! `docs/study.md`: its words are written by people, its tables by the study, each between two marks.

use std::path::PathBuf;

/// A table of Markdown: the first column is text.
pub struct Table {
    text: String,
}
impl Table {
    pub fn new(head: &[&str]) -> Table {
        let line = vec!["--:"; head.len().saturating_sub(1)].join("|");
        Table { text: format!("| {} |\n|---|{line}|\n", head.join(" | ")) }
    }
    pub fn row(&mut self, first: &str, rest: impl IntoIterator<Item = String>) {
        self.text += &format!("| {first} | {} |\n", rest.into_iter().collect::<Vec<_>>().join(" | "));
    }
}

/// A ratio; what was not tried is a dash.
pub fn ratio(x: Option<f64>) -> String {
    x.map_or_else(|| "–".into(), |x| format!("{x:.3}"))
}

/// A file of the documents.
pub fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "docs", file].iter().collect()
}

/// Prints a table, and puts it where the document has its mark.
pub fn put(mark: &str, table: &Table) {
    println!("{mark}\n{}", table.text);
    let path = path("study.md");
    let before = std::fs::read_to_string(&path).expect("docs/study.md can be read");
    let (from, to) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
    let begin = before.find(&from).map(|at| at + from.len());
    let end = before.find(&to);
    let (Some(begin), Some(end)) = (begin, end) else { panic!("docs/study.md has no marks for the table \"{mark}\"") };
    let after = format!("{}\n{}\n{}", &before[..begin], table.text, &before[end..]);
    std::fs::write(&path, after).expect("docs/study.md can be written");
}
