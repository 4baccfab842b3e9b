//! The SQL of one batch, as one statement.
//!
//! A statement is a transaction of its own, so a batch is one trip to the server and back. Its text is always the same, whatever the
//! batch holds, because each column goes there as one array: the server plans it once per connection.

use sqlx::Arguments;
use sqlx::postgres::PgArguments;

use crate::log::store::Batch;

/// Writes a batch: all of it or nothing. `fenced` finds nothing unless another epoch stands there, and then breaks the constraint that
/// `fence` is NULL.
pub const WRITE: &str = "
WITH fenced AS (
    UPDATE room_owners SET fence = 1 FROM unnest($27::bigint[], $28::bigint[]) AS owned (room_id, epoch)
    WHERE room_owners.room_id = owned.room_id AND room_owners.epoch <> owned.epoch
), made AS (
    INSERT INTO rooms (id, code, game, visibility, created_by, created_at, command_id, status, wake_at, ended_at, listing)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[], $7::text[],
                         $8::text[], $9::bigint[], $10::bigint[], $11::text[])
), changed AS (
    UPDATE rooms SET status = new.status, wake_at = new.wake_at, ended_at = new.ended_at, listing = new.listing
    FROM unnest($12::bigint[], $13::text[], $14::bigint[], $15::bigint[], $16::text[]) AS new (id, status, wake_at, ended_at, listing)
    WHERE rooms.id = new.id
), appended AS (
    INSERT INTO events (room_id, seq, at, body, player_id, command_id)
    SELECT * FROM unnest($17::bigint[], $18::bigint[], $19::bigint[], $20::text[], $21::bytea[], $22::text[])
), come AS (
    INSERT INTO presence (room_id, player_id) SELECT * FROM unnest($23::bigint[], $24::bytea[]) ON CONFLICT DO NOTHING
)
DELETE FROM presence USING unnest($25::bigint[], $26::bytea[]) AS gone (room_id, player_id)
WHERE presence.room_id = gone.room_id AND presence.player_id = gone.player_id";

/// Whether a batch stands in the tables as it was handed over: how many of its rooms and of its events do.
pub const WRITTEN: &str = "
SELECT (SELECT count(*) FROM rooms JOIN unnest($1::bigint[], $2::text[]) AS new (id, code) USING (id, code)),
       (SELECT count(*) FROM events
        JOIN unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[], $8::text[])
            AS new (room_id, seq, at, body, player_id, command_id)
        ON events.room_id = new.room_id AND events.seq = new.seq AND events.at = new.at AND events.body = new.body
            AND events.player_id IS NOT DISTINCT FROM new.player_id AND events.command_id IS NOT DISTINCT FROM new.command_id)";

type Encoded = Result<PgArguments, sqlx::error::BoxDynError>;

/// One column of many rows.
fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// The values for [`WRITE`].
///
/// # Errors
/// When a value cannot be encoded; these all can.
pub fn write(batch: &Batch<'_>) -> Encoded {
    let mut values = PgArguments::default();
    let rooms = &batch.rooms;
    values.add(column(rooms, |(key, _)| key.0))?;
    values.add(column(rooms, |(_, room)| room.code.as_str()))?;
    values.add(column(rooms, |(_, room)| room.game.as_str()))?;
    values.add(column(rooms, |(_, room)| <&str>::from(room.visibility)))?;
    values.add(column(rooms, |(_, room)| room.created_by.0.as_bytes().as_slice()))?;
    values.add(column(rooms, |(_, room)| room.created_at.0))?;
    values.add(column(rooms, |(_, room)| room.command_id.as_deref()))?;
    values.add(column(rooms, |(_, room)| room.head.status.as_str()))?;
    values.add(column(rooms, |(_, room)| room.head.wake_at.map(|at| at.0)))?;
    values.add(column(rooms, |(_, room)| room.head.ended_at.map(|at| at.0)))?;
    values.add(column(rooms, |(_, room)| room.head.listing.as_str()))?;
    let heads = &batch.heads;
    values.add(column(heads, |(key, _)| key.0))?;
    values.add(column(heads, |(_, head)| head.status.as_str()))?;
    values.add(column(heads, |(_, head)| head.wake_at.map(|at| at.0)))?;
    values.add(column(heads, |(_, head)| head.ended_at.map(|at| at.0)))?;
    values.add(column(heads, |(_, head)| head.listing.as_str()))?;
    rows(&mut values, batch)?;
    for players in [&batch.here, &batch.gone] {
        values.add(column(players, |(key, _)| key.0))?;
        values.add(column(players, |(_, player)| player.0.as_bytes().as_slice()))?;
    }
    let epochs = &batch.epochs;
    values.add(column(epochs, |(key, _)| key.0))?;
    values.add(column(epochs, |(_, epoch)| epoch.0))?;
    Ok(values)
}

/// The values for [`WRITTEN`].
///
/// # Errors
/// As [`write`].
pub fn written(batch: &Batch<'_>) -> Encoded {
    let mut values = PgArguments::default();
    values.add(column(&batch.rooms, |(key, _)| key.0))?;
    values.add(column(&batch.rooms, |(_, room)| room.code.as_str()))?;
    rows(&mut values, batch)?;
    Ok(values)
}

fn rows(values: &mut PgArguments, batch: &Batch<'_>) -> Result<(), sqlx::error::BoxDynError> {
    let rows = &batch.rows;
    values.add(column(rows, |(key, _)| key.0))?;
    values.add(column(rows, |(_, row)| i64::from(row.seq.0)))?;
    values.add(column(rows, |(_, row)| row.at.0))?;
    values.add(column(rows, |(_, row)| row.body.as_str()))?;
    values.add(column(rows, |(_, row)| row.command.as_ref().map(|command| command.player.0.as_bytes().as_slice())))?;
    values.add(column(rows, |(_, row)| row.command.as_ref().map(|command| command.id.as_str())))
}
