//! Other libraries' operators, swept over random shapes.

mod known;
mod sweep;

mod explore;
