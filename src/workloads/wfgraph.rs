//! From what the versions of WfFormat have in common to a task graph: who is meant by a reference, and what files an edge carries.

use super::walk::shown_text;
use super::{GraphEdge, MOST, TaskGraph, WorkloadError};
use std::collections::{BTreeMap, BTreeSet};

/// A task as a file has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) name: String,
    /// Where it differs from the name.
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) work: f64,
    pub(super) parents: Vec<String>,
    pub(super) children: Vec<String>,
    pub(super) reads: Vec<String>,
    pub(super) writes: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RawGraph {
    pub(super) tasks: Vec<Raw>,
    pub(super) sizes: BTreeMap<String, u64>,
    /// How many tasks want more than one core.
    pub(super) of_several_cores: usize,
}

/// The graph, and what had to be assumed.
pub(super) fn graph(name: &str, raw: RawGraph) -> Result<(TaskGraph, Vec<String>), WorkloadError> {
    let RawGraph { tasks, sizes, of_several_cores } = raw;
    let mut remarks = Vec::new();
    let mut pairs = declared(&tasks)?;
    remarks.extend(unnamed_writer(&tasks, &pairs));
    if pairs.is_empty() {
        pairs = by_files(&tasks)?;
        if !pairs.is_empty() {
            remarks.push("no task names parents or children, so that the files say what comes before what".to_owned());
        }
    }
    let files = Files::new(&tasks, &sizes);
    let edges: Vec<GraphEdge> = pairs.into_iter().map(|(from, to)| GraphEdge::new(from, to, files.between(from, to))).collect();
    let unsized_files = files.without_size;
    if unsized_files > 0 {
        let (verb, count) = if unsized_files == 1 { ("file has", "counts") } else { ("files have", "count") };
        remarks.push(format!("{unsized_files} {verb} no size and {count} as 0 bytes"));
    }
    if of_several_cores > 0 {
        let (verb, each) = if of_several_cores == 1 { ("task wants", "it") } else { ("tasks want", "each") };
        remarks.push(format!("{of_several_cores} {verb} more than one core; here {each} takes one slot"));
    }
    let names = names(&tasks);
    let tasks = tasks.into_iter().zip(names).map(|(task, name)| (name, task.kind, task.work));
    Ok((TaskGraph::new(name, tasks, edges)?, remarks))
}

/// What each task is called: its name; with its id behind it, or its number, where several have that name.
fn names(tasks: &[Raw]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    tasks.iter().for_each(|task| *count.entry(&task.name).or_default() += 1);
    let called = |(n, task): (usize, &Raw)| match (&task.id, count[&*task.name]) {
        (_, 1) => task.name.clone(),
        (Some(id), _) => format!("{}_{id}", task.name),
        (None, _) => format!("{}_{n}", task.name),
    };
    // From 1.5 on a name is an id, and a shared one is a mistake that the graph tells of.
    let by_id = tasks.iter().all(|task| task.id.is_none());
    if by_id { tasks.iter().map(|task| task.name.clone()).collect() } else { tasks.iter().enumerate().map(called).collect() }
}

/// The edges that `parents` and `children` tell of.
fn declared(tasks: &[Raw]) -> Result<BTreeSet<(usize, usize)>, WorkloadError> {
    // A name that several tasks have means none of them.
    let mut known: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (n, task) in tasks.iter().enumerate() {
        for word in [Some(&task.name), task.id.as_ref().filter(|id| **id != task.name)].into_iter().flatten() {
            known.entry(word).and_modify(|place| *place = None).or_insert(Some(n));
        }
    }
    let find = |task: &Raw, role: &str, word: &str| {
        let place = known.get(word).copied();
        place.flatten().ok_or_else(|| {
            let (name, given) = (shown_text(&task.name), shown_text(word));
            let why = if place.is_some() { "which several tasks are called" } else { "which is no task" };
            WorkloadError::new(format!("task {name} has the {role} {given}, {why}; correct the name, or remove it"))
        })
    };
    let mut pairs = BTreeSet::new();
    for (n, task) in tasks.iter().enumerate() {
        for parent in &task.parents {
            pairs.insert((find(task, "parent", parent)?, n));
        }
        for child in &task.children {
            pairs.insert((n, find(task, "child", child)?));
        }
    }
    Ok(pairs)
}

