//! The SQL of one batch, as one text.
//!
//! Every call into the driver is a trip to another thread and back, so a whole transaction goes there at once. The texts depend
//! only on how many rows each table gets, rounded up to a power of two and filled with NULLs that match nothing; so there are few,
//! and SQLite prepares each once.

use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;

use crate::id::RoomKey;
use crate::log::Row;
use crate::log::store::Batch;

/// Most rows in one statement: what a full transaction of ordinary moves has. SQLite's limits (32,766 parameters) are far away.
const MOST: usize = 256;

/// Rooms that are changed one by one. More go into a temporary table first, which has to be made and thrown away.
const FEW: usize = 8;

/// How many rows each statement has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    rooms: usize,
    heads: usize,
    rows: usize,
    endings: usize,
    here: usize,
    gone: usize,
    epochs: usize,
}

impl Shape {
    pub fn of(batch: &Batch<'_>) -> Self {
        Self {
            rooms: room_for(batch.rooms.len()),
            heads: room_for(batch.heads.len()),
            rows: room_for(batch.rows.len()),
            endings: room_for(endings(batch).count()),
            here: room_for(batch.here.len()),
            gone: room_for(batch.gone.len()),
            epochs: room_for(batch.epochs.len()),
        }
    }

    /// The transaction, from `BEGIN` to `COMMIT`.
    ///
    /// Parameters have no names: SQLite looks named ones up in a list, for each value again. `OR ROLLBACK`, because otherwise it keeps a copy
    /// of each page that a statement changes, in case only that statement has to be undone.
    pub fn text(self) -> String {
        let mut text = String::from("BEGIN IMMEDIATE;");
        for _ in 0..self.epochs {
            // Finds nothing to write unless another epoch stands there, and then breaks the constraint that fence is NULL.
            text.push_str("UPDATE room_owners SET fence = 1 WHERE room_id = ? AND epoch <> ?;");
        }
        each_statement(self.rooms, |rows| {
            text.push_str(
                "INSERT OR ROLLBACK INTO rooms (id, code, game, visibility, created_by, created_at, command_id, status, wake_at, ended_at, listing) \
                 SELECT * FROM (VALUES ",
            );
            values(&mut text, rows, "(?,?,?,?,?,?,?,?,?,?,?)");
            text.push_str(") AS new WHERE column1 IS NOT NULL;");
        });
        let (few, many) = if self.heads <= FEW { (self.heads, 0) } else { (0, self.heads) };
        text.push_str(&"UPDATE OR ROLLBACK rooms SET status = ?, wake_at = ?, ended_at = ?, listing = ? WHERE id = ?;".repeat(few));
        each_statement(many, |rows| {
            text.push_str(
                "UPDATE OR ROLLBACK rooms SET status = new.column1, wake_at = new.column2, ended_at = new.column3, listing = new.column4 FROM (VALUES ",
            );
            values(&mut text, rows, "(?,?,?,?,?)");
            text.push_str(") AS new WHERE rooms.id = new.column5;");
        });
        each_statement(self.rows, |rows| {
            text.push_str("INSERT OR ROLLBACK INTO events (room_id, seq, at, body, player_id, command_id) SELECT * FROM (VALUES ");
            values(&mut text, rows, "(?,?,?,?,?,?)");
            text.push_str(") AS new WHERE column1 IS NOT NULL;");
        });
        each_statement(self.endings, |rows| {
            text.push_str("INSERT OR ROLLBACK INTO endings (room_id, seq) SELECT * FROM (VALUES ");
            values(&mut text, rows, "(?,?)");
            text.push_str(") AS new WHERE column1 IS NOT NULL;");
        });
        each_statement(self.here, |rows| {
            text.push_str("INSERT OR ROLLBACK INTO presence (room_id, player_id) SELECT * FROM (VALUES ");
            values(&mut text, rows, "(?,?)");
            text.push_str(") AS new WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING;");
        });
        for _ in 0..self.gone {
            // One by one: SQLite reads the whole table for a list of pairs.
            text.push_str("DELETE FROM presence WHERE room_id = ? AND player_id = ?;");
        }
        text.push_str("COMMIT");
        text
    }

