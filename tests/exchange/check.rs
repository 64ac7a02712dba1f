//! Given parameters and gradients in the library.

use std::path::Path;

use gradproof::check::{CheckError, Silent, check, check_subject, export, precision_of, problem};
use gradproof::data::tensors::{NamedTensor, TensorFile, TensorFormat, Wanted};
use gradproof::judge::Seen;
use gradproof::judge::diagnosis::{BugKind, Factor};
use gradproof::network::{Coordinate, LeafName, Unit};
use gradproof::report::{Outcome, Report, json};
use gradproof::source::{Backprop, Point, turnable};
use gradproof::spec::PenaltySpec;
use gradproof::spec::case::{Case, Order, Precision, Selection, SourceName};
use gradproof::tensor::values;
use tempfile::TempDir;

use super::{
    case, entries, in_single, named, of_parameters, right_gradient, small, with_gradients, write,
};

fn report(case: &Case) -> Report {
    check(case, &Silent).unwrap().report
}

fn error(case: &Case) -> String {
    check(case, &Silent).expect_err("it is refused").to_string()
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "'{word}' in: {text}");
    }
}

/// `change` made to the right gradient, and judged in either format.
fn judged(case: &Case, change: impl Fn(&mut Vec<NamedTensor>)) -> Report {
    let folder = TempDir::new().unwrap();
    let mut tensors = right_gradient(&problem(case).unwrap());
    change(&mut tensors);
    let reports = ["g.npz", "g.safetensors"].map(|name| {
        let path = write(folder.path(), name, &tensors);
        let mut report = report(&with_gradients(case, &path));
        report.replay.clear();
        report.setup.files = Default::default();
        report
    });
    assert_eq!(reports[0], reports[1], "both formats are judged alike");
    reports[0].clone()
}

#[test]
fn a_right_gradient_is_right_and_everything_says_that_it_was_given() {
    let report = judged(&small(), |_| ());
    assert_eq!(report.outcome, Outcome::Right, "{}", report.sentence);
    let part = &report.parts[0];
    assert_eq!(part.values[0].source, SourceName::Given);
    assert_eq!(part.values[0].value, None, "the loss was not given");
    assert_eq!(part.counts().agree, report.setup.parameters);
    let again: Report = serde_json::from_str(&json::render(&report)).unwrap();
    assert_eq!(again, report, "as JSON");
}

#[test]
fn the_loss_and_the_input_are_checked_where_they_are_given() {
    let case = small();
    let at = problem(&case).unwrap();
    let found = at.backpropagate::<f64>(None);
    let with = |loss: f64, sign: f64| {
        judged(&case, |tensors| {
            let loss = ndarray::arr1(&[loss]).into_dyn();
            tensors.push(named("loss", &loss));
            tensors.push(named("input", &(&found.input * sign)));
        })
    };
    let right = with(found.value, 1.0);
    assert_eq!(right.outcome, Outcome::Right, "{}", right.sentence);
    assert_eq!(
        right.setup.checked,
        right.setup.parameters + at.input.len(),
        "the input too"
    );
    let off = with(2.0 * found.value, 1.0);
    assert_eq!(off.outcome, Outcome::Wrong);
    says(
        &off.sentence,
        &["the given loss is", "other samples", "right all the same"],
    );
    let turned = with(found.value, -1.0);
    assert_eq!(turned.outcome, Outcome::Wrong);
    says(&turned.sentence, &["conv1", "minus the right gradient"]);
}

