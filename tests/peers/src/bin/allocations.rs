//! Prints how many heap allocations each request of a subject makes on the thread that serves
//! it. A program of its own, because counting slows every allocation down.

use peers::{Caller, find, serve_loopback};

const WARM_UP: usize = 200;
const REQUESTS: usize = 500;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["loopback"] => serve_loopback(),
        [subject, caller] => {
            let mut run = (find(subject)?.make)(Caller::parse(caller)?)?;
            run.prepare(WARM_UP);
            run.run();
            run.flush();
            run.prepare(REQUESTS);
            let counted = allocation_counter::measure(|| run.run());
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let each = counted.count_total as f64 / REQUESTS as f64;
            println!("{each}");
            Ok(())
        }
        _ => anyhow::bail!("usage: allocations SUBJECT CALLER"),
    }
}
