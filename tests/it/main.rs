//! The one integration binary: what a user sees, tested from outside.

mod brute_judge;
mod cli;
mod controllers;
mod diagnostics;
mod documents;
mod endless;
mod english;
mod exhaustive;
mod generated;
mod hidden;
mod keys;
mod known_counts;
mod likelihood;
mod list_type;
mod methods;
mod museum;
mod picture;
mod random_intents;
mod report;
mod scale;
mod seeded;
mod shipped;
mod steps;
mod tidy;
mod verdicts;
mod workshop;