/// The layer and the kind of faults that other programs have.
#[test]
fn a_planted_fault_is_found_in_its_tensor_and_named() {
    type Change = fn(&mut Vec<NamedTensor>);
    let faults: [(Change, &[&str], BugKind); 4] = [
        (
            |tensors| {
                entries(tensors, "conv1.bias")
                    .iter_mut()
                    .for_each(|g| *g = -*g)
            },
            &["conv1"],
            BugKind::Sign,
        ),
        (
            |tensors| {
                entries(tensors, "fc2.weight")
                    .iter_mut()
                    .for_each(|g| *g *= 2.0)
            },
            &["fc2"],
            BugKind::Factor(Factor::Two),
        ),
        (
            // 5 out of 12 features, written as 12 rows of 5.
            |tensors| {
                let weight = entries(tensors, "fc1.weight");
                let right = weight.clone();
                for (at, entry) in weight.iter_mut().enumerate() {
                    *entry = right[at % 5 * 12 + at / 5];
                }
            },
            &["fc1"],
            BugKind::Transposed,
        ),
        (
            |tensors| {
                entries(tensors, "conv1.bias")
                    .iter_mut()
                    .for_each(|g| *g = -*g);
                entries(tensors, "fc2.bias")
                    .iter_mut()
                    .for_each(|g| *g = -*g);
            },
            &["fc2", "conv1"],
            BugKind::Sign,
        ),
    ];
    for (change, layers, kind) in faults {
        let report = judged(&small(), change);
        assert_eq!(report.outcome, Outcome::Wrong, "{}", report.sentence);
        let part = &report.parts[0];
        let place = part.place.as_ref().unwrap();
        let culprits: Vec<&str> = place.culprits.iter().map(|c| c.layer.as_str()).collect();
        assert_eq!(culprits, layers, "{}", place.sentence());
        assert_eq!(
            place.seen,
            Seen::Leaves { or_in: Vec::new() },
            "{}",
            place.sentence()
        );
        assert!(place.inherited.is_empty(), "{}", place.sentence());
        for row in &part.diagnoses {
            assert_eq!(row.diagnosis.kind, Some(kind), "{}", row.diagnosis.sentence);
        }
        assert_eq!(part.diagnoses.len(), layers.len());
        let blame = part.blame.as_ref().unwrap();
        says(
            &blame.sentence(),
            &["The given gradient is alone", "loss was not given"],
        );
    }
}

#[test]
fn a_sum_instead_of_a_mean_is_named_and_its_place_is_left_open() {
    let report = judged(&small(), |tensors| {
        for number in 0..tensors.len() {
            let name = tensors[number].name.clone();
            entries(tensors, &name).iter_mut().for_each(|g| *g *= 3.0);
        }
    });
    let place = report.parts[0].place.as_ref().unwrap();
    assert_eq!(
        place.seen,
        Seen::Leaves {
            or_in: vec!["loss".to_owned()]
        }
    );
    says(
        &report.sentence,
        &["3 times the right gradient", "3 being the batch size"],
    );
    says(
        &report.sentence,
        &["see first that the parameters, the samples and the loss are the same"],
    );
}

#[test]
fn float32_is_judged_by_the_bounds_of_f32() {
    let folder = TempDir::new().unwrap();
    let wide = small();
    let narrow = Case {
        precision: Precision::F32,
        ..wide.clone()
    };
    let mut tensors = right_gradient(&problem(&narrow).unwrap());
    let path = write(folder.path(), "g.npz", &in_single(&tensors));
    assert_eq!(precision_of(&path), Ok(Precision::F32));
    let right = report(&with_gradients(&narrow, &path));
    assert_eq!(right.outcome, Outcome::Right, "{}", right.sentence);
    let refused = error(&with_gradients(&wide, &path));
    says(&refused, &[&path, "float32", "--precision f32", "float64"]);

    entries(&mut tensors, "fc1.bias")[2] *= 1.001;
    let path = write(folder.path(), "wrong.safetensors", &in_single(&tensors));
    let wrong = report(&with_gradients(&narrow, &path));
    assert_eq!(wrong.outcome, Outcome::Wrong, "{}", wrong.sentence);
    says(&wrong.sentence, &["fc1"]);
}

