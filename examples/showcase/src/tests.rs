//! What the showcase is there to show.

mod servers;

use std::collections::HashMap;

use expect_test::{Expect, expect};
use opentelemetry::trace::Status;
use throughline::sdk::Report;

use super::*;

const FREE_PORTS: Options = Options {
    port: 0,
    payments_port: 0,
    database_url: None,
    once: true,
    serve: false,
};

/// The spans of each request, by what the request is for.
struct Shown(HashMap<&'static str, Vec<SpanRecord>>);

impl Shown {
    /// Drives every request through services of their own.
    async fn drive() -> Self {
        let (shown, reports) = Self::drive_with(&FREE_PORTS, Telemetry::isolated()).await;
        let delivered: u64 = reports.iter().map(|report| report.delivered).sum();
        assert_eq!(delivered, shown.spans(), "{reports:?}");
        shown
    }

    async fn drive_with(options: &Options, telemetry: Telemetry) -> (Self, [Report; 2]) {
        let services = Services::start(options, &telemetry).await.unwrap();
        let mut shown = HashMap::new();
        let (api, token) = (services.api.url(), &services.client_token);
        drive::run(api, token, &telemetry, |answer| {
            shown.insert(answer.what, answer.spans.clone());
        })
        .await
        .unwrap();
        services.stop().await.unwrap();

        let reports = telemetry.shutdown().await.map(|(_, report)| report);
        (Self(shown), reports)
    }

    fn spans(&self) -> u64 {
        self.0.values().map(|spans| spans.len() as u64).sum()
    }

    #[track_caller]
    fn assert_tree(&self, what: &str, expected: &Expect) {
        let options = TreeOptions::test().attributes([
            "http.response.status_code",
            "error.type",
            "user.id",
            "cache.hit",
            "db.response.returned_rows",
        ]);
        expected.assert_eq(&tree::render(&self.0[what], &options));
    }

    /// Finds the call of another service by its name.
    #[track_caller]
    fn call(&self, what: &str, name: &str) -> &SpanRecord {
        let named = |span: &&SpanRecord| span.name == name && !span.parent_is_remote;
        self.0[what].iter().find(named).unwrap()
    }
}

#[tokio::test]
async fn each_request_is_one_trace_with_one_root() {
    for (what, spans) in Shown::drive().await.0 {
        let roots = spans.iter().filter(|span| span.parent_span_id.is_none());
        assert_eq!(roots.count(), 1, "{what}: {spans:#?}");
        let tree = tree::render(&spans, &TreeOptions::test());
        assert!(!tree.contains("missing"), "{what}: {tree}");
    }
}

#[tokio::test]
async fn without_a_collector_every_tree_is_shown_and_every_span_counted_as_lost() {
    let (shown, reports) = Shown::drive_with(&FREE_PORTS, Telemetry::without_collector()).await;
    assert!(shown.0.values().all(|spans| !spans.is_empty()));
    let lost: u64 = reports.iter().map(Report::lost_total).sum();
    assert_eq!(lost, shown.spans(), "{reports:?}");
    assert!(reports.iter().all(|report| report.delivered == 0));
}

#[tokio::test]
async fn a_failed_payment_says_why_on_the_request() {
    let shown = Shown::drive().await;
    let spans = &shown.0["pay too much"];
    let root = spans.iter().find(|span| span.parent_span_id.is_none());
    let Status::Error { description } = &root.unwrap().status else {
        panic!("{root:?}");
    };
    let why = "the payments service failed: HTTP status server error (502 Bad Gateway)";
    assert!(description.starts_with(why), "{description}");
}

#[tokio::test]
async fn a_login_shows_its_four_steps_and_which_of_them_failed() {
    let shown = Shown::drive().await;
    shown.assert_tree(
        "log in",
        &expect![[r#"
        SERVER POST /api/login [http.response.status_code=200 user.id=5]
          INTERNAL validate_token
          INTERNAL query_user
            CLIENT SELECT users [db.response.returned_rows=1]
          INTERNAL compare_hash
            INTERNAL argon2
          INTERNAL create_session
            CLIENT INSERT sessions
    "#]],
    );
    shown.assert_tree(
        "log in with a wrong password",
        &expect![[r#"
        SERVER POST /api/login [http.response.status_code=401 user.id=5]
          INTERNAL validate_token
          INTERNAL query_user
            CLIENT SELECT users [db.response.returned_rows=1]
          INTERNAL compare_hash ERROR [error.type=showcase::error::Error]
            INTERNAL argon2
    "#]],
    );
}

#[tokio::test]
async fn a_query_for_each_post_is_a_span_for_each_post() {
    let shown = Shown::drive().await;
    shown.assert_tree(
        "list posts, one query each",
        &expect![[r#"
        SERVER GET /api/users/{id}/posts [http.response.status_code=200 user.id=1 cache.hit=false]
          CLIENT SELECT users [db.response.returned_rows=1]
          CLIENT SELECT posts [db.response.returned_rows=6]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT SELECT comments users [db.response.returned_rows=3]
    "#]],
    );
    shown.assert_tree(
        "list posts, one join",
        &expect![[r#"
        SERVER GET /api/users/{id}/posts [http.response.status_code=200 user.id=1 cache.hit=true]
          CLIENT SELECT posts comments users [db.response.returned_rows=18]
    "#]],
    );
}

#[tokio::test]
async fn loads_overlap_only_in_the_parallel_dashboard() {
    let shown = Shown::drive().await;
    let tree = expect![[r#"
        SERVER GET /api/dashboard [http.response.status_code=200]
          CLIENT SELECT comments users [db.response.returned_rows=3]
          CLIENT GET /balance [http.response.status_code=200]
            SERVER GET /balance (remote parent) [http.response.status_code=200]
              INTERNAL settle
          CLIENT GET /disputes [http.response.status_code=200]
            SERVER GET /disputes (remote parent) [http.response.status_code=200]
              INTERNAL list_disputes
    "#]];
    for (what, overlap) in [
        ("load the dashboard in turn", false),
        ("load the dashboard at once", true),
    ] {
        shown.assert_tree(what, &tree);
        let balance = shown.call(what, "GET /balance");
        let disputes = shown.call(what, "GET /disputes");
        assert_eq!(disputes.start < balance.end, overlap, "{what}");
    }
}

#[tokio::test]
async fn a_payment_is_one_tree_over_both_services_and_its_failure_an_error_all_the_way() {
    let shown = Shown::drive().await;
    shown.assert_tree(
        "pay",
        &expect![[r#"
        SERVER POST /api/payments [http.response.status_code=201 user.id=1 cache.hit=true]
          CLIENT POST /charges [http.response.status_code=201]
            SERVER POST /charges (remote parent) [http.response.status_code=201]
              INTERNAL authorize
              INTERNAL book
    "#]],
    );
    shown.assert_tree("pay too much", &expect![[r#"
        SERVER POST /api/payments ERROR [http.response.status_code=502 error.type="502" user.id=1 cache.hit=true]
          CLIENT POST /charges ERROR [http.response.status_code=502 error.type="502"]
            SERVER POST /charges ERROR (remote parent) [http.response.status_code=502 error.type="502"]
              INTERNAL authorize ERROR [error.type=Declined]
    "#]]);
}

#[tokio::test]
async fn a_stream_is_read_inside_of_its_request() {
    let shown = Shown::drive().await;
    shown.assert_tree(
        "export as a stream",
        &expect![[r#"
        SERVER GET /api/export [http.response.status_code=200]
          CLIENT SELECT comments posts users [db.response.returned_rows=72]
    "#]],
    );
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let taken = service::bind(0, "--port").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = Options { port, ..FREE_PORTS };
    let telemetry = Telemetry::isolated();
    let error = Services::start(&options, &telemetry).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("port {port} is taken; pass another with --port")
    );
}
