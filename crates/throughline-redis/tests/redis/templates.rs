//! Key templates on spans.

use redis::AsyncTypedCommands as _;
use throughline_testing::Collector;

use crate::{exported, plain, traced, tracing};

fn last_template(collector: &Collector) -> String {
    let spans = collector.spans();
    let template = spans
        .last()
        .unwrap()
        .attribute("throughline.redis.key_template");
    template.unwrap().to_string()
}

#[tokio::test]
async fn a_name_in_a_key_never_shows_however_often_it_is_used() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    for _ in 0..20 {
        conn.get("user:alice").await.unwrap();
    }
    for name in [
        "bob", "carol", "dave", "eve", "mallory", "trent", "peggy", "victor",
    ] {
        conn.get(format!("user:{name}")).await.unwrap();
        conn.get(format!("user:{name}:profile")).await.unwrap();
    }

    assert_eq!(last_template(&collector), "user:{}:profile");
    for name in ["alice", "bob", "victor"] {
        assert!(!exported(&collector).contains(name), "{name}");
    }
}

#[tokio::test]
async fn an_unknown_word_shows_once_it_has_proven_to_be_a_name() {
    let collector = Collector::new();
    let mut conn = traced(&collector).await;

    conn.get("frobnication:0:profile").await.unwrap();
    assert_eq!(last_template(&collector), "{}:{}:profile");
    for id in 1..8 {
        conn.get(format!("frobnication:{id}:profile"))
            .await
            .unwrap();
    }
    assert_eq!(last_template(&collector), "frobnication:{}:profile");
}

#[tokio::test]
async fn a_word_that_was_named_shows_at_once() {
    let collector = Collector::new();
    let mut conn = tracing(&collector)
        .with_key_words(["besteckkasten", "userProfile"])
        .wrap(plain().await);

    conn.get("besteckkasten:17:userProfile").await.unwrap();
    assert_eq!(last_template(&collector), "besteckkasten:{}:userProfile");
}