/// Another program's f32 may turn a unit that neither our f32 nor f64 turns.
#[test]
fn a_unit_that_only_their_rounding_turns_is_nobodys_fault() {
    let folder = TempDir::new().unwrap();
    let narrow = Case {
        precision: Precision::F32,
        ..small()
    };
    let seeded = problem(&narrow).unwrap();
    // A bias that leaves one unit of the ReLU as near to 0 as f32 can, and its window's others below.
    let layer = 1;
    let z = seeded.activations()[layer].clone();
    let found = (0..z.len()).find_map(|index| {
        let mut at = seeded.clone();
        let bias = &mut at.parameters.tensors[1][[index / 16 % 3]];
        *bias = f64::from((*bias - values(&z)[index]) as f32);
        let point = Point::new(at.clone(), 0);
        let unit = Unit::Layer { layer, index };
        let turned = turnable(&point);
        let turned = turned.iter().find(|turned| turned.unit == unit)?;
        let pattern = point.pattern.with(unit, turned.choice);
        let gradient = at.backpropagate::<f64>(Some(&pattern));
        let other = at.backpropagate::<f64>(None);
        let pairs = gradient.parameters[0].iter().zip(&other.parameters[0]);
        let differs = pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        (differs > 1e-3).then_some((at, gradient))
    });
    let (at, gradient) = found.expect("a unit that something hangs on");
    let parameters = of_parameters(&at, &at.parameters.tensors);
    let mut case = narrow.clone();
    case.files.parameters = Some(write(folder.path(), "p.npz", &parameters).into());
    let mut tensors = of_parameters(&at, &gradient.parameters);
    let path = write(folder.path(), "g.npz", &in_single(&tensors));
    let right = report(&with_gradients(&case, &path));
    assert_eq!(right.outcome, Outcome::Right, "{}", right.sentence);
    let single = right.parts[0].single.as_ref().unwrap();
    assert_eq!((single.turned, single.beyond), (1, 0));
    assert!(single.carried > 0, "{}", right.sentence);

    // That excuses nothing else.
    entries(&mut tensors, "conv1.bias")[0] *= 1.01;
    let path = write(folder.path(), "g.npz", &in_single(&tensors));
    let wrong = report(&with_gradients(&case, &path));
    assert_eq!(wrong.outcome, Outcome::Wrong, "{}", wrong.sentence);
    assert_eq!(wrong.parts[0].counts().wrong(), 1, "{}", wrong.sentence);
}

#[test]
fn given_parameters_are_those_that_are_checked() {
    let folder = TempDir::new().unwrap();
    let mut case = small();
    let trained = Case {
        train_steps: 5,
        ..case.clone()
    };
    let at = problem(&trained).unwrap();
    let parameters = of_parameters(&at, &at.parameters.tensors);
    case.files.parameters = Some(write(folder.path(), "p.safetensors", &parameters).into());
    assert_eq!(problem(&case).unwrap(), at);
    let gradient = right_gradient(&at);
    let path = write(folder.path(), "g.npz", &gradient);
    let right = report(&with_gradients(&case, &path));
    assert_eq!(right.outcome, Outcome::Right, "{}", right.sentence);
    let files = &right.setup.files;
    for file in [&files.parameters, &files.gradients] {
        let checksum = file.as_ref().unwrap().checksum.as_ref();
        assert_eq!(checksum.map(String::len), Some(8), "sealed: {files:?}");
    }
    assert_eq!(right.replay.parse::<Case>().unwrap().files, *files);

    case.train_steps = 1;
    says(&error(&case), &["--parameters", "--train-steps"]);
}

#[test]
fn what_a_file_cannot_give_is_refused() {
    let folder = TempDir::new().unwrap();
    let right = right_gradient(&problem(&small()).unwrap());
    let path = write(folder.path(), "g.npz", &right);
    let given = with_gradients(&small(), &path);
    let penalised = Case {
        penalty: Some(PenaltySpec::L2 { strength: 0.1 }),
        ..given.clone()
    };
    says(&error(&penalised), &["--gradients", "--penalty"]);
    let second = Case {
        order: Order::Second,
        ..given.clone()
    };
    says(&error(&second), &["--order 1"]);
    let twice = check_subject(&given, Box::new(Backprop), &Silent);
    assert_eq!(twice.expect_err("two"), CheckError::TwoSubjects);
    let named = Case {
        sources: vec![SourceName::Backprop, SourceName::Given],
        ..small()
    };
    says(&error(&named), &["--sources"]);
}

