//! The export thread and the ways to talk to it.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use opentelemetry::Context;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::Resource;
use throughline_core::record::SpanSink;
use tokio::{
    runtime,
    sync::{mpsc, watch},
};

use super::{
    Destination, Queue, Stats,
    console::Console,
    delivery::{Delivery, MetricSender},
    worker::{Command, Done, Sinks, Worker},
};
use crate::{
    error::InitError,
    report::{LossReason, Report},
};

/// How much later than its deadline the thread may answer.
const GRACE: Duration = Duration::from_millis(250);

/// A longer wait is the same as for ever, and cannot be added to the time of day.
pub(crate) const LONGEST: Duration = Duration::from_hours(24 * 365);

/// What the thread is to do.
pub(crate) struct Plan {
    pub(crate) spans: Option<Destination>,
    pub(crate) metrics: Option<Destination>,
    /// Where traces are printed as trees.
    pub(crate) console: Option<Box<dyn Write + Send>>,
    /// Who else sees finished spans.
    pub(crate) span_sinks: Vec<Arc<dyn SpanSink>>,
    pub(crate) resource: Resource,
    pub(crate) max_queue_size: usize,
    pub(crate) max_batch_size: usize,
    pub(crate) schedule_delay: Duration,
    pub(crate) export_timeout: Duration,
}

impl Plan {
    /// Says whether anybody in the process sees spans.
    fn is_watched(&self) -> bool {
        self.console.is_some() || !self.span_sinks.is_empty()
    }
}

/// The export thread, as other threads see it.
#[derive(Debug)]
pub(crate) struct ExportThread {
    queue: Arc<Queue>,
    stats: Arc<Stats>,
    commands: mpsc::UnboundedSender<Command>,
    stopping: watch::Sender<bool>,
    is_down: Arc<AtomicBool>,
}

impl ExportThread {
    /// Starts the thread and waits until its clients are built.
    pub(crate) fn start(plan: Plan) -> Result<(Arc<Self>, Option<MetricSender>), InitError> {
        let queue = Queue::new(plan.max_queue_size, plan.max_batch_size);
        let queue = Arc::new(queue.watched(plan.is_watched()));
        let stats = Arc::new(Stats::default());
        let (command_sender, commands) = mpsc::unbounded_channel();
        let (stopping_sender, stopping) = watch::channel(false);
        let is_down = Arc::new(AtomicBool::new(false));
        let this = Self {
            queue: Arc::clone(&queue),
            stats: Arc::clone(&stats),
            commands: command_sender,
            stopping: stopping_sender,
            is_down: Arc::clone(&is_down),
        };

        let (started, starting) = sync_channel(1);
        let body = move || {
            // For everything that runs on this thread: exporting a span makes no span.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = started.send(Err(InitError::thread(error)));
                    return;
                }
            };
            let built = {
                let _entered = runtime.enter();
                build(plan, &queue, &stats, commands, &stopping, runtime.handle())
            };
            match built {
                Ok((worker, metrics)) => {
                    let _ = started.send(Ok(metrics));
                    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(worker.run())));
                    is_down.store(true, Ordering::Release);
                    queue.refuse();
                    let reason = if ended.is_ok() {
                        LossReason::Shutdown
                    } else {
                        LossReason::Internal
                    };
                    stats.add_lost(reason, queue.clear());
                }
                Err(why) => {
                    let _ = started.send(Err(InitError::client(why)));
                }
            }
            // Does not wait for a name look-up that hangs.
            runtime.shutdown_background();
        };
        thread::Builder::new()
            .name("throughline-export".to_owned())
            .spawn(body)
            .map_err(InitError::thread)?;
        let metrics = starting
            .recv()
            .map_err(|_| InitError::client("the export thread ended while it started"))??;
        Ok((Arc::new(this), metrics))
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether the thread has ended. Nothing is exported then.
    pub(crate) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    pub(crate) fn last_loss_age(&self) -> Option<Duration> {
        self.stats
            .last_loss()
            .max(self.queue.state().last_drop)
            .map(|at| at.elapsed())
    }

    pub(crate) fn report(&self) -> Report {
        let mut lost = self.stats.lost();
        let delivered = self.stats.delivered();
        // Read last: what is settled was accepted before.
        let queue = self.queue.state();
        let settled = delivered + lost.values().sum::<u64>();
        for (reason, spans) in [
            (LossReason::QueueFull, queue.full),
            (LossReason::Shutdown, queue.late),
        ] {
            if spans > 0 {
                *lost.entry(reason).or_default() += spans;
            }
        }
        Report {
            delivered,
            lost,
            pending: queue.accepted.saturating_sub(settled),
        }
    }

    /// Delivers what was queued before, for at most `timeout`, blocking this thread.
    pub(crate) fn flush_blocking(&self, timeout: Duration) -> Report {
        self.ask_and_wait(timeout, |deadline, done| Command::Flush { deadline, done });
        self.report()
    }

    /// Tells the thread that a shutdown is near: it waits less between attempts.
    pub(crate) fn hurry(&self) {
        self.stopping.send_replace(true);
    }

    /// Delivers what is there for at most `timeout`, and counts the rest as lost.
    ///
    /// The thread stays for the metrics, until [`stop`](Self::stop).
    pub(crate) fn shutdown_blocking(&self, timeout: Duration) -> Report {
        self.hurry();
        self.ask_and_wait(timeout, |deadline, done| Command::Shutdown {
            deadline,
            done,
        });
        self.report()
    }

    pub(crate) fn stop(&self) {
        self.ask(|| Command::Stop);
    }

    fn ask_and_wait(&self, timeout: Duration, command: impl FnOnce(Instant, Done) -> Command) {
        let (sender, receiver) = sync_channel(1);
        let done: Done = Box::new(move || {
            let _ = sender.send(());
        });
        let timeout = timeout.min(LONGEST);
        let deadline = Instant::now() + timeout;
        self.ask(|| command(deadline, done));
        // Answered, ended, or stuck: in each case there is nothing more to wait for.
        let _ = receiver.recv_timeout(timeout + GRACE);
    }

    fn ask(&self, command: impl FnOnce() -> Command) {
        // An ended thread has dropped the receiver, and the command with its callback is
        // dropped here: whoever waits is woken by that.
        drop(self.commands.send(command()));
    }
}

/// Runs inside the thread's runtime, where the clients belong.
fn build(
    plan: Plan,
    queue: &Arc<Queue>,
    stats: &Arc<Stats>,
    commands: mpsc::UnboundedReceiver<Command>,
    stopping: &watch::Receiver<bool>,
    runtime: &runtime::Handle,
) -> Result<(Worker, Option<MetricSender>), String> {
    let delivery = |destination: Option<Destination>| {
        destination
            .map(|destination| {
                Delivery::new(
                    destination,
                    Arc::clone(stats),
                    plan.export_timeout,
                    stopping.clone(),
                )
            })
            .transpose()
            .map(|delivery| delivery.map(Arc::new))
    };
    let metrics =
        delivery(plan.metrics)?.map(|delivery| MetricSender::new(runtime.clone(), delivery));
    let sinks = Sinks {
        delivery: delivery(plan.spans)?,
        console: plan.console.map(Console::new),
        others: plan.span_sinks,
        resource: Arc::new(ResourceAttributesWithSchema::from(&plan.resource)),
    };
    let worker = Worker::new(
        Arc::clone(queue),
        Arc::clone(stats),
        commands,
        sinks,
        plan.schedule_delay,
    );
    Ok((worker, metrics))
}
