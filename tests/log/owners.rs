//! Leases on ticking rooms: one owner at a time, and what an older one appends is refused.

use parlor::log::owners::{Epoch, NodeId};
use parlor::log::{Commit, LogError};
use parlor::time::Timestamp;

use crate::support::*;

#[tokio::test]
async fn a_room_has_one_owner_until_its_lease_runs_out_or_it_is_given_back() {
    for place in stores() {
        let log = place.open().await;
        let owners = log.owners().unwrap();
        let room = create(&*log, new_room()).await;
        let (a, b) = (NodeId::random(), NodeId::random());
        let claim = async |node, now, until| owners.claim(room, node, Timestamp(now), Timestamp(until)).await.unwrap();
        assert_eq!(claim(a, 0, 100).await, Some(Epoch(1)));
        assert_eq!(claim(b, 99, 199).await, None, "it is another's");
        assert_eq!(claim(a, 50, 150).await, Some(Epoch(1)), "claimed again it is the same lease");
        assert_eq!(owners.renew(a, Timestamp(300)).await.unwrap(), [room]);
        assert_eq!(owners.renew(b, Timestamp(300)).await.unwrap(), []);
        assert_eq!(claim(b, 299, 400).await, None);
        assert_eq!(owners.orphans(Timestamp(299), 9).await.unwrap().len(), 0);
        assert_eq!(owners.orphans(Timestamp(300), 9).await.unwrap().len(), 1);
        assert_eq!(claim(b, 300, 400).await, Some(Epoch(2)));
        assert_eq!(owners.renew(a, Timestamp(900)).await.unwrap(), [], "what was taken over is not renewed");
        owners.release(room, a).await.unwrap();
        assert_eq!(claim(a, 301, 400).await, None, "who lost it cannot give it back");
        owners.release(room, b).await.unwrap();
        assert_eq!(owners.orphans(Timestamp(9_999), 9).await.unwrap().len(), 0, "given back, nobody has to take it");
        assert_eq!(claim(b, 302, 400).await, Some(Epoch(3)), "also the same node begins a new epoch then");
        owners.release_all(b, Timestamp(303)).await.unwrap();
        assert_eq!(owners.orphans(Timestamp(303), 9).await.unwrap().len(), 1, "a node that stops leaves its rooms to others");
        assert_eq!(claim(a, 303, 400).await, Some(Epoch(4)));
        log.close().await;
    }
}

#[tokio::test]
async fn an_append_of_an_older_epoch_is_refused_and_its_neighbours_are_written() {
    for place in stores() {
        let log = place.open().await;
        let owners = log.owners().unwrap();
        let (room, other) = (create(&*log, new_room()).await, create(&*log, new_room()).await);
        let epoch = |epoch, seq| Commit { epoch: Some(Epoch(epoch)), ..commit(room, [seq]) };
        owners.claim(room, NodeId::random(), Timestamp(0), Timestamp(10)).await.unwrap();
        log.append(epoch(1, 1)).await.unwrap();
        owners.claim(room, NodeId::random(), Timestamp(10), Timestamp(20)).await.unwrap();
        let (old, neighbour) = tokio::join!(log.append(epoch(1, 2)), log.append(commit(other, [1])));
        assert!(matches!(old, Err(LogError::Superseded)), "{old:?}");
        neighbour.unwrap();
        assert_eq!((seqs(&*log, room).await, seqs(&*log, other).await), (vec![1], vec![1]));
        log.append(epoch(2, 2)).await.unwrap();
        log.append(commit(room, [3])).await.unwrap();
        assert!(matches!(log.append(epoch(1, 4)).await, Err(LogError::Superseded)));
        assert_eq!(seqs(&*log, room).await, [1, 2, 3]);
        log.close().await;
    }
}
