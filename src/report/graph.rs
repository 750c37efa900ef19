//! A workflow as a picture: Mermaid and DOT.

use super::fold::Report;
use super::record::State;
use super::text::{harmless, put};
use crate::event::RunHead;

/// A graph as plain data: from a checked workflow, or from a run.
///
/// ```
/// use polity::report::{Edge, Graph, Link, Node, mermaid};
/// let node = |id: &str| Node { id: id.into(), ..Node::default() };
/// let edge = Edge { from: 0, to: 1, link: Link::Required };
/// let graph = Graph { name: "etl".into(), nodes: vec![node("extract"), node("load")], edges: vec![edge] };
/// assert!(mermaid(&graph).contains("n0 --> n1"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The workflow's name.
    pub name: String,
    /// Its tasks.
    pub nodes: Vec<Node>,
    /// Its dependencies. One that names a task that isn't there is left out.
    pub edges: Vec<Edge>,
}

/// A task in a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// The kind of work; may be empty.
    pub kind: String,
    /// What became of it: its colour.
    pub state: Option<State>,
}

/// A dependency in a picture: places in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The upstream task.
    pub from: usize,
    /// The task that waits for it.
    pub to: usize,
    /// What is wanted of it: how the line is drawn.
    pub link: Link,
}

/// What is wanted of an upstream task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Its output: a solid line.
    #[default]
    Required,
    /// That it went before: a dashed line.
    Order,
    /// Its output, if there is one: a dotted line.
    Optional,
}

impl Graph {
    /// The workflow of a run, without states. The head does not say what is wanted of a dependency: all lines are solid.
    pub fn of_head(head: &RunHead) -> Graph {
        let kind = |n: usize| head.kinds.get(n).map(|k| k.to_string()).unwrap_or_default();
        let node = |(n, id): (usize, &polity_protocols::Name)| Node { id: id.to_string(), kind: kind(n), state: None };
        let into = |(to, on): (usize, &Vec<u32>)| on.iter().map(move |from| (*from as usize, to)).collect::<Vec<_>>();
        Graph {
            name: head.workflow.to_string(),
            nodes: head.tasks.iter().enumerate().map(node).collect(),
            edges: head
                .dependencies
                .iter()
                .enumerate()
                .flat_map(into)
                .map(|(from, to)| Edge { from, to, link: Link::Required })
                .collect(),
        }
    }
    /// The workflow of a run with what has become of each task; an expanded task says how many instances it has. None before the run began.
    pub fn of_report(report: &Report) -> Option<Graph> {
        Some(Graph::of_head(report.head()?).told_by(report))
    }
    /// The same graph with what has become of each task; an expanded task (`id ×n`) says how many instances it has.
    ///
    /// ```
    /// use polity::report::{Graph, Node, Report};
    /// let graph = Graph { nodes: vec![Node::default()], ..Graph::default() };
    /// assert_eq!(graph.clone().told_by(&Report::default()), graph); // which tells of nothing
    /// ```
    pub fn told_by(mut self, report: &Report) -> Graph {
        for (n, node) in self.nodes.iter_mut().enumerate() {
            node.state = report.task(n as u32).map(|t| t.state);
            if let Some((_, instances)) = report.family(n as u32) {
                let id = node.id.strip_suffix(" ×n").unwrap_or(&node.id);
                node.id = format!("{id} ×{instances}");
            }
        }
        self
    }
    fn real_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|e| e.from < self.nodes.len() && e.to < self.nodes.len())
    }
}

/// The class of a state, and its fill and line colour: the same in both languages.
const CLASSES: [(&str, &str, &str); 6] = [
    ("done", "#d3f1d8", "#2b8a3e"),
    ("failed", "#ffd6d6", "#c92a2a"),
    ("skipped", "#f1f3f5", "#868e96"),
    ("blocked", "#e5dbff", "#6741d9"),
    ("active", "#d0ebff", "#1971c2"),
    ("waiting", "#fff3bf", "#e67700"),
];
fn class(state: State) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let n = match state {
        State::Pending => return None,
        State::Completed | State::Joined { succeeded: true } => 0,
        State::Compensated => 3,
        State::Failed | State::Joined { succeeded: false } => 1,
        State::Skipped => 2,
        State::Blocked | State::Cancelled => 3,
        State::Assigned | State::Executing | State::Expanded | State::Nested => 4,
        State::Ready | State::BackingOff => 5,
    };
    CLASSES.get(n)
}

/// The graph for Mermaid (`dag.mmd`). Whatever ids and kinds contain, they stay text.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = format!("---\ntitle: \"{}\"\n---\nflowchart TD\n", entities(&graph.name));
    for (n, node) in graph.nodes.iter().enumerate() {
        let kind = if node.kind.is_empty() { String::new() } else { format!("<br/><small>{}</small>", entities(&node.kind)) };
        let class = node.state.and_then(class).map(|c| format!(":::{}", c.0)).unwrap_or_default();
        put(&mut text, format_args!("    n{n}[\"{}{kind}\"]{class}\n", entities(&node.id)));
    }
    for Edge { from, to, link } in graph.real_edges() {
        let arrow = match link {
            Link::Required => "-->",
            Link::Order => "-.->",
            Link::Optional => "-. optional .->",
        };
        put(&mut text, format_args!("    n{from} {arrow} n{to}\n"));
    }
    let used = |name: &str| graph.nodes.iter().any(|n| n.state.and_then(class).is_some_and(|c| c.0 == name));
    for (name, fill, stroke) in CLASSES.iter().filter(|c| used(c.0)) {
        put(&mut text, format_args!("    classDef {name} fill:{fill},stroke:{stroke},color:#212529\n"));
    }
    text
}

