//! `--shard K/N`: a share of a run, and the file that it is told in.

use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::check::PartAnswers;
use crate::report::fuzz::FuzzShare;
use crate::spec::shard::Shard;

/// Version of the file's format.
const VERSION: u32 = 1;

/// What stands for a share's number in the name of its file.
const PLACE: &str = "{shard}";

/// Which share of the run this process does.
#[derive(Debug, Clone, Args)]
pub(super) struct Sharding {
    /// Do share K of N alone, and write what 'gradproof merge' needs of it to --output, in whose name
    /// {shard} stands for K. 'auto' takes K and N from Open MPI, MPICH or Slurm (srun, job array, or both);
    /// 'auto/N' takes K alone, from GNU parallel as well
    #[arg(long, value_name = "K/N|auto|auto/N", requires = "output", value_parser = share)]
    shard: Option<Shard>,
}

impl Sharding {
    /// The whole run.
    pub(super) fn whole() -> Self {
        Self { shard: None }
    }

    /// The share; `None` for a run that is not shared.
    pub(super) fn share(&self) -> Option<Shard> {
        self.shard
    }
}

/// A share's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareFile {
    version: u32,
    /// Which share of how many.
    pub(super) shard: Shard,
    /// What was found in it.
    #[serde(flatten)]
    pub(super) content: Content,
}

/// What a share's file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// Random cases.
    Fuzz(Box<FuzzShare>),
    /// The answers at some coordinates of a check.
    Check {
        /// The token of the check.
        token: String,
        /// The answers.
        parts: Vec<PartAnswers>,
    },
}

impl ShareFile {
    pub(super) fn new(shard: Shard, content: Content) -> Self {
        Self {
            version: VERSION,
            shard,
            content,
        }
    }

    /// As it is written: one line, since nobody reads it but `gradproof merge`.
    pub(super) fn to_text(&self) -> Result<String, String> {
        serde_json::to_string(self)
            .map(|text| text + "\n")
            .map_err(|error| format!("cannot write share {}: {error}", self.shard))
    }

    /// Read the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: Option<u32>,
            shard: Option<serde_json::Value>,
        }
        let name = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| {
                format!("cannot read {name}: {error}; name a file that 'gradproof fuzz --shard' or 'gradproof check --shard' has written")
            })?;
        let no_share = |why: String| {
            format!(
                "{name} is no share of a run ({why}): name files that 'gradproof fuzz --shard' or 'gradproof check --shard' has written"
            )
        };
        let versioned: Versioned =
            serde_json::from_str(&text).map_err(|error| no_share(error.to_string()))?;
        match (versioned.version, versioned.shard) {
            (None, _) => return Err(no_share("it has no version".to_owned())),
            (_, None) => return Err(no_share("it says of no share that it is it".to_owned())),
            (Some(version), _) if version > VERSION => {
                return Err(format!(
                    "{name} is of version {version}, which is too new: this gradproof reads up to version {VERSION}; merge with the one that wrote it"
                ));
            }
            (Some(0), _) => return Err(no_share("there is no version 0".to_owned())),
            _ => (),
        }
        serde_json::from_str(&text).map_err(|error| no_share(error.to_string()))
    }
}

/// The file of share `shard`, for an output called `path`.
pub(super) fn file_of(path: &Path, shard: Shard) -> PathBuf {
    let name = path.to_string_lossy();
    if name.contains(PLACE) {
        PathBuf::from(name.replace(PLACE, &shard.number().to_string()))
    } else {
        path.to_owned()
    }
}

/// The share that somebody names, or that who started this process has given it.
fn share(text: &str) -> Result<Shard, String> {
    let Some(rest) = text.strip_prefix("auto") else {
        return text
            .parse()
            .map_err(|error: crate::spec::shard::ShardError| error.to_string());
    };
    let total = match rest.strip_prefix('/') {
        Some(total) => Some(
            total
                .parse::<usize>()
                .ok()
                .filter(|total| *total > 0)
                .ok_or_else(|| format!("'{total}' is no number of shares; write auto/8, say"))?,
        ),
        None if rest.is_empty() => None,
        None => return Err("write K/N, auto, or auto/N".to_owned()),
    };
    given(total, &|name| env::var(name).ok())
}

