//! What is noted of rooms for their players: many seats in a few statements, since each is a trip to the store and back.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::QueryBuilder;

use super::{Connection, Db, queue};
use crate::id::{PlayerId, RoomKey};
use crate::log::accounts::Seating;
use crate::time::Timestamp;

/// Rows in one statement.
const ROWS: usize = 500;

/// Notes who sat down where; who did is no longer in the queue.
pub(super) async fn seat(connection: &mut Connection, seatings: &[Seating]) -> sqlx::Result<()> {
    for some in seatings.chunks(ROWS) {
        // In the order of their ids, so that two nodes that note the same people do not wait for each other.
        let players: BTreeMap<PlayerId, &Seating> = some.iter().map(|one| (one.player_id, one)).collect();
        let latest: Vec<_> = players.iter().map(|(player, one)| (*player, one.at)).collect();
        queue::seated(connection, &latest).await?;
        introduce(connection, &players).await?;
        place(connection, some).await?;
    }
    Ok(())
}

async fn introduce(connection: &mut Connection, players: &BTreeMap<PlayerId, &Seating>) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Db>::new("INSERT INTO players (id, nickname, guest, created_at, seen_at) ");
    query.push_values(players, |mut row, (player, one)| {
        row.push_bind(player.0.as_bytes().to_vec())
            .push_bind(one.nickname.clone())
            .push("1")
            .push_bind(one.at.0)
            .push_bind(one.at.0);
    });
    // An account's name is its own; what somebody is called in a room does not change it. A guest does not come back as one.
    query.push(
        " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at,
              nickname = CASE players.guest WHEN 1 THEN excluded.nickname ELSE players.nickname END",
    );
    query.build().persistent(false).execute(connection).await.map(drop)
}

async fn place(connection: &mut Connection, seatings: &[Seating]) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM rooms WHERE id IN (");
    let rooms: BTreeSet<i64> = seatings.iter().map(|one| one.room.0).collect();
    let mut list = query.separated(", ");
    for room in rooms {
        list.push_bind(room);
    }
    query.push(")");
    // The others were deleted by now.
    let rooms: BTreeSet<i64> =
        query.build_query_scalar().persistent(false).fetch_all(&mut *connection).await?.into_iter().collect();

    // Whoever sat down twice did so the first time.
    let mut places: BTreeMap<(PlayerId, i64), Timestamp> = BTreeMap::new();
    for one in seatings.iter().filter(|one| rooms.contains(&one.room.0)) {
        places.entry((one.player_id, one.room.0)).or_insert(one.at);
    }
    if places.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Db>::new("INSERT INTO seatings (player_id, room_id, seated_at) ");
    query.push_values(places, |mut row, ((player, room), at)| {
        row.push_bind(player.0.as_bytes().to_vec()).push_bind(room).push_bind(at.0);
    });
    query.push(" ON CONFLICT (player_id, room_id) DO NOTHING");
    query.build().persistent(false).execute(connection).await.map(drop)
}

/// Counts a finished game for everybody who sat in its room, once.
pub(super) async fn count(connection: &mut Connection, room: RoomKey, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE players SET games = games + 1 WHERE id IN
             (SELECT player_id FROM seatings WHERE room_id = $1 AND (counted_at IS NULL OR counted_at < $2))",
    )
    .bind(room.0)
    .bind(at.0)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE seatings SET counted_at = $2 WHERE room_id = $1 AND (counted_at IS NULL OR counted_at < $2)")
        .bind(room.0)
        .bind(at.0)
        .execute(connection)
        .await
        .map(drop)
}