#[test]
fn every_wrong_tensor_is_named_at_once() {
    let folder = TempDir::new().unwrap();
    let mut tensors = right_gradient(&problem(&small()).unwrap());
    tensors[0].name = "features.0.weight".to_owned();
    entries(&mut tensors, "fc1.bias")[3] = f64::NAN;
    let fc1 = tensors.iter_mut().find(|t| t.name == "fc1.weight").unwrap();
    fc1.shape.reverse();
    for name in ["g.npz", "g.safetensors"] {
        let path = write(folder.path(), name, &tensors);
        let mut case = with_gradients(&small(), &path);
        for (what, coordinates) in [
            ("gradients", Selection::All),
            ("gradients", Selection::Sample(20)),
            ("parameters", Selection::All),
        ] {
            case.coordinates = coordinates;
            if what == "parameters" {
                case.files.parameters = case.files.gradients.take();
            }
            says(
                &error(&case),
                &[
                    &format!("the {what} in {path} are not those of small:"),
                    "conv1.weight [3, 2, 3, 3] is missing: is it 'features.0.weight'?",
                    "features.0.weight [3, 2, 3, 3] is surplus",
                    "fc1.weight has the shape [12, 5], and [5, 12] is wanted: transposed?",
                    "fc1.bias is not finite in 1 of 5 entries: fc1.bias[3] is NaN",
                ],
            );
        }
    }
    let half = [("g.safetensors", "F16", 2), ("g.safetensors", "BF16", 2)];
    for (name, dtype, size) in half {
        let header =
            format!(r#"{{"x":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{size}]}}}}"#);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; size]);
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let path = path.to_str().unwrap();
        says(
            &error(&with_gradients(&small(), path)),
            &[path, "float16", "float32"],
        );
        assert!(precision_of(path).is_err());
    }
}

/// The tensors of an exported file.
fn exported(folder: &Path, name: &str, wanted: &[Wanted]) -> Vec<Vec<f64>> {
    let path = folder.join(name).to_str().unwrap().to_owned();
    let found = TensorFile::open(&path)
        .unwrap()
        .fit("tensors", "small", wanted);
    let tensors = found.unwrap_or_else(|error| panic!("{name}: {error}"));
    tensors
        .iter()
        .map(|tensor| values(tensor.as_ref().unwrap()).to_vec())
        .collect()
}

#[test]
fn what_is_exported_is_what_was_checked() {
    let folder = TempDir::new().unwrap();
    let case = small();
    let checked = check(&case, &Silent).unwrap();
    let files = export(&case, &checked).unwrap();
    files.write(&folder.path().join("new/folder")).unwrap();
    let place = folder.path().join("new/folder");
    assert_eq!(files.files().len(), 12, "six in two formats");
    assert!(files.partial().is_empty(), "{:?}", files.partial());
    let at = problem(&case).unwrap();
    let mut parameters: Vec<Wanted> = at
        .network
        .parameter_shapes()
        .map(|(name, shape)| Wanted::needed(name, shape))
        .collect();
    for format in TensorFormat::ALL.map(TensorFormat::ending) {
        let found = exported(&place, &format!("parameters.{format}"), &parameters);
        let own: Vec<&[f64]> = at.parameters.tensors.iter().map(values).collect();
        assert_eq!(found, own);
    }
    parameters.push(Wanted::needed("loss", &[]));
    for answer in &checked.answers {
        let name = format!("gradients-{}.npz", answer.source);
        let found = exported(&place, &name, &parameters);
        let numbers: Vec<f64> = found.concat();
        let (loss, derivatives) = numbers.split_last().unwrap();
        assert_eq!(Some(*loss), answer.value);
        let expected: Vec<f64> = answer.derivatives.iter().map(|d| d.unwrap()).collect();
        assert_eq!(derivatives, expected, "{name}");
    }
    let batch = TensorFile::open(place.join("batch.safetensors").to_str().unwrap()).unwrap();
    let listed: Vec<String> = batch
        .tensors()
        .iter()
        .map(|t| format!("{} {} {:?}", t.name, t.entry_type, t.shape))
        .collect();
    assert_eq!(listed, ["inputs float64 [3, 2, 6, 6]", "labels int64 [3]"]);
}

#[test]
fn of_a_sample_of_weights_what_was_not_asked_for_is_no_number() {
    let case = Case {
        coordinates: Selection::Sample(12),
        ..small()
    };
    let checked = check(&case, &Silent).unwrap();
    let files = export(&case, &checked).unwrap();
    assert_eq!(files.partial(), [SourceName::Dual, SourceName::Central]);
    let folder = TempDir::new().unwrap();
    files.write(folder.path()).unwrap();
    let whole = right_gradient(&checked.problem);
    let path = folder.path().join("gradients-backprop.npz");
    let given = with_gradients(&case, path.to_str().unwrap());
    assert_eq!(
        report(&given).outcome,
        Outcome::Right,
        "all of backprop's is there"
    );
    let at = |name: &str| {
        let path = folder.path().join(name).to_str().unwrap().to_owned();
        error(&with_gradients(&case, &path))
    };
    says(&at("gradients-dual.npz"), &["fc2.weight is not finite in"]);
    assert_eq!(whole.len(), checked.problem.parameters.tensors.len());
}

/// Losses that compare entry by entry, and the plain weighted sum, go out and come back too.
#[test]
fn targets_go_out_and_come_back() {
    for loss in [
        "mean_squared_error",
        "l1",
        "huber",
        "bce_with_logits",
        "weighted_sum",
        "nll",
    ] {
        let mut case = small();
        case.spec.loss = gradproof::spec::NetworkSpec::from_toml(
            &super::SMALL.replace("softmax_cross_entropy", loss),
        )
        .unwrap()
        .loss;
        let checked = check(&case, &Silent).unwrap();
        let folder = TempDir::new().unwrap();
        export(&case, &checked)
            .unwrap()
            .write(folder.path())
            .unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mut back = with_gradients(&case, &path("gradients-reverse.safetensors"));
        back.files.parameters = Some(path("parameters.npz").into());
        back.seed = 99;
        back.spec.data = gradproof::spec::DataSpec::Npz(path("batch.npz").into());
        assert_eq!(problem(&back).unwrap(), checked.problem, "{loss}");
        let report = report(&back);
        assert_eq!(
            report.outcome,
            Outcome::Right,
            "{loss}: {}",
            report.sentence
        );
    }
}

/// Of random small networks of the library whatever goes out comes back, and is right.
#[test]
fn presets_go_out_and_come_back() {
    for network in ["mlp", "lenet5"] {
        for precision in Precision::ALL {
            let case = Case {
                precision,
                coordinates: Selection::Sample(60),
                ..case(network)
            };
            let checked = check(&case, &Silent).unwrap();
            let folder = TempDir::new().unwrap();
            export(&case, &checked)
                .unwrap()
                .write(folder.path())
                .unwrap();
            let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
            let mut back = with_gradients(&case, &path("gradients-backprop.npz"));
            back.files.parameters = Some(path("parameters.safetensors").into());
            back.spec.data = gradproof::spec::DataSpec::Npz(path("batch.npz").into());
            assert_eq!(precision_of(&path("gradients-backprop.npz")), Ok(precision));
            let report = report(&back);
            assert_eq!(
                report.outcome,
                Outcome::Right,
                "{network} {precision}: {}",
                report.sentence
            );
            let first = Coordinate {
                leaf: LeafName::Parameter(0),
                index: 0,
            };
            assert!(
                checked
                    .problem
                    .network
                    .coordinate_name(first)
                    .contains("weight")
            );
        }
    }
}
