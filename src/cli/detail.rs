//! Which numbers behind the verdicts go into a report.

use clap::Args;

use crate::check::Details;

use super::output::Output;

/// How much a report holds.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Detailed {
    /// Show what central differences are over all steps at this weight too, such as 'conv1.weight[0,0,2,3]'; may be
    /// given several times. The weights that are worst are shown anyway
    #[arg(long, value_name = "COORDINATE")]
    curve: Vec<String>,

    /// Leave the four values of every weight, the curves over steps and the kink maps out of the report
    #[arg(long, conflicts_with = "curve")]
    no_detail: bool,
}

impl Detailed {
    /// What to keep for `output`, of which text shows none.
    pub(super) fn wanted(&self, output: &Output) -> Result<Option<Details>, String> {
        if self.no_detail && output.needs_detail() {
            return Err(
                "--format csv is a table of every weight, which --no-detail leaves out: leave one of them out"
                    .to_owned(),
            );
        }
        let is_wanted = output.shows_detail() && !self.no_detail;
        Ok(is_wanted.then(|| Details {
            curves: self.curve.clone(),
        }))
    }
}
