//! Shapes: each is what it says, by seed.

use super::graphs::check;
use crate::workloads::{Distribution, Draws, Shape, TaskGraph};
use polity_protocols::Rng;
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = Shape> {
    let density = || (0..=20u32).prop_map(|n| f64::from(n) / 20.0);
    prop_oneof![
        (1..30u32).prop_map(|tasks| Shape::Chain { tasks }),
        (1..6u32, 1..8u32).prop_map(|(stages, width)| Shape::ForkJoin { stages, width }),
        (1..8u32, 1..9u32, density()).prop_map(|(layers, width, density)| Shape::Layered { layers, width, density }),
        (1..40u32, density()).prop_map(|(tasks, density)| Shape::Random { tasks, density }),
        (1..30u32).prop_map(|images| Shape::MontageLike { images }),
        (1..5u32, 1..7u32).prop_map(|(lanes, chunks)| Shape::EpigenomicsLike { lanes, chunks }),
    ]
}

fn count(graph: &TaskGraph, kind: &str) -> usize {
    (0..graph.tasks().len()).filter(|task| graph.kind_of(*task) == kind).count()
}

#[test]
fn shapes_are_read_as_they_are_written_and_are_functions_of_the_seed() {
    let sometimes = ["another seed gives another shape", "another seed gives the same shape"];
    check((shape(), any::<u64>()), &sometimes, |(shape, seed), seen| {
        prop_assert_eq!(shape.to_string().parse::<Shape>().unwrap(), shape);
        let draws = Draws::new(Distribution::uniform(1.0, 3.0).unwrap(), seed).bytes(5..=9);
        let graph = shape.graph(&draws).unwrap();
        prop_assert_eq!(&graph, &shape.graph(&draws).unwrap());
        prop_assert!(graph.edges().iter().all(|edge| (5..=9).contains(&edge.bytes) && edge.from < edge.to));
        let other = shape.graph(&Draws { seed: seed ^ 1, ..draws }).unwrap();
        let pairs = |graph: &TaskGraph| graph.edges().iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>();
        let same = pairs(&graph) == pairs(&other);
        let is_drawn = matches!(shape, Shape::Layered { .. } | Shape::Random { .. });
        prop_assert!(same || is_drawn);
        seen.note("another seed gives another shape", !same);
        seen.note("another seed gives the same shape", same);
        Ok(())
    });
}

#[test]
fn shapes_are_what_they_say() {
    let work = Draws::new(Distribution::constant(1.0).unwrap(), 5);
    check(shape(), &[], |shape, _| {
        let graph = shape.graph(&work).unwrap();
        let (tasks, edges, levels) = (graph.tasks().len(), graph.edges().len(), graph.plan().levels().len());
        match shape {
            Shape::Chain { tasks: n } => prop_assert_eq!((tasks, edges, levels), (n as usize, n as usize - 1, n as usize)),
            Shape::ForkJoin { stages, width } => {
                let (stages, width) = (stages as usize, width as usize);
                prop_assert_eq!((tasks, edges, levels), (stages * (width + 1) + 1, 2 * stages * width, 2 * stages + 1));
            }
            Shape::Layered { layers, width, .. } => {
                prop_assert_eq!((tasks, levels), ((layers * width) as usize, layers as usize));
                prop_assert_eq!(graph.plan().width(), width as usize);
            }
            Shape::Random { tasks: n, density } => {
                let all = (n * (n - 1) / 2) as usize;
                prop_assert!(
                    tasks == n as usize && edges <= all && (density < 1.0 || edges == all) && (density > 0.0 || edges == 0)
                );
            }
            Shape::MontageLike { images } => {
                let images = images as usize;
                prop_assert_eq!(["mProject", "mBackground", "mAdd"].map(|kind| count(&graph, kind)), [images, images, 1]);
                prop_assert_eq!(edges, 2 * count(&graph, "mDiffFit") + count(&graph, "mDiffFit") + 1 + 4 * images + 2);
                prop_assert_eq!(levels, if images == 1 { 6 } else { 8 });
            }
            Shape::EpigenomicsLike { lanes, chunks } => {
                let (lanes, chunks) = (lanes as usize, chunks as usize);
                prop_assert_eq!(["map", "mapMerge", "pileup"].map(|kind| count(&graph, kind)), [lanes * chunks, lanes + 1, 1]);
                prop_assert_eq!((edges, levels), (lanes * (5 * chunks + 1) + 2, 9));
            }
        }
        Ok(())
    });
}

/// The jumps choose each number as often as one by one would.
#[test]
fn each_is_chosen_with_its_probability() {
    let mut rng = Rng::new(11, "chosen");
    let mut times = [0u32; 10];
    for _ in 0..20_000 {
        crate::workloads::sketch::chosen(10, 0.3, &mut rng).into_iter().for_each(|n| times[n as usize] += 1);
    }
    assert!(times.iter().all(|times| (5_700..6_300).contains(times)), "{times:?}");
}
