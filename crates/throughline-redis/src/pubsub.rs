//! Subscribing and unsubscribing.

use redis::{
    RedisResult, ToRedisArgs,
    aio::{MultiplexedConnection, PubSub},
};
use throughline_core::context::Attached;

use crate::{Traced, call::Call, command::Label, operation::Running};

macro_rules! subscriptions {
    ($(#[$meta:meta])* $connection:ty { $($label:ident $method:ident $what:literal;)+ }) => {
        $(#[$meta])*
        impl Traced<$connection> {
            $(
                #[doc = concat!($what, ".")]
                ///
                /// The span ends when the server has confirmed it. Messages are no part of it,
                /// and the names of channels are not recorded.
                pub async fn $method(&mut self, names: impl ToRedisArgs) -> RedisResult<()> {
                    let (source, database) = (self.source.clone(), self.database.clone());
                    let call = Call::step(Label::$label);
                    let mut running = Running::start(call, &source, &database);
                    let work = self.untraced().$method(names);
                    let answer = Attached::new(work, running.context()).await;
                    running.done(&answer);
                    answer
                }
            )+
        }
    };
    ($($(#[$meta:meta])* $connection:ty;)+) => {
        $(subscriptions! {
            $(#[$meta])* $connection {
                SUBSCRIBE subscribe "Subscribes to channels";
                UNSUBSCRIBE unsubscribe "Unsubscribes from channels";
                PSUBSCRIBE psubscribe "Subscribes to patterns of channels";
                PUNSUBSCRIBE punsubscribe "Unsubscribes from patterns of channels";
            }
        })+
    };
}

subscriptions! {
    MultiplexedConnection;
    PubSub;
    #[cfg(feature = "connection-manager")]
    redis::aio::ConnectionManager;
    #[cfg(feature = "cluster-async")]
    redis::cluster_async::ClusterConnection;
}
