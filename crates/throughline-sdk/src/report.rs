//! What became of the spans.

use std::{collections::BTreeMap, fmt};

/// What became of the spans that were sampled, since the start.
///
/// Every sampled span that ended is in exactly one of the three groups.
///
/// ```
/// # let guard = throughline_sdk::builder("docs").with_env(|_| None).with_otlp(false).build()?;
/// let report = guard.shutdown_blocking(std::time::Duration::from_secs(1));
/// assert_eq!(report.to_string(), "delivered 0 spans, lost 0");
/// # Ok::<(), throughline_sdk::InitError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Spans that the collector accepted, or the console printed.
    pub delivered: u64,
    /// Lost spans by reason.
    pub lost: BTreeMap<LossReason, u64>,
    /// Spans that still wait for export. Zero after a shutdown.
    pub pending: u64,
}

impl Report {
    /// Returns the number of lost spans.
    pub fn lost_total(&self) -> u64 {
        self.lost.values().sum()
    }

    /// Returns the number of spans lost for `reason`.
    pub fn lost_by(&self, reason: LossReason) -> u64 {
        self.lost.get(&reason).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.delivered == 1 { "span" } else { "spans" };
        write!(
            f,
            "delivered {} {noun}, lost {}",
            self.delivered,
            self.lost_total()
        )?;
        for (index, (reason, count)) in self.lost.iter().enumerate() {
            let before = if index == 0 { " (" } else { ", " };
            write!(f, "{before}{reason} {count}")?;
        }
        if !self.lost.is_empty() {
            f.write_str(")")?;
        }
        if self.pending > 0 {
            write!(f, ", {} waiting", self.pending)?;
        }
        Ok(())
    }
}

/// Why a span was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The queue was full when the span ended.
    QueueFull,
    /// The collector answered with this HTTP status, which is final or stayed until retrying
    /// was given up.
    HttpStatus(u16),
    /// The collector answered with this gRPC status code.
    GrpcStatus(i32),
    /// No connection to the collector until retrying was given up.
    ConnectionFailed,
    /// No answer in time until retrying was given up.
    Timeout,
    /// The collector took the batch but refused this span (OTLP partial success).
    Rejected,
    /// The pipeline was shut down before the span could be sent.
    Shutdown,
    /// The span could not be encoded, or the exporter itself failed.
    Internal,
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("queue_full"),
            Self::HttpStatus(status) => write!(f, "export_failed({status})"),
            Self::GrpcStatus(code) => write!(f, "export_failed(grpc {code})"),
            Self::ConnectionFailed => f.write_str("connection_failed"),
            Self::Timeout => f.write_str("timeout"),
            Self::Rejected => f.write_str("rejected"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Internal => f.write_str("internal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_one_line() {
        let mut report = Report {
            delivered: 120,
            ..Report::default()
        };
        assert_eq!(report.to_string(), "delivered 120 spans, lost 0");

        report.lost.insert(LossReason::HttpStatus(401), 8);
        report.lost.insert(LossReason::QueueFull, 12);
        report.pending = 3;
        assert_eq!(
            report.to_string(),
            "delivered 120 spans, lost 20 (queue_full 12, export_failed(401) 8), 3 waiting"
        );
    }
}
