//! Double-double arithmetic, held against published digits and exact integers.

mod arithmetic;
mod published;
mod special;
