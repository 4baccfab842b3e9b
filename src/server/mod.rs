//! The server: accepts connections until it is told to stop, and then lets everybody go in order. `front`: whose a request is; `corked`: how
//! what goes out is kept together; `figures`: what there is, for who watches it.

mod corked;
mod figures;
mod first_ping;
mod front;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use socketioxide::SocketIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::cluster::Hearers;
use crate::cluster::relay::Relayed;
use crate::rating::scorekeeper;
use crate::room::{deadlines, ticker};
use crate::socket;
use crate::socket::lane::RECONNECT_AFTER;
use crate::web::{metrics, router};
use corked::Corked;
use front::{Front, Sockets};

/// How long a client may take for the head of a request; a half-open connection is closed then.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What was sent and is not acknowledged by the other side's system for this long means that the connection is dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// Connections that wait to be accepted: after a restart everybody comes back at once. The system may allow fewer.
const BACKLOG: u32 = 4096;
/// How often rooms that nobody needs are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How long closing all sockets may take: one that does not read would hold it up for ever.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// Takes connections at `address` from now on; [`run`] answers them.
///
/// Every connection begins with the listener's options, which is two calls fewer for each. So they are set before anybody can connect:
/// whoever comes while the server still starts would be without them for good.
///
/// # Errors
/// When the address is not ours, or taken.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that is started again finds connections of its predecessor waiting for their end.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Events follow each other: the second is not to wait until the first is acknowledged, which takes 40 ms.
    socket.set_nodelay(true)?;
    // Without it the system goes on sending to a dead phone for a quarter of an hour.
    #[cfg(target_os = "linux")]
    SockRef::from(&socket).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` is ready, then drains.
///
/// # Errors
/// When the metrics cannot be set up.
pub async fn run(app: Arc<App>, listener: TcpListener, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let (door, io, expiries) = socket::service(&app);
    let prometheus = metrics::install()?;
    let sockets = match &app.cluster {
        Some(cluster) => Sockets::Relayed(Relayed::new(door, Arc::clone(&cluster.relay))),
        None => Sockets::Here(door),
    };
    let front = Arc::new(Front::new(sockets, Arc::clone(&app.origins), router::router(&app, prometheus.clone())));
    let mut background = vec![
        tokio::spawn(deadlines::run(Arc::clone(&app.rooms), app.clock.clone())),
        tokio::spawn(ticker::run(Arc::clone(&app.rooms))),
        tokio::spawn(Arc::clone(&expiries).run(app.clock.clone(), app.config.token_grace, Arc::clone(&app.tokens))),
        tokio::spawn(Arc::clone(&app.notes).run()),
        tokio::spawn(scorekeeper::run(Arc::clone(&app.rooms), Arc::clone(&app.ratings))),
        tokio::spawn(metrics::upkeep(prometheus)),
        tokio::spawn(housekeeping(Arc::clone(&app), io.clone())),
    ];
    if let Some(cluster) = &app.cluster {
        let hung_up = Arc::clone(&expiries);
        let hearers = Hearers {
            rooms: Arc::clone(&app.rooms),
            tokens: Arc::clone(&app.tokens),
            accounts: Arc::clone(&app.desk.store),
            hang_up: Box::new(move |player| hung_up.hang_up_player(player)),
        };
        background.push(tokio::spawn(Arc::clone(cluster).run(hearers)));
    }
    match app.rooms.recover().await {
        Ok(0) => {}
        Ok(rooms) => tracing::info!(rooms, "players of the last run have their grace period again"),
        Err(error) => tracing::warn!(%error, "the store does not say who was here"),
    }
    if let Err(error) = app.queue.recover().await {
        tracing::warn!(%error, "the store does not say who waited for an opponent");
    }
    background.push(tokio::spawn(Arc::clone(&app.queue).run()));
    let connections = Connections::default();
    // A task of its own: `block_on`'s thread would have to hand each connection over to a worker.
    let accepting = tokio::spawn(accept(listener, front, connections.clone()));
    shutdown.await;
    accepting.abort();
    // Whoever comes now is refused, and finds a server that does not drain.
    let _ = accepting.await;
    drain(&app, &io, connections).await;
    background.into_iter().for_each(|task| task.abort());
    app.log.close().await;
    Ok(())
}

async fn accept(listener: TcpListener, front: Arc<Front>, connections: Connections) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connections.serve(stream, peer, Arc::clone(&front)),
            // Out of files, or the client was faster to go: nothing that ends the server.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The connections that speak HTTP. Sockets are not among them: a connection that is upgraded leaves.
#[derive(Clone, Default)]
struct Connections {
    open: TaskTracker,
    stop: CancellationToken,
}

impl Connections {
    fn serve(&self, stream: TcpStream, peer: SocketAddr, front: Arc<Front>) {
        let service = service_fn(move |request| Arc::clone(&front).answer(peer, request));
        let stop = self.stop.clone();
        self.open.spawn(async move {
            // hyper's time limit begins with the first byte of a request.
            if tokio::time::timeout(HEAD_TIMEOUT, stream.readable()).await.is_err() {
                return;
            }
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(Corked::new(stream)), service).with_upgrades());
            let ended = tokio::select! {
                biased;
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, %peer, "a connection ended");
            }
        });
    }

    /// Lets each finish the request that it is at.
    async fn finish(self) {
        self.stop.cancel();
        self.open.close();
        self.open.wait().await;
    }
}

/// Moves in flight are committed, clients are told to come back, and nobody is marked as gone: the next start begins their grace.
async fn drain(app: &Arc<App>, io: &SocketIo, connections: Connections) {
    tracing::info!("draining");
    app.rooms.drain();
    app.queue.drain();
    let notice = serde_json::json!({ "reconnect_after_ms": RECONNECT_AFTER.as_millis() });
    for namespace in io.nsps() {
        let _ = namespace.emit("server_draining", &notice).await;
    }
    // What is in the mailboxes is answered before the sockets close.
    let settled = app.rooms.settled();
    if tokio::time::timeout(app.config.drain, settled).await.is_err() {
        tracing::warn!("some requests were not answered in time");
    }
    if tokio::time::timeout(CLOSE_MAX, io.close()).await.is_err() {
        tracing::debug!("some sockets did not close in time");
    }
    let _ = tokio::time::timeout(CLOSE_MAX, connections.finish()).await;
}

/// Rooms that nobody needs leave memory, and those past their retention leave the store.
async fn housekeeping(app: Arc<App>, io: SocketIo) {
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut cleanup = tokio::time::interval(app.config.cleanup_every);
    loop {
        tokio::select! {
            _ = sweep.tick() => {
                let left = app.rooms.sweep();
                figures::look(&app, &io);
                if left > 0 {
                    tracing::debug!(left, awake = app.rooms.awake(), "rooms left memory");
                }
            }
            _ = cleanup.tick() => {
                match app.rooms.cleanup(app.clock.now() - app.config.retention).await {
                    Ok(0) => {}
                    Ok(deleted) => tracing::info!(deleted, "rooms past their retention were deleted"),
                    Err(error) => tracing::warn!(%error, "rooms past their retention could not be deleted"),
                }
                match app.desk.cleanup().await {
                    Ok(0) => {}
                    Ok(forgotten) => tracing::info!(forgotten, "guests who do not come back were forgotten"),
                    Err(error) => tracing::warn!(%error, "guests who do not come back could not be forgotten"),
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_begin_with_the_options_of_the_listener_however_early_they_come() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let early = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, early.local_addr().unwrap());
        assert!(stream.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(SockRef::from(&stream).tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED));
    }

    #[tokio::test]
    async fn a_taken_address_is_refused_and_a_left_one_can_be_had_at_once() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(listen(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        // Closed by this side first: its address is the one that the system keeps for a minute.
        drop((accepted, listener));
        drop(client);
        listen(address).unwrap();
    }
}
