//! Shapes of real scientific workflows: see [`Shape`](super::Shape).

use super::sketch::Sketch;

/// Montage, a mosaic of the sky. Images lie on a grid that is as near to a square as can be; neighbours overlap, also across corners.
///
/// `mProject` for each image → `mDiffFit` for each overlap → `mConcatFit` → `mBgModel` → `mBackground` for each image (which needs its
/// projection too) → `mImgtbl` → `mAdd` (which needs all corrected images) → `mViewer`. What handles all images takes time in proportion to
/// their number.
pub(super) fn montage_like(images: u32) -> Sketch {
    let mut sketch = Sketch::default();
    let all = f64::from(images);
    let columns = (1..=images).find(|side| u64::from(*side) * u64::from(*side) >= u64::from(images)).unwrap_or(1) as usize;
    let project: Vec<usize> = (0..images).map(|_| sketch.task("mProject", 1.0)).collect();
    let mut overlaps = Vec::new();
    for here in 0..project.len() {
        let (row, column) = (here / columns, here % columns);
        let right = (column + 1 < columns).then_some((row, column + 1));
        let below = [Some((row + 1, column)), (column + 1 < columns).then_some((row + 1, column + 1))];
        let left = column.checked_sub(1).map(|left| (row + 1, left));
        for (row, column) in [right, below[0], below[1], left].into_iter().flatten() {
            let there = row * columns + column;
            if there < project.len() {
                overlaps.push((here, there));
            }
        }
    }
    let differences: Vec<usize> = overlaps.iter().map(|_| sketch.task("mDiffFit", 0.4)).collect();
    for ((here, there), difference) in overlaps.iter().zip(&differences) {
        sketch.edge(project[*here], *difference);
        sketch.edge(project[*there], *difference);
    }
    let fit = sketch.task("mConcatFit", 0.04 * all);
    differences.iter().for_each(|difference| sketch.edge(*difference, fit));
    let model = sketch.task("mBgModel", 0.1 * all);
    sketch.edge(fit, model);
    let correct: Vec<usize> = project.iter().map(|_| sketch.task("mBackground", 1.0)).collect();
    let (table, add) = (sketch.task("mImgtbl", 0.01 * all), sketch.task("mAdd", 0.08 * all));
    for (project, correct) in project.iter().zip(&correct) {
        sketch.edge(*project, *correct);
        sketch.edge(model, *correct);
        sketch.edge(*correct, table);
        sketch.edge(*correct, add);
    }
    sketch.edge(table, add);
    let view = sketch.task("mViewer", 0.02 * all);
    sketch.edge(add, view);
    sketch
}

/// Epigenomics, the mapping of sequenced DNA. For each lane `fastqSplit` → for each chunk `filterContams` → `sol2sanger` → `fast2bfq` →
/// `map`, by far the longest → `mapMerge` of the lane; then `mapMerge` of all → `maqIndex` → `pileup`.
pub(super) fn epigenomics_like(lanes: u32, chunks: u32) -> Sketch {
    const STEPS: [(&str, f64); 4] = [("filterContams", 0.012), ("sol2sanger", 0.0024), ("fast2bfq", 0.007), ("map", 1.0)];
    let mut sketch = Sketch::default();
    let mut merged = Vec::new();
    for _ in 0..lanes {
        let split = sketch.task("fastqSplit", 0.17);
        let ends: Vec<usize> = (0..chunks)
            .map(|_| {
                STEPS.iter().fold(split, |before, (kind, factor)| {
                    let step = sketch.task(kind, *factor);
                    sketch.edge(before, step);
                    step
                })
            })
            .collect();
        let merge = sketch.task("mapMerge", 0.055);
        ends.into_iter().for_each(|end| sketch.edge(end, merge));
        merged.push(merge);
    }
    let all = sketch.task("mapMerge", 0.055);
    merged.into_iter().for_each(|merge| sketch.edge(merge, all));
    let index = sketch.task("maqIndex", 0.22);
    let pileup = sketch.task("pileup", 0.28);
    sketch.edge(all, index);
    sketch.edge(index, pileup);
    sketch
}
