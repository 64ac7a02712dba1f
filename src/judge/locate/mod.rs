//! In which layer agreement is lost.

mod compared;
mod fork;
mod forward;
mod gradients;
mod leaves;
mod place;
mod search;
mod sentence;

pub use forward::locate_forward;
pub use place::{FaultyTensor, LayerFault, Place, Seen};
pub use search::{Locator, locate};
