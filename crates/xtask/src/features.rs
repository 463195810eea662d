//! The feature sets in which each published crate must build without a warning.
//!
//! The other checks turn every feature on, and cargo unifies features over the workspace, so an
//! item that needs a feature it does not name builds there all the same. Here each crate is built
//! alone: once without any feature and once with each. The crate `minimal`, which uses the facade
//! without features, is built alone for the same reason.

use cargo_metadata::{Metadata, Package};

/// A crate and the one feature that is on, if any.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FeatureSet {
    pub(crate) package: String,
    pub(crate) feature: Option<String>,
}

const MINIMAL: &str = "minimal";

/// Lists the feature sets of every published crate of the workspace, and that of `minimal`.
pub(crate) fn of_workspace(metadata: &Metadata) -> Vec<FeatureSet> {
    metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| is_published(package) || *package.name == MINIMAL)
        .flat_map(|package| of_crate(&package.name, package.features.keys()))
        .collect()
}

fn is_published(package: &Package) -> bool {
    // `publish = false` is an empty list of registries.
    package
        .publish
        .as_ref()
        .is_none_or(|registries| !registries.is_empty())
}

fn of_crate<'a>(package: &str, features: impl Iterator<Item = &'a String>) -> Vec<FeatureSet> {
    std::iter::once(None)
        .chain(features.cloned().map(Some))
        .map(|feature| FeatureSet {
            package: package.to_owned(),
            feature,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(package: &str, feature: Option<&str>) -> FeatureSet {
        FeatureSet {
            package: package.to_owned(),
            feature: feature.map(str::to_owned),
        }
    }

    #[test]
    fn a_crate_is_checked_without_features_and_with_each_alone() {
        let features = ["default".to_owned(), "grpc".to_owned()];
        assert_eq!(
            of_crate("x", features.iter()),
            [
                set("x", None),
                set("x", Some("default")),
                set("x", Some("grpc"))
            ]
        );
        assert_eq!(of_crate("x", [].iter()), [set("x", None)]);
    }

    #[test]
    fn published_crates_and_the_minimal_one_are_checked_and_no_others() {
        let sets = of_workspace(&crate::repo::metadata().unwrap());
        assert!(sets.contains(&set("throughline-core", None)));
        assert!(sets.contains(&set("throughline-core", Some("tokio"))));
        assert!(sets.contains(&set("minimal", None)));
        assert!(!sets.iter().any(|set| set.package == "xtask"));
    }
}
