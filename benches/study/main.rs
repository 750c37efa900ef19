//! The study: what each strategy makes of task graphs that nobody here wrote, beside what others made of them: `scripts/study`.
//!
//! Prints the tables, puts them into `docs/study.md` and draws the pictures beside it. Arguments name the parts that are wanted:
//! `speeds`, `data`, `optima`, `noise`, `faults`; without any, all. All of it is virtual: the figures are the same on every machine.

mod data;
mod document;
mod parts;
mod pictures;
mod trials;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let data = match data::Data::read() {
        Ok(data) => data,
        Err(wrong) => {
            eprintln!("{wrong}");
            std::process::exit(2);
        }
    };
    type Part = fn(&data::Data);
    let parts: [(&str, Part); 5] = [
        ("speeds", parts::speeds),
        ("data", parts::travelling),
        ("optima", parts::optima),
        ("noise", parts::noise),
        ("faults", parts::faults),
    ];
    if let Some(wrong) = wanted.iter().find(|word| parts.iter().all(|(name, _)| name != word)) {
        eprintln!("the study has no part \"{wrong}\"; there are speeds, data, optima, noise, faults");
        std::process::exit(2);
    }
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part(&data);
        }
    }
}
