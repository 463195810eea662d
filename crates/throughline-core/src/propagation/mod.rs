//! x
/// x
#[derive(Debug, Clone, Default)] pub struct Propagation;
impl Propagation { /// x
pub fn extract(&self, _h: &http::HeaderMap, cx: &opentelemetry::Context) -> opentelemetry::Context { cx.clone() } /// x
pub fn inject(&self, _cx: &opentelemetry::Context, _h: &mut http::HeaderMap) {} }
