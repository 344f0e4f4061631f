//! The workshop: thirteen exercises, compiled in, that run on the program itself.
//!
//! An exercise (`exercises/*.yaml`) has a text, a prediction to be made before anything is shown,
//! a task, steps that say when it is done, hints, a solution, the sentence to end on, and notes for
//! the teacher. Its numbers are computed when it is shown (`facts.rs`), never typed in. Nothing
//! here reads stdin or writes files: that is `cli/learn`. To add an exercise: a file, and a line
//! in `exercise.rs`. Next to read: `exercise.rs`, then `needs.rs`.

pub mod bag;
mod exercise;
mod facts;
mod needs;
mod page;
mod progress;
mod show;
#[cfg(test)]
mod tests;

pub use exercise::{
    Choice, Cut, Exercise, ExerciseFile, Need, Play, Question, Reveal, ScheduleTask, ShortAnswer,
    Solution, Step, Word, all, letter, load,
};
pub use facts::Facts;
pub use needs::{order_misses, schedule_misses, unmet};
pub use page::page;
pub use progress::{Progress, Record};
pub use show::{draw, show};
