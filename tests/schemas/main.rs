//! The published schemas are those that the types have. `UPDATE_SCHEMAS=1` writes them anew.

use std::fs;
use std::path::Path;

use gradproof::report::schema::{Kind, derived};

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/schema");
    for kind in Kind::ALL {
        let schema = derived(kind);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(folder.join(format!("{kind}.json")), &schema).expect("the folder is there");
        } else {
            assert!(
                kind.schema() == schema,
                "{kind}.json is not what the types say: UPDATE_SCHEMAS=1 cargo test --features schema --test schemas"
            );
        }
    }
}