/// Everything that may mean something to Mermaid, YAML or HTML as a character entity, in Mermaid's form: `#34;`.
fn entities(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    if text.is_empty() {
        escaped.push(' '); // Mermaid refuses an empty label
    }
    for c in harmless(text).chars() {
        match c {
            // Not `\`: a title is a YAML string.
            c if c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',' | '-' | '/' | ':' | '×') => escaped.push(c),
            c => put(&mut escaped, format_args!("#{};", c as u32)),
        }
    }
    escaped
}

/// The graph for Graphviz. Whatever ids and kinds contain, they stay text.
///
/// ```
/// use polity::report::{Graph, Node, dot};
/// let graph = Graph { nodes: vec![Node { id: "say \"hi\"".into(), ..Node::default() }], ..Graph::default() };
/// assert!(dot(&graph).contains(r#"n0 [label="say \"hi\""]"#));
/// ```
pub fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.name, None));
    text.push_str("    node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"sans-serif\"];\n");
    for (n, node) in graph.nodes.iter().enumerate() {
        let label = quoted(&node.id, Some(node.kind.as_str()).filter(|k| !k.is_empty()));
        let color = node.state.and_then(class).map(|c| format!(", fillcolor=\"{}\", color=\"{}\"", c.1, c.2)).unwrap_or_default();
        put(&mut text, format_args!("    n{n} [label={label}{color}];\n"));
    }
    for Edge { from, to, link } in graph.real_edges() {
        let style = match link {
            Link::Required => "",
            Link::Order => " [style=dashed]",
            Link::Optional => " [style=dotted]",
        };
        put(&mut text, format_args!("    n{from} -> n{to}{style};\n"));
    }
    text + "}\n"
}

/// A quoted string of DOT: backslashes and quotes escaped, of one or two lines.
fn quoted(text: &str, second: Option<&str>) -> String {
    let escape = |t: &str| harmless(t).replace('\\', "\\\\").replace('"', "\\\"");
    let second = second.map(|t| format!("\\n{}", escape(t))).unwrap_or_default();
    format!("\"{}{second}\"", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(id: &str, kind: &str) -> Graph {
        let node = |state| Node { id: id.into(), kind: kind.into(), state };
        let link = |from, to, link| Edge { from, to, link };
        Graph {
            name: id.into(),
            nodes: vec![node(None), node(Some(State::Completed)), node(Some(State::Failed))],
            edges: vec![link(0, 1, Link::Required), link(1, 2, Link::Order), link(0, 2, Link::Optional), link(0, 9, Link::Order)],
        }
    }

    #[test]
    fn both_languages_by_example() {
        let text = mermaid(&graph("a[1]", "work"));
        assert!(text.contains("    n1[\"a#91;1#93;<br/><small>work</small>\"]:::done\n"), "{text}");
        assert!(text.contains("    n1 -.-> n2\n    n0 -. optional .-> n2\n    classDef done"), "{text}");
        let text = dot(&graph("a", ""));
        assert!(text.contains("    n2 [label=\"a\", fillcolor=\"#ffd6d6\", color=\"#c92a2a\"];\n    n0 -> n1;\n"), "{text}");
        assert!(text.contains("    n0 -> n2 [style=dotted];\n}") && !text.contains("n9"), "{text}");
    }

    /// The strings of a DOT text, and what is outside them.
    fn strings(text: &str) -> (usize, String) {
        let (mut count, mut outside, mut inside, mut chars) = (0, String::new(), false, text.chars());
        while let Some(c) = chars.next() {
            match c {
                '"' => (inside, count) = (!inside, count + usize::from(!inside)),
                '\\' if inside => drop(chars.next()),
                c if !inside => outside.push(c),
                _ => {}
            }
        }
        assert!(!inside, "a string is open at the end of {text}");
        (count, outside)
    }

    proptest! {
        #[test]
        fn hostile_text_never_leaves_its_label(id in r#"([a-z"\\\]\[{};<>#&%\n\u{1b}|-]|-->|\PC){0,12}"#, kind in any::<String>()) {
            let (plain, hostile) = (graph("x", "y"), graph(&id, &format!("{kind}k")));
            // The skeletons are the same: as many lines, and outside of strings the same text.
            prop_assert_eq!(strings(&dot(&plain)), strings(&dot(&hostile)));
            prop_assert_eq!(mermaid(&plain).lines().count(), mermaid(&hostile).lines().count());
            let (a, b) = (mermaid(&plain), mermaid(&hostile));
            for (a, b) in a.lines().zip(b.lines()) {
                prop_assert_eq!(a.matches('"').count(), b.matches('"').count());
                prop_assert_eq!(a.matches('<').count(), b.matches('<').count());
                prop_assert_eq!(a.rsplit('"').next(), b.rsplit('"').next());
            }
        }
    }
}
