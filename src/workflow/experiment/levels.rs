//! `vary` and `zip`: what is varied, and how many conditions that makes.

use super::grammar::FACTORS;
use super::read::Reading;
use crate::laboratory::MOST_CELLS;
use crate::laboratory::sweep::Level;
use crate::workflow::problem::Problem;
use crate::workflow::yaml::Node;

/// A list of values under `vary` or `zip`.
pub(super) struct Varied<'a> {
    pub(super) key: &'a str,
    pub(super) node: &'a Node,
    pub(super) values: &'a [Node],
}

/// The lists of a map; what is no list, or can't be varied, was reported.
pub(super) fn varied(node: Option<&Node>) -> Vec<Varied<'_>> {
    let known = |key: &str| FACTORS.iter().any(|field| field.name == key);
    let entries = node.into_iter().flat_map(Node::entries).filter(|(key, ..)| known(key));
    entries.filter_map(|(key, _, node)| Some(Varied { key, node, values: node.list()? })).collect()
}

impl Reading<'_> {
    /// All factors: each key of `vary` is one, `zip` is one as a whole. None if there is something wrong.
    pub(super) fn factors(&mut self, root: &Node) -> Option<Vec<Vec<Vec<Level>>>> {
        let (vary, zip) = (varied(root.get("vary")), varied(root.get("zip")));
        let before = self.problems.len();
        for name in ["vary", "zip"] {
            if let Some(node) = root.get(name).filter(|node| node.map().is_some_and(<[_]>::is_empty)) {
                self.problems.push(
                    Problem::new(node.span, format!("`{name}` varies nothing")).help("name a list of values, or leave it off"),
                );
            }
        }
        self.once(root, &vary, &zip);
        let arms = root.get("strategies").and_then(Node::list).map_or(1, <[_]>::len);
        self.count(root, &vary, &zip, arms);
        if before != self.problems.len() {
            return None;
        }
        let mut factors: Vec<Vec<Vec<Level>>> = Vec::new();
        for one in &vary {
            factors.push(one.values.iter().map(|node| self.level(one.key, node).into_iter().collect()).collect());
            self.different(one);
        }
        if let Some(first) = zip.first() {
            let step = |this: &mut Self, n: usize| zip.iter().filter_map(|one| this.level(one.key, &one.values[n])).collect();
            factors.push((0..first.values.len()).map(|n| step(self, n)).collect());
        }
        (before == self.problems.len()).then_some(factors)
    }

    /// What is varied is given nowhere else.
    fn once(&mut self, root: &Node, vary: &[Varied<'_>], zip: &[Varied<'_>]) {
        for one in zip.iter().filter(|one| vary.iter().any(|other| other.key == one.key)) {
            let message = format!("`{}` is given twice, under `vary` and under `zip`", one.key);
            self.problems.push(Problem::new(one.node.span, message).help("keep one of them"));
        }
        let all = || vary.iter().chain(zip);
        for one in all() {
            let given = match one.key {
                part @ ("shape" | "work") => {
                    let varied = all().filter(|one| one.key == "workload").flat_map(|one| one.values);
                    root.get("workload").into_iter().chain(varied).any(|workload| workload.get(part).is_some())
                }
                key => root.get(key).is_some(),
            };
            if given {
                let message = format!("`{}` is given twice, once for all and once as what is varied", one.key);
                self.problems.push(Problem::new(one.node.span, message).help("keep one of them"));
            }
        }
    }
    /// There is something to try, and not more than can be.
    fn count(&mut self, root: &Node, vary: &[Varied<'_>], zip: &[Varied<'_>], arms: usize) {
        if let Some(node) = root.get("strategies").filter(|_| arms == 0) {
            let problem = Problem::new(node.span, "`strategies` is an empty list, so that there is no cell to try");
            self.problems.push(problem.help("name at least one strategy"));
        }
        for one in vary.iter().chain(zip).filter(|one| one.values.is_empty()) {
            let message = format!("`{}` is an empty list, so that there is no cell to try", one.key);
            self.problems.push(Problem::new(one.node.span, message).help("give at least one value, or leave it off"));
        }
        if let Some(first) = zip.first()
            && let Some(other) = zip.iter().find(|one| one.values.len() != first.values.len())
        {
            let message = format!(
                "the lists under `zip` go together, but `{}` has {} values and `{}` has {}",
                first.key,
                first.values.len(),
                other.key,
                other.values.len()
            );
            self.problems.push(Problem::new(other.node.span, message).help("make them equally long, or move one to `vary`"));
        }
        let sizes = vary.iter().map(|one| one.values.len()).chain(zip.first().map(|one| one.values.len())).chain([arms]);
        let sizes: Vec<usize> = sizes.filter(|n| *n != 1).collect();
        let cells = sizes.iter().try_fold(1_u64, |all, n| all.checked_mul(*n as u64));
        if cells.is_none_or(|cells| cells > MOST_CELLS) {
            let product: Vec<String> = sizes.iter().map(ToString::to_string).collect();
            let many = cells.map_or_else(|| "more cells than can be counted".into(), |cells| format!("{cells} cells"));
            let message = format!("{} are {many}, but an experiment has at most {MOST_CELLS}", product.join(" × "));
            let span = root.get("vary").or(root.get("zip")).or(root.get("strategies")).map_or(root.span, |node| node.span);
            let help = "vary less at a time, move lists to `zip`, or make several experiments of it";
            self.problems.push(Problem::new(span, message).help(help));
        }
    }
    /// A value that is given twice would be two cells with one name.
    fn different(&mut self, one: &Varied<'_>) {
        for (at, node) in one.values.iter().enumerate() {
            if one.values[..at].iter().any(|other| other.json() == node.json()) {
                let message = format!("`{}` has a value twice: {}", one.key, node.json());
                return self.problems.push(Problem::new(node.span, message).help("leave one of them off"));
            }
        }
    }
}
