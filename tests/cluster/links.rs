//! Redis as it is found in the world: with a password, over TLS, as a cluster, and away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, Player};
use crate::nodes::{Cluster, Node};
use crate::redis::Redis;
use crate::session::Session;
use crate::{started, turn};

fn readiness(node: &Node) -> (bool, Value) {
    let answer = node.get("/readyz");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (answer.starts_with("HTTP/1.1 200"), serde_json::from_str(body).unwrap())
}

/// Waits until the node says of itself that it is `status`, and goes on taking requests.
fn becomes(node: &Node, status: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    let checks = json!([{ "name": "store", "ok": true }, { "name": "redis", "ok": status == "ready" }]);
    let wanted = (true, json!({ "status": status, "checks": checks }));
    loop {
        let found = readiness(node);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < until, "{found:?} should become {wanted:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Two nodes hear of each other at once, also of what is in no log, and pass requests on.
async fn are_one(nodes: &[Node; 2]) {
    let (_, mut clients) = started(&nodes[0], &nodes[1]).await;
    turn(&mut clients, 0).await;
    let [host, guest] = &mut clients;
    host.ok("typing", json!({ "typing": true })).await;
    assert_eq!(guest.wait_for("player_typing").await["nickname"], "Ada");
    let session = Session::connect(nodes[0].port, json!({})).await.unwrap();
    assert_eq!(session.upgrade(nodes[1].port).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_speak_tls_with_a_certificate_that_the_system_trusts() {
    let redis = tokio::task::block_in_place(Redis::with_tls);
    let mut cluster = Cluster::on(redis, &[]).await;
    cluster.environment = vec![("SSL_CERT_FILE", cluster.redis.authority(true))];
    let nodes = tokio::task::block_in_place(|| [cluster.node(), cluster.node()]);
    are_one(&nodes).await;
    tokio::task::block_in_place(|| becomes(&nodes[0], "ready"));
    // Another authority's certificate is not trusted, and the node goes on as if Redis were away.
    cluster.environment = vec![("SSL_CERT_FILE", cluster.redis.authority(false))];
    let alone = tokio::task::block_in_place(|| cluster.node_at(&cluster.redis.url()));
    tokio::task::block_in_place(|| becomes(&alone, "degraded"));
    let mut client = Client::connect(alone.port, json!({})).await;
    client.ok("create_room", json!({})).await;
    assert!(!alone.get("/metrics").contains("parlor_cluster_linked 1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_tells_of_redis_and_a_node_goes_on_without_it() {
    let cluster = Cluster::new(&[]).await;
    let nodes = tokio::task::block_in_place(|| [cluster.node(), cluster.node()]);
    tokio::task::block_in_place(|| becomes(&nodes[0], "ready"));
    let session = Session::connect(nodes[0].port, json!({})).await.unwrap();
    tokio::task::block_in_place(|| {
        cluster.redis.kill();
        nodes.iter().for_each(|node| node.linked(false));
        becomes(&nodes[0], "degraded");
    });
    // Where a node is stands in the store, too: requests find their way without Redis, also to nodes that nobody has asked for yet.
    assert_eq!(session.upgrade(nodes[1].port).await["ok"], true);
    let wrong = cluster.redis.url().replace("s3cret", "wr0ng");
    tokio::task::block_in_place(|| {
        cluster.redis.run();
        becomes(&cluster.node_at(&wrong), "degraded");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_may_be_a_cluster_and_lose_the_node_that_is_used() {
    let redis = tokio::task::block_in_place(Redis::cluster);
    let urls: Vec<String> = redis.iter().map(Redis::url).collect();
    let cluster = Cluster::new(&[]).await;
    let nodes = tokio::task::block_in_place(|| {
        // Each uses another node of the cluster at first.
        let nodes = [[0, 1, 2], [1, 2, 0]].map(|order| cluster.node_at(&order.map(|n| urls[n].clone()).join(",")));
        nodes.iter().for_each(|node| node.linked(true));
        nodes
    });
    are_one(&nodes).await;
    tokio::task::block_in_place(|| {
        redis[0].kill();
        nodes[0].linked(false);
        nodes[0].linked(true);
    });
    are_one(&nodes).await;
    tokio::task::block_in_place(|| becomes(&nodes[0], "ready"));
}
