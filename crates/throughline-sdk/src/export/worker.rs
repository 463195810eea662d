//! What the export thread does.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::trace::SpanData;
use throughline_core::record::SpanSink;
use tokio::{
    sync::mpsc,
    task::{self, JoinError, JoinSet},
    time,
};

use super::{
    Queue, Stats, attributes::keep_last, console::Console, delivery::Delivery, queue::Batch,
};
use crate::{record::record, report::LossReason};

/// Batches under way at a time, while all goes well.
const MAX_IN_FLIGHT: usize = 4;

/// What other threads ask for.
pub(super) enum Command {
    /// Deliver what was accepted so far, then call back. Not later than the deadline.
    Flush { deadline: Instant, done: Done },
    /// Deliver what is there until the deadline, count the rest as lost, then call back.
    Shutdown { deadline: Instant, done: Done },
    /// End the thread.
    Stop,
}

/// Tells the waiting thread or task.
pub(super) type Done = Box<dyn FnOnce() + Send>;

/// The loop of the export thread.
pub(super) struct Worker {
    queue: Arc<Queue>,
    stats: Arc<Stats>,
    commands: mpsc::UnboundedReceiver<Command>,
    sinks: Sinks,
    schedule_delay: Duration,
    in_flight: JoinSet<()>,
    /// For each batch in flight, how many spans were accepted before its first.
    firsts: HashMap<task::Id, u64>,
    /// Spans among the first so many go out even if they do not fill a batch.
    drain_to: u64,
    flushes: Vec<Flush>,
    shutdown: Option<(Instant, Done)>,
}

/// Where spans go.
pub(super) struct Sinks {
    pub(super) delivery: Option<Arc<Delivery>>,
    pub(super) console: Option<Console>,
    pub(super) others: Vec<Arc<dyn SpanSink>>,
    pub(super) resource: Arc<ResourceAttributesWithSchema>,
}

impl Sinks {
    /// Shows spans to the console and the other sinks. One that panics does not stop the
    /// export.
    fn show(&mut self, spans: &[SpanData]) {
        if let Some(console) = &mut self.console {
            console.observe(spans);
        }
        if self.others.is_empty() {
            return;
        }
        let records: Vec<_> = spans.iter().map(record).collect();
        for sink in &self.others {
            let _ = catch_unwind(AssertUnwindSafe(|| sink.accept(&records)));
        }
    }
}

struct Flush {
    target: u64,
    deadline: Instant,
    done: Done,
}

impl Worker {
    pub(super) fn new(
        queue: Arc<Queue>,
        stats: Arc<Stats>,
        commands: mpsc::UnboundedReceiver<Command>,
        sinks: Sinks,
        schedule_delay: Duration,
    ) -> Self {
        Self {
            queue,
            stats,
            commands,
            sinks,
            schedule_delay,
            in_flight: JoinSet::new(),
            firsts: HashMap::new(),
            drain_to: 0,
            flushes: Vec::new(),
            shutdown: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut next_tick = Instant::now() + self.schedule_delay;
        loop {
            self.show();
            self.start_deliveries();
            self.answer_flushes();
            self.answer_shutdown().await;
            let deadline = self.next_deadline();
            tokio::select! {
                biased;
                Some(settled) = self.in_flight.join_next_with_id() => self.settle(&settled),
                command = self.commands.recv() => match command {
                    Some(Command::Stop) | None => break,
                    Some(command) => self.obey(command),
                },
                () = self.queue.ready() => {}
                () = time::sleep_until(next_tick.into()) => {
                    next_tick = Instant::now() + self.schedule_delay;
                    self.drain_to = self.drain_to.max(self.queue.state().accepted);
                    if let Some(console) = &mut self.sinks.console {
                        console.print_overdue();
                    }
                }
                () = sleep_until(deadline) => {}
            }
        }
        self.give_up().await;
    }

    /// Shows what came since the last time. A collector that takes nothing holds up the
    /// deliveries, but not this.
    fn show(&mut self) {
        if !self.queue.is_watched() {
            return;
        }
        let spans = self.queue.lend();
        if !spans.is_empty() {
            self.sinks.show(&spans);
            self.queue.give_back(spans);
        }
    }

    fn start_deliveries(&mut self) {
        loop {
            let limit = if self.stats.traces.is_failing() {
                1
            } else {
                MAX_IN_FLIGHT
            };
            if self.in_flight.len() >= limit {
                return;
            }
            let Some(Batch { first, mut spans }) = self.queue.take(self.drain_to) else {
                return;
            };
            for span in &mut spans {
                keep_last(&mut span.attributes);
            }
            let Some(delivery) = self.sinks.delivery.clone() else {
                self.stats.add_delivered(spans.len() as u64);
                continue;
            };
            let resource = Arc::clone(&self.sinks.resource);
            let task = self
                .in_flight
                .spawn(async move { delivery.spans(spans, &resource).await });
            self.firsts.insert(task.id(), first);
        }
    }

    fn settle(&mut self, settled: &Result<(task::Id, ()), JoinError>) {
        let id = match settled {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.firsts.remove(&id);
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Flush { deadline, done } => {
                let target = self.queue.state().accepted;
                self.drain_to = self.drain_to.max(target);
                self.flushes.push(Flush {
                    target,
                    deadline,
                    done,
                });
            }
            Command::Shutdown { deadline, done } => {
                self.queue.refuse();
                self.drain_to = u64::MAX;
                self.shutdown = Some((deadline, done));
            }
            Command::Stop => {}
        }
    }

    fn answer_flushes(&mut self) {
        if self.flushes.is_empty() {
            return;
        }
        let queue = self.queue.state();
        let taken = queue.accepted - queue.len as u64;
        let settled = self.firsts.values().copied().min().unwrap_or(taken);
        let now = Instant::now();
        let is_answered = |flush: &mut Flush| {
            // The queue may have dropped some of the spans that it had accepted by then.
            flush.target.min(queue.accepted) <= settled || flush.deadline <= now
        };
        for flush in self.flushes.extract_if(.., is_answered) {
            (flush.done)();
        }
    }

    async fn answer_shutdown(&mut self) {
        let Some((deadline, _)) = &self.shutdown else {
            return;
        };
        let is_drained = self.in_flight.is_empty() && self.queue.state().len == 0;
        if is_drained || *deadline <= Instant::now() {
            self.give_up().await;
        }
    }

    /// Counts what is left as lost, and answers everybody who waits.
    async fn give_up(&mut self) {
        // Dropping a delivery counts its spans.
        self.in_flight.shutdown().await;
        self.firsts.clear();
        self.queue.refuse();
        self.show();
        self.stats
            .add_lost(LossReason::Shutdown, self.queue.clear());
        if let Some(console) = &mut self.sinks.console {
            console.print_all();
        }
        for flush in self.flushes.drain(..) {
            (flush.done)();
        }
        if let Some((_, done)) = self.shutdown.take() {
            done();
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let shutdown = self.shutdown.as_ref().map(|(deadline, _)| *deadline);
        self.flushes
            .iter()
            .map(|flush| flush.deadline)
            .chain(shutdown)
            .min()
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
