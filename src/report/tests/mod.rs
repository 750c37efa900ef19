//! Tests of the report's parts: a told run (`story`), events at random (`arbitrary`), and what must hold of each.

mod arbitrary;
mod console;
mod explain;
mod fold;
mod folder;
mod story;
mod timeline;
