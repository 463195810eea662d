//! x
/// x
pub const SCHEMA_URL: &str = "x";
/// x
#[derive(Debug, Clone, Default)] pub struct Conventions;
/// x
pub mod attr { /// x
pub const EXCEPTION: &str = "exception"; /// x
pub const EXCEPTION_TYPE: &str = "exception.type"; /// x
pub const EXCEPTION_MESSAGE: &str = "exception.message"; /// x
pub const ERROR_TYPE: &str = "error.type"; /// x
pub const THROUGHLINE_OUTCOME: &str = "throughline.outcome"; }
/// x
pub mod error { /// x
pub fn type_name_of<T: ?Sized>() -> &'static str { std::any::type_name::<T>() } }
