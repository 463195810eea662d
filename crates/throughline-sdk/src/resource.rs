//! Who sends.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

/// Builds the resource: what the code gives wins over the environment, which wins over what
/// is found out here.
///
/// | attribute | from |
/// | --- | --- |
/// | `service.name` | code, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` |
/// | `service.instance.id` | random, unless given |
/// | `process.pid` | the system |
/// | `telemetry.sdk.*` | opentelemetry_sdk |
/// | `telemetry.distro.*` | this crate |
pub(crate) fn resource(
    service_name: &str,
    from_env: Vec<KeyValue>,
    from_code: Vec<KeyValue>,
) -> Resource {
    let sdk = Resource::builder_empty()
        .with_detector(Box::new(
            opentelemetry_sdk::resource::TelemetryResourceDetector,
        ))
        .with_attributes([
            KeyValue::new("telemetry.distro.name", env!("CARGO_PKG_NAME")),
            KeyValue::new("telemetry.distro.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", random_uuid()),
            KeyValue::new("process.pid", i64::from(std::process::id())),
        ]);
    sdk.with_attributes(from_env)
        .with_attributes(from_code)
        .with_attribute(KeyValue::new("service.name", service_name.to_owned()))
        .build()
}

/// Returns a random (version 4) UUID, as the conventions ask for.
fn random_uuid() -> String {
    use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};

    let random = u128::from_be_bytes(RandomIdGenerator::default().new_trace_id().to_bytes());
    let version_4 = (random & !(0xf << 76) | (0x4 << 76)) & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{version_4:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    #[test]
    fn code_wins_over_the_environment_which_wins_over_what_is_found_out() {
        let env = vec![
            KeyValue::new("service.name", "env"),
            KeyValue::new("region", "env"),
            KeyValue::new("service.instance.id", "env"),
        ];
        let code = vec![KeyValue::new("region", "code")];
        let resource = resource("users-api", env, code);
        let get = |key: &'static str| resource.get(&Key::new(key)).unwrap().to_string();
        assert_eq!(get("service.name"), "users-api");
        assert_eq!(get("region"), "code");
        assert_eq!(get("service.instance.id"), "env");
        assert_eq!(get("telemetry.sdk.language"), "rust");
        assert_eq!(get("telemetry.distro.name"), "throughline-sdk");
    }

    #[test]
    fn instance_ids_are_random_uuids_of_version_4() {
        let id = random_uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(
            matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
            "{id}"
        );
        assert_ne!(id, random_uuid());
    }
}
