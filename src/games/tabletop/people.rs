//! Who sits at the table, who leads it, and who may see what.

use serde::{Deserialize, Serialize};

use super::Tabletop;
use super::refusal::Refusal;
use crate::game::{Seats, Viewer};
use crate::id::{PlayerId, Seat, Seq};
use crate::time::Timestamp;

/// What somebody is at the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Dm,
    CoDm,
    Player,
    Spectator,
}

impl From<Role> for &'static str {
    fn from(role: Role) -> Self {
        match role {
            Role::Dm => "dm",
            Role::CoDm => "co_dm",
            Role::Player => "player",
            Role::Spectator => "spectator",
        }
    }
}

/// Somebody, as they were when something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub player_id: PlayerId,
    pub nickname: String,
    /// Nobody's for spectators.
    pub seat: Option<Seat>,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_name: Option<String>,
}

/// A person in the words of the wire, under all names by which clients know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonShown {
    pub player_id: PlayerId,
    pub user_id: PlayerId,
    pub nickname: String,
    pub player_name: String,
    pub username: String,
    pub seat: Option<Seat>,
    pub player_role: Role,
    pub is_dm: bool,
    pub character_name: Option<String>,
}

impl From<Person> for PersonShown {
    fn from(person: Person) -> Self {
        Self {
            player_id: person.player_id,
            user_id: person.player_id,
            player_name: person.nickname.clone(),
            username: person.nickname.clone(),
            nickname: person.nickname,
            seat: person.seat,
            player_role: person.role,
            is_dm: matches!(person.role, Role::Dm | Role::CoDm),
            character_name: person.character_name,
        }
    }
}

/// Who holds a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitting {
    pub seat: Seat,
    pub player_id: PlayerId,
    pub nickname: String,
    pub here: bool,
    pub joined_at: Timestamp,
    /// Up to which event they have read.
    #[serde(default)]
    pub read: Seq,
    #[serde(default)]
    pub messages: u32,
    #[serde(default)]
    pub rolls: u32,
}

/// Who may see something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    All,
    /// These, and everybody when the session is over.
    Only(Seats),
    /// These, and nobody else when the session is over.
    Private(Seats),
}

impl Audience {
    pub fn admits(self, viewer: Viewer) -> bool {
        match (self, viewer) {
            (Self::All, _) | (Self::Only(_), Viewer::Omniscient) => true,
            (Self::Only(seats) | Self::Private(seats), Viewer::Seat(seat)) => seats.contains(seat),
            (Self::Only(_) | Self::Private(_), Viewer::Spectator | Viewer::Omniscient) => false,
        }
    }
}

/// How a viewer sees what only DMs may see.
#[derive(Clone, Copy, Debug)]
pub struct Eye {
    /// Sees what the DMs see.
    pub dm: bool,
    pub seat: Option<Seat>,
    /// Looks at a session that is over.
    pub after: bool,
}

impl Eye {
    pub fn of(viewer: Viewer, dms: Seats) -> Self {
        match viewer {
            Viewer::Seat(seat) => Self { dm: dms.contains(seat), seat: Some(seat), after: false },
            Viewer::Spectator => Self { dm: false, seat: None, after: false },
            Viewer::Omniscient => Self { dm: true, seat: None, after: true },
        }
    }

    /// Whether it is the eye of `seat`'s player.
    pub fn is(self, seat: Option<Seat>) -> bool {
        self.seat.is_some() && self.seat == seat
    }
}

impl Tabletop {
    pub(super) fn dms(&self) -> Seats {
        self.co_dms.with(self.dm)
    }

    pub(super) fn role_of(&self, seat: Seat) -> Role {
        match seat {
            seat if seat == self.dm => Role::Dm,
            seat if self.co_dms.contains(seat) => Role::CoDm,
            _ => Role::Player,
        }
    }

    pub(super) fn sitting(&self, seat: Seat) -> Option<&Sitting> {
        self.people.iter().find(|sitting| sitting.seat == seat)
    }

    pub(super) fn sitting_mut(&mut self, seat: Seat) -> Option<&mut Sitting> {
        self.people.iter_mut().find(|sitting| sitting.seat == seat)
    }

    pub(super) fn person_of(&self, sitting: &Sitting) -> Person {
        Person {
            player_id: sitting.player_id,
            nickname: sitting.nickname.clone(),
            seat: Some(sitting.seat),
            role: self.role_of(sitting.seat),
            character_name: self.sheets.get(&sitting.seat).and_then(|sheet| sheet.name.clone()),
        }
    }

    /// Who sits in `seat`, while the session runs.
    pub(super) fn person(&self, seat: Seat) -> Result<Person, Refusal> {
        if self.ended.is_some() {
            return Err(Refusal::Over);
        }
        if self.began.is_none() {
            return Err(Refusal::NotBegun);
        }
        self.sitting(seat).map(|sitting| self.person_of(sitting)).ok_or(Refusal::NotAtTable)
    }

    /// Who sits in a seat that somebody names.
    pub(super) fn other(&self, seat: Seat) -> Result<Person, Refusal> {
        self.sitting(seat).map(|sitting| self.person_of(sitting)).ok_or(Refusal::Unknown("seat"))
    }

    pub(super) fn is_dm(&self, seat: Seat) -> bool {
        self.dms().contains(seat)
    }

    /// What only DMs may do.
    pub(super) fn dm_only(&self, seat: Seat, what: &'static str) -> Result<(), Refusal> {
        if self.is_dm(seat) { Ok(()) } else { Err(Refusal::DmOnly(what)) }
    }

    /// What only DMs and the owner of a thing may do.
    pub(super) fn owner_only(&self, seat: Seat, owner: Option<Seat>, what: &'static str) -> Result<(), Refusal> {
        if self.is_dm(seat) || owner == Some(seat) { Ok(()) } else { Err(Refusal::NotYours(what)) }
    }
}
