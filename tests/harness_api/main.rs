//! What a user's Rust tests call: functions, layers, operators and models of somebody else.

mod functions;
mod layers;
mod models;
mod operators;
mod strategies;

/// The message with which `work` panics.
#[track_caller]
fn message(work: impl FnOnce()) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    let payload = caught.expect_err("a failed assertion panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => panic!("a message with numbers in it"),
    }
}
