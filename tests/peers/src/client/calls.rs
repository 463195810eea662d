//! The calls that every client makes.

use tokio::runtime::Runtime;

use crate::{loopback::Loopback, stock::Delivery, subject::Run};

/// Makes calls one after the other, each on the connection of the one before it.
pub(super) fn call<C>(client: C, delivery: impl Delivery + 'static) -> anyhow::Result<Box<dyn Run>>
where
    C: AsyncFn(&str) -> usize + 'static,
{
    Ok(Box::new(Calls {
        server: Loopback::start()?,
        client,
        delivery: Box::new(delivery),
        requests: 0,
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
    }))
}

struct Calls<C> {
    server: Loopback,
    client: C,
    delivery: Box<dyn Delivery>,
    requests: usize,
    runtime: Runtime,
}

impl<C> Run for Calls<C>
where
    C: AsyncFn(&str) -> usize,
{
    fn prepare(&mut self, requests: usize) {
        self.requests = requests;
    }

    fn run(&mut self) {
        let url = self.server.url("/users/42");
        self.runtime.block_on(async {
            for _ in 0..self.requests {
                assert_ne!((self.client)(&url).await, 0);
            }
        });
    }

    fn flush(&mut self) {
        self.delivery.flush();
    }

    fn delivered(&self) -> u64 {
        self.delivery.delivered()
    }
}
