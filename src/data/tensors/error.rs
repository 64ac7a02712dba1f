//! What is wrong with a file of tensors.

use std::fmt;

use thiserror::Error;

use super::Listed;

/// Tensors that an error lists; a file that is not what it should be can hold any number.
const MOST_LISTED: usize = 100;

/// Letters of a tensor's name in an error.
const LONGEST_NAME: usize = 80;

/// Why a file of tensors cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TensorFileError {
    /// Nothing is known of its format.
    #[error(
        "{path} is neither a .npz nor a .safetensors file: write it with numpy.savez(\"grads.npz\", **tensors) or safetensors.torch.save_file(tensors, \"grads.safetensors\")"
    )]
    Ending {
        /// The file.
        path: String,
    },
    /// It cannot be read, or is damaged.
    #[error("tensors in {path}: {what}")]
    Read {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// It is not the file that a token was made with.
    #[error(
        "tensors in {path}: its content has changed (checksum {found}, and {wanted} is wanted): put the old file back, or check anew"
    )]
    Changed {
        /// The file.
        path: String,
        /// The checksum that the token carries.
        wanted: String,
        /// That of the file.
        found: String,
    },
    /// Its tensors are not those that are wanted.
    #[error(transparent)]
    Misfit(Box<Misfit>),
    /// A file cannot be written.
    #[error("cannot write {path}: {what}; name a folder that exists and can be written")]
    Write {
        /// The file, or its folder.
        path: String,
        /// Why not.
        what: String,
    },
}

/// A file whose tensors are not those that are wanted, with everything that is wrong about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// The file.
    pub path: String,
    /// What it should hold: "parameters" or "gradients".
    pub what: String,
    /// The network whose they should be.
    pub network: String,
    /// What is wrong, tensor by tensor.
    pub faults: Vec<TensorFault>,
    /// Names and shapes that have to be there.
    pub wanted: Vec<(String, Vec<usize>)>,
    /// What is there.
    pub found: Vec<Listed>,
}

/// What is wrong with one tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorFault {
    /// It is not there.
    Missing {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// A surplus tensor that may be meant.
        suggestion: Option<String>,
    },
    /// It is there, and nobody wants it.
    Surplus {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// It has another shape.
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The right one.
        wanted: Vec<usize>,
    },
    /// Its entries are no floating-point numbers that are read.
    Type {
        /// Its name.
        name: String,
        /// What they are.
        found: String,
    },
    /// Some of its entries are infinite or not a number.
    NotFinite {
        /// Its name.
        name: String,
        /// How many are.
        count: usize,
        /// Of how many.
        of: usize,
        /// The index of the first.
        first: Vec<usize>,
        /// The first of them.
        value: f64,
    },
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            what,
            network,
            ..
        } = self;
        write!(f, "the {what} in {path} are not those of {network}:")?;
        for fault in self.faults.iter().take(MOST_LISTED) {
            write!(f, "\n    {fault}")?;
        }
        if self.faults.len() > MOST_LISTED {
            write!(f, "\n    and {} more", self.faults.len() - MOST_LISTED)?;
        }
        let is_of_names = |fault: &TensorFault| {
            matches!(
                fault,
                TensorFault::Missing { .. } | TensorFault::Surplus { .. }
            )
        };
        if self.faults.iter().any(is_of_names) {
            let wanted = self.wanted.iter();
            let wanted = wanted.map(|(name, shape)| format!("{name} {shape:?}"));
            let found = self.found.iter();
            let found = found.map(|tensor| {
                format!(
                    "{} {:?} {}",
                    plain(&tensor.name),
                    tensor.shape,
                    tensor.entry_type
                )
            });
            write!(f, "\n{network} has {}", listed(wanted))?;
            write!(f, "\n{path} has {}", listed(found))?;
            write!(
                f,
                "\nGive each of the {what} the network's name; layouts are PyTorch's"
            )?;
        }
        if self.faults.iter().any(TensorFault::is_buffer) {
            write!(
                f,
                ". running_mean, running_var and num_batches_tracked are no parameters: write dict(model.named_parameters()) and not model.state_dict()"
            )?;
        }
        Ok(())
    }
}

impl TensorFault {
    /// Whether it is what PyTorch's batch norm keeps beside its parameters.
    fn is_buffer(&self) -> bool {
        let buffers = ["running_mean", "running_var", "num_batches_tracked"];
        matches!(self, Self::Surplus { name, .. } if buffers.iter().any(|buffer| name.ends_with(buffer)))
    }
}

impl fmt::Display for TensorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing {
                name,
                shape,
                suggestion,
            } => {
                write!(f, "{name} {shape:?} is missing")?;
                match suggestion {
                    Some(other) => write!(f, ": is it '{}'?", plain(other)),
                    None => Ok(()),
                }
            }
            Self::Surplus { name, shape } => {
                write!(f, "{} {shape:?} is surplus", plain(name))
            }
            Self::Shape {
                name,
                found,
                wanted,
            } => {
                write!(
                    f,
                    "{name} has the shape {found:?}, and {wanted:?} is wanted"
                )?;
                let is_transposed = found.len() > 1 && found.iter().rev().eq(wanted);
                let size = crate::tensor::size;
                if is_transposed {
                    write!(f, ": transposed?")
                } else if size(found) == size(wanted) {
                    write!(f, ": another layout?")
                } else {
                    Ok(())
                }
            }
            Self::Type { name, found } => write!(
                f,
                "{name} has entries of type {found}, and float64 or float32 is wanted"
            ),
            Self::NotFinite {
                name,
                count,
                of,
                first,
                value,
            } => {
                let index: Vec<String> = first.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "{name} is not finite in {count} of {of} entries: {name}[{}] is {value}",
                    index.join(",")
                )
            }
        }
    }
}

/// A name from a file, on one line and not too long.
fn plain(name: &str) -> String {
    let mut plain: String = name
        .chars()
        .take(LONGEST_NAME)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().count() > LONGEST_NAME {
        plain.push('…');
    }
    plain
}

fn listed(tensors: impl ExactSizeIterator<Item = String>) -> String {
    let count = tensors.len();
    let mut named: Vec<String> = tensors.take(MOST_LISTED).collect();
    if count > MOST_LISTED {
        named.push(format!("and {} more", count - MOST_LISTED));
    }
    match count {
        0 => "no tensors".to_owned(),
        _ => named.join(", "),
    }
}
