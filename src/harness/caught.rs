//! Panics of somebody's code, caught and told.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// While somebody's code runs on this thread: where it panicked last.
    static WATCHED: RefCell<Option<Watched>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Watched {
    place: Option<String>,
}

/// Ends the watch, also when something else unwinds.
struct End(Option<Watched>);

impl Drop for End {
    fn drop(&mut self) {
        let outer = self.0.take();
        WATCHED.with(|watched| *watched.borrow_mut() = outer);
    }
}

/// Run somebody's code.
///
/// # Errors
/// Of a panic the message, with the place when it is known.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(hook);
    let outer = WATCHED.with(|watched| watched.replace(Some(Watched::default())));
    let _end = End(outer);
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(payload.as_ref());
        let place = WATCHED.with(|watched| watched.borrow_mut().as_mut()?.place.take());
        match place {
            Some(place) => format!("it panicked at {place}: {message}"),
            None => format!("it panicked: {message}"),
        }
    })
}

/// Keep the place of panics that are watched for, and leave all others to whoever was there before:
/// while a failing case is made smaller, the same panic comes a hundred times.
fn hook() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let is_watched = WATCHED.with(|watched| {
            let Ok(mut watched) = watched.try_borrow_mut() else {
                return false;
            };
            let Some(watched) = watched.as_mut() else {
                return false;
            };
            watched.place = info.location().map(ToString::to_string);
            true
        });
        if !is_watched {
            before(info);
        }
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "(with something that is no text)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place_and_what_returns_is_returned() {
        assert_eq!(caught(|| 3), Ok(3));
        let told = caught(|| panic!("no {}", "rows")).expect_err("it panics");
        assert!(
            told.starts_with("it panicked at ") && told.ends_with(": no rows"),
            "{told}"
        );
        assert!(told.contains("caught.rs:"), "{told}");
        let inner = caught(|| caught(|| panic!("inside")).is_err());
        assert_eq!(inner, Ok(true), "one inside of another");
    }
}