/// The share by the environment's variables.
///
/// Sources: Open MPI's manual, "Environment variables"; Slurm's `srun` and `sbatch`, "Output environment
/// variables"; MPICH's process manager interface; GNU parallel's manual, "Environment variables".
fn given(total: Option<usize>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let number = |name: &str| -> Result<Option<usize>, String> {
        variable(name)
            .map(|text| {
                text.trim().parse().map_err(|_| {
                    format!(
                        "{name} is '{text}', and has to be a whole number: correct it, or write K/N"
                    )
                })
            })
            .transpose()
    };
    let within = |rank: &str, size: &str| -> Result<Option<(usize, usize)>, String> {
        Ok(number(rank)?.zip(number(size)?))
    };
    let mpi = match within("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")? {
        Some(found) => Some(found),
        None => within("PMI_RANK", "PMI_SIZE")?,
    };
    // A batch script that is not run by srun is its own only task, whatever was reserved.
    let srun = match variable("SLURM_STEP_ID") {
        Some(step) if step != "batch" => within("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")?,
        _ => None,
    };
    let array = match (
        number("SLURM_ARRAY_TASK_ID")?,
        number("SLURM_ARRAY_TASK_MIN")?,
        number("SLURM_ARRAY_TASK_COUNT")?,
    ) {
        (Some(id), Some(least), Some(count)) => {
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            Some((id.saturating_sub(least) / step, count))
        }
        _ => None,
    };
    let rank = match (array, mpi.or(srun)) {
        (Some((outer, outer_of)), Some((inner, inner_of))) => Some((
            outer.saturating_mul(inner_of).saturating_add(inner),
            outer_of.saturating_mul(inner_of),
        )),
        (array, task) => array.or(task),
    };
    let rank = match rank {
        Some(rank) => Some(rank),
        None => number("PARALLEL_SEQ")?.map(|number| (number.saturating_sub(1), 0)),
    };
    match (rank, total) {
        (None, _) => Err(
            "nobody has given this process a rank: 'auto' reads those of Open MPI, MPICH, Slurm and GNU parallel; write K/N"
                .to_owned(),
        ),
        (Some((_, 0)), None) => Err(
            "GNU parallel tells the number of this job, and not of how many: write auto/N, or --shard {#}/{##}"
                .to_owned(),
        ),
        (Some((rank, of)), total) => {
            if let Some(total) = total
                && of != 0
                && of != total
            {
                return Err(format!(
                    "there are {of} processes, and auto/{total} asks for {total}: write auto"
                ));
            }
            let of = total.unwrap_or(of);
            let shard = rank.checked_add(1).and_then(|number| Shard::new(number, of));
            shard.ok_or_else(|| format!("this is process {rank}, counted from 0, of {of}: that cannot be"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(total: Option<usize>, variables: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let own = variables.iter().find(|(known, _)| *known == name);
            own.map(|(_, value)| (*value).to_owned())
        };
        given(total, &variable).map(|shard| shard.to_string())
    }

    #[test]
    fn ranks_are_read_from_who_starts_processes() {
        let shard = |text: &str| Ok(text.to_owned());
        let ompi = [("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "4")];
        assert_eq!(found(None, &ompi), shard("3/4"));
        assert_eq!(
            found(None, &[("PMI_RANK", "0"), ("PMI_SIZE", "2")]),
            shard("1/2")
        );
        let srun = [
            ("SLURM_STEP_ID", "0"),
            ("SLURM_PROCID", "5"),
            ("SLURM_STEP_NUM_TASKS", "6"),
        ];
        assert_eq!(found(None, &srun), shard("6/6"));
        let array = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "3"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("SLURM_PROCID", "0"),
            ("SLURM_NTASKS", "1"),
        ];
        assert_eq!(found(None, &array), shard("3/4"));
        let both = [&array[..4], &srun[..]].concat();
        assert_eq!(found(None, &both), shard("18/24"));
        let both = [&array[..4], &ompi[..]].concat();
        assert_eq!(found(None, &both), shard("11/16"));
        assert_eq!(found(Some(8), &[("PARALLEL_SEQ", "8")]), shard("8/8"));
    }

    #[test]
    fn a_rank_that_cannot_be_is_refused_with_the_way_out() {
        for (total, variables, words) in [
            (None, &[][..], "write K/N"),
            (None, &[("PARALLEL_SEQ", "1")][..], "auto/N"),
            (Some(2), &[("PARALLEL_SEQ", "3")][..], "cannot be"),
            (
                Some(3),
                &[("PMI_RANK", "0"), ("PMI_SIZE", "2")][..],
                "write auto",
            ),
            (
                None,
                &[("PMI_RANK", "x"), ("PMI_SIZE", "2")][..],
                "PMI_RANK",
            ),
        ] {
            let error = found(total, variables).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
    }
}
