use super::fold::folded;
use super::story::{hostile, names_of, weather};
use crate::report::{explain, show};

#[test]
fn print() {
    let events = weather();
    let (report, names) = (folded(&events), names_of(&events));
    for t in ["clean", "analyse", "analyse[2013]", "alert"] {
        println!("{}", explain(&report, &names, t).unwrap());
    }
    println!("{}", show(&report, &names));
    println!("{}", explain(&report, &names, "analyse[2014]").unwrap_err());
    let events = hostile();
    let (report, names) = (folded(&events), names_of(&events));
    for (n, _) in report.tasks() {
        println!("{}", explain(&report, &names, &names.task(super::story::task(n))).unwrap());
    }
    println!("{}", show(&report, &names));
}