    /// The values for [`Shape::text`], in its order.
    ///
    /// # Errors
    /// When a value cannot be encoded; these all can.
    pub fn arguments(self, batch: &Batch<'_>) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
        let mut values = Values(SqliteArguments::default());
        values.0.reserve(
            self.rooms * 11 + self.heads * 5 + self.rows * 6 + (self.endings + self.here + self.gone + self.epochs) * 2,
            0,
        );
        for (key, epoch) in &batch.epochs {
            values.add(key.0)?;
            values.add(epoch.0)?;
        }
        values.fill(2 * (self.epochs - batch.epochs.len()))?;
        for (key, room) in &batch.rooms {
            values.add(key.0)?;
            values.add(room.code.as_str())?;
            values.add(room.game.as_str())?;
            values.add(<&str>::from(room.visibility))?;
            values.add(room.created_by.0.as_bytes().as_slice())?;
            values.add(room.created_at.0)?;
            values.add(room.command_id.as_deref())?;
            values.add(room.head.status.as_str())?;
            values.add(room.head.wake_at.map(|at| at.0))?;
            values.add(room.head.ended_at.map(|at| at.0))?;
            values.add(room.head.listing.as_str())?;
        }
        values.fill(11 * (self.rooms - batch.rooms.len()))?;
        for (key, head) in &batch.heads {
            values.add(head.status.as_str())?;
            values.add(head.wake_at.map(|at| at.0))?;
            values.add(head.ended_at.map(|at| at.0))?;
            values.add(head.listing.as_str())?;
            values.add(key.0)?;
        }
        values.fill(5 * (self.heads - batch.heads.len()))?;
        for (key, row) in &batch.rows {
            values.add(key.0)?;
            values.add(i64::from(row.seq.0))?;
            values.add(row.at.0)?;
            values.add(row.body.as_str())?;
            values.add(row.command.as_ref().map(|command| command.player.0.as_bytes().as_slice()))?;
            values.add(row.command.as_ref().map(|command| command.id.as_str()))?;
        }
        values.fill(6 * (self.rows - batch.rows.len()))?;
        let mut empty = self.endings;
        for (key, row) in endings(batch) {
            values.add(key.0)?;
            values.add(i64::from(row.seq.0))?;
            empty -= 1;
        }
        values.fill(2 * empty)?;
        for (room_for, players) in [(self.here, &batch.here), (self.gone, &batch.gone)] {
            for (key, player) in players {
                values.add(key.0)?;
                values.add(player.0.as_bytes().as_slice())?;
            }
            values.fill(2 * (room_for - players.len()))?;
        }
        Ok(values.0)
    }
}

/// The events that end a game, which are to be entered in the book. Postgres has a trigger for them.
fn endings<'b>(batch: &'b Batch<'_>) -> impl Iterator<Item = &'b (RoomKey, &'b Row)> {
    // As src/room/fact.rs writes an ending and nothing else.
    batch.rows.iter().filter(|(_, row)| row.body.starts_with(r#"{"ended":"#))
}

struct Values(SqliteArguments);

impl Values {
    fn add<'v, T>(&mut self, value: T) -> Result<(), sqlx::error::BoxDynError>
    where
        T: sqlx::Encode<'v, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.0.add(value)
    }

    fn fill(&mut self, nulls: usize) -> Result<(), sqlx::error::BoxDynError> {
        (0..nulls).try_for_each(|_| self.add(None::<i64>))
    }
}

/// `rows` rounded up: to a power of two, beyond [`MOST`] to its multiple.
fn room_for(rows: usize) -> usize {
    match rows {
        0 => 0,
        1..=MOST => rows.next_power_of_two(),
        _ => rows.next_multiple_of(MOST),
    }
}

fn each_statement(rows: usize, mut add: impl FnMut(usize)) {
    for done in (0..rows).step_by(MOST) {
        add(MOST.min(rows - done));
    }
}

fn values(text: &mut String, rows: usize, row: &str) {
    for at in 0..rows {
        if at > 0 {
            text.push(',');
        }
        text.push_str(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_in_powers_of_two_and_then_in_full_statements() {
        let all: Vec<usize> = [0, 1, 2, 3, 5, 64, 65, 255, 256, 257, 512, 513].map(room_for).into();
        assert_eq!(all, [0, 1, 2, 4, 8, 64, 128, 256, 256, 512, 512, 768]);
    }

    #[test]
    fn a_text_asks_for_as_many_values_as_it_is_given() {
        let batch = Batch {
            gone: vec![(crate::id::RoomKey(1), crate::id::PlayerId::random()); 3],
            epochs: vec![(crate::id::RoomKey(1), crate::log::owners::Epoch(1))],
            ..Batch::default()
        };
        let shape = Shape { rows: 512, rooms: 0, heads: 0, here: 0, ..Shape::of(&batch) };
        let asked = shape.text().matches('?').count();
        assert_eq!(asked, 512 * 6 + 4 * 2 + 2);
        assert_eq!(Arguments::len(&shape.arguments(&batch).unwrap()), asked);
    }
}
