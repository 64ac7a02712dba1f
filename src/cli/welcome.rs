//! `gradproof` and nothing else: the check of a network that is built in, and what to do first.

use super::ExitCode;
use super::check;
use super::output::remark;
use super::screen::Screen;

/// Each can be pasted as it is.
const FIRST: [(&str, &str); 4] = [
    (
        "gradproof list",
        "the networks, operators and losses that can be checked; a .toml file of yours too",
    ),
    (
        "gradproof check lenet5 --export out",
        "parameters and batch for your own program; then --gradients FILE judges what it computes",
    ),
    (
        "gradproof fuzz conv2d",
        "random cases of an operator; with --subject 'python3 my_conv.py' they are put to yours",
    ),
    (
        "gradproof explain kink",
        "what a word in a report means, and how a bug of each kind is mended",
    ),
];

/// Check LeNet-5, and say how to go on.
pub(super) fn run(screen: Screen) -> Result<ExitCode, String> {
    let code = check::Arguments::lenet5().run(screen)?;
    if screen.is_talkative() {
        let mut text = "\nThat was 'gradproof check lenet5'. What to do first:\n".to_owned();
        for (command, purpose) in FIRST {
            // Beside the report and not in it, whose last line repeats the check.
            text += &format!("\n  {command}\n    {}", screen.look.hanging(purpose));
        }
        remark(&screen.look.ascii(&text));
    }
    Ok(code)
}