/// A task that names nobody that it comes after, and yet reads what another one writes.
fn unnamed_writer(tasks: &[Raw], pairs: &BTreeSet<(usize, usize)>) -> Option<String> {
    if pairs.is_empty() {
        return None; // then the files say it
    }
    let waits: BTreeSet<usize> = pairs.iter().map(|(_, to)| *to).collect();
    let writers: BTreeMap<&str, usize> =
        tasks.iter().enumerate().flat_map(|(n, task)| task.writes.iter().map(move |file| (&**file, n))).collect();
    let free = (0..tasks.len()).filter(|n| !waits.contains(n));
    let read = |n: usize| {
        let task = &tasks[n];
        let (file, writer) = task.reads.iter().find_map(|file| Some((file, *writers.get(&**file)?)))?;
        (writer != n).then_some((n, file, writer))
    };
    let all: Vec<(usize, &String, usize)> = free.filter_map(read).collect();
    let (n, file, writer) = *all.first()?;
    let [reader, writer, file] = [&tasks[n].name, &tasks[writer].name, file].map(|word| shown_text(word));
    let more = if all.len() > 1 { format!(", and so with {} more", all.len() - 1) } else { String::new() };
    Some(format!(
        "task {reader} reads {file}, which {writer} writes, but nothing says that it comes after: it is taken not to wait{more}; name the parents"
    ))
}

/// Who reads a file comes after who writes it.
fn by_files(tasks: &[Raw]) -> Result<BTreeSet<(usize, usize)>, WorkloadError> {
    let mut writers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (n, task) in tasks.iter().enumerate() {
        task.writes.iter().for_each(|file| writers.entry(file).or_default().push(n));
    }
    let reads = tasks.iter().enumerate().flat_map(|(n, task)| task.reads.iter().map(move |file| (n, file)));
    let pairs = reads.flat_map(|(n, file)| writers.get(&**file).into_iter().flatten().map(move |writer| (*writer, n)));
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let pairs: Vec<(usize, usize)> = pairs.filter(|(from, to)| from != to).take(most.saturating_add(1)).collect();
    if pairs.len() > most {
        return Err(WorkloadError::new(format!(
            "no task names parents or children, and by its files there would be more than {MOST} edges; name the parents"
        )));
    }
    Ok(pairs.into_iter().collect())
}

/// The files of each task, by number, in order.
struct Files {
    sizes: Vec<u64>,
    reads: Vec<Vec<u32>>,
    writes: Vec<Vec<u32>>,
    without_size: usize,
}
impl Files {
    fn new(tasks: &[Raw], known: &BTreeMap<String, u64>) -> Files {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let (mut sizes, mut without_size) = (Vec::new(), 0);
        for file in tasks.iter().flat_map(|task| task.reads.iter().chain(&task.writes)) {
            let next = numbers.len() as u32;
            numbers.entry(file).or_insert_with(|| {
                let size = known.get(file).copied();
                without_size += usize::from(size.is_none());
                sizes.push(size.unwrap_or(0));
                next
            });
        }
        let row = |files: &[String]| {
            let mut row: Vec<u32> = files.iter().map(|file| numbers[&**file]).collect();
            row.sort_unstable();
            row.dedup();
            row
        };
        let reads = tasks.iter().map(|task| row(&task.reads)).collect();
        let writes = tasks.iter().map(|task| row(&task.writes)).collect();
        Files { sizes, reads, writes, without_size }
    }
    /// The bytes of what one task writes and another reads: O(the fewer · log of the more).
    fn between(&self, from: usize, to: usize) -> u64 {
        let (writes, reads) = (&self.writes[from], &self.reads[to]);
        let (few, many) = if writes.len() < reads.len() { (writes, reads) } else { (reads, writes) };
        let shared = few.iter().filter(|file| many.binary_search(file).is_ok());
        shared.fold(0, |sum, file| sum.saturating_add(self.sizes[*file as usize]))
    }
}
